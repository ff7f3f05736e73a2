"""The folder of a run: whole or not there, whatever becomes of the disk."""

import errno
import json
import os
import re
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub_config.errors import DiskFullError, RunFolderError, RunIdError
from hub_config.reports.folders.closing import close_folder
from hub_config.reports.folders.crate import CRATE
from hub_config.reports.folders.run_folders import (
    BALLAST,
    RunFolder,
    check_run_id,
    is_disk_full,
    latest_name,
    make_scratch,
    name_scratch,
    new_run_id,
    remove_scratch,
)
from hub_config.reports.folders.runs import close_interrupted, find_run, list_runs
from hub_config.reports.folders.sealing import SEAL
from hub_config.reports.verdicts import Verdict

from ..conftest import Bench, Ended, code, parameters, text

LOUD = (text("# T"), parameters(), code("print('x' * 3_000_000)"), code("1"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_run_ids_sort_by_time_and_are_safe():
    made = [new_run_id() for _ in range(50)]
    assert [check_run_id(run_id) for run_id in made] == made
    assert len(set(made)) == 50
    assert all(re.fullmatch(r"\d{8}T\d{9}Z-[0-9a-f]{6}", run_id) for run_id in made)
    assert [run_id[:19] for run_id in made] == sorted(run_id[:19] for run_id in made)


def test_a_folder_is_private_and_its_files_are_replaced_as_a_whole(tmp_path: Path):
    folder = RunFolder(tmp_path, "one")
    folder.create()
    folder.write_record({"n": 1})
    held = (folder.building / "run.json").open()
    folder.write_record({"n": 2})
    assert json.load(held) == {"n": 1}
    held.close()
    assert json.loads((folder.building / "run.json").read_text()) == {"n": 2}
    assert folder.building.stat().st_mode & 0o777 == 0o700
    folder.publish()
    assert names(folder.final) == ["run.json"]
    assert not folder.building.exists()


def test_a_second_folder_of_the_same_id_is_refused_before_and_after_the_first_ends(tmp_path: Path):
    folder = RunFolder(tmp_path, "one")
    folder.create()
    with pytest.raises(RunIdError):
        RunFolder(tmp_path, "one").create()
    folder.publish()
    with pytest.raises(RunIdError):
        RunFolder(tmp_path, "one").create()
    assert names(tmp_path) == ["one"]


def test_a_folder_that_does_not_fit_on_the_disk_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(Exception, match="No space left"):
        RunFolder(tmp_path, "one").create()
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["steps", "../../etc", "a/b", "", ".", "..", ".hidden", "x" * 500, "한글", "a\nb"])
def test_latest_keeps_every_name_in_its_folder(name: str):
    made = latest_name(name)
    assert made == Path(made).name
    assert made not in {"", ".", ".."}
    assert len(made.encode()) <= 255


def limited(bench: Bench, *words: object) -> Ended:
    """Run with a limit of 1 MiB on every file, as a full quota would have it."""
    process = bench.start("run", *words)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (2**20, 2**20))
    return bench.end(process)


def assert_failed_for_room(ended: Ended) -> None:
    assert ended.code == 64, ended.talk
    assert ended.record["status"] == "failed"
    assert ended.record["error"]["code"] == "REPORT-DISK-FULL"
    for file in ended.folder.rglob("*"):
        assert not file.name.endswith(".new")
    for name in ("report.ipynb", "report.html"):
        file = ended.folder / name
        assert not file.exists() or "INCOMPLETE" in file.read_text()


def test_a_notebook_that_cannot_be_written_is_a_failure_with_the_reason(bench: Bench):
    ended = limited(bench, bench.template(*LOUD))
    assert_failed_for_room(ended)
    assert bench.unfinished() == []
    assert not (bench.runs / "latest").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk needs root; the limit on file size is tried in any case")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_full_of_the_notebook_leaves_a_record_of_why(bench: Bench, small_disk: Path):
    good = bench.report("run", bench.template(text("# T"), parameters(), code("1")), "--output-dir", small_disk)
    assert good.code == 0, good.talk
    before = {path.name: path.read_bytes() for path in good.folder.iterdir()}
    ended = bench.report("run", bench.template(*LOUD), "--output-dir", small_disk)
    assert_failed_for_room(ended)
    assert {path.name: path.read_bytes() for path in good.folder.iterdir()} == before
    assert (small_disk / "latest" / "steps").resolve() == good.folder


