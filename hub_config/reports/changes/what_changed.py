"""What changed between two runs: everything they declared, number by number, and what they were made from."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hub_config.reports.changes.declared_outputs import (
    DeclaredOutput,
    DeclaredRun,
    Remark,
    open_beneath,
    read_declared,
)
from hub_config.reports.changes.differences import EXACT, Difference, Tolerance, Tolerances, compute_difference
from hub_config.reports.changes.run_facts import FactChange, compare_facts
from hub_config.reports.changes.table_changes import TableChange, compare_tables
from hub_config.reports.changes.tables import TableReader, table_of_estimates

__all__ = ["Changes", "CountChange", "NumberChange", "OutputName", "changes_between", "what_changed"]

MOST_COUNTS = 500
LARGEST_FILE = 2**29  # two files of this size are compared byte by byte in a second
CHUNK = 2**20


@dataclass(frozen=True)
class OutputName:
    """An output that only one of the runs declared.

    Parameters
    ----------
    id, kind, title : str
        As declared.
    """

    id: str
    kind: str
    title: str

    def to_dict(self) -> dict[str, str]:
        """Give the name as types that JSON knows.

        Returns
        -------
        dict
            Keys id, kind, title.
        """
        return {"id": self.id, "kind": self.kind, "title": self.title}


@dataclass(frozen=True)
class NumberChange:
    """A declared number in both runs.

    Parameters
    ----------
    output, title : str
        Which number.
    difference : Difference
        Before and after.
    """

    output: str
    title: str
    difference: Difference

    def to_dict(self) -> dict[str, Any]:
        """Give the number as types that JSON knows.

        Returns
        -------
        dict
            Keys output, title, and those of the difference.
        """
        return {"output": self.output, "title": self.title, **self.difference.to_dict()}


@dataclass(frozen=True)
class CountChange:
    """A count behind an output, or of a cohort, that is another one.

    Parameters
    ----------
    output : str
        Which output; '' for a cohort.
    kind : str
        ``persons``, ``n``, ``events``, ``exclusions``, or ``cohort_persons``.
    label : str
        Which group, reason or cohort; '' where there is one count only.
    difference : Difference
        Before and after.
    """

    output: str
    kind: str
    label: str
    difference: Difference

    def to_dict(self) -> dict[str, Any]:
        """Give the count as types that JSON knows.

        Returns
        -------
        dict
            Keys output, kind, label, and those of the difference.
        """
        return {"output": self.output, "kind": self.kind, "label": self.label, **self.difference.to_dict()}


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What changed between two runs.

    Parameters
    ----------
    outputs_added, outputs_removed : tuple of OutputName
        Outputs of one side only; an output of another kind is both.
    numbers : tuple of NumberChange
        All numbers that both declare, changed or not.
    counts : tuple of CountChange
        Counts of persons, rows, events and exclusions that changed; at most 500.
    n_counts_changed : int
        How many in all.
    tables : tuple of TableChange
        All tables that both declare, changed or not.
    facts : tuple of FactChange
        Parameters, data releases, cohorts, library and environment that are others.
    remarks : tuple of Remark
        What could not be compared.
    """

    outputs_added: tuple[OutputName, ...]
    outputs_removed: tuple[OutputName, ...]
    numbers: tuple[NumberChange, ...]
    counts: tuple[CountChange, ...]
    n_counts_changed: int
    tables: tuple[TableChange, ...]
    facts: tuple[FactChange, ...]
    remarks: tuple[Remark, ...]

    @property
    def is_changed(self) -> bool:
        """Whether an output or a count changed by more than its tolerance; `facts` are no outputs."""
        numbers = any(not number.difference.is_within for number in self.numbers)
        tables = any(table.is_changed for table in self.tables)
        return bool(self.outputs_added or self.outputs_removed or self.n_counts_changed or numbers or tables)

    @property
    def all_remarks(self) -> tuple[Remark, ...]:
        """The remarks, with those of the tables."""
        return (*self.remarks, *(remark for table in self.tables for remark in table.remarks))

    def to_dict(self) -> dict[str, Any]:
        """Give the changes as types that JSON knows.

        Returns
        -------
        dict
            The attributes and ``is_changed``.
        """
        parts = ("outputs_added", "outputs_removed", "numbers", "counts", "tables", "facts", "remarks")
        lists = {name: [entry.to_dict() for entry in getattr(self, name)] for name in parts}
        return {"is_changed": self.is_changed, "n_counts_changed": self.n_counts_changed, **lists}


def what_changed(before: Path, after: Path, *, tolerances: Tolerances | None = None) -> Changes:
    """Compare what two runs declared.

    Parameters
    ----------
    before, after : Path
        The folders of two runs, such as the last success and a new run.
    tolerances : Tolerances, optional
        When two numbers count as the same; `Tolerances` says what is usual.

    Returns
    -------
    Changes
        Frozen; ``to_dict()`` gives it as JSON knows it.
    """
    return changes_between(read_declared(before), read_declared(after), tolerances=tolerances or Tolerances())


