"""A page of every kind, planted and served: what holds for all pages is looked at on these."""

import json
import shutil
from typing import Any

import sqlalchemy as sa

from hub_config.projects.secrets import set_secret
from hub_config.reports.database.submissions import note_event
from hub_config.reports.database.tables import runs, templates
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk import Person
from hub_config.reports.desk.defining import save_definition

from .planted import BEGIN, write_project, write_runs
from .served import Served
from .writing.conftest import CELL, notebook

LEAD = "researcher-1"
CHOICES = """from typing import Literal
ways: list[Literal["breslow", "efron", "exact"]] = ["efron"]  # how ties are treated
years: list[Literal[2024, 2025]] | None = None  # which years"""


def plant(served: Served) -> dict[str, str]:
    """Write a project in which everything has happened; give a path by kind of page."""
    write_project(served)
    folder = served.home / "projects" / "wards"
    _offer(served, "choices", notebook(CHOICES))
    (folder / "quality.ipynb").write_bytes(notebook(f"{CHOICES}\n{CELL}"))
    set_secret(folder, "warehouse-login", value="of no warehouse")
    _define(served, "monthly", schedule=["every weekday at 07:00"])
    _define(served, "weekly", schedule=["0 8 * * 1"])
    (folder / "quality.ipynb").write_bytes(notebook(f"{CHOICES}\n{CELL}".replace('"A"', '"B"'), "x = 1"))
    _define(served, "monthly", approve=False, schedule=["every weekday at 08:00"], parameters={"ward": "C"})
    (first,) = write_runs(served, 10, day=1)
    (second,) = write_runs(served, 12, day=2)
    (failed,) = write_runs(served, 9, day=3, state="failed")
    (removed,) = write_runs(served, 9, day=0, state="failed")
    write_runs(served, *range(12), day=4, state="skipped")
    (running,) = write_runs(served, 1, day=5, state="running")
    (queued,) = write_runs(served, 1, day=6, state="queued")
    sweep = write_runs(served, 1, 2.5, -3, day=7, definition=None, title="=A sweep")
    with served.database.writing() as tx:
        _change(
            tx, failed, error={"code": "REPORT-CELL-FAILED", "cell": 2, "title": "Fit", "ename": "KeyError"}, n_cells=4
        )
        _change(tx, removed, removal_asked_by=LEAD, removed_at="2026-11-02T00:00:00.000Z")
        _change(tx, running, ended_at=None, cell=2, n_cells=4, cell_title="Waiting", is_settled=False)
        _change(tx, queued, started_at=None, ended_at=None, is_settled=False)
        alert = {"state": "met", "text": "Falls: 12 > 11", "text_ko": "낙상: 12 > 11"}
        _change(tx, second, facts={"alerts": [alert], "kernel_start": "warm"}, releases={"demo": "2026-10"})
        tx.execute(sa.update(runs).where(runs.c.state == "skipped").values(slot=runs.c.queued_at))
        tx.execute(sa.update(templates).where(templates.c.sha256 == "0" * 64).values(content=notebook()))
        note_event(tx, running, kind="cell", now=BEGIN, text="2/4 Waiting")
        batch = tx.execute(sa.select(runs.c.batch_id).where(runs.c.id == sweep[0])).scalar_one()
    report = "projects/wards/reports/monthly"
    return {
        "portal": "",
        "form": "new/data_quality",
        "form of choices": "new/choices",
        "project": "projects/wards",
        "secrets": "projects/wards/secrets",
        "new report": "projects/wards/new",
        "report": report,
        "draft": f"{report}/draft",
        "edit": f"{report}/edit",
        "latest": f"{report}/latest",
        "history": "history",
        "empty history": "history?who=nobody",
        "refused history": "history?state=none",
        "run": f"runs/{second}",
        "failed run": f"runs/{failed}",
        "removed run": f"runs/{removed}",
        "live run": f"runs/{running}",
        "waiting run": f"runs/{queued}",
        "exactly again": f"runs/{second}/again",
        "choosing": f"compare?b={second}",
        "comparison": f"compare?a={first}&b={second}",
        "roll-up": f"batches/{batch}",
        "nothing": "nowhere",
    }


def _offer(served: Served, name: str, content: bytes) -> None:
    """Put a template beside those that ship."""
    shelf = served.service.server.request_callback.settings["shelf"]
    folder = served.home / "shelf"
    shutil.copytree(shelf.folder, folder, ignore=shutil.ignore_patterns(".*"))
    (folder / f"{name}.ipynb").write_bytes(content)
    shelf.folder = folder


def _define(served: Served, name: str, *, approve: bool = True, **changes: Any) -> None:
    document = {"name": name, "title": f"{name.title()} <b>quality</b>", "title_ko": "병동 품질"}
    save_definition(
        served.service.desk,
        parse_definition(json.loads(json.dumps({**document, "template": "quality.ipynb", **changes}))),
        project="wards",
        person=Person(LEAD),
        now=BEGIN,
        approve_too=approve,
    )


def _change(tx: Any, run_id: str, **values: Any) -> None:
    tx.execute(sa.update(runs).where(runs.c.id == run_id).values(**values))
