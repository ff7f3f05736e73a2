"""What an edit of a notebook changed, as the one who approves it should see it."""

import copy
import json
import subprocess
import sys
import time

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.errors import TemplateUnreadableError
from hub_config.reports.changes import diff_notebooks, notebook_diff_text
from hub_config.reports.changes.notebooks import cells, lines
from hub_config.shipped import notebooks_dir

from ...conftest import code, notebook, parameters, text


def as_bytes(document):
    return json.dumps(document).encode()


def compare(old, new):
    return diff_notebooks(as_bytes(old), as_bytes(new))


def statuses(diff):
    return [(cell.status, cell.before, cell.after) for cell in diff.cells]


BASE = notebook(
    text("# A report"),
    parameters("days: int = 7  # how many days are looked at\ndrug: str = 'celecoxib'"),
    code("import pandas as pd"),
    code("cohort = build(days)\ncohort.head()"),
    code("fit(cohort)"),
)


def edited(**sources):
    other = copy.deepcopy(BASE)
    for place, source in sources.items():
        other["cells"][int(place[1:])]["source"] = source
    return other


def test_a_notebook_against_itself_is_the_same():
    diff = compare(BASE, BASE)
    assert not diff.is_changed
    assert [cell.status for cell in diff.cells] == ["same"] * 5
    assert notebook_diff_text(diff) == "The notebooks do the same: no cell differs.\n"


