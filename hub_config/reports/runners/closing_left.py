"""A process of the runner's that closes what runners before it left, one after the other."""

import contextlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NoReturn

from hub_config.reports.execution.warm.preloading import why_no_fork
from hub_config.reports.runners.fresh_process import start_fresh
from hub_config.reports.runners.messages import LeftRun

__all__ = ["ClosingLeft", "close_all"]

AGAIN_S = 3.0  # until a folder is looked at again that could not be closed
LONGEST_AGAIN_S = 60.0  # the same, after many times: it may lie on a machine that is gone


@dataclass
class ClosingLeft:
    """What is to be closed, and what is.

    Parameters
    ----------
    closed : dict of str to str or None
        By run, until the service has been told: its folder; None where there was none.
    """

    closed: dict[str, str | None] = field(default_factory=dict)
    _process: int | None = None
    _told: int = -1
    _unread: bytes = b""
    _next: float = 0.0
    _again_s: float = AGAIN_S
    _tried: frozenset[str] = frozenset()

    def begin(self, left: Sequence[LeftRun]) -> None:
        """Begin to close what the service has named, unless the process is at it.

        Parameters
        ----------
        left : sequence of LeftRun
            All that it has named.
        """
        new = [one for one in left if one.run_id not in self.closed]
        names = frozenset(one.run_id for one in new)
        if names - self._tried:
            self._again_s = AGAIN_S
            self._next = min(self._next, time.monotonic() + AGAIN_S)
        if not new or self._process is not None or time.monotonic() < self._next:
            return
        self._tried = names
        read, write = os.pipe()
        if why_no_fork() is not None:
            document = {"left": [vars(one) for one in new], "parent": os.getpid()}
            process = start_fresh("close-left", document, kept=[write])
        else:
            parent = os.getpid()
            process = os.fork()
            if process == 0:
                os.close(read)
                close_all(new, parent=parent, told=write)
        os.close(write)
        os.set_blocking(read, False)
        self._process, self._told, self._unread = process, read, b""

    def look(self) -> bool:
        """Take in what the process has done.

        Returns
        -------
        bool
            Whether there is something to tell the service.
        """
        if self._process is None:
            return False
        before = len(self.closed)
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self._told, 65536):
                *lines, self._unread = (self._unread + piece).split(b"\n")
                for line in lines:
                    self.closed.update(json.loads(line))
            os.close(self._told)
            os.waitpid(self._process, 0)
            self._process, self._next = None, time.monotonic() + self._again_s
            self._again_s = min(2 * self._again_s, LONGEST_AGAIN_S)
        return len(self.closed) > before

    def has_told(self, told: dict[str, str | None]) -> None:
        """Forget what the service knows now.

        Parameters
        ----------
        told : dict
            What was sent, and answered.
        """
        for run_id in told:
            self.closed.pop(run_id, None)


def close_all(left: Sequence[LeftRun], *, parent: int, told: int) -> NoReturn:
    """Be the process; never comes back.

    Parameters
    ----------
    left : sequence of LeftRun
        What to close.
    parent : int
        The runner; this process ends with it.
    told : int
        Descriptor on which it tells what is closed.
    """
    status = 1
    try:
        from hub_config.reports.execution.secrets import clean_left
        from hub_config.reports.execution.warm.descendants import die_with_parent
        from hub_config.reports.folders.left_folders import Left, close_left

        die_with_parent(parent)
        for one in left:
            # A folder that cannot be closed now, for want of room perhaps, must not keep the others open.
            with contextlib.suppress(Exception):
                secrets = Path(one.secrets_folder) if one.secrets_folder is not None else None
                clean = partial(clean_left, folder=secrets)
                found = close_left(Path(one.root), one.run_id, status=one.status, clean=clean)
                if found is not Left.HELD:
                    folder = str(Path(one.root, one.run_id)) if found is Left.CLOSED else None
                    os.write(told, json.dumps({one.run_id: folder}).encode() + b"\n")
        status = 0
    finally:
        os._exit(status)
