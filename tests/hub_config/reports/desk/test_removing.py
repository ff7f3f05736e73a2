"""One run that has ended is removed: by whom, what stays, and never called gone while something of it lies there."""

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub_config.errors import HubError
from hub_config.projects import personal_project
from hub_config.reports.database.errors import RunUnknownError
from hub_config.reports.database.history import events_of, newest_success
from hub_config.reports.database.left_runs import RUNNER_SILENT, note_closed
from hub_config.reports.database.states import ACTIVE, FINAL
from hub_config.reports.database.tables import runs
from hub_config.reports.desk import Person
from hub_config.reports.desk.errors import NotAllowedError, RunStaysError
from hub_config.reports.desk.keeping import Keeping, keep_run, keeping_of
from hub_config.reports.desk.project_book import COMMAND_LINE
from hub_config.reports.desk.removing import remove_run, take_away

from .conftest import ANALYST, LEAD, OPERATOR, READER, STRANGER, Bench

MARK = "Kim-Minsu-19540312"


def ended(bench: Bench, *, state: str = "succeeded", **columns: object) -> str:
    """Let the analyst run the report, and leave what it wrote; give its id."""
    bench.now += dt.timedelta(minutes=1)
    (run_id,) = bench.run().run_ids
    folder = bench.folder / "runs" / run_id
    (folder / "outputs").mkdir(parents=True)
    (folder / "report.html").write_text(MARK)
    values = {"state": state, "ended_at": f"{bench.now:%Y-%m-%dT%H:%M:%S}.000Z", "is_settled": True}
    values["folder"] = f"projects/wards/runs/{run_id}"
    with bench.database.writing() as tx:
        tx.execute(sa.update(runs).where(runs.c.id == run_id).values(**(values | columns)))
    return run_id


@pytest.fixture
def saved(bench: Bench) -> Bench:
    bench.save(parameters={"ward": "B"})
    return bench


def row(bench: Bench, run_id: str) -> object:
    return next(run for run in bench.runs() if run.id == run_id)


def told(bench: Bench, run_id: str) -> list[tuple[str, str | None]]:
    with bench.database.reading() as connection:
        return [(event.kind, event.who) for event in events_of(connection, run_id)]


def left(bench: Bench) -> list[str]:
    """Files that hold the mark, beside those of the database, which its rows are asked of."""
    files = [path for path in bench.home.rglob("*") if path.is_file() and "sqlite" not in path.name]
    return [str(path) for path in files if MARK.encode() in path.read_bytes()]


def test_a_lead_removes_a_run_and_what_ran_and_who_removed_it_stays_known(saved: Bench) -> None:
    alert = {"state": "met", "text": f"{MARK} > 20"}
    cohort = {"name": "sepsis", "definition_sha256": "5e"}
    facts = {"alerts": [alert], "cohorts": [cohort | {"persons": 3}], "library_version": "1"}
    run_id = ended(saved, facts=facts)
    before = row(saved, run_id)
    removal = remove_run(saved.desk, run_id, person=LEAD, now=saved.now)
    assert (removal.is_gone, removal.changed) == (True, True)
    after = row(saved, run_id)
    assert list((saved.folder / "runs").iterdir()) == []
    changed = {name for name, value in before._mapping.items() if after._mapping[name] != value}
    assert changed == {"folder", "removed_at", "removal_asked_by", "facts"}
    assert (after.folder, after.removal_asked_by) == (None, "kim")
    assert after.facts == {"cohorts": [cohort], "library_version": "1"}, "what ran, and no number that it found"
    assert after.parameters["ward"] == "B"
    assert told(saved, run_id) == [("queued", "lee"), ("remove", "kim"), ("removed", "kim")]
    assert left(saved) == []


def test_it_is_removed_once_however_often_it_is_asked_for(saved: Bench) -> None:
    run_id = ended(saved)
    answers = [remove_run(saved.desk, run_id, person=person, now=saved.now) for person in (LEAD, LEAD, OPERATOR)]
    assert [(one.is_gone, one.changed) for one in answers] == [(True, True), (True, False), (True, False)]
    assert told(saved, run_id) == [("queued", "lee"), ("remove", "kim"), ("removed", "kim")]


