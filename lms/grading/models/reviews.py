"""What reviewers write: a private draft until sent, then an immutable review."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.extensions import Base, Key, db
from lms.projects.models import SubmissionVersion
from lms.projects.models import rubric_of as rubric_of


class PrivateDraft:
    """What somebody is writing and nobody else sees: a text with ``revision`` as its compare-and-set counter."""

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    content: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime]


class ReviewDraft(PrivateDraft, Base):
    """What a reviewer is writing about one version; sending the review takes it away."""

    __tablename__ = "review_draft"

    submission_id: Mapped[int] = mapped_column(ForeignKey("submission_version.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    started_at: Mapped[datetime]

    submission: Mapped[SubmissionVersion] = relationship()

    __table_args__ = (
        UniqueConstraint("submission_id", "reviewer_id"),
        Index("ix_review_draft_reviewer_id", "reviewer_id"),
    )


class Review(Base):
    """A sent review: scores, comments and decisions as they were, with the points they gave (0..100)."""

    __tablename__ = "review"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission_version.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    number: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(10))
    content: Mapped[str] = mapped_column(Text)
    points: Mapped[Decimal | None]
    started_at: Mapped[
        datetime | None
    ]  # when its draft was first kept; unknown of reviews from before that was
    sent_at: Mapped[datetime]

    submission: Mapped[SubmissionVersion] = relationship()

    __table_args__ = (
        # ``number`` counts a reviewer's reviews of one version: a later one supersedes, none is changed
        UniqueConstraint("submission_id", "reviewer_id", "number"),
        CheckConstraint("outcome in ('accepted', 'returned')", name="outcome"),
        Index("ix_review_reviewer_id", "reviewer_id"),
    )

    @property
    def cohort_id(self) -> int:
        return self.submission.cohort_id

    @property
    def member_ids(self) -> frozenset[int]:
        return self.submission.member_ids

    @property
    def reviewer_ids(self) -> frozenset[int]:
        return self.submission.reviewer_ids

    @property
    def barred_ids(self) -> frozenset[int]:
        return self.submission.barred_ids


class Referral(Base):
    """A version whose reviews differ by more than its project allows, referred to a moderator when the last came.

    ``difference`` is that between the highest and the lowest points. Kept, not derived, so that lists of any length
    are read from an index; the moderation itself is the row that answers it.
    """

    __tablename__ = "referral"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission_version.id"), unique=True)
    difference: Mapped[Decimal]
    referred_at: Mapped[datetime]

    submission: Mapped[SubmissionVersion] = relationship()


class Adjustment(Base):
    """Points that one member of a team gets more (or fewer, below 0) than the team's grade, and why.

    Rows are added, never changed: a member's newest counts, and 0 takes back what was before.
    """

    __tablename__ = "adjustment"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    work_id: Mapped[int] = mapped_column(ForeignKey("work.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    points: Mapped[Decimal]
    reason: Mapped[str] = mapped_column(String(300))
    decided_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_adjustment_work_id", "work_id", "enrolment_id", "id"),
        Index("ix_adjustment_enrolment_id", "enrolment_id"),
        Index("ix_adjustment_decided_by", "decided_by"),
    )


@cache
def _draft() -> Any:
    return select(ReviewDraft).where(
        ReviewDraft.submission_id == bindparam("version"), ReviewDraft.reviewer_id == bindparam("reviewer")
    )


def draft_of(submission_id: int, reviewer_id: int) -> ReviewDraft | None:
    """The reviewer's private draft about a version."""
    found: ReviewDraft | None = db.session.scalar(
        _draft(), {"version": submission_id, "reviewer": reviewer_id}
    )
    return found
