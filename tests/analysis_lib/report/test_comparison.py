"""Two groups compared by Cox models, also where a model has no estimate."""

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import ModelInputError
from analysis_lib.models import cox
from analysis_lib.report import HazardComparison, Report, compare_hazards

COLUMNS = {"time": "days", "event": "bled", "treatment": "treated"}


@pytest.fixture
def people() -> pd.DataFrame:
    random = np.random.default_rng(7)
    n = 300
    treated = np.arange(n) % 2
    return pd.DataFrame(
        {
            "person_id": np.arange(n),
            "days": random.integers(1, 400, n).astype(float),
            "bled": random.random(n) < 0.3 + 0.2 * treated,
            "treated": treated,
            "age_years": random.normal(60, 9, n),
            "sex": np.where(random.random(n) < 0.5, "female", "male"),
        }
    )


def compared(people: pd.DataFrame, *adjust_for: str) -> HazardComparison:
    return compare_hazards(people, **COLUMNS, adjust_for=adjust_for, ties="breslow")


def test_both_models_are_those_that_cox_fits(people: pd.DataFrame) -> None:
    found = compared(people, "age_years", "sex")
    for model, covariates in ((found.crude, ["treated"]), (found.adjusted, ["treated", "age_years", "sex"])):
        fit = cox(people, time="days", event="bled", covariates=covariates, ties="breslow")
        assert model.estimate == fit.to_frame(ci="profile").loc["treated"].to_dict()
        assert model.method == fit.method
    assert found.not_adjusted_for == ()
    assert "except" not in found.describe()


def test_what_does_not_vary_among_those_with_the_outcome_is_named(people: pd.DataFrame) -> None:
    people["gout"] = (np.arange(len(people)) % 5 == 0) & ~people["bled"]
    people.attrs["units"] = {"gout": "1"}
    found = compared(people, "age_years", "gout")
    assert found.not_adjusted_for == ("Gout",)
    assert found.adjusted.estimate is not None
    assert "alike in what Table 1 lists, except Gout" in found.describe()
    assert found.to_frame()["People compared"].tolist() == ["As they were", "Adjusted for part of Table 1"]


def test_without_any_outcome_both_models_are_not_estimable_and_say_why(people: pd.DataFrame) -> None:
    found = compared(people.assign(bled=False), "age_years")
    assert found.estimable == ()
    assert (found.crude.n, found.crude.events) == (300, 0)
    assert set(found.to_frame()["Hazard ratio"]) == {"not estimable"}
    assert "needs events" in found.describe()
    with pytest.raises(ModelInputError, match="needs an estimate"):
        found.plot()


def test_an_adjusted_model_without_a_maximum_leaves_the_crude_answer(people: pd.DataFrame) -> None:
    # Whoever has the value bled, and on the first days: the hazard ratio is infinite.
    first = people["bled"] & (np.arange(len(people)) % 3 == 0)
    people["ulcer"] = first.astype(int)
    people.loc[first, "days"] = 0.5
    found = compared(people, "ulcer")
    assert found.crude.estimate is not None
    assert found.adjusted.estimate is None
    assert "no finite hazard ratio" in found.adjusted.describe()
    assert found.to_frame()["Hazard ratio"].tolist()[1] == "not estimable"
    assert len(found.estimable) == 1
    found.plot()


def test_a_column_that_is_not_there_is_still_refused(people: pd.DataFrame) -> None:
    with pytest.raises(ModelInputError, match="there is no column"):
        compared(people, "ages")


def test_the_counts_of_both_models_are_declared_apart_and_what_is_left_out_is_said(people: pd.DataFrame) -> None:
    people.loc[:9, "age_years"] = np.nan
    found = compared(people, "age_years")
    assert found.persons["As they were: all"] == 300
    assert found.persons["Adjusted for Table 1: all"] == 290
    assert "290 people" in found.describe()
    assert "10 left out because a value is missing" in found.describe()
    report = Report(title="Bleeds")
    report.table("estimates", found, title="Estimates")
    assert dict(report.manifest.outputs[0].persons) == found.persons
