"""How fast a measurement rises or falls."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from analysis_lib.cohort.language.computed.source import Source, check_source, named_sets, numbered_sql, tables_of
from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.fields import check_count, check_days, count_of_days
from analysis_lib.cohort.language.values import ComputedValue

__all__ = ["Slope"]


@dataclass(frozen=True)
class Slope(ComputedValue):
    """The change of a measurement per year of 365.25 days, by least squares over the days before.

    One value per measurement, on its day, from it and those before it in the same unit (none counts as one unit). Of
    several on one day all count. Left out where all values lie on one day.

    Parameters
    ----------
    of : ConceptSet or computed value
        The measurement.
    look_back_days : int
        How far back values count; the day itself counts, too.
    least_values : int, default 3
        The fewest values that make a slope, 2 or more.
    """

    of: Source
    look_back_days: int
    _: KW_ONLY
    least_values: int = 3

    def __post_init__(self) -> None:
        check_source("of of a Slope", self.of)
        check_days("look_back_days of a Slope", self.look_back_days, least=1)
        check_count("least_values of a Slope", self.least_values, least=2)

    @property
    def concept_sets(self) -> dict[str, ConceptSet]:
        """The concept sets that are read."""
        return named_sets("of", self.of)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that are read."""
        return tables_of(self.of)

    def sql(self, concept_ids: Mapping[str, tuple[int, ...]]) -> str:
        """Write the computation as DuckDB SQL.

        Parameters
        ----------
        concept_ids : mapping of str to tuple of int
            `concept_sets`, resolved.

        Returns
        -------
        str
            As `ComputedValue.sql` says.
        """
        # Days from the value itself, not from a far date, keep the sums of squares small and the slope exact.
        return f"""
            WITH m AS MATERIALIZED ({numbered_sql("of", self.of, concept_ids=concept_ids)}),
            fitted AS (
                SELECT v.row_id,
                    regr_slope(e.value_as_number, (e.measurement_date - v.measurement_date) / 365.25::DOUBLE) AS slope
                FROM m AS v JOIN m AS e
                  ON e.person_id = v.person_id AND coalesce(e.unit_concept_id, 0) = coalesce(v.unit_concept_id, 0)
                 AND e.measurement_date BETWEEN v.measurement_date - {self.look_back_days:d} AND v.measurement_date
                GROUP BY v.row_id
                HAVING count(*) >= {self.least_values:d} AND count(DISTINCT e.measurement_date) > 1
            )
            SELECT v.person_id, v.measurement_id, v.measurement_date, f.slope AS value_as_number,
                CAST(NULL AS BIGINT) AS unit_concept_id, v.visit_occurrence_id
            FROM m AS v JOIN fitted AS f ON f.row_id = v.row_id
        """  # noqa: S608 - numbers

    def describe(self) -> str:
        """Say in words what is computed.

        Returns
        -------
        str
            A few words.
        """
        return (
            f"slope per year of {self.of.describe()} over {count_of_days(self.look_back_days)} "
            f"({self.least_values} values or more)"
        )
