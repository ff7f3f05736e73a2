"""Finding the number that a rule watches, or saying why it is not there."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hub_config.reports.changes.alerts.rules import Target
from hub_config.reports.changes.cells import Cell, Number, label_key, read_cell
from hub_config.reports.changes.declared_outputs import DeclaredOutput, DeclaredRun
from hub_config.reports.changes.tables import Table, labels_shared, read_table, row_keys, table_of_estimates

__all__ = ["WHY_NOT", "Watched", "WatchedRun"]

BOUNDS = ("<", ">", "≤", "≥")
COUNTS = ("persons", "exclusions", "n", "events")

#: Every reason why a number cannot be found; the words are stable.
WHY_NOT = (
    "outputs-unreadable",
    "output-missing",
    "output-kind",
    "no-value",
    "table-unreadable",
    "column-missing",
    "row-missing",
    "row-ambiguous",
    "not-a-number",
    "only-a-bound",
    "cohort-missing",
    "cohort-ambiguous",
    "label-missing",
    "label-ambiguous",
)


@dataclass(frozen=True)
class Watched:
    """A number, or why there is none.

    Parameters
    ----------
    value : int, float or None
        The number.
    why_not : str
        One of `WHY_NOT`, or '' where there is a number.
    """

    value: Number | None = None
    why_not: str = ""


@dataclass
class WatchedRun:
    """The numbers of one run; a table is read once, however many rules watch it.

    Parameters
    ----------
    run : DeclaredRun
        What the run declared.
    """

    run: DeclaredRun
    _tables: dict[tuple[str, bool], Table | str] = field(default_factory=dict)

    def find(self, target: Target) -> Watched:
        """Find one number.

        Parameters
        ----------
        target : Target
            What is watched.

        Returns
        -------
        Watched
            The number, or why there is none.
        """
        if not target.output:
            return _cohort(self.run, target.labels) if self.run.is_readable else Watched(why_not="outputs-unreadable")
        output = self.run.outputs.get(target.output)
        if output is None:
            return Watched(why_not="output-missing" if self.run.is_readable else "outputs-unreadable")
        if not target.column and not target.labels:
            if output.kind != "number":
                return Watched(why_not="output-kind")
            return Watched(output.value) if output.value is not None else Watched(why_not="no-value")
        counts = _counts(output, target)
        return counts if counts is not None else self._cell(output, target)

    def is_missing(self, target: Target) -> bool | None:
        """Tell whether what is watched is not there.

        Parameters
        ----------
        target : Target
            An output, a number of it, or the persons of a cohort.

        Returns
        -------
        bool or None
            None where the run's outputs cannot be read, so nobody knows.
        """
        if not self.run.is_readable:
            return None
        output = self.run.outputs.get(target.output)
        if output is not None and output.kind != "number" and not target.column and not target.labels:
            return output.file is not None and self._table(output, as_estimates=False) == "table-missing"
        return self.find(target).value is None

    def _cell(self, output: DeclaredOutput, target: Target) -> Watched:
        """Look ``id["row", "column"]`` up in the file, ``id.column["row"]`` in the estimates if there are any."""
        if output.kind != "table":
            return Watched(why_not="output-kind")
        labels, column = (target.labels, target.column) if target.column else (target.labels[:-1], target.labels[-1])
        table = self._table(output, as_estimates=bool(target.column and output.estimates))
        if isinstance(table, str):
            return Watched(why_not="table-unreadable")
        if column not in table.columns:
            return Watched(why_not="column-missing")
        rows = _rows(table, labels)
        if len(rows) != 1:
            return Watched(why_not="row-ambiguous" if rows else "row-missing")
        return _number_in(read_cell(table.rows[rows[0]][table.columns.index(column)]))

    def _table(self, output: DeclaredOutput, *, as_estimates: bool) -> Table | str:
        key = (output.id, as_estimates)
        if key not in self._tables:
            if as_estimates:
                self._tables[key] = table_of_estimates(output.estimates)
            else:
                self._tables[key] = read_table(self.run.folder, output.file) if output.file else "table-missing"
        return self._tables[key]


def _number_in(cell: Cell) -> Watched:
    if cell.is_missing:
        return Watched(why_not="no-value")
    if cell.shape.startswith(BOUNDS):  # "<5", a suppressed count, is not 5
        return Watched(why_not="only-a-bound")
    return Watched(cell.numbers[0]) if cell.numbers else Watched(why_not="not-a-number")


def _cohort(run: DeclaredRun, labels: Sequence[str]) -> Watched:
    persons = run.facts.cohort_persons
    if labels:
        if labels[0] in persons:
            return Watched(persons[labels[0]])
        # Declared, but twice, or without a count.
        return Watched(why_not="no-value" if labels[0] in run.facts.cohorts else "cohort-missing")
    if len(run.facts.cohorts) > 1:
        return Watched(why_not="cohort-ambiguous")
    if persons:
        return Watched(next(iter(persons.values())))
    return Watched(why_not="no-value" if run.facts.cohorts else "cohort-missing")


def _counts(output: DeclaredOutput, target: Target) -> Watched | None:
    """Take a count behind the output; None where the column is one of its table."""
    if target.column not in COUNTS or len(target.labels) > 1:
        return None
    counts = output.counts[target.column]
    if target.column in {"n", "events"}:
        return Watched(counts[""]) if counts and not target.labels else None
    if target.labels:
        found = counts.get(target.labels[0])
        # A table may have a column `persons`, such as that of an attrition.
        return (
            Watched(found)
            if found is not None
            else None
            if output.kind == "table"
            else Watched(why_not="label-missing")
        )
    if len(counts) == 1:
        return Watched(next(iter(counts.values())))
    return Watched(why_not="label-ambiguous" if counts else "label-missing")


def _rows(table: Table, labels: Sequence[str]) -> list[int]:
    """Find the rows that have all the labels; a level is found with or without the heading that it stands under."""
    if not labels:
        return list(range(min(len(table.rows), 2)))
    columns = labels_shared(table, table) or table.columns[:1]
    wanted = [label_key(label) for label in labels]
    found = []
    for place, key in enumerate(row_keys(table, columns)):
        parts = {*key, *(part.rpartition(": ")[2] for part in key if isinstance(part, str))}
        if all(label in parts for label in wanted):
            found.append(place)
    return found
