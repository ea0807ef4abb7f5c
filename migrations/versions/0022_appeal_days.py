"""Within how many days one may appeal: a cohort may set its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cohort", sa.Column("appeal_days", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("cohort", "appeal_days")
