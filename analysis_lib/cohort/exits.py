"""What ends the time in the cohort."""

from dataclasses import KW_ONLY, dataclass
from datetime import date
from typing import Literal

from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.fields import (
    as_date,
    check_choice,
    check_days,
    check_offset,
    check_type,
    count_of_days,
)
from analysis_lib.errors import InvalidDefinitionError

__all__ = ["CensorWindow", "ContinuousExposure", "EndOfObservation", "FixedDuration"]


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
        Days to add; 0 with ``after="entry_end"`` is the last day of the entry record, and -1 the day before it.
    after : {"entry_start", "entry_end"}, default "entry_start"
        Counted from the first or the last day of the entry record. A record without an end ends as in Circe: drugs
        after their days of supply; conditions, devices, and records that have no end of their own, the day after their
        start. A visit or an era without an end gives no time in the cohort.
    """

    days: int
    after: Literal["entry_start", "entry_end"] = "entry_start"

    def __post_init__(self) -> None:
        check_offset("days of FixedDuration", self.days)
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


@dataclass(frozen=True)
class ContinuousExposure:
    """Leave the cohort when the use of a drug that was going on at entry ends, or when observation ends.

    Exposures, by concept or by source concept, that lie close together count as one use. One ends with its record's
    end, else after its days of supply, else the day after its start.

    Parameters
    ----------
    concept_set : ConceptSet
        The drug.
    gap_days : int, default 30
        The most days without supply that leave the use unbroken.
    offset_days : int, default 0
        Days added to the end of every exposure, before gaps are looked at; so they bridge gaps, too.
    days_supply : int, optional
        Days that every exposure is taken to last, whatever its record says.
    """

    concept_set: ConceptSet
    _: KW_ONLY
    gap_days: int = 30
    offset_days: int = 0
    days_supply: int | None = None

    def __post_init__(self) -> None:
        check_type("concept_set of ContinuousExposure", self.concept_set, types=(ConceptSet,))
        check_days("gap_days of ContinuousExposure", self.gap_days)
        check_offset("offset_days of ContinuousExposure", self.offset_days)
        if self.days_supply is not None:
            check_days("days_supply of ContinuousExposure", self.days_supply)

    def describe(self) -> str:
        """Say the part in words.

        Returns
        -------
        str
            One sentence.
        """
        lasting = f" (each exposure lasts {count_of_days(self.days_supply)})" if self.days_supply is not None else ""
        offset = ""
        if self.offset_days:
            less = "less" if self.offset_days < 0 else "more"
            offset = f" (each exposure counts {count_of_days(abs(self.offset_days))} {less})"
        return (
            f"Leave when the use of {self.concept_set.describe()} ends, with gaps of up to "
            f"{count_of_days(self.gap_days)}{lasting}{offset}, or on the last day of that observation period if it is "
            "earlier."
        )


@dataclass(frozen=True)
class CensorWindow:
    """Calendar dates outside which nobody is in the cohort: records are cut to them, or left out.

    Parameters
    ----------
    start, end : date, optional
        First and last day; dates, or text such as ``"2020-03-01"``.
    """

    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, as_date(f"{name} of a CensorWindow", getattr(self, name)))
        if self.start is None and self.end is None:
            raise InvalidDefinitionError("a CensorWindow must have a start or an end; got neither. Leave it out.")
