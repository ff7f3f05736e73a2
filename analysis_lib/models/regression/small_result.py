"""What the models of small data add to a table of coefficients."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis_lib.models.regression.coefficients import CoefficientResult
from analysis_lib.models.result import columns_used, left_out

__all__ = ["SmallDataResult"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class SmallDataResult(CoefficientResult):
    """Estimated coefficients with sentences on the fit.

    Attributes
    ----------
    facts : tuple of str
        Sentences for the summary.
    """

    facts: tuple[str, ...] = ()
    #: Whether the standard errors take rows for independent of each other.
    rows_are_independent: ClassVar[bool] = True

    @property
    def ratios(self) -> pd.Series:
        """Exponentials of the coefficients: what `measure` names, where it names something."""
        with np.errstate(over="ignore"):
            return pd.Series(np.exp(self.params), name="ratio")

    def _notes(self) -> tuple[str, ...]:
        events = f", {self.events:,} events" if self.measure else ""
        notes = [f"Method: {self.method}.", f"{self.n:,} rows{events}."]
        if (persons := self.persons.get("all", self.n)) < self.n:
            independent = "; the standard errors take rows for independent" if self.rows_are_independent else ""
            notes.append(f"They come from {persons:,} persons{independent}.")
        if self.exclusions:
            notes.append(left_out(self.n_excluded, self.exclusions))
        return (*notes, *columns_used(self.settings, self.weight_sums))

    def _fit_notes(self) -> tuple[str, ...]:
        law = "normal distribution" if np.isinf(self.df_errors) else f"t distribution on {self.df_errors:,.0f} df"
        return (f"Intervals and p values from the {law}.", *self.facts)
