"""One-way analysis of variance: five people by hand, rows of any kind, and what cannot be compared."""

from pathlib import Path

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import f as f_distribution
from scipy.stats import f_oneway

from analysis_lib.errors import ModelInputError
from analysis_lib.models.regression import one_way_anova

FIVE = pd.DataFrame({"stay": [2.0, 4.0, 6.0, 9.0, 11.0], "ward": ["A", "A", "B", "B", "B"]})


def test_five_stays_in_two_wards_by_hand() -> None:
    # Means 3 and 26/3, of all 6.4; between 2(3.4)² + 3(34/15)² = 38.5333, within 2 + 38/3 = 14.6667.
    fit = one_way_anova("stay ~ ward", FIVE)
    assert (fit.ess, fit.ssr) == pytest.approx((2 * 3.4**2 + 3 * (34 / 15) ** 2, 2 + 38 / 3))
    assert (fit.df_model, fit.df_resid, fit.fvalue) == (1, 3, pytest.approx(fit.ess / (fit.ssr / 3)))
    assert fit.groups["mean"].to_list() == pytest.approx([3, 26 / 3])
    assert fit.persons == {"all": 5, "ward=A": 2, "ward=B": 3}


def test_the_table_has_the_columns_of_statsmodels() -> None:
    table = one_way_anova("stay ~ C(ward)", FIVE).to_frame()
    assert list(table.columns) == ["df", "sum_sq", "mean_sq", "F", "PR(>F)"]
    assert list(table.index) == ["ward", "Residual"]


@given(
    values=st.lists(st.lists(st.integers(-1000, 1000), min_size=2, max_size=6), min_size=2, max_size=5),
    offset=st.sampled_from([0.0, 1e3, 1e9]),
)
def test_it_agrees_with_scipy_wherever_the_zero_of_the_response_lies(values: list[list[int]], offset: float) -> None:
    if all(len(set(group)) == 1 for group in values):
        return
    frame = pd.DataFrame([(g, v + offset) for g, group in enumerate(values) for v in group], columns=["g", "y"])
    fit, expected = one_way_anova("y ~ g", frame), max(f_oneway(*values).statistic, 0.0)  # scipy's may be -5e-32
    assert (fit.fvalue, fit.f_pvalue) == pytest.approx(
        (expected, f_distribution.sf(expected, fit.df_model, fit.df_resid)), rel=1e-9, abs=1e-12
    )


def test_rows_in_files_and_in_dask_give_what_rows_in_memory_give(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"y": random.normal(1e6, 1, 5_000), "site": random.choice(["서울", "부산", "대구"], 5_000)})
    frame["person_id"] = np.arange(5_000) // 2
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=700)
    expected = one_way_anova("y ~ site", frame)
    for data in (tmp_path, dd.from_pandas(frame, npartitions=4), frame.sample(frac=1, random_state=2)):
        found = one_way_anova("y ~ site", data)
        pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame(), rtol=1e-11)
        assert found.persons == expected.persons
        assert found.persons["all"] == 2_500


def test_rows_without_response_or_group_are_counted_and_left_out() -> None:
    holes = pd.DataFrame({"stay": [np.nan, np.nan, 5.0], "ward": ["A", None, None]})
    fit = one_way_anova("stay ~ ward", pd.concat([FIVE, holes], ignore_index=True))
    assert (fit.n, fit.n_excluded) == (5, 3)
    assert fit.exclusions == {"stay missing": 2, "ward missing": 2}
    assert "Left out: 3 rows" in fit.summary().as_text()


@pytest.mark.parametrize(
    ("formula", "frame", "words"),
    [
        ("stay ~ ward + bed", FIVE.assign(bed=1), "one response"),
        ("stay ~ 1", FIVE, "one response"),
        ("log(stay) ~ ward", FIVE, "one response"),
        ("stay ~ wart", FIVE, "Did you mean 'ward'"),
        ("ward ~ stay", FIVE, "the response must be a number"),
        ("stay ~ ward", FIVE.assign(stay=np.inf), "must be finite"),
        ("stay ~ ward", FIVE.assign(ward="A"), "two groups or more"),
        ("stay ~ ward", FIVE.assign(stay=np.nan), "two groups or more"),
        ("stay ~ ward", FIVE.assign(ward=list("ABCDE")), "a group with two rows"),
        ("stay ~ ward", FIVE.assign(stay=[1, 1, 2, 2, 2]), "does not vary"),
        ("stay ~ ward", FIVE.iloc[:0], "two groups or more"),
        ("stay ~ ward", pd.DataFrame({"stay": np.arange(3_000.0), "ward": range(3_000)}), "at most 1,000 groups"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(formula: str, frame: pd.DataFrame, words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        one_way_anova(formula, frame)


def test_the_figure_names_every_group_and_carries_its_means() -> None:
    figure = one_way_anova("stay ~ ward", FIVE).plot()
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["A", "B"]
    assert figure.data["mean"].to_list() == pytest.approx([3, 26 / 3])


def test_columns_with_names_that_are_no_python_names_stand_in_backticks() -> None:
    frame = FIVE.rename(columns={"stay": "stay (days)", "ward": "ward; DROP"})
    assert one_way_anova("`stay (days)` ~ C(`ward; DROP`)", frame).response == "stay (days)"
