"""Listings and reports for a terminal."""

from collections.abc import Sequence
from typing import Any

from analysis_lib.catalog.display import years_text


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
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    lines = [
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
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
            item["release"],
        ]
        for item in listing
    ]
    return columns_text(["NAME", "TITLE", "KIND", "PERSONS", "YEARS", "RELEASE"], rows, right=[3])
