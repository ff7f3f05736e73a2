"""Fitting a generalised linear model: by QR where it is small, by sums from the fit of a sample where it is not."""

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ConvergenceError, ModelInputError
from analysis_lib.models.regression.collinearity import refuse_collinear, refuse_collinear_matrix
from analysis_lib.models.regression.glm_problem import GlmProblem
from analysis_lib.models.regression.glm_starts import intercepts_to_try
from analysis_lib.models.regression.irls import Fitted, OrthogonalSteps, Steps, SummedSteps, fisher_scoring
from analysis_lib.models.regression.separation import refuse_separated_levels, refuse_separation
from analysis_lib.models.regression.separation_programme import UnsolvedError, separating_direction
from analysis_lib.models.sums import AddsUp, SampledRows

__all__ = ["checked_fit", "fit", "refuse_levels_without_outcome"]

FloatArray = npt.NDArray[np.float64]

#: From this many rows on, the fit starts from that of a sample: two or three passes instead of six.
MANY_ROWS = 100_000
SAMPLE = 30_000
#: Newton's method needs four to ten steps; where the likelihood has no maximum, some forty.
MANY_STEPS = 14
#: A fitted mean nearer to its end than this may be on its way there.
EDGE = 1e-6
#: Links under which the mean of a row comes to its end only with the linear predictor at infinity.
WITHOUT_ENDS = (
    *(("binomial", link) for link in ("logit", "probit", "cloglog")),
    *((family, "log") for family in ("poisson", "negative binomial")),
)


def fit(problem: GlmProblem) -> Fitted:
    """Fit a model whose family is known, and check what came out.

    Parameters
    ----------
    problem : GlmProblem
        Model and data.

    Returns
    -------
    Fitted
        Converged.

    Raises
    ------
    ModelInputError
        If covariates are collinear.
    SeparationError, ConvergenceError
        If there is no maximum, or it was not found.
    """
    refuse_levels_without_outcome(problem)
    return checked_fit(problem, small_fit(problem) if problem.fits_memory else large_fit(problem))


def refuse_levels_without_outcome(problem: GlmProblem) -> None:
    """Refuse levels that alone leave the likelihood without a maximum.

    Parameters
    ----------
    problem : GlmProblem
        Model and data.
    """
    if problem.family.name in {"binomial", "poisson", "negative binomial"} and problem.link.name != "identity":
        refuse_separated_levels(
            problem.design.plan,
            with_y=problem.outcome[11],
            with_one=problem.outcome[12],
            total_y=float(problem.outcome[8]),
            total=problem.n_obs,
            binary=problem.family.name == "binomial",
        )


def checked_fit(problem: GlmProblem, fitted: Fitted) -> Fitted:
    """Refuse a fit that did not converge, and say why.

    Parameters
    ----------
    problem : GlmProblem
        Model and data.
    fitted : Fitted
        What came out.

    Returns
    -------
    Fitted
        The same.
    """
    found = np.isfinite(fitted.coefficients).all() and np.isfinite(np.diag(fitted.covariance)).all()
    if problem.fits_memory and _decided(problem, fitted, usual=bool(fitted.converged and found)):
        return _converged(fitted, usual=bool(fitted.converged and found))
    # Along a direction without a maximum the likelihood still levels off, a factor of e a step, and seems to converge.
    if not problem.family.has_scale and (fitted.steps > MANY_STEPS or not (fitted.converged and found)):
        _refuse_running_away(problem, fitted)
    return _converged(fitted, usual=bool(fitted.converged and found))


def _refuse_running_away(problem: GlmProblem, fitted: Fitted) -> None:
    """Refuse a fit for which a direction is found along which the likelihood of all rows rises for ever."""
    binary = problem.family.name == "binomial"
    # Where everything has levelled off, rounding may turn the last step round.
    for direction in (fitted.last_step, -fitted.last_step, fitted.coefficients):
        if np.isfinite(direction).all() and direction.any():
            refuse_separation(problem.design, direction, binary=binary)
    if (problem.family.name, problem.link.name) in WITHOUT_ENDS:
        # What separates all rows separates a sample; what separates the sample is tried on all rows.
        part = problem.design.sample(SAMPLE)
        try:
            found = separating_direction(part.matrix() - problem.design.shift[:, None], part.response, binary=binary)
        except UnsolvedError:
            return
        if found is not None:
            refuse_separation(problem.design, found, binary=binary)


def _converged(fitted: Fitted, *, usual: bool) -> Fitted:
    if usual:
        return fitted
    raise ConvergenceError(
        f"the model did not converge; {fitted.steps} steps of Fisher's scoring came to no maximum. Look at covariates "
        "of very different size, at means that would leave their range under this link, and at levels with few rows."
    )


