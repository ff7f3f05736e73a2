"""What is wrong with what stands in the form, all of it at once: the definition itself says so."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hub_config.reports.definitions import Definition, DefinitionError, Problem, to_toml
from hub_config.reports.definitions.errors import DefinitionUnreadableError
from hub_config.reports.definitions.reading import MOST_BYTES, parse_definition
from hub_config.reports.service.writing.form.conversion import ReadForm

__all__ = ["is_opened", "judged", "schedule_alone"]

_STAND_IN = {"name": "x", "title": "x", "template": "x"}
MOST_ROUNDS = 3
_PARAMETER = re.compile(r"parameter (\w+):")


def judged(read: ReadForm) -> tuple[Definition | None, Definition | None, list[Problem]]:
    """Make a definition of what was read.

    Parameters
    ----------
    read : ReadForm
        What stands in the form.

    Returns
    -------
    Definition or None
        None if it has problems.
    Definition or None
        What is left of it without what is wrong, so that the project can say what else is; None if nothing is.
    list of Problem
        What is wrong so far.
    """
    problems = list(read.problems)
    try:
        found = parse_definition(read.document)
    except (DefinitionError, DefinitionUnreadableError) as refused:
        problems += refused.problems
        return None, _rest(read.document, problems), problems
    if len(to_toml(found).encode()) > MOST_BYTES:
        most = MOST_BYTES // 1024
        place = "sweep" if found.sweep is not None else ""
        problems.append(
            Problem(place, "size", f"the definition has more than {most} KiB; put long lists into a CSV file")
        )
    return (None if problems else found), found, problems


def _rest(document: Mapping[str, Any], problems: list[Problem]) -> Definition | None:
    """Leave out what is wrong; what contradicts itself shows only then, and is added to the problems."""
    for _ in range(MOST_ROUNDS):
        left = _without(document, problems)
        if left is None:
            return None
        try:
            return parse_definition(_STAND_IN | left)
        except (DefinitionError, DefinitionUnreadableError) as refused:
            problems += refused.problems
    return None


def _without(document: Mapping[str, Any], problems: Sequence[Problem]) -> dict[str, Any] | None:
    wrong = {re.split(r"[.\[]", one.field)[0] for one in problems}
    if wrong & {"template", ""}:
        return None
    wrong |= {"retries"} if "safe_to_retry" in wrong else set()
    named = {match[1] for one in problems if (match := _PARAMETER.match(one.text))}
    values = {name: value for name, value in document.get("parameters", {}).items() if name not in named}
    left = {name: value for name, value in document.items() if name not in wrong}
    return {**left, "parameters": values}


def schedule_alone(document: Mapping[str, Any]) -> Definition | None:
    """Take from a document what says when it is due.

    Parameters
    ----------
    document : mapping
        Not yet checked.

    Returns
    -------
    Definition or None
        With nothing else of it; None if just that is wrong.
    """
    names = ("schedule", "timezone", "until", "holidays")
    try:
        return parse_definition(_STAND_IN | {name: document[name] for name in names if name in document})
    except (DefinitionError, DefinitionUnreadableError):
        return None


def is_opened(document: object) -> bool:
    """Tell whether a document can be one with which a form was opened.

    Parameters
    ----------
    document : object
        As JSON gives it.

    Returns
    -------
    bool
        False for what no form of ours has sent.
    """
    if not isinstance(document, Mapping):
        return False
    try:
        parse_definition({**_STAND_IN, **document})
    except (DefinitionError, DefinitionUnreadableError):
        return False
    return True
