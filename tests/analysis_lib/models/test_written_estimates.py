"""Estimates are written alike by all models: the same words for terms, and a precision that can be read."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.models import cox, glm, kaplan_meier, logrank
from analysis_lib.models.prediction import roc
from analysis_lib.models.regression import conditional_logistic, gee
from analysis_lib.models.regression.penalised import elastic_net
from analysis_lib.models.result import ModelResult
from analysis_lib.models.survival import fine_gray
from analysis_lib.printed_numbers import (
    format_coefficient,
    format_estimate,
    format_exponential,
    format_number,
    format_ratio,
)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    draw = np.random.default_rng(3)
    n = 300
    data = pd.DataFrame(
        {
            "sex": draw.choice(["female", "male"], n),
            "age_years": draw.normal(50, 9, n),
            "year": 2000 + draw.integers(0, 20, n),
            "days": draw.integers(1, 90, n).astype(float),
            "event": draw.random(n) < 0.6,
            "w": draw.uniform(1, 3, n),
            "f": draw.integers(1, 3, n),
            "o": draw.normal(size=n) / 10,
            "years": draw.uniform(0.5, 2, n),
            "site": draw.choice(list("abcdefgh"), n),
            "late": 0.5,
            "p": draw.uniform(0.1, 0.9, n),
        }
    )
    data["case"] = draw.random(n) < 1 / (1 + np.exp(-(data["year"] - 2010) / 2))
    data.attrs["units"] = {"age_years": "years"}
    return data


WORDS = ["Sex: male vs female", "Age (years)", "Sex: male vs female × Age (years)"]
RIGHT = "C(sex) + age_years + C(sex):age_years"


@pytest.mark.parametrize(
    "fit",
    [
        lambda d: glm(f"event ~ {RIGHT}", d, family="binomial"),
        lambda d: gee(f"event ~ {RIGHT}", d, cluster="site", family="binomial"),
        lambda d: conditional_logistic(f"event ~ {RIGHT}", d, strata="site"),
        lambda d: cox(f"Surv(days, event) ~ {RIGHT}", d),
        lambda d: elastic_net(f"event ~ {RIGHT}", d, alpha=0, folds=None),
    ],
    ids=["glm", "gee", "conditional", "cox", "elastic-net"],
)
def test_every_model_writes_terms_in_the_same_words(people: pd.DataFrame, fit: Any) -> None:
    model = fit(people)
    assert {row[0] for row in model.summary().rows} - {"Intercept"} == set(WORDS)
    frame = model.to_frame(words=True)
    assert set(frame["label"]) - {"Intercept"} == set(WORDS)
    assert "label" not in model.to_frame()


def test_a_forest_plot_has_the_words_of_the_summary_and_labels_come_first(people: pd.DataFrame) -> None:
    for model in (
        glm(f"event ~ {RIGHT}", people, family="binomial", labels={"age_years": "Age"}),
        cox(f"Surv(days, event) ~ {RIGHT}", people, labels={"age_years": "Age"}),
    ):
        written = [row[0] for row in model.summary().rows if row[0] != "Intercept"]
        assert written == [WORDS[0], "Age", WORDS[2]]
        assert list(model.plot().data["label"]) == written
        assert list(model.to_frame(words=True)["label"].iloc[-3:]) == written


def _columns(result: ModelResult) -> list[str]:
    return [note for note in result.summary().notes if note.startswith(("Columns:", "Strata:"))]


def test_summaries_name_weights_offset_exposure_entry_and_strata(people: pd.DataFrame) -> None:
    total, counts = format_number(people["w"].sum()), people["f"].sum()
    assert _columns(glm("event ~ age_years", people, family="poisson", exposure="years", offset="o")) == [
        "Columns: offset o; exposure years."
    ]
    weighted = cox("Surv(late, days, event) ~ sex + strata(site)", people, weights="w", offset="o")
    assert _columns(weighted) == [f"Columns: case weights w (sum {total}); offset o."]
    assert "8 strata by site." in weighted.summary().notes
    curve = kaplan_meier("Surv(late, days, event) ~ sex", people, weights="w")
    assert _columns(curve) == [f"Columns: sampling weights w (sum {total}); entry late."]
    test = logrank("Surv(days, event) ~ sex + strata(site)", people, weights="f")
    assert _columns(test) == [f"Columns: frequency weights f (sum {counts}).", "Strata: site."]  # type: ignore[arg-type]
    net = elastic_net("event ~ sex + age_years", people, weights="w", offset="o", folds=None)
    assert _columns(net) == [f"Columns: weights w (sum {total}); offset o."]
    ranked = roc(people, outcome="event", risk="p", weights="w", weight_kind="sampling")
    assert _columns(ranked) == [f"Columns: sampling weights w (sum {total})."]
    equations = gee("event ~ sex", people, cluster="site", family="poisson", exposure="years")
    assert _columns(equations) == ["Columns: exposure years."]
    assert "8 clusters of site" in equations.summary().as_text()
    sets = conditional_logistic("event ~ age_years", people, strata="site")
    assert "8 sets of site with both outcomes" in sets.summary().as_text()


def test_model_errors_of_a_cox_model_with_fractions_for_weights_are_called_what_they_are(people: pd.DataFrame) -> None:
    says = "model-based errors are wrong"
    assert says in cox("Surv(days, event) ~ sex", people, weights="w", robust=False).summary().as_text()
    assert says not in cox("Surv(days, event) ~ sex", people, weights="w").summary().as_text()
    assert says not in cox("Surv(days, event) ~ sex", people, weights="f").summary().as_text()
    causes = people.assign(cause=people["event"].astype(int))
    assert says not in fine_gray("Surv(days, cause) ~ sex", causes, cause=1, weights="w").summary().as_text()


def test_an_intercept_far_from_the_data_is_written_in_few_signs(people: pd.DataFrame) -> None:
    model = glm("case ~ year", people, family="binomial")
    assert model.params["Intercept"] < -709
    intercept = model.summary().rows[0]
    assert intercept[1] == "<1e-308"
    assert intercept[2].startswith("<1e-308 to ")
    assert all(len(cell) <= 21 for cell in intercept)
    assert "no number that a computer holds" in model.summary().as_text()
    near = glm("case ~ year", people.assign(year=people["year"] - 2010), family="binomial")
    assert "computer" not in near.summary().as_text()
    assert near.summary().rows[1] == model.summary().rows[1]
    for unit in (1e-9, 1e-3, 1e9):
        small = cox("Surv(days, event) ~ year", people.assign(year=(people["year"] - 2010) * unit))
        assert all(len(cell) <= 24 for cell in small.summary().rows[0])


@pytest.mark.parametrize(
    ("write", "value", "written"),
    [
        (format_coefficient, 0.03121, "0.0312"),
        (format_coefficient, 2.13e-7, "2.13e-07"),
        (format_coefficient, -1234.56789, "-1234.568"),
        (format_coefficient, -123456.789, "-123,456.8"),
        (format_coefficient, 3146000.0, "3.146e+06"),
        (format_coefficient, 0.0, "0.0000"),
        (format_coefficient, np.nan, "–"),
        (format_ratio, 1.349, "1.35"),
        (format_ratio, 0.0031, "0.0031"),
        (format_ratio, 0.0, "0.00"),
        (format_ratio, 4.85e8, "4.85e+08"),
        (format_ratio, np.inf, "∞"),
        (format_exponential, 0.3, "1.35"),
        (format_exponential, -2000.0, "<1e-308"),
        (format_exponential, 709.5, ">1e308"),
        (format_exponential, np.inf, "∞"),
        (format_exponential, -np.inf, "0.00"),
        (format_exponential, np.nan, "–"),
        (format_estimate, 12345.678, "12,345.68"),
        (format_estimate, 1234567.8, "1,234,568"),
        (format_estimate, 1.2345e12, "1.234e+12"),
        (format_number, 300.0, "300"),
        (format_number, 585.1391, "585.14"),
        (format_number, 1.5e-7, "1.5e-07"),
        (format_number, 2.5e12, "2.5e+12"),
        (format_number, 0.0, "0"),
    ],
)
def test_numbers_have_the_digits_that_can_be_read(write: Any, value: float, written: str) -> None:
    assert write(value) == written
    assert len(written) <= 10
