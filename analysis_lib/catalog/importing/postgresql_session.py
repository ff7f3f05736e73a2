"""One read-only transaction on a PostgreSQL server, whose errors say neither values nor passwords."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from analysis_lib.errors import SourceError

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_BYTES = 4 * 2**20
# A server that does not answer must not hold the data set's lock for hours.
_LIBPQ_DEFAULTS = {
    "connect_timeout": "30",
    "keepalives_idle": "60",
    "keepalives_interval": "10",
    "keepalives_count": "6",
    "fallback_application_name": "cohorthub",
}
_SESSION = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "SET LOCAL search_path = pg_catalog",  # as pg_dump: no function of a schema can stand in for a built-in one
    "SET LOCAL client_encoding = 'UTF8'",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL datestyle = 'ISO'",
    "SET LOCAL intervalstyle = 'iso_8601'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SET LOCAL row_security = off",  # an error instead of rows left out unseen
)


class Session:
    """One open transaction, whose errors say neither values nor passwords.

    Parameters
    ----------
    connection : Connection
        Of the ADBC driver for PostgreSQL; whoever opened it closes it.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def run(self, statement: str) -> None:
        """Run a statement that gives no rows.

        Parameters
        ----------
        statement : str
            SQL.
        """
        with reworded("the server refused to begin a read-only transaction"), self._connection.cursor() as cursor:
            cursor.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Fetch a short answer about the server's catalog.

        Parameters
        ----------
        query : str
            SQL.

        Returns
        -------
        list of tuple
            All rows.
        """
        with reworded("the server's list of tables cannot be read"), self._connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    @contextmanager
    def stream(self, query: str) -> Iterator["pa.RecordBatchReader"]:
        """Stream the rows of a table.

        Parameters
        ----------
        query : str
            SQL.

        Yields
        ------
        RecordBatchReader
            Its errors are the server's own and must be reworded.
        """
        options = {"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES)}
        with self._connection.cursor(adbc_stmt_kwargs=options) as cursor:
            cursor.execute(query)
            yield cursor.fetch_record_batch()


@contextmanager
def open_session(url: str) -> Iterator[Session]:
    """Open the one transaction of an import.

    Parameters
    ----------
    url : str
        As libpq reads it.

    Yields
    ------
    Session
        It sees one moment of the server.
    """
    from adbc_driver_postgresql import dbapi

    with reworded("the PostgreSQL server cannot be reached"):
        connection = dbapi.connect(_with_defaults(url))
    try:
        session = Session(connection)
        for statement in _SESSION:
            session.run(statement)
        yield session
    finally:
        # A connection that the server closed cannot be rolled back, and the reason was given already.
        _close_quietly(connection)


def _close_quietly(connection: Any) -> None:
    with contextlib.suppress(Exception):
        connection.rollback()
    with contextlib.suppress(Exception):
        connection.close()


@contextmanager
def reworded(what: str) -> Iterator[None]:
    """Say what failed in our words; the server's and the driver's quote values, names and URLs.

    Parameters
    ----------
    what : str
        What cannot be done.

    Yields
    ------
    None
        While the server's errors are caught.
    """
    from adbc_driver_manager import Error

    try:
        yield
    except (Error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's, not the server's
        raise SourceError(f"{what}; {_reason(error)}.") from None


_REASONS = (
    (
        ("invalid uri", "unexpected spaces", "invalid percent", "invalid port", "uri:", "connection option", " in uri"),
        "the URL is not one that PostgreSQL reads. Write postgresql://USER@HOST:PORT/DATABASE",
    ),
    (("password authentication", "no password", "authentication failed"), "the user or password is wrong"),
    (("pg_hba.conf",), "the server lets nobody in from this machine with this user. Ask its administrator"),
    (("does not exist", "invalid_catalog"), "the database or a name in the URL is not there. Check the URL"),
    (("row-level security", "row security"), "row-level security would leave rows out"),
    (("permission denied", "insufficient_privilege"), "this user has no right to read it. Ask for GRANT SELECT"),
    (("canceling statement",), "the server cancelled the query. Import again when it is less busy"),
    (
        (
            "closed the connection",
            "terminating connection",
            "connection has been closed",
            "no connection to the server",
        ),
        "the connection was lost. Nothing was changed: import again",
    ),
    (
        ("refused", "timeout", "timed out", "could not translate", "no route", "unreachable", "no such file"),
        "no server answers there. Check host and port, and that the server runs",
    ),
    (
        ("invalid byte sequence", "has no equivalent"),
        "it holds text that is not UTF-8, and the database does not say what else it is. Convert that text there",
    ),
    (("ssl", "certificate"), "the encrypted connection was not accepted. Check sslmode and the certificates"),
    (
        ("starting up", "shutting down", "too many clients", "remaining connection"),
        "it takes no connection now. Try later",
    ),
)


def _reason(error: Exception) -> str:
    """Choose our own words for what the server said."""
    said = str(error).lower()
    for signs, reason in _REASONS:
        if any(sign in said for sign in signs):
            return reason
    code = getattr(error, "sqlstate", None)
    return f"the server's code is {code}" if code else "the server or its driver gave an error. See the server's log"


def _parsed(url: str) -> tuple[SplitResult, dict[str, list[str]]]:
    try:
        parts = urlsplit(url)
        return parts, parse_qs(parts.query, keep_blank_values=True)
    except ValueError:
        raise SourceError(
            "the URL of the PostgreSQL server cannot be read; its host part is malformed. "
            "Write postgresql://USER@HOST:PORT/DATABASE."
        ) from None


def _with_defaults(url: str) -> str:
    parts, given = _parsed(url)
    added = "&".join(f"{name}={value}" for name, value in _LIBPQ_DEFAULTS.items() if name not in given)
    joint = "&" if parts.query else "" if url.endswith("?") else "?"
    return f"{url}{joint}{added}" if added else url


def host_of(url: str) -> str:
    """Read the host from a URL, without user and password.

    Parameters
    ----------
    url : str
        As libpq reads it.

    Returns
    -------
    str
        ``local`` where the URL names none, or a socket's folder.
    """
    parts, given = _parsed(url)
    named = given.get("host") or given.get("hostaddr")
    host = named[0] if named else unquote(parts.hostname or "")
    return "local" if host.startswith("/") else host or "local"
