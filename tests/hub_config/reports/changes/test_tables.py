"""Which columns say what a row is."""

import io

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.reports.changes.differences import Tolerance
from hub_config.reports.changes.table_changes import compare_tables
from hub_config.reports.changes.tables import labels_shared, read_table, row_keys


@pytest.fixture
def read(tmp_path):
    def from_text(text: str, name: str = "a.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return read_table(tmp_path, name)

    return from_text


def compare(before, after, tolerance=None):
    return compare_tables(before, after, output="t", tolerance=tolerance or Tolerance())


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("term,coef\nage,0.1\nsex,0.2\n", ("term",)),
        ("sex,age_group,n\nf,40-49,1\nf,50-59,2\nm,40-49,3\n", ("sex", "age_group")),
        ("group,time,survival\na,3.0,1.0\na,5.0,0.9\nb,3.0,1.0\nb,5.0,0.8\n", ("group", "time")),
        ("group,n,events,measure,estimate\nall,240,130,auroc,0.7\nall,240,130,brier,0.2\n", ("group", "measure")),
        ("year,events\n2015,3\n2016,4\n", ("year",)),
        ("n,events\n20,3\n", ()),
        (",p_value,rejected\na,0.01,True\nb,0.2,False\n", ("",)),
        ("strategy,note,x\np,first,1\nq,second,2\n", ("strategy",)),
    ],
)
def test_labels_are_the_fewest_columns_that_tell_rows_apart(read, text, labels):
    table = read(text)
    assert labels_shared(table, table) == labels


def test_a_level_of_table_one_goes_with_its_heading(read):
    table = read(
        'characteristic,a\n"Age, mean (SD)",50 (9)\n"  Missing, n (%)",1 (2)\nSex,\n"  Missing, n (%)",4 (5)\n'
    )
    keys = [key[0] for key in row_keys(table, labels_shared(table, table))]
    assert keys == ["Age, mean (SD)", "Age, mean (SD): Missing, n (%)", "Sex", "Sex: Missing, n (%)"]


def test_a_label_that_comes_twice_does_not_make_values_to_labels(read):
    before = read("term,n\na,1\nb,2\nother,3\nother,4\nc,5\n")
    after = read("term,n\na,9\nb,2\nother,3\nother,7\nc,5\n", "b.csv")
    found = compare(before, after)
    assert found.labels == ("term",)
    assert [(cell.row, cell.before, cell.after) for cell in found.cells] == [(("a",), "1", "9"), (("other",), "4", "7")]
    assert [remark.code for remark in found.remarks] == ["labels-twice"]


def test_rows_that_cannot_be_told_apart_are_never_paired_by_guess(read):
    before, after = read("term,n\no,1\no,2\nx,5\ny,5\nz,5\n"), read("term,n\no,7\no,8\nx,5\ny,5\nz,5\n", "b.csv")
    found = compare(before, after)
    assert (found.n_rows_removed, found.n_rows_added, found.cells) == (2, 2, ())


def test_columns_are_matched_by_name_and_new_ones_said(read):
    found = compare(read("term,a,b\nx,1,2\n"), read("term,c,b\nx,9,2\n", "b.csv"))
    assert (found.columns_removed, found.columns_added, found.n_cells_changed) == (("a",), ("c",), 0)


def test_a_new_first_column_does_not_make_all_rows_new(read):
    found = compare(read("term,n\nx,1\ny,2\n"), read("arm,term,n\nq,x,1\nq,y,3\n", "b.csv"))
    assert found.columns_added == ("arm",)
    assert [(cell.row, cell.after) for cell in found.cells] == [(("y",), "3")]


def test_formatted_cells_are_compared_as_their_numbers(read):
    before, after = (
        read('term,a\nx,"1,234 (56.7)"\ny,3 (0.1)\n'),
        read('term,a\nx,"1,240 (56.70)"\ny,3 (0.10)\n', "b.csv"),
    )
    (cell,) = compare(before, after).cells
    assert [(d.before, d.after, d.verdict) for d in cell.differences] == [(1234, 1240, "changed"), (56.7, 56.7, "same")]


def test_text_is_compared_as_text_and_a_number_that_is_gone_is_said(read):
    found = compare(read("term,v,w\nx,low,3\ny,,4\n"), read("term,v,w\nx,high,\ny,–,4\n", "b.csv"))
    assert [(cell.column, cell.before, cell.after) for cell in found.cells] == [("v", "low", "high"), ("w", "3", "")]
    assert found.cells[1].differences[0].verdict == "vanished"


