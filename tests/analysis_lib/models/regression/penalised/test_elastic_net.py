"""Elastic net: what it promises of its optimum, its folds, its predictions, and what it refuses."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import AnalysisError, ConvergenceError, ModelInputError
from analysis_lib.models.regression.penalised import ElasticNetResult, elastic_net, elastic_net_matrix
from analysis_lib.models.regression.penalised.columns import DenseColumns, SparseColumns
from analysis_lib.models.regression.penalised.cross_validation import folds_by_person
from analysis_lib.models.regression.penalised.path import PathSolver
from analysis_lib.models.regression.penalised.problem import Problem

FAMILIES = ["gaussian", "binomial", "poisson"]


def _data(seed: int = 0, *, n: int = 400, p: int = 12, family: str = "binomial") -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = (random.random((n, p)) < 0.3) * random.integers(1, 4, (n, p))
    eta = x[:, :4] @ np.array([0.8, -0.6, 0.3, 0.2]) - 0.4
    if family == "gaussian":
        return x.astype(float), eta + random.normal(size=n)
    if family == "poisson":
        return x.astype(float), random.poisson(np.exp(eta)).astype(float)
    return x.astype(float), (random.random(n) < 1 / (1 + np.exp(-eta))).astype(float)


def _fit(x: Any, y: Any, **arguments: Any) -> ElasticNetResult:
    names = [f"x{index}" for index in range(x.shape[1])]
    return elastic_net_matrix(x, y, names=names, **({"folds": None, "tolerance": 1e-10} | arguments))


def _means(eta: np.ndarray, family: str) -> np.ndarray:
    return {"gaussian": eta, "binomial": 1 / (1 + np.exp(-eta)), "poisson": np.exp(eta)}[family]


# The optimum


@pytest.mark.parametrize("alpha", [1.0, 0.4])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_conditions_of_the_optimum_hold_when_computed_from_the_definition(family: str, alpha: float) -> None:
    x, y = _data(family=family)
    fit = _fit(sp.csc_array(x), y, family=family, alpha=alpha, n_lambdas=20)
    spread, unit = x.std(axis=0), y.std() if family == "gaussian" else 1.0
    for number, penalty in enumerate(fit.lambdas):
        b = fit.path.coefficients[:, [number]].toarray()[:, 0]
        residual = y - _means(fit.path.intercepts[number] + x @ b, family)
        gradient = ((x - x.mean(axis=0)) / spread).T @ residual / y.size - penalty * (1 - alpha) * b * spread / unit
        selected = b != 0
        assert residual.mean() == pytest.approx(0, abs=1e-8)
        assert gradient[selected] == pytest.approx((penalty * alpha * np.sign(b))[selected], abs=1e-8)
        assert (np.abs(gradient[~selected]) <= penalty * alpha + 1e-8).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_rounds_over_the_columns_and_products_of_columns_find_the_same_optimum(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = _data(n=600, p=40, family=family)
    by_products = [_fit(kind(x), y, family=family, n_lambdas=30) for kind in (np.asarray, sp.csc_array)]
    monkeypatch.setattr(DenseColumns, "few", 3)
    monkeypatch.setattr(SparseColumns, "few", 3)
    by_rounds = [_fit(kind(x), y, family=family, n_lambdas=30) for kind in (np.asarray, sp.csc_array)]
    for one in (*by_products[1:], *by_rounds):
        assert np.abs(one.path.coefficients - by_products[0].path.coefficients).max() < 1e-8


@pytest.mark.parametrize("family", FAMILIES)
def test_nearly_equal_covariates_are_solved_all_the_same(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = _data(family=family)
    doubled = np.hstack([x, x + 1e-3 * np.random.default_rng(1).normal(size=x.shape)])
    monkeypatch.setattr(DenseColumns, "few", 3)
    fit = _fit(doubled, y, family=family, alpha=0.0, n_lambdas=20, tolerance=1e-9)
    assert (fit.path.violation <= 1e-6).all()


def test_without_a_penalty_the_estimate_is_that_of_statsmodels() -> None:
    sm = pytest.importorskip("statsmodels.api")
    x, y = _data()
    fit = _fit(x, y, lambdas=[0.0], tolerance=1e-13)
    expected = sm.GLM(y, sm.add_constant(x), family=sm.families.Binomial()).fit(tol=1e-14, maxiter=100)
    assert fit.coef(0.0).to_numpy() == pytest.approx(expected.params, rel=1e-8, abs=1e-10)


def test_a_single_penalty_gives_what_the_path_gives() -> None:
    x, y = _data(p=30)
    path = _fit(x, y)
    at = float(path.lambdas[25])
    assert _fit(x, y, lambdas=[at]).coef(at).to_numpy() == pytest.approx(path.coef(at).to_numpy(), abs=1e-8)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), alpha=st.sampled_from([0.2, 1.0]), family=st.sampled_from(FAMILIES))
def test_a_weight_of_two_is_the_row_twice_and_a_weight_of_zero_is_no_row(seed: int, alpha: float, family: str) -> None:
    x, y = _data(seed, n=120, p=6, family=family)
    if np.ptp(y) == 0:
        return
    weights = np.random.default_rng(seed).integers(0, 3, y.size)
    repeated = np.repeat(np.arange(y.size), weights)
    if np.ptp(y[repeated]) == 0:
        return
    once = _fit(x, y, weights=weights, alpha=alpha, family=family, n_lambdas=12)
    twice = _fit(x[repeated], y[repeated], alpha=alpha, family=family, lambdas=list(once.lambdas))
    assert np.abs(once.path.coefficients - twice.path.coefficients).max() < 1e-7


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-6, 3.0, 1e6]))
def test_order_of_rows_and_unit_of_covariates_change_nothing(seed: int, scale: float) -> None:
    x, y = _data(seed, n=150, p=5)
    if np.ptp(y) == 0:
        return
    base = _fit(x, y, n_lambdas=10)
    order = np.random.default_rng(seed).permutation(y.size)
    lambdas = list(base.lambdas)
    moved = _fit(x[order] * scale, y[order], lambdas=lambdas)
    assert np.abs(moved.path.coefficients * scale - base.path.coefficients).max() < 1e-7


def test_a_covariate_far_from_zero_is_as_good_as_a_centred_one() -> None:
    x, y = _data()
    near, far = _fit(x, y), _fit(x + 1e8, y)
    assert np.abs(near.path.coefficients - far.path.coefficients).max() < 1e-6


def test_workers_change_no_number() -> None:
    x, y = _data(p=40)
    one, two = (_fit(sp.csc_array(x), y, folds=4, workers=workers) for workers in (1, 2))
    pd.testing.assert_frame_equal(one.path_frame(), two.path_frame(), check_exact=True)
    assert (one.path.coefficients != two.path.coefficients).nnz == 0


def test_an_unpenalised_term_is_always_in_and_an_infinite_factor_never() -> None:
    x, y = _data()
    fit = _fit(x, y, penalty_factors={"x9": 0.0, "x0": np.inf})
    assert (fit.path.coefficients[[9]].toarray() != 0).all()
    assert fit.path.coefficients[[0]].nnz == 0


def test_a_constant_covariate_gets_no_coefficient_and_is_said() -> None:
    x, y = _data()
    fit = _fit(np.hstack([x, np.full((y.size, 1), 7.3)]), y)
    assert fit.path.coefficients[[12]].nnz == 0
    assert "1 terms do not vary" in str(fit.summary())


# Folds


@given(
    persons=st.lists(st.integers(0, 40), min_size=30, max_size=200).filter(lambda ids: len(set(ids)) >= 5),
    seed=st.integers(0, 100),
)
def test_no_person_is_in_two_folds_and_folds_are_equal_in_persons(persons: list[int], seed: int) -> None:
    fold = folds_by_person(np.array(persons), folds=5, seed=seed)
    found = pd.DataFrame({"person": persons, "fold": fold}).drop_duplicates()
    assert not found["person"].duplicated().any()
    sizes = found["fold"].value_counts()
    assert len(sizes) == 5
    assert sizes.max() - sizes.min() <= 1


def test_folds_depend_on_the_seed_and_not_on_the_order_of_rows() -> None:
    persons = np.arange(100)
    order = np.random.default_rng(3).permutation(100)
    assert (folds_by_person(persons, folds=5, seed=1)[order] == folds_by_person(persons[order], folds=5, seed=1)).all()
    assert (folds_by_person(persons, folds=5, seed=1) != folds_by_person(persons, folds=5, seed=2)).any()


def test_rows_of_a_person_stay_together_when_the_data_name_persons() -> None:
    x, y = _data()
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(12)]).assign(y=y, subject_id=np.arange(400) // 2)
    torn = frame.assign(fold=np.arange(400) % 4)
    formula = "y ~ " + " + ".join(frame.columns[:12])
    fit = elastic_net(formula, frame, folds=4, seed=5)
    assert fit.persons["all"] == 200
    assert fit.cross_validation is not None
    assert fit.cross_validation.seed == 5
    with pytest.raises(ModelInputError, match="one fold"):
        elastic_net(formula, torn, fold="fold")


# Results


def test_predictions_from_a_formula_and_from_a_matrix_agree_and_missing_stays_missing() -> None:
    x, y = _data()
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(12)]).assign(y=y)
    by_formula = elastic_net("y ~ " + " + ".join(frame.columns[:12]), frame, folds=5)
    by_matrix = _fit(x, y, folds=5, tolerance=1e-7)
    assert by_formula.predict(frame) == pytest.approx(by_matrix.predict(x))
    frame.loc[3, "x1"] = np.nan
    missing = by_formula.predict(frame.drop(columns="y"))
    assert np.isnan(missing[3])
    assert np.isnan(missing).sum() == 1
    link = by_formula.predict(frame, kind="link")
    assert 1 / (1 + np.exp(-link)) == pytest.approx(missing, nan_ok=True)


def test_rows_with_a_missing_value_are_left_out_and_counted() -> None:
    x, y = _data()
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(12)]).assign(y=y, sex="female")
    frame.loc[::2, "sex"] = "male"
    frame.loc[:9, "x3"] = np.nan
    fit = elastic_net("y ~ x0 + x3 + C(sex)", frame, folds=None)
    assert (fit.n, fit.n_excluded, fit.exclusions) == (390, 10, {"x3 missing": 10})
    assert fit.terms == ("x0", "x3", "C(sex)[T.male]")
    assert "Left out: 10 rows" in str(fit.summary())


def test_coefficients_between_two_penalties_are_interpolated_and_beyond_them_refused() -> None:
    x, y = _data()
    fit = _fit(x, y)
    low, high = fit.lambdas[11], fit.lambdas[10]
    middle = fit.coef(float((low + high) / 2))
    assert middle.to_numpy() == pytest.approx(((fit.coef(float(low)) + fit.coef(float(high))) / 2).to_numpy())
    with pytest.raises(ModelInputError, match="on the path"):
        fit.coef(100.0)
    with pytest.raises(ModelInputError, match="without cross-validation"):
        fit.coef("1se")


def test_the_choice_within_one_standard_error_is_the_larger_penalty() -> None:
    x, y = _data()
    fit = _fit(x, y, folds=5)
    assert fit.lambda_1se >= fit.lambda_min
    table = fit.path_frame()
    best = table["deviance"].idxmin()
    assert table["lambda"][best] == fit.lambda_min
    assert fit.to_frame()["term"][0] == "Intercept"
    assert fit.plot().data.equals(table)
    assert "<table" in fit._repr_html_()


# What is refused


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alpha": 1.5}, "alpha"),
        ({"family": "cauchy"}, "family"),
        ({"folds": 2}, "3 folds"),
        ({"lambdas": [-1.0]}, "lambdas"),
        ({"lambdas": []}, "lambdas"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"n_lambdas": 1}, "n_lambdas"),
        ({"workers": 0}, "workers"),
        ({"weights": -np.ones(400)}, "weights"),
        ({"weights": np.zeros(400)}, "more than 0"),
        ({"weights": np.ones(3)}, "one entry per row"),
        ({"offset": np.full(400, np.inf)}, "offset"),
        ({"penalty_factors": {"nothing": 1.0}}, "no column"),
        ({"penalty_factors": {"x1": -1.0}}, "penalty factors"),
        ({"fold": np.zeros(400)}, "3 folds"),
        ({"persons": np.zeros(400), "folds": 5}, "fewer folds"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(change: dict[str, Any], message: str) -> None:
    x, y = _data()
    with pytest.raises(ModelInputError, match=message):
        _fit(x, y, **change)


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.full((4, 2), np.nan), [0, 1, 0, 1], "finite"),
        (np.array([[1.0], [np.inf]]), [0, 1], "finite"),
        (np.eye(3), [0, 1], "one entry per row"),
        (np.eye(3), [0, 0, 0], "vary"),
        (np.eye(3), [0, 1, 2], "0/1"),
        (np.eye(3), [0, 1, np.nan], "missing"),
        (np.eye(3), ["a", "b", "c"], "numbers"),
        (np.zeros((3, 0)), [0, 1, 1], "empty"),
        (np.ones((1, 2)), [1], "vary"),
    ],
)
def test_data_that_cannot_be_used_are_refused(kind: Any, x: np.ndarray, y: list[Any], message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        _fit(kind(x), y)


@pytest.mark.parametrize("matrix", [[1, 2, 3], np.ones(3), np.array([["a"]]), None, pd.DataFrame({"a": [1, 2]})])
def test_what_is_no_matrix_is_refused(matrix: Any) -> None:
    with pytest.raises(AnalysisError):
        elastic_net_matrix(matrix, [0, 1], names=["a", "b"])


def test_names_must_be_as_many_as_covariates_and_differ() -> None:
    x, y = _data()
    with pytest.raises(ModelInputError, match="11 names"):
        elastic_net_matrix(x, y, names=[str(i) for i in range(11)])
    with pytest.raises(ModelInputError, match="more than once"):
        elastic_net_matrix(x, y, names=["a"] * 12)


@pytest.mark.parametrize(
    ("formula", "message"),
    [("y ~ 1", "covariate"), ("y ~ x0 - 1", "intercept"), ("y ~ nothing", "nothing"), ("~ x0", "left side")],
)
def test_formulas_that_cannot_be_fitted_are_refused(formula: str, message: str) -> None:
    x, y = _data()
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(12)]).assign(y=y)
    with pytest.raises(ModelInputError, match=message):
        elastic_net(formula, frame)


def test_a_covariate_that_foretells_the_outcome_ends_the_path_but_never_as_if_it_had_converged() -> None:
    y = np.repeat([0.0, 1.0], 50)
    x = np.column_stack([y, np.random.default_rng(0).normal(size=100)])
    fit = _fit(x, y)
    assert (fit.path.violation <= 1e-6).all()
    with pytest.raises(ConvergenceError, match="unpenalised"):
        _fit(x, y, penalty_factors={"x0": 0.0})


def test_no_signal_at_all_gives_an_empty_model() -> None:
    x = np.tile([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]], (10, 1))
    fit = _fit(x, np.tile([0.0, 0.0, 1.0, 1.0], 10))
    assert np.abs(fit.coef().to_numpy()[1:]).max() < 1e-8


def test_a_message_never_holds_a_value_of_a_person() -> None:
    x, y = _data()
    y[7] = 8_675_309.0
    with pytest.raises(ModelInputError) as caught:
        _fit(x, y)
    assert "8675309" not in str(caught.value).replace(",", "")


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
def test_a_covariate_too_large_to_be_squared_is_named(kind: Any) -> None:
    x, y = _data()
    x[:, 3] *= 1e200
    with pytest.raises(ModelInputError, match="squares must be within double precision; found larger ones in 'x3'"):
        _fit(kind(x), y)


def test_a_fit_that_does_not_arrive_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = _data()
    monkeypatch.setattr("analysis_lib.models.regression.penalised.path.MOST_STEPS", 1)
    with pytest.raises(ConvergenceError, match="did not converge"):
        _fit(x, y, lambdas=[0.001])


def test_the_solver_leaves_no_violation_behind_even_where_the_strong_rule_errs() -> None:
    random = np.random.default_rng(8)
    x = random.normal(size=(40, 200)) + random.normal(size=(40, 1))
    y = (x[:, 0] - x[:, 1] + random.normal(size=40) > 0).astype(float)
    columns = DenseColumns(np.ascontiguousarray(x.T))
    ones = np.full(40, 1 / 40)
    solver = PathSolver(Problem(columns, y, ones, np.zeros(40), "binomial", 1.0, np.ones(200), True, 1e-9))
    for share in (0.9, 0.3, 0.05):  # jumps so wide that the rule cannot know
        solution = solver.solve(share * solver.largest_penalty)
        b = np.zeros(200)
        b[solution.members] = solution.coefficients
        residual = y - 1 / (1 + np.exp(-(solution.intercept + x @ b)))
        gradient = np.abs((x - x.mean(axis=0)).T @ residual) / 40 / x.std(axis=0)
        assert gradient.max() <= share * solver.largest_penalty * (1 + 1e-6)
