"""Attempts with a clock: what is pinned when they begin, what still counts at their end, who closes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from lms.audit import AuditEntry
from lms.courses.models import Cohort, Enrolment, GradeEntry, Progress, Schedule
from lms.extensions import db
from lms.quizzes import actions, clock, jobs, models, scoring
from lms.quizzes.actions import Given, Grant, Origin
from lms.quizzes.models import (
    Allowance,
    Answer,
    AnswerLock,
    AttemptEvent,
    Sitting,
)
from lms.quizzes.paper import read_drawn
from lms.refusals import Refused
from tests.cast import NOW, Cast
from tests.quizzes.answers import QUIZ, RIGHT, change_quiz
from tests.quizzes.test_actions import at_once, begin, place, rows

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
END = NOW + 30 * MINUTE
PHONE = Origin("198.51.100.7", "Chrome, Android, 0001")
DESK = Origin("203.0.113.5", "Firefox, Windows, 0002")


def timed(cast: Cast, who: str = "sari", *, now: datetime = NOW) -> Sitting:
    """A running attempt with a limit of half an hour."""
    change_quiz(limit=30, attempts=3)
    return begin(cast, who, now=now)


def save(sitting: Sitting, value: str, *, now: datetime, ago: timedelta | None = None) -> None:
    actions.save_changed(sitting, {"angka": Given(value, ago=ago)}, now=now)


def held(attempt_id: int) -> Sitting:
    found = models.sitting(attempt_id, lock=True)
    assert found is not None
    return found


def events(attempt_id: int) -> list[str]:
    return list(
        db.session.scalars(
            select(AttemptEvent.kind).where(AttemptEvent.attempt_id == attempt_id).order_by(AttemptEvent.id)
        )
    )


def schedule(cast: Cast, due_at: datetime) -> None:
    row = db.session.get(Schedule, (cast.cohort_id, QUIZ))
    if row is None:
        db.session.add(Schedule(cohort_id=cast.cohort_id, stable_id=QUIZ, due_at=due_at))
    else:
        row.due_at = due_at
    db.session.flush()


def allow(
    cast: Cast, who: str = "sari", *, stable_id: str = QUIZ, minutes: int = 0, attempts: int = 0
) -> None:
    enrolment = db.session.get_one(Enrolment, cast.enrolments[who])
    actions.grant(
        enrolment,
        Grant(stable_id, minutes, attempts, "Jaringan kantor padam"),
        by=cast.people["dewi"],
        now=NOW,
    )


# What is pinned


def test_the_drawn_questions_are_pinned(session: Any, cast: Cast) -> None:
    change_quiz(shuffle="all")
    sitting = begin(cast)
    attempt = sitting.attempt
    assert read_drawn(attempt.drawn) == scoring.drawn(sitting.paper.quiz, attempt.seed)
    before = sitting.asked
    attempt.seed += 1
    assert sitting.asked == before, "what was pinned is asked, whatever a later release makes of the seed"
    attempt.drawn = ""
    assert sitting.asked == sitting.paper.asked(attempt.seed), "attempts from before draw from their seed"


def test_a_limit_pins_the_end(session: Any, cast: Cast) -> None:
    assert timed(cast).attempt.closes_at == END
    change_quiz(limit=None)
    assert begin(cast, "budi").attempt.closes_at is None


def test_the_closing_date_cuts_an_attempt_but_not_extra_time(session: Any, cast: Cast) -> None:
    schedule(cast, NOW + 10 * MINUTE)
    assert timed(cast).attempt.closes_at == NOW + 10 * MINUTE
    allow(cast, "budi", minutes=15)
    assert begin(cast, "budi").attempt.closes_at == NOW + 45 * MINUTE


def test_a_quiz_that_tells_its_key_on_closing_ends_with_its_date(session: Any, cast: Cast) -> None:
    schedule(cast, NOW + 60 * MINUTE)
    change_quiz(feedback="closed")
    assert begin(cast).attempt.closes_at == NOW + 60 * MINUTE


# What counts


def test_what_was_given_in_time_counts_seconds_later(session: Any, cast: Cast) -> None:
    sitting = timed(cast)
    now = END + 20 * SECOND
    for ago, timely in ((25 * SECOND, True), (None, True), (5 * SECOND, False), (timedelta(0), False)):
        arrived = actions.sort_given(sitting, {"angka": Given("16,4", ago=ago)}, now=now)
        assert ("angka" in arrived.timely, "angka" in arrived.late) == (timely, not timely), ago
    save(sitting, "16,4", now=now, ago=25 * SECOND)
    answers = models.current_answers(sitting.attempt.id)
    assert answers.value("angka") == "16,4"
    actions.hand_in(sitting, answers, now=now)
    assert sitting.attempt.points == 1


def test_after_the_grace_nothing_is_timely(session: Any, cast: Cast) -> None:
    sitting = timed(cast)
    given = {"angka": Given("16,4", ago=timedelta(hours=1))}
    assert actions.sort_given(sitting, given, now=END + clock.GRACE).timely == given
    assert actions.sort_given(sitting, given, now=END + clock.GRACE + SECOND).late == given


def test_what_comes_too_late_is_kept_and_counts_for_nothing(session: Any, cast: Cast) -> None:
    sitting = timed(cast)
    save(sitting, "1", now=NOW + MINUTE)
    kept = actions.keep_late(
        sitting, {"angka": Given("16,4", ago=SECOND)}, now=END + 10 * SECOND, origin=PHONE
    )
    assert kept == {"angka"}
    assert models.current_answers(sitting.attempt.id).value("angka") == "1"
    everything = models.answers_of(sitting.attempt.id)
    assert everything.value("angka") == "1"
    assert everything.late["angka"].value == "16,4"
    assert models.late_count(sitting.attempt.id) == 1
    assert db.session.scalars(select(Answer.address).order_by(Answer.id)).all() == ["", PHONE.address]
    assert events(sitting.attempt.id) == ["started", "late"]
    actions.hand_in(sitting, everything, now=END + 20 * SECOND)
    assert sitting.attempt.points == 0


def test_a_late_answer_is_kept_once_and_only_when_it_says_something_new(session: Any, cast: Cast) -> None:
    sitting = timed(cast)
    save(sitting, "1", now=NOW + MINUTE)
    actions.hand_in(sitting, models.answers_of(sitting.attempt.id), now=NOW + 2 * MINUTE)
    late = NOW + 3 * MINUTE
    page = {"angka": Given("2", seen=1), "singkat": Given(None)}
    assert actions.keep_late(sitting, page, now=late) == {"angka"}
    assert actions.keep_late(sitting, page, now=late + SECOND) == frozenset()
    assert actions.keep_late(sitting, {"angka": Given("1")}, now=late) == frozenset()
    assert len(rows(sitting.attempt.id)) == 2
    assert events(sitting.attempt.id) == ["started", "submitted", "late"]


def test_what_arrives_in_the_moment_of_handing_in_is_late_all_the_same(session: Any, cast: Cast) -> None:
    sitting = timed(cast)
    answers = actions.save_changed(sitting, {"angka": Given("1")}, now=NOW)
    actions.hand_in(sitting, answers, now=NOW)
    actions.keep_late(sitting, {"angka": Given("16,4")}, now=NOW)
    assert models.current_answers(sitting.attempt.id).value("angka") == "1"


def test_a_question_answered_for_good_takes_no_more_answers(session: Any, cast: Cast) -> None:
    change_quiz(feedback="each")
    sitting = begin(cast)
    answers = actions.save_changed(sitting, {"angka": Given("1")}, now=NOW)
    with pytest.raises(Refused, match="Jawab soal ini dahulu"):
        actions.answer_for_good(sitting, "singkat", answers, now=NOW)
    with pytest.raises(Refused, match="tidak dapat diperiksa"):
        actions.answer_for_good(sitting, "tidak-ada", answers, now=NOW)
    for _ in range(2):
        actions.answer_for_good(sitting, "angka", answers, now=NOW)
    assert db.session.scalars(select(AnswerLock.question_id)).all() == ["angka"]
    given = {"angka": Given("16,4"), "singkat": Given("KLHS")}
    arrived = actions.sort_given(sitting, given, now=NOW + SECOND)
    assert (set(arrived.timely), set(arrived.late)) == ({"singkat"}, {"angka"})
    actions.keep_late(sitting, arrived.late, now=NOW)
    assert models.current_answers(sitting.attempt.id).value("angka") == "1"
    entry = actions.hand_in(sitting, models.answers_of(sitting.attempt.id), now=NOW + SECOND)
    assert entry.points == 0


def test_only_a_quiz_that_says_so_gives_feedback_on_each_question(session: Any, cast: Cast) -> None:
    sitting = begin(cast)
    answers = actions.save_changed(sitting, {"angka": Given("1")}, now=NOW)
    with pytest.raises(Refused, match="tidak dapat diperiksa"):
        actions.answer_for_good(sitting, "angka", answers, now=NOW)


# The end


def test_the_sweep_closes_what_is_over_with_what_was_saved(session: Any, cast: Cast) -> None:
    sitting = timed(cast)
    actions.save_changed(sitting, {name: Given(value) for name, value in RIGHT.items()}, now=NOW + MINUTE)
    other = begin(cast, "budi", now=NOW + 5 * MINUTE)
    db.session.commit()
    assert jobs.close_expired(now=END + clock.GRACE) == 0
    later = END + 4 * MINUTE
    assert jobs.close_expired(now=later) == 1
    attempt = held(sitting.attempt.id).attempt
    assert (attempt.closed_by, attempt.submitted_at) == ("clock", END + clock.GRACE)
    assert (attempt.points, attempt.max_points) == (5, 5)
    entry = db.session.scalars(select(GradeEntry)).one()
    assert (entry.points, entry.decided_at) == (100, later)
    assert "waktunya habis" in entry.reason
    assert db.session.scalars(select(Progress.stable_id)).all() == [QUIZ]
    assert events(sitting.attempt.id) == ["started", "closed"]
    assert held(other.attempt.id).attempt.submitted_at is None
    assert jobs.close_expired(now=later) == 0, "a second sweep finds nothing"


def test_without_any_answer_an_attempt_is_closed_with_nothing(session: Any, cast: Cast) -> None:
    sitting = timed(cast)
    assert actions.close_if_over(sitting, now=END + MINUTE)
    assert sitting.attempt.points == 0
    assert db.session.scalar(select(func.count(Progress.stable_id))) == 0


def test_a_date_that_was_moved_later_holds_for_who_is_running(session: Any, cast: Cast) -> None:
    schedule(cast, NOW + 10 * MINUTE)
    sitting = timed(cast)
    schedule(cast, NOW + 20 * MINUTE)
    assert not actions.close_if_over(sitting, now=NOW + 15 * MINUTE)
    assert sitting.attempt.closes_at == NOW + 20 * MINUTE
    schedule(cast, NOW + 5 * MINUTE)
    assert not actions.close_if_over(sitting, now=NOW + 18 * MINUTE), "an earlier one takes nothing away"
    assert actions.close_if_over(sitting, now=NOW + 21 * MINUTE)
    assert sitting.attempt.submitted_at == NOW + 20 * MINUTE + clock.GRACE


def test_beginning_again_closes_what_is_over_first(session: Any, cast: Cast) -> None:
    first = timed(cast).attempt
    assert actions.start(place(cast), now=END + clock.GRACE).id == first.id
    second = actions.start(place(cast), now=END + MINUTE)
    assert (second.number, second.closes_at) == (2, END + 31 * MINUTE)
    assert first.closed_by == "clock"


def test_keys_wait_for_whoever_still_has_time(session: Any, cast: Cast) -> None:
    schedule(cast, END)
    change_quiz(feedback="closed")
    begin(cast)
    assert models.is_running(cast.cohort_id, QUIZ, now=END + SECOND), "an answer may still be on its way"
    assert not models.is_running(cast.cohort_id, QUIZ, now=END + MINUTE)
    allow(cast, minutes=30)
    assert models.is_running(cast.cohort_id, QUIZ, now=END + 20 * MINUTE)
    assert not models.is_running(cast.other_cohort_id, QUIZ, now=END)


# The log


def test_another_device_is_written_down_once(session: Any, cast: Cast) -> None:
    attempt = actions.start(place(cast), now=NOW, origin=PHONE)
    for origin in (PHONE, DESK, DESK, PHONE):
        actions.log_device(held(attempt.id), now=NOW, origin=origin)
    found = db.session.execute(
        select(AttemptEvent.kind, AttemptEvent.address, AttemptEvent.device).order_by(AttemptEvent.id)
    ).all()
    assert [tuple(row) for row in found] == [
        ("started", PHONE.address, PHONE.device),
        ("opened", DESK.address, DESK.device),
    ]


# What is granted


def test_extra_attempts_and_minutes_of_quiz_and_cohort_add_up(session: Any, cast: Cast) -> None:
    change_quiz(limit=30, attempts=1)
    allow(cast, minutes=10)
    allow(cast, stable_id="", minutes=5, attempts=1)
    terms = held(begin(cast).attempt.id).terms()
    assert (terms.extra_minutes, terms.extra_attempts) == (15, 1)
    actions.close_if_over(begin(cast), now=NOW + 60 * MINUTE)
    second = begin(cast, now=NOW + 61 * MINUTE)
    assert (second.attempt.number, second.attempt.closes_at) == (2, NOW + 106 * MINUTE)
    actions.close_if_over(second, now=NOW + 200 * MINUTE)
    with pytest.raises(Refused, match="sudah terpakai"):
        begin(cast, now=NOW + 201 * MINUTE)
    actions.close_if_over(begin(cast, "budi"), now=NOW + 60 * MINUTE)
    with pytest.raises(Refused, match="sudah terpakai"):
        begin(cast, "budi", now=NOW + 61 * MINUTE)


def test_time_granted_while_an_attempt_runs_is_added_at_once_and_never_taken_back(
    session: Any, cast: Cast
) -> None:
    attempt = timed(cast).attempt
    allow(cast, minutes=20)
    assert held(attempt.id).attempt.closes_at == END + 20 * MINUTE
    allow(cast, minutes=5)
    assert held(attempt.id).attempt.closes_at == END + 20 * MINUTE
    allow(cast)
    assert db.session.scalars(select(Allowance)).all() == []
    allow(cast, stable_id="", minutes=60)
    assert held(attempt.id).attempt.closes_at == END + 60 * MINUTE


def test_time_granted_to_an_attempt_that_is_over_but_not_closed_wakes_it(session: Any, cast: Cast) -> None:
    sitting = timed(cast)
    allow(cast, minutes=20)
    assert not actions.close_if_over(held(sitting.attempt.id), now=END + 10 * MINUTE)


def test_every_grant_is_in_the_audit(session: Any, cast: Cast) -> None:
    allow(cast, minutes=20)
    allow(cast, minutes=20)
    allow(cast)
    found = db.session.scalars(
        select(AuditEntry.detail).where(AuditEntry.deed == "quiz allowance").order_by(AuditEntry.id)
    ).all()
    assert len(found) == 2, "granting the same again is no deed"
    assert '"minutes":20' in found[0]
    assert '"minutes_before":20' in found[1]
    assert "Jaringan" not in "".join(found)


@pytest.mark.parametrize(
    ("grant", "words"),
    [
        (Grant(QUIZ, -1, 0, "alasan"), "paling banyak"),
        (Grant(QUIZ, actions.MINUTES_AT_MOST + 1, 0, "alasan"), "paling banyak"),
        (Grant(QUIZ, 0, actions.ATTEMPTS_AT_MOST + 1, "alasan"), "paling banyak"),
        (Grant(QUIZ, 5, 0, ""), "alasan"),
    ],
)
def test_grants_have_bounds_and_a_reason(session: Any, cast: Cast, grant: Grant, words: str) -> None:
    enrolment = db.session.get_one(Enrolment, cast.enrolments["sari"])
    with pytest.raises(Refused, match=words):
        actions.grant(enrolment, grant, by=cast.people["dewi"], now=NOW)
    with pytest.raises(Refused, match="orang lain"):
        actions.grant(enrolment, Grant(QUIZ, 5, 0, "alasan"), by=cast.people["sari"], now=NOW)


# At once


def test_sweep_hand_in_and_saves_at_once_make_one_result_and_lose_nothing(
    app: Flask, cast: Cast, session: Any
) -> None:
    attempt_id = timed(cast).attempt.id
    db.session.commit()
    now = END + 40 * SECOND

    def deed(at: int) -> str:
        if at < 2:
            return f"swept {jobs.close_expired(now=now)}"
        sitting = held(attempt_id)
        actions.close_if_over(sitting, now=now)
        if at < 4:
            if sitting.attempt.submitted_at is None:
                actions.hand_in(sitting, models.answers_of(attempt_id), now=now)
            return "handed in"
        given = {"angka": Given(str(at), ago=MINUTE)}
        arrived = actions.sort_given(sitting, given, now=now)
        assert not arrived.timely
        return f"kept {len(actions.keep_late(sitting, arrived.late, now=now))}"

    with at_once(app, 8) as run:
        results = run(deed)
    assert not [each for each in results if isinstance(each, Exception)], results
    assert db.session.scalar(select(func.count(GradeEntry.id))) == 1
    assert sorted(value for _, _, value in rows(attempt_id)) == [f'"{at}"' for at in range(4, 8)]
    attempt = held(attempt_id).attempt
    assert (attempt.closed_by, attempt.points) == ("clock", 0)
    assert events(attempt_id).count("closed") == 1


def test_saves_within_the_grace_race_the_sweep_and_count_or_are_late(
    app: Flask, cast: Cast, session: Any
) -> None:
    attempt_id = timed(cast).attempt.id
    db.session.commit()

    def deed(at: int) -> str:
        now = END + clock.GRACE + (SECOND if at % 2 else timedelta(0))
        if at < 2:
            return f"swept {jobs.close_expired(now=now)}"
        sitting = held(attempt_id)
        actions.close_if_over(sitting, now=now)
        given = {"angka": Given(str(at), ago=MINUTE)}
        arrived = actions.sort_given(sitting, given, now=now)
        if arrived.timely:
            actions.save_changed(sitting, given, now=now)
            return "timely"
        actions.keep_late(sitting, arrived.late, now=now)
        return "late"

    with at_once(app, 8) as run:
        results = run(deed)
    assert not [each for each in results if isinstance(each, Exception)], results
    assert len(rows(attempt_id)) == 6, "every answer is a row"
    assert models.late_count(attempt_id) == results.count("late")
    assert db.session.scalar(select(func.count(GradeEntry.id))) == 1


def test_a_grant_races_the_sweep_and_the_attempt_is_either_closed_or_has_its_time(
    app: Flask, cast: Cast, session: Any
) -> None:
    attempt_id = timed(cast).attempt.id
    db.session.commit()
    now = END + MINUTE

    def deed(at: int) -> str:
        if at == 0:
            return f"swept {jobs.close_expired(now=now)}"
        allow(cast, minutes=20)
        return "granted"

    with at_once(app, 2) as run:
        results = run(deed)
    assert not [each for each in results if isinstance(each, Exception)], results
    attempt = held(attempt_id).attempt
    if attempt.submitted_at is None:
        assert attempt.closes_at == END + 20 * MINUTE
    else:
        assert attempt.submitted_at == END + clock.GRACE


def test_a_cohort_that_ends_ends_its_timed_attempts(session: Any, cast: Cast) -> None:
    db.session.execute(update(Cohort).where(Cohort.id == cast.cohort_id).values(ends_at=NOW + 10 * MINUTE))
    assert timed(cast).attempt.closes_at == NOW + 10 * MINUTE


def test_the_sweep_costs_one_statement_where_nothing_is_over(
    session: Any, cast: Cast, count_statements: Any
) -> None:
    timed(cast)
    db.session.commit()
    with count_statements() as counted:
        jobs.close_expired(now=NOW)
    assert len(counted) == 1, counted.statements
