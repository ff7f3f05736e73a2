"""Imports from a real PostgreSQL server, started here."""

import itertools
import logging
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import duckdb
import pandas as pd
import pytest
from adbc_driver_postgresql import dbapi

from analysis_lib.catalog import Dataset, import_omop, open_catalog
from analysis_lib.catalog.importing import source_postgresql
from analysis_lib.catalog.quality.reporting import report_html, report_text
from analysis_lib.errors import ImportRefusedError, SourceError
from analysis_lib.testing.synthetic.generating import synthetic_omop
from tests.analysis_lib.catalog.postgresql_server import PASSWORD, Server, running_server

MARK = "markedtext"
PERSON = """
    CREATE TABLE person (person_id bigint, gender_concept_id int, year_of_birth int);
    INSERT INTO person VALUES (1, 8507, 1950), (2, 8532, 1960), (3, 8507, 1970);
"""
TYPES = {"BIGINT": "bigint", "DOUBLE": "double precision", "DATE": "date", "TIMESTAMP": "timestamp", "VARCHAR": "text"}

NewDatabase = Callable[..., str]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running_server() as running:
        yield running


@pytest.fixture(scope="session")
def new_database(server: Server) -> NewDatabase:
    """Make a database from statements and return its name."""
    numbers = itertools.count()

    def make(sql: str = "", *, options: str = "") -> str:
        name = f"hospital_{next(numbers)}"
        server.run(f"CREATE DATABASE {name} {options}")
        server.run(sql, database=name)
        return name

    return make


def shown(error: BaseException) -> str:
    return str(error) + repr(error) + "".join(traceback.format_exception(error))


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and ".locks" not in path.parts)


