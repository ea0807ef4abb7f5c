"""What learners are writing for an appeal, kept until they file it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "appeal_draft",
        sa.Column("id", KEY, nullable=False),
        sa.Column("work_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["work_id"], ["work.id"], name=op.f("fk_appeal_draft_work_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_appeal_draft_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_draft")),
        sa.UniqueConstraint("work_id", "person_id", name=op.f("uq_appeal_draft_work_id_person_id")),
    )
    op.create_index("ix_appeal_draft_person_id", "appeal_draft", ["person_id"])


def downgrade() -> None:
    op.drop_table("appeal_draft")
