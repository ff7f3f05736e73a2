"""Reading the numbers of a cell."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_config.reports.changes.cells import as_raw, is_value, label_key, read_cell


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,234 (56.7)", (1234, 56.7)),
        ("55.7 [51.0 to 64.1]", (55.7, 51.0, 64.1)),
        ("-3 to -1", (-3, -1)),
        ("−0.3 (−1.0 to 0.2)", (-0.3, -1.0, 0.2)),
        ("12/345", (12, 345)),
        ("1.1,1.6", (1.1, 1.6)),
        ("<0.001", (0.001,)),
        ("10 %", (10,)),
        ("1e-05", (1e-05,)),
        ("6.22830956886157e-97", (6.22830956886157e-97,)),
        ("∞", (math.inf,)),
        ("-inf", (-math.inf,)),
        ("40-49", (40, 49)),
    ],
)
def test_numbers_are_found_as_they_are_written(text, numbers):
    assert read_cell(text).numbers == numbers


@pytest.mark.parametrize(
    "text",
    [
        "2015-01-01",
        "2015-01",
        "07:30",
        "1/2/2020",
        "T2DM",
        "COVID-19",
        "007",
        "1.2.3",
        "5mg",
        "v2",
        "9" * 60,
        "Welch's t test",
    ],
)
def test_dates_codes_and_words_are_text(text):
    assert read_cell(text).numbers == ()


@pytest.mark.parametrize("text", [None, "", "  ", "NaN", "NA", "–", "<NA>", math.nan])
def test_what_stands_for_nothing_is_missing(text):
    assert read_cell(text).is_missing


@pytest.mark.parametrize("text", ["12 (3.4)", "0.5", "<0.001", "1.2 (0.9 to 1.5)", "12%", "3/7"])
def test_measures_are_values(text):
    assert is_value(read_cell(text))


@pytest.mark.parametrize("text", ["40-49", "18–44", "65+", "n=12", "Age 40", "female", "2015-01-01"])
def test_labels_are_no_values(text):
    assert not is_value(read_cell(text))


@given(st.integers(-(2**62), 2**62))
def test_whole_numbers_keep_every_digit(number):
    assert read_cell(f"{number:,}").numbers == read_cell(str(number)).numbers == (number,)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_written_by_pandas_come_back(number):
    assert read_cell(repr(number)).numbers == (number,)


@given(st.text(max_size=40))
def test_any_text_is_read(text):
    cell = read_cell(text)
    assert all(math.isfinite(number) or math.isinf(number) for number in cell.numbers)


def test_three_and_three_point_zero_are_one_label_and_codes_are_not():
    assert label_key("3") == label_key("3.0") == label_key(3.0)
    assert label_key("007") == "007" != label_key("7")
    assert label_key(" NA ") == "NA"


def test_values_of_json_are_taken_or_left():
    assert as_raw(True) == 1
    assert as_raw(2**70) is None
    assert as_raw(["a"]) is None
    assert as_raw("\ud800").encode() == b"?"


def test_texts_that_differ_behind_the_cut_still_differ():
    assert as_raw("a" * 3000 + "x") != as_raw("a" * 3000 + "y")
    assert len(as_raw("a" * 3000)) == 2000
