"""The SQL of one criterion: which records it means, by the descriptions in `domains`."""

# ruff: noqa: S608 - made of our words, of circepy's, and of whole numbers; texts go in quoted

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from analysis_lib.catalog.quoting import text_literal
from analysis_lib.cohort.circe.domain import Domain, Filter
from analysis_lib.cohort.circe.domains import CARE_SITE, DOMAINS, PERSON, PROVIDER, VISIT
from analysis_lib.cohort.circe.literals import date_literal, whole
from analysis_lib.cohort.circe.reads import Reads
from analysis_lib.errors import CirceError

if TYPE_CHECKING:
    from circe.cohortdefinition.criteria import Criteria

__all__ = ["CriteriaWriter"]

_JOINS = {**PERSON, **VISIT, **PROVIDER, **CARE_SITE}
_JOINED = {"P": "person", "V": "visit_occurrence", "PR": "provider", "CS": "care_site"}
_KEYS = {
    "P": ("person_id",),
    "V": ("person_id", "visit_occurrence_id"),
    "PR": ("provider_id",),
    "CS": ("care_site_id",),
}
# The column of the record that leads to the joined table.
_LINKS = {"V": "visit_occurrence_id", "PR": "provider_id", "CS": "care_site_id"}
_OPERATORS = {"lt": "<", "lte": "<=", "eq": "=", "!eq": "<>", "gt": ">", "gte": ">="}
_ALWAYS = ("start_date", "end_date", "visit_occurrence_id")
_COLUMN = re.compile(r"\b(C|e|E|P|V|PR|CS)\.(\w+)")
_LOCATED = (
    "(SELECT h.entity_id AS person_id, h.location_history_id, h.start_date AS moved_in, h.end_date AS moved_out, "
)
_LOCATED += (
    "l.region_concept_id FROM cdm.location_history AS h JOIN cdm.location AS l ON l.location_id = h.location_id "
)
_LOCATED += "WHERE h.domain_id = 'PERSON')"
_HISTORY = ("location_id", "location_history_id", "entity_id", "domain_id", "start_date", "end_date")
_ERA = Domain(table="", key="event_id", start="e.start_date", end="e.end_date")


