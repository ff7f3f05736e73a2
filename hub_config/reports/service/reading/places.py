"""Where a run or a batch belongs, for the path on top of its page."""

from collections.abc import Mapping
from typing import Any

from hub_config.projects import Action
from hub_config.reports.desk import Desk, Person
from hub_config.reports.desk.defining import find_definition
from hub_config.reports.desk.errors import DefinitionUnknownError, NotAllowedError, ProjectUnknownError

__all__ = ["place_of"]


def place_of(desk: Desk, project: str, *, definition: str | None, person: Person) -> Mapping[str, Any]:
    """Find the project and the definition of a run, as far as this person has a page of them.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    project : str
        Of the run.
    definition : str or None
        That it came from.
    person : Person
        Who looks.

    Returns
    -------
    mapping
        ``project``; None for somebody's own and for one that is not there. ``has_definition``: whether the definition
        is still there.
    """
    try:
        found = desk.project(project, person=person, action=Action.READ)
    except (NotAllowedError, ProjectUnknownError):
        return {"project": None, "has_definition": False}
    if found.name.startswith("~"):
        return {"project": None, "has_definition": False}
    has_definition = False
    if definition is not None:
        try:
            find_definition(desk, definition, project=project, person=person)
            has_definition = True
        except DefinitionUnknownError:
            pass
    return {"project": found, "has_definition": has_definition}
