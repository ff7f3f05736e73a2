"""Whatever the rooms word in English, and a page can show, is said in Korean too."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import hub_config
from hub_config.reports.calendar.decisions import MissedPolicy
from hub_config.reports.service.run_words import REASONS
from hub_config.reports.service.texts import LANGUAGES
from hub_config.reports.service.texts.sentences import in_korean, line_in_korean, place_in_korean, range_in_korean
from hub_config.reports.service.texts.sentences.definitions import PLACES
from hub_config.reports.service.texts.sentences.forms import ALL_FORMS
from hub_config.reports.service.texts.sentences.runs import FAILURE_LINES

ROOT = Path(hub_config.__file__).parent

ON_PAGES = (
    "projects/document.py",
    "projects/files.py",
    "projects/loading.py",
    "projects/parsing.py",
    "projects/secrets.py",
    "reports/calendar/cron.py",
    "reports/calendar/decisions.py",
    "reports/calendar/kinds.py",
    "reports/calendar/relative_dates.py",
    "reports/calendar/rules.py",
    "reports/calendar/schedules.py",
    "reports/calendar/slots.py",
    "reports/calendar/zones.py",
    "reports/changes/alerts/rules.py",
    "reports/changes/alerts/words.py",
    "reports/changes/notebooks/comparing.py",
    "reports/database/connection.py",
    "reports/database/submissions.py",
    "reports/definitions/document.py",
    "reports/definitions/errors.py",
    "reports/definitions/faults.py",
    "reports/definitions/in_project.py",
    "reports/definitions/plain_values.py",
    "reports/definitions/reading.py",
    "reports/definitions/sweep_files.py",
    "reports/definitions/sweeps.py",
    "reports/definitions/template_paths.py",
    "reports/definitions/written_values.py",
    "reports/desk/checking.py",
    "reports/desk/defining.py",
    "reports/desk/desk.py",
    "reports/desk/keeping.py",
    "reports/desk/kept_sweeps.py",
    "reports/desk/looking.py",
    "reports/desk/meaning.py",
    "reports/desk/removing.py",
    "reports/desk/rerunning.py",
    "reports/execution/kernel_choice.py",
    "reports/execution/secrets.py",
    "reports/folders/closing.py",
    "reports/folders/run_folders.py",
    "reports/parameters/choices.py",
    "reports/parameters/declarations.py",
    "reports/parameters/ranges.py",
    "reports/parameters/typed_text.py",
    "reports/parameters/values.py",
    "reports/runners/hearing.py",
    "reports/runners/told_ends.py",
    "reports/service/ticks.py",
    "reports/service/writing/form/conversion.py",
    "reports/service/writing/form/judging.py",
    "reports/service/writing/form/parameter_values.py",
    "reports/service/writing/form/rows.py",
    "reports/service/writing/form/schedule_chooser.py",
    "reports/service/writing/text_form.py",
    "reports/templates/notebook_files.py",
    "reports/templates/templates.py",
    "reports/verdicts.py",
)
"""Modules whose sentences can reach a page."""

ELSEWHERE = {
    "accounts": "the terminal",
    "cli.py": "the terminal",
    "reports/calendar/descriptions.py": "no one: the pages know their languages",
    "home.py": "the terminal",
    "launcher": "the terminal",
    "projects/cli.py": "the terminal",
    "projects/making.py": "the terminal",
    "proxy.py": "the terminal",
    "reports/command": "the terminal",
    "reports/changes/differences.py": "whoever calls it from Python: no page gives a tolerance of its own",
    "reports/database/migrating.py": "the log of a start",
    "reports/desk/versions.py": "the terminal and the API: a page tells of its own version",
    "reports/exports": "no one: the pages have texts of their own for each",
    "reports/folders/retention.py": "the terminal",
    "reports/folders/runs.py": "the terminal",
    "reports/folders/sealing.py": "the terminal",
    "reports/notices": "the operator's log: a notice is made by us",
    "reports/parameters/assignments.py": "the terminal and the API",
    "reports/service/api": "the API, which speaks English",
    "reports/service/settings.py": "the log of a start",
    "settings": "the terminal",
}
"""Modules that raise errors of ours which no page shows, and who reads them instead."""

# Neither sentences nor parts that stand for themselves: ends and beginnings put together with others.
FRAGMENTS = {
    r"parameter (\w+):",
    "(at an unknown place)", "(a name of 7 characters)", "Value error,", "(did you mean 7?)", "Did you mean 7?",
    "default of 7", "sweep.csv line 1", "sweep.csv line 7", "sweep.csv line 7 column 7", "as item 7", "one of",
    "is no field of a definition7", "is no target of the project7; known are 7", "data set", "new output",
    "is no parameter of the template7; known are 7", "wanted 7; found another name7", "at most 7 7", "at least 7 7",
    "the name of a 7 that there is, one of 7", "at least", "at most", "working day", "past the end date",
    "over the limit", "every day", "every working day", "or the next working day", "or the previous working day",
    "7 7 of the 77", "Write it as 2027-01-31", ", or 2027-01-31T07:00 without an offset.", "Use one of these.",
    "Seconds and years cannot be given.", "no answer", "no space", "cannot be used", "has no room", "not a path",
    "Make room on its disk", "See that it runs and may be written", ("The report definition is not valid; 77. See "
    "docs/reference/report-definitions.md."), "; and 7 more",
}  # fmt: skip
# To operators, who set the place of the database and of runs, or to nobody.
NEVER_SHOWN = (
    "The address of the reports' database", "The reports' database can be SQLite", "SELECT ", "BEGIN ",
    "The output folder has a brace", "The run id cannot name a folder", "it is not a folder", "it had nothing to do",
    "the run was cut short; files taken out", "The PDFs of the run",
)  # fmt: skip


def sentences(path: Path) -> Iterator[str]:
    """Give every text of a module that reads like words, with 7 where something is filled in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for one in ast.walk(tree):
        if isinstance(one, ast.JoinedStr):
            silent |= {id(part) for part in one.values}
        if isinstance(one, ast.Call):
            name = ast.unparse(one.func)
            if name in {"Field", "re.compile"} or name.startswith("logger."):
                silent |= {id(inner) for inner in ast.walk(one)}
    for one in ast.walk(tree):
        if id(one) in silent:
            continue
        if isinstance(one, ast.JoinedStr):
            text = "".join(part.value if isinstance(part, ast.Constant) else "7" for part in one.values)
        elif isinstance(one, ast.Constant) and isinstance(one.value, str):
            text = one.value
        else:
            continue
        if re.search(r"[A-Za-z]{2,}'?,? [A-Za-z(]", text) and "(?P<" not in text:
            yield text.strip()