def changes_between(before: DeclaredRun, after: DeclaredRun, *, tolerances: Tolerances) -> Changes:
    """Compare what two runs declared, as it was read.

    Parameters
    ----------
    before, after : DeclaredRun
        The two runs.
    tolerances : Tolerances
        When two numbers count as the same.

    Returns
    -------
    Changes
        What differs.
    """
    pairs = [
        (output, after.outputs[output.id])
        for output in before.outputs.values()
        if output.id in after.outputs and after.outputs[output.id].kind == output.kind
    ]
    both = {old.id for old, _ in pairs}
    reader = TableReader()
    counts = [*_counts(pairs), *_cohorts(before, after)]
    sides = (("before", before), ("after", after))
    remarks = [replace(remark, side=side) for side, run in sides for remark in run.remarks]
    return Changes(
        outputs_added=_names(after, without=both),
        outputs_removed=_names(before, without=both),
        numbers=tuple(_number(old, new, tolerance=tolerances.of(old.id)) for old, new in pairs if old.kind == "number"),
        counts=tuple(counts[:MOST_COUNTS]),
        n_counts_changed=len(counts),
        tables=tuple(
            change
            for old, new in pairs
            if old.kind == "table"
            for change in _tables(old, new, runs=(before, after), reader=reader, tolerance=tolerances.of(old.id))
        ),
        facts=compare_facts(before.facts, after.facts),
        remarks=(*remarks, *([Remark("list-cut")] if len(counts) > MOST_COUNTS else [])),
    )


def _names(run: DeclaredRun, *, without: set[str]) -> tuple[OutputName, ...]:
    return tuple(OutputName(o.id, o.kind, o.title) for o in run.outputs.values() if o.id not in without)


def _number(old: DeclaredOutput, new: DeclaredOutput, *, tolerance: Tolerance) -> NumberChange:
    return NumberChange(new.id, new.title, compute_difference(old.value, new.value, tolerance=tolerance))


def _counts(pairs: list[tuple[DeclaredOutput, DeclaredOutput]]) -> Iterator[CountChange]:
    for old, new in pairs:
        for kind, counts in old.counts.items():
            others = new.counts[kind]
            for label in [*counts, *(label for label in others if label not in counts)]:
                if counts.get(label) != others.get(label):
                    difference = compute_difference(counts.get(label), others.get(label), tolerance=EXACT)
                    yield CountChange(new.id, kind, label, difference)


def _cohorts(before: DeclaredRun, after: DeclaredRun) -> Iterator[CountChange]:
    old, new = before.facts.cohort_persons, after.facts.cohort_persons
    for name in old:
        if name in new and old[name] != new[name]:
            yield CountChange("", "cohort_persons", name, compute_difference(old[name], new[name], tolerance=EXACT))


def _tables(
    old: DeclaredOutput,
    new: DeclaredOutput,
    *,
    runs: tuple[DeclaredRun, DeclaredRun],
    reader: TableReader,
    tolerance: Tolerance,
) -> list[TableChange]:
    """Compare the file and the estimates of one table; once, where both say the same."""
    file = _compare_files(old, new, runs=runs, reader=reader, tolerance=tolerance)
    if not old.estimates or not new.estimates:
        return [file]
    numbers = compare_tables(
        table_of_estimates(old.estimates),
        table_of_estimates(new.estimates),
        output=new.id,
        title=new.title,
        source="estimates",
        tolerance=tolerance,
    )
    both = replace(numbers, source="both")
    return [both] if replace(file, source="both") == both else [file, numbers]


def _compare_files(
    old: DeclaredOutput,
    new: DeclaredOutput,
    *,
    runs: tuple[DeclaredRun, DeclaredRun],
    reader: TableReader,
    tolerance: Tolerance,
) -> TableChange:
    read = [
        reader.read(run.folder, o.file) if o.file else "table-missing" for o, run in zip((old, new), runs, strict=True)
    ]
    before, after = read
    if not isinstance(before, str) and not isinstance(after, str):
        return compare_tables(before, after, output=new.id, title=new.title, tolerance=tolerance)
    problems = [(side, one) for side, one in zip(("before", "after"), read, strict=True) if isinstance(one, str)]
    remarks = [Remark(problem, new.id, side) for side, problem in problems]
    same = _same_bytes(old, new, runs=runs)
    if not same:
        remarks.append(Remark("table-not-compared" if same is None else "table-differs", new.id))
    return TableChange(output=new.id, title=new.title, source="table", remarks=tuple(remarks))


def _same_bytes(old: DeclaredOutput, new: DeclaredOutput, *, runs: tuple[DeclaredRun, DeclaredRun]) -> bool | None:
    """Tell whether files that are no tables are the same; None where they are too large even for that."""
    with ExitStack() as opened:
        files = [open_beneath(run.folder, o.file) if o.file else None for o, run in zip((old, new), runs, strict=True)]
        one, other = [opened.enter_context(file) if file else None for file in files]
        if one is None or other is None:
            return one is other
        size = os.fstat(one.fileno()).st_size
        if size != os.fstat(other.fileno()).st_size:
            return False
        if size > LARGEST_FILE:
            return None
        return all(one.read(CHUNK) == other.read(CHUNK) for _ in range(size // CHUNK + 1))
