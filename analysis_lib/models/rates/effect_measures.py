"""What a comparison of rates or risks gives: ratios and differences with their intervals, and tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import in_percent
from analysis_lib.models.forest import forest_plot
from analysis_lib.models.rates.cells import Cells
from analysis_lib.models.rates.rate_result import person_time_notes
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.printed_numbers import equation_of_p, format_estimate, format_p, format_ratio

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["EffectMeasures", "Estimate", "Test", "effect_measures"]


@dataclass(frozen=True)
class Estimate:
    """One ratio or difference.

    Attributes
    ----------
    measure : str
        Such as ``"risk ratio"``.
    value, low, high : float
        Estimate and limits; NaN where there is none.
    p_value : float
        Two-sided; NaN where there is none.
    interval : str
        How the limits are made.
    test : str, default "Wald"
        How the p value is made.
    """

    measure: str
    value: float
    low: float
    high: float
    p_value: float
    interval: str
    test: str = "Wald"


@dataclass(frozen=True)
class Test:
    """One test.

    Attributes
    ----------
    name : str
        Such as ``"Breslow-Day"``.
    statistic : float
        Chi-square; NaN for exact tests.
    df : int
        Degrees of freedom; 0 for exact tests.
    p_value : float
        Two-sided.
    """

    name: str
    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class EffectMeasures(ModelResult):
    """Ratios and differences between groups.

    Attributes
    ----------
    title : str
        What was compared.
    table : DataFrame
        One row per comparison and measure: ``comparison``, ``measure``, ``estimate``, ``ci_low``, ``ci_high``,
        ``p_value``, ``interval`` (how the limits are made), ``test`` (how the p value is made).
    counts : DataFrame
        The counts behind it, one row per cell.
    tests : DataFrame
        One row per comparison and test: ``comparison``, ``test``, ``statistic``, ``df``, ``p_value``.
    level : float
        Coverage of the intervals.
    remarks : tuple of str
        What a reader should know of these data.
    """

    title: str
    table: pd.DataFrame
    counts: pd.DataFrame
    tests: pd.DataFrame
    level: float
    remarks: tuple[str, ...] = ()

    @property
    def params(self) -> pd.Series:
        """Estimates by measure; by comparison and measure where more than two groups are compared."""
        return self._indexed()["estimate"]

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p values, by measure as in `params`."""
        return self._indexed()["p_value"]

    def conf_int(self) -> pd.DataFrame:
        """Confidence limits.

        Returns
        -------
        DataFrame
            Columns ``ci_low`` and ``ci_high``, one row per measure as in `params`.
        """
        return self._indexed()[["ci_low", "ci_high"]]

    def _indexed(self) -> pd.DataFrame:
        several = self.table["comparison"].nunique() > 1
        return self.table.set_index(["comparison", "measure"] if several else "measure")

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def summary(self) -> ModelSummary:
        """Write the comparison for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        several = self.table["comparison"].nunique() > 1
        rows = tuple(
            (
                *([row["comparison"]] if several else []),
                row["measure"][:1].upper() + row["measure"][1:],
                _written(row["estimate"], measure=row["measure"]),
                _limits(row),
                row["interval"],
                format_p(row["p_value"]),
            )
            for row in self.table.to_dict("records")
        )
        header = (
            *(["Comparison"] if several else []),
            *("Measure", "Estimate", f"{in_percent(self.level)} CI", "Interval", "p"),
        )
        what = "" if several else f": {self.table['comparison'].iloc[0]}"
        return ModelSummary(
            title=f"{self.title}{what}", header=header, rows=rows, notes=(*self._notes(), *self._test_notes(several))
        )

    def _test_notes(self, several: bool) -> tuple[str, ...]:
        written = []
        for row in self.tests.to_dict("records"):
            which = f"{row['comparison']}, {row['test']}" if several else row["test"]
            statistic = f"chi-square {row['statistic']:.3f} on {row['df']} df, " if row["df"] else ""
            written.append(f"{which}: {statistic}{equation_of_p(row['p_value'])}.")
        open_limits = self.table[["estimate", "ci_low", "ci_high"]].isna().any(axis=None)
        dash = ("– : cannot be estimated, because a count is zero.",) if open_limits else ()
        return (*written, *self.remarks, *dash)

    def _notes(self) -> tuple[str, ...]:
        return person_time_notes(self) if "time" in self.settings else super()._notes()

    def plot(self, *, width: float = 5.5, title: str = "") -> "StudyFigure":
        """Draw the ratios as a forest plot; differences have another scale and stay in the table.

        Parameters
        ----------
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With its data attached.

        Raises
        ------
        ModelInputError
            If no ratio has finite limits.
        """
        numbers = self.table[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=np.float64)
        is_ratio = self.table["measure"].str.contains("ratio").to_numpy()
        drawn = self.table[is_ratio & (np.isfinite(numbers) & (numbers > 0)).all(axis=1)]
        if drawn.empty:
            raise ModelInputError(
                "a forest plot needs ratios with finite limits above 0; found none. Report the table: a count is zero."
            )
        several = drawn["comparison"].nunique() > 1
        labels = drawn["measure"].str.capitalize() + (drawn["comparison"].radd(", ") if several else "")
        return forest_plot(
            drawn.assign(label=labels)[["label", "estimate", "ci_low", "ci_high"]],
            measure="Ratio",
            interval=f"{in_percent(self.level)} CI",
            width=width,
            title=title,
        )


def _written(value: float, *, measure: str) -> str:
    """Show differences of risks, which are small, with more decimals, and none but zero as zero."""
    if measure.endswith("difference"):
        digits = 4 if measure == "risk difference" else 2
        return f"{value:.2g}" if 0 < abs(value) < 5 * 10**-digits else format_estimate(value, digits=digits)
    return format_ratio(value)


def _limits(row: Mapping[Any, Any]) -> str:
    low, high = (_written(row[name], measure=row["measure"]) for name in ("ci_low", "ci_high"))
    return low if np.isnan(row["ci_low"]) and np.isnan(row["ci_high"]) else f"{low} to {high}"


def effect_measures(
    estimates: Mapping[str, list[Estimate]],
    tests: Mapping[str, list[Test]],
    *,
    cells: Cells,
    title: str,
    method: str,
    source: str,
    level: float,
    settings: Mapping[str, Any],
    remarks: tuple[str, ...] = (),
) -> EffectMeasures:
    """Put estimates and tests into a result.

    Parameters
    ----------
    estimates : mapping of str to list of Estimate
        By comparison.
    tests : mapping of str to list of Test
        By comparison.
    cells : Cells
        The counts behind them.
    title, method, source : str
        What was compared, how, and where the formulas are from.
    level : float
        Coverage of the intervals.
    settings : mapping of str to object
        The arguments of the call.
    remarks : tuple of str, optional
        What a reader should know of these data.

    Returns
    -------
    EffectMeasures
        The result.
    """
    table = pd.DataFrame(
        [
            (comparison, one.measure, one.value, one.low, one.high, one.p_value, one.interval, one.test)
            for comparison, found in estimates.items()
            for one in found
        ],
        columns=["comparison", "measure", "estimate", "ci_low", "ci_high", "p_value", "interval", "test"],
    )
    tested = pd.DataFrame(
        [
            (comparison, one.name, one.statistic, one.df, one.p_value)
            for comparison, found in tests.items()
            for one in found
        ],
        columns=["comparison", "test", "statistic", "df", "p_value"],
    )
    return EffectMeasures(
        method=method,
        source=source,
        n=cells.n,
        events=cells.events,
        exclusions=cells.exclusions,
        n_excluded=cells.n_excluded,
        persons=cells.persons,
        settings=settings,
        title=title,
        table=table,
        counts=cells.frame.copy(),
        tests=tested,
        level=level,
        remarks=(*remarks, *_disagreements(estimates, level=level)),
    )


def _disagreements(estimates: Mapping[str, list[Estimate]], *, level: float) -> tuple[str, ...]:
    """Say where an interval leaves no effect out and its p value does not, or the other way round."""
    found = []
    for comparison, ones in estimates.items():
        for one in ones:
            if np.isnan([one.low, one.high, one.p_value]).any():
                continue
            nothing = 0.0 if "difference" in one.measure else 1.0
            outside = not one.low <= nothing <= one.high
            if outside == (one.p_value < 1 - level) or np.isclose(one.p_value, 1 - level, rtol=1e-6, atol=0):
                continue
            side = "leaves" if outside else "holds"
            which = f"{comparison}, {one.measure}" if len(estimates) > 1 else one.measure
            found.append(
                f"{which[:1].upper()}{which[1:]}: the interval ({one.interval}) {side} {nothing:g}"
                f"{' out' if outside else ''}, but {equation_of_p(one.p_value)} ({one.test}). They are by different "
                "methods: report both, and which is which."
            )
    return tuple(found)
