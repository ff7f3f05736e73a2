"""One run is kept, let go and removed: on its page, over the API, and from the command line."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from hub_config.cli import Session
from hub_config.reports.cli import report
from hub_config.reports.database.history import events_of, one_run
from hub_config.reports.database.newest import success_to_compare
from hub_config.reports.database.removals import let_old_go
from hub_config.reports.database.tables import definitions, runs, templates
from hub_config.reports.exports import PdfCache
from hub_config.reports.folders.archive import write_zip
from hub_config.reports.service import downloads
from hub_config.reports.service.api.handler import ApiAnswer
from hub_config.reports.service.errors import ApiError
from hub_config.reports.service.scopes import Scope
from hub_config.reports.service.texts import LANGUAGES

from .planted import DOCUMENT, write_definition, write_project, write_runs
from .served import Served, serve
from .writing.conftest import notebook

LEAD, READER, OPERATOR, STRANGER = "researcher-1", "researcher-2", "operator", "max"
REPORT = "projects/wards/reports/monthly"
FILES = ("report.html", "report.ipynb", "report.pdf", "tables/0.csv", "folder.zip")
MARK = "Kim-Minsu-19540312"


@dataclass
class Program:
    """A program with a token of a person, which has some scopes."""

    served: Served
    name: str
    scopes: tuple[str, ...] = ("custom:reports",)

    @property
    def token(self) -> str:
        return f"{self.name}.{'+'.join(self.scopes).replace(':', '_')}"

    def ask(self, method: str, path: str) -> tuple[int, Any]:
        asked = urllib.request.Request(
            f"{self.served.url}api/v1/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                content = answer.read()
                return answer.status, json.loads(content) if content.startswith(b"{") else content
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.loads(refused.read())["error"]

    def call(self, *words: str, code: int = 0, typed: str = "", as_json: bool = True) -> Any:
        """Run a command with the token; what it raises is raised here."""
        session = Session(home=self.served.home, as_json=as_json)
        place = ("--url", f"http://127.0.0.1:{self.served.port}/")
        result = CliRunner(env={"COHORTHUB_TOKEN": self.token}).invoke(
            report, [*words, *place], obj=session, input=typed, standalone_mode=False
        )
        if result.exception is not None:
            raise result.exception
        assert (result.return_value or 0) == code, result.output
        return json.loads(result.stdout) if as_json and result.stdout else result


async def _as_said(self: ApiAnswer) -> dict[str, Any]:
    """What the hub says of a token, which here says it itself."""
    name, _, scopes = self.request.headers["Authorization"].removeprefix("token ").partition(".")
    has = [one.replace("_", ":") for one in scopes.split("+")]
    everything = [scope.value for scope in Scope] if "custom:reports" in has else []
    return {"name": name, "kind": "user", "admin": name == OPERATOR, "scopes": [*has, *everything]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patched, serve(tmp_path_factory.mktemp("removing") / "home") as made:
        patched.setattr(ApiAnswer, "sign_in", _as_said)
        write_project(made)
        write_definition(made)
        yield made


@pytest.fixture
def succeeded(served: Served) -> Iterator[list[str]]:
    """Three successes of a report, one after the other."""
    found = [write_runs(served, 10 + day, day=day, html=f"<h1>{MARK}</h1>")[0] for day in range(3)]
    with served.database.writing() as tx:
        for one in found:
            tx.execute(sa.update(runs).where(runs.c.id == one).values(folder=f"projects/wards/runs/{one}"))
        tx.execute(sa.update(templates).values(content=notebook()))
    yield found
    with served.database.writing() as tx:
        tx.execute(sa.delete(runs).where(runs.c.id.in_(found)))


def told(served: Served, run_id: str) -> list[tuple[str, str | None]]:
    with served.database.reading() as connection:
        return [(event.kind, event.who) for event in events_of(connection, run_id)][1:]


def run_of(served: Served, run_id: str) -> Any:
    with served.database.reading() as connection:
        return one_run(connection, run_id)


def folder_of(served: Served, run_id: str) -> Path:
    return served.home / "projects" / "wards" / "runs" / run_id


def test_a_token_removes_a_run_only_with_the_scope_for_it_and_a_lead_behind_it(
    served: Served, succeeded: list[str]
) -> None:
    run_id = succeeded[-1]
    others = tuple(scope.value for scope in Scope if scope is not Scope.REMOVE)
    status, refused = Program(served, LEAD, others).ask("DELETE", f"runs/{run_id}")
    assert (status, Scope.REMOVE.value in refused["message"]) == (403, True)
    assert Program(served, READER).ask("DELETE", f"runs/{run_id}")[1]["code"] == "REPORT-NOT-ALLOWED"
    assert Program(served, STRANGER).ask("DELETE", f"runs/{run_id}")[0] == 404
    assert folder_of(served, run_id).is_dir()
    lead = Program(served, LEAD, (Scope.REMOVE.value,))
    for changed in (True, False):
        assert lead.ask("DELETE", f"runs/{run_id}") == (200, {"run": run_id, "is_gone": True, "changed": changed})
    assert not folder_of(served, run_id).exists()
    assert told(served, run_id) == [("remove", LEAD), ("removed", LEAD)]


def test_what_was_removed_is_found_nowhere_and_known_as_removed(served: Served, succeeded: list[str]) -> None:
    one, two, three = succeeded
    lead, reader = Program(served, LEAD), served.reader(READER)
    assert f"runs/{two}" in reader.get(f"runs/{three}").text, "what it is compared with"
    assert lead.ask("DELETE", f"runs/{two}")[0] == 200
    for name in FILES:
        assert reader.get(f"runs/{two}/{name}").status == 404, name
    for name in ("report.html", "report.ipynb", "outputs.json"):
        assert lead.ask("GET", f"runs/{two}/{name}")[0] == 404, name
    status, shown = lead.ask("GET", f"runs/{two}")
    assert (status, shown["state"], shown["has_report"], shown["removal_asked_by"]) == (200, "succeeded", False, LEAD)
    assert shown["removed_at"] is not None
    assert lead.ask("GET", f"runs/{two}/comparison?with={three}")[0] == 409
    page = reader.get(f"compare?a={two}&b={three}")
    assert "cannot be compared" in page.words
    for address in (f"compare?b={two}", f"runs/{two}/again", f"runs/{two}/state", "history"):
        assert served.reader(LEAD).get(address).status == 200, address
    row = reader.get("history?project=wards").text.partition(f"runs/{two}")[2].partition("</tr>")[0]
    assert "Removed" in row, "the history shows which"
    assert "Removed" not in reader.get("history?project=wards").text.partition(f"runs/{three}")[2].partition("</tr>")[0]
    assert f"runs/{one}" in reader.get(f"runs/{three}").text, "now it is compared with the one before"
    assert MARK not in reader.get(f"runs/{two}").text


def test_no_half_of_a_run_that_is_removed_meanwhile_is_given_out(
    served: Served, succeeded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, run_id = Program(served, LEAD), succeeded[-1]

    def packed(folder: Path, **words: Any) -> int:
        (folder / "outputs.json").unlink()  # as removing has begun
        count = write_zip(folder, **words)
        assert lead.ask("DELETE", f"runs/{run_id}")[0] == 200
        return count

    monkeypatch.setattr(downloads, "write_zip", packed)
    assert served.reader(READER).get(f"runs/{run_id}/folder.zip").status == 404


def test_a_pdf_that_goes_before_it_is_sent_is_no_failure_of_the_service(
    served: Served, succeeded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PdfCache, "get", lambda *_, **__: served.home / "gone.pdf")
    assert served.reader(READER).get(f"runs/{succeeded[-1]}/report.pdf").status == 503


def test_the_address_of_the_newest_success_leads_to_the_one_before(served: Served, succeeded: list[str]) -> None:
    reader, lead = served.reader(READER), Program(served, LEAD)
    for newest in reversed(succeeded):
        assert f"runs/{newest}/report.html" in reader.get(f"{REPORT}/latest").text
        assert reader.get(f"{REPORT}/latest/report.html").status == 200
        lead.ask("DELETE", f"runs/{newest}")
    assert reader.get(f"{REPORT}/latest").status == 404
    assert reader.get(f"{REPORT}/latest/report.html").status == 404


def test_a_sweep_is_rolled_up_without_the_run_that_was_removed(served: Served) -> None:
    sweep = write_runs(served, 1, 2.5, -3, day=9, definition=None)
    lead = Program(served, LEAD)
    lead.ask("DELETE", f"runs/{sweep[1]}")
    batch = run_of(served, sweep[0]).batch_id
    _, rolled = lead.ask("GET", f"batches/{batch}/roll-up")
    assert len(rolled["rows"]) == 2
    page = served.reader(READER).get(f"batches/{batch}")
    assert (page.status, "2.5" in page.words) == (200, False)
    assert served.reader(READER).get(f"batches/{batch}.csv").status == 200


def test_what_goes_on_or_is_kept_is_refused_with_the_reason(served: Served, succeeded: list[str]) -> None:
    lead = Program(served, LEAD)
    (running,) = write_runs(served, 1, day=5, state="running")
    assert lead.ask("DELETE", f"runs/{running}")[1]["code"] == "REPORT-RUN-STAYS"
    run_id = succeeded[0]
    assert lead.ask("POST", f"runs/{run_id}/keep")[1]["is_kept"] is True
    assert lead.ask("GET", f"runs/{run_id}")[1]["is_kept"] is True
    status, refused = Program(served, OPERATOR).ask("DELETE", f"runs/{run_id}")
    assert (status, refused["code"]) == (409, "REPORT-RUN-STAYS")
    assert lead.ask("POST", f"runs/{run_id}/let-go")[1]["is_kept"] is False
    assert Program(served, OPERATOR).ask("DELETE", f"runs/{run_id}")[1]["is_gone"] is True
    assert lead.ask("POST", f"runs/{run_id}/keep")[1]["code"] == "REPORT-RUN-STAYS"
    with served.database.writing() as tx:
        tx.execute(sa.delete(runs).where(runs.c.id == running))


def test_the_command_asks_first_and_removes_once(served: Served, succeeded: list[str]) -> None:
    lead, run_id = Program(served, LEAD), succeeded[0]
    said = lead.call("remove", run_id, typed="n\n", code=1, as_json=False)
    assert "deleted for good" in said.stderr
    assert "Nothing was removed" in said.stderr
    assert said.stdout == ""
    assert folder_of(served, run_id).is_dir()
    assert lead.call("remove", run_id, typed="y\n", as_json=False).stdout == f"{run_id} is removed\n"
    assert lead.call("remove", run_id, "--yes") == {"run": run_id, "is_gone": True, "changed": False}
    assert f"by {LEAD}" in lead.call("show", run_id, as_json=False).stdout


def test_the_command_says_why_a_run_stays_by_its_exit_code(served: Served, succeeded: list[str]) -> None:
    lead, run_id = Program(served, LEAD), succeeded[0]
    lead.call("keep", run_id)
    with pytest.raises(ApiError) as refused:
        lead.call("remove", run_id, "--yes")
    assert (refused.value.code, refused.value.exit_code) == ("REPORT-RUN-STAYS", 98)
    with pytest.raises(ApiError) as refused:
        Program(served, READER).call("remove", run_id, "--yes")
    assert (refused.value.code, refused.value.exit_code) == ("REPORT-NOT-ALLOWED", 120)
    lead.call("keep", run_id, "--no-longer")
    (folder_of(served, run_id).parent / f".{run_id}.running").mkdir()
    said = lead.call("remove", run_id, "--yes", as_json=False).stdout
    assert "is hidden" in said
    assert "as soon as its folder can be" in lead.call("show", run_id, as_json=False).stdout
    (folder_of(served, run_id).parent / f".{run_id}.running").rmdir()


def press(served: Served, who: str, run_id: str, *, do: str, language: str = "en", **fields: str) -> Any:
    """Press a button of a run's page, with the page's own token."""
    reader = served.reader(who, language)
    reader.get(f"runs/{run_id}")
    token = next(one.value for one in reader.jar if one.name == "_xsrf")
    return reader.post(f"runs/{run_id}/{do}", urllib.parse.urlencode({"_xsrf": token, **fields}).encode())


def test_a_lead_keeps_a_run_on_its_page_and_others_see_who_did(served: Served, succeeded: list[str]) -> None:
    run_id = succeeded[-1]
    for language, button, word in (
        ("en", "Keep for ever", "No longer keep"),
        ("ko", "계속 보관", "계속 보관하지 않기"),
    ):
        assert button in served.reader(LEAD, language).get(f"runs/{run_id}").words
        kept = press(served, LEAD, run_id, do="keep", language=language, kept="yes")
        assert (kept.status, word in kept.words) == (200, True)
        assert f"{LEAD} said so on" in served.reader(READER).get(f"runs/{run_id}").words
        assert f"runs/{run_id}/keep" not in served.reader(READER).get(f"runs/{run_id}").text
        assert press(served, LEAD, run_id, do="keep", kept="no").status == 200
        assert run_of(served, run_id).is_kept is False
    assert press(served, READER, run_id, do="keep", kept="yes").status == 403
    assert press(served, STRANGER, run_id, do="keep", kept="yes").status == 404


def test_nothing_is_kept_or_removed_without_the_token_of_the_page(served: Served, succeeded: list[str]) -> None:
    run_id, lead = succeeded[-1], served.reader(LEAD)
    lead.get(f"runs/{run_id}")
    for do in ("keep", "remove"):
        assert lead.post(f"runs/{run_id}/{do}", b"kept=yes").status == 403
        assert lead.post(f"runs/{run_id}/{do}", b"kept=yes&_xsrf=wrong").status == 403
        assert lead.get(f"runs/{run_id}/{do}").status == 405
    assert told(served, run_id) == []


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_lead_removes_a_run_behind_a_question_that_says_what_is_lost(
    served: Served, succeeded: list[str], language: str
) -> None:
    run_id = succeeded[-1]
    page = served.reader(LEAD, language).get(f"runs/{run_id}")
    texts = LANGUAGES[language]
    for words in ("run_remove_sure", "run_remove_stays", "remove_yes"):
        assert texts[words] in page.words
    gone = press(served, LEAD, run_id, do="remove", language=language)
    assert (gone.status, LEAD in gone.words, MARK in gone.text) == (200, True, False)
    assert texts["result_missing"] not in gone.words
    assert texts["keeping"] not in [line.strip() for line in gone.words.split("  ")]
    assert f"runs/{run_id}/remove" not in gone.text
    assert texts.text("event_removed_by", who=LEAD) in served.reader(READER, language).get(f"runs/{run_id}").words
    assert press(served, LEAD, run_id, do="remove").status == 200, "a second click"


def test_who_may_not_is_offered_nothing_and_refused(served: Served, succeeded: list[str]) -> None:
    run_id = succeeded[-1]
    page = served.reader(READER).get(f"runs/{run_id}")
    assert "Kept: no rule" in page.words
    assert "/remove" not in page.text
    assert press(served, READER, run_id, do="remove").status == 403
    assert press(served, STRANGER, run_id, do="remove").status == 404
    assert folder_of(served, run_id).is_dir()
    page = served.reader(OPERATOR).get(f"runs/{run_id}")
    assert (f"runs/{run_id}/remove" in page.text, f"runs/{run_id}/keep" in page.text) == (True, False)
    assert press(served, OPERATOR, run_id, do="remove").status == 200
    assert not folder_of(served, run_id).exists()


def test_the_page_says_why_what_is_kept_or_goes_on_is_not_removed(served: Served, succeeded: list[str]) -> None:
    run_id = succeeded[-1]
    press(served, LEAD, run_id, do="keep", kept="yes")
    page = served.reader(LEAD).get(f"runs/{run_id}")
    assert "lets it go first" in page.words
    assert "/remove" not in page.text
    refused = press(served, LEAD, run_id, do="remove")
    assert (refused.status, "kept is let go first" in refused.words) == (409, True)
    (running,) = write_runs(served, 1, day=5, state="running")
    assert press(served, LEAD, running, do="remove").status == 409
    assert "/remove" not in served.reader(LEAD).get(f"runs/{running}").text
    with served.database.writing() as tx:
        tx.execute(sa.delete(runs).where(runs.c.id == running))


def test_a_run_that_is_being_removed_shows_nothing_and_says_so(served: Served, succeeded: list[str]) -> None:
    run_id = succeeded[-1]
    building = folder_of(served, run_id).parent / f".{run_id}.running"
    building.mkdir()
    with served.database.writing() as tx:
        facts = {"alerts": [{"state": "met", "text": MARK, "text_ko": MARK}]}
        tx.execute(sa.update(runs).where(runs.c.id == run_id).values(facts=facts))
    assert MARK in served.reader(READER).get(f"runs/{run_id}").words
    page = press(served, LEAD, run_id, do="remove")
    assert "cannot be deleted yet" in page.words
    assert MARK not in page.text
    for name in FILES:
        assert served.reader(LEAD).get(f"runs/{run_id}/{name}").status == 404, name
    building.rmdir()
    assert f"{LEAD} removed this run on" in press(served, LEAD, run_id, do="remove").words


@pytest.mark.parametrize("language", ["en", "ko"])
def test_an_old_run_that_is_being_removed_shows_nothing_and_says_so(
    served: Served, succeeded: list[str], language: str
) -> None:
    before, run_id = succeeded[-2:]
    with served.database.writing() as tx:
        assert let_old_go(tx, before)
    page = served.reader(READER, language).get(f"runs/{before}")
    assert LANGUAGES[language]["run_removing_old"] in page.words
    assert (MARK in page.text, f"runs/{before}/keep" in page.text) == (False, False)
    assert served.reader(READER).get(f"runs/{before}/report.html").status == 404
    shown = Program(served, READER).ask("GET", f"runs/{before}")[1]
    assert (shown["removal_asked_by"], shown["removed_at"], shown["has_report"]) == (None, None, False)
    assert Program(served, LEAD).ask("POST", f"runs/{before}/keep")[1]["code"] == "REPORT-RUN-STAYS"
    with served.database.reading() as connection:
        found = success_to_compare(connection, run_of(served, run_id))
    assert found is not None
    assert found.id == before, "what is compared is the success right before it, there or not"
    assert Program(served, LEAD).ask("DELETE", f"runs/{before}")[1] == {
        "run": before, "is_gone": True, "changed": False,
    }  # fmt: skip
    assert told(served, before) == [("removed", None)]


@pytest.mark.parametrize(
    ("retention", "said"),
    [
        ({"days": 36500}, "Kept until 2126"),
        ({"days": 1}, "need not be kept since 2026-11"),
        ({"successes": 2}, "keeps the newest 2 successes"),
        ({"successes": 2, "days": 30}, "at least; after that, as long as it is among the newest 2"),
    ],
)
def test_a_reader_sees_until_when_a_run_is_kept(
    served: Served, succeeded: list[str], retention: dict[str, int], said: str
) -> None:
    with served.database.writing() as tx:
        tx.execute(sa.update(definitions).values(document=DOCUMENT | {"retention": retention}))
    page = served.reader(READER).get(f"runs/{succeeded[-1]}")
    with served.database.writing() as tx:
        tx.execute(sa.update(definitions).values(document=DOCUMENT))
    assert said in page.words
