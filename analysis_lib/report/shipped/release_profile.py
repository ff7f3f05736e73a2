"""A data release at a glance: what is in it, what is wrong with it, and what changed since an earlier one."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from analysis_lib.catalog import RULES, Dataset, open_catalog
from analysis_lib.catalog.releases import releases_in
from analysis_lib.errors import DamagedReleaseError
from analysis_lib.report.shipped.counted import CountedTable
from analysis_lib.report.shipped.release_contents import columns_with_gaps, records_by_year

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["ReleaseProfile", "release_profile"]

_SEVERITIES = ("problem", "repaired", "note")


@dataclass(frozen=True, repr=False, eq=False)
class ReleaseProfile:
    """A release, and the one it is compared with.

    Attributes
    ----------
    dataset : Dataset
        The release.
    earlier : Dataset or None
        The release it is compared with, if there is one.
    """

    dataset: Dataset
    earlier: Dataset | None = None

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(entry.rows for entry in self.dataset.tables.values())

    def count(self, severity: str) -> int:
        """Count the findings of one severity.

        Parameters
        ----------
        severity : {"problem", "repaired", "note"}
            Which.

        Returns
        -------
        int
            Findings: a rule broken in three tables counts three times.
        """
        return sum(finding.severity == severity for finding in self.dataset.quality.findings)

    @property
    def new_problems(self) -> int:
        """Problems that the earlier release did not have, by rule and table; 0 without an earlier release."""
        if self.earlier is None:
            return 0
        now, before = (
            {(found.rule, found.table, found.about) for found in data.quality.findings if found.severity == "problem"}
            for data in (self.dataset, self.earlier)
        )
        return len(now - before)

    def rows_with(self, rule: str) -> int:
        """Count the rows that break one rule.

        Parameters
        ----------
        rule : str
            A name in `analysis_lib.catalog.RULES`.

        Returns
        -------
        int
            Of all tables.
        """
        return sum(self.dataset.quality.of_rule(rule).values())

    def persons_of(self, rows: int) -> dict[str, int]:
        """Say of how many persons some rows are, at most; what `Report` declares.

        Parameters
        ----------
        rows : int
            Rows of persons' tables.

        Returns
        -------
        dict of str to int
            All persons, and no more than there are rows.
        """
        return {"all": self.dataset.n_persons, "rows, at most": min(rows, self.dataset.n_persons)}

    def describe(self) -> str:
        """Say in words what the release is.

        Returns
        -------
        str
            A few sentences.
        """
        data = self.dataset
        years = f", observed from {data.years[0]} to {data.years[1]}" if data.years else ", none of them observed"
        filled = sum(entry.rows > 0 for entry in data.tables.values())
        against = (
            f"It is compared with the release {self.earlier.release}."
            if self.earlier
            else "There is no earlier release to compare it with."
        )
        return (
            f"*{data.title}*, release {data.release}, made on {data.manifest.created[:10]}: {data.n_persons:,} person"
            f"{'' if data.n_persons == 1 else 's'}"
            f"{years}; {self.rows:,} rows in {filled} of {len(data.tables)} tables. {against}"
        )

    @cached_property
    def rules(self) -> CountedTable:
        """One row per rule that something broke: how grave, in how many tables, how many rows, what it means."""
        found = self.dataset.quality.to_frame()
        grouped = found.groupby("rule", sort=False).agg(
            severity=("severity", "first"), tables=("table", "nunique"), found=("count", "sum"), unit=("unit", "first")
        )
        frame = grouped.reset_index().assign(
            what=[RULES[rule].title for rule in grouped.index], means=[RULES[rule].means for rule in grouped.index]
        )
        frame = frame.sort_values(
            ["severity", "found"], key=lambda column: column.map(_rank) if column.name == "severity" else -column
        )
        return self._counted(
            frame[["severity", "rule", "what", "means", "tables", "found", "unit"]].reset_index(drop=True),
            title="Rules that something broke",
            method="counted at import, as the data quality report does",
            cells=_labelled(frame, "rule", count="found"),
            words=4,
        )

    @cached_property
    def findings(self) -> CountedTable:
        """One row per problem and table, the largest share first."""
        found = self.dataset.quality.to_frame()
        frame = found[found["severity"] == "problem"].sort_values(["share", "count"], ascending=False)
        frame = frame.assign(
            share_percent=100 * frame["share"], what=frame["about"].where(frame["about"] != "", frame["columns"])
        )
        return self._counted(
            frame[["table", "rule", "what", "count", "of", "share_percent"]].reset_index(drop=True),
            title="Problems by table",
            method="counted at import; of the rows that the rule looks at",
            cells=_labelled(frame, "table", "rule", count="count"),
            words=3,
        )

    @cached_property
    def tables(self) -> CountedTable:
        """One row per table with rows, now or in the earlier release."""
        now = {name: entry.rows for name, entry in self.dataset.tables.items()}
        before = {name: entry.rows for name, entry in self.earlier.tables.items()} if self.earlier else {}
        frame = pd.DataFrame(
            [(name, now.get(name, 0)) for name in {**now, **before} if now.get(name, 0) or before.get(name, 0)],
            columns=["table", "rows"],
        )
        if self.earlier:
            frame["rows_before"] = [before.get(name, 0) for name in frame["table"]]
            frame["change"] = frame["rows"] - frame["rows_before"]
            frame["change_percent"] = 100 * frame["change"] / frame["rows_before"].where(frame["rows_before"] > 0)
        return self._counted(
            frame,
            title="Rows by table",
            method="rows of the release",
            cells=((name, now[name]) for name in frame["table"] if now.get(name) and self.dataset.spec(name).person),
        )

    @cached_property
    def changes(self) -> CountedTable | None:
        """One row per finding that came, went, or changed its share since the earlier release; None without one."""
        if self.earlier is None:
            return None
        keys = ["severity", "rule", "table", "columns", "about"]
        now, before = (
            data.quality.to_frame().groupby(keys)[["count", "share"]].sum() for data in (self.dataset, self.earlier)
        )
        both = now.add_suffix("_now").join(before.add_suffix("_before"), how="outer").fillna(0)
        both = both[(both["share_now"] != both["share_before"]) | (both["count_now"] != both["count_before"])]
        frame = both.reset_index().astype({"count_now": "int64", "count_before": "int64"})
        frame = frame.assign(
            share_percent_now=100 * frame.pop("share_now"),
            share_percent_before=100 * frame.pop("share_before"),
            what=[
                "new" if not old else "gone" if not new else "changed"
                for old, new in zip(frame["count_before"], frame["count_now"], strict=True)
            ],
        )
        frame = frame.sort_values(
            ["severity", "rule", "table"],
            key=lambda column: column.map(_rank) if column.name == "severity" else column,
            ignore_index=True,
        )
        return self._counted(
            frame[[*keys[:3], "what", *(name for name in frame.columns if name.endswith(("_now", "_before")))]],
            title="Findings that changed",
            method="findings of the two imports, side by side",
            cells=_labelled(frame, "table", "rule", count="count_now"),
            words=4,
        )

    @cached_property
    def gaps(self) -> CountedTable:
        """One row per column of a person's table that has gaps, the widest first."""
        frame = columns_with_gaps(self.dataset)
        return self._counted(
            frame,
            title="Columns with gaps",
            method="missing values, and concept 0 where the column holds concepts, of all rows of the table",
            cells=_labelled(frame.assign(gap=frame["missing"] + frame["concept_0"]), "table", "column", count="gap"),
            words=2,
        )

    def by_year(self, *, first_year: int | None = None, fewest_persons: int = 0) -> CountedTable:
        """Count records and persons by table and year.

        Parameters
        ----------
        first_year : int, optional
            Earlier years are left out.
        fewest_persons : int, default 0
            Years of a table with fewer persons are left out.

        Returns
        -------
        CountedTable
            One row per table and year: ``table``, ``year``, ``records``, ``persons``.
        """
        frame = records_by_year(self.dataset)
        kept = frame[(frame["persons"] >= fewest_persons) & (frame["year"] >= (first_year or -(10**9)))]
        hidden = len(frame[frame["year"] >= (first_year or -(10**9))]) - len(kept)
        note = (
            f"; left out are {hidden:,} years of a table with fewer than {fewest_persons:,} persons" if hidden else ""
        )
        cells = _labelled(kept, "table", "year", count="persons")
        return CountedTable(
            kept.reset_index(drop=True),
            "Records by year",
            f"records by the year in which they start{note}",
            {"all": self.dataset.n_persons, **{label: int(count) for label, count in cells}},
        )

    def plot_by_year(self, counted: CountedTable, *, width: float = 7.2) -> "StudyFigure":
        """Draw the records of each table by year.

        Parameters
        ----------
        counted : CountedTable
            What `by_year` gave.
        width : float, default 7.2
            Inches.

        Returns
        -------
        StudyFigure
            A small plot for each table.
        """
        from analysis_lib.report.shipped.years_plot import years_figure

        return years_figure(counted.frame, width=width)

    def _counted(
        self, frame: pd.DataFrame, *, title: str, method: str, cells: Iterable[tuple[str, int]], words: int = 1
    ) -> CountedTable:
        most = self.dataset.n_persons  # so many records are of at most so many persons
        persons = {"all": most}
        for label, count in cells:
            persons[f"{label}, at most"] = min(int(count), most)
        return CountedTable(frame, title, method, persons, words)


