"""Splitting people into those a model learns from and those it is judged by."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_columns
from analysis_lib.models.prediction.checked_values import checked_number
from analysis_lib.models.rows.source import Data, Rows, known_persons, open_rows
from analysis_lib.tables import html_table, text_table

__all__ = ["Part", "PersonSplit", "person_fold", "person_keys", "split_persons"]

Part = Literal["training", "validation", "test"]
LEFT_OUT = "left out"
PARTS: tuple[str, ...] = (*get_args(Part), LEFT_OUT)

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True, repr=False, eq=False)
class PersonSplit:
    """Which rows a model learns from, and which it is judged by; no person is in two parts.

    Attributes
    ----------
    part : ndarray of str, shape (n,)
        ``training``, ``validation``, ``test`` or ``left out`` for each row, in the order of the data.
    table : DataFrame
        One row per part: ``part``, ``rows``, ``persons``.
    method : str
        How the rows were split.
    persons : mapping of str to int
        Distinct persons, in total and by part.
    person : str
        Column that says whose a row is.
    order_sha256 : str
        Hash of whose the rows are, in their order: a split of other rows is then noticed.
    settings : mapping of str to object
        The arguments of the call.
    """

    part: npt.NDArray[np.object_]
    table: pd.DataFrame
    method: str
    persons: Mapping[str, int]
    person: str
    order_sha256: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def rows(self, part: Part) -> npt.NDArray[np.bool_]:
        """Say which rows are of a part.

        Parameters
        ----------
        part : {"training", "validation", "test"}
            Which.

        Returns
        -------
        ndarray of bool, shape (n,)
            In the order of the data.

        Raises
        ------
        ModelInputError
            If there is no such part.
        """
        checked_choice(part, "part", known=get_args(Part))
        return np.asarray(self.part == part)

    def of(self, data: pd.DataFrame, part: Part) -> pd.DataFrame:
        """Take the rows of a part.

        Parameters
        ----------
        data : DataFrame
            The rows that were split, in the same order.
        part : {"training", "validation", "test"}
            Which.

        Returns
        -------
        DataFrame
            With a fresh index.

        Raises
        ------
        ModelInputError
            If there is no such part, or these are other rows or in another order.
        """
        if len(data) != self.part.size:
            raise ModelInputError(
                f"a split belongs to the rows it was made of; found {len(data):,} rows, it was made of "
                f"{self.part.size:,}. Split these rows anew: the same persons come to the same parts."
            )
        if self.person in data.columns and _order(data[self.person]) != self.order_sha256:
            raise ModelInputError(
                "a split belongs to the rows it was made of, in their order; found as many rows of other persons, or in"
                " another order. Split these rows anew, or say part='all' to judge a model on new rows."
            )
        return data[self.rows(part)].reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """Return the counts as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def _cells(self) -> list[list[str]]:
        return [[str(row.part), f"{row.rows:,}", f"{row.persons:,}"] for row in self.table.itertuples()]

    def __repr__(self) -> str:
        return f"{text_table(['Part', 'Rows', 'Persons'], self._cells())}\n\n{self.method}."

    def _repr_html_(self) -> str:
        return html_table(["Part", "Rows", "Persons"], self._cells(), caption="Split", notes=[f"{self.method}."])


def split_persons(
    data: Data,
    *,
    test_share: float | None = None,
    validation_share: float = 0.0,
    test_from: str | pd.Timestamp | None = None,
    date: str = "cohort_start_date",
    person: str | None = None,
    seed: int = 0,
) -> PersonSplit:
    """Split by person, or by time; all rows of a person stay together.

    Where a person falls is decided by a hash of the person's id and the seed, so neither the order of the rows nor who
    else is in the data matters: the same person comes to the same part in every extract.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per prediction.
    test_share : float, optional
        Share of the persons to judge the model by; 0.25 when left out, unless `test_from` is given.
    validation_share : float, default 0
        Share of the persons kept apart to tune the model; with `test_from`, of those before that day.
    test_from : str or Timestamp, optional
        Split by time: who has an index date before this day is learned from, who enters from it on is judged. Later
        rows of a person learned from are left out.
    date : str, default "cohort_start_date"
        Column with the index date, for `test_from`.
    person : str, optional
        Column that says whose a row is; ``subject_id`` or ``person_id`` when left out.
    seed : int, default 0
        Another seed gives another split.

    Returns
    -------
    PersonSplit
        The part of each row, with counts.

    Raises
    ------
    ModelInputError
        If a share is out of range, the rows do not say whose they are, or a part is empty.
    """
    rows = open_rows(data)
    whose = _person_column(rows, person)
    ids = known_persons(rows.frame([whose])[whose])
    if test_from is not None and test_share is not None:
        raise ModelInputError("a split is by share or by time; found test_share and test_from. Give one of them.")
    share = 0.25 if test_share is None else test_share
    held = checked_number(validation_share, "validation_share", low=-1e-12, high=1.0)
    draw = _uniform(ids, seed)
    if test_from is None:
        share = checked_number(share, "test_share", low=0.0, high=1.0)
        if share + held >= 1:
            raise ModelInputError(
                f"some must be left to learn from; found shares of {share:g} and {held:g}. Lower one."
            )
        part = np.where(draw < share, "test", np.where(draw < share + held, "validation", "training")).astype(object)
        method = f"by person: {100 * share:g}% of the persons for the test, drawn by a hash of their id (seed {seed})"
    else:
        part, day = _by_time(rows, ids, test_from=test_from, date=date)
        part[(part == "training") & (draw < held)] = "validation"
        method = f"by time: index dates from {day:%Y-%m-%d} on for the test; later rows of earlier persons left out"
    if held:
        method += f"; {100 * held:g}% for validation"
    settings = {"test_share": None if test_from else share, "validation_share": held, "test_from": test_from}
    return _split(part, ids, method=method, settings={**settings, "seed": seed, "person": whose})


