"""What a runner tells of a run's end is taken as far as it can be understood, and no further."""

import pytest

from hub_config.reports.runners.told_ends import UNCLEAR, clean_facts, clean_line, clean_verdict

WRONG_VERDICTS = [
    None, "succeeded", 7, [], {}, {"status": 7}, {"status": "skipped"}, {"status": "queued"}, {"status": ["failed"]},
    {"status": "failed", "error": "E"}, {"status": "failed", "error": {}}, {"status": "failed", "error": {"code": 1}},
    {"status": "failed", "error": {"code": "not a code"}}, {"status": "failed", "error": {"code": "A" * 500}},
    {"status": "failed", "error": {"code": "A", "message": 7}}, {"status": "succeeded", "error": {"code": "A"}},
    {"status": "failed", "error": {"code": "A", "cell": "x"}}, {"status": "failed", "error": {"code": "A", "cell": -1}},
    {"status": "failed", "error": {"code": "A", "cell": 2**70}}, {"status": "failed", "error": {"code": "A\n"}},
]  # fmt: skip


@pytest.mark.parametrize("verdict", WRONG_VERDICTS, ids=str)
def test_a_verdict_that_cannot_be_understood_is_unclear(verdict: object) -> None:
    assert clean_verdict(verdict) is UNCLEAR


def test_the_unclear_verdict_is_itself_one_that_is_understood() -> None:
    assert clean_verdict(UNCLEAR)["status"] == "failed"
    assert clean_verdict(UNCLEAR)["error"]["code"] == "REPORT-VERDICT-UNCLEAR"


def test_a_verdict_is_taken_with_its_place_and_without_what_no_database_holds() -> None:
    error = {"code": "REPORT-CELL-FAILED", "cell": 3, "title": "a\0\nb", "ename": "Jane Doe", "message": "\ud800!"}
    assert clean_verdict({"status": "failed", "error": error | {"more": 1}, "more": 2}) == {
        "status": "failed",
        "error": {"code": "REPORT-CELL-FAILED", "cell": 3, "title": "a  b", "ename": "an error", "message": "?!"},
    }
    assert clean_verdict({"status": "succeeded"}) == {"status": "succeeded", "error": None}


@pytest.mark.parametrize(
    "facts",
    [
        7, [], None, {"duration_s": "long"}, {"duration_s": float("nan")}, {"duration_s": float("inf")},
        {"duration_s": -1}, {"duration_s": True}, {"duration_s": 10**400}, {"data_releases": "x"}, {"outputs": [1]},
        {"outputs": True}, {"title": {"a": "b"}}, {"unknown": 1}, {"ended_early": 1}, {1: 2},
        {"stages": [{"name": "x" * 200} for _ in range(1000)]},
    ],
    ids=lambda facts: str(facts)[:40],
)  # fmt: skip
def test_facts_of_another_type_are_left_out(facts: object) -> None:
    assert clean_facts(facts) == {}


def test_facts_of_the_right_types_are_kept() -> None:
    facts = {
        "duration_s": 1.5, "data_releases": [{"name": "demo", "release": "1", "manifest_sha256": None}],
        "cohorts": [{"name": "all", "definition_sha256": "f", "persons": 12}], "outputs": 3, "ended_early": False,
        "stages": [{"name": "counts", "reused": True}], "kernel_start": "warm", "folder_sha256": "f" * 64,
    }  # fmt: skip
    assert clean_facts(facts) == facts


def test_rows_of_facts_hold_plain_values_only() -> None:
    rows = [7, {"name": {"a": 1}, "persons": 2**80}, {"name": "\0\ud800", "persons": float("nan")}, {3: 4}]
    assert clean_facts({"cohorts": rows}) == {
        "cohorts": [{"name": None, "persons": None}, {"name": " ?", "persons": None}, {}]
    }


def test_a_line_is_one_line() -> None:
    assert clean_line("Lo\0ad\ud800\n" + "x" * 5000).startswith("Lo ad? x")
    assert len(clean_line("x" * 5000)) == 300