def test_outputs_and_counts_are_not_looked_at():
    other = copy.deepcopy(BASE)
    other["cells"][3] |= {"execution_count": 9, "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}]}
    other["cells"][3]["metadata"] |= {"execution": {"iopub.status.busy": "2026"}, "papermill": {"duration": 3}}
    other["metadata"]["papermill"] = {"duration": 9}
    assert not compare(BASE, other).is_changed


def test_a_changed_line_is_shown_word_by_word():
    diff = compare(BASE, edited(c3="cohort = build(days, washout=365)\ncohort.head()"))
    (cell,) = [cell for cell in diff.cells if cell.status == "changed"]
    assert (cell.before, cell.after) == (4, 4)
    assert [(line.kind, line.text) for line in cell.lines] == [
        ("removed", "cohort = build(days)"),
        ("added", "cohort = build(days, washout=365)"),
        ("same", "cohort.head()"),
    ]
    assert ("other", ", washout=365") in cell.lines[1].segments
    for line in cell.lines[:2]:
        assert "".join(part for _, part in line.segments) == line.text


def test_added_removed_and_moved_cells_are_told():
    old = notebook(*[code(f"step_{n}(frame_{n})") for n in range(6)])
    new = copy.deepcopy(old)
    moved, _ = new["cells"].pop(1), new["cells"].pop(2)
    new["cells"] += [moved, code("something_else = entirely") | {"id": "cell-new"}]
    assert statuses(compare(old, new)) == [
        ("same", 1, 1),
        ("same", 3, 2),
        ("removed", 4, None),
        ("same", 5, 3),
        ("same", 6, 4),
        ("moved", 2, 5),
        ("added", None, 6),
    ]


def test_a_cell_that_moved_and_changed_is_found_by_its_id():
    other = copy.deepcopy(BASE)
    moved = other["cells"].pop(2)
    other["cells"].append(moved | {"source": "import numpy as np\nimport scipy"})
    (cell,) = [cell for cell in compare(BASE, other).cells if cell.status == "moved"]
    assert [line.text for line in cell.lines if line.kind == "added"] == ["import numpy as np", "import scipy"]


def test_tags_and_other_metadata_are_told():
    other = copy.deepcopy(BASE)
    other["cells"][4]["metadata"] = {"tags": ["raises-exception"], "editable": False}
    (cell,) = [cell for cell in compare(BASE, other).cells if cell.status != "same"]
    assert (cell.status, cell.tags_added, cell.metadata, cell.lines) == (
        "changed",
        ("raises-exception",),
        ("editable",),
        (),
    )


def test_another_kernel_and_other_metadata_are_told():
    other = copy.deepcopy(BASE)
    other["metadata"] = {"kernelspec": {"name": "bash", "display_name": "Bash", "language": "bash"}, "author": "x"}
    diff = compare(BASE, other)
    assert (diff.kernel_before, diff.kernel_after) == ("cohort-analysis", "bash")
    assert diff.metadata == ("author", "language")
    assert diff.is_changed
    assert "Kernel: cohort-analysis is now bash" in notebook_diff_text(diff)


def test_what_a_run_leaves_in_the_metadata_is_no_change_and_another_language_is():
    other = copy.deepcopy(BASE)
    other["metadata"]["language_info"] = {"name": "python", "version": "3.12.1"}
    assert not compare(BASE, other).is_changed
    other["metadata"]["language_info"]["name"] = "R"
    assert compare(BASE, other).metadata == ("language",)


def test_a_code_cell_that_became_text_is_another_cell():
    other = copy.deepcopy(BASE)
    other["cells"][4] = {"cell_type": "markdown", "source": "fit(cohort)", "metadata": {}, "id": "cell-4"}
    assert [cell.status for cell in compare(BASE, other).cells][-2:] == ["removed", "added"]


def test_what_a_report_may_be_told_is_compared_parameter_by_parameter():
    source = "days: float = 7.0  # how many days are looked at\ndrug: str = 'naproxen'  # which\nnew: bool = True"
    diff = compare(BASE, edited(c1=source))
    assert [(p.kind, p.name, p.before, p.after) for p in diff.parameters] == [
        ("type", "days", "int", "float"),
        ("default", "days", "7", "7.0"),
        ("default", "drug", "'celecoxib'", "'naproxen'"),
        ("help", "drug", "", "which"),
        ("added", "new", "", "bool = True"),
    ]
    (gone,) = compare(BASE, edited(c1="days: int = 7  # how many days are looked at")).parameters
    assert (gone.kind, gone.before) == ("removed", "str = 'celecoxib'")
    assert [cell.is_parameters for cell in diff.cells] == [False, True, False, False, False]


def test_a_parameters_cell_that_breaks_the_rules_is_said():
    diff = compare(BASE, edited(c1="days = compute()"))
    assert not diff.parameters_readable
    assert "The parameters cell cannot be read." in notebook_diff_text(diff)


def test_a_tag_that_makes_another_cell_the_parameters_cell_is_seen():
    other = copy.deepcopy(BASE)
    other["cells"][1]["metadata"]["tags"] = []
    diff = compare(BASE, other)
    assert diff.cells[1].tags_removed == ("parameters",)
    assert {change.kind for change in diff.parameters} == {"removed"}


def test_an_older_notebook_without_ids_is_matched_by_what_is_in_it():
    old, new = copy.deepcopy(BASE), edited(c3="cohort = build(days)\ncohort.head(20)")
    for document in (old, new):
        document["nbformat_minor"] = 4
        for cell in document["cells"]:
            del cell["id"]
    assert [cell.status for cell in compare(old, new).cells] == ["same", "same", "same", "changed", "same"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"cells": []}', b"\xff" * 50, b"[" * 100_000])
def test_what_is_no_notebook_is_refused(content):
    with pytest.raises(TemplateUnreadableError):
        diff_notebooks(as_bytes(BASE), content)


def test_a_line_end_at_the_end_is_no_change():
    assert not compare(BASE, edited(c4="fit(cohort)\n")).is_changed


def test_the_document_is_json_and_the_text_is_printable():
    evil = "x = 1  # \x1b[2J \u202e \u200b"
    diff = compare(BASE, edited(c2=evil))
    json.dumps(diff.to_dict(), allow_nan=False)
    for language in ("en", "ko"):
        assert not [s for s in notebook_diff_text(diff, language) if not s.isprintable() and s != "\n"]


def test_the_text_shows_what_changed_with_some_lines_around():
    source = "\n".join(f"line_{n} = {n}" for n in range(40))
    diff = compare(edited(c2=source), edited(c2=source.replace("line_20 = 20", "line_20 = 21"), c1="days: int = 8"))
    shown = notebook_diff_text(diff)
    assert "- line_20 = 20\n+ line_20 = 21\n" in shown
    assert "  line_17 = 17" in shown
    assert "line_16" not in shown
    assert "  gone: drug: str = 'celecoxib'" in shown
    assert "  days: default 7 is now 8" in shown
    assert "@@ changed, cell 2 is now 2 (code, parameters cell) @@" in shown
    assert "days: 기본값 7 → 8" in notebook_diff_text(diff, "ko")


SOURCES = st.lists(st.sampled_from(["a = 1", "b = 2\nc = 3", "", "fit()", "a = 1\n# note", "x\n" * 5]), max_size=7)


@settings(deadline=None, max_examples=60)
@given(SOURCES, SOURCES)
def test_every_cell_and_every_line_of_both_is_in_the_comparison_once(old, new):
    before, after = (notebook(*map(code, sources)) for sources in (old, new))
    diff = compare(before, after)
    assert [cell.before for cell in sorted(diff.cells, key=lambda c: c.before or 0) if cell.before] == [
        n + 1 for n in range(len(old))
    ]
    assert [cell.after for cell in diff.cells if cell.after] == [n + 1 for n in range(len(new))]
    for cell in diff.cells:
        if cell.lines:
            one = [line.text for line in cell.lines if line.kind != "added"]
            other = [line.text for line in cell.lines if line.kind != "removed"]
            assert one == (old[cell.before - 1].splitlines() if cell.before else [])
            assert other == (new[cell.after - 1].splitlines() if cell.after else [])
        elif cell.before and cell.after:
            assert old[cell.before - 1].splitlines() == new[cell.after - 1].splitlines()


# Time


def long_cells(n, *, salt=""):
    body = "\n".join(f"value_{i}{salt} = compute(frame_{i}, column='c{i}', option={i * 7})" for i in range(12))
    return [code(f"# step {n}{salt}\n{body}\nresult_{k} = {k}{salt and '0'}") for k in range(n)]


def without_ids(document):
    document["nbformat_minor"] = 4
    for cell in document["cells"]:
        del cell["id"]
    return document


@pytest.mark.parametrize(
    "make",
    [
        lambda: (notebook(*long_cells(100)), notebook(*long_cells(100, salt="x"))),
        lambda: (without_ids(notebook(*long_cells(100))), without_ids(notebook(*long_cells(100, salt="x")))),
        lambda: (notebook(*long_cells(100)), notebook(*reversed(long_cells(100)))),
        lambda: (notebook(code("\n".join(f"a{n} = {n}" for n in range(5000)))), notebook(code("x = 1\n" * 5000))),
        lambda: (notebook(code("x" * 200_000)), notebook(code("y" * 200_000))),
        lambda: (notebook(*[code("")] * 800), notebook(*[code(" ")] * 800)),
        lambda: (without_ids(notebook(*[code("")] * 800)), without_ids(notebook(*[code(" ")] * 800))),
        lambda: tuple(
            without_ids(notebook(*[code(f"{s}{n}" if n % 2 else "go()") for n in range(1000)])) for s in "ab"
        ),
    ],
    ids=[
        *["all rewritten", "all rewritten, no ids", "reversed", "one long cell", "one long line", "many empty cells"],
        *["many empty cells, no ids", "the same cell again and again"],
    ],
)
def test_a_hundred_cells_take_no_more_than_a_second(make):
    old, new = map(as_bytes, make())
    diff_notebooks(as_bytes(BASE), as_bytes(edited(c4="fit(cohort, 2)")))  # what is imported on the first use
    started = time.process_time()
    diff = diff_notebooks(old, new)
    assert time.process_time() - started < 3  # about 1 s where nothing else runs
    assert diff.is_changed


def test_beyond_the_budget_cells_are_matched_roughly_and_it_is_said(monkeypatch):
    monkeypatch.setattr(cells, "BUDGET", 10)
    old, new = without_ids(copy.deepcopy(BASE)), without_ids(edited(c3="cohort = build(days)\ncohort.head(20)\nx = 1"))
    diff = compare(old, new)
    assert diff.is_rough
    assert [cell.status for cell in diff.cells] == ["same", "same", "same", "removed", "added", "same"]
    assert "matched roughly" in notebook_diff_text(diff)


def test_without_nbdime_lines_are_compared_all_the_same():
    found = lines.compare_sources("a\nb\nc\n", "a\nx\nc\n", budget=cells.Budget(0))
    assert [(line.kind, line.text) for line in found] == [
        ("same", "a"),
        ("removed", "b"),
        ("added", "x"),
        ("same", "c"),
    ]


def test_nothing_heavy_is_imported_before_it_is_needed():
    script = (
        "import sys, hub_config.reports.changes;"
        "print(sorted(sys.modules.keys() & {'nbdime', 'nbformat', 'papermill', 'pandas', 'git', 'tornado'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"


def test_nbdime_brings_no_server_and_no_git():
    script = (
        "import sys, nbdime;"
        "print(sorted(sys.modules.keys() & {'git', 'tornado', 'jupyter_server', 'requests', 'nbdime.webapp'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"


def test_a_shipped_report_is_compared_with_an_edit_of_itself():
    content = (notebooks_dir() / "reports" / "comparative_safety.ipynb").read_bytes()
    document = nbformat.reads(content.decode(), as_version=4)
    place = next(n for n, cell in enumerate(document.cells) if cell.cell_type == "code" and len(cell.source) > 100)
    document.cells[place].source += "\nprint('done')"
    diff = diff_notebooks(content, nbformat.writes(document).encode())
    (cell,) = [cell for cell in diff.cells if cell.status != "same"]
    assert [line.text for line in cell.lines if line.kind == "added"] == ["print('done')"]
