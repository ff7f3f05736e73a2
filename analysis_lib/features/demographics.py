"""Variables of the person: age, sex, race, and how long they were observed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis_lib.features.requests import PersonRequest
from analysis_lib.features.variable import Answers, Feature, check_word, whole_numbers

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

FEMALE, MALE = 8532, 8507  # gender_concept_id of the OMOP vocabulary


class _Kind(NamedTuple):
    fields: tuple[str, ...]
    unit: str
    dtype: str
    meaning: str


_KINDS = {
    "age_years": _Kind(
        ("index_year", "year_of_birth"),
        "years",
        "float64",
        "Calendar year of the index date minus year of birth. Missing without a year of birth.",
    ),
    "sex": _Kind(
        ("gender_concept_id",), "1", "str", "'female', 'male' or 'unknown', from gender_concept_id. Never missing."
    ),
    "race_concept_id": _Kind(("race_concept_id",), "1", "Int64", "Race. Missing where the person table has none."),
    "ethnicity_concept_id": _Kind(
        ("ethnicity_concept_id",), "1", "Int64", "Ethnicity. Missing where the person table has none."
    ),
    "index_year": _Kind(("index_year",), "1", "int64", "Calendar year of the index date. Never missing."),
    "index_month": _Kind(("index_month",), "1", "int64", "Calendar month of the index date, 1 to 12. Never missing."),
    "days_observed_before": _Kind(
        ("days_observed_before",),
        "days",
        "Int64",
        "Days from the start of the observation period that holds the index date to it. Missing where none does.",
    ),
    "days_observed_after": _Kind(
        ("days_observed_after",),
        "days",
        "Int64",
        "Days from the index date to the end of the observation period that holds it. Missing where none does.",
    ),
}


@dataclass(frozen=True)
class Demographic(Feature):
    """Something known of the person at the index date.

    Age is OHDSI's: the calendar year of the index date minus the year of birth.

    Parameters
    ----------
    kind : str
        ``age_years``, ``sex``, ``race_concept_id``, ``ethnicity_concept_id``, ``index_year``, ``index_month``,
        ``days_observed_before`` or ``days_observed_after``. It is the column's name.
    """

    kind: str

    def __post_init__(self) -> None:
        check_word("a demographic", self.kind, known=tuple(_KINDS))

    @property
    def column(self) -> str:
        """The kind."""
        return self.kind

    @property
    def unit(self) -> str:
        """The unit."""
        return _KINDS[self.kind].unit

    @property
    def meaning(self) -> str:
        """What a value says."""
        return _KINDS[self.kind].meaning

    @property
    def dtype(self) -> str:
        """The column's type in pandas."""
        return _KINDS[self.kind].dtype

    @property
    def requests(self) -> tuple[PersonRequest, ...]:
        """The fields of the person."""
        return tuple(PersonRequest(field) for field in _KINDS[self.kind].fields)

    def combine(self, answers: Answers) -> "pd.api.extensions.ExtensionArray | np.ndarray[Any, Any]":
        """Make the column.

        Parameters
        ----------
        answers : mapping of Request to ndarray
            Those of `requests`.

        Returns
        -------
        array
            Of `dtype`.
        """
        found = [answers[request] for request in self.requests]
        if self.kind == "age_years":
            return found[0] - found[1]
        if self.kind == "sex":
            return sex_of(found[0])
        return found[0].astype("int64") if self.dtype == "int64" else whole_numbers(found[0])


def sex_of(gender_concept_id: "np.ndarray[Any, Any]") -> "pd.api.extensions.ExtensionArray":
    """Turn gender concepts into words.

    Parameters
    ----------
    gender_concept_id : ndarray of float64
        NaN where missing.

    Returns
    -------
    array of str
        ``female``, ``male`` or ``unknown``.
    """
    import numpy as np
    import pandas as pd

    words = np.select([gender_concept_id == FEMALE, gender_concept_id == MALE], ["female", "male"], "unknown")
    return pd.array(words, dtype="str")
