"""Kidney function from creatinine."""

from collections.abc import Mapping
from dataclasses import dataclass

from analysis_lib.cohort.language.computed.source import source_sql
from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.fields import check_type
from analysis_lib.cohort.language.values import ComputedValue

__all__ = ["Egfr"]

MG_PER_DL, UMOL_PER_L = 8840, 8749
UMOL_PER_MG = 88.4  # µmol/L in 1 mg/dL of creatinine: molar mass 113.12 g/mol, rounded as laboratories do
ML_PER_MINUTE = 720870  # mL/min/1.73 m²: the unit that OHDSI DataQualityDashboard 2.8 approves for eGFR (44806420)
FEMALE, MALE = 8532, 8507


@dataclass(frozen=True)
class Egfr(ComputedValue):
    """Estimated glomerular filtration rate, CKD-EPI 2021 from creatinine [1]_, in mL/min/1.73 m².

    One value per creatinine, on its day. Left out are creatinines that are not positive, in units other than mg/dL and
    µmol/L (by ``unit_concept_id`` 8840 and 8749) or without one, and people under 18 on the day or of unknown sex.

    Parameters
    ----------
    creatinine : ConceptSet
        Creatinine in serum or plasma. Age is counted in whole years; without a month of birth from 1 July, without a
        day from the first of the month.

    References
    ----------
    .. [1] Inker LA, Eneanya ND, Coresh J, et al. (2021). New creatinine- and cystatin C-based equations to estimate
       GFR without race. N Engl J Med 385, 1737-1749.
    """

    creatinine: ConceptSet

    def __post_init__(self) -> None:
        check_type("creatinine of Egfr", self.creatinine, types=(ConceptSet,))

    @property
    def concept_sets(self) -> dict[str, ConceptSet]:
        """The concept sets that are read."""
        return {"creatinine": self.creatinine}

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that are read."""
        return ("measurement", "person")

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
        source = source_sql("creatinine", self.creatinine, concept_ids=concept_ids)
        return f"""
            WITH creatinine AS (
                SELECT m.*, p.gender_concept_id = {FEMALE} AS is_female,
                    CASE m.unit_concept_id WHEN {MG_PER_DL} THEN m.value_as_number
                        WHEN {UMOL_PER_L} THEN m.value_as_number / {UMOL_PER_MG} END AS mg_per_dl,
                    date_sub('year', coalesce(
                        TRY_CAST(concat_ws('-', p.year_of_birth, p.month_of_birth, p.day_of_birth) AS DATE),
                        TRY_CAST(concat_ws('-', p.year_of_birth, p.month_of_birth, 1) AS DATE),
                        TRY_CAST(concat_ws('-', p.year_of_birth, 7, 1) AS DATE)
                    ), m.measurement_date) AS age
                FROM ({source}) AS m JOIN person AS p ON p.person_id = m.person_id
                WHERE p.gender_concept_id IN ({FEMALE}, {MALE}) AND p.year_of_birth IS NOT NULL
            ),
            scaled AS (
                SELECT *, mg_per_dl / CASE WHEN is_female THEN 0.7::DOUBLE ELSE 0.9 END AS ratio,
                    CASE WHEN is_female THEN -0.241::DOUBLE ELSE -0.302 END AS alpha
                FROM creatinine WHERE mg_per_dl > 0 AND age >= 18
            )
            SELECT person_id, measurement_id, measurement_date,
                142 * power(least(ratio, 1), alpha) * power(greatest(ratio, 1), -1.2::DOUBLE)
                    * power(0.9938::DOUBLE, age) * CASE WHEN is_female THEN 1.012::DOUBLE ELSE 1 END AS value_as_number,
                CAST({ML_PER_MINUTE} AS BIGINT) AS unit_concept_id, visit_occurrence_id
            FROM scaled
        """  # noqa: S608 - numbers

    def describe(self) -> str:
        """Say in words what is computed.

        Returns
        -------
        str
            A few words.
        """
        return f"eGFR (CKD-EPI 2021, from {self.creatinine.describe()})"
