"""The cohort language: who is in the study, in a few frozen parts that read aloud, serialise and hash.

The words are OHDSI's: an entry event gives the index date, inclusion rules keep or remove, the exit ends the time in
the cohort. What each part means to the day is said at the part and shown by `tests/spec/`.
"""

import hashlib
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.fields import (
    check_choice,
    check_count,
    check_days,
    check_text,
    check_type,
    count_of_days,
)

__all__ = [
    "DOMAINS",
    "CohortDefinition",
    "Domain",
    "EndOfObservation",
    "EntryEvent",
    "FixedDuration",
    "PriorObservation",
    "Washout",
    "in_words",
]

Domain = Literal[
    "condition_era",
    "condition_occurrence",
    "device_exposure",
    "drug_era",
    "drug_exposure",
    "measurement",
    "observation",
    "procedure_occurrence",
    "visit_occurrence",
]
"""The tables of the OMOP CDM whose records can be events."""

DOMAINS: tuple[str, ...] = get_args(Domain)
OCCURRENCES = ("first", "every")


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
        Of records that start on one day, the one that ends first counts as the earlier (a record without an end ends
        on its first day), then the one with the lower record id.
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


@dataclass(frozen=True)
class EndOfObservation:
    """Leave the cohort on the last day of the observation period that holds the index date."""

    def describe(self) -> str:
        """Say the part in words.

        Returns
        -------
        str
            One sentence.
        """
        return "Leave on the last day of that observation period."


@dataclass(frozen=True)
class FixedDuration:
    """Leave the cohort a fixed number of days after the entry event, or when observation ends if that is earlier.

    Parameters
    ----------
    days : int
        Days to add; 0 with ``after="entry_end"`` is the last day of the entry record.
    after : {"entry_start", "entry_end"}, default "entry_start"
        Counted from the first or the last day of the entry record; a record without an end ends on its first day.
    """

    days: int
    after: Literal["entry_start", "entry_end"] = "entry_start"

    def __post_init__(self) -> None:
        check_days("days of FixedDuration", self.days)
        check_choice("after of FixedDuration", self.after, known=("entry_start", "entry_end"))

    def describe(self) -> str:
        """Say the part in words.

        Returns
        -------
        str
            One sentence.
        """
        anchor = "the index date" if self.after == "entry_start" else "the last day of the entry record"
        when = f"{count_of_days(self.days)} after {anchor}" if self.days else f"on {anchor}"
        return f"Leave {when}, or on the last day of that observation period if it is earlier."


InclusionRule = PriorObservation | Washout
Exit = EndOfObservation | FixedDuration


