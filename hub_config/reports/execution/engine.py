"""Executing a notebook with papermill so that every way to end is noticed, and told apart.

papermill brings the parameters cell, the order of cells and the marks in the notebook. What it does not bring is here:
time limits that also stop a kernel that does not answer, a kernel that dies, ``exit()`` in a cell, and a notebook that
is saved as a whole or not at all. Whoever wants the run to end early (a time limit, a person) kills the kernel and says
why; nbclient then notices the death, and the reason becomes the verdict.
"""

import itertools
import logging
import re
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellControlSignal, CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines

from hub_config.reports.execution.warm.asking import KernelStart
from hub_config.reports.execution.warm.provisioner import KernelManager
from hub_config.reports.folders.run_folders import is_disk_full
from hub_config.reports.templates.notebook_files import INJECTED_TAG, code_cells, titles
from hub_config.reports.verdicts import Limits, Place, Verdict

__all__ = ["ENGINE_NAME", "Execution", "register_engine"]

logger = logging.getLogger(__name__)

ENGINE_NAME = "cohorthub"
START_LIMIT = 120  # seconds for a kernel to answer for the first time
MOST_OUTPUT = 64 * 2**20  # bytes that all cells together may print and draw
IOPUB_LIMIT = 600  # seconds to take in a cell's outputs once it has ended; the run's limit holds as well
# In a kernel IPython's `exit(1)` means "close the tab, keep the kernel": the report would go on. Here it ends.
EXIT_MEANS_EXIT = """
from IPython.core.autocall import IPyAutocall as _Autocall
class _Exit(_Autocall):
    rewrite = False
    def __call__(self, status=None):
        raise SystemExit(status)
get_ipython().user_ns.update(exit=_Exit(), quit=_Exit())
get_ipython().user_ns_hidden.update(exit=None, quit=None)
del _Autocall, _Exit
"""
HINT_ABOUT_EXIT = re.compile(r"To exit: use 'exit', 'quit', or Ctrl-D\.")


@dataclass
class Execution:
    """One execution: what the engine needs to know, and what it finds out.

    Parameters
    ----------
    limits : Limits
        Seconds per cell and per run.
    save : callable
        Takes the notebook and writes it, as a whole.
    on_cell : callable
        Told the `Place` of each cell as it begins.
    environment : dict of str to str
        The kernel's environment.
    scratch : Path
        A private folder for the kernel's sockets.
    log : int
        Descriptor of the log file; the kernel process writes there what it does not send as output.
    kill_kernel : callable
        Ends the kernel and all it started.
    start : KernelStart
        Where to ask for a warm kernel.
    mask_outputs : callable
        Takes the secrets of the run out of a cell's outputs.
    """

    limits: Limits
    save: Callable[[Any], None]
    on_cell: Callable[[Place], None]
    environment: dict[str, str]
    scratch: Path
    log: int
    kill_kernel: Callable[[], object]
    start: KernelStart = field(default_factory=KernelStart)
    mask_outputs: Callable[[list[Any]], None] = lambda _outputs: None
    notebook: Any = None
    verdict: Verdict | None = None
    place: Place | None = None
    kernel: Any = None  # the kernel's Popen
    _output: int = 0
    _reason: Verdict | None = None
    _cell_deadline: float | None = None
    _lock: Any = field(default_factory=threading.RLock)  # a signal handler may come upon itself

    def stop(self, reason: Verdict) -> None:
        """End the run early: note why, unless a reason is noted already, and kill the kernel.

        Parameters
        ----------
        reason : Verdict
            What the run shall be said to have ended by.
        """
        with self._lock:
            if self.verdict is not None or self._reason is not None:
                return
            self._reason = reason
        self.kill_kernel()

    def go_on(self) -> None:
        """Let no kernel start, and no cell begin, once the run was asked to end.

        Raises
        ------
        DeadKernelError
            If it was.
        """
        if self._reason is not None:
            self.kill_kernel()
            raise DeadKernelError("the run was asked to end")

    def enter_cell(self, place: Place) -> None:
        """Begin a cell: tell it, set its time limit.

        Parameters
        ----------
        place : Place
            Where the run is now.
        """
        self.place = place
        self.on_cell(place)
        self._cell_deadline = time.monotonic() + self.limits.cell_s

    def leave_cell(self) -> None:
        """End a cell: lift its time limit."""
        self._cell_deadline = None

    def took_in(self, size: int) -> None:
        """Count what the cells print and draw, and end the run where it is too much to keep.

        Parameters
        ----------
        size : int
            Bytes, or characters of text.
        """
        self._output += size
        if self._output > MOST_OUTPUT:
            self.stop(Verdict.too_much_output(MOST_OUTPUT))

    def judge(self, verdict: Verdict) -> None:
        """Take down how the run ended; the first word stands, and a reason for stopping comes before all.

        Parameters
        ----------
        verdict : Verdict
            How it looks from where this is called.
        """
        with self._lock:
            if self.verdict is None:
                self.verdict = (self._reason or verdict).at(self.place)

    def watch(self, ended: threading.Event) -> None:
        """Enforce the time limits, from a thread of its own, until `ended` is set.

        Parameters
        ----------
        ended : threading.Event
            Set when there is nothing more to watch.
        """
        run_deadline = time.monotonic() + self.limits.run_s
        while not ended.wait(0.1):
            now, cell_deadline = time.monotonic(), self._cell_deadline
            if now > run_deadline:
                self.stop(Verdict.timed_out("run", self.limits.run_s))
            elif cell_deadline is not None and now > cell_deadline:
                self.stop(Verdict.timed_out("cell", self.limits.cell_s))

    def judge_death(self) -> None:
        """Take down that the kernel died, with the signal that did it where the system tells one."""
        try:
            status = self.kernel.wait(timeout=2) if self.kernel is not None else None
        except OSError:
            status = None
        except Exception:  # noqa: BLE001 - subprocess.TimeoutExpired; the status is then not known
            status = None
        name = signal.Signals(-status).name if status is not None and status < 0 else None
        self.judge(Verdict.kernel_died(name))


