"""Notes have a kind and a place; the follow-up says whether it follows the note or disagrees with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KEPT = ("id", "work_id", "version", "section_id", "author_id", "must", "text", "created_at")


def _unlock() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute("DROP TRIGGER keep_improvement_note_update" + (" ON improvement_note" if postgresql else ""))


def _lock(columns: tuple[str, ...]) -> None:
    head = (
        f"CREATE TRIGGER keep_improvement_note_update BEFORE UPDATE OF {', '.join(columns)} ON improvement_note "
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(head + "FOR EACH ROW EXECUTE FUNCTION keep_row()")
    else:
        op.execute(head + "BEGIN SELECT RAISE(ABORT, 'improvement_note is immutable'); END")


def upgrade() -> None:
    _unlock()
    op.add_column("improvement_note", sa.Column("kind", sa.String(12), nullable=False, server_default="must"))
    op.add_column("improvement_note", sa.Column("anchor", sa.Text(), nullable=False, server_default=""))
    op.add_column("improvement_note", sa.Column("reply_kind", sa.String(10), nullable=False, server_default=""))
    # what was not a must was called a suggestion
    op.execute(sa.text("UPDATE improvement_note SET kind = 'suggestion' WHERE NOT must"))
    _lock((*KEPT, "kind", "anchor"))


def downgrade() -> None:
    _unlock()
    for name in ("reply_kind", "anchor", "kind"):
        op.drop_column("improvement_note", name)
    _lock(KEPT)
