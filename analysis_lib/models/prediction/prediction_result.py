"""What the results about predictions have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import in_percent
from analysis_lib.models.result import ModelResult, ModelSummary, columns_used, left_out
from analysis_lib.printed_numbers import format_estimate

__all__ = ["WITHOUT_WIDTH", "JudgedResult", "MeasuredResult", "PredictionResult", "limits_in_words"]

WITHOUT_WIDTH = (
    "An interval without width tells nothing of the error: the classes do not overlap, or all risks are equal."
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PredictionResult(ModelResult):
    """A result whose intervals allow for several rows of a person."""

    def _notes(self) -> tuple[str, ...]:
        notes = [f"Method: {self.method}.", f"{self.n:,} rows, {self.events:,} events."]
        if (persons := self.persons.get("all", self.n)) < self.n:
            notes.append(f"They come from {persons:,} persons; the intervals allow for repeated rows.")
        if self.exclusions:
            notes.append(left_out(self.n_excluded, self.exclusions))
        return (*notes, *columns_used(self.settings, self.weight_sums))


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class JudgedResult(PredictionResult):
    """What was found out about predicted risks, for everybody and by group.

    Attributes
    ----------
    table : DataFrame
        The estimates; ``group`` says whose each row is.
    level : float
        Coverage of the intervals.
    """

    table: pd.DataFrame
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def _check_group(self, group: str) -> None:
        if group not in set(self.table["group"]):
            raise ModelInputError(
                f"there is no group '{group}'; found {', '.join(self.table['group'].unique())}. Name one of these."
            )


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MeasuredResult(JudgedResult):
    """Named measures of predicted risks.

    Attributes
    ----------
    table : DataFrame
        ``group``, ``measure``, ``estimate``, ``ci_low``, ``ci_high``.
    level : float
        Coverage of the intervals.
    """

    def measure(self, name: str, *, group: str = "all") -> float:
        """Look up an estimate.

        Parameters
        ----------
        name : str
            One of the measures of `table`.
        group : str, default "all"
            Group.

        Returns
        -------
        float
            The estimate.

        Raises
        ------
        ModelInputError
            If there is no such measure or group.
        """
        found = self.table[(self.table["measure"] == name) & (self.table["group"] == group)]
        if found.empty:
            raise ModelInputError(
                f"there is no measure '{name}' of group '{group}'; found "
                f"{', '.join(self.table['measure'].unique())} of {', '.join(self.table['group'].unique())}. Use these."
            )
        return float(found["estimate"].iloc[0])

    def _summary_by_group(self, title: str, *, words: Mapping[str, str], counted: str, missing: str) -> ModelSummary:
        """Write a row per measure and a column per group; the first row counts the events."""
        groups = list(self.table["group"].unique())
        records = self.table.to_dict("records")
        cells = {(row["measure"], row["group"]): _cell(row) for row in records}
        sizes = {row["group"]: f"{row['events']:,} of {row['n']:,}" for row in records}
        rows = [(counted, *(sizes[group] for group in groups))]
        rows += [(said, *(cells[name, group] for group in groups)) for name, said in words.items()]
        names = (f"Estimate ({in_percent(self.level)} CI)",) if len(groups) == 1 else tuple(groups)
        notes = list(self._notes())
        if self.table["estimate"].isna().any():
            notes.append(missing)
        if (self.table["ci_low"] == self.table["ci_high"]).any():
            notes.append(WITHOUT_WIDTH)
        return ModelSummary(title=title, header=("Measure", *names), rows=tuple(rows), notes=tuple(notes))


def _cell(row: Mapping[Any, Any]) -> str:
    value = format_estimate(float(row["estimate"]), digits=3)
    return value if np.isnan(row["ci_low"]) else f"{value} ({limits_in_words(row)})"


def limits_in_words(row: Mapping[Any, Any], *, low: str = "ci_low", high: str = "ci_high", digits: int = 3) -> str:
    """Write an interval for reading.

    Parameters
    ----------
    row : mapping
        A row of a table.
    low, high : str, default "ci_low", "ci_high"
        Columns with the limits.
    digits : int, default 3
        Decimal places.

    Returns
    -------
    str
        Such as ``0.644 to 0.721``.
    """
    return " to ".join(format_estimate(float(row[name]), digits=digits) for name in (low, high))
