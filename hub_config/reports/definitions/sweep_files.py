"""A CSV file of parameter sets: the header names parameters, each row is a set, every field is read as typed text."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub_config.reports.definitions.document import MOST_SETS
from hub_config.reports.definitions.problems import Problem

__all__ = ["MOST_BYTES", "Row", "read_rows", "too_large"]

MOST_BYTES = 2**20


@dataclass(frozen=True)
class Row:
    """One set of parameters as it stands in the file.

    Parameters
    ----------
    line : int
        Where it begins; 1 is the header.
    texts : mapping of str to str
        Field by parameter.
    """

    line: int
    texts: Mapping[str, str]


def read_rows(content: bytes) -> tuple[list[Row], list[Problem]]:
    """Take a CSV file apart.

    Parameters
    ----------
    content : bytes
        UTF-8, with or without a byte order mark; fields are separated by commas and quoted with ``"``.

    Returns
    -------
    tuple of list
        The rows, and what is wrong, by line. Empty lines are left out.
    """
    if len(content) > MOST_BYTES:
        return [], [too_large()]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = content.count(b"\n", 0, broken.start) + 1
        return [], [_problem(f" line {line}", "encoding", "is not UTF-8; save the file as CSV UTF-8")]
    if "\0" in text:
        return [], [_problem(f" line {text.count(chr(10), 0, text.index(chr(0))) + 1}", "encoding", "holds a NUL")]
    rows: list[Row] = []
    problems: list[Problem] = []
    header: list[str] = []
    for line, fields in _lines(text):
        if isinstance(fields, str):
            return [], [*problems, _problem(f" line {line}", "csv", fields)]
        if not header:
            header = [field.strip() for field in fields]
            problems += _wrong_header(header)
        elif len(fields) != len(header):
            problems.append(
                _problem(f" line {line}", "csv", f"found {len(fields)} fields, the header has {len(header)}")
            )
        else:
            rows.append(Row(line, dict(zip(header, fields, strict=True))))
        if len(rows) > MOST_SETS:
            return [], [*problems, _problem("", "too-many-sets", f"found more than {MOST_SETS} sets")]
    if not rows and not problems:
        problems.append(_problem("", "csv", "found no set; write a header of parameter names and a row for each set"))
    return rows, problems


def too_large() -> Problem:
    """Say that a file is too large.

    Returns
    -------
    Problem
        To be told.
    """
    return _problem("", "size", f"the file has more than {MOST_BYTES // 2**20} MiB")


def _lines(text: str) -> Iterator[tuple[int, list[str] | str]]:
    """Give each record with the line where it begins; at last a sentence instead, if the file is broken."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for fields in reader:
            if fields:
                yield line, fields
            line = reader.line_num + 1
    except csv.Error:
        yield line, "a quoted field is not closed, goes on after its end, or is too long"


def _wrong_header(header: list[str]) -> list[Problem]:
    problems = []
    if any(not name for name in header):
        problems.append(_problem(" line 1", "csv", "found a column without a name"))
    if len(set(header)) != len(header):
        problems.append(_problem(" line 1", "csv", "found a column twice"))
    return problems


def _problem(where: str, rule: str, text: str) -> Problem:  # noqa: PLR0917 - place, rule and text, as everywhere
    return Problem(f"sweep.csv{where}", rule, text)
