"""What is learned of the predictors on the training rows alone: medians, levels, which values are missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import listed, one_value_a_cell
from analysis_lib.models.prediction.checked_values import MOST_GROUPS
from analysis_lib.tables import column_in_words

__all__ = ["ColumnPreparation", "Preparation", "learn_preparation"]

Missing = Literal["impute", "keep", "complete"]
MISSING_LEVEL = "(missing)"
#: Fewer missing, or known, values than this are filled and not marked: a mark of three rows foretells by chance.
FEWEST_MARKED = 20


@dataclass(frozen=True)
class ColumnPreparation:
    """How one predictor is prepared.

    Attributes
    ----------
    name : str
        The column.
    kind : {"number", "category"}
        What it holds.
    n_missing : int
        Training rows without a value.
    fill : float or str
        What stands for a missing value: the median, or a level.
    indicator : str
        Column that says whether the value was missing; empty for none.
    mean, sd : float
        Of the known training values; missing for categories.
    levels : tuple of str
        Levels seen in training; empty for numbers.
    """

    name: str
    kind: Literal["number", "category"]
    n_missing: int
    fill: float | str
    indicator: str
    mean: float
    sd: float
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Preparation:
    """How predictors are prepared, learned on the training rows and applied to all others unchanged.

    Attributes
    ----------
    columns : tuple of ColumnPreparation
        One per predictor that is used.
    dropped : tuple of str
        Predictors that have one value in all training rows.
    missing : {"impute", "keep", "complete"}
        What is done with missing values.
    n_training : int
        Rows it was learned on.
    """

    columns: tuple[ColumnPreparation, ...]
    dropped: tuple[str, ...]
    missing: Missing
    n_training: int

    @property
    def indicators(self) -> tuple[str, ...]:
        """Columns that say whether a value was missing."""
        return tuple(column.indicator for column in self.columns if column.indicator)

    @property
    def levels(self) -> dict[str, tuple[str, ...]]:
        """Levels of each category."""
        return {column.name: column.levels for column in self.columns if column.kind == "category"}

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Prepare rows.

        Parameters
        ----------
        frame : DataFrame
            With the predictors.

        Returns
        -------
        DataFrame
            Numbers as float64, categories with the levels of the training rows, indicators as 0 or 1; same index.
        """
        prepared: dict[str, pd.Series] = {}
        for column in self.columns:
            values = frame[column.name]
            if column.kind == "number":
                numbers = _numbers(values, column.name)
                prepared[column.name] = numbers.fillna(column.fill) if self.missing == "impute" else numbers
                missing = numbers.isna()
            else:
                words = (
                    values.astype(object)
                    .where(values.notna(), None)
                    .map(lambda value: None if value is None else str(value))
                )
                # A level that training never saw is as good as unknown.
                missing = ~words.isin(column.levels) | words.isna()
                if self.missing == "impute":
                    words = words.where(~missing, column.fill)
                prepared[column.name] = pd.Series(
                    pd.Categorical(words.where(words.isin(column.levels), None), categories=column.levels),
                    index=frame.index,
                )
            if column.indicator:
                prepared[column.indicator] = missing.astype(np.float64)
        return pd.DataFrame(prepared, index=frame.index)

    def to_frame(self) -> pd.DataFrame:
        """Return what was learned as a table.

        Returns
        -------
        DataFrame
            One row per predictor: ``predictor``, ``kind``, ``missing`` (training rows), ``missing_share``,
            ``filled_with``, ``mean``, ``sd``, ``levels``.
        """
        rows = [
            (
                column.name,
                column.kind,
                column.n_missing,
                column.n_missing / max(self.n_training, 1),
                str(column.fill) if self.missing == "impute" else "",
                column.mean,
                column.sd,
                ", ".join(column.levels),
            )
            for column in self.columns
        ]
        names = ["predictor", "kind", "missing", "missing_share", "filled_with", "mean", "sd", "levels"]
        return pd.DataFrame(rows, columns=names)

    def words(self) -> dict[str, str]:
        """Write the terms that the predictors make as the tables of other models do.

        Returns
        -------
        dict of str to str
            By term, such as ``sex[T.male]``: "Sex: male vs female".
        """
        found = {}
        for column in self.columns:
            name = column_in_words(column.name)
            found[column.name] = name
            found[column.indicator] = f"{name}: missing"
            for level in column.levels[1:]:
                found[f"{column.name}[T.{level}]"] = f"{name}: {level} vs {column.levels[0]}"
        return found

    def describe(self) -> str:
        """Say in a sentence what is done.

        Returns
        -------
        str
            Without a full stop.
        """
        how = {
            "impute": "missing numbers are filled with the median of the training rows and marked by an indicator, "
            f"missing categories are a level of their own (fewer than {FEWEST_MARKED} are filled and not marked)",
            "keep": "missing values are kept; the trees learn where they go",
            "complete": "rows with a missing value are left out",
        }[self.missing]
        with_missing = [column.name for column in self.columns if column.n_missing]
        named = (
            f" ({len(with_missing):,} of {len(self.columns):,} predictors have some)"
            if with_missing
            else " (no predictor has any)"
        )
        dropped = f"; without variation and dropped: {listed(self.dropped)}" if self.dropped else ""
        return f"{how}{named}{dropped}"


