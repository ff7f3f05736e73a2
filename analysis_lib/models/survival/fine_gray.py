"""Fine and Gray's model: how covariates act on the incidence of one of several competing events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, columns_by_name
from analysis_lib.models.rows.source import Data
from analysis_lib.models.survival.cox_regression.concordance import Concordance
from analysis_lib.models.survival.cox_regression.cox_model import asked_columns, checked_labels, opened, settings_of
from analysis_lib.models.survival.cox_regression.cox_result import CoxResult
from analysis_lib.models.survival.cox_regression.cox_rows import read_cox_rows
from analysis_lib.models.survival.cox_regression.event_means import clustered_scores
from analysis_lib.models.survival.cox_regression.fitting import clusters_of, fit_rows, result_facts
from analysis_lib.models.survival.cox_regression.predictions import SurvivalInterval
from analysis_lib.models.survival.cox_regression.subdistribution import (
    CensoringTies,
    SubdistributionLikelihood,
    subdistribution_scores,
)
from analysis_lib.models.survival.event_causes import nobody_censored

__all__ = ["FineGrayResult", "fine_gray"]

Variance = Literal["fine-gray", "robust"]

_SOURCE = "Fine J. P., Gray R. J. (1999). J. Am. Stat. Assoc. 94(446), 496-509"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class FineGrayResult(CoxResult):
    """A fitted model of subdistribution hazards.

    The hazard ratios are those of the subdistribution: above 1 means more of the event that counts by any time, not a
    higher rate among those still free of any event. The other attributes are those of `CoxResult`.

    Attributes
    ----------
    cause : str
        The event that counts.
    competing : int
        Rows with another event.
    """

    cause: str
    competing: int
    _title: ClassVar[str] = "Fine and Gray's model of a subdistribution hazard"

    def concordance(self) -> Concordance:
        """Refuse: Harrell's C has no say on who stays at risk after a competing event.

        Returns
        -------
        Concordance
            Never.

        Raises
        ------
        ModelInputError
            Always.
        """
        raise ModelInputError(
            "concordance is of one event; found a model of competing events. Use the cause-specific model, "
            "cox(..., cause=...)."
        )

    def predict_incidence(
        self, data: Data, *, times: npt.ArrayLike, ci: SurvivalInterval = "log-log", level: float | None = None
    ) -> pd.DataFrame:
        """Predict the cumulative incidence of the event, with pointwise intervals.

        Parameters
        ----------
        data : DataFrame, Features or path
            Columns of the covariates, and of strata and offset where the model has them.
        times : array-like of float
            In the unit of the follow-up.
        ci : {"log", "log-log", "plain"}, default "log-log"
            Transformation of one minus incidence on which the interval is symmetric.
        level : float, optional
            Coverage in (0, 1); the model's own when left out.

        Returns
        -------
        DataFrame
            One row per row of the data and time: ``row``, ``time``, ``incidence``, ``se``, ``ci_low``, ``ci_high``.

        Raises
        ------
        ModelInputError
            If a column is unknown, or has a level or stratum that the model does not know.
        """
        found = self.predict_survival(data, times=times, ci=ci, level=level)
        return pd.DataFrame(
            {
                "row": found["row"],
                "time": found["time"],
                "incidence": -np.expm1(-found["cumulative_hazard"]),
                "se": found["se"],
                "ci_low": 1 - found["ci_high"],
                "ci_high": 1 - found["ci_low"],
            }
        )

    def _notes(self) -> tuple[str, ...]:
        notes = [note for note in super()._notes() if not note.startswith("Standard errors")]
        what = f"The event is {self.cause}; {self.competing:,} rows ended with another."
        ratio = "Hazard ratios are of the subdistribution: above 1 means a higher incidence."
        all_ended = nobody_censored(self.n, self.events + self.competing, causes=True) if self.competing else ()
        return (*notes, what, ratio, *all_ended)


@columns_by_name
def fine_gray(
    formula: str | Data,
    data: Data | None = None,
    *,
    cause: str | int,
    time: str | None = None,
    event: str | None = None,
    covariates: str | Sequence[str] = (),
    censored: str | int | None = None,
    strata: str | Sequence[str] = (),
    weights: str | None = None,
    offset: str | None = None,
    cluster: str | None = None,
    ties: Literal["breslow", "efron"] = "breslow",
    censoring: CensoringTies = "with events",
    variance: Variance = "fine-gray",
    level: float = 0.95,
    labels: Mapping[str, str] | None = None,
) -> FineGrayResult:
    """Fit Fine and Gray's model of the subdistribution hazard of one of several competing events.

    Who had a competing event stays in the risk sets, with a weight that falls as others are censored [1]_ [2]_. The
    model answers how much of the event there will be; for how covariates act on the rate among those still free of any
    event, fit the cause-specific hazard, ``cox(…, cause=…)``.

    Parameters
    ----------
    formula : str or data
        ``Surv(time, event) ~ age + C(sex)``, as for `cox`; or the data, where the columns are named.
    data : DataFrame, Dask frame, Features or path, optional
        One row per follow-up. Rows with a missing value in a column used are left out and counted.
    cause : str or int
        The value of `event` that counts.
    time : str, optional
        Column with the end of follow-up, > 0.
    event : str, optional
        Column with what ended follow-up: whole numbers, where 0 is censored; or text or categories, where what is
        missing is censored, unless `censored` says otherwise.
    covariates : str or sequence of str, optional
        Columns, as for `cox`.
    censored : str or int, optional
        The value of `event` that means that nothing happened.
    strata : str or sequence of str, optional
        Columns whose combinations have a baseline and a distribution of censoring of their own.
    weights : str, optional
        Column with case weights, >= 0.
    offset : str, optional
        Column that is added to the linear predictor.
    cluster : str, optional
        Column that says which rows belong together.
    ties : {"breslow", "efron"}, default "breslow"
        Handling of tied event times; cmprsk's is Breslow's.
    censoring : {"with events", "after events"}, default "with events"
        Where some are censored at the very time of others' events: whether those with the event could have been
        censored then. "with events" is what ``cmprsk::crr`` does, "after events" what ``survival::finegray`` does.
    variance : {"fine-gray", "robust"}, default "fine-gray"
        Fine and Gray's, which counts the uncertainty of the censoring distribution, as crr; or the sandwich without it,
        as ``coxph`` on finegray's rows.
    level : float, default 0.95
        Coverage of the intervals, in (0, 1).
    labels : mapping of str to str, optional
        What tables and plots write instead of a term's name.

    Returns
    -------
    FineGrayResult
        All that a `CoxResult` has, and predicted incidence.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used; there is no late entry.
    SeparationError
        If the likelihood has no maximum.
    ConvergenceError
        If Newton's method does not arrive.

    References
    ----------
    .. [1] Fine J. P., Gray R. J. (1999). A proportional hazards model for the subdistribution of a competing risk. J.
       Am. Stat. Assoc. 94(446), 496-509.
    .. [2] Geskus R. B. (2011). Cause-specific cumulative incidence estimation and the Fine and Gray model under both
       left truncation and right censoring. Biometrics 67(1), 39-49.
    """
    checked_choice(ties, "ties", known=("breslow", "efron"))
    checked_choice(censoring, "censoring", known=get_args(CensoringTies))
    checked_choice(variance, "variance", known=get_args(Variance))
    checked_level(level)
    rows = opened(formula, data)
    single = {"time": time, "event": event, "start": None, "weights": weights, "offset": offset, "cluster": cluster}
    asked = asked_columns(
        formula,
        rows,
        by_formula=data is not None,
        single=single,
        covariates=covariates,
        strata=strata,
        causes=(cause, True, censored),
    )
    if asked.start is not None:
        raise ModelInputError(
            f"Fine and Gray's model takes no late entry; found a start, '{asked.start}'. Write Surv(time, event)."
        )
    found = read_cox_rows(rows, asked)
    labels = checked_labels(labels, found.terms)
    clusters = clusters_of(found, asked, robust=True)
    fit = fit_rows(found, ties=ties, codes=None if clusters is None else clusters.codes, censoring=censoring)
    likelihood = fit.likelihood
    if variance == "fine-gray" and isinstance(likelihood, SubdistributionLikelihood):
        middle = subdistribution_scores(likelihood, fit.at_top, group=fit.cluster)
    else:
        middle = clustered_scores(likelihood, fit.at_top, group=fit.cluster)
    by = "each row by itself" if clusters is None else clusters.by
    errors = "Fine and Gray's" if variance == "fine-gray" else "robust"
    settings = settings_of(formula if data is not None else None, single, covariates=covariates, strata=strata)
    settings |= {"cause": cause, "censored": censored, "ties": ties, "censoring": censoring, "variance": variance}
    return FineGrayResult(
        method=f"Fine and Gray's subdistribution hazard, ties by {ties.capitalize()}, {errors} errors ({by}), "
        f"censoring {censoring}",
        source=_SOURCE,
        settings={**settings, "level": level},
        errors=by,
        n_clusters=None if clusters is None else clusters.count,
        ties=ties,
        level=level,
        labels=labels,
        cause=str(cause),
        competing=0 if found.competing is None else int(found.competing.sum()),
        **result_facts(found, asked, fit=fit, middle=middle),
    )
