"""Project work: who works on it, the drafts they type, and the versions they hand in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    ScalarSelect,
    Select,
    String,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, column_property, joinedload, mapped_column, relationship

from lms import anchors
from lms.anchors import Anchor
from lms.courses.models import Cohort, Enrolment, Item, Schedule, count_as_learning, item_source, latest_of
from lms.courses.models import item_id as find_item
from lms.extensions import Base, Key, db
from lms.people.models import Person
from lms.projects import content
from lms.projects.deadlines import Due, due
from lms.projects.deadlines import Extension as Extension
from lms.projects.history import Contribution as Contribution
from lms.projects.history import Snapshot as Snapshot
from lms.projects.reviewers import Allocation as Allocation
from lms.projects.reviewers import DeclaredRelation as DeclaredRelation
from lms.projects.reviewers import barred_column, day_of, ids_in, reviewers_column
from lms.projects.source import FilesSection, Project, Section, TableSection, empty
from lms.projects.state import SectionFacts, SectionState, section_state
from lms.projects.uploads import Inspection as Inspection
from lms.projects.uploads import PartialUpload as PartialUpload
from lms.rubric import Rubric


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


class Draft(Base):
    """What is typed into one section, with the counter that a save must name to replace it.

    ``findings`` counts what its checks ask for, ``size`` the words of a text, the rows of a table or the
    files. ``submitted_in`` is the number of the version that last took the section along, at
    ``submitted_revision``. ``accepted_in`` and ``returned_in`` are the numbers of the versions whose review
    accepted (and so locked) or returned the section; grading writes them when a review is sent. Whether a
    section may be written follows from the row alone, so that locking it is enough to know.
    """

    __tablename__ = "draft"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    section_id: Mapped[str] = mapped_column(String(80))
    content: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(default=0)
    findings: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime]
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    submitted_in: Mapped[int | None]
    submitted_revision: Mapped[int | None]
    accepted_in: Mapped[int | None]
    returned_in: Mapped[int | None]

    __table_args__ = (
        UniqueConstraint("work_id", "section_id"),
        Index("ix_draft_updated_by", "updated_by"),
    )


class Attachment(Base):
    """A file put into a files section; taking it out of the draft keeps the row (a version may hold it).

    ``handed_in`` is the number of the first version that took the file along: from then on reviewers may see
    it.
    """

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    section_id: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(Key)
    added_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    handed_in: Mapped[int | None]

    work: Mapped[Work] = relationship()

    __table_args__ = (
        Index("ix_attachment_work_id", "work_id", "section_id"),
        Index("ix_attachment_sha256", "sha256"),
        Index("ix_attachment_added_by", "added_by"),
    )

    @property
    def cohort_id(self) -> int:
        return self.work.cohort_id

    @property
    def member_ids(self) -> frozenset[int]:
        return self.work.member_ids

    @property
    def reviewer_ids(self) -> frozenset[int]:
        return self.work.reviewer_ids

    @property
    def barred_ids(self) -> frozenset[int]:
        return self.work.barred_ids


class SubmissionVersion(Base):
    """A handed-in version: number, facts about lateness, receipt; written once.

    ``signature`` is the server's over the receipt's facts, '' on versions from before it was made.

    ``settled_at`` is when its reviews had come to a decision; until then the version waits in the queue. It
    is kept here, not derived, so that a queue of any age is read from an index. ``pool_on`` is the day of the
    hand-in while the work lacks reviewers, so that those who lead the cohort find it in their queue.
    """

    __tablename__ = "submission_version"
    __immutable__ = True
    __mutable__ = ("settled_at", "pool_on")

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    number: Mapped[int]
    submitted_at: Mapped[datetime]
    submitted_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    due_at: Mapped[datetime | None]
    late_seconds: Mapped[int] = mapped_column(default=0)
    reasons: Mapped[str] = mapped_column(Text, default="{}")  # warning id → the reason given for it
    sha256: Mapped[str] = mapped_column(String(64))
    receipt: Mapped[str] = mapped_column(String(40), unique=True)
    signature: Mapped[str] = mapped_column(String(128), default="", server_default="")
    settled_at: Mapped[datetime | None]
    pool_on: Mapped[int | None] = mapped_column(
        default=lambda context: day_of(context.get_current_parameters()["submitted_at"])
    )

    work: Mapped[Work] = relationship()
    parts: Mapped[list[SubmissionPart]] = relationship(
        back_populates="submission", order_by="SubmissionPart.position"
    )

    __table_args__ = (
        UniqueConstraint("work_id", "number"),
        Index("ix_submission_version_queue", "cohort_id", "submitted_at", "id"),
        Index(
            "ix_submission_version_waiting",
            "cohort_id",
            "submitted_at",
            "id",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
        Index(
            "ix_submission_version_pool",
            "cohort_id",
            "pool_on",
            sqlite_where=text("settled_at IS NULL AND pool_on IS NOT NULL"),
            postgresql_where=text("settled_at IS NULL AND pool_on IS NOT NULL"),
        ),
        Index("ix_submission_version_submitted_by", "submitted_by"),
    )

    @property
    def member_ids(self) -> frozenset[int]:
        return self.work.member_ids

    @property
    def reviewer_ids(self) -> frozenset[int]:
        return self.work.reviewer_ids

    @property
    def barred_ids(self) -> frozenset[int]:
        return self.work.barred_ids


class SubmissionPart(Base):
    """One section of a version: its content and hash; ``carried_from`` is the version that was accepted,
    if locked.
    """

    __tablename__ = "submission_part"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission_version.id"))
    section_id: Mapped[str] = mapped_column(String(80))
    position: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    words: Mapped[int] = mapped_column(default=0)
    carried_from: Mapped[int | None]

    submission: Mapped[SubmissionVersion] = relationship(back_populates="parts")

    __table_args__ = (UniqueConstraint("submission_id", "section_id"),)


def _kind_of_note(context: Any) -> str:
    return "must" if context.get_current_parameters().get("must", True) else "suggestion"


class ImprovementNote(Base):
    """A reviewer's note as delivered (catatan penyempurnaan), and the team's follow-up (tindak lanjut).

    Written when a review is sent; the note's own text never changes after that, the follow-up is the team's.
    ``kind`` is must, suggestion, question or praise, ``anchor`` where the note stands (``lms.anchors`` as JSON, empty
    for the whole section), ``reply_kind`` whether the team followed it (fixed) or disagrees (disagree).
    """

    __tablename__ = "improvement_note"
    __immutable__ = True
    __mutable__ = ("reply", "reply_kind", "replied_at", "replied_by", "resolved_in")

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    version: Mapped[int]
    section_id: Mapped[str] = mapped_column(String(80))
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    must: Mapped[bool] = mapped_column(default=True)
    kind: Mapped[str] = mapped_column(String(12), default=_kind_of_note, server_default="must")
    anchor: Mapped[str] = mapped_column(Text, default="", server_default="")
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    reply: Mapped[str] = mapped_column(Text, default="")
    reply_kind: Mapped[str] = mapped_column(String(10), default="", server_default="")
    replied_at: Mapped[datetime | None]
    replied_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    resolved_in: Mapped[int | None]

    work: Mapped[Work] = relationship()

    @property
    def answerable(self) -> bool:
        """Whether it asks for anything."""
        return self.kind != "praise"

    @property
    def place(self) -> Anchor | None:
        """Where it stands; None for the whole section."""
        return anchors.decode(self.anchor)

    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        Index("ix_improvement_note_work_id", "work_id", "version", "id"),
        Index("ix_improvement_note_author_id", "author_id"),
        Index("ix_improvement_note_replied_by", "replied_by"),
    )

    @property
    def cohort_id(self) -> int:
        return self.work.cohort_id

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


# What never changes, read once


def project(item_id: int) -> Project:
    """The definition of a project item. Raises LookupError."""
    return _decoded(item_source(item_id)[1])


# Made while loading: what msgspec knows of a type comes with the first use of it, and two threads that use it first
# at the same moment crash the process.
_DEFINITION = msgspec.json.Decoder(Project)
_RUBRIC = msgspec.json.Decoder(Rubric)
_REASONS = msgspec.json.Decoder(dict[str, str])


@lru_cache(maxsize=256)
def _decoded(definition: str) -> Project:
    return _DEFINITION.decode(definition)


def affected(item_id: int, section_id: str) -> dict[str, frozenset[str]]:
    """The sections whose findings can change with this one, itself first; each with all that its checks read.

    Raises LookupError.
    """
    read = _reads(item_source(item_id)[1])
    names = [
        section_id,
        *(name for name, others in read.items() if section_id in others and name != section_id),
    ]
    return {name: read.get(name, frozenset()) | {name} for name in names}


@lru_cache(maxsize=256)
def _reads(definition: str) -> dict[str, frozenset[str]]:
    """By section: the other sections that its checks and lists read."""
    found = {}
    for section in _decoded(definition).sections:
        addresses: set[str] = set()
        if not isinstance(section, FilesSection):
            addresses |= {use.address for check in section.checks for use in check.uses()}
        if isinstance(section, TableSection):
            addresses |= {column.ref for column in section.columns if column.ref}
        found[section.id] = frozenset(address.split(".")[0] for address in addresses if "." in address)
    return found


def is_blind(project: Project) -> bool:
    """Whether reviewers must not know whose work it is until its grade is out."""
    return project.blind in ("learner", "both")


def rubric_of(version_id: int, project: Project) -> Rubric:
    """The rubric that a project of a course version names. Raises LookupError."""
    found = find_item(version_id, project.rubric)
    if found is None:
        raise LookupError(f"no rubric {project.rubric!r} in course version {version_id}")
    return _decoded_rubric(item_source(found)[1])


@lru_cache(maxsize=256)
def _decoded_rubric(definition: str) -> Rubric:
    return _RUBRIC.decode(definition)


def version_of(item_id: int) -> int:
    """The course version that an item belongs to. Raises LookupError."""
    found = db.session.scalar(select(Item.version_id).where(Item.id == item_id))
    if found is None:
        raise LookupError(f"no item {item_id}")
    return found


def brief(item_id: int) -> str:
    """The Markdown of a project's brief. Raises LookupError."""
    return item_source(item_id)[0]


