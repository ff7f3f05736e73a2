"""How strong unmeasured confounding would have to be to explain an effect away."""

from typing import Literal, NamedTuple

import numpy as np

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice

__all__ = ["EValue", "e_value"]

Measure = Literal["risk ratio", "odds ratio", "hazard ratio"]


class EValue(NamedTuple):
    """E-values on the scale of the risk ratio.

    Attributes
    ----------
    estimate : float
        Of the point estimate.
    limit : float
        Of the confidence limit nearer to 1; 1 where the interval holds 1, missing (NaN) where no interval was given.
    """

    estimate: float
    limit: float


def e_value(
    estimate: float,
    ci_low: float | None = None,
    *,
    ci_high: float | None = None,
    measure: Measure = "risk ratio",
    rare_outcome: bool = True,
    true_value: float = 1.0,
) -> EValue:
    """Compute the E-value of VanderWeele and Ding [1]_.

    The smallest risk ratio that an unmeasured confounder would need with both treatment and outcome, beyond the
    measured covariates, to explain the estimate away: ``RR + sqrt(RR * (RR - 1))``.

    Parameters
    ----------
    estimate : float
        A ratio, > 0.
    ci_low, ci_high : float, optional
        Its confidence limits.
    measure : {"risk ratio", "odds ratio", "hazard ratio"}, default "risk ratio"
        What it is.
    rare_outcome : bool, default True
        Whether fewer than about 15 % have the outcome at the end of follow-up. If not, odds and hazard ratios are first
        brought to the scale of risk ratios, by the square root and by ``(1 - 0.5 ** sqrt(HR)) / (1 - 0.5 ** sqrt(1 /
        HR))``.
    true_value : float, default 1
        The ratio that the confounding would have to leave, of the same kind as `estimate`.

    Returns
    -------
    EValue
        Of the estimate and of the limit.

    Raises
    ------
    ModelInputError
        If a number is not a positive ratio, or the limits do not enclose the estimate.

    References
    ----------
    .. [1] VanderWeele T. J., Ding P. (2017). Sensitivity analysis in observational research: introducing the E-value.
       Ann. Intern. Med. 167(4), 268-274.
    """
    checked_choice(measure, "measure", known=("risk ratio", "odds ratio", "hazard ratio"))
    given = [value for value in (ci_low, ci_high) if value is not None]
    if not all(np.isfinite(value) and value > 0 for value in (estimate, true_value, *given)):
        raise ModelInputError(
            "an E-value is of ratios, which are positive and finite; found others. Pass exp(coefficient), not the "
            "coefficient."
        )
    low, high = (estimate if limit is None else limit for limit in (ci_low, ci_high))
    if not low <= estimate <= high:
        raise ModelInputError(
            f"the limits must enclose the estimate; found {low:g}, {estimate:g}, {high:g}. Look at their order."
        )
    left = _risk_ratio(true_value, measure, rare=rare_outcome)
    ratio, low, high = (_risk_ratio(value, measure, rare=rare_outcome) / left for value in (estimate, low, high))
    if not given:
        return EValue(_e(ratio), float("nan"))
    if low <= 1 <= high:
        return EValue(_e(ratio), 1.0)
    nearer = ci_low if ratio > 1 else ci_high
    return EValue(_e(ratio), float("nan") if nearer is None else _e(low if ratio > 1 else high))


def _e(ratio: float) -> float:
    above = max(ratio, 1 / ratio)
    return float(above + np.sqrt(above * (above - 1)))


def _risk_ratio(value: float, measure: str, *, rare: bool) -> float:
    if rare or measure == "risk ratio":
        return value
    if measure == "odds ratio":
        return float(np.sqrt(value))
    return float((1 - 0.5 ** np.sqrt(value)) / (1 - 0.5 ** np.sqrt(1 / value)))
