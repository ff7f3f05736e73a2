"""The variables of a study: each one's name, unit and meaning, once.

Frames made by the library carry their units with them: ``frame.attrs["units"]["time_at_risk_days"]`` is ``"days"``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["VARIABLES", "Variable", "units_of"]


@dataclass(frozen=True)
class Variable:
    """One column that the library writes.

    Parameters
    ----------
    name : str
        The column's name, spelled as in the OMOP CDM where it has one.
    unit : str
        Spelled out as tables print it; ``"1"`` is a count, a label or a yes-no value, ``"date"`` a calendar date.
    meaning : str
        What a value says, and when it is missing.
    """

    name: str
    unit: str
    meaning: str


_ALL = (
    Variable("cohort_definition_id", "1", "Which cohort a row belongs to. Never missing."),
    Variable("subject_id", "1", "The person (person_id), a 64-bit integer. Never missing."),
    Variable("cohort_start_date", "date", "Index date: the first day in the cohort. Never missing."),
    Variable("cohort_end_date", "date", "The last day in the cohort, inclusive. Never missing."),
    Variable("arm", "1", "Name of the cohort the person entered by. Never missing."),
    Variable("treatment", "1", "1 in the target cohort, 0 in the comparator. Never missing."),
    Variable(
        "time_at_risk_days", "days", "Days at risk, first and last day both counted, so at least 1. Never missing."
    ),
    Variable("event", "1", "1 if the outcome came during the time at risk, 0 if censored. Never missing."),
    Variable(
        "age_years", "years", "Calendar year of the index date minus year of birth. Missing without a year of birth."
    ),
    Variable("sex", "1", "'female', 'male' or 'unknown', from gender_concept_id. Never missing."),
    Variable("index_year", "1", "Calendar year of the index date. Never missing."),
)

VARIABLES: dict[str, Variable] = {variable.name: variable for variable in _ALL}
"""All variables by name."""


def units_of(columns: Iterable[Any]) -> dict[str, str]:
    """Give the unit of each column that is one of ours.

    Parameters
    ----------
    columns : iterable
        Column names; those that are no variable of the library are left out.

    Returns
    -------
    dict of str to str
        Unit by column name, in the order of `columns`.
    """
    return {name: VARIABLES[name].unit for name in columns if name in VARIABLES}
