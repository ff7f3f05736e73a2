"""Numbers inside one bucket, brought to the unit asked for while they are read."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis_lib.features.bucket_tables import TablePlan, number_channels, register, spread
from analysis_lib.features.requests import Request, RiseRequest, ValueRequest
from analysis_lib.features.units import Conversion, conversion
from analysis_lib.windows import MOST_DAYS, Window

if TYPE_CHECKING:
    import duckdb
    import numpy as np

    from analysis_lib.cohort import ConceptSet

    Found = dict[Request, np.ndarray[Any, Any]]

NO_UNIT = 0


class Channel(NamedTuple):
    """Numbers of a concept set in a window, in one unit.

    Parameters
    ----------
    concept_set : ConceptSet
        Which concepts.
    window : Window
        Which days.
    unit : str
        The unit asked for.
    missing_unit : str
        What to do without one.
    substance : str
        What is measured, or empty.
    """

    concept_set: "ConceptSet"
    window: Window
    unit: str
    missing_unit: str
    substance: str


class LeftOut(NamedTuple):
    """Why numbers were not taken.

    Parameters
    ----------
    channel : Channel
        Which numbers.
    unit : str
        The unit recorded; empty for none.
    dropped : bool
        Whether that was asked for; otherwise they are refused.
    """

    channel: Channel
    unit: str
    dropped: bool


def channel_of(request: ValueRequest | RiseRequest) -> Channel:
    """Say which numbers a request is about.

    Parameters
    ----------
    request : ValueRequest or RiseRequest
        The request.

    Returns
    -------
    Channel
        The same for every statistic of the same numbers.
    """
    window = request.window
    if isinstance(request, RiseRequest):
        window = Window(max(window.first_day - request.lookback_days, -MOST_DAYS), window.last_day)
    return Channel(request.concept_set, window, request.unit, request.missing_unit, request.substance)


def answer_values(
    connection: "duckdb.DuckDBPyConnection", plan: TablePlan, *, n_rows: int
) -> "tuple[Found, Counter[LeftOut]]":
    """Find the numbers.

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
    tuple of dict and Counter
        A number per row, NaN where there is none; and how many numbers were left out, and why.
    """
    asked: list[ValueRequest] = plan.of_kind(ValueRequest)
    rises: list[RiseRequest] = plan.of_kind(RiseRequest)
    if not asked and not rises:
        return {}, Counter()
    channels = number_channels([*(channel_of(request) for request in asked), *(channel_of(rise) for rise in rises)])
    meant = {concept for channel in channels for concept in plan.concept_ids[channel.concept_set]}
    register(connection, "value_concepts", columns={"concept_id": sorted(meant)})
    known = _units_to_expect(plan, channels)
    sql = _values_sql({request.statistic for request in asked})
    while True:
        conversions = _register_wanted(connection, plan, channels=channels, units=known)
        found = connection.execute(sql).fetchnumpy()
        # Rows whose unit was not expected stand in no channel: look the unit up, and read again.
        if not _masked(found["channel"]).any():
            break
        known |= {unit for (unit,) in connection.execute(_UNKNOWN_UNITS_SQL).fetchall()}
    left_out = _left_out(connection, plan, channels=channels, conversions=conversions)
    answers: Found = {}
    for request in asked:
        channel, statistic = channels[channel_of(request)], f"{request.statistic}_number"
        answers[request] = spread(found, channel=channel, statistic=statistic, n_rows=n_rows, nothing=float("nan"))
    for rise in rises:
        channel = channels[channel_of(rise)]
        found = connection.execute(_rise_sql(rise, channel)).fetchnumpy()
        answers[rise] = spread(found, channel=channel, statistic="rise", n_rows=n_rows, nothing=float("nan"))
    return answers, left_out


# Of the numbers of one moment the lowest id is taken, as the first and as the last. Both in one whole number of 128
# bits, by which the engine compares faster than by two columns.
_STATISTICS = {
    "last": "arg_max(number * factor + shift, moment::HUGEINT * 18446744073709551616 - id)",
    "first": "arg_min(number * factor + shift, moment::HUGEINT * 18446744073709551616 + id)",
    "min": "min(number * factor + shift)",
    "max": "max(number * factor + shift)",
    # Added up from the smallest to the largest: in the order of rows, the last digits would tell how the data lie.
    "mean": "avg(number * factor + shift ORDER BY number * factor + shift)",
}
# The table's records are those of all variables; only some of them are read as numbers.
_JOINED = (
    "found AS f LEFT JOIN wanted AS w ON w.concept_id = f.concept_id AND w.unit = f.unit "
    "WHERE isfinite(number) AND f.concept_id IN (SELECT concept_id FROM value_concepts)"
)
_UNKNOWN_UNITS_SQL = f"SELECT DISTINCT f.unit FROM {_JOINED} AND channel IS NULL"  # noqa: S608 - our own words
_LEFT_OUT_SQL = f"""
    SELECT channel, f.unit, count(*) FROM {_JOINED} AND factor IS NULL AND day BETWEEN first_day AND last_day
    GROUP BY ALL