def person_fold(ids: pd.Series, *, folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Give each row a fold for cross-validation, by a hash of the person's id.

    Parameters
    ----------
    ids : Series
        Whose each row is.
    folds : int
        How many, at least 2.
    seed : int
        Another seed gives other folds.

    Returns
    -------
    ndarray of int64
        From 0.

    Raises
    ------
    ModelInputError
        If `folds` is less than 2 or more than there are persons.
    """
    if isinstance(folds, bool) or not isinstance(folds, int) or not 2 <= folds <= max(ids.nunique(), 1):
        raise ModelInputError(
            f"folds must be a whole number from 2 to the number of persons; found {folds!r} for {ids.nunique():,} "
            "persons. 5 and 10 are usual."
        )
    # Of another stream than the split's own, so that the folds of the training rows are of equal size.
    return np.floor(_uniform(ids, seed, stream=1) * folds).astype(np.int64)


def _person_column(rows: Rows, person: str | None) -> str:
    if person is not None:
        return checked_columns([person], rows.columns)[0]
    if rows.person_column is None:
        raise ModelInputError(
            "rows are split by whose they are; found neither subject_id nor person_id. Name the column: person='...'."
        )
    return rows.person_column


def _uniform(ids: pd.Series, seed: int, *, stream: int = 0) -> npt.NDArray[np.float64]:
    """Turn each id into a number in [0, 1) that looks random and is always the same."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise ModelInputError(
            f"seed must be a whole number >= 0; found {type(seed).__name__}. Choose any, and keep it."
        )
    keys = person_keys(ids)
    with np.errstate(over="ignore"):
        start = _mixed(np.array([2 * seed + stream], dtype=np.uint64) * _GOLDEN)
        return (_mixed(keys ^ start) >> np.uint64(11)).astype(np.float64) / 2.0**53


def person_keys(ids: pd.Series) -> npt.NDArray[np.uint64]:
    """Turn ids into numbers by which persons are told apart, whatever the type of the ids.

    Parameters
    ----------
    ids : Series
        Whose each row is, none missing.

    Returns
    -------
    ndarray of uint64, shape (n,)
        The same for the same id in any data.
    """
    if pd.api.types.is_integer_dtype(ids.dtype) and not ids.isna().any():
        return ids.to_numpy(dtype=np.int64).view(np.uint64)
    return np.asarray(pd.util.hash_array(ids.astype(str).to_numpy(dtype=object), categorize=True), dtype=np.uint64)


def _order(ids: pd.Series) -> str:
    return hashlib.sha256(person_keys(ids).tobytes()).hexdigest()


def _mixed(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finaliser (Steele, Lea, Flood 2014): neighbouring ids come out far from one another."""
    keys = keys + _GOLDEN
    keys = (keys ^ (keys >> np.uint64(30))) * _MIX[0]
    keys = (keys ^ (keys >> np.uint64(27))) * _MIX[1]
    mixed: npt.NDArray[np.uint64] = keys ^ (keys >> np.uint64(31))
    return mixed


def _by_time(
    rows: Rows, ids: pd.Series, *, test_from: str | pd.Timestamp, date: str
) -> tuple[npt.NDArray[np.object_], pd.Timestamp]:
    days = rows.frame(checked_columns([date], rows.columns))[date]
    if not pd.api.types.is_datetime64_any_dtype(days.dtype):
        raise ModelInputError(f"column '{date}' must hold dates; found {days.dtype}. Use pd.to_datetime first.")
    if days.isna().any():
        raise ModelInputError(
            f"an index date is missing in {int(days.isna().sum()):,} rows. Leave these rows out first."
        )
    try:
        day = pd.Timestamp(test_from)
    except ValueError as error:
        raise ModelInputError("test_from must be a day, as '2020-01-01'; found no date. Write it so.") from error
    before = (days < day).to_numpy()
    learned = ids.isin(ids[before].unique()).to_numpy()
    return np.where(before, "training", np.where(learned, LEFT_OUT, "test")).astype(object), day


def _split(part: npt.NDArray[np.object_], ids: pd.Series, *, method: str, settings: Mapping[str, Any]) -> PersonSplit:
    counts = {name: (int((part == name).sum()), int(ids[part == name].nunique())) for name in PARTS}
    for name in ("training", "test"):
        if not counts[name][0]:
            raise ModelInputError(
                f"the {name} part is empty; found {len(ids):,} rows of {ids.nunique():,} persons. Choose another share "
                "or day."
            )
    shown = [(name, *numbers) for name, numbers in counts.items() if numbers[0]]
    return PersonSplit(
        part=part,
        table=pd.DataFrame(shown, columns=["part", "rows", "persons"]),
        method=method,
        person=str(settings["person"]),
        order_sha256=_order(ids),
        persons={"all": int(ids.nunique()), **{f"part={name}": persons for name, _, persons in shown}},
        settings=settings,
    )
