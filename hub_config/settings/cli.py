"""`cohorthub settings`: check the operator's file, and show what holds."""

from pathlib import Path

import click

from hub_config.cli import Session

__all__ = ["settings"]

_config_option = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Another settings file.  [default: cohorthub.toml in the home]",
)


@click.group()
def settings() -> None:
    """Look at what an operator may set.

    Example: cohorthub settings show --origin
    """


@settings.command()
@_config_option
@click.pass_obj
def check(session: Session, config: Path | None) -> None:
    """Say whether the settings file is right; end with an error if it is not.

    Example: cohorthub settings check
    """
    from hub_config.settings.loading import load_settings

    loaded = load_settings(session.home, config=config)
    where = f"{loaded.file}: {len(loaded.given)} set" if loaded.file else "no settings file"
    session.emit(
        {"valid": True, "file": loaded.file and str(loaded.file), "set": sorted(loaded.given)},
        f"valid ({where}; defaults for the rest)",
    )


@settings.command()
@click.option("--origin", is_flag=True, help="Say also where each value comes from.")
@_config_option
@click.pass_obj
def show(session: Session, *, origin: bool, config: Path | None) -> None:
    """List every setting with its value.

    Example: cohorthub settings show --origin
    """
    from hub_config.settings.loading import load_settings

    rows = list(load_settings(session.home, config=config).rows())
    width = max(len(name) for name, _, _ in rows)
    lines = (f"{name:<{width}}  {_shown(value)}" + (f"   # {source}" if origin else "") for name, value, source in rows)
    session.emit(
        {"settings": [{"name": name, "value": value, "origin": source} for name, value, source in rows]},
        "\n".join(lines),
    )


def _shown(value: object) -> str:
    return "(not set)" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
