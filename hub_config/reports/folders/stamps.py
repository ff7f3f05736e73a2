"""The stamp on a notebook that did not run to its end, so that nobody takes it for a result."""

import html
from collections.abc import Mapping
from typing import Any

from hub_config.reports.templates.notebook_files import STAMP_TAG, load_nbformat
from hub_config.reports.verdicts import Verdict

__all__ = ["clear_marks", "stamp"]

PAPERMILL_TAG = "papermill-error-cell-tag"


def clear_marks(notebook: Any) -> None:
    """Take out the cells that papermill adds about an error; the stamp says the same, and more.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place.
    """
    added = {PAPERMILL_TAG, STAMP_TAG}
    notebook.cells = [cell for cell in notebook.cells if not added & set(cell.metadata.get("tags", []))]


def stamp(notebook: Any, verdict: Verdict, *, record: Mapping[str, Any]) -> None:
    """Mark `notebook` as INCOMPLETE, in a cell at its top and in its metadata.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place.
    verdict : Verdict
        How the run ended.
    record : mapping
        The run's record.
    """
    clear_marks(notebook)
    nbformat = load_nbformat()
    text = html.escape(verdict.text)
    cell = nbformat.v4.new_markdown_cell(
        '<div style="border:2px solid #a4161a;border-radius:6px;background:#fdecec;color:#1d252c;padding:12px 16px">'
        f'<strong style="color:#a4161a;font-size:1.3em">INCOMPLETE: this run {html.escape(_state(verdict.status))}'
        f"</strong><br>{text}<br>Run {record['run_id']}. What stands below is not a result.</div>"
    )
    cell.metadata["tags"] = [STAMP_TAG]
    cell.metadata["papermill"] = {}
    notebook.cells.insert(0, cell)
    notebook.metadata["cohorthub"] = {
        "status": verdict.status,
        "incomplete": True,
        "run_id": record["run_id"],
        "error": verdict.error(),
    }


def _state(status: str) -> str:
    return {
        "failed": "failed",
        "timed_out": "timed out",
        "cancelled": "was cancelled",
        "interrupted": "was interrupted",
    }[status]
