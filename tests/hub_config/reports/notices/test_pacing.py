"""How many messages a recipient gets, and when a failed sending is tried again."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.reports.notices import Letter, Notice, next_attempt, next_letters

from .conftest import a_notice

NOW = datetime(2026, 11, 27, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def notices(n: int) -> list[Notice]:
    return [a_notice(run_id=f"run-{each}") for each in range(n)]


def live(arrivals: list[float], *, per_hour: int = 10, until: float = 6 * 3600) -> list[tuple[float, Letter]]:
    """Let notices arrive at these seconds, ask whenever something can have changed; gives what was sent when."""
    sent: list[tuple[float, Letter]] = []
    waiting: list[Notice] = []
    coming = sorted(arrivals)
    times: list[datetime] = []
    second = 0.0
    while second <= until and (coming or waiting or second == 0):
        while coming and coming[0] <= second:
            waiting.append(a_notice(run_id=f"run-{len(arrivals) - len(coming)}"))
            coming.pop(0)
        now = NOW + timedelta(seconds=second)
        plan = next_letters(waiting, sent=times, now=now, per_hour=per_hour)
        for letter in plan.letters:
            sent.append((second, letter))
            times.append(now)
        if plan.letters:
            waiting = []
        moments = [coming[0]] if coming else []
        if waiting and plan.again_at is not None:
            moments.append((plan.again_at - NOW).total_seconds())
        second = max(second + 1, min(moments)) if moments else until + 1
    return sent


def told(sent: list[tuple[float, Letter]]) -> int:
    return sum(len(letter.notices) + letter.more for _, letter in sent)


def test_a_few_notices_are_a_message_each() -> None:
    assert next_letters(notices(3), sent=[], now=NOW).letters == tuple(Letter((each,)) for each in notices(3))
    assert next_letters([], sent=[], now=NOW).letters == ()


def test_a_burst_of_500_failures_is_one_message_that_names_20() -> None:
    (letter,) = next_letters(notices(500), sent=[], now=NOW).letters
    assert (len(letter.notices), letter.more) == (20, 480)
    assert letter.notices[0].run_id == "run-0"


def test_500_failures_within_an_hour_are_ten_messages_and_all_are_told() -> None:
    sent = live([n * 7.0 for n in range(500)])
    assert told(sent) == 500
    assert sent[0][0] == 0
    assert max(sum(start <= second < start + 3600 for second, _ in sent) for start, _ in sent) <= 10
    assert max(after - before for (before, _), (after, _) in itertools.pairwise(sent)) <= 720


@settings(deadline=None)
@given(arrivals=st.lists(st.integers(0, 3 * 3600).map(float), min_size=1, max_size=60), per_hour=st.integers(1, 12))
def test_nothing_is_lost_and_no_hour_has_more_than_its_messages(arrivals: list[float], per_hour: int) -> None:
    sent = live(arrivals, per_hour=per_hour)
    assert told(sent) == len(arrivals)
    assert max(sum(start <= second < start + 3600 for second, _ in sent) for start, _ in sent) <= per_hour
    assert max(second for second, _ in sent) <= max(arrivals) + 3600


def test_one_an_hour_is_kept() -> None:
    plan = next_letters(notices(2), sent=[NOW - timedelta(minutes=10)], now=NOW, per_hour=1)
    assert plan.letters == ()
    assert plan.again_at == NOW + timedelta(minutes=50)


def test_a_clock_set_back_silences_nobody_for_long() -> None:
    assert next_letters(notices(1), sent=[NOW + timedelta(days=1)] * 10, now=NOW).letters
    plan = next_letters(notices(1), sent=[NOW + timedelta(minutes=30)] * 10, now=NOW)
    assert plan.again_at is not None
    assert plan.again_at <= NOW + 2 * HOUR


def test_attempts_come_later_and_later_and_end_after_a_day() -> None:
    waits = []
    for attempts in range(1, 20):
        at = next_attempt(attempts, NOW)
        if at is None:
            break
        waits.append((at - NOW).total_seconds())
    assert waits == sorted(waits)
    assert waits[0] <= 30
    assert 20 * 3600 <= sum(waits) <= 30 * 3600


@pytest.mark.parametrize("attempts", [0, -1, 8, 10**9])
def test_a_count_beyond_all_attempts_gives_up(attempts: int) -> None:
    assert next_attempt(attempts, NOW) is None


def test_a_server_may_ask_for_more_time_but_not_for_less() -> None:
    assert next_attempt(1, NOW, retry_after_seconds=600) == NOW + timedelta(seconds=600)
    assert next_attempt(4, NOW, retry_after_seconds=1) == next_attempt(4, NOW)
    assert next_attempt(1, NOW, retry_after_seconds=10**9) == NOW + timedelta(days=1)
