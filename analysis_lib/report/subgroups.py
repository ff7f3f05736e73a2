"""Whether the difference between two groups differs among kinds of people: a Cox model in each, and a test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis_lib.errors import ConvergenceError, ModelInputError
from analysis_lib.models.arguments import checked_columns, checked_level, columns_by_name, in_percent, one_value_a_cell
from analysis_lib.models.rows import Data, Rows, SurvivalRows, open_rows, person_counts, survival_rows
from analysis_lib.models.survival import cox
from analysis_lib.models.survival.cox_regression.partial_likelihood import Ties
from analysis_lib.printed_numbers import format_p, format_ratio
from analysis_lib.report.baseline_lines import MOST_LEVELS
from analysis_lib.report.subgroup_forest import subgroup_forest
from analysis_lib.tables import column_in_words, html_table, level_in_words, text_table

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["SubgroupComparison", "compare_subgroups"]

_NUMBERS = ("estimate", "ci_low", "ci_high", "p_value")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class SubgroupComparison:
    """Hazard ratios of a treatment among all and in each subgroup.

    Attributes
    ----------
    frame : DataFrame
        One row per model: ``subgroup`` (the heading, empty for everybody), ``label``, ``estimate`` (the hazard ratio),
        ``ci_low``, ``ci_high`` (Wald), ``p_value``, ``n``, ``events``, ``p_interaction`` (the same on all lines of a
        heading) and ``why_not``, the reason where there is no estimate.
    n, events : int
        Rows among everybody, and events.
    exclusions : mapping of str to int
        Rows left out everywhere, by reason.
    persons : mapping of str to int
        Distinct persons behind each line, by treatment; what `Report` declares.
    method : str
        The models and the test.
    title : str
        Caption.
    level : float
        Coverage of the intervals.
    """

    frame: pd.DataFrame
    n: int
    events: int
    exclusions: Mapping[str, int]
    persons: Mapping[str, int]
    method: str
    title: str
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates, one row per model, unrounded.

        Returns
        -------
        DataFrame
            A copy of `frame`.
        """
        return self.frame.copy()

    def plot(self, *, width: float = 7.2, title: str = "", favours: tuple[str, str] | None = None) -> "StudyFigure":
        """Draw the estimates as a forest plot.

        Parameters
        ----------
        width : float, default 7.2
            Inches.
        title : str, optional
            Above the plot.
        favours : tuple of str, optional
            What is written below the axis left and right of 1.

        Returns
        -------
        StudyFigure
            With the estimates attached.
        """
        rows = self.frame.drop(columns=["p_value", "why_not"])
        return subgroup_forest(rows, interval=f"{in_percent(self.level)} CI", favours=favours, width=width, title=title)

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        header = ["", "n", "Events", f"Hazard ratio ({in_percent(self.level)} CI)", "p", "p for interaction"]
        cells, last = [], ""
        for row in self.frame.to_dict("records"):
            if row["subgroup"] and row["subgroup"] != last:
                cells.append([row["subgroup"], "", "", "", "", format_p(row["p_interaction"])])
            last = row["subgroup"]
            ratio, p_value = "not estimable", ""
            if not pd.isna(row["estimate"]):
                shown = [format_ratio(row[name]) for name in _NUMBERS[:3]]
                ratio, p_value = f"{shown[0]} ({shown[1]} to {shown[2]})", format_p(row["p_value"])
            indent = "  " if row["subgroup"] else ""
            cells.append([f"{indent}{row['label']}", f"{row['n']:,}", f"{row['events']:,}", ratio, p_value, ""])
        return header, cells

    def _notes(self) -> list[str]:
        reasons = [
            f"Not estimable: {row['label']}: {row['why_not']}"
            for row in self.frame.to_dict("records")
            if row["why_not"]
        ]
        return [f"Method: {self.method}.", *reasons]

    def __repr__(self) -> str:
        return "\n".join([self.title, "", text_table(*self._cells()), "", *self._notes()])

    def _repr_html_(self) -> str:
        return html_table(*self._cells(), caption=self.title, notes=self._notes())


