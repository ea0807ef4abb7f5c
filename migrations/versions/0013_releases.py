"""Releases of a whole cohort as acts of their own, and whom they left out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("grade_release", "release_exclusion")


def upgrade() -> None:
    op.create_table(
        "grade_release",
        sa.Column("id", KEY, nullable=False),
        sa.Column("cohort_id", KEY, nullable=False),
        sa.Column("stable_id", sa.String(80), nullable=False),
        sa.Column("plan", sa.String(64), nullable=False),
        sa.Column("works", sa.Integer(), nullable=False),
        sa.Column("decided_by", KEY, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_grade_release_cohort_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_grade_release_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_release")),
        sa.UniqueConstraint(
            "cohort_id", "stable_id", "plan", name=op.f("uq_grade_release_cohort_id_stable_id_plan")
        ),
    )
    op.create_index("ix_grade_release_decided_by", "grade_release", ["decided_by"])
    op.create_table(
        "release_exclusion",
        sa.Column("id", KEY, nullable=False),
        sa.Column("release_id", KEY, nullable=False),
        sa.Column("enrolment_id", KEY, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["grade_release.id"], name=op.f("fk_release_exclusion_release_id")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_release_exclusion_enrolment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_exclusion")),
        sa.UniqueConstraint(
            "release_id", "enrolment_id", name=op.f("uq_release_exclusion_release_id_enrolment_id")
        ),
    )
    op.create_index("ix_release_exclusion_enrolment_id", "release_exclusion", ["enrolment_id"])
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
