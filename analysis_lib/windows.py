"""Spans of days around an index date, with open and closed ends."""

from dataclasses import dataclass
from typing import Literal

from analysis_lib.errors import FeatureInputError

__all__ = [
    "AFTER_INDEX",
    "ANY_TIME",
    "ANY_TIME_BEFORE",
    "ANY_TIME_UP_TO_INDEX",
    "ON_INDEX",
    "PRIOR_30_DAYS",
    "PRIOR_YEAR",
    "PRIOR_YEAR_AND_INDEX",
    "Window",
]

CLOSED = ("both", "left", "right", "neither")
MOST_DAYS = 10_000_000
"""Longer than any calendar here (years 1 to 9999), so that a window without an end is one with this end."""


@dataclass(frozen=True)
class Window:
    """Whole days around an index date: 0 is the index date, -1 the day before, 1 the day after.

    Both ends are plain numbers of days, so a window never leaves the calendar, whatever the index date.

    Parameters
    ----------
    start : int or None
        First day; None for no limit.
    end : int or None
        Last day; None for no limit.
    closed : {"both", "left", "right", "neither"}, default "both"
        Which of the two days are inside. An end without a limit is neither open nor closed.

    Raises
    ------
    FeatureInputError
        If an end is no whole number, or no day lies inside.

    Examples
    --------
    >>> Window(-365, 0, closed="left")  # the year before, without the index date
    >>> Window(None, 0)  # any time before, and the index date
    """

    start: int | None
    end: int | None
    closed: Literal["both", "left", "right", "neither"] = "both"

    def __post_init__(self) -> None:
        for name, value in (("start", self.start), ("end", self.end)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                raise FeatureInputError(
                    f"{name} of a window must be a whole number of days, or None; got {type(value).__name__}. "
                    "Write 0 for the index date, -1 for the day before it."
                )
            if value is not None and abs(value) > MOST_DAYS:
                raise FeatureInputError(
                    f"{name} of a window must lie within {MOST_DAYS:,} days; got {value}. Write None for no limit."
                )
        if self.closed not in CLOSED:
            raise FeatureInputError(f"closed of a window is not known. Choose one of: {', '.join(CLOSED)}.")
        if self.first_day > self.last_day:
            raise FeatureInputError(
                f"a window must hold at least one day; got start {self.start}, end {self.end}, closed '{self.closed}'. "
                "Write the earlier day first, and close an end."
            )

    @property
    def first_day(self) -> int:
        """The first day inside, counted from the index date; ``-MOST_DAYS`` without a limit."""
        return -MOST_DAYS if self.start is None else self.start + (self.closed in ("right", "neither"))

    @property
    def last_day(self) -> int:
        """The last day inside, counted from the index date; ``MOST_DAYS`` without a limit."""
        return MOST_DAYS if self.end is None else self.end - (self.closed in ("left", "neither"))

    def __contains__(self, day: object) -> bool:
        return isinstance(day, int) and self.first_day <= day <= self.last_day

    def describe(self) -> str:
        """Say in words which days are inside.

        Returns
        -------
        str
            Such as ``from 365 days before to 1 day before the index date``.
        """
        first = None if self.start is None else self.first_day
        last = None if self.end is None else self.last_day
        if first is None:
            return "at any time" if last is None else f"at any time up to {_end(last)}"
        if last is None:
            return f"from {_end(first)} on"
        if first == last:
            return "on the index date" if first == 0 else _end(first)
        same_side = (first < 0 and last < 0) or (first > 0 and last > 0)
        return f"from {_day(first) if same_side else _end(first)} to {_end(last)}"

    def __str__(self) -> str:
        return self.describe()


def _day(day: int) -> str:
    count = "1 day" if abs(day) == 1 else f"{abs(day):,} days"
    return f"{count} {'before' if day < 0 else 'after'}"


def _end(day: int | None) -> str:
    return "the index date" if not day else f"{_day(day)} the index date"


PRIOR_YEAR = Window(-365, -1)
"""The 365 days before the index date, without it."""
PRIOR_YEAR_AND_INDEX = Window(-365, 0)
"""The 365 days before the index date, and it."""
PRIOR_30_DAYS = Window(-30, -1)
"""The 30 days before the index date, without it."""
ANY_TIME_BEFORE = Window(None, -1)
"""All days before the index date, without it."""
ANY_TIME_UP_TO_INDEX = Window(None, 0)
"""All days before the index date, and it."""
ON_INDEX = Window(0, 0)
"""The index date alone."""
AFTER_INDEX = Window(1, None)
"""All days after the index date, without it."""
ANY_TIME = Window(None, None)
"""All days of a life."""
