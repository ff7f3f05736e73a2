"""The process that executes one report: papermill, the marks in the notebook, the page.

It is forked from the process that supervises the run, and tells it through a pipe how the run ended. If the supervisor
goes away, it ends the kernel and itself.
"""

import contextlib
import json
import logging
import os
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from hub_config.reports.execution.kernel_choice import Kernel
from hub_config.reports.execution.kernel_environment import kernel_environment
from hub_config.reports.execution.secrets import SecretValues
from hub_config.reports.execution.warm.asking import KernelStart, WarmParent
from hub_config.reports.execution.warm.preloading import kept_environment, kept_exporter
from hub_config.reports.folders.closing import finish_folder
from hub_config.reports.folders.provenance import Environment, keep_environment
from hub_config.reports.folders.run_folders import RunFolder, utc_now
from hub_config.reports.processes import adopt_orphans, end_descendants
from hub_config.reports.templates.notebook_files import INJECTED_TAG, load_nbformat, parse_notebook
from hub_config.reports.templates.templates import Template
from hub_config.reports.verdicts import Limits, Place, Verdict

__all__ = ["STOP_SIGNALS", "Job", "run_as_worker"]

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

LITTLE_ROOM = 2**20  # bytes; a cell that met an OSError with less than this left met a full disk


@dataclass(frozen=True)
class Job:
    """One run, checked and ready.

    Parameters
    ----------
    template : Template
        What runs.
    parameters : dict
        The values that the template does not have itself; its defaults stand for the rest.
    kernel : Kernel
        One that can be started.
    limits : Limits
        How long it may take.
    folder : RunFolder
        Made already.
    home : Path
        The CohortHub home.
    scratch : Path
        A private folder that is thrown away after the run.
    on_cell : callable
        Told the `Place` of each cell as it begins.
    environment : mapping of str to str
        What the kernel is told besides what every kernel is.
    secrets : SecretValues
        What must not stand in anything that the run leaves.
    warm : WarmParent or None
        Where to ask for a kernel that need not import what most reports import.
    """

    template: Template
    parameters: dict[str, Any]
    kernel: Kernel
    limits: Limits
    folder: RunFolder
    home: Path
    scratch: Path
    on_cell: Callable[[Place], None]
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: SecretValues = field(default_factory=SecretValues)
    warm: WarmParent | None = None


def run_as_worker(job: Job, record: dict[str, Any], *, outcome: int, lifeline: int, gone: int) -> NoReturn:
    """Execute `job` in this process, tell how it ended, and exit.

    Parameters
    ----------
    job : Job
        What to run.
    record : dict
        The run's record so far.
    outcome : int
        Descriptor to which the verdict and the record are written, as one JSON document.
    lifeline : int
        Descriptor of a pipe whose other end only the supervisor holds.
    gone : int
        Descriptor of a pipe that closes when this process, and what holds a warm kernel, have ended.
    """
    adopt_orphans()
    signal.set_wakeup_fd(-1)  # it is the supervisor's
    os.umask(0o077)  # what the notebook writes may hold data
    threading.Thread(target=_die_with, args=(lifeline, job.scratch), name="lifeline", daemon=True).start()
    status = 1
    try:
        verdict = _execute(job, record, start=KernelStart(job.warm, held=(gone,)))
        with os.fdopen(outcome, "w", encoding="utf-8") as told:
            json.dump({"verdict": asdict(verdict), "record": record}, told, default=str)
        status = 0
    except _AlreadyLoggedError:
        pass
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(status)


class _AlreadyLoggedError(Exception):
    """Something went wrong here that is no fault of the report."""


def _die_with(lifeline: int, scratch: Path) -> None:
    """Wait for the supervisor to be gone; then nobody is left to keep this run."""
    while os.read(lifeline, 1):
        pass
    end_descendants()
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(1)


