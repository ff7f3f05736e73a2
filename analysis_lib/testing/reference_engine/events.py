"""The events that satisfy one criterion, before any window is asked about."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from analysis_lib.testing.reference_engine.attributes import satisfies
from analysis_lib.testing.reference_engine.comparisons import day, shift
from analysis_lib.testing.reference_engine.domains import DOMAINS, Domain
from analysis_lib.testing.reference_engine.study import Event, Study

__all__ = ["criterion_events", "unpack"]

Row = Mapping[str, Any]


def unpack(criterion: Row) -> tuple[str, Row]:
    """Return the kind of a criterion and what is in it.

    Parameters
    ----------
    criterion : dict
        One entry: the kind, and what is in it.

    Returns
    -------
    tuple of (str, dict)
        The kind, such as ``DrugExposure``, and the attributes.
    """
    ((kind, body),) = criterion.items()
    return kind, body


def criterion_events(criterion: Row, study: Study) -> list[Event]:
    """Return the events of one criterion, without the criteria that hang on them.

    Parameters
    ----------
    criterion : dict
        Its kind and what is in it.
    study : Study
        The data and the resolved concept sets.

    Returns
    -------
    list of Event
        One for each row that satisfies it, in no particular order.
    """
    kind, body = unpack(criterion)
    if kind == "LocationRegion":
        return _regions(body, study)
    domain = DOMAINS[kind]
    rows = [row for row in study.rows(domain.table) if _has_concept(row, body, domain=domain, study=study)]
    if body.get("First"):
        rows = _first_of_each_person(rows, domain)
    found = []
    for row in rows:
        start, end = _dates(row, body, kind=kind)
        if satisfies(row, body, kind=kind, dates=(start, end), study=study):
            found.append(_event(row, body, kind=kind, dates=(start, end)))
    return found


def _has_concept(row: Row, body: Row, *, domain: Domain, study: Study) -> bool:
    for attribute, column in (("CodesetId", domain.concept), (domain.source_attribute, domain.source)):
        chosen = body.get(attribute)
        if chosen is not None and row.get(column) not in study.codesets.get(chosen, ()):
            return False
    return True


def _first_of_each_person(rows: Sequence[Row], domain: Domain) -> list[Row]:
    """Keep each person's earliest row, the lowest id of several on one day; other attributes come later."""
    first: dict[int, Row] = {}
    dated = [row for row in rows if domain.starts(row) is not None]
    for row in sorted(dated, key=lambda row: (domain.starts(row), row[domain.id_column])):
        first.setdefault(row["person_id"], row)
    return list(first.values())


def _dates(row: Row, body: Row, *, kind: str) -> tuple[int | None, int | None]:
    """Return start and end, moved by a date adjustment, which specimens do not know."""
    start, end = DOMAINS[kind].starts(row), DOMAINS[kind].ends(row)
    adjustment = body.get("DateAdjustment")
    if adjustment is None or kind == "Specimen":
        return start, end
    edges = {"START_DATE": start, "END_DATE": end}
    first, last = adjustment.get("StartWith", "START_DATE"), adjustment.get("EndWith", "END_DATE")
    if kind == "Death":
        first, last = "START_DATE", "END_DATE"
    return (
        shift(edges[first], adjustment.get("StartOffset", 0)),
        shift(edges[last], adjustment.get("EndOffset", 0)),
    )


def _event(row: Row, body: Row, *, kind: str, dates: tuple[int | None, int | None]) -> Event:
    domain, (start, end) = DOMAINS[kind], dates
    sort_day = start
    user_defined = body.get("UserDefinedPeriod") or {}
    start = day(user_defined.get("StartDate")) or start
    end = day(user_defined.get("EndDate")) or end
    visit_id = row.get("visit_occurrence_id") if domain.has_visit else None
    concept = row.get(domain.concept)
    length = 1 if not domain.length_is_days else None if start is None or end is None else end - start
    counted = {
        "DOMAIN_CONCEPT": concept or 0 if kind == "Death" else concept,
        "START_DATE": start,
        "END_DATE": end,
        "VISIT_ID": visit_id,
        "DURATION": length,
        **{name: row.get(column) for name, column in domain.counts.items()},
    }
    return Event(row["person_id"], row[domain.id_column], start, end, visit_id, sort_day, counted)


def _regions(body: Row, study: Study) -> list[Event]:
    """Return where persons lived; a stay without an end lasts to the end of 2099."""
    chosen = body.get("CodesetId")
    by_location: dict[int, list[Row]] = defaultdict(list)
    for place in study.rows("location"):
        if chosen is None or place.get("region_concept_id") in study.codesets.get(chosen, ()):
            by_location[place["location_id"]].append(place)
    found = []
    for stay in study.rows("location_history"):
        start, end = day(stay["start_date"]), day(stay.get("end_date") or "2099-12-31")
        for place in by_location.get(stay["location_id"], ()) if stay["domain_id"] == "PERSON" else ():
            counted = {"DOMAIN_CONCEPT": place.get("region_concept_id"), "START_DATE": start, "END_DATE": end}
            found.append(Event(stay["entity_id"], stay["location_history_id"], start, end, None, start, counted))
    return found
