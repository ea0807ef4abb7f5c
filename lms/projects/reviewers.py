"""Who reviews a work: to whom it is allocated, who must keep away from it, and in whose queue it waits.

What the table of rights asks of any handed-in work, so it stands beside the members; who gets what, and why, is
decided by ``grading.allocation``.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    ScalarSelect,
    String,
    and_,
    cast,
    column,
    func,
    or_,
    select,
    table,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from lms import formats
from lms.courses.models import CohortFacilitator
from lms.extensions import Base, Key, db
from lms.people.models import Person

_STANDING = text("ended_at IS NULL")
_WAITING = text("ended_at IS NULL AND waiting_on IS NOT NULL")
LATER, FIRST = 1, 0
"""The turns of an allocation: a version that the reviewer sent back comes first when it returns."""


class Allocation(Base):
    """A work given to a facilitator for review; ending it keeps the row, so that its history can be read.

    ``how`` it came about: by hand, by the balanced plan, or because the reviewer returned an earlier version of it;
    ``reason`` are the words for it. ``waiting_on`` is the day (see ``day_of``) since which a version of the work waits
    for review, None while none does, and ``turn`` says what comes before everything older: both are kept here so
    that a queue of any length is read from an index.
    """

    __tablename__ = "allocation"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    how: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(300), default="")
    allocated_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    allocated_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_reason: Mapped[str] = mapped_column(String(300), default="")
    turn: Mapped[int] = mapped_column(default=LATER)
    waiting_on: Mapped[int | None]

    __table_args__ = (
        CheckConstraint("how in ('hand', 'balanced', 'returned')", name="how"),
        Index(
            "uq_allocation_standing",
            "work_id",
            "reviewer_id",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
        Index("ix_allocation_work_id", "work_id", "id"),
        Index(
            "ix_allocation_waiting",
            "reviewer_id",
            "cohort_id",
            "turn",
            "waiting_on",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index("ix_allocation_reviewer_id", "reviewer_id", "cohort_id"),
        Index("ix_allocation_cohort_id", "cohort_id", "reviewer_id"),
        Index("ix_allocation_allocated_by", "allocated_by"),
        Index("ix_allocation_ended_by", "ended_by"),
    )


class DeclaredRelation(Base):
    """Somebody a facilitator is too close to for judging them: a learner, or everybody of an organization.

    Declared by the facilitator or on their behalf, with a reason; taking it back keeps the row.
    """

    __tablename__ = "declared_relation"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    learner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organization.id"))
    reason: Mapped[str] = mapped_column(String(300))
    declared_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    declared_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    __table_args__ = (
        CheckConstraint("(learner_id IS NULL) <> (organization_id IS NULL)", name="whom"),
        Index("ix_declared_relation_reviewer_id", "reviewer_id", "id"),
        Index("ix_declared_relation_learner_id", "learner_id"),
        Index("ix_declared_relation_organization_id", "organization_id"),
        Index("ix_declared_relation_declared_by", "declared_by"),
        Index("ix_declared_relation_ended_by", "ended_by"),
    )


def day_of(moment: datetime) -> int:
    """The day, as Jakarta counts it, that something has waited since; days are whole numbers, one apart."""
    return formats.local(moment).date().toordinal()


# As parts of statements about one work. Its members' table is named, not imported: it stands above this file.

_members = table("work_member", column("work_id"), column("person_id"), column("left_at"))
_allocation, _relation = Allocation.__table__, DeclaredRelation.__table__


def fills_place(allocation: Any) -> Any:
    """Whether an allocation (``Allocation``, or the columns of it) fills a place: it stands, and its reviewer can review."""
    able = Person.__table__.alias("able")
    return and_(
        allocation.ended_at.is_(None),
        select(able.c.id)
        .where(able.c.id == allocation.reviewer_id, able.c.active, able.c.facilitator)
        .correlate_except(able)
        .exists(),
    )


def reviewers_column(work_id: Any) -> ScalarSelect[str]:
    """The people a work is allocated to and who can review it, as one text of ids."""
    return (
        select(func.aggregate_strings(cast(_allocation.c.reviewer_id, String), ","))
        .where(_allocation.c.work_id == work_id, fills_place(_allocation.c))
        .correlate_except(_allocation)
        .scalar_subquery()
    )


def conflict(reviewer: Any, work_id: Any) -> Any:
    """Whether a reviewer (a row of ``Person``, or an alias of it) must keep away from a work.

    They belong to the organization of a standing member, or have declared a relation to a member or to the
    organization of one.
    """
    member = Person.__table__.alias("member")
    return (
        select(_members.c.person_id)
        .join(member, member.c.id == _members.c.person_id)
        .outerjoin(
            _relation,
            and_(
                _relation.c.reviewer_id == reviewer.id,
                _relation.c.ended_at.is_(None),
                or_(
                    _relation.c.learner_id == member.c.id,
                    _relation.c.organization_id == member.c.organization_id,
                ),
            ),
        )
        .where(
            _members.c.work_id == work_id,
            _members.c.left_at.is_(None),
            or_(member.c.organization_id == reviewer.organization_id, _relation.c.id.is_not(None)),
        )
        .correlate_except(_members, member, _relation)
        .exists()
    )


def barred_column(work_id: Any, cohort_id: Any) -> ScalarSelect[str]:
    """The facilitators of a work's cohort who must keep away from it, as one text of ids."""
    seat = CohortFacilitator.__table__.alias("seat")
    reviewer = Person.__table__.alias("reviewer")
    return (
        select(func.aggregate_strings(cast(seat.c.person_id, String), ","))
        .join_from(seat, reviewer, reviewer.c.id == seat.c.person_id)
        .where(seat.c.cohort_id == cohort_id, conflict(reviewer.c, work_id))
        .correlate_except(seat, reviewer)
        .scalar_subquery()
    )


def barred_administrators(work_id: int) -> frozenset[int]:
    """The administrators who must keep away from a work, whether they facilitate its cohort or not."""
    return frozenset(
        db.session.scalars(select(Person.id).where(Person.administrator, conflict(Person, work_id)))
    )


def ids_in(joined: str | None) -> frozenset[int]:
    """The ids of such a text."""
    return frozenset(int(part) for part in joined.split(",")) if joined else frozenset()


# Whose turn it is


def reviewers_of(work_id: int) -> frozenset[int]:
    """The people a work is allocated to now."""
    return frozenset(
        db.session.scalars(
            select(Allocation.reviewer_id).where(Allocation.work_id == work_id, Allocation.ended_at.is_(None))
        )
    )


def wait_from(work_id: int, submitted_at: datetime) -> int:
    """A version was handed in: put it in the queues of those the work is allocated to. Returns how many they are."""
    waiting = (
        update(Allocation)
        .where(Allocation.work_id == work_id, fills_place(Allocation))
        .values(waiting_on=day_of(submitted_at))
        .returning(Allocation.id)
        .execution_options(synchronize_session=False)
    )
    return len(db.session.scalars(waiting).all())


def wait_no_more(work_ids: Collection[int]) -> None:
    """The versions of these works that waited are decided."""
    db.session.execute(
        update(Allocation)
        .where(Allocation.work_id.in_(work_ids), Allocation.waiting_on.is_not(None))
        .values(waiting_on=None)
        .execution_options(synchronize_session=False)
    )
