"""Incidence rates."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError
from analysis_lib.models import incidence_rate, incidence_rates, kaplan_meier
from analysis_lib.models.rates import compare_rates, compare_risks, prevalence, split_follow_up, standardised_rates


@settings(max_examples=50, deadline=None)
@given(n=st.integers(0, 10_000), years=st.floats(0.1, 1e7), k=st.sampled_from([2, 10]))
def test_rate_is_unchanged_by_the_time_unit(n: int, years: float, k: int) -> None:
    assert incidence_rate(n, years * k, per=k) == pytest.approx(incidence_rate(n, years, per=1))


@settings(max_examples=50, deadline=None)
@given(n=st.integers(0, 500), level=st.sampled_from([0.8, 0.95, 0.99]))
def test_each_limit_is_where_the_observed_count_is_just_too_far_out(n: int, level: float) -> None:
    from scipy.stats import poisson

    found = incidence_rate(n, 1.0, per=1.0, level=level)
    assert poisson.cdf(n, found.ci_high) == pytest.approx((1 - level) / 2, rel=1e-8)
    if n:
        assert poisson.sf(n - 1, found.ci_low) == pytest.approx((1 - level) / 2, rel=1e-8)
    else:
        assert found.ci_low == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n_events": -1, "person_years": 1.0}, "n_events must be a count"),
        ({"n_events": 1.5, "person_years": 1.0}, "n_events must be a count"),
        ({"n_events": 1, "person_years": 0.0}, "person_years must be > 0"),
        ({"n_events": 1, "person_years": math.nan}, "person_years must be > 0"),
        ({"n_events": 1, "person_years": math.inf}, "person_years must be > 0"),
        ({"n_events": 1, "person_years": 1.0, "per": 0}, "per must be > 0"),
        ({"n_events": 1, "person_years": 1.0, "level": 0}, "level must lie"),
    ],
)
def test_what_is_no_rate_is_refused(arguments: dict[str, float], words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        incidence_rate(**arguments)


def test_rates_by_group_count_persons_and_person_years() -> None:
    data = pd.DataFrame(
        {
            "subject_id": [1, 1, 2, 3],
            "days": [365.25, 365.25, 730.5, 365.25],
            "event": [False, True, False, True],
            "arm": ["a", "a", "a", "b"],
        }
    )
    rates = incidence_rates(data, time="days", event="event", by="arm", per=100)
    assert rates.table[["persons", "events"]].to_numpy().tolist() == [[2, 1], [1, 1]]
    assert rates.table["person_years"].to_list() == pytest.approx([4, 1])
    assert rates.table["rate"].to_list() == pytest.approx([25, 100])
    assert rates.persons == {"all": 3, "events": 2, "arm=a": 2, "arm=a, events": 1, "arm=b": 1, "arm=b, events": 1}
    assert "Garwood" in rates.method
    assert "per 100 person-years" in rates._repr_html_()


def test_groups_named_like_the_totals_do_not_overwrite_them() -> None:
    data = pd.DataFrame({"days": [10, 20, 30], "event": [True, False, False], "arm": ["all", "events", "events"]})
    persons = incidence_rates(data, time="days", event="event", by="arm").persons
    assert (persons["all"], persons["events"], persons["arm=all"], persons["arm=events"]) == (3, 1, 1, 2)


def test_the_summary_says_which_rows_are_missing_and_the_level_as_it_was_asked_for() -> None:
    data = pd.DataFrame({"days": [100.0, 200.0, None], "event": [1, 0, 1]})
    shown = repr(incidence_rates(data, time="days", event="event", level=0.995))
    assert "Left out: 1 rows (days missing: 1)" in shown
    assert "99.5% CI" in shown
    assert "exact 99.5% Poisson" in shown


def test_a_table_of_person_time_is_not_said_to_come_from_as_many_persons_as_events() -> None:
    data = pd.DataFrame({"age": ["0-49", "50+"], "d": [0, 1], "y": [120.0, 80.0]})
    rates = incidence_rates(data, time="y", n_events="d", by="age", units_per_year=1)
    assert [row[1] for row in rates.summary().rows] == ["–", "–"]
    standardised = standardised_rates(data, time="y", n_events="d", age="age", standard="who", units_per_year=1)
    for found in (standardised, compare_rates(data, time="y", n_events="d", by="age", units_per_year=1)):
        assert "2 rows, 1 events" in repr(found)
        assert "persons." not in repr(found).split("Standard:")[0].replace("person-years", "")


def test_truth_values_with_gaps_are_events_like_those_without() -> None:
    """A column of True, False and None, as a database gives it, is one of objects in pandas."""
    gaps = pd.DataFrame(
        {
            "arm": list("aaabbb"),
            "days": [10, 20, 30, 40, 50, 60],
            "ill": pd.Series([True, False, None, True, True, False], dtype=object),
            "start": pd.Timestamp("2020-01-01"),
        }
    )
    plain = gaps.assign(ill=[1.0, 0.0, np.nan, 1.0, 1.0, 0.0])

    def of(data: pd.DataFrame) -> list[str]:
        split = split_follow_up(data, start="start", time="days", event="ill", entry_bands=[0, 30])
        return [
            repr(prevalence(data, event="ill", by="arm")),
            repr(compare_risks(data, event="ill", by="arm")),
            repr(incidence_rates(data, time="days", event="ill", by="arm")),
            repr(kaplan_meier(data, time="days", event="ill")),
            repr(split.rates()),
        ]

    assert of(gaps) == of(plain)


def test_rates_of_persons_with_several_events_say_so_and_little_time_is_shown() -> None:
    data = pd.DataFrame({"person_id": [1, 1, 2], "days": [30, 40, 50], "event": [1, 1, 0]})
    found = repr(incidence_rates(data, time="days", event="event"))
    assert "The 2 events are of 1 persons; the intervals take events of one person for independent." in found
    assert " 0.33 " in found  # not 0 person-years
    assert "events are of" not in repr(incidence_rates(data.tail(2), time="days", event="event"))
