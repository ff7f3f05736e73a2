"""Definitions are written as drafts, looked at by a lead, and followed as they were approved."""

import pytest
import sqlalchemy as sa

from hub_config.projects import Action
from hub_config.reports.database.definitions import approvals_of
from hub_config.reports.database.errors import IdempotencyError, QueueFullError
from hub_config.reports.database.notices import recipients_due
from hub_config.reports.database.tables import definitions
from hub_config.reports.definitions import DefinitionError
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk.checking import check_definition
from hub_config.reports.desk.defining import (
    approve_draft,
    discard_draft,
    draft_of,
    pause_definition,
    remove,
    save_definition,
    version_of,
)
from hub_config.reports.desk.errors import (
    DefinitionUnknownError,
    NotAllowedError,
    NotApprovedError,
    ProjectUnknownError,
    TemplateChangedError,
)
from hub_config.reports.desk.kept_sweeps import sweep_change
from hub_config.reports.desk.looking import draft_changed_template, meaning_of

from .conftest import ANALYST, CELL, LEAD, OPERATOR, READER, STRANGER, Bench, notebook


def test_what_an_analyst_writes_waits_for_a_lead(bench: Bench) -> None:
    bench.save(ANALYST, approve=False, schedule="0 7 * * *")
    assert bench.row().document is None
    assert bench.row().next_slot is None
    with pytest.raises(NotApprovedError):
        bench.run()
    with bench.database.reading() as connection:
        assert recipients_due(connection, now=bench.now) == [("wards", "ops")]
    bench.approve()
    assert bench.row().approved_by == "kim"
    assert bench.row().next_slot == "2026-11-27T22:00:00.000Z"  # 07:00 in Seoul
    assert len(bench.run().run_ids) == 1


def test_an_edit_stops_nothing_until_it_is_approved(bench: Bench) -> None:
    bench.save(parameters={"ward": "A"})
    bench.write_template(notebook(CELL, "print(ward)"))
    bench.save(ANALYST, approve=False, parameters={"ward": "B"})
    bench.run()
    assert bench.runs()[0].parameters["ward"] == "A"
    before, after = draft_of(bench.desk, bench.row())
    assert (before, after) == (notebook(), notebook(CELL, "print(ward)"))
    bench.approve()
    bench.run()
    assert bench.runs()[1].parameters["ward"] == "B"
    assert bench.runs()[0].template_sha256 != bench.runs()[1].template_sha256


def test_a_lead_approves_only_what_they_have_seen(bench: Bench) -> None:
    bench.save(ANALYST, approve=False)
    seen = bench.row()
    bench.save(ANALYST, approve=False, parameters={"ward": "B"})
    from hub_config.reports.desk.defining import approve_draft

    with pytest.raises(TemplateChangedError):
        approve_draft(
            bench.desk,
            "monthly",
            project="wards",
            hashes=(seen.draft_sha256, seen.draft_template_sha256),
            person=LEAD,
            now=bench.now,
        )
    assert bench.row().document is None


def test_a_changed_file_changes_no_run_of_what_was_approved(bench: Bench) -> None:
    bench.save()
    bench.write_template(notebook(CELL, "raise SystemExit(1)"))
    bench.run()
    (bench.folder / "quality.ipynb").unlink()
    bench.run()
    assert len({run.template_sha256 for run in bench.runs()}) == 1


def test_each_role_may_do_its_own(bench: Bench) -> None:
    with pytest.raises(NotAllowedError):
        bench.save(READER, approve=False)
    with pytest.raises(NotAllowedError):
        bench.save(ANALYST, approve=True)
    with pytest.raises(NotAllowedError):
        bench.save(OPERATOR, approve=False)
    with pytest.raises(ProjectUnknownError):
        bench.save(STRANGER, approve=False)
    bench.save()
    with pytest.raises(NotAllowedError):
        bench.run(READER)
    with pytest.raises(NotAllowedError):
        remove(bench.desk, "monthly", project="wards", person=ANALYST)
    remove(bench.desk, "monthly", project="wards", person=LEAD)
    with pytest.raises(DefinitionUnknownError):
        bench.row()


