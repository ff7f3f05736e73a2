"""The Brier score: the mean squared error of predicted risks."""

import numpy as np

from analysis_lib.models.prediction.predicted_rows import PredictedRows

__all__ = ["brier_scores", "possible"]


#: All measures lie between 0 and 1 but this one: predictions may be worse than the mean.
LOWEST = {"scaled_brier": -np.inf}


def possible(limit: float, measure: str) -> float:
    """Keep a limit of an interval where the measure can be.

    Parameters
    ----------
    limit : float
        Perhaps beyond.
    measure : str
        Of what; one that is at most 1.

    Returns
    -------
    float
        NaN stays NaN.
    """
    return float(np.clip(limit, LOWEST.get(measure, 0.0), 1.0))


def brier_scores(rows: PredictedRows) -> dict[str, tuple[float, float]]:
    """Compute the mean squared error, and how far it lies below that of predicting the mean for everybody.

    Parameters
    ----------
    rows : PredictedRows
        Outcomes and risks.

    Returns
    -------
    dict of str to tuple of float
        ``brier`` and ``scaled_brier``, each with its standard error; the second is missing where all outcomes are one.
    """
    total = float(rows.weights.sum())
    error = (rows.risk - rows.outcome) ** 2
    score = float(np.sum(rows.weights * error)) / total
    mean = float(np.sum(rows.weights * rows.outcome)) / total
    worst = mean * (1 - mean)
    found = {"brier": (score, float(np.sqrt(rows.variance(np.asarray((error - score) / total)))))}
    if worst <= 0:
        return {**found, "scaled_brier": (float("nan"), float("nan"))}
    influence = -(error - score) / worst + score * (1 - 2 * mean) * (rows.outcome - mean) / worst**2
    se = float(np.sqrt(rows.variance(np.asarray(influence / total))))
    return {**found, "scaled_brier": (1 - score / worst, se)}
