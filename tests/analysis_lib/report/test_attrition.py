"""Attrition: the table, the flow diagram, and what cannot be one."""

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from analysis_lib.errors import ModelInputError
from analysis_lib.report import attrition_table

RULES = ["Starts the drug", "Inside an observation period", "No earlier bleed"]


class Population:
    """Has an attrition, as cohorts and follow-ups do."""

    attrition = pd.DataFrame({"rule": RULES, "persons": [100, 100, 83], "records": [120, 110, 83]})


def _two_arms() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "arm": ["target"] * 3 + ["comparator"] * 3,
            "rule": RULES * 2,
            "persons": [1000, 900, 850, 500, 500, 480],
        }
    )


def test_a_population_brings_its_own_steps() -> None:
    table = attrition_table(Population())
    assert table.to_frame().to_dict("list") == {
        "rule": RULES,
        "persons": [100, 100, 83],
        "persons_removed": [0, 0, 17],
    }
    assert table.persons == dict(zip(RULES, [100, 100, 83], strict=True))


def test_those_left_out_are_counted_within_each_arm() -> None:
    table = attrition_table(_two_arms())
    assert table.arms == ("target", "comparator")
    assert table.to_frame()["persons_removed"].to_list() == [0, 100, 50, 0, 0, 20]
    assert table.persons["No earlier bleed | comparator"] == 480
    assert "<script>" not in attrition_table(_two_arms().assign(rule="<script>"))._repr_html_()


def test_flow_diagram_says_how_many_are_left_and_left_out() -> None:
    figure = attrition_table(_two_arms()).plot(title="Flow")
    words = "\n".join(text.get_text() for text in figure.axes[0].texts)
    for expected in ("n = 1,000", "n = 480", "Left out: 100", "Left out: 20", "target", "comparator", "Flow"):
        assert expected in words
    assert "Left out: 0" not in words
    assert figure.data["persons"].to_list() == [1000, 900, 850, 500, 500, 480]


def _three_large_arms() -> pd.DataFrame:
    long_name = _two_arms().replace({"arm": {"target": "delayed release tablets, twice a day"}})
    third = _two_arms().iloc[3:].assign(arm="관찰 기간이 긴 환자")
    return pd.concat([long_name, third]).assign(persons=lambda steps: steps["persons"] * 9_999)


@pytest.mark.parametrize(("steps", "width"), [(_two_arms(), 7.2), (_two_arms(), 4.0), (_three_large_arms(), 7.2)])
def test_every_word_of_the_flow_diagram_fits_its_box(steps: pd.DataFrame, width: float) -> None:
    steps = steps.replace({"rule": {RULES[1]: "At least 365 days of observation before the index date " * 3}})
    figure = attrition_table(steps).plot(width=width)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    axes, renderer = figure.axes[0], canvas.get_renderer()
    boxes = [patch.get_window_extent(renderer) for patch in axes.patches if patch.get_width() > 0.5]
    for text in axes.texts:
        if "n = " in text.get_text() or "Left out" in text.get_text():
            extent = text.get_window_extent(renderer)
            assert any(
                box.x0 <= extent.x0 and extent.x1 <= box.x1 and box.y0 <= extent.y0 and extent.y1 <= box.y1
                for box in boxes
            )
    assert all(text.get_window_extent(renderer).x1 <= figure.bbox.x1 for text in axes.texts)


def test_arms_that_do_not_fit_beside_one_another_are_refused() -> None:
    with pytest.raises(ModelInputError, match=r"3 arms needs more room than 3\.5 inches"):
        attrition_table(_three_large_arms()).plot(width=3.5)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (pd.DataFrame({"rule": ["a", "b"], "persons": [1, 2]}), "persons cannot come back"),
        (pd.DataFrame({"rule": [], "persons": []}), "needs a table"),
        (pd.DataFrame({"step": ["a"], "persons": [1]}), "columns rule and persons"),
        ([1, 2], "found list"),
    ],
)
def test_what_is_no_attrition_is_refused(steps: object, words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        attrition_table(steps)


def test_steps_of_one_name_are_counted_apart() -> None:
    table = attrition_table(pd.DataFrame({"rule": ["Starts", "Observed", "Observed"], "persons": [9, 7, 4]}))
    assert table.persons == {"Starts": 9, "Observed": 7, "Observed (2)": 4}
