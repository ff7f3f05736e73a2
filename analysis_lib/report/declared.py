"""How declared outputs show themselves in the report."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from numbers import Integral, Real
from typing import Any, Literal

import pandas as pd

from analysis_lib.errors import OutputError
from analysis_lib.models.result import ModelResult
from analysis_lib.models.rows.source import PERSON_COLUMNS
from analysis_lib.printed_numbers import format_estimate
from analysis_lib.tables import html_table

__all__ = [
    "ReportedNumber",
    "ReportedTable",
    "ShownAs",
    "estimates_of",
    "exclusions_of",
    "frame_of",
    "persons_of",
    "plain_count",
    "plain_number",
    "refuse_persons",
    "shown_number",
    "title_of",
]

ShownAs = Literal["number", "percent", "points"]

#: Rows that `outputs.json` takes of one result; a curve over millions of times stays in its file.
MOST_ESTIMATES = 2_000


@dataclass(frozen=True, repr=False)
class ReportedNumber:
    """A declared number, shown as a sentence.

    Attributes
    ----------
    title : str
        What it is.
    value : int or float
        Unrounded.
    text : str
        As it is printed.
    """

    title: str
    value: int | float
    text: str

    def __repr__(self) -> str:
        return f"{self.title}: {self.text}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.title)}: <strong>{escape(self.text)}</strong></p>"


@dataclass(frozen=True, repr=False)
class ReportedTable:
    """A declared table, shown with its title.

    Attributes
    ----------
    title : str
        Caption.
    content : object
        What was declared: a frame, or a result that has ``to_frame``.
    """

    title: str
    content: Any

    def __repr__(self) -> str:
        if isinstance(self.content, ModelResult):
            return replace(self.content.summary(), title=self.title).as_text()
        return f"{self.title}\n\n{self.content!r}"

    def _repr_html_(self) -> str:
        if isinstance(self.content, ModelResult):  # what it says of its kind is no caption: two may stand in a report
            return replace(self.content.summary(), title=self.title).as_html()
        if not isinstance(self.content, pd.DataFrame):
            own = getattr(self.content, "_repr_html_", None)  # results bring their own caption
            return str(own()) if own is not None else f"<pre>{escape(repr(self))}</pre>"
        frame = self.content if isinstance(self.content.index, pd.RangeIndex) else self.content.reset_index()
        rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
        return html_table([str(name) for name in frame.columns], rows, caption=self.title)


def shown_number(value: float, *, digits: int, shown_as: ShownAs) -> str:
    """Write a number as the report shows it.

    Parameters
    ----------
    value : int or float
        The number.
    digits : int
        Decimals, of fractions.
    shown_as : {"number", "percent", "points"}
        As it is; or a share in percent, or a difference of shares in percentage points, with one decimal.

    Returns
    -------
    str
        Such as ``0.4444``, ``44.4%`` or ``31.9 percentage points``.
    """
    if shown_as != "number":
        unit = "%" if shown_as == "percent" else " percentage points"
        return f"{format_estimate(100 * value, digits=1)}{unit}"
    return f"{value:,}" if isinstance(value, int) else format_estimate(value, digits=digits)


def plain_number(value: Any) -> int | float | None:
    """Turn numpy's numbers into Python's.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    int, float or None
        None for what is no number; truth values are none.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    return int(value) if isinstance(value, Integral) else float(value)


def estimates_of(result: Any) -> tuple[dict[str, int | float | str | None], ...]:
    """Take the unrounded numbers of a result, as JSON knows them.

    Parameters
    ----------
    result : object
        With ``estimates()``, or else ``to_frame()``, that gives a DataFrame; of anything else there are none.

    Returns
    -------
    tuple of dict
        One per row, with the frame's columns and named indices; None where missing, and the texts ``inf`` and ``-inf``
        for what has no limit. Empty if the frame is longer than a document should hold.
    """
    make = next((own for name in ("estimates", "to_frame") if callable(own := getattr(result, name, None))), None)
    frame = None if make is None else make()
    if not isinstance(frame, pd.DataFrame) or len(frame) > MOST_ESTIMATES:
        return ()
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(names=frame.index.names if frame.index.names[0] else "term")
    names = [str(name) for name in frame.columns]
    rows = frame.itertuples(index=False, name=None)
    return tuple({name: _plain(value) for name, value in zip(names, row, strict=True)} for row in rows)


