"""Two people write one definition over the API and from the command line: neither loses what they wrote unseen."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hub_config.addresses import Addresses, write_addresses
from hub_config.cli import Session
from hub_config.home import Home
from hub_config.reports.cli import report
from hub_config.reports.service.api.handler import ApiHandler
from hub_config.reports.service.errors import ApiError
from hub_config.reports.service.scopes import Scope

from .api_client import Reply, request
from .served import PREFIX
from .writing.conftest import Bench, served_bench

ONE = "projects/wards/definitions/monthly"
DOCUMENT = {"name": "monthly", "title": "Monthly quality", "template": "quality.ipynb"}
CHANGED = "REPORT-DEFINITION-CHANGED"


@dataclass
class Writer:
    """A person with a program; the word of the hub on who that is is given."""

    bench: Bench
    name: str

    def ask(self, method: str, path: str = ONE, body: Any = None, **headers: str) -> Reply:
        content = None if body is None else json.dumps(body).encode()
        if body is not None:
            headers["Content_Type"] = "application/json"
        url = f"{self.bench.url}{PREFIX}api/v1/{path}"
        return request(url, method=method, body=content, Authorization=f"token {self.name}", **headers)

    def put(self, ward: str, query: str = "", **headers: str) -> Reply:
        return self.ask("PUT", ONE + query, DOCUMENT | {"parameters": {"ward": ward}}, **headers)

    def tag(self) -> str:
        return str(self.ask("GET").headers["ETag"])


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Bench]:
    async def as_said(self: ApiHandler) -> dict[str, Any]:
        name = self.request.headers["Authorization"].removeprefix("token ")
        return {"name": name, "kind": "user", "scopes": [scope.value for scope in Scope]}

    patch = pytest.MonkeyPatch()
    patch.setattr(ApiHandler, "sign_in", as_said)
    with served_bench(tmp_path_factory.mktemp("two")) as made:
        yield made
    patch.undo()


@pytest.fixture
def kim(served: Bench) -> Iterator[Writer]:
    """A lead, with a definition that is approved."""
    kim = Writer(served, "kim")
    assert kim.put("A", "?approve=true").status == 200
    yield kim
    kim.ask("DELETE")


@pytest.fixture
def lee(served: Bench) -> Writer:
    return Writer(served, "lee")


def ward(row: Any) -> str:
    return str((row.draft or row.document)["parameters"]["ward"])


def test_the_second_of_two_writers_is_told_and_brings_their_change_in(served: Bench, kim: Writer, lee: Writer) -> None:
    mine, theirs = kim.tag(), lee.tag()
    assert mine == theirs
    written = lee.put("L", If_Match=theirs)
    assert written.status == 200
    refused = kim.put("K", If_Match=mine)
    assert (refused.status, refused.code) == (412, CHANGED)
    assert "Read it again" in refused.json["error"]["message"]
    assert ward(served.row()) == "L"
    assert kim.put("K", If_Match=kim.tag()).status == 200
    assert ward(served.row()) == "K"
    # What a save answers names what it has saved, so the next step needs no reading.
    assert lee.put("M", If_Match=written.headers["ETag"]).status == 412
    again = kim.put("N", If_Match=f'"{kim.ask("GET").json["version"]}"')
    assert kim.put("O", If_Match=again.headers["ETag"]).status == 200


def test_without_conditions_the_last_writer_wins_as_ever(served: Bench, kim: Writer, lee: Writer) -> None:
    for writer, value in ((lee, "L"), (kim, "K"), (lee, "M")):
        assert writer.put(value).status == 200
        assert ward(served.row()) == value


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", ONE), ("DELETE", ONE), ("DELETE", f"{ONE}/draft"), ("POST", f"{ONE}/approval"), ("POST", f"{ONE}/pause"),
     ("POST", f"{ONE}/resume")],
)  # fmt: skip
def test_each_change_asks_for_the_version_that_was_read(
    served: Bench, kim: Writer, lee: Writer, method: str, path: str
) -> None:
    lee.put("L")
    old = kim.tag()
    lee.put("M")
    row = served.row()
    body: Any = DOCUMENT if method == "PUT" else None
    if path.endswith("approval"):
        body = {"document_sha256": row.draft_sha256, "template_sha256": row.draft_template_sha256}
    refused = kim.ask(method, path, body, If_Match=old)
    assert (refused.status, refused.code) == (412, CHANGED)
    assert served.row() == row
    unread = kim.ask(method, path, body, If_Match="as I saw it")
    assert (unread.status, unread.fields) == (412, ["headers.If-Match"])
    assert served.row() == row
    done = kim.ask(method, path, body, If_Match=f'"another", W/{kim.tag()}')
    assert done.status == 200
    if method != "DELETE":
        assert (
            done.headers["ETag"].strip('"').partition(".")[0] == done.json["version"] == kim.ask("GET").json["version"]
        )


def test_a_schedule_that_was_paused_is_not_followed_again_by_who_has_not_seen_it(kim: Writer, lee: Writer) -> None:
    read = kim.tag()
    assert lee.ask("POST", f"{ONE}/pause").status == 200
    assert kim.put("K", "?approve=true", If_Match=read).status == 412
    assert kim.ask("GET").json["enabled"] is False


def test_what_is_new_takes_no_name_that_is_taken(served: Bench, kim: Writer, lee: Writer) -> None:
    refused = lee.put("L", If_None_Match="*")
    assert (refused.status, refused.code) == (412, CHANGED)
    assert ward(served.row()) == "A"
    unread = lee.put("L", If_None_Match=lee.tag())
    assert (unread.status, unread.fields) == (412, ["headers.If-None-Match"])
    kim.ask("DELETE")
    assert lee.put("L", If_Match="*").code == CHANGED
    assert lee.put("L", If_Match='"0"').code == CHANGED
    assert lee.ask("DELETE", If_Match='"0"').status == 404
    assert lee.put("L", If_None_Match="*").status == 200
    assert lee.put("M", If_Match="*").status == 200


def test_a_dry_run_asks_as_well_and_says_what_stands_there(kim: Writer, lee: Writer) -> None:
    old = kim.tag()
    lee.put("L")
    assert kim.put("K", "?dry_run=true", If_Match=old).status == 412
    dry = kim.put("K", "?dry_run=true", If_Match=kim.tag())
    assert dry.json["version"] == kim.ask("GET").json["version"]
    assert kim.put("K", If_Match=dry.headers["ETag"]).status == 200
    kim.ask("DELETE")
    first = kim.put("K", "?dry_run=true")
    assert (first.json["version"], first.headers["ETag"]) == (None, None)


def test_what_does_not_fit_and_what_one_may_not_do_is_told_before_any_version(kim: Writer) -> None:
    refused = kim.ask("PUT", ONE, DOCUMENT | {"parameters": {"wrad": "B"}}, If_Match='"0"')
    assert refused.status == 422
    assert Writer(kim.bench, "rho").put("R", If_Match='"0"').status == 403


def test_a_reader_with_a_copy_is_told_that_it_is_still_good_or_gets_a_new_one(kim: Writer, lee: Writer) -> None:
    tag = kim.tag()
    same = kim.ask("GET", If_None_Match=tag)
    assert (same.status, same.headers["ETag"], same.body) == (304, tag, b"")
    lee.put("L")
    assert kim.ask("GET", If_None_Match=tag).status == 200


@pytest.fixture
def command(served: Bench, monkeypatch):
    (served.home / "run").mkdir(exist_ok=True)
    port = int(served.url.rpartition(":")[2])
    write_addresses(
        Home(served.home), Addresses(ip="127.0.0.1", port=1, proxy_api_port=1, hub_port=1, reports_port=port)
    )

    def call(person: str, *words: str) -> Any:
        monkeypatch.setenv("COHORTHUB_TOKEN", person)
        result = CliRunner().invoke(
            report, [*words, "--project", "wards"], obj=Session(home=served.home), standalone_mode=False
        )
        return result.exception or result.output

    return call


@pytest.fixture
def schedule(command):
    return lambda person, file, *words: command(person, "schedule", str(file), *words)


def test_from_the_command_line_only_the_version_that_was_looked_at_is_replaced(
    served: Bench, kim: Writer, lee: Writer, schedule, tmp_path: Path
) -> None:
    file = tmp_path / "monthly.json"
    file.write_text(json.dumps(DOCUMENT | {"parameters": {"ward": "K"}}), encoding="utf-8")
    dry = schedule("kim", file, "--dry-run")
    version = kim.ask("GET").json["version"]
    assert f"Version {version} stands there now." in dry
    lee.put("L")
    refused = schedule("kim", file, "--if-version", version)
    assert isinstance(refused, ApiError)
    assert (refused.code, refused.exit_code, refused.status) == (CHANGED, 124, 412)
    assert ward(served.row()) == "L"
    assert isinstance(schedule("kim", file, "--new"), ApiError)
    assert "is written as a draft" in schedule("kim", file, "--if-version", kim.ask("GET").json["version"])
    assert ward(served.row()) == "K"
    kim.ask("DELETE")
    assert "is written as a draft" in schedule("kim", file, "--new")
    lee.put("L")
    assert "is written as a draft" in schedule("kim", file)
    assert ward(served.row()) == "K"


def test_what_is_new_is_not_said_to_be_as_it_was_approved(
    served: Bench, kim: Writer, command, schedule, tmp_path: Path
) -> None:
    file = tmp_path / "first.json"
    file.write_text(json.dumps(DOCUMENT | {"name": "first"}), encoding="utf-8")
    new, same = "Nothing of this name is approved yet", "No field differs from what is approved"
    for words in (("--dry-run",), ()):
        told = schedule("kim", file, *words)
        assert new in told
        assert same not in told
    assert new in command("kim", "diff", "--definition", "first")
    assert new in schedule("kim", file, "--approve")
    assert same in schedule("kim", file, "--dry-run")
    assert "No draft waits" in command("kim", "diff", "--definition", "first")
    kim.ask("DELETE", f"{ONE[:-7]}first")
