"""One run in a process of its own, and the two pipes between it and the runner."""

import contextlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from hub_config.errors import HubError
from hub_config.reports.execution.warm.asking import WarmParent
from hub_config.reports.execution.warm.descendants import die_with_parent
from hub_config.reports.execution.warm.preloading import why_no_fork
from hub_config.reports.runners.fresh_process import start_fresh
from hub_config.reports.runners.messages import LeasedRun, RunReport, SyncAnswer

__all__ = ["RunProcess", "carry_out", "start_run"]

LONGEST_LINE = 2**20
MOST_PASSED = 1000
# What the queue keeps of a run's record; the whole of it is in the run's folder.
FACTS = (
    "duration_s",
    "data_releases",
    "cohorts",
    "outputs",
    "stages",
    "library_version",
    "cohorthub_version",
    "environment_sha256",
    "kernel_start",
    "ended_early",
    "title",
)


@dataclass
class RunProcess:
    """A run that is being carried out.

    Parameters
    ----------
    lease : LeasedRun
        What.
    pid : int
        The process.
    news : int
        Descriptor to read from; what it tells are lines of JSON.
    word : int
        Descriptor to which the agreed status is written, once.
    """

    lease: LeasedRun
    pid: int
    news: int
    word: int
    report: RunReport = field(init=False)
    stop_sent: bool = False
    is_answered: bool = False
    has_ended: bool = False
    _unread: bytes = b""
    _is_closed: bool = False
    _cell_told: int | None = None

    def __post_init__(self) -> None:
        self.report = RunReport(self.lease.run_id, self.lease.lease_id)

    def take_news(self) -> bool:
        """Read what the process tells.

        Returns
        -------
        bool
            Whether something that others wait for has changed: the phase, or that it has ended.
        """
        piece = os.read(self.news, 65536)
        if not piece:
            self.has_ended = True
            os.waitpid(self.pid, 0)
            self.close()
            return True
        *lines, self._unread = (self._unread + piece).split(b"\n")
        before = self.report.phase
        for line in lines:
            self._take(json.loads(line))
        return self.report.phase != before

    def _take(self, told: Mapping[str, Any]) -> None:
        report = self.report
        if "cell" in told and report.cell not in {None, self._cell_told}:
            # Of very many only the last, as a request has an end; so many pass only while nobody answers.
            passed = (*report.passed, (report.cell or 0, report.cell_title))[-MOST_PASSED:]
            report = replace(report, passed=passed)
        known = {name: getattr(report, name) for name in report.__dataclass_fields__}
        self.report = RunReport(**{**known, **told})

    def has_told(self) -> None:
        """Take note that the service has heard the report, with the cells that had passed until then."""
        self._cell_told = self.report.cell
        self.report = replace(self.report, passed=())

    def answer(self, status: str) -> None:
        """Tell the process under which status its folder may be shown.

        Parameters
        ----------
        status : str
            A final one.
        """
        if not self.is_answered and not self.has_ended:
            self.is_answered = True
            with contextlib.suppress(OSError):
                os.write(self.word, status.encode() + b"\n")

    def stop(self, *, hard: bool = False) -> None:
        """Ask the process to end its run; it ends its kernel, writes the run's folder and asks under which status.

        Parameters
        ----------
        hard : bool, default False
            Kill it; what it leaves is closed by the next runner.
        """
        if self.has_ended:
            return  # it was waited for: its number may be another process's by now
        if hard or not self.stop_sent:
            self.stop_sent = True
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL if hard else signal.SIGTERM)

    def close(self) -> None:
        """Give back the pipes, once: their numbers are soon those of others."""
        if self._is_closed:
            return
        self._is_closed = True
        for descriptor in (self.news, self.word):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def start_run(
    lease: LeasedRun,
    *,
    home: Path,
    inherited: Iterator[int] | tuple[int, ...] = (),
    warm: WarmParent | None = None,
) -> RunProcess:
    """Fork the process that carries out a run, or start it anew where this one has threads.

    Parameters
    ----------
    lease : LeasedRun
        What.
    home : Path
        The home.
    inherited : iterable of int
        Descriptors of the runner that the run must not keep open.
    warm : WarmParent, optional
        Where the run asks for its kernel; one that is started anew cannot, and starts its kernel itself.

    Returns
    -------
    RunProcess
        Begun.
    """
    news_read, news_write = os.pipe()
    word_read, word_write = os.pipe()
    parent = os.getpid()
    if why_no_fork() is not None:
        document = {"answer": SyncAnswer(leases=[lease]).to_document(), "home": str(home), "parent": parent}
        pid = start_fresh("run", document, kept=[news_write, word_read])
    else:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            for descriptor in (news_read, word_write, *inherited):
                with contextlib.suppress(OSError):
                    os.close(descriptor)
            carry_out(lease, home=home, parent=parent, news=news_write, word=word_read, warm=warm)
    for descriptor in (news_write, word_read):
        os.close(descriptor)
    return RunProcess(lease, pid, news_read, word_write)


