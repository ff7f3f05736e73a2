"""The demo's project: a team's scheduled report to look at, and one that waits for its lead's approval."""

import datetime as dt
from pathlib import Path

from hub_config.launcher.demo import DEMO_DATASET
from hub_config.projects.making import make_project, project_text
from hub_config.reports.database import bring_up_to_date, open_database
from hub_config.reports.database.definitions import find_definitions
from hub_config.reports.definitions.reading import read_definition
from hub_config.reports.desk import Desk, Person, ProjectBook
from hub_config.reports.desk.defining import save_definition

__all__ = ["DEMO_PROJECT", "make_demo_project"]

DEMO_PROJECT = "demo"
LEAD, ANALYST, READER = "researcher-1", "researcher-2", "instructor"

PURPOSE = "To try scheduled reports. The demo's data end in 2019, so its numbers stay the same."
APPROVED = """
name = "monthly-quality"
title = "Antibiotics in sinusitis, month by month"
title_ko = "부비동염의 항생제 처방, 월별"
template = "quality_indicator"
schedule = "first working day of the month at 07:00"
timezone = "Asia/Seoul"
retries = 1
safe_to_retry = true
late_after_seconds = 7200

[sweep.grid]
unit = ["age_group", "sex"]
"""
WAITING = """
name = "weekly-data-quality"
title = "Quality of the demo data"
title_ko = "데모 데이터의 품질"
template = "data_quality"
schedule = "every Monday at 06:00"
timezone = "Asia/Seoul"
"""
REPORTS = ((APPROVED, LEAD), (WAITING, ANALYST))


def make_demo_project(home: Path, *, data: Path, database_url: str | None) -> None:
    """Make a project of the demo's accounts with one report that is approved and one that is not.

    What a first start that was cut off has made already stays as it is.

    Parameters
    ----------
    home : Path
        The home; its demo data are there already.
    data : Path
        Where the data releases lie.
    database_url : str or None
        Of the reports' database; None for SQLite in the home.
    """
    if not (home / "projects" / DEMO_PROJECT).exists():
        fields = {"title": "Demo ward", "purpose": PURPOSE, "timezone": "Asia/Seoul", "datasets": [DEMO_DATASET]}
        text = project_text(DEMO_PROJECT, fields=fields, members={LEAD: "lead", ANALYST: "analyst", READER: "reader"})
        make_project(home, name=DEMO_PROJECT, text=text)
    database = open_database(database_url, home=home)
    try:
        bring_up_to_date(database)
        desk = Desk(database=database, book=ProjectBook(home), data=data)
        with database.reading() as rows:
            written = {row.name for row in find_definitions(rows, projects=[DEMO_PROJECT])}
        for text, person in REPORTS:
            definition = read_definition(text, "toml")
            if definition.name not in written:
                now = dt.datetime.now(dt.UTC)
                save_definition(
                    desk, definition, project=DEMO_PROJECT, person=Person(person), now=now, approve_too=person == LEAD
                )
    finally:
        database.close()