@dataclass(frozen=True)
class CohortDefinition:
    """Who is in the study, from when to when.

    The steps are taken in this order: records of the entry event; the person's first one (if asked); inside an
    observation period of that person; each inclusion rule in turn; the first remaining entry per person (if asked);
    the exit. Entries of one person that share a day are then joined into one record, so that nobody is in a cohort
    twice at once. If a day lies in several observation periods of one person (the CDM forbids it), the one that began
    first counts, then the one that ends last, then the one with the lower id.

    Parameters
    ----------
    name : str
        What people call it. The name carries no meaning: it is not part of the hash.
    entry : EntryEvent
        What lets a person in.
    inclusion_rules : tuple of rules, default ()
        `PriorObservation` and `Washout`, in the order in which the attrition table counts them.
    exit : EndOfObservation or FixedDuration, default EndOfObservation()
        What ends the time in the cohort.
    entries_per_person : {"first", "every"}, default "first"
        Whether a person can enter again.
    cohort_definition_id : int, default 1
        Number of the cohort in the OMOP cohort table. Like the name it is not part of the hash.
    """

    name: str
    entry: EntryEvent
    inclusion_rules: tuple[InclusionRule, ...] = ()
    exit: Exit = field(default_factory=EndOfObservation)
    entries_per_person: Literal["first", "every"] = "first"
    cohort_definition_id: int = 1

    def __post_init__(self) -> None:
        check_text("name of a CohortDefinition", self.name)
        check_type("entry of a CohortDefinition", self.entry, types=(EntryEvent,))
        object.__setattr__(self, "inclusion_rules", tuple(self.inclusion_rules))
        for rule in self.inclusion_rules:
            check_type("an inclusion rule", rule, types=(PriorObservation, Washout))
        check_type("exit of a CohortDefinition", self.exit, types=(EndOfObservation, FixedDuration))
        check_choice("entries_per_person", self.entries_per_person, known=OCCURRENCES)
        check_count("cohort_definition_id", self.cohort_definition_id)

    @classmethod
    def new_users(
        cls,
        drug: ConceptSet,
        *,
        washout_days: int,
        washout_of: ConceptSet | None = None,
        exit: Exit | None = None,  # noqa: A002 - the field's name
        cohort_definition_id: int = 1,
    ) -> "CohortDefinition":
        """Define the new users of a drug.

        They enter with the first drug era before which they had been observed for the whole washout, and had begun no
        era of the drug in it.

        Parameters
        ----------
        drug : ConceptSet
            The drug; the cohort gets its name.
        washout_days : int
            Length of the washout; 0 asks for none.
        washout_of : ConceptSet, optional
            What must not have been begun in the washout; `drug` when left out. Where two drugs are compared, both.
        exit : EndOfObservation or FixedDuration, optional
            What ends the time in the cohort; the end of observation when left out.
        cohort_definition_id : int, default 1
            Number of the cohort in the OMOP cohort table.

        Returns
        -------
        CohortDefinition
            The definition.
        """
        rules = (PriorObservation(washout_days), Washout(washout_of or drug, "drug_era", washout_days))
        return cls(
            drug.name,
            EntryEvent(drug, "drug_era", occurrence="every"),
            rules if washout_days else (),
            exit=exit or EndOfObservation(),
            cohort_definition_id=cohort_definition_id,
        )

    @property
    def concept_sets(self) -> tuple[ConceptSet, ...]:
        """The concept sets that the definition uses, each once, in order of use."""
        washouts = [rule.concept_set for rule in self.inclusion_rules if isinstance(rule, Washout)]
        return tuple(dict.fromkeys([self.entry.concept_set, *washouts]))

    @property
    def domains(self) -> tuple[str, ...]:
        """The event tables that the definition reads, each once."""
        washouts = [rule.domain for rule in self.inclusion_rules if isinstance(rule, Washout)]
        return tuple(dict.fromkeys([self.entry.domain, *washouts]))

    def describe(self) -> str:
        """Say the whole definition in plain sentences; `print` shows the same, with lines of 100 characters.

        Returns
        -------
        str
            The name, then one line per part.
        """
        return "\n".join([self.name, *(f"  {sentence}" for sentence in self._sentences())])

    def _sentences(self) -> Iterator[str]:
        yield self.entry.describe()
        for rule in self.inclusion_rules:
            yield rule.describe()
        if self.entries_per_person == "first" and self.entry.occurrence == "every":
            yield "Keep the first remaining entry of each person."
        yield self.exit.describe()

    def __str__(self) -> str:
        return "\n".join(
            textwrap.fill(line, width=100, initial_indent="  " * bool(number), subsequent_indent="    ")
            for number, line in enumerate([self.name, *self._sentences()])
        )

    @property
    def sha256(self) -> str:
        """Hash of what the definition means: of its canonical JSON without the names and the cohort's number.

        The order of inclusion rules is part of it, because the attrition table follows it.
        """
        from analysis_lib.cohort.language.documents import as_document, canonical_json, meaning_of

        document = as_document(self)
        if self.entry.occurrence == "first":
            document["entries_per_person"] = "first"  # there is one entry per person at most, whatever was said
        return hashlib.sha256(canonical_json(meaning_of(document)).encode()).hexdigest()

    def to_json(self) -> str:
        """Write the definition as JSON.

        Returns
        -------
        str
            Canonical: keys sorted, no spaces, so that equal definitions give equal text.
        """
        from analysis_lib.cohort.language.documents import as_document, canonical_json

        return canonical_json(as_document(self))

    @staticmethod
    def from_json(text: str) -> "CohortDefinition":
        """Read a definition that `to_json` wrote.

        Parameters
        ----------
        text : str
            The JSON.

        Returns
        -------
        CohortDefinition
            Equal to the one that was written.

        Raises
        ------
        InvalidDefinitionError
            If the text is no JSON, or has a part that the language does not know.
        """
        from analysis_lib.cohort.language.documents import read_definition

        return read_definition(text)


def in_words(domain: str) -> str:
    """Write the name of a table as people say it.

    Parameters
    ----------
    domain : str
        A table, such as ``drug_era``.

    Returns
    -------
    str
        Its name with spaces.
    """
    return domain.replace("_", " ")
