"""What a killed runner left is closed under the state that the queue has for it, whatever the folder says of itself."""

import json
import os
import time
from functools import partial
from pathlib import Path

import pytest

from hub_config.reports.execution.secrets import MASK, clean_left, read_secrets
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
    assert (tmp_path / "one" / "log.txt").read_text().startswith("What this run wrote was thrown away")
    assert "it began" not in (tmp_path / "one" / "log.txt").read_text()


VALUE = "hunter2-비밀-7731"


@pytest.fixture
def cut_short(tmp_path: Path) -> tuple[Path, Path]:
    """What a run with a secret had written when it was killed, and the folder of its secrets."""
    secrets = tmp_path / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "smtp").write_text(VALUE + "\n", encoding="utf-8")
    (secrets / "smtp").chmod(0o600)
    seen = read_secrets(["smtp"], folder=secrets)
    folder = building(tmp_path, secrets=["smtp"], secret_files=dict(seen.files)).building
    (folder / "outputs" / "wards.csv").write_text("ward,n\nA,10\n")
    (folder / "outputs" / "mail.txt").write_text(f"password {VALUE}")
    (folder / "outputs" / "half.txt").write_text(f"password {VALUE[:9]}")
    (folder / "log.txt").write_text(f"it began\nwith {VALUE}, and\n{VALUE[:5]}")
    return secrets, tmp_path / "one"


def close(root: Path, secrets: Path | None) -> Left:
    return close_left(root, "one", status="interrupted", clean=partial(clean_left, folder=secrets))


def test_what_a_killed_run_wrote_is_kept_where_it_holds_no_secret(tmp_path: Path, cut_short: tuple[Path, Path]) -> None:
    secrets, folder = cut_short
    assert close(tmp_path, secrets) is Left.CLOSED
    assert [file.name for file in (folder / "outputs").iterdir()] == ["wards.csv"]
    log = (folder / "log.txt").read_text()
    assert log.startswith(f"it began\nwith {MASK}, and\n{MASK}")
    assert "held a secret: 2" in log
    assert verify_folder(folder).whole
    assert "secret_files" not in json.loads((folder / "run.json").read_text())


@pytest.mark.parametrize("trouble", ["changed", "replaced", "gone", "open to others", "no folder"])
def test_what_a_killed_run_wrote_goes_where_its_secret_is_not_the_one_it_had(
    tmp_path: Path, cut_short: tuple[Path, Path], trouble: str
) -> None:
    secrets, folder = cut_short
    file = secrets / "smtp"
    if trouble == "changed":
        file.write_text("another-one")
    elif trouble == "replaced":
        (secrets / "new").write_text("another-one")
        (secrets / "new").chmod(0o600)
        (secrets / "new").replace(file)
    elif trouble == "gone":
        file.unlink()
    elif trouble == "open to others":
        file.chmod(0o644)
    close(tmp_path, None if trouble == "no folder" else secrets)
    assert not (folder / "outputs").exists()
    assert (folder / "log.txt").read_text().startswith("What this run wrote was thrown away")
    assert not [one for one in folder.rglob("*") if one.is_file() and VALUE.encode() in one.read_bytes()]
