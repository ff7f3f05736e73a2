"""A sweep in the form: lists behind parameters, a table of sets that may be uploaded as CSV, or a file of the project.

What the template's types do not let the form show, it keeps as it is.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from hub_config.reports.definitions import Problem
from hub_config.reports.definitions.sweep_files import read_rows
from hub_config.reports.parameters import Parameter
from hub_config.reports.parameters.typed_text import NotOfThisTypeError, read_text, to_text
from hub_config.reports.service.writing.form.parameter_values import same
from hub_config.reports.service.writing.form.typed import Typed, as_sent, first

__all__ = ["KEPT_LISTS", "LISTS", "SWEEP_HOWS", "read_sweep", "typed_sweep"]

SWEEP_HOWS = ("none", "grid", "zip", "sets", "csv", "kept")
LISTS = "sweep.list."
KEPT_LISTS = "kept.lists"

Declared = Mapping[str, Parameter]


def typed_sweep(sweep: Mapping[str, Any] | None, declared: Declared) -> dict[str, list[str]]:
    """Write a sweep into the form.

    Parameters
    ----------
    sweep : mapping or None
        Of the document.
    declared : mapping
        What the template declares, by name.

    Returns
    -------
    dict
        Texts by name.
    """
    way = next(iter(sweep), "none") if sweep else "none"
    lists: Mapping[str, Any] = sweep[way] if sweep and way in {"grid", "zip"} else {}
    sets = _as_csv(sweep["sets"], declared) if sweep and way == "sets" else ""
    typed = {f"{LISTS}{name}": as_sent([_as_items(lists.get(name, ()), one)]) for name, one in declared.items()}
    return typed | {
        "sweep.how": ["kept" if sets is None else way],
        "sweep.sets": as_sent([sets or ""]),
        "sweep.csv": [sweep["csv"]] if sweep and way == "csv" else [],
        KEPT_LISTS: [name for name in lists if name not in declared],
    }


def read_sweep(
    typed: Typed, *, before: Mapping[str, Any] | None, declared: Declared, upload: bytes | None = None
) -> tuple[Any, list[Problem]]:
    """Read a sweep from the form.

    Parameters
    ----------
    typed : mapping
        All fields.
    before : mapping or None
        The sweep when the definition was opened; if nothing was touched it stays just that.
    declared : mapping
        What the template declares, by name.
    upload : bytes, optional
        A CSV file that was sent along; it takes the place of the table.

    Returns
    -------
    object
        The sweep of the document; None for none.
    list of Problem
        What is wrong with the table.
    """
    opened = typed_sweep(before, declared)
    if upload is None and all(list(typed.get(name, ())) == texts for name, texts in opened.items()):
        return before, []
    how = first(typed, "sweep.how")
    if how == "sets" or upload is not None:
        return _read_sets(first(typed, "sweep.sets").encode() if upload is None else upload, declared)
    if how == "kept":
        return before, []
    if how == "csv":
        return {"csv": first(typed, "sweep.csv").strip()}, []
    if how not in {"grid", "zip"}:
        return None, []
    lists = {
        name: _read_items(text, one)
        for name, one in declared.items()
        if (text := first(typed, f"{LISTS}{name}")).strip()
    }
    old: Mapping[str, Any] = next((before[way] for way in ("grid", "zip") if before and way in before), {})
    # Of a list that was not touched, each value stays what it was, and in its place: the first list varies slowest.
    untouched = {name for name in lists if name in old and list(typed[f"{LISTS}{name}"]) == opened[f"{LISTS}{name}"]}
    kept = {name for name in typed.get(KEPT_LISTS, ()) if name in old and name not in declared}
    found = {name: values for name, values in old.items() if name in untouched | kept}
    ordered = {name: found.get(name, lists.get(name)) for name in old if name in found or name in lists}
    return {how: ordered | {name: values for name, values in lists.items() if name not in ordered}}, []


def _as_items(values: Sequence[Any], parameter: Parameter) -> str:
    """Write a list with commas where that reads back as the same values, else as JSON."""
    plain = ", ".join(to_text(value) for value in values)
    return plain if same(_read_items(plain, parameter), list(values)) else json.dumps(list(values), ensure_ascii=False)


def _read_items(text: str, parameter: Parameter) -> list[Any]:
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
            return found if isinstance(found, list) else [text]
        except (ValueError, RecursionError):
            return [text]
    return [_read_item(part.strip(), parameter) for part in text.split(",")] if text.strip() else []


def _read_item(text: str, parameter: Parameter) -> Any:
    try:
        return read_text(parameter.type, text)
    except NotOfThisTypeError:
        return text


def _as_csv(sets: Sequence[Mapping[str, Any]], declared: Declared) -> str | None:
    """Write sets as CSV; None where that would not read back as the same sets."""
    header = list(dict.fromkeys(name for one in sets for name in one))
    if any(set(one) != set(header) for one in sets):
        return None
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([to_text(one[name]) for name in header] for one in sets)
    found, problems = _read_sets(file.getvalue().encode("utf-8", "surrogatepass"), declared)
    return file.getvalue() if not problems and same(found["sets"], [dict(one) for one in sets]) else None


def _read_sets(content: bytes, declared: Declared) -> tuple[Any, list[Problem]]:
    rows, problems = read_rows(content)
    sets = [
        {name: _read_item(text, declared[name]) if name in declared else text for name, text in row.texts.items()}
        for row in rows
    ]
    return (None if problems else {"sets": sets}), problems
