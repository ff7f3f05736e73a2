"""The ways to learn a risk by regression: logistic and Cox, with an elastic net penalty; and Cox without."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError

if TYPE_CHECKING:
    from analysis_lib.models.regression.penalised import ElasticNetResult
    from analysis_lib.models.survival import CoxResult

__all__ = ["CoxEstimator", "Estimator", "Learned", "PenalisedCoxEstimator", "PenalisedEstimator"]

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


def _choice(fitted: "ElasticNetResult", at: Penalty) -> str:
    penalty = fitted.lambda_min if at == "min" else fitted.lambda_1se
    return f"lambda.{at} = {penalty:.5g} by {fitted.settings['folds']} folds of persons"


@dataclass(frozen=True)
class _LearnedPenalised:
    """A penalised logistic regression at the penalty that was chosen."""

    fitted: "ElasticNetResult"
    at: Penalty

    @property
    def method(self) -> str:
        return f"{self.fitted.method}; {_choice(self.fitted, self.at)}"

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


def _risk_until(linear: FloatArray, *, hazard: float) -> FloatArray:
    """Turn linear predictors into risks by a cumulative baseline hazard."""
    # Somebody far outside the training rows has a risk of 1, not an overflow.
    return np.asarray(-np.expm1(-hazard * np.exp(np.minimum(linear, LARGEST))), dtype=np.float64)


def _specification_until(horizon: float, *, hazard: float, coefficients: pd.Series) -> dict[str, Any]:
    return {
        "link": "1 - exp(-H0 exp(linear predictor))",
        "horizon": horizon,
        "baseline_cumulative_hazard": hazard,
        "coefficients": coefficients.to_dict(),
    }


@dataclass(frozen=True)
class _LearnedCox:
    """A Cox regression with the cumulative baseline hazard at the horizon."""

    fitted: "CoxResult"
    horizon: float

    @property
    def method(self) -> str:
        return f"{self.fitted.method}; risk until {self.horizon:g} by the baseline hazard of the same ties"

    @property
    def source(self) -> str:
        return self.fitted.source

    def risk(self, prepared: pd.DataFrame) -> FloatArray:
        # Beside somebody with the mean of every covariate: far-off covariates then neither overflow nor vanish.
        linear = self.fitted.predict(prepared, at="mean").to_numpy(dtype=np.float64)
        return _risk_until(linear, hazard=self._hazard("mean"))

    def terms(self) -> pd.DataFrame:
        return pd.DataFrame({"term": self.fitted.params.index, "coef": self.fitted.params.to_numpy()})

    def specification(self) -> Mapping[str, Any]:
        return _specification_until(self.horizon, hazard=self._hazard("zero"), coefficients=self.fitted.params)

    def _hazard(self, at: Literal["mean", "zero"]) -> float:
        table = self.fitted.baseline(at=at)
        until = table.loc[table["time"] <= self.horizon, "cumulative_hazard"]
        return float(until.iloc[-1]) if len(until) else 0.0


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
        from analysis_lib.models.survival import cox

        _refuse_late_horizon(targets[self.time], self.horizon)
        fitted = cox(f"Surv(`{self.time}`, `{self.event}`) ~ {right}", prepared.join(targets))
        return _LearnedCox(fitted, self.horizon)


@dataclass(frozen=True)
class _LearnedPenalisedCox:
    """A penalised Cox regression at the penalty that was chosen, with the baseline hazard at the horizon."""

    fitted: "ElasticNetResult"
    at: Penalty
    horizon: float
    centre: float
    hazard: float

    @property
    def method(self) -> str:
        choice = _choice(self.fitted, self.at)
        return f"{self.fitted.method}; {choice}; risk until {self.horizon:g} by Breslow's baseline hazard"

    @property
    def source(self) -> str:
        return f"{self.fitted.source}; Breslow N. E. (1972). J. R. Stat. Soc. B 34(2), 216-217"

    def risk(self, prepared: pd.DataFrame) -> FloatArray:
        linear = self.fitted.predict(prepared, at=self.at, kind="link") - self.centre
        return _risk_until(linear, hazard=self.hazard)

    def terms(self) -> pd.DataFrame:
        return self.fitted.to_frame(at=self.at)

    def specification(self) -> Mapping[str, Any]:
        hazard = self.hazard * float(np.exp(-self.centre))
        return _specification_until(self.horizon, hazard=hazard, coefficients=self.fitted.coef(self.at))


@dataclass(frozen=True)
class PenalisedCoxEstimator:
    """Cox regression with the elastic net penalty, chosen by cross-validation over persons, and the risk at a horizon.

    Attributes
    ----------
    time, event : str
        Columns of the follow-up.
    horizon : float
        Until when.
    alpha : float
        Share of the lasso.
    at : {"min", "1se"}
        Which penalty.
    folds, seed : int
        Of the cross-validation.
    """

    time: str
    event: str
    horizon: float
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
            Follow-up and person of the same rows.
        right : str
            Right side of the formula.
        held : tuple of DataFrame, optional
            Not used.

        Returns
        -------
        Learned
            The regression at the penalty that was chosen, with its baseline hazard.

        Raises
        ------
        ModelInputError
            If nobody is followed until the horizon.
        """
        del held
        from analysis_lib.models.regression.penalised import elastic_net
        from analysis_lib.models.regression.penalised.partial_likelihood import baseline_hazard
        from analysis_lib.models.rows import survival_rows

        _refuse_late_horizon(targets[self.time], self.horizon)
        rows = prepared.join(targets)
        fitted = elastic_net(
            f"Surv(`{self.time}`, `{self.event}`) ~ {right}",
            rows,
            family="cox",
            alpha=self.alpha,
            folds=self.folds,
            seed=self.seed,
        )
        follow_up = survival_rows(targets, time=self.time, event=self.event)
        linear = fitted.predict(rows, at=self.at, kind="link")
        # Beside the mean: a linear predictor far from zero would make a hazard of zero or of infinity there.
        centre = float(linear.mean())
        hazard = baseline_hazard(follow_up.time, follow_up.event, eta=linear - centre, until=self.horizon)
        return _LearnedPenalisedCox(fitted, self.at, horizon=self.horizon, centre=centre, hazard=hazard)


def _refuse_late_horizon(time: pd.Series, horizon: float) -> None:
    if _longest(time) < horizon:
        raise ModelInputError(
            f"somebody must be followed until the horizon of {horizon:g}; the longest follow-up of the training rows "
            "is shorter. Choose an earlier horizon."
        )


def _longest(column: pd.Series) -> float:
    """Find the longest follow-up; what is neither a number nor a span of time is for the model to refuse."""
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        return float(column.max() / pd.Timedelta(days=1))
    return float(column.max()) if pd.api.types.is_numeric_dtype(column.dtype) else float("inf")
