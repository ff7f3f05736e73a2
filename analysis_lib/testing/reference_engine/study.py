"""The data and the resolved concept sets of one evaluation, looked up by key."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from analysis_lib.testing.reference_engine.comparisons import day

__all__ = ["Event", "Index", "Study"]

Row = Mapping[str, Any]


class Event(NamedTuple):
    """Something recorded that satisfies a criterion; days are day numbers."""

    person_id: int
    event_id: int
    start: int | None
    end: int | None
    visit_occurrence_id: int | None
    sort_day: int | None
    counted: Mapping[str, Any]


class Index(NamedTuple):
    """An event within one observation period, as criteria about other events refer to it."""

    person_id: int
    event_id: int
    start: int
    end: int | None
    observed_from: int
    observed_to: int
    visit_occurrence_id: int | None


class Study:
    """Tables as lists of rows, with what is looked up in them again and again.

    Parameters
    ----------
    tables : dict of str to list of dict
        OMOP tables, rows with lower-case column names.
    codesets : dict of int to frozenset of int
        Concepts by the concept set's id.
    """

    def __init__(self, tables: Mapping[str, Sequence[Row]], codesets: Mapping[int, frozenset[int]]) -> None:
        self.codesets = codesets
        self.events_of: dict[int, dict[int, list[Event]]] = {}  # by the criterion's identity, then by person
        self._tables = tables
        self.person = {row["person_id"]: row for row in self.rows("person")}
        self.provider = {row["provider_id"]: row for row in self.rows("provider")}
        self.care_site = {row["care_site_id"]: row for row in self.rows("care_site")}
        self.visit = {(row["person_id"], row["visit_occurrence_id"]): row for row in self.rows("visit_occurrence")}
        self.observed: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for row in self.rows("observation_period"):
            first, last = (day(row[f"observation_period_{edge}_date"]) for edge in ("start", "end"))
            if first is not None and last is not None:
                self.observed[row["person_id"]].append((first, last))

    def rows(self, table: str) -> Sequence[Row]:
        """Return a table's rows; a table that is not there has none.

        Parameters
        ----------
        table : str
            Its OMOP name.

        Returns
        -------
        sequence of dict
            All rows, with lower-case column names.
        """
        return self._tables.get(table, ())

    def indexed(self, events: Sequence[Event]) -> list[Index]:
        """Return each event once for every observation period that holds its start.

        Parameters
        ----------
        events : sequence of Event
            Those without a start are left out, as are those outside observation.

        Returns
        -------
        list of Index
            More than one for an event within overlapping periods.
        """
        return [
            Index(one.person_id, one.event_id, one.start, one.end, first, last, one.visit_occurrence_id)
            for one in events
            for first, last in self.observed.get(one.person_id, ())
            if one.start is not None and first <= one.start <= last
        ]