@columns_by_name
def compare_subgroups(
    data: Data,
    *,
    time: str,
    event: str,
    treatment: str,
    subgroups: Sequence[str] | Mapping[str, str],
    adjust_for: Sequence[str] = (),
    ties: Ties = "efron",
    level: float = 0.95,
    title: str = "Hazard ratios by subgroup",
) -> SubgroupComparison:
    """Compare two groups among all people and in subgroups, by Cox models, and test whether the ratios differ.

    In each subgroup a model of its own is fitted. Interaction is tested by the likelihood ratio of two models of all
    people with a value: both have the treatment, the subgroup and the covariates, one also the products of treatment
    and subgroup. A model that cannot be estimated does not take the others away: it is kept with the reason.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per follow-up; what `open_rows` takes.
    time : str
        Column with the length of follow-up, > 0.
    event : str
        Column that says whether follow-up ended with the event: bool or 0/1.
    treatment : str
        Column that is 1 in one group and 0 in the other.
    subgroups : sequence of str or mapping of str to str
        Columns with the kinds of people, each with two levels or more; a mapping gives each its heading. Rows without
        a value are in no subgroup of that column.
    adjust_for : sequence of str, optional
        Covariates of every model.
    ties : {"efron", "breslow"}, default "efron"
        Handling of tied event times.
    level : float, default 0.95
        Coverage of the intervals, in (0, 1).
    title : str, default "Hazard ratios by subgroup"
        Caption.

    Returns
    -------
    SubgroupComparison
        Shows itself as a table, draws itself as a forest plot.

    Raises
    ------
    ModelInputError
        If a column is unknown or cannot be used, a column of subgroups is one of the others, or has one level or too
        many.
    """
    checked_level(level)
    source = open_rows(data)
    headings = _headings(source, subgroups, others=[time, event, treatment, *adjust_for])
    whole = source.frame([*_columns(source, [time, event, treatment, *adjust_for]), *headings])
    study = _Study(time, event, treatment, tuple(adjust_for), ties, level)
    rows = survival_rows(whole, time=time, event=event, others=[treatment, *adjust_for])
    _refuse_other_than_two(rows.frame[treatment], treatment)
    lines = [study.line(whole, subgroup="", label="All")]
    persons = _labelled(rows, study, label="All")
    for column, heading in headings.items():
        of_column, of_persons = _by_level(whole, column=column, heading=heading, study=study)
        lines += of_column
        persons |= of_persons
    adjusted = f", adjusted for {', '.join(adjust_for)}" if adjust_for else ""
    return SubgroupComparison(
        frame=pd.DataFrame(lines).astype({"n": "int64", "events": "int64"}),
        n=rows.event.size,
        events=int(rows.event.sum()),
        exclusions=rows.exclusions,
        persons=persons,
        method=f"Cox partial likelihood in each subgroup, ties by {ties.capitalize()}, Wald intervals{adjusted}; "
        "interaction by likelihood ratio",
        title=title,
        level=level,
    )


@dataclass(frozen=True)
class _Study:
    """What all models of the comparison share."""

    time: str
    event: str
    treatment: str
    adjust_for: tuple[str, ...]
    ties: Ties
    level: float

    def rows(self, data: pd.DataFrame) -> SurvivalRows:
        return survival_rows(data, time=self.time, event=self.event, others=[self.treatment, *self.adjust_for])

    def fit(self, data: pd.DataFrame, *, others: Sequence[str] = ()) -> Any:
        covariates = [self.treatment, *self.adjust_for, *others]
        return cox(data, time=self.time, event=self.event, covariates=covariates, ties=self.ties, level=self.level)

    def line(self, data: pd.DataFrame, *, subgroup: str, label: str) -> dict[str, Any]:
        """Fit one model; say why where there is none."""
        line: dict[str, Any] = {"subgroup": subgroup, "label": label, **dict.fromkeys(_NUMBERS, np.nan)}
        line |= {"n": 0, "events": 0, "p_interaction": np.nan, "why_not": ""}
        try:
            rows = self.rows(data)
            line |= {"n": rows.event.size, "events": int(rows.event.sum())}
            found = self.fit(data).to_frame(ci="wald").loc[self.treatment]
            line |= {"estimate": float(found["hazard_ratio"])} | {name: float(found[name]) for name in _NUMBERS[1:]}
        except (ConvergenceError, ModelInputError) as error:
            line["why_not"] = str(error)
        return line


