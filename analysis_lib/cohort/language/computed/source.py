"""The values that computed values are made of."""

from collections.abc import Mapping

from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.fields import check_type
from analysis_lib.cohort.language.values import ComputedValue

__all__ = ["check_source", "named_sets", "numbered_sql", "source_sql", "tables_of"]

Source = ConceptSet | ComputedValue


def check_source(field: str, source: object) -> None:
    """Refuse what is neither a concept set of measurements nor a computed value.

    Parameters
    ----------
    field : str
        What it is, for the message.
    source : object
        What was given.
    """
    check_type(field, source, types=(ConceptSet, ComputedValue))


def named_sets(name: str, source: Source) -> dict[str, ConceptSet]:
    """Name the concept sets that a source reads.

    Parameters
    ----------
    name : str
        Name of the source; those of a computed value come behind a dot.
    source : ConceptSet or ComputedValue
        The source.

    Returns
    -------
    dict of str to ConceptSet
        The sets by name.
    """
    if isinstance(source, ConceptSet):
        return {name: source}
    return {f"{name}.{inner}": concept_set for inner, concept_set in source.concept_sets.items()}


def source_sql(name: str, source: Source, *, concept_ids: Mapping[str, tuple[int, ...]]) -> str:
    """Write the query for the values of a source; records without a date or a finite value are left out.

    Parameters
    ----------
    name : str
        Name of the source.
    source : ConceptSet or ComputedValue
        The source.
    concept_ids : mapping of str to tuple of int
        Its concept sets, resolved.

    Returns
    -------
    str
        A query with the columns of `ComputedValue.sql`.
    """
    if isinstance(source, ComputedValue):
        prefix = f"{name}."
        return source.sql({key.removeprefix(prefix): ids for key, ids in concept_ids.items() if key.startswith(prefix)})
    listed = ", ".join(str(int(concept_id)) for concept_id in concept_ids[name]) or "NULL"
    return (
        f"SELECT person_id, measurement_id, CAST(measurement_date AS DATE) AS measurement_date, "  # noqa: S608 - integers
        "CAST(value_as_number AS DOUBLE) AS value_as_number, CAST(unit_concept_id AS BIGINT) AS unit_concept_id, "
        "CAST(visit_occurrence_id AS BIGINT) AS visit_occurrence_id FROM measurement "
        f"WHERE measurement_concept_id IN ({listed}) AND measurement_date IS NOT NULL AND isfinite(value_as_number)"
    )


def numbered_sql(name: str, source: Source, *, concept_ids: Mapping[str, tuple[int, ...]]) -> str:
    """Write the query for the values of a source, each with a number of its own: record ids of a dirty source repeat.

    Parameters
    ----------
    name : str
        Name of the source.
    source : ConceptSet or ComputedValue
        The source.
    concept_ids : mapping of str to tuple of int
        Its concept sets, resolved.

    Returns
    -------
    str
        A query with ``row_id`` beside the columns of `ComputedValue.sql`; to be read once, as the numbers may change.
    """
    return f"SELECT row_number() OVER () AS row_id, * FROM ({source_sql(name, source, concept_ids=concept_ids)})"  # noqa: S608


def tables_of(*sources: Source) -> tuple[str, ...]:
    """List the tables that sources read.

    Parameters
    ----------
    *sources : ConceptSet or ComputedValue
        The sources.

    Returns
    -------
    tuple of str
        Each once.
    """
    read = [table for source in sources if isinstance(source, ComputedValue) for table in source.tables]
    return tuple(dict.fromkeys(["measurement", *read]))
