"""`cohorthub report notify-test`: try whether a project's notices arrive."""

import datetime as dt
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hub_config.projects import Project
    from hub_config.reports.command.service_options import Session
    from hub_config.reports.notices import Outcome, Target
    from hub_config.settings import Settings

__all__ = ["notify_test"]

AT_ONCE = 4
NOT_SENT = 1


@click.command(name="notify-test", short_help="Send a test notice to those whom a project tells.")
@click.argument("project")
@click.option("--target", "names", multiple=True, metavar="NAME", help="Only this one; may be given again.")
@click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="Settings file.  [default: HOME/cohorthub.toml]"
)
@click.pass_context
def notify_test(ctx: click.Context, /, *, project: str, names: tuple[str, ...], config: Path | None) -> None:
    """Send one test notice to each [notify.NAME] of PROJECT, now, in the way of all notices; say how each ended.

    It is run where the home is, by the account that runs the hub. The exit code is 1 if one was not sent. A test is
    sent once: "later" is what a real notice would be tried again for. No address and no password is shown.

    Example: cohorthub report notify-test ward-quality --target team
    """
    from hub_config.reports.notices import State, targets_of
    from hub_config.settings import load_settings

    session: Session = ctx.obj
    found = _project(session.home, project)
    targets = _chosen(targets_of(found, home=session.home), names)
    settings = load_settings(session.home, config=config).settings
    outcomes = _sent(found, targets, settings=settings, link=_link(session.home, found.name, settings=settings))
    rows = [_row(target, outcome) for target, outcome in zip(targets, outcomes, strict=True)]
    lines = [f"{row['target']:<20}  {row['state']:<8} {row['code']}: {row['reason']}" for row in rows]
    session.emit(
        {"project": found.name, "targets": rows},
        "\n".join(lines) or "the project tells nobody: it has no [notify.NAME]",
    )
    ctx.exit(0 if rows and all(outcome.state is State.SENT for outcome in outcomes) else NOT_SENT)


def _project(home: Path, name: str) -> "Project":
    import difflib

    from hub_config.projects import load_projects
    from hub_config.projects.errors import ProjectNotFoundError

    found = load_projects(home)
    if name in found.refused:
        raise found.refused[name]
    if name not in found.valid:
        names = sorted([*found.valid, *found.refused])
        near = difflib.get_close_matches(name, names, n=1)
        raise ProjectNotFoundError(
            f"there is no such project; known are: {', '.join(names) or 'none'}"
            f"{f' (did you mean {near[0]}?)' if near else ''}. Make it with `cohorthub project new`."
        )
    return found.valid[name]


def _chosen(targets: "Sequence[Target]", names: Sequence[str]) -> "list[Target]":
    known = {target.recipient.rpartition("/")[2]: target for target in targets}
    if any(name not in known for name in names):
        raise click.UsageError(f"The project has no such target; known are: {', '.join(known) or 'none'}.")
    return [target for name, target in known.items() if not names or name in names]


def _link(home: Path, project: str, *, settings: "Settings") -> str:
    """Give the address of the project's page: as people reach it, else on the hub of this home."""
    from hub_config.addresses import read_addresses
    from hub_config.home import Home
    from hub_config.hub.places import REPORTS_PREFIX

    url = settings.hub.public_url
    if url is None:
        try:
            url = read_addresses(Home(home)).url
        except (OSError, ValueError, TypeError):
            url = f"http://localhost:{settings.hub.port}/"
    return f"{url.rstrip('/')}{REPORTS_PREFIX}projects/{project}"


def _sent(project: "Project", targets: "Sequence[Target]", *, settings: "Settings", link: str) -> "list[Outcome]":
    from hub_config.reports.calendar import load_zone
    from hub_config.reports.notices import send
    from hub_config.reports.notices.trial import trial_letter

    now = dt.datetime.now(load_zone(project.timezone))

    def tell(target: "Target") -> "Outcome":
        letter = trial_letter(project, link=link, when=now, language=target.language)
        return send(letter, target, settings=settings)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(tell, targets))


def _row(target: "Target", outcome: "Outcome") -> dict[str, str]:
    from hub_config.reports.notices.reasons import REASONS

    return {
        "target": target.recipient.rpartition("/")[2],
        "state": outcome.state.value,
        "code": outcome.code,
        "reason": REASONS.get(outcome.code, ""),
    }