def _headings(source: Rows, subgroups: Sequence[str] | Mapping[str, str], *, others: Sequence[str]) -> dict[str, str]:
    if isinstance(subgroups, str):
        raise ModelInputError("subgroups must be a list of columns; found one text. Write [...] around it.")
    names = checked_columns(list(subgroups), source.columns)
    if not names or len(set(names)) < len(names) or set(names) & set(others):
        raise ModelInputError(
            f"subgroups are columns of their own, each named once; found {len(names)}, {len(set(names) & set(others))} "
            "of them in another part. Cut a covariate into groups under another name."
        )
    if isinstance(subgroups, Mapping):
        return dict(subgroups)
    return {name: column_in_words(name, source.units.get(name, "1")) for name in names}


def _columns(source: Rows, names: Sequence[str]) -> list[str]:
    person = source.person_column
    return list(dict.fromkeys([*names, *([person] if person else [])]))


def _refuse_other_than_two(column: pd.Series, name: str) -> None:
    found = set(pd.unique(column))
    if not found <= {0, 1} or len(found) < 2:
        raise ModelInputError(
            f"treatment must be 1 in one group and 0 in the other; column '{name}' has {len(found)} different values. "
            "Make such a column: data['arm'].eq('new').astype(int)."
        )


def _labelled(rows: SurvivalRows, study: _Study, *, label: str) -> dict[str, int]:
    counts = person_counts(rows, rows.frame[study.treatment].rename(study.treatment))
    return {f"{label} | {cell}": count for cell, count in counts.items()}


def _by_level(
    whole: pd.DataFrame, *, column: str, heading: str, study: _Study
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Fit a model for each level, and test whether they differ."""
    codes, levels = pd.factorize(one_value_a_cell(whole[column]), sort=True)
    if not 1 < len(levels) <= MOST_LEVELS:
        raise ModelInputError(
            f"subgroups need two levels or more, and at most {MOST_LEVELS}; column '{column}' has {len(levels):,}. "
            "Cut a measurement into groups with pandas.cut, or leave the column out."
        )
    lines: list[dict[str, Any]] = []
    persons: dict[str, int] = {}
    p_interaction = _interaction(whole, codes, n_levels=len(levels), study=study)
    for code, level in enumerate(levels):
        part = whole.loc[codes == code]
        lines.append(study.line(part, subgroup=heading, label=_in_words(level)) | {"p_interaction": p_interaction})
        if lines[-1]["n"]:
            persons |= _labelled(study.rows(part), study, label=f"{heading}: {_in_words(level)}")
    return lines, persons


def _in_words(level: Any) -> str:
    if isinstance(level, bool | np.bool_):
        return "Yes" if level else "No"
    return level_in_words(level)


def _interaction(whole: pd.DataFrame, codes: Any, *, n_levels: int, study: _Study) -> float:
    """Compare the model with products of treatment and subgroup to the one without; missing if one has no estimate."""
    from scipy.stats import chi2

    inside = whole.loc[codes >= 0].copy()
    kept = codes[codes >= 0]
    levels, products = [], []
    for code in range(1, n_levels):
        # Names that no column of the data can have taken: those are unique, and these are longer than all of them.
        longest = max(len(name) for name in inside.columns)
        level, product = "level".ljust(longest + 1, "_"), "product".ljust(longest + 2, "_")
        inside[level] = (kept == code).astype(np.int64)
        inside[product] = inside[level] * inside[study.treatment]
        levels.append(level)
        products.append(product)
    try:
        without, with_products = (study.fit(inside, others=terms) for terms in (levels, [*levels, *products]))
    except (ConvergenceError, ModelInputError):
        return float("nan")
    return float(chi2.sf(max(0.0, 2 * (with_products.llf - without.llf)), len(products)))
