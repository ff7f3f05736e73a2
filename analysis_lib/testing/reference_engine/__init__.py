"""A second reading of Circe cohort definitions, in plain Python, to compare the engine with.

It was written from the official definition of their meaning, the builders and templates of OHDSI circe-be, and
shares no code with the engine. It loops over rows, so it suits small data. Where the official SQL leaves the order
of a person's events of one day open, the lowest event id comes first.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from analysis_lib.testing.reference_engine.comparisons import day
from analysis_lib.testing.reference_engine.criteria import events_meeting, meets_group
from analysis_lib.testing.reference_engine.exits import cohort_periods
from analysis_lib.testing.reference_engine.study import Index, Study
from analysis_lib.testing.reference_engine.vocabulary import resolve_codesets

__all__ = ["Reading", "day", "read_cohort", "reference_cohort"]

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]
Period = tuple[int, date, date]


@dataclass(frozen=True)
class Reading:
    """What a definition selects, and how many events and persons were left at each step.

    Parameters
    ----------
    periods : list of (person_id, start, end)
        The cohort, sorted.
    qualified, included : frozenset of (person_id, event_id)
        Events that qualify for entry, and those that also satisfy every inclusion rule and the expression limit.
        The event id is the event's rank among the person's entry events.
    by_rule : tuple of frozenset of (person_id, event_id)
        For each inclusion rule, the qualified events that satisfy it, whatever they do with the others.
    """

    periods: list[Period]
    qualified: frozenset[tuple[int, int]]
    included: frozenset[tuple[int, int]]
    by_rule: tuple[frozenset[tuple[int, int]], ...]


def reference_cohort(expression: Row, tables: Tables) -> list[Period]:
    """Return the periods that a Circe definition selects, sorted.

    Parameters
    ----------
    expression : dict
        The definition, as Circe (ATLAS) JSON.
    tables : dict of str to list of dict
        OMOP tables, the vocabulary's among them, each a list of rows with lower-case column names and dates as
        `datetime.date`. Tables and columns that are not there count as empty.

    Returns
    -------
    list of (int, date, date)
        The person, and the first and last day in the cohort.
    """
    return read_cohort(expression, tables).periods


def read_cohort(expression: Row, tables: Tables) -> Reading:
    """Return what a Circe definition selects, with the events at each step.

    Parameters
    ----------
    expression : dict
        The definition, as Circe (ATLAS) JSON.
    tables : dict of str to list of dict
        OMOP tables as in `reference_cohort`.

    Returns
    -------
    Reading
        The cohort and its steps.
    """
    study = Study(tables, resolve_codesets(expression.get("ConceptSets") or (), tables))
    qualified = _qualified(expression, study)
    rules = [rule["expression"] for rule in expression.get("InclusionRules") or ()]
    by_rule = tuple(frozenset(meets_group(rule, qualified, study=study)) for rule in rules)
    kept = [one for one in qualified if all((one.person_id, one.event_id) in keys for keys in by_rule)]
    included = _limited(kept, _limit(expression.get("ExpressionLimit")))
    return Reading(
        periods=cohort_periods(expression, included, study=study),
        qualified=frozenset((one.person_id, one.event_id) for one in qualified),
        included=frozenset((one.person_id, one.event_id) for one in included),
        by_rule=by_rule,
    )


def _qualified(expression: Row, study: Study) -> list[Index]:
    entries = _primary(expression["PrimaryCriteria"], study)
    additional = expression.get("AdditionalCriteria")
    if additional is None:
        return entries  # without additional criteria the qualified limit does not count
    kept = meets_group(additional, entries, study=study)
    entries = [one for one in entries if kept[one.person_id, one.event_id]]
    return _limited(entries, _limit(expression.get("QualifiedLimit")))


def _primary(primary: Row, study: Study) -> list[Index]:
    """Return the entry events with enough observation around them, numbered within each person."""
    limit = _limit(primary.get("PrimaryCriteriaLimit"))
    window = primary["ObservationWindow"]
    before, after = window.get("PriorDays", 0), window.get("PostDays", 0)
    by_person: dict[int, list[tuple[tuple[float, ...], Index]]] = defaultdict(list)
    for criterion in primary["CriteriaList"]:
        for event in events_meeting(criterion, study):
            for index in study.indexed([event]):
                if index.observed_from + before <= index.start and index.start + after <= index.observed_to:
                    by_person[event.person_id].append((_order(event.sort_day, index, last=limit == "LAST"), index))
    numbered = []
    for rows in by_person.values():
        ordered = sorted(rows, key=lambda row: row[0])
        numbered += [index._replace(event_id=n) for n, (_, index) in enumerate(ordered, start=1)]
    return [one for one in numbered if limit == "ALL" or one.event_id == 1]


def _order(sort_day: int | None, index: Index, *, last: bool) -> tuple[float, ...]:
    """Sort by day and event id, then by all else that tells events apart, missing values last."""
    # Of periods that begin on one day the longest is the first, as the engine states.
    rest = (index.end, index.visit_occurrence_id, index.observed_from, -index.observed_to)
    filled = (part for value in rest for part in ((1, 0) if value is None else (0, value)))
    return ((-1 if last else 1) * (sort_day or 0), index.event_id, index.start, *filled)


def _limit(limit: Row | None) -> str:
    return str((limit or {}).get("Type", "First")).upper()


def _limited(events: Sequence[Index], limit: str) -> list[Index]:
    """Keep each person's earliest or latest event, the lowest id of several on one day, or all."""
    if limit == "ALL":
        return list(events)
    direction = -1 if limit == "LAST" else 1
    chosen: dict[int, Index] = {}
    for one in sorted(events, key=lambda one: (direction * one.start, one.event_id)):
        chosen.setdefault(one.person_id, one)
    return list(chosen.values())
