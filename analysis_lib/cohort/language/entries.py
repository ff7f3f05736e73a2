"""What lets a person in."""

from dataclasses import KW_ONLY, dataclass
from typing import Literal

from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.domains import DOMAINS, Domain, in_words
from analysis_lib.cohort.language.events import CustomEra, Event
from analysis_lib.cohort.language.fields import check_choice, check_days, check_parts, check_type

__all__ = ["LIMITS", "OCCURRENCES", "Entry", "EntryEvent"]

OCCURRENCES = ("first", "every")
LIMITS = ("first", "every", "last")


@dataclass(frozen=True)
class EntryEvent:
    """What lets a person in: the start of a record is the index date.

    The start must lie in an observation period of the same person, first and last day of it included. Records without
    a start date are left out; the data quality report ("cohorthub data report") counts them, table by table.

    Parameters
    ----------
    concept_set : ConceptSet
        Which records count.
    domain : str
        The table to look in, such as ``"drug_era"``.
    occurrence : {"first", "every"}, default "first"
        ``"first"``: only the person's first such record ever, seen before anything else is asked of it; if that one
        lies outside observation, the person does not enter by a later one. ``"every"``: any record.
        Of records that start on one day, the one with the lowest record id is the earlier.
    """

    concept_set: ConceptSet
    domain: Domain
    occurrence: Literal["first", "every"] = "first"

    def __post_init__(self) -> None:
        check_type("concept_set of an EntryEvent", self.concept_set, types=(ConceptSet,))
        check_choice("domain of an EntryEvent", self.domain, known=DOMAINS)
        check_choice("occurrence of an EntryEvent", self.occurrence, known=OCCURRENCES)

    def describe(self) -> str:
        """Say the part in words.

        Returns
        -------
        str
            One sentence.
        """
        return (
            f"Enter on the first day of {self._which} of {self.concept_set.describe()}, "
            "if that day lies in an observation period of the person."
        )

    @property
    def _which(self) -> str:
        return f"{'the first' if self.occurrence == 'first' else 'any'} {in_words(self.domain)}"


@dataclass(frozen=True)
class Entry:
    """Several kinds of event that let a person in, and what must be observed around them.

    The short form for one kind of event with nothing more to say is `EntryEvent`.

    Parameters
    ----------
    events : tuple of Event or CustomEra
        Any of them lets a person in, if its first day lies in an observation period of the person.
    prior_days, post_days : int, default 0
        That period must have begun so many days before the event, and end so many days after it or later.
    limit : {"every", "first", "last"}, default "every"
        Which of a person's events so found are looked at; of several on one day the one with the lowest record id is
        the earlier.
    """

    events: tuple[Event | CustomEra, ...]
    _: KW_ONLY
    prior_days: int = 0
    post_days: int = 0
    limit: Literal["every", "first", "last"] = "every"

    def __post_init__(self) -> None:
        events = (self.events,) if isinstance(self.events, Event | CustomEra) else self.events
        object.__setattr__(self, "events", check_parts("events of an Entry", events, types=(Event, CustomEra), least=1))
        check_days("prior_days of an Entry", self.prior_days)
        check_days("post_days of an Entry", self.post_days)
        check_choice("limit of an Entry", self.limit, known=LIMITS)