def _execute(job: Job, record: dict[str, Any], *, start: KernelStart) -> Verdict:
    log = os.open(job.folder.building / "log.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    tools = _Tools(job.kernel.python)
    try:
        notebook, verdict = _run_notebook(job, record, log=log, tools=tools, start=start)
        end_descendants()
        if verdict.ename == "OSError" and shutil.disk_usage(job.folder.building).free < LITTLE_ROOM:
            verdict = Verdict.disk_full().at(Place(**record["progress"]))
        record["ended_at"] = utc_now()
        record.update(keep_environment(job.folder, tools.environment()))
        return finish_folder(job.folder, notebook, verdict=verdict, record=record, exporter=tools.exporter())
    except Exception:  # noqa: BLE001 - whatever it was, the run needs a last state
        # The supervisor stamps and closes the run; why this happened belongs into the run's log, not on a terminal.
        with contextlib.suppress(OSError):
            os.write(log, traceback.format_exc().encode())
        raise _AlreadyLoggedError from None
    finally:
        _end_kernel(start)
        os.close(log)


def _end_kernel(start: KernelStart) -> None:
    """End the kernel with all it started, wherever it is."""
    start.end()
    end_descendants()


class _Tools:
    """What is needed after the last cell, made while the kernel starts and this process would wait."""

    def __init__(self, python: str | None) -> None:
        self._python = python
        self._made: dict[str, Any] = {}
        self._thread = threading.Thread(target=self._make, name="tools", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _make(self) -> None:
        from hub_config.reports.html.page import load_exporter

        with contextlib.suppress(Exception):  # it is tried again, and then told, where it is needed
            self._made["environment"] = kept_environment(self._python)
            self._made["exporter"] = kept_exporter() or load_exporter()

    def environment(self) -> Environment:
        if self._thread.ident is not None:
            self._thread.join()
        return self._made.get("environment") or kept_environment(self._python)

    def exporter(self) -> Any:
        return self._made.get("exporter")


def _run_notebook(
    job: Job, record: dict[str, Any], *, log: int, tools: _Tools, start: KernelStart
) -> tuple[Any, Verdict]:
    """Execute the notebook; give it as far as it came, and the verdict."""
    nbformat = load_nbformat()
    import papermill

    from hub_config.reports.execution.engine import Execution, register_engine

    folder, scratch = job.folder, job.scratch

    def save(notebook: Any) -> None:
        folder.replace("report.ipynb", job.secrets.mask(nbformat.writes(notebook)).encode())

    def on_cell(place: Place) -> None:
        record.update(progress=asdict(place), kernel_start=start.word)
        _log(log, f"cell {place.cell}/{place.cells} {place.title}".rstrip())
        folder.write_record(record)
        with contextlib.suppress(OSError, ValueError):  # nobody is there to be told any more
            job.on_cell(place)

    start.tell = lambda reason: _log(log, f"the kernel is not a warm one: {reason}")
    execution = Execution(
        limits=job.limits,
        save=save,
        on_cell=on_cell,
        environment={
            **kernel_environment(os.environ, run_dir=folder.building, home=job.home, scratch=scratch),
            **job.environment,
        },
        scratch=scratch,
        log=log,
        kill_kernel=lambda: _end_kernel(start),
        mask_outputs=job.secrets.mask_outputs,
        start=start,
    )
    _listen_for_cancel(execution.stop)
    notebook = parse_notebook(job.template.content, name=job.template.path.name)
    _drop_old_outputs(notebook)
    execution.notebook = notebook
    tools.start()
    logging.getLogger("papermill").addFilter(_is_no_guess)  # adding it again does nothing
    try:
        papermill.execute_notebook(
            notebook,
            None,
            parameters=job.parameters,
            engine_name=register_engine(),
            kernel_name=job.kernel.name,
            language="python",
            progress_bar=False,
            execution=execution,
            kernel_cwd=folder.building / "work",
            template_path=str(job.template.path),
        )
    except papermill.PapermillExecutionError as error:
        # The verdict is taken already, or the cell was allowed to raise; papermill knows nothing of the latter.
        _log(log, str(error))
    verdict = execution.verdict or Verdict.runner_died()
    _log(log, f"{verdict.status} {verdict.text if verdict.code else ''}".rstrip())
    return execution.notebook, verdict


def _is_no_guess(record: logging.LogRecord) -> bool:
    """Keep back what papermill says of parameters whose type it cannot read: all were checked before."""
    return not record.getMessage().startswith("Passed unknown parameter")


def _drop_old_outputs(notebook: Any) -> None:
    """Begin without the outputs and marks that the template was saved with."""
    notebook.metadata.pop("papermill", None)
    notebook.metadata.pop("cohorthub", None)
    notebook.metadata.pop("widgets", None)
    kept = [cell for cell in notebook.cells if INJECTED_TAG not in cell.metadata["tags"]]
    notebook.cells = kept
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def _listen_for_cancel(stop: Callable[[Verdict], None]) -> None:
    def cancel(_number: int, _frame: Any) -> None:
        stop(Verdict.cancelled())

    signal.signal(signal.SIGTERM, cancel)
    signal.signal(signal.SIGHUP, cancel)
    # Ctrl-C reaches the whole foreground group; the supervisor decides. Not SIG_IGN: the kernel would inherit that.
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    # Blocked since before the fork; a kernel must not inherit that either.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


def _log(log: int, line: str) -> None:
    with contextlib.suppress(OSError):
        os.write(log, f"{utc_now()} {line}\n".encode())
