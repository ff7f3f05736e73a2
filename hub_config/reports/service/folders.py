"""Reading run folders: what a finished run left, and how far a running one has come."""

import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub_config.reports.folders.run_folders import RUN_ID
from hub_config.reports.service.archive import open_inside

__all__ = ["REPORT", "FolderReader", "RunFolderView", "is_run_id"]

logger = logging.getLogger(__name__)

LARGEST_RECORD = 1 << 20
REPORT = "report.html"


def is_run_id(word: str) -> bool:
    """Tell whether `word` can be the id of a run; only then may it become part of a path.

    Parameters
    ----------
    word : str
        Any text.

    Returns
    -------
    bool
        True for what the runner accepts as well.
    """
    return RUN_ID.fullmatch(word) is not None and word != "latest"


@dataclass(frozen=True)
class RunFolderView:
    """One run folder as it is found.

    Parameters
    ----------
    run_id : str
        The run's id.
    path : Path
        The folder.
    is_final : bool
        False while the run goes on, and for ever after its process was killed.
    record : mapping
        What ``run.json`` holds; empty where it cannot be read.
    """

    run_id: str
    path: Path
    is_final: bool
    record: Mapping[str, Any]

    @property
    def has_report(self) -> bool:
        """Whether there is a page to read."""
        file = open_inside(self.path, name=REPORT)
        if file is None:
            return False
        file.close()
        return True


@dataclass
class FolderReader:
    """The run folders of one home; what a finished run left is read once.

    Parameters
    ----------
    root : Path
        The folder ``runs/``.
    """

    root: Path
    _final: dict[str, RunFolderView] = field(default_factory=dict)

    def ids(self) -> Iterator[str]:
        """Go through the ids of all runs that have a folder, each once, in no order."""
        seen = set()
        try:
            names = [entry.name for entry in os.scandir(self.root) if entry.is_dir(follow_symlinks=False)]
        except FileNotFoundError:
            return
        for name in names:
            run_id = name[1:].removesuffix(".running") if name.startswith(".") and name.endswith(".running") else name
            if is_run_id(run_id) and run_id not in seen:
                seen.add(run_id)
                yield run_id

    def get(self, run_id: str) -> RunFolderView | None:
        """Read the folder of a run.

        Parameters
        ----------
        run_id : str
            An id that was checked.

        Returns
        -------
        RunFolderView or None
            The finished one where there is one, else the one being made, else None.
        """
        final = self.root / run_id
        if run_id in self._final and final.is_dir():
            return self._final[run_id]
        self._final.pop(run_id, None)
        for path, is_final in ((final, True), (self.root / f".{run_id}.running", False), (final, True)):
            # Looked for a second time at the end: the folder may have been renamed between the two looks.
            if path.is_symlink() or not path.is_dir():
                continue
            record = _read_record(path)
            if record is None and not is_final:
                continue
            view = RunFolderView(run_id, path, is_final, record or {})
            if is_final:
                self._final[run_id] = view
            return view
        return None


def _read_record(folder: Path) -> dict[str, Any] | None:
    file = open_inside(folder, name="run.json")
    if file is None:
        return None
    with file:
        content = file.read(LARGEST_RECORD + 1)
    try:
        record = json.loads(content) if len(content) <= LARGEST_RECORD else None
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        logger.warning("run.json of run folder %s cannot be read", folder.name)
        return None
    return record
