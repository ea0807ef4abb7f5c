"""What allocating asks of the facilitators of a cohort: how much each takes, when they are away, what they know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    and_,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from lms.courses.models import CohortFacilitator, Enrolment
from lms.extensions import Base, Key, db
from lms.grading.models.standing import IS_RELEASED, WORK_GRADED, member_names, names_for_reviewers
from lms.people.models import Organization, Person
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion, Work, WorkMember, members_column
from lms.projects.reviewers import Allocation as Allocation
from lms.projects.reviewers import DeclaredRelation as DeclaredRelation
from lms.projects.reviewers import barred_column, conflict, fills_place, ids_in, reviewers_column
from lms.projects.reviewers import reviewers_of as reviewers_of
from lms.projects.source import Project


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


@dataclass(frozen=True, slots=True)
class Share:
    """What one reviewer got in one act: ``works`` altogether, ``waiting`` of them are handed in; ``first`` is the
    lowest id of the allocations.
    """

    reviewer_id: int
    first: int
    works: int
    waiting: int


def shares_of(allocation_ids: Collection[int]) -> list[Share]:
    """These allocations by reviewer; one statement."""
    rows = db.session.execute(
        select(
            Allocation.reviewer_id,
            func.min(Allocation.id),
            func.count(Allocation.id),
            func.count(Allocation.waiting_on),
        )
        .where(Allocation.id.in_(allocation_ids))
        .group_by(Allocation.reviewer_id)
        .order_by(Allocation.reviewer_id)
    )
    return [Share(*row) for row in rows]


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


OF_RELATION = "Benturan kepentingan dinyatakan"
"""Why an allocation ended where its reviewer turned out to be too close to the learner."""


def ended_then(reviewer_id: int, at: datetime) -> int:
    """How many works a reviewer lost at this moment; one statement."""
    return (
        db.session.scalar(
            select(func.count(Allocation.id)).where(
                Allocation.reviewer_id == reviewer_id, Allocation.ended_at == at
            )
        )
        or 0
    )


def standing(work_id: int, reviewer_id: int) -> Allocation | None:
    """The allocation of a work to somebody that has not ended."""
    return db.session.scalar(
        select(Allocation).where(
            Allocation.work_id == work_id,
            Allocation.reviewer_id == reviewer_id,
            Allocation.ended_at.is_(None),
        )
    )


# Works that can be allocated


@dataclass(frozen=True, slots=True)
class WorkLine:
    """A work of a cohort with who reviews it; ``waiting`` since when its newest version does (None: it does not).

    ``names`` are the members', empty where the project hides them: then ``masked`` is true. ``barred_ids`` are the
    facilitators who must keep away from it, its own members among them.
    """

    id: int
    item_id: int
    waiting: datetime | None
    names: str
    masked: bool
    reviewers: str
    reviewer_ids: frozenset[int]
    barred_ids: frozenset[int]

    @property
    def project(self) -> Project:
        return projects.project(self.item_id)

    @property
    def places(self) -> int:
        """How many reviewers it lacks."""
        return max(0, self.project.graders - len(self.reviewer_ids))


@dataclass(frozen=True, slots=True)
class Scope:
    """Which works of a cohort are meant: of one project, those that wait only, those that lack reviewers only, these."""

    stable_id: str = ""
    waiting: bool = False
    lacking: bool = False
    work_ids: tuple[int, ...] | None = None


def works_in(cohort_id: int, scope: Scope, *, asked_by: int) -> Select[Any]:
    """The works of a cohort, but those of whoever asks: rows for ``work_line``, to be ordered by ``Work.id``."""
    names = (
        select(func.aggregate_strings(Person.name, ", "))
        .join(Allocation, Allocation.reviewer_id == Person.id)
        .where(Allocation.work_id == Work.id, Allocation.ended_at.is_(None))
        .correlate(Work)
        .scalar_subquery()
    )
    waiting = (
        select(func.max(SubmissionVersion.submitted_at))
        .where(SubmissionVersion.work_id == Work.id, SubmissionVersion.settled_at.is_(None))
        .correlate(Work)
        .scalar_subquery()
    )
    own = (
        select(WorkMember.id)
        .where(WorkMember.work_id == Work.id, WorkMember.person_id == asked_by, WorkMember.left_at.is_(None))
        .correlate(Work)
        .exists()
    )
    query = select(
        Work.id,
        Work.item_id,
        Work.name.label("team"),
        waiting.label("waiting"),
        member_names().label("names"),
        IS_RELEASED.label("released"),
        names.label("reviewers"),
        reviewers_column(Work.id).label("reviewer_ids"),
        barred_column(Work.id, Work.cohort_id).label("barred_ids"),
        members_column(Work.id).label("member_ids"),
    ).where(Work.cohort_id == cohort_id, ~own)
    if scope.stable_id:
        query = query.where(Work.stable_id == scope.stable_id)
    if scope.work_ids is not None:
        query = query.where(Work.id.in_(scope.work_ids))
    if scope.waiting:
        query = query.where(waiting.is_not(None))
    if scope.lacking:
        # what is graded needs nobody any more
        query = query.where(~WORK_GRADED, _lacks(cohort_id))
    return query


def _lacks(cohort_id: int) -> ColumnElement[bool]:
    """Whether a work has fewer reviewers than its project wants; one statement, to learn what they want."""
    given = (
        select(func.count(Allocation.id))
        .where(Allocation.work_id == Work.id, fills_place(Allocation))
        .correlate(Work)
        .scalar_subquery()
    )
    items = db.session.scalars(select(Work.item_id).where(Work.cohort_id == cohort_id).distinct())
    wanted = [(item_id, projects.project(item_id).graders) for item_id in items]
    return or_(false(), *(and_(Work.item_id == item_id, given < graders) for item_id, graders in wanted))


def work_line(row: Any) -> WorkLine:
    """A row of ``works_in`` as it is shown."""
    names, masked = names_for_reviewers(row, released=row.released)
    return WorkLine(
        row.id,
        row.item_id,
        row.waiting,
        names,
        masked,
        row.reviewers or "",
        ids_in(row.reviewer_ids),
        ids_in(row.barred_ids) | ids_in(row.member_ids),
    )


def absences_of(person_id: int, *, today: date) -> list[Absence]:
    """The absences of somebody that are not over."""
    return list(
        db.session.scalars(
            select(Absence)
            .where(Absence.person_id == person_id, Absence.until_on >= today, Absence.ended_at.is_(None))
            .order_by(Absence.from_on, Absence.id)
            .limit(50)
        )
    )


class RelationLine(NamedTuple):
    """A declared relation with whom it is to by name."""

    id: int
    whom: str
    reason: str
    declared_at: datetime


def relations_of(person_id: int) -> list[RelationLine]:
    """The relations that somebody declared, or that were declared for them, and that hold."""
    learner = aliased(Person)
    rows: Any = db.session.execute(
        select(
            DeclaredRelation.id,
            func.coalesce(learner.name, Organization.name),
            DeclaredRelation.reason,
            DeclaredRelation.declared_at,
        )
        .outerjoin(learner, learner.id == DeclaredRelation.learner_id)
        .outerjoin(Organization, Organization.id == DeclaredRelation.organization_id)
        .where(DeclaredRelation.reviewer_id == person_id, DeclaredRelation.ended_at.is_(None))
        .order_by(DeclaredRelation.id)
        .limit(200)
    )
    return [RelationLine(*row) for row in rows]


def tags_of(person_id: int) -> list[str]:
    """What somebody knows well."""
    return list(
        db.session.scalars(
            select(Expertise.tag).where(Expertise.person_id == person_id).order_by(Expertise.tag)
        )
    )


def organizations_in(cohort_ids: Collection[int]) -> list[tuple[int, str]]:
    """The organizations of the learners of some cohorts, by name."""
    rows = db.session.execute(
        select(Organization.id, Organization.name)
        .join(Person, Person.organization_id == Organization.id)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(Enrolment.cohort_id.in_(cohort_ids), Enrolment.removed_at.is_(None))
        .distinct()
        .order_by(Organization.name)
        .limit(500)
    )
    return [(row.id, row.name) for row in rows]


def learner_in(cohort_ids: Collection[int], written: str) -> int | None:
    """The learner of one of these cohorts whose mail address or NIP somebody wrote."""
    text = "".join(written.split()).casefold()
    if not text:
        return None
    return db.session.scalar(
        select(Person.id)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(
            or_(func.lower(Person.email) == text, Person.nip == text.replace(".", "")),
            Enrolment.cohort_id.in_(cohort_ids),
            Enrolment.removed_at.is_(None),
        )
        .limit(1)
    )
