"""Beginning an attempt, saving answers, handing in; add and flush only, the view commits."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, literal, or_, select

from lms import audit
from lms.courses.models import Enrolment, progress_of
from lms.courses.progress import completed_of, missing_requirements
from lms.extensions import db
from lms.quizzes import clock, scoring
from lms.quizzes.kinds.question import Answer as Value
from lms.quizzes.marking.actions import first_score
from lms.quizzes.marking.models import history_of, key_paper
from lms.quizzes.models import (
    Allowance,
    Answer,
    AnswerLock,
    Answers,
    Attempt,
    AttemptEvent,
    AttemptFlag,
    QuizSeat,
    Saved,
    Sitting,
    answers_of,
    attempts_of,
    current_answers,
    flags_of,
    locked_questions,
    running_ids,
    sitting,
    store_value,
    terms_of,
)
from lms.quizzes.paper import store_drawn
from lms.refusals import Refused

FRESH = timedelta(seconds=10)
"""What was given within this time is the newest, unless something was saved since its page knew of."""

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it arrives, ``ago`` after it was given.

    ``writer`` and ``turn`` are those of ``Answer``. With a turn the device says that this answer was given, and
    ``seen`` is the highest sequence that it knew of then. Without one (turn 0) it is what a whole page says, given
    or left alone, and ``seen`` is the sequence of the answer that the page showed, 0 for none. ``ago`` is None where
    the page could not tell, which is how a browser without our module posts.
    """

    answer: Value
    seen: int = 0
    ago: timedelta | None = None
    writer: str = ""
    turn: int = 0

    @property
    def age(self) -> timedelta:
        """How long ago it was given, as far as one knows."""
        return self.ago or timedelta(0)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, for the attempt's log: its address, and its browser in a few words."""

    address: str = ""
    device: str = ""


UNKNOWN = Origin()


