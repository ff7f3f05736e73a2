"""The first table: what its cells say, and what it refuses."""

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError
from analysis_lib.report import TableOne, table_one
from analysis_lib.report.standardised_difference import difference_of_means, difference_of_shares


@pytest.fixture
def five_people() -> pd.DataFrame:
    data = pd.DataFrame(
        {
            "subject_id": [1, 2, 3, 4, 5],
            "arm": ["a", "a", "a", "b", "b"],
            "age_years": [40.0, 50.0, 60.0, 45.0, np.nan],
            "sex": ["female", "male", "female", "female", None],
            "diabetes": [True, False, False, True, True],
            "smokes": pd.array([1, 0, None, 0, 1], dtype="Int64"),
        }
    )
    data.attrs["units"] = {"age_years": "years", "sex": "1"}
    return data


def _cells(table: TableOne, label: str) -> list[str]:
    frame = table.to_frame().set_index("characteristic")
    return frame.loc[label, list(table.groups)].to_list()


def test_table_of_five_people_is_the_one_made_by_hand(five_people: pd.DataFrame) -> None:
    table = table_one(five_people, by="arm")
    assert table.groups == ("a", "b")
    assert _cells(table, "n") == ["3", "2"]
    assert _cells(table, "Age (years), mean (SD)") == ["50.0 (10.0)", "45.0 (–)"]
    assert _cells(table, "  female") == ["2 (66.7)", "1 (100.0)"]
    assert _cells(table, "  male") == ["1 (33.3)", "0 (0.0)"]
    assert _cells(table, "Diabetes, n (%)") == ["1 (33.3)", "2 (100.0)"]
    assert _cells(table, "Smokes, n (%)") == ["1 (50.0)", "1 (50.0)"]


def test_missing_values_are_counted_below_their_variable(five_people: pd.DataFrame) -> None:
    frame = table_one(five_people, by="arm", variables=["age_years", "sex", "smokes", "diabetes"]).to_frame()
    labels = frame["characteristic"].to_list()
    assert labels == [
        "n",
        "Age (years), mean (SD)",
        "  Missing, n (%)",
        "Sex, n (%)",
        "  female",
        "  male",
        "  Missing, n (%)",
        "Smokes, n (%)",
        "  Missing, n (%)",
        "Diabetes, n (%)",
    ]
    assert frame["b"].to_list()[2] == "1 (50.0)"


def test_truth_values_with_none_are_yes_or_no() -> None:
    data = pd.DataFrame({"arm": ["a", "a", "b", "b"], "cough": [True, None, False, True]})
    table = table_one(data, by="arm")
    assert _cells(table, "Cough, n (%)") == ["1 (100.0)", "1 (50.0)"]
    assert _cells(table, "  Missing, n (%)") == ["1 (50.0)", "0 (0.0)"]


def test_percentages_are_of_those_with_a_value_and_the_table_says_so(five_people: pd.DataFrame) -> None:
    table = table_one(five_people)
    assert table.groups == ("Overall",)
    assert _cells(table, "  female") == ["3 (75.0)"]
    assert "of those with a value" in table.method
    assert "SMD" not in table.method


def test_ids_dates_and_follow_up_are_not_baseline(five_people: pd.DataFrame) -> None:
    data = five_people.assign(
        cohort_start_date=pd.Timestamp("2020-01-01"),
        event=1,
        time_at_risk_days=[1, 2, 3, 4, 5],
        treatment=[1, 1, 1, 0, 0],
    )
    described = " ".join(table_one(data, by="arm").to_frame()["characteristic"])
    assert not {"Event", "Treatment", "Subject", "date"} & set(described.replace(",", "").split())


def test_mapping_gives_labels_and_order(five_people: pd.DataFrame) -> None:
    table = table_one(five_people, by="arm", variables={"diabetes": "Diabetes mellitus", "age_years": "Age"})
    labels = table.to_frame()["characteristic"].to_list()
    assert labels == ["n", "Diabetes mellitus, n (%)", "Age, mean (SD)", "  Missing, n (%)"]


def test_median_and_quartiles_of_whole_numbers_have_no_decimals() -> None:
    data = pd.DataFrame({"visits": [1, 2, 3, 4, 5], "arm": "a"})
    assert _cells(table_one(data, by="arm", nonnormal=["visits"]), "Visits, median [IQR]") == ["3 [2 to 4]"]


def test_decimals_follow_the_spread() -> None:
    data = pd.DataFrame({"small": [0.011, 0.024, 0.032], "large": [1000.0, 2000.0, 3000.0]})
    table = table_one(data)
    assert _cells(table, "Small, mean (SD)") == ["0.0223 (0.0106)"]
    assert _cells(table, "Large, mean (SD)") == ["2000.0 (1000.0)"]


def test_decimals_of_medians_follow_the_quartiles_where_a_few_values_are_large() -> None:
    """Troponin: most below 0.05, a few above 50, so that the standard deviation says nothing of the median."""
    data = pd.DataFrame({"troponin": [0.004, 0.0092, 0.012, 0.018, 0.031, 0.04, 61.0]})
    assert _cells(table_one(data, nonnormal=["troponin"]), "Troponin, median [IQR]") == ["0.018 [0.011 to 0.036]"]


