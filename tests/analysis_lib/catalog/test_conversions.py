"""What each text of a CSV file becomes, and what is counted as lost: one line for each way of writing."""

from typing import Literal

import pytest

from analysis_lib.catalog.engine import open_engine
from analysis_lib.catalog.importing.conversions import convert
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
    "": MISSING,
    "NA": MISSING,
}
TIMES = {
    "2020-03-04 10:11:12": "2020-03-04 10:11:12",
    "2020-03-04": "2020-03-04 00:00:00",
    "9999-12-31 23:59:59": "9999-12-31 23:59:59",
    "2020-03-04 00:30:00+09": "2020-03-03 15:30:00",
    "2020-03-04T00:30:00.5-0130": "2020-03-04 02:00:00.5",
    "infinity": LOST,
    "noon": LOST,
}
FLOATS = {"1.5": "1.5", "1e3": "1000.0", "1,5": LOST, ">5": LOST, "": MISSING}
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
