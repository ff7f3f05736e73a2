"""One group against another by Cox models, as they were and adjusted: what each model says, or why it says nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analysis_lib.errors import ConvergenceError, ModelInputError
from analysis_lib.models.forest import forest_plot
from analysis_lib.models.rows.follow_up import person_counts, survival_rows
from analysis_lib.models.survival import cox
from analysis_lib.models.survival.cox_regression.partial_likelihood import Ties
from analysis_lib.printed_numbers import format_ratio
from analysis_lib.tables import column_in_words

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["ComparedModel", "HazardComparison", "compare_hazards"]

NOT_ESTIMABLE = "not estimable"
_COLUMNS = {
    "label": "People compared",
    "hazard_ratio": "Hazard ratio",
    "ci_low": "95% CI from",
    "ci_high": "to",
    "coef": "Log hazard ratio",
    "se": "Standard error",
    "p_value": "p",
}


@dataclass(frozen=True, kw_only=True)
class ComparedModel:
    """One of the models, estimable or not.

    Attributes
    ----------
    label : str
        What it compares.
    n, events : int
        Rows used, and events among them.
    n_excluded : int
        Rows left out for a missing value.
    persons : mapping of str to int
        Distinct persons behind it; what `Report` declares.
    method : str
        The model, with its handling of ties.
    estimate : mapping of str to float, optional
        ``hazard_ratio`` with its profile likelihood limits ``ci_low`` and ``ci_high``, ``coef``, ``se``, ``z``,
        ``p_value``; None if the model is not estimable.
    why_not : str
        Why it is not estimable; empty if it is.
    """

    label: str
    n: int
    events: int
    n_excluded: int
    persons: Mapping[str, int]
    method: str
    estimate: Mapping[str, float] | None = None
    why_not: str = ""

    def describe(self) -> str:
        """Say what the model found, or that it found nothing.

        Returns
        -------
        str
            Such as ``**1.35 times** as often (95% interval 1.10 to 1.66)``.
        """
        if self.estimate is None:
            return f"{NOT_ESTIMABLE} ({self.why_not.rstrip('.')})"
        found = self.estimate
        return (
            f"**{format_ratio(found['hazard_ratio'])} times** as often "
            f"(95% interval {format_ratio(found['ci_low'])} to {format_ratio(found['ci_high'])})"
        )


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class HazardComparison:
    """The models side by side.

    Attributes
    ----------
    crude, adjusted : ComparedModel
        The groups as they were, and adjusted.
    not_adjusted_for : tuple of str
        Covariates asked for that do not vary among those with the outcome, in words.
    """

    crude: ComparedModel
    adjusted: ComparedModel
    not_adjusted_for: tuple[str, ...]

    @property
    def estimable(self) -> tuple[ComparedModel, ...]:
        """The models that have an estimate."""
        return tuple(model for model in (self.crude, self.adjusted) if model.estimate is not None)

    @property
    def persons(self) -> dict[str, int]:
        """Distinct persons behind each model; what `Report` declares."""
        return {
            f"{model.label}: {group}": count
            for model in (self.crude, self.adjusted)
            for group, count in model.persons.items()
        }

    @property
    def n(self) -> int:
        """Rows of the crude model; the adjusted one may have fewer."""
        return self.crude.n

    @property
    def events(self) -> int:
        """Events of the crude model; the adjusted one may have fewer."""
        return self.crude.events

    @property
    def method(self) -> str:
        """The models, with their intervals."""
        return f"{self.crude.method}, profile likelihood intervals"

    def describe(self) -> str:
        """Say who is compared in each model, and in what they are not alike.

        Returns
        -------
        str
            Markdown, one paragraph and one per model that is not estimable.
        """
        crude, adjusted, others = self.crude, self.adjusted, ", ".join(self.not_adjusted_for)
        left_out = f"{adjusted.n_excluded:,} left out because a value is missing"
        text = (
            f"*{crude.label}* compares the groups as they were ({crude.n:,} people, {crude.events:,} with the "
            f"outcome). *{adjusted.label}* compares people alike in what Table 1 lists"
            f"{f', except {others}' if others else ''} "
            f"({adjusted.n:,} people, {adjusted.events:,} with the outcome; {left_out})."
        )
        if others:
            text += (
                f" Among those who had the outcome there is no difference in {others}: this cannot be adjusted for, "
                "and the groups may differ in it."
            )
        failed = [f"*{model.label}*: {model.describe()}." for model in (crude, adjusted) if model.estimate is None]
        return "\n\n".join([text, *failed])

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates as they are printed, one row per model.

        Returns
        -------
        DataFrame
            Text with five decimals; where there is no estimate "not estimable" and dashes.
        """
        rows = []
        for model in (self.crude, self.adjusted):
            names = list(_COLUMNS)[1:]
            without = [NOT_ESTIMABLE, *["–"] * (len(names) - 1)]
            found = model.estimate
            rows.append([model.label, *([f"{found[name]:.5f}" for name in names] if found else without)])
        return pd.DataFrame(rows, columns=list(_COLUMNS.values()))

    def plot(self) -> "StudyFigure":
        """Draw the hazard ratios that are estimable.

        Returns
        -------
        StudyFigure
            A forest plot.

        Raises
        ------
        ModelInputError
            If no model is estimable.
        """
        if not self.estimable:
            raise ModelInputError("a forest plot needs an estimate; found none. Ask `estimable` first.")
        rows = [{"label": model.label, **(model.estimate or {})} for model in self.estimable]
        frame = pd.DataFrame(rows).rename(columns={"hazard_ratio": "estimate"})
        return forest_plot(frame, interval="95% CI, profile likelihood")


