"""Small notebooks, a home of their own, and the command line in a process of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

Cell = dict[str, Any]
KERNELSPEC = {"name": "cohort-analysis", "display_name": "Cohort analysis", "language": "python"}


def code(source: str, *tags: str) -> Cell:
    return {
        "cell_type": "code",
        "source": source,
        "metadata": {"tags": list(tags)},
        "outputs": [],
        "execution_count": None,
    }


def text(source: str) -> Cell:
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def parameters(source: str = "days: int = 7  # how many days are looked at") -> Cell:
    return code(source, "parameters")


def notebook(*cells: Cell, kernel: dict[str, str] | None = KERNELSPEC) -> dict[str, Any]:
    with_ids = [cell | {"id": f"cell-{number}"} for number, cell in enumerate(cells)]
    metadata = {"kernelspec": kernel} if kernel else {}
    return {"cells": with_ids, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def plant_names(home: Path) -> None:
    """Two data sets and a cohort definition that reports may name; they hold nothing."""
    for name in ("gibleed", "others"):
        release = home / "data" / name / "2026-01-01-0123456789"
        release.mkdir(parents=True)
        (release / "manifest.json").write_text("{}", encoding="utf-8")
    (home / "cohorts").mkdir()
    (home / "cohorts" / "stroke.json").write_text("{}", encoding="utf-8")


@dataclass
class Ended:
    """What a command left: exit code, the document on stdout, the talk on stderr."""

    code: int
    document: dict[str, Any]
    talk: str

    @property
    def folder(self) -> Path:
        return Path(self.document["folder"])

    @property
    def record(self) -> dict[str, Any]:
        return json.loads((self.folder / "run.json").read_text())

    @property
    def notebook(self) -> dict[str, Any]:
        return json.loads((self.folder / "report.ipynb").read_text())

    @property
    def page(self) -> str:
        return (self.folder / "report.html").read_text()


@dataclass
class Bench:
    """A home and a folder of templates; whatever is started here is ended here."""

    path: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.path / "home"

    @property
    def runs(self) -> Path:
        return self.home / "runs"

    def template(self, *cells: Cell, name: str = "steps", **more: Any) -> Path:
        path = self.path / f"{name}.ipynb"
        path.write_text(json.dumps(notebook(*cells, **more)))
        return path

    def start(self, *words: object, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-m",
            "hub_config.cli",
            "report",
            *map(str, words),
            "--home",
            str(self.home),
            "--json",
        ]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.path,
            env=os.environ | (env or {}),
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def end(self, process: subprocess.Popen[str]) -> Ended:
        out, err = process.communicate(timeout=120)
        documents = [json.loads(line) for line in out.splitlines() if line.strip()]
        assert len(documents) <= 1, out
        return Ended(process.returncode, documents[0] if documents else {}, err)

    def report(self, *words: object, env: dict[str, str] | None = None) -> Ended:
        return self.end(self.start(*words, env=env))

    def run(self, *cells: Cell, words: tuple[object, ...] = (), name: str = "steps") -> Ended:
        return self.report("run", self.template(*cells, name=name), *words)

    def going_on(self, *, cell: int = 1) -> tuple[Path, dict[str, Any]]:
        """Wait until a run has come to this cell; give its folder and record."""

        def look() -> tuple[Path, dict[str, Any]] | None:
            for file in self.runs.glob(".*.running/run.json"):
                with contextlib.suppress(OSError, ValueError):
                    record = json.loads(file.read_text())
                    if record["progress"]["cell"] >= cell:
                        return file.parent, record
            return None

        return wait_for(look)

    def unfinished(self) -> list[str]:
        return [path.name for path in self.runs.iterdir() if path.name.startswith(".")]


def wait_for(look: Callable[[], Any], *, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for process in bench.started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
