"""The complete cases of a survival analysis as arrays: follow-up, what ended it, group, stratum and weight."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_parts, one_value_a_cell
from analysis_lib.models.rows.follow_up import MOST_GROUPS, TIE_TOLERANCE, event_flags, follow_up_times
from analysis_lib.models.rows.source import Rows
from analysis_lib.models.survival.event_causes import Censored, event_causes

__all__ = ["Columns", "EventRows", "event_rows"]

FloatArray = npt.NDArray[np.float64]
CodeArray = npt.NDArray[np.uint16]

#: Sites, or matched sets; more are an id or a measurement.
MOST_STRATA = 20_000
ALL = "all"
EVENT = "event"


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column plays which part.

    Attributes
    ----------
    time, event : str
        Follow-up, and what ended it.
    by, strata : tuple of str
        Columns whose levels, crossed, are the groups and the strata; empty for one.
    entry : str or None
        Time from which a row is at risk; None where all are from the start.
    weights : str or None
        Weight of a row; None for one each.
    """

    time: str
    event: str
    by: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    entry: str | None = None
    weights: str | None = None

    @property
    def names(self) -> list[str]:
        """All columns, each once."""
        single = [name for name in (self.entry, self.weights) if name is not None]
        return [self.time, self.event, *self.by, *self.strata, *single]

    @property
    def settings(self) -> dict[str, object]:
        """The columns as the arguments of a call."""
        by = self.by[0] if len(self.by) == 1 else list(self.by) or None
        found: dict[str, object] = {"time": self.time, "event": self.event, "by": by}
        if self.strata:
            found["strata"] = list(self.strata)
        return found | {
            name: value for name, value in (("entry", self.entry), ("weights", self.weights)) if value is not None
        }


@dataclass(frozen=True, kw_only=True)
class EventRows:
    """The rows of one analysis.

    Attributes
    ----------
    time : ndarray of float64, shape (n,)
        End of follow-up, > 0.
    entry : ndarray of float64, shape (n,), or None
        When a row came under observation; before `time`.
    cause : ndarray of uint16, shape (n,)
        0 for censored, else one more than the place in `causes`.
    causes : tuple of str
        What can end follow-up; ``("event",)`` where there is one.
    weights : ndarray of float64, shape (n,), or None
        Weights, > 0.
    group : ndarray of uint16, shape (n,)
        Place in `groups`.
    groups : tuple of str
        Labels of the groups.
    stratum : ndarray of int64, shape (n,)
        Stratum of each row, from 0.
    n_strata : int
        Number of strata.
    persons : dict of str to int
        Distinct persons in total and by group and cause.
    exclusions : dict of str to int
        Rows left out by reason.
    n_excluded : int
        Rows left out, each counted once.
    assumed_censored : int
        Rows without a cause, which count as censored.
    weight_name : str
        Column of the weights.
    """

    time: FloatArray
    entry: FloatArray | None
    cause: CodeArray
    causes: tuple[str, ...]
    weights: FloatArray | None
    group: CodeArray
    groups: tuple[str, ...]
    stratum: npt.NDArray[np.int64]
    n_strata: int
    persons: dict[str, int]
    exclusions: dict[str, int]
    n_excluded: int
    assumed_censored: int = 0
    weight_name: str = ""

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.time.size)

    @property
    def events(self) -> int:
        """Rows whose follow-up ended with an event of any cause."""
        return int(np.count_nonzero(self.cause))

    @property
    def weight_sums(self) -> dict[str, float]:
        """Sum of the weights by kind and column; empty without weights."""
        if self.weights is None:
            return {}
        kind = "frequency" if self.counts_rows else "sampling"
        return {f"{kind} weights {self.weight_name}": float(self.weights.sum())}

    @property
    def counts_rows(self) -> bool:
        """Whether weights say how often a row is there, so that they are counts; true without weights."""
        return self.weights is None or bool((self.weights == np.floor(self.weights)).all())

    @property
    def amounts(self) -> npt.NDArray[np.int64] | FloatArray | None:
        """How much each row counts, as whole numbers where they are; None for one each."""
        return self.weights.astype(np.int64) if self.weights is not None and self.counts_rows else self.weights


