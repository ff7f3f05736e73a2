"""Measure the synthetic generators: rows a second and peak memory by format and size, and print one JSON document.

Each run is a process of its own, so that its peak memory is its own. Processor seconds stand beside wall seconds,
since the machine may be busy (its load is written down). It asserts no times.

Run: ./dev bench synthetic [--persons 100000] [--measurements 60] [--only duckdb parquet csv csv.gz growth definitions]
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _measuring import ROOT, in_own_process, machine, say

RESULTS = ROOT / "benchmarks" / "results" / "synthetic.json"
PHENOTYPES = ROOT / "tests" / "data" / "phenotypes"
FORMATS = ("duckdb", "parquet", "csv", "csv.gz")
GOALS = {"rows_per_second": "at least 1,000,000", "peak_mb": "below 1024", "definitions_s": "below 60"}


def write(folder: Path, *, kind: str, persons: int, measurements: float) -> dict[str, Any]:
    """Write one database and say what it took."""
    from analysis_lib.testing import synthetic_omop

    target = folder / ("synthetic.duckdb" if kind == "duckdb" else "synthetic")
    wall, cpu = time.perf_counter(), time.process_time()
    data = synthetic_omop(target, persons=persons, measurements_per_person=measurements, format=kind)  # type: ignore[arg-type]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    rows = sum(data.rows.values())
    files = [target] if target.is_file() else list(target.iterdir())
    return {
        "persons": persons,
        "rows": rows,
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "rows_per_second": round(rows / wall),
        "rows_per_cpu_second": round(rows / cpu),
        "bytes": sum(file.stat().st_size for file in files),
    }


def write_for_definitions(folder: Path) -> dict[str, Any]:
    """Make people for the 150 shared definitions and say what it took."""
    from analysis_lib.testing import people_for_definitions

    wall, cpu = time.perf_counter(), time.process_time()
    files = sorted(PHENOTYPES.glob("*.json"))
    made = people_for_definitions(files, path=folder / "people.duckdb", persons_per_definition=30)
    return {
        "definitions": len(files),
        "persons": len(made.persons),
        "rows": sum(made.rows.values()),
        "wall_s": round(time.perf_counter() - wall, 2),
        "cpu_s": round(time.process_time() - cpu, 2),
    }


def measured(words: list[str]) -> dict[str, Any]:
    """Run this file again on one task, in a fresh folder and process."""
    with tempfile.TemporaryDirectory(prefix="cohorthub-synthetic-") as folder:
        return in_own_process(__file__, "--worker", folder, *words)


def measure(wanted: argparse.Namespace) -> dict[str, Any]:
    """Measure what was asked for."""
    found: dict[str, Any] = {"benchmark": "synthetic", "machine": machine(), "goals": GOALS, "formats": {}}
    sizes = (str(wanted.persons), str(wanted.measurements))
    for kind in (kind for kind in FORMATS if kind in wanted.only):
        # Packing is slow by nature; a tenth of the people shows as much.
        fewer = (str(wanted.persons // 10), sizes[1]) if kind == "csv.gz" else sizes
        say(f"{kind}: {fewer[0]} persons")
        found["formats"][kind] = measured([kind, *fewer])
    if "growth" in wanted.only:
        steps = [wanted.persons // 100, wanted.persons // 10, wanted.persons]
        say(f"growth: {', '.join(map(str, steps))} persons")
        found["growth"] = [measured(["parquet", str(step), sizes[1]]) for step in steps]
    if "definitions" in wanted.only:
        say("people for the 150 shared definitions")
        found["people_for_definitions"] = measured(["definitions"])
    return found


def work(folder: Path, words: list[str]) -> dict[str, Any]:
    """Do one task in this process."""
    kind, *sizes = words
    if kind == "definitions":
        return write_for_definitions(folder)
    return write(folder, kind=kind, persons=int(sizes[0]), measurements=float(sizes[1]))


def main() -> None:
    """Measure, print the JSON, and keep it under benchmarks/results/."""
    if sys.argv[1:2] == ["--worker"]:
        print(json.dumps(work(Path(sys.argv[2]), sys.argv[3:])))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=100_000, help="people (default 100000)")
    parser.add_argument("--measurements", type=float, default=60, help="measurements a person (default 60)")
    parts = (*FORMATS, "growth", "definitions")
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, help="leave the rest out")
    text = json.dumps(measure(parser.parse_args()), indent=2)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
