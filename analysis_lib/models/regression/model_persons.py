"""Counting the distinct persons behind a regression, in total, with the outcome, and by level."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis_lib.models.rows import DesignPlan, Prepared, Rows
from analysis_lib.models.rows.design import mapped
from analysis_lib.models.sums import Block, DesignRows

__all__ = ["counted_persons"]


def counted_persons(design: DesignRows, *, binary: bool) -> tuple[dict[str, int], int]:
    """Count persons by cell; where the data name none, each row is one.

    Parameters
    ----------
    design : DesignRows
        Rows.
    binary : bool
        Whether the outcome is an event.

    Returns
    -------
    persons : dict of str to int
        ``all``, ``events`` where there are such, then ``COLUMN=LEVEL`` and ``COLUMN=LEVEL, events``.
    events : int
        Rows with the outcome; 0 where it is no event.
    """
    if design.rows.person_column is None and not any(r.kind == "level" for r in design.plan.encoding.recipes):
        events = int(design.add_up(_WithOutcome())[0]) if binary else 0
        return {"all": design.plan.n, **({"events": events} if binary else {})}, events
    in_memory = design.rows.place == "memory"
    read = _CellsOfPart(design.plan, design.rows, binary, design.prepared if in_memory else None)
    parts: list[dict[str, tuple[int, Any]]] = mapped(read, design.rows)
    cells = list(dict.fromkeys(cell for part in parts for cell in part))
    counts = {}
    for cell in cells:
        found = [part[cell] for part in parts if cell in part]
        ids = [pair[1] for pair in found if pair[1] is not None]
        counts[cell] = int(pd.unique(np.concatenate(ids)).size) if ids else sum(pair[0] for pair in found)
    events = sum(part["events"][0] for part in parts if "events" in part)
    return {cell: counts[cell] for cell in ("all", "events", *cells) if cell in counts}, events


@dataclass(frozen=True)
class _WithOutcome:
    """Counts rows with the outcome."""

    needs_design: bool = False

    def start(self, p: int) -> list[Any]:  # noqa: ARG002 - every kind of work is told
        return [0]

    def add(self, sums: list[Any], block: Block) -> None:
        sums[0] += int(np.count_nonzero(block.y > 0))


@dataclass(frozen=True)
class _CellsOfPart:
    """Rows and ids by cell, for one part."""

    plan: DesignPlan
    rows: Rows
    binary: bool
    prepared: Callable[[int], Prepared] | None

    def __call__(self, number: int) -> dict[str, tuple[int, Any]]:
        names, person = list(self.plan.columns), self.rows.person_column
        if self.prepared is not None and person is None:
            return cells_of(self.prepared(number), self.plan, ids=None, binary=self.binary)
        frame = self.rows.parts[number]([*names, *([person] if person and person not in names else [])])
        kept = frame if not self.plan.has_missing[number] else frame.loc[frame[names].notna().all(axis=1)]
        part = self.plan.prepare(kept[names], complete=True) if self.prepared is None else self.prepared(number)
        ids = kept[person].to_numpy() if person else None
        return cells_of(part, self.plan, ids=ids, binary=self.binary)


def cells_of(part: Prepared, plan: DesignPlan, *, ids: Any, binary: bool) -> dict[str, tuple[int, Any]]:
    """Count rows, and gather ids, by cell.

    Parameters
    ----------
    part : Prepared
        Rows.
    plan : DesignPlan
        The design.
    ids : ndarray or None
        Whose each row is.
    binary : bool
        Whether the outcome is an event.

    Returns
    -------
    dict of str to tuple
        By cell, rows and distinct ids (None where there are none).
    """
    event = part.response > 0 if binary else None
    found: dict[str, tuple[int, Any]] = {}

    def count(cell: str, chosen: Any) -> None:
        rows = part.size if chosen is None else int(np.count_nonzero(chosen))
        found[cell] = (rows, None if ids is None else pd.unique(ids if chosen is None else ids[chosen]))

    count("all", None)
    if event is not None:
        count("events", event)
    seen: set[str] = set()
    for source, recipe in zip(part.sources, part.recipes, strict=True):
        if recipe.kind != "level" or recipe.column in seen:
            continue
        seen.add(recipe.column)
        for place, level in enumerate(plan.facts.columns[recipe.column].levels):
            inside = source == place
            count(f"{recipe.column}={level}", inside)
            if event is not None:
                count(f"{recipe.column}={level}, events", inside & event)
    return found
