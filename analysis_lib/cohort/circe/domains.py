"""What Circe can ask of each domain, as the official SQL of OHDSI/circe-be means it.

circepy 0.3.0 builds most domains otherwise than the official templates: date adjustments that leave an end before its
start, exclusions of concept sets, "has any" and "has no" value, text filters, distinct counts and whole domains differ
or do not run. So every domain is described here once, and `criteria` writes its SQL; circepy writes what lies around.

A missing end is read as the official SQL does: the day after the start for conditions, devices, measurements,
observations, procedures, specimens and deaths (the last five have no end of their own), the days of supply after the
start for drugs, else the day after it. Visits, eras and periods keep their ends as they are.

Where the official SQL contradicts the definition's words, the words win: `GapDays` of a drug era compares the gap (the
official text compares it with `EraLength`), `OccurrenceEndDate` of a drug exposure the end (official: the start).
"""

from collections.abc import Mapping

from analysis_lib.cohort.circe.domain import Domain, Filter

PERSON = {"P": "JOIN cdm.person AS P ON C.person_id = P.person_id"}
VISIT = {
    "V": "JOIN cdm.visit_occurrence AS V ON C.visit_occurrence_id = V.visit_occurrence_id AND C.person_id = V.person_id"
}
PROVIDER = {"PR": "LEFT JOIN cdm.provider AS PR ON C.provider_id = PR.provider_id"}
CARE_SITE = {"CS": "JOIN cdm.care_site AS CS ON C.care_site_id = CS.care_site_id"}


def _listed(name: str, value: str, *, unless: str = "") -> tuple[Filter, Filter]:
    """Give the two ways to ask for concepts: listed in the criterion, or as a selection of a concept set."""
    return Filter(name, "concepts", value, unless), Filter(f"{name}_cs", "selection", value)


def _age(name: str, date: str) -> Filter:
    return Filter(name, "whole", f"year(C.{date}) - P.year_of_birth")


_GENDER = _listed("gender", "P.gender_concept_id")
_SPECIALTY = _listed("provider_specialty", "PR.specialty_concept_id")
_PLACE = _listed("place_of_service", "CS.place_of_service_concept_id")
_BY_PERSON = (_age("age", "start_date"), *_GENDER)
_AT_VISIT = (*_BY_PERSON, *_SPECIALTY, *_listed("visit_type", "V.visit_concept_id"))
_STARTS = Filter("occurrence_start_date", "date", "C.start_date")
_ENDS = Filter("occurrence_end_date", "date", "C.end_date")
_DAYS = "(C.end_date - C.start_date)"
_LENGTH = "({end} - {start})"  # a period may have dates that the definition sets
_OF_VISIT = "e.visit_occurrence_id"
_PERIOD = (
    Filter("period_start_date", "date", "C.start_date"),
    Filter("period_end_date", "date", "C.end_date"),
    Filter("period_length", "whole", _DAYS),
    _age("age_at_start", "start_date"),
    _age("age_at_end", "end_date"),
)
_ERA = (
    Filter("era_start_date", "date", "C.start_date"),
    Filter("era_end_date", "date", "C.end_date"),
    Filter("era_length", "whole", _DAYS),
    _age("age_at_start", "start_date"),
    _age("age_at_end", "end_date"),
    *_GENDER,
)


def _located(start: str, end: str) -> Filter:
    """Ask for the region of a care site at the time of the visit; `criteria` writes the joins to it."""
    return Filter("place_of_service_location", "set", f"LOC:{start}:{end}")


