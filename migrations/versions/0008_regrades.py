"""Regrades as acts of their own, and an index over attempts whose essays wait to be marked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.text("submitted_at IS NOT NULL AND points IS NULL")


def upgrade() -> None:
    op.create_table(
        "regrade",
        sa.Column("id", KEY, nullable=False),
        sa.Column("cohort_id", KEY, nullable=False),
        sa.Column("stable_id", sa.String(80), nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("included", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("decided_by", KEY, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_regrade_cohort_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_regrade_item_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_regrade_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regrade")),
        sa.UniqueConstraint(
            "cohort_id", "stable_id", "fingerprint", name=op.f("uq_regrade_cohort_id_stable_id_fingerprint")
        ),
    )
    op.create_index("ix_regrade_item_id", "regrade", ["item_id"])
    op.create_index("ix_regrade_decided_by", "regrade", ["decided_by"])
    op.create_index(
        "ix_attempt_waiting",
        "attempt",
        ["submitted_at", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    for deed in ("update", "delete"):
        head = f"CREATE TRIGGER keep_regrade_{deed} BEFORE {deed.upper()} ON regrade "
        if postgresql:
            op.execute(head + "FOR EACH ROW EXECUTE FUNCTION keep_row()")
        else:
            op.execute(head + "BEGIN SELECT RAISE(ABORT, 'regrade is immutable'); END")


def downgrade() -> None:
    op.drop_index("ix_attempt_waiting", table_name="attempt")
    op.drop_table("regrade")