def start(place: QuizSeat, *, now: datetime, origin: Origin = UNKNOWN) -> Attempt:
    """Begin an attempt, or go on with the one that runs; one whose time is over is closed first.

    Its questions, their order, and when it ends by itself are pinned. Two tabs that start at once get the same
    attempt: the second waits for the enrolment's row. Raises Refused without a seat, before prerequisites are
    completed, outside the quiz's dates, and when no attempt is left.
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
        held = sitting(running.id, lock=True) if clock.is_over(running.closes_at, now) else None
        if held is None or not close_if_over(held, now=now):
            return running
    terms = terms_of(seat.cohort_id, line.stable_id, enrolment_id, seat.starts_at, seat.ends_at)
    most = terms.attempts(quiz)
    if most is not None and len(attempts) >= most:
        raise Refused("Semua percobaan Anda untuk kuis ini sudah terpakai.")
    if terms.window.is_early(now):
        raise Refused("Kuis ini belum dibuka.")
    if terms.window.is_over(now):
        raise Refused("Kuis ini sudah ditutup, jadi percobaan baru tidak dapat dimulai.")
    completed = completed_of(progress_of(enrolment_id))
    if missing_requirements(seat.outline, completed, line.stable_id):
        raise Refused("Kuis ini masih terkunci. Selesaikan dahulu prasyaratnya.")
    seed = secrets.randbits(31)
    attempt = Attempt(
        enrolment_id=enrolment_id,
        stable_id=line.stable_id,
        item_id=line.id,
        number=len(attempts) + 1,
        seed=seed,
        started_at=now,
        drawn=store_drawn(scoring.drawn(quiz, seed)),
        closes_at=terms.closing(quiz, now),
    )
    db.session.add(attempt)
    db.session.flush()
    _log(attempt, "started", origin, now=now)
    return attempt


def _log(attempt: Attempt, kind: str, origin: Origin, *, now: datetime) -> None:
    db.session.add(
        AttemptEvent(attempt_id=attempt.id, kind=kind, at=now, address=origin.address, device=origin.device)
    )
    db.session.flush()


_OPENED = insert(AttemptEvent.__table__).from_select(  # type: ignore[arg-type]
    ["attempt_id", "kind", "at", "address", "device"],
    select(
        bindparam("attempt_id", type_=AttemptEvent.attempt_id.type),
        literal("opened"),
        bindparam("at", type_=AttemptEvent.at.type),
        bindparam("address", type_=AttemptEvent.address.type),
        bindparam("device", type_=AttemptEvent.device.type),
    ).where(
        ~select(AttemptEvent.id)
        .where(
            AttemptEvent.attempt_id == bindparam("attempt_id", type_=AttemptEvent.attempt_id.type),
            AttemptEvent.device == bindparam("device", type_=AttemptEvent.device.type),
        )
        .exists()
    ),
)


def log_device(sitting: Sitting, *, now: datetime, origin: Origin) -> None:
    """Write down, once for each device, that an attempt is worked on elsewhere than where it was begun."""
    if sitting.device is None or origin.device in ("", sitting.device):
        return
    db.session.execute(
        _OPENED,
        {
            "attempt_id": sitting.attempt.id,
            "at": now,
            "address": origin.address,
            "device": origin.device,
        },
    )


# Which answers count


@dataclass(frozen=True, slots=True)
class Sorted:
    """Answers that arrive together, by question id: those that can count, and those that came too late."""

    timely: Mapping[str, Given]
    late: Mapping[str, Given]


def sort_given(sitting: Sitting, given: Mapping[str, Given], *, now: datetime) -> Sorted:
    """Part answers that can count from those that cannot; the attempt must be locked.

    Late is what comes after handing in, what was given after the time was over, and an answer to a question
    that was answered for good. What was given in time may arrive within the grace.
    """
    attempt = sitting.attempt
    if attempt.submitted_at is not None or clock.is_over(attempt.closes_at, now):
        return Sorted({}, given)
    done = locked_questions(attempt.id) if sitting.paper.quiz.feedback == "each" else frozenset()
    late = {
        name: each
        for name, each in given.items()
        if name in done or clock.is_past(attempt.closes_at, _given_at(sitting, each, now))
    }
    return Sorted({name: each for name, each in given.items() if name not in late}, late)


def keep_late(
    sitting: Sitting, given: Mapping[str, Given], *, now: datetime, origin: Origin = UNKNOWN
) -> frozenset[str]:
    """Append answers that came too late to count, so that nothing typed is lost, and say so in the log.

    Returns which ones are kept: what says the same as what counts, or as what was kept already, is not kept
    again. The attempt must be locked.
    """
    attempt = sitting.attempt
    answers = answers_of(attempt.id)
    new = {}
    for name, each in given.items():
        last = answers.late.get(name)
        says_nothing_new = each.answer in (answers.value(name), last.value if last else None)
        if not says_nothing_new and not _is_stored(answers, name, each):
            new[name] = each
    if not new:
        return frozenset()
    # by definition they are saved after the end, also when both fall on one moment
    ended = attempt.submitted_at or now
    saved_at = max(now, ended + _MOMENT)
    _append(sitting, answers, new, now=saved_at, origin=origin, late=True)
    _log(attempt, "late", origin, now=saved_at)
    return frozenset(new)


# Saving

_STANDS = Answer.__table__.alias("stands")
_NUMBERS = {"attempt_id": Answer.attempt_id.type, "seen": Answer.sequence.type, "turn": Answer.turn.type}
_APPENDED = ("attempt_id", "question_id", "value", "given_at", "saved_at", "address", "writer", "turn")
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


def save_one(
    sitting: Sitting, question_id: str, given: Given, *, now: datetime, origin: Origin = UNKNOWN
) -> int | None:
    """Append one timely answer that was given just now, in one statement, and return its sequence.

    None, and nothing is written, where it was given longer ago, or something saved since ``given.seen`` may be newer
    or the same save: then ``save_changed`` knows what to do. The attempt must be locked. Raises Refused once it is
    handed in.
    """
    _refuse_handed_in(sitting)
    if given.age >= FRESH:
        return None
    return db.session.scalar(
        _APPEND,
        {
            "attempt_id": sitting.attempt.id,
            "question_id": question_id,
            "value": store_value(given.answer),
            "given_at": _given_at(sitting, given, now),
            "saved_at": now,
            "address": origin.address,
            "writer": given.writer,
            "turn": given.turn,
            "seen": given.seen,
        },
    )


def save_changed(
    sitting: Sitting, given: Mapping[str, Given], *, now: datetime, origin: Origin = UNKNOWN
) -> Answers:
    """Append what was given, all timely, each save once, and return all answers; the attempt must be locked.

    Of a whole page (turn 0) only what it changed: a question that still says what its page showed was left alone
    there, so a page that was open for long takes back nothing that another one saved meanwhile. Raises Refused
    once it is handed in.
    """
    _refuse_handed_in(sitting)
    answers = answers_of(sitting.attempt.id)
    new = {name: each for name, each in given.items() if not _is_stored(answers, name, each)}
    _append(sitting, answers, new, now=now, origin=origin)
    return answers


def _append(
    sitting: Sitting,
    answers: Answers,
    given: Mapping[str, Given],
    *,
    now: datetime,
    origin: Origin,
    late: bool = False,
) -> None:
    """Append answers, each with the next sequence, to the rows and to ``answers``.

    The order of a device moves no answer over the end of the attempt's time, in either direction.
    """
    end = sitting.attempt.closes_at
    rows = []
    for question_id, each in sorted(given.items(), key=lambda pair: pair[1].turn):
        at = _given_at(sitting, each, now)
        given_at = _place(answers.by_question.get(question_id, ()), each, at)
        if end is not None:
            given_at = max(given_at, end + _MOMENT) if at > end else min(given_at, end)
        saved = Saved(answers.next, each.answer, given_at, now, each.writer, each.turn)
        answers.add(question_id, saved, late=late)
        rows.append(
            {
                "attempt_id": sitting.attempt.id,
                "sequence": saved.sequence,
                "question_id": question_id,
                "value": store_value(saved.value),
                "given_at": saved.given_at,
                "saved_at": saved.saved_at,
                "address": origin.address,
                "writer": saved.writer,
                "turn": saved.turn,
            }
        )
    if rows:
        db.session.execute(insert(Answer), rows)


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


# The end


def hand_in(sitting: Sitting, answers: Answers, *, now: datetime, origin: Origin = UNKNOWN) -> scoring.Result:
    """Score the attempt, with the rulings on its key that stand, and let the grade follow.

    The attempt must be locked. While essays wait to be marked it has no score, and there is no grade: a
    provisional one would look like the real one. Raises Refused once it is handed in.
    """
    _refuse_handed_in(sitting)
    sitting.attempt.submitted_at, sitting.attempt.closed_by = now, "learner"
    result = _score(sitting, answers, now=now)
    _log(sitting.attempt, "submitted", origin, now=now)
    return result


def close_if_over(sitting: Sitting, *, now: datetime) -> bool:
    """Close an attempt whose time and grace are over, with what was saved until then; the attempt must be locked.

    Returns whether it was closed. Where dates were moved or extra time was granted since it began, it gets the
    later end and goes on. However late it is noticed, it counts as handed in when the grace ended.
    """
    attempt = sitting.attempt
    if attempt.submitted_at is not None or not clock.is_over(attempt.closes_at, now):
        return False
    assert attempt.closes_at is not None
    end = sitting.terms().closing(sitting.paper.quiz, attempt.started_at)
    if end is None or end > attempt.closes_at:
        attempt.closes_at = end
        db.session.flush()
        if not clock.is_over(end, now):
            return False
    assert attempt.closes_at is not None
    attempt.submitted_at, attempt.closed_by = attempt.closes_at + clock.GRACE, "clock"
    db.session.flush()  # what came later does not count from here on
    _score(sitting, current_answers(attempt.id), now=now)
    _log(attempt, "closed", UNKNOWN, now=now)
    return True


def answer_for_good(sitting: Sitting, question_id: str, answers: Answers, *, now: datetime) -> None:
    """Lock the answer to one question, so that its feedback may be seen; the attempt must be locked.

    Doing it twice changes nothing. Raises Refused where the quiz gives feedback at its end only, and without an
    answer.
    """
    _refuse_handed_in(sitting)
    asked = any(shown.id == question_id for shown in sitting.asked)
    if sitting.paper.quiz.feedback != "each" or not asked:
        raise Refused("Soal ini tidak dapat diperiksa sebelum percobaan dikumpulkan.")
    if not sitting.paper.questions[question_id].is_answered(answers.value(question_id)):
        raise Refused("Jawab soal ini dahulu sebelum memeriksanya.")
    if question_id not in locked_questions(sitting.attempt.id):
        db.session.add(AnswerLock(attempt_id=sitting.attempt.id, question_id=question_id, at=now))
        db.session.flush()


def _score(sitting: Sitting, answers: Answers, *, now: datetime) -> scoring.Result:
    attempt = sitting.attempt
    assert attempt.submitted_at is not None
    with db.session.no_autoflush:  # when it ended and what it earned are written together
        history = history_of(sitting.cohort_id, attempt.stable_id)
    # the clock may be late: what was decided after the attempt's end holds for it as for others handed in then
    quiz = key_paper(attempt.item_id, history.regrades, attempt.submitted_at).quiz
    rulings = history.rulings_for(attempt.submitted_at)
    result = scoring.score(quiz, answers.values(), [shown.id for shown in sitting.asked], rulings=rulings)
    if not result.pending:
        first_score(attempt, result, quiz, by=None, now=now, alone=attempt.number == 1)
    db.session.flush()
    return result


def _refuse_handed_in(sitting: Sitting) -> None:
    if sitting.attempt.submitted_at is not None:
        raise Refused(
            "Percobaan ini sudah dikumpulkan, jadi jawabannya tidak dapat diubah lagi. Berikut hasilnya."
        )


def _given_at(sitting: Sitting, given: Given, now: datetime) -> datetime:
    """When it was given: the device says how long ago, and nothing was given before the attempt began.

    Where nobody says, what arrives within the grace was on its way when the time ended.
    """
    began, closes_at = sitting.attempt.started_at, sitting.attempt.closes_at
    if given.ago is None and closes_at is not None and closes_at < now <= closes_at + clock.GRACE:
        return closes_at
    return min(now, max(began, now - given.age))


# What is granted beyond the rules

MINUTES_AT_MOST = 24 * 60
ATTEMPTS_AT_MOST = 20
REASON_AT_MOST = 300


@dataclass(frozen=True, slots=True)
class Grant:
    """What a learner gets beyond the rules of a quiz, or of all quizzes of the cohort (``stable_id`` '')."""

    stable_id: str
    extra_minutes: int
    extra_attempts: int
    reason: str


def grant(enrolment: Enrolment, wanted: Grant, *, by: int, now: datetime) -> None:
    """Give a learner extra time or attempts in place of what was granted before; nothing of both takes it back.

    A running attempt gets its later end in the same act; time that one has already is not taken away from it.
    Raises Refused for numbers out of bounds, without a reason, and for oneself.
    """
    if enrolment.person_id == by:
        raise Refused("Kelonggaran untuk diri sendiri harus diberikan oleh orang lain.")
    if not 0 <= wanted.extra_minutes <= MINUTES_AT_MOST or not 0 <= wanted.extra_attempts <= ATTEMPTS_AT_MOST:
        raise Refused(
            "Tambahan waktu paling banyak %(minutes)s menit, tambahan percobaan paling banyak %(attempts)s.",
            minutes=MINUTES_AT_MOST,
            attempts=ATTEMPTS_AT_MOST,
        )
    if not wanted.reason:
        raise Refused("Tulis alasan kelonggaran ini.")
    # one at a time for each learner, as beginning an attempt does
    db.session.execute(
        select(Enrolment.id).where(Enrolment.id == enrolment.id).with_for_update(key_share=True)
    )
    row = db.session.get(Allowance, (enrolment.id, wanted.stable_id), populate_existing=True)
    before = (row.extra_minutes, row.extra_attempts, row.reason) if row else (0, 0, "")
    after = (wanted.extra_minutes, wanted.extra_attempts, wanted.reason)
    if before == after or (row is None and not any(after[:2])):
        return
    if row is None:
        row = Allowance(enrolment_id=enrolment.id, stable_id=wanted.stable_id)
        db.session.add(row)
    if any(after[:2]):
        row.extra_minutes, row.extra_attempts, row.reason = after
        row.granted_by, row.granted_at = by, now
    else:
        db.session.delete(row)
    db.session.flush()
    audit.record(
        "quiz allowance",
        f"enrolment:{enrolment.id}",
        by=by,
        now=now,
        detail={
            "quiz": wanted.stable_id,
            "minutes": wanted.extra_minutes,
            "attempts": wanted.extra_attempts,
            "minutes_before": before[0],
            "attempts_before": before[1],
        },
    )
    for running in running_ids(enrolment.id, wanted.stable_id):
        held = sitting(running, lock=True)
        if held is None or held.attempt.submitted_at is not None or held.attempt.closes_at is None:
            continue
        end = held.terms().closing(held.paper.quiz, held.attempt.started_at)
        if end is not None and end > held.attempt.closes_at:
            held.attempt.closes_at = end
    db.session.flush()
