"""Frames, series, indices and labelled arrays as content: values, dtypes, order, names and attributes."""

from typing import Any

import pandas as pd

from analysis_lib.report.stages.arrays import column_node, column_of, ndarray_node, ndarray_of
from analysis_lib.report.stages.content import ContentReader, ContentWriter, Node, refused

__all__ = [
    "frame_node",
    "frame_of",
    "index_node",
    "index_of",
    "labelled_node",
    "labelled_of",
    "series_node",
    "series_of",
]


def index_node(writer: ContentWriter, index: Any) -> Node:
    """Turn an index into a node.

    Parameters
    ----------
    writer : ContentWriter
        Takes the arrays.
    index : Index
        Of any kind but of periods.

    Returns
    -------
    list
        The node.
    """
    if isinstance(index, pd.RangeIndex):
        return ["range-index", index.start, index.stop, index.step, writer.node(index.name)]
    if isinstance(index, pd.MultiIndex):
        levels = [index_node(writer, level) for level in index.levels]
        codes = [ndarray_node(writer, code) for code in index.codes]
        return ["multi-index", levels, codes, writer.node(list(index.names))]
    steps = getattr(index, "freqstr", None) if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex) else None
    return ["index", column_node(writer, index.array), writer.node(index.name), steps]


def index_of(reader: ContentReader, node: Node) -> Any:
    """Make the index of a node.

    Parameters
    ----------
    reader : ContentReader
        Has the arrays.
    node : list
        As `index_node` wrote it.

    Returns
    -------
    Index
        A new one.
    """
    if node[0] == "range-index":
        return pd.RangeIndex(node[1], node[2], node[3], name=reader.value(node[4]))
    if node[0] == "multi-index":
        levels = [index_of(reader, level) for level in node[1]]
        codes = [ndarray_of(reader, code) for code in node[2]]
        return pd.MultiIndex(levels=levels, codes=codes, names=reader.value(node[3]))
    values = column_of(reader, node[1])
    name = reader.value(node[2])
    made = pd.Index(values, dtype=values.dtype, name=name)
    if node[3] is not None:
        made.freq = node[3]
    return made


def series_node(writer: ContentWriter, series: Any) -> Node:
    """Turn a series into a node.

    Parameters
    ----------
    writer : ContentWriter
        Takes the arrays.
    series : Series
        Any.

    Returns
    -------
    list
        The node.
    """
    attrs = writer.node(dict(series.attrs))
    return [
        "series",
        column_node(writer, series.array),
        index_node(writer, series.index),
        writer.node(series.name),
        attrs,
    ]


def series_of(reader: ContentReader, node: Node) -> Any:
    """Make the series of a node.

    Parameters
    ----------
    reader : ContentReader
        Has the arrays.
    node : list
        As `series_node` wrote it.

    Returns
    -------
    Series
        A new one.
    """
    values = column_of(reader, node[1])
    made = pd.Series(values, index=index_of(reader, node[2]), dtype=values.dtype, name=reader.value(node[3]))
    made.attrs = reader.value(node[4])
    return made


def frame_node(writer: ContentWriter, frame: Any) -> Node:
    """Turn a frame into a node.

    Parameters
    ----------
    writer : ContentWriter
        Takes the arrays.
    frame : DataFrame
        Any.

    Returns
    -------
    list
        The node.
    """
    columns = [column_node(writer, frame.iloc[:, place].array) for place in range(frame.shape[1])]
    return [
        "frame",
        index_node(writer, frame.columns),
        columns,
        index_node(writer, frame.index),
        writer.node(dict(frame.attrs)),
        bool(frame.flags.allows_duplicate_labels),
    ]


def frame_of(reader: ContentReader, node: Node) -> Any:
    """Make the frame of a node.

    Parameters
    ----------
    reader : ContentReader
        Has the arrays.
    node : list
        As `frame_node` wrote it.

    Returns
    -------
    DataFrame
        A new one.
    """
    index = index_of(reader, node[3])
    arrays = [column_of(reader, column) for column in node[2]]
    series = {
        place: pd.Series(values, index=index, dtype=values.dtype) for place, values in enumerate(arrays)
    }  # a frame made of bare arrays would guess dtypes anew
    made = pd.DataFrame(series, index=index)
    made.columns = index_of(reader, node[1])
    made.attrs = reader.value(node[4])
    return made if node[5] else made.set_flags(allows_duplicate_labels=False)


def labelled_node(writer: ContentWriter, data: Any) -> Node:
    """Turn a data array or data set of xarray into a node.

    Parameters
    ----------
    writer : ContentWriter
        Takes the arrays.
    data : DataArray or Dataset
        What is lazy in it is computed.

    Returns
    -------
    list
        The node.

    Raises
    ------
    OutputError
        If an index has several levels.
    """
    import xarray as xr

    if any(isinstance(index, pd.MultiIndex) for index in data.xindexes.to_pandas_indexes().values()):
        raise refused(data, where=writer.where, why="An index of it has several levels: reset_index it first.")
    coords = [_variable(writer, name, variable=data.coords[name].variable) for name in data.coords]
    attrs = writer.node(dict(data.attrs))
    if isinstance(data, xr.DataArray):
        own = _variable(writer, data.name, variable=data.variable)
        return ["data-array", own, coords, attrs]
    return [
        "data-set",
        [_variable(writer, name, variable=data[name].variable) for name in data.data_vars],
        coords,
        attrs,
    ]


def _variable(writer: ContentWriter, name: Any, *, variable: Any) -> Node:
    values = variable.to_numpy()
    return [
        writer.node(name),
        writer.node(tuple(variable.dims)),
        ndarray_node(writer, values),
        writer.node(dict(variable.attrs)),
    ]


def labelled_of(reader: ContentReader, node: Node) -> Any:
    """Make the data array or data set of a node.

    Parameters
    ----------
    reader : ContentReader
        Has the arrays.
    node : list
        As `labelled_node` wrote it.

    Returns
    -------
    DataArray or Dataset
        A new one.
    """
    import xarray as xr

    kind, own, coords, attrs = node
    named = dict(_made_variable(reader, each) for each in coords)
    if kind == "data-set":
        return xr.Dataset(dict(_made_variable(reader, each) for each in own), coords=named, attrs=reader.value(attrs))
    name, variable = _made_variable(reader, own)
    made = xr.DataArray(variable.data, coords=named, dims=variable.dims, name=name)
    made.attrs = reader.value(attrs)
    return made


def _made_variable(reader: ContentReader, node: Node) -> tuple[Any, Any]:
    import xarray as xr

    name, dims, values, attrs = node
    return reader.value(name), xr.Variable(reader.value(dims), ndarray_of(reader, values), attrs=reader.value(attrs))
