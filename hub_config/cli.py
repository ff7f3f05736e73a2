"""The command `cohorthub`, assembled from the entry points in group ``cohorthub.commands``.

Only click and the standard library are imported here, so the command starts fast and works where only one half of
CohortHub (hub or kernel) is installed. `--home` and `--json` are added to every command in one place, and every error
that carries a `code` and an `exit_code` becomes one clear line, or one JSON document with `--json`.
"""

import contextlib
import errno
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any, NoReturn, Protocol, TextIO, runtime_checkable

import click

from hub_config.errors import MissingHalfError

__all__ = ["Session", "main"]

DEFAULT_HOME = Path(".cohorthub")
INTERRUPTED = 130  # 128 + SIGINT, what a shell reports
INTERNAL = 70  # EX_SOFTWARE of sysexits.h


@runtime_checkable
class KnownFailure(Protocol):
    """An error of either package that the command line may show as it is."""

    code: str
    exit_code: int


def _default_home() -> Path:
    return Path(os.environ.get("COHORTHUB_HOME") or DEFAULT_HOME).expanduser().absolute()


@dataclass
class Session:
    """What every command is told: where the home is, and whether a machine is reading."""

    home: Path = field(default_factory=_default_home)
    as_json: bool = False

    def emit(self, document: Mapping[str, Any], text: str) -> None:
        """Write the result to stdout: `document` with ``--json``, else `text`.

        Parameters
        ----------
        document : mapping
            The whole result, of types that JSON knows; written once per command.
        text : str
            The same for a person.
        """
        _write_result(json.dumps(document, ensure_ascii=False, default=str) if self.as_json else text)

    def say(self, message: str, *, newline: bool = True) -> None:
        """Tell a person about progress, on stderr.

        Parameters
        ----------
        message : str
            One line.
        newline : bool, default True
            Whether to end the line.
        """
        _talk(message, newline=newline)


def _write_result(text: str) -> None:
    """Write to stdout; a reader that has gone (`| head`) does not change what the command found."""
    try:
        click.echo(text.encode("utf-8", "backslashreplace").decode())
        sys.stdout.flush()  # what a full disk refuses is known here, not at exit
    except BrokenPipeError:
        _mute(sys.stdout)


def _talk(message: str, *, newline: bool = True) -> None:
    """Write to stderr if anybody is there: a terminal that has gone neither stops a hub nor hides an exit code."""
    try:
        click.echo(message, err=True, nl=newline)
    except OSError as gone:
        if gone.errno in {errno.EPIPE, errno.EIO}:  # for good; a full disk may have room again
            _mute(sys.stderr)


def _mute(stream: TextIO) -> None:
    """Point `stream` nowhere, or the interpreter fails over what is still in its buffer at exit."""
    with contextlib.suppress(OSError):  # not every stream is a file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _set_home(ctx: click.Context, _param: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.ensure_object(Session).home = value.expanduser().absolute()


def _set_json(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Session).as_json = True


def _with_shared_options(command: click.Command) -> click.Command:
    """Add ``--home`` and ``--json`` to `command`, or to every command below it."""
    if isinstance(command, click.Group):
        for child in command.commands.values():
            _with_shared_options(child)
        return command
    taken = {opt for parameter in command.params for opt in parameter.opts}
    if "--home" not in taken:
        command.params.append(
            click.Option(
                ["--home"],
                type=click.Path(file_okay=False, path_type=Path),
                expose_value=False,
                callback=_set_home,
                metavar="DIR",
                help="Where CohortHub keeps its state.  [default: $COHORTHUB_HOME, else .cohorthub]",
            )
        )
    if "--json" not in taken:
        command.params.append(
            click.Option(
                ["--json"],
                is_flag=True,
                expose_value=False,
                callback=_set_json,
                help="Write one JSON document to stdout; talk goes to stderr.",
            )
        )
    return command


class AssembledGroup(click.Group):
    """The root group: its commands are read from the entry points, each only when it is asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Name all commands that the installed distribution declares."""
        return sorted(entry.name for entry in entry_points(group="cohorthub.commands"))

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command, or a stand-in that says which packages it lacks."""
        for entry in entry_points(group="cohorthub.commands", name=cmd_name):
            try:
                command = entry.load()
            except ModuleNotFoundError as missing:
                if _is_ours(missing):
                    raise
                return _unavailable(cmd_name, str(missing.name))
            return _with_shared_options(command)
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that `args` name, or refuse with the nearest known word."""
        word, known = args[0], self.list_commands(ctx)
        if not word.startswith("-") and word not in known:
            raise click.exceptions.NoSuchCommand(word, possibilities=known, ctx=ctx)
        return super().resolve_command(ctx, args)


