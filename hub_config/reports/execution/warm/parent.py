"""The warm parent: a process that has imported what kernels import, and forks them.

It computes nothing, has one thread, and listens to nobody but the processes that its runner forked: they inherit one
end of a pair of sockets, so there is no address that could be guessed, deleted or taken over. It ends when none of them
is left. What a killed host leaves behind becomes its own child, and is ended.
"""

import contextlib
import os
import select
import shutil
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from hub_config.reports.execution.warm.descendants import kill_below, kill_until_none, take_orphans
from hub_config.reports.execution.warm.freshness import LoadedFiles
from hub_config.reports.execution.warm.ground import GIVEN, foreign_threads
from hub_config.reports.execution.warm.host import host_kernel
from hub_config.reports.execution.warm.kernel_process import KernelRequest, run_kernel
from hub_config.reports.execution.warm.messages import BROKEN, Connection, answer
from hub_config.reports.execution.warm.stack import STACK, import_stack

__all__ = ["main"]

FOLDER_PREFIX = "cohorthub-warm-"  # of the folder that its runner made for it
LOOK_AGAIN = 0.05  # seconds between two looks at orphans that do not end


@dataclass
class _Parent:
    """What the parent holds."""

    channel: socket.socket
    status: Connection
    loaded: LoadedFiles
    woken: socket.socket
    waker: socket.socket
    lifeline: tuple[int, int] = field(default_factory=os.pipe)
    hosts: set[int] = field(default_factory=set)
    refusal: str | None = None
    orphans: bool = False

    def close(self) -> None:
        """Close, in a fork, all but the end of the lifeline that tells of this process's death."""
        signal.set_wakeup_fd(-1)
        for one in (self.channel, self.status, self.woken, self.waker):
            one.close()
        os.close(self.lifeline[1])


def main(words: list[str]) -> None:
    """Import, serve, and in each kernel run it.

    Parameters
    ----------
    words : list of str
        Descriptors of the channel and of the connection to the runner; the modules to import, or none for `STACK`.
    """
    request = _serve(int(words[0]), int(words[1]), modules=words[2:])
    if request is not None:
        run_kernel(request)


def _serve(channel: int, status: int, *, modules: list[str]) -> KernelRequest | None:
    """Answer workers until nobody holds the channel; only in a kernel something is returned."""
    for descriptor in (channel, status):
        os.set_inheritable(descriptor, False)
    take_orphans()
    began, since = time.monotonic(), time.time()
    missing = import_stack(modules or STACK)
    woken, waker = socket.socketpair()
    woken.setblocking(False)
    waker.setblocking(False)
    parent = _Parent(
        channel=socket.socket(fileno=channel),
        status=Connection(socket.socket(fileno=status)),
        loaded=LoadedFiles(since=since),
        woken=woken,
        waker=waker,
    )
    signal.signal(signal.SIGCHLD, _do_nothing)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: _end())
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    _end_threads_that_end_at_forks()
    if (threads := foreign_threads()) != []:
        parent.refusal = f"the warm parent has threads of unknown kind ({', '.join(threads[:5])})"
    said = {"missing": missing, "seconds": round(time.monotonic() - began, 3), "refusal": parent.refusal}
    try:
        parent.status.send(said, wait=1)
    except BROKEN:
        _end()
    return _loop(parent)


def _do_nothing(_number: int, _frame: Any) -> None:
    """Be a handler: without one the system would not wake the loop."""


def _end() -> NoReturn:
    kill_until_none()
    # Its runner may have been killed, and then nobody else removes it.
    if (folder := Path(GIVEN.get("TMPDIR", ""))).name.startswith(FOLDER_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def _end_threads_that_end_at_forks() -> None:
    """Fork once for nothing: OpenBLAS ends its idle threads before a fork and starts them again at the next use."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _loop(parent: _Parent) -> KernelRequest | None:
    while True:
        waiting = LOOK_AGAIN if parent.orphans else None
        readable, _, _ = select.select([parent.channel, parent.woken], [], [], waiting)
        if parent.woken in readable or parent.orphans:
            _reap(parent)
        if parent.channel in readable:
            try:
                connection = answer(parent.channel)
            except ConnectionError:
                connection = None
            except (OSError, ValueError):
                continue
            if connection is None:
                _end()
            request = _answer_worker(parent, connection)
            if request is not None:
                return request
            connection.close()


def _answer_worker(parent: _Parent, connection: Connection) -> KernelRequest | None:
    """Fork a host for one worker, or say why not; in the kernel, give what it is to be."""
    parent.refusal = parent.refusal or _reason_to_stop(parent)
    if parent.refusal is not None:
        with contextlib.suppress(*BROKEN):
            connection.send({"refused": parent.refusal}, wait=1)
        return None
    sys.stdout.flush()
    sys.stderr.flush()
    host = os.fork()
    if host == 0:
        parent.close()
        return host_kernel(connection, lifeline=parent.lifeline[0])
    parent.hosts.add(host)
    return None


def _reason_to_stop(parent: _Parent) -> str | None:
    """Look whether a fork would still be what a fresh kernel is; the runner then replaces this parent."""
    if (threads := foreign_threads()) != []:
        reason = f"the warm parent has threads of unknown kind ({', '.join(threads[:5])})"
    elif (changed := parent.loaded.changed()) is not None:
        reason = f"a file that the warm parent had imported has changed: {changed}"
    else:
        return None
    with contextlib.suppress(*BROKEN):
        parent.status.send({"stopped": reason}, wait=1)
    return reason


def _reap(parent: _Parent) -> None:
    """Take the status of hosts that have ended, and end what they left if they could not do it themselves."""
    with contextlib.suppress(BlockingIOError):
        parent.woken.recv(4096)
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid == 0:
            break
        if pid in parent.hosts:
            parent.hosts.remove(pid)
            parent.orphans = parent.orphans or status != 0
    if parent.orphans:
        parent.orphans = kill_below(keep=parent.hosts) > 0
