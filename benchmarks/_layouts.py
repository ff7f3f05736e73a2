"""How a release could lie on disk: 1 to 256 buckets, sorted by concept or by person, measured on the same rows.

Each variant is written by DuckDB from the source layout, with the row groups and compression of a release, and asked
four questions: the cohort job; one that names no concept; one person's rows; and the job again after one person was
given a million rows of one measurement. Figures are medians of warm runs in this process.
"""

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
from _cohort_peers import Job, answer_sql
from _measuring import say

from analysis_lib.catalog import bucket_sql

BUCKETS = (1, 4, 16, 64, 256)
ORDERS = {"concept": "{concept}, person_id, {start}", "person": "person_id, {start}, {concept}"}
TABLES = {
    "person": ("person_id", "person_id"),
    "observation_period": ("person_id", "observation_period_start_date"),
    "condition_occurrence": ("condition_concept_id", "condition_start_date"),
    "measurement": ("measurement_concept_id", "measurement_date"),
}
NO_CONCEPT = """
    SELECT year(measurement_date) AS year, count(*) AS records, count(DISTINCT person_id) AS persons
    FROM measurement GROUP BY ALL
"""
SKEWED_ROWS = 1_000_000


def write_variant(job: Job, folder: Path, *, buckets: int, order: str) -> float:
    """Write all tables of the job in one layout; return the seconds."""
    begin = time.perf_counter()
    with duckdb.connect() as connection:
        for table, (concept, start) in TABLES.items():
            (folder / table).mkdir(parents=True)
            source = connection.read_parquet(job.files(table))
            source.create_view("source", replace=True)
            ordered = ORDERS[order].format(concept=concept, start=start)
            if buckets > 1:
                connection.execute(
                    f"CREATE OR REPLACE TEMP TABLE hashed AS SELECT *, {bucket_sql('person_id', count=buckets)} AS b "
                    "FROM source"
                )
            for bucket in range(buckets):
                rows = f"SELECT * EXCLUDE (b) FROM hashed WHERE b = {bucket}" if buckets > 1 else "SELECT * FROM source"
                connection.execute(
                    f"COPY ({rows} ORDER BY {ordered}) TO '{folder / table / f'bucket-{bucket:04d}.parquet'}' "
                    "(FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 131072)"
                )
    return time.perf_counter() - begin


def ask(folder: Path, sql: str, *, buckets: list[int]) -> float:
    """Ask every bucket, each in one thread, as many at a time as there are cores; return the seconds."""

    def one(bucket: int) -> int:
        with duckdb.connect(config={"threads": 1}) as connection:
            for table in TABLES:
                connection.read_parquet(str(folder / table / f"bucket-{bucket:04d}.parquet")).create_view(table)
            return len(connection.execute(sql).to_arrow_table())

    begin = time.perf_counter()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(one, buckets))
    return time.perf_counter() - begin


def _skewed(job: Job, folder: Path) -> Job:
    """Copy the source, and give one person of the job a million rows of its first measurement."""
    skewed = folder / "skewed-source"
    for table in TABLES:
        (skewed / table).mkdir(parents=True)
        for path in job.files(table):
            (skewed / table / Path(path).name).symlink_to(path)
    with duckdb.connect() as connection:
        listed = job.files("measurement")
        concept = job.measurements[0]
        connection.execute(
            f"COPY (SELECT one.* REPLACE (one.measurement_id + 1_000_000_000_000 + i AS measurement_id) "
            f"FROM (SELECT * FROM read_parquet({listed}) WHERE measurement_concept_id = {concept} LIMIT 1) AS one, "
            f"range({SKEWED_ROWS}) AS many(i)) TO '{skewed / 'measurement' / 'skewed.parquet'}' (FORMAT parquet)"
        )
    return Job(job.condition, job.outcome, job.measurements, str(skewed))


def compare_layouts(job: Job, folder: Path, *, runs: int) -> list[dict[str, Any]]:
    """Write each variant, ask the questions, and remove it again."""
    with duckdb.connect() as connection:
        person = connection.execute(f"SELECT max(person_id) FROM read_parquet({job.files('person')})").fetchall()[0][0]
    skewed = _skewed(job, folder)
    rows = []
    for order in ORDERS:
        for buckets in BUCKETS if order == "concept" else (1, 16, 64):
            say(f"layout: {buckets} buckets sorted by {order}")
            place = folder / "layout"
            written = write_variant(job, place, buckets=buckets, order=order)
            every = list(range(buckets))
            with duckdb.connect() as connection:
                own = connection.execute(f"SELECT {bucket_sql(f'{person}::BIGINT', count=buckets)}").fetchall()[0][0]
            one_person = f"SELECT * FROM measurement WHERE person_id = {person}"
            questions = {
                "job_s": (answer_sql(job), every),
                "no_concept_s": (NO_CONCEPT, every),
                "one_person_s": (one_person, [int(own)]),
            }
            found: dict[str, Any] = {"order": order, "buckets": buckets, "write_s": round(written, 2)}
            found["megabytes"] = round(sum(f.stat().st_size for f in place.rglob("*.parquet")) / 2**20)
            for name, (sql, asked) in questions.items():
                times = [ask(place, sql, buckets=asked) for _ in range(runs + 1)]
                found[name] = round(median(times[1:]), 4)
            shutil.rmtree(place)
            write_variant(skewed, place, buckets=buckets, order=order)
            times = [ask(place, answer_sql(job), buckets=every) for _ in range(runs + 1)]
            found["job_with_a_skewed_person_s"] = round(median(times[1:]), 4)
            shutil.rmtree(place)
            say(f"  {found}")
            rows.append(found)
    shutil.rmtree(folder / "skewed-source")
    return rows
