"""The ways to learn a risk: penalised logistic regression, Cox regression."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import AnalysisError, ModelInputError
from analysis_lib.models.rows.design import DesignPlan, design_plan
from analysis_lib.models.rows.source import open_rows

if TYPE_CHECKING:
    from analysis_lib.models.regression.penalised import ElasticNetResult
    from analysis_lib.models.survival import CoxResult

__all__ = ["CoxEstimator", "Estimator", "Learned", "PenalisedEstimator", "baseline_hazard"]

FloatArray = npt.NDArray[np.float64]
#: The exponential of more than this is infinite.
LARGEST = 700.0
Penalty = Literal["min", "1se"]


class Learned(Protocol):
    """A risk that was learned."""

    @property
    def method(self) -> str:
        """How, with every choice that changes the numbers."""

    @property
    def source(self) -> str:
        """Where the method is published."""

    def risk(self, prepared: pd.DataFrame) -> FloatArray:
        """Predict.

        Parameters
        ----------
        prepared : DataFrame
            Prepared predictors.
        """

    def terms(self) -> pd.DataFrame:
        """Say what counts how much: ``term`` and ``coef`` or ``importance``."""

    def specification(self) -> Mapping[str, Any]:
        """Give what is needed to compute a risk elsewhere."""


class Estimator(Protocol):
    """A way to learn a risk from prepared rows."""

    def fit(
        self,
        prepared: pd.DataFrame,
        targets: pd.DataFrame,
        *,
        right: str,
        held: tuple[pd.DataFrame, pd.DataFrame] | None = None,
    ) -> Learned:
        """Learn.

        Parameters
        ----------
        prepared : DataFrame
            Prepared predictors of the training rows.
        targets : DataFrame
            Outcome columns and person of the same rows.
        right : str
            Right side of the formula, of prepared columns.
        held : tuple of DataFrame, optional
            Predictors and targets of validation rows.
        """


@dataclass(frozen=True)
class _LearnedPenalised:
    """A penalised logistic regression at the penalty that was chosen."""

    fitted: "ElasticNetResult"
    at: Penalty

    @property
    def method(self) -> str:
        penalty = self.fitted.lambda_min if self.at == "min" else self.fitted.lambda_1se
        folds = self.fitted.settings["folds"]
        return f"{self.fitted.method}; lambda.{self.at} = {penalty:.5g} by {folds} folds of persons"

    @property
    def source(self) -> str:
        return self.fitted.source

    def risk(self, prepared: pd.DataFrame) -> FloatArray:
        return self.fitted.predict(prepared, at=self.at)

    def terms(self) -> pd.DataFrame:
        return self.fitted.to_frame(at=self.at)

    def specification(self) -> Mapping[str, Any]:
        return {"link": "logit", "coefficients": self.fitted.coef(self.at).to_dict()}


@dataclass(frozen=True)
class PenalisedEstimator:
    """Logistic regression with the elastic net penalty, chosen by cross-validation over persons.

    Attributes
    ----------
    outcome : str
        Column of the outcome.
    alpha : float
        Share of the lasso.
    at : {"min", "1se"}
        Which penalty.
    folds, seed : int
        Of the cross-validation.
    """

    outcome: str
    alpha: float
    at: Penalty
    folds: int
    seed: int

    def fit(
        self,
        prepared: pd.DataFrame,
        targets: pd.DataFrame,
        *,
        right: str,
        held: tuple[pd.DataFrame, pd.DataFrame] | None = None,
    ) -> Learned:
        """Learn.

        Parameters
        ----------
        prepared : DataFrame
            Prepared predictors of the training rows.
        targets : DataFrame
            Outcome and person of the same rows.
        right : str
            Right side of the formula.
        held : tuple of DataFrame, optional
            Not used.

        Returns
        -------
        Learned
            The regression at the penalty that was chosen.
        """
        del held
        from analysis_lib.models.regression.penalised import elastic_net

        fitted = elastic_net(
            f"`{self.outcome}` ~ {right}",
            prepared.join(targets.astype({self.outcome: np.float64})),
            alpha=self.alpha,
            folds=self.folds,
            seed=self.seed,
        )
        return _LearnedPenalised(fitted, self.at)


@dataclass(frozen=True)
class _LearnedCox:
    """A Cox regression with the cumulative baseline hazard at the horizon."""

    fitted: "CoxResult"
    plan: DesignPlan
    hazard: float
    horizon: float

    @property
    def method(self) -> str:
        return f"{self.fitted.method}; risk until {self.horizon:g} by the baseline hazard of the same ties"

    @property
    def source(self) -> str:
        return self.fitted.source

    def risk(self, prepared: pd.DataFrame) -> FloatArray:
        matrix = _covariates(self.plan, prepared)
        linear = self.fitted.params.to_numpy() @ matrix
        # Somebody far outside the training rows has a risk of 1, not an overflow.
        return np.asarray(-np.expm1(-self.hazard * np.exp(np.minimum(linear, LARGEST))), dtype=np.float64)

    def terms(self) -> pd.DataFrame:
        names = [term for term in self.plan.terms if term != "Intercept"]
        return pd.DataFrame({"term": names, "coef": self.fitted.params.to_numpy()})

    def specification(self) -> Mapping[str, Any]:
        return {
            "link": "1 - exp(-H0 exp(linear predictor))",
            "horizon": self.horizon,
            "baseline_cumulative_hazard": self.hazard,
            "coefficients": dict(self.terms().itertuples(index=False)),
        }


@dataclass(frozen=True)
class CoxEstimator:
    """Cox regression with Efron's ties, and the risk until a horizon.

    Attributes
    ----------
    time, event : str
        Columns of the follow-up.
    horizon : float
        Until when.
    """

    time: str
    event: str
    horizon: float

    def fit(
        self,
        prepared: pd.DataFrame,
        targets: pd.DataFrame,
        *,
        right: str,
        held: tuple[pd.DataFrame, pd.DataFrame] | None = None,
    ) -> Learned:
        """Learn.

        Parameters
        ----------
        prepared : DataFrame
            Prepared predictors of the training rows.
        targets : DataFrame
            Follow-up and person of the same rows.
        right : str
            Right side of the formula.
        held : tuple of DataFrame, optional
            Not used.

        Returns
        -------
        Learned
            The regression with its baseline hazard.

        Raises
        ------
        ModelInputError
            If nobody is followed until the horizon.
        """
        del held
        from analysis_lib.models.rows.follow_up import survival_rows
        from analysis_lib.models.survival import cox

        plan = design_plan(right, open_rows(prepared), columns=list(prepared.columns))
        matrix = _covariates(plan, prepared)
        # Terms such as C(sex)[T.male] are columns of their own here, numbered so that none clashes with the follow-up.
        names = [f"term {index}" for index in range(len(matrix))]
        columns = pd.DataFrame(dict(zip(names, matrix, strict=True)))
        follow_up = targets.reset_index(drop=True)
        try:
            fitted = cox(columns.join(follow_up), time=self.time, event=self.event, covariates=names)
        except AnalysisError as error:
            raise type(error)(_with_terms(str(error), plan)) from error
        kept = survival_rows(follow_up, time=self.time, event=self.event)
        if kept.time.max() < self.horizon:
            raise ModelInputError(
                f"somebody must be followed until the horizon of {self.horizon:g}; the longest follow-up of the "
                "training rows is shorter. Choose an earlier horizon."
            )
        hazard = baseline_hazard(kept.time, kept.event, linear=fitted.params.to_numpy() @ matrix, until=self.horizon)
        return _LearnedCox(fitted, plan, hazard, self.horizon)


def baseline_hazard(time: FloatArray, event: npt.NDArray[np.bool_], *, linear: FloatArray, until: float) -> float:
    """Estimate the cumulative hazard of somebody with a linear predictor of 0, by Efron's handling of ties.

    Parameters
    ----------
    time : ndarray of float64, shape (n,)
        Follow-up.
    event : ndarray of bool, shape (n,)
        Whether it ended with the event.
    linear : ndarray of float64, shape (n,)
        Linear predictor.
    until : float
        Time up to which, included.

    Returns
    -------
    float
        As R's ``survfit.coxph`` with Efron's ties, at covariates of 0.
    """
    times, place = np.unique(time, return_inverse=True)
    score = np.exp(linear - linear.max())  # neither overflows nor vanishes; put back at the end
    at_risk = np.bincount(place, score)[::-1].cumsum()[::-1]
    dying = np.bincount(place, score * event)
    deaths = np.bincount(place, event).astype(np.int64)
    hazard = 0.0
    for index in np.flatnonzero((deaths > 0) & (times <= until)):
        share = np.arange(deaths[index]) / deaths[index]
        hazard += float(np.sum(1 / (at_risk[index] - share * dying[index])))
    return hazard * float(np.exp(-linear.max()))


def _covariates(plan: DesignPlan, prepared: pd.DataFrame) -> FloatArray:
    matrix = plan.prepare(prepared, complete=True, response=False).matrix()
    return matrix[[index for index, term in enumerate(plan.terms) if term != "Intercept"]]


def _with_terms(message: str, plan: DesignPlan) -> str:
    """Put the terms' own names back into a message about numbered ones."""
    terms = [term for term in plan.terms if term != "Intercept"]
    return re.sub(r"\bterm (\d+)\b", lambda found: terms[int(found[1])], message)
