"""The database itself refuses to change what was published, handed in, sent or decided."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# table → the columns that an update must not name; all others are free (retired_at, a note's reply)
KEPT = {
    "answer": ("id", "attempt_id", "sequence", "question_id", "value", "saved_at"),
    "audit_entry": ("id", "at", "actor_id", "deed", "thing", "detail", "previous", "digest"),
    "course_file": ("id", "version_id", "name", "sha256", "media_type"),
    "course_version": (
        *("id", "course_id", "number", "content_hash", "title", "summary", "language", "jp"),
        *("definition", "published_at", "published_by"),
    ),
    "grade_entry": (
        *("id", "enrolment_id", "stable_id", "state", "points", "reason", "source", "decided_by", "decided_at"),
    ),
    "improvement_note": ("id", "work_id", "version", "section_id", "author_id", "must", "text", "created_at"),
    "item": (
        *("id", "version_id", "stable_id", "kind", "module", "position", "title", "minutes", "source", "definition"),
    ),
    "review": ("id", "submission_id", "reviewer_id", "number", "outcome", "content", "points", "sent_at"),
    "submission_part": (
        *("id", "submission_id", "section_id", "position", "content", "sha256", "words", "carried_from"),
    ),
    "submission_version": (
        *("id", "work_id", "cohort_id", "number", "submitted_at", "submitted_by", "due_at", "late_seconds"),
        *("reasons", "sha256", "receipt"),
    ),
}


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(
            "CREATE FUNCTION keep_row() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is immutable', TG_TABLE_NAME; END $$"
        )
    for table, columns in KEPT.items():
        for deed, event in (("update", f"UPDATE OF {', '.join(columns)}"), ("delete", "DELETE")):
            head = f"CREATE TRIGGER keep_{table}_{deed} BEFORE {event} ON {table} "
            if postgresql:
                op.execute(head + "FOR EACH ROW EXECUTE FUNCTION keep_row()")
            else:
                op.execute(head + f"BEGIN SELECT RAISE(ABORT, '{table} is immutable'); END")


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in KEPT:
        for deed in ("update", "delete"):
            name = f"keep_{table}_{deed}"
            op.execute(f"DROP TRIGGER {name} ON {table}" if postgresql else f"DROP TRIGGER {name}")
    if postgresql:
        op.execute("DROP FUNCTION keep_row()")
