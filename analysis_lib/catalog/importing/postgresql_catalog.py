"""Which tables of a PostgreSQL database an import reads, and whether it may."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from analysis_lib.catalog.importing.conforming import printable
from analysis_lib.catalog.quoting import quoted, text_literal
from analysis_lib.errors import SourceError

# Tables, partitioned tables, views, materialised views and foreign tables; not what an extension brought, and not what
# is read through a parent in the same schema.
_READABLE = """
    c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    AND NOT EXISTS (
        SELECT FROM pg_inherits i JOIN pg_class parent ON parent.oid = i.inhparent
        WHERE i.inhrelid = c.oid AND parent.relnamespace = c.relnamespace)
"""
_SCHEMAS = f"""
    SELECT n.nspname::text, count(*) FILTER (WHERE lower(c.relname::text) = 'person')
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_READABLE} GROUP BY 1 ORDER BY 1
"""
_COLUMNS = f"""
    SELECT c.relname::text, a.attname::text,
        CASE WHEN coalesce(b.typnamespace, t.typnamespace) = 'pg_catalog'::regnamespace
             THEN coalesce(b.typname, t.typname)::text ELSE '' END,
        has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT'),
        row_security_active(c.oid), c.reltuples::bigint
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
    WHERE {_READABLE} AND n.nspname = {{schema}} ORDER BY c.relname::text, a.attnum
"""


@dataclass(frozen=True)
class ServerTable:
    """One table as the server names it."""

    name: str
    from_clause: str
    columns: tuple[tuple[str, str], ...]
    """Names with PostgreSQL's names of their types; a domain counts as the type below it."""
    rows_about: int
    """The server's guess; not positive where it has none."""


class Asks(Protocol):
    """What can be asked about a server's catalog."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Fetch a short answer.

        Parameters
        ----------
        query : str
            SQL.
        """


def choose_schema(session: Asks, wanted: str | None) -> str:
    """Choose the schema to read.

    Parameters
    ----------
    session : Asks
        The server.
    wanted : str or None
        What the caller said.

    Returns
    -------
    str
        The one that holds a `person` table.
    """
    found = {str(name): int(n) for name, n in session.rows(_SCHEMAS)}
    with_person = [name for name, n in found.items() if n]
    shown = ", ".join(map(printable, with_person))
    if wanted is not None:
        if wanted in with_person:
            return wanted
        raise SourceError(
            f"the schema asked for holds no person table; schemas with one: {shown or 'none'}. Check --schema."
        )
    if len(with_person) == 1:
        return with_person[0]
    if with_person:
        raise SourceError(f"several schemas hold a person table; found: {shown}. Say which with --schema.")
    raise SourceError(
        f"the database has no person table; found {len(found)} schemas with other tables. "
        "An OMOP database has one: check the database's name in the URL."
    )


def list_tables(session: Asks, schema: str) -> list[ServerTable]:
    """List the tables of a schema, and refuse what cannot be read whole.

    Parameters
    ----------
    session : Asks
        The server.
    schema : str
        The schema.

    Returns
    -------
    list of ServerTable
        By name.
    """
    rows = session.rows(_COLUMNS.format(schema=text_literal(schema)))
    _refuse(
        "this user has no right to read all columns of tables of the schema",
        {table for table, _, _, may_read, _, _ in rows if not may_read},
        what_to_do="Ask for USAGE on the schema and SELECT on its tables.",
    )
    _refuse(
        "row-level security would leave rows out unseen",
        {table for table, _, _, _, hidden, _ in rows if hidden},
        what_to_do="Use a user that may see all rows, or make views of what may be read in a schema of their own.",
    )
    columns: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind, *_ in rows:
        columns.setdefault(table, []).append((column, kind))
    what_to_do = "Make views with one name each in a schema of their own."
    _refuse("names of tables differ only in case", _alike(columns), what_to_do=what_to_do)
    twice = {table for table, found in columns.items() if _alike(name for name, _ in found)}
    _refuse("columns of a table differ only in case", twice, what_to_do=what_to_do)
    about = {table: int(n) for table, *_, n in rows}
    return [
        ServerTable(table, f"{quoted(schema)}.{quoted(table)}", tuple(found), rows_about=about[table])
        for table, found in columns.items()
    ]


def _alike(names: Iterable[str]) -> set[str]:
    listed = list(names)
    lower = [name.lower() for name in listed]
    return {name for name in listed if lower.count(name.lower()) > 1}


def _refuse(what: str, tables: set[str], *, what_to_do: str) -> None:
    if tables:
        shown = ", ".join(printable(table) for table in sorted(tables)[:10])
        more = f" and {len(tables) - 10} more" if len(tables) > 10 else ""
        raise SourceError(f"{what}; found {shown}{more}. {what_to_do}")
