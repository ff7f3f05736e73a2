"""The rules that rows can break, as SQL: what is counted of one table in one bucket.

In the queries `t` is the table, `p` its person (see `PEOPLE`) and `v` the visit that it names.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis_lib.catalog.quoting import quoted
from analysis_lib.catalog.spec import TableSpec

EARLIEST = "1850-01-01"
"""Nobody whose record could be kept by a computer lived before; the longest life on record began in 1875."""

# Not events seen by an observer: these may rightly lie outside every observation period.
_NOT_OBSERVED = {"observation_period", "payer_plan_period", "death", "cohort"}
# Rows that name one person or place each: two general practices may well be told apart by nothing but their key.
_TOLD_APART_BY_KEY = {"person", "provider", "care_site"}
_MAY_FOLLOW_DEATH = {"death", "cohort"}

# One row a person. The birth is the earliest day that the recorded parts of the birth date allow, and the death the
# latest day recorded, so that only what is certainly too early or too late is counted. Parts that make no day, such as
# 30 February, leave the month and the year to go by. A period whose end is missing covers nothing.
PEOPLE = """
CREATE OR REPLACE TEMP TABLE people AS
SELECT person_id, any_value(birth) AS birth, any_value(died) AS died, any_value(periods) AS periods
FROM (SELECT person_id, min(coalesce(TRY_CAST(printf('%04d-%02d-%02d', year_of_birth, coalesce(month_of_birth, 1),
                            coalesce(day_of_birth, 1)) AS DATE), CAST(birth_datetime AS DATE),
                            TRY_CAST(printf('%04d-%02d-01', year_of_birth, month_of_birth) AS DATE),
                            TRY_CAST(printf('%04d-01-01', year_of_birth) AS DATE))) AS birth
      FROM {person} GROUP BY person_id)
LEFT JOIN (SELECT person_id, max(death_date) AS died FROM {death} GROUP BY person_id) USING (person_id)
LEFT JOIN (SELECT person_id, list({{'first': observation_period_start_date, 'last': observation_period_end_date}}
                                  ORDER BY observation_period_start_date) AS periods
           FROM {periods} WHERE observation_period_start_date IS NOT NULL AND observation_period_end_date IS NOT NULL
           GROUP BY person_id) USING (person_id)
