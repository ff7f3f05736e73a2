"""What one process of the model benchmarks does: prepare an engine for a job, fit several times, print one JSON line.

A script `_models_X.py` names its engines job by job and calls `main`:

    python benchmarks/_models_X.py JOB ENGINE FOLDER [--runs 3] [--scale 1.0]

ENGINE `data` writes what the job reads into FOLDER, once. Any other engine prints a line with `cold_s` (the first
fit), `seconds` (the others), `answer` (numbers by name, so that engines can be compared) and what it ran on.
An engine that is not on this machine prints `absent` with the reason.
"""

import argparse
import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from _measuring import repeated
from _side_environment import MissingPeerError, r_versions, rscript

Answer = dict[str, Any]
Prepared = Callable[[], Answer]
R_LIMIT_S = 3600


def main(
    jobs: Mapping[str, Mapping[str, Callable[[Path], Prepared]]],
    *,
    data: Mapping[str, Callable[[Path, float], None]],
    packages: Mapping[str, Sequence[str]],
) -> None:
    """Read the command line, run one engine and print what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=list(jobs))
    parser.add_argument("engine")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    begin = time.perf_counter()
    if options.engine == "data":
        data[options.job](options.folder, options.scale)
        print(json.dumps({"made_s": round(time.perf_counter() - begin, 3)}))
        return
    try:
        found = _measured(jobs[options.job][options.engine], options.folder, runs=options.runs)
    except MissingPeerError as reason:
        found = {"absent": str(reason)}
    found["versions"] = {name: _version(name) for name in packages.get(options.engine, ())} | found.get("versions", {})
    print(json.dumps(found))


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _measured(prepare: Callable[[Path], Prepared], folder: Path, *, runs: int) -> dict[str, Any]:
    begin = time.perf_counter()
    work = prepare(folder)
    prepared = round(time.perf_counter() - begin, 3)
    if isinstance(work, RScript):
        return {**work.run(runs + 1), "prepare_s": prepared}
    answer, walls, cpus = repeated(work, runs=runs + 1)
    return {
        "prepare_s": prepared,
        "cold_s": walls[0],
        "seconds": walls[1:],
        "cpu_seconds": cpus[1:],
        "answer": answer,
        "threads": _threads(),
    }


def _threads() -> list[str]:
    """Tell which BLAS kernel ran, on how many threads."""
    from threadpoolctl import threadpool_info

    return sorted(
        " ".join(str(pool.get(key)) for key in ("prefix", "version", "architecture", "num_threads") if pool.get(key))
        for pool in threadpool_info()
    )


class RScript:
    """R code that fits `runs` times and times itself; its process is a child, so its memory is seen.

    The code finds `folder` (where `column("x")` reads what `columns_for_r` wrote) and calls `measure(function)`, whose
    function gives a named list of numbers.
    """

    PRELUDE = """
    words <- commandArgs(TRUE); folder <- words[1]; runs <- as.integer(words[2])
    column <- function(name) {
      path <- file.path(folder, paste0(name, ".f64")); readBin(path, "double", file.size(path) / 8)
    }
    measure <- function(work) {
      walls <- numeric(0)
      for (i in seq_len(runs)) { gc(); t <- proc.time()[["elapsed"]]; answer <- work()
                                 walls <- c(walls, proc.time()[["elapsed"]] - t) }
      numbers <- function(v) paste0("[", paste(sprintf("%.17g", v), collapse = ","), "]")
      cat(sprintf('{"walls": %s, "answer": {%s}}', numbers(walls),
          paste(sprintf('"%s": %s', names(answer), vapply(answer, numbers, "")), collapse = ", ")), "\\n")
    }
    """

    def __init__(self, code: str, folder: Path, *, packages: Sequence[str]) -> None:
        self.code, self.folder, self.packages = code, folder, tuple(packages)
        self.command = rscript(*packages)

    def __call__(self) -> Answer:
        """Fit once."""
        return self.run(1)["answer"]

    def run(self, runs: int) -> dict[str, Any]:
        """Fit several times in one R process."""
        done = subprocess.run(
            [self.command, "--vanilla", "-e", self.PRELUDE + self.code, str(self.folder), str(runs)],
            stdout=subprocess.PIPE,
            text=True,
            timeout=R_LIMIT_S,
            check=True,
        )
        told = json.loads(done.stdout.splitlines()[-1])
        walls = told["walls"]
        return {
            "cold_s": walls[0],
            "seconds": walls[1:],
            "answer": told["answer"],
            "versions": r_versions(*self.packages),
        }


def columns_for_r(files: Sequence[Path], folder: Path, *, names: Sequence[str]) -> Path:
    """Write columns of Parquet files as raw float64, once: R reads them as they are."""
    import numpy as np
    import pyarrow.parquet as pq

    folder.mkdir(exist_ok=True)
    for name in names:
        path = folder / f"{name}.f64"
        if not path.exists():
            parts = [pq.read_table(file, columns=[name])[name].to_numpy() for file in files]
            partial = path.with_suffix(".part")
            np.concatenate(parts).astype("float64").tofile(partial)
            partial.rename(path)
    return folder
