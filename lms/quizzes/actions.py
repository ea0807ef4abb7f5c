"""Beginning an attempt, saving answers, handing in; add and flush only, the view commits."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, or_, select

from lms.courses.actions import complete
from lms.courses.models import Enrolment, GradeEntry, progress_of
from lms.courses.progress import completed_of, missing_requirements
from lms.extensions import db
from lms.formats import decimal
from lms.quizzes import scoring
from lms.quizzes.kinds.question import Answer as Value
from lms.quizzes.models import (
    Answer,
    Answers,
    Attempt,
    AttemptFlag,
    QuizSeat,
    Saved,
    Sitting,
    answers_of,
    attempts_of,
    flags_of,
    quiz_grade,
    store_value,
    window_of,
)
from lms.refusals import Refused

NOTHING_AGO = timedelta(0)
FRESH = timedelta(seconds=10)
"""What was given within this time is the newest, unless something was saved since its page knew of."""

_MOMENT = timedelta(microseconds=1)
_RULES = {
    "best": "nilai tertinggi",
    "last": "nilai terakhir",
    "first": "nilai pertama",
    "average": "nilai rata-rata",
}


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it arrives, ``ago`` after it was given.

    ``writer`` and ``turn`` are those of ``Answer``. With a turn the device says that this answer was given, and
    ``seen`` is the highest sequence that it knew of then. Without one (turn 0) it is what a whole page says, given
    or left alone, and ``seen`` is the sequence of the answer that the page showed, 0 for none.
    """

    answer: Value
    seen: int = 0
    ago: timedelta = NOTHING_AGO
    writer: str = ""
    turn: int = 0


def start(place: QuizSeat, *, now: datetime) -> Attempt:
    """Begin an attempt, or go on with the one that runs.

    Two tabs that start at once get the same attempt: the second waits for the enrolment's row. Raises Refused
    without a seat, before prerequisites are completed, outside the quiz's dates, and when no attempt is left.
    """
    seat, line, quiz = place.seat, place.line, place.paper.quiz
    # the weaker lock: rows that point at the enrolment (ticks, notes) can still be written meanwhile
    enrolment_id = db.session.scalar(
        select(Enrolment.id)
        .where(Enrolment.id == seat.enrolment_id, Enrolment.removed_at.is_(None))
        .with_for_update(key_share=True)
    )
    if enrolment_id is None:
        raise Refused("Hanya peserta angkatan ini yang dapat mengerjakan kuisnya.")
    attempts = attempts_of(enrolment_id, line.stable_id)
    running = next((each.attempt for each in attempts if each.attempt.submitted_at is None), None)
    if running is not None:
        return running
    if quiz.attempts is not None and len(attempts) >= quiz.attempts:
        raise Refused("Semua percobaan Anda untuk kuis ini sudah terpakai.")
    window = window_of(seat.cohort_id, line.stable_id, seat.starts_at, seat.ends_at)
    if window.is_early(now):
        raise Refused("Kuis ini belum dibuka.")
    if window.is_over(now):
        raise Refused("Kuis ini sudah ditutup, jadi percobaan baru tidak dapat dimulai.")
    completed = completed_of(progress_of(enrolment_id))
    if missing_requirements(seat.outline, completed, line.stable_id):
        raise Refused("Kuis ini masih terkunci. Selesaikan dahulu prasyaratnya.")
    attempt = Attempt(
        enrolment_id=enrolment_id,
        stable_id=line.stable_id,
        item_id=line.id,
        number=len(attempts) + 1,
        seed=secrets.randbits(31),
        started_at=now,
    )
    db.session.add(attempt)
    db.session.flush()
    return attempt


_STANDS = Answer.__table__.alias("stands")
_NUMBERS = {"attempt_id": Answer.attempt_id.type, "seen": Answer.sequence.type, "turn": Answer.turn.type}
_APPENDED = ("attempt_id", "question_id", "value", "given_at", "saved_at", "writer", "turn")
_NEWEST = func.coalesce(func.max(Answer.sequence), 0) + 1


def _bound(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=_NUMBERS.get(name) or Answer.__table__.c[name].type)


_APPEND = (
    insert(Answer.__table__)  # type: ignore[arg-type]
    .from_select(
        ["sequence", *_APPENDED],
        select(_NEWEST, *(_bound(name) for name in _APPENDED))
        .where(Answer.attempt_id == _bound("attempt_id"))
        # an aggregate without groups is one row whatever WHERE says, so what may forbid it stands in HAVING
        .having(
            ~select(1)
            .select_from(_STANDS)
            .where(
                _STANDS.c.attempt_id == _bound("attempt_id"),
                _STANDS.c.sequence > _bound("seen"),
                or_(
                    and_(
                        _STANDS.c.question_id == _bound("question_id"),
                        _STANDS.c.given_at > _bound("given_at"),
                    ),
                    and_(
                        _STANDS.c.writer == _bound("writer"),
                        _STANDS.c.writer != "",
                        _STANDS.c.turn >= _bound("turn"),
                    ),
                ),
            )
            .exists()
        ),
    )
    .returning(Answer.sequence)
)


def save_one(sitting: Sitting, question_id: str, given: Given, *, now: datetime) -> int | None:
    """Append one answer that was given just now, in one statement, and return its sequence.

    None, and nothing is written, where it was given longer ago, or something saved since ``given.seen`` may be newer
    or the same save: then ``save_changed`` knows what to do. The attempt must be locked. Raises Refused once it is
    handed in.
    """
    _refuse_handed_in(sitting)
    if given.ago >= FRESH:
        return None
    return db.session.scalar(
        _APPEND,
        {
            "attempt_id": sitting.attempt.id,
            "question_id": question_id,
            "value": store_value(given.answer),
            "given_at": _given_at(sitting, given, now),
            "saved_at": now,
            "writer": given.writer,
            "turn": given.turn,
            "seen": given.seen,
        },
    )


