"""The cases of a quality indicator: each with its unit, and whether what is looked for came in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import pandas as pd

from analysis_lib.cohort import Cohort, CohortDefinition, ConceptSet, build_cohort
from analysis_lib.cohort.exits import FixedDuration
from analysis_lib.cohort.language import Entry, Event
from analysis_lib.errors import InvalidDefinitionError
from analysis_lib.features import Flag, baseline
from analysis_lib.models.arguments import checked_choice
from analysis_lib.report.shipped.care_units import UnitKind, name_units
from analysis_lib.windows import Window

if TYPE_CHECKING:
    from analysis_lib.catalog import Dataset

__all__ = ["IndicatorCases", "concepts_by_id", "indicator_cases"]


@dataclass(frozen=True, eq=False, repr=False)
class IndicatorCases:
    """The cases of an indicator.

    Attributes
    ----------
    cohort : Cohort
        All cases of the release, whatever their date.
    frame : DataFrame
        One row per case in the time asked for: ``subject_id``, ``cohort_start_date``, ``unit`` (text, missing where the
        record names none) and ``event`` (bool).
    unit : str
        What the units are.
    without_unit : int
        Cases that name no unit.
    first_date, last_date : str
        The time asked for, ISO 8601.
    """

    cohort: Cohort
    frame: pd.DataFrame
    unit: UnitKind
    without_unit: int
    first_date: str
    last_date: str

    @property
    def n_persons(self) -> int:
        """Distinct persons of the cases in the time asked for."""
        return int(self.frame["subject_id"].nunique())

    @property
    def persons(self) -> dict[str, int]:
        """Distinct persons, of all cases, those with the event and those without a unit; what `Report` declares."""
        masks = {"events": self.frame["event"], "without unit": self.frame["unit"].isna()}
        parts = {name: int(self.frame.loc[mask, "subject_id"].nunique()) for name, mask in masks.items()}
        return {"all": self.n_persons, **parts}

    def in_words(self) -> str:
        """Say how the cases in the time asked for follow from all cases of the release.

        Returns
        -------
        str
            A sentence.
        """
        return (
            f"Of these {self.cohort.n_persons:,} persons, {self.n_persons:,} have {len(self.frame):,} cases that begin "
            f"from {self.first_date} to {self.last_date}."
        )

    def problem(self, *, fewest_persons: int = 0) -> str:
        """Say why there is nothing to compare.

        Parameters
        ----------
        fewest_persons : int, default 0
            Units of fewer distinct persons are not shown alone.

        Returns
        -------
        str
            A sentence; empty where units can be compared.
        """
        unit = self.unit.replace("_", " ")
        if pd.Timestamp(self.last_date) < pd.Timestamp(self.first_date):
            return "The last day lies before the first: there can be no case. Give the days the other way round."
        if self.frame.empty:
            return "There is no case in this time: nothing can be compared."
        if self.without_unit == len(self.frame):
            return f"None of the {len(self.frame):,} cases names its {unit}: no units can be compared."
        known = self.frame.dropna(subset=["unit"])
        enough = known[known.groupby("unit")["subject_id"].transform("nunique") >= fewest_persons]
        if enough.empty:
            return f"No {unit} has {fewest_persons:,} persons with a case: none can be shown."
        if enough["event"].nunique() < 2:
            which = "every" if enough["event"].iloc[0] else "no"
            return f"What is looked for came in {which} one of the {len(enough):,} cases: there is nothing to compare."
        return ""


def concepts_by_id(concept_ids: Sequence[int], dataset: "Dataset") -> ConceptSet:
    """Make a concept set of some concepts and all below them, called by their names.

    Parameters
    ----------
    concept_ids : sequence of int
        OMOP concepts.
    dataset : Dataset
        The release whose vocabulary names them.

    Returns
    -------
    ConceptSet
        Such as ``Amoxicillin or Penicillin V``.

    Raises
    ------
    InvalidDefinitionError
        If there are none.
    UnknownConceptError
        If one is not in the vocabulary.
    """
    if not concept_ids:
        raise InvalidDefinitionError("a concept set needs concepts; found none. Give at least one concept id.")
    each = [ConceptSet.of_concept(concept_id, dataset) for concept_id in concept_ids]
    return ConceptSet(" or ".join(one.name for one in each), [item for one in each for item in one.items])


def indicator_cases(
    dataset: "Dataset",
    *,
    cases: ConceptSet,
    case_table: str,
    events: ConceptSet,
    event_table: str,
    within_days: int,
    unit: UnitKind,
    first_date: str,
    last_date: str,
) -> IndicatorCases:
    """Find the cases of an indicator: records of one kind, and whether a record of another followed in time.

    A case is a record in an observation period that goes on for the days in which the event is looked for. Records of
    one person in whose days the next one begins are one case.

    Parameters
    ----------
    dataset : Dataset
        The release.
    cases : ConceptSet
        What makes a case.
    case_table : str
        The table to look in.
    events : ConceptSet
        What is looked for.
    event_table : str
        The table to look in.
    within_days : int
        From the day of the case to so many days after it, both included.
    unit : {"care_site", "provider", "ward", "location", "age_group", "sex"}
        What the units are: care site or provider of the visit on that day, care site of the visit detail, the person's
        location, age group or sex.
    first_date, last_date : str
        First and last day of a case, ISO 8601.

    Returns
    -------
    IndicatorCases
        Possibly none.

    Raises
    ------
    ModelInputError
        If the unit is not known.
    """
    checked_choice(unit, "unit", known=get_args(UnitKind))
    definition = CohortDefinition(
        cases.name,
        Entry((Event(cases, case_table),), post_days=within_days),
        exit=FixedDuration(within_days),
        entries_per_person="every",
    )
    cohort = build_cohort(definition, dataset)
    flag = Flag(events, Window(0, within_days), domain=event_table, name="event")
    frame = baseline(cohort, flag).to_pandas()
    asked = frame["cohort_start_date"].between(pd.Timestamp(first_date), pd.Timestamp(last_date))
    frame = frame[asked].reset_index(drop=True)
    frame["unit"] = name_units(frame, dataset, unit=unit)
    kept = frame[["subject_id", "cohort_start_date", "unit", "event"]]
    return IndicatorCases(cohort, kept, unit, int(kept["unit"].isna().sum()), first_date, last_date)