"""  # noqa: S608 - our own words


def _values_sql(statistics: set[str]) -> str:
    shown = ", ".join(f"{_STATISTICS[name]} AS {name}_number" for name in sorted(statistics))
    return (
        f"SELECT row_id, channel, {shown} FROM {_JOINED} "  # noqa: S608 - our own words
        "AND (channel IS NULL OR (factor IS NOT NULL AND day BETWEEN first_day AND last_day)) GROUP BY row_id, channel"
    )


def _rise_sql(request: RiseRequest, channel: int) -> str:
    # Numbers of one moment are no pair: what comes before ends one microsecond earlier.
    microseconds = int(request.within_hours) * 3_600_000_000
    return f"""
        WITH numbers AS (
            SELECT row_id, day, moment, first_day, number * factor + shift AS value
            FROM {_JOINED} AND channel = {int(channel)} AND factor IS NOT NULL AND day BETWEEN first_day AND last_day
        ),
        lows AS (
            SELECT *, min(value) OVER (
                PARTITION BY row_id ORDER BY moment RANGE BETWEEN {microseconds} PRECEDING AND 1 PRECEDING
            ) AS low
            FROM numbers
        )
        SELECT row_id, {int(channel)} AS channel, max(value - low) AS rise
        FROM lows WHERE day >= first_day + {int(request.lookback_days)} GROUP BY row_id
    """  # noqa: S608 - whole numbers


def _masked(column: Any) -> Any:
    import numpy as np

    return np.ma.getmaskarray(column)


def _units_to_expect(plan: TablePlan, channels: Mapping[Channel, int]) -> set[int]:
    """Begin with the units asked for and those seen in a sample, so that a second reading is rarely needed."""
    asked = {channel.unit for channel in channels}
    return {unit for unit, code in plan.unit_codes.items() if code in asked} | plan.units_seen


def _register_wanted(
    connection: "duckdb.DuckDBPyConnection", plan: TablePlan, *, channels: Mapping[Channel, int], units: set[int]
) -> dict[tuple[int, int], Conversion | None]:
    names = ("concept_id", "channel", "unit", "first_day", "last_day", "factor", "shift")
    rows: list[tuple[Any, ...]] = []
    conversions = {}
    for channel, number in channels.items():
        for unit in sorted(units):
            way = conversions[number, unit] = _conversion(channel, unit, codes=plan.unit_codes)
            line = (number, unit, channel.window.first_day, channel.window.last_day, *(way or (None, None)))
            rows += [(concept, *line) for concept in plan.concept_ids[channel.concept_set]]
    register(connection, "wanted", columns={name: [row[place] for row in rows] for place, name in enumerate(names)})
    return conversions


def _conversion(channel: Channel, unit: int, *, codes: Mapping[int, str]) -> Conversion | None:
    code = codes.get(unit)
    if unit == NO_UNIT:
        code = channel.missing_unit.removeprefix("assume:") if channel.missing_unit.startswith("assume:") else None
    return None if code is None else conversion(code, to=channel.unit, substance=channel.substance)


def _left_out(
    connection: "duckdb.DuckDBPyConnection",
    plan: TablePlan,
    *,
    channels: Mapping[Channel, int],
    conversions: Mapping[tuple[int, int], Conversion | None],
) -> Counter[LeftOut]:
    if all(way is not None for way in conversions.values()):
        return Counter()
    by_number = {number: channel for channel, number in channels.items()}
    counts: Counter[LeftOut] = Counter()
    for number, unit, rows in connection.execute(_LEFT_OUT_SQL).fetchall():
        channel = by_number[number]
        code = "" if unit == NO_UNIT else plan.unit_codes.get(unit, f"unit_concept_id {unit}, no UCUM unit")
        dropped = unit == NO_UNIT and channel.missing_unit == "drop"
        counts[LeftOut(channel, code, dropped)] += rows
    return counts
