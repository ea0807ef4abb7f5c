"""Courses, their immutable versions, cohorts, enrolments, progress, and the ledger that scores go to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

import msgspec
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    ScalarSelect,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    cast,
    func,
    select,
    text,
    true,
)
from sqlalchemy.orm import Mapped, aliased, joinedload, mapped_column, relationship

from lms import access, markup
from lms.addresses import Link
from lms.courses import source
from lms.courses.changes import ItemState
from lms.courses.outline import ItemLine as ItemLine
from lms.courses.outline import ModuleLine as ModuleLine
from lms.courses.outline import Outline as Outline
from lms.courses.progress import Mark
from lms.courses.reading import pieces
from lms.extensions import Base, Key, db
from lms.people.models import Account, EndedSession, Organization, Person, people_visible_to
from lms.splice import Kept, keep

REVIEW_DAYS = 5
"""The working days within which a cohort's reviews are promised, until its administrator says otherwise."""


class Course(Base):
    """A course through all its versions; ``slug`` is its content folder's name."""

    __tablename__ = "course"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    created_at: Mapped[datetime]


class CourseVersion(Base):
    """One published state of a course: written once; only whether it is offered (``retired_at``) changes."""

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
    """A lesson, quiz, project or rubric of one version; ``stable_id`` is the author's and outlives it."""

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
    """A group that takes one version of a course between two dates (angkatan); ``code`` is its address.

    ``review_days`` is within how many working days its learners are promised a review.
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


# What never changes is read once per process.


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
_cohort, _enrolment, _progress, _note = (entity.__table__.c for entity in (Cohort, Enrolment, Progress, Note))
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
_MARKS = select(
    _progress.stable_id, _progress.place, _progress.percent, _progress.seen_at, _progress.completed_at
).where(_progress.enrolment_id == bindparam("enrolment_id"))
_READER = select(
    _progress.stable_id, _progress.place, _progress.percent, _progress.completed_at.is_not(None)
).where(_progress.enrolment_id == bindparam("enrolment_id"))
_NOTES = select(_note.anchor, _note.text, _note.revision, _note.updated_at).where(
    _note.enrolment_id == bindparam("enrolment_id"), _note.stable_id == bindparam("stable_id")
)


def seat(code: str, person_id: int) -> Seat | None:
    """The cohort with this code, with the person's standing enrolment if there is one."""
    row = db.session.execute(_SEAT, {"code": code, "person_id": person_id}).first()
    return Seat(*row) if row else None


def progress_of(enrolment_id: int) -> dict[str, Mark]:
    """How far one enrolment is, by stable id, in one statement (``progress`` says what follows from it)."""
    rows = db.session.execute(_MARKS, {"enrolment_id": enrolment_id})
    return {
        stable_id: Mark(place, percent, seen_at, completed_at)
        for stable_id, place, percent, seen_at, completed_at in rows
    }


@dataclass(frozen=True, slots=True)
class Reader:
    """What a lesson's page needs of its reader: the stable ids that are completed, where reading of it stopped."""

    completed: frozenset[str] = frozenset()
    place: str = ""
    percent: int = 0


