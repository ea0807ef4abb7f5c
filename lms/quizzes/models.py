"""Attempts and their append-only answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Executable,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    not_,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from lms.courses.models import (
    Cohort,
    Enrolment,
    ItemLine,
    Outline,
    Schedule,
    Seat,
    count_as_learning,
    item_source,
    latest_of,
    outline,
    seat,
)
from lms.extensions import Base, Key, db
from lms.quizzes import clock, scoring
from lms.quizzes.kinds.question import Answer as Value
from lms.quizzes.kinds.question import Shown
from lms.quizzes.paper import Paper, paper
from lms.quizzes.source import Quiz

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


class AttemptFlag(Base):
    """A question that a learner wants to come back to before handing in; the row goes when the flag does."""

    __tablename__ = "attempt_flag"

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    question_id: Mapped[str] = mapped_column(String(80), primary_key=True)


class AnswerLock(Base):
    """A question that was answered for good before its attempt was handed in; what is saved later does not count."""

    __tablename__ = "answer_lock"
    __immutable__ = True

    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    question_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    at: Mapped[datetime]


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


_own = Attempt.enrolment_id == Enrolment.id
count_as_learning(
    latest_of(Attempt.started_at, _own),
    latest_of(Attempt.submitted_at, _own),
    latest_of(Answer.saved_at, Answer.attempt_id == Attempt.id, _own, Attempt.submitted_at.is_(None)),
)


def paper_of(item_id: int) -> Paper:
    """The quiz of an item, read once per process. Raises LookupError."""
    _, definition = item_source(item_id)
    return paper(definition)


# The things of the access table


@dataclass(frozen=True, slots=True)
class QuizSeat:
    """A quiz as a cohort takes it, with the asking person's seat: a thing of ``SEE_COHORT`` and ``LEARN``."""

    seat: Seat
    line: ItemLine

    @property
    def cohort_id(self) -> int:
        return self.seat.cohort_id

    @property
    def paper(self) -> Paper:
        return paper_of(self.line.id)


def quiz_seat(code: str, stable_id: str, person_id: int) -> QuizSeat | None:
    """The quiz with this stable id in the cohort with this code, in one statement."""
    place = seat(code, person_id)
    line = place.outline.item(stable_id) if place else None
    return QuizSeat(place, line) if place and line and line.kind == "quiz" else None


@dataclass(frozen=True, slots=True)
class Sitting:
    """An attempt with its cohort and the person who takes it: a thing of ``TAKE_QUIZ`` and ``SEE_OWN``.

    ``version_id`` is what the cohort takes now; the attempt keeps the text it began with.
    """

    attempt: Attempt
    person_id: int
    cohort_id: int
    code: str
    version_id: int
    starts_at: datetime
    ends_at: datetime
    device: str | None
    """Where the attempt was begun; None for those from before it was written down."""
    flagged: str | None = None

    @property
    def flags(self) -> frozenset[str]:
        """The questions that are flagged for later; known of an attempt that was loaded to be read."""
        return frozenset(self.flagged.split(",")) if self.flagged else frozenset()

    @property
    def member_ids(self) -> frozenset[int]:
        return frozenset((self.person_id,))

    @property
    def paper(self) -> Paper:
        return paper_of(self.attempt.item_id)

    @property
    def asked(self) -> tuple[Shown, ...]:
        """What the attempt asks, in its order: as it was pinned when the attempt began."""
        drawn = self.attempt.drawn
        return self.paper.pinned(drawn) if drawn else self.paper.asked(self.attempt.seed)

    def terms(self) -> Terms:
        """The dates and allowances that hold for the attempt now, in one statement."""
        attempt = self.attempt
        return terms_of(self.cohort_id, attempt.stable_id, attempt.enrolment_id, self.starts_at, self.ends_at)

    @property
    def outline(self) -> Outline:
        return outline(self.version_id)


_SITTING = (
    select(
        Attempt,
        Enrolment.person_id,
        Cohort.id,
        Cohort.code,
        Cohort.version_id,
        Cohort.starts_at,
        Cohort.ends_at,
        select(AttemptEvent.device)
        .where(AttemptEvent.attempt_id == Attempt.id, AttemptEvent.kind == "started")
        .limit(1)
        .correlate(Attempt)
        .scalar_subquery(),
    )
    .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .join(Cohort, Cohort.id == Enrolment.cohort_id)
    .where(Attempt.id == bindparam("attempt_id"))
)
# weaker than FOR UPDATE: writers of this attempt wait for each other, foreign keys that point at it do not
_SITTING_LOCKED = _SITTING.with_for_update(of=Attempt, key_share=True).execution_options(
    populate_existing=True
)


# ids of questions hold no comma
_SITTING_READ = _SITTING.add_columns(
    select(func.aggregate_strings(AttemptFlag.question_id, ","))
    .where(AttemptFlag.attempt_id == Attempt.id)
    .correlate(Attempt)
    .scalar_subquery()
)


def sitting(attempt_id: int, *, lock: bool = False) -> Sitting | None:
    """An attempt by its id, in one statement; with ``lock``, its other writers wait for this transaction."""
    if attempt_id > MAX_KEY:
        return None
    row = db.session.execute(_SITTING_LOCKED if lock else _SITTING_READ, {"attempt_id": attempt_id}).first()
    return Sitting(*row) if row else None


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


# Attempts and answers


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


def quiz_grade(attempts: Iterable[Scored], quiz: Quiz) -> Decimal | None:
    """The percentage that counts by the quiz's rule; None before any attempt has a score."""
    scores = [attempt.percent for attempt in attempts]
    return scoring.grade_of([score for score in scores if score is not None], quiz.grade)


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
        func.row_number()
        .over(partition_by=Answer.question_id, order_by=(Answer.given_at.desc(), Answer.sequence.desc()))
        .label("rank"),
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


_FLAGS = select(AttemptFlag.question_id).where(AttemptFlag.attempt_id == bindparam("attempt_id"))


def flags_of(attempt_id: int) -> frozenset[str]:
    """The questions that are flagged for later, in one statement."""
    return frozenset(db.session.scalars(_FLAGS, {"attempt_id": attempt_id}))


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