def test_a_disk_that_the_report_itself_fills_is_named_as_the_reason(bench: Bench, small_disk: Path):
    greedy = "import os\nwith open(os.environ['COHORTHUB_RUN_DIR'] + '/big', 'wb') as f:\n    f.write(bytes(2**22))"
    ended = bench.report(
        "run", bench.template(text("# T"), parameters(), code(greedy), code("1")), "--output-dir", small_disk
    )
    assert_failed_for_room(ended)
    assert ended.record["error"]["cell"] == 2


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Let this process write no file longer than `size` bytes, as a full quota would have it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_folder_without_room_for_its_first_record_is_not_begun(tmp_path: Path):
    with files_limited_to(BALLAST), pytest.raises(RunFolderError, match="Make room"):
        RunFolder(tmp_path, "one").create({"title": "x" * BALLAST})
    assert names(tmp_path) == []


def ended_folder(root: Path, **more: object) -> tuple[RunFolder, dict[str, object]]:
    folder = RunFolder(root, "one")
    record = {
        "run_id": "one", "status": "running", "template": "t", "progress": {"cell": 1, "cells": 1, "title": ""},
        "started_at": "2026-11-23T02:15:00.000Z", "host": os.uname().nodename, "pid": 2**22 + 1, "pid_started": 0.0,
    }  # fmt: skip
    folder.create(record)
    for name in ("report.ipynb", "report.html"):
        (folder.building / name).write_text("{}")
    return folder, record | more


def test_a_full_disk_at_the_last_record_is_said_and_the_run_is_closed_later(tmp_path: Path):
    folder, record = ended_folder(tmp_path, title="x" * 5000)
    with files_limited_to(4096):
        with pytest.raises(DiskFullError, match="cannot be written"):
            close_folder(folder, Verdict(status="succeeded"), record=record)
        assert names(tmp_path) == [".one.running"]
    assert close_interrupted(tmp_path) == ["one"]
    assert find_run(tmp_path, "one")["error"]["code"] == "REPORT-INTERRUPTED"


def test_a_run_that_cannot_be_closed_on_a_full_disk_does_not_hide_the_runs(tmp_path: Path):
    folder, record = ended_folder(tmp_path, title="x" * 5000)
    folder.write_record(record)
    with files_limited_to(4096):
        assert [run["run_id"] for run in list_runs(tmp_path)] == ["one"]


def test_a_last_record_that_fits_once_the_page_is_given_up_says_the_disk_is_full(small_disk: Path):
    folder, record = ended_folder(small_disk)
    folder.make_room()
    (folder.building / "report.html").write_bytes(bytes(2**16))
    with (folder.building / "log.txt").open("wb") as log:
        os.posix_fallocate(log.fileno(), 0, shutil.disk_usage(small_disk).free)
    result = close_folder(folder, Verdict(status="succeeded"), record=record)
    assert result.verdict.code == "REPORT-DISK-FULL"
    assert find_run(small_disk, "one")["status"] == "failed"
    assert {path.name for path in folder.final.iterdir() if path.is_file()} == {"log.txt", "run.json", CRATE, SEAL}
    assert not (small_disk / "latest").exists()


def test_runs_are_listed_newest_first_and_found_by_id(tmp_path: Path):
    for run_id, started in (
        ("b", "2026-01-02T00:00:00Z"),
        ("a", "2026-01-03T00:00:00Z"),
        ("c", "2026-01-01T00:00:00Z"),
    ):
        folder = RunFolder(tmp_path, run_id)
        folder.create()
        progress = {"cell": 1, "cells": 1, "title": ""}
        record = {"run_id": run_id, "status": "succeeded", "template": "t", "progress": progress, "started_at": started}
        folder.write_record(record)
        folder.publish()
    (tmp_path / "stranger").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("[")
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert [run["run_id"] for run in list_runs(tmp_path)] == ["a", "b", "c"]
    assert find_run(tmp_path, "b")["folder"] == str(tmp_path / "b")
    for hostile in ("../b", "latest", "", "stranger", "d"):
        with pytest.raises(Exception, match="no such run"):
            find_run(tmp_path, hostile)


