"""Results of the library reach ``outputs.json`` with their estimates, as the reference page says."""

import json
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import OutputError
from analysis_lib.models import cox, glm, incidence_rates, kaplan_meier, logrank
from analysis_lib.models.effectiveness import propensity_score
from analysis_lib.models.rates import compare_rates, compare_risks, mantel_haenszel, prevalence, standardised_rates
from analysis_lib.models.survival import nelson_aalen
from analysis_lib.report import Report, attrition_table, compare_hazards, compare_subgroups, table_one
from analysis_lib.report.declared import MOST_ESTIMATES
from analysis_lib.report.manifest import DataRelease, OutputRecord, StageEntry
from hub_config.reports.folders.provenance import declared_by_notebook

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "run-folder.md"


@pytest.fixture
def people() -> pd.DataFrame:
    draw = np.random.default_rng(2)
    data = pd.DataFrame(
        {
            "subject_id": np.repeat(np.arange(60), 2),
            "days": draw.integers(1, 90, 120).astype(float),
            "event": draw.random(120) < 0.6,
            "age": draw.normal(60, 9, 120),
            "arm": np.repeat(draw.choice(["a", "b"], 60), 2),
        }
    )
    data["treated"] = (data["arm"] == "a").astype(int)
    data.loc[:2, "age"] = np.nan
    return data


RESULTS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "cox": lambda d: cox(d, time="days", event="event", covariates=["treated", "age"]),
    "kaplan-meier": lambda d: kaplan_meier(d, time="days", event="event", by="arm"),
    "logrank": lambda d: logrank(d, time="days", event="event", by="arm"),
    "nelson-aalen": lambda d: nelson_aalen(d, time="days", event="event", by="arm"),
    "glm": lambda d: glm("event ~ treated + age", d, family="binomial"),
    "rates": lambda d: incidence_rates(d, time="days", event="event", by="arm"),
    "rate-ratio": lambda d: compare_rates(d, time="days", event="event", by="arm"),
    "risk-ratio": lambda d: compare_risks(d, event="event", by="arm"),
    "mantel-haenszel": lambda d: mantel_haenszel(d.assign(old=d["age"] > 60), event="event", by="arm", strata="old"),
    "prevalence": lambda d: prevalence(d.drop_duplicates("subject_id"), event="event", by="arm"),
    "standardised": lambda d: standardised_rates(
        d.assign(band=np.where(d["age"] > 60, "60+", "<60")),
        time="days",
        event="event",
        by="arm",
        age="band",
        standard={"<60": 3, "60+": 1},
    ),
    "table-one": lambda d: table_one(d, by="arm", variables=["age", "treated"], nonnormal=["age"], tests=True),
    "attrition": lambda d: attrition_table(pd.DataFrame({"rule": ["all", "adults"], "persons": [60, 55]})),
    "subgroups": lambda d: compare_subgroups(
        d.assign(old=d["age"] > 60), time="days", event="event", treatment="treated", subgroups=["old"]
    ),
    "scores": lambda d: propensity_score("treated ~ age", d),
    "strata": lambda d: propensity_score("treated ~ age", d).stratify(2),
    "balance": lambda d: propensity_score("treated ~ age", d).weight().balance(),
    "comparison": lambda d: compare_hazards(d, time="days", event="event", treatment="treated", adjust_for=["age"]),
}


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _declared(folder: Path) -> list[dict[str, Any]]:
    document = json.loads((folder / "outputs.json").read_text(encoding="utf-8"), parse_constant=_refuse)
    outputs: list[dict[str, Any]] = document["outputs"]
    return outputs


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_declares_its_estimates_and_the_persons_behind_it(
    name: str, people: pd.DataFrame, tmp_path: Path
) -> None:
    result = RESULTS[name](people)
    Report(title="All", run_dir=tmp_path).add(name, result, title="What it shows")
    (output,) = _declared(tmp_path)
    assert output["id"] == name
    assert output["persons"]
    assert all(isinstance(count, int) and 0 <= count <= 60 for count in output["persons"].values())
    assert output["estimates"], "the numbers themselves are there, not only their file"
    assert {tuple(row) for row in output["estimates"]} == {tuple(output["estimates"][0])}
    assert output["method"] == getattr(result, "method", None)
    assert (output["n"], output["events"]) == (getattr(result, "n", None), getattr(result, "events", None))
    assert output["exclusions"] == dict(getattr(result, "exclusions", {}))
    assert [(tmp_path / file).is_file() for file in output["files"]] == [True]
    assert declared_by_notebook(tmp_path)["outputs"] == 1


