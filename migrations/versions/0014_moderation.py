"""Versions referred to a moderator, the draft of a decision between their reviews, and the decision."""

from __future__ import annotations

import json
from decimal import Decimal

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEPT = ("referral", "moderation")


def upgrade() -> None:
    op.create_table(
        "referral",
        sa.Column("id", KEY, nullable=False),
        sa.Column("submission_id", KEY, nullable=False),
        sa.Column("difference", sa.String(40), nullable=False),
        sa.Column("referred_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission_version.id"], name=op.f("fk_referral_submission_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_referral_submission_id")),
    )
    op.create_table(
        "moderation_draft",
        sa.Column("id", KEY, nullable=False),
        sa.Column("submission_id", KEY, nullable=False),
        sa.Column("moderator_id", KEY, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission_version.id"], name=op.f("fk_moderation_draft_submission_id")
        ),
        sa.ForeignKeyConstraint(
            ["moderator_id"], ["person.id"], name=op.f("fk_moderation_draft_moderator_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation_draft")),
        sa.UniqueConstraint(
            "submission_id", "moderator_id", name=op.f("uq_moderation_draft_submission_id_moderator_id")
        ),
    )
    op.create_index("ix_moderation_draft_moderator_id", "moderation_draft", ["moderator_id"])
    op.create_table(
        "moderation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("submission_id", KEY, nullable=False),
        sa.Column("moderator_id", KEY, nullable=False),
        sa.Column("decision", sa.String(10), nullable=False),
        sa.Column("review_id", KEY, nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("points", sa.String(40), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("decision in ('review', 'own')", name=op.f("ck_moderation_decision")),
        sa.CheckConstraint(
            "(decision = 'review') = (review_id is not null)", name=op.f("ck_moderation_review")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission_version.id"], name=op.f("fk_moderation_submission_id")
        ),
        sa.ForeignKeyConstraint(["moderator_id"], ["person.id"], name=op.f("fk_moderation_moderator_id")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_moderation_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moderation")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_moderation_submission_id")),
    )
    op.create_index("ix_moderation_moderator_id", "moderation", ["moderator_id"])
    op.create_index("ix_moderation_review_id", "moderation", ["review_id"])
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in KEPT:
        for deed in ("update", "delete"):
            head = f"CREATE TRIGGER keep_{table}_{deed} BEFORE {deed.upper()} ON {table} "
            if postgresql:
                op.execute(head + "FOR EACH ROW EXECUTE FUNCTION keep_row()")
            else:
                op.execute(head + f"BEGIN SELECT RAISE(ABORT, '{table} is immutable'); END")
    _refer_what_waits()


def _refer_what_waits() -> None:
    """What waits for one more review today waits for a moderator from now on."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT v.id, i.definition, r.points, r.outcome, r.sent_at FROM submission_version v "
            "JOIN work w ON w.id = v.work_id JOIN item i ON i.id = w.item_id "
            "JOIN review r ON r.submission_id = v.id WHERE v.settled_at IS NULL ORDER BY r.sent_at, r.id"
        )
    ).all()
    waiting: dict[int, list] = {}
    for row in rows:
        waiting.setdefault(row.id, []).append(row)
    for submission_id, reviews in waiting.items():
        project = json.loads(reviews[0].definition)
        if len(reviews) < project.get("graders", 1) or any(row.outcome == "returned" for row in reviews):
            continue
        points = [Decimal(row.points) for row in reviews if row.points is not None]
        connection.execute(
            sa.text(
                "INSERT INTO referral (submission_id, difference, referred_at) "
                "VALUES (:submission_id, :difference, :referred_at)"
            ),
            {
                "submission_id": submission_id,
                "difference": format(max(points) - min(points), "f"),
                "referred_at": reviews[-1].sent_at,
            },
        )


def downgrade() -> None:
    for table in ("moderation", "moderation_draft", "referral"):
        op.drop_table(table)
