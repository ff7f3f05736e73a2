"""Making a fork of the warm parent into a kernel that cannot be told from one started by its own command.

Standard library only.
"""

import atexit
import contextlib
import ctypes
import gc
import io
import os
import random
import signal
import sys
import tempfile
import threading
import time
import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NoReturn

from hub_config.reports.execution.warm.descendants import die_with_parent
from hub_config.reports.execution.warm.ground import set_limits, set_while_importing
from hub_config.reports.execution.warm.stack import added_filters, resume_threads

__all__ = ["KernelRequest", "become_kernel", "run_kernel"]

# Python ignores these two itself; all others begin as the system has them.
IGNORED = {signal.SIGPIPE, getattr(signal, "SIGXFSZ", signal.SIGPIPE)}


@dataclass(frozen=True)
class KernelRequest:
    """What a kernel is to be.

    Parameters
    ----------
    arguments : tuple of str
        What follows ``python -m ipykernel_launcher``.
    environment : dict of str to str
        All of it.
    folder : str
        The current folder.
    mask : int
        The mask for new files.
    limits : dict of str to list of int
        The resource limits.
    output : int
        Descriptor for standard output.
    errors : int
        Descriptor for standard error.
    """

    arguments: tuple[str, ...]
    environment: dict[str, str]
    folder: str
    mask: int
    limits: dict[str, list[int]]
    output: int
    errors: int

    @classmethod
    def from_document(cls, document: dict[str, Any], *, files: list[int]) -> "KernelRequest":
        """Read what a worker sent.

        Parameters
        ----------
        document : dict
            Keys arguments, environment, folder, mask, limits.
        files : list of int
            Standard output and standard error.

        Returns
        -------
        KernelRequest
            The same.
        """
        output, errors = files
        return cls(
            arguments=tuple(document["arguments"]),
            environment=dict(document["environment"]),
            folder=document["folder"],
            mask=document["mask"],
            limits=document["limits"],
            output=output,
            errors=errors,
        )


def become_kernel(request: KernelRequest, *, host: int) -> None:
    """Take on what belongs to the new kernel, and drop all that was the parent's.

    Parameters
    ----------
    request : KernelRequest
        What it is to be.
    host : int
        Process id of the process that forked this one.
    """
    os.setsid()
    die_with_parent(host)
    _reset_signals()
    nothing, write = os.pipe()
    os.close(write)
    for given, standard in ((nothing, 0), (request.output, 1), (request.errors, 2)):
        os.dup2(given, standard, inheritable=True)
    for given in {nothing, request.output, request.errors}:
        os.close(given)
    added = set_while_importing()
    os.environ.clear()
    os.environ.update(request.environment, JPY_PARENT_PID=str(host), **added)
    time.tzset()
    os.umask(request.mask)
    os.chdir(request.folder)
    set_limits(request.limits)
    _begin_anew()


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        fresh: Any = signal.SIG_IGN if number in IGNORED else signal.SIG_DFL
        if number == signal.SIGINT:
            fresh = signal.default_int_handler
        try:
            if signal.getsignal(number) != fresh:
                signal.signal(number, fresh)
        except (OSError, ValueError):  # numbers that the C library keeps for itself
            continue
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _begin_anew() -> None:
    """Draw new seeds and secrets, and forget what was worked out from the parent's surroundings."""
    random.seed()
    tempfile.tempdir = None
    if (numpy_random := sys.modules.get("numpy.random")) is not None:
        numpy_random.seed()
    if (multiprocessing := sys.modules.get("multiprocessing")) is not None:
        multiprocessing.current_process().authkey = os.urandom(32)
    resume_threads()
    for name in [name for name in sys.modules if name == "hub_config" or name.startswith("hub_config.")]:
        del sys.modules[name]


def run_kernel(request: KernelRequest) -> NoReturn:
    """Run the kernel until it is asked to end, and leave.

    Parameters
    ----------
    request : KernelRequest
        What it is.
    """
    import ipykernel_launcher  # type: ignore[import-untyped]
    from ipykernel.kernelapp import IPKernelApp

    sys.argv = [str(ipykernel_launcher.__file__), *request.arguments]
    sys.orig_argv = [sys.executable, "-m", "ipykernel_launcher", *request.arguments]
    del sys.modules["ipykernel_launcher"]
    sys.modules["__main__"] = ModuleType("__main__")
    app: Any = IPKernelApp.instance()
    app.parent_handle = os.getppid()  # its default is read from the environment while the class is made
    app.initialize()
    # Here a kernel's first cell would import the stack, and its filters would come before IPython's.
    warnings.filters[:0] = added_filters()  # type: ignore[index]
    warnings._filters_mutated()  # type: ignore[attr-defined] # noqa: SLF001 - as warnings itself does after a change
    app.start()
    _leave(app.shell.user_ns)


def _leave(names: dict[str, Any]) -> NoReturn:
    """End as an interpreter ends, but for taking a thousand modules apart, which takes longer than a small report.

    What was made in cells is taken apart, so that a file left open is written to its end.
    """
    threading._shutdown()  # type: ignore[attr-defined] # noqa: SLF001 - waits for threads that are no daemons
    atexit._run_exitfuncs()  # noqa: SLF001
    names.clear()
    vars(sys.modules["__main__"]).clear()
    gc.collect()
    for made in gc.get_objects():  # those of the parent are frozen, and not among them
        if isinstance(made, io.IOBase) and not made.closed and made.writable():
            with contextlib.suppress(Exception):
                made.flush()
    with contextlib.suppress(Exception):
        for stream in (sys.__stdout__, sys.__stderr__):
            if stream is not None:
                stream.flush()
    ctypes.CDLL(None).fflush(None)
    os._exit(0)
