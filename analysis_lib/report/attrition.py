"""How many people were left after each step of a study: as a table, and as the flow diagram papers begin with."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from analysis_lib.errors import ModelInputError
from analysis_lib.figures import GREY, INK, StudyFigure, journal_style, study_figure
from analysis_lib.tables import html_table, text_table

__all__ = ["AttritionTable", "attrition_table"]

_REMOVED = "Left out"
_LINE = 0.155  # inches of one line of text
_PADDING = 0.16
_GAP = 0.24
_LETTERS_PER_INCH = 15.5
_SIDE = 0.34  # share of a column's width that the boxes of those left out take


@runtime_checkable
class Population(Protocol):
    """Anything that knows its attrition: a cohort, or the follow-up of two."""

    @property
    def attrition(self) -> pd.DataFrame:
        """One row per step: ``rule``, ``persons``; with several arms also ``arm``."""


@dataclass(frozen=True, repr=False, eq=False)
class AttritionTable:
    """The steps of a study, and who was left after each.

    Attributes
    ----------
    frame : DataFrame
        One row per arm and step: ``arm``, ``rule``, ``persons`` left after it, ``persons_removed`` by it.
    title : str
        Caption.
    """

    frame: pd.DataFrame
    title: str

    @property
    def arms(self) -> tuple[str, ...]:
        """Arms in order; one nameless arm for a single cohort."""
        return tuple(dict.fromkeys(self.frame["arm"]))

    @property
    def persons(self) -> dict[str, int]:
        """Persons left after each step, by arm; what `Report` declares."""
        return {
            " | ".join(part for part in (row["rule"], row["arm"]) if part): int(row["persons"])
            for row in self.frame.to_dict("records")
        }

    def to_frame(self) -> pd.DataFrame:
        """Return the steps as a table.

        Returns
        -------
        DataFrame
            A copy of `frame`; without ``arm`` where there is one cohort.
        """
        return self.frame.copy() if self.arms != ("",) else self.frame.drop(columns="arm")

    def plot(self, *, width: float | None = None, title: str = "") -> StudyFigure:
        """Draw the steps as a flow diagram, the arms side by side.

        Parameters
        ----------
        width : float, optional
            Inches; 4.5 for one arm and 7.2 for more when left out.
        title : str, optional
            Above the diagram.

        Returns
        -------
        StudyFigure
            With the table attached as data.
        """
        return _flow_figure(self, width=width or (4.5 if len(self.arms) == 1 else 7.2), title=title)

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        several = self.arms != ("",)
        header = [*(["Arm"] if several else []), "Step", "Persons left", _REMOVED]
        rows, last = [], None
        for row in self.frame.to_dict("records"):
            arm, last = ("" if row["arm"] == last else row["arm"]), row["arm"]
            cells = [row["rule"], f"{row['persons']:,}", f"{row['persons_removed']:,}"]
            rows.append([arm, *cells] if several else cells)
        return header, rows

    def __repr__(self) -> str:
        return f"{self.title}\n\n{text_table(*self._cells())}"

    def _repr_html_(self) -> str:
        return html_table(*self._cells(), caption=self.title, left=2 if self.arms != ("",) else 1)


def attrition_table(population: Population | pd.DataFrame, *, title: str = "Attrition") -> AttritionTable:
    """Show how many people were left after each step of a study.

    Parameters
    ----------
    population : Cohort, FollowUp or DataFrame
        What has an ``attrition``, or that table itself: ``rule`` and ``persons``, one row per step in order; with
        several arms also ``arm``.
    title : str, default "Attrition"
        Caption.

    Returns
    -------
    AttritionTable
        Shows itself as a table, draws itself as a flow diagram.

    Raises
    ------
    ModelInputError
        If there is no such table, it has no rows, or persons come back in a later step.
    """
    steps = population.attrition if isinstance(population, Population) else population
    if not isinstance(steps, pd.DataFrame) or not {"rule", "persons"} <= set(steps.columns) or steps.empty:
        raise ModelInputError(
            f"attrition needs a table with the columns rule and persons; found {type(steps).__name__}. "
            "Pass a cohort or its follow-up."
        )
    frame = pd.DataFrame(
        {
            "arm": steps["arm"].astype(str) if "arm" in steps.columns else "",
            "rule": steps["rule"].astype(str),
            "persons": steps["persons"].astype("int64"),
        }
    ).reset_index(drop=True)
    before = frame.groupby("arm", sort=False)["persons"].shift(1)
    frame["persons_removed"] = (before - frame["persons"]).fillna(0).astype("int64")
    if (frame["persons_removed"] < 0).any():
        came_back = int((frame["persons_removed"] < 0).sum())
        raise ModelInputError(
            f"persons cannot come back; {came_back} steps have more than the step before. "
            "Put the steps in the order in which they were taken."
        )
    return AttritionTable(frame=frame, title=title)


@dataclass(frozen=True)
class _Box:
    """One box of the diagram, in inches from the top left."""

    text: str
    left: float
    top: float
    width: float
    height: float


def _wrapped(text: str, width: float) -> list[str]:
    return textwrap.wrap(text, max(12, int(width * _LETTERS_PER_INCH))) or [""]


def _flow_figure(table: AttritionTable, *, width: float, title: str) -> StudyFigure:
    arms = table.arms
    column = width / len(arms)
    steps = [table.frame[table.frame["arm"] == arm].to_dict("records") for arm in arms]
    heading = 0.3 if arms != ("",) else 0.05
    main = column * (1 - _SIDE) - 0.2
    # Boxes of the same step have one height in all arms, so that the arms can be read side by side.
    heights = [
        _PADDING + _LINE * max(len(_wrapped(arm[step]["rule"], main)) + 1 for arm in steps if step < len(arm))
        for step in range(max(map(len, steps)))
    ]
    height = heading + sum(heights) + _GAP * (len(heights) - 1) + 0.1 + (0.3 if title else 0)
    alt_text = f"Flow diagram of {len(heights)} steps; left at the end: " + ", ".join(
        f"{arm[-1]['persons']:,}{' in ' + name if name else ''}" for arm, name in zip(steps, arms, strict=True)
    )
    with journal_style():
        figure = study_figure(width=width, height=height, data=table.to_frame(), alt_text=alt_text)
        figure.set_layout_engine("none")
        axes: Axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
        top = heading + (0.3 if title else 0)
        if title:
            axes.text(0.08, 0.2, title, fontsize=9.5, va="center")
        for index, (arm, name) in enumerate(zip(steps, arms, strict=True)):
            left = index * column + 0.08
            if name:
                axes.text(left, top - 0.13, name, fontsize=9, va="center")
            _draw_arm(axes, arm, left=left, top=top, widths=(main, column * _SIDE - 0.1), heights=heights)
    return figure


def _draw_arm(
    axes: Axes,
    steps: Sequence[dict[Any, Any]],
    *,
    left: float,
    top: float,
    widths: tuple[float, float],
    heights: Sequence[float],
) -> None:
    arrow = {"arrowstyle": "-|>", "color": GREY, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 7}
    main, side = widths
    middle = left + main / 2
    for index, (step, height) in enumerate(zip(steps, heights, strict=False)):
        text = "\n".join([*_wrapped(step["rule"], main), f"n = {step['persons']:,}"])
        _draw_box(axes, _Box(text, left, top, main, height), edge=INK)
        below = top + height
        if index + 1 < len(steps):
            axes.annotate("", (middle, below + _GAP), (middle, below), arrowprops=arrow)
            removed = steps[index + 1]["persons_removed"]
            if removed:
                across = below + _GAP / 2
                box = _Box(f"{_REMOVED}: {removed:,}", left + main + 0.12, across - 0.13, side, 0.26)
                axes.annotate("", (box.left, across), (middle, across), arrowprops=arrow)
                _draw_box(axes, box, edge=GREY)
        top = below + _GAP


def _draw_box(axes: Axes, box: _Box, *, edge: str) -> None:
    patch = FancyBboxPatch(
        (box.left, box.top),
        box.width,
        box.height,
        boxstyle="round,pad=0,rounding_size=0.04",
        facecolor="white",
        edgecolor=edge,
        linewidth=0.8,
    )
    axes.add_patch(patch)
    axes.text(
        box.left + box.width / 2,
        box.top + box.height / 2,
        box.text,
        ha="center",
        va="center",
        fontsize=7.5,
        linespacing=1.3,
    )
