"""Who may do what: the whole table, written out a second time."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hub_config.projects import Action, Project, Role, may, personal_project
from hub_config.projects.rights import MEANING, RIGHTS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "projects.md"
#                      lead analyst reader  after the end
TABLE = {
    Action.READ: (True, True, True, True),
    Action.READ_LOG: (True, True, False, True),
    Action.RUN: (True, True, False, False),
    Action.CANCEL_OWN: (True, True, False, True),
    Action.CANCEL: (True, False, False, True),
    Action.DEFINE: (True, True, False, False),
    Action.APPROVE: (True, False, False, False),
    Action.PAUSE: (True, True, False, True),
    Action.DELETE: (True, False, False, True),
    Action.REMOVE_RUN: (True, False, False, True),
    Action.SET_SECRET: (True, False, False, False),
    Action.REMOVE_SECRET: (True, False, False, True),
}
NOW = datetime(2027, 1, 10, 12, tzinfo=UTC)


def a_project(expires: date | None = None) -> Project:
    members = {"ada": Role.LEAD, "grace": Role.ANALYST, "kim": Role.READER}
    return Project(name="p", title="P", members=members, expires=expires)


def test_the_table_is_complete() -> None:
    assert set(RIGHTS) == set(Action) == set(TABLE) == set(MEANING)
    assert set(Role) == {Role.LEAD, Role.ANALYST, Role.READER}


@pytest.mark.parametrize("action", Action)
def test_each_role_may_do_what_the_table_says(action: Action) -> None:
    lead, analyst, reader, _ = TABLE[action]
    project = a_project()
    assert may(project, "ada", action=action, at=NOW) is lead
    assert may(project, "grace", action=action, at=NOW) is analyst
    assert may(project, "kim", action=action, at=NOW) is reader


@pytest.mark.parametrize("action", Action)
def test_who_is_no_member_may_nothing(action: Action) -> None:
    assert not may(a_project(), "eve", action=action)
    assert not may(a_project(), "", action=action)
    assert not may(personal_project("ada"), "grace", action=action)
    assert may(personal_project("ada"), "ada", action=action)


@pytest.mark.parametrize("action", Action)
def test_after_the_last_day_nothing_is_started(action: Action) -> None:
    assert may(a_project(date(2027, 1, 10)), "ada", action=action, at=NOW)
    assert may(a_project(date(2027, 1, 9)), "ada", action=action, at=NOW) is TABLE[action][3]
    assert may(a_project(date(2020, 1, 1)), "ada", action=action) is TABLE[action][3]


@pytest.mark.parametrize("action", Action)
def test_the_page_shows_the_same_table(action: Action) -> None:
    marks = " | ".join("yes" if allowed else "" for allowed in TABLE[action])
    row = f"| `{action}` | {MEANING[action]} | {marks} |".replace("|  |", "| |").replace("|  |", "| |")
    assert row in PAGE.read_text(encoding="utf-8")
