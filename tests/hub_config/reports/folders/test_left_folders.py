"""What a killed runner left is closed under the state that the queue has for it, whatever the folder says of itself."""

import json
import os
import time
from pathlib import Path

import pytest

from hub_config.reports.folders.left_folders import Left, close_left
from hub_config.reports.folders.run_folders import RunFolder
from hub_config.reports.folders.verification import verify_folder
from hub_config.reports.processes import name_process

from .closed_runs import TEMPLATE, closed_run, first_record

NOBODY = {"host": os.uname().nodename, "pid": 2**22 + 1, "pid_started": 0.0}


def building(root: Path, **more: object) -> RunFolder:
    folder = RunFolder(root, "one")
    folder.create(first_record("one", **(NOBODY | more)), template=TEMPLATE)
    (folder.building / "log.txt").write_text("it began\n")
    return folder


def status(root: Path) -> str:
    return str(json.loads((root / "one" / "run.json").read_text())["status"])


@pytest.mark.parametrize("wanted", ["interrupted", "cancelled"])
def test_a_folder_whose_runner_is_gone_is_closed_under_the_state_given(tmp_path: Path, wanted: str) -> None:
    building(tmp_path)
    assert close_left(tmp_path, "one", status=wanted) is Left.CLOSED
    assert status(tmp_path) == wanted
    assert verify_folder(tmp_path / "one").whole
    assert close_left(tmp_path, "one", status=wanted) is Left.CLOSED


def test_a_folder_that_says_it_succeeded_is_no_result_where_the_queue_says_it_was_interrupted(tmp_path: Path) -> None:
    folder = building(tmp_path, status="succeeded", ended_at="2026-11-23T02:15:00.000Z")
    folder.replace("report.ipynb", TEMPLATE)
    assert close_left(tmp_path, "one", status="interrupted") is Left.CLOSED
    assert status(tmp_path) == "interrupted"
    assert verify_folder(tmp_path / "one").whole, "stamped, too"


def test_a_folder_that_was_shown_all_the_same_is_taken_back(tmp_path: Path) -> None:
    closed_run(tmp_path)
    assert (tmp_path / "latest" / "steps").exists()
    assert close_left(tmp_path, "one", status="interrupted") is Left.CLOSED
    assert status(tmp_path) == "interrupted"
    assert verify_folder(tmp_path / "one").whole
    assert not (tmp_path / "latest" / "steps").is_symlink(), "the newest success is another one, or none"


def test_the_pointer_to_another_run_stays(tmp_path: Path) -> None:
    closed_run(tmp_path, "one")
    closed_run(tmp_path, "two")
    close_left(tmp_path, "one", status="interrupted")
    assert (tmp_path / "latest" / "steps").resolve() == tmp_path / "two"


def test_a_folder_whose_process_lives_is_left_to_it(tmp_path: Path) -> None:
    building(tmp_path, **name_process(os.getpid()))
    assert close_left(tmp_path, "one", status="interrupted") is Left.HELD
    assert (tmp_path / ".one.running").exists()


def test_a_run_that_never_had_a_folder_leaves_nothing(tmp_path: Path) -> None:
    assert close_left(tmp_path, "one", status="interrupted") is Left.NOTHING
    assert close_left(tmp_path / "nowhere", "one", status="interrupted") is Left.NOTHING
    assert close_left(tmp_path, "../one", status="interrupted") is Left.NOTHING


def test_a_folder_without_a_record_goes_when_its_process_cannot_be_about_to_write_it(tmp_path: Path) -> None:
    RunFolder(tmp_path, "one").create()
    assert close_left(tmp_path, "one", status="interrupted") is Left.HELD
    then = time.time() - 30
    os.utime(tmp_path / ".one.running", (then, then))
    assert close_left(tmp_path, "one", status="interrupted") is Left.NOTHING
    assert not (tmp_path / ".one.running").exists()


def test_what_a_run_with_secrets_wrote_and_nobody_looked_at_is_dropped(tmp_path: Path) -> None:
    folder = building(tmp_path, secrets=["smtp"])
    for name in ("outputs/mail.txt", "mail.txt", ".mail", "sent/mail.txt"):
        (folder.building / name).parent.mkdir(exist_ok=True)
        (folder.building / name).write_text("hunter2")
    (folder.building / "elsewhere").symlink_to(tmp_path)
    close_left(tmp_path, "one", status="interrupted")
    assert [
        file.name for file in (tmp_path / "one").rglob("*") if file.is_file() and "hunter2" in file.read_text()
    ] == []
    assert (tmp_path / "one" / "run.json").exists()
    assert not (tmp_path / "one" / "outputs").exists()
    assert not (tmp_path / "one" / "log.txt").exists()
