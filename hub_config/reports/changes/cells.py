"""One cell of a table: the numbers in it, and the text around them.

``1,234 (56.7)`` and ``1,240 (57.1)`` have the same shape and other numbers; ``2015-01-01`` and ``T2DM`` are text.
"""

import hashlib
import math
import re
from dataclasses import dataclass
from functools import lru_cache

__all__ = [
    "Cell",
    "Number",
    "Raw",
    "as_raw",
    "is_plain_number",
    "is_value",
    "label_key",
    "raw_text",
    "read_cell",
    "shown",
]

Number = int | float
Raw = int | float | str | None

MISSING = frozenset({"", "nan", "na", "n/a", "<na>", "nat", "-", "–", "—"})
# Stands for a number in a shape; no character, so no text has it.
MARK = "\uffff"
LONGEST = 2_000
# In longer cells no numbers are looked for: that takes the square of their length at worst.
LONGEST_MEASURE = 200
# A sign belongs to a number only where a number can begin, so that 40-49 is a range and not 40 and -49.
_NUMBER = re.compile(
    r"(?<![\w.])(?<![A-Za-z][-−])"
    r"(?:(?<![^\s(\[{<>=≤≥,;:|±])[-−+])?"
    r"(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?|∞|inf(?:inity)?)"
    r"(?!\.?\w)",
    re.ASCII | re.IGNORECASE,
)
_DATE_OR_TIME = re.compile(r"\d{4}-\d{1,2}(?!\d)|\d{1,4}/\d{1,4}/\d{1,4}|\d{1,2}:\d{2}", re.ASCII)
_VALUE = re.compile(rf"(?:[<>≤≥~=±%()\[\]{{}}/;,|\s*†‡–-]|{MARK}|to)+")
_RANGE = re.compile(rf"[<>≤≥]?\s*{MARK}\s*[-–]\s*{MARK}")
_LONGEST_NUMBER = 40
# What nearly all numbers of a file look like, so that large tables are read fast.
_PLAIN = re.compile(r"-?(?:0|[1-9]\d{0,15})(\.\d{1,20})?", re.ASCII)
_NUMBERS_BEGIN = frozenset("0123456789+-−∞iI")


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one cell.

    Parameters
    ----------
    text : str
        As it is written, without blanks around it.
    numbers : tuple of int or float
        The numbers in it, in order; empty for text.
    shape : str
        The text with a mark in the place of each number; '' where the cell is missing.
    """

    text: str
    numbers: tuple[Number, ...]
    shape: str

    @property
    def is_missing(self) -> bool:
        """Whether nothing stands in it."""
        return self.shape == ""

    @property
    def is_number(self) -> bool:
        """Whether it is one number and nothing else."""
        return self.shape == MARK


def read_cell(raw: Raw) -> Cell:
    """Find the numbers of a cell.

    Parameters
    ----------
    raw : int, float, str or None
        As CSV or JSON has it.

    Returns
    -------
    Cell
        Missing for None, NaN and what stands for nothing, such as a dash.
    """
    if raw is None or (isinstance(raw, float) and math.isnan(raw)):
        return Cell("", (), "")
    if isinstance(raw, str):
        return _read_text(raw)
    return Cell(shown(raw), (raw,), MARK)


@lru_cache(maxsize=4096)
def _read_text(raw: str) -> Cell:
    text = raw.strip()
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        return Cell(text, (float(text) if plain[1] else int(text),), MARK)
    if text.lower() in MISSING:
        return Cell("", (), "")
    if len(text) > LONGEST_MEASURE or MARK in text or _DATE_OR_TIME.search(text):
        return Cell(_cut(text, LONGEST), (), text)
    words = _NUMBER.findall(text)
    numbers = [_number(word) for word in words]
    if not numbers or any(number is None for number in numbers):
        return Cell(text, (), " ".join(text.split()))
    shape = " ".join(_NUMBER.sub(MARK, text).split())
    return Cell(text, tuple(number for number in numbers if number is not None), shape)


def _number(word: str) -> Number | None:
    """Read one number; None for codes such as 007, and for what no number of a report is."""
    plain = word.replace(",", "").replace("−", "-").lower()
    digits = plain.lstrip("+-")
    if digits in {"∞", "inf", "infinity"}:
        return -math.inf if plain.startswith("-") else math.inf
    if len(digits) > _LONGEST_NUMBER or re.match(r"0\d", digits):
        return None
    value: Number = int(plain) if digits.isdigit() else float(plain)
    return as_raw(value) if math.isfinite(value) else None  # type: ignore[return-value]


def as_raw(value: object, *, longest: int = LONGEST) -> Raw:
    """Take a value of a JSON document as a cell.

    Parameters
    ----------
    value : object
        Anything that JSON can hold.
    longest : int, default 2000
        Characters kept of text; what is longer ends with a part of its hash.

    Returns
    -------
    int, float, str or None
        Truth values as 1 and 0; whole numbers beyond 64 bits, lists and objects as None; text that UTF-8 can hold.
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if abs(value) < 2**63 else None
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return _cut(value.encode("utf-8", "replace").decode("utf-8"), longest) if isinstance(value, str) else None


def _cut(text: str, longest: int) -> str:
    """Shorten a text so that two that differ behind the cut still differ."""
    if len(text) <= longest:
        return text
    return f"{text[: longest - 13]}…{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def is_plain_number(raw: Raw) -> bool:
    """Tell most numbers cheaply.

    Parameters
    ----------
    raw : int, float, str or None
        As CSV or JSON has it.

    Returns
    -------
    bool
        True for a number; False means that one must look closer.
    """
    return isinstance(raw, int | float) or (isinstance(raw, str) and _PLAIN.fullmatch(raw) is not None)


def is_value(cell: Cell) -> bool:
    """Tell whether a cell is a measured value, such as ``12 (3.4)``, and no label, such as ``40-49``.

    Parameters
    ----------
    cell : Cell
        Not missing.

    Returns
    -------
    bool
        True if it is made of numbers and the signs that stand around them.
    """
    return bool(cell.numbers) and _VALUE.fullmatch(cell.shape) is not None and not _RANGE.fullmatch(cell.shape)


def label_key(raw: Raw) -> Number | str:
    """Give what two labels are compared by.

    Parameters
    ----------
    raw : int, float, str or None
        A label.

    Returns
    -------
    int, float or str
        The number where it is one (so that 3 and 3.0 are the same row), else the text.
    """
    if isinstance(raw, str) and raw.strip()[:1] not in _NUMBERS_BEGIN:
        return raw.strip()
    cell = read_cell(raw)
    if cell.is_number:
        return cell.numbers[0]
    return raw.strip() if isinstance(raw, str) else cell.text  # a level may be called NA


def shown(number: Number) -> str:
    """Write a number as it is, unrounded.

    Parameters
    ----------
    number : int or float
        Any.

    Returns
    -------
    str
        Such as ``12`` or ``0.1``; ``inf`` and ``-inf`` as `outputs.json` writes them.
    """
    return str(number) if isinstance(number, int) else repr(number)


def raw_text(raw: Raw) -> str:
    """Write a cell as it is.

    Parameters
    ----------
    raw : int, float, str or None
        As CSV or JSON has it.

    Returns
    -------
    str
        Without blanks around it; '' for a missing one.
    """
    return read_cell(raw).text
