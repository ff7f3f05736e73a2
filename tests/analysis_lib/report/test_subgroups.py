"""Subgroups: every line says its own, and one that cannot be estimated takes no other away."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import ModelInputError
from analysis_lib.report import compare_subgroups

PARTS = {"time": "days", "event": "event", "treatment": "treated"}


@pytest.fixture
def people() -> pd.DataFrame:
    draw = np.random.default_rng(7)
    n = 400
    data = pd.DataFrame(
        {
            "person_id": np.arange(n),
            "treated": draw.integers(0, 2, n),
            "ulcer": draw.random(n) < 0.4,
            "sex": draw.choice(["female", "male", None], n, p=[0.5, 0.4, 0.1]),
            "site": np.where(np.arange(n) < 5, "tiny", "main"),
            "age": draw.normal(60, 8, n),
        }
    )
    data.loc[:4, "treated"] = [0, 1, 0, 1, 0]
    hazard = 0.02 * np.exp(np.where(data["ulcer"], 1.0, -0.5) * data["treated"])
    time = draw.exponential(1 / hazard)
    data["days"], data["event"] = np.ceil(np.minimum(time, 60)), time <= 60
    data.loc[:4, "event"] = False
    data.loc[data.index[-3:], "age"] = np.nan
    return data


def test_each_subgroup_is_the_model_of_its_people(people: pd.DataFrame) -> None:
    found = compare_subgroups(people, **PARTS, subgroups={"ulcer": "Peptic ulcer", "sex": "Sex"})
    frame = found.to_frame()
    assert frame["label"].to_list() == ["All", "No", "Yes", "female", "male"]
    assert frame["subgroup"].to_list() == ["", "Peptic ulcer", "Peptic ulcer", "Sex", "Sex"]
    alone = compare_subgroups(people[people["ulcer"]], **PARTS, subgroups=["sex"]).to_frame()
    assert frame.loc[2, "estimate"] == alone.loc[0, "estimate"]
    assert frame.loc[[1, 2], "n"].sum() == 400
    assert frame.loc[[3, 4], "n"].sum() == people["sex"].notna().sum()
    assert (frame.loc[1, "p_interaction"] < 0.01, frame.loc[1, "p_interaction"]) == (
        True,
        frame.loc[2, "p_interaction"],
    )
    assert np.isnan(frame.loc[0, "p_interaction"])


def test_persons_behind_every_line_are_known(people: pd.DataFrame) -> None:
    twice = pd.concat([people, people.iloc[:50]])
    found = compare_subgroups(twice, **PARTS, subgroups={"ulcer": "Ulcer"}, adjust_for=["age"])
    assert found.persons["All | all"] == 397
    assert found.persons["Ulcer: Yes | all"] == people.dropna(subset=["age"])["ulcer"].sum()
    assert found.persons["Ulcer: Yes | treated=1, events"] <= found.persons["Ulcer: Yes | treated=1"]
    assert (found.n, dict(found.exclusions)) == (447, {"age missing": 3})


def test_a_subgroup_without_an_estimate_is_kept_with_the_reason(people: pd.DataFrame) -> None:
    found = compare_subgroups(people, **PARTS, subgroups=["site"])
    line = found.to_frame().set_index("label").loc["tiny"]
    assert np.isnan(line["estimate"])
    assert (line["n"], line["events"]) == (5, 0)
    assert "needs events" in line["why_not"]
    assert "Not estimable: tiny: " in repr(found)
    assert "not estimable" in found._repr_html_()


def test_order_of_rows_and_unit_of_time_change_nothing(people: pd.DataFrame) -> None:
    left = compare_subgroups(people, **PARTS, subgroups=["ulcer", "sex"], adjust_for=["age"]).to_frame()
    other = people.sample(frac=1, random_state=2).assign(days=people["days"] * 24)
    right = compare_subgroups(other, **PARTS, subgroups=["ulcer", "sex"], adjust_for=["age"]).to_frame()
    pd.testing.assert_frame_equal(left, right, rtol=1e-8)


def test_files_and_truth_values_give_the_same(people: pd.DataFrame, tmp_path: Path) -> None:
    expected = compare_subgroups(people, **PARTS, subgroups=["ulcer", "sex"])
    people.to_parquet(tmp_path / "p.parquet", row_group_size=70)
    truth = people.assign(treated=people["treated"].astype(bool), event=people["event"].astype(int))
    for data in (tmp_path / "p.parquet", truth):
        found = compare_subgroups(data, **PARTS, subgroups=["ulcer", "sex"])
        pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame(), rtol=1e-12)


def test_figure_and_text_show_the_same_numbers(people: pd.DataFrame, tmp_path: Path) -> None:
    found = compare_subgroups(people, **PARTS, subgroups={"ulcer": "<b>Ulcer"}, level=0.9)
    figure = found.plot(favours=("new", "old"))
    texts = [text.get_text() for text in figure.axes[0].texts]
    estimate = found.to_frame().loc[1, "estimate"]
    assert any(text.startswith(f"{estimate:.2f} (") for text in texts)
    assert "Hazard ratio (90% CI)" in texts
    assert f"{estimate:.2f} (" in repr(found)
    assert "<b>" not in found._repr_html_()
    figure.save(tmp_path / "forest")


def test_columns_named_like_our_own_are_no_trouble(people: pd.DataFrame) -> None:
    odd = people.rename(columns={"ulcer": "product", "treated": "level_", "age": "{0}'"})
    found = compare_subgroups(
        odd, time="days", event="event", treatment="level_", subgroups=["product"], adjust_for=["{0}'"]
    )
    assert found.to_frame()["p_interaction"].notna().sum() == 2


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    [
        ({}, {"subgroups": ["sexx"]}, "Did you mean 'sex'"),
        ({}, {"subgroups": "sex"}, "found one text"),
        ({}, {"subgroups": []}, "found 0"),
        ({}, {"subgroups": ["sex", "sex"]}, "each named once"),
        ({}, {"subgroups": ["age"], "adjust_for": ["age"]}, "1 of them in another part"),
        ({}, {"subgroups": ["age"]}, "has 397"),
        ({"sex": "one"}, {"subgroups": ["sex"]}, "has 1"),
        ({"treated": 2}, {"subgroups": ["sex"]}, "1 different values"),
        ({}, {"subgroups": ["sex"], "level": 95}, "between 0 and 1"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    people: pd.DataFrame, change: dict[str, object], arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(ModelInputError, match=words):
        compare_subgroups(people.assign(**change), **PARTS, **arguments)
