import pandas as pd
import pytest

from analysis_lib.errors import ModelInputError
from analysis_lib.models import kaplan_meier

EARLY_EVENTS = pd.DataFrame({"days": [5, 10, 20, 9_000, 9_500, 10_000], "event": [1, 1, 1, 0, 0, 1]})


def test_the_axis_ends_where_it_is_told_and_the_estimates_stay_the_same() -> None:
    result = kaplan_meier(EARLY_EVENTS, time="days", event="event")
    figure = result.plot(until=30, quantity="cumulative incidence")
    curves, at_risk = figure.axes
    assert curves.get_xlim()[1] == pytest.approx(30.3)
    assert max(float(text.get_position()[0]) for text in at_risk.texts) <= 30
    whole = result.plot(quantity="cumulative incidence").data
    drawn = figure.data[figure.data["time"].isin(whole["time"])]
    assert drawn["cumulative_incidence"].tolist() == whole["cumulative_incidence"].head(len(drawn)).tolist()


def test_the_height_of_the_axis_fits_what_is_drawn() -> None:
    result = kaplan_meier(EARLY_EVENTS, time="days", event="event", ci="plain")
    drawn = result.table.loc[result.table["time"] <= 7, "ci_low"]
    figure = result.plot(until=7, quantity="cumulative incidence")
    assert figure.axes[0].get_ylim()[1] == pytest.approx(min(1.0, 1.08 * (1 - drawn.min())))


def test_an_axis_cannot_end_before_it_begins() -> None:
    with pytest.raises(ModelInputError, match="until must be > 0"):
        kaplan_meier(EARLY_EVENTS, time="days", event="event").plot(until=0)
