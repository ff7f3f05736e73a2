"""Runs closed by the code that closes every run, without a kernel."""

import hashlib
import json
from pathlib import Path
from typing import Any

import nbformat

from hub_config.reports.folders.closing import close_folder, finish_folder
from hub_config.reports.folders.provenance import Environment, keep_environment
from hub_config.reports.folders.run_folders import RunFolder, utc_now
from hub_config.reports.html.page import load_exporter
from hub_config.reports.verdicts import Verdict

from ..conftest import code, notebook, parameters, text

EXPORTER = load_exporter()
TEMPLATE = json.dumps(notebook(text("# Steps per day"), parameters(), code("1 + 1"))).encode()
ENVIRONMENT = Environment(("numpy==2.3.0", "pandas==3.1.0"), "3.12.4", "Linux", "x86_64")
VERDICTS = {
    "succeeded": Verdict.succeeded(),
    "failed": Verdict.cell_failed("KeyError"),
    "cancelled": Verdict.cancelled(),
    "timed_out": Verdict.timed_out("cell", 600),
    "interrupted": Verdict.interrupted(),
}


def first_record(run_id: str, **more: Any) -> dict[str, Any]:
    return {
        "schema": "cohorthub.run/1",
        "run_id": run_id,
        "status": "running",
        "title": "Steps per day",
        "template": "steps",
        "template_sha256": hashlib.sha256(TEMPLATE).hexdigest(),
        "declared": [
            {"name": "days", "type": "int", "help": "how many <days>"},
            {"name": "wards", "type": "list[str]", "help": ""},
            {"name": "mail", "type": "Secret", "help": "name of a secret"},
            {"name": "rate", "type": "float | None", "help": ""},
        ],
        "parameters": {"days": 3, "wards": ["A", "다"], "mail": "smtp", "rate": None},
        "given": ["days"],
        "kernel": "cohort-analysis",
        "progress": {"cell": 2, "cells": 2, "title": "Steps per day"},
        "started_by": "~kim",
        "started_at": utc_now(),
        "ended_at": utc_now(),
        "cohorthub_version": "0.1.0",
        "error": None,
    } | more


def outputs(*rows: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": "cohorthub.outputs/1",
        "library_version": "0.1.0",
        "data_releases": [{"name": "gibleed", "release": "2026-11", "manifest_sha256": "ef" * 32}],
        "cohorts": [{"name": "new users", "definition_sha256": "01" * 32, "persons": 18001800}],
        "outputs": list(rows),
    }


TABLE = {
    "id": "wards", "kind": "table", "title": "Wards", "method": None, "value": None, "file": "outputs/wards.csv",
    "files": ["outputs/wards.csv"], "persons": {"all": 33}, "n": 33, "events": None, "exclusions": {},
    "estimates": [{"rate": 0.1 + 0.2}],
}  # fmt: skip


def closed_run(
    root: Path,
    run_id: str = "one",
    *,
    verdict: Verdict = VERDICTS["succeeded"],
    leave: tuple[str, ...] = (),
    **more: Any,
) -> Path:
    """Close a run with a table, a number and something in its own folder."""
    root.mkdir(exist_ok=True)
    folder = RunFolder(root, run_id)
    record = first_record(run_id, **more)
    folder.create(record, template=TEMPLATE)
    (folder.building / "outputs" / "wards.csv").write_text("ward,n\nA,10\n다,23\n")
    (folder.building / "work" / "left over #1 %41.txt").write_bytes(b"x" * 5000)
    for name in leave:
        (folder.building / name).parent.mkdir(parents=True, exist_ok=True)
        (folder.building / name).write_text(name)
    (folder.building / "outputs.json").write_text(json.dumps(outputs(TABLE)))
    (folder.building / "log.txt").write_text("it ran\n")
    record.update(keep_environment(folder, ENVIRONMENT))
    book = nbformat.reads(TEMPLATE.decode(), as_version=4)
    ended = finish_folder(folder, book, verdict=verdict, record=record, exporter=EXPORTER)
    return close_folder(folder, ended, record=record).folder
