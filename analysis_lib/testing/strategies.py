"""Hypothesis strategies for small OMOP data and for Circe definitions that ask about it.

Both draw from a handful of concepts and a few weeks, so that events meet on one day, on the edges of windows and of
observation, again and again. The same concepts serve every domain and every attribute: Circe does not look at a
concept's domain.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from analysis_lib.testing.reference_engine.domains import DOMAINS

__all__ = ["VOCABULARY", "circe_kinds", "circe_tables"]

Row = dict[str, Any]
Tables = dict[str, list[Row]]

DAY_0 = date(2010, 12, 15)  # near the end of a year, since Circe's age is a difference of calendar years
CONCEPTS = (1, 2, 3, 4, 5, 6)
# 1 has 2, 3 and the withdrawn 5 below it; 6 is a source code that maps to 2; 7 is in no vocabulary.
VOCABULARY: Tables = {
    "concept": [{"concept_id": one, "invalid_reason": "D" if one == 5 else None} for one in CONCEPTS],
    "concept_ancestor": [
        {"ancestor_concept_id": above, "descendant_concept_id": below}
        for above, below in ((1, 1), (1, 2), (1, 3), (1, 5), (2, 2), (3, 3), (4, 4))
    ],
    "concept_relationship": [
        {"concept_id_1": 6, "concept_id_2": 2, "relationship_id": "Maps to", "invalid_reason": None},
        {"concept_id_1": 6, "concept_id_2": 4, "relationship_id": "Maps to", "invalid_reason": "D"},
        {"concept_id_1": 4, "concept_id_2": 1, "relationship_id": "Is a", "invalid_reason": None},
    ],
}
# Real ids are negative, and beyond what a double holds: 2**53 + 1 and 2**53 + 2 must not meet.
PERSON_IDS = (1, -7, 2**53 + 1, 2**53 + 2, 2**62, 12)
FIRST_IDS = (0, 2**53, -500)
TEXTS = (None, "stopped", "Stopped early", "50% off", "")


class Recorded(NamedTuple):
    """What is drawn for one row; `row_of` spreads it over the columns of the row's table."""

    kind: str
    concept: int
    source: int | None
    day: int
    length: int | None
    visit: int | None
    number: int
    attribute: int


class History(NamedTuple):
    """What is drawn for one person."""

    year_of_birth: int | None
    group: int
    observed: list[tuple[int, int]]
    recorded: list[Recorded]


_days = st.integers(0, 40)
# A few kinds of record for one example, so that the definition asks about what the data hold.
circe_kinds = st.lists(st.sampled_from(sorted(DOMAINS)), min_size=1, max_size=4, unique=True)


def _histories(kinds: Sequence[str]) -> st.SearchStrategy[History]:
    recorded = st.builds(
        Recorded,
        kind=st.sampled_from(sorted({*kinds, "VisitOccurrence"} - {"ObservationPeriod"})),
        concept=st.sampled_from([1, 2, 4, 5, 6, 7]),
        source=st.sampled_from([None, 1, 6]),
        day=_days,
        length=st.none() | st.integers(-1, 12),
        visit=st.none() | st.integers(0, 2),
        number=st.integers(0, 5),
        attribute=st.integers(0, 3),
    )
    return st.builds(
        History,
        year_of_birth=st.sampled_from([1990, 1989, 1985, None]),
        group=st.integers(0, 3),
        observed=st.lists(st.tuples(st.integers(-20, 20), st.integers(10, 60)), min_size=1, max_size=2),
        recorded=st.lists(recorded, min_size=1, max_size=9),
    )


