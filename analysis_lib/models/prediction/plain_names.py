"""Fitting under plain names: a formula may take a column called ``1`` or ``a:b`` for something else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import AnalysisError
from analysis_lib.models.prediction.estimators import (
    CoxEstimator,
    Learned,
    PenalisedCoxEstimator,
    PenalisedEstimator,
)

__all__ = ["fit_under_plain_names"]

FloatArray = npt.NDArray[np.float64]
_ALIAS = re.compile(r"\b(predictor|target)_(\d+)\b")


@dataclass(frozen=True)
class _Names:
    """What stands behind each plain name."""

    predictors: tuple[str, ...]
    targets: tuple[str, ...]

    def restore(self, text: str) -> str:
        own = {"predictor": self.predictors, "target": self.targets}
        return _ALIAS.sub(lambda found: own[found[1]][int(found[2])], text)

    @property
    def plain(self) -> dict[str, str]:
        return {name: f"predictor_{index}" for index, name in enumerate(self.predictors)}


@dataclass(frozen=True)
class _Renamed:
    """A risk that was learned under plain names, and speaks of the columns by their own."""

    learned: Learned
    names: _Names

    @property
    def method(self) -> str:
        return self.learned.method

    @property
    def source(self) -> str:
        return self.learned.source

    def risk(self, prepared: pd.DataFrame) -> FloatArray:
        return self.learned.risk(prepared.rename(columns=self.names.plain))

    def terms(self) -> pd.DataFrame:
        terms = self.learned.terms()
        return terms.assign(term=[self.names.restore(str(term)) for term in terms["term"]])

    def specification(self) -> Mapping[str, Any]:
        found = dict(self.learned.specification())
        coefficients = {self.names.restore(term): value for term, value in found["coefficients"].items()}
        return {**found, "coefficients": coefficients}


def fit_under_plain_names(
    estimator: PenalisedEstimator | PenalisedCoxEstimator | CoxEstimator,
    prepared: pd.DataFrame,
    *,
    targets: pd.DataFrame,
) -> Learned:
    """Fit a regression on all prepared columns, whatever they are called.

    Parameters
    ----------
    estimator : PenalisedEstimator, PenalisedCoxEstimator or CoxEstimator
        How to learn.
    prepared : DataFrame
        Prepared predictors of the training rows.
    targets : DataFrame
        Outcome columns and person of the same rows.

    Returns
    -------
    Learned
        Terms and messages have the columns' own names.

    Raises
    ------
    AnalysisError
        What the regression raises.
    """
    asked = ("outcome",) if isinstance(estimator, PenalisedEstimator) else ("time", "event")
    names = _Names(tuple(prepared.columns), tuple(getattr(estimator, each) for each in asked))
    plain = {name: f"target_{index}" for index, name in enumerate(names.targets)}
    changed: dict[str, Any] = {each: f"target_{index}" for index, each in enumerate(asked)}
    try:
        learned = replace(estimator, **changed).fit(
            prepared.rename(columns=names.plain),
            targets.rename(columns=plain),
            right=" + ".join(names.plain.values()),
        )
    except AnalysisError as error:
        raise type(error)(names.restore(str(error))) from None
    return _Renamed(learned, names)
