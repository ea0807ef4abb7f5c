"""Cohorts, who facilitates them, who is enrolled, and when their items open and are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, bindparam, func, select, text, true
from sqlalchemy.orm import Mapped, aliased, joinedload, mapped_column, relationship

from lms.courses.models.contents import outline
from lms.courses.models.versions import CourseVersion
from lms.courses.outline import Outline
from lms.extensions import Base, Key, db
from lms.people.models import Organization, Person

REVIEW_DAYS = 5
"""The working days within which a cohort's reviews are promised, until its administrator says otherwise."""


class Cohort(Base):
    """A group that takes one version of a course between two dates (angkatan); ``code`` is its address.

    ``review_days`` is within how many working days its learners are promised a review; ``appeal_days`` within how
    many days after a grade is out they may appeal against it (None: as each project says).
    """

    __tablename__ = "cohort"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime]
    review_days: Mapped[int] = mapped_column(default=REVIEW_DAYS, server_default=text(str(REVIEW_DAYS)))
    appeal_days: Mapped[int | None]

    version: Mapped[CourseVersion] = relationship()

    __table_args__ = (
        Index("ix_cohort_version_id", "version_id"),
        Index("ix_cohort_dates", "ends_at", "id"),
    )

    @property
    def cohort_id(self) -> int:
        """So that a cohort is itself a thing of the access table."""
        return self.id


class CohortFacilitator(Base):
    """A facilitator of one cohort; one who ``leads`` it sees all of its work, others what is allocated to them."""

    __tablename__ = "cohort_facilitator"

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    added_at: Mapped[datetime]
    leads: Mapped[bool] = mapped_column(default=True, server_default=true())

    __table_args__ = (Index("ix_cohort_facilitator_person_id", "person_id"),)


class Schedule(Base):
    """When an item of a cohort opens and is due."""

    __tablename__ = "schedule"

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
    stable_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    opens_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]


class Enrolment(Base):
    """A learner's place in a cohort; removal keeps the row and everything that hangs on it."""

    __tablename__ = "enrolment"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    enrolled_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()
    cohort: Mapped[Cohort] = relationship()

    __table_args__ = (
        UniqueConstraint("cohort_id", "person_id"),
        Index("ix_enrolment_person_id", "person_id"),
    )


@dataclass(frozen=True, slots=True)
class Seat:
    """A person's seat in a cohort in one statement: the thing of ``SEE_COHORT`` and ``LEARN``.

    ``enrolment_id`` is None for whoever looks on without being enrolled (facilitators, administrators).
    """

    cohort_id: int
    code: str
    name: str
    version_id: int
    starts_at: datetime
    ends_at: datetime
    enrolment_id: int | None

    @property
    def outline(self) -> Outline:
        return outline(self.version_id)


# The statements of the most read pages are built once, because building them costs more than running them,
# and of plain columns: rows that no entity is made of take two thirds of the time.
_cohort, _enrolment = (entity.__table__.c for entity in (Cohort, Enrolment))
_SEAT = (
    select(
        _cohort.id,
        _cohort.code,
        _cohort.name,
        _cohort.version_id,
        _cohort.starts_at,
        _cohort.ends_at,
        _enrolment.id,
    )
    .select_from(
        Cohort.__table__.outerjoin(
            Enrolment.__table__,
            (_enrolment.cohort_id == _cohort.id)
            & (_enrolment.person_id == bindparam("person_id"))
            & _enrolment.removed_at.is_(None),
        )
    )
    .where(_cohort.code == bindparam("code"))
)


def seat(code: str, person_id: int) -> Seat | None:
    """The cohort with this code, with the person's standing enrolment if there is one."""
    row = db.session.execute(_SEAT, {"code": code, "person_id": person_id}).first()
    return Seat(*row) if row else None


