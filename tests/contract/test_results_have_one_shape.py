"""Every result of the models has one shape, goes into a report, shows itself, and holds no person's value."""

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import ModelInputError
from analysis_lib.models import ModelResult, cox, effectiveness, glm, prediction, rates, regression, survival
from analysis_lib.models.rates import units
from analysis_lib.models.regression.penalised import elastic_net
from analysis_lib.models.result import ModelSummary
from analysis_lib.report import Report

#: In every id, place and letter of the data, and in nothing else.
MARK = re.compile(r"(?<![\d.])7700\d{3}(?!\d)|kv7")
#: What other results are made of.
BASES = {"SmallDataResult", "CoefficientResult", "PersonTimeResult", "PredictionResult", "JudgedResult"}
BASES |= {"MeasuredResult"}
#: What gives no estimate: steps of a study, tables to compute with, documents; each shows itself in its own way.
NO_RESULTS = {
    *("adjusted", "propensity_score_matrix", "split_follow_up", "standard_population", "check_leakage"),
    *("split_persons", "tripod_appendix"),
}


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    draw = np.random.default_rng(11)
    n = 240
    x = draw.normal(size=n)
    data = pd.DataFrame(
        {
            "subject_id": 7_700_000 + np.arange(n),
            "letter": [f"kv7 {number}" for number in range(n)],
            "place": [f"kv7-{number % 60}" for number in range(n)],
            "age": draw.normal(60, 9, n).round(3),
            "x": x,
            "arm": draw.choice(["a", "b"], n),
            "old": draw.choice(["<60", "60+"], n),
            "days": draw.integers(1, 400, n).astype(float),
            "event": draw.random(n) < 0.5,
            "w": draw.uniform(1, 3, n),
            "visit": np.arange(n) // 60 + 0.0,
        }
    )
    data["y"] = 3 + x + draw.normal(size=n)
    data["case"] = (draw.random(n) < 1 / (1 + np.exp(-x))).astype(int)
    data["p"] = np.clip(0.5 + 0.2 * x + 0.1 * draw.normal(size=n), 0.02, 0.98)
    data["q"] = np.clip(0.5 + 0.2 * draw.normal(size=n), 0.02, 0.98)
    data["cause"] = np.where(data["event"], draw.choice([1, 2], n), 0)
    data["treated"] = (data["arm"] == "a").astype(int)
    data.loc[:3, "age"] = np.nan
    return data


FOLLOWED: dict[str, Any] = {"time": "days", "event": "event"}
RISK: dict[str, Any] = {"outcome": "case", "risk": "p"}

