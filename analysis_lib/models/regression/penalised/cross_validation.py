"""Choosing the penalty by cross-validation: folds by person, from a seed, the same on every machine."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ConvergenceError, ModelInputError
from analysis_lib.models.regression.penalised.problem import Problem, Solution
from analysis_lib.models.regression.penalised.whole_path import predictors

__all__ = ["CrossValidation", "cross_validate", "folds_by_person"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: glmnet keeps predicted probabilities this far from 0 and 1 when it scores held-out rows.
LEAST_PROBABILITY = 1e-5


@dataclass(frozen=True)
class CrossValidation:
    """How well each penalty predicts rows that were held out.

    Attributes
    ----------
    table : DataFrame
        One row per penalty: ``lambda``, ``deviance`` (mean of held-out rows), ``se`` (over folds).
    folds : int
        Number of folds.
    seed : int or None
        Seed of the folds; None where they were given.
    index_min, index_1se : int
        Rows of `table` with the smallest deviance, and with the largest penalty that is within one standard error.
    """

    table: pd.DataFrame
    folds: int
    seed: int | None
    index_min: int
    index_1se: int

    @property
    def lambda_min(self) -> float:
        """The penalty with the smallest held-out deviance."""
        return float(self.table["lambda"].iloc[self.index_min])

    @property
    def lambda_1se(self) -> float:
        """The largest penalty whose held-out deviance is within one standard error of the smallest."""
        return float(self.table["lambda"].iloc[self.index_1se])


def folds_by_person(persons: npt.NDArray[Any], *, folds: int, seed: int) -> IntArray:
    """Deal persons out to folds of equal size, by chance; all rows of a person come to one fold.

    Parameters
    ----------
    persons : ndarray, shape (n,)
        Whose each row is.
    folds : int
        Number of folds.
    seed : int
        Seed of the shuffle.

    Returns
    -------
    ndarray of int64, shape (n,)
        Fold of each row, from 0. It depends on the seed and on who is there, not on the order of rows.

    Raises
    ------
    ModelInputError
        If there are fewer persons than folds.
    """
    distinct, position = np.unique(persons, return_inverse=True)
    if distinct.size < folds:
        raise ModelInputError(
            f"cross-validation needs a person for each fold; found {distinct.size:,} persons and {folds} folds. Use "
            "fewer folds."
        )
    dealt = np.empty(distinct.size, dtype=np.int64)
    dealt[np.random.default_rng(seed).permutation(distinct.size)] = np.arange(distinct.size) % folds
    return dealt[position]


def cross_validate(
    problem: Problem, lambdas: Sequence[float], *, fold: IntArray, seed: int | None, workers: int
) -> CrossValidation:
    """Fit the path without each fold in turn and score the fold.

    Parameters
    ----------
    problem : Problem
        What was fitted to all rows.
    lambdas : sequence of float
        Its penalties, falling.
    fold : ndarray of int64, shape (n,)
        Fold of each row, from 0.
    seed : int or None
        Seed that made the folds.
    workers : int
        Folds at once.

    Returns
    -------
    CrossValidation
        With glmnet's means, standard errors and choices.

    Raises
    ------
    ModelInputError
        If the rows outside a fold have one outcome only.
    ConvergenceError
        If a fold has no solution at any penalty.
    """
    n_folds = int(fold.max()) + 1
    for number in range(n_folds):
        _refuse_one_sided(problem, fold != number, n_folds=n_folds)
    with ThreadPoolExecutor(max(1, min(workers, n_folds))) as pool:
        scores = list(pool.map(lambda number: _score(problem, lambdas, held=fold == number), range(n_folds)))
    reached = min(len(score) for score in scores)
    if reached == 0:
        raise ConvergenceError(
            f"cross-validation found no solution in one of {n_folds} folds; found {problem.columns.n:,} rows. Use "
            "fewer folds, or penalise all covariates."
        )
    by_fold = np.array([score[:reached] for score in scores])
    # What a fold says counts by its rows; under Cox's model by its events.
    said = problem.weights if problem.follow_up is None else problem.weights * problem.response
    share = np.array([said[fold == number].sum() for number in range(n_folds)])
    deviance = share @ by_fold / share.sum()
    se = np.sqrt(share @ np.square(by_fold - deviance) / share.sum() / (n_folds - 1))
    best = int(np.argmin(deviance))
    table = pd.DataFrame({"lambda": np.asarray(lambdas)[:reached], "deviance": deviance, "se": se})
    return CrossValidation(
        table=table,
        folds=n_folds,
        seed=seed,
        index_min=best,
        index_1se=int(np.flatnonzero(deviance <= deviance[best] + se[best])[0]),
    )


def _refuse_one_sided(problem: Problem, rows: npt.NDArray[np.bool_], *, n_folds: int) -> None:
    response = problem.response[rows]
    if problem.follow_up is not None:
        if not (problem.response[~rows].any() and problem.follow_up.take(rows).compares(response)):
            raise ModelInputError(
                f"each fold needs events, inside and outside; found one of {n_folds} folds without. Use fewer folds."
            )
    elif response.size == 0 or response.min() == response.max():
        raise ModelInputError(
            f"each fold must leave rows of both kinds; found one outcome only outside one of {n_folds} folds. Use "
            "fewer folds."
        )


def _score(problem: Problem, lambdas: Sequence[float], *, held: npt.NDArray[np.bool_]) -> list[float]:
    """Fit without some rows and give their mean deviance at each penalty."""
    outside = replace(problem.where(~held), workers=1)
    if problem.follow_up is not None:
        return _score_of_events(problem, lambdas, outside=outside, held=held)
    inside = problem.columns.take(held)
    response, offset, shares = problem.response[held], problem.offset[held], problem.weights[held]
    scores: list[float] = []

    def report(_number: int, solution: Solution) -> None:
        shift = solution.coefficients @ inside.shift[solution.members]
        eta = offset + (solution.intercept + shift)
        inside.add_to(eta, solution.members, steps=solution.coefficients)
        scores.append(float(shares @ _deviance(response, eta, family=problem.family) / shares.sum()))

    predictors(outside, lambdas, report=report)
    return scores


def _score_of_events(
    problem: Problem, lambdas: Sequence[float], *, outside: Problem, held: npt.NDArray[np.bool_]
) -> list[float]:
    """Score held-out rows by what they add to the deviance of all rows, per event: alone they make no risk sets.

    Verweij P.J.M., van Houwelingen H.C. (1993). Stat. Med. 12(24), 2305-2314.
    """
    events = float(problem.weights[held] @ problem.response[held])
    scores: list[float] = []

    def report(_number: int, solution: Solution) -> None:
        eta = problem.offset.copy()
        problem.columns.add_to(eta, solution.members, steps=solution.coefficients)
        left_out = float(problem.weights[~held].sum()) * outside.deviance_at(eta[~held])
        scores.append((problem.deviance_at(eta) - left_out) / events)

    predictors(outside, lambdas, report=report)
    return scores


def _deviance(response: FloatArray, eta: FloatArray, *, family: str) -> FloatArray:
    """Give the deviance of each row."""
    if family == "gaussian":
        return np.asarray(np.square(response - eta))
    if family == "binomial":
        from scipy.special import expit

        probability = np.clip(expit(eta), LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
        return np.asarray(-2 * np.where(response == 1, np.log(probability), np.log1p(-probability)))
    mean = np.exp(eta)
    surprise = np.where(response > 0, response * (np.log(np.where(response > 0, response, 1.0)) - eta), 0.0)
    return np.asarray(2 * (surprise + mean - response))
