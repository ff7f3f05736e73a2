"""The same cohort job written for other engines, each as its users would write it on a folder of Parquet files.

The job: the first diagnosis of a condition, at least 365 days of observation before it, 40 years old or more, none of
the outcome up to that day; then the outcome and the follow-up from the next day on; then the last value of five
measurements before it.
Every peer gives the same frame: `person_id`, `index_date`, `event`, `days` and one column for each measurement.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

PRIOR_DAYS = 365
LEAST_AGE = 40


@dataclass(frozen=True)
class Job:
    """What is asked, as plain concept ids, and where the rows lie."""

    condition: tuple[int, ...]
    outcome: tuple[int, ...]
    measurements: tuple[int, ...]
    source: str
    """Folder of the source layout: one folder of Parquet files, or one file, for each table."""

    def files(self, table: str) -> list[str]:
        """List the files of one table."""
        folder = Path(self.source)
        single = folder / f"{table}.parquet"
        return [str(single)] if single.is_file() else sorted(map(str, (folder / table).glob("*.parquet")))


def _listed(ids: tuple[int, ...]) -> str:
    return ", ".join(map(str, ids))


@dataclass(frozen=True)
class Dialect:
    """What DuckDB and Spark spell differently."""

    kept: str
    days_between: str
    next_day: str
    latest: str


DUCKDB = Dialect(
    kept="MATERIALIZED",
    days_between="({0} - {1})",
    next_day="({0} + 1)",
    latest="arg_max(m.value_as_number, (coalesce(m.measurement_datetime, m.measurement_date), -m.measurement_id))",
)
SPARK = Dialect(
    kept="",
    days_between="datediff({0}, {1})",
    next_day="date_add({0}, 1)",
    latest="max_by(m.value_as_number, struct(coalesce(m.measurement_datetime, m.measurement_date), -m.measurement_id))",
)


def answer_sql(job: Job, dialect: Dialect = DUCKDB) -> str:
    """Write the job as SQL over views named as the tables."""
    values = ", ".join(f"max(CASE WHEN concept = {m} THEN value END) AS m{m}" for m in job.measurements)
    observed = dialect.days_between.format("f.index_date", "o.observation_period_start_date")
    followed = dialect.days_between.format("coalesce(min(x.day), e.last_day)", "e.index_date")
    return f"""
    WITH first_diagnosis AS (
        SELECT person_id, min(condition_start_date) AS index_date FROM condition_occurrence
        WHERE condition_concept_id IN ({_listed(job.condition)}) GROUP BY person_id
    ), outcomes AS {dialect.kept} (
        SELECT person_id, condition_start_date AS day FROM condition_occurrence
        WHERE condition_concept_id IN ({_listed(job.outcome)})
    ), entered AS {dialect.kept} (
        SELECT f.person_id, f.index_date, o.observation_period_end_date AS last_day
        FROM first_diagnosis f
        JOIN observation_period o ON o.person_id = f.person_id
             AND f.index_date >= o.observation_period_start_date AND f.index_date < o.observation_period_end_date
             AND {observed} >= {PRIOR_DAYS}
        JOIN person p ON p.person_id = f.person_id AND year(f.index_date) - p.year_of_birth >= {LEAST_AGE}
        WHERE NOT EXISTS (SELECT 1 FROM outcomes x WHERE x.person_id = f.person_id AND x.day <= f.index_date)
    ), followed AS (
        SELECT e.person_id, e.index_date, min(x.day) IS NOT NULL AS event, {followed} AS days
        FROM entered e LEFT JOIN outcomes x ON x.person_id = e.person_id
             AND x.day BETWEEN {dialect.next_day.format("e.index_date")} AND e.last_day
        GROUP BY e.person_id, e.index_date, e.last_day
    ), latest AS (
        SELECT m.person_id, m.measurement_concept_id AS concept, {dialect.latest} AS value
        FROM measurement m JOIN entered e ON e.person_id = m.person_id AND m.measurement_date < e.index_date
        WHERE m.measurement_concept_id IN ({_listed(job.measurements)}) AND m.value_as_number IS NOT NULL
        GROUP BY m.person_id, m.measurement_concept_id
    ), wide AS (SELECT person_id, {values} FROM latest GROUP BY person_id)
    SELECT f.person_id, f.index_date, f.event, f.days, {", ".join(f"w.m{m}" for m in job.measurements)}
    FROM followed f LEFT JOIN wide w ON w.person_id = f.person_id
    """


_TABLES = ("person", "observation_period", "condition_occurrence", "measurement")


def duckdb_source(job: Job, *, threads: int) -> Callable[[], pd.DataFrame]:
    """DuckDB on the source layout."""
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    for table in _TABLES:
        connection.read_parquet(job.files(table)).create_view(table)
    return lambda: connection.execute(answer_sql(job)).df()


def polars_source(job: Job, *, threads: int) -> Callable[[], pd.DataFrame]:
    """polars, lazily, on the source layout."""
    del threads  # set by POLARS_MAX_THREADS before the import
    import polars as pl

    def run() -> pd.DataFrame:
        condition, period, person, measured = (
            pl.scan_parquet(job.files(table))
            for table in ("condition_occurrence", "observation_period", "person", "measurement")
        )
        start = pl.col("observation_period_start_date")
        first = (
            condition.filter(pl.col("condition_concept_id").is_in(job.condition))
            .group_by("person_id")
            .agg(index_date=pl.col("condition_start_date").min())
        )
        outcomes = condition.filter(pl.col("condition_concept_id").is_in(job.outcome)).select(
            "person_id", day="condition_start_date"
        )
        entered = (
            first.join(period, on="person_id")
            .filter(
                pl.col("index_date").is_between(start, pl.col("observation_period_end_date"), closed="left")
                & ((pl.col("index_date") - start).dt.total_days() >= PRIOR_DAYS)
            )
            .join(person.select("person_id", "year_of_birth"), on="person_id")
            .filter(pl.col("index_date").dt.year() - pl.col("year_of_birth") >= LEAST_AGE)
            .select("person_id", "index_date", last_day="observation_period_end_date")
        )
        with_outcome = entered.join(outcomes, on="person_id")
        before = with_outcome.filter(pl.col("day") <= pl.col("index_date")).select("person_id")
        entered = entered.join(before, on="person_id", how="anti").cache()
        after = (
            with_outcome.filter((pl.col("day") > pl.col("index_date")) & (pl.col("day") <= pl.col("last_day")))
            .group_by("person_id")
            .agg(pl.col("day").min())
        )
        latest = (
            measured.filter(
                pl.col("measurement_concept_id").is_in(job.measurements) & pl.col("value_as_number").is_not_null()
            )
            .select(
                "person_id",
                "measurement_concept_id",
                "measurement_date",
                "measurement_id",
                "value_as_number",
                at=pl.coalesce("measurement_datetime", pl.col("measurement_date").cast(pl.Datetime("us"))),
            )
            .join(entered.select("person_id", "index_date"), on="person_id")
            .filter(pl.col("measurement_date") < pl.col("index_date"))
            .group_by("person_id", "measurement_concept_id")
            .agg(pl.col("value_as_number").sort_by("at", "measurement_id", descending=[True, False]).first())
        )
        wide = latest.group_by("person_id").agg(
            pl.col("value_as_number").filter(pl.col("measurement_concept_id") == m).first().alias(f"m{m}")
            for m in job.measurements
        )
        answer = entered.join(after, on="person_id", how="left").join(wide, on="person_id", how="left")
        return (
            answer.select(
                "person_id",
                "index_date",
                pl.col("day").is_not_null().alias("event"),
                (pl.coalesce("day", "last_day") - pl.col("index_date")).dt.total_days().alias("days"),
                *(f"m{m}" for m in job.measurements),
            )
            .collect()
            .to_pandas()
        )

    return run


def _with_frames(job: Job, *, read: Callable[..., Any], finish: Callable[[Any], Any]) -> pd.DataFrame:
    """Write the job for pandas and for dask.dataframe, which share an interface."""
    condition = ["person_id", "condition_concept_id", "condition_start_date"]
    diagnosed = read("condition_occurrence", condition, filters=[("condition_concept_id", "in", list(job.condition))])
    first = diagnosed.groupby("person_id")["condition_start_date"].min().rename("index_date").reset_index()
    outcomes = read("condition_occurrence", condition, filters=[("condition_concept_id", "in", list(job.outcome))])
    outcomes = outcomes[["person_id", "condition_start_date"]].rename(columns={"condition_start_date": "day"})
    observed = ["person_id", "observation_period_start_date", "observation_period_end_date"]
    entered = first.merge(read("observation_period", observed), on="person_id")
    since = (entered["index_date"] - entered["observation_period_start_date"]).dt.days
    entered = entered[(since >= PRIOR_DAYS) & (entered["index_date"] < entered["observation_period_end_date"])]
    entered = entered.merge(read("person", ["person_id", "year_of_birth"]), on="person_id")
    entered = entered[entered["index_date"].dt.year - entered["year_of_birth"] >= LEAST_AGE]
    entered = entered[["person_id", "index_date", "observation_period_end_date"]]
    both = entered.merge(outcomes, on="person_id")
    before = both[both["day"] <= both["index_date"]][["person_id"]].drop_duplicates()
    before["before"] = True
    entered = entered.merge(before, on="person_id", how="left")
    entered = entered[entered["before"].isna()].drop(columns="before")
    after = both[(both["day"] > both["index_date"]) & (both["day"] <= both["observation_period_end_date"])]
    after = after.groupby("person_id")["day"].min().reset_index()
    measured = ["person_id", "measurement_concept_id", "measurement_date", "measurement_datetime", "measurement_id"]
    measured.append("value_as_number")
    values = read("measurement", measured, filters=[("measurement_concept_id", "in", list(job.measurements))])
    values = values[~values["value_as_number"].isna()].merge(entered[["person_id", "index_date"]], on="person_id")
    values = values[values["measurement_date"] < values["index_date"]]
    answer = finish(entered.merge(after, on="person_id", how="left"))
    values = finish(values.drop(columns="index_date"))
    # What is left fits into memory for either of them.
    values["at"] = values["measurement_datetime"].fillna(values["measurement_date"])
    values = values.sort_values(["at", "measurement_id"], ascending=[False, True])
    latest = values.drop_duplicates(["person_id", "measurement_concept_id"])
    wide = latest.pivot(index="person_id", columns="measurement_concept_id", values="value_as_number")
    wide.columns = [f"m{m}" for m in wide.columns]
    answer["event"] = answer["day"].notna()
    answer["days"] = (answer["day"].fillna(answer["observation_period_end_date"]) - answer["index_date"]).dt.days
    answer = answer.merge(wide.reset_index(), on="person_id", how="left")
    return answer.reindex(columns=["person_id", "index_date", "event", "days", *(f"m{m}" for m in job.measurements)])


def _dates(frame: Any) -> Any:
    import pandas as pd

    columns = [name for name in frame.columns if name.endswith("_date")]
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in columns})


def pandas_source(job: Job, *, threads: int) -> Callable[[], pd.DataFrame]:
    """pandas on the source layout, columns and predicates pushed down."""
    del threads

    def read(table: str, columns: list[str], *, filters: Any = None) -> pd.DataFrame:
        parts = [_dates(pd.read_parquet(path, columns=columns, filters=filters)) for path in job.files(table)]
        return pd.concat(parts, ignore_index=True)

    return lambda: _with_frames(job, read=read, finish=lambda frame: frame)


def dask_source(job: Job, *, threads: int) -> Callable[[], pd.DataFrame]:
    """dask.dataframe on the source layout, columns and predicates pushed down."""
    import dask
    import dask.dataframe as dd

    def read(table: str, columns: list[str], *, filters: Any = None) -> Any:
        frame = dd.read_parquet(job.files(table), columns=columns, filters=filters)
        dates = {name: "datetime64[us]" for name in columns if name.endswith("_date")}
        return frame.astype(dates) if dates else frame

    def run() -> pd.DataFrame:
        with dask.config.set(scheduler="threads", num_workers=threads):
            return _with_frames(job, read=read, finish=lambda frame: frame.compute())

    return run


def pyspark_source(job: Job, *, threads: int) -> Callable[[], pd.DataFrame]:
    """Spark SQL on the source layout."""
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master(f"local[{threads}]")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "6g")
        .config("spark.sql.shuffle.partitions", str(4 * threads))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    for table in _TABLES:
        spark.read.parquet(*job.files(table)).createOrReplaceTempView(table)
    return lambda: spark.sql(answer_sql(job, SPARK)).toPandas()


PEERS: dict[str, Callable[..., Callable[[], pd.DataFrame]]] = {
    "duckdb": duckdb_source,
    "polars": polars_source,
    "pandas": pandas_source,
    "dask.dataframe": dask_source,
    "pyspark": pyspark_source,
}


def digest(frame: pd.DataFrame) -> dict[str, float]:
    """Sum an answer up, so that equal answers are seen to be equal whatever the order of rows and the types."""
    days = pd.to_datetime(frame["index_date"]).to_numpy("datetime64[D]").astype("int64")
    found = {
        "persons": len(frame),
        "index_days": int(days.sum()),
        "person_ids": int(frame["person_id"].to_numpy("int64").sum()),
        "events": int(frame["event"].sum()),
        "days": int(pd.Series(frame["days"]).astype("int64").sum()),
    }
    for name in frame.columns:
        if name.startswith("m"):
            values = frame[name].astype("float64")
            found[name] = round(float(values.sum()), 3)
            found[f"{name}_n"] = int(values.notna().sum())
    return found
