"""Calibration: whether as many have the outcome as was predicted, on average and at every level of risk."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_level, in_percent
from analysis_lib.models.prediction.predicted_rows import PredictedRows, WeightKind, predicted_rows
from analysis_lib.models.prediction.prediction_result import MeasuredResult, limits_in_words
from analysis_lib.models.prediction.proportions import share_limits, weighted_quantiles
from analysis_lib.models.prediction.recalibration import (
    KNOT_QUANTILES,
    LogisticFit,
    fit_logistic,
    knots_of,
    spline_basis,
)
from analysis_lib.models.result import ModelSummary
from analysis_lib.models.rows.source import Data
from analysis_lib.printed_numbers import format_estimate

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["CalibrationResult", "calibration", "calibration_of"]

FloatArray = npt.NDArray[np.float64]

MOST_BINS = 100
HISTOGRAM_BINS = 50
GRID = 200
SOURCE = (
    "Cox D. R. (1958). Biometrika 45(3/4), 562-565; Van Calster B. et al. (2019). BMC Med. 17, 230; Austin P. C., "
    "Steyerberg E. W. (2019). Stat. Med. 38(21), 4051-4065; Debray T. P. A. et al. (2017). BMJ 356, i6460"
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CalibrationResult(MeasuredResult):
    """Calibration in the large, its slope, and its curve.

    Attributes
    ----------
    table : DataFrame
        ``group``, ``measure``, ``estimate``, ``ci_low``, ``ci_high``, with these measures: ``observed`` and
        ``expected`` (mean outcome and mean risk), ``e_over_o``, ``intercept`` (log odds, the slope being held at 1),
        ``slope``, ``ici``, ``e50``, ``e90`` and ``emax`` (distance of the smooth curve from the diagonal: mean,
        median, 90th percentile, largest). Missing where there is no finite estimate.
    bins : DataFrame
        Rows grouped by risk: ``group``, ``bin``, ``n``, ``events``, ``predicted`` (mean), ``observed``, ``ci_low``,
        ``ci_high``.
    smooth : DataFrame
        ``group``, ``predicted``, ``observed``, ``ci_low``, ``ci_high`` along the curve.
    histogram : DataFrame
        ``low``, ``high``, ``with_outcome``, ``without``: how many have which risk, by their weights.
    level : float
        Coverage of the intervals.
    """

    bins: pd.DataFrame
    smooth: pd.DataFrame
    histogram: pd.DataFrame

    def summary(self) -> ModelSummary:
        """Write the measures for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        grouped = self.table["group"].nunique() > 1
        rows = tuple(
            (
                f"{row['group']}: {WORDS[row['measure']]}" if grouped else WORDS[row["measure"]],
                format_estimate(row["estimate"], digits=3),
                "" if np.isnan(row["ci_low"]) else limits_in_words(row),
            )
            for row in self.table.to_dict("records")
        )
        notes = list(self._notes())
        if self.table["estimate"].isna().any():
            notes.append(
                "–: no finite estimate; the risks part those with the outcome from those without, or are all one."
            )
        header = ("Measure", "Estimate", f"{in_percent(self.level)} CI")
        return ModelSummary(title="Calibration", header=header, rows=rows, notes=tuple(notes))

    def plot(
        self, *, group: str = "all", until: float | None = None, width: float = 3.5, title: str = ""
    ) -> "StudyFigure":
        """Draw the curve, the groups of risk, and how many have which risk.

        Parameters
        ----------
        group : str, default "all"
            Whose curve.
        until : float, optional
            Where the axes end, in (0, 1]; chosen when left out.
        width : float, default 3.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With bins, curve and histogram attached as data.

        Raises
        ------
        ModelInputError
            If there is no such group, or `until` is not in (0, 1].
        """
        from analysis_lib.models.prediction.calibration_plot import calibration_figure

        if until is not None and not 0 < until <= 1:
            raise ModelInputError(f"until must lie in (0, 1]; found {until:g}. Give a risk.")
        self._check_group(group)
        return calibration_figure(self, group=group, until=until, width=width, title=title)


WORDS = {
    "observed": "Observed (mean)",
    "expected": "Expected (mean risk)",
    "e_over_o": "E/O ratio",
    "intercept": "Calibration in the large (intercept)",
    "slope": "Calibration slope",
    "ici": "ICI (mean distance)",
    "e50": "E50 (median distance)",
    "e90": "E90 (90th percentile)",
    "emax": "Emax (largest distance)",
}


