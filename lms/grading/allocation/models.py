"""What allocating asks of the facilitators of a cohort: how much each takes, when they are away, what they know."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from lms.courses.models import CohortFacilitator
from lms.extensions import Base, Key, db
from lms.people.models import Organization, Person
from lms.projects.models import WorkMember
from lms.projects.reviewers import Allocation as Allocation
from lms.projects.reviewers import DeclaredRelation as DeclaredRelation
from lms.projects.reviewers import conflict
from lms.projects.reviewers import reviewers_of as reviewers_of


class ReviewerCap(Base):
    """How many works of a cohort a facilitator reviews at most."""

    __tablename__ = "reviewer_cap"

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    works: Mapped[int]

    __table_args__ = (
        CheckConstraint("works >= 0", name="works"),
        Index("ix_reviewer_cap_person_id", "person_id"),
    )


class UniversityCap(Base):
    """How many works of a cohort the facilitators of one university review together at most."""

    __tablename__ = "university_cap"

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    works: Mapped[int]

    __table_args__ = (
        CheckConstraint("works >= 0", name="works"),
        Index("ix_university_cap_organization_id", "organization_id"),
    )


class Absence(Base):
    """Days, the first and the last included, on which somebody takes no new work to review."""

    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    from_on: Mapped[date]
    until_on: Mapped[date]
    noted_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    noted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("from_on <= until_on", name="order"),
        Index("ix_absence_person_id", "person_id", "until_on"),
        Index("ix_absence_noted_by", "noted_by"),
    )


class Expertise(Base):
    """A subject somebody knows well, as projects name theirs (``expertise``)."""

    __tablename__ = "expertise"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(40), primary_key=True)


@dataclass(frozen=True, slots=True)
class FacilitatorLine:
    """A facilitator of a cohort with what they have to do: ``waiting`` works now, ``works`` altogether.

    ``cap`` and ``university_cap`` are the most works that may be allocated (None: any number); ``away`` are the days
    of an absence that has not ended.
    """

    id: int
    name: str
    organization_id: int | None
    organization: str
    leads: bool
    active: bool
    waiting: int
    works: int
    cap: int | None
    university_cap: int | None
    away: tuple[tuple[date, date], ...]
    tags: frozenset[str]

    def away_on(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.away)


FACILITATORS_AT_MOST = 200


def facilitators_of(cohort_id: int, *, today: date) -> list[FacilitatorLine]:
    """The facilitators of a cohort by name; three statements however many they are."""
    own = (
        select(func.count(Allocation.id))
        .where(
            Allocation.cohort_id == cohort_id,
            Allocation.reviewer_id == Person.id,
            Allocation.ended_at.is_(None),
        )
        .correlate(Person)
    )
    rows = db.session.execute(
        select(
            Person.id,
            Person.name,
            Person.organization_id,
            Organization.name.label("organization"),
            CohortFacilitator.leads,
            (Person.active & Person.facilitator).label("active"),
            own.where(Allocation.waiting_on.is_not(None)).scalar_subquery().label("waiting"),
            own.scalar_subquery().label("works"),
            ReviewerCap.works.label("cap"),
            UniversityCap.works.label("university_cap"),
        )
        .join(CohortFacilitator, CohortFacilitator.person_id == Person.id)
        .outerjoin(Organization, Organization.id == Person.organization_id)
        .outerjoin(ReviewerCap, (ReviewerCap.cohort_id == cohort_id) & (ReviewerCap.person_id == Person.id))
        .outerjoin(
            UniversityCap,
            (UniversityCap.cohort_id == cohort_id) & (UniversityCap.organization_id == Organization.id),
        )
        .where(CohortFacilitator.cohort_id == cohort_id)
        .order_by(Person.sort_name, Person.id)
        .limit(FACILITATORS_AT_MOST)
    ).all()
    ids = [row.id for row in rows]
    away: dict[int, list[tuple[date, date]]] = defaultdict(list)
    tags: dict[int, set[str]] = defaultdict(set)
    for each in db.session.execute(
        select(Absence.person_id, Absence.from_on, Absence.until_on)
        .where(Absence.person_id.in_(ids), Absence.until_on >= today, Absence.ended_at.is_(None))
        .order_by(Absence.from_on)
    ):
        away[each.person_id].append((each.from_on, each.until_on))
    for known in db.session.execute(
        select(Expertise.person_id, Expertise.tag).where(Expertise.person_id.in_(ids))
    ):
        tags[known.person_id].add(known.tag)
    return [
        FacilitatorLine(
            row.id,
            row.name,
            row.organization_id,
            row.organization or "",
            row.leads,
            row.active,
            row.waiting,
            row.works,
            row.cap,
            row.university_cap,
            tuple(away[row.id]),
            frozenset(tags[row.id]),
        )
        for row in rows
    ]


def close_to(work_id: int, person_ids: list[int]) -> frozenset[int]:
    """Which of these people must keep away from a work: their own, or of somebody they are close to."""
    own = (
        select(WorkMember.id)
        .where(WorkMember.work_id == work_id, WorkMember.person_id == Person.id, WorkMember.left_at.is_(None))
        .correlate(Person)
        .exists()
    )
    return frozenset(
        db.session.scalars(
            select(Person.id).where(Person.id.in_(person_ids), own | conflict(Person, work_id))
        )
    )


class AllocationLine(NamedTuple):
    """An allocation with its people by name."""

    id: int
    reviewer_id: int
    reviewer: str
    how: str
    reason: str
    allocated_by: str
    allocated_at: datetime
    ended_by: str | None
    ended_at: datetime | None
    ended_reason: str


def history_of(work_id: int) -> list[AllocationLine]:
    """Everybody a work was ever allocated to, the newest first; one statement."""
    reviewer, giver, ender = aliased(Person), aliased(Person), aliased(Person)
    rows: Any = db.session.execute(
        select(
            Allocation.id,
            Allocation.reviewer_id,
            reviewer.name.label("reviewer"),
            Allocation.how,
            Allocation.reason,
            giver.name.label("allocated_by"),
            Allocation.allocated_at,
            ender.name.label("ended_by"),
            Allocation.ended_at,
            Allocation.ended_reason,
        )
        .join(reviewer, reviewer.id == Allocation.reviewer_id)
        .join(giver, giver.id == Allocation.allocated_by)
        .outerjoin(ender, ender.id == Allocation.ended_by)
        .where(Allocation.work_id == work_id)
        .order_by(Allocation.id.desc())
        .limit(200)
    )
    return [AllocationLine(*row) for row in rows]


def standing(work_id: int, reviewer_id: int) -> Allocation | None:
    """The allocation of a work to somebody that has not ended."""
    return db.session.scalar(
        select(Allocation).where(
            Allocation.work_id == work_id,
            Allocation.reviewer_id == reviewer_id,
            Allocation.ended_at.is_(None),
        )
    )
