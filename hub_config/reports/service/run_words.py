"""What the pages say of a run: how far it is, what happened to it, and where it comes from."""

from collections.abc import Callable, Mapping
from typing import Any

from hub_config.reports.database.left_runs import RUNNER_SILENT
from hub_config.reports.database.submissions import BY_SCHEDULE
from hub_config.reports.desk import ProjectBook
from hub_config.reports.folders.archive import read_document
from hub_config.reports.folders.result_comparison import ResultComparison
from hub_config.reports.folders.run_folders import RunFolder
from hub_config.reports.service.board import Run
from hub_config.reports.service.moments import moment_text
from hub_config.reports.service.texts import Texts

__all__ = ["alerts", "event_told", "exact_told", "facts", "left_told", "moments", "progress", "reason_told"]

MOST_DIFFERENCES = 20
REASONS = {
    "missed": "why_missed",
    "superseded": "why_superseded",
    "past the end date": "why_past_the_end",
    "over the limit": "why_over_the_limit",
    "no-project": "why_no_project",
    "project-expired": "why_project_expired",
    "runner-silent": "why_runner_silent",
}


def progress(run: Run, texts: Texts) -> Mapping[str, Any]:
    """Say in words how far a run is.

    Parameters
    ----------
    run : Run
        Any.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    mapping
        ``state`` (key), ``label`` (word), ``text`` (sentence), ``cell``, ``cells`` and ``took`` (words).
    """
    return {
        "state": run.state,
        "label": texts.states[run.state],
        "text": _sentence(run, texts),
        "cell": run.cell or 0,
        "cells": run.n_cells or 0,
        "took": texts.duration(run.seconds),
    }


def exact_told(found: ResultComparison, texts: Texts) -> Mapping[str, Any]:
    """Say in words whether an exact repetition gave exactly what the first run gave.

    Parameters
    ----------
    found : ResultComparison
        Of the two runs.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    mapping
        ``same`` (truth value), ``text`` (sentence), ``lines`` (what differs, at most `MOST_DIFFERENCES` and how many
        more there are).
    """
    if not found.comparable:
        return {"same": False, "text": texts["exact_nothing"], "lines": []}
    if found.identical:
        text = texts.text("exact_same", outputs=found.outputs, files=found.files)
        return {"same": True, "text": text, "lines": []}
    lines = []
    for one in found.differences[:MOST_DIFFERENCES]:
        kind = one.what if one.output and one.what in {"missing", "added", "content"} else "field"
        key = f"exact_{kind if one.output else one.what}"
        lines.append(texts.text(key, output=one.output, file=one.file, field=one.what))
    if len(found.differences) > MOST_DIFFERENCES:
        lines.append(texts.text("exact_more", n=len(found.differences) - MOST_DIFFERENCES))
    return {"same": False, "text": texts["exact_differs"], "lines": lines}


def reason_told(reason: str | None, texts: Texts) -> str:
    """Say in words why a slot was skipped, or why a run ended without a verdict.

    Parameters
    ----------
    reason : str or None
        As the database has it: a word of the calendar or the queue, or the code of an error.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    str
        '' for none; a code that has no words of its own is told as such.
    """
    if not reason:
        return ""
    return texts[REASONS[reason]] if reason in REASONS else texts.text("error_code", code=reason)


def event_told(event: Any, texts: Texts, *, zone: str) -> Mapping[str, str]:
    """Say in words what happened to a run.

    Parameters
    ----------
    event : Row
        Of the table of events.
    texts : Texts
        The words of the reader's language.
    zone : str
        Of the run's project.

    Returns
    -------
    mapping
        ``at`` (ISO 8601), ``shown`` (as the zone's clock has it) and ``text``.
    """
    kind = event.kind
    if kind == "cell":
        number, _, title = event.text.partition(" ")
        cell, _, cells = number.partition("/")
        key = "cell_titled" if title else "cell_of"
        words = (
            texts.text(key, cell=cell, cells=cells, title=title) if title else texts.text(key, cell=cell, cells=cells)
        )
    elif kind in texts.states:
        words = texts.states[kind] + (f" ({reason_told(event.text, texts)})" if event.text else "")
    elif kind == "removed" and event.who:
        words = texts.text("event_removed_by", who=event.who)
    elif f"event_{kind}" in texts.words:
        words = texts.text(f"event_{kind}", who=event.who or "", text=event.text)
    else:  # of a version that knows more than this one
        words = kind
    return {"at": event.at, "shown": moment_text(event.at, zone, to_the_second=True), "text": words}


