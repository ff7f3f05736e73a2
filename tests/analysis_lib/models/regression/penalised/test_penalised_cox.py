"""Penalised Cox models: what they promise beyond what every elastic net does, and what they refuse."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError
from analysis_lib.models import cox
from analysis_lib.models.regression.penalised import ElasticNetResult, elastic_net, elastic_net_matrix


def _people(seed: int = 0, *, n: int = 300, p: int = 6) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(n, p)), columns=[f"x{index}" for index in range(p)])
    hazard = np.exp(0.7 * frame["x0"] - 0.5 * frame["x1"])
    time, censored = random.exponential(10 / hazard), random.exponential(15, n)
    return frame.assign(
        time=np.ceil(np.minimum(time, censored)), event=(time <= censored).astype(int), site=random.integers(0, 3, n)
    )


def _matrix(frame: pd.DataFrame) -> np.ndarray:
    return frame.filter(regex="^x").to_numpy()


def _fit(frame: pd.DataFrame, **arguments: Any) -> ElasticNetResult:
    given = {
        "folds": None,
        "tolerance": 1e-10,
        "formula": "Surv(time, event) ~ x0 + x1 + x2 + x3 + x4 + x5",
    } | arguments
    return elastic_net(given.pop("formula"), frame, family="cox", **given)


@pytest.mark.parametrize("strata", ["", " + strata(site)"])
def test_without_a_penalty_the_estimate_is_that_of_the_cox_model(strata: str) -> None:
    frame, right = _people(), "x0 + x1 + x2 + x3 + x4 + x5" + strata
    fit = _fit(frame, formula=f"Surv(time, event) ~ {right}", lambdas=[0.0], tolerance=1e-13)
    expected = cox(f"Surv(time, event) ~ {right}", frame, ties="breslow")
    assert fit.coef(0.0).to_numpy() == pytest.approx(expected.params.to_numpy(), rel=1e-8)


@pytest.mark.parametrize("alpha", [1.0, 0.4])
def test_the_conditions_of_the_optimum_hold_when_computed_from_the_definition(alpha: float) -> None:
    frame = _people()
    x, time, event = _matrix(frame), frame["time"].to_numpy(), frame["event"].to_numpy()
    fit = elastic_net_matrix(
        sp.csc_array(x), event, names=list("abcdef"), time=time, family="cox", alpha=alpha, folds=None, n_lambdas=15,
        tolerance=1e-10,
    )  # fmt: skip
    spread = x.std(axis=0)
    for number, penalty in enumerate(fit.lambdas):
        b = fit.path.coefficients[:, [number]].toarray()[:, 0]
        risk = np.exp(x @ b)
        at_risk = time[None, :] >= time[event == 1][:, None]
        means = (at_risk * risk) @ x / ((at_risk * risk).sum(axis=1))[:, None]
        gradient = (x[event == 1] - means).sum(axis=0) / spread / time.size - penalty * (1 - alpha) * b * spread
        selected = b != 0
        assert gradient[selected] == pytest.approx((penalty * alpha * np.sign(b))[selected], abs=1e-8)
        assert (np.abs(gradient[~selected]) <= penalty * alpha + 1e-8).all()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-6, 1.0, 1e6]))
def test_order_of_rows_units_and_rows_written_twice_change_nothing(seed: int, scale: float) -> None:
    frame = _people(seed, n=120)
    base = _fit(frame, n_lambdas=10)
    again = pd.concat([frame, frame]).sample(frac=1, random_state=seed).assign(x0=lambda f: f["x0"] * scale, w=0.5)
    moved = _fit(again, lambdas=list(base.lambdas), weights="w")
    found = moved.path.coefficients.toarray() * np.array([scale, 1, 1, 1, 1, 1])[:, None]
    assert np.abs(found - base.path.coefficients.toarray()).max() < 1e-7


def test_times_that_differ_by_rounding_only_are_tied() -> None:
    frame = _people()
    near = frame.assign(time=frame["time"] * (1 + 1e-13 * np.arange(len(frame)) / len(frame)))
    assert np.abs(_fit(near).path.coefficients - _fit(frame).path.coefficients).max() < 1e-10


def test_cross_validation_finds_the_two_covariates_that_count() -> None:
    fit = _fit(_people(n=600), folds=5, tolerance=1e-6)
    kept = fit.to_frame(at="1se")
    assert {"x0", "x1"} <= set(kept["term"])
    assert "Intercept" not in set(kept["term"])
    assert fit.params["x0"] == pytest.approx(0.7, abs=0.15)
    assert "Penalised Cox regression" in str(fit.summary())
    assert "Breslow" in fit.method
    assert fit.events == int(_people(n=600)["event"].sum())


def test_predictions_are_relative_hazards_or_their_logarithm() -> None:
    frame = _people()
    fit = _fit(frame)
    linear = _matrix(frame) @ fit.coef(0.05).to_numpy()
    assert fit.predict(frame, at=0.05, kind="link") == pytest.approx(linear)
    assert fit.predict(frame.drop(columns=["time", "event"]), at=0.05) == pytest.approx(np.exp(linear))
    by_matrix = elastic_net_matrix(
        _matrix(frame), frame["event"], names=[f"x{i}" for i in range(6)], time=frame["time"], family="cox", folds=None
    )
    assert by_matrix.predict(_matrix(frame), at=0.05) == pytest.approx(np.exp(linear), rel=1e-5)


def test_far_off_covariates_do_not_overflow() -> None:
    frame = _people().assign(x0=lambda f: f["x0"] * 300)
    fit = _fit(frame, offset="x0")
    assert np.isfinite(fit.path.coefficients.toarray()).all()


def test_rows_that_all_end_with_the_event_are_fitted() -> None:
    assert len(_fit(_people().assign(event=1)).lambdas) > 5


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({"event": 0}, {}, "needs events"),
        ({"event": 2}, {}, "must be bool or 0/1"),
        ({"time": 0}, {}, "follow-up must be > 0"),
        ({"time": "long"}, {}, "a number or a timedelta"),
        ({}, {"formula": "event ~ x0"}, "the left side must be Surv"),
        ({}, {"formula": "Surv(x1, time, event) ~ x0"}, "found start times or a cluster"),
        ({}, {"formula": "Surv(time, event) ~ x0 + cluster(site)"}, "found start times or a cluster"),
        ({}, {"formula": "Surv(time, event) ~ 1"}, "needs a covariate"),
        ({}, {"formula": "Surv(time, event) ~ x0 + strata(x1)"}, "nobody is at risk beside"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change: dict[str, Any], arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        _fit(_people().assign(**change), **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"family": "cox"}, "without time="),
        ({"family": "binomial", "time": np.ones(300)}, "with time="),
        ({"family": "cox", "time": np.ones(299)}, "one entry per row"),
        ({"family": "cox", "time": np.full(300, np.nan)}, "must not be missing"),
        ({"family": "cox", "time": -np.ones(300)}, "follow-up must be > 0"),
        ({"family": "cox", "time": np.ones(300), "response": np.full(300, 2.0)}, "must be 0/1"),
    ],
)
def test_follow_up_that_does_not_fit_a_matrix_is_refused(arguments: dict[str, Any], message: str) -> None:
    frame = _people()
    given = {"response": frame["event"].to_numpy()} | arguments
    with pytest.raises(ModelInputError, match=message):
        elastic_net_matrix(_matrix(frame), given.pop("response"), names=list("abcdef"), folds=None, **given)


def test_folds_without_events_are_refused() -> None:
    frame = _people().assign(fold=lambda f: np.where(f["event"] == 1, 0, np.arange(len(f)) % 2 + 1))
    with pytest.raises(ModelInputError, match="each fold needs events"):
        _fit(frame, fold="fold")
