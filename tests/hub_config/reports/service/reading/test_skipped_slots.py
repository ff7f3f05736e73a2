"""Skipped slots are one line, not a page: with their true number, and none lost between two pages."""

import datetime as dt

import pytest
import sqlalchemy as sa

from hub_config.reports.database.history import RunFilter
from hub_config.reports.database.tables import runs, slots
from hub_config.reports.service.reading.run_lists import page_in_groups
from hub_config.reports.service.reading.skipped_slots import SkippedSlots, in_groups

from ..planted import BEGIN, write_runs

SEOUL = "Asia/Seoul"


def skip(read, n, *, day, definition="monthly", shown=None):
    """Skip `n` hourly slots up to a day, decided that day; only the last of them stand in the history."""
    moment = BEGIN + dt.timedelta(days=day)
    due = [f"{moment - dt.timedelta(hours=n - number):%Y-%m-%dT%H:%M:%S}.000Z" for number in range(n)]
    ids = write_runs(read, *range(shown or n), day=day, definition=definition, state="skipped")
    with read.database.writing() as tx:
        for run_id, slot in zip(ids, due[-len(ids) :], strict=True):
            tx.execute(sa.update(runs).where(runs.c.id == run_id).values(slot=slot))
        (decided,) = set(tx.execute(sa.select(runs.c.queued_at).where(runs.c.id.in_(ids))).scalars())
        common = {"project": "wards", "definition": definition, "decision": "skipped", "reason": "missed"}
        tx.execute(sa.insert(slots), [common | {"slot": slot, "decided_at": decided} for slot in due])
    return due


def page(read, number=1, size=2, **wanted):
    return page_in_groups(read.board, read.person, number=number, size=size, wanted=RunFilter(**wanted))


def test_many_skipped_slots_are_one_line_between_the_runs_around_them(read):
    (old,) = write_runs(read, 1, day=1)
    due = skip(read, 47, day=3)
    (new,) = write_runs(read, 1, day=4)
    lines, n_pages = page(read)
    assert [getattr(line, "run_id", None) for line in lines] == [new, None, old]
    assert n_pages == 1
    group = lines[1]
    assert (group.n, group.first, group.last, group.zone) == (47, due[0], due[-1], SEOUL)
    assert (group.project, group.definition, group.title) == ("wards", "monthly", "Monthly <b>quality</b>")


def test_all_that_were_skipped_are_counted_also_those_that_the_history_leaves_out(read):
    due = skip(read, 300, day=20, shown=100)
    ((group,), _) = page(read)
    assert (group.n, group.last) == (300, due[-1])


def test_those_that_earlier_looks_after_a_long_downtime_skipped_are_counted(read):
    due = skip(read, 300, day=20, shown=100)
    looked_before(read, due[:200])
    ((group,), _) = page(read)
    assert (group.n, group.first, group.last) == (300, due[0], due[-1])
    later = skip(read, 3, day=22)
    for day in (19, 21, 23):
        write_runs(read, 1, day=day)
    new, old = ([line for line in page(read, number, 1)[0] if isinstance(line, SkippedSlots)] for number in (1, 2))
    assert [(line.n, line.first) for line in new + old] == [(3, later[0]), (300, due[0])]


def test_slots_of_a_time_when_the_project_had_ended_are_not_counted_with_others(read):
    due = skip(read, 30, day=20, shown=10)
    with read.database.writing() as tx:
        tx.execute(sa.update(slots).where(slots.c.slot.in_(due[:15])).values(reason="project-expired"))
    ((group,), _) = page(read)
    assert (group.n, group.first) == (15, due[15])


def test_who_looks_for_skipped_ones_is_told_how_many_are_left_out(read):
    skip(read, 2, day=1)
    due = skip(read, 300, day=20, shown=100)
    looked_before(read, due[:190])
    skip(read, 3, day=22)
    lines = [line for number in (1, 2, 3) for line in page(read, number, 40, states=["skipped"])[0]]
    assert len(lines) == 2 + 100 + 3 + 1
    (place,) = [place for place, line in enumerate(lines) if isinstance(line, SkippedSlots)]
    (others,) = [line for line in lines if isinstance(line, SkippedSlots)]
    assert (place, lines[place - 1].run_id) == (103, others.beside)
    assert (others.n, others.first, others.last, others.zone) == (200, due[0], due[199], SEOUL)
    assert (others.definition, others.title) == ("monthly", "Monthly <b>quality</b>")


