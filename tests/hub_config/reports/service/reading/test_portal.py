"""What stands in the list of a project's reports."""

import pytest
import sqlalchemy as sa

from hub_config.reports.database.tables import runs
from hub_config.reports.desk import ProjectBook
from hub_config.reports.service.texts import LANGUAGES

from ..planted import DOCUMENT, write_definition, write_runs


def line(read, portal, language="en"):
    (section,) = portal.sections([ProjectBook(read.home).get("wards")], texts=LANGUAGES[language], most=10)
    return section.lines[0]


def test_a_definition_that_never_ran_says_so(read, portal):
    write_definition(read)
    found = line(read, portal)
    assert (found.state, found.newest, found.succeeded_at, found.marks) == (None, "", None, ())
    assert found.next_slot == "2099-11-02T22:00:00.000Z"


def test_the_newest_run_and_the_newest_success_are_told_apart(read, portal):
    write_definition(read)
    write_runs(read, 1, day=1)
    (failed,) = write_runs(read, 2, day=2, state="failed")
    found = line(read, portal)
    assert (found.state, found.newest) == ("failed", f"runs/{failed}")
    assert found.succeeded_at == "2026-11-02T00:00:00.000Z"


def test_a_sweep_shows_the_state_that_most_needs_a_look(read, portal):
    write_definition(read)
    ids = write_runs(read, 1, 2, 3, day=1)
    with read.database.writing() as tx:
        tx.execute(sa.update(runs).where(runs.c.id == ids[1]).values(state="timed_out"))
    found = line(read, portal)
    assert found.state == "timed_out"
    assert found.newest.startswith("batches/")


def test_runs_of_other_projects_and_without_a_definition_do_not_count(read, portal):
    write_definition(read)
    write_runs(read, 1, day=1, definition=None)
    write_runs(read, 1, day=1, project="others")
    assert line(read, portal).state is None


@pytest.mark.parametrize(
    ("columns", "marks"),
    [
        ({"draft": DOCUMENT}, ("mark_approval",)),
        ({"enabled": False}, ("mark_paused",)),
        ({"broken": "TEMPLATE-MISSING: gone."}, ("mark_broken",)),
        ({"draft": DOCUMENT, "document": None, "document_sha256": None, "enabled": False}, ("mark_approval",)),
    ],
)
def test_what_needs_attention_is_marked(read, portal, columns, marks):
    write_definition(read, **columns)
    assert line(read, portal).marks == marks


def test_a_run_that_is_late_is_marked_until_it_ends(read, portal):
    write_definition(read)
    write_runs(read, 1, day=1)
    with read.database.writing() as tx:
        tx.execute(sa.update(runs).values(is_late=True, state="running"))
    assert line(read, portal).marks == ("mark_late",)
    with read.database.writing() as tx:
        tx.execute(sa.update(runs).values(state="succeeded"))
    assert line(read, portal).marks == ()


def test_title_and_schedule_are_in_the_readers_language(read, portal):
    write_definition(read, document={**DOCUMENT, "title_ko": "월간 보고서"})
    found = line(read, portal, "ko")
    assert found.title == "월간 보고서"
    assert "07:00" in found.schedule
    assert found.schedule != line(read, portal, "en").schedule


def test_a_paused_schedule_has_no_next_time(read, portal):
    write_definition(read, enabled=False)
    assert line(read, portal).next_slot is None


def test_a_definition_that_cannot_be_read_any_more_is_still_listed(read, portal):
    write_definition(read, document={**DOCUMENT, "schedule": ["never ever"]})
    assert line(read, portal).schedule == ""