@pytest.mark.parametrize(
    ("person", "refusal"),
    [(ANALYST, NotAllowedError), (READER, NotAllowedError), (STRANGER, RunUnknownError)],
    ids=["analyst", "reader", "stranger"],
)
def test_nobody_else_removes_it(saved: Bench, person: Person, refusal: type[HubError]) -> None:
    run_id = ended(saved)
    with pytest.raises(refusal):
        remove_run(saved.desk, run_id, person=person, now=saved.now)
    assert len(left(saved)) == 1
    assert told(saved, run_id) == [("queued", "lee")]


def test_an_operator_removes_it_and_what_belongs_to_no_project(saved: Bench) -> None:
    run_id, adopted = ended(saved), ended(saved)
    (saved.home / "runs").mkdir()
    (saved.folder / "runs" / adopted).rename(saved.home / "runs" / adopted)
    with saved.database.writing() as tx:
        place = {"project": COMMAND_LINE, "folder": f"runs/{adopted}", "is_kept": True}
        tx.execute(sa.update(runs).where(runs.c.id == adopted).values(**place))
    with pytest.raises(RunUnknownError):
        remove_run(saved.desk, adopted, person=LEAD, now=saved.now)
    with pytest.raises(RunStaysError, match="kept"):
        remove_run(saved.desk, adopted, person=OPERATOR, now=saved.now)
    assert keep_run(saved.desk, adopted, is_kept=False, person=OPERATOR, now=saved.now)
    for one in (run_id, adopted):
        assert remove_run(saved.desk, one, person=OPERATOR, now=saved.now).is_gone
    assert left(saved) == []


def test_a_person_removes_runs_of_their_own_project(saved: Bench) -> None:
    run_id = ended(saved)
    own = saved.home / "projects" / "~max" / "runs"
    own.mkdir(parents=True)
    (saved.folder / "runs" / run_id).rename(own / run_id)
    with saved.database.writing() as tx:
        tx.execute(sa.update(runs).where(runs.c.id == run_id).values(project="~max", folder=None))
    assert personal_project("max").members == {"max": "lead"}
    with pytest.raises(RunUnknownError):
        remove_run(saved.desk, run_id, person=LEAD, now=saved.now)
    assert remove_run(saved.desk, run_id, person=STRANGER, now=saved.now).is_gone
    assert left(saved) == []


@pytest.mark.parametrize("state", ACTIVE)
def test_a_run_that_goes_on_is_cancelled_first(saved: Bench, state: str) -> None:
    run_id = ended(saved, state=state)
    with pytest.raises(RunStaysError, match="Cancel it first"):
        remove_run(saved.desk, run_id, person=LEAD, now=saved.now)
    assert len(left(saved)) == 1


@pytest.mark.parametrize("state", FINAL)
def test_any_end_may_be_removed_but_not_what_somebody_keeps(saved: Bench, state: str) -> None:
    run_id = ended(saved, state=state)
    keep_run(saved.desk, run_id, is_kept=True, person=LEAD, now=saved.now)
    with pytest.raises(RunStaysError, match="kept"):
        remove_run(saved.desk, run_id, person=LEAD, now=saved.now)
    keep_run(saved.desk, run_id, is_kept=False, person=LEAD, now=saved.now)
    assert remove_run(saved.desk, run_id, person=LEAD, now=saved.now).is_gone
    with pytest.raises(RunStaysError, match="removed"):
        keep_run(saved.desk, run_id, is_kept=True, person=LEAD, now=saved.now)
    assert not keep_run(saved.desk, run_id, is_kept=False, person=LEAD, now=saved.now)


def test_the_newest_success_is_then_the_one_before_that_is_still_there(saved: Bench) -> None:
    one, two, three = (ended(saved) for _ in range(3))

    def newest() -> str | None:
        with saved.database.reading() as connection:
            found = newest_success(connection, project="wards", definition="monthly")
        return found.id if found is not None else None

    assert newest() == three
    remove_run(saved.desk, three, person=LEAD, now=saved.now)
    assert newest() == two
    take_away(saved.database, saved.desk.book, run_id=two, now=saved.now)  # as retention does
    assert newest() == one
    remove_run(saved.desk, one, person=LEAD, now=saved.now)
    assert newest() is None


