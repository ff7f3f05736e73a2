"""The tables of the reports service, as SQLAlchemy knows them; ``migrations/`` brings a database to this shape.

Times are UTC, as text of one width (``2026-11-27T03:43:46.123Z``): they sort as they stand, and SQLite and PostgreSQL
keep the same.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

__all__ = [
    "METADATA",
    "approvals",
    "batches",
    "catching_up",
    "definitions",
    "events",
    "notices",
    "runners",
    "runs",
    "secret_changes",
    "slots",
    "templates",
    "turns",
]

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
TIME = String(24)
NAME = String(80)
HASH = String(64)


def _json(name: str, **options: Any) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), **options)


# What a run executes, kept by its hash: a template that is edited or lost later can still be run again.
templates = Table(
    "templates",
    METADATA,
    Column("sha256", HASH, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("kept_at", TIME, nullable=False),
)

# What runs is what was approved; a draft waits beside it for a project lead, and stops nothing.
definitions = Table(
    "definitions",
    METADATA,
    Column("project", NAME, primary_key=True),
    Column("name", NAME, primary_key=True),
    _json("document"),  # None: never approved
    Column("document_sha256", HASH),
    Column("template_sha256", HASH),
    Column("sweep_sha256", HASH),  # of the CSV file that its sweep names
    Column("approved_by", NAME),
    Column("approved_at", TIME),
    _json("draft"),  # None: nothing waits
    Column("draft_sha256", HASH),
    Column("draft_template_sha256", HASH),
    Column("draft_sweep_sha256", HASH),
    Column("drafted_by", NAME),
    Column("drafted_at", TIME),
    Column("enabled", Boolean, nullable=False),
    Column("changed_at", TIME, nullable=False),
    Column("decided_until", TIME, nullable=False),  # slots up to here are decided
    Column("next_slot", TIME),  # None: there is no further one
    Column("broken", Text),  # why its last slot could not run; a code and a sentence without values
    Index(None, "next_slot"),
)

approvals = Table(
    "approvals",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("project", NAME, nullable=False),
    Column("definition", NAME, nullable=False),
    Column("template_sha256", HASH, nullable=False),
    Column("document_sha256", HASH, nullable=False),
    Column("sweep_sha256", HASH),
    Column("approved_by", NAME, nullable=False),
    Column("approved_at", TIME, nullable=False),
    Column("comment", Text, nullable=False),
    Index(None, "project", "definition"),
)

# One row per slot that was decided: the primary key is what makes two services start one run. After a long downtime
# slots that are skipped one after another for one reason share a row: `until` is the last of them, `n` how many.
slots = Table(
    "slots",
    METADATA,
    Column("project", NAME, primary_key=True),
    Column("definition", NAME, primary_key=True),
    Column("slot", TIME, primary_key=True),
    Column("until", TIME),
    Column("n", Integer, nullable=False, server_default="1"),
    Column("decision", String(20), nullable=False),
    Column("reason", String(40)),
    Column("decided_at", TIME, nullable=False),
    Column("batch_id", NAME),
)

# One row while services make up for the slots of a downtime: since when they are back, and when one was last at it. It
# outlives each of them, so that what was due since then is on time, whoever sees it.
catching_up = Table(
    "catching_up",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("since", TIME, nullable=False),
    Column("seen_at", TIME, nullable=False),
)

# One submission by a slot, a person or a program: one run, or the N of a sweep.
batches = Table(
    "batches",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("project", NAME, nullable=False),
    Column("definition", NAME),
    Column("slot", TIME),
    Column("idempotency_key", String(200)),
    Column("request_sha256", HASH, nullable=False),
    Column("submitted_by", NAME, nullable=False),
    Column("submitted_at", TIME, nullable=False),
    Column("n_runs", Integer, nullable=False),
    UniqueConstraint("project", "idempotency_key"),
    Index(None, "project", "submitted_at"),
)

runs = Table(
    "runs",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("project", NAME, nullable=False),
    Column("account", NAME, nullable=False),
    Column("batch_id", NAME, ForeignKey("batches.id"), nullable=False),
    Column("batch_index", Integer, nullable=False),
    Column("label", Text, nullable=False),  # what tells it from the others of its sweep, or ''
    Column("definition", NAME),
    Column("slot", TIME),
    Column("template_name", NAME, nullable=False),
    Column("template_sha256", HASH, nullable=False),
    Column("title", Text, nullable=False),
    Column("title_ko", Text),  # None: its definition had none when the run was made, or it has no definition
    _json("parameters", nullable=False),
    _json("written", nullable=False),  # as they were written, before relative dates were resolved
    _json("given", nullable=False),
    _json("releases", nullable=False),  # data set to release, pinned for this run
    _json("limits", nullable=False),
    _json("retry", nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("retry_of", NAME),
    Column("rerun_of", NAME),
    Column("priority", Integer, nullable=False),
    Column("submitted_by", NAME, nullable=False),
    Column("queued_at", TIME, nullable=False),
    Column("not_before", TIME, nullable=False),
    Column("late_at", TIME),
    Column("state", String(20), nullable=False),
    Column("state_reason", String(40)),
    Column("started_at", TIME),
    Column("ended_at", TIME),
    Column("seconds", Float),
    Column("runner_id", NAME),
    Column("lease_id", String(40)),
    Column("heard", Integer, nullable=False),  # how often its runner was heard; only that it changes matters
    Column("stop_asked_by", NAME),
    Column("cell", Integer),
    Column("n_cells", Integer),
    Column("cell_title", Text, nullable=False),
    _json("error"),
    _json("facts", nullable=False),  # what the run's record says at the end: releases, cohorts, versions, hashes
    Column("folder", Text),  # relative to the home
    Column("is_kept", Boolean, nullable=False),
    Column("removal_asked_by", NAME),  # from then on its folder is nobody's to see; "" until an old one has gone
    Column("removed_at", TIME),  # its folder is gone: it was old, or somebody asked for it
    Column("is_late", Boolean, nullable=False),
    Column("is_settled", Boolean, nullable=False),  # whether what follows its end is done: alerts, notices
    Index(None, "is_settled", "state"),
    Index(None, "state", "project"),
    Index(None, "project", "queued_at"),
    Index(None, "project", "definition", "queued_at"),
    Index(None, "queued_at"),
    Index(None, "batch_id"),
    Index(None, "state_reason", "ended_at"),  # what was left is asked for once a second
    Index(None, "retry_of"),
    Index(None, "removal_asked_by", "removed_at"),  # what waits to be removed is asked for every second or two
)

events = Table(
    "events",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", NAME, nullable=False),
    Column("at", TIME, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("who", NAME),
    Column("text", Text, nullable=False),
    Index(None, "run_id", "id"),
)

runners = Table(
    "runners",
    METADATA,
    Column("id", NAME, primary_key=True),  # the name of its server at the hub
    Column("account", NAME, nullable=False),
    Column("state", String(20), nullable=False),  # starting, ready, gone
    Column("token_sha256", HASH),  # of the token and the process that the hub vouched for
    Column("capacity", Integer, nullable=False),
    Column("heard", Integer, nullable=False),
    Column("asked_at", TIME, nullable=False),
    Column("gone_at", TIME),
    Column("reason", Text),
    Column("is_forgotten", Boolean, nullable=False, server_default=false()),  # the hub knows it no more
    Index(None, "state", "account"),
)

# When each project last got a run to execute: who waited longest comes first.
turns = Table(
    "turns",
    METADATA,
    Column("project", NAME, primary_key=True),
    Column("turn", Integer, nullable=False),
)

notices = Table(
    "notices",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(250), nullable=False, unique=True),  # the same event is told once to the same recipient
    Column("project", NAME, nullable=False),
    Column("target", NAME, nullable=False),
    Column("run_id", NAME),
    Column("event", String(20), nullable=False),
    _json("content", nullable=False),
    Column("due_at", TIME),  # None: done with
    Column("attempts", Integer, nullable=False),
    Column("outcome", String(20)),
    Column("made_at", TIME, nullable=False),
    Column("ended_at", TIME),
    Index(None, "due_at"),
)

# Who set or took away which secret of a project, and when: a name, and nothing of its value.
secret_changes = Table(
    "secret_changes",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("project", NAME, nullable=False),
    Column("name", NAME, nullable=False),
    Column("change", String(20), nullable=False),  # set, removed
    Column("who", NAME, nullable=False),
    Column("at", TIME, nullable=False),
    Index(None, "project", "id"),
)