def test_a_folder_that_is_not_there_has_no_runs(tmp_path: Path):
    assert list_runs(tmp_path / "nowhere") == []


def test_only_a_folder_made_for_a_run_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made, precious = name_scratch(), tmp_path / "precious"
    make_scratch(made)
    assert (made.parent, made.stat().st_mode & 0o777) == (tmp_path, 0o700)
    with pytest.raises(FileExistsError):
        make_scratch(made)
    precious.mkdir()
    (tmp_path / "cohorthub-run-link").symlink_to(precious)
    (precious / "cohorthub-run-x").mkdir()
    for path in (made, precious, tmp_path / "cohorthub-run-link", precious / "cohorthub-run-x", Path("None")):
        remove_scratch(path)
    assert names(tmp_path) == ["cohorthub-run-link", "precious"]
    assert names(precious) == ["cohorthub-run-x"]


def test_a_folder_left_without_a_record_is_removed_only_when_it_is_old(tmp_path: Path):
    for run_id in ("old", "new"):
        RunFolder(tmp_path, run_id).create()
    os.utime(tmp_path / ".old.running", (0, 0))
    assert close_interrupted(tmp_path) == []
    assert names(tmp_path) == [".new.running"]


@pytest.mark.parametrize("unreadable", [b"", b'{"run_id": "on', b"[]", b'{"run_id": "one"}', None])
def test_a_running_folder_whose_record_cannot_be_read_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, unreadable: bytes | None
):
    folder = RunFolder(tmp_path, "one")
    folder.create()
    record = folder.building / "run.json"
    if unreadable is None:
        record.symlink_to(record)  # reading it fails, for root too
    else:
        record.write_bytes(unreadable)
    os.utime(folder.building, (0, 0))
    assert close_interrupted(tmp_path) == []
    assert names(tmp_path) == [".one.running"]
    assert "cannot be read" in caplog.text


def test_a_run_that_had_ended_when_its_runner_was_killed_keeps_its_own_last_state(tmp_path: Path):
    folder = RunFolder(tmp_path, "one")
    folder.create()
    progress = {"cell": 1, "cells": 1, "title": ""}
    folder.write_record({
        "run_id": "one", "status": "succeeded", "template": "t", "progress": progress, "host": os.uname().nodename,
        "pid": 2**22 + 1, "pid_started": 0.0,
    })  # fmt: skip
    assert close_interrupted(tmp_path) == ["one"]
    assert find_run(tmp_path, "one")["status"] == "succeeded"


def test_a_strange_record_does_not_hide_the_other_runs(tmp_path: Path):
    progress = {"cell": 1, "cells": 1, "title": ""}
    good = {"run_id": "one", "status": "running", "template": "t", "progress": progress, "host": os.uname().nodename}
    for run_id, strange in (("one", {}), ("two", {"pid": "x"}), ("three", {"pid": None}), ("four", {"progress": [1]})):
        folder = RunFolder(tmp_path, run_id)
        folder.create()
        folder.write_record(good | {"run_id": run_id, "pid_started": None} | strange)
    assert close_interrupted(tmp_path) == []
    assert [run["run_id"] for run in list_runs(tmp_path)] == ["two", "three", "one"]


def test_a_run_of_another_machine_is_left_to_it(tmp_path: Path):
    folder = RunFolder(tmp_path, "one")
    folder.create()
    progress = {"cell": 1, "cells": 1, "title": ""}
    folder.write_record({
        "run_id": "one", "status": "running", "template": "t", "progress": progress, "host": "another-machine",
        "pid": 2**22 + 1, "pid_started": 0.0,
    })  # fmt: skip
    assert close_interrupted(tmp_path) == []
    assert find_run(tmp_path, "one")["status"] == "running"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_every_way_to_run_out_of_room_is_known(number: int):
    assert is_disk_full(OSError(number, "x"))
    assert not is_disk_full(OSError(errno.EACCES, "x"))
