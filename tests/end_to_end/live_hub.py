"""A real hub, started the way a person starts it, and the processes that belong to it."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

FIRST_START_LIMIT_S = 150  # 60 s on a quiet machine; tests may share theirs
STOP_LIMIT_S = 30


def cohorthub(*words: str, home: Path, limit_s: float = 120) -> subprocess.CompletedProcess[str]:
    """Run one command of the product and wait for its end."""
    return subprocess.run(
        [sys.executable, "-m", "hub_config.cli", *words, "--home", str(home)],
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
        env=_environment(),
        cwd=home.parent,
        stdin=subprocess.DEVNULL,
    )


def _environment() -> dict[str, str]:
    steering = ("COHORTHUB_", "JUPYTER", "PYTHONWARNINGS")
    return {name: value for name, value in os.environ.items() if not name.startswith(steering)}


@dataclass
class LiveHub:
    """A hub that runs on `home`."""

    home: Path
    url: str
    pid: int
    process: subprocess.Popen[str]
    passwords: dict[str, str] = field(default_factory=dict)

    def processes(self) -> dict[int, psutil.Process]:
        """All processes that belong to this hub: the launcher's descendants, and whatever else names the home."""
        found = {}
        with contextlib.suppress(psutil.NoSuchProcess):
            launcher = psutil.Process(self.pid)
            found = {process.pid: process for process in (launcher, *launcher.children(recursive=True))}
        return found | {process.pid: process for process in processes_naming(self.home)}


def processes_naming(home: Path) -> list[psutil.Process]:
    """Processes whose command line, folder or environment names `home`, this one and its browser left out."""
    found = []
    own = {os.getpid(), *(child.pid for child in psutil.Process().children(recursive=True) if _is_browser(child))}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            words = [*process.cmdline(), process.cwd(), *process.environ().values()]
            if process.pid not in own and any(str(home) in word for word in words):
                found.append(process)
    return found


def _is_browser(process: psutil.Process) -> bool:
    try:
        return process.name().startswith(("chrom", "node", "google-chrome", "playwright"))
    except psutil.NoSuchProcess:
        return True


@contextlib.contextmanager
def running_hub(home: Path, *words: str) -> Iterator[LiveHub]:
    """Start `cohorthub up` on a new home, give it once it says that it is ready, and stop it in the end."""
    home.parent.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    process = subprocess.Popen(
        [sys.executable, "-m", "hub_config.cli", "up", "--port", "0", "--json", "--home", str(home), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=_environment(),
        cwd=home.parent,
    )
    listener = threading.Thread(target=lambda: said.extend(process.stderr or []), daemon=True)
    listener.start()
    try:
        with _watchdog(process, FIRST_START_LIMIT_S):
            line = process.stdout.readline() if process.stdout else ""
        if not line:
            process.wait(timeout=STOP_LIMIT_S)
            listener.join(timeout=5)
            raise AssertionError(
                f"`cohorthub up` ended with {process.returncode} before it was ready:\n{''.join(said)}"
            )
        ready = json.loads(line)
        rows = Path(ready["accounts_file"]).read_text(encoding="utf-8").split("\n")
        passwords = dict(row.split(maxsplit=1) for row in rows if row)
        yield LiveHub(home, ready["url"], ready["pid"], process, passwords)
    finally:
        _stop(process)
        listener.join(timeout=5)
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


@contextlib.contextmanager
def _watchdog(process: subprocess.Popen[str], limit_s: float) -> Iterator[None]:
    timer = threading.Timer(limit_s, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(condition, *, limit_s: float, what: str) -> None:
    """Ask `condition` until it holds, or fail saying what did not happen."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, f"not within {limit_s} s: {what}"
        time.sleep(0.1)