# Works


@dataclass(frozen=True, slots=True)
class Workspace:
    """A work as its pages need it, read in one statement: the thing of ``SEE_WORK`` and ``WRITE_WORK``."""

    id: int
    cohort_id: int
    code: str
    cohort: str
    item_id: int
    stable_id: str
    name: str
    join_code: str | None
    opens_at: datetime | None
    due: Due
    member_ids: frozenset[int]
    reviewer_ids: frozenset[int]
    barred_ids: frozenset[int]

    @property
    def due_at(self) -> datetime | None:
        """When it must be handed in, with all the time that was granted."""
        return self.due.at

    @property
    def project(self) -> Project:
        return project(self.item_id)

    @property
    def is_team(self) -> bool:
        """Whether it is a team's, however many belong to it now."""
        return self.join_code is not None or len(self.member_ids) > 1


# The statements of every save name columns of tables, not of entities: they are put together in half the time.
_work, _member, _cohort, _schedule, _draft, _extension = (
    entity.__table__.c for entity in (Work, WorkMember, Cohort, Schedule, Draft, Extension)
)


def _granted(*conditions: Any) -> ScalarSelect[datetime | None]:
    """Until when a ``Work`` has more time by what meets these conditions; each finds its rows in an index."""
    return (
        select(func.max(_extension.until))
        .where(_extension.cohort_id == _work.cohort_id, _extension.stable_id == _work.stable_id, *conditions)
        .correlate(Work.__table__)
        .scalar_subquery()
    )


