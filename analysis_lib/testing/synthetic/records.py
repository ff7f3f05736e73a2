"""From lives to records: what a hospital writes down of a block of people, table by table."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis_lib.testing.synthetic.blocks import MISSING, Columns
from analysis_lib.testing.synthetic.illnesses import ACUTE, CANCERS, CHRONIC, CONSEQUENCES, PROCEDURES
from analysis_lib.testing.synthetic.lives import LAST_DAY, NEVER, YEAR, Lives

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INPATIENT, OUTPATIENT, EMERGENCY, INTENSIVE_CARE = 9201, 9202, 9203, 32037
EHR = 32817
DAY_US = 86_400_000_000
ACUTE_KIDNEY_INJURY = 197320
_DISCHARGE_SUMMARY = 44814637
SMOKER, NEVER_SMOKED = 4298794, 4144272
_SPAN = 1 << 17  # more days than anybody lives, to sort by person and day at once


@dataclass(frozen=True)
class Visits:
    """Visits in order of person and day."""

    person: "NDArray[np.int64]"
    start: "NDArray[np.int64]"
    end: "NDArray[np.int64]"
    concept: "NDArray[np.int64]"
    first: "NDArray[np.int64]"
    """By person: position of the first visit; one more entry at the end."""
    injured: "NDArray[np.float64]"
    """By visit: the factor by which creatinine rises during an admission; 1 for most."""

    def pick(self, person: "NDArray[np.int64]", *, rng: "np.random.Generator") -> "NDArray[np.int64]":
        """Choose a visit of each person.

        Parameters
        ----------
        person : ndarray of int
            Positions of people.
        rng : Generator
            Where chance comes from.

        Returns
        -------
        ndarray of int
            Positions of visits.
        """
        import numpy as np

        low = self.first[person]
        count = self.first[person + 1] - low
        return low + (rng.random(len(person)) * count).astype(np.int64)

    def since(self, person: "NDArray[np.int64]", day: "NDArray[np.int64]") -> "NDArray[np.int64]":
        """Find each person's first visit on or after a day.

        Parameters
        ----------
        person, day : ndarray of int
            Positions of people, and day numbers.

        Returns
        -------
        ndarray of int
            Positions of visits; that of the next person's first where there is none.
        """
        import numpy as np

        return np.searchsorted(self.person * _SPAN + self.start, person * _SPAN + np.minimum(day, LAST_DAY + 1))


def times(days: "NDArray[np.int64]", *, salt: int) -> "NDArray[np.int64]":
    """Give each row a time on its day, no two rows of a block the same time of day.

    Parameters
    ----------
    days : ndarray of int
        By row.
    salt : int
        So that tables differ.

    Returns
    -------
    ndarray of int
        Microseconds since 1970.
    """
    import numpy as np

    # The multiplier shares no factor with the milliseconds of a day, so nothing repeats for 86 million rows.
    row = np.arange(len(days), dtype=np.int64)
    return np.where(days == MISSING, MISSING, days * DAY_US + (row * 40_503_781 + salt) % 86_400_000 * 1000)


def draw_visits(lives: Lives, *, rng: "np.random.Generator") -> Visits:
    """Draw when people come, and for what kind of visit.

    Parameters
    ----------
    lives : Lives
        The people.
    rng : Generator
        Where chance comes from.

    Returns
    -------
    Visits
        At least one for each person.
    """
    import numpy as np

    n = len(lives)
    middle = (lives.start + lives.end) // 2
    burden = np.sum([days <= middle for days in lives.onset.values()], axis=0)
    age = (middle - lives.birth) / YEAR
    rate = (1.5 + 0.025 * age + 0.55 * burden) * rng.gamma(4, 0.25, n)
    count = 1 + rng.poisson(rate * lives.observed_days / YEAR)
    person = np.repeat(np.arange(n), count)
    start = lives.day_at(person, rng.random(len(person)))
    start = np.sort(person * _SPAN + start) - person * _SPAN
    chance = rng.random(len(person))
    admitted = 0.03 + 0.012 * burden[person]
    concept = np.where(chance < admitted, INPATIENT, np.where(chance < admitted + 0.08, EMERGENCY, OUTPATIENT))
    stay = np.where(concept == INPATIENT, 1 + rng.geometric(0.2, len(person)), 0)
    last = np.where(
        start < lives.gap_start[person], np.minimum(lives.gap_start[person] - 1, lives.end[person]), lives.end[person]
    )
    end = np.minimum(start + stay, last)
    kidney = lives.onset[46271022][person] <= start
    injured = (concept == INPATIENT) & (end - start >= 3) & (rng.random(len(person)) < np.where(kidney, 0.3, 0.1))
    factor = np.where(injured, 1.5 + rng.exponential(0.7, len(person)), 1.0)
    first = np.concatenate([[0], np.cumsum(count)])
    return Visits(person, start, end, concept, first, np.minimum(factor, 6))


def condition_rows(
    lives: Lives, visits: Visits, *, rng: "np.random.Generator"
) -> tuple[Columns, dict[int, "NDArray[np.int64]"]]:
    """Record illnesses.

    Parameters
    ----------
    lives : Lives
        The people.
    visits : Visits
        Their visits: every diagnosis is made at one.
    rng : Generator
        Where chance comes from.

    Returns
    -------
    rows : Columns
        condition_occurrence, `visit` and `person` being positions.
    diagnosed : dict of int to ndarray of int
        By illness: the first recorded day of each person; `NEVER` where there is none.
    """
    import numpy as np

    parts: list[tuple[NDArray[np.int64], int]] = []
    diagnosed = {}
    everyone = np.arange(len(lives))
    for illness in CHRONIC:
        low = visits.since(everyone, lives.onset[illness.concept_id])
        high = visits.first[1:]
        has = (lives.onset[illness.concept_id] <= lives.end) & (low < high)
        first_day = np.where(has, visits.start[np.minimum(low, len(visits.start) - 1)], NEVER)
        diagnosed[illness.concept_id] = first_day
        events = {illness.concept_id: illness.repeats_per_year}
        events |= {later: rate for cause, later, rate in CONSEQUENCES if cause == illness.concept_id}
        parts.append((low[has], illness.concept_id))
        for concept_id, rate in events.items():
            years = np.where(has, (lives.end - first_day) / YEAR, 0).clip(0)
            again = np.repeat(everyone, rng.poisson(rate * years))
            parts.append((low[again] + (rng.random(len(again)) * (high - low)[again]).astype(np.int64), concept_id))
    for concept_id, rate, _drug in ACUTE:
        sick = np.repeat(everyone, rng.poisson(rate * lives.observed_days / YEAR))
        parts.append((visits.pick(sick, rng=rng), concept_id))
    noticed = np.flatnonzero((visits.injured > 1) & (rng.random(len(visits.start)) < 0.5))
    parts.append((noticed, ACUTE_KIDNEY_INJURY))
    visit = np.concatenate([rows for rows, _ in parts])
    concept = np.repeat([concept_id for _, concept_id in parts], [len(rows) for rows, _ in parts])
    acute = np.isin(concept, [concept_id for concept_id, _, _ in ACUTE])
    person, start = visits.person[visit], visits.start[visit]
    lasting = np.minimum(start + 3 + (rng.random(len(visit)) * 11).astype(np.int64), lives.end[person])
    end = np.where(acute, lasting, MISSING)
    rows = {"person": person, "visit": visit, "condition_concept_id": concept, "condition_start_date": start}
    return Columns("condition_occurrence", rows | {"condition_end_date": end}), diagnosed


def drug_rows(
    lives: Lives, conditions: Columns, *, diagnosed: dict[int, "NDArray[np.int64]"], rng: "np.random.Generator"
) -> Columns:
    """Record dispensed drugs: refills of those taken for long, one box of the others.

    Parameters
    ----------
    lives : Lives
        The people.
    conditions : Columns
        Their diagnoses.
    diagnosed : dict of int to ndarray of int
        First recorded days, by illness.
    rng : Generator
        Where chance comes from.

    Returns
    -------
    Columns
        drug_exposure, `person` being a position.
    """
    import numpy as np

    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], int, int]] = []
    for illness in CHRONIC:
        for drug, share, supply, _dose in illness.drugs:
            begin = diagnosed[illness.concept_id] + (rng.random(len(lives)) * 30).astype(np.int64)
            user = np.flatnonzero((begin <= lives.end) & (rng.random(len(lives)) < share))
            stop = np.minimum(begin[user] + (rng.exponential(1800, len(user))).astype(np.int64), lives.end[user])
            interval = supply + 2 + (rng.random(len(user)) * 25).astype(np.int64)
            fills = 1 + (stop - begin[user]) // interval
            person = np.repeat(user, fills)
            number = np.arange(len(person)) - np.repeat(np.cumsum(fills) - fills, fills)
            parts.append((person, begin[person] + number * np.repeat(interval, fills), drug, supply))
    for concept_id, _rate, drug in ACUTE:
        if drug:
            sick = conditions.values["condition_concept_id"] == concept_id
            sick &= rng.random(len(sick)) < 0.6
            person = conditions.values["person"][sick]
            parts.append((person, conditions.values["condition_start_date"][sick], drug, 7))
    person = np.concatenate([rows for rows, _, _, _ in parts])
    start = np.concatenate([begun for _, begun, _, _ in parts])
    sizes = [len(rows) for rows, _, _, _ in parts]
    supplies = np.repeat([days for _, _, _, days in parts], sizes)
    rows = {
        "person": person,
        "drug_concept_id": np.repeat([drug for _, _, drug, _ in parts], sizes),
        "drug_exposure_start_date": start,
        "drug_exposure_end_date": np.minimum(start + supplies - 1, lives.end[person]),
        "days_supply": supplies,
        "quantity": supplies.astype(np.float64),
    }
    gap = (start >= lives.gap_start[person]) & (start < lives.gap_end[person])
    return Columns("drug_exposure", rows).take(np.flatnonzero(~gap))


def other_rows(
    lives: Lives, visits: Visits, *, diagnosed: dict[int, "NDArray[np.int64]"], rng: "np.random.Generator"
) -> dict[str, Columns]:
    """Record procedures, devices, observations, specimens, intensive care, notes, costs, insurance and episodes.

    Parameters
    ----------
    lives : Lives
        The people.
    visits : Visits
        Their visits.
    diagnosed : dict of int to ndarray of int
        First recorded days, by illness.
    rng : Generator
        Where chance comes from.

    Returns
    -------
    dict of str to Columns
        By table; `person` and `visit` are positions.
    """
    import numpy as np

    n_visits, everyone = len(visits.start), np.arange(len(lives))

    def at_visits(share: float) -> "NDArray[np.int64]":
        return np.flatnonzero(rng.random(n_visits) < share)

    def rows(table: str, visit: "NDArray[np.int64]", **values: Any) -> Columns:
        return Columns(table, {"person": visits.person[visit], "visit": visit, **values})

    procedure = np.concatenate([at_visits(0.2), np.flatnonzero(visits.injured > 3.5)])
    concepts, shares = zip(*PROCEDURES, strict=True)
    kind = rng.choice(np.array(concepts), len(procedure), p=shares)
    kind = np.where(visits.injured[procedure] > 3.5, 4120120, kind)
    smoker = rng.random(len(lives)) < 0.22
    asked = np.concatenate([visits.first[:-1], at_visits(0.05)])
    status = np.where(smoker[visits.person[asked]], SMOKER, NEVER_SMOKED)
    specimen, note = at_visits(0.1), at_visits(0.05)
    stays = np.flatnonzero(visits.concept == INPATIENT)
    intensive = stays[rng.random(len(stays)) < 0.12]
    paced = np.flatnonzero((diagnosed[313217] < NEVER) & (rng.random(len(lives)) < 0.08))
    device = visits.since(paced, diagnosed[313217][paced])
    two_days = np.minimum(visits.start[intensive] + 2, visits.end[intensive])
    tables = {
        "procedure_occurrence": rows(
            "procedure_occurrence", procedure, procedure_concept_id=kind, procedure_date=visits.start[procedure]
        ),
        "observation": rows("observation", asked, observation_concept_id=status, observation_date=visits.start[asked]),
        "specimen": rows(
            "specimen", specimen, specimen_concept_id=_all(4001225, specimen), specimen_date=visits.start[specimen]
        ),
        "note": rows("note", note, note_date=visits.start[note], note_class_concept_id=_all(_DISCHARGE_SUMMARY, note)),
        "visit_detail": rows(
            "visit_detail",
            intensive,
            visit_detail_concept_id=_all(INTENSIVE_CARE, intensive),
            visit_detail_start_date=visits.start[intensive],
            visit_detail_end_date=two_days,
        ),
        "device_exposure": rows(
            "device_exposure",
            device,
            device_concept_id=_all(2615795, device),
            device_exposure_start_date=visits.start[device],
        ),
        "payer_plan_period": Columns(
            "payer_plan_period",
            {"person": everyone, "payer_plan_period_start_date": lives.start, "payer_plan_period_end_date": lives.end},
        ),
        "episode": _episodes(lives, diagnosed),
    }
    tables["cost"] = rows("cost", stays, total_cost=np.round(800 + rng.gamma(2, 1500, len(stays)), 2))
    return tables


def _all(concept_id: int, like: "NDArray[np.int64]") -> "NDArray[np.int64]":
    import numpy as np

    return np.full(len(like), concept_id, np.int64)


def _episodes(lives: Lives, diagnosed: dict[int, "NDArray[np.int64]"]) -> Columns:
    """One disease episode from the diagnosis of each cancer to the end of observation."""
    import numpy as np

    people = {cancer: np.flatnonzero(diagnosed[cancer] < NEVER) for cancer in sorted(CANCERS)}
    person = np.concatenate(list(people.values()))
    rows = {
        "person": person,
        "episode_concept_id": _all(32533, person),
        "episode_object_concept_id": np.repeat(list(people), [len(found) for found in people.values()]),
        "episode_start_date": np.concatenate([diagnosed[cancer][found] for cancer, found in people.items()]),
        "episode_end_date": lives.end[person],
    }
    return Columns("episode", rows)
