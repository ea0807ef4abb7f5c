"""Sessions that were signed out of are kept until their cookie is too old, so that a copy of it opens nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ended_session",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ended_session")),
    )
    op.create_index("ix_ended_session_until", "ended_session", ["until"])


def downgrade() -> None:
    op.drop_index("ix_ended_session_until", "ended_session")
    op.drop_table("ended_session")
