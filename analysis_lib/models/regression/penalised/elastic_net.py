"""Regression with the elastic net penalty: from a formula, or from a matrix of many sparse covariates."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import columns_by_name
from analysis_lib.models.regression.penalised.choices import FEWEST_FOLDS, Choices, choices_of
from analysis_lib.models.regression.penalised.elastic_net_result import ElasticNetResult
from analysis_lib.models.regression.penalised.families import Family, named_family
from analysis_lib.models.rows.design import DesignPlan
from analysis_lib.models.rows.source import Data, open_rows

if TYPE_CHECKING:
    import scipy.sparse as sp

    from analysis_lib.models.regression.penalised.cases import Cases
    from analysis_lib.models.regression.penalised.cross_validation import CrossValidation
    from analysis_lib.models.regression.penalised.problem import Problem
    from analysis_lib.models.regression.penalised.whole_path import Path

__all__ = ["elastic_net", "elastic_net_matrix"]

FloatArray = npt.NDArray[np.float64]

_SOURCE = (
    "Friedman J., Hastie T., Tibshirani R. (2010). J. Stat. Softw. 33(1), 1-22; Tibshirani R. et al. (2012). J. R. "
    "Stat. Soc. B 74(2), 245-266"
)


@columns_by_name
def elastic_net(
    formula: str,
    data: Data,
    *,
    family: Family = "binomial",
    alpha: float = 1.0,
    lambdas: Sequence[float] | None = None,
    n_lambdas: int = 100,
    smallest_share: float | None = None,
    weights: str | None = None,
    offset: str | None = None,
    penalty_factors: Mapping[str, float] | None = None,
    standardise: bool = True,
    folds: int | None = 10,
    fold: str | None = None,
    seed: int = 0,
    tolerance: float = 1e-6,
    workers: int | None = None,
) -> ElasticNetResult:
    """Fit a regression with the elastic net penalty along a path of penalties, and choose one by cross-validation.

    At each penalty lambda the estimate minimises half the mean deviance plus
    ``lambda * sum(factor * (alpha * |b| + (1 - alpha) / 2 * b ** 2))``, b being coefficients per standard deviation.
    This is glmnet's problem [1]_ with its conventions. Covariates are screened by the strong rule [2]_; the conditions
    of the optimum are checked on all of them at every penalty.

    Parameters
    ----------
    formula : str
        Such as ``"treated ~ age + C(sex)"``, with an intercept that is not penalised; for Cox's model
        ``"Surv(time, event) ~ age + C(sex) + strata(site)"``.
    data : DataFrame, Dask frame, Features or path
        Rows; those with a missing value in a column named here are left out and counted. A column ``subject_id`` or
        ``person_id``, where there is one, keeps the rows of a person in one fold.
    family : {"binomial", "gaussian", "poisson", "cox"}, default "binomial"
        Distribution of the outcome, with its canonical link; or Cox's model [3]_ with Breslow's ties, whose follow-up
        begins at time 0.
    alpha : float, default 1
        Share of the lasso: 1 selects covariates, 0 is ridge regression.
    lambdas : sequence of float, optional
        Penalties; chosen when left out, evenly spaced in their logarithm from the smallest that leaves no covariate.
    n_lambdas : int, default 100
        How many to choose at most.
    smallest_share : float, optional
        The smallest chosen penalty divided by the largest: 1e-4, or 1e-2 with fewer rows than terms, when left out.
    weights : str, optional
        Column with the weight of each row, >= 0.
    offset : str, optional
        Column with a known part of the linear predictor.
    penalty_factors : mapping of str to float, optional
        Multiplies the penalty of a term, 1 for those not named; 0 leaves it unpenalised, infinity leaves it out.
        Rescaled to a mean of 1, as in glmnet.
    standardise : bool, default True
        Penalise coefficients per standard deviation; otherwise as the data come.
    folds : int or None, default 10
        Folds of the cross-validation; None for none.
    fold : str, optional
        Column with the fold of each row, instead of drawing them.
    seed : int, default 0
        Seed of the folds.
    tolerance : float, default 1e-6
        By how much the conditions of the optimum may be missed, as a share of the largest gradient of the null model;
        with few terms, where it costs nothing, a hundredth of that.
    workers : int, optional
        Threads, all usable cores when left out; changes no number.

    Returns
    -------
    ElasticNetResult
        The path, the choice, coefficients, predictions.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.
    ConvergenceError
        If a penalty that was asked for, or the first, has no solution.

    References
    ----------
    .. [1] Friedman J., Hastie T., Tibshirani R. (2010). Regularization paths for generalized linear models via
       coordinate descent. J. Stat. Softw. 33(1), 1-22.
    .. [2] Tibshirani R. et al. (2012). Strong rules for discarding predictors in lasso-type problems. J. R. Stat. Soc.
       B 74(2), 245-266.
    .. [3] Simon N. et al. (2011). Regularization paths for Cox's proportional hazards model via coordinate descent. J.
       Stat. Softw. 39(5), 1-13.
    """
    choices = choices_of(
        family, alpha, lambdas=lambdas, n_lambdas=n_lambdas, smallest_share=smallest_share, standardise=standardise,
        folds=folds, seed=seed, tolerance=tolerance, workers=workers,
    )  # fmt: skip
    from analysis_lib.models.regression.penalised.reading import read_cases

    cases, plan = read_cases(
        open_rows(data), formula, family=choices.family, weights=weights, offset=offset, fold=fold,
        penalty_factors=penalty_factors,
    )  # fmt: skip
    settings = {"formula": formula, "weights": weights, "offset": offset, "fold": fold}
    return _fitted(cases, choices, settings=settings, plan=plan, exclusions=plan.exclusions, n_excluded=plan.n_excluded)


def elastic_net_matrix(
    matrix: "sp.sparray | FloatArray",
    response: Sequence[float] | npt.NDArray[Any] | pd.Series,
    *,
    names: Sequence[str],
    time: Sequence[float] | npt.NDArray[Any] | pd.Series | None = None,
    strata: Sequence[Any] | npt.NDArray[Any] | pd.Series | None = None,
    family: Family = "binomial",
    alpha: float = 1.0,
    lambdas: Sequence[float] | None = None,
    n_lambdas: int = 100,
    smallest_share: float | None = None,
    weights: FloatArray | None = None,
    offset: FloatArray | None = None,
    penalty_factors: Mapping[str, float] | None = None,
    standardise: bool = True,
    persons: npt.NDArray[Any] | None = None,
    folds: int | None = 10,
    fold: npt.NDArray[Any] | None = None,
    seed: int = 0,
    tolerance: float = 1e-6,
    workers: int | None = None,
) -> ElasticNetResult:
    """Fit what `elastic_net` fits, to a matrix of covariates: dense, or sparse with thousands of columns.

    Parameters
    ----------
    matrix : scipy.sparse array or ndarray, shape (n, p)
        Covariates, without missing values. Sparse ones stay sparse: they are held twice, by column and by row.
    response : array of shape (n,)
        Outcome, none missing.
    names : sequence of str
        A name for each covariate.
    time : array of shape (n,), optional
        End of follow-up, > 0, for Cox's model; the response is then whether it ended with the event.
    strata : array of shape (n,), optional
        What has a baseline hazard of its own, for Cox's model.
    family : {"binomial", "gaussian", "poisson", "cox"}, default "binomial"
        Distribution of the outcome, with its canonical link; or Cox's model [3]_ with Breslow's ties, whose follow-up
        begins at time 0.
    alpha : float, default 1
        Share of the lasso.
    lambdas : sequence of float, optional
        Penalties; chosen when left out.
    n_lambdas : int, default 100
        How many to choose at most.
    smallest_share : float, optional
        The smallest chosen penalty divided by the largest.
    weights : ndarray of float64, shape (n,), optional
        Weight of each row, >= 0.
    offset : ndarray of float64, shape (n,), optional
        Known part of the linear predictor.
    penalty_factors : mapping of str to float, optional
        Multiplies the penalty of a covariate, by name.
    standardise : bool, default True
        Penalise coefficients per standard deviation.
    persons : ndarray, shape (n,), optional
        Whose each row is; each row is a person when left out.
    folds : int or None, default 10
        Folds of the cross-validation; None for none.
    fold : ndarray, shape (n,), optional
        Fold of each row, instead of drawing them.
    seed : int, default 0
        Seed of the folds.
    tolerance : float, default 1e-6
        By how much the conditions of the optimum may be missed.
    workers : int, optional
        Threads, all usable cores when left out; changes no number.

    Returns
    -------
    ElasticNetResult
        The path, the choice, coefficients, predictions.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.
    """
    choices = choices_of(
        family, alpha, lambdas=lambdas, n_lambdas=n_lambdas, smallest_share=smallest_share, standardise=standardise,
        folds=folds, seed=seed, tolerance=tolerance, workers=workers,
    )  # fmt: skip
    from analysis_lib.models.regression.penalised.cases import checked_cases, columns_of, labels_of, named, numbers_of
    from analysis_lib.models.regression.penalised.reading import given_follow_up

    columns = columns_of(matrix)
    n = columns.n
    outcome = numbers_of(response, "response", n=n)
    cases = checked_cases(
        columns,
        terms=named(names, columns.p),
        response=outcome,
        weights=None if weights is None else numbers_of(weights, "weights", n=n),
        offset=None if offset is None else numbers_of(offset, "offset", n=n),
        penalty_factors=penalty_factors,
        persons=np.arange(n) if persons is None else labels_of(persons, "persons", n=n),
        fold=None if fold is None else labels_of(fold, "fold", n=n),
        family=family,
        follow_up=given_follow_up(time, strata, family=family, n=n),
    )
    return _fitted(cases, choices, settings={}, plan=None, exclusions={}, n_excluded=0)


def _fitted(
    cases: "Cases",
    choices: Choices,
    *,
    settings: Mapping[str, Any],
    plan: DesignPlan | None,
    exclusions: Mapping[str, int],
    n_excluded: int,
) -> ElasticNetResult:
    from threadpoolctl import threadpool_limits

    from analysis_lib.models.regression.penalised.problem import Problem
    from analysis_lib.models.regression.penalised.whole_path import fit_path

    n, p = cases.columns.n, cases.columns.p
    problem = Problem(
        columns=cases.columns,
        response=cases.response,
        weights=cases.weights / cases.weights.sum(),
        offset=cases.offset,
        family=choices.family,
        alpha=choices.alpha,
        factors=cases.factors,
        standardise=choices.standardise,
        tolerance=choices.tolerance,
        workers=choices.workers,
        follow_up=cases.follow_up,
    )
    share = choices.smallest_share or (1e-2 if n < p else 1e-4)
    # Small equations are solved very often, in several folds at once: BLAS's own threads would only get in the way.
    with threadpool_limits(1, user_api="blas"):
        path = fit_path(problem, lambdas=choices.lambdas, count=choices.n_lambdas, smallest_share=share)
        chosen = _chosen(problem, path, cases=cases, choices=choices)
    has_events = choices.family in {"binomial", "cox"}
    event = cases.response == 1 if has_events else cases.response > 0
    weighed = {}
    if settings.get("weights") or (cases.weights != 1).any():
        weighed = {f"weights {settings.get('weights') or 'as given'}": float(cases.weights.sum())}
    people = {"all": _distinct(cases.persons)}
    if has_events:
        people |= {"events": _distinct(cases.persons[event]), "no event": _distinct(cases.persons[~event])}
    model = f"{named_family(choices.family)} regression" + (", Breslow's ties" if choices.family == "cox" else "")
    kind = {1.0: "lasso", 0.0: "ridge"}.get(choices.alpha, f"elastic net, alpha {choices.alpha:g}")
    return ElasticNetResult(
        method=f"{model}, {kind} penalty, coordinate descent, conditions of the optimum checked",
        source=_SOURCE + ("; Simon N. et al. (2011). J. Stat. Softw. 39(5), 1-13" if choices.family == "cox" else ""),
        n=n,
        events=int(event.sum()) if has_events else 0,
        exclusions=exclusions,
        n_excluded=n_excluded,
        persons=people,
        weight_sums=weighed,
        settings={
            **settings,
            **{name: getattr(choices, name) for name in choices.__dataclass_fields__ if name != "workers"},
        },
        family=choices.family,
        alpha=choices.alpha,
        terms=cases.terms,
        path=path,
        null_deviance=path.null_deviance * float(cases.weights.sum()),
        cross_validation=chosen,
        words={} if plan is None else dict(zip(plan.terms, plan.words, strict=True)),
        plan=plan,
    )


def _chosen(problem: "Problem", path: "Path", *, cases: "Cases", choices: Choices) -> "CrossValidation | None":
    from analysis_lib.models.regression.penalised.cross_validation import cross_validate, folds_by_person

    if choices.folds is None and cases.fold is None:
        return None
    seed = None if cases.fold is not None else choices.seed
    if cases.fold is None:
        fold = folds_by_person(cases.persons, folds=choices.folds or 0, seed=choices.seed)
    else:
        fold = _given_folds(cases.fold, cases.persons)
    return cross_validate(problem, list(path.lambdas), fold=fold, seed=seed, workers=choices.workers)


def _given_folds(fold: npt.NDArray[Any], persons: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    numbers = np.unique(fold, return_inverse=True)[1].astype(np.int64)
    if numbers.max() + 1 < FEWEST_FOLDS:
        raise ModelInputError(
            f"cross-validation needs {FEWEST_FOLDS} folds or more; found {numbers.max() + 1}. Give every row "
            "one of them."
        )
    pairs = pd.DataFrame({"person": persons, "fold": numbers}).drop_duplicates()
    if torn := int(pairs["person"].duplicated().sum()):
        raise ModelInputError(
            f"all rows of a person must lie in one fold; found {torn:,} more. Make the folds by person, or "
            "leave them out."
        )
    return numbers


def _distinct(persons: npt.NDArray[Any]) -> int:
    return int(pd.Series(persons).nunique())
