"""Mending a CSV file that the engine cannot read line by line: what is no row is left out, and only that.

A quotation mark that nobody closes makes a reader take all that follows for one value, so a single slip could cost a
million rows. Here such a line is dropped by itself, and reading goes on with the next one.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

_MAX_RECORD_LINES = 10_000  # a value that runs on for longer was never closed
_SHOWN_LINES = 20


@dataclass
class Mended:
    """What was left out."""

    n_lines_lost: int = 0
    lines_lost: list[int] = field(default_factory=list)
    """The numbers of the first of them, as an editor counts."""

    def lose(self, number: int) -> None:
        """Note a line.

        Parameters
        ----------
        number : int
            Its number, from 1.
        """
        self.n_lines_lost += 1
        if len(self.lines_lost) < _SHOWN_LINES:
            self.lines_lost.append(number)


@dataclass(frozen=True)
class _Signs:
    delimiter: str
    quote: str
    n_columns: int
    in_quotes: re.Pattern[str]


def mend(source: TextIO, target: TextIO, *, delimiter: str, quote: str, n_columns: int) -> Mended:
    """Copy a file's rows, each ended by a line feed; lines with an unclosed or stray quote or a NUL are left blank.

    Lines with too few or too many fields are copied as they are: the engine counts those.

    Parameters
    ----------
    source : TextIO
        Opened with ``newline=""``, so that line ends inside values stay as they are.
    target : TextIO
        Opened with ``newline=""``.
    delimiter : str
        One sign.
    quote : str
        One sign, or empty where nothing is quoted.
    n_columns : int
        Fields of a row.

    Returns
    -------
    Mended
        What was left out.
    """
    mark = re.escape(quote)
    signs = _Signs(delimiter, quote, n_columns, re.compile(f"(?:[^{mark}]|{mark}{mark})*+" if quote else ""))
    # A blank line keeps the numbers of the lines behind it; where a row has one field it would be a row.
    instead = "\n" if n_columns > 1 else ""
    mended = Mended()
    number = 1
    lines = _Lines(source)
    for line in lines:
        record = [line]
        if quote and quote in line:
            record = _record(lines, line, signs=signs)
        if not record or any("\0" in part for part in record):
            for lost in range(number, number + max(len(record), 1)):
                mended.lose(lost)
                target.write(instead)
        else:
            target.writelines((*record[:-1], record[-1].rstrip("\r\n"), "\n"))
        number += max(len(record), 1)
    return mended


class _Lines:
    """The lines of a file, of which some can be put back."""

    def __init__(self, source: TextIO) -> None:
        self._source = iter(source)
        self._waiting: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        while (line := self.following()) is not None:
            yield line

    def following(self) -> str | None:
        """Take the next line; None at the end."""
        return self._waiting.popleft() if self._waiting else next(self._source, None)

    def put_back(self, lines: list[str]) -> None:
        """Let `lines` come again."""
        self._waiting.extendleft(reversed(lines))


def _record(lines: _Lines, first: str, *, signs: _Signs) -> list[str]:
    """Gather the lines of one row; none where the first of them begins no row."""
    record = [first]
    inside, n_fields = _follow(first, signs=signs, inside=False)
    while inside and len(record) < _MAX_RECORD_LINES and (line := lines.following()) is not None:
        record.append(line)
        inside, more = _follow(line, signs=signs, inside=True)
        n_fields += more
    whole = inside is False and (len(record) == 1 or n_fields + 1 == signs.n_columns)
    if not whole:
        lines.put_back(record[1:])
        return []
    return record


def _follow(line: str, *, signs: _Signs, inside: bool) -> tuple[bool | None, int]:
    """Read one line: is its end inside quotes (None: a quote stands where none can), and how many delimiters it has."""
    body = line.rstrip("\r\n")
    at = n_delimiters = 0
    while True:
        if inside:
            found = signs.in_quotes.match(body, at)
            at = found.end() if found else at
            if at == len(body):
                return True, n_delimiters
            at += 1
            if at == len(body):
                return False, n_delimiters
            if body[at] != signs.delimiter:
                return None, n_delimiters
        elif body.startswith(signs.quote, at):
            at, inside = at + 1, True
            continue
        else:
            at = body.find(signs.delimiter, at)
            if at < 0:
                return False, n_delimiters
        at, inside, n_delimiters = at + 1, False, n_delimiters + 1
