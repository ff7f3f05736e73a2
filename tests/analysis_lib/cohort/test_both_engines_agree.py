"""The engine against the reading in plain Python: drawn definitions on drawn data, in 1, 2 and 5 buckets."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis_lib.catalog import Dataset, import_omop
from analysis_lib.catalog.spec import SQL_TYPES, cdm_tables
from analysis_lib.cohort import Cohort, CohortDefinition
from analysis_lib.cohort.build import build_cohorts
from analysis_lib.testing import people_for_definitions
from analysis_lib.testing.reference_engine import Reading, read_cohort
from analysis_lib.testing.strategies import circe_kinds, circe_tables
from analysis_lib.testing.strategies_circe import circe_definitions

Document = dict[str, Any]
Tables = Mapping[str, Sequence[Mapping[str, Any]]]
SPEC = cdm_tables("5.4")
# In the model's version 5.0 only, but Circe asks for them still.
OLD_COLUMNS = {"drug_exposure": {"dose_unit_concept_id": "BIGINT", "effective_drug_dose": "DOUBLE"}}

# Many questions for each release, because writing a release costs more than asking it.
questions = circe_kinds.flatmap(
    lambda kinds: st.tuples(
        circe_tables(kinds=kinds), st.lists(circe_definitions(kinds=kinds), min_size=5, max_size=12)
    )
)


def _release(tables: Tables, folder: Path, *, bucket_count: int) -> Dataset:
    source = folder / f"{uuid.uuid4().hex}.duckdb"
    with duckdb.connect(str(source)) as connection:
        for name, rows in tables.items():
            types = {field.name: SQL_TYPES[field.type] for field in SPEC[name].fields} | OLD_COLUMNS.get(name, {})
            connection.execute(
                f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in types.items())})"
            )
            if rows:
                places = ", ".join(f"({', '.join('?' * len(types))})" for _ in rows)
                values = [row.get(column) for row in rows for column in types]
                connection.execute(f"INSERT INTO {name} VALUES {places}", values)
    return import_omop(source, name=f"small-{source.stem[:12]}", data=folder, bucket_count=bucket_count).dataset


def _periods(cohort: Cohort) -> list[tuple[int, date, date]]:
    frame = cohort.frame
    columns = (frame["subject_id"], frame["cohort_start_date"], frame["cohort_end_date"])
    return sorted((int(who), start.date(), end.date()) for who, start, end in zip(*columns, strict=True))


def _built(documents: Sequence[Document], dataset: Dataset) -> list[Cohort]:
    definitions = [CohortDefinition.from_circe(one) for one in documents]
    cohorts = [one for one in build_cohorts(definitions, dataset, unknown_concepts="warn") if isinstance(one, Cohort)]
    assert len(cohorts) == len(documents)
    return cohorts


@pytest.mark.parametrize("bucket_count", [1, 2, 5])
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=questions)
def test_drawn_definitions_give_the_same_rows_by_both_readings(
    tmp_path_factory: pytest.TempPathFactory, bucket_count: int, asked: tuple[Tables, list[Document]]
):
    tables, documents = asked
    dataset = _release(tables, tmp_path_factory.mktemp("drawn"), bucket_count=bucket_count)
    for cohort, document in zip(_built(documents, dataset), documents, strict=True):
        assert _periods(cohort) == read_cohort(document, tables).periods


def _held(reading: Reading) -> list[int]:
    """Count the qualified events that satisfy the first rule, the first two, and so on."""
    kept, counts = set(reading.qualified), []
    for keys in reading.by_rule:
        kept &= keys
        counts.append(len(kept))
    return counts


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=questions)
def test_the_attrition_counts_what_each_rule_leaves(
    tmp_path_factory: pytest.TempPathFactory, asked: tuple[Tables, list[Document]]
):
    tables, documents = asked
    documents = [document for document in documents if document["InclusionRules"]]
    dataset = _release(tables, tmp_path_factory.mktemp("drawn"), bucket_count=2)
    for cohort, document in zip(_built(documents, dataset), documents, strict=True):
        reading = read_cohort(document, tables)
        named = cohort.attrition[cohort.attrition["rule"].str.startswith("rule ")]
        assert named["records"].tolist() == _held(reading)


PHENOTYPES = sorted((Path(__file__).parents[2] / "data" / "phenotypes").glob("*.json"), key=lambda file: int(file.stem))


def test_definitions_of_the_phenotype_library_give_the_same_rows_by_both_readings(
    tmp_path_factory: pytest.TempPathFactory,
):
    files = PHENOTYPES[::15]
    folder = tmp_path_factory.mktemp("phenotypes")
    source = people_for_definitions(files, path=folder / "people.duckdb", persons_per_definition=10, wide_ids=True).path
    dataset = import_omop(source, name="phenotypes", data=folder, bucket_count=3).dataset
    tables = read_tables(source)
    documents = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    found = 0
    for cohort, document in zip(_built(documents, dataset), documents, strict=True):
        assert _periods(cohort) == read_cohort(document, tables).periods
        found += len(cohort.frame)
    assert found > 50


def read_tables(source: Path) -> Tables:
    with duckdb.connect(str(source), read_only=True) as connection:
        names = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {name.lower(): connection.table(name).to_arrow_table().to_pylist() for name in names}
