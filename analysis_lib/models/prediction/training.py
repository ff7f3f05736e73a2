"""The rows a model of risk learns from, and the steps of learning: prepare, fit, predict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import listed
from analysis_lib.models.prediction.boosting import BoostingEstimator
from analysis_lib.models.prediction.checked_values import binary_column
from analysis_lib.models.prediction.estimators import (
    CoxEstimator,
    Estimator,
    Learned,
    PenalisedCoxEstimator,
    PenalisedEstimator,
)
from analysis_lib.models.prediction.person_split import Part, PersonSplit
from analysis_lib.models.prediction.plain_names import fit_under_plain_names
from analysis_lib.models.prediction.preparation import Preparation, learn_preparation
from analysis_lib.models.prediction.request import Request
from analysis_lib.models.rows.follow_up import follow_up_times
from analysis_lib.models.rows.source import Data, open_rows, person_column

if TYPE_CHECKING:
    from analysis_lib.compute import Cluster

__all__ = ["TrainingData", "estimator_of", "learn", "predicted", "right_side", "training_data"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TrainingData:
    """Rows to learn from, with a known outcome.

    Attributes
    ----------
    frame : DataFrame
        Predictors, outcome, person.
    ids : Series
        Whose each row is.
    event : ndarray of bool, shape (n,)
        Who had the outcome.
    exclusions : dict of str to int
        Rows left out by reason.
    n_excluded : int
        Rows left out, each counted once.
    """

    frame: pd.DataFrame
    ids: pd.Series
    event: BoolArray
    exclusions: Mapping[str, int]
    n_excluded: int

    def where(self, inside: BoolArray) -> "TrainingData":
        """Keep some rows.

        Parameters
        ----------
        inside : ndarray of bool, shape (n,)
            Which.

        Returns
        -------
        TrainingData
            With a fresh index.
        """
        return replace(
            self,
            frame=self.frame[inside].reset_index(drop=True),
            ids=self.ids[inside].reset_index(drop=True),
            event=self.event[inside],
        )

    def events_until(self, request: Request) -> int:
        """Count the events that a model is about: those until its horizon, where it has one.

        Parameters
        ----------
        request : Request
            What is to be learned.

        Returns
        -------
        int
            Rows.
        """
        if request.horizon is None:
            return int(self.event.sum())
        time = follow_up_times(self.frame[request.targets[0]], name=request.targets[0])
        return int((self.event & (time <= request.horizon)).sum())

    def described(self) -> dict[str, Any]:
        """Give what every result says of its rows.

        Returns
        -------
        dict of str to object
            ``n``, ``events``, ``exclusions``, ``n_excluded`` and ``persons``.
        """
        return {
            "n": len(self.frame),
            "events": int(self.event.sum()),
            "exclusions": self.exclusions,
            "n_excluded": self.n_excluded,
            "persons": {"all": int(self.ids.nunique()), "events": int(self.ids[self.event].nunique())},
        }


def training_data(
    data: Data,
    request: Request,
    *,
    split: PersonSplit | None,
    part: Part = "training",
    also: Sequence[str] = (),
) -> TrainingData:
    """Read the rows of a part that have a known outcome.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        All rows.
    request : Request
        What is to be learned.
    split : PersonSplit or None
        Which rows are whose.
    part : {"training", "validation", "test"}, default "training"
        Which part.
    also : sequence of str, optional
        Further columns to keep.

    Returns
    -------
    TrainingData
        Perhaps without rows, for a validation part that is empty.

    Raises
    ------
    ModelInputError
        If a column is unknown, or no training row is left.
    """
    rows = open_rows(data)
    person = rows.person_column
    wanted = dict.fromkeys([*request.predictors, *request.targets, *also, *([person] if person else [])])
    frame = rows.frame(list(wanted))
    ids = frame[person] if person else pd.Series(np.arange(len(frame)))
    if split is not None:
        kept = split.of(frame, part)
        ids = ids[split.rows(part)].reset_index(drop=True)
        frame = kept
    asked = [*request.targets, *(request.predictors if request.missing == "complete" else ())]
    missing = frame[asked].isna()
    present = ~missing.any(axis=1)
    if part == "training" and not present.any():
        raise ModelInputError(f"no row is left to learn from; found {len(frame):,} training rows. Look at the outcome.")
    exclusions = {f"{name} missing": int(missing[name].sum()) for name in asked if missing[name].any()}
    n_excluded = int((~present).sum())
    frame, ids = frame[present].reset_index(drop=True), ids[present].reset_index(drop=True)
    event = binary_column(frame[request.targets[-1]], name=request.targets[-1]) if len(frame) else np.zeros(0, np.bool_)
    if part == "training" and not 0 < event.sum() < event.size + (request.horizon is not None):
        raise ModelInputError(
            f"a model learns from those with and those without the outcome; found {int(event.sum()):,} with in "
            f"{event.size:,} training rows. Look at the outcome and the split."
        )
    return TrainingData(frame, ids, event, exclusions, n_excluded)


def estimator_of(
    kind: str,
    request: Request,
    *,
    choices: Mapping[str, Any],
    on: "Cluster | None",
    is_dask: bool,
) -> Estimator:
    """Choose the way to learn.

    Parameters
    ----------
    kind : {"penalised", "cox", "boosting"}
        Which.
    request : Request
        What is to be learned.
    choices : mapping of str to object
        ``alpha``, ``at``, ``folds``, ``seed``, ``rounds``, ``settings``.
    on : Cluster or None
        Where trees are learned.
    is_dask : bool
        Whether the data are a Dask frame.

    Returns
    -------
    Estimator
        With all its choices.

    Raises
    ------
    ModelInputError
        If a choice cannot be meant.
    """
    if kind == "cox":
        time, event = request.targets
        return CoxEstimator(time, event, horizon=float(request.horizon or 0.0))
    if kind == "penalised":
        chosen = {name: choices[name] for name in ("alpha", "at", "folds", "seed")}
        if request.horizon is None:
            return PenalisedEstimator(request.targets[0], **chosen)
        time, event = request.targets
        return PenalisedCoxEstimator(time, event, horizon=request.horizon, **chosen)
    rounds = choices["rounds"]
    if isinstance(rounds, bool) or not isinstance(rounds, int) or rounds < 1:
        raise ModelInputError(f"rounds must be a whole number above 0; found {rounds!r}. 300 is a start.")
    return BoostingEstimator(
        request.targets[0],
        rounds=rounds,
        settings=choices["settings"],
        seed=choices["seed"],
        on=on or (_open_cluster() if is_dask else None),
    )


def _open_cluster() -> "Cluster | None":
    from analysis_lib.compute import Cluster
    from analysis_lib.compute.buckets import open_clusters

    return next((found for found in reversed(open_clusters) if isinstance(found, Cluster)), None)


def learn(
    training: TrainingData, request: Request, *, estimator: Estimator, held: TrainingData | None = None
) -> tuple[Preparation, Learned]:
    """Prepare training rows and fit.

    Parameters
    ----------
    training : TrainingData
        Rows to learn from.
    request : Request
        What.
    estimator : Estimator
        How.
    held : TrainingData, optional
        Validation rows, to stop early by; prepared as the training rows say.

    Returns
    -------
    preparation : Preparation
        What was learned of the predictors.
    learned : Learned
        The fitted model.
    """
    preparation = learn_preparation(training.frame, request.predictors, missing=request.missing)
    right = right_side(request, preparation)
    person = person_column(training.frame.columns)
    targets = training.frame[[*request.targets, *([person] if person else [])]]
    validation = None
    if held is not None and 0 < held.event.sum() < held.event.size:
        validation = (preparation.apply(held.frame), held.frame[list(request.targets)])
    prepared = preparation.apply(training.frame)
    if not request.is_formula and isinstance(estimator, PenalisedEstimator | PenalisedCoxEstimator | CoxEstimator):
        return preparation, fit_under_plain_names(estimator, prepared, targets=targets)
    return preparation, estimator.fit(prepared, targets, right=right, held=validation)


def predicted(learned: Learned, preparation: Preparation, *, frame: pd.DataFrame) -> FloatArray:
    """Prepare rows and predict.

    Parameters
    ----------
    learned : Learned
        The fitted model.
    preparation : Preparation
        What was learned of the predictors.
    frame : DataFrame
        Rows with the predictors.

    Returns
    -------
    ndarray of float64
        Risks; NaN where a predictor is missing and is not filled.
    """
    prepared = preparation.apply(frame).reset_index(drop=True)
    if not len(prepared):
        return np.empty(0)
    if preparation.missing != "complete":
        return learned.risk(prepared)
    present = prepared.notna().all(axis=1).to_numpy()
    risk = np.full(len(prepared), np.nan)
    if present.any():
        risk[present] = learned.risk(prepared[present].reset_index(drop=True))
    return risk


def right_side(request: Request, preparation: Preparation) -> str:
    """Write the right side that is fitted: with what marks missing values, and without what does not vary.

    Parameters
    ----------
    request : Request
        What is to be learned.
    preparation : Preparation
        What was learned of the predictors.

    Returns
    -------
    str
        For formulaic.

    Raises
    ------
    ModelInputError
        If a predictor of the user's own formula does not vary.
    """
    if not request.is_formula:
        kept = [*(column.name for column in preparation.columns), *preparation.indicators]
        return " + ".join(f"`{name}`" for name in kept)
    if preparation.dropped:
        raise ModelInputError(
            f"a predictor of the formula does not vary; found {listed(preparation.dropped)} with one value in all "
            "training rows. Leave it out."
        )
    return " + ".join([request.right, *(f"`{name}`" for name in preparation.indicators)])
