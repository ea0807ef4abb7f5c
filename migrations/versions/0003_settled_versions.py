"""When the reviews of a handed-in version had come to a decision, and an index over those that wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WAITING = sa.text("settled_at IS NULL")


def upgrade() -> None:
    op.add_column("submission_version", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_submission_version_waiting",
        "submission_version",
        ["cohort_id", "submitted_at", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def downgrade() -> None:
    op.drop_index("ix_submission_version_waiting", table_name="submission_version")
    # not in a batch: SQLite drops a plain column by itself, and rebuilding the table would lose its triggers
    op.drop_column("submission_version", "settled_at")
