"""Covariates as blocks, centred: held in memory, or read again from their source at every pass."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["BLOCK", "HeldPiece", "ReadPiece", "pieces_of", "sorted_pieces"]

FloatArray = npt.NDArray[np.float64]

#: Rows of a block: ten covariates of it fit into a processor's own cache. No power of two: those collide there.
BLOCK = 8_000
#: A piece, the unit that threads share out, has at least as many blocks; and there are at most so many pieces.
BLOCKS_OF_A_PIECE = 8
MOST_PIECES = 48


@dataclass(frozen=True)
class HeldPiece:
    """Blocks in memory.

    Attributes
    ----------
    first : int
        Number of the first row.
    held : tuple of ndarray of float64, shape (p, m)
        The blocks, centred.
    """

    first: int
    held: tuple[FloatArray, ...]

    def blocks(self) -> Iterator[FloatArray]:
        """Give the blocks.

        Returns
        -------
        iterator of ndarray
            In order.
        """
        return iter(self.held)


@dataclass(frozen=True)
class ReadPiece:
    """Rows that are read at every pass, because there is no room for a copy of them.

    Attributes
    ----------
    first : int
        Number of the first row.
    read : callable
        Gives arrays of shape (p, at most `BLOCK`), centred, each valid until the next.
    """

    first: int
    read: Callable[[], Iterable[FloatArray]]

    def blocks(self) -> Iterator[FloatArray]:
        """Read the rows once more; a block is valid until the next.

        Returns
        -------
        iterator of ndarray
            In order.
        """
        return iter(self.read())


def pieces_of(blocks: Iterable[FloatArray], *, n: int) -> list[HeldPiece]:
    """Gather blocks into pieces.

    Parameters
    ----------
    blocks : iterable of ndarray of float64, shape (p, m)
        Centred.
    n : int
        Rows in all.

    Returns
    -------
    list of HeldPiece
        In order; their number depends on `n` only.
    """
    least = max(BLOCK * BLOCKS_OF_A_PIECE, -(-n // MOST_PIECES))
    pieces: list[HeldPiece] = []
    gathered: list[FloatArray] = []
    first = size = 0
    for block in blocks:
        gathered.append(block)
        size += block.shape[1]
        if size >= least:
            pieces.append(HeldPiece(first, tuple(gathered)))
            first, size, gathered = first + size, 0, []
    if gathered:
        pieces.append(HeldPiece(first, tuple(gathered)))
    return pieces


def sorted_pieces(pieces: list[HeldPiece], order: npt.NDArray[np.intp]) -> list[HeldPiece]:
    """Put the rows into another order, one covariate at a time.

    Parameters
    ----------
    pieces : list of HeldPiece
        In the order of the data; emptied of nothing.
    order : ndarray of int, shape (n,)
        Which row comes where.

    Returns
    -------
    list of HeldPiece
        A copy.
    """
    held = [block for piece in pieces for block in piece.held]
    n = order.size
    edges = range(0, n, BLOCK)
    blocks = [np.empty((len(held[0]), min(BLOCK, n - begin))) for begin in edges]
    for j in range(len(held[0])):
        column = np.concatenate([block[j] for block in held])
        for begin, block in zip(edges, blocks, strict=True):
            np.take(column, order[begin : begin + BLOCK], out=block[j])
    return pieces_of(blocks, n=n)
