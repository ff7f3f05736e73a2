"""Performance of predicted risks until a horizon, where follow-up is censored."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_level, columns_by_name, in_percent
from analysis_lib.models.prediction.brier import brier_scores, possible
from analysis_lib.models.prediction.calibration import CalibrationResult, calibration_of
from analysis_lib.models.prediction.censored_rows import CensoredRows
from analysis_lib.models.prediction.checked_values import (
    check_one_risk,
    checked_number,
    group_numbers,
    person_numbers,
    risk_column,
)
from analysis_lib.models.prediction.decision_curve import DecisionCurveResult, decision_curve_of
from analysis_lib.models.prediction.predicted_rows import ALL, PredictedRows
from analysis_lib.models.prediction.prediction_result import MeasuredResult
from analysis_lib.models.prediction.proportions import weighted_quantiles
from analysis_lib.models.prediction.ranking import Ranking
from analysis_lib.models.prediction.roc import RocResult, roc_of
from analysis_lib.models.result import ModelSummary
from analysis_lib.models.rows.follow_up import survival_rows
from analysis_lib.models.rows.source import Data

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["SurvivalPerformanceResult", "survival_performance"]

BINS = 10
MEANS = ("observed", "expected", "e_over_o")
WORDS = {
    "harrell_c": "Concordance (Harrell)",
    "uno_c": "Concordance until the horizon (Uno)",
    "auroc": "AUROC at the horizon",
    "brier": "Brier score at the horizon",
    "scaled_brier": "Brier score, scaled",
    "observed": "Observed risk (Kaplan-Meier)",
    "expected": "Expected risk (mean)",
    "e_over_o": "E/O ratio",
    "intercept": "Calibration in the large",
    "slope": "Calibration slope",
    "ici": "ICI",
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class SurvivalPerformanceResult(MeasuredResult):
    """Performance of a predicted risk until a horizon.

    Attributes
    ----------
    table : DataFrame
        ``group``, ``n``, ``events`` (until the horizon), ``measure``, ``estimate``, ``ci_low``, ``ci_high``; the
        measures are ``harrell_c``, ``uno_c``, ``auroc``, ``brier``, ``scaled_brier``, ``observed``, ``expected``,
        ``e_over_o``, ``intercept``, ``slope`` and ``ici``.
    roc : RocResult
        ROC curve at the horizon, weighted for censoring.
    calibration : CalibrationResult
        Groups of risk by Kaplan and Meier, curve weighted for censoring.
    decision_curve : DecisionCurveResult
        Net benefit at the horizon, weighted for censoring.
    horizon : float
        In the unit of the follow-up.
    level : float
        Coverage of the intervals.
    """

    roc: RocResult
    calibration: CalibrationResult
    decision_curve: DecisionCurveResult
    horizon: float

    def summary(self) -> ModelSummary:
        """Write the measures for reading: a row per measure, a column per group.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        return self._summary_by_group(
            f"Performance of the risk until {self.horizon:g}",
            words=WORDS,
            counted="Events until the horizon",
            missing="–: no finite estimate; look at the number of events until the horizon.",
        )

    def _notes(self) -> tuple[str, ...]:
        method, counts, *others = super()._notes()
        until = int(self.table["events"].iloc[0])
        return (method, f"{counts} {until:,} of the events came until {self.horizon:g}.", *others)

    def plot(self, *, group: str = ALL, width: float = 3.5, title: str = "") -> "StudyFigure":
        """Draw the calibration at the horizon.

        Parameters
        ----------
        group : str, default "all"
            Whose.
        width : float, default 3.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With its data attached.
        """
        return self.calibration.plot(group=group, width=width, title=title)


