"""How a run ended: one of five states, with the cell and the kind of error, and never a value from the data."""

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

from hub_config.errors import (
    CellFailedError,
    DiskFullError,
    HubError,
    KernelDiedError,
    RunCancelledError,
    RunInterruptedError,
    RunnerDiedError,
    RunTimedOutError,
    SecretLeakedError,
    TooMuchOutputError,
)

__all__ = ["EXIT_CODES", "Limits", "Place", "Verdict", "error_name"]

EXIT_CODES = {
    error.code: error.exit_code
    for error in (
        CellFailedError,
        KernelDiedError,
        RunTimedOutError,
        RunCancelledError,
        DiskFullError,
        RunnerDiedError,
        RunInterruptedError,
        TooMuchOutputError,
        SecretLeakedError,
    )
}


@dataclass(frozen=True)
class Place:
    """Where a run is.

    Parameters
    ----------
    cell : int
        The cell's number among the code cells, 1 is the first.
    cells : int
        How many there are.
    title : str
        The heading above it, or ''.
    """

    cell: int
    cells: int
    title: str


@dataclass(frozen=True)
class Limits:
    """How long a report may take.

    Parameters
    ----------
    cell_s : float
        Seconds for one cell.
    run_s : float
        Seconds for all cells together, the kernel's start included.
    """

    cell_s: float = 600.0
    run_s: float = 3600.0


