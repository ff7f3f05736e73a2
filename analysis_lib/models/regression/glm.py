"""Generalised linear models: the function."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, columns_by_name
from analysis_lib.models.regression.families import FamilyName, LinkName, family_of
from analysis_lib.models.regression.firth import fit_firth
from analysis_lib.models.regression.glm_fit import fit
from analysis_lib.models.regression.glm_outcome import glm_result
from analysis_lib.models.regression.glm_problem import glm_problem
from analysis_lib.models.regression.glm_result import GlmResult
from analysis_lib.models.regression.glm_sums import Weighting
from analysis_lib.models.regression.negative_binomial import fit_size
from analysis_lib.models.regression.robust import ROBUST
from analysis_lib.models.rows import Data

if TYPE_CHECKING:
    from analysis_lib.compute import Cluster

__all__ = ["glm"]

Errors = Literal["model", "HC0", "HC1", "HC2", "HC3", "cluster"]


@columns_by_name
def glm(
    formula: str,
    data: Data,
    *,
    family: FamilyName = "gaussian",
    link: LinkName | None = None,
    weights: str | None = None,
    frequency_weights: str | None = None,
    sampling_weights: str | None = None,
    offset: str | None = None,
    exposure: str | None = None,
    errors: Errors | None = None,
    cluster: str | None = None,
    firth: bool = False,
    level: float = 0.95,
    labels: Mapping[str, str] | None = None,
    on: "Cluster | None" = None,
) -> GlmResult:
    """Fit a generalised linear model [1]_.

    The same numbers come from memory, Dask, features and Parquet files: the model is a few sums over the rows, added up
    part by part, in threads or on a cluster, and rows that do not fit memory are read once per pass. A small design is
    solved by QR instead. The fit ends where the next step is below 1e-10 standard errors; if it does not, that is an
    error and never a result.

    Parameters
    ----------
    formula : str
        Such as ``"event ~ age + C(sex) + bs(bmi, df=4)"``; text and categories are coded against their first level.
        Nothing in it is executed.
    data : DataFrame, Dask frame, Features or path
        One row per observation. A column ``subject_id`` or ``person_id`` is used to count distinct persons.
    family : {"gaussian", "binomial", "poisson", "negative binomial", "gamma", "inverse gaussian"}, default "gaussian"
        Distribution of the outcome. The size (theta) of the negative binomial is estimated, as in MASS's glm.nb.
    link : str, optional
        Link; the family's usual one when left out (logit, log; for gamma and inverse gaussian the canonical).
    weights : str, optional
        Column of analytic (precision) weights, > 0: the variance of a row is the scale over its weight. For a share of
        trials they are the number of trials. R's ``weights``, statsmodels' ``var_weights``. Not for sampling or
        inverse probability weights: model-based errors are wrong for these.
    frequency_weights : str, optional
        Column of whole numbers: how many equal rows a row stands for.
    sampling_weights : str, optional
        Column > 0 of how many others a row speaks for: weights of a survey, inverse probabilities of treatment or of
        being observed. Their size means nothing, only their ratio; errors are robust (HC0 when left out, or by
        cluster), and take the weights for known. There is no likelihood, so no AIC and no profile interval.
    offset : str, optional
        Column of a known part of the linear predictor.
    exposure : str, optional
        Column > 0, such as person-time, whose logarithm is an offset; for log links.
    errors : {"model", "HC0", "HC1", "HC2", "HC3", "cluster"}, optional
        Standard errors: from the model; robust by row, the default with sampling weights; or by cluster, which is the
        default where `cluster` is given.
    cluster : str, optional
        Column of the clusters, such as the person or the site.
    firth : bool, default False
        Whether to fit a logistic model by Firth's penalised likelihood, which has a maximum under separation too.
    level : float, default 0.95
        Coverage of the intervals, in (0, 1).
    labels : mapping of str to str, optional
        Names for terms in the summary and the plot.
    on : Cluster, optional
        Where parts of files and Dask frames are worked on; the open cluster, else threads, when left out.

    Returns
    -------
    GlmResult
        Estimates with their covariance; prints a summary, predicts, tests, plots.

    Raises
    ------
    ModelInputError
        If the formula, a column or an argument cannot be used, or covariates are collinear or constant.
    SeparationError
        If a level or a combination of covariates tells the outcome without error, so that the likelihood has no
        maximum.
    ConvergenceError
        If the fit does not converge for another reason.

    References
    ----------
    .. [1] McCullagh P., Nelder J. A. (1989). Generalized Linear Models, 2nd ed. Chapman and Hall.
    """
    checked_level(level)
    chosen = _chosen_errors(errors, cluster, sampling=sampling_weights is not None)
    distribution, link_function = family_of(family, link)
    if sampling_weights is not None:
        _refuse_beside_sampling(weights=weights, errors=chosen, firth=firth)
    weighting = Weighting(
        sampling_weights or weights, frequency_weights, offset, exposure, sampling=sampling_weights is not None
    )
    if exposure and link_function.name != "log":
        raise ModelInputError(
            f"exposure goes with a log link; found {link_function.name}. Put its logarithm or itself among the "
            "covariates, or use offset."
        )
    problem = glm_problem(
        formula, data, family=distribution, link=link_function, weighting=weighting, cluster=cluster, on=on
    )
    settings = {"formula": formula, "family": distribution.name, "link": link_function.name, "level": level}
    settings |= {"errors": chosen, "cluster": cluster, "firth": firth, **weighting.settings}
    size: tuple[float, float] | None = None
    if firth:
        fitted = fit_firth(problem)
    elif distribution.name == "negative binomial":
        problem, fitted, size = fit_size(problem)
    else:
        fitted = fit(problem)
    return glm_result(problem, fitted, settings=settings, size=size, labels=labels or {})


def _refuse_beside_sampling(*, weights: str | None, errors: str, firth: bool) -> None:
    if weights is not None:
        raise ModelInputError(
            "weights are analytic or sampling weights; found both. Give one of them; multiply the columns where a row "
            "has a share of a sample and of a treatment."
        )
    if errors == "model":
        raise ModelInputError(
            "model-based errors rest on the size of the weights, and are wrong for sampling weights; found "
            "errors='model' with them. Leave errors out (HC0), or choose HC1-HC3 or a cluster."
        )
    if firth:
        raise ModelInputError(
            "Firth's penalty rests on the size of the weights; found firth=True with sampling weights. Leave one of "
            "them out."
        )


def _chosen_errors(errors: str | None, cluster: str | None, *, sampling: bool) -> str:
    if errors is None:
        return "cluster" if cluster else "HC0" if sampling else "model"
    checked_choice(errors, "errors", known=["model", *ROBUST, "cluster"])
    if (errors == "cluster") != (cluster is not None):
        raise ModelInputError(
            "errors='cluster' and cluster= go together; found one without the other. Name the column of the clusters, "
            "or choose other errors."
        )
    return errors
