"""What changed between two runs, found in their folders."""

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.reports.changes import Tolerances, what_changed

from .conftest import figure, number, table

RELEASE = {"name": "demo", "release": "2026-10", "manifest_sha256": "a" * 64}
COHORT = {"name": "users", "definition_sha256": "c" * 64, "persons": 100}


def estimates(*rows):
    return [{"term": term, "coef": coef, "p_value": p} for term, coef, p in rows]


def test_numbers_that_changed_are_told_with_before_and_after(make_run):
    before = make_run("a", number("events", 20), number("rate", 0.1), number("same", 1.5))
    after = make_run("b", number("events", 25), number("rate", 0.1 + 1e-12), number("same", 1.5))
    found = {change.output: change.difference for change in what_changed(before, after).numbers}
    assert (found["events"].before, found["events"].after, found["events"].difference) == (20, 25, 5)
    assert found["events"].relative == pytest.approx(0.25)
    assert (found["rate"].verdict, found["same"].verdict) == ("within", "same")


def test_an_output_may_have_a_tolerance_of_its_own(make_run):
    before, after = (
        make_run("a", number("events", 20), number("x", 20)),
        make_run("b", number("events", 22), number("x", 22)),
    )
    tolerances = Tolerances.from_document({"events": {"relative": 0.1, "exact_integers": False}})
    verdicts = {n.output: n.difference.verdict for n in what_changed(before, after, tolerances=tolerances).numbers}
    assert verdicts == {"events": "within", "x": "changed"}


def test_outputs_that_came_and_went_are_told_and_one_of_another_kind_is_both(make_run):
    before = make_run("a", number("old", 1), number("turned", 1), figure("curve"))
    after = make_run("b", number("new", 1), table("turned"), figure("curve"))
    found = what_changed(before, after)
    assert [(o.id, o.kind) for o in found.outputs_added] == [("new", "number"), ("turned", "table")]
    assert [(o.id, o.kind) for o in found.outputs_removed] == [("old", "number"), ("turned", "number")]


def test_counts_of_persons_rows_events_and_exclusions_are_compared(make_run):
    more = {"persons": {"all": 100, "gone": 3}, "n": 50, "events": 9, "exclusions": {"no index date": 2}}
    less = {"persons": {"all": 90, "new": 4}, "n": 51, "events": 9, "exclusions": {"no index date": 0}}
    found = what_changed(make_run("a", number("x", 1, **more)), make_run("b", number("x", 1, **less)))
    assert {(c.kind, c.label): (c.difference.before, c.difference.after) for c in found.counts} == {
        ("persons", "all"): (100, 90),
        ("persons", "gone"): (3, None),
        ("persons", "new"): (None, 4),
        ("exclusions", "no index date"): (2, 0),
        ("n", ""): (50, 51),
    }
    assert found.is_changed


def test_counts_of_persons_are_exact_whatever_the_tolerance(make_run):
    before, after = (
        make_run("a", number("x", 1, persons={"all": 100})),
        make_run("b", number("x", 1, persons={"all": 101})),
    )
    tolerances = Tolerances.from_document({"x": {"absolute": 50, "exact_integers": False}})
    assert what_changed(before, after, tolerances=tolerances).n_counts_changed == 1


def test_parameters_data_cohorts_library_and_environment_are_compared(make_run):
    record = {"parameters": {"days": 7, "gone": [1]}, "environment_sha256": "e" * 64, "template_sha256": "1" * 64}
    other = {"parameters": {"days": 14, "drug": "x"}, "environment_sha256": "f" * 64, "template_sha256": "1" * 64}
    before = make_run("a", record=record, data_releases=[RELEASE], cohorts=[COHORT])
    after = make_run(
        "b",
        record=other,
        library_version="0.2.0",
        data_releases=[RELEASE | {"release": "2026-11", "manifest_sha256": "b" * 64}],
        cohorts=[COHORT | {"definition_sha256": "d" * 64, "persons": 120}],
    )
    found = what_changed(before, after)
    assert {(f.kind, f.name): (f.before, f.after) for f in found.facts} == {
        ("parameter", "days"): ("7", "14"),
        ("parameter", "gone"): ("[1]", None),
        ("parameter", "drug"): (None, '"x"'),
        ("data_release", "demo"): ("2026-10 (aaaaaaaaaaaa)", "2026-11 (bbbbbbbbbbbb)"),
        ("cohort", "users"): ("c" * 64, "d" * 64),
        ("library_version", ""): ("0.1.0", "0.2.0"),
        ("environment_sha256", ""): ("e" * 64, "f" * 64),
    }
    (count,) = found.counts
    assert (count.kind, count.label, count.difference.difference) == ("cohort_persons", "users", 20)


def test_the_same_release_with_other_content_is_a_change(make_run):
    before = make_run("a", data_releases=[RELEASE])
    after = make_run("b", data_releases=[RELEASE | {"manifest_sha256": "b" * 64}])
    assert [fact.kind for fact in what_changed(before, after).facts] == ["data_release"]


