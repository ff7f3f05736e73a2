"""One bucket's part of a baseline: from the keys of its people to the finished columns."""

import warnings
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.errors import UnitError, UnknownPersonWarning
from analysis_lib.features.bucket_persons import answer_persons, count_unobserved
from analysis_lib.features.bucket_tables import TablePlan, answer_covers, answer_records, make_found
from analysis_lib.features.bucket_values import LeftOut, answer_values
from analysis_lib.features.members import KEYS
from analysis_lib.features.requests import PersonRequest, Request
from analysis_lib.features.variable import Feature
from analysis_lib.windows import Window

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pandas as pd


@dataclass(frozen=True, eq=False)
class BaselineTask:
    """All that one bucket's part of a baseline needs; small and picklable.

    Parameters
    ----------
    members : DataFrame
        The bucket's ``subject_id`` and ``cohort_start_date``.
    variables : tuple of Feature
        The columns.
    plans : tuple of TablePlan
        What is asked of each table.
    files : BucketFiles
        Where the bucket's rows are.
    are_known : bool, default True
        Whether the members come from this release; if not, those whom it does not know are counted.
    """

    members: "pd.DataFrame"
    variables: tuple[Feature, ...]
    plans: tuple[TablePlan, ...]
    files: BucketFiles
    are_known: bool = True


@dataclass(frozen=True, eq=False)
class BucketAnswer:
    """What one bucket found.

    Parameters
    ----------
    frame : DataFrame
        The members' keys in their order, and a column per variable.
    left_out : Counter of LeftOut
        Numbers that were not taken, and why.
    unobserved : Counter of Window
        Rows that were not observed on a single day of the window.
    unknown : int, default 0
        Rows whose person is not in the release's person table, where that was asked.
    """

    frame: "pd.DataFrame"
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    unobserved: Counter[Window] = field(default_factory=Counter)
    unknown: int = 0


def answer_bucket(task: BaselineTask) -> BucketAnswer:
    """Make one bucket's part of a baseline.

    Parameters
    ----------
    task : BaselineTask
        What is asked.

    Returns
    -------
    BucketAnswer
        The part, with what was left out.
    """
    n_rows = len(task.members)
    windows = list(dict.fromkeys(variable.looks_at for variable in task.variables))
    with open_bucket(task.files) as connection:
        enter(connection, task.members)
        answers, left_out = _answer_tables(connection, task, n_rows=n_rows)
        fields = [request for request in _requests(task) if isinstance(request, PersonRequest)]
        answers |= answer_persons(connection, fields, n_rows=n_rows)
        looked_at = [window for window in windows if window is not None]
        unobserved = count_unobserved(connection, looked_at, n_rows=n_rows) if looked_at else {}
        unknown = 0 if task.are_known else int(connection.execute(_UNKNOWN_SQL).fetchall()[0][0])
    frame = task.members[KEYS].reset_index(drop=True)
    for variable in task.variables:
        frame[variable.column] = variable.combine(answers)
    return BucketAnswer(frame, left_out, Counter(unobserved), unknown)


_UNKNOWN_SQL = "SELECT count(*) FROM entries ANTI JOIN person USING (person_id)"


def enter(connection: "duckdb.DuckDBPyConnection", members: "pd.DataFrame") -> None:
    """Let the engine see the people of the bucket as ``entries``: row_id, person_id, index_date.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Where.
    members : DataFrame
        ``subject_id`` and ``cohort_start_date``.
    """
    import numpy as np

    rows = members[KEYS].assign(row_id=np.arange(len(members), dtype="int32"))
    connection.register("members", rows)
    connection.execute(
        "CREATE TEMP TABLE entries AS "
        "SELECT row_id, subject_id AS person_id, cohort_start_date::DATE AS index_date FROM members"
    )
    connection.unregister("members")


def _requests(task: BaselineTask) -> list[Request]:
    return list(dict.fromkeys(request for variable in task.variables for request in variable.requests))


def _answer_tables(
    connection: "duckdb.DuckDBPyConnection", task: BaselineTask, *, n_rows: int
) -> "tuple[dict[Request, np.ndarray[Any, Any]], Counter[LeftOut]]":
    answers: dict[Request, np.ndarray[Any, Any]] = {}
    left_out: Counter[LeftOut] = Counter()
    for plan in task.plans:
        make_found(connection, plan)
        answers |= answer_records(connection, plan, n_rows=n_rows)
        answers |= answer_covers(connection, plan, n_rows=n_rows)
        values, not_taken = answer_values(connection, plan, n_rows=n_rows)
        answers |= values
        left_out.update(not_taken)
    return answers, left_out


def warn_of_unknown(rows: int) -> None:
    """Say how many rows are about people whom the release does not know: for them "nothing found" means nothing.

    Parameters
    ----------
    rows : int
        How many; nothing is said of 0.
    """
    if rows:
        warnings.warn(
            f"the release has no person for some of the rows; found {rows:,} such. Their flags are false and their "
            "counts 0 unless there are records without a person. Check that the ids are of this data set.",
            UnknownPersonWarning,
            stacklevel=3,
        )


def check_units(left_out: Counter[LeftOut]) -> None:
    """Refuse numbers in units that cannot be brought to the one asked for.

    Parameters
    ----------
    left_out : Counter of LeftOut
        What was not taken.

    Raises
    ------
    UnitError
        Naming the units and how many numbers have them.
    """
    refused = {why: rows for why, rows in left_out.items() if not why.dropped}
    if not refused:
        return
    measured = list(dict.fromkeys(why.channel for why in refused))
    name, to = measured[0].concept_set.name, measured[0].unit
    units = sorted((why.unit, rows) for why, rows in refused.items() if why.channel == measured[0])
    # The code comes from the vocabulary, which may hold anything.
    listed = ", ".join(
        f"{rows:,} in {ascii(unit)[1:-1][:40]}" if unit else f"{rows:,} without a unit" for unit, rows in units
    )
    advice = ["Take these concepts out of the set"]
    if any(unit for unit, _ in units):
        advice.append("give substance= where mass is to become amount of substance")
    if any(not unit for unit, _ in units):
        advice.append(f"give missing_unit='drop' or 'assume:{to}' where that is known to be right")
    others = f" {len(measured) - 1} more of the variables have such." if len(measured) > 1 else ""
    raise UnitError(
        f"numbers of '{name}' are in units that cannot be brought to {to}; found {listed}.{others} "
        f"{'; or '.join(advice)}."
    )
