"""The concept sets of a definition, numbered in order of use as Circe wants them."""

import hashlib
import json
from typing import Any

from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.values import ComputedValue

__all__ = ["FIRST_CONCEPT_ID", "Codesets", "computed_content", "concept_of"]

FIRST_CONCEPT_ID = 2_000_000_001
"""OMOP leaves the concept ids from here on to local use."""
_CONCEPT_IDS = 2**31 - 1 - FIRST_CONCEPT_ID


class Codesets:
    """Numbers for concept sets and computed values; equal ones share a number."""

    def __init__(self) -> None:
        self._numbers: dict[ConceptSet | ComputedValue, int] = {}
        self._computed: dict[int, ComputedValue] = {}

    def number(self, what: ConceptSet | ComputedValue) -> int:
        """Give the number of a concept set or a computed value.

        Parameters
        ----------
        what : ConceptSet or ComputedValue
            What is numbered.

        Returns
        -------
        int
            From 0 on.
        """
        if isinstance(what, ComputedValue):
            # Two that differ in names alone are computed once.
            what = self._computed.setdefault(what.concept_id, what)
        return self._numbers.setdefault(what, len(self._numbers))

    @property
    def concept_sets(self) -> dict[int, ConceptSet]:
        """The concept sets by number."""
        return {number: what for what, number in self._numbers.items() if isinstance(what, ConceptSet)}

    @property
    def computed(self) -> tuple[ComputedValue, ...]:
        """The computed values in order of use."""
        return tuple(what for what in self._numbers if isinstance(what, ComputedValue))

    @property
    def computed_codesets(self) -> dict[int, int]:
        """The concept of each computed value, by number."""
        return {number: what.concept_id for what, number in self._numbers.items() if isinstance(what, ComputedValue)}

    def written(self) -> list[dict[str, Any]]:
        """Write all of them for Circe.

        Returns
        -------
        list of dict
            In order of number.
        """
        from analysis_lib.cohort.language.concept_files import expression_of

        written = []
        for what, number in self._numbers.items():
            concept_set = what if isinstance(what, ConceptSet) else _only(what)
            written.append({"id": number, "name": concept_set.name, "expression": expression_of(concept_set)})
        return written


def _only(value: ComputedValue) -> ConceptSet:
    from analysis_lib.cohort.language.concepts import ConceptSetItem

    item = ConceptSetItem(value.concept_id, include_descendants=False)
    return ConceptSet(value.describe(), [item])


def concept_of(content: Any) -> int:
    """Make a concept id from what a computed value says.

    Parameters
    ----------
    content : Any
        What JSON can hold; equal content gives an equal id, on every machine.

    Returns
    -------
    int
        From 2,000,000,001 to the largest 32-bit integer.
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return FIRST_CONCEPT_ID + int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) % _CONCEPT_IDS


def computed_content(value: ComputedValue) -> Any:
    """Write what a computed value says, without names.

    Parameters
    ----------
    value : ComputedValue
        The value.

    Returns
    -------
    Any
        What JSON can hold.
    """
    from dataclasses import fields

    content: dict[str, Any] = {"computed": type(value).__name__}
    for field in fields(value):  # type: ignore[arg-type]
        content[field.name] = _content(getattr(value, field.name))
    return content


def _content(value: Any) -> Any:
    if isinstance(value, ConceptSet):
        return sorted({item.meaning for item in value.items})
    if isinstance(value, ComputedValue):
        return computed_content(value)
    return [_content(each) for each in value] if isinstance(value, tuple) else value
