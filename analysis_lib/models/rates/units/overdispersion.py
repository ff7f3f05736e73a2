"""Units that differ by more than chance: how much, and the wider limits that allow for it."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, checked_number, checked_numbers
from analysis_lib.models.rates.units.control_limits import (
    ControlLimits,
    FunnelKind,
    checked_sizes,
    checked_target,
    control_limits,
)

__all__ = ["Adjustment", "Overdispersion", "measure_overdispersion", "widened_limits"]

FloatArray = npt.NDArray[np.float64]
Adjustment = Literal["none", "multiplicative", "additive"]


@dataclass(frozen=True)
class Overdispersion:
    """How much units differ beyond chance.

    Attributes
    ----------
    phi : float
        Mean of the squared z scores, winsorised; about 1 where units differ by chance alone.
    tau2 : float
        Variance between units on the transformed scale; 0 where they differ by no more than chance.
    p_value : float
        Probability of so large a `phi` by chance: of a chi-square distribution, which winsorising makes too cautious.
    units : int
        Units that were looked at.
    winsorised : float
        Share of the units at each end whose z scores were drawn in.
    """

    phi: float
    tau2: float
    p_value: float
    units: int
    winsorised: float


def measure_overdispersion(
    events: Any, size: Any, *, target: float, kind: FunnelKind, winsorise: float = 0.1
) -> Overdispersion:
    """Measure how much units differ beyond chance, on a scale on which chance has one size for all targets.

    Proportions :math:`y` are turned into :math:`\\arcsin \\sqrt y` with standard error :math:`s = 1 / (2 \\sqrt n)`,
    rates and ratios into :math:`\\sqrt y` with :math:`s = 1 / (2 \\sqrt{size})`. From the z scores against the target,
    the most extreme of them drawn in to their quantiles, :math:`\\hat\\phi = \\sum z_i^2 / I`; the variance between
    units is DerSimonian and Laird's with the target in place of their mean ([1]_, appendix A.3; [2]_).

    Parameters
    ----------
    events : array-like of float, shape (units,)
        Events.
    size : array-like of float, shape (units,)
        Persons, person-time or expected events.
    target : float
        What all units are held against.
    kind : {"proportion", "rate", "ratio"}
        What `size` is.
    winsorise : float, default 0.1
        Share of the units at each end whose z scores are set to the quantile there, in [0, 0.5).

    Returns
    -------
    Overdispersion
        Of these units.

    Raises
    ------
    ModelInputError
        If an argument cannot be used.

    References
    ----------
    .. [1] Spiegelhalter D. J. (2005). Funnel plots for comparing institutional performance. Stat. Med. 24(8),
       1185-1202.
    .. [2] Spiegelhalter D. J. (2005). Handling over-dispersion of performance indicators. Qual. Saf. Health Care 14(5),
       347-351.
    """
    from scipy.stats import chi2

    checked_choice(kind, "kind", known=get_args(FunnelKind))
    if not 0 <= checked_number(winsorise, "winsorise") < 0.5:
        raise ModelInputError(
            f"winsorise must lie in [0, 0.5); found {winsorise:g}. For a tenth at each end write 0.1."
        )
    sizes = checked_sizes(size, kind=kind)
    checked_target(target, kind=kind)
    counts = checked_numbers(events, "events")
    spread = _spread(sizes)
    scores = (_transformed(counts / sizes, kind=kind) - _transformed(np.float64(target), kind=kind)) / spread
    drawn_in = np.clip(scores, *np.quantile(scores, [winsorise, 1 - winsorise]))
    units = scores.size
    total = float(np.sum(drawn_in**2))
    weights = spread**-2.0
    room = float(weights.sum() - (weights**2).sum() / weights.sum())
    return Overdispersion(
        phi=total / units,
        tau2=max(0.0, (total - (units - 1)) / room) if room > 0 else 0.0,
        p_value=float(chi2.sf(total, units)),
        units=units,
        winsorised=winsorise,
    )


def widened_limits(
    size: Any,
    *,
    target: float,
    kind: FunnelKind,
    found: Overdispersion,
    adjustment: Adjustment = "none",
    level: float = 0.95,
) -> ControlLimits:
    """Compute control limits that allow for differences beyond chance.

    With ``"multiplicative"`` the standard error is multiplied by :math:`\\sqrt\\phi`, never made smaller; with
    ``"additive"`` it becomes :math:`\\sqrt{s^2 + \\tau^2}`. Both are on the transformed scale of
    `measure_overdispersion`, with normal quantiles.

    Parameters
    ----------
    size : array-like of float, shape (units,)
        Persons, person-time or expected events.
    target : float
        What all units are held against.
    kind : {"proportion", "rate", "ratio"}
        What `size` is.
    found : Overdispersion
        What `measure_overdispersion` found.
    adjustment : {"none", "multiplicative", "additive"}, default "none"
        How the limits are widened; ``"none"`` gives those of `control_limits`, and so do the others where the units
        differ by no more than chance.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    ControlLimits
        Low and high, by unit.

    Raises
    ------
    ModelInputError
        If an argument cannot be used.
    """
    from scipy.stats import norm

    checked_level(level)
    checked_choice(adjustment, "overdispersion", known=get_args(Adjustment))
    more = found.phi > 1 if adjustment == "multiplicative" else found.tau2 > 0
    if adjustment == "none" or not more:
        return control_limits(size, target=target, kind=kind, level=level)
    chance = _spread(checked_sizes(size, kind=kind))
    wide = chance * np.sqrt(found.phi) if adjustment == "multiplicative" else np.sqrt(chance**2 + found.tau2)
    margin = float(norm.ppf((1 + level) / 2)) * wide
    centre = _transformed(np.float64(checked_target(target, kind=kind)), kind=kind)
    most = np.pi / 2 if kind == "proportion" else np.inf
    return ControlLimits(*(_turned_back(np.clip(centre + side * margin, 0.0, most), kind=kind) for side in (-1, 1)))


def _transformed(value: Any, *, kind: FunnelKind) -> Any:
    return np.arcsin(np.sqrt(value)) if kind == "proportion" else np.sqrt(value)


def _turned_back(value: FloatArray, *, kind: FunnelKind) -> FloatArray:
    return np.asarray(np.sin(value) ** 2 if kind == "proportion" else value**2, dtype=np.float64)


def _spread(sizes: FloatArray) -> FloatArray:
    return 1 / (2 * np.sqrt(sizes))
