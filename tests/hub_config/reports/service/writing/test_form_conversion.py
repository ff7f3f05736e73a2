"""From a document to the form and back: nothing is lost, whatever the form can show of it."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.projects import Event
from hub_config.reports.calendar.errors import ScheduleError
from hub_config.reports.calendar.rules import parse_rule
from hub_config.reports.definitions import Definition, document_sha256
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.parameters import read_parameters, why_not
from hub_config.reports.service.writing.form import Opened, document_of, typed_of

CELL = """
from typing import Literal
ward: str = "A"  # which ward
note: str | None = None  # a note
n: int = 3  # 1 to 9; how many
share: float = 0.5  # how much
first: 'date' = "2026-01-01"  # first day
seen: 'datetime' = "2026-01-01T00:00"  # seen until
strict: bool = False  # whether to be strict
adjust: bool | None = None  # whether to adjust
ties: Literal["efron", "breslow"] = "efron"  # how
codes: list[int] = [1]  # some
names: list[str] = []  # some
ways: list[Literal["breslow", "efron", "", "null"]] = ["efron", "breslow"]  # how
years: list[Literal[2024, 2025, 2026]] | None = None  # which
wards: list[Literal["A", "B"]] | None = None  # 1 to 2 items; which
data: 'Dataset' = "demo"  # which data
"""
DECLARED = {one.name: one for one in read_parameters(CELL)}
LEAST = {"name": "monthly", "title": "Monthly", "template": "quality.ipynb"}
GOOD = st.fixed_dictionaries(
    {},
    optional={
        "ward": st.sampled_from(["A", "B, C", " padded ", "two\nlines", "a\rb", "", "null", "{month:-1}", "다"]),
        "note": st.sampled_from([None, "", "null", "x"]),
        "n": st.sampled_from([1, 3, 9]),
        "share": st.sampled_from([0.5, 1.0, 1e-9, 0.1, 2]),
        "first": st.sampled_from(["2026-01-01", "2026-02-28", "{month:-1.start}"]),
        "seen": st.sampled_from(["2026-01-01T00:00", "{slot}"]),
        "strict": st.booleans(),
        "adjust": st.sampled_from([None, True, False]),
        "ties": st.sampled_from(["efron", "breslow"]),
        "codes": st.lists(st.integers(-5, 2**62), max_size=4),
        "names": st.lists(st.sampled_from(["a", "b, c", " d", "", '"']), max_size=3),
        "ways": st.lists(st.sampled_from(["breslow", "efron", "", "null"]), max_size=5),
        "years": st.none() | st.lists(st.sampled_from([2024, 2025, 2026]), max_size=3),
        "wards": st.sampled_from([None, ["A"], ["B", "A"]]),
        "data": st.sampled_from(["demo", "demo@2026-01"]),
    },
)
SCALARS = st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text("ab,\n {[}'\"null가", max_size=6)
ANY = st.dictionaries(
    st.sampled_from([*DECLARED, "gone", "older"]), st.none() | SCALARS | st.lists(SCALARS, max_size=3), max_size=6
)
LISTS = st.dictionaries(
    st.sampled_from([*DECLARED, "gone"]), st.lists(SCALARS, min_size=2, max_size=2), min_size=1, max_size=3
)
SWEEPS = st.one_of(
    st.fixed_dictionaries({"grid": LISTS}),
    st.fixed_dictionaries({"zip": LISTS}),
    st.fixed_dictionaries({"sets": st.lists(GOOD.filter(bool) | ANY.filter(bool), min_size=1, max_size=4)}),
    st.just({"csv": "sweeps/wards.csv"}),
)
LINES = st.sampled_from(
    [
        "0 7 * * 1-5", "every day at 07:00", "every working day at 06:30", "every Monday and Friday at 23:59",
        "every friday, monday at 07:00", "first weekday of the month at 07:00", "31st day of the quarter at 00:00",
        "last Sunday of the year at 12:00", "second last working day of the month at 07:00",
        "1st day of the month or the next working day at 07:00", "every day at 07:00 and 19:00",
        "first day of May at 07:00", "what nobody understands at seven",
    ]
)  # fmt: skip
IDS = st.from_regex(r"[a-z0-9]{1,4}(-[a-z0-9]{1,4})?", fullmatch=True)
SHARES = st.sampled_from([0, 0.5, 1e-9, 1e-12, 0.123456789, 3])
DOCUMENTS = st.fixed_dictionaries(
    {key: st.just(value) for key, value in LEAST.items()},
    optional={
        "title_ko": st.just("월간"),
        "purpose": st.sampled_from(["One line.", "Two\n\nlines", " padded "]),
        "parameters": GOOD | ANY,
        "sweep": SWEEPS,
        "schedule": st.lists(LINES, max_size=3, unique=True),
        "timezone": st.sampled_from(["Asia/Seoul", "UTC"]),
        "until": st.dates().map(dt.date.isoformat),
        "holidays": st.lists(st.dates().map(dt.date.isoformat), max_size=3, unique=True),
        "missed": st.sampled_from(["skip", "once"]),
        "limits": st.fixed_dictionaries(
            {}, optional={"cell_seconds": st.integers(1, 90), "run_seconds": st.sampled_from([90, 3_600, 172_800])}
        ),
        "safe_to_retry": st.just(True),
        "retry_after": st.lists(st.sampled_from(["interrupted", "failed", "timed_out"]), min_size=1, unique=True),
        "retry_delay_seconds": st.integers(0, 86_400),
        "priority": st.integers(-10, 10),
        "recipients": st.lists(
            st.fixed_dictionaries(
                {"target": st.sampled_from(["ops", "desk", "gone-target"])},
                optional={"events": st.lists(st.sampled_from([one.value for one in Event]), min_size=1, unique=True)},
            ),
            max_size=3,
            unique_by=lambda one: one["target"],
        ),
        "late_after_seconds": st.integers(1, 2_000_000),
        "retention": st.fixed_dictionaries({}, optional={"successes": st.integers(1, 99), "days": st.integers(1, 99)}),
        "release": st.just("latest") | st.just({"policy": "pinned", "datasets": {"demo": "2026-01", "ehr": "x"}}),
        "compare": st.dictionaries(
            IDS,
            st.fixed_dictionaries(
                {}, optional={"absolute": SHARES, "relative": SHARES, "exact_integers": st.booleans()}
            ),
            max_size=3,
        ),
        "alerts": st.lists(st.sampled_from(["events > 20", "x  changed", "what"]), max_size=3, unique=True),
        "enabled": st.booleans(),
    },
)  # fmt: skip


def opened(document: Mapping[str, Any], declared: Mapping[str, Any] = DECLARED) -> Opened:
    return Opened(parse_definition(dict(document)).to_document(), declared)


def saved(typed: Mapping[str, Any], form: Opened) -> Definition:
    read = document_of(typed, form)
    assert read.problems == []
    return parse_definition(read.document)


@given(DOCUMENTS, st.sampled_from([DECLARED, {}, {"n": DECLARED["n"]}]))
@settings(max_examples=300, deadline=None)
def test_a_definition_that_is_opened_and_saved_is_the_same(document: dict[str, Any], declared: dict[str, Any]) -> None:
    form = opened(document, declared)
    again = saved(typed_of(form), form)
    assert again == parse_definition(document)
    assert document_sha256(again) == document_sha256(parse_definition(document))


@given(DOCUMENTS, st.sampled_from(["title", "retries", "timezone"]))
@settings(max_examples=60, deadline=None)
def test_a_change_of_one_field_changes_no_other(document: dict[str, Any], name: str) -> None:
    form = opened(document)
    value: dict[str, Any] = {"title": "Another", "retries": 2, "timezone": "Europe/Paris"}
    typed = typed_of(form) | {name: [str(value[name])], "safe_to_retry": ["on"]}
    expected = parse_definition({**document, name: value[name], "safe_to_retry": True})
    assert document_sha256(saved(typed, form)) == document_sha256(expected)


NEW = Opened({}, DECLARED)


def chosen(**values: str | list[str]) -> dict[str, list[str]]:
    texts = {name: value if isinstance(value, list) else [value] for name, value in values.items()}
    return typed_of(NEW) | {f"schedule.{name}": value for name, value in texts.items()}


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"how": "day", "time": "07:00"}, "every day at 07:00"),
        ({"how": "workday", "time": "06:30"}, "every working day at 06:30"),
        ({"how": "week", "days": ["4", "0"], "time": "07:00"}, "every Monday and Friday at 07:00"),
        ({"how": "week", "days": ["0", "1", "6"]}, "every Monday, Tuesday and Sunday at 07:00"),
        ({"how": "period", "nth": "15", "what": "day"}, "15th day of the month at 07:00"),
        ({"how": "period", "nth": "1", "what": "working day"}, "first working day of the month at 07:00"),
        ({"how": "period", "nth": "-1", "what": "Friday"}, "last Friday of the month at 07:00"),
        ({"how": "period", "nth": "-2", "what": "working day", "period": "quarter"},
         "second last working day of the quarter at 07:00"),
        ({"how": "period", "nth": "22", "what": "day", "shift": "-1"},
         "22nd day of the month or the previous working day at 07:00"),
        ({"how": "own", "lines": " 0 7 * * 1 \n\nlast day of May at 07:00"}, "0 7 * * 1|last day of May at 07:00"),
        ({"how": "never"}, ""),
        ({"how": "of another form"}, ""),
    ],
)  # fmt: skip
def test_what_is_chosen_becomes_a_line_of_the_schedule(values: dict[str, Any], line: str) -> None:
    read = document_of(chosen(**values), NEW)
    assert read.problems == []
    assert "|".join(read.document.get("schedule", [])) == line


@given(
    st.sampled_from([*range(1, 32), -1, -2, -5]),
    st.sampled_from(["day", "working day", "Sunday"]),
    st.sampled_from(["month", "quarter", "year"]),
    st.sampled_from(["0", "1", "-1"]),
)
@settings(max_examples=60, deadline=None)
def test_a_chosen_day_is_shown_as_it_was_chosen(nth: int, what: str, period: str, shift: str) -> None:
    typed = chosen(how="period", nth=str(nth), what=what, period=period, shift=shift, time="05:45")
    lines = document_of(typed, NEW).document["schedule"]
    highest = {"day": 31, "working day": 23}.get(what, 5)
    if nth > highest:
        with pytest.raises(ScheduleError):  # the definition says so, beside the chooser
            parse_rule(lines[0])
        return
    again = typed_of(Opened({"schedule": lines}, {}))
    assert {name: again[name] for name in typed if name.startswith("schedule.")} == {
        name: typed[name] for name in typed if name.startswith("schedule.")
    }


def test_a_chooser_that_lacks_days_or_a_time_says_so() -> None:
    found = document_of(chosen(how="week", days=[], time=[]), NEW)
    assert {(one.field, one.rule) for one in found.problems} == {
        ("schedule.days", "missing-field"), ("schedule.time", "missing-field"),
    }  # fmt: skip
    assert "schedule" not in found.document


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        ("n", "7", 7),
        ("n", "many", "many"),
        ("share", "1", 1),
        ("first", " {month:-1} ", "{month:-1}"),
        ("codes", "1, 2", [1, 2]),
        ("codes", "[1, 2]", [1, 2]),
        ("codes", "[1", "[1"),
        ("names", "a, b", ["a", "b"]),
        ("adjust", "false", False),
        ("strict", "on", True),
    ],
)
def test_a_parameter_is_read_by_its_type_and_else_kept_as_typed(field: str, typed: str, value: Any) -> None:
    sent = typed_of(NEW) | {f"parameters.{field}": [typed]}
    assert document_of(sent, NEW).document["parameters"] == {field: value}


@pytest.mark.parametrize(
    ("field", "ticked", "value"),
    [
        ("ways", ['"null"', '"breslow"'], ["breslow", "null"]),
        ("ways", ['""'], [""]),
        ("ways", [], []),
        ("ways", ['"efron"', '"efron"'], ["efron"]),
        ("ways", ['"gone"'], ["gone"]),
        ("ways", ["efron", "[1]"], ["efron", "[1]"]),
        ("years", ["2026", "2024"], [2024, 2026]),
        ("years", [], []),
        ("years", ['"2024"', "2024.0"], ["2024", 2024.0]),
        ("wards", ['"B"', '"A"'], ["A", "B"]),
    ],
)
def test_choices_are_ticked_and_come_in_the_order_in_which_they_are_declared(
    field: str, ticked: list[str], value: list[Any]
) -> None:
    found = document_of(typed_of(NEW) | {f"parameters.{field}": ticked}, NEW)
    assert found.problems == []
    assert json.dumps(found.document["parameters"]) == json.dumps({field: value})


def test_no_value_is_ticked_where_an_empty_list_is_one_too_and_else_it_is_that_nothing_is_ticked() -> None:
    form = opened({**LEAST, "parameters": {"years": [2024], "wards": ["A"]}})
    assert typed_of(NEW)["parameters.years"] == ["null"]
    assert typed_of(NEW)["parameters.wards"] == []
    sent = typed_of(form) | {"parameters.years": [], "parameters.wards": []}
    assert document_of(sent, form).document["parameters"] == {"years": []}  # for wards the template's value is none
    assert "parameters" not in document_of(sent | {"parameters.years": ["null"]}, form).document
    (problem,) = document_of(sent | {"parameters.years": ["null", "2024"]}, form).problems
    assert problem.field == "parameters.years"
    assert "tick the one or the others" in problem.text


@pytest.mark.parametrize("value", ["efron", 5, True, ["efron", "gone", 1.5, False], ["efron", "efron"]])
def test_what_boxes_cannot_say_has_a_box_of_its_own_and_goes_when_it_is_unticked(value: Any) -> None:
    form = opened({**LEAST, "parameters": {"ways": value}})
    sent = typed_of(form)
    assert document_of(sent, form).document["parameters"] == {"ways": value}
    assert document_of(sent | {"parameters.ways": ['"breslow"']}, form).document["parameters"] == {"ways": ["breslow"]}
    added = document_of(sent | {"parameters.ways": [*sent["parameters.ways"], '""']}, form).document["parameters"]
    good = value == ["efron", "efron"]
    assert (why_not(DECLARED["ways"].type, added["ways"]) is None) == good


def test_a_sweep_over_lists_of_choices_is_typed() -> None:
    sent = typed_of(NEW) | {"sweep.how": ["grid"], "sweep.list.ways": ['[["efron"], []]']}
    assert document_of(sent, NEW).document["sweep"] == {"grid": {"ways": [["efron"], []]}}
    form = opened({**LEAST, "sweep": {"grid": {"ways": [["efron", ""], ["null"]]}}})
    typed = typed_of(form)["sweep.list.ways"]
    again = document_of(typed_of(NEW) | {"sweep.how": ["grid"], "sweep.list.ways": typed}, NEW)
    assert again.document["sweep"] == {"grid": {"ways": [["efron", ""], ["null"]]}}


def test_a_parameter_set_back_to_the_templates_value_is_not_written_and_an_emptied_one_is_missed() -> None:
    form = opened({**LEAST, "parameters": {"n": 5, "share": 0.25}})
    sent = typed_of(form) | {"parameters.n": ["3"], "parameters.share": ["0.50"]}
    assert "parameters" not in document_of(sent, form).document
    sent["parameters.n"] = []
    (problem,) = document_of(sent, form).problems
    assert (problem.field, problem.rule) == ("parameters.n", "missing-field")


def test_a_parameter_that_the_template_does_not_have_goes_only_when_it_is_let_go() -> None:
    form = opened({**LEAST, "parameters": {"gone": 5, "older": None}})
    typed = typed_of(form)
    assert typed["kept.parameters"] == ["gone", "older"]
    assert document_of(typed | {"kept.parameters": ["older"]}, form).document["parameters"] == {"older": None}


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [("1.5", "h", 5_400), ("90", "s", 90), ("2", "d", 172_800), ("", "min", None), ("soon", "min", "soon"),
     ("0.1", "s", "0.1"), ("-3", "min", -180), ("9e99", "d", "9e99"), ("5", "of another form", 5)],
)  # fmt: skip
def test_durations_are_read_in_their_unit(text: str, unit: str, value: Any) -> None:
    sent = typed_of(NEW) | {"late_after_seconds": [text] if text else [], "late_after_seconds.unit": [unit]}
    assert document_of(sent, NEW).document.get("late_after_seconds") == value


def test_rows_are_read_where_they_are_and_empty_ones_left_out() -> None:
    sent = typed_of(NEW) | {"alerts.0": [], "alerts.3": ["events > 20"], "alerts.1": [" n > 1 "]}
    sent |= {"compare.2.id": ["stay"], "compare.2.absolute": ["0.5"], "compare.2.exact_integers": []}
    sent |= {"recipients.1.target": ["ops"], "recipients.1.events": ["late", "failed"]}
    read = document_of(sent, NEW)
    assert read.document["alerts"] == ["n > 1", "events > 20"]
    assert read.document["compare"] == {"stay": {"absolute": 0.5, "exact_integers": False}}
    assert read.document["recipients"] == [{"target": "ops", "events": ["failed", "late"]}]
    assert read.rows == {"alerts": [1, 3], "compare": [2], "recipients": [1]}


def test_a_row_that_lacks_its_name_or_has_that_of_another_says_so() -> None:
    sent = typed_of(NEW) | {"compare.0.absolute": ["0.5"], "compare.0.exact_integers": ["on"]}
    sent |= {
        f"compare.{row}.{name}": ["x" if name == "id" else "on"] for row in (4, 5) for name in ("id", "exact_integers")
    }
    sent |= {"recipients.0.events": ["succeeded"]}
    assert {(one.field, one.rule) for one in document_of(sent, NEW).problems} == {
        ("compare.0.id", "missing-field"), ("compare.5.id", "name-twice"), ("recipients.0.target", "missing-field"),
    }  # fmt: skip


def test_a_table_of_sets_is_read_by_the_types_and_an_upload_takes_its_place() -> None:
    sent = typed_of(NEW) | {
        "sweep.how": ["sets"],
        "sweep.sets": ['n,ward,first\n1,A,{month:-1}\n2,"B, C",2026-01-01\n'],
    }
    assert document_of(sent, NEW).document["sweep"] == {
        "sets": [{"n": 1, "ward": "A", "first": "{month:-1}"}, {"n": 2, "ward": "B, C", "first": "2026-01-01"}]
    }
    read = document_of(sent | {"sweep.how": ["none"]}, NEW, upload="\ufeffward\n다\n".encode())
    assert read.document["sweep"] == {"sets": [{"ward": "다"}]}
    for content in (b"n\n1,2\n", b"\xff\n1\n", b"n\n" + b"1\n" * 2_000, b"x" * (2**20 + 1)):
        read = document_of(sent, NEW, upload=content)
        assert [one.field.partition(" ")[0] for one in read.problems] == ["sweep.csv"]
        assert "sweep" not in read.document


def test_lists_of_a_grid_keep_their_order_where_they_are_not_touched() -> None:
    form = opened({**LEAST, "sweep": {"grid": {"n": [1, 2], "ward": ["A", "B"]}}})
    sent = typed_of(form) | {"sweep.list.ward": ["A, B, C"]}
    grid = document_of(sent, form).document["sweep"]["grid"]
    assert json.dumps(grid) == '{"n": [1, 2], "ward": ["A", "B", "C"]}'
