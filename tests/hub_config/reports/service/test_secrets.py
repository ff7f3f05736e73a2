"""Secrets set over the pages and the API: a marked value goes into its file, and is found nowhere else."""

import json
import logging
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from hub_config.projects.secrets import set_secret
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk import Person
from hub_config.reports.desk.defining import save_definition
from hub_config.reports.service.sign_in import BrowserSession

from .planted import BEGIN
from .served import PREFIX, Answer, Reader, Served, serve
from .writing.conftest import PROJECT, notebook

MARK = "Zx9-marked-value&<한글>"
PAGE = "projects/wards/secrets"
LOGIN = 'login: "Secret" = "warehouse"  # of the warehouse'
READ, SECRETS, DEFINE = (f"custom:reports:{word}" for word in ("read", "secrets", "define"))
HOSTILE = ["../x", "a/b", "..", "a\0b", "x" * 300, "비밀값", ".hidden", ""]


async def _said_by_token(self: BrowserSession, token: str, **_: Any) -> dict[str, Any]:
    """Say who a token of these tests stands for: a name and its scopes."""
    name, *scopes = token.split("+")
    return {"name": name, "kind": "user", "admin": name == "operator", "scopes": scopes}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("secrets") / "home"
    folder = home / "projects" / "wards"
    for one in (folder, home / "secrets", home / "data"):
        one.mkdir(parents=True, mode=0o700)
    for one in (home, home / "projects"):
        one.chmod(0o700)
    (folder / "project.toml").touch(mode=0o600)
    (folder / "project.toml").write_text(PROJECT + '[notify.chat]\nurl_file = "secrets/chat"\n', encoding="utf-8")
    (folder / "quality.ipynb").write_bytes(notebook(LOGIN))
    patch = pytest.MonkeyPatch()
    patch.setattr(BrowserSession, "user_for_token", _said_by_token)
    with serve(home) as made:
        document = {"name": "monthly", "title": "Monthly", "template": "quality.ipynb"}
        set_secret(folder, "warehouse", value="for a first look")
        save_definition(
            made.service.desk, parse_definition(document), project="wards", person=Person("kim"), now=BEGIN,
            approve_too=True,
        )  # fmt: skip
        (folder / "secrets" / "warehouse").unlink()
        yield made
    patch.undo()


@pytest.fixture
def kim(served: Served) -> Reader:
    return served.reader("kim")


