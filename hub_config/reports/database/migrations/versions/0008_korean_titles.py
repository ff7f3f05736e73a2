"""The Korean title that a report definition had when a run of it was made."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

DEFINITIONS = sa.table(
    "definitions", sa.column("project"), sa.column("name"), sa.column("approved_at"), sa.column("document", sa.JSON())
)
RUNS = sa.table(
    "runs",
    *(sa.column(name) for name in ("project", "definition", "batch_id", "rerun_of", "title", "title_ko")),
)
BATCHES = sa.table("batches", sa.column("id"), sa.column("submitted_at"))


def upgrade() -> None:
    """Add it; runs that are there get it where their definition is still the one of which they were made."""
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("title_ko", sa.Text()))
    connection = op.get_bind()
    for row in connection.execute(sa.select(DEFINITIONS).where(DEFINITIONS.c.approved_at.is_not(None))).all():
        document = row.document if isinstance(row.document, dict) else {}
        if document.get("title_ko"):
            since = sa.select(BATCHES.c.id).where(BATCHES.c.submitted_at >= row.approved_at)
            connection.execute(
                sa.update(RUNS)
                .where(
                    RUNS.c.project == row.project,
                    RUNS.c.definition == row.name,
                    RUNS.c.title == document.get("title"),
                    RUNS.c.rerun_of.is_(None),  # made now of what ran then
                    RUNS.c.batch_id.in_(since),
                )
                .values(title_ko=document["title_ko"])
            )
