"""How strong unmeasured confounding would have to be to explain an effect away."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_number
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.printed_numbers import format_ratio

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["EValue", "e_value"]

Measure = Literal["risk ratio", "odds ratio", "hazard ratio"]


_SOURCE = "VanderWeele T. J., Ding P. (2017). Ann. Intern. Med. 167(4), 268-274"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class EValue(ModelResult):
    """E-values on the scale of the risk ratio; unpacks into that of the estimate and that of the limit.

    Attributes
    ----------
    estimate : float
        Of the point estimate.
    limit : float
        Of the confidence limit nearer to 1; 1 where the interval holds 1, missing (NaN) where no interval was given.
    ratio : float
        The point estimate as it was given.
    nearer : float
        The limit nearer to 1 as it was given; missing (NaN) where none was.
    risk_ratio : float
        The point estimate on the scale of the risk ratio, over the value that the confounding would have to leave.
    measure : str
        What the estimate is.
    """

    estimate: float
    limit: float
    ratio: float
    nearer: float
    risk_ratio: float
    measure: str

    def __iter__(self) -> Iterator[float]:
        return iter((self.estimate, self.limit))

    def __len__(self) -> int:
        return 2

    def to_frame(self) -> pd.DataFrame:
        """Return the E-values as a table.

        Returns
        -------
        DataFrame
            Rows ``estimate`` and ``limit`` with ``ratio``, as it was given, and ``e_value``.
        """
        return pd.DataFrame(
            {"ratio": [self.ratio, self.nearer], "e_value": [self.estimate, self.limit]},
            index=pd.Index(["estimate", "limit"], name="of"),
        )

    def summary(self) -> ModelSummary:
        """Write the E-values for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        named = ("Estimate", "Confidence limit nearer to 1")
        rows = tuple(
            (name, format_ratio(row["ratio"]), format_ratio(row["e_value"]))
            for name, row in zip(named, self.to_frame().to_dict("records"), strict=True)
        )
        what = f"{self.measure[:1].upper()}{self.measure[1:]}"
        return ModelSummary(title="E-value", header=("Of", what, "E-value"), rows=rows, notes=self._notes())

    def _notes(self) -> tuple[str, ...]:
        counts = (f"{self.n:,} rows, {self.events:,} events.",) if self.n else ()
        meaning = (
            f"An unmeasured confounder would need risk ratios of {format_ratio(self.estimate)} with treatment and with "
            "outcome, beyond the measured covariates, to explain the estimate away."
        )
        return (f"Method: {self.method}.", *counts, meaning)

    def plot(self, *, width: float = 3.5, title: str = "") -> "StudyFigure":
        """Draw how strong confounding would have to be, with the treatment and with the outcome.

        Parameters
        ----------
        width : float, default 3.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With the curve attached.
        """
        from analysis_lib.models.effectiveness.confounding_plot import confounding_figure

        return confounding_figure(self, width=width, title=title)


def e_value(
    estimate: float,
    ci_low: float | None = None,
    *,
    ci_high: float | None = None,
    measure: Measure = "risk ratio",
    rare_outcome: bool = True,
    true_value: float = 1.0,
    of: ModelResult | None = None,
) -> EValue:
    """Compute the E-value of VanderWeele and Ding [1]_.

    The smallest risk ratio that an unmeasured confounder would need with both treatment and outcome, beyond the
    measured covariates, to explain the estimate away: ``RR + sqrt(RR * (RR - 1))``.

    Parameters
    ----------
    estimate : float
        A ratio, > 0.
    ci_low, ci_high : float, optional
        Its confidence limits.
    measure : {"risk ratio", "odds ratio", "hazard ratio"}, default "risk ratio"
        What it is.
    rare_outcome : bool, default True
        Whether fewer than about 15 % have the outcome at the end of follow-up. If not, odds and hazard ratios are first
        brought to the scale of risk ratios, by the square root and by ``(1 - 0.5 ** sqrt(HR)) / (1 - 0.5 ** sqrt(1 /
        HR))``.
    true_value : float, default 1
        The ratio that the confounding would have to leave, of the same kind as `estimate`.
    of : ModelResult, optional
        The result that the estimate is from: its rows, events and persons go with the E-value into a report.

    Returns
    -------
    EValue
        ``estimate`` and ``limit``; shows itself as a table, draws how strong confounding would have to be.

    Raises
    ------
    ModelInputError
        If a number is not a positive ratio, or the limits do not enclose the estimate.

    References
    ----------
    .. [1] VanderWeele T. J., Ding P. (2017). Sensitivity analysis in observational research: introducing the E-value.
       Ann. Intern. Med. 167(4), 268-274.
    """
    checked_choice(measure, "measure", known=("risk ratio", "odds ratio", "hazard ratio"))
    given = [value for value in (ci_low, ci_high) if value is not None]
    for value in (estimate, true_value, *given):
        checked_number(value, "a ratio or limit")
    if not all(np.isfinite(value) and value > 0 for value in (estimate, true_value, *given)):
        raise ModelInputError(
            "an E-value is of ratios, which are positive and finite; found others. Pass exp(coefficient), not the "
            "coefficient."
        )
    low, high = (estimate if limit is None else limit for limit in (ci_low, ci_high))
    if not low <= estimate <= high:
        raise ModelInputError(
            f"the limits must enclose the estimate; found {low:g}, {estimate:g}, {high:g}. Look at their order."
        )
    left = _risk_ratio(true_value, measure, rare=rare_outcome)
    ratio, low, high = (_risk_ratio(value, measure, rare=rare_outcome) / left for value in (estimate, low, high))
    holds_one = bool(given) and low <= 1 <= high
    nearer = ci_low if ratio > 1 else ci_high
    limit = float("nan") if nearer is None else _e(low if ratio > 1 else high)
    how = f"E-value of a {measure}" + ("" if rare_outcome or measure == "risk ratio" else ", outcome not rare")
    return EValue(
        method=how if true_value == 1 else f"{how}, for a true value of {true_value:g}",
        source=_SOURCE,
        n=0 if of is None else of.n,
        events=0 if of is None else of.events,
        exclusions={} if of is None else of.exclusions,
        n_excluded=0 if of is None else of.n_excluded,
        persons={} if of is None else of.persons,
        settings={"measure": measure, "rare_outcome": rare_outcome, "true_value": true_value},
        estimate=_e(ratio),
        limit=1.0 if holds_one else limit,
        ratio=float(estimate),
        nearer=float("nan") if nearer is None else float(nearer),
        risk_ratio=float(ratio),
        measure=measure,
    )


def _e(ratio: float) -> float:
    above = max(ratio, 1 / ratio)
    return float(above + np.sqrt(above * (above - 1)))


def _risk_ratio(value: float, measure: str, *, rare: bool) -> float:
    if rare or measure == "risk ratio":
        return value
    if measure == "odds ratio":
        return float(np.sqrt(value))
    return float((1 - 0.5 ** np.sqrt(value)) / (1 - 0.5 ** np.sqrt(1 / value)))
