"""Conditional logistic, estimating equations, mixed and quantile regression: what must not matter, and bad input."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import AnalysisError, ConvergenceError, ModelInputError, SeparationError
from analysis_lib.models.regression import conditional_logistic, gee, mixed, quantile_regression

MARK = "kv7-secret"


def _panel(seed: int = 1, *, n: int = 240, groups: int = 40) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    group = draw.permutation(np.arange(n) % groups)
    x, sex = draw.normal(size=n), draw.choice(["f", "m"], n)
    y = 1 + 0.5 * x + draw.normal(size=groups)[group] + draw.normal(size=n)
    data = pd.DataFrame({"id": group, "x": x, "sex": sex, "y": y, "ill": y > 1, "count": draw.poisson(np.exp(y / 3))})
    return data.assign(day=data.groupby("id").cumcount())


CALLS: dict[str, Any] = {
    "conditional": lambda data: conditional_logistic("ill ~ x + C(sex)", data, strata="id"),
    "gee": lambda data: gee("y ~ x + C(sex)", data, cluster="id"),
    "gee ar1": lambda data: gee("y ~ x + C(sex)", data, cluster="id", correlation="ar1", time="day"),
    "gee binomial": lambda data: gee("ill ~ x + C(sex)", data, cluster="id", family="binomial"),
    "gee poisson": lambda data: gee("count ~ x + C(sex)", data, cluster="id", family="poisson"),
    "mixed": lambda data: mixed("y ~ x + C(sex)", data, cluster="id"),
    "mixed slope": lambda data: mixed("y ~ x + C(sex)", data, cluster="id", random="1 + x"),
    "quantile": lambda data: quantile_regression("y ~ x + C(sex)", data, q=0.4),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_order_of_rows_and_the_unit_of_a_covariate_change_nothing(name: str) -> None:
    data = _panel()
    fit = CALLS[name](data)
    shuffled = CALLS[name](data.sample(frac=1, random_state=3))
    rescaled = CALLS[name](data.assign(x=data["x"] * 1e-4))
    assert list(shuffled.params) == pytest.approx(list(fit.params), rel=1e-6, abs=1e-9)
    assert list(shuffled.bse) == pytest.approx(list(fit.bse), rel=1e-6)
    assert rescaled.params["x"] * 1e-4 == pytest.approx(fit.params["x"], rel=1e-6)
    assert rescaled.bse["x"] * 1e-4 == pytest.approx(fit.bse["x"], rel=1e-6)


@pytest.mark.parametrize("name", ["gee", "mixed", "mixed slope", "quantile"])
def test_a_huge_offset_of_outcome_and_covariate_changes_the_intercept_alone(name: str) -> None:
    data = _panel()
    fit, moved = CALLS[name](data), CALLS[name](data.assign(y=data["y"] + 1e6, x=data["x"] + 1e4))
    assert moved.params["x"] == pytest.approx(fit.params["x"], rel=1e-5)
    assert moved.bse["x"] == pytest.approx(fit.bse["x"], rel=1e-5)


@pytest.mark.parametrize("name", CALLS)
def test_files_and_frames_give_the_same(name: str, tmp_path: Path) -> None:
    data = _panel()
    data.iloc[:100].to_parquet(tmp_path / "a.parquet")
    data.iloc[100:].to_parquet(tmp_path / "b.parquet")
    assert list(CALLS[name](tmp_path).params) == pytest.approx(list(CALLS[name](data).params), rel=1e-8)


@pytest.mark.parametrize("name", CALLS)
def test_missing_values_are_left_out_and_said_and_results_show_themselves(name: str) -> None:
    data = _panel()
    data.loc[[3, 7], "x"] = np.nan
    fit = CALLS[name](data)
    assert fit.exclusions == {"x missing": 2}
    assert "Left out: 2 rows (x missing: 2)" in repr(fit)
    assert "Reference levels: sex: f." in repr(fit)
    assert fit.to_frame().shape[0] == len(fit.terms)
    assert len(fit.plot().data) == len(fit.terms) - ("Intercept" in fit.terms)


def _by_hand(data: pd.DataFrame, beta: np.ndarray) -> float:
    """Sum over all ways to choose the cases of each set."""
    total = 0.0
    for _, part in data.groupby("id"):
        cases = int(part["ill"].sum())
        along = part[["x", "z"]].to_numpy() @ beta
        ways = [along[list(chosen)].sum() for chosen in itertools.combinations(range(len(part)), cases)]
        total += along[part["ill"].to_numpy()].sum() - np.logaddexp.reduce(ways)
    return total


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_conditional_likelihood_sums_over_all_choices_of_cases(seed: int) -> None:
    draw = np.random.default_rng(seed)
    data = pd.DataFrame({"id": np.arange(42) // 7, "x": draw.normal(size=42), "z": draw.normal(size=42)})
    data["ill"] = draw.random(42) < draw.choice([0.2, 0.5, 0.8])
    try:
        fit = conditional_logistic("ill ~ x + z", data, strata="id")
    except (ModelInputError, SeparationError):
        return
    best = fit.params.to_numpy()
    assert fit.llf == pytest.approx(_by_hand(data, best), rel=1e-10, abs=1e-10)
    assert fit.llnull == pytest.approx(_by_hand(data, np.zeros(2)), rel=1e-10, abs=1e-10)
    for step in ([1e-3, 0], [-1e-3, 0], [0, 1e-3], [0, -1e-3]):
        assert _by_hand(data, best + step) <= fit.llf + 1e-12


def test_large_sets_with_many_cases_neither_overflow_nor_lose_digits() -> None:
    draw = np.random.default_rng(0)
    data = pd.DataFrame({"site": np.arange(4000) // 2000, "x": draw.normal(size=4000) * 3})
    data["ill"] = draw.random(4000) < 1 / (1 + np.exp(-data["x"] + 0.5))
    fit = conditional_logistic("ill ~ x", data, strata="site")
    flipped = conditional_logistic("healthy ~ x", data.assign(healthy=~data["ill"]), strata="site")
    assert flipped.params["x"] == pytest.approx(-fit.params["x"], rel=1e-10)
    assert fit.params["x"] == pytest.approx(1.0, abs=0.1)


def test_ar1_correlation_looks_at_the_distance_in_time() -> None:
    data = _panel()
    by_time = gee("y ~ x", data, cluster="id", correlation="ar1", time="day")
    twice_as_far = gee("y ~ x", data.assign(day=2 * data["day"]), cluster="id", correlation="ar1", time="day")
    assert twice_as_far.alpha**2 == pytest.approx(by_time.alpha, rel=1e-6)
    assert list(twice_as_far.bse) == pytest.approx(list(by_time.bse), rel=1e-6)


def test_clusters_of_one_row_give_the_robust_errors_of_a_glm() -> None:
    import statsmodels.api as sm

    data = _panel().assign(one=range(240))
    fit = gee("count ~ x", data, cluster="one", family="poisson", correlation="independence")
    theirs = sm.GLM(data["count"], sm.add_constant(data["x"]), family=sm.families.Poisson()).fit(cov_type="HC0")
    assert list(fit.params) == pytest.approx(list(theirs.params), rel=1e-8)
    assert list(fit.bse) == pytest.approx(list(theirs.bse), rel=1e-8)


def test_exposure_is_an_offset_of_its_logarithm() -> None:
    data = _panel().assign(years=np.linspace(0.5, 3, 240))
    fit = gee("count ~ x", data, cluster="id", family="poisson", exposure="years")
    other = gee("count ~ x", data.assign(o=np.log(data["years"])), cluster="id", family="poisson", offset="o")
    assert list(fit.params) == pytest.approx(list(other.params), rel=1e-12)


def test_a_variance_of_zero_is_said_not_hidden() -> None:
    draw = np.random.default_rng(3)
    data = pd.DataFrame({"id": np.arange(60) // 3, "x": draw.normal(size=60)})
    data["y"] = data["x"] + draw.normal(size=60)
    data["y"] -= data.groupby("id")["y"].transform("mean")
    fit = mixed("y ~ x", data, cluster="id")
    assert fit.is_singular
    assert fit.random_covariance.to_numpy().item() == 0
    assert "singular fit" in repr(fit)


def test_a_mixed_model_does_not_show_values_of_groups() -> None:
    data = _panel().assign(id=lambda frame: MARK + frame["id"].astype(str))
    fit = mixed("y ~ x", data, cluster="id")
    assert MARK not in repr(fit) + fit._repr_html_()
    assert len(fit.random_effects) == 40


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), q=st.floats(0.05, 0.95))
def test_a_quantile_line_leaves_the_right_share_of_rows_below(seed: int, q: float) -> None:
    draw = np.random.default_rng(seed)
    data = pd.DataFrame({"x": draw.normal(size=80)})
    data["y"] = data["x"] + draw.normal(size=80) * np.exp(data["x"])
    fit = quantile_regression("y ~ x", data, q=q, errors="iid")
    left = data["y"] - fit.params["Intercept"] - fit.params["x"] * data["x"]
    on_line = np.abs(left) < 1e-9
    assert on_line.sum() == 2
    assert (left < -1e-9).sum() <= 80 * q + 1e-9
    assert ((left < -1e-9) | on_line).sum() >= 80 * q - 1e-9


def test_a_quantile_without_covariates_is_a_quantile() -> None:
    data = _panel()
    assert quantile_regression("y ~ 1", data, q=0.305).params["Intercept"] == pytest.approx(
        np.quantile(data["y"], 0.305, method="inverted_cdf"), rel=1e-12
    )


def _separated() -> pd.DataFrame:
    return _panel().assign(perfect=lambda frame: frame["ill"].astype(float) + 0.01 * frame["x"].clip(-1, 1))


BAD: list[tuple[Any, type[AnalysisError], str]] = [
    (lambda: conditional_logistic("ill ~ 1", _panel(), strata="id"), ModelInputError, "needs a covariate"),
    (lambda: conditional_logistic("y ~ x", _panel(), strata="id"), ModelInputError, "bool or 0/1"),
    (lambda: conditional_logistic("ill ~ x", _panel(), strata="day_"), ModelInputError, "Did you mean 'day'"),
    (
        lambda: conditional_logistic("ill ~ x", _panel().assign(id=range(240)), strata="id"),
        ModelInputError,
        "both outcomes",
    ),
    (
        lambda: conditional_logistic("ill ~ x + z", _panel().assign(z=lambda f: f["id"] * 1.5), strata="id"),
        ModelInputError,
        "must vary within sets; 'z'",
    ),
    (
        lambda: conditional_logistic("ill ~ x + z", _panel().assign(z=lambda f: f["id"] + 2 * f["x"]), strata="id"),
        ModelInputError,
        "collinear; 'z'",
    ),
    (lambda: conditional_logistic("ill ~ perfect", _separated(), strata="id"), SeparationError, "'perfect' foretells"),
    (lambda: gee("y ~ x", _panel(), cluster="id", family="gamma"), ModelInputError, "family must be one of"),  # type: ignore[arg-type]
    (lambda: gee("y ~ x", _panel(), cluster="id", correlation="m"), ModelInputError, "correlation must be one of"),  # type: ignore[arg-type]
    (lambda: gee("y ~ x", _panel(), cluster="id", errors="m"), ModelInputError, "errors must be one of"),  # type: ignore[arg-type]
    (lambda: gee("y ~ x", _panel(), cluster="id", family="binomial"), ModelInputError, r"lies in \[0, 1\]"),
    (lambda: gee("y ~ x", _panel(), cluster="id", family="poisson"), ModelInputError, "0 or more"),
    (lambda: gee("y ~ x", _panel().assign(y=3.0), cluster="id"), ModelInputError, "outcome must vary"),
    (lambda: gee("y ~ x", _panel().assign(id=range(240)), cluster="id"), ModelInputError, "clusters of two rows"),
    (
        lambda: gee("y ~ x + z", _panel().assign(z=lambda f: f["x"] * 2), cluster="id"),
        ModelInputError,
        "collinear; 'z'",
    ),
    (
        lambda: gee("y ~ x", _panel().assign(day=1), cluster="id", correlation="ar1", time="day"),
        ModelInputError,
        "at the same time",
    ),
    (
        lambda: gee("y ~ x", _panel(), cluster="id", correlation="ar1", time="sex"),
        ModelInputError,
        "time must be a number or a date",
    ),
    (lambda: gee("count ~ x", _panel(), cluster="id", family="poisson", exposure="y"), ModelInputError, "must be > 0"),
    (lambda: gee("ill ~ perfect", _separated(), cluster="id", family="binomial"), SeparationError, "no finite odds"),
    (lambda: mixed("y ~ x", _panel(), cluster="id", random="x + ("), ModelInputError, "cannot be read"),
    (lambda: mixed("y ~ x", _panel(), cluster="id", random="1 + nothing"), ModelInputError, "no column 'nothing'"),
    (lambda: mixed("y ~ x", _panel().assign(id=range(240)), cluster="id"), ModelInputError, "repeated rows"),
    (lambda: mixed("y ~ x", _panel().assign(id=1), cluster="id"), ModelInputError, "several groups"),
    (lambda: mixed("y ~ x", _panel().assign(y=lambda f: f["x"]), cluster="id"), ModelInputError, "must vary around"),
    (lambda: quantile_regression("y ~ x", _panel(), q=50), ModelInputError, "q must lie between"),
    (lambda: quantile_regression("y ~ x", _panel(), errors="rank"), ModelInputError, "errors must be one of"),  # type: ignore[arg-type]
    (lambda: quantile_regression("y ~ x", _panel().head(2)), ModelInputError, "more rows than coefficients"),
    (lambda: quantile_regression("y ~ x", _panel().head(0)), ModelInputError, "no row is left"),
    (lambda: quantile_regression("y ~ x", _panel().assign(x=np.nan)), ModelInputError, "no row is left"),
    (lambda: quantile_regression("y ~ x", _panel().assign(x=1.0)), ModelInputError, "vary|constant|one value"),
    (lambda: quantile_regression("y ~ x", _panel().assign(x=np.inf)), ModelInputError, "finite|infinite"),
    (lambda: quantile_regression("y ~ x", _panel().assign(y=MARK)), ModelInputError, "y"),
    (lambda: quantile_regression("y ~ __import__('os')", _panel()), ModelInputError, "formula"),
    (lambda: gee("y ~ x", 7, cluster="id"), ModelInputError, "data must be"),
    (lambda: mixed("y ~ x", _panel(), cluster="id", level=95), ModelInputError, "level must lie"),
]


@pytest.mark.parametrize(("call", "error", "words"), BAD, ids=range(len(BAD)))
def test_what_cannot_be_fitted_is_refused_without_a_value(call: Any, error: type[AnalysisError], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        call()
    assert MARK not in str(caught.value)


def test_a_working_correlation_that_no_data_can_have_is_refused() -> None:
    draw = np.random.default_rng(0)
    data = pd.DataFrame({"id": np.repeat(np.arange(30), 3), "x": draw.normal(size=90)})
    data["y"] = draw.normal(size=90)
    data["y"] -= data.groupby("id")["y"].transform("mean")  # residuals of a cluster add up to zero: below -1/2
    with pytest.raises(ConvergenceError, match="working correlation came out"):
        gee("y ~ 1", data, cluster="id")


def test_columns_with_odd_names_work_as_any_other() -> None:
    data = _panel().rename(columns={"x": "용량 (mg); DROP", "id": "환자 번호", "y": "결과 값"})
    fit = mixed("`결과 값` ~ `용량 (mg); DROP`", data, cluster="환자 번호")
    assert fit.params.iloc[1] == pytest.approx(mixed("y ~ x", _panel(), cluster="id").params["x"], rel=1e-10)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), between=st.sampled_from([0.0, 0.1, 0.3, 1.0]), reml=st.booleans())
def test_no_standard_deviation_on_a_grid_fits_better_than_the_one_found(seed: int, between: float, reml: bool) -> None:
    """A standard deviation of zero has slope zero whatever lies beyond: a descent may stop there."""
    from analysis_lib.models.regression.mixed_likelihood import group_sums, profiled

    draw = np.random.default_rng(seed)
    group = np.sort(draw.integers(0, 12, 70))
    x = draw.normal(size=70)
    y = x + between * draw.normal(size=12)[group] + draw.normal(size=70)
    fit = mixed("y ~ x", pd.DataFrame({"id": group, "x": x, "y": y}), cluster="id", reml=reml)
    firsts = np.flatnonzero(np.append(True, np.diff(group) > 0)).astype(np.int64)
    sums = group_sums(np.column_stack([np.ones(70), x]), np.ones((70, 1)), response=y, firsts=firsts)
    grid = [profiled(np.array([theta]), sums, restricted=reml).criterion for theta in [0, *np.logspace(-3, 1, 60)]]
    assert fit.criterion <= min(grid) + 1e-7
