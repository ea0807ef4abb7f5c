"""Attempts: begun once, every save kept, handed in once, and the grade that follows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from lms.courses.models import Enrolment, GradeEntry, Progress, Schedule
from lms.extensions import db
from lms.quizzes import actions, models
from lms.quizzes.actions import Given
from lms.quizzes.models import Answer, Attempt, Counts, QuizSeat, Rescore, Sitting
from lms.refusals import Refused
from tests.cast import CODE, NOW, Cast
from tests.quizzes.answers import RIGHT, change_quiz

SECOND = timedelta(seconds=1)


def place(cast: Cast, who: str = "sari") -> QuizSeat:
    found = models.quiz_seat(CODE, "kuis-uji", cast.people[who])
    assert found is not None
    return found


def begin(cast: Cast, who: str = "sari", *, now: Any = NOW) -> Sitting:
    attempt = actions.start(place(cast, who), now=now)
    found = models.sitting(attempt.id, lock=True)
    assert found is not None
    return found


def take(cast: Cast, right: int, *, now: Any = NOW) -> GradeEntry:
    """A whole attempt with the first ``right`` questions (of 1, 2, 1, 1 points) answered rightly."""
    sitting = begin(cast, now=now)
    answers = actions.save_changed(
        sitting, {name: Given(value) for name, value in list(RIGHT.items())[:right]}, now=now
    )
    actions.hand_in(sitting, answers, now=now)
    return db.session.scalars(select(GradeEntry).order_by(GradeEntry.id.desc()).limit(1)).one()


def rows(attempt_id: int) -> list[tuple[int, str, str]]:
    return [
        (row.sequence, row.question_id, row.value)
        for row in db.session.scalars(
            select(Answer).where(Answer.attempt_id == attempt_id).order_by(Answer.sequence)
        )
    ]


# Beginning


def test_an_attempt_pins_its_item_and_its_questions(session: Any, cast: Cast) -> None:
    sitting = begin(cast)
    assert sitting.attempt.number == 1
    assert sitting.attempt.item_id == place(cast).line.id
    assert [shown.id for shown in sitting.asked] == list(RIGHT)
    assert sitting.member_ids == {cast.people["sari"]}
    assert sitting.cohort_id == cast.cohort_id


def test_beginning_again_goes_on_with_the_running_attempt(session: Any, cast: Cast) -> None:
    assert begin(cast).attempt.id == begin(cast).attempt.id
    assert db.session.scalar(select(func.count(Attempt.id))) == 1


def test_numbers_count_up_until_none_is_left(session: Any, cast: Cast) -> None:
    take(cast, 0)
    take(cast, 0, now=NOW + SECOND)
    assert list(db.session.scalars(select(Attempt.number).order_by(Attempt.id))) == [1, 2]
    with pytest.raises(Refused, match="sudah terpakai"):
        begin(cast)


def test_without_a_limit_there_is_always_one_more(session: Any, cast: Cast) -> None:
    change_quiz(attempts=None)
    for number in range(1, 6):
        take(cast, 0, now=NOW + number * SECOND)
    assert begin(cast).attempt.number == 6


def test_two_running_attempts_or_two_of_a_number_cannot_be_stored(session: Any, cast: Cast) -> None:
    first = begin(cast).attempt
    for number, submitted_at in ((2, None), (1, NOW)):
        row = Attempt(
            enrolment_id=first.enrolment_id,
            stable_id=first.stable_id,
            item_id=first.item_id,
            number=number,
            seed=1,
            started_at=NOW,
            submitted_at=submitted_at,
        )
        savepoint = db.session.begin_nested()
        db.session.add(row)
        with pytest.raises(IntegrityError):
            db.session.flush()
        savepoint.rollback()


def test_whoever_is_not_enrolled_cannot_begin(session: Any, cast: Cast) -> None:
    with pytest.raises(Refused, match="Hanya peserta"):
        actions.start(place(cast, "dewi"), now=NOW)
    before = place(cast)
    db.session.execute(update(Enrolment).values(removed_at=NOW))
    with pytest.raises(Refused, match="Hanya peserta"):  # removed between two statements of the request
        actions.start(before, now=NOW)


def test_prerequisites_come_first(session: Any, cast: Cast) -> None:
    change_quiz(requires=("pembuka", "lanjut"))
    with pytest.raises(Refused, match="prasyarat"):
        begin(cast)
    for stable_id in ("pembuka", "lanjut"):
        db.session.add(
            Progress(enrolment_id=cast.enrolments["sari"], stable_id=stable_id, seen_at=NOW, completed_at=NOW)
        )
    db.session.flush()
    assert begin(cast).attempt.number == 1


def test_attempts_begin_within_the_dates_of_cohort_and_quiz(session: Any, cast: Cast) -> None:
    with pytest.raises(Refused, match="belum dibuka"):
        begin(cast, now=NOW - timedelta(days=31))
    schedule = Schedule(
        cohort_id=cast.cohort_id,
        stable_id="kuis-uji",
        opens_at=NOW + timedelta(days=1),
        due_at=NOW + timedelta(days=2),
    )
    db.session.add(schedule)
    db.session.flush()
    with pytest.raises(Refused, match="belum dibuka"):
        begin(cast)
    with pytest.raises(Refused, match="sudah ditutup"):
        begin(cast, now=NOW + timedelta(days=2, seconds=1))
    began = begin(cast, now=NOW + timedelta(days=1))
    # what was begun in time can be finished
    assert begin(cast, now=NOW + timedelta(days=3)).attempt.id == began.attempt.id


# Saving


def test_every_save_is_a_row_and_the_last_one_counts(session: Any, cast: Cast) -> None:
    sitting = begin(cast)
    for at, value in enumerate(("1", "2", None, "16,4")):
        sequence = actions.save_one(sitting, "angka", Given(value), now=NOW + at * SECOND)
        assert sequence == at + 1
    assert rows(sitting.attempt.id) == [
        (1, "angka", '"1"'),
        (2, "angka", '"2"'),
        (3, "angka", "null"),
        (4, "angka", '"16,4"'),
    ]
    assert models.answers_of(sitting.attempt.id).values() == {"angka": "16,4"}
    current = models.current_answers(sitting.attempt.id)
    assert list(current.by_sequence) == [4]
    assert current.current["angka"].given_at == NOW + 3 * SECOND


def test_one_save_is_one_statement(session: Any, cast: Cast, count_statements: Any) -> None:
    sitting = begin(cast)
    with count_statements() as counted:
        actions.save_one(sitting, "angka", Given("1"), now=NOW)
    assert len(counted) == 1, counted.statements


def save(sitting: Sitting, given: Given, *, now: datetime) -> models.Answers:
    """An answer to one question as the view saves it."""
    if actions.save_one(sitting, "angka", given, now=now) is None:
        return actions.save_changed(sitting, {"angka": given}, now=now)
    return models.answers_of(sitting.attempt.id)


def test_a_late_save_of_an_older_answer_replaces_nothing_newer(session: Any, cast: Cast) -> None:
    sitting = begin(cast)
    now = NOW + timedelta(minutes=30)
    save(sitting, Given("baru"), now=now)
    late = now + timedelta(minutes=10)
    assert save(sitting, Given("lama", ago=timedelta(minutes=20)), now=late).value("angka") == "baru"
    assert len(rows(sitting.attempt.id)) == 2, "nothing is lost either"
    answers = actions.save_changed(sitting, {"angka": Given("tua", ago=timedelta(minutes=25))}, now=late)
    assert answers.value("angka") == "baru"
    assert models.current_answers(sitting.attempt.id).values() == {"angka": "baru"}
    assert save(sitting, Given("terbaru", ago=timedelta(minutes=5)), now=late).value("angka") == "terbaru"


PHONE, LAPTOP = "telepon", "laptop"


def test_a_save_that_is_sent_again_is_stored_once(session: Any, cast: Cast) -> None:
    sitting = begin(cast)
    first = Given("1", writer=PHONE, turn=7)
    save(sitting, first, now=NOW)
    save(sitting, Given("2", writer=LAPTOP, turn=3), now=NOW + SECOND)
    # its answer was lost, and what the device says of its age is a little off
    again = Given("1", ago=timedelta(seconds=1), writer=PHONE, turn=7)
    assert save(sitting, again, now=NOW + 5 * SECOND).value("angka") == "2"
    assert actions.save_changed(sitting, {"angka": again}, now=NOW + 9 * SECOND).value("angka") == "2"
    assert len(rows(sitting.attempt.id)) == 2


def test_the_same_answer_given_again_is_another_save(session: Any, cast: Cast) -> None:
    sitting = begin(cast)
    for turn, value in enumerate(("1", "2", "1"), start=1):
        save(sitting, Given(value, writer=PHONE, turn=turn), now=NOW + turn * SECOND)
    # given on another device before the last of them, and sent after it
    late = Given("3", ago=timedelta(milliseconds=2500), writer=LAPTOP, turn=1)
    assert save(sitting, late, now=NOW + 5 * SECOND).value("angka") == "1"
    assert len(rows(sitting.attempt.id)) == 4


def test_a_device_answers_in_its_own_order_whatever_the_ages_say(session: Any, cast: Cast) -> None:
    sitting = begin(cast)
    # the first post is under way for eight seconds; the answer given meanwhile comes with its true age
    save(sitting, Given("1", writer=PHONE, turn=1), now=NOW + 8 * SECOND)
    given = Given("2", ago=timedelta(seconds=7), writer=PHONE, turn=2)
    assert save(sitting, given, now=NOW + 9 * SECOND).value("angka") == "2"
    # a post that was given up is delivered after all
    save(sitting, Given("4", writer=PHONE, turn=4), now=NOW + 20 * SECOND)
    assert save(sitting, Given("3", writer=PHONE, turn=3), now=NOW + 30 * SECOND).value("angka") == "4"
    assert [value for _, _, value in rows(sitting.attempt.id)] == ['"1"', '"2"', '"4"', '"3"']


def test_what_was_given_in_sight_of_another_answer_is_newer(session: Any, cast: Cast) -> None:
    sitting = begin(cast)
    save(sitting, Given("1", writer=PHONE, turn=1), now=NOW + timedelta(hours=1))
    # this device's clock was set while it was offline: the age that it says is far too great
    given = Given("2", seen=1, ago=timedelta(days=3), writer=LAPTOP, turn=1)
    assert save(sitting, given, now=NOW + timedelta(hours=2)).value("angka") == "2"


def test_a_page_that_is_sent_again_takes_back_nothing(session: Any, cast: Cast) -> None:
    sitting = begin(cast)
    page = {"angka": Given("1", writer="halaman")}
    actions.save_changed(sitting, page, now=NOW)
    save(sitting, Given("2", seen=1, writer=PHONE, turn=1), now=NOW + SECOND)
    assert actions.save_changed(sitting, page, now=NOW + 2 * SECOND).value("angka") == "2"
    assert len(rows(sitting.attempt.id)) == 2
    # but whoever goes back to it and changes it means it
    changed = {"angka": Given("3", writer="halaman")}
    assert actions.save_changed(sitting, changed, now=NOW + 3 * SECOND).value("angka") == "3"


def test_what_was_saved_since_costs_one_more_look(session: Any, cast: Cast, count_statements: Any) -> None:
    sitting = begin(cast)
    save(sitting, Given("1", writer=PHONE, turn=1), now=NOW)
    with count_statements() as counted:
        save(sitting, Given("1", writer=PHONE, turn=1), now=NOW + SECOND)
    assert len(counted) == 2, counted.statements
    with count_statements() as counted:
        assert actions.save_one(sitting, "satu", Given("x", writer=PHONE, turn=2), now=NOW + SECOND) == 2
    assert len(counted) == 1, counted.statements


def test_flags_come_and_go(session: Any, cast: Cast) -> None:
    sitting = begin(cast)
    actions.flag(sitting, {"angka": True, "satu": True})
    actions.flag(sitting, {"angka": True, "satu": False, "singkat": False})
    assert models.flags_of(sitting.attempt.id) == {"angka"}
    actions.hand_in(sitting, models.answers_of(sitting.attempt.id), now=NOW)
    with pytest.raises(Refused, match="sudah dikumpulkan"):
        actions.flag(sitting, {"angka": False})


def test_nothing_is_given_before_the_attempt_began(session: Any, cast: Cast) -> None:
    sitting = begin(cast)
    save(sitting, Given("1", ago=timedelta(days=300)), now=NOW + SECOND)
    assert db.session.scalar(select(Answer.given_at)) == NOW


def test_a_page_saves_what_it_changed(session: Any, cast: Cast) -> None:
    sitting = begin(cast)
    given = {"angka": Given("1"), "singkat": Given(None), "beberapa": Given(RIGHT["beberapa"])}
    answers = actions.save_changed(sitting, given, now=NOW)
    assert [question for _, question, _ in rows(sitting.attempt.id)] == ["angka", "beberapa"]
    assert answers.values() == models.answers_of(sitting.attempt.id).values()
    again = {"angka": Given("1", seen=1), "singkat": Given(None), "beberapa": Given(None, seen=2)}
    answers = actions.save_changed(sitting, again, now=NOW + SECOND)
    assert rows(sitting.attempt.id)[2:] == [(3, "beberapa", "null")]
    assert answers.value("beberapa") is None


def test_an_old_page_takes_back_nothing_that_another_one_saved(session: Any, cast: Cast) -> None:
    sitting = begin(cast)
    actions.save_changed(sitting, {"angka": Given("1"), "singkat": Given("KLHS")}, now=NOW)
    actions.save_one(sitting, "angka", Given("2", seen=1), now=NOW + SECOND)  # another tab
    old_page = {"angka": Given("1", seen=1), "singkat": Given("Kajian", seen=2), "satu": Given(None)}
    answers = actions.save_changed(sitting, old_page, now=NOW + 2 * SECOND)
    assert answers.values() == {"angka": "2", "singkat": "Kajian"}


def test_what_was_handed_in_changes_no_more(session: Any, cast: Cast) -> None:
    take(cast, 4)
    sitting = models.sitting(db.session.scalar(select(Attempt.id)) or 0)
    assert sitting is not None
    before = rows(sitting.attempt.id)
    with pytest.raises(Refused, match="sudah dikumpulkan"):
        actions.save_one(sitting, "angka", Given("1"), now=NOW)
    with pytest.raises(Refused, match="sudah dikumpulkan"):
        actions.save_changed(sitting, {"angka": Given("1")}, now=NOW)
    with pytest.raises(Refused, match="sudah dikumpulkan"):
        actions.hand_in(sitting, models.answers_of(sitting.attempt.id), now=NOW)
    assert rows(sitting.attempt.id) == before
    assert db.session.scalar(select(func.count(GradeEntry.id))) == 1


# Handing in


def test_handing_in_scores_grades_and_completes(session: Any, cast: Cast) -> None:
    entry = take(cast, 4)
    attempt = db.session.scalars(select(Attempt)).one()
    assert (attempt.points, attempt.max_points, attempt.submitted_at) == (Decimal(5), Decimal(5), NOW)
    assert (entry.points, entry.state, entry.source) == (Decimal(100), "released", f"attempt:{attempt.id}")
    assert entry.reason == "Percobaan 1: 100,0; yang dihitung nilai tertinggi"
    progress = db.session.scalars(select(Progress)).one()
    assert (progress.stable_id, progress.completed_at) == ("kuis-uji", NOW)


def test_below_the_pass_mark_nothing_is_completed(session: Any, cast: Cast) -> None:
    assert take(cast, 2).points == Decimal(60)
    assert db.session.scalars(select(Progress)).all() == []
    take(cast, 4, now=NOW + SECOND)
    assert db.session.scalars(select(Progress)).one().completed_at == NOW + SECOND


def test_a_quiz_without_a_pass_mark_is_completed_by_handing_in(session: Any, cast: Cast) -> None:
    change_quiz(pass_mark=0)
    take(cast, 0)
    assert db.session.scalars(select(Progress)).one().completed_at == NOW


@pytest.mark.parametrize(
    ("rule", "grades"),
    [
        ("best", [60, 100, 100]),
        ("last", [60, 100, 20]),
        ("first", [60, 60, 60]),
        ("average", [60, 80, 60]),
    ],
)
def test_the_ledger_follows_the_rule(session: Any, cast: Cast, rule: str, grades: list[int]) -> None:
    change_quiz(grade=rule, attempts=3)
    entries = [take(cast, right, now=NOW + right * SECOND).points for right in (2, 4, 1)]
    assert entries == [Decimal(grade) for grade in grades]
    newest = db.session.scalars(select(GradeEntry).order_by(GradeEntry.id.desc())).first()
    assert newest is not None
    assert newest.points == models.quiz_grade(
        models.attempts_of(cast.enrolments["sari"], "kuis-uji"), place(cast).paper.quiz
    )


def test_a_completed_quiz_stays_completed_when_a_later_attempt_fails(session: Any, cast: Cast) -> None:
    change_quiz(grade="last")
    take(cast, 4)
    take(cast, 0, now=NOW + SECOND)
    assert db.session.scalars(select(Progress)).one().completed_at == NOW


def test_a_learner_who_passed_by_no_single_attempt_is_not_through(session: Any, cast: Cast) -> None:
    change_quiz(grade="average")
    take(cast, 2)
    take(cast, 2, now=NOW + SECOND)
    assert db.session.scalars(select(Progress)).all() == []


# What other pages ask


def test_the_newest_rescore_is_the_score_that_counts(session: Any, cast: Cast, count_statements: Any) -> None:
    take(cast, 1)
    take(cast, 2, now=NOW + SECOND)
    begin(cast, "budi")
    first, second = models.attempts_of(cast.enrolments["sari"], "kuis-uji")
    for number, points in ((1, 2), (2, 4)):
        db.session.add(
            Rescore(
                attempt_id=first.attempt.id,
                item_id=first.attempt.item_id,
                points=Decimal(points),
                max_points=Decimal(5),
                reason="Kunci diperbaiki",
                source=f"regrade:{number}",
                decided_by=cast.people["dewi"],
                decided_at=NOW,
            )
        )
    db.session.flush()
    with count_statements() as counted:
        attempts = models.attempts_of(cast.enrolments["sari"], "kuis-uji")
    assert len(counted) == 1
    assert [(each.points, each.percent, each.rescored) for each in attempts] == [
        (Decimal(4), Decimal(80), True),
        (second.points, Decimal(60), False),
    ]
    assert first.attempt.points == 1, "what handing in made of it stays"
    assert models.quiz_grade(attempts, place(cast).paper.quiz) == Decimal(80)
    (running,) = models.attempts_of(cast.enrolments["budi"], "kuis-uji")
    assert (running.points, running.percent) == (None, None)


def test_attempts_are_counted_in_one_statement(session: Any, cast: Cast, count_statements: Any) -> None:
    take(cast, 0)
    running = begin(cast).attempt
    budi = begin(cast, "budi").attempt
    enrolments = [cast.enrolments[who] for who in ("sari", "budi", "tono")]
    with count_statements() as counted:
        counts = models.attempt_counts(enrolments)
    assert len(counted) == 1
    assert counts == {
        (cast.enrolments["sari"], "kuis-uji"): Counts(begun=2, running_id=running.id),
        (cast.enrolments["budi"], "kuis-uji"): Counts(begun=1, running_id=budi.id),
    }
    assert models.attempt_counts([]) == {}


def test_an_id_beyond_every_key_is_no_attempt(session: Any, cast: Cast) -> None:
    assert models.sitting(2**63) is None
    assert models.sitting(0) is None


# At once


@contextmanager
def at_once(app: Flask, count: int) -> Iterator[Callable[[Callable[[int], Any]], list[Any]]]:
    """Run a deed in several threads that are let go together, each with a session of its own."""

    def run(deed: Callable[[int], Any]) -> list[Any]:
        barrier = threading.Barrier(count)
        results: list[Any] = [None] * count

        def work(at: int) -> None:
            with app.app_context():
                barrier.wait()
                try:
                    results[at] = deed(at)
                    db.session.commit()
                except Exception as error:
                    db.session.rollback()
                    results[at] = error
                finally:
                    db.session.remove()

        threads = [threading.Thread(target=work, args=(at,)) for at in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return results

    yield run


def test_tabs_that_begin_at_once_get_one_attempt(app: Flask, cast: Cast, session: Any) -> None:
    with at_once(app, 6) as run:
        ids = run(lambda _: actions.start(place(cast), now=NOW).id)
    assert len(set(ids)) == 1, ids
    assert isinstance(ids[0], int)
    assert db.session.scalar(select(func.count(Attempt.id))) == 1


def test_saves_at_once_are_all_kept(app: Flask, cast: Cast, session: Any) -> None:
    attempt_id = begin(cast).attempt.id
    db.session.commit()

    def save(at: int) -> int:
        sitting = models.sitting(attempt_id, lock=True)
        assert sitting is not None
        return actions.save_one(sitting, "angka", Given(str(at)), now=NOW)

    with at_once(app, 8) as run:
        sequences = run(save)
    assert sorted(sequences) == list(range(1, 9))
    assert len(rows(attempt_id)) == 8


def test_two_that_hand_in_at_once_make_one_grade(app: Flask, cast: Cast, session: Any) -> None:
    attempt_id = begin(cast).attempt.id
    db.session.commit()

    def hand_in(_: int) -> Any:
        sitting = models.sitting(attempt_id, lock=True)
        assert sitting is not None
        return actions.hand_in(sitting, models.answers_of(attempt_id), now=NOW)

    with at_once(app, 4) as run:
        results = run(hand_in)
    refused = [result for result in results if isinstance(result, Refused)]
    assert len(refused) == 3, results
    assert db.session.scalar(select(func.count(GradeEntry.id))) == 1


def test_the_last_attempt_is_not_begun_twice(app: Flask, cast: Cast, session: Any) -> None:
    change_quiz(attempts=1)
    db.session.commit()

    def whole(_: int) -> str:
        take(cast, 4)
        return "taken"

    with at_once(app, 4) as run:
        results = run(whole)
    assert results.count("taken") == 1, results
    assert db.session.scalar(select(func.count(Attempt.id))) == 1
