"""A project with runs that have ended, written as runners and the desk would leave them."""

import datetime as dt
import json
from typing import Any

import sqlalchemy as sa

from hub_config.reports.database import open_database
from hub_config.reports.database.submissions import NewRun, Submission, keep_template, submit
from hub_config.reports.database.tables import definitions, runs

PROJECT = """
title = "Ward quality"
timezone = "Asia/Seoul"

[members]
researcher-1 = "lead"
researcher-2 = "reader"
"""
BEGIN = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
DOCUMENT = {
    "name": "monthly",
    "title": "Monthly <b>quality</b>",
    "template": "steady",
    "schedule": ["every weekday at 07:00"],
}


def write_project(place: Any, name: str = "wards") -> None:
    """Write a project with a lead and a reader."""
    folder = place.home / "projects" / name
    folder.mkdir(parents=True, mode=0o700)
    (folder / "project.toml").write_text(PROJECT, encoding="utf-8")


def write_definition(place: Any, *, project: str = "wards", **columns: Any) -> None:
    """Write a definition that a lead has approved."""
    now = "2026-11-01T00:00:00.000Z"
    values = {
        "project": project,
        "name": "monthly",
        "document": DOCUMENT,
        "document_sha256": "d" * 64,
        "template_sha256": "0" * 64,
        "approved_by": "researcher-1",
        "approved_at": now,
        "enabled": True,
        "changed_at": now,
        "decided_until": now,
        "next_slot": "2099-11-02T22:00:00.000Z",
    }
    database = open_database(None, home=place.home)
    try:
        with database.writing() as tx:
            tx.execute(sa.insert(definitions).values(**(values | columns)))
    finally:
        database.close()


def write_runs(
    place: Any,
    *values: float,
    day: int,
    project: str = "wards",
    definition: str | None = "monthly",
    state: str = "succeeded",
    title: str = "Monthly <b>quality</b>",
    title_ko: str | None = None,
    html: str = "<h1>Ward quality</h1>",
) -> list[str]:
    """Write one request with a run for each value, all in the same state; give their ids."""
    now = BEGIN + dt.timedelta(days=day)
    new = [
        NewRun(
            template_name="steady",
            template_sha256="0" * 64,
            title=title,
            title_ko=title_ko,
            parameters={"ward": f"W{number}"},
            given=["ward"],
            label=f"ward=<i>W{number}</i>" if len(values) > 1 else "",
        )
        for number, _ in enumerate(values)
    ]
    database = open_database(None, home=place.home)
    try:
        with database.writing() as tx:
            keep_template(tx, sha256="0" * 64, name="steady", content=b"{}", now=now)
            batch = submit(
                tx,
                Submission(
                    project=project, account="wards", submitted_by="researcher-1", runs=new, definition=definition
                ),
                now=now,
            )
            moment = f"{now:%Y-%m-%dT%H:%M:%S}.000Z"
            ended = {"state": state, "started_at": moment, "ended_at": moment, "is_settled": True}
            tx.execute(sa.update(runs).where(runs.c.batch_id == batch.batch_id).values(**ended))
    finally:
        database.close()
    for number, (run_id, value) in enumerate(zip(batch.run_ids, values, strict=True)):
        _write_folder(place.home / "projects" / project / "runs" / run_id, value=value, html=html, ward=f"W{number}")
    return list(batch.run_ids)


def _write_folder(folder: Any, *, value: float, html: str, ward: str) -> None:
    folder.mkdir(parents=True)
    (folder / "report.html").write_text(html, encoding="utf-8")
    record = {"run_id": folder.name, "status": "succeeded", "title": "Ward quality", "parameters": {"ward": ward}}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    number = {"id": "falls", "kind": "number", "title": "Falls & <script>fall()</script>", "value": value}
    outputs = {"schema": "cohorthub.outputs/1", "outputs": [number]}
    (folder / "outputs.json").write_text(json.dumps(outputs), encoding="utf-8")
