"""From one value as a definition or a CSV file has it to the value of a run: relative dates resolved, then checked."""

import datetime as dt
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from hub_config.errors import HubError
from hub_config.reports.calendar import load_zone, resolve
from hub_config.reports.definitions.problems import Problem
from hub_config.reports.parameters.choices import Choices, why_unknown
from hub_config.reports.parameters.declarations import Parameter
from hub_config.reports.parameters.typed_text import from_text
from hub_config.reports.parameters.values import ParameterType, why_not, with_declared_type

__all__ = ["Checks", "Value"]

_DATED = frozenset({"str", "date", "datetime"})


class Value(NamedTuple):
    """One value of a run, and how it was written."""

    written: Any
    resolved: Any


@dataclass(frozen=True, kw_only=True)
class Checks:
    """What values are checked against: one template, one instant.

    Parameters
    ----------
    known : mapping of str to Parameter
        What the template declares.
    at : datetime
        The slot, with its offset.
    zone : str
        In which it has its day.
    choices : Choices or None
        Which data sets, cohorts and secrets exist; None asks nobody.
    now : datetime or None
        When the runs are made, with its offset; None is at the slot.
    """

    known: Mapping[str, Parameter]
    at: dt.datetime
    zone: str
    choices: Choices | None = None
    now: dt.datetime | None = None

    def name(self, name: str, *, place: str) -> Problem | None:
        """Check that the template declares a parameter.

        Parameters
        ----------
        name : str
            As written.
        place : str
            Where.

        Returns
        -------
        Problem or None
            With the known names, and the nearest.
        """
        if name in self.known:
            return None
        near = difflib.get_close_matches(name, self.known, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        return Problem(
            place, "unknown-parameter", f"is no parameter of the template{hint}; known are {', '.join(self.known)}"
        )

    def value(self, name: str, written: Any, *, place: str) -> Value | Problem:
        """Resolve and check a value.

        Parameters
        ----------
        name : str
            Of a declared parameter.
        written : object
            The value.
        place : str
            Where it was written.

        Returns
        -------
        Value or Problem
            The value, or what was wanted and what kind of value was found.
        """
        declared = self.known[name].type
        try:
            resolved = self._dated(declared, written)
        except HubError as unfit:
            return Problem(place, "relative-date", str(unfit))
        return self._checked(declared, Value(written, resolved), place=place)

    def default(self, name: str, *, place: str) -> Value | Problem:
        """Check the value that the template has: nothing in it is resolved, as nothing is in Lab.

        Parameters
        ----------
        name : str
            Of a declared parameter.
        place : str
            How to call it.

        Returns
        -------
        Value or Problem
            The value, or what was wanted and what kind of value was found.
        """
        own = self.known[name].default
        return self._checked(self.known[name].type, Value(own, own), place=place)

    def _checked(self, declared: ParameterType, value: Value, *, place: str) -> Value | Problem:
        written, resolved = value
        local = self.at.astimezone(load_zone(self.zone))
        wrong = why_not(declared, resolved, today=local.date())
        if wrong is not None:
            return Problem(place, "parameter-value", f"has the type {declared.text}; {wrong}")
        unknown = why_unknown(declared, resolved, choices=self.choices)
        if unknown is not None:
            return Problem(place, "unknown-name", unknown)
        return Value(written, with_declared_type(declared, resolved, zone=local.tzinfo))

    def text(self, name: str, text: str, *, place: str) -> Value | Problem:
        """Read, resolve and check a value that was typed.

        Parameters
        ----------
        name : str
            Of a declared parameter.
        text : str
            As in a field of a CSV file.
        place : str
            Where it was written.

        Returns
        -------
        Value or Problem
            The value, or what was wanted and what kind of value was found.
        """
        declared = self.known[name].type
        if declared.kind in _DATED and _has_brace(text):
            return self.value(name, text if declared.kind == "str" else text.strip(), place=place)
        try:
            typed = from_text(declared, text, today=self.at.astimezone(load_zone(self.zone)).date())
        except ValueError as unfit:
            return Problem(place, "parameter-value", f"has the type {declared.text}; {unfit}")
        return self.value(name, typed, place=place)

    def _dated(self, declared: ParameterType, written: Any) -> Any:
        if declared.kind == "list" and isinstance(written, list):
            return [self._dated(declared.of_items, item) for item in written]
        if declared.kind in _DATED and isinstance(written, str) and _has_brace(written):
            return resolve(written, at=self.at, zone=self.zone, kind=declared.kind, now=self.now)
        return written


def _has_brace(text: str) -> bool:
    return "{" in text or "}" in text
