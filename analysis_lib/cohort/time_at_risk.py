"""The days on which an outcome counts."""

from dataclasses import dataclass
from typing import Literal

from analysis_lib.cohort.language.fields import check_choice, check_days, count_of_days

ENDS = ("observation_end", "cohort_end")


@dataclass(frozen=True)
class TimeAtRisk:
    """The days on which an outcome counts. First and last day are both at risk.

    Parameters
    ----------
    starts_after_days : int, default 0
        First day at risk: so many days after the index date; 0 is the index date itself.
    ends : {"observation_end", "cohort_end"}, default "observation_end"
        Last day at risk: the last one of the observation period that holds the index date, or the cohort end date.
    at_most_days : int, optional
        No more days at risk than this. No limit when left out.
    """

    starts_after_days: int = 0
    ends: Literal["observation_end", "cohort_end"] = "observation_end"
    at_most_days: int | None = None

    def __post_init__(self) -> None:
        check_days("starts_after_days of TimeAtRisk", self.starts_after_days)
        check_choice("ends of TimeAtRisk", self.ends, known=ENDS)
        if self.at_most_days is not None:
            check_days("at_most_days of TimeAtRisk", self.at_most_days, least=1)

    @classmethod
    def named(cls, name: str) -> "TimeAtRisk":
        """Look up a time at risk by the word that reports use for it.

        Parameters
        ----------
        name : {"observation_end", "on_treatment", "one_year"}
            From the index date to the end of observation, to the cohort end date, or for 365 days at most.

        Returns
        -------
        TimeAtRisk
            Starting on the index date.

        Raises
        ------
        InvalidDefinitionError
            If there is no such word.
        """
        named = {
            "observation_end": cls(),
            "on_treatment": cls(ends="cohort_end"),
            "one_year": cls(at_most_days=365),
        }
        check_choice("time at risk", name, known=named)
        return named[name]

    def describe(self) -> str:
        """Say in words which days are at risk.

        Returns
        -------
        str
            One sentence.
        """
        start = f"{count_of_days(self.starts_after_days)} after the index date" if self.starts_after_days else ""
        end = "the end of observation" if self.ends == "observation_end" else "the cohort end date"
        limit = "" if self.at_most_days is None else f", {count_of_days(self.at_most_days)} at most"
        return f"At risk from {start or 'the index date'} to {end}{limit}, both days included."

    def __str__(self) -> str:
        return self.describe()
