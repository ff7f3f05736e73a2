"""Standard errors that do not trust the model's variance: sandwich estimators, by row and by cluster.

White H. (1980), Econometrica 48(4), 817-838 (HC0); MacKinnon J. G. and White H. (1985), J. Econometrics 29(3), 305-325
(HC1-HC3); Liang K.-Y. and Zeger S. L. (1986), Biometrika 73(1), 13-22 (clusters).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.models.regression.glm_sums import IrlsSums, Weighting, row_weights
from analysis_lib.models.sums import Block, DesignRows

__all__ = ["ROBUST", "cluster_meat", "row_meat"]

FloatArray = npt.NDArray[np.float64]
#: How the squared residual of a row with leverage h is taken: divided by (1 - h) to this power.
ROBUST = {"HC0": 0.0, "HC1": 0.0, "HC2": 1.0, "HC3": 2.0}


@dataclass(frozen=True)
class _SquaredScores:
    """Adds up the squared scores of rows, with their leverage taken into account."""

    irls: IrlsSums
    weighting: Weighting
    root: FloatArray
    power: float

    def start(self, p: int) -> list[Any]:
        return [np.zeros((p, p))]

    def add(self, sums: list[Any], block: Block) -> None:
        rows = self.irls.rows(block)
        if rows is None:
            return
        _, residual, weight, _ = rows
        _, frequency = row_weights(block, self.weighting)
        if frequency is not None:
            # f equal rows: each has the score and the leverage of one of them.
            residual, weight = residual / np.maximum(frequency, 1), weight / np.maximum(frequency, 1)
        squared = residual**2
        if self.power:
            leverage = weight * ((self.root @ block.x) ** 2).sum(axis=0)
            with np.errstate(divide="ignore", invalid="ignore"):
                squared = np.where(leverage < 1 - 1e-12, squared / (1 - leverage) ** self.power, 0.0)
        if frequency is not None:
            squared = squared * frequency
        scaled = block.x * np.sqrt(squared)
        sums[0] += scaled @ scaled.T


def row_meat(
    design: DesignRows, irls: IrlsSums, *, weighting: Weighting, covariance: FloatArray, kind: str
) -> FloatArray:
    """Add up the middle of the sandwich, every row by itself.

    Parameters
    ----------
    design : DesignRows
        Rows.
    irls : IrlsSums
        The model at its estimates.
    weighting : Weighting
        Weights.
    covariance : ndarray of float64, shape (p, p)
        Inverse information, up to the scale.
    kind : {"HC0", "HC1", "HC2", "HC3"}
        HC1 is HC0 here; its factor is the caller's.

    Returns
    -------
    ndarray of float64, shape (p, p)
        Sum of squared scores.
    """
    # The root of the covariance, by units of the columns first: their sizes may differ by many powers of ten.
    unit = np.sqrt(np.diag(covariance))
    root = np.linalg.cholesky(covariance / np.outer(unit, unit)).T * unit
    found: FloatArray = design.add_up(_SquaredScores(irls, weighting, root, ROBUST[kind]))[0]
    return found


@dataclass(frozen=True)
class _ClusterScores:
    """Adds up scores by cluster, in the order in which the clusters of a part appear."""

    irls: IrlsSums
    column: str

    def start(self, p: int) -> list[Any]:  # noqa: ARG002 - every kind of work is told
        return [[]]

    def add(self, sums: list[Any], block: Block) -> None:
        rows = self.irls.rows(block)
        if rows is None:
            return
        codes, names = pd.factorize(block.extra[self.column])
        scores = np.stack([np.bincount(codes, row * rows[1], minlength=len(names)) for row in block.x], axis=1)
        sums[0].append(pd.DataFrame(scores, index=pd.Index(names)))


def cluster_meat(design: DesignRows, irls: IrlsSums, *, column: str) -> tuple[FloatArray, int]:
    """Add up the middle of the sandwich by cluster.

    Parameters
    ----------
    design : DesignRows
        Rows.
    irls : IrlsSums
        The model at its estimates.
    column : str
        The clusters.

    Returns
    -------
    meat : ndarray of float64, shape (p, p)
        Sum over clusters of their scores' outer products.
    n_clusters : int
        Clusters.
    """
    pieces: list[pd.DataFrame] = design.add_up(_ClusterScores(irls, column))[0]
    together = pd.concat(pieces)
    codes, names = pd.factorize(together.index)
    values = together.to_numpy()
    scores = np.stack([np.bincount(codes, values[:, index], minlength=len(names)) for index in range(design.p)])
    return np.asarray(scores @ scores.T), len(names)
