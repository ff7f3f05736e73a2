"""Outcomes beside predicted risks: the complete cases that every measure of performance starts from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_parts
from analysis_lib.models.prediction.checked_values import (
    ALL,
    binary_column,
    check_one_risk,
    complete_cases,
    group_numbers,
    person_numbers,
    risk_column,
    weight_column,
)
from analysis_lib.models.prediction.estimated_censoring import EstimatedCensoring
from analysis_lib.models.rows.source import Data, open_rows

__all__ = ["ALL", "PredictedRows", "WeightKind", "predicted_rows", "risk_names"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
WeightKind = Literal["frequency", "sampling"]


@dataclass(frozen=True)
class PredictedRows:
    """The complete cases of one question about predictions.

    Attributes
    ----------
    outcome : ndarray of bool, shape (n,)
        Who had the outcome.
    risk : ndarray of float64, shape (n,)
        What was predicted.
    weight : ndarray of float64, shape (n,), or None
        None where each row counts once; sampling weights are scaled to a mean of 1.
    weight_kind : {"frequency", "sampling"}
        Whether a weight says how many equal rows a row stands for, or how much it counts.
    person : ndarray of int64, shape (n,), or None
        Whose each row is, as numbers from 0; None where each row is a person of its own.
    n_persons : int
        Distinct persons.
    group : ndarray of int64, shape (n,), or None
        Number of the group of each row.
    groups : tuple of str
        Names of the groups; empty without groups.
    by : str or None
        Column of the groups.
    others : dict of str to ndarray of float64
        Further columns of numbers, such as a second prediction.
    exclusions : dict of str to int
        Rows left out by reason.
    n_excluded : int
        Rows left out, each counted once.
    asked : mapping of str to object
        The columns that were named, and the kind of the weights: settings of every result of these rows.
    weight_sums : mapping of str to float
        Sum of the weights as given, by kind and column; empty without weights.
    censoring : EstimatedCensoring or None
        Where the weights are estimated, for censoring: what that adds to errors. None where weights are known.
    parts : tuple of PredictedRows
        The rows of each group, where these have weights of their own; else empty.
    """

    outcome: BoolArray
    risk: FloatArray
    weight: FloatArray | None
    weight_kind: WeightKind
    person: IntArray | None
    n_persons: int
    group: IntArray | None
    groups: tuple[str, ...]
    by: str | None
    others: Mapping[str, FloatArray]
    exclusions: Mapping[str, int]
    n_excluded: int
    asked: Mapping[str, Any] = field(default_factory=dict)
    weight_sums: Mapping[str, float] = field(default_factory=dict)
    censoring: EstimatedCensoring | None = None
    parts: "tuple[PredictedRows, ...]" = ()

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.outcome.size)

    @property
    def events(self) -> int:
        """Rows with the outcome."""
        return int(self.outcome.sum())

    @property
    def weights(self) -> FloatArray:
        """A weight for every row, 1 where none was given."""
        return np.ones(self.n) if self.weight is None else self.weight

    @property
    def independent(self) -> bool:
        """Whether rows are persons that count as whole rows, so that textbook intervals hold."""
        return self.person is None and (self.weight is None or self.weight_kind == "frequency")

    @property
    def both_classes_repeat(self) -> bool:
        """Whether two persons or more have the outcome, and two lack it: of one alone no robust error is learned."""
        return min(_distinct(self.person, inside) for inside in (self.outcome, ~self.outcome)) >= 2

    def where(self, inside: BoolArray) -> "PredictedRows":
        """Keep some rows.

        Parameters
        ----------
        inside : ndarray of bool, shape (n,)
            Which.

        Returns
        -------
        PredictedRows
            Without groups; persons keep their numbers.
        """
        person = None if self.person is None else self.person[inside]
        return replace(
            self,
            outcome=self.outcome[inside],
            risk=self.risk[inside],
            weight=None if self.weight is None else self.weight[inside],
            person=person,
            n_persons=int(inside.sum()) if person is None else int(np.unique(person).size),
            group=None,
            groups=(),
            parts=(),
            weight_sums={},
            censoring=None if self.censoring is None else self.censoring.where(inside),
            others={name: values[inside] for name, values in self.others.items()},
        )

    def with_risk(self, risk: FloatArray) -> "PredictedRows":
        """Put another prediction in place of this one.

        Parameters
        ----------
        risk : ndarray of float64, shape (n,)
            Of the same rows.

        Returns
        -------
        PredictedRows
            The same rows.
        """
        return replace(self, risk=risk)

    def by_group(self) -> "Iterator[tuple[str, PredictedRows]]":
        """Give the rows of everybody, then those of each group.

        Yields
        ------
        str
            ``all``, or the group's name.
        PredictedRows
            Its rows.
        """
        yield ALL, self
        if self.group is not None:
            for index, name in enumerate(self.groups):
                yield name, self.parts[index] if self.parts else self.where(self.group == index)

    def variance(self, influence: FloatArray) -> float:
        """Add up the variance of an estimate from what each row contributes to its error.

        Rows of one person are added before they are squared, so the variance holds for repeated rows; a row with a
        frequency weight of k is k rows of as many persons.

        Parameters
        ----------
        influence : ndarray of float64, shape (n,)
            The estimate's error is about the weighted sum of these.

        Returns
        -------
        float
            The variance, by the infinitesimal jackknife.
        """
        if self.weight is not None and self.independent:
            return float(np.sum(self.weight * influence**2))
        contribution = influence if self.weight is None else self.weight * influence
        return float(np.sum(self.by_person(contribution) ** 2))

    def by_person(self, contribution: FloatArray) -> FloatArray:
        """Add up what each person contributes to the error of an estimate.

        Parameters
        ----------
        contribution : ndarray of float64, shape (n,)
            Weight times influence of each row.

        Returns
        -------
        ndarray of float64
            One per person; where weights are estimated, what they add is in it. NaN where all rows are of one person,
            of which no error can be learned.
        """
        if self.n_persons < 2:
            return np.full(1, np.nan)
        person = self.person
        if self.censoring is not None:
            contribution, person = self.censoring.shared(contribution), self.censoring.person
        return contribution if person is None else np.bincount(person, contribution).astype(np.float64)

    def added_by_censoring(self, influence: FloatArray) -> float:
        """Tell how much larger a variance is, since weights are estimated and not known.

        Parameters
        ----------
        influence : ndarray of float64, shape (n,)
            As for `variance`.

        Returns
        -------
        float
            0 where weights are known; below 0 where estimating them is the better choice, as it often is.
        """
        if self.censoring is None:
            return 0.0
        return self.variance(influence) - replace(self, censoring=None).variance(influence)

    def described(self) -> dict[str, Any]:
        """Give what every result says of its rows.

        Returns
        -------
        dict of str to object
            ``n``, ``events``, ``exclusions``, ``n_excluded``, ``persons`` and ``weight_sums``.
        """
        return {
            "n": self.n,
            "events": self.events,
            "exclusions": self.exclusions,
            "n_excluded": self.n_excluded,
            "persons": self._person_counts(),
            "weight_sums": self.weight_sums,
        }

    def _person_counts(self) -> dict[str, int]:
        counts = {ALL: self.n_persons, "events": _distinct(self.person, self.outcome)}
        for index, name in enumerate(self.groups):
            inside = self.group == index
            counts[f"{self.by}={name}"] = _distinct(self.person, np.asarray(inside))
            counts[f"{self.by}={name}, events"] = _distinct(self.person, np.asarray(inside & self.outcome))
        return counts


def _distinct(person: IntArray | None, inside: BoolArray) -> int:
    return int(inside.sum()) if person is None else int(np.unique(person[inside]).size)


def risk_names(risk: str | Sequence[str]) -> list[str]:
    """Read which columns of risks are compared.

    Parameters
    ----------
    risk : str or sequence of str
        One column or several.

    Returns
    -------
    list of str
        At least one.

    Raises
    ------
    ModelInputError
        If these are no names of columns.
    """
    names = [risk] if isinstance(risk, str) else list(risk) if isinstance(risk, Sequence) else []
    if not names or not all(isinstance(name, str) for name in names):
        raise ModelInputError(
            f"risk must name a column, or several; found {type(risk).__name__}. Put the risks into the data first: "
            "data.assign(risk=...)."
        )
    return names


def predicted_rows(
    data: Data,
    *,
    outcome: str,
    risk: str,
    weights: str | None = None,
    weight_kind: WeightKind = "frequency",
    by: str | None = None,
    also: Sequence[str] = (),
    probabilities: bool = True,
) -> PredictedRows:
    """Take the complete cases of `data` and check what no measure of performance can use.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per prediction; what `open_rows` takes.
    outcome : str
        Column that says who had the outcome: bool or 0/1.
    risk : str
        Column with the predicted risk.
    weights : str, optional
        Column with weights, >= 0.
    weight_kind : {"frequency", "sampling"}, default "frequency"
        Whether a weight says how many equal rows a row stands for (whole numbers), or how much it counts.
    by : str, optional
        Column with groups.
    also : sequence of str, optional
        Columns with further predictions.
    probabilities : bool, default True
        Whether risks must lie in [0, 1]; else any number will do, such as a score.

    Returns
    -------
    PredictedRows
        Rows in their original order; those of weight 0 are left out.

    Raises
    ------
    ModelInputError
        If a column is unknown or of a type that cannot be used, or no row is left.
    """
    checked_choice(weight_kind, "weight_kind", known=get_args(WeightKind))
    check_one_risk(risk)
    rows = open_rows(data)
    wanted = checked_parts([outcome, risk, *also, *(name for name in (weights, by) if name is not None)], rows.columns)
    column = rows.person_column
    read = rows.frame([*wanted, *([column] if column and column not in wanted else [])])
    frame, exclusions = complete_cases(read, wanted)
    weight = None if weights is None else weight_column(frame[weights], name=weights, whole=weight_kind == "frequency")
    if weight is not None and (weight == 0).any():
        exclusions["weight of 0"] = int((weight == 0).sum())
        frame, weight = frame[weight > 0].reset_index(drop=True), weight[weight > 0]
    sums = {} if weight is None else {f"{weight_kind} weights {weights}": float(weight.sum())}
    if weight is not None and weight_kind == "sampling":
        weight = weight / weight.mean()  # their size says nothing, so no sum and no tolerance may depend on it
    group, groups = (None, ()) if by is None else group_numbers(frame[by], name=by)
    person, n_persons = person_numbers(None if column is None else frame[column], n=len(frame))
    return PredictedRows(
        outcome=binary_column(frame[outcome], name=outcome),
        risk=risk_column(frame[risk], name=risk, probabilities=probabilities),
        weight=weight,
        weight_kind=weight_kind,
        person=person,
        n_persons=n_persons,
        group=group,
        groups=groups,
        by=by,
        others={name: risk_column(frame[name], name=name, probabilities=probabilities) for name in also},
        exclusions=exclusions,
        n_excluded=len(read) - len(frame),
        asked={
            "outcome": outcome,
            "risk": risk,
            "weights": weights,
            "weight_kind": None if weights is None else weight_kind,
            "by": by,
        },
        weight_sums=sums,
    )