def carry_out(lease: LeasedRun, *, home: Path, parent: int, news: int, word: int, warm: WarmParent | None) -> NoReturn:
    """Be the process of one run; never comes back.

    Parameters
    ----------
    lease : LeasedRun
        What.
    home : Path
        The home.
    parent : int
        The runner; this process ends with it.
    news, word : int
        Descriptors: where to tell how the run goes, and where to read under which status it may be shown.
    warm : WarmParent or None
        Where the run asks for its kernel.
    """
    status = 1
    try:
        # A runner that is killed takes its runs with it: whoever takes them up again must be the only one.
        die_with_parent(parent)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        _run(lease, home=home, news=news, word=word, warm=warm)
        status = 0
    except BaseException:  # noqa: BLE001 - whatever it was, the runner must not go on twice
        with contextlib.suppress(Exception):
            traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os._exit(status)


def _run(lease: LeasedRun, *, home: Path, news: int, word: int, warm: WarmParent | None) -> None:
    from hub_config.reports.execution.supervisor import Request, run_report
    from hub_config.reports.folders.sealing import folder_sha256
    from hub_config.reports.templates.templates import template_from_content
    from hub_config.reports.verdicts import Limits, Place, Verdict

    def tell(**changes: Any) -> None:
        with contextlib.suppress(OSError):
            os.write(news, (json.dumps(changes, ensure_ascii=False, default=str) + "\n").encode())

    def on_cell(place: Place) -> None:
        tell(cell=place.cell, n_cells=place.cells, cell_title=place.title)

    def agree(verdict: Verdict) -> Verdict:
        tell(phase="closing", verdict={"status": verdict.status, "error": verdict.error()})
        agreed = os.read(word, 100).decode().strip()
        if agreed == verdict.status:
            return verdict
        return Verdict.cancelled() if agreed == "cancelled" else Verdict.interrupted()

    try:
        template = template_from_content(lease.template, name=lease.template_name)
        request = Request(
            template=template,
            parameters=dict(lease.parameters),
            given=tuple(lease.given),
            home=home,
            output_folder=Path(lease.root),
            run_id=lease.run_id,
            limits=Limits(cell_s=float(lease.limits["cell_s"]), run_s=float(lease.limits["run_s"])),
            started_by=lease.started_by,
            environment=lease.environment,
            secrets_folder=Path(lease.secrets_folder) if lease.secrets_folder is not None else None,
            agree=agree,
            closes_left=False,
        )
        result = run_report(request, on_cell=on_cell, warm=warm)
    except HubError as refused:
        error = {"code": refused.code, "message": str(refused)}
        tell(phase="closing", verdict={"status": "failed", "error": error})
        os.read(word, 100)
        tell(phase="closed", verdict={"status": "failed", "error": error}, facts={}, folder=None)
        return
    verdict = result.verdict
    facts = {name: result.record[name] for name in FACTS if name in result.record}
    with contextlib.suppress(HubError):  # a full disk may have cost the crate
        facts["folder_sha256"] = folder_sha256(result.folder)
    tell(
        phase="closed",
        verdict={"status": verdict.status, "error": verdict.error()},
        facts=facts,
        folder=str(result.folder),
    )
