"""The command group `cohort`: building, describing and comparing cohort definitions.

Definitions come from files: CohortHub's own JSON, or Circe JSON as ATLAS and the OHDSI Phenotype Library write it.
"""

from pathlib import Path
from typing import Any

import click

from analysis_lib.cli.session import Session, data_folder_of


@click.group()
def cohort() -> None:
    """Build, describe and compare cohort definitions.

    Example: cohorthub cohort describe diabetes.json
    """


@cohort.command()
@click.argument("definitions", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--data", "name", required=True, help="The data set.")
@click.option("--release", help="One release.  [default: the newest]")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the OMOP cohort table to this file: .parquet, .csv or .csv.gz.",
)
@click.pass_context
def build(ctx: click.Context, /, definitions: tuple[Path, ...], **options: Any) -> None:
    """Build the cohorts of DEFINITIONS, files or folders of them, in one pass over a data set.

    A cohort's cohort_definition_id is its file's number where the name is one (100.json), else its position. A
    definition that fails is named and does not stop the others; the command then ends with the exit code of the first
    that failed.

    Example: cohorthub cohort build phenotypes/ --data gibleed --out cohorts.parquet
    """
    from analysis_lib.catalog import open_catalog
    from analysis_lib.catalog.text import counted
    from analysis_lib.cohort.files import build_files, read_definition_files
    from analysis_lib.cohort.text import built_document, built_notes, built_text
    from analysis_lib.cohort.writing import check_target, write_cohorts

    session: Session = ctx.obj
    if options["out"] is not None:
        check_target(options["out"], inputs=definitions)
    files = read_definition_files(definitions)
    dataset = open_catalog(data_folder_of(session)).dataset(options["name"], release=options["release"])
    session.say(f"{counted(len(files), 'definition')}, in {dataset.name}, release {dataset.release}")
    built = build_files(files, dataset)
    cohorts = [one.cohort for one in built if one.cohort is not None]
    written = options["out"] if cohorts else None  # where nothing was built, what is there stays
    if written is not None:
        write_cohorts(cohorts, written)
    for note in built_notes(built):
        session.say(f"note: {note}")
    session.emit(built_document(built, dataset=dataset, out=written), built_text(built, out=written))
    failed = [one.error for one in built if one.error is not None]
    if failed:
        ctx.exit(failed[0].exit_code)


@cohort.command()
@click.argument("definition", type=click.Path(path_type=Path))
@click.option("--data", "name", help="Say also what its concept sets stand for in this data set.")
@click.option("--release", help="One release.  [default: the newest]")
@click.pass_obj
def describe(session: Session, /, *, definition: Path, name: str | None, release: str | None) -> None:
    """Say in plain sentences what a definition means.

    Example: cohorthub cohort describe diabetes.json --data gibleed
    """
    from analysis_lib.catalog import open_catalog
    from analysis_lib.cohort.files import read_definition_file
    from analysis_lib.cohort.text import described_document, described_text

    found = read_definition_file(definition)
    dataset = open_catalog(data_folder_of(session)).dataset(name, release=release) if name else None
    document = described_document(found, dataset=dataset)
    session.emit(document, described_text(found, document))


@cohort.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.pass_context
def diff(ctx: click.Context, /, *, before: Path, after: Path) -> None:
    """Say what changed between two definitions.

    Ends with 0 when both mean the same, whatever their names, and with 1 when they do not.

    Example: cohorthub cohort diff diabetes.json diabetes-2.json
    """
    from analysis_lib.cohort.files import read_definition_file
    from analysis_lib.cohort.text import difference_document

    session: Session = ctx.obj
    document = difference_document(read_definition_file(before), read_definition_file(after))
    session.emit(document, "\n".join(document["lines"]))
    if not document["same"]:
        ctx.exit(1)
