"""What every computed value is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis_lib.cohort.language.concepts import ConceptSet

__all__ = ["ComputedValue"]


class ComputedValue:
    """A measurement that stands in no table and is computed from those that do; the base of the computed values."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that are read."""
        return ("measurement",)

    @property
    def concept_id(self) -> int:
        """The concept that stands for the value: made from what is computed, in the range left to local use."""
        from analysis_lib.cohort.language.codesets import computed_content, concept_of

        return concept_of(computed_content(self))

    @property
    def concept_sets(self) -> "Mapping[str, ConceptSet]":
        """The concept sets that are read, by the names that `sql` takes them under."""
        raise NotImplementedError

    def sql(self, concept_ids: Mapping[str, tuple[int, ...]]) -> str:
        """Write the computation as DuckDB SQL.

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
        raise NotImplementedError

    def describe(self) -> str:
        """Say in words what is computed.

        Returns
        -------
        str
            A few words.
        """
        raise NotImplementedError
