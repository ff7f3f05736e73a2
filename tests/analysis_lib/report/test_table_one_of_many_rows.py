"""Table 1 of many rows: the same numbers from memory, Dask and Parquet, exact whatever the data look like."""

from collections.abc import Callable
from pathlib import Path

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent, build_cohort
from analysis_lib.errors import ModelInputError
from analysis_lib.features import Demographic, Flag, baseline
from analysis_lib.report import TableOne, table_one
from analysis_lib.report.columns import levels, numbers, persons, selection
from analysis_lib.windows import ANY_TIME_BEFORE

N = 60_000


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    draw = np.random.default_rng(4)
    stage = pd.Categorical.from_codes(draw.integers(-1, 3, N), ["I", "II", "III", "IV"])
    return pd.DataFrame(
        {
            "subject_id": np.arange(N) - 2**60,
            "arm": draw.choice(["a", "b", "c"], N, p=[0.6, 0.399, 0.001]),
            "weight": np.where(draw.random(N) < 0.1, np.nan, draw.normal(70, 12, N)),
            "cost": np.where(draw.random(N) < 0.5, 0.0, draw.lognormal(3, 2, N)),
            "age": draw.integers(18, 95, N).astype("int16"),
            "visits": pd.array(np.where(draw.random(N) < 0.05, pd.NA, draw.poisson(3, N)), dtype="Int64"),
            "days": draw.integers(-(10**9), 10**9, N),
            "diabetes": draw.random(N) < 0.2,
            "smokes": pd.array(np.where(draw.random(N) < 0.1, pd.NA, draw.random(N) < 0.3), dtype="boolean"),
            "urban": draw.integers(0, 2, N).astype(float),
            "stage": stage,
            "site": draw.choice(["서울", "Busan", "<&>"], N),
        }
    )


NONNORMAL = ["weight", "cost", "age", "visits", "days"]


def _by_hand(people: pd.DataFrame, name: str, group: str) -> list[float]:
    values = people[name] if group == "Overall" else people.loc[people["arm"] == group, name]
    values = values.dropna().astype(float)
    return [len(values), values.mean(), values.std(), *np.quantile(values, (0.25, 0.5, 0.75))]


def _same(left: TableOne, right: TableOne) -> None:
    pd.testing.assert_frame_equal(left.numbers, right.numbers, check_exact=False, rtol=1e-12)
    pd.testing.assert_frame_equal(left.to_frame(), right.to_frame(), rtol=1e-9)
    assert left.persons == right.persons


def test_numbers_of_many_rows_are_those_made_by_hand(people: pd.DataFrame) -> None:
    found = table_one(people, by="arm", nonnormal=NONNORMAL, overall=True).numbers.set_index(["variable", "group"])
    for name in NONNORMAL:
        for group in ("Overall", "a", "b", "c"):
            row = found.loc[(name, group)]
            expected = _by_hand(people, name, group)
            assert row[["n", "mean", "sd"]].to_list() == pytest.approx(expected[:3], rel=1e-12)
            assert row[["q1", "median", "q3"]].to_list() == expected[3:], "quartiles are numpy's to the last bit"