def test_numbers_too_small_for_four_decimals_are_not_shown_as_zero() -> None:
    table = table_one(pd.DataFrame({"x": [1e-6, 2e-6, 3e-6], "y": [4e-7, 5e-7, 9e-7]}), nonnormal=["y"])
    assert _cells(table, "X, mean (SD)") == ["2.0e-06 (1.0e-06)"]
    assert _cells(table, "Y, median [IQR]") == ["5.0e-07 [4.5e-07 to 7.0e-07]"]


def test_levels_keep_the_order_of_their_category_and_empty_ones_stay() -> None:
    stage = pd.Categorical(["II", "I", "II"], categories=["I", "II", "III"])
    table = table_one(pd.DataFrame({"stage": stage}))
    assert table.to_frame()["characteristic"].to_list() == ["n", "Stage, n (%)", "  I", "  II", "  III"]
    assert _cells(table, "  III") == ["0 (0.0)"]


def test_persons_behind_every_count_are_known(five_people: pd.DataFrame) -> None:
    twice = pd.concat([five_people, five_people[five_people["arm"] == "a"]])
    persons = table_one(twice, by="arm", overall=True).persons
    assert (persons["Overall"], persons["a"], persons["b"]) == (5, 3, 2)
    assert persons["Diabetes, n (%) | a"] == 1
    assert persons["Sex, n (%): female | Overall"] == 3
    assert persons["Sex, n (%): Missing, n (%) | b"] == 1


def test_html_is_escaped_and_indented(five_people: pd.DataFrame) -> None:
    html = table_one(five_people.assign(sex="<script>"), by="arm", title="A & B")._repr_html_()
    assert "<script>" not in html
    assert "A &amp; B" in html
    assert "padding-left:26px" in html


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    [
        ({}, {"by": "armm"}, "no column 'armm'.* Did you mean 'arm'"),
        ({}, {"by": "arm", "variables": ["agee"]}, "no column 'agee'"),
        ({}, {"by": "arm", "variables": ["sex"], "nonnormal": ["age_years"]}, "nonnormal names columns"),
        ({"arm": [None, "a", "a", "b", "b"]}, {"by": "arm"}, "column 'arm' is missing in 1 rows"),
        ({"age_years": np.inf}, {"by": "arm"}, "column 'age_years' has 5 infinite"),
        ({"sex": pd.Timestamp("2020-01-01")}, {"by": "arm"}, "Turn dates into years"),
    ],
)
def test_what_no_table_can_show_is_refused(
    five_people: pd.DataFrame, change: dict[str, object], arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(ModelInputError, match=words):
        table_one(five_people.assign(**change), **arguments)


def test_ids_and_free_text_are_refused_without_showing_them() -> None:
    data = pd.DataFrame({"note": [f"secret {i}" for i in range(60)], "arm": "a"})
    with pytest.raises(ModelInputError, match="column 'note' has 60 different values") as refusal:
        table_one(data, by="arm")
    assert "secret" not in str(refusal.value)
    with pytest.raises(ModelInputError, match="makes 60 groups"):
        table_one(data, by="note", variables=["arm"])


def test_nobody_is_refused(five_people: pd.DataFrame) -> None:
    with pytest.raises(ModelInputError, match="found 0 rows"):
        table_one(five_people.iloc[:0], by="arm")


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=6),
    order=st.randoms(use_true_random=False),
)
def test_difference_of_shares_does_not_depend_on_the_order_of_levels_or_groups(
    counts: list[tuple[int, int]], order: object
) -> None:
    left, right = (np.array(side, dtype=np.float64) for side in zip(*counts, strict=True))
    shuffled = list(range(len(counts)))
    order.shuffle(shuffled)
    expected = difference_of_shares(left, right)
    assert difference_of_shares(right, left) == pytest.approx(expected, nan_ok=True, rel=1e-6, abs=1e-9)
    assert difference_of_shares(left[shuffled], right[shuffled]) == pytest.approx(
        expected, nan_ok=True, rel=1e-6, abs=1e-9
    )


@settings(max_examples=40, deadline=None)
@given(yes=st.tuples(st.integers(0, 40), st.integers(0, 40)))
def test_two_levels_are_the_difference_of_proportions(yes: tuple[int, int]) -> None:
    left, right = yes[0] / 40, yes[1] / 40
    spread = np.sqrt((left * (1 - left) + right * (1 - right)) / 2)
    found = difference_of_shares(np.array([40.0 - yes[0], yes[0]]), np.array([40.0 - yes[1], yes[1]]))
    assert found == pytest.approx(abs(left - right) / spread if spread else (0.0 if left == right else np.inf))


