"""Rows of a small CDM, gathered in Python and written as a DuckDB file."""

import random
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis_lib.catalog.engine import open_engine
from analysis_lib.catalog.quoting import quoted, text_literal
from analysis_lib.catalog.spec import SQL_TYPES, cdm_tables
from analysis_lib.testing.definition_people.definition_plan import birth_of
from analysis_lib.testing.definition_people.domains import DOMAINS, Domain
from analysis_lib.testing.definition_people.person_draft import DraftEvent, PersonDraft
from analysis_lib.testing.row_tables import rows_to_arrow

if TYPE_CHECKING:
    from analysis_lib.testing.definition_people.vocabulary import CirceVocabulary

Row = dict[str, Any]
_EPOCH = 719_163  # the ordinal of 1970-01-01
_EHR = 32817
_INPATIENT = 9201
_GENDERS = (8507, 8532)
_OPEN_ENDS = ("ConditionOccurrence", "DrugExposure", "DeviceExposure")
_FLOAT_LIMIT = 2**53


class CdmRows:
    """Tables in the making.

    Parameters
    ----------
    seed : int
        Where chance begins.
    wide_ids : bool
        Whether ids are spread over 64 bits.
    """

    def __init__(self, *, seed: int, wide_ids: bool) -> None:
        self._rows: dict[str, list[Row]] = {name: [] for name in cdm_tables("5.4")}
        self._seed = seed
        self._wide = wide_ids
        self._providers: dict[int, int] = {}
        self._sites: dict[int, int] = {}

    def _id(self, number: int) -> int:
        """Turn 0, 1, 2, … into ids; wide ones come in neighbours beyond what a float can hold, of either sign."""
        if not self._wide:
            return number + 1
        beyond = _FLOAT_LIMIT * 3 + number // 2
        return beyond if number % 2 else -beyond

    def add_person(self, draft: PersonDraft, *, rng: random.Random) -> int:
        """Put a person's rows into the tables.

        Parameters
        ----------
        draft : PersonDraft
            The person.
        rng : Random
            Where chance comes from.

        Returns
        -------
        int
            The person's id.
        """
        person_id = self._id(len(self._rows["person"]))
        birth = birth_of(draft, rng=rng)
        person = {
            "person_id": person_id,
            "gender_concept_id": rng.choice(_GENDERS),
            "year_of_birth": birth.year,
            "month_of_birth": birth.month,
            "day_of_birth": birth.day,
            "race_concept_id": 0,
            "ethnicity_concept_id": 0,
            "location_id": 1,
        }
        self._rows["person"].append(person | draft.person)
        self._add_periods(draft, person_id)
        died = False
        for event in draft.events:
            if event.domain != "Death" or not died:
                self._add_event(event, person_id, rng=rng)
            died = died or event.domain == "Death"
        return person_id

    def _add_periods(self, draft: PersonDraft, person_id: int) -> None:
        start, end = int(draft.observed_from[0]), int(draft.observed_to[0])
        periods = [(start, max(start, end), draft.period)]
        for near, far in draft.other_periods:
            base = start if near < 0 else end
            periods.append((min(base + near, base + far), max(base + near, base + far), {}))
        for first, last, row in periods:
            self._rows["observation_period"].append(
                {
                    "period_type_concept_id": _EHR,
                    **row,
                    "person_id": person_id,
                    "observation_period_start_date": first,
                    "observation_period_end_date": last,
                }
            )

    def _add_event(self, event: DraftEvent, person_id: int, *, rng: random.Random) -> None:
        domain = DOMAINS[event.domain]
        row = {name: value for name, value in event.row.items() if name in domain.columns}
        row |= {"person_id": person_id, domain.start: event.start}
        if domain.end:
            row[domain.end] = event.end
        if event.domain in _OPEN_ENDS:
            self._maybe_open(event, row, domain=domain, rng=rng)
        for column in domain.columns:
            if column.endswith("_type_concept_id"):
                row.setdefault(column, _EHR)
        if "specialty" in event.row:
            row["provider_id"] = self._provider(event.row["specialty"])
        if "place of service" in event.row:
            row["care_site_id"] = self._care_site(event.row["place of service"])
        self._visit(event, row, person_id=person_id)
        self._rows[domain.table].append(row)
        event.row["written"] = row

    def _maybe_open(self, event: DraftEvent, row: Row, *, domain: Domain, rng: random.Random) -> None:
        """Leave the end out where the official reading gives the same end; rarely, another one."""
        length = event.end - event.start
        end = domain.end or ""
        if event.domain == "DrugExposure":
            if rng.random() < 0.4:
                row[end] = None
                row.setdefault("days_supply", length or rng.choice((0, None)))
            else:
                row.setdefault("days_supply", rng.choice((None, 0, length)))
        elif length == 1 and rng.random() < 0.6:
            row[end] = None

    def _visit(self, event: DraftEvent, row: Row, *, person_id: int) -> None:
        """Give an event the visit that it must share or that must be of some kind."""
        beside = event.row.get("same visit as")
        wanted = event.row.get("visit concept")
        if "visit_occurrence_id" not in DOMAINS[event.domain].columns or event.domain == "VisitOccurrence":
            return
        if beside is not None and "written" in beside.row:
            other = beside.row["written"]
            if other.get("visit_occurrence_id") is None:
                other["visit_occurrence_id"] = self._new_visit(person_id, event, concept_id=_INPATIENT)
            row["visit_occurrence_id"] = other["visit_occurrence_id"]
        elif wanted is not None:
            row["visit_occurrence_id"] = self._new_visit(person_id, event, concept_id=wanted)

    def _new_visit(self, person_id: int, event: DraftEvent, *, concept_id: int) -> int:
        visits = self._rows["visit_occurrence"]
        visit = {
            "visit_occurrence_id": self._id(1_000_000 + len(visits)),
            "person_id": person_id,
            "visit_concept_id": concept_id,
            "visit_start_date": event.start,
            "visit_end_date": max(event.start, event.end),
            "visit_type_concept_id": _EHR,
        }
        visits.append(visit)
        return int(visit["visit_occurrence_id"])

    def _provider(self, specialty: int) -> int:
        if specialty not in self._providers:
            provider_id = self._providers[specialty] = len(self._providers) + 1
            self._rows["provider"].append({"provider_id": provider_id, "specialty_concept_id": specialty})
        return self._providers[specialty]

    def _care_site(self, place: int) -> int:
        if place not in self._sites:
            site_id = self._sites[place] = len(self._sites) + 1
            row = {"care_site_id": site_id, "place_of_service_concept_id": place, "location_id": 1}
            self._rows["care_site"].append(row)
        return self._sites[place]

    def _number_events(self) -> None:
        """Number the rows of each table in no order of time: an id must say nothing about which came first."""
        keys = {domain.table: domain.key for domain in DOMAINS.values() if domain.table != "death"}
        for table, key in keys.items():
            without = [row for row in self._rows[table] if key not in row]
            numbers = list(range(len(without)))
            random.Random(f"{self._seed}/{table}").shuffle(numbers)
            for row, number in zip(without, numbers, strict=True):
                row[key] = self._id(number)

    def write(self, path: Path, *, vocabulary: "CirceVocabulary") -> dict[str, int]:
        """Write everything.

        Parameters
        ----------
        path : Path
            The DuckDB file.
        vocabulary : CirceVocabulary
            The concepts.

        Returns
        -------
        dict of str to int
            Rows by table.
        """
        self._number_events()
        self._rows["location"].append({"location_id": 1, "country_concept_id": 42035286})
        self._rows["cdm_source"].append({"cdm_source_name": "People for cohort definitions", "cdm_version": "v5.4"})
        tables = self._rows | vocabulary_rows(vocabulary)
        with closing(open_engine()) as connection:
            connection.execute(f"ATTACH {text_literal(str(path))} AS target (TYPE duckdb)")
            for name, spec in cdm_tables("5.4").items():
                declared = ", ".join(f"{quoted(field.name)} {SQL_TYPES[field.type]}" for field in spec.fields)
                connection.execute(f"CREATE TABLE target.{quoted(name)} ({declared})")
                if tables[name]:
                    connection.register("incoming", rows_to_arrow(tables[name], spec.fields))
                    connection.execute(f"INSERT INTO target.{quoted(name)} SELECT * FROM incoming")  # noqa: S608
                    connection.unregister("incoming")
            connection.execute("DETACH target")
        return {name: len(rows) for name, rows in tables.items()}