RESULTS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "GlmResult": lambda d: glm("case ~ age + C(arm)", d, family="binomial", sampling_weights="w"),
    "marginal effects": lambda d: glm("case ~ age + C(arm)", d, family="binomial").marginal_effects(d),
    "NestedTests": lambda d: regression.compare_models("case ~ x", d, larger="case ~ x + age", family="binomial"),
    "GeeResult": lambda d: regression.gee("y ~ x", d, cluster="place"),
    "MixedResult": lambda d: regression.mixed("y ~ x", d, cluster="place"),
    "ConditionalLogisticResult": lambda d: regression.conditional_logistic("case ~ x", d, strata="place"),
    "QuantileResult": lambda d: regression.quantile_regression("y ~ x", d),
    "OneWayAnova": lambda d: regression.one_way_anova("y ~ arm", d),
    "ElasticNetResult": lambda d: elastic_net("case ~ x + age", d, folds=None, weights="w"),
    "CoxResult": lambda d: cox(d, **FOLLOWED, covariates=["age", "arm"], cluster="place"),
    "ProportionalHazardsResult": lambda d: cox(d, **FOLLOWED, covariates=["age", "arm"]).proportional_hazards(),
    "FineGrayResult": lambda d: survival.fine_gray(d, time="days", event="cause", cause=1, covariates=["x"]),
    "KaplanMeierResult": lambda d: survival.kaplan_meier(d, **FOLLOWED, by="arm", weights="w"),
    "RestrictedMeanResult": lambda d: survival.kaplan_meier(d, **FOLLOWED, by="arm").restricted_mean(),
    "NelsonAalenResult": lambda d: survival.nelson_aalen(d, **FOLLOWED, by="arm"),
    "LogRankResult": lambda d: survival.logrank(d, **FOLLOWED, by="arm", strata="old"),
    "CumulativeIncidenceResult": lambda d: survival.cumulative_incidence(d, time="days", event="cause", by="arm"),
    "IncidenceRates": lambda d: rates.incidence_rates(d, **FOLLOWED, by="arm"),
    "Prevalence": lambda d: rates.prevalence(d, event="event", by="arm"),
    "StandardisedRates": lambda d: rates.standardised_rates(
        d, **FOLLOWED, by="arm", age="old", standard={"<60": 3, "60+": 1}
    ),
    "StandardisedRatios": lambda d: rates.standardised_ratios(
        d, **FOLLOWED, strata="old", reference={"<60": 0.5, "60+": 0.7}
    ),
    "EffectMeasures": lambda d: rates.compare_rates(d, **FOLLOWED, by="arm"),
    "risks compared": lambda d: rates.compare_risks(d, event="event", by="arm"),
    "Mantel-Haenszel": lambda d: rates.mantel_haenszel(d, event="event", by="arm", strata="old"),
    "UnitFunnel": lambda d: units.unit_funnel(d, by="arm", event="event"),
    "PeriodShares": lambda d: units.shares_by_period(
        d.assign(date=pd.Timestamp("2024-01-15") + pd.to_timedelta(d["days"], unit="D")), date="date", event="event"
    ),
    "AdjustedPValues": lambda d: rates.adjust_p_values({"a": 0.01, "b": 0.2}, persons={"all": len(d)}),
    "PropensityScores": lambda d: effectiveness.propensity_score("treated ~ x + q", d),
    "EmpiricalNull": lambda d: effectiveness.empirical_null(
        [0.1, -0.2, 0.3, 0.0, 0.1, 0.2], [0.1] * 6, persons={"all": len(d)}
    ),
    "ErrorModel": lambda d: effectiveness.error_model(
        [0.1, -0.2, 0.3, 0.0, 0.8, 0.6, 0.9, 1.3],
        [0.1] * 8,
        true_log_effects=[0.0] * 4 + [0.7] * 4,
        persons={"all": len(d)},
    ),
    "EValue": lambda d: effectiveness.e_value(1.9, 1.2, ci_high=2.9, of=cox(d, **FOLLOWED, covariates=["x"])),
    "RocResult": lambda d: prediction.roc(d, **RISK, by="arm"),
    "AreaDifference": lambda d: prediction.area_difference(d, outcome="case", risk=["p", "q"]),
    "PrecisionRecallResult": lambda d: prediction.precision_recall(d, **RISK),
    "CalibrationResult": lambda d: prediction.calibration(d, **RISK),
    "ClassificationResult": lambda d: prediction.classification(d, **RISK, thresholds=[0.5]),
    "DecisionCurveResult": lambda d: prediction.decision_curve(d, **RISK),
    "PerformanceResult": lambda d: prediction.performance(d, **RISK),
    "SurvivalPerformanceResult": lambda d: prediction.survival_performance(d, **FOLLOWED, risk="p", horizon=200),
    "RiskModel": lambda d: prediction.risk_model(["x", "age"], d, outcome="case", folds=3),
}
#: Made of numbers alone.
WITHOUT_ROWS = {"AdjustedPValues", "EmpiricalNull", "ErrorModel"}
_made: dict[str, Any] = {}


@pytest.fixture(params=RESULTS)
def result(request: pytest.FixtureRequest, people: pd.DataFrame) -> Any:
    if request.param not in _made:
        _made[request.param] = RESULTS[request.param](people)
    return _made[request.param]


def _kinds(base: type) -> Iterator[type]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


def test_every_kind_of_result_is_looked_at() -> None:
    known = {kind.__name__ for kind in _kinds(ModelResult) if kind.__module__.startswith("analysis_lib.models")}
    assert known - BASES <= set(RESULTS)


