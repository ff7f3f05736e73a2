"""Values as content: a tree that JSON knows, and the arrays it points to. Equal content has equal bytes.

The same walk says what a value is (its hash) and keeps it (its files), so nothing can be kept that is not hashed. What
the walk does not know is refused by its type; nothing is ever pickled, and reading content makes values only.
"""

import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from analysis_lib.errors import OutputError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

__all__ = ["Content", "ContentReader", "ContentWriter", "Node", "canonical", "sha256_of_text"]

Node = list[Any]
"""A kind, and what belongs to it: texts, whole numbers, truth values and other nodes."""


def canonical(document: Any) -> str:
    """Write JSON so that equal documents are equal texts.

    Parameters
    ----------
    document : object
        Of types that JSON knows.

    Returns
    -------
    str
        ASCII, keys sorted, no spaces.
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of_text(text: str) -> str:
    """Hash a text.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    str
        Hexadecimal.
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Content:
    """What a value is.

    Attributes
    ----------
    node : list
        The tree.
    arrays : tuple of ndarray or pyarrow.Array
        One-dimensional: booleans, whole numbers, floats; or texts, some of them missing.
    """

    node: Node
    arrays: "tuple[np.ndarray[Any, Any] | pa.Array[Any], ...]"

    @cached_property
    def sha256(self) -> str:
        """Hash of the tree and of every bit of the arrays."""
        sums = [_sum_of(array) for array in self.arrays]
        return sha256_of_text(canonical([self.node, sums]))


def _sum_of(array: Any) -> str:
    import numpy as np

    found = hashlib.sha256()
    if isinstance(array, np.ndarray):
        found.update(f"{array.dtype.str} {len(array)} ".encode())
        found.update(np.ascontiguousarray(array).view(np.uint8).data)
        return found.hexdigest()
    import pyarrow.compute as pc

    lengths = pc.binary_length(array).fill_null(-1).to_numpy(zero_copy_only=False).astype("<i8")
    found.update(f"text {len(array)} ".encode())
    found.update(lengths.tobytes())
    start, stop = _span(array)
    data = array.buffers()[2]
    found.update(memoryview(data)[start:stop] if data is not None else b"")
    return found.hexdigest()


def _span(array: Any) -> tuple[int, int]:
    """Say which bytes of its buffer are those of the array; missing texts have none."""
    import numpy as np

    if not len(array):
        return 0, 0
    offsets = np.frombuffer(array.buffers()[1], dtype="<i8")
    return int(offsets[array.offset]), int(offsets[array.offset + len(array)])


def refused(value: Any, *, where: str, why: str = "") -> OutputError:
    """Say that a value is none whose content could be told.

    Parameters
    ----------
    value : object
        What was found.
    where : str
        What it stands in, such as ``input 'people' of stage 'cohort'``.
    why : str
        What to do about this kind of value; a general answer when left out.

    Returns
    -------
    OutputError
        To be raised.
    """
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    advice = why or "Give numbers, texts, dates, lists, dicts, arrays, frames, data sets or cohorts instead."
    return OutputError(f"{where} cannot be told by its content; found {name}. {advice}")


class ContentWriter:
    """Turns values into content.

    Parameters
    ----------
    where : str
        What the values are, for messages.
    kept : bool
        Whether the content must be readable again; what is only compared may be of more kinds.
    """

    def __init__(self, where: str, *, kept: bool) -> None:
        self.where = where
        self.kept = kept
        self.arrays: list[Any] = []
        self.datasets: dict[str, Any] = {}
        self.seen: dict[int, Any] = {}

    def content(self, value: Any) -> Content:
        """Turn one value into content.

        Parameters
        ----------
        value : object
            Of a known kind, and so is all that is in it.

        Returns
        -------
        Content
            With the arrays of this value alone.

        Raises
        ------
        OutputError
            If it is of no known kind.
        """
        self.arrays = []
        try:
            return Content(self.node(value), tuple(self.arrays))
        except RecursionError:
            raise refused(value, where=self.where, why="It lies too deep, or holds itself. Flatten it.") from None

    def node(self, value: Any) -> Node:
        """Turn a value into a node; its arrays are put aside.

        Parameters
        ----------
        value : object
            As `content`.

        Returns
        -------
        list
            The node.
        """
        plain = _PLAIN.get(type(value))
        if plain is not None:
            return plain(value)
        held = _HOLDERS.get(type(value))
        if held is not None:
            return held(self, value)
        from analysis_lib.report.stages.kinds import node_of

        return node_of(self, value)

    def array(self, array: Any) -> int:
        """Put an array aside.

        Parameters
        ----------
        array : ndarray or pyarrow.Array
            One-dimensional.

        Returns
        -------
        int
            Its number.
        """
        self.arrays.append(array)
        return len(self.arrays) - 1


class ContentReader:
    """Makes values of content.

    Parameters
    ----------
    arrays : sequence of ndarray or pyarrow.Array
        Those of the content; they are copied, never handed out.
    dataset : callable
        Opens a data release by name, release and hash of its manifest.
    """

    def __init__(self, arrays: Any, *, dataset: Callable[[str, str, str], Any]) -> None:
        self.arrays = arrays
        self.dataset = dataset

    def value(self, node: Node) -> Any:
        """Make the value of a node.

        Parameters
        ----------
        node : list
            As written.

        Returns
        -------
        object
            A new one at each call.
        """
        plain = _MADE.get(node[0])
        if plain is not None:
            return plain(self, *node[1:])
        from analysis_lib.report.stages.kinds import value_of

        return value_of(self, node)


