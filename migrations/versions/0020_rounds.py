"""Versions know the round they count as: one that a change of rubric put before its reviewers again is no new one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TRIGGER = "keep_submission_version_round"
# nothing is handed in after a version whose reviews accepted it: what follows one is the same text, reviewed again
REOPENED = """
    SELECT count(*) FROM submission_version again
    JOIN submission_version old ON old.work_id = again.work_id AND old.number = again.number - 1
    WHERE again.work_id = submission_version.work_id AND again.number <= submission_version.number
    AND again.sha256 = old.sha256 AND old.settled_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM review r WHERE r.submission_id = old.id AND r.outcome = 'returned')
"""


def upgrade() -> None:
    # plain columns, not in a batch: rebuilding the table on SQLite would lose its triggers
    op.add_column("submission_version", sa.Column("round_number", sa.Integer(), nullable=False, server_default="1"))
    op.execute(sa.text(f"UPDATE submission_version SET round_number = number - ({REOPENED})"))
    head = f"CREATE TRIGGER {TRIGGER} BEFORE UPDATE OF round_number ON submission_version "
    if op.get_bind().dialect.name == "postgresql":
        op.execute(head + "FOR EACH ROW EXECUTE FUNCTION keep_row()")
    else:
        op.execute(head + "BEGIN SELECT RAISE(ABORT, 'submission_version is immutable'); END")


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute(f"DROP TRIGGER {TRIGGER}" + (" ON submission_version" if postgresql else ""))
    op.drop_column("submission_version", "round_number")
