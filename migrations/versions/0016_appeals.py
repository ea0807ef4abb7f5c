"""Appeals against single criteria of a released grade, and their answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("appeal", "appeal_answer")


def upgrade() -> None:
    op.create_table(
        "appeal",
        sa.Column("id", KEY, nullable=False),
        sa.Column("work_id", KEY, nullable=False),
        sa.Column("cohort_id", KEY, nullable=False),
        sa.Column("criterion", sa.String(80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("filed_by", KEY, nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["work_id"], ["work.id"], name=op.f("fk_appeal_work_id")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_appeal_cohort_id")),
        sa.ForeignKeyConstraint(["filed_by"], ["person.id"], name=op.f("fk_appeal_filed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
        sa.UniqueConstraint("work_id", "criterion", name=op.f("uq_appeal_work_id_criterion")),
    )
    op.create_index("ix_appeal_cohort_id", "appeal", ["cohort_id", "id"])
    op.create_index("ix_appeal_filed_by", "appeal", ["filed_by"])
    op.create_table(
        "appeal_answer",
        sa.Column("id", KEY, nullable=False),
        sa.Column("appeal_id", KEY, nullable=False),
        sa.Column("decision", sa.String(10), nullable=False),
        sa.Column("before", sa.String(40), nullable=False),
        sa.Column("points", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", KEY, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("decision in ('accepted', 'rejected')", name=op.f("ck_appeal_answer_decision")),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeal.id"], name=op.f("fk_appeal_answer_appeal_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_appeal_answer_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_answer")),
        sa.UniqueConstraint("appeal_id", name=op.f("uq_appeal_answer_appeal_id")),
    )
    op.create_index("ix_appeal_answer_decided_by", "appeal_answer", ["decided_by"])
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in TABLES:
        for deed in ("update", "delete"):
            head = f"CREATE TRIGGER keep_{table}_{deed} BEFORE {deed.upper()} ON {table} "
            if postgresql:
                op.execute(head + "FOR EACH ROW EXECUTE FUNCTION keep_row()")
            else:
                op.execute(head + f"BEGIN SELECT RAISE(ABORT, '{table} is immutable'); END")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