GROUP BY person_id
"""
NO_PERIODS = (
    "(SELECT CAST(NULL AS BIGINT) person_id, CAST(NULL AS DATE) observation_period_start_date, "
    "CAST(NULL AS DATE) observation_period_end_date WHERE false)"
)
NO_DEATHS = "(SELECT CAST(NULL AS BIGINT) person_id, CAST(NULL AS DATE) death_date WHERE false)"
NO_VISITS = "(SELECT CAST(NULL AS BIGINT) person_id, CAST(NULL AS BIGINT) visit_occurrence_id WHERE false)"

# Rows are gone through from the first to the last day of a person's periods; whoever begins before all earlier ones
# have ended shares a day with one of them.
OVERLAPS = """
SELECT count(*) FILTER (observation_period_start_date <= ended) FROM (
    SELECT observation_period_start_date, max(observation_period_end_date) OVER (PARTITION BY person_id
        ORDER BY observation_period_start_date, observation_period_end_date
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended
    FROM {table} WHERE observation_period_end_date >= observation_period_start_date)
"""

OUT_OF_RANGE = """
SELECT r.number, count(*) FILTER (NOT (t.value_as_number BETWEEN r.low AND r.high)), count(*)
FROM {table} t JOIN ({ranges}) r ON r.concept_id = t.measurement_concept_id AND r.unit_concept_id = t.unit_concept_id
WHERE t.value_as_number IS NOT NULL GROUP BY r.number
"""


@dataclass(frozen=True)
class Measure:
    """One count of rows that break a rule."""

    rule: str
    column: str
    broken: str
    """SQL: whether a row breaks the rule; null counts as not."""
    judged: str = "true"
    """SQL: whether the rule says anything about a row."""


def measures_of(spec: TableSpec, *, today: str) -> tuple[Measure, ...]:
    """List what is counted of a table.

    Parameters
    ----------
    spec : TableSpec
        The table.
    today : str
        The day of the import, ISO 8601: later dates lie in the future.

    Returns
    -------
    tuple of Measure
        In the order of the report.
    """
    required = (Measure("required-value-missing", f.name, f"{_t(f.name)} IS NULL") for f in spec.fields if f.required)
    if spec.person is None:
        return tuple(required)
    return (*required, *_of_person(spec), *_of_start(spec), *_of_days(spec, today=today), *_of_content(spec))


def _t(column: str) -> str:
    return f"t.{quoted(column)}"


def _of_person(spec: TableSpec) -> Iterator[Measure]:
    if spec.name == "person":
        yield Measure("person-unobserved", "person_id", "p.periods IS NULL")
        return
    yield Measure("owner-unknown", str(spec.person), "p.person_id IS NULL")
    if "visit_occurrence_id" in spec.columns and spec.name != "visit_occurrence":
        visit = _t("visit_occurrence_id")
        yield Measure("visit-unknown", "visit_occurrence_id", "v.visit_occurrence_id IS NULL", f"{visit} IS NOT NULL")


def _of_start(spec: TableSpec) -> Iterator[Measure]:
    """What an event's own days, its person's life and the observation periods allow."""
    if spec.start is None:
        return
    start = _t(spec.start)
    if spec.end is not None:
        yield Measure("end-before-start", spec.end, f"{_t(spec.end)} < {start}")
    yield Measure("before-birth", spec.start, f"{start} < p.birth")
    if spec.name not in _MAY_FOLLOW_DEATH:
        yield Measure("after-death", spec.start, f"{start} > p.died")
    if spec.name not in _NOT_OBSERVED:
        covered = f"list_bool_or([{start} BETWEEN period.first AND period.last FOR period IN p.periods])"
        yield Measure(
            "outside-observation",
            spec.start,
            f"p.person_id IS NOT NULL AND {start} IS NOT NULL AND NOT coalesce(CASE WHEN len(p.periods) = 1 "
            f"THEN {start} BETWEEN p.periods[1].first AND p.periods[1].last ELSE {covered} END, false)",
        )


def _of_days(spec: TableSpec, *, today: str) -> Iterator[Measure]:
    for column in (field.name for field in spec.fields if field.type == "date"):
        yield Measure("date-too-early", column, f"{_t(column)} < DATE '{EARLIEST}'")
        yield Measure("date-in-future", column, f"{_t(column)} > DATE '{today}'")
    if spec.name == "person":
        year = _t("year_of_birth")
        yield Measure("date-too-early", "year_of_birth", f"{year} < {int(EARLIEST[:4])}")
        yield Measure("date-in-future", "year_of_birth", f"{year} > {int(today[:4])}")


def _of_content(spec: TableSpec) -> Iterator[Measure]:
    if spec.concept is not None and spec.name != "cohort":
        yield Measure("concept-zero", spec.concept, f"{_t(spec.concept)} = 0")
    if {"value_as_number", "unit_concept_id"} <= set(spec.columns):
        unit = f"coalesce({_t('unit_concept_id')}, 0) = 0"
        yield Measure("unit-missing", "unit_concept_id", unit, f"{_t('value_as_number')} IS NOT NULL")


def count_sql(spec: TableSpec, *, table: str, visits: str, measures: tuple[Measure, ...]) -> str:
    """Write the query that counts all measures of a table in one pass.

    Parameters
    ----------
    spec : TableSpec
        The table.
    table : str
        What to write after FROM.
    visits : str
        The same for the bucket's visits.
    measures : tuple of Measure
        At least one.

    Returns
    -------
    str
        A SELECT of one row: for each measure the rows that break it, and the rows judged.
    """
    counts = [
        f"count(*) FILTER (({measure.judged}) AND {what})" for measure in measures for what in (measure.broken, "true")
    ]
    source = f"{table} t"
    if spec.person is not None:
        source += f" LEFT JOIN people p ON p.person_id = {_t(spec.person)}"
    if any(measure.rule == "visit-unknown" for measure in measures):
        source += (
            f" LEFT JOIN (SELECT DISTINCT person_id, visit_occurrence_id FROM {visits}) v"
            f" ON v.visit_occurrence_id = {_t('visit_occurrence_id')} AND v.person_id = {_t(str(spec.person))}"
        )
    return f"SELECT {', '.join(counts)} FROM {source}"


def repeats_sql(spec: TableSpec, *, table: str) -> tuple[str, str] | None:
    """Write the two queries that count the rows which repeat another in everything but their key.

    Grouping by all columns is dear and seldom needed: the first query finds the 64-bit hashes that come twice, the
    second compares in full only the rows that have one of them.

    Parameters
    ----------
    spec : TableSpec
        The table.
    table : str
        What to write after FROM.

    Returns
    -------
    tuple of str, or None
        One that makes the table `twice`, one that counts. None for people, providers and care sites, which may be told
        apart by nothing else than their key, and for vocabularies: they are large, come from one place, and a row that
        is there twice changes no answer.
    """
    columns = ", ".join(quoted(name) for name in spec.columns if name != spec.key)
    if spec.name in _TOLD_APART_BY_KEY or spec.vocabulary or not columns:
        return None
    first = (
        f"CREATE OR REPLACE TEMP TABLE twice AS SELECT h FROM (SELECT hash({columns}) AS h FROM {table}) "
        "GROUP BY h HAVING count(*) > 1"
    )
    second = (
        f"SELECT CAST(coalesce(sum(n - 1), 0) AS BIGINT) FROM (SELECT count(*) AS n FROM {table} "
        f"WHERE hash({columns}) IN (SELECT h FROM twice) GROUP BY {columns})"
    )
    return first, second
