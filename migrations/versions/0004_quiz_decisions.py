"""Quizzes with a clock, flags and a log; and the decisions about scores: essay marks, rulings, rescores."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
CLOSING = sa.text("submitted_at IS NULL AND closes_at IS NOT NULL")
TABLES = ("attempt_event", "essay_mark", "key_ruling", "rescore")  # written once


def _person(name: str, table: str) -> tuple[sa.Column, sa.ForeignKeyConstraint]:
    return (
        sa.Column(name, KEY, nullable=False),
        sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"fk_{table}_{name}")),
    )


def _attempt(table: str) -> tuple[sa.Column, sa.ForeignKeyConstraint]:
    return (
        sa.Column("attempt_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f(f"fk_{table}_attempt_id")),
    )


def upgrade() -> None:
    # plain columns, not in a batch: rebuilding a table on SQLite would lose its triggers
    op.add_column("attempt", sa.Column("drawn", sa.Text(), nullable=False, server_default=""))
    op.add_column("attempt", sa.Column("closes_at", AT, nullable=True))
    op.add_column("attempt", sa.Column("closed_by", sa.String(10), nullable=False, server_default=""))
    op.add_column("answer", sa.Column("address", sa.String(45), nullable=False, server_default=""))
    op.create_index(
        "ix_attempt_closing",
        "attempt",
        ["closes_at", "id"],
        sqlite_where=CLOSING,
        postgresql_where=CLOSING,
    )
    op.create_table(
        "attempt_flag",
        *_attempt("attempt_flag"),
        sa.Column("question_id", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", "question_id", name=op.f("pk_attempt_flag")),
    )
    op.create_table(
        "attempt_event",
        sa.Column("id", KEY, nullable=False),
        *_attempt("attempt_event"),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("device", sa.String(80), nullable=False),
        sa.CheckConstraint(
            "kind in ('started', 'opened', 'submitted', 'closed', 'late')",
            name=op.f("ck_attempt_event_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_event")),
    )
    op.create_index("ix_attempt_event_attempt_id", "attempt_event", ["attempt_id", "id"])
    op.create_table(
        "quiz_allowance",
        sa.Column("enrolment_id", KEY, nullable=False),
        sa.Column("stable_id", sa.String(80), nullable=False),
        sa.Column("extra_minutes", sa.Integer(), nullable=False),
        sa.Column("extra_attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        *_person("granted_by", "quiz_allowance"),
        sa.Column("granted_at", AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_quiz_allowance_enrolment_id")
        ),
        sa.PrimaryKeyConstraint("enrolment_id", "stable_id", name=op.f("pk_quiz_allowance")),
    )
    op.create_index("ix_quiz_allowance_granted_by", "quiz_allowance", ["granted_by"])
    op.create_table(
        "essay_mark",
        sa.Column("id", KEY, nullable=False),
        *_attempt("essay_mark"),
        sa.Column("question_id", sa.String(80), nullable=False),
        sa.Column("share", sa.String(40), nullable=False),
        sa.Column("levels", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        *_person("marked_by", "essay_mark"),
        sa.Column("marked_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_essay_mark")),
    )
    op.create_index("ix_essay_mark_attempt_id", "essay_mark", ["attempt_id", "question_id", "id"])
    op.create_index("ix_essay_mark_marked_by", "essay_mark", ["marked_by"])
    op.create_table(
        "key_ruling",
        sa.Column("id", KEY, nullable=False),
        sa.Column("cohort_id", KEY, nullable=False),
        sa.Column("stable_id", sa.String(80), nullable=False),
        sa.Column("question_id", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("rule", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        *_person("decided_by", "key_ruling"),
        sa.Column("decided_at", AT, nullable=False),
        sa.CheckConstraint("kind in ('accept', 'void', 'lift')", name=op.f("ck_key_ruling_kind")),
        sa.CheckConstraint("rule in ('', 'full', 'drop')", name=op.f("ck_key_ruling_rule")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_key_ruling_cohort_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_ruling")),
    )
    op.create_index("ix_key_ruling_quiz", "key_ruling", ["cohort_id", "stable_id", "id"])
    op.create_index("ix_key_ruling_decided_by", "key_ruling", ["decided_by"])
    op.create_table(
        "rescore",
        sa.Column("id", KEY, nullable=False),
        *_attempt("rescore"),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("points", sa.String(40), nullable=False),
        sa.Column("max_points", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        *_person("decided_by", "rescore"),
        sa.Column("decided_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_rescore_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rescore")),
        sa.UniqueConstraint("attempt_id", "source", name=op.f("uq_rescore_attempt_id_source")),
    )
    op.create_index("ix_rescore_item_id", "rescore", ["item_id"])
    op.create_index("ix_rescore_decided_by", "rescore", ["decided_by"])
    _keep()


def _keep() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in TABLES:
        for deed, event in (("update", "UPDATE"), ("delete", "DELETE")):
            head = f"CREATE TRIGGER keep_{table}_{deed} BEFORE {event} ON {table} "
            if postgresql:
                op.execute(head + "FOR EACH ROW EXECUTE FUNCTION keep_row()")
            else:
                op.execute(head + f"BEGIN SELECT RAISE(ABORT, '{table} is immutable'); END")


def downgrade() -> None:
    # a dropped table takes its triggers and indexes along
    for table in ("rescore", "key_ruling", "essay_mark", "quiz_allowance", "attempt_event", "attempt_flag"):
        op.drop_table(table)
    op.drop_index("ix_attempt_closing", table_name="attempt")
    op.drop_column("answer", "address")
    for column in ("closed_by", "closes_at", "drawn"):
        op.drop_column("attempt", column)
