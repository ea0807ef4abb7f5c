"""Courses, their immutable versions, cohorts, enrolments, progress, and the ledger that scores are written to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

import msgspec
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, cast, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms import access
from lms.extensions import Base, Key, db
from lms.people.models import Account, Organization, Person


class Course(Base):
    """A course through all its versions; ``slug`` is its content folder's name."""

    __tablename__ = "course"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    created_at: Mapped[datetime]


class CourseVersion(Base):
    """One published state of a course: written once; only whether it is offered (``retired_at``) may change."""

    __tablename__ = "course_version"
    __immutable__ = True
    __mutable__ = ("retired_at",)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    number: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(5))
    jp: Mapped[int]
    definition: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    retired_at: Mapped[datetime | None]

    course: Mapped[Course] = relationship()

    __table_args__ = (
        UniqueConstraint("course_id", "number"),
        Index("ix_course_version_published_by", "published_by"),
    )


class Item(Base):
    """A lesson, quiz, project or rubric of one version; ``stable_id`` is the author's and outlives versions."""

    __tablename__ = "item"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(10))
    module: Mapped[int]
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    minutes: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    definition: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("version_id", "stable_id"),
        CheckConstraint("kind in ('lesson', 'quiz', 'project', 'rubric')", name="kind"),
        Index("ix_item_order", "version_id", "position"),
    )


class CourseFile(Base):
    """A picture or download of one version."""

    __tablename__ = "course_file"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    name: Mapped[str] = mapped_column(String(120))
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    media_type: Mapped[str] = mapped_column(String(100))

    __table_args__ = (UniqueConstraint("version_id", "name"), Index("ix_course_file_sha256", "sha256"))


class Cohort(Base):
    """A group that takes one version of a course between two dates (angkatan); ``code`` is its address."""

    __tablename__ = "cohort"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime]

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
    """A facilitator of one cohort."""

    __tablename__ = "cohort_facilitator"

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    added_at: Mapped[datetime]

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

    __table_args__ = (UniqueConstraint("cohort_id", "person_id"), Index("ix_enrolment_person_id", "person_id"))


class Progress(Base):
    """How far a learner is with one item: where reading stopped, and when it was completed."""

    __tablename__ = "progress"

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), primary_key=True)
    stable_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    place: Mapped[str] = mapped_column(String(120), default="")
    percent: Mapped[int] = mapped_column(default=0)
    seen_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]


class Note(Base):
    """A learner's private note on an item; ``anchor`` is '' for the item or the reflection's heading id."""

    __tablename__ = "note"

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), primary_key=True)
    stable_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    anchor: Mapped[str] = mapped_column(String(120), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime]


class GradeEntry(Base):
    """One line of the grade ledger: a decision about an item's score, never updated.

    ``points`` are percent (0..100). States: proposed, agreed, moderated, released, appealed, revised. The current
    grade is the newest row; learners see released and revised rows only.
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


# What never changes is read once per process.


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item as outlines show it. ``number`` counts within its module, from 1."""

    id: int
    stable_id: str
    kind: str
    title: str
    minutes: int
    module: int
    number: int