def event_rows(rows: Rows, columns: Columns, *, competing: bool = False, censored: Censored = None) -> EventRows:
    """Read the complete cases of some rows and check what no survival method can use.

    Parameters
    ----------
    rows : Rows
        One row per follow-up.
    columns : Columns
        Which column plays which part.
    competing : bool, default False
        Whether the event column says which cause ended follow-up, instead of whether an event did.
    censored : str, int or sequence of them, optional
        With `competing`, the values that mean that nothing happened.

    Returns
    -------
    EventRows
        Rows in their original order.

    Raises
    ------
    ModelInputError
        If a column is unknown or of a type that cannot be used, or no row is left.
    """
    wanted = checked_parts(columns.names, rows.columns)
    person = rows.person_column
    read = rows.frame([*wanted, *([person] if person and person not in wanted else [])])
    frame, exclusions = _complete_cases(read, wanted, columns=columns, no_cause=competing and censored is None)
    if competing:
        cause, causes, assumed = event_causes(frame[columns.event], name=columns.event, censored=censored)
    else:
        cause, causes, assumed = event_flags(frame[columns.event], name=columns.event).astype(np.uint16), (EVENT,), 0
    time = follow_up_times(frame[columns.time], name=columns.time)
    group, groups = _levels(frame, columns.by, most=MOST_GROUPS)
    places = group.astype(np.uint16) if columns.by else np.zeros(len(frame), dtype=np.uint16)
    stratum, strata = _levels(frame, columns.strata, most=MOST_STRATA)
    return EventRows(
        time=time,
        entry=None if columns.entry is None else _entries(frame[columns.entry], time, columns=columns),
        cause=cause,
        causes=causes,
        weights=None if columns.weights is None else _weights(frame[columns.weights], name=columns.weights),
        group=places,
        groups=groups,
        stratum=stratum,
        n_strata=len(strata),
        persons=_person_counts(
            frame[person] if person else None,
            cause,
            causes=causes if competing else (),
            group=places,
            # Labels of crossed columns have the names in them.
            names=[f"{columns.by[0]}={label}" if len(columns.by) == 1 else label for label in groups]
            * bool(columns.by),
        ),
        exclusions=exclusions,
        n_excluded=len(read) - len(frame),
        assumed_censored=assumed,
        weight_name=columns.weights or "",
    )


