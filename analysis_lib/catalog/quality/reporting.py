"""The quality report of a release, for a terminal, a machine and a browser."""

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from analysis_lib.catalog.dataset import Dataset
from analysis_lib.catalog.quality.findings import RULES, Finding, Severity
from analysis_lib.catalog.text import columns_text, share_text, wrapped
from analysis_lib.errors import StorageError
from analysis_lib.whole_files import write_whole

_HEADS: dict[Severity, str] = {
    "problem": "Problems: wrong in the source, and still so",
    "repaired": "Repaired: wrong in the source, right for readers",
    "note": "Notes",
}


def report_document(dataset: Dataset) -> dict[str, Any]:
    """Say everything in JSON types.

    Parameters
    ----------
    dataset : Dataset
        The release.

    Returns
    -------
    dict
        The release, its source, its tables with their rows, and the findings with the rules they name.
    """
    manifest = dataset.manifest
    return {
        "name": dataset.name,
        "release": dataset.release,
        "title": dataset.title,
        "created": manifest.created,
        "cdm_version": dataset.cdm_version,
        "library_version": manifest.library_version,
        "source": dict(manifest.source),
        "about": dict(manifest.about),
        "persons": dataset.n_persons,
        "years": list(dataset.years) if dataset.years else None,
        "manifest_sha256": dataset.manifest_sha256,
        "tables": {
            name: {"rows": entry.rows, "rows_source": entry.rows_source, "columns": len(entry.spec.fields)}
            for name, entry in dataset.tables.items()
        },
        "quality": dataset.quality.to_dict(),
    }


def _facts(dataset: Dataset) -> list[tuple[str, str]]:
    manifest = dataset.manifest
    rows = sum(entry.rows for entry in dataset.tables.values())
    filled = sum(entry.rows > 0 for entry in dataset.tables.values())
    years = f", observed {dataset.years[0]} to {dataset.years[1]}" if dataset.years else ""
    return [
        ("Release", f"{dataset.release}, made {manifest.created[:10]} by version {manifest.library_version}"),
        ("Source", _source(manifest.source)),
        ("Model", f"OMOP CDM v{dataset.cdm_version}"),
        ("Persons", f"{dataset.n_persons:,}{years}"),
        ("Rows", f"{rows:,} in {filled} tables; {len(dataset.tables) - filled} tables are empty"),
        ("Left out", _left_out(dataset)),
    ]


def _source(facts: Mapping[str, Any]) -> str:
    """Say where the rows came from: a file, a folder, or a server's database."""
    if facts["kind"] == "postgresql":
        where = f"database {facts['database']}, schema {facts['schema']}, on {facts['host']}"
        return f"{where} (PostgreSQL {facts['server_version']})"
    name = facts.get("file_name") or f"folder {facts.get('folder_name')}"
    return f"{name}, sha256 {facts['sha256'][:16]}..."


def _left_out(dataset: Dataset) -> str:
    """Count the source's rows that are not in the release, whatever the reason."""
    headers = dataset.quality.of_rule("header-as-data")
    gone = {name: e.rows_source - e.rows - headers.get(name, 0) for name, e in dataset.tables.items()}
    gone |= dataset.quality.of_rule("table-unreadable") | dataset.quality.of_rule("table-name")
    for name, n in dataset.quality.of_rule("line-unreadable").items():
        gone[name] = gone.get(name, 0) + n
    gone = {name: n for name, n in gone.items() if n}
    tables = ", ".join(f"{name} {n:,}" for name, n in gone.items())
    return f"{sum(gone.values()):,} rows of the source: {tables}" if gone else "no row of the source"


def _sections(dataset: Dataset) -> Iterator[tuple[str, list[tuple[str, list[Finding]]]]]:
    """Yield each severity's head with its rules, those with most counts first, and their findings."""
    for severity, head in _HEADS.items():
        rules = {rule: [f for f in dataset.quality.findings if f.rule == rule] for rule in RULES}
        found = [(rule, fs) for rule, fs in rules.items() if fs and RULES[rule].severity == severity]
        if found:
            yield head, found


def report_text(dataset: Dataset) -> str:
    """Write the report for a terminal.

    Parameters
    ----------
    dataset : Dataset
        The release.

    Returns
    -------
    str
        Lines of at most 100 characters.
    """
    parts = [f"{dataset.title} ({dataset.name})", columns_text(("", ""), _facts(dataset)).lstrip("\n")]
    for head, rules in _sections(dataset):
        parts.append(f"\n{head}\n{'-' * len(head)}")
        for rule, findings in rules:
            parts.append(f"\n{findings[0].title} [{rule}]")
            parts.append(wrapped(f"Readers see: {RULES[rule].readers_see}", indent=2))
            parts.append(wrapped(f"For an analysis: {RULES[rule].means}", indent=2))
            parts.append(_findings_text(findings))
    if not dataset.quality.findings:
        parts.append(f"\n{NOTHING_FOUND}")
    return "\n".join(parts)


NOTHING_FOUND = "The import found nothing wrong."


def _findings_text(findings: list[Finding]) -> str:
    if findings[0].unit == "tables" or findings[0].rule == "header-as-data":
        return wrapped(f"{len(findings)} tables: {', '.join(map(_table_counted, findings))}", indent=4)
    if findings[0].unit == "columns":
        return _columns_text(findings)
    rows = [(f"    {f.table}", _where(f), f"{f.count:,}", f"of {f.of:,}", share_text(f.share)) for f in findings]
    return columns_text(("", "", "", "", ""), rows, right=(2, 3, 4)).lstrip("\n")


