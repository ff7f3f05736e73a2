"""How often one token may ask."""

import pytest

from hub_config.reports.service.api.rate_limits import RateLimit


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_after_a_burst_so_many_are_taken_as_time_gives(clock):
    limit = RateLimit(2, 5, clock=clock)
    assert [limit.take("a") for _ in range(5)] == [0] * 5
    assert limit.take("a") == pytest.approx(0.5)
    clock.now += 0.5
    assert limit.take("a") == 0
    assert limit.take("a") > 0


def test_one_sender_holds_back_no_other(clock):
    limit = RateLimit(1, 1, clock=clock)
    assert limit.take("a") == 0
    assert limit.take("a") == 1
    assert limit.take("b") == 0


def test_rest_gives_back_no_more_than_a_burst(clock):
    limit = RateLimit(1, 3, clock=clock)
    clock.now += 1_000_000
    assert [limit.take("a") == 0 for _ in range(4)] == [True, True, True, False]


def test_a_million_senders_take_no_more_memory_than_a_few(clock):
    limit = RateLimit(1, 1, most_keys=100, clock=clock)
    for number in range(1000):
        limit.take(str(number))
    assert len(limit._buckets) == 100