def facilitators_of(cohort_id: int) -> list[Person]:
    """Who facilitates a cohort, by name."""
    return list(
        db.session.scalars(
            select(Person)
            .join(CohortFacilitator, CohortFacilitator.person_id == Person.id)
            .where(CohortFacilitator.cohort_id == cohort_id)
            .options(joinedload(Person.organization))
            .order_by(Person.sort_name, Person.id)
        )
    )


def cohorts_with_counts() -> Any:
    """Every cohort with its course and the number of its learners."""
    learners = (
        select(func.count(Enrolment.id))
        .where(Enrolment.cohort_id == Cohort.id, Enrolment.removed_at.is_(None))
        .correlate(Cohort)
        .scalar_subquery()
    )
    return select(
        Cohort.id,
        Cohort.code,
        Cohort.name,
        Cohort.starts_at,
        Cohort.ends_at,
        CourseVersion.title,
        CourseVersion.number,
        learners.label("learners"),
    ).join(CourseVersion, CourseVersion.id == Cohort.version_id)


def cohort_by_code(code: str) -> Cohort | None:
    """The cohort with this code."""
    return db.session.scalar(select(Cohort).where(Cohort.code == code))


def cohort_to_change(code: str) -> Cohort | None:
    """The cohort with this code, locked, so that two changes come one by one."""
    return db.session.scalar(select(Cohort).where(Cohort.code == code).with_for_update())


def standing_enrolment(code: str, enrolment_id: int) -> Enrolment | None:
    """An enrolment of the cohort with this code that was not removed."""
    return db.session.scalar(
        select(Enrolment)
        .join(Cohort)
        .where(Enrolment.id == enrolment_id, Cohort.code == code, Enrolment.removed_at.is_(None))
        .options(joinedload(Enrolment.person), joinedload(Enrolment.cohort))
    )


@dataclass(frozen=True, slots=True)
class CohortFigures:
    """How many learners a cohort has, and the newest version on offer above its own (None: there is none)."""

    learners: int
    newer_id: int | None
    newer_number: int | None


def cohort_figures(cohort: Cohort) -> CohortFigures:
    """Count the learners and look for a newer version, in one statement."""
    learners = (
        select(func.count(Enrolment.id))
        .where(Enrolment.cohort_id == cohort.id, Enrolment.removed_at.is_(None))
        .scalar_subquery()
    )
    own = aliased(CourseVersion)
    newer = (
        select(CourseVersion.id, CourseVersion.number)
        .join(own, own.course_id == CourseVersion.course_id)
        .where(
            own.id == cohort.version_id,
            CourseVersion.number > own.number,
            CourseVersion.retired_at.is_(None),
        )
        .order_by(CourseVersion.number.desc())
        .limit(1)
        .subquery()
    )
    one = select(learners.label("learners")).subquery()
    row = db.session.execute(
        select(one.c.learners, newer.c.id, newer.c.number).outerjoin(newer, true())
    ).one()
    return CohortFigures(row.learners, row.id, row.number)


FACILITATORS_LISTED = 300


def facilitator_choices(cohort_id: int | None) -> list[Any]:
    """Who may facilitate, and who does so in this cohort: rows with id, name, organization, assigned, leads."""
    seat = select(CohortFacilitator.person_id).where(
        CohortFacilitator.person_id == Person.id, CohortFacilitator.cohort_id == cohort_id
    )
    assigned = seat.exists()
    return list(
        db.session.execute(
            select(
                Person.id,
                Person.name,
                Organization.name.label("organization"),
                assigned.label("assigned"),
                seat.where(CohortFacilitator.leads).exists().label("leads"),
            )
            .outerjoin(Organization, Organization.id == Person.organization_id)
            .where((Person.facilitator & Person.active) | assigned)
            .order_by(assigned.desc(), Person.sort_name, Person.id)
            .limit(FACILITATORS_LISTED)
        )
    )


def schedules_of(cohort_id: int) -> dict[str, Schedule]:
    """When the items of a cohort open and are due, by stable id."""
    rows = db.session.scalars(select(Schedule).where(Schedule.cohort_id == cohort_id))
    return {row.stable_id: row for row in rows}
