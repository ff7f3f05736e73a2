"""Running one report from checks to a finished folder, with one final state whatever is killed.

The process that calls `run_report` supervises: it forks the worker that executes the report, passes on a wish to
stop, and writes the last word when the worker has ended or had to be ended. It holds little and does little, so it is
the last that anything happens to; should it be killed itself, the worker ends the kernel, and the next look at the runs
finds the folder and closes it (`hub_config.reports.folders.runs`).
"""

import contextlib
import getpass
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hub_config.home import Home, read_record
from hub_config.reports.execution.kernel_choice import choose_kernel
from hub_config.reports.execution.secrets import named_secrets, read_secrets
from hub_config.reports.execution.warm.asking import WarmParent
from hub_config.reports.execution.worker import STOP_SIGNALS, Job, run_as_worker
from hub_config.reports.folders.closing import Result, close_folder, finish_without_worker
from hub_config.reports.folders.run_folders import (
    RunFolder,
    check_output_folder,
    check_run_id,
    make_scratch,
    name_scratch,
    new_run_id,
    remove_scratch,
    utc_now,
)
from hub_config.reports.folders.runs import close_interrupted
from hub_config.reports.processes import PATIENCE, adopt_orphans, end_descendants, name_process
from hub_config.reports.templates.templates import Template
from hub_config.reports.verdicts import Limits, Place, Verdict

__all__ = ["Request", "run_report"]

RUN_SCHEMA = "cohorthub.run/1"
CANCEL_PATIENCE = 2.5  # seconds for the worker to end by itself when the run is stopped
RENDER_PATIENCE = 120  # seconds beyond the run's limit, for writing notebook and page
TAKEN_LIMIT = 64 * 2**20


@dataclass(frozen=True)
class Request:
    """What a person asked for.

    Parameters
    ----------
    template : Template
        What to run.
    parameters : dict
        The checked value of every parameter, in the order declared.
    given : tuple of str
        The names that were given rather than left at their default.
    home : Path
        The CohortHub home.
    output_folder : Path
        Where run folders go.
    run_id : str or None
        Wish for a run id; None makes one.
    limits : Limits
        Time limits.
    started_by : str or None
        Who asks; None is the account that runs this.
    environment : mapping of str to str
        What the kernel is told besides, such as the data releases that are pinned for this run.
    secrets_folder : Path or None
        Where the secrets lie that the report may name.
    agree : callable
        Asked, when the run has ended and before its folder is shown, which verdict it shall have: whoever keeps the
        queue may have given the run another one, when this runner was not heard for a while.
    closes_left : bool
        Whether to close, before it begins, what runs before it left; not where a queue says how those ended.
    """

    template: Template
    parameters: dict[str, Any]
    given: tuple[str, ...]
    home: Path
    output_folder: Path
    run_id: str | None = None
    limits: Limits = field(default_factory=Limits)
    started_by: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets_folder: Path | None = None
    agree: Callable[[Verdict], Verdict] = lambda verdict: verdict
    closes_left: bool = True


def run_report(request: Request, *, on_cell: Callable[[Place], None], warm: WarmParent | None = None) -> Result:
    """Run a report to its one final state.

    Call it from the main thread of a process that has nothing else to do: it forks, it takes the signals INT, TERM
    and HUP as a wish to stop, and at the end it kills every process below this one.

    Parameters
    ----------
    request : Request
        What to run.
    on_cell : callable
        Told, in the worker, the `Place` of each cell as it begins.
    warm : WarmParent, optional
        Where to ask for a kernel that need not import what most reports import.

    Returns
    -------
    Result
        Also when the report failed.

    Raises
    ------
    DiskFullError
        If there was no room for the run's last record.
    HomeTooNewError
        If a newer version made the home; nothing was made.
    KernelMissingError
        If there is no such kernel; nothing was made.
    RunFolderError
        If the folder cannot be written; nothing was made.
    RunIdError
        If the run id is not safe or taken; nothing was made.
    SecretUnusableError
        If a secret that the report names is not there; nothing was made.
    """
    run_id = check_run_id(request.run_id if request.run_id is not None else new_run_id())
    read_record(Home(request.home))  # a home that a newer version made is refused
    kernel = choose_kernel(request.template, home=request.home)
    names = named_secrets(request.template.parameters, request.parameters)
    secrets = read_secrets(names, folder=request.secrets_folder)
    root = check_output_folder(request.output_folder)
    if request.closes_left:
        close_interrupted(root)
    folder = RunFolder(root, run_id)
    job = Job(
        template=request.template,
        parameters=_told(request),
        kernel=kernel,
        limits=request.limits,
        folder=folder,
        home=request.home,
        scratch=name_scratch(),
        on_cell=on_cell,
        environment=request.environment,
        secrets=secrets,
        warm=warm,
    )
    with _signals_to_pipe() as stop_asked:  # from before there is a folder until it has its last state
        try:
            record = _first_record(request, run_id=run_id, kernel_name=kernel.name)
            record |= {"scratch": str(job.scratch), "secret_files": dict(secrets.files)}
            folder.create(record, template=request.template.content)
            verdict, record = _carry_out(job, record, stop_asked=stop_asked)
        finally:
            end_descendants()
            remove_scratch(job.scratch)
        if secrets.clean_folder(folder.building) and verdict.status == "succeeded":
            verdict = finish_without_worker(
                folder, Verdict.secret_leaked(), record=record, template=request.template.content
            )
        agreed = request.agree(verdict)
        if agreed.status != verdict.status:
            agreed = finish_without_worker(folder, agreed, record=record, template=request.template.content)
        return close_folder(folder, agreed, record=record)


