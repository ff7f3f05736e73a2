"""From columns to what is known of them, several columns side by side in threads."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis_lib.compute.machine import usable_cores
from analysis_lib.errors import ModelInputError
from analysis_lib.report.baseline_lines import MOST_LEVELS, OVERALL, ColumnFacts, refuse_many
from analysis_lib.report.columns import (
    LevelFacts,
    NumberColumn,
    NumberFacts,
    PersonRows,
    Table,
    level_facts,
    number_facts,
    persons_by_cell,
)
from analysis_lib.report.group_tests import OF_RANKS
from analysis_lib.tables import level_in_words

__all__ = ["Groups", "Wanted", "describe", "groups_of"]

#: Tables with fewer cells are done sooner than threads are started.
_WORTH_THREADS = 200_000


@dataclass(frozen=True)
class Groups:
    """Which rows belong to which column of the table.

    Attributes
    ----------
    names : tuple of str
        Columns of the table in order; `OVERALL` first where everybody has one.
    codes : ndarray of uint8
        Group of each row.
    n_groups : int
        How many groups there are, everybody not counted.
    persons : PersonRows or None
        Whose the rows are; None where each row is a person.
    """

    names: tuple[str, ...]
    codes: npt.NDArray[np.uint8]
    n_groups: int
    persons: PersonRows | None

    @property
    def overall(self) -> bool:
        """Whether everybody comes first, beside the groups."""
        return len(self.names) > self.n_groups


@dataclass(frozen=True)
class Wanted:
    """What is asked of the columns.

    Attributes
    ----------
    labels : mapping of str to str
        Columns in order, with what the table calls them.
    nonnormal : sequence of str
        Columns shown by median and quartiles.
    tests : mapping of str to str
        Test by column, empty for the usual one; columns that are not named have none.
    """

    labels: Mapping[str, str]
    nonnormal: Sequence[str]
    tests: Mapping[str, str]


def groups_of(table: Table, *, by: str | None, overall: bool, persons: PersonRows | None) -> Groups:
    """Find each row's group; the groups in their own order.

    Parameters
    ----------
    table : Table
        Rows.
    by : str or None
        Column with the groups; None for everybody in one.
    overall : bool
        Whether everybody is shown beside the groups.
    persons : PersonRows or None
        Whose the rows are.

    Returns
    -------
    Groups
        At most as many as fit in a table.

    Raises
    ------
    ModelInputError
        If a row has no group, or there are too many.
    """
    if by is None:
        return Groups((OVERALL,), np.zeros(table.n_rows, dtype=np.uint8), 1, persons)
    column = table.coded(by)
    if len(column.levels) > MOST_LEVELS:
        raise ModelInputError(
            f"column '{by}' makes {len(column.levels):,} groups, more than fit in a table ({MOST_LEVELS}). "
            "Is it a measurement?"
        )
    codes = [piece.levels() for piece in column.pieces]
    lacking = sum(int((piece < 0).sum()) for piece in codes)
    if lacking:
        raise ModelInputError(
            f"each row needs a group; column '{by}' is missing in {lacking:,} rows. Give them a "
            "group or leave them out."
        )
    names = tuple(map(level_in_words, column.levels))
    if len({OVERALL, *names}) <= len(names):
        raise ModelInputError(
            f"each group needs a name of its own, other than '{OVERALL}'; column '{by}' has two that read alike. "
            "Rename one."
        )
    whole = np.concatenate([piece.astype(np.uint8) for piece in codes])
    return Groups((OVERALL, *names) if overall else names, whole, len(names), persons)


def describe(table: Table, *, groups: Groups, wanted: Wanted) -> list[ColumnFacts]:
    """Add up all columns.

    Parameters
    ----------
    table : Table
        Rows.
    groups : Groups
        Which rows belong together.
    wanted : Wanted
        Columns and what is asked of them.

    Returns
    -------
    list of ColumnFacts
        In the order of the columns.

    Raises
    ------
    ModelInputError
        If a column cannot be described.
    """

    def one(name: str) -> ColumnFacts:
        return _facts(table, name, groups=groups, wanted=wanted)

    workers = min(usable_cores(), len(wanted.labels))
    if workers < 2 or table.n_rows * len(wanted.labels) < _WORTH_THREADS:
        return [one(name) for name in wanted.labels]
    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(one, name) for name in wanted.labels]
        try:
            return [column.result() for column in waiting]
        finally:
            pool.shutdown(cancel_futures=True)  # one column that cannot be described need not wait for the others


def _facts(table: Table, name: str, *, groups: Groups, wanted: Wanted) -> ColumnFacts:
    column = table.column(name)
    numbers: NumberFacts | None = None
    nonnormal, test = name in wanted.nonnormal, wanted.tests.get(name)
    if isinstance(column, NumberColumn):
        numbers = number_facts(
            column,
            groups.codes,
            n_groups=groups.n_groups,
            overall=groups.overall,
            quartiles=nonnormal,
            ranks=test is not None and (test in OF_RANKS or (not test and nonnormal)),
            name=name,
        )
        levels = _levels_of_numbers(column, numbers, groups=groups)
        numbers = None if numbers.yes is not None else numbers
    else:
        refuse_many(len(column.levels), name)
        levels = level_facts(
            column,
            groups.codes,
            n_groups=groups.n_groups,
            overall=groups.overall,
            persons=groups.persons,
        )
    return ColumnFacts(
        name=name,
        label=wanted.labels[name],
        groups=groups.names,
        compared=slice(int(groups.overall), None),
        levels=levels,
        numbers=numbers,
        nonnormal=nonnormal,
        tested=test,
    )


def _levels_of_numbers(column: NumberColumn, found: NumberFacts, *, groups: Groups) -> LevelFacts:
    """Count the missing, and no and yes where all numbers are 0 or 1, by rows and by persons."""
    levels: tuple[bool, ...] = ()
    if found.yes is None:
        counts = np.column_stack([found.missing])
    else:
        counts, levels = np.column_stack([found.n - found.yes, found.yes, found.missing]), (False, True)
    distinct = counts
    if groups.persons is not None and (found.yes is not None or found.missing.any()):
        cells = []
        for piece in column.pieces():
            missing = piece.missing()
            value = np.where(missing, 0, piece.values) if found.yes is not None else -1
            cells.append(np.where(missing, len(levels), value).astype(np.int32))
        distinct = persons_by_cell(
            np.concatenate(cells),
            groups.codes,
            shape=(groups.n_groups, len(levels) + 1),
            overall=groups.overall,
            persons=groups.persons,
        )
    return LevelFacts(
        levels=levels,
        counts=counts[:, :-1],
        missing=counts[:, -1],
        persons=distinct[:, :-1],
        persons_missing=distinct[:, -1],
        truth=found.yes is not None,
    )
