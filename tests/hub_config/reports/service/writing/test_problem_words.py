"""Problems in the reader's language: nothing of what was wanted or found is lost, and none is made up."""

import datetime as dt
import re

import pytest

from hub_config.reports.calendar import Schedule
from hub_config.reports.calendar.errors import ScheduleError
from hub_config.reports.calendar.rules import parse_rule
from hub_config.reports.definitions import Definition, DefinitionError, Problem, check_against_template
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.parameters import read_parameters
from hub_config.reports.service.texts import LANGUAGES
from hub_config.reports.service.writing.problem_words import told_problems

KOREAN, ENGLISH = LANGUAGES["ko"], LANGUAGES["en"]
GOOD = {"name": "monthly", "title": "Monthly", "template": "quality.ipynb"}
NOW = dt.datetime(2026, 11, 27, 6, 30, tzinfo=dt.UTC)
CELL = """
ward: str = "A"  # which ward
n: int = 3  # 1 to 9; how many
share: float = 0.5  # how much
first: 'date' = "2026-01-01"  # first day
strict: bool = False  # whether
several: list[int] = [1]  # some
"""


def in_korean(*problems: Problem) -> list[str]:
    return [one.text for one in told_problems(problems, KOREAN)]


def of_document(**changes: object) -> list[Problem]:
    with pytest.raises(DefinitionError) as refused:
        parse_definition(GOOD | changes)
    return list(refused.value.problems)


def of_values(**values: object) -> list[Problem]:
    definition: Definition = parse_definition(GOOD | {"parameters": values})
    return check_against_template(definition, read_parameters(CELL), at=NOW, zone="Asia/Seoul")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Not A Name"},
        {"title": ""},
        {"title": 5},
        {"colour": "red"},
        {"tittle": "x"},
        {"timezone": "Nowhere/Place"},
        {"until": "soon"},
        {"retries": 2},
        {"retries": 9},
        {"retries": "two"},
        {"enabled": "yes"},
        {"template": "../outside.ipynb"},
        {"template": "/etc/passwd"},
        {"limits": {"cell_seconds": 10, "run_seconds": 5}},
        {"release": {"policy": "pinned"}},
        {"missed_limit": 5},
        {"alerts": ["a > 1", "a > 1"]},
        {"parameters": {"n": 2**70}},
    ],
)
def test_common_problems_of_a_document_are_told_in_korean_alone(changes: dict[str, object]) -> None:
    for said in in_korean(*of_document(**changes)):
        assert "영어로 된 설명" not in said, said
        assert re.search("[가-힣]", said)


@pytest.mark.parametrize(
    "values",
    [
        {"wrad": "A"},
        {"zzz": 1},
        {"ward": 5},
        {"n": "three"},
        {"n": 99},
        {"share": "half"},
        {"first": "soon"},
        {"first": "{month:-1.finish}"},
        {"first": "{month"},
        {"strict": 1},
        {"several": [1, "two"]},
        {"several": 3},
    ],
)
def test_common_problems_of_values_are_told_in_korean_alone(values: dict[str, object]) -> None:
    problems = of_values(**values)
    assert problems
    for said in in_korean(*problems):
        assert "영어로 된 설명" not in said, said


def test_numbers_and_names_that_a_problem_tells_are_kept() -> None:
    (said,) = in_korean(*of_values(several=[1, "two"]))
    assert "2번째 항목" in said
    (said,) = in_korean(*of_values(wrad="A"))
    assert "혹시 ward을(를) 쓰려고" in said
    assert "several" in said
    (said,) = in_korean(
        Problem("priority", "project-limit", "found a larger number than the project allows, 5 at most")
    )
    assert "5" in said


def test_what_has_no_wording_is_told_in_english_within_a_korean_sentence() -> None:
    (said,) = in_korean(Problem("alerts[1]", "moon", "The moon is full; found no cloud."))
    assert said == "영어로 된 설명: “The moon is full; found no cloud.”"


def test_a_part_without_a_wording_is_never_left_out() -> None:
    (said,) = in_korean(Problem("x", "type", "found a unicorn, must be a whole number"))
    assert "a unicorn" in said
    assert "must be a whole number" in said


def test_a_sentence_of_the_calendar_is_told_with_what_was_found_and_an_example() -> None:
    with pytest.raises(ScheduleError) as refused:
        parse_rule("when the moon is full at 07:00")
    (said,) = in_korean(Problem("schedule[1]", refused.value.rule, str(refused.value)))
    assert said.startswith("알 수 없는 일정 문장입니다. 입력된 값: 30자의 텍스트. 예를 들어 “first working day")
    assert Schedule(zone="Asia/Seoul", rule="every working day at 07:00", cron=None)  # the example that it gives


def test_english_problems_are_whole_sentences() -> None:
    (told,) = told_problems([Problem("name", "missing-field", "is missing")], ENGLISH)
    assert (told.place, told.text) == ("name", "Is missing.")
