"""Who is at risk, by group, at the times at which somebody has an event: what tests of several groups add up."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis_lib.models.survival.event_rows import EventRows
from analysis_lib.models.survival.risk_sets import Pile, distinct_times, piles, still_at_risk

__all__ = ["GroupedEvents", "grouped_events"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GroupedEvents:
    """The event times of one stratum.

    Attributes
    ----------
    time : ndarray of float64, shape (m,)
        Distinct times with an event in any group.
    at_risk : ndarray of float64, shape (groups, m)
        At risk just before.
    n_event : ndarray of float64, shape (groups, m)
        Events of any cause.
    by_cause : ndarray of float64, shape (causes, groups, m)
        Events of each cause.
    """

    time: FloatArray
    at_risk: FloatArray
    n_event: FloatArray
    by_cause: FloatArray


def grouped_events(rows: EventRows) -> Iterator[GroupedEvents]:
    """Count by stratum, group and event time.

    Parameters
    ----------
    rows : EventRows
        Complete cases with groups.

    Yields
    ------
    GroupedEvents
        One per stratum that has events.
    """
    n_groups, n_ends = len(rows.groups), len(rows.causes) + 1
    place = rows.group if rows.n_strata == 1 else rows.stratum * n_groups + rows.group
    n_places = n_groups * rows.n_strata
    cell = place * place.dtype.type(n_ends) + rows.cause
    leaving = piles(rows.time, cell, n_cells=n_places * n_ends, weights=rows.amounts)
    entering = None if rows.entry is None else piles(rows.entry, place, n_cells=n_places, weights=rows.amounts)
    for stratum in range(rows.n_strata):
        first = stratum * n_groups
        ends = leaving[first * n_ends : (first + n_groups) * n_ends]
        if any(pile.times.size for index, pile in enumerate(ends) if index % n_ends):
            yield _of_stratum(ends, None if entering is None else entering[first : first + n_groups], n_ends=n_ends)


def _of_stratum(ends: list[Pile], entering: list[Pile] | None, *, n_ends: int) -> GroupedEvents:
    starts = _event_times(ends, n_ends=n_ends)
    groups = range(len(ends) // n_ends)
    # Between two event times there is nobody's event, so the piles of events need no other times.
    by_cause = np.array(
        [[ends[group * n_ends + cause].at(starts) for group in groups] for cause in range(1, n_ends)], dtype=np.float64
    )
    present = np.empty(by_cause.shape[1:])
    for group in groups:
        own = ends[group * n_ends : (group + 1) * n_ends]
        remaining = sum((pile.from_start(starts) for pile in own[1:]), start=own[0].from_start(starts))
        came = None if entering is None else entering[group]
        present[group] = still_at_risk(remaining, came, starts=starts)
    return GroupedEvents(starts, present, by_cause.sum(axis=0) if n_ends > 2 else by_cause[0], by_cause)


def _event_times(ends: list[Pile], *, n_ends: int) -> FloatArray:
    """Find the distinct times with an event; a tie with somebody censored starts at the earlier of the two."""
    starts, _places = distinct_times(ends)
    events = np.concatenate([pile.times for index, pile in enumerate(ends) if index % n_ends])
    events.sort()
    place = np.searchsorted(starts, events, side="right") - 1
    first = np.append(True, place[1:] != place[:-1])
    return np.asarray(starts[place[first]])
