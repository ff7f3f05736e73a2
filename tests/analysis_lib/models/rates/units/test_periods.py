"""Shares from period to period: counts, changes, limits, what is hidden and refused."""

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import ModelInputError
from analysis_lib.models.rates import compare_risks
from analysis_lib.models.rates.units import control_limits, shares_by_period


def _cases(**months: tuple[int, int]) -> pd.DataFrame:
    """One row per case of a person of its own: ``m2020_01=(cases, with)``."""
    rows = [
        (pd.Timestamp(f"{month[1:5]}-{month[6:]}-15"), number < having)
        for month, (cases, having) in months.items()
        for number in range(cases)
    ]
    frame = pd.DataFrame(rows, columns=["day", "had"])
    return frame.assign(subject_id=range(len(frame)))


CASES = _cases(m2020_01=(40, 8), m2020_02=(50, 20), m2020_04=(30, 3), m2020_05=(5, 5), m2020_06=(60, 6))


def test_every_month_from_the_first_to_the_last_is_listed() -> None:
    found = shares_by_period(CASES, date="day", event="had")
    assert found.table.index.tolist() == [f"2020-0{month}" for month in range(1, 7)]
    assert found.table["n"].tolist() == [40, 50, pd.NA, 30, 5, 60]
    assert found.table["share"].dropna().tolist() == [0.2, 0.4, 0.1, 1.0, 0.1]
    assert "Without a case: 1 period." in repr(found)


def test_a_change_is_that_of_the_comparison_of_two_risks() -> None:
    found = shares_by_period(CASES, date="day", event="had")
    pair = CASES[CASES["day"].dt.month.isin([1, 2])].assign(month=lambda frame: frame["day"].dt.month)
    risks = compare_risks(pair, by="month", event="had", reference=1).table.set_index("measure")
    expected = risks.loc["risk difference", ["estimate", "ci_low", "ci_high"]].tolist()
    assert found.table.loc["2020-02", ["change", "change_low", "change_high"]].tolist() == pytest.approx(expected)
    assert found.table.loc[["2020-01", "2020-03", "2020-04"], "change"].isna().all()  # after a gap there is none


def test_the_latest_change_says_itself_in_points() -> None:
    latest = shares_by_period(CASES, date="day", event="had").latest
    assert latest is not None
    assert (latest.period, latest.before) == ("2020-06", "2020-05")
    assert latest.difference == pytest.approx(-0.9)
    assert latest.describe().startswith("From 2020-05 to 2020-06 the share fell by 90.0 percentage points")


def test_periods_of_few_persons_are_hidden_and_it_is_said() -> None:
    found = shares_by_period(CASES, date="day", event="had", fewest_persons=10)
    hidden = found.table.loc["2020-05"]
    assert hidden.isna().all()
    assert found.latest is None
    assert "Hidden: 1 period of fewer than 10 persons." in repr(found)
    assert not [label for label in found.persons if "2020-05" in label]
    assert found.persons["period=2020-06"] == 60


def test_limits_are_those_of_a_funnel_around_all_periods() -> None:
    found = shares_by_period(CASES, date="day", event="had")
    low, high = control_limits(40, target=42 / 185, kind="proportion", level=0.998)
    assert found.centre == 42 / 185
    assert found.table.loc["2020-01", ["limit_low", "limit_high"]].tolist() == pytest.approx([low[0], high[0]])


@pytest.mark.parametrize(("step", "labels"), [("quarter", ["2020-Q1", "2020-Q2"]), ("year", ["2020"])])
def test_periods_may_be_longer(step: str, labels: list[str]) -> None:
    found = shares_by_period(CASES, date="day", event="had", step=step)
    assert found.table.index.tolist() == labels
    assert found.table["n"].sum() == 185
    found.plot()


@pytest.mark.parametrize("had", [True, False])
def test_all_or_none_have_no_limits_and_are_drawn_all_the_same(had: bool) -> None:
    found = shares_by_period(CASES.assign(had=had), date="day", event="had")
    assert found.table["limit_low"].isna().all()
    figure = found.plot(title="Shares", value_label="비율, %")
    assert figure.axes[0].get_ylabel() == "비율, %"


def test_rows_without_a_date_are_left_out_and_counted() -> None:
    found = shares_by_period(CASES.assign(day=CASES["day"].where(CASES.index > 4)), date="day", event="had")
    assert found.n == 180
    assert found.exclusions == {"day missing": 5}


@pytest.mark.parametrize(
    ("frame", "arguments", "words"),
    [
        (CASES.assign(day="2020-01-01"), {}, "must be datetime64"),
        (CASES.assign(day=pd.NaT), {}, "no row has a date"),
        (CASES.assign(day=np.where(CASES.index > 4, CASES["day"], np.datetime64("1700-01-01"))), {}, "found 3,"),
        (CASES, {"step": "week"}, "step must be one of"),
        (CASES, {"fewest_persons": -1}, "fewest_persons must be 0 or more"),
        (CASES, {"level": 95}, "level must lie"),
    ],
)
def test_what_cannot_be_meant_is_refused(frame: pd.DataFrame, arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        shares_by_period(frame, **{"date": "day", "event": "had", **arguments})
