"""What Fine and Gray's model must hold to, whatever the data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError, SeparationError
from analysis_lib.models.survival import FineGrayResult, cox, fine_gray
from analysis_lib.models.survival.cox_regression import fitting

FAST = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEEDS = st.integers(0, 10_000)
TIES = st.sampled_from(["breslow", "efron"])


def _people(seed: int, n: int = 120, *, days: bool = True) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    age = draw.normal(60, 10, n)
    first, second, censored = (draw.exponential(mean, n) for mean in (30, 40, 50))
    first = first * np.exp(-0.03 * (age - 60))
    time = np.minimum(np.minimum(first, second), censored)
    ended = np.where(time == first, 1, np.where(time == second, 2, 0))
    return pd.DataFrame(
        {"time": np.ceil(time) if days else time, "ended": ended, "age": age, "male": draw.integers(0, 2, n)}
    )


def _fit(data: pd.DataFrame, **arguments: object) -> FineGrayResult:
    return fine_gray("Surv(time, ended) ~ age + male", data, cause=1, **arguments)


def _same(one: FineGrayResult, other: FineGrayResult, *, rel: float = 1e-8) -> None:
    np.testing.assert_allclose(one.to_frame(), other.to_frame(), rtol=rel, atol=1e-11)
    assert one.llf == pytest.approx(other.llf, rel=1e-10)


@FAST
@given(seed=SEEDS, ties=TIES)
def test_without_competing_events_it_is_coxs_model(seed: int, ties: str) -> None:
    data = _people(seed)
    data["ended"] = (data["ended"] == 1).astype(int)
    fine, plain = (
        _fit(data, ties=ties, variance="robust"),
        cox("Surv(time, ended) ~ age + male", data, ties=ties, robust=True),
    )
    np.testing.assert_allclose(fine.to_frame(), plain.to_frame(), rtol=1e-9)
    np.testing.assert_allclose(_fit(data, ties=ties).bse, plain.bse, rtol=1e-9)


@FAST
@given(seed=SEEDS)
def test_ties_with_censoring_are_of_no_account_where_there_are_none(seed: int) -> None:
    data = _people(seed, days=False)
    _same(_fit(data), _fit(data, censoring="after events", ties="efron"))


@FAST
@given(seed=SEEDS)
def test_without_censoring_whoever_had_another_event_stays_for_ever(seed: int) -> None:
    data = _people(seed)
    data = data[data["ended"] > 0]
    for_ever = data.assign(time=data["time"].where(data["ended"] == 1, 1e6), event=data["ended"] == 1)
    plain = cox("Surv(time, event) ~ age + male", for_ever, ties="breslow", robust=True)
    np.testing.assert_allclose(_fit(data).to_frame(), plain.to_frame(), rtol=1e-8)


@FAST
@given(seed=SEEDS, ties=TIES)
def test_order_of_rows_and_of_working_changes_nothing(seed: int, ties: str) -> None:
    data = _people(seed)
    whole = _fit(data, ties=ties)
    _same(whole, _fit(data.sample(frac=1, random_state=seed), ties=ties))
    before = fitting._SUMS_IN_CACHE
    try:
        fitting._SUMS_IN_CACHE = 0  # sorted by time
        _same(whole, _fit(data, ties=ties))
    finally:
        fitting._SUMS_IN_CACHE = before


@FAST
@given(seed=SEEDS)
def test_a_weight_of_two_is_the_row_twice(seed: int) -> None:
    data = _people(seed).assign(weight=np.random.default_rng(seed).integers(1, 4, 120))
    repeated = data.loc[data.index.repeat(data["weight"])].reset_index(drop=True)
    one, other = _fit(data, weights="weight"), _fit(repeated)
    np.testing.assert_allclose(one.params, other.params, rtol=1e-8)
    np.testing.assert_allclose(one.model_covariance, other.model_covariance, rtol=1e-7)
    clustered = _fit(repeated.assign(row=data.index.repeat(data["weight"])), cluster="row")
    np.testing.assert_allclose(one.bse, clustered.bse, rtol=1e-8)


@FAST
@given(seed=SEEDS)
def test_strata_have_censoring_of_their_own(seed: int) -> None:
    data = _people(seed)
    one = fine_gray("Surv(time, ended) ~ age", data, cause=1)
    both = pd.concat([data.assign(site=1), data.assign(site=2)])
    twice = fine_gray("Surv(time, ended) ~ age + strata(site)", both, cause=1)
    assert twice.params["age"] == pytest.approx(one.params["age"], rel=1e-9)
    assert twice.bse["age"] == pytest.approx(one.bse["age"] / np.sqrt(2), rel=1e-9)


def test_result_says_what_it_is_and_predicts_incidence() -> None:
    fit = _fit(_people(1))
    assert "subdistribution" in fit.method
    assert "The event is 1" in repr(fit)
    assert "subdistribution hazard" in repr(fit).splitlines()[0]
    found = fit.predict_incidence(pd.DataFrame({"age": [40, 80], "male": [0, 1]}), times=[1, 10, 20])
    assert found["incidence"].between(0, 1).all()
    assert (found["ci_low"] <= found["incidence"]).all()
    assert (found["incidence"] <= found["ci_high"]).all()


def test_missing_texts_are_censored_unless_said_otherwise() -> None:
    data = _people(2)
    named = data.assign(ended=data["ended"].map({0: None, 1: "stroke", 2: "death"}))
    _same(_fit(data), fine_gray("Surv(time, ended) ~ age + male", named, cause="stroke"))
    filled = named.assign(ended=named["ended"].fillna("alive"))
    _same(_fit(data), fine_gray("Surv(time, ended) ~ age + male", filled, cause="stroke", censored="alive"))
    with pytest.raises(ModelInputError, match="alive"):
        fine_gray("Surv(time, ended) ~ age + male", filled, cause="stroke")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"cause": 7}, "no row has the cause asked for; column 'ended' has '1', '2'"),
        ({"cause": 1, "ties": "exact"}, "ties must be one of 'breslow', 'efron'"),
        ({"cause": 1, "variance": "crr"}, "variance must be one of 'fine-gray', 'robust'"),
        ({"cause": 1, "censoring": "never"}, "censoring must be one of"),
        ({"cause": 1, "level": 2}, "level must lie between 0 and 1"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        fine_gray("Surv(time, ended) ~ age", _people(3), **arguments)


def test_late_entry_concordance_and_separation_are_refused() -> None:
    data = _people(4).assign(start=0)
    with pytest.raises(ModelInputError, match="takes no late entry; found a start, 'start'"):
        fine_gray("Surv(start, time, ended) ~ age", data, cause=1)
    with pytest.raises(ModelInputError, match="concordance is of one event"):
        _fit(data).concordance()
    data.loc[data["male"] == 1, "ended"] = 2
    with pytest.raises(SeparationError, match="'male' foretells"):
        _fit(data)
