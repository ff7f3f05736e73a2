"""How numbers, differences and cells are written for reading, in a terminal and on a page alike."""

import math

from hub_config.reports.changes.cells import Number, read_cell, shown
from hub_config.reports.changes.differences import Difference
from hub_config.reports.changes.table_changes import CellChange
from hub_config.reports.changes.texts import text
from hub_config.reports.changes.what_changed import CountChange

__all__ = ["cell_texts", "count_name", "difference_texts", "number_text", "short_text"]


def short_text(value: str) -> str:
    """Shorten a hash, which nobody reads to its end.

    Parameters
    ----------
    value : str
        Any text.

    Returns
    -------
    str
        The beginning of a hash; other text as it is.
    """
    is_hash = len(value) == 64 and set(value) <= set("0123456789abcdef")
    return value[:12] if is_hash else value


def count_name(count: CountChange, language: str) -> str:
    """Say which count it is.

    Parameters
    ----------
    count : CountChange
        A count that changed.
    language : str
        ``en`` or ``ko``.

    Returns
    -------
    str
        Plain text.
    """
    name = text(f"count_{count.kind}", language, output=count.output, label=count.label)
    return f"{name}: {count.label}" if count.label and count.kind != "cohort_persons" else name


def difference_texts(difference: Difference, language: str) -> list[str]:
    """Write a difference as the cells of a row.

    Parameters
    ----------
    difference : Difference
        Of two numbers.
    language : str
        ``en`` or ``ko``.

    Returns
    -------
    list of str
        Before, after, difference and relative difference.
    """
    apart = number_text(difference.difference, language, sign=True, digits=6)
    if difference.verdict == "within":
        apart = text("within", language)
    share = difference.relative
    relative = text("none", language) if share is None or math.isinf(share) else f"{share:+.1%}" if share else "0%"
    if difference.from_zero:
        relative = text("from_zero", language)
    return [number_text(difference.before, language), number_text(difference.after, language), apart, relative]


def number_text(number: Number | None, language: str, *, sign: bool = False, digits: int = 10) -> str:
    """Write a number for reading; the document has it unrounded.

    Parameters
    ----------
    number : int, float or None
        None where it is missing.
    language : str
        ``en`` or ``ko``.
    sign : bool, default False
        Whether a positive number has a plus.
    digits : int, default 10
        Significant ones of numbers that are not whole.

    Returns
    -------
    str
        Plain text.
    """
    if number is None:
        return text("none", language)
    plus = "+" if sign and number > 0 else ""
    if isinstance(number, int):
        return f"{plus}{number:,}"
    return plus + (shown(number) if math.isinf(number) else f"{number:,.{digits}g}")


def cell_texts(cell: CellChange, language: str) -> list[str]:
    """Show a cell as it is written, with the difference of its first number that changed.

    Parameters
    ----------
    cell : CellChange
        A cell that changed.
    language : str
        ``en`` or ``ko``.

    Returns
    -------
    list of str
        Before, after, difference and relative difference.
    """
    none = text("none", language)
    first = next((found for found in cell.differences if found.verdict == "changed"), None)
    apart = difference_texts(first, language)[2:] if first else [none, none]
    return [_written(side, language) or none for side in (cell.before, cell.after)] + apart


def _written(side: str, language: str) -> str:
    """Write a cell; one that is a number with many digits is rounded, as nobody reads them all."""
    cell = read_cell(side)
    is_long = cell.is_number and isinstance(cell.numbers[0], float) and len(side) > 10
    return number_text(cell.numbers[0], language, digits=6) if is_long else side
