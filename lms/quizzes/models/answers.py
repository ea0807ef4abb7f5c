"""The answers of attempts: appended, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import (
    BigInteger,
    Executable,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from lms.courses.models import Enrolment, count_as_learning, latest_of
from lms.extensions import Base, Key, db
from lms.quizzes.kinds.question import Answer as Value
from lms.quizzes.models.attempts import Attempt


class Answer(Base):
    """One save of one question's answer: appended, never changed.

    ``saved_at`` is when it reached the server, ``given_at`` when it was given: earlier where the device was
    offline. What was given last counts, of two given at once the higher sequence; so what a device sends late
    replaces nothing newer, and nothing is lost. ``value`` is an answer of ``kinds.question`` as JSON.
    ``writer`` is a random name of the device (or of the page, without its module) that sent it and ``turn`` that
    device's own count, which grows with every answer: the same two are the same save, sent again. '' and 0
    where nothing was said.
    """

    __tablename__ = "answer"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"))
    sequence: Mapped[int]
    question_id: Mapped[str] = mapped_column(String(80))
    value: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime]
    saved_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(45), default="", server_default="")
    writer: Mapped[str] = mapped_column(String(16), default="", server_default="")
    turn: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")

    __table_args__ = (UniqueConstraint("attempt_id", "sequence"),)


class AnswerLock(Base):
    """A question that was answered for good before its attempt was handed in; what is saved later does not count."""

    __tablename__ = "answer_lock"
    __immutable__ = True

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    question_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    at: Mapped[datetime]


_own = Attempt.enrolment_id == Enrolment.id
count_as_learning(
    latest_of(Attempt.started_at, _own),
    latest_of(Attempt.submitted_at, _own),
    latest_of(Answer.saved_at, Answer.attempt_id == Attempt.id, _own, Attempt.submitted_at.is_(None)),
)


@dataclass(frozen=True, slots=True)
class Saved:
    """One saved answer."""

    sequence: int
    value: Value
    given_at: datetime
    saved_at: datetime
    writer: str = ""
    turn: int = 0


class Answers:
    """Saves of an attempt, taken in by their sequence: what counts for each question, what stood in each.

    ``late`` is the last save of each question that has one which came when it could count no more.
    """

    def __init__(self) -> None:
        self.current: dict[str, Saved] = {}
        self.late: dict[str, Saved] = {}
        self.by_sequence: dict[int, Saved] = {}
        self.by_question: dict[str, list[Saved]] = {}
        self.last: Saved | None = None

    @property
    def next(self) -> int:
        """The sequence of the next save, from 1."""
        return self.last.sequence + 1 if self.last else 1

    def add(self, question_id: str, saved: Saved, *, late: bool = False) -> None:
        """Take in the save that has the next sequence."""
        standing = self.current.get(question_id)
        if late:
            self.late[question_id] = saved
        elif standing is None or saved.given_at >= standing.given_at:
            self.current[question_id] = saved
        self.by_question.setdefault(question_id, []).append(saved)
        self.by_sequence[saved.sequence] = self.last = saved

    def value(self, question_id: str) -> Value:
        """What counts for a question; None without an answer."""
        saved = self.current.get(question_id)
        return saved.value if saved else None

    def values(self) -> dict[str, Value]:
        """What counts, by question id."""
        return {question_id: saved.value for question_id, saved in self.current.items()}


COUNTS = and_(
    or_(Attempt.closes_at.is_(None), Answer.given_at <= Attempt.closes_at),
    or_(Attempt.submitted_at.is_(None), Answer.saved_at <= Attempt.submitted_at),
    ~select(AnswerLock.at)
    .where(
        AnswerLock.attempt_id == Answer.attempt_id,
        AnswerLock.question_id == Answer.question_id,
        AnswerLock.at < Answer.saved_at,
    )
    .correlate(Answer)
    .exists(),
)
"""Whether a save came while it could count: given before the time was over, arrived before the attempt was handed in
and its question answered for good. For queries that join ``Answer`` with its ``Attempt``; the others are late ones."""

RANK = (
    func.row_number()
    .over(
        partition_by=(Answer.attempt_id, Answer.question_id),
        order_by=(Answer.given_at.desc(), Answer.sequence.desc()),
    )
    .label("rank")
)
"""1 for the save of a question that counts, among those of ``COUNTS``: the one that was given last."""

_ANSWERS = (
    select(
        Answer.question_id,
        Answer.sequence,
        Answer.value,
        COUNTS,
        Answer.given_at,
        Answer.saved_at,
        Answer.writer,
        Answer.turn,
    )
    .join(Attempt, Attempt.id == Answer.attempt_id)
    .where(Answer.attempt_id == bindparam("attempt_id"))
    .order_by(Answer.sequence)
)
_RANKED = (
    select(
        Answer.question_id,
        Answer.sequence,
        Answer.value,
        Answer.given_at,
        Answer.saved_at,
        RANK,
    )
    .join(Attempt, Attempt.id == Answer.attempt_id)
    .where(Answer.attempt_id == bindparam("attempt_id"), COUNTS)
    .subquery()
)
_CURRENT = (
    select(
        _RANKED.c.question_id,
        _RANKED.c.sequence,
        _RANKED.c.value,
        true(),
        _RANKED.c.given_at,
        _RANKED.c.saved_at,
    )
    .where(_RANKED.c.rank == 1)
    .order_by(_RANKED.c.sequence)
)


def current_answers(attempt_id: int) -> Answers:
    """What counts for each question of an attempt; one statement that brings one row a question."""
    return _read(_CURRENT, attempt_id)


def answers_of(attempt_id: int) -> Answers:
    """Every save of an attempt, in one statement."""
    return _read(_ANSWERS, attempt_id)


def _read(query: Executable, attempt_id: int) -> Answers:
    answers = Answers()
    for question_id, sequence, value, counts, *rest in db.session.execute(query, {"attempt_id": attempt_id}):
        answers.add(question_id, Saved(sequence, read_value(value), *rest), late=not counts)
    return answers


def late_count(attempt_id: int) -> int:
    """How many saves of an attempt came when they could count no more, in one statement."""
    query = (
        select(func.count(Answer.id))
        .join(Attempt, Attempt.id == Answer.attempt_id)
        .where(Answer.attempt_id == attempt_id, not_(COUNTS))
    )
    return db.session.scalar(query) or 0


def locked_questions(attempt_id: int) -> frozenset[str]:
    """The questions that were answered for good, in one statement."""
    return frozenset(
        db.session.scalars(select(AnswerLock.question_id).where(AnswerLock.attempt_id == attempt_id))
    )


_VALUE = msgspec.json.Decoder(Value)


def read_value(stored: str) -> Value:
    """An answer as it was stored."""
    return _VALUE.decode(stored)


def store_value(answer: Value) -> str:
    """An answer as it is stored."""
    return msgspec.json.encode(answer).decode()
