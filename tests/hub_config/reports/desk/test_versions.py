"""Whoever says which version they have read changes that one, and no other that somebody has written since."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub_config.reports.database.definitions import move_on
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk.defining import (
    approve_draft,
    discard_draft,
    draft_of,
    pause_definition,
    remove,
    save_definition,
)
from hub_config.reports.desk.errors import DefinitionChangedError, DefinitionUnknownError, NotAllowedError
from hub_config.reports.desk.versions import Condition, saved_version

from .conftest import ANALYST, CELL, LEAD, READER, Bench, notebook


def read(bench: Bench) -> Condition:
    return Condition(versions=frozenset({saved_version(bench.row())}))


def save(bench: Bench, condition: Condition, ward: str = "B") -> str | None:
    document = {
        "name": "monthly",
        "title": "Monthly quality",
        "template": "quality.ipynb",
        "parameters": {"ward": ward},
    }
    return save_definition(
        bench.desk,
        parse_definition(document),
        project="wards",
        person=ANALYST,
        now=bench.now,
        condition=condition,
    ).version


def approve(bench: Bench, condition: Condition) -> None:
    hashes = (bench.row().draft_sha256, bench.row().draft_template_sha256)
    approve_draft(
        bench.desk, "monthly", project="wards", hashes=hashes, person=LEAD, now=bench.now, condition=condition
    )


def discard(bench: Bench, condition: Condition) -> None:
    discard_draft(bench.desk, "monthly", project="wards", person=LEAD, now=bench.now, condition=condition)


def pause(bench: Bench, condition: Condition) -> None:
    pause_definition(
        bench.desk, "monthly", project="wards", enabled=False, person=LEAD, now=bench.now, condition=condition
    )


def take_away(bench: Bench, condition: Condition) -> None:
    remove(bench.desk, "monthly", project="wards", person=LEAD, condition=condition)


CHANGES: list[Callable[[Bench, Condition], object]] = [save, approve, discard, pause, take_away]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_what_was_read_is_made_and_of_another_version_is_not(bench: Bench, change) -> None:
    bench.save()
    bench.save(ANALYST, approve=False, parameters={"ward": "M"})
    old = read(bench)
    bench.save(ANALYST, approve=False, parameters={"ward": "N"})
    before = bench.row()
    with pytest.raises(DefinitionChangedError, match="has changed since you read it; found another version"):
        change(bench, old)
    assert bench.row() == before
    change(bench, Condition(versions=frozenset({"0" * 32, *(read(bench).versions or ())})))


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_been_removed_is_not_written_again_unasked(bench: Bench, change) -> None:
    bench.save(ANALYST, approve=False)
    old = read(bench)
    take_away(bench, old)
    if change is approve:
        return  # there are no hashes to look at
    with pytest.raises((DefinitionChangedError, DefinitionUnknownError)):
        change(bench, old)
    with pytest.raises(DefinitionUnknownError):
        bench.row()


def test_a_version_is_another_after_each_thing_that_people_do_and_none_that_time_does(bench: Bench) -> None:
    seen = [save(bench, Condition(must_be_new=True), ward="A")]
    steps: list[Callable[[], object]] = [
        lambda: approve(bench, read(bench)),
        lambda: pause(bench, read(bench)),
        lambda: save(bench, read(bench), ward="C"),
        lambda: (bench.write_template(notebook(CELL, "print(ward)")), save(bench, read(bench), ward="C")),
        lambda: approve(bench, read(bench)),
    ]
    for step in steps:
        step()
        seen.append(saved_version(bench.row()))
        assert draft_of(bench.desk, bench.row())  # reading changes nothing
        assert saved_version(bench.row()) == seen[-1]
    assert len(set(seen)) == len(seen)
    with bench.database.writing() as tx:
        move_on(tx, bench.row(), decided_until=bench.now, next_slot=bench.now, broken="gone")
    assert bench.row().broken == "gone"
    assert saved_version(bench.row()) == seen[-1]
    bench.save(ANALYST, approve=False, parameters={"ward": "Z"})
    discard(bench, read(bench))
    assert saved_version(bench.row()) == seen[-1]  # it is again what it was


def test_a_save_says_which_version_it_has_made(bench: Bench) -> None:
    assert save(bench, Condition()) == saved_version(bench.row())
    again = save(bench, read(bench), ward="C")
    assert again == saved_version(bench.row())


def test_a_new_one_takes_no_name_that_is_taken(bench: Bench) -> None:
    save(bench, Condition(must_be_new=True))
    before = bench.row()
    with pytest.raises(DefinitionChangedError, match="found one of this name"):
        save(bench, Condition(must_be_new=True), ward="C")
    assert bench.row() == before
    save(bench, Condition(must_exist=True), ward="C")
    take_away(bench, Condition(must_exist=True))
    with pytest.raises(DefinitionChangedError, match="found none of this name"):
        save(bench, Condition(must_exist=True))


def test_who_may_not_change_it_is_told_that_and_no_version(bench: Bench) -> None:
    bench.save()
    with pytest.raises(NotAllowedError):
        remove(bench.desk, "monthly", project="wards", person=READER, condition=Condition(versions=frozenset({"0"})))


@pytest.mark.parametrize("is_new", [True, False])
def test_of_many_who_write_over_the_same_version_at_once_one_does(bench: Bench, is_new: bool) -> None:
    if not is_new:
        bench.save()
    condition = Condition(must_be_new=True) if is_new else read(bench)

    def write(ward: str) -> str | None:
        try:
            return save(bench, condition, ward=ward)
        except DefinitionChangedError:
            return None

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(write, "ABCDEFGH"))
    (won,) = (number for number, version in enumerate(made) if version is not None)
    assert bench.row().draft["parameters"] == {"ward": "ABCDEFGH"[won]}
    assert made[won] == saved_version(bench.row())