class CriteriaWriter:
    """Writes criteria as SQL for one definition, and keeps what they read.

    Parameters
    ----------
    codesets : mapping of int to int
        Number of each of the definition's concept sets in the bucket's table of codesets.
    reads : Reads
        Takes what is read.
    computed : collection of int, default ()
        Numbers of those that stand for computed measurements. Their rows lie in a table of their own, so that no
        criterion about any measurement, or about a site's own concepts, takes them for recorded ones.
    """

    def __init__(self, codesets: Mapping[int, int], reads: Reads, *, computed: Collection[int] = ()) -> None:
        self.codesets = codesets
        self.reads = reads
        self.computed = computed
        self.notes: list[str] = []
        self.used: set[int] = set()
        self._texts: list[str] = []

    def sql(self, criteria: "Criteria", *, counted: Iterable[str] = ()) -> str:
        """Write the query for the records that a criterion means.

        Parameters
        ----------
        criteria : Criteria
            From circepy's reader.
        counted : iterable of str, default ()
            Columns that a distinct count needs, by circepy's names.

        Returns
        -------
        str
            Columns ``person_id, event_id, start_date, end_date, visit_occurrence_id, sort_date`` and those counted.
        """
        name = type(criteria).__name__
        if name not in DOMAINS:
            raise CirceError(f"there is no domain '{name}'; known: {', '.join(DOMAINS)}. Mend the definition.")
        domain = DOMAINS[name]
        start, end = _period_dates(criteria)
        extra = [
            f", {_counted(domain, column).format(start=start, end=end)} AS {column}"
            for column in counted
            if column not in _ALWAYS
        ]
        conditions = list(self.conditions(criteria, domain.filters))
        if domain.adjusts != "never" and criteria.date_adjustment is not None:
            conditions.insert(0, "C.end_date >= C.start_date")
        first = domain.first and bool(getattr(criteria, "first", None))
        if first:
            conditions.append("C.ordinal = 1")
        conditions += _user_period(criteria)
        joins = self._joins(criteria, domain, conditions=" ".join(conditions))
        records = self._records(criteria, domain, first=first)
        self._note_reads(criteria, domain, sql=" ".join([*conditions, *extra, *joins]))
        return (
            f"SELECT C.person_id, C.{domain.key} AS event_id, {start} AS start_date, {end} AS end_date, "
            f"C.visit_of_record AS visit_occurrence_id, C.start_date AS sort_date{''.join(extra)} "
            f"FROM ({records}) AS C {' '.join(joins)}" + (f" WHERE {' AND '.join(conditions)}" if conditions else "")
        )

    def custom_era_sql(self, criteria: Any, eras: str, *, filters: Iterable[Filter], counted: Iterable[str]) -> str:
        """Write the query for eras that are made of other criteria.

        Parameters
        ----------
        criteria : Any
            From circepy's reader.
        eras : str
            Query for ``person_id, start_date, end_date`` of the eras.
        filters : iterable of Filter
            The attributes.
        counted : iterable of str
            Columns that a distinct count needs.

        Returns
        -------
        str
            Columns as of `sql`; eras are numbered within a person.
        """
        conditions = list(self.conditions(criteria, filters))
        if criteria.date_adjustment is not None:
            conditions.insert(0, "C.end_date >= C.start_date")
        if criteria.first:
            conditions.append("C.event_id = 1")
        unknown = sorted(set(counted) - {*_ALWAYS, "duration"})
        if unknown:
            raise CirceError(f"custom eras cannot be counted by '{unknown[0]}'. Mend the definition.")
        extra = ", (C.end_date - C.start_date) AS duration" if "duration" in set(counted) else ""
        start, end = _adjusted(criteria, _ERA)
        joins = self._joins(criteria, _ERA, conditions=" ".join(conditions))
        if joins:
            self.reads.add("person", columns=("person_id", "year_of_birth", "gender_concept_id"))
        return (
            "SELECT C.person_id, C.event_id, C.start_date, C.end_date, NULL::BIGINT AS visit_occurrence_id, "
            f"C.start_date AS sort_date{extra} FROM (SELECT e.person_id, {start} AS start_date, {end} AS end_date, "
            "row_number() OVER (PARTITION BY e.person_id ORDER BY e.start_date, e.end_date) AS event_id "
            f"FROM ({eras}) AS e) AS C {' '.join(joins)}" + (f" WHERE {' AND '.join(conditions)}" if conditions else "")
        )

    def _records(self, criteria: "Criteria", domain: Domain, *, first: bool) -> str:
        start, end = _adjusted(criteria, domain)
        table = _LOCATED if domain.table == "location_history" else f"cdm.{domain.table}"
        if self._is_computed(criteria, domain):
            table = "computed_measurement"
        ordinal = (
            f", row_number() OVER (PARTITION BY e.person_id ORDER BY {domain.start}, e.{domain.key}) AS ordinal"
            if first
            else ""
        )
        meant = [f"e.{column} IN {self.members(number)}" for column, number in _concepts(criteria, domain)]
        where = f" WHERE {' AND '.join(meant)}" if meant else ""
        return (
            f"SELECT e.*, {start} AS start_date, {end} AS end_date, {domain.visit} AS visit_of_record{ordinal} "
            f"FROM {table} AS e{where}"
        )

    def _is_computed(self, criteria: Any, domain: Domain) -> bool:
        return domain.table == "measurement" and criteria.codeset_id in self.computed

    def members(self, number: int) -> str:
        """Write the query for the concepts of one of the definition's concept sets.

        Parameters
        ----------
        number : int
            The set's number in the definition.

        Returns
        -------
        str
            A query in brackets.
        """
        if number not in self.codesets:
            raise CirceError(
                f"a criterion names concept set {number}, which the definition does not have; "
                f"found {', '.join(map(str, sorted(self.codesets))) or 'none'}. Add the set, or mend the number."
            )
        self.used.add(number)
        return f"(SELECT concept_id FROM codesets WHERE codeset_id = {self.codesets[number]})"

    def conditions(self, criteria: Any, filters: Iterable[Filter]) -> Iterator[str]:
        """Write the conditions that a criterion's attributes mean.

        Parameters
        ----------
        criteria : Any
            From circepy's reader.
        filters : iterable of Filter
            The attributes to look for.

        Yields
        ------
        str
            SQL, one condition each.
        """
        for one in filters:
            value = getattr(criteria, one.attribute, None)
            if value is None or (isinstance(value, list) and not value) or value is False:
                continue
            negated = bool(one.unless and getattr(criteria, one.unless, False))
            yield self._condition(one, value, negated=negated)

    def _condition(self, one: Filter, value: Any, *, negated: bool) -> str:
        if one.kind in ("date", "whole", "decimal"):
            return self._range(one, value)
        if one.kind == "text":
            return self._text(one.value, value)
        if one.kind == "abnormal":
            return one.value
        return self._membership(one, value, negated=negated)

    def _membership(self, one: Filter, value: Any, *, negated: bool) -> str:
        if one.kind == "concepts":
            ids = [str(int(concept.concept_id)) for concept in value if concept.concept_id is not None]
            return f"{one.value} {'NOT ' if negated else ''}IN ({', '.join(ids) or 'NULL'})"
        if one.kind == "set":
            column = "LOC.region_concept_id" if one.value.startswith("LOC") else one.value
            return f"{column} IN {self.members(value)}"
        excluded = value.is_exclusion != negated
        if value.codeset_id is None:
            return f"{one.value} IS {'' if excluded else 'NOT '}NULL"
        return f"{one.value} {'NOT ' if excluded else ''}IN {self.members(value.codeset_id)}"

    def _range(self, one: Filter, asked: Any) -> str:
        operator = str(asked.op or "")
        if operator.endswith("bt"):
            low, high = (self._bound(one, bound) for bound in (asked.value, asked.extent))
            inside = f"({one.value} >= {low} AND {one.value} <= {high})"
            return f"NOT {inside}" if operator.startswith("!") else inside
        if operator not in _OPERATORS:
            raise CirceError(
                f"attribute '{one.attribute}' needs one of the operators {', '.join(_OPERATORS)}, bt, !bt; "
                f"found '{operator}'. Mend the definition."
            )
        return f"{one.value} {_OPERATORS[operator]} {self._bound(one, asked.value)}"

    def _bound(self, one: Filter, value: Any) -> str:
        if value is None:
            raise CirceError(f"attribute '{one.attribute}' lacks a value to compare with. Mend the definition.")
        if one.kind == "date":
            return date_literal(value)
        if one.kind == "whole":
            return str(int(value))
        written = f"{float(value):.4f}"
        if float(written) != float(value):
            self.notes.append(f"'{one.attribute}' is compared with {written}: Circe's SQL has four decimals")
        return f"{written}::DOUBLE"

    def _text(self, column: str, asked: Any) -> str:
        operator, text = str(asked.op or ""), str(asked.text or "")
        before = "%" if operator.endswith(("endsWith", "contains")) else ""
        after = "%" if operator.endswith(("startsWith", "contains")) else ""
        self._texts.append(f"{before}{text}{after}")
        # The text goes in last, by `with_texts`, so that nothing takes its words for a place to fill.
        return f"{column} {'NOT ' if operator.startswith('!') else ''}LIKE text_{len(self._texts) - 1}_of_definition"

    def with_texts(self, sql: str) -> str:
        """Put the definition's texts into SQL that was written before.

        Parameters
        ----------
        sql : str
            From `sql`.

        Returns
        -------
        str
            With quoted texts.
        """
        return re.sub(r"text_(\d+)_of_definition", lambda found: text_literal(self._texts[int(found[1])]), sql)

    def _joins(self, criteria: Any, domain: Domain, *, conditions: str) -> list[str]:
        aliases = {alias for alias, _ in _COLUMN.findall(conditions)}
        located = next((f.value for f in domain.filters if f.attribute == "place_of_service_location"), "")
        joins = [_JOINS[alias] for alias in _JOINS if alias in aliases]
        if located and getattr(criteria, "place_of_service_location", None) is not None:
            _, start, end = located.split(":")
            self.reads.add("location_history", columns=_HISTORY)
            self.reads.add("location", columns=("location_id", "region_concept_id"))
            if CARE_SITE["CS"] not in joins:
                joins.append(CARE_SITE["CS"])
            joins.append(
                "JOIN cdm.location_history AS LH ON LH.entity_id = C.care_site_id AND LH.domain_id = 'CARE_SITE' "
                f"AND C.{start} >= LH.start_date AND C.{end} <= coalesce(LH.end_date, DATE '2099-12-31') "
                "JOIN cdm.location AS LOC ON LOC.location_id = LH.location_id"
            )
        return joins

    def _note_reads(self, criteria: Any, domain: Domain, *, sql: str) -> None:
        used = set(_COLUMN.findall(" ".join([sql, domain.start, domain.end, domain.visit])))
        own = {"person_id", domain.key, *(column for alias, column in used if alias in "Ce")}
        own -= {"start_date", "end_date", "ordinal", "visit_of_record"}
        for alias, table in _JOINED.items():
            if f"AS {alias} " in sql:
                columns = {column for name, column in used if name == alias}
                self.reads.add(table, columns=columns.union(_KEYS[alias]))
        own |= {_LINKS[alias] for alias in _LINKS if f"AS {alias} " in sql}
        if domain.table == "location_history":
            self.reads.add("location", columns=("location_id", "region_concept_id"))
            self.reads.add("location_history", columns=_HISTORY)
            return
        if self._is_computed(criteria, domain):
            return
        concepts = list(_concepts(criteria, domain))
        own |= {column for column, _ in concepts}
        if concepts:
            column, number = concepts[0]
            self.reads.add(domain.table, columns=own, column=column, codeset=self.codesets[number])
        else:
            self.reads.add(domain.table, columns=own)


