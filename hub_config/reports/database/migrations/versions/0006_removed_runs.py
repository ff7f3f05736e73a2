"""Runs that somebody asked to remove, and when the folder of a run went."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add them; the folders that went before are known from what happened to the runs."""
    op.add_column("runs", sa.Column("removal_asked_by", sa.String(80)))
    op.add_column("runs", sa.Column("removed_at", sa.String(24)))
    op.create_index("ix_runs_removal_asked_by_removed_at", "runs", ["removal_asked_by", "removed_at"])
    op.execute(
        "UPDATE runs SET removed_at = "
        "(SELECT MAX(events.at) FROM events WHERE events.run_id = runs.id AND events.kind = 'removed') "
        "WHERE folder IS NULL AND id IN (SELECT run_id FROM events WHERE kind = 'removed')"
    )
