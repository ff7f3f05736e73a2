"""Which runs may go, and that removing one takes that one and nothing else."""

import datetime as dt
import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_config.errors import RunFolderError, RunNotFoundError
from hub_config.reports.folders.retention import RetentionRule, expired, finish_removals, remove_run_folder
from hub_config.reports.folders.run_folders import RunFolder
from hub_config.reports.folders.runs import list_runs

from .closed_runs import closed_run

NOW = dt.datetime(2026, 11, 27, tzinfo=dt.UTC)


def run(run_id: str, days_ago: float, status: str = "succeeded", **more: Any) -> dict[str, Any]:
    ended = (NOW - dt.timedelta(days=days_ago)).isoformat()
    return {"run_id": run_id, "status": status, "ended_at": ended} | more


RUNS = [run("a", 1), run("f", 1.5, "failed"), run("b", 10), run("c", 100), run("g", 200, "timed_out"), run("d", 300)]


@pytest.mark.parametrize(
    ("rule", "gone"),
    [
        (RetentionRule(), []),
        (RetentionRule(successes=2), ["d", "g", "c"]),
        (RetentionRule(successes=9), []),
        (RetentionRule(successes=0), ["d", "g", "c", "b", "f"]),
        (RetentionRule(days=30), ["d", "g", "c"]),
        (RetentionRule(days=0), ["d", "g", "c", "b", "f"]),
        (RetentionRule(successes=3, days=30), ["d", "g"]),
        (RetentionRule(successes=1, days=250), ["d"]),
    ],
)
def test_a_run_goes_when_both_parts_of_the_rule_let_it_go(rule: RetentionRule, gone: list[str]):
    assert expired(RUNS, rule, now=NOW) == gone


def test_what_is_kept_goes_on_or_has_no_known_end_stays():
    staying = [run("k", 900, kept=True), run("r", 900, "running"), run("q", 900, "queued"), run("n", 1)]
    strange = [{"run_id": "x", "status": "failed", "ended_at": end} for end in (None, "yesterday", 3, "")]
    assert expired([*staying, *strange, run("o", 900)], RetentionRule(days=1), now=NOW) == ["o"]


STATES = st.sampled_from(["succeeded", "failed", "cancelled", "timed_out", "interrupted", "skipped", "running"])


@given(
    st.lists(st.tuples(st.floats(0, 1000), STATES, st.booleans()), max_size=30),
    st.none() | st.integers(0, 5),
    st.none() | st.floats(0, 500),
)
def test_the_newest_success_and_what_is_kept_never_go(
    rows: list[tuple[float, str, bool]], n: int | None, days: float | None
):
    runs = [run(str(at), ago, status, kept=kept) for at, (ago, status, kept) in enumerate(rows)]
    gone = set(expired(runs, RetentionRule(successes=n, days=days), now=NOW))
    successes = sorted((r["ended_at"], r["run_id"]) for r in runs if r["status"] == "succeeded")
    assert not {run_id for _, run_id in successes[-max(1, n or 1) :]} & gone
    assert not {r["run_id"] for r in runs if r["kept"] or r["status"] == "running"} & gone
    if days is not None:
        assert all(
            NOW - dt.datetime.fromisoformat(r["ended_at"]) > dt.timedelta(days=days)
            for r in runs
            if r["run_id"] in gone
        )
    again = [r for r in runs if r["run_id"] not in gone]
    assert expired(again, RetentionRule(successes=n, days=days), now=NOW) == []


def test_removing_a_run_takes_its_folder_and_the_link_to_it(tmp_path: Path):
    one, two = closed_run(tmp_path), closed_run(tmp_path, "two", template="other")
    (tmp_path / "precious").write_text("x")
    (one / "work" / "link").symlink_to(tmp_path / "precious")
    (one / "work" / "up").symlink_to(tmp_path, target_is_directory=True)
    (one / "work" / "closed").mkdir(mode=0)
    remove_run_folder(tmp_path, "one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "precious", "two"]
    assert [path.name for path in (tmp_path / "latest").iterdir()] == ["other"]
    assert two.is_dir()
    with pytest.raises(RunNotFoundError):
        remove_run_folder(tmp_path, "one")


def test_folders_that_a_notebook_has_nested_deeper_than_anything_walks_go_as_well(tmp_path: Path):
    inside = os.open(closed_run(tmp_path) / "work", os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=inside)
        below = os.open("d", os.O_RDONLY, dir_fd=inside)
        os.close(inside)
        inside = below
    os.close(inside)
    remove_run_folder(tmp_path, "one")
    assert [path.name for path in tmp_path.iterdir()] == ["latest"]


@pytest.mark.parametrize("name", ["..", ".", "", "latest", "../outside", "/etc", "link", "file", "a/b", ".one.running"])
def test_nothing_but_a_folder_of_a_run_is_removed(tmp_path: Path, name: str):
    root, outside = tmp_path / "runs", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "precious").write_text("x")
    (root / "link").symlink_to(outside)
    (root / "file").write_text("x")
    with pytest.raises(RunNotFoundError):
        remove_run_folder(root, name)
    assert (outside / "precious").read_text() == "x"
    assert sorted(path.name for path in root.iterdir()) == ["file", "link"]
    with pytest.raises(RunNotFoundError):
        remove_run_folder(tmp_path / "nowhere", "one")


def test_a_run_that_goes_on_is_not_removed(tmp_path: Path):
    RunFolder(tmp_path, "one").create()
    with pytest.raises(RunFolderError, match="goes on"):
        remove_run_folder(tmp_path, "one")


def test_a_removal_killed_on_the_way_leaves_no_run_and_is_finished_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    closed_run(tmp_path)

    def killed(_folder: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("hub_config.reports.folders.retention._remove_tree", killed)
        with pytest.raises(KeyboardInterrupt):
            remove_run_folder(tmp_path, "one")
    assert (tmp_path / ".one.removing" / "run.json").exists()
    assert list_runs(tmp_path) == []
    assert finish_removals(tmp_path) == 1
    assert not (tmp_path / ".one.removing").exists()
    assert finish_removals(tmp_path / "nowhere") == 0


@pytest.mark.parametrize("is_back", [False, True], ids=["alone", "with a folder beside it"])
def test_a_removal_that_is_asked_for_again_finishes_what_is_hidden(tmp_path: Path, is_back: bool):
    closed_run(tmp_path).rename(tmp_path / ".one.removing")
    if is_back:
        closed_run(tmp_path)
    remove_run_folder(tmp_path, "one")
    assert [path.name for path in tmp_path.iterdir()] == ["latest"]
    with pytest.raises(RunNotFoundError):
        remove_run_folder(tmp_path, "one")


def test_what_another_service_has_not_removed_whole_is_not_called_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    closed_run(tmp_path)

    def overtaken(_folder: Path) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("hub_config.reports.folders.retention._remove_tree", overtaken)
    for _ in range(2):
        with pytest.raises(RunFolderError, match="cannot be removed whole"):
            remove_run_folder(tmp_path, "one")


def test_a_disk_that_does_not_answer_has_lost_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    closed_run(tmp_path)

    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        with pytest.raises(RunFolderError, match="Stale"):
            remove_run_folder(tmp_path, "one")