@dataclass(frozen=True, slots=True)
class ModuleLine:
    """A module with its items, in order."""

    number: int
    title: str
    summary: str
    items: tuple[ItemLine, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """A version's table of contents (rubrics left out)."""

    version_id: int
    version_number: int
    course_id: int
    slug: str
    title: str
    summary: str
    language: str
    jp: int
    modules: tuple[ModuleLine, ...]
    items: tuple[ItemLine, ...]

    def item(self, stable_id: str) -> ItemLine | None:
        """The line with this stable id."""
        return next((line for line in self.items if line.stable_id == stable_id), None)

    def around(self, stable_id: str) -> tuple[ItemLine | None, ItemLine | None]:
        """The lines before and after."""
        order = [line.stable_id for line in self.items]
        at = order.index(stable_id)
        return (
            self.items[at - 1] if at else None,
            self.items[at + 1] if at + 1 < len(order) else None,
        )


@dataclass(frozen=True, slots=True)
class Seat:
    """A person's seat in a cohort as pages need it: the thing of ``SEE_COHORT`` and ``LEARN``, read in one statement.

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


def seat(code: str, person_id: int) -> Seat | None:
    """The cohort with this code, with the person's standing enrolment if there is one."""
    row = db.session.execute(
        select(
            Cohort.id,
            Cohort.code,
            Cohort.name,
            Cohort.version_id,
            Cohort.starts_at,
            Cohort.ends_at,
            Enrolment.id,
        )
        .outerjoin(
            Enrolment,
            (Enrolment.cohort_id == Cohort.id)
            & (Enrolment.person_id == person_id)
            & Enrolment.removed_at.is_(None),
        )
        .where(Cohort.code == code)
    ).first()
    return Seat(*row) if row else None


@lru_cache(maxsize=256)
def outline(version_id: int) -> Outline:
    """The version's table of contents; cached, because a version never changes. Raises LookupError."""
    from_version = db.session.execute(
        select(
            CourseVersion.number,
            CourseVersion.course_id,
            Course.slug,
            CourseVersion.title,
            CourseVersion.summary,
            CourseVersion.language,
            CourseVersion.jp,
            CourseVersion.definition,
        )
        .join(Course)
        .where(CourseVersion.id == version_id)
    ).first()
    if from_version is None:
        raise LookupError(f"no course version {version_id}")
    number, course_id, slug, title, summary, language, jp, definition = from_version
    rows = db.session.execute(
        select(Item.id, Item.stable_id, Item.kind, Item.title, Item.minutes, Item.module)
        .where(Item.version_id == version_id, Item.kind != "rubric")
        .order_by(Item.position)
    ).all()
    lines: list[ItemLine] = []
    for row in rows:
        within = sum(1 for line in lines if line.module == row.module) + 1
        lines.append(ItemLine(*row, number=within))
    modules = tuple(
        ModuleLine(at, module["title"], module["summary"], tuple(line for line in lines if line.module == at))
        for at, module in enumerate(msgspec.json.decode(definition)["modules"], start=1)
    )
    return Outline(
        version_id, number, course_id, slug, title, summary, language, jp, modules, tuple(lines)
    )


@lru_cache(maxsize=1024)
def item_source(item_id: int) -> tuple[str, str]:
    """An item's (source, definition); cached, because an item never changes. Raises LookupError."""
    row = db.session.execute(select(Item.source, Item.definition).where(Item.id == item_id)).first()
    if row is None:
        raise LookupError(f"no item {item_id}")
    return row.source, row.definition


@lru_cache(maxsize=512)
def item_id(version_id: int, stable_id: str) -> int | None:
    """The item of a version by its stable id, rubrics included."""
    return db.session.scalar(select(Item.id).where(Item.version_id == version_id, Item.stable_id == stable_id))


def forget_cached() -> None:
    """Empty the per-process caches (tests delete rows and count ids from 1 again)."""
    outline.cache_clear()
    item_source.cache_clear()
    item_id.cache_clear()


def load_account(person_id: int, session_key: str) -> Account | None:
    """The signed-in person in one statement, with the cohorts they belong to; None when the session is over."""
    learns = (
        select(func.aggregate_strings(cast(Enrolment.cohort_id, String), ","))
        .where(Enrolment.person_id == person_id, Enrolment.removed_at.is_(None))
        .scalar_subquery()
    )
    facilitates = (
        select(func.aggregate_strings(cast(CohortFacilitator.cohort_id, String), ","))
        .where(CohortFacilitator.person_id == person_id)
        .scalar_subquery()
    )
    row = db.session.execute(
        select(
            Person.id,
            Person.name,
            Person.learner,
            Person.facilitator,
            Person.administrator,
            Person.session_key,
            Person.email,
            Person.language,
            Person.timezone,
            Person.active,
            Organization.name.label("organization"),
            learns.label("learns"),
            facilitates.label("facilitates"),
        )
        .outerjoin(Organization, Organization.id == Person.organization_id)
        .where(Person.id == person_id)
    ).first()
    if row is None or not row.active or row.session_key != session_key:
        return None
    return Account(
        person=access.Person(
            id=row.id,
            name=row.name,
            learner=row.learner,
            facilitator=row.facilitator,
            administrator=row.administrator,
            learns_in=_ids(row.learns),
            facilitates=_ids(row.facilitates),
        ),
        session_key=row.session_key,
        email=row.email,
        language=row.language,
        timezone=row.timezone,
        organization=row.organization or "",
    )


def _ids(joined: str | None) -> frozenset[int]:
    return frozenset(int(part) for part in joined.split(",")) if joined else frozenset()


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
