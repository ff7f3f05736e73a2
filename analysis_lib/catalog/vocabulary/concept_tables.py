"""Tables made from a release's own at import, so that concepts are found and counted without reading everything again.

A full vocabulary has nine million concepts and ninety million lines of ancestors: joined once here, looked up later.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from analysis_lib.catalog.manifest import TableEntry
from analysis_lib.catalog.quoting import quoted, text_literal
from analysis_lib.catalog.spec import SQL_TYPES, FieldSpec, TableSpec, cdm_tables
from analysis_lib.catalog.vocabulary.concept_words import plain
from analysis_lib.catalog.vocabulary.derived import write_derived

if TYPE_CHECKING:
    import pyarrow as pa

COUNTS = "_concept_counts"
"""How often each concept is recorded in each table. No source's table begins with `_`."""
TOTALS = "_concept_totals"
"""For each concept that is recorded or has others below it: records, persons and what lies below."""
WORDS = "_concept_words"
"""Names and synonyms of the concepts, in the form in which texts are compared."""

COUNTS_SPEC = TableSpec(
    COUNTS,
    (
        FieldSpec("concept_id", "int", required=True),
        FieldSpec("table_name", "text", required=True),
        FieldSpec("records", "int", required=True),
        FieldSpec("persons", "int", required=True),
    ),
)
TOTALS_SPEC = TableSpec(
    TOTALS,
    tuple(
        FieldSpec(name, "int", required=True)
        for name in ("concept_id", "records", "persons", "descendants", "records_with_descendants")
    ),
)
WORDS_SPEC = TableSpec(
    WORDS, (FieldSpec("concept_id", "int", required=True), FieldSpec("words", "text", required=True))
)
USED = ("concept", "concept_synonym", "concept_ancestor", "concept_relationship")
"""The vocabulary's tables that a search reads."""

# So many lines of ancestors are compared at once that they fit beside everything else in two gigabytes.
_PAIRS_AT_ONCE = 8_000_000
_COUNTED = f"SELECT concept_id, max(records) AS records, max(persons) AS persons FROM {quoted(COUNTS)} GROUP BY 1"
# A line that comes twice counts once, and a concept's line with itself, which some exports lack, is not needed.
_BELOW = """
INSERT INTO below
SELECT a.ancestor_concept_id, count(*), CAST(coalesce(sum(c.records), 0) AS BIGINT)
FROM (SELECT DISTINCT ancestor_concept_id, descendant_concept_id FROM concept_ancestor
      WHERE ancestor_concept_id <> descendant_concept_id AND abs(ancestor_concept_id % {parts}) = {part}) a
LEFT JOIN counted c ON c.concept_id = a.descendant_concept_id
GROUP BY 1
"""
_TOTALS = """
SELECT concept_id, coalesce(c.records, 0) AS records, coalesce(c.persons, 0) AS persons,
       coalesce(b.descendants, 0) AS descendants,
       coalesce(c.records, 0) + coalesce(b.records, 0) AS records_with_descendants
FROM counted c FULL JOIN below b USING (concept_id) ORDER BY concept_id
"""
_NAMES = """
SELECT concept_id, concept_name AS words FROM concept WHERE concept_name IS NOT NULL
UNION ALL
SELECT s.concept_id, s.concept_synonym_name FROM concept_synonym s LEFT JOIN concept c USING (concept_id)
WHERE s.concept_synonym_name IS NOT NULL AND s.concept_synonym_name IS DISTINCT FROM c.concept_name
ORDER BY ALL
"""


def derive_concept_tables(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, TableEntry], *, root: Path
) -> dict[str, TableEntry]:
    """Write the tables for finding and counting concepts.

    Parameters
    ----------
    connection : DuckDBPyConnection
        An engine that spills to disk when memory is short; tables and views are made in it.
    tables : mapping of str to TableEntry
        The tables of the release.
    root : Path
        The folder of the release being built.

    Returns
    -------
    dict of str to TableEntry
        For the manifest's `derived`.
    """
    counts = write_derived(count_concepts(connection, tables, root=root), COUNTS_SPEC, root=root)
    files = {name: [root / f.path for f in tables[name].files] for name in USED if name in tables}
    view_concept_tables(connection, {**files, COUNTS: [root / counts.files[0].path]})
    totals = write_derived(total_concepts(connection), TOTALS_SPEC, root=root)
    batches = plain_words(connection)
    words = write_derived(connection.from_arrow(batches), WORDS_SPEC, root=root)
    return {COUNTS: counts, TOTALS: totals, WORDS: words}


