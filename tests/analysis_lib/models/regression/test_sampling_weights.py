"""Analytic, frequency and sampling weights are told apart: at the call, in the numbers, and in the summary."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import ModelInputError
from analysis_lib.models import glm

N = 400


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    draw = np.random.default_rng(5)
    x = draw.normal(size=N)
    return pd.DataFrame(
        {
            "x": x,
            "b": draw.random(N) < 1 / (1 + np.exp(-x)),
            "y": 2 + x + draw.normal(size=N),
            "k": draw.negative_binomial(3, 3 / (3 + np.exp(1 + 0.3 * x))),
            "g": np.exp(x) * draw.gamma(3, size=N),
            "w": draw.uniform(1, 9, N),
            "f": draw.integers(1, 4, N),
            "site": draw.integers(0, 40, N),
        }
    )


FAMILIES = [("b", "binomial"), ("y", "gaussian"), ("k", "poisson"), ("k", "negative binomial"), ("g", "gamma")]


@pytest.mark.parametrize("scale", [1e-9, 1e6])
@pytest.mark.parametrize(("outcome", "family"), FAMILIES)
def test_the_size_of_sampling_weights_means_nothing(
    people: pd.DataFrame, outcome: str, family: Any, scale: float
) -> None:
    once, other = (
        glm(f"{outcome} ~ x", people.assign(w=people["w"] * by), family=family, sampling_weights="w")
        for by in (1.0, scale)
    )
    for name in ("params", "bse"):
        np.testing.assert_allclose(getattr(once, name), getattr(other, name), rtol=1e-9)
    for name in ("deviance", "null_deviance", "pearson_chi2", "scale", "dispersion"):
        assert getattr(once, name) == pytest.approx(getattr(other, name), rel=1e-9)


@pytest.mark.parametrize(("outcome", "family"), FAMILIES)
def test_equal_sampling_weights_are_none(people: pd.DataFrame, outcome: str, family: Any) -> None:
    weighted = glm(f"{outcome} ~ x", people.assign(w=7.5), family=family, sampling_weights="w")
    plain = glm(f"{outcome} ~ x", people, family=family, errors="HC0")
    np.testing.assert_allclose(weighted.cov_params(), plain.cov_params(), rtol=1e-9)
    assert (weighted.deviance, weighted.scale) == pytest.approx((plain.deviance, plain.scale))


def test_sampling_weights_beside_frequency_weights_are_those_of_the_row_repeated(people: pd.DataFrame) -> None:
    repeated = people.loc[people.index.repeat(people["f"])]
    found = glm("b ~ x", people, family="binomial", sampling_weights="w", frequency_weights="f")
    expected = glm("b ~ x", repeated, family="binomial", sampling_weights="w")
    np.testing.assert_allclose(found.cov_params(), expected.cov_params(), rtol=1e-9)
    assert found.deviance == pytest.approx(expected.deviance)


@pytest.mark.parametrize(("outcome", "family"), FAMILIES[:3])
def test_errors_are_the_sandwich_of_statsmodels(people: pd.DataFrame, outcome: str, family: Any) -> None:
    import statsmodels.api as sm

    theirs = {"binomial": sm.families.Binomial(), "gaussian": sm.families.Gaussian(), "poisson": sm.families.Poisson()}
    y, x = people[outcome].astype(float), sm.add_constant(people[["x"]])
    fit = sm.GLM(y, x, family=theirs[family], var_weights=people["w"]).fit(cov_type="HC0", tol=1e-14, maxiter=200)
    ours = glm(f"{outcome} ~ x", people, family=family, sampling_weights="w")
    np.testing.assert_allclose(ours.params, fit.params, rtol=1e-9)
    np.testing.assert_allclose(ours.bse, fit.bse, rtol=1e-9)


def test_every_kind_of_data_gives_the_same_errors(people: pd.DataFrame, tmp_path: Path) -> None:
    import dask.dataframe as dd

    people.to_parquet(tmp_path / "people.parquet")
    expected = glm("k ~ x", people, family="poisson", sampling_weights="w")
    for data in (tmp_path / "people.parquet", dd.from_pandas(people, npartitions=3)):
        found = glm("k ~ x", data, family="poisson", sampling_weights="w")
        np.testing.assert_allclose(found.cov_params(), expected.cov_params(), rtol=1e-9)
        assert dict(found.weight_sums) == pytest.approx(dict(expected.weight_sums))
        assert found.dispersion == pytest.approx(expected.dispersion)


def test_sampling_weights_leave_no_likelihood(people: pd.DataFrame) -> None:
    fit = glm("k ~ x", people, family="negative binomial", sampling_weights="w")
    assert np.isnan([fit.llf, fit.llnull, fit.aic, fit.bic]).all()
    assert fit.theta_se is None
    assert fit.theta is not None
    with pytest.raises(ModelInputError, match="profile intervals need the likelihood"):
        fit.conf_int(kind="profile")
    text = fit.summary().as_text()
    assert "no AIC, BIC or likelihood-ratio test" in text
    assert "nan" not in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"weights": "f"}, "found both"),
        ({"errors": "model"}, "model-based errors rest on the size"),
        ({"firth": True}, "Firth's penalty"),
        ({"errors": "cluster"}, "go together"),
    ],
)
def test_what_is_wrong_with_sampling_weights_is_refused(
    people: pd.DataFrame, arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(ModelInputError, match=says):
        glm("b ~ x", people, family="binomial", sampling_weights="w", **arguments)


def test_the_summary_names_the_kind_and_sum_of_weights(people: pd.DataFrame) -> None:
    total = people["w"].sum()
    sampling = glm("b ~ x", people, family="binomial", sampling_weights="w").summary().as_text()
    assert f"Columns: sampling weights w (sum {total:,.1f})." in sampling
    assert "Standard errors: robust (HC0, White 1980)." in sampling
    both = glm("y ~ x", people.assign(o=0.5), weights="w", frequency_weights="f", offset="o").summary().as_text()
    assert (
        f"Columns: analytic weights w (sum {total:,.1f}); frequency weights f (sum {people['f'].sum()}); offset o."
        in both
    )


def test_fractions_with_model_based_errors_are_said_to_be_wrong_for_sampling(people: pd.DataFrame) -> None:
    warning = "pass sampling_weights="
    assert warning in glm("b ~ x", people, family="binomial", weights="w").summary().as_text()
    for arguments in ({"weights": "f"}, {"weights": "w", "errors": "HC0"}, {"sampling_weights": "w"}, {}):
        fit = glm("b ~ x", people, family="binomial", **arguments)
        assert warning not in fit.summary().as_text(), arguments


def test_the_dispersion_is_judged_only_where_the_weights_have_a_size(people: pd.DataFrame) -> None:
    spread = "Pearson's dispersion"
    assert spread in glm("k ~ x", people, family="poisson").summary().as_text()
    robust = glm("k ~ x", people, family="poisson", errors="HC0").summary().as_text()
    assert "which the robust errors take account of" in robust
    for arguments in ({"weights": "w"}, {"sampling_weights": "w"}):
        for outcome, family in (("b", "binomial"), ("k", "poisson")):
            fit = glm(f"{outcome} ~ x", people, family=family, **arguments)
            assert spread not in fit.summary().as_text()
    draw = np.random.default_rng(1)
    trials = people.assign(n=20, share=draw.beta(0.5, 0.5, N).round(2))
    assert spread in glm("share ~ x", trials, family="binomial", weights="n").summary().as_text()


@pytest.mark.parametrize("weights", [{"sampling_weights": "f"}, {"frequency_weights": "f"}])
def test_marginal_effects_count_rows_by_their_weights(people: pd.DataFrame, weights: dict[str, str]) -> None:
    repeated = people.loc[people.index.repeat(people["f"])]
    model = glm("b ~ x", people, family="binomial", **weights)
    effect = model.marginal_effects(people)
    assert effect.params["x"] == pytest.approx(
        glm("b ~ x", repeated, family="binomial").marginal_effects(repeated).params["x"], rel=1e-9
    )
    assert f"weights f (sum {people['f'].sum()})" in effect.summary().as_text()
    with pytest.raises(ModelInputError, match="no column 'f'"):
        model.marginal_effects(people[["x"]])


@pytest.mark.parametrize("argument", ["weights", "sampling_weights", "frequency_weights", "offset", "exposure"])
def test_text_is_no_weight_and_no_offset(people: pd.DataFrame, argument: str) -> None:
    data = people.assign(w=["kv7-secret"] + ["1"] * (N - 1))
    with pytest.raises(ModelInputError, match="are numbers; column 'w' is") as caught:
        glm("k ~ x", data, family="poisson", **{argument: "w"})
    assert "kv7-secret" not in str(caught.value)
