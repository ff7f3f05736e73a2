"""Comparing two nested models: likelihood-ratio, Wald and score tests side by side.

Cox D. R. and Hinkley D. V. (1974), Theoretical Statistics, section 9.3. The score test is Rao's, from the larger
model's score and expected information at the smaller model's estimates.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import listed
from analysis_lib.models.regression.families import FamilyName, LinkName, family_of
from analysis_lib.models.regression.glm_fit import fit
from analysis_lib.models.regression.glm_outcome import glm_result
from analysis_lib.models.regression.glm_problem import GlmProblem, glm_problem
from analysis_lib.models.regression.glm_result import GlmResult
from analysis_lib.models.regression.glm_sums import IrlsSums, Weighting
from analysis_lib.models.regression.irls import solved
from analysis_lib.models.rows import Data, open_rows, parse_formula
from analysis_lib.tables import format_p, html_table, text_table

if TYPE_CHECKING:
    from analysis_lib.compute import Cluster

__all__ = ["NestedTests", "compare_models"]


@dataclass(frozen=True, repr=False, eq=False)
class NestedTests:
    """Three tests of what a larger model adds.

    Attributes
    ----------
    smaller, larger : GlmResult
        Both models, fitted to the same rows.
    table : DataFrame
        Rows ``likelihood ratio``, ``wald``, ``score``; columns ``statistic``, ``df``, ``p_value``.
    added : tuple of str
        Terms of the larger model that the smaller lacks.
    """

    smaller: GlmResult
    larger: GlmResult
    table: pd.DataFrame
    added: tuple[str, ...]

    def _rows(self) -> list[list[str]]:
        return [
            [str(name), f"{row['statistic']:.4g}", f"{row['df']:g}", format_p(row["p_value"])]
            for name, row in self.table.iterrows()
        ]

    def __repr__(self) -> str:
        return text_table(["Test", "Chi-square", "df", "p"], self._rows()) + f"\n\nAdded: {', '.join(self.added)}."

    def _repr_html_(self) -> str:
        notes = (f"Added: {', '.join(self.added)}.", f"{self.larger.n:,} rows in both models.")
        return html_table(["Test", "Chi-square", "df", "p"], self._rows(), caption="Nested models", notes=notes)


def compare_models(
    smaller: str,
    data: Data,
    *,
    larger: str,
    family: FamilyName = "gaussian",
    link: LinkName | None = None,
    weights: str | None = None,
    frequency_weights: str | None = None,
    offset: str | None = None,
    exposure: str | None = None,
    on: "Cluster | None" = None,
) -> NestedTests:
    """Test what a larger generalised linear model adds to a smaller one.

    Both are fitted to the rows that are complete for the larger. Where the family has a scale, the larger model's is
    used throughout, as R's ``anova(..., test="LRT")`` and ``test="Rao"`` do.

    Parameters
    ----------
    smaller : str
        Formula of the smaller model.
    data : DataFrame, Dask frame, Features or path
        Rows.
    larger : str
        Formula of the larger model, which has each term of the smaller.
    family, link, weights, frequency_weights, offset, exposure
        As for `glm`.
    on : Cluster, optional
        As for `glm`.

    Returns
    -------
    NestedTests
        Likelihood-ratio, Wald and score tests.

    Raises
    ------
    ModelInputError
        If the models are not nested, or `glm` refuses one.
    """
    distribution, link_function = family_of(family, link)
    if distribution.theta is not None:
        raise ModelInputError(
            "theta differs between nested negative binomial models; found that family. Compare their log likelihoods."
        )
    weighting = Weighting(weights, frequency_weights, offset, exposure)
    rows = open_rows(data)
    every = parse_formula(larger, rows.columns)
    arguments: dict[str, Any] = {"family": distribution, "link": link_function, "weighting": weighting}
    arguments |= {"cluster": None, "on": on}
    large = glm_problem(larger, data, **arguments)
    small = glm_problem(smaller, data, also_complete=every.columns, **arguments)
    settings: dict[str, Any] = {
        "family": distribution.name,
        "link": link_function.name,
        "level": 0.95,
        "errors": "model",
    }
    settings |= {"cluster": None, "firth": False}
    results = [
        glm_result(problem, fit(problem), settings={**settings, "formula": formula}, size=None, labels={})
        for problem, formula in ((small, smaller), (large, larger))
    ]
    return _tests(large, smaller=results[0], larger=results[1])


def _tests(problem: GlmProblem, *, smaller: GlmResult, larger: GlmResult) -> NestedTests:
    added = tuple(term for term in larger.terms if term not in smaller.terms)
    lacking = [term for term in smaller.terms if term not in larger.terms]
    if lacking or not added or smaller.n != larger.n:
        raise ModelInputError(
            f"the smaller model's terms must be in the larger, which has more; found {listed(lacking) or 'no more'}. "
            "Write the same terms and add to them."
        )
    from scipy import stats

    df, scale = float(len(added)), larger.scale
    wald = larger.wald_test(list(added))
    statistics = {
        "likelihood ratio": (smaller.deviance - larger.deviance) / scale,
        "wald": wald.statistic * (df if np.isfinite(wald.df_denominator) else 1.0),
        "score": _score(problem, smaller, larger=larger) / scale,
    }
    table = pd.DataFrame({"statistic": statistics, "df": df})
    return NestedTests(smaller, larger, table.assign(p_value=stats.chi2.sf(table["statistic"], df)), added)


def _score(problem: GlmProblem, smaller: GlmResult, *, larger: GlmResult) -> float:
    start = np.zeros(len(larger.terms))
    for term, estimate in zip(smaller.terms, smaller.estimates, strict=True):
        start[larger.terms.index(term)] = estimate
    if "Intercept" in larger.terms:  # to the design less its shift
        start[larger.terms.index("Intercept")] += float(problem.design.shift @ start)
    work = IrlsSums(problem.family, problem.link, problem.weighting, start, problem.centre)
    _, score, information, _ = problem.design.add_up(work)
    return float(score @ solved(information, score))
