"""A notebook can write anything into its folder: nothing of it is trusted."""

import json
import os
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.reports.changes import check_alerts, compare_runs, comparison_text, parse_alert, roll_up, what_changed
from hub_config.reports.changes.declared_outputs import open_beneath, read_declared

from .conftest import number, table


def outputs_of(folder, text):
    (folder / "outputs.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"schema": "other/1", "outputs": []}',
        '{"schema": "cohorthub.outputs/1", "outputs": [NaN]}',
        '{"schema": "cohorthub.outputs/1", "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"schema": "cohorthub.outputs/1", "x": ' + "9" * 5_000 + "}",
        b"\xff\xfe\x00",
    ],
    ids=["empty", "cut", "list", "null", "schema", "nan", "deep", "long number", "bytes"],
)
def test_outputs_that_cannot_be_read_are_said_and_are_never_silence(make_run, text):
    before, after = make_run("a", number("events", 3)), outputs_of(make_run("b"), text)
    found = what_changed(before, after)
    assert [(remark.code, remark.side) for remark in found.remarks] == [("outputs-unreadable", "after")]
    rules = [parse_alert(rule) for rule in ("events > 2", "events missing", "missing", "new output", "n_persons > 1")]
    assert {(r.state, r.reason) for r in check_alerts(rules, before=before, after=after)} == {
        ("unchecked", "outputs-unreadable")
    }
    assert "outputs.json" in comparison_text(compare_runs(before, after))


@pytest.mark.parametrize(
    "rows",
    [
        [None, 3, "x", []],
        [{"id": "A b", "kind": "number"}],
        [{"id": "../x", "kind": "number"}],
        [{"id": "x" * 65, "kind": "number"}],
        [{"id": ["x"], "kind": "number"}],
        [{"id": "x", "kind": "chart"}],
        [{"id": "x", "kind": ["number"]}],
        [{"id": "x"}],
    ],
)
def test_an_entry_that_is_no_output_is_left_out_and_said(make_run, rows):
    found = read_declared(make_run("a", *rows))
    assert found.outputs == {}
    assert [remark.code for remark in found.remarks] == ["output-unreadable"]


@pytest.mark.parametrize(
    "more",
    [
        {"value": "20"},
        {"value": True},
        {"value": [1]},
        {"value": {"a": 1}},
        {"value": 2**80},
        {"persons": [1], "exclusions": "x", "estimates": {"a": 1}, "n": "5", "events": 1.5},
        {"persons": {"a": -1, "b": True, "c": "3", "d": 2**70}},
        {"title": 3, "file": 4, "estimates": [1, None, [], {"a": [1], "b": {"c": 1}}]},
    ],
)
def test_values_of_another_kind_count_as_missing(make_run, more):
    declared = read_declared(make_run("a", number("x", None) | more)).outputs["x"]
    assert declared.value is None
    assert not declared.counts["persons"] or declared.counts["persons"] == {"all": 100}
    json.dumps(what_changed(make_run("b", number("x", 1)), make_run("c", number("x", None) | more)).to_dict())


def test_an_output_declared_twice_counts_once(make_run):
    found = read_declared(make_run("a", number("x", 1), number("x", 2)))
    assert (found.outputs["x"].value, [r.code for r in found.remarks]) == (1, ["output-twice"])


@pytest.mark.parametrize(
    "path", ["../secret.csv", "/etc/passwd.csv", "outputs/../../secret.csv", "a\0.csv", "x" * 5000 + ".csv"]
)
def test_no_file_outside_the_folder_is_read(make_run, tmp_path, path):
    (tmp_path / "secret.csv").write_text("a\n1\n")
    folder = make_run("a", table("t") | {"file": path})
    (change,) = what_changed(folder, folder).tables
    assert {remark.code for remark in change.remarks} == {"table-missing"}


