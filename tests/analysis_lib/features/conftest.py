"""Releases of a few people with measurements, written as lists of rows."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb
import pytest

from analysis_lib.catalog import Dataset, import_omop

ReleaseOf = Callable[..., Dataset]

CONCEPTS = [
    (10, "drug", "Drug", "Test", "10"),
    (11, "drug tablet", "Drug", "Test", "11"),
    (30, "bleed", "Condition", "Test", "30"),
    (31, "stomach bleed", "Condition", "Test", "31"),
    (50, "creatinine", "Measurement", "Test", "50"),
    (51, "creatinine in plasma", "Measurement", "Test", "51"),
    (60, "dialysis", "Procedure", "Test", "60"),
    (8840, "milligram per deciliter", "Unit", "UCUM", "mg/dL"),
    (8749, "micromole per liter", "Unit", "UCUM", "umol/L"),
    (8753, "millimole per liter", "Unit", "UCUM", "mmol/L"),
    (9999, "local unit", "Unit", "Local", "mg/dL"),
    (9201, "Inpatient Visit", "Visit", "Visit", "IP"),
]
ANCESTORS = [(10, 10), (10, 11), (11, 11), (30, 30), (30, 31), (31, 31), (50, 50), (50, 51), (51, 51), (60, 60)]
COLUMNS = {
    "person": "person_id year_of_birth gender_concept_id race_concept_id ethnicity_concept_id",
    "observation_period": "observation_period_id person_id observation_period_start_date "
    "observation_period_end_date period_type_concept_id",
    "condition_occurrence": "condition_occurrence_id person_id condition_concept_id condition_start_date "
    "condition_type_concept_id",
    "drug_exposure": "drug_exposure_id person_id drug_concept_id drug_exposure_start_date drug_exposure_end_date "
    "days_supply drug_type_concept_id",
    "procedure_occurrence": "procedure_occurrence_id person_id procedure_concept_id procedure_date "
    "procedure_type_concept_id",
    "visit_occurrence": "visit_occurrence_id person_id visit_concept_id visit_start_date visit_end_date "
    "visit_type_concept_id",
    "measurement": "measurement_id person_id measurement_concept_id measurement_date measurement_datetime "
    "value_as_number unit_concept_id measurement_type_concept_id",
    "death": "person_id death_date",
    "concept": "concept_id concept_name domain_id vocabulary_id concept_code",
    "concept_ancestor": "ancestor_concept_id descendant_concept_id",
}
_KINDS = {"date": "DATE", "datetime": "TIMESTAMP", "number": "DOUBLE", "name": "VARCHAR", "code": "VARCHAR"}


def _type(column: str) -> str:
    if column in ("domain_id", "vocabulary_id"):
        return "VARCHAR"
    return _KINDS.get(column.rsplit("_", 1)[-1], "BIGINT")


@pytest.fixture(scope="session")
def release_of(tmp_path_factory: pytest.TempPathFactory) -> ReleaseOf:
    """Import rows, in the order of `COLUMNS`, as a release; what is not given is empty."""

    def make(tables: Mapping[str, Sequence[Sequence[Any]]], *, bucket_count: int = 1) -> Dataset:
        folder = tmp_path_factory.mktemp("release")
        source = folder / "source.duckdb"
        everything = {"concept": CONCEPTS, "concept_ancestor": ANCESTORS, **tables}
        with duckdb.connect(str(source)) as connection:
            for table, names in COLUMNS.items():
                columns = names.split()
                connection.execute(f"CREATE TABLE {table} ({', '.join(f'{name} {_type(name)}' for name in columns)})")
                rows = [[*row, *[0] * (len(columns) - len(row))] for row in everything.get(table, [])]
                if rows:
                    connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", rows)
        name = f"small-{uuid.uuid4().hex[:12]}"
        return import_omop(source, name=name, data=folder / "data", bucket_count=bucket_count).dataset

    return make
