"""Measure regression and survival on generated data, peers beside us in the same run, and write one JSON document.

The jobs stand in `_models_goals.py`, the engines in `_models_*.py`. Every engine runs in a process of its own, several
times; the first fit is cold (imports, compilation), the median of the others counts. The data are drawn once, from
fixed seeds, and prepared before the clock starts. Engines that compute the same must agree, or the benchmark fails.
A peer that does not finish in its time or memory is reported so, one that is not installed as absent; neither is
passed. It asserts no times: the machine may be busy (its load is written down). lifelines and scikit-survival live in
a side environment, R is used where it is installed (_side_environment.py).

Run: ./dev bench models [--scale 1.0] [--runs 5] [--only "memory 1M" km ...] [--folder DATA]
At full scale: 8 GB of disk, about an hour on two cores.
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

import psutil
from _measuring import ROOT, in_own_process, machine, say
from _models_goals import GOALS, JOBS, R_PACKAGES, SIDE, Results, largest_difference
from _side_environment import MissingPeerError, rscript, side_python

RESULTS = ROOT / "benchmarks" / "results" / "models.json"
# Set on some machines for older OpenBLAS builds; they would choose a slower kernel for every engine here. Which kernel
# ran stands beside each engine ("threads").
SLOWER_KERNELS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
SHARE_OF_FREE_MEMORY = 0.9
LASSO_PERSONS = 200_000


def run_engine(name: str, engine: str, *, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run one engine in its own environment, bounded in time and memory; `data` draws what the job reads."""
    job = JOBS[name]
    try:
        python = side_python() if engine in SIDE else sys.executable
        if engine in R_PACKAGES:
            rscript(R_PACKAGES[engine])
    except MissingPeerError as reason:
        return {"absent": str(reason)}
    size = () if job.draws_its_data else ("--scale", str(options.scale))
    return in_own_process(
        str(ROOT / "benchmarks" / job.script),
        *(name, engine, str(folder), "--runs", str(options.runs), *size),
        python=python,
        limit_s=options.limit or job.limit_s,
        limit_mb=SHARE_OF_FREE_MEMORY * psutil.virtual_memory().available / 2**20,
        without=(*SLOWER_KERNELS, "PYTHONPATH") if engine in SIDE else SLOWER_KERNELS,
        LASSO_PERSONS=str(int(LASSO_PERSONS * options.scale)),
    )


def run_job(name: str, *, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run all engines of a job, ours first, and set their answers beside ours."""
    job = JOBS[name]
    made = {} if job.draws_its_data else run_engine(name, "data", folder=folder, options=options)
    engines: dict[str, Any] = {}
    for engine in job.engines:
        if options.engines and not any(engine.startswith(wanted) for wanted in options.engines):
            continue
        say(f"{name}: {engine}")
        told = run_engine(name, engine, folder=folder, options=options)
        if "deviance_ratio" in told:
            told["answer"] = {"deviance_ratio": [told["deviance_ratio"]]}
        engines[engine] = told | {"load_1min": machine()["load_1min"]}
        say(f"  {told.get('median_s') or told.get('failed') or told.get('absent')}  peak {told.get('peak_mb')} MB")
    ours = next(
        (told["answer"] for engine, told in engines.items() if engine.startswith("ours") and "answer" in told), None
    )
    for told in engines.values():
        if ours and "answer" in told:
            told["largest_difference_from_ours"] = largest_difference(ours, told["answer"])
    wrong = [engine for engine in job.exact if not _agrees(engines.get(engine, {}), job.tolerance)]
    return {"data": made, "engines": engines, "disagree": wrong}


def _agrees(told: dict[str, Any], tolerance: float) -> bool:
    gap = told.get("largest_difference_from_ours")
    return gap is None or gap <= tolerance


def main() -> None:
    """Read the command line, run the jobs and write the document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows, for quick tries")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=list(JOBS), default=list(JOBS), metavar="JOB")
    parser.add_argument("--engines", nargs="*", help="only engines whose names begin so")
    parser.add_argument("--limit", type=float, help="seconds for one engine; default: the job's own")
    parser.add_argument("--folder", type=Path, help="keep the data here, and use what is there")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="models-benchmark-"))
    begin = time.time()
    found: dict[str, Any] = {}
    document: dict[str, Any] = {
        "machine": machine(),
        "versions": {name: version(name) for name in ("numpy", "scipy", "pandas", "numba", "pyarrow", "dask")},
        "scale": options.scale,
        "runs": options.runs,
    }
    try:
        for name in options.only:
            # Data of another scale are other data.
            place = folder / f"{Path(JOBS[name].script).stem.removeprefix('_models_')}-{options.scale:g}"
            found[name] = run_job(name, folder=place, options=options)
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    results = Results({name: job["engines"] for name, job in found.items()})
    document["goals"] = [goal.check(results) for goal in GOALS]
    document |= {"jobs": found, "took_s": round(time.time() - begin)}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(document, indent=1) + "\n")
    print(json.dumps(document["goals"], indent=1))
    say(f"Written: {options.output}")
    disagreeing = {name: job["disagree"] for name, job in found.items() if job["disagree"]}
    failed = [name for name, job in found.items() if not any("median_s" in told for told in job["engines"].values())]
    if disagreeing or failed:
        raise SystemExit(f"the answers differ: {disagreeing}; nothing ran: {failed}")


if __name__ == "__main__":
    main()
