"""Control limits of a funnel plot: how far a unit may lie from the target by chance, given its size."""

from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, checked_number, checked_numbers

__all__ = [
    "LEVELS",
    "ControlLimits",
    "FunnelKind",
    "Interpolation",
    "checked_sizes",
    "checked_target",
    "control_limits",
]

FloatArray = npt.NDArray[np.float64]
FunnelKind = Literal["proportion", "rate", "ratio"]
Interpolation = Literal["cautious", "spiegelhalter"]
#: About two and three standard deviations: "alert" and "alarm".
LEVELS = (0.95, 0.998)


class ControlLimits(NamedTuple):
    """Limits by unit.

    Attributes
    ----------
    low, high : ndarray of float64, shape (units,)
        On the scale of the target; ``low`` is 0 where no count is low enough.
    """

    low: FloatArray
    high: FloatArray


def control_limits(
    size: Any, *, target: float, kind: FunnelKind, level: float = 0.95, interpolation: Interpolation = "cautious"
) -> ControlLimits:
    """Compute exact control limits of counts, drawn as continuous lines by interpolation.

    A count is a whole number, so no limit leaves exactly the tail :math:`p` outside. With the distribution function
    :math:`F` of the count at the target and the smallest :math:`r` with :math:`F(r) \\geq p`, Spiegelhalter's limit of
    the count is :math:`r - (F(r) - p) / (F(r) - F(r - 1))`, divided by the size ([1]_, appendix A.1.1). Chance
    takes a unit below it with less than the probability :math:`p`, but above the upper limit by the same formula with
    more than it. ``"cautious"`` measures the upper tail by :math:`P(R \\geq r)`, as the lower one by
    :math:`P(R \\leq r)`, which puts the upper limit one event higher: then chance alone takes a unit
    beyond either limit with less than :math:`p` (the first of the methods compared in [2]_).

    Parameters
    ----------
    size : array-like of float, shape (units,)
        Persons (``"proportion"``, whole), person-time (``"rate"``) or expected events (``"ratio"``), > 0.
    target : float
        What all units are held against: a proportion in (0, 1), a rate per unit of `size`, or a ratio.
    kind : {"proportion", "rate", "ratio"}
        Counts of proportions are binomial, those of rates and ratios Poisson.
    level : float, default 0.95
        Coverage, in (0, 1): half of the rest lies beyond each limit.
    interpolation : {"cautious", "spiegelhalter"}, default "cautious"
        How the upper limit is drawn.

    Returns
    -------
    ControlLimits
        Low and high, by unit.

    Raises
    ------
    ModelInputError
        If an argument cannot be used.

    References
    ----------
    .. [1] Spiegelhalter D. J. (2005). Funnel plots for comparing institutional performance. Stat. Med. 24(8),
       1185-1202.
    .. [2] Manktelow B. N., Seaton S. E. (2012). Specifying the probability characteristics of funnel plot control
       limits: an investigation of three approaches. PLoS ONE 7(9), e45723.
    """
    checked_level(level)
    checked_choice(kind, "kind", known=get_args(FunnelKind))
    checked_choice(interpolation, "interpolation", known=get_args(Interpolation))
    sizes = checked_sizes(size, kind=kind)
    checked_target(target, kind=kind)
    more = 1.0 if interpolation == "cautious" else 0.0
    low = _quantile((1 - level) / 2, sizes, target=target, kind=kind)
    high = _quantile((1 + level) / 2, sizes, target=target, kind=kind) + more
    most = sizes if kind == "proportion" else np.inf
    return ControlLimits(np.maximum(0.0, low) / sizes, np.clip(high, 0.0, most) / sizes)


def checked_target(target: Any, *, kind: FunnelKind) -> float:
    """Refuse a target at which nothing, or everything, happens: there is no funnel around it.

    Parameters
    ----------
    target : float
        What the caller gave.
    kind : {"proportion", "rate", "ratio"}
        What it is a target for.

    Returns
    -------
    float
        `target`.

    Raises
    ------
    ModelInputError
        If it is 0 or less, no number, or as a proportion 1 or more.
    """
    most = 1.0 if kind == "proportion" else float("inf")
    if not 0 < checked_number(target, "target") < most:
        where = "between 0 and 1" if kind == "proportion" else "above 0, and finite"
        raise ModelInputError(
            f"the target of a funnel must lie {where}; found {target:g}. Where no unit had an event, or all had one, "
            "there is nothing to compare; else pass target=."
        )
    return float(target)


def checked_sizes(size: Any, *, kind: FunnelKind) -> FloatArray:
    """Refuse units without persons, person-time or expected events.

    Parameters
    ----------
    size : array-like of float
        What the caller gave.
    kind : {"proportion", "rate", "ratio"}
        What the sizes are.

    Returns
    -------
    ndarray of float64, shape (units,)
        `size`.

    Raises
    ------
    ModelInputError
        If one is not positive and finite, or as a count of persons not whole.
    """
    sizes = np.atleast_1d(checked_numbers(size, "size"))
    usable = np.isfinite(sizes) & (sizes > 0)
    if kind == "proportion":
        usable &= sizes == np.floor(sizes)
    if not usable.all():
        what = "whole and positive" if kind == "proportion" else "positive and finite"
        raise ModelInputError(
            f"sizes of units must be {what}; found {int((~usable).sum())} of {sizes.size} that are not. Leave out "
            "units without anybody."
        )
    return sizes


def _quantile(tail: float, sizes: FloatArray, *, target: float, kind: FunnelKind) -> FloatArray:
    """Invert the distribution function, drawn as straight lines from count to count."""
    from scipy.stats import binom, poisson

    law = binom(sizes, target) if kind == "proportion" else poisson(sizes * target)
    count = law.ppf(tail)
    return np.asarray(count - (law.cdf(count) - tail) / law.pmf(count), dtype=np.float64)
