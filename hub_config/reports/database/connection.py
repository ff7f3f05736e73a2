"""The connection to the database of the reports service: SQLite in the home, or PostgreSQL by its address."""

import contextlib
import datetime as dt
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, make_url

from hub_config.reports.database.errors import DatabaseAddressError, DatabaseUnreachableError

__all__ = ["Database", "open_database", "time_text"]

BUSY_S = 20  # how long a write waits for another process's write
LONGEST_TURN_S = 60  # a writer that says nothing for so long has lost its turn, where the server can take it
IDLE_IN_TRANSACTION = "25P03"  # what PostgreSQL says to one whose turn it has taken
WRITE_LOCK = 0x434F484F525448  # PostgreSQL's advisory lock of this service's writers

_TURN_LIMITS = sa.text(
    "SELECT set_config('lock_timeout', :wait, true), set_config('idle_in_transaction_session_timeout', :turn, true)"
)
_TURN = sa.text("SELECT pg_advisory_xact_lock(:key)")


def time_text(moment: dt.datetime) -> str:
    """Write a moment as the tables keep it.

    Parameters
    ----------
    moment : datetime
        With a zone.

    Returns
    -------
    str
        UTC, to the millisecond, always of the same width.
    """
    utc = moment.astimezone(dt.UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


@dataclass(frozen=True)
class Database:
    """One database; any number of processes may use it at once.

    Parameters
    ----------
    engine : Engine
        SQLAlchemy's.
    """

    engine: Engine

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of SQLite."""
        return self.engine.dialect.name == "sqlite"

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection to read with; each question sees the newest state: what belongs together is one question.

        Yields
        ------
        Connection
            For reading only.
        """
        with _told(), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection that is the only writer until it ends; an error undoes all it did.

        Writers take turns, because what they decide rests on counts (who runs how many): the turns are short.

        Yields
        ------
        Connection
            In a transaction.
        """
        with _told(), self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                _take_turn(connection)
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def open_database(url: str | None, *, home: Path) -> Database:
    """Open the database; its tables are another matter (`migrating.bring_up_to_date`).

    Parameters
    ----------
    url : str or None
        ``postgresql://USER:PASSWORD@HOST/NAME`` or ``sqlite:///PATH``; None is ``reports.sqlite`` in the home.
    home : Path
        The home.

    Returns
    -------
    Database
        Not yet connected.

    Raises
    ------
    DatabaseAddressError
        If the address is of another kind, or cannot be read; it may hold a password and is not repeated.
    """
    try:
        address = make_url(url) if url else sa.URL.create("sqlite", database=str(home / "reports.sqlite"))
    except (sa.exc.ArgumentError, ValueError) as broken:
        raise DatabaseAddressError(
            "The address of the reports' database cannot be read; found text that is no address. "
            "Write it like postgresql://USER:PASSWORD@HOST/NAME."
        ) from broken
    kind = address.get_backend_name()
    if kind == "sqlite":
        return Database(_sqlite(address))
    if kind == "postgresql":
        return Database(
            sa.create_engine(
                address.set(drivername="postgresql+psycopg"),
                pool_size=5,
                max_overflow=10,
                pool_pre_ping=True,
                connect_args={"connect_timeout": 5},
                hide_parameters=True,
            )
        )
    raise DatabaseAddressError(
        f"The reports' database can be SQLite or PostgreSQL; found the kind {kind[:20]!r}. "
        "Write the address like postgresql://USER:PASSWORD@HOST/NAME, or leave it out for SQLite in the home."
    )


def _sqlite(address: sa.URL) -> Engine:
    if address.database and address.database != ":memory:":
        file = Path(address.database)
        with contextlib.suppress(OSError):  # refused later, with the reason, where it is connected to
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))  # before SQLite makes it 0644
    engine = sa.create_engine(
        address, poolclass=sa.QueuePool, pool_size=4, connect_args={"timeout": BUSY_S}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun by us: BEGIN IMMEDIATE for writers
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_S * 1000}"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _take_turn(connection: Connection) -> None:
    """Wait for PostgreSQL's lock of the writers; one that was stopped while it has it must not stop all others."""
    connection.execute(_TURN_LIMITS, {"wait": f"{BUSY_S}s", "turn": f"{LONGEST_TURN_S}s"})
    connection.execute(_TURN, {"key": WRITE_LOCK})


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Reword what the database says when it cannot be reached; the address stays out of it."""
    try:
        yield
    except sa.exc.DBAPIError as failure:
        if not (isinstance(failure, sa.exc.OperationalError) or _has_lost_its_turn(failure)):
            raise
        reason = type(failure.orig).__name__ if failure.orig is not None else "no answer"
        words = str(failure.orig).lower()
        full = "full" in words or "no space" in words
        raise DatabaseUnreachableError(
            f"The reports' database {'has no room' if full else 'cannot be used'}; found {reason}. "
            f"{'Make room on its disk' if full else 'See that it runs and may be written'}, then try again.",
            is_full=full,
        ) from failure


def _has_lost_its_turn(failure: sa.exc.DBAPIError) -> bool:
    return getattr(failure.orig, "sqlstate", None) == IDLE_IN_TRANSACTION
