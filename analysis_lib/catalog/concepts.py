"""Finding concepts by their words, with how often the data hold them."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from analysis_lib.catalog.manifest import TableEntry
from analysis_lib.catalog.sources import quoted, text_literal
from analysis_lib.catalog.spec import SQL_TYPES, FieldSpec, TableSpec, cdm_tables

if TYPE_CHECKING:
    import pandas as pd

    from analysis_lib.catalog.dataset import Dataset

COUNTS = "_concept_counts"
"""A table derived at import: how often each concept is recorded in each table. No source's table begins with `_`."""

COUNTS_SPEC = TableSpec(
    COUNTS,
    (
        FieldSpec("concept_id", "int", required=True),
        FieldSpec("table_name", "text", required=True),
        FieldSpec("records", "int", required=True),
        FieldSpec("persons", "int", required=True),
    ),
)

_VOCABULARY = ("concept", "concept_synonym", "concept_ancestor")

# British and American spellings meet: haemorrhage, oesophagus, tumour, hospitalisation.
_PLAIN = "replace(replace(replace(replace(lower({}), 'ae', 'e'), 'oe', 'e'), 'our', 'or'), 'isation', 'ization')"

_SEARCH = """
WITH counted AS (SELECT concept_id, max(records) AS records, max(persons) AS persons FROM {counts} GROUP BY concept_id),
named AS (
    SELECT concept_id, concept_name AS name FROM concept
    UNION ALL SELECT concept_id, concept_synonym_name FROM concept_synonym
),
found AS (
    SELECT concept_id, min(length(name)) AS words_more FROM named
    WHERE coalesce(list_bool_and([contains({plain_name}, word) FOR word IN $words]), true)
       OR CAST(concept_id AS VARCHAR) = $text
    GROUP BY concept_id
),
below AS (
    SELECT a.ancestor_concept_id AS concept_id,
           count(*) FILTER (a.descendant_concept_id <> a.ancestor_concept_id) AS descendants,
           sum(coalesce(c.records, 0)) AS records
    FROM (SELECT DISTINCT ancestor_concept_id, descendant_concept_id FROM concept_ancestor
          SEMI JOIN found ON found.concept_id = ancestor_concept_id) a
    LEFT JOIN counted c ON c.concept_id = a.descendant_concept_id
    GROUP BY ALL
)
SELECT concept_id, concept_name, domain_id, vocabulary_id, standard_concept,
       CAST(coalesce(counted.records, 0) AS BIGINT) AS records,
       CAST(coalesce(counted.persons, 0) AS BIGINT) AS persons,
       CAST(coalesce(below.descendants, 0) AS BIGINT) AS descendants,
       CAST(greatest(coalesce(below.records, 0), coalesce(counted.records, 0)) AS BIGINT) AS records_with_descendants
FROM found JOIN concept USING (concept_id) LEFT JOIN counted USING (concept_id) LEFT JOIN below USING (concept_id)
ORDER BY records_with_descendants DESC, words_more, concept_id
LIMIT $limit
"""


def search(dataset: "Dataset", text: str, *, limit: int) -> "pd.DataFrame":
    """Find the concepts of a data set whose name or synonym has all words of a text.

    Parameters
    ----------
    dataset : Dataset
        The release.
    text : str
        Words or parts of words, in any order and in either spelling of English; or a concept id. Empty for all.
    limit : int
        Rows at most.

    Returns
    -------
    DataFrame
        As `Dataset.search_concepts` says.
    """
    from analysis_lib.catalog.frames import to_frame
    from analysis_lib.catalog.sql import connect

    files = {name: dataset.paths(name) for name in _VOCABULARY if name in dataset.tables}
    files[COUNTS] = dataset.paths(COUNTS)
    words = text.lower().replace("ae", "e").replace("oe", "e").replace("our", "or").replace("isation", "ization")
    query = _SEARCH.format(counts=quoted(COUNTS), plain_name=_PLAIN.format("name"))
    with closing(connect(files, root=dataset.path)) as connection:
        for name in _VOCABULARY:
            if name not in files:
                _create_empty(connection, cdm_tables(dataset.cdm_version)[name])
        values = {"words": words.split(), "text": text.strip(), "limit": limit}
        return to_frame(connection.sql(query, params=values).to_arrow_table())


def _create_empty(connection: duckdb.DuckDBPyConnection, spec: TableSpec) -> None:
    connection.execute(f"CREATE TEMP TABLE {quoted(spec.name)} ({_columns(spec)})")


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


def _columns(spec: TableSpec) -> str:
    return ", ".join(f"{quoted(field.name)} {SQL_TYPES[field.type]}" for field in spec.fields)
