"""Covariates by column, dense or sparse, and the few sums over them that a penalised fit needs."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis_lib.models.regression.penalised import sparse_kernels, sweep_kernels

if TYPE_CHECKING:
    import scipy.sparse as sp

__all__ = ["Columns", "DenseColumns", "SparseColumns", "Sweep"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Rows of a dense matrix that are weighted at once for products of columns.
BLOCK = 8192


@dataclass(frozen=True)
class Sweep:
    """One round of coordinate descent over some covariates: what it starts from, and changes in place.

    Attributes
    ----------
    members : ndarray of int64, shape (k,)
        The covariates.
    curvature : ndarray of float64, shape (n,)
        Weight of each row in the quadratic model, > 0.
    residual : ndarray of float64, shape (n,)
        Residual of each row; changed.
    means, steepness, scales : ndarray of float64, shape (k,)
        Sum of curvature times covariate; second derivative by the standardised coefficient; what it is divided by.
    point : ndarray of float64, shape (k,)
        Standardised coefficients; changed.
    l1, l2 : ndarray of float64, shape (k,)
        Penalties.
    shift : float
        What the intercept has moved before.
    total : float
        Sum of the curvatures.
    """

    members: IntArray
    curvature: FloatArray
    residual: FloatArray
    means: FloatArray
    steepness: FloatArray
    scales: FloatArray
    point: FloatArray
    l1: FloatArray
    l2: FloatArray
    shift: float
    total: float

    def words(self) -> tuple[Any, ...]:
        """Give the arguments of a kernel, in its order.

        Returns
        -------
        tuple
            Arrays and numbers.
        """
        return tuple(getattr(self, name) for name in self.__dataclass_fields__)


class Columns(ABC):
    """A matrix of n rows and p covariates.

    Attributes
    ----------
    n, p : int
        Rows and covariates.
    shift : ndarray of float64, shape (p,)
        What was subtracted from each covariate when it was stored; all sums are of the shifted numbers.
    few : int
        Up to so many covariates with a coefficient, their products are cheaper than rounds over the columns.
    """

    n: int
    p: int
    few: int
    shift: FloatArray

    @abstractmethod
    def take(self, rows: npt.NDArray[np.bool_] | IntArray) -> "Columns":
        """Copy some rows; `shift` stays the same.

        Parameters
        ----------
        rows : ndarray of bool, shape (n,), or of int64
            Which; or their positions, in the order wanted.

        Returns
        -------
        Columns
            Of the same kind.
        """

    @abstractmethod
    def moments(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give mean and standard deviation of each covariate under weights that sum to 1.

        Parameters
        ----------
        weights : ndarray of float64
            Of each row, summing to 1.

        Returns
        -------
        tuple of ndarray
            Means and standard deviations, shape (p,).
        """

    @abstractmethod
    def products(self, columns: IntArray, vector: FloatArray) -> FloatArray:
        """Multiply some covariates with a vector of n numbers.

        Parameters
        ----------
        columns : ndarray of int64
            Which covariates.
        vector : ndarray of float64
            One number for each row.

        Returns
        -------
        ndarray of float64
            One product for each covariate.
        """

    @abstractmethod
    def add_to(self, vector: FloatArray, columns: IntArray, *, steps: FloatArray) -> None:
        """Add multiples of some covariates to a vector, in place.

        Parameters
        ----------
        vector : ndarray of float64
            One number for each row; changed.
        columns : ndarray of int64
            Which covariates.
        steps : ndarray of float64
            What multiplies each.
        """

    @abstractmethod
    def squares(self, columns: IntArray, weights: FloatArray) -> FloatArray:
        """Give the weighted products of each pair of some covariates, shape (k, k).

        Parameters
        ----------
        columns : ndarray of int64
            Which covariates.
        weights : ndarray of float64
            Of each row.

        Returns
        -------
        ndarray of float64
            Symmetric.
        """

    @abstractmethod
    def weighted_squares(self, weights: FloatArray) -> FloatArray:
        """Give the weighted sum of squares of each covariate, shape (p,).

        Parameters
        ----------
        weights : ndarray of float64
            Of each row.

        Returns
        -------
        ndarray of float64
            One for each covariate.
        """

    @abstractmethod
    def sweep(self, over: Sweep) -> tuple[float, float]:
        """Do one round of coordinate descent in place; give the intercept's shift and the largest change.

        Parameters
        ----------
        over : Sweep
            Where it starts; changed.

        Returns
        -------
        tuple of float
            Shift, and largest step in units of the gradient.
        """

    @abstractmethod
    def squares_with(self, new: IntArray, columns: IntArray, *, weights: FloatArray) -> FloatArray:
        """Give the weighted products of each new covariate with each of some, shape (new, k).

        Parameters
        ----------
        new : ndarray of int64
            Covariates that come in.
        columns : ndarray of int64
            Covariates that are there, the new ones among them.
        weights : ndarray of float64
            Of each row.

        Returns
        -------
        ndarray of float64
            A line for each new covariate.
        """


def _positions(rows: npt.NDArray[np.bool_] | IntArray) -> IntArray:
    return np.flatnonzero(rows) if rows.dtype == np.bool_ else np.asarray(rows, dtype=np.int64)


