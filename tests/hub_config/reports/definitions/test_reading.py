"""A report definition is read from TOML and JSON, and whatever is wrong is refused by field, kind and rule alone."""

import datetime as dt
import json
import zoneinfo
from pathlib import Path
from typing import Any

import pytest
import tzdata
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.errors import HubError
from hub_config.reports.definitions import (
    Definition,
    DefinitionError,
    diff_definitions,
    document_sha256,
    read_definition,
    to_toml,
)
from hub_config.reports.definitions.document import Recipient, Release, Retention, RunLimits, Sweep, Tolerance
from hub_config.reports.definitions.errors import DefinitionUnreadableError
from hub_config.reports.definitions.faults import _known_fields

MONTHLY = """
name = "ward-quality"
title = "Monthly quality report"
title_ko = "월간 질 보고서"
template = "templates/quality.ipynb"
schedule = "first working day of the month at 07:00"
timezone = "Asia/Seoul"
until = 2027-12-31
holidays = [2027-01-01]
missed = "all"
missed_limit = 3
retries = 2
safe_to_retry = true
retry_after = ["interrupted", "timed_out"]
retry_delay_seconds = 300
priority = -2
late_after_seconds = 3600
release = "latest"
alerts = ["events > 20"]

[parameters]
index_from = "{month:-1}"
wards = ["A", "B"]
person_id = 9007199254740993
share = 0.1
limit = {null = true}
seen_from = 2015-01-01

[sweep.grid]
ward = ["A", "B"]
year = [2024, 2025]

[limits]
cell_seconds = 60
run_seconds = 600

[[recipients]]
target = "quality-team"
events = ["failed", "late"]

[retention]
successes = 24
days = 400

[compare.median-stay]
absolute = 0.5
"""
LEAST = {"name": "x", "title": "X", "template": "comparative_safety"}


def least(**more: Any) -> str:
    return json.dumps(LEAST | more)


def test_every_field_is_read():
    found = read_definition(MONTHLY, "toml")
    assert found == Definition(
        name="ward-quality",
        title="Monthly quality report",
        title_ko="월간 질 보고서",
        template="templates/quality.ipynb",
        schedule=("first working day of the month at 07:00",),
        timezone="Asia/Seoul",
        until=dt.date(2027, 12, 31),
        holidays=(dt.date(2027, 1, 1),),
        missed="all",
        missed_limit=3,
        retries=2,
        safe_to_retry=True,
        retry_after=("interrupted", "timed_out"),
        retry_delay_seconds=300,
        priority=-2,
        late_after_seconds=3600,
        release=Release(policy="latest"),
        alerts=("events > 20",),
        parameters={
            "index_from": "{month:-1}",
            "wards": ["A", "B"],
            "person_id": 9007199254740993,
            "share": 0.1,
            "limit": None,
            "seen_from": "2015-01-01",
        },
        sweep=Sweep(grid={"ward": ["A", "B"], "year": [2024, 2025]}),
        limits=RunLimits(cell_seconds=60, run_seconds=600),
        recipients=(Recipient(target="quality-team", events=("failed", "late")),),
        retention=Retention(successes=24, days=400),
        compare={"median-stay": Tolerance(absolute=0.5)},
    )
    assert found.retry_rule() == {"left": 2, "delay_s": 300, "states": ["interrupted", "timed_out"]}


def test_the_same_definition_comes_from_toml_from_json_and_from_what_is_written_again():
    found = read_definition(MONTHLY.encode("utf-8-sig"), "toml")
    for again in (
        read_definition(to_toml(found), "toml"),
        read_definition(json.dumps(found.to_document()), "json"),
        read_definition(json.dumps(found.model_dump(mode="json", exclude_unset=True)).encode(), "json"),
    ):
        assert again == found
        assert document_sha256(again) == document_sha256(found)
        assert diff_definitions(found, again) == []


def test_a_table_of_tables_alone_has_no_empty_head_in_toml():
    found = read_definition(least(sweep={"grid": {"ward": ["A", "B"]}}), "json")
    assert "\n[sweep.grid]\n" in to_toml(found)
    assert "[sweep]" not in to_toml(found)
    assert read_definition(to_toml(found), "toml") == found


def test_a_purpose_has_lines_and_a_definition_without_one_is_the_same_as_before_there_was_any():
    found = read_definition(least(purpose=" Which wards need help.\n\nRead monthly. "), "json")
    assert found.purpose == "Which wards need help.\n\nRead monthly."
    assert read_definition(to_toml(found), "toml") == found
    assert document_sha256(read_definition(least(purpose=""), "json")) == document_sha256(
        read_definition(least(), "json")
    )


