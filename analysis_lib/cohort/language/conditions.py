"""Conditions on a record or a person: a field, an operator, a value."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from analysis_lib.cohort.language.attributes import Attribute
from analysis_lib.cohort.language.concepts import Concept, ConceptSet, as_concepts
from analysis_lib.cohort.language.fields import as_date, as_number, check_choice, check_flag, check_letters, check_type
from analysis_lib.errors import InvalidDefinitionError

__all__ = ["OPERATORS", "Where", "checked_conditions"]

_COMPARISONS = ("<", "<=", "=", "!=", ">", ">=", "between", "not between")
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "number": _COMPARISONS,
    "whole": _COMPARISONS,
    "date": _COMPARISONS,
    "text": ("=", "!=", *(f"{no}{verb}" for verb in ("contains", "starts with", "ends with") for no in ("", "not "))),
    "concepts": ("in", "not in", "is recorded", "is not recorded"),
    "concept_set": ("in",),
    "flag": ("is",),
    "period": ("is",),
}
"""The operators, by what the field is compared with."""
MOST_TEXT = 4_000
MOST_CONCEPTS = 100_000


@dataclass(frozen=True)
class Where:
    """One condition.

    Parameters
    ----------
    field : str
        What is looked at, such as ``"age"`` or ``"value_as_number"``; the domain says which there are.
    operator : str
        Numbers and dates: ``<``, ``<=``, ``=``, ``!=``, ``>``, ``>=``, ``between``, ``not between`` (ends included).
        Text: ``=``, ``!=``, ``contains``, ``starts with``, ``ends with``, and these three with ``not``.
        Concepts: ``in``, ``not in``, ``is recorded``, ``is not recorded``.
    value : number, date, text, pair of them, concepts or ConceptSet
        What it is compared with. Dates are dates or text such as ``"2020-03-01"``; concepts are ids or a ConceptSet.

    Examples
    --------
    >>> Where("age", ">=", 40)
    >>> Where("value_as_number", "between", (30, 59.9))
    >>> Where("unit", "in", [8840])
    """

    field: str
    operator: str
    value: Any = None

    def __post_init__(self) -> None:
        check_type("field of a Where", self.field, types=(str,))
        known = dict.fromkeys(word for words in OPERATORS.values() for word in words)
        check_choice("operator of a Where", self.operator, known=list(known))
        if isinstance(self.value, list | set | frozenset):
            object.__setattr__(self, "value", tuple(self.value))


def checked_conditions(conditions: Iterable[Where], known: Mapping[str, Attribute]) -> tuple[Where, ...]:
    """Check conditions against what can be asked, and bring their values to one form.

    Parameters
    ----------
    conditions : iterable of Where
        The conditions.
    known : mapping of str to Attribute
        What can be asked.

    Returns
    -------
    tuple of Where
        The conditions, in their order.
    """
    checked, said = [], set()
    for number, condition in enumerate(conditions):
        place = f"where[{number}]"
        check_choice(f"{place}.field", condition.field, known=list(known))
        attribute = known[condition.field]
        check_choice(f"{place}.operator of {condition.field}", condition.operator, known=OPERATORS[attribute.kind])
        value = _READERS[attribute.kind](f"{place}.value of {condition.field}", condition, attribute=attribute)
        listed = isinstance(value, tuple) and attribute.kind == "concepts"
        if (condition.field, listed) in said:
            raise InvalidDefinitionError(
                f"{place} asks of {condition.field} a second time; found 2 conditions on it. "
                "Make them one: a range with 'between', or one list of concepts."
            )
        said.add((condition.field, listed))
        checked.append(replace(condition, value=value))
    return tuple(checked)


def _comparison(field: str, condition: Where, *, attribute: Attribute) -> Any:
    readers: Mapping[str, Callable[[str, object], Any]] = {"date": as_date, "number": as_number, "whole": _as_whole}
    read = readers[attribute.kind]
    if condition.operator not in ("between", "not between"):
        return read(field, condition.value)
    if not isinstance(condition.value, tuple) or len(condition.value) != 2:
        raise InvalidDefinitionError(
            f"{field} must be two values with '{condition.operator}'; got {type(condition.value).__name__}. "
            "Write (lowest, highest)."
        )
    low, high = (read(field, value) for value in condition.value)
    if low > high:
        raise InvalidDefinitionError(f"{field} must be (lowest, highest); got the higher first. Turn them round.")
    return low, high


def _as_whole(field: str, value: object) -> int:
    # Circe cuts the decimals off, which turns "> 17.5" into "> 17".
    number = as_number(field, value)
    if not isinstance(number, int):
        raise InvalidDefinitionError(f"{field} must be a whole number; got float {number}. Round it as you mean it.")
    return number


def _text(field: str, condition: Where, **_: Any) -> str:
    check_type(field, condition.value, types=(str,))
    if not 0 < len(condition.value) <= MOST_TEXT:
        raise InvalidDefinitionError(f"{field} must have 1 to {MOST_TEXT:,} letters; got {len(condition.value):,}.")
    check_letters(condition.value)
    return str(condition.value)


def _concepts(field: str, condition: Where, *, attribute: Attribute) -> "tuple[Concept, ...] | ConceptSet | None":
    if condition.operator.endswith("recorded"):
        if condition.value is not None or not attribute.chosen:
            raise InvalidDefinitionError(f"{field} must be left out with '{condition.operator}'; got one.")
        return None
    if isinstance(condition.value, ConceptSet):
        if not attribute.chosen:
            raise InvalidDefinitionError(f"{field} must be a list of concept ids; got ConceptSet. List the ids.")
        return condition.value
    if not attribute.listed or (condition.operator == "not in" and not attribute.exclusion):
        raise InvalidDefinitionError(
            f"{field} must be a ConceptSet with '{condition.operator}'; got {type(condition.value).__name__}. "
            "Put the concepts into one: ConceptSet(name, items)."
        )
    check_type(field, condition.value, types=(tuple,))
    concepts = as_concepts(field, condition.value)
    if not 0 < len(concepts) <= MOST_CONCEPTS:
        raise InvalidDefinitionError(f"{field} must name 1 to {MOST_CONCEPTS:,} concepts; got {len(concepts):,}.")
    return concepts


def _concept_set(field: str, condition: Where, **_: Any) -> ConceptSet:
    check_type(field, condition.value, types=(ConceptSet,))
    found: ConceptSet = condition.value
    return found


def _flag(field: str, condition: Where, **_: Any) -> bool:
    check_flag(field, condition.value)
    if not condition.value:
        raise InvalidDefinitionError(f"{field} must be True; got False, which asks nothing. Leave the condition out.")
    return True


def _period(field: str, condition: Where, **_: Any) -> Any:
    if not isinstance(condition.value, tuple) or len(condition.value) != 2 or condition.value == (None, None):
        raise InvalidDefinitionError(
            f"{field} must be a first and a last day, of which one may be None; "
            f"got {type(condition.value).__name__}. Write (first, last)."
        )
    return tuple(None if day is None else as_date(field, day) for day in condition.value)


_READERS: Mapping[str, Callable[..., Any]] = {
    "number": _comparison,
    "whole": _comparison,
    "date": _comparison,
    "text": _text,
    "concepts": _concepts,
    "concept_set": _concept_set,
    "flag": _flag,
    "period": _period,
}