@pytest.mark.parametrize("where", ["file", "folder", "root", "outputs.json"])
def test_links_are_not_followed(make_run, tmp_path, where):
    elsewhere = make_run("elsewhere", table("t"), number("x", 1), tables={"t": "a\n1\n"})
    folder = make_run("a", table("t"), tables={})
    if where == "file":
        (folder / "outputs" / "t.csv").symlink_to(elsewhere / "outputs" / "t.csv")
    elif where == "folder":
        (folder / "outputs").rmdir()
        (folder / "outputs").symlink_to(elsewhere / "outputs")
    elif where == "root":
        folder = tmp_path / "link"
        folder.symlink_to(elsewhere)
    else:
        (folder / "outputs.json").unlink()
        (folder / "outputs.json").symlink_to(elsewhere / "outputs.json")
    assert open_beneath(folder, "outputs/t.csv") is None
    assert "x" not in read_declared(folder).outputs


def test_a_pipe_does_not_make_anybody_wait(make_run):
    folder = make_run("a", table("t"))
    os.mkfifo(folder / "outputs" / "t.csv")
    (folder / "run.json").unlink()
    os.mkfifo(folder / "run.json")
    started = time.monotonic()
    assert what_changed(folder, folder).tables[0].remarks
    assert time.monotonic() - started < 5


def test_a_file_without_end_is_not_read_to_its_end(make_run, monkeypatch):
    monkeypatch.setattr("hub_config.reports.changes.declared_outputs.LARGEST_OUTPUTS", 1000)
    folder = outputs_of(make_run("a"), " " * 2000)
    assert [remark.code for remark in read_declared(folder).remarks] == ["outputs-too-large"]


def test_a_record_that_lies_about_its_kinds_is_read_as_far_as_it_goes(make_run):
    record = {"run_id": 3, "status": ["x"], "parameters": [1], "duration_s": "long", "kernel": {}}
    facts = read_declared(make_run("a", record=record, cohorts=[1, {"name": 3}], data_releases={"a": 1})).facts
    assert (facts.run_id, facts.status, facts.parameters, facts.duration_s) == ("a", "", {}, None)


def test_titles_and_labels_cannot_move_the_cursor(make_run):
    evil = "\x1b[2J\u202eevil\x07"
    before = make_run("a", number("x", 1, persons={evil: 3}), table("t"), tables={"t": f"term,{evil}\nx,1\n"})
    after = make_run(
        "b",
        number("x", 1, persons={evil: 4}),
        table("t"),
        tables={"t": f"term,{evil}\nx,2\n{evil},2\n"},
        library_version=evil,
    )
    text = comparison_text(compare_runs(before, after))
    assert not [sign for sign in text if not sign.isprintable() and sign != "\n"]


def test_a_folder_that_is_not_there_is_said(make_run, tmp_path):
    found = what_changed(make_run("a", number("x", 1)), tmp_path / "nowhere")
    assert [(remark.code, remark.side) for remark in found.remarks] == [("outputs-missing", "after")]
    assert roll_up([tmp_path / "nowhere"]).rows[0].run_id == "nowhere"


def test_nothing_is_written(make_run):
    folder = make_run("a", number("x", 1), table("t"), tables={"t": "a,b\nx,1\n"})
    seen = sorted((path, path.stat().st_mtime_ns) for path in folder.rglob("*"))
    compare_runs(folder, folder)
    roll_up([folder])
    assert sorted((path, path.stat().st_mtime_ns) for path in folder.rglob("*")) == seen


def test_a_thousand_large_tables_do_not_keep_the_reader_for_ever(make_run, monkeypatch):
    monkeypatch.setattr("hub_config.reports.changes.tables.TableReader.__init__.__defaults__", (500,), raising=False)
    names = [f"t{n}" for n in range(20)]
    text = "term,n\n" + "".join(f"r{n},{n}\n" for n in range(100))
    folder = make_run("a", *map(table, names), tables=dict.fromkeys(names, text))
    found = what_changed(folder, folder)
    assert [bool(change.remarks) for change in found.tables] == [False, True] + [True] * 18
    assert {remark.code for remark in found.all_remarks} == {"table-too-large"}
    assert not found.is_changed


@pytest.mark.parametrize(
    "cell",
    ["9" * 60_000, "111," * 15_000 + "x", "1/" * 30_000, "(" * 60_000, "1-" * 30_000, "e1" * 30_000, " " * 60_000],
)
def test_a_long_cell_is_text_and_takes_no_time(make_run, cell):
    before = make_run("a", table("t"), tables={"t": f'term,v\nx,"{cell}"\n"{cell}",1\n'})
    after = make_run("b", table("t"), tables={"t": f'term,v\nx,"{cell}z"\n"{cell}",2\n'})
    started = time.process_time()
    (change,) = what_changed(before, after).tables
    assert change.n_cells_changed == 2
    assert len(json.dumps(change.to_dict())) < 20_000
    assert time.process_time() - started < 1


