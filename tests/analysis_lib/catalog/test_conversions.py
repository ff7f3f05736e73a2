"""What each text of a CSV file becomes, and what is counted as lost: one line for each way of writing."""

from typing import Literal

import pytest

from analysis_lib.catalog.engine import open_engine
from analysis_lib.catalog.importing.conversions import convert, type_of_source
from analysis_lib.catalog.spec import FieldSpec

MISSING, LOST = "missing", "lost"

INTS = {
    "1": "1",
    "-5": "-5",
    " 7 ": "7",
    "+3": "3",
    "9007199254740993": "9007199254740993",
    "-9223372036854775808": "-9223372036854775808",
    "12.0": "12",
    "9007199254740993.0": LOST,
    "9223372036854775808": LOST,
    "1.5": LOST,
    "1e5": LOST,
    "0x1f": LOST,
    "1_000": LOST,
    "--5": LOST,
    "\u0663": LOST,
    "": MISSING,
    "NA": MISSING,
    "NULL": MISSING,
}
DATES = {
    "2020-03-04": "2020-03-04",
    "1066-10-14": "1066-10-14",
    "9999-12-31": "9999-12-31",
    "20200304": "2020-03-04",
    "2020-03-04 10:11:12": "2020-03-04",
    "2020-03-04T00:30:00Z": "2020-03-04",
    "2020-03-04 00:30:00+09": "2020-03-03",
    "43831": LOST,
    "03/04/2020": LOST,
    "4-3-2020": LOST,
    "2020": LOST,
    "20201301": LOST,
    "infinity": LOST,
    " 2020-03-04 ": "2020-03-04",
    "2020-3-4": "2020-03-04",
    "2020-03-04 10:11:12.5": "2020-03-04",
    "9999-12-31 23:59:59+00": "9999-12-31",
    "2020-03-04 10:00 PM": LOST,
    "2020-03-04 10:00:00 EST": LOST,
    "2020111": LOST,
    "epoch": LOST,
    "3-4-20": LOST,
    "2020-3-4 x": LOST,
    "0044-03-15 (BC)": LOST,
    "-044-03-15": LOST,
    "0000-01-01": LOST,
    "00000101": LOST,
    "12020-01-01": LOST,
    "0001-01-01 00:00:00+09": LOST,
    "9999-12-31 23:00:00-09": LOST,
    "": MISSING,
    "NA": MISSING,
}
TIMES = {
    "2020-03-04 10:11:12": "2020-03-04 10:11:12",
    "2020-03-04": "2020-03-04 00:00:00",
    "9999-12-31 23:59:59": "9999-12-31 23:59:59",
    "2020-03-04 00:30:00+09": "2020-03-03 15:30:00",
    "2020-03-04T00:30:00.5-0130": "2020-03-04 02:00:00.5",
    " 2020-03-04T10:11Z ": "2020-03-04 10:11:00",
    "2020-03-04 10:11:12 UTC": "2020-03-04 10:11:12",
    "20200304": "2020-03-04 00:00:00",
    "9999-12-31T23:59:59.999999": "9999-12-31 23:59:59.999999",
    "9999-12-31 24:00:00": LOST,
    "2020-03-04 10:00 PM": LOST,
    "2020-03-04 10:00:00 pm": LOST,
    "2020-03-04 10:00:00 EST": LOST,
    "2020-03-04 10:00:00 5": LOST,
    "0044-03-15 (BC) 10:00:00": LOST,
    "0000-03-15 10:00:00": LOST,
    "10000-03-04 10:00:00": LOST,
    "epoch": LOST,
    "infinity": LOST,
    "noon": LOST,
}
FLOATS = {
    "1.5": "1.5",
    " 1.5 ": "1.5",
    "1e3": "1000.0",
    "1,5": LOST,
    ">5": LOST,
    "1_0": LOST,
    "inf": LOST,
    "-Infinity": LOST,
    "1e400": LOST,
    "NaN": MISSING,
    "nan": MISSING,
    "": MISSING,
}
ALL = {"int": INTS, "date": DATES, "datetime": TIMES, "float": FLOATS}


@pytest.mark.parametrize(
    ("kind", "text", "expected"), [(kind, text, out) for kind, texts in ALL.items() for text, out in texts.items()]
)
def test_a_text_becomes_its_value_or_is_counted(
    kind: Literal["int", "date", "datetime", "float"], text: str, expected: str
) -> None:
    conversion = convert('"v"', "VARCHAR", field=FieldSpec("some_id", kind))
    query = f"SELECT CAST({conversion.value} AS VARCHAR), {conversion.unreadable} FROM (SELECT ?::VARCHAR AS v)"
    with open_engine() as connection:
        value, lost = connection.execute(query, [text]).fetchall()[0]
    assert (LOST if lost else MISSING if value is None else value) == expected