def _complete_cases(
    read: pd.DataFrame, wanted: Sequence[str], *, columns: Columns, no_cause: bool
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Keep the rows that lack nothing and weigh something; a missing cause may mean that nothing happened."""
    dropped = np.zeros(len(read), dtype=np.bool_)
    exclusions: dict[str, int] = {}
    for name in wanted:
        if no_cause and name == columns.event and not pd.api.types.is_any_real_numeric_dtype(read[name].dtype):
            continue
        missing = read[name].isna().to_numpy()
        if missing.any():
            exclusions[f"{name} missing"] = int(missing.sum())
            dropped |= missing
    if columns.weights is not None and pd.api.types.is_any_real_numeric_dtype(read[columns.weights].dtype):
        weightless = (read[columns.weights] == 0).fillna(value=False).to_numpy(dtype=np.bool_)
        if weightless.any():
            exclusions[f"{columns.weights} is 0"] = int(weightless.sum())
            dropped |= weightless
    if dropped.all():
        raise ModelInputError(
            f"no row is left to analyse; found {len(read):,} rows, {int(dropped.sum()):,} of them with a missing "
            "value. Check the attrition of the cohort and how the columns were made."
        )
    return (read[~dropped].reset_index(drop=True) if dropped.any() else read), exclusions


def _entries(column: pd.Series, time: FloatArray, *, columns: Columns) -> FloatArray:
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        entry = column.to_numpy() / np.timedelta64(1, "D")
    elif pd.api.types.is_any_real_numeric_dtype(column.dtype):
        entry = column.to_numpy(dtype=np.float64)
    else:
        raise ModelInputError(
            f"the entry must be a number or a timedelta; column '{columns.entry}' is {column.dtype}. "
            "Count it from the same day as the follow-up."
        )
    entry = np.asarray(entry, dtype=np.float64)
    # Minus infinity would be somebody who was always there; nobody is, so it is a mistake.
    late = ~np.isfinite(entry) | (entry >= time * (1 - TIE_TOLERANCE))
    if late.any():
        raise ModelInputError(
            f"a row must come under observation before its follow-up ends; column '{columns.entry}' is infinite or "
            f"not before '{columns.time}' in {int(late.sum()):,} rows. Leave these rows out and say so, or check the "
            "unit of both columns."
        )
    return entry


def _weights(column: pd.Series, *, name: str) -> FloatArray:
    if not pd.api.types.is_any_real_numeric_dtype(column.dtype):
        raise ModelInputError(
            f"weights must be numbers; column '{name}' is {column.dtype}. Give how often each row counts."
        )
    weights = column.to_numpy(dtype=np.float64)
    wrong = ~(np.isfinite(weights) & (weights > 0))
    if wrong.any():
        raise ModelInputError(
            f"weights must be finite and not negative; column '{name}' has {int(wrong.sum()):,} others. Check how they "
            "were made."
        )
    return np.asarray(weights, dtype=np.float64)


def _levels(frame: pd.DataFrame, names: tuple[str, ...], *, most: int) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Cross the levels of some columns, in a category's own order, else sorted; those without rows are left out."""
    if not names:
        return np.zeros(len(frame), dtype=np.int64), (ALL,)
    codes: npt.NDArray[np.int64] | None = None
    labels: tuple[str, ...] = ("",)
    for position, name in enumerate(names):
        own, found = pd.factorize(one_value_a_cell(frame[name]), sort=True)
        if len(found) > most:
            raise _too_many(name, len(found), most=most)
        # Whole numbers that a missing value turned into floats are still read as whole.
        known = [int(level) if isinstance(level, float) and level.is_integer() else level for level in found]
        prefix = f"{name}=" if len(names) > 1 else ""
        crossed = [
            f"{first}, {prefix}{level}" if position else f"{prefix}{level}" for first in labels for level in known
        ]
        codes = np.asarray(own, dtype=np.int64) if codes is None else codes * len(known) + own
        there = np.flatnonzero(np.bincount(codes, minlength=len(crossed)))
        if there.size > most:
            raise _too_many(name, int(there.size), most=most)
        if there.size < len(crossed):
            place = np.zeros(len(crossed), dtype=np.int64)
            place[there] = np.arange(there.size)
            codes = place[codes]
        labels = tuple(crossed[index] for index in there)
    return np.asarray(codes), labels


def _too_many(name: str, found: int, *, most: int) -> ModelInputError:
    return ModelInputError(
        f"groups are compared a few at a time; column '{name}' makes {found:,}, the most is {most:,}. "
        "Is it a measurement? Cut it into groups first, with pd.cut."
    )


def _person_counts(
    ids: pd.Series | None,
    cause: CodeArray,
    *,
    causes: tuple[str, ...],
    group: CodeArray,
    names: Sequence[str],
) -> dict[str, int]:
    """Count distinct persons in total, with an event, and in each cell that a table of the result shows."""
    count = _counter(ids)
    had_event = cause > 0
    whole = np.ones(cause.size, dtype=np.bool_)
    found = {"all": count(whole), "events": count(had_event)}
    cells = [(label, group == index) for index, label in enumerate(names)]
    for index, label in enumerate(causes, start=1):
        found[f"cause={label}"] = count(cause == index)
    # As a reader of a table looks for them: by label, not in the order of the legend.
    for label, inside in sorted(cells, key=lambda cell: cell[0]):
        found[label] = count(inside)
        found[f"{label}, events"] = count(inside & had_event)
        for index, name in enumerate(causes, start=1):
            found[f"{label}, cause={name}"] = count(inside & (cause == index))
    return found


def _counter(ids: pd.Series | None) -> Callable[[npt.NDArray[np.bool_]], int]:
    """Count distinct persons among some rows; where each row is a person, it is enough to count rows."""
    if ids is None or _all_different(ids):
        return lambda inside: int(np.count_nonzero(inside))
    codes, known = pd.factorize(ids)
    missing = codes < 0
    codes = np.where(missing, len(known), codes)

    def distinct(inside: npt.NDArray[np.bool_]) -> int:
        return int(np.count_nonzero(np.bincount(codes[inside & ~missing], minlength=len(known))))

    return distinct


def _all_different(ids: pd.Series) -> bool:
    if isinstance(ids.dtype, np.dtype) and ids.dtype.kind in "iu":
        ordered = np.sort(ids.to_numpy())  # several times faster than a hash table
        return not bool((ordered[1:] == ordered[:-1]).any())
    return bool(ids.is_unique) and not bool(ids.isna().any())
