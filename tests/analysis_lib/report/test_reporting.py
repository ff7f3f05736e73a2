"""Declared outputs: what is written, and what is refused before anything is written."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis_lib.errors import OutputError
from analysis_lib.models import incidence_rates
from analysis_lib.models.effectiveness import propensity_score
from analysis_lib.models.survival import KaplanMeierResult, kaplan_meier
from analysis_lib.report import Report, attrition_table, table_one

PERSONS = {"all": 12}


@dataclass
class Release:
    """A data release as the report sees it."""

    name: str
    release: str
    path: Path


@dataclass
class People:
    """A cohort as the report sees it."""

    name: str
    definition_sha256: str
    n_persons: int
    dataset: Release


@pytest.fixture
def release(tmp_path: Path) -> Release:
    folder = tmp_path / "data" / "small" / "2026-01"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"name": "small"}')
    return Release("small", "2026-01", folder)


@pytest.fixture
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setenv("COHORTHUB_RUN_DIR", str(folder))
    return folder


@pytest.fixture
def curves() -> KaplanMeierResult:
    data = pd.DataFrame({"person_id": [1, 2, 3, 3], "days": [3, 5, 6, 7], "event": [1, 0, 1, 1], "arm": list("aabb")})
    return kaplan_meier(data, time="days", event="event", by="arm")


def _document(run_dir: Path) -> dict[str, object]:
    return json.loads((run_dir / "outputs.json").read_text(encoding="utf-8"))


def test_a_run_without_outputs_still_has_a_manifest(run_dir: Path) -> None:
    Report(title="Nothing yet")
    document = _document(run_dir)
    assert document["schema"] == "cohorthub.outputs/1"
    assert document["outputs"] == []
    assert isinstance(document["library_version"], str)


def test_manifest_holds_data_cohorts_and_outputs(run_dir: Path, release: Release, curves: KaplanMeierResult) -> None:
    report = Report(title="Study")
    report.add_cohort(People("celecoxib", "ab" * 32, 12, release))
    report.add_cohort(People("celecoxib", "ab" * 32, 12, release))
    report.number("hazard-ratio", 1.34612, title="Hazard ratio", persons=PERSONS, method="Cox")
    report.figure("curves", curves.plot(), title="Survival", of=curves)
    report.table("survival", curves, title="Survival in numbers")
    document = _document(run_dir)
    sha256 = hashlib.sha256((release.path / "manifest.json").read_bytes()).hexdigest()
    assert document["data_releases"] == [{"name": "small", "release": "2026-01", "manifest_sha256": sha256}]
    assert document["cohorts"] == [{"name": "celecoxib", "definition_sha256": "ab" * 32, "persons": 12}]
    number, figure, table = document["outputs"]
    assert number == {
        "id": "hazard-ratio",
        "kind": "number",
        "title": "Hazard ratio",
        "method": "Cox",
        "value": 1.34612,
        "file": None,
        "files": [],
        "persons": {"all": 12},
        "n": None,
        "events": None,
        "exclusions": {},
        "estimates": [],
        "tolerance": None,
        "better": None,
    }
    assert figure["file"] == "outputs/curves.svg"
    assert figure["files"] == ["outputs/curves.svg", "outputs/curves.pdf", "outputs/curves.png", "outputs/curves.csv"]
    assert figure["persons"] == {"all": 3, "events": 2, "arm=a": 2, "arm=a, events": 1, "arm=b": 1, "arm=b, events": 1}
    assert (figure["n"], figure["events"], figure["value"]) == (4, 3, None)
    assert (table["kind"], table["method"]) == ("table", curves.method)
    for output in document["outputs"]:
        assert all((run_dir / file).is_file() for file in output["files"])


def test_every_file_of_the_run_is_declared(run_dir: Path, curves: KaplanMeierResult) -> None:
    report = Report(title="Study")
    report.figure("curves", curves.plot(), title="Survival", of=curves)
    report.table("steps", attrition_table(pd.DataFrame({"rule": ["a"], "persons": [3]})), title="Attrition")
    declared = {file for output in _document(run_dir)["outputs"] for file in output["files"]}
    found = {str(path.relative_to(run_dir)) for path in run_dir.rglob("*") if path.is_file()}
    assert found == declared | {"outputs.json"}


def test_tables_of_the_library_know_their_persons(run_dir: Path) -> None:
    report = Report(title="Study")
    people = pd.DataFrame({"subject_id": [1, 2, 3], "sex": ["f", "m", "f"], "arm": ["a", "a", "b"]})
    report.table("table-1", table_one(people, by="arm"), title="Table 1")
    (output,) = _document(run_dir)["outputs"]
    assert output["persons"]["a"] == 2
    assert output["persons"]["Sex, n (%): f | a"] == 1
    assert (run_dir / "outputs" / "table-1.csv").read_text().startswith("characteristic,a,b,smd\n")


def test_a_frame_keeps_its_index_only_where_it_says_something(run_dir: Path) -> None:
    report = Report(title="Study")
    report.table("plain", pd.DataFrame({"x": [1]}), title="Plain", persons=PERSONS)
    report.table("named", pd.DataFrame({"x": [1]}, index=pd.Index(["a"], name="arm")), title="Named", persons=PERSONS)
    assert (run_dir / "outputs" / "plain.csv").read_text() == "x\n1\n"
    assert (run_dir / "outputs" / "named.csv").read_text() == "arm,x\na,1\n"


def test_any_matplotlib_figure_is_saved(run_dir: Path) -> None:
    figure = Figure()
    figure.add_subplot().plot([1, 2], [3, 4])
    Report(title="Study").figure("line", figure, title="Line", persons=PERSONS)
    assert sorted(path.name for path in (run_dir / "outputs").iterdir()) == ["line.pdf", "line.png", "line.svg"]


def test_numbers_of_numpy_become_plain_ones(run_dir: Path) -> None:
    report = Report(title="Study")
    report.number("events", np.int64(479), title="Events", persons={"all": np.int64(2630)})
    report.number("ratio", np.float64(1.5), title="Ratio", persons=PERSONS)
    events, ratio = _document(run_dir)["outputs"]
    assert (events["value"], events["persons"], ratio["value"]) == (479, {"all": 2630}, 1.5)


def test_in_lab_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, curves: KaplanMeierResult) -> None:
    monkeypatch.delenv("COHORTHUB_RUN_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    report = Report(title="Study")
    report.figure("curves", curves.plot(), title="Survival", of=curves)
    report.table("table", curves, title="Survival")
    assert list(tmp_path.iterdir()) == []
    assert "curves" in report.provenance()._repr_html_()


@pytest.mark.parametrize(
    "output_id", ["", "../up", "a/b", "A", "a b", "-a", "a-", "a--b", "a.csv", "ä", "x" * 65, "a\n"]
)
def test_an_id_that_could_leave_the_folder_or_name_no_file_is_refused(run_dir: Path, output_id: str) -> None:
    report = Report(title="Study")
    with pytest.raises(OutputError, match="an output's id is"):
        report.table(output_id, pd.DataFrame({"x": [1]}), title="Table", persons=PERSONS)
    assert [path.name for path in run_dir.iterdir()] == ["outputs.json"]


@pytest.mark.parametrize(
    "persons", [None, {}, {"all": -1}, {"all": 1.5}, {"all": True}, {"all": "12"}, {"all": None}, {1: 12}]
)
def test_an_output_that_does_not_say_how_many_persons_is_refused(run_dir: Path, persons: object) -> None:
    report = Report(title="Study")
    with pytest.raises(OutputError, match="persons"):
        report.table("table", pd.DataFrame({"x": [1]}), title="Table", persons=persons)
    with pytest.raises(OutputError, match="persons"):
        report.number("number", 1.0, title="Number", persons=persons)
    with pytest.raises(OutputError, match="persons"):
        report.figure("figure", Figure(), title="Figure", persons=persons)
    assert [path.name for path in run_dir.iterdir()] == ["outputs.json"]
    assert _document(run_dir)["outputs"] == []


def test_a_second_output_of_the_same_id_is_refused_and_the_first_left_alone(run_dir: Path) -> None:
    report = Report(title="Study")
    report.table("table", pd.DataFrame({"x": [1]}), title="First", persons=PERSONS)
    with pytest.raises(OutputError, match="'table' is declared already"):
        report.table("table", pd.DataFrame({"x": [2]}), title="Second", persons=PERSONS)
    assert (run_dir / "outputs" / "table.csv").read_text() == "x\n1\n"
    assert [output["title"] for output in _document(run_dir)["outputs"]] == ["First"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1.3", True, None, 1j])
def test_what_is_no_finite_number_is_refused(run_dir: Path, value: object) -> None:
    report = Report(title="Study")
    with pytest.raises(OutputError, match="number"):
        report.number("number", value, title="Number", persons=PERSONS)
    assert _document(run_dir)["outputs"] == []


def test_what_is_no_table_or_figure_is_refused(run_dir: Path) -> None:
    report = Report(title="Study")
    with pytest.raises(OutputError, match="must be a DataFrame or have to_frame"):
        report.table("table", [1, 2], title="Table", persons=PERSONS)
    with pytest.raises(OutputError, match="must be a matplotlib figure"):
        report.figure("figure", "km.png", title="Figure", persons=PERSONS)


def test_outputs_need_titles_and_so_do_reports(run_dir: Path) -> None:
    with pytest.raises(OutputError, match="a report needs a title"):
        Report(title=" ")
    with pytest.raises(OutputError, match="has no title"):
        Report(title="Study").table("table", pd.DataFrame({"x": [1]}), title=" ", persons=PERSONS)
    assert [path.name for path in run_dir.iterdir()] == ["outputs.json"]


def test_a_run_has_one_report(run_dir: Path) -> None:
    Report(title="First")
    with pytest.raises(OutputError, match="a run has one Report"):
        Report(title="Second")


def test_a_run_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="the run folder is not there"):
        Report(title="Study", run_dir=tmp_path / "nowhere")


def test_manifest_is_replaced_whole(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = Report(title="Study")
    report.number("first", 1, title="First", persons=PERSONS)
    before = (run_dir / "outputs.json").read_bytes()

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("analysis_lib.whole_files.os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        report.number("second", 2, title="Second", persons=PERSONS)
    assert (run_dir / "outputs.json").read_bytes() == before
    assert [path.name for path in run_dir.iterdir()] == ["outputs.json"]


def test_provenance_names_data_cohorts_and_versions(run_dir: Path, release: Release) -> None:
    report = Report(title="Bleeding <after> celecoxib")
    report.add_cohort(People("celecoxib", "ab" * 32, 1800, release))
    report.number("n", 1800, title="Persons", persons={"all": 1800})
    report.number("ratio", 1.3, title="Ratio", persons={"arm=a": 830, "arm=b": 1800})
    html = report.provenance()._repr_html_()
    assert "830 to 1,800" in html
    assert "Bleeding &lt;after&gt; celecoxib" in html
    for words in ("small, release 2026-01", "1,800 persons (definition abababababab)", "Python 3.", "pandas"):
        assert words in html
        assert words in repr(report.provenance()) or words == "1,800"


def test_declared_outputs_show_themselves(run_dir: Path, curves: KaplanMeierResult) -> None:
    report = Report(title="Study")
    assert repr(report.number("hr", 1.34612, title="Hazard ratio", persons=PERSONS, digits=3)) == "Hazard ratio: 1.346"
    assert "2,630" in report.number("n", 2630, title="Persons", persons=PERSONS)._repr_html_()
    shown = report.table("t", pd.DataFrame({"<x>": [1.234, np.nan]}), title="T & T", persons=PERSONS)._repr_html_()
    assert "&lt;x&gt;" in shown
    assert "T &amp; T" in shown
    assert "1.23" in shown
    assert "Kaplan-Meier" in report.table("km", curves, title="Curves")._repr_html_()


def test_no_row_of_a_person_is_written_or_declared(run_dir: Path) -> None:
    draw = np.random.default_rng(0)
    people = pd.DataFrame({"subject_id": np.arange(70_000, 70_090), "drug": draw.random(90) < 0.5})
    people["age"] = draw.normal(60, 10, 90) + 5 * people["drug"]
    scores = propensity_score("drug ~ age", people)
    report = Report(title="Scores")
    report.add("scores", scores, figure=True)
    report.add("strata", scores.stratify(3))
    report.add("balance", scores.stratify(3).balance(), figure=True)
    for number, table in enumerate([people, people.set_index("subject_id"), scores.to_frame()]):
        with pytest.raises(OutputError, match="must not have a row for each person; found column 'subject_id'"):
            report.table(f"rows-{number}", table, title="Rows", persons={"all": 90})
    written = "".join(file.read_text() for file in run_dir.rglob("*") if file.suffix in {".csv", ".json"})
    assert re.search(r"(?<![\d.])700[0-8]\d(?!\d)", written) is None
    outputs = {output["id"]: output for output in json.loads((run_dir / "outputs.json").read_text())["outputs"]}
    assert [row["measure"] for row in outputs["scores"]["estimates"]] == ["treated", "untreated", "auc", "equipoise"]
    assert outputs["balance"]["persons"]["all"] == 90
    assert outputs["strata"]["persons"] == dict(scores.persons)


def test_how_much_a_number_may_differ_is_declared_with_it(run_dir: Path) -> None:
    report = Report(title="Study")
    report.number("events", 21, title="Events", persons=PERSONS, tolerance=5, better="lower")
    report.number("share", 0.5, title="Share", persons=PERSONS, tolerance="10 %")
    report.number("exact", 1, title="Exact", persons=PERSONS, tolerance=0)
    report.number("said", 1, title="Nothing said", persons=PERSONS)
    report.table("table", pd.DataFrame({"x": [1]}), title="Table", persons=PERSONS, tolerance="2.5%")
    told = {output["id"]: (output["tolerance"], output["better"]) for output in _document(run_dir)["outputs"]}
    assert told == {
        "events": ({"absolute": 5.0}, "lower"),
        "share": ({"relative": 0.1}, None),
        "exact": ({"absolute": 0.0}, None),
        "said": (None, None),
        "table": ({"relative": 0.025}, None),
    }


def test_a_result_takes_its_tolerance_to_its_table(run_dir: Path, curves: KaplanMeierResult) -> None:
    Report(title="Study").add("curves", curves, tolerance="1 %")
    (output,) = _document(run_dir)["outputs"]
    assert output["tolerance"] == {"relative": 0.01}


@pytest.mark.parametrize("tolerance", [-1, float("nan"), float("inf"), True, "5", "ten %", "-1 %", "1e3 %", "", [1]])
def test_a_tolerance_that_is_none_is_refused(run_dir: Path, tolerance: object) -> None:
    report = Report(title="Study")
    with pytest.raises(OutputError, match="tolerance of output 'n' is a number"):
        report.number("n", 1, title="N", persons=PERSONS, tolerance=tolerance)
    with pytest.raises(OutputError, match="tolerance of output 't' is a number"):
        report.table("t", pd.DataFrame({"x": [1]}), title="T", persons=PERSONS, tolerance=tolerance)
    assert [path.name for path in run_dir.iterdir()] == ["outputs.json"]


@pytest.mark.parametrize("better", ["more", "", 1, []])
def test_a_direction_that_is_none_is_refused(run_dir: Path, better: object) -> None:
    with pytest.raises(OutputError, match="better of output 'n' must be one of higher, lower"):
        Report(title="Study").number("n", 1, title="N", persons=PERSONS, better=better)
    assert _document(run_dir)["outputs"] == []


@pytest.mark.parametrize(
    ("value", "shown_as", "text"),
    [(0.4444, "percent", "44.4%"), (-0.0281, "points", "-2.8 percentage points"), (0.4444, "number", "0.44")],
)
def test_a_share_is_shown_in_percent_and_declared_as_it_is(
    tmp_path: Path, value: float, shown_as: Any, text: str
) -> None:
    report = Report(title="Wards", run_dir=tmp_path)
    shown = report.number("share", value, title="Share", persons={"all": 40}, shown_as=shown_as)
    assert shown.text == text
    assert report.manifest.outputs[0].value == value


def test_two_results_of_one_kind_have_the_captions_that_the_report_gives_them() -> None:
    people = pd.DataFrame({"subject_id": [1, 2], "days": [3_652_500, 400], "event": [True, False]})
    report = Report(title="Wards")
    for number in (1, 2):
        rates = incidence_rates(people, time="days", event="event")
        shown = report.table(f"rates-{number}", rates, title=f"Rates in ward {number}")
        assert f"Rates in ward {number}" in shown._repr_html_()
        assert "Incidence rates" not in shown._repr_html_() + repr(shown)
        assert "10,001" in repr(shown)  # person-years, with separators as the counts beside them
