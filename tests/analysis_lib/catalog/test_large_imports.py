"""What an import does when there are many rows: memory, progress, stops, full disks, one person with most of them."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from analysis_lib.catalog import bucket_of, import_omop, open_catalog
from analysis_lib.catalog.importing import progress as progress_module
from analysis_lib.catalog.importing.building import Settings
from analysis_lib.catalog.importing.omop import run_import

ROWS = 600_000

IMPORT = """
import sys
from analysis_lib.catalog import import_omop
from analysis_lib.errors import AnalysisError
source, data, stop_at = sys.argv[1:4]
def progress(line):
    print(line, flush=True)
    if stop_at != "-" and line.startswith(stop_at):
        sys.stdin.readline()
try:
    result = import_omop(source, name="many", data=data, progress=progress)
except AnalysisError as error:
    print(type(error).__name__, error)
    sys.exit(3)
"""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A thousand people, one of whom has nine rows in ten; ids beyond 2^53 and negative ones."""
    path = tmp_path_factory.mktemp("many") / "many.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE person AS SELECT CASE WHEN i % 2 = 0 THEN 9007199254740993 + i ELSE -9007199254740993 - i "
            "END AS person_id, 8507 AS gender_concept_id, 1950 AS year_of_birth FROM range(1000) t(i)"
        )
        connection.execute(
            "CREATE TABLE observation_period AS SELECT row_number() OVER () AS observation_period_id, person_id, "
            "DATE '2000-01-01' AS observation_period_start_date, DATE '2020-12-31' AS observation_period_end_date "
            "FROM person"
        )
        connection.execute(
            "CREATE TABLE measurement AS SELECT i AS measurement_id, CASE WHEN i % 10 > 0 THEN 9007199254740993 "
            "ELSE 9007199254740993 + (hash(i) % 500)::BIGINT * 2 END AS person_id, "
            "3000000 + (hash(i + 1) % 50)::INT AS measurement_concept_id, "
            "DATE '2000-01-01' + (hash(i + 2) % 7000)::INT AS measurement_date, hash(i + 3) % 1000 / 7.0 AS "
            "value_as_number, NULL::INT AS provider_id, 'text ' || hash(i) AS value_source_value "
            f"FROM range({ROWS}) t(i)"
        )
    return path


def visible(data: Path) -> list[str]:
    return sorted(p.relative_to(data).as_posix() for p in data.rglob("*") if p.is_file() and ".locks" not in p.parts)


def start(source: Path, data: Path, *, stop_at: str = "-") -> subprocess.Popen[str]:
    words = [sys.executable, "-c", IMPORT, str(source), str(data), stop_at]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_one_person_with_nine_rows_in_ten_lies_in_one_bucket_with_all_of_them(many: Path, tmp_path: Path) -> None:
    data = import_omop(many, name="many", data=tmp_path, bucket_count=16).dataset
    rows = [file.rows for file in data.manifest.tables["measurement"].files]
    assert sum(rows) == ROWS
    assert max(rows) >= 0.9 * ROWS
    assert max(rows) == rows[int(bucket_of(9007199254740993, count=16))]


def test_a_file_and_a_folder_of_texts_give_the_same_bytes(many: Path, many_csv: Path, tmp_path: Path) -> None:
    one = import_omop(many, name="many", data=tmp_path / "file").dataset
    other = import_omop(many_csv, name="many", data=tmp_path / "folder").dataset
    assert {path: file.sha256 for path, file in one.manifest.files.items()} == {
        path: file.sha256 for path, file in other.manifest.files.items()
    }


def test_the_number_of_threads_changes_no_byte(many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from analysis_lib.catalog.importing import omop

    several = import_omop(many, name="many", data=tmp_path / "several", bucket_count=8).dataset
    plain = omop.open_engine
    monkeypatch.setattr(omop, "open_engine", lambda **settings: plain(**{**settings, "threads": "1"}))
    one = import_omop(many, name="many", data=tmp_path / "one", bucket_count=8).dataset
    assert {p: f.sha256 for p, f in one.manifest.files.items()} == {
        p: f.sha256 for p, f in several.manifest.files.items()
    }


def test_a_benchmark_can_have_rows_by_person(many: Path, tmp_path: Path) -> None:
    settings = Settings("many", bucket_count=4, concept_first=False)
    data = run_import(many, settings, data=tmp_path, say=lambda _line: None).dataset
    for path in data.paths("measurement"):
        assert pq.read_table(path)["person_id"].to_pandas().is_monotonic_increasing
    assert import_omop(many, name="many", data=tmp_path, bucket_count=4).created


def test_rows_and_the_time_left_are_told(many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "_EVERY_S", 0.02)
    lines: list[str] = []
    import_omop(many, name="many", data=tmp_path, progress=lines.append)
    told = [line for line in lines if "rows sorted" in line]
    assert len(told) > 1
    assert any("about" in line and line.endswith(" left") for line in told)
    assert all(f"of {ROWS + 2_000:,} rows sorted" in line for line in told)


@pytest.mark.parametrize("stop_at", ["writing measurement", "checking"])
def test_a_killed_import_leaves_nothing_visible_and_its_scratch_goes_with_the_next(
    many: Path, tmp_path: Path, stop_at: str
) -> None:
    with start(many, tmp_path, stop_at=stop_at) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith(stop_at):
            pass
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert len(open_catalog(tmp_path)) == 0
    assert import_omop(many, name="many", data=tmp_path).created
    assert list((tmp_path / ".incoming").iterdir()) == []


@pytest.fixture(scope="module")
def many_csv(many: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many_csv")
    with duckdb.connect(str(many), read_only=True) as connection:
        for table in ("person", "observation_period", "measurement"):
            connection.execute(f"COPY {table} TO '{folder}/{table}.csv'")
    return folder


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
@pytest.mark.parametrize("source", ["many", "many_csv"])
def test_a_disk_that_fills_up_leaves_the_old_release_whole(
    tmp_path: Path, source: str, request: pytest.FixtureRequest
) -> None:
    many = request.getfixturevalue(source)
    disk = tmp_path / "disk"
    disk.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk]
    mounted = subprocess.run(words, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        small = tmp_path / "small.duckdb"
        with duckdb.connect(str(small)) as connection:
            connection.execute(
                "CREATE TABLE person AS SELECT 1 AS person_id, 8507 AS gender_concept_id, 1950 AS year_of_birth"
            )
        import_omop(small, name="many", data=disk / "data")
        before = visible(disk / "data")
        with start(many, disk / "data") as process:
            said, _ = process.communicate(timeout=120)
        assert process.returncode == 3
        assert "StorageError the data folder is full" in said
        assert visible(disk / "data") == before
        assert [*open_catalog(disk / "data").check("many").values()] == [{}]
        assert shutil.disk_usage(disk).free > 3 * 2**20
    finally:
        subprocess.run(["umount", disk], check=True)


def test_memory_does_not_grow_with_the_rows(many: Path, tmp_path: Path) -> None:
    code = (
        "import resource, sys\nfrom analysis_lib.catalog import import_omop\n"
        "import_omop(sys.argv[1], name='many', data=sys.argv[2])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    words = [sys.executable, "-c", code, str(many), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert int(done.stdout) * 1024 < 2 * 2**30