@columns_by_name
def survival_performance(
    data: Data,
    *,
    time: str,
    event: str,
    risk: str,
    horizon: float,
    by: str | None = None,
    level: float = 0.95,
) -> SurvivalPerformanceResult:
    """Judge predicted risks of an event until a horizon, allowing for censoring.

    Who was censored before the horizon has an unknown outcome; those like them that were followed on are weighted for
    them (inverse probability of censoring [1]_ [2]_, censoring taken to be independent of the risk). Observed risks
    are Kaplan-Meier estimates. Concordance is Harrell's and Uno's [3]_.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per follow-up. Rows with a missing value in a column named here are left out and counted.
    time : str
        Column with the length of follow-up, > 0: numbers in any unit, or timedeltas.
    event : str
        Column that says whether follow-up ended with the event: bool or 0/1.
    risk : str
        Column with the predicted risk of the event until the horizon, in [0, 1].
    horizon : float
        The time until which risks were predicted, in the unit of `time`.
    by : str, optional
        Column with subgroups, each judged for itself besides all.
    level : float, default 0.95
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    SurvivalPerformanceResult
        The measures; with ROC, calibration and decision curves inside.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used, or nobody is followed until the horizon.

    References
    ----------
    .. [1] Graf E. et al. (1999). Assessment and comparison of prognostic classification schemes for survival data.
       Stat. Med. 18(17/18), 2529-2545.
    .. [2] Blanche P. et al. (2013). Estimating and comparing time-dependent areas under receiver operating
       characteristic curves for censored event times with competing risks. Stat. Med. 32(30), 5381-5397.
    .. [3] Uno H. et al. (2011). On the C-statistics for evaluating overall adequacy of risk prediction procedures with
       censored survival data. Stat. Med. 30(10), 1105-1117.
    """
    checked_level(level)
    until = checked_number(horizon, "horizon", low=0.0, high=float("inf"))
    censored = _censored(data, names=(time, event, risk), by=by, horizon=until)
    weighted = censored.weighted
    if not 0 < weighted.events < weighted.n:
        raise ModelInputError(
            f"some must have the event until the horizon of {until:g} and some not; found {weighted.events:,} with and "
            f"{weighted.n - weighted.events:,} without. Choose another horizon."
        )
    members = [(ALL, censored), *_groups(censored)]
    weighted = replace(weighted, parts=tuple(part.weighted for _, part in members[1:]))
    calibrated = calibration_of(weighted, bins=BINS, level=level)
    named = (
        f"risk until {until:g}; inverse probability of censoring weights by Kaplan-Meier, whose estimation the "
        "intervals allow for (that of Uno's concordance takes them for known); observed risk by Kaplan-Meier "
        f"(Greenwood); concordance: infinitesimal jackknife; {in_percent(level)} intervals"
    )
    described = censored.rows.described()
    table = pd.concat(
        [_table(part, calibrated.table, name=name, level=level) for name, part in members], ignore_index=True
    )
    return SurvivalPerformanceResult(
        method=named,
        source="Graf E. et al. (1999). Stat. Med. 18(17/18), 2529-2545; Uno H. et al. (2011). Stat. Med. 30(10), "
        "1105-1117; Blanche P. et al. (2013). Stat. Med. 32(30), 5381-5397",
        **described,
        settings={**censored.rows.asked, "horizon": until, "level": level},
        table=table,
        roc=roc_of(weighted, level=level),
        calibration=replace(
            calibrated,
            **{**described, "events": int(censored.had_event.sum())},
            table=_of_everybody(calibrated.table, table),
            bins=pd.concat(
                [_bins(part, level=level).assign(group=name)[list(calibrated.bins.columns)] for name, part in members],
                ignore_index=True,
            ),
        ),
        decision_curve=decision_curve_of(weighted, [risk], level=level),
        horizon=until,
        level=level,
    )


def _censored(data: Data, *, names: tuple[str, str, str], by: str | None, horizon: float) -> CensoredRows:
    time, event, risk = names
    check_one_risk(risk)
    read = survival_rows(data, time=time, event=event, others=[risk, *([by] if by else [])])
    group, groups = (None, ()) if by is None else group_numbers(read.frame[by], name=by)
    person, n_persons = person_numbers(read.persons, n=read.event.size)
    rows = PredictedRows(
        outcome=read.event,
        risk=risk_column(read.frame[risk], name=risk, probabilities=True),
        weight=None,
        weight_kind="frequency",
        person=person,
        n_persons=n_persons,
        group=group,
        groups=groups,
        by=by,
        others={},
        exclusions=read.exclusions,
        n_excluded=read.n_excluded,
        asked={"time": time, "event": event, "risk": risk, "by": by},
    )
    return CensoredRows(read.time, read.event, rows, horizon)


