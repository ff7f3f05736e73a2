"""Columns of a table of people, read one by one."""

from abc import ABC, abstractmethod

import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.rows import Rows
from analysis_lib.report.columns.pieces import CodedColumn, NumberColumn

__all__ = ["Table", "no_table_shows"]


class Table(ABC):
    """Rows whose columns are read one by one, each as often as asked for, from any thread.

    Attributes
    ----------
    rows : Rows
        Names and units of the columns.
    """

    rows: Rows

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """Rows of every column."""

    @abstractmethod
    def column(self, name: str) -> NumberColumn | CodedColumn:
        """Look at a column to be described.

        Parameters
        ----------
        name : str
            A known column.

        Returns
        -------
        NumberColumn or CodedColumn
            Numbers, or levels.

        Raises
        ------
        ModelInputError
            If it is of a type that no table shows.
        """

    @abstractmethod
    def coded(self, name: str) -> CodedColumn:
        """Read a column of groups, of any type that has equal values.

        Parameters
        ----------
        name : str
            A known column.

        Returns
        -------
        CodedColumn
            Levels that occur, in their order.
        """

    @abstractmethod
    def series(self, name: str) -> pd.Series:
        """Read a whole column as it is.

        Parameters
        ----------
        name : str
            A known column.

        Returns
        -------
        Series
            With a fresh index.
        """


def no_table_shows(name: str, *, kind: str) -> ModelInputError:
    """Say that a column is of a type that no table shows.

    Parameters
    ----------
    name : str
        The column.
    kind : str
        Its type.

    Returns
    -------
    ModelInputError
        To be raised.
    """
    return ModelInputError(
        f"a column described must be a number, a bool, a category or text; column '{name}' is {kind}. "
        "Turn dates into years."
    )
