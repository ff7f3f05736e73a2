"""The pages' words: all in one place, all used, none missing."""

import re
import string
from pathlib import Path

import hub_config.reports.service as service
from hub_config.reports.folders.run_folders import FINAL_STATES
from hub_config.reports.service.texts import STATES, TEXTS

FOLDER = Path(service.__file__).parent
SOURCES = [*FOLDER.glob("*.py"), *(FOLDER / "page_templates").glob("*.html")]
# Chosen by state or status: texts[run.state], TEXTS[label], TEXTS[f"error_{status}"].
CHOSEN_BY_NAME = {"cancelled", "interrupted", "asked_at", "started_at", "ended_at"} | {
    f"error_{status}" for status in (400, 403, 404, 405, 500, 502)
}


def used_keys() -> set[str]:
    pattern = re.compile(r"""\bTEXTS\[\s*"(\w+)"|\btext\(\s*"(\w+)"|\bt\(\s*["'](\w+)["']|\btexts\.([a-z]\w*)""")
    found = set()
    for source in SOURCES:
        for groups in pattern.findall(source.read_text(encoding="utf-8")):
            found |= {group for group in groups if group}
    return found


def test_every_text_that_a_page_asks_for_exists():
    assert used_keys() - TEXTS.keys() == set()


def test_no_text_lies_unused():
    everywhere = "".join(source.read_text(encoding="utf-8") for source in SOURCES if source.name != "texts.py")
    quoted = {key for key in TEXTS if f'"{key}"' in everywhere}
    assert TEXTS.keys() - used_keys() - CHOSEN_BY_NAME - quoted == set()


def test_every_state_that_a_run_can_end_in_has_a_word():
    assert set(FINAL_STATES) | {"queued", "running", "refused"} == STATES.keys()


def test_templates_hold_no_words_of_their_own():
    for page in (FOLDER / "page_templates").glob("*.html"):
        bare = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}|<(style|svg).*?</\1>|<[^>]*>", " ", page.read_text(), flags=re.DOTALL)
        assert re.findall(r"[A-Za-z]{2,}", bare) == [], page.name


def test_the_braces_of_texts_are_names():
    for key, words in TEXTS.items():
        for _, name, spec, conversion in string.Formatter().parse(words):
            assert name is None or (name.isidentifier() and not spec and not conversion), key
