"""What a funnel says: units, their rates, the target, and which lie beyond the limits of chance."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, in_percent
from analysis_lib.models.rates.units.control_limits import FunnelKind
from analysis_lib.models.rates.units.overdispersion import Adjustment, Overdispersion
from analysis_lib.models.result import ModelResult, ModelSummary, left_out
from analysis_lib.printed_numbers import equation_of_p, format_estimate, format_ratio

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["INSIDE", "UnitFunnel"]

#: The position of a unit that no limit leaves out.
INSIDE = "inside"
#: Fewer units than this say little about how much units differ beyond chance.
_FEW_UNITS = 10


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class UnitFunnel(ModelResult):
    """Units, their rates, and the control limits around the target.

    Attributes
    ----------
    table : DataFrame
        One row per unit (index ``unit``): ``persons`` (distinct), ``events``, ``size`` (rows, person-years or expected
        events), ``value`` (a proportion, events per `per` person-years, or observed over expected), ``low_…`` and
        ``high_…`` for each level, and ``position``: ``inside``, or ``above`` or ``below`` the widest limits passed.
    kind : {"proportion", "rate", "ratio"}
        What the values are.
    target : float
        What units are held against, on the scale of ``value``.
    target_given : bool
        Whether it was given; else it is all units together (of ratios 1).
    levels : tuple of float
        Coverages, ascending.
    overdispersion : Overdispersion
        How much units differ beyond chance, whether or not the limits allow for it.
    adjustment : {"none", "multiplicative", "additive"}
        What the limits allow for.
    per : float
        Person-years in the denominator of rates; 1 otherwise.
    remarks : tuple of str
        What was done with small units.
    """

    table: pd.DataFrame
    kind: FunnelKind
    target: float
    target_given: bool
    levels: tuple[float, ...]
    overdispersion: Overdispersion
    adjustment: Adjustment
    per: float = 1.0
    remarks: tuple[str, ...] = ()

    @property
    def outside(self) -> pd.DataFrame:
        """The units beyond any limit, the furthest first: those of the widest limits, then by distance."""
        found = self.table[self.table["position"] != INSIDE]
        rank = found["position"].map({word: -self.levels.index(level) for word, level in self._words().items()})
        distance = (found["value"] - self.target).abs()
        return found.assign(rank=rank, distance=distance).sort_values(["rank", "distance"], ascending=[True, False])[
            list(self.table.columns)
        ]

    def _words(self) -> dict[str, float]:
        return {f"{side} {in_percent(level)}": level for side in ("above", "below") for level in self.levels}

    def count_outside(self, *, side: Literal["above", "below", "either"] = "either", level: float | None = None) -> int:
        """Count the units beyond the limits.

        Parameters
        ----------
        side : {"above", "below", "either"}, default "either"
            Which ones.
        level : float, optional
            Beyond the limits of this level, one of `levels`; the widest when left out.

        Returns
        -------
        int
            Units.

        Raises
        ------
        ModelInputError
            If the level or the side is not known.
        """
        checked_choice(side, "side", known=("above", "below", "either"))
        chosen = self.levels[-1] if level is None else level
        if chosen not in self.levels:
            raise ModelInputError(
                f"limits were made for {', '.join(map(in_percent, self.levels))}; found {chosen:g}. Use one of these."
            )
        value = self.table["value"]
        above, below = value > self.table[f"high_{100 * chosen:g}"], value < self.table[f"low_{100 * chosen:g}"]
        return int({"above": above, "below": below, "either": above | below}[side].sum())

    def to_frame(self) -> pd.DataFrame:
        """Return the units as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def summary(self) -> ModelSummary:
        """Write the units for reading; proportions in percent.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        scale = 100.0 if self.kind == "proportion" else 1.0
        names = {"proportion": ("Cases", "%"), "ratio": ("Expected", "O/E")}
        size, value = names.get(self.kind, ("Person-years", f"Rate per {self.per:,.0f} person-years"))
        rows = tuple(
            (
                str(unit),
                f"{row['events']:,}",
                f"{row['size']:,.0f}" if self.kind == "proportion" else format_estimate(row["size"], digits=1),
                format_ratio(scale * row["value"]),
                *(
                    f"{format_ratio(scale * row[f'low_{100 * level:g}'])} to "
                    f"{format_ratio(scale * row[f'high_{100 * level:g}'])}"
                    for level in self.levels
                ),
                row["position"],
            )
            for unit, row in zip(self.table.index, self.table.to_dict("records"), strict=True)
        )
        limits = [f"{in_percent(level)} limits" for level in self.levels]
        header = ("Unit", "Events", size, value, *limits, "Position")
        return ModelSummary(title="Units against the target", header=header, rows=rows, notes=self._notes())

    def _notes(self) -> tuple[str, ...]:
        scale, unit = (100.0, "%") if self.kind == "proportion" else (1.0, "")
        origin = (
            "given" if self.target_given else ("observed = expected" if self.kind == "ratio" else "all units together")
        )
        cases = "cases" if self.kind == "proportion" else "rows"
        notes = [
            f"Method: {self.method}.",
            f"Target: {format_ratio(scale * self.target)}{unit} ({origin}).",
            f"{self.n:,} {cases}, {self.events:,} events, {len(self.table):,} units.",
        ]
        if not self.settings.get("n_events") and self.persons["all"] < self.n:
            notes.append(f"They come from {self.persons['all']:,} persons; the limits take {cases} for independent.")
        if self.exclusions:
            notes.append(left_out(self.n_excluded, self.exclusions))
        return (*notes, *self.remarks, self._about_dispersion())

    def _about_dispersion(self) -> str:
        found = self.overdispersion
        if found.units == 1:
            own = "" if self.target_given else ", and the target is its own"
            return f"There is one unit: nothing says how much units differ{own}."
        text = (
            f"Beyond chance: phi {format_estimate(found.phi)} ({equation_of_p(found.p_value)}), variance between units "
            f"{found.tau2:.3g}; z scores winsorised by {in_percent(found.winsorised)} at each end."
        )
        if found.units < _FEW_UNITS:
            return f"{text} Of {found.units} units that says little."
        if self.adjustment == "none" and found.p_value < 0.05:
            return f"{text} Units differ by more than chance: too many lie outside limits that do not allow for it."
        return text

    def plot(
        self,
        *,
        labels: Literal["outside", "all", "none"] = "outside",
        size_label: str = "",
        value_label: str = "",
        width: float = 5.5,
        title: str = "",
    ) -> "StudyFigure":
        """Draw the funnel: units by size and value, the target, and the limits.

        Parameters
        ----------
        labels : {"outside", "all", "none"}, default "outside"
            Which units are named.
        size_label, value_label : str, optional
            Below and beside the plot; what they are, when left out.
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With the table attached.

        Raises
        ------
        ModelInputError
            If `labels` is not known.
        """
        from analysis_lib.models.rates.units.funnel_plot import funnel_figure

        checked_choice(labels, "labels", known=("outside", "all", "none"))
        return funnel_figure(
            self, labels=labels, size_label=size_label, value_label=value_label, width=width, title=title
        )
