"""The page of a draft: what it changes, and approving what was looked at."""

import json
import re

import pytest

from .conftest import CELL, Answer, Bench, notebook

PATH = "projects/wards/reports/monthly"
HOSTILE = "<script>alert(1)</script>"


def hashes(page: Answer) -> dict[str, str]:
    """What the form of a draft's page sends back."""
    return {name: page.value(name) for name in ("document", "template")}


@pytest.mark.parametrize(("language", "new"), [("en", "It is new"), ("ko", "새 보고서이므로")])
def test_the_first_draft_shows_the_whole_definition_and_notebook(bench: Bench, language: str, new: str) -> None:
    bench.write_template(notebook(CELL, f"print('{HOSTILE}')"))
    bench.save("lee", approve=False, title=HOSTILE)
    page = bench.reader("kim", language).get(f"{PATH}/draft")
    assert new in page.words
    assert 'template = "quality.ipynb"' in page.words
    assert f"print('{HOSTILE}')" in page.words
    assert HOSTILE not in page.text


def test_differences_are_told_by_signs_and_words_and_not_only_by_colour(bench: Bench) -> None:
    bench.save(parameters={"ward": "A"})
    bench.write_template(notebook(CELL.replace('"A"', '"B"'), "x = 1"))
    bench.save("lee", approve=False, parameters={"ward": "C"})
    page = bench.reader("kim").get(f"{PATH}/draft")
    assert re.search(r"<del>A</del>.*<ins>C</ins>", page.text, re.DOTALL)
    assert "ward: default 'A' is now 'B'" in page.words
    assert "− Removed line: ward: str =" in page.words
    assert "+ Added line: ward: str =" in page.words
    assert "parameters cell" in page.words
    assert "<ins>B</ins>" in page.text


def test_long_cells_and_long_stretches_that_are_the_same_are_folded(bench: Bench) -> None:
    lines = [f"a{number} = {number}" for number in range(50)]
    bench.write_template(notebook(CELL, "\n".join(lines)))
    bench.save()
    lines[25] = "b = 25"
    bench.write_template(notebook(CELL, "\n".join(lines), "\n".join(f"c{n} = {n}" for n in range(100))))
    bench.save("lee", approve=False)
    page = bench.reader("kim").get(f"{PATH}/draft")
    assert "22 lines that are the same" in page.words
    assert "Show 100 lines" in page.words
    assert page.text.count("<details") == 4  # two stretches, the long cell, the question


def test_the_comment_of_the_approval_is_kept(bench: Bench) -> None:
    bench.save("lee", approve=False)
    kim = bench.reader("kim")
    after = kim.post(f"{PATH}/approve", comment=f"Seen {HOSTILE}", **hashes(kim.get(f"{PATH}/draft")))
    assert after.url.endswith(PATH)
    assert f"kim: Seen {HOSTILE}" in after.words
    assert HOSTILE not in after.text


@pytest.mark.parametrize(("language", "told"), [("en", "Nothing was approved"), ("ko", "승인하지 않았으니")])
def test_what_changed_after_it_was_looked_at_is_not_approved(bench: Bench, language: str, told: str) -> None:
    bench.save("lee", approve=False)
    kim = bench.reader("kim", language)
    seen = hashes(kim.get(f"{PATH}/draft"))
    bench.save("lee", approve=False, parameters={"ward": "Z"})
    refused = kim.post(f"{PATH}/approve", comment="fine", **seen)
    assert refused.status == 409
    assert told in refused.words
    assert refused.value("comment") == "fine"
    assert bench.row().document is None
    kim.post(f"{PATH}/approve", **hashes(refused))
    assert bench.row().document["parameters"] == {"ward": "Z"}


def test_discarding_leaves_what_was_approved(bench: Bench) -> None:
    bench.save()
    bench.save("lee", approve=False, parameters={"ward": "Z"})
    bench.reader("lee").post(f"{PATH}/discard")
    assert (bench.row().draft, bench.row().document.get("parameters")) == (None, None)


def test_a_draft_that_does_not_fit_any_more_says_so(bench: Bench) -> None:
    bench.save("lee", approve=False, parameters={"ward": "Z"})
    bench.write_template(notebook("n: int = 3"))
    assert "Is no parameter of the template" in bench.reader("kim").get(f"{PATH}/draft").words
    assert "템플릿에 없는 매개변수입니다" in bench.reader("kim", "ko").get(f"{PATH}/draft").words


def test_a_change_of_the_notebooks_settings_alone_is_never_called_the_same(bench: Bench) -> None:
    bench.save()
    document = json.loads(notebook())
    document["metadata"]["kernelspec"]["language"] = "R"
    bench.write_template(json.dumps(document).encode())
    bench.save("lee", approve=False)
    page = bench.reader("kim").get(f"{PATH}/draft")
    assert "as it was approved" not in page.words.partition("The notebook")[2]
    assert "Notebook metadata changed: language" in page.words


def test_a_value_that_becomes_nothing_is_shown_as_a_change(bench: Bench) -> None:
    cell = "limit: int | None = 5  # at most this many"
    bench.write_template(notebook(cell))
    bench.save()
    bench.save("lee", approve=False, parameters={"limit": None})
    assert "parameters.limit new – (empty)" in bench.reader("kim").get(f"{PATH}/draft").words


def test_lists_are_shown_so_that_no_two_look_alike(bench: Bench) -> None:
    bench.save(alerts=["events > 20"])
    bench.save("lee", approve=False, alerts=["events > 20", "n_persons < 5"])
    assert '["events > 20", "n_persons < 5"]' in bench.reader("kim").get(f"{PATH}/draft").words