def _is_ours(missing: ModuleNotFoundError) -> bool:
    return missing.name is None or missing.name.startswith(("analysis_lib", "hub_config"))


def _missing_half(words: str, module: str) -> MissingHalfError:
    return MissingHalfError(
        f"{words} needs a package that is not installed here; missing: {module}. "
        "Install the whole distribution (pip install cohorthub), or run this on the machine that has that half."
    )


def _unavailable(name: str, module: str) -> click.Command:
    def refuse() -> NoReturn:
        raise _missing_half(f"'cohorthub {name}'", module)

    return click.Command(
        name,
        callback=refuse,
        short_help=f"(not available here: needs {module})",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
        add_help_option=False,
    )


@click.group(cls=AssembledGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("cohorthub"), prog_name="cohorthub")
@click.pass_context
def root(ctx: click.Context) -> None:
    """A JupyterHub with a shared, tested analysis library for cohort data.

    Example: cohorthub up
    """
    ctx.ensure_object(Session)


@click.command(short_help="Print the line that turns on tab completion in your shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_obj
def completion(session: Session, shell: str) -> None:
    """Print the line that turns on tab completion in SHELL; put it into the shell's start file.

    Example: cohorthub completion bash >> ~/.bashrc
    """
    line = {
        "bash": 'eval "$(_COHORTHUB_COMPLETE=bash_source cohorthub)"',
        "zsh": 'eval "$(_COHORTHUB_COMPLETE=zsh_source cohorthub)"',
        "fish": "_COHORTHUB_COMPLETE=fish_source cohorthub | source",
    }[shell]
    session.emit({"shell": shell, "line": line}, line)


def _report_failure(failure: Exception, *, as_json: bool) -> int:
    """Show `failure` the way the caller reads, and return the exit code."""
    if isinstance(failure, ModuleNotFoundError) and not _is_ours(failure):
        # Commands import what is heavy only when they run, so a half that is not there shows as late as this.
        failure = _missing_half("this command", str(failure.name))
    if isinstance(failure, click.exceptions.NoArgsIsHelpError) and not as_json:
        _talk(failure.format_message())
        return failure.exit_code
    if isinstance(failure, click.ClickException):
        code, exit_code, message = "USAGE", failure.exit_code, failure.format_message()
    elif isinstance(failure, KnownFailure):
        code, exit_code, message = failure.code, failure.exit_code, str(failure)
    else:
        code, exit_code, message = "INTERNAL", INTERNAL, _kept_for_operators(failure)
    if as_json:
        with contextlib.suppress(OSError):  # where nothing can be written the exit code still says it
            _write_result(json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False))
    if isinstance(failure, click.UsageError) and failure.ctx is not None:
        _talk(failure.ctx.get_usage())
    _talk(f"error [{code}]: {message}")
    return exit_code


def _kept_for_operators(failure: Exception) -> str:
    """Keep an unforeseen error's traceback in a private file: it may hold values, and a terminal is no place for it."""
    descriptor, name = tempfile.mkstemp(prefix="cohorthub-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8") as log:
        traceback.print_exception(failure, file=log)
    return (
        f"this is a fault of CohortHub, not of yours ({type(failure).__name__}). The details are in {name}, "
        "readable by you alone; look through it for personal data before you send it on."
    )


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit.

    Parameters
    ----------
    args : sequence of str, optional
        The words after `cohorthub`; those of the process when left out.
    """
    words = list(sys.argv[1:] if args is None else args)
    as_json = "--json" in words
    try:
        status = root.main(args=words, prog_name="cohorthub", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _talk("interrupted")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Only what click writes for tab completion comes here: results and talk see to it themselves.
        _mute(sys.stdout)
        sys.exit(0)
    except Exception as failure:  # noqa: BLE001 - the last door: nobody is shown a bare traceback
        sys.exit(_report_failure(failure, as_json=as_json))
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
