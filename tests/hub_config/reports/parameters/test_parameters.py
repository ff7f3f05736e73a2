"""What the parameters cell may say, read without executing it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_config.errors import ParametersCellError
from hub_config.reports.parameters.declarations import read_parameters, why_no_name
from hub_config.reports.parameters.typed_text import from_text
from hub_config.reports.parameters.values import ParameterType, why_not

EVERY_TYPE = """
from typing import Literal, Optional
from datetime import date
# What is studied
strict: bool = True  # whether to be strict
days: int = -7  # how many days
share: float = 1  # between 0 and 1
cohort_name: str = "t2dm # not a comment"  # entry in the catalog
index_from: str = "2015-01-01"  # earliest index date, ISO 8601
index_to: "date" = "2020-12-31"
ties: Literal["efron", "breslow"] = "efron"  # how ties are handled
stage: "Literal[1, 2]" = 2
concepts: list[int] = [
    1118084,
    9007199254740993,  # beyond what a float can hold
]  # concept ids
weights: list[float] = [1, 0.5]
wards: list[str] = []
limit: int | None = None  # no limit if null
note: Optional[str] = None
seen_from: "datetime" = "2026-03-01T07:00+09:00"  # 2020-01-01 to 2030-01-01; the first look
release: "Dataset" = "gibleed"  # the data
cohort: "Cohort | None" = None
token: "Secret" = "registry_token"  # 1 to 2; is no range of a name
flags: list[bool] = [True]
days_off: list[date] = ["2026-01-01"]  # <= 2026-12-31, at most 3 items; holidays
looks: "list[datetime]" = []
stages: list[Literal["I", "II"]] = ["I"]  # at least 1 items. Stages
releases: list["Dataset"] = ["gibleed@2026-01-01-abc"]
lookback_days: int = 365  # 0 to 3650 days; covariates are read this far back
"""


def test_every_type_is_read_with_its_default_and_help():
    found = {p.name: (p.type.text, p.default, p.help) for p in read_parameters(EVERY_TYPE)}
    assert found == {
        "strict": ("bool", True, "whether to be strict"),
        "days": ("int", -7, "how many days"),
        "share": ("float", 1.0, "between 0 and 1"),
        "cohort_name": ("str", "t2dm # not a comment", "entry in the catalog"),
        "index_from": ("date", "2015-01-01", "earliest index date, ISO 8601"),
        "index_to": ("date", "2020-12-31", ""),
        "ties": ("Literal['efron', 'breslow']", "efron", "how ties are handled"),
        "stage": ("Literal[1, 2]", 2, ""),
        "concepts": ("list[int]", [1118084, 9007199254740993], "concept ids"),
        "weights": ("list[float]", [1.0, 0.5], ""),
        "wards": ("list[str]", [], ""),
        "limit": ("int | None", None, "no limit if null"),
        "note": ("str | None", None, ""),
        "seen_from": ("datetime", "2026-03-01T07:00+09:00", "the first look"),
        "release": ("Dataset", "gibleed", "the data"),
        "cohort": ("Cohort | None", None, ""),
        "token": ("Secret", "registry_token", "1 to 2; is no range of a name"),
        "flags": ("list[bool]", [True], ""),
        "days_off": ("list[date]", ["2026-01-01"], "holidays"),
        "looks": ("list[datetime]", [], ""),
        "stages": ("list[Literal['I', 'II']]", ["I"], "Stages"),
        "releases": ("list[Dataset]", ["gibleed@2026-01-01-abc"], ""),
        "lookback_days": ("int", 365, "covariates are read this far back"),
    }
    ranges = {p.name: p.type.range.text for p in read_parameters(EVERY_TYPE) if p.type.range.text}
    assert ranges == {
        "seen_from": "2020-01-01 to 2030-01-01",
        "days_off": "<= 2026-12-31, at most 3 items",
        "stages": "at least 1 items",
        "lookback_days": "0 to 3650 days",
    }


def test_what_is_read_is_given_as_types_that_json_knows():
    documents = [p.to_dict() for p in read_parameters(EVERY_TYPE)]
    assert json.loads(json.dumps(documents)) == documents
    assert documents[-1] | {"help": ""} == {
        "name": "lookback_days",
        "type": "int",
        "kind": "int",
        "item": None,
        "choices": [],
        "optional": False,
        "default": 365,
        "help": "",
        "range": {
            "text": "0 to 3650 days",
            "low": 0,
            "low_excluded": False,
            "high": 3650,
            "high_excluded": False,
            "items": [None, None],
            "characters": [None, None],
            "unit": "days",
        },
        "unit": "days",
    }


@pytest.mark.parametrize("annotation", ["Dataset", "date", "Literal['a']", "list[Cohort]", "datetime | None"])
def test_a_type_that_python_would_not_find_in_lab_is_refused_unless_it_is_quoted(annotation: str):
    value = {"L": '"a"', "l": "[]"}.get(annotation[0], '"2026-01-01"')
    value = "None" if "None" in annotation else value
    with pytest.raises(ParametersCellError, match="unknown to Python when the cell runs"):
        read_parameters(f"x: {annotation} = {value}")
    with pytest.raises(NameError):
        exec(f"x: {annotation} = {value}", {})
    for source in (f'x: "{annotation}" = {value}', f"from __future__ import annotations\nx: {annotation} = {value}"):
        exec(source, {})
        assert len(read_parameters(source)) == 1


def test_what_is_read_is_what_the_cell_does_when_it_is_executed():
    namespace: dict[str, object] = {}
    exec(EVERY_TYPE, namespace)
    assert all(namespace[p.name] == p.default for p in read_parameters(EVERY_TYPE))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("days = 7", "no type"),
        ("days: int", "no default"),
        ("days: int = 3 + 4", "not a literal"),
        ("days: int = int(7)", "not a literal"),
        ("days: int = other", "not a literal"),
        ("days: str = f'{1}'", "not a literal"),
        ("days: int = 7.0", "does not fit"),
        ("days: int = True", "does not fit"),
        ("days: bool = 1", "does not fit"),
        ("days: str = None", "does not fit"),
        ("days: 'date' = '2015-02-30'", "does not fit"),
        ("days: list[int] = [1, 2.5]", "does not fit"),
        ("days: list[int] = (1, 2)", "does not fit"),
        ("ties: Literal['a', 'b'] = 'c'", "does not fit"),
        ("days: float = 1e999", "does not fit"),
        ("days: complex = 1j", "types? that reports do not know|type that reports do not know"),
        ("days: dict = {}", "type that reports do not know"),
        ("days: list = []", "type that reports do not know"),
        ("days: 'int = 7' = 7", "type that reports do not know"),
        ("days: int | str = 7", "type that reports do not know"),
        ("ties: Literal['a', 1] = 'a'", "choices"),
        ("ties: Literal[True] = True", "choices"),
        ("ties: Literal['a', 'a'] = 'a'", "choices"),
        ("days: list['Secret'] = []", "type that reports do not know"),
        ("days: list[list[int]] = []", "type that reports do not know"),
        ("days: 'datetime' = '2026-01-01'", "does not fit"),
        ("days: 'Dataset' = 'a/b'", "does not fit"),
        ("days: int = 7  # 8 to 9; days", "does not fit"),
        ("days: str = 'abc'  # at most 2 characters", "does not fit"),
        ("days: list[int] = []  # at least 1 items", "does not fit"),
        ("days: int = 7\ndays: int = 8", "declared twice"),
        ("import os", "Import"),
        ("from os import path", "ImportFrom"),
        ("from .typing import x", "ImportFrom"),
        ("print(1)", "Expr"),
        ("for x in []: pass", "For"),
        ("a.b: int = 3", "AnnAssign"),
        ("days: int = 7; import os", "Import"),
        ("%matplotlib inline", "not Python"),
        ("days: int = ", "not Python"),
        ("days: int = 7\0", "not Python"),
        ("x: int = " + "-" * 100_000 + "1", "not Python|not a literal"),
        ("x: list[int] = " + "[" * 100_000, "not Python"),
        ("__builtins__: int = 1", "two underscores"),
    ],
)
def test_anything_but_typed_literals_is_refused(source: str, found: str):
    with pytest.raises(ParametersCellError, match=found):
        read_parameters(source)


@pytest.mark.parametrize(
    "name", ["for", "None", "x;import os", "x y", "1x", "", "ａ", "__import__", "x=", "x\n", "a.b"]
)
def test_a_name_that_would_be_code_is_no_name(name: str):
    assert why_no_name(name) is not None


INT, FLOAT, BOOL, STR, DATE = (ParameterType(kind) for kind in ("int", "float", "bool", "str", "date"))
TIES = ParameterType("choice", choices=("efron", "breslow"))
INTS, STRS = ParameterType("list", item="int"), ParameterType("list", item="str")
MAYBE = ParameterType("int", optional=True)


@pytest.mark.parametrize(
    ("declared", "text", "value"),
    [
        (INT, "7", 7),
        (INT, " -7 ", -7),
        (INT, "9007199254740993", 9007199254740993),
        (FLOAT, "7", 7.0),
        (FLOAT, "1e-3", 0.001),
        (FLOAT, ".5", 0.5),
        (BOOL, "true", True),
        (BOOL, "False", False),
        (STR, "7", "7"),
        (STR, " a=b ", " a=b "),
        (STR, "", ""),
        (DATE, "2024-02-29", "2024-02-29"),
        (TIES, "efron", "efron"),
        (ParameterType("choice", choices=(1, 2)), "2", 2),
        (INTS, "1,2, 3", [1, 2, 3]),
        (INTS, "[1, 2]", [1, 2]),
        (INTS, "", []),
        (STRS, "a b,c", ["a b", "c"]),
        (STRS, '["a,b", "c"]', ["a,b", "c"]),
        (ParameterType("list", item="float"), "1,2.5", [1.0, 2.5]),
        (MAYBE, "null", None),
        (MAYBE, "None", None),
        (MAYBE, "3", 3),
        (ParameterType("str", optional=True), "none", None),
    ],
)
def test_text_is_read_as_the_declared_type(declared: ParameterType, text: str, value: object):
    found = from_text(declared, text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        (INT, "7.0"),
        (INT, "1e3"),
        (INT, "1_000"),
        (INT, "٣"),
        (INT, "0x10"),
        (INT, "true"),
        (INT, ""),
        (INT, "null"),
        (INT, "9" * 5000),
        (FLOAT, "nan"),
        (FLOAT, "inf"),
        (FLOAT, "1e999"),
        (FLOAT, "9" * 400),
        (FLOAT, "1,5"),
        (BOOL, "1"),
        (BOOL, "yes"),
        (BOOL, "TRUE"),
        (BOOL, ""),
        (DATE, "2023-02-29"),
        (DATE, "2023-2-1"),
        (DATE, "20230201"),
        (DATE, "2023-02-01T00:00"),
        (TIES, "exact"),
        (TIES, "Efron"),
        (INTS, "1,,2"),
        (INTS, "[1, true]"),
        (INTS, "[1, [2]]"),
        (INTS, "[1, 2"),
        (INTS, "[" * 100_000),
        (INTS, "1.5"),
        (STRS, "[1]"),
    ],
)
def test_text_that_is_not_exactly_of_the_type_is_refused_without_being_repeated(declared: ParameterType, text: str):
    with pytest.raises(ValueError, match="wanted") as refused:
        from_text(declared, text)
    assert len(text) < 3 or text not in str(refused.value)


@given(
    value=st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()), st.binary()
    )
)
def test_every_value_is_either_refused_or_of_the_type(value: object):
    kinds = {INT: int, FLOAT: (int, float), BOOL: bool, STR: str, DATE: str}
    for declared, kind in kinds.items():
        if why_not(declared, value) is None:
            assert isinstance(value, kind)
            assert declared is BOOL or not isinstance(value, bool)


@given(value=st.integers(-(2**63), 2**63 - 1))
def test_an_int_survives_the_way_through_text(value: int):
    assert from_text(INT, str(value)) == value


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**400])
def test_an_int_that_no_table_can_hold_is_refused(value: int):
    assert "more than 64 bits" in (why_not(INT, value) or "")


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_survives_the_way_through_text(value: float):
    assert from_text(FLOAT, str(value)) == value
