"""What an import does with sources that are not as the model says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from analysis_lib.catalog import Dataset, bucket_of, check_release, import_omop
from analysis_lib.catalog.quality.reporting import report_text
from analysis_lib.errors import ImportRefusedError, SourceError

MakeSource = Callable[..., Path]

ERA = (
    "drug_era_id {key}, person_id {person}, drug_concept_id BIGINT, drug_era_start_date {date}, drug_era_end_date DATE"
)


def era(*rows: tuple[Any, ...], key: str = "BIGINT", person: str = "BIGINT", date: str = "DATE") -> dict[str, Any]:
    return {"drug_era": (ERA.format(key=key, person=person, date=date), rows)}


def imported(source: Path, **options: Any) -> Dataset:
    return import_omop(source, name="small", data=source.parent / "data", **options).dataset


def test_a_float_id_is_taken_when_every_value_is_whole_and_below_2_to_the_53(make_source: MakeSource) -> None:
    largest = 2.0**53 - 1
    found = imported(
        make_source(era((largest, 1, 9, "2001-01-01", "2001-02-01"), (None, 2, 9, None, None), key="DOUBLE"))
    )
    assert found.table("drug_era")["drug_era_id"].dropna().tolist() == [2**53 - 1]
    assert found.quality.of_rule("float-id") == {"drug_era": 1}


@pytest.mark.parametrize("value", [2.0**53, -(2.0**53), 1.5, float("inf"), float("nan"), 1e300])
@pytest.mark.parametrize("column", ["key", "person"])
def test_a_float_id_that_may_have_lost_digits_is_refused_by_name(
    make_source: MakeSource, value: float, column: str
) -> None:
    row = (value, 1) if column == "key" else (1, value)
    source = make_source(era((*row, 9, "2001-01-01", "2001-02-01"), **{column: "DOUBLE"}))
    name = {"key": "drug_era.drug_era_id", "person": "drug_era.person_id"}[column]
    with pytest.raises(ImportRefusedError, match=name):
        imported(source)
    assert not (source.parent / "data" / "small").exists()


@pytest.mark.parametrize(("value", "kept"), [(2.0**24 - 1, True), (2.0**24, False)])
def test_a_single_precision_id_is_taken_only_below_2_to_the_24(
    make_source: MakeSource, value: float, kept: bool
) -> None:
    source = make_source(era((value, 1, 9, "2001-01-01", "2001-02-01"), key="FLOAT"))
    if kept:
        assert imported(source).table("drug_era")["drug_era_id"].tolist() == [int(value)]
    else:
        with pytest.raises(ImportRefusedError, match="drug_era_id"):
            imported(source)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("VARCHAR", " 9007199254740993 ", 9007199254740993),
        ("VARCHAR", "-12.000", -12),
        ("VARCHAR", "+7", 7),
        ("HUGEINT", 9223372036854775807, 9223372036854775807),
        ("DECIMAL(30, 2)", "9007199254740993.00", 9007199254740993),
        ("INTEGER", 3, 3),
        ("UBIGINT", 2**63 - 1, 2**63 - 1),
    ],
)
def test_ids_of_other_types_keep_every_digit(make_source: MakeSource, kind: str, value: object, expected: int) -> None:
    found = imported(make_source(era((value, 1, 9, "2001-01-01", "2001-02-01"), key=kind)))
    assert found.table("drug_era")["drug_era_id"].tolist() == [expected]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("VARCHAR", "A1"), ("VARCHAR", "1.5"), ("VARCHAR", "1e3"), ("VARCHAR", "9223372036854775808"), ("HUGEINT", 2**64)],
)
def test_ids_that_are_no_64_bit_integers_are_refused(make_source: MakeSource, kind: str, value: object) -> None:
    with pytest.raises(ImportRefusedError, match=r"drug_era\.drug_era_id"):
        imported(make_source(era((value, 1, 9, "2001-01-01", "2001-02-01"), key=kind)))


@pytest.mark.parametrize("person_id", [-1, -(2**63), 2**53 + 1, 2**63 - 1, 0])
def test_negative_and_very_large_persons_come_back_as_they_are(make_source: MakeSource, person_id: int) -> None:
    person = ("person_id BIGINT, gender_concept_id BIGINT, year_of_birth BIGINT", [(person_id, 0, 1950), (1, 0, 1950)])
    found = imported(make_source({"person": person, **era((1, person_id, 9, "2001-01-01", "2001-02-01"))}))
    (bucket,) = bucket_of(np.array([person_id]), count=found.bucket_count)
    files = found.bucket_paths("drug_era", int(bucket))
    assert pd.read_parquet(files[0])["person_id"].tolist() == [person_id]
    assert found.table("drug_era")["person_id"].tolist() == [person_id]
    assert found.query(f"SELECT count(*) AS n FROM person WHERE person_id = {person_id}")["n"].tolist() == [1]


def test_rows_of_nobody_are_left_out_and_counted_and_rows_of_strangers_are_kept_and_counted(
    make_source: MakeSource,
) -> None:
    found = imported(
        make_source(
            era(
                (1, 1, 9, "2001-01-01", "2001-02-01"),
                (2, None, 9, "2001-01-01", "2001-02-01"),
                (3, 99, 9, "2001-01-01", "2001-02-01"),
            )
        )
    )
    assert sorted(found.table("drug_era")["drug_era_id"]) == [1, 3]
    assert found.quality.of_rule("owner-missing") == {"drug_era": 1}
    assert found.quality.of_rule("owner-unknown") == {"drug_era": 1}
    assert (found.tables["drug_era"].rows_source, found.tables["drug_era"].rows) == (3, 2)


def test_dates_that_go_backwards_or_lie_outside_are_counted_and_kept(make_source: MakeSource) -> None:
    rows = [
        (1, 1, 9, "2001-01-01", "2000-12-31"),  # ends before it starts
        (2, 1, 9, "1949-12-31", "2001-01-01"),  # before birth, so outside observation too
        (3, 1, 9, "1999-12-31", "2001-01-01"),  # the day before observation
        (4, 1, 9, "2000-01-01", "2001-01-01"),  # its first day
        (5, 1, 9, "2010-12-31", "2011-01-01"),  # its last day
        (6, 1, 9, "2011-01-01", "2011-01-01"),  # the day after
        (7, 1, 9, None, "2011-01-01"),  # no start: a required value is missing, nothing else can be said
    ]
    found = imported(make_source(era(*rows)))
    assert len(found.table("drug_era")) == 7
    assert found.quality.of_rule("end-before-start") == {"drug_era": 1}
    assert found.quality.of_rule("before-birth") == {"drug_era": 1}
    assert found.quality.of_rule("outside-observation") == {"drug_era": 3}
    assert found.quality.of_rule("required-value-missing")["drug_era"] == 1


def test_a_day_is_covered_by_any_of_several_overlapping_periods(make_source: MakeSource) -> None:
    columns = "person_id BIGINT, observation_period_start_date DATE, observation_period_end_date DATE"
    periods = [
        (1, "2000-01-01", "2010-01-01"),  # a long one
        (1, "2002-01-01", "2003-01-01"),  # a short one inside it
        (1, "2012-01-01", "2013-01-01"),  # a gap, then another
    ]
    days = ["1999-01-01", "2002-06-01", "2005-01-01", "2011-01-01", "2012-01-01", "2014-01-01"]
    rows = [(n, 1, 9, day, day) for n, day in enumerate(days)]
    found = imported(make_source({"observation_period": (columns, periods), **era(*rows)}))
    assert found.quality.of_rule("outside-observation") == {"drug_era": 3}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2001-02-03", "2001-02-03"),
        ("20010203", "2001-02-03"),
        ("2001-02-03 04:05:06", "2001-02-03"),
        ("", None),
        ("soon", None),
        ("2001-02-30", None),
    ],
)
def test_dates_written_as_text_are_read_or_counted_as_unreadable(
    make_source: MakeSource, text: str, expected: str | None
) -> None:
    found = imported(make_source(era((1, 1, 9, text, None), date="VARCHAR")))
    value = found.table("drug_era")["drug_era_start_date"].iloc[0]
    assert (None if pd.isna(value) else f"{value:%Y-%m-%d}") == expected
    unreadable = {"drug_era": 1} if text and expected is None else {}
    assert found.quality.of_rule("value-unreadable") == unreadable


def test_an_infinite_date_is_unreadable_not_a_day_in_the_far_future(make_source: MakeSource) -> None:
    found = imported(make_source(era((1, 1, 9, "infinity", "2001-01-01"))))
    assert found.table("drug_era")["drug_era_start_date"].isna().all()
    assert found.quality.of_rule("value-unreadable") == {"drug_era": 1}


def test_days_outside_the_years_that_readers_know_are_missing_and_counted(make_source: MakeSource) -> None:
    columns = "person_id BIGINT, death_date DATE, death_datetime TIMESTAMP"
    days = ["200000-01-01", "0044-03-15 (BC)", "1066-10-14", "9999-12-31"]
    found = imported(make_source({"death": (columns, [(n, day, day) for n, day in enumerate(days, start=1)])}))
    frame = found.table("death").sort_values("person_id")
    assert frame["death_date"].astype(str).tolist()[2:] == ["1066-10-14", "9999-12-31"]
    assert frame["death_datetime"].isna().tolist() == [True, True, False, False]
    unreadable = {f.columns: f.count for f in found.quality.findings if f.rule == "value-unreadable"}
    assert unreadable == {("death_date",): 2, ("death_datetime",): 2}


def test_a_number_that_is_none_is_missing_and_an_infinite_one_is_counted(make_source: MakeSource) -> None:
    columns = "measurement_id BIGINT, person_id BIGINT, value_as_number DOUBLE, my_score FLOAT"
    rows = [(1, 1, float("nan"), float("nan")), (2, 1, float("inf"), 0.5), (3, 1, 21.0, 0.5)]
    found = imported(make_source({"measurement": (columns, rows)}))
    high = found.query("SELECT measurement_id FROM measurement WHERE value_as_number > 20")
    assert high["measurement_id"].tolist() == [3]
    assert found.query("SELECT count(my_score) AS n FROM measurement")["n"].tolist() == [2]
    assert [(f.columns, f.count) for f in found.quality.findings if f.rule == "value-unreadable"] == [
        (("value_as_number",), 1)
    ]


def test_ids_in_a_list_of_texts_are_read_as_texts_are(make_source: MakeSource) -> None:
    kind = "ENUM('1.5', '7', '8.0')"
    found = imported(make_source(era(("7", 1, 9, None, None), ("8.0", 1, 9, None, None), key=kind)))
    assert sorted(found.table("drug_era")["drug_era_id"]) == [7, 8]
    assert found.quality.of_rule("float-id") == {"drug_era": 1}
    with pytest.raises(ImportRefusedError, match=r"drug_era\.drug_era_id"):
        imported(make_source(era(("1.5", 1, 9, None, None), key=kind), name="other"))


def test_decimals_of_columns_that_the_model_lacks_keep_every_digit(make_source: MakeSource) -> None:
    columns = "person_id BIGINT, death_date DATE, episode_id DECIMAL(38, 0), n DECIMAL(18, 0), code DECIMAL(38, 0)"
    row = (1, "2001-01-01", 2**53 + 1, 10**17 + 1, 10**37 + 1)
    frame = imported(make_source({"death": (columns, [row])})).table("death")
    assert frame[["episode_id", "n", "code"]].iloc[0].tolist() == [2**53 + 1, 10**17 + 1, str(10**37 + 1)]


def test_times_in_a_date_column_are_cut_off_and_counted(make_source: MakeSource) -> None:
    rows = [(1, 1, 9, "2001-01-01 12:30:00", None), (2, 1, 9, "2001-01-01 00:00:00", None)]
    found = imported(make_source(era(*rows, date="TIMESTAMP")))
    assert found.table("drug_era")["drug_era_start_date"].astype(str).tolist() == ["2001-01-01", "2001-01-01"]
    assert found.quality.of_rule("time-cut-off") == {"drug_era": 1}


def test_columns_the_model_lacks_are_kept_and_columns_the_source_lacks_are_empty(make_source: MakeSource) -> None:
    drugs = ("DRUG_EXPOSURE_ID BIGINT, Person_Id BIGINT, drug_concept_id BIGINT, my_score DOUBLE", [(1, 1, 9, 0.5)])
    found = imported(make_source({"Drug_Exposure": drugs}))
    frame = found.table("drug_exposure")
    assert frame["my_score"].tolist() == [0.5]
    assert frame["drug_exposure_start_date"].isna().all()
    findings = {f.rule: f.columns for f in found.quality.findings if f.table == "drug_exposure"}
    assert findings["column-not-in-model"] == ("my_score",)
    assert findings["column-name-case"] == ("drug_exposure_id", "person_id")
    assert "drug_exposure_start_date" in findings["required-column-missing"]


def test_tables_the_model_lacks_are_kept_and_bucketed_when_they_belong_to_persons(make_source: MakeSource) -> None:
    found = imported(
        make_source({"scores": ("person_id DOUBLE, score DOUBLE", [(1, 0.5), (5, 2.5)]), "notes": ("n INT", [(3,)])})
    )
    assert found.tables["scores"].bucketed
    assert sorted(found.table("scores")["person_id"]) == [1, 5]
    assert not found.tables["notes"].bucketed
    assert sorted(found.quality.of_rule("table-not-in-model")) == ["notes", "scores"]


@pytest.mark.parametrize("table", ["../evil", "a/b", "..", "_concept_counts", "manifest.json", ".spill", "x\x1b[31m"])
def test_a_table_s_name_cannot_lead_out_of_the_release(make_source: MakeSource, table: str) -> None:
    source = make_source({table: ("person_id BIGINT, n INT", [(1, 3), (2, 4)])})
    found = imported(source)
    assert list(found.tables) == ["person", "observation_period"]
    (count,) = found.quality.of_rule("table-name").values()
    assert count == 2
    assert "\x1b" not in report_text(found)
    here = {path.name for path in source.parent.iterdir()}
    assert here == {"source.duckdb", "data"}
    assert check_release(found.path) == {}


def test_column_names_of_any_signs_are_carried_over(make_source: MakeSource) -> None:
    drugs = ('drug_exposure_id BIGINT, person_id BIGINT, "a ""b"", \x1b[31m" DOUBLE', [(1, 1, 0.5)])
    found = imported(make_source({"drug_exposure": drugs}))
    assert found.table("drug_exposure")['a "b", \x1b[31m'].tolist() == [0.5]
    assert "\x1b" not in report_text(found)


def test_a_column_called_as_the_import_calls_its_own_is_carried_over(make_source: MakeSource) -> None:
    drugs = (
        "drug_exposure_id BIGINT, person_id BIGINT, __BUCKET BIGINT, __bucket_ BIGINT",
        [(1, 1, 7, 8), (2, 5, 9, 1)],
    )
    frame = imported(make_source({"drug_exposure": drugs})).table("drug_exposure").sort_values("drug_exposure_id")
    assert frame[["__bucket", "__bucket_"]].to_numpy().tolist() == [[7, 8], [9, 1]]


@pytest.mark.parametrize(
    ("table", "columns", "says"),
    [
        ("death", 'person_id BIGINT, "\u00c9" BIGINT, "\u00e9" BIGINT', "names a column twice; found \u00e9"),
        ("other", '"\u00c9" BIGINT, "\u00e9" BIGINT', "table other names a column twice"),
    ],
)
def test_columns_that_differ_only_in_case_are_refused(
    make_source: MakeSource, table: str, columns: str, says: str
) -> None:
    with pytest.raises(SourceError, match=says):
        imported(make_source({table: (columns, [])}))


def test_tables_that_differ_only_in_case_are_refused(make_source: MakeSource) -> None:
    with pytest.raises(SourceError, match="differ only in case"):
        imported(make_source({"\u00c9": ("n BIGINT", []), "\u00e9": ("n BIGINT", [])}))


def test_rows_without_a_key_come_in_the_same_order_whatever_the_source_s(make_source: MakeSource) -> None:
    columns = "measurement_id BIGINT, person_id BIGINT, measurement_concept_id BIGINT, value_as_number DOUBLE"
    rows = [(None, 1, 5, float(n)) for n in range(9)] + [(7, 1, 5, 0.0)]
    files = []
    for name, ordered in (("one", rows), ("two", rows[::-1])):
        source = make_source({"measurement": (columns, ordered)}, name=name)
        found = import_omop(source, name=name, data=source.parent / "data").dataset
        files.append([file.sha256 for file in found.tables["measurement"].files])
    assert files[0] == files[1]


def test_a_persons_table_without_an_owner_column_is_left_out_and_counted(make_source: MakeSource) -> None:
    found = imported(make_source({"death": ("death_date DATE", [("2001-01-01",), ("2002-01-01",)])}))
    assert "death" not in found.tables
    assert found.quality.of_rule("table-unreadable") == {"death": 2}


def test_one_row_of_data_is_not_taken_for_a_header(make_source: MakeSource) -> None:
    source = (
        "cdm_source_name VARCHAR, cdm_version VARCHAR",
        [("Five people", "v5.4.1")],
    )
    found = imported(
        make_source({"cdm_source": source, "care_site": ("column0 VARCHAR, column1 VARCHAR", [("7", "x")])})
    )
    assert found.quality.of_rule("header-as-data") == {}
    assert (found.title, found.cdm_version) == ("Five people", "5.4")


def test_the_version_is_guessed_from_the_columns_where_nothing_declares_it(make_source: MakeSource) -> None:
    visits = ("visit_occurrence_id BIGINT, person_id BIGINT, admitted_from_concept_id BIGINT", [(1, 1, 0)])
    assert imported(make_source({"visit_occurrence": visits})).cdm_version == "5.4"
    old = ("visit_occurrence_id BIGINT, person_id BIGINT, admitting_source_concept_id BIGINT", [(1, 1, 0)])
    other = make_source({"visit_occurrence": old}, name="other")
    assert import_omop(other, name="other", data=other.parent / "data").dataset.cdm_version == "5.3"


def test_a_source_without_observation_periods_is_imported(tmp_path: Path) -> None:
    path = tmp_path / "bare.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE person AS SELECT 1 AS person_id, 1950 AS year_of_birth")
        connection.execute(
            "CREATE TABLE drug_era AS SELECT 1 AS person_id, 9 AS drug_concept_id, DATE '2001-01-01' "
            "AS drug_era_start_date"
        )
    found = imported(path)
    assert found.years is None
    assert found.quality.of_rule("outside-observation") == {"drug_era": 1}


def test_codes_that_a_reader_took_for_floats_are_written_without_the_point(make_source: MakeSource) -> None:
    conditions = (
        "condition_occurrence_id BIGINT, person_id BIGINT, condition_source_value DOUBLE",
        [(1, 1, 38341003.0), (2, 1, 0.5)],
    )
    found = imported(make_source({"condition_occurrence": conditions}))
    assert sorted(found.table("condition_occurrence")["condition_source_value"]) == ["0.5", "38341003"]


def _empty_person(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE person (person_id BIGINT)")


def _no_person(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE concept (concept_id BIGINT)")


def _two_schemas(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        for schema in ("a", "b"):
            connection.execute(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.person AS SELECT 1 AS person_id")


def _truncated(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE person AS SELECT range AS person_id FROM range(100000)")
    with path.open("r+b") as file:
        file.truncate(20_000)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda path: path.write_text("person_id\n1\n"), "not a DuckDB file"),
        (lambda path: path.write_bytes(b""), "not a DuckDB file"),
        (lambda path: path.mkdir(), "no person table"),
        (lambda path: None, "No such file"),
        (_empty_person, "no person with an id"),
        (_no_person, "no person table"),
        (_two_schemas, "found: a, b"),
        (_truncated, "cannot be opened|could not be read"),
    ],
)
def test_what_is_no_omop_database_is_refused_in_one_clear_line(
    tmp_path: Path, write: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "source.duckdb"
    write(path)
    with pytest.raises((SourceError, ImportRefusedError), match=words) as caught:
        imported(path)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "data").glob("small*"))


def test_the_schema_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "source.duckdb"
    _two_schemas(path)
    assert imported(path, schema="b").n_persons == 1
    with pytest.raises(SourceError, match="a, b"):
        imported(path, schema="c")


def test_a_file_with_changes_waiting_beside_it_is_refused(make_source: MakeSource) -> None:
    source = make_source()
    source.with_name(source.name + ".wal").write_bytes(b"changes")
    with pytest.raises(SourceError, match="not closed"):
        imported(source)


def test_views_of_a_source_cannot_make_the_import_read_other_files(make_source: MakeSource, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("person_id\n1\n")
    source = make_source()
    with duckdb.connect(str(source)) as connection:
        connection.execute(f"CREATE VIEW death AS SELECT * FROM read_csv('{secret}')")
    with pytest.raises(SourceError, match="view death cannot be read from the file alone"):
        imported(source)


def test_views_are_read_like_tables(make_source: MakeSource) -> None:
    tables = {
        "m2": ("id BIGINT, who BIGINT, what BIGINT, on_day DATE", [(7, 1, 5, "2001-01-01"), (8, 2, 5, "2002-01-01")])
    }
    source = make_source(tables)
    with duckdb.connect(str(source)) as connection:
        connection.execute(
            "CREATE VIEW Measurement AS SELECT id AS measurement_id, who AS person_id, what AS measurement_concept_id, "
            "on_day AS measurement_date FROM m2 WHERE id > 7"
        )
    found = imported(source)
    assert found.table("measurement")["measurement_id"].tolist() == [8]
    assert found.tables["measurement"].bucketed


def test_a_view_whose_table_is_gone_is_refused_by_name(make_source: MakeSource) -> None:
    source = make_source({"m2": ("person_id BIGINT", [])})
    with duckdb.connect(str(source)) as connection:
        connection.execute("CREATE VIEW death AS SELECT * FROM m2")
        connection.execute("DROP TABLE m2")
    with pytest.raises(SourceError, match="view death"):
        imported(source)


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.rename(path.with_name("moved")), Path.touch])
def test_a_file_that_changes_or_goes_while_it_is_read_stops_the_import(
    make_source: MakeSource, change: Callable[[Path], object]
) -> None:
    source = make_source()

    def progress(line: str) -> None:
        if line.startswith("checking"):
            change(source)

    with pytest.raises(SourceError, match="changed while it was read"):
        imported(source, progress=progress)
    assert not (source.parent / "data" / "small").exists()
