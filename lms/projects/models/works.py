"""Works, and the people they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, ScalarSelect, String, cast, func, select, text
from sqlalchemy.orm import Mapped, column_property, declared_attr, mapped_column, relationship

from lms.courses.models import Enrolment
from lms.extensions import Base, Key, db
from lms.people.models import Person
from lms.projects.reviewers import barred_column, ids_in, reviewers_column


class Work(Base):
    """One project as one person or team does it, in one cohort.

    ``name`` is the team's; ``join_code`` lets others of the cohort join until the first hand-in. Who reviews it
    (``reviewer_ids``) and who must not (``barred_ids``) is read along with every row.
    """

    __tablename__ = "work"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(120), default="")
    join_code: Mapped[str | None] = mapped_column(String(20))
    created_at: Mapped[datetime]

    members: Mapped[list[WorkMember]] = relationship(back_populates="work")
    reviewers_joined: Mapped[str | None] = column_property(reviewers_column(id))
    barred_joined: Mapped[str | None] = column_property(barred_column(id, cohort_id))

    __table_args__ = (
        Index("ix_work_cohort", "cohort_id", "stable_id", "id"),
        Index("ix_work_item_id", "item_id"),
        Index("uq_work_join_code", "join_code", unique=True),
    )

    @property
    def member_ids(self) -> frozenset[int]:
        """The people whose work this is (a thing of the access table)."""
        return frozenset(member.person_id for member in self.members if member.left_at is None)

    @property
    def reviewer_ids(self) -> frozenset[int]:
        """The people it is allocated to."""
        return ids_in(self.reviewers_joined)

    @property
    def barred_ids(self) -> frozenset[int]:
        """The cohort's facilitators who are too close to its members to review it."""
        return ids_in(self.barred_joined)


class WorkMember(Base):
    """A learner's part in a work; one work per learner and project at a time, who left may join another.

    ``left_by`` took the learner out of a team and says why (``left_reason``); None where they left by themselves.
    """

    __tablename__ = "work_member"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    left_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    left_reason: Mapped[str] = mapped_column(String(300), default="", server_default="")

    work: Mapped[Work] = relationship(back_populates="members")
    enrolment: Mapped[Enrolment] = relationship()

    __table_args__ = (
        Index(
            "uq_work_member_standing",
            "enrolment_id",
            "stable_id",
            unique=True,
            sqlite_where=text("left_at IS NULL"),
            postgresql_where=text("left_at IS NULL"),
        ),
        Index("ix_work_member_enrolment", "enrolment_id", "stable_id"),
        Index("ix_work_member_work_id", "work_id"),
        Index("ix_work_member_person_id", "person_id"),
        Index("ix_work_member_left_by", "left_by"),
    )


class OfWork:
    """What belongs to a work: the table of rights asks of it whose the work is, and who may review it."""

    @declared_attr
    def work(cls) -> Mapped[Work]:
        return relationship()

    @property
    def member_ids(self) -> frozenset[int]:
        return self.work.member_ids

    @property
    def reviewer_ids(self) -> frozenset[int]:
        return self.work.reviewer_ids

    @property
    def barred_ids(self) -> frozenset[int]:
        return self.work.barred_ids


MAX_KEY = 2**63 - 1
"""No row has a higher id; an address that names one is a wrong address, not a broken database."""


_member = WorkMember.__table__.c


def member_ids(work_id: int) -> frozenset[int]:
    """The people whose work it is now."""
    return frozenset(
        db.session.scalars(
            select(_member.person_id).where(_member.work_id == work_id, _member.left_at.is_(None))
        )
    )


def members_column(work_id: Any) -> ScalarSelect[str]:
    """The people whose work it is now, their ids joined by commas (``ids_in``), for a statement about ``Work``."""
    return (
        select(func.aggregate_strings(cast(_member.person_id, String), ","))
        .where(_member.work_id == work_id, _member.left_at.is_(None))
        .correlate(Work.__table__)
        .scalar_subquery()
    )


def work_of(enrolment_id: int, stable_id: str) -> int | None:
    """The id of the learner's work on a project, if it was begun."""
    return db.session.scalar(
        select(WorkMember.work_id).where(
            WorkMember.enrolment_id == enrolment_id,
            WorkMember.stable_id == stable_id,
            WorkMember.left_at.is_(None),
        )
    )


def member_names(person_ids: Iterable[int]) -> dict[int, str]:
    """Names by id; nothing is asked for nobody."""
    wanted = set(person_ids)
    if not wanted:
        return {}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {row.id: row.name for row in rows}
