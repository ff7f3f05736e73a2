"""What people asked for: one small file per run, kept by the service beside the run folders.

A run folder is made by the runner, and only once it has begun. Until then, and where a run never begins (it was
refused, or cancelled while it waited, or the service was stopped first), this record is what the pages know.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hub_config.home import write_private

__all__ = ["Asked", "AskedStore"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """One request for a run.

    Parameters
    ----------
    run_id : str
        The run's id.
    template : str
        Path of the template.
    title : str
        The template's title as it was then.
    parameters : dict
        All parameters with the values asked for.
    given : tuple of str
        Names of those whose value is not the template's own.
    requested_by : str
        The hub's name of the person.
    asked_at : str
        When, UTC, ISO 8601.
    state : str
        queued, started, cancelled, refused, interrupted or ended; what came of it after `started` is in the run folder.
    ended_at : str or None
        When the request ended, UTC, ISO 8601.
    pid : int or None
        The process that carries it out, once started.
    pid_started : float or None
        When that process began (seconds since 1970): a pid alone may belong to another by now.
    pid_ticks : int or None
        The same in clock ticks since the machine's start, which setting the clock does not change.
    pid_boot : str or None
        The name of that start.
    code : str or None
        Stable code of the error that refused it.
    message : str or None
        The error's message; holds no person's value, as all our messages.
    """

    run_id: str
    template: str
    title: str
    parameters: dict[str, Any]
    given: tuple[str, ...]
    requested_by: str
    asked_at: str
    state: str = "queued"
    ended_at: str | None = None
    pid: int | None = None
    pid_started: float | None = None
    pid_ticks: int | None = None
    pid_boot: str | None = None
    code: str | None = None
    message: str | None = None


@dataclass
class AskedStore:
    """The records of one home.

    Parameters
    ----------
    folder : Path
        Where they lie; made on first use, closed to other accounts.
    """

    folder: Path
    _known: dict[str, Asked] = field(default_factory=dict)

    def save(self, asked: Asked) -> None:
        """Write a record, in one step.

        Parameters
        ----------
        asked : Asked
            The whole record; replaces an older one.
        """
        self._known[asked.run_id] = asked  # first, so that the pages tell the truth even when the disk is full
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self.folder / f"{asked.run_id}.json", json.dumps(asdict(asked), ensure_ascii=False, indent=1))

    def get(self, run_id: str) -> Asked | None:
        """Return the record of a run.

        Parameters
        ----------
        run_id : str
            An id that was checked.

        Returns
        -------
        Asked or None
            None if nobody asked for it on the page, or if the record cannot be read.
        """
        if run_id not in self._known:
            try:
                document = json.loads((self.folder / f"{run_id}.json").read_text(encoding="utf-8"))
                self._known[run_id] = Asked(**{**document, "given": tuple(document["given"])})
            except FileNotFoundError:
                return None
            except (OSError, ValueError, TypeError, KeyError) as broken:
                logger.warning("The record of run %s cannot be read (%s)", run_id, type(broken).__name__)
                return None
        return self._known[run_id]

    def __iter__(self) -> Iterator[Asked]:
        """Go through all records that can be read, in no order."""
        for file in self.folder.glob("*.json"):
            asked = self.get(file.stem)
            if asked is not None and not file.name.startswith("."):
                yield asked
