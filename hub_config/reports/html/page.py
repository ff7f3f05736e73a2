"""Rendering the page with nbconvert and a template of our own."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub_config.reports.html.sanitizing import clean_html
from hub_config.reports.templates.notebook_files import INJECTED_TAG, STAMP_TAG, code_cells, load_nbformat, titles
from hub_config.reports.verdicts import error_name

__all__ = ["load_exporter", "render_page"]

# What the page needs to know about a run, for a page about none.
_NO_RUN: dict[str, Any] = {"report": {"parameters": [], "provenance": []}}
LONGEST_TEXT = 50_000  # characters of one output
TEMPLATES = Path(__file__).parent
# Scripts, widgets and diagrams that a script draws are left out: what stays is shown without any script.
SHOWN = ["text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/latex", "text/plain"]


def load_exporter() -> Any:
    """Make the exporter and warm it up, which takes a second and may be done while a kernel starts.

    Returns
    -------
    nbconvert.HTMLExporter
        With our template, sanitizing.
    """
    load_nbformat()
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    config = Config({"NbConvertBase": {"display_data_priority": SHOWN}})
    make: Any = HTMLExporter
    exporter = make(
        config=config,
        template_name="report",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_anchor_links=True,
    )
    # nbconvert's own filter shows headings and tables as their source, and the text of style sheets.
    exporter.register_filter("clean_html", clean_html)
    exporter.register_filter("error_name", error_name)
    nbformat = load_nbformat()
    exporter.from_notebook_node(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]), resources=_NO_RUN)
    return exporter


def render_page(notebook: Any, record: Mapping[str, Any], *, exporter: Any = None) -> str:
    """Render the page of one run.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The executed notebook; not changed.
    record : mapping
        The run's record, as run.json has it.
    exporter : nbconvert.HTMLExporter, optional
        From `load_exporter`.

    Returns
    -------
    str
        One HTML document that fetches nothing and has no script.
    """
    shown = copy.deepcopy(notebook)
    shown.cells = [cell for cell in shown.cells if STAMP_TAG not in cell.metadata.get("tags", [])]
    shown.metadata.pop("widgets", None)
    _label(shown)
    _shorten(shown)
    lead = bool(shown.cells) and shown.cells[0].cell_type == "markdown"
    if lead:
        shown.cells[0].metadata["cohorthub_lead"] = True
    resources = {"report": _report(record) | {"has_lead": lead}}
    page, _ = (exporter or load_exporter()).from_notebook_node(shown, resources=resources)
    return str(page)


def _label(notebook: Any) -> None:
    """Give each cell what its folded code and its figures are called."""
    numbers = {position: number for number, position in enumerate(code_cells(notebook), start=1)}
    for position, (cell, title) in enumerate(zip(notebook.cells, titles(notebook), strict=True)):
        if cell.cell_type != "code":
            continue
        injected = INJECTED_TAG in cell.metadata.get("tags", [])
        label = "Values given for this run" if injected else f"Code of cell {numbers.get(position, '')}"
        label += " (not run)" if cell.metadata.get("papermill", {}).get("status") == "skipped" else ""
        cell.metadata["cohorthub_label"] = label
        cell.metadata["cohorthub_alt"] = f"Figure: {title}" if title else "Figure"


def _shorten(notebook: Any) -> None:
    """Cut text that nobody reads to its end; the notebook beside the page has all of it."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            holder, key = (output, "text") if output.output_type == "stream" else (output.get("data", {}), "text/plain")
            text = holder.get(key, "")
            if len(text) > LONGEST_TEXT:
                left = len(text) - LONGEST_TEXT
                holder[key] = f"{text[:LONGEST_TEXT]}\n… {left:,} more characters are in report.ipynb."


def _report(record: Mapping[str, Any]) -> dict[str, Any]:
    failed = record["status"] != "succeeded"
    error = record.get("error") or {}
    where = f"Cell {error['cell']}: " if error.get("cell") else ""
    head = {"timed_out": "timed out"}.get(record["status"], record["status"])
    return {
        "title": record["title"],
        "version": record["cohorthub_version"],
        "subtitle": f"Run {record['run_id']} · started {_readable(record['started_at'])}",
        "banner": {"head": f"INCOMPLETE — the run {_past(head)}", "text": f"{where}{error.get('message', '')}"}
        if failed
        else None,
        "notice": "The report ended itself early; the cells below its last result were not run."
        if record.get("ended_early")
        else None,
        "parameters": [
            {
                "name": row["name"],
                "value": value_text(record["parameters"][row["name"]]),
                "help": row["help"],
                "given": row["name"] in record["given"],
            }
            for row in record["declared"]
        ],
        "provenance": [{"name": name, "value": value} for name, value in _provenance(record)],
    }


def _past(state: str) -> str:
    return {"cancelled": "was cancelled", "interrupted": "was interrupted"}.get(state, state)


def value_text(value: Any) -> str:
    """Write a parameter's value as a reader expects it.

    Parameters
    ----------
    value : object
        Of a parameter's type.

    Returns
    -------
    str
        Yes or no, items with commas, a dash for none; else its text.
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value_text(item) for item in value) or "–"
    return str(value)


def _readable(time: str | None) -> str:
    return "–" if not time else f"{time[:10]} {time[11:19]} UTC"


def _short(digest: Any) -> str:
    """The first signs of a hash, enough to compare by eye; run.json has all of it."""
    return f"{str(digest)[:12]}…" if digest else "–"


def _provenance(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [
        ("Template", f"{record['template']} (SHA-256 {_short(record['template_sha256'])})"),
        ("Run", record["run_id"]),
        ("Started, ended", f"{_readable(record['started_at'])} – {_readable(record.get('ended_at'))}"),
        ("Analysis library", record.get("library_version") or "not stated by the notebook"),
        ("CohortHub", record["cohorthub_version"]),
        (
            "Environment",
            f"SHA-256 {_short(record['environment_sha256'])} over {record['environment_packages']} packages",
        ),
    ]
    for release in record.get("data_releases", []):
        digest = release.get("manifest_sha256")
        rows.append(
            (
                "Data",
                f"{release.get('name')} {release.get('release')}" + (f" (manifest {_short(digest)})" if digest else ""),
            )
        )
    for cohort in record.get("cohorts", []):
        persons = cohort.get("persons")
        counted = f"{persons:,} persons, " if isinstance(persons, int) else ""
        rows.append(("Cohort", f"{cohort.get('name')} ({counted}definition {_short(cohort.get('definition_sha256'))})"))
    return rows