def save_changed(sitting: Sitting, given: Mapping[str, Given], *, now: datetime) -> Answers:
    """Append what was given, each save once, and return all answers; the attempt must be locked.

    Of a whole page (turn 0) only what it changed: a question that still says what its page showed was left alone
    there, so a page that was open for long takes back nothing that another one saved meanwhile. Raises Refused
    once it is handed in.
    """
    _refuse_handed_in(sitting)
    answers = answers_of(sitting.attempt.id)
    rows = []
    for question_id, each in sorted(given.items(), key=lambda pair: pair[1].turn):
        if _is_stored(answers, question_id, each):
            continue
        given_at = _place(answers.by_question.get(question_id, ()), each, _given_at(sitting, each, now))
        saved = Saved(answers.next, each.answer, given_at, now, each.writer, each.turn)
        answers.add(question_id, saved)
        rows.append(
            {
                "attempt_id": sitting.attempt.id,
                "sequence": saved.sequence,
                "question_id": question_id,
                "value": store_value(saved.value),
                "given_at": saved.given_at,
                "saved_at": saved.saved_at,
                "writer": saved.writer,
                "turn": saved.turn,
            }
        )
    if rows:
        db.session.execute(insert(Answer), rows)
    return answers


def _is_stored(answers: Answers, question_id: str, given: Given) -> bool:
    """Whether there is nothing to write: the save came before, or a page left the question as it was."""
    same = [
        saved
        for saved in answers.by_question.get(question_id, ())
        if saved.writer == given.writer and saved.turn == given.turn
    ]
    if given.turn:
        return any(saved.value == given.answer for saved in same)
    shown = answers.by_sequence.get(given.seen)
    if given.answer in (answers.value(question_id), shown.value if shown else None):
        return True
    # a browser that heard no answer sends its page again, perhaps after another device has saved something newer
    return bool(given.writer and same) and same[-1].value == given.answer


def _place(saves: Sequence[Saved], given: Given, at: datetime) -> datetime:
    """When an answer was given, beside those saved before; ``at`` is what its age says.

    Ages are not exact: a post may be under way for long, and devices set their clocks. But a device counts its
    own answers, and what it knew of when it gave one was there before. So that order holds, whatever the ages say.
    """
    own = [saved for saved in saves if given.turn and saved.turn and saved.writer == given.writer]
    before = [saved.given_at for saved in saves if given.turn and saved.sequence <= given.seen]
    before += [saved.given_at for saved in own if saved.turn < given.turn]
    after = [saved.given_at for saved in own if saved.turn > given.turn]
    if before:
        at = max(at, *before)
    return min(at, min(after) - _MOMENT) if after else at


def flag(sitting: Sitting, flags: Mapping[str, bool]) -> None:
    """Set or take away the flags of these questions; the attempt must be locked.

    Raises Refused once it is handed in.
    """
    _refuse_handed_in(sitting)
    standing = flags_of(sitting.attempt.id)
    gone = [question_id for question_id in standing if flags.get(question_id) is False]
    new = [question_id for question_id, wanted in flags.items() if wanted and question_id not in standing]
    here = AttemptFlag.attempt_id == sitting.attempt.id
    if gone:
        db.session.execute(delete(AttemptFlag).where(here, AttemptFlag.question_id.in_(gone)))
    if new:
        rows = [{"attempt_id": sitting.attempt.id, "question_id": question_id} for question_id in new]
        db.session.execute(insert(AttemptFlag), rows)


def hand_in(sitting: Sitting, answers: Answers, *, now: datetime) -> GradeEntry:
    """Score the attempt for good, write the grade that follows to the ledger, tick a passed quiz.

    The attempt must be locked. The ledger's points are the percentage that counts by the quiz's rule over all
    attempts up to this one. Raises Refused once it is handed in.
    """
    _refuse_handed_in(sitting)
    attempt, quiz = sitting.attempt, sitting.paper.quiz
    result = scoring.score(quiz, answers.values(), [shown.id for shown in sitting.asked])
    attempt.points, attempt.max_points, attempt.submitted_at = result.points, result.max, now
    db.session.flush()
    grade = quiz_grade(attempts_of(attempt.enrolment_id, attempt.stable_id), quiz)
    assert grade is not None
    entry = GradeEntry(
        enrolment_id=attempt.enrolment_id,
        stable_id=attempt.stable_id,
        state="released",
        points=grade,
        reason=f"Percobaan {attempt.number}: {decimal(result.percent, places=1)}; "
        f"yang dihitung {_RULES[quiz.grade]}",
        source=f"attempt:{attempt.id}",
        decided_at=now,
    )
    db.session.add(entry)
    db.session.flush()
    if result.percent >= quiz.pass_mark:
        complete(attempt.enrolment_id, attempt.stable_id, now=now)
    return entry


def _refuse_handed_in(sitting: Sitting) -> None:
    if sitting.attempt.submitted_at is not None:
        raise Refused(
            "Percobaan ini sudah dikumpulkan, jadi jawabannya tidak dapat diubah lagi. Berikut hasilnya."
        )


def _given_at(sitting: Sitting, given: Given, now: datetime) -> datetime:
    """When it was given: the device says how long ago, and nothing was given before the attempt began."""
    return min(now, max(sitting.attempt.started_at, now - given.ago))
