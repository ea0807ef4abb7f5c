"""When a quiz may be taken, and what learners were granted beyond its rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, bindparam, func, select
from sqlalchemy.orm import Mapped, mapped_column

from lms.courses.models import Schedule
from lms.extensions import Base, db
from lms.quizzes import clock
from lms.quizzes.source import Quiz


class Allowance(Base):
    """What one learner is granted beyond the rules of a quiz, or of all quizzes of the cohort (``stable_id`` '')."""

    __tablename__ = "quiz_allowance"

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), primary_key=True)
    stable_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    extra_minutes: Mapped[int] = mapped_column(default=0)
    extra_attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(300))
    granted_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime]

    __table_args__ = (Index("ix_quiz_allowance_granted_by", "granted_by"),)


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when attempts may begin."""

    opens_at: datetime
    closes_at: datetime

    def is_early(self, now: datetime) -> bool:
        """Attempts may not begin yet."""
        return now < self.opens_at

    def is_over(self, now: datetime) -> bool:
        """No attempt may begin any more."""
        return now > self.closes_at


def window_of(cohort_id: int, stable_id: str, starts_at: datetime, ends_at: datetime) -> Window:
    """The quiz's own dates within those of its cohort, in one statement."""
    row = db.session.get(Schedule, (cohort_id, stable_id))
    return _window(row.opens_at if row else None, row.due_at if row else None, starts_at, ends_at)


def _window(
    opens_at: datetime | None, due_at: datetime | None, starts_at: datetime, ends_at: datetime
) -> Window:
    return Window(
        opens_at=max(starts_at, opens_at) if opens_at else starts_at,
        closes_at=min(ends_at, due_at) if due_at else ends_at,
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one learner in one quiz beside its own rules: its dates, and what was granted beyond them."""

    window: Window
    extra_minutes: int = 0
    extra_attempts: int = 0

    def attempts(self, quiz: Quiz) -> int | None:
        """How many attempts one has in all; None without a limit."""
        return None if quiz.attempts is None else quiz.attempts + self.extra_attempts

    def closing(self, quiz: Quiz, started_at: datetime) -> datetime | None:
        """When an attempt that began then ends by itself; None when it does not."""
        return clock.closing(
            started_at,
            limit=quiz.limit,
            extra=self.extra_minutes,
            date=self.window.closes_at,
            dated=quiz.feedback == "closed",
        )


def _granted(column: Any) -> Any:
    """What a learner was granted for this quiz and for all quizzes of the cohort, together."""
    return (
        select(func.coalesce(func.sum(column), 0))
        .where(
            Allowance.enrolment_id == bindparam("enrolment_id"),
            Allowance.stable_id.in_((bindparam("stable_id"), "")),
        )
        .scalar_subquery()
    )


def _scheduled(column: Any) -> Any:
    return (
        select(column)
        .where(Schedule.cohort_id == bindparam("cohort_id"), Schedule.stable_id == bindparam("stable_id"))
        .scalar_subquery()
    )


_TERMS = select(
    _scheduled(Schedule.opens_at),
    _scheduled(Schedule.due_at),
    _granted(Allowance.extra_minutes),
    _granted(Allowance.extra_attempts),
)


def terms_of(
    cohort_id: int, stable_id: str, enrolment_id: int | None, starts_at: datetime, ends_at: datetime
) -> Terms:
    """The dates of a quiz and what a learner (None: nobody) was granted beyond its rules, in one statement."""
    opens_at, due_at, minutes, attempts = db.session.execute(
        _TERMS, {"cohort_id": cohort_id, "stable_id": stable_id, "enrolment_id": enrolment_id or 0}
    ).one()
    return Terms(_window(opens_at, due_at, starts_at, ends_at), int(minutes), int(attempts))
