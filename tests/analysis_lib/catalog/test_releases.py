"""Releases appear whole or not at all, whatever happens to the process that makes them."""

import errno
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis_lib.catalog import Dataset, import_omop, open_catalog
from analysis_lib.catalog.releases import releases_in
from analysis_lib.errors import (
    DamagedReleaseError,
    DatasetNameError,
    DatasetNotFoundError,
    ImportRunningError,
    StorageError,
)

MakeSource = Callable[..., Path]

# Imports in a process of its own, and does something to itself when a step begins.
IMPORT = """
import os, resource, signal, sys, time
from analysis_lib.catalog import import_omop, releases
source, data, step, what = sys.argv[1:5]
def act():
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "wait":
        print("waiting", flush=True)
        sys.stdin.readline()
    if what == "interrupt":
        # A test run that a script put into the background hands SIGINT down ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
    if what == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
def progress(line):
    if line.startswith(step):
        act()
if step == "pointing":
    def die_instead(*_):
        act()
    releases.point_to = die_instead
try:
    result = import_omop(source, name="small", data=data, progress=progress)
except Exception as error:
    print(type(error).__name__, error)
    sys.exit(3)
print("created" if result.created else "already there")
"""


def run_import(source: Path, data: Path, *, step: str = "-", what: str = "nothing") -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", IMPORT, str(source), str(data), step, what]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)


def snapshot(data: Path) -> dict[str, bytes]:
    """All that a reader can see: hidden folders are the import's own."""
    return {
        path.relative_to(data).as_posix(): path.read_bytes()
        for path in data.rglob("*")
        if path.is_file() and not path.relative_to(data).parts[0].startswith(".")
    }


@pytest.mark.parametrize("step", ["looking", "writing observation_period", "checking"])
def test_an_import_killed_at_any_step_leaves_nothing_visible_and_the_next_one_succeeds(
    make_source: MakeSource, tmp_path: Path, step: str
) -> None:
    data = tmp_path / "data"
    earlier = make_source({"notes": ("n INT", [(1,)])}, name="earlier")
    import_omop(earlier, name="small", data=data)
    before = snapshot(data)

    assert run_import(make_source(), data, step=step, what="die").returncode == -signal.SIGKILL
    assert snapshot(data) == before
    assert len(open_catalog(data)) == 1
    assert list(open_catalog(data).check("small").values()) == [{}]

    assert run_import(make_source(name="again"), data).stdout == "created\n"
    assert not list((data / ".incoming").iterdir())
    assert len(releases_in(data / "small")) == 2


