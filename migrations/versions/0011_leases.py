"""Whose turn it is to write about a version, and until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "review_lease",
        sa.Column("id", KEY, nullable=False),
        sa.Column("submission_id", KEY, nullable=False),
        sa.Column("reviewer_id", KEY, nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission_version.id"], name=op.f("fk_review_lease_submission_id")
        ),
        sa.ForeignKeyConstraint(["reviewer_id"], ["person.id"], name=op.f("fk_review_lease_reviewer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_lease")),
        sa.UniqueConstraint(
            "submission_id", "reviewer_id", name=op.f("uq_review_lease_submission_id_reviewer_id")
        ),
    )
    op.create_index("ix_review_lease_reviewer_id", "review_lease", ["reviewer_id"])
    op.create_index("ix_review_lease_until", "review_lease", ["until"])


def downgrade() -> None:
    op.drop_table("review_lease")