class _Manager(NotebookExecutionManager):
    """papermill's book-keeping, with saving that is whole and does not cost more than a twentieth of the time."""

    SHARE_OF_TIME = 20

    def __init__(self, nb: Any, execution: Execution) -> None:
        super().__init__(nb, output_path=None, log_output=False, progress_bar=False)
        self.execution = execution
        self._numbers = {position: number for number, position in enumerate(code_cells(nb), start=1)}
        self._titles = titles(nb)
        self._next_save = 0.0

    def save(self, **kwargs: Any) -> None:
        """Save if the last one was long enough ago; papermill asks twice per cell."""
        if kwargs.get("nb"):
            self.nb = kwargs["nb"]
        began = time.monotonic()
        if began < self._next_save:
            return
        self.execution.save(self.nb)
        ended = time.monotonic()
        self._next_save = ended + max(0.5, (ended - began) * self.SHARE_OF_TIME)
        self.last_save_time = self.now()

    def cell_start(self, cell: Any, cell_index: int | None = None, **kwargs: Any) -> None:
        """Begin a cell: tell its number and title, set its time limit."""
        if cell_index in self._numbers:
            self.execution.enter_cell(Place(self._numbers[cell_index], len(self._numbers), self._titles[cell_index]))
        super().cell_start(cell, cell_index, **kwargs)

    def cell_complete(self, cell: Any, cell_index: int | None = None, **kwargs: Any) -> None:
        """End a cell: lift its time limit, put together what it printed."""
        self.execution.leave_cell()
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs)
            self.execution.mask_outputs(cell.outputs)
        super().cell_complete(cell, cell_index, **kwargs)


class _Client(PapermillNotebookClient):
    """papermill's client of the kernel, on sockets of its own, with a verdict for every end."""

    execution: Execution

    def create_kernel_manager(self) -> Any:
        """Make a kernel manager that talks over files in a private folder: no ports, so no races for them."""
        self.execution.go_on()
        self.kernel_manager_class = KernelManager
        manager = super().create_kernel_manager()
        manager.start = self.execution.start
        manager.transport = "ipc"
        manager.ip = str(self.execution.scratch / "k")
        manager.connection_file = str(self.execution.scratch / "connection.json")
        return manager

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:  # noqa: PLR0917 - nbclient's own
        """Take in one message; a loop that prints for ever must not fill the memory until its time limit."""
        if msg["msg_type"] in {"stream", "display_data", "execute_result"}:
            content = msg["content"]
            self.execution.took_in(len(content.get("text", "")) + sum(map(_size, content.get("data", {}).values())))
        return super().process_message(msg, cell, cell_index)

    def papermill_execute_cells(self) -> None:
        """Execute the cells in order, until one ends the run."""
        assert self.km is not None  # noqa: S101 - for mypy; setup_kernel has made them
        assert self.kc is not None  # noqa: S101
        self.execution.kernel = getattr(self.km.provisioner, "process", None)
        self.execution.go_on()
        self.kc.execute(EXIT_MEANS_EXIT, silent=True, store_history=False)
        for position, cell in enumerate(self.nb.cells):
            if not self._execute_one(position, cell):
                return
        self.execution.judge(Verdict.succeeded())

    def _execute_one(self, position: int, cell: Any) -> bool:
        """Execute one cell; False ends the run."""
        self.nb_man.cell_start(cell, position)
        injected = INJECTED_TAG in cell.metadata.get("tags", [])
        try:
            # papermill's cell is not counted, so that [3] in the report is the [3] of a Lab that ran all.
            self.execute_cell(cell, position, store_history=not injected)
            if injected:
                cell.execution_count = None
        except CellExecutionError as error:
            return self._ended_by(error, position)
        except (DeadKernelError, CellTimeoutError):
            self.nb_man.cell_exception(cell, cell_index=position)
            raise
        finally:
            self.nb_man.cell_complete(self.nb.cells[position], cell_index=position)
        return True

    def _ended_by(self, error: CellExecutionError, position: int) -> bool:
        cell = self.nb.cells[position]
        status = error.evalue.strip()
        if error.ename != "SystemExit" or status not in {"", "0", "None", "False"}:
            self.nb_man.cell_exception(cell, cell_index=position, exception=error)
            self.execution.judge(Verdict.cell_failed(error.ename))
            return False
        # The end was meant: what IPython writes about it says nothing to a reader.
        cell.outputs = [output for output in cell.outputs if not _is_about_exit(output)]
        self.execution.judge(Verdict.succeeded(ended_early=True))
        return False


