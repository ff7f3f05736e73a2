"""Generalised linear models against statsmodels 0.15 on drawn problems: every family with every link, and hard ones.

statsmodels runs beside us, by iterations that end at a relative change of 1e-14 of the coefficients.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from analysis_lib.models.regression import glm

FloatArray = npt.NDArray[np.float64]
LINKS = sm.families.links
FAMILIES: dict[str, tuple[type, dict[str, type]]] = {
    "gaussian": (
        sm.families.Gaussian,
        {"identity": LINKS.Identity, "log": LINKS.Log, "inverse": LINKS.InversePower},
    ),
    "binomial": (
        sm.families.Binomial,
        {"logit": LINKS.Logit, "probit": LINKS.Probit, "cloglog": LINKS.CLogLog, "log": LINKS.Log},
    ),
    "poisson": (sm.families.Poisson, {"log": LINKS.Log, "identity": LINKS.Identity, "sqrt": LINKS.Sqrt}),
    "gamma": (
        sm.families.Gamma,
        {"inverse": LINKS.InversePower, "log": LINKS.Log, "identity": LINKS.Identity},
    ),
    "inverse gaussian": (
        sm.families.InverseGaussian,
        {"inverse squared": LINKS.InverseSquared, "inverse": LINKS.InversePower, "log": LINKS.Log},
    ),
}
COMBINATIONS = [(family, link) for family, (_, links) in FAMILIES.items() for link in links]
#: Linear predictors of these links must stay on one side, so their problems are drawn there.
ONE_SIDED = {"inverse", "inverse squared", "identity", "sqrt"}


@dataclass
class Problem:
    """A drawn problem."""

    frame: pd.DataFrame
    family: str
    link: str
    covariates: list[str]

    @property
    def formula(self) -> str:
        return "y ~ " + " + ".join(self.covariates)

    def in_statsmodels(self, *, cov_type: str = "nonrobust", cov_kwds: Any = None, **columns: str) -> Any:
        family, links = FAMILIES[self.family]
        arguments = {name: self.frame[column].to_numpy() for name, column in columns.items()}
        x = sm.add_constant(self.frame[self.covariates].to_numpy(), has_constant="add")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = sm.GLM(self.frame["y"].to_numpy(), x, family=family(link=links[self.link]()), **arguments)
            return model.fit(tol=1e-14, tol_criterion="params", maxiter=300, cov_type=cov_type, cov_kwds=cov_kwds)


def _draw(family: str, link: str, *, seed: int, n: int, p: int, scale: float = 1.0) -> Problem:
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, p))
    x[:, 0] = random.integers(0, 2, n)
    one_sided = link in ONE_SIDED and not (family == "gaussian" and link == "identity")
    if one_sided or (family == "binomial" and link == "log"):
        x = np.abs(x) % 2
    beta = random.uniform(0.05, 0.3, p) if one_sided else random.uniform(-0.4, 0.4, p)
    if family == "binomial" and link == "log":
        beta = -random.uniform(0.05, 0.3, p)
    eta = (0.8 if one_sided else -0.6 if family == "binomial" else 0.3) + x @ beta
    mu = FAMILIES[family][1][link]().inverse(eta)
    draw = {
        "gaussian": lambda: random.normal(mu, 0.5 if link == "identity" else 0.05),
        "binomial": lambda: random.binomial(1, np.clip(mu, 0, 1)).astype(float),
        "poisson": lambda: random.poisson(mu).astype(float),
        "gamma": lambda: random.gamma(4.0, mu / 4.0),
        "inverse gaussian": lambda: random.wald(mu, 6.0),
    }
    names = [f"x{index}" for index in range(1, p + 1)]
    frame = pd.DataFrame(x * scale, columns=names)
    frame["y"] = draw[family]()
    frame["w"] = random.uniform(0.2, 3.0, n)
    frame["f"] = random.integers(1, 5, n)
    frame["o"] = random.normal(0, 0.2, n) if not one_sided else random.uniform(0, 0.2, n)
    frame["years"] = random.uniform(0.5, 4.0, n)
    frame["g"] = random.integers(0, max(8, n // 9), n)
    return Problem(frame, family, link, names)


def _agree(ours: Any, theirs: Any, *, rel: float = 1e-8) -> None:
    size = np.abs(theirs.params).max()
    np.testing.assert_allclose(ours.params, theirs.params, rtol=rel, atol=rel * 1e-2 * size)
    np.testing.assert_allclose(ours.bse, theirs.bse, rtol=rel)
    np.testing.assert_allclose(ours.deviance, theirs.deviance, rtol=rel, atol=1e-9)
    np.testing.assert_allclose(ours.scale, theirs.scale, rtol=rel)
    assert ours.df_resid == theirs.df_resid


problems = st.tuples(st.sampled_from(COMBINATIONS), st.integers(0, 2**32 - 1), st.integers(60, 400), st.integers(1, 5))


def _drawn_in_statsmodels(problem: Problem, **columns: str) -> Any:
    """Fit a drawn problem, or leave it out where statsmodels' own steps leave the range of means."""
    try:
        return problem.in_statsmodels(**columns)
    except ValueError:
        reject()


