"""A Chromium that lives for one page: no script, no network, a profile of its own, and killed with all its children.

It is spoken to through two pipes (``--remote-debugging-pipe``), as a port could be used by any account of the machine.
The page is handed over by answering the browser's one request; every other request is refused.
"""

import base64
import contextlib
import json
import logging
import os
import pwd
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from hub_config.reports.exports.errors import BrowserEndedError, PdfFailedError

logger = logging.getLogger(__name__)

__all__ = ["Browser", "browser"]

# Started by a small Python: the pipes must be descriptors 3 and 4, and root's Chromium runs as nobody, since Chromium
# has no sandbox for root. The words after it: descriptors, account or 0, group, the command.
LAUNCH = """
import os, resource, sys
read, write, uid, gid = map(int, sys.argv[1:5])
while read < 5: read = os.dup(read)
while write < 5: write = os.dup(write)
os.dup2(read, 3); os.dup2(write, 4)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
if uid:
    os.setgroups([]); os.setgid(gid); os.setuid(uid)
os.execv(sys.argv[5], sys.argv[5:])
"""
FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",  # nobody listens on the port that throws away
    "--proxy-bypass-list=<-loopback>",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-crash-reporter",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--deny-permission-prompts",
    "--hide-scrollbars",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
)
ADDRESS = "http://report.invalid/"  # RFC 2606: never the name of a machine
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; sandbox"
START_PATIENCE = 20.0
LOOK_EVERY = 0.25
PIECE = 2**16
PROFILE = "cohorthub-pdf-"
OLD_S = 3600.0  # longer than any PDF may take


