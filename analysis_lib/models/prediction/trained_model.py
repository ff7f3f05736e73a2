"""A trained model of risk: it predicts, is judged on rows it has not learned from, and shows its terms."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_columns
from analysis_lib.models.prediction.estimators import Estimator, Learned
from analysis_lib.models.prediction.performance import PerformanceResult, performance
from analysis_lib.models.prediction.person_split import Part, PersonSplit, person_fold, person_keys
from analysis_lib.models.prediction.prediction_result import PredictionResult
from analysis_lib.models.prediction.preparation import Preparation
from analysis_lib.models.prediction.request import Request
from analysis_lib.models.prediction.survival_performance import SurvivalPerformanceResult, survival_performance
from analysis_lib.models.prediction.training import learn, predicted, training_data
from analysis_lib.models.result import ModelSummary
from analysis_lib.models.rows.source import Data, open_rows
from analysis_lib.printed_numbers import format_coefficient

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["TITLES", "Kind", "RiskModel"]

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
    events_until_horizon : int
        Events among these rows until the horizon; all of them where there is none.
    learned_from : ndarray of uint64
        Keys of the persons learned from, sorted; empty where rows do not say whose they are.
    """

    kind: Kind
    request: Request
    preparation: Preparation
    learned: Learned
    estimator: Estimator
    split: PersonSplit | None
    events_until_horizon: int
    learned_from: npt.NDArray[np.uint64]

    @property
    def predictors(self) -> tuple[str, ...]:
        """Columns the model reads."""
        return self.request.predictors

    @property
    def title(self) -> str:
        """The kind of model in words."""
        return PENALISED_COX if self.kind == "penalised" and self.horizon is not None else TITLES[self.kind]

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
            all, which must then be of other people than those learned from, where rows say whose they are.
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
            If the data or an argument cannot be used, the rows are not those that were split, or they are some of those
            that were learned from and `part` does not say that this is meant.
        """
        rows = open_rows(data)
        person = [rows.person_column] if rows.person_column else []
        wanted = dict.fromkeys([*self.predictors, *self.request.targets, *([by] if by else []), *person])
        frame = rows.frame(list(wanted))
        chosen = self._part(part, n=len(frame))
        if chosen is not None and self.split is not None:
            frame = self.split.of(frame, chosen)
        again = self._learned_from(frame[person[0]]) if person else 0
        if again and self.split is not None and part is None and chosen is None:
            raise ModelInputError(
                f"a model is judged by people it has not learned from; found {again:,} persons that it learned from. "
                "Give all rows that were split (the test rows are taken), or say part='all' to judge it by these all "
                "the same."
            )
        found = self._judged(frame, self.predict(frame[list(self.predictors)]), by=by, **arguments)
        if not again:
            return found
        return replace(found, method=f"{found.method}; {again:,} of the persons are among those learned from")

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
        in_words = self.preparation.words()
        rows = tuple(
            (in_words.get(str(term), str(term)), format_coefficient(float(number)))
            for term, number in shown.itertuples(index=False)
        )
        until = f" of the risk until {self.horizon:g}" if self.horizon is not None else ""
        notes = list(self._notes())
        if len(terms) > len(shown):
            notes.append(f"The {len(shown)} largest of {len(terms):,} terms.")
        notes.append(
            f"Split: {self.split.method}." if self.split else "All rows were learned from; nothing is held back."
        )
        words = "Coefficient" if value == "coef" else "Importance"
        return ModelSummary(title=f"{self.title}{until}", header=("Term", words), rows=rows, notes=tuple(notes))

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
        notes = [note.replace("; the intervals allow for repeated rows", "") for note in super()._notes()]
        if self.horizon is not None:
            notes.insert(2, f"{self.events_until_horizon:,} of the events came until {self.horizon:g}.")
        return tuple(notes)

    def _learned_from(self, ids: pd.Series) -> int:
        return int(np.isin(np.unique(person_keys(ids[ids.notna()])), self.learned_from).sum())

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