def calibration(
    data: Data,
    *,
    outcome: str,
    risk: str,
    weights: str | None = None,
    weight_kind: WeightKind = "frequency",
    by: str | None = None,
    bins: int = 10,
    knots: int = 4,
    level: float = 0.95,
) -> CalibrationResult:
    """Compare predicted risks with what happened.

    The intercept is that of a logistic regression of the outcome with the log odds of the risk as an offset
    (calibration in the large); the slope is the coefficient of these log odds [1]_. The smooth curve is a logistic
    regression on a restricted cubic spline of them; its distances from the diagonal are the integrated calibration
    index and its relatives [2]_.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per prediction. Rows with a missing value in a column named here are left out and counted. A column
        ``subject_id`` or ``person_id``, where there is one, says whose a row is.
    outcome : str
        Column that says who had the outcome: bool or 0/1.
    risk : str
        Column with the predicted risk, in [0, 1]. Risks of exactly 0 or 1 have no log odds: they count in means and
        groups, and are left out of intercept, slope and curve, which is said.
    weights : str, optional
        Column with weights.
    weight_kind : {"frequency", "sampling"}, default "frequency"
        Whether a weight says how many equal rows a row stands for (whole numbers), or how much it counts.
    by : str, optional
        Column with groups, each judged for itself besides all.
    bins : int, default 10
        Groups of risk of about equal size; equal risks stay together.
    knots : int, default 4
        Knots of the smooth curve, 3 to 7, at Harrell's quantiles; fewer where these coincide.
    level : float, default 0.95
        Coverage of the interval, in (0, 1).

    Returns
    -------
    CalibrationResult
        Measures, groups of risk and curve; draws itself.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.

    References
    ----------
    .. [1] Cox D. R. (1958). Two further applications of a model for binary regression. Biometrika 45(3/4), 562-565.
    .. [2] Austin P. C., Steyerberg E. W. (2019). The Integrated Calibration Index (ICI) and related metrics for
       quantifying the calibration of logistic regression models. Stat. Med. 38(21), 4051-4065.
    """
    rows = predicted_rows(data, outcome=outcome, risk=risk, weights=weights, weight_kind=weight_kind, by=by)
    return calibration_of(rows, bins=bins, knots=knots, level=level)


def calibration_of(rows: PredictedRows, *, bins: int = 10, knots: int = 4, level: float = 0.95) -> CalibrationResult:
    """Judge the calibration of rows that were read already.

    Parameters
    ----------
    rows : PredictedRows
        Outcomes and risks.
    bins, knots : int
        As for `calibration`.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    CalibrationResult
        For all rows and for each group.

    Raises
    ------
    ModelInputError
        If an argument cannot be meant.
    """
    checked_level(level)
    if isinstance(bins, bool) or not isinstance(bins, int) or not 2 <= bins <= MOST_BINS:
        raise ModelInputError(f"bins must be a whole number from 2 to {MOST_BINS}; found {bins!r}. 10 is usual.")
    if knots not in KNOT_QUANTILES:
        raise ModelInputError(f"knots must be a whole number from 3 to 7; found {knots!r}. 4 suits most data.")
    measures, grouped, smooth = [], [], []
    for group, members in rows.by_group():
        found, curve = _measures(members, knots=knots, level=level)
        measures.append(found.assign(group=group))
        grouped.append(_bins(members, bins=bins, level=level).assign(group=group))
        smooth.append(curve.assign(group=group))
    at_ends = int(((rows.risk == 0) | (rows.risk == 1)).sum())
    ends = f"; {at_ends:,} risks of exactly 0 or 1 are left out of intercept, slope and curve" if at_ends else ""
    errors = "" if rows.independent else ", robust to repeated rows of a person and to sampling weights"
    return CalibrationResult(
        method=(
            f"logistic recalibration, {in_percent(level)} Wald intervals{errors}; E/O on the log scale; curve: "
            f"restricted cubic spline of the log odds with {knots} knots; {bins} groups of risk{ends}"
        ),
        source=SOURCE,
        **rows.described(),
        settings={**rows.asked, "bins": bins, "knots": knots, "level": level},
        table=_first(pd.concat(measures, ignore_index=True)),
        bins=_first(pd.concat(grouped, ignore_index=True)),
        smooth=_first(pd.concat(smooth, ignore_index=True)),
        histogram=_histogram(rows),
        level=level,
    )


def _first(table: pd.DataFrame) -> pd.DataFrame:
    return table[["group", *(name for name in table.columns if name != "group")]]


