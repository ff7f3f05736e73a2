"""A study population made comparable: strata, matched sets or weights, with its balance and its outcome models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.models.arguments import checked_choice, checked_columns
from analysis_lib.models.effectiveness.balance import Balance, Spread, balance_of, numeric_columns
from analysis_lib.models.effectiveness.weighting import effective_size
from analysis_lib.models.regression.glm import glm
from analysis_lib.models.regression.glm_result import GlmResult
from analysis_lib.models.survival import CoxResult, cox
from analysis_lib.tables import html_table, text_table

__all__ = ["Adjusted"]

FloatArray = npt.NDArray[np.float64]
_COLUMN = {"strata": "stratum", "matched": "matched_set", "weighted": "weight"}


@dataclass(frozen=True, eq=False, repr=False)
class Adjusted:
    """The persons that are compared, and how.

    Attributes
    ----------
    kind : {"strata", "matched", "weighted"}
        How the arms were made comparable.
    rule : str
        The same in words.
    frame : DataFrame
        Who is compared, with ``propensity_score`` and ``stratum``, ``matched_set`` or ``weight``.
    treatment : str
        Column with the arm.
    whole : DataFrame
        Everybody before this step.
    treated : ndarray of bool
        Arm of everybody.
    weights : ndarray of float64
        What everybody counts in the balance table; 0 for who was left out.
    covariates : tuple of str
        Columns the score is made of.
    matrix : scipy.sparse array or None
        Matrix it is made of instead.
    names : tuple of str
        Covariates of the matrix.
    attrition : DataFrame
        One row per step: ``step``, and persons and rows left, by arm.
    categories : tuple of str
        Columns whose numbers are codes of levels.
    drawn_sets : int
        Matched sets in which somebody of the same arm and score would have done as well: a draw decided.
    drawn_from_unmatched : int
        Of these, sets where such a person was left out, so that the draw decided who is compared.
    """

    kind: str
    rule: str
    frame: pd.DataFrame
    treatment: str
    whole: pd.DataFrame
    treated: npt.NDArray[np.bool_]
    weights: FloatArray
    covariates: tuple[str, ...]
    matrix: Any = field(repr=False)
    names: tuple[str, ...]
    attrition: pd.DataFrame
    categories: tuple[str, ...] = ()
    drawn_sets: int = 0
    drawn_from_unmatched: int = 0

    @property
    def effective_size(self) -> dict[str, float]:
        """Effective sample size by arm (Kish 1965)."""
        return {
            "treated": effective_size(self.weights[self.treated]),
            "untreated": effective_size(self.weights[~self.treated]),
        }

    def balance(self, covariates: Sequence[str] | None = None, *, spread: Spread = "pooled") -> Balance:
        """Compare the arms in their covariates, before and after.

        Parameters
        ----------
        covariates : sequence of str, optional
            Columns; what the score is made of when left out.
        spread : {"pooled", "treated"}, default "pooled"
            What differences are divided by: the root of the mean variance of both arms, or the standard deviation of
            the treated, in either case before adjustment.

        Returns
        -------
        Balance
            Shows itself as a table, draws itself as a love plot.

        Raises
        ------
        ModelInputError
            If a column is unknown or has missing values.
        """
        checked_choice(spread, "spread", known=("pooled", "treated"))
        if covariates is None and self.matrix is not None:
            values, labels = self.matrix, list(self.names)
        else:
            names = self.covariates if covariates is None else covariates
            names = checked_columns(names, list(self.whole.columns))
            values, labels = numeric_columns(self.whole, names, categories=self.categories)
        found = balance_of(
            values,
            self.treated,
            names=labels,
            before=np.ones(self.treated.size),
            after=self.weights,
            spread=spread,
            adjustment=self.rule,
        )
        return replace(found, persons=self.persons)

    @property
    def persons(self) -> dict[str, int]:
        """Distinct persons who are compared, in total and by arm; what `Report` declares."""
        last = self.attrition.iloc[-1]
        names = {"all": "persons", "treated": "persons_treated", "untreated": "persons_untreated"}
        return {name: int(last[column]) for name, column in names.items()}

    @property
    def title(self) -> str:
        """What the table shows."""
        return "Who is compared"

    @property
    def method(self) -> str:
        """How the arms were made comparable."""
        return self.rule

    def to_frame(self) -> pd.DataFrame:
        """Return who was left at each step.

        Returns
        -------
        DataFrame
            A copy of `attrition`.
        """
        return self.attrition.copy()

    def cox(
        self,
        time: str,
        event: str,
        *,
        level: float = 0.95,
        labels: Mapping[str, str] | None = None,
        ties: Any = "efron",
    ) -> CoxResult:
        """Estimate the hazard ratio of treatment: within strata or matched sets, or weighted.

        Parameters
        ----------
        time, event : str
            Columns of `frame`.
        level : float, default 0.95
            Coverage of the interval.
        labels : mapping of str to str, optional
            What tables and plots write.
        ties : {"efron", "breslow"}, default "efron"
            Handling of tied event times.

        Returns
        -------
        CoxResult
            With baseline hazards of their own for strata and matched sets; with robust standard errors for weights,
            which take the scores for known.

        Raises
        ------
        ModelInputError
            If a column cannot be used.
        """
        given: dict[str, Any] = {"level": level, "labels": labels, "ties": ties}
        if self.kind == "weighted":
            given |= {"weights": "weight", "robust": True}
        else:
            given["strata"] = _COLUMN[self.kind]
        return cox(self.frame, time=time, event=event, covariates=self.treatment, **given)

    def logistic(self, outcome: str, *, level: float = 0.95) -> GlmResult:
        """Estimate the odds ratio of treatment: with strata as levels, errors clustered by matched set, or weighted.

        Parameters
        ----------
        outcome : str
            Column of `frame`, bool or 0/1.
        level : float, default 0.95
            Coverage of the interval.

        Returns
        -------
        GlmResult
            With robust standard errors for weights and matched sets.

        Raises
        ------
        ModelInputError
            If a column cannot be used.
        """
        checked_columns([outcome], list(self.frame.columns))
        formula = f"`{outcome}` ~ `{self.treatment}`"
        if self.kind == "strata":
            return glm(f"{formula} + C(stratum)", self.frame, family="binomial", level=level)
        if self.kind == "matched":
            weighted = self.frame.assign(set_weight=self.weights[self.weights > 0])
            by_set: dict[str, Any] = {"sampling_weights": "set_weight", "cluster": "matched_set"}
            return glm(formula, weighted, family="binomial", level=level, **by_set)
        return glm(formula, self.frame, family="binomial", sampling_weights="weight", level=level)

    def __repr__(self) -> str:
        return "\n".join([text_table(_HEADER, self._lines()), "", *self._notes()])

    def _repr_html_(self) -> str:
        return html_table(_HEADER, self._lines(), caption=self.title, notes=self._notes())

    def _lines(self) -> list[list[str]]:
        return [
            [str(step), *(f"{count:,}" for count in counts)]
            for step, *counts in self.attrition[["step", "persons_treated", "persons_untreated"]].itertuples(
                index=False
            )
        ]

    def _notes(self) -> list[str]:
        size = self.effective_size
        return [
            f"Effective sample size: {size['treated']:,.0f} treated, {size['untreated']:,.0f} untreated.",
            "Counts are of persons.",
            *([self._draw()] if self.drawn_sets else []),
        ]

    def _draw(self) -> str:
        n_sets = int(self.frame["matched_set"].nunique())
        left = (
            f", in {self.drawn_from_unmatched:,} of them out of persons some of whom stay without a match"
            if self.drawn_from_unmatched
            else ""
        )
        advice = " Estimates change with the seed: try several, and give their range." if self._draws_many() else ""
        return f"{self.drawn_sets:,} of {n_sets:,} sets were drawn among equal scores{left}.{advice}"

    def _draws_many(self) -> bool:
        """Say whether draws decided more than one set in twenty."""
        return bool(self.drawn_sets > 0.05 * self.frame["matched_set"].nunique())


_HEADER = ["Step", "Treated", "Untreated"]
