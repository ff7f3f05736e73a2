"""Arrow tables as pandas frames, without an id ever passing through a float."""

from collections.abc import Iterable

import pandas as pd
import pyarrow as pa


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Turn an Arrow table into a frame.

    Parameters
    ----------
    table : pyarrow.Table
        Any columns. A name that comes again gets a number: ``person_id``, ``person_id_1``, as in DuckDB's own frames.

    Returns
    -------
    DataFrame
        Dates as ``datetime64[us]`` (not objects); integers as ``int64``, or ``Int64`` where values are missing.
    """
    table = table.rename_columns(_unique(table.column_names))
    fields = []
    for field in table.schema:
        kind = pa.timestamp("us") if pa.types.is_date(field.type) else field.type
        fields.append(pa.field(field.name, kind))
    table = table.cast(pa.schema(fields))
    whole = [
        name
        for name, column in zip(table.column_names, table.columns, strict=True)
        if pa.types.is_integer(column.type) and column.null_count
    ]
    kinds = {pa.int64(): pd.Int64Dtype(), pa.int32(): pd.Int32Dtype()}
    frame: pd.DataFrame = table.drop_columns(whole).to_pandas()
    for name in whole:
        column = table.column(name)
        frame[name] = column.to_pandas(types_mapper=kinds.get if column.type in kinds else None)
    ordered: pd.DataFrame = frame[table.column_names]
    return ordered


def _unique(names: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        candidate, number = name, 0
        while candidate in found:
            number += 1
            candidate = f"{name}_{number}"
        found[candidate] = None
    return list(found)
