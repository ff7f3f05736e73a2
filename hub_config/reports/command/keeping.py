"""`cohorthub report keep` and `remove`."""

from typing import Any

import click

from hub_config.reports.command.service_options import Session, client_of, service_options

__all__ = ["keep", "remove"]

SAID_NO = 1


@click.command(short_help="Keep a run of the reports service however old it gets.")
@click.argument("run_id", metavar="RUN")
@click.option("--no-longer", is_flag=True, help="Let it go again when its time has come.")
@service_options
@click.pass_obj
def keep(session: Session, /, run_id: str, *, no_longer: bool, **options: Any) -> None:
    """Keep RUN for ever; a lead of its project may.

    Example: cohorthub report keep 20261127T063000123Z-a1b2c3
    """
    answer = client_of(session, options).ask("POST", "runs", run_id, "let-go" if no_longer else "keep")
    words = "is kept for ever" if answer["is_kept"] else "is kept as long as others"
    session.emit(answer, f"{answer['run']} {words}")


@click.command(short_help="Remove a run of the reports service that has ended.")
@click.argument("run_id", metavar="RUN")
@click.option("--yes", is_flag=True, help="Do not ask.")
@service_options
@click.pass_obj
def remove(session: Session, /, run_id: str, *, yes: bool, **options: Any) -> int:
    """Remove RUN: report, notebook, tables, log and PDF are deleted for good. What ran, when and for whom stays known.

    A lead of its project may, and an operator. A run that goes on is cancelled first, one that is kept is let go first.

    Example: cohorthub report remove 20261127T063000123Z-a1b2c3
    """
    client = client_of(session, options)
    if not yes and not _is_sure(client.get("runs", run_id)):
        session.say("Nothing was removed.")
        return SAID_NO
    answer = client.ask("DELETE", "runs", run_id)
    if not answer["is_gone"]:
        words = "is hidden; its folder cannot be removed yet, and goes as soon as it can"
    else:
        words = "is removed" if answer["changed"] else "was removed before"
    session.emit(answer, f"{answer['run']} {words}")
    return 0


def _is_sure(run: dict[str, Any]) -> bool:
    from hub_config.reports.changes.terminal import plain_line

    about = plain_line(f"{run['id']}: {run['title']}, {run['project']}, {run['state']} {run['ended_at'] or ''}".strip())
    click.echo(about, err=True)
    lost = (
        "Its report, notebook, tables, log and PDF are deleted for good; what was downloaded or sent stays out there."
    )
    return click.confirm(f"{lost}\nRemove this run?", err=True)
