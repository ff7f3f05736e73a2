"""A source's tables set beside the model's: what each becomes, and what was found on the way."""

import re
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from analysis_lib.catalog.importing.conversions import (
    Conversion,
    convert,
    is_float,
    is_same_type,
    is_text,
    null_of,
    type_of_source,
)
from analysis_lib.catalog.importing.csv_values import already_read
from analysis_lib.catalog.importing.header_rows import header_row, is_header_sql
from analysis_lib.catalog.importing.keys import count_repeats
from analysis_lib.catalog.importing.sources import SourceTable
from analysis_lib.catalog.quality.findings import Finding
from analysis_lib.catalog.quoting import quoted
from analysis_lib.catalog.spec import VERSIONS, FieldSpec, TableSpec, cdm_tables
from analysis_lib.errors import SourceError

# A table becomes a folder, so its name may not lead elsewhere; names that begin with _ are the release's own.
_TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_TIES = ("duplicate", "keyless")


@dataclass(frozen=True)
class ConformedTable:
    """One table of a release to be: its columns, and the SQL that makes them from the source."""

    spec: TableSpec
    select: tuple[tuple[str, str], ...]
    """Column and the SQL expression that fills it, in order."""
    from_clause: str
    where: str
    rows_source: int
    rows: int
    key_is_unique: bool
    findings: tuple[Finding, ...]
    without_values: frozenset[str] = frozenset()
    """Columns in which no row has a value: nothing of them needs to be read, sorted or carried."""
    unfaithful_ids: tuple[str, ...] = ()
    """Id columns with values that cannot be carried over; an import refuses them."""


def choose_version(tables: dict[str, SourceTable], declared: str | None) -> str:
    """Decide which version of the model a source follows.

    Parameters
    ----------
    tables : dict of str to SourceTable
        All tables.
    declared : str or None
        What the source itself says, such as ``v5.3.1``.

    Returns
    -------
    str
        The declared version where we know it, else the one whose fields the source has more of.
    """
    match = re.search(r"5\.\d", declared or "")
    if match and match.group() in VERSIONS:
        return match.group()

    def fields_present(version: str) -> int:
        known = cdm_tables(version)
        return sum(
            len({column.lower() for column, _ in table.columns} & set(known[name].columns))
            for name, table in tables.items()
            if name in known
        )

    return max(VERSIONS, key=fields_present)


def conform(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, *, spec: TableSpec | None
) -> tuple[ConformedTable | None, tuple[Finding, ...]]:
    """Set one table beside the model's.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Where the source is attached.
    table : SourceTable
        The table as it lies there.
    spec : TableSpec or None
        The model's table of that name; None where the model has none.

    Returns
    -------
    conformed : ConformedTable or None
        None when the table cannot be read at all.
    findings : tuple of Finding
        The same that `conformed` holds, and the reason where that is None.

    Raises
    ------
    SourceError
        If two of its columns have one name but for case.
    """
    _check_column_names(table)
    n_rows = _count(connection, f"SELECT count(*) FROM {table.from_clause}")
    if not _TABLE_NAME.fullmatch(table.name):
        return None, (Finding("table-name", printable(table.name), n_rows, n_rows),)
    header = header_row(connection, table, spec=spec, n_rows=n_rows)
    found: list[Finding] = []
    if spec is None:
        found.append(Finding("table-not-in-model", table.name, 1, 1, unit="tables"))
        spec = _spec_of_unknown(table, header)
    if header is not None:
        found.append(Finding("header-as-data", table.name, 1, 1))
        return _empty(spec, table, findings=tuple(found)), tuple(found)
    present = {column.lower() for column, _ in table.columns}
    if not present & set(spec.columns) or (spec.person is not None and spec.person not in present):
        found.append(Finding("table-unreadable", table.name, n_rows, n_rows))
        return None, tuple(found)
    spec = _with_extra_columns(spec, table)
    found += _column_findings(spec, table)
    conformed = _profile(connection, table, spec=spec, n_rows=n_rows)
    if conformed.unfaithful_ids:
        conformed = _without_headers(connection, table, conformed=conformed)
    conformed = replace(conformed, findings=(*found, *conformed.findings))
    return conformed, conformed.findings


def _without_headers(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, *, conformed: ConformedTable
) -> ConformedTable:
    """Leave out the header lines among the rows, which files that were put together hold, and profile the rest."""
    spec, n_rows = conformed.spec, conformed.rows_source
    is_header = is_header_sql(table, spec)
    n_headers = _count(connection, f"SELECT count(*) FROM {table.from_clause} WHERE {is_header}") if is_header else 0
    if not n_headers:
        return conformed
    rows = replace(table, from_clause=f"(SELECT * FROM {table.from_clause} WHERE NOT {is_header})")
    rest = _profile(connection, rows, spec=spec, n_rows=n_rows - n_headers)
    findings = (Finding("header-as-data", spec.name, n_headers, n_rows), *rest.findings)
    return replace(rest, rows_source=n_rows, findings=findings)


