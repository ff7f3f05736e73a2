"""Beside which field of the form a problem of a definition is told."""

import re
from collections.abc import Container

from hub_config.reports.definitions import Problem
from hub_config.reports.service.writing.form.conversion import ReadForm
from hub_config.reports.service.writing.form.parameter_values import KEPT
from hub_config.reports.service.writing.form.sweep_fields import LISTS
from hub_config.reports.service.writing.form.typed import Typed, first

__all__ = ["field_of"]

_NUMBERED = re.compile(r"(recipients|alerts)\[([0-9]+)\](.*)")
_LIST = re.compile(r"sweep\.(?:grid|zip)\.(\w+)")


def field_of(problem: Problem, *, read: ReadForm, typed: Typed, fields: Container[str]) -> str:
    """Find the field.

    Parameters
    ----------
    problem : Problem
        By its place in the document, or by a field of the form.
    read : ReadForm
        What was read.
    typed : mapping
        From what it was read.
    fields : container of str
        The names of all fields that the page shows.

    Returns
    -------
    str
        Its name; '' if it is about the whole.
    """
    place = problem.field
    for candidate in (
        _of_sweep(place, typed),
        place,
        _of_row(place, read),
        _of_schedule(place, typed),
        *_nearest(problem),
    ):
        if candidate in fields:
            return candidate
    return ""


def _of_row(place: str, read: ReadForm) -> str:
    match = _NUMBERED.fullmatch(place)
    if match is not None:
        numbers, at = read.rows.get(match[1], []), int(match[2]) - 1
        rest = re.sub(r"\[.*", "", match[3])
        row = numbers[at] if at < len(numbers) else 0
        return f"{match[1]}.{row}{rest or ('.target' if match[1] == 'recipients' else '')}"
    name, _, rest = place.partition(".")
    if name == "compare":
        names, numbers = list(read.document.get("compare", {})), read.rows.get("compare", [])
        name, _, inner = rest.rpartition(".") if rest.rpartition(".")[0] in names else (rest, "", "id")
        return f"compare.{numbers[names.index(name)] if name in names else 0}.{inner}"
    return {"recipients": "recipients.0.target", "alerts": "alerts.0", "compare": "compare.0.id"}.get(place, "")


def _of_sweep(place: str, typed: Typed) -> str:
    match = _LIST.match(place)
    if match is not None:
        return LISTS + match[1]
    if "sweep" not in place:
        return ""
    how = first(typed, "sweep.how")
    return f"sweep.{how}" if how in {"sets", "csv"} else "sweep.how"


def _of_schedule(place: str, typed: Typed) -> str:
    if not place.startswith("schedule"):
        return ""
    return "schedule.lines" if first(typed, "schedule.how") == "own" else "schedule.how"


def _nearest(problem: Problem) -> list[str]:
    """Give fields that hold the place, or what is said of it, the nearest first."""
    plain = re.sub(r"\[.*", "", problem.field)
    named = re.match(r"parameter (\w+):", problem.text) or re.match(r"default of (\w+)", problem.field)
    found = [f"parameters.{named[1]}"] if named else []
    found += [plain, plain.rpartition(".")[0], f"{plain}.policy"]
    return [*found, KEPT] if plain.startswith("parameters") else found
