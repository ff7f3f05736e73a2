"""Variables of records that last: drug exposures and visits, in days of a window."""

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from analysis_lib.features.requests import CoverRequest, RecordRequest
from analysis_lib.features.variable import Answers, OfConcepts, check_days, check_word

if TYPE_CHECKING:
    import numpy as np

DRUG_TABLES = ("drug_exposure", "drug_era")
VISIT_TABLES = ("visit_occurrence", "visit_detail")


@dataclass(frozen=True)
class DrugExposure(OfConcepts):
    """Days under a drug, or spells of it, in a window.

    An exposure lasts from its start to its end, both days included; without an end for its days of supply, and without
    these, or with more than 100 years of supply, for one day. Days that several exposures cover count once, and only
    those inside the window. An era goes on with an exposure that begins at most `max_gap_days` after the last day of
    those before it, as in OHDSI's scripts for drug_era, CohortMethod's eras and Circe; it counts if it reaches into the
    window at all.

    Parameters
    ----------
    concept_set : ConceptSet
        Which drugs.
    window : Window, default any time before the index date
        On which days.
    count : {"days", "eras"}, default "days"
        What to count.
    max_gap_days : int, default 30
        So many days after an exposure's last day may the next one of the same era begin. Days are counted without it.
    domain : {"drug_exposure", "drug_era"}, default "drug_exposure"
        The table to look in.
    name : str, optional
        The column's name; ``exposed_days_of_`` or ``eras_of_`` and the concept set's name when left out.
    """

    tables: ClassVar[tuple[str, ...]] = DRUG_TABLES
    dtype: ClassVar[str] = "int64"

    _: KW_ONLY
    count: Literal["days", "eras"] = "days"
    max_gap_days: int = 30
    domain: str = "drug_exposure"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_word("count", self.count, known=("days", "eras"))
        check_word("domain", self.domain, known=self.tables)
        check_days("max_gap_days", self.max_gap_days, least=0)

    @property
    def unit(self) -> str:
        """Days, or a count."""
        return "days" if self.count == "days" else "1"

    @property
    def meaning(self) -> str:
        """What a value says."""
        if self.count == "days":
            return f"Days exposed to {self.concept_set.name} {self.window}, each once. 0 where none, never missing."
        return (
            f"Eras of {self.concept_set.name}, gaps of {self.max_gap_days} days allowed, that reach into the days "
            f"{self.window}. 0 where none, never missing."
        )

    @property
    def requests(self) -> tuple[CoverRequest, ...]:
        """The days or eras."""
        gap = self.max_gap_days if self.count == "eras" else 0
        return (CoverRequest(self.domain, self.concept_set, self.window, self.count, gap),)

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
        return f"{'exposed_days' if self.count == 'days' else 'eras'}_of_{slugged}"


@dataclass(frozen=True)
class Visits(OfConcepts):
    """Visits that start in a window, or bed days in it.

    A bed day is a night spent: a stay from Monday to Wednesday has two, a day case none (the OECD's definition). Nights
    that several records cover count once, and only those inside the window. A stay without an end counts as a day case.

    Parameters
    ----------
    concept_set : ConceptSet
        Which kinds of visit, such as inpatient (9201).
    window : Window, default any time before the index date
        On which days.
    count : {"visits", "bed_days"}, default "visits"
        What to count.
    domain : {"visit_occurrence", "visit_detail"}, default "visit_occurrence"
        The table to look in.
    name : str, optional
        The column's name; ``visits_of_`` or ``bed_days_of_`` and the concept set's name when left out.
    """

    tables: ClassVar[tuple[str, ...]] = VISIT_TABLES
    dtype: ClassVar[str] = "int64"

    _: KW_ONLY
    count: Literal["visits", "bed_days"] = "visits"
    domain: str = "visit_occurrence"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_word("count", self.count, known=("visits", "bed_days"))
        check_word("domain", self.domain, known=self.tables)

    @property
    def unit(self) -> str:
        """Days, or a count."""
        return "days" if self.count == "bed_days" else "1"

    @property
    def meaning(self) -> str:
        """What a value says."""
        if self.count == "visits":
            return f"Visits ({self.concept_set.name}) that start {self.window}. 0 where none, never missing."
        return f"Nights of visits ({self.concept_set.name}) {self.window}, each once. 0 where none, never missing."

    @property
    def requests(self) -> tuple[RecordRequest | CoverRequest, ...]:
        """The visits or nights."""
        if self.count == "visits":
            return (RecordRequest(self.domain, self.concept_set, self.window, "records"),)
        return (CoverRequest(self.domain, self.concept_set, self.window, "nights"),)

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
        return f"{self.count}_of_{slugged}"
