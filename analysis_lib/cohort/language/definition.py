"""The cohort language: who is in the study, in a few frozen parts that read aloud, serialise and hash.

The words are OHDSI's: an entry event gives the index date, inclusion rules keep or remove, the exit ends the time in
the cohort. What each part means to the day is said at the part and shown by `tests/spec/`. Nothing in a definition is
ever evaluated as code.
"""

import textwrap
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from analysis_lib.cohort.exits import CensorWindow, ContinuousExposure, EndOfObservation, FixedDuration
from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.criteria import Group, InclusionRule
from analysis_lib.cohort.language.entries import LIMITS, Entry, EntryEvent
from analysis_lib.cohort.language.events import CustomEra, Event
from analysis_lib.cohort.language.fields import (
    check_choice,
    check_count,
    check_days,
    check_parts,
    check_text,
    check_type,
)
from analysis_lib.cohort.language.rules import PriorObservation, Washout
from analysis_lib.tables import html_table

if TYPE_CHECKING:
    from analysis_lib.cohort.language.differences import Differences

__all__ = ["CohortDefinition"]

Rule = PriorObservation | Washout | InclusionRule
Exit = EndOfObservation | FixedDuration | ContinuousExposure
_RULES = (PriorObservation, Washout, InclusionRule)
_EXITS = (EndOfObservation, FixedDuration, ContinuousExposure)
_ENTRIES = (EntryEvent, Entry, Event, CustomEra)


