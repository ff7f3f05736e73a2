"""The first pass over the rows: which are complete, what each column holds, which levels its categories have."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import listed, one_value_a_cell

__all__ = ["ColumnFacts", "PartFacts", "facts_of_part", "is_plain", "joined_facts", "plain_column", "refuse_unusable"]

BoolArray = npt.NDArray[np.bool_]

#: A text column with more levels than this is an id or free text, and is refused without naming its values.
MOST_LEVELS = 50
#: A category with more levels than this cannot be estimated level by level.
MOST_CATEGORIES = 2_000


@dataclass
class ColumnFacts:
    """What one column holds in the complete cases.

    Attributes
    ----------
    kind : {"number", "level"}
        How a formula takes it by itself.
    dtype : str
        As messages name it.
    levels : dict of object to int
        Rows by level, for categories, text and numbers wrapped in ``C()``; in order of the category or of appearance.
    ordered : bool
        Whether the levels have an order of their own (a pandas category), else they are sorted.
    total, smallest, largest : float
        Sum and range, for numbers; infinite where a value is.
    """

    kind: str
    dtype: str
    levels: dict[Any, int] = field(default_factory=dict)
    ordered: bool = False
    total: float = 0.0
    smallest: float = np.inf
    largest: float = -np.inf


@dataclass
class PartFacts:
    """What the rows of one part hold.

    Attributes
    ----------
    n_rows, n_complete : int
        Rows, and rows without a missing value in any column asked for.
    missing : dict of str to int
        Rows with a missing value, by column.
    columns : dict of str to ColumnFacts
        By column.
    """

    n_rows: int = 0
    n_complete: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    columns: dict[str, ColumnFacts] = field(default_factory=dict)


def is_plain(dtype: Any) -> bool:
    """Tell the types that `plain_column` leaves as they are, by the type alone.

    Parameters
    ----------
    dtype : dtype
        numpy's or pandas'.

    Returns
    -------
    bool
        True for numpy's numbers and bools and for categories.
    """
    return isinstance(dtype, pd.CategoricalDtype) or (isinstance(dtype, np.dtype) and dtype.kind in "biuf")


def plain_column(column: pd.Series) -> pd.Series:
    """Give a column the plainest type that holds it: what pandas keeps with masks or as objects, as numbers or text.

    Parameters
    ----------
    column : Series
        Of any type.

    Returns
    -------
    Series
        Nullable numbers become float64 where a value is missing; objects of bools become bools or, with missing values,
        float64; decimals become float64.
    """
    dtype = column.dtype
    if is_plain(dtype):
        return column
    if pd.api.types.is_numeric_dtype(dtype) and not isinstance(dtype, np.dtype):  # Int64, Float64, boolean, Arrow's
        if column.isna().any():
            return pd.Series(column.to_numpy(dtype=np.float64, na_value=np.nan), index=column.index, name=column.name)
        kind = np.bool_ if pd.api.types.is_bool_dtype(dtype) else np.float64
        return pd.Series(column.to_numpy(dtype=kind), index=column.index, name=column.name)
    inside = pd.api.types.infer_dtype(column, skipna=True) if pd.api.types.is_object_dtype(dtype) else ""
    if inside in {"boolean", "decimal"}:  # decimals: databases and Parquet keep exact numbers so
        return column.astype(bool if inside == "boolean" and not column.isna().any() else "float64")
    if pd.api.types.is_string_dtype(dtype) and str(dtype) not in {"str", "object"}:
        return column.astype("str")  # Dask's and Arrow's text; formulaic knows pandas' own
    return column


def facts_of_part(
    frame: pd.DataFrame, *, counted: Sequence[str], described: Collection[str]
) -> tuple[PartFacts, BoolArray | None]:
    """Look at the rows of one part.

    Parameters
    ----------
    frame : DataFrame
        The columns of the analysis, plain already.
    counted : sequence of str
        Columns whose levels are wanted although they are numbers: those inside ``C()``.
    described : collection of str
        Columns whose contents are wanted: the covariates. Of the others only missing values are counted.

    Returns
    -------
    facts : PartFacts
        Counts and ranges of the complete cases.
    complete : ndarray of bool, shape (n_rows,), or None
        Which rows are complete; None where all are.
    """
    facts = PartFacts(n_rows=len(frame), n_complete=len(frame))
    complete: BoolArray | None = None
    columns = {str(name): frame[name] for name in frame.columns}
    totals: dict[str, float] = {}
    for name, column in columns.items():
        kind = column.dtype.kind if isinstance(column.dtype, np.dtype) else "O"
        if kind in "biu":
            continue
        # A sum is the fastest way to see that nothing is missing: it is a number only if all are.
        if kind == "f" and not np.isnan(totals.setdefault(name, _total(column))):
            continue
        absent = column.isna().to_numpy()
        if absent.any():
            facts.missing[name] = int(absent.sum())
            complete = ~absent if complete is None else complete & ~absent
    if complete is not None:
        columns, totals = {name: column.loc[complete] for name, column in columns.items()}, {}
        facts.n_complete = int(complete.sum())
    facts.columns = {
        name: _facts_of_column(column, name=name, counted=name in counted, total=totals.get(name))
        for name, column in columns.items()
        if name in described
    }
    return facts, complete


def _total(column: pd.Series) -> float:
    with np.errstate(all="ignore"):
        return float(column.to_numpy().sum(dtype=np.float64))


def _facts_of_column(column: pd.Series, *, name: str, counted: bool, total: float | None) -> ColumnFacts:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        counts = np.bincount(column.cat.codes.to_numpy().astype(np.intp), minlength=len(dtype.categories))
        levels = dict(zip(dtype.categories, counts.tolist(), strict=True))
        return ColumnFacts("level", "category", levels=levels, ordered=True)
    if pd.api.types.is_complex_dtype(dtype):
        raise ModelInputError(f"a covariate must be real; column '{name}' is {dtype}. Take its real part.")
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        facts = ColumnFacts("number", str(dtype))
        if len(column):
            values = column.to_numpy()
            facts.total = _total(column) if total is None else total
            facts.smallest, facts.largest = float(values.min()), float(values.max())
        if counted:
            facts.levels = _counts(column, name=name, most=MOST_CATEGORIES)
        return facts
    if pd.api.types.is_string_dtype(dtype) or pd.api.types.is_object_dtype(dtype):
        return ColumnFacts("level", "text", levels=_counts(column, name=name, most=MOST_LEVELS))
    raise ModelInputError(
        f"a covariate must be a number, a bool, a category or text; column '{name}' is {dtype}. "
        "Turn dates into days or years since a fixed day."
    )


def _counts(column: pd.Series, *, name: str, most: int) -> dict[Any, int]:
    codes, known = pd.factorize(one_value_a_cell(column))
    _check_number_of_levels(len(known), name=name, most=most)
    return dict(zip(known.tolist(), np.bincount(codes, minlength=len(known)).tolist(), strict=True))


def _check_number_of_levels(found: int, *, name: str, most: int) -> None:
    if found > most:
        raise ModelInputError(
            f"column '{name}' has {found:,} different values; a category made of it has at most {most:,}. Is it an id, "
            "a measurement or free text? If it is meant, make it a pandas category first."
        )


def joined_facts(parts: Iterable[PartFacts]) -> PartFacts:
    """Add up what the parts hold.

    Parameters
    ----------
    parts : iterable of PartFacts
        In the order of the parts.

    Returns
    -------
    PartFacts
        Of all rows; levels are in order: of the category, else sorted.

    Raises
    ------
    ModelInputError
        If a column is of another kind in another part, or has too many levels.
    """
    whole = PartFacts()
    for part in parts:
        whole.n_rows += part.n_rows
        whole.n_complete += part.n_complete
        for name, count in part.missing.items():
            whole.missing[name] = whole.missing.get(name, 0) + count
        for name, facts in part.columns.items():
            if part.n_complete or name not in whole.columns:
                _add(whole.columns, name=name, facts=facts)
    for name, facts in whole.columns.items():
        if facts.levels and not facts.ordered:
            facts.levels = dict(sorted(facts.levels.items(), key=lambda item: _sorting(item[0])))
            _check_number_of_levels(
                len(facts.levels), name=name, most=MOST_LEVELS if facts.kind == "level" else MOST_CATEGORIES
            )
    return whole


def _sorting(level: object) -> tuple[str, Any]:
    """Sort numbers by size and text by letters; a column of objects may hold both."""
    if isinstance(level, int | float | np.number):
        return ("", float(level))
    return (type(level).__name__, level if isinstance(level, str) else str(level))


def _add(columns: dict[str, ColumnFacts], *, name: str, facts: ColumnFacts) -> None:
    known = columns.get(name)
    if known is None or (known.kind != facts.kind and not known.levels and known.smallest > known.largest):
        columns[name] = ColumnFacts(**{**vars(facts), "levels": dict(facts.levels)})
        return
    if known.kind != facts.kind:
        raise ModelInputError(
            f"a column must be of one kind in all parts; column '{name}' is {known.dtype} in some and {facts.dtype} in "
            "others. Write the files again with one type."
        )
    for level, count in facts.levels.items():
        known.levels[level] = known.levels.get(level, 0) + count
    known.total += facts.total
    known.smallest = min(known.smallest, facts.smallest)
    known.largest = max(known.largest, facts.largest)


def refuse_unusable(facts: PartFacts, names: Sequence[str], *, owners: Mapping[str, str]) -> None:
    """Refuse infinite numbers, constant columns and empty levels among the covariates, by name.

    Parameters
    ----------
    facts : PartFacts
        Of all rows.
    names : sequence of str
        The covariates' columns.
    owners : mapping of str to str
        How the formula takes a column: "number" or "level"; columns inside expressions are absent, since the
        expression may make something of them.

    Raises
    ------
    ModelInputError
        For the first such column.
    """
    for name in names:
        column = facts.columns[name]
        if column.smallest == -np.inf or column.largest == np.inf:
            raise ModelInputError(
                f"a covariate must be finite; column '{name}' holds infinite values. Mend the division or logarithm "
                "that made them, or set them missing."
            )
        role = owners.get(name)
        if role == "number" and column.kind == "number" and column.smallest == column.largest:
            raise ModelInputError(
                f"a covariate must vary; column '{name}' has one value in all {facts.n_complete:,} rows analysed. "
                "Leave it out, or look at how the rows were selected."
            )
        if role is None or not column.levels:
            continue
        empty = [str(level) for level, count in column.levels.items() if count == 0]
        if len(column.levels) - len(empty) < 2:
            raise ModelInputError(
                f"a covariate must vary; column '{name}' has one level in all {facts.n_complete:,} rows analysed. "
                "Leave it out."
            )
        if empty:
            raise ModelInputError(
                f"each level of a category needs rows; column '{name}' has none in {listed(empty)} among the rows "
                f"analysed. Drop them: data['{name}'] = data['{name}'].cat.remove_unused_categories()."
            )