def test_the_file_and_the_estimates_of_a_result_are_told_once_where_they_agree(make_run):
    text = "term,coef,p_value\nage,{},0.5\nsex,0.2,\n"
    before = make_run(
        "a", table("cox", estimates=estimates(("age", 0.1, 0.5), ("sex", 0.2, None))), tables={"cox": text.format(0.1)}
    )
    after = make_run(
        "b", table("cox", estimates=estimates(("age", 0.3, 0.5), ("sex", 0.2, None))), tables={"cox": text.format(0.3)}
    )
    (change,) = what_changed(before, after).tables
    assert (change.source, change.n_cells_changed) == ("both", 1)


def test_a_file_that_says_other_than_the_estimates_is_told_apart(make_run):
    rows = estimates(("age", 0.1, 0.5))
    before = make_run("a", table("cox", estimates=rows), tables={"cox": "term,coef,p_value\nage,0.1,0.5\n"})
    after = make_run("b", table("cox", estimates=rows), tables={"cox": "term,coef,p_value\nage,0.9,0.5\n"})
    found = what_changed(before, after).tables
    assert [(change.source, change.n_cells_changed) for change in found] == [("table", 1), ("estimates", 0)]


def test_an_estimate_without_limit_is_compared(make_run):
    before = make_run("a", table("cox", estimates=estimates(("age", 1.5, 0.1))), tables={"cox": "term\nage\n"})
    after = make_run("b", table("cox", estimates=estimates(("age", "inf", 0.1))), tables={"cox": "term\nage\n"})
    change = what_changed(before, after).tables[-1]
    assert change.cells[0].differences[0].to_dict()["difference"] == "inf"


def test_a_table_too_large_to_compare_is_said_and_told_apart_by_its_bytes(make_run, monkeypatch):
    monkeypatch.setattr("hub_config.reports.changes.tables.MOST_ROWS", 2)
    text = "a\n1\n2\n3\n"
    before = make_run("a", table("t"), tables={"t": text})
    same = what_changed(before, make_run("b", table("t"), tables={"t": text}))
    other = what_changed(before, make_run("c", table("t"), tables={"t": text + "4\n"}))
    assert {remark.code for remark in same.all_remarks} == {"table-too-large"}
    assert {remark.code for remark in other.all_remarks} == {"table-too-large", "table-differs"}
    assert (same.is_changed, other.is_changed) == (False, True)


def test_long_lists_are_cut_and_counted(make_run):
    before = make_run("a", table("t"), tables={"t": "term,n\n" + "".join(f"r{n},{n}\n" for n in range(1000))})
    after = make_run("b", table("t"), tables={"t": "term,n\n" + "".join(f"r{n},{n + 1}\n" for n in range(1000))})
    (change,) = what_changed(before, after).tables
    assert (len(change.cells), change.n_cells_changed) == (200, 1000)
    assert [remark.code for remark in change.remarks] == ["list-cut"]


def test_the_document_is_frozen_and_json(make_run):
    before = make_run("a", number("x", 1), table("t"), tables={"t": "term,n\na,1\n"})
    after = make_run("b", number("x", None), table("t"), tables={"t": "term,n\na,inf\n"})
    found = what_changed(before, after)
    json.dumps(found.to_dict(), allow_nan=False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.n_counts_changed = 3
    assert found.numbers[0].difference.verdict == "vanished"


VALUES = st.one_of(st.none(), st.integers(-1000, 1000), st.floats(-1e9, 1e9))
OUTPUTS = st.dictionaries(st.sampled_from(["a", "b", "c-1", "d"]), st.tuples(VALUES, st.integers(0, 99)), max_size=4)
SLOW = settings(deadline=None, max_examples=50)


@SLOW
@given(OUTPUTS, OUTPUTS)
def test_a_run_against_itself_changes_nothing_and_swapping_negates(tmp_path_factory, before, after):
    root = tmp_path_factory.mktemp("runs")

    def make(name, outputs):
        folder = root / name
        folder.mkdir()
        declared = [number(key, value, persons={"all": persons}) for key, (value, persons) in outputs.items()]
        document = {"schema": "cohorthub.outputs/1", "outputs": declared}
        (folder / "outputs.json").write_text(json.dumps(document))
        return folder

    one, other = make("a", before), make("b", after)
    assert not what_changed(one, one).is_changed
    there, back = what_changed(one, other), what_changed(other, one)
    assert there.is_changed == back.is_changed
    assert {o.id for o in there.outputs_added} == {o.id for o in back.outputs_removed}
    differences = {n.output: n.difference.difference for n in there.numbers}
    negated = {n.output: n.difference.difference for n in back.numbers}
    assert {name: None if d is None else -d for name, d in negated.items()} == differences