class DenseColumns(Columns):
    """Covariates held as one array, a covariate after the other, centred.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Taken over; centred already, or centred in place where no `shift` is given.
    shift : ndarray of float64, shape (p,), optional
        What was subtracted already.
    """

    few = 200

    def __init__(self, values: FloatArray, *, shift: FloatArray | None = None) -> None:
        self.p, self.n = values.shape
        self.shift = values.mean(axis=1) if shift is None else shift
        if shift is None:
            values -= self.shift[:, None]
        self._values = values

    def take(self, rows: npt.NDArray[np.bool_] | IntArray) -> "DenseColumns":
        return DenseColumns(np.take(self._values, _positions(rows), axis=1), shift=self.shift)

    def moments(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        means = self._values @ weights
        variances = np.array([weights @ np.square(line - mean) for line, mean in zip(self._values, means, strict=True)])
        return means, np.sqrt(variances)

    def products(self, columns: IntArray, vector: FloatArray) -> FloatArray:
        if columns.size == self.p:
            return np.asarray((self._values @ vector)[columns])
        return np.array([self._values[column] @ vector for column in columns], dtype=np.float64)

    def add_to(self, vector: FloatArray, columns: IntArray, *, steps: FloatArray) -> None:
        if columns.size > self.p // 2:
            full = np.zeros(self.p)
            full[columns] = steps
            vector += full @ self._values
            return
        for column, step in zip(columns, steps, strict=True):
            if step != 0.0:
                vector += step * self._values[column]

    def squares(self, columns: IntArray, weights: FloatArray) -> FloatArray:
        return self.squares_with(columns, columns, weights=weights)

    def squares_with(self, new: IntArray, columns: IntArray, *, weights: FloatArray) -> FloatArray:
        found = np.zeros((new.size, columns.size))
        for start in range(0, self.n, BLOCK):
            rows = slice(start, start + BLOCK)
            part = self._values[:, rows]
            found += (part[new] * weights[rows]) @ part[columns].T
        return found

    def weighted_squares(self, weights: FloatArray) -> FloatArray:
        return np.array([weights @ np.square(line) for line in self._values], dtype=np.float64)

    def sweep(self, over: Sweep) -> tuple[float, float]:
        shift, largest = sweep_kernels.sweep_dense(self._values, *over.words())
        return float(shift), float(largest)


@dataclass(frozen=True)
class _Cells:
    """The filled cells in one order: by column or by row."""

    starts: npt.NDArray[Any]
    places: npt.NDArray[Any]
    values: FloatArray


class SparseColumns(Columns):
    """Covariates of which most cells are zero, held by column and by row.

    Nothing is centred, so zeros stay zeros; where every filled cell is 1 the ones are not held either.

    Parameters
    ----------
    matrix : scipy.sparse.csc_array of float64, shape (n, p)
        Without duplicates; finite.
    """

    few = 600

    def __init__(self, matrix: "sp.csc_array[Any]") -> None:
        ones = bool((matrix.data == 1).all())
        if ones:  # a byte is enough to carry a one through the change of order
            data = np.ones(matrix.data.size, dtype=np.int8)
            matrix = type(matrix)((data, matrix.indices, matrix.indptr), shape=matrix.shape)
        self._matrix = matrix.tocsr()
        self.n, self.p = matrix.shape
        self.shift = np.zeros(self.p)
        by_row = self._matrix
        self._by_column, self._by_row = (
            _Cells(order.indptr, order.indices, np.empty(0) if ones else order.data) for order in (matrix, by_row)
        )

    def take(self, rows: npt.NDArray[np.bool_] | IntArray) -> "SparseColumns":
        return SparseColumns(self._matrix[_positions(rows)].tocsc())

    def moments(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        cells = self._by_column
        means, unfilled, squares = np.empty(self.p), np.empty(self.p), np.empty(self.p)
        sparse_kernels.column_sums(cells.starts, cells.places, cells.values, weights, means, unfilled)
        sparse_kernels.squared_distances(cells.starts, cells.places, cells.values, weights, means, squares)
        return means, np.sqrt(squares + np.square(means) * unfilled)

    def products(self, columns: IntArray, vector: FloatArray) -> FloatArray:
        cells, found = self._by_column, np.empty(columns.size)
        sparse_kernels.column_products(cells.starts, cells.places, cells.values, columns, vector, found)
        return found

    def add_to(self, vector: FloatArray, columns: IntArray, *, steps: FloatArray) -> None:
        cells = self._by_column
        sparse_kernels.add_columns(cells.starts, cells.places, cells.values, columns, steps, vector)

    def squares(self, columns: IntArray, weights: FloatArray) -> FloatArray:
        cells, found = self._by_row, np.zeros((columns.size, columns.size))
        sparse_kernels.products_of_all(cells.starts, cells.places, cells.values, self._places(columns), weights, found)
        return found

    def squares_with(self, new: IntArray, columns: IntArray, *, weights: FloatArray) -> FloatArray:
        found, place_of = np.zeros((new.size, columns.size)), self._places(columns)
        column, row = self._by_column, self._by_row
        sparse_kernels.products_with_new(
            column.starts,
            column.places,
            column.values,
            new,
            row.starts,
            row.places,
            row.values,
            place_of,
            weights,
            found,
        )
        return found

    def weighted_squares(self, weights: FloatArray) -> FloatArray:
        cells, found = self._by_column, np.empty(self.p)
        values = np.square(cells.values)
        everything = np.arange(self.p)
        sparse_kernels.column_products(cells.starts, cells.places, values, everything, weights, found)
        return found

    def sweep(self, over: Sweep) -> tuple[float, float]:
        cells = self._by_column
        shift, largest = sweep_kernels.sweep_sparse(cells.starts, cells.places, cells.values, *over.words())
        return float(shift), float(largest)

    def _places(self, columns: IntArray) -> IntArray:
        place_of = np.full(self.p, -1, dtype=np.int64)
        place_of[columns] = np.arange(columns.size)
        return place_of