class Browser:
    """A Chromium that was started, and the conversation with it.

    Parameters
    ----------
    process : Popen
        The browser.
    told, heard : int
        Descriptors to write to it and to read from it.
    deadline : float
        Of `time.monotonic`.
    memory : int
        Bytes that all its processes may have together.
    """

    def __init__(
        self, process: "subprocess.Popen[bytes]", *, told: int, heard: int, deadline: float, memory: int
    ) -> None:
        self._process = process
        self._told, self._heard = told, heard
        self._deadline, self._memory = deadline, memory
        self._received = bytearray()
        self._number = 0
        self._looked = 0.0
        self._page: bytes | None = None
        self._events: list[str] = []

    def ask(self, method: str, *, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer.

        Parameters
        ----------
        method : str
            Of the DevTools protocol.
        session : str, optional
            Of a page.
        **parameters : object
            Of the command.

        Returns
        -------
        dict
            The result.

        Raises
        ------
        PdfFailedError
            If it refuses, ends, or takes too much time or memory.
        """
        number = self._send(method, session=session, **parameters)
        while True:
            message = self._receive()
            if message.get("id") == number:
                if "error" in message:
                    raise PdfFailedError(f"Chromium refused {method}. Its version may be too old; take a newer one.")
                result = message.get("result")
                return result if isinstance(result, dict) else {}

    def show(self, page: bytes) -> str:
        """Show a page and wait until all that belongs to it is there.

        Parameters
        ----------
        page : bytes
            HTML in UTF-8.

        Returns
        -------
        str
            The session of the page, for `ask`.

        Raises
        ------
        PdfFailedError
            As for `ask`.
        """
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = str(self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        self.ask("Emulation.setScriptExecutionDisabled", session=session, value=True)
        self.ask("Fetch.enable", session=session, patterns=[{"urlPattern": "*"}])
        self.ask("Page.enable", session=session)
        self._page = page
        self._events.clear()
        self.ask("Page.navigate", session=session, url=ADDRESS)
        while "Page.loadEventFired" not in self._events:
            self._receive()
        return session

    def _send(self, method: str, *, session: str | None, **parameters: Any) -> int:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        left = memoryview(json.dumps(message).encode() + b"\0")
        while left:  # it may have much to tell before it listens
            readable, writable, _ = select.select([self._heard], [self._told], [], self._patience())
            if readable:
                self._take()
            if writable:
                left = left[os.write(self._told, left[:PIECE]) :]
        return self._number

    def _receive(self) -> dict[str, Any]:
        while (end := self._received.find(b"\0")) < 0:
            if select.select([self._heard], [], [], self._patience())[0]:
                self._take()
        message = json.loads(self._received[:end])
        del self._received[: end + 1]
        if "method" in message:
            self._events.append(message["method"])
            if message["method"] == "Fetch.requestPaused":
                self._answer(message)
        return dict(message)

    def _take(self) -> None:
        piece = os.read(self._heard, PIECE)
        if not piece:
            raise BrowserEndedError(
                "Chromium ended before the PDF was made. It may lack memory or a right; try it by hand."
            )
        self._received += piece

    def _answer(self, message: dict[str, Any]) -> None:
        """Give the page to the first request for it, and nothing to any other."""
        asked, session = message["params"], message["sessionId"]
        page, self._page = (self._page, None) if asked["request"]["url"] == ADDRESS else (None, self._page)
        if page is None:
            self._send("Fetch.failRequest", session=session, requestId=asked["requestId"], errorReason="AccessDenied")
            return
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}
        self._send(
            "Fetch.fulfillRequest",
            session=session,
            requestId=asked["requestId"],
            responseCode=200,
            responseHeaders=[{"name": name, "value": value} for name, value in headers.items()],
            body=base64.b64encode(page).decode(),
        )

    def _patience(self) -> float:
        now = time.monotonic()
        if now > self._deadline:
            raise PdfFailedError(
                "The PDF took too long; its time limit has passed. Make a shorter report, or read the page."
            )
        if now - self._looked > LOOK_EVERY:
            self._looked = now
            if _memory_of(self._process.pid) > self._memory:
                raise PdfFailedError(
                    f"The PDF takes more memory than the {self._memory // 2**20} MiB allowed. Make a shorter report."
                )
        return min(LOOK_EVERY, self._deadline - now + 0.01)


@contextlib.contextmanager
def browser(program: Path, *, seconds: float, memory: int) -> Iterator[Browser]:
    """Start a Chromium, and end it with everything it started.

    Parameters
    ----------
    program : Path
        From `find_browser`.
    seconds : float
        That it may live.
    memory : int
        Bytes that all its processes may have together.

    Yields
    ------
    Browser
        Answering.

    Raises
    ------
    PdfFailedError
        If it does not start, with its sandbox or, where the system has none for it, without.
    """
    deadline = time.monotonic() + seconds
    for sandbox in (True, False):
        with contextlib.ExitStack() as stack:
            started = _start(stack, program, sandbox=sandbox, deadline=deadline, memory=memory)
            try:
                started.ask("Browser.getVersion")
            except (BrowserEndedError, BrokenPipeError) as failure:
                if not sandbox:
                    raise PdfFailedError(
                        f"Chromium does not start; {program} ended at once. Start it by hand."
                    ) from failure
                logger.warning("Chromium does not start with its sandbox here; it is started without")
                continue
            try:
                yield started
            except BrokenPipeError as ended:
                raise PdfFailedError("Chromium ended before the PDF was made. It may lack memory.") from ended
            return


def _start(stack: contextlib.ExitStack, program: Path, *, sandbox: bool, deadline: float, memory: int) -> Browser:
    _sweep()
    profile = Path(tempfile.mkdtemp(prefix=PROFILE))
    stack.callback(shutil.rmtree, profile, ignore_errors=True)
    uid, gid = _account()
    if uid:
        os.chown(profile, uid, gid)
    child_reads, told = os.pipe()
    heard, child_writes = os.pipe()
    stack.callback(os.close, told)
    stack.callback(os.close, heard)
    os.set_blocking(told, False)
    words = [sys.executable, "-I", "-S", "-c", LAUNCH, *map(str, (child_reads, child_writes, uid, gid)), str(program)]
    flags = [*FLAGS, f"--user-data-dir={profile}", *([] if sandbox else ["--no-sandbox"]), "about:blank"]
    try:
        process = subprocess.Popen(
            [*words, *flags],
            pass_fds=(child_reads, child_writes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=profile,
            env={"HOME": str(profile), "TMPDIR": str(profile), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            start_new_session=True,
        )
    finally:
        os.close(child_reads)
        os.close(child_writes)
    stack.callback(_end, process)
    return Browser(process, told=told, heard=heard, deadline=deadline, memory=memory)


def _sweep() -> None:
    """Take away old profiles of processes that were killed; their browsers ended when the pipes closed."""
    for left in Path(tempfile.gettempdir()).glob(f"{PROFILE}*"):
        with contextlib.suppress(OSError):
            status = left.lstat()
            ours = stat.S_ISDIR(status.st_mode) and status.st_uid in {os.geteuid(), _account()[0]}
            if ours and time.time() - status.st_mtime > OLD_S:
                shutil.rmtree(left, ignore_errors=True)


def _account() -> tuple[int, int]:
    """Say as whom it runs: as ourselves, or as nobody if we are root; (0, 0) leaves it as it is."""
    if os.geteuid() != 0:
        return 0, 0
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return 0, 0
    return nobody.pw_uid, nobody.pw_gid


def _tree(pid: int) -> list[psutil.Process]:
    try:
        top = psutil.Process(pid)
        return [*top.children(recursive=True), top]
    except psutil.NoSuchProcess:
        return []


def _memory_of(pid: int) -> int:
    total = 0
    for process in _tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            used = process.memory_info()
            total += used.rss - used.shared
    return total


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill it and all below it; children first found stay named after their parent is gone."""
    below = _tree(process.pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for one in below:
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            one.kill()
    process.wait()
    psutil.wait_procs([one for one in below if one.pid != process.pid], timeout=3)
