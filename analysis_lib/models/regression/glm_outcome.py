"""From a fit to its result: back to the units of the data, standard errors, likelihoods, counts of persons."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError
from analysis_lib.models.regression.firth import penalised_likelihood
from analysis_lib.models.regression.glm_likelihood import log_likelihood, null_model
from analysis_lib.models.regression.glm_problem import GlmProblem
from analysis_lib.models.regression.glm_result import GlmResult, Profile
from analysis_lib.models.regression.glm_sums import IrlsSums
from analysis_lib.models.regression.irls import Fitted
from analysis_lib.models.regression.model_persons import counted_persons
from analysis_lib.models.regression.robust import cluster_meat, row_meat
from analysis_lib.models.sums import Block, LikelihoodAt

__all__ = ["glm_result"]

FloatArray = npt.NDArray[np.float64]

_MEASURES = {("binomial", "logit"): "Odds ratio", ("binomial", "log"): "Risk ratio"}
_RATES = {"poisson": "Rate ratio", "negative binomial": "Rate ratio", "gamma": "Ratio of means"}
_SOURCE = "McCullagh P., Nelder J. A. (1989). Generalized Linear Models, 2nd ed. Chapman and Hall"
_ERRORS = {
    "model": "from the model's information",
    "HC0": "robust (HC0, White 1980)",
    "HC1": "robust (HC1, MacKinnon and White 1985)",
    "HC2": "robust (HC2, MacKinnon and White 1985)",
    "HC3": "robust (HC3, MacKinnon and White 1985)",
}


def glm_result(
    problem: GlmProblem,
    fitted: Fitted,
    *,
    settings: Mapping[str, Any],
    size: tuple[float, float] | None,
    labels: Mapping[str, str],
) -> GlmResult:
    """Make the result of a fit.

    Parameters
    ----------
    problem : GlmProblem
        Model and data.
    fitted : Fitted
        Converged.
    settings : mapping of str to object
        Arguments of the call.
    size : tuple of float, or None
        Estimated theta and its standard error.
    labels : mapping of str to str
        Names for terms.

    Returns
    -------
    GlmResult
        In the units of the data.
    """
    design, family, link = problem.design, problem.family, problem.link
    plan = design.plan
    df_resid = problem.n_obs - design.p
    scale = fitted.pearson / df_resid if family.has_scale else 1.0
    inside, clusters = _covariance(problem, fitted, settings=settings, scale=scale)
    back = _back(problem)
    null, sampling = null_model(problem), problem.weighting.sampling
    persons, events = counted_persons(design, binary=family.name == "binomial")
    of_rows = settings["errors"] in {"model", "HC0", "HC1", "HC2", "HC3"}
    return GlmResult(
        method=_method(problem, settings),
        source="Firth D. (1993). Biometrika 80(1), 27-38" if settings["firth"] else _SOURCE,
        n=plan.n,
        events=events if family.name == "binomial" else round(float(problem.outcome[8])),
        exclusions=plan.exclusions,
        n_excluded=plan.n_excluded,
        persons=persons,
        settings=settings,
        weight_sums=problem.weight_sums,
        terms=plan.terms,
        words=plan.words,
        estimates=back @ fitted.coefficients,
        covariance=back @ inside @ back.T,
        level=float(settings["level"]),
        measure=_MEASURES.get((family.name, link.name), _RATES.get(family.name, "") if link.name == "log" else ""),
        errors=_errors(settings, clusters),
        df_errors=df_resid if family.name == "gaussian" and link.name == "identity" and of_rows else np.inf,
        levels=plan.levels,
        labels=labels,
        title=_title(problem),
        family=family.name,
        link=link.name,
        theta=family.theta,
        theta_se=size[1] if size and not sampling else None,
        n_obs=problem.n_obs,
        llf=np.nan if sampling else log_likelihood(problem, fitted.deviance, scale=scale),
        llnull=null[0] if null and not sampling else np.nan,
        deviance=fitted.deviance,
        null_deviance=null[1] if null else np.nan,
        pearson_chi2=fitted.pearson,
        scale=scale,
        df_model=design.p - ("Intercept" in plan.terms),
        df_resid=df_resid,
        converged=True,
        iterations=fitted.steps,
        clusters=clusters,
        plan=plan,
        weighting=problem.weighting,
        fractional_weights=0 if sampling else int(problem.outcome[15]),
        shares=bool(problem.outcome[13]),
        link_function=link,
        family_function=family,
        profile=_profile(problem, back @ fitted.coefficients, settings=settings, scale=scale),
    )


def _covariance(
    problem: GlmProblem, fitted: Fitted, *, settings: Mapping[str, Any], scale: float
) -> tuple[FloatArray, int | None]:
    """Give the covariance in the design less its shift, and the number of clusters."""
    kind, inverse = settings["errors"], fitted.covariance
    if kind == "model":
        return inverse * scale, None
    n, p = problem.n_obs, problem.design.p
    if n <= p:
        raise ModelInputError(
            f"robust errors need more rows than coefficients, as they rest on residuals; found {n:,.0f} rows for "
            f"{p:,}. Leave errors out, or use fewer covariates."
        )
    irls = IrlsSums(problem.family, problem.link, problem.weighting, fitted.coefficients, problem.centre)
    if kind == "cluster":
        meat, clusters = cluster_meat(problem.design, irls, column=settings["cluster"])
        if clusters < 2:
            raise ModelInputError(
                f"cluster-robust errors need several clusters; column '{settings['cluster']}' makes {clusters}. Choose "
                "other errors."
            )
        return inverse @ meat @ inverse * (clusters / (clusters - 1) * (n - 1) / (n - p)), clusters
    meat = row_meat(problem.design, irls, weighting=problem.weighting, covariance=inverse, kind=kind)
    return inverse @ meat @ inverse * (n / (n - p) if kind == "HC1" else 1.0), None


def _back(problem: GlmProblem) -> FloatArray:
    """Take coefficients of the design less its shift to those of the design."""
    back = np.eye(problem.design.p)
    if "Intercept" in problem.design.plan.terms:
        back[problem.design.plan.terms.index("Intercept")] -= problem.design.shift
    return back


def _errors(settings: Mapping[str, Any], clusters: int | None) -> str:
    if clusters is None:
        return _ERRORS[settings["errors"]]
    return (
        f"robust, by {clusters:,} clusters of {settings['cluster']} (Liang and Zeger 1986), times G/(G-1) * (n-1)/(n-p)"
    )


def _method(problem: GlmProblem, settings: Mapping[str, Any]) -> str:
    family = problem.family.name + (" (theta estimated)" if problem.family.theta else "")
    how = "Firth's penalised likelihood" if settings["firth"] else "maximum likelihood"
    return f"Generalised linear model, {family} family, {problem.link.name} link, {how}"


def _title(problem: GlmProblem) -> str:
    known = {("binomial", "logit"): "Logistic regression", ("gaussian", "identity"): "Linear regression"}
    known |= {("poisson", "log"): "Poisson regression", ("negative binomial", "log"): "Negative binomial regression"}
    return known.get(
        (problem.family.name, problem.link.name),
        f"Generalised linear model ({problem.family.name}, {problem.link.name} link)",
    )


def _profile(
    problem: GlmProblem, estimates: FloatArray, *, settings: Mapping[str, Any], scale: float
) -> Profile | None:
    """Keep the likelihood of a small design, for profile intervals; it holds the rows, as the data themselves do."""
    if not problem.fits_memory or settings["errors"] != "model" or problem.family.theta is not None:
        return None
    if not scale > 0:  # a perfect fit: no other value has any likelihood
        return None
    part = problem.design.whole()
    extra = {name: column.to_numpy() for name, column in part.extra.items()}

    def likelihood_of(matrix: FloatArray) -> Callable[[FloatArray], LikelihoodAt]:
        block = Block(matrix, part.response, extra)
        if settings["firth"]:
            return penalised_likelihood(block, problem)

        def likelihood(coefficients: FloatArray) -> LikelihoodAt:
            work = IrlsSums(problem.family, problem.link, problem.weighting, coefficients, problem.centre)
            sums = work.start(block.x.shape[0])
            work.add(sums, block)
            return LikelihoodAt(-sums[0] / 2 / scale, sums[1] / scale, sums[2] / scale)

        return likelihood

    return Profile(likelihood_of=likelihood_of, matrix=part.matrix(), estimates=estimates)
