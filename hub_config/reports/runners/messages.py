"""What a runner and the service tell one another: one request, one answer, once a second and whenever there is news.

A request says all that the runner has, so a request that got lost, came twice or late changes nothing: the next one
says it again.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hub_config.reports.runners.told_ends import LARGEST_NUMBER, clean_facts, clean_line, clean_verdict

__all__ = ["OVER", "LeasedRun", "LeftRun", "RunReport", "SyncAnswer", "SyncRequest"]

MOST_RUNS = 1000
OVER = ("closed", "died")  # phases of runs of which nothing is left to do
PHASES = ("running", "closing", *OVER)
NAMES = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")  # of runners, runs and leases


@dataclass(frozen=True)
class RunReport:
    """One run that a runner has.

    Parameters
    ----------
    run_id, lease_id : str
        Which.
    phase : str
        ``running``; ``closing`` when it has ended and its folder could be shown; ``closed`` when it is shown; ``died``
        when its process ended without a word.
    cell, n_cells : int or None
        How far it is.
    cell_title : str
        The heading above that cell.
    verdict : mapping or None
        ``status`` and ``error``, from `closing` on.
    facts : mapping or None
        What the record says, once `closed`.
    folder : str or None
        The folder, once `closed`; None if there is none. Where it lies is known: it is not followed.
    passed : sequence of sequence
        Number and title of each cell that began after the last one that was told, and has ended meanwhile.
    """

    run_id: str
    lease_id: str
    phase: str = "running"
    cell: int | None = None
    n_cells: int | None = None
    cell_title: str = ""
    verdict: Mapping[str, Any] | None = None
    facts: Mapping[str, Any] | None = None
    folder: str | None = None
    passed: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True)
class SyncRequest:
    """What a runner says.

    Parameters
    ----------
    runner_id : str
        The name of its server.
    free : int
        How many runs more it would take.
    runs : sequence of RunReport
        All that it has.
    is_leaving : bool
        Whether it takes no more, because it was told to end.
    closed_left : mapping of str to str or None
        By run: the folder that another runner left and this one has closed; None if there was none.
    process : str
        What tells this process from another one that was started with the same name and token.
    """

    runner_id: str
    free: int
    runs: Sequence[RunReport] = ()
    is_leaving: bool = False
    closed_left: Mapping[str, str | None] = field(default_factory=dict)
    process: str = ""

    def to_document(self) -> dict[str, Any]:
        """Give the request as types that JSON knows.

        Returns
        -------
        dict
            For `from_document`.
        """
        told = [vars(one) | ({"facts": clean_facts(one.facts)} if one.facts is not None else {}) for one in self.runs]
        return {**vars(self), "runs": told}

    @classmethod
    def from_document(cls, document: Any) -> "SyncRequest":
        """Read a request.

        Parameters
        ----------
        document : object
            What was sent.

        Returns
        -------
        SyncRequest
            Of the right types.

        Raises
        ------
        ValueError
            If it is of another form; the reason is said, and nothing of what was sent.
        """
        try:
            reports = [RunReport(**one) for one in document["runs"]]
            closed = dict(document["closed_left"])
            process = document.get("process", "")
            request = cls(document["runner_id"], document["free"], reports, document["is_leaving"], closed, process)
            if len(reports) + len(closed) > MOST_RUNS:
                raise ValueError(f"it names more than {MOST_RUNS} runs")
            _check(request)
            return replace(request, runs=[_understood(one) for one in reports])
        except (TypeError, KeyError) as broken:
            raise ValueError("not a request of a runner: a field is missing, unknown or of another type") from broken
        except ValueError as broken:
            raise ValueError(f"not a request of a runner: {broken}") from broken


def _check(request: SyncRequest) -> None:
    """Refuse what could not be written down, or asked for in the database."""
    _require(_is_name(request.runner_id), "runner_id is no name")
    _require(isinstance(request.process, str), "process is no text")
    _require(_is_number(request.free), "free is no number of runs")
    _require(isinstance(request.is_leaving, bool), "is_leaving is neither true nor false")
    _require(all(_is_name(run_id) for run_id in request.closed_left), "closed_left has a name that no run has")
    folders = request.closed_left.values()
    _require(all(folder is None or isinstance(folder, str) for folder in folders), "a closed folder is no text")
    for one in request.runs:
        _require(_is_name(one.run_id) and _is_name(one.lease_id), "run_id or lease_id is no name")
        _require(one.phase in PHASES, f"phase is none of {', '.join(PHASES)}")
        _require(all(number is None or _is_number(number) for number in (one.cell, one.n_cells)), "cell is no number")
        _require(isinstance(one.cell_title, str), "cell_title is no text")
        _require(
            all(_is_number(number) and isinstance(title, str) for number, title in one.passed),
            "passed has other things than numbers and titles",
        )


def _understood(one: RunReport) -> RunReport:
    """Take of a run's end what can be understood; an end without a verdict has one that cannot."""
    is_ending = one.phase in {"closing", "closed"}
    return replace(
        one,
        cell_title=clean_line(one.cell_title),
        passed=[(number, clean_line(title)) for number, title in one.passed],
        verdict=clean_verdict(one.verdict) if is_ending or one.verdict is not None else None,
        facts=clean_facts(one.facts) if one.facts is not None else None,
        folder=one.folder if isinstance(one.folder, str) else None,
    )


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise ValueError(reason)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and NAMES.fullmatch(value) is not None