GRANTED = (
    _granted(_extension.enrolment_id.is_(None)),
    _granted(
        _extension.enrolment_id == _member.enrolment_id,
        _member.work_id == _work.id,
        _member.left_at.is_(None),
    ),
)
"""Until when a work has more time: as everybody of its cohort, and by what any standing member was granted."""

_OF_PROJECT = and_(Schedule.cohort_id == Work.cohort_id, Schedule.stable_id == Work.stable_id)
_WORKSPACES = select(
    _work.id,
    _work.cohort_id,
    _cohort.code,
    _cohort.name,
    _work.item_id,
    _work.stable_id,
    _work.name,
    _work.join_code,
    _schedule.opens_at,
    _schedule.due_at,
    *GRANTED,
    select(func.aggregate_strings(cast(_member.person_id, String), ","))
    .where(_member.work_id == _work.id, _member.left_at.is_(None))
    .correlate(Work.__table__)
    .scalar_subquery(),
    reviewers_column(_work.id),
    barred_column(_work.id, _work.cohort_id),
).select_from(
    Work.__table__.join(Cohort.__table__, _cohort.id == _work.cohort_id).outerjoin(
        Schedule.__table__,
        and_(_schedule.cohort_id == _work.cohort_id, _schedule.stable_id == _work.stable_id),
    )
)
_WORKSPACE = _WORKSPACES.where(_work.id == bindparam("work_id"))
_OWN_WORKSPACE = _WORKSPACES.where(
    _work.id
    == select(_member.work_id)
    .where(
        _member.enrolment_id == bindparam("enrolment_id"),
        _member.stable_id == bindparam("stable_id"),
        _member.left_at.is_(None),
    )
    .scalar_subquery()
)


