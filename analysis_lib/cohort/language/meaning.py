"""What a definition means, without what only people read: the ground of its hash.

The definition is written as Circe, where the short forms and the long ones are the same; then names go, concept sets
stand where their numbers stood, and what has no order is sorted.
"""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis_lib.cohort.language.codesets import computed_content
from analysis_lib.cohort.language.compiled import CompiledDefinition, compile_definition
from analysis_lib.cohort.language.documents import canonical_json

if TYPE_CHECKING:
    from analysis_lib.cohort.language.definition import CohortDefinition

__all__ = ["hash_of", "meaning_of"]

_NAMES = ("name", "description", "CONCEPT_NAME", "cdmVersionRange", "ConceptSets")
_NUMBERS = ("CodesetId", "DrugCodesetId", "PlaceOfServiceLocation")
_GROUP = ("CriteriaList", "DemographicCriteriaList", "Groups")


def hash_of(definition: "CohortDefinition") -> str:
    """Hash what a definition means.

    Parameters
    ----------
    definition : CohortDefinition
        The definition.

    Returns
    -------
    str
        SHA-256, the same on every machine.
    """
    return hashlib.sha256(canonical_json(meaning_of(compile_definition(definition))).encode()).hexdigest()


def meaning_of(compiled: CompiledDefinition) -> Any:
    """Write what a definition means.

    Parameters
    ----------
    compiled : CompiledDefinition
        The definition as Circe.

    Returns
    -------
    Any
        What JSON can hold; equal for equal meaning.
    """
    sets: dict[int, Any] = {
        number: sorted({item.meaning for item in concept_set.items})
        for number, concept_set in compiled.concept_sets.items()
    }
    computed = {value.concept_id: value for value in compiled.computed}
    sets |= {number: computed_content(computed[concept]) for number, concept in compiled.computed_codesets.items()}
    expression = _plain(compiled.expression, sets)
    if _one_entry_per_person(expression):
        expression["ExpressionLimit"] = {"Type": "All"}
    expression["CensoringCriteria"] = _unrepeated(expression["CensoringCriteria"])
    return expression


def _one_entry_per_person(expression: Mapping[str, Any]) -> bool:
    primary = expression["PrimaryCriteria"]
    # Not so with a first record ever: it is two entries where it lies in two observation periods.
    return bool(primary["PrimaryCriteriaLimit"]["Type"] != "All")


def _plain(value: Any, sets: Mapping[int, Any], *, key: str = "") -> Any:
    if isinstance(value, dict):
        return _plain_object(value, sets)
    if isinstance(value, list):
        each_plain = [_plain(each, sets) for each in value]
        if all(isinstance(each, dict) and "CONCEPT_ID" in each for each in each_plain):
            return sorted({each["CONCEPT_ID"] for each in each_plain})
        return each_plain if key == "InclusionRules" else sorted(each_plain, key=canonical_json)
    is_number = key in _NUMBERS or key.endswith("Concept")
    return sets[value] if is_number and isinstance(value, int) else value


def _plain_object(value: Mapping[str, Any], sets: Mapping[int, Any]) -> dict[str, Any]:
    plain = {name: _plain(each, sets, key=name) for name, each in value.items() if name not in _NAMES}
    if plain.get("Type") == "AT_LEAST" and plain.get("Count") == 1:
        plain = {name: each for name, each in plain.items() if name != "Count"} | {"Type": "ANY"}
    if plain.get("Type") in ("ALL", "ANY"):
        # The second time that a criterion of such a group is asked, the answer is known.
        plain |= {name: _unrepeated(plain[name]) for name in _GROUP}
        plain = _one_is_all(plain)
    return plain


def _one_is_all(group: dict[str, Any]) -> dict[str, Any]:
    """Write "any" of one criterion as "all" of it."""
    return group | {"Type": "ALL"} if sum(len(group[name]) for name in _GROUP) == 1 else group


def _unrepeated(values: list[Any]) -> list[Any]:
    found = {canonical_json(value): value for value in values}
    return [found[text] for text in sorted(found)]
