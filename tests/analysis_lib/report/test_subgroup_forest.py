"""The forest plot of subgroups: everything it was given is on the page, and what cannot be drawn is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from analysis_lib.errors import ModelInputError
from analysis_lib.figures import StudyFigure
from analysis_lib.report import subgroup_forest


@pytest.fixture
def rows() -> pd.DataFrame:
    nothing = np.nan
    return pd.DataFrame(
        [
            ("", "All", 0.84, 0.76, 0.93, 9021, 1204, nothing),
            ("Age (years)", "< 65", 0.71, 0.55, 0.92, 3021, 204, 0.031),
            ("Age (years)", "≥ 65", 0.90, 0.80, 1.01, 6000, 1000, nothing),
            ("만성 신장 질환", "있음", 1.4, 0.02, 99.0, 310, 12, 0.0001),
            ("만성 신장 질환", "A name that is far too long for one line", nothing, nothing, nothing, 40, 0, nothing),
        ],
        columns=["subgroup", "label", "estimate", "ci_low", "ci_high", "n", "events", "p_interaction"],
    )


def _texts(figure: StudyFigure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_headings_counts_ratios_and_interactions_are_written(rows: pd.DataFrame) -> None:
    words = _texts(subgroup_forest(rows, favours=("celecoxib", "diclofenac"), title="Bleeding"))
    expected = [
        "Bleeding",
        "n",
        "Events",
        "Hazard ratio (95% CI)",
        "Age (years)",
        "< 65",
        "9,021",
        "0.84 (0.76 to 0.93)",
    ]
    expected += ["0.031", "<0.001", "not estimable", "← celecoxib", "diclofenac →"]
    assert set(expected) <= set(words)
    assert words.count("Age (years)") == 1


@pytest.mark.parametrize("width", [5.6, 7.2, 12])
def test_nothing_overlaps_or_leaves_the_page(rows: pd.DataFrame, width: float) -> None:
    figure = subgroup_forest(rows, width=width)
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts if text.get_text()]
    page = figure.bbox
    assert all(box.x0 >= -1 and box.x1 <= page.x1 + 1 and box.y0 >= -1 and box.y1 <= page.y1 + 1 for box in boxes)
    overlapping = [
        (left, right)
        for place, left in enumerate(boxes)
        for right in boxes[place + 1 :]
        if min(left.x1, right.x1) - max(left.x0, right.x0) > 1 and min(left.y1, right.y1) - max(left.y0, right.y0) > 2
    ]
    assert not overlapping
    plot = figure.axes[1].get_window_extent(renderer)
    assert not any(min(box.x1, plot.x1) - max(box.x0, plot.x0) > 1 and box.y1 < plot.y1 for box in boxes)


def test_intervals_that_leave_the_axis_end_in_arrows_and_one_is_on_the_axis(rows: pd.DataFrame) -> None:
    axes = subgroup_forest(rows).axes[1]
    low, high = axes.get_xlim()
    assert 0.02 < low < 1 < high < 99
    marks = [line.get_marker() for line in axes.get_lines()]
    assert (marks.count("<"), marks.count(">"), marks.count("D")) == (1, 1, 1)


def test_data_are_attached_and_saved(rows: pd.DataFrame, tmp_path: Path) -> None:
    written = subgroup_forest(rows.drop(columns=["n", "events", "p_interaction"])).save(tmp_path / "forest")
    assert [path.suffix for path in written] == [".svg", ".pdf", ".png", ".csv"]
    assert pd.read_csv(tmp_path / "forest.csv")["estimate"].isna().sum() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"estimate": -0.2}, "5 rows that are not"),
        ({"ci_low": 2.0, "estimate": 1.0, "ci_high": 3.0}, "5 rows that are not"),
        ({"ci_high": np.nan}, "4 rows that are not"),
        ({"estimate": np.nan, "ci_low": np.nan, "ci_high": np.nan}, "found none"),
    ],
)
def test_ratios_that_are_none_are_refused(rows: pd.DataFrame, change: dict[str, float], words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        subgroup_forest(rows.assign(**change))


def test_missing_columns_no_rows_and_too_little_room_are_refused(rows: pd.DataFrame) -> None:
    with pytest.raises(ModelInputError, match="'ci_low' not found"):
        subgroup_forest(rows.drop(columns="ci_low"))
    with pytest.raises(ModelInputError, match="found 0 rows"):
        subgroup_forest(rows.iloc[:0])
    with pytest.raises(ModelInputError, match=r"more room than 3\.5 inches"):
        subgroup_forest(rows, width=3.5)
