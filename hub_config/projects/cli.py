"""`cohorthub project`: see, check and make projects."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hub_config.cli import Session
from hub_config.projects.secret_cli import secret

if TYPE_CHECKING:
    from hub_config.projects.document import Project
    from hub_config.projects.loading import Projects

__all__ = ["known_project", "project"]


@click.group()
def project() -> None:
    """See, check and make the projects that reports belong to.

    Example: cohorthub project list
    """


project.add_command(secret)


@project.command(name="list")
@click.pass_obj
def list_projects(session: Session) -> None:
    """List all projects, also those that cannot be used.

    Example: cohorthub project list
    """
    found = _projects(session)
    rows = [f"{name:<40}  {each.title}" for name, each in found.valid.items()]
    rows += [f"{name:<40}  (cannot be used: see `cohorthub project check`)" for name in found.refused]
    session.emit(
        {
            "projects": [{"name": name, "title": each.title} for name, each in found.valid.items()],
            "refused": sorted(found.refused),
        },
        "\n".join(sorted(rows)) or "no projects",
    )


@project.command()
@click.argument("name", required=False)
@click.pass_obj
def check(session: Session, name: str | None) -> int:
    """Say whether the project NAME, or all, can be used; exit 1 if not.

    Example: cohorthub project check
    """
    found = _projects(session)
    if name is not None:
        _known(found, name)
    looked_at = [name] if name is not None else sorted([*found.valid, *found.refused])
    reasons = {each: str(found.refused[each]) for each in looked_at if each in found.refused}
    session.emit(
        {"valid": [each for each in looked_at if each not in reasons], "refused": reasons},
        "\n".join(f"{each}: {reasons.get(each, 'valid')}" for each in looked_at) or "no projects",
    )
    return 1 if reasons else 0


@project.command()
@click.argument("name")
@click.pass_obj
def show(session: Session, name: str) -> None:
    """Show the project NAME with all its settings, also those it leaves as they are.

    Example: cohorthub project show ward-quality
    """
    found = _projects(session)
    _known(found, name)
    if name in found.refused:
        raise found.refused[name]
    document = found.valid[name].model_dump(mode="json")
    session.emit({"project": document}, "\n".join(_lines(document)))


@project.command()
@click.argument("name")
@click.option("--title", required=True, help="What people call it.")
@click.option("--purpose", default="", help="Why the data are used.")
@click.option("--lead", "leads", multiple=True, required=True, help="An account that leads it; may be given again.")
@click.option("--analyst", "analysts", multiple=True, help="An account that writes and runs reports.")
@click.option("--reader", "readers", multiple=True, help="An account that reads reports.")
@click.option("--dataset", "datasets", multiple=True, help="A data set that it may read; '*' for all.")
@click.option("--timezone", default="UTC", show_default=True, help="Time zone of its schedules.")
@click.option("--account", help="Account that runs its reports.  [default: project-NAME]")
@click.option("--dry-run", is_flag=True, help="Show the file, make nothing.")
@click.pass_obj
def new(  # noqa: PLR0917 - one argument for each option
    session: Session,
    name: str,
    title: str,
    purpose: str,
    leads: tuple[str, ...],
    analysts: tuple[str, ...],
    readers: tuple[str, ...],
    datasets: tuple[str, ...],
    timezone: str,
    account: str | None,
    *,
    dry_run: bool,
) -> None:
    """Make the project NAME: its folder and its file, which can be edited afterwards.

    Example: cohorthub project new ward-quality --title "Ward quality" --lead ada --timezone Asia/Seoul
    """
    from hub_config.projects.making import make_project, project_text

    _need_home(session)
    members = {
        **dict.fromkeys(readers, "reader"),
        **dict.fromkeys(analysts, "analyst"),
        **dict.fromkeys(leads, "lead"),
    }
    fields = {
        "title": title,
        "purpose": purpose,
        "account": account,
        "timezone": timezone,
        "datasets": list(datasets),
    }
    text = project_text(name, fields=fields, members=members)
    if dry_run:
        session.emit({"name": name, "made": False, "text": text}, text.rstrip("\n"))
        return
    made = make_project(session.home, name=name, text=text)
    for unknown in _without_account(session, made):
        session.say(f"note: there is no account {unknown} yet")
    file = session.home / "projects" / name / "project.toml"
    session.emit({"name": name, "made": True, "file": str(file)}, f"{name} made: {file}")


def known_project(session: Session, name: str) -> Path:
    """Give the folder of a project that can be used.

    Parameters
    ----------
    session : Session
        Of the command.
    name : str
        The project's.

    Returns
    -------
    Path
        Its folder.

    Raises
    ------
    ProjectError
        If there is none of this name, or it cannot be used.
    """
    found = _projects(session)
    _known(found, name)
    if name in found.refused:
        raise found.refused[name]
    return session.home / "projects" / name


def _projects(session: Session) -> "Projects":
    from hub_config.projects.loading import load_projects

    _need_home(session)
    return load_projects(session.home)


def _need_home(session: Session) -> None:
    from hub_config.home import Home, read_record
    from hub_config.projects.errors import ProjectError

    home = Home(session.home)
    if read_record(home) is None:
        raise ProjectError(f"there is no home yet; looked at {home.path}. Make it with `cohorthub up`, or give --home.")


def _known(found: "Projects", name: str) -> None:
    import difflib

    from hub_config.projects.errors import ProjectNotFoundError

    names = sorted([*found.valid, *found.refused])
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        raise ProjectNotFoundError(
            f"there is no such project; known are: {', '.join(names) or 'none'}"
            f"{f' (did you mean {near[0]}?)' if near else ''}. Make it with `cohorthub project new`."
        )


def _without_account(session: Session, made: "Project") -> list[str]:
    from hub_config.accounts import AccountStore
    from hub_config.home import Home

    store = AccountStore(Home(session.home).secrets / "accounts.json")
    return sorted(set(made.members) - {account.name for account in store.accounts()})


def _lines(document: dict[str, object], *, prefix: str = "") -> list[str]:
    lines: list[str] = []
    for key, value in document.items():
        if isinstance(value, dict):
            lines += _lines(value, prefix=f"{prefix}{key}.")
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            lines.append(f"{prefix}{key}  {'(not set)' if shown is None or shown == '' else shown}")
    return lines
