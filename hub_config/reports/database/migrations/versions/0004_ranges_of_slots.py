"""Skipped slots that share a row; runners that the hub has forgotten; sweep files as approved; the schedule's name."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add them; a slot of before is one, and what was approved before has no sweep file that was looked at."""
    with op.batch_alter_table("slots") as slots:
        slots.add_column(sa.Column("until", sa.String(24)))
        slots.add_column(sa.Column("n", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("runners") as runners:
        runners.add_column(sa.Column("is_forgotten", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("definitions") as definitions:
        definitions.add_column(sa.Column("sweep_sha256", sa.String(64)))
        definitions.add_column(sa.Column("draft_sweep_sha256", sa.String(64)))
    with op.batch_alter_table("approvals") as approvals:
        approvals.add_column(sa.Column("sweep_sha256", sa.String(64)))
    _name_the_schedule()


def _name_the_schedule() -> None:
    """Tell what a schedule asked for from what an account of the name ``schedule`` did: only the first has a slot."""
    op.execute("UPDATE batches SET submitted_by = '~schedule' WHERE submitted_by = 'schedule' AND slot IS NOT NULL")
    op.execute("UPDATE runs SET submitted_by = '~schedule' WHERE submitted_by = 'schedule' AND slot IS NOT NULL")
    op.execute(
        "UPDATE events SET who = '~schedule' WHERE who = 'schedule' AND kind IN ('queued', 'skipped', 'retry') "
        "AND run_id IN (SELECT id FROM runs WHERE submitted_by = '~schedule')"
    )
