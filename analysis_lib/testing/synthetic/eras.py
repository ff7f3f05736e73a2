"""Eras: exposures or diagnoses of one person and concept, joined where at most 30 days lie between them."""

from typing import TYPE_CHECKING

from analysis_lib.testing.synthetic.blocks import MISSING, Columns
from analysis_lib.testing.synthetic.illnesses import CHRONIC

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_GAP_DAYS = 30
_MILLIGRAM = 8576


def drug_eras(drugs: Columns) -> tuple[Columns, Columns]:
    """Join drug exposures.

    Parameters
    ----------
    drugs : Columns
        drug_exposure.

    Returns
    -------
    drug_era : Columns
        With the number of exposures and the days without any.
    dose_era : Columns
        Of the drugs that are taken in one dose.
    """
    import numpy as np

    values = drugs.values
    eras = _join(
        values["person"],
        values["drug_concept_id"],
        start=values["drug_exposure_start_date"],
        end=values["drug_exposure_end_date"],
    )
    days = eras["end"] - eras["start"] + 1
    drug_era = {
        "person": eras["person"],
        "drug_concept_id": eras["concept"],
        "drug_era_start_date": eras["start"],
        "drug_era_end_date": eras["end"],
        "drug_exposure_count": eras["count"],
        "gap_days": np.maximum(days - eras["days"], 0),
    }
    doses = {drug: dose for illness in CHRONIC for drug, _, _, dose in illness.drugs if dose}
    dosed = np.flatnonzero(np.isin(eras["concept"], list(doses)))
    concept = eras["concept"][dosed]
    dose_era = {
        "person": eras["person"][dosed],
        "drug_concept_id": concept,
        "unit_concept_id": np.full(len(dosed), _MILLIGRAM),
        "dose_value": np.array([doses[drug] for drug in concept.tolist()], np.float64),
        "dose_era_start_date": eras["start"][dosed],
        "dose_era_end_date": eras["end"][dosed],
    }
    return Columns("drug_era", drug_era), Columns("dose_era", dose_era)


def condition_eras(conditions: Columns) -> Columns:
    """Join diagnoses.

    Parameters
    ----------
    conditions : Columns
        condition_occurrence; one without an end lasts its day.

    Returns
    -------
    Columns
        condition_era.
    """
    import numpy as np

    values = conditions.values
    start, end = values["condition_start_date"], values["condition_end_date"]
    eras = _join(
        values["person"], values["condition_concept_id"], start=start, end=np.where(end == MISSING, start, end)
    )
    rows = {
        "person": eras["person"],
        "condition_concept_id": eras["concept"],
        "condition_era_start_date": eras["start"],
        "condition_era_end_date": eras["end"],
        "condition_occurrence_count": eras["count"],
    }
    return Columns("condition_era", rows)


def _join(
    person: "NDArray[np.int64]",
    concept: "NDArray[np.int64]",
    *,
    start: "NDArray[np.int64]",
    end: "NDArray[np.int64]",
) -> dict[str, "NDArray[np.int64]"]:
    import numpy as np

    order = np.lexsort((end, start, concept, person))
    person, concept, start, end = person[order], concept[order], start[order], end[order]
    new = np.ones(len(person), bool)
    new[1:] = (person[1:] != person[:-1]) | (concept[1:] != concept[:-1])
    # The latest end so far within a person and concept: each group is lifted above the one before.
    lift = np.cumsum(new) * (1 << 20)
    latest = np.maximum.accumulate(end + lift) - lift
    begins = new.copy()
    begins[1:] |= start[1:] > latest[:-1] + _GAP_DAYS
    first = np.flatnonzero(begins)
    if not len(first):
        return dict.fromkeys(("person", "concept", "start", "end", "count", "days"), np.zeros(0, np.int64))
    last = np.append(first[1:], len(person)) - 1
    return {
        "person": person[first],
        "concept": concept[first],
        "start": start[first],
        "end": latest[last],
        "count": last - first + 1,
        "days": np.add.reduceat(end - start + 1, first),
    }
