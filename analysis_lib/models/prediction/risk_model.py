"""Risk models: one way to learn a risk from training rows, by regression or by trees, and to judge it on others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.features.feature_set import Features
from analysis_lib.models.arguments import checked_choice, checked_columns
from analysis_lib.models.prediction.estimators import Estimator, Learned
from analysis_lib.models.prediction.performance import PerformanceResult, performance
from analysis_lib.models.prediction.person_split import Part, PersonSplit, person_fold
from analysis_lib.models.prediction.prediction_result import PredictionResult
from analysis_lib.models.prediction.preparation import Preparation
from analysis_lib.models.prediction.survival_performance import SurvivalPerformanceResult, survival_performance
from analysis_lib.models.prediction.training import Request, learn, predicted, training_data
from analysis_lib.models.result import ModelSummary
from analysis_lib.models.rows.source import Data, open_rows
from analysis_lib.tables import format_estimate

if TYPE_CHECKING:
    from analysis_lib.compute import Cluster
    from analysis_lib.figures import StudyFigure

__all__ = ["RiskModel", "risk_model"]

FloatArray = npt.NDArray[np.float64]
Kind = Literal["penalised", "cox", "boosting"]
TITLES = {
    "penalised": "Penalised logistic regression",
    "cox": "Cox regression",
    "boosting": "Gradient boosting",
}
PENALISED_COX = "Penalised Cox regression"
MOST_SHOWN = 25
RISK = "Predicted risk"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class RiskModel(PredictionResult):
    """A model of risk, with what it was made of.

    Attributes
    ----------
    kind : {"penalised", "cox", "boosting"}
        How it was learned.
    request : Request
        What was asked: predictors, outcome, formula, horizon.
    preparation : Preparation
        What was learned of the predictors on the training rows.
    learned : Learned
        The fitted model.
    estimator : Estimator
        The way it was learned, to do it again for cross-validation.
    split : PersonSplit or None
        Which rows were learned from; None where all were.
    """

    kind: Kind
    request: Request
    preparation: Preparation
    learned: Learned
    estimator: Estimator
    split: PersonSplit | None

    @property
    def predictors(self) -> tuple[str, ...]:
        """Columns the model reads."""
        return self.request.predictors

    @property
    def horizon(self) -> float | None:
        """Until when the risk is; None for an outcome without a time."""
        return self.request.horizon

    def predict(self, data: Data) -> FloatArray:
        """Compute risks.

        Parameters
        ----------
        data : DataFrame, Dask frame, Features or path
            With the predictors; they are prepared as learned on the training rows.

        Returns
        -------
        ndarray of float64
            One per row; missing (NaN) only where the model was fitted to complete cases and a predictor is missing.

        Raises
        ------
        ModelInputError
            If a predictor is not there, or of another type than in training.
        """
        rows = open_rows(data)
        names = checked_columns(self.predictors, rows.columns)
        return np.concatenate([predicted(self.learned, self.preparation, frame=part) for part in rows.read(names)])

    def evaluate(
        self, data: Data, *, part: Part | Literal["all"] | None = None, by: str | None = None, **arguments: Any
    ) -> PerformanceResult | SurvivalPerformanceResult:
        """Judge the model on rows it has not learned from.

        Parameters
        ----------
        data : DataFrame, Dask frame, Features or path
            With predictors and outcome: the rows that were split, or new ones.
        part : {"test", "validation", "training", "all"}, optional
            Which rows of the split; ``test`` where there is a split and `data` has as many rows as were split, else
            all.
        by : str, optional
            Column with subgroups.
        **arguments : object
            Of `performance`, or of `survival_performance`: ``level`` and others.

        Returns
        -------
        PerformanceResult or SurvivalPerformanceResult
            The latter for a Cox model.

        Raises
        ------
        ModelInputError
            If the data or an argument cannot be used, or the rows are not those that were split.
        """
        rows = open_rows(data)
        person = [rows.person_column] if rows.person_column else []
        wanted = dict.fromkeys([*self.predictors, *self.request.targets, *([by] if by else []), *person])
        frame = rows.frame(list(wanted))
        chosen = self._part(part, n=len(frame))
        if chosen is not None and self.split is not None:
            frame = self.split.of(frame, chosen)
        return self._judged(frame, self.predict(frame[list(self.predictors)]), by=by, **arguments)

    def cross_validate(
        self, data: Data, *, folds: int = 5, seed: int = 0, by: str | None = None, **arguments: Any
    ) -> PerformanceResult | SurvivalPerformanceResult:
        """Judge how the model is learned: each training row is predicted by a model that has not seen its person.

        Everything is learned anew in every fold: preparation, penalty and model.

        Parameters
        ----------
        data : DataFrame, Dask frame, Features or path
            The rows that were split; all are used where there was no split.
        folds : int, default 5
            Folds; the rows of a person are in one.
        seed : int, default 0
            Another seed gives other folds.
        by : str, optional
            Column with subgroups.
        **arguments : object
            Of `performance`, or of `survival_performance`.

        Returns
        -------
        PerformanceResult or SurvivalPerformanceResult
            Of the risks out of fold.

        Raises
        ------
        ModelInputError
            If the data or an argument cannot be used.
        """
        training = training_data(data, self.request, split=self.split, also=[by] if by else [])
        held = None if self.split is None else training_data(data, self.request, split=self.split, part="validation")
        fold = person_fold(training.ids, folds=folds, seed=seed)
        risk = np.full(fold.size, np.nan)
        for number in range(folds):
            inside = fold != number
            preparation, learned = learn(training.where(inside), self.request, estimator=self.estimator, held=held)
            others = training.frame.loc[~inside, list(self.predictors)]
            risk[~inside] = predicted(learned, preparation, frame=others)
        return self._judged(training.frame, risk, by=by, **arguments)

    def to_frame(self) -> pd.DataFrame:
        """Return the terms of the model as a table.

        Returns
        -------
        DataFrame
            ``term`` and ``coef`` (log odds or log hazard ratio), or ``importance`` (share of the gain of all splits).
        """
        return self.learned.terms()

    def specification(self) -> dict[str, Any]:
        """Give what is needed to compute a risk elsewhere.

        Returns
        -------
        dict of str to object
            Coefficients, baseline hazard or trees; and the preparation of the predictors.
        """
        return {
            **self.learned.specification(),
            "formula": self.request.right,
            "preparation": self.preparation.to_frame().to_dict("records"),
        }

    def summary(self) -> ModelSummary:
        """Write the model for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        terms = self.to_frame()
        value = terms.columns[1]
        order = terms[value].abs().sort_values(ascending=False, kind="stable").index
        shown = terms.loc[order].head(MOST_SHOWN)
        rows = tuple(
            (str(term), format_estimate(float(number), digits=4)) for term, number in shown.itertuples(index=False)
        )
        until = f" of the risk until {self.horizon:g}" if self.horizon is not None else ""
        notes = list(self._notes())
        if len(terms) > len(shown):
            notes.append(f"The {len(shown)} largest of {len(terms):,} terms.")
        notes.append(
            f"Split: {self.split.method}." if self.split else "All rows were learned from; nothing is held back."
        )
        words = "Coefficient" if value == "coef" else "Importance"
        title = PENALISED_COX if self.kind == "penalised" and self.horizon is not None else TITLES[self.kind]
        return ModelSummary(title=f"{title}{until}", header=("Term", words), rows=rows, notes=tuple(notes))

    def plot(self, *, most: int = 20, width: float = 5.5, title: str = "") -> "StudyFigure":
        """Draw the largest terms: coefficients per unit of the predictor, or importances.

        Parameters
        ----------
        most : int, default 20
            How many terms.
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With the terms attached as data.

        Raises
        ------
        ModelInputError
            If `most` is no positive whole number.
        """
        from analysis_lib.models.prediction.terms_plot import terms_figure

        if isinstance(most, bool) or not isinstance(most, int) or most < 1:
            raise ModelInputError(f"most must be a whole number above 0; found {most!r}. 20 fill a page.")
        return terms_figure(self, most=most, width=width, title=title)

    def _notes(self) -> tuple[str, ...]:
        return tuple(note.replace("; the intervals allow for repeated rows", "") for note in super()._notes())

    def _part(self, part: str | None, *, n: int) -> Part | None:
        known = ("test", "validation", "training", "all")
        if part is not None:
            checked_choice(part, "part", known=known)
        if self.split is None:
            if part not in {None, "all"}:
                raise ModelInputError(f"the model was fitted without a split; found part={part!r}. Give new rows.")
            return None
        if part == "all" or (part is None and n != self.split.part.size):
            return None
        return part or "test"  # type: ignore[return-value]

    def _judged(
        self, frame: pd.DataFrame, risk: FloatArray, *, by: str | None, **arguments: Any
    ) -> PerformanceResult | SurvivalPerformanceResult:
        named = RISK
        while named in frame.columns:
            named += "_"
        judged = frame.assign(**{named: risk})
        if self.request.horizon is None:
            return performance(judged, outcome=self.request.targets[0], risk=named, by=by, **arguments)
        time, event = self.request.targets
        return survival_performance(
            judged, time=time, event=event, risk=named, horizon=self.request.horizon, by=by, **arguments
        )


