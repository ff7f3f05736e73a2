"""Runs that were left, and those that are tried again, are found without going through all that have ended."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_runs_state_reason_ended_at", "runs", ["state_reason", "ended_at"])
    op.create_index("ix_runs_retry_of", "runs", ["retry_of"])
