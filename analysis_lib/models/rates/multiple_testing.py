"""p values of several tests, adjusted for their number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.printed_numbers import format_p

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["AdjustedPValues", "adjust_p_values"]

Adjustment = Literal["benjamini-hochberg", "benjamini-yekutieli", "holm", "hochberg", "hommel", "bonferroni"]
_NAMES = {
    "benjamini-hochberg": "fdr_bh",
    "benjamini-yekutieli": "fdr_by",
    "holm": "holm",
    "hochberg": "simes-hochberg",
    "hommel": "hommel",
    "bonferroni": "bonferroni",
}
_SOURCES = {
    "benjamini-hochberg": "Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57(1), 289-300",
    "benjamini-yekutieli": "Benjamini and Yekutieli 2001, Ann. Stat. 29(4), 1165-1188",
    "holm": "Holm 1979, Scand. J. Stat. 6(2), 65-70",
    "hochberg": "Hochberg 1988, Biometrika 75(4), 800-802",
    "hommel": "Hommel 1988, Biometrika 75(2), 383-386",
    "bonferroni": "Bonferroni 1936; Dunn 1961, J. Am. Stat. Assoc. 56(293), 52-64",
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class AdjustedPValues(ModelResult):
    """p values adjusted for the number of tests.

    Attributes
    ----------
    table : DataFrame
        One row per test, in the order given: ``p_value``, ``adjusted``, ``rejected``.
    alpha : float
        False discovery rate, or chance of any false rejection, that is allowed.
    """

    table: pd.DataFrame
    alpha: float

    @property
    def adjusted(self) -> pd.Series:
        """Adjusted p values, by test."""
        return self.table["adjusted"]

    @property
    def rejected(self) -> pd.Series:
        """Whether each test is rejected at `alpha`."""
        return self.table["rejected"]

    def to_frame(self) -> pd.DataFrame:
        """Return the p values as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def summary(self) -> ModelSummary:
        """Write the p values for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        rows = tuple(
            (str(test), format_p(row["p_value"]), format_p(row["adjusted"]), "yes" if row["rejected"] else "no")
            for test, row in zip(self.table.index, self.table.to_dict("records"), strict=True)
        )
        notes = [f"Method: {self.method}.", f"{int(self.rejected.sum()):,} of {self.n:,} tests rejected."]
        if self.exclusions:
            notes.append(f"Left out: {self.n_excluded:,} tests without a p value.")
        header = ("Test", "p", "Adjusted p", f"Rejected at {self.alpha:g}")
        return ModelSummary(title="Adjusted p values", header=header, rows=rows, notes=tuple(notes))

    def plot(self, *, width: float = 3.5, title: str = "") -> "StudyFigure":
        """Draw the sorted p values against their rank, before and after the adjustment.

        Parameters
        ----------
        width : float, default 3.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With its data attached.
        """
        from analysis_lib.models.rates.p_value_figure import p_value_figure

        return p_value_figure(self.table, alpha=self.alpha, width=width, title=title)


def adjust_p_values(
    p_values: Sequence[float] | Mapping[str, float] | pd.Series,
    *,
    method: Adjustment = "benjamini-hochberg",
    alpha: float = 0.05,
    persons: Mapping[str, int] | None = None,
) -> AdjustedPValues:
    """Adjust the p values of several tests for their number.

    ``benjamini-hochberg`` bounds the expected share of false rejections among all rejections [1]_, if the tests are
    independent or positively dependent; ``benjamini-yekutieli`` does under any dependence. ``holm`` bounds the chance
    of any false rejection under any dependence and rejects all that ``bonferroni`` does; ``hochberg`` more, and
    ``hommel`` more still, under independence. The adjusted values are those of R's `p.adjust`.

    Parameters
    ----------
    p_values : sequence, mapping or Series
        One per test, in [0, 1]; by name or not. Missing ones are left out and counted.
    method : str, default "benjamini-hochberg"
        One of ``benjamini-hochberg``, ``benjamini-yekutieli``, ``holm``, ``hochberg``, ``hommel``,
        ``bonferroni``.
    alpha : float, default 0.05
        What is allowed.
    persons : mapping of str to int, optional
        Distinct persons behind the tests, for `Report`; such as ``result.persons`` of the model they come from.

    Returns
    -------
    AdjustedPValues
        One row per test.

    Raises
    ------
    ModelInputError
        If a p value lies outside [0, 1] or there are none.

    References
    ----------
    .. [1] Benjamini Y., Hochberg Y. (1995). Controlling the false discovery rate: a practical and powerful approach to
       multiple testing. J. R. Stat. Soc. B 57(1), 289-300.
    """
    from statsmodels.stats.multitest import multipletests

    checked_choice(method, "method", known=get_args(Adjustment))
    if not 0 < alpha < 1:
        raise ModelInputError(f"alpha must lie between 0 and 1; found {alpha:g}. For 5 % write 0.05.")
    given = p_values if isinstance(p_values, pd.Series) else pd.Series(_labelled(p_values), dtype=object)
    try:
        values = given.where(given.notna(), np.nan).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ModelInputError("p values must be numbers; found others. Pass result.pvalues.") from error
    known = values.dropna()
    outside = int((~known.between(0, 1)).sum())
    if known.empty or outside:
        raise ModelInputError(
            f"p values must lie in [0, 1]; found {outside} outside, and {len(known)} in all. Pass result.pvalues."
        )
    rejected, adjusted, *_ = multipletests(known.to_numpy(), alpha=alpha, method=_NAMES[method])
    missing = len(values) - len(known)
    kind = "false discovery rate" if method.startswith("benjamini") else "family-wise error"
    return AdjustedPValues(
        table=pd.DataFrame({"p_value": known, "adjusted": adjusted, "rejected": rejected}, index=known.index),
        alpha=alpha,
        method=f"{method.title()}, {kind} {alpha:g}",
        source=_SOURCES[method],
        n=len(known),
        events=int(rejected.sum()),
        exclusions={"p value missing": missing} if missing else {},
        n_excluded=missing,
        persons=dict(persons or {}),
        settings={"method": method, "alpha": alpha},
    )


def _labelled(p_values: Any) -> dict[str, float]:
    if isinstance(p_values, Mapping):
        return {str(name): value for name, value in p_values.items()}
    if not hasattr(p_values, "__len__") or isinstance(p_values, str):
        raise ModelInputError(f"p values must be a list or a Series; found {type(p_values).__name__}. Pass several.")
    return {str(index + 1): value for index, value in enumerate(np.asarray(p_values, dtype=object).ravel())}