def test_a_table_of_a_hundred_thousand_rows_is_compared_in_time(make_run):
    lines = [f"r{n},{n},{n / 7}\n" for n in range(100_000)]
    before = make_run("a", table("t"), tables={"t": "term,n,x\n" + "".join(lines)})
    after = make_run("b", table("t"), tables={"t": "term,n,x\n" + "".join(reversed(lines[:-1])) + "new,1,2\n"})
    started = time.monotonic()
    (change,) = what_changed(before, after).tables
    assert (change.n_rows_added, change.n_rows_removed, change.n_cells_changed) == (1, 1, 0)
    assert time.monotonic() - started < 20


# Whatever a notebook writes

DECLARED = {
    "schema": "cohorthub.outputs/1",
    "library_version": "1",
    "data_releases": [{"name": "a", "release": "b", "manifest_sha256": "c"}],
    "cohorts": [{"name": "u", "definition_sha256": "d", "persons": 3}],
    "outputs": [
        number("x", 3, n=2, events=1, exclusions={"r": 1}),
        table("t", estimates=[{"term": "a", "v": 1.5}, {"term": "b", "v": "inf"}]),
    ],
}
RECORD = {"run_id": "r", "status": "succeeded", "parameters": {"a": 1}, "duration_s": 1.5}
JUNK = [None, True, -1, 0, 1e308, "", "x", "\ud800", "=1", [], {}, [[]], {"a": [1]}, 2**64, "inf", "a" * 3000, 1.5]
TABLES = [
    "term,v\na,1\nb,2\n",
    "",
    "\n",
    "a",
    "term,v\na,1,2\n",
    '"',
    "term,v\n a,1\n  b,(2)\n",
    "term,term\na,a\na,a\n",
]
TABLES += [",\n,\n", "v\n1\n1\n2\n", "\ufefft,v\na,∞\n"]
RULES = ["x > 1", "x changed by more than 5 %", 't.v["a"] > 1', 't["a","v"] changed', "n_persons > 1", "missing"]
RULES += ["new output", "t missing", "x.persons > 1", 'x.exclusions["r"] rose']


def spoiled(document, random):
    """Put junk into some places of a document."""
    document = json.loads(json.dumps(document))
    for _ in range(random.randint(0, 4)):
        node = document
        while isinstance(node, dict | list) and node:
            key = random.choice(list(node) if isinstance(node, dict) else range(len(node)))
            if random.random() < 0.4 or not isinstance(node[key], dict | list):
                node[key] = json.loads(json.dumps(random.choice(JUNK)))
                break
            node = node[key]
    return document


@settings(deadline=None, max_examples=60)
@given(st.randoms(use_true_random=False))
def test_whatever_stands_in_two_folders_they_are_compared_and_said(tmp_path_factory, random):
    root = tmp_path_factory.mktemp("runs")
    folders = [root / "a", root / "b"]
    for folder in folders:
        (folder / "outputs").mkdir(parents=True)
        (folder / "outputs.json").write_text(json.dumps(spoiled(DECLARED, random)))
        (folder / "run.json").write_text(json.dumps(spoiled(RECORD, random)))
        (folder / "outputs" / "t.csv").write_text(random.choice(TABLES), encoding="utf-8")
    before, after = folders
    found = compare_runs(before, after)
    json.dumps(found.to_dict(), allow_nan=False)
    shown = comparison_text(found, random.choice(["en", "ko"]))
    assert not [sign for sign in shown if not sign.isprintable() and sign != "\n"]
    assert not compare_runs(before, before).changes.is_changed
    assert compare_runs(after, before).changes.is_changed == found.changes.is_changed
    for result in check_alerts([parse_alert(rule) for rule in RULES], before=before, after=after):
        json.dumps(result.to_dict(), allow_nan=False)
        assert (result.page_text() and result.mail_text("ko")).encode()
    assert roll_up(folders).to_csv().encode()
