"""CSV files as hospitals and Athena export them: their signs found out, their rows copied into Parquet.

Nothing is guessed from rows: names come from the header line, and every value is the text that it is until the
model says what it should be. A line that is no row is left out and counted; a message says its number, not its words.
"""

import codecs
import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb

from analysis_lib.catalog.importing.conforming import cdm_columns, printable
from analysis_lib.catalog.quoting import literal_path, text_literal
from analysis_lib.errors import SourceError

SUFFIXES = (".csv", ".tsv", ".txt")
_DELIMITERS = (",", "\t", ";", "|")
_CHUNK = 2**20
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class CsvOptions:
    """What a person says of the files; None is found out."""

    delimiter: str | None = None
    quote: str | None = None
    """One sign, or empty for files without quoting."""
    encoding: str | None = None

    def __post_init__(self) -> None:
        """Refuse signs that cannot be signs."""
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            raise SourceError("the delimiter must be one sign, and no quote or line end. Give for example ';'.")
        if self.quote is not None and (len(self.quote) > 1 or self.quote in {"\r", "\n"}):
            raise SourceError("the quote must be one sign, or empty for files without quoting. Give for example '\"'.")
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                raise SourceError(
                    f"no encoding is called {ascii(self.encoding)[:40]}. Give for example utf-8 or cp949."
                ) from None


@dataclass(frozen=True)
class CsvFile:
    """One file, and how to read it."""

    path: Path
    shown: str
    """Its path inside the source."""
    table: str
    """The table it belongs to."""
    delimiter: str
    quote: str
    encoding: str
    columns: tuple[str, ...]
    has_nul: bool = False
    """Whether a NUL is in it, which no text may hold."""


def look_at(path: Path, *, shown: str, table: str, options: CsvOptions) -> CsvFile | None:
    """Find out how a file is written.

    Parameters
    ----------
    path : Path
        The file; ``.gz`` is unpacked on the way.
    shown : str
        What messages call it.
    table : str
        The table it belongs to: the model's columns tell which line sign splits the header.
    options : CsvOptions
        What is known already.

    Returns
    -------
    CsvFile or None
        None for a file without a byte in it.

    Raises
    ------
    SourceError
        If the encoding cannot be told, or the first line is no header.
    """
    encoding, has_nul = _encoding_of(path, shown=shown, given=options.encoding)
    with readable(shown), opened(path) as file:
        head = file.read(_CHUNK)
    if not head:
        return None
    # A sign cut in two at the end of the head is no fault of the file.
    text = codecs.getincrementaldecoder(_python_name(encoding))("replace").decode(head)
    line = text.lstrip("\ufeff").splitlines()[0] if text.strip("\ufeff") else ""
    known = cdm_columns(table)
    delimiter = options.delimiter or max(_DELIMITERS, key=lambda sign: _n_known(_names(line, sign), known))
    quote = options.quote
    if quote is None:
        # Athena's vocabulary files are split by tabs and never quoted: a quotation mark in a name is part of it.
        quote = "" if delimiter == "\t" and '"' not in line else '"'
    # R leaves the name of its row numbers empty, and some exports end every line with a delimiter.
    columns = tuple(name or f"unnamed_{number}" for number, name in enumerate(_names(line, delimiter), start=1))
    _check_header(columns, known=known, shown=shown)
    return CsvFile(path, shown, table, delimiter, quote, encoding, columns, has_nul)


def _names(line: str, delimiter: str) -> tuple[str, ...]:
    try:
        fields = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return ()
    return tuple(field.strip().lower() for field in fields)


def _n_known(names: tuple[str, ...], known: set[str]) -> tuple[int, int]:
    return len(known & set(names)), len(names)