def workspace(work_id: int) -> Workspace | None:
    """The work with its cohort, deadline and members."""
    return _workspace(_WORKSPACE, {"work_id": work_id}) if work_id <= MAX_KEY else None


def own_workspace(enrolment_id: int, stable_id: str) -> Workspace | None:
    """The learner's work on a project, if it was begun; one statement."""
    return _workspace(_OWN_WORKSPACE, {"enrolment_id": enrolment_id, "stable_id": stable_id})


def _workspace(query: Select[Any], values: Mapping[str, Any]) -> Workspace | None:
    row = db.session.execute(query, values).first()
    if row is None:
        return None
    found = list(row)
    members, reviewers, barred = (ids_in(joined) for joined in found[-3:])
    found[9:] = [due(*found[9:-3]), members, reviewers, barred]
    return Workspace(*found)


def member_ids(work_id: int) -> frozenset[int]:
    """The people whose work it is now."""
    return frozenset(
        db.session.scalars(
            select(_member.person_id).where(_member.work_id == work_id, _member.left_at.is_(None))
        )
    )


_HERE: dict[str, Any] = {"cohort_id": bindparam("cohort_id"), "stable_id": bindparam("stable_id")}


def _scheduled(column: Any) -> ScalarSelect[datetime | None]:
    return (
        select(column)
        .where(_schedule.cohort_id == _HERE["cohort_id"], _schedule.stable_id == _HERE["stable_id"])
        .scalar_subquery()
    )


def _extended(whose: Any) -> ScalarSelect[datetime | None]:
    return (
        select(func.max(_extension.until))
        .where(_extension.cohort_id == _HERE["cohort_id"], _extension.stable_id == _HERE["stable_id"], whose)
        .scalar_subquery()
    )


_DATES = select(
    _scheduled(_schedule.opens_at),
    _scheduled(_schedule.due_at),
    _extended(_extension.enrolment_id.is_(None)),
    _extended(_extension.enrolment_id == bindparam("enrolment_id")),
)


def dates_of(cohort_id: int, stable_id: str, enrolment_id: int | None) -> tuple[datetime | None, Due]:
    """When a project opens and is due for a learner who has not begun it (None: for anybody); one statement."""
    opens_at, *dates = db.session.execute(
        _DATES, {"cohort_id": cohort_id, "stable_id": stable_id, "enrolment_id": enrolment_id}
    ).one()
    return opens_at, due(*dates)


