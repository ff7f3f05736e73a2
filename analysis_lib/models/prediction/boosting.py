"""Gradient boosting through LightGBM, in this process or on a Dask cluster."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.prediction.checked_values import checked_number

if TYPE_CHECKING:
    from types import ModuleType

    from analysis_lib.compute import Cluster
    from analysis_lib.models.prediction.estimators import Learned

__all__ = ["BoostingEstimator"]

FloatArray = npt.NDArray[np.float64]
SOURCE = "Ke G. et al. (2017). LightGBM: a highly efficient gradient boosting decision tree. NeurIPS 30, 3146-3154"
STOP_AFTER = 50
NO_STOPPING = "no early stopping"
#: Small trees and slow learning: a risk has to be calibrated, not only ranked.
DEFAULTS: dict[str, Any] = {
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_child_samples": 50,
    "reg_lambda": 1.0,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.8,
}
#: Settings that this library decides itself, or that would make two runs differ.
OWN = {"objective", "seed", "random_state", "n_jobs", "verbose", "verbosity", "deterministic", "n_estimators", "metric"}


@dataclass(frozen=True)
class _LearnedTrees:
    """Trees, as LightGBM writes them."""

    text: str
    columns: tuple[str, ...]
    trees: int
    settings: Mapping[str, Any]
    place: str
    stopping: str
    version: str

    @property
    def method(self) -> str:
        chosen = ", ".join(f"{name} {value}" for name, value in sorted(self.settings.items()))
        made = f"gradient boosting of {self.trees:,} trees by LightGBM {self.version} {self.place}"
        return f"{made} ({chosen}); {self.stopping}"

    @property
    def source(self) -> str:
        return SOURCE

    def _booster(self) -> Any:
        return lightgbm().Booster(model_str=self.text)

    def risk(self, prepared: pd.DataFrame) -> FloatArray:
        return np.asarray(self._booster().predict(_codes(prepared[list(self.columns)])), dtype=np.float64)

    def terms(self) -> pd.DataFrame:
        gain = self._booster().feature_importance("gain").astype(np.float64)
        share = gain / max(float(gain.sum()), np.finfo(np.float64).tiny)
        table = pd.DataFrame({"term": self.columns, "importance": share})
        return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)

    def specification(self) -> Mapping[str, Any]:
        return {"format": "LightGBM model text", "model": self.text}


@dataclass(frozen=True)
class BoostingEstimator:
    """Gradient boosting of a binary outcome.

    Attributes
    ----------
    outcome : str
        Column of the outcome.
    rounds : int
        Trees at most.
    settings : mapping of str to object
        LightGBM's parameters that differ from `DEFAULTS`.
    seed : int
        Start of the random numbers.
    on : Cluster or None
        Where to learn; in this process when None.
    """

    outcome: str
    rounds: int
    settings: Mapping[str, Any]
    seed: int
    on: "Cluster | None" = None

    def fit(
        self,
        prepared: pd.DataFrame,
        targets: pd.DataFrame,
        *,
        right: str,
        held: tuple[pd.DataFrame, pd.DataFrame] | None = None,
    ) -> "Learned":
        """Learn.

        Parameters
        ----------
        prepared : DataFrame
            Prepared predictors of the training rows.
        targets : DataFrame
            Outcome of the same rows.
        right : str
            Not used: trees need no formula.
        held : tuple of DataFrame, optional
            Predictors and outcome of validation rows, to stop early by.

        Returns
        -------
        Learned
            The trees.

        Raises
        ------
        ModelInputError
            If LightGBM is not there, or refuses the settings.
        """
        del right
        package = lightgbm()
        own = {**DEFAULTS, **checked_settings(self.settings)}
        parameters = {**own, "random_state": self.seed, "deterministic": True, "verbosity": -1}
        try:
            if self.on is None:
                booster, stopping = self._here(prepared, targets, parameters=parameters, held=held)
                place = "in one process"
            else:
                booster, stopping = self._on_cluster(prepared, targets, parameters=parameters), NO_STOPPING
                place = f"on {self.on.place}"
        except package.basic.LightGBMError as error:
            raise ModelInputError(
                f"LightGBM refused the model; its settings were {', '.join(sorted(self.settings)) or 'the defaults'}. "
                "Look at their names and values in LightGBM's documentation."
            ) from error
        return _LearnedTrees(
            text=booster.model_to_string(),
            columns=tuple(prepared.columns),
            trees=int(booster.num_trees()),
            settings=own,
            place=place,
            stopping=stopping,
            version=str(package.__version__),
        )

    def _here(
        self,
        prepared: pd.DataFrame,
        targets: pd.DataFrame,
        *,
        parameters: dict[str, Any],
        held: tuple[pd.DataFrame, pd.DataFrame] | None,
    ) -> tuple[Any, str]:
        package = lightgbm()
        asked = {**parameters, "objective": "binary"}
        quiet = {"verbosity": -1}
        named = _categories(prepared)
        rows = package.Dataset(_codes(prepared), self._outcome(targets), categorical_feature=named, params=quiet)
        if held is None:
            return package.train(asked, rows, num_boost_round=self.rounds), NO_STOPPING
        valid = package.Dataset(_codes(held[0]), self._outcome(held[1]), reference=rows, params=quiet)
        stop = package.early_stopping(STOP_AFTER, verbose=False)
        found = package.train(asked, rows, num_boost_round=self.rounds, valid_sets=[valid], callbacks=[stop])
        text = found.model_to_string(num_iteration=found.best_iteration)
        stopping = f"stopped by the validation rows' log loss after {STOP_AFTER} trees without gain"
        return package.Booster(model_str=text), stopping

    def _on_cluster(self, prepared: pd.DataFrame, targets: pd.DataFrame, *, parameters: dict[str, Any]) -> Any:
        from typing import cast

        import dask.array
        import dask.dataframe

        da, dd = cast("Any", dask.array), cast("Any", dask.dataframe)  # Dask announces types and gives few

        if self.on is None:  # pragma: no cover - asked before
            raise ModelInputError("no cluster is open. Open one with analysis_lib.compute.cluster().")
        rows = _codes(prepared).reset_index(drop=True)
        size = -(-len(rows) // max(1, int(self.on.at_once)))
        frame = dd.from_pandas(rows, chunksize=size, sort=True)
        lengths = tuple(min(size, len(rows) - first) for first in range(0, len(rows), size))
        outcome = da.from_array(self._outcome(targets), chunks=(lengths,))
        model = lightgbm().DaskLGBMClassifier(client=self.on.client, n_estimators=self.rounds, **parameters)
        named = {"categorical_feature": categories} if (categories := _categories(prepared)) else {}
        with warnings.catch_warnings():
            # Every worker uses its own threads, whatever is asked; LightGBM says so at each fit.
            warnings.filterwarnings("ignore", message="Parameter n_jobs will be ignored")
            return model.fit(frame, outcome, **named).booster_

    def _outcome(self, targets: pd.DataFrame) -> FloatArray:
        return np.asarray(targets[self.outcome], dtype=np.float64)


def lightgbm() -> "ModuleType":
    """Import LightGBM.

    Returns
    -------
    module
        The package.

    Raises
    ------
    ModelInputError
        If it is not installed.
    """
    try:
        import lightgbm as package
    except ImportError as error:
        raise ModelInputError(
            "gradient boosting needs LightGBM; it is not installed. Ask for the extra cohorthub[boosting], or use "
            "model='penalised'."
        ) from error
    return package


def checked_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse settings of LightGBM that this library decides, or that are none.

    Parameters
    ----------
    settings : mapping of str to object
        What the caller gave.

    Returns
    -------
    dict of str to object
        The same.

    Raises
    ------
    ModelInputError
        If one is decided elsewhere, or is no plain value.
    """
    if taken := sorted(OWN & set(settings)):
        raise ModelInputError(
            f"a setting of the trees is decided by the library; found {', '.join(taken)}. Use rounds= and seed=."
        )
    for name, value in settings.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError) as error:
            raise ModelInputError(
                f"a setting of the trees must be a plain value; '{name}' is {type(value).__name__}. Give a number or "
                "a word."
            ) from error
    if "learning_rate" in settings:
        checked_number(settings["learning_rate"], "learning_rate", low=0.0, high=10.0)
    return dict(settings)


def _codes(prepared: pd.DataFrame) -> pd.DataFrame:
    """Turn categories into numbers: LightGBM then needs no names of columns, in any script."""
    columns = {}
    for index, name in enumerate(prepared.columns):
        values = prepared[name]
        if isinstance(values.dtype, pd.CategoricalDtype):
            codes = values.cat.codes.to_numpy(dtype=np.float64)
            values = pd.Series(np.where(codes < 0, np.nan, codes), index=prepared.index)
        columns[f"f{index}"] = values
    return pd.DataFrame(columns, index=prepared.index)


def _categories(prepared: pd.DataFrame) -> list[str]:
    """Name the columns that `_codes` makes of categories, whose numbers have no order."""
    return [
        f"f{index}"
        for index, name in enumerate(prepared.columns)
        if isinstance(prepared[name].dtype, pd.CategoricalDtype)
    ]
