"""Generalised linear models: equal to statsmodels, whatever the data come in, and honest where there is no answer."""

from pathlib import Path

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ConvergenceError, ModelInputError, SeparationError
from analysis_lib.models.regression import glm, glm_fit, glm_problem
from analysis_lib.models.rows import source

F, L = sm.families, sm.families.links
CASES = [
    ("b", "binomial", None, F.Binomial()),
    ("b", "binomial", "probit", F.Binomial(L.Probit())),
    ("b", "binomial", "cloglog", F.Binomial(L.CLogLog())),
    ("count", "poisson", None, F.Poisson()),
    ("g", "gamma", "inverse", F.Gamma()),
    ("g", "gamma", "log", F.Gamma(L.Log())),
    ("ig", "inverse gaussian", None, F.InverseGaussian()),
    ("ig", "inverse gaussian", "log", F.InverseGaussian(L.Log())),
    ("y", "gaussian", None, F.Gaussian()),
]
WEIGHTS = [{}, {"weights": "w"}, {"frequency_weights": "f"}]
WAYS = ["by QR", "by sums"]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng, n = np.random.default_rng(1), 600
    frame = pd.DataFrame(
        {
            "person_id": np.arange(n) // 2,
            "age": rng.normal(60, 10, n),
            "sex": rng.choice(["m", "f"], n),
            "x": rng.normal(size=n),
            "w": rng.uniform(0.5, 2, n),
            "f": rng.integers(1, 4, n),
            "years": rng.uniform(1, 5, n),
            "site": rng.integers(0, 30, n),
            "off": rng.normal(size=n) / 4,
        }
    )
    eta = -1 + 0.02 * (frame["age"] - 60) + 0.5 * (frame["sex"] == "m") - 0.3 * frame["x"]
    mean = 1 / (1 + 0.05 * (frame["x"] - frame["x"].min()) + 0.3 * (frame["sex"] == "m"))
    return frame.assign(
        b=rng.random(n) < 1 / (1 + np.exp(-eta)),
        count=rng.poisson(np.exp(eta) * frame["years"] * rng.gamma(2, 0.5, n)),
        g=rng.gamma(9, mean / 9),
        ig=rng.wald(mean, 20),
        y=eta + rng.normal(size=n),
    )


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Fit the small data of a test both ways: by QR as small data are, and by sums as millions of rows are."""
    if request.param == "by sums":
        monkeypatch.setattr(glm_problem, "SMALL_DESIGN", 0)
        monkeypatch.setattr(source, "ROWS_OF_A_PART", 101)
    return request.param


def in_statsmodels(formula, data, family, weights):
    names = {"weights": "var_weights", "frequency_weights": "freq_weights"}
    keywords = {names[key]: data[column] for key, column in weights.items()}
    return sm.GLM.from_formula(formula, data, family=family, **keywords)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("weights", WEIGHTS, ids=["plain", "weighted", "counted"])
@pytest.mark.parametrize(("outcome", "family", "link", "theirs"), CASES)
def test_estimates_errors_and_likelihood_are_those_of_statsmodels(people, way, outcome, family, link, theirs, weights):
    data = people.assign(b=people["b"].astype(int))
    formula = f"{outcome} ~ age + sex + x"
    ours = glm(formula, data, family=family, link=link, **weights)
    fit = in_statsmodels(formula, data, theirs, weights).fit(tol=1e-14, maxiter=200)
    order = list(ours.params.index)
    np.testing.assert_allclose(ours.params, fit.params[order], rtol=1e-8)
    np.testing.assert_allclose(ours.bse, fit.bse[order], rtol=1e-8)
    np.testing.assert_allclose(ours.cov_params(), fit.cov_params().loc[order, order], rtol=1e-7, atol=1e-14)
    for name in ("deviance", "llf", "aic", "null_deviance", "pearson_chi2", "scale", "df_resid", "df_model"):
        assert getattr(ours, name) == pytest.approx(getattr(fit, name), rel=1e-8), name
    assert ours.bic == pytest.approx(fit.bic_llf, rel=1e-8)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(
    ("outcome", "family", "theirs"), [("b", "binomial", F.Binomial()), ("count", "poisson", F.Poisson())]
)
def test_robust_errors_of_canonical_links_are_those_of_statsmodels(people, way, outcome, family, theirs):
    data = people.assign(b=people["b"].astype(int))
    formula = f"{outcome} ~ age + sex + x"
    model = in_statsmodels(formula, data, theirs, {})
    exact = {"tol": 1e-14, "maxiter": 200}
    ours = glm(formula, data, family=family, errors="HC0")
    np.testing.assert_allclose(ours.bse, model.fit(cov_type="HC0", **exact).bse[ours.bse.index], rtol=1e-8)
    ours = glm(formula, data, family=family, cluster="site")
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": data["site"]}, **exact)
    np.testing.assert_allclose(ours.bse, fit.bse[ours.bse.index], rtol=1e-8)
    assert ours.clusters == 30


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_robust_errors_of_linear_regression_are_those_of_statsmodels(people, way, kind):
    fit = sm.OLS.from_formula("y ~ age + sex + x", people).fit().get_robustcov_results(kind)
    ours = glm("y ~ age + sex + x", people, errors=kind)
    expected = pd.Series(fit.bse, index=fit.model.exog_names)[list(ours.bse.index)]
    np.testing.assert_allclose(ours.bse, expected, rtol=1e-9)
    np.testing.assert_allclose(
        ours.pvalues, pd.Series(fit.pvalues, index=fit.model.exog_names)[ours.bse.index], rtol=1e-7
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_offset_and_exposure_are_those_of_statsmodels(people, way):
    ours = glm("count ~ age + sex", people, family="poisson", offset="off", exposure="years")
    model = sm.GLM.from_formula(
        "count ~ age + sex", people, family=F.Poisson(), offset=people["off"], exposure=people["years"]
    )
    fit = model.fit(tol=1e-14)
    np.testing.assert_allclose(ours.params, fit.params[ours.params.index], rtol=1e-9)
    np.testing.assert_allclose(ours.bse, fit.bse[ours.params.index], rtol=1e-9)
    predicted = ours.predict(people)
    np.testing.assert_allclose(predicted["mean"], fit.fittedvalues, rtol=1e-9)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_predictions_and_their_limits_are_those_of_statsmodels(people):
    data = people.assign(b=people["b"].astype(int))
    ours = glm("b ~ age + sex + x", data, family="binomial").predict(data)
    fit = sm.GLM.from_formula("b ~ age + sex + x", data, family=F.Binomial()).fit(tol=1e-14)
    theirs = fit.get_prediction(data).summary_frame()
    np.testing.assert_allclose(ours[["mean", "se", "ci_low", "ci_high"]], theirs, rtol=1e-8)


def test_every_kind_of_data_gives_the_same_numbers(people, way, tmp_path):
    formula, arguments = "b ~ age*sex + bs(x, df=4)", {"family": "binomial", "cluster": "site"}
    expected = glm(formula, people, **arguments)
    people.to_parquet(tmp_path / "people.parquet", row_group_size=130)
    for data in (dd.from_pandas(people, npartitions=4), tmp_path, str(tmp_path / "people.parquet")):
        found = glm(formula, data, **arguments)
        np.testing.assert_allclose(found.params, expected.params, rtol=1e-9)
        np.testing.assert_allclose(found.bse, expected.bse, rtol=1e-9)
        assert found.persons == expected.persons
        assert found.llf == pytest.approx(expected.llf, rel=1e-12)


def test_many_rows_start_from_a_sample_and_end_at_the_same_place(people, monkeypatch):
    monkeypatch.setattr(glm_problem, "SMALL_DESIGN", 0)
    formula = "b ~ age + sex + x"
    plain = glm(formula, people, family="binomial")
    monkeypatch.setattr(glm_fit, "MANY_ROWS", 100)
    monkeypatch.setattr(glm_fit, "SAMPLE", 200)
    sampled = glm(formula, people, family="binomial")
    np.testing.assert_allclose(sampled.params, plain.params, rtol=1e-10)
    np.testing.assert_allclose(sampled.bse, plain.bse, rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    scale=st.sampled_from([1e-6, 1.0, 1e5]),
    family=st.sampled_from(["binomial", "poisson"]),
)
def test_row_order_units_and_repeated_rows_change_nothing(seed, scale, family):
    rng = np.random.default_rng(seed)
    n = 120
    data = pd.DataFrame({"x": rng.normal(size=n), "z": rng.choice(["a", "b", "c"], n), "k": rng.integers(1, 3, n)})
    data["y"] = (rng.random(n) < 0.4).astype(float)
    base = glm("y ~ x + z", data, family=family, frequency_weights="k")
    repeated = (
        data.loc[data.index.repeat(data["k"])].sample(frac=1, random_state=seed).assign(x=lambda d: d["x"] * scale)
    )
    other = glm("y ~ x + z", repeated, family=family)
    unit = np.where(base.params.index == "x", scale, 1.0)
    np.testing.assert_allclose(other.params * unit, base.params, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(other.bse * unit, base.bse, rtol=1e-7)
    assert other.llf == pytest.approx(base.llf, rel=1e-10)


def test_persons_are_counted_once_in_every_cell(people):
    result = glm("b ~ age + sex", people, family="binomial")
    assert result.persons["all"] == 300
    assert result.persons["sex=m"] == people.loc[people["sex"] == "m", "person_id"].nunique()
    assert result.persons["sex=m, events"] == people.loc[(people["sex"] == "m") & people["b"], "person_id"].nunique()
    assert result.n == 600
    assert result.events == int(people["b"].sum())


def test_missing_rows_are_left_out_and_counted(people):
    holes = people.assign(x=people["x"].where(people.index % 10 != 0), site=people["site"].where(people.index % 7 != 0))
    result = glm("b ~ age + x", holes, family="binomial", cluster="site")
    assert result.exclusions == {"x missing": 60, "site missing": 86}
    assert result.n_excluded == 600 - result.n == 60 + 86 - 9
    assert np.isnan(result.predict(holes)["mean"]).sum() == 60


@pytest.mark.parametrize(
    ("formula", "change", "arguments", "error", "says"),
    [
        ("b ~ age + I(2 * age)", {}, {}, ModelInputError, "'I\\(2 \\* age\\)' is a combination of 'age'"),
        ("b ~ age", {"b": 1}, {}, ModelInputError, "an outcome must vary"),
        ("age ~ x", {}, {}, ModelInputError, "must be bool, 0/1"),
        ("count ~ x", {"count": -1.0}, {"family": "poisson"}, ModelInputError, "0 or more"),
        ("g ~ x", {"g": 0.0}, {"family": "gamma"}, ModelInputError, "greater than 0"),
        ("b ~ x", {}, {"family": "binomal"}, ModelInputError, "family must be one of"),
        ("b ~ x", {}, {"link": "sqrt"}, ModelInputError, "link of family binomial"),
        ("b ~ x", {}, {"errors": "HC9"}, ModelInputError, "errors must be one of"),
        ("b ~ x", {}, {"errors": "cluster"}, ModelInputError, "go together"),
        ("b ~ x", {}, {"cluster": "sity"}, ModelInputError, "Did you mean 'site'"),
        ("b ~ x", {"w": 0.0}, {"weights": "w"}, ModelInputError, "weights must be > 0"),
        ("b ~ x", {"f": 1.5}, {"frequency_weights": "f"}, ModelInputError, "whole numbers"),
        (
            "count ~ x",
            {"years": 0.0},
            {"family": "poisson", "exposure": "years"},
            ModelInputError,
            "exposures must be > 0",
        ),
        ("b ~ x", {}, {"exposure": "years"}, ModelInputError, "exposure goes with a log link"),
        ("sex ~ x", {}, {}, ModelInputError, "Compare it with the level"),
        ("b ~ x", {}, {"level": 95}, ModelInputError, "between 0 and 1"),
        ("b ~ x", {}, {"firth": True, "link": "probit"}, ModelInputError, "for logistic models"),
        (
            "b ~ sex",
            {"b": lambda d: (d["sex"] == "m") & d["b"]},
            {},
            SeparationError,
            "in column 'sex' nobody at level 'f'",
        ),
        ("b ~ x", {"b": lambda d: d["x"] > 0.2}, {}, SeparationError, "'x' alone"),
        ("b ~ x + age", {"b": lambda d: d["x"] + d["age"] / 10 > 6}, {}, SeparationError, "a combination of"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_has_no_answer_is_refused_and_named(people, way, formula, change, arguments, error, says):
    data = people.assign(**change)
    with pytest.raises(error, match=says):
        glm(formula, data, **{"family": "binomial", **arguments})


def test_counts_that_vary_less_than_poissons_have_no_theta():
    data = pd.DataFrame({"y": [3, 4] * 50, "x": np.arange(100.0)})
    with pytest.raises(ConvergenceError, match="no maximum"):
        glm("y ~ x", data, family="negative binomial")


def test_firths_likelihood_has_a_maximum_where_the_usual_has_none():
    # 2x2 table with an empty cell: Firth's estimate is the log odds ratio with 1/2 added to each cell
    # (Heinze G., Schemper M. (2002). Statist. Med. 21, 2409-2419, section 2).
    cells = [("a", 0, 10), ("a", 1, 0), ("b", 0, 6), ("b", 1, 4)]
    data = pd.DataFrame([(group, event) for group, event, count in cells for _ in range(count)], columns=["g", "y"])
    with pytest.raises(SeparationError, match="nobody at level 'a'"):
        glm("y ~ g", data, family="binomial")
    result = glm("y ~ g", data, family="binomial", firth=True)
    assert result.params["g[T.b]"] == pytest.approx(np.log(4.5 / 6.5) - np.log(0.5 / 10.5), abs=1e-10)
    profile = result.conf_int(kind="profile").loc["g[T.b]"]
    assert profile["ci_low"] < result.params["g[T.b]"] < profile["ci_high"]


def test_a_wald_test_takes_a_column_for_all_its_levels(people):
    result = glm("b ~ C(site) + x", people.assign(site=people["site"] % 3), family="binomial")
    test = result.wald_test("site")
    assert test.df == 2
    assert test.terms == ("C(site)[T.1]", "C(site)[T.2]")
    with pytest.raises(ModelInputError, match="no term 'nothing'"):
        result.wald_test("nothing")


def test_a_model_of_the_intercept_alone_predicts_one_row_for_each_row():
    data = pd.DataFrame({"ill": [0, 1, 1, 0, 1], "x": 1.0}, index=list("abcde"))
    found = glm("ill ~ 1", data, family="binomial").predict(data)
    assert list(found.index) == list("abcde")
    assert found["mean"].to_numpy() == pytest.approx(0.6)


def test_predicting_an_unknown_level_is_refused_without_its_name(people):
    result = glm("b ~ sex*x", people, family="binomial")
    with pytest.raises(ModelInputError, match="levels that the model does not know, in 1 rows") as caught:
        result.predict(people.head(3).assign(sex=["m", "secret", "f"]))
    assert "secret" not in str(caught.value)


def test_the_summary_names_method_errors_references_and_exclusions(people):
    text = str(glm("b ~ sex + x", people.assign(x=people["x"].where(people.index > 4)), family="binomial"))
    for part in (
        "Odds ratio",
        "Sex: m vs f",
        "binomial family, logit link",
        "sex: f",
        "Left out: 5 rows",
        "298 persons",
    ):
        assert part in text
    assert glm("count ~ sex", people, family="poisson").plot().data["label"].tolist() == ["Sex: m vs f"]


@pytest.mark.parametrize("errors", ["HC0", "HC1", "HC2", "HC3"])
def test_robust_errors_of_as_many_rows_as_coefficients_are_refused(errors: str) -> None:
    data = pd.DataFrame({"g": ["a", "b", "c"], "y": [1, 2, 4]})
    assert glm("y ~ g", data, family="poisson").params.iloc[0] == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(ModelInputError, match="more rows than coefficients"):
        glm("y ~ g", data, family="poisson", errors=errors)


def test_a_perfect_fit_is_a_fit() -> None:
    data = pd.DataFrame({"x": np.arange(10.0), "y": 2 * np.arange(10.0) + 1})
    fit = glm("y ~ x", data)
    np.testing.assert_allclose(fit.params, [1.0, 2.0], rtol=1e-12)
    assert "2.0000" in str(fit.summary())


@pytest.mark.parametrize("clusters", [3, 25, 60])
def test_few_clusters_are_said_and_too_few_cannot_bear_a_joint_test(clusters: int) -> None:
    random = np.random.default_rng(5)
    data = pd.DataFrame(random.normal(size=(240, 5)), columns=list("yabcd")).assign(site=np.arange(240) % clusters)
    fit = glm("y ~ a + b + c + d", data, cluster="site")
    assert ("With fewer than 40 clusters" in repr(fit)) == (clusters == 25)
    assert ("3 clusters cannot bear errors of 5 coefficients" in repr(fit)) == (clusters == 3)
    if clusters == 3:
        with pytest.raises(ModelInputError, match="4 coefficients cannot be tested together"):
            fit.wald_test(["a", "b", "c", "d"])
    else:
        assert 0 <= fit.wald_test(["a", "b", "c", "d"]).p_value <= 1


def test_exact_decimals_are_numbers(tmp_path: Path) -> None:
    from decimal import Decimal

    plain = pd.DataFrame({"y": [1.0, 2.5, 2.0, 4.5, 5.0, 7.0], "x": [0.25, 1.5, 1.0, 3.5, 4.0, 6.75]})
    exact = plain.assign(x=[Decimal(str(value)) for value in plain["x"]], y=[Decimal(str(v)) for v in plain["y"]])
    exact.to_parquet(tmp_path / "exact.parquet")  # as decimal128
    expected = glm("y ~ x", plain)
    for data in (exact, tmp_path / "exact.parquet"):
        fit = glm("y ~ x", data)
        assert fit.terms == ("Intercept", "x")
        np.testing.assert_allclose(fit.params, expected.params, rtol=1e-12)
