"""From positions in a block to a table's columns: ids, types, times, and what the model requires."""

from typing import TYPE_CHECKING

from analysis_lib.testing.synthetic.blocks import Columns
from analysis_lib.testing.synthetic.lives import NEVER, Lives
from analysis_lib.testing.synthetic.records import DAY_US, EHR, Visits, times

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROVIDERS, CARE_SITES, LOCATIONS = 50, 10, 20
_TYPES = {
    "condition_occurrence": "condition_type_concept_id",
    "drug_exposure": "drug_type_concept_id",
    "procedure_occurrence": "procedure_type_concept_id",
    "device_exposure": "device_type_concept_id",
    "measurement": "measurement_type_concept_id",
    "observation": "observation_type_concept_id",
    "specimen": "specimen_type_concept_id",
    "visit_detail": "visit_detail_type_concept_id",
    "visit_occurrence": "visit_type_concept_id",
    "note": "note_type_concept_id",
    "cost": "cost_type_concept_id",
    "episode": "episode_type_concept_id",
    "observation_period": "period_type_concept_id",
    "death": "death_type_concept_id",
}
_STARTS = {
    "condition_occurrence": "condition_start_date",
    "drug_exposure": "drug_exposure_start_date",
    "procedure_occurrence": "procedure_date",
    "device_exposure": "device_exposure_start_date",
    "measurement": "measurement_date",
    "observation": "observation_date",
    "specimen": "specimen_date",
    "visit_detail": "visit_detail_start_date",
    "visit_occurrence": "visit_start_date",
    "note": "note_date",
}


def person_columns(lives: Lives, *, ids: "NDArray[np.int64]", rng: "np.random.Generator") -> Columns:
    """Make the person table.

    Parameters
    ----------
    lives : Lives
        The people.
    ids : ndarray of int
        Their ids.
    rng : Generator
        Where chance comes from.

    Returns
    -------
    Columns
        One row a person.
    """
    import numpy as np

    n = len(lives)
    birth = lives.birth.astype("datetime64[D]")
    month = birth.astype("datetime64[M]")
    year = birth.astype("datetime64[Y]").astype(np.int64) + 1970
    rows = {
        "person_id": ids,
        "gender_concept_id": np.where(lives.female, 8532, 8507),
        "year_of_birth": year,
        "month_of_birth": month.astype(np.int64) % 12 + 1,
        "day_of_birth": (birth - month).astype(np.int64) + 1,
        "race_concept_id": np.where(rng.random(n) < 0.5, 8515, 8527),
        "ethnicity_concept_id": np.full(n, 38003564),
        "location_id": 1 + rng.integers(0, LOCATIONS, n),
        "gender_source_value": lives.female.astype(np.int8),
    }
    return Columns("person", rows, {"gender_source_value": ["M", "F"]})


def period_columns(lives: Lives) -> Columns:
    """Make the observation periods: one a person, two where there is a gap.

    Parameters
    ----------
    lives : Lives
        The people.

    Returns
    -------
    Columns
        `person` is a position.
    """
    import numpy as np

    two = np.flatnonzero(lives.gap_start != NEVER)
    everyone = np.arange(len(lives))
    rows = {
        "person": np.concatenate([everyone, two]),
        "observation_period_start_date": np.concatenate([lives.start, lives.gap_end[two]]),
        "observation_period_end_date": np.concatenate([np.minimum(lives.end, lives.gap_start - 1), lives.end[two]]),
    }
    return Columns("observation_period", rows)


def death_columns(lives: Lives) -> Columns:
    """Make the death table.

    Parameters
    ----------
    lives : Lives
        The people.

    Returns
    -------
    Columns
        `person` is a position.
    """
    import numpy as np

    died = np.flatnonzero(lives.died)
    return Columns("death", {"person": died, "death_date": lives.end[died], "death_datetime": lives.end[died] * DAY_US})


def visit_columns(visits: Visits) -> Columns:
    """Make the visit table.

    Parameters
    ----------
    visits : Visits
        The visits.

    Returns
    -------
    Columns
        `person` is a position.
    """
    import numpy as np

    number = np.arange(len(visits.start))
    rows = {
        "person": visits.person,
        "visit_concept_id": visits.concept,
        "visit_start_date": visits.start,
        "visit_end_date": visits.end,
        "provider_id": 1 + number % PROVIDERS,
        "care_site_id": 1 + number % CARE_SITES,
    }
    return Columns("visit_occurrence", rows)


def finish(columns: Columns, *, person_ids: "NDArray[np.int64]", first_visit: int, first_key: int) -> Columns:
    """Fill in what a table needs besides its content.

    Parameters
    ----------
    columns : Columns
        Rows whose `person` and `visit` are positions in the block.
    person_ids : ndarray of int
        By position.
    first_visit : int
        The id of the block's first visit.
    first_key : int
        The id of the table's next row.

    Returns
    -------
    Columns
        The same, with more columns.
    """
    import numpy as np

    n, values, table = len(columns), columns.values, columns.table
    values["person_id"] = person_ids[values["person"]]
    if "visit" in values:
        values["visit_occurrence_id"] = first_visit + values["visit"]
    if table not in {"death", "person"}:
        values[f"{table}_id"] = np.arange(first_key, first_key + n)
    if table in _TYPES:
        values[_TYPES[table]] = np.full(n, EHR)
    if table in _STARTS:
        name = _STARTS[table]
        values[name.replace("_date", "_datetime")] = times(values[name], salt=len(table) * 9_973)
    if table == "note":
        values |= {name: np.zeros(n, np.int8) for name in ("note_title", "note_text")}
        values |= {"encoding_concept_id": np.full(n, 32678), "language_concept_id": np.full(n, 4180186)}
        columns.texts |= {"note_title": ["Note"], "note_text": ["A synthetic note."]}
    if table == "cost":
        values |= {"cost_event_id": values["visit_occurrence_id"], "cost_domain_id": np.zeros(n, np.int8)}
        values["currency_concept_id"] = np.full(n, 44818668)
        columns.texts["cost_domain_id"] = ["Visit"]
    if table == "specimen":
        values.pop("visit_occurrence_id")
    return columns
