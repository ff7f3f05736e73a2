"""What a run is made of: the environment's lock, and what the notebook declared."""

import hashlib
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest

from hub_config.reports.folders.closing import finish_folder, finish_without_worker
from hub_config.reports.folders.provenance import (
    Environment,
    declared_by_notebook,
    describe_environment,
    keep_environment,
)
from hub_config.reports.folders.run_folders import RunFolder
from hub_config.reports.verdicts import Verdict

from ..html.test_page import RECORD

NOTHING = {"library_version": None, "data_releases": [], "cohorts": [], "outputs": None}


def test_an_environment_is_the_same_asked_from_within_and_from_without():
    here = describe_environment()
    assert len(here.lines) > 50
    assert here.python_version == platform.python_version()
    assert f"cohorthub=={version('cohorthub')}" in here.lines
    other_name = Path(sys.executable).with_name("python3")
    assert describe_environment(str(other_name)) == here


def test_its_hash_is_that_of_the_sorted_names_and_versions_and_of_the_file_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("hub_config.reports.folders.provenance._installed", lambda: [("Zope_X", "1"), ("a.b-C", "2.0")])
    environment = describe_environment()
    folder = RunFolder(tmp_path, "one")
    folder.create()
    record = keep_environment(folder, environment)
    assert record["environment_sha256"] == hashlib.sha256(b"a-b-c==2.0\nzope-x==1").hexdigest()
    assert record["environment_packages"] == 2
    assert hashlib.sha256((folder.building / "environment.txt").read_bytes()).hexdigest() == environment.sha256


@pytest.mark.parametrize("python", ["/bin/false", "/nowhere/python", "/bin/echo"])
def test_an_interpreter_that_cannot_be_asked_gives_nothing(tmp_path: Path, python: str):
    assert describe_environment(python) == Environment()
    folder = RunFolder(tmp_path, "one")
    folder.create()
    record = keep_environment(folder, Environment())
    assert (record["environment_sha256"], record["environment_packages"], record["machine"]) == ("", 0, None)
    assert not (folder.building / "environment.txt").exists()


@pytest.mark.parametrize(
    "content",
    [
        "", "[", "[]", "3", "null", "{}", '{"schema": "other/1"}', '{"schema": "cohorthub.outputs/2"}', "[" * 100_000,
        b"\xff\xfe", '{"schema": "cohorthub.outputs/1", "cohorts": [{"persons": NaN}]}',
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_of_outputs_declares_nothing(tmp_path: Path, content: str | bytes):
    (tmp_path / "outputs.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert declared_by_notebook(tmp_path) == NOTHING


def test_only_the_fields_of_the_contract_are_taken(tmp_path: Path):
    document = {
        "schema": "cohorthub.outputs/1",
        "library_version": 3,
        "data_releases": [{"name": "a", "release": "b", "manifest_sha256": "c", "path": "/home/kim"}, "x"],
        "cohorts": {"name": "a"},
        "outputs": "many",
        "status": "succeeded",
    }
    (tmp_path / "outputs.json").write_text(json.dumps(document))
    release = {"name": "a", "release": "b", "manifest_sha256": "c"}
    assert declared_by_notebook(tmp_path) == NOTHING | {"data_releases": [release], "outputs": 0}


def test_what_is_taken_stays_small_and_plain(tmp_path: Path):
    strange = {"name": "x" * 10_000, "definition_sha256": {"a": [1]}, "persons": 10**400}
    document = {"schema": "cohorthub.outputs/1", "cohorts": [strange] * 5000}
    (tmp_path / "outputs.json").write_text(json.dumps(document))
    cohorts = declared_by_notebook(tmp_path)["cohorts"]
    assert len(cohorts) == 1000
    assert cohorts[0] == {"name": "x" * 500, "definition_sha256": None, "persons": None}


def test_a_link_to_somewhere_else_is_not_followed(tmp_path: Path):
    (tmp_path / "real").write_text('{"schema": "cohorthub.outputs/1", "library_version": "1"}')
    (tmp_path / "outputs.json").symlink_to("real")
    assert declared_by_notebook(tmp_path) == NOTHING
    (tmp_path / "outputs.json").unlink()
    assert declared_by_notebook(tmp_path) == NOTHING


def test_results_are_kept_even_if_their_page_cannot_be_made(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    class Broken:
        def from_notebook_node(self, *_: object, **__: object) -> None:
            raise RuntimeError("cannot be drawn")

    folder = RunFolder(tmp_path, "one")
    folder.create()
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# T")])
    verdict = finish_folder(folder, book, verdict=Verdict.succeeded(), record=dict(RECORD), exporter=Broken())
    assert verdict.status == "succeeded"
    assert (folder.building / "report.ipynb").exists()
    assert not (folder.building / "report.html").exists()
    assert "could not be made" in caplog.text


def test_an_environment_that_the_worker_told_is_kept_when_another_gives_the_last_word(tmp_path: Path):
    folder = RunFolder(tmp_path, "one")
    folder.create()
    other = Environment(("numpy==1",), "3.11.0", "Linux", "aarch64")
    record = dict(RECORD) | keep_environment(folder, other)
    finish_without_worker(folder, Verdict.cancelled(), record=record)
    assert (record["environment_sha256"], record["machine"]) == (other.sha256, "aarch64")
    assert (folder.building / "environment.txt").read_bytes() == other.content
