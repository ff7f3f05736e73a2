"""A definition made ready to run: Circe JSON, and the measurements that must be computed before it can be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.definition import CohortDefinition
from analysis_lib.cohort.language.values import ComputedValue

__all__ = ["CompiledDefinition", "ComputedMeasurement", "compile_definition"]

ComputedMeasurement = ComputedValue
"""Rows that stand in no table: the engine computes them as measurements, and then runs the definition."""


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