def _counted(domain: Domain, column: str) -> str:
    if column in domain.counted:
        return domain.counted[column]
    if column == "domain_concept_id" and domain.concept:
        return f"C.{domain.concept}"
    if column == "domain_source_concept_id" and domain.source:
        return f"C.{domain.source[1]}"
    known = ", ".join(["domain_concept_id", *_ALWAYS, *domain.counted])
    raise CirceError(f"records of {domain.table} cannot be counted by '{column}'; known: {known}. Mend the definition.")


def _concepts(criteria: Any, domain: Domain) -> Iterator[tuple[str, int]]:
    """Give the columns that are compared with a concept set, with the set's number in the definition."""
    if domain.concept and criteria.codeset_id is not None:
        yield domain.concept, criteria.codeset_id
    if domain.source and getattr(criteria, domain.source[0], None) is not None:
        yield domain.source[1], getattr(criteria, domain.source[0])


def _adjusted(criteria: Any, domain: Domain) -> tuple[str, str]:
    adjustment = criteria.date_adjustment
    if adjustment is None or domain.adjusts == "never":
        return domain.start, domain.end
    dates = {"start_date": domain.start, "end_date": domain.end}
    start_with, end_with = "start_date", "end_date"
    if domain.adjusts == "either":
        start_with = adjustment.start_with.value if adjustment.start_with else start_with
        end_with = adjustment.end_with.value if adjustment.end_with else end_with
    return (
        f"{dates[start_with]} + {whole(adjustment.start_offset)}",
        f"{dates[end_with]} + {whole(adjustment.end_offset)}",
    )


def _period_dates(criteria: Any) -> tuple[str, str]:
    """Give the first and the last day of the event: the record's, or those that the user set for a period."""
    period = getattr(criteria, "user_defined_period", None)
    start = date_literal(period.start_date) if period and period.start_date else "C.start_date"
    return start, date_literal(period.end_date) if period and period.end_date else "C.end_date"


def _user_period(criteria: Any) -> list[str]:
    period = getattr(criteria, "user_defined_period", None)
    days = [day for day in (period.start_date, period.end_date) if day] if period else []
    return [f"C.start_date <= {date_literal(day)} AND C.end_date >= {date_literal(day)}" for day in days]
