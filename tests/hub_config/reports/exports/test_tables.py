"""Tables for spreadsheets: nothing in them runs, and no number changes."""

import csv
import io
import json
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub_config.reports.exports import declared_tables, spreadsheet_lines
from hub_config.reports.exports.tables import open_table


def copied(content: bytes) -> bytes:
    return b"".join(spreadsheet_lines(io.BytesIO(content)))


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def one_cell(cell: str) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(["a", cell])
    return rows(copied(line.getvalue().encode()))[0][1]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "=HYPERLINK(\"http://x\")", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u200b=1",
     "\ufeff=1", "＝1+1", "＋A1", "－A1", "＠A1", "|cmd", "%0A", "-cmd|' /C calc'!A0", "+", "-", "--1", "=", "'=1",
     "\"=1", "-1,5=x",
     "\u00a0=1"],
)  # fmt: skip
def test_what_a_spreadsheet_would_run_is_text(cell: str):
    assert one_cell(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell",
    ["", "A", "다", "-1", "+1", "-0.5", "-1.5e-10", "1,234", "-1,234.5", "12 %", "-12%", "3 = 4", "a=b", "1 (2–3)",
     "<5", ".5", "-.5", "“=1”", "'"],
)  # fmt: skip
def test_numbers_and_words_stay(cell: str):
    assert one_cell(cell) == cell


def test_korean_is_marked_for_excel_and_rows_end_as_the_standard_says():
    assert copied("병동,n\n다,1\n".encode()) == b"\xef\xbb\xbf" + "병동,n\r\n다,1\r\n".encode()
    assert copied(b"\xef\xbb\xbfa\n") == b"\xef\xbb\xbfa\r\n"
    assert copied(b"") == b"\xef\xbb\xbf"


def test_what_is_no_text_does_no_harm():
    assert rows(copied(b"\xff,a\0,=1\0\n")) == [["�", "a", "'=1"]]
    assert rows(copied(b'"open\n=1')) == [["open\n=1"]]


@example([["", "-²"]])  # a superscript is no digit of a number
@example([["", "'@"]])
@given(
    st.lists(
        st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=2),
        min_size=1,
    )
)
def test_every_cell_begins_as_text_or_is_a_number_and_nothing_else_changes(table: list[list[str]]):
    line = io.StringIO()
    csv.writer(line).writerows(table)
    again = rows(copied(line.getvalue().encode()))
    assert [len(row) for row in again] == [len(row) for row in table]
    for before, after in zip(chain(*table), chain(*again), strict=True):
        assert after in {before, f"'{before}"}
        assert after[:1] not in set("=@\t\r\n＝＠")
        if after[:1] in {"+", "-"}:
            float(after.replace(",", "").rstrip("% "))


def test_declared_tables_are_those_that_are_there_and_inside_the_folder(tmp_path: Path):
    folder = tmp_path / "run"
    (folder / "outputs").mkdir(parents=True)
    (tmp_path / "outside.csv").write_text("x")
    (folder / "outputs" / "a.csv").write_text("x")
    (folder / "outputs" / "link.csv").symlink_to(tmp_path / "outside.csv")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    (folder / "outputs" / "folder.csv").mkdir()
    names = ["outputs/a.csv", "outputs/link.csv", "up/outside.csv", "../outside.csv", str(tmp_path / "outside.csv"),
             "outputs/folder.csv", "outputs/none.csv", "outputs/a.svg", 3, "", "."]  # fmt: skip
    document = {"outputs": [{"id": "a", "kind": "table", "title": "A", "files": names}, {"files": 3}, 3]}
    (folder / "outputs.json").write_text(json.dumps(document))
    assert [(table.id, table.title, table.file, table.figure) for table in declared_tables(folder)] == [
        ("a", "A", "outputs/a.csv", False)
    ]
    for content in ("[", "[]", "[" * 10**5, '{"outputs": 3}'):
        (folder / "outputs.json").write_text(content)
        assert declared_tables(folder) == ()
    assert declared_tables(tmp_path / "nowhere") == ()
    opened = open_table(folder, file="outputs/a.csv")
    assert opened is not None
    opened.close()
