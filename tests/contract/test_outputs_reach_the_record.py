"""What `analysis_lib.report` writes is what `hub_config.reports` takes up: they share files, not code."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from analysis_lib.catalog import Dataset, open_catalog
from analysis_lib.report import Report
from analysis_lib.report.manifest import FILE_NAME, CohortEntry
from analysis_lib.report.reporting import RUN_DIR_VARIABLE
from hub_config.reports.execution.kernel_environment import kernel_environment
from hub_config.reports.folders.provenance import OUTPUTS_SCHEMA, declared_by_notebook

MakeRelease = Callable[..., Dataset]


@pytest.fixture
def release(make_release: MakeRelease) -> Dataset:
    return make_release(
        {
            "person": "person_id year_of_birth\n1 1950\n2 1960",
            "observation_period": "person from to\n1 2000-01-01 2010-12-31\n2 2000-01-01 2010-12-31",
        }
    )


def test_a_report_is_told_its_folder_and_its_data_by_the_runner(
    release: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    environment = kernel_environment(
        {"COHORTHUB_DATA": str(release.path.parents[1])}, run_dir=tmp_path, home=tmp_path, scratch=tmp_path
    )
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert environment[RUN_DIR_VARIABLE] == str(tmp_path)
    assert Report(title="T").run_dir == tmp_path
    assert open_catalog()[release.name].release == release.release


def test_without_a_word_about_data_the_report_reads_those_of_the_home(
    release: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home = release.path.parents[2]
    environment = kernel_environment({}, run_dir=tmp_path, home=home, scratch=tmp_path)
    monkeypatch.delenv("COHORTHUB_DATA", raising=False)
    monkeypatch.setenv("COHORTHUB_DATA", environment["COHORTHUB_DATA"])
    assert open_catalog()[release.name].path == release.path


def test_what_a_report_declares_is_taken_into_the_record(release: Dataset, tmp_path: Path):
    report = Report(title="Bleeding", run_dir=tmp_path)
    report.add_dataset(release)
    report.number("events", 12, title="Events", persons={"all": 40})
    report.table("counts", pd.DataFrame({"group": ["a"], "n": [40]}), title="Counts", persons={"a": 40})
    declared = declared_by_notebook(tmp_path)
    written = json.loads((tmp_path / FILE_NAME).read_text())
    assert written["schema"] == OUTPUTS_SCHEMA
    assert declared["data_releases"] == written["data_releases"]
    assert declared["data_releases"][0]["name"] == release.name
    assert len(declared["data_releases"][0]["manifest_sha256"]) == 64
    assert declared["library_version"] == written["library_version"]
    assert declared["outputs"] == 2


def test_the_cohorts_of_a_report_are_taken_into_the_record(tmp_path: Path):
    report = Report(title="Bleeding", run_dir=tmp_path)
    entry = {"name": "new users", "definition_sha256": "ab" * 32, "persons": 1800}
    report.manifest.cohorts.append(CohortEntry(**entry))
    report.manifest.write(tmp_path)
    assert declared_by_notebook(tmp_path)["cohorts"] == [entry]


NOTEBOOK = """
import pandas as pd
import matplotlib.pyplot as plt
from analysis_lib.catalog import open_catalog
from analysis_lib.report import Report

dataset = open_catalog()[data_set]
report = Report(title="Persons")
report.add_dataset(dataset)
report.number("persons", dataset.n_persons, title="Persons", persons={"all": dataset.n_persons})
"""
TABLE = """
years = pd.DataFrame({"year": [1950, 1960], "persons": [1, 1]})
report.table("by-year", years, title="Year of birth", persons={"all": 2})
"""
FIGURE = """
figure, axes = plt.subplots(figsize=(3, 2))
axes.plot([1, 2], [3, 4])
report.figure("line", figure, title="A line", persons={"all": 2})
"""


def test_a_whole_run_carries_data_library_and_outputs_from_the_notebook_to_the_reader(release: Dataset, tmp_path: Path):
    cells = [
        ("markdown", "# Persons\n\nHow many?", []),
        ("code", 'data_set: str = "none"  # entry in the catalog', ["parameters"]),
        ("code", NOTEBOOK, []),
        ("code", TABLE, []),
        ("code", FIGURE, []),
        ("code", "report.provenance()", []),
    ]
    empty = {"code": {"outputs": [], "execution_count": None}, "markdown": {}}
    book = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "cohort-analysis", "display_name": "Cohort analysis", "language": "python"}
        },
        "cells": [
            {"id": f"c{number}", "cell_type": kind, "source": source, "metadata": {"tags": tags}} | empty[kind]
            for number, (kind, source, tags) in enumerate(cells)
        ],
    }
    template = tmp_path / "persons.ipynb"
    template.write_text(json.dumps(book))
    command = [sys.executable, "-m", "hub_config.cli", "report", "run", str(template), "-p", f"data_set={release.name}"]
    home = release.path.parents[2]
    ended = subprocess.run(
        [*command, "--home", str(home), "--output-dir", str(tmp_path / "runs"), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    folder = Path(json.loads(ended.stdout)["folder"])
    record = json.loads((folder / "run.json").read_text())
    assert [(entry["name"], entry["release"]) for entry in record["data_releases"]] == [(release.name, release.release)]
    assert record["outputs"] == 3
    assert record["library_version"]
    for output in json.loads((folder / FILE_NAME).read_text())["outputs"]:
        for file in output["files"]:
            assert (folder / file).is_file()
    page = (folder / "report.html").read_text()
    for shown in (
        "Year of birth",
        "data:image/png;base64,",
        release.name,
        record["data_releases"][0]["manifest_sha256"][:12],
    ):
        assert shown in page