def test_three_fields_are_enough_and_the_hash_does_not_know_in_which_order_they_were_written():
    found = read_definition(least(), "json")
    assert (found.schedule, found.enabled, found.retry_rule(), found.missed) == ((), True, {}, "once")
    turned = json.dumps(dict(reversed(LEAST.items())) | {"enabled": True, "priority": 0})
    assert document_sha256(read_definition(turned, "json")) == document_sha256(found)
    assert document_sha256(read_definition(least(priority=1), "json")) != document_sha256(found)


def test_the_hash_stays_what_it_was_when_the_definition_was_approved():
    assert (
        document_sha256(read_definition(MONTHLY, "toml"))
        == "f15a98bcb3d1a52430264077617f85819899c667619bb15f5711e70300a655fe"
    )


def test_a_change_is_told_field_by_field():
    before = read_definition(MONTHLY, "toml")
    text = MONTHLY.replace("priority = -2\n", "").replace("0.1", "1").replace("0.5", "0.25").replace('"B"', '"C"')
    after = read_definition(text, "toml")
    assert [(one.field, one.before, one.after, one.kind) for one in diff_definitions(before, after)] == [
        ("parameters.share", 0.1, 1, "changed"),
        ("parameters.wards", ["A", "B"], ["A", "C"], "changed"),
        ("sweep.grid.ward", ["A", "B"], ["A", "C"], "changed"),
        ("priority", -2, None, "removed"),
        ("compare.median-stay.absolute", 0.5, 0.25, "changed"),
    ]
    whole = read_definition(least(parameters={"x": 1}), "json")
    fraction = read_definition(least(parameters={"x": 1.0}), "json")
    assert [one.kind for one in diff_definitions(whole, fraction)] == ["changed"]
    assert diff_definitions(whole, fraction)[0].to_dict()["field"] == "parameters.x"


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    st.text("a \\\n\x7f\t\"'“", min_size=400, max_size=3000),
)


@settings(max_examples=200, deadline=None)
@given(
    parameters=st.dictionaries(
        st.from_regex("[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
            lambda name: name not in {"as", "if", "in", "is", "or", "and", "for", "def", "del", "not", "try"}
        ),
        VALUES | st.lists(VALUES, max_size=3),
        max_size=4,
    )
)
def test_every_value_that_a_parameter_can_have_goes_through_toml_and_json_unchanged(parameters: dict[str, Any]):
    try:
        found = Definition(**LEAST, parameters=parameters)
    except ValueError:  # a keyword of Python
        return
    for text, form in ((to_toml(found), "toml"), (json.dumps(found.to_document()), "json")):
        assert repr(dict(read_definition(text, form).parameters)) == repr(parameters)


MARK = "Kim Min-ji 1961"
HIDDEN = "(a name of 4 characters)"

