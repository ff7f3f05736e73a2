"""The JSON Schema of a template accepts and refuses exactly what the platform's own checks do."""

import datetime as dt
import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from hub_config.reports.parameters import (
    KnownNames,
    Parameter,
    ParameterType,
    from_text,
    json_schema,
    read_parameters,
    read_parameters_file,
    why_not,
)
from hub_config.reports.parameters.choices import why_unknown
from hub_config.reports.parameters.json_schemas import type_schema
from hub_config.reports.parameters.ranges import read_range
from hub_config.reports.parameters.typed_text import to_text
from hub_config.reports.parameters.values import with_declared_type

TODAY = dt.date(2026, 11, 27)
# JSON Schema counts 3.0 as an integer, which these checks refuse; all else is JSON Schema as it is.
Strict = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)
KNOWN = KnownNames({"gibleed": ["2026-01-01-abc"], "synpuf": []}, ["t2dm"], ["token"])

RANGES = {
    "int": ["", "0 to 3650", ">= 0", "-5 < x < 5", "< 9007199254740993"],
    "float": ["", "0 to 1", "0 < x <= 1", "> -1.5", "<= 1e300"],
    "str": ["", "at most 3 characters", "1 to 2 characters"],
    "date": ["", "1900-01-01 to today", "> 2020-02-28", "< 2020-03-01", "> 9999-12-31"],
    "datetime": ["", "1900-01-01 to today", "2020-01-01 <= x < 2021-01-01"],
}
ITEMS = ["", "at most 2 items", "exactly 1 items", "1 to 3 items"]


@st.composite
def types(draw: st.DrawFn) -> ParameterType:
    kind = draw(st.sampled_from(["bool", "int", "float", "str", "date", "datetime", "Dataset", "Cohort", "choice"]))
    is_list = draw(st.booleans())
    parts = [draw(st.sampled_from(RANGES.get(kind, [""]))), draw(st.sampled_from(ITEMS)) if is_list else ""]
    choices = draw(st.sampled_from([("a", "b"), (1, 2)])) if kind == "choice" else ()
    kind = draw(st.sampled_from([kind, "Secret"])) if kind == "Cohort" and not is_list else kind
    return ParameterType(
        "list" if is_list else kind,
        item=kind if is_list else None,
        choices=choices,
        optional=draw(st.booleans()),
        range=read_range(", ".join(part for part in parts if part), kind=kind, is_list=is_list)[0],
    )


DAYS = st.one_of(
    st.dates().map(str),
    st.dates(dt.date(2019, 12, 1), dt.date(2021, 2, 1)).map(str),
    st.sampled_from(["0000-01-01", "2023-02-29", "1900-02-29", "2000-02-29", "2026-11-28", "2026-1-1", "2026-01-01\n"]),
)
NAMES = st.sampled_from(
    ["gibleed", "gibleed@2026-01-01-abc", "synpuf", "t2dm", "token", "../x", "A", "x@", "a@b@c", "a\n"]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-6, 6),
    st.sampled_from([3650, 3651, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**400, 0.1, 1.5, 1e308]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-2, 2),
    st.text(max_size=5),
    st.sampled_from(["a", "b", "", "\0", "\ud800", "병동", "😀😀😀", "x" * 10_000, "x" * 10_001, "a\n"]),
    DAYS,
    st.datetimes(timezones=st.none() | st.timezones()).map(dt.datetime.isoformat),
    DAYS.map(lambda day: day + "T07:00+09:00"),
    NAMES,
)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=4), st.dictionaries(st.text(max_size=2), SCALARS, max_size=1))


@st.composite
def likely_values(draw: st.DrawFn, declared: ParameterType) -> Any:
    """A value that fits often enough for both answers to be tried."""
    kind = str(declared.item) if declared.kind == "list" else declared.kind
    fitting: dict[str, st.SearchStrategy[Any]] = {
        "bool": st.booleans(),
        "int": st.integers(-6, 4000),
        "float": st.floats(-2, 2) | st.integers(-2, 2),
        "str": st.text(max_size=4),
        "date": DAYS,
        "datetime": DAYS.map(lambda day: day + "T07:00"),
        "choice": st.sampled_from(declared.choices or ("a",)),
    }
    one = fitting.get(kind, NAMES)
    return draw(st.lists(one, max_size=4) if declared.kind == "list" else one)


