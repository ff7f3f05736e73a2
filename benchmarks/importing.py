"""Measure imports: rows a second, peak memory and time by stage for each kind of source; prints one JSON document.

The same synthetic people come as a DuckDB file, as Parquet, as CSV and as packed CSV. Beside them stand the plain
writers of other engines, which only split the measurements into buckets: no sorting, no checks, no sums. Each run is
a process of its own; processor seconds stand beside wall seconds, since the machine may be busy. It asserts no times.

Run: ./dev bench importing [--persons 100000] [--measurements 100] [--only duckdb parquet csv csv.gz skewed peers]
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _measuring import ROOT, in_own_process, machine, say

RESULTS = ROOT / "benchmarks" / "results" / "importing.json"
SOURCES = ("duckdb", "parquet", "csv", "csv.gz", "skewed")
GOALS = {"rows_per_second": "at least 1,000,000 on two cores", "peak_mb": "below 2048 at 100 M rows"}
BUCKETS = 16


def make_source(folder: Path, *, kind: str, persons: int, measurements: float) -> Path:
    """Write the people in one format; a skewed one has a person with a million rows."""
    from analysis_lib.testing import synthetic_omop

    is_file = kind in {"duckdb", "skewed"}
    target = folder / f"{kind}.duckdb" if is_file else folder / kind
    synthetic_omop(
        target,
        persons=persons,
        measurements_per_person=measurements,
        format="duckdb" if is_file else kind,  # type: ignore[arg-type]
        skewed_person_rows=1_000_000 if kind == "skewed" else 0,
        wide_ids=True,
    )
    return target


def import_once(source: Path, out: Path) -> dict[str, Any]:
    """Import and say what it took, by stage."""
    from analysis_lib.catalog import import_omop

    stages: dict[str, float] = {}
    begun = [("checksum", time.perf_counter(), time.process_time())]

    def progress(line: str) -> None:
        names = {"looking": "conforming", "writing ": "sorting and writing", "checking": "checking"}
        names |= {"reading ": "copying into Parquet"}
        name = next((name for word, name in names.items() if line.startswith(word)), begun[-1][0])
        if name != begun[-1][0] and "checksum" not in line:
            end_stage(name)

    def end_stage(name: str) -> None:
        last, wall, cpu = begun[-1]
        stages[f"{last}, wall_s"] = round(time.perf_counter() - wall, 2)
        stages[f"{last}, cpu_s"] = round(time.process_time() - cpu, 2)
        begun.append((name, time.perf_counter(), time.process_time()))

    wall, cpu = time.perf_counter(), time.process_time()
    found = import_omop(source, name="measured", data=out, progress=progress).dataset
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    end_stage("end")
    rows = sum(entry.rows for entry in found.tables.values())
    return {**took(rows, wall=wall, cpu=cpu), "bytes": folder_bytes(found.path), "stages": stages}


def took(rows: int, *, wall: float, cpu: float) -> dict[str, Any]:
    """Put the figures of one run together."""
    return {
        "rows": rows,
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "rows_per_second": round(rows / wall),
        "rows_per_cpu_second": round(rows / cpu),
    }


def folder_bytes(folder: Path) -> int:
    """Add up the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def peer_duckdb(source: Path, out: Path) -> None:
    """Let DuckDB split the measurements into buckets, unsorted."""
    import duckdb

    from analysis_lib.catalog import bucket_sql

    with duckdb.connect(config={"memory_limit": "1GB", "preserve_insertion_order": "false"}) as connection:
        connection.execute(
            f"COPY (SELECT *, {bucket_sql('person_id', count=BUCKETS)} AS bucket FROM '{source}') "
            f"TO '{out}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (bucket))"
        )


def peer_duckdb_sorted(source: Path, out: Path) -> None:
    """Let DuckDB sort the measurements by bucket and concept, and write one file."""
    import duckdb

    from analysis_lib.catalog import bucket_sql

    with duckdb.connect(config={"memory_limit": "1GB", "preserve_insertion_order": "false"}) as connection:
        connection.execute(
            f"COPY (SELECT * FROM '{source}' ORDER BY CAST({bucket_sql('person_id', count=BUCKETS)} AS USMALLINT), "
            f"measurement_concept_id, person_id, measurement_date, measurement_id) "
            f"TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
        )


