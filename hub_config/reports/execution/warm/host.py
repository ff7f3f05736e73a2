"""The process between the warm parent and one kernel: it forks the kernel, waits for it, and ends all below it.

Whatever the kernel leaves behind becomes its own child and is found. It ends the kernel when the worker's end of the
connection closes, which the system sees to however the worker ended, and when the parent is gone.
"""

import contextlib
import os
import select
import signal
import sys
from typing import Any, NoReturn

from hub_config.reports.execution.warm.descendants import kill_until_none, start_ticks, take_orphans
from hub_config.reports.execution.warm.ground import why_not_here
from hub_config.reports.execution.warm.kernel_process import KernelRequest, become_kernel
from hub_config.reports.execution.warm.messages import BROKEN, Connection

__all__ = ["host_kernel"]

REQUEST_WAIT = 10.0  # seconds for the worker to say what it wants


def host_kernel(connection: Connection, *, lifeline: int) -> KernelRequest:
    """Fork one kernel and stay with it; only the kernel returns from here.

    Parameters
    ----------
    connection : Connection
        To the worker.
    lifeline : int
        Descriptor that comes to its end when the parent is gone.

    Returns
    -------
    KernelRequest
        In the kernel, which is set up and ready to run.
    """
    host = os.getpid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the parent's handler ends the parent
    take_orphans()
    try:
        request, held = _read_request(connection)
    except BROKEN:
        os._exit(0)
    woken = _wake_on_end_of_child()
    sys.stdout.flush()
    sys.stderr.flush()
    kernel = os.fork()
    if kernel != 0:
        _stay(connection, kernel, request=request, lifeline=lifeline, woken=woken[0])
    connection.close()
    for descriptor in {lifeline, *woken, *held}:
        os.close(descriptor)
    become_kernel(request, host=host)
    return request


def _read_request(connection: Connection) -> tuple[KernelRequest, list[int]]:
    """Read what the worker wants, and the descriptors that this process holds for as long as it lives."""
    document, files = connection.receive_with_files(wait=REQUEST_WAIT)
    reason = why_not_here(document["ground"], limits=document["limits"])
    if reason is not None:
        connection.send({"refused": reason}, wait=REQUEST_WAIT)
        os._exit(0)
    return KernelRequest.from_document(document, files=files[:2]), files[2:]


def _wake_on_end_of_child() -> tuple[int, int]:
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _do_nothing)
    return read, write


def _do_nothing(_number: int, _frame: Any) -> None:
    """Be a handler: without one the system would not wake the loop."""


def _stay(connection: Connection, kernel: int, *, request: KernelRequest, lifeline: int, woken: int) -> NoReturn:
    """Tell the worker of its kernel and of its end, and end everything when it is time."""
    left = 1
    try:
        for descriptor in {request.output, request.errors}:
            os.close(descriptor)
        connection.send({"kernel": kernel, "ticks": start_ticks(kernel)})
        _listen(connection, kernel, lifeline=lifeline, woken=woken)
    except BROKEN:
        pass
    finally:
        # The kernel is reaped here and no earlier: until now its number could not pass to another process.
        left = kill_until_none()
        os._exit(1 if left else 0)


def _listen(connection: Connection, kernel: int, *, lifeline: int, woken: int) -> None:
    told = False
    while True:
        readable, _, _ = select.select([connection.fileno(), lifeline, woken], [], [])
        if readable != [woken]:
            # Whatever the worker says means "end"; that its end is closed means it too.
            return
        with contextlib.suppress(BlockingIOError):
            os.read(woken, 4096)
        if not told and (status := _status_of(kernel)) is not None:
            connection.send({"status": status})
            told = True


def _status_of(kernel: int) -> int | None:
    """Give how the kernel ended, as `subprocess` counts, and take the status of the orphans that did."""
    while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
        if ended.si_pid == kernel:
            return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
        os.waitpid(ended.si_pid, 0)
    return None
