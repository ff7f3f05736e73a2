"""Which kind of source is meant: a database's address, a folder, or a file."""

import os
from pathlib import Path

from analysis_lib.catalog.importing.csv_files import CsvOptions
from analysis_lib.catalog.importing.source_duckdb import DuckDBSource
from analysis_lib.catalog.importing.source_folder import FolderSource
from analysis_lib.catalog.importing.source_postgresql import PostgreSQLSource, is_postgresql_url
from analysis_lib.catalog.importing.sources import OmopSource
from analysis_lib.errors import SourceError


def open_source(source: str | os.PathLike[str], *, schema: str | None, csv: CsvOptions) -> OmopSource:
    """Open a source by what it is.

    Parameters
    ----------
    source : str or path
        A PostgreSQL URL, a folder, or a DuckDB file.
    schema : str or None
        The schema asked for.
    csv : CsvOptions
        What is known of CSV files.

    Returns
    -------
    OmopSource
        Nothing of its tables is read yet.

    Raises
    ------
    SourceError
        If it is none of these, or an option does not fit it.
    """
    is_url = isinstance(source, str) and is_postgresql_url(source)
    if isinstance(source, str) and "://" in source and not is_url:
        raise SourceError(
            "the source is a URL of a kind that cannot be read. Give a DuckDB file, a folder of CSV or Parquet "
            "files, or postgresql://USER@HOST/DATABASE."
        )
    is_folder = not is_url and Path(source).is_dir()
    if not is_folder and csv != CsvOptions():
        raise SourceError(
            "delimiter, quote and encoding are signs of CSV files; this source is no folder of files. Leave them out."
        )
    if is_folder and schema is not None:
        raise SourceError("a schema is a part of a database; this source is a folder. Leave it out.")
    if is_url:
        return PostgreSQLSource(str(source), schema=schema)
    return FolderSource(source, csv=csv) if is_folder else DuckDBSource(source, schema=schema)
