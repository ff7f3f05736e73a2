"""A home with one project, its three roles and a notebook of its own; the desk in front of it."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hub_config.reports.database import Database, bring_up_to_date, open_database
from hub_config.reports.database.history import RunFilter, find_runs
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk import Desk, Person, ProjectBook
from hub_config.reports.desk.checking import Draft
from hub_config.reports.desk.defining import approve_draft, find_definition, save_definition

NOW = dt.datetime(2026, 11, 27, 6, 30, tzinfo=dt.UTC)
LEAD, ANALYST, READER = Person("kim"), Person("lee"), Person("rho")
STRANGER, OPERATOR = Person("max"), Person("operator", is_operator=True)
PROJECT = """
title = "Ward quality"
timezone = "Asia/Seoul"

[members]
kim = "lead"
lee = "analyst"
rho = "reader"

[notify.ops]
email = "ops@example.org"
events = ["failed", "succeeded", "late", "approval_needed", "skipped", "alert", "interrupted"]
"""
CELL = 'ward: str = "A"  # which ward\nmonth: str = "2026-01"  # YYYY-MM'


def notebook(cell: str = CELL, *more: str) -> bytes:
    """A notebook file whose parameters cell is `cell`."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Quality of a ward"},
        _code(cell, "parameters", key="b"),
        *(_code(source, key=f"c{number}") for number, source in enumerate(more)),
    ]
    kernel = {"name": "cohort-analysis", "display_name": "Cohort analysis", "language": "python"}
    document = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document).encode()


def _code(source: str, *tags: str, key: str) -> dict[str, Any]:
    metadata = {"tags": list(tags)}
    return {
        "cell_type": "code", "id": key, "metadata": metadata, "source": source, "outputs": [], "execution_count": None,
    }  # fmt: skip


@dataclass
class Bench:
    """What tests do at the desk, in short words."""

    home: Path
    database: Database
    desk: Desk
    now: dt.datetime = NOW
    opened: list[Database] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.home / "projects" / "wards"

    def write_template(self, content: bytes) -> None:
        (self.folder / "quality.ipynb").write_bytes(content)

    def save(self, person: Person = LEAD, *, approve: bool = True, **changes: Any) -> Draft:
        document = {"name": "monthly", "title": "Monthly quality", "template": "quality.ipynb"} | changes
        return save_definition(
            self.desk,
            parse_definition(document),
            project="wards",
            person=person,
            now=self.now,
            approve_too=approve,
        )

    def approve(self, person: Person = LEAD, name: str = "monthly") -> None:
        row = self.row(name)
        hashes = (row.draft_sha256, row.draft_template_sha256)
        approve_draft(self.desk, name, project="wards", hashes=hashes, person=person, now=self.now)

    def row(self, name: str = "monthly") -> Any:
        return find_definition(self.desk, name, project="wards", person=LEAD)

    def run(self, person: Person = ANALYST, **options: Any) -> Any:
        return self.desk.run_definition("monthly", project="wards", person=person, now=self.now, **options)

    def runs(self, **wanted: Any) -> list[Any]:
        with self.database.reading() as connection:
            return find_runs(connection, RunFilter(**wanted), limit=1000)[::-1]

    def another_desk(self) -> Desk:
        """A desk of another service, on the same database."""
        database = open_database(None, home=self.home)
        self.opened.append(database)
        return Desk(database=database, book=ProjectBook(self.home), data=self.home / "data")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    home = tmp_path / "home"
    for folder in (home / "projects" / "wards", home / "secrets", home / "data"):
        folder.mkdir(parents=True, mode=0o700)
    for folder in (home, home / "projects"):
        folder.chmod(0o700)
    project = home / "projects" / "wards" / "project.toml"
    project.write_text(PROJECT, encoding="utf-8")
    project.chmod(0o600)
    database = open_database(None, home=home)
    bring_up_to_date(database)
    made = Bench(home, database, Desk(database=database, book=ProjectBook(home), data=home / "data"))
    made.write_template(notebook())
    yield made
    for one in (database, *made.opened):
        one.close()
