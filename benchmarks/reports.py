"""The reports service under load: its queue, its lists and its start, with a real hub and real runners.

Goals: 500 runs queued and 2 at a time, none lost, the service at most 5 % of one core, 95 of 100 runs begun within 2 s
of a place being free; with 10,000 runs in the history a list in at most 300 ms; with 5,000 definitions a start in at
most 5 s. Every part ends by itself.

    uv run --no-sync python benchmarks/reports.py            # three minutes
    uv run --no-sync python benchmarks/reports.py --short    # one minute: the same with a tenth of everything
"""

import argparse
import datetime as dt
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil
import sqlalchemy as sa

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks._measuring import machine, say  # noqa: E402
from hub_config.reports.database.connection import time_text  # noqa: E402
from hub_config.reports.database.states import FINAL  # noqa: E402
from hub_config.reports.database.tables import batches, definitions, events, runs  # noqa: E402
from hub_config.reports.definitions.reading import parse_definition  # noqa: E402
from hub_config.reports.desk import Person  # noqa: E402
from hub_config.reports.desk.defining import save_definition  # noqa: E402
from tests.end_to_end.report_house import House, report, running_house  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "reports.json"
GOALS = {
    "service_cpu_percent": 5.0,
    "start_lag_p95_s": 2.0,
    "list_ms": 300.0,
    "start_s": 5.0,
}
AT_ONCE = 2
RUN_LIMIT_S = 3.0  # for each run of the queue, on the average; then the measurement is given up
PROJECTS = {f"project-{n}": "max_running = 2\nmax_queued = 100000" for n in range(4)}
EMPTY = report("print(1)")
PAGES = {
    "first": "",
    "middle": "?page=200",
    "last": "?page=100000",
    "part": "?part=runs",
    "history": "history",
    "oldest": "history?page=100000",
    "project": "projects/project-1",
    "run": "runs/old-5",
}


def p95(values: list[float]) -> float:
    """Give the value that 95 of 100 do not pass."""
    return round(quantiles(values, n=20, method="inclusive")[-1], 3)