def test_difference_of_means_without_spread_is_zero_or_infinite() -> None:
    ones, twos = np.ones(3), np.full(3, 2.0)
    assert difference_of_means(ones, ones) == 0
    assert difference_of_means(ones, twos) == np.inf
    assert np.isnan(difference_of_means(ones[:1], twos))


def test_three_groups_show_the_largest_difference() -> None:
    data = pd.DataFrame({"x": [1.0, 2.0, 3.0, 2.0, 3.0, 4.0, 7.0, 8.0, 9.0], "arm": list("aaabbbccc")})
    table = table_one(data, by="arm")
    assert table.smd["x"] == pytest.approx(6.0)
    assert "largest of all pairs" in table.method


@pytest.mark.parametrize("order", ["abc", "bca", "cab"])
def test_the_largest_difference_passes_over_groups_without_values(order: str) -> None:
    values = {"a": [1.0, 2.0], "b": [np.nan, np.nan], "c": [3.0, 4.0]}
    people = pd.DataFrame({"arm": [arm for arm in order for _ in "xy"], "x": [v for arm in order for v in values[arm]]})
    people["arm"] = pd.Categorical(people["arm"], categories=list(order))
    (line,) = (line for line in table_one(people, by="arm").lines if line.statistic == "mean (SD)")
    assert line.smd == pytest.approx(2 / np.sqrt(0.5))


@pytest.mark.parametrize(
    "values",
    [
        [Decimal("1.5"), Decimal("2.5"), None, Decimal(5), Decimal("6.5")],
        [1.5, 2.5, None, 5, 6.5],
        [1.5, 2.5, pd.NA, 5.0, 6.5],
    ],
)
def test_numbers_in_a_column_of_objects_are_numbers_as_in_a_file(values: list[Any]) -> None:
    people = pd.DataFrame({"arm": list("aabbb"), "x": pd.Series(values, dtype=object)})
    plain = people.assign(x=[1.5, 2.5, np.nan, 5.0, 6.5])
    pd.testing.assert_frame_equal(table_one(people, by="arm").numbers, table_one(plain, by="arm").numbers)


@pytest.mark.parametrize("value", [datetime.date(1950, 1, 1), datetime.timedelta(3), datetime.time(8), [1]])
def test_objects_that_are_times_or_lists_are_refused_without_showing_them(value: object) -> None:
    people = pd.DataFrame({"x": pd.Series([value, value, None], dtype=object)})
    with pytest.raises(ModelInputError, match="must be a number") as caught:
        table_one(people)
    assert "1950" not in str(caught.value)


def test_columns_labelled_alike_keep_their_counts_apart() -> None:
    people = pd.DataFrame({"Stroke": [True, True, True, False], "stroke": [True, False, False, False]})
    assert table_one(people).persons == {
        "Overall": 4,
        "Stroke, n (%) | Overall": 3,
        "Stroke, n (%) (stroke) | Overall": 1,
    }


def test_whole_numbers_as_levels_and_groups_are_written_whole() -> None:
    people = pd.DataFrame({"trt": [1.0, 2.0, 1.0, 2.0], "stage": pd.Categorical([1.0, 2.0, np.nan, 2.0])})
    people["edema"] = pd.Categorical([0.0, 0.5, 1.0, 1.0])
    table = table_one(people, by="trt")
    assert table.groups == ("1", "2")
    labels = [line.label.strip() for line in table.lines if line.variable in {"stage", "edema"}]
    assert labels == ["Stage, n (%)", "1", "2", "Missing, n (%)", "Edema, n (%)", "0", "0.5", "1"]


def test_blanks_before_a_label_make_no_level_of_it() -> None:
    people = pd.DataFrame({"x": [True, False], "y": [True, True]})
    assert "Y, n (%) | Overall" in table_one(people, variables={"x": "X", "y": "  Y"}).persons


@pytest.mark.parametrize("place", ["memory", "files", "dask"])
def test_rows_that_do_not_say_whose_they_are_are_refused(tmp_path: Path, place: str) -> None:
    import dask.dataframe as dd

    people = pd.DataFrame({"person_id": pd.array([1, None, 2, 3], dtype="Int64"), "age": [60.0, 61.0, 59.0, 70.0]})
    people.to_parquet(tmp_path / "people.parquet")
    data: Any = {"memory": people, "files": tmp_path / "people.parquet", "dask": dd.from_pandas(people, npartitions=1)}
    with pytest.raises(ModelInputError, match="column 'person_id' is missing in 1 of 4 rows"):
        table_one(data[place])


@pytest.mark.parametrize(
    ("groups", "headings"),
    [
        ([0, 1, 1], ["Treated: 0", "Treated: 1"]),
        ([True, False, True], ["Treated: No", "Treated: Yes"]),
        (["placebo", "drug", "drug"], ["drug", "placebo"]),
    ],
)
def test_groups_that_say_nothing_by_themselves_are_headed_by_their_column(
    groups: list[object], headings: list[str]
) -> None:
    table = table_one(pd.DataFrame({"treated": groups, "age": [50.0, 60.0, 70.0]}), by="treated")
    assert list(table.printed().header[1:3]) == headings