@st.composite
def types_and_values(draw: st.DrawFn) -> tuple[ParameterType, Any]:
    declared = draw(types())
    return declared, draw(st.one_of(VALUES, likely_values(declared)))


@settings(max_examples=1000, deadline=None)
@given(drawn=types_and_values())
@example(drawn=(ParameterType("int"), True))
@example(drawn=(ParameterType("choice", choices=(1, 2)), True))
@example(drawn=(ParameterType("float"), 10**400))
@example(drawn=(ParameterType("date", optional=True, range=read_range("> 9999-12-31", kind="date")[0]), None))
def test_schema_and_checks_agree_on_every_value(drawn: tuple[ParameterType, Any]):
    declared, value = drawn
    schema = type_schema(declared, today=TODAY)
    Draft202012Validator.check_schema(schema)
    assert Strict(schema).is_valid(value) == (why_not(declared, value, today=TODAY) is None)


@settings(max_examples=500, deadline=None)
@given(drawn=types_and_values())
def test_schema_and_checks_agree_on_names_that_exist(drawn: tuple[ParameterType, Any]):
    declared, value = drawn
    fits = why_not(declared, value, today=TODAY) is None and why_unknown(declared, value, choices=KNOWN) is None
    assert Strict(type_schema(declared, today=TODAY, choices=KNOWN)).is_valid(value) == fits


@settings(max_examples=500, deadline=None)
@given(declared=types(), text=st.one_of(st.text(max_size=8), SCALARS.map(str), SCALARS.map(json.dumps)))
def test_what_is_read_from_text_is_what_the_schema_accepts(declared: ParameterType, text: str):
    try:
        value = from_text(declared, text, today=TODAY)
    except ValueError:
        return
    assert Strict(type_schema(declared, today=TODAY)).is_valid(value)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(drawn=types().flatmap(lambda declared: st.tuples(st.just(declared), SCALARS | likely_values(declared))))
def test_a_value_that_fits_goes_through_text_json_and_yaml_unchanged(
    drawn: tuple[ParameterType, Any], tmp_path_factory
):
    declared, value = drawn
    assume(why_not(declared, value, today=TODAY) is None)
    value = with_declared_type(declared, value)
    ways = {"json": json.loads(json.dumps(value))}
    file = tmp_path_factory.getbasetemp() / "values.yaml"
    file.write_text(yaml.safe_dump({"x": value}), encoding="utf-8")
    ways["yaml"] = read_parameters_file(file)["x"]
    if not (declared.optional and isinstance(value, str) and value.strip().lower() in {"null", "none"}):
        ways["text"] = from_text(declared, to_text(value), today=TODAY)
    assert all(repr(way) == repr(value) for way in ways.values())


def test_json_schema_alone_takes_a_whole_number_with_a_point_for_an_integer():
    assert Draft202012Validator(type_schema(ParameterType("int"))).is_valid(3.0)
    assert why_not(ParameterType("int"), 3.0) is not None


def test_a_template_is_described_with_titles_help_defaults_ranges_and_units():
    schema = json_schema(
        read_parameters(
            "lookback_days: int = 365  # 0 to 3650 days; covariates are read this far back\n"
            'release: "Dataset | None" = "gibleed"  # the data\n'
        ),
        choices=KNOWN,
    )
    Draft202012Validator.check_schema(schema)
    assert schema == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "lookback_days": {
                "title": "Lookback days",
                "description": "covariates are read this far back",
                "type": "integer",
                "minimum": 0,
                "maximum": 3650,
                "default": 365,
                "x-type": "int",
                "x-range": "0 to 3650 days",
                "x-unit": "days",
            },
            "release": {
                "title": "Release",
                "description": "the data",
                "type": ["string", "null"],
                "pattern": schema["properties"]["release"]["pattern"],
                "enum": ["gibleed", "gibleed@2026-01-01-abc", "synpuf", None],
                "default": "gibleed",
                "x-type": "Dataset | None",
            },
        },
    }
    assert not Draft202012Validator(schema).is_valid({"lookback": 3})
    assert Draft202012Validator(schema).is_valid({})


@pytest.mark.parametrize("comment", ["", "0 to 10; help"])
def test_every_default_is_valid_under_its_own_schema(comment: str):
    parameters = [Parameter("x", ParameterType("int", range=read_range(comment, kind="int")[0]), 3)]
    assert Draft202012Validator(json_schema(parameters)).is_valid({one.name: one.default for one in parameters})
