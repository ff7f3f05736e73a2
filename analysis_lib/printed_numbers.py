"""Numbers as a paper prints them: estimates, ratios, p values, times."""

import math

__all__ = [
    "equation_of_p",
    "format_coefficient",
    "format_estimate",
    "format_exponential",
    "format_number",
    "format_p",
    "format_range",
    "format_ratio",
    "format_time",
]

_MISSING = "–"
#: The exponential of more than this is no number of double precision, or one without all its digits.
_LARGEST_EXPONENT = math.log(1e308)


def format_estimate(value: float, *, digits: int = 2) -> str:
    """Write an estimate with a fixed number of decimals.

    Parameters
    ----------
    value : float
        The estimate; missing (NaN) is written as a dash.
    digits : int, default 2
        Decimals; at most two from 100,000 on, none from a million on.

    Returns
    -------
    str
        Such as ``1.35``; infinite values as ``∞``; from a thousand million on as ``1.235e+09``.
    """
    if math.isnan(value):
        return _MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    # Numbers of four figures, years among them, are read without a separator.
    separator = "," if abs(value) >= 10_000 else ""
    if abs(value) >= 1e5:
        digits = min(digits, 2) if abs(value) < 1e6 else 0
    if abs(value) >= 1e9:
        return f"{value:.3e}"
    text = f"{value:{separator}.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def format_coefficient(value: float, *, digits: int = 4) -> str:
    """Write a coefficient, whose size depends on the unit of its covariate, in at most ten signs.

    Parameters
    ----------
    value : float
        Missing (NaN) is written as a dash.
    digits : int, default 4
        Decimals; fewer from a thousand on.

    Returns
    -------
    str
        Such as ``0.0312``; ``2.1e-07`` where it is below 0.0001, ``3.146e+06`` from a million on.
    """
    size = abs(value)
    if value == 0 or not math.isfinite(value):
        return format_estimate(value, digits=digits)
    if size < 1e-4 or size >= 1e6:
        return f"{value:.2e}" if size < 1e-4 else f"{value:.3e}"
    return format_estimate(value, digits=max(digits - max(math.floor(math.log10(size)) - 2, 0), 0))


def format_exponential(logarithm: float) -> str:
    """Write a ratio that is the exponential of a coefficient, in at most ten signs.

    Parameters
    ----------
    logarithm : float
        The coefficient; missing (NaN) is written as a dash.

    Returns
    -------
    str
        Such as ``1.35``, ``0.0031`` or ``4.85e+08``; ``>1e308`` where it is too large for a number, ``<1e-308`` where
        it is too small.
    """
    if not math.isfinite(logarithm):
        return format_estimate(logarithm if logarithm != -math.inf else 0.0)
    if abs(logarithm) > _LARGEST_EXPONENT:
        return ">1e308" if logarithm > 0 else "<1e-308"
    return format_ratio(math.exp(logarithm))


def format_ratio(value: float) -> str:
    """Write a ratio, or a rate, in at most ten signs.

    Parameters
    ----------
    value : float
        0 or more; missing (NaN) is written as a dash.

    Returns
    -------
    str
        Such as ``1.35``; ``0.0031`` below 0.005, ``2.13e-07`` below 0.0001, ``4.85e+08`` from a million on.
    """
    if value == 0 or not math.isfinite(value):
        return format_estimate(value)
    if value < 1e-4 or value >= 1e6:
        return f"{value:.2e}"
    return f"{value:.2g}" if value < 0.005 else format_estimate(value)


def format_number(value: float) -> str:
    """Write a number of any size in at most ten signs, whole where it is whole.

    Parameters
    ----------
    value : float
        Missing (NaN) is written as a dash.

    Returns
    -------
    str
        Such as ``1,830``, ``0.125`` or ``2.5e+12``.
    """
    if math.isnan(value) or math.isinf(value):
        return format_estimate(value)
    if 1e-4 <= abs(value) < 1e8:
        return f"{value:,.0f}" if value == round(value) or abs(value) >= 1e5 else f"{value:,.5g}"
    return f"{value:.4g}"


def format_p(p_value: float) -> str:
    """Write a p value as journals do.

    Parameters
    ----------
    p_value : float
        In [0, 1]; missing (NaN) is written as a dash.

    Returns
    -------
    str
        Three decimals, or ``<0.001``.
    """
    if math.isnan(p_value):
        return _MISSING
    return "<0.001" if p_value < 0.001 else f"{p_value:.3f}"


def equation_of_p(p_value: float) -> str:
    """Write a p value inside a sentence.

    Parameters
    ----------
    p_value : float
        In [0, 1].

    Returns
    -------
    str
        ``p = 0.012`` or ``p < 0.001``.
    """
    text = format_p(p_value)
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {text}"


def format_time(value: float) -> str:
    """Write a time without decimals where it has none.

    Parameters
    ----------
    value : float
        Missing (NaN) is written as a dash.

    Returns
    -------
    str
        Such as ``426`` or ``7.25``.
    """
    return format_estimate(value, digits=0 if value == round(value) else 2) if math.isfinite(value) else _MISSING


def format_range(low: float, high: float) -> str:
    """Write the limits of a time.

    Parameters
    ----------
    low, high : float
        Missing (NaN) limits are written as a dash, one dash if both are missing.

    Returns
    -------
    str
        Such as ``285 to 363``.
    """
    return _MISSING if math.isnan(low) and math.isnan(high) else f"{format_time(low)} to {format_time(high)}"
