"""Cutting follow-up at birthdays, calendar dates and anniversaries of the index date: whole days, compiled."""

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["count_pieces", "write_pieces"]

IntArray = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def _day_number(year: int, month: int, day: int) -> int:  # noqa: PLR0917 numba knows no keyword-only arguments
    """Days since 1970-01-01 in the Gregorian calendar; 29 February of a common year is 1 March."""
    if month <= 2:
        year -= 1
        month += 12
    era = year // 400
    year_of_era = year - era * 400
    day_of_year = (153 * (month - 3) + 2) // 5 + day - 1
    return era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468


@njit(cache=True, nogil=True)
def _edge(  # noqa: PLR0917
    scale: int, index: int, row: int, birth: IntArray, ages: IntArray, dates: IntArray, since: IntArray
) -> int:
    """The day on which an edge of a scale falls for one person: 0 is age, 1 the calendar, 2 time since the origin."""
    if scale == 0:
        day: int = _day_number(birth[row, 0] + ages[index], birth[row, 1], birth[row, 2])
    elif scale == 1:
        day = dates[index]
    else:
        day = birth[row, 3] + since[index]
    return day


@njit(cache=True, nogil=True)
def _walk(  # noqa: PLR0917
    row: int,
    start: int,
    stop: int,
    birth: IntArray,
    ages: IntArray,
    dates: IntArray,
    since: IntArray,
    first: int,
    out: IntArray,
) -> int:
    """Cut one follow-up [start, stop) into pieces; write them from `first` on if `out` has rows. Count them."""
    band = np.zeros(3, dtype=np.int64)
    following = np.zeros(3, dtype=np.int64)
    sizes = (ages.size, dates.size, since.size)
    for scale in range(3):
        following[scale] = stop
        while band[scale] < sizes[scale]:
            day = _edge(scale, band[scale], row, birth, ages, dates, since)
            if day > start:
                following[scale] = day
                break
            band[scale] += 1
    pieces, today = 0, start
    while today < stop:
        until = min(stop, following[0], following[1], following[2])
        if out.shape[0]:
            out[first + pieces, 0] = row
            out[first + pieces, 1] = today
            out[first + pieces, 2] = until - today
            for scale in range(3):
                out[first + pieces, 3 + scale] = band[scale]
        pieces += 1
        today = until
        for scale in range(3):
            # Two edges may fall on one day: 0 days wide, such a band is passed over.
            while following[scale] <= today and band[scale] < sizes[scale]:
                band[scale] += 1
                following[scale] = (
                    _edge(scale, band[scale], row, birth, ages, dates, since) if band[scale] < sizes[scale] else stop
                )
    return pieces


@njit(cache=True, nogil=True)
def count_pieces(  # noqa: PLR0917
    start: IntArray, stop: IntArray, birth: IntArray, ages: IntArray, dates: IntArray, since: IntArray
) -> IntArray:
    """Count the pieces of each follow-up.

    Parameters
    ----------
    start, stop : ndarray of int64, shape (n,)
        First day, and the day after the last one, since 1970-01-01.
    birth : ndarray of int64, shape (n, 4)
        Year, month and day of birth, and the day from which time since the origin is counted.
    ages, dates, since : ndarray of int64
        Edges in years of age, in days since 1970-01-01, and in days since the origin; empty where a scale is not cut.

    Returns
    -------
    ndarray of int64, shape (n,)
        At least 1 each.
    """
    nothing = np.zeros((0, 6), dtype=np.int64)
    counts = np.zeros(start.size, dtype=np.int64)
    for row in range(start.size):
        counts[row] = _walk(row, start[row], stop[row], birth, ages, dates, since, 0, nothing)
    return counts


@njit(cache=True, nogil=True)
def write_pieces(  # noqa: PLR0917
    start: IntArray,
    stop: IntArray,
    birth: IntArray,
    ages: IntArray,
    dates: IntArray,
    since: IntArray,
    firsts: IntArray,
    out: IntArray,
) -> None:
    """Write the pieces of each follow-up.

    Parameters
    ----------
    start, stop : ndarray of int64, shape (n,)
        As in `count_pieces`.
    birth : ndarray of int64, shape (n, 4)
        As in `count_pieces`.
    ages, dates, since : ndarray of int64
        As in `count_pieces`.
    firsts : ndarray of int64, shape (n,)
        Where each follow-up's pieces begin in `out`.
    out : ndarray of int64, shape (pieces, 6)
        Filled here: row, first day, days, and the band on each scale.
    """
    for row in range(start.size):
        _walk(row, start[row], stop[row], birth, ages, dates, since, firsts[row], out)
