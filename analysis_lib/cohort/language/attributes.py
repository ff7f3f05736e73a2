"""What can be asked of a record: the attributes of every event table, and how each is said in Circe.

The names are Circe's in the CDM's spelling, except where one idea has a name per table there: ``start_date`` and
``end_date`` are the record's own, ``type`` is its type concept, ``length_days`` the days from its start to its end.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Literal, NamedTuple

__all__ = ["DEMOGRAPHICS", "EVENTS", "Attribute", "EventTable"]

Kind = Literal["number", "whole", "date", "text", "concepts", "concept_set", "flag", "period"]


class Attribute(NamedTuple):
    """One thing that can be asked of a record.

    Parameters
    ----------
    name : str
        Its name in the language.
    kind : str
        What it is compared with.
    circe : str
        Its name in Circe.
    listed, chosen : bool
        Of concepts: whether Circe takes a list of them, and whether it takes a concept set.
    exclusion : str
        Of listed concepts: Circe's flag that turns "one of" into "none of"; "" where there is none.
    """

    name: str
    kind: Kind
    circe: str
    listed: bool = True
    chosen: bool = True
    exclusion: str = ""


class EventTable(NamedTuple):
    """One table whose records are events.

    Parameters
    ----------
    circe : str
        Its name in Circe.
    attributes : mapping of str to Attribute
        What can be asked of its records.
    codeset : str
        Circe's name of the concept set; "" where the table takes none.
    source : str
        Circe's name of the set of source concepts; "" where the table takes none.
    first : bool
        Whether the person's first record can be asked for.
    """

    circe: str
    attributes: Mapping[str, Attribute]
    codeset: str = "CodesetId"
    source: str = ""
    first: bool = True


# name[:Circe's name], by kind. "+" marks what Circe takes only as a concept set, "-" what it takes only as a list,
# "!" a list that can be turned into "none of". The words after "=" name groups of
# them.
_GROUPS = {
    "dates": "date start_date:OccurrenceStartDate end_date:OccurrenceEndDate",
    "person": "whole age | concepts gender",
    "provider": "concepts provider_specialty",
    "visit": "concepts visit_type",
    "place": "concepts place_of_service | concept_set place_of_service_location",
    "era": "date start_date:EraStartDate end_date:EraEndDate | whole length_days:EraLength age_at_start age_at_end "
    "| concepts gender",
    "span": "date start_date:PeriodStartDate end_date:PeriodEndDate | period user_defined_period "
    "| whole length_days:PeriodLength age_at_start age_at_end",
}
_TABLES = {
    "condition_era": "ConditionEra = era | whole occurrence_count",
    "condition_occurrence": "ConditionOccurrence source:ConditionSourceConcept = dates person provider visit "
    "| concepts !type:ConditionType condition_status | text stop_reason",
    "death": "Death source:DeathSourceConcept once = dates person "
    "| concepts !type:DeathType +cause_source_concept | concept_set cause_source:CauseSourceConcept",
    "device_exposure": "DeviceExposure source:DeviceSourceConcept = dates person provider visit "
    "| concepts !type:DeviceType | text unique_device_id | whole quantity",
    "dose_era": "DoseEra = era | concepts unit | number dose_value",
    "drug_era": "DrugEra = era | whole occurrence_count gap_days",
    "drug_exposure": "DrugExposure source:DrugSourceConcept = dates person provider visit "
    "| concepts !type:DrugType route_concept dose_unit | text stop_reason lot_number "
    "| whole refills days_supply | number quantity effective_drug_dose",
    "episode": "Episode = date start_date:EpisodeStartDate end_date:EpisodeEndDate | whole episode_number age "
    "| concepts +gender +episode_object_concept +type:EpisodeType",
    "location_region": "LocationRegion once =",
    "measurement": "Measurement source:MeasurementSourceConcept = dates person provider visit "
    "| concepts !type:MeasurementType operator value_as_concept unit -visits | text value_as_string "
    "| number value_as_number range_low range_high range_low_ratio range_high_ratio | flag abnormal",
    "observation": "Observation source:ObservationSourceConcept = dates person provider visit "
    "| concepts !type:ObservationType value_as_concept qualifier unit | number value_as_number | text value_as_string",
    "observation_period": "ObservationPeriod bare = span | concepts type:PeriodType",
    "payer_plan_period": "PayerPlanPeriod bare = span | concepts gender "
    "| concept_set payer_concept plan_concept sponsor_concept stop_reason_concept payer_source_concept "
    "plan_source_concept sponsor_source_concept stop_reason_source_concept",
    "procedure_occurrence": "ProcedureOccurrence source:ProcedureSourceConcept = dates person provider visit "
    "| concepts !type:ProcedureType modifier | whole quantity",
    "specimen": "Specimen source:SpecimenSourceConcept = dates person "
    "| concepts !type:SpecimenType unit anatomic_site disease_status | number quantity | text source_id",
    "visit_detail": "VisitDetail source:VisitDetailSourceConcept = person provider place "
    "| date start_date:VisitDetailStartDate end_date:VisitDetailEndDate "
    "| concepts !type:VisitDetailType discharge_to | whole length_days:VisitDetailLength",
    "visit_occurrence": "VisitOccurrence source:VisitSourceConcept = dates person provider place "
    "| concepts !type:VisitType | whole length_days:VisitLength",
    "custom_era": "CustomEra bare = date start_date end_date "
    "| whole length_days:Duration age_at_start | concepts +gender",
}


def _attributes(groups: str) -> Iterator[Attribute]:
    for group in filter(None, (group.strip() for group in groups.split("|"))):
        kind, *names = group.split()
        if kind in _GROUPS:
            for name in (kind, *names):
                yield from _attributes(_GROUPS[name])
        else:
            yield from (_attribute(kind, name) for name in names)


def _attribute(kind: str, written: str) -> Attribute:
    name, _, circe = written.lstrip("+-!").partition(":")
    circe = circe or "".join(word.title() for word in name.split("_"))
    return Attribute(
        name,
        kind,  # type: ignore[arg-type]
        circe,
        listed=not written.startswith("+"),
        chosen=not written.startswith("-"),
        exclusion=f"{circe}Exclude" if written.startswith("!") else "",
    )


@cache
def _event_tables() -> dict[str, EventTable]:
    tables = {}
    for domain, written in _TABLES.items():
        head, _, groups = written.partition("=")
        circe, *flags = head.split()
        source = next((flag.partition(":")[2] for flag in flags if flag.startswith("source:")), "")
        tables[domain] = EventTable(
            circe,
            {attribute.name: attribute for attribute in _attributes(groups)},
            codeset="" if "bare" in flags else "CodesetId",
            source=source,
            first="once" not in flags,
        )
    return tables


EVENTS: Mapping[str, EventTable] = _event_tables()
"""The tables, by their names in the CDM; ``location_region`` is where a person lived, ``custom_era`` no table."""

DEMOGRAPHICS: Mapping[str, Attribute] = {
    attribute.name: attribute for attribute in _attributes("dates person | concepts race ethnicity")
}
"""What can be asked of the person on the index date."""