def _labelled(frame: pd.DataFrame, *names: str, count: str) -> Iterator[tuple[str, int]]:
    """Name each count by what is in some columns."""
    for row in frame.to_dict("records"):
        yield ", ".join(str(row[name]) for name in names), int(row[count])


def _rank(severity: str) -> int:
    return _SEVERITIES.index(severity)


def release_profile(dataset: Dataset, *, earlier: str | None = "previous") -> ReleaseProfile:
    """Describe a release, compared with an earlier one.

    Parameters
    ----------
    dataset : Dataset
        The release.
    earlier : str or None, default "previous"
        ``previous`` for the one that was made last before it, if there is one; else the name of a release of the same
        data set; None for no comparison.

    Returns
    -------
    ReleaseProfile
        Its tables are counted when they are asked for.

    Raises
    ------
    DatasetNotFoundError
        If there is no release of that name.
    """
    name = _previous(dataset) if earlier == "previous" else earlier
    if name is None:
        return ReleaseProfile(dataset)
    return ReleaseProfile(dataset, open_catalog(dataset.path.parent.parent).dataset(dataset.name, release=name))


def _previous(dataset: Dataset) -> str | None:
    """Find the release made last before this one; two of one day are told apart by the time of their making."""
    made = {}
    for name in releases_in(dataset.path.parent):
        with contextlib.suppress(DamagedReleaseError):  # says nothing of this release
            made[name] = Dataset.open(dataset.path.parent / name).manifest.created
    older = [name for name in made if name != dataset.release and made[name] < dataset.manifest.created]
    return max(older, key=lambda name: made[name], default=None)
