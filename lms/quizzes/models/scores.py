"""Marks, rulings and rescores, and the score of an attempt that follows from them."""

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
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from lms.extensions import Base, Key, db
from lms.quizzes import scoring
from lms.quizzes.models.attempts import Attempt
from lms.quizzes.source import Quiz


class EssayMark(Base):
    """What a facilitator gave for one essay answer: the newest row of a question counts.

    ``share`` is of the question's points, 0 to 1; ``levels`` JSON of criterion id → level id where the essay has a
    rubric, else ''.
    """

    __tablename__ = "essay_mark"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    question_id: Mapped[str] = mapped_column(String(80))
    share: Mapped[Decimal]
    levels: Mapped[str] = mapped_column(Text, default="")
    comment: Mapped[str] = mapped_column(Text, default="")
    marked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    marked_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_essay_mark_attempt_id", "attempt_id", "question_id", "id"),
        Index("ix_essay_mark_marked_by", "marked_by"),
    )


class KeyRuling(Base):
    """A decision about one question's key in one cohort, beside what the course says; rows are never changed.

    ``accept``: ``value`` (a short answer) counts as right too. ``void``: the question no longer decides, by
    ``rule``: ``full`` gives everybody its points, ``drop`` takes it out of points and maximum. ``lift`` takes back
    the ruling whose id ``value`` names. It holds for attempts handed in later; for earlier ones a regrade does.
    """

    __tablename__ = "key_ruling"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    question_id: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(Text, default="")
    rule: Mapped[str] = mapped_column(String(10), default="")
    reason: Mapped[str] = mapped_column(String(300))
    decided_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("kind in ('accept', 'void', 'lift')", name="kind"),
        CheckConstraint("rule in ('', 'full', 'drop')", name="rule"),
        Index("ix_key_ruling_quiz", "cohort_id", "stable_id", "id"),
        Index("ix_key_ruling_decided_by", "decided_by"),
    )


class Rescore(Base):
    """A new score of a handed-in attempt, and why; the newest row counts, without one the attempt's own points.

    ``item_id`` is the item whose key was used; ``source`` names the act it belongs to (a regrade, essay marks),
    which can give an attempt one score only.
    """

    __tablename__ = "rescore"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    points: Mapped[Decimal]
    max_points: Mapped[Decimal]
    reason: Mapped[str] = mapped_column(String(300))
    source: Mapped[str] = mapped_column(String(80))
    decided_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("attempt_id", "source"),
        Index("ix_rescore_item_id", "item_id"),
        Index("ix_rescore_decided_by", "decided_by"),
    )


class Regrade(Base):
    """One act of scoring a cohort's handed-in attempts at a quiz again; its rescores have the source "regrade:<id>".

    ``item_id`` is the item whose key was used, ``included`` the ids (comma separated) of questions that it has
    otherwise but whose key was used all the same. ``fingerprint`` is that of the preview which was agreed to: a
    second press of the button finds the first one's row.
    """

    __tablename__ = "regrade"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    included: Mapped[str] = mapped_column(Text, default="")
    fingerprint: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(300))
    decided_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("cohort_id", "stable_id", "fingerprint"),
        Index("ix_regrade_item_id", "item_id"),
        Index("ix_regrade_decided_by", "decided_by"),
    )


@dataclass(frozen=True, slots=True)
class Scored:
    """An attempt with the score that counts: its newest rescore, else its own.

    Points are None while it runs, and after that until it has a score at all.
    """

    attempt: Attempt
    points: Decimal | None
    max_points: Decimal | None
    rescored: bool

    @property
    def percent(self) -> Decimal | None:
        """The score as a percentage, 0 to 100; None without one."""
        if self.points is None or self.max_points is None:
            return None
        return scoring.percent(self.points, self.max_points)


# the newest rescore of an attempt, if it has one
_other = aliased(Rescore)
NEWEST_RESCORE = Rescore.id == (
    select(func.max(_other.id)).where(_other.attempt_id == Attempt.id).correlate(Attempt).scalar_subquery()
)
_ATTEMPTS = (
    select(Attempt, Rescore.points, Rescore.max_points)
    .outerjoin(Rescore, NEWEST_RESCORE)
    .where(Attempt.enrolment_id == bindparam("enrolment_id"), Attempt.stable_id == bindparam("stable_id"))
    .order_by(Attempt.number)
)


def attempts_of(enrolment_id: int, stable_id: str) -> list[Scored]:
    """A learner's attempts at a quiz, over all versions, first to last, each with the score that counts now."""
    rows = db.session.execute(_ATTEMPTS, {"enrolment_id": enrolment_id, "stable_id": stable_id})
    return [scored(*row) for row in rows]


def scored(attempt: Attempt, points: Decimal | None, max_points: Decimal | None) -> Scored:
    """An attempt with what its newest rescore made of it (None: it has none)."""
    if points is None:
        return Scored(attempt, attempt.points, attempt.max_points, False)
    return Scored(attempt, points, max_points, True)


def quiz_grade(attempts: Iterable[Scored], quiz: Quiz) -> Decimal | None:
    """The percentage that counts by the quiz's rule; None before any attempt has a score."""
    scores = [attempt.percent for attempt in attempts]
    return scoring.grade_of([score for score in scores if score is not None], quiz.grade)
