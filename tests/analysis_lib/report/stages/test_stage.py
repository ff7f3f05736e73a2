"""A stage is computed once, found again when nothing has changed, and computed again when anything has."""

import contextlib
import importlib
import json
import linecache
import os
import random
import signal
import stat
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.catalog import Dataset, open_catalog
from analysis_lib.cohort import Cohort, CohortDefinition, ConceptSet, build_cohort, follow_up
from analysis_lib.errors import EmptyResultWarning, OutputError
from analysis_lib.features import Demographic, baseline, outcome
from analysis_lib.report import Report
from analysis_lib.report.stages import Stage
from analysis_lib.report.stages.folder import StageFolder

MakeRelease = Callable[..., Dataset]
TWO = {
    "person": "person_id year_of_birth\n1 1950\n2 1960",
    "observation_period": "person from to\n1 2000-01-01 2010-12-31\n2 2000-01-01 2010-12-31",
    "drug_era": "person concept from to\n1 10 2005-01-01 2005-02-01\n2 10 2006-01-01 2006-02-01",
    "condition_occurrence": "person concept from to\n1 30 2005-03-01 2005-03-01",
}


def _double(numbers: pd.DataFrame) -> pd.DataFrame:
    return numbers * 2


def _run(inputs: dict[str, Any], *, name: str = "doubled") -> Stage:
    report = Report(title="T")
    with report.stage(name, inputs=inputs) as stage:
        if stage.is_new:
            stage.keep(table=_double(pd.DataFrame({"x": [1, 2]})))
    return stage


def _key(cell: str, names: dict[str, Any], tmp_path: Path) -> Stage:
    """Run a cell in a namespace of its own, as a kernel does."""
    file = tmp_path / f"cell-{random.getrandbits(64)}.py"
    file.write_text(cell)
    space = {"__name__": "__main__", "report": Report(title="T"), "np": np, "pd": pd, **names}
    exec(compile(cell, str(file), "exec"), space)
    return space["stage"]