@pytest.fixture(autouse=True)
def found_nowhere(served: Served, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Look for the marked value where it must not be, after every test."""
    caplog.set_level(logging.DEBUG)
    folder = served.home / "projects" / "wards" / "secrets"
    yield
    with_mark = [file for file in served.home.rglob("*") if file.is_file() and b"Zx9-marked" in file.read_bytes()]
    assert {file.parent.name for file in with_mark} <= {"secrets"}
    assert served.home / "secrets" not in {file.parent for file in with_mark}
    assert "Zx9" not in caplog.text
    for file in folder.glob("*"):
        file.unlink()


def token_of(reader: Reader) -> str:
    reader.get(PAGE)
    return next(one.value or "" for one in reader.jar if one.name == "_xsrf")


def send(reader: Reader, page: str = PAGE, **fields: str | bytes) -> Answer:
    """Send a form with the page's own token; what comes back never has the value."""
    body = urllib.parse.urlencode({"_xsrf": token_of(reader), **fields}).encode()
    answer = reader.post(page, body)
    assert "Zx9" not in answer.text + str(answer.headers)
    return answer


def ask(served: Served, token: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Ask the API; what comes back never has the value."""
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    url = f"http://127.0.0.1:{served.port}{PREFIX}api/v1/{path}"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, data=data, method=method, headers=headers), timeout=20
        ) as reply:
            status, text, sent = reply.status, reply.read().decode(), reply.headers
    except urllib.error.HTTPError as refused:
        with refused:
            status, text, sent = refused.code, refused.read().decode(), refused.headers
    assert "Zx9" not in text + str(sent)
    assert sent["Cache-Control"] == "no-store"
    return status, json.loads(text)


def kept(served: Served) -> dict[str, str]:
    folder = served.home / "projects" / "wards" / "secrets"
    return {file.name: file.read_text() for file in folder.glob("*")} if folder.exists() else {}


def test_a_lead_sets_replaces_and_removes_one_and_the_page_tells_all_but_the_value(served: Served, kim: Reader) -> None:
    before = kim.get(PAGE)
    assert before.headers["Cache-Control"] == "no-store"
    assert re.search(r"warehouse\s+not set\s+monthly", before.words)
    after = send(kim, name="warehouse", value=MARK)
    assert after.status == 200
    assert kept(served) == {"warehouse": MARK}
    assert "not set" not in re.search(r"warehouse.*?monthly", after.words)[0]  # type: ignore[index]
    assert "kim set warehouse" in after.words
    assert str(len(MARK)) + " " not in after.words.partition("Secrets")[2].partition("Set or replace")[0]
    send(kim, name="warehouse", value=f"{MARK}-2")
    assert kept(served) == {"warehouse": f"{MARK}-2"}
    assert "These reports need it, and fail without it: monthly" in kim.get(PAGE).words
    gone = send(kim, f"{PAGE}/remove", name="warehouse")
    assert "kim removed warehouse" in gone.words
    assert kept(served) == {}
    assert send(kim, f"{PAGE}/remove", name="warehouse").status == 200


def test_the_field_is_one_for_passwords_that_browsers_do_not_fill(kim: Reader) -> None:
    page = kim.get(f"{PAGE}?name=warehouse").text
    (field,) = re.findall(r'<input[^>]*name="value"[^>]*>', page)
    assert 'type="password"' in field
    assert 'autocomplete="new-password"' in field, 'a password of this site would be filled in for "off"'
    assert "value=" not in field.replace('name="value"', "")
    assert re.search(r'<input[^>]*name="name" value="warehouse"', page)
    for odd in ("../x", '"><script>', "%F0"):
        assert "<script>" not in kim.get(f"{PAGE}?name={urllib.parse.quote(odd)}").text


@pytest.mark.parametrize("value", ["", "Zx9", "Zx9\n\n\n\n", f"{MARK}\0", MARK * 5000, MARK.encode() + b"\xff\xfe"])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_value_that_is_refused_is_not_kept_for_a_second_try(
    served: Served, value: str | bytes, language: str
) -> None:
    answer = send(served.reader("kim", language), name="fresh", value=value)
    assert answer.status == 422
    assert kept(served) == {}
    assert 'value="fresh"' in answer.text
    told = {"en": "Type the secret again: it was not kept.", "ko": "다시 입력하세요."}[language]
    assert told in answer.words
    assert "fresh" not in served.reader("kim").get(PAGE).words


@pytest.mark.parametrize("name", [*HOSTILE, MARK, b"Zx9-marked\xff"])
def test_a_hostile_name_is_refused_and_not_shown_again(served: Served, kim: Reader, name: str | bytes) -> None:
    answer = send(kim, name=name, value=MARK)
    assert answer.status == 422
    assert "Use letters A to Z, digits" in answer.words
    assert re.search(r'name="name" value=""', answer.text)
    assert send(kim, f"{PAGE}/remove", name=name).status == 200
    assert kept(served) == {}


def test_none_but_leads_are_offered_or_given_it(served: Served, kim: Reader) -> None:
    link = 'projects/wards/secrets"'
    assert link in kim.get("projects/wards").text
    send(kim, name="warehouse", value=MARK)
    for name, status in (("lee", 403), ("rho", 403), ("operator", 403), ("max", 404)):
        reader = served.reader(name)
        assert link not in reader.get("projects/wards").text
        assert reader.get(PAGE).status == status
        assert send(reader, name="other", value=MARK).status == status
        assert send(reader, f"{PAGE}/remove", name="warehouse").status == status
    assert list(kept(served)) == ["warehouse"]


def test_a_person_has_secrets_of_their_own_project_and_of_nobody_elses(served: Served) -> None:
    rho = served.reader("rho")
    assert 'projects/~rho/secrets"' in rho.get("projects/~rho").text.replace("%7E", "~")
    assert "rho set own" in send(rho, "projects/~rho/secrets", name="own", value=MARK).words
    assert (served.home / "projects" / "~rho" / "secrets" / "own").read_text() == MARK
    assert send(served.reader("kim"), "projects/~rho/secrets", name="own", value=f"{MARK}-2").status == 404
    send(rho, "projects/~rho/secrets/remove", name="own")


def test_a_form_without_the_pages_token_or_of_another_kind_changes_nothing(served: Served, kim: Reader) -> None:
    body = urllib.parse.urlencode({"name": "warehouse", "value": MARK}).encode()
    assert kim.post(PAGE, body).status == 403
    token_of(kim)
    for kind in ("application/json", "text/plain"):
        assert kim.post(PAGE, body, Content_Type=kind).status in {403, 415}
    assert kim.get(f"{PAGE}/remove").status == 200
    edge = f'--e\r\nContent-Disposition: form-data; name="value"; filename="{MARK}"\r\nbroken {MARK}\r\n\r\n{MARK}'
    assert kim.post(PAGE, edge.encode(), Content_Type="multipart/form-data; boundary=e").status >= 400
    twice = f"_xsrf={token_of(kim)}&name=warehouse&value={urllib.parse.quote(MARK)}&value=another-value".encode()
    assert kim.post(PAGE, twice).status == 422
    assert kept(served) == {}


def test_a_failure_that_nobody_foresaw_tells_nothing(
    served: Served, kim: Reader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("something else")

    monkeypatch.setattr("hub_config.reports.desk.project_secrets.set_file", fail)
    assert send(kim, name="warehouse", value=MARK).status == 500
    assert ask(served, f"kim+{SECRETS}", "PUT", f"{PAGE}/warehouse", {"value": MARK})[0] == 500
    assert "something else" in caplog.text  # the log has it; the fixture looks for the value there


def test_a_link_in_the_place_of_the_folder_is_told_and_nothing_is_written(served: Served, kim: Reader) -> None:
    folder, outside = served.home / "projects" / "wards" / "secrets", served.home / "outside"
    outside.mkdir(mode=0o700)
    if folder.exists():
        folder.rmdir()
    folder.symlink_to(outside)
    try:
        assert "not a link" in kim.get(PAGE).words
        assert "링크가 아니라" in served.reader("kim", "ko").get(PAGE).words
        answer = send(kim, name="warehouse", value=MARK)
        assert (answer.status, "not a link" in answer.words) == (422, True)
        assert ask(served, f"kim+{SECRETS}", "PUT", f"{PAGE}/warehouse", {"value": MARK})[0] == 422
        assert list(outside.iterdir()) == []
    finally:
        folder.unlink()
        outside.rmdir()


def test_the_api_lists_sets_and_removes_with_a_scope_of_its_own(served: Served) -> None:
    writes, reads = f"kim+{SECRETS}", f"kim+{READ}"
    assert ask(served, writes, "PUT", f"{PAGE}/warehouse", {"value": MARK})[1]["replaced"] is False
    assert ask(served, writes, "PUT", f"{PAGE}/warehouse", {"value": f"{MARK}-2"})[1]["replaced"] is True
    assert kept(served) == {"warehouse": f"{MARK}-2"}
    status, listed = ask(served, reads, "GET", PAGE)
    assert status == 200
    one = next(each for each in listed["secrets"] if each["name"] == "warehouse")
    assert set(one) == {"name", "set_at", "is_usable", "definitions", "targets"}
    assert one["definitions"] == ["monthly"]
    for token in (reads, f"kim+{DEFINE}", "kim", f"lee+{SECRETS}", f"rho+{SECRETS}", f"operator+{SECRETS}"):
        assert ask(served, token, "PUT", f"{PAGE}/warehouse", {"value": MARK})[0] == 403
        assert ask(served, token, "DELETE", f"{PAGE}/warehouse")[0] == 403
    assert ask(served, f"max+{SECRETS}", "PUT", f"{PAGE}/warehouse", {"value": MARK})[0] == 404
    assert ask(served, writes, "GET", PAGE)[0] == 403
    assert ask(served, f"lee+{READ}", "GET", PAGE)[0] == 403
    assert ask(served, writes, "DELETE", f"{PAGE}/warehouse")[1]["definitions"] == ["monthly"]
    assert ask(served, writes, "DELETE", f"{PAGE}/warehouse")[0] == 404
    assert kept(served) == {}


@pytest.mark.parametrize(
    "body",
    [
        {"value": "Zx9"}, {"value": f"{MARK}\0"}, {"value": MARK * 5000}, {"value": [MARK]}, {"value": {"a": MARK}},
        {"value": None}, {"value": MARK, "other": MARK}, {}, [MARK], MARK, f'{{"value": "{MARK}'.encode(),
        f'{{"value": "{MARK}", "value": "{MARK}"}}'.encode(), b'{"value": "Zx9-marked\xff"}',
        b'{"value": "Zx9-marked\\ud800"}',
    ],
)  # fmt: skip
def test_the_api_refuses_what_is_no_secret_and_repeats_nothing(served: Served, body: Any) -> None:
    status, refused = ask(served, f"kim+{SECRETS}", "PUT", f"{PAGE}/fresh", body)
    assert status in {400, 413, 422}
    assert "of 3 characters" not in json.dumps(refused)
    assert kept(served) == {}


@pytest.mark.parametrize("name", HOSTILE[:-1])
def test_the_api_knows_no_secret_of_a_hostile_name(served: Served, name: str) -> None:
    path = f"{PAGE}/{urllib.parse.quote(name, safe='')}"
    assert ask(served, f"kim+{SECRETS}", "PUT", path, {"value": MARK})[0] == 404
    assert ask(served, f"kim+{SECRETS}", "DELETE", path)[0] == 404
    assert kept(served) == {}


def test_the_address_of_a_notice_is_told_with_who_would_miss_it(kim: Reader) -> None:
    send(kim, name="chat", value=MARK)
    assert "These notification targets need it, and are told nothing without it: chat" in kim.get(PAGE).words
