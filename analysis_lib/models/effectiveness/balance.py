"""Whether two arms are alike in their covariates: standardised differences before and after adjustment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.printed_numbers import format_estimate
from analysis_lib.tables import html_table, text_table

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["Balance", "balance_of", "numeric_columns"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Spread = Literal["pooled", "treated"]

MOST_SHOWN = 30
#: The usual sign of imbalance (Austin 2009).
IMBALANCED = 0.1


@dataclass(frozen=True, eq=False, repr=False)
class Balance:
    """Standardised differences of covariates, before and after adjustment.

    Attributes
    ----------
    table : DataFrame
        One row per covariate: ``covariate``; before adjustment ``mean_treated``, ``mean_untreated``, ``smd`` and
        ``variance_ratio``; the same after it with ``_after``. A difference is signed, treated minus untreated. The
        ratio of variances is missing (NaN) for covariates that are 0 or 1.
    adjustment : str
        What was done in between.
    persons : mapping of str to int
        Distinct persons who are compared after it, in total and by arm; what `Report` declares.
    """

    table: pd.DataFrame
    adjustment: str
    persons: Mapping[str, int] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the table shows."""
        return "Balance of covariates"

    @property
    def method(self) -> str:
        """What the numbers are."""
        return f"standardised differences of covariates before and after: {self.adjustment}"

    def to_frame(self) -> pd.DataFrame:
        """Return the differences as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def largest(self, *, after: bool = True) -> float:
        """Give the largest absolute standardised difference.

        Parameters
        ----------
        after : bool, default True
            After adjustment, or before.

        Returns
        -------
        float
            0 where all differences are.
        """
        return float(self.table["smd_after" if after else "smd"].abs().max())

    def imbalanced(self, *, above: float = IMBALANCED, after: bool = True) -> int:
        """Count covariates whose absolute standardised difference is above a bound.

        Parameters
        ----------
        above : float, default 0.1
            The bound.
        after : bool, default True
            After adjustment, or before.

        Returns
        -------
        int
            Covariates.
        """
        return int((self.table["smd_after" if after else "smd"].abs() > above).sum())

    def plot(self, *, most: int = 20, width: float = 5.5, title: str = "") -> "StudyFigure":
        """Draw the love plot: few covariates each by name; of many the scatter of before and after.

        Parameters
        ----------
        most : int, default 20
            Covariates with the largest differences that are named.
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With the table attached.
        """
        from analysis_lib.models.effectiveness.balance_plot import love_figure

        return love_figure(self, most=most, width=width, title=title)

    def _rows(self) -> list[list[str]]:
        order = self.table["smd"].abs().sort_values(ascending=False, kind="stable").index[:MOST_SHOWN]
        shown = self.table.loc[order]
        numbers = ["mean_treated", "mean_untreated", "smd", "smd_after"]
        return [
            [str(row["covariate"]), *(format_estimate(row[name], digits=3) for name in numbers)]
            for _, row in shown.iterrows()
        ]

    def _notes(self) -> list[str]:
        before, after = self.imbalanced(after=False), self.imbalanced()
        found = (
            f"{len(self.table):,} covariates; {before:,} with a standardised difference above {IMBALANCED:g} before "
            f"and {after:,} after: {self.adjustment}."
        )
        notes = [found]
        if len(self.table) > MOST_SHOWN:
            notes.append(f"The {MOST_SHOWN} covariates with the largest differences before.")
        return notes

    def __repr__(self) -> str:
        return "\n".join([text_table(_HEADER, self._rows()), "", *self._notes()])

    def _repr_html_(self) -> str:
        return html_table(_HEADER, self._rows(), caption=self.title, notes=self._notes())


_HEADER = ["Covariate", "Treated", "Untreated", "SMD before", "SMD after"]


def balance_of(
    covariates: Any,
    treated: BoolArray,
    *,
    names: Sequence[str],
    before: FloatArray,
    after: FloatArray,
    spread: Spread,
    adjustment: str,
) -> Balance:
    """Compare two arms in their covariates, under two sets of weights.

    Parameters
    ----------
    covariates : scipy.sparse array or ndarray, shape (n, p)
        Numbers, none missing.
    treated : ndarray of bool, shape (n,)
        Arm.
    names : sequence of str
        Of the covariates.
    before, after : ndarray of float64, shape (n,)
        Weights before and after adjustment; 0 for who is not there.
    spread : {"pooled", "treated"}
        What differences are divided by, before and after alike: the root of the mean of both arms' variances before
        adjustment, or the standard deviation of the treated.
    adjustment : str
        What was done, in words.

    Returns
    -------
    Balance
        One row per covariate.
    """
    old = [_moments(covariates, before * (treated == arm)) for arm in (True, False)]
    new = [_moments(covariates, after * (treated == arm)) for arm in (True, False)]
    binary = _is_binary(covariates)
    for part in (*old, *new):
        part.variance[binary] = part.mean[binary] * (1 - part.mean[binary])
    base = np.sqrt(old[0].variance if spread == "treated" else (old[0].variance + old[1].variance) / 2)
    table = pd.DataFrame({"covariate": list(names)})
    for suffix, (one, two) in (("", old), ("_after", new)):
        table[f"mean_treated{suffix}"], table[f"mean_untreated{suffix}"] = one.mean, two.mean
        gap = one.mean - two.mean
        with np.errstate(divide="ignore", invalid="ignore"):
            table[f"smd{suffix}"] = np.where(np.abs(gap) <= 1e-12 * np.abs(one.mean), 0.0, gap / base)
            table[f"variance_ratio{suffix}"] = np.where(binary, np.nan, one.variance / two.variance)
    return Balance(table, adjustment)


@dataclass(frozen=True)
class _Moments:
    mean: FloatArray
    variance: FloatArray


def _moments(covariates: Any, weights: FloatArray) -> _Moments:
    """Give weighted means and variances, the latter unbiased for weights that say how much, not how often."""
    total, squares = float(weights.sum()), float(np.square(weights).sum())
    if not total > 0:
        raise ModelInputError("each arm must have somebody left; found an empty one. Trim less, or widen the caliper.")
    mean = np.asarray(covariates.T @ weights, dtype=np.float64) / total
    correction = total / (total**2 - squares) if total**2 > squares * (1 + 1e-12) else np.nan
    if isinstance(covariates, np.ndarray):
        spread = np.array([weights @ np.square(column - m) for column, m in zip(covariates.T, mean, strict=True)])
    else:
        second = np.asarray(covariates.multiply(covariates).T @ weights, dtype=np.float64)
        spread = np.maximum(second - total * np.square(mean), 0.0)
    return _Moments(mean, spread * correction)


def _is_binary(covariates: Any) -> BoolArray:
    if isinstance(covariates, np.ndarray):
        return np.asarray(((covariates == 0) | (covariates == 1)).all(axis=0))
    columns = covariates.tocsc()
    other = (columns.data != 0) & (columns.data != 1)
    owner = np.repeat(np.arange(columns.shape[1]), np.diff(columns.indptr))
    return np.asarray(np.bincount(owner, other, minlength=columns.shape[1]) == 0)


def numeric_columns(
    frame: pd.DataFrame, names: Sequence[str], *, categories: Sequence[str] = ()
) -> tuple[FloatArray, list[str]]:
    """Turn columns into numbers: a category becomes one column of 0 and 1 for each level.

    Parameters
    ----------
    frame : DataFrame
        Rows.
    names : sequence of str
        Columns; numbers, bools, categories or text.
    categories : sequence of str, optional
        Columns whose numbers are codes of levels.

    Returns
    -------
    values : ndarray of float64, shape (n, p)
        None missing.
    labels : list of str
        ``column`` or ``column: level``.

    Raises
    ------
    ModelInputError
        If a column has missing values.
    """
    values: list[FloatArray] = []
    labels: list[str] = []
    for name in names:
        column = frame[name]
        if column.isna().any():
            raise ModelInputError(
                f"balance needs complete covariates; column '{name}' is missing in {int(column.isna().sum()):,} rows. "
                "Fill it, or make a column that says it is missing."
            )
        if pd.api.types.is_numeric_dtype(column.dtype):
            numbers = column.to_numpy(dtype=np.float64)
            known = np.unique(numbers)
            if name not in categories or np.isin(known, (0.0, 1.0)).all():
                values.append(numbers)
                labels.append(name)
            else:
                values += [(numbers == code).astype(np.float64) for code in known]
                labels += [f"{name}: {code:g}" for code in known]
            continue
        for level in sorted(column.astype(str).unique()):
            values.append((column.astype(str) == level).to_numpy(dtype=np.float64))
            labels.append(f"{name}: {level}")
    return np.column_stack(values), labels
