"""A real launcher on a home of its own, and a client that speaks to its hub as a browser would."""

import contextlib
import http.cookiejar
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

START_LIMIT_SECONDS = 150
STOP_LIMIT_SECONDS = 15


@dataclass
class Launched:
    """One `cohorthub up`."""

    home: Path
    process: subprocess.Popen[str]
    ready: dict[str, Any]
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return str(self.ready["url"])

    def password(self, name: str) -> str:
        lines = Path(self.ready["accounts_file"]).read_text(encoding="utf-8").splitlines()
        return dict(line.split() for line in lines)[name]

    def part(self, word: str) -> psutil.Process:
        """The launcher's own child whose command line holds `word`."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if any(word in part for part in child.cmdline()))

    def has_new_part(self, word: str, *, other_than: int) -> bool:
        """Whether a child of that kind runs that is not the one that was."""
        with contextlib.suppress(StopIteration, psutil.Error):
            return self.part(word).pid != other_than
        return False

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Ask for the end, and return how long it took."""
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=60)
        return time.monotonic() - begun


class HubClient:
    """Signs in by form, then uses the hub's API with the session's cookie."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def _xsrf(self) -> str:
        return next(cookie.value or "" for cookie in self.cookies if cookie.name == "_xsrf" and cookie.path == "/hub/")

    def get(self, path: str) -> str:
        with self.opener.open(f"{self.url}{path}", timeout=60) as answer:
            return str(answer.read().decode("utf-8"))

    def sign_in(self, name: str, password: str) -> None:
        self.get("hub/login")
        form = {"username": name, "password": password, "_xsrf": self._xsrf()}
        # Not to /hub/: that would start the server.
        address = f"{self.url}hub/login?next=%2Fhub%2Fhome"
        with self.opener.open(address, urllib.parse.urlencode(form).encode(), timeout=60) as answer:
            assert answer.url.endswith("/hub/home")

    def api(self, method: str, path: str, document: object = None, *, token: str | None = None) -> Any:
        headers = {"Authorization": f"token {token}"} if token else {"X-XSRFToken": self._xsrf()}
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=json.dumps(document).encode() if document is not None else b"" if method == "POST" else None,
            headers={**headers, "Content-Type": "application/json", "Referer": f"{self.url}hub/home"},
        )
        with self.opener.open(request, timeout=60) as answer:
            text = answer.read().decode("utf-8")
        return json.loads(text) if text else None

    def start_servers(self, *names: str) -> None:
        for name in names:
            self.api("POST", f"hub/api/users/{name}/server")
        deadline = time.monotonic() + 180
        for name in names:
            while not self.api("GET", f"hub/api/users/{name}")["servers"].get("", {}).get("ready"):
                assert time.monotonic() < deadline, f"the server of {name} did not start"
                time.sleep(0.5)


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("COHORTHUB_", "JUPYTER"))}


def cohorthub(*words: str, home: Path, limit: float = 120) -> subprocess.CompletedProcess[str]:
    """Run one command and wait for its end."""
    return subprocess.run(
        [sys.executable, "-m", "hub_config.cli", *words, "--home", str(home)],
        capture_output=True,
        text=True,
        timeout=limit,
        check=False,
        env=environment(),
        stdin=subprocess.DEVNULL,
    )


def processes_of(home: Path) -> list[psutil.Process]:
    """All processes whose command line or environment names `home`."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = [*process.cmdline(), *process.environ().values()]
            if process.pid != os.getpid() and any(str(home) in word for word in words):
                found.append(process)
    return found


@contextlib.contextmanager
def launched(home: Path, *words: str) -> Iterator[Launched]:
    """Start the hub, give it once it says that it is ready, and end it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hub_config.cli", "up", "--port", "0", "--json", "--home", str(home), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=environment(),
    )
    said: list[str] = []
    assert process.stdout is not None
    assert process.stderr is not None
    listener = threading.Thread(target=said.extend, args=(process.stderr,), daemon=True)
    listener.start()
    guard = threading.Timer(START_LIMIT_SECONDS, process.kill)
    guard.start()
    try:
        line = process.stdout.readline()
        guard.cancel()
        if not line.startswith('{"url"'):
            process.wait(timeout=STOP_LIMIT_SECONDS)
            listener.join(timeout=5)
            raise AssertionError(f"`cohorthub up` ended with {process.returncode}: {line}{''.join(said)}")
        yield Launched(home, process, json.loads(line), said)
    finally:
        guard.cancel()
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(timeout=60)
        finally:
            process.kill()
            process.wait()
            for left in processes_of(home):
                with contextlib.suppress(psutil.Error):
                    left.kill()
            listener.join(timeout=5)
            process.stdout.close()
            process.stderr.close()


Launch = Callable[..., contextlib.AbstractContextManager[Launched]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "a home with spaces, 'quotes' and ü"
