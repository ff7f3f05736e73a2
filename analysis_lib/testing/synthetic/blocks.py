"""One block's rows as columns: numpy arrays, with a mark for missing values, and texts as codes."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from analysis_lib.catalog.spec import TableSpec

MISSING = -(2**63)
"""Stands for a missing integer, date or time; no id is this low."""


@dataclass
class Columns:
    """The rows of one table, column by column.

    Whole numbers, days and times (in microseconds) are int64 with `MISSING`, numbers float64 with NaN. A text is a
    list of texts and codes into it.
    """

    table: str
    values: dict[str, "NDArray[Any]"]
    texts: dict[str, list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Count the rows."""
        return len(next(iter(self.values.values())))

    def take(self, rows: "NDArray[np.int64]") -> "Columns":
        """Copy some rows.

        Parameters
        ----------
        rows : ndarray of int
            Positions.

        Returns
        -------
        Columns
            In that order.
        """
        return Columns(self.table, {name: values[rows] for name, values in self.values.items()}, self.texts)

    def stacked_on(self, other: "Columns") -> "Columns":
        """Append these rows to others of the same table.

        Parameters
        ----------
        other : Columns
            The rows that come first.

        Returns
        -------
        Columns
            All of them.
        """
        import numpy as np

        stacked = {name: np.concatenate([other.values[name], values]) for name, values in self.values.items()}
        return Columns(self.table, stacked, self.texts)


def to_arrow(columns: Columns, spec: "TableSpec") -> "pa.Table":
    """Lay columns out in the model's order and types.

    Parameters
    ----------
    columns : Columns
        One table's rows.
    spec : TableSpec
        The table; its columns that the rows lack are all missing.

    Returns
    -------
    pyarrow.Table
        Dates as date32, times as timestamps in microseconds.
    """
    import pyarrow as pa

    n = len(columns)
    types = {"int": pa.int64(), "float": pa.float64(), "date": pa.date32(), "datetime": pa.timestamp("us")}
    types["text"] = pa.string()
    arrays = {
        field.name: _array(columns, field.name, kind=types[field.type])
        if field.name in columns.values
        else pa.nulls(n, types[field.type])
        for field in spec.fields
    }
    return pa.table(arrays)


def _array(columns: Columns, name: str, *, kind: "pa.DataType") -> "pa.Array":
    import numpy as np
    import pyarrow as pa

    values = columns.values[name]
    if name in columns.texts:
        return pa.DictionaryArray.from_arrays(pa.array(values), pa.array(columns.texts[name])).cast(pa.string())
    if values.dtype.kind == "f":
        missing = np.isnan(values)
        return pa.array(values, kind, mask=missing) if missing.any() else pa.array(values, kind)
    missing = values == MISSING
    mask = missing if missing.any() else None
    if pa.types.is_date32(kind):
        return pa.array(values.astype(np.int32), mask=mask).cast(kind)
    return pa.array(values, mask=mask).cast(kind) if kind != pa.int64() else pa.array(values, mask=mask)
