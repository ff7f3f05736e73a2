"""`cohorthub report`: see what a template can be told, run it here or at the reports service, look at the runs."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from hub_config.lean_imports import leave_out_slow_imports
from hub_config.reports.command import (
    cancel,
    diff,
    keep,
    list_,
    notify_test,
    remove,
    run_at_service,
    schedule,
    service_options,
    show,
    wants_service,
)
from hub_config.reports.command.service_options import Session

__all__ = ["report"]

HERE = ("output_dir", "run_id", "cell_timeout", "run_timeout", "started_by")  # options of a run in the foreground
AT_SERVICE = ("definition", "wait", "idempotency_key")


@click.group(short_help="Run parameterised notebooks as reports.")
def report() -> None:
    """Run parameterised notebooks as reports.

    TEMPLATE is the path of a notebook, a notebook in the current folder, or the name of a shipped report. With
    --project, --url or --token-file a command asks the reports service of the hub.

    Example: cohorthub report run comparative_safety -p washout_days=365
    """
    # Before nbformat, which imports jsonschema: a second or two for each run.
    leave_out_slow_imports()


@report.command(short_help="Show the parameters of a template, without running it.")
@click.argument("template")
@click.pass_obj
def inspect(session: Session, template: str) -> None:
    """Show the parameters of TEMPLATE: name, type, default, range with its unit, help. Nothing is executed.

    Example: cohorthub report inspect comparative_safety
    """
    from hub_config.reports.templates.templates import find_template, inspect_template

    found = inspect_template(find_template(template))
    lines = [f"{found.title}  ({found.name}, {found.n_cells} code cells)"]
    if found.description:
        lines += [click.wrap_text(found.description, 96)]
    lines.append("")
    for parameter in found.parameters:
        lines.append(f"  {parameter.name}: {parameter.type.text} = {parameter.default!r}")
        about = [part for part in (parameter.type.range.text, parameter.help) if part]
        if about:
            lines.append(f"      {'; '.join(about)}")
    if not found.parameters:
        lines.append("  (no parameters)")
    session.emit(found.to_dict(), "\n".join(lines))


@report.command(short_help="Run a template as a report.")
@click.argument("template", required=False)
@click.option("-p", "--parameter", "assignments", multiple=True, metavar="NAME=VALUE", help="A value; may be repeated.")
@click.option(
    "-f", "--parameters-file", type=click.Path(path_type=Path), help="YAML with `name: value` lines; -p wins."
)
@click.option(
    "--output-dir", type=click.Path(path_type=Path), help="Where the run's folder goes.  [default: HOME/runs]"
)
@click.option("--run-id", help="Name of the run's folder.  [default: the time and six random letters]")
@click.option(
    "--cell-timeout",
    type=click.FloatRange(0.1, 7 * 86400),
    default=600,
    show_default=True,
    help="Seconds for one cell; at the service the project's limit.",
)
@click.option(
    "--run-timeout",
    type=click.FloatRange(0.1, 30 * 86400),
    default=3600,
    show_default=True,
    help="Seconds for all cells; at the service the project's limit.",
)
@click.option("--started-by", help="Who asks for the run.  [default: the account]", hidden=True)
@click.option("--definition", metavar="NAME", help="Run what was approved of this definition of --project, now.")
@click.option("--wait", is_flag=True, help="Follow the run at the service; the exit code is the run's.")
@click.option("--idempotency-key", metavar="KEY", help="Name of this request: sent again, it is not taken twice.")
@service_options
@click.pass_context
def run(ctx: click.Context, /, template: str | None, **options: Any) -> None:
    """Run TEMPLATE as a report; what it makes lies in the run's folder.

    Everything is checked before anything starts. The exit code is 0 if the report ran to its end. With --project the
    reports service runs it, TEMPLATE or a --definition of the project, and its folder is the project's.

    Example: cohorthub report run comparative_safety -p washout_days=365 --output-dir results
    """
    given = {name for name, value in options.items() if value and _was_given(ctx, name)}
    if wants_service(options) or given & set(AT_SERVICE):
        _check_words(template, given, options=options)
        ctx.exit(run_at_service(ctx.obj, template, options=options))
    if template is None:
        raise click.UsageError("Say what to run: TEMPLATE, or --definition NAME with --project NAME.")
    from hub_config.reports.execution.progress import progress_on
    from hub_config.reports.execution.supervisor import run_report

    session: Session = ctx.obj
    request = _request(session, template, options=options)
    result = run_report(request, on_cell=progress_on(sys.stderr))
    verdict, page = result.verdict, result.folder / "report.html"
    document = {
        "run_id": result.record["run_id"],
        "status": verdict.status,
        "folder": str(result.folder),
        "html": str(page) if page.exists() else None,
        "duration": result.record["duration_s"],
        "error": verdict.error(),
    }
    session.emit(document, f"{verdict.status}  {result.record['duration_s']:.1f} s  {result.folder}")
    if verdict.code is not None:
        session.say(f"error [{verdict.code}]: {verdict.text}")
    ctx.exit(verdict.exit_code)


@report.command(short_help="Check that a run's folder is as it was when the run ended.")
@click.argument("folder", metavar="RUN_FOLDER", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--expect", metavar="SHA256", help="The crate's hash, if it was kept elsewhere.")
@click.pass_context
def verify(ctx: click.Context, /, folder: Path, *, expect: str | None) -> None:
    """Hash every file in RUN_FOLDER and compare with its ro-crate-metadata.json. The exit code is 1 if they differ.

    Example: cohorthub report verify .cohorthub/runs/20261123T021500123Z-a1b2c3
    """
    from hub_config.reports.folders.verification import verify_folder

    found = verify_folder(folder.resolve(), expect=expect)
    session: Session = ctx.obj
    session.emit(found.to_document(), found.text())
    ctx.exit(0 if found.whole else 1)


def _was_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT


def _check_words(template: str | None, given: set[str], *, options: dict[str, Any]) -> None:
    if not options["project"]:
        raise click.UsageError("Say for which project the reports service shall run it: --project NAME.")
    if (template is None) == (options["definition"] is None):
        raise click.UsageError("Give either TEMPLATE or --definition NAME.")
    if options["definition"] is not None and given & {"assignments", "parameters_file"}:
        raise click.UsageError("A definition says its parameters itself; run its TEMPLATE to choose others.")
    if given & set(HERE):
        words = ", ".join(sorted(f"--{name.replace('_', '-')}" for name in given & set(HERE)))
        raise click.UsageError(f"Only for a run in the foreground: {words}.")


def _request(session: Session, template: str, *, options: dict[str, Any]) -> Any:
    from hub_config.reports.execution.names_here import NamesHere
    from hub_config.reports.execution.supervisor import Request
    from hub_config.reports.parameters.assignments import read_assignments, read_parameters_file, resolve_parameters
    from hub_config.reports.templates.templates import find_template, inspect_template
    from hub_config.reports.verdicts import Limits

    texts = read_assignments(options["assignments"])
    values = read_parameters_file(options["parameters_file"]) if options["parameters_file"] else {}
    found = inspect_template(find_template(template))
    return Request(
        template=found,
        parameters=resolve_parameters(found, texts=texts, values=values, choices=NamesHere(session.home, os.environ)),
        given=tuple(p.name for p in found.parameters if p.name in texts or p.name in values),
        home=session.home,
        output_folder=options["output_dir"] or session.home / "runs",
        run_id=options["run_id"],
        limits=Limits(cell_s=options["cell_timeout"], run_s=options["run_timeout"]),
        started_by=options["started_by"],
        secrets_folder=Path(folder) if (folder := os.environ.get("COHORTHUB_SECRETS")) else None,
    )


for command in (cancel, diff, keep, list_, notify_test, remove, schedule, show):
    report.add_command(command)
