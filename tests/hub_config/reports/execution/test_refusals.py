"""What is refused is refused before a kernel starts, with a code of its own, and leaves nothing behind."""

import json
from pathlib import Path

import pytest

from hub_config import errors
from hub_config.errors import HubError

from ..conftest import Bench, code, parameters, plant_names, text

CELLS = (text("# T"), parameters("days: int = 7\nties: \"Literal['efron', 'breslow']\" = \"efron\""), code("1"))


def exit_codes() -> dict[str, int]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HubError)]
    return {kind.code: kind.exit_code for kind in kinds}


def assert_refused(bench: Bench, words: list[object], *, error: str, hint: str = "") -> None:
    ended = bench.report("run", *words)
    assert ended.document["error"]["code"] == error
    assert ended.code == exit_codes()[error]
    assert hint in ended.document["error"]["message"]
    assert "Traceback" not in ended.talk
    assert not bench.runs.exists() or list(bench.runs.iterdir()) == []
    assert sorted(path.name for path in bench.path.glob("*.ipynb")) == ["steps.ipynb"]  # nothing beside the template


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (["-p", "dayz=3"], "REPORT-UNKNOWN-PARAMETER", "Did you mean 'days'?"),
        (["-p", "days=3.0"], "REPORT-PARAMETER-VALUE", "wanted a whole number"),
        (["-p", "ties=exact"], "REPORT-PARAMETER-VALUE", "one of efron, breslow"),
        (["-p", "days=1;import os=2"], "REPORT-PARAMETER-VALUE", "wanted a whole number"),
        (["-p", "days;import os=2"], "REPORT-PARAMETER-NAME", "identifier"),
        (["-p", "lambda=2"], "REPORT-PARAMETER-NAME", "Python language"),
        (["-p", "days=3", "-p", "days=3"], "REPORT-PARAMETER-NAME", "twice"),
        (["-p", "days"], "REPORT-PARAMETER-NAME", "name=value"),
        (["-f", "missing.yaml"], "REPORT-PARAMETERS-FILE", "missing.yaml"),
        (["--run-id", "../x"], "REPORT-RUN-ID", "ASCII letters"),
        (["--run-id", ""], "REPORT-RUN-ID", "ASCII letters"),
        (["--run-id", "-rf"], "REPORT-RUN-ID", "ASCII letters"),
        (["--run-id", "latest"], "REPORT-RUN-ID", "latest"),
        (["--run-id", "a" * 81], "REPORT-RUN-ID", "81 characters"),
        (["--run-id", "x\n"], "REPORT-RUN-ID", "ASCII letters"),
        (["--run-id", "한글"], "REPORT-RUN-ID", "ASCII letters"),
        (["--output-dir", "out/{days}"], "REPORT-RUN-FOLDER", "brace"),
        (["--output-dir", "/dev/null/x"], "REPORT-RUN-FOLDER", "--output-dir"),
        (["--output-dir", "steps.ipynb"], "REPORT-RUN-FOLDER", "--output-dir"),
        (["--output-dir", "/proc/1/x"], "REPORT-RUN-FOLDER", "--output-dir"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(bench: Bench, words: list[str], error: str, hint: str):
    assert_refused(bench, [bench.template(*CELLS), *words], error=error, hint=hint)


NAMING = (text("# T"), parameters('data: "Dataset" = "gibleed"\ncohort: "Cohort | None" = None'), code("1"))


@pytest.mark.parametrize(
    ("words", "environment", "hint"),
    [
        (["-p", "data=gibled"], {}, "one of gibleed, others;"),
        (["-p", "data=gibleed@2026-01-02-0123456789"], {}, "one of 2026-01-01-0123456789;"),
        (["-p", "cohort=strokes"], {}, "first_osteoarthritis, new_users_of_celecoxib, stroke;"),
        ([], {"COHORTHUB_DATASETS": "others"}, "'data' has the type Dataset; wanted the name of a data set"),
    ],
)
def test_a_name_that_nothing_has_is_refused_before_anything_is_written(
    bench: Bench, words: list[object], environment: dict[str, str], hint: str, monkeypatch: pytest.MonkeyPatch
):
    plant_names(bench.home)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert_refused(bench, [bench.template(*NAMING), *words], error="REPORT-PARAMETER-VALUE", hint=hint)


def test_a_template_that_is_none_is_refused(bench: Bench):
    assert_refused(bench, [bench.template(code("1"))], error="REPORT-PARAMETERS-CELL", hint="no cell")
    assert_refused(bench, [bench.template(parameters(), parameters())], error="REPORT-PARAMETERS-CELL", hint="2 cells")
    assert_refused(bench, [bench.template(parameters("import os"))], error="REPORT-PARAMETERS-CELL", hint="Import")
    bench.template().write_text("{")
    assert_refused(bench, ["steps"], error="REPORT-TEMPLATE-UNREADABLE", hint="not JSON")
    assert_refused(bench, ["stepz"], error="REPORT-TEMPLATE-NOT-FOUND", hint="path of a notebook")


def test_a_kernel_that_is_not_there_is_refused_with_those_that_are(bench: Bench):
    template = bench.template(*CELLS, kernel={"name": "cohort-analysys", "display_name": "x"})
    assert_refused(bench, [template], error="REPORT-KERNEL-MISSING", hint="Did you mean 'cohort-analysis'?")


@pytest.mark.parametrize(
    "argv", [["/nowhere/python", "-f", "{connection_file}"], ["nowhere-python"], [], ["/etc/passwd"]]
)
def test_a_kernel_whose_program_cannot_be_started_is_refused(bench: Bench, argv: list[str]):
    spec = bench.home / "jupyter" / "kernels" / "broken"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "B", "language": "python"}))
    template = bench.template(*CELLS, kernel={"name": "broken", "display_name": "B"})
    assert_refused(bench, [template], error="REPORT-KERNEL-MISSING", hint="cannot be started")


