"""What a value is: equal content has one hash, any change another, and what is kept comes back to the bit."""

import struct
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.cohort import CohortDefinition, ConceptSet, TimeAtRisk
from analysis_lib.errors import OutputError
from analysis_lib.report.stages.content import Content, ContentReader, ContentWriter
from analysis_lib.report.stages.folder import StageFolder

ODD_NAN = struct.unpack(">d", bytes.fromhex("7ff8000000000abc"))[0]


def _content(value: Any, *, kept: bool = False) -> Content:
    return ContentWriter("the value", kept=kept).content(value)


def _sha256(value: Any) -> str:
    return _content(value).sha256


def _back(value: Any, folder: Path) -> Any:
    """Keep a value on the disk, and read it."""
    record = {"name": "stage", "key": "ab", "parts": {}, "computed_at": "", "seconds": 0, "warnings": []}
    kept = StageFolder(folder).save(record, _content(value, kept=True))
    return ContentReader(kept.content.arrays, dataset=lambda *_: None).value(kept.content.node)


PLAIN = [
    None, ..., True, False, 0, 1, -(2**80), 0.0, -0.0, 1.0, float("nan"), ODD_NAN, float("inf"), 1j, "", "a", "é", "1",
    b"", b"a", date(2020, 1, 1),
    datetime.fromisoformat("2020-01-01"), datetime(2020, 1, 1, tzinfo=UTC),
    datetime(2020, 1, 1, tzinfo=ZoneInfo("Asia/Seoul")), datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=9))),
    datetime.fromisoformat("2020-10-25T02:30").replace(fold=1), time(7), timedelta(days=1),
    Decimal("1.0"), Decimal("1.00"), range(3),
    [], (), {}, set(), frozenset(), [1, 2], [2, 1], (1, 2), [[1], 2], [1, [2]], {"a": 1}, {"a": 1.0}, {1: "a"},
    {"a": 1, "b": 2}, {"b": 2, "a": 1}, {1, 2, 3}, frozenset({1, 2, 3}),
    pd.NA, pd.NaT, pd.Timestamp("2020-01-01").as_unit("us"), pd.Timestamp("2020-01-01").as_unit("ns"),
    pd.Timestamp("2020-01-01", tz="Asia/Seoul"), pd.Timestamp("2020-01-01", tz="UTC"), pd.Timedelta("1D"),
    np.float64(1), np.float32(1), np.int64(1), np.int32(1), np.bool_(True), np.datetime64("2020-01-01"),
    np.datetime64("2020-01-01", "us"), np.str_("a"),
    ConceptSet("a", [1]), ConceptSet("b", [1]), ConceptSet("a", [1]).excluding(2), TimeAtRisk(), TimeAtRisk(1),
    CohortDefinition.new_users(ConceptSet("a", [1]), washout_days=3),
    CohortDefinition.new_users(ConceptSet("a", [1]), washout_days=4),
]  # fmt: skip
ARRAYS = [
    np.array([1, 2]), np.array([2, 1]), np.array([1, 2], "int32"), np.array([1, 2], ">i8"), np.array([1.0, 2.0]),
    np.array([[1, 2]]), np.array([[1], [2]]), np.array([0.0]), np.array([-0.0]), np.array([np.nan]),
    np.array([ODD_NAN]), np.array([], "float64"), np.array([], "int64"), np.zeros((0, 3)), np.array([True, False]),
    np.array([1, 0], "uint8"), np.array(["a", "b"]), np.array(["a", "b"], dtype=object),
    np.array(["a", None], dtype=object), np.array(["a", np.nan], dtype=object), np.array(["a", pd.NA], dtype=object),
    np.array(["a", ODD_NAN], dtype=object), np.array(["a", pd.NaT], dtype=object), np.array([1, "1"], dtype=object),
    np.array([2**70, Decimal(1), date(2020, 1, 1), (1, [2])], dtype=object), np.array([1.5], "float16"),
    np.array([1 + 2j]), np.array([b"ab"]), np.array(["2020-01-01", "NaT"], "M8[D]"),
    np.array(["2020-01-01", "NaT"], "M8[ns]"), np.array([1], "m8[s]"), np.array(5.0),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(6.0).reshape(2, 3),
]  # fmt: skip


