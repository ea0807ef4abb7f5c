"""What became of the works of a cohort when it moved to a course version with another rubric."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    ScalarSelect,
    String,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from lms.courses.models import Item
from lms.extensions import Base, Key, db
from lms.projects.models import Work, rubric_of
from lms.projects.source import Project
from lms.rubric import Rubric


class RubricChange(Base):
    """One choice about the works of a cohort's project: they keep their rubric, are recomputed, or reviewed again.

    ``plan`` is the fingerprint of the dry run that was shown.
    """

    __tablename__ = "rubric_change"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    choice: Mapped[str] = mapped_column(String(10))
    plan: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(300))
    decided_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("cohort_id", "stable_id", "plan"),
        CheckConstraint("choice in ('keep', 'recompute', 'review')", name="choice"),
        Index("ix_rubric_change_version_id", "version_id"),
        Index("ix_rubric_change_decided_by", "decided_by"),
    )


class RubricRuling(Base):
    """What a change did with one work; ``switched`` says that it is judged by the newer version's rubric from then on.

    ``before`` and ``after`` are the team's grades where it had one.
    """

    __tablename__ = "rubric_ruling"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("rubric_change.id"))
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    switched: Mapped[bool]
    before: Mapped[Decimal | None]
    after: Mapped[Decimal | None]

    __table_args__ = (
        UniqueConstraint("change_id", "work_id"),
        Index("ix_rubric_ruling_work_id", "work_id", "id"),
        Index("ix_rubric_ruling_version_id", "version_id"),
    )


def judged_by() -> ScalarSelect[Any]:
    """The course version whose rubric a ``Work`` was switched to; null for one that has the rubric it began with."""
    return (
        select(func.max(RubricRuling.version_id))
        .where(RubricRuling.work_id == Work.id, RubricRuling.switched.is_(True))
        .correlate(Work)
        .scalar_subquery()
    )


def ruled_for() -> ScalarSelect[Any]:
    """The newest course version about whose rubric somebody decided for a ``Work``."""
    return (
        select(func.max(RubricRuling.version_id))
        .where(RubricRuling.work_id == Work.id)
        .correlate(Work)
        .scalar_subquery()
    )


def rubric_version(work_id: int) -> int:
    """The course version whose rubric a work is judged by; one statement. Raises LookupError."""
    found = db.session.scalar(
        select(func.coalesce(judged_by(), Item.version_id))
        .select_from(Work)
        .join(Item, Item.id == Work.item_id)
        .where(Work.id == work_id)
    )
    if found is None:
        raise LookupError(f"no work {work_id}")
    return int(found)


def is_judged_by(work_id: int, project: Project, criteria: Rubric) -> bool:
    """Whether a work is judged by this rubric now; at most three statements. Raises LookupError."""
    return rubric_of(rubric_version(work_id), project) == criteria
