"""The domains that a Circe document can ask for: their tables, and the column that each attribute speaks of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from analysis_lib.catalog.spec import cdm_tables


@dataclass(frozen=True)
class Domain:
    """One kind of criteria and the table it reads."""

    table: str
    concept: str | None
    key: str
    start: str
    end: str | None = None
    lists: Mapping[str, str] = field(default_factory=dict)
    """Attributes that list concepts (or, with CS behind the name, a concept set), and their columns."""
    numbers: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    codesets: Mapping[str, str] = field(default_factory=dict)
    """Attributes that hold the number of a concept set, and their columns."""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the table in CDM 5.4."""
        return cdm_tables("5.4")[self.table].columns


def _event(
    table: str,
    stem: str,
    *,
    dates: tuple[str, str | None],
    lists: Mapping[str, str] = MappingProxyType({}),
    numbers: Mapping[str, str] = MappingProxyType({}),
    texts: Mapping[str, str] = MappingProxyType({}),
    codesets: Mapping[str, str] = MappingProxyType({}),
) -> Domain:
    return Domain(
        table,
        f"{stem}_concept_id",
        f"{table}_id",
        *dates,
        lists=lists,
        numbers=numbers,
        texts=texts,
        codesets=codesets,
    )


DOMAINS: dict[str, Domain] = {
    "ConditionOccurrence": _event(
        "condition_occurrence",
        "condition",
        dates=("condition_start_date", "condition_end_date"),
        lists={"ConditionType": "condition_type_concept_id", "ConditionStatus": "condition_status_concept_id"},
        texts={"StopReason": "stop_reason"},
        codesets={"ConditionSourceConcept": "condition_source_concept_id"},
    ),
    "DrugExposure": _event(
        "drug_exposure",
        "drug",
        dates=("drug_exposure_start_date", "drug_exposure_end_date"),
        lists={"DrugType": "drug_type_concept_id", "RouteConcept": "route_concept_id"},
        numbers={"Refills": "refills", "Quantity": "quantity", "DaysSupply": "days_supply"},
        texts={"StopReason": "stop_reason", "LotNumber": "lot_number"},
        codesets={"DrugSourceConcept": "drug_source_concept_id"},
    ),
    "ProcedureOccurrence": _event(
        "procedure_occurrence",
        "procedure",
        dates=("procedure_date", None),
        lists={"ProcedureType": "procedure_type_concept_id", "Modifier": "modifier_concept_id"},
        numbers={"Quantity": "quantity"},
        codesets={"ProcedureSourceConcept": "procedure_source_concept_id"},
    ),
    "Measurement": _event(
        "measurement",
        "measurement",
        dates=("measurement_date", None),
        lists={
            "MeasurementType": "measurement_type_concept_id",
            "Operator": "operator_concept_id",
            "ValueAsConcept": "value_as_concept_id",
            "Unit": "unit_concept_id",
        },
        numbers={"ValueAsNumber": "value_as_number", "RangeLow": "range_low", "RangeHigh": "range_high"},
        codesets={"MeasurementSourceConcept": "measurement_source_concept_id"},
    ),
    "Observation": _event(
        "observation",
        "observation",
        dates=("observation_date", None),
        lists={
            "ObservationType": "observation_type_concept_id",
            "ValueAsConcept": "value_as_concept_id",
            "Qualifier": "qualifier_concept_id",
            "Unit": "unit_concept_id",
        },
        numbers={"ValueAsNumber": "value_as_number"},
        texts={"ValueAsString": "value_as_string"},
        codesets={"ObservationSourceConcept": "observation_source_concept_id"},
    ),
    "DeviceExposure": _event(
        "device_exposure",
        "device",
        dates=("device_exposure_start_date", "device_exposure_end_date"),
        lists={"DeviceType": "device_type_concept_id"},
        numbers={"Quantity": "quantity"},
        texts={"UniqueDeviceId": "unique_device_id"},
        codesets={"DeviceSourceConcept": "device_source_concept_id"},
    ),
    "VisitOccurrence": _event(
        "visit_occurrence",
        "visit",
        dates=("visit_start_date", "visit_end_date"),
        lists={"VisitType": "visit_type_concept_id"},
        codesets={"VisitSourceConcept": "visit_source_concept_id"},
    ),
    "VisitDetail": _event(
        "visit_detail",
        "visit_detail",
        dates=("visit_detail_start_date", "visit_detail_end_date"),
        lists={"VisitDetailType": "visit_detail_type_concept_id", "DischargeTo": "discharged_to_concept_id"},
        codesets={"VisitDetailSourceConcept": "visit_detail_source_concept_id"},
    ),
    "Specimen": _event(
        "specimen",
        "specimen",
        dates=("specimen_date", None),
        lists={
            "SpecimenType": "specimen_type_concept_id",
            "Unit": "unit_concept_id",
            "AnatomicSite": "anatomic_site_concept_id",
            "DiseaseStatus": "disease_status_concept_id",
        },
        numbers={"Quantity": "quantity"},
        texts={"SourceId": "specimen_source_id"},
    ),
    "Death": Domain(
        "death",
        "cause_concept_id",
        "person_id",
        "death_date",
        lists={"DeathType": "death_type_concept_id"},
        codesets={"DeathSourceConcept": "cause_source_concept_id", "CauseSourceConcept": "cause_source_concept_id"},
    ),
    "ConditionEra": _event(
        "condition_era",
        "condition",
        dates=("condition_era_start_date", "condition_era_end_date"),
        numbers={"OccurrenceCount": "condition_occurrence_count"},
    ),
    "DrugEra": _event(
        "drug_era",
        "drug",
        dates=("drug_era_start_date", "drug_era_end_date"),
        numbers={"OccurrenceCount": "drug_exposure_count", "GapDays": "gap_days"},
    ),
    "DoseEra": _event(
        "dose_era",
        "drug",
        dates=("dose_era_start_date", "dose_era_end_date"),
        lists={"Unit": "unit_concept_id"},
        numbers={"DoseValue": "dose_value"},
    ),
    "ObservationPeriod": Domain(
        "observation_period",
        None,
        "observation_period_id",
        "observation_period_start_date",
        "observation_period_end_date",
        lists={"PeriodType": "period_type_concept_id"},
    ),
    "PayerPlanPeriod": Domain(
        "payer_plan_period",
        None,
        "payer_plan_period_id",
        "payer_plan_period_start_date",
        "payer_plan_period_end_date",
        codesets={
            "PayerConcept": "payer_concept_id",
            "PlanConcept": "plan_concept_id",
            "SponsorConcept": "sponsor_concept_id",
            "StopReasonConcept": "stop_reason_concept_id",
            "PayerSourceConcept": "payer_source_concept_id",
            "PlanSourceConcept": "plan_source_concept_id",
            "SponsorSourceConcept": "sponsor_source_concept_id",
            "StopReasonSourceConcept": "stop_reason_source_concept_id",
        },
    ),
    "Episode": _event("episode", "episode", dates=("episode_start_date", "episode_end_date")),
}

START_DATES = (
    "OccurrenceStartDate",
    "EraStartDate",
    "PeriodStartDate",
    "VisitDetailStartDate",
    "EpisodeStartDate",
)
END_DATES = ("OccurrenceEndDate", "EraEndDate", "PeriodEndDate", "VisitDetailEndDate", "EpisodeEndDate")
LENGTHS = ("EraLength", "PeriodLength", "VisitLength", "VisitDetailLength")


def missing_end_days(domain: str) -> int | None:
    """Say how many days after its start an event without an end is held to end.

    Parameters
    ----------
    domain : str
        A name in `DOMAINS`.

    Returns
    -------
    int or None
        None where the table always has an end.
    """
    if domain in {"DrugExposure", "ConditionOccurrence", "DeviceExposure"} or DOMAINS[domain].end is None:
        return 1
    return None
