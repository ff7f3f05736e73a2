"""A small release of people who never lived, for what reads a vocabulary."""

import pytest

from analysis_lib.catalog import Dataset, import_omop
from analysis_lib.testing import synthetic_omop


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("hospital")
    synthetic_omop(folder / "source.duckdb", persons=400, seed=1)
    return import_omop(folder / "source.duckdb", name="hospital", title="Nobody", data=folder / "data").dataset
