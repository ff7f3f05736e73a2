"""Conditions of statements that are built once and asked many times a second."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

__all__ = ["is_one_of"]


def is_one_of(column: sa.Column[Any], words: Iterable[str]) -> sa.ColumnElement[bool]:
    """Ask whether a column has one of some words of our own.

    They become part of the statement's text: ``in_`` would have SQLAlchemy write the list anew at every execution.

    Parameters
    ----------
    column : Column
        Of a table.
    words : iterable of str
        Constants of this program, such as states of a run; never what somebody sent.

    Returns
    -------
    ColumnElement
        For ``where``.

    Raises
    ------
    ValueError
        If a word is not one of lower-case letters, ``_`` and ``-``.
    """
    listed = list(words)
    if not all(word.replace("_", "").replace("-", "").isalpha() and word.islower() for word in listed):
        raise ValueError("not words of this program")
    return column.in_([sa.literal_column(f"'{word}'") for word in listed])
