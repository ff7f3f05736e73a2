"""Tables come to this version from nothing and from the version before, with what is in them."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub_config.reports.database import Database, bring_up_to_date
from hub_config.reports.database.errors import DatabaseTooNewError
from hub_config.reports.database.migrating import MIGRATIONS, NEWEST, version_of
from hub_config.reports.database.tables import METADATA

from .conftest import NOW, Queue


def test_the_migrations_lead_to_the_tables_that_the_service_knows(database: Database) -> None:
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_the_newest_version_is_the_last_file() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == NEWEST


def test_an_empty_database_has_no_version(empty: Callable[[], Database]) -> None:
    assert version_of(empty()) is None


def test_runs_of_the_version_before_come_along(empty: Callable[[], Database]) -> None:
    database = empty()
    bring_up_to_date(database, to="0001")
    with database.writing() as tx:
        tx.execute(
            sa.text(
                "INSERT INTO batches (id, project, request_sha256, submitted_by, submitted_at, n_runs) "
                "VALUES ('b', 'wards', 'x', 'lee', '2026-01-01T00:00:00.000Z', 1)"
            )
        )
        tx.execute(
            sa.text(
                "INSERT INTO runs (id, project, account, batch_id, batch_index, label, template_name, template_sha256,"
                " title, parameters, written, given, releases, limits, retry, attempt, priority, submitted_by,"
                " queued_at, not_before, state, heard, cell_title, facts) VALUES ('r', 'wards', 'acc', 'b', 0, '',"
                " 't', 's', '보고서', '{\"id\": 9007199254740993}', '{}', '[]', '{}', '{}', '{}', 1, 0, 'lee',"
                " '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', 'succeeded', 0, '', '{}')"
            )
        )
    bring_up_to_date(database)
    with database.reading() as connection:
        (run,) = connection.execute(METADATA.tables["runs"].select()).all()
    assert (run.title, run.parameters, run.is_kept, run.late_at) == ("보고서", {"id": 9007199254740993}, False, None)
    assert Queue(database).submit().is_new


def test_slots_of_the_version_before_stand_for_one_each(empty: Callable[[], Database]) -> None:
    database = empty()
    bring_up_to_date(database, to="0003")
    with database.writing() as tx:
        tx.execute(
            sa.text(
                "INSERT INTO slots (project, definition, slot, decision, decided_at) "
                "VALUES ('wards', 'monthly', '2026-01-01T00:00:00.000Z', 'run', '2026-01-01T00:00:01.000Z')"
            )
        )
    bring_up_to_date(database)
    with database.reading() as connection:
        (slot,) = connection.execute(METADATA.tables["slots"].select()).all()
    assert (slot.n, slot.until, slot.decision) == (1, None, "run")


def test_what_a_schedule_asked_for_is_told_from_an_account_of_that_name(empty: Callable[[], Database]) -> None:
    database = empty()
    bring_up_to_date(database, to="0003")
    moment = "2026-01-01T00:00:00.000Z"
    with database.writing() as tx:
        for name, slot in (("by-slot", moment), ("by-person", None)):
            tx.execute(
                sa.text(
                    "INSERT INTO batches (id, project, slot, request_sha256, submitted_by, submitted_at, n_runs) "
                    "VALUES (:name, 'wards', :slot, 'x', 'schedule', :moment, 1)"
                ),
                {"name": name, "slot": slot, "moment": moment},
            )
            row = _new_run(name, moment=moment) | {"slot": slot, "submitted_by": "schedule"}
            tx.execute(sa.insert(METADATA.tables["runs"]).values(**row))
            for kind in ("queued", "stop"):
                event = {"run_id": name, "at": moment, "kind": kind, "who": "schedule", "text": ""}
                tx.execute(sa.insert(METADATA.tables["events"]).values(**event))
    bring_up_to_date(database)
    with database.reading() as connection:
        told = {
            table: {row[0]: row[1] for row in connection.execute(sa.text(f"SELECT id, submitted_by FROM {table}"))}
            for table in ("batches", "runs")
        }
        events = connection.execute(sa.text("SELECT run_id, kind, who FROM events")).all()
    assert told["batches"] == told["runs"] == {"by-slot": "~schedule", "by-person": "schedule"}
    assert {(run, kind): who for run, kind, who in events} == {
        ("by-slot", "queued"): "~schedule", ("by-slot", "stop"): "schedule",
        ("by-person", "queued"): "schedule", ("by-person", "stop"): "schedule",
    }  # fmt: skip


def test_runs_whose_folder_went_before_are_known_as_removed(empty: Callable[[], Database]) -> None:
    database = empty()
    bring_up_to_date(database, to="0005")
    moment, later = "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"
    with database.writing() as tx:
        for name, kind in (("old", "removed"), ("new", "queued")):
            batch = {"id": name, "project": "wards", "submitted_by": "lee", "submitted_at": moment, "n_runs": 1}
            tx.execute(sa.insert(METADATA.tables["batches"]).values(**batch, request_sha256="x"))
            tx.execute(sa.insert(METADATA.tables["runs"]).values(**_new_run(name, moment=moment), submitted_by="lee"))
            event = {"run_id": name, "at": later, "kind": kind, "text": ""}
            tx.execute(sa.insert(METADATA.tables["events"]).values(**event))
    bring_up_to_date(database)
    with database.reading() as connection:
        found = connection.execute(sa.text("SELECT id, removed_at, removal_asked_by FROM runs ORDER BY id")).all()
    assert [tuple(row) for row in found] == [("new", None, None), ("old", later, None)]


@pytest.mark.parametrize(
    ("batch_at", "changes", "title_ko"),
    [
        ("2026-01-02", {}, "월간 품질"),
        ("2026-01-03", {"attempt": 2, "retry_of": "other"}, "월간 품질"),
        ("2026-01-01", {}, None),  # made before this was approved
        ("2026-01-03", {"title": "Another"}, None),
        ("2026-01-03", {"definition": None}, None),
        ("2026-01-03", {"definition": "weekly"}, None),
        ("2026-01-03", {"project": "others"}, None),
        ("2026-01-03", {"rerun_of": "old"}, None),
    ],
)
def test_runs_of_before_get_the_korean_title_where_their_definition_is_still_that_of_which_they_were_made(
    empty: Callable[[], Database], batch_at: str, changes: dict[str, object], title_ko: str | None
) -> None:
    database, moment = empty(), "2026-01-02T00:00:00.000Z"
    bring_up_to_date(database, to="0007")
    tables = sa.MetaData()
    with database.writing() as tx:
        tables.reflect(tx, only=("batches", "definitions", "runs"))
        documents = {
            "monthly": {"title": "Monthly", "title_ko": "월간 품질"},
            "weekly": {"title": "Monthly"},
            "new": None,
        }
        for name, document in documents.items():
            row = {"project": "wards", "name": name, "document": document, "enabled": True, "changed_at": moment}
            approved_at = moment if document is not None else None
            tx.execute(sa.insert(tables.tables["definitions"]).values(
                **row, decided_until=moment, approved_at=approved_at
            ))  # fmt: skip
        batch = {"id": "r", "project": "wards", "request_sha256": "x", "submitted_by": "lee", "n_runs": 1}
        tx.execute(sa.insert(tables.tables["batches"]).values(**batch, submitted_at=f"{batch_at}T00:00:00.000Z"))
        row = _new_run("r", moment=moment) | {"definition": "monthly", "title": "Monthly", "submitted_by": "lee"}
        tx.execute(sa.insert(tables.tables["runs"]).values(**row | changes))
    bring_up_to_date(database)
    with database.reading() as connection:
        assert connection.execute(sa.select(METADATA.tables["runs"].c.title_ko)).scalar_one() == title_ko


def _new_run(name: str, *, moment: str) -> dict[str, object]:
    texts = dict.fromkeys(("label", "template_sha256", "title", "cell_title"), "")
    numbers = dict.fromkeys(("batch_index", "attempt", "priority", "heard"), 0)
    documents: dict[str, object] = {
        key: {} for key in ("parameters", "written", "releases", "limits", "retry", "facts")
    }
    flags = dict.fromkeys(("is_kept", "is_late", "is_settled"), False)
    return texts | numbers | documents | flags | {
        "id": name, "batch_id": name, "project": "wards", "account": "acc", "template_name": "t", "given": [],
        "queued_at": moment, "not_before": moment, "state": "succeeded",
    }  # fmt: skip


def test_services_that_start_at_once_migrate_once(empty: Callable[[], Database]) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            bring_up_to_date(empty())
        except BaseException as failure:  # noqa: BLE001 - told below
            failures.append(failure)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert version_of(empty()) == NEWEST


def test_tables_of_a_newer_version_are_left_alone(database: Database) -> None:
    with database.writing() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseTooNewError, match="9999"):
        bring_up_to_date(database)


def test_the_file_is_closed_to_other_accounts(tmp_path: Path, queue: Queue) -> None:
    queue.submit()
    files = [file for file in tmp_path.iterdir() if file.is_file()]
    assert all(file.stat().st_mode & 0o077 == 0 for file in files), [oct(f.stat().st_mode) for f in files]
    assert NOW.tzinfo is not None
