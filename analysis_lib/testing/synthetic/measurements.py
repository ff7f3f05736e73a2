"""Measurements: the table that makes an OMOP database big."""

from typing import TYPE_CHECKING

from analysis_lib.testing.synthetic.blocks import Columns
from analysis_lib.testing.synthetic.labs import CREATININE, FIRST_LOCAL_CONCEPT_ID, LABS, shares, usual_values
from analysis_lib.testing.synthetic.lives import YEAR, Lives
from analysis_lib.testing.synthetic.records import INPATIENT, Visits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TABLE = 1 << 12
_LARGE_TABLE = 1 << 16  # the rarest of 784 tests has one place in it; of 4,000 the rarest have none


def measurement_rows(
    lives: Lives,
    visits: Visits,
    *,
    per_person: float,
    skewed: int,
    local_tests: int = 0,
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
    local_tests : int, default 0
        How many tests there are besides those of `LABS`.
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
    table = _lab_table(local_tests)
    lab = table[rng.integers(0, len(table), len(visit), dtype=np.uint16 if len(table) == _TABLE else np.uint32)]
    stay, day, rise = _admissions(visits)
    visit, lab = np.concatenate([visit, stay]), np.concatenate([lab, np.full(len(stay), CREATININE, lab.dtype)])
    start = np.concatenate([visits.start[visit[: len(visit) - len(stay)]], day])
    person = visits.person[visit]
    facts = _facts(local_tests)
    of_person = usual[person, np.minimum(lab, len(LABS) - 1)]
    value = np.where(lab < len(LABS), of_person, facts["usual"][lab])
    value *= 1 + facts["within"][lab] * rng.standard_normal(len(lab), np.float32)
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
    units = [lab.unit for lab in LABS] + [_LOCAL_UNIT] * local_tests
    return Columns("measurement", rows, {"unit_source_value": units})


def _lab_table(local_tests: int) -> "NDArray[np.uint16]":
    """Spread the measurements over a table by their shares, so that one lookup draws one."""
    import numpy as np

    size = _LARGE_TABLE if local_tests else _TABLE
    reached = np.cumsum(shares(local_tests))
    return np.searchsorted(reached / reached[-1], (np.arange(size) + 0.5) / size).astype(np.uint16)


_LOCAL_UNIT, _LOCAL_UNIT_CONCEPT_ID = "mg/dL", 8840


def _facts(local_tests: int) -> dict[str, "NDArray[np.float64]"]:
    """Lay out what is known of each test; local ones lie around usual values from 0.1 to 1,000."""
    import numpy as np

    nothing = (np.nan, np.nan)
    number = np.arange(local_tests)
    usual = 10 ** ((number * 7 % 41) / 10 - 1)
    alike = np.ones(local_tests)
    of_labs_and_others = {
        "concept": ([lab.concept_id for lab in LABS], FIRST_LOCAL_CONCEPT_ID + number),
        "unit": ([lab.unit_concept_id for lab in LABS], np.full(local_tests, _LOCAL_UNIT_CONCEPT_ID)),
        "scale": ([10.0**lab.decimals for lab in LABS], 100 * alike),
        "normal_low": ([(lab.normal or nothing)[0] for lab in LABS], 0.5 * usual),
        "normal_high": ([(lab.normal or nothing)[1] for lab in LABS], 1.5 * usual),
        "usual": ([lab.men for lab in LABS], usual),
        "within": ([lab.within for lab in LABS], 0.25 * alike),
        "low": ([lab.low for lab in LABS], 0.02 * alike),
        "high": ([lab.high for lab in LABS], 10_000 * alike),
    }
    single = ("usual", "within", "low", "high")
    facts = {name: np.concatenate([np.asarray(labs), others]) for name, (labs, others) in of_labs_and_others.items()}
    return {name: values.astype(np.float32) if name in single else values for name, values in facts.items()}


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
