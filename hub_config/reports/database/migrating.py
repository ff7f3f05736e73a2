"""Bringing a database to the tables of this version, step by step, whatever version made it."""

import fcntl
import io
import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub_config.reports.database.connection import Database
from hub_config.reports.database.errors import DatabaseTooNewError

__all__ = ["NEWEST", "bring_up_to_date", "version_of"]

MIGRATIONS = Path(__file__).parent / "migrations"
NEWEST = "0008"  # a test holds it to the files in migrations/versions
VERSION_TABLE = "alembic_version"
MIGRATION_LOCK = 0x434F484F525449


def version_of(database: Database) -> str | None:
    """Say which version of the tables a database has.

    Parameters
    ----------
    database : Database
        Any.

    Returns
    -------
    str or None
        The number of the last migration done; None for an empty database.
    """
    with database.reading() as connection:
        return _version(connection)


def bring_up_to_date(database: Database, *, to: str = NEWEST) -> None:
    """Do the migrations that are missing; processes that start at once wait for the one that does them.

    Parameters
    ----------
    database : Database
        Empty, or of this or an earlier version.
    to : str, default newest
        Where to stop; earlier versions are for tests.

    Raises
    ------
    DatabaseTooNewError
        If a later version has changed the tables; nothing is touched.
    DatabaseUnreachableError
        If it does not answer.
    """
    if version_of(database) == to:
        return  # the usual start, without the import of alembic
    if database.is_sqlite:
        _migrate_sqlite(database, to)
    else:
        with database.reading() as connection:
            connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            try:
                connection.rollback()  # the lock is the session's; the migrations have a transaction of their own
                _migrate(connection, to)
                connection.commit()
            finally:
                connection.rollback()  # a failed migration is undone before the lock is given back
                connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})


def _migrate_sqlite(database: Database, to: str) -> None:
    file = database.engine.url.database
    # SQLite's driver does not keep changes of tables in a transaction by itself, so the turn is taken with a file.
    lock = os.open(f"{file}.migrating", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with database.reading() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.rollback()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            _migrate(connection, to)
            connection.commit()
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
    finally:
        Path(f"{file}.migrating").unlink(missing_ok=True)
        os.close(lock)


def _migrate(connection: sa.Connection, to: str) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    found = _version(connection)
    if found is not None and found not in {one.revision for one in scripts.walk_revisions()}:
        raise DatabaseTooNewError(
            f"The reports' database was changed by a newer CohortHub; its tables have version {str(found)[:20]!r}, "
            f"this one knows up to {NEWEST}. Update CohortHub, or give another database."
        )

    def upgrade(revision: Any, _context: Any) -> Any:
        return scripts._upgrade_revs(to, revision)  # noqa: SLF001 - alembic.command does just this

    with EnvironmentContext(config, scripts, fn=upgrade, destination_rev=to) as environment:
        environment.configure(connection=connection, transactional_ddl=True, render_as_batch=True)
        with environment.begin_transaction():
            environment.run_migrations()


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return str(found) if found is not None else None
