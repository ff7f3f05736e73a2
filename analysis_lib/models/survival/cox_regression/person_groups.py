"""Counting the persons behind a model, in total and by the groups that its covariates make."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.models.rows.design import DesignPlan, Prepared
from analysis_lib.models.rows.source import Rows

__all__ = ["GroupCodes", "grouped_columns", "persons_by_group"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: Rows looked at to see whether a column of numbers may have two values only.
_FIRST_LOOK = 1_000
#: Up to so many groups are counted one by one, which needs no wider copy of the codes.
_FEW_GROUPS = 16


@dataclass(frozen=True)
class GroupCodes:
    """Groups that one column makes.

    Attributes
    ----------
    column : str
        Its name.
    labels : tuple of str
        Of the groups.
    source : int
        Design column they are read from.
    values : tuple of float
        The two values, for a column of numbers; empty for categories, whose codes are there already.
    codes : ndarray of int, shape (n,)
        Group of each row; -1 where a column of numbers has a third value after all.
    """

    column: str
    labels: tuple[str, ...]
    source: int
    values: tuple[float, ...]
    codes: npt.NDArray[Any]

    def codes_of(self, prepared: Prepared) -> npt.NDArray[Any]:
        """Read the groups of the rows of a part.

        Parameters
        ----------
        prepared : Prepared
            The part.

        Returns
        -------
        ndarray of int
            As `codes`.
        """
        found = prepared.sources[self.source]
        if not self.values:
            return found
        codes = np.full(found.size, -1, dtype=np.int8)
        for code, value in enumerate(self.values):
            codes[found == value] = code
        return codes


def grouped_columns(plan: DesignPlan, rows: Rows) -> list[GroupCodes]:
    """Find the columns by which tables show persons: categories, and numbers that look as if they had two values.

    Parameters
    ----------
    plan : DesignPlan
        The design.
    rows : Rows
        The data, of which the first are looked at.

    Returns
    -------
    list of GroupCodes
        Without codes.
    """
    found: dict[str, GroupCodes] = {}
    nothing = np.empty(0, dtype=np.int64)
    look = rows.parts[0](list(plan.columns)).head(_FIRST_LOOK)
    for source, recipe in enumerate(plan.encoding.recipes):
        name = recipe.column
        if name in found or recipe.kind not in {"number", "level"}:
            continue
        facts = plan.facts.columns[name]
        if recipe.kind == "level":
            found[name] = GroupCodes(name, tuple(str(level) for level in facts.levels), source, (), nothing)
            continue
        ends = (facts.smallest, facts.largest)
        if look[name].dropna().isin(ends).all():
            kind = np.dtype(facts.dtype)
            found[name] = GroupCodes(name, tuple(str(kind.type(end)) for end in ends), source, ends, nothing)
    return list(found.values())


def persons_by_group(
    person: pd.Series | None, event: BoolArray, *, groups: Sequence[GroupCodes], counted: BoolArray
) -> dict[str, int]:
    """Count distinct persons.

    Parameters
    ----------
    person : Series or None
        Whose each row is; None where each row is a person.
    event : ndarray of bool, shape (n,)
        Whether the row has the event.
    groups : sequence of GroupCodes
        With codes.
    counted : ndarray of bool, shape (n,)
        Rows that count.

    Returns
    -------
    dict of str to int
        Keys ``all`` and ``events``, then ``COLUMN=LABEL`` and ``COLUMN=LABEL, events`` for each group.
    """
    ids: IntArray | None = None
    if person is not None:
        codes, known = pd.factorize(person, use_na_sentinel=False)
        ids = codes.astype(np.int64) if len(known) < len(codes) else None
    counts = {name: int(np.count_nonzero(rows)) for name, rows in (("all", counted), ("events", event))}
    if ids is not None:
        counts = {"all": np.unique(ids[counted]).size, "events": np.unique(ids[event]).size}
    for group in groups:
        if (group.codes < 0).any():
            continue
        size = len(group.labels)
        for label, inside, with_event in zip(
            group.labels,
            _count(ids, group.codes, size=size, among=counted),
            _count(ids, group.codes, size=size, among=event),
            strict=True,
        ):
            counts[f"{group.column}={label}"] = inside
            counts[f"{group.column}={label}, events"] = with_event
    return counts


def _count(ids: IntArray | None, codes: npt.NDArray[Any], *, size: int, among: BoolArray) -> list[int]:
    codes = codes[among]
    if ids is not None:
        codes = np.unique(ids[among] * size + codes) % size
    if size > _FEW_GROUPS:
        return [int(count) for count in np.bincount(codes.astype(np.int64), minlength=size)]
    return [int(np.count_nonzero(codes == group)) for group in range(size)]
