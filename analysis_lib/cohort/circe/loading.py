"""The tables that cohorts read, cut to the rows and columns they need, in the memory of one bucket's engine."""

# ruff: noqa: S608 - made of our words, of circepy's, and of whole numbers; texts go in quoted

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from analysis_lib.catalog.spec import SQL_TYPES, VERSIONS, cdm_tables
from analysis_lib.cohort.circe.query import Step
from analysis_lib.cohort.circe.reads import Reads, TableRead

if TYPE_CHECKING:
    from analysis_lib.catalog import Dataset
    from analysis_lib.cohort.language.compiled import CompiledDefinition
    from analysis_lib.cohort.language.concepts import ConceptSet

__all__ = ["computing_step", "loading_sql", "missing_tables"]

# What a computation gives; the other columns of `measurement` are empty.
_GIVEN = (
    *("person_id", "measurement_id", "measurement_date", "value_as_number", "unit_concept_id"),
    "visit_occurrence_id",
)
# Where the model has no such table or column (places came and went), as the official SQL takes them.
_TYPES = {"domain_id": "VARCHAR", "start_date": "DATE", "end_date": "DATE"}


def loading_sql(reads: Reads, dataset: "Dataset") -> tuple[str, ...]:
    """Write the statements that fill schema ``cdm``.

    Parameters
    ----------
    reads : Reads
        What the cohorts of a run read.
    dataset : Dataset
        The release. What it lacks is there, and empty.

    Returns
    -------
    tuple of str
        Statements for an engine that has the bucket's files as tables, and the concept sets in ``codesets``.
    """
    return tuple(_load(table, read, dataset=dataset) for table, read in sorted(reads.tables.items()))


def computing_step(compiled: "CompiledDefinition", concept_ids: Callable[["ConceptSet"], tuple[int, ...]]) -> Step:
    """Write the step that computes what a definition asks to be computed.

    Parameters
    ----------
    compiled : CompiledDefinition
        The definition.
    concept_ids : callable
        Gives what a concept set stands for.

    Returns
    -------
    Step
        Fills ``computed_measurement``, with the columns of ``measurement``.
    """
    types = _column_types("measurement", VERSIONS[-1])
    rest = "".join(
        f", NULL::{kind} AS {column}"
        for column, kind in types.items()
        if column not in (*_GIVEN, "measurement_concept_id")
    )
    parts = [
        f"SELECT {', '.join(_GIVEN)}, {int(one.concept_id)}::BIGINT AS measurement_concept_id{rest} "
        f"FROM ({one.sql({name: concept_ids(concept_set) for name, concept_set in one.concept_sets.items()})})"
        for one in compiled.computed
    ]
    return Step("computed_measurement", " UNION ALL ".join(parts))


def missing_tables(reads: Reads, dataset: "Dataset") -> list[str]:
    """List the tables that are read but not in the release.

    Parameters
    ----------
    reads : Reads
        What is read.
    dataset : Dataset
        The release.

    Returns
    -------
    list of str
        Their names, sorted.
    """
    return sorted(table for table in reads.tables if table not in dataset.tables)


def _load(table: str, read: TableRead, *, dataset: "Dataset") -> str:
    types = _column_types(table, dataset.cdm_version)
    present = set(dataset.tables[table].spec.columns) if table in dataset.tables else set()
    columns = ", ".join(
        column if column in present else f"NULL::{types.get(column, _TYPES.get(column, 'BIGINT'))} AS {column}"
        for column in sorted(read.columns)
    )
    if table not in dataset.tables:
        return f"CREATE TABLE cdm.{table} AS SELECT {columns} WHERE false"
    if not dataset.tables[table].bucketed:
        return f"CREATE VIEW cdm.{table} AS SELECT {columns} FROM main.{table}"
    where = "" if read.whole else f" WHERE {_meant(read.concepts, present)}"
    return f"CREATE TABLE cdm.{table} AS SELECT {columns} FROM main.{table}{where}"


def _meant(concepts: Mapping[str, set[int]], present: set[str]) -> str:
    asked = [
        f"{column} IN (SELECT concept_id FROM codesets WHERE codeset_id IN ({', '.join(map(str, sorted(numbers)))}))"
        for column, numbers in sorted(concepts.items())
        if column in present
    ]
    return " OR ".join(asked) or "false"


def _column_types(table: str, version: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for known in (*VERSIONS, version if version in VERSIONS else VERSIONS[-1]):
        spec = cdm_tables(known).get(table)
        found |= {field.name: SQL_TYPES[field.type] for field in spec.fields} if spec else {}
    return found
