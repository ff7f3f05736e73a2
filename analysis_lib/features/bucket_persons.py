"""What one bucket knows of its persons: the person table, and observation around the index dates."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from analysis_lib.features.bucket_tables import register
from analysis_lib.features.requests import OBSERVED, PersonRequest, Request
from analysis_lib.windows import Window

if TYPE_CHECKING:
    import duckdb
    import numpy as np

INDEX_DATE = ("index_year", "index_month")
OF_PERSON = ("year_of_birth", "gender_concept_id", "race_concept_id", "ethnicity_concept_id")

_OF_PERSON_SQL = f"""
    SELECT e.row_id, {", ".join(f"max(p.{field}) AS {field}" for field in OF_PERSON)}
    FROM entries AS e JOIN person AS p ON p.person_id = e.person_id GROUP BY e.row_id
"""  # noqa: S608 - our own words
_INDEX_DATE_SQL = "SELECT row_id, year(index_date) AS index_year, month(index_date) AS index_month FROM entries"
# Of several periods that hold the index date, the one that began first, and of these the longest: as cohorts do.
_OBSERVED_SQL = """
    SELECT e.row_id, e.index_date - o.observation_period_start_date AS days_observed_before,
        o.observation_period_end_date - e.index_date AS days_observed_after
    FROM entries AS e JOIN observation_period AS o
      ON o.person_id = e.person_id
     AND e.index_date BETWEEN o.observation_period_start_date AND o.observation_period_end_date
    QUALIFY row_number() OVER (
        PARTITION BY e.row_id ORDER BY o.observation_period_start_date, o.observation_period_end_date DESC
    ) = 1
"""
_SOURCES = ((INDEX_DATE, _INDEX_DATE_SQL), (OF_PERSON, _OF_PERSON_SQL), (OBSERVED, _OBSERVED_SQL))
_LOOKED_AT_SQL = """
    SELECT w.number, count(DISTINCT e.row_id)
    FROM entries AS e
    JOIN observation_period AS o ON o.person_id = e.person_id
    JOIN looked_at AS w ON o.observation_period_start_date - e.index_date <= w.last_day
     AND o.observation_period_end_date - e.index_date >= w.first_day
    GROUP BY w.number
"""


def answer_persons(
    connection: "duckdb.DuckDBPyConnection", requests: Sequence[PersonRequest], *, n_rows: int
) -> "dict[Request, np.ndarray[Any, Any]]":
    """Look persons up.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With `entries`, and the tables that the fields are in.
    requests : sequence of PersonRequest
        The fields.
    n_rows : int
        Rows of the bucket.

    Returns
    -------
    dict of Request to ndarray
        A number per row, NaN where it is not known.
    """
    import numpy as np

    answers: dict[Request, np.ndarray[Any, Any]] = {}
    for fields, sql in _SOURCES:
        asked = [request for request in requests if request.field in fields]
        found: dict[str, Any] = connection.execute(sql).fetchnumpy() if asked else {}
        for request in asked:
            answers[request] = np.full(n_rows, np.nan)
            answers[request][np.asarray(found["row_id"])] = np.ma.filled(found[request.field].astype(float), np.nan)
    return answers


def count_unobserved(
    connection: "duckdb.DuckDBPyConnection", windows: Sequence[Window], *, n_rows: int
) -> dict[Window, int]:
    """Count the rows that were not observed on a single day of a window.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With `entries` and the observation periods.
    windows : sequence of Window
        The windows, each once.
    n_rows : int
        Rows of the bucket.

    Returns
    -------
    dict of Window to int
        Rows.
    """
    columns = {
        "number": list(range(len(windows))),
        "first_day": [window.first_day for window in windows],
        "last_day": [window.last_day for window in windows],
    }
    register(connection, "looked_at", columns=columns)
    seen = dict(connection.execute(_LOOKED_AT_SQL).fetchall())
    return {window: n_rows - int(seen.get(number, 0)) for number, window in enumerate(windows)}
