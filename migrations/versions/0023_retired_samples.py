"""Samples that nobody is asked to mark any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sample_retirement",
        sa.Column("id", KEY, nullable=False),
        sa.Column("sample_id", KEY, nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("retired_by", KEY, nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["gold_sample.id"], name=op.f("fk_sample_retirement_sample_id")
        ),
        sa.ForeignKeyConstraint(["retired_by"], ["person.id"], name=op.f("fk_sample_retirement_retired_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample_retirement")),
        sa.UniqueConstraint("sample_id", name=op.f("uq_sample_retirement_sample_id")),
    )
    op.create_index("ix_sample_retirement_retired_by", "sample_retirement", ["retired_by"])
    postgresql = op.get_bind().dialect.name == "postgresql"
    for deed in ("update", "delete"):
        head = f"CREATE TRIGGER keep_sample_retirement_{deed} BEFORE {deed.upper()} ON sample_retirement "
        if postgresql:
            op.execute(head + "FOR EACH ROW EXECUTE FUNCTION keep_row()")
        else:
            op.execute(head + "BEGIN SELECT RAISE(ABORT, 'sample_retirement is immutable'); END")


def downgrade() -> None:
    op.drop_table("sample_retirement")
