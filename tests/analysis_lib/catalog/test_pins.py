"""What a project says of its data: which data sets a run may open, and which release a name stands for."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from analysis_lib.catalog import Catalog, Dataset, import_omop, open_catalog
from analysis_lib.catalog.pins import pinned_release
from analysis_lib.catalog.reading import read_so_far
from analysis_lib.errors import DatasetNameError, DatasetNotFoundError
from analysis_lib.report import Report

MakeRelease = Callable[..., Dataset]
PEOPLE = {
    "person": "person_id year_of_birth\n1 1950\n2 1960",
    "observation_period": "person from to\n1 2000-01-01 2010-12-31\n2 2000-01-01 2010-12-31",
}


@pytest.fixture(scope="module")
def data(make_release: MakeRelease) -> Path:
    """Two releases of ``wards``, and one of ``clinic``."""
    first = make_release(PEOPLE)
    folder, source = first.path.parents[1], first.path.parents[2] / "source.duckdb"
    import_omop(source, name="clinic", data=folder)
    import_omop(source, name="wards", data=folder)
    with duckdb.connect(str(source)) as connection:
        connection.execute("UPDATE person SET year_of_birth = 1951 WHERE person_id = 1")
    import_omop(source, name="wards", data=folder)
    shutil.rmtree(first.path.parent)
    return folder


@pytest.fixture
def catalog(data: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    monkeypatch.setenv("COHORTHUB_DATA", str(data))
    return open_catalog()


@pytest.fixture
def older(catalog: Catalog) -> str:
    newest = catalog["wards"].release
    (found,) = {path.name for path in (catalog.path / "wards").iterdir() if path.is_dir()} - {newest}
    return found


@pytest.fixture
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setenv("COHORTHUB_RUN_DIR", str(folder))
    return folder


def _recorded(run_dir: Path) -> list[dict[str, str]]:
    return json.loads((run_dir / "outputs.json").read_text())["data_releases"]


def test_a_release_can_be_named_in_the_key(catalog: Catalog, older: str) -> None:
    assert catalog["wards"].release != older
    assert catalog[f"wards@{older}"].release == older
    assert catalog.dataset(f"wards@{older}").release == catalog.dataset("wards", release=older).release == older
    assert f"wards@{older}" in catalog
    assert "wards@2020-01-01-0123456789" not in catalog
    assert "else@" not in catalog
    with pytest.raises(DatasetNotFoundError, match=r"'wards' has no release '2020'.*known: 20"):
        catalog["wards@2020"]
    with pytest.raises(DatasetNotFoundError, match="found none named"):
        catalog["wards@"]
    with pytest.raises(DatasetNotFoundError, match="found two named"):
        catalog.dataset(f"wards@{older}", release=catalog["wards"].release)


def test_a_pinned_release_is_opened_where_none_is_named(
    catalog: Catalog, older: str, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = catalog["wards"].release
    monkeypatch.setenv("COHORTHUB_RELEASES", f"other=2020-01-01-0123456789; wards={older};")
    assert catalog["wards"].release == older
    assert catalog["clinic"].release  # not pinned
    assert {item["name"]: item["release"] for item in catalog.listing()}["wards"] == older
    assert catalog.dataset("wards", release=newest).release == newest


def test_a_release_asked_for_past_the_pin_is_recorded(
    catalog: Catalog, older: str, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = Dataset.open(next(p for p in (catalog.path / "wards").iterdir() if p.is_dir() and p.name != older)).release
    monkeypatch.setenv("COHORTHUB_RELEASES", f"wards={newest}")
    report = Report(title="T")
    report.add_dataset(catalog[f"wards@{older}"])
    report.add_dataset(catalog["wards"])
    pins = {entry["release"]: entry.get("pinned") for entry in _recorded(run_dir)}
    assert pins == {older: newest, newest: None}
    assert f"the run is pinned to {newest}" in repr(report.provenance())


def test_a_pin_to_a_release_that_is_not_there_is_never_the_newest(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COHORTHUB_RELEASES", "wards=2020-01-01-0123456789")
    with pytest.raises(DatasetNotFoundError, match="'wards' has no release '2020-01-01-0123456789'"):
        catalog["wards"]


@pytest.mark.parametrize("pins", ["wards", "wards=", "=1", "wards=1;wards=2", "a=1,b", "wards:1"])
def test_pins_that_cannot_be_read_are_refused(pins: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COHORTHUB_RELEASES", pins)
    if pins == "a=1,b":
        assert pinned_release("a") == "1,b"  # such a release is not there
        return
    with pytest.raises(DatasetNameError, match="the pinned releases cannot be read"):
        pinned_release("other")


def test_only_the_projects_data_sets_are_there(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    path = catalog["wards"].path
    assert list(catalog) == ["clinic", "wards"]
    monkeypatch.setenv("COHORTHUB_DATASETS", "clinic, other")
    assert (list(catalog), len(catalog), "wards" in catalog) == (["clinic"], 1, False)
    assert "wards" not in repr(catalog)
    assert [item["name"] for item in catalog.listing()] == ["clinic"]
    for refused in (lambda: catalog["wards"], lambda: catalog.check("wards"), lambda: Dataset.open(path)):
        with pytest.raises(DatasetNotFoundError, match="'wards' is not one of this project's; it has: clinic, other"):
            refused()
    assert catalog["clinic"].name == "clinic"


def test_a_project_without_data_sets_opens_none(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COHORTHUB_DATASETS", "")
    assert list(catalog) == []
    with pytest.raises(DatasetNotFoundError, match="it has none"):
        catalog["clinic"]


def test_a_report_says_what_its_run_has_read_without_being_told(catalog: Catalog, run_dir: Path) -> None:
    catalog["clinic"].n_persons  # noqa: B018 - before there is a report
    report = Report(title="T")
    assert [entry["name"] for entry in _recorded(run_dir)] == ["clinic"]
    catalog["wards"]
    catalog["wards"].table("person")
    assert [entry["name"] for entry in _recorded(run_dir)] == ["clinic", "wards"]
    assert len(report.manifest.data_releases) == 2


def test_a_release_opened_by_its_folder_is_read_with_its_first_file(catalog: Catalog, run_dir: Path) -> None:
    opened = Dataset.open(catalog._open("clinic").path)
    Report(title="T")
    assert _recorded(run_dir) == []
    opened.table("person")
    assert [entry["name"] for entry in _recorded(run_dir)] == ["clinic"]


def test_looking_at_the_list_reads_nothing(catalog: Catalog) -> None:
    assert repr(catalog)
    assert catalog._repr_html_()
    assert len(list(catalog)) == 2
    assert read_so_far() == []


def test_in_lab_a_report_lists_what_it_is_told(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COHORTHUB_RUN_DIR", raising=False)
    data = catalog["clinic"]
    report = Report(title="T")
    catalog["wards"]
    assert report.manifest.data_releases == []
    report.add_dataset(data)
    assert [entry.name for entry in report.manifest.data_releases] == ["clinic"]
