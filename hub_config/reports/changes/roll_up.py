"""The runs of a sweep in one table: a row per run, a column per number."""

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_config.reports.changes.cells import Number, shown
from hub_config.reports.changes.declared_outputs import DeclaredRun, Remark, read_declared
from hub_config.reports.changes.differences import jsonable

__all__ = ["RollUp", "RollUpRow", "neutral_cell", "parameter_text", "roll_up"]

# What a spreadsheet takes for the beginning of a formula; the full-width signs do as well in East Asian editions.
FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")


@dataclass(frozen=True)
class RollUpRow:
    """One run.

    Parameters
    ----------
    run_id, status : str
        Which run, and how it ended.
    parameters : tuple of (str or None)
        Its values, written as JSON, in the order of the roll-up's parameters; None where it has none.
    numbers : tuple of (int, float or None)
        Its numbers, in the order of the roll-up's numbers; None where it did not declare one.
    """

    run_id: str
    status: str
    parameters: tuple[str | None, ...]
    numbers: tuple[Number | None, ...]


@dataclass(frozen=True)
class RollUp:
    """The runs of a sweep.

    Parameters
    ----------
    parameters : tuple of str
        Parameters in which the runs differ, or those that were asked for.
    numbers : tuple of str
        Ids of all numbers that any run declared.
    titles : tuple of str
        What these numbers are.
    rows : tuple of RollUpRow
        One per run, in the order of the folders.
    remarks : tuple of Remark
        Runs whose outputs could not be read; ``output`` is the run's id.
    """

    parameters: tuple[str, ...]
    numbers: tuple[str, ...]
    titles: tuple[str, ...]
    rows: tuple[RollUpRow, ...]
    remarks: tuple[Remark, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the roll-up as types that JSON knows.

        Returns
        -------
        dict
            Keys parameters, numbers (id and title), rows, remarks.
        """
        numbers = [{"id": name, "title": title} for name, title in zip(self.numbers, self.titles, strict=True)]
        rows = [
            {
                "run_id": row.run_id,
                "status": row.status,
                "parameters": dict(zip(self.parameters, row.parameters, strict=True)),
                "numbers": {n: jsonable(v) for n, v in zip(self.numbers, row.numbers, strict=True)},
            }
            for row in self.rows
        ]
        remarks = [remark.to_dict() for remark in self.remarks]
        return {"parameters": list(self.parameters), "numbers": numbers, "rows": rows, "remarks": remarks}

    def to_csv(self) -> str:
        """Write the roll-up as CSV.

        Returns
        -------
        str
            With a line of heads; numbers unrounded; text that a spreadsheet would take for a formula begins with an
            apostrophe.
        """
        out = io.StringIO(newline="")
        write = csv.writer(out, lineterminator="\r\n").writerow
        write([neutral_cell(head) for head in ("run_id", "status", *self.parameters, *self.numbers)])
        for row in self.rows:
            words = (row.run_id, row.status, *(parameter_text(value) for value in row.parameters))
            write([*map(neutral_cell, words), *("" if v is None else shown(v) for v in row.numbers)])
        return out.getvalue()


def roll_up(folders: Sequence[Path], *, parameters: Sequence[str] | None = None) -> RollUp:
    """Put the runs of a sweep into one table.

    Parameters
    ----------
    folders : sequence of Path
        The runs' folders.
    parameters : sequence of str, optional
        Parameters of the sweep; those in which the runs differ when left out.

    Returns
    -------
    RollUp
        A row for every folder, whatever is in it.
    """
    runs = [read_declared(folder) for folder in folders]
    names = tuple(_varied(runs) if parameters is None else parameters)
    titles: dict[str, str] = {}
    for run in runs:
        for output in run.outputs.values():
            if output.kind == "number":
                titles.setdefault(output.id, output.title)
    rows = tuple(
        RollUpRow(
            run.facts.run_id,
            run.facts.status,
            tuple(run.facts.parameters.get(name) for name in names),
            tuple(run.outputs[name].value if name in run.outputs else None for name in titles),
        )
        for run in runs
    )
    # A run that did not succeed need not have declared anything; that its file cannot be read is worth a word.
    remarks = tuple(
        Remark(remark.code, run.facts.run_id)
        for run in runs
        for remark in run.remarks
        if remark.code != "outputs-missing" or run.facts.status == "succeeded"
    )
    return RollUp(names, tuple(titles), tuple(titles.values()), rows, remarks)


def _varied(runs: Sequence[DeclaredRun]) -> list[str]:
    names = dict.fromkeys(name for run in runs for name in run.facts.parameters)
    return [name for name in names if len({run.facts.parameters.get(name) for run in runs}) > 1]


def parameter_text(value: str | None) -> str:
    """Write a text parameter without the quotes that JSON puts around it.

    Parameters
    ----------
    value : str or None
        As JSON; None where the run has none.

    Returns
    -------
    str
        For reading; '' for None.
    """
    if value is None or not value.startswith('"'):
        return value or ""
    try:
        return str(json.loads(value))
    except ValueError:  # a very long one, which was cut
        return value


def neutral_cell(value: str) -> str:
    """Keep a spreadsheet from computing a text.

    Parameters
    ----------
    value : str
        Text, or a number written out.

    Returns
    -------
    str
        With an apostrophe before it where it begins like a formula, blanks aside; a plain number stays a number.
    """
    if not value.lstrip(" \u00a0\u3000").startswith(FORMULA_STARTS) or _is_number(value):
        return value
    return f"'{value}"


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value)) and value.strip("0123456789.eE+-") == ""
    except ValueError:
        return False