@pytest.mark.parametrize("text", ["", "a,b\n"])
def test_empty_tables_are_compared(read, text):
    found = compare(read(text), read("a,b\nx,1\n", "b.csv"))
    assert found.n_rows_added == 1
    assert not compare(read(text), read(text)).is_changed


def test_one_row_of_numbers_needs_no_label(read):
    (cell,) = compare(read("n,events\n20,3\n"), read("n,events\n21,3\n", "b.csv")).cells
    assert (cell.row, cell.column, cell.differences[0].difference) == ((), "n", 1)


def test_columns_of_the_same_name_are_kept_apart(read):
    assert read("a,a,a (2)\n1,2,3\n").columns == ("a", "a (2)'", "a (2)")


@pytest.mark.parametrize("text", ["a,b\n1,2,3\n", 'a,b\n"1,2\n', "a,b\n\udcff,2\n"])
def test_a_file_that_is_no_table_is_not_read(tmp_path, text):
    (tmp_path / "a.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert read_table(tmp_path, "a.csv") == "table-unreadable"


def test_a_table_beyond_the_limit_is_not_read_in_part(tmp_path, monkeypatch):
    monkeypatch.setattr("hub_config.reports.changes.tables.MOST_ROWS", 10)
    (tmp_path / "a.csv").write_text("a\n" + "1\n" * 11)
    assert read_table(tmp_path, "a.csv") == "table-too-large"


# Against pandas

FRAMES = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.tuples(st.integers(0, 50), st.floats(-1e6, 1e6), st.sampled_from(["low", "high"])),
    min_size=1,
    max_size=8,
)


def as_frame(rows):
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["n", "rate", "grade"])
    return frame.rename_axis("term")


def as_table(frame, folder, name):
    frame.to_csv(folder / name)
    return read_table(folder, name)


@settings(deadline=None)
@given(FRAMES, FRAMES)
def test_changes_are_those_that_pandas_finds(tmp_path_factory, before, after):
    folder = tmp_path_factory.mktemp("tables")
    old, new = as_frame(before), as_frame(after)
    found = compare(as_table(old, folder, "a.csv"), as_table(new, folder, "b.csv"), Tolerance(0, 0))
    assert {row[0] for row in found.rows_added} == set(new.index) - set(old.index)
    assert {row[0] for row in found.rows_removed} == set(old.index) - set(new.index)
    both = old.index.intersection(new.index)
    expected = old.loc[both].compare(new.loc[both]).stack(level=0, future_stack=True).dropna(how="all")
    assert {(cell.row[0], cell.column) for cell in found.cells} == set(expected.index)
    for cell in found.cells:
        row = expected.loc[(cell.row[0], cell.column)]
        if cell.column == "grade":
            assert (cell.before, cell.after) == (row["self"], row["other"])
        else:
            assert cell.differences[0].difference == pytest.approx(row["other"] - row["self"])


@settings(deadline=None)
@given(FRAMES, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_changes_nothing(tmp_path_factory, rows, random):
    folder = tmp_path_factory.mktemp("tables")
    frame = as_frame(rows)
    order, columns = list(frame.index), list(frame.columns)
    random.shuffle(order)
    random.shuffle(columns)
    one, other = as_table(frame, folder, "a.csv"), as_table(frame.loc[order, columns], folder, "b.csv")
    assert not compare(one, other).is_changed


@settings(deadline=None)
@given(FRAMES, FRAMES)
def test_swapping_tables_swaps_what_is_found(tmp_path_factory, before, after):
    folder = tmp_path_factory.mktemp("tables")
    one, other = as_table(as_frame(before), folder, "a.csv"), as_table(as_frame(after), folder, "b.csv")
    there, back = compare(one, other), compare(other, one)
    assert set(there.rows_added) == set(back.rows_removed)
    forth = {(c.row, c.column, d.difference) for c in there.cells for d in c.differences}
    assert forth == {(c.row, c.column, -d.difference) for c in back.cells for d in c.differences}


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "", "NA"]), st.sampled_from(["", "1", "2", "x"])), max_size=8))
def test_duplicates_and_gaps_against_themselves_change_nothing(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("tables")
    buffer = io.StringIO()
    pd.DataFrame(rows, columns=["term", "v"]).to_csv(buffer, index=False)
    (folder / "a.csv").write_text(buffer.getvalue())
    table = read_table(folder, "a.csv")
    assert not compare(table, table).is_changed