def test_estimates_are_not_rounded(people: pd.DataFrame, tmp_path: Path) -> None:
    model = RESULTS["cox"](people)
    report = Report(title="All", run_dir=tmp_path)
    report.add("model", model, title="Model")
    report.add("table", RESULTS["table-one"](people), title="Table")
    first, second = _declared(tmp_path)
    assert [row["coef"] for row in first["estimates"]] == model.to_frame()["coef"].to_list()
    assert first["exclusions"]
    age = next(row for row in second["estimates"] if row["variable"] == "age" and row["group"] == "a")
    assert age["median"] == people.loc[people["arm"] == "a", "age"].median()


@pytest.mark.parametrize("name", ["cox", "kaplan-meier", "attrition", "comparison", "subgroups"])
def test_the_figure_of_a_result_is_declared_beside_it(name: str, people: pd.DataFrame, tmp_path: Path) -> None:
    Report(title="All", run_dir=tmp_path).add(name, RESULTS[name](people), title="What it shows", figure=True)
    table, figure = _declared(tmp_path)
    assert (table["kind"], figure["kind"], figure["id"]) == ("table", "figure", f"{name}-figure")
    assert figure["persons"] == table["persons"]
    assert {Path(file).suffix for file in figure["files"]} == {".svg", ".pdf", ".png", ".csv"}
    assert not set(table["files"]) & set(figure["files"])


def test_the_title_is_the_results_own_when_not_given(people: pd.DataFrame, tmp_path: Path) -> None:
    report = Report(title="All", run_dir=tmp_path)
    for name in ("cox", "kaplan-meier", "table-one", "attrition"):
        report.add(name, RESULTS[name](people))
    assert all(output["title"].strip() for output in _declared(tmp_path))
    with pytest.raises(OutputError, match="no title; found HazardComparison"):
        report.add("comparison", RESULTS["comparison"](people))


def test_what_has_no_figure_or_no_persons_is_refused_before_anything_is_written(
    people: pd.DataFrame, tmp_path: Path
) -> None:
    report = Report(title="All", run_dir=tmp_path)
    with pytest.raises(OutputError, match="without plot"):
        report.add("table", RESULTS["table-one"](people), figure=True)
    with pytest.raises(OutputError, match="how many persons"):
        report.add("frame", people, title="Rows")
    assert [path.name for path in tmp_path.iterdir()] == ["outputs.json"]


def test_numbers_that_json_lacks_are_written_as_the_page_says(tmp_path: Path) -> None:
    class Odds:
        def __init__(self) -> None:
            self.persons, self.n, self.events = {"all": np.int64(4)}, np.int64(4), 2.5

        def to_frame(self) -> pd.DataFrame:
            limits = {"low": [-np.inf, 0.5], "high": [np.inf, np.nan], "sure": [True, False], "n": [np.int32(3), 4]}
            return pd.DataFrame(limits, index=pd.Index(["x", "y"]))

    Report(title="All", run_dir=tmp_path).add("odds", Odds(), title="Odds")
    (output,) = _declared(tmp_path)
    assert output["estimates"] == [
        {"term": "x", "low": "-inf", "high": "inf", "sure": 1, "n": 3},
        {"term": "y", "low": 0.5, "high": None, "sure": 0, "n": 4},
    ]
    assert (output["n"], output["events"]) == (4, None)


def test_a_curve_too_long_for_a_document_stays_in_its_file(tmp_path: Path) -> None:
    steps = MOST_ESTIMATES + 1
    data = pd.DataFrame({"days": np.arange(1, steps + 1), "event": True})
    Report(title="All", run_dir=tmp_path).add("curve", kaplan_meier(data, time="days", event="event"))
    (output,) = _declared(tmp_path)
    assert output["estimates"] == []
    assert len(pd.read_csv(tmp_path / output["file"])) >= steps


def test_every_field_of_an_output_is_on_the_page() -> None:
    named = set(re.findall(r"`([a-z_0-9]+)`", PAGE.read_text(encoding="utf-8").partition("## `outputs.json`")[2]))
    assert {field.name for kind in (OutputRecord, StageEntry, DataRelease) for field in fields(kind)} <= named
    assert {"schema", "library_version", "data_releases", "cohorts", "outputs", "stages", "unchanged_since"} <= named
