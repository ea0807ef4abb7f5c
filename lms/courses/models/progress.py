"""How far learners are, and what they noted for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ForeignKey, ScalarSelect, String, Text, bindparam, func, select
from sqlalchemy.orm import Mapped, mapped_column

from lms.courses.models.cohorts import Cohort, Enrolment
from lms.courses.models.versions import CourseVersion, Item
from lms.courses.progress import Mark
from lms.extensions import Base, db


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


# The statements of the most read pages are built once, because building them costs more than running them,
# and of plain columns: rows that no entity is made of take two thirds of the time.
_progress, _note = (entity.__table__.c for entity in (Progress, Note))
_MARKS = select(
    _progress.stable_id, _progress.place, _progress.percent, _progress.seen_at, _progress.completed_at
).where(_progress.enrolment_id == bindparam("enrolment_id"))
_READER = select(
    _progress.stable_id, _progress.place, _progress.percent, _progress.completed_at.is_not(None)
).where(_progress.enrolment_id == bindparam("enrolment_id"))
_NOTES = select(_note.anchor, _note.text, _note.revision, _note.updated_at).where(
    _note.enrolment_id == bindparam("enrolment_id"), _note.stable_id == bindparam("stable_id")
)


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


def done_of(enrolment: Any, version: Any) -> ScalarSelect[int]:
    """How many items of a version an enrolment has completed, to be read beside both."""
    return (
        select(func.count(Progress.stable_id))
        .join(Item, (Item.version_id == version) & (Item.stable_id == Progress.stable_id))
        .where(Progress.enrolment_id == enrolment, Progress.completed_at.is_not(None), Item.kind != "rubric")
        .correlate_except(Progress, Item)
        .scalar_subquery()
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