def vocabulary_rows(vocabulary: "CirceVocabulary") -> dict[str, list[Row]]:
    """Lay a vocabulary out as the model's tables.

    Parameters
    ----------
    vocabulary : CirceVocabulary
        The concepts.

    Returns
    -------
    dict of str to list of dict
        concept, concept_ancestor, concept_relationship and concept_synonym.
    """
    valid = {"valid_start_date": _EPOCH, "valid_end_date": 767_009}
    nothing = {"concept_id": 0, "concept_name": "No matching concept", "domain_id": "Metadata"}
    nothing |= {"vocabulary_id": "None", "concept_class_id": "Undefined", "concept_code": "No matching concept"}
    concepts = vocabulary.concepts if 0 in vocabulary.concepts else {0: nothing, **vocabulary.concepts}
    mapped = [
        {"concept_id_1": one, "concept_id_2": two, "relationship_id": name, **valid}
        for source, standard in vocabulary.maps_to.items()
        for one, two, name in ((source, standard, "Maps to"), (standard, source, "Mapped from"))
    ]
    synonyms = [
        {"concept_id": concept_id, "concept_synonym_name": f"another word for {row['concept_name']}"}
        | {"language_concept_id": 4180186}
        for concept_id, row in vocabulary.concepts.items()
        if concept_id % 3 == 0
    ]
    return {
        "concept": [row | valid for row in concepts.values()],
        "concept_ancestor": list(vocabulary.ancestor_rows()),
        "concept_relationship": mapped,
        "concept_synonym": synonyms,
    }