def _moment(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()


def start_lags(rows: list[Any]) -> list[float]:
    """Give, for each run after the first ones, the seconds from the moment when a place was free to its start.

    They are 0 where the queue gave the place away in the transaction that ended the run before.
    """
    starts = sorted(_moment(row.started_at) for row in rows)
    ends = sorted(_moment(row.ended_at) for row in rows)
    return [start - end for start, end in zip(starts[AT_ONCE:], ends, strict=False)]


def measure_queue(n_runs: int) -> dict[str, Any]:
    """Queue runs and let them all be carried out, two at a time."""
    settings = {"COHORTHUB_REPORTS_MAX_RUNNING": str(AT_ONCE), "COHORTHUB_REPORTS_RUNNER_IDLE": "20"}
    with running_house({"wards": "max_running = 2\nmax_queued = 100000"}, environment=settings) as house:
        house.submit(EMPTY, project="wards", n=n_runs)
        house.wait(house.held, within=60, what="the first run has begun")
        service = psutil.Process(house.started["service"].pid)
        began, before = time.perf_counter(), sum(service.cpu_times()[:2])
        house.wait_until_done(within=60 + RUN_LIMIT_S * n_runs)
        wall, cpu = time.perf_counter() - began, sum(service.cpu_times()[:2]) - before
        rows, happened = house.rows(), house.happened()
    ends = [[kind for kind in happened[row.id] if kind in FINAL] for row in rows]
    lags = start_lags(rows)
    took = [_moment(row.ended_at) - _moment(row.started_at) for row in rows]
    return {
        "runs": n_runs,
        "succeeded": sum(row.state == "succeeded" for row in rows),
        "lost_or_double": sum(one != [row.state] for one, row in zip(ends, rows, strict=True)) + n_runs - len(rows),
        "seconds": round(wall, 1),
        "runs_per_s": round(n_runs / wall, 2),
        "service_cpu_percent": round(100 * cpu / wall, 2),
        "service_cpu_ms_per_run": round(1000 * cpu / n_runs, 1),
        "lease_to_closed_median_s": round(median(took), 3),
        "lease_to_closed_p95_s": p95(took),
        "start_lag_median_s": round(median(lags), 3),
        "start_lag_p95_s": p95(lags),
        "start_lag_worst_s": round(max(lags), 3),
    }


def fill_history(house: House, n_runs: int) -> None:
    """Write runs that have ended, with what happened to each, as the queue leaves them."""
    (model,) = house.submit(EMPTY, project="project-0")
    house.wait_until_done(within=90)
    row = dict(house.row(model)._mapping)  # noqa: SLF001 - the public name of a row as a mapping
    now = dt.datetime.now(dt.UTC)
    with house.database.writing() as tx:
        for n in range(n_runs):
            at = time_text(now - dt.timedelta(minutes=n + 1))
            project, run_id = f"project-{n % len(PROJECTS)}", f"old-{n}"
            state = FINAL[0] if n % 7 else FINAL[1 + n % 5]
            tx.execute(
                sa.insert(batches).values(
                    id=f"b-{n}", project=project, request_sha256="", submitted_by="kim", submitted_at=at, n_runs=1
                )
            )
            changed = {"id": run_id, "project": project, "batch_id": f"b-{n}", "state": state, "is_settled": True}
            times = {"queued_at": at, "not_before": at, "started_at": at, "ended_at": at}
            tx.execute(sa.insert(runs).values(**row | changed | times))
            kinds = ("queued", "running", "cell", state)
            tx.execute(sa.insert(events), [{"run_id": run_id, "at": at, "kind": kind, "text": ""} for kind in kinds])


def fill_definitions(house: House, n_definitions: int) -> None:
    """Write approved definitions: one by the desk, the others as copies of its row under other names."""
    folder = house.home / "projects" / "project-0"
    (folder / "tiny.ipynb").write_bytes(EMPTY)
    document = {
        "name": "monthly", "title": "Monthly", "template": "tiny.ipynb",
        "schedule": "0 7 1 * *", "timezone": "Asia/Seoul",
    }  # fmt: skip
    now = dt.datetime.now(dt.UTC)
    save_definition(
        house.desk, parse_definition(document), project="project-0", person=Person("kim"), now=now, approve_too=True
    )
    with house.database.writing() as tx:
        row = dict(tx.execute(sa.select(definitions)).mappings().one())
        copies = []
        for n in range(1, n_definitions):
            name = f"monthly-{n}"
            copies.append(row | {"name": name, "document": {**row["document"], "name": name}})
        tx.execute(sa.insert(definitions), copies)


def measure_lists(house: House) -> dict[str, Any]:
    """Ask for pages as a browser does: lists at their beginning, middle and end, a project's page, a run's."""
    session = house.sign_in("kim")
    found = {}
    for name, query in PAGES.items():
        took = []
        for _ in range(15):
            began = time.perf_counter()
            answer = session.get(house.pages + query, timeout=30)
            took.append(1000 * (time.perf_counter() - began))
            answer.raise_for_status()
        found[name] = {"median_ms": round(median(took), 1), "worst_ms": round(max(took), 1)}
    return found


def measure_start(house: House) -> list[float]:
    """Stop the service and start it again, three times; give the seconds until it answers."""
    took = []
    for _ in range(3):
        house.kill("service")
        began = time.perf_counter()
        house.start("service")
        took.append(round(time.perf_counter() - began, 2))
    return took


@contextmanager
def full_house(n_runs: int, n_definitions: int) -> Iterator[House]:
    """A house with a long history and many definitions."""
    with running_house(PROJECTS, environment={"COHORTHUB_REPORTS_RUNNER_IDLE": "5"}) as house:
        say(f"filling the history with {n_runs} runs, and {n_definitions} definitions")
        fill_history(house, n_runs)
        fill_definitions(house, n_definitions)
        yield house


def idle_cpu(house: House, *, for_s: float) -> float:
    """Measure what the service takes while nothing runs, in percent of one core."""
    service = psutil.Process(house.started["service"].pid)
    before = sum(service.cpu_times()[:2])
    time.sleep(for_s)
    return round(100 * (sum(service.cpu_times()[:2]) - before) / for_s, 2)


def measure(*, scale: int) -> dict[str, Any]:
    """Measure all parts; `scale` divides the numbers."""
    found: dict[str, Any] = {"benchmark": "reports", "machine": machine(), "goals": GOALS}
    say(f"{500 // scale} runs, {AT_ONCE} at a time")
    found["queue"] = measure_queue(500 // scale)
    say(json.dumps(found["queue"]))
    with full_house(10_000 // scale, 5_000 // scale) as house:
        found["lists"] = measure_lists(house)
        found["start_s"] = measure_start(house)
        found["idle_cpu_percent"] = idle_cpu(house, for_s=20)
    found["met"] = {
        "nothing_lost": found["queue"]["lost_or_double"] == 0,
        "service_cpu_percent": found["queue"]["service_cpu_percent"] <= GOALS["service_cpu_percent"],
        "start_lag_p95_s": found["queue"]["start_lag_p95_s"] <= GOALS["start_lag_p95_s"],
        "list_ms": max(one["median_ms"] for one in found["lists"].values()) <= GOALS["list_ms"],
        "start_s": max(found["start_s"]) <= GOALS["start_s"],
    }
    return found


def main() -> None:
    """Measure, print the JSON, and keep it under benchmarks/results/."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a tenth of everything")
    wanted = parser.parse_args()
    # A benchmark that is stopped takes its hub along.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    # What is started finds the package of this file's tree, whatever is installed.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    os.environ.setdefault("TMPDIR", tempfile.gettempdir())
    text = json.dumps(measure(scale=10 if wanted.short else 1), indent=2)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
