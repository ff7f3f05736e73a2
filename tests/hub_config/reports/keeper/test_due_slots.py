"""Each slot is decided once: on time, after a downtime, by two services, over changes of clocks."""

import asyncio
import datetime as dt
import threading
from collections import Counter
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

import hub_config.reports.keeper.due_slots as due_slots_module
from hub_config.reports.calendar import load_zone
from hub_config.reports.database.decided_slots import decide_slot, skip_slots
from hub_config.reports.database.definitions import (
    due_definitions,
    move_on,
    one_definition,
    pause,
    remove_definition,
    slots_of,
)
from hub_config.reports.database.history import newest_success
from hub_config.reports.database.tables import definitions, runs
from hub_config.reports.desk import Desk, Person
from hub_config.reports.desk.errors import NotAllowedError
from hub_config.reports.keeper.due_slots import DueSlots

from ..desk.conftest import CELL, Bench, notebook


def look(bench: Bench, at: dt.datetime, *, desk: Desk | None = None) -> None:
    asyncio.run(DueSlots(desk or bench.desk).look(at))


def slots(bench: Bench, name: str = "monthly") -> list[tuple[str, str, str | None]]:
    with bench.database.reading() as connection:
        found = slots_of(connection, project="wards", name=name, limit=1000)
    return [(row.slot[:16], row.decision, row.reason) for row in found][::-1]


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def test_nothing_is_due_before_its_time(bench: Bench) -> None:
    bench.save(schedule="0 7 * * *")
    look(bench, at("2026-11-27T21:59:59+00:00"))
    assert (slots(bench), bench.runs()) == ([], [])
    look(bench, at("2026-11-27T22:00:00+00:00"))
    look(bench, at("2026-11-27T22:00:01+00:00"))
    (run,) = bench.runs()
    assert (run.submitted_by, run.slot, run.state) == ("~schedule", "2026-11-27T22:00:00.000Z", "queued")
    assert slots(bench) == [("2026-11-27T22:00", "run", None)]
    assert bench.row().next_slot == "2026-11-28T22:00:00.000Z"


