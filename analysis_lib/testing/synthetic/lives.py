"""A block of people: sex, birth, observation, illnesses and death, as arrays. Days count from 1970-01-01."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis_lib.testing.synthetic.illnesses import CHRONIC, Chronic

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FIRST_DAY = 13_879
"""2008-01-01, when recording begins."""
LAST_DAY = 19_722
"""2023-12-31, when it ends."""
NEVER = 2**30
YEAR = 365.25


@dataclass(frozen=True)
class Lives:
    """What is true of each person of a block, recorded or not."""

    female: "NDArray[np.bool_]"
    birth: "NDArray[np.int64]"
    start: "NDArray[np.int64]"
    end: "NDArray[np.int64]"
    """Last day of observation; the day of death of those who die."""
    gap_start: "NDArray[np.int64]"
    """First day without observation; `NEVER` for most."""
    gap_end: "NDArray[np.int64]"
    """First day of the second period."""
    died: "NDArray[np.bool_]"
    onset: dict[int, "NDArray[np.int64]"]
    """By illness: the first day; `NEVER` where it never comes."""

    def __len__(self) -> int:
        """Count the people."""
        return len(self.birth)

    @property
    def observed_days(self) -> "NDArray[np.int64]":
        """Days under observation."""
        return self.end - self.start + 1 - self.gap_days

    @property
    def gap_days(self) -> "NDArray[np.int64]":
        """Days between the two periods of those who have two."""
        import numpy as np

        return np.where(self.gap_start == NEVER, 0, self.gap_end - self.gap_start)

    def ill(self, concept_id: int, *, by: "NDArray[np.int64]") -> "NDArray[np.bool_]":
        """Say who has an illness.

        Parameters
        ----------
        concept_id : int
            One of `CHRONIC`.
        by : ndarray of int
            The day, by person.

        Returns
        -------
        ndarray of bool
            By person.
        """
        return self.onset[concept_id] <= by

    def day_at(self, person: "NDArray[np.int64]", share: "NDArray[np.float64]") -> "NDArray[np.int64]":
        """Find days under observation.

        Parameters
        ----------
        person : ndarray of int
            Positions of people in the block.
        share : ndarray of float
            How far through their observed days, in [0, 1).

        Returns
        -------
        ndarray of int
            Day numbers, none of them in a gap.
        """
        import numpy as np

        day = self.start[person] + (share * self.observed_days[person]).astype(np.int64)
        return day + np.where(day >= self.gap_start[person], self.gap_days[person], 0)


def draw_lives(n: int, *, rng: "np.random.Generator") -> Lives:
    """Draw people.

    Parameters
    ----------
    n : int
        How many.
    rng : Generator
        Where chance comes from.

    Returns
    -------
    Lives
        Illnesses come with age and with one another, and deaths with age and illness.
    """
    import numpy as np

    female = rng.random(n) < 0.51
    child = rng.random(n) < 0.12
    age = np.where(child, rng.random(n) * 18, 18 + 70 * rng.beta(1.6, 1.9, n))
    start = FIRST_DAY + (rng.random(n) ** 1.3 * (LAST_DAY - FIRST_DAY - 400)).astype(np.int64)
    birth = start - (age * YEAR).astype(np.int64)
    end = np.minimum(start + 60 + (rng.exponential(3000, n)).astype(np.int64), LAST_DAY)
    frailty = rng.standard_normal(n)
    onset = _onsets(birth, female=female, frailty=frailty, rng=rng)
    illnesses = np.sum([days <= start for days in onset.values()], axis=0)
    death = start + _time_to_death(age, female=female, burden=0.16 * illnesses + 0.25 * frailty, rng=rng)
    died = death <= end
    end = np.where(died, death, end)
    days = end - start
    two = (rng.random(n) < 0.08) & (days > 800)
    gap_start = start + (days * (0.3 + 0.3 * rng.random(n))).astype(np.int64)
    gap_end = gap_start + 60 + (rng.random(n) * 240).astype(np.int64)
    return Lives(
        female=female,
        birth=birth,
        start=start,
        end=end,
        gap_start=np.where(two, gap_start, NEVER),
        gap_end=np.where(two, gap_end, NEVER),
        died=died,
        onset=onset,
    )


def _onsets(
    birth: "NDArray[np.int64]",
    *,
    female: "NDArray[np.bool_]",
    frailty: "NDArray[np.float64]",
    rng: "np.random.Generator",
) -> dict[int, "NDArray[np.int64]"]:
    import numpy as np

    onset: dict[int, NDArray[np.int64]] = {}
    for illness in CHRONIC:
        earliest = birth.copy()
        share = np.minimum(_share(illness, onset, birth=birth, female=female) * np.exp(0.3 * frailty), 0.97)
        drawn = rng.random(len(birth))
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.clip(drawn / share, 1e-9, 1 - 1e-9)
            age = illness.middle_age + illness.spread * np.log(odds / (1 - odds))
        # An illness that is the stage or the outcome of another does not come before it.
        for before, factor in illness.after:
            if factor >= 10:
                earliest = np.maximum(earliest, np.where(onset[before] < NEVER, onset[before] + 30, earliest))
        day = np.maximum(birth + (np.maximum(age, 0.1) * YEAR).astype(np.int64), earliest)
        onset[illness.concept_id] = np.where(drawn < share, day, NEVER)
    return onset


def _share(
    illness: Chronic,
    onset: dict[int, "NDArray[np.int64]"],
    *,
    birth: "NDArray[np.int64]",
    female: "NDArray[np.bool_]",
) -> "NDArray[np.float64]":
    """How likely each person ever gets an illness."""
    import numpy as np

    women = illness.share * 2 * illness.female / (1 + illness.female)
    share = np.where(female, women, illness.share * 2 - women)
    for before, factor in illness.after:
        share = share * np.where(onset[before] < birth + (illness.middle_age + 12) * YEAR, factor, 1)
    return share


def _time_to_death(
    age: "NDArray[np.float64]",
    *,
    female: "NDArray[np.bool_]",
    burden: "NDArray[np.float64]",
    rng: "np.random.Generator",
) -> "NDArray[np.int64]":
    """Draw the days until death from a hazard that grows by 9 % a year of age."""
    import numpy as np

    growth = 0.088
    hazard = np.where(female, 1.9e-5, 2.8e-5) * np.exp(growth * age + burden)
    years = np.log1p(-growth * np.log1p(-rng.random(len(age))) / hazard) / growth
    days: NDArray[np.int64] = np.maximum(years * YEAR, 1).astype(np.int64)
    return days
