"""From variables to tasks: concept sets resolved, questions sorted by table, people sorted by bucket."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from analysis_lib.catalog.bucket_groups import count_rows
from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.cohort.language.resolution import resolve_all
from analysis_lib.errors import UnitError
from analysis_lib.features.bucket_persons import INDEX_DATE
from analysis_lib.features.bucket_tables import MOST_LISTED, TablePlan
from analysis_lib.features.bucket_task import BaselineTask
from analysis_lib.features.members import Members
from analysis_lib.features.requests import OBSERVED, EventRequest, PersonRequest, RiseRequest, ValueRequest
from analysis_lib.features.units import conversion
from analysis_lib.features.variable import Feature

if TYPE_CHECKING:
    import numpy as np

    from analysis_lib.catalog import Dataset

MOST_SUPPLIED_DAYS = 36_525
"""Supplies of more than 100 years are slips of the pen, and some would lead beyond the last day there is."""


def plan_baseline(
    members: Members,
    variables: Sequence[Feature],
    *,
    unknown_concepts: Literal["refuse", "warn"],
    at_once: int | None = None,
) -> "list[tuple[BaselineTask, np.ndarray[Any, Any]]]":
    """Split a baseline into tasks; reads the vocabulary, and the units of one bucket.

    Parameters
    ----------
    members : Members
        Whom it is about.
    variables : sequence of Feature
        The columns.
    unknown_concepts : {"refuse", "warn"}
        What to do with concepts that the vocabulary lacks.
    at_once : int, optional
        How many tasks are worked on at once; one per bucket when left out.

    Returns
    -------
    list of tuple of BaselineTask and ndarray
        The task, and the numbers of its rows among the members.
    """
    dataset = members.dataset
    requests = list(dict.fromkeys(request for variable in variables for request in variable.requests))
    events = [request for request in requests if not isinstance(request, PersonRequest)]
    plans = plan_tables(dataset, events, unknown_concepts=unknown_concepts)
    tables = _tables(
        [request for request in requests if isinstance(request, PersonRequest)],
        plans,
        variables=variables,
        asks_for_persons=not members.are_known,
    )
    rows_read = sum(count_rows(dataset, plan.table, concept_ids=plan.concepts) for plan in plans)
    return [
        (
            BaselineTask(
                members=members.frame.iloc[rows],
                variables=tuple(variables),
                plans=plans,
                files=BucketFiles.of(dataset, tables=tables, buckets=buckets),
                are_known=members.are_known,
            ),
            rows,
        )
        for buckets, rows in members.by_group(rows=rows_read, at_once=at_once)
    ]


def _tables(
    fields: Sequence[PersonRequest], plans: Sequence[TablePlan], *, variables: Sequence[Feature], asks_for_persons: bool
) -> tuple[str, ...]:
    tables = [plan.table for plan in plans]
    if asks_for_persons or any(request.field not in (*OBSERVED, *INDEX_DATE) for request in fields):
        tables.append("person")
    if any(request.field in OBSERVED for request in fields) or any(variable.looks_at for variable in variables):
        tables.append("observation_period")
    return tuple(tables)


def plan_tables(
    dataset: "Dataset",
    requests: Sequence[EventRequest],
    *,
    unknown_concepts: Literal["refuse", "warn"] = "refuse",
) -> tuple[TablePlan, ...]:
    """Sort questions by the table that answers them.

    Parameters
    ----------
    dataset : Dataset
        The release.
    requests : sequence of EventRequest
        The questions.
    unknown_concepts : {"refuse", "warn"}, default "refuse"
        What to do with concepts that the vocabulary lacks.

    Returns
    -------
    tuple of TablePlan
        One per table.
    """
    resolved = resolve_all([request.concept_set for request in requests], dataset, unknown_concepts=unknown_concepts)
    codes = ucum_codes(dataset) if any(isinstance(request, ValueRequest | RiseRequest) for request in requests) else {}
    plans = []
    for table in dict.fromkeys(request.domain for request in requests):
        asked = tuple(request for request in requests if request.domain == table)
        valued = [request for request in asked if isinstance(request, ValueRequest | RiseRequest)]
        _check_assumed(valued)
        ids = {request.concept_set: resolved[request.concept_set] for request in asked}
        listed = sorted({concept for request in valued for concept in ids[request.concept_set]})
        plans.append(
            TablePlan(
                table=table,
                columns=columns_of(dataset, table),
                requests=asked,
                concept_ids=ids,
                unit_codes=codes if valued else {},
                units_seen=_units_seen(dataset, table, concepts=listed),
            )
        )
    return tuple(plans)


def columns_of(dataset: "Dataset", table: str) -> dict[str, str]:
    """Write the SQL for what an event table's columns mean.

    Parameters
    ----------
    dataset : Dataset
        The release.
    table : str
        The table.

    Returns
    -------
    dict of str to str
        ``concept``, ``start``, ``end``, ``key`` and ``time``. A missing end is the start; that of a drug exposure the
        last day of its supply, if that is known.
    """
    spec = dataset.spec(table)
    start = f"t.{spec.start}::DATE"
    end = f"t.{spec.end}::DATE" if spec.end else start
    if table == "drug_exposure":
        supplied = f"CASE WHEN t.days_supply <= {MOST_SUPPLIED_DAYS} THEN greatest(t.days_supply, 1) - 1 END"
        end = f"coalesce({end}, {start} + ({supplied})::INTEGER)"
    time = f"{table}_datetime"
    midnight = f"coalesce(epoch_us(t.{time}::TIME), 0)" if time in spec.columns else "0"
    return {
        "concept": f"t.{spec.concept}",
        "start": start,
        "end": f"coalesce({end}, {start})",
        "key": f"t.{spec.key}",
        "time": midnight,
    }


def ucum_codes(dataset: "Dataset") -> dict[int, str]:
    """Look up the UCUM codes of the release's unit concepts.

    Parameters
    ----------
    dataset : Dataset
        The release.

    Returns
    -------
    dict of int to str
        Code by concept_id.
    """
    with open_bucket(BucketFiles.of(dataset, tables=("concept",))) as connection:
        return dict(
            connection.execute(
                "SELECT concept_id, concept_code FROM concept WHERE vocabulary_id = 'UCUM' ORDER BY concept_id"
            ).fetchall()
        )


def _units_seen(dataset: "Dataset", table: str, *, concepts: Sequence[int]) -> frozenset[int]:
    """List the units in the first bucket, so that the others need not be read twice to find them."""
    if not concepts:
        return frozenset()
    column = columns_of(dataset, table)["concept"]
    condition = f"{column} BETWEEN {concepts[0]} AND {concepts[-1]}"
    if len(concepts) <= MOST_LISTED:
        condition = f"{column} IN ({', '.join(map(str, concepts))})"
    with open_bucket(BucketFiles.of(dataset, tables=(table,))) as connection:
        found = connection.execute(
            f"SELECT DISTINCT unit_concept_id FROM {table} AS t WHERE {condition}"  # noqa: S608 - whole numbers
        ).fetchall()
    return frozenset(int(unit) for (unit,) in found if unit)


def _check_assumed(requests: "Sequence[ValueRequest | RiseRequest]") -> None:
    for request in requests:
        kind, _, code = request.missing_unit.partition(":")
        if kind == "assume" and conversion(code, to=request.unit, substance=request.substance) is None:
            raise UnitError(
                f"numbers without a unit cannot be taken for {code} and brought to {request.unit}; asked for "
                f"'{request.concept_set.name}'. Assume a unit of the same kind, or give substance=."
            )
