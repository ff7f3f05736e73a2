"""The tables that a run declared, and a copy of one that a spreadsheet cannot run.

The file in the folder stays as the notebook wrote it: its hash is in the crate, and programs want the raw values. The
copy for a download has a ``'`` before every cell that a spreadsheet would take for a formula (OWASP, "CSV Injection"):
a ward called ``=HYPERLINK(...)`` must not fetch anything on a reader's desk. Numbers keep their minus.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from hub_config.reports.changes.declared_outputs import open_beneath

__all__ = ["DeclaredTable", "declared_tables", "open_table", "spreadsheet_lines"]

LARGEST = 256 * 2**20
# Excel reads a file without this mark in the code page of its country, and Korean turns into signs.
MARK = b"\xef\xbb\xbf"
NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|\d*\.\d+)([eE][+-]?\d+)?( ?%)?", re.ASCII)
FORMULA = "=+-@|%"  # the first four begin a formula; the others call programs in some older spreadsheets
CELL_LIMIT = 32 * 2**20


@dataclass(frozen=True)
class DeclaredTable:
    """A table that a run declared.

    Parameters
    ----------
    id : str
        Of the output.
    title : str
        What it shows.
    file : str
        Its CSV file, relative to the run's folder.
    figure : bool
        Whether it holds the data behind a figure.
    """

    id: str
    title: str
    file: str
    figure: bool


def declared_tables(folder: Path) -> tuple[DeclaredTable, ...]:
    """List the tables that a run declared and that are there.

    Parameters
    ----------
    folder : Path
        Of a run that has ended.

    Returns
    -------
    tuple of DeclaredTable
        In the order of declaration; empty where nothing readable was declared.
    """
    found = []
    for row in _outputs(folder):
        files = row.get("files")
        for name in files if isinstance(files, list) else []:
            if not isinstance(name, str) or not name.lower().endswith(".csv"):
                continue
            opened = open_table(folder, file=name)
            if opened is not None:
                opened.close()
                title = str(row.get("title", ""))
                found.append(DeclaredTable(str(row.get("id", "")), title, name, row.get("kind") == "figure"))
    return tuple(found)


def _outputs(folder: Path) -> list[dict[str, Any]]:
    opened = open_table(folder, file="outputs.json")
    if opened is None:
        return []
    with opened:
        try:
            document = json.loads(opened.read(LARGEST))
        except (ValueError, RecursionError):
            return []
    rows = document.get("outputs") if isinstance(document, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def open_table(folder: Path, *, file: str) -> BinaryIO | None:
    """Open a file of a run's folder, without following any link on the way.

    Parameters
    ----------
    folder : Path
        Of a run.
    file : str
        Relative to it, as a notebook declared it.

    Returns
    -------
    BinaryIO or None
        None for what is no regular file inside the folder.
    """
    return open_beneath(folder, file)


def spreadsheet_lines(table: BinaryIO) -> Iterator[bytes]:
    """Give a CSV file again, row by row, so that a spreadsheet shows every cell and runs none.

    Parameters
    ----------
    table : BinaryIO
        Open; comma-separated, UTF-8. Bytes that are no UTF-8 become a replacement sign.

    Yields
    ------
    bytes
        UTF-8; the first begins with a byte-order mark, so that Excel reads Korean. Rows end with CR LF (RFC 4180).
    """
    csv.field_size_limit(CELL_LIMIT)
    text = io.TextIOWrapper(table, encoding="utf-8-sig", errors="replace", newline="")
    yield MARK
    for row in csv.reader(_without_nul(text)):
        line = io.StringIO()
        csv.writer(line, lineterminator="\r\n").writerow([_harmless(cell) for cell in row])
        yield line.getvalue().encode()


def _without_nul(text: io.TextIOWrapper) -> Iterator[str]:
    """Some readers end a cell at a NUL, so that what follows would be a cell of its own."""
    return (line.replace("\0", "") for line in text)


def _harmless(cell: str) -> str:
    # Full-width signs are taken for the plain ones in East Asian settings; invisible ones in front are skipped.
    plain = unicodedata.normalize("NFKC", cell)
    shown = plain.lstrip("".join({sign for sign in plain if not sign.isprintable() or sign.isspace()}) + "\"'")
    begins = shown[:1] in set(FORMULA) if shown else False
    if cell[:1] in {"\t", "\r", "\n"} or (begins and NUMBER.fullmatch(cell) is None):
        return f"'{cell}"
    return cell