def reader_of(enrolment_id: int, stable_id: str) -> Reader:
    """How far one enrolment is, and where in one lesson, in one statement that reads no times."""
    place, percent = "", 0
    completed = []
    for item, at, share, done in db.session.execute(_READER, {"enrolment_id": enrolment_id}):
        if done:
            completed.append(item)
        if item == stable_id:
            place, percent = at, share
    return Reader(frozenset(completed), place, percent)


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A private note as its page shows it; revision 0 is a note that was never saved."""

    text: str = ""
    revision: int = 0
    updated_at: datetime | None = None


def notes_of(enrolment_id: int, stable_id: str) -> dict[str, NoteLine]:
    """The private notes on one item by anchor, in one statement."""
    rows = db.session.execute(_NOTES, {"enrolment_id": enrolment_id, "stable_id": stable_id})
    return {anchor: NoteLine(text, revision, updated_at) for anchor, text, revision, updated_at in rows}


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
        select(Item.id, Item.stable_id, Item.kind, Item.title, Item.minutes, Item.module, Item.definition)
        .where(Item.version_id == version_id, Item.kind != "rubric")
        .order_by(Item.position)
    ).all()
    lines: list[ItemLine] = []
    for line_id, stable_id, kind, line_title, minutes, module, item_definition in rows:
        within = sum(1 for line in lines if line.module == module) + 1
        gate = _GATE.decode(item_definition)
        lines.append(
            ItemLine(line_id, stable_id, kind, line_title, minutes, module, within, gate.requires, gate.open)
        )
    course = _COURSE.decode(definition)
    return Outline(
        version_id=version_id,
        version_number=number,
        course_id=course_id,
        slug=slug,
        title=title,
        summary=summary,
        language=language,
        jp=jp,
        modules=tuple(
            ModuleLine(at, module.title, module.summary, tuple(line for line in lines if line.module == at))
            for at, module in enumerate(course.modules, start=1)
        ),
        items=tuple(lines),
        audience=course.audience,
        objectives=course.objectives,
        authors=course.authors,
        certificate=course.certificate,
    )


class _Gate(msgspec.Struct, frozen=True):
    """What an outline needs of any item's definition."""

    requires: tuple[str, ...] = ()
    open: bool = False


# made while loading, for the sake of threads
_GATE = msgspec.json.Decoder(_Gate)
_COURSE = msgspec.json.Decoder(source.Course)
_LESSON = msgspec.json.Decoder(source.Lesson)


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
    return db.session.scalar(
        select(Item.id).where(Item.version_id == version_id, Item.stable_id == stable_id)
    )


@lru_cache(maxsize=512)
def version_of(item_id: int) -> int:
    """The course version of an item. Raises LookupError."""
    found = db.session.scalar(select(Item.version_id).where(Item.id == item_id))
    if found is None:
        raise LookupError(f"no item {item_id}")
    return found


@dataclass(frozen=True, slots=True)
class LessonPiece:
    """A stretch of a lesson's HTML, compressed, and the reflecting heading whose note box follows it."""

    html: Kept
    reflect: markup.Heading | None


@dataclass(frozen=True, slots=True, eq=False)
class LessonPage:
    """A lesson as it is read: HTML cut where its reader writes, the outline of its text, what it aims at."""

    pieces: tuple[LessonPiece, ...]
    headings: tuple[markup.Heading, ...]
    objectives: tuple[str, ...]

    def heading(self, heading_id: str) -> markup.Heading | None:
        """The heading with this id."""
        return next((heading for heading in self.headings if heading.id == heading_id), None)


def _is_file(link: Link) -> bool:
    return link.href.startswith("berkas/")


# Compressed, a lesson takes some 6 KB: all lessons of a busy platform fit, and pages need it compressed anyway.
@lru_cache(maxsize=2048)
def lesson_page(item_id: int) -> LessonPage:
    """A lesson's page; cached, because an item never changes. Raises LookupError."""
    row = db.session.execute(
        select(Item.source, Item.definition, Item.version_id).where(Item.id == item_id)
    ).first()
    if row is None:
        raise LookupError(f"no item {item_id}")
    lesson = _LESSON.decode(row.definition)
    # files carry their version, so that browsers may keep them for good
    links = tuple(
        (target, link._replace(href=f"{link.href}?v={row.version_id}") if _is_file(link) else link)
        for target, link in lesson.links
    )
    page = markup.page(row.source, links)
    cut = tuple(LessonPiece(keep(piece.html.encode()), piece.reflect) for piece in pieces(page))
    return LessonPage(cut, page.headings, lesson.objectives)


@lru_cache(maxsize=1024)
def course_file(version_id: int, name: str) -> tuple[str, str] | None:
    """A version's picture or download as (sha256, media type); cached, because a version never changes."""
    row = db.session.execute(
        select(CourseFile.sha256, CourseFile.media_type).where(
            CourseFile.version_id == version_id, CourseFile.name == name
        )
    ).first()
    return (row.sha256, row.media_type) if row else None


