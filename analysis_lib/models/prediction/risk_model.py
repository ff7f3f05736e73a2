"""Risk models: one way to learn a risk from training rows, by regression or by trees."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from analysis_lib.errors import ModelInputError
from analysis_lib.features.feature_set import Features
from analysis_lib.models.arguments import checked_choice, checked_kind, columns_by_name
from analysis_lib.models.prediction.person_split import PersonSplit, person_keys
from analysis_lib.models.prediction.request import request_of
from analysis_lib.models.prediction.trained_model import TITLES, Kind, RiskModel
from analysis_lib.models.prediction.training import estimator_of, learn, training_data
from analysis_lib.models.rows.formula import has_follow_up
from analysis_lib.models.rows.source import Data, open_rows

if TYPE_CHECKING:
    from analysis_lib.compute import Cluster

__all__ = ["risk_model"]


@columns_by_name
def risk_model(
    predictors: str | Sequence[str] | Features,
    data: Data,
    *,
    model: Kind = "penalised",
    outcome: str | None = None,
    time: str | None = None,
    event: str | None = None,
    horizon: float | None = None,
    split: PersonSplit | None = None,
    missing: Literal["impute", "complete"] = "impute",
    alpha: float = 1.0,
    penalty: Literal["min", "1se"] = "min",
    folds: int = 10,
    rounds: int = 300,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    on: "Cluster | None" = None,
) -> RiskModel:
    """Learn a model of risk from training rows.

    What is learned of the predictors (medians, levels, penalties) is learned on the training rows alone, and kept in
    the result.

    Parameters
    ----------
    predictors : str, sequence of str, or Features
        A formula, ``"event ~ age + C(sex)"`` or ``"Surv(time, event) ~ age"``; columns; or the features of a cohort,
        whose columns are meant. Trees use the columns of a formula and not its expressions.
    data : DataFrame, Dask frame, Features or path
        One row per prediction, with outcome and predictors. Rows without an outcome are left out and counted. A column
        ``subject_id`` or ``person_id`` keeps a person's rows together.
    model : {"penalised", "cox", "boosting"}, default "penalised"
        Regression with an elastic net penalty [1]_: logistic, or Cox's where there is a horizon; Cox regression without
        a penalty [2]_; or gradient boosting by LightGBM [3]_, which is the extra ``cohorthub[boosting]``.
    outcome : str, optional
        Column that says who had the outcome, where there is no formula.
    time, event : str, optional
        Columns of the follow-up of a Cox model, penalised or not, where there is no formula.
    horizon : float, optional
        Until when a Cox model predicts, in the unit of `time`.
    split : PersonSplit, optional
        From `split_persons`: its training rows are learned from; trees stop early by its validation rows. All rows are
        learned from when left out.
    missing : {"impute", "complete"}, default "impute"
        Fill missing numbers with the training rows' median and mark them, missing categories by a level of their own
        (fewer than 20 missing values are filled and not marked); or leave rows with a missing value out. Trees with
        "impute" keep missing values as such.
    alpha : float, default 1
        Share of the lasso in the penalty.
    penalty : {"min", "1se"}, default "min"
        The penalty with the smallest held-out deviance, or the largest within a standard error of it.
    folds : int, default 10
        Folds of persons by which the penalty is chosen.
    rounds : int, default 300
        Trees at most.
    settings : mapping of str to object, optional
        LightGBM's parameters, such as ``{"num_leaves": 31}``.
    seed : int, default 0
        Start of the random numbers.
    on : Cluster, optional
        Where trees are learned: LightGBM's own Dask estimator on the workers of this cluster. When left out the
        cluster that is open, if `data` is a Dask frame; else this process.

    Returns
    -------
    RiskModel
        Predicts, judges itself on held-out rows, shows its terms.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used, or LightGBM is not installed.

    References
    ----------
    .. [1] Friedman J., Hastie T., Tibshirani R. (2010). Regularization paths for generalized linear models via
       coordinate descent. J. Stat. Softw. 33(1), 1-22.
    .. [2] Cox D. R. (1972). Regression models and life-tables. J. R. Stat. Soc. B 34(2), 187-220.
    .. [3] Ke G. et al. (2017). LightGBM: a highly efficient gradient boosting decision tree. NeurIPS 30, 3146-3154.
    """
    checked_choice(model, "model", known=tuple(TITLES))
    checked_choice(missing, "missing", known=("impute", "complete"))
    checked_choice(penalty, "penalty", known=("min", "1se"))
    checked_kind(split, "split", kind=PersonSplit, hint="Give what split_persons made")
    rows = open_rows(data)
    has_time = horizon is not None or time is not None or (isinstance(predictors, str) and has_follow_up(predictors))
    survival = model == "cox" or (model == "penalised" and outcome is None and has_time)
    request = request_of(
        predictors,
        rows.columns,
        survival=survival,
        targets=(time, event) if survival else (outcome,),
        horizon=horizon,
        missing="keep" if model == "boosting" and missing == "impute" else missing,
    )
    training = training_data(data, request, split=split)
    until_horizon = training.events_until(request)
    if not until_horizon:
        raise ModelInputError(
            f"a risk until a horizon is learned from events until then; found none of {training.event.sum():,} events "
            f"until {horizon:g}. Choose a later horizon."
        )
    estimator = estimator_of(
        model,
        request,
        choices={
            "alpha": alpha,
            "at": penalty,
            "folds": folds,
            "seed": seed,
            "rounds": rounds,
            "settings": settings or {},
        },
        on=on,
        is_dask=rows.place == "dask",
    )
    held = None if split is None else training_data(data, request, split=split, part="validation")
    preparation, learned = learn(training, request, estimator=estimator, held=held)
    return RiskModel(
        method=f"{learned.method}; {preparation.describe()}",
        source=learned.source,
        **training.described(),
        settings={"model": model, "formula": request.right, "horizon": horizon, "missing": missing, "seed": seed},
        kind=model,
        request=request,
        preparation=preparation,
        learned=learned,
        estimator=estimator,
        split=split,
        events_until_horizon=until_horizon,
        learned_from=np.unique(person_keys(training.ids)) if rows.person_column else np.empty(0, dtype=np.uint64),
    )
