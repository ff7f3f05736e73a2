"""Whether an old report would run as it did, and whether it then gave the same."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from hub_config.reports.folders.provenance import Environment
from hub_config.reports.folders.reruns import (
    Conditions,
    Difference,
    conditions_now,
    conditions_of_run,
    rerun_differences,
)
from hub_config.reports.folders.result_comparison import ResultDifference, compare_results

from ..conftest import Bench, code, parameters, text
from .closed_runs import ENVIRONMENT, TABLE, closed_run, outputs

MANIFEST = b'{"name": "gibleed"}'
FULL = Conditions(
    "aa", "0.1.0", "0.1.0", "ee", {"numpy": "2.3.0"}, "cohort-analysis", "3.12.4", "Linux", "x86_64",
    {("gibleed", "2026-11"): "ff"},
)  # fmt: skip


def test_the_same_conditions_do_not_differ():
    assert rerun_differences(FULL, FULL) == ()


@pytest.mark.parametrize(
    ("change", "differences"),
    [
        ({"template_sha256": "bb"}, [Difference("template", "", "aa", "bb")]),
        ({"template_sha256": None}, [Difference("template", "", "aa", None)]),
        ({"library_version": "0.2.0"}, [Difference("library", "", "0.1.0", "0.2.0")]),
        ({"cohorthub_version": "0.2.0"}, [Difference("cohorthub", "", "0.1.0", "0.2.0")]),
        ({"kernel": "r"}, [Difference("kernel", "", "cohort-analysis", "r")]),
        ({"python_version": "3.13.0"}, [Difference("python", "", "3.12.4", "3.13.0")]),
        ({"system": "Darwin"}, [Difference("system", "", "Linux", "Darwin")]),
        ({"machine": "aarch64"}, [Difference("machine", "", "x86_64", "aarch64")]),
        ({"releases": {}}, [Difference("release", "gibleed 2026-11", "ff", None)]),
        ({"releases": {("gibleed", "2026-11"): "00"}}, [Difference("release", "gibleed 2026-11", "ff", "00")]),
        ({"environment_sha256": "dd", "packages": None}, [Difference("environment", "", "ee", "dd")]),
        ({"environment_sha256": "dd"}, [Difference("environment", "", "ee", "dd")]),
        (
            {"environment_sha256": "dd", "packages": {"numpy": "2.4.0", "new": "1"}},
            [Difference("package", "new", None, "1"), Difference("package", "numpy", "2.3.0", "2.4.0")],
        ),
    ],
)
def test_each_thing_that_changed_is_named(change: dict[str, Any], differences: list[Difference]):
    assert list(rerun_differences(FULL, dataclasses.replace(FULL, **change))) == differences


def test_every_condition_is_compared():
    other = Conditions("b", "b", "b", "b", {}, "b", "b", "b", "b", {})
    kinds = {difference.kind for difference in rerun_differences(FULL, other)}
    known = {"template", "library", "cohorthub", "package", "kernel", "python", "system", "machine", "release"}
    assert kinds == known
    assert len(known) == len(dataclasses.fields(Conditions)) - 1  # the environment is its packages and their hash


def test_what_an_older_runner_did_not_write_is_not_taken_for_the_same():
    kinds = {difference.kind for difference in rerun_differences(Conditions(), Conditions())}
    assert kinds == {"template", "cohorthub", "kernel", "python", "system", "machine", "environment"}


def now(old: Conditions, data: Path, environment: Environment = ENVIRONMENT) -> Conditions:
    return conditions_now(
        old,
        environment,
        template_sha256=old.template_sha256,
        kernel="cohort-analysis",
        cohorthub_version="0.1.0",
        data=data,
    )


def test_a_closed_run_tells_how_it_ran(tmp_path: Path):
    folder = closed_run(tmp_path)
    record = json.loads((folder / "run.json").read_text())
    old = conditions_of_run(folder, record)
    assert old.packages == {"numpy": "2.3.0", "pandas": "3.1.0"}
    assert (old.python_version, old.system, old.machine) == ("3.12.4", "Linux", "x86_64")
    kinds = [(d.kind, d.name) for d in rerun_differences(old, now(old, tmp_path))]
    assert kinds == [("library", ""), ("release", "gibleed 2026-11")]  # neither is here
    (folder / "environment.txt").write_text("numpy==9")
    assert conditions_of_run(folder, record).packages is None


def test_a_release_is_compared_by_the_bytes_of_its_manifest(tmp_path: Path):
    place = tmp_path / "gibleed" / "2026-11"
    place.mkdir(parents=True)
    (place / "manifest.json").write_bytes(MANIFEST)
    digest = hashlib.sha256(MANIFEST).hexdigest()
    old = dataclasses.replace(FULL, releases={("gibleed", "2026-11"): digest, ("..", "x"): "ff", ("a/b", "x"): "ff"})
    releases = now(old, tmp_path).releases
    assert releases == {("gibleed", "2026-11"): digest, ("..", "x"): None, ("a/b", "x"): None}


def test_two_versions_of_one_package_are_both_told(tmp_path: Path):
    twice = Environment(("numpy==1", "numpy==2"), "3.12.4", "Linux", "x86_64")
    assert now(FULL, tmp_path, twice).packages == {"numpy": "1, 2"}


def change(folder: Path, **more: Any) -> None:
    (folder / "outputs.json").write_text(json.dumps(outputs(TABLE | more)))


def test_two_runs_with_the_same_numbers_and_tables_are_identical(tmp_path: Path):
    found = compare_results(closed_run(tmp_path), closed_run(tmp_path, "two"))
    assert found.identical
    assert (found.outputs, found.files) == (1, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("estimates", [{"rate": 0.3}]), ("persons", {"all": 34}), ("n", 33.0), ("value", 1), ("title", "Other"),
     ("exclusions", {"too young": 1}), ("events", 0), ("kind", "figure"), ("method", "other")],
)  # fmt: skip
def test_the_last_bit_of_a_number_is_a_difference(tmp_path: Path, field: str, value: Any):
    one, two = closed_run(tmp_path), closed_run(tmp_path, "two")
    change(two, **{field: value})
    assert compare_results(one, two).differences == (ResultDifference("wards", field),)


def test_tables_are_compared_by_their_bytes_and_outputs_by_their_ids(tmp_path: Path):
    one, two = closed_run(tmp_path), closed_run(tmp_path, "two")
    (two / "outputs" / "wards.csv").write_text("ward,n\nA,11\n")
    assert compare_results(one, two).differences == (ResultDifference("wards", "content", "outputs/wards.csv"),)
    change(two, id="other")
    assert set(compare_results(one, two).differences) == {
        ResultDifference("wards", "missing"), ResultDifference("other", "added")
    }  # fmt: skip


def test_a_picture_is_compared_by_the_data_behind_it(tmp_path: Path):
    one, two = closed_run(tmp_path), closed_run(tmp_path, "two")
    for number, folder in enumerate((one, two)):
        (folder / "outputs" / "wards.svg").write_text(f"<svg>{number}</svg>")
        change(folder, files=["outputs/wards.svg", "outputs/wards.csv"])
    assert compare_results(one, two).identical


@pytest.mark.parametrize("path", ["../one/outputs/wards.csv", "/etc/hostname", "linked/hostname", "outputs/no.csv", ""])
def test_a_declared_file_that_is_not_in_the_folder_is_never_the_same(tmp_path: Path, path: str):
    one, two = closed_run(tmp_path), closed_run(tmp_path, "two")
    for folder in (one, two):
        (folder / "linked").symlink_to("/etc")
        change(folder, files=[path])
    assert compare_results(one, two).differences == (ResultDifference("wards", "content", path),)


def test_other_data_are_a_difference_even_if_the_numbers_are_the_same(tmp_path: Path):
    one, two = closed_run(tmp_path), closed_run(tmp_path, "two")
    (two / "outputs.json").write_text(json.dumps(outputs(TABLE) | {"data_releases": []}))
    assert compare_results(one, two).differences == (ResultDifference("", "data_releases"),)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"outputs": 3}'])
def test_runs_without_declared_outputs_show_nothing(tmp_path: Path, content: str | None):
    one, two = closed_run(tmp_path), closed_run(tmp_path, "two")
    for folder in (one, two):
        (folder / "outputs.json").unlink()
        if content is not None:
            (folder / "outputs.json").write_text(content)
    found = compare_results(one, two)
    assert not found.comparable
    assert not found.identical


def test_a_report_that_is_run_again_from_its_kept_template_is_shown_to_be_identical(bench: Bench):
    source = (
        "import pandas as pd\nfrom analysis_lib.report import Report\nreport = Report(title='T')\n"
        "report.table('wards', pd.DataFrame({'n': [days, 2]}), title='W', persons={'all': 3})\n"
        "report.number('rate', 0.1 + 0.2, title='R', persons={'all': 3})"
    )
    first = bench.run(text("# T"), parameters(), code(source))
    assert first.code == 0, first.talk
    again = bench.report("run", first.folder / "template.ipynb", "-p", "days=7")
    other = bench.report("run", first.folder / "template.ipynb", "-p", "days=8")
    old = conditions_of_run(first.folder, first.record)
    new = conditions_of_run(again.folder, again.record)
    assert rerun_differences(old, new) == ()
    assert old.packages is not None
    assert old.packages["cohorthub"] == first.record["cohorthub_version"] == old.library_version
    assert compare_results(first.folder, again.folder).identical
    assert (
        ResultDifference("wards", "content", "outputs/wards.csv")
        in compare_results(first.folder, other.folder).differences
    )
