"""`cohorthub report list`, `show` and `cancel`."""

from pathlib import Path
from typing import Any

import click

from hub_config.reports.command.service_options import Session, client_of, service_options, wants_service

__all__ = ["cancel", "list_", "show"]

STATES = ("queued", "running", "succeeded", "failed", "cancelled", "timed_out", "interrupted", "skipped")
LAST_LINES = 12
LARGEST_LOG = 2**20


@click.command("list", short_help="List the runs, newest first; with --project also its definitions.")
@click.option("--output-dir", type=click.Path(path_type=Path), help="Where the runs lie.  [default: HOME/runs]")
@click.option("--state", type=click.Choice(STATES), help="Only runs in this state.")
@click.option("--limit", type=click.IntRange(1, 100), default=25, show_default=True, help="At most so many runs.")
@service_options
@click.pass_obj
def list_(session: Session, /, **options: Any) -> None:
    """List the runs, newest first, with their state. Runs whose runner was killed are closed as interrupted.

    With --project, --url or --token-file the reports service is asked; a project's definitions are listed as well.

    Example: cohorthub report list --project wards
    """
    if wants_service(options):
        _list_at_service(session, options)
        return
    from hub_config.reports.folders.runs import list_runs

    runs = list_runs(options["output_dir"] or session.home / "runs")
    if options["state"]:
        runs = [run for run in runs if run["status"] == options["state"]]
    shown = runs if session.as_json else runs[: options["limit"]]
    lines = [_local_line(run) for run in shown] or ["No runs yet. Begin one with `cohorthub report run`."]
    session.emit({"runs": runs}, "\n".join(lines))


def _list_at_service(session: Session, options: dict[str, Any]) -> None:
    from hub_config.reports.command.printing import definition_lines, run_lines

    client, project = client_of(session, options), options["project"]
    lines: list[str] = []
    document: dict[str, Any] = {}
    if project:
        document["definitions"] = client.get("projects", project, "definitions")["definitions"]
        lines += [*definition_lines(document["definitions"]), ""]
    document |= client.get("runs", project=project, state=options["state"], limit=options["limit"])
    session.emit(document, "\n".join([*lines, *run_lines(document["runs"])]))


@click.command(short_help="Show one run: its facts, and how it ended.")
@click.argument("run_id", metavar="RUN")
@click.option("--output-dir", type=click.Path(path_type=Path), help="Where the runs lie.  [default: HOME/runs]")
@service_options
@click.pass_obj
def show(session: Session, /, run_id: str, **options: Any) -> None:
    """Show RUN: facts, how it ended, and the last lines of its log.

    Example: cohorthub report show 20261123T021500123Z-a1b2c3
    """
    if wants_service(options):
        from hub_config.reports.command.printing import fact_lines

        client = client_of(session, options)
        run = client.get("runs", run_id)
        events = client.get("runs", run_id, "events")["events"]
        last = [f"  {one['at']}  {one['kind']:<10} {one['text']}".rstrip() for one in events[-LAST_LINES:]]
        session.emit({"run": run, "events": events}, "\n".join([*fact_lines(run), "", *last]))
        return
    from hub_config.reports.folders.runs import find_run

    record = find_run(options["output_dir"] or session.home / "runs", run_id)
    log = _last_lines(Path(record["folder"]) / "log.txt")
    session.emit({"run": record, "log": log}, "\n".join([*_local_facts(record), "", *(f"  {line}" for line in log)]))


def _last_lines(file: Path) -> list[str]:
    from hub_config.reports.changes.terminal import plain_line

    try:
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - LARGEST_LOG))
            text = opened.read(LARGEST_LOG).decode("utf-8", "replace")
    except OSError:
        return []
    return [plain_line(line) for line in text.splitlines()[-LAST_LINES:]]


def _local_facts(record: dict[str, Any]) -> list[str]:
    error, duration = record.get("error") or {}, record.get("duration_s")
    facts = [
        ("run", record["run_id"]),
        ("state", record["status"]),
        ("template", record.get("template")),
        ("began", record.get("started_at")),
        ("ended", record.get("ended_at")),
        ("took", f"{duration:.1f} s" if duration is not None else None),
        ("folder", record["folder"]),
        ("parameters", ", ".join(f"{name}={value}" for name, value in (record.get("parameters") or {}).items())),
        ("error", error.get("code")),
        ("", error.get("message")),
    ]
    return [f"{name:<11} {value}".rstrip() for name, value in facts if value not in {None, ""}]


def _local_line(run: dict[str, Any]) -> str:
    progress, error, duration = run["progress"], run.get("error"), run.get("duration_s")
    if run["status"] == "running":
        note = f"cell {progress.get('cell')}/{progress.get('cells')}  {progress.get('title')}"
    else:
        note = f"{duration:.1f} s" if duration is not None else ""
    if error:
        note += f"  {error['code']}" + (f" in cell {error['cell']}" if error.get("cell") else "")
    return f"{run['run_id']:<27}  {run['status']:<11}  {_padded(str(run['template']), 24)}  {note}".rstrip()


def _padded(text: str, columns: int) -> str:
    from hub_config.reports.changes.terminal import width

    return text + " " * max(0, columns - width(text))


@click.command(short_help="Stop a run of the reports service, and all that it has started.")
@click.argument("run_id", metavar="RUN")
@service_options
@click.pass_obj
def cancel(session: Session, /, run_id: str, **options: Any) -> None:
    """Stop RUN. A run in the foreground is stopped with Ctrl-C instead.

    Example: cohorthub report cancel 20261127T063000123Z-a1b2c3
    """
    answer = client_of(session, options).ask("POST", "runs", run_id, "cancel")
    words = "is asked to stop" if answer["asked"] else "had ended, or was ending"
    session.emit(answer, f"{answer['run']} {words}: {answer['state']}")
