"""The first table of a paper: who is in the study, group by group."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_columns, columns_by_name, listed
from analysis_lib.models.rows import Data, Rows
from analysis_lib.printed_numbers import format_estimate, format_p
from analysis_lib.report.baseline_lines import Line, frame_of, lines_of, statistics_of
from analysis_lib.report.columns import open_table, person_rows, persons_by_cell
from analysis_lib.report.describing import Groups, Wanted, describe, groups_of
from analysis_lib.report.group_tests import COUNT_TESTS, NUMBER_TESTS
from analysis_lib.report.printed_table import PrintedTable
from analysis_lib.tables import column_in_words, html_table, text_table

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

#: Names of groups that need the name of their column beside them.
_BARE = re.compile(r"-?[\d.,]+|True|False|Yes|No", flags=re.IGNORECASE)
_TRUTH = {"True": "Yes", "False": "No"}


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
        What the cells, differences and tests are.
    title : str
        Caption.
    numbers : DataFrame
        The unrounded numbers behind the cells, one row per variable, level and group: ``n`` with a value, ``missing``,
        ``count`` and ``share`` of a level, ``mean``, ``sd``, and ``q1``, ``median``, ``q3`` where they were asked for.
    by : str
        The column of the groups in words; empty where there are none.
    """

    lines: tuple[Line, ...]
    groups: tuple[str, ...]
    persons: dict[str, int]
    n: int
    method: str
    title: str
    numbers: pd.DataFrame
    by: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return the table as it is printed.

        Returns
        -------
        DataFrame
            Columns ``characteristic``, one per group, ``smd`` (a number) where there are groups to compare, and
            ``p_value`` (a number) and ``test`` where they were tested. Lines below a heading are indented by two
            spaces.
        """
        frame = pd.DataFrame(
            [
                {"characteristic": line.label, **{group: line.cells.get(group, "") for group in self.groups}}
                for line in self.lines
            ]
        )
        if self._compares:
            frame = frame.assign(smd=pd.Series([line.smd for line in self.lines], dtype="float64"))
        if self._tests:
            p_values = [line.test.p_value if line.test else None for line in self.lines]
            names = [line.test.name if line.test else "" for line in self.lines]
            frame = frame.assign(p_value=pd.Series(p_values, dtype="float64"), test=names)
        return frame

    def estimates(self) -> pd.DataFrame:
        """Return the unrounded numbers behind the cells; what `Report` declares.

        Returns
        -------
        DataFrame
            A copy of `numbers`.
        """
        return self.numbers.copy()

    @property
    def smd(self) -> pd.Series:
        """Standardised mean differences by column, unrounded."""
        found = {line.variable: line.smd for line in self.lines if line.smd is not None}
        return pd.Series(found, name="smd", dtype=np.float64)

    @property
    def p_values(self) -> pd.Series:
        """P values by column, unrounded; empty if nothing was tested."""
        found = {line.variable: line.test.p_value for line in self.lines if line.test is not None}
        return pd.Series(found, name="p_value", dtype=np.float64)

    @property
    def _compares(self) -> bool:
        return any(line.smd is not None for line in self.lines)

    @property
    def _tests(self) -> bool:
        return any(line.test is not None for line in self.lines)

    def printed(self) -> PrintedTable:
        """Return the table as cells of text, for any kind of document.

        Returns
        -------
        PrintedTable
            Caption, header, cells and notes.
        """
        header = [
            "",
            *map(self._heading, self.groups),
            *(["SMD"] if self._compares else []),
            *(["p"] if self._tests else []),
        ]
        rows = [
            [
                line.label,
                *(line.cells.get(group, "") for group in self.groups),
                *([_shown(line.smd)] if self._compares else []),
                *([format_p(line.test.p_value) if line.test else ""] if self._tests else []),
            ]
            for line in self.lines
        ]
        return PrintedTable(self.title, tuple(header), tuple(map(tuple, rows)), (self.method,))

    def _heading(self, group: str) -> str:
        """Name the column with a group that says nothing by itself: a number, yes or no."""
        if not (self.by and _BARE.fullmatch(group)):
            return group
        return f"{self.by}: {_TRUTH.get(group, group)}"

    def to_html(self) -> str:
        """Write the table in HTML.

        Returns
        -------
        str
            One ``<div>``, everything escaped.
        """
        return self._repr_html_()

    def to_latex(self) -> str:
        """Write the table in LaTeX, with the rules of the package booktabs.

        Returns
        -------
        str
            A ``table`` environment, everything escaped; needs ``\\usepackage{booktabs}``.
        """
        return self.printed().to_latex()

    def to_docx(self, path: str | Path) -> Path:
        """Write the table as a Word document.

        Parameters
        ----------
        path : str or Path
            Where to; ends in ``.docx``.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OutputError
            If the name ends otherwise.
        """
        return self.printed().to_docx(path)

    def __repr__(self) -> str:
        printed = self.printed()
        return f"{self.title}\n\n{text_table(printed.header, printed.rows)}\n\n{self.method}"

    def _repr_html_(self) -> str:
        printed = self.printed()
        return html_table(printed.header, printed.rows, caption=self.title, notes=printed.notes)


@columns_by_name
def table_one(
    data: Data,
    *,
    by: str | None = None,
    variables: Sequence[str] | Mapping[str, str] | None = None,
    nonnormal: Sequence[str] = (),
    overall: bool = False,
    tests: bool | Mapping[str, str] = False,
    title: str = "Table 1. Baseline characteristics",
) -> TableOne:
    """Describe the people of a study, group by group.

    Numbers get mean (SD), or median [IQR] if named in `nonnormal`; bools and 0/1 numbers get n (%); categories and text
    get n (%) for each level. Percentages are of those with a value; the missing are counted on a line of their own.
    Quartiles are exact whatever the size of the data: R's type 7, numpy's default.
    Standardised mean differences are absolute: of means [1]_, and Yang and Dalton's [2]_ for categories; with more than
    two groups the largest of all pairs.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per person, or per person and index date; a path names Parquet files, of which one column at a time is
        read. A column ``subject_id`` or ``person_id``, where there is one, is used to count distinct persons. Units of
        the columns, where known, go into the labels.
    by : str, optional
        Column with the groups, one table column each; rows without a group are refused.
    variables : sequence of str or mapping of str to str, optional
        What to describe, in order; a mapping gives each column its label. When left out, all columns but ids, dates of
        the cohort and follow-up.
    nonnormal : sequence of str, optional
        Columns to describe by median and quartiles.
    overall : bool, default False
        Whether to add a column for everybody.
    tests : bool or mapping of str to str, default False
        Whether to test if the groups differ: Welch's t test or analysis of variance for numbers, Kruskal and Wallis'
        test for those in `nonnormal`, Pearson's chi-square for counts (of two by two with Yates' correction, or
        Fisher's exact test where expected counts are below 5). A mapping tests the columns it names by the tests it
        names: ``"welch"``, ``"student"``, ``"kruskal"``, ``"wilcoxon"``, ``"chi-square"``,
        ``"chi-square uncorrected"``, ``"fisher"``. At baseline of a randomised trial such tests are discouraged: any
        difference there is chance.
    title : str, default "Table 1. Baseline characteristics"
        Caption.

    Returns
    -------
    TableOne
        Shows itself as a table in a notebook; writes itself as HTML, LaTeX, Word document and frame.

    Raises
    ------
    ModelInputError
        If a column is unknown or cannot be described, a group is missing, or a test is unknown.

    References
    ----------
    .. [1] Austin P. C. (2009). Balance diagnostics for comparing the distribution of baseline covariates between
       treatment groups in propensity-score matched samples. Statist. Med. 28(25), 3083-3107.
    .. [2] Yang D., Dalton J. E. (2012). A unified approach to measuring the effect size between two groups using SAS.
       SAS Global Forum, paper 335.
    """
    if isinstance(variables, str) or isinstance(nonnormal, str):
        raise ModelInputError("variables and nonnormal are lists of columns; found one text. Write [...] around it.")
    wanted: list[Wanted] = []

    def names(rows: Rows) -> list[str]:
        labels = _labels(rows, by=by, variables=variables)
        checked_columns([*labels, *nonnormal, *([by] if by else [])], rows.columns)
        _refuse_unnamed(nonnormal, labels, argument="nonnormal")
        wanted.append(Wanted(labels, tuple(nonnormal), _tests(tests, labels, by=by)))
        return [*labels, *([by] if by else []), *([rows.person_column] if rows.person_column else [])]

    with open_table(data, names=names) as table:
        if not table.n_rows:
            raise ModelInputError("there is nobody to describe; found 0 rows. Check the attrition of the cohort.")
        groups = groups_of(table, by=by, overall=overall, persons=person_rows(table))
        facts = describe(table, groups=groups, wanted=wanted[0])
        n_rows = table.n_rows
    lines = [_first_line(groups), *(line for column in facts for line in lines_of(column))]
    return TableOne(
        lines=tuple(lines),
        groups=groups.names,
        persons=_counted(lines),
        n=n_rows,
        method=_method(lines, groups=groups.n_groups),
        title=title,
        numbers=frame_of([row for column in facts for row in statistics_of(column)]),
        by=column_in_words(by) if by else "",
    )


def _labels(rows: Rows, *, by: str | None, variables: Sequence[str] | Mapping[str, str] | None) -> dict[str, str]:
    if isinstance(variables, Mapping):
        return {str(name): str(label).strip() for name, label in variables.items()}  # leading blanks are an indent
    names = (
        [name for name in rows.columns if name not in NOT_BASELINE and name != by] if variables is None else variables
    )
    return {str(name): column_in_words(str(name), rows.units.get(str(name), "1")) for name in names}


def _refuse_unnamed(names: Sequence[str], labels: Mapping[str, str], *, argument: str) -> None:
    if unnamed := [name for name in names if name not in labels]:
        raise ModelInputError(
            f"{argument} names columns that are not described; found {listed(unnamed)}. Add them to variables."
        )


def _tests(tests: bool | Mapping[str, str], labels: Mapping[str, str], *, by: str | None) -> dict[str, str]:
    if tests is False:
        return {}
    if by is None:
        raise ModelInputError("a test compares groups; found no column of groups. Name one in by=, or leave tests out.")
    if tests is True:
        return dict.fromkeys(labels, "")
    if not isinstance(tests, Mapping):
        raise ModelInputError(
            f"tests must be True, False or a mapping of columns to tests; found {type(tests).__name__}. "
            "Write tests=True for the usual ones."
        )
    _refuse_unnamed(list(tests), labels, argument="tests")
    known = (*NUMBER_TESTS, *COUNT_TESTS)
    if unknown := [test for test in tests.values() if test not in known]:
        raise ModelInputError(f"a test must be one of {listed(known)}; found {unknown[0]!r}. Use one of these.")
    return dict(tests)


def _first_line(groups: Groups) -> Line:
    rows = np.bincount(groups.codes, minlength=groups.n_groups)
    if groups.overall:
        rows = np.append(rows.sum(), rows)
    persons = rows
    if groups.persons is not None:
        everyone = np.zeros(groups.codes.size, dtype=np.int32)
        persons = persons_by_cell(
            everyone, groups.codes, shape=(groups.n_groups, 1), overall=groups.overall, persons=groups.persons
        )[:, 0]
    cells = {group: f"{count:,}" for group, count in zip(groups.names, rows, strict=True)}
    return Line("n", "n", "n", cells, None, dict(zip(groups.names, map(int, persons), strict=True)))


def _counted(lines: Sequence[Line]) -> dict[str, int]:
    counts: dict[str, int] = {}
    heading = ""
    for line in lines:
        heading = line.label if not line.label.startswith(" ") else heading
        label = f"{heading}: {line.label.strip()}" if line.label.startswith(" ") else line.label
        for group, count in line.counts.items():
            key = group if line.statistic == "n" else f"{label} | {group}"
            # Columns may be labelled alike, such as Age and age; a disclosure check must see the counts of both.
            counts[key if key not in counts else f"{label} ({line.variable}) | {group}"] = count
    return counts


def _method(lines: Sequence[Line], *, groups: int) -> str:
    used = {line.statistic for line in lines}
    kinds = [kind for kind in ("n (%)", "mean (SD)", "median [IQR]") if kind in used]
    sentence = f"Cells: {', '.join(kinds)}; percentages are of those with a value." if kinds else "Cells: n."
    if groups < 2:
        return sentence
    pairs = "" if groups == 2 else ", the largest of all pairs of groups"
    smd = f"{sentence} SMD: absolute standardised mean difference (Austin 2009; Yang and Dalton 2012){pairs}."
    return " ".join([smd, *_tests_in_words(lines)])


def _tests_in_words(lines: Sequence[Line]) -> list[str]:
    tested = [(_plain(line), line.test) for line in lines if line.test is not None]
    if not tested:
        return []
    names = dict.fromkeys(test.name for _, test in tested)
    by_test = "; ".join(
        f"{name} ({', '.join(label for label, test in tested if test.name == name)})" if len(names) > 1 else name
        for name in names
    )
    cautious = [label for label, test in tested if test.caution]
    caution = [f"Expected counts below 5, so that p is rough: {', '.join(cautious)}."] if cautious else []
    return [
        f"p: {by_test}.",
        *caution,
        "At baseline of a randomised trial p values are discouraged: any difference there is chance (CONSORT).",
    ]


def _plain(line: Line) -> str:
    return line.label.removesuffix(f", {line.statistic}" if line.statistic else ", n (%)")


def _shown(smd: float | None) -> str:
    return "" if smd is None else format_estimate(smd, digits=3)
