"""What lies in a release, counted: records by year, and columns with gaps."""

from typing import TYPE_CHECKING

import pandas as pd

from analysis_lib.catalog.quoting import quoted, text_literal

if TYPE_CHECKING:
    from analysis_lib.catalog import Dataset
    from analysis_lib.catalog.spec import TableSpec

__all__ = ["columns_with_gaps", "records_by_year"]

#: What analyses read beside what the model requires.
_READ = frozenset(
    {
        *("value_as_number", "value_as_concept_id", "unit_concept_id", "range_low", "range_high", "days_supply"),
        *("quantity", "visit_occurrence_id", "visit_detail_id", "provider_id", "care_site_id", "location_id"),
        *("month_of_birth", "day_of_birth", "birth_datetime", "discharged_to_concept_id", "stop_reason"),
    }
)

_YEARS_SQL = """
    SELECT {name} AS "table", year({start})::BIGINT AS year, count(*) AS records, count(DISTINCT {person}) AS persons
    FROM {table} WHERE {start} IS NOT NULL GROUP BY 2
"""


def records_by_year(dataset: "Dataset") -> pd.DataFrame:
    """Count the records that start in each year, table by table.

    Parameters
    ----------
    dataset : Dataset
        The release.

    Returns
    -------
    DataFrame
        ``table``, ``year``, ``records`` and ``persons`` (distinct), all int64 but the first; records without a date are
        left out.
    """
    parts = [
        _YEARS_SQL.format(
            table=quoted(name), name=text_literal(name), start=quoted(spec.start), person=quoted(spec.person)
        )
        for name, spec in _filled(dataset).items()
        if spec.start and spec.person
    ]
    if not parts:
        return pd.DataFrame(
            {"table": pd.Series(dtype="str")}
            | {name: pd.Series(dtype="int64") for name in ("year", "records", "persons")}
        )
    order = {name: place for place, name in enumerate(dataset.tables)}
    found = dataset.query(" UNION ALL ".join(parts))
    return found.sort_values(
        ["table", "year"], key=lambda column: column.map(order) if column.name == "table" else column, ignore_index=True
    )


def columns_with_gaps(dataset: "Dataset") -> pd.DataFrame:
    """Count missing values in the columns that analyses read.

    Parameters
    ----------
    dataset : Dataset
        The release.

    Returns
    -------
    DataFrame
        ``table``, ``column``, ``rows``, ``missing``, ``concept_0`` and ``without_percent`` (both together), for columns
        with any, the widest gap first.
    """
    rows = []
    for name, spec in _filled(dataset).items():
        columns = [
            field.name
            for field in spec.fields
            if field.required or field.name in _READ or field.name in {spec.concept, spec.start, spec.end}
        ]
        counts = ", ".join(
            f"count(*) - count({quoted(column)}), "
            + (f"count(*) FILTER ({quoted(column)} = 0)" if column.endswith("concept_id") else "0")
            for column in columns
        )
        answer = dataset.query(f"SELECT {counts} FROM {quoted(name)}").iloc[0].tolist()  # noqa: S608 - names of the release's own manifest
        of = dataset.tables[name].rows
        rows += [
            (name, column, of, int(answer[2 * place]), int(answer[2 * place + 1]))
            for place, column in enumerate(columns)
        ]
    frame = pd.DataFrame(rows, columns=["table", "column", "rows", "missing", "concept_0"])
    frame["without_percent"] = 100 * (frame["missing"] + frame["concept_0"]) / frame["rows"]
    frame = frame[frame["without_percent"] > 0]
    return frame.sort_values("without_percent", ascending=False, kind="stable", ignore_index=True)


def _filled(dataset: "Dataset") -> "dict[str, TableSpec]":
    """The tables of persons that have rows."""
    specs = {name: dataset.spec(name) for name, entry in dataset.tables.items() if entry.rows}
    return {name: spec for name, spec in specs.items() if spec.person}