def compare_hazards(
    data: pd.DataFrame, *, time: str, event: str, treatment: str, adjust_for: Sequence[str], ties: Ties = "efron"
) -> HazardComparison:
    """Compare two groups as they were, and adjusted for what was known of them before.

    A model that cannot be estimated does not take the other's answer away: it is kept with the reason.

    Parameters
    ----------
    data : DataFrame
        One row per follow-up.
    time : str
        Column with the length of follow-up, > 0.
    event : str
        Column that says whether follow-up ended with the event: bool or 0/1.
    treatment : str
        Column that is 1 in one group and 0 in the other.
    adjust_for : sequence of str
        Columns to adjust for. One that does not vary among those with the outcome has no finite coefficient, is left
        out and named.
    ties : {"efron", "breslow"}, default "efron"
        Handling of tied event times.

    Returns
    -------
    HazardComparison
        Both models; declares itself as a table, draws itself as a forest plot.

    Raises
    ------
    ModelInputError
        If a column is unknown, or follow-up or event cannot be used.
    """
    columns = {"time": time, "event": event}
    complete = survival_rows(data, **columns, others=[treatment, *adjust_for])
    with_outcome = complete.frame[complete.event]
    # With no outcome at all nothing varies, and the model says so itself.
    flat = [name for name in adjust_for if len(with_outcome) and with_outcome[name].nunique() < 2]
    kept = [name for name in adjust_for if name not in flat]
    units: Mapping[str, str] = data.attrs.get("units", {})
    label = "Adjusted for part of Table 1" if flat else "Adjusted for Table 1"
    return HazardComparison(
        crude=_fitted(data, columns, label="As they were", covariates=[treatment], ties=ties),
        adjusted=_fitted(data, columns, label=label, covariates=[treatment, *kept], ties=ties),
        not_adjusted_for=tuple(column_in_words(name, units.get(name, "1")) for name in flat),
    )


def _fitted(
    data: pd.DataFrame, columns: Mapping[str, str], *, label: str, covariates: list[str], ties: Ties
) -> ComparedModel:
    rows = survival_rows(data, time=columns["time"], event=columns["event"], others=covariates)
    estimate, persons, why_not = None, person_counts(rows), ""
    try:
        fit = cox(data, time=columns["time"], event=columns["event"], covariates=covariates, ties=ties)
        found = fit.to_frame(ci="profile").loc[[covariates[0]]].to_dict("records")[0]
        estimate = {str(name): value for name, value in found.items()}
        persons = dict(fit.persons)
    except (ConvergenceError, ModelInputError) as error:
        why_not = str(error)
    return ComparedModel(
        label=label,
        n=rows.event.size,
        events=int(rows.event.sum()),
        n_excluded=rows.n_excluded,
        persons=persons,
        method=f"Cox partial likelihood, ties by {ties.capitalize()}",
        estimate=estimate,
        why_not=why_not,
    )
