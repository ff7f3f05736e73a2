"""From the text of ``project.toml`` to a `Project`, or to all that is wrong with it in one sentence each."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from pydantic import ValidationError

from hub_config.projects.document import PROJECT_NAME, Event, Limits, NotifyTarget, Project, Role
from hub_config.projects.errors import ProjectError
from hub_config.time_zones import zone_names

__all__ = ["MOST_BYTES", "check_name", "parse_project"]

MOST_BYTES = 64 * 2**10
# tomllib's time grows with the square of the dots in one key: 7 s for one line of 64,000 characters, 7 ms for this.
_LONGEST_LINE = 2000
_MOST_FAULTS = 10
_SHOWABLE = re.compile(r"[A-Za-z0-9_*~.@-]{1,40}")
_TYPES: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a table",
    datetime: "a date with a time",
    date: "a date",
    time: "a time",
}
_RULES: Mapping[str, str] = {
    "dict_type": "must be a table",
    "mapping_type": "must be a table",
    "model_type": "must be a table",
    "tuple_type": "must be a list",
    "int_type": "must be a whole number",
    "string_type": "must be text",
    "too_short": "must have at least one entry",
}
_KEYS: Mapping[str, Iterable[str]] = {
    "": [name for name in Project.model_fields if name != "name"],
    "limits": Limits.model_fields,
    "notify": NotifyTarget.model_fields,
}
_CHOICES: Mapping[str, Iterable[str]] = {"members": Role, "events": Event, "language": ("en", "ko")}


def check_name(name: str) -> str:
    """Make sure that a project may have this name.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    str
        The same name.

    Raises
    ------
    ProjectError
        If it may not.
    """
    if not PROJECT_NAME.fullmatch(name):
        raise ProjectError(
            "a project's name must be lower-case letters, digits and hyphens, begin with a letter or digit and have at "
            f"most 40 of them; got {len(name)} characters. Choose another name."
        )
    return name


def parse_project(text: str, *, name: str) -> Project:
    """Check the text of a project's file.

    Parameters
    ----------
    text : str
        What the file says.
    name : str
        The project's name, which is its folder's.

    Returns
    -------
    Project
        All fields, with the defaults for those not given.

    Raises
    ------
    ProjectError
        With every fault's field, what was found there (never the value) and the rule.
    """
    check_name(name)
    given = _toml(text)
    if "name" in given:
        raise ProjectError(
            "project.toml must not hold a name; found one. Take the line away: a project is called what its folder is."
        )
    try:
        return Project.model_validate({**given, "name": name})
    except ValidationError as faults:
        found = faults.errors(include_url=False, include_context=False)
        # A list whose entries are wrong is also called too short.
        found = [fault for fault in found if fault["type"] != "too_short" or not fault["input"]]
        said = [_fault(fault, name=name) for fault in found[:_MOST_FAULTS]]
        more = [f"and {len(found) - _MOST_FAULTS} more"] if len(found) > _MOST_FAULTS else []
        raise ProjectError(
            f"project.toml is not valid; {'; '.join([*said, *more])}. "
            "See docs/reference/projects.md, then try `cohorthub project check`."
        ) from None  # the faults hold the values


def _toml(text: str) -> dict[str, Any]:
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > _LONGEST_LINE:
            raise ProjectError(
                f"project.toml must have lines of at most {_LONGEST_LINE} characters; "
                f"line {number} has {len(line)}. Break it."
            )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        where = re.search(r"\(at [^)]*\)", str(broken))
        place = where[0] if where else "(at an unknown place)"
        # tomllib's own sentence may quote a key, which may be a value in the wrong place.
        raise ProjectError(f"project.toml is not TOML; stopped {place}. Correct that line.") from None
    except RecursionError:
        raise ProjectError(
            "project.toml is nested too deeply; no field needs more than 3 levels. Simplify it."
        ) from None
    except ValueError:  # a number of thousands of digits
        raise ProjectError("project.toml holds a number that is too long. Correct it.") from None


def _fault(fault: Mapping[str, Any], *, name: str) -> str:
    """Say one fault with its place and the type found, never with the value: it may be a password in the wrong line."""
    path = [str(part) for part in fault["loc"] if part != "[key]"]
    place = ".".join(_shown(part) for part in path)
    kind, value = fault["type"], fault.get("input")
    if kind == "extra_forbidden":
        return f"{place} is not a field{_near(path[-1], _KEYS['.'.join(path[:1]) if len(path) > 1 else ''])}"
    if kind == "missing":
        return f"{place} is missing"
    if path == ["account"] and value == f"project-{name}":
        return "account is needed, as project-NAME would have more than the 32 characters of an account's name"
    if not path:
        return _rule(fault)
    if fault["type"] == "value_error" and isinstance(value, dict):  # about several fields of one table
        return f"{place}: {_rule(fault)}"
    return f"{place}: found {_type(value)}, {_rule(fault)}{_suggested(path, value)}"


def _rule(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "string_pattern_mismatch":  # patterns are for machines
        return _pattern_in_words(fault["loc"])
    message = str(fault["msg"]).removeprefix("Value error, ")
    return _RULES.get(fault["type"]) or re.sub(r"^\w+ should", "must", message)


def _pattern_in_words(place: Sequence[Any]) -> str:
    field = str(place[-1])
    if field == "url_file":
        return "must be secrets/NAME, with letters, digits, dots, hyphens and underscores"
    if field == "email":
        return "must be one plain e-mail address in ASCII letters, such as team@example.org"
    if place[0] == "datasets":
        return "must be a data set's name: lower-case letters, digits, hyphens, underscores"
    if place[0] == "notify":
        return "must be a name of lower-case letters, digits and hyphens, at most 40"
    return "must be an account's name: lower-case letters, digits and hyphens, at most 32, first a letter"


def _suggested(path: list[str], value: object) -> str:
    if not isinstance(value, str):
        return ""
    if path == ["timezone"]:
        return _near(value[:64], zone_names())
    field = path[0] if path[0] == "members" else path[2] if path[0] == "notify" and len(path) > 2 else ""
    return _near(value[:64], _CHOICES.get(field, ()))


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _type(value: object) -> str:
    return next((words for kind, words in _TYPES.items() if isinstance(value, kind)), "nothing")


def _shown(part: str) -> str:
    return part if _SHOWABLE.fullmatch(part) else f"(a name of {len(part)} characters)"