def _series() -> dict[str, pd.Series]:
    days = pd.to_datetime(["2020-01-01", None, "2021-05-05"])
    return {
        **{name: pd.Series([1, 2, 3], dtype=name) for name in ("int8", "int16", "int32", "int64", "uint8", "uint64")},
        **{name: pd.Series([1, None, 3], dtype=name) for name in ("Int8", "Int32", "Int64", "UInt16", "UInt64")},
        **{name: pd.Series([1.5, None, -0.0], dtype=name) for name in ("float32", "float64", "Float32", "Float64")},
        "bool": pd.Series([True, False, True]),
        "boolean": pd.Series([True, None, False], dtype="boolean"),
        "object": pd.Series(["a", None, 3], dtype=object),
        "object texts": pd.Series(["a", np.nan, "b"], dtype=object),
        "str": pd.Series(["a", None, "b"], dtype="str"),
        "string": pd.Series(["a", None, "b"], dtype="string"),
        "string python": pd.Series(["a", None, "b"], dtype=pd.StringDtype("python")),
        "category": pd.Series(["b", None, "a"], dtype="category"),
        "category, another order": pd.Series(pd.Categorical(["b", None, "a"], categories=["b", "a"])),
        "category, ordered": pd.Series(pd.Categorical(["b", None, "a"], ordered=True)),
        "category, one unused": pd.Series(pd.Categorical(["b", None, "a"], categories=["a", "b", "c"])),
        "category of numbers": pd.Series([3, 1, 3], dtype="category"),
        "category of ranges": pd.Series(pd.cut([1, 2, 3], [0, 1, 3])),
        "interval": pd.Series(pd.interval_range(0, 3)),
        **{f"datetime {unit}": pd.Series(days.as_unit(unit)) for unit in ("s", "ms", "us", "ns")},
        "datetime in a zone": pd.Series(days.tz_localize("Asia/Seoul")),
        "datetime in UTC": pd.Series(days.tz_localize("UTC")),
        "timedelta": pd.Series(pd.to_timedelta([1, None, 3], unit="D")),
        "empty": pd.Series([], dtype="float64"),
        "named": pd.Series([1, 2, 3], name="n"),
        "indexed": pd.Series([1, 2, 3], index=["a", "b", "b"]),
        "indexed by dates": pd.Series([1, 2, 3], index=pd.date_range("2020-01-01", periods=3)),
        "indexed by two": pd.Series([1, 2, 3], index=pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)])),
        "indexed by whole numbers": pd.Series([1, 2, 3], index=pd.Index([0, 1, 2])),
    }


def _frames() -> dict[str, pd.DataFrame]:
    plain = pd.DataFrame({"a": [1, 2], "b": [1.5, None]})
    units = plain.copy()
    units.attrs["units"] = {"a": "days", "b": "1"}
    keys = plain.copy()
    keys.attrs[1] = ("a", None)
    return {
        "plain": plain,
        "columns swapped": plain[["b", "a"]],
        "column renamed": plain.rename(columns={"a": "c"}),
        "rows swapped": plain.iloc[::-1],
        "index reset": plain.iloc[::-1].reset_index(drop=True),
        "index named": plain.rename_axis("row"),
        "columns named": plain.rename_axis(columns="what"),
        "one more row": pd.concat([plain, plain], ignore_index=True),
        "a column twice": pd.DataFrame([[1, 2]], columns=["a", "a"]),
        "columns of numbers": pd.DataFrame([[1, 2.5]]),
        "columns of two levels": pd.DataFrame([[1, 2.5]], columns=pd.MultiIndex.from_product([["x"], ["y", "z"]])),
        "no rows": plain.iloc[:0],
        "no columns": plain[[]],
        "nothing": pd.DataFrame(),
        "units": units,
        "other attrs": keys,
        "no labels twice": plain.set_flags(allows_duplicate_labels=False),
        "of each dtype": pd.DataFrame({name: s.reset_index(drop=True) for name, s in _series().items() if len(s) == 3}),
    }


