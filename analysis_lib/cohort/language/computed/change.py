"""What a measurement has changed by since the one before."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Literal

from analysis_lib.cohort.language.computed.source import Source, check_source, named_sets, source_sql, tables_of
from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.fields import check_choice, check_days, count_of_days
from analysis_lib.cohort.language.values import ComputedValue

__all__ = ["Change"]

PERCENT = 8554


@dataclass(frozen=True)
class Change(ComputedValue):
    """The difference of a measurement from the person's last one before it in the same unit.

    One value per measurement that has one before it, on its day. Of several on one day the one with the lowest record
    id is the earlier. Records without a unit are compared with one another only.

    Parameters
    ----------
    of : ConceptSet or computed value
        The measurement.
    as_ : {"difference", "percent"}, default "difference"
        New minus old, in the measurement's unit; or that in percent of the old one, which must not be 0.
    within_days : int, optional
        How long before the last one may be; any time when left out.
    """

    of: Source
    as_: Literal["difference", "percent"] = "difference"
    _: KW_ONLY
    within_days: int | None = None

    def __post_init__(self) -> None:
        check_source("of of a Change", self.of)
        check_choice("as_ of a Change", self.as_, known=("difference", "percent"))
        if self.within_days is not None:
            check_days("within_days of a Change", self.within_days)

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
        change, unit, where = "value_as_number - last_value", "unit_concept_id", "last_value IS NOT NULL"
        if self.as_ == "percent":
            change = f"100 * ({change}) / abs(last_value)"
            unit, where = f"CAST({PERCENT} AS BIGINT)", "last_value <> 0"
        if self.within_days is not None:
            where += f" AND measurement_date - last_date <= {self.within_days:d}"
        return f"""
            SELECT person_id, measurement_id, measurement_date, {change} AS value_as_number,
                {unit} AS unit_concept_id, visit_occurrence_id
            FROM (
                SELECT *, lag(value_as_number) OVER earlier AS last_value,
                    lag(measurement_date) OVER earlier AS last_date
                FROM ({source_sql("of", self.of, concept_ids=concept_ids)}) AS m
                WINDOW earlier AS (
                    PARTITION BY person_id, coalesce(unit_concept_id, 0) ORDER BY measurement_date, measurement_id
                )
            ) AS m
            WHERE {where}
        """  # noqa: S608 - numbers

    def describe(self) -> str:
        """Say in words what is computed.

        Returns
        -------
        str
            A few words.
        """
        how = "change in percent" if self.as_ == "percent" else "change"
        when = "" if self.within_days is None else f" of at most {count_of_days(self.within_days)} before"
        return f"{how} of {self.of.describe()} since the last value{when}"
