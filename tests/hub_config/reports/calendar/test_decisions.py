"""What is done about slots that were missed: downtime, clocks that jump, policies."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.reports.calendar import Decision, Schedule, Slot, decide, next_slots, slots_after
from hub_config.reports.calendar.decisions import MissedPolicy, Reason
from hub_config.reports.calendar.errors import ScheduleError

HOURLY = Schedule(cron="0 * * * *", zone="Asia/Seoul")
NINE = datetime(2026, 11, 27, 9, tzinfo=UTC)


def _after(now: datetime, *, last: datetime = NINE, policy: str = "skip", **more: object) -> list[tuple[int, str]]:
    decided = decide(slots_after(HOURLY, last, upto=now), now, policy=policy, last=last, **more)
    return [(decision.slot.at.hour, decision.reason or "run") for decision in decided]


def _hours(hours: float) -> datetime:
    return NINE + timedelta(hours=hours)


@pytest.mark.parametrize("policy", list(MissedPolicy))
def test_a_slot_that_is_seen_in_time_runs_whatever_the_policy(policy):
    assert _after(_hours(1), policy=policy) == [(10, "run")]
    assert _after(_hours(1) + timedelta(seconds=60), policy=policy) == [(10, "run")]
    assert _after(_hours(1) - timedelta(microseconds=1), policy=policy) == []


@pytest.mark.parametrize(
    ("policy", "most", "decided"),
    [
        ("skip", 1, [(10, "missed"), (11, "missed"), (12, "missed")]),
        ("once", 1, [(10, "superseded"), (11, "superseded"), (12, "run")]),
        ("all", 1, [(10, "over the limit"), (11, "over the limit"), (12, "run")]),
        ("all", 2, [(10, "over the limit"), (11, "run"), (12, "run")]),
        ("all", 3, [(10, "run"), (11, "run"), (12, "run")]),
        ("all", 99, [(10, "run"), (11, "run"), (12, "run")]),
    ],
)
def test_after_three_hours_of_downtime_every_slot_is_decided_by_the_policy(policy, most, decided):
    assert _after(_hours(3.5), policy=policy, most=most) == decided


@pytest.mark.parametrize(
    ("policy", "decided"),
    [
        ("skip", [(10, "missed"), (11, "missed"), (12, "run")]),
        ("once", [(10, "superseded"), (11, "superseded"), (12, "run")]),
        ("all", [(10, "over the limit"), (11, "run"), (12, "run")]),
    ],
)
def test_a_service_that_comes_back_in_time_for_a_slot_runs_it_beside_what_the_policy_says(policy, decided):
    assert _after(_hours(3) + timedelta(seconds=20), policy=policy) == decided


def test_seconds_of_grace_are_the_callers_choice():
    late = _hours(1) + timedelta(minutes=10)
    assert _after(late, grace_s=600) == [(10, "run")]
    assert _after(late, grace_s=599) == [(10, "missed")]
    assert _after(_hours(1), grace_s=0) == [(10, "run")]


@pytest.mark.parametrize(
    ("policy", "decided"),
    [
        ("skip", [(10, "missed"), (11, "missed"), (12, "run"), (13, "run")]),
        ("once", [(10, "superseded"), (11, "superseded"), (12, "run"), (13, "run")]),
        ("all", [(10, "over the limit"), (11, "run"), (12, "run"), (13, "run")]),
    ],
)
def test_what_came_due_since_the_service_is_back_runs_however_long_it_had_to_wait(policy, decided):
    assert _after(_hours(4.9), policy=policy, back_since=_hours(3) + timedelta(seconds=60)) == decided
    assert _after(_hours(4.9), policy="skip", back_since=_hours(3) + timedelta(seconds=61))[2] == (12, "missed")


def test_a_service_that_is_back_only_later_than_now_is_back_now():
    assert _after(_hours(1) + timedelta(seconds=61), back_since=_hours(9)) == [(10, "missed")]
    assert _after(_hours(1) + timedelta(seconds=60), back_since=_hours(9)) == [(10, "run")]


def test_a_decision_says_how_late_it_is():
    [decision] = decide(next_slots(HOURLY, NINE, n=1), _hours(1.5), policy="skip")
    assert decision == Decision(decision.slot, Reason.MISSED, 1_800.0)
    assert not decision.runs


def test_nothing_is_said_of_slots_that_were_decided_or_lie_ahead():
    slots = next_slots(HOURLY, NINE, n=5)
    decided = decide(slots, _hours(3), policy="all", most=9, last=slots[0])
    assert [decision.slot for decision in decided] == slots[1:3]


def test_a_clock_that_is_set_back_makes_nothing_due_again():
    assert _after(_hours(3), last=_hours(3)) == []
    assert _after(_hours(-5), last=_hours(3)) == []
    assert _after(_hours(4), last=_hours(3)) == [(13, "run")]


def test_slots_of_before_the_last_day_go_by_the_policy_and_later_ones_are_past_the_end():
    # Hours of the 27th in Seoul end at 15:00 UTC.
    now = _hours(8.5)
    decided = _after(now, policy="once", last=_hours(4), until=date(2026, 11, 27))
    assert decided == [(14, "run"), (15, "past the end date"), (16, "past the end date"), (17, "past the end date")]


def test_a_local_time_that_was_decided_is_known_again_when_the_rules_of_its_zone_change():
    seven = datetime.fromisoformat("2026-11-27T07:00")
    made = Slot(datetime(2026, 11, 27, 5, tzinfo=UTC), seven.astimezone(UTC), seven, "Africa/Tripoli", by_wall=True)
    moved = Slot(datetime(2026, 11, 27, 6, tzinfo=UTC), seven.astimezone(UTC), seven, "Africa/Tripoli", by_wall=True)
    assert decide([moved], moved.at, policy="all", last=made) == []
    # by the instant alone it cannot be told
    assert len(decide([moved], moved.at, policy="all", last=made.at)) == 1


def test_an_hour_that_comes_twice_runs_twice_by_the_minutes_that_pass():
    hourly = Schedule(cron="0 * * * *", zone="Europe/Berlin")
    first, second = next_slots(hourly, datetime(2026, 10, 24, 23, 30, tzinfo=UTC), n=2)
    assert first.intended == second.intended
    assert [decision.slot for decision in decide([first, second], second.at, policy="skip", last=first)] == [second]


@settings(max_examples=200, deadline=None)
@given(
    jumps=st.lists(st.integers(-4 * 3_600, 6 * 3_600), min_size=1, max_size=25),
    policy=st.sampled_from(list(MissedPolicy)),
    most=st.integers(1, 4),
    zone=st.sampled_from(["Europe/Berlin", "Asia/Seoul", "Australia/Lord_Howe"]),
    cron=st.sampled_from(["*/20 * * * *", "0 * * * *", "30 2 * * *", "0,30 1-3 * * *"]),
)
def test_whatever_the_clock_does_every_slot_is_decided_exactly_once(jumps, policy, most, zone, cron):
    schedule = Schedule(cron=cron, zone=zone)
    start = now = latest = datetime(2026, 10, 24, 20, tzinfo=UTC)
    last: Slot | datetime = start
    seen: list[Slot] = []
    for seconds in jumps:
        now += timedelta(seconds=seconds)
        latest = max(latest, now)
        after = last if isinstance(last, datetime) else last.at
        decided = decide(slots_after(schedule, after, upto=now), now, policy=policy, last=last, most=most)
        late_runs = [one for one in decided if one.runs and one.late_s > 60]
        assert len(late_runs) <= {"skip": 0, "once": 1, "all": most}[policy]
        if decided:
            last = decided[-1].slot
            assert policy == "skip" or decided[-1].runs
        seen += [one.slot for one in decided]
    assert seen == list(slots_after(schedule, start, upto=latest))


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ({"policy": "never"}, "policy"),
        ({"policy": ""}, "policy"),
        ({"policy": None}, "policy"),
        ({"most": 0}, "most"),
        ({"most": -1}, "most"),
        ({"most": True}, "most"),
        ({"most": 2.0}, "most"),
        ({"grace_s": -1}, "seconds"),
        ({"grace_s": float("nan")}, "seconds"),
        ({"grace_s": float("inf")}, "seconds"),
        ({"grace_s": "60"}, "seconds"),
        ({"now": datetime.fromisoformat("2026-11-27T09:00")}, "instant"),
        ({"last": datetime.fromisoformat("2026-11-27T09:00")}, "instant"),
    ],
)
def test_what_cannot_be_meant_is_refused(more, rule):
    asked = {"slots_due": [], "now": NINE, "policy": "skip", **more}
    with pytest.raises(ScheduleError) as refused:
        decide(asked.pop("slots_due"), asked.pop("now"), **asked)
    assert refused.value.rule == rule