def _labelled() -> dict[str, Any]:
    steps = xr.DataArray(
        np.arange(6.0).reshape(2, 3),
        dims=("person", "date"),
        coords={"person": [7, 8], "date": pd.date_range("2020-01-01", periods=3), "sex": ("person", ["f", "m"])},
        attrs={"units": "1"},
        name="steps",
    )
    return {
        "array": steps,
        "array without units": steps.drop_attrs(),
        "array, renamed": steps.rename("other"),
        "array, transposed": steps.T,
        "array, other coordinate": steps.assign_coords(person=[8, 9]),
        "data set": steps.to_dataset(),
        "data set, two": steps.to_dataset().assign(mean=steps.mean("date")),
        "data set, attrs": steps.to_dataset().assign_attrs(cohort="x"),
        "lazy": (steps + 1).chunk({"person": 1}),
    }


EVERYTHING = {
    **{f"{number}: {value!r}"[:60]: value for number, value in enumerate(PLAIN)},
    **{f"array {number}": value for number, value in enumerate(ARRAYS)},
    **{f"series {name}": value for name, value in _series().items()},
    **{f"frame {name}": value for name, value in _frames().items()},
    **{f"labelled {name}": value for name, value in _labelled().items()},
    "index": pd.Index(["a", "b"]),
    "range index": pd.RangeIndex(3),
}


def test_no_two_of_many_values_that_differ_have_one_hash() -> None:
    hashes: dict[str, str] = {}
    for name, value in EVERYTHING.items():
        found = _sha256(value)
        assert found not in hashes, (name, hashes[found])
        hashes[found] = name
    assert len(hashes) == len(EVERYTHING) > 150


@pytest.mark.parametrize("name", EVERYTHING)
def test_what_is_kept_comes_back_to_the_bit(name: str, tmp_path: Path) -> None:
    value = EVERYTHING[name]
    back = _back(value, tmp_path)
    assert _sha256(back) == _sha256(value)
    assert type(back) is type(value)
    if isinstance(value, pd.DataFrame):
        pd.testing.assert_frame_equal(back, value, check_exact=True, check_freq=True, check_column_type=True)
        assert list(back.dtypes) == list(value.dtypes)
        assert (back.attrs, back.flags) == (value.attrs, value.flags)
    elif isinstance(value, pd.Series):
        pd.testing.assert_series_equal(back, value, check_exact=True)
        assert back.dtype == value.dtype
    elif isinstance(value, pd.Index):
        pd.testing.assert_index_equal(back, value, exact=True)
    elif isinstance(value, np.ndarray) and value.dtype != object:
        assert (back.dtype, back.shape, back.tobytes(order="A")) == (value.dtype, value.shape, value.tobytes(order="A"))
    elif isinstance(value, xr.DataArray | xr.Dataset):
        xr.testing.assert_identical(back, value.compute())


