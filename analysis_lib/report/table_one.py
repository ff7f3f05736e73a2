"""The first table of a paper: who is in the study, group by group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.report.baseline_lines import MOST_LEVELS, OVERALL, Line, describe
from analysis_lib.tables import column_in_words, format_estimate, html_table, text_table

__all__ = ["TableOne", "table_one"]

#: Columns that say whose row it is or how follow-up ended; they describe nobody at baseline.
NOT_BASELINE = frozenset(
    {
        "person_id",
        "subject_id",
        "cohort_definition_id",
        "cohort_start_date",
        "cohort_end_date",
        "arm",
        "treatment",
        "event",
        "time_at_risk_days",
    }
)
PERSON_COLUMNS = ("subject_id", "person_id")


@dataclass(frozen=True, repr=False, eq=False)
class TableOne:
    """A finished first table.

    Attributes
    ----------
    lines : tuple of Line
        The table from top to bottom.
    groups : tuple of str
        Columns in order.
    persons : dict of str to int
        Distinct persons by group, and by line and group where the line counts; what `Report` declares.
    n : int
        Rows described.
    method : str
        What the cells and differences are.
    title : str
        Caption.
    """

    lines: tuple[Line, ...]
    groups: tuple[str, ...]
    persons: dict[str, int]
    n: int
    method: str
    title: str

    def to_frame(self) -> pd.DataFrame:
        """Return the table as it is printed.

        Returns
        -------
        DataFrame
            Columns ``characteristic``, one per group, and ``smd`` (a number) where there are groups to compare. Lines
            below a heading are indented by two spaces.
        """
        frame = pd.DataFrame(
            [
                {"characteristic": line.label, **{group: line.cells.get(group, "") for group in self.groups}}
                for line in self.lines
            ]
        )
        return (
            frame.assign(smd=pd.Series([line.smd for line in self.lines], dtype="float64")) if self._compares else frame
        )

    @property
    def smd(self) -> pd.Series:
        """Standardised mean differences by column, unrounded."""
        found = {line.variable: line.smd for line in self.lines if line.smd is not None}
        return pd.Series(found, name="smd", dtype=np.float64)

    @property
    def _compares(self) -> bool:
        return any(line.smd is not None for line in self.lines)

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        header = ["", *self.groups, *(["SMD"] if self._compares else [])]
        rows = [
            [
                line.label,
                *(line.cells.get(group, "") for group in self.groups),
                *([_shown(line.smd)] if self._compares else []),
            ]
            for line in self.lines
        ]
        return header, rows

    def __repr__(self) -> str:
        return f"{self.title}\n\n{text_table(*self._cells())}\n\n{self.method}"

    def _repr_html_(self) -> str:
        header, rows = self._cells()
        return html_table(header, rows, caption=self.title, notes=(self.method,))


def table_one(
    data: pd.DataFrame,
    *,
    by: str | None = None,
    variables: Sequence[str] | Mapping[str, str] | None = None,
    nonnormal: Sequence[str] = (),
    overall: bool = False,
    title: str = "Table 1. Baseline characteristics",
) -> TableOne:
    """Describe the people of a study, group by group.

    Numbers get mean (SD), or median [IQR] if named in `nonnormal`; bools and 0/1 numbers get n (%); categories and text
    get n (%) for each level. Percentages are of those with a value; the missing are counted on a line of their own.
    Standardised mean differences are absolute: of means [1]_, and Yang and Dalton's [2]_ for categories; with more than
    two groups the largest of all pairs.

    Parameters
    ----------
    data : DataFrame
        One row per person, or per person and index date. A column ``subject_id`` or ``person_id``, where there is one,
        is used to count distinct persons. ``data.attrs["units"]``, where it is there, gives units to the labels.
    by : str, optional
        Column with the groups, one table column each; rows without a group are refused.
    variables : sequence of str or mapping of str to str, optional
        What to describe, in order; a mapping gives each column its label. When left out, all columns but ids, dates of
        the cohort and follow-up.
    nonnormal : sequence of str, optional
        Columns to describe by median and quartiles.
    overall : bool, default False
        Whether to add a column for everybody.
    title : str, default "Table 1. Baseline characteristics"
        Caption.

    Returns
    -------
    TableOne
        Shows itself as a table in a notebook.

    Raises
    ------
    ModelInputError
        If a column is unknown or cannot be described, or a group is missing.

    References
    ----------
    .. [1] Austin P. C. (2009). Balance diagnostics for comparing the distribution of baseline covariates between
       treatment groups in propensity-score matched samples. Statist. Med. 28(25), 3083-3107.
    .. [2] Yang D., Dalton J. E. (2012). A unified approach to measuring the effect size between two groups using SAS.
       SAS Global Forum, paper 335.
    """
    labels = _labels(data, by=by, variables=variables)
    _known(data, [*labels, *nonnormal, *([by] if by else [])])
    if unnamed := [name for name in nonnormal if name not in labels]:
        raise ModelInputError(
            f"nonnormal names columns that are not described: {', '.join(unnamed)}. Add them to variables."
        )
    if data.empty:
        raise ModelInputError("there is nobody to describe; found 0 rows. Check the attrition of the cohort.")
    members = _members(data, by=by, overall=overall)
    persons_of = _persons(data)
    lines = [
        Line(
            variable="n",
            label="n",
            statistic="n",
            cells={group: f"{inside.sum():,}" for group, inside in members.items()},
            smd=None,
            counts={group: int(persons_of[inside].nunique()) for group, inside in members.items()},
        )
    ]
    for name, label in labels.items():
        lines.extend(
            describe(data[name], members, persons=persons_of, name=name, label=label, nonnormal=name in nonnormal)
        )
    return TableOne(
        lines=tuple(lines),
        groups=tuple(members),
        persons=_counted(lines),
        n=len(data),
        method=_method(lines, groups=len(members) - overall),
        title=title,
    )


def _labels(
    data: pd.DataFrame, *, by: str | None, variables: Sequence[str] | Mapping[str, str] | None
) -> dict[str, str]:
    if isinstance(variables, Mapping):
        return dict(variables)
    names = (
        [name for name in data.columns if name not in NOT_BASELINE and name != by] if variables is None else variables
    )
    units: Mapping[str, str] = data.attrs.get("units", {})
    return {str(name): column_in_words(str(name), units.get(str(name), "1")) for name in names}


def _known(data: pd.DataFrame, names: Sequence[str]) -> None:
    for name in names:
        if list(data.columns).count(name) != 1:
            raise ModelInputError(
                f"each column described must be there once; '{name}' is not, among "
                f"{', '.join(map(str, data.columns))}. Name a column of the data."
            )


def _members(data: pd.DataFrame, *, by: str | None, overall: bool) -> dict[str, Any]:
    """Mark the rows of each group; the groups in their own order."""
    everybody = np.ones(len(data), dtype=np.bool_)
    if by is None:
        return {OVERALL: everybody}
    column = data[by]
    if column.isna().any():
        raise ModelInputError(
            f"each row needs a group; column '{by}' is missing in {int(column.isna().sum()):,} rows. Give them a "
            "group or leave them out."
        )
    codes, levels = pd.factorize(column, sort=True)
    if len(levels) > MOST_LEVELS:
        raise ModelInputError(
            f"column '{by}' makes {len(levels):,} groups, more than fit in a table ({MOST_LEVELS}). "
            "Is it a measurement?"
        )
    members = {str(level): codes == index for index, level in enumerate(levels)}
    return ({OVERALL: everybody} if overall else {}) | members


def _persons(data: pd.DataFrame) -> pd.Series:
    column = next((name for name in PERSON_COLUMNS if name in data.columns), None)
    return pd.Series(np.arange(len(data))) if column is None else data[column].reset_index(drop=True)


def _counted(lines: Sequence[Line]) -> dict[str, int]:
    counts: dict[str, int] = {}
    heading = ""
    for line in lines:
        heading = line.label if not line.label.startswith(" ") else heading
        label = f"{heading}: {line.label.strip()}" if line.label.startswith(" ") else line.label
        for group, count in line.counts.items():
            counts[group if line.statistic == "n" else f"{label} | {group}"] = count
    return counts


def _method(lines: Sequence[Line], *, groups: int) -> str:
    used = {line.statistic for line in lines}
    kinds = [kind for kind in ("n (%)", "mean (SD)", "median [IQR]") if kind in used]
    sentence = f"Cells: {', '.join(kinds)}; percentages are of those with a value." if kinds else "Cells: n."
    if groups < 2:
        return sentence
    pairs = "" if groups == 2 else ", the largest of all pairs of groups"
    return f"{sentence} SMD: absolute standardised mean difference (Austin 2009; Yang and Dalton 2012){pairs}."


def _shown(smd: float | None) -> str:
    return "" if smd is None else format_estimate(smd, digits=3)