def _table_counted(finding: Finding) -> str:
    """Name the table, with how often it happened where that may be more than once."""
    return finding.table if finding.count == 1 else f"{finding.table} ({finding.count:,} lines)"


def _where(finding: Finding) -> str:
    """Say what in the table was judged."""
    return finding.about or ", ".join(finding.columns)


def _columns_text(findings: list[Finding]) -> str:
    """Name the columns, but not all the columns of table after table."""
    whole = [f"{f.table} ({f.count})" for f in findings if f.count == f.of]
    parts = [wrapped(f"all columns of {len(whole)} tables: {', '.join(whole)}", indent=4)] if whole else []
    parts += [wrapped(f"{f.table}: {', '.join(f.columns)}", indent=4) for f in findings if f.count < f.of]
    return "\n".join(parts)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}: data quality</title>
<style>
:root{{color-scheme:light dark;--quiet:#5f6368;--line:#d0d4d9}}
@media (prefers-color-scheme:dark){{:root{{--quiet:#a3a9b0;--line:#454b52}}}}
body{{font:16px/1.5 system-ui,sans-serif;max-width:58rem;margin:2.5rem auto;padding:0 1.2rem}}
h1{{font-size:1.7rem;line-height:1.25;margin-bottom:.3rem}} h2{{font-size:1.2rem;margin:2.4rem 0 .4rem}}
h3{{font-size:1rem;margin:1.4rem 0 .1rem}} p{{margin:.1rem 0 .5rem}} .quiet{{color:var(--quiet)}}
table{{border-collapse:collapse;width:100%}} td,th{{text-align:left;padding:.25rem .8rem .25rem 0;vertical-align:top;
border-bottom:1px solid var(--line)}} th{{font-weight:600;color:var(--quiet);font-size:.9em}}
td:first-child{{width:14rem}} td.n{{width:6rem}}
.n,th.n{{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}}
code{{font-size:.92em;overflow-wrap:anywhere}}
dl{{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.5rem}} dt{{color:var(--quiet)}} dd{{margin:0}}
@media (max-width:40rem){{body{{padding:0 .8rem;margin:1.2rem auto}} table{{display:block;overflow-x:auto}}
td,th{{padding-right:.5rem;font-size:.85rem}} td:first-child,td.n{{width:auto}} td code{{overflow-wrap:normal}}}}
</style></head><body>
<h1>{title}</h1><p class="quiet">Data quality of the release <code>{name}</code> <code>{release}</code></p>
<dl>{facts}</dl>
{sections}
</body></html>
"""


def report_html(dataset: Dataset) -> str:
    """Write the report as a page of its own: no scripts, nothing fetched.

    Parameters
    ----------
    dataset : Dataset
        The release.

    Returns
    -------
    str
        An HTML document.
    """
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(dataset))
    sections = []
    for head, rules in _sections(dataset):
        sections.append(f"<h2>{escape(head)}</h2>")
        for rule, findings in rules:
            sections.append(
                f'<h3>{escape(findings[0].title)} <code class="quiet">{rule}</code></h3>'
                f'<p class="quiet">Readers see: {escape(RULES[rule].readers_see)}<br>'
                f"For an analysis: {escape(RULES[rule].means)}</p>{_findings_html(findings)}"
            )
    if not dataset.quality.findings:
        sections.append(f"<p>{NOTHING_FOUND}</p>")
    return _PAGE.format(
        title=escape(dataset.title),
        name=escape(dataset.name),
        release=escape(dataset.release),
        facts=facts,
        sections="\n".join(sections),
    )


def write_report_page(dataset: Dataset, path: Path) -> None:
    """Write the page to a file, whole or not at all.

    Parameters
    ----------
    dataset : Dataset
        The release.
    path : Path
        The file; replaced when it is there.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    try:
        write_whole(path, report_html(dataset))
    except OSError as error:
        raise StorageError(
            f"the page cannot be written; {error.strerror or type(error).__name__}: {path}. Choose another file."
        ) from error


def _findings_html(findings: list[Finding]) -> str:
    if findings[0].unit == "tables" or findings[0].rule == "header-as-data":
        return (
            f"<p>{len(findings)} tables: {', '.join(f'<code>{escape(_table_counted(f))}</code>' for f in findings)}</p>"
        )
    whole = [f for f in findings if f.unit == "columns" and f.count == f.of]
    listed = ", ".join(f"<code>{escape(f.table)}</code> ({f.count})" for f in whole)
    above = f"<p>All columns of {len(whole)} tables: {listed}</p>" if whole else ""
    rows = []
    judged = any(f.about or f.columns for f in findings)
    for f in (f for f in findings if f not in whole):
        cells = f"<td><code>{escape(f.table)}</code></td>" + (f"<td>{_where_html(f)}</td>" if judged else "")
        if f.unit == "rows":
            cells += (
                f'<td class="n">{f.count:,}</td><td class="n">{f.of:,}</td><td class="n">{share_text(f.share)}</td>'
            )
        rows.append(f"<tr>{cells}</tr>")
    heads = ["<th scope='col'>Table</th>", *(["<th scope='col'>What</th>"] if judged else [])]
    if findings[0].unit == "rows":
        heads += [f"<th scope='col' class='n'>{name}</th>" for name in ("Rows", "Of", "Share")]
    return above + (
        f"<table><thead><tr>{''.join(heads)}</tr></thead><tbody>{''.join(rows)}</tbody></table>" if rows else ""
    )


def _where_html(finding: Finding) -> str:
    return escape(finding.about) or f"<code>{escape(', '.join(finding.columns))}</code>"