def _groups(censored: CensoredRows) -> list[tuple[str, CensoredRows]]:
    """Split into subgroups; the censoring of each is its own."""
    found = []
    for index, name in enumerate(censored.rows.groups):
        try:
            found.append((name, censored.where(np.asarray(censored.rows.group == index))))
        except ModelInputError as error:
            raise ModelInputError(f"a group of column '{censored.rows.by}' cannot be judged: {error}") from None
    return found


def _table(censored: CensoredRows, calibrated: pd.DataFrame, *, name: str, level: float) -> pd.DataFrame:
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    weighted = censored.weighted
    harrell, uno = censored.concordances
    area = Ranking(weighted) if 0 < weighted.events < weighted.n else None
    nothing = float("nan")
    survival, se = censored.survival_at_horizon
    observed, expected = 1 - survival, float(censored.rows.risk.mean())
    normal = {
        "harrell_c": (harrell.estimate, harrell.se),
        "uno_c": (uno.estimate, uno.se),
        "auroc": (area.auroc, float(np.sqrt(area.auroc_variance))) if area else (nothing, nothing),
        **brier_scores(weighted),
        "observed": (observed, se),
        "expected": (expected, nothing),
    }
    records = [
        (measure, value, possible(value - z * error, measure), possible(value + z * error, measure))
        for measure, (value, error) in normal.items()
    ]
    ratio = expected / observed if observed > 0 else nothing
    wide = float(np.exp(z * se / observed)) if observed > 0 else nothing
    records.append(("e_over_o", ratio, ratio / wide, ratio * wide))
    table = pd.DataFrame(records, columns=["measure", "estimate", "ci_low", "ci_high"])
    chosen = calibrated[(calibrated["group"] == name) & calibrated["measure"].isin(("intercept", "slope", "ici"))]
    table = pd.concat([table, chosen[table.columns]], ignore_index=True)
    table.insert(0, "group", name)
    table.insert(1, "n", censored.rows.n)
    table.insert(2, "events", int(censored.had_event.sum()))
    return table


def _of_everybody(calibrated: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Put mean and Kaplan-Meier risk of all rows in place of the weighted ones: one thing has one number."""
    found = calibrated.set_index(["group", "measure"])
    own = table[table["measure"].isin(MEANS)].set_index(["group", "measure"])[list(found.columns)]
    found.loc[own.index] = own
    return found.reset_index()[list(calibrated.columns)]


def _bins(censored: CensoredRows, *, level: float) -> pd.DataFrame:
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    risk = censored.rows.risk
    edges = np.unique(weighted_quantiles(risk, None, at=np.arange(1, BINS) / BINS))
    place = np.searchsorted(edges, risk, side="left")
    records = []
    for index in np.flatnonzero(np.bincount(place)):
        inside = place == index
        # A group that nobody of is followed so far says nothing about the horizon.
        if censored.time[inside].max() < censored.horizon:
            continue
        part = censored.where(inside)
        survival, se = part.survival_at_horizon
        records.append(
            {
                "bin": int(index) + 1,
                "n": part.rows.n,
                "events": int(part.had_event.sum()),
                "predicted": float(risk[inside].mean()),
                "observed": 1 - survival,
                "ci_low": _log_limit(survival, se, z=z),
                "ci_high": _log_limit(survival, se, z=-z),
            }
        )
    return pd.DataFrame(records)


def _log_limit(survival: float, se: float, *, z: float) -> float:
    """Limit of a Kaplan-Meier risk, symmetric on the log(-log) scale, which never leaves [0, 1]."""
    if not 0 < survival < 1:
        return float("nan")
    return float(1 - survival ** np.exp(z * se / (survival * np.log(survival))))