def _is_number(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_NUMBER


@dataclass(frozen=True)
class LeasedRun:
    """One run to be executed.

    Parameters
    ----------
    run_id, lease_id : str
        Which.
    template_name : str
        For people, and for ``latest/``.
    template : bytes
        The notebook.
    parameters : mapping
        The value of every parameter.
    given : sequence of str
        Names of those whose value is not the template's own.
    limits : mapping
        ``cell_s``, ``run_s``.
    root : str
        The folder of the project's runs.
    started_by : str
        Who asked.
    environment : mapping of str to str
        What the kernel is told besides.
    secrets_folder : str or None
        Where the project's secrets lie.
    """

    run_id: str
    lease_id: str
    template_name: str
    template: bytes
    parameters: Mapping[str, Any]
    given: Sequence[str]
    limits: Mapping[str, float]
    root: str
    started_by: str
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets_folder: str | None = None


@dataclass(frozen=True)
class LeftRun:
    """A run that ended without its runner, and whose folder is to be closed.

    Parameters
    ----------
    run_id : str
        Which.
    status : str
        The final state that it has.
    root : str
        The folder of the project's runs.
    secrets_folder : str or None
        Where the project's secrets lie: what the run left is looked through for them.
    """

    run_id: str
    status: str
    root: str
    secrets_folder: str | None = None


@dataclass(frozen=True)
class SyncAnswer:
    """What the service says.

    Parameters
    ----------
    leases : sequence of LeasedRun
        Runs to begin.
    stop : sequence of str
        Leases whose run somebody wants stopped.
    lost : sequence of str
        Leases that are the runner's no more.
    agreed : mapping of str to str
        By lease: the final status under which its folder may be shown.
    done : sequence of str
        Leases whose final state is written down.
    idle_s : float
        Seconds without a run after which the runner ends.
    left : sequence of LeftRun
        What runners that were killed left to close.
    """

    leases: Sequence[LeasedRun] = ()
    stop: Sequence[str] = ()
    lost: Sequence[str] = ()
    agreed: Mapping[str, str] = field(default_factory=dict)
    done: Sequence[str] = ()
    idle_s: float = 60.0
    left: Sequence[LeftRun] = ()

    def to_document(self) -> dict[str, Any]:
        """Give the answer as types that JSON knows.

        Returns
        -------
        dict
            For `from_document`.
        """
        leases = [vars(one) | {"template": base64.b64encode(one.template).decode("ascii")} for one in self.leases]
        return {**vars(self), "leases": leases, "left": [vars(one) for one in self.left]}

    @classmethod
    def from_document(cls, document: Any) -> "SyncAnswer":
        """Read an answer.

        Parameters
        ----------
        document : object
            What was sent.

        Returns
        -------
        SyncAnswer
            Of the right types.

        Raises
        ------
        ValueError
            If it is of another form.
        """
        try:
            leases = [
                LeasedRun(**{**one, "template": base64.b64decode(one["template"], validate=True)})
                for one in document["leases"]
            ]
            left = [LeftRun(**one) for one in document["left"]]
            return cls(**{**document, "leases": leases, "left": left})
        except (TypeError, KeyError, binascii.Error) as broken:
            raise ValueError("not an answer of the service") from broken