@dataclass(frozen=True)
class CohortDefinition:
    """Who is in the study, from when to when.

    The steps are taken in this order: records of the entry event; the person's first one (if asked); inside an
    observation period of that person; each inclusion rule in turn; the first remaining entry per person (if asked);
    the exit. Entries of one person that share a day are then joined into one record, so that nobody is in a cohort
    twice at once. If an entry lies in several observation periods of one person (the CDM forbids it), it counts once in
    each: first in the one that began first, then in the one that ends last.

    Parameters
    ----------
    name : str
        What people call it. The name carries no meaning: it is not part of the hash.
    entry : EntryEvent, Entry, Event or CustomEra
        What lets a person in.
    inclusion_rules : tuple of rules, default ()
        `PriorObservation`, `Washout` and `InclusionRule`, in the order in which the attrition table counts them.
    exit : EndOfObservation, FixedDuration or ContinuousExposure, default EndOfObservation()
        What ends the time in the cohort.
    entries_per_person : {"first", "every", "last"}, default "first"
        Whether a person can enter again, or which of the remaining entries counts.
    cohort_definition_id : int, default 1
        Number of the cohort in the OMOP cohort table. Like the name it is not part of the hash.
    qualifying : Group, optional
        What must be found around an entry event before inclusion rules are counted.
    qualified_limit : {"every", "first", "last"}, default "every"
        Which of a person's qualifying entries go on; it needs `qualifying`.
    censoring_events : tuple of Event or CustomEra, default ()
        Events after the index date that end the time in the cohort, if they come before the exit.
    era_pad_days : int, default 0
        Records of one person that lie at most so many days apart are joined into one.
    censor_window : CensorWindow, optional
        Calendar dates outside which nobody is in the cohort.
    """

    name: str
    entry: EntryEvent | Entry | Event | CustomEra
    inclusion_rules: tuple[Rule, ...] = ()
    exit: Exit = field(default_factory=EndOfObservation)
    entries_per_person: Literal["first", "every", "last"] = "first"
    cohort_definition_id: int = 1
    _: KW_ONLY
    qualifying: Group | None = None
    qualified_limit: Literal["every", "first", "last"] = "every"
    censoring_events: tuple[Event | CustomEra, ...] = ()
    era_pad_days: int = 0
    censor_window: CensorWindow | None = None

    def __post_init__(self) -> None:
        from analysis_lib.cohort.language.tree import check_tree

        check_text("name of a CohortDefinition", self.name)
        check_type("entry of a CohortDefinition", self.entry, types=_ENTRIES)
        rules = check_parts("inclusion_rules", self.inclusion_rules, types=_RULES)
        object.__setattr__(self, "inclusion_rules", rules)
        check_type("exit of a CohortDefinition", self.exit, types=_EXITS)
        check_choice("entries_per_person", self.entries_per_person, known=LIMITS)
        check_count("cohort_definition_id", self.cohort_definition_id)
        check_type("qualifying", self.qualifying, types=(Group, type(None)))
        known = LIMITS if self.qualifying is not None else ("every",)  # without a group Circe passes over the limit
        check_choice("qualified_limit", self.qualified_limit, known=known)
        events = check_parts("censoring_events", self.censoring_events, types=(Event, CustomEra))
        object.__setattr__(self, "censoring_events", events)
        check_days("era_pad_days", self.era_pad_days)
        check_type("censor_window", self.censor_window, types=(CensorWindow, type(None)))
        check_tree(self)

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
        exit : EndOfObservation, FixedDuration or ContinuousExposure, optional
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
        from analysis_lib.cohort.language.compiled import compile_definition

        compiled = compile_definition(self)
        computed = [each for value in compiled.computed for each in value.concept_sets.values()]
        return tuple(dict.fromkeys([*compiled.concept_sets.values(), *computed]))

    def describe(self) -> str:
        """Say the whole definition in plain sentences; `print` shows the same, with lines of 100 characters.

        Returns
        -------
        str
            The name, then one line per part.
        """
        return "\n".join([self.name, *(f"  {'  ' * depth}{sentence}" for depth, sentence in self._sentences())])

    def _sentences(self) -> list[tuple[int, str]]:
        from analysis_lib.cohort.language.sentences import sentences_of

        return sentences_of(self)

    def __str__(self) -> str:
        return "\n".join(
            textwrap.fill(line, width=100, initial_indent="  " * depth, subsequent_indent="  " * (depth + 1))
            for depth, line in [(0, self.name), *((depth + 1, line) for depth, line in self._sentences())]
        )

    def _repr_html_(self) -> str:
        rows = [["  " * depth + line] for depth, line in self._sentences()]
        notes = [f"Definition: {self.sha256[:12]}."]
        return html_table([""], rows, caption=f"Cohort definition: {self.name}", notes=notes)

    @property
    def sha256(self) -> str:
        """Hash of what the definition means.

        Names, descriptions and numbers carry no meaning, nor do the order of criteria in a group, of entry events and
        of concepts, or a repetition in a group of "all" or "any"; two ways to say the same have the same hash. The
        order of inclusion rules is part of it, because the attrition table follows it.
        """
        from analysis_lib.cohort.language.meaning import hash_of

        return hash_of(self)

    def difference(self, other: "CohortDefinition") -> "Differences":
        """Say what changed from this definition to another one.

        Parameters
        ----------
        other : CohortDefinition
            The later one.

        Returns
        -------
        Differences
            Sentences to print, and a form for machines.
        """
        from analysis_lib.cohort.language.differences import difference

        return difference(self, other)

    def to_json(self) -> str:
        """Write the definition as JSON.

        Returns
        -------
        str
            Canonical: keys sorted, no spaces, defaults left out, so that equal definitions give equal text.
        """
        from analysis_lib.cohort.language.documents import as_document, canonical_json

        return canonical_json(as_document(self))

    def to_circe(self) -> dict[str, Any]:
        """Write the definition as Circe JSON, which ATLAS imports.

        Returns
        -------
        dict
            Ready for ``json.dump``. Concept sets are numbered in order of use.

        Raises
        ------
        CirceError
            If the definition uses a computed value, which Circe cannot say.
        """
        from analysis_lib.cohort.language.circe_writing import as_circe

        return as_circe(self)

    @staticmethod
    def from_circe(
        document: str | dict[str, Any], *, name: str | None = None, cohort_definition_id: int | None = None
    ) -> "CohortDefinition":
        """Read a definition that ATLAS exported.

        What only people and tools read (names and codes of concepts, dates of change, the CDM's version range) is
        passed over, as are concept sets that nothing uses; all else must be known.

        Parameters
        ----------
        document : str or dict
            Circe JSON: the expression, or an export with the expression in it.
        name : str, optional
            What to call it; the name in the document, else ``"cohort"``, when left out.
        cohort_definition_id : int, optional
            Number of the cohort; the one in the document, else 1, when left out.

        Returns
        -------
        CohortDefinition
            The definition.

        Raises
        ------
        CirceError
            If something in the document is not known; its place is named.
        """
        from analysis_lib.cohort.language.circe_reading import read_circe

        definition = read_circe(document)
        return replace(
            definition,
            name=definition.name if name is None else name,
            cohort_definition_id=(
                definition.cohort_definition_id if cohort_definition_id is None else cohort_definition_id
            ),
        )

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

        definition: CohortDefinition = read_definition(text)
        return definition
