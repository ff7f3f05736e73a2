"""Cox's partial likelihood as sums over risk sets, added up block by block.

Cox D. R. (1972). Regression models and life-tables. J. R. Stat. Soc. B 34(2), 187-220. Ties by Breslow N. (1974),
Covariance analysis of censored survival data, Biometrics 30(1), 89-99, or by Efron B. (1977), The efficiency of Cox's
likelihood function for censored data, J. Am. Stat. Assoc. 72(359), 557-565. Late entry and covariates that change by
counting processes: Andersen P. K. and Gill R. D. (1982), Ann. Stat. 10(4), 1100-1120.

Notation: at event time k, S0 and S1 are the sums of w = v exp(x'b + offset) and of w*x over everyone at risk, v the
case weight, D0 and D1 the same over those who have the event there. Efron's method takes the l-th of d tied events from
a risk set that has lost the fraction l/d of the tied ones: S0 - (l/d) D0. Breslow's keeps the whole risk set for all of
them. Each of the d events has the mean of their case weights, as in R.

Two passes over the rows make one evaluation: the first adds up S0 and S1 by event time; the second adds up
X' diag(w * A) X, where A of a row is the hazard it was exposed to. The second moments of risk sets, of which there may
be millions, are never formed.
"""

from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from analysis_lib.compute.buckets import map_in_threads
from analysis_lib.models.sums.adding import blas_of_one_thread
from analysis_lib.models.sums.maximise import LikelihoodAt
from analysis_lib.models.survival.cox_regression.risk_sets import RiskSets

__all__ = ["Evaluation", "PartialLikelihood", "Piece", "Ties"]

Ties = Literal["efron", "breslow", "exact"]
#: A risk set whose weights add up to less is beyond double precision once squared: nobody steps there on the way up.
_VANISHED = 1e-150
#: A predictor above this is taken down before it is exponentiated.
_LARGE = 300.0
#: Event times whose sums are multiplied at once: their copy stays near the core.
_TIMES_AT_ONCE = 8_192
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
IndexArray = npt.NDArray[np.int32]
_T = TypeVar("_T")
Exposures = Callable[[slice], FloatArray]


class Piece(Protocol):
    """A run of rows that can be read again and again."""

    @property
    def first(self) -> int:
        """Number of its first row."""

    def blocks(self) -> Iterator[FloatArray]:
        """Yield its rows in order, as arrays (covariates, rows), centred and small, each valid until the next."""


@dataclass(frozen=True)
class Evaluation:
    """Everything known about the risk sets at one point.

    Attributes
    ----------
    weight : ndarray of float64, shape (n,)
        Case weight times exp(predictor), over exp(`shift`).
    shift : float
        What was taken off every predictor.
    sums : ndarray of float64, shape (k, p + 1)
        S0 and S1 at each event time.
    tied_sums : ndarray of float64, shape (t, p + 1)
        D0 and D1 at each event time with several deaths, where ties are Efron's.
    terms : ndarray of float64, shape (k, 5)
        Sums over the deaths at an event time of m/D, f m/D, m/D^2, f m/D^2, f^2 m/D^2; see `event_terms`.
    cumulative : ndarray of float64, shape (k,)
        The first of them added up within strata: the cumulative hazard at predictor `shift`.
    sum_died : ndarray of float64, shape (p,)
        Sum of the covariates of those who died, times their case weights.
    value : float
        Log partial likelihood; -inf where a risk set vanished, and then nothing else is filled in.
    """

    weight: FloatArray
    shift: float
    sums: FloatArray
    tied_sums: FloatArray
    terms: FloatArray
    cumulative: FloatArray
    sum_died: FloatArray
    value: float


