"""Processes of a runner that must not be forked: started anew, and told on their standard input what to do.

A fork of a process with threads may wait for ever for a lock that one of them had. Such a runner is slower, since what
it starts must import everything again; its runs go on all the same.
"""

import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["start_fresh"]


def start_fresh(task: str, document: Mapping[str, Any], *, kept: Sequence[int]) -> int:
    """Start a process that does a task of the runner's.

    Parameters
    ----------
    task : str
        ``run`` or ``close-left``.
    document : mapping
        What to do, as types that JSON knows.
    kept : sequence of int
        Descriptors that the process gets, under the same numbers.

    Returns
    -------
    int
        The process.
    """
    words = [sys.executable, "-P", "-m", "hub_config.reports.runners.fresh_process", task, *map(str, kept)]
    told = os.memfd_create("task")
    try:
        with os.fdopen(os.dup(told), "wb") as file:
            file.write(json.dumps(document).encode())
        os.lseek(told, 0, os.SEEK_SET)
        for descriptor in kept:
            os.set_inheritable(descriptor, True)
        return os.posix_spawn(sys.executable, words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, told, 0)])
    finally:
        os.close(told)
        for descriptor in kept:
            os.set_inheritable(descriptor, False)


def _main(task: str, kept: Sequence[int]) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    document = json.load(sys.stdin.buffer)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for descriptor in kept:
        os.set_inheritable(descriptor, False)
    if task == "run":
        from hub_config.reports.runners.carrying_out import carry_out
        from hub_config.reports.runners.messages import SyncAnswer

        (lease,) = SyncAnswer.from_document(document["answer"]).leases
        news, word = kept
        carry_out(lease, home=Path(document["home"]), parent=document["parent"], news=news, word=word, warm=None)
    from hub_config.reports.runners.closing_left import close_all
    from hub_config.reports.runners.messages import LeftRun

    close_all([LeftRun(**one) for one in document["left"]], parent=document["parent"], told=kept[0])


if __name__ == "__main__":
    _main(sys.argv[1], [int(word) for word in sys.argv[2:]])