def peer_polars(source: Path, out: Path) -> None:
    """Let polars sort the measurements by bucket and concept, and write one file."""
    import polars as pl

    bucket = pl.col("person_id") % BUCKETS
    frame = pl.scan_parquet(source).sort(
        bucket, "measurement_concept_id", "person_id", "measurement_date", "measurement_id"
    )
    frame.sink_parquet(out, compression="zstd", compression_level=1)


def peer_pyarrow(source: Path, out: Path) -> None:
    """Let pyarrow copy the measurements, unsorted and unsplit."""
    import pyarrow.dataset as ds
    import pyarrow.parquet as pq

    files = ds.dataset(source)
    with pq.ParquetWriter(out, files.schema, compression="zstd", compression_level=1) as writer:
        for batch in files.to_batches():
            writer.write_batch(batch)


PEERS: dict[str, Callable[[Path, Path], None]] = {
    "duckdb, buckets, unsorted": peer_duckdb,
    "duckdb, sorted": peer_duckdb_sorted,
    "polars, sorted": peer_polars,
    "pyarrow, copied": peer_pyarrow,
}


def peer_once(name: str, source: Path, out: Path) -> dict[str, Any]:  # noqa: PLR0917 - words of a command line
    """Run one peer on the measurements alone."""
    import pyarrow.parquet as pq

    wall, cpu = time.perf_counter(), time.process_time()
    PEERS[name](source, out)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return took(pq.read_metadata(source).num_rows, wall=wall, cpu=cpu)


def measured(words: list[str], *, out: Path) -> dict[str, Any]:
    """Run this file again on one task, in a fresh process, and remove what it wrote."""
    try:
        return in_own_process(__file__, "--worker", *words, str(out))
    finally:
        if out.is_dir():
            shutil.rmtree(out)
        out.unlink(missing_ok=True)


def measure(wanted: argparse.Namespace) -> dict[str, Any]:
    """Measure what was asked for."""
    found: dict[str, Any] = {"benchmark": "importing", "machine": machine(), "goals": GOALS, "sources": {}}
    with tempfile.TemporaryDirectory(prefix="cohorthub-importing-") as name:
        folder = Path(name)
        for kind in (kind for kind in SOURCES if kind in wanted.only):
            # Packing is slow by nature; a tenth of the people shows as much.
            persons = wanted.persons // 10 if kind == "csv.gz" else wanted.persons
            say(f"{kind}: making {persons:,} persons")
            source = make_source(folder, kind=kind, persons=persons, measurements=wanted.measurements)
            say(f"{kind}: importing")
            found["sources"][kind] = measured(["import", str(source)], out=folder / "out")
            if source.is_dir():
                shutil.rmtree(source)
            source.unlink(missing_ok=True)
        if "peers" in wanted.only:
            source = make_source(folder, kind="parquet", persons=wanted.persons, measurements=wanted.measurements)
            table = source / "measurement.parquet"
            found["peers, measurements only"] = {}
            for peer in PEERS:
                say(f"peer: {peer}")
                words = ["peer", peer, str(table)]
                found["peers, measurements only"][peer] = measured(words, out=folder / "peer")
    return found


def main() -> None:
    """Measure, print the JSON, and keep it under benchmarks/results/."""
    if sys.argv[1:2] == ["--worker"]:
        task, *words = sys.argv[2:]
        *names, source, out = words
        done = peer_once(names[0], Path(source), Path(out)) if task == "peer" else import_once(Path(source), Path(out))
        print(json.dumps(done))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=100_000, help="people (default 100000)")
    parser.add_argument("--measurements", type=float, default=100, help="measurements a person (default 100)")
    parts = (*SOURCES, "peers")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, help="leave the rest out")
    text = json.dumps(measure(parser.parse_args()), indent=2)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
