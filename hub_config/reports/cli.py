"""`cohorthub report`: see what a template can be told, run it, list the runs."""

import os
import sys
from pathlib import Path
from typing import Any, Protocol

import click

from hub_config.lean_imports import leave_out_slow_imports

__all__ = ["report"]


class Session(Protocol):
    """What the root command hands to every command."""

    home: Path
    as_json: bool

    def emit(self, document: dict[str, Any], text: str) -> None:
        """Write the result to stdout."""

    def say(self, message: str) -> None:
        """Tell a person about progress, on stderr."""


@click.group(short_help="Run parameterised notebooks as reports.")
def report() -> None:
    """Run parameterised notebooks as reports.

    TEMPLATE is the path of a notebook, a notebook in the current folder, or the name of a shipped report.

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
@click.argument("template")
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
    help="Seconds for one cell.",
)
@click.option(
    "--run-timeout",
    type=click.FloatRange(0.1, 30 * 86400),
    default=3600,
    show_default=True,
    help="Seconds for all cells.",
)
@click.option("--started-by", help="Who asks for the run.  [default: the account]", hidden=True)
@click.pass_context
def run(ctx: click.Context, /, template: str, **options: Any) -> None:
    """Run TEMPLATE as a report; what it makes lies in the run's folder.

    Everything is checked before anything starts. The exit code is 0 if the report ran to its end.

    Example: cohorthub report run comparative_safety -p washout_days=365 --output-dir results
    """
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


@report.command("list", short_help="List the runs, newest first.")
@click.option("--output-dir", type=click.Path(path_type=Path), help="Where the runs lie.  [default: HOME/runs]")
@click.pass_obj
def list_(session: Session, output_dir: Path | None) -> None:
    """List the runs, newest first, with their state. Runs whose runner was killed are closed as interrupted.

    Example: cohorthub report list
    """
    from hub_config.reports.folders.runs import list_runs

    runs = list_runs(output_dir or session.home / "runs")
    lines = [_run_line(run) for run in runs] or ["No runs yet. Begin one with `cohorthub report run`."]
    session.emit({"runs": runs}, "\n".join(lines))


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


def _run_line(run: dict[str, Any]) -> str:
    progress, error, duration = run["progress"], run.get("error"), run.get("duration_s")
    if run["status"] == "running":
        note = f"cell {progress.get('cell')}/{progress.get('cells')}  {progress.get('title')}"
    else:
        note = f"{duration:.1f} s" if duration is not None else ""
    if error:
        note += f"  {error['code']}" + (f" in cell {error['cell']}" if error.get("cell") else "")
    return f"{run['run_id']:<27}  {run['status']:<11}  {run['template']:<24}  {note}".rstrip()


def _request(session: Session, template: str, *, options: dict[str, Any]) -> Any:
    from hub_config.reports.execution.supervisor import Request
    from hub_config.reports.parameters.assignments import read_assignments, read_parameters_file, resolve_parameters
    from hub_config.reports.templates.templates import find_template, inspect_template
    from hub_config.reports.verdicts import Limits

    texts = read_assignments(options["assignments"])
    values = read_parameters_file(options["parameters_file"]) if options["parameters_file"] else {}
    found = inspect_template(find_template(template))
    return Request(
        template=found,
        parameters=resolve_parameters(found, texts=texts, values=values),
        given=tuple(p.name for p in found.parameters if p.name in texts or p.name in values),
        home=session.home,
        output_folder=options["output_dir"] or session.home / "runs",
        run_id=options["run_id"],
        limits=Limits(cell_s=options["cell_timeout"], run_s=options["run_timeout"]),
        started_by=options["started_by"],
        secrets_folder=Path(folder) if (folder := os.environ.get("COHORTHUB_SECRETS")) else None,
    )
