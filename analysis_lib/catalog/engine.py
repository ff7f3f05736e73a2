"""DuckDB as every part of the catalog opens it."""

import atexit
import contextlib
import fcntl
import functools
import os
import shutil
import tempfile
import uuid
from pathlib import Path

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


def raise_if_interrupted(error: BaseException) -> None:
    """Turn what the engine makes of Ctrl-C back into an interruption.

    Parameters
    ----------
    error : BaseException
        What the engine raised.

    Raises
    ------
    KeyboardInterrupt
        If the engine was interrupted.
    """
    if isinstance(error, duckdb.InterruptException) or (
        isinstance(error, RuntimeError) and "interrupt" in str(error).lower()
    ):
        raise KeyboardInterrupt from None


def _spill_folder() -> str:
    return _spill_folder_of(os.getpid())


@functools.cache
def _spill_folder_of(process: int) -> str:
    """Make the folder for what one process's engines spill (mode 0700); it goes when that process ends.

    What killed processes of this account left there goes too: it is theirs for as long as they hold the lock in it.
    """
    _remove_left_over()
    folder = tempfile.mkdtemp(prefix=_SPILL)
    # Held before it has the name that others look for: one that starts at the same moment would take it for left over.
    lock = os.open(f"{folder}/new-{_LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    Path(f"{folder}/new-{_LOCK}").rename(f"{folder}/{_LOCK}")

    def remove() -> None:
        if os.getpid() == process:  # a forked child inherits this, and not the folder
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


_SPILL, _LOCK = "cohorthub-engine-", "lock"


def _remove_left_over() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_SPILL}*"):
        with contextlib.suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with (folder / _LOCK).open("rb") as lock:  # one that has none yet is just being made
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
