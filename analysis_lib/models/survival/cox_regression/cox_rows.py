"""From data of any kind to the rows of a Cox model: covariates in blocks, follow-up, strata, weights and clusters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.compute.buckets import map_in_threads
from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import listed
from analysis_lib.models.rows.design import DesignPlan, Prepared, design_plan
from analysis_lib.models.rows.follow_up import TIE_TOLERANCE
from analysis_lib.models.rows.source import Rows
from analysis_lib.models.survival.cox_regression.covariate_blocks import BLOCK, HeldPiece, ReadPiece, pieces_of
from analysis_lib.models.survival.cox_regression.follow_up_columns import (
    CoxColumns,
    TimeArray,
    causes_of,
    events_of,
    names_of_strata,
    numbers_of,
    times_of,
)
from analysis_lib.models.survival.cox_regression.person_groups import GroupCodes, grouped_columns

__all__ = ["CoxRows", "read_cox_rows"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: Covariates up to this many bytes are copied once; larger ones are read again at every pass where they lie in memory
#: already, and held where they would have to be decoded.
_COPIED = 300_000_000
_HELD = 900_000_000
#: A term that the others explain to this relative precision is one of them in disguise; R drops it at about the same.
_COLLINEAR = 1e-6


@dataclass(frozen=True)
class CoxRows:
    """The complete cases of a Cox model.

    Attributes
    ----------
    plan : DesignPlan
        How covariates are made.
    terms, words, term_of : tuple of str
        Design columns without the intercept: names, names for readers, and the term of the formula each belongs to.
    pieces : list
        Covariates, centred, in blocks.
    centre, scale : ndarray of float64, shape (p,)
        Mean and standard deviation of each.
    stop : ndarray of float64 or int32, shape (n,)
        End of follow-up.
    event : ndarray of bool, shape (n,)
        Whether it ended with the event.
    competing : ndarray of bool, shape (n,) or None
        Whether it ended with another of several causes, where that was asked.
    start : ndarray of float64 or int32, shape (n,) or None
        Beginning.
    weight, offset : ndarray of float64, shape (n,) or None
        Case weights and offsets; rows of weight 0 stay, without an event.
    stratum : ndarray of int64, shape (n,) or None
        Number of the stratum of each row.
    strata : tuple of str
        Their names; one empty name without strata.
    cluster : Series or None
        Cluster of each row.
    person : Series or None
        Whose each row is.
    row_number : ndarray of int64, shape (n,) or None
        Number of each row in the data; None where none was left out.
    groups : tuple of GroupCodes
        Levels of categories, and of numbers with two values: what tables show persons by.
    n_unweighted : int
        Rows of weight 0.
    """

    plan: DesignPlan
    terms: tuple[str, ...]
    words: tuple[str, ...]
    term_of: tuple[str, ...]
    pieces: Sequence[HeldPiece | ReadPiece]
    centre: FloatArray
    scale: FloatArray
    stop: TimeArray
    event: BoolArray
    competing: BoolArray | None
    start: TimeArray | None
    weight: FloatArray | None
    offset: FloatArray | None
    stratum: IntArray | None
    strata: tuple[str, ...]
    cluster: pd.Series | None
    person: pd.Series | None
    row_number: IntArray | None
    groups: tuple[GroupCodes, ...]
    n_unweighted: int


@dataclass(frozen=True)
class _Part:
    """What one part of the rows holds."""

    x: list[FloatArray]
    n_rows: int
    present: BoolArray | None
    stop: TimeArray
    event: BoolArray
    start: TimeArray | None
    weight: FloatArray | None
    offset: FloatArray | None
    others: Mapping[str, pd.Series]
    codes: Sequence[npt.NDArray[Any]]
    total: FloatArray
    products: FloatArray

    @property
    def size(self) -> int:
        return self.stop.size


def read_cox_rows(rows: Rows, asked: CoxColumns) -> CoxRows:
    """Read and check the rows of a Cox model.

    Parameters
    ----------
    rows : Rows
        The data.
    asked : CoxColumns
        Which column plays which part.

    Returns
    -------
    CoxRows
        In the order of the data.

    Raises
    ------
    ModelInputError
        If something cannot be used: see `cox`.
    """
    event_beside = _event_beside(rows, asked)
    extra = [name for name in asked.beside_covariates if name != event_beside]
    plan = design_plan(asked.right, rows, columns=asked.covariates, extra=extra)
    person = rows.person_column
    beside = [name for name in (person, event_beside) if name is not None]
    first = _first_column(plan)
    if len(plan.terms) == first:
        raise ModelInputError("a Cox model needs a covariate; found none. For one group, use kaplan_meier.")
    size = plan.n * (len(plan.terms) - first) * 8
    hold = size <= (_COPIED if rows.place == "memory" else _HELD)
    grouped = grouped_columns(plan, rows)
    read = _PartReader(rows, plan, asked=asked, beside=beside, hold=hold, first=first, grouped=grouped)
    parts = [part for part in map_in_threads(read, range(len(rows.parts))) if part.size]
    mean, scale = _moments(parts, terms=plan.terms[first:], centre=plan.shift[first:] + read.rest)
    derived = np.array([recipe.kind == "derived" for recipe in plan.encoding.recipes[first:]])
    left = np.where(derived, mean - plan.shift[first:] - read.rest, 0.0)
    read.rest = read.rest + left
    if hold:
        pieces: Any = pieces_of((read.centred(block, left) for part in parts for block in part.x), n=plan.n)
    else:
        firsts = np.cumsum([0, *(part.size for part in parts)])
        numbers = [number for number, held in enumerate(read.sizes) if held]
        pieces = [
            ReadPiece(int(begin), _Reading(read, number)) for begin, number in zip(firsts[:-1], numbers, strict=True)
        ]
    stratum: IntArray | None = None
    strata: tuple[str, ...] = ("",)
    if asked.strata:
        stratum, strata = names_of_strata([_joined(parts, name) for name in asked.strata])
    event, competing = np.concatenate([part.event for part in parts]), None
    if asked.cause is not None:
        event, competing = causes_of(_joined(parts, asked.event), asked)
    found = CoxRows(
        plan=plan,
        terms=plan.terms[first:],
        words=plan.words[first:],
        term_of=plan.encoding.term_of[first:],
        pieces=pieces,
        centre=plan.shift[first:] + read.rest,
        scale=scale,
        stop=np.concatenate([part.stop for part in parts]),
        event=event,
        competing=competing,
        start=None if asked.start is None else np.concatenate([part.start for part in parts if part.start is not None]),
        weight=_optional([part.weight for part in parts]),
        offset=_optional([part.offset for part in parts]),
        stratum=stratum,
        strata=strata,
        cluster=_joined(parts, asked.cluster) if asked.cluster else None,
        person=_joined(parts, person) if person else None,
        row_number=_row_numbers(read.present),
        groups=tuple(
            replace(group, codes=np.concatenate([part.codes[place] for part in parts]))
            for place, group in enumerate(grouped)
        ),
        n_unweighted=0,
    )
    _check_follow_up(found, asked)
    return _without_weight(found)


def _give_back_memory() -> None:
    """Let go of what Arrow keeps for its next reading, which may be as much again as the covariates."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def _event_beside(rows: Rows, asked: CoxColumns) -> str | None:
    """Name the event where a missing value in it is no gap: a text or category that says with what follow-up ended."""
    if asked.cause is None:
        return None
    column = rows.parts[0]([asked.event])[asked.event]
    return None if pd.api.types.is_numeric_dtype(column.dtype) else asked.event


