"""What the steps of a cohort are called in its attrition table."""

import re
from collections.abc import Mapping
from typing import Any

from analysis_lib.cohort.language.fields import count_of_days

__all__ = ["Words"]


class Words:
    """Names for the steps of one Circe document.

    Parameters
    ----------
    document : mapping of str to Any
        The JSON of ATLAS.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._names = {
            one.get("id"): " ".join(str(one.get("name") or "unnamed set").split())
            for one in document.get("ConceptSets") or document.get("conceptSets") or []
        }

    def entry(self) -> str:
        """Name the entry events.

        Returns
        -------
        str
            Such as ``Drug era of celecoxib``.
        """
        primary = self._document.get("PrimaryCriteria") or self._document.get("primaryCriteria") or {}
        named = [self._criterion(one) for one in primary.get("CriteriaList") or primary.get("criteriaList") or []]
        words = list(dict.fromkeys(named))
        if len(words) > 3:
            words = [*words[:2], f"{len(words) - 2} other events"]
        return " or ".join(words)[:1].upper() + " or ".join(words)[1:]

    def _criterion(self, criterion: Mapping[str, Any]) -> str:
        domain, about = next(iter(criterion.items()))
        about = about or {}
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", domain).lower()
        number = about.get("CodesetId", about.get("codesetId"))
        first = "first " if about.get("First", about.get("first")) else ""
        return first + kind + (f" of {self._names.get(number, 'a set')}" if number is not None else "")

    def observed(self, before: int, after: int) -> str:
        """Name the step that asks for observation.

        Parameters
        ----------
        before, after : int
            Days asked for before and after the event.

        Returns
        -------
        str
            In words.
        """
        asked = [f"{count_of_days(before)} before"] * bool(before) + [f"{count_of_days(after)} after"] * bool(after)
        return "Inside an observation period" + (f", {' and '.join(asked)} observed" if asked else "")

    def limited(self, limit: str, what: str) -> str:
        """Name the step that leaves one event per person.

        Parameters
        ----------
        limit : {"first", "last"}
            Which.
        what : str
            Such as ``entry event``.

        Returns
        -------
        str
            In words.
        """
        return f"The person's {limit} {what}"

    def qualifying(self) -> str:
        """Name the step of the additional criteria.

        Returns
        -------
        str
            In words.
        """
        return "Qualifying criteria of the entry event"

    def rule(self, number: int) -> str:
        """Name an inclusion rule.

        Parameters
        ----------
        number : int
            Counted from 0.

        Returns
        -------
        str
            The rule's own name, or its number.
        """
        rules = self._document.get("InclusionRules") or self._document.get("inclusionRules") or []
        name = " ".join(str(rules[number].get("name") or rules[number].get("Name") or "").split())
        return name or f"Inclusion rule {number + 1}"

    def leave(self) -> str:
        """Name the last step.

        Returns
        -------
        str
            In words.
        """
        return "Time in the cohort, overlapping entries joined"