def _check_column_names(table: SourceTable) -> None:
    # The engine sees no difference between A and a, but one between other letters.
    names = [column.lower() for column, _ in table.columns]
    twice = sorted({printable(name) for name in names if names.count(name) > 1})
    if twice:
        shown = printable(table.name)
        raise SourceError(f"table {shown} names a column twice; found {', '.join(twice)}. Leave one of them out.")


def _spec_of_unknown(table: SourceTable, header: tuple[str, ...] | None) -> TableSpec:
    """Describe a table that the model lacks; a column that the model uses elsewhere has the type it has there."""
    known = {f.name: f.type for version in VERSIONS for spec in cdm_tables(version).values() for f in spec.fields}
    if header is not None:
        return TableSpec(table.name, tuple(FieldSpec(name, known.get(name, "text")) for name in dict.fromkeys(header)))
    types = {column.lower(): kind for column, kind in table.columns}
    # What names an owner must be an id that can be bucketed. A source without types leaves the choice to the model.
    taken = {"person_id", "subject_id"} if table.typed else set(known)
    return TableSpec(
        table.name,
        tuple(
            FieldSpec(name, known[name] if name in taken else type_of_source(kind, name))
            for name, kind in types.items()
        ),
    )


def _with_extra_columns(spec: TableSpec, table: SourceTable) -> TableSpec:
    known = set(spec.columns)
    extra = tuple(
        FieldSpec(column.lower(), type_of_source(kind, column.lower()))
        for column, kind in table.columns
        if column.lower() not in known
    )
    return replace(spec, fields=(*spec.fields, *extra))


def _empty(spec: TableSpec, table: SourceTable, *, findings: tuple[Finding, ...]) -> ConformedTable:
    return ConformedTable(
        spec=spec,
        select=tuple((field.name, null_of(field)) for field in spec.fields),
        from_clause=table.from_clause,
        where="false",
        rows_source=1,
        rows=0,
        key_is_unique=True,
        findings=findings,
    )


def _column_findings(spec: TableSpec, table: SourceTable) -> list[Finding]:
    """What the column list alone shows."""
    types = {column.lower(): kind for column, kind in table.columns}
    model = cdm_columns(spec.name)
    absent = [field for field in spec.fields if field.name not in types]
    lists = {
        "column-name-case": [column.lower() for column, _ in table.columns if column != column.lower()],
        "column-type": [
            field.name
            for field in spec.fields
            if field.name in types
            and table.typed
            and not is_same_type(types[field.name], field.type)
            and not (field.is_id and is_float(types[field.name]))
        ],
        "column-missing": [field.name for field in absent if not field.required],
        "required-column-missing": [field.name for field in absent if field.required],
        "column-not-in-model": [name for name in types if model and name not in model],
    }
    return [
        Finding(rule, spec.name, len(names), len(spec.fields), unit="columns", columns=tuple(map(printable, names)))
        for rule, names in lists.items()
        if names
    ]


def printable(text: str) -> str:
    """Make a text of a source fit for a line of a terminal.

    Parameters
    ----------
    text : str
        A name or title that the source chose.

    Returns
    -------
    str
        Control signs, line ends included, are replaced.
    """
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def cdm_columns(table: str) -> set[str]:
    """List the columns that any known version of the model gives a table.

    Parameters
    ----------
    table : str
        Lower-case name.

    Returns
    -------
    set of str
        Empty for a table that the model does not have.
    """
    specs = [cdm_tables(version).get(table) for version in VERSIONS]
    return {column for spec in specs if spec is not None for column in spec.columns}


def _profile(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, *, spec: TableSpec, n_rows: int
) -> ConformedTable:
    """Count, in one pass, what the conversions of a table cost."""
    source = {column.lower(): (quoted(column), kind) for column, kind in table.columns}
    kept = {column: quoted(text) for column, text in table.kept_texts.items()}
    conversions = {field.name: _conversion(field, source=source, kept=kept) for field in spec.fields}
    measures = _measures(spec, source, conversions=conversions, kept=kept)
    counts = _counts(connection, measures, from_clause=table.from_clause)
    if spec.key is not None and spec.key in source and not counts.get(("unreadable", spec.key)):
        key = conversions[spec.key].value
        counts["duplicate", spec.key] = count_repeats(connection, value=key, from_clause=table.from_clause)
    for column, lost in table.values_lost.items():
        counts["unreadable", column] = counts.get(("unreadable", column), 0) + lost
    return _judge(table, spec, counts=counts, n_rows=n_rows, values={n: c.value for n, c in conversions.items()})


