"""Which success a run is compared with, and how."""

import shutil

import sqlalchemy as sa

from hub_config.reports.changes import compare_runs, roll_up
from hub_config.reports.database.tables import runs
from hub_config.reports.service.reading import comparisons as module
from hub_config.reports.service.reading.comparisons import roll_up_whole

from ..planted import DOCUMENT, write_definition, write_runs


def test_a_run_is_compared_with_the_newest_success_before_it(read, comparisons):
    write_runs(read, 1, day=1)
    (second,) = write_runs(read, 2, day=2)
    write_runs(read, 3, day=3, state="failed")
    (fourth,) = write_runs(read, 4, day=4)
    write_runs(read, 5, day=5)
    assert comparisons.success_before(read.run(fourth)) == second


def test_runs_of_other_definitions_and_parts_of_a_sweep_are_not_compared(read, comparisons):
    write_runs(read, 1, day=1, definition="other")
    write_runs(read, 1, day=1, definition=None)
    first = write_runs(read, 1, 2, day=2)
    second = write_runs(read, 1, 2, day=3)
    assert [comparisons.success_before(read.run(one)) for one in second] == first
    assert comparisons.success_before(read.run(first[0])) is None


def test_an_exact_repetition_is_compared_with_what_it_repeats(read, comparisons):
    (first,) = write_runs(read, 1, day=1)
    write_runs(read, 2, day=2)
    (repeated,) = write_runs(read, 1, day=3)
    with read.database.writing() as tx:
        tx.execute(sa.update(runs).where(runs.c.id == repeated).values(rerun_of=first))
    assert comparisons.success_before(read.run(repeated)) == first
    found = comparisons.compare(read.run(first), read.run(repeated))
    assert not found.changes.is_changed


def test_the_tolerances_of_the_definition_decide(read, comparisons):
    compare = {"falls": {"absolute": 5.0, "exact_integers": False}}
    write_definition(read, document={**DOCUMENT, "compare": compare})
    (first,) = write_runs(read, 10, day=1)
    (second,) = write_runs(read, 12, day=2)
    (third,) = write_runs(read, 20, day=3)
    assert not comparisons.compare(read.run(first), read.run(second)).changes.is_changed
    assert comparisons.compare(read.run(second), read.run(third)).changes.is_changed


def test_what_was_compared_is_kept_until_the_tolerances_change(read, comparisons):
    (first,) = write_runs(read, 10, day=1)
    (second,) = write_runs(read, 12, day=2)
    found = comparisons.compare(read.run(first), read.run(second))
    assert comparisons.compare(read.run(first), read.run(second)) is found
    assert comparisons.compare(read.run(second), read.run(first)) is not found
    write_definition(read, document={**DOCUMENT, "compare": {"falls": {"absolute": 0.5}}})
    assert comparisons.compare(read.run(first), read.run(second)) is not found


def test_a_run_whose_folder_is_gone_is_not_compared(read, comparisons):
    (first,) = write_runs(read, 10, day=1)
    (second,) = write_runs(read, 12, day=2)
    assert comparisons.compare(read.run(first), read.run(second)) is not None
    shutil.rmtree(read.run(first).folder)
    assert comparisons.compare(read.run(first), read.run(second)) is None


def test_what_was_read_of_a_run_while_it_was_removed_is_not_told(read, comparisons, monkeypatch):
    (first,) = write_runs(read, 10, day=1)
    (second,) = write_runs(read, 12, day=2)

    def meanwhile(before, after, **words):
        (before / "outputs.json").unlink()
        found = compare_runs(before, after, **words)
        shutil.rmtree(before)
        return found

    monkeypatch.setattr(module, "compare_runs", meanwhile)
    assert comparisons.compare(read.run(first), read.run(second)) is None


def test_a_sweep_is_rolled_up_without_what_is_removed_while_it_is_read(read, monkeypatch):
    folders = [read.run(one).folder for one in write_runs(read, 10, 12, day=1)]

    def meanwhile(there):
        shutil.rmtree(folders[0], ignore_errors=True)
        return roll_up(there)

    monkeypatch.setattr(module, "roll_up", meanwhile)
    found = roll_up_whole([*folders, None])
    assert [(row.run_id, row.numbers) for row in found.rows] == [(folders[1].name, (12,))]