def copy_to_server(source: Path, *, server: Server, database: str) -> None:
    with (
        duckdb.connect(str(source), read_only=True) as file,
        dbapi.connect(server.url(database), autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        for (table,) in file.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            columns = file.execute(f"DESCRIBE {table}").fetchall()
            declared = ", ".join(f'"{name}" {TYPES[kind]}' for name, kind, *_ in columns)
            server.run(f"CREATE TABLE {table} ({declared})", database=database)
            rows = file.sql(f"FROM {table}").to_arrow_table()
            if rows.num_rows:
                cursor.adbc_ingest(table, rows, mode="append")


def assert_same_tables(one: Dataset, two: Dataset) -> None:
    assert list(one.tables) == list(two.tables)
    for name in one.tables:
        pd.testing.assert_frame_equal(one.table(name), two.table(name))


def test_the_same_data_from_a_file_and_from_a_server_gives_the_same_release(
    server: Server, new_database: NewDatabase, tmp_path: Path
) -> None:
    file = tmp_path / "synthetic.duckdb"
    synthetic_omop(file, persons=200, seed=3, measurements_per_person=20, wide_ids=True)
    database = new_database()
    copy_to_server(file, server=server, database=database)
    from_file = import_omop(file, name="from_file", data=tmp_path / "data").dataset
    from_server = import_omop(server.url(database), name="from_server", data=tmp_path / "data").dataset
    assert_same_tables(from_server, from_file)
    assert from_server.quality.to_dict() == from_file.quality.to_dict()
    ids = from_server.table("person")["person_id"]
    assert ids.min() < 0
    assert ids.abs().max() > 2**53


def test_numbers_that_are_none_are_missing_and_infinite_ones_are_counted(
    server: Server, new_database: NewDatabase, tmp_path: Path
) -> None:
    database = new_database(f"""
        {PERSON}
        CREATE TABLE measurement (measurement_id bigint, person_id bigint, value_as_number numeric, range_low float8);
        INSERT INTO measurement VALUES (1, 1, 'NaN', 'NaN'), (2, 1, 21, 'Infinity'), (3, 1, NULL, NULL);
    """)
    dataset = import_omop(server.url(database), name="a", data=tmp_path / "data").dataset
    counts = dataset.query("SELECT count(value_as_number) AS v, count(range_low) AS r FROM measurement")
    assert counts.iloc[0].tolist() == [1, 0]
    assert dataset.quality.of_rule("value-unreadable") == {"measurement": 1}


def test_ids_dates_and_numbers_arrive_as_they_are_whatever_their_type_and_case(
    server: Server, new_database: NewDatabase, tmp_path: Path
) -> None:
    database = new_database("""
        CREATE DOMAIN identifier AS numeric(20);
        CREATE TABLE "Person" ("PERSON_ID" identifier, "Year_Of_Birth" numeric, gender_source_value char(5),
            race_source_value numeric(5, 2), birth_datetime timestamptz, token uuid, record jsonb, remark bytea,
            "weight (kg)" numeric, flag boolean);
        INSERT INTO "Person" VALUES
            (9007199254740993, 1950, 'F', 250, '1950-01-01 01:30+09', '00000000-0000-0000-0000-000000000001',
             '{"a": 1}', '\\xff00', 70.25, true),
            (-9223372036854775807, 1960.0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
        CREATE TABLE "DEATH" (person_id numeric, death_date date, death_datetime timestamp);
        INSERT INTO "DEATH" VALUES
            (9007199254740993.00, '1066-10-14', '1066-10-14 23:59:59.123456'),
            (-9223372036854775807, '9999-12-31', '9999-12-31 23:59:59.999999');
    """)
    dataset = import_omop(server.url(database), name="a", data=tmp_path / "data").dataset
    person = dataset.table("person").set_index("person_id").sort_index()
    assert person.index.tolist() == [-(2**63) + 1, 2**53 + 1]
    first = person.loc[2**53 + 1]
    assert first["birth_datetime"] == pd.Timestamp("1949-12-31 16:30")
    assert first[["year_of_birth", "gender_source_value", "race_source_value"]].tolist() == [1950, "F", "250.00"]
    assert first["weight (kg)"] == 70.25
    assert first[["token", "record", "remark"]].tolist() == [
        "00000000-0000-0000-0000-000000000001",
        '{"a": 1}',
        "\\xff00",
    ]
    with duckdb.connect() as connection:
        files = str(dataset.path / "death" / "*.parquet")
        rows = connection.execute(
            "SELECT person_id, death_date::VARCHAR, death_datetime::VARCHAR FROM read_parquet(?) ORDER BY 1", [files]
        ).fetchall()
    assert rows == [
        (-(2**63) + 1, "9999-12-31", "9999-12-31 23:59:59.999999"),
        (2**53 + 1, "1066-10-14", "1066-10-14 23:59:59.123456"),
    ]


def test_days_without_an_end_are_missing_and_counted(server: Server, new_database: NewDatabase, tmp_path: Path) -> None:
    database = new_database(f"""{PERSON}
        CREATE TABLE death (person_id bigint, death_date date, death_datetime timestamp);
        INSERT INTO death VALUES (1, 'infinity', '-infinity'), (2, '-infinity', 'infinity'), (3, '2001-02-03', NULL);
    """)
    dataset = import_omop(server.url(database), name="a", data=tmp_path / "data").dataset
    assert dataset.table("death")["death_date"].notna().sum() == 1
    assert dataset.table("death")["death_datetime"].notna().sum() == 0
    found = {f.columns: f.count for f in dataset.quality.findings if f.rule == "value-unreadable"}
    assert found == {("death_date",): 2, ("death_datetime",): 2}


def test_numeric_ids_that_are_not_whole_are_refused(server: Server, new_database: NewDatabase, tmp_path: Path) -> None:
    database = new_database(f"{PERSON} CREATE TABLE death (person_id numeric); INSERT INTO death VALUES (1), (77.5);")
    with pytest.raises(ImportRefusedError, match=r"found in death\.person_id"):
        import_omop(server.url(database), name="a", data=tmp_path / "data")
    assert not files_below(tmp_path / "data")


def test_partitions_are_read_once_and_views_are_tables(
    server: Server, new_database: NewDatabase, tmp_path: Path
) -> None:
    database = new_database(f"""{PERSON}
        CREATE TABLE measurement (measurement_id int, person_id int, measurement_date date)
            PARTITION BY RANGE (measurement_date);
        CREATE TABLE measurement_old PARTITION OF measurement FOR VALUES FROM ('2000-01-01') TO ('2010-01-01');
        CREATE TABLE measurement_new PARTITION OF measurement FOR VALUES FROM ('2010-01-01') TO ('2030-01-01');
        INSERT INTO measurement VALUES (1, 1, '2005-01-01'), (2, 2, '2015-01-01');
        CREATE TABLE observation (observation_id int, person_id int, observation_date date);
        CREATE TABLE observation_more () INHERITS (observation);
        INSERT INTO observation_more VALUES (1, 3, '2005-01-01');
        CREATE VIEW death AS SELECT person_id, date '2020-01-01' AS death_date FROM person WHERE person_id = 1;
        CREATE MATERIALIZED VIEW note AS SELECT 1 AS note_id, 2 AS person_id, 'written'::text AS note_text;
    """)
    dataset = import_omop(server.url(database), name="a", data=tmp_path / "data").dataset
    rows = {name: entry.rows for name, entry in dataset.tables.items()}
    assert rows == {"person": 3, "measurement": 2, "observation": 1, "death": 1, "note": 1}


def test_everything_is_read_as_it_was_at_one_moment(server: Server, new_database: NewDatabase, tmp_path: Path) -> None:
    database = new_database(f"{PERSON} CREATE TABLE death (person_id bigint, death_date date);")
    written = []

    def write_meanwhile(line: str) -> None:
        if line.startswith("reading death"):
            server.run(
                "INSERT INTO person VALUES (4, 0, 1980); DELETE FROM person WHERE person_id = 1", database=database
            )
            written.append(line)

    data = tmp_path / "data"
    dataset = import_omop(server.url(database), name="a", data=data, progress=write_meanwhile).dataset
    assert len(written) == 1
    assert sorted(dataset.table("person")["person_id"]) == [1, 2, 3]
    again = import_omop(server.url(database), name="a", data=data)
    assert again.created
    assert sorted(again.dataset.table("person")["person_id"]) == [2, 3, 4]


def test_the_same_rows_again_change_nothing_whatever_their_order(
    server: Server, new_database: NewDatabase, tmp_path: Path
) -> None:
    database = new_database(PERSON)
    data = tmp_path / "data"
    first = import_omop(server.url(database), name="a", data=data)
    # An update writes the row anew, at the table's end.
    server.run("UPDATE person SET year_of_birth = 1950 WHERE person_id = 1", database=database)
    before = files_below(data)
    second = import_omop(server.url(database), name="a", data=data)
    assert (first.created, second.created) == (True, False)
    assert second.dataset.release == first.dataset.release
    assert files_below(data) == before
    server.run("UPDATE person SET year_of_birth = 1951 WHERE person_id = 1", database=database)
    assert import_omop(server.url(database), name="a", data=data).created


def test_the_schema_with_a_person_table_is_found_or_must_be_named(
    server: Server, new_database: NewDatabase, tmp_path: Path
) -> None:
    database = new_database(f"CREATE SCHEMA cdm; SET search_path = cdm; {PERSON}")
    data = tmp_path / "data"
    assert import_omop(server.url(database), name="a", data=data).dataset.n_persons == 3
    server.run(f'CREATE SCHEMA "Other One"; SET search_path = "Other One"; {PERSON}', database=database)
    server.run('DELETE FROM "Other One".person WHERE person_id = 1', database=database)
    with pytest.raises(SourceError, match=r"several schemas hold a person table; found: Other One, cdm\."):
        import_omop(server.url(database), name="a", data=data)
    with pytest.raises(SourceError, match="schemas with one: Other One, cdm"):
        import_omop(server.url(database), name="a", data=data, schema="CDM")
    chosen = import_omop(server.url(database), name="b", data=data, schema="Other One").dataset
    assert chosen.n_persons == 2
    assert chosen.manifest.source["schema"] == "Other One"


FOR_READER = "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;"
NO_RIGHT = "no right to read all columns of tables of the schema; found"
REFUSALS = {
    "no person table": ("CREATE TABLE other (a int)", "the database has no person table"),
    "no right on a table": (
        f"{PERSON} CREATE TABLE death (person_id int); GRANT SELECT ON person TO reader",
        f"{NO_RIGHT} death",
    ),
    "no right on a column": (f"{PERSON} GRANT SELECT (person_id) ON person TO reader", f"{NO_RIGHT} person"),
    "no right on the schema": (
        f"CREATE SCHEMA cdm; SET search_path = cdm; {PERSON} GRANT SELECT ON person TO reader",
        f"{NO_RIGHT} person",
    ),
    "rows hidden by a policy": (
        f"{PERSON} {FOR_READER} ALTER TABLE person ENABLE ROW LEVEL SECURITY",
        "row-level security would leave rows out unseen; found person",
    ),
    "tables alike": (
        f'{PERSON} CREATE TABLE "Person" (a int); {FOR_READER}',
        "names of tables differ only in case; found Person, person",
    ),
    "columns alike": (
        f'CREATE TABLE person (person_id int, "Person_ID" int); {FOR_READER}',
        "columns of a table differ only in case; found person",
    ),
    "a view that fails at a row": (
        f"""{PERSON} CREATE VIEW death AS
        SELECT i AS person_id, (CASE WHEN i = 90000 THEN '{MARK}' ELSE '1' END)::int AS x
        FROM generate_series(1, 100000) i; {FOR_READER}""",
        "table death cannot be read to its end; ",
    ),
    "a connection lost in the middle": (
        f"""{PERSON} CREATE VIEW death AS
        SELECT i AS person_id, repeat('x', 100) || (i = 300000 AND pg_terminate_backend(pg_backend_pid())) AS x
        FROM generate_series(1, 400000) i; {FOR_READER}""",
        "table death cannot be read to its end; the connection was lost",
    ),
    "a materialised view without content": (
        f"{PERSON} CREATE MATERIALIZED VIEW death AS SELECT 1 AS person_id WITH NO DATA; {FOR_READER}",
        "table death cannot be read to its end; ",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_read_whole_is_refused_without_values_and_changes_nothing(
    case: str,
    server: Server,
    new_database: NewDatabase,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    sql, said = REFUSALS[case]
    make_reader(server)
    database = new_database(sql)
    data = tmp_path / "data"
    with pytest.raises(SourceError) as caught:
        import_omop(server.url(database, user="reader"), name="a", data=data)
    assert said in str(caught.value)
    output = shown(caught.value) + caplog.text + "".join(capfd.readouterr())
    assert PASSWORD not in output
    assert MARK not in output
    assert not files_below(data)
    assert open_catalog(data).listing() == []


def make_reader(server: Server) -> None:
    if not server.run("SELECT 1 FROM pg_roles WHERE rolname = 'reader'"):
        server.run(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")


def test_a_connection_closed_between_two_tables_leaves_the_old_release(
    server: Server, new_database: NewDatabase, tmp_path: Path
) -> None:
    database = new_database(f"{PERSON} CREATE TABLE death (person_id bigint, death_date date);")
    data = tmp_path / "data"
    old = import_omop(server.url(database), name="a", data=data).dataset.release
    server.run("DELETE FROM person WHERE person_id = 1", database=database)
    before = files_below(data)

    def close_it(line: str) -> None:
        if line.startswith("reading person"):
            server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cohorthub'")

    with pytest.raises(SourceError, match="table person cannot be read to its end; the connection was lost"):
        import_omop(server.url(database), name="a", data=data, progress=close_it)
    assert files_below(data) == before
    assert import_omop(server.url(database), name="a", data=data).dataset.release != old


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ZeroDivisionError])
def test_a_stop_in_the_middle_of_a_table_stays_what_it_was(
    stop: type[BaseException],
    server: Server,
    new_database: NewDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(source_postgresql, "_TELL_EVERY_S", 0.0)
    database = new_database("CREATE TABLE person AS SELECT i AS person_id FROM generate_series(1, 500000) i; ANALYZE")

    def stop_it(line: str) -> None:
        if "of about 500,000 rows" in line:
            raise stop

    with pytest.raises(stop):
        import_omop(server.url(database), name="a", data=tmp_path / "data", progress=stop_it)
    assert not files_below(tmp_path / "data")


def test_a_server_that_cannot_be_entered_is_named_without_the_password(
    server: Server, new_database: NewDatabase, tmp_path: Path
) -> None:
    database = new_database(PERSON)
    secret = "another%40secret"
    good = f"127.0.0.1:{server.port}/{database}"
    wrong = {
        f"postgresql://postgres:{secret}@{good}": "the user or password is wrong",
        f"postgresql://nobody:{secret}@{good}": "the user or password is wrong",
        f"postgresql://postgres@{good}?passfile=/dev/null": "the user or password is wrong",
        f"postgresql://postgres:{secret}@127.0.0.1:1/{database}": "no server answers there",
        f"postgres://postgres:{secret}@no-such-host.invalid/{database}": "no server answers there",
        server.url("no_such_database"): "the database or a name in the URL is not there",
        f"postgresql://postgres:{secret}@[::1/{database}": "the URL",
        f"postgresql://postgres:{secret}@{good}?nonsense=1": "the URL",
        f"postgresql://post gres:{secret}@{good}": "the URL",
    }
    for url, said in wrong.items():
        with pytest.raises(SourceError) as caught:
            import_omop(url, name="a", data=tmp_path / "data")
        assert said in str(caught.value), url
        for hidden in (secret, "another@secret", PASSWORD, "nonsense", "post gres"):
            assert hidden not in str(caught.value) + "".join(traceback.format_exception(caught.value))


def cohorthub(*words: str, home: Path) -> str:
    command = [sys.executable, "-m", "hub_config.cli", "data", *words, "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("way", ["in the URL", "in PGPASSWORD", "in a password file"])
def test_the_command_shows_the_password_nowhere(
    way: str, server: Server, new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = new_database(PERSON)
    url = server.url(database, password=PASSWORD if way == "in the URL" else None)
    if way == "in PGPASSWORD":
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
    if way == "in a password file":
        file = tmp_path / "pgpass"
        file.write_text(f"127.0.0.1:{server.port}:*:postgres:{PASSWORD}\n", encoding="ascii")
        file.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(file))
    home = tmp_path / "home"
    imported = cohorthub("import", "omop", url, "--name", "clinic", home=home)
    reported = cohorthub("report", "clinic", home=home)
    assert f"database {database}, schema public" in reported
    dataset = open_catalog(home / "data")["clinic"]
    source = dataset.manifest.source
    assert source["kind"] == "postgresql"
    assert source["host"] == "127.0.0.1"
    assert source["server_version"].startswith(server.run("SHOW server_version").split()[0])
    everything = imported + reported + report_text(dataset) + report_html(dataset) + repr(dataset)
    assert PASSWORD not in everything
    assert all(PASSWORD.encode() not in file.read_bytes() for file in files_below(home))
    assert "postgres:" not in (dataset.path / "manifest.json").read_text(encoding="utf-8")


def test_a_socket_is_a_local_host_and_its_folder_is_not_kept(
    server: Server, new_database: NewDatabase, tmp_path: Path
) -> None:
    database = new_database(PERSON)
    login = f"postgres:{PASSWORD}"
    folder = quote(str(server.folder), safe="")
    for number, url in enumerate(
        (
            f"postgresql://{login}@{folder}:{server.port}/{database}",
            f"postgres://{login}@/{database}?host={folder}&port={server.port}",
        )
    ):
        dataset = import_omop(url, name=f"a{number}", data=tmp_path / "data").dataset
        assert dataset.n_persons == 3
        assert dataset.manifest.source["host"] == "local"


def test_texts_of_other_encodings_become_utf8_and_bytes_without_one_are_refused(
    server: Server, new_database: NewDatabase, tmp_path: Path
) -> None:
    said = f"{PERSON} ALTER TABLE person ADD gender_source_value text;"
    latin = new_database(
        f"{said} SET client_encoding = 'UTF8'; UPDATE person SET gender_source_value = 'männlich';",
        options="ENCODING 'LATIN1' TEMPLATE template0",
    )
    dataset = import_omop(server.url(latin), name="a", data=tmp_path / "data").dataset
    assert set(dataset.table("person")["gender_source_value"]) == {"männlich"}
    unknown = new_database(
        f"{said} UPDATE person SET gender_source_value = E'm\\xe4nnlich';",
        options="ENCODING 'SQL_ASCII' TEMPLATE template0",
    )
    with pytest.raises(SourceError, match="text that is not UTF-8"):
        import_omop(server.url(unknown), name="b", data=tmp_path / "data")
