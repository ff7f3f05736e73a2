"""A definition made ready to run: Circe JSON, and the measurements that must be computed before it can be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.definition import CohortDefinition

__all__ = ["CompiledDefinition", "ComputedMeasurement", "compile_definition"]


class ComputedMeasurement(Protocol):
    """Rows that stand in no table: the engine adds them to ``measurement`` and then runs the definition."""

    @property
    def concept_id(self) -> int:
        """The ``measurement_concept_id`` of the rows: made from what is computed, 2,000,000,001 or more."""

    @property
    def concept_sets(self) -> Mapping[str, ConceptSet]:
        """The concept sets that the computation reads, by the names that `sql` takes them under."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that the computation reads."""

    def sql(self, concept_ids: Mapping[str, tuple[int, ...]]) -> str:
        """Write the computation as DuckDB SQL over the views ``measurement`` and ``person``.

        Parameters
        ----------
        concept_ids : mapping of str to tuple of int
            `concept_sets`, resolved.

        Returns
        -------
        str
            Columns ``person_id, measurement_id, measurement_date, value_as_number, unit_concept_id,
            visit_occurrence_id``.
        """


@dataclass(frozen=True)
class CompiledDefinition:
    """What the engine needs to know of a definition.

    Parameters
    ----------
    expression : dict
        Circe JSON, as circepy reads it.
    concept_sets : mapping of int to ConceptSet
        The concept sets of `expression` that the vocabulary must resolve, by their number in it.
    computed : tuple of ComputedMeasurement
        What must be computed first, each once.
    computed_codesets : mapping of int to int
        The concept sets of `expression` that stand for computed values: their number in it, and the concept that is
        their only member. The vocabulary does not have it.
    """

    expression: dict[str, Any]
    concept_sets: Mapping[int, ConceptSet]
    computed: tuple[ComputedMeasurement, ...] = ()
    computed_codesets: Mapping[int, int] = field(default_factory=dict)


def compile_definition(definition: CohortDefinition) -> CompiledDefinition:
    """Make a definition ready to run.

    Parameters
    ----------
    definition : CohortDefinition
        The definition.

    Returns
    -------
    CompiledDefinition
        What the engine needs.
    """
    from analysis_lib.cohort.language.circe_writing import write_definition

    return write_definition(definition)
