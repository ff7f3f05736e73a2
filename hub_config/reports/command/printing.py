"""What the service answered, as lines for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub_config.reports.changes.terminal import columns_of_text, plain_line

__all__ = ["change_lines", "definition_lines", "fact_lines", "run_lines", "time_lines"]

NO_NUMBERS = 99  # all columns hold words: they stand to the left


def run_lines(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lay runs out in columns.

    Parameters
    ----------
    runs : sequence of mapping
        As the API shows them.

    Returns
    -------
    list of str
        With a line of heads; one sentence where there are none.
    """
    if not runs:
        return ["No runs yet."]
    rows = [
        (
            run["id"],
            run["state"],
            run["definition"] or run["template"],
            run["label"] or run["title"],
            _took(run),
            _note(run),
        )
        for run in runs
    ]
    return columns_of_text(("run", "state", "report", "title", "took", ""), rows, numbers_from=NO_NUMBERS)


def _who(name: str) -> str:
    return "its schedule" if name == "~schedule" else name


def _took(run: Mapping[str, Any]) -> str:
    return f"{run['seconds']:.1f} s" if run["seconds"] is not None else ""


def _note(run: Mapping[str, Any]) -> str:
    if run["state"] == "running" and run["cell"]:
        return f"cell {run['cell']}/{run['n_cells']}  {run['cell_title']}".rstrip()
    error = run["error"]
    if error:
        return f"{error['code'] or ''}" + (f" in cell {error['cell']}" if error["cell"] else "")
    return ""


def definition_lines(definitions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lay report definitions out in columns.

    Parameters
    ----------
    definitions : sequence of mapping
        As the API shows them.

    Returns
    -------
    list of str
        With a line of heads; one sentence where there are none.
    """
    if not definitions:
        return ["No report definitions yet. Write one with `cohorthub report schedule FILE --project NAME`."]
    rows = [(one["name"], one["title"], _standing(one), one["next_slot"] or "") for one in definitions]
    return columns_of_text(("definition", "title", "state", "next"), rows, numbers_from=NO_NUMBERS)


def _standing(definition: Mapping[str, Any]) -> str:
    if not definition["is_approved"]:
        return "waits for approval"
    words = ["approved" if definition["enabled"] else "paused"]
    if definition["has_draft"]:
        words.append("a draft waits")
    if definition["broken"]:
        words.append("broken")
    return ", ".join(words)


def fact_lines(run: Mapping[str, Any]) -> list[str]:
    """Say what is known about a run.

    Parameters
    ----------
    run : mapping
        As the API shows it.

    Returns
    -------
    list of str
        One fact a line; what is not known is left out.
    """
    error = run["error"] or {}
    facts = [
        ("run", run["id"]),
        ("state", run["state"] + (" (stopping)" if run["is_stopping"] else "")),
        ("title", run["title"]),
        ("project", run["project"]),
        ("definition", run["definition"]),
        ("template", f"{run['template']}  {run['template_sha256'][:12]}"),
        ("label", run["label"]),
        ("asked for", f"{run['queued_at']} by {_who(run['submitted_by'])}"),
        ("began", run["started_at"]),
        ("ended", run["ended_at"]),
        ("took", _took(run)),
        ("kept", "for ever" if run["is_kept"] else None),
        ("removed", _removed(run)),
        ("before it", run["position"]),
        ("releases", ", ".join(f"{name} {release}" for name, release in run["releases"].items())),
        ("parameters", ", ".join(f"{name}={value}" for name, value in run["parameters"].items())),
        ("error", error.get("code")),
        ("", error.get("message")),
        ("in cell", f"{error['cell']} {error['cell_title']}".rstrip() if error.get("cell") else None),
    ]
    return [f"{name:<11} {plain_line(str(value))}".rstrip() for name, value in facts if value not in {None, ""}]


def _removed(run: Mapping[str, Any]) -> str | None:
    by = f" by {run['removal_asked_by']}" if run["removal_asked_by"] else ""
    if run["removed_at"]:
        return f"{run['removed_at']}{by}"
    return f"as soon as its folder can be{by}" if by else None


def time_lines(times: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say when a report is due.

    Parameters
    ----------
    times : sequence of mapping
        As the API shows them.

    Returns
    -------
    list of str
        In the zone, with its name.
    """
    if not times:
        return ["Never due by itself."]
    return ["Due next:", *(f"  {one['local'].replace('T', ' ')}  {one['zone']}" for one in times)]


def change_lines(changes: Sequence[Mapping[str, Any]], *, is_first: bool = False) -> list[str]:
    """Say what a new version of a definition changes.

    Parameters
    ----------
    changes : sequence of mapping
        As the API shows them.
    is_first : bool, default False
        Whether nothing was approved before.

    Returns
    -------
    list of str
        Field by field; one sentence where nothing changes.
    """
    if is_first:
        return ["Nothing of this name is approved yet; all of it is new."]
    if not changes:
        return ["No field differs from what is approved."]
    rows = [(one["field"], _said(one["before"]), _said(one["after"])) for one in changes]
    return ["Changes:", *columns_of_text(("field", "approved", "new"), rows, numbers_from=NO_NUMBERS)]


def _said(value: Any) -> str:
    return "" if value is None else str(value)
