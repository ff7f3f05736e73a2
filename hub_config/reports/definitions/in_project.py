"""What a definition says that only its project can judge: schedules in its zone, limits, targets of notices, alerts."""

import difflib
from collections.abc import Iterator

from hub_config.errors import HubError
from hub_config.projects import Project
from hub_config.reports.calendar import Schedule
from hub_config.reports.definitions.document import Definition
from hub_config.reports.definitions.problems import Problem

__all__ = ["check_in_project", "schedules_of"]


def schedules_of(definition: Definition, *, zone: str) -> tuple[Schedule, ...]:
    """Read the schedules of a definition.

    Parameters
    ----------
    definition : Definition
        Any.
    zone : str
        The project's zone, used where the definition names none.

    Returns
    -------
    tuple of Schedule
        In the order written; empty if it is never due by itself.

    Raises
    ------
    ScheduleError
        If one cannot be meant.
    """
    return tuple(_schedule(definition, text, zone=zone) for text in definition.schedule)


def _schedule(definition: Definition, text: str, *, zone: str) -> Schedule:
    return Schedule.from_text(
        text, zone=definition.timezone or zone, until=definition.until, holidays=definition.holidays
    )


def check_in_project(definition: Definition, project: Project) -> list[Problem]:
    """Find what keeps a definition from being followed in its project.

    Parameters
    ----------
    definition : Definition
        Any.
    project : Project
        Whose it is.

    Returns
    -------
    list of Problem
        Empty if it can be followed.
    """
    return [*_schedules(definition, project), *_recipients(definition, project), *_bounds(definition, project),
            *_alerts(definition)]  # fmt: skip


def _schedules(definition: Definition, project: Project) -> Iterator[Problem]:
    for number, text in enumerate(definition.schedule, start=1):
        try:
            _schedule(definition, text, zone=project.timezone)
        except HubError as unfit:
            yield Problem(f"schedule[{number}]", str(getattr(unfit, "rule", "schedule")), str(unfit))


def _recipients(definition: Definition, project: Project) -> Iterator[Problem]:
    for number, one in enumerate(definition.recipients, start=1):
        if one.target not in project.notify:
            near = difflib.get_close_matches(one.target, project.notify, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            known = ", ".join(project.notify) or "none"
            yield Problem(
                f"recipients[{number}].target", "unknown-name", f"is no target of the project{hint}; known are {known}"
            )


def _bounds(definition: Definition, project: Project) -> Iterator[Problem]:
    bounds = (
        ("limits.cell_seconds", definition.limits.cell_seconds, project.limits.cell_seconds),
        ("limits.run_seconds", definition.limits.run_seconds, project.limits.run_seconds),
        ("priority", definition.priority, project.limits.max_priority),
    )
    for field, value, most in bounds:
        if value is not None and value > most:
            yield Problem(field, "project-limit", f"found a larger number than the project allows, {most} at most")


def _alerts(definition: Definition) -> Iterator[Problem]:
    from hub_config.reports.changes import parse_alert  # reads notebooks as well, which takes time to import

    for number, text in enumerate(definition.alerts, start=1):
        try:
            parse_alert(text)
        except HubError as unfit:
            yield Problem(f"alerts[{number}]", str(getattr(unfit, "reason", "alert")), str(unfit))
