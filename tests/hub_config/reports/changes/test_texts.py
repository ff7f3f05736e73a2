"""The words of the room: all in one place, in both languages, none missing and none unused."""

import re
import string
from pathlib import Path

import hub_config.reports.changes as room
from hub_config.reports.changes.texts import TEXTS, text

SOURCES = [path for path in Path(room.__file__).parent.rglob("*.py") if path.name != "texts.py"]
# Chosen by a word that is found: a state, a kind, the code of a remark.
FAMILIES = ("state_", "why_", "remark_", "fact_", "kind_", "count_", "cell_", "parameter_", "alert_", "column_", "run_")


def fields(pattern: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name}


def test_both_languages_have_the_same_texts_with_the_same_places():
    assert TEXTS["en"].keys() == TEXTS["ko"].keys()
    assert [key for key in TEXTS["en"] if fields(TEXTS["en"][key]) != fields(TEXTS["ko"][key])] == []


def test_no_text_lies_unused():
    everywhere = "".join(source.read_text(encoding="utf-8") for source in SOURCES)
    unused = [key for key in TEXTS["en"] if f'"{key}"' not in everywhere and not key.startswith(FAMILIES)]
    assert unused == []


def test_every_remark_has_words():
    everywhere = "".join(source.read_text(encoding="utf-8") for source in SOURCES)
    codes = set(re.findall(r'Remark\(\s*"([a-z-]+)"', everywhere)) | {"outputs-missing", "outputs-too-large"}
    codes |= {"outputs-unreadable", "table-missing", "table-too-large", "table-unreadable", "table-differs"}
    codes |= {"table-not-compared", "labels-twice", "no-labels"}
    assert {f"remark_{code}" for code in codes} <= TEXTS["en"].keys()
    assert {key for key in TEXTS["en"] if key.startswith("remark_")} == {f"remark_{code}" for code in codes}


def test_no_korean_sentence_is_left_in_english():
    assert [key for key, words in TEXTS["ko"].items() if words == TEXTS["en"][key] and key != "none"] == []


def test_an_unknown_language_is_english():
    assert text("nothing_changed", "fr") == "No output changed."