def test_a_draft_that_was_never_approved_goes_as_a_whole(bench: Bench) -> None:
    bench.save(ANALYST, approve=False)
    discard_draft(bench.desk, "monthly", project="wards", person=ANALYST, now=bench.now)
    with pytest.raises(DefinitionUnknownError):
        bench.row()
    bench.save()
    bench.save(ANALYST, approve=False, parameters={"ward": "B"})
    discard_draft(bench.desk, "monthly", project="wards", person=ANALYST, now=bench.now)
    assert (bench.row().draft, bench.row().document is None) == (None, False)


def test_a_paused_schedule_is_not_made_up_for(bench: Bench) -> None:
    bench.save(schedule="0 * * * *")
    pause_definition(bench.desk, "monthly", project="wards", enabled=False, person=ANALYST, now=bench.now)
    assert bench.row().next_slot is None
    later = bench.now.replace(hour=20)
    pause_definition(bench.desk, "monthly", project="wards", enabled=True, person=ANALYST, now=later)
    assert bench.row().next_slot == "2026-11-27T21:00:00.000Z"


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_written(bench: Bench) -> None:
    wrong = {"parameters": {"wrad": "A", "month": 3}, "schedule": "0 7 30 2 *", "recipients": [{"target": "nobody"}]}
    with pytest.raises(DefinitionError) as refused:
        bench.save(**wrong)
    assert len(refused.value.problems) >= 4
    with pytest.raises(DefinitionUnknownError):
        bench.row()


def test_a_check_writes_nothing_and_shows_the_next_five_times(bench: Bench) -> None:
    document = {"name": "monthly", "title": "T", "template": "quality.ipynb", "schedule": "0 7 1 * *"}
    draft = check_definition(bench.desk, parse_definition(document), project="wards", person=ANALYST, now=bench.now)
    assert draft.problems == ()
    assert [f"{slot.local:%Y-%m-%d %H:%M %z}" for slot in draft.slots] == [
        f"{day} 07:00 +0900" for day in ("2026-12-01", "2027-01-01", "2027-02-01", "2027-03-01", "2027-04-01")
    ]
    with pytest.raises(DefinitionUnknownError):
        bench.row()


def test_a_sweep_is_one_submission_with_dates_of_one_moment(bench: Bench) -> None:
    bench.save(sweep={"grid": {"ward": ["A", "B", "다"]}}, parameters={"month": "{month:-1}"})
    batch = bench.run()
    runs = bench.runs()
    assert [run.parameters for run in runs] == [{"ward": ward, "month": "2026-10"} for ward in ("A", "B", "다")]
    assert [run.label for run in runs] == ["ward=A", "ward=B", "ward=다"]
    assert all(run.written == {"month": "{month:-1}"} for run in runs)
    assert {run.batch_id for run in runs} == {batch.batch_id}


def test_a_request_with_a_key_is_taken_once(bench: Bench) -> None:
    bench.save()
    assert bench.run(idempotency_key="k").run_ids == bench.run(idempotency_key="k").run_ids
    bench.save(parameters={"ward": "B"})
    with pytest.raises(IdempotencyError):
        bench.run(idempotency_key="k")


def test_a_full_queue_takes_nothing_of_a_sweep(bench: Bench) -> None:
    project = bench.folder / "project.toml"
    project.write_text(project.read_text() + "\n[limits]\nmax_queued = 2\n")
    bench.desk.book._projects = None
    bench.save(sweep={"grid": {"ward": ["A", "B", "C"]}})
    with pytest.raises(QueueFullError):
        bench.run()
    assert bench.runs() == []


