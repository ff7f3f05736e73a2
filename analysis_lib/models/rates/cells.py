"""Counts by cell: events over persons or over person-time, from one row per person or from a table of counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_parts
from analysis_lib.models.rows.follow_up import survival_rows
from analysis_lib.models.rows.source import Data, open_rows
from analysis_lib.tables import level_in_words

__all__ = ["Cells", "count_cells", "is_real", "sum_by", "two_groups"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: More labels than this in one column are a mistake: an id or a measurement was named.
MOST_LABELS = 1_000
#: More cells than this cannot be read by anybody.
MOST_CELLS = 100_000
#: Of more cells than this the counts of persons are kept by the last column alone, the one with the groups.
MOST_LISTED = 2 * MOST_LABELS
#: Rows added up before the sums are added up: keeps the rounding of long sums far below the last digit shown.
BLOCK = 65_536


@dataclass(frozen=True)
class Cells:
    """Events and what they are counted over, by cell.

    Attributes
    ----------
    keys : tuple of str
        Columns that make the cells; empty for one cell of everybody.
    frame : DataFrame
        One row per cell that has rows, in order: `keys` (str, ordered categories), ``events`` (int64), ``total``
        (float64: persons or person-time), ``persons`` and ``persons_with_event`` (int64, distinct).
    n, events : int
        Rows used, and events in them.
    exclusions : dict of str to int
        Rows left out, by reason.
    n_excluded : int
        Rows left out, each counted once.
    persons : dict of str to int
        Distinct persons in total and by cell.
    """

    keys: tuple[str, ...]
    frame: pd.DataFrame
    n: int
    events: int
    exclusions: dict[str, int]
    n_excluded: int
    persons: dict[str, int] = field(default_factory=dict)

    @property
    def labels(self) -> list[str]:
        """The name of each cell, the labels of its columns joined by commas; ``all`` without columns."""
        return _joined_labels(self.frame, self.keys)


@dataclass(frozen=True)
class _Counted:
    """Rows with their events and totals, before they are gathered into cells."""

    frame: pd.DataFrame
    events: IntArray
    total: FloatArray
    persons: pd.Series | None
    exclusions: dict[str, int]
    n_excluded: int
    total_is_persons: bool = False


def count_cells(
    data: Data,
    *,
    keys: Sequence[str],
    event: str | None = None,
    n_events: str | None = None,
    time: str | None = None,
    n: str | None = None,
    strata: Sequence[str] = (),
) -> Cells:
    """Count events by cell, over person-time if `time` is given and over persons if not.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per person or follow-up, with `event`; or one row per cell of a table, with `n_events`.
    keys : sequence of str
        Columns that make the cells.
    event : str, optional
        Column that says whether the event happened: bool or 0/1.
    n_events : str, optional
        Column with counts of events.
    time : str, optional
        Column with person-time.
    n : str, optional
        Column with counts of persons, beside `n_events`.
    strata : sequence of str, optional
        Those of `keys` that may have as many labels as there are cells, such as the sets of a matched study.

    Returns
    -------
    Cells
        Only cells with rows.

    Raises
    ------
    ModelInputError
        If the data or the choice of columns cannot be used.
    """
    if (event is None) == (n_events is None):
        raise ModelInputError(
            f"name either event or n_events; found {'neither' if event is None else 'both'}. event is a column of "
            "0/1 with one row per person, n_events a column of counts with one row per cell of a table."
        )
    if n_events is not None:
        counted = _of_table(data, n_events=n_events, total=_denominator(time, n), keys=keys, whole=time is None)
    elif n is not None:
        raise ModelInputError(
            "n counts persons beside n_events; found it beside event. Leave n out: each row is one person."
        )
    else:
        counted = _of_rows(data, event=str(event), time=time, keys=keys)
    return _gathered(counted, tuple(keys), strata=strata)


def _denominator(time: str | None, n: str | None) -> str:
    if (time is None) == (n is None):
        raise ModelInputError(
            f"a table of counts needs one denominator; found {'none' if time is None else 'two'}. Name the column with "
            "the persons (n) or the person-time (time)."
        )
    return str(time if n is None else n)


def _of_rows(data: Data, *, event: str, time: str | None, keys: Sequence[str]) -> _Counted:
    if time is not None:
        rows = survival_rows(data, time=time, event=event, others=keys)
        return _Counted(
            rows.frame, rows.event.astype(np.int64), rows.time, rows.persons, rows.exclusions, rows.n_excluded
        )
    frame, persons, exclusions, n_excluded = _complete_cases(data, [event, *keys])
    happened = _indicator(frame[event], name=event)
    return _Counted(frame, happened, np.ones(len(frame)), persons, exclusions, n_excluded)


def _of_table(data: Data, *, n_events: str, total: str, keys: Sequence[str], whole: bool) -> _Counted:
    frame, _, exclusions, n_excluded = _complete_cases(data, [n_events, total, *keys])
    events = _numbers(frame[n_events], name=n_events, whole=True)
    totals = _numbers(frame[total], name=total, whole=whole)
    too_many = int((events > totals).sum()) if whole else int(((events > 0) & (totals == 0)).sum())
    if too_many:
        raise ModelInputError(
            f"events cannot outnumber what they are counted over; found {too_many} such rows in columns '{n_events}' "
            f"and '{total}'. Are the two columns swapped, or does '{total}' count those without the event only?"
        )
    return _Counted(frame, events.astype(np.int64), totals, None, exclusions, n_excluded, total_is_persons=whole)


def _complete_cases(data: Data, names: Sequence[str]) -> tuple[pd.DataFrame, pd.Series, dict[str, int], int]:
    rows = open_rows(data)
    wanted = checked_parts(list(names), rows.columns)
    person = rows.person_column
    read = rows.frame([*wanted, *([person] if person and person not in wanted else [])])
    missing = read[wanted].isna()
    complete = ~missing.any(axis=1).to_numpy()
    if not complete.any():
        raise ModelInputError(
            f"no row is left to analyse; found {len(read):,} rows, {int((~complete).sum()):,} of them with a missing "
            "value. Check the attrition of the cohort and how the columns were made."
        )
    persons = read[person] if person else pd.Series(np.arange(len(read)))
    exclusions = {f"{name} missing": int(missing[name].sum()) for name in wanted if missing[name].any()}
    kept = read.loc[complete, wanted].reset_index(drop=True)
    return kept, persons[complete].reset_index(drop=True), exclusions, int((~complete).sum())


def _indicator(column: pd.Series, *, name: str) -> IntArray:
    if pd.api.types.infer_dtype(column) == "boolean":  # with gaps before, True and False were objects
        column = column.astype(bool)
    if not is_real(column):
        raise ModelInputError(
            f"the event must be bool or 0/1; column '{name}' is {column.dtype}. "
            "Compare it first: data['outcome'] == 'bleed'."
        )
    values = column.to_numpy(dtype=np.float64)
    other = int((~np.isin(values, (0.0, 1.0))).sum())
    if other:
        raise ModelInputError(
            f"the event must be bool or 0/1; column '{name}' holds other numbers in {other:,} rows. A column of counts "
            "is named by n_events; R's coding 1/2 becomes == 2."
        )
    return values.astype(np.int64)


def is_real(column: pd.Series) -> bool:
    """Tell whether a column holds real numbers or truth values.

    Parameters
    ----------
    column : Series
        Of any type.

    Returns
    -------
    bool
        False for complex numbers, too.
    """
    return pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype)


def _numbers(column: pd.Series, *, name: str, whole: bool) -> FloatArray:
    """Read counts or person-time of a table."""
    if not is_real(column) or pd.api.types.is_bool_dtype(column.dtype):
        raise ModelInputError(f"counts must be numbers; column '{name}' is {column.dtype}. Convert it first.")
    values = column.to_numpy(dtype=np.float64)
    usable = np.isfinite(values) & (values >= 0) & (values <= 2.0**53)
    if whole:
        usable &= values == np.floor(values)
    if not usable.all():
        kind = "whole and not negative" if whole else "finite and not negative"
        raise ModelInputError(
            f"counts must be {kind}; column '{name}' has {int((~usable).sum()):,} others. Check how it was made."
        )
    return values


def _gathered(counted: _Counted, keys: tuple[str, ...], *, strata: Sequence[str]) -> Cells:
    columns = [
        _coded(counted.frame[name], name=name, most=MOST_CELLS if name in strata else MOST_LABELS) for name in keys
    ]
    code = np.zeros(len(counted.frame), dtype=np.int64)
    for codes, known in columns:
        code = code * len(known) + codes
    cell, position = np.unique(code, return_inverse=True)
    if cell.size > MOST_CELLS:
        raise ModelInputError(
            f"{len(keys)} columns make {cell.size:,} cells; the most is {MOST_CELLS:,}. Group by fewer columns."
        )
    frame = pd.DataFrame(index=range(cell.size))
    rest = cell.copy()
    for name, (_, known) in reversed(list(zip(keys, columns, strict=True))):
        frame.insert(0, name, pd.Series(pd.Categorical.from_codes(rest % len(known), pd.Index(known), ordered=True)))
        rest //= len(known)
    frame["events"] = sum_by(position, counted.events.astype(np.float64), n=cell.size).astype(np.int64)
    frame["total"] = sum_by(position, counted.total, n=cell.size)
    persons = _count_persons(counted, frame, position=position, keys=keys)
    return Cells(
        keys=keys,
        frame=frame,
        n=len(counted.frame),
        events=int(counted.events.sum()),
        exclusions=counted.exclusions,
        n_excluded=counted.n_excluded,
        persons=persons,
    )


def _coded(column: pd.Series, *, name: str, most: int) -> tuple[IntArray, list[str]]:
    """Number the labels of a column: in a category's own order, else sorted by value."""
    try:
        codes, known = pd.factorize(column, sort=True)
    except TypeError as error:
        raise ModelInputError(
            f"the labels of a group must be of one kind; column '{name}' mixes several. Convert it to text."
        ) from error
    if len(known) > most:
        raise ModelInputError(
            f"groups are compared a few at a time; column '{name}' makes {len(known):,}, the most is {most}. Is "
            "it a measurement? Cut it into groups first, with pd.cut."
        )
    labels = [level_in_words(level) for level in known]
    if len(set(labels)) < len(labels):
        raise ModelInputError(
            f"the labels of a group must differ when they are written; column '{name}' has {len(labels)} labels, "
            f"{len(set(labels))} of them different as text. Convert it to text first."
        )
    return codes.astype(np.int64), labels


