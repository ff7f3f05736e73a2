"""Arrays and columns as content: every dtype comes back as it was, to the bit, or is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis_lib.report.stages.content import ContentReader, ContentWriter, Node, canonical, float_bits, refused

__all__ = ["column_node", "column_of", "ndarray_node", "ndarray_of", "scalar_node", "scalar_of"]

_SIZES = (8, 16, 32, 64)
_AS_THEY_ARE = frozenset(
    {"bool", "float32", "float64", *(f"{kind}{size}" for kind in ("int", "uint") for size in _SIZES)}
)
_BY_BYTES = "fciuSU"
# What stands at a place of an array of objects: a text, nothing of several kinds, or a node written as text.
_TEXT, _NONE, _NAN, _NA, _NAT, _OTHER = range(6)
_MISSING = {_NONE: None, _NAN: float("nan"), _NA: pd.NA, _NAT: pd.NaT}
_PLAIN_NAN = float_bits(float("nan"))


def ndarray_node(writer: ContentWriter, value: Any) -> Node:
    """Turn a numpy array into a node.

    Parameters
    ----------
    writer : ContentWriter
        Takes the array.
    value : ndarray
        Of any shape.

    Returns
    -------
    list
        The node.
    """
    by_columns = value.ndim > 1 and value.flags.f_contiguous and not value.flags.c_contiguous
    order = "F" if by_columns else "C"  # sums run along memory: another order may differ in the last digit
    flat = value.ravel(order=order)
    head = [value.dtype.str, list(value.shape), order]
    if value.dtype.kind == "O":
        return ["objects", *head, *_objects(writer, flat)]
    return ["array", *head, writer.array(_stored(writer, flat))]


def _stored(writer: ContentWriter, flat: Any) -> Any:
    if flat.dtype.kind in "mM":
        return np.ascontiguousarray(flat.astype(flat.dtype.newbyteorder("="))).view("int64")
    native = np.ascontiguousarray(flat.astype(flat.dtype.newbyteorder("="), copy=False))
    if native.dtype.name in _AS_THEY_ARE:
        return native
    if native.dtype.kind in _BY_BYTES:
        return native.view(np.uint8) if native.size else np.array([], np.uint8)
    raise refused(flat, where=writer.where, why=f"Its dtype is {flat.dtype.kind!r}. Convert it first.")


def _objects(writer: ContentWriter, flat: Any) -> tuple[int, int]:
    marks = np.zeros(len(flat), dtype="uint8")
    texts: list[str | None] = [None] * len(flat)
    for place, value in enumerate(flat):
        if type(value) is str:
            texts[place] = value
            continue
        marks[place] = _mark(value)
        if marks[place] == _OTHER:
            texts[place] = canonical(writer.node(value))
    return writer.array(_texts(writer, texts)), writer.array(marks)


def _mark(value: Any) -> int:
    if value is None:
        return _NONE
    if value is pd.NA:
        return _NA
    if value is pd.NaT:
        return _NAT
    return _NAN if type(value) is float and value != value and float_bits(value) == _PLAIN_NAN else _OTHER


def _texts(writer: ContentWriter, texts: list[str | None]) -> Any:
    try:
        return pa.array(texts, type=pa.large_string())
    except (UnicodeEncodeError, pa.ArrowInvalid):
        why = "A text in it is no Unicode (half a surrogate pair). Mend the texts."
        raise refused(texts, where=writer.where, why=why) from None


def ndarray_of(reader: ContentReader, node: Node) -> Any:
    """Make the numpy array of a node.

    Parameters
    ----------
    reader : ContentReader
        Has the arrays.
    node : list
        As `ndarray_node` wrote it.

    Returns
    -------
    ndarray
        A new one.
    """
    kind, name, shape, order = node[:4]
    dtype = np.dtype(name)
    if kind == "objects":
        return _made_objects(reader, texts=node[4], marks=node[5]).reshape(shape, order=order)
    stored = np.array(reader.arrays[node[4]], copy=True)
    native = dtype.newbyteorder("=")
    if native.name in _AS_THEY_ARE:
        flat = stored
    else:
        flat = stored.view(native) if stored.size else np.empty(int(np.prod(shape)), native)
    return flat.astype(dtype, copy=False).reshape(shape, order=order)


def _made_objects(reader: ContentReader, *, texts: int, marks: int) -> Any:
    import json

    found = np.empty(len(reader.arrays[marks]), dtype=object)
    for place, (text, mark) in enumerate(zip(reader.arrays[texts].to_pylist(), reader.arrays[marks], strict=True)):
        if mark == _OTHER:
            found[place] = reader.value(json.loads(text))
        else:
            found[place] = text if mark == _TEXT else _MISSING[int(mark)]
    return found


def scalar_node(writer: ContentWriter, value: Any) -> Node:
    """Turn a number or date of numpy into a node.

    Parameters
    ----------
    writer : ContentWriter
        For messages.
    value : numpy.generic
        Of a fixed width.

    Returns
    -------
    list
        The node.
    """
    if value.dtype.kind not in "biufcmMSU":
        raise refused(value, where=writer.where)
    return ["scalar", value.dtype.str, value.tobytes().hex()]


def scalar_of(_: ContentReader, node: Node) -> Any:
    """Make the number or date of a node.

    Parameters
    ----------
    _ : ContentReader
        Not needed.
    node : list
        As `scalar_node` wrote it.

    Returns
    -------
    numpy.generic
        The same bits.
    """
    dtype = np.dtype(node[1])
    if not dtype.itemsize:
        return dtype.type()
    return np.frombuffer(bytes.fromhex(node[2]), dtype=dtype)[0]


def column_node(writer: ContentWriter, values: Any) -> Node:
    """Turn the values of a column, or of an index, into a node.

    Parameters
    ----------
    writer : ContentWriter
        Takes the arrays.
    values : ndarray or ExtensionArray
        From ``Series.array`` or ``Index.array``.

    Returns
    -------
    list
        The node.

    Raises
    ------
    OutputError
        If the dtype is none that comes back exactly.
    """
    from analysis_lib.report.stages.frames import index_node

    dtype = values.dtype
    if isinstance(dtype, pd.StringDtype):
        texts = _texts(writer, list(values.to_numpy(dtype=object, na_value=None)))
        return ["string", dtype.storage, "NA" if dtype.na_value is pd.NA else "nan", writer.array(texts)]
    if isinstance(values, pd.arrays.NumpyExtensionArray) or isinstance(dtype, np.dtype):
        return ndarray_node(writer, np.asarray(values))
    if isinstance(dtype, pd.DatetimeTZDtype):
        stored = np.asarray(values.tz_convert("UTC").tz_localize(None)).view("int64")
        return ["zoned", dtype.unit, str(dtype.tz), writer.array(np.ascontiguousarray(stored))]
    if isinstance(dtype, pd.CategoricalDtype):
        return [
            "categorical",
            bool(dtype.ordered),
            ndarray_node(writer, values.codes),
            index_node(writer, values.categories),
        ]
    if isinstance(dtype, pd.IntervalDtype):
        return ["interval", dtype.closed, index_node(writer, values.left), index_node(writer, values.right)]
    kept = getattr(dtype, "numpy_dtype", None)
    if str(dtype) in _MASKED and kept is not None:
        data = values.to_numpy(dtype=kept, na_value=kept.type(0))
        return ["masked", str(dtype), writer.array(np.ascontiguousarray(data)), writer.array(np.array(values.isna()))]
    raise refused(values, where=writer.where, why=f"Its dtype is {dtype.name}. Convert the column with astype first.")


_MASKED = {
    **{name: pd.arrays.IntegerArray for size in _SIZES for name in (f"Int{size}", f"UInt{size}")},
    **{f"Float{size}": pd.arrays.FloatingArray for size in (32, 64)},
    "boolean": pd.arrays.BooleanArray,
}


def column_of(reader: ContentReader, node: Node) -> Any:
    """Make the values of a column.

    Parameters
    ----------
    reader : ContentReader
        Has the arrays.
    node : list
        As `column_node` wrote it.

    Returns
    -------
    ndarray or ExtensionArray
        A new one, of the dtype it had.
    """
    from analysis_lib.report.stages.frames import index_of

    kind = node[0]
    if kind == "zoned":
        stored = np.array(reader.arrays[node[3]], copy=True).view(f"M8[{node[1]}]")
        return pd.DatetimeIndex(stored).tz_localize("UTC").tz_convert(node[2]).array
    if kind == "categorical":
        categories = index_of(reader, node[3])
        return pd.Categorical.from_codes(ndarray_of(reader, node[2]), categories=categories, ordered=node[1])
    if kind == "string":
        dtype = pd.StringDtype(node[1], na_value=pd.NA if node[2] == "NA" else np.nan)
        return pd.array(reader.arrays[node[3]].to_pylist(), dtype=dtype)
    if kind == "interval":
        return pd.arrays.IntervalArray.from_arrays(index_of(reader, node[2]), index_of(reader, node[3]), closed=node[1])
    if kind == "masked":
        data, mask = (np.array(reader.arrays[number], copy=True) for number in node[2:])
        return _MASKED[node[1]](data, mask)
    return ndarray_of(reader, node)
