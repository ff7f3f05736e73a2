"""The lines of a failure: enough to mend the template, and nothing that came from the data."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.reports.folders.failure_lines import failure_lines
from hub_config.reports.verdicts import Place, Verdict

from ..conftest import Bench, code, notebook, parameters, text

MARK = "Hong_19800101"
HANDLED = "\nDuring handling of the above exception, another exception occurred:\n"


def failed(*cells: dict[str, Any], ename: str = "KeyError", cell: int = 2) -> tuple[str, ...]:
    book = nbformat.reads(json.dumps(notebook(*cells)), as_version=4)
    return failure_lines(book, Verdict.cell_failed(ename).at(Place(cell, 9, "")))


def raising(
    traceback: list[str], ename: str = "KeyError", source: str = "def load(x):\n    return {}[x]\nload(1)"
) -> Any:
    error = {"output_type": "error", "ename": ename, "evalue": MARK, "traceback": traceback}
    printed = {"output_type": "stream", "name": "stdout", "text": MARK}
    return code(source) | {"execution_count": 5, "outputs": [printed, error]}


LEAD = (text("# Steps"), parameters(), text("## Load"))


def test_cells_lines_functions_and_libraries_are_shown_and_the_text_is_not():
    traceback = [
        "\x1b[31m---------------------------------------------------------------------------\x1b[39m",
        "\x1b[31mKeyError\x1b[39m                                  Traceback (most recent call last)",
        "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[5]\x1b[39m\x1b[32m, line 3\x1b[39m\n----> 3 load(1)\n",
        f"\x1b[36mCell\x1b[39m \x1b[32mIn[5]\x1b[39m\x1b[32m, line 2\x1b[39m, in load(x='{MARK}')\n----> 2 {MARK}\n",
        f"File {json.__file__}:300, in loads(s)\n--> 346 {MARK}\n",
        f"\x1b[31mKeyError\x1b[39m: '{MARK}'",
    ]
    assert failed(*LEAD, raising(traceback)) == (
        "Cell 2 (Load), line 3",
        "     1  def load(x):",
        "     2      return {}[x]",
        ">    3  load(1)",
        "Cell 2 (Load), line 2, in load",
        "     1  def load(x):",
        ">    2      return {}[x]",
        "     3  load(1)",
        "json/__init__.py, line 300, in loads",
        "KeyError",
    )


def test_chained_errors_are_told_apart():
    lines = failed(
        *LEAD,
        raising(["Cell In[5], line 1\n", "KeyError", HANDLED, "Cell In[5], line 2\n", "ValueError: 2"], "ValueError"),
    )  # fmt: skip
    assert "While this was handled:" in lines
    assert lines[-1] == "ValueError"


@pytest.mark.parametrize(
    "traceback",
    [
        [f"File <{MARK}>:3, in {MARK}()\n"],
        [f"File /home/{MARK}.py:3, in {MARK}(x)\n"],
        [f"File {json.__file__}:3, in {MARK}(x)\n"],
        [f"File {json.__file__}:19800101, in loads(s)\n"],
        [f"File {Path(json.__file__).parent}/../{MARK}.py:1, in loads(s)\n"],
        [f"Cell In[5], line 2, in {MARK}(x)\n"],
        ["Cell In[5], line 198001, in load(x)\n"],
        ["Cell In[198001], line 1\n"],
        [f"KeyError: {MARK}\nCell In[5], line 19800101, in {MARK}"],
        [f"{MARK}\n", f"\n{MARK}\n", f"{MARK}: During handling of the above exception, another exception occurred:"],
        [],
    ],
)
def test_nothing_is_shown_only_because_it_stands_in_the_traceback(traceback: list[str]):
    shown = "\n".join(failed(*LEAD, raising(traceback, MARK), ename=MARK))
    assert MARK not in shown
    assert "198001" not in shown
    assert shown.endswith("an error")


def test_the_values_given_for_a_run_are_not_shown_as_source():
    injected = code(f"name = '{MARK}'", "injected-parameters") | {"execution_count": 2, "outputs": []}
    shown = failed(text("# T"), parameters(), injected, raising(["Cell In[2], line 1, in load(x)\n"]))
    assert shown == ("The cell with the values given for this run, line 1, in load", "KeyError")
    assert MARK not in "".join(failed(text("# T"), parameters(), injected, raising([], MARK), ename=MARK))


def test_the_class_of_a_library_is_named_and_one_made_from_data_is_not():
    source = "import json\njson.loads('')"
    assert failed(*LEAD, raising([], "JSONDecodeError", source), ename="JSONDecodeError")[-1] == "JSONDecodeError"
    assert failed(*LEAD, raising([], "KimGildongError", source), ename="KimGildongError")[-1] == "an error"
    own = "class TooFew(Exception): pass\nraise TooFew(3)"
    assert failed(*LEAD, raising([], "TooFew", own), ename="TooFew")[-1] == "TooFew"


def test_a_long_way_down_is_cut_in_the_middle():
    lines = failed(*LEAD, raising([f"Cell In[5], line {1 + n % 3}, in load(x)\n" for n in range(50)]))
    assert "… 41 more" in lines
    assert len(lines) < 50


@pytest.mark.parametrize("verdict", [Verdict.cancelled(), Verdict.kernel_died("SIGKILL"), Verdict.timed_out("run", 9)])
def test_an_end_without_an_error_gives_the_verdicts_own_words(verdict: Verdict):
    book = nbformat.reads(json.dumps(notebook(*LEAD, raising([]))), as_version=4)
    assert failure_lines(book, verdict) == (verdict.text,)
    assert failure_lines(book, Verdict.succeeded()) == ()


SIGNS = st.text(alphabet=st.characters(codec="utf-8"), max_size=30)
PIECES = st.sampled_from([
    "Cell In[5], line 2", "Cell In[5], line 2, in ", "File ", f"File {json.__file__}:3, in ", ":3", ", in ", "\n",
    "\x1b[31m", "KeyError: ", "---> 3 ", "(x='", "load", HANDLED,
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(PIECES | SIGNS | st.just(MARK), max_size=6).map("".join), max_size=6), SIGNS | st.just(MARK))
def test_no_traceback_brings_a_marked_value_out(traceback: list[str], ename: str):
    lines = failed(*LEAD, raising(traceback, ename), ename=ename)
    assert MARK not in "\n".join(lines)
    assert "19800101" not in "\n".join(lines)


def test_a_real_failure_shows_its_place_and_hides_its_data(bench: Bench):
    leak = (
        "import json\nimport pandas as pd\nfrom pathlib import Path\n"
        "name = json.loads('\"' + chr(77) + 'ARKED_7777\"')\nprint(name)\n"
        "body = '(x):\\n    raise type(x, (Exception,), {})(f\"{x} 1980-01-01\")\\n'\n"
        "Path(name + '.py').write_text('def ' + name + body)\n"
        "def look(x):\n    {x: 1}\n    return getattr(__import__(x), x)(x)\n"
        "import sys; sys.path.insert(0, '.')\n"
        "try:\n    pd.DataFrame({name: [1]}).loc[name]\nexcept KeyError:\n    %xmode Verbose\n    look(name)"
    )
    ended = bench.run(text("# T"), parameters(), text("## Load"), code(leak))
    assert ended.code == 60, ended.talk
    book = nbformat.read(ended.folder / "report.ipynb", as_version=4)
    error = ended.record["error"]
    verdict = Verdict("failed", code=error["code"], ename=error["ename"], cell=error["cell"], title=error["title"])
    assert "MARKED_7777" in (ended.folder / "report.ipynb").read_text()
    shown = "\n".join(failure_lines(book, verdict))
    assert "MARKED_7777" not in shown
    assert "1980" not in shown
    assert "Cell 2 (Load), line 10, in look" in shown
    assert "pandas/core/indexing.py, line " in shown
    assert ">   10      return getattr(__import__(x), x)(x)" in shown
    assert shown.endswith("an error")