BAD_FIELDS: list[tuple[dict[str, Any], str, str]] = [
    # (what is written, field, rule)
    ({"name": "Ward"}, "name", "value"),
    ({"name": "x" * 41}, "name", "value"),
    ({"name": ""}, "name", "value"),
    ({"name": "x\n"}, "name", "value"),
    ({"name": 3}, "name", "type"),
    ({"name": MARK}, "name", "value"),
    ({"title": ""}, "title", "value"),
    ({"title": MARK + "\n"}, "title", "value"),
    ({"title": "x" * 201}, "title", "value"),
    ({"title": [MARK]}, "title", "type"),
    ({"title_ko": 1}, "title_ko", "type"),
    ({"titel": MARK}, "titel", "unknown-field"),
    ({MARK: 1}, "(a name of 15 characters)", "unknown-field"),
    ({"template": "../" + MARK + ".ipynb"}, "template", "value"),
    ({"template": "a/../../b.ipynb"}, "template", "value"),
    ({"template": "/etc/passwd"}, "template", "value"),
    ({"template": "/x.ipynb"}, "template", "value"),
    ({"template": "~root/x.ipynb"}, "template", "value"),
    ({"template": "a\0.ipynb"}, "template", "value"),
    ({"template": "{x}.ipynb"}, "template", "value"),
    ({"template": "a\\b.ipynb"}, "template", "value"),
    ({"template": "a//b.ipynb"}, "template", "value"),
    ({"template": "./b.ipynb"}, "template", "value"),
    ({"template": ".runs/b.ipynb"}, "template", "value"),
    ({"template": "b.txt"}, "template", "value"),
    ({"template": "x" * 300 + ".ipynb"}, "template", "value"),
    ({"template": "templates/" + "질" * 81 + ".ipynb"}, "template", "value"),  # its name would not fit into the queue
    ({"template": "a \n.ipynb"}, "template", "value"),
    ({"template": ""}, "template", "value"),
    ({"template": None}, "template", "type"),
    ({"template": ["x.ipynb"]}, "template", "type"),
    ({"parameters": [MARK]}, "parameters", "value"),
    ({"parameters": {"x;import os": 1}}, "parameters", "value"),
    ({"parameters": {"__class__": 1}}, "parameters", "value"),
    ({"parameters": {"x": {MARK: 1}}}, "parameters", "value"),
    ({"parameters": {"x": [[1]]}}, "parameters", "value"),
    ({"parameters": {"x": {"null": 1}}}, "parameters", "value"),
    ({"parameters": {"x": 2**63}}, "parameters", "value"),
    ({"parameters": {"x": "a\0"}}, "parameters", "value"),
    ({"parameters": {"x": "\ud800"}}, "parameters", "value"),
    ({"parameters": {"x": MARK * 1000}}, "parameters", "value"),
    ({"parameters": {"x": [0] * 10_001}}, "parameters", "value"),
    ({"parameters": {f"x{n}": 0 for n in range(201)}}, "parameters", "value"),
    ({"schedule": 7}, "schedule", "type"),
    ({"schedule": [7]}, "schedule[1]", "type"),
    ({"schedule": ["0 7 * * *", "0 7 * * *"]}, "schedule", "value"),
    ({"schedule": [f"0 {n} * * *" for n in range(11)]}, "schedule", "range"),
    ({"schedule": "0 7 * * *\n" + MARK}, "schedule[1]", "value"),
    ({"timezone": "Asia/Soul"}, "timezone", "value"),
    ({"timezone": "../../etc/passwd"}, "timezone", "value"),
    ({"timezone": "localtime"}, "timezone", "value"),
    ({"timezone": 9}, "timezone", "type"),
    ({"until": "31.12.2027"}, "until", "value"),
    ({"until": "2027-02-30"}, "until", "value"),
    ({"until": 20271231}, "until", "value"),
    ({"holidays": "2027-01-01"}, "holidays", "type"),
    ({"holidays": [MARK]}, "holidays[1]", "value"),
    ({"missed": "skp"}, "missed", "value"),
    ({"missed_limit": 3}, "missed_limit", "contradiction"),
    ({"missed": "all", "missed_limit": 0}, "missed_limit", "range"),
    ({"limits": {"cell_seconds": 0}}, "limits.cell_seconds", "range"),
    ({"limits": {"cell_seconds": 1.5}}, "limits.cell_seconds", "type"),
    ({"limits": {"cell_seconds": True}}, "limits.cell_seconds", "type"),
    ({"limits": {"cell_second": 1}}, "limits.cell_second", "unknown-field"),
    ({"limits": {"cell_seconds": 10, "run_seconds": 5}}, "limits.cell_seconds", "contradiction"),
    ({"limits": 3}, "limits", "type"),
    ({"purpose": "x\x07"}, "purpose", "value"),
    ({"purpose": MARK * 1000}, "purpose", "value"),
    ({"purpose": None}, "purpose", "type"),
    ({"retries": 6, "safe_to_retry": True}, "retries", "range"),
    ({"retries": -1}, "retries", "range"),
    ({"retries": 1}, "safe_to_retry", "contradiction"),
    ({"retries": "2"}, "retries", "type"),
    ({"safe_to_retry": "yes"}, "safe_to_retry", "type"),
    ({"safe_to_retry": 1}, "safe_to_retry", "type"),
    ({"retry_after": ["succeeded"]}, "retry_after[1]", "value"),
    ({"retry_after": []}, "retry_after", "range"),
    ({"retry_delay_seconds": 10**30}, "retry_delay_seconds", "range"),
    ({"priority": 11}, "priority", "range"),
    ({"priority": 0.5}, "priority", "type"),
    ({"recipients": ["team"]}, "recipients[1]", "type"),
    ({"recipients": [{"target": MARK}]}, "recipients[1].target", "value"),
    ({"recipients": [{"target": "a"}, {"target": "a"}]}, "recipients", "contradiction"),
    ({"recipients": [{"target": "a", "events": ["fail"]}]}, "recipients[1].events[1]", "value"),
    ({"recipients": [{"target": "a", "event": []}]}, "recipients[1].event", "unknown-field"),
    ({"recipients": [{"events": ["failed"]}]}, "recipients[1].target", "missing-field"),
    ({"late_after_seconds": 0}, "late_after_seconds", "range"),
    ({"retention": {"successes": 0}}, "retention.successes", "range"),
    ({"release": "newest"}, "release.policy", "value"),
    ({"release": "pinned"}, "release", "value"),
    ({"release": {"policy": "latest", "datasets": {"gibleed": "2026"}}}, "release", "value"),
    ({"release": {"policy": "pinned", "datasets": {"../x": "2026"}}}, f"release.datasets.{HIDDEN}", "value"),
    ({"release": {"policy": "pinned", "datasets": {"gibleed": "../2026"}}}, "release.datasets.gibleed", "value"),
    ({"compare": {"Bad Id": {}}}, "compare.(a name of 6 characters)", "value"),
    ({"compare": {"x": {"relative": -1}}}, "compare.x.relative", "range"),
    ({"compare": {"x": {"relative": "1%"}}}, "compare.x.relative", "type"),
    ({"alerts": [MARK + "\x07"]}, "alerts[1]", "value"),
    ({"alerts": ["events > 20"] * 2}, "alerts", "value"),
    ({"sweep": {}}, "sweep", "value"),
    ({"sweep": 3}, "sweep", "type"),
    ({"sweep": []}, "sweep", "value"),
    ({"sweep": {"grid": {"x": [1]}, "csv": "a.csv"}}, "sweep", "value"),
    ({"sweep": {"grid": {"x": 1}}}, "sweep.grid", "value"),
    ({"sweep": {"grid": {"x": []}}}, "sweep.grid", "value"),
    ({"sweep": {"grid": {"x y": [1]}}}, "sweep.grid", "value"),
    ({"sweep": {"grid": {"x": [0] * 1001}}}, "sweep.grid", "value"),
    ({"sweep": {"zip": {"x": [1, 2], "y": [1]}}}, "sweep", "value"),
    ({"sweep": {"csv": "../wards.csv"}}, "sweep.csv", "value"),
    ({"sweep": {"csv": "wards.xlsx"}}, "sweep.csv", "value"),
    ({"sweep": [{"x": 1}] * 1001}, "sweep.sets", "range"),
    ({"sweep": [MARK]}, "sweep.sets", "value"),
    ({"enabled": "true"}, "enabled", "type"),
    ({"enabled": None}, "enabled", "type"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "field", "rule"), BAD_FIELDS)
