"""What is measured, in which unit, and which values people have."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Lab:
    """One measurement: what men and women have, how much they differ, and how much one person varies."""

    concept_id: int
    unit_concept_id: int
    unit: str
    men: float
    women: float
    between: float
    """Coefficient of variation between persons."""
    within: float
    """Coefficient of variation within a person."""
    low: float
    high: float
    """Values are kept inside these."""
    decimals: int
    share: float
    """Share of all measurements."""
    normal: tuple[float, float] | None = None
    """The laboratory's range of normal values."""


CREATININE, HBA1C, GLUCOSE, HEMOGLOBIN, UREA, SYSTOLIC, HEIGHT, WEIGHT = 0, 1, 2, 3, 4, 13, 17, 18
LABS: tuple[Lab, ...] = (
    Lab(3016723, 8840, "mg/dL", 0.95, 0.75, 0.16, 0.07, 0.2, 20, 2, 0.09, (0.6, 1.2)),
    Lab(3004410, 8554, "%", 5.5, 5.4, 0.06, 0.03, 3.5, 18, 1, 0.05, (4.0, 5.6)),
    Lab(3004501, 8840, "mg/dL", 97, 94, 0.1, 0.12, 30, 900, 0, 0.09, (70, 99)),
    Lab(3000963, 8713, "g/dL", 15.0, 13.4, 0.06, 0.04, 4, 21, 1, 0.08, (12, 17)),
    Lab(3013682, 8840, "mg/dL", 15, 14, 0.22, 0.15, 3, 150, 0, 0.05, (7, 20)),
    Lab(3019550, 8753, "mmol/L", 140, 140, 0.01, 0.012, 110, 165, 0, 0.06, (135, 145)),
    Lab(3023103, 8753, "mmol/L", 4.2, 4.1, 0.05, 0.06, 2.2, 7.5, 1, 0.06, (3.5, 5.1)),
    Lab(3006923, 8645, "U/L", 26, 20, 0.4, 0.2, 3, 2000, 0, 0.04, (7, 56)),
    Lab(3013721, 8645, "U/L", 24, 21, 0.3, 0.2, 5, 2000, 0, 0.04, (10, 40)),
    Lab(3027114, 8840, "mg/dL", 188, 194, 0.17, 0.06, 70, 420, 0, 0.03, (0, 200)),
    Lab(3007070, 8840, "mg/dL", 46, 56, 0.2, 0.07, 15, 120, 0, 0.03, (40, 100)),
    Lab(3028437, 8840, "mg/dL", 115, 113, 0.24, 0.09, 20, 320, 0, 0.03, (0, 130)),
    Lab(3024929, 8848, "10*3/uL", 235, 255, 0.2, 0.09, 20, 900, 0, 0.06, (150, 400)),
    Lab(3004249, 8876, "mm[Hg]", 124, 119, 0.08, 0.07, 70, 240, 0, 0.08, None),
    Lab(3012888, 8876, "mm[Hg]", 77, 74, 0.08, 0.08, 35, 140, 0, 0.08, None),
    Lab(3027018, 8541, "/min", 72, 75, 0.1, 0.1, 35, 180, 0, 0.05, None),
    Lab(3020891, 586323, "Cel", 36.7, 36.8, 0.004, 0.008, 34.5, 41.5, 1, 0.03, None),
    Lab(3036277, 8582, "cm", 174, 161, 0.04, 0.002, 45, 210, 1, 0.02, None),
    Lab(3025315, 9529, "kg", 78, 65, 0.16, 0.02, 3, 200, 1, 0.03, None),
)

# Of the codes that 49 million results of five institutions had (over 4,000 of them), 80 accounted for 80 % and 784 for
# 99 % (Vreeman DJ, Finnell JT, Overhage JM. A rationale for parsimonious laboratory term mapping by frequency. AMIA
# Annu Symp Proc 2007:771-775). Shares that fall with the rank as 1 / (rank + 42.38) ** 2.5251 meet both counts.
_RANK_SHIFT, _RANK_POWER, MOST_CODES = 42.38, 2.5251, 4_000
FIRST_LOCAL_CONCEPT_ID = 2_000_000_001
"""Ids from 2,000,000,000 on are a site's own by OMOP's convention."""


def shares(local_tests: int) -> "np.ndarray":
    """Say how often each measurement is taken.

    Parameters
    ----------
    local_tests : int
        How many tests there are besides `LABS`.

    Returns
    -------
    ndarray of float64
        Of `LABS`, then of the local tests, from the most to the least frequent; the sum is 1.
    """
    import numpy as np

    named = np.array([lab.share for lab in LABS])
    of_rank = (np.arange(1, len(LABS) + local_tests + 1) + _RANK_SHIFT) ** -_RANK_POWER
    of_rank /= of_rank.sum()
    return np.concatenate([named / named.sum() * of_rank[: len(LABS)].sum(), of_rank[len(LABS) :]])


# Illness, measurement, and the factor by which it moves the person's usual value.
_EFFECTS: tuple[tuple[int, int, float], ...] = (
    (201826, HBA1C, 1.33),
    (201826, GLUCOSE, 1.55),
    (46271022, CREATININE, 1.45),
    (443597, CREATININE, 1.2),
    (443611, CREATININE, 2.6),
    (46271022, UREA, 1.5),
    (46271022, HEMOGLOBIN, 0.92),
    (439777, HEMOGLOBIN, 0.8),
    (320128, SYSTOLIC, 1.12),
    (433736, WEIGHT, 1.3),
    (4064161, 7, 1.8),
    (4064161, 12, 0.55),
    (432867, 11, 1.25),
)


def usual_values(
    *, female: "np.ndarray", age: "np.ndarray", ill: dict[int, "np.ndarray"], rng: "np.random.Generator"
) -> "np.ndarray":
    """Choose what each person usually has of each measurement.

    Parameters
    ----------
    female : ndarray of bool
        By person.
    age : ndarray of float
        Years, half-way through observation.
    ill : dict of int to ndarray of bool
        By illness: who has it by then.
    rng : Generator
        Where chance comes from.

    Returns
    -------
    ndarray of float32
        Persons by measurements.
    """
    import numpy as np

    by_sex = np.array([[lab.men, lab.women] for lab in LABS], np.float32)
    between = np.array([lab.between for lab in LABS], np.float32)
    spread = rng.standard_normal((len(female), len(LABS)), np.float32) * between
    usual = np.where(female[:, None], by_sex[:, 1], by_sex[:, 0]) * np.exp(spread - between**2 / 2)
    for concept_id, lab, factor in _EFFECTS:
        usual[:, lab] *= np.where(ill[concept_id], factor, 1).astype(np.float32)
    grown = np.clip(0.3 + 0.7 * (age / 17) ** 0.8, 0, 1).astype(np.float32)
    usual[:, HEIGHT] *= np.where(age < 17, grown, 1)
    usual[:, WEIGHT] *= np.where(age < 17, grown**2.5, 1)
    usual[:, CREATININE] *= np.where(age < 17, 0.35 + 0.65 * grown, 1 + 0.004 * np.clip(age - 50, 0, 45))
    usual[:, SYSTOLIC] *= 1 + 0.002 * np.clip(age - 40, -20, 45)
    return usual.astype(np.float32)
