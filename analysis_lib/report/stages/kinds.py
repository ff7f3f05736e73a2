"""Which kinds of values have content, beside plain ones: numpy's, pandas', xarray's, and those of this library."""

import sys
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import Cohort, CohortDefinition, ConceptSet, TimeAtRisk
from analysis_lib.cohort.circe.statistics import InclusionStatistics
from analysis_lib.cohort.follow_up import FollowUp
from analysis_lib.cohort.language.concepts import ConceptSetItem
from analysis_lib.compute import Cluster
from analysis_lib.errors import OutputError
from analysis_lib.features.outcome import Outcomes
from analysis_lib.report.stages.arrays import ndarray_node, ndarray_of, scalar_node, scalar_of
from analysis_lib.report.stages.code import is_code, node_of_code
from analysis_lib.report.stages.content import ContentReader, ContentWriter, Node, refused, zone_of, zone_text
from analysis_lib.report.stages.frames import (
    frame_node,
    frame_of,
    index_node,
    index_of,
    labelled_node,
    labelled_of,
    series_node,
    series_of,
)

__all__ = ["node_of", "value_of"]

# The parts of this library that come back from a file. Nothing else is ever made by a name found in one.
_KEPT = {part.__name__: part for part in (Cohort, FollowUp, Outcomes, InclusionStatistics, TimeAtRisk, ConceptSetItem)}


def node_of(writer: ContentWriter, value: Any) -> Node:
    """Turn a value that is no plain one into a node.

    Parameters
    ----------
    writer : ContentWriter
        Takes its arrays.
    value : object
        Any.

    Returns
    -------
    list
        The node.

    Raises
    ------
    OutputError
        If it is of no known kind.
    """
    known = _known().get(type(value))
    if known is not None:
        return known(writer, value)
    if isinstance(value, np.generic):
        return scalar_node(writer, value)
    if isinstance(value, pd.Index):
        return ["frame-index", index_node(writer, value)]
    if type(value) in _labelled():
        return labelled_node(writer, value)
    return _compared(writer, value)


def _compared(writer: ContentWriter, value: Any) -> Node:
    """Take what is only compared, and never comes back."""
    if writer.kept:
        why = "Keep frames, arrays, numbers, texts or cohorts: of a result its to_frame(), of features to_pandas()."
        raise refused(value, where=writer.where, why=why)
    if type(value).__module__ == "analysis_lib.report.stages.stage":
        return ["stage", value.name, value.stage_sha256]
    if isinstance(value, Cluster):
        return ["cluster"]  # where it is computed changes no number
    if is_code(value):
        return node_of_code(writer, value)
    if is_dataclass(value) and not isinstance(value, type) and type(value).__module__.startswith("analysis_lib."):
        kind = type(value)
        return ["compared", f"{kind.__module__}.{kind.__qualname__}", _fields(writer, value)]
    raise refused(value, where=writer.where, why=_advice(value))


def _advice(value: Any) -> str:
    kind = type(value).__name__
    if kind in {"Generator", "RandomState", "Random"}:
        return (
            "It would stand elsewhere after the stage than after a kept one: give the seed, and make it in the stage."
        )
    if kind in {"PosixPath", "WindowsPath", "Path"}:
        return "A path says nothing of what lies there: read it before the stage, and give what was read."
    if kind == "Secret":
        return "A secret is never hashed: use it before the stage, and give what came of it."
    return ""


def _fields(writer: ContentWriter, value: Any) -> list[Any]:
    return [[field.name, writer.node(getattr(value, field.name))] for field in fields(value)]


def _dataset(writer: ContentWriter, value: Dataset) -> Node:
    writer.datasets[value.manifest_sha256] = value
    return ["release", value.name, value.release, value.manifest_sha256]


def _timestamp(writer: ContentWriter, value: pd.Timestamp) -> Node:
    moment = value.to_datetime64()
    return [
        "timestamp",
        moment.dtype.str,
        int(moment.astype("int64")),
        zone_text(value.tzinfo, where=writer.where),
        value.fold,
    ]


def _span(_: ContentWriter, value: pd.Timedelta) -> Node:
    length = value.to_timedelta64()
    return ["span", length.dtype.str, int(length.astype("int64"))]


def _part(writer: ContentWriter, value: Any) -> Node:
    return ["part", type(value).__name__, _fields(writer, value)]


def _concept_set(writer: ContentWriter, value: ConceptSet) -> Node:
    return ["concepts", value.name, [_fields(writer, item) for item in value.items]]


@cache
def _known() -> dict[type, Callable[[ContentWriter, Any], Node]]:
    return {
        np.ndarray: ndarray_node,
        pd.DataFrame: frame_node,
        pd.Series: series_node,
        type(pd.NA): lambda _, __: ["missing", "NA"],
        type(pd.NaT): lambda _, __: ["missing", "NaT"],
        **dict.fromkeys(_KEPT.values(), _part),
        pd.Timestamp: _timestamp,
        pd.Timedelta: _span,
        Dataset: _dataset,
        CohortDefinition: lambda _, value: ["definition", value.to_json()],
        ConceptSet: _concept_set,
    }


def _labelled() -> tuple[type, ...]:
    if "xarray" not in sys.modules:  # nothing can be of its kinds
        return ()
    import xarray as xr

    return (xr.DataArray, xr.Dataset)


def value_of(reader: ContentReader, node: Node) -> Any:
    """Make the value of a node that is no plain one.

    Parameters
    ----------
    reader : ContentReader
        Has the arrays.
    node : list
        As `node_of` wrote it.

    Returns
    -------
    object
        A new one.

    Raises
    ------
    OutputError
        If it is of a kind that never comes back.
    """
    make = _MADE.get(node[0])
    if make is None:
        raise OutputError("a kept result holds a kind of value that this version does not know. Compute it again.")
    return make(reader, node)


def _moment(number: int, dtype: str) -> Any:
    return np.array(number, dtype="int64").view(dtype)[()]


def _timestamp_of(_: ContentReader, node: Node) -> Any:
    _kind, name, moment, zone, fold = node
    naive = pd.Timestamp(_moment(moment, name))
    return naive if zone is None else naive.tz_localize("UTC").tz_convert(zone_of(zone)).replace(fold=fold)


def _part_of(reader: ContentReader, node: Node) -> Any:
    return _KEPT[node[1]](**{name: reader.value(each) for name, each in node[2]})


def _concept_set_of(reader: ContentReader, node: Node) -> ConceptSet:
    items = [ConceptSetItem(**{name: reader.value(each) for name, each in item}) for item in node[2]]
    return ConceptSet(node[1], items, may_be_empty=True)


_MADE: dict[str, Callable[[ContentReader, Node], Any]] = {
    "array": ndarray_of,
    "objects": ndarray_of,
    "scalar": scalar_of,
    "frame": frame_of,
    "series": series_of,
    "frame-index": lambda reader, node: index_of(reader, node[1]),
    "data-array": labelled_of,
    "data-set": labelled_of,
    "missing": lambda _, node: pd.NA if node[1] == "NA" else pd.NaT,
    "timestamp": _timestamp_of,
    "span": lambda _, node: pd.Timedelta(_moment(node[2], node[1])),
    "release": lambda reader, node: reader.dataset(*node[1:]),
    "definition": lambda _, node: CohortDefinition.from_json(node[1]),
    "concepts": _concept_set_of,
    "part": _part_of,
}
