"""Proportions and their intervals: prevalence, risk."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, columns_by_name, in_percent
from analysis_lib.models.forest import forest_plot
from analysis_lib.models.rates.cells import count_cells
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.models.rows.source import Data
from analysis_lib.printed_numbers import format_ratio

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["Prevalence", "ProportionInterval", "prevalence", "proportion_limits"]

ProportionInterval = Literal["wilson", "clopper-pearson", "agresti-coull", "jeffreys", "wald"]
_WRITTEN = {
    "wilson": "Wilson score",
    "clopper-pearson": "exact Clopper-Pearson",
    "agresti-coull": "Agresti-Coull",
    "jeffreys": "Jeffreys",
    "wald": "Wald",
}
_SOURCES = {
    "wilson": "Wilson 1927, J. Am. Stat. Assoc. 22(158), 209-212",
    "clopper-pearson": "Clopper and Pearson 1934, Biometrika 26(4), 404-413",
    "agresti-coull": "Agresti and Coull 1998, Am. Stat. 52(2), 119-126",
    "jeffreys": "Brown, Cai and DasGupta 2001, Stat. Sci. 16(2), 101-133",
    "wald": "Brown, Cai and DasGupta 2001, Stat. Sci. 16(2), 101-133, who advise against it",
}


class Limits(NamedTuple):
    """Confidence limits.

    Attributes
    ----------
    low, high : float
        In [0, 1].
    """

    low: float
    high: float


def proportion_limits(
    events: float, n: float, *, interval: ProportionInterval = "wilson", level: float = 0.95
) -> Limits:
    """Confidence limits of a proportion.

    Parameters
    ----------
    events : float
        Persons with the property.
    n : float
        Persons, at least 1.
    interval : {"wilson", "clopper-pearson", "agresti-coull", "jeffreys", "wald"}, default "wilson"
        Which kind.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    Limits
        Low and high, cut to [0, 1].

    Raises
    ------
    ModelInputError
        If an argument cannot be used.
    """
    from scipy.stats import beta, norm

    checked_level(level)
    checked_choice(interval, "interval", known=get_args(ProportionInterval))
    tail = (1 - level) / 2
    z = float(norm.isf(tail))
    share = events / n
    if interval == "clopper-pearson":
        low = beta.ppf(tail, events, n - events + 1) if events > 0 else 0.0
        high = beta.isf(tail, events + 1, n - events) if events < n else 1.0
    elif interval == "jeffreys":
        low = beta.ppf(tail, events + 0.5, n - events + 0.5) if events > 0 else 0.0
        high = beta.isf(tail, events + 0.5, n - events + 0.5) if events < n else 1.0
    else:
        centre, margin = share, z * np.sqrt(share * (1 - share) / n)
        if interval == "wilson":
            centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
            margin = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
        elif interval == "agresti-coull":
            centre = (events + z**2 / 2) / (n + z**2)
            margin = z * np.sqrt(centre * (1 - centre) / (n + z**2))
        low, high = centre - margin, centre + margin
        if interval == "wilson":  # exactly 0 and 1 there, but for rounding
            low, high = (0.0 if events == 0 else low), (1.0 if events == n else high)
    return Limits(max(0.0, float(low)), min(1.0, float(high)))


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Prevalence(ModelResult):
    """Proportions by group.

    Attributes
    ----------
    table : DataFrame
        One row per group: ``n``, ``events``, ``proportion``, ``ci_low``, ``ci_high``.
    interval : str
        Kind of interval.
    level : float
        Its coverage.
    """

    table: pd.DataFrame
    interval: ProportionInterval
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the proportions as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def summary(self) -> ModelSummary:
        """Write the proportions for reading, in percent.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        rows = tuple(
            (
                str(row["group"]),
                f"{row['n']:,}",
                f"{row['events']:,}",
                format_ratio(100 * row["proportion"]),
                f"{format_ratio(100 * row['ci_low'])} to {format_ratio(100 * row['ci_high'])}",
            )
            for row in self.table.reset_index().to_dict("records")
        )
        header = ("Group", "n", "With", "%", f"{in_percent(self.level)} CI")
        return ModelSummary(title="Prevalence", header=header, rows=rows, notes=self._notes())

    def plot(self, *, width: float = 5.5, title: str = "") -> "StudyFigure":
        """Draw the proportions with their intervals, in percent.

        Parameters
        ----------
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With its data attached.
        """
        rows = self.table.reset_index().rename(columns={"group": "label", "proportion": "estimate"})
        rows[["estimate", "ci_low", "ci_high"]] *= 100
        return forest_plot(
            rows[["label", "estimate", "ci_low", "ci_high"]],
            measure="Prevalence, %",
            interval=f"{in_percent(self.level)} CI, {_WRITTEN[self.interval]}",
            ratios=False,
            width=width,
            title=title,
        )


