"""Copying the rows of a CSV file into Parquet, and counting the lines that are no rows."""

import codecs
import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import duckdb

from analysis_lib.catalog.importing.csv_files import CsvFile, opened
from analysis_lib.catalog.importing.csv_mending import Mended, mend
from analysis_lib.catalog.importing.csv_values import fields_to_read, select_list
from analysis_lib.catalog.quoting import literal_path, text_literal
from analysis_lib.errors import SourceError

_CHUNK = 2**20
_MAX_BAD_LINES = 100_000
_SHOWN_LINES = 20
_WRONG_NUMBER_OF_FIELDS = ("MISSING COLUMNS", "TOO MANY COLUMNS")
# The engine's own limit is 2 MB. Under a wide one it would take more lines for the value behind a stray quotation mark,
# so only files that were mended, where no such mark is left, are read with it.
_LONGEST_MENDED_LINE = 100_000_000
# Without quotes around it none of these is a value: PostgreSQL, Hive and SQL Server write missing values so.
_MISSING = ("", "\\N", "NULL")


@dataclass(frozen=True)
class Copied:
    """What a copy left out."""

    n_lines_lost: int
    lines_lost: tuple[int, ...]


def copy_to_parquet(connection: duckdb.DuckDBPyConnection, file: CsvFile, *, target: Path) -> Copied:
    """Copy a file's rows: the values that the model knows, read once, with the texts of those that say more.

    A file is mended first where it holds a NUL, mixes line ends, has a line longer than 2 MB, or where a quotation mark
    is wrong: the engine would take all lines up to the next mark, or to the end, for one.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Any that may read files.
    file : CsvFile
        From `look_at`.
    target : Path
        The Parquet file to be.

    Returns
    -------
    Copied
        How many lines are no rows, and where the first of them are.

    Raises
    ------
    SourceError
        If too many lines are no rows.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    recoded, mended = target.with_suffix(".utf8"), target.with_suffix(".mended")
    path = file.path
    try:
        if file.encoding != "utf-8":
            _recode(file, recoded)
            path = recoded
        lost = None if file.has_nul else _copy(connection, file, path=path, target=target)
        if lost is None:
            dropped = _mend(file, path=path, target=mended)
            lost = _copy(connection, file, path=mended, target=target, dropped=dropped)
    finally:
        recoded.unlink(missing_ok=True)
        mended.unlink(missing_ok=True)
    if lost is None:
        raise _not_rows(file)
    return lost


def _copy(
    connection: duckdb.DuckDBPyConnection, file: CsvFile, *, path: Path, target: Path, dropped: Mended | None = None
) -> Copied | None:
    """Let the engine read the file; None where it has to be mended for that."""
    for table in ("reject_errors", "reject_scans"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    selected = select_list(file.columns, fields=fields_to_read(file.table, file.columns))
    columns = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in file.columns)
    missing = ", ".join(map(text_literal, _MISSING))
    compression = "gzip" if path.suffix.lower() == ".gz" else "none"
    longest = f", max_line_size = {_LONGEST_MENDED_LINE}" if dropped is not None else ""
    try:
        connection.execute(
            f"COPY (SELECT {selected} FROM read_csv({text_literal(literal_path(path))}, auto_detect = false, "
            "header = true, "
            f"delim = {text_literal(file.delimiter)}, quote = {text_literal(file.quote)}, "
            f"escape = {text_literal(file.quote)}, columns = {{{columns}}}, nullstr = [{missing}], "
            f"allow_quoted_nulls = false, strict_mode = true, compression = '{compression}', "
            f"store_rejects = true, rejects_limit = {_MAX_BAD_LINES * len(file.columns)}, hive_partitioning = false"
            f"{longest})) TO {text_literal(str(target))} (FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 122880)"
        )
    except duckdb.InvalidInputException:
        if dropped is None:
            return None
        raise
    return _lines_lost(connection, file, path=path, dropped=dropped)


def _lines_lost(
    connection: duckdb.DuckDBPyConnection, file: CsvFile, *, path: Path, dropped: Mended | None
) -> Copied | None:
    """Count the lines that were no rows; None where a quotation mark may have swallowed others."""
    # The engine notes a line once for every field that it lacks, and with the line ends before it.
    rejected = connection.execute(
        "WITH error AS (SELECT *, trim(csv_line, chr(10) || chr(13)) AS bare, "
        "line_byte_position + len(csv_line) - len(ltrim(csv_line, chr(10) || chr(13))) AS start FROM reject_errors) "
        "SELECT min(start), max(len(bare) - len(replace(bare, chr(10), '')) + 1), "
        "bool_and(error_type IN (?, ?)), count(*) FROM error GROUP BY line_byte_position, line ORDER BY 1",
        _WRONG_NUMBER_OF_FIELDS,
    ).fetchall()
    if dropped is None and not all(wrong_number and n == 1 for _, n, wrong_number, _ in rejected):
        return None
    if sum(n_errors for *_, n_errors in rejected) >= _MAX_BAD_LINES * len(file.columns):
        raise _not_rows(file)
    starts = sorted(int(position) for position, *_ in rejected if position is not None)[:_SHOWN_LINES]
    with opened(path) as reading:
        numbers = _line_numbers(reading, starts) if starts else []
    dropped = dropped or Mended()
    lines = sorted({*numbers, *dropped.lines_lost})[:_SHOWN_LINES]
    return Copied(sum(int(n or 1) for _, n, *_ in rejected) + dropped.n_lines_lost, tuple(lines))


def _not_rows(file: CsvFile) -> SourceError:
    return SourceError(
        f"{file.shown} cannot be read; too many of its lines are no rows of {len(file.columns)} columns. "
        "Check its delimiter and quotes, and name them."
    )


def _line_numbers(file: BinaryIO, positions: list[int]) -> list[int]:
    """Turn places in a file into line numbers, as an editor counts them."""
    numbers, done, line = [], 0, 1
    for position in positions:
        while done < position and (chunk := file.read(min(_CHUNK, position - done))):
            line += chunk.count(b"\n")
            done += len(chunk)
        numbers.append(line)
    return numbers


def _mend(file: CsvFile, *, path: Path, target: Path) -> Mended:
    with (
        opened(path) as raw,
        io.TextIOWrapper(cast("io.BufferedReader", raw), encoding="utf-8-sig", newline="") as source,
        target.open("x", encoding="utf-8", newline="") as out,
    ):
        return mend(source, out, delimiter=file.delimiter, quote=file.quote, n_columns=len(file.columns))


def _recode(file: CsvFile, target: Path) -> None:
    decoder = codecs.getincrementaldecoder(file.encoding)("strict")
    with opened(file.path) as source, target.open("xb") as out:
        while chunk := source.read(_CHUNK):
            out.write(decoder.decode(chunk).encode("utf-8"))
        out.write(decoder.decode(b"", final=True).encode("utf-8"))