def _check_header(columns: tuple[str, ...], *, known: set[str], shown: str) -> None:
    """Refuse a first line that is a row: its values would become names that everybody sees."""
    n_known = len(known & set(columns))
    plain = all(name.replace("_", "a").isalnum() and not name[0].isdigit() for name in columns if name)
    if n_known < min(2, len(known)) or (not known and not (plain and all(columns))):
        raise SourceError(
            f"the first line of {shown} is no header; {n_known} of its {len(columns)} fields are columns of the "
            "model. Write the column names into the first line, or name the delimiter."
        )
    if len(set(columns)) < len(columns):
        repeated = sorted({printable(name) for name in columns if columns.count(name) > 1 and name in known})
        raise SourceError(
            f"the header of {shown} names a column twice; found {', '.join(repeated) or 'names outside the model'}. "
            "Leave one of them out."
        )


@contextmanager
def readable(shown: str) -> Iterator[None]:
    """Say which file cannot be read, and why, without a word of what is in it.

    Parameters
    ----------
    shown : str
        What messages call the file.

    Yields
    ------
    None
        While the file's errors are caught.

    Raises
    ------
    SourceError
        If the file cannot be opened, read or unpacked.
    """
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(
            f"{shown} cannot be unpacked; its end is missing or its bytes are damaged ({type(error).__name__}). "
            "Take a fresh copy."
        ) from None
    except OSError as error:
        raise SourceError(
            f"{shown} cannot be read; {error.strerror or type(error).__name__}. Check the file and its permissions."
        ) from None


def opened(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def _python_name(encoding: str) -> str:
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _encoding_of(path: Path, *, shown: str, given: str | None) -> tuple[str, bool]:
    """Read the whole file once, since one Korean name in its last line decides; and tell whether a NUL is in it."""
    with readable(shown), opened(path) as file:
        head = file.read(4)
    marked = next((name for mark, name in _BOMS if head.startswith(mark)), None)
    # What can be read as UTF-8 is UTF-8: a vocabulary from Athena may lie among files in another encoding.
    candidates = (marked,) if marked else ("utf-8", given or "cp949")
    fitting: dict[str, bool] = {}
    for encoding in candidates:
        has_nul = _has_nul(path, encoding, shown=shown)
        if has_nul is not None:
            fitting[encoding] = has_nul
        if fitting and not (has_nul and given):
            break
    if fitting:
        # Two bytes a sign, as in UTF-16 without its mark, are UTF-8 too, full of NULs: then what was said counts.
        encoding = min(fitting, key=lambda name: fitting[name])
        return ("utf-8" if codecs.lookup(encoding).name == "utf-8" else encoding), fitting[encoding]
    raise SourceError(
        f"{shown} is no text in {' or '.join(dict.fromkeys(candidates))}; some of its bytes stand for no sign. "
        "Say its encoding, such as --encoding cp949."
    )


def _has_nul(path: Path, encoding: str, *, shown: str) -> bool | None:
    """Tell whether a NUL is in a file; None where it is not in this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    n_signs = n_common = 0
    found = False
    try:
        with readable(shown), opened(path) as file:
            while chunk := file.read(_CHUNK):
                text = decoder.decode(chunk)
                found = found or "\0" in text
                if encoding == "cp949" and not text.isascii():
                    signs = "".join(sign for sign in text if not sign.isascii())
                    n_signs += len(signs)
                    n_common += len(signs.encode("euc_kr", "ignore")) // 2
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    # Western texts can be read as Korean by accident, but hardly as the syllables that Korean texts are made of.
    return found if n_common >= 0.9 * n_signs else None


def from_clause(paths: list[Path]) -> str:
    """Write what reads copies of one table's files together.

    Parameters
    ----------
    paths : list of Path
        Parquet files.

    Returns
    -------
    str
        What stands after FROM.
    """
    listed = ", ".join(text_literal(literal_path(path)) for path in paths)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false, binary_as_string = true)"


def described(connection: duckdb.DuckDBPyConnection, clause: str) -> tuple[tuple[str, str], ...]:
    """List the columns of what stands after FROM.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Where it can be read.
    clause : str
        From `from_clause`.

    Returns
    -------
    tuple of (str, str)
        Name and DuckDB's name of the type.
    """
    rows = connection.execute(f"DESCRIBE SELECT * FROM {clause}").fetchall()
    return tuple((str(row[0]), str(row[1])) for row in rows)
