"""Criteria about other events: windows, counts, groups of criteria, and events with criteria of their own.

Every function returns a Counter of (person_id, event_id): how many rows the official SQL has for that event. It is
1 almost always. An event that starts within two overlapping observation periods is two rows there, and the counts
of its criteria double; that is kept.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from analysis_lib.testing.reference_engine.attributes import has_concept
from analysis_lib.testing.reference_engine.comparisons import in_date_range, in_range, year
from analysis_lib.testing.reference_engine.events import criterion_events, unpack
from analysis_lib.testing.reference_engine.study import Event, Index, Study

__all__ = ["events_by_person", "events_meeting", "meets_group"]

Row = Mapping[str, Any]
Keys = Counter[tuple[int, int]]
EXACTLY, AT_MOST, AT_LEAST = 0, 1, 2


def events_meeting(criterion: Row, study: Study) -> list[Event]:
    """Return the events of a criterion that also satisfy the criteria hanging on it.

    Parameters
    ----------
    criterion : dict
        Its kind and what is in it.
    study : Study
        The data and the resolved concept sets.

    Returns
    -------
    list of Event
        In no particular order.
    """
    events = criterion_events(criterion, study)
    group = unpack(criterion)[1].get("CorrelatedCriteria")
    if not group or _is_empty(group):
        return events
    kept = meets_group(group, study.indexed(events), study=study)
    return [one for one in events for _ in range(kept[one.person_id, one.event_id])]


def events_by_person(criterion: Row, study: Study) -> Mapping[int, Sequence[Event]]:
    """Return the same by person, worked out once for each criterion.

    Parameters
    ----------
    criterion : dict
        Its kind and what is in it; the same object is not worked out again.
    study : Study
        The data and the resolved concept sets; it keeps the answer.

    Returns
    -------
    dict of int to list of Event
        Events by person; who has none is left out.
    """
    if id(criterion) not in study.events_of:
        by_person: dict[int, list[Event]] = defaultdict(list)
        for one in events_meeting(criterion, study):
            by_person[one.person_id].append(one)
        study.events_of[id(criterion)] = by_person
    return study.events_of[id(criterion)]


def meets_group(group: Row, table: Sequence[Index], *, study: Study) -> Keys:
    """Return the events of the table that satisfy enough members of the group; an empty group keeps all.

    Parameters
    ----------
    group : dict
        A Circe group: how many members must hold, and its criteria, demographics and groups.
    table : sequence of Index
        The events that the members are asked about.
    study : Study
        The data and the resolved concept sets.

    Returns
    -------
    Counter of (person_id, event_id)
        1 for each event that is kept; of an empty group, how many rows of the table the event has.
    """
    rows = Counter((one.person_id, one.event_id) for one in table)
    if _is_empty(group):
        return rows
    members = [_meets_counted(one, table, study=study) for one in group.get("CriteriaList") or ()]
    members += [_meets_demographics(one, table, study=study) for one in group.get("DemographicCriteriaList") or ()]
    members += [meets_group(one, table, study=study) for one in group.get("Groups") or ()]
    held: Keys = Counter()
    for member in members:
        held.update(member)
    return Counter(key for key, n in rows.items() if _enough(group, held=n * held[key], members=len(members)))


def _is_empty(group: Row) -> bool:
    return not any(group.get(name) for name in ("CriteriaList", "DemographicCriteriaList", "Groups"))


def _enough(group: Row, *, held: int, members: int) -> bool:
    kind = group["Type"].upper()
    if kind == "ALL":
        return held == members
    if kind == "ANY":
        return held > 0
    return bool(held >= group["Count"] if kind == "AT_LEAST" else held <= group["Count"])


def _meets_counted(counted: Row, table: Sequence[Index], *, study: Study) -> Keys:
    """Count for each event of the table the other events in its window."""
    occurrence = counted["Occurrence"]
    events = events_by_person(counted["Criteria"], study)
    found: dict[tuple[int, int], list[Any]] = defaultdict(list)
    rows = Counter((one.person_id, one.event_id) for one in table)
    for index in table:
        for event in events.get(index.person_id, ()):
            if _in_windows(counted, index=index, event=event):
                found[index.person_id, index.event_id].append(event)
    allows_none = occurrence["Type"] == AT_MOST or occurrence["Count"] == 0
    kept: Keys = Counter()
    for key in rows if allows_none else found:
        n = _number(found.get(key, []), occurrence, rows_of_index=rows[key] if allows_none else 1)
        kept[key] += _right_number(n, occurrence)
    return kept


def _number(events: Sequence[Event], occurrence: Row, *, rows_of_index: int) -> int:
    if not occurrence.get("IsDistinct"):
        return len(events) * rows_of_index
    column = occurrence.get("CountColumn") or "DOMAIN_CONCEPT"
    return len({one.counted[column] for one in events} - {None})


def _right_number(n: int, occurrence: Row) -> bool:
    kind, wanted = occurrence["Type"], occurrence["Count"]
    if kind == EXACTLY:
        return bool(n == wanted)
    return bool(n <= wanted) if kind == AT_MOST else bool(n >= wanted)


def _in_windows(counted: Row, *, index: Index, event: Event) -> bool:
    observed = not counted.get("IgnoreObservationPeriod")
    if observed and not _between(event.start, low=index.observed_from, high=index.observed_to):
        return False
    same_visit = event.visit_occurrence_id is not None and event.visit_occurrence_id == index.visit_occurrence_id
    if counted.get("RestrictVisit") and not same_visit:
        return False
    for name, ends_by_default in (("StartWindow", False), ("EndWindow", True)):
        window = counted.get(name)
        if window and not _in_window(window, (index, event), observed=observed, ends_by_default=ends_by_default):
            return False
    return True


def _in_window(window: Row, pair: tuple[Index, Event], *, observed: bool, ends_by_default: bool) -> bool:
    """Tell whether the event's edge is in the window; an open side reaches to the edge of observation."""
    index, event = pair
    at_event_end = window.get("UseEventEnd")
    edge = event.end if (ends_by_default if at_event_end is None else at_event_end) else event.start
    origin = index.end if window.get("UseIndexEnd") else index.start
    for side, sign in (("Start", 1), ("End", -1)):
        days, coefficient = window[side].get("Days"), window[side]["Coeff"]
        if days is None and not observed:
            continue
        if days is None:
            bound: int | None = index.observed_from if coefficient == -1 else index.observed_to
        else:
            bound = None if origin is None else origin + coefficient * days
        if edge is None or bound is None or sign * (edge - bound) < 0:
            return False
    return True


def _between(value: int | None, *, low: int, high: int) -> bool:
    return value is not None and low <= value <= high


def _meets_demographics(asked: Row, table: Sequence[Index], *, study: Study) -> Keys:
    return Counter({(one.person_id, one.event_id) for one in table if _has_demographics(asked, one, study=study)})


def _has_demographics(asked: Row, index: Index, *, study: Study) -> bool:
    """Tell whether the person and the dates of an event are as asked for."""
    person = study.person.get(index.person_id)
    if person is None:
        return False
    age, born = asked.get("Age"), person.get("year_of_birth")
    if age and not in_range(None if born is None else (year(index.start) or 0) - born, age):
        return False
    if not all(
        has_concept(person.get(f"{name.lower()}_concept_id"), asked, name=name, study=study)
        for name in ("Gender", "Race", "Ethnicity")
    ):
        return False
    dates = (("OccurrenceStartDate", index.start), ("OccurrenceEndDate", index.end))
    return all(in_date_range(edge, asked[name]) for name, edge in dates if asked.get(name))
