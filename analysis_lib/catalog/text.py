"""Listings and reports for a terminal."""

import textwrap
from collections.abc import Sequence
from typing import Any

from analysis_lib.catalog.vocabulary.concept_words import plain_text
from analysis_lib.tables import cells_wide, padded


def columns_text(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Set rows in columns as wide as their widest cell.

    Parameters
    ----------
    head : sequence of str
        The columns' names.
    rows : sequence of sequence of str
        The cells.
    right : sequence of int
        Columns to set flush right: numbers.

    Returns
    -------
    str
        Lines without trailing blanks.
    """
    table = [head, *rows]
    widths = [max(cells_wide(row[i]) for row in table) for i in range(len(head))]
    lines = [
        "  ".join(
            padded(cell, width, right=i in right) for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    return "\n".join(lines)


def listing_text(listing: Sequence[dict[str, Any]]) -> str:
    """Write the catalog's listing.

    Parameters
    ----------
    listing : sequence of dict
        From `Catalog.listing`.

    Returns
    -------
    str
        One line for each data set, below a line of heads.
    """
    if not listing:
        return "no data sets yet; add one with 'cohorthub data import omop FILE --name NAME'"
    rows = [
        [
            item["name"],
            item["title"],
            item["kind"],
            f"about {item['persons_rounded']:,}",
            years_text(item["years"]),
            str(len(item["tables"])),
            item["release"],
        ]
        for item in listing
    ]
    return columns_text(["NAME", "TITLE", "KIND", "PERSONS", "YEARS", "TABLES", "RELEASE"], rows, right=[3, 5])


def counted(number: int, what: str) -> str:
    """Count in words that agree: no problem, 1 problem, 2 problems.

    Parameters
    ----------
    number : int
        How many.
    what : str
        One of them.

    Returns
    -------
    str
        Such as ``1,204 problems``.
    """
    return f"no {what}s" if not number else f"{number:,} {what}{'s' if number != 1 else ''}"


def share_text(share: float) -> str:
    """Write a share as a percentage that never rounds something to nothing.

    Parameters
    ----------
    share : float
        In [0, 1].

    Returns
    -------
    str
        Such as ``49.6 %`` or ``< 0.1 %``.
    """
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{share:.1%}".replace("%", " %")


def wrapped(text: str, *, indent: int) -> str:
    """Break a long line between words.

    Parameters
    ----------
    text : str
        One line.
    indent : int
        Blanks before it; two more before the lines that follow.

    Returns
    -------
    str
        Lines of at most 100 characters.
    """
    return textwrap.fill(text, 100, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2))


def check_text(checked: Sequence[dict[str, Any]]) -> str:
    """Write what a check of checksums found.

    Parameters
    ----------
    checked : sequence of dict
        `name`, `release` and `files`, a dict from a file to what is wrong with it.

    Returns
    -------
    str
        One line for each release, and one for each file that is not as written.
    """
    lines = []
    for item in checked:
        files: dict[str, str] = item["files"]
        state = f"{len(files)} files are not as written" if files else "intact"
        lines.append(f"{item['name']} {item['release']}: {state}")
        lines += [f"    {what}: {file}" for file, what in files.items()]
    return "\n".join(lines) or "no data sets to check"


def years_text(years: list[int] | None) -> str:
    """Write a span of years.

    Parameters
    ----------
    years : list of int or None
        First and last.

    Returns
    -------
    str
        ``1908-2019``, or a dash where there is none.
    """
    return f"{years[0]}-{years[1]}" if years else "-"


def concepts_text(found: Sequence[dict[str, Any]]) -> str:
    """Write concepts that were found.

    Parameters
    ----------
    found : sequence of dict
        Rows of `Catalog.search`.

    Returns
    -------
    str
        One line for each concept below a line of heads, and one more for what a non-standard concept maps to, or for
        the text that was found where it is not the name.
    """
    if not found:
        return "no concept has these words; try fewer, or a part of one"
    head = ["DATASET", "CONCEPT", "NAME", "DOMAIN", "VOCABULARY", "CODE", "STANDARD"]
    head += ["RECORDS", "PERSONS", "DESCENDANTS", "RECORDS WITH THEM"]
    rows = [
        [
            str(item["dataset"]),
            str(item["concept_id"]),
            textwrap.shorten(str(item["concept_name"]), 60, placeholder=" ..."),
            *(str(item[name] or "-") for name in ("domain_id", "vocabulary_id", "concept_code", "standard_concept")),
            *(f"{item[name]:,}" for name in ("records", "persons", "descendants", "records_with_descendants")),
        ]
        for item in found
    ]
    lines = columns_text(head, rows, right=[1, 7, 8, 9, 10]).splitlines()
    names = [plain_text(str(item["concept_name"] or "")) for item in found]
    lines += [
        f"    {item['concept_id']} was found by: {textwrap.shorten(str(item['matched']), 80, placeholder=' ...')}"
        for item, name in zip(found, names, strict=True)
        if item["matched"] not in (name, item["concept_name"])
    ]
    mapped = [f"    {item['concept_id']} maps to {item['maps_to']}" for item in found if item["maps_to"]]
    return "\n".join([*lines, *mapped])
