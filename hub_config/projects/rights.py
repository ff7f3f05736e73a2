"""Who may do what in a project: one table of roles and actions."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from hub_config.projects.document import Project, Role

__all__ = ["RIGHTS", "Action", "may"]


class Action(StrEnum):
    """What can be done with a project's reports."""

    READ = "read"
    READ_LOG = "read_log"
    RUN = "run"
    CANCEL_OWN = "cancel_own"
    CANCEL = "cancel"
    DEFINE = "define"
    APPROVE = "approve"
    PAUSE = "pause"
    DELETE = "delete"
    REMOVE_RUN = "remove_run"
    SET_SECRET = "set_secret"  # noqa: S105 - the name of a right
    REMOVE_SECRET = "remove_secret"  # noqa: S105


MEANING: Mapping[Action, str] = MappingProxyType(
    {
        Action.READ: "see and download its reports and their history",
        Action.READ_LOG: "see a run's log and its last lines, which no output check has passed",
        Action.RUN: "start a run, a sweep or a retry",
        Action.CANCEL_OWN: "end a run that one asked for",
        Action.CANCEL: "end anybody's run",
        Action.DEFINE: "write or change a report definition, which then waits for approval",
        Action.APPROVE: "approve a definition or a changed template",
        Action.PAUSE: "stop a schedule for a while, and let it go on",
        Action.DELETE: "take a report definition away, whose runs stay; keep a run for ever, or no longer",
        Action.REMOVE_RUN: "remove a run that has ended and is not kept; operators may, too",
        Action.SET_SECRET: "write a secret, which nobody can read back",
        Action.REMOVE_SECRET: "see which secrets there are, and take one away",
    }
)
"""What each action is, in words."""

_LEAD, _ANALYST, _READER = Role.LEAD, Role.ANALYST, Role.READER
RIGHTS: Mapping[Action, frozenset[Role]] = MappingProxyType(
    {
        Action.READ: frozenset({_LEAD, _ANALYST, _READER}),
        Action.READ_LOG: frozenset({_LEAD, _ANALYST}),
        Action.RUN: frozenset({_LEAD, _ANALYST}),
        Action.CANCEL_OWN: frozenset({_LEAD, _ANALYST}),
        Action.CANCEL: frozenset({_LEAD}),
        Action.DEFINE: frozenset({_LEAD, _ANALYST}),
        Action.APPROVE: frozenset({_LEAD}),
        Action.PAUSE: frozenset({_LEAD, _ANALYST}),
        Action.DELETE: frozenset({_LEAD}),
        Action.REMOVE_RUN: frozenset({_LEAD}),
        Action.SET_SECRET: frozenset({_LEAD}),
        Action.REMOVE_SECRET: frozenset({_LEAD}),
    }
)
"""The roles that each action needs."""

# A project that has ended is looked at and tidied up; it starts nothing.
AFTER_THE_END = frozenset(
    {
        Action.READ,
        Action.READ_LOG,
        Action.CANCEL_OWN,
        Action.CANCEL,
        Action.PAUSE,
        Action.DELETE,
        Action.REMOVE_RUN,
        Action.REMOVE_SECRET,
    }
)


def may(project: Project, person: str, *, action: Action, at: datetime | None = None) -> bool:
    """Tell whether a person may do something in a project.

    Operators are no members: what they may do beside this table is for the caller to say.

    Parameters
    ----------
    project : Project
        The project.
    person : str
        An account's name.
    action : Action
        What they would do.
    at : datetime, optional
        When, with a time zone; now when left out. After a project's last day nothing can be started.

    Returns
    -------
    bool
        False for who is no member.
    """
    role = project.members.get(person)
    if role is None or role not in RIGHTS[action]:
        return False
    return action in AFTER_THE_END or not project.is_expired(at or datetime.now(UTC))