def test_a_field_that_is_wrong_is_refused_by_name_kind_and_rule_without_its_value(
    more: dict[str, Any], field: str, rule: str
):
    with pytest.raises(DefinitionError) as refused:
        read_definition(least(**more), "json")
    problems = refused.value.problems
    assert [(one.field, one.rule) for one in problems] == [(field, rule)]
    assert refused.value.code == "REPORT-DEFINITION"
    assert MARK not in str(refused.value)
    assert "Kim" not in json.dumps([one.to_dict() for one in problems])


DEEP = "[" * 50
BAD_DOCUMENTS: list[tuple[str | bytes, str, str]] = [
    ("x = 1\nx = 2", "toml", "syntax"),
    ("x = ", "toml", "syntax"),
    ("name: x\ntitle: y\n", "toml", "syntax"),
    ("- a\n- b\n", "toml", "syntax"),
    ("a: &a [x]\nb: [*a, *a]\n", "toml", "syntax"),
    ("x = " + "[" * 3_000, "toml", "depth|syntax"),
    ("\n".join("[" + ".".join("a" * n) + "]" for n in range(1, 12)), "toml", "depth"),
    (".".join("a" * 1_900) + " = 1", "toml", "depth"),
    (".".join("a" * 40_000) + " = 1", "toml", "line-length"),
    ("x = " + "9" * 3_900, "toml", "missing-field"),
    ("x = '" + "y" * 5_000 + "'", "toml", "line-length"),
    ("# " + "\n# " * 2**17, "toml", "size"),
    ("가" * 2**17, "toml", "size"),
    ("x = '\0'", "toml", "encoding"),
    ("x = '\ud800'", "toml", "encoding"),
    (b"x = '\xff'", "toml", "encoding"),
    (b"\xff\xfex\0", "toml", "encoding"),
    ('x = "\\ud800"', "toml", "syntax"),
    ("x = nan", "toml", "missing-field"),
    ("", "json", "syntax"),
    ("{", "json", "syntax"),
    ("{'a': 1}", "json", "syntax"),
    ("[" * 200_000, "json", "depth"),
    ('{"a":' * 30_000, "json", "depth"),
    ('{"a": ' + "[" * 9 + "]" * 9 + "}", "json", "depth"),
    ('{"name": "x", "name": "y"}', "json", "duplicate-key"),
    ('{"limits": {"a": 1, "a": 2}}', "json", "duplicate-key"),
    ('{"name": NaN}', "json", "number"),
    ('{"name": -Infinity}', "json", "number"),
    ('{"retries": ' + "9" * 5_000 + "}", "json", "number"),
    ('{"name": "\0"}', "json", "encoding"),
    (b'{"name": "\xed\xa0\x80"}', "json", "encoding"),
    (" " * (2**18 + 1), "json", "size"),
    ("[]", "json", "type"),
    ("null", "json", "type"),
    ('"x"', "json", "type"),
    ("3", "json", "type"),
    ("name: x", "yaml", "format"),
    ("name = 'x'", "TOML", "format"),
]


