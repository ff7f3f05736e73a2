"""What a column of people looks like, group by group: means, medians, counts, and how far the groups differ."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.report.standardised_difference import difference_of_means, difference_of_shares
from analysis_lib.tables import format_estimate

__all__ = ["MISSING", "MOST_LEVELS", "OVERALL", "Line", "describe"]

OVERALL = "Overall"
#: A column of text with more values than this is an id or free text, and no table shows it.
MOST_LEVELS = 50
MISSING = "Missing, n (%)"


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes
    ----------
    variable : str
        Column described.
    label : str
        What the line says.
    statistic : str
        What its cells hold: ``n``, ``n (%)``, ``mean (SD)``, ``median [IQR]``, or empty for a heading.
    cells : dict of str to str
        Formatted cells by group.
    smd : float or None
        Standardised mean difference; None on lines that have none.
    counts : dict of str to int
        Distinct persons by group, for lines that count.
    """

    variable: str
    label: str
    statistic: str
    cells: dict[str, str]
    smd: float | None
    counts: dict[str, int]


def describe(
    column: pd.Series, members: Mapping[str, Any], *, persons: pd.Series, name: str, label: str, nonnormal: bool
) -> Iterator[Line]:
    """Describe one column, group by group.

    Parameters
    ----------
    column : Series
        Values, some may be missing.
    members : mapping of str to ndarray of bool
        Which rows belong to each group.
    persons : Series
        Whose each row is.
    name : str
        The column.
    label : str
        What the table calls it.
    nonnormal : bool
        Whether numbers are described by median and quartiles.

    Yields
    ------
    Line
        One for a number or a yes/no, a heading and one per level for a category; one more if values are missing.

    Raises
    ------
    ModelInputError
        If the column holds what no table can show.
    """
    column = column.reset_index(drop=True)
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) == "boolean":
        column = column.astype("boolean")  # True, False and None, as a database gives them
    kind = _kind(column, name=name)
    if kind == "number":
        yield _number_line(column, members, name=name, label=label, nonnormal=nonnormal)
    elif kind == "binary":
        yes = column.eq(1).fillna(False).astype(bool)
        yield _count_line(
            yes,
            members,
            of=column.notna(),
            persons=persons,
            name=name,
            label=f"{label}, n (%)",
            smd=_share_smd(column, members),
        )
    else:
        codes, levels = _levels(column)
        yield Line(name, f"{label}, n (%)", "", {}, _share_smd(column, members), {})
        for index, level in enumerate(levels):
            yield _count_line(
                pd.Series(codes == index),
                members,
                of=column.notna(),
                persons=persons,
                name=name,
                label=f"  {level}",
                smd=None,
            )
    if column.isna().any():
        everybody = pd.Series(np.ones(len(column), dtype=np.bool_))
        yield _count_line(
            column.isna(), members, of=everybody, persons=persons, name=name, label=f"  {MISSING}", smd=None
        )


def _levels(column: pd.Series) -> tuple[Any, Any]:
    """Code the levels of a category; one that nobody has stays in the table, because the reader expects it."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), column.cat.categories
    return pd.factorize(column, sort=True)


def _kind(column: pd.Series, *, name: str) -> str:
    if pd.api.types.is_bool_dtype(column.dtype):
        return "binary"
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype):
        values = column.dropna().to_numpy(dtype=np.float64)
        if not np.isfinite(values).all():
            raise ModelInputError(
                f"numbers described must be finite; column '{name}' has {int((~np.isfinite(values)).sum()):,} infinite "
                "ones. Mend the division that made them, or set them missing."
            )
        return "binary" if values.size and np.isin(values, (0.0, 1.0)).all() else "number"
    if (
        isinstance(column.dtype, pd.CategoricalDtype)
        or column.dtype == object
        or pd.api.types.is_string_dtype(column.dtype)
    ):
        levels = column.nunique()
        if levels > MOST_LEVELS:
            raise ModelInputError(
                f"column '{name}' has {levels:,} different values, more than fit in a table ({MOST_LEVELS}). "
                "Is it an id or free text? Leave it out of variables."
            )
        return "category"
    raise ModelInputError(
        f"a column described must be a number, a bool, a category or text; column '{name}' is {column.dtype}. "
        "Turn dates into years."
    )


def _number_line(column: pd.Series, members: Mapping[str, Any], *, name: str, label: str, nonnormal: bool) -> Line:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    parts = {group: values[inside & ~np.isnan(values)] for group, inside in members.items()}
    digits = _digits(values[~np.isnan(values)])
    means = {} if nonnormal else {group: _mean(part, digits=digits) for group, part in parts.items()}
    cells = _medians(parts, digits=digits) if nonnormal else means
    compared = [part for group, part in parts.items() if group != OVERALL]
    smd = _largest([difference_of_means(*pair) for pair in combinations(compared, 2)])
    statistic = "median [IQR]" if nonnormal else "mean (SD)"
    return Line(name, f"{label}, {statistic}", statistic, cells, smd, {})


def _largest(differences: list[float]) -> float | None:
    """Find the largest over the pairs that have one; `max` would depend on where a missing one stands."""
    if not differences:
        return None
    return max((value for value in differences if not math.isnan(value)), default=math.nan)


def _digits(values: Any) -> int:
    """Decimals that show the standard deviation to two figures, at least one and at most four."""
    spread = float(values.std()) if values.size else 0.0
    return 1 if spread == 0 else min(4, max(1, 1 - math.floor(math.log10(spread))))


def _mean(values: Any, *, digits: int) -> str:
    if values.size == 0:
        return "–"
    spread = float(values.std(ddof=1)) if values.size > 1 else float("nan")
    return f"{format_estimate(float(values.mean()), digits=digits)} ({format_estimate(spread, digits=digits)})"


def _medians(parts: Mapping[str, Any], *, digits: int) -> dict[str, str]:
    quartiles = {group: np.quantile(part, (0.5, 0.25, 0.75)) for group, part in parts.items() if part.size}
    if all(float(value).is_integer() for found in quartiles.values() for value in found):
        digits = 0
    cells = dict.fromkeys(parts, "–")
    for group, found in quartiles.items():
        middle, low, high = (format_estimate(float(value), digits=digits) for value in found)
        cells[group] = f"{middle} [{low} to {high}]"
    return cells


def _count_line(
    yes: pd.Series,
    members: Mapping[str, Any],
    *,
    of: pd.Series,
    persons: pd.Series,
    name: str,
    label: str,
    smd: float | None,
) -> Line:
    hits, known = yes.to_numpy(dtype=np.bool_), of.to_numpy(dtype=np.bool_)
    cells, counts = {}, {}
    for group, inside in members.items():
        count, total = int((hits & inside).sum()), int((known & inside).sum())
        cells[group] = f"{count:,} ({100 * count / total:.1f})" if total else "–"
        counts[group] = int(persons[hits & inside].nunique())
    return Line(name, label, "n (%)", cells, smd, counts)


def _share_smd(column: pd.Series, members: Mapping[str, Any]) -> float | None:
    codes, levels = pd.factorize(column, sort=True)
    known = codes >= 0
    counts = [
        np.bincount(codes[inside & known], minlength=len(levels)).astype(np.float64)
        for group, inside in members.items()
        if group != OVERALL
    ]
    return _largest([difference_of_shares(*pair) for pair in combinations(counts, 2)])