def test_what_comes_back_is_a_copy_each_time(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    content = _content(frame, kept=True)
    reader = ContentReader(content.arrays, dataset=lambda *_: None)
    first = reader.value(content.node)
    first.loc[0, "a"] = 99
    first.loc[0, "b"] = "changed"
    pd.testing.assert_frame_equal(reader.value(content.node), frame)
    assert tmp_path.is_dir()


def test_hashes_are_the_same_in_another_process() -> None:
    program = (
        "import numpy as np, pandas as pd;from analysis_lib.report.stages.content import ContentWriter;"
        "v = [{'b', 'a', 'c'}, {'x': np.arange(3.0)}, pd.DataFrame({'a': ['x', None]})];"
        "print(ContentWriter('v', kept=False).content(v).sha256)"
    )
    path = ":".join(sys.path)
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": path},
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert found == {_sha256([{"b", "a", "c"}, {"x": np.arange(3.0)}, pd.DataFrame({"a": ["x", None]})]) + "\n"}


def _with_attrs(frame: pd.DataFrame) -> pd.DataFrame:
    copy = frame.copy()
    copy.attrs["units"] = "days"
    return copy


CHANGES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "a value": lambda f: f.assign(x=[*f["x"][:-1], f["x"].iloc[-1] + 1]),
    "a text": lambda f: f.assign(text=[*f["text"][:-1], f"{f['text'].iloc[-1]}!"]),
    "a missing value": lambda f: f.assign(y=[*f["y"][:-1], 0.5 if f["y"].isna().iloc[-1] else None]),
    "a dtype": lambda f: f.astype({"x": "float64"}),
    "the order of columns": lambda f: f[f.columns[::-1]],
    "a name": lambda f: f.rename(columns={"x": "z"}),
    "the index": lambda f: f.set_axis(range(1, len(f) + 1)),
    "an attribute": _with_attrs,
    "a row less": lambda f: f.iloc[:-1],
    "the sign of a zero": lambda f: f.assign(zero=-f["zero"]),
}


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(-(2**62), 2**62), st.none() | st.floats(allow_nan=False), st.text(st.characters(codec="utf-8"))
        ),
        min_size=1,
        max_size=8,
    )
)
def test_any_single_change_of_a_frame_gives_another_hash_and_a_copy_the_same(rows: list[tuple[Any, ...]]) -> None:
    frame = pd.DataFrame(rows, columns=["x", "y", "text"]).astype({"x": "int64", "y": "float64", "text": "str"})
    frame["zero"] = 0.0
    told = _sha256(frame)
    assert _sha256(frame.copy(deep=True)) == told
    assert _sha256(pd.DataFrame({name: frame[name].copy() for name in frame})) == told
    changed = {name: _sha256(change(frame)) for name, change in CHANGES.items()}
    assert [name for name, found in changed.items() if found == told] == []


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.binary()
_NESTED = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4) | st.tuples(inner)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(value=_NESTED)
def test_nested_plain_values_come_back(value: Any) -> None:
    content = _content(value, kept=True)
    back = ContentReader(content.arrays, dataset=lambda *_: None).value(content.node)
    assert _sha256(back) == content.sha256
    assert repr(back) == repr(value)


class Mine:
    """Somebody's own class."""


def test_a_value_of_no_known_kind_is_refused_by_its_type_and_never_shown() -> None:
    secret = "p-4711"
    mine = Mine()
    mine.name = secret
    for value in (
        mine, [mine], {"a": mine}, pd.DataFrame({"a": [mine]}), object(), iter([secret]), Path(secret),
        np.random.default_rng(1), np.ma.masked_array([1, 2]), pd.Series([1, 2], dtype="Sparse[int64]"),
        pd.Series(pd.period_range("2020-01", periods=2)), np.array([(1, 2)], dtype=[("a", "i8"), ("b", "i8")]),
        pd.Series(["a"], dtype=pd.ArrowDtype(pa.string())), np.array(["\ud800"], object),
    ):  # fmt: skip
        with pytest.raises(OutputError, match="cannot be told by its content; found") as caught:
            _content(value)
        assert secret not in str(caught.value)


def test_a_list_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(OutputError, match="too deep, or holds itself"):
        _content(endless)


def test_code_is_compared_and_never_kept() -> None:
    assert _sha256(open) == _sha256(open)
    with pytest.raises(OutputError, match="cannot be told by its content; found builtin_function"):
        _content(open, kept=True)


def test_a_method_of_a_value_is_told_with_the_value() -> None:
    assert _sha256({"a": 1}.get) == _sha256({"a": 1}.get) != _sha256({"a": 2}.get)
    assert _sha256(len) == _sha256(len) != _sha256(sum)
    with pytest.raises(OutputError, match="give the seed"):
        _content(np.random.default_rng(1).normal)
