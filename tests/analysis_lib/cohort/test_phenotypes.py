"""150 definitions of the OHDSI Phenotype Library: the same rows as the whole script gives on the whole database.

The people are made for the definitions: some qualify, some nearly do, with ids beyond 2^53 and below 0.
"""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysis_lib.catalog import Dataset, import_omop
from analysis_lib.cohort import Cohort, CohortDefinition, build_cohort
from analysis_lib.cohort.build import build_cohorts
from analysis_lib.testing import people_for_definitions
from analysis_lib.testing.reference_engine import Reading, read_cohort
from tests.analysis_lib.cohort.official_sql import Row, official_cohorts

PHENOTYPES = Path(__file__).parents[2] / "data" / "phenotypes"
DOCUMENTS = {path.stem: json.loads(path.read_text()) for path in sorted(PHENOTYPES.glob("*.json"))}
PERSONS = 12
BUCKETS = (1, 3)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("people") / "people.duckdb"
    return people_for_definitions(DOCUMENTS, path=path, persons_per_definition=PERSONS, wide_ids=True).path


@pytest.fixture(scope="module", params=BUCKETS)
def dataset(request: pytest.FixtureRequest, source: Path) -> Dataset:
    data = source.parent / f"data{request.param}"
    return import_omop(source, name="people", data=data, bucket_count=request.param).dataset


@pytest.fixture(scope="module")
def built(dataset: Dataset) -> dict[str, Cohort]:
    """Build all of them in one pass."""
    definitions = [CohortDefinition.from_circe(document, name=name) for name, document in DOCUMENTS.items()]
    cohorts = {one.name: one for one in build_cohorts(definitions, dataset, unknown_concepts="warn")}
    assert [name for name, one in cohorts.items() if not isinstance(one, Cohort)] == []
    return {name: one for name, one in cohorts.items() if isinstance(one, Cohort)}


@pytest.fixture(scope="module")
def official(source: Path) -> Mapping[str, list[Row]]:
    return official_cohorts(source, DOCUMENTS)


@pytest.fixture(scope="module")
def tables(source: Path) -> dict[str, list[dict[str, Any]]]:
    with duckdb.connect(str(source), read_only=True) as connection:
        names = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {name: connection.table(name).to_arrow_table().to_pylist() for name in names}


def rows(cohort: Cohort) -> list[Row]:
    dates = [cohort.frame[column].dt.strftime("%Y-%m-%d") for column in ("cohort_start_date", "cohort_end_date")]
    return sorted(zip(cohort.frame["subject_id"].tolist(), *dates, strict=True))


def test_there_are_150_definitions_and_each_finds_somebody(built: dict[str, Cohort]) -> None:
    assert len(DOCUMENTS) == len(built) == 150
    assert [name for name, cohort in built.items() if cohort.frame.empty] == []


def test_rows_are_those_of_the_whole_script_on_the_whole_database(
    built: dict[str, Cohort], official: Mapping[str, list[Row]]
) -> None:
    assert len(official) == 146  # the others are in the next test
    assert {name: rows(built[name]) for name in official} == official


def test_definitions_that_circepy_gets_wrong_are_as_read_in_plain_python(
    built: dict[str, Cohort], official: Mapping[str, list[Row]], tables: dict[str, list[dict[str, Any]]]
) -> None:
    wrong = sorted(set(DOCUMENTS) - set(official))
    assert wrong == ["1072", "1226", "344", "61"]
    for name in wrong:
        periods = read_cohort(DOCUMENTS[name], tables).periods
        assert rows(built[name]) == [(person, start.isoformat(), end.isoformat()) for person, start, end in periods]


def test_counts_after_each_step_and_of_each_rule_are_those_of_plain_python(
    built: dict[str, Cohort], tables: dict[str, list[dict[str, Any]]]
) -> None:
    with_rules = [name for name, document in DOCUMENTS.items() if len(document.get("InclusionRules") or []) > 1]
    assert len(with_rules) > 10
    for name in with_rules[:10]:
        reading = read_cohort(DOCUMENTS[name], tables)
        assert inclusion_of(built[name]) == _expected(reading)


def inclusion_of(cohort: Cohort) -> list[tuple[int, int, int]]:
    events = cohort.inclusion_statistics.rules.query("mode_id == 0")
    return list(events[["person_count", "gain_count", "person_total"]].itertuples(index=False, name=None))


def _expected(reading: Reading) -> list[tuple[int, int, int]]:
    others = [
        [keys for number, keys in enumerate(reading.by_rule) if number != rule] for rule in range(len(reading.by_rule))
    ]
    return [
        (len(keys), len(reading.qualified.intersection(*rest) - keys), len(reading.qualified))
        for keys, rest in zip(reading.by_rule, others, strict=True)
    ]


def test_one_by_one_they_find_the_same_as_in_one_pass(dataset: Dataset, built: dict[str, Cohort]) -> None:
    for name in sorted(DOCUMENTS)[:5]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            alone = build_cohort(CohortDefinition.from_circe(DOCUMENTS[name]), dataset, unknown_concepts="warn")
        assert rows(alone) == rows(built[name])
        assert alone.attrition.equals(built[name].attrition)
