"""`cohorthub report run` at the reports service: ask, and follow what happens."""

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from hub_config.reports.command.service_client import ServiceClient, exit_code_of
from hub_config.reports.command.service_options import Session, client_of

__all__ = ["run_at_service"]

EVERY_S = 1.0
ENDS: Mapping[str, str] = {
    "failed": "REPORT-CELL-FAILED",
    "cancelled": "REPORT-CANCELLED",
    "timed_out": "REPORT-TIMED-OUT",
    "interrupted": "REPORT-INTERRUPTED",
}
ACTIVE = frozenset({"queued", "running"})
SKIPPED = 1


def run_at_service(session: Session, template: str | None, *, options: Mapping[str, Any]) -> int:
    """Queue a run, or all runs of a definition's sweep, and follow them if asked to.

    Parameters
    ----------
    session : Session
        Of the command.
    template : str or None
        Without a definition: the template.
    options : mapping
        Of the command.

    Returns
    -------
    int
        Exit code: 0, or that of the first run that did not succeed.
    """
    client = client_of(session, options)
    taken = _ask(client, template, options=options)
    if not options["wait"]:
        session.emit(taken, "\n".join(taken["runs"]))
        return 0
    for run_id in taken["runs"]:
        _follow(session, client, run_id=run_id)
    batch = client.get("batches", taken["batch"])
    runs = batch["runs"]
    session.emit({**taken, "states": batch["states"], "ended": runs}, "\n".join(_line(run) for run in runs))
    return _exit_code(runs)


def _ask(client: ServiceClient, template: str | None, *, options: Mapping[str, Any]) -> dict[str, Any]:
    # A key of our own: a request that is sent twice, because the first answer was lost, is taken once.
    headers = {"Idempotency-Key": options.get("idempotency_key") or uuid.uuid4().hex}
    project = options["project"]
    if template is None:
        return client.ask(
            "POST", "projects", project, "definitions", options["definition"], "runs", headers=headers
        )  # fmt: skip
    from hub_config.reports.parameters.assignments import read_assignments, read_parameters_file

    file = options["parameters_file"]
    body = {
        "template": template,
        "parameters": read_parameters_file(file) if file else {},
        "texts": read_assignments(options["assignments"]),
    }
    return client.ask("POST", "projects", project, "runs", body=body, headers=headers)


def _follow(session: Session, client: ServiceClient, *, run_id: str) -> None:
    last = 0
    while True:
        answer = client.get("runs", run_id, "events", after=last)
        for event in answer["events"]:
            last = max(last, event["id"])
            session.say(f"{run_id}  {event['kind']} {event['text']}".rstrip())
        if answer["state"] not in ACTIVE and not answer["events"]:
            return
        time.sleep(EVERY_S if answer["state"] in ACTIVE else 0)


def _line(run: Mapping[str, Any]) -> str:
    seconds = f"  {run['seconds']:.1f} s" if run["seconds"] is not None else ""
    return f"{run['state']}{seconds}  {run['id']}"


def _exit_code(runs: Sequence[Mapping[str, Any]]) -> int:
    for run in runs:
        if run["state"] == "skipped":
            return SKIPPED
        if run["state"] != "succeeded":
            code = (run["error"] or {}).get("code")
            return exit_code_of(code or ENDS.get(run["state"]))
    return 0
