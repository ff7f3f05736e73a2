"""Splits by person and by time: nobody on both sides, and nothing depends on the order of the rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError
from analysis_lib.models.prediction import split_persons
from analysis_lib.models.prediction.person_split import person_fold


def _rows(n: int = 3_000, persons: int = 1_200) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    days = pd.Timestamp("2015-01-01") + pd.to_timedelta(draw.integers(0, 2_000, n), unit="D")
    ids = draw.integers(-(2**62), 2**62, persons)[draw.integers(0, persons, n)]
    return pd.DataFrame({"subject_id": ids, "cohort_start_date": days})


@given(seed=st.integers(0, 2**62))
@settings(max_examples=20, deadline=None)
def test_the_part_of_a_person_depends_on_nothing_but_id_and_seed(seed: int) -> None:
    data = _rows()
    whole = split_persons(data, test_share=0.3, validation_share=0.2, seed=seed)
    order = np.random.default_rng(1).permutation(len(data))[:2_000]
    some = split_persons(data.iloc[order], test_share=0.3, validation_share=0.2, seed=seed)
    assert (whole.part[order] == some.part).all()
    assert pd.DataFrame({"id": data["subject_id"], "part": whole.part}).groupby("id")["part"].nunique().max() == 1


def test_shares_are_about_those_asked_for_also_with_neighbouring_ids() -> None:
    data = pd.DataFrame({"person_id": np.arange(100_000)})
    counts = split_persons(data, test_share=0.3, validation_share=0.1).table.set_index("part")["persons"]
    assert counts["test"] == pytest.approx(30_000, abs=600)
    assert counts["validation"] == pytest.approx(10_000, abs=400)
    other = split_persons(data, test_share=0.3, seed=1)
    both = (other.part == "test") & split_persons(data, test_share=0.3).rows("test")
    assert both.mean() == pytest.approx(0.09, abs=0.005)


def test_by_time_later_rows_of_persons_learned_from_are_left_out() -> None:
    data = _rows()
    found = split_persons(data, test_from="2018-01-01")
    training, test = (found.of(data, part) for part in ("training", "test"))
    assert training["cohort_start_date"].max() < pd.Timestamp("2018-01-01") <= test["cohort_start_date"].min()
    assert not set(training["subject_id"]) & set(test["subject_id"])
    assert found.table["rows"].sum() == len(data)
    assert "left out" in found.table["part"].to_list()


def test_words_as_ids_are_split_too() -> None:
    data = pd.DataFrame({"person_id": [f"P{number:05d}" for number in range(2_000)]})
    assert split_persons(data).table.set_index("part")["persons"]["test"] == pytest.approx(500, abs=80)


def test_folds_are_of_about_one_size_within_a_part() -> None:
    data = pd.DataFrame({"person_id": np.arange(50_000)})
    ids = data["person_id"][split_persons(data).rows("training")]
    sizes = np.bincount(person_fold(ids, folds=5, seed=0))
    assert sizes.size == 5
    assert sizes.max() / sizes.min() < 1.06


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({}, {"test_share": 1.5}, "test_share must lie"),
        ({}, {"test_share": 0.6, "validation_share": 0.5}, "left to learn from"),
        ({}, {"test_share": 0.2, "test_from": "2018-01-01"}, "by share or by time"),
        ({}, {"test_from": "1999-01-01"}, "training part is empty"),
        ({}, {"test_from": "whenever"}, "must be a day"),
        ({}, {"date": "when", "test_from": "2018-01-01"}, "no column 'when'"),
        ({"cohort_start_date": "2018"}, {"test_from": "2018-01-01"}, "must hold dates"),
        ({"subject_id": None}, {}, "whose it is"),
        ({}, {"seed": -1}, "seed must be"),
    ],
)
def test_what_cannot_be_split_is_refused(change: dict[str, object], arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        split_persons(_rows().assign(**change), **arguments)


def test_rows_without_persons_are_refused_and_a_split_keeps_to_its_rows() -> None:
    with pytest.raises(ModelInputError, match="neither subject_id nor person_id"):
        split_persons(pd.DataFrame({"x": [1, 2]}))
    with pytest.raises(ModelInputError, match="belongs to the rows"):
        split_persons(_rows()).of(_rows(10, 5), "test")


def test_rows_in_another_order_are_noticed() -> None:
    data = _rows()
    split = split_persons(data)
    with pytest.raises(ModelInputError, match="in their order"):
        split.of(data.sort_values("cohort_start_date"), "test")
    assert len(split.of(data.drop(columns="subject_id"), "test")) == split.rows("test").sum()
