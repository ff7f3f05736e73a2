"""Both ways between a definition's document and the form: `typed_of` and `document_of`.

The form keeps the document with which it was opened. A field that was not touched gives back what stood there, so
nothing is lost that the form cannot show or would write otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub_config.reports.definitions import Problem
from hub_config.reports.parameters import Parameter
from hub_config.reports.service.writing.form.parameter_values import read_parameters, typed_parameters
from hub_config.reports.service.writing.form.plain_fields import PLAIN_FIELDS, value_at, write_at
from hub_config.reports.service.writing.form.rows import ROWS
from hub_config.reports.service.writing.form.schedule_chooser import read_schedule, typed_schedule
from hub_config.reports.service.writing.form.sweep_fields import read_sweep, typed_sweep
from hub_config.reports.service.writing.form.typed import Typed, first

__all__ = ["PINS", "Opened", "ReadForm", "document_of", "typed_of"]

PINS = "release.datasets."


@dataclass(frozen=True)
class Opened:
    """What the form was opened with.

    Parameters
    ----------
    document : mapping
        The definition's document; empty for a new one.
    parameters : mapping
        What its template declares, by name; empty if it cannot be read, or none is chosen yet.
    """

    document: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadForm:
    """What was read from the form.

    Parameters
    ----------
    document : dict
        Not yet checked: what cannot be read as it should stands there as text.
    problems : list of Problem
        What only the form can tell, by the form's fields.
    rows : mapping
        Of each part with rows: the row of each entry.
    """

    document: dict[str, Any]
    problems: list[Problem]
    rows: Mapping[str, list[int]]


def typed_of(opened: Opened) -> dict[str, list[str]]:
    """Write a document into the form.

    Parameters
    ----------
    opened : Opened
        The document.

    Returns
    -------
    dict
        Texts by name, as a browser sends them if nothing is touched.
    """
    document = opened.document
    typed: dict[str, list[str]] = {}
    for plain in PLAIN_FIELDS:
        typed |= plain.typed(document)
    for place, rows in ROWS.items():
        typed |= rows.typed(_entries(document, place))
    typed |= typed_parameters(document.get("parameters", {}), opened.parameters)
    typed |= typed_schedule(document.get("schedule", ()))
    typed |= typed_sweep(document.get("sweep"), opened.parameters)
    return typed | {PINS + name: [release] for name, release in (value_at(document, PINS[:-1]) or {}).items()}


def document_of(typed: Typed, opened: Opened, *, upload: bytes | None = None) -> ReadForm:
    """Read a document from the form.

    Parameters
    ----------
    typed : mapping
        Texts by name.
    opened : Opened
        What the form was opened with.
    upload : bytes, optional
        A CSV file of sets of parameters that was sent along.

    Returns
    -------
    ReadForm
        The document, and what only the form can tell of it.
    """
    document: dict[str, Any] = {}
    problems: list[Problem] = []
    before = opened.document
    for plain in PLAIN_FIELDS:
        was = plain.typed(before)
        untouched = all(list(typed.get(name, ())) == texts for name, texts in was.items())
        value = value_at(before, plain.place) if untouched else plain.read(typed)
        write_at(document, place=plain.place, value=value)
    if document.get("missed") != "all":
        document.pop("missed_limit", None)  # it has no meaning there, and the form shows it all the same
    values, wrong = read_parameters(typed, before=before.get("parameters", {}), declared=opened.parameters)
    write_at(document, place="parameters", value=values or None)
    problems += wrong
    write_at(document, place="schedule", value=_schedule(typed, before, problems=problems))
    sweep, wrong = read_sweep(typed, before=before.get("sweep"), declared=opened.parameters, upload=upload)
    write_at(document, place="sweep", value=sweep)
    problems += wrong
    for name in typed:
        if name.startswith(PINS) and first(typed, name):
            document.setdefault("release", {}).setdefault("datasets", {})[name.removeprefix(PINS)] = first(typed, name)
    return ReadForm(document, problems, _read_rows(typed, before, document=document, problems=problems))


def _schedule(typed: Typed, before: Mapping[str, Any], *, problems: list[Problem]) -> list[str] | None:
    old = before.get("schedule", ())
    if all(list(typed.get(name, ())) == texts for name, texts in typed_schedule(old).items()):
        return list(old) or None
    lines, wrong = read_schedule(typed)
    problems += wrong
    return lines or None


def _entries(document: Mapping[str, Any], place: str) -> list[Any]:
    entries = document.get(place, ())
    return list(entries.items()) if isinstance(entries, Mapping) else list(entries)


def _read_rows(
    typed: Typed, before: Mapping[str, Any], *, document: dict[str, Any], problems: list[Problem]
) -> dict[str, list[int]]:
    numbers = {}
    for place, rows in ROWS.items():
        found = rows.read_all(typed, _entries(before, place))
        problems += found.problems
        numbers[place] = found.numbers
        value: Any = found.value
        if place == "compare":
            problems += _twice([name for name, _ in value], found.numbers)
            value = dict(value)
        write_at(document, place=place, value=value or None)
    return numbers


def _twice(names: list[str], numbers: list[int]) -> list[Problem]:
    return [
        Problem(f"compare.{row}.id", "name-twice", "must name each only once")
        for at, (name, row) in enumerate(zip(names, numbers, strict=True))
        if name in names[:at]
    ]