@columns_by_name
def prevalence(
    data: Data,
    *,
    event: str | None = None,
    n_events: str | None = None,
    n: str | None = None,
    by: str | list[str] | None = None,
    interval: ProportionInterval = "wilson",
    level: float = 0.95,
) -> Prevalence:
    """Estimate proportions by group: prevalence, or risk over a follow-up that everybody completes.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per person, with `event`; or a table with one row per group, with `n_events` and `n`. Rows with a
        missing value in a column named here are left out.
    event : str, optional
        Column that says whether the person has the property: bool or 0/1.
    n_events, n : str, optional
        Columns with counts of those who have it, and of all, in place of `event`.
    by : str or list of str, optional
        Columns with groups; one proportion for each combination that has rows.
    interval : {"wilson", "clopper-pearson", "agresti-coull", "jeffreys", "wald"}, default "wilson"
        Kind of interval. ``clopper-pearson`` never covers less than `level`, and often more [2]_.
    level : float, default 0.95
        Coverage of the confidence interval, in (0, 1).

    Returns
    -------
    Prevalence
        One proportion per group; shows itself as a table.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used, or one person has several rows.

    References
    ----------
    .. [1] Wilson E. B. (1927). Probable inference, the law of succession, and statistical inference. J. Am. Stat.
       Assoc. 22(158), 209-212.
    .. [2] Brown L. D., Cai T. T., DasGupta A. (2001). Interval estimation for a binomial proportion. Stat. Sci. 16(2),
       101-133.
    """
    checked_level(level)
    checked_choice(interval, "interval", known=get_args(ProportionInterval))
    keys = [by] if isinstance(by, str) else list(by or [])
    cells = count_cells(data, keys=keys, event=event, n_events=n_events, n=n)
    frame = cells.frame
    if cells.persons["all"] < frame["total"].sum():
        raise ModelInputError(
            f"each person counts once in a proportion; found {int(frame['total'].sum()):,} rows of "
            f"{cells.persons['all']:,} persons. Keep one row for each, such as the first."
        )
    if not (frame["total"] > 0).all():
        raise ModelInputError(
            f"each group needs persons; found {int((frame['total'] == 0).sum())} without. Leave these groups out."
        )
    limits = [
        proportion_limits(events, total, interval=interval, level=level)
        for events, total in zip(frame["events"], frame["total"], strict=True)
    ]
    table = pd.DataFrame(
        {
            "n": frame["total"].astype(np.int64).to_numpy(),
            "events": frame["events"].to_numpy(),
            "proportion": (frame["events"] / frame["total"]).to_numpy(),
            "ci_low": [low for low, _ in limits],
            "ci_high": [high for _, high in limits],
        },
        index=pd.Index(cells.labels, name="group"),
    )
    return Prevalence(
        method=f"proportion with {in_percent(level)} {_WRITTEN[interval]} interval",
        source=_SOURCES[interval],
        n=cells.n,
        events=cells.events,
        exclusions=cells.exclusions,
        n_excluded=cells.n_excluded,
        persons=cells.persons,
        settings={"by": keys, "interval": interval, "level": level},
        table=table,
        interval=interval,
        level=level,
    )
