"""A release as a researcher reads it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from jupyter_client.manager import run_kernel

from analysis_lib.catalog import Dataset, import_omop, open_catalog
from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.catalog.display import about_persons
from analysis_lib.errors import (
    AnalysisError,
    DamagedReleaseError,
    DatasetNotFoundError,
    StorageError,
    UnknownTableError,
)

MakeSource = Callable[..., Path]


@pytest.fixture
def small(make_source: MakeSource, tmp_path: Path) -> Dataset:
    notes = (
        "person_id BIGINT, note_date DATE, note_text VARCHAR, provider_id BIGINT",
        [
            (2**60 + 1, "2001-02-03", "one", 2**60 + 1),
            (1, None, None, None),
        ],
    )
    return import_omop(make_source({"note": notes}), name="small", data=tmp_path / "data").dataset


def test_ids_stay_integers_dates_are_datetime64_and_missing_values_are_missing(small: Dataset) -> None:
    frame = small.table("note", columns=["provider_id", "person_id", "note_date", "note_text"])
    assert frame.dtypes.astype(str).tolist() == ["Int64", "int64", "datetime64[us]", "str"]
    frame = frame.sort_values("person_id", ignore_index=True)
    assert frame["provider_id"].tolist() == [pd.NA, 2**60 + 1]
    assert frame["note_date"].tolist() == [pd.NaT, pd.Timestamp("2001-02-03")]
    assert frame["note_text"].isna().tolist() == [True, False]


def test_columns_come_in_the_order_asked_for(small: Dataset) -> None:
    assert list(small.table("person", columns=["year_of_birth", "person_id"])) == ["year_of_birth", "person_id"]
    assert list(small.table("person"))[:2] == ["person_id", "gender_concept_id"]


def test_an_unknown_table_or_column_is_refused_with_the_nearest_and_the_known_ones(small: Dataset) -> None:
    with pytest.raises(UnknownTableError, match="the nearest is 'person'; known: person, observation_period, note"):
        small.table("persons")
    with pytest.raises(UnknownTableError, match="the nearest is 'year_of_birth'; known: person_id"):
        small.table("person", columns=["year_of_brith"])
    with pytest.raises(UnknownTableError, match=r"there is no bucket 4; .* has 4"):
        small.bucket_paths("person", 4)


def test_sql_sees_the_tables_and_nothing_else(small: Dataset, tmp_path: Path) -> None:
    assert small.query("SELECT count(*) AS n FROM person JOIN observation_period USING (person_id)")["n"].tolist() == [
        5
    ]
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    for statement in (
        f"SELECT * FROM read_csv('{secret}')",
        f"SELECT * FROM '{secret}'",
        f"COPY person TO '{tmp_path / 'out.csv'}'",
        f"ATTACH '{tmp_path / 'other.duckdb'}'",
        "SET enable_external_access = true",
        "SELECT * FROM small",
        "INSTALL httpfs",
    ):
        with pytest.raises(UnknownTableError):
            small.query(statement)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "secret.csv", "source.duckdb"]


def test_a_mistake_in_sql_is_explained_and_a_value_in_it_is_not_repeated(small: Dataset) -> None:
    with pytest.raises(UnknownTableError, match="gendre_concept_id"):
        small.query("SELECT gendre_concept_id FROM person")
    with pytest.raises(UnknownTableError, match="ConversionException") as caught:
        small.query("SELECT CAST(note_text AS BIGINT) FROM note")
    assert "one" not in str(caught.value).split()
    assert caught.value.__cause__ is None
    for statement in ("CREATE TABLE x (a INT)", "SELECT 1; SELECT 2", "", "SELECT 1; DROP VIEW person"):
        with pytest.raises(UnknownTableError, match="not one query"):
            small.query(statement)
    assert len(small.query("WITH a AS (FROM person) FROM a")) == 5


def test_a_table_of_no_person_is_the_same_in_every_bucket(gibleed: Dataset) -> None:
    assert gibleed.bucket_paths("concept", 0) == gibleed.bucket_paths("concept", 3) == gibleed.paths("concept")


def test_the_catalog_is_a_mapping_of_the_newest_releases(make_source: MakeSource, tmp_path: Path) -> None:
    catalog = open_catalog(tmp_path / "data")
    assert (len(catalog), list(catalog), repr(catalog)) == (0, [], "no data sets yet")
    first = import_omop(make_source(), name="small", data=tmp_path / "data", title="Five people").dataset
    second = import_omop(make_source({"x": ("n INT", [(1,)])}, name="b"), name="small", data=tmp_path / "data").dataset
    assert "small" in catalog
    assert "smal" not in catalog
    assert catalog["small"].release == second.release
    assert catalog.dataset("small", release=first.release).title == "Five people"
    with pytest.raises(DatasetNotFoundError, match="the nearest is 'small'; known: small") as caught:
        catalog["smal"]
    assert isinstance(caught.value, KeyError)
    assert catalog.get("other") is None
    with pytest.raises(DatasetNotFoundError, match="has no release"):
        catalog.dataset("small", release="2020-01-01-0123456789")


def test_a_listing_rounds_the_number_of_persons(gibleed: Dataset) -> None:
    (listed,) = open_catalog(gibleed.path.parent.parent).listing()
    assert listed["persons_rounded"] == 2_700
    assert "2,694" not in repr(open_catalog(gibleed.path.parent.parent))
    assert "2,694" not in repr(gibleed)


@pytest.mark.parametrize(
    ("n", "shown"),
    [(0, 10), (3, 10), (9, 10), (14, 14), (144, 140), (2_694, 2_700), (999, 1000), (123_456_789, 120_000_000)],
)
def test_persons_are_rounded_to_two_digits(n: int, shown: int) -> None:
    assert about_persons(n) == shown


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"COHORTHUB_DATA": "a", "COHORTHUB_HOME": "b"}, "a"),
        ({"COHORTHUB_HOME": "b"}, "b/data"),
        ({}, ".cohorthub/data"),
    ],
)
def test_the_data_folder_is_found_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: dict[str, str], folder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("COHORTHUB_DATA", "COHORTHUB_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert open_catalog().path == tmp_path / folder
    assert open_catalog("c").path == tmp_path / "c"


def test_the_home_s_settings_may_name_another_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = tmp_path / "cohorthub.toml"
    monkeypatch.setenv("COHORTHUB_HOME", str(tmp_path))
    monkeypatch.delenv("COHORTHUB_DATA", raising=False)
    settings.write_text('[data]\npath = "/srv/cohorthub"\n')
    assert open_catalog().path == Path("/srv/cohorthub")
    settings.write_text("[hub]\nport = 8000\n")
    assert open_catalog().path == tmp_path / "data"
    for broken in ("[data\n", '[data]\npath = "data"\n', "[data]\npath = 3\n"):
        settings.write_text(broken)
        with pytest.raises(StorageError, match="settings check"):
            open_catalog()


def test_a_title_with_markup_is_shown_as_text(make_source: MakeSource, tmp_path: Path) -> None:
    title = "<script>alert(1)</script> & more"
    found = import_omop(make_source(), name="small", data=tmp_path / "data", title=title).dataset
    for page in (found._repr_html_(), open_catalog(tmp_path / "data")._repr_html_()):
        assert "<script>" not in page
        assert "&lt;script&gt;" in page


def test_a_concept_search_takes_any_text(small: Dataset) -> None:
    # This release has no vocabulary at all.
    for text in ("", "'; DROP TABLE x; --", "%", "\\", "ae", "é"):
        assert small.search_concepts(text).empty


def test_a_release_is_read_in_a_notebook_kernel(small: Dataset) -> None:
    code = (
        "from analysis_lib.catalog import open_catalog\n"
        f"dataset = open_catalog({str(small.path.parent.parent)!r})['small']\n"
        "print(dataset.query('SELECT count(*) AS n FROM person')['n'][0], len(dataset.table('person')))\n"
        "dataset"
    )
    with run_kernel(kernel_name="python3") as client:
        reply = client.execute_interactive(code, timeout=60, output_hook=(said := []).append)
    assert reply["content"]["status"] == "ok", reply["content"]
    streams = [m["content"]["text"] for m in said if m["msg_type"] == "stream" and m["content"]["name"] == "stdout"]
    shown = [m["content"]["data"] for m in said if m["msg_type"] == "execute_result"]
    assert streams == ["5 5\n"]
    assert "cohorthub-card" in shown[0]["text/html"]


def test_importing_the_room_loads_no_engine_twice_and_touches_nothing(tmp_path: Path) -> None:
    code = "import sys, analysis_lib.catalog; assert 'pandas' not in sys.modules; print('fine')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "COHORTHUB_DATA": "/nowhere"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "fine\n"
    assert list(tmp_path.iterdir()) == []


def test_columns_of_one_name_are_numbered_in_the_answer_of_a_query(small: Dataset) -> None:
    joined = "FROM person p JOIN observation_period o USING (person_id) ORDER BY p.person_id LIMIT 1"
    answer = small.query(f"SELECT p.person_id, o.person_id, NULL::BIGINT AS person_id, 7 AS person_id_1 {joined}")
    assert list(answer) == ["person_id", "person_id_1", "person_id_2", "person_id_1_1"]
    assert answer.astype("Int64").fillna(-1).to_numpy().tolist() == [[1, 1, -1, 7]]


@pytest.mark.parametrize("sign", "*?[")
def test_a_data_folder_that_the_engine_would_read_as_a_pattern_is_refused(tmp_path: Path, sign: str) -> None:
    with pytest.raises(StorageError, match="Rename the folder"):
        open_catalog(tmp_path / f"a{sign}b]")


def test_a_folder_named_like_a_partition_adds_no_column(make_source: MakeSource, tmp_path: Path) -> None:
    found = import_omop(make_source(), name="small", data=tmp_path / "site=boston" / "person_id=9").dataset
    people = found.query("SELECT * FROM person ORDER BY person_id")
    assert "site" not in people
    assert people["person_id"].tolist() == [1, 2, 3, 4, 5]
    assert found.manifest.persons == 5
    with open_bucket(BucketFiles.of(found, tables=("person",))) as connection:
        assert "site" not in connection.execute("SELECT * FROM person").df()


def in_another_account(work: Callable[[], str]) -> str:
    """Run `work` in a child without root's rights, which see through every permission."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        said = "the child failed"
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setuid(65534)
            said = work()
        except AnalysisError as error:
            said = f"{type(error).__name__}: {error}"
        finally:
            os.write(writing, said.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        said = answers.read().decode()
    os.waitpid(child, 0)
    return said


@pytest.fixture
def shared(make_source: MakeSource) -> Iterator[Path]:
    """A data folder that other accounts can reach, with one data set that they may not read."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    source = make_source()
    for name in ("open", "closed", "partly"):
        import_omop(source, name=name, data=folder / "data")
    (folder / "data" / "closed").chmod(0o700 if os.getuid() == 0 else 0o000)
    yield folder / "data"
    (folder / "data" / "closed").chmod(0o755)
    shutil.rmtree(folder)


def test_a_data_set_that_may_not_be_read_is_not_listed_and_says_so_when_asked_for(shared: Path) -> None:
    def look() -> str:
        catalog = open_catalog(shared)
        said = f"{sorted(catalog)} {'closed' in catalog} {len(catalog.listing())} "
        try:
            catalog["closed"]
        except DatasetNotFoundError as error:
            said += str(error)
        return said

    said = in_another_account(look)
    assert said.startswith("['open', 'partly'] False 2 data set 'closed' is there, but not for this account"), said


def test_a_file_that_may_not_be_read_is_not_called_damaged(shared: Path) -> None:
    (file,) = (shared / "partly").glob("*/person/bucket-0000.parquet")
    file.chmod(0o600 if os.getuid() == 0 else 0o000)
    said = in_another_account(lambda: str(open_catalog(shared)["partly"].table("person")))
    assert said.startswith("DatasetNotFoundError: a file of partly is there, but not for this account"), said


def test_a_query_uses_no_more_memory_than_this_process_may(small: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEM_LIMIT", str(600 << 20))
    monkeypatch.setenv("CPU_LIMIT", "1")
    settings = small.query("SELECT current_setting('memory_limit') AS memory, current_setting('threads') AS threads")
    assert settings["memory"].tolist() == ["420.0 MiB"]
    assert settings["threads"].tolist() == [1]
    with pytest.raises(UnknownTableError, match="more memory than there is"):
        small.query("SELECT list(range) AS x FROM range(200000000)")


def test_a_file_whose_bytes_changed_behind_its_times_is_noticed(small: Dataset) -> None:
    (path,) = small.bucket_paths("person", 0)
    stat = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(DamagedReleaseError, match="bucket-0000"):
        small.bucket_paths("person", 0)


def test_concepts_are_searched_in_every_data_set(gibleed_data: Path) -> None:
    found = open_catalog(gibleed_data).search("celecoxib", limit=2)
    assert found[["dataset", "concept_name"]].iloc[0].tolist() == ["gibleed", "celecoxib"]
    assert "<table" in found._repr_html_()


def test_a_catalog_without_data_sets_finds_no_concept(tmp_path: Path) -> None:
    assert open_catalog(tmp_path).search("celecoxib").empty