def risk_model(
    predictors: str | Sequence[str] | Features,
    data: Data,
    *,
    model: Kind = "penalised",
    outcome: str | None = None,
    time: str | None = None,
    event: str | None = None,
    horizon: float | None = None,
    split: PersonSplit | None = None,
    missing: Literal["impute", "complete"] = "impute",
    alpha: float = 1.0,
    penalty: Literal["min", "1se"] = "min",
    folds: int = 10,
    rounds: int = 300,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    on: "Cluster | None" = None,
) -> RiskModel:
    """Learn a model of risk from training rows.

    What is learned of the predictors (medians, levels, penalties) is learned on the training rows alone, and kept in
    the result.

    Parameters
    ----------
    predictors : str, sequence of str, or Features
        A formula, ``"event ~ age + C(sex)"`` or ``"Surv(time, event) ~ age"``; columns; or the features of a cohort,
        whose columns are meant. Trees use the columns of a formula and not its expressions.
    data : DataFrame, Dask frame, Features or path
        One row per prediction, with outcome and predictors. Rows without an outcome are left out and counted. A column
        ``subject_id`` or ``person_id`` keeps a person's rows together.
    model : {"penalised", "cox", "boosting"}, default "penalised"
        Regression with an elastic net penalty [1]_: logistic, or Cox's where there is a horizon; Cox regression without
        a penalty [2]_; or gradient boosting by LightGBM [3]_, which is the extra ``cohorthub[boosting]``.
    outcome : str, optional
        Column that says who had the outcome, where there is no formula.
    time, event : str, optional
        Columns of the follow-up of a Cox model, penalised or not, where there is no formula.
    horizon : float, optional
        Until when a Cox model predicts, in the unit of `time`.
    split : PersonSplit, optional
        From `split_persons`: its training rows are learned from; trees stop early by its validation rows. All rows are
        learned from when left out.
    missing : {"impute", "complete"}, default "impute"
        Fill missing numbers with the training rows' median and mark them, missing categories by a level of their own
        (fewer than 20 missing values are filled and not marked); or leave rows with a missing value out. Trees with
        "impute" keep missing values as such.
    alpha : float, default 1
        Share of the lasso in the penalty.
    penalty : {"min", "1se"}, default "min"
        The penalty with the smallest held-out deviance, or the largest within a standard error of it.
    folds : int, default 10
        Folds of persons by which the penalty is chosen.
    rounds : int, default 300
        Trees at most.
    settings : mapping of str to object, optional
        LightGBM's parameters, such as ``{"num_leaves": 31}``.
    seed : int, default 0
        Start of the random numbers.
    on : Cluster, optional
        Where trees are learned: LightGBM's own Dask estimator on the workers of this cluster. When left out the
        cluster that is open, if `data` is a Dask frame; else this process.

    Returns
    -------
    RiskModel
        Predicts, judges itself on held-out rows, shows its terms.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used, or LightGBM is not installed.

    References
    ----------
    .. [1] Friedman J., Hastie T., Tibshirani R. (2010). Regularization paths for generalized linear models via
       coordinate descent. J. Stat. Softw. 33(1), 1-22.
    .. [2] Cox D. R. (1972). Regression models and life-tables. J. R. Stat. Soc. B 34(2), 187-220.
    .. [3] Ke G. et al. (2017). LightGBM: a highly efficient gradient boosting decision tree. NeurIPS 30, 3146-3154.
    """
    from analysis_lib.models.prediction.training import estimator_of, request_of

    checked_choice(model, "model", known=tuple(TITLES))
    checked_choice(missing, "missing", known=("impute", "complete"))
    checked_choice(penalty, "penalty", known=("min", "1se"))
    rows = open_rows(data)
    has_time = horizon is not None or time is not None or (isinstance(predictors, str) and "Surv(" in predictors)
    survival = model == "cox" or (model == "penalised" and outcome is None and has_time)
    request = request_of(
        predictors,
        rows.columns,
        survival=survival,
        targets=(time, event) if survival else (outcome,),
        horizon=horizon,
        missing="keep" if model == "boosting" and missing == "impute" else missing,
    )
    training = training_data(data, request, split=split)
    estimator = estimator_of(
        model,
        request,
        choices={
            "alpha": alpha,
            "at": penalty,
            "folds": folds,
            "seed": seed,
            "rounds": rounds,
            "settings": settings or {},
        },
        on=on,
        is_dask=rows.place == "dask",
    )
    held = None if split is None else training_data(data, request, split=split, part="validation")
    preparation, learned = learn(training, request, estimator=estimator, held=held)
    return RiskModel(
        method=f"{learned.method}; {preparation.describe()}",
        source=learned.source,
        **training.described(),
        settings={"model": model, "formula": request.right, "horizon": horizon, "missing": missing, "seed": seed},
        kind=model,
        request=request,
        preparation=preparation,
        learned=learned,
        estimator=estimator,
        split=split,
    )
