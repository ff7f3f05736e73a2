"""Who counts as silent: whoever was not heard for too long while somebody listened."""

from hub_config.reports.database import Watch

ONE = {("run", "a"): 7}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def watching() -> tuple[Watch, Clock]:
    clock = Clock()
    return Watch(clock), clock


def test_what_is_not_heard_for_eight_seconds_is_silent() -> None:
    watch, clock = watching()
    for _ in range(8):
        assert watch.silent(ONE) == []
        clock.now += 1
    assert watch.silent(ONE) == [("run", "a")]


def test_a_counter_that_changes_begins_anew() -> None:
    watch, clock = watching()
    for count in range(40):
        assert watch.silent({("run", "a"): count // 5}) == []
        clock.now += 1


def test_time_in_which_nobody_listened_does_not_count() -> None:
    """The service was stopped, or its database did not answer: whoever spoke meanwhile was not heard."""
    watch, clock = watching()
    for _ in range(4):
        watch.silent(ONE)
        clock.now += 1
    clock.now += 20
    assert watch.silent(ONE) == []
    for _ in range(4):
        clock.now += 1
        silent = watch.silent(ONE)
    assert silent == [("run", "a")], "four seconds before, four seconds after"


def test_who_could_not_be_heard_gets_its_whole_time_again() -> None:
    watch, clock = watching()
    for _ in range(7):
        watch.silent(ONE)
        clock.now += 1
    watch.begin_anew()
    for _ in range(7):
        assert watch.silent(ONE) == []
        clock.now += 1
    watch.silent(ONE)
    clock.now += 1
    assert watch.silent(ONE) == [("run", "a")]


def test_a_new_service_gives_everybody_time() -> None:
    watch, clock = watching()
    clock.now += 100
    assert watch.silent(ONE) == []