def _first_column(plan: DesignPlan) -> int:
    return 1 if plan.terms and plan.terms[0] == "Intercept" else 0


class _PartReader:
    """Reads parts; remembers how many rows each has, and which are complete."""

    def __init__(
        self,
        rows: Rows,
        plan: DesignPlan,
        *,
        asked: CoxColumns,
        beside: Sequence[str],
        hold: bool,
        first: int,
        grouped: Sequence[GroupCodes],
    ) -> None:
        self.rows, self.plan, self.asked, self.beside = rows, plan, asked, beside
        self.hold, self.first, self.grouped = hold, first, grouped
        # The plan's shift centres numbers. Levels lack their share of the rows; of expressions the mean is known later.
        self.rest = np.zeros(len(plan.terms) - first)
        for place, recipe in enumerate(plan.encoding.recipes[first:]):
            if recipe.kind == "level":
                self.rest[place] = list(plan.facts.columns[recipe.column].levels.values())[recipe.level] / plan.n
        self.kept: dict[int, Prepared] = {}
        self.sizes = [0] * len(rows.parts)
        self.present: list[tuple[int, BoolArray | None]] = [(0, None)] * len(rows.parts)

    def prepared(self, number: int) -> tuple[pd.DataFrame, Prepared]:
        frame = self.rows.parts[number](list(dict.fromkeys([*self.plan.columns, *self.beside])))
        total = len(frame)
        present: BoolArray | None = None
        if self.plan.has_missing[number]:
            present = frame[list(self.plan.columns)].notna().all(axis=1).to_numpy()
            frame = frame.loc[present]
        self.present[number] = (total, present)
        if self.rows.place == "files":
            _give_back_memory()
        return frame, self.plan.prepare(frame[list(self.plan.columns)], complete=True, response=False)

    def blocks(self, prepared: Prepared) -> Iterator[FloatArray]:
        """Give the covariates, centred; in new arrays where they are held, else valid until the next block."""
        kept = replace(prepared, sources=prepared.sources[self.first :], recipes=prepared.recipes[self.first :])
        shift = self.plan.shift[self.first :]
        p, memory = len(kept.recipes), np.empty(0)
        for begin in range(0, kept.size, BLOCK):
            size = p * min(BLOCK, kept.size - begin)
            memory = np.empty(size) if self.hold or memory.size < size else memory  # fresh memory is slow
            out = memory[:size].reshape(p, -1)
            yield self.centred(kept.fill(out, begin, shift=shift), self.rest)

    def _are_views(self, prepared: Prepared, number: int) -> bool:
        """Tell whether what was prepared lies in the caller's own memory, so that to keep it costs nothing."""
        for source, recipe in zip(prepared.sources, prepared.recipes, strict=True):
            if recipe.kind == "derived":
                return False
            if recipe.kind == "number":
                own = self.rows.parts[number]([recipe.column])[recipe.column].to_numpy()
                if not np.shares_memory(source, own):
                    return False
        return True

    @staticmethod
    def centred(block: FloatArray, rest: FloatArray) -> FloatArray:
        """Take off, in place, what the plan's shift leaves."""
        for row in np.flatnonzero(rest):
            np.subtract(block[row], rest[row], out=block[row])
        return block

    def __call__(self, number: int) -> _Part:
        from analysis_lib.models.sums.product_kernels import add_weighted_products

        frame, prepared = self.prepared(number)
        self.sizes[number] = prepared.size
        if not self.hold and self.rows.place == "memory" and self._are_views(prepared, number):
            self.kept[number] = prepared
        p, asked = len(prepared.recipes) - self.first, self.asked
        total, products, kept = np.zeros(p), np.zeros((p, p)), []
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is named later
            for block in self.blocks(prepared):
                one = np.ones(block.shape[1])
                add_weighted_products(block, one, one, total, products)
                if self.hold:
                    kept.append(block)
        extra = prepared.extra
        others = {name: extra[name] for name in (*asked.strata, asked.cluster) if name is not None}
        others |= {name: frame[name] for name in self.beside}
        if asked.cause is None:
            event = events_of(extra[asked.event], name=asked.event)
        else:
            others[asked.event], event = frame[asked.event], np.zeros(prepared.size, dtype=np.bool_)
        return _Part(
            x=kept,
            n_rows=len(frame),
            present=None,
            stop=times_of(extra[asked.stop], name=asked.stop),
            event=event,
            start=times_of(extra[asked.start], name=asked.start) if asked.start else None,
            weight=numbers_of(extra[asked.weights], name=asked.weights, part="weight") if asked.weights else None,
            offset=numbers_of(extra[asked.offset], name=asked.offset, part="offset") if asked.offset else None,
            others=others,
            codes=[group.codes_of(prepared) for group in self.grouped],
            total=total,
            products=products,
        )


