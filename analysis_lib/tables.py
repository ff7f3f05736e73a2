"""Tables as a paper prints them, for notebooks and reports, and what they write for columns and levels."""

import unicodedata
from collections.abc import Sequence
from html import escape

__all__ = ["cells_wide", "column_in_words", "html_table", "level_in_words", "padded", "text_table"]

_SHORT = 12  # signs of a word that is kept in one line
_CELL = "padding:3px 10px;text-align:{align};vertical-align:baseline;white-space:{wrap}"
_RULE = "border-top:1.5px solid currentColor;border-bottom:1.5px solid currentColor"
#: Words that papers write in capitals of their own.
_ABBREVIATIONS = {
    word.lower(): word
    for word in (
        "BMI", "BNP", "BP", "BUN", "CKD", "COPD", "CRP", "DBP", "ECG", "EHR", "GFR", "HDL", "HIV", "HbA1c", "ICU", "ID",
        "INR", "LDL", "LVEF", "NYHA", "PSA", "SBP", "TSH", "UACR", "eGFR",
    )
}  # fmt: skip


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


def _style(index: int, left: int, *, whole: bool = False) -> str:
    wrap = "normal" if index < left and not whole else "nowrap"
    return _CELL.format(align="left" if index < left else "right", wrap=wrap)


def _cell(index: int, cell: str, *, left: int) -> str:
    indent = len(cell) - len(cell.lstrip(" "))
    # A month or an age group would be broken at its hyphen, and read as two numbers.
    whole = len(cell) <= _SHORT and len(cell.split()) == 1
    style = _style(index, left, whole=whole) + (f";padding-left:{10 + 8 * indent}px" if index == 0 and indent else "")
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
