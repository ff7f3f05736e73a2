"""Measure cohorts and features on generated OMOP data, peers beside us in the same run, and print one JSON document.

The job stands in `_cohort_peers.py`. Every engine runs in a process of its own, several times; the first run is cold
(imports, opening files, and for us the comparison of each file with its sha256), the others are warm. All answers must
be equal, or the benchmark fails. It asserts no times: the machine may be busy (its load is written down).

Run: ./dev bench cohort [--scale 1.0] [--runs 5] [--only job layouts definitions growth]
Full scale is 1 million persons and 100 million measurements: 10 GB of disk, about half an hour on two cores.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from _cohort_peers import LEAST_AGE, PEERS, PRIOR_DAYS, Job, answer_sql, digest
from _measuring import ROOT, in_own_process, machine, repeated, say

RESULTS = ROOT / "benchmarks" / "results" / "cohort.json"
NAME = "synthetic"
FULL_PERSONS = 1_000_000
MEASUREMENTS_PER_PERSON = 100
DEFINITIONS = ROOT / "tests" / "data" / "phenotypes"
GOALS = {
    "best_peer_over_ours": "at least 4",
    "ours_over_bare_engine": "at most 1.2",
    "dask_dataframe_over_ours": "at least 15",
    "one_worker_over_two": "at least 1.7, where two cores are free",
    "largest_process_mb": "at most 512",
    "import_rows_per_second": "at least 1,000,000",
}


# What one process does


def ours(job: Job, *, data: str) -> Callable[[], Any]:
    """Write the job with the library; on the cluster that is open, else in threads."""
    from _cohort_data import UNITS

    from analysis_lib.catalog import open_catalog
    from analysis_lib.cohort import (
        CohortDefinition,
        ConceptSet,
        EntryEvent,
        PriorObservation,
        TimeAtRisk,
        Washout,
        build_cohort,
    )
    from analysis_lib.cohort.language import Demographics, Group, InclusionRule, Where
    from analysis_lib.features import Value, baseline, outcome
    from analysis_lib.windows import Window

    dataset = open_catalog(data)[NAME]
    ended = ConceptSet("outcome", job.outcome)
    definition = CohortDefinition(
        "job",
        EntryEvent(ConceptSet("condition", job.condition), "condition_occurrence", occurrence="first"),
        (
            PriorObservation(PRIOR_DAYS),
            InclusionRule("old enough", Group("all", [Demographics([Where("age", ">=", LEAST_AGE)])])),
            Washout(ended, "condition_occurrence"),
        ),
    )
    values = [Value(ConceptSet(f"m{m}", [m]), Window(None, -1), unit=UNITS[m], name=f"m{m}") for m in job.measurements]

    def run() -> Any:
        cohort = build_cohort(definition, dataset)
        next_day = TimeAtRisk(starts_after_days=1)
        followed = outcome(cohort, ended, time_at_risk=next_day, censor_at_death=False).frame
        measured = baseline(cohort, *values).to_pandas()
        answer = followed.merge(measured, on=["subject_id", "cohort_start_date"])
        names = {"subject_id": "person_id", "cohort_start_date": "index_date", "time_at_risk_days": "days"}
        return answer.rename(columns=names)

    return run


def bare(job: Job, *, data: str) -> Callable[[], Any]:
    """Run the peers' SQL by DuckDB alone on each of our buckets, in two threads, on files verified beforehand."""
    from concurrent.futures import ThreadPoolExecutor

    import duckdb
    import pandas as pd

    from analysis_lib.catalog import open_catalog

    dataset = open_catalog(data)[NAME]
    tables = ("person", "observation_period", "condition_occurrence", "measurement")
    files = [
        {table: [str(path) for path in dataset.bucket_paths(table, bucket)] for table in tables}
        for bucket in range(dataset.bucket_count)
    ]

    def one(paths: dict[str, list[str]]) -> pd.DataFrame:
        with duckdb.connect(config={"threads": 1}) as connection:
            for table, listed in paths.items():
                connection.read_parquet(listed).create_view(table)
            return connection.execute(answer_sql(job)).df()

    def run() -> pd.DataFrame:
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            return pd.concat(pool.map(one, files), ignore_index=True)

    return run


def bare_whole(job: Job, *, data: str) -> Callable[[], Any]:
    """Run the peers' SQL by one DuckDB on all of our files at once, with all cores."""
    import duckdb

    from analysis_lib.catalog import open_catalog

    dataset = open_catalog(data)[NAME]
    connection = duckdb.connect(config={"threads": len(os.sched_getaffinity(0))})
    for table in ("person", "observation_period", "condition_occurrence", "measurement"):
        connection.read_parquet([str(path) for path in dataset.paths(table)]).create_view(table)
    return lambda: connection.execute(answer_sql(job)).df()


BARE = {"bare engine on each bucket": bare, "bare engine on all buckets": bare_whole}


def child(words: list[str]) -> None:
    """Run one engine in this process and print what it took."""
    engine, job_file, runs = words[0], Path(words[1]), int(words[2])
    document = json.loads(job_file.read_text())
    job = Job(**{key: tuple(value) if isinstance(value, list) else value for key, value in document["job"].items()})
    found: dict[str, Any] = {}
    begin = time.perf_counter()
    if engine in PEERS:
        work = PEERS[engine](job, threads=len(os.sched_getaffinity(0)))
    elif engine in BARE:
        work = BARE[engine](job, data=document["data"])
    else:
        work = ours(job, data=document["data"])
        workers = int(engine.removeprefix("ours, workers ")) if "workers" in engine else 0
        if workers:
            from analysis_lib.compute import cluster

            started = time.perf_counter()
            cluster(workers=workers, threads_per_worker=1)
            found["cluster_start_s"] = round(time.perf_counter() - started, 3)
    found["prepare_s"] = round(time.perf_counter() - begin, 3)
    answer, walls, cpus = repeated(work, runs=runs + 1)
    found |= {"cold_s": walls[0], "seconds": walls[1:], "cpu_seconds": cpus[1:], "digest": digest(answer)}
    print(json.dumps(found))