def _is_about_exit(output: Any) -> bool:
    if output.output_type == "error":
        return bool(output.ename == "SystemExit")
    return output.output_type == "stream" and HINT_ABOUT_EXIT.search(output.text) is not None and len(output.text) < 400


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(str(value))


def _joined(outputs: list[Any]) -> list[Any]:
    """Join neighbouring pieces of one stream, and keep of a line only what followed its last carriage return.

    nbclient can do this too, but its pattern takes time with the square of a line's length: 100 kB took 35 s.
    """
    joined: list[Any] = []
    for (kind, _name), group in itertools.groupby(outputs, key=lambda one: (one.output_type, one.get("name"))):
        members = list(group)
        if kind == "stream":
            text = "".join(member.text for member in members)
            members[0]["text"] = "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))
            del members[1:]
        joined.extend(members)
    return joined


class _Engine(Engine):
    """The papermill engine named `cohorthub`."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, **kwargs: Any) -> Any:
        """Execute `nb`; the verdict is in `kwargs["execution"]`, nothing is raised for what the report did."""
        execution: Execution = kwargs["execution"]
        manager = _Manager(nb, execution)
        execution.notebook = nb
        ended = threading.Event()
        watch = threading.Thread(target=execution.watch, args=(ended,), name="time-limits", daemon=True)
        watch.start()
        try:
            # papermill was handed a notebook, not a path, and would keep all of it as its own "path".
            nb.metadata.papermill.update(input_path=kwargs["template_path"], output_path="report.ipynb")
            cls._execute(manager, kernel_name, cwd=kwargs["kernel_cwd"])
        finally:
            ended.set()
            watch.join()
            execution.notebook = manager.nb
            _finish_marks(manager)
        return manager.nb

    @classmethod
    def _execute(cls, manager: _Manager, kernel_name: str, *, cwd: Path) -> None:
        execution = manager.execution
        client = _Client(
            manager,
            kernel_name=kernel_name,
            timeout=None,  # the watch keeps the limits
            iopub_timeout=IOPUB_LIMIT,
            startup_timeout=START_LIMIT,
            # The kernel is asked to end, so that what it registered for its exit is done; then it is made to.
            shutdown_kernel="graceful",
            log=logger,
        )
        client.execution = execution
        try:
            manager.notebook_start()
            client.execute(cwd=str(cwd), env=execution.environment, stdout=execution.log, stderr=execution.log)
        except OSError as failure:
            if not is_disk_full(failure):
                raise
            execution.judge(Verdict.disk_full())
        except CellControlSignal:
            execution.judge(Verdict.kernel_died(None))
        except DeadKernelError:
            execution.judge_death()
        except RuntimeError as failure:
            # jupyter_client's, while the kernel starts: it died, or it does not answer.
            if "respond" in str(failure):
                execution.judge(Verdict.kernel_silent(START_LIMIT))
            execution.judge_death()


def _finish_marks(manager: _Manager) -> None:
    """Give every cell its final mark; papermill would call cells that were never reached completed."""
    manager.end_time = manager.now()
    manager.nb.metadata.papermill["end_time"] = manager.end_time.isoformat()
    manager.nb.metadata.papermill["duration"] = (manager.end_time - manager.start_time).total_seconds()
    for cell in manager.nb.cells:
        if cell.metadata.get("papermill", {}).get("status") == manager.PENDING:
            cell.metadata.papermill["status"] = "skipped"


def register_engine() -> str:
    """Make the engine known to papermill.

    Returns
    -------
    str
        Its name.
    """
    papermill_engines.register(ENGINE_NAME, _Engine)
    return ENGINE_NAME
