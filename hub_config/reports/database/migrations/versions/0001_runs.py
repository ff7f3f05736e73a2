"""Runs, batches, definitions and their slots, runners."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME, NAME, HASH = sa.String(24), sa.String(80), sa.String(64)


def _json(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=nullable)


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "templates",
        sa.Column("sha256", HASH, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_templates"),
    )
    _make_definitions()
    _make_runs()
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("run_id", NAME, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("who", NAME),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_run_id_id", "events", ["run_id", "id"])
    op.create_table(
        "runners",
        sa.Column("id", NAME, nullable=False),
        sa.Column("account", NAME, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("token_sha256", HASH),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("heard", sa.Integer(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("gone_at", TIME),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_runners"),
    )
    op.create_index("ix_runners_state_account", "runners", ["state", "account"])
    op.create_table(
        "turns",
        sa.Column("project", NAME, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("project", name="pk_turns"),
    )


def _make_definitions() -> None:
    op.create_table(
        "definitions",
        sa.Column("project", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        _json("document", nullable=True),
        sa.Column("document_sha256", HASH),
        sa.Column("template_sha256", HASH),
        sa.Column("approved_by", NAME),
        sa.Column("approved_at", TIME),
        _json("draft", nullable=True),
        sa.Column("draft_sha256", HASH),
        sa.Column("draft_template_sha256", HASH),
        sa.Column("drafted_by", NAME),
        sa.Column("drafted_at", TIME),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("decided_until", TIME, nullable=False),
        sa.Column("next_slot", TIME),
        sa.Column("broken", sa.Text()),
        sa.PrimaryKeyConstraint("project", "name", name="pk_definitions"),
    )
    op.create_index("ix_definitions_next_slot", "definitions", ["next_slot"])
    op.create_table(
        "approvals",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("project", NAME, nullable=False),
        sa.Column("definition", NAME, nullable=False),
        sa.Column("template_sha256", HASH, nullable=False),
        sa.Column("document_sha256", HASH, nullable=False),
        sa.Column("approved_by", NAME, nullable=False),
        sa.Column("approved_at", TIME, nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
    )
    op.create_index("ix_approvals_project_definition", "approvals", ["project", "definition"])
    op.create_table(
        "slots",
        sa.Column("project", NAME, nullable=False),
        sa.Column("definition", NAME, nullable=False),
        sa.Column("slot", TIME, nullable=False),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(40)),
        sa.Column("decided_at", TIME, nullable=False),
        sa.Column("batch_id", NAME),
        sa.PrimaryKeyConstraint("project", "definition", "slot", name="pk_slots"),
    )


def _make_runs() -> None:
    op.create_table(
        "batches",
        sa.Column("id", NAME, nullable=False),
        sa.Column("project", NAME, nullable=False),
        sa.Column("definition", NAME),
        sa.Column("slot", TIME),
        sa.Column("idempotency_key", sa.String(200)),
        sa.Column("request_sha256", HASH, nullable=False),
        sa.Column("submitted_by", NAME, nullable=False),
        sa.Column("submitted_at", TIME, nullable=False),
        sa.Column("n_runs", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
        sa.UniqueConstraint("project", "idempotency_key", name="uq_batches_project_idempotency_key"),
    )
    op.create_index("ix_batches_project_submitted_at", "batches", ["project", "submitted_at"])
    op.create_table(
        "runs",
        sa.Column("id", NAME, nullable=False),
        sa.Column("project", NAME, nullable=False),
        sa.Column("account", NAME, nullable=False),
        sa.Column("batch_id", NAME, nullable=False),
        sa.Column("batch_index", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("definition", NAME),
        sa.Column("slot", TIME),
        sa.Column("template_name", NAME, nullable=False),
        sa.Column("template_sha256", HASH, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        *(_json(name) for name in ("parameters", "written", "given", "releases", "limits", "retry")),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("retry_of", NAME),
        sa.Column("rerun_of", NAME),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("submitted_by", NAME, nullable=False),
        sa.Column("queued_at", TIME, nullable=False),
        sa.Column("not_before", TIME, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("state_reason", sa.String(40)),
        sa.Column("started_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("seconds", sa.Float()),
        sa.Column("runner_id", NAME),
        sa.Column("lease_id", sa.String(40)),
        sa.Column("heard", sa.Integer(), nullable=False),
        sa.Column("stop_asked_by", NAME),
        sa.Column("cell", sa.Integer()),
        sa.Column("n_cells", sa.Integer()),
        sa.Column("cell_title", sa.Text(), nullable=False),
        _json("error", nullable=True),
        _json("facts"),
        sa.Column("folder", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_runs_batch_id"),
    )
    for columns in (
        ("state", "project"),
        ("project", "queued_at"),
        ("project", "definition", "queued_at"),
        ("queued_at",),
        ("batch_id",),
    ):
        op.create_index(f"ix_runs_{'_'.join(columns)}", "runs", list(columns))
