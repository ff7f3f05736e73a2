"""`cohorthub report list`, `show` and `diff` on runs of one's own, where no hub is."""

import json

import pytest
from click.testing import CliRunner

from hub_config.cli import Session
from hub_config.reports.changes.terminal import width
from hub_config.reports.cli import report


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home" / "runs").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def write_run(home):
    def write(run_id, events=12, **more):
        folder = home / "runs" / run_id
        folder.mkdir()
        record = {
            "schema": "cohorthub.run/1", "run_id": run_id, "status": "succeeded", "template": "품질", "parameters": {},
            "started_at": f"2026-11-27T06:30:0{len(list(folder.parent.iterdir()))}Z",
            "duration_s": 3.5, "progress": {"cell": 2, "cells": 2, "title": "끝"}, "error": None,
        }  # fmt: skip
        (folder / "run.json").write_text(json.dumps(record | more), encoding="utf-8")
        number = {"id": "events", "kind": "number", "title": "Events", "value": events, "persons": {}}
        outputs = {"schema": "cohorthub.outputs/1", "outputs": [number]}
        (folder / "outputs.json").write_text(json.dumps(outputs), encoding="utf-8")
        (folder / "log.txt").write_text("cell 1\ncell 2\x1b[31m\n", encoding="utf-8")
        return folder

    return write


@pytest.fixture
def call(home):
    def invoke(*words, as_json=True, code=0):
        session = Session(home=home, as_json=as_json)
        result = CliRunner().invoke(report, [str(word) for word in words], obj=session, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        assert (result.return_value or 0) == code, result.output
        return json.loads(result.stdout) if as_json else result.stdout

    return invoke


def test_runs_are_listed_with_korean_names_in_their_columns(call, write_run):
    write_run("one")
    write_run("two", template="quality", status="failed", error={"code": "REPORT-CELL-FAILED", "cell": 2})
    assert [run["run_id"] for run in call("list")["runs"]] == ["two", "one"]
    assert [run["run_id"] for run in call("list", "--state", "failed")["runs"]] == ["two"]
    lines = call("list", as_json=False).splitlines()
    assert len({width(line[: line.index("3.5 s")]) for line in lines}) == 1
    assert len(call("list", "--limit", "1", as_json=False).splitlines()) == 1


def test_a_run_is_shown_with_the_last_lines_of_its_log_and_no_escape_sequences(call, write_run):
    write_run("one", error={"code": "REPORT-CELL-FAILED", "message": "A cell failed."}, status="failed")
    shown = call("show", "one", as_json=False)
    assert "REPORT-CELL-FAILED" in shown
    assert "cell 2" in shown
    assert "\x1b" not in shown
    assert call("show", "one")["run"]["status"] == "failed"


def test_two_runs_are_compared_and_the_exit_code_says_whether_they_differ(call, write_run, tmp_path):
    write_run("one")
    write_run("two")
    moved = write_run("three", events=13).rename(tmp_path / "three")
    same, other = call("diff", "one", "two"), call("diff", "one", moved, code=1)
    assert [one["comparison"]["changes"]["is_changed"] for one in (same, other)] == [False, True]
    assert [one["exact"]["identical"] for one in (same, other)] == [True, False]
    text = call("diff", "one", moved, as_json=False, code=1)
    assert "12" in text
    assert "13" in text