def test_only_the_version_that_the_writer_has_seen_is_replaced(bench: Bench) -> None:
    document = parse_definition({"name": "monthly", "title": "Mine", "template": "quality.ipynb"})
    common = {"project": "wards", "person": ANALYST, "now": bench.now}
    save_definition(bench.desk, document, **common, seen="")
    seen = version_of(bench.row())
    with pytest.raises(DefinitionError) as taken:
        save_definition(bench.desk, document, **common, seen="")
    assert [one.rule for one in taken.value.problems] == ["name-taken"]
    bench.approve()  # changes nothing of what it says
    save_definition(bench.desk, document, **common, seen=seen)
    bench.save(ANALYST, approve=False, title="Theirs")
    with pytest.raises(TemplateChangedError):
        save_definition(bench.desk, document, **common, seen=seen)
    assert bench.row().draft["title"] == "Theirs"
    save_definition(bench.desk, document, **common)
    assert bench.row().draft["title"] == "Mine"
    remove(bench.desk, "monthly", project="wards", person=LEAD)
    with pytest.raises(DefinitionUnknownError):
        save_definition(bench.desk, document, **common, seen=seen)


SWEEP = {"sweep": {"csv": "wards.csv"}}


def write_sweep(bench: Bench, *wards: str) -> None:
    (bench.folder / "wards.csv").write_text("ward\n" + "".join(f"{ward}\n" for ward in wards))


def test_the_file_of_a_sweep_runs_as_it_was_approved_until_a_lead_approves_its_change(bench: Bench) -> None:
    write_sweep(bench, "A", "B")
    bench.save(**SWEEP)
    write_sweep(bench, "A", "C", "D")
    bench.run()
    project = bench.desk.project("wards", person=LEAD, action=Action.READ)
    assert [run.parameters["ward"] for run in bench.runs()] == ["A", "B"]
    assert meaning_of(bench.desk, bench.row(), project=project, now=bench.now).has_changed_template
    draft_changed_template(bench.desk, "monthly", project="wards", person=ANALYST, now=bench.now)
    row = bench.row()
    assert row.draft_sha256 != row.document_sha256
    with bench.database.reading() as connection:
        change = sweep_change(connection, row)
    assert change is not None
    assert (change.field, change.before, change.after) == ("sweep.csv.content", ["B"], ["C", "D"])
    bench.run()
    assert len(bench.runs()) == 4
    bench.approve()
    (bench.folder / "wards.csv").unlink()
    bench.run()
    assert [run.parameters["ward"] for run in bench.runs()][4:] == ["A", "C", "D"]
    with bench.database.reading() as connection:
        approved = approvals_of(connection, project="wards", name="monthly")
    assert [one.sweep_sha256 for one in approved] == [row.draft_sweep_sha256, row.sweep_sha256]


def test_a_lead_who_has_seen_another_file_of_the_sweep_approves_nothing(bench: Bench) -> None:
    write_sweep(bench, "A")
    bench.save(ANALYST, approve=False, **SWEEP)
    seen = bench.row()
    write_sweep(bench, "A", "Z")
    bench.save(ANALYST, approve=False, **SWEEP)
    with pytest.raises(TemplateChangedError):
        approve_draft(
            bench.desk,
            "monthly",
            project="wards",
            hashes=(seen.draft_sha256, seen.draft_template_sha256),
            person=LEAD,
            now=bench.now,
        )


def test_a_sweep_whose_file_nobody_approved_does_not_run(bench: Bench) -> None:
    write_sweep(bench, "A")
    bench.save(**SWEEP)
    with bench.database.writing() as tx:
        tx.execute(sa.update(definitions).values(sweep_sha256=None))  # as a version before left it
    with pytest.raises(NotApprovedError, match="file of the sweep"):
        bench.run()


def test_a_file_of_a_sweep_that_is_too_large_is_not_read(bench: Bench) -> None:
    with (bench.folder / "wards.csv").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(DefinitionError, match="more than 1 MiB"):
        bench.save(**SWEEP)
