"""Comparing two nested models: likelihood-ratio, Wald and score tests side by side.

Cox D. R. and Hinkley D. V. (1974), Theoretical Statistics, section 9.3. The score test is Rao's, from the larger
model's score and expected information at the smaller model's estimates.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import columns_by_name, listed
from analysis_lib.models.regression.families import FamilyName, LinkName, family_of
from analysis_lib.models.regression.glm_fit import fit
from analysis_lib.models.regression.glm_outcome import glm_result
from analysis_lib.models.regression.glm_problem import GlmProblem, glm_problem
from analysis_lib.models.regression.glm_result import GlmResult
from analysis_lib.models.regression.glm_sums import IrlsSums, Weighting
from analysis_lib.models.regression.irls import solved
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.models.rows import Data, open_rows, parse_formula
from analysis_lib.printed_numbers import format_coefficient, format_p

if TYPE_CHECKING:
    from analysis_lib.compute import Cluster
    from analysis_lib.figures import StudyFigure

__all__ = ["NestedTests", "compare_models"]


_TITLE = "Nested models"
_SOURCE = "Cox D. R., Hinkley D. V. (1974). Theoretical Statistics. Chapman and Hall, section 9.3"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class NestedTests(ModelResult):
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

    def to_frame(self) -> pd.DataFrame:
        """Return the tests as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def summary(self) -> ModelSummary:
        """Write the tests for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        rows = tuple(
            (str(name), format_coefficient(row["statistic"], digits=2), f"{row['df']:g}", format_p(row["p_value"]))
            for name, row in self.table.iterrows()
        )
        frame = self.larger.to_frame(words=True)
        return ModelSummary(
            title=_TITLE,
            header=("Test", "Chi-square", "df", "p"),
            rows=rows,
            notes=(*self._notes(), f"Added: {', '.join(frame.loc[list(self.added), 'label'])}."),
        )

    def _notes(self) -> tuple[str, ...]:
        notes = [note.replace("the standard errors take", "the tests take") for note in super()._notes()]
        notes[1] = notes[1].replace(", 0 events", "").replace(".", " in both models.")
        if self.larger.fractional_weights:
            notes.append(
                f"The weights of {self.larger.fractional_weights:,} rows are fractions, taken as analytic (precision) "
                "weights. If they are sampling or inverse probability weights, none of these tests holds: use "
                "glm(..., sampling_weights=...).wald_test(...)."
            )
        return tuple(notes)

    def plot(self, *, width: float = 5.5, title: str = "") -> "StudyFigure":
        """Draw what the larger model adds: the estimates of its terms that the smaller lacks.

        Parameters
        ----------
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            A forest plot, with its data attached.
        """
        return self.larger.plot(terms=self.added, width=width, title=title)


@columns_by_name
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
        As for `glm`; with sampling weights there is no likelihood to compare.
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
    settings |= {"cluster": None, "firth": False, **weighting.settings}
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
    return NestedTests(
        method=f"likelihood-ratio, Wald and score (Rao) tests, {larger.family} family, {larger.link} link",
        source=_SOURCE,
        n=larger.n,
        events=larger.events,
        exclusions=larger.exclusions,
        n_excluded=larger.n_excluded,
        persons=larger.persons,
        settings={**larger.settings, "formula": smaller.settings["formula"], "larger": larger.settings["formula"]},
        weight_sums=larger.weight_sums,
        smaller=smaller,
        larger=larger,
        table=table.assign(p_value=stats.chi2.sf(table["statistic"], df)).rename_axis("test"),
        added=added,
    )


def _score(problem: GlmProblem, smaller: GlmResult, *, larger: GlmResult) -> float:
    start = np.zeros(len(larger.terms))
    for term, estimate in zip(smaller.terms, smaller.estimates, strict=True):
        start[larger.terms.index(term)] = estimate
    if "Intercept" in larger.terms:  # to the design less its shift
        start[larger.terms.index("Intercept")] += float(problem.design.shift @ start)
    work = IrlsSums(problem.family, problem.link, problem.weighting, start, problem.centre)
    _, score, information, _ = problem.design.add_up(work)
    return float(score @ solved(information, score))