def sum_by(position: npt.NDArray[np.intp], values: FloatArray, *, n: int) -> FloatArray:
    """Add up values by cell, in blocks, so that the sum of millions of rows keeps its digits.

    Parameters
    ----------
    position : ndarray of int, shape (rows,)
        Cell of each row, in [0, n).
    values : ndarray of float64, shape (rows,)
        What to add up.
    n : int
        Cells.

    Returns
    -------
    ndarray of float64, shape (n,)
        Sums.

    Raises
    ------
    ModelInputError
        If a sum is larger than any number.
    """
    total = np.zeros(n)
    lost = np.zeros(n)  # Kahan's: what adding the last block rounded off
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, values.size, BLOCK):
            block = np.bincount(position[first : first + BLOCK], values[first : first + BLOCK], minlength=n) - lost
            new = total + block
            lost = (new - total) - block
            total = new
    if not np.isfinite(total).all():
        raise ModelInputError(
            f"the numbers add up to more than can be held, in {int((~np.isfinite(total)).sum())} of {n} groups. Check "
            "the unit of the person-time."
        )
    return total


def _count_persons(
    counted: _Counted, frame: pd.DataFrame, *, position: npt.NDArray[np.intp], keys: tuple[str, ...]
) -> dict[str, int]:
    """Count distinct persons by cell into `frame`, and give the counts that a disclosure check reads."""
    with_event = counted.events > 0
    if counted.persons is None:  # a table: its counts are all that is known of persons
        # Person-time does not say how many persons it is of; at least those with an event.
        frame["persons"] = frame["total" if counted.total_is_persons else "events"].astype(np.int64)
        frame["persons_with_event"] = frame["events"]
        everybody, ill = int(frame["persons"].sum()), int(frame["events"].sum())
    else:
        ids, known = pd.factorize(counted.persons)
        frame["persons"] = _distinct(position, ids, n=len(frame), n_persons=len(known))
        frame["persons_with_event"] = _distinct(
            position[with_event], ids[with_event], n=len(frame), n_persons=len(known)
        )
        everybody, ill = len(known), int(np.unique(ids[with_event & (ids >= 0)]).size)
    persons = {"all": everybody, "events": ill}
    if len(frame) > MOST_LISTED:
        return persons | _by_last_key(counted, frame, position=position, key=keys[-1])
    if keys:
        names = [
            ", ".join(f"{key}={label}" for key, label in zip(keys, row, strict=True))
            for row in frame[list(keys)].astype(str).itertuples(index=False)
        ]
        for name, count, events in zip(names, frame["persons"], frame["persons_with_event"], strict=True):
            persons[name] = int(count)
            persons[f"{name}, events"] = int(events)
    return persons