@pytest.mark.parametrize(("content", "form", "rule"), BAD_DOCUMENTS)
def test_a_document_that_cannot_be_read_is_refused_quickly_and_by_rule(content: str | bytes, form: str, rule: str):
    with pytest.raises((DefinitionError, DefinitionUnreadableError)) as refused:
        read_definition(content, form)
    assert refused.value.problems[0].rule in rule.split("|")
    assert refused.value.__cause__ is None
    assert len(str(refused.value)) < 2_000


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(DefinitionError) as refused:
        read_definition('{"titel": "x", "retries": 9, "missed": "never", "limits": {"cell_seconds": -1}}', "json")
    assert [str(one) for one in refused.value.problems] == [
        "name: is missing",
        "title: is missing",
        "template: is missing",
        "missed: found text of 5 characters, must be 'skip', 'once' or 'all'",
        "limits.cell_seconds: found a whole number, must be greater than or equal to 1",
        "retries: found a whole number, must be less than or equal to 5",
        "titel: is no field of a definition (did you mean title?)",
    ]


def test_names_that_are_nearly_right_get_a_suggestion():
    with pytest.raises(DefinitionError, match=r"did you mean cell_seconds\?.*did you mean target\?"):
        read_definition(least(limits={"cell_secs": 1}, recipients=[{"target": "a", "targt": "b"}]), "json")
    with pytest.raises(DefinitionError, match=r"did you mean skip\?"):
        read_definition(least(missed="skp"), "json")


@settings(max_examples=300, deadline=None)
@given(
    document=st.dictionaries(
        st.sampled_from([*Definition.model_fields, "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.just(MARK) | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["sets", "grid", "policy", "target", MARK]), inner, max_size=2)
            ),
            max_leaves=6,
        ),
        max_size=6,
    )
)
def test_no_document_leads_to_anything_but_a_definition_or_a_refusal_without_its_values(document: dict[str, Any]):
    from hub_config.reports.definitions.reading import parse_definition

    said = ""
    try:
        found = parse_definition(LEAST | document)
    except HubError as refused:
        said = str(refused)
    assert MARK not in said
    assert said or read_definition(to_toml(found), "toml") == found


def test_a_definition_cannot_be_changed():
    found = read_definition(MONTHLY, "toml")
    for change in (
        lambda: setattr(found, "name", "y"),
        lambda: found.parameters.__setitem__("x", 1),  # type: ignore[attr-defined]
        lambda: found.compare.__setitem__("x", 1),  # type: ignore[attr-defined]
    ):
        with pytest.raises((ValueError, AttributeError, TypeError)):
            change()


def test_the_known_fields_of_each_table_are_those_of_its_model():
    assert "cell_seconds" in _known_fields(["limits"])
    assert "target" in _known_fields(["recipients", 0])
    assert "grid" in _known_fields(["sweep"])
    assert "relative" in _known_fields(["compare", "x"])


@pytest.mark.parametrize(("content", "form"), [("{}", "json"), ("{", "json")])
def test_a_refusal_passes_between_processes(content: str, form: str):
    import pickle

    with pytest.raises(HubError) as refused:
        read_definition(content, form)
    again = pickle.loads(pickle.dumps(refused.value))
    assert (type(again), str(again), again.problems) == (
        type(refused.value),
        str(refused.value),
        refused.value.problems,
    )


def test_zones_are_those_that_schedules_know_whatever_the_machine_has(tmp_path):
    """Schedules are computed with the locked package; and looking through a machine's files takes 3 ms a definition."""
    zone = tmp_path / "Mars" / "Base"
    zone.parent.mkdir()
    zone.write_bytes((Path(tzdata.__file__).parent / "zoneinfo" / "Asia" / "Seoul").read_bytes())
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path)])
    try:
        assert "Mars/Base" in zoneinfo.available_timezones()
        with pytest.raises(DefinitionError):
            read_definition(least(timezone="Mars/Base"), "json")
        assert read_definition(least(timezone="Asia/Seoul"), "json").timezone == "Asia/Seoul"
    finally:
        zoneinfo.reset_tzpath([path for path in before if path])