def test_the_second_run_on_the_same_inputs_computes_nothing_and_says_so(
    stages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = _run({"days": 3}), _run({"days": 3})
    assert (first.is_new, second.is_new, first.key) == (True, False, second.key)
    pd.testing.assert_frame_equal(second["table"], pd.DataFrame({"x": [2, 4]}))
    computed, kept = capsys.readouterr().out.splitlines()
    assert computed.startswith("doubled: computed in ")
    assert kept.startswith("doubled: kept from an earlier run on the same inputs, 20")
    assert len(list(stages.glob("doubled/*"))) == 1


def test_a_run_says_its_stages_and_whether_nothing_changed(stages: Path, run_dir: Path, tmp_path: Path) -> None:
    report = Report(title="T")
    with report.stage("one", inputs={"x": 1}) as one:
        one.keep(x=1)
    with report.stage("two", inputs={"one": one}) as two:
        two.keep(y=one["x"] + 1)
    document = json.loads((run_dir / "outputs.json").read_text())
    assert [(entry["name"], entry["key"], entry["reused"]) for entry in document["stages"]] == [
        ("one", one.key, False),
        ("two", two.key, False),
    ]
    assert all(entry["bytes"] > 0 and entry["seconds"] >= 0 for entry in document["stages"])
    assert document["unchanged_since"] is None
    (run_dir / "outputs.json").unlink()
    again = Report(title="T")
    with again.stage("one", inputs={"x": 1}) as one:
        one.keep(x=1)
    assert not one.is_new
    document = json.loads((run_dir / "outputs.json").read_text())
    assert document["unchanged_since"] == document["stages"][0]["computed_at"]
    assert f"Nothing changed since {document['unchanged_since']}" in repr(again.provenance())
    with again.stage("three", inputs={}) as three:
        three.keep(z=1)
    assert json.loads((run_dir / "outputs.json").read_text())["unchanged_since"] is None
    assert "Stages: three computed; one kept from earlier runs" in repr(again.provenance())


CELL = """
with report.stage("s", inputs={"days": days}) as stage:
    if stage.is_new:
        stage.keep(x=days + 1)  # a comment
"""


def test_layout_and_comments_change_nothing_and_code_does(stages: Path, tmp_path: Path) -> None:
    first = _key(CELL, {"days": 1}, tmp_path)
    assert first.is_new
    assert not _key("import os\n\n" + CELL.replace("  # a comment", ""), {"days": 1}, tmp_path).is_new
    assert _key(CELL, {"days": 2}, tmp_path).is_new
    assert _key(CELL, {"days": 1.0}, tmp_path).is_new
    assert _key(CELL.replace("+ 1", "+ 2"), {"days": 1}, tmp_path).is_new
    assert _key(CELL.replace('"s"', '"t"'), {"days": 1}, tmp_path).is_new
    assert _key(CELL.replace('"days": days', '"day": days'), {"days": 1}, tmp_path).is_new


READS = """
with report.stage("s", inputs={}) as stage:
    if stage.is_new:
        y = offset
        stage.keep(x=[step(y) for y in range(3)])
"""
DEFINES = """
factor = 2
def inner(x):
    return x * factor
def step(x, by=1):
    return inner(x) + by
"""


def test_what_the_block_reads_by_name_is_part_of_the_key(stages: Path, tmp_path: Path) -> None:
    first = _key(DEFINES + READS, {"offset": 1}, tmp_path)
    assert (first.is_new, first["x"]) == (True, [1, 3, 5])
    assert not _key(DEFINES + READS, {"offset": 1, "another": 5}, tmp_path).is_new
    assert _key(DEFINES + READS, {"offset": 2}, tmp_path).is_new
    for old, new in (("x * factor", "x + factor"), ("factor = 2", "factor = 3"), ("by=1", "by=2"), ("+ by", "- by")):
        assert _key(DEFINES.replace(old, new) + READS, {"offset": 1}, tmp_path).is_new, old


def test_a_name_whose_content_cannot_be_told_is_refused(stages: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="'offset', which it reads, of stage 's' cannot be told"):
        _key(DEFINES + READS, {"offset": SimpleNamespace(a=1)}, tmp_path)
    with pytest.raises(OutputError, match="give the seed, and make it in the stage"):
        _key(DEFINES + READS, {"offset": np.random.default_rng(3)}, tmp_path)
    with (
        pytest.raises(OutputError, match=r"input 'file' of stage 's'.*read it before the stage"),
        Report(title="T").stage("s", inputs={"file": tmp_path}),
    ):
        pass
    assert not stages.exists()


def test_names_that_the_block_sets_itself_are_no_inputs(stages: Path, tmp_path: Path) -> None:
    cell = """
with report.stage("s", inputs={}) as stage:
    if stage.is_new:
        import math
        table, [rest] = 1, [2]
        def own(value, *more, key=3):
            inside = value
            return inside
        for place in range(2):
            last = place
        with_lambda = (lambda argument: argument)(1)
        stage.keep(x=own(table), y=[each for each in range(3)], z=last)
"""
    stale = dict.fromkeys(["table", "rest", "inside", "place", "each", "argument", "value", "math"], object())
    assert _key(cell, {}, tmp_path).is_new
    assert not _key(cell, stale, tmp_path).is_new


def test_a_name_read_in_a_branch_or_before_it_is_set_is_an_input(stages: Path, tmp_path: Path) -> None:
    for body in ("if other:\n            z = 1\n        stage.keep(x=z)", "z = z + 1\n        stage.keep(x=z)",
                 "z += 1\n        stage.keep(x=z)", "stage.keep(x=(lambda a=z: a)())",
                 "stage.keep(x=[y for y in [z]])"):  # fmt: skip
        cell = f'with report.stage("s", inputs={{}}) as stage:\n    if stage.is_new:\n        {body}\n'
        assert _key(cell, {"z": 1, "other": False}, tmp_path).is_new
        assert not _key(cell, {"z": 1, "other": False}, tmp_path).is_new
        assert _key(cell, {"z": 2, "other": False}, tmp_path).is_new, body


def test_code_given_stands_for_the_source(stages: Path) -> None:
    for code, is_new in (("1", True), ("1", False), ("2", True)):
        report = Report(title="T")
        with report.stage("s", inputs={"x": 1}, code=code) as stage:
            if stage.is_new:
                stage.keep(x=SimpleNamespace(a=1).a)
        assert stage.is_new is is_new


def test_where_no_source_is_to_be_had_code_must_be_given(stages: Path) -> None:
    space = {"report": Report(title="T")}
    with pytest.raises(OutputError, match=r"the code of stage 's' cannot be read.*pass code="):
        exec("with report.stage('s', inputs={}) as stage:\n    stage.keep(x=1)", space)
    with pytest.raises(OutputError, match="cannot be read"), contextlib.ExitStack() as stack:
        stack.enter_context(Report(title="T").stage("s", inputs={}))


def test_a_module_beside_the_notebook_is_followed(
    stages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    cell = 'with report.stage("s", inputs={}) as stage:\n    if stage.is_new:\n        stage.keep(x=beside_it.f())\n'
    told = []
    for number in (1, 2, 1):
        (tmp_path / "deeper_still.py").write_text(f"def g():\n    return {number}\n")
        (tmp_path / "beside_it.py").write_text("import deeper_still\ndef f():\n    return deeper_still.g()\n")
        for name in ("deeper_still", "beside_it"):
            sys.modules.pop(name, None)
        told.append(_key(cell, {"beside_it": importlib.import_module("beside_it")}, tmp_path)["x"])
    for name in ("deeper_still", "beside_it"):
        sys.modules.pop(name, None)
    assert told == [1, 2, 1]


def test_a_module_that_is_imported_in_the_block_or_in_a_function_is_followed(
    stages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    in_block = 'with report.stage("s", inputs={}) as stage:\n    from late_one import f\n    stage.keep(x=f())\n'
    in_function = (
        "def call():\n    import late_one\n    return late_one.f()\n"
        'with report.stage("t", inputs={}) as stage:\n    if stage.is_new:\n        stage.keep(x=call())\n'
    )
    for cell in (in_block, in_function):
        told = []
        for number in (1, 2, 2):
            (tmp_path / "late_one.py").write_text(f"def f():\n    return {number} * 1\n")
            sys.modules.pop("late_one", None)
            stage = _key(cell, {}, tmp_path)
            told.append((stage.is_new, stage["x"]))
        assert told == [(True, 1), (True, 2), (False, 2)]
    sys.modules.pop("late_one", None)


def test_a_file_edited_after_it_was_imported_does_not_lend_its_new_source_to_old_code(
    stages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    text = (
        "def run(report):\n    with report.stage('s', inputs={}) as stage:\n        if stage.is_new:\n"
        "            stage.keep(x=1)\n    return stage\n"
    )
    file = tmp_path / "edited_since.py"
    file.write_text(text)
    module = importlib.import_module("edited_since")
    file.write_text(text.replace("x=1", "x=2 * 1"))
    assert module.run(Report(title="T"))["x"] == 1
    sys.modules.pop("edited_since")
    linecache.checkcache()
    again = importlib.import_module("edited_since").run(Report(title="T"))
    assert (again.is_new, again["x"]) == (True, 2)
    assert not sys.modules.pop("edited_since").run(Report(title="T")).is_new


def test_what_a_decorator_wraps_and_what_hides_a_builtin_is_followed(stages: Path, tmp_path: Path) -> None:
    cell = """
from functools import cache
@cache
def slow(x):
    return x + 1
def sum(values):
    return slow(values[0])
class Way:
    step = 1
    def go(self, x):
        return sum([x]) + self.step
with report.stage("s", inputs={}) as stage:
    if stage.is_new:
        stage.keep(x=sum([1]), y=Way().go(1))
"""
    assert _key(cell, {}, tmp_path).is_new
    assert not _key(cell, {}, tmp_path).is_new
    for old, new in (("x + 1", "x + 2"), ("values[0]", "values[-1]"), ("step = 1", "step = 2"), ("+ self", "- self")):
        assert _key(cell.replace(old, new), {}, tmp_path).is_new, old


def test_a_stage_that_could_not_begin_leaves_the_report_usable(stages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = Report(title="T")
    with pytest.raises(OutputError, match="cannot be told"), report.stage("s", inputs={"x": object()}):
        pass
    monkeypatch.setattr(Stage, "_find", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError), report.stage("s", inputs={}, code="1"):
        pass
    report.number("n", 1, title="N", persons={"all": 12})
    assert len(report.manifest.outputs) == 1


def test_results_are_copies(stages: Path) -> None:
    stage = _run({})
    changed = stage["table"]
    changed.loc[0, "x"] = 99
    assert list(stage["table"]["x"]) == [2, 4]
    with pytest.raises(OutputError, match="has no result 'tabel'; found: table"):
        stage["tabel"]


def test_without_a_folder_results_live_as_long_as_the_report(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COHORTHUB_STAGES", raising=False)
    report = Report(title="T")
    for is_new in (True, False):
        with report.stage("s", inputs={"x": 1}) as stage:
            if stage.is_new:
                values = np.array([1, 2])
                stage.keep(x=values)
                values[0] = 99
        assert (stage.is_new, list(stage["x"])) == (is_new, [1, 2])
    assert len(report.manifest.stages) == 1
    assert [path.name for path in tmp_path.rglob("*")] == ["run", "outputs.json"]


def test_rows_of_persons_are_not_kept_where_readers_get_them(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COHORTHUB_STAGES", str(run_dir / "stages"))
    with pytest.raises(OutputError, match="may not be kept in the run's folder"):
        Report(title="T").stage("s", inputs={})


def test_misuse_is_refused(stages: Path) -> None:
    report = Report(title="T")
    with pytest.raises(OutputError, match="kept nothing"), report.stage("s", inputs={}):
        pass
    with report.stage("s", inputs={}) as stage:
        stage.keep(x=1)
        with pytest.raises(OutputError, match="a second keep"):
            stage.keep(y=1)
    with pytest.raises(OutputError, match="nothing to keep"), report.stage("s2", inputs={}) as stage:
        stage.keep()
    with pytest.raises(OutputError, match="has not begun"):
        _ = report.stage("s3", inputs={}).is_new
    with pytest.raises(OutputError, match="found keep"):
        stage.keep(x=1)
    with pytest.raises(OutputError, match="entered once"), stage:
        pass
    with pytest.raises(OutputError, match="an output's id is"):
        report.stage("../up", inputs={})
    with pytest.raises(OutputError, match="must map names to values"):
        report.stage("s4", inputs=[1])  # type: ignore[arg-type]
    with (
        pytest.raises(OutputError, match="stage 'inner' begins inside stage 'outer'"),
        report.stage("outer", inputs={}),
        report.stage("inner", inputs={}),
    ):
        pass


def test_an_output_declared_in_a_stage_is_refused_since_a_later_run_would_leave_it_out(stages: Path) -> None:
    report = Report(title="T")
    with pytest.raises(OutputError, match="output 'n' is declared inside stage 's'"), report.stage("s", inputs={}):
        report.number("n", 1, title="N", persons={"all": 12})
    report.number("n", 1, title="N", persons={"all": 12})  # after it, it is taken
    assert len(report.manifest.outputs) == 1


def test_a_stage_that_gives_another_result_for_the_same_inputs_is_found_out(stages: Path) -> None:
    for number in range(2):
        report = Report(title="T")
        values = iter([str(number)])  # past the key, as the clock would be
        refused = pytest.raises(OutputError, match="another one than") if number else contextlib.nullcontext()
        with report.stage("s", inputs={}, code="1") as stage, refused:
            stage.keep(x=next(values))


def test_random_numbers_without_a_seed_are_refused(stages: Path) -> None:
    report = Report(title="T")
    with pytest.raises(OutputError, match="global random numbers"), report.stage("s", inputs={}) as stage:
        stage.keep(x=np.random.normal())
    with report.stage("s", inputs={"seed": 3}) as stage:
        stage.keep(x=np.random.default_rng(3).normal())


def test_a_failed_run_resumes_at_the_stage_that_failed(stages: Path) -> None:
    done = []
    for fails in (True, False):
        report = Report(title="T")
        with contextlib.suppress(ZeroDivisionError):
            with report.stage("one", inputs={}, code="1") as one:
                if one.is_new:
                    done.append("one")
                    one.keep(x=1)
            with report.stage("two", inputs={"one": one}, code="1") as two:
                if two.is_new:
                    done.append("two")
                    two.keep(y=one["x"] / (0 if fails else 1))
    assert done == ["one", "two", "two"]
    assert [entry.reused for entry in report.manifest.stages] == [True, False]


def test_a_warning_given_while_computing_is_given_again(stages: Path) -> None:
    for _ in range(2):
        report = Report(title="T")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with report.stage("s", inputs={}) as stage:
                if stage.is_new:
                    warnings.warn("nobody is left", EmptyResultWarning, stacklevel=1)
                    stage.keep(x=1)
        assert [(each.category, str(each.message)) for each in caught] == [(EmptyResultWarning, "nobody is left")]


# What lies on the disk


def test_folders_and_files_are_closed_to_others(stages: Path) -> None:
    before = os.umask(0)
    try:
        _run({})
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [stages, *stages.rglob("*")] if path.is_dir()}
    assert modes == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in stages.rglob("*") if path.is_file()} == {0o600}


@pytest.mark.parametrize(
    "harm", ["half", "flipped", "emptied", "gone", "record flipped", "record gone", "a link", "open"]
)
def test_what_is_damaged_is_computed_again_and_said(
    stages: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, harm: str
) -> None:
    _run({})
    (folder,) = stages.glob("doubled/*")
    file = folder / ("stage.json" if harm.startswith("record") else "1.parquet")
    content = file.read_bytes()
    middle = len(content) // 2
    if harm == "half":
        file.write_bytes(content[:middle])
    elif harm.endswith("flipped"):
        file.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    elif harm == "emptied":
        file.write_bytes(b"")
    elif harm.endswith("gone"):
        file.unlink()
    elif harm == "a link":
        folder.rename(tmp_path / "elsewhere")
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.chmod(0o777)
    capsys.readouterr()
    again = _run({})
    assert again.is_new
    assert "what was kept is not believed" in capsys.readouterr().out
    assert list(again["table"]["x"]) == [2, 4]
    assert not _run({}).is_new


def test_a_full_disk_leaves_nothing_and_the_run_goes_on(
    stages: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("analysis_lib.report.stages.folder.os.fsync", full_disk)
    stage = _run({})
    assert list(stage["table"]["x"]) == [2, 4]
    assert "not kept: No space left on device" in capsys.readouterr().out
    assert [path for path in stages.rglob("*") if path.is_file()] == []
    monkeypatch.undo()


def test_a_disk_that_is_really_full_leaves_no_half_file(tmp_path: Path) -> None:
    program = f"""
import os, resource, signal, sys
import numpy as np
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
os.environ["COHORTHUB_STAGES"] = {str(tmp_path / "stages")!r}
from analysis_lib.report import Report
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
with Report(title="T").stage("s", inputs={{}}, code="1") as stage:
    stage.keep(x=np.random.default_rng(1).random(100_000))
print(len(stage["x"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "not kept: File too large" in done.stdout
    assert done.stdout.endswith("100000\n")
    assert [path for path in (tmp_path / "stages").rglob("*") if path.is_file()] == []


WRITER = """
import os, sys, time
import numpy as np
from analysis_lib.report import Report
import analysis_lib.report.stages.folder
print("ready", flush=True)
sys.stdin.readline()
with Report(title="T").stage("s", inputs={}, code="1") as stage:
    if stage.is_new:
        stage.keep(x=np.random.default_rng(1).random(3_000_000), y="done")
print(stage.is_new, stage["y"], float(stage["x"].sum()), flush=True)
"""


def _start(stages: Path) -> "subprocess.Popen[str]":
    environment = {**os.environ, "COHORTHUB_STAGES": str(stages)}
    return subprocess.Popen(
        [sys.executable, "-c", WRITER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )


def _go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("\n")
    process.stdin.flush()


def test_a_run_killed_while_it_keeps_leaves_nothing_that_is_believed(tmp_path: Path) -> None:
    stages, draw = tmp_path / "stages", random.Random(7)
    seen_half = 0
    for _ in range(6):
        process = _start(stages)
        _go(process)
        while process.poll() is None and not list(stages.glob("s/.unfinished-*")):
            time.sleep(0.001)
        time.sleep(draw.random() * 0.1)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        seen_half += bool(list(stages.glob("s/.unfinished-*")))
        whole = [path for path in stages.glob("s/*") if not path.name.startswith(".")]
        for path in whole:  # if it was quicker than the kill, it is whole
            assert StageFolder(stages).load("s", path.name) is not None
            StageFolder(stages).drop("s", path.name)
    assert seen_half
    process = _start(stages)
    _go(process)
    out, _ = process.communicate(timeout=60)
    assert out.splitlines()[-1].startswith("True done")
    assert list(stages.glob("s/.unfinished-*")) == []


def test_two_runs_at_once_do_not_harm_each_other(tmp_path: Path) -> None:
    stages = tmp_path / "stages"
    both = [_start(stages) for _ in range(2)]
    for process in both:
        _go(process)
    said = {process.communicate(timeout=100)[0].splitlines()[-1].partition(" ")[2] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert len(said) == 1
    (kept,) = stages.glob("s/*")
    assert StageFolder(stages).load("s", kept.name) is not None
    assert list(stages.glob("s/.*")) == []


def test_a_kept_file_is_data_and_no_name_in_it_is_looked_up(stages: Path) -> None:
    report = Report(title="T")
    with report.stage("s", inputs={}) as stage:
        stage.keep(x=pd.DataFrame({"a": [1]}), y=ConceptSet("a", [1]))
    for file in stages.rglob("*"):
        assert file.suffix in {"", ".json", ".parquet"}
        assert not file.is_file() or b"pickle" not in file.read_bytes().lower()


# Data sets and what is made of them


def test_cohorts_and_what_follows_come_back_and_their_release_is_recorded(
    make_release: MakeRelease, stages: Path, run_dir: Path
) -> None:
    data = make_release(TWO)
    seen = []
    for _ in range(2):
        (run_dir / "outputs.json").unlink(missing_ok=True)
        report = Report(title="T")
        with report.stage("cohort", inputs={"data": data}) as built:
            if built.is_new:
                built.keep(
                    cohort=build_cohort(CohortDefinition.new_users(ConceptSet("d", [10]), washout_days=30), data)
                )
        cohort = built["cohort"]
        with report.stage("followed", inputs={"cohort": cohort}) as followed:
            if followed.is_new:
                followed.keep(
                    study=follow_up(cohort, outcome=ConceptSet("c", [30])),
                    outcomes=outcome(cohort, ConceptSet("c", [30])),
                    people=baseline(cohort, Demographic("age_years")).to_pandas(),
                )
        seen.append((cohort, followed["study"], followed["outcomes"], followed["people"]))
        assert json.loads((run_dir / "outputs.json").read_text())["data_releases"][0]["name"] == data.name
    assert [entry.reused for entry in report.manifest.stages] == [True, True]
    (first, study, found, people), (second, study_again, found_again, people_again) = seen
    assert isinstance(second, Cohort)
    assert (repr(first), first.definition) == (repr(second), second.definition)
    pd.testing.assert_frame_equal(first.frame, second.frame)
    assert first.frame.attrs == second.frame.attrs != {}
    pd.testing.assert_frame_equal(study.frame, study_again.frame)
    pd.testing.assert_frame_equal(found.frame, found_again.frame)
    pd.testing.assert_frame_equal(people, people_again)
    assert people.attrs == people_again.attrs != {}
    report.add_cohort(second)


def test_another_release_of_the_data_is_another_input(make_release: MakeRelease, stages: Path) -> None:
    one, two = make_release(TWO), make_release({**TWO, "drug_era": "person concept from to"})
    keys = {_run({"data": data}).key for data in (one, Dataset.open(one.path), two)}
    assert len(keys) == 2


def test_data_read_past_the_inputs_are_refused(make_release: MakeRelease, stages: Path) -> None:
    data = make_release(TWO)
    folder, name = str(data.path.parents[1]), data.name
    report = Report(title="T")
    with (
        pytest.raises(OutputError, match="read data that are not among its inputs"),
        report.stage("s", inputs={"folder": folder, "name": name}) as stage,
    ):
        stage.keep(n=open_catalog(folder)[name].n_persons)
    with report.stage("s", inputs={"data": data}) as stage:
        stage.keep(n=len(data.table("person")))


def test_features_not_read_yet_are_an_input_and_no_result(make_release: MakeRelease, stages: Path) -> None:
    data = make_release(TWO)
    cohort = build_cohort(CohortDefinition.new_users(ConceptSet("d", [10]), washout_days=30), data)
    age, both = (
        baseline(cohort, Demographic("age_years")),
        baseline(cohort, Demographic("age_years"), Demographic("sex")),
    )
    assert (
        len({_run({"people": features}).key for features in (age, baseline(cohort, Demographic("age_years")), both)})
        == 2
    )
    with (
        pytest.raises(OutputError, match="of features to_pandas"),
        Report(title="T").stage("s", inputs={"people": age}) as stage,
    ):
        stage.keep(people=age)