def _by_last_key(counted: _Counted, frame: pd.DataFrame, *, position: npt.NDArray[np.intp], key: str) -> dict[str, int]:
    codes = frame[key].cat.codes.to_numpy().astype(np.intp)
    labels = list(frame[key].cat.categories)
    columns: dict[str, IntArray] = {}
    if counted.persons is None:
        for name, column in (("", "persons"), (", events", "persons_with_event")):
            columns[name] = sum_by(codes, frame[column].to_numpy(dtype=np.float64), n=len(labels)).astype(np.int64)
    else:
        ids, known = pd.factorize(counted.persons)
        for name, inside in (("", np.ones(ids.size, dtype=np.bool_)), (", events", counted.events > 0)):
            group = codes[position[inside]]
            columns[name] = _distinct(group, ids[inside], n=len(labels), n_persons=len(known))
    return {
        f"{key}={label}{name}": int(column[place])
        for place, label in enumerate(labels)
        for name, column in columns.items()
    }


def _distinct(position: npt.NDArray[np.intp], ids: npt.NDArray[np.intp], *, n: int, n_persons: int) -> IntArray:
    known = ids >= 0
    pairs = position[known].astype(np.int64) * max(n_persons, 1) + ids[known]
    pairs.sort()  # np.unique looks up millions of numbers in a table, which takes twenty times as long
    is_new = np.append(True, pairs[1:] != pairs[:-1])[: pairs.size]
    return np.bincount(pairs[is_new] // max(n_persons, 1), minlength=n).astype(np.int64)


def _joined_labels(frame: pd.DataFrame, keys: Sequence[str]) -> list[str]:
    if not keys:
        return ["all"] * len(frame)
    return [", ".join(row) for row in frame[list(keys)].astype(str).itertuples(index=False)]


def two_groups(cells: Cells, by: str, *, reference: Any = None) -> tuple[str, list[str]]:
    """Find the group that the others are compared with.

    Parameters
    ----------
    cells : Cells
        With `by` among their keys.
    by : str
        Column with the groups.
    reference : object, optional
        The group to compare with; the first one when left out.

    Returns
    -------
    reference : str
        Its label.
    others : list of str
        The other groups, at least one.

    Raises
    ------
    ModelInputError
        If there is one group, or none of that name.
    """
    groups = list(cells.frame[by].cat.categories)
    chosen = groups[0] if reference is None else level_in_words(reference)
    if chosen not in groups:
        raise ModelInputError(
            f"reference must be one of the {len(groups)} groups of column '{by}'; found none of that name. "
            "Write it as it stands in the data."
        )
    others = [group for group in groups if group != chosen]
    if not others:
        raise ModelInputError(f"a comparison needs two groups; column '{by}' has 1. Check the column that makes them.")
    return chosen, others
