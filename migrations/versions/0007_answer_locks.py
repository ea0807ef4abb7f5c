"""Questions answered for good while their attempt still runs; an answer's address is kept like the rest of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEPT = ("id", "attempt_id", "sequence", "question_id", "value", "saved_at", "given_at", "writer", "turn")


def upgrade() -> None:
    op.create_table(
        "answer_lock",
        sa.Column("attempt_id", KEY, nullable=False),
        sa.Column("question_id", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_answer_lock_attempt_id")),
        sa.PrimaryKeyConstraint("attempt_id", "question_id", name=op.f("pk_answer_lock")),
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    for deed, event in (("update", "UPDATE"), ("delete", "DELETE")):
        head = f"CREATE TRIGGER keep_answer_lock_{deed} BEFORE {event} ON answer_lock "
        if postgresql:
            op.execute(head + "FOR EACH ROW EXECUTE FUNCTION keep_row()")
        else:
            op.execute(head + "BEGIN SELECT RAISE(ABORT, 'answer_lock is immutable'); END")
    _keep((*KEPT, "address"))


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
    # a dropped table takes its triggers along
    op.drop_table("answer_lock")
