"""Means of the covariates over risk sets, and what residuals and curves make of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis_lib.models.survival.cox_regression.partial_likelihood import Evaluation, PartialLikelihood

__all__ = ["EventMeans", "clustered_scores", "event_means", "score_residuals"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class EventMeans:
    """Weighted means of the standardised covariates among those at risk.

    Attributes
    ----------
    mean : ndarray of float64, shape (k, p)
        At each event time; by Efron's method the average over the tied deaths.
    increment : ndarray of float64, shape (k, p)
        Mean times hazard at each event time.
    given_back : ndarray of float64, shape (t, p)
        The part of the increment from which Efron's method takes out those who die together, by tied event time.
    """

    mean: FloatArray
    increment: FloatArray
    given_back: FloatArray


def event_means(likelihood: PartialLikelihood, here: Evaluation) -> EventMeans:
    """Work out the means of the covariates at each event time.

    Parameters
    ----------
    likelihood : PartialLikelihood
        The data.
    here : Evaluation
        Its risk sets at the coefficients wanted.

    Returns
    -------
    EventMeans
        On the scale of the standardised covariates.
    """
    tied = likelihood.tied >= 0
    s1, d1 = here.sums[:, 1:], here.tied_sums[:, 1:]
    hazard, hazard_f, a, b, c = here.terms.T
    mean, increment = s1 * hazard[:, None], s1 * a[:, None]
    mean[tied] -= d1 * hazard_f[tied, None]
    increment[tied] -= d1 * b[tied, None]
    mean /= likelihood.sets.weight_of_deaths[:, None]
    return EventMeans(mean, increment, s1[tied] * b[tied, None] - d1 * c[tied, None])


def score_residuals(likelihood: PartialLikelihood, here: Evaluation) -> Iterator[tuple[int, FloatArray]]:
    """Work out each row's share in the score [1]_.

    Parameters
    ----------
    likelihood : PartialLikelihood
        The data.
    here : Evaluation
        Its risk sets at the coefficients wanted.

    Yields
    ------
    tuple of int and ndarray of float64, shape (p, m)
        Number of the first row of a block, and the shares of its rows, case weights included.

    References
    ----------
    .. [1] Therneau T. M., Grambsch P. M., Fleming T. R. (1990). Martingale-based residuals for survival models.
       Biometrika 77(1), 147-160.
    """
    from analysis_lib.models.survival.cox_regression.residual_rows import score_rows
    from analysis_lib.models.survival.cox_regression.risk_set_sums import cumulate

    sets, nothing = likelihood.sets, np.empty(0)
    means = event_means(likelihood, here)
    cumulative = np.empty_like(means.increment)
    cumulate(means.increment, sets.begin, cumulative)
    exposed = likelihood.exposures(here)
    beside = likelihood.drift_beside(here, means.increment)
    for row, x in likelihood.rows():
        at = slice(row, row + x.shape[1])
        out = np.empty_like(x)
        case = nothing if likelihood.weight is None else likelihood.weight[at]
        before = sets.before[at] if sets.before.size else sets.before
        score_rows(
            np.ascontiguousarray(x), here.weight[at], exposed(at), case, sets.last[at], before, sets.died[at],
            cumulative, means.given_back, likelihood.tied, means.mean, out,
        )  # fmt: skip
        if beside is not None:
            out += (beside[at] * here.weight[at, None]).T
        yield row, out


def clustered_scores(likelihood: PartialLikelihood, here: Evaluation, *, group: IntArray | None) -> FloatArray:
    """Add up the products of the shares in the score: the middle of the sandwich.

    Parameters
    ----------
    likelihood : PartialLikelihood
        The data.
    here : Evaluation
        Its risk sets at the maximum.
    group : ndarray of int64, shape (n,) or None
        Cluster of each row, numbers from 0; None where each row is one.

    Returns
    -------
    ndarray of float64, shape (p, p)
        On the scale of the standardised covariates.
    """
    from analysis_lib.models.survival.cox_regression.residual_rows import add_by_group

    p = likelihood.covariates
    middle = np.zeros((p, p))
    by_group = np.zeros((0 if group is None else int(group.max()) + 1, p))
    for row, share in score_residuals(likelihood, here):
        if group is None:
            middle += share @ share.T
        else:
            add_by_group(share, group[row : row + share.shape[1]], by_group)
    return middle if group is None else np.asarray(by_group.T @ by_group)
