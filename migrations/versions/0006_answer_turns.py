"""Answers know which device gave them and in which turn, so that one that is sent twice is stored once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEPT = ("id", "attempt_id", "sequence", "question_id", "value", "saved_at")
NOW_KEPT = (*KEPT, "given_at", "writer", "turn")


def upgrade() -> None:
    # plain columns, not in a batch: rebuilding the table on SQLite would lose its triggers
    op.add_column("answer", sa.Column("writer", sa.String(16), nullable=False, server_default=""))
    op.add_column("answer", sa.Column("turn", sa.BigInteger(), nullable=False, server_default="0"))
    _keep(NOW_KEPT)


def _keep(columns: tuple[str, ...]) -> None:
    head = f"CREATE TRIGGER keep_answer_update BEFORE UPDATE OF {', '.join(columns)} ON answer "
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER keep_answer_update ON answer")
        op.execute(head + "FOR EACH ROW EXECUTE FUNCTION keep_row()")
    else:
        op.execute("DROP TRIGGER keep_answer_update")
        op.execute(head + "BEGIN SELECT RAISE(ABORT, 'answer is immutable'); END")


def downgrade() -> None:
    _keep(KEPT)
    for column in ("turn", "writer"):
        op.drop_column("answer", column)