def reason_of(
    cohort_id: int, stable_id: str, until: datetime, *, work_id: int | None, enrolment_id: int | None
) -> str:
    """Why a project is due then: the newest reason of those that hold for a work, or for who has not begun; ''."""
    whose = (
        Extension.enrolment_id == enrolment_id
        if work_id is None
        else Extension.enrolment_id.in_(
            select(WorkMember.enrolment_id).where(WorkMember.work_id == work_id, WorkMember.left_at.is_(None))
        )
    )
    found = db.session.scalar(
        select(Extension.reason)
        .where(
            Extension.cohort_id == cohort_id,
            Extension.stable_id == stable_id,
            Extension.until == until,
            or_(Extension.enrolment_id.is_(None), whose),
        )
        .order_by(Extension.id.desc())
        .limit(1)
    )
    return found or ""


def work_of(enrolment_id: int, stable_id: str) -> int | None:
    """The id of the learner's work on a project, if it was begun."""
    return db.session.scalar(
        select(WorkMember.work_id).where(
            WorkMember.enrolment_id == enrolment_id,
            WorkMember.stable_id == stable_id,
            WorkMember.left_at.is_(None),
        )
    )


@dataclass(frozen=True, slots=True)
class WorkLine:
    """A learner's work in a list: which enrolment it belongs to and when its project is due."""

    id: int
    enrolment_id: int
    cohort_id: int
    code: str
    item_id: int
    stable_id: str
    due_at: datetime | None


_NEVER = datetime.max.replace(tzinfo=UTC)


@cache  # as the other lists of Beranda: put together once
def _works_of() -> Any:
    return (
        select(
            Work.id,
            WorkMember.enrolment_id,
            Work.cohort_id,
            Cohort.code,
            Work.item_id,
            Work.stable_id,
            Schedule.due_at,
            *GRANTED,
        )
        .join(WorkMember, WorkMember.work_id == Work.id)
        .join(Cohort, Cohort.id == Work.cohort_id)
        .outerjoin(Schedule, _OF_PROJECT)
        .where(WorkMember.enrolment_id.in_(bindparam("ids", expanding=True)), WorkMember.left_at.is_(None))
    )


def works_of(enrolment_ids: Sequence[int]) -> list[WorkLine]:
    """The works of these enrolments, those due first; one statement."""
    if not enrolment_ids:
        return []
    rows = db.session.execute(_works_of(), {"ids": enrolment_ids})
    lines = []
    for row in rows:
        columns, dates = row[:6], row[6:]
        lines.append(WorkLine(*columns, due(*dates).at))  # type: ignore[call-arg] # a row's width is not known
    return sorted(lines, key=lambda line: (line.due_at or _NEVER, line.id))


_own = WorkMember.enrolment_id == Enrolment.id
count_as_learning(
    latest_of(WorkMember.joined_at, _own),
    # in a team everybody's own saves
    latest_of(
        Draft.updated_at, Draft.work_id == WorkMember.work_id, Draft.updated_by == WorkMember.person_id, _own
    ),
)


def member_names(person_ids: Iterable[int]) -> dict[int, str]:
    """Names by id; nothing is asked for nobody."""
    wanted = set(person_ids)
    if not wanted:
        return {}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {row.id: row.name for row in rows}


# Drafts


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A section's draft as it was read; ``text`` is its JSON, empty where only the standing was asked for."""

    id: int
    section_id: str
    text: str
    revision: int
    findings: int
    size: int
    updated_at: datetime
    updated_by: int | None
    submitted_in: int | None
    submitted_revision: int | None
    accepted_in: int | None
    returned_in: int | None

    @property
    def state(self) -> SectionState:
        """Where the section stands."""
        return section_state(
            SectionFacts(
                empty=self.revision == 0,
                errors=self.findings,
                handed_in=self.submitted_in,
                changed=self.revision != self.submitted_revision,
                returned_in=self.returned_in,
                accepted_in=self.accepted_in,
            )
        )

    @property
    def returned(self) -> bool:
        """The last review sent the section back, whatever was written since."""
        return not self.accepted and self.returned_in is not None and self.returned_in == self.submitted_in

    @property
    def accepted(self) -> bool:
        """A review accepted the section: it stays as it is."""
        return self.accepted_in is not None

    @property
    def waiting(self) -> bool:
        """A version took the section along and its review is not back yet."""
        return (
            self.submitted_in is not None
            and not self.accepted
            and (self.returned_in or 0) < self.submitted_in
        )

    @property
    def open(self) -> bool:
        """Whether the section may be written now."""
        return not self.accepted and not self.waiting

    @property
    def content(self) -> content.Content:
        return content.decode(self.text)


