"""A database of people made for given definitions: the same every time, and telling those who qualify from others."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from analysis_lib.catalog import import_omop
from analysis_lib.catalog.engine import open_engine
from analysis_lib.errors import SyntheticDataError
from analysis_lib.testing import DefinitionPeople, people_for_definitions

PHENOTYPES = Path(__file__).parents[3] / "data" / "phenotypes"
FLU: dict[str, Any] = {
    "ConceptSets": [
        {
            "id": 0,
            "expression": {
                "items": [
                    {"concept": {"CONCEPT_ID": 4266367, "CONCEPT_NAME": "Influenza"}, "includeDescendants": True},
                    {"concept": {"CONCEPT_ID": 4112824, "CONCEPT_NAME": "Avian influenza"}, "isExcluded": True},
                ]
            },
        }
    ],
    "PrimaryCriteria": {
        "CriteriaList": [{"ConditionOccurrence": {"CodesetId": 0, "First": True, "Age": {"Value": 40, "Op": "gte"}}}],
        "ObservationWindow": {"PriorDays": 365, "PostDays": 0},
        "PrimaryCriteriaLimit": {"Type": "First"},
    },
}
FLU_ENTRIES = """
SELECT DISTINCT c.person_id FROM condition_occurrence c JOIN person p USING (person_id)
JOIN observation_period o ON o.person_id = c.person_id
 AND c.condition_start_date BETWEEN observation_period_start_date AND observation_period_end_date
WHERE condition_concept_id IN (
    SELECT descendant_concept_id FROM concept_ancestor JOIN concept ON concept_id = descendant_concept_id
    WHERE ancestor_concept_id = 4266367 AND descendant_concept_id <> 4112824
      AND (invalid_reason IS NULL OR concept_id = ancestor_concept_id))
AND condition_start_date - observation_period_start_date >= 365
AND year(condition_start_date) - year_of_birth >= 40
"""


def answer(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(open_engine()) as connection:
        connection.execute(f"ATTACH '{path}' AS people (READ_ONLY)")
        connection.execute("USE people")
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def flu(tmp_path_factory: pytest.TempPathFactory) -> DefinitionPeople:
    path = tmp_path_factory.mktemp("flu") / "flu.duckdb"
    return people_for_definitions({"flu": FLU}, path=path, seed=4, persons_per_definition=60)


def test_people_meant_to_qualify_do_and_most_near_misses_do_not(flu: DefinitionPeople) -> None:
    entered = {row[0] for row in answer(flu.path, FLU_ENTRIES)}
    of_role = {
        role: [p.person_id in entered for p in flu.persons if p.role == role] for role in ("qualifies", "near miss")
    }
    assert all(of_role["qualifies"])
    assert sum(of_role["near miss"]) < len(of_role["near miss"]) / 2


def test_every_rule_of_the_definition_is_broken_by_somebody(flu: DefinitionPeople) -> None:
    broken = {person.broken for person in flu.persons if person.broken}
    assert broken == {
        "PrimaryCriteria[0].CodesetId",
        "PrimaryCriteria[0].Age",
        "PrimaryCriteria[0].First",
        "ObservationWindow.PriorDays",
        "ObservationWindow.PostDays",
    }


def test_observation_before_entry_is_at_its_edge_for_some(flu: DefinitionPeople) -> None:
    days = answer(
        flu.path,
        "SELECT DISTINCT condition_start_date - observation_period_start_date FROM condition_occurrence "
        "JOIN observation_period USING (person_id)",
    )
    assert {364, 365, 366} <= {row[0] for row in days}


def test_what_a_set_excludes_lies_below_what_it_includes(flu: DefinitionPeople) -> None:
    below = answer(flu.path, "SELECT descendant_concept_id FROM concept_ancestor WHERE ancestor_concept_id = 4266367")
    assert (4112824,) in below
    deprecated = answer(
        flu.path,
        "SELECT count(*) FROM concept_ancestor JOIN concept ON concept_id = descendant_concept_id "
        "WHERE ancestor_concept_id = 4266367 AND invalid_reason = 'D'",
    )
    assert deprecated[0][0] > 0


def test_the_same_seed_gives_the_same_rows(tmp_path: Path, flu: DefinitionPeople) -> None:
    again = people_for_definitions({"flu": FLU}, path=tmp_path / "again.duckdb", seed=4, persons_per_definition=60)
    other = people_for_definitions({"flu": FLU}, path=tmp_path / "other.duckdb", seed=5, persons_per_definition=60)
    assert again.persons == flu.persons
    for table in ("person", "observation_period", "condition_occurrence", "concept_ancestor"):
        everything = f"SELECT * FROM {table}"
        assert answer(again.path, everything) == answer(flu.path, everything)
    assert answer(other.path, "FROM condition_occurrence") != answer(flu.path, "FROM condition_occurrence")


def test_wide_ids_are_of_either_sign_and_closer_than_a_float_can_tell(tmp_path: Path) -> None:
    path = tmp_path / "wide.duckdb"
    wide = people_for_definitions({"flu": FLU}, path=path, persons_per_definition=40, wide_ids=True)
    ids = {person.person_id for person in wide.persons}
    assert min(ids) < -(2**53)
    assert max(ids) > 2**53
    assert len({float(person_id) for person_id in ids}) < len(ids) == 40


def test_all_shared_definitions_get_people_and_the_result_can_be_imported(tmp_path: Path) -> None:
    files = sorted(PHENOTYPES.glob("*.json"))
    assert len(files) == 150
    made = people_for_definitions(files, path=tmp_path / "people.duckdb", persons_per_definition=10)
    assert len(made.persons) == 1500
    used = {
        table
        for table in ("specimen", "visit_detail", "device_exposure", "drug_era", "dose_era", "condition_era", "death")
        if made.rows[table]
    }
    assert len(used) == 7
    report = import_omop(made.path, name="people", data=tmp_path / "data").dataset.quality
    assert report.of_rule("owner-unknown") == {}
    assert report.of_rule("key-duplicate") == {}


def test_a_file_that_exists_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "here.duckdb"
    target.write_text("precious")
    with pytest.raises(SyntheticDataError, match="exists already"):
        people_for_definitions({"flu": FLU}, path=target)
    assert target.read_text() == "precious"


def test_what_is_no_circe_document_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SyntheticDataError, match="definition odd is no Circe document"):
        people_for_definitions({"odd": {"a": 1}}, path=tmp_path / "x.duckdb")
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(SyntheticDataError, match=r"broken\.json"):
        people_for_definitions([broken], path=tmp_path / "x.duckdb")
    with pytest.raises(SyntheticDataError, match="no definition was given"):
        people_for_definitions({}, path=tmp_path / "x.duckdb")
    listed = tmp_path / "list.json"
    listed.write_text(json.dumps([1]))
    with pytest.raises(SyntheticDataError, match="PrimaryCriteria"):
        people_for_definitions([listed], path=tmp_path / "x.duckdb")
