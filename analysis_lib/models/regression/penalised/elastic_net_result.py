"""What a penalised fit knows: the path, the penalty chosen, coefficients and predictions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_columns
from analysis_lib.models.regression.penalised.families import Family, named_family
from analysis_lib.models.result import ModelResult, ModelSummary, labels_of
from analysis_lib.models.rows.design import DesignPlan
from analysis_lib.models.rows.source import open_rows
from analysis_lib.printed_numbers import format_coefficient

if TYPE_CHECKING:
    import scipy.sparse as sp

    from analysis_lib.figures import StudyFigure
    from analysis_lib.models.regression.penalised.cross_validation import CrossValidation
    from analysis_lib.models.regression.penalised.whole_path import Path

__all__ = ["At", "ElasticNetResult"]

FloatArray = npt.NDArray[np.float64]
#: Which penalty: the one with the smallest held-out deviance, the largest within a standard error of it, or a number.
At = Literal["min", "1se"] | float
MOST_SHOWN = 25


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ElasticNetResult(ModelResult):
    """A regression with the elastic net penalty.

    Penalised coefficients are shrunk towards zero on purpose; they have no standard errors, and none are made up.

    Attributes
    ----------
    family : {"gaussian", "binomial", "poisson", "cox"}
        Model of the outcome.
    alpha : float
        Share of the lasso.
    terms : tuple of str
        Covariates, without the intercept.
    path : Path
        Penalties with intercepts, coefficients and explained share of the deviance.
    null_deviance : float
        Deviance of the model without covariates.
    cross_validation : CrossValidation or None
        Held-out deviance by penalty; None where it was not asked for.
    words : mapping of str to str
        What tables and plots write for a term, where known.
    plan : DesignPlan or None
        How new data become covariates; None for a fit to a matrix.
    """

    family: Family
    alpha: float
    terms: tuple[str, ...]
    path: "Path"
    null_deviance: float
    cross_validation: "CrossValidation | None"
    words: Mapping[str, str]
    plan: DesignPlan | None = field(repr=False)

    @property
    def lambdas(self) -> FloatArray:
        """Penalties, falling."""
        return self.path.lambdas

    @property
    def deviance_ratio(self) -> FloatArray:
        """Explained share of the null deviance, by penalty."""
        return self.path.deviance_ratio

    @property
    def lambda_min(self) -> float:
        """The penalty with the smallest held-out deviance."""
        return self._validated().lambda_min

    @property
    def lambda_1se(self) -> float:
        """The largest penalty whose held-out deviance is within one standard error of the smallest."""
        return self._validated().lambda_1se

    @property
    def params(self) -> pd.Series:
        """Intercept and coefficients at the penalty with the smallest held-out deviance, or at the last of the path."""
        return self.coef()

    def coef(self, at: At | None = None) -> pd.Series:
        """Give intercept and coefficients at one penalty.

        Parameters
        ----------
        at : {"min", "1se"} or float, optional
            Which penalty. A number between two of the path is interpolated, as in glmnet; "min" when left out, or the
            last of the path where there was no cross-validation.

        Returns
        -------
        Series
            On the scale of the data, by term; zero for what was not selected. ``Intercept`` comes first; Cox's model
            has none.

        Raises
        ------
        ModelInputError
            If the number lies outside the path.
        """
        before, after, share = self._place(at)
        coefficients = self.path.coefficients
        mixed = (1 - share) * coefficients[:, [before]].toarray() + share * coefficients[:, [after]].toarray()
        if self.family == "cox":
            return pd.Series(mixed[:, 0], index=pd.Index(self.terms, name="term"), name="coef")
        intercept = (1 - share) * self.path.intercepts[before] + share * self.path.intercepts[after]
        index = pd.Index(["Intercept", *self.terms], name="term")
        return pd.Series(np.concatenate([[intercept], mixed[:, 0]]), index=index, name="coef")

    def predict(
        self,
        data: Any,
        *,
        at: At | None = None,
        kind: Literal["response", "link"] = "response",
        offset: FloatArray | None = None,
    ) -> FloatArray:
        """Predict for new rows.

        Parameters
        ----------
        data : DataFrame, Dask frame, Features, path, or matrix
            What the model was fitted to: data with the formula's columns, or a matrix with the same covariates.
        at : {"min", "1se"} or float, optional
            Which penalty, as for `coef`.
        kind : {"response", "link"}, default "response"
            Probabilities, means, counts or, under Cox's model, hazards relative to all covariates zero; or the linear
            predictor.
        offset : ndarray of float64, optional
            Known part of the linear predictor; zero when left out.

        Returns
        -------
        ndarray of float64
            One per row, missing (NaN) where a covariate is.

        Raises
        ------
        ModelInputError
            If the data cannot be used.
        """
        checked_choice(kind, "kind", known=("response", "link"))
        params = self.coef(at)
        eta = self._linear(data, params) if self.plan is not None else self._linear_of_matrix(data, params)
        eta = eta if offset is None else eta + np.asarray(offset, dtype=np.float64)
        if kind == "link" or self.family == "gaussian":
            return eta
        if self.family in {"poisson", "cox"}:
            return np.asarray(np.exp(eta))
        from scipy.special import expit

        return np.asarray(expit(eta))

    def to_frame(self, *, at: At | None = None, words: bool = False) -> pd.DataFrame:
        """Return the terms that were selected.

        Parameters
        ----------
        at : {"min", "1se"} or float, optional
            Which penalty, as for `coef`.
        words : bool, default False
            Whether a column ``label`` gives the terms in words, as `summary` and `plot` have them.

        Returns
        -------
        DataFrame
            One row per term with a coefficient, the intercept first: ``term``, ``coef``.
        """
        params = self.coef(at)
        kept = params[(params != 0) | (params.index == "Intercept")]
        frame = kept.reset_index()
        if words:
            frame.insert(1, "label", labels_of(frame["term"], words=self.words, labels={}))
        return frame

    def path_frame(self) -> pd.DataFrame:
        """Return what came of each penalty.

        Returns
        -------
        DataFrame
            One row per penalty: ``lambda``, ``n_terms``, ``deviance_ratio``, ``violation`` of the optimum's
            conditions, and where there was cross-validation its ``deviance`` and ``se``.
        """
        path = self.path
        frame = pd.DataFrame(
            {
                "lambda": path.lambdas,
                "n_terms": np.diff(path.coefficients.indptr),
                "deviance_ratio": path.deviance_ratio,
                "violation": path.violation,
            }
        )
        if self.cross_validation is not None:
            frame = frame.join(self.cross_validation.table[["deviance", "se"]])
        return frame

    def summary(self, *, at: At | None = None) -> ModelSummary:
        """Write the result for reading.

        Parameters
        ----------
        at : {"min", "1se"} or float, optional
            Which penalty, as for `coef`.

        Returns
        -------
        ModelSummary
            The largest coefficients and how they came about.
        """
        kept = self.to_frame(at=at, words=True)
        kept = kept[kept["term"] != "Intercept"]
        largest = kept.reindex(kept["coef"].abs().sort_values(ascending=False, kind="stable").index).head(MOST_SHOWN)
        rows = tuple(
            (label, format_coefficient(value)) for label, value in largest[["label", "coef"]].itertuples(index=False)
        )
        model = f"Penalised {named_family(self.family)} regression"
        return ModelSummary(
            title=f"{model}: {len(kept):,} of {len(self.terms):,} terms selected",
            header=("Term", "Coefficient"),
            rows=rows,
            notes=self._notes_at(at, shown=len(largest), kept=len(kept)),
        )

    def plot(self, *, width: float = 5.5, title: str = "") -> "StudyFigure":
        """Draw the held-out deviance by penalty, or without cross-validation the explained share.

        Parameters
        ----------
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With `path_frame` attached.
        """
        from analysis_lib.models.regression.penalised.path_plot import path_figure

        return path_figure(self, width=width, title=title)

    def _validated(self) -> "CrossValidation":
        if self.cross_validation is None:
            raise ModelInputError(
                "no penalty was chosen; the model was fitted without cross-validation. Fit it with folds=10, or name a "
                "lambda."
            )
        return self.cross_validation

    def _place(self, at: At | None) -> tuple[int, int, float]:
        """Find the penalties around the one asked for, and how far it lies between them."""
        lambdas = self.path.lambdas
        if at is None and self.cross_validation is None:
            return lambdas.size - 1, lambdas.size - 1, 0.0
        if at is None or isinstance(at, str):
            choice = checked_choice(at or "min", "at", known=("min", "1se"))
            index = self._validated().index_min if choice == "min" else self._validated().index_1se
            return index, index, 0.0
        if not lambdas[-1] * (1 - 1e-9) <= at <= lambdas[0] * (1 + 1e-9):
            raise ModelInputError(
                f"lambda must lie on the path, from {lambdas[-1]:.4g} to {lambdas[0]:.4g}; found {at:g}. Fit with "
                "lambdas=[...] to have others."
            )
        exact = np.flatnonzero(np.isclose(lambdas, at, rtol=1e-9, atol=0))
        if exact.size:
            return int(exact[0]), int(exact[0]), 0.0
        after = int(np.searchsorted(-lambdas, -at))
        return after - 1, after, float((lambdas[after - 1] - at) / (lambdas[after - 1] - lambdas[after]))

    def _linear(self, data: Any, params: pd.Series) -> FloatArray:
        plan = self.plan
        if plan is None:  # pragma: no cover - asked before
            raise ModelInputError("the model was fitted to a matrix. Give a matrix.")
        rows = open_rows(data)
        names = checked_columns([n for n in plan.columns if n in self._covariate_columns()], rows.columns)
        weights = np.array([params.get(term, 0.0) for term in plan.terms])  # a Cox model has no intercept
        parts = []
        for frame in rows.read(names):
            present = frame.notna().all(axis=1).to_numpy()
            found = np.full(len(frame), np.nan)
            found[present] = weights @ plan.prepare(frame.loc[present], complete=True, response=False).matrix()
            parts.append(found)
        return np.concatenate(parts)

    def _covariate_columns(self) -> set[str]:
        from analysis_lib.models.rows.formula import parse_formula, survival_formula

        plan, formula = self.plan, str(self.settings["formula"])
        split = survival_formula if self.family == "cox" else parse_formula
        return set(split(formula, plan.columns if plan else ()).columns)

    def _linear_of_matrix(self, matrix: "sp.sparray | FloatArray", params: pd.Series) -> FloatArray:
        if getattr(matrix, "ndim", 0) != 2 or matrix.shape[1] != len(self.terms):
            raise ModelInputError(
                f"predictions need the same covariates; found {getattr(matrix, 'shape', type(matrix).__name__)}, the "
                f"model has {len(self.terms):,}. Give a matrix with these columns in this order."
            )
        found = np.asarray(matrix @ params[list(self.terms)].to_numpy(), dtype=np.float64)
        return found + float(params.get("Intercept", 0.0))

    def _notes_at(self, at: At | None, *, shown: int, kept: int) -> tuple[str, ...]:
        before, after, _ = self._place(at)
        penalty = self.path.lambdas[before] if before == after else at
        notes = [f"Method: {self.method}.", f"{self.n:,} rows" + (f", {self.events:,} events." if self.events else ".")]
        notes.extend(self._notes()[2:])
        notes.append(f"Lambda {penalty:.5g}; explained share of the deviance {self.path.deviance_ratio[after]:.4f}.")
        if self.cross_validation is not None:
            found = self.cross_validation
            notes.append(
                f"{found.folds} folds by person: lambda.min {found.lambda_min:.5g}, lambda.1se {found.lambda_1se:.5g}."
            )
        if shown < kept:
            notes.append(f"The {shown} largest coefficients.")
        if n_constant := int(self.path.constant.sum()):
            notes.append(f"{n_constant:,} terms do not vary and have no coefficient.")
        if self.path.ended_early:
            notes.append(f"The path ends at lambda {self.path.lambdas[-1]:.4g}: {self.path.ended_early}.")
        return (*notes, "Coefficients are shrunk on purpose and have no standard errors.")
