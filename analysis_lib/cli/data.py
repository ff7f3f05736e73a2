"""The command group `data`: importing, listing, checking, reporting on and searching data sets.

Only click is imported here; the engines are imported by the command that needs them.
"""

from pathlib import Path
from typing import Any

import click

from analysis_lib.cli.session import Session, data_folder_of


@click.group()
def data() -> None:
    """Import, list, check and report on data sets.

    Example: cohorthub data list
    """


@data.group(name="import")
def import_() -> None:
    """Import a source as a new release of a data set.

    Example: cohorthub data import omop eunomia.duckdb --name gibleed
    """


@import_.command()
@click.argument("source")
@click.option("--name", required=True, help="The data set: 1 to 63 of a-z, 0-9, '-' and '_'.")
@click.option("--title", help="What people see.  [default: what the source calls itself]")
@click.option("--schema", help="The source's schema, where several hold a person table.")
@click.option("--buckets", type=click.IntRange(1, 4096), help="Buckets of the persons' tables.  [default: by size]")
@click.option("--delimiter", help="What separates the values of CSV files.  [default: told from the header line]")
@click.option("--quote", help="The quotation mark of CSV files, empty for none.  [default: told from the header line]")
@click.option("--encoding", help="The encoding of CSV files, such as cp949.  [default: told from the bytes]")
@click.pass_obj
def omop(session: Session, /, source: str, **options: Any) -> None:
    """Import the OMOP CDM in SOURCE: a DuckDB file, a folder of CSV or Parquet, or postgresql://USER@HOST/DATABASE.

    Nothing is visible before everything is written; the same SOURCE again changes nothing.
    A server's password is better kept in PGPASSWORD or ~/.pgpass than in the URL, which others may see in a list of
    processes.

    Example: cohorthub data import omop eunomia.duckdb --name gibleed
    """
    from analysis_lib.catalog import import_omop
    from analysis_lib.catalog.text import counted

    result = import_omop(
        source,
        name=options["name"],
        data=data_folder_of(session),
        title=options["title"],
        schema=options["schema"],
        bucket_count=options["buckets"],
        delimiter=options["delimiter"],
        quote=options["quote"],
        encoding=options["encoding"],
        progress=session.say,
    )
    found = result.dataset
    problems = [finding for finding in found.quality.findings if finding.severity == "problem"]
    document = {
        "name": found.name,
        "release": found.release,
        "created": result.created,
        "path": str(found.path),
        "persons": found.n_persons,
        "tables": len(found.tables),
        "rows": sum(entry.rows for entry in found.tables.values()),
        "problems": len(problems),
    }
    verb = "imported" if result.created else "already there, nothing changed"
    session.emit(
        document,
        f"{verb}: {found.name}, release {found.release}\n"
        f"{found.n_persons:,} persons, {document['rows']:,} rows in {len(found.tables)} tables; "
        f"{counted(len(problems), 'problem')} found: see 'cohorthub data report {found.name}'.",
    )


@data.command(name="list")
@click.pass_obj
def list_(session: Session) -> None:
    """List the data sets: name, title, kind, persons (rounded), years, release.

    Example: cohorthub data list --json
    """
    from analysis_lib.catalog import open_catalog
    from analysis_lib.catalog.text import listing_text

    listing = open_catalog(data_folder_of(session)).listing()
    session.emit({"datasets": listing}, listing_text(listing))


@data.command()
@click.argument("name", required=False)
@click.option("--release", help="One release.  [default: all of them]")
@click.pass_context
def check(ctx: click.Context, /, *, name: str | None, release: str | None) -> None:
    """Compare every file of data set NAME, or of all of them, with its checksum.

    Ends with 1, naming the files, when one is not as it was written.

    Example: cohorthub data check gibleed
    """
    from analysis_lib.catalog import open_catalog
    from analysis_lib.catalog.text import check_text

    session: Session = ctx.obj
    catalog = open_catalog(data_folder_of(session))
    checked = [
        {"name": dataset, "release": found, "files": files}
        for dataset in ([name] if name else catalog)
        for found, files in catalog.check(dataset, release=release).items()
    ]
    intact = not any(item["files"] for item in checked)
    session.emit({"intact": intact, "releases": checked}, check_text(checked))
    if not intact:
        ctx.exit(1)


@data.command()
@click.argument("name")
@click.option("--release", help="One release.  [default: the newest]")
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as a page to this file."
)
@click.pass_obj
def report(session: Session, /, *, name: str, release: str | None, html: Path | None) -> None:
    """Say what the import of data set NAME found: each rule, by table and count.

    Example: cohorthub data report gibleed --html gibleed-quality.html
    """
    from analysis_lib.catalog import open_catalog
    from analysis_lib.catalog.quality.reporting import report_document, report_text, write_report_page

    dataset = open_catalog(data_folder_of(session)).dataset(name, release=release)
    if html is not None:
        write_report_page(dataset, html)
    session.emit(report_document(dataset), report_text(dataset) if html is None else f"wrote {html}")


@data.command()
@click.argument("text")
@click.option("--data", "name", help="One data set.  [default: all of them]")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=25, show_default=True, help="Concepts for each data set."
)
@click.pass_obj
def search(session: Session, /, *, text: str, name: str | None, limit: int) -> None:
    """Find concepts by words of TEXT, in any language of the vocabulary, or by id or code.

    Example: cohorthub data search "heart failure" --data gibleed
    """
    import warnings

    from analysis_lib.catalog import open_catalog
    from analysis_lib.catalog.text import concepts_text
    from analysis_lib.catalog.vocabulary.concepts import records_of
    from analysis_lib.errors import ConceptWarning

    catalog = open_catalog(data_folder_of(session))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConceptWarning)
        if name is None:
            frame = catalog.search(text, limit=limit)
        else:
            frame = catalog.dataset(name).search_concepts(text, limit=limit)
            frame.insert(0, "dataset", name)
    found = records_of(frame)
    notes = [str(warning.message) for warning in caught if issubclass(warning.category, ConceptWarning)]
    for note in notes:
        session.say(f"note: {note}")
    session.emit({"concepts": found, "notes": notes}, concepts_text(found))
