"""Who took a learner out of a team and why, and what single members of a team get beside its grade."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STANDING = sa.text("left_at IS NULL")


def _rebuild(change) -> None:
    """Change the members' table; the index of those standing is made anew, whatever a rebuild keeps of it."""
    op.drop_index("uq_work_member_standing", table_name="work_member")
    with op.batch_alter_table("work_member") as batch:
        change(batch)
    op.create_index(
        "uq_work_member_standing",
        "work_member",
        ["enrolment_id", "stable_id"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )


def _add(batch) -> None:
    batch.add_column(sa.Column("left_by", KEY, nullable=True))
    batch.add_column(sa.Column("left_reason", sa.String(300), nullable=False, server_default=""))
    batch.create_foreign_key(op.f("fk_work_member_left_by"), "person", ["left_by"], ["id"])


def _remove(batch) -> None:
    batch.drop_constraint(op.f("fk_work_member_left_by"), type_="foreignkey")
    batch.drop_column("left_reason")
    batch.drop_column("left_by")


def upgrade() -> None:
    _rebuild(_add)
    op.create_index("ix_work_member_left_by", "work_member", ["left_by"])
    op.create_table(
        "adjustment",
        sa.Column("id", KEY, nullable=False),
        sa.Column("work_id", KEY, nullable=False),
        sa.Column("enrolment_id", KEY, nullable=False),
        sa.Column("points", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("decided_by", KEY, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["work_id"], ["work.id"], name=op.f("fk_adjustment_work_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_adjustment_enrolment_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_adjustment_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment")),
    )
    op.create_index("ix_adjustment_work_id", "adjustment", ["work_id", "enrolment_id", "id"])
    op.create_index("ix_adjustment_enrolment_id", "adjustment", ["enrolment_id"])
    op.create_index("ix_adjustment_decided_by", "adjustment", ["decided_by"])
    postgresql = op.get_bind().dialect.name == "postgresql"
    for deed in ("update", "delete"):
        head = f"CREATE TRIGGER keep_adjustment_{deed} BEFORE {deed.upper()} ON adjustment "
        if postgresql:
            op.execute(head + "FOR EACH ROW EXECUTE FUNCTION keep_row()")
        else:
            op.execute(head + "BEGIN SELECT RAISE(ABORT, 'adjustment is immutable'); END")


def downgrade() -> None:
    op.drop_table("adjustment")
    op.drop_index("ix_work_member_left_by", table_name="work_member")
    _rebuild(_remove)