# The parts of the run


def make_data(folder: Path, *, persons: int) -> dict[str, Any]:
    """Generate the source layout and import it; both are part of what is measured."""
    script = str(ROOT / "benchmarks" / "_cohort_data.py")
    made = in_own_process(script, "generate", str(folder / "source"), str(persons), str(MEASUREMENTS_PER_PERSON))
    imported = in_own_process(script, "import", str(folder / "source"), str(folder / "data"), NAME)
    return {"generate": made, "import": imported}


def main_job(folder: Path, *, runs: int, engines: list[str] | None = None) -> dict[str, Any]:
    """Run the job with every engine and set the medians beside one another."""
    from _cohort_data import JOB

    job = Job(**JOB, source=str(folder / "source"))
    job_file = folder / "job.json"
    job_file.write_text(json.dumps({"job": asdict(job), "data": str(folder / "data")}))
    found: dict[str, Any] = {}
    for engine in engines or ["ours", "ours, workers 1", "ours, workers 2", *BARE, *PEERS]:
        say(f"the job with {engine}")
        found[engine] = in_own_process(
            __file__, "--child", engine, str(job_file), str(runs), POLARS_MAX_THREADS=str(len(os.sched_getaffinity(0)))
        )
        say(f"  {json.dumps(found[engine])}")
    digests = {engine: result["digest"] for engine, result in found.items() if "digest" in result}
    if len({json.dumps(one, sort_keys=True) for one in digests.values()}) > 1:
        raise SystemExit(f"the answers differ: {json.dumps(digests, indent=1)}")
    return {"engines": found, "ratios": ratios({e: r["median_s"] for e, r in found.items() if "median_s" in r})}


def ratios(median_s: dict[str, float]) -> dict[str, Any]:
    """Set our time beside that of the others; None where one of them did not run."""
    mine = min((median_s[name] for name in ("ours", "ours, workers 2") if name in median_s), default=None)
    engine = min((median_s[name] for name in BARE if name in median_s), default=None)
    source = {name: median_s[name] for name in PEERS if name in median_s}

    def over(above: float | None, below: float | None) -> float | None:
        return round(above / below, 2) if above and below else None

    best = min(source, key=lambda name: source[name]) if source else None
    return {
        "ours_s": mine,
        "best_peer": best,
        "best_peer_over_ours": over(source.get(best or ""), mine),
        "ours_over_bare_engine": over(mine, engine),
        "dask_dataframe_over_ours": over(source.get("dask.dataframe"), mine),
        "one_worker_over_two": over(median_s.get("ours, workers 1"), median_s.get("ours, workers 2")),
    }


def part_of(folder: Path, *, persons: int, share: int) -> Path:
    """Make and import a part of the data, once; its persons are a hundredth or a tenth of all."""
    part = folder / f"part-{share}"
    if not part.exists():
        part.mkdir()
        say(f"a {share}th of the data")
        make_data(part, persons=max(1_000, persons // share))
    return part


def growth(folder: Path, *, persons: int, runs: int) -> list[dict[str, Any]]:
    """Run our side on a hundredth, a tenth and the whole."""
    rows = []
    for share in (100, 10, 1):
        place = folder if share == 1 else part_of(folder, persons=persons, share=share)
        result = main_job(place, runs=runs, engines=["ours"])["engines"]["ours"]
        rows.append({"measurements": max(1_000, persons // share) * MEASUREMENTS_PER_PERSON, **result})
    return rows


def layouts(folder: Path, *, persons: int, runs: int) -> list[dict[str, Any]]:
    """Compare ways to lay a tenth of the data out on disk."""
    from _cohort_data import JOB
    from _layouts import compare_layouts

    part = part_of(folder, persons=persons, share=10)
    return compare_layouts(Job(**JOB, source=str(part / "source")), part, runs=runs)


def main() -> None:
    """Read the command line, run the parts and write the document."""
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="1.0 is 1 million persons, 100 million measurements")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=["job", "growth", "layouts", "definitions"])
    parser.add_argument("--folder", type=Path, help="keep the data here, and use what is there")
    options = parser.parse_args()
    persons = int(FULL_PERSONS * options.scale)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="cohort-benchmark-"))
    folder.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {"machine": machine(), "persons": persons, "goals": GOALS}
    try:
        if not (folder / "data" / NAME).exists():
            document["data"] = make_data(folder, persons=persons)
        if "job" in options.only:
            document["job"] = main_job(folder, runs=options.runs)
        if "growth" in options.only:
            document["growth"] = growth(folder, persons=persons, runs=options.runs)
        if "layouts" in options.only:
            document["layouts"] = layouts(folder, persons=persons, runs=options.runs)
        if "definitions" in options.only:
            script = str(ROOT / "benchmarks" / "_definitions.py")
            document["definitions"] = in_own_process(script, str(DEFINITIONS), str(folder))
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    document["machine"]["load_1min_at_end"] = round(os.getloadavg()[0], 2)
    text = json.dumps(document, indent=1)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