def _has_a_maximum(problem: Problem, theirs: Any) -> bool:
    """Leave out what no program can fit: no events, a fit at the edge of the range of means, no convergence."""
    mu, y = theirs.fittedvalues, problem.frame["y"]
    edge = problem.family == "binomial" and (mu.min() < 1e-7 or mu.max() > 1 - 1e-7)
    return bool(theirs.converged and np.isfinite(theirs.bse).all() and not edge and y.nunique() > 1)


@settings(max_examples=60, deadline=None)
@given(drawn=problems)
def test_every_family_with_every_link_agrees_with_statsmodels(drawn: Any) -> None:
    (family, link), seed, n, p = drawn
    problem = _draw(family, link, seed=seed, n=n, p=p)
    theirs = _drawn_in_statsmodels(problem)
    assume(_has_a_maximum(problem, theirs))
    ours = glm(problem.formula, problem.frame, family=family, link=link)
    _agree(ours, theirs)
    if family == "gaussian" and link != "identity":
        # statsmodels puts the moment estimate of the variance into this likelihood; R and we put its maximum.
        llf = -n / 2 * (np.log(2 * np.pi * theirs.deviance / n) + 1)
        assert ours.llf == pytest.approx(llf, rel=1e-8, abs=1e-8)
    else:
        assert (ours.llf, ours.aic) == pytest.approx((theirs.llf, theirs.aic), rel=1e-8, abs=1e-8)
        assert ours.bic == pytest.approx(theirs.bic_llf, rel=1e-8, abs=1e-8)
    np.testing.assert_allclose(ours.null_deviance, theirs.null_deviance, rtol=1e-8)


@settings(max_examples=40, deadline=None)
@given(drawn=problems, kind=st.sampled_from(["weights", "frequency_weights"]))
def test_weights_agree_with_statsmodels(drawn: Any, kind: str) -> None:
    (family, link), seed, n, p = drawn
    problem = _draw(family, link, seed=seed, n=n, p=p)
    name, column = {"weights": ("var_weights", "w"), "frequency_weights": ("freq_weights", "f")}[kind]
    theirs = _drawn_in_statsmodels(problem, **{name: column})
    assume(_has_a_maximum(problem, theirs))
    ours = glm(problem.formula, problem.frame, family=family, link=link, **{kind: column})
    _agree(ours, theirs)


@settings(max_examples=30, deadline=None)
@given(drawn=problems)
def test_offsets_agree_with_statsmodels(drawn: Any) -> None:
    (family, link), seed, n, p = drawn
    problem = _draw(family, link, seed=seed, n=n, p=p)
    theirs = _drawn_in_statsmodels(problem, offset="o")
    assume(_has_a_maximum(problem, theirs))
    ours = glm(problem.formula, problem.frame, family=family, link=link, offset="o")
    _agree(ours, theirs)