_STANDING = (
    _draft.revision,
    _draft.findings,
    _draft.size,
    _draft.updated_at,
    _draft.updated_by,
    _draft.submitted_in,
    _draft.submitted_revision,
    _draft.accepted_in,
    _draft.returned_in,
)
_DRAFTS = select(_draft.id, _draft.section_id, _draft.content, *_STANDING).where(
    _draft.work_id == bindparam("work_id")
)
_HELD_DRAFTS = _DRAFTS.order_by(_draft.id).with_for_update()
_STANDINGS = select(_draft.id, _draft.section_id, literal(""), *_STANDING).where(
    _draft.work_id == bindparam("work_id")
)
_DRAFT = Base.metadata.tables["draft"]
_SAVE_DRAFT = (
    update(_DRAFT)
    .where(_draft.id == bindparam("draft_id"))
    .values(
        {
            name: bindparam(name)
            for name in ("findings", "content", "size", "revision", "updated_at", "updated_by")
        }
    )
)
_COUNT_FINDINGS = (
    update(_DRAFT).where(_draft.id == bindparam("draft_id")).values(findings=bindparam("findings"))
)


def save_draft(row: DraftRow) -> None:
    """Write a section as this row has it; its standing in reviews is others' to write."""
    db.session.execute(
        _SAVE_DRAFT,
        {
            "draft_id": row.id,
            "findings": row.findings,
            "content": row.text,
            "size": row.size,
            "revision": row.revision,
            "updated_at": row.updated_at,
            "updated_by": row.updated_by,
        },
    )


def count_findings(row: DraftRow) -> None:
    """Write how many findings a section has, and nothing else of it."""
    db.session.execute(_COUNT_FINDINGS, {"draft_id": row.id, "findings": row.findings})


def drafts(work_id: int, *, lock: bool = False) -> dict[str, DraftRow]:
    """The drafts of a work by section, in one statement.

    With ``lock`` they are held, in one order, until the transaction ends: saves, uploads and hand-ins of one
    work wait for each other and each sees what the one before it wrote.
    """
    rows = db.session.execute(_HELD_DRAFTS if lock else _DRAFTS, {"work_id": work_id})
    return _by_section(rows)


def standings(work_id: int) -> dict[str, DraftRow]:
    """The drafts of a work by section without what is in them, in one statement."""
    return _by_section(db.session.execute(_STANDINGS, {"work_id": work_id}))


def _by_section(rows: Iterable[Sequence[Any]]) -> dict[str, DraftRow]:
    listed = [DraftRow(*row) for row in rows]
    return {row.section_id: row for row in listed}


def unsaved_draft(section: Section, *, now: datetime) -> DraftRow:
    """The draft of a section that has no row yet, because a newer course version brought it."""
    return DraftRow(0, section.id, content.encode(empty(section)), 0, 0, 0, now, None, None, None, None, None)


def complete(project: Project, rows: Mapping[str, DraftRow], *, now: datetime) -> dict[str, DraftRow]:
    """The drafts of all sections in the project's order, unsaved ones where there is no row."""
    return {
        section.id: rows.get(section.id) or unsaved_draft(section, now=now) for section in project.sections
    }


def contents_of(rows: Mapping[str, DraftRow]) -> dict[str, content.Content]:
    """The drafts' contents by section, as checks take them."""
    return {section_id: row.content for section_id, row in rows.items()}


