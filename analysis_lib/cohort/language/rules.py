"""The short forms of inclusion rules."""

from dataclasses import dataclass

from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.domains import DOMAINS, Domain, in_words
from analysis_lib.cohort.language.fields import check_choice, check_days, check_type, count_of_days

__all__ = ["PriorObservation", "Washout"]


@dataclass(frozen=True)
class PriorObservation:
    """Keep those who had been observed for a while when they entered.

    Parameters
    ----------
    days : int
        The observation period that holds the index date must have begun at least so many days before it; 0 keeps all.
    """

    days: int

    def __post_init__(self) -> None:
        check_days("days of PriorObservation", self.days)

    def describe(self) -> str:
        """Say the part in words.

        Returns
        -------
        str
            One sentence.
        """
        return f"Keep those observed for at least {count_of_days(self.days)} before the index date."


@dataclass(frozen=True)
class Washout:
    """Keep those without a record of something in the days before the index date.

    The index date itself is not looked at. Records count whether or not the person was under observation then.

    Parameters
    ----------
    concept_set : ConceptSet
        What must not have been.
    domain : str
        The table to look in.
    days : int, optional
        How far to look back: from `days` days before the index date to the day before it; 0 keeps all. Any time
        before, if left out.
    """

    concept_set: ConceptSet
    domain: Domain
    days: int | None = None

    def __post_init__(self) -> None:
        check_type("concept_set of a Washout", self.concept_set, types=(ConceptSet,))
        check_choice("domain of a Washout", self.domain, known=DOMAINS)
        if self.days is not None:
            check_days("days of a Washout", self.days)

    def describe(self) -> str:
        """Say the part in words.

        Returns
        -------
        str
            One sentence.
        """
        when = "at any time" if self.days is None else f"in the {count_of_days(self.days)}"
        what = f"{in_words(self.domain)} of {self.concept_set.describe()}"
        return f"Keep those without a {what} {when} before the index date."