@st.composite
def circe_tables(draw: st.DrawFn, *, kinds: Sequence[str], max_persons: int = 5) -> Tables:
    """Draw the OMOP tables of a few persons, with the vocabulary.

    Parameters
    ----------
    draw : callable
        Given by hypothesis.
    kinds : sequence of str
        Kinds of criteria, from `circe_kinds`, whose tables have rows.
    max_persons : int, default 5
        At most so many persons, six at the very most.

    Returns
    -------
    dict of str to list of dict
        Rows by table; every clinical table is there, perhaps empty.
    """
    histories = draw(st.lists(_histories(kinds), min_size=2, max_size=max_persons))
    first_id = draw(st.sampled_from(FIRST_IDS))
    tables: Tables = {table: [] for table in ("person", *(domain.table for domain in DOMAINS.values()))}
    used: Counter[str] = Counter()
    for person_id, history in zip(PERSON_IDS, histories, strict=False):
        tables["person"].append(_person(person_id, history))
        tables["observation_period"] += _observed(person_id, history, used=used)
        visits: dict[int, list[int]] = defaultdict(list)
        for one in sorted(history.recorded, key=lambda one: one.kind != "VisitOccurrence"):
            row = _row(one, person_id=person_id, visits=visits[person_id])
            if one.kind != "Death":
                row[DOMAINS[one.kind].id_column] = _next_id(used, one.kind, first_id=first_id)
            if one.kind == "VisitOccurrence":
                visits[person_id].append(row["visit_occurrence_id"])
            tables[DOMAINS[one.kind].table].append(row)
    return tables | VOCABULARY | _places()


def _next_id(used: Counter[str], kind: str, *, first_id: int) -> int:
    """Return ids that neither rise nor fall with the order of rows."""
    used[kind] += 1
    return first_id + used[kind] * 37 % 101


def _person(person_id: int, history: History) -> Row:
    concepts = {f"{name}_concept_id": (1, 4, 2, 6)[(history.group + n) % 4] for n, name in enumerate(_PERSONAL)}
    return {"person_id": person_id, "year_of_birth": history.year_of_birth, **concepts}


_PERSONAL = ("gender", "race", "ethnicity")


def _observed(person_id: int, history: History, *, used: Counter[str]) -> list[Row]:
    return [
        {
            "observation_period_id": _next_id(used, "ObservationPeriod", first_id=0),
            "person_id": person_id,
            "observation_period_start_date": _on(start),
            "observation_period_end_date": _on(start + length),
            "period_type_concept_id": (1, 4)[history.group % 2],
        }
        for start, length in history.observed
    ]


def _on(day: int) -> date:
    return DAY_0 + timedelta(days=day)


def _row(one: Recorded, *, person_id: int, visits: Sequence[int]) -> Row:
    domain = DOMAINS[one.kind]
    row: Row = {"person_id": person_id, domain.concept: one.concept, domain.start: _on(one.day)}
    if domain.source:
        row[domain.source] = one.source
    if domain.end:
        missing = one.length is None and domain.has_visit and one.kind != "VisitOccurrence"
        row[domain.end] = None if missing else _on(one.day + (one.length or 0))
    for n, column in enumerate({**domain.concepts, **domain.codesets}.values()):
        row.setdefault(column, (1, 4, 2, None)[(one.attribute + n) % 4])
    for n, column in enumerate({**domain.wholes, **domain.decimals, **domain.counts}.values()):
        row.setdefault(column, (0, 1, 2, 3, 4, None)[(one.number + n) % 6])
    for n, column in enumerate(domain.texts.values()):
        row[column] = TEXTS[(one.attribute + one.number + n) % len(TEXTS)]
    if domain.has_visit and one.kind != "VisitOccurrence":
        row["visit_occurrence_id"] = None if one.visit is None or not visits else visits[one.visit % len(visits)]
    return row | {"provider_id": (None, 1, 2)[one.number % 3], "care_site_id": (1, None, 2)[one.number % 3]}


def _places() -> Tables:
    return {
        "provider": [{"provider_id": 1, "specialty_concept_id": 1}, {"provider_id": 2, "specialty_concept_id": None}],
        "care_site": [
            {"care_site_id": 1, "place_of_service_concept_id": 4},
            {"care_site_id": 2, "place_of_service_concept_id": 1},
        ],
    }
