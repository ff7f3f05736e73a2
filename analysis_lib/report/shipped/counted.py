"""A table together with the persons behind it, as `Report` declares it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis_lib.report.declared import ReportedTable

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
    """

    frame: pd.DataFrame
    title: str
    method: str
    persons: Mapping[str, int]

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

    def __repr__(self) -> str:
        return f"{self.title}\n\n{self.frame!r}"

    def _repr_html_(self) -> str:
        return ReportedTable(self.title, self.frame)._repr_html_()