@dataclass(frozen=True)
class _Reading:
    """Reads the covariates of one part again."""

    reader: _PartReader
    number: int

    def __call__(self) -> Iterator[FloatArray]:
        kept = self.reader.kept.get(self.number)
        return self.reader.blocks(kept if kept is not None else self.reader.prepared(self.number)[1])


def _moments(parts: Sequence[_Part], *, terms: Sequence[str], centre: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Work out means and standard deviations, and refuse constant and collinear terms."""
    n = sum(part.size for part in parts)
    with np.errstate(over="ignore", invalid="ignore"):
        left = np.sum([part.total for part in parts], axis=0) / n
        covariance = np.sum([part.products for part in parts], axis=0) / n - np.outer(left, left)
    too_large = [term for term, value in zip(terms, np.diag(covariance), strict=True) if not np.isfinite(value)]
    if too_large:
        raise ModelInputError(
            f"a covariate's squares must be within double precision; found larger ones in {listed(too_large)}. "
            "Give it in a larger unit."
        )
    scale = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    mean = centre + left
    flat = [term for term, s, c in zip(terms, scale, mean, strict=True) if not s > 1e-14 * abs(c)]
    if flat:
        raise ModelInputError(
            f"a covariate must vary; found one value, as far as double precision tells, in all {n:,} rows analysed in "
            f"{listed(flat)}. Leave it out, or look at its unit and at how the rows were selected."
        )
    _refuse_collinear(covariance / np.outer(scale, scale), terms)
    return mean, scale


def _refuse_collinear(correlation: FloatArray, terms: Sequence[str]) -> None:
    """Find the first term that the ones before it give exactly, and name them."""
    if np.linalg.eigvalsh(correlation)[0] > 1e-6:
        return
    for index in range(1, len(terms)):
        before = correlation[:index, :index]
        weights = np.linalg.solve(before, correlation[:index, index])
        if correlation[index, index] - weights @ correlation[:index, index] < _COLLINEAR**2:
            givers = [term for term, weight in zip(terms[:index], weights, strict=True) if abs(weight) > 1e-5]
            raise ModelInputError(
                f"the covariates are collinear; '{terms[index]}' is a combination of {listed(givers)}. "
                "Leave one of them out."
            )


def _optional(parts: Sequence[FloatArray | None]) -> FloatArray | None:
    found = [part for part in parts if part is not None]
    return np.concatenate(found) if found else None


def _joined(parts: Sequence[_Part], name: str) -> pd.Series:
    pieces = [part.others[name] for part in parts]
    joined = pieces[0] if len(pieces) == 1 else pd.concat(pieces)
    return joined.reset_index(drop=True)


def _row_numbers(present: Sequence[tuple[int, BoolArray | None]]) -> IntArray | None:
    if all(complete is None for _, complete in present):
        return None
    whole = [np.ones(size, dtype=np.bool_) if complete is None else complete for size, complete in present]
    return np.flatnonzero(np.concatenate(whole))


def _check_follow_up(found: CoxRows, asked: CoxColumns) -> None:
    if found.start is None:
        if (found.stop <= 0).any():
            raise ModelInputError(
                f"follow-up must be > 0; column '{asked.stop}' is zero in {int((found.stop == 0).sum()):,} rows and "
                f"negative in {int((found.stop < 0).sum()):,}. Count the index day as the first day (add 1), or leave "
                "these rows out and say so."
            )
    elif (empty := found.stop - found.start <= TIE_TOLERANCE * np.abs(found.stop)).any():
        raise ModelInputError(
            f"follow-up must end after it begins; '{asked.stop}' is not after '{asked.start}' in "
            f"{int(empty.sum()):,} rows. A row is at risk after its start up to its stop: give a "
            "day's follow-up start = day - 1, or leave these rows out and say so."
        )
    if not found.event.any():
        what = f"column '{asked.event}' has none" if asked.cause is None else f"no row has the cause in '{asked.event}'"
        raise ModelInputError(
            f"a Cox model needs events; {what} in {found.event.size:,} rows. Check the outcome's "
            "concept ids and the time at risk."
        )


def _without_weight(found: CoxRows) -> CoxRows:
    """Take the events from rows of weight 0, which count for nothing, not even as ties."""
    if found.weight is None or (found.weight > 0).all():
        return found
    event = found.event & (found.weight > 0)
    if not event.any():
        raise ModelInputError(
            "a Cox model needs events; all rows with an event have weight 0. Look at how the weights were made."
        )
    return replace(found, event=event, n_unweighted=int((found.weight == 0).sum()))
