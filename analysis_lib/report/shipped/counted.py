"""A table together with the persons behind it, as `Report` declares it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis_lib.printed_numbers import format_estimate
from analysis_lib.tables import column_in_words, html_table, text_table

__all__ = ["CountedTable"]


@dataclass(frozen=True, repr=False, eq=False)
class CountedTable:
    """A table of counts.

    Attributes
    ----------
    frame : DataFrame
        The table.
    title : str
        Caption.
    method : str
        How the counts are made.
    persons : mapping of str to int
        Persons behind it: in total, and by cell, where a cell counts records at most so many.
    words : int, default 1
        How many columns from the left hold words.
    """

    frame: pd.DataFrame
    title: str
    method: str
    persons: Mapping[str, int]
    words: int = 1

    def to_frame(self) -> pd.DataFrame:
        """Return the table.

        Returns
        -------
        DataFrame
            A copy of `frame`.
        """
        return self.frame.copy()

    def __len__(self) -> int:
        return len(self.frame)

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        return [_heading(name) for name in self.frame.columns], [
            [_written(value) for value in row] for row in self.frame.itertuples(index=False)
        ]

    def __repr__(self) -> str:
        return f"{self.title}\n\n{text_table(*self._cells())}"

    def _repr_html_(self) -> str:
        notes = [f"{self.method[:1].upper()}{self.method[1:]}."]
        return html_table(*self._cells(), caption=self.title, notes=notes, left=self.words)


def _heading(name: str) -> str:
    """Write ``share_percent_now`` as ``Share now, %``."""
    words = column_in_words(name.replace("_percent", ""))
    return f"{words}, %" if "_percent" in name else words


def _written(value: object) -> str:
    if isinstance(value, float):
        if 0 < value < 0.005:
            return "<0.01"  # 0.00 would say that there is none
        return format_estimate(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
