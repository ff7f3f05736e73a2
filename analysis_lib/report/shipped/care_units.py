"""Where somebody was cared for on a day: care site, ward, provider; or what stands for it where data have none."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from analysis_lib.catalog.bucket_groups import persons_by_group
from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.compute import items_at_once, map_buckets

if TYPE_CHECKING:
    from analysis_lib.catalog import Dataset

__all__ = ["UnitKind", "UnitTask", "find_units", "name_units"]

UnitKind = Literal["care_site", "provider", "ward", "location", "age_group", "sex"]
_KEYS = ["subject_id", "cohort_start_date"]
_SEXES = {8532: "female", 8507: "male"}
#: The table, and the column in it, that name the unit; visits are those that hold the day.
_COLUMNS = {
    "care_site": ("visit_occurrence", "care_site_id"),
    "provider": ("visit_occurrence", "provider_id"),
    "ward": ("visit_detail", "care_site_id"),
    "location": ("person", "location_id"),
    "age_group": ("person", "year_of_birth"),
    "sex": ("person", "gender_concept_id"),
}
_NAMES = {
    "care_site": ("care_site", "care_site_id", "care_site_name"),
    "ward": ("care_site", "care_site_id", "care_site_name"),
}


@dataclass(frozen=True, eq=False)
class UnitTask:
    """All that one group of buckets needs.

    Attributes
    ----------
    members : DataFrame
        ``subject_id`` and ``cohort_start_date``.
    sql : str
        The query.
    files : BucketFiles
        Where the rows are.
    """

    members: pd.DataFrame
    sql: str
    files: BucketFiles


def name_units(frame: pd.DataFrame, dataset: "Dataset", *, unit: UnitKind) -> pd.Series:
    """Name the unit of each row.

    Of several visits that hold the day, the one that began last counts, and of these the one with the lowest id. Care
    sites go by their name where each has one of its own; providers, whose names are people's, by their number.

    Parameters
    ----------
    frame : DataFrame
        ``subject_id`` and ``cohort_start_date``, each pair once.
    dataset : Dataset
        The release.
    unit : {"care_site", "provider", "ward", "location", "age_group", "sex"}
        Which.

    Returns
    -------
    Series of object
        In the order of `frame`; missing where nothing is recorded, or the release has no such table.
    """
    table, column = _COLUMNS[unit]
    entry = dataset.tables.get(table)
    if frame.empty or entry is None or column not in entry.spec.columns:
        return pd.Series([None] * len(frame), index=frame.index, dtype=object)
    sql = _PERSON_SQL.format(column=column)
    if table != "person":
        prefix = "visit" if table == "visit_occurrence" else "visit_detail"
        sql = _VISIT_SQL.format(table=table, column=column, prefix=prefix, key=f"{table}_id")
    groups = persons_by_group(frame["subject_id"].to_numpy(), dataset, rows=entry.rows, at_once=items_at_once())
    tasks = [
        UnitTask(frame.iloc[rows][_KEYS], sql, BucketFiles.of(dataset, tables=(table,), buckets=buckets))
        for buckets, rows in groups
    ]
    found = frame[_KEYS].merge(pd.concat(map_buckets(find_units, tasks)), on=_KEYS, how="left", validate="one_to_one")
    numbers = found["number"].set_axis(frame.index)
    if unit == "age_group":
        return _age_groups(frame["cohort_start_date"].dt.year - numbers)
    if unit == "sex":
        return numbers.map(_SEXES).astype(object)
    names = _names_of(dataset, unit)
    word = "care site" if unit == "ward" else unit.replace("_", " ")
    return numbers.map(lambda number: names.get(int(number), f"{word} {int(number)}"), na_action="ignore").astype(
        object
    )


def find_units(task: UnitTask) -> pd.DataFrame:
    """Look up one group of buckets.

    Parameters
    ----------
    task : UnitTask
        Whom.

    Returns
    -------
    DataFrame
        The keys, with ``number`` (Int64).
    """
    with open_bucket(task.files) as connection:
        connection.register("members", task.members)
        found: pd.DataFrame = connection.execute(task.sql).df()
    return found.astype({"number": "Int64"}).astype({"cohort_start_date": task.members["cohort_start_date"].dtype})


def _age_groups(ages: pd.Series) -> pd.Series:
    decades = (ages // 10 * 10).clip(upper=90)
    return decades.map(lambda age: "90+" if age == 90 else f"{int(age)}–{int(age) + 9}", na_action="ignore").astype(
        object
    )


def _names_of(dataset: "Dataset", unit: str) -> dict[int, str]:
    """Read the names of units, where each has one of its own."""
    if unit not in _NAMES or _NAMES[unit][0] not in dataset.tables:
        return {}
    table, key, column = _NAMES[unit]
    known = dataset.table(table, columns=[key, column]).dropna()
    if known[column].duplicated().any() or known[key].duplicated().any():
        return {}
    return {int(number): str(name) for number, name in known.itertuples(index=False)}


_PERSON_SQL = """
    SELECT m.subject_id, m.cohort_start_date, max(p.{column}) AS number
    FROM members AS m JOIN person AS p ON p.person_id = m.subject_id
    GROUP BY ALL
"""
_VISIT_SQL = """
    SELECT m.subject_id, m.cohort_start_date, v.{column} AS number
    FROM members AS m
    JOIN {table} AS v ON v.person_id = m.subject_id
     AND m.cohort_start_date::DATE BETWEEN v.{prefix}_start_date
     AND coalesce(v.{prefix}_end_date, v.{prefix}_start_date)
    QUALIFY row_number() OVER (
        PARTITION BY m.subject_id, m.cohort_start_date ORDER BY v.{prefix}_start_date DESC, v.{key}
    ) = 1
"""