@lru_cache(maxsize=256)
def open_hrefs(version_id: int) -> frozenset[str]:
    """Where the links of a version's open lessons lead: files among them may be seen without enrolling."""
    definitions = db.session.scalars(
        select(Item.definition).where(Item.version_id == version_id, Item.kind == "lesson")
    )
    lessons = (_LESSON.decode(definition) for definition in definitions)
    return frozenset(link.href for lesson in lessons if lesson.open for _, link in lesson.links)


def forget_cached() -> None:
    """Empty the per-process caches (tests delete rows and count ids from 1 again)."""
    outline.cache_clear()
    item_source.cache_clear()
    item_id.cache_clear()
    version_of.cache_clear()
    lesson_page.cache_clear()
    course_file.cache_clear()
    open_hrefs.cache_clear()


# Courses on offer, and the cohorts people are in


def _items_of(version: Any) -> ScalarSelect[int]:
    return (
        select(func.count(Item.id))
        .where(Item.version_id == version, Item.kind != "rubric")
        .correlate_except(Item)
        .scalar_subquery()
    )


def _minutes_of(version: Any) -> ScalarSelect[int]:
    return (
        select(func.coalesce(func.sum(Item.minutes), 0))
        .where(Item.version_id == version, Item.kind != "rubric")
        .correlate_except(Item)
        .scalar_subquery()
    )


def _done_of(enrolment: Any, version: Any) -> ScalarSelect[int]:
    return (
        select(func.count(Progress.stable_id))
        .join(Item, (Item.version_id == version) & (Item.stable_id == Progress.stable_id))
        .where(Progress.enrolment_id == enrolment, Progress.completed_at.is_not(None), Item.kind != "rubric")
        .correlate_except(Progress, Item)
        .scalar_subquery()
    )


def courses_on_offer() -> Any:
    """The newest version of each course that is not retired.

    Rows have id, title, summary, language, jp, slug, items (a number) and minutes (of all items).
    """
    newest = (
        select(CourseVersion.course_id, func.max(CourseVersion.number).label("number"))
        .where(CourseVersion.retired_at.is_(None))
        .group_by(CourseVersion.course_id)
        .subquery()
    )
    return (
        select(
            CourseVersion.id,
            CourseVersion.title,
            CourseVersion.summary,
            CourseVersion.language,
            CourseVersion.jp,
            Course.slug,
            _items_of(CourseVersion.id).label("items"),
            _minutes_of(CourseVersion.id).label("minutes"),
        )
        .join(Course, Course.id == CourseVersion.course_id)
        .join(
            newest,
            (newest.c.course_id == CourseVersion.course_id) & (newest.c.number == CourseVersion.number),
        )
    )


def versions_of(slug: str) -> tuple[int | None, int | None]:
    """The ids of a course's newest version on offer and of its newest of all; None where there is none."""
    rows = db.session.execute(
        select(CourseVersion.id, CourseVersion.retired_at)
        .join(Course)
        .where(Course.slug == slug)
        .order_by(CourseVersion.number.desc())
    ).all()
    offered = next((row.id for row in rows if row.retired_at is None), None)
    return offered, rows[0].id if rows else None


@dataclass(frozen=True, slots=True)
class OwnCohort:
    """A cohort in which a person learns (``enrolment_id`` is set) or which they facilitate."""

    code: str
    name: str
    cohort_id: int
    version_id: int
    starts_at: datetime
    ends_at: datetime
    slug: str
    title: str
    jp: int
    enrolment_id: int | None
    total: int
    done: int


@cache  # Beranda asks: putting a statement together costs as much as running it
def _own_cohorts(*, of_course: bool) -> Any:
    query: Any = (
        select(
            Cohort.code,
            Cohort.name,
            Cohort.id,
            Cohort.version_id,
            Cohort.starts_at,
            Cohort.ends_at,
            Course.slug,
            CourseVersion.title,
            CourseVersion.jp,
            Enrolment.id,
            _items_of(Cohort.version_id),
            _done_of(Enrolment.id, Cohort.version_id),
        )
        .join(CourseVersion, CourseVersion.id == Cohort.version_id)
        .join(Course, Course.id == CourseVersion.course_id)
        .outerjoin(
            Enrolment,
            (Enrolment.cohort_id == Cohort.id)
            & (Enrolment.person_id == bindparam("person_id"))
            & Enrolment.removed_at.is_(None),
        )
        .where(Cohort.id.in_(bindparam("ids", expanding=True)))
        .order_by(Cohort.ends_at.desc(), Cohort.id.desc())
        .limit(bindparam("most"))
    )
    return query.where(Course.slug == bindparam("slug")) if of_course else query