def _plain(value: Any) -> int | float | str | None:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    number = int(value) if pd.api.types.is_bool(value) else plain_number(value)
    if number is None:
        return str(value)
    if isinstance(number, float) and not math.isfinite(number):
        return None if math.isnan(number) else f"{number:g}"
    return number


def _cell(value: Any) -> str:
    number = plain_number(value)
    if number is not None:
        return f"{number:,}" if isinstance(number, int) else format_estimate(number)
    return "–" if value is None or value is pd.NA or value is pd.NaT else str(value)


def persons_of(persons: Mapping[str, Any] | None, source: Any) -> dict[str, Any]:
    """Find the counts of persons that an output is declared with.

    Parameters
    ----------
    persons : mapping of str to int or None
        What the author said.
    source : object
        The result; asked if the author said nothing.

    Returns
    -------
    dict
        Numbers as Python has them; what is no number stays as it is, to be refused.
    """
    found = getattr(source, "persons", None) if persons is None else persons
    if not isinstance(found, Mapping):
        return {}
    return {label: count if plain_number(count) is None else plain_number(count) for label, count in found.items()}


def plain_count(value: Any) -> int | None:
    """Take a count of rows or events.

    Parameters
    ----------
    value : object
        Whatever a result calls so.

    Returns
    -------
    int or None
        None for what is no whole number.
    """
    number = plain_number(value)
    return number if isinstance(number, int) else None


def exclusions_of(source: Any) -> dict[str, int]:
    """Take the counts of rows that a result does without.

    Parameters
    ----------
    source : object
        A result, or anything else.

    Returns
    -------
    dict of str to int
        By reason; empty where there are none.
    """
    found = getattr(source, "exclusions", None)
    counts = {str(reason): plain_count(count) for reason, count in found.items()} if isinstance(found, Mapping) else {}
    return {reason: count for reason, count in counts.items() if count is not None}


def title_of(result: Any, *, output: str) -> str:
    """Ask a result what it shows.

    Parameters
    ----------
    result : object
        With ``title``, or with a ``summary()`` that has one.
    output : str
        The output's id, for the message.

    Returns
    -------
    str
        Its title.

    Raises
    ------
    OutputError
        If it has none.
    """
    summary = getattr(result, "summary", None)
    found = getattr(result, "title", None) or (getattr(summary(), "title", None) if callable(summary) else None)
    if not isinstance(found, str):
        raise OutputError(
            f"output '{output}' has no title; found {type(result).__name__}, which does not say what it shows. "
            "Pass title=..."
        )
    return found


def refuse_persons(frame: pd.DataFrame, *, output: str) -> pd.DataFrame:
    """Refuse a table that names persons: an output is what leaves, and no row of a person does.

    Parameters
    ----------
    frame : DataFrame
        As it would be written.
    output : str
        The output's id, for the message.

    Returns
    -------
    DataFrame
        `frame`.

    Raises
    ------
    OutputError
        If a column, or the index, has ids of persons.
    """
    named = [name for name in (*frame.columns, *frame.index.names) if name in PERSON_COLUMNS]
    if named:
        raise OutputError(
            f"output '{output}' must not have a row for each person; found column '{named[0]}'. Declare counts or "
            "estimates instead."
        )
    return frame


def frame_of(table: Any, *, output: str) -> pd.DataFrame:
    """Take the table of a result.

    Parameters
    ----------
    table : object
        With ``to_frame``.
    output : str
        The output's id, for the message.

    Returns
    -------
    DataFrame
        As it is written.

    Raises
    ------
    OutputError
        If it has none.
    """
    # What has a row for each person is declared by its estimates.
    make = getattr(table, "estimates" if getattr(table, "rows_of_persons", False) else "to_frame", None)
    frame = make() if callable(make) else None
    if not isinstance(frame, pd.DataFrame):
        raise OutputError(
            f"output '{output}' must be a DataFrame or have to_frame(); found {type(table).__name__}. Convert it first."
        )
    return frame