def alerts(run: Run, texts: Texts) -> list[tuple[str, str]]:
    """Say which alert rules have been met, or could not be checked.

    Parameters
    ----------
    run : Run
        Any.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    list of (str, str)
        State and sentence.
    """
    key = "text_ko" if texts.language == "ko" else "text"
    found = run.facts.get("alerts") or []
    return [(one["state"], str(one.get(key, ""))) for one in found if one.get("state") != "quiet"]


def facts(run: Run, texts: Texts) -> list[tuple[str, str]]:
    """Say where a run comes from.

    Parameters
    ----------
    run : Run
        Any.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    list of (str, str)
        Label and value; what is not known is left out.
    """
    record, row = run.facts, run.row
    found = [
        (texts["requested_by"], _asked_by(run, texts)),
        (texts["project"], run.project.lstrip("~")),
        (texts["definition"], run.definition),
        (texts["run_id"], run.run_id),
        (texts["attempt"], str(row.attempt) if row.attempt > 1 else ""),
        (texts["rerun_of"], row.rerun_of),
        (texts["template"], run.template),
        (texts["template_hash"], _short(row.template_sha256)),
        (texts["duration"], "" if run.is_active else texts.duration(run.seconds)),
        (texts["data_releases"], _listed(record.get("data_releases"), _release)),
        (texts["cohorts"], _listed(record.get("cohorts"), lambda entry: _cohort(entry, texts))),
        (texts["stages_kept"], _stages(record.get("stages"))),
        (texts["kernel_start"], texts.words.get(f"kernel_{record.get('kernel_start')}", "")),
        (texts["library_version"], record.get("library_version")),
        (texts["environment"], _short(record.get("environment_sha256"))),
        (texts["folder_hash"], _short(record.get("folder_sha256"))),
    ]
    return [(label, value) for label, value in found if isinstance(value, str) and value]


def _asked_by(run: Run, texts: Texts) -> str:
    if run.owner is None:
        return texts["command_line"]
    return texts["by_schedule"] if run.owner == BY_SCHEDULE else run.owner


def left_told(run: Run, texts: Texts, *, book: ProjectBook) -> str:
    """Say where that lies which a killed runner left and nobody has closed: only a runner on that machine can.

    Parameters
    ----------
    run : Run
        Any.
    texts : Texts
        The words of the reader's language.
    book : ProjectBook
        Knows where runs lie.

    Returns
    -------
    str
        A sentence; empty where nothing is left to close.
    """
    row = run.row
    if run.is_active or row.state_reason != RUNNER_SILENT or row.folder is not None or run.folder is not None:
        return ""
    building = RunFolder(book.runs_root(row.project), row.id).building
    host = (read_document(building, name="run.json") or {}).get("host")
    place = str(building.relative_to(book.home))
    if not isinstance(host, str) or not host:
        return texts.text("left_unseen", folder=place)
    return texts.text("left_open", folder=place, host=host[:100])


def moments(run: Run, texts: Texts) -> list[tuple[str, str]]:
    """Say when a run was asked for, began and ended.

    Parameters
    ----------
    run : Run
        Any.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    list of (str, str)
        Label and ISO 8601 time; what has not happened is left out.
    """
    times = (
        ("slot", run.row.slot),
        ("asked_at", run.asked_at),
        ("started_at", run.started_at),
        ("ended_at", run.ended_at),
    )
    return [(texts[label], moment) for label, moment in times if moment]


def _listed(entries: object, name: Callable[[Mapping[str, Any]], str]) -> str:
    if not isinstance(entries, list):
        return ""
    return "; ".join(name(entry) for entry in entries if isinstance(entry, dict))


def _stages(entries: object) -> str:
    if not isinstance(entries, list):
        return ""
    return ", ".join(str(entry.get("name")) for entry in entries if isinstance(entry, dict) and entry.get("reused"))


def _short(sha256: object) -> str:
    return sha256[:12] if isinstance(sha256, str) else ""


def _release(entry: Mapping[str, Any]) -> str:
    return f"{entry.get('name', '')} {entry.get('release', '')}".strip()


def _cohort(entry: Mapping[str, Any], texts: Texts) -> str:
    persons, name = entry.get("persons"), str(entry.get("name", ""))
    return texts.text("cohort_persons", name=name, n=f"{persons:,}") if isinstance(persons, int) else name


def _sentence(run: Run, texts: Texts) -> str:
    if run.state == "queued":
        return texts.text("queued_behind", n=run.position) if run.position else texts["queued_next"]
    if run.state != "running":
        return texts.states[run.state]
    if run.is_stopping:
        return texts["stopping"]
    if not run.cell or not run.n_cells:
        return texts["starting"]
    if run.cell_title:
        return texts.text("cell_titled", cell=run.cell, cells=run.n_cells, title=run.cell_title)
    return texts.text("cell_of", cell=run.cell, cells=run.n_cells)
