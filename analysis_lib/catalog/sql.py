"""SQL over the tables of one release, and over nothing else."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from analysis_lib.catalog.engine import open_engine
from analysis_lib.catalog.quoting import quoted, text_literal
from analysis_lib.compute.machine import memory_per_bucket, usable_cores
from analysis_lib.errors import UnknownTableError

# Their texts speak of names and grammar; those of all others may quote a person's value.
_ABOUT_THE_QUERY = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.SyntaxException)


def connect(files: Mapping[str, Sequence[Path]], *, root: Path) -> duckdb.DuckDBPyConnection:
    """Open an engine that sees the given tables and can reach nothing outside `root`.

    It uses the cores and the share of the memory that this process may use, and writes the rest to disk.

    Parameters
    ----------
    files : mapping of str to sequence of Path
        The Parquet files of each table.
    root : Path
        The release folder.

    Returns
    -------
    DuckDBPyConnection
        To be closed by the caller.
    """
    cores = usable_cores()
    connection = open_engine(threads=str(cores), memory_limit=f"{memory_per_bucket() * cores}B")
    connection.execute(f"SET allowed_directories = [{text_literal(f'{root}/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    for table, paths in files.items():
        listed = ", ".join(text_literal(str(path)) for path in paths)
        connection.execute(
            f"CREATE VIEW {quoted(table)} AS SELECT * FROM read_parquet([{listed}], hive_partitioning = false)"
        )
    return connection


def run(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    """Run one query.

    Parameters
    ----------
    connection : DuckDBPyConnection
        From `connect`.
    sql : str
        The query.

    Returns
    -------
    pyarrow.Table
        The answer.

    Raises
    ------
    UnknownTableError
        If the query does not fit the tables.
    """
    try:
        statements = connection.extract_statements(sql)
        kinds = [statement.type for statement in statements]
        if kinds != [duckdb.StatementType.SELECT]:
            raise UnknownTableError(
                f"the SQL is not one query; found {len(kinds)} statements. Give one SELECT, and nothing else."
            )
        return connection.sql(statements[0]).to_arrow_table()
    except _ABOUT_THE_QUERY as error:
        first_line = str(error).splitlines()[0]
        raise UnknownTableError(f"the SQL does not fit these tables; {first_line}. Mend the query.") from None
    except duckdb.OutOfMemoryException:
        raise UnknownTableError(
            "the SQL needs more memory than there is; the engine stopped. Ask for fewer rows or columns, or sum up."
        ) from None
    except duckdb.Error as error:
        raise UnknownTableError(
            f"the SQL stopped on a row; the engine says {type(error).__name__}. "
            "Check casts and divisions; the engine's own words are withheld, since they quote values."
        ) from None
