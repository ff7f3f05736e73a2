"""How declared outputs show themselves in the report."""

from dataclasses import dataclass
from html import escape
from numbers import Integral, Real
from typing import Any

import pandas as pd

from analysis_lib.tables import format_estimate, html_table

__all__ = ["ReportedNumber", "ReportedTable", "plain_number"]


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
        return f"{self.title}\n\n{self.content!r}"

    def _repr_html_(self) -> str:
        if not isinstance(self.content, pd.DataFrame):
            own = getattr(self.content, "_repr_html_", None)  # results bring their own caption
            return str(own()) if own is not None else f"<pre>{escape(repr(self))}</pre>"
        frame = self.content if isinstance(self.content.index, pd.RangeIndex) else self.content.reset_index()
        rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
        return html_table([str(name) for name in frame.columns], rows, caption=self.title)


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


def _cell(value: Any) -> str:
    number = plain_number(value)
    if number is not None:
        return f"{number:,}" if isinstance(number, int) else format_estimate(number)
    return "–" if value is None or value is pd.NA or value is pd.NaT else str(value)