def test_a_kernel_of_another_language_is_refused(bench: Bench):
    spec = bench.home / "jupyter" / "kernels" / "speaks-r"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps({"argv": ["/bin/true"], "display_name": "R", "language": "R"}))
    template = bench.template(*CELLS, kernel={"name": "speaks-r", "display_name": "R"})
    assert_refused(bench, [template], error="REPORT-KERNEL-MISSING", hint="not a Python kernel")


def test_a_home_made_by_a_newer_version_is_refused_and_not_touched(bench: Bench):
    bench.home.mkdir()
    (bench.home / "home.json").write_text(json.dumps({"layout": 99}))
    ended = bench.report("run", bench.template(*CELLS))
    assert ended.document["error"]["code"] == "HOME-TOO-NEW"
    assert [path.name for path in bench.home.iterdir()] == ["home.json"]


def test_a_run_id_is_used_once(bench: Bench):
    template = bench.template(*CELLS)
    first = bench.report("run", template, "--run-id", "monthly-2026-11")
    assert first.folder == bench.runs / "monthly-2026-11"
    again = bench.report("run", template, "--run-id", "monthly-2026-11")
    assert (again.code, again.document["error"]["code"]) == (59, "REPORT-RUN-ID")
    assert bench.unfinished() == []
    assert first.record["status"] == "succeeded"


@pytest.mark.parametrize("name", ["{x} {0}", "a'b\"c", "..x", "-rf", "한글 $(touch never) %s"])
def test_a_template_with_a_hostile_name_runs_and_stays_in_its_folder(bench: Bench, name: str):
    template = bench.template(*CELLS, name=name)
    ended = bench.report("run", template)
    assert ended.code == 0, ended.talk
    assert ended.record["template"] == name
    (link,) = (bench.runs / "latest").iterdir()
    assert link.resolve() == ended.folder
    assert {path.name for path in bench.path.iterdir()} == {"home", template.name}


def test_a_home_with_braces_in_its_name_works(tmp_path: Path):
    bench = Bench(tmp_path / "{days}")
    bench.path.mkdir()
    ended = bench.report("run", bench.template(*CELLS), "--output-dir", tmp_path / "runs")
    assert ended.code == 0, ended.talk
    for stream in (bench.started[0].stdout, bench.started[0].stderr):
        assert stream is not None
        stream.close()


def test_inspect_tells_the_same_to_people_and_to_programs(bench: Bench):
    template = bench.template(*CELLS)
    document = bench.report("inspect", template).document
    assert [parameter["name"] for parameter in document["parameters"]] == ["days", "ties"]
    assert document["parameters"][1]["choices"] == ["efron", "breslow"]
    assert [path.name for path in bench.path.iterdir()] == ["steps.ipynb"]


def test_inspect_shows_range_unit_and_help_of_each_parameter(bench: Bench):
    cell = "days: int = 7  # 0 to 30 days; looked at\nshare: float = 0.5  # 0 < x <= 1"
    ended = bench.start("inspect", bench.template(parameters(cell)))
    document = bench.end(ended).document
    assert [(p["range"]["text"], p["unit"], p["help"]) for p in document["parameters"]] == [
        ("0 to 30 days", "days", "looked at"),
        ("0 < x <= 1", "", ""),
    ]
