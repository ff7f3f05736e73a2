"""What each kind of Circe criterion reads: its table, its dates, its attributes.

Written down from OHDSI circe-be, one entry per criterion builder. In three places the official builders have an
evident slip: they hold a drug exposure's end-date attribute against its start, the gap of a drug era against the range
of its length, and the concept sets of race and ethnicity against the gender. What the attribute says is read here.
A visit detail's age is taken at its end, as there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis_lib.testing.reference_engine.comparisons import day, shift

__all__ = ["DOMAINS", "Domain"]

Row = Mapping[str, Any]
EndRule = Callable[[Row], int | None]


def _recorded(_start: str, end: str) -> EndRule:
    return lambda row: day(row.get(end))


def _or_next_day(start: str, end: str) -> EndRule:
    return lambda row: _first(day(row.get(end)), shift(day(row.get(start)), 1))


def _next_day(start: str, _end: str) -> EndRule:
    return lambda row: shift(day(row.get(start)), 1)


def _supplied(start: str, end: str) -> EndRule:
    def ends(row: Row) -> int | None:
        first = day(row.get(start))
        return _first(day(row.get(end)), shift(first, row.get("days_supply")), shift(first, 1))

    return ends


def _first(*days: int | None) -> int | None:
    return next((one for one in days if one is not None), None)


@dataclass(frozen=True)
class Domain:
    """One kind of criterion.

    Parameters
    ----------
    table : str
        The OMOP table.
    id_column : str
        The event's id.
    start, end : str
        Columns of the dates; `end_rule` says what stands in for a missing end.
    concept, source : str
        Column of the standard and of the source concept.
    source_attribute : str
        The attribute naming the concept set of the source concept.
    end_rule : callable
        Makes the end's rule from both columns.
    length_is_days : bool
        Whether its duration is a difference of dates, or the number 1.
    has_visit : bool
        Whether an event belongs to a visit.
    concepts, wholes, decimals, texts, codesets : dict of str to str
        Attribute to column: concept lists and selections; whole and decimal numbers; texts; concept set ids.
    start_dates, end_dates : tuple of str
        Attributes compared with the start and with the end.
    counts : dict of str to str
        What may be counted distinctly, beside the concept, the dates, the visit and the duration.
    """

    table: str
    id_column: str
    start: str
    end: str
    concept: str
    source: str = ""
    source_attribute: str = ""
    end_rule: Callable[[str, str], EndRule] = _recorded
    length_is_days: bool = True
    has_visit: bool = True
    concepts: Mapping[str, str] = field(default_factory=dict)
    wholes: Mapping[str, str] = field(default_factory=dict)
    decimals: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    codesets: Mapping[str, str] = field(default_factory=dict)
    start_dates: tuple[str, ...] = ("OccurrenceStartDate",)
    end_dates: tuple[str, ...] = ()
    counts: Mapping[str, str] = field(default_factory=dict)

    def starts(self, row: Row) -> int | None:
        """Return the recorded start of a row.

        Parameters
        ----------
        row : dict
            A row of the table.

        Returns
        -------
        int or None
            A day number; None where no start is recorded.
        """
        return day(row.get(self.start))

    def ends(self, row: Row) -> int | None:
        """Return the end of a row, or what stands for it.

        Parameters
        ----------
        row : dict
            A row of the table.

        Returns
        -------
        int or None
            A day number; None where neither an end nor what stands for it is recorded.
        """
        return self.end_rule(self.start, self.end)(row)


_ERA_STARTS, _ERA_ENDS = ("EraStartDate",), ("EraEndDate",)

DOMAINS: dict[str, Domain] = {
    "ConditionOccurrence": Domain(
        "condition_occurrence",
        "condition_occurrence_id",
        "condition_start_date",
        "condition_end_date",
        "condition_concept_id",
        "condition_source_concept_id",
        "ConditionSourceConcept",
        end_rule=_or_next_day,
        concepts={"ConditionType": "condition_type_concept_id", "ConditionStatus": "condition_status_concept_id"},
        texts={"StopReason": "stop_reason"},
        end_dates=("OccurrenceEndDate",),
    ),
    "DrugExposure": Domain(
        "drug_exposure",
        "drug_exposure_id",
        "drug_exposure_start_date",
        "drug_exposure_end_date",
        "drug_concept_id",
        "drug_source_concept_id",
        "DrugSourceConcept",
        end_rule=_supplied,
        concepts={
            "DrugType": "drug_type_concept_id",
            "RouteConcept": "route_concept_id",
            "DoseUnit": "dose_unit_concept_id",
        },
        wholes={"Refills": "refills", "DaysSupply": "days_supply"},
        decimals={"Quantity": "quantity", "EffectiveDrugDose": "effective_drug_dose"},
        texts={"StopReason": "stop_reason", "LotNumber": "lot_number"},
        end_dates=("OccurrenceEndDate",),
        counts={"DAYS_SUPPLY": "days_supply", "QUANTITY": "quantity", "REFILLS": "refills"},
    ),
    "ProcedureOccurrence": Domain(
        "procedure_occurrence",
        "procedure_occurrence_id",
        "procedure_date",
        "",
        "procedure_concept_id",
        "procedure_source_concept_id",
        "ProcedureSourceConcept",
        end_rule=_next_day,
        length_is_days=False,
        concepts={"ProcedureType": "procedure_type_concept_id", "Modifier": "modifier_concept_id"},
        wholes={"Quantity": "quantity"},
        counts={"QUANTITY": "quantity"},
    ),
    "DeviceExposure": Domain(
        "device_exposure",
        "device_exposure_id",
        "device_exposure_start_date",
        "device_exposure_end_date",
        "device_concept_id",
        "device_source_concept_id",
        "DeviceSourceConcept",
        end_rule=_or_next_day,
        concepts={"DeviceType": "device_type_concept_id"},
        wholes={"Quantity": "quantity"},
        texts={"UniqueDeviceId": "unique_device_id"},
        end_dates=("OccurrenceEndDate",),
        counts={"QUANTITY": "quantity"},
    ),
    "Measurement": Domain(
        "measurement",
        "measurement_id",
        "measurement_date",
        "",
        "measurement_concept_id",
        "measurement_source_concept_id",
        "MeasurementSourceConcept",
        end_rule=_next_day,
        length_is_days=False,
        concepts={
            "MeasurementType": "measurement_type_concept_id",
            "Operator": "operator_concept_id",
            "ValueAsConcept": "value_as_concept_id",
            "Unit": "unit_concept_id",
        },
        decimals={"ValueAsNumber": "value_as_number", "RangeLow": "range_low", "RangeHigh": "range_high"},
        counts={"VALUE_AS_NUMBER": "value_as_number", "RANGE_LOW": "range_low", "RANGE_HIGH": "range_high"},
    ),
    "Observation": Domain(
        "observation",
        "observation_id",
        "observation_date",
        "",
        "observation_concept_id",
        "observation_source_concept_id",
        "ObservationSourceConcept",
        end_rule=_next_day,
        length_is_days=False,
        concepts={
            "ObservationType": "observation_type_concept_id",
            "ValueAsConcept": "value_as_concept_id",
            "Qualifier": "qualifier_concept_id",
            "Unit": "unit_concept_id",
        },
        decimals={"ValueAsNumber": "value_as_number"},
        texts={"ValueAsString": "value_as_string"},
        counts={"VALUE_AS_NUMBER": "value_as_number"},
    ),
    "Specimen": Domain(
        "specimen",
        "specimen_id",
        "specimen_date",
        "",
        "specimen_concept_id",
        end_rule=_next_day,
        length_is_days=False,
        has_visit=False,
        concepts={
            "SpecimenType": "specimen_type_concept_id",
            "Unit": "unit_concept_id",
            "AnatomicSite": "anatomic_site_concept_id",
            "DiseaseStatus": "disease_status_concept_id",
        },
        decimals={"Quantity": "quantity"},
        texts={"SourceId": "specimen_source_id"},
    ),
    "Death": Domain(
        "death",
        "person_id",
        "death_date",
        "",
        "cause_concept_id",
        "cause_source_concept_id",
        "DeathSourceConcept",
        end_rule=_next_day,
        length_is_days=False,
        has_visit=False,
        concepts={"DeathType": "death_type_concept_id"},
    ),
    "VisitOccurrence": Domain(
        "visit_occurrence",
        "visit_occurrence_id",
        "visit_start_date",
        "visit_end_date",
        "visit_concept_id",
        "visit_source_concept_id",
        "VisitSourceConcept",
        concepts={"VisitType": "visit_type_concept_id"},
        end_dates=("OccurrenceEndDate",),
    ),
    "VisitDetail": Domain(
        "visit_detail",
        "visit_detail_id",
        "visit_detail_start_date",
        "visit_detail_end_date",
        "visit_detail_concept_id",
        "visit_detail_source_concept_id",
        "VisitDetailSourceConcept",
        concepts={"VisitDetailType": "visit_detail_type_concept_id"},
        start_dates=("VisitDetailStartDate",),
        end_dates=("VisitDetailEndDate",),
        counts={"VISIT_DETAIL_ID": "visit_detail_id"},
    ),
    "ConditionEra": Domain(
        "condition_era",
        "condition_era_id",
        "condition_era_start_date",
        "condition_era_end_date",
        "condition_concept_id",
        has_visit=False,
        wholes={"OccurrenceCount": "condition_occurrence_count"},
        start_dates=_ERA_STARTS,
        end_dates=_ERA_ENDS,
        counts={"ERA_OCCURRENCES": "condition_occurrence_count"},
    ),
    "DrugEra": Domain(
        "drug_era",
        "drug_era_id",
        "drug_era_start_date",
        "drug_era_end_date",
        "drug_concept_id",
        has_visit=False,
        wholes={"OccurrenceCount": "drug_exposure_count", "GapDays": "gap_days"},
        start_dates=_ERA_STARTS,
        end_dates=_ERA_ENDS,
        counts={"ERA_OCCURRENCES": "drug_exposure_count", "GAP_DAYS": "gap_days"},
    ),
    "DoseEra": Domain(
        "dose_era",
        "dose_era_id",
        "dose_era_start_date",
        "dose_era_end_date",
        "drug_concept_id",
        has_visit=False,
        concepts={"Unit": "unit_concept_id"},
        decimals={"DoseValue": "dose_value"},
        start_dates=_ERA_STARTS,
        end_dates=_ERA_ENDS,
        counts={"UNIT": "unit_concept_id", "VALUE_AS_NUMBER": "dose_value"},
    ),
    "ObservationPeriod": Domain(
        "observation_period",
        "observation_period_id",
        "observation_period_start_date",
        "observation_period_end_date",
        "period_type_concept_id",
        has_visit=False,
        concepts={"PeriodType": "period_type_concept_id"},
        start_dates=("PeriodStartDate",),
        end_dates=("PeriodEndDate",),
    ),
    "PayerPlanPeriod": Domain(
        "payer_plan_period",
        "payer_plan_period_id",
        "payer_plan_period_start_date",
        "payer_plan_period_end_date",
        "payer_concept_id",
        has_visit=False,
        codesets={
            f"{name}{kind}Concept": f"{column}{kind and '_source'}_concept_id"
            for name, column in {
                "Payer": "payer",
                "Plan": "plan",
                "Sponsor": "sponsor",
                "StopReason": "stop_reason",
            }.items()
            for kind in ("", "Source")
        },
        start_dates=("PeriodStartDate",),
        end_dates=("PeriodEndDate",),
    ),
}
