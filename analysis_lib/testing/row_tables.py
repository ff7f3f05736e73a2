"""Rows written one by one, laid out as Arrow tables of the model's types."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from analysis_lib.catalog.spec import FieldSpec

if TYPE_CHECKING:
    import pyarrow as pa

_EPOCH = 719_163  # the ordinal of 1970-01-01


def rows_to_arrow(rows: Iterable[Mapping[str, Any]], fields: Iterable[FieldSpec]) -> "pa.Table":
    """Lay rows out as columns of the model's types.

    Parameters
    ----------
    rows : iterable of mapping
        Column and value; dates are day numbers.
    fields : iterable of FieldSpec
        The table's columns.

    Returns
    -------
    pyarrow.Table
        With all columns, missing where rows say nothing.
    """
    import pyarrow as pa

    types = {"int": pa.int64(), "float": pa.float64(), "text": pa.string(), "datetime": pa.timestamp("us")}
    rows = list(rows)
    columns = {}
    for field in fields:
        values = [row.get(field.name) for row in rows]
        if field.type == "date":
            days = [None if value is None else value - _EPOCH for value in values]
            columns[field.name] = pa.array(days, pa.int32()).cast(pa.date32())
        else:
            if field.type == "int":
                values = [None if value is None else int(value) for value in values]
            columns[field.name] = pa.array(values, types[field.type])
    return pa.table(columns)
