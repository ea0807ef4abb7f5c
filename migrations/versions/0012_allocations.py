"""Who reviews what: allocations, conflicts of interest, caps, absences, expertise; who leads a cohort; its promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
STANDING = sa.text("ended_at IS NULL")
WAITING = sa.text("ended_at IS NULL AND waiting_on IS NOT NULL")
POOL = sa.text("settled_at IS NULL AND pool_on IS NOT NULL")
JAKARTA = timedelta(hours=7)


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([name], [f"{other}.id"], name=op.f(f"fk_{table}_{name}"))
        for name, other in columns.items()
    ]


def upgrade() -> None:
    # who facilitates now has seen everything of the cohort, and goes on to
    op.add_column(
        "cohort_facilitator", sa.Column("leads", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column("cohort", sa.Column("review_days", sa.Integer(), nullable=False, server_default=sa.text("5")))
    op.add_column("review", sa.Column("started_at", TIME, nullable=True))
    op.add_column("submission_version", sa.Column("pool_on", sa.Integer(), nullable=True))
    _allocations()
    _relations()
    _people()
    connection = op.get_bind()
    _fill_pool(connection)
    _keep_returners(connection)
    op.create_index(
        "ix_submission_version_pool",
        "submission_version",
        ["cohort_id", "pool_on"],
        sqlite_where=POOL,
        postgresql_where=POOL,
    )


def _allocations() -> None:
    op.create_table(
        "allocation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("work_id", KEY, nullable=False),
        sa.Column("cohort_id", KEY, nullable=False),
        sa.Column("reviewer_id", KEY, nullable=False),
        sa.Column("how", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("allocated_by", KEY, nullable=False),
        sa.Column("allocated_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("ended_by", KEY, nullable=True),
        sa.Column("ended_reason", sa.String(300), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("waiting_on", sa.Integer(), nullable=True),
        sa.CheckConstraint("how in ('hand', 'balanced', 'returned')", name=op.f("ck_allocation_how")),
        *_references(
            "allocation",
            work_id="work",
            cohort_id="cohort",
            reviewer_id="person",
            allocated_by="person",
            ended_by="person",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
    )
    op.create_index(
        "uq_allocation_standing",
        "allocation",
        ["work_id", "reviewer_id"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
    op.create_index("ix_allocation_work_id", "allocation", ["work_id", "id"])
    op.create_index(
        "ix_allocation_waiting",
        "allocation",
        ["reviewer_id", "cohort_id", "turn", "waiting_on"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index("ix_allocation_reviewer_id", "allocation", ["reviewer_id", "cohort_id"])
    op.create_index("ix_allocation_cohort_id", "allocation", ["cohort_id", "reviewer_id"])
    op.create_index("ix_allocation_allocated_by", "allocation", ["allocated_by"])
    op.create_index("ix_allocation_ended_by", "allocation", ["ended_by"])


def _relations() -> None:
    op.create_table(
        "declared_relation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("reviewer_id", KEY, nullable=False),
        sa.Column("learner_id", KEY, nullable=True),
        sa.Column("organization_id", KEY, nullable=True),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("declared_by", KEY, nullable=False),
        sa.Column("declared_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("ended_by", KEY, nullable=True),
        sa.CheckConstraint(
            "(learner_id IS NULL) <> (organization_id IS NULL)", name=op.f("ck_declared_relation_whom")
        ),
        *_references(
            "declared_relation",
            reviewer_id="person",
            learner_id="person",
            organization_id="organization",
            declared_by="person",
            ended_by="person",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declared_relation")),
    )
    op.create_index("ix_declared_relation_reviewer_id", "declared_relation", ["reviewer_id", "id"])
    for name in ("learner_id", "organization_id", "declared_by", "ended_by"):
        op.create_index(f"ix_declared_relation_{name}", "declared_relation", [name])


def _people() -> None:
    op.create_table(
        "reviewer_cap",
        sa.Column("cohort_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("works", sa.Integer(), nullable=False),
        sa.CheckConstraint("works >= 0", name=op.f("ck_reviewer_cap_works")),
        *_references("reviewer_cap", cohort_id="cohort", person_id="person"),
        sa.PrimaryKeyConstraint("cohort_id", "person_id", name=op.f("pk_reviewer_cap")),
    )
    op.create_index("ix_reviewer_cap_person_id", "reviewer_cap", ["person_id"])
    op.create_table(
        "university_cap",
        sa.Column("cohort_id", KEY, nullable=False),
        sa.Column("organization_id", KEY, nullable=False),
        sa.Column("works", sa.Integer(), nullable=False),
        sa.CheckConstraint("works >= 0", name=op.f("ck_university_cap_works")),
        *_references("university_cap", cohort_id="cohort", organization_id="organization"),
        sa.PrimaryKeyConstraint("cohort_id", "organization_id", name=op.f("pk_university_cap")),
    )
    op.create_index("ix_university_cap_organization_id", "university_cap", ["organization_id"])
    op.create_table(
        "absence",
        sa.Column("id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("noted_by", KEY, nullable=False),
        sa.Column("noted_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.CheckConstraint("from_on <= until_on", name=op.f("ck_absence_order")),
        *_references("absence", person_id="person", noted_by="person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_person_id", "absence", ["person_id", "until_on"])
    op.create_index("ix_absence_noted_by", "absence", ["noted_by"])
    op.create_table(
        "expertise",
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("tag", sa.String(40), nullable=False),
        *_references("expertise", person_id="person"),
        sa.PrimaryKeyConstraint("person_id", "tag", name=op.f("pk_expertise")),
    )


def _fill_pool(connection) -> None:
    """Nothing was ever allocated: all that waits is open to who leads its cohort."""
    version = sa.table(
        "submission_version",
        sa.column("id", KEY),
        sa.column("submitted_at", TIME),
        sa.column("settled_at", TIME),
        sa.column("pool_on", sa.Integer()),
    )
    waiting = connection.execute(
        sa.select(version.c.id, version.c.submitted_at).where(version.c.settled_at.is_(None))
    ).all()
    days = [{"key": key, "day": _day(at)} for key, at in waiting]
    if days:
        connection.execute(
            sa.update(version).where(version.c.id == sa.bindparam("key")).values(pool_on=sa.bindparam("day")),
            days,
        )


def _day(at: datetime) -> int:
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return (aware + JAKARTA).date().toordinal()


def _keep_returners(connection) -> None:
    """Who sent a version back gets the next one first; they go on to see it as leads, so the pool stays as it is."""
    connection.execute(
        sa.text(
            "INSERT INTO allocation (work_id, cohort_id, reviewer_id, how, reason, allocated_by, allocated_at,"
            " ended_reason, turn, waiting_on)"
            " SELECT v.work_id, v.cohort_id, r.reviewer_id, 'returned', '', r.reviewer_id, max(r.sent_at), '', 0,"
            " max((SELECT w.pool_on FROM submission_version w"
            " WHERE w.work_id = v.work_id AND w.settled_at IS NULL))"
            " FROM review r JOIN submission_version v ON v.id = r.submission_id"
            " JOIN cohort_facilitator f ON f.cohort_id = v.cohort_id AND f.person_id = r.reviewer_id"
            " WHERE r.outcome = 'returned' GROUP BY v.work_id, v.cohort_id, r.reviewer_id"
        )
    )


def downgrade() -> None:
    op.drop_index("ix_submission_version_pool", table_name="submission_version")
    for name in ("expertise", "absence", "university_cap", "reviewer_cap", "declared_relation", "allocation"):
        op.drop_table(name)
    # not in a batch: SQLite drops a plain column by itself, and rebuilding a table would lose its triggers
    op.drop_column("submission_version", "pool_on")
    op.drop_column("review", "started_at")
    op.drop_column("cohort", "review_days")
    op.drop_column("cohort_facilitator", "leads")