def test_parquet_and_dask_give_what_memory_gives(people: pd.DataFrame, tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    people.to_parquet(whole, row_group_size=7_000)
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, first in enumerate(range(0, N, 25_000)):
        people.iloc[first : first + 25_000].to_parquet(folder / f"part-{number}.parquet")
    arguments = {"by": "arm", "nonnormal": NONNORMAL, "overall": True, "tests": True}
    expected = table_one(people, **arguments)
    for data in (whole, str(folder), dd.from_pandas(people, npartitions=5)):
        _same(table_one(data, **arguments), expected)


def test_small_tables_and_large_ones_are_added_up_alike(people: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = pd.concat([people.iloc[:3_000], people.iloc[1_000:2_000]])
    arguments = {"by": "arm", "nonnormal": NONNORMAL, "overall": True, "tests": True}
    expected = table_one(twice, **arguments)
    for module in (numbers, persons, levels):
        monkeypatch.setattr(module, "SMALL", 0)
    _same(table_one(twice, **arguments), expected)


def test_column_read_again_and_again_gives_the_same(people: pd.DataFrame, tmp_path: Path, monkeypatch) -> None:
    people.to_parquet(tmp_path / "p.parquet", row_group_size=9_000)
    expected = table_one(tmp_path / "p.parquet", by="arm", nonnormal=NONNORMAL)
    monkeypatch.setattr(numbers, "_HELD", 1)
    _same(table_one(tmp_path / "p.parquet", by="arm", nonnormal=NONNORMAL), expected)


SHAPES: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "sorted": lambda draw: np.sort(draw.normal(size=N)),
    "constant": lambda draw: np.full(N, 0.1),
    "two values": lambda draw: draw.choice([0.25, 0.75], N),
    "mostly one value": lambda draw: np.where(draw.random(N) < 0.9, 1.5, draw.normal(size=N)),
    "heavy tails": lambda draw: draw.standard_cauchy(N),
    "far from zero": lambda draw: 1e9 + draw.random(N),
    "tiny": lambda draw: draw.random(N) * 1e-140,
    "huge": lambda draw: draw.random(N) * 1e149,
    "repeating": lambda draw: np.tile(np.linspace(0, 1, 60) + 0.5, N // 60),
    "one above all": lambda draw: np.append(draw.random(N - 1), 1e30),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("missed", [False, True])
def test_quartiles_are_exact_for_data_of_any_shape(shape: str, missed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(8)
    data = pd.DataFrame({"x": SHAPES[shape](draw), "arm": draw.choice(["a", "b"], N)})
    if missed:  # brackets without width: nearly every quartile lies outside, and the second pass has to find it
        monkeypatch.setattr(selection, "_WIDTH", -1e-9)
    found = table_one(data, by="arm", nonnormal=["x"], overall=True).numbers.set_index("group")
    for group, part in {"Overall": data, **dict(list(data.groupby("arm")))}.items():
        assert found.loc[group, ["q1", "median", "q3"]].to_list() == np.quantile(part["x"], (0.25, 0.5, 0.75)).tolist()
        exact = part["x"].to_numpy().astype(np.longdouble)
        assert found.loc[group, "mean"] == pytest.approx(float(exact.mean()), rel=1e-13)
        spread = float(np.sqrt(((exact - exact.mean()) ** 2).sum() / (len(exact) - 1)))
        assert found.loc[group, "sd"] == pytest.approx(spread, rel=1e-10, abs=1e-200)


ORDINARY = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(
        st.one_of(st.floats(-1e6, 1e6).map(lambda x: round(x, 6)), st.integers(-50, 50), st.none()),
        min_size=1,
        max_size=60,
    ),
    scale=st.sampled_from([1.0, 2.0**40, 2.0**-40]),
    shuffled=st.randoms(use_true_random=False),
)
def test_neither_the_order_of_rows_nor_the_unit_changes_a_quartile(values, scale: float, shuffled) -> None:
    column = np.array([np.nan if value is None else float(value) for value in values])
    order = list(range(len(values)))
    shuffled.shuffle(order)
    first = table_one(pd.DataFrame({"x": column, "y": 1}), nonnormal=["x"]).numbers
    other = table_one(pd.DataFrame({"x": column[order] * scale, "y": 1}), nonnormal=["x"]).numbers
    if "median" in first and not first["median"].isna().all():
        left, right = (f.loc[f["variable"] == "x", ["q1", "median", "q3"]].to_numpy() for f in (first, other))
        np.testing.assert_allclose(right, left * scale, rtol=1e-12, equal_nan=True)


def test_a_person_with_several_rows_is_counted_once_in_each_cell(people: pd.DataFrame, tmp_path: Path) -> None:
    rows = pd.concat([people, people.iloc[: N // 3]], ignore_index=True).sample(frac=1, random_state=1)
    table = table_one(rows, by="arm", overall=True)
    in_a = rows[rows["arm"] == "a"]
    assert table.persons["Overall"] == N
    assert table.persons["Site, n (%): Busan | a"] == in_a.loc[in_a["site"] == "Busan", "subject_id"].nunique()
    assert table.persons["Diabetes, n (%) | a"] == in_a.loc[in_a["diabetes"], "subject_id"].nunique()
    lacking = in_a.loc[in_a["weight"].isna(), "subject_id"].nunique()
    assert table.persons["Weight, mean (SD): Missing, n (%) | a"] == lacking
    rows.to_parquet(tmp_path / "rows.parquet")
    assert table_one(tmp_path / "rows.parquet", by="arm", overall=True).persons == table.persons


def test_a_person_in_two_groups_is_one_person_overall() -> None:
    data = pd.DataFrame({"person_id": [1, 1, 2], "arm": ["a", "b", "b"], "sick": [True, True, False]})
    persons_of = table_one(data, by="arm", overall=True).persons
    assert (persons_of["Overall"], persons_of["a"], persons_of["b"]) == (2, 1, 2)
    assert persons_of["Sick, n (%) | Overall"] == 1


@pytest.mark.parametrize("rows", [10, 30_000])
def test_what_cannot_be_squared_or_is_infinite_is_refused(rows: int) -> None:
    values = np.random.default_rng(0).random(rows)
    with pytest.raises(ModelInputError, match="'x' has 1 infinite"):
        table_one(pd.DataFrame({"x": np.append(values, np.inf)}))
    for wrong in (np.append(values, 1e200), values * 1e-200):
        with pytest.raises(ModelInputError, match=r"within 1e-150 and 1e\+150"):
            table_one(pd.DataFrame({"x": wrong}))


def test_rows_of_any_index_and_layout_are_described_without_a_copy(people: pd.DataFrame) -> None:
    turned = pd.DataFrame(np.asfortranarray(people[["age", "days"]].to_numpy().T).T, columns=["age", "days"])
    expected = table_one(people, variables=["age", "days"], nonnormal=["age", "days"]).numbers
    for index in (np.zeros(N, dtype=int), pd.date_range("2000-01-01", periods=N, freq="min")):
        found = table_one(turned.set_axis(index), nonnormal=["age", "days"]).numbers
        pd.testing.assert_frame_equal(found, expected)
    numbered = people[["age"]].set_axis([7], axis=1)
    assert table_one(numbered).numbers.loc[0, "variable"] == "7"


def test_ids_in_files_are_refused_without_showing_them(tmp_path: Path) -> None:
    pd.DataFrame({"note": [f"secret {i}" for i in range(N)]}).to_parquet(tmp_path / "p.parquet")
    with pytest.raises(ModelInputError, match="column 'note' has 60,000 different values") as refusal:
        table_one(tmp_path / "p.parquet")
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("name", ["weight\n", "x' OR 1=1 --", "가나다", "{0}", "n", "Overall"])
def test_columns_of_any_name_are_described(name: str, tmp_path: Path) -> None:
    data = pd.DataFrame({name: [1.5, 2.5, np.nan], "g": ["a", "a", "b"]})
    data.to_parquet(tmp_path / "p.parquet")
    for source in (data, tmp_path / "p.parquet"):
        table = table_one(source, by="g", nonnormal=[name])
        assert table.numbers.loc[0, "median"] == 2.0
        assert table.to_latex().count("\\begin{tabular}") == 1


def test_all_missing_and_one_row_are_described() -> None:
    table = table_one(
        pd.DataFrame({"x": [np.nan], "s": [None], "b": pd.array([pd.NA], dtype="boolean")}), nonnormal=["x"]
    )
    cells = table.to_frame().set_index("characteristic")["Overall"]
    assert cells["X, median [IQR]"] == "–"
    assert cells["  Missing, n (%)"].to_list() == ["1 (100.0)"] * 3


def test_partitions_that_do_not_know_a_type_do_not_change_the_table() -> None:
    parts = [
        pd.DataFrame(
            {"x": pd.Series([None, None], dtype=object), "s": pd.Series([None, None], dtype=object), "k": [1, 2]}
        ),
        pd.DataFrame({"x": [1.5, 2.5], "s": ["a", None], "k": [np.nan, 4.0]}),
    ]
    frame = dd.from_map(lambda part: part, parts, meta=parts[1])
    found = table_one(frame, nonnormal=["x", "k"]).numbers.set_index("variable")
    assert found.loc["x", ["n", "missing", "median"]].to_list() == [2, 2, 2.0]
    assert found.loc["k", ["n", "missing", "median"]].to_list() == [3, 1, 2.0]
    assert found.loc["s", ["n", "missing", "count"]].to_list() == [1, 3, 1]


def test_files_that_disagree_about_a_column_are_refused(tmp_path: Path) -> None:
    pd.DataFrame({"x": [1.5]}).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"x": ["secret"]}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(ModelInputError, match="column 'x' is double in some") as refusal:
        table_one(tmp_path)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int64", "uint64", "float32", "Float64", "Int16", "int64[pyarrow]"])
def test_numbers_of_any_type_give_the_same_from_memory_and_files(kind: str, tmp_path: Path) -> None:
    values = pd.Series([3, 1, 2, 2, 5, 100], dtype=kind)
    data = pd.DataFrame({"x": values, "g": list("aabbbb")})
    data.to_parquet(tmp_path / "p.parquet")
    for source in (data, tmp_path / "p.parquet"):
        found = table_one(source, by="g", nonnormal=["x"]).numbers
        assert found["median"].to_list() == [2.0, 3.5]


def test_decimals_and_sparse_numbers_are_numbers(tmp_path: Path) -> None:
    from decimal import Decimal

    import pyarrow as pa
    import pyarrow.parquet as pq

    cost = pa.array([Decimal("1.25"), None, Decimal("2.75")], type=pa.decimal128(9, 2))
    pq.write_table(pa.table({"cost": cost}), tmp_path / "p.parquet")
    assert table_one(tmp_path / "p.parquet", nonnormal=["cost"]).numbers.loc[0, "median"] == 2.0
    sparse = pd.DataFrame({"x": pd.arrays.SparseArray([0.0, 0.0, 2.5])})
    assert table_one(sparse).numbers.loc[0, "mean"] == pytest.approx(2.5 / 3)


@pytest.mark.parametrize("rows", [50, N])
def test_whole_numbers_beyond_those_of_floats_are_not_counted_at_wrong_places(rows: int, tmp_path: Path) -> None:
    big = 2**60 + np.random.default_rng(1).integers(0, 2_000, rows)
    data = pd.DataFrame({"x": big, "g": np.resize(["a", "b"], rows)})
    data.to_parquet(tmp_path / "p.parquet")
    for source in (data, tmp_path / "p.parquet"):
        found = table_one(source, by="g", nonnormal=["x"]).numbers.set_index("group")
        for group, part in data.groupby("g"):
            assert found.loc[group, "median"] == np.quantile(part["x"].astype(float), 0.5)
            assert found.loc[group, "n"] == len(part)


def test_large_ids_of_any_type_are_told_apart_in_files(tmp_path: Path) -> None:
    ids = pd.array([2**53, 2**53 + 1, 2**53 + 1], dtype="Int64")
    data = pd.DataFrame({"person_id": ids, "sick": [True, True, False]})
    data.to_parquet(tmp_path / "p.parquet")
    for source in (data, tmp_path / "p.parquet"):
        assert table_one(source).persons == {"Overall": 2, "Sick, n (%) | Overall": 2}


@pytest.mark.parametrize("group", [[1.0, np.nan, 2.0], ["a", None, "b"]])
def test_rows_without_a_group_are_refused_in_files_too(group: list[object], tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"g": pa.array(group), "x": [1.5, 2.5, 3.5]}), tmp_path / "p.parquet")
    with pytest.raises(ModelInputError, match="'g' is missing in 1 rows"):
        table_one(tmp_path / "p.parquet", by="g")


def test_a_measurement_is_no_column_of_groups_in_files_either(people: pd.DataFrame, tmp_path: Path) -> None:
    people.to_parquet(tmp_path / "p.parquet")
    with pytest.raises(ModelInputError, match="column 'weight' makes"):
        table_one(tmp_path / "p.parquet", by="weight", variables=["age"])


def test_features_of_a_cohort_their_frame_and_their_files_give_one_table(gibleed: Dataset, tmp_path: Path) -> None:
    celecoxib = CohortDefinition("celecoxib", EntryEvent(ConceptSet("celecoxib", [1118084]), "drug_era"))
    ulcer = Flag(ConceptSet("peptic ulcer", [4027663]), ANY_TIME_BEFORE)
    features = baseline(build_cohort(celecoxib, gibleed), Demographic("age_years"), Demographic("sex"), ulcer)
    features.to_parquet(tmp_path / "features")
    arguments = {"by": "sex", "nonnormal": ["age_years"]}
    expected = table_one(features.to_pandas(), **arguments)
    assert "Age (years), median [IQR]" in expected.to_frame()["characteristic"].to_list()
    for data in (features, tmp_path / "features"):
        _same(table_one(data, **arguments), expected)
    # Dask frames carry no units, so that the labels lack them.
    lazy = table_one(features.to_dask(), **arguments)
    pd.testing.assert_frame_equal(lazy.numbers, expected.numbers)


def test_numbers_and_intervals_as_categories_give_the_same_from_memory_files_and_dask(tmp_path: Path) -> None:
    people = pd.DataFrame({"arm": list("aabbab"), "stage": pd.Categorical([1, 3, 2, 1, None, 3])})
    people["age"] = pd.cut(pd.Series([40, 55, 71, 64, 48, 80]), [0, 50, 65, 120], right=False)
    expected = table_one(people, by="arm").to_frame()
    assert "  3" in expected["characteristic"].to_list()
    spilled = table_one(dd.from_pandas(people, npartitions=2), by="arm").to_frame()
    pd.testing.assert_frame_equal(spilled, expected)
    people.drop(columns="age").to_parquet(tmp_path / "people.parquet")
    found = table_one(tmp_path / "people.parquet", by="arm").to_frame()
    pd.testing.assert_frame_equal(found, table_one(people, by="arm", variables=["stage"]).to_frame())