@dataclass(frozen=True)
class Verdict:
    """How a run ended.

    Parameters
    ----------
    status : str
        succeeded, failed, cancelled, timed_out or interrupted.
    code : str or None
        The stable code of the error; None for success.
    message : str
        What happened, for a person; it holds no value from the data.
    ename : str or None
        Name of the Python exception in the cell, where there was one.
    cell : int or None
        The cell's number, 1 is the first; None if no cell was reached.
    title : str
        The heading above that cell.
    ended_early : bool
        Whether the notebook ended itself with ``exit(0)``.
    """

    status: str
    code: str | None = None
    message: str = ""
    ename: str | None = None
    cell: int | None = None
    title: str = ""
    ended_early: bool = False

    def at(self, place: Place | None) -> "Verdict":
        """Give the same verdict with the place where it fell.

        Parameters
        ----------
        place : Place or None
            The cell that ran; None if none was reached.

        Returns
        -------
        Verdict
            A copy.
        """
        if place is None or place.cell < 1:
            return self
        return dataclasses.replace(self, cell=place.cell, title=place.title)

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 0 for success."""
        return 0 if self.code is None else EXIT_CODES[self.code]

    @property
    def text(self) -> str:
        """The message with its place, in one sentence."""
        if self.cell is None:
            return self.message
        heading = f" ({self.title})" if self.title else ""
        return f"Cell {self.cell}{heading}: {self.message}"

    def error(self) -> dict[str, Any] | None:
        """Give the error as run.json keeps it.

        Returns
        -------
        dict or None
            Keys code, cell, title, ename, message; None for success.
        """
        if self.code is None:
            return None
        return {
            "code": self.code,
            "cell": self.cell,
            "title": self.title,
            "ename": self.ename,
            "message": self.message,
        }

    @classmethod
    def succeeded(cls, *, ended_early: bool = False) -> "Verdict":
        """All cells ran, or the notebook ended itself with status 0.

        Parameters
        ----------
        ended_early : bool, default False
            Whether by ``exit(0)``.

        Returns
        -------
        Verdict
            Without a place.
        """
        return cls("succeeded", ended_early=ended_early)

    @classmethod
    def cell_failed(cls, ename: str) -> "Verdict":
        """A cell raised `ename`, or exited with a status other than 0.

        Parameters
        ----------
        ename : str
            Name of the exception, as the kernel tells it.

        Returns
        -------
        Verdict
            Without a place.
        """
        if ename == "SystemExit":
            return cls._of(CellFailedError, "it ended the report with a status other than 0.", ename=ename)
        known = error_name(ename)
        return cls._of(CellFailedError, f"it raised {known}. The traceback is in report.ipynb of the run.", ename=known)

    @classmethod
    def kernel_died(cls, signal_name: str | None) -> "Verdict":
        """The kernel ended without being asked to.

        Parameters
        ----------
        signal_name : str or None
            The signal that ended it, where the system told one.

        Returns
        -------
        Verdict
            Without a place.
        """
        if signal_name == "SIGKILL":
            found = (
                "the kernel was killed (SIGKILL), as the system does when memory runs out. Use less, or ask for more."
            )
        elif signal_name is not None:
            found = f"the kernel was ended by {signal_name}. log.txt of the run holds what it said last."
        else:
            found = "the kernel ended by itself. log.txt of the run holds what it said last."
        return cls._of(KernelDiedError, found)

    @classmethod
    def kernel_silent(cls, limit_s: float) -> "Verdict":
        """The kernel started, but did not answer.

        Parameters
        ----------
        limit_s : float
            Seconds that it was given.

        Returns
        -------
        Verdict
            Without a place.
        """
        found = f"the kernel did not answer within {limit_s:g} s of its start. log.txt of the run holds what it said."
        return cls._of(KernelDiedError, found)

    @classmethod
    def timed_out(cls, what: str, limit_s: float) -> "Verdict":
        """The limit for a cell or for the run passed; the kernel may have hung.

        Parameters
        ----------
        what : str
            "cell" or "run".
        limit_s : float
            Seconds.

        Returns
        -------
        Verdict
            Without a place.
        """
        found = (
            f"the time limit of {limit_s:g} s for the {what} has passed. If it needs more, raise limits.{what}_seconds "
            f"of its definition, or --{what}-timeout on the command line."
        )
        return cls._of(RunTimedOutError, found, status="timed_out")

    @classmethod
    def cancelled(cls) -> "Verdict":
        """Somebody stopped the run.

        Returns
        -------
        Verdict
            Without a place.
        """
        return cls._of(RunCancelledError, "the run was stopped from outside.", status="cancelled")

    @classmethod
    def secret_leaked(cls) -> "Verdict":
        """The report wrote a secret into a file.

        Returns
        -------
        Verdict
            Without a place.
        """
        found = "the report wrote a secret into a file, which was taken out. Write results only, and never a secret."
        return cls._of(SecretLeakedError, found)

    @classmethod
    def disk_full(cls) -> "Verdict":
        """A file of the run could not be written.

        Returns
        -------
        Verdict
            Without a place.
        """
        return cls._of(DiskFullError, "there is no room left to write the run. Free some, then run it again.")

    @classmethod
    def too_much_output(cls, limit: int) -> "Verdict":
        """The cells together printed or drew more than `limit` bytes.

        Parameters
        ----------
        limit : int
            Bytes.

        Returns
        -------
        Verdict
            Without a place.
        """
        found = f"the report's outputs came to more than {limit // 2**20} MiB. Print less: a summary, not the rows."
        return cls._of(TooMuchOutputError, found)

    @classmethod
    def runner_died(cls) -> "Verdict":
        """The executing process ended before it could say how the report did.

        Returns
        -------
        Verdict
            Without a place.
        """
        found = "the process that executes the report ended unexpectedly, perhaps for want of memory. Run it again."
        return cls._of(RunnerDiedError, found)

    @classmethod
    def interrupted(cls) -> "Verdict":
        """A run was found whose runner is gone.

        Returns
        -------
        Verdict
            Without a place.
        """
        found = "the runner was killed, or the machine went down, before the report ended. Run it again."
        return cls._of(RunInterruptedError, found, status="interrupted")

    @classmethod
    def _of(cls, error: type[HubError], message: str, *, status: str = "failed", ename: str | None = None) -> "Verdict":
        return cls(status, code=error.code, message=message, ename=ename)


def error_name(ename: str) -> str:
    """Give the name of a Python exception as it may be shown.

    Parameters
    ----------
    ename : str
        As the kernel tells it.

    Returns
    -------
    str
        The same, or "an error": a class made at run time can be called anything, a person's name included.
    """
    return ename if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]{0,79}", ename, re.ASCII) else "an error"