def _carry_out(job: Job, record: dict[str, Any], *, stop_asked: int) -> tuple[Verdict, dict[str, Any]]:
    """Lay out what the kernel needs, once the record names the place: what is killed here, the next look finds."""
    try:
        make_scratch(job.scratch)
        environment = {**job.environment, **job.secrets.lay_out(job.scratch)}
    except OSError:
        verdict = Verdict.disk_full()
        return finish_without_worker(job.folder, verdict, record=record, template=job.template.content), record
    return _supervise(replace(job, environment=environment), record, stop_asked=stop_asked)


def _told(request: Request) -> dict[str, Any]:
    """Give the values that the notebook must be told: a default gets its offset, and is then not the template's own."""
    own = {parameter.name: parameter.default for parameter in request.template.parameters}
    return {
        name: value for name, value in request.parameters.items() if name in request.given or value != own.get(name)
    }


def _first_record(request: Request, *, run_id: str, kernel_name: str) -> dict[str, Any]:
    template = request.template
    return {
        "schema": RUN_SCHEMA,
        "run_id": run_id,
        "status": "running",
        "template": template.name,
        "template_path": str(template.path),
        "template_sha256": template.sha256,
        "title": template.title,
        "declared": [{"name": p.name, "type": p.type.text, "help": p.help} for p in template.parameters],
        "parameters": request.parameters,
        "given": list(request.given),
        "secrets": named_secrets(template.parameters, request.parameters),
        "limits": {"cell_s": request.limits.cell_s, "run_s": request.limits.run_s},
        "kernel": kernel_name,
        "kernel_start": None,
        "progress": {"cell": 0, "cells": template.n_cells, "title": ""},
        **name_process(os.getpid()),
        "host": socket.gethostname(),
        "started_by": request.started_by or _account(),
        "started_at": utc_now(),
        "ended_at": None,
        "duration_s": None,
        "cohorthub_version": version("cohorthub"),
        "library_version": None,
        "environment_sha256": None,
        "environment_packages": None,
        "python_version": None,
        "system": None,
        "machine": None,
        "data_releases": [],
        "cohorts": [],
        "outputs": None,
        "ended_early": False,
        "error": None,
    }


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name for this uid
        return str(os.getuid())


def _supervise(job: Job, record: dict[str, Any], *, stop_asked: int) -> tuple[Verdict, dict[str, Any]]:
    """Fork the worker, wait for its word, end it where it must be ended."""
    adopt_orphans()
    outcome_read, outcome_write = os.pipe()
    lifeline_read, lifeline_write = os.pipe()
    gone_read, gone_write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    # A signal in the moment after the fork waits until the worker has a handler for it, or it would be lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    worker = os.fork()
    if worker == 0:
        for descriptor in (outcome_read, lifeline_write, gone_read):
            os.close(descriptor)
        run_as_worker(job, record, outcome=outcome_write, lifeline=lifeline_read, gone=gone_write)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    for descriptor in (outcome_write, lifeline_read, gone_write):
        os.close(descriptor)
    try:
        told, cancelled = _listen(worker, outcome_read, stop_asked=stop_asked, limits=job.limits)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
        os.close(lifeline_write)
        os.close(outcome_read)
        # A warm kernel is not below this process; its host holds the pipe until all below the host has ended.
        select.select([gone_read], [], [], PATIENCE)
        os.close(gone_read)
    end_descendants()
    return _word_of_worker(job, told, record=record, cancelled=cancelled)


@contextlib.contextmanager
def _signals_to_pipe() -> Iterator[int]:
    """Turn the signals that mean "stop" into bytes on a pipe, for as long as the context lasts."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    before = {number: signal.signal(number, lambda _number, _frame: None) for number in STOP_SIGNALS}
    old_fd = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    try:
        yield read
    finally:
        signal.set_wakeup_fd(old_fd)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(read)
        os.close(write)


def _listen(worker: int, outcome: int, *, stop_asked: int, limits: Limits) -> tuple[bytes, bool]:
    """Collect what the worker tells until it ends, or until its time is up; say whether a stop was asked for."""
    deadline = time.monotonic() + limits.run_s + RENDER_PATIENCE
    told, cancelled = b"", False
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return b"", cancelled
        readable, _, _ = select.select([outcome, stop_asked], [], [], left)
        if stop_asked in readable:
            os.read(stop_asked, 512)
            if not cancelled:
                cancelled = True
                deadline = min(deadline, time.monotonic() + CANCEL_PATIENCE)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGTERM)
        if outcome in readable:
            piece = os.read(outcome, 65536)
            told += piece
            if not piece or len(told) > TAKEN_LIMIT:
                return told, cancelled


def _word_of_worker(
    job: Job, told: bytes, *, record: dict[str, Any], cancelled: bool
) -> tuple[Verdict, dict[str, Any]]:
    """Take the worker's verdict, or give one in its place."""
    try:
        document = json.loads(told)
        return Verdict(**document["verdict"]), document["record"]
    except (ValueError, KeyError, TypeError):
        pass
    with contextlib.suppress(OSError, ValueError):
        record = json.loads((job.folder.building / "run.json").read_text(encoding="utf-8"))
    verdict = (Verdict.cancelled() if cancelled else Verdict.runner_died()).at(Place(**record["progress"]))
    return finish_without_worker(job.folder, verdict, record=record, template=job.template.content), record
