"""Average marginal effects, and tests of nested models."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis_lib.errors import ModelInputError
from analysis_lib.models.regression import compare_models, glm


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng, n = np.random.default_rng(3), 500
    frame = pd.DataFrame({"age": rng.normal(60, 10, n), "sex": rng.choice(["m", "f"], n), "x": rng.normal(size=n)})
    eta = -1 + 0.05 * (frame["age"] - 60) + 0.8 * (frame["sex"] == "m") - 0.5 * frame["x"]
    return frame.assign(b=(rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int), y=eta + rng.normal(size=n))


@pytest.mark.parametrize(
    ("family", "link", "theirs"),
    [
        ("binomial", "logit", sm.families.Binomial()),
        ("binomial", "probit", sm.families.Binomial(sm.families.links.Probit())),
        ("poisson", "log", sm.families.Poisson()),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_slopes_of_numbers_are_those_of_statsmodels(people, family, link, theirs):
    ours = glm("b ~ age + x", people, family=family, link=link).marginal_effects(people)
    fit = sm.GLM.from_formula("b ~ age + x", people, family=theirs).fit(tol=1e-14)
    expected = fit.get_margeff().summary_frame()
    np.testing.assert_allclose(ours.params, expected["dy/dx"], rtol=1e-7)
    np.testing.assert_allclose(ours.bse, expected["Std. Err."], rtol=1e-6)


def test_levels_are_compared_as_if_everybody_had_each(people):
    result = glm("b ~ age * sex + bs(x, df=4)", people, family="binomial")
    effects = result.marginal_effects(people, variables=["sex", "x"])
    means = [result.predict(people.assign(sex=level))["mean"].mean() for level in ("m", "f")]
    assert effects.params["sex[m - f]"] == pytest.approx(means[0] - means[1], rel=1e-12)
    steps = [result.predict(people.assign(x=people["x"].clip(-1.5, 1.5) + h))["mean"] for h in (-1e-4, 1e-4)]
    inside = glm("b ~ age * sex + bs(x, df=4)", people, family="binomial").marginal_effects(
        people.assign(x=people["x"].clip(-1.5, 1.5)), variables=["x"]
    )
    assert inside.params["x"] == pytest.approx(((steps[1] - steps[0]) / 2e-4).mean(), rel=1e-6)


def test_the_average_slope_of_a_linear_model_is_its_coefficient(people):
    result = glm("y ~ age + x + sex", people, errors="HC3")
    effects = result.marginal_effects(people)
    assert effects.params["age"] == pytest.approx(result.params["age"], rel=1e-8)
    assert effects.bse["age"] == pytest.approx(result.bse["age"], rel=1e-6)
    assert effects.bse["sex[m - f]"] == pytest.approx(result.bse["sex[T.m]"], rel=1e-9)
    with pytest.raises(ModelInputError, match="no column 'nothing'"):
        result.marginal_effects(people, variables=["nothing"])


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_complete_row_has_no_effect_to_average(people):
    result = glm("b ~ age + x", people, family="binomial")
    for none in (people.iloc[:0], people.assign(x=np.nan)):
        with pytest.raises(ModelInputError, match=f"found none among {len(none)} that is complete"):
            result.marginal_effects(none)


def test_the_three_tests_of_a_nested_model_are_those_of_statsmodels(people):
    tests = compare_models("b ~ age", people, larger="b ~ age + sex + x", family="binomial").table
    small = sm.GLM.from_formula("b ~ age", people, family=sm.families.Binomial()).fit(tol=1e-14)
    large = sm.GLM.from_formula("b ~ age + sex + x", people, family=sm.families.Binomial()).fit(tol=1e-14)
    assert tests.loc["likelihood ratio", "statistic"] == pytest.approx(2 * (large.llf - small.llf), rel=1e-9)
    added = np.column_stack([people["sex"] == "m", people["x"]]).astype(float)
    score = small.score_test(added)
    assert tests.loc["score", "statistic"] == pytest.approx(float(np.squeeze(score[0])), rel=1e-8)
    assert tests.loc["score", "p_value"] == pytest.approx(float(np.squeeze(score[1])), rel=1e-7)
    wald = large.wald_test("sex[T.m] = 0, x = 0", scalar=True)
    assert tests.loc["wald", "statistic"] == pytest.approx(float(wald.statistic), rel=1e-8)


def test_nested_models_use_the_same_rows_and_must_be_nested(people):
    holes = people.assign(x=people["x"].where(people.index % 5 != 0))
    tests = compare_models("y ~ age", holes, larger="y ~ age + x")
    assert tests.smaller.n == tests.larger.n == 400
    assert tests.smaller.exclusions == {"x missing": 100}
    assert "likelihood ratio" in repr(tests)
    with pytest.raises(ModelInputError, match="must be in the larger"):
        compare_models("y ~ age + sex", people, larger="y ~ age + x")
