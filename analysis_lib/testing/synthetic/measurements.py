"""Measurements: the table that makes an OMOP database big."""

from typing import TYPE_CHECKING

from analysis_lib.testing.synthetic.blocks import Columns
from analysis_lib.testing.synthetic.labs import CREATININE, LABS, usual_values
from analysis_lib.testing.synthetic.lives import YEAR, Lives
from analysis_lib.testing.synthetic.records import INPATIENT, Visits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TABLE = 1 << 12


def measurement_rows(
    lives: Lives,
    visits: Visits,
    *,
    per_person: float,
    skewed: int,
    rng: "np.random.Generator",
) -> Columns:
    """Record measurements at visits, and creatinine on each day of an admission.

    Parameters
    ----------
    lives : Lives
        The people.
    visits : Visits
        Their visits.
    per_person : float
        How many measurements a person has on average, besides those of admissions.
    skewed : int
        How many more the block's first person has.
    rng : Generator
        Where chance comes from.

    Returns
    -------
    Columns
        measurement; `person` and `visit` are positions.
    """
    import numpy as np

    middle = (lives.start + lives.end) // 2
    ill = {concept_id: days <= middle for concept_id, days in lives.onset.items()}
    usual = usual_values(female=lives.female, age=(middle - lives.birth) / YEAR, ill=ill, rng=rng)
    n_visits = visits.first[1:] - visits.first[:-1]
    # Who comes often is measured often; the mean stays as asked for.
    count = rng.poisson(per_person * n_visits / n_visits.mean())
    count[0] += skewed
    visit = visits.pick(np.repeat(np.arange(len(lives)), count), rng=rng)
    lab = _lab_table()[rng.integers(0, _TABLE, len(visit), dtype=np.uint16)]
    stay, day, rise = _admissions(visits)
    visit, lab = np.concatenate([visit, stay]), np.concatenate([lab, np.full(len(stay), CREATININE, np.uint8)])
    start = np.concatenate([visits.start[visit[: len(visit) - len(stay)]], day])
    person = visits.person[visit]
    facts = _facts()
    value = usual[person, lab] * (1 + facts["within"][lab] * rng.standard_normal(len(lab), np.float32))
    value[len(value) - len(rise) :] *= rise
    value = np.clip(value, facts["low"][lab], facts["high"][lab]).astype(np.float64)
    rounded = np.rint(value * facts["scale"][lab]) / facts["scale"][lab]
    rows = {
        "person": person,
        "visit": visit,
        "measurement_concept_id": facts["concept"][lab],
        "measurement_date": start,
        "value_as_number": rounded,
        "unit_concept_id": facts["unit"][lab],
        "range_low": facts["normal_low"][lab],
        "range_high": facts["normal_high"][lab],
        "unit_source_value": lab,
    }
    return Columns("measurement", rows, {"unit_source_value": [known.unit for known in LABS]})


def _lab_table() -> "NDArray[np.uint8]":
    """Spread the measurements over a table by their shares, so that one lookup draws one."""
    import numpy as np

    shares = np.cumsum([lab.share for lab in LABS])
    return np.searchsorted(shares / shares[-1], (np.arange(_TABLE) + 0.5) / _TABLE).astype(np.uint8)


def _facts() -> dict[str, "NDArray[np.float64]"]:
    import numpy as np

    nothing = (np.nan, np.nan)
    return {
        "concept": np.array([lab.concept_id for lab in LABS]),
        "unit": np.array([lab.unit_concept_id for lab in LABS]),
        "within": np.array([lab.within for lab in LABS], np.float32),
        "low": np.array([lab.low for lab in LABS], np.float32),
        "high": np.array([lab.high for lab in LABS], np.float32),
        "scale": np.array([10.0**lab.decimals for lab in LABS]),
        "normal_low": np.array([(lab.normal or nothing)[0] for lab in LABS], np.float64),
        "normal_high": np.array([(lab.normal or nothing)[1] for lab in LABS], np.float64),
    }


def _admissions(
    visits: Visits,
) -> tuple["NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.float32]"]:
    """Measure creatinine on the first days of each admission; after an injury it climbs for three days, then falls."""
    import numpy as np

    stay = np.flatnonzero(visits.concept == INPATIENT)
    days = np.minimum(visits.end[stay] - visits.start[stay] + 1, 8)
    visit = np.repeat(stay, days)
    number = np.arange(len(visit)) - np.repeat(np.cumsum(days) - days, days)
    course = np.array([0, 0.4, 0.8, 1, 0.9, 0.7, 0.5, 0.3], np.float32)[number]
    rise = (1 + (visits.injured[visit] - 1) * course).astype(np.float32)
    return visit, visits.start[visit] + number, rise
