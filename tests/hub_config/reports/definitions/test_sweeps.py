"""One definition makes one run, or one for each set of its sweep, all at the same instant, no two alike."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.reports.definitions import (
    Definition,
    DefinitionError,
    ParameterSet,
    Problem,
    check_against_template,
    expand,
    read_definition,
)
from hub_config.reports.parameters import KnownNames, read_parameters

CELL = """
from typing import Literal
ward: str = "A"  # at most 20 characters; the ward
year: int = 2024  # 2000 to 2100; the year
index_from: "date" = "2020-01-01"  # 1900-01-01 to today; earliest index date
month: str = ""  # which month
seen_at: "datetime" = "2026-01-01T07:00"
share: float = 0.5  # 0 < x <= 1; of the persons
wards: list[str] = []
days: "list[date]" = []
ties: Literal["efron", "breslow"] = "efron"
release: "Dataset" = "gibleed"
token: "Secret | None" = None
"""
PARAMETERS = read_parameters(CELL)
AT = dt.datetime(2026, 11, 1, 22, 0, tzinfo=dt.UTC)  # 07:00 on 2 November in Seoul
KNOWN = KnownNames({"gibleed": ["2026-01"]}, [], ["registry"])
MARK = "Kim Min-ji 1961"


def definition(**more: Any) -> Definition:
    return read_definition(json.dumps({"name": "x", "title": "X", "template": "comparative_safety"} | more), "json")


def runs(csv: bytes | None = None, choices: KnownNames | None = None, **more: Any) -> tuple[ParameterSet, ...]:
    return expand(definition(**more), PARAMETERS, at=AT, zone="Asia/Seoul", csv=csv, choices=choices)


def problems(csv: bytes | None = None, choices: KnownNames | None = None, **more: Any) -> list[tuple[str, str]]:
    """Field and rule of each problem, which `expand` and `check_against_template` tell alike."""
    kind: dict[str, Any] = {"at": AT, "zone": "Asia/Seoul", "csv": csv, "choices": choices}
    found: list[Problem] = check_against_template(definition(**more), PARAMETERS, **kind)
    said = "; ".join(str(one) for one in found)
    assert MARK not in said
    if found:
        with pytest.raises(DefinitionError) as refused:
            expand(definition(**more), PARAMETERS, **kind)
        assert list(refused.value.problems) == found
    return [(one.field, one.rule) for one in found]


def test_without_a_sweep_there_is_one_run_with_every_parameter_and_no_label():
    (only,) = runs(parameters={"ward": "B"})
    assert (only.index, only.label, only.given) == (0, "", ("ward",))
    assert list(only.parameters) == [one.name for one in PARAMETERS]
    assert only.parameters["ward"] == "B"
    assert only.parameters["year"] == 2024


def test_relative_dates_are_resolved_in_the_zone_and_kept_as_they_were_written():
    (only,) = runs(
        parameters={
            "index_from": "{month:-1}",
            "month": "{month:-1} (to {today})",
            "seen_at": "{slot}",
            "days": ["{year}", "2026-01-05"],
        }
    )
    assert {name: only.parameters[name] for name in only.written} == {
        "index_from": "2026-10-01",
        "month": "2026-10 (to 2026-11-02)",
        "seen_at": "2026-11-02T07:00:00+09:00",
        "days": ["2026-01-01", "2026-01-05"],
    }
    assert only.written == {
        "index_from": "{month:-1}",
        "month": "{month:-1} (to {today})",
        "seen_at": "{slot}",
        "days": ["{year}", "2026-01-05"],
    }


def test_the_definitions_own_zone_wins_over_the_projects():
    (only,) = runs(parameters={"index_from": "{today}"}, timezone="America/New_York")
    assert only.parameters["index_from"] == "2026-11-01"


def test_a_time_without_an_offset_is_recorded_as_written_and_as_it_was_meant():
    (only,) = runs(parameters={"seen_at": "2026-03-01T07:00"})
    assert only.parameters["seen_at"] == "2026-03-01T07:00:00+09:00"
    assert only.written == {"seen_at": "2026-03-01T07:00"}


def test_a_grid_is_every_combination_labelled_by_what_varies():
    found = runs(sweep={"grid": {"ward": ["A", "B"], "year": [2024, 2025], "ties": ["breslow"]}})
    assert [(one.index, one.label) for one in found] == [
        (0, "ward=A, year=2024"),
        (1, "ward=A, year=2025"),
        (2, "ward=B, year=2024"),
        (3, "ward=B, year=2025"),
    ]
    assert all(one.parameters["ties"] == "breslow" for one in found)
    assert all(one.given == ("ward", "year", "ties") for one in found)


def test_a_zip_takes_the_first_of_each_and_then_the_second():
    found = runs(sweep={"zip": {"ward": ["A", "B"], "year": [2024, 2025]}})
    assert [one.label for one in found] == ["ward=A, year=2024", "ward=B, year=2025"]


def test_a_list_of_sets_stands_over_the_common_parameters():
    found = runs(sweep=[{"ward": "B"}, {"year": 2030}, {}], parameters={"year": 2020})
    assert [(one.parameters["ward"], one.parameters["year"]) for one in found] == [
        ("B", 2020),
        ("A", 2030),
        ("A", 2020),
    ]


def test_all_runs_of_a_slot_have_the_same_instant():
    found = runs(sweep={"grid": {"ward": [str(n) for n in range(500)]}}, parameters={"seen_at": "{now}"})
    assert len({one.parameters["seen_at"] for one in found}) == 1


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_csv_file_gives_typed_sets(mark: bytes, end: str):
    lines = [
        "ward,year,share,wards,index_from,token",
        '내과 병동,2024,1,"[""A,1"", ""B""]",{month:-1},null',
        "",
        ' "B",2025,0.25,"A,B",2020-02-29,registry',
    ]
    lines[3] = lines[3].strip()
    found = runs(csv=mark + end.join(lines).encode(), sweep={"csv": "sweeps/wards.csv"}, choices=KNOWN)
    assert [tuple(one.parameters[name] for name in lines[0].split(",")) for one in found] == [
        ("내과 병동", 2024, 1.0, ["A,1", "B"], "2026-10-01", None),
        ("B", 2025, 0.25, ["A", "B"], "2020-02-29", "registry"),
    ]
    assert found[0].written["index_from"] == "{month:-1}"
    assert isinstance(found[0].parameters["share"], float)


def test_a_label_stays_short():
    long = [{"wards": ["W" * 20] * 20, "year": year} for year in (2024, 2025)]
    assert [one.label for one in runs(sweep=long)] == ["year=2024", "year=2025"]
    long[0]["wards"] = ["V" * 20] * 20
    assert all(len(one.label) == 120 for one in runs(sweep=long))


CSV = {"csv": "a.csv"}
GOOD_CSV = b"ward,year\nA,2024\n"


@pytest.mark.parametrize(
    ("more", "csv", "found"),
    [
        ({"parameters": {"wrad": MARK}}, None, [("parameters.wrad", "unknown-parameter")]),
        ({"parameters": {"year": MARK}}, None, [("parameters.year", "parameter-value")]),
        ({"parameters": {"year": 1999}}, None, [("parameters.year", "parameter-value")]),
        ({"parameters": {"year": 2024.0}}, None, [("parameters.year", "parameter-value")]),
        ({"parameters": {"index_from": "{month:+1}"}}, None, [("parameters.index_from", "parameter-value")]),
        ({"parameters": {"index_from": "{moth:-1}"}}, None, [("parameters.index_from", "relative-date")]),
        ({"parameters": {"index_from": "{month:-1} " + MARK}}, None, [("parameters.index_from", "relative-date")]),
        ({"parameters": {"month": "{x.__class__}"}}, None, [("parameters.month", "relative-date")]),
        ({"parameters": {"month": "}" + MARK}}, None, [("parameters.month", "relative-date")]),
        ({"parameters": {"days": ["{week:-1}", "{x}"]}}, None, [("parameters.days", "relative-date")]),
        ({"parameters": {"release": "{month:-1}"}}, None, [("parameters.release", "parameter-value")]),
        ({"parameters": {"release": "synpuf"}}, None, [("parameters.release", "unknown-name")]),
        ({"parameters": {"token": "hunter2"}}, None, [("parameters.token", "unknown-name")]),
        ({"release": {"policy": "pinned", "datasets": {"synpuf": "1"}}}, None, None),
        ({"sweep": [{"ward": "A"}, {"year": 1}]}, None, [("sweep.sets[2].year", "parameter-value")]),
        ({"sweep": [{"wrad": "A"}]}, None, [("sweep.sets[1].wrad", "unknown-parameter")]),
        ({"sweep": [{"ward": "A"}, {}]}, None, [("sweep.sets[2]", "duplicate-set")]),
        (
            {"sweep": [{"index_from": "{month:-1}"}, {"index_from": "2026-10-01"}]},
            None,
            [("sweep.sets[2]", "duplicate-set")],
        ),
        ({"sweep": [{"share": 1}, {"share": 1.0}]}, None, [("sweep.sets[2]", "duplicate-set")]),
        ({"sweep": {"grid": {"year": [2024, 2024]}}}, None, [("set 2 of sweep.grid", "duplicate-set")]),
        ({"sweep": {"grid": {"year": [2024, 1]}}}, None, [("sweep.grid.year[2]", "parameter-value")]),
        ({"sweep": {"grid": {"yaer": [2024]}}}, None, [("sweep.grid.yaer", "unknown-parameter")]),
        ({"sweep": {"zip": {"year": [MARK], "ward": [3]}}}, None,
         [("sweep.zip.year[1]", "parameter-value"), ("sweep.zip.ward[1]", "parameter-value")]),
        ({"sweep": {"grid": {"year": list(range(2000, 2101)), "ward": list("ABCDEFGHIJ")}}}, None,
         [("sweep.grid", "too-many-sets")]),
        ({"sweep": CSV}, None, [("sweep.csv", "missing-file")]),
        ({"sweep": CSV}, b"", [("sweep.csv", "csv")]),
        ({"sweep": CSV}, b"ward\n", [("sweep.csv", "csv")]),
        ({"sweep": CSV}, b"ward,year\nA,2024\nB\n", [("sweep.csv line 3", "csv")]),
        ({"sweep": CSV}, b"ward,year\nA,2024,3\n", [("sweep.csv line 2", "csv")]),
        ({"sweep": CSV}, b"ward,ward\nA,B\n", [("sweep.csv line 1", "csv")]),
        ({"sweep": CSV}, b"ward,\nA,B\n",
         [("sweep.csv line 1", "csv"), ("sweep.csv line 1", "unknown-parameter")]),
        ({"sweep": CSV}, b"wrad,year\nA,2024\n", [("sweep.csv line 1", "unknown-parameter")]),
        ({"sweep": CSV}, b"ward;year\nA;2024\n", [("sweep.csv line 1", "unknown-parameter")]),
        ({"sweep": CSV}, GOOD_CSV + MARK.encode() + b",x\nC,1\n",
         [("sweep.csv line 3 column year", "parameter-value"), ("sweep.csv line 4 column year", "parameter-value")]),
        ({"sweep": CSV}, GOOD_CSV + b"B,2025.0\n", [("sweep.csv line 3 column year", "parameter-value")]),
        ({"sweep": CSV}, GOOD_CSV + b'"B\nC",1\nD,1\n',
         [("sweep.csv line 3 column year", "parameter-value"), ("sweep.csv line 5 column year", "parameter-value")]),
        ({"sweep": CSV}, b"index_from\n{moth}\n", [("sweep.csv line 2 column index_from", "relative-date")]),
        ({"sweep": CSV}, GOOD_CSV + b"A,2024\n", [("sweep.csv line 3", "duplicate-set")]),
        ({"sweep": CSV}, GOOD_CSV + b'"B,2024\n', [("sweep.csv line 3", "csv")]),
        ({"sweep": CSV}, GOOD_CSV + b'"B"x,2024\n', [("sweep.csv line 3", "csv")]),
        ({"sweep": CSV}, GOOD_CSV + "내과,2024\n".encode("cp949"), [("sweep.csv line 3", "encoding")]),
        ({"sweep": CSV}, GOOD_CSV.decode().encode("utf-16"), [("sweep.csv line 1", "encoding")]),
        ({"sweep": CSV}, GOOD_CSV + b"B\0,2024\n", [("sweep.csv line 3", "encoding")]),
        ({"sweep": CSV}, GOOD_CSV + b"B" * 200_000 + b",2024\n", [("sweep.csv line 3", "csv")]),
        ({"sweep": CSV}, b"ward\n" + b"A\n" * 1_001, [("sweep.csv", "too-many-sets")]),
        ({"sweep": CSV}, b"ward\n" + b"A" * 2**21, [("sweep.csv", "size")]),
    ],
)  # fmt: skip
def test_what_would_not_run_is_told_by_place_and_rule_without_its_value(
    more: dict[str, Any], csv: bytes | None, found: list[tuple[str, str]] | None
):
    if found is None:
        checked = check_against_template(definition(**more), PARAMETERS, at=AT, zone="UTC", choices=KNOWN)
        assert [(one.field, one.rule) for one in checked] == [("release.datasets.synpuf", "unknown-name")]
    else:
        assert problems(csv=csv, choices=KNOWN, **more) == found


def test_problems_of_common_parameters_and_of_the_sweep_are_told_together():
    more = {"parameters": {"share": 0, "tis": 1}, "sweep": {"grid": {"year": [1, 2024], "ward": ["x" * 21]}}}
    assert problems(**more) == [
        ("parameters.share", "parameter-value"),
        ("parameters.tis", "unknown-parameter"),
        ("sweep.grid.year[1]", "parameter-value"),
        ("sweep.grid.ward[1]", "parameter-value"),
    ]


def test_a_parameter_cannot_name_another_release_than_the_one_that_is_pinned():
    pinned = {"policy": "pinned", "datasets": {"gibleed": "2026-01"}}
    other = [("release.datasets.gibleed", "contradiction")]
    assert problems(release=pinned, parameters={"release": "gibleed@2025-12"}) == other
    assert problems(release=pinned, sweep={"grid": {"release": ["gibleed@2025-12", "gibleed"]}}) == other
    assert problems(release=pinned, parameters={"release": "gibleed@2026-01"}) == []
    assert problems(release=pinned, parameters={"release": "synpuf@2020"}) == []


@pytest.mark.parametrize("default", ["{n} of {total}", "{month:-1}", "100 {", "}}"])
def test_a_default_is_what_the_template_says_in_lab_as_well(default: str):
    declared = read_parameters(f"label: str = {default!r}")
    (only,) = expand(definition(), declared, at=AT, zone="Asia/Seoul")
    assert (only.parameters, only.written, only.given) == ({"label": default}, {}, ())


def test_a_default_is_checked_only_where_it_is_used():
    elsewhere = KnownNames({"synpuf": []})
    assert problems(choices=elsewhere) == [("default of release", "unknown-name")]
    assert problems(choices=elsewhere, parameters={"release": "synpuf"}) == []
    assert problems(choices=elsewhere, sweep=[{"release": "synpuf"}, {"ward": "B"}]) == [
        ("default of release", "unknown-name")
    ]


WARDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0{}"), max_size=20)


@settings(max_examples=100, deadline=None)
@given(
    wards=st.lists(WARDS, min_size=1, max_size=6, unique=True),
    years=st.lists(st.integers(2000, 2100), min_size=1, max_size=5, unique=True),
)  # fmt: skip
def test_a_definition_makes_exactly_as_many_runs_as_it_has_sets_all_different(wards: list[str], years: list[int]):
    found = runs(sweep={"grid": {"ward": wards, "year": years}})
    assert [one.index for one in found] == list(range(len(wards) * len(years)))
    assert [(one.parameters["ward"], one.parameters["year"]) for one in found] == [
        (ward, year) for ward in wards for year in years
    ]
    assert found == runs(sweep=[{"ward": ward, "year": year} for ward in wards for year in years])


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=80) | st.text('wardye,"\n\r\0A{}', max_size=40).map(lambda text: text.encode()))
def test_no_csv_file_leads_to_anything_but_sets_or_problems(content: bytes):
    found: Any = None
    try:
        found = runs(csv=b"ward,year\n" + content, sweep=CSV)
    except DefinitionError as refused:
        found = refused.problems
    assert found
