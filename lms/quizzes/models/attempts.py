"""Attempts and what happens to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lms.courses.models import Enrolment
from lms.extensions import Base, Key, db
from lms.quizzes import clock

MAX_KEY = 2**63 - 1


class Attempt(Base):
    """One try at a quiz; ``item_id`` fixes the questions' text, ``drawn`` which are asked and in what order.

    ``drawn`` is JSON of ``scoring.Drawn``, made of ``seed`` when the attempt began; empty on attempts that began
    before it was kept, which draw it anew from the seed. ``closes_at`` is when the hard limit ends, extra time
    included; None without one. ``closed_by`` says who ended it: '' while it runs, else 'learner' or 'clock'.
    ``points`` stay what handing in made of them, or, where essays wait to be marked (None until then), what the
    first marks did: what a corrected key or mark makes of them is a ``Rescore``.
    """

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    number: Mapped[int]
    seed: Mapped[int]
    started_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    points: Mapped[Decimal | None]
    max_points: Mapped[Decimal | None]
    drawn: Mapped[str] = mapped_column(Text, default="", server_default="")
    closes_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(String(10), default="", server_default="")

    __table_args__ = (
        # two tabs that start at once make one attempt, and numbers never repeat
        UniqueConstraint("enrolment_id", "stable_id", "number"),
        Index(
            "uq_attempt_running",
            "enrolment_id",
            "stable_id",
            unique=True,
            sqlite_where=text("submitted_at IS NULL"),
            postgresql_where=text("submitted_at IS NULL"),
        ),
        Index("ix_attempt_item_id", "item_id"),
        # the sweep over those whose time is over
        Index(
            "ix_attempt_closing",
            "closes_at",
            "id",
            sqlite_where=text("submitted_at IS NULL AND closes_at IS NOT NULL"),
            postgresql_where=text("submitted_at IS NULL AND closes_at IS NOT NULL"),
        ),
        # those whose essays wait for marks: a small part of all
        Index(
            "ix_attempt_waiting",
            "submitted_at",
            "id",
            sqlite_where=text("submitted_at IS NOT NULL AND points IS NULL"),
            postgresql_where=text("submitted_at IS NOT NULL AND points IS NULL"),
        ),
    )


class AttemptFlag(Base):
    """A question that a learner wants to come back to before handing in; the row goes when the flag does."""

    __tablename__ = "attempt_flag"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    question_id: Mapped[str] = mapped_column(String(80), primary_key=True)


class AttemptEvent(Base):
    """One line of an attempt's log beside its saves: begun, opened again elsewhere, handed in, closed by the clock.

    'late' is an answer that came when it could count no more. ``address`` and ``device`` say where the request
    came from; both are empty where the clock did it.
    """

    __tablename__ = "attempt_event"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    kind: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(45), default="")
    device: Mapped[str] = mapped_column(String(80), default="")

    __table_args__ = (
        CheckConstraint("kind in ('started', 'opened', 'submitted', 'closed', 'late')", name="kind"),
        Index("ix_attempt_event_attempt_id", "attempt_id", "id"),
    )


def running_ids(enrolment_id: int, stable_id: str) -> list[int]:
    """A learner's running attempts, at one quiz or (with '') at all of the cohort's."""
    query = select(Attempt.id).where(Attempt.enrolment_id == enrolment_id, Attempt.submitted_at.is_(None))
    if stable_id:
        query = query.where(Attempt.stable_id == stable_id)
    return list(db.session.scalars(query.order_by(Attempt.id)))


_OVER = (
    select(Attempt.id)
    .where(
        Attempt.submitted_at.is_(None), Attempt.closes_at < bindparam("before", type_=Attempt.closes_at.type)
    )
    .order_by(Attempt.closes_at, Attempt.id)
    .limit(bindparam("most"))
)


def over_ids(*, now: datetime, most: int) -> list[int]:
    """Attempts whose time and grace are over and that nobody has closed yet, the oldest first."""
    return list(db.session.scalars(_OVER, {"before": now - clock.GRACE, "most": most}))


_RUNNING = (
    select(Attempt.id)
    .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .where(
        Enrolment.cohort_id == bindparam("cohort_id"),
        Attempt.stable_id == bindparam("stable_id"),
        Attempt.submitted_at.is_(None),
        Attempt.closes_at >= bindparam("since", type_=Attempt.closes_at.type),
    )
    .limit(1)
)


def is_running(cohort_id: int, stable_id: str, *, now: datetime) -> bool:
    """Whether somebody of the cohort still has time in this quiz; attempts without an end do not count."""
    values = {"cohort_id": cohort_id, "stable_id": stable_id, "since": now - clock.GRACE}
    return db.session.scalar(_RUNNING, values) is not None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many attempts were begun, and the one that still runs."""

    begun: int
    running_id: int | None


def attempt_counts(enrolment_ids: Iterable[int]) -> dict[tuple[int, str], Counts]:
    """Attempts by (enrolment, quiz) in one statement; a quiz that nobody began is not in it."""
    wanted = list(enrolment_ids)
    if not wanted:
        return {}
    rows = db.session.execute(
        select(
            Attempt.enrolment_id,
            Attempt.stable_id,
            func.count(Attempt.id),
            func.max(Attempt.id).filter(Attempt.submitted_at.is_(None)),
        )
        .where(Attempt.enrolment_id.in_(wanted))
        .group_by(Attempt.enrolment_id, Attempt.stable_id)
    )
    return {(enrolment, stable_id): Counts(begun, running) for enrolment, stable_id, begun, running in rows}


_FLAGS = select(AttemptFlag.question_id).where(AttemptFlag.attempt_id == bindparam("attempt_id"))


def flags_of(attempt_id: int) -> frozenset[str]:
    """The questions that are flagged for later, in one statement."""
    return frozenset(db.session.scalars(_FLAGS, {"attempt_id": attempt_id}))
