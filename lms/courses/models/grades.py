"""The ledger that scores go to."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from lms.extensions import Base, Key, db


class GradeEntry(Base):
    """One line of the grade ledger: a decision about an item's score, never updated.

    ``points`` are percent (0..100). States: proposed, agreed, moderated, released, appealed, revised.
    The current grade is the newest row; learners see released and revised rows only.
    """

    __tablename__ = "grade_entry"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(10))
    points: Mapped[Decimal]
    reason: Mapped[str] = mapped_column(String(300), default="")
    source: Mapped[str] = mapped_column(String(80))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint(
            "state in ('proposed', 'agreed', 'moderated', 'released', 'appealed', 'revised')", name="state"
        ),
        Index("ix_grade_entry_current", "enrolment_id", "stable_id", "id"),
        Index("ix_grade_entry_decided_by", "decided_by"),
        # a source gives each state once: a repeated hand-in or release cannot count twice
        UniqueConstraint("source", "enrolment_id", "state"),
    )


def current_grades(enrolment_ids: list[int]) -> dict[tuple[int, str], GradeEntry]:
    """The newest ledger row a learner may see, by (enrolment, item)."""
    if not enrolment_ids:
        return {}
    rows = db.session.scalars(
        select(GradeEntry)
        .where(GradeEntry.enrolment_id.in_(enrolment_ids), GradeEntry.state.in_(("released", "revised")))
        .order_by(GradeEntry.id)
    )
    return {(row.enrolment_id, row.stable_id): row for row in rows}
