"""What was handed in: written once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, bindparam, select, text
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from lms.extensions import Base, Key, db
from lms.projects.models.works import MAX_KEY, OfWork, Work
from lms.projects.reviewers import day_of


class SubmissionVersion(OfWork, Base):
    """A handed-in version: number, facts about lateness, receipt; written once.

    ``signature`` is the server's over the receipt's facts, '' on versions from before it was made.

    ``settled_at`` is when its reviews had come to a decision; until then the version waits in the queue. It
    is kept here, not derived, so that a queue of any age is read from an index. ``pool_on`` is the day of the
    hand-in while the work lacks reviewers, so that those who lead the cohort find it in their queue.
    ``round_number`` counts what the team handed in: a version that a change of rubric put before the reviewers once
    more has the round of the version before it.
    """

    __tablename__ = "submission_version"
    __immutable__ = True
    __mutable__ = ("settled_at", "pool_on")

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    number: Mapped[int]
    round_number: Mapped[int] = mapped_column(
        server_default="1", default=lambda context: context.get_current_parameters()["number"]
    )
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


_REASONS = msgspec.json.Decoder(dict[str, str])


def last_counts(work_id: int) -> tuple[int, int]:
    """The number of the newest version and of its round, 0 and 0 before the first; one statement."""
    row = db.session.execute(
        select(SubmissionVersion.number, SubmissionVersion.round_number)
        .where(SubmissionVersion.work_id == work_id)
        .order_by(SubmissionVersion.number.desc())
        .limit(1)
    ).first()
    return (row.number, row.round_number) if row else (0, 0)


def last_number(work_id: int) -> int:
    """The number of the newest version, 0 before the first."""
    return last_counts(work_id)[0]


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
    round_number: int
    submitted_at: datetime
    late_seconds: int
    receipt: str


def versions_of(work_id: int) -> list[VersionLine]:
    """The handed-in versions, newest first, in one statement."""
    rows = db.session.execute(
        select(
            SubmissionVersion.id,
            SubmissionVersion.number,
            SubmissionVersion.round_number,
            SubmissionVersion.submitted_at,
            SubmissionVersion.late_seconds,
            SubmissionVersion.receipt,
        )
        .where(SubmissionVersion.work_id == work_id)
        .order_by(SubmissionVersion.number.desc())
    )
    return [VersionLine(*row) for row in rows]


@cache
def _submission() -> Any:
    # put together once: that takes longer than running it
    return (
        select(SubmissionVersion)
        .options(joinedload(SubmissionVersion.work).joinedload(Work.members))
        .where(SubmissionVersion.id == bindparam("key"))
    )


def submission(submission_id: int) -> SubmissionVersion | None:
    """A version with its work and members: a thing of the access table, in one statement."""
    found: SubmissionVersion | None = (
        db.session.execute(_submission(), {"key": min(submission_id, MAX_KEY)}).unique().scalar_one_or_none()
    )
    return found
