"""The end of a run: notebook and page as they stay, the last record, and the folder shown under its name.

The same for a run whose worker said how it ended, whose worker died, and whose runner was killed.
"""

import contextlib
import datetime as dt
import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_config.errors import DiskFullError, TemplateUnreadableError
from hub_config.reports.folders.provenance import declared_by_notebook, describe_environment, keep_environment
from hub_config.reports.folders.run_folders import RunFolder, is_disk_full, utc_now
from hub_config.reports.folders.sealing import seal_folder
from hub_config.reports.templates.notebook_files import load_nbformat, parse_notebook
from hub_config.reports.verdicts import Verdict

logger = logging.getLogger(__name__)

__all__ = ["Result", "close_folder", "finish_folder", "finish_without_worker"]


@dataclass(frozen=True)
class Result:
    """How a run ended, and where it lies.

    Parameters
    ----------
    folder : Path
        The run's folder.
    record : dict
        What its ``run.json`` holds.
    verdict : Verdict
        How it ended.
    """

    folder: Path
    record: dict[str, Any]
    verdict: Verdict


def finish_folder(
    folder: RunFolder, notebook: Any, *, verdict: Verdict, record: dict[str, Any], exporter: Any = None
) -> Verdict:
    """Write the notebook and the page as they stay, and take into the record what the notebook declared.

    Parameters
    ----------
    folder : RunFolder
        The run's folder.
    notebook : nbformat.NotebookNode
        As far as it came.
    verdict : Verdict
        How the run ended.
    record : dict
        The run's record; completed.
    exporter : nbconvert.HTMLExporter, optional
        Made before, to save time.

    Returns
    -------
    Verdict
        The same, unless there was no room to write.
    """
    record.update(declared_by_notebook(folder.building))
    try:
        return _write_results(folder, notebook, verdict=verdict, record=record, exporter=exporter)
    except OSError as failure:
        if not is_disk_full(failure):
            raise
    folder.make_room()
    full = verdict if verdict.status != "succeeded" else Verdict.disk_full()
    try:
        return _write_results(folder, notebook, verdict=full, record=record, exporter=exporter)
    except OSError:
        # A notebook without its stamp could be taken for a result: better none.
        for name in ("report.ipynb", "report.html"):
            (folder.building / name).unlink(missing_ok=True)
        return full


def _write_results(
    folder: RunFolder, notebook: Any, *, verdict: Verdict, record: dict[str, Any], exporter: Any
) -> Verdict:
    from hub_config.reports.folders.stamps import clear_marks, stamp
    from hub_config.reports.html import render_page

    nbformat = load_nbformat()
    clear_marks(notebook)
    record |= {"status": verdict.status, "ended_early": verdict.ended_early, "error": verdict.error()}
    if verdict.status != "succeeded":
        stamp(notebook, verdict, record=record)
    folder.replace("report.ipynb", nbformat.writes(notebook).encode())
    try:
        page = render_page(notebook, record, exporter=exporter)
    except Exception:  # hours of work are not thrown away because an output of them cannot be drawn
        logger.exception("the page of run %s could not be made; report.ipynb holds its results", record["run_id"])
        return verdict
    folder.replace("report.html", page.encode())
    return verdict


def finish_without_worker(
    folder: RunFolder, verdict: Verdict, *, record: dict[str, Any], template: bytes | None = None
) -> Verdict:
    """Stamp and render what a run left, when those who executed it are gone.

    Parameters
    ----------
    folder : RunFolder
        The run's folder.
    verdict : Verdict
        How the run is said to have ended.
    record : dict
        The run's record; completed.
    template : bytes, optional
        The template, for a run that saved no notebook.

    Returns
    -------
    Verdict
        The same, unless there was no room to write.
    """
    record["ended_at"] = utc_now()
    if not record.get("environment_sha256"):  # else the worker had come far enough to say it
        record.update(keep_environment(folder, describe_environment()))
    record |= {"status": verdict.status, "error": verdict.error()}
    saved = folder.building / "report.ipynb"
    try:
        content = saved.read_bytes() if saved.is_file() else template or _kept_template(folder, record)
        notebook = parse_notebook(content, name="report.ipynb") if content is not None else None
    except (OSError, TemplateUnreadableError):
        notebook = None
    if notebook is None:
        saved.unlink(missing_ok=True)
        return verdict
    return finish_folder(folder, notebook, verdict=verdict, record=record)


def _kept_template(folder: RunFolder, record: dict[str, Any]) -> bytes | None:
    """Read the template as it was when the run began, if nobody has changed it since."""
    kept = folder.building / "template.ipynb"
    if kept.is_symlink() or not kept.is_file():
        return None
    content = kept.read_bytes()
    return content if hashlib.sha256(content).hexdigest() == record.get("template_sha256") else None


def close_folder(folder: RunFolder, verdict: Verdict, *, record: dict[str, Any]) -> Result:
    """Write the last record, seal and show the folder, and move `latest` if the run succeeded.

    Parameters
    ----------
    folder : RunFolder
        The run's folder, notebook and page written.
    verdict : Verdict
        How the run ended.
    record : dict
        The run's record; completed.

    Returns
    -------
    Result
        With the verdict that was written, which is another one if the disk was full.

    Raises
    ------
    DiskFullError
        If there is not even room for the record; the folder stays hidden, for the next look at the runs to close.
    """
    record |= {
        "status": verdict.status,
        "error": verdict.error(),
        "ended_early": verdict.ended_early,
        "duration_s": round(_seconds_since(record["started_at"]), 3),
    }
    record.pop("secret_files", None)  # for whoever would have had to close it in this process's place
    folder.make_room()
    try:
        folder.write_record(record)
        seal_folder(folder, record)
        folder.publish()
    except OSError as failure:
        if not is_disk_full(failure):
            raise
        verdict = _close_full(folder, verdict, record=record)
    if verdict.status == "succeeded":
        with contextlib.suppress(OSError):  # the run is whole; a link that cannot be made does not undo it
            folder.point_latest(record["template"])
    return Result(folder.final, record, verdict)


def _close_full(folder: RunFolder, verdict: Verdict, *, record: dict[str, Any]) -> Verdict:
    """Close a run for which the disk has no room, giving up what bears no stamp or can be made again."""
    given_up = ["report.html"]
    if verdict.status == "succeeded":
        verdict = Verdict.disk_full()
        given_up.append("report.ipynb")  # without its stamp it could be taken for a result
    record |= {"status": verdict.status, "ended_early": verdict.ended_early, "error": verdict.error()}
    for name in given_up:
        (folder.building / name).unlink(missing_ok=True)
    try:
        folder.write_record(record)
        seal_folder(folder, record)
        folder.building.rename(folder.final)
    except OSError as failure:
        if not is_disk_full(failure):
            raise
        raise DiskFullError(
            f"The last record of run {folder.run_id} cannot be written; {failure.strerror}. "
            "Free some room; `cohorthub report list` then closes the run as interrupted."
        ) from failure
    return verdict


def _seconds_since(time_text: str) -> float:
    began = dt.datetime.fromisoformat(time_text)
    return (dt.datetime.now(dt.UTC) - began).total_seconds()
