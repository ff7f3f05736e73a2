"""`cohorthub report diff`: two runs side by side, or what a draft changes."""

from pathlib import Path
from typing import Any

import click

from hub_config.reports.command.service_options import Session, client_of, service_options, wants_service

__all__ = ["diff"]


@click.command(short_help="Compare two runs, or a definition's draft with what is approved.")
@click.argument("before", metavar="[A", required=False)
@click.argument("after", metavar="B]", required=False)
@click.option("--definition", metavar="NAME", help="Compare the draft of this definition with what is approved.")
@click.option("--output-dir", type=click.Path(path_type=Path), help="Where the runs lie.  [default: HOME/runs]")
@service_options
@click.pass_context
def diff(ctx: click.Context, /, *, before: str | None, after: str | None, **options: Any) -> None:
    """Compare run A with the later run B, number by number; the exit code is 1 if they differ.

    A and B are runs, or paths of run folders. With --definition NAME and --project the draft of a definition is
    compared with what is approved: its fields, and its notebook cell by cell.

    Example: cohorthub report diff 20261023T021500123Z-a1b2c3 20261123T021500123Z-d4e5f6
    """
    if (options["definition"] is None) == (before is None or after is None):
        raise click.UsageError("Give two runs, or --definition NAME with --project NAME.")
    session: Session = ctx.obj
    if options["definition"] is not None:
        if before is not None or not options["project"]:
            raise click.UsageError("A definition's draft is compared with --definition NAME and --project NAME alone.")
        ctx.exit(_definition(session, options))
    ctx.exit(_runs(session, (str(before), str(after)), options=options))


def _definition(session: Session, options: dict[str, Any]) -> int:
    from hub_config.reports.command.printing import change_lines

    found = client_of(session, options).get(
        "projects", options["project"], "definitions", options["definition"], "diff"
    )
    if found["document_sha256"] is None:
        session.emit(found, "No draft waits for approval.")
        return 0
    lines = change_lines(found["fields"], is_first=found.get("is_first", False))
    if found["text"]:
        lines += ["", found["text"].rstrip()]
    session.emit(found, "\n".join(lines))
    return 1 if found["fields"] or found["notebook"] or found.get("is_first", False) else 0


def _runs(session: Session, names: tuple[str, str], *, options: dict[str, Any]) -> int:
    if wants_service(options):
        found = client_of(session, options).get("runs", names[0], "comparison", with_=names[1])
        session.emit(found, found["text"].rstrip())
        return 1 if _differs(found["comparison"]) else 0
    from hub_config.reports.changes import compare_runs, comparison_text
    from hub_config.reports.folders.result_comparison import compare_results

    root = options["output_dir"] or session.home / "runs"
    before, after = (_folder(name, root=root) for name in names)
    compared, exact = compare_runs(before, after), compare_results(before, after)
    document = {
        "before": names[0],
        "after": names[1],
        "comparison": compared.to_dict(),
        "exact": exact.to_document(),
    }
    session.emit(document, f"{comparison_text(compared).rstrip()}\n{exact.sentence}")
    return 1 if compared.changes.is_changed else 0


def _differs(comparison: dict[str, Any]) -> bool:
    changes = comparison.get("changes")
    return bool(changes.get("is_changed")) if isinstance(changes, dict) else False


def _folder(name: str, *, root: Path) -> Path:
    from hub_config.reports.folders.runs import find_run

    given = Path(name)
    try:
        if ("/" in name or not (root / name).is_dir()) and given.is_dir():
            return given.resolve()
    except (OSError, ValueError):
        pass
    return Path(find_run(root, name)["folder"])