@pytest.mark.parametrize("change", ["paused", "removed", "approved anew"])
def test_what_a_lead_changes_while_the_keeper_looks_holds(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Another service may have read that a slot is due just before."""
    bench.save(schedule="0 7 * * *", parameters={"ward": "A"})
    due = at("2026-11-27T22:00:30+00:00")
    bench.now = due - dt.timedelta(seconds=10)

    def read(connection: Any, **options: Any) -> list[Any]:
        rows = due_definitions(connection, **options)
        with bench.another_desk().database.writing() as tx:
            if change == "removed":
                remove_definition(tx, project="wards", name="monthly")
            elif change == "paused":
                pause(tx, rows[0], enabled=False, now=bench.now, next_slot=None)
        if change == "approved anew":
            bench.save(schedule="0 9 * * *", parameters={"ward": "B"})
        return rows

    monkeypatch.setattr(due_slots_module, "due_definitions", read)
    look(bench, due)
    monkeypatch.undo()
    look(bench, due + dt.timedelta(seconds=1))
    assert (slots(bench), bench.runs()) == ([], [])


@pytest.mark.parametrize(
    ("policy", "decided", "started"),
    [
        ({"missed": "skip"}, ["missed", "missed", "missed"], 0),
        ({"missed": "once"}, ["superseded", "superseded", None], 1),
        ({"missed": "all", "missed_limit": 2}, ["over the limit", None, None], 2),
    ],
)
def test_three_hours_of_downtime(bench: Bench, policy: Any, decided: list[str | None], started: int) -> None:
    bench.save(schedule="0 * * * *", **policy)
    look(bench, at("2026-11-27T09:30:00+00:00"))
    assert [reason for _, _, reason in slots(bench)] == decided
    assert [run.state for run in bench.runs()].count("queued") == started
    assert [run.state for run in bench.runs()].count("skipped") == 3 - started
    look(bench, at("2026-11-27T10:00:00+00:00"))
    assert [run.state for run in bench.runs()].count("queued") == started + 1


@pytest.mark.parametrize(
    ("policy", "started"), [({"missed": "skip"}, 0), ({"missed": "once"}, 1), ({"missed": "all", "missed_limit": 7}, 7)]
)
def test_a_long_downtime_is_decided_in_pieces_each_slot_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, policy: Any, started: int
) -> None:
    monkeypatch.setattr(due_slots_module, "AT_ONCE", 100)
    bench.save(schedule="*/10 * * * *", **policy)
    answered = 0

    async def answer() -> None:
        nonlocal answered
        while True:
            answered += 1
            await asyncio.sleep(0)

    async def look_while_others_are_answered() -> None:
        others = asyncio.create_task(answer())
        await DueSlots(bench.desk).look(at("2026-12-04T06:35:00+00:00"))
        others.cancel()

    asyncio.run(look_while_others_are_answered())
    assert answered >= 8
    with bench.database.reading() as connection:
        rows = slots_of(connection, project="wards", name="monthly", limit=5000)[::-1]
    ends = [(row.slot, row.until or row.slot) for row in rows]
    assert all(first <= last for first, last in ends)
    assert all(last < first for (_, last), (first, _) in pairwise(ends))
    assert (ends[0][0][:16], ends[-1][1][:16]) == ("2026-11-27T06:40", "2026-12-04T06:30")
    assert sum(row.n for row in rows) == 7 * 24 * 6
    assert len(rows) < 150
    made = bench.runs()
    assert Counter(run.state for run in made) == Counter({"queued": started, "skipped": 100})
    assert [run.slot[11:16] for run in made if run.state == "queued"] == [
        f"{minute // 60:02}:{minute % 60:02}" for minute in range(390 - 10 * (started - 1), 400, 10)
    ]
    assert len({run.queued_at for run in made if run.state == "queued"}) == started
    assert bench.row().next_slot == "2026-12-04T06:40:00.000Z"


def look_in_turn(bench: Bench, moments: list[dt.datetime]) -> None:
    """Look as two services in turn, each of them started anew every time."""
    desks = [bench.another_desk(), bench.another_desk()]
    for number, moment in enumerate(moments):
        look(bench, moment, desk=desks[number % 2])


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look decides only some of what a long downtime has left."""
    monkeypatch.setattr(due_slots_module, "AT_ONCE", 100)
    monkeypatch.setattr(due_slots_module, "LOOK_S", 0.0)


@pytest.mark.usefixtures("slowly")
@pytest.mark.parametrize(
    ("policy", "late_ones"),
    [
        ({"missed": "skip"}, ["missed", "missed", "missed"]),
        ({"missed": "once"}, ["superseded", "superseded", "superseded"]),
        ({"missed": "all", "missed_limit": 2}, ["over the limit", None, None]),
    ],
)
def test_what_comes_due_while_a_long_downtime_is_made_up_for_is_not_missed(
    bench: Bench, policy: Any, late_ones: list[str | None]
) -> None:
    bench.save(schedule="*/10 * * * *", **policy)
    back = at("2026-12-04T06:35:00+00:00")
    moments = [back + dt.timedelta(seconds=seconds) for seconds in range(0, 1401, 100)]
    look_in_turn(bench, moments)
    assert slots(bench)[-5:] == [
        *(("2026-12-04T06:" + minute, "skipped" if why else "run", why)
          for minute, why in zip(("10", "20", "30"), late_ones, strict=True)),
        ("2026-12-04T06:40", "run", None),
        ("2026-12-04T06:50", "run", None),
    ]  # fmt: skip
    made = bench.runs(states=["queued"])
    assert [run.slot[11:16] for run in made] == ["06:20", "06:30", "06:40", "06:50"][-2 - late_ones.count(None) :]
    assert len(bench.runs(states=["skipped"])) == due_slots_module.MOST_SHOWN


@pytest.mark.usefixtures("slowly")
def test_what_several_looks_skip_after_a_downtime_is_one_row_with_their_number(bench: Bench) -> None:
    bench.save(schedule="*/10 * * * *", missed="skip")
    look_in_turn(bench, [at("2026-12-04T06:35:00+00:00") + dt.timedelta(seconds=n) for n in range(12)])
    with bench.database.reading() as connection:
        rows = slots_of(connection, project="wards", name="monthly", limit=5000)[::-1]
    n_before = 7 * 24 * 6 - due_slots_module.MOST_SHOWN
    assert (rows[0].n, rows[0].slot[:16], rows[0].reason) == (n_before, "2026-11-27T06:40", "missed")
    assert rows[0].until < rows[1].slot
    assert [row.n for row in rows[1:]] == [1] * due_slots_module.MOST_SHOWN


@pytest.mark.usefixtures("slowly")
def test_what_came_due_before_a_further_downtime_is_missed(bench: Bench) -> None:
    bench.save(schedule="*/10 * * * *", missed="skip")
    back = at("2026-12-04T06:35:00+00:00")
    again = at("2026-12-04T07:05:00+00:00")
    look_in_turn(bench, [back + dt.timedelta(seconds=seconds) for seconds in (0, 100, 200, 300, 400)])
    look_in_turn(bench, [again + dt.timedelta(seconds=seconds) for seconds in range(0, 1001, 100)])
    assert [(slot[11:], reason) for slot, _, reason in slots(bench)][-5:] == [
        ("06:40", "missed"), ("06:50", "missed"), ("07:00", "missed"), ("07:10", None), ("07:20", None),
    ]  # fmt: skip


@pytest.mark.usefixtures("slowly")
def test_a_report_whose_turn_comes_late_because_others_are_made_up_for_is_not_missed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only so many definitions are looked at in one go, those that are due the longest first."""
    monkeypatch.setattr(due_slots_module, "due_definitions", partial(due_definitions, limit=1))
    bench.save(name="often", schedule="*/10 * * * *", missed="skip")
    bench.save(name="daily", schedule="37 15 * * *", missed="skip", timezone="Asia/Seoul")
    with bench.database.writing() as tx:
        row = one_definition(tx, project="wards", name="daily")
        assert row is not None
        move_on(tx, row, decided_until=at("2026-12-04T06:30:00+00:00"), next_slot=at("2026-12-04T06:37:00+00:00"))
    back = at("2026-12-04T06:35:00+00:00")
    look_in_turn(bench, [back + dt.timedelta(seconds=seconds) for seconds in range(0, 1401, 100)])
    assert slots(bench, "daily") == [("2026-12-04T06:37", "run", None)]


def test_slots_of_a_report_that_could_not_be_decided_for_hours_are_missed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.save(schedule="0 * * * *", missed="skip")
    due = DueSlots(bench.desk)

    def fail(*_: Any, **__: Any) -> Any:
        raise OSError

    monkeypatch.setattr(due_slots_module, "decide", fail)
    start = at("2026-11-27T07:00:00+00:00")
    for minutes in range(151):
        asyncio.run(due.look(start + dt.timedelta(minutes=minutes)))
    monkeypatch.undo()
    asyncio.run(due.look(start + dt.timedelta(minutes=151)))
    assert [reason for _, _, reason in slots(bench)] == ["missed"] * 3


@pytest.mark.usefixtures("slowly")
def test_a_clock_that_ran_ahead_for_a_while_makes_nothing_late_be_on_time(bench: Bench) -> None:
    bench.save(name="first", schedule="*/10 * * * *", missed="skip")
    ahead = at("2027-01-04T06:35:00+00:00")
    look_in_turn(bench, [ahead, ahead + dt.timedelta(seconds=1)])
    bench.save(schedule="0 * * * *", missed="skip")
    look_in_turn(bench, [at("2026-11-27T10:30:00+00:00") + dt.timedelta(seconds=seconds) for seconds in range(3)])
    assert [reason for _, _, reason in slots(bench)] == ["missed"] * 4


def test_a_slot_that_is_decided_with_others_is_not_decided_again(bench: Bench) -> None:
    bench.save(schedule="0 * * * *")
    row, hour = bench.row(), dt.timedelta(hours=1)
    some = [bench.now + n * hour for n in range(10)]
    with bench.database.writing() as tx:
        assert skip_slots(tx, row, slots_skipped=some[2:6], reason="missed", now=bench.now)
        for n in range(2, 6):
            assert not decide_slot(tx, row, slot=some[n], decision="run", now=bench.now)
            assert not skip_slots(tx, row, slots_skipped=some[n : n + 3], reason="missed", now=bench.now)
        assert not skip_slots(tx, row, slots_skipped=some[:3], reason="missed", now=bench.now)
        assert not skip_slots(tx, row, slots_skipped=some[1:8], reason="missed", now=bench.now)
        assert decide_slot(tx, row, slot=some[6], decision="run", now=bench.now)
        assert decide_slot(tx, row, slot=some[1], decision="run", now=bench.now)
    assert sorted(decision for _, decision, _ in slots(bench)) == ["run", "run", "skipped"]


def test_relative_dates_are_those_of_the_slot_not_of_the_moment_it_is_made_up_for(bench: Bench) -> None:
    bench.save(schedule="0 7 1 * *", parameters={"month": "{month:-1}"})
    look(bench, at("2026-12-20T00:00:00+00:00"))
    (run,) = bench.runs(states=["queued"])
    assert run.parameters["month"] == "2026-11"
    assert run.written == {"month": "{month:-1}"}


def test_slots_that_are_made_up_for_run_and_are_compared_in_their_order(bench: Bench) -> None:
    bench.save(schedule="0 7 1 * *", missed="all", missed_limit=3)
    look(bench, at("2027-03-02T00:00:00+00:00"))
    made = bench.runs(states=["queued"])
    assert [run.slot[:10] for run in made] == ["2026-12-31", "2027-01-31", "2027-02-28"]  # in UTC
    with bench.database.writing() as tx:
        tx.execute(sa.update(runs).where(runs.c.state == "queued").values(state="succeeded"))
        before = [
            newest_success(tx, project="wards", definition="monthly", before=run.queued_at, label="") for run in made
        ]
        newest = newest_success(tx, project="wards", definition="monthly")
    assert [run.id if run is not None else None for run in before] == [None, made[0].id, made[1].id]
    assert newest is not None
    assert newest.id == made[2].id


def test_now_is_when_the_run_is_made_and_slot_when_it_was_due(bench: Bench) -> None:
    bench.save(schedule="0 7 1 * *", parameters={"ward": "{slot}", "month": "{now}"})
    look(bench, at("2026-12-20T00:00:00+00:00"))
    (run,) = bench.runs(states=["queued"])
    assert run.parameters == {"ward": "2026-12-01T07:00:00+09:00", "month": "2026-12-20T09:00:00+09:00"}


@pytest.mark.parametrize(
    ("zone", "day"),
    [("America/New_York", "2026-11-01"), ("Europe/Berlin", "2026-10-25"), ("Australia/Lord_Howe", "2027-04-04")],
)
def test_a_daily_report_runs_once_on_the_day_on_which_an_hour_comes_twice(bench: Bench, zone: str, day: str) -> None:
    bench.now = at(f"{day}T00:00:00+00:00") - dt.timedelta(days=2)
    bench.save(schedule="45 1 * * *", timezone=zone)
    moment = bench.now
    for _ in range(4 * 24 * 6):
        moment += dt.timedelta(minutes=10)
        look(bench, moment)
    days = [at(run.slot).astimezone(load_zone(zone)).date() for run in bench.runs()]
    assert at(f"{day}T12:00:00+00:00").date() in days
    assert [later - earlier for earlier, later in pairwise(days)] == [dt.timedelta(days=1)] * (len(days) - 1)


def test_two_services_with_two_hundred_slots_make_two_hundred_runs(bench: Bench) -> None:
    for number in range(200):
        bench.save(name=f"report-{number}", schedule="0 7 * * *")
    desks = [bench.another_desk() for _ in range(2)]
    moment = at("2026-11-27T22:00:05+00:00")
    threads = [
        threading.Thread(target=lambda desk=desk: [look(bench, moment, desk=desk) for _ in range(3)]) for desk in desks
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(run.definition for run in bench.runs()) == {f"report-{number}": 1 for number in range(200)}


def test_a_clock_that_is_set_back_runs_nothing_again(bench: Bench) -> None:
    bench.save(schedule="0 * * * *")
    look(bench, at("2026-11-27T07:00:10+00:00"))
    look(bench, at("2026-11-27T05:00:10+00:00"))
    look(bench, at("2026-11-27T07:00:20+00:00"))
    assert len(bench.runs()) == 1


def test_a_clock_that_leaps_ahead_is_not_believed_at_once(bench: Bench) -> None:
    bench.save(schedule="0 * * * *", missed="skip")
    ticks = [0.0]
    due = DueSlots(bench.desk, clock=lambda: ticks[0])
    start = at("2026-11-27T06:40:00+00:00")
    asyncio.run(due.look(start))
    ticks[0] = 10
    asyncio.run(due.look(start + dt.timedelta(days=400)))
    ticks[0] = 20
    asyncio.run(due.look(start + dt.timedelta(seconds=20)))  # the clock was mended
    assert slots(bench) == []
    ticks[0] = 1210
    asyncio.run(due.look(start + dt.timedelta(seconds=1210)))
    assert slots(bench) == [("2026-11-27T07:00", "run", None)]


def test_a_slot_that_cannot_run_is_written_down_shown_and_told(bench: Bench) -> None:
    bench.save(schedule="0 * * * *", parameters={"ward": "A"}, recipients=[{"target": "ops", "events": ["skipped"]}])
    broken = {**bench.row().document, "parameters": {"gone": 1}}
    with bench.database.writing() as tx:
        tx.execute(sa.update(definitions).values(document=broken))
    look(bench, at("2026-11-27T07:00:00+00:00"))
    ((_, decision, reason),) = slots(bench)
    assert (decision, reason) == ("skipped", "REPORT-DEFINITION")
    assert [run.state for run in bench.runs()] == ["skipped"]
    assert bench.row().broken.startswith("[REPORT-DEFINITION]")
    look(bench, at("2026-11-27T08:00:00+00:00"))
    assert len(slots(bench)) == 2  # it goes on


def test_a_broken_definition_does_not_stop_the_others(bench: Bench) -> None:
    bench.save(name="good", schedule="0 * * * *")
    bench.save(name="bad", schedule="0 * * * *")
    with bench.database.writing() as tx:
        tx.execute(sa.update(definitions).where(definitions.c.name == "bad").values(document={"name": 3}))
    look(bench, at("2026-11-27T07:00:00+00:00"))
    assert [run.definition for run in bench.runs()] == ["good"]


def test_slots_of_a_project_that_has_ended_do_not_run(bench: Bench) -> None:
    bench.save(schedule="0 * * * *")
    project = bench.folder / "project.toml"
    project.write_text("expires = 2026-11-26\n" + project.read_text())
    bench.desk.book._projects = None
    look(bench, at("2026-11-27T07:00:00+00:00"))
    assert slots(bench) == [("2026-11-27T07:00", "skipped", "project-expired")]


def test_a_new_template_waits_while_the_approved_one_runs(bench: Bench) -> None:
    bench.save(schedule="0 * * * *")
    approved = bench.row().template_sha256
    bench.write_template(notebook(CELL, "print(1)"))
    bench.save(approve=False, schedule="30 * * * *")
    look(bench, at("2026-11-27T07:00:00+00:00"))
    (run,) = bench.runs()
    assert run.template_sha256 == approved


def test_an_account_called_schedule_may_not_stop_what_a_schedule_asked_for(bench: Bench) -> None:
    project = bench.folder / "project.toml"
    project.write_text(project.read_text().replace('lee = "analyst"', 'lee = "analyst"\nschedule = "analyst"'))
    bench.save(schedule="0 7 * * *")
    look(bench, at("2026-11-27T22:00:00+00:00"))
    (run,) = bench.runs()
    with pytest.raises(NotAllowedError):
        bench.desk.cancel(run.id, person=Person("schedule"), now=bench.now)
    bench.run(Person("schedule"))
    own = bench.runs()[0] if bench.runs()[0].id != run.id else bench.runs()[1]
    bench.desk.cancel(own.id, person=Person("schedule"), now=bench.now)
