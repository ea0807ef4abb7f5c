"""What became of a cohort's works when it moved to a course version with another rubric."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("rubric_change", "rubric_ruling")


def upgrade() -> None:
    op.create_table(
        "rubric_change",
        sa.Column("id", KEY, nullable=False),
        sa.Column("cohort_id", KEY, nullable=False),
        sa.Column("stable_id", sa.String(80), nullable=False),
        sa.Column("version_id", KEY, nullable=False),
        sa.Column("choice", sa.String(10), nullable=False),
        sa.Column("plan", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("decided_by", KEY, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "choice in ('keep', 'recompute', 'review')", name=op.f("ck_rubric_change_choice")
        ),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_rubric_change_cohort_id")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["course_version.id"], name=op.f("fk_rubric_change_version_id")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_rubric_change_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubric_change")),
        sa.UniqueConstraint(
            "cohort_id", "stable_id", "plan", name=op.f("uq_rubric_change_cohort_id_stable_id_plan")
        ),
    )
    op.create_index("ix_rubric_change_version_id", "rubric_change", ["version_id"])
    op.create_index("ix_rubric_change_decided_by", "rubric_change", ["decided_by"])
    op.create_table(
        "rubric_ruling",
        sa.Column("id", KEY, nullable=False),
        sa.Column("change_id", KEY, nullable=False),
        sa.Column("work_id", KEY, nullable=False),
        sa.Column("version_id", KEY, nullable=False),
        sa.Column("switched", sa.Boolean(), nullable=False),
        sa.Column("before", sa.String(40), nullable=True),
        sa.Column("after", sa.String(40), nullable=True),
        sa.ForeignKeyConstraint(["change_id"], ["rubric_change.id"], name=op.f("fk_rubric_ruling_change_id")),
        sa.ForeignKeyConstraint(["work_id"], ["work.id"], name=op.f("fk_rubric_ruling_work_id")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["course_version.id"], name=op.f("fk_rubric_ruling_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubric_ruling")),
        sa.UniqueConstraint("change_id", "work_id", name=op.f("uq_rubric_ruling_change_id_work_id")),
    )
    op.create_index("ix_rubric_ruling_work_id", "rubric_ruling", ["work_id", "id"])
    op.create_index("ix_rubric_ruling_version_id", "rubric_ruling", ["version_id"])
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
