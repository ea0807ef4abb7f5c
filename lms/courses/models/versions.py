"""Courses and their published states, which are written once."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.courses.changes import ItemState
from lms.extensions import Base, Key, db


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


def versions_for_cohorts() -> list[Any]:
    """The versions that a new cohort may learn from: rows with id, title, number; a course's newest first."""
    return list(
        db.session.execute(
            select(CourseVersion.id, CourseVersion.title, CourseVersion.number)
            .where(CourseVersion.retired_at.is_(None))
            .order_by(CourseVersion.title, CourseVersion.course_id, CourseVersion.number.desc())
        )
    )


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
