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
    # Where DuckDB takes the process for interactive, its bar goes to stdout once a query takes two seconds. In a kernel
    # without ipywidgets it is off already, and saying so again is an error.
    if connection.execute("SELECT current_setting('enable_progress_bar')").fetchall()[0][0]:
        connection.execute("SET enable_progress_bar = false")
    return connection