DOMAINS: Mapping[str, Domain] = {
    "ConditionEra": Domain(
        table="condition_era",
        key="condition_era_id",
        concept="condition_concept_id",
        start="e.condition_era_start_date",
        end="e.condition_era_end_date",
        filters=(*_ERA, Filter("occurrence_count", "whole", "C.condition_occurrence_count")),
        counted={"occurrence_count": "C.condition_occurrence_count", "duration": _LENGTH},
    ),
    "ConditionOccurrence": Domain(
        table="condition_occurrence",
        key="condition_occurrence_id",
        concept="condition_concept_id",
        source=("condition_source_concept", "condition_source_concept_id"),
        start="e.condition_start_date",
        end="coalesce(e.condition_end_date, e.condition_start_date + 1)",
        visit=_OF_VISIT,
        filters=(
            _STARTS,
            _ENDS,
            *_listed("condition_type", "C.condition_type_concept_id", unless="condition_type_exclude"),
            Filter("stop_reason", "text", "C.stop_reason"),
            *_AT_VISIT,
            *_listed("condition_status", "C.condition_status_concept_id"),
        ),
        counted={"duration": _LENGTH},
    ),
    "Death": Domain(
        table="death",
        key="person_id",
        concept="cause_concept_id",
        source=("death_source_concept", "cause_source_concept_id"),
        start="e.death_date",
        end="e.death_date + 1",
        first=False,
        adjusts="fixed",
        filters=(
            _STARTS,
            *_listed("death_type", "C.death_type_concept_id", unless="death_type_exclude"),
            *_BY_PERSON,
        ),
        counted={"domain_concept_id": "coalesce(C.cause_concept_id, 0)", "duration": "1"},
    ),
    "DeviceExposure": Domain(
        table="device_exposure",
        key="device_exposure_id",
        concept="device_concept_id",
        source=("device_source_concept", "device_source_concept_id"),
        start="e.device_exposure_start_date",
        end="coalesce(e.device_exposure_end_date, e.device_exposure_start_date + 1)",
        visit=_OF_VISIT,
        filters=(
            _STARTS,
            _ENDS,
            *_listed("device_type", "C.device_type_concept_id", unless="device_type_exclude"),
            Filter("unique_device_id", "text", "C.unique_device_id"),
            Filter("quantity", "whole", "C.quantity"),
            *_AT_VISIT,
        ),
        counted={"quantity": "C.quantity", "duration": _LENGTH},
    ),
    "DoseEra": Domain(
        table="dose_era",
        key="dose_era_id",
        concept="drug_concept_id",
        start="e.dose_era_start_date",
        end="e.dose_era_end_date",
        filters=(*_ERA, *_listed("unit", "C.unit_concept_id"), Filter("dose_value", "decimal", "C.dose_value")),
        counted={"unit_concept_id": "C.unit_concept_id", "value_as_number": "C.dose_value", "duration": _LENGTH},
    ),
    "DrugEra": Domain(
        table="drug_era",
        key="drug_era_id",
        concept="drug_concept_id",
        start="e.drug_era_start_date",
        end="e.drug_era_end_date",
        filters=(
            *_ERA,
            Filter("occurrence_count", "whole", "C.drug_exposure_count"),
            Filter("gap_days", "whole", "C.gap_days"),
        ),
        counted={"occurrence_count": "C.drug_exposure_count", "gap_days": "C.gap_days", "duration": _LENGTH},
    ),
    "DrugExposure": Domain(
        table="drug_exposure",
        key="drug_exposure_id",
        concept="drug_concept_id",
        source=("drug_source_concept", "drug_source_concept_id"),
        start="e.drug_exposure_start_date",
        end="coalesce(e.drug_exposure_end_date, e.drug_exposure_start_date + e.days_supply::INTEGER, "
        "e.drug_exposure_start_date + 1)",
        visit=_OF_VISIT,
        filters=(
            _STARTS,
            _ENDS,
            *_listed("drug_type", "C.drug_type_concept_id", unless="drug_type_exclude"),
            Filter("stop_reason", "text", "C.stop_reason"),
            Filter("refills", "whole", "C.refills"),
            Filter("quantity", "decimal", "C.quantity"),
            Filter("days_supply", "whole", "C.days_supply"),
            *_listed("route_concept", "C.route_concept_id"),
            Filter("effective_drug_dose", "decimal", "C.effective_drug_dose"),
            *_listed("dose_unit", "C.dose_unit_concept_id"),
            Filter("lot_number", "text", "C.lot_number"),
            *_AT_VISIT,
        ),
        counted={
            "days_supply": "C.days_supply",
            "quantity": "C.quantity",
            "refills": "C.refills",
            "duration": _LENGTH,
        },
    ),
    "Episode": Domain(
        table="episode",
        key="episode_id",
        concept="episode_concept_id",
        start="e.episode_start_date",
        end="e.episode_end_date",
        filters=(
            Filter("episode_start_date", "date", "C.start_date"),
            Filter("episode_end_date", "date", "C.end_date"),
            Filter("episode_number", "whole", "C.episode_number"),
            _age("age", "start_date"),
            _GENDER[1],
            Filter("episode_object_concept_cs", "selection", "C.episode_object_concept_id"),
            Filter("episode_type_cs", "selection", "C.episode_type_concept_id"),
        ),
        counted={"duration": _LENGTH},
    ),
    "LocationRegion": Domain(
        table="location_history",
        key="location_history_id",
        concept="region_concept_id",
        start="e.moved_in",
        end="coalesce(e.moved_out, DATE '2099-12-31')",
        first=False,
        adjusts="never",
    ),
    "Measurement": Domain(
        table="measurement",
        key="measurement_id",
        concept="measurement_concept_id",
        source=("measurement_source_concept", "measurement_source_concept_id"),
        start="e.measurement_date",
        end="e.measurement_date + 1",
        visit=_OF_VISIT,
        filters=(
            _STARTS,
            *_listed("measurement_type", "C.measurement_type_concept_id", unless="measurement_type_exclude"),
            *_listed("operator", "C.operator_concept_id"),
            Filter("value_as_number", "decimal", "C.value_as_number"),
            *_listed("value_as_concept", "C.value_as_concept_id"),
            *_listed("unit", "C.unit_concept_id"),
            Filter("range_low", "decimal", "C.range_low"),
            Filter("range_high", "decimal", "C.range_high"),
            Filter("range_low_ratio", "decimal", "(C.value_as_number / nullif(C.range_low, 0))"),
            Filter("range_high_ratio", "decimal", "(C.value_as_number / nullif(C.range_high, 0))"),
            Filter(
                "abnormal",
                "abnormal",
                "(C.value_as_number < C.range_low OR C.value_as_number > C.range_high "
                "OR C.value_as_concept_id IN (4155142, 4155143))",
            ),
            *_AT_VISIT,
        ),
        counted={
            "value_as_number": "C.value_as_number",
            "range_high": "C.range_high",
            "range_low": "C.range_low",
            "unit_concept_id": "C.unit_concept_id",
            "duration": "1",
        },
    ),
    "Observation": Domain(
        table="observation",
        key="observation_id",
        concept="observation_concept_id",
        source=("observation_source_concept", "observation_source_concept_id"),
        start="e.observation_date",
        end="e.observation_date + 1",
        visit=_OF_VISIT,
        filters=(
            _STARTS,
            *_listed("observation_type", "C.observation_type_concept_id", unless="observation_type_exclude"),
            Filter("value_as_number", "decimal", "C.value_as_number"),
            Filter("value_as_string", "text", "C.value_as_string"),
            *_listed("value_as_concept", "C.value_as_concept_id"),
            *_listed("qualifier", "C.qualifier_concept_id"),
            *_listed("unit", "C.unit_concept_id"),
            *_AT_VISIT,
        ),
        counted={"value_as_number": "C.value_as_number", "unit_concept_id": "C.unit_concept_id", "duration": "1"},
    ),
    "ObservationPeriod": Domain(
        table="observation_period",
        key="observation_period_id",
        start="e.observation_period_start_date",
        end="e.observation_period_end_date",
        filters=(*_PERIOD, *_listed("period_type", "C.period_type_concept_id")),
        counted={"domain_concept_id": "C.period_type_concept_id", "duration": _LENGTH},
    ),
    "PayerPlanPeriod": Domain(
        table="payer_plan_period",
        key="payer_plan_period_id",
        start="e.payer_plan_period_start_date",
        end="e.payer_plan_period_end_date",
        filters=(
            *_PERIOD,
            *_GENDER,
            *(
                Filter(f"{part}_concept", "set", f"C.{part}_concept_id")
                for part in (
                    *("payer", "plan", "sponsor", "stop_reason"),
                    *("payer_source", "plan_source", "sponsor_source", "stop_reason_source"),
                )
            ),
        ),
        counted={"domain_concept_id": "C.payer_concept_id", "duration": _LENGTH},
    ),
    "ProcedureOccurrence": Domain(
        table="procedure_occurrence",
        key="procedure_occurrence_id",
        concept="procedure_concept_id",
        source=("procedure_source_concept", "procedure_source_concept_id"),
        start="e.procedure_date",
        end="e.procedure_date + 1",
        visit=_OF_VISIT,
        filters=(
            _STARTS,
            *_listed("procedure_type", "C.procedure_type_concept_id", unless="procedure_type_exclude"),
            *_listed("modifier", "C.modifier_concept_id"),
            Filter("quantity", "whole", "C.quantity"),
            *_AT_VISIT,
        ),
        counted={"quantity": "C.quantity", "duration": "1"},
    ),
    "Specimen": Domain(
        table="specimen",
        key="specimen_id",
        concept="specimen_concept_id",
        start="e.specimen_date",
        end="e.specimen_date + 1",
        adjusts="never",
        filters=(
            _STARTS,
            *_listed("specimen_type", "C.specimen_type_concept_id", unless="specimen_type_exclude"),
            Filter("quantity", "decimal", "C.quantity"),
            *_listed("unit", "C.unit_concept_id"),
            *_listed("anatomic_site", "C.anatomic_site_concept_id"),
            *_listed("disease_status", "C.disease_status_concept_id"),
            Filter("source_id", "text", "C.specimen_source_id"),
            *_BY_PERSON,
        ),
        counted={"quantity": "C.quantity", "unit_concept_id": "C.unit_concept_id", "duration": "1"},
    ),
    "VisitDetail": Domain(
        table="visit_detail",
        key="visit_detail_id",
        concept="visit_detail_concept_id",
        source=("visit_detail_source_concept", "visit_detail_source_concept_id"),
        start="e.visit_detail_start_date",
        end="e.visit_detail_end_date",
        visit=_OF_VISIT,
        filters=(
            Filter("visit_detail_start_date", "date", "C.start_date"),
            Filter("visit_detail_end_date", "date", "C.end_date"),
            *_listed("visit_detail_type", "C.visit_detail_type_concept_id", unless="visit_detail_type_exclude"),
            Filter("visit_detail_length", "whole", _DAYS),
            _age("age", "end_date"),
            *_GENDER,
            *_SPECIALTY,
            *_PLACE,
            *_listed("discharge_to", "C.discharged_to_concept_id"),
            _located("visit_detail_start_date", "visit_detail_end_date"),
        ),
        counted={"visit_detail_id": "C.visit_detail_id", "duration": _LENGTH},
    ),
    "VisitOccurrence": Domain(
        table="visit_occurrence",
        key="visit_occurrence_id",
        concept="visit_concept_id",
        source=("visit_source_concept", "visit_source_concept_id"),
        start="e.visit_start_date",
        end="e.visit_end_date",
        visit=_OF_VISIT,
        filters=(
            _STARTS,
            _ENDS,
            *_listed("visit_type", "C.visit_type_concept_id", unless="visit_type_exclude"),
            Filter("visit_length", "whole", _DAYS),
            *_BY_PERSON,
            *_SPECIALTY,
            *_PLACE,
            _located("visit_start_date", "visit_end_date"),
        ),
        counted={"duration": _LENGTH},
    ),
}

DEMOGRAPHICS = (
    Filter("age", "whole", "year(E.start_date) - P.year_of_birth"),
    *_GENDER,
    *_listed("race", "P.race_concept_id"),
    *_listed("ethnicity", "P.ethnicity_concept_id"),
    Filter("occurrence_start_date", "date", "E.start_date"),
    Filter("occurrence_end_date", "date", "E.end_date"),
)
"""Attributes of a demographic criterion, over ``E`` (the event) and ``P`` (the person).

The official text compares a selection of races or ethnicities with the gender; here it is compared with what it names.
"""