def test_a_time_of_day_in_a_text_of_a_day_is_counted_as_cut_off() -> None:
    conversion = convert('"v"', "VARCHAR", field=FieldSpec("some_date", "date"))
    texts = ["2020-03-04", "2020-03-04 00:00:00", "2020-03-04 10:11:12", "2020-03-04T10:11:12+09:00", None, "x" * 12]
    with open_engine() as connection:
        query = f"SELECT count(*) FILTER ({conversion.cut_off}) FROM (SELECT unnest(?) AS v)"
        assert connection.execute(query, [texts]).fetchall() == [(2,)]


@pytest.mark.parametrize(
    ("kind", "source_type", "value", "expected"),
    [
        ("float", "DOUBLE", "'nan'", MISSING),
        ("float", "FLOAT", "'nan'", MISSING),
        ("float", "DOUBLE", "'-inf'", LOST),
        ("float", "DOUBLE", "1.5", "1.5"),
        ("text", "DOUBLE", "'nan'", MISSING),
        ("date", "DATE", "'9999-12-31'", "9999-12-31"),
        ("date", "DATE", "'0001-01-01'", "0001-01-01"),
        ("date", "DATE", "'300000-01-01'", LOST),
        ("date", "DATE", "'0044-03-15 (BC)'", LOST),
        ("date", "TIMESTAMP", "'9999-12-31 23:59:59.999999'", "9999-12-31"),
        ("date", "TIMESTAMP", "'10000-01-01 00:00:00'", LOST),
        ("datetime", "DATE", "'300000-01-01'", LOST),
        ("datetime", "DATE", "'9999-12-31'", "9999-12-31 00:00:00"),
        ("datetime", "TIMESTAMP_S", "'10000-01-01 00:00:00'", LOST),
        ("datetime", "TIMESTAMP_NS", "'1700-01-01 00:00:00'", "1700-01-01 00:00:00"),
        ("datetime", "TIMESTAMP_NS", "'infinity'", LOST),
        ("datetime", "TIMESTAMP WITH TIME ZONE", "'9999-12-31 23:59:59+00'", "9999-12-31 23:59:59"),
        ("datetime", "TIMESTAMP WITH TIME ZONE", "'9999-12-31 23:59:59-01'", LOST),
        ("datetime", "TIMESTAMPTZ_NS", "'2020-03-04 01:30:00+09'", "2020-03-03 16:30:00"),
        ("date", "INTEGER", "20200131", "2020-01-31"),
        ("date", "DOUBLE", "20200131", "2020-01-31"),
        ("date", "INTEGER", "2020111", LOST),
        ("date", "INTEGER", "43831", LOST),
        ("datetime", "BIGINT", "20200131", "2020-01-31 00:00:00"),
        ("datetime", "BIGINT", "1580428800", LOST),
        ("int", "ENUM('1', '1.5')", "'1.5'", LOST),
        ("int", "ENUM('1', '1.5')", "'1'", "1"),
        ("date", "ENUM('2020-01-31')", "'2020-01-31'", "2020-01-31"),
        ("float", "ENUM('1.5')", "'1.5'", "1.5"),
        ("int", "DECIMAL(18,2)[]", "[1.5]", LOST),
        ("text", "DECIMAL(18,2)[]", "[1.5]", "[1.50]"),
        ("date", "DATE[]", "[DATE '2020-01-31']", LOST),
    ],
)
def test_a_typed_value_becomes_its_value_or_is_counted(
    kind: Literal["int", "date", "datetime", "float", "text"], source_type: str, value: str, expected: str
) -> None:
    conversion = convert('"v"', source_type, field=FieldSpec("some_id", kind))
    query = f"SELECT CAST({conversion.value} AS VARCHAR), {conversion.unreadable or 'false'} FROM source"
    with open_engine() as connection:
        connection.execute(f"CREATE TABLE source AS SELECT CAST({value} AS {source_type}) AS v")
        found, lost = connection.execute(query).fetchall()[0]
    assert (LOST if lost else MISSING if found is None else found) == expected


@pytest.mark.parametrize(
    ("source_type", "name", "expected"),
    [
        ("DECIMAL(38,0)", "visit_id", "int"),
        ("DECIMAL(20,2)", "visit_id", "int"),
        ("DECIMAL(18,0)", "score", "int"),
        ("DECIMAL(19,0)", "score", "text"),
        ("DECIMAL(18,1)", "score", "float"),
        ("DECIMAL(18,2)[]", "score", "text"),
        ("INTEGER[3]", "score", "text"),
        ("DATE[]", "score", "text"),
        ("STRUCT(a INTEGER)", "score", "text"),
        ("ENUM('a', 'b')", "score", "text"),
        ("TIMESTAMPTZ_NS", "score", "datetime"),
    ],
)
def test_a_column_that_the_model_lacks_keeps_every_digit(source_type: str, name: str, expected: str) -> None:
    assert type_of_source(source_type, name) == expected