def looked_before(read, some):
    """Have slots decided a while before the others, as a look does that has no time for all."""
    with read.database.writing() as tx:
        decided = tx.execute(sa.select(slots.c.decided_at).where(slots.c.slot == some[0])).scalar_one()
        before = f"{dt.datetime.fromisoformat(decided) - dt.timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}.000Z"
        tx.execute(sa.update(slots).where(slots.c.slot.in_(some)).values(decided_at=before))


def test_each_page_tells_of_its_own_and_no_slot_is_told_twice_or_lost(read):
    for day in range(1, 8):
        write_runs(read, 1, day=2 * day)
        skip(read, day, day=2 * day + 1)
    seen, n_pages = [], 1
    for number in range(1, 9):
        lines, n_pages = page(read, number)
        seen += lines if number <= n_pages else []
    assert n_pages == 4
    assert sum(line.n for line in seen if isinstance(line, SkippedSlots)) == sum(range(1, 8))
    moments = [getattr(line, "decided_at", "") or line.asked_at for line in seen]
    assert moments == sorted(moments, reverse=True)


def test_several_definitions_have_a_line_each(read):
    skip(read, 3, day=2)
    skip(read, 5, day=3, definition="weekly")
    lines, _ = page(read)
    assert [(line.definition, line.n) for line in lines] == [("weekly", 5), ("monthly", 3)]


def test_who_looks_for_skipped_ones_sees_each(read):
    skip(read, 3, day=2)
    lines, _ = page(read, size=50, states=["skipped"])
    assert [line.state for line in lines] == ["skipped"] * 3
    assert page(read, states=["failed"]) == ([], 1)


def test_strangers_are_told_of_none(read):
    skip(read, 3, day=2)
    assert page_in_groups(read.board, read.person.__class__("max"), number=1, size=5) == ([], 1)


@pytest.mark.parametrize(
    ("decided", "found"),
    [
        ([], []),
        ([("run", None)], [1]),
        ([("skipped", "missed")], [1]),
        ([("skipped", "missed")] * 5, [5]),
        ([("run", None), ("skipped", "missed"), ("skipped", "missed"), ("run", None)], [1, 2, 1]),
        ([("skipped", "superseded"), ("skipped", "missed"), ("skipped", "missed")], [1, 2]),
        ([("skipped", None), ("skipped", None), ("run", None), ("run", None)], [2, 1, 1]),
    ],
)
def test_decided_slots_are_put_together_by_reason(decided, found):
    rows = [_Row(f"2026-11-{30 - number}", *one) for number, one in enumerate(decided)]
    groups = in_groups(rows)
    assert [getattr(one, "n", 1) for one in groups] == found
    assert all(one.first < one.last for one in groups if isinstance(one, SkippedSlots))


def test_slots_that_were_decided_together_count_as_many_as_they_are(read):
    rows = [_Row("2026-11-30", "skipped", "missed"), _Row("2026-11-02", "skipped", "missed", n=28, until="2026-11-29")]
    assert in_groups(rows) == [SkippedSlots(29, "2026-11-02", "2026-11-30", reason="missed")]
    assert in_groups(rows[1:]) == [SkippedSlots(28, "2026-11-02", "2026-11-29", reason="missed")]
    (due, *_) = skip(read, 3, day=2)
    with read.database.writing() as tx:
        tx.execute(sa.update(slots).where(slots.c.slot == due).values(n=40, until=due[:-1] + "1"))
    (line,), _ = page(read)
    assert line.n == 42


class _Row:
    def __init__(self, slot, decision, reason, *, n=1, until=None):
        self.slot, self.decision, self.reason, self.n, self.until = slot, decision, reason, n, until
