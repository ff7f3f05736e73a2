"""How many people were left after each step of a study: as a table, and as the flow diagram papers begin with."""

from dataclasses import dataclass
from itertools import chain, count
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.tables import html_table, text_table

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["AttritionTable", "attrition_table"]

REMOVED = "Left out"


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
        """Persons left after each step, by arm, repeated steps numbered; what `Report` declares."""
        counts: dict[str, int] = {}
        for row in self.frame.to_dict("records"):
            names = (
                " | ".join(part for part in (rule, row["arm"]) if part)
                for rule in chain([row["rule"]], (f"{row['rule']} ({number})" for number in count(2)))
            )
            counts[next(name for name in names if name not in counts)] = int(row["persons"])
        return counts

    def to_frame(self) -> pd.DataFrame:
        """Return the steps as a table.

        Returns
        -------
        DataFrame
            A copy of `frame`; without ``arm`` where there is one cohort.
        """
        return self.frame.copy() if self.arms != ("",) else self.frame.drop(columns="arm")

    def plot(self, *, width: float | None = None, title: str = "") -> "StudyFigure":
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
        from analysis_lib.report.attrition_flow import flow_figure

        return flow_figure(self, width=width or (4.5 if len(self.arms) == 1 else 7.2), title=title)

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        several = self.arms != ("",)
        header = [*(["Arm"] if several else []), "Step", "Persons left", REMOVED]
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
