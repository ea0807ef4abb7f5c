"""Beginning an attempt, saving answers, handing in; add and flush only, the view commits."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, insert, select

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
    QuizSeat,
    Saved,
    Sitting,
    answers_of,
    attempts_of,
    quiz_grade,
    store_value,
    window_of,
)
from lms.refusals import Refused

NOTHING_AGO = timedelta(0)
_RULES = {
    "best": "nilai tertinggi",
    "last": "nilai terakhir",
    "first": "nilai pertama",
    "average": "nilai rata-rata",
}


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it arrives: ``seen`` is the sequence its page showed (0 for none), ``ago`` its age."""

    answer: Value
    seen: int = 0
    ago: timedelta = NOTHING_AGO


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


_APPEND = (
    insert(Answer.__table__)  # type: ignore[arg-type]
    .from_select(
        ["attempt_id", "sequence", "question_id", "value", "given_at", "saved_at"],
        select(
            bindparam("attempt_id", type_=Answer.attempt_id.type),
            func.coalesce(func.max(Answer.sequence), 0) + 1,
            bindparam("question_id", type_=Answer.question_id.type),
            bindparam("value", type_=Answer.value.type),
            bindparam("given_at", type_=Answer.given_at.type),
            bindparam("saved_at", type_=Answer.saved_at.type),
        ).where(Answer.attempt_id == bindparam("attempt_id", type_=Answer.attempt_id.type)),
    )
    .returning(Answer.sequence)
)


def save_one(sitting: Sitting, question_id: str, given: Given, *, now: datetime) -> int:
    """Append one answer in one statement and return its sequence; the attempt must be locked.

    Raises Refused once it is handed in.
    """
    _refuse_handed_in(sitting)
    sequence = db.session.scalar(
        _APPEND,
        {
            "attempt_id": sitting.attempt.id,
            "question_id": question_id,
            "value": store_value(given.answer),
            "given_at": _given_at(sitting, given, now),
            "saved_at": now,
        },
    )
    assert sequence is not None
    return sequence


def save_changed(sitting: Sitting, given: Mapping[str, Given], *, now: datetime) -> Answers:
    """Append what a whole page changed and return all answers; the attempt must be locked.

    A question that still says what its page showed was left alone there, so a page that was open for long
    takes back nothing that another one saved meanwhile. Raises Refused once it is handed in.
    """
    _refuse_handed_in(sitting)
    answers = answers_of(sitting.attempt.id)
    rows = []
    for question_id, each in given.items():
        shown = answers.by_sequence.get(each.seen)
        if each.answer in (answers.value(question_id), shown.value if shown else None):
            continue
        saved = Saved(answers.next, each.answer, _given_at(sitting, each, now), now)
        answers.add(question_id, saved)
        rows.append(
            {
                "attempt_id": sitting.attempt.id,
                "sequence": saved.sequence,
                "question_id": question_id,
                "value": store_value(saved.value),
                "given_at": saved.given_at,
                "saved_at": saved.saved_at,
            }
        )
    if rows:
        db.session.execute(insert(Answer), rows)
    return answers


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
