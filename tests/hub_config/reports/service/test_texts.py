"""The pages' words: all in one place, all used, none missing."""

import re
import string
from pathlib import Path

import hub_config.reports.service as service
from hub_config.reports.database.states import FINAL
from hub_config.reports.service.forms import filled_form
from hub_config.reports.service.texts import LANGUAGES
from hub_config.reports.service.texts.shipped_words import SHIPPED_LABELS, SHIPPED_WORDS
from hub_config.reports.templates.templates import inspect_template
from hub_config.shipped import notebooks_dir

TEXTS, STATES = LANGUAGES["en"].words, LANGUAGES["en"].states
FOLDER = Path(service.__file__).parent
SOURCES = [
    *(
        file
        for file in FOLDER.glob("**/*.py")
        if "sentences" not in file.parts and not file.name.startswith(("english", "korean", "shipped_words"))
    ),
    *(FOLDER / "page_templates").glob("*.html"),
]
# Chosen by state or status: texts[run.state], TEXTS[label], TEXTS[f"error_{status}"].
CHOSEN_BY_NAME = {"cancelled", "interrupted", "asked_at", "started_at", "ended_at"} | {
    f"error_{status}" for status in (400, 403, 404, 405, 500, 502)
}


OF_TEXTS = {
    "text",
    "items",
    "keys",
    "states",
    "language",
    "words",
    "duration",
    "shown",
    "name",
    "values",
    "english",
    "korean",
    "shipped_words",
    "shipped",
    "label_of",
    "title_of",
    "said",
    "sentences",
    "place",
    "placed",
    "ranged",
}


def used_keys() -> set[str]:
    pattern = re.compile(
        r"""\btexts\[\s*"(\w+)"|\btext\(\s*"(\w+)"|\bt\(\s*["'](\w+)["']|(?<![.\w])texts\.([a-z]\w*)"""
    )
    found = set()
    for source in SOURCES:
        for groups in pattern.findall(source.read_text(encoding="utf-8")):
            found |= {group for group in groups if group}
    return {key for key in found if not key.endswith("_")} - OF_TEXTS


def test_every_text_that_a_page_asks_for_exists():
    assert used_keys() - TEXTS.keys() == set()


def test_no_text_lies_unused():
    everywhere = "".join(source.read_text(encoding="utf-8") for source in SOURCES)
    quoted = {key for key in TEXTS if f'"{key}"' in everywhere}
    # Chosen by a word of the code's: texts[f"event_{kind}"].
    begun = tuple({*re.findall(r'f"(\w+_)\{', everywhere), *re.findall(r'texts\["(\w+_)" ~', everywhere)})
    chosen = {key for key in TEXTS if key.startswith(begun)}
    assert TEXTS.keys() - used_keys() - CHOSEN_BY_NAME - quoted - chosen == set()


def test_every_state_that_a_run_can_end_in_has_a_word():
    assert set(FINAL) | {"queued", "running"} == STATES.keys()


def test_templates_hold_no_words_of_their_own():
    for page in (FOLDER / "page_templates").glob("*.html"):
        bare = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}|<(style|svg).*?</\1>|<[^>]*>", " ", page.read_text(), flags=re.DOTALL)
        assert re.findall(r"[A-Za-z]{2,}", bare) == [], page.name


def test_the_braces_of_texts_are_names():
    for key, words in TEXTS.items():
        for _, name, spec, conversion in string.Formatter().parse(words):
            assert name is None or (name.isidentifier() and not spec and not conversion), key


def test_both_languages_say_the_same_things_with_the_same_values():
    english, korean = LANGUAGES["en"], LANGUAGES["ko"]
    assert english.words.keys() == korean.words.keys()
    assert english.states.keys() == korean.states.keys()
    for key in english.words:
        names = [
            {name for _, name, _, _ in string.Formatter().parse(texts[key]) if name is not None}
            for texts in (english, korean)
        ]
        assert names[0] == names[1], key


def test_nothing_is_left_in_the_other_language():
    same = {"product", "nav_label", "nav_lab", "field_error"}
    for key, words in LANGUAGES["ko"].words.items():
        bare = re.sub(r"{\w+}", "", words)
        assert key in same or re.search("[가-힣]", bare), key
    assert not any(re.search("[가-힣]", words) for words in TEXTS.values())


def test_durations_are_written_in_the_language():
    assert [LANGUAGES["en"].duration(s) for s in (None, 4.21, 42, 185, 8040)] == [
        "", "4.2 s", "42 s", "3 min 5 s", "2 h 14 min",
    ]  # fmt: skip
    assert [LANGUAGES["ko"].duration(s) for s in (4.21, 185, 8040)] == ["4.2초", "3분 5초", "2시간 14분"]
    assert [LANGUAGES["ko"].duration(s) for s in (59.7, 600, 7200, 90_000)] == ["1분", "10분", "2시간", "25시간"]


def test_what_shipped_reports_say_of_themselves_is_said_in_korean_and_nothing_else_is():
    helps, names, said = set(), set(), set()
    for file in (notebooks_dir() / "reports").glob("*.ipynb"):
        template = inspect_template(file)
        said |= {template.title, template.description}
        for field in filled_form(template.parameters, texts=LANGUAGES["en"]).fields:
            helps.add(field.help)
            names.add(field.parameter.name)
    assert SHIPPED_WORDS.keys() == helps | said
    assert SHIPPED_LABELS.keys() == names
    korean = LANGUAGES["ko"]
    assert korean.shipped("Profile of a cohort") == "코호트 특성"
    assert korean.shipped("A report of mine") == "A report of mine"
    own = korean.label_of("unit", help_text="Of a dose", label="Unit")
    assert own == "Unit"