@pytest.mark.parametrize("room", [effectiveness, prediction, rates, regression, survival], ids=lambda r: r.__name__)
def test_what_a_function_of_a_room_gives_is_one_of_them(room: Any) -> None:
    for name in room.__all__:
        made = getattr(room, name)
        if inspect.isfunction(made) and name not in NO_RESULTS:
            kind = str(inspect.signature(made).return_annotation).rpartition(".")[2].strip("'>")
            assert kind in RESULTS or kind == "IncidenceRate", name


def test_a_result_says_what_it_is_and_whom_it_is_from(result: Any) -> None:
    assert result.method.strip()
    assert result.source.strip()
    assert isinstance(result.n, int)
    assert result.n >= 0
    assert isinstance(result.events, int)
    assert isinstance(result.n_excluded, int)
    assert isinstance(result.settings, Mapping)
    assert isinstance(result.weight_sums, Mapping)
    assert all(isinstance(count, int) for count in result.exclusions.values())
    assert (result.n_excluded > 0) == bool(result.exclusions)
    assert 0 < result.persons["all"] <= 240
    assert all(isinstance(name, str) and isinstance(count, int) for name, count in result.persons.items())
    frame = result.to_frame()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame)
    assert frame.columns.is_unique


def test_a_result_shows_itself_alike_everywhere(result: Any) -> None:
    summary = result.summary()
    assert isinstance(summary, ModelSummary)
    assert summary.title.strip()
    assert summary.rows
    assert {len(row) for row in summary.rows} == {len(summary.header)}
    assert any(result.method in note for note in summary.notes)
    assert repr(result) == summary.as_text()
    assert result._repr_html_() == summary.as_html()
    assert result._repr_html_().startswith('<div class="cohorthub-table"')
    assert not re.search(r"\b(nan|inf)\b", summary.as_text())


def test_numbers_are_written_in_few_signs(result: Any) -> None:
    for row in result.summary().rows:
        for cell in row[1:]:
            for number in re.findall(r"[-\d][\d,.]*(?:e[-+]\d+)?", cell):
                assert len(number) <= 10, cell


def test_a_result_goes_into_a_report_without_a_persons_value(result: Any, tmp_path: Path) -> None:
    figure = hasattr(result, "plot")
    Report(title="All", run_dir=tmp_path).add("it", result, figure=figure)
    outputs = json.loads((tmp_path / "outputs.json").read_text())["outputs"]
    assert [output["kind"] for output in outputs] == ["table", "figure"][: 1 + figure]
    assert outputs[0]["title"].strip()
    assert outputs[0]["method"] == result.method
    assert outputs[0]["persons"] == dict(result.persons)
    assert outputs[0]["estimates"]
    shown = [result.summary().as_text(), result._repr_html_(), str(result), repr(result.settings)]
    shown += [path.read_text() for path in tmp_path.rglob("*") if path.suffix in {".csv", ".json", ".svg"}]
    assert not [text for text in shown if MARK.search(text)]


@pytest.mark.parametrize("kind", sorted(set(RESULTS) - WITHOUT_ROWS))
def test_rows_that_do_not_say_whose_they_are_are_refused(people: pd.DataFrame, kind: str) -> None:
    gaps = people.assign(subject_id=people["subject_id"].astype("Int64").mask(people.index % 80 == 79))
    with pytest.raises(ModelInputError, match=r"column 'subject_id' is missing in 3 of 240 rows"):
        RESULTS[kind](gaps)


@pytest.mark.parametrize("place", ["files", "dask"])
@pytest.mark.parametrize("kind", ["GlmResult", "CoxResult", "KaplanMeierResult", "IncidenceRates", "PerformanceResult"])
def test_so_are_rows_of_files_and_of_dask_frames(people: pd.DataFrame, tmp_path: Path, kind: str, place: str) -> None:
    import dask.dataframe as dd

    gaps = people.assign(subject_id=people["subject_id"].astype("Int64").mask(people.index % 80 == 79))
    gaps.to_parquet(tmp_path / "people.parquet")
    data: Any = tmp_path / "people.parquet" if place == "files" else dd.from_pandas(gaps, npartitions=1)
    with pytest.raises(ModelInputError, match=r"column 'subject_id' is missing in 3 of 240 rows"):
        RESULTS[kind](data)
