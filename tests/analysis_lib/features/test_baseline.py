"""What a baseline promises beside its numbers: laziness, order, refusals, units, and the ways to read it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import ConceptSet
from analysis_lib.errors import FeatureInputError, UnitError, UnknownConceptError
from analysis_lib.features import Count, Demographic, Flag, Score, Value, baseline, every_concept, kdigo_aki
from analysis_lib.windows import ANY_TIME, Window

ReleaseOf = Callable[..., Dataset]
CREATININE = ConceptSet("creatinine", [50])
BLEED = ConceptSet("bleed", [30])
MARK = 424_242


@pytest.fixture(scope="module")
def dataset(release_of: ReleaseOf) -> Dataset:
    return release_of(
        {
            "person": [(1, 1950, 8532), (2, None, 8507), (3, 1960, 0)],
            "observation_period": [(1, 1, "2010-01-01", "2010-12-31"), (2, 2, "2012-01-01", "2012-12-31")],
            "condition_occurrence": [(1, 1, 31, "2010-05-01"), (2, 1, 31, "2010-05-01"), (3, 2, 0, "2010-05-01")],
            "measurement": [
                (1, 1, 50, "2010-05-01", None, 1.0, 8840),
                (2, 1, 50, "2010-05-02", None, 88.4017, 8749),
                (3, 2, 50, "2010-05-02", None, MARK, None),
                (4, 3, 51, "2010-05-02", None, MARK, 8753),
                (5, 3, 50, "2010-05-03", None, float("nan"), 9999),
            ],
        },
        bucket_count=4,
    )


def members(*persons: int, when: str = "2010-06-01") -> pd.DataFrame:
    dates = pd.to_datetime([when] * len(persons)).as_unit("us")
    return pd.DataFrame({"subject_id": pd.array(persons, dtype="int64"), "cohort_start_date": dates})


def test_a_table_of_every_concept_lists_the_commonest(dataset: Dataset):
    page = every_concept(members(1, 2), dataset=dataset)._repr_html_()
    assert "stomach bleed" in page
    assert "2 rows, 1 concepts, 1 cells" in page


def test_nothing_is_read_before_it_is_asked_for(dataset: Dataset, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: Any) -> None:
        raise AssertionError("read")

    monkeypatch.setattr(Dataset, "_verified_path", refuse)
    found = baseline(members(1), Flag(BLEED), Value(CREATININE, unit="mg/dL"), dataset=dataset)
    assert len(found) == 1
    assert "not read" in repr(found)
    assert "had_bleed" in found._repr_html_()
    assert found.describe()["unit"].tolist() == ["1", "mg/dL"]
    with pytest.raises(AssertionError, match="read"):
        found.compute()


def test_rows_come_in_the_order_given_and_a_person_may_have_two_index_dates(dataset: Dataset):
    rows = pd.concat([members(3, 1, 2), members(1, when="2010-04-01"), members(3)], ignore_index=True)
    found = baseline(rows, Count(BLEED), dataset=dataset).to_pandas()
    assert found["subject_id"].tolist() == [3, 1, 2, 1]
    assert found["records_of_bleed"].tolist() == [0, 2, 0, 0]


def test_pandas_dask_xarray_and_parquet_hold_the_same(dataset: Dataset, tmp_path: Path):
    variables = [Flag(BLEED), Demographic("age_years"), Demographic("sex"), Demographic("race_concept_id")]
    found = baseline(members(1, 2, 3), *variables, dataset=dataset)
    frame = found.to_pandas()
    assert frame["sex"].tolist() == ["female", "male", "unknown"]
    assert frame.attrs["units"]["age_years"] == "years"
    lazy = found.to_dask()
    assert lazy.npartitions <= 4
    found.to_parquet(tmp_path / "features")
    with pytest.raises(FeatureInputError, match="exists"):
        found.to_parquet(tmp_path / "features")
    for other in (lazy.compute(scheduler="sync"), pd.read_parquet(tmp_path / "features")):
        ordered = other.sort_values("subject_id", ignore_index=True)
        pd.testing.assert_frame_equal(ordered, frame, check_dtype=False)
    assert found.to_xarray()["age_years"].attrs["units"] == "years"
    assert found.to_xarray()["age_years"].to_numpy().tolist()[0] == 60


def test_missing_and_unobserved_rows_are_counted(dataset: Dataset):
    found = baseline(members(1, 2, 3), Demographic("age_years"), Flag(BLEED), dataset=dataset)
    counts = found.missing().set_index("variable")
    assert counts["missing"].to_dict() == {"age_years": 1, "had_bleed": 0}
    assert counts["not_observed"].to_dict() == {"age_years": 0, "had_bleed": 2}


def test_units_are_converted_where_the_substance_is_stated(dataset: Dataset):
    window = Window(None, 0)
    value = Value(CREATININE, window, unit="mg/dL", substance="creatinine")
    assert baseline(members(1), value, dataset=dataset).compute()["last_creatinine"][0] == pytest.approx(1.0, abs=1e-6)
    with pytest.raises(UnitError, match=r"found 1 in umol/L.*substance="):
        baseline(members(1), Value(CREATININE, window, unit="mg/dL"), dataset=dataset).compute()


def test_numbers_without_a_unit_are_refused_dropped_or_assumed_and_never_shown(dataset: Dataset, tmp_path: Path):
    def value(missing_unit: str) -> Any:
        asked = Value(CREATININE, unit="mg/dL", substance="creatinine", missing_unit=missing_unit)
        return baseline(members(1, 2), asked, dataset=dataset)

    for read in (lambda f: f.compute(), lambda f: f.to_parquet(tmp_path / "x"), lambda f: f.to_dask().compute()):
        with pytest.raises(UnitError, match="1 without a unit") as refused:
            read(value("refuse"))
        assert str(MARK) not in str(refused.value)
    assert not (tmp_path / "x").exists()
    assert list(tmp_path.iterdir()) == []
    dropped = value("drop")
    assert dropped.compute()["last_creatinine"].isna().tolist() == [False, True]
    assert dropped.missing()["dropped"].tolist() == [1]
    assert value("assume:mg/dL").compute()["last_creatinine"][1] == MARK
    with pytest.raises(UnitError, match="cannot be taken for kg"):
        value("assume:kg").compute()


def test_a_number_that_is_not_finite_is_no_number(dataset: Dataset):
    asked = Value(ConceptSet("creatinine", [50]).excluding(51), unit="mg/dL", substance="creatinine")
    assert baseline(members(3), asked, dataset=dataset).compute()["last_creatinine"].isna().all()


def test_an_empty_cohort_gives_an_empty_frame(dataset: Dataset):
    found = baseline(members(), Flag(BLEED), Value(CREATININE, unit="mg/dL"), Demographic("sex"), dataset=dataset)
    frame = found.compute()
    assert frame.empty
    assert list(frame) == ["subject_id", "cohort_start_date", "had_bleed", "last_creatinine", "sex"]
    assert found.missing()["missing_share"].tolist() == [0, 0, 0]
    assert kdigo_aki(members(), CREATININE, dataset=dataset).compute().empty
    assert every_concept(members(), dataset=dataset).matrix.shape == (0, 0)


@pytest.mark.parametrize("when", ["1066-10-14", "9999-12-31"])
def test_a_window_beyond_the_calendar_is_only_empty(dataset: Dataset, when: str):
    # 2010 lies 344,000 days after the one and 2.9 million before the other: the window's ends leave the calendar.
    far, near = Window(-3_500_000, 3_500_000), Window(-300_000, 300_000)
    frame = baseline(
        members(1, when=when),
        Flag(BLEED, far),
        Flag(BLEED, near, name="near"),
        Flag(BLEED, ANY_TIME, name="ever"),
        dataset=dataset,
    ).compute()
    assert frame[["had_bleed", "near", "ever"]].to_numpy().tolist() == [[True, False, True]]


def test_concepts_that_the_vocabulary_lacks_are_refused(dataset: Dataset):
    with pytest.raises(UnknownConceptError):
        baseline(members(1), Score("charlson_1987"), dataset=dataset).compute()


def test_every_concept_at_once_is_sparse_and_may_need_a_least_number_of_persons(dataset: Dataset):
    rows = pd.concat([members(1, 2), members(1, when="2010-07-01")], ignore_index=True)
    table = every_concept(rows, value="records", dataset=dataset)
    assert table.concepts.to_dict("list") == {"concept_id": [31], "concept_name": ["stomach bleed"], "persons": [1]}
    assert table.matrix.toarray().tolist() == [[2], [0], [2]]
    assert table.to_frame()["value"].tolist() == [2, 2]
    assert every_concept(rows, min_persons=2, dataset=dataset).matrix.shape == (3, 0)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: baseline(members(1), Flag(BLEED)), "dataset="),
        (lambda: baseline(members(1).astype({"subject_id": float}), Flag(BLEED), dataset="x"), "int64"),
        (lambda: baseline(members(1), dataset="x"), "none"),
        (lambda: baseline(members(1), Flag(BLEED), Flag(BLEED), dataset="x"), "had_bleed"),
        (lambda: Flag(BLEED, domain="person"), "domain is not known"),
        (lambda: Flag("bleed"), "ConceptSet"),
        (lambda: Value(CREATININE, unit="mg dL"), "UCUM"),
        (lambda: Value(CREATININE, unit="mg/dL", missing_unit="guess"), "missing_unit"),
        (lambda: Value(CREATININE, unit="mg/dL", substance="gold"), "substance"),
    ],
)
def test_what_cannot_be_meant_is_refused(make: Callable[[], Any], says: str):
    with pytest.raises(FeatureInputError, match=says):
        make()


def test_a_value_and_a_flag_of_another_concept_share_a_table_and_come_to_an_end(dataset: Dataset) -> None:
    people = pd.DataFrame({"subject_id": [1, 3], "cohort_start_date": pd.to_datetime(["2010-06-01", "2010-06-01"])})
    other = Flag(ConceptSet("other", [51]), ANY_TIME, domain="measurement")
    value = Value(CREATININE, ANY_TIME, take="first", unit="mg/dL", substance="creatinine")
    frame = baseline(people, value, other, dataset=dataset).to_pandas()
    assert frame["had_other"].tolist() == [False, True]
    assert frame["first_creatinine"].tolist()[0] == pytest.approx(1.0)
