"""Parts of a definition that are rows of the form: who is told, tolerances, alert rules. An empty row is none."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub_config.projects import Event
from hub_config.projects.document import TOLD_UNASKED
from hub_config.reports.definitions import Problem
from hub_config.reports.service.writing.form.typed import Typed, as_sent, first, number

__all__ = ["ROWS", "ReadRows", "Rows", "sent_rows", "with_empty_rows", "with_one_row_more", "without_row"]

MOST_SHOWN = 600
_ROW = re.compile(r"(\w+)\.(0|[1-9][0-9]{0,3})((?:\.\w+)?)")
_TOLERANCE: Mapping[str, Any] = {"absolute": 0.0, "relative": 1e-9, "exact_integers": True}


@dataclass(frozen=True)
class ReadRows:
    """What was read from rows.

    Parameters
    ----------
    value : object
        For the document; None for nothing.
    numbers : list of int
        Of each entry: the row where it was typed; the first row is 0.
    problems : list of Problem
        What a row lacks.
    """

    value: Any
    numbers: list[int]
    problems: list[Problem]


@dataclass(frozen=True)
class Rows:
    """One part of a definition that has rows.

    Parameters
    ----------
    place : str
        Where in the document; its name in the form as well.
    write : callable
        From an entry of the document to texts by name; from None to those of an empty row.
    read : callable
        From texts by name to an entry; None for an empty row, a problem if the row lacks something.
    """

    place: str
    write: Callable[[Any], dict[str, list[str]]]
    read: Callable[[Typed], Any]

    def typed(self, entries: Sequence[Any]) -> dict[str, list[str]]:
        """Write entries into the form, with one empty row more.

        Parameters
        ----------
        entries : sequence
            Of the document.

        Returns
        -------
        dict
            Texts by name.
        """
        return {
            f"{self.place}.{row}{name}": texts
            for row, entry in enumerate([*entries, None])
            for name, texts in self.write(entry).items()
        }

    def read_all(self, typed: Typed, before: Sequence[Any]) -> ReadRows:
        """Read all rows.

        Parameters
        ----------
        typed : mapping
            All fields.
        before : sequence
            Entries when the definition was opened; a row that was not touched stays its entry.

        Returns
        -------
        ReadRows
            The entries as a list.
        """
        found = ReadRows([], [], [])
        for row, fields in sorted(sent_rows(typed, self.place).items()):
            kept = before[row] if row < len(before) else None
            entry = kept if fields == self.write(kept) else self.read(fields)
            if isinstance(entry, Problem):
                found.problems.append(Problem(f"{self.place}.{row}{entry.field}", entry.rule, entry.text))
            elif entry is not None:
                found.value.append(entry)
                found.numbers.append(row)
        return found


def sent_rows(typed: Typed, place: str) -> dict[int, dict[str, list[str]]]:
    """Take the rows of one part from what was sent.

    Parameters
    ----------
    typed : mapping
        All fields.
    place : str
        Of the rows.

    Returns
    -------
    dict
        By number of the row: texts by the rest of the field's name. A row that was taken away is not there.
    """
    rows: dict[int, dict[str, list[str]]] = {}
    for name, texts in typed.items():
        match = _ROW.fullmatch(name)
        if match is not None and match[1] == place and int(match[2]) < MOST_SHOWN:
            rows.setdefault(int(match[2]), {})[match[3]] = list(texts)
    return rows


def _write_recipient(entry: Mapping[str, Any] | None) -> dict[str, list[str]]:
    entry = entry or {}
    events = [str(event) for event in entry.get("events", TOLD_UNASKED)]
    return {
        ".target": as_sent([entry.get("target", "")]),
        ".events": [one.value for one in Event if one.value in events],
    }


def _read_recipient(typed: Typed) -> Any:
    target = first(typed, ".target").strip()
    events = [event.value for event in Event if event.value in typed.get(".events", ())]
    if target:
        return {"target": target, "events": events}
    untouched = {event.value for event in TOLD_UNASKED} == set(events) or not events
    return None if untouched else Problem(".target", "missing-field", "is missing")


def _write_alert(entry: str | None) -> dict[str, list[str]]:
    return {"": as_sent([entry or ""])}


def _read_alert(typed: Typed) -> Any:
    return first(typed, "").strip() or None


def _write_tolerance(entry: tuple[str, Mapping[str, Any]] | None) -> dict[str, list[str]]:
    name, given = entry or ("", {})
    values = {**_TOLERANCE, **given}
    return {
        ".id": as_sent([name]),
        ".absolute": [_number_text(values["absolute"])],
        ".relative": [_number_text(values["relative"])],
        ".exact_integers": ["on"] if values["exact_integers"] else [],
    }


def _number_text(value: float) -> str:
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def _read_tolerance(typed: Typed) -> Any:
    name = first(typed, ".id").strip()
    values: dict[str, Any] = {
        field: number(text)
        for field in ("absolute", "relative")
        if (text := first(typed, f".{field}")).strip() and text != _number_text(_TOLERANCE[field])
    }
    if not typed.get(".exact_integers"):
        values["exact_integers"] = False
    if name:
        return name, values
    return Problem(".id", "missing-field", "is missing") if values else None


ROWS = {
    "recipients": Rows("recipients", _write_recipient, _read_recipient),
    "compare": Rows("compare", _write_tolerance, _read_tolerance),
    "alerts": Rows("alerts", _write_alert, _read_alert),
}


def with_one_row_more(typed: Typed, place: str) -> dict[str, list[str]]:
    """Add an empty row at the end.

    Parameters
    ----------
    typed : mapping
        All fields.
    place : str
        A key of `ROWS`.

    Returns
    -------
    dict
        All fields, and those of the row.
    """
    row = max(sent_rows(typed, place), default=-1) + 1
    new = {f"{place}.{row}{name}": texts for name, texts in ROWS[place].write(None).items()}
    return {name: list(texts) for name, texts in typed.items()} | new


def with_empty_rows(typed: Typed) -> dict[str, list[str]]:
    """See to it that the last row of each part is an empty one.

    Parameters
    ----------
    typed : mapping
        All fields.

    Returns
    -------
    dict
        All fields, and those of rows that were added.
    """
    found = {name: list(texts) for name, texts in typed.items()}
    for place, rows in ROWS.items():
        sent = sent_rows(found, place)
        if not sent or sent[max(sent)] != rows.write(None):
            found = with_one_row_more(found, place)
    return found


def without_row(typed: Typed, row: str) -> dict[str, list[str]]:
    """Take a row away.

    Parameters
    ----------
    typed : mapping
        All fields.
    row : str
        Such as ``alerts.2``.

    Returns
    -------
    dict
        All other fields.
    """
    return {name: list(texts) for name, texts in typed.items() if name != row and not name.startswith(f"{row}.")}