def own_cohorts(person: access.Person, slug: str | None = None, *, limit: int = 50) -> list[OwnCohort]:
    """The cohorts a person belongs to, of all courses or of one, latest end first, in one statement."""
    ids = person.learns_in | person.facilitates
    if not ids:
        return []
    values: dict[str, Any] = {"person_id": person.id, "ids": sorted(ids), "most": limit}
    if slug is not None:
        values["slug"] = slug
    rows = db.session.execute(_own_cohorts(of_course=slug is not None), values)
    return [OwnCohort(*row) for row in rows]


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


@cache
def _completed_minutes() -> Any:
    items = (
        select(func.max(Item.minutes).label("minutes"))
        .select_from(Progress)
        .join(Enrolment, Enrolment.id == Progress.enrolment_id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .join(CourseVersion, CourseVersion.id == Cohort.version_id)
        .join(Item, (Item.version_id == Cohort.version_id) & (Item.stable_id == Progress.stable_id))
        .where(
            Enrolment.person_id == bindparam("person_id"),
            Progress.completed_at >= bindparam("since"),
            Progress.completed_at < bindparam("until"),
        )
        .group_by(CourseVersion.course_id, Progress.stable_id)
        .subquery()
    )
    return select(func.coalesce(func.sum(items.c.minutes), 0))


def completed_minutes(person_id: int, since: datetime, until: datetime) -> int:
    """The designed minutes of what was completed in [since, until); each item of a course counts once."""
    values = {"person_id": person_id, "since": since, "until": until}
    return int(db.session.scalar(_completed_minutes(), values) or 0)


# What administrators see of cohorts


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


def versions_for_cohorts() -> list[Any]:
    """The versions that a new cohort may learn from: rows with id, title, number; a course's newest first."""
    return list(
        db.session.execute(
            select(CourseVersion.id, CourseVersion.title, CourseVersion.number)
            .where(CourseVersion.retired_at.is_(None))
            .order_by(CourseVersion.title, CourseVersion.course_id, CourseVersion.number.desc())
        )
    )


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


def learners_to_enrol(person: access.Person, cohort_id: int, words: str, *, limit: int = 10) -> list[Any]:
    """Active learners that a search finds: rows with id, name, email, nip, enrolled (in this cohort)."""
    enrolled = (
        select(Enrolment.id)
        .where(
            Enrolment.person_id == Person.id,
            Enrolment.cohort_id == cohort_id,
            Enrolment.removed_at.is_(None),
        )
        .exists()
    )
    query = people_visible_to(person, words).where(Person.learner, Person.active)
    return list(
        db.session.execute(
            query.with_only_columns(
                Person.id, Person.name, Person.email, Person.nip, enrolled.label("enrolled")
            )
            .order_by(Person.sort_name, Person.id)
            .limit(limit)
        )
    )


def latest_of(moment: Any, *conditions: Any) -> ScalarSelect[Any]:
    """The latest of some moments that belong to an enrolment, to be read beside the ``Enrolment`` itself."""
    return select(func.max(moment)).where(*conditions).correlate(Enrolment).scalar_subquery()


_worked_at: list[ScalarSelect[Any]] = [latest_of(Progress.seen_at, Progress.enrolment_id == Enrolment.id)]


def count_as_learning(*moments: ScalarSelect[Any]) -> None:
    """Let what another feature keeps count where it is said when learners last worked on anything (``latest_of``)."""
    _worked_at.extend(moments)


def last_seen(row: Any) -> datetime | None:
    """When the learner of a row of ``learners_of`` last worked on anything; None for who has not begun."""
    moments = [row._mapping[f"worked_at_{at}"] for at in range(len(_worked_at))]
    return max((moment for moment in moments if moment is not None), default=None)


def learners_of(cohort_id: int) -> Any:
    """The learners of a cohort with how many items each has completed (``last_seen`` says when they were there)."""
    return (
        select(
            Enrolment.id,
            Person.sort_name,
            Person.name,
            Person.title_before,
            Person.title_after,
            Person.nip,
            Person.email,
            Person.active,
            Organization.name.label("organization"),
            _done_of(Enrolment.id, Cohort.version_id).label("done"),
            *(moment.label(f"worked_at_{at}") for at, moment in enumerate(_worked_at)),
        )
        .join(Person, Person.id == Enrolment.person_id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(Organization, Organization.id == Person.organization_id)
        .where(Enrolment.cohort_id == cohort_id, Enrolment.removed_at.is_(None))
    )


def schedules_of(cohort_id: int) -> dict[str, Schedule]:
    """When the items of a cohort open and are due, by stable id."""
    rows = db.session.scalars(select(Schedule).where(Schedule.cohort_id == cohort_id))
    return {row.stable_id: row for row in rows}


def item_states(version_id: int) -> list[ItemState]:
    """The items of a version in order, rubrics too, each with the hash of all it holds."""
    rows = db.session.execute(
        select(Item.stable_id, Item.kind, Item.title, Item.minutes, Item.source, Item.definition)
        .where(Item.version_id == version_id)
        .order_by(Item.position)
    )
    return [
        ItemState(
            stable_id, kind, title, minutes, hashlib.sha256(f"{text}\0{definition}".encode()).hexdigest()
        )
        for stable_id, kind, title, minutes, text, definition in rows
    ]


def rubrics_differ(old: int, new: int) -> bool:
    """Whether a rubric of the older version is another one in the newer, or is gone."""
    before, after = (
        {each.stable_id: each for each in item_states(version) if each.kind == "rubric"}
        for version in (old, new)
    )
    return any(after.get(name) != each for name, each in before.items())


_person, _organization, _facilitator, _ended = (
    entity.__table__.c for entity in (Person, Organization, CohortFacilitator, EndedSession)
)
_ACCOUNT = (
    select(
        _person.id,
        _person.name,
        _person.learner,
        _person.facilitator,
        _person.administrator,
        _person.session_key,
        _person.email,
        _person.language,
        _person.timezone,
        _person.kind,
        _person.active,
        _organization.name.label("organization"),
        select(func.aggregate_strings(cast(_enrolment.cohort_id, String), ","))
        .where(_enrolment.person_id == _person.id, _enrolment.removed_at.is_(None))
        .correlate(Person.__table__)
        .scalar_subquery()
        .label("learns"),
        select(func.aggregate_strings(cast(_facilitator.cohort_id, String), ","))
        .where(_facilitator.person_id == _person.id)
        .correlate(Person.__table__)
        .scalar_subquery()
        .label("facilitates"),
        select(func.aggregate_strings(cast(_facilitator.cohort_id, String), ","))
        .where(_facilitator.person_id == _person.id, _facilitator.leads)
        .correlate(Person.__table__)
        .scalar_subquery()
        .label("leads"),
        select(_ended.id).where(_ended.id == bindparam("session_id")).exists().label("ended"),
    )
    .select_from(
        Person.__table__.outerjoin(Organization.__table__, _organization.id == _person.organization_id)
    )
    .where(_person.id == bindparam("person_id"))
)


def load_account(person_id: int, session_key: str, session_id: str = "") -> Account | None:
    """The signed-in person in one statement, with the cohorts of theirs; None when the session is over."""
    row = db.session.execute(_ACCOUNT, {"person_id": person_id, "session_id": session_id}).first()
    if row is None or not row.active or row.ended or row.session_key != session_key:
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
            leads=_ids(row.leads),
        ),
        session_key=row.session_key,
        email=row.email,
        language=row.language,
        timezone=row.timezone,
        organization=row.organization or "",
        kind=row.kind,
        session_id=session_id,
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
