"""One measurement divided by another."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from analysis_lib.cohort.language.computed.source import (
    Source,
    check_source,
    named_sets,
    numbered_sql,
    source_sql,
    tables_of,
)
from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.fields import check_count, check_days, check_type, count_of_days
from analysis_lib.cohort.language.values import ComputedValue
from analysis_lib.errors import InvalidDefinitionError

__all__ = ["BodyMassIndex", "Ratio"]

# Factors to kilogram and metre by unit concept: kilogram, gram, pound (US); metre, centimetre, inch (US).
KILOGRAMS = {9529: 1.0, 8504: 0.001, 8739: 0.45359237}
METRES = {9546: 1.0, 8582: 0.01, 9330: 0.0254}
KG_PER_M2 = 9531


@dataclass(frozen=True)
class Ratio(ComputedValue):
    """A measurement divided by another one of the same person, the nearest in time.

    One value per numerator that has such a denominator, on the numerator's day. Of denominators equally near, the
    earlier; of several on one day, the one with the lowest record id. Denominators of 0 are left out.

    Parameters
    ----------
    numerator, denominator : ConceptSet or computed value
        The measurements.
    within_days : int, default 0
        The most days between the two, before or after; 0 is the same day.
    numerator_unit, denominator_unit : int, optional
        Unit concepts that the two must have. When both are left out, the two must have the same unit (none counts as
        one unit), for a ratio of other units would be another number.
    """

    numerator: Source
    denominator: Source
    _: KW_ONLY
    within_days: int = 0
    numerator_unit: int | None = None
    denominator_unit: int | None = None

    def __post_init__(self) -> None:
        check_source("numerator of a Ratio", self.numerator)
        check_source("denominator of a Ratio", self.denominator)
        check_days("within_days of a Ratio", self.within_days)
        units = (self.numerator_unit, self.denominator_unit)
        for unit in units:
            if unit is not None:
                check_count("a unit of a Ratio", unit)
        if units.count(None) == 1:
            raise InvalidDefinitionError("a Ratio must name both units or none; got one. Name the other one, too.")

    @property
    def concept_sets(self) -> dict[str, ConceptSet]:
        """The concept sets that are read."""
        return named_sets("numerator", self.numerator) | named_sets("denominator", self.denominator)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that are read."""
        return tables_of(self.numerator, self.denominator)

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
        upper = numbered_sql("numerator", self.numerator, concept_ids=concept_ids)
        lower = source_sql("denominator", self.denominator, concept_ids=concept_ids)
        units = "coalesce(n.unit_concept_id, 0) = coalesce(d.unit_concept_id, 0)"
        if self.numerator_unit is not None and self.denominator_unit is not None:
            units = f"n.unit_concept_id = {self.numerator_unit:d} AND d.unit_concept_id = {self.denominator_unit:d}"
        return f"""
            SELECT n.person_id, n.measurement_id, n.measurement_date,
                n.value_as_number / d.value_as_number AS value_as_number,
                CAST(NULL AS BIGINT) AS unit_concept_id, n.visit_occurrence_id
            FROM ({upper}) AS n JOIN ({lower}) AS d
              ON d.person_id = n.person_id AND d.value_as_number <> 0 AND {units}
             AND d.measurement_date BETWEEN n.measurement_date - {self.within_days:d}
                                        AND n.measurement_date + {self.within_days:d}
            QUALIFY row_number() OVER (
                PARTITION BY n.row_id
                ORDER BY abs(d.measurement_date - n.measurement_date), d.measurement_date, d.measurement_id
            ) = 1
        """  # noqa: S608 - numbers

    def describe(self) -> str:
        """Say in words what is computed.

        Returns
        -------
        str
            A few words.
        """
        when = "on the same day" if self.within_days == 0 else f"within {count_of_days(self.within_days)}"
        return f"ratio of {self.numerator.describe()} to {self.denominator.describe()} {when}"


@dataclass(frozen=True)
class BodyMassIndex(ComputedValue):
    """Weight in kilograms divided by the square of the height in metres.

    One value per weight, on its day, with the last height on or before that day; of several heights on one day, the
    one with the highest record id. Weights in kg, g and lb and heights in m, cm and inches (by ``unit_concept_id``)
    are read; those in other units or without one are left out, as are values that are not positive.

    Parameters
    ----------
    weight, height : ConceptSet
        The measurements.
    within_days : int, optional
        How old the height may be; of any age when left out.
    """

    weight: ConceptSet
    height: ConceptSet
    _: KW_ONLY
    within_days: int | None = None

    def __post_init__(self) -> None:
        check_type("weight of a BodyMassIndex", self.weight, types=(ConceptSet,))
        check_type("height of a BodyMassIndex", self.height, types=(ConceptSet,))
        if self.within_days is not None:
            check_days("within_days of a BodyMassIndex", self.within_days)

    @property
    def concept_sets(self) -> dict[str, ConceptSet]:
        """The concept sets that are read."""
        return {"weight": self.weight, "height": self.height}

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
        weight = numbered_sql("weight", self.weight, concept_ids=concept_ids)
        height = source_sql("height", self.height, concept_ids=concept_ids)
        recent = (
            "" if self.within_days is None else f"AND h.measurement_date >= w.measurement_date - {self.within_days:d}"
        )
        return f"""
            WITH weight AS (SELECT *, {_converted(KILOGRAMS)} AS kilograms FROM ({weight}) AS m),
            height AS (SELECT *, {_converted(METRES)} AS metres FROM ({height}) AS m)
            SELECT w.person_id, w.measurement_id, w.measurement_date,
                w.kilograms / (h.metres * h.metres) AS value_as_number,
                CAST({KG_PER_M2} AS BIGINT) AS unit_concept_id, w.visit_occurrence_id
            FROM weight AS w JOIN height AS h
              ON h.person_id = w.person_id AND h.measurement_date <= w.measurement_date {recent}
            WHERE w.kilograms > 0 AND h.metres > 0
            QUALIFY row_number() OVER (
                PARTITION BY w.row_id ORDER BY h.measurement_date DESC, h.measurement_id DESC
            ) = 1
        """  # noqa: S608 - numbers

    def describe(self) -> str:
        """Say in words what is computed.

        Returns
        -------
        str
            A few words.
        """
        age = "" if self.within_days is None else f" of at most {count_of_days(self.within_days)} before"
        return f"body mass index from {self.weight.describe()} and {self.height.describe()}{age}"


def _converted(factors: Mapping[int, float]) -> str:
    cases = " ".join(f"WHEN {unit} THEN value_as_number * {factor!r}::DOUBLE" for unit, factor in factors.items())
    return f"CASE unit_concept_id {cases} END"
