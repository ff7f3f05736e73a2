"""DuckDB as every part of the catalog opens it."""

import atexit
import functools
import shutil
import tempfile
import uuid

import duckdb


def open_engine(**settings: str) -> duckdb.DuckDBPyConnection:
    """Open an empty in-memory database that draws no progress bar and fetches no extensions.

    Its clock is UTC, so that a time with a zone falls on one date wherever the process runs. What does not fit into
    memory is written below a folder that only this account can read, and is gone when the connection is closed.

    Parameters
    ----------
    **settings : str
        Further settings of DuckDB.

    Returns
    -------
    DuckDBPyConnection
        To be closed by the caller.
    """
    # DuckDB makes the temporary folder when it first spills, and removes it on closing. Its own choice would be ".tmp"
    # in the working folder, where people's rows have no business.
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": f"{_spill_folder()}/{uuid.uuid4().hex}",
        **settings,
    }
    connection = duckdb.connect(config=config)
    connection.execute("SET TimeZone = 'UTC'")
    # Where DuckDB takes the process for interactive, its bar goes to stdout once a query takes two seconds. In a kernel
    # without ipywidgets it is off already, and saying so again is an error.
    if connection.execute("SELECT current_setting('enable_progress_bar')").fetchall()[0][0]:
        connection.execute("SET enable_progress_bar = false")
    return connection


@functools.cache
def _spill_folder() -> str:
    """Make this process's folder for what its engines spill (mode 0700); it goes when the process ends."""
    folder = tempfile.mkdtemp(prefix="cohorthub-engine-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
