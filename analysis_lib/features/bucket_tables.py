"""One event table inside one bucket: its records around the index dates, read once for all variables.

Variables reach the engine as rows of a small table (concept, channel, first day, last day), not as text, so a
hundred of them are one query. A channel is a concept set in a window; values have a unit besides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis_lib.features.requests import CoverRequest, EventRequest, RecordRequest, Request, RiseRequest, ValueRequest
from analysis_lib.windows import MOST_DAYS

if TYPE_CHECKING:
    import duckdb
    import numpy as np

    from analysis_lib.cohort import ConceptSet

    Found = dict[Request, np.ndarray[Any, Any]]

MOST_LISTED = 1_000  # concepts that are written into the query, where the reader can skip row groups by them


@dataclass(frozen=True)
class TablePlan:
    """What is asked of one table.

    Parameters
    ----------
    table : str
        Its name.
    columns : mapping of str to str
        SQL for ``concept``, ``start``, ``end``, ``key`` and ``time`` (microseconds since midnight).
    requests : tuple of EventRequest
        The questions.
    concept_ids : mapping of ConceptSet to tuple of int
        Their concept sets, resolved.
    unit_codes : mapping of int to str
        UCUM code by unit_concept_id; empty where no values are asked for.
    units_seen : frozenset of int
        Units (unit_concept_id, 0 for none) that a sample of the table has.
    """

    table: str
    columns: Mapping[str, str]
    requests: tuple[EventRequest, ...]
    concept_ids: "Mapping[ConceptSet, tuple[int, ...]]"
    unit_codes: Mapping[int, str]
    units_seen: frozenset[int] = frozenset()

    @property
    def concepts(self) -> list[int]:
        """All concepts that are asked for, ascending."""
        return sorted({concept for ids in self.concept_ids.values() for concept in ids})

    def of_kind(self, kind: type) -> "list[Any]":
        """List the questions of one kind.

        Parameters
        ----------
        kind : type
            A class of requests.

        Returns
        -------
        list
            In order.
        """
        return [request for request in self.requests if isinstance(request, kind)]


def make_found(connection: "duckdb.DuckDBPyConnection", plan: TablePlan) -> None:
    """Let the engine see the table's records around the index dates as ``found``.

    It is read from the file where it is used; where several queries use it, it is read once and kept.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With `entries` (row_id, person_id, index_date) and the table.
    plan : TablePlan
        What is asked.
    """
    readings = sum(bool(plan.of_kind(kind)) for kind in (RecordRequest, ValueRequest, RiseRequest, CoverRequest))
    # Values are read once more, for what their units leave out.
    kind = "TABLE" if readings > 1 or plan.of_kind(ValueRequest) else "VIEW"
    for old in ("VIEW", "TABLE"):
        if connection.execute(_EXISTS_SQL[old]).fetchone():
            connection.execute(f"DROP {old} found")
    connection.execute(f"CREATE TEMP {kind} found AS {_found_sql(plan)}")


_EXISTS_SQL = {
    "VIEW": "SELECT 1 FROM duckdb_views() WHERE view_name = 'found'",
    "TABLE": "SELECT 1 FROM duckdb_tables() WHERE table_name = 'found'",
}


def _found_sql(plan: TablePlan) -> str:
    at = plan.columns
    shown = [f"e.row_id, {at['concept']} AS concept_id, {at['start']} - e.index_date AS day"]
    if plan.of_kind(CoverRequest):
        shown.append(f"greatest({at['end']}, {at['start']}) - e.index_date AS end_day")
    if plan.of_kind(ValueRequest) or plan.of_kind(RiseRequest):
        shown.append("t.value_as_number AS number, coalesce(t.unit_concept_id, 0) AS unit")
        shown.append(f"epoch_us({at['start']}) + {at['time']} AS moment, {at['key']} AS id")
    conditions = [_concept_condition(at["concept"], plan.concepts), *_day_conditions(plan)]
    return (
        f"SELECT {', '.join(shown)} FROM {plan.table} AS t JOIN entries AS e ON e.person_id = t.person_id "  # noqa: S608
        f"WHERE {' AND '.join(conditions)}"
    )


def _concept_condition(column: str, concepts: Sequence[int]) -> str:
    if not concepts:
        return "false"
    if len(concepts) > MOST_LISTED:
        return f"{column} BETWEEN {concepts[0]} AND {concepts[-1]}"
    return f"{column} IN ({', '.join(map(str, concepts))})"


def _day_conditions(plan: TablePlan) -> list[str]:
    """Bound the days by the widest window; records that reach into a window may begin long before it."""
    first = min(request.window.first_day - getattr(request, "lookback_days", 0) for request in plan.requests)
    # An era goes on for as long as the next exposure begins within the gap, also after the window.
    last = max(request.window.last_day + getattr(request, "max_gap_days", 0) for request in plan.requests)
    start = plan.columns["start"]
    conditions = [f"{start} IS NOT NULL"]
    if last < MOST_DAYS:
        conditions.append(f"{start} - e.index_date <= {last}")
    if first > -MOST_DAYS and not plan.of_kind(CoverRequest):
        conditions.append(f"{start} - e.index_date >= {first}")
    return conditions


def answer_records(connection: "duckdb.DuckDBPyConnection", plan: TablePlan, *, n_rows: int) -> "Found":
    """Count records and days.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With ``found``.
    plan : TablePlan
        What is asked.
    n_rows : int
        Rows of the bucket.

    Returns
    -------
    dict of Request to ndarray
        A number per row: 0 for counts, NaN for days where there is no record.
    """
    asked = plan.of_kind(RecordRequest)
    if not asked:
        return {}
    channels = number_channels((request.concept_set, request.window) for request in asked)
    _register_wanted(connection, plan, channels=channels)
    sql = {"records": "count(*)", "days": "count(DISTINCT day)", "first_day": "min(day)", "last_day": "max(day)"}
    wanted = sorted({request.statistic for request in asked})
    shown = ", ".join(f"{sql[statistic]} AS {statistic}" for statistic in wanted)
    found = connection.execute(
        f"SELECT row_id, channel, {shown} FROM found AS f JOIN wanted AS w ON w.concept_id = f.concept_id "  # noqa: S608
        "WHERE f.day BETWEEN w.first_day AND w.last_day GROUP BY row_id, channel"
    ).fetchnumpy()
    return {
        request: spread(
            found,
            channel=channels[request.concept_set, request.window],
            statistic=request.statistic,
            n_rows=n_rows,
            nothing=0.0 if request.statistic in ("records", "days") else float("nan"),
        )
        for request in asked
    }


def answer_covers(connection: "duckdb.DuckDBPyConnection", plan: TablePlan, *, n_rows: int) -> "Found":
    """Count the days that records reach over.

    Parameters
    ----------
    connection : DuckDBPyConnection
        With ``found``.
    plan : TablePlan
        What is asked.
    n_rows : int
        Rows of the bucket.

    Returns
    -------
    dict of Request to ndarray
        A number per row, 0 where there is no record.
    """
    answers: Found = {}
    asked = plan.of_kind(CoverRequest)
    for way in sorted({(request.statistic, request.max_gap_days) for request in asked}):
        of_way = [request for request in asked if (request.statistic, request.max_gap_days) == way]
        channels = number_channels((request.concept_set, request.window) for request in of_way)
        _register_wanted(connection, plan, channels=channels)
        found = connection.execute(_COVER_SQL[way[0]].format(gap=int(way[1]))).fetchnumpy()
        for request in of_way:
            channel = channels[request.concept_set, request.window]
            answers[request] = spread(found, channel=channel, statistic="covered", n_rows=n_rows, nothing=0.0)
    return answers


# A day is counted for the first record that reaches over it: what ends before the last day so far adds nothing.
_UNION_OF_DAYS = """
    WITH cut AS (
        SELECT row_id, channel, greatest(day, first_day) AS a, least({end}, last_day) AS b
        FROM found AS f JOIN wanted AS w ON w.concept_id = f.concept_id
        WHERE day <= last_day AND {end} >= first_day AND {end} >= day
    ),
    reached AS (
        SELECT *, max(b) OVER (
            PARTITION BY row_id, channel ORDER BY a, b ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS so_far
        FROM cut
    )
    SELECT row_id, channel, sum(greatest(0, b - greatest(a, coalesce(so_far + 1, a)) + 1)) AS covered
    FROM reached GROUP BY row_id, channel
"""
_COVER_SQL = {
    "days": _UNION_OF_DAYS.replace("{end}", "end_day"),
    # The night after a day belongs to that day, so a stay from Monday to Wednesday has those of Monday and Tuesday.
    "nights": _UNION_OF_DAYS.replace("{end}", "(end_day - 1)"),
    "eras": """
        WITH reached AS (
            SELECT row_id, channel, day, end_day, first_day, last_day, max(end_day) OVER (
                PARTITION BY row_id, channel ORDER BY day, end_day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS so_far
            FROM found AS f JOIN wanted AS w ON w.concept_id = f.concept_id
        ),
        numbered AS (
            SELECT *, sum((so_far IS NULL OR day - so_far > {gap})::INTEGER) OVER (
                PARTITION BY row_id, channel ORDER BY day, end_day ROWS UNBOUNDED PRECEDING
            ) AS era
            FROM reached
        ),
        eras AS (
            SELECT row_id, channel FROM numbered GROUP BY row_id, channel, era
            HAVING min(day) <= any_value(last_day) AND max(end_day) >= any_value(first_day)
        )
        SELECT row_id, channel, count(*) AS covered FROM eras GROUP BY row_id, channel
    """,
}


def number_channels(keys: Iterable[Any]) -> dict[Any, int]:
    """Give every different key a number.

    Parameters
    ----------
    keys : iterable
        Hashable.

    Returns
    -------
    dict of key to int
        From 0, in order of appearance.
    """
    return {key: number for number, key in enumerate(dict.fromkeys(keys))}


def _register_wanted(connection: "duckdb.DuckDBPyConnection", plan: TablePlan, *, channels: dict[Any, int]) -> None:
    columns: dict[str, list[int]] = {"concept_id": [], "channel": [], "first_day": [], "last_day": []}
    for (concept_set, window), channel in channels.items():
        ids = plan.concept_ids[concept_set]
        columns["concept_id"] += ids
        columns["channel"] += [channel] * len(ids)
        columns["first_day"] += [window.first_day] * len(ids)
        columns["last_day"] += [window.last_day] * len(ids)
    register(connection, "wanted", columns=columns)


def register(connection: "duckdb.DuckDBPyConnection", name: str, *, columns: Mapping[str, Sequence[Any]]) -> None:
    """Make a small table of columns; integers are BIGINT.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Where.
    name : str
        The table's name.
    columns : mapping of str to sequence
        The columns.
    """
    import pyarrow as pa

    floats = {"factor", "shift"}
    arrays = {key: pa.array(values, pa.float64() if key in floats else pa.int64()) for key, values in columns.items()}
    connection.register("registered", pa.table(arrays))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM registered")  # noqa: S608 - our own name
    connection.unregister("registered")


def spread(
    found: Mapping[str, Any], *, channel: int, statistic: str, n_rows: int, nothing: float
) -> "np.ndarray[Any, Any]":
    """Put one channel's numbers at their rows.

    Parameters
    ----------
    found : mapping of str to ndarray
        ``row_id``, ``channel`` and the statistics.
    channel : int
        Which channel.
    statistic : str
        Which statistic.
    n_rows : int
        Rows of the bucket.
    nothing : float
        Where the channel has no number.

    Returns
    -------
    ndarray of float64
        A number per row.
    """
    import numpy as np

    answer = np.full(n_rows, nothing)
    here = np.asarray(found["channel"]) == channel
    answer[np.asarray(found["row_id"])[here]] = np.ma.filled(found[statistic][here].astype(float), nothing)
    return answer
