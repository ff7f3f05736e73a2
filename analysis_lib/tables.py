"""Numbers and tables as a paper prints them, for notebooks and reports."""

import math
import unicodedata
from collections.abc import Sequence
from html import escape

__all__ = [
    "cells_wide",
    "column_in_words",
    "equation_of_p",
    "format_coefficient",
    "format_estimate",
    "format_exponential",
    "format_number",
    "format_p",
    "format_range",
    "format_ratio",
    "format_time",
    "html_table",
    "level_in_words",
    "padded",
    "text_table",
]

_CELL = "padding:3px 10px;text-align:{align};vertical-align:baseline;white-space:{wrap}"
_RULE = "border-top:1.5px solid currentColor;border-bottom:1.5px solid currentColor"
_MISSING = "–"
#: The exponential of more than this is no number of double precision, or one without all its digits.
_LARGEST_EXPONENT = math.log(1e308)
#: Words that papers write in capitals of their own.
_ABBREVIATIONS = {
    word.lower(): word
    for word in (
        "BMI", "BNP", "BP", "BUN", "CKD", "COPD", "CRP", "DBP", "ECG", "EHR", "GFR", "HDL", "HIV", "HbA1c", "ICU", "ID",
        "INR", "LDL", "LVEF", "NYHA", "PSA", "SBP", "TSH", "UACR", "eGFR",
    )
}  # fmt: skip


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


def column_in_words(name: str, unit: str = "1") -> str:
    """Turn the name of a column into a label.

    Parameters
    ----------
    name : str
        Such as ``age_years``.
    unit : str, default "1"
        Such as ``years``; ``1`` for what has none.

    Returns
    -------
    str
        Such as ``Age (years)``.
    """
    plain = name.removesuffix(f"_{unit}").split("_")
    plain[0] = plain[0][:1].upper() + plain[0][1:]
    words = " ".join(_ABBREVIATIONS.get(word.lower(), word) for word in plain)
    return words if unit in {"", "1"} else f"{words} ({unit})"


def level_in_words(level: object) -> str:
    """Write a level of a category, or the name of a group.

    A column of whole numbers with gaps is one of floats in pandas; its levels are read as 1 and 2 all the same, and
    found by these names.

    Parameters
    ----------
    level : object
        Such as ``2.0``.

    Returns
    -------
    str
        Such as ``2``.
    """
    return str(int(level)) if isinstance(level, float) and level.is_integer() else str(level)


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


def html_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    notes: Sequence[str] = (),
    left: int = 1,
) -> str:
    """Write a table in HTML: words to the left, numbers to the right, everything escaped.

    Parameters
    ----------
    header : sequence of str
        Column names; no line of names where all are empty.
    rows : sequence of sequence of str
        Cells, formatted already. Leading spaces of a first cell become an indent.
    caption : str, optional
        The table's title.
    notes : sequence of str, optional
        Lines under the table.
    left : int, default 1
        How many columns from the left hold words.

    Returns
    -------
    str
        One ``<div>`` with inline styles only, so that it looks the same in Lab and in an exported report.
    """
    top = f'<caption style="caption-side:top;text-align:left;font-weight:600">{escape(caption)}</caption>'
    names = "".join(
        f'<th scope="col" style="{_style(index, left)}">{escape(cell)}</th>' for index, cell in enumerate(header)
    )
    head = f'<thead style="border-bottom:1px solid currentColor"><tr>{names}</tr></thead>'
    body = "".join(
        f"<tr>{''.join(_cell(index, cell, left=left) for index, cell in enumerate(row))}</tr>" for row in rows
    )
    foot = "".join(f"<div>{escape(note)}</div>" for note in notes)
    return (
        '<div class="cohorthub-table" style="max-width:100%;overflow-x:auto;margin:0.6em 0">'
        f'<table style="border-collapse:collapse;font-variant-numeric:tabular-nums;{_RULE}">'
        f"{top if caption else ''}"
        f"{head if any(header) else ''}<tbody>{body}</tbody></table>"
        f'<div style="font-size:85%;opacity:0.8;margin-top:4px">{foot}</div></div>'
    )


def _style(index: int, left: int) -> str:
    return _CELL.format(align="left" if index < left else "right", wrap="normal" if index < left else "nowrap")


def _cell(index: int, cell: str, *, left: int) -> str:
    indent = len(cell) - len(cell.lstrip(" "))
    style = _style(index, left) + (f";padding-left:{10 + 8 * indent}px" if index == 0 and indent else "")
    tag, scope = ("th", ' scope="row"') if index == 0 else ("td", "")
    weight = ";font-weight:normal" if index == 0 else ""
    return f'<{tag}{scope} style="{style}{weight}">{escape(cell.strip())}</{tag}>'


def cells_wide(text: str) -> int:
    """Count the cells of a terminal that a text takes: a Hangul syllable or another wide letter takes two.

    Parameters
    ----------
    text : str
        One line.

    Returns
    -------
    int
        Of the text in composed form; marks that stand on another letter take none.
    """
    composed = unicodedata.normalize("NFC", text)
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in composed)
    return len(composed) + wide - sum(unicodedata.combining(sign) > 0 for sign in composed)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Fill a text up with blanks.

    Parameters
    ----------
    text : str
        One line.
    width : int
        Cells of a terminal to fill; a longer text stays as it is.
    right : bool, default False
        Whether the text stands to the right: numbers.

    Returns
    -------
    str
        The text with blanks after or before it.
    """
    blanks = " " * max(0, width - cells_wide(text))
    return blanks + text if right else text + blanks


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table in plain text: the first column left, the others right.

    Parameters
    ----------
    header : sequence of str
        Column names.
    rows : sequence of sequence of str
        Cells, formatted already.

    Returns
    -------
    str
        Lines without a trailing newline.
    """
    everything = [list(header), *(list(row) for row in rows)]
    widths = [max(cells_wide(row[column]) for row in everything) for column in range(len(header))]
    lines = [
        "  ".join(
            padded(cell, width, right=index > 0) for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in everything
    ]
    return "\n".join([lines[0], "-" * (sum(widths) + 2 * (len(widths) - 1)), *lines[1:]])
