"""When persons leave a cohort, and how their periods are joined."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from analysis_lib.testing.reference_engine.comparisons import day, shift
from analysis_lib.testing.reference_engine.criteria import events_by_person
from analysis_lib.testing.reference_engine.domains import DOMAINS
from analysis_lib.testing.reference_engine.study import Index, Study

__all__ = ["cohort_periods"]

Row = Mapping[str, Any]
Days = tuple[int, int]


def cohort_periods(expression: Row, included: Sequence[Index], *, study: Study) -> list[tuple[int, date, date]]:
    """Return each person's periods, from the events that were included.

    Parameters
    ----------
    expression : dict
        The definition: its end strategy, censoring, collapse settings and censor window.
    included : sequence of Index
        The events that begin the periods.
    study : Study
        The data and the resolved concept sets.

    Returns
    -------
    list of (int, date, date)
        The person, and the first and last day in the cohort; sorted.
    """
    strategy = expression.get("EndStrategy") or {}
    censoring = [events_by_person(one, study) for one in expression.get("CensoringCriteria") or ()]
    exposed = _eras(strategy["CustomEra"], study) if "CustomEra" in strategy else {}
    by_person: dict[int, list[Days]] = defaultdict(list)
    for index in included:
        ends = _strategy_ends(strategy, index, exposed=exposed)
        for events in censoring:
            starts = [one.start for one in events.get(index.person_id, ()) if one.start is not None]
            ends += [start for start in starts if index.start <= start <= index.observed_to]
        ends = [end for end in ends if end >= index.start]
        if ends:
            by_person[index.person_id].append((index.start, min(ends)))
    pad = (expression.get("CollapseSettings") or {}).get("EraPad", 0)
    return _written(_collapsed(by_person, pad), expression.get("CensorWindow") or {})


def _strategy_ends(strategy: Row, index: Index, *, exposed: Mapping[int, Sequence[Days]]) -> list[int]:
    """Return the candidate ends beside censoring: a fixed offset, or the end of observation and of exposure."""
    if "DateOffset" in strategy:
        offset = strategy["DateOffset"]
        edge = index.end if offset.get("DateField", "StartDate") == "EndDate" else index.start
        return [] if edge is None else [min(edge + offset.get("Offset", 0), index.observed_to)]
    eras = exposed.get(index.person_id, ())
    return [index.observed_to, *(last for first, last in eras if first <= index.start <= last)]


def _eras(custom: Row, study: Study) -> dict[int, list[Days]]:
    """Return each person's continuous exposure to the drug, by standard or by source concept."""
    gap, offset, supply = custom.get("GapDays", 0), custom.get("Offset", 0), custom.get("DaysSupplyOverride")
    drugs = study.codesets.get(custom["DrugCodesetId"], frozenset())
    exposed: dict[int, list[Days]] = defaultdict(list)
    for row in study.rows("drug_exposure"):
        if not drugs & {row.get("drug_concept_id"), row.get("drug_source_concept_id")}:
            continue
        start = day(row["drug_exposure_start_date"])
        end = DOMAINS["DrugExposure"].ends(row) if supply is None else shift(start, supply)
        if start is not None and end is not None:
            exposed[row["person_id"]].append((start, end + offset))
    return {person_id: _joined(periods, gap) for person_id, periods in exposed.items()}


def _collapsed(by_person: Mapping[int, Sequence[Days]], pad: int) -> list[tuple[int, int, int]]:
    return [(person_id, start, end) for person_id, periods in by_person.items() for start, end in _joined(periods, pad)]


def _joined(periods: Iterable[Days], gap: int) -> list[Days]:
    """Join periods that start at most `gap` days after an earlier one ended."""
    joined: list[Days] = []
    for start, end in sorted(periods):
        if joined and joined[-1][1] + gap >= start:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _written(rows: Iterable[tuple[int, int, int]], window: Row) -> list[tuple[int, date, date]]:
    """Cut the periods to the censor window, drop what lies outside it, and sort."""
    first, last = day(window.get("StartDate")), day(window.get("EndDate"))
    cut = [
        (person_id, start if first is None else max(start, first), end if last is None else min(end, last))
        for person_id, start, end in rows
    ]
    return sorted(
        (person_id, date.fromordinal(start), date.fromordinal(end))
        for person_id, start, end in cut
        if start <= end or not window
    )
