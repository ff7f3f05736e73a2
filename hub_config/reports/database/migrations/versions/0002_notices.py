"""Notices that are sent, deadlines that are missed, and runs that are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add them; runs that are there have no deadline and may be removed by age."""
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(250), nullable=False),
        sa.Column("project", sa.String(80), nullable=False),
        sa.Column("target", sa.String(80), nullable=False),
        sa.Column("run_id", sa.String(80)),
        sa.Column("event", sa.String(20), nullable=False),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("due_at", sa.String(24)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(20)),
        sa.Column("made_at", sa.String(24), nullable=False),
        sa.Column("ended_at", sa.String(24)),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.UniqueConstraint("key", name="uq_notices_key"),
    )
    op.create_index("ix_notices_due_at", "notices", ["due_at"])
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("late_at", sa.String(24)))
        runs.add_column(sa.Column("is_kept", sa.Boolean(), nullable=False, server_default=sa.false()))
        runs.add_column(sa.Column("is_late", sa.Boolean(), nullable=False, server_default=sa.false()))
        # Nobody is told of what ended before there were notices.
        runs.add_column(sa.Column("is_settled", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_index("ix_runs_is_settled_state", "runs", ["is_settled", "state"])