@pytest.mark.parametrize("module", ON_PAGES)
def test_whatever_a_room_says_has_a_korean_wording(module):
    said = set(sentences(ROOT / module))
    left = {text for text in said - FRAGMENTS if not text.startswith(NEVER_SHOWN) and in_korean(text) is None}
    assert left == set()


def test_every_module_that_refuses_is_known_to_reach_pages_or_not():
    errors = {
        name
        for file in ROOT.glob("**/errors.py")
        for name in re.findall(r"^class (\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    raising = re.compile(rf"\b(?:{'|'.join(sorted(errors))}|Problem)\(")
    refusing = {
        file.relative_to(ROOT).as_posix()
        for file in ROOT.glob("**/*.py")
        if raising.search(re.sub(r"^class .*", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE))
    }
    left = refusing - set(ON_PAGES)
    assert {module for module in left if not module.startswith(tuple(ELSEWHERE))} == set()
    assert [module for module in ELSEWHERE if not any(one.startswith(module) for one in left)] == []


def parts_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("forms", [ALL_FORMS, FAILURE_LINES, PLACES])
def test_nothing_that_a_sentence_tells_is_lost_in_korean(forms):
    assert len({english for english, _ in forms}) == len(forms)
    for english, korean in forms:
        told = {name for name in parts_of(english) if not name.startswith("_")}  # _name: not for readers of pages
        assert parts_of(korean) == told, english
        assert re.search("[가-힣]", re.sub(r"\{\w+\}", "", korean)) or told, english


def test_no_form_is_hidden_behind_another():
    for english, korean in ALL_FORMS:
        parts = dict.fromkeys(parts_of(english), "7")
        if all(not name[0].isupper() for name in parts):
            assert in_korean(english.format(**parts)) == korean.format(**parts), english


def test_a_sentence_of_no_known_form_is_told_in_english_within_a_korean_one():
    assert LANGUAGES["ko"].said("the moon is full") == "영어로 된 설명: “the moon is full”"
    assert LANGUAGES["en"].said("the moon is full") == "the moon is full"


def test_parts_are_said_in_korean_with_the_particle_that_fits():
    said = LANGUAGES["ko"].said
    assert said("wanted a whole number of at most 64 bits, 0 to 3650 days, found other text") == (
        "정수(0~3650일)여야 하지만 다른 텍스트가 입력되었습니다"
    )
    assert said("cron: the hour is outside 0 to 23; found a number. Write a number from 0 to 23.") == (
        "cron 식의 ‘시’ 칸이 0~23 범위를 벗어났습니다. 입력된 값: 수. 0부터 23까지의 수를 쓰세요."
    )


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("0 to 3650 days", "0~3650일"),
        (">= 0", "0 이상"),
        ("< 1 %", "1% 미만"),
        ("0 < x <= 1", "0 초과 1 이하"),
        ("2015-01-01 to today", "2015-01-01~오늘"),
        ("0 to 9, at most 3 items", "0~9, 항목 3개 이하"),
        ("exactly 6 characters", "정확히 6자"),
        ("1 to 5 items", "항목 1~5개"),
        ("1 to 5 mg", "1~5 mg"),
    ],
)
def test_ranges_are_said_in_korean(english, korean):
    assert range_in_korean(english) == korean


def test_the_way_to_a_failure_is_told_in_korean_and_source_is_left_alone():
    assert line_in_korean("Cell 3 (Rates), line 2, in rate") == "셀 3 (Rates), 2번째 줄, 함수 rate"
    assert line_in_korean(">    2  total = 1 / 0  # n is missing") == ">    2  total = 1 / 0  # n is missing"
    assert line_in_korean("ZeroDivisionError") == "ZeroDivisionError"


def test_places_are_named_in_korean() -> None:
    assert place_in_korean("sweep.csv line 4 column ward") == "sweep.csv 4번째 줄의 ward 열"
    assert place_in_korean("limits.cell_seconds") == "limits.cell_seconds"


def test_every_reason_for_leaving_out_a_slot_has_words():
    reasons = {
        "missed",
        "superseded",
        "past the end date",
        "over the limit",
        "no-project",
        "project-expired",
    }
    assert reasons <= REASONS.keys()
    for texts in LANGUAGES.values():
        assert all(f"missed_{policy}" in texts.words for policy in MissedPolicy)
        assert all(key in texts.words for key in REASONS.values())
