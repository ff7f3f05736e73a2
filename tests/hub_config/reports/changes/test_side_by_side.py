"""Two runs side by side, as a document and in a terminal."""

import json

import pytest

from hub_config.reports.changes import compare_runs, comparison_text
from hub_config.reports.changes.terminal import columns_of_text, plain_line, width

from .conftest import number, table

RECORD = {
    "status": "succeeded",
    "started_at": "2026-11-01T07:00:00.000Z",
    "duration_s": 61.25,
    "kernel": "cohort-analysis",
}


@pytest.fixture
def runs(make_run):
    cohort = {"name": "users", "definition_sha256": "c" * 64}
    before = make_run(
        "r1",
        *[number("events", 20), number("rate", 0.5), number("zero", 0), number("old", 1)],
        table("table-1"),
        table("same"),
        record=RECORD | {"parameters": {"days": 7}},
        cohorts=[cohort | {"persons": 1000}],
        tables={"table-1": 'characteristic,all\nn,"1,000"\nSex,\n  f,500 (50.0)\n', "same": "a,b\nx,1\n"},
    )
    after = make_run(
        "r2",
        *[number("events", 25), number("rate", 0.5), number("zero", 3), number("fresh", 1)],
        table("table-1"),
        table("same"),
        record=RECORD | {"parameters": {"days": 14}, "duration_s": 70},
        cohorts=[cohort | {"persons": 1100}],
        tables={
            "table-1": 'characteristic,all\nn,"1,100"\nSex,\n  f,500 (45.5)\n  m,600 (54.5)\n',
            "same": "a,b\nx,1\n",
        },
    )
    return before, after


def test_one_document_joins_the_runs_and_what_changed(runs):
    document = json.loads(json.dumps(compare_runs(*runs).to_dict(), allow_nan=False))
    assert document["schema"] == "cohorthub.comparison/1"
    assert (document["before"]["run_id"], document["after"]["duration_s"]) == ("r1", 70.0)
    assert document["changes"]["is_changed"]
    assert {n["output"]: n["difference"] for n in document["changes"]["numbers"]} == {"events": 5, "rate": 0, "zero": 3}


def test_the_text_says_everything_that_changed(runs):
    shown = comparison_text(compare_runs(*runs))
    for words in (
        "Parameter days  7       14",
        "new: fresh (number)",
        "gone: old (number)",
        "events      20     25          +5    +25.0%",
        "from 0",
        "  0%",
        "persons of cohort users   1,000  1,100        +100    +10.0%",
        "table-1: cells changed: 2; rows new: 1; rows gone: 0",
        "new row: Sex: m",
        "same: nothing changed; rows: 1",
        "61.2 s",
    ):
        assert words in shown, shown


def test_the_text_is_whole_in_korean(runs):
    shown = comparison_text(compare_runs(*runs), "ko")
    assert "추가: fresh (수치)" in shown
    assert "성공" in shown
    assert "코호트 users의 대상자 수" in shown
    assert "Parameter" not in shown


def test_runs_that_are_the_same_say_so(runs):
    assert "No output changed." in comparison_text(compare_runs(runs[0], runs[0]))


def test_a_run_that_cannot_be_read_never_looks_unchanged(runs):
    (runs[1] / "outputs.json").write_text("{")
    shown = comparison_text(compare_runs(*runs))
    assert "outputs.json cannot be read. (After)" in shown
    assert "No output changed." not in shown


def test_wide_signs_keep_their_columns():
    lines = columns_of_text(["항목", "n"], [["ward", "1"], ["여성 병동", "20"]])
    assert len({width(line) for line in lines}) == 1


def test_a_long_list_of_cells_is_cut_and_counted(make_run):
    before = make_run("a", table("t"), tables={"t": "term,n\n" + "".join(f"r{n},{n}\n" for n in range(50))})
    after = make_run("b", table("t"), tables={"t": "term,n\n" + "".join(f"r{n},{n + 1}\n" for n in range(50))})
    shown = comparison_text(compare_runs(before, after))
    assert "and 30 more" in shown


def test_a_line_is_one_line():
    assert plain_line("a\nb\x1b[2J") == "a b�[2J"
    assert plain_line("a" * 100, longest=10) == "a" * 9 + "…"
