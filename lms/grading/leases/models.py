"""Leases as stored: who writes about a version now, since when, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from lms.extensions import Base, Key, db
from lms.people.models import Person


class ReviewLease(Base):
    """The turn of one reviewer to write about one version; every save moves ``until``.

    It counts by its time alone: what has run out is nobody's, whether the sweep has been there or not.
    """

    __tablename__ = "review_lease"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission_version.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    taken_at: Mapped[datetime]
    until: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("submission_id", "reviewer_id"),
        Index("ix_review_lease_reviewer_id", "reviewer_id"),
        Index("ix_review_lease_until", "until"),
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who writes about a version now."""

    reviewer_id: int
    name: str
    since: datetime
    until: datetime


@cache  # putting it together takes longer than running it
def _holders() -> Any:
    return (
        select(ReviewLease.taken_at, ReviewLease.until, Person)
        .join(Person, Person.id == ReviewLease.reviewer_id)
        .where(ReviewLease.submission_id == bindparam("submission"), ReviewLease.until > bindparam("now"))
        .order_by(ReviewLease.taken_at, ReviewLease.id)
    )


def holders_of(submission_id: int, *, now: datetime) -> list[Holder]:
    """Who writes about a version now, the first first; one statement."""
    rows = db.session.execute(_holders(), {"submission": submission_id, "now": now})
    return [Holder(person.id, person.full_name, since, until) for since, until, person in rows]
