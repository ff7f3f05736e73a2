"""What a Cox model must hold to, whatever the data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError, SeparationError
from analysis_lib.models.survival import CoxResult, cox

FAST = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TIES = st.sampled_from(["efron", "breslow"])


def _people(seed: int, n: int = 60, *, days: bool = True) -> pd.DataFrame:
    """Make follow-up with an effect of `age` and `treated`, tied where it is in days."""
    draw = np.random.default_rng(seed)
    age, treated = draw.normal(60, 10, n), draw.random(n) < 0.5
    time = draw.exponential(30 * np.exp(-0.03 * (age - 60) - 0.5 * treated)) + 0.01
    return pd.DataFrame(
        {
            "time": np.ceil(time) if days else time,
            "event": draw.random(n) < 0.7,
            "age": age,
            "treated": treated,
        }
    )


def _fit(data: pd.DataFrame, ties: str = "efron", covariates: tuple[str, ...] = ("age", "treated")) -> CoxResult:
    return cox(data, time="time", event="event", covariates=covariates, ties=ties)


@FAST
@given(seed=st.integers(0, 10_000), ties=TIES)
def test_order_of_rows_changes_nothing(seed: int, ties: str) -> None:
    data = _people(seed)
    shuffled = data.sample(frac=1, random_state=seed)
    assert _fit(shuffled, ties).to_frame().to_numpy() == pytest.approx(_fit(data, ties).to_frame().to_numpy(), rel=1e-8)


@FAST
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-6, 0.5, 10.0, 1e6]), offset=st.sampled_from([0.0, 1e5]))
def test_unit_and_origin_of_a_covariate_change_only_its_own_coefficient(seed: int, scale: float, offset: float) -> None:
    data = _people(seed)
    plain, scaled = _fit(data), _fit(data.assign(age=data["age"] * scale + offset * scale))
    assert scaled.params["age"] * scale == pytest.approx(plain.params["age"], rel=1e-6, abs=1e-9)
    assert scaled.params["treated"] == pytest.approx(plain.params["treated"], rel=1e-6, abs=1e-9)
    assert scaled.llf == pytest.approx(plain.llf, rel=1e-9)
    profile = plain.conf_int("profile").loc["age"]
    assert (scaled.conf_int("profile").loc["age"] * scale).to_list() == pytest.approx(
        profile.to_list(), rel=1e-6, abs=1e-9
    )


@FAST
@given(seed=st.integers(0, 10_000), ties=TIES, stretch=st.sampled_from([0.001, 7.0, 365.25]))
def test_unit_of_time_changes_nothing(seed: int, ties: str, stretch: float) -> None:
    data = _people(seed)
    stretched = _fit(data.assign(time=data["time"] * stretch), ties)
    assert stretched.params.to_list() == pytest.approx(_fit(data, ties).params.to_list(), rel=1e-9)


@FAST
@given(seed=st.integers(0, 10_000))
def test_only_the_order_of_times_matters(seed: int) -> None:
    data = _people(seed)
    ranked = data.assign(time=data["time"].rank(method="dense"))
    assert _fit(ranked).params.to_list() == pytest.approx(_fit(data).params.to_list(), rel=1e-9)


@FAST
@given(seed=st.integers(0, 10_000))
def test_tie_handling_is_of_no_account_without_ties(seed: int) -> None:
    data = _people(seed, days=False)
    efron, breslow = _fit(data, "efron"), _fit(data, "breslow")
    assert efron.to_frame().to_numpy() == pytest.approx(breslow.to_frame().to_numpy(), rel=1e-9)


@FAST
@given(seed=st.integers(0, 10_000))
def test_every_row_twice_gives_breslows_estimate_and_half_the_variance(seed: int) -> None:
    data = _people(seed)
    once, twice = _fit(data, "breslow"), _fit(pd.concat([data, data]), "breslow")
    assert twice.params.to_list() == pytest.approx(once.params.to_list(), rel=1e-8, abs=1e-10)
    assert (twice.bse * np.sqrt(2)).to_list() == pytest.approx(once.bse.to_list(), rel=1e-8)


@FAST
@given(seed=st.integers(0, 10_000), ties=TIES)
def test_those_who_leave_before_the_first_event_change_nothing(seed: int, ties: str) -> None:
    data = _people(seed)
    early = pd.DataFrame(
        {"time": [0.5] * 5, "event": False, "age": range(5), "treated": [True, False, True, False, True]}
    )
    assert _fit(pd.concat([data, early]), ties).params.to_list() == pytest.approx(
        _fit(data, ties).params.to_list(), rel=1e-8
    )


@FAST
@given(seed=st.integers(0, 10_000), level=st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_profile_limits_drop_the_likelihood_by_half_the_chi_square_quantile(seed: int, level: float) -> None:
    from scipy.optimize import minimize_scalar
    from scipy.stats import chi2

    fit = _fit(_people(seed))
    for limit in fit.conf_int("profile", level=level).loc["treated"]:
        # The likelihood with treatment held at the limit, the other coefficient maximised by another method.
        held = limit * fit.likelihood.scale[1]
        best = minimize_scalar(
            lambda other, held=held: -fit.likelihood.evaluate(np.array([other, held])).value, tol=1e-12
        )
        assert 2 * (fit.llf + best.fun) == pytest.approx(chi2.ppf(level, 1), rel=1e-7)


def test_model_agrees_with_statsmodels() -> None:
    from statsmodels.duration.hazard_regression import PHReg

    data = _people(7, n=400)
    for ties in ("efron", "breslow"):
        fit = _fit(data, ties)
        centred = data[["age", "treated"]].astype(float) - data[["age", "treated"]].astype(float).mean()
        peer = PHReg(data["time"], centred, status=data["event"].astype(int), ties=ties).fit(tol=1e-14)
        assert fit.params.to_list() == pytest.approx(list(peer.params), rel=1e-8)
        assert fit.bse.to_list() == pytest.approx(list(peer.bse), rel=1e-8)
        assert fit.llf == pytest.approx(peer.llf, rel=1e-12)
        assert fit.pvalues.to_list() == pytest.approx(list(peer.pvalues), rel=1e-7)


def test_categories_are_coded_against_their_first_level() -> None:
    data = _people(3, n=200)
    data["arm"] = pd.Categorical(np.where(data["treated"], "a drug", "placebo"), categories=["placebo", "a drug"])
    by_level = cox(data, time="time", event="event", covariates=["age", "arm"])
    assert list(by_level.params.index) == ["age", "arm[T.a drug]"]
    assert by_level.levels == {"arm": ("placebo", "a drug")}
    assert by_level.params.to_list() == pytest.approx(_fit(data).params.to_list(), rel=1e-9)
    assert "placebo" in by_level.summary().as_text()


def test_rows_with_missing_values_are_left_out_and_counted() -> None:
    data = _people(4, n=100).astype({"age": "Float64"})
    data.loc[[0, 1], "age"] = pd.NA
    data.loc[[1, 2], "time"] = np.nan
    fit = _fit(data)
    assert (fit.n, fit.n_excluded) == (97, 3)
    assert fit.exclusions == {"time missing": 2, "age missing": 2}
    assert "Left out: 3 rows" in fit.summary().as_text()
    assert fit.params.to_list() == pytest.approx(_fit(data.iloc[3:].astype({"age": float})).params.to_list())


def test_distinct_persons_are_counted_by_group() -> None:
    data = _people(5, n=40).assign(subject_id=list(range(20)) * 2, treated=[True] * 20 + [False] * 20)
    fit = _fit(data)
    assert fit.persons["all"] == 20
    assert (fit.persons["treated=True"], fit.persons["treated=False"]) == (20, 20)
    assert fit.persons["treated=True, events"] == int(data["event"][:20].sum())
    assert "age=60" not in " ".join(fit.persons)
    assert "Standard errors are robust (Lin and Wei), clustered by subject_id: 20 clusters." in repr(fit)
    as_if = cox(data, time="time", event="event", covariates=["age", "treated"], robust=False)
    assert "come from 20 persons; the standard errors take rows for independent" in repr(as_if)
    assert "Standard errors" not in repr(_fit(data.drop(columns="subject_id")))


def test_one_person_in_all_rows_bears_no_robust_error() -> None:
    data = _people(5, n=40).assign(subject_id=7_654_321)
    with pytest.raises(ModelInputError, match="column 'subject_id' names one in all 40 rows") as caught:
        _fit(data)
    assert "7654321" not in str(caught.value)
    as_if = cox(data, time="time", event="event", covariates=["age"], robust=False)
    assert as_if.bse.to_list() == pytest.approx(
        cox(data.drop(columns="subject_id"), time="time", event="event", covariates=["age"]).bse.to_list()
    )


def test_a_cause_specific_hazard_says_which_event_it_is_of() -> None:
    data = _people(5, n=60)
    data["ended"] = np.where(data["event"].astype(bool), "stroke", "death")
    fit = cox("Surv(time, ended) ~ age", data, cause="stroke")
    assert "The event is stroke; rows that ended with another are censored." in repr(fit)
    assert "The event is" not in repr(_fit(data))


def test_the_test_of_proportional_hazards_writes_terms_in_words() -> None:
    data = _people(5, n=90).assign(sex=["f", "m", "m"] * 30, care_site=["a", "b", "c", "a", "c"] * 18)
    found = cox("Surv(time, event) ~ age + sex + C(care_site)", data).proportional_hazards()
    assert list(found.to_frame().index) == ["age", "sex", "C(care_site)", "GLOBAL"]
    assert [row[0] for row in found.summary().rows] == ["Age", "Sex: m vs f", "Care site", "GLOBAL"]
    titles = [axes.get_title().partition(" (")[0] for axes in found.plot().axes if axes.get_title()]
    assert titles == ["Age", "Sex: m vs f", "Care site"]


def test_ties_and_interval_are_named_wherever_the_result_is_read() -> None:
    fit = _fit(_people(6), "breslow")
    assert "ties by Breslow" in fit.method
    assert "Breslow" in fit.source
    assert "Breslow" in fit.summary(ci="profile").as_text()
    assert "profile likelihood" in fit.summary(ci="profile").as_text()
    assert "Wald" in fit._repr_html_()
    assert fit.settings["ties"] == "breslow"


def test_labels_are_shown_and_terms_keep_their_names() -> None:
    fit = cox(_people(8), time="time", event="event", covariates="treated", labels={"treated": "Treated <b> or not"})
    assert "Treated <b> or not" in repr(fit)
    assert "Treated &lt;b&gt; or not" in fit._repr_html_()
    assert list(fit.to_frame().index) == ["treated"]
    assert fit.plot().data["label"].to_list() == ["Treated <b> or not"]
    with pytest.raises(ModelInputError, match="labels are for terms"):
        cox(_people(8), time="time", event="event", covariates="treated", labels={"treatment": "x"})


def test_plots_speak_in_words_and_units() -> None:
    data = _people(19, n=120).rename(columns={"age": "age_years"})
    data["sex"] = np.where(data["treated"], "male", "female")
    data.attrs["units"] = {"age_years": "years"}
    fit = cox(data, time="time", event="event", covariates=["age_years", "sex"])
    assert fit.plot().data["label"].to_list() == ["Age (years)", "Sex: male vs female"]
    assert list(fit.params.index) == ["age_years", "sex[T.male]"]


def test_follow_up_may_be_given_as_timedelta() -> None:
    data = _people(9)
    dated = data.assign(time=pd.to_timedelta(data["time"], unit="D"))
    assert _fit(dated).params.to_list() == _fit(data).params.to_list()


def test_strong_effects_over_many_orders_of_time_are_found() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=3000)
    data = pd.DataFrame({"time": draw.exponential(np.exp(-8 * x)) + 1e-12, "event": True, "age": x})
    assert _fit(data, covariates=("age",)).params["age"] == pytest.approx(8, abs=0.5)


# What cannot be estimated is refused, by name ----------------------------------------------------------------------


def test_a_group_without_events_is_named() -> None:
    data = _people(10)
    data.loc[data["treated"], "event"] = False
    with pytest.raises(SeparationError, match=r"'treated' foretells") as refusal:
        _fit(data)
    assert "'age'" not in str(refusal.value)


def test_a_covariate_that_foretells_the_order_of_events_is_named() -> None:
    data = _people(11, days=False)
    with pytest.raises(SeparationError, match=r"'age' foretells"):
        _fit(data.assign(age=-data["time"]))


def test_a_combination_that_foretells_the_order_of_events_is_named() -> None:
    data = _people(12, days=False)
    noise = np.random.default_rng(0).normal(size=len(data)) * 30
    data = data.assign(age=-data["time"] + noise, noise=noise)
    with pytest.raises(SeparationError, match=r"'age', 'noise' foretells"):
        _fit(data, covariates=("age", "noise"))


def test_a_nearly_separated_model_is_still_fitted() -> None:
    data = _people(13, n=200)
    data["event"] = data["event"] & ~data["treated"]
    data.loc[data["treated"].idxmax(), "event"] = True
    assert _fit(data).params["treated"] < -2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"age": 1.0}, r"column 'age' has one value in all 60 rows"),
        ({"age": np.inf}, r"column 'age' holds infinite values"),
        ({"age": np.nan}, r"no row is left to analyse; found 60 rows, all of them"),
        ({"event": False}, r"column 'event' has none in 60 rows"),
        ({"event": 2}, r"holds other numbers in 60 rows"),
        ({"event": "yes"}, r"the event must be bool or 0/1"),
        ({"time": 0}, r"is zero in 60 rows and negative in 0"),
        ({"time": -1}, r"is zero in 0 rows and negative in 60"),
        ({"time": np.inf}, r"column 'time' has 60 infinite values"),
        ({"time": "3 days"}, r"follow-up must be a number or a timedelta"),
        ({"age": pd.Timestamp("2020-01-01")}, r"Turn dates into days"),
        ({"age": 1j}, r"a covariate must be real"),
        ({"age": [f"note {i}" for i in range(60)]}, r"column 'age' has 60 different values"),
        ({"age": pd.Categorical(["a", "b"] * 30, categories=["a", "b", "c"])}, r"column 'age' has none in 'c'"),
        ({"age": pd.Categorical(["a"] * 60)}, r"column 'age' has one level"),
    ],
)
def test_data_that_cannot_be_used_are_refused_with_the_column(change: dict[str, object], words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        _fit(_people(14).assign(**change))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"covariates": []}, "needs a covariate"),
        ({"covariates": ["agee"]}, r"no column 'agee'.*Did you mean 'age'"),
        ({"covariates": ["age", "age"]}, "two parts to play; found age"),
        ({"covariates": ["time"]}, "two parts to play; found time"),
        ({"covariates": ["age"], "ties": "exakt"}, "ties must be one of 'efron', 'breslow', 'exact'; found 'exakt'"),
        ({"covariates": ["age"], "level": 95}, "level must lie between 0 and 1; found 95"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        cox(_people(15), time="time", event="event", **arguments)


def test_collinear_covariates_are_named() -> None:
    data = _people(16)
    data["both"] = 2 * data["age"] - data["treated"]
    with pytest.raises(ModelInputError, match=r"'both' is a combination of 'age', 'treated'"):
        _fit(data, covariates=("age", "treated", "both"))


def test_a_covariate_that_varies_only_before_the_first_event_is_named() -> None:
    data = _people(17)
    data["early"] = data["time"] < data.loc[data["event"], "time"].min()
    data.loc[len(data)] = {"time": 0.5, "event": False, "age": 60.0, "treated": True, "early": True}
    data["early"] = data["early"].astype(bool)
    with pytest.raises(ModelInputError, match=r"found none of it in 'early'"):
        _fit(data.astype({"event": bool, "treated": bool}), covariates=("age", "early"))


def test_no_refusal_shows_a_value_of_the_data() -> None:
    mark = 731_946
    marked = {"age": f"note {mark}", "time": -float(mark), "event": mark}
    for column, value in marked.items():
        data = _people(18).astype({column: object})
        data.loc[3, column] = value
        data = data.infer_objects() if column != "age" else data.assign(age=[f"{text}" for text in data["age"]])
        with pytest.raises(ModelInputError) as refusal:
            _fit(data)
        assert str(mark) not in str(refusal.value)