def test_a_folder_that_stays_is_hidden_and_not_called_removed(saved: Bench) -> None:
    run_id = ended(saved)
    building = saved.folder / "runs" / f".{run_id}.running"
    building.mkdir()
    removal = remove_run(saved.desk, run_id, person=LEAD, now=saved.now)
    assert (removal.is_gone, removal.changed) == (False, True)
    found = row(saved, run_id)
    assert (found.removed_at, found.folder) == (None, f"projects/wards/runs/{run_id}")
    assert saved.desk.book.run_folder(found) is None
    building.rmdir()
    assert remove_run(saved.desk, run_id, person=LEAD, now=saved.now).is_gone
    assert told(saved, run_id) == [("queued", "lee"), ("remove", "kim"), ("removed", "kim")]


def test_what_a_runner_has_yet_to_close_goes_when_it_is_closed(saved: Bench) -> None:
    run_id = ended(saved, state="interrupted", state_reason=RUNNER_SILENT, folder=None, account="project-wards")
    shown = saved.folder / "runs" / run_id
    shown.rename(shown.with_name(f".{run_id}.running"))
    assert not remove_run(saved.desk, run_id, person=LEAD, now=saved.now).is_gone
    shown.with_name(f".{run_id}.running").rename(shown)
    assert saved.desk.book.run_folder(row(saved, run_id)) is None
    with saved.database.writing() as tx:
        note_closed(tx, run_id, account="project-wards", folder=f"projects/wards/runs/{run_id}")
    assert take_away(saved.database, saved.desk.book, run_id=run_id, now=saved.now)
    assert left(saved) == []
    assert row(saved, run_id).removed_at is not None


def test_its_pdfs_go_with_it_and_those_of_others_stay(saved: Bench) -> None:
    run_id, other = ended(saved), ended(saved)
    pdfs = saved.desk.book.pdfs
    pdfs.mkdir(parents=True)
    killed = f".{run_id}.{'a' * 64}.pdf.0a1b2c3d"  # the service was killed while it was printed
    for name in (killed, f"{run_id}.{'a' * 64}.pdf", f"{other}.{'b' * 64}.pdf", f"{'c' * 64}.pdf", ".place-0"):
        (pdfs / name).write_text(MARK)
    remove_run(saved.desk, run_id, person=LEAD, now=saved.now)
    assert sorted(path.name for path in pdfs.iterdir()) == [".place-0", f"{other}.{'b' * 64}.pdf"]


def test_how_long_a_run_is_kept_is_told_by_its_rules_or_by_who_keeps_it(saved: Bench) -> None:
    run_id = ended(saved)
    assert keeping_of(saved.desk, row(saved, run_id)) == Keeping(False)
    saved.save(retention={"successes": 3, "days": 30})
    until = dt.datetime.fromisoformat(row(saved, run_id).ended_at) + dt.timedelta(days=30)
    assert keeping_of(saved.desk, row(saved, run_id)) == Keeping(False, until=until, successes=3)
    keep_run(saved.desk, run_id, is_kept=True, person=LEAD, now=saved.now)
    found = keeping_of(saved.desk, row(saved, run_id))
    assert (found.is_kept, found.by, found.since) == (True, "kim", f"{saved.now:%Y-%m-%dT%H:%M:%S}.000Z")


def test_nothing_that_only_looks_like_the_folder_is_followed(saved: Bench, tmp_path: Path) -> None:
    run_id = ended(saved)
    folder = saved.folder / "runs" / run_id
    folder.rename(tmp_path / "precious")
    folder.symlink_to(tmp_path / "precious")
    assert remove_run(saved.desk, run_id, person=LEAD, now=saved.now).is_gone
    assert (tmp_path / "precious" / "report.html").read_text() == MARK