def view_concept_tables(connection: duckdb.DuckDBPyConnection, files: Mapping[str, list[Path]]) -> None:
    """Show the vocabulary's tables in an engine, empty ones for those that are not there.

    Parameters
    ----------
    connection : DuckDBPyConnection
        The engine.
    files : mapping of str to list of Path
        The files of the tables that are there.
    """
    for name in (*USED, *files):
        if name in files:
            listed = ", ".join(text_literal(str(path)) for path in files[name])
            source = f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false)"
            connection.execute(f"CREATE OR REPLACE VIEW {quoted(name)} AS {source}")
        else:
            connection.execute(f"CREATE OR REPLACE TABLE {quoted(name)} ({_columns(cdm_tables('5.4')[name])})")


def count_concepts(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, TableEntry], *, root: Path
) -> duckdb.DuckDBPyRelation:
    """Count, for each table with a concept column, the records and the persons of each concept.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Where a temporary table may be made.
    tables : mapping of str to TableEntry
        The tables of the release.
    root : Path
        The release folder.

    Returns
    -------
    DuckDBPyRelation
        The columns of `COUNTS_SPEC`, in order of concept and table. Since a person's rows lie in one bucket, persons
        are counted bucket by bucket and added.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE counting ({_columns(COUNTS_SPEC)})")
    for name, entry in tables.items():
        spec = entry.spec
        if spec.person is None or spec.concept is None or not entry.rows or name == "cohort":
            continue
        for file in entry.files:
            path = text_literal(str(root / file.path))
            concept, person = quoted(spec.concept), quoted(spec.person)
            connection.execute(
                f"INSERT INTO counting SELECT {concept}, {text_literal(name)}, count(*), count(DISTINCT {person}) "
                f"FROM read_parquet({path}, hive_partitioning = false) WHERE {concept} IS NOT NULL GROUP BY {concept}"
            )
    return connection.sql(
        "SELECT concept_id, table_name, CAST(sum(records) AS BIGINT) AS records, "
        "CAST(sum(persons) AS BIGINT) AS persons FROM counting GROUP BY ALL ORDER BY concept_id, table_name"
    )


def total_concepts(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """Add up, for each concept, what is recorded under it and below it.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With the tables of `view_concept_tables`.

    Returns
    -------
    DuckDBPyRelation
        The columns of `TOTALS_SPEC`, by concept.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE counted AS {_COUNTED}")
    connection.execute("CREATE OR REPLACE TEMP TABLE below (concept_id BIGINT, descendants BIGINT, records BIGINT)")
    n_pairs = connection.execute("SELECT count(*) FROM concept_ancestor").fetchall()[0][0]
    parts = 1 + n_pairs // _PAIRS_AT_ONCE
    for part in range(parts):
        connection.execute(_BELOW.format(parts=parts, part=part))
    return connection.sql(_TOTALS)


def plain_words(connection: duckdb.DuckDBPyConnection) -> "pa.RecordBatchReader":
    """Stream all names and synonyms in the form in which texts are compared.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With the tables of `view_concept_tables`.

    Returns
    -------
    pyarrow.RecordBatchReader
        The columns of `WORDS_SPEC`, by concept.
    """
    import pyarrow as pa

    # A cursor of its own, so that whoever reads the stream may use the connection.
    named = connection.cursor().sql(_NAMES).to_arrow_reader(100_000)
    schema = pa.schema([("concept_id", pa.int64()), ("words", pa.string())])

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in named:
            yield pa.record_batch([batch.column(0), plain(batch.column(1))], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _columns(spec: TableSpec) -> str:
    return ", ".join(f"{quoted(field.name)} {SQL_TYPES[field.type]}" for field in spec.fields)
