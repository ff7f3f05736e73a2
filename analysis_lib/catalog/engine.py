"""DuckDB as every part of the catalog opens it."""

import duckdb


def open_engine(**settings: str) -> duckdb.DuckDBPyConnection:
    """Open an empty in-memory database that draws no progress bar and fetches no extensions.

    Parameters
    ----------
    **settings : str
        Further settings of DuckDB.

    Returns
    -------
    DuckDBPyConnection
        To be closed by the caller.
    """
    connection = duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", **settings}
    )
    # In a notebook and under `python -c` the bar goes to stdout as soon as a query takes two seconds.
    connection.execute("SET enable_progress_bar = false")
    return connection