def learn_preparation(frame: pd.DataFrame, names: Sequence[str], *, missing: Missing) -> Preparation:
    """Learn from training rows how to prepare predictors.

    Parameters
    ----------
    frame : DataFrame
        Training rows only.
    names : sequence of str
        Predictors.
    missing : {"impute", "keep", "complete"}
        What to do with missing values.

    Returns
    -------
    Preparation
        To be applied to all rows.

    Raises
    ------
    ModelInputError
        If a predictor is of a type that cannot be used, or none is left.
    """
    columns, dropped = [], []
    for name in names:
        learned = _learn(frame[name], name, taken=[*names, *frame.columns], missing=missing)
        if learned is None:
            dropped.append(name)
        else:
            columns.append(learned)
    if not columns:
        raise ModelInputError(
            f"a model needs a predictor that varies; found {len(names):,} without variation in {len(frame):,} training "
            "rows. Look how they were made."
        )
    return Preparation(tuple(columns), tuple(dropped), missing, len(frame))


def _learn(values: pd.Series, name: str, *, taken: Sequence[str], missing: Missing) -> ColumnPreparation | None:
    n_missing = int(values.isna().sum())
    varies = n_missing < len(values) and one_value_a_cell(values).nunique() > 1
    marked = missing == "impute" and FEWEST_MARKED <= n_missing <= len(values) - FEWEST_MARKED
    if not varies and not marked:
        return None
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        numbers = _numbers(values, name)
        known = numbers.dropna()
        indicator = _free(f"{name}_missing", taken) if marked else ""
        return ColumnPreparation(
            name, "number", n_missing, float(known.median()), indicator, float(known.mean()), float(known.std()), ()
        )
    if pd.api.types.is_datetime64_any_dtype(values.dtype) or pd.api.types.is_timedelta64_dtype(values.dtype):
        raise ModelInputError(
            f"a date is no predictor; column '{name}' is {values.dtype}. Turn it into days before the index date."
        )
    counts = values.dropna().astype(str).value_counts()
    if len(counts) > MOST_GROUPS:
        raise ModelInputError(
            f"a category may have {MOST_GROUPS} levels; column '{name}' has {len(counts):,}. Is it free text or an id? "
            "Group its levels, or leave it out."
        )
    levels = sorted(counts.index)
    if marked:
        levels.append(MISSING_LEVEL)
    fill = MISSING_LEVEL if marked else str(counts.index[0])
    return ColumnPreparation(name, "category", n_missing, fill, "", float("nan"), float("nan"), tuple(levels))


def _numbers(values: pd.Series, name: str) -> pd.Series:
    if values.dtype == object and values.isna().all():  # a new frame in which nobody was measured
        return pd.Series(np.nan, index=values.index)
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_complex_dtype(values.dtype):
        raise ModelInputError(
            f"a predictor must hold numbers where the training rows did; column '{name}' is {values.dtype}. Convert it "
            "first."
        )
    numbers = values.astype("Float64").astype(np.float64) if values.dtype != np.float64 else values
    if np.isinf(numbers.to_numpy()).any():
        raise ModelInputError(f"a predictor must be finite; column '{name}' has infinite values. Look how it was made.")
    return numbers


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name