def test_an_import_killed_before_the_pointer_moved_is_finished_by_the_next_one(
    make_source: MakeSource, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    first = import_omop(make_source({"notes": ("n INT", [(1,)])}, name="earlier"), name="small", data=data).dataset
    source = make_source()
    assert run_import(source, data, step="pointing", what="die").returncode == -signal.SIGKILL
    assert open_catalog(data)["small"].release == first.release
    assert run_import(source, data).stdout == "already there\n"
    assert open_catalog(data)["small"].release != first.release


def test_an_interrupted_import_cleans_up_after_itself(make_source: MakeSource, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run_import(make_source(), data, step="writing", what="interrupt").returncode != 0
    assert not list((data / ".incoming").iterdir())
    assert len(open_catalog(data)) == 0


def test_a_full_disk_is_said_in_one_line_and_changes_nothing(make_source: MakeSource, tmp_path: Path) -> None:
    data = tmp_path / "data"
    failed = run_import(make_source(), data, step="looking", what="full")
    assert failed.returncode == 3
    assert failed.stdout.startswith("StorageError the data folder is full")
    assert snapshot(data) == {}
    assert not list((data / ".incoming").iterdir())
    assert run_import(make_source(name="again"), data).stdout == "created\n"


def test_two_imports_into_one_data_set_do_not_meet(make_source: MakeSource, tmp_path: Path) -> None:
    data, source = tmp_path / "data", make_source()
    words = [sys.executable, "-c", IMPORT, str(source), str(data), "writing person", "wait"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "waiting\n"
        with pytest.raises(ImportRunningError, match="another import"):
            import_omop(source, name="small", data=data)
        # Another data set is no business of this lock.
        assert import_omop(source, name="other", data=data).created
        rest, _ = first.communicate("go on\n", timeout=120)
    assert rest == "created\n"
    assert list(open_catalog(data)) == ["other", "small"]


def test_the_same_source_again_changes_nothing(make_source: MakeSource, tmp_path: Path) -> None:
    source, data = make_source(), tmp_path / "data"
    first = import_omop(source, name="small", data=data)
    before = {path: path.stat().st_mtime_ns for path in (data / "small").rglob("*")}
    again = import_omop(source, name="small", data=data)
    assert (first.created, again.created) == (True, False)
    assert again.dataset.release == first.dataset.release
    assert {path: path.stat().st_mtime_ns for path in (data / "small").rglob("*")} == before


def test_an_older_source_again_does_not_move_the_pointer_back(make_source: MakeSource, tmp_path: Path) -> None:
    data, old = tmp_path / "data", make_source(name="old")
    import_omop(old, name="small", data=data)
    newer = import_omop(make_source({"notes": ("n INT", [(1,)])}), name="small", data=data).dataset
    assert not import_omop(old, name="small", data=data).created
    assert open_catalog(data)["small"].release == newer.release


def test_equal_sources_give_equal_bytes(make_source: MakeSource, tmp_path: Path) -> None:
    # Rows without a key that tie in every sorted column, in another order in the second source.
    rows = [(1, 7, 0.5), (1, 7, 0.25), (2, 7, 1.5)] * 50
    tables = ("person_id BIGINT, drug_concept_id BIGINT, dose_value DOUBLE", rows)
    turned = ("person_id BIGINT, drug_concept_id BIGINT, dose_value DOUBLE", rows[::-1])
    one = import_omop(make_source({"dose_era": tables}, name="one"), name="small", data=tmp_path / "1").dataset
    two = import_omop(make_source({"dose_era": turned}, name="two"), name="small", data=tmp_path / "2").dataset
    assert {p: f.sha256 for p, f in one.manifest.files.items()} == {p: f.sha256 for p, f in two.manifest.files.items()}


def test_the_sums_are_those_that_sha256sum_checks(gibleed: Dataset) -> None:
    checked = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=gibleed.path, check=False)
    assert checked.returncode == 0


def test_files_of_a_release_are_read_only(gibleed: Dataset) -> None:
    assert {path.stat().st_mode & 0o222 for path in gibleed.path.rglob("*") if path.is_file()} == {0}


def test_the_manifest_says_where_everything_came_from(gibleed: Dataset, gibleed_file: Path) -> None:
    document = json.loads((gibleed.path / "manifest.json").read_text())
    assert document["source"] == {
        "kind": "duckdb",
        "file_name": "eunomia.duckdb",
        "bytes": gibleed_file.stat().st_size,
        "sha256": document["source"]["sha256"],
    }
    assert document["cdm_version"] == "5.3"
    assert document["bucketing"]["count"] == gibleed.bucket_count
    assert document["created"].endswith("+00:00")
    assert str(gibleed_file.parent) not in json.dumps(document)


def test_a_source_imported_into_a_damaged_release_is_told_so(make_source: MakeSource, tmp_path: Path) -> None:
    source, data = make_source(), tmp_path / "data"
    found = import_omop(source, name="small", data=data).dataset
    path = found.paths("person")[0]
    path.chmod(0o644)
    path.write_bytes(b"")
    with pytest.raises(DamagedReleaseError, match=r"person/bucket-0000\.parquet"):
        import_omop(source, name="small", data=data)


def test_a_release_that_lost_its_manifest_gives_place_to_no_older_one(make_source: MakeSource, tmp_path: Path) -> None:
    data = tmp_path / "data"
    old = import_omop(make_source(name="old"), name="small", data=data).dataset
    source = make_source({"notes": ("n INT", [(1,)])}, name="new")
    new = import_omop(source, name="small", data=data).dataset
    (new.path / "manifest.json").unlink()
    catalog = open_catalog(data)
    with pytest.raises(DamagedReleaseError, match=f"release {new.release} of small cannot be read"):
        catalog["small"]
    assert catalog.dataset("small", release=old.release).release == old.release
    assert catalog.check("small")[new.release] == {"manifest.json": "missing"}
    assert catalog.listing()[0]["problem"] is not None
    with pytest.raises(DamagedReleaseError, match=r"manifest\.json\. Remove"):
        import_omop(source, name="small", data=data)
    # Another source is not kept out by it.
    assert import_omop(make_source({"notes": ("n INT", [(2,)])}, name="newer"), name="small", data=data).created


def test_a_disk_that_is_full_at_the_very_end_is_told_as_what_it_is(
    make_source: MakeSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    old = import_omop(make_source(name="old"), name="small", data=data).dataset
    source = make_source({"notes": ("n INT", [(1,)])}, name="new")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("analysis_lib.catalog.releases.point_to", full)
        with pytest.raises(StorageError, match="is complete, and was not made the newest; No space left"):
            import_omop(source, name="small", data=data)
    assert open_catalog(data)["small"].release == old.release
    assert not import_omop(source, name="small", data=data).created
    assert open_catalog(data)["small"].release != old.release


def test_a_pointer_that_names_no_release_opens_none(make_source: MakeSource, tmp_path: Path) -> None:
    data, source = tmp_path / "data", make_source()
    found = import_omop(source, name="small", data=data).dataset
    import_omop(make_source({"notes": ("n INT", [(1,)])}, name="new"), name="small", data=data)
    pointer = data / "small" / "latest"
    pointer.write_text(found.release[:-1] + ("0" if found.release[-1] != "0" else "1") + "\n")
    with pytest.raises(DamagedReleaseError, match="pointer 'latest' names none of its 2"):
        open_catalog(data)["small"]
    assert not import_omop(source, name="small", data=data).created
    assert open_catalog(data)["small"].release == found.release


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "/etc",
        "A",
        "-x",
        "_x",
        "x" * 64,
        "x.y",
        "x y",
        "x\n",
        "x\0y",
        "é",
        "..%2f",
        ".locks",
    ],
)
def test_hostile_names_are_refused_before_anything_is_touched(
    make_source: MakeSource, tmp_path: Path, name: str
) -> None:
    with pytest.raises(DatasetNameError, match="a-z, 0-9"):
        import_omop(make_source(), name=name, data=tmp_path / "data")
    assert not (tmp_path / "data").exists()
    with pytest.raises(DatasetNotFoundError):
        open_catalog(tmp_path / "data")[name]


def test_a_data_folder_that_cannot_be_written_is_said_in_one_line(make_source: MakeSource, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file is in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        import_omop(make_source(), name="small", data=tmp_path / "data")


def test_a_release_is_pickled_with_what_was_verified(gibleed: Dataset) -> None:
    gibleed.paths("person")
    copy = pickle.loads(pickle.dumps(gibleed))
    assert copy.paths("person") == gibleed.paths("person")
    assert copy.release == gibleed.release


def test_the_catalog_ignores_what_is_no_release(make_source: MakeSource, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "empty").mkdir(parents=True)
    (data / "half" / "2026-01-01-0123456789").mkdir(parents=True)
    (data / "stray.txt").write_text("x")
    assert list(open_catalog(data)) == []
    import_omop(make_source(), name="half", data=data)
    assert list(open_catalog(data)) == ["half"]


def test_an_import_waits_for_nobody_who_is_dead(make_source: MakeSource, tmp_path: Path) -> None:
    data, source = tmp_path / "data", make_source()
    words = [sys.executable, "-c", IMPORT, str(source), str(data), "writing person", "wait"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait(timeout=30)
    started = time.monotonic()
    assert import_omop(source, name="small", data=data).created
    assert time.monotonic() - started < 30