def test_a_start_that_the_offset_takes_out_of_range_is_left_for_another() -> None:
    """The guess from the outcome and the mean outcome both give a probability above 1 beside this offset.

    R 4.2.2 says there: "no valid set of coefficients has been found: please supply starting values". The numbers are
    those of its glm.fit with start = c(-1, 0), epsilon 1e-14: it ends when the deviance stands still, with half as many
    digits of the coefficients; statsmodels has them all. For the intercept alone R's steps swing from side to side and
    end at 498.783, which is not the minimum; so that is looked for here without any steps of Fisher's.
    """
    problem = _draw("binomial", "log", seed=1462332069, n=346, p=1)
    ours = glm(problem.formula, problem.frame, family="binomial", link="log", offset="o")
    np.testing.assert_allclose(ours.params, [-0.577943239078407, -0.292544884256921], rtol=1e-6)
    np.testing.assert_allclose(ours.bse, [0.0640608438616828, 0.1030091154251579], rtol=1e-6)
    assert ours.deviance == pytest.approx(487.990218646644, rel=1e-11)
    y, offset = problem.frame["y"].to_numpy() == 1, problem.frame["o"].to_numpy()

    def null_deviance(intercept: float) -> float:
        return float(-2 * np.where(y, intercept + offset, np.log1p(-np.exp(intercept + offset))).sum())

    best = minimize_scalar(null_deviance, bounds=(-1.5, -offset.max() - 1e-9), method="bounded")
    assert ours.null_deviance == pytest.approx(best.fun, rel=1e-9)
    _agree(ours, _drawn_in_statsmodels(problem, offset="o"))


@pytest.mark.parametrize("offset", [-40.0, 0.0, 40.0])
def test_huge_offsets_move_the_intercept_and_nothing_else(offset: float) -> None:
    problem = _draw("poisson", "log", seed=5, n=300, p=3)
    problem.frame["huge"] = offset
    ours, plain = (glm(problem.formula, problem.frame, family="poisson", **more) for more in ({"offset": "huge"}, {}))
    expected = plain.params.copy()
    expected["Intercept"] -= offset
    np.testing.assert_allclose(ours.params, expected, rtol=1e-9)
    np.testing.assert_allclose(ours.bse, plain.bse, rtol=1e-8)


def test_exposure_agrees_with_statsmodels() -> None:
    problem = _draw("poisson", "log", seed=11, n=250, p=3)
    _agree(
        glm(problem.formula, problem.frame, family="poisson", exposure="years"),
        problem.in_statsmodels(exposure="years"),
    )


@pytest.mark.parametrize(("family", "link"), [("gaussian", "identity"), ("binomial", "logit"), ("poisson", "log")])
def test_robust_errors_agree_with_statsmodels_on_canonical_links(family: str, link: str) -> None:
    # On other links statsmodels takes the observed information, R's sandwich and we the expected one; and its GLM
    # leaves the factor n/(n-p) out of HC1, so HC1 to HC3 are held against its least squares below and against R.
    problem = _draw(family, link, seed=3, n=200, p=3)
    _agree(
        glm(problem.formula, problem.frame, family=family, link=link, errors="HC0"),
        problem.in_statsmodels(cov_type="HC0"),
    )


@pytest.mark.parametrize("errors", ["HC1", "HC2", "HC3"])
def test_corrected_robust_errors_agree_with_least_squares_of_statsmodels(errors: str) -> None:
    problem = _draw("gaussian", "identity", seed=3, n=80, p=3)
    x = sm.add_constant(problem.frame[problem.covariates].to_numpy())
    theirs = sm.OLS(problem.frame["y"].to_numpy(), x).fit(cov_type=errors)
    ours = glm(problem.formula, problem.frame, family="gaussian", errors=errors)
    np.testing.assert_allclose(ours.bse, theirs.bse, rtol=1e-9)


@pytest.mark.parametrize(("family", "link"), [("gaussian", "identity"), ("binomial", "logit"), ("poisson", "log")])
def test_cluster_errors_agree_with_statsmodels(family: str, link: str) -> None:
    problem = _draw(family, link, seed=4, n=300, p=3)
    theirs = problem.in_statsmodels(cov_type="cluster", cov_kwds={"groups": problem.frame["g"].to_numpy()})
    _agree(glm(problem.formula, problem.frame, family=family, link=link, errors="cluster", cluster="g"), theirs)


