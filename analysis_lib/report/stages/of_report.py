"""The stages of one report: where their results are kept, and what the report says of them."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis_lib.errors import OutputError
from analysis_lib.report.manifest import OutputManifest, StageEntry

if TYPE_CHECKING:
    from analysis_lib.catalog import Dataset
    from analysis_lib.report.stages.folder import Kept
    from analysis_lib.report.stages.stage import Stage

__all__ = ["STAGES_VARIABLE", "StagesOfReport"]

STAGES_VARIABLE = "COHORTHUB_STAGES"


class StagesOfReport:
    """Makes the stages of a report, one open at a time.

    Where ``COHORTHUB_STAGES`` names no folder, results are kept in memory, as long as the report lives: they have rows
    of persons, and a run's folder is handed to readers.

    Parameters
    ----------
    report : object
        The report itself, which a block may name without reading it.
    manifest : OutputManifest
        What it declares.
    run_dir : Path or None
        Its run's folder.
    write : callable
        Writes the manifest.
    note_release : callable
        Takes notice of a data release that was read.
    """

    def __init__(
        self,
        report: object,
        *,
        manifest: OutputManifest,
        run_dir: Path | None,
        write: Callable[[], None],
        note_release: "Callable[[Dataset], None]",
    ) -> None:
        self.report, self.note_release = report, note_release
        self._manifest, self._run_dir, self._write = manifest, run_dir, write
        self._open: str | None = None
        self._memory: dict[tuple[str, str], Kept] = {}

    def stage(self, name: str, *, inputs: Mapping[str, Any], code: str | None) -> "Stage":
        """Make a stage.

        Parameters
        ----------
        name : str
            Checked already.
        inputs : mapping of str to object
            What it is made from.
        code : str or None
            Stands for its code.

        Returns
        -------
        Stage
            Not begun.

        Raises
        ------
        OutputError
            If inputs have no names, or results would be kept in the run's folder.
        """
        from analysis_lib.report.stages.folder import StageFolder
        from analysis_lib.report.stages.stage import Stage

        if not isinstance(inputs, Mapping) or not all(isinstance(key, str) for key in inputs):
            raise OutputError(
                f"inputs of stage '{name}' must map names to values; found {type(inputs).__name__}. Write "
                "inputs={'NAME': VALUE}."
            )
        root = os.environ.get(STAGES_VARIABLE)
        if root and self._run_dir is not None and Path(root).absolute().is_relative_to(self._run_dir.absolute()):
            raise OutputError(
                "stages may not be kept in the run's folder, which readers get: they have rows of persons; found "
                f"{STAGES_VARIABLE} inside it. Set it to a private folder."
            )
        folder = StageFolder(Path(root).absolute()) if root else None
        return Stage(name, inputs=inputs, code=code, owner=self, folder=folder, memory=self._memory)

    def begin(self, name: str) -> None:
        """Take notice that a stage begins.

        Parameters
        ----------
        name : str
            Of the stage.
        """
        self.refuse_open(f"stage '{name}' begins")
        self._open = name

    def end(self, entry: StageEntry | None) -> None:
        """Take notice that the open stage has ended.

        Parameters
        ----------
        entry : StageEntry or None
            None where it failed.
        """
        self._open = None
        if entry is not None:
            others = [stage for stage in self._manifest.stages if stage.name != entry.name]
            self._manifest.stages[:] = [*others, entry]  # a cell that is run again replaces its own
            self._write()

    def refuse_open(self, what: str) -> None:
        """Refuse what would be left out by a run that finds the open stage kept.

        Parameters
        ----------
        what : str
            What was begun, such as ``output 'table-1' is declared``.

        Raises
        ------
        OutputError
            If a stage is open.
        """
        if self._open is not None:
            raise OutputError(
                f"{what} inside stage '{self._open}'; a run that finds its results kept would leave that out. Do it "
                "after the stage."
            )
