"""What a window means, to the day."""

import dataclasses

import pytest

from analysis_lib.errors import FeatureInputError
from analysis_lib.windows import (
    AFTER_INDEX,
    ANY_TIME,
    ANY_TIME_BEFORE,
    ANY_TIME_UP_TO_INDEX,
    ON_INDEX,
    PRIOR_30_DAYS,
    PRIOR_YEAR,
    PRIOR_YEAR_AND_INDEX,
    Window,
)


@pytest.mark.parametrize(
    ("closed", "inside"),
    [("both", [-3, -2, -1, 0]), ("left", [-3, -2, -1]), ("right", [-2, -1, 0]), ("neither", [-2, -1])],
)
def test_closed_ends_are_inside_and_open_ends_are_not(closed: str, inside: list[int]) -> None:
    window = Window(-3, 0, closed=closed)  # type: ignore[arg-type]
    assert [day for day in range(-6, 4) if day in window] == inside


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        (PRIOR_YEAR, [-365, -1], [-366, 0]),
        (PRIOR_YEAR_AND_INDEX, [-365, 0], [-366, 1]),
        (PRIOR_30_DAYS, [-30, -1], [-31, 0]),
        (ANY_TIME_BEFORE, [-3_000_000, -1], [0]),
        (ANY_TIME_UP_TO_INDEX, [-3_000_000, 0], [1]),
        (ON_INDEX, [0], [-1, 1]),
        (AFTER_INDEX, [1, 3_000_000], [0]),
        (ANY_TIME, [-3_000_000, 0, 3_000_000], []),
    ],
)
def test_named_windows_end_on_these_days(window: Window, inside: list[int], outside: list[int]) -> None:
    assert all(day in window for day in inside)
    assert not any(day in window for day in outside)


def test_an_end_without_a_limit_is_neither_open_nor_closed() -> None:
    assert all(10_000_000 in Window(0, None, closed=closed) for closed in ("both", "left"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (PRIOR_YEAR, "from 365 days before to 1 day before the index date"),
        (PRIOR_YEAR_AND_INDEX, "from 365 days before the index date to the index date"),
        (Window(-2, 7), "from 2 days before the index date to 7 days after the index date"),
        (ANY_TIME_BEFORE, "at any time up to 1 day before the index date"),
        (ANY_TIME_UP_TO_INDEX, "at any time up to the index date"),
        (AFTER_INDEX, "from 1 day after the index date on"),
        (ANY_TIME, "at any time"),
        (ON_INDEX, "on the index date"),
        (Window(-1, -1), "1 day before the index date"),
    ],
)
def test_a_window_says_in_words_what_it_is(window: Window, words: str) -> None:
    assert str(window) == words


def test_a_window_is_frozen_and_equal_to_its_like() -> None:
    assert Window(-365, -1) == PRIOR_YEAR
    assert hash(Window(-365, -1)) == hash(PRIOR_YEAR)
    with pytest.raises(dataclasses.FrozenInstanceError):
        PRIOR_YEAR.start = 0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((1, 0), "at least one day"),
        ((0, 0, "left"), "at least one day"),
        ((0, 1, "neither"), "at least one day"),
        ((0.5, 1), "whole number"),
        ((True, 1), "whole number"),
        ((0, 1, "open"), "closed"),
        ((0, 10**9), "no limit"),
    ],
)
def test_what_cannot_be_a_window_is_refused(arguments: tuple[object, ...], says: str) -> None:
    with pytest.raises(FeatureInputError, match=says):
        Window(*arguments)  # type: ignore[arg-type]
