"""What every variable of a baseline has in common: a name, a unit, a meaning, and how it is found."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from analysis_lib.cohort import ConceptSet
from analysis_lib.errors import FeatureInputError
from analysis_lib.features.requests import Request
from analysis_lib.variables import Variable
from analysis_lib.windows import ANY_TIME_BEFORE, MOST_DAYS, Window

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

Answers = Mapping[Request, "np.ndarray[Any, Any]"]

EVENT_TABLES = (
    "condition_occurrence",
    "condition_era",
    "device_exposure",
    "drug_exposure",
    "drug_era",
    "measurement",
    "observation",
    "procedure_occurrence",
    "specimen",
    "visit_occurrence",
    "visit_detail",
)
"""Tables whose records have a concept and a day."""
VALUE_TABLES = ("measurement", "observation")
"""Tables whose records have a number and its unit."""


class Feature(ABC):
    """One column of a baseline."""

    @property
    @abstractmethod
    def column(self) -> str:
        """The column's name."""

    if TYPE_CHECKING:  # a property here would be taken for the default of the field that Value has

        @property
        def unit(self) -> str:
            """The unit, as in `analysis_lib.variables`."""

    @property
    @abstractmethod
    def meaning(self) -> str:
        """What a value says, and when it is missing."""

    @property
    @abstractmethod
    def dtype(self) -> str:
        """The column's type in pandas."""

    @property
    @abstractmethod
    def requests(self) -> tuple[Request, ...]:
        """What buckets are asked for it."""

    @abstractmethod
    def combine(self, answers: Answers) -> "pd.api.extensions.ExtensionArray | np.ndarray[Any, Any]":
        """Make the column of the answers.

        Parameters
        ----------
        answers : mapping of Request to ndarray
            At least those of `requests`; a number per person and index date, NaN where there is none.

        Returns
        -------
        array
            Of `dtype`.
        """

    @property
    def looks_at(self) -> Window | None:
        """The days it looks at; None where it looks at none."""
        return None

    def as_variable(self) -> Variable:
        """Describe the column.

        Returns
        -------
        Variable
            Its name, unit and meaning.
        """
        return Variable(self.column, self.unit, self.meaning)


@dataclass(frozen=True)
class OfConcepts(Feature):
    """A variable of a concept set in a window.

    Parameters
    ----------
    concept_set : ConceptSet
        Which records count.
    window : Window, default any time before the index date
        On which days.
    name : str, optional
        The column's name; made of the concept set's name when left out.
    """

    tables: ClassVar[tuple[str, ...]] = EVENT_TABLES

    concept_set: ConceptSet
    window: Window = ANY_TIME_BEFORE
    _: KW_ONLY
    name: str | None = None

    def __post_init__(self) -> None:
        check_kind("concept_set", self.concept_set, kind=ConceptSet)
        check_kind("window", self.window, kind=Window)
        if self.name is not None:
            check_name(self.name)

    @property
    def looks_at(self) -> Window | None:
        """The days it looks at."""
        return self.window

    @property
    def column(self) -> str:
        """The name given, or one made of the concept set's."""
        return self.name or self._column(slug(self.concept_set.name))

    @abstractmethod
    def _column(self, slugged: str) -> str:
        """Make a name."""


def slug(text: str) -> str:
    """Make a column's name of what people call something.

    Parameters
    ----------
    text : str
        Any words, in any script.

    Returns
    -------
    str
        Lower-case letters, digits and underscores.
    """
    return re.sub(r"\W+", "_", text.casefold()).strip("_") or "unnamed"


def check_kind(field: str, value: object, *, kind: type) -> None:
    """Refuse a part of the wrong kind.

    Parameters
    ----------
    field : str
        What it is, for the message.
    value : object
        What was given.
    kind : type
        The right kind.
    """
    if not isinstance(value, kind):
        raise FeatureInputError(f"{field} must be a {kind.__name__}; got {type(value).__name__}.")


def check_days(name: str, value: object, *, least: int) -> None:
    """Refuse what is no number of days.

    Parameters
    ----------
    name : str
        What to call it in a message.
    value : object
        What was given.
    least : int
        The smallest that can be meant.

    Raises
    ------
    FeatureInputError
        If it is no whole number from `least` to `MOST_DAYS`.
    """
    if type(value) is not int or not least <= value <= MOST_DAYS:
        raise FeatureInputError(f"{name} must be a whole number of days, from {least} to {MOST_DAYS:,}.")


def check_word(field: str, value: object, *, known: tuple[str, ...]) -> None:
    """Refuse a word that is not on the list.

    Parameters
    ----------
    field : str
        What it is, for the message.
    value : object
        What was given.
    known : tuple of str
        The list.
    """
    if not isinstance(value, str) or value not in known:
        shown = ascii(value)[:40] if isinstance(value, str) else type(value).__name__
        raise FeatureInputError(f"{field} is not known; got {shown}. Choose one of: {', '.join(known)}.")


def check_name(value: object) -> None:
    """Refuse a column's name that is empty, is no text or breaks a line.

    Parameters
    ----------
    value : object
        What was given.
    """
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise FeatureInputError(f"name of a variable must be one line of text; got {type(value).__name__}.")


def whole_numbers(answer: "np.ndarray[Any, Any]") -> "pd.api.extensions.ExtensionArray":
    """Turn numbers with NaN into whole numbers with missing ones.

    Parameters
    ----------
    answer : ndarray of float64
        Whole numbers, NaN where missing.

    Returns
    -------
    array of Int64
        The same.
    """
    import pandas as pd

    return pd.Series(answer, dtype="Float64").astype("Int64").array