class PartialLikelihood:
    """The log partial likelihood of one data set, ready to be evaluated at any coefficients.

    Parameters
    ----------
    pieces : sequence of Piece
        The covariates, centred: the information is a difference of two sums.
    sets : RiskSets
        When each row is at risk.
    scale : ndarray of float64, shape (p,)
        What each covariate is divided by, before coefficients, sums and derivatives are of it.
    ties : {"efron", "breslow"}
        Handling of tied event times.
    weight : ndarray of float64, shape (n,), optional
        Case weights, > 0.
    offset : ndarray of float64, shape (n,), optional
        Added to the linear predictor.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        sets: RiskSets,
        *,
        scale: FloatArray,
        ties: Ties,
        weight: FloatArray | None = None,
        offset: FloatArray | None = None,
    ) -> None:
        self.sets, self.ties, self.covariates = sets, ties, scale.size
        self._per_unit = 1 / scale
        self.weight, self.offset = weight, offset
        self._pieces = pieces
        self._firsts = [piece.first for piece in pieces]
        self._ends = [*self._firsts[1:], sets.last.size]
        # Only where several die at once does Efron's method need their own sums.
        several = sets.deaths > 1 if ties == "efron" else np.zeros(sets.deaths.size, dtype=np.bool_)
        self.tied: IndexArray = np.where(several, np.cumsum(several) - 1, -1).astype(np.int32)
        self._tied_times = np.flatnonzero(several)
        self._reach = [self._reach_of(first, end) for first, end in zip(self._firsts, self._ends, strict=True)]
        self._offset_of_deaths = 0.0
        if offset is not None:
            self._offset_of_deaths = float(
                (offset * sets.died if weight is None else offset * sets.died * weight).sum()
            )

    def at(self, coefficients: FloatArray) -> LikelihoodAt:
        """Evaluate the likelihood and its first two derivatives.

        Parameters
        ----------
        coefficients : ndarray of float64, shape (p,)
            Log hazard ratios per unit of the standardised covariates.

        Returns
        -------
        LikelihoodAt
            Value, gradient, information.
        """
        here = self.evaluate(coefficients)
        p = self.covariates
        if not np.isfinite(here.value):
            return LikelihoodAt(-np.inf, np.zeros(p), np.zeros((p, p)))
        exposed, second = self.moments(self.exposures(here))
        information = second - self.products_of_means(here)
        return LikelihoodAt(here.value, here.sum_died - exposed, (information + information.T) / 2)

    def evaluate(self, coefficients: FloatArray) -> Evaluation:
        """Add up the risk sets at given coefficients.

        Parameters
        ----------
        coefficients : ndarray of float64, shape (p,)
            Log hazard ratios per unit of the standardised covariates.

        Returns
        -------
        Evaluation
            Check ``value`` for -inf.
        """
        from analysis_lib.models.survival.cox_regression.risk_set_sums import cumulate, event_terms

        sets = self.sets
        weight = np.empty(sets.last.size)
        shift = 0.0 if self.offset is None else float(self.offset.max())
        found = self._first_pass(coefficients, weight, shift=shift)
        if found.largest > _LARGE:
            shift += found.largest
            found = self._first_pass(coefficients, weight, shift=shift)
        terms = np.empty((sets.deaths.size, 5))
        logs = event_terms(
            np.ascontiguousarray(found.sums[:, 0]),
            self.tied,
            found.tied_sums,
            sets.deaths,
            sets.weight_of_deaths,
            _VANISHED,
            terms,
        )
        cumulative = np.empty((sets.deaths.size, 1))
        cumulate(np.ascontiguousarray(terms[:, :1]), sets.begin, cumulative)
        predicted = float(coefficients @ found.sum_died) + self._offset_of_deaths
        value = predicted - shift * float(sets.weight_of_deaths.sum()) - logs
        return Evaluation(
            weight=weight,
            shift=shift,
            sums=found.sums,
            tied_sums=found.tied_sums,
            terms=terms,
            cumulative=np.ascontiguousarray(cumulative[:, 0]),
            sum_died=found.sum_died,
            value=value if np.isfinite(value) else -np.inf,
        )

    def exposures(self, here: Evaluation, *, per_time: FloatArray | None = None) -> "Exposures":
        """Multiply each row's weight by the hazard it was exposed to: the expected number of its events.

        Parameters
        ----------
        here : Evaluation
            The risk sets.
        per_time : ndarray of float64, shape (k,), optional
            Multiplies the hazard at each event time.

        Returns
        -------
        callable
            Takes a slice of rows, gives an array; case weights included.
        """
        from analysis_lib.models.survival.cox_regression.risk_set_sums import cumulate, exposures

        sets, cumulative, given_back = self.sets, here.cumulative, np.ascontiguousarray(here.terms[:, 1])
        if per_time is not None:
            added = np.empty((per_time.size, 1))
            cumulate((here.terms[:, 0] * per_time)[:, None], sets.begin, added)
            cumulative, given_back = np.ascontiguousarray(added[:, 0]), given_back * per_time

        def of(rows: slice) -> FloatArray:
            last, before = sets.last[rows], sets.before[rows] if sets.before.size else sets.before
            out = np.empty(last.size)
            exposures(here.weight[rows], last, before, sets.died[rows], cumulative, given_back, out)
            return out

        return of

    def moments(self, weights: "Exposures") -> tuple[FloatArray, FloatArray]:
        """Add up the first two moments of the covariates, weighted.

        Parameters
        ----------
        weights : callable
            Gives the weights of a slice of rows.

        Returns
        -------
        first : ndarray of float64, shape (p,)
            Sum of weight times covariates.
        second : ndarray of float64, shape (p, p)
            Sum of weight times their products.
        """
        from analysis_lib.models.sums.product_kernels import add_weighted_products

        def of_piece(piece: Piece) -> tuple[FloatArray, FloatArray]:
            first, second, row = np.zeros(self.covariates), np.zeros((self.covariates, self.covariates)), piece.first
            for x in piece.blocks():
                weight = weights(slice(row, row + x.shape[1]))
                if weight.min(initial=0.0) < 0:  # a test's function of time may turn the hazard round
                    weighted = x * weight
                    first += weighted.sum(axis=1)
                    second += weighted @ x.T
                else:
                    add_weighted_products(x, weight, weight, first, second)
                row += x.shape[1]
            return first, second

        first, second = np.zeros(self.covariates), np.zeros((self.covariates, self.covariates))
        for one, two in self._each(of_piece):
            first += one
            second += two
        return first * self._per_unit, second * np.outer(self._per_unit, self._per_unit)

    def products_of_means(self, here: Evaluation, *, per_time: FloatArray | None = None) -> FloatArray:
        """Add up the products of the covariates' means, one for each event: what the second moments are too large by.

        Parameters
        ----------
        here : Evaluation
            The risk sets.
        per_time : ndarray of float64, shape (k,), optional
            Multiplies the products at each event time.

        Returns
        -------
        ndarray of float64, shape (p, p)
            Symmetric.
        """
        factors = here.terms[:, 2:] if per_time is None else here.terms[:, 2:] * per_time[:, None]
        p = self.covariates
        total = np.zeros((p, p))
        with blas_of_one_thread():
            for begin in range(0, len(factors), _TIMES_AT_ONCE):
                at = slice(begin, begin + _TIMES_AT_ONCE)
                s1 = np.ascontiguousarray(here.sums[at, 1:].T)
                total += (s1 * factors[at, 0]) @ s1.T
            tied = np.flatnonzero(self.tied >= 0)
            for begin in range(0, tied.size, _TIMES_AT_ONCE):
                at = slice(begin, begin + _TIMES_AT_ONCE)
                s1, d1 = here.sums[tied[at], 1:].T, here.tied_sums[at, 1:].T
                crossed = (s1 * factors[tied[at], 1]) @ d1.T
                total += (d1 * factors[tied[at], 2]) @ d1.T - crossed - crossed.T
        return total

    @property
    def last_at_risk(self) -> IndexArray:
        """Position of the last event time at which each row is at risk."""
        return self.sets.last

    def add_beside(self, sums: FloatArray, weight: FloatArray) -> None:
        """Add to the risk sets who stays in them without follow-up; nobody here.

        Parameters
        ----------
        sums : ndarray of float64, shape (k, p + 1)
            S0 and S1, changed in place.
        weight : ndarray of float64, shape (n,)
            Of each row.
        """

    def drift_beside(self, here: Evaluation, increment: FloatArray) -> FloatArray | None:
        """Say how much hazard times mean such people meet, per unit of their weight; None for nobody.

        Parameters
        ----------
        here : Evaluation
            The risk sets.
        increment : ndarray of float64, shape (k, p)
            Hazard times mean at each event time.

        Returns
        -------
        ndarray of float64, shape (n, p) or None
            For each row.
        """
        del here, increment
        return None

    def rows(self) -> Iterator[tuple[int, FloatArray]]:
        """Go through the covariates once.

        Yields
        ------
        tuple of int and ndarray of float64, shape (p, m)
            Number of the first row of a block, and the block.
        """
        for piece in self._pieces:
            row = piece.first
            for x in piece.blocks():
                yield row, x * self._per_unit[:, None]
                row += x.shape[1]

    def _each(self, work: Callable[[Piece], _T]) -> Sequence[_T]:
        """Do the work on each piece in threads; the answers come in order, whoever did it."""
        if len(self._pieces) == 1:
            return [work(self._pieces[0])]
        with blas_of_one_thread():
            return map_in_threads(work, self._pieces)

    def _first_pass(self, coefficients: FloatArray, weight: FloatArray, *, shift: float) -> "_Sums":
        """Fill in each row's weight, and add up by event time."""
        from analysis_lib.models.survival.cox_regression.risk_set_sums import add_up_backwards

        sets, width = self.sets, self.covariates + 1
        late = sets.before.size > 0
        rest = np.zeros((sets.deaths.size if late else 0, width))
        all_of_it = _Sums.of((0, sets.deaths.size), (0, self._tied_times.size), width=width)

        def of_piece(piece: Piece) -> "_Sums":
            reach = self._reach[bisect(self._firsts, piece.first) - 1]
            part = all_of_it.alone() if late else _Sums.of(*reach, width=width)
            self._add_piece(
                piece, part, rest=rest, weight=weight, coefficients=coefficients * self._per_unit, shift=shift
            )
            return part

        # Where rows enter late, what is taken away falls on event times anywhere: one piece after the other.
        for part in map(of_piece, self._pieces) if late else self._each(of_piece):
            all_of_it.add(part, sums=not late)
        if not late:  # deaths at tied times stand apart until here
            all_of_it.sums[self._tied_times] += all_of_it.tied_sums
        add_up_backwards(all_of_it.sums, rest, sets.begin)
        all_of_it.scale(self._per_unit)
        self.add_beside(all_of_it.sums, weight)
        return all_of_it

    def _reach_of(self, first: int, end: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Tell between which event times, and which of the tied ones, some rows leave."""
        last = self.sets.last[first:end]
        times = _range_of(last[last >= 0])
        tied = self.tied[slice(*times)]
        return times, _range_of(tied[tied >= 0])

    def _add_piece(
        self,
        piece: Piece,
        part: "_Sums",
        *,
        rest: FloatArray,
        weight: FloatArray,
        coefficients: FloatArray,
        shift: float,
    ) -> None:
        from analysis_lib.models.survival.cox_regression.risk_set_sums import add_entries, add_leaving

        sets, row = self.sets, piece.first
        for x in piece.blocks():
            here = slice(row, row + x.shape[1])
            predictor, died = coefficients @ x, sets.died[here]
            if self.offset is not None:
                predictor += self.offset[here]
            part.sum_died += x @ (died.astype(np.float64) if self.weight is None else died * self.weight[here])
            predictor -= shift
            part.largest = max(part.largest, float(predictor.max(initial=-np.inf)))
            with np.errstate(under="ignore", over="ignore"):
                np.exp(predictor, out=weight[here])
            if self.weight is not None:
                weight[here] *= self.weight[here]
            last = sets.last[here]
            if rest.size:
                before = sets.before[here]
                add_entries(x, weight[here], last, before, died, self.tied, part.sums, rest, part.tied_sums)
            else:
                first_tied = len(part.sums) - part.lowest_tied
                add_leaving(x, weight[here], last, died, self.tied, part.lowest, first_tied, part.table)
            row += last.size


@dataclass
class _Sums:
    """What a pass over some rows adds up: `sums` by event time and, below them in the same table, `tied_sums`."""

    table: FloatArray
    sums: FloatArray
    tied_sums: FloatArray
    sum_died: FloatArray
    largest: float = -np.inf
    lowest: int = 0
    lowest_tied: int = 0

    @classmethod
    def of(cls, times: tuple[int, int], tied: tuple[int, int], *, width: int) -> "_Sums":
        """Start anew for a range of event times, and of tied ones."""
        split = times[1] - times[0]
        table = np.zeros((split + tied[1] - tied[0], width))
        empty = np.zeros(width - 1)
        return cls(table, table[:split], table[split:], empty, lowest=times[0], lowest_tied=tied[0])

    def alone(self) -> "_Sums":
        """Share the sums over risk sets, start the others anew."""
        return _Sums(self.table, self.sums, self.tied_sums, np.zeros_like(self.sum_died))

    def scale(self, per_unit: FloatArray) -> None:
        """Turn the sums of covariates into those of covariates divided by their scale."""
        self.sums[:, 1:] *= per_unit
        self.tied_sums[:, 1:] *= per_unit
        self.sum_died *= per_unit

    def add(self, part: "_Sums", *, sums: bool) -> None:
        """Take in what a part of the rows adds up."""
        if sums:
            self.sums[part.lowest : part.lowest + len(part.sums)] += part.sums
            self.tied_sums[part.lowest_tied : part.lowest_tied + len(part.tied_sums)] += part.tied_sums
        self.sum_died += part.sum_died
        self.largest = max(self.largest, part.largest)


def _range_of(positions: IndexArray) -> tuple[int, int]:
    """Give the smallest, and one more than the largest; none from 0 to 0."""
    return (int(positions.min()), int(positions.max()) + 1) if positions.size else (0, 0)