def _decided(problem: GlmProblem, fitted: Fitted, *, usual: bool) -> bool:
    """Let a linear programme say whether a fit in memory has a maximum, where there is doubt; refuse it if not.

    Parameters
    ----------
    problem : GlmProblem
        Model and data.
    fitted : Fitted
        What came out.
    usual : bool
        Whether it looks like a maximum.

    Returns
    -------
    bool
        Whether it is known that there is one.
    """
    kind = (problem.family.name, problem.link.name)
    if kind not in WITHOUT_ENDS:
        return False
    part = problem.design.whole()
    matrix = part.matrix() - problem.design.shift[:, None]
    if usual and fitted.steps <= MANY_STEPS:
        eta = fitted.coefficients @ matrix
        if problem.weighting.offset is None and problem.weighting.exposure is None:
            mean = problem.link.mean(eta)
            if mean.min() > EDGE and (problem.family.name != "binomial" or mean.max() < 1 - EDGE):
                return True
    binary = problem.family.name == "binomial"
    try:
        direction = separating_direction(matrix, part.response, binary=binary)
    except UnsolvedError:
        return False
    if direction is not None:
        refuse_separation(problem.design, direction, binary=binary)
    return direction is None


def small_fit(problem: GlmProblem) -> Fitted:
    """Fit by QR on the whole design.

    Parameters
    ----------
    problem : GlmProblem
        Model and data.

    Returns
    -------
    Fitted
        To be checked.
    """
    design = problem.design
    part = design.whole()
    matrix = part.matrix()
    if "Intercept" in design.plan.terms:
        moved = [recipe.kind in {"number", "derived"} for recipe in design.plan.encoding.recipes]
        design.shift = np.where(moved, matrix.mean(axis=1), 0.0)
    refuse_collinear_matrix(matrix - design.shift[:, None], design.plan.terms)
    steps = OrthogonalSteps(
        part,
        shift=design.shift,
        family=problem.family,
        link=problem.link,
        weighting=problem.weighting,
        centre=problem.centre,
    )
    fitted = fisher_scoring(steps, None, n=0, p=design.p, scale=problem.fixed_scale, canonical=problem.canonical)
    if not fitted.converged and (start := _intercept_alone(problem, steps)) is not None:
        fitted = fisher_scoring(steps, start, n=0, p=design.p, scale=problem.fixed_scale, canonical=problem.canonical)
    return fitted


def large_fit(problem: GlmProblem) -> Fitted:
    """Fit by sums over the rows, from the fit of a sample.

    Parameters
    ----------
    problem : GlmProblem
        Model and data.

    Returns
    -------
    Fitted
        To be checked.
    """
    design = problem.design
    steps = summed_steps(problem, design)
    start = _start_from_sample(problem)
    if start is None:
        steps.at(None)
        if steps.information is not None:
            refuse_collinear(steps.information, design.plan.terms)
    fitted = fisher_scoring(
        steps, start, n=design.plan.n, p=design.p, scale=problem.fixed_scale, canonical=problem.canonical
    )
    if steps.information is not None:
        try:
            refuse_collinear(steps.information, design.plan.terms)
        except ModelInputError:
            # Rows whose means have come to their ends have no weight left: a separated outcome looks collinear too.
            if not problem.family.has_scale:
                _refuse_running_away(problem, fitted)
            raise
    if not fitted.converged and (start := _intercept_alone(problem, steps)) is not None:
        fitted = fisher_scoring(
            steps, start, n=design.plan.n, p=design.p, scale=problem.fixed_scale, canonical=problem.canonical
        )
    return fitted


def summed_steps(problem: GlmProblem, rows: AddsUp) -> SummedSteps:
    """Step by sums over all rows or over a sample of them.

    Parameters
    ----------
    problem : GlmProblem
        Model and data.
    rows : DesignRows or SampledRows
        What to add up over.

    Returns
    -------
    SummedSteps
        With compiled sums where rows lie in memory: files take far longer to decode than to add up, and what compiles
        takes a hundred megabytes, a sixth of what a fit from files needs.
    """
    compiled = problem.design.rows.place == "memory"
    return SummedSteps(rows, problem.family, problem.link, problem.weighting, problem.centre, compiled)


def _intercept_alone(problem: GlmProblem, steps: Steps) -> FloatArray | None:
    """Give coefficients that leave every mean in its range, the intercept alone; where the usual start is out of it.

    None where there is no intercept, or none was found.
    """
    terms = problem.design.plan.terms
    if "Intercept" not in terms:
        return None
    start = np.zeros(len(terms))
    for intercept in intercepts_to_try(problem):
        start[terms.index("Intercept")] = intercept
        if np.isfinite(steps.at(start).deviance):
            return start
    return None


def _start_from_sample(problem: GlmProblem) -> FloatArray | None:
    """Fit a random sample of the rows; None where it cannot be fitted, for lack of a rare level or of events."""
    design = problem.design
    if design.plan.n < MANY_ROWS or problem.family.name == "gaussian":
        return None
    sample = SampledRows(design.sample(max(SAMPLE, design.plan.n // 50)), shift=design.shift)
    steps = summed_steps(problem, sample)
    with np.errstate(all="ignore"):
        fitted = fisher_scoring(steps, None, n=1e9, p=design.p, scale=problem.fixed_scale, canonical=problem.canonical)
    usable = fitted.converged and np.isfinite(fitted.coefficients).all() and np.abs(fitted.coefficients).max() < 1e8
    return fitted.coefficients if usable else None