def _conversion(field: FieldSpec, *, source: dict[str, tuple[str, str]], kept: dict[str, str]) -> Conversion:
    if field.name not in source:
        return Conversion(null_of(field))
    column, kind = source[field.name]
    return (
        already_read(column, kept[field.name], field=field)
        if field.name in kept
        else convert(column, kind, field=field)
    )


def _measures(
    spec: TableSpec, source: dict[str, tuple[str, str]], *, conversions: dict[str, Conversion], kept: dict[str, str]
) -> dict[tuple[str, str], str]:
    """Write what is counted of each column: its values, and what their conversion costs."""
    measures: dict[tuple[str, str], str] = {}
    for field in spec.fields:
        conversion = conversions[field.name]
        if field.name in source and not field.required:
            either = [source[field.name][0], *([kept[field.name]] if field.name in kept else [])]
            measures["present", field.name] = f"count(*) FILTER ({' OR '.join(f'{one} IS NOT NULL' for one in either)})"
        if conversion.unreadable:
            measures["unreadable", field.name] = f"count(*) FILTER ({conversion.unreadable})"
        if conversion.cut_off:
            measures["cut_off", field.name] = f"count(*) FILTER ({conversion.cut_off})"
        if field.is_id and field.name in source:
            column, kind = source[field.name]
            if is_float(kind):
                measures["float_id", field.name] = f"count({column})"
            elif is_text(kind) or field.name in kept:  # a float's whole numbers, written out, end in '.0'
                text = f"CAST({kept.get(field.name, column)} AS VARCHAR)"
                measures["float_id", field.name] = f"count(*) FILTER (contains({text}, '.'))"
    if spec.key is not None and spec.key in source:
        measures["keyless", spec.key] = f"count(*) FILTER (({conversions[spec.key].value}) IS NULL)"
    if spec.person is not None:
        measures["owner", spec.person] = f"count(*) FILTER (({conversions[spec.person].value}) IS NULL)"
    return measures


def _judge(
    table: SourceTable,
    spec: TableSpec,
    *,
    counts: dict[tuple[str, str], int],
    n_rows: int,
    values: dict[str, str],
) -> ConformedTable:
    """Turn the counts of one table into findings, and the table into what will be written."""
    ids = {field.name for field in spec.fields if field.is_id}
    rules = {
        "unreadable": "value-unreadable",
        "cut_off": "time-cut-off",
        "float_id": "float-id",
        "owner": "owner-missing",
        "duplicate": "key-duplicate",
    }
    unfaithful = tuple(name for (what, name), n in counts.items() if what == "unreadable" and n and name in ids)
    findings = (
        *lines_lost(table, n_rows=n_rows),
        *(
            Finding(rules[what], spec.name, n, n_rows, columns=(printable(name),))
            for (what, name), n in counts.items()
            if n and what in rules and not (what == "unreadable" and name in ids)
        ),
    )
    absent = {field.name for field in spec.fields} - {column.lower() for column, _ in table.columns}
    owner = spec.person
    left_out = counts.get(("owner", owner), 0) if owner else 0
    return ConformedTable(
        spec=spec,
        select=tuple((field.name, values[field.name]) for field in spec.fields),
        from_clause=table.from_clause,
        where=f"({values[owner]}) IS NOT NULL" if owner else "true",
        rows_source=n_rows,
        rows=n_rows - left_out,
        # Rows without a key tie as those with the same one do.
        key_is_unique=spec.key is not None and not any(counts.get((what, spec.key), 1) for what in _TIES),
        findings=findings,
        without_values=frozenset(absent | {name for (what, name), n in counts.items() if what == "present" and not n}),
        unfaithful_ids=unfaithful,
    )


def lines_lost(table: SourceTable, *, n_rows: int) -> tuple[Finding, ...]:
    """Say how many lines of a source were no rows, and where the first of them stand.

    Parameters
    ----------
    table : SourceTable
        The table.
    n_rows : int
        Its rows.

    Returns
    -------
    tuple of Finding
        None or one.
    """
    if not table.n_lines_lost:
        return ()
    about = f"first at line {', '.join(f'{number:,}' for number in table.lines_lost)}"
    n_lines = n_rows + table.n_lines_lost
    return (Finding("line-unreadable", table.name, table.n_lines_lost, n_lines, unit="lines", about=about),)


def _counts(
    connection: duckdb.DuckDBPyConnection, measures: dict[tuple[str, str], str], *, from_clause: str
) -> dict[tuple[str, str], int]:
    if not measures:
        return {}
    row: tuple[Any, ...] = connection.execute(f"SELECT {', '.join(measures.values())} FROM {from_clause}").fetchall()[0]
    return {name: int(value) for name, value in zip(measures, row, strict=True)}


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])
