"""The engine: a model says what it adds up over a block of rows, and this adds it up over all of them.

Nothing but sums leaves a part, so parts may lie in memory, in files, on the workers of a cluster or, one day, at
another site. Sums are taken part by part and then in the order of the parts, so that the number of threads or workers
does not change the last digit.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.compute import map_buckets
from analysis_lib.compute.buckets import map_in_threads
from analysis_lib.models.rows import DesignPlan, Prepared, Rows

if TYPE_CHECKING:
    from analysis_lib.compute import Cluster

__all__ = ["BLOCK_ROWS", "AddsUp", "Block", "DesignRows", "SampledRows", "Sums", "Work", "blas_of_one_thread"]

FloatArray = npt.NDArray[np.float64]
Sums = tuple[Any, ...]

#: Rows worked on at once: a block of a few dozen columns stays near the core, and a call of numpy is worth its cost.
BLOCK_ROWS = 16_384
#: A design smaller than this is kept between passes; a larger one is read again, so that memory stays bounded.
KEPT_BYTES = 400_000_000
#: A sample of this many rows, taken while files were looked at, is not worth another reading of them.
SAMPLE_ENOUGH = 20_000
_tokens = count()


@dataclass(frozen=True)
class Block:
    """A few rows as numbers.

    Attributes
    ----------
    x : ndarray of float64, shape (p, rows)
        Design columns, each less its shift; valid until the next block.
    y : ndarray of float64, shape (rows,)
        Outcome; empty where there is none.
    extra : mapping of str to ndarray
        The other columns, such as weights.
    """

    x: FloatArray
    y: FloatArray
    extra: Mapping[str, npt.NDArray[Any]]


class Work(Protocol):
    """What a model adds up; picklable, since it travels to where the rows are.

    An attribute ``needs_design`` that is False says that the design columns are not looked at; they are then empty.
    """

    def start(self, p: int) -> list[Any]:
        """Give empty sums.

        Parameters
        ----------
        p : int
            Design columns.
        """

    def add(self, sums: list[Any], block: Block) -> None:
        """Add a block's share, in place or by assignment to the list.

        Parameters
        ----------
        sums : list
            As `start` made it.
        block : Block
            Rows.
        """


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def blas_of_one_thread() -> Iterator[None]:
    """Keep BLAS to one thread: the parts are what runs side by side, and its threads would fight with ours.

    Yields
    ------
    None
        While it holds.
    """
    with _controller().limit(limits=1, user_api="blas"):
        yield


class AddsUp(Protocol):
    """Anything that can add up what a model asks for."""

    def add_up(self, work: Work) -> Sums:
        """Add up over all rows.

        Parameters
        ----------
        work : Work
            What to add.
        """


class DesignRows:
    """Rows with a plan for their design: what models add up over.

    Parameters
    ----------
    plan : DesignPlan
        How rows become numbers.
    rows : Rows
        The data.
    on : Cluster, optional
        Where parts of files and of Dask frames are worked on, as for `map_buckets`.
    """

    def __init__(self, plan: DesignPlan, rows: Rows, *, on: "Cluster | None" = None) -> None:
        # Results keep the plan and tasks carry it; rows of persons have no place in either.
        self.plan = replace(plan, sample=None)
        self._sample = plan.sample
        self.rows = rows
        self.shift = plan.shift
        self._on = on
        self._token = f"{id(plan):x}-{next(_tokens)}"
        self._kept: dict[int, Prepared] = {}
        self._keeps = rows.place != "memory" and plan.n * max(len(plan.terms), 1) * 8 <= KEPT_BYTES

    @property
    def p(self) -> int:
        """Design columns."""
        return len(self.plan.terms)

    def prepared(self, number: int) -> Prepared:
        """Turn a part of a frame in memory into numbers, once.

        Parameters
        ----------
        number : int
            Which part.

        Returns
        -------
        Prepared
            Its complete cases.
        """
        found = self._kept.get(number)
        if found is None:
            found = self._kept[number] = self._part().read(number)
        return found

    def add_up(self, work: Work) -> Sums:
        """Add up over all rows.

        Parameters
        ----------
        work : Work
            What to add.

        Returns
        -------
        tuple
            The sums.
        """
        numbers = range(len(self.rows.parts))
        if self.rows.place == "memory":
            with blas_of_one_thread():
                found = map_in_threads(lambda number: summed(work, self.prepared(number), shift=self.shift), numbers)
        else:
            with blas_of_one_thread():
                found = map_buckets(_PartWork(self._part(), work, self.shift), numbers, on=self._on)
        return together(found)

    def whole(self) -> Prepared:
        """Put the numbers of all parts together, for data that are small.

        Returns
        -------
        Prepared
            All complete cases, sources in one piece.
        """
        read = self.prepared if self.rows.place == "memory" else self._part()
        return joined_parts([read(number) for number in range(len(self.rows.parts))])

    def sample(self, size: int) -> Prepared:
        """Take a random sample of the rows, the same every time.

        Parameters
        ----------
        size : int
            Rows wanted; a few more or less come.

        Returns
        -------
        Prepared
            Rows in their order.
        """
        numbers = range(len(self.rows.parts))
        taken = self._sample
        if taken is not None and len(taken) >= min(size, SAMPLE_ENOUGH):
            return self.plan.prepare(taken, complete=True)
        take = _Sample(self._part(), size / max(self.plan.n, 1))
        if self.rows.place == "memory":
            return joined_parts(map_in_threads(lambda number: take.of(self.prepared(number), number=number), numbers))
        return joined_parts(map_buckets(take, numbers, on=self._on))

    def _part(self) -> "_Part":
        return _Part(self.plan, self.rows, token=self._token if self._keeps else "")


class SampledRows:
    """A few prepared rows, added up in one thread.

    Parameters
    ----------
    part : Prepared
        Rows.
    shift : ndarray of float64, shape (p,)
        Taken off the design columns.
    """

    def __init__(self, part: Prepared, *, shift: FloatArray) -> None:
        self._part, self._shift = part, shift

    def add_up(self, work: Work) -> Sums:
        """Add up over the rows.

        Parameters
        ----------
        work : Work
            What to add.

        Returns
        -------
        tuple
            The sums.
        """
        with blas_of_one_thread():
            return summed(work, self._part, shift=self._shift)


def joined_parts(parts: list[Prepared]) -> Prepared:
    """Put prepared parts under each other.

    Parameters
    ----------
    parts : list of Prepared
        Of one plan.

    Returns
    -------
    Prepared
        Of all their rows.
    """
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    return Prepared(
        size=sum(part.size for part in parts),
        sources=tuple(np.concatenate(pieces) for pieces in zip(*(part.sources for part in parts), strict=True)),
        recipes=first.recipes,
        response=np.concatenate([part.response for part in parts]),
        extra={name: pd.concat([part.extra[name] for part in parts]) for name in first.extra},
    )


@dataclass(frozen=True)
class _Part:
    """Reads and prepares one part; keeps it where it was prepared if the whole design is small."""

    plan: DesignPlan
    rows: Rows
    token: str

    def read(self, number: int, *, design: bool = True) -> Prepared:
        complete = not self.plan.has_missing[number]
        # Where nothing is missing, the outcome can be read without the covariates.
        columns = self.plan.columns if design or not complete else self.plan.outcome_columns
        return self.plan.prepare(self.rows.parts[number](columns), complete=complete, design=design)

    def __call__(self, number: int, *, design: bool = True) -> Prepared:
        if not self.token:
            return self.read(number, design=design)
        found = _kept.get((self.token, number))
        return found if found is not None else _kept.put((self.token, number), self.read(number))


class _Kept:
    """Prepared parts of designs in files, last used last; bounded, and safe among threads."""

    def __init__(self) -> None:
        self._parts: OrderedDict[tuple[str, int], Prepared] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: tuple[str, int]) -> Prepared | None:
        with self._lock:
            if key in self._parts:
                self._parts.move_to_end(key)
            return self._parts.get(key)

    def put(self, key: tuple[str, int], part: Prepared) -> Prepared:
        with self._lock:
            if key not in self._parts:
                self._parts[key] = part
                self._bytes += _size(part)
            while self._bytes > KEPT_BYTES and len(self._parts) > 1:
                self._bytes -= _size(self._parts.popitem(last=False)[1])
        return part

    def __reduce__(self) -> tuple[Any, ...]:
        return _Kept, ()


_kept = _Kept()


def _size(part: Prepared) -> int:
    return sum({id(source): source.nbytes for source in part.sources}.values()) + part.response.nbytes


@dataclass(frozen=True)
class _PartWork:
    part: _Part
    work: Work
    shift: FloatArray

    def __call__(self, number: int) -> Sums:
        part = self.part(number, design=getattr(self.work, "needs_design", True))
        return summed(self.work, part, shift=self.shift)


@dataclass(frozen=True)
class _Sample:
    """Takes a share of the rows of a part."""

    part: _Part
    share: float

    def __call__(self, number: int) -> Prepared:
        return self.of(self.part(number), number=number)

    def of(self, part: Prepared, *, number: int) -> Prepared:
        size = min(part.size, int(np.ceil(part.size * self.share)))
        chosen = np.sort(np.random.default_rng(number).choice(part.size, size, replace=False))
        return Prepared(
            size=size,
            sources=tuple(source[chosen] if source.size else source for source in part.sources),
            recipes=part.recipes,
            response=part.response[chosen] if part.response.size else part.response,
            extra={name: column.iloc[chosen] for name, column in part.extra.items()},
        )


_memory = threading.local()


def _memory_of_block(p: int, size: int) -> FloatArray:
    """Give each thread one piece of memory, again and again: fresh memory costs more than the numbers put into it."""
    memory = getattr(_memory, "block", None)
    if memory is None or memory.size < p * size:
        memory = _memory.block = np.empty(p * BLOCK_ROWS)
    found: FloatArray = memory[: p * size].reshape(p, size)
    return found


def summed(work: Work, part: Prepared, *, shift: FloatArray) -> Sums:
    """Add up over the rows of one part.

    Parameters
    ----------
    work : Work
        What to add.
    part : Prepared
        Rows.
    shift : ndarray of float64, shape (p,)
        Taken off the design columns.

    Returns
    -------
    tuple
        The sums.
    """
    p = len(part.recipes)
    sums, looks = work.start(p), getattr(work, "needs_design", True)
    extra = {name: column.to_numpy() for name, column in part.extra.items()}
    for first in range(0, part.size, BLOCK_ROWS):
        rows = slice(first, min(first + BLOCK_ROWS, part.size))
        size = rows.stop - first
        x = _memory_of_block(p if looks else 0, size)
        x = part.fill(x, first, shift=shift) if looks else x
        beside = {name: values[rows] for name, values in extra.items()}
        work.add(sums, Block(x, part.response[rows], beside))
    return tuple(sums)


def together(parts: list[Sums]) -> Sums:
    """Add the sums of parts, in their order.

    Parameters
    ----------
    parts : list of tuple
        At least one.

    Returns
    -------
    tuple
        Arrays and numbers added; lists put behind each other; None where nothing was kept.
    """
    total = list(parts[0])
    for part in parts[1:]:
        for index, value in enumerate(part):
            total[index] = total[index] + value
    return tuple(total)
