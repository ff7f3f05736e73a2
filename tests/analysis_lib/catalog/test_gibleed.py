"""GiBleed imported, beside straightforward SQL on its source: the counts are the source's, not ours."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from analysis_lib.catalog import Dataset, bucket_of

EVENTS = {
    "condition_occurrence": ("CONDITION_START_DATE", "CONDITION_END_DATE"),
    "drug_exposure": ("DRUG_EXPOSURE_START_DATE", "DRUG_EXPOSURE_END_DATE"),
    "procedure_occurrence": ("PROCEDURE_DATE", None),
    "measurement": ("MEASUREMENT_DATE", None),
    "observation": ("OBSERVATION_DATE", None),
    "visit_occurrence": ("VISIT_START_DATE", "VISIT_END_DATE"),
    "drug_era": ("DRUG_ERA_START_DATE", "DRUG_ERA_END_DATE"),
    "condition_era": ("CONDITION_ERA_START_DATE", "CONDITION_ERA_END_DATE"),
}


@pytest.fixture
def source(gibleed_file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(gibleed_file), read_only=True) as connection:
        yield connection


def ask(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])


def test_the_published_numbers_are_found(gibleed: Dataset) -> None:
    assert gibleed.n_persons == 2_694
    assert gibleed.tables["observation_period"].rows == 5_343
    assert gibleed.quality.of_rule("owner-unknown") == {"observation_period": 2_649}


def test_every_table_that_holds_only_its_header_is_reported_and_empty(
    gibleed: Dataset, source: duckdb.DuckDBPyConnection
) -> None:
    # A CSV reader that took the header for data gave these tables the names column0, column1, ...
    tables = source.execute(
        "SELECT DISTINCT lower(table_name) FROM information_schema.columns WHERE column_name SIMILAR TO 'column0+'"
    ).fetchall()
    truth = {table for (table,) in tables}
    assert set(gibleed.quality.of_rule("header-as-data")) == truth
    assert len(truth) == 20
    for table in truth:
        assert gibleed.tables[table].rows == 0
        assert gibleed.tables[table].rows_source == 1
        assert gibleed.table(table).empty
    assert gibleed.tables["death"].spec.columns[:2] == ("person_id", "death_date")
    assert str(gibleed.table("death")["person_id"].dtype) == "int64"
    assert str(gibleed.table("death")["death_date"].dtype) == "datetime64[us]"


@pytest.mark.parametrize("table", EVENTS)
def test_events_outside_observation_and_before_birth_are_counted_as_plain_sql_counts_them(
    gibleed: Dataset, source: duckdb.DuckDBPyConnection, table: str
) -> None:
    start, end = EVENTS[table]
    outside = ask(
        source,
        f"SELECT count(*) FROM {table} e WHERE e.PERSON_ID IN (SELECT PERSON_ID FROM person) AND NOT EXISTS ("
        f"SELECT 1 FROM observation_period o WHERE o.PERSON_ID = e.PERSON_ID AND e.{start} "
        "BETWEEN o.OBSERVATION_PERIOD_START_DATE AND o.OBSERVATION_PERIOD_END_DATE)",
    )
    unborn = ask(
        source,
        f"SELECT count(*) FROM {table} e JOIN person p USING (PERSON_ID) "
        f"WHERE e.{start} < make_date(p.YEAR_OF_BIRTH, p.MONTH_OF_BIRTH, p.DAY_OF_BIRTH)",
    )
    backwards = ask(source, f"SELECT count(*) FROM {table} WHERE {end} < {start}") if end else 0
    assert gibleed.quality.of_rule("outside-observation").get(table, 0) == outside
    assert gibleed.quality.of_rule("before-birth").get(table, 0) == unborn
    assert gibleed.quality.of_rule("end-before-start").get(table, 0) == backwards


def test_repeated_keys_are_counted_as_plain_sql_counts_them(
    gibleed: Dataset, source: duckdb.DuckDBPyConnection
) -> None:
    found = gibleed.quality.of_rule("key-duplicate")
    for table in EVENTS:
        truth = ask(source, f"SELECT count({table}_ID) - count(DISTINCT {table}_ID) FROM {table}")
        assert found.get(table, 0) == truth


def test_float_ids_are_reported_and_become_integers(gibleed: Dataset, source: duckdb.DuckDBPyConnection) -> None:
    doubles = source.execute(
        "SELECT lower(table_name) FROM information_schema.columns "
        "WHERE data_type = 'DOUBLE' AND column_name LIKE '%_ID'"
    ).fetchall()
    assert sorted(gibleed.quality.of_rule("float-id")) == sorted(table for (table,) in doubles)
    assert str(gibleed.table("measurement", columns=["measurement_id"]).dtypes.iloc[0]) == "int64"
    assert str(gibleed.table("concept_ancestor").dtypes.iloc[0]) == "int64"


def test_all_column_names_are_lower_case_and_that_is_reported(gibleed: Dataset) -> None:
    for entry in gibleed.tables.values():
        assert all(name == name.lower() for name in entry.spec.columns)
    filled = {name for name, entry in gibleed.tables.items() if entry.rows}
    assert set(gibleed.quality.of_rule("column-name-case")) == filled


def test_every_row_of_the_source_is_there_with_its_values(gibleed: Dataset, source: duckdb.DuckDBPyConnection) -> None:
    for name, entry in gibleed.tables.items():
        if not entry.rows:
            continue
        columns = [c for (c, *_) in source.execute(f"DESCRIBE {name}").fetchall()]
        kinds = {field.name: field.type for field in entry.spec.fields}
        sql_types = {"int": "BIGINT", "float": "DOUBLE", "date": "DATE", "datetime": "TIMESTAMP", "text": "VARCHAR"}
        truth = ", ".join(f"CAST({c} AS {sql_types[kinds[c.lower()]]}) AS {c.lower()}" for c in columns)
        source.execute(f"CREATE OR REPLACE TEMP TABLE truth AS SELECT {truth} FROM {name}")
        names = ", ".join(c.lower() for c in columns)
        files = ", ".join(f"'{path}'" for path in gibleed.paths(name))
        source.execute(f"CREATE OR REPLACE TEMP TABLE found AS SELECT {names} FROM read_parquet([{files}])")
        assert ask(source, "SELECT count(*) FROM (FROM truth EXCEPT ALL FROM found)") == 0, name
        assert ask(source, "SELECT count(*) FROM (FROM found EXCEPT ALL FROM truth)") == 0, name


def test_every_row_lies_in_the_bucket_of_its_person_and_in_no_other(gibleed: Dataset) -> None:
    for name, entry in gibleed.tables.items():
        if not entry.bucketed:
            assert len(entry.files) == 1
            continue
        assert len(entry.files) == gibleed.bucket_count
        person = entry.spec.person
        assert person is not None
        for bucket in range(gibleed.bucket_count):
            (path,) = gibleed.bucket_paths(name, bucket)
            ids = pq.read_table(path, columns=[person]).column(0).to_numpy()
            assert np.all(bucket_of(ids.astype(np.int64), count=gibleed.bucket_count) == bucket)
        assert sum(file.rows for file in entry.files) == entry.rows


def test_rows_are_sorted_by_concept_inside_a_bucket(gibleed: Dataset) -> None:
    for name in ("condition_occurrence", "drug_era", "measurement"):
        spec = gibleed.tables[name].spec
        for path in gibleed.paths(name):
            frame = pq.read_table(path, columns=list(spec.sort_columns)).to_pandas(date_as_object=False)
            assert frame.equals(frame.sort_values(list(spec.sort_columns), kind="stable", ignore_index=True))
            assert spec.concept == spec.sort_columns[0]


def test_the_years_are_those_of_people_who_exist(gibleed: Dataset, source: duckdb.DuckDBPyConnection) -> None:
    first, last = source.execute(
        "SELECT year(min(OBSERVATION_PERIOD_START_DATE)), year(max(OBSERVATION_PERIOD_END_DATE)) "
        "FROM observation_period SEMI JOIN person USING (PERSON_ID)"
    ).fetchall()[0]
    assert gibleed.years == (first, last)


def test_concepts_are_found_in_either_spelling_with_their_counts(
    gibleed: Dataset, source: duckdb.DuckDBPyConnection
) -> None:
    found = gibleed.search_concepts("gastrointestinal haemorrhage")
    assert found["concept_id"].iloc[0] == 192671
    assert found["concept_id"].tolist() == gibleed.search_concepts("hemorrhage gastrointestinal")["concept_id"].tolist()
    n = ask(source, "SELECT count(DISTINCT PERSON_ID) FROM condition_occurrence WHERE CONDITION_CONCEPT_ID = 192671")
    assert found["persons"].iloc[0] == n == 479
    assert gibleed.search_concepts("1118084")["concept_name"].tolist() == ["celecoxib"]
    assert gibleed.search_concepts("no such words").empty
    assert len(gibleed.search_concepts(limit=7)) == 7


def test_concepts_below_are_counted_as_plain_sql_counts_them(
    gibleed: Dataset, source: duckdb.DuckDBPyConnection
) -> None:
    found = gibleed.search_concepts("sinusitis", limit=100).set_index("concept_id")
    below = ask(
        source,
        "SELECT count(DISTINCT DESCENDANT_CONCEPT_ID) FROM concept_ancestor "
        "WHERE ANCESTOR_CONCEPT_ID = 4283893 AND DESCENDANT_CONCEPT_ID <> 4283893",
    )
    assert found.loc[4283893, "descendants"] == below > 0