class Shown(NamedTuple):
    """What lists say of a section, and nothing that only its writer types: the words for it are kept."""

    number: int
    title: str
    kind: str
    state: SectionState
    size: int = 0
    findings: int = 0
    submitted_in: int | None = None
    accepted_in: int | None = None
    returned_in: int | None = None
    """None once a later version took the section along."""
    notes: int = 0
    unanswered: int = 0


@dataclass(frozen=True, slots=True)
class SectionLine:
    """A section in a list: its place from 1, its draft (None before the work began), its reviewers' notes."""

    number: int
    section: Section
    row: DraftRow | None
    notes: int = 0
    unanswered: int = 0

    @property
    def state(self) -> SectionState:
        """Where the section stands."""
        return self.row.state if self.row else SectionState.NOT_STARTED

    @property
    def shown(self) -> Shown:
        """What lists say of it."""
        row, section = self.row, self.section
        if row is None:
            return Shown(self.number, section.title, section.kind, SectionState.NOT_STARTED)
        return Shown(
            self.number,
            section.title,
            section.kind,
            row.state,
            row.size,
            row.findings,
            row.submitted_in,
            row.accepted_in,
            row.returned_in if row.returned else None,
            self.notes,
            self.unanswered,
        )


def lines_of(
    project: Project, rows: Mapping[str, DraftRow], notes: Iterable[ImprovementNote] = ()
) -> list[SectionLine]:
    """The sections of a project in its order, each with its draft and the notes it was returned with."""
    told: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for each in notes:
        told[each.section_id] += 1
        left[each.section_id] += each.answerable and not each.reply
    return [
        SectionLine(
            number,
            section,
            rows.get(section.id),
            told[section.id],
            left[section.id],
        )
        for number, section in enumerate(project.sections, start=1)
    ]


def next_section(lines: Iterable[SectionLine]) -> SectionLine | None:
    """The section to go on with: what came back, then what has findings, then what is not begun, in order."""
    rank = {"returned": 0, "findings": 1, "draft": 2, "not_started": 3}
    open_lines = [line for line in lines if line.row is None or line.row.open]
    begun = [line for line in open_lines if line.row and line.row.returned and line.unanswered]
    if begun:
        return begun[0]
    return min(open_lines, key=lambda line: (rank.get(str(line.state), 4), line.number), default=None)


@cache
def _section_lines() -> tuple[Any, Any]:
    ids: Any = bindparam("ids", expanding=True)
    drafts = select(Draft.work_id, Draft.id, Draft.section_id, literal(""), *_STANDING).where(
        Draft.work_id.in_(ids)
    )
    newest = (
        select(func.max(SubmissionVersion.number))
        .where(SubmissionVersion.work_id == ImprovementNote.work_id)
        .correlate(ImprovementNote)
        .scalar_subquery()
    )
    told = select(ImprovementNote).where(ImprovementNote.work_id.in_(ids), ImprovementNote.version == newest)
    return drafts, told


def section_lines(works: Sequence[WorkLine]) -> dict[int, list[SectionLine]]:
    """The sections of several works by the work's id, in two statements however many they are."""
    if not works:
        return {}
    ids = [work.id for work in works]
    rows: dict[int, dict[str, DraftRow]] = {}
    drafts, told = _section_lines()
    for work_id, *columns in db.session.execute(drafts, {"ids": ids}):
        row = DraftRow(*columns)
        rows.setdefault(work_id, {})[row.section_id] = row
    notes: dict[int, list[ImprovementNote]] = {}
    for each in db.session.scalars(told, {"ids": ids}):
        notes.setdefault(each.work_id, []).append(each)
    return {
        work.id: lines_of(project(work.item_id), rows.get(work.id, {}), notes.get(work.id, ()))
        for work in works
    }


# Versions, notes and files


def last_number(work_id: int) -> int:
    """The number of the newest version, 0 before the first."""
    return (
        db.session.scalar(
            select(func.coalesce(func.max(SubmissionVersion.number), 0)).where(
                SubmissionVersion.work_id == work_id
            )
        )
        or 0
    )