def float_bits(value: float) -> str:
    """Write a float by its bits: ``-0.0`` and every NaN are themselves.

    Parameters
    ----------
    value : float
        Any.

    Returns
    -------
    str
        Hexadecimal.
    """
    return struct.pack(">d", value).hex()


def _float(_: ContentReader, bits: str) -> float:
    (found,) = struct.unpack(">d", bytes.fromhex(bits))
    return float(found)


def zone_text(zone: Any, *, where: str) -> str | None:
    """Name a time zone.

    Parameters
    ----------
    zone : tzinfo or None
        Fixed, or by its name.
    where : str
        For the message.

    Returns
    -------
    str or None
        Such as ``Asia/Seoul``, or ``seconds 32400``.

    Raises
    ------
    OutputError
        If it has no name.
    """
    if zone is None:
        return None
    if isinstance(zone, ZoneInfo) and zone.key:
        return zone.key
    offset = zone.utcoffset(None) if isinstance(zone, timezone) else None
    if offset is not None:
        return "utc" if zone is UTC else f"seconds {offset.total_seconds():g}"
    raise refused(zone, where=where, why="Use a zoneinfo.ZoneInfo.")


def zone_of(text: str | None) -> Any:
    """Find a time zone by what `zone_text` wrote.

    Parameters
    ----------
    text : str or None
        The name.

    Returns
    -------
    tzinfo or None
        The zone.
    """
    if text is None or text == "utc":
        return text and UTC
    if text.startswith("seconds "):
        return timezone(timedelta(seconds=float(text.removeprefix("seconds "))))
    return ZoneInfo(text)


def _datetime(writer: ContentWriter, value: datetime) -> Node:
    zone = zone_text(value.tzinfo, where=writer.where)
    return ["datetime", value.replace(tzinfo=None).isoformat(), value.fold, zone]


def _made_datetime(_: ContentReader, *told: Any) -> datetime:
    text, fold, zone = told
    return datetime.fromisoformat(text).replace(fold=fold, tzinfo=zone_of(zone))


def _time(writer: ContentWriter, value: time) -> Node:
    if value.tzinfo is not None:
        raise refused(value, where=writer.where, why="Give a time without a zone.")
    return ["time", value.isoformat(), value.fold]


def _set(writer: ContentWriter, value: Any) -> Node:
    kind = "set" if type(value) is set else "frozenset"
    # Its arrays would be numbered by an order that differs from process to process.
    nodes = [ContentWriter(writer.where, kept=writer.kept).content(each) for each in value]
    if any(each.arrays for each in nodes):
        raise refused(value, where=writer.where, why="Give a list.")
    return [kind, sorted((each.node for each in nodes), key=canonical)]


def _dict(writer: ContentWriter, value: dict[Any, Any]) -> Node:
    return ["dict", [[writer.node(key), writer.node(each)] for key, each in value.items()]]


_PLAIN: dict[type, Callable[[Any], Node]] = {
    type(None): lambda _: ["none"],
    type(...): lambda _: ["ellipsis"],
    bool: lambda value: ["bool", value],
    int: lambda value: ["int", hex(value)],
    float: lambda value: ["float", float_bits(value)],
    complex: lambda value: ["complex", float_bits(value.real), float_bits(value.imag)],
    str: lambda value: ["str", value],
    bytes: lambda value: ["bytes", value.hex()],
    date: lambda value: ["date", value.isoformat()],
    timedelta: lambda value: ["timedelta", value.days, value.seconds, value.microseconds],
    Decimal: lambda value: ["decimal", str(value)],
    range: lambda value: ["range", value.start, value.stop, value.step],
}
_HOLDERS: dict[type, Callable[[ContentWriter, Any], Node]] = {
    datetime: _datetime,
    time: _time,
    list: lambda writer, value: ["list", [writer.node(each) for each in value]],
    tuple: lambda writer, value: ["tuple", [writer.node(each) for each in value]],
    set: _set,
    frozenset: _set,
    dict: _dict,
}
_MADE: dict[str, Callable[..., Any]] = {
    "none": lambda _: None,
    "ellipsis": lambda _: ...,
    "bool": lambda _, value: bool(value),
    "int": lambda _, value: int(value, 16),
    "float": _float,
    "complex": lambda reader, real, imaginary: complex(_float(reader, real), _float(reader, imaginary)),
    "str": lambda _, value: str(value),
    "bytes": lambda _, value: bytes.fromhex(value),
    "date": lambda _, value: date.fromisoformat(value),
    "timedelta": lambda _, days, seconds, micros: timedelta(days, seconds, micros),
    "decimal": lambda _, value: Decimal(value),
    "range": lambda _, start, stop, step: range(start, stop, step),
    "datetime": _made_datetime,
    "time": lambda _, text, fold: time.fromisoformat(text).replace(fold=fold),
    "list": lambda reader, nodes: [reader.value(each) for each in nodes],
    "tuple": lambda reader, nodes: tuple(reader.value(each) for each in nodes),
    "set": lambda reader, nodes: {reader.value(each) for each in nodes},
    "frozenset": lambda reader, nodes: frozenset(reader.value(each) for each in nodes),
    "dict": lambda reader, pairs: {reader.value(key): reader.value(each) for key, each in pairs},
}
