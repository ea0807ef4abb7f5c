"""Projects in depth: teams that change, history, extensions, uploads in parts, inspections, fingerprints, signatures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
STANDING = sa.text("left_at IS NULL")
KEPT = ("draft_snapshot", "extension", "fingerprint")  # written once


def _to(table: str, name: str, target: str, *, null: bool = False) -> tuple[sa.Column, sa.ForeignKeyConstraint]:
    """A column that points at another table, with its foreign key."""
    kind = sa.String(64) if target == "blob.sha256" else KEY
    return (
        sa.Column(name, kind, nullable=null),
        sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_{table}_{name}")),
    )


def upgrade() -> None:
    op.add_column("submission_version", sa.Column("signature", sa.String(128), nullable=False, server_default=""))
    op.add_column("work", sa.Column("join_code", sa.String(20), nullable=True))
    op.create_index("uq_work_join_code", "work", ["join_code"], unique=True)
    # nothing points at this table and it has no triggers, so that SQLite may rebuild it
    with op.batch_alter_table("work_member") as batch:
        batch.drop_constraint("uq_work_member_enrolment_id_stable_id", type_="unique")
    op.create_index(
        "uq_work_member_standing",
        "work_member",
        ["enrolment_id", "stable_id"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
    op.create_index("ix_work_member_enrolment", "work_member", ["enrolment_id", "stable_id"])
    op.create_table(
        "draft_snapshot",
        sa.Column("id", KEY, nullable=False),
        *_to("draft_snapshot", "work_id", "work.id"),
        sa.Column("section_id", sa.String(80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        *_to("draft_snapshot", "saved_by", "person.id", null=True),
        sa.Column("taken_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_snapshot")),
    )
    op.create_index("ix_draft_snapshot_section", "draft_snapshot", ["work_id", "section_id", "id"])
    op.create_index("ix_draft_snapshot_saved_by", "draft_snapshot", ["saved_by"])
    op.create_table(
        "contribution",
        *_to("contribution", "work_id", "work.id"),
        sa.Column("section_id", sa.String(80), nullable=False),
        *_to("contribution", "person_id", "person.id"),
        sa.Column("saves", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("first_at", AT, nullable=False),
        sa.Column("last_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("work_id", "section_id", "person_id", name=op.f("pk_contribution")),
    )
    op.create_index("ix_contribution_person_id", "contribution", ["person_id"])
    op.create_table(
        "extension",
        sa.Column("id", KEY, nullable=False),
        *_to("extension", "cohort_id", "cohort.id"),
        sa.Column("stable_id", sa.String(80), nullable=False),
        *_to("extension", "enrolment_id", "enrolment.id", null=True),
        sa.Column("until", AT, nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        *_to("extension", "granted_by", "person.id"),
        sa.Column("granted_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extension")),
    )
    op.create_index("ix_extension_project", "extension", ["cohort_id", "stable_id", "enrolment_id"])
    op.create_index("ix_extension_enrolment_id", "extension", ["enrolment_id"])
    op.create_index("ix_extension_granted_by", "extension", ["granted_by"])
    op.create_table(
        "partial_upload",
        sa.Column("code", sa.String(32), nullable=False),
        *_to("partial_upload", "work_id", "work.id"),
        sa.Column("section_id", sa.String(80), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", KEY, nullable=False),
        sa.Column("received", KEY, nullable=False),
        *_to("partial_upload", "started_by", "person.id"),
        sa.Column("started_at", AT, nullable=False),
        sa.Column("touched_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_partial_upload")),
    )
    op.create_index("ix_partial_upload_work_id", "partial_upload", ["work_id", "section_id"])
    op.create_index("ix_partial_upload_started_by", "partial_upload", ["started_by"])
    op.create_index("ix_partial_upload_touched_at", "partial_upload", ["touched_at"])
    op.create_table(
        "inspection",
        *_to("inspection", "sha256", "blob.sha256"),
        sa.Column("scan", sa.String(10), nullable=False),
        sa.Column("found", sa.String(200), nullable=False),
        sa.Column("active", sa.String(300), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("inspected_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_inspection")),
    )
    op.create_index("ix_inspection_scan", "inspection", ["scan", "inspected_at"])
    op.create_table(
        "fingerprint",
        sa.Column("id", KEY, nullable=False),
        *_to("fingerprint", "course_id", "course.id"),
        sa.Column("stable_id", sa.String(80), nullable=False),
        *_to("fingerprint", "submission_id", "submission_version.id"),
        sa.Column("section_id", sa.String(80), nullable=False),
        sa.Column("paragraph", sa.Integer(), nullable=False),
        sa.Column("value", KEY, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fingerprint")),
    )
    op.create_index("ix_fingerprint_value", "fingerprint", ["course_id", "stable_id", "value"])
    op.create_index("ix_fingerprint_submission_id", "fingerprint", ["submission_id"])
    postgresql = op.get_bind().dialect.name == "postgresql"
    signed = {table: "UPDATE" for table in KEPT} | {"submission_version": "UPDATE OF signature"}
    for table, update in signed.items():
        # the version's row has its triggers already: the signature gets one of its own
        name = f"keep_{table}_signature" if table == "submission_version" else f"keep_{table}_update"
        events = {name: update} if table == "submission_version" else {name: update, f"keep_{table}_delete": "DELETE"}
        for trigger, event in events.items():
            head = f"CREATE TRIGGER {trigger} BEFORE {event} ON {table} "
            if postgresql:
                op.execute(head + "FOR EACH ROW EXECUTE FUNCTION keep_row()")
            else:
                op.execute(head + f"BEGIN SELECT RAISE(ABORT, '{table} is immutable'); END")


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute(
        "DROP TRIGGER keep_submission_version_signature" + (" ON submission_version" if postgresql else "")
    )
    for table in ("fingerprint", "inspection", "partial_upload", "extension", "contribution", "draft_snapshot"):
        op.drop_table(table)
    op.drop_index("ix_work_member_enrolment", table_name="work_member")
    op.drop_index("uq_work_member_standing", table_name="work_member")
    with op.batch_alter_table("work_member") as batch:
        batch.create_unique_constraint("uq_work_member_enrolment_id_stable_id", ["enrolment_id", "stable_id"])
    op.drop_index("uq_work_join_code", table_name="work")
    op.drop_column("work", "join_code")
    op.drop_column("submission_version", "signature")