def last_reasons(work_id: int) -> dict[str, str]:
    """The reasons given with the newest version, by the warning's key; they often still hold for the next
    one.
    """
    stored = db.session.scalar(
        select(SubmissionVersion.reasons)
        .where(SubmissionVersion.work_id == work_id)
        .order_by(SubmissionVersion.number.desc())
        .limit(1)
    )
    return _REASONS.decode(stored) if stored else {}


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A handed-in version in a list."""

    id: int
    number: int
    submitted_at: datetime
    late_seconds: int
    receipt: str


def versions_of(work_id: int) -> list[VersionLine]:
    """The handed-in versions, newest first, in one statement."""
    rows = db.session.execute(
        select(
            SubmissionVersion.id,
            SubmissionVersion.number,
            SubmissionVersion.submitted_at,
            SubmissionVersion.late_seconds,
            SubmissionVersion.receipt,
        )
        .where(SubmissionVersion.work_id == work_id)
        .order_by(SubmissionVersion.number.desc())
    )
    return [VersionLine(*row) for row in rows]


def submission(submission_id: int) -> SubmissionVersion | None:
    """A version with its work and members: a thing of the access table, in one statement."""
    return (
        db.session.execute(
            select(SubmissionVersion)
            .options(joinedload(SubmissionVersion.work).joinedload(Work.members))
            .where(SubmissionVersion.id == min(submission_id, MAX_KEY))
        )
        .unique()
        .scalar_one_or_none()
    )


def attachment(attachment_id: int) -> Attachment | None:
    """A file with its work and members: a thing of the access table, in one statement."""
    return (
        db.session.execute(
            select(Attachment)
            .options(joinedload(Attachment.work).joinedload(Work.members))
            .where(Attachment.id == min(attachment_id, MAX_KEY))
        )
        .unique()
        .scalar_one_or_none()
    )


def attachment_ids(work_id: int) -> dict[tuple[str, str, str], int]:
    """The files of a work by (section, hash, name), those taken out included: what links of drafts and
    versions need.
    """
    rows = db.session.execute(
        select(Attachment.section_id, Attachment.sha256, Attachment.name, Attachment.id)
        .where(Attachment.work_id == work_id)
        .order_by(Attachment.id)
    )
    return {(section_id, sha256, name): key for section_id, sha256, name, key in rows}


def neutral_names(links: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
    """What files are called where nobody may learn whose they are: "lampiran-1.pdf", in the order of ``links``.

    Every page of a work must name them from all its files, as ``attachment_ids`` gives them.
    """
    found = {}
    for number, key in enumerate(links, start=1):
        ending = key[2].rpartition(".")[2].lower()
        found[key] = f"lampiran-{number}" + (f".{ending}" if ending.isalnum() and len(ending) <= 5 else "")
    return found


def newest_notes(work_id: int, rows: Mapping[str, DraftRow]) -> list[ImprovementNote]:
    """The notes of the last review; no statement where none was sent yet."""
    returned = [row.returned_in or row.accepted_in or 0 for row in rows.values()]
    newest = max(returned, default=0)
    return notes_of(work_id, newest) if newest else []


def notes_of(work_id: int, version: int | None = None) -> list[ImprovementNote]:
    """The notes that reviews delivered, in order; of one version where it is given."""
    query = select(ImprovementNote).where(ImprovementNote.work_id == work_id)
    if version is not None:
        query = query.where(ImprovementNote.version == version)
    return list(db.session.scalars(query.order_by(ImprovementNote.version, ImprovementNote.id)))


def note(note_id: int) -> ImprovementNote | None:
    """A note with its work and members: a thing of the access table, in one statement."""
    return (
        db.session.execute(
            select(ImprovementNote)
            .options(joinedload(ImprovementNote.work).joinedload(Work.members))
            .where(ImprovementNote.id == min(note_id, MAX_KEY))
        )
        .unique()
        .scalar_one_or_none()
    )
