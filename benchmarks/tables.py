"""Measure Table 1 on generated people, peers beside us in the same run, and write one JSON document.

The engines stand in `_tables_engines.py`. Each runs in a process of its own, several times; the first run is cold
(imports, compilation), the median of the others counts. All answers must be equal, quartiles included, or the benchmark
fails; it also fails where ours does not run. It asserts no times: the machine may be busy (its load is written down).
tableone lives in a side environment (_side_environment.py); where that cannot be built it is reported absent.

Run: ./dev bench tables [--scale 1.0] [--runs 3] [--only "memory 1M" "parquet 10M"] [--folder DATA]
At full scale: 1.3 GB of disk, about ten minutes on two cores.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from _measuring import ROOT, in_own_process, machine, say
from _models_goals import SIDE, Goal, Results, largest_difference
from _side_environment import MissingPeerError, side_python
from _tables_engines import JOBS

RESULTS = ROOT / "benchmarks" / "results" / "tables.json"
LIMIT_S = 1800
#: Standard deviations are added up in different orders; quartiles and counts are equal to the last bit.
TOLERANCE = 1e-9


def _over(results: Results, job: str, *, above: str, below: str) -> float | None:
    found = [results.best(job, name) for name in (above, below)]
    return found[0] / found[1] if found[0] is not None and found[1] is not None else None


def _over_the_better(results: Results) -> float | None:
    job = "parquet 10M"
    times = [time for time in (results.best(job, peer) for peer in ("DuckDB", "polars")) if time is not None]
    ours = results.best(job, "ours")
    return ours / min(times) if ours is not None and times else None


def _memory_gb(results: Results) -> float | None:
    found = results.best("parquet 10M", "ours", field="peak_mb")
    return None if found is None else found * 2**20 / 1e9


GOALS = (
    Goal(
        "1M x 30 in memory: tableone over ours",
        lambda results: _over(results, "memory 1M", above="tableone", below="ours"),
        at_least=20,
    ),
    Goal("10M x 30 from Parquet: ours over the better of DuckDB and polars", _over_the_better, at_most=0.7),
    Goal(
        "10M x 30 from Parquet: ours over bare decoding",
        lambda results: _over(results, "parquet 10M", above="ours", below="bare decoding"),
        at_most=2.5,
    ),
    Goal("10M x 30 from Parquet: GB", _memory_gb, at_most=1.5),
)


def run_engine(job: str, engine: str, *, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run one engine in its own environment; `data` draws what the job reads."""
    try:
        python = side_python() if engine in SIDE else sys.executable
    except MissingPeerError as reason:
        return {"absent": str(reason)}
    told = in_own_process(
        str(ROOT / "benchmarks" / "_tables_engines.py"),
        *(job, engine, str(folder)),
        *("--runs", str(1 if engine in SIDE else options.runs), "--scale", str(options.scale)),
        python=python,
        limit_s=LIMIT_S,
        without=("PYTHONPATH",) if engine in SIDE else (),
    )
    return told | {"load_1min": machine()["load_1min"]}


def run_job(job: str, *, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run all engines of a job, ours first, and set their answers beside ours."""
    made = run_engine(job, "data", folder=folder, options=options)
    engines: dict[str, Any] = {}
    for engine in JOBS[job]:
        say(f"{job}: {engine}")
        engines[engine] = run_engine(job, engine, folder=folder, options=options)
        shown = {key: value for key, value in engines[engine].items() if key in {"median_s", "peak_mb", "failed"}}
        say(f"  {json.dumps(shown)}")
    ours = engines["ours"].get("answer")
    wrong = []
    for engine, told in engines.items():
        answer = told.pop("answer", None)
        if ours and answer and engine not in {"ours", "bare decoding"}:
            same = answer.keys() == ours.keys()
            told["largest_difference_from_ours"] = largest_difference(ours, answer) if same else float("inf")
            if told["largest_difference_from_ours"] > TOLERANCE:
                wrong.append(engine)
    return {"data": made, "engines": engines, "disagree": wrong, "ran": bool(ours)}


def main() -> None:
    """Read the command line, run the jobs and write the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows, for quick tries")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=list(JOBS), default=list(JOBS), metavar="JOB")
    parser.add_argument("--folder", type=Path, help="keep the data here, and use what is there")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="tables-benchmark-"))
    begin = time.time()
    document: dict[str, Any] = {
        "machine": machine(),
        "versions": {name: version(name) for name in ("numpy", "pandas", "numba", "pyarrow", "duckdb", "polars")},
        "scale": options.scale,
        "runs": options.runs,
    }
    try:
        # Data of another scale are other data.
        found = {
            job: run_job(job, folder=folder / f"{job.replace(' ', '-')}-{options.scale:g}", options=options)
            for job in options.only
        }
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    results = Results({job: told["engines"] for job, told in found.items()})
    document["goals"] = [goal.check(results) for goal in GOALS]
    document |= {"jobs": found, "took_s": round(time.time() - begin)}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document["goals"], indent=1))
    say(f"Written: {options.output}")
    disagreeing = {job: told["disagree"] for job, told in found.items() if told["disagree"]}
    failed = [job for job, told in found.items() if not told["ran"]]
    if disagreeing or failed:
        raise SystemExit(f"the answers differ: {disagreeing}; ours did not run: {failed}")


if __name__ == "__main__":
    main()
