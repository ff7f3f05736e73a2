"""Text for a terminal: nothing in it can move the cursor, and wide signs keep their columns."""

import unicodedata
from collections.abc import Iterable, Sequence

__all__ = ["columns_of_text", "plain_line", "width"]

LONGEST_CELL = 60


def plain_line(text: str, *, longest: int | None = None) -> str:
    """Take out what a terminal would act on, such as escape sequences that a notebook wrote into a title.

    Parameters
    ----------
    text : str
        Any text.
    longest : int, optional
        Signs kept.

    Returns
    -------
    str
        One line of printable signs.
    """
    line = "".join(sign if sign.isprintable() else " " if sign.isspace() else "�" for sign in text)
    return line if longest is None or len(line) <= longest else line[: longest - 1] + "…"


def width(text: str) -> int:
    """Tell how many columns a text takes; Hangul takes two for a sign.

    Parameters
    ----------
    text : str
        One line.

    Returns
    -------
    int
        Columns.
    """
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in {"W", "F"} else 1
        for sign in text
    )


def columns_of_text(heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers_from: int = 1) -> list[str]:
    """Lay out rows in columns.

    Parameters
    ----------
    heads : sequence of str
        One per column.
    rows : iterable of sequence of str
        Cells.
    numbers_from : int, default 1
        From which column on cells stand to the right.

    Returns
    -------
    list of str
        Lines, indented by two blanks.
    """
    lines = [[plain_line(cell, longest=LONGEST_CELL) for cell in row] for row in (heads, *rows)]
    widths = [max(width(line[place]) for line in lines) for place in range(len(heads))]
    found = []
    for line in lines:
        cells = []
        for place, cell in enumerate(line):
            blanks = " " * (widths[place] - width(cell))
            cells.append(blanks + cell if place >= numbers_from else cell + blanks)
        found.append(("  " + "  ".join(cells)).rstrip())
    return found
