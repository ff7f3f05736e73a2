"""How catalogs and data sets look in a notebook and a terminal."""

from html import escape
from typing import TYPE_CHECKING

from analysis_lib.catalog.text import counted, share_text, years_text

if TYPE_CHECKING:
    from analysis_lib.catalog.catalog import Catalog
    from analysis_lib.catalog.dataset import Dataset
    from analysis_lib.catalog.quality.findings import QualityReport


def about_persons(n: int) -> int:
    """Round a number of persons for a listing, to two significant digits.

    A listing is seen by people who may not use the data; the exact number is for those who opened them.

    Parameters
    ----------
    n : int
        Persons, exactly.

    Returns
    -------
    int
        Rounded; below 10 always 10.
    """
    if n < 10:
        return 10
    return round(n, 2 - len(str(n)))


# Only the colours that JupyterLab's themes define, with fall-backs for pages outside Lab; no scripts, no fonts. The
# class is written three times because Lab's own rules for tables in outputs outweigh a class written once.
_STYLE = """<style>
CARD{font-size:var(--jp-ui-font-size1,13px);line-height:1.45;max-width:62em}
CARD .ch-title{font-size:1.15em;font-weight:600}
CARD .ch-quiet{color:var(--jp-ui-font-color2,#6b6b6b)}
CARD code{background:none;padding:0;color:inherit}
CARD table{border-collapse:collapse;margin:.5em 0;table-layout:auto;font-size:inherit}
CARD td,CARD th{text-align:left;padding:.15em 1.5em .15em 0;border:0;max-width:none;white-space:normal}
CARD thead th{font-weight:600;border-bottom:1px solid var(--jp-border-color1,#bdbdbd)}
CARD .ch-n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
</style>""".replace("CARD", ".cohorthub-card" * 3)


def dataset_html(dataset: "Dataset") -> str:
    """Draw a data set's card.

    Parameters
    ----------
    dataset : Dataset
        The release.

    Returns
    -------
    str
        HTML.
    """
    filled = {name: entry for name, entry in dataset.tables.items() if entry.rows}
    empty = [name for name, entry in dataset.tables.items() if not entry.rows]
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td class='ch-n'>{entry.rows:,}</td>"
        f"<td class='ch-n'>{len(entry.spec.fields)}</td>"
        f"<td class='ch-quiet'>{_what(entry.bucketed, entry.spec.vocabulary)}</td></tr>"
        for name, entry in filled.items()
    )
    years = f", observed {dataset.years[0]} to {dataset.years[1]}" if dataset.years else ""
    problems = sum(finding.severity == "problem" for finding in dataset.quality.findings)
    rest = f"<div class='ch-quiet'>Empty: {escape(', '.join(empty))}.</div>" if empty else ""
    return (
        f"{_STYLE}<div class='cohorthub-card'><div class='ch-title'>{escape(dataset.title)}</div>"
        f"<div><code>{escape(dataset.name)}</code>, {dataset.n_persons:,} persons{years}</div>"
        f"<div class='ch-quiet'>OMOP CDM v{escape(dataset.cdm_version)}, release {escape(dataset.release)}. "
        f"The import found {counted(problems, 'problem')}: see <code>.quality</code>.</div>"
        "<table><thead><tr><th scope='col'>Table</th><th scope='col' class='ch-n'>Rows</th>"
        "<th scope='col' class='ch-n'>Columns</th><td></td></tr></thead>"
        f"<tbody>{rows}</tbody></table>{rest}</div>"
    )


def quality_html(report: "QualityReport") -> str:
    """Draw the problems that an import found.

    Parameters
    ----------
    report : QualityReport
        The report of a release.

    Returns
    -------
    str
        HTML.
    """
    problems = [finding for finding in report.findings if finding.severity == "problem"]
    problems.sort(key=lambda finding: (finding.title, -finding.share))
    others = len(report.findings) - len(problems)
    more = f"{counted(others, 'more finding')} repaired or only noted: see <code>.to_frame()</code>."
    rest = f"<div class='ch-quiet'>{more}</div>" if others else ""
    if not problems:
        return f"{_STYLE}<div class='cohorthub-card'><div>The import found no problems.</div>{rest}</div>"
    rows = "".join(
        f"<tr><td>{escape(finding.title)}{f': {escape(finding.about)}' if finding.about else ''}</td>"
        f"<td><code>{escape(finding.table)}</code></td>"
        f"<td class='ch-n'>{finding.count:,}</td><td class='ch-n'>of {finding.of:,}</td>"
        f"<td class='ch-n'>{share_text(finding.share)}</td></tr>"
        for finding in problems
    )
    heads = (
        "<th scope='col'>Problem</th><th scope='col'>Table</th><th scope='col' class='ch-n'>Rows</th><td></td><td></td>"
    )
    return (
        f"{_STYLE}<div class='cohorthub-card'><table><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table>{rest}</div>"
    )


def _what(bucketed: bool, vocabulary: bool) -> str:
    if bucketed:
        return "persons"
    return "vocabulary" if vocabulary else ""


def catalog_html(catalog: "Catalog") -> str:
    """Draw the list of data sets.

    Parameters
    ----------
    catalog : Catalog
        The catalog.

    Returns
    -------
    str
        HTML.
    """
    listing = catalog.listing()
    if not listing:
        return (
            f"{_STYLE}<div class='cohorthub-card ch-quiet'>No data sets yet. An operator adds one with "
            "<code>cohorthub data import omop FILE --name NAME</code>.</div>"
        )
    rows = "".join(
        f"<tr><td><code>{escape(item['name'])}</code></td><td>{escape(item['title'])}</td>"
        f"<td>{escape(item['kind'])}</td><td class='ch-n'>about {item['persons_rounded']:,}</td>"
        f"<td style='white-space:nowrap'>{years_text(item['years'])}</td><td class='ch-n'>{len(item['tables'])}</td>"
        f"<td class='ch-quiet' style='white-space:nowrap'>{escape(item['release'])}</td></tr>"
        for item in listing
    )
    names = ("Name", "Title", "Kind", "Persons", "Years", "Tables", "Release")
    heads = "".join(
        f"<th scope='col' class='ch-n'>{name}</th>" if name in {"Persons", "Tables"} else f"<th scope='col'>{name}</th>"
        for name in names
    )
    return (
        f"{_STYLE}<div class='cohorthub-card'><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
