"""Stages kept by one run of a notebook are found by the next: real kernels, started by the runner."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SETUP = """
import pandas as pd
from analysis_lib.report import Report

report = Report(title="Numbers")


def squared(values):
    return values**2
"""
ONE = """
with report.stage("squares", inputs={"how_many": how_many}) as squares:
    if squares.is_new:
        squares.keep(table=pd.DataFrame({"x": squared(pd.Series(range(how_many)))}))
"""
TWO = """
with report.stage("sums", inputs={"squares": squares, "divisor": divisor}) as sums:
    if sums.is_new:
        sums.keep(total=int(squares["table"]["x"].sum()) // divisor)
report.number("total", sums["total"], title="Total", persons={"all": 40}, tolerance="10 %")
report.provenance()
"""


def _notebook(folder: Path) -> Path:
    parameters = "how_many: int = 4  # numbers\ndivisor: int = 1  # what the sum is divided by"
    cells = [
        ("markdown", "# Numbers", []), ("code", parameters, ["parameters"]), ("code", SETUP, []), ("code", ONE, []),
        ("code", TWO, []),
    ]  # fmt: skip
    empty: dict[str, dict[str, Any]] = {"code": {"outputs": [], "execution_count": None}, "markdown": {}}
    kernel = {"name": "cohort-analysis", "display_name": "Cohort analysis", "language": "python"}
    book = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel},
        "cells": [
            {"id": f"c{number}", "cell_type": kind, "source": source, "metadata": {"tags": tags}} | empty[kind]
            for number, (kind, source, tags) in enumerate(cells)
        ],
    }
    template = folder / "numbers.ipynb"
    template.write_text(json.dumps(book))
    return template


def _run(template: Path, *given: str) -> tuple[int, dict[str, Any], str]:
    folder = template.parent
    command = [sys.executable, "-m", "hub_config.cli", "report", "run", str(template)]
    options = ["--home", str(folder / "home"), "--output-dir", str(folder / "runs"), "--json"]
    parameters = [word for each in given for word in ("-p", each)]
    environment = {**os.environ, "COHORTHUB_STAGES": str(folder / "stages")}
    done = subprocess.run(
        [*command, *parameters, *options], capture_output=True, text=True, check=False, env=environment, timeout=200
    )
    run = Path(json.loads(done.stdout)["folder"])
    assert not [path for path in run.rglob("*") if path.suffix == ".parquet"]
    return done.returncode, json.loads((run / "outputs.json").read_text()), (run / "report.html").read_text()


def test_a_failed_run_resumes_at_its_failed_stage_and_a_run_without_change_says_so(tmp_path: Path) -> None:
    template = _notebook(tmp_path)
    failed, first, _ = _run(template, "divisor=0")
    assert failed != 0
    assert [(stage["name"], stage["reused"]) for stage in first["stages"]] == [("squares", False)]
    resumed, second, page = _run(template, "divisor=2")
    assert resumed == 0
    assert [(stage["name"], stage["reused"]) for stage in second["stages"]] == [("squares", True), ("sums", False)]
    assert "squares: kept from an earlier run on the same inputs" in page
    assert (second["outputs"][0]["value"], second["unchanged_since"]) == (7, None)
    again, third, page = _run(template, "divisor=2")
    assert again == 0
    assert [stage["reused"] for stage in third["stages"]] == [True, True]
    assert third["outputs"] == second["outputs"]
    assert f"Nothing changed since {third['unchanged_since']}" in page