@pytest.mark.parametrize("errors", ["model", "HC0", "HC3"])
@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_units_of_a_covariate_change_its_coefficient_and_nothing_else(scale: float, errors: str) -> None:
    problem = _draw("binomial", "logit", seed=9, n=500, p=3)
    moved = problem.frame.assign(x2=problem.frame["x2"] * scale)
    plain, other = (glm(problem.formula, frame, family="binomial", errors=errors) for frame in (problem.frame, moved))
    back = pd.Series(1.0, index=plain.params.index).mask(plain.params.index == "x2", scale)
    np.testing.assert_allclose(other.params * back, plain.params, rtol=1e-9)
    np.testing.assert_allclose(other.bse * back, plain.bse, rtol=1e-9)
    assert other.llf == pytest.approx(plain.llf, rel=1e-11)


@pytest.mark.parametrize("shift", [1e3, 1e6, 1e8])
def test_the_zero_of_a_covariate_changes_the_intercept_and_nothing_else(shift: float) -> None:
    problem = _draw("binomial", "logit", seed=9, n=500, p=3)
    problem.frame["x2"] = np.round(problem.frame["x2"] * 1024) / 1024  # so that the shifted column is exact
    moved = problem.frame.assign(x2=problem.frame["x2"] + shift)
    plain, other = (glm(problem.formula, frame, family="binomial") for frame in (problem.frame, moved))
    slopes = ["x1", "x2", "x3"]
    np.testing.assert_allclose(other.params[slopes], plain.params[slopes], rtol=1e-9)
    np.testing.assert_allclose(other.bse[slopes], plain.bse[slopes], rtol=1e-9)


@pytest.mark.parametrize(("family", "link"), COMBINATIONS)
def test_a_weight_of_two_is_the_row_twice(family: str, link: str) -> None:
    problem = _draw(family, link, seed=21, n=150, p=2)
    written_out = problem.frame.loc[problem.frame.index.repeat(problem.frame["f"])].reset_index(drop=True)
    for errors in ("model", "HC0", "HC1", "HC3"):
        counted = glm(problem.formula, problem.frame, family=family, link=link, frequency_weights="f", errors=errors)
        rows = glm(problem.formula, written_out, family=family, link=link, errors=errors)
        np.testing.assert_allclose(counted.params, rows.params, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(counted.bse, rows.bse, rtol=1e-8)
        assert (counted.df_resid, counted.llf) == (rows.df_resid, pytest.approx(rows.llf, rel=1e-9))


@pytest.mark.parametrize(("family", "link"), COMBINATIONS)
def test_the_order_of_rows_changes_nothing(family: str, link: str) -> None:
    problem = _draw(family, link, seed=22, n=300, p=3)
    mixed = problem.frame.sample(frac=1, random_state=1)
    one, other = (glm(problem.formula, frame, family=family, link=link) for frame in (problem.frame, mixed))
    np.testing.assert_allclose(one.params, other.params, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(one.bse, other.bse, rtol=1e-9)


def test_nearly_collinear_covariates_agree_with_least_squares_by_singular_values() -> None:
    random = np.random.default_rng(8)
    x1 = random.normal(size=400)
    frame = pd.DataFrame({"x1": x1, "x2": x1 + 1e-5 * random.normal(size=400)})
    frame["y"] = 1 + frame["x1"] - frame["x2"] + random.normal(size=400)
    theirs = sm.OLS(frame["y"].to_numpy(), sm.add_constant(frame[["x1", "x2"]].to_numpy())).fit()
    ours = glm("y ~ x1 + x2", frame, family="gaussian")
    np.testing.assert_allclose(ours.params, theirs.params, rtol=1e-8)
    np.testing.assert_allclose(ours.bse, theirs.bse, rtol=1e-8)


@pytest.mark.parametrize("n", [4, 5, 8])
def test_a_handful_of_rows_agrees_with_statsmodels(n: int) -> None:
    frame = pd.DataFrame({"x1": np.arange(n, dtype=float), "y": [0.0, 1.0] * (n // 2) + [0.0] * (n % 2)})
    problem = Problem(frame, "binomial", "logit", ["x1"])
    _agree(glm("y ~ x1", frame, family="binomial"), problem.in_statsmodels())
