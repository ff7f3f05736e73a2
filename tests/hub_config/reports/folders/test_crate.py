"""The crate of a run: what other tools read, and what never stands in it."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from rocrate.rocrate import ROCrate

from hub_config.reports.folders.contents import Contents, StoredFile
from hub_config.reports.folders.crate import CRATE, RUN_ACTION, crate_document
from hub_config.reports.folders.crate_terms import file_id, file_path
from hub_config.reports.folders.run_folders import RunFolder
from hub_config.reports.folders.runs import close_interrupted
from hub_config.reports.folders.sealing import SEAL, seal_folder
from hub_config.reports.folders.verification import verify_folder

from .closed_runs import ENVIRONMENT, TEMPLATE, VERDICTS, closed_run, first_record

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
}


def ids(value: Any) -> set[str]:
    return {entity["@id"] for entity in (value if isinstance(value, list) else [value])}


def graph(folder: Path) -> dict[str, dict[str, Any]]:
    return {entity["@id"]: entity for entity in json.loads((folder / CRATE).read_text())["@graph"]}


def test_another_tool_reads_the_run_its_files_and_its_parameters(tmp_path: Path):
    folder = closed_run(tmp_path)
    crate = ROCrate(folder)
    root = crate.root_dataset
    assert {profile.id for profile in root["conformsTo"]} == PROFILES
    assert crate.mainEntity.id == "template.ipynb"
    assert set(crate.mainEntity.type) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    run = crate.dereference(RUN_ACTION)
    assert (run.type, run["agent"]["name"], run["instrument"].id) == ("CreateAction", "~kim", "template.ipynb")
    assert run["actionStatus"] == "http://schema.org/CompletedActionStatus"
    assert run["startTime"] <= run["endTime"]
    values = {entity["name"]: entity["value"] for entity in run["object"] if entity.type == "PropertyValue"}
    assert values == {"days": 3, "wards": '["A", "다"]', "mail": "smtp", "rate": "null"}
    types = {parameter["name"]: parameter["additionalType"] for parameter in crate.mainEntity["input"]}
    assert types == {"days": "Integer", "wards": "Text", "mail": "Text", "rate": "Float"}
    on_disk = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {CRATE, SEAL}
    assert {file_path(entity.id) for entity in root["hasPart"]} == on_disk
    assert all(
        (folder / file_path(entity.id)).stat().st_size == int(entity["contentSize"]) for entity in root["hasPart"]
    )


def test_data_releases_cohorts_and_environment_are_named_by_hash_and_nobody_is_counted(tmp_path: Path):
    folder = closed_run(tmp_path)
    entities = graph(folder)
    named = {entity.get("name"): entity for entity in entities.values()}
    assert named["gibleed, release 2026-11"]["sha256"] == "ef" * 32
    assert named["new users"]["sha256"] == "01" * 32
    assert named["new users"]["@id"].startswith("ni:///sha-256;")
    assert named["2 packages"]["softwareVersion"] == f"sha256:{ENVIRONMENT.sha256}"
    assert (folder / "environment.txt").read_bytes() == ENVIRONMENT.content
    assert (folder / "template.ipynb").read_bytes() == TEMPLATE
    assert "18001800" not in (folder / CRATE).read_text()  # persons in the cohort
    assert "33" not in {str(value) for entity in entities.values() for value in entity.values()}


@pytest.mark.parametrize("status", [status for status in VERDICTS if status != "succeeded"])
def test_a_run_that_did_not_succeed_says_why(tmp_path: Path, status: str):
    run = graph(closed_run(tmp_path, verdict=VERDICTS[status]))[RUN_ACTION]
    assert run["actionStatus"] == "http://schema.org/FailedActionStatus"
    assert run["error"] == f"{VERDICTS[status].code}: {VERDICTS[status].message}"
    assert status.replace("_", " ") in run["description"]


def test_every_reference_leads_to_an_entity_and_every_entity_is_there_once(tmp_path: Path):
    entities = json.loads((closed_run(tmp_path) / CRATE).read_text())["@graph"]
    known = [entity["@id"] for entity in entities]
    assert len(known) == len(set(known))
    outside = {"https://w3id.org/ro/crate/1.1"}
    for entity in entities:
        for value in entity.values():
            if isinstance(value, (dict, list)):
                rows = value if isinstance(value, list) else [value]
                assert ids([row for row in rows if isinstance(row, dict)]) <= set(known) | outside


def test_the_same_folder_and_record_make_the_same_crate(tmp_path: Path):
    folder = RunFolder(tmp_path, "one")
    folder.create(template=TEMPLATE)
    record = first_record("one", status="succeeded")
    made = []
    for _ in range(2):
        seal_folder(folder, record)
        made.append((folder.building / CRATE).read_bytes())
    assert made[0] == made[1]


def test_without_the_template_there_is_a_process_and_no_workflow():
    document = crate_document(Contents((), ()), {"run_id": "one"})
    entities = {entity["@id"]: entity for entity in document["@graph"]}
    assert ids(entities["./"]["conformsTo"]) == {"https://w3id.org/ro/wfrun/process/0.5"}
    assert "mainEntity" not in entities["./"]
    assert entities[RUN_ACTION]["instrument"] == {"@id": "#template"}


@pytest.mark.parametrize(
    "strange",
    [
        {}, {"parameters": 3}, {"parameters": {"x": float("nan")}}, {"declared": "x"}, {"data_releases": [3, {}]},
        {"cohorts": [{"definition_sha256": 3}]}, {"title": None, "error": "x"}, {"started_at": 3}, {"error": {}},
        {"parameters": {"\ud800": "\ud800"}},
    ],
)  # fmt: skip
def test_a_strange_record_still_gets_a_crate(strange: dict[str, Any]):
    document = crate_document(Contents((StoredFile("a", 1, "00"),), ()), strange)
    assert json.loads(json.dumps(document, allow_nan=False))["@graph"][0]["@id"] == CRATE


@pytest.mark.parametrize(
    "path", ["a b", "a#b", "a%41", "#run", "https://x/y", "한글", "a\udcffb", "a\nb", "?", "./x:y"]
)
def test_every_file_name_has_an_identifier_that_leads_back(path: str):
    assert file_path(file_id(path)) == path
    assert ":" not in file_id(path)
    assert "#" not in file_id(path)


def test_a_run_killed_between_its_last_record_and_its_crate_gets_one(tmp_path: Path):
    folder = RunFolder(tmp_path, "one")
    record = first_record("one", status="succeeded", host=os.uname().nodename, pid=2**22 + 1)
    folder.create(record | {"pid_started": 0.0}, template=TEMPLATE)
    (folder.building / ".run.json.4711.new").write_text("{")
    assert close_interrupted(tmp_path) == ["one"]
    assert [finding.kind for finding in verify_folder(folder.final).findings] == ["stamp"]  # it has no notebook
    assert not (folder.final / ".run.json.4711.new").exists()


def test_an_interrupted_run_that_saved_no_notebook_shows_its_template(tmp_path: Path):
    folder = RunFolder(tmp_path, "one")
    record = first_record("one", host=os.uname().nodename, pid=2**22 + 1, pid_started=0.0)
    folder.create(record, template=TEMPLATE)
    assert close_interrupted(tmp_path) == ["one"]
    assert verify_folder(folder.final).findings == ()
    assert "INCOMPLETE" in (folder.final / "report.ipynb").read_text()


def test_sealing_a_usual_folder_takes_milliseconds(tmp_path: Path):
    folder = RunFolder(tmp_path, "one")
    folder.create(template=TEMPLATE)
    for name in ("report.ipynb", "report.html"):
        (folder.building / name).write_bytes(b"x" * 700_000)
    for number in range(40):
        (folder.building / "outputs" / f"table-{number}.csv").write_bytes(b"x" * 10_000)
    took = []
    for _ in range(7):
        began = time.perf_counter()
        seal_folder(folder, first_record("one"))
        took.append(time.perf_counter() - began)
    assert sorted(took)[3] < 0.1, took  # 20 ms on a quiet machine
