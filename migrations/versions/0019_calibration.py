"""Practice before the queue: samples with agreed levels, marks of them, what is asked, and who came near enough."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEPT = ("calibration_setting", "gold_sample", "practice_mark", "calibrated")


def _table(name: str, *columns, keys: dict[str, str], unique: tuple[str, ...] = ()) -> None:
    """A table with an id, its foreign keys and at most one unique constraint."""
    op.create_table(
        name,
        sa.Column("id", KEY, nullable=False),
        *columns,
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{name}_{column}"))
            for column, target in keys.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        *([sa.UniqueConstraint(*unique, name=op.f(f"uq_{name}_{'_'.join(unique)}"))] if unique else []),
    )


def _key(name: str) -> sa.Column:
    return sa.Column(name, KEY, nullable=False)


def _time(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _text(name: str, length: int | None = None, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=nullable)


def upgrade() -> None:
    _table(
        "calibration_setting",
        _key("cohort_id"),
        _text("stable_id", 80),
        _text("measure", 10),
        _text("threshold", 40, nullable=True),
        _key("decided_by"),
        _time("decided_at"),
        sa.CheckConstraint(
            "measure in ('exact', 'adjacent', 'kappa')", name=op.f("ck_calibration_setting_measure")
        ),
        keys={"cohort_id": "cohort", "decided_by": "person"},
    )
    op.create_index("ix_calibration_setting_place", "calibration_setting", ["cohort_id", "stable_id", "id"])
    op.create_index("ix_calibration_setting_decided_by", "calibration_setting", ["decided_by"])
    _table(
        "gold_sample",
        _key("cohort_id"),
        _text("stable_id", 80),
        _key("submission_id"),
        _key("version_id"),
        _text("content"),
        _key("made_by"),
        _time("made_at"),
        keys={
            "cohort_id": "cohort",
            "submission_id": "submission_version",
            "version_id": "course_version",
            "made_by": "person",
        },
        unique=("cohort_id", "stable_id", "submission_id"),
    )
    for column in ("submission_id", "version_id", "made_by"):
        op.create_index(f"ix_gold_sample_{column}", "gold_sample", [column])
    _table(
        "practice_draft",
        _key("sample_id"),
        _key("person_id"),
        _text("content"),
        sa.Column("revision", sa.Integer(), nullable=False),
        _time("updated_at"),
        keys={"sample_id": "gold_sample", "person_id": "person"},
        unique=("sample_id", "person_id"),
    )
    op.create_index("ix_practice_draft_person_id", "practice_draft", ["person_id"])
    _table(
        "practice_mark",
        _key("sample_id"),
        _key("person_id"),
        sa.Column("attempt", sa.Integer(), nullable=False),
        _text("content"),
        _time("sent_at"),
        keys={"sample_id": "gold_sample", "person_id": "person"},
        unique=("sample_id", "person_id", "attempt"),
    )
    op.create_index("ix_practice_mark_person_id", "practice_mark", ["person_id"])
    _table(
        "calibrated",
        _key("cohort_id"),
        _text("stable_id", 80),
        _key("person_id"),
        _text("measure", 10),
        _text("reached", 40),
        _time("at"),
        keys={"cohort_id": "cohort", "person_id": "person"},
        unique=("cohort_id", "stable_id", "person_id"),
    )
    op.create_index("ix_calibrated_person_id", "calibrated", ["person_id"])
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in KEPT:
        for deed in ("update", "delete"):
            head = f"CREATE TRIGGER keep_{table}_{deed} BEFORE {deed.upper()} ON {table} "
            if postgresql:
                op.execute(head + "FOR EACH ROW EXECUTE FUNCTION keep_row()")
            else:
                op.execute(head + f"BEGIN SELECT RAISE(ABORT, '{table} is immutable'); END")


def downgrade() -> None:
    for table in ("calibrated", "practice_mark", "practice_draft", "gold_sample", "calibration_setting"):
        op.drop_table(table)
