"""Variables of events: whether, how often and how long ago there was a record."""

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from analysis_lib.features.requests import RecordRequest
from analysis_lib.features.variable import Answers, OfConcepts, check_word, whole_numbers

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class OfRecords(OfConcepts):
    """A variable of the records of one table.

    Parameters
    ----------
    concept_set : ConceptSet
        Which records count.
    window : Window, default any time before the index date
        On which days they start.
    domain : str, default "condition_occurrence"
        The table to look in.
    name : str, optional
        The column's name; made of the concept set's name when left out.
    """

    _: KW_ONLY
    domain: str = "condition_occurrence"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_word("domain", self.domain, known=self.tables)

    def _asked(self, statistic: str) -> RecordRequest:
        return RecordRequest(self.domain, self.concept_set, self.window, statistic)

    @property
    def _records(self) -> str:
        return f"{self.domain.replace('_', ' ')} of {self.concept_set.name} that starts {self.window}"


@dataclass(frozen=True)
class Flag(OfRecords):
    """Whether there is a record.

    Parameters
    ----------
    concept_set : ConceptSet
        Which records count.
    window : Window, default any time before the index date
        On which days they start.
    domain : str, default "condition_occurrence"
        The table to look in.
    name : str, optional
        The column's name; ``had_`` and the concept set's name when left out.
    """

    unit: ClassVar[str] = "1"
    dtype: ClassVar[str] = "bool"

    @property
    def meaning(self) -> str:
        """What a value says."""
        return f"Whether there is a {self._records}. Never missing."

    @property
    def requests(self) -> tuple[RecordRequest, ...]:
        """The number of records."""
        return (self._asked("records"),)

    def combine(self, answers: Answers) -> "np.ndarray[Any, Any]":
        """Say who has a record.

        Parameters
        ----------
        answers : mapping of Request to ndarray
            Those of `requests`.

        Returns
        -------
        ndarray of bool
            Never missing.
        """
        return answers[self.requests[0]] > 0

    def _column(self, slugged: str) -> str:
        return f"had_{slugged}"


@dataclass(frozen=True)
class Count(OfRecords):
    """How many records there are, or on how many days.

    Parameters
    ----------
    concept_set : ConceptSet
        Which records count.
    window : Window, default any time before the index date
        On which days they start.
    domain : str, default "condition_occurrence"
        The table to look in.
    of : {"records", "days"}, default "records"
        Every record, or the different days that they start on.
    name : str, optional
        The column's name; ``records_of_`` or ``days_of_`` and the concept set's name when left out.
    """

    unit: ClassVar[str] = "1"
    dtype: ClassVar[str] = "int64"

    _: KW_ONLY
    of: Literal["records", "days"] = "records"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_word("of", self.of, known=("records", "days"))

    @property
    def meaning(self) -> str:
        """What a value says."""
        what = "How often there is a" if self.of == "records" else "On how many different days there is a"
        return f"{what} {self._records}. 0 where there is none, never missing."

    @property
    def requests(self) -> tuple[RecordRequest, ...]:
        """The number of records or days."""
        return (self._asked(self.of),)

    def combine(self, answers: Answers) -> "np.ndarray[Any, Any]":
        """Count.

        Parameters
        ----------
        answers : mapping of Request to ndarray
            Those of `requests`.

        Returns
        -------
        ndarray of int64
            0 where there is none.
        """
        return answers[self.requests[0]].astype("int64")

    def _column(self, slugged: str) -> str:
        return f"{self.of}_of_{slugged}"


@dataclass(frozen=True)
class DaysSince(OfRecords):
    """How long ago a record started, in days before the index date.

    Parameters
    ----------
    concept_set : ConceptSet
        Which records count.
    window : Window, default any time before the index date
        On which days they start.
    domain : str, default "condition_occurrence"
        The table to look in.
    take : {"last", "first"}, default "last"
        Which record of the window.
    name : str, optional
        The column's name; ``days_since_`` and the concept set's name when left out.
    """

    unit: ClassVar[str] = "days"
    dtype: ClassVar[str] = "Int64"

    _: KW_ONLY
    take: Literal["last", "first"] = "last"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_word("take", self.take, known=("last", "first"))

    @property
    def meaning(self) -> str:
        """What a value says."""
        return (
            f"Days from the {self.take} {self._records} to the index date, negative after it. "
            "Missing where there is none."
        )

    @property
    def requests(self) -> tuple[RecordRequest, ...]:
        """The first or last day."""
        return (self._asked(f"{self.take}_day"),)

    def combine(self, answers: Answers) -> "pd.api.extensions.ExtensionArray":
        """Count the days.

        Parameters
        ----------
        answers : mapping of Request to ndarray
            Those of `requests`.

        Returns
        -------
        array of Int64
            Missing where there is no record.
        """
        return whole_numbers(-answers[self.requests[0]])

    def _column(self, slugged: str) -> str:
        return f"days_since_{slugged}"
