"""The files of declared outputs, in the run's folder."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from analysis_lib.errors import OutputError
from analysis_lib.report.manifest import FILE_NAME

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["RUN_DIR_VARIABLE", "checked_run_dir", "save_figure", "save_table"]

RUN_DIR_VARIABLE = "COHORTHUB_RUN_DIR"
FOLDER = "outputs"


def checked_run_dir(chosen: str | Path | None) -> Path | None:
    """Find the run's folder.

    Parameters
    ----------
    chosen : path or None
        What the author said; taken from the environment when left out.

    Returns
    -------
    Path or None
        None where nothing is to be written.

    Raises
    ------
    OutputError
        If it does not exist, or another Report has written to it.
    """
    found = chosen or os.environ.get(RUN_DIR_VARIABLE)
    if not found:
        return None
    run_dir = Path(found)
    if not run_dir.is_dir():
        raise OutputError(
            f"the run folder is not there; found no folder where {RUN_DIR_VARIABLE} points. Make it, or unset it."
        )
    if (run_dir / FILE_NAME).exists():
        raise OutputError(
            f"a run has one Report; found {FILE_NAME} of another in the run folder. Declare all outputs on one "
            "Report, or run into a new folder."
        )
    return run_dir


def save_table(run_dir: Path | None, output_id: str, *, frame: "pd.DataFrame") -> tuple[str, ...]:
    """Write a table as CSV.

    Parameters
    ----------
    run_dir : Path or None
        The run's folder; where there is none, nothing is written.
    output_id : str
        Names the file.
    frame : DataFrame
        The table.

    Returns
    -------
    tuple of str
        Files, relative to the run's folder.
    """
    import pandas as pd

    if run_dir is None:
        return ()
    path = _folder(run_dir) / f"{output_id}.csv"
    frame.to_csv(path, index=not isinstance(frame.index, pd.RangeIndex))
    return (f"{FOLDER}/{path.name}",)


def save_figure(run_dir: Path | None, output_id: str, *, figure: "Figure") -> tuple[str, ...]:
    """Write a figure as SVG, PDF and PNG, and the data behind it where it knows them.

    Parameters
    ----------
    run_dir : Path or None
        The run's folder; where there is none, nothing is written.
    output_id : str
        Names the files.
    figure : Figure
        The figure.

    Returns
    -------
    tuple of str
        Files, relative to the run's folder; the main one first.
    """
    from analysis_lib.figures import FORMATS, PRINT_DPI, StudyFigure

    if run_dir is None:
        return ()
    path = _folder(run_dir) / output_id
    if isinstance(figure, StudyFigure):
        written = figure.save(path)
    else:
        written = [path.with_suffix(suffix) for suffix in FORMATS]
        for target in written:
            figure.savefig(target, dpi=PRINT_DPI)
    return tuple(f"{FOLDER}/{target.name}" for target in written)


def _folder(run_dir: Path) -> Path:
    folder = run_dir / FOLDER
    folder.mkdir(exist_ok=True)
    return folder
