"""The runs of a sweep in one table."""

import csv
import io
import json

import pandas as pd
import pytest

from hub_config.reports.changes import roll_up
from hub_config.reports.changes.roll_up import neutral_cell

from .conftest import number, table


@pytest.fixture
def sweep(make_run):
    def run(name, ward, *outputs, status="succeeded"):
        return make_run(name, *outputs, record={"status": status, "parameters": {"ward": ward, "days": 7}})

    return [
        run("r1", "A", number("events", 3), number("rate", 0.25), table("t")),
        run("r2", "=cmd|' /C calc'!A0", number("events", 5)),
        run("r3", None, number("rate", -0.5), number("extra", 1), status="failed"),
    ]


def test_a_row_per_run_and_a_column_per_number(sweep):
    found = roll_up(sweep)
    assert (found.parameters, found.numbers) == (("ward",), ("events", "rate", "extra"))
    assert found.titles[0] == "The events"
    assert [(row.run_id, row.status, row.numbers) for row in found.rows] == [
        ("r1", "succeeded", (3, 0.25, None)),
        ("r2", "succeeded", (5, None, None)),
        ("r3", "failed", (None, -0.5, 1)),
    ]
    json.dumps(found.to_dict(), allow_nan=False)


def test_the_parameters_of_the_sweep_can_be_named(sweep):
    assert roll_up(sweep, parameters=["days", "other"]).rows[0].parameters == ("7", None)


def test_the_csv_is_what_pandas_reads_and_has_no_formula(sweep):
    text = roll_up(sweep).to_csv()
    frame = pd.read_csv(io.StringIO(text))
    assert list(frame.columns) == ["run_id", "status", "ward", "events", "rate", "extra"]
    assert frame["rate"].tolist()[::2] == [0.25, -0.5]
    assert frame["ward"][0] == "A"
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell.startswith(("=", "+", "@")) for cell in row)
    assert "'=cmd|' /C calc'!A0" in text


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u00a0=1",
        "\uff1d1+1",
        "\uff0b1",
        "\uff20a",
        "-cmd",
        "+",
        "-",
    ],
)
def test_what_begins_like_a_formula_is_made_text(cell):
    assert neutral_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-0.5", "-1e-05", "+3", "", "a=b", "ward A", "2015-01-01", "한글"])
def test_numbers_and_plain_words_stay(cell):
    assert neutral_cell(cell) == cell


def test_a_run_without_outputs_has_a_row_and_a_word_if_it_succeeded(make_run):
    folders = [make_run(name, record={"status": status}) for name, status in (("a", "succeeded"), ("b", "failed"))]
    for folder in folders:
        (folder / "outputs.json").unlink()
    found = roll_up(folders)
    assert [row.run_id for row in found.rows] == ["a", "b"]
    assert [(remark.code, remark.output) for remark in found.remarks] == [("outputs-missing", "a")]


def test_no_runs_make_an_empty_table():
    assert roll_up([]).to_csv() == "run_id,status\r\n"


def test_text_parameters_are_written_without_quotes(make_run):
    values = ['say "x"', "back\\slash", "line\nbreak", [1, "a"], 3.5, True]
    folders = [make_run(f"r{n}", record={"parameters": {"p": value}}) for n, value in enumerate(values)]
    rows = list(csv.reader(io.StringIO(roll_up(folders).to_csv(), newline="")))
    assert [row[2] for row in rows[1:]] == ['say "x"', "back\\slash", "line\nbreak", '[1, "a"]', "3.5", "true"]