def _measures(rows: PredictedRows, *, knots: int, level: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    from scipy.special import logit
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    weights = rows.weights
    total = float(weights.sum())
    observed = float(np.sum(weights * rows.outcome)) / total
    expected = float(np.sum(weights * rows.risk)) / total
    ratio = expected / observed if observed > 0 else float("nan")
    nothing = float("nan")
    # Debray's: the expected number is taken for known, the error lies in the observed one.
    se = np.sqrt(rows.variance(np.asarray((rows.outcome - observed) / total))) / observed if observed > 0 else nothing
    records = [
        ("observed", observed, nothing, nothing),
        ("expected", expected, nothing, nothing),
        ("e_over_o", ratio, ratio * float(np.exp(-z * se)), ratio * float(np.exp(z * se))),
    ]
    inside = (rows.risk > 0) & (rows.risk < 1)
    kept = rows if inside.all() else rows.where(inside)
    predictor = np.asarray(logit(kept.risk))
    curve = pd.DataFrame(columns=["predicted", "observed", "ci_low", "ci_high"], dtype=np.float64)
    distances = dict.fromkeys(("ici", "e50", "e90", "emax"), nothing)
    for name, terms, place in (("intercept", None, 0), ("slope", np.empty(0), 1)):
        fit = fit_logistic(kept, predictor, knots=terms)
        estimate, error = float(fit.params[place]), float(fit.bse[place])
        records.append((name, estimate, estimate - z * error, estimate + z * error))
    if 0 < kept.events < kept.n:
        placed = knots_of(predictor, kept.weight, count=knots)
        fit = fit_logistic(kept, predictor, knots=placed)
        if np.isfinite(fit.params).all():
            curve = _smooth(kept, fit, knots=placed, z=z)
            distances = _distances(kept, predictor, fit=fit, knots=placed)
    records += [(name, value, nothing, nothing) for name, value in distances.items()]
    return pd.DataFrame(records, columns=["measure", "estimate", "ci_low", "ci_high"]), curve


def _distances(rows: PredictedRows, predictor: FloatArray, *, fit: LogisticFit, knots: FloatArray) -> dict[str, float]:
    from scipy.special import expit

    away = np.empty(rows.n)
    block = 65_536
    for start in range(0, rows.n, block):
        part = slice(start, start + block)
        away[part] = np.abs(expit(fit.params @ spline_basis(predictor[part], knots)) - rows.risk[part])
    half, most = weighted_quantiles(away, rows.weight, at=[0.5, 0.9])
    mean = float(np.sum(away * rows.weights) / rows.weights.sum())
    return {"ici": mean, "e50": float(half), "e90": float(most), "emax": float(away.max())}


def _smooth(rows: PredictedRows, fit: LogisticFit, *, knots: FloatArray, z: float) -> pd.DataFrame:
    """Evaluate the curve where nearly all risks lie: at the ends a spline says more than it knows."""
    from scipy.special import expit, logit

    low, high = weighted_quantiles(rows.risk, rows.weight, at=[0.005, 0.995])
    grid = np.unique(np.linspace(low, high, GRID))
    columns = spline_basis(np.asarray(logit(grid)), knots)
    middle = fit.params @ columns
    half = z * np.sqrt(np.maximum(np.sum(columns * (fit.cov @ columns), axis=0), 0.0))
    return pd.DataFrame(
        {
            "predicted": grid,
            "observed": expit(middle),
            "ci_low": expit(middle - half),
            "ci_high": expit(middle + half),
        }
    )


def _bins(rows: PredictedRows, *, bins: int, level: float) -> pd.DataFrame:
    edges = np.unique(weighted_quantiles(rows.risk, rows.weight, at=np.arange(1, bins) / bins))
    place = np.searchsorted(edges, rows.risk, side="left")
    weights = rows.weights
    records: list[dict[str, float]] = []
    for index in np.flatnonzero(np.bincount(place)):
        inside = place == index
        total = float(weights[inside].sum())
        share, low, high = share_limits(rows, rows.outcome, among=inside, ci="wilson", level=level)
        records.append(
            {
                "bin": len(records) + 1,
                "n": int(inside.sum()),
                "events": int((inside & rows.outcome).sum()),
                "predicted": float(np.sum(weights[inside] * rows.risk[inside])) / total,
                "observed": share,
                "ci_low": low,
                "ci_high": high,
            }
        )
    return pd.DataFrame(records)


def _histogram(rows: PredictedRows) -> pd.DataFrame:
    edges = np.linspace(0, 1, HISTOGRAM_BINS + 1)
    # Rare outcomes have all their risks in the first hundredths; the axis ends where they do.
    top = float(rows.risk.max())
    if 0 < top < 1:
        edges = edges * min(1.0, top)
    weights = rows.weights
    counts = [
        np.histogram(rows.risk[inside], edges, weights=weights[inside])[0] for inside in (rows.outcome, ~rows.outcome)
    ]
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "with_outcome": counts[0], "without": counts[1]})
