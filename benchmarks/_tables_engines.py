"""Table 1 of thirty columns in two groups: twelve measured numbers, six whole ones, six yes/no, six of text.

Every engine tells everything that a first table may show: by group, of numbers how many have a value, mean, standard
deviation, median and quartiles, exact; of the others the counts of each level; and the missing of all.
Run by tables.py; see _models_engines.py for the words.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _models_engines import Answer, Prepared, main

FULL_ROWS = {"memory 1M": 1_000_000, "parquet 10M": 10_000_000}
BLOCK = 1_000_000
ROW_GROUP = 250_000
MEASURED = tuple(f"measured_{number}" for number in range(12))
WHOLE = tuple(f"whole_{number}" for number in range(6))
YES_NO = tuple(f"yes_{number}" for number in range(6))
TEXT = tuple(f"text_{number}" for number in range(6))
NUMBERS, LEVELS = MEASURED + WHOLE, YES_NO + TEXT
ARMS = ("celecoxib", "diclofenac")
FILE = "people.parquet"


def write_data(folder: Path, rows: int) -> None:
    """Draw the columns, a million rows at a time; every second measured one and all texts have missing values."""
    import pyarrow.parquet as pq

    path = folder / FILE
    if path.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    writer = None
    for block, first in enumerate(range(0, rows, BLOCK)):
        table = _drawn(block, min(BLOCK, rows - first))
        writer = writer or pq.ParquetWriter(path.with_suffix(".part"), table.schema)
        writer.write_table(table, row_group_size=ROW_GROUP)
    if writer:
        writer.close()
    path.with_suffix(".part").rename(path)


def _drawn(block: int, n: int) -> Any:
    import numpy as np
    import pyarrow as pa

    draw = np.random.default_rng([41, block])
    columns = {"arm": pa.array(np.array(ARMS)[draw.integers(0, 2, n)])}
    for number, name in enumerate(MEASURED):
        values = draw.normal(100, 15, n) if number < 8 else draw.lognormal(1, 1, n)
        columns[name] = pa.array(values, mask=draw.random(n) < 0.05 if number % 2 else None)
    for number, name in enumerate(WHOLE):
        values = draw.integers(18, 95, n) if number < 3 else draw.poisson(3, n)
        columns[name] = pa.array(values.astype(np.int32 if number % 2 else np.int64))
    for number, name in enumerate(YES_NO):
        columns[name] = pa.array(draw.random(n) < 0.1 * (number + 1))
    for number, name in enumerate(TEXT):
        levels = np.array([f"level {level}" for level in range(3 + number)])
        columns[name] = pa.array(levels[draw.integers(0, levels.size, n)], mask=draw.random(n) < 0.02)
    return pa.table(columns)


def _told(numbers: Iterator[tuple[str, str, list[float]]], counts: dict[tuple[str, str, str], int]) -> Answer:
    """Put what an engine found into one shape: numbers by column and group; levels in order, the missing among them."""
    answer: Answer = {f"{name}, {arm}": [float(value) for value in values] for name, arm, values in numbers}
    for name, arm, level in sorted(counts):
        answer.setdefault(f"{name}, {arm}", []).append(float(counts[name, arm, level]))
    return answer


def _level(value: Any) -> str:
    return "missing" if value is None or value != value or value == "None" else str(value)


# Engines


def _ours(data: Any) -> Prepared:
    from analysis_lib.report import table_one

    def run() -> Answer:
        found = table_one(data, by="arm", nonnormal=NUMBERS).numbers
        measured = found[found["variable"].isin(NUMBERS)].to_dict("records")
        fields = ("n", "mean", "sd", "q1", "median", "q3")
        numbers = ((row["variable"], row["group"], [row[field] for field in fields]) for row in measured)
        counts = {}
        for row in found[found["variable"].isin(LEVELS)].to_dict("records"):
            if row["count"]:
                counts[row["variable"], row["group"], row["level"]] = row["count"]
            if row["missing"]:
                counts[row["variable"], row["group"], "missing"] = row["missing"]
        return _told(numbers, counts)

    return run


def ours_in_memory(folder: Path) -> Prepared:
    """Describe a pandas frame with the library."""
    import pandas as pd

    return _ours(pd.read_parquet(folder / FILE))


def ours_from_file(folder: Path) -> Prepared:
    """Describe a Parquet file with the library."""
    return _ours(folder / FILE)


def tableone(folder: Path) -> Prepared:
    """Describe a pandas frame with the package tableone."""
    import warnings

    import pandas as pd
    from tableone import TableOne

    frame = pd.read_parquet(folder / FILE)

    def run() -> Answer:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = TableOne(
                frame,
                columns=[*NUMBERS, *LEVELS],
                categorical=list(LEVELS),
                groupby="arm",
                nonnormal=list(NUMBERS),
                smd=True,
                overall=False,
            )
        found, counted = table.cont_describe, table.cat_describe["freq"]
        fields = ("count", "mean", "std", "q25", "median", "q75")
        numbers = ((name, arm, [found.loc[name, (field, arm)] for field in fields]) for name in NUMBERS for arm in ARMS)
        counts = {
            (name, arm, _level(level)): int(counted.loc[(name, level), arm])
            for name, level in counted.index
            for arm in ARMS
        }
        return _told(numbers, counts)

    return run


def duckdb(folder: Path) -> Prepared:
    """Ask DuckDB: one query for all numbers, one for all levels."""
    import os

    import duckdb

    connection = duckdb.connect(config={"threads": len(os.sched_getaffinity(0))})
    connection.read_parquet(str(folder / FILE)).create_view("people")
    asked = ", ".join(
        f"count({name}), avg({name}), stddev_samp({name}), quantile_cont({name}, [0.25, 0.5, 0.75])" for name in NUMBERS
    )
    sets = ", ".join(f"(arm, {name})" for name in LEVELS)

    def run() -> Answer:
        rows = connection.execute(f"SELECT arm, {asked} FROM people GROUP BY arm").fetchall()
        numbers = (
            (name, row[0], [*row[1 + 4 * place : 4 + 4 * place], *row[4 + 4 * place]])
            for row in rows
            for place, name in enumerate(NUMBERS)
        )
        bits = ", ".join(f"GROUPING({name})" for name in LEVELS)
        texts = ", ".join(f"CAST({name} AS VARCHAR)" for name in LEVELS)
        counted = connection.execute(
            f"SELECT arm, count(*), {bits}, {texts} FROM people GROUP BY GROUPING SETS ({sets})"
        ).fetchall()
        counts = {}
        for arm, count, *rest in counted:
            place = rest[: len(LEVELS)].index(0)
            level = rest[len(LEVELS) + place]
            shown = level.capitalize() if level in {"true", "false"} else level
            counts[LEVELS[place], arm, _level(shown)] = count
        return _told(numbers, counts)

    return run


def duckdb_by_column(folder: Path) -> Prepared:
    """Ask DuckDB: one query for all numbers, one for the levels of each column."""
    import os

    import duckdb

    connection = duckdb.connect(config={"threads": len(os.sched_getaffinity(0))})
    connection.read_parquet(str(folder / FILE)).create_view("people")
    asked = ", ".join(
        f"count({name}), avg({name}), stddev_samp({name}), quantile_cont({name}, [0.25, 0.5, 0.75])" for name in NUMBERS
    )

    def run() -> Answer:
        rows = connection.execute(f"SELECT arm, {asked} FROM people GROUP BY arm").fetchall()
        numbers = (
            (name, row[0], [*row[1 + 4 * place : 4 + 4 * place], *row[4 + 4 * place]])
            for row in rows
            for place, name in enumerate(NUMBERS)
        )
        counts = {}
        for name in LEVELS:
            for arm, level, count in connection.execute(
                f"SELECT arm, {name}, count(*) FROM people GROUP BY ALL"
            ).fetchall():
                counts[name, arm, _level(level)] = count
        return _told(numbers, counts)

    return run


def _polars(folder: Path, *, engine: str) -> Prepared:
    import polars as pl

    people = pl.scan_parquet(folder / FILE)
    asked = []
    for name in NUMBERS:
        column = pl.col(name)
        asked += [
            column.count().alias(f"{name} n"),
            column.mean().alias(f"{name} mean"),
            column.std().alias(f"{name} sd"),
            *(column.quantile(share, "linear").alias(f"{name} {share}") for share in (0.25, 0.5, 0.75)),
        ]
    queries = [people.group_by("arm").agg(asked), *(people.group_by("arm", name).len() for name in LEVELS)]
    fields = ("n", "mean", "sd", "0.25", "0.5", "0.75")

    def run() -> Answer:
        first, *others = pl.collect_all(queries, engine=engine)
        numbers = (
            (name, row["arm"], [row[f"{name} {field}"] for field in fields])
            for row in first.to_dicts()
            for name in NUMBERS
        )
        counts = {
            (name, row["arm"], _level(row[name])): row["len"]
            for name, found in zip(LEVELS, others, strict=True)
            for row in found.to_dicts()
        }
        return _told(numbers, counts)

    return run


def polars(folder: Path) -> Prepared:
    """Ask polars, all queries at once."""
    return _polars(folder, engine="in-memory")


def polars_streaming(folder: Path) -> Prepared:
    """Ask polars' streaming engine, all queries at once."""
    return _polars(folder, engine="streaming")


def decode(folder: Path) -> Prepared:
    """Read the file into memory with pyarrow, on all cores, and do nothing else."""
    import pyarrow.parquet as pq

    def run() -> Answer:
        return {"rows": [float(pq.read_table(folder / FILE).num_rows)]}

    return run


JOBS = {
    "memory 1M": {"ours": ours_in_memory, "tableone": tableone},
    "parquet 10M": {
        "ours": ours_from_file,
        "DuckDB": duckdb,
        "DuckDB, column by column": duckdb_by_column,
        "polars": polars,
        "polars, streaming": polars_streaming,
        "bare decoding": decode,
    },
}
PACKAGES = {
    "tableone": ("tableone", "pandas", "numpy"),
    "DuckDB": ("duckdb",),
    "polars": ("polars",),
    "bare decoding": ("pyarrow",),
}


def _data(job: str) -> Any:
    return lambda folder, scale: write_data(folder, int(FULL_ROWS[job] * scale))


if __name__ == "__main__":
    main(JOBS, data={job: _data(job) for job in JOBS}, packages=PACKAGES)
