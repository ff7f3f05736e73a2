"""Figures: the house style leaves no trace, files carry their data, and what is drawn is what was estimated."""

import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from analysis_lib.errors import ModelInputError, OutputError
from analysis_lib.figures import StudyFigure, journal_style, width_in_letters, wrap_words
from analysis_lib.models.forest import forest_plot
from analysis_lib.models.regression.penalised import elastic_net
from analysis_lib.models.survival import KaplanMeierResult, cox, kaplan_meier


@pytest.fixture
def curves() -> KaplanMeierResult:
    draw = np.random.default_rng(0)
    data = pd.DataFrame(
        {
            "time": draw.integers(1, 1000, 200),
            "event": draw.random(200) < 0.5,
            "arm": draw.choice(["celecoxib", "diclofenac"], 200),
        }
    )
    return kaplan_meier(data, time="time", event="event", by="arm")


def test_drawing_loads_no_pyplot_and_chooses_no_backend() -> None:
    code = (
        "import sys, pandas as pd; from analysis_lib.models import kaplan_meier;"
        "data = pd.DataFrame({'t': [1, 2, 3], 'e': [1, 0, 1]});"
        "kaplan_meier(data, time='t', event='e').plot()._repr_mimebundle_();"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_drawing_changes_no_global_setting_of_matplotlib(curves: KaplanMeierResult) -> None:
    before = dict(mpl.rcParams)
    curves.plot()._repr_mimebundle_()
    assert dict(mpl.rcParams) == before


def test_importing_the_rooms_loads_no_matplotlib() -> None:
    # It reads its fonts from the disk when it is loaded, and takes longer than all the rest.
    code = "import sys, analysis_lib.models, analysis_lib.report; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_figure_without_a_suffix_is_saved_as_vector_and_bitmap_with_its_data(
    curves: KaplanMeierResult, tmp_path: Path
) -> None:
    written = curves.plot().save(tmp_path / "km")
    assert [path.name for path in written] == ["km.svg", "km.pdf", "km.png", "km.csv"]
    assert (tmp_path / "km.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "km.svg").read_text()
    saved = pd.read_csv(tmp_path / "km.csv")
    assert list(saved.columns[:3]) == ["group", "time", "n_risk"]


def test_pdf_has_fonts_that_journals_take(curves: KaplanMeierResult, tmp_path: Path) -> None:
    curves.plot().save(tmp_path / "km.pdf", with_data=False)
    content = (tmp_path / "km.pdf").read_bytes()
    assert b"/Type3" not in content.replace(b" ", b"")
    assert b"/CIDFontType2" in content.replace(b" ", b"")


def test_the_same_figure_gives_the_same_file(curves: KaplanMeierResult, tmp_path: Path) -> None:
    for name in ("a", "b"):
        curves.plot().save(tmp_path / name, with_data=False)
    for suffix in (".svg", ".pdf", ".png"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_a_bitmap_has_300_dots_per_inch(curves: KaplanMeierResult, tmp_path: Path) -> None:
    figure = curves.plot(width=3.5)
    figure.save(tmp_path / "km.png", with_data=False)
    header = (tmp_path / "km.png").read_bytes()[16:24]
    assert int.from_bytes(header[:4], "big") == 1050


def test_a_bitmap_for_print_of_lines_has_600_dots_per_inch_and_is_small(
    curves: KaplanMeierResult, tmp_path: Path
) -> None:
    figure = curves.plot(width=3.5)
    figure.save(tmp_path / "km.png", with_data=False, dpi=600)
    assert int.from_bytes((tmp_path / "km.png").read_bytes()[16:20], "big") == 2100
    figure.save(tmp_path / "km.tiff", with_data=False, dpi=600)
    assert (tmp_path / "km.tiff").stat().st_size < 1_000_000


def test_an_unknown_format_is_refused_with_the_known_ones(curves: KaplanMeierResult, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.pdf.*found '\.bmp'"):
        curves.plot().save(tmp_path / "km.bmp")


def test_a_notebook_gets_a_picture_of_the_right_size_with_words_for_it(curves: KaplanMeierResult) -> None:
    data, metadata = curves.plot(width=5)._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert metadata["image/png"]["width"] == 480
    assert "celecoxib, diclofenac" in metadata["image/png"]["alt"]


def test_drawn_numbers_at_risk_are_those_of_the_result(curves: KaplanMeierResult) -> None:
    figure = curves.plot(ticks=[0, 250, 500])
    drawn = [text.get_text() for text in figure.axes[1].texts]
    expected = curves.numbers_at_risk([0, 250, 500]).to_numpy().ravel()
    assert drawn == [str(number) for number in expected]


def test_curves_start_at_1_and_step_down_at_the_event(curves: KaplanMeierResult) -> None:
    line = curves.plot().axes[0].get_lines()[0]
    assert (line.get_xdata()[0], line.get_ydata()[0]) == (0, 1)
    assert line.get_drawstyle() == "steps-post"


def test_cumulative_incidence_is_one_minus_survival(curves: KaplanMeierResult) -> None:
    survival, incidence = curves.plot().data, curves.plot(quantity="cumulative incidence").data
    assert incidence["cumulative_incidence"].to_list() == pytest.approx(list(1 - survival["survival"]))
    assert incidence["ci_low"].to_list() == pytest.approx(list(1 - survival["ci_high"]), nan_ok=True)


def test_time_divisor_turns_days_into_years_on_the_axis_only(curves: KaplanMeierResult) -> None:
    figure = curves.plot(time_divisor=365.25, ticks=[0, 1, 2], time_label="Years")
    drawn = [int(text.get_text()) for text in figure.axes[1].texts][:3]
    assert drawn == curves.numbers_at_risk([0, 365.25, 730.5]).iloc[0].to_list()


def test_an_axis_that_ends_early_takes_no_later_data_along(curves: KaplanMeierResult) -> None:
    figure = curves.plot(until=300)
    assert figure.data["time"].max() <= 300
    assert figure.axes[0].get_xlim()[1] == pytest.approx(303)
    assert figure.axes[0].get_xticks().max() <= 300
    with pytest.raises(ModelInputError, match="until must be > 0"):
        curves.plot(until=0)


def test_the_legend_hides_no_curve(curves: KaplanMeierResult) -> None:
    figure = curves.plot(quantity="cumulative incidence", title="Title")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    legend = figure.axes[0].get_legend().get_window_extent(canvas.get_renderer())
    assert legend.y0 >= figure.axes[0].get_window_extent(canvas.get_renderer()).y1 - 1


def test_unknown_quantity_is_refused(curves: KaplanMeierResult) -> None:
    with pytest.raises(ModelInputError, match="quantity must be one of"):
        curves.plot(quantity="hazard")


def test_korean_labels_are_drawn_where_the_machine_has_the_glyphs(curves: KaplanMeierResult) -> None:
    installed = {font.name for font in font_manager.fontManager.ttflist}
    with journal_style():
        families = list(mpl.rcParams["font.family"])
    assert families[0] == "DejaVu Sans"
    assert set(families) <= installed
    cjk = installed & {"NanumGothic", "Noto Sans CJK KR", "Noto Sans KR"}
    assert cjk <= set(families)
    if cjk:  # a missing glyph is a warning, and warnings are errors here
        curves.plot(time_label="추적 기간(일)", title="생존율")._repr_mimebundle_()


def test_dollar_signs_in_labels_are_no_formula() -> None:
    draw = np.random.default_rng(0)
    names = ["$x_1$", r"cost ($) & $\nothing"]
    data = pd.DataFrame({"days": draw.integers(1, 90, 80), "event": draw.random(80) < 0.5})
    data["arm"] = draw.choice(names, 80)
    figure = kaplan_meier(data, time="days", event="event", by="arm").plot(title="$price$")
    figure._repr_mimebundle_()  # a formula that cannot be read would be an error
    written = [text for text in figure.findobj(Text) if "$" in text.get_text()]
    assert {text.get_text() for text in written} >= {*names, "$price$"}
    assert not any(text.get_parse_math() for text in written)


@pytest.mark.parametrize("smallest", [0.5, 0.03, 1e-4])
def test_penalties_are_marked_in_plain_digits(smallest: float) -> None:
    draw = np.random.default_rng(1)
    data = pd.DataFrame(draw.normal(size=(60, 3)), columns=["a", "b", "c"])
    data["y"] = data["a"] + draw.normal(size=60)
    figure = elastic_net("y ~ a + b + c", data, family="gaussian", smallest_share=smallest, folds=3).plot()
    figure._repr_mimebundle_()
    low, high = figure.axes[0].get_xlim()
    marks = figure.axes[0].xaxis.get_major_ticks()
    shown = [mark.label1.get_text() for mark in marks if low <= mark.get_loc() <= high]
    assert len(shown) >= 1
    assert all(float(text) > 0 for text in shown)


def _forest_rows() -> pd.DataFrame:
    return pd.DataFrame({"label": ["a", "b"], "estimate": [1.3, 0.7], "ci_low": [1.1, 0.2], "ci_high": [1.7, 2.9]})


def test_forest_plot_writes_each_estimate_beside_its_line() -> None:
    figure = forest_plot(_forest_rows())
    assert isinstance(figure, StudyFigure)
    beside = figure.axes[0].child_axes[0].get_yticklabels()
    assert [label.get_text() for label in beside] == [
        "Hazard ratio (95% CI)",
        "1.30 (1.10 to 1.70)",
        "0.70 (0.20 to 2.90)",
    ]


@pytest.mark.parametrize("low", [1e-4, 0.3, 0.97])
@pytest.mark.parametrize("high", [1.02, 4.0, 1e5])
def test_forest_axis_marks_1_and_has_room_for_its_labels(low: float, high: float) -> None:
    rows = pd.DataFrame({"label": ["x"], "estimate": [1.0], "ci_low": [low], "ci_high": [high]})
    axes = forest_plot(rows).axes[0]
    ticks = axes.get_xticks()
    assert 1.0 in ticks
    assert 1 <= len(ticks) <= 7
    assert axes.get_xlim()[0] < low < high < axes.get_xlim()[1]


@pytest.mark.parametrize(
    "rows",
    [
        _forest_rows().drop(columns="label"),
        _forest_rows().iloc[:0],
        _forest_rows().assign(ci_low=-1.0),
        _forest_rows().assign(ci_high=np.inf),
        _forest_rows().assign(estimate=np.nan),
    ],
)
def test_forest_plot_refuses_what_has_no_place_on_a_log_axis(rows: pd.DataFrame) -> None:
    with pytest.raises(ModelInputError, match="a forest plot"):
        forest_plot(rows)


def test_forest_plot_draws_differences_on_a_plain_axis_with_a_line_at_0() -> None:
    rows = pd.DataFrame({"label": ["a", "b"], "estimate": [-1.0, 2.0], "ci_low": [-2.0, 0.0], "ci_high": [0.5, 4.0]})
    axes = forest_plot(rows, ratios=False).axes[0]
    assert axes.get_xscale() == "linear"
    assert axes.get_xlim()[0] < -2 < 4 < axes.get_xlim()[1]
    with pytest.raises(ModelInputError, match="finite numbers"):
        forest_plot(rows.assign(ci_high=np.inf), ratios=False)


def test_long_labels_of_a_forest_plot_are_broken_and_leave_room_for_the_axis() -> None:
    rows = pd.DataFrame(
        {
            "label": ["신기능 저하를 동반한 심혈관 질환 과거력이 있는 65세 이상 환자 " * 3, "short"],
            "estimate": [1.2, 0.8],
            "ci_low": [0.9, 0.5],
            "ci_high": [1.6, 1.3],
        }
    )
    figure = forest_plot(rows)
    FigureCanvasAgg(figure).draw()
    axes = figure.axes[0]
    assert "\n" in axes.get_yticklabels()[0].get_text()
    assert axes.get_position().width > 0.3


def test_a_models_forest_plot_shows_the_interval_asked_for() -> None:
    draw = np.random.default_rng(1)
    data = pd.DataFrame({"time": draw.integers(1, 90, 80), "event": draw.random(80) < 0.6, "x": draw.normal(size=80)})
    fit = cox(data, time="time", event="event", covariates="x")
    drawn = fit.plot(ci="profile")
    assert drawn.data["ci_low"].iloc[0] == pytest.approx(np.exp(fit.conf_int("profile").loc["x", "ci_low"]))
    assert "profile likelihood" in drawn.axes[0].get_xlabel()


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet="ab 관찰기간x", max_size=80), letters=st.integers(4, 30))
def test_wrapped_words_fit_their_lines_and_none_is_lost(text: str, letters: int) -> None:
    lines = wrap_words(text, letters=letters)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width_in_letters(line) <= letters for line in lines)
    assert len(lines) >= 1


def test_many_groups_with_long_names_are_told_apart(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    names = [f"Treatment strategy number {index}, delayed" for index in range(9)]
    data = pd.DataFrame(
        {"time": draw.integers(1, 99, 300), "event": draw.random(300) < 0.5, "arm": draw.choice(names, 300)}
    )
    curves = kaplan_meier(data, time="time", event="event", by="arm")
    figure = curves.plot(width=3.5)
    figure.save(tmp_path / "km.png")
    looks = {(line.get_color(), str(line._unscaled_dash_pattern)) for line in figure.axes[0].get_lines()}
    assert len(looks) == 9
    assert not any(band.get_paths() for band in figure.axes[0].collections)
    assert all(band.get_paths() for band in curves.plot(bands=True).axes[0].collections)


def test_incidence_without_events_is_a_flat_line(tmp_path: Path) -> None:
    data = pd.DataFrame({"time": [1, 2, 3], "event": False})
    figure = kaplan_meier(data, time="time", event="event").plot(quantity="cumulative incidence")
    figure.save(tmp_path / "flat.png")
    assert figure.axes[0].get_ylim() == (0, 0.05)
