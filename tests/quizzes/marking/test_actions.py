"""Rulings, regrades and marks: what is written, that nothing else is, and that it is written once."""

from __future__ import annotations

import dataclasses
import threading
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from flask import Flask
from sqlalchemy import select, update

from lms.audit import AuditEntry
from lms.courses.models import Enrolment, GradeEntry, Progress
from lms.extensions import db
from lms.quizzes import actions as taking
from lms.quizzes import models
from lms.quizzes.kinds.choice import derived_id
from lms.quizzes.kinds.question import Question
from lms.quizzes.marking import actions
from lms.quizzes.marking.actions import StalePreview
from lms.quizzes.marking.models import basis_of, history_of, plan_of
from lms.quizzes.models import Attempt, KeyRuling, Regrade, Rescore
from lms.refusals import Refused
from tests.cast import NOW, Cast
from tests.quizzes.answers import QUIZ, RIGHT, WRONG
from tests.quizzes.marking.taking import (
    LATER,
    NOTHING,
    begin,
    count,
    enrol,
    grades,
    move,
    other_key,
    plan,
    publish,
    regrade,
    right,
    sit,
    target_now,
    void,
    written,
)


def question(cast: Cast, name: str) -> Question:
    return models.paper_of(target_now(cast).item_id).questions[name]


def accept(cast: Cast, value: str, name: str = "singkat", *, now: Any = NOW) -> KeyRuling:
    return actions.accept(
        cast.cohort_id,
        QUIZ,
        question(cast, name),
        value,
        "Singkatannya lazim",
        by=cast.people["dewi"],
        now=now,
    )


# Regrading


@pytest.fixture
def moved(session: Any, cast: Cast) -> Cast:
    """Worked by hand, of 5 points and a pass mark of 70; the key of `satu` (1 point) moves to the wrong option.

    sari    3 of 5, then 3 with the wrong one → 2, 4: her best grade moves from 60 to 80 and she passes
    budi    5 of 5 → 4: from 100 to 80, still passed
    citra   2 of 5 without an answer to `satu`: stays
    """
    enrol(cast, "citra")
    sit(cast, "sari", right("satu", "beberapa"))
    sit(cast, "sari", {"satu": WRONG, **right("beberapa", "angka")}, now=NOW + timedelta(minutes=1))
    sit(cast, "budi", RIGHT)
    sit(cast, "citra", right("beberapa"))
    move(cast, publish(cast, other_key()))
    db.session.commit()
    return cast


def test_who_changes_by_how_much_and_nothing_else(moved: Cast) -> None:
    before = written()
    seen = plan(moved)
    assert written() == before, "a preview writes nothing"
    assert seen.fresh
    assert [each.id for each in seen.differences] == ["satu"]
    names = seen.by_id
    assert [(names[each.attempt.id].name, each.before, each.after) for each in seen.preview.changes] == [
        ("Sari Wulandari", 60, 40),
        ("Sari Wulandari", 60, 80),
        ("Budi", 100, 80),
    ]
    done = regrade(moved, seen)
    assert (done.scores, done.grades, done.again) == (3, 2, False)
    assert [after - then for after, then in zip(written(), before, strict=True)] == [1, 3, 2, 1, 0, 0, 1]
    reason = "Penilaian ulang: Kunci soal 1 keliru"
    assert grades(moved.enrolments["sari"])[-1] == ("revised", 80, reason)
    assert grades(moved.enrolments["budi"])[-1] == ("revised", 80, reason)
    assert len(grades(moved.enrolments["citra"])) == 1
    assert [each.points for each in models.attempts_of(moved.enrolments["sari"], QUIZ)] == [2, 4]
    assert set(db.session.scalars(select(Attempt.points))) == {2, 3, 5}, "own points stay"
    ticked = {row.enrolment_id: row.completed_at for row in db.session.scalars(select(Progress))}
    assert ticked == {moved.enrolments["budi"]: NOW, moved.enrolments["sari"]: LATER}


def test_the_same_button_twice_does_it_once(moved: Cast) -> None:
    seen = plan(moved)
    regrade(moved, seen)
    after = written()
    assert regrade(moved, seen).again
    assert written() == after


def test_once_done_there_is_nothing_left_to_do(moved: Cast) -> None:
    regrade(moved, plan(moved))
    seen = plan(moved)
    assert (seen.preview.changes, seen.preview.grades, seen.differences, seen.fresh) == ((), (), (), False)
    with pytest.raises(Refused, match="Tidak ada yang perlu"):
        regrade(moved, seen)


@pytest.mark.parametrize("what", ["an attempt", "a ruling", "another regrade", "another key"])
def test_what_changed_since_the_preview_is_shown_again(moved: Cast, what: str) -> None:
    seen = plan(moved)
    if what == "an attempt":
        enrol(moved, "dani")
        sit(moved, "dani", right("satu"), now=LATER)
    elif what == "a ruling":
        accept(moved, "KLHS")
    elif what == "another regrade":
        regrade(moved, plan(moved, publish(moved, other_key(), without="singkat")), "Sudah")
    else:
        seen = dataclasses.replace(seen, target=publish(moved, without="angka"))
    before = written()
    with pytest.raises(StalePreview):
        regrade(moved, seen)
    assert written() == before


def test_a_reason_is_asked_for(moved: Cast) -> None:
    for reason in ("", "  \n ", "x" * 251):
        with pytest.raises(Refused, match="lasan"):
            regrade(moved, plan(moved), reason)
    assert count(Regrade, Rescore) == [0, 0]


def test_running_attempts_are_left_alone(session: Any, cast: Cast) -> None:
    sit(cast, "sari", right("satu"))
    running = begin(cast, "budi")
    move(cast, publish(cast, other_key()))
    seen = plan(cast)
    assert (len(seen.attempts.lines), seen.attempts.running) == (1, 1)
    regrade(cast, seen)
    again = models.sitting(running.attempt.id)
    assert again is not None
    assert (again.attempt.points, again.attempt.submitted_at) == (None, None)


def test_what_is_handed_in_after_a_regrade_waits_for_the_next(session: Any, cast: Cast) -> None:
    """It was begun with the older key and handed in with it: no key changes under anybody's feet."""
    sit(cast, "sari", right("satu"))
    running = begin(cast, "budi")
    move(cast, publish(cast, other_key()))
    regrade(cast, plan(cast))
    later = LATER + timedelta(hours=1)
    saved = models.answers_of(running.attempt.id)

    taking.hand_in(running, saved, now=later)
    seen = plan(cast)
    assert seen.preview.changes == ()
    assert seen.fresh, "the key of one more attempt is not the corrected one"
    regrade(cast, seen, now=later)
    assert not plan(cast).fresh


def test_a_tick_is_never_taken_away(session: Any, cast: Cast) -> None:
    sit(cast, "sari", right("satu", "beberapa", "angka"))
    move(cast, publish(cast, other_key()))
    seen = plan(cast)
    assert seen.preview.failing == {cast.enrolments["sari"]}
    regrade(cast, seen)
    assert grades(cast.enrolments["sari"])[-1][1] == 60
    assert db.session.scalars(select(Progress)).one().completed_at == NOW


def test_another_question_is_left_alone_unless_it_is_named(session: Any, cast: Cast) -> None:
    sit(cast, "sari", right("satu", "beberapa"))
    other = msgspec.structs.replace(other_key(), prompt="Apa yang sama sekali lain dari itu?")
    target = publish(cast, other)
    seen = plan(cast, target)
    assert (seen.preview.changes, seen.fresh) == ((), False)
    assert seen.differences[0].another
    named = plan(cast, target, frozenset({"satu", "angka"}))
    assert named.included == {"satu"}
    assert [each.after for each in named.preview.changes] == [40]
    regrade(cast, named)
    assert history_of(cast.cohort_id, QUIZ).regrades[0].included == {"satu"}
    assert plan(cast, target).fresh is False


def test_a_question_that_left_keeps_its_corrected_key(session: Any, cast: Cast) -> None:
    """A later regrade builds on the earlier one instead of falling back to the first key."""
    tried = sit(cast, "sari", {"satu": WRONG})
    regrade(cast, plan(cast, publish(cast, other_key())))
    last = publish(cast, without="satu")
    assert not plan(cast, last).fresh
    assert basis_of(tried).paper.questions["satu"].score(WRONG) == 1


def test_a_key_that_changes_nobodys_score_can_be_put_in_force(session: Any, cast: Cast) -> None:
    tried = sit(cast, "sari", {"satu": derived_id("satu", "Keliru")})
    seen = plan(cast, publish(cast, other_key()))
    assert (seen.preview.changes, seen.fresh) == ((), True)
    before = count(Rescore, GradeEntry, Progress)
    regrade(cast, seen)
    assert count(Rescore, GradeEntry, Progress) == before
    assert basis_of(tried).paper.questions["satu"].score(WRONG) == 1, "its page tells the right key"


def test_learners_who_left_are_regraded_too(moved: Cast) -> None:
    db.session.execute(
        update(Enrolment).where(Enrolment.id == moved.enrolments["budi"]).values(removed_at=NOW)
    )
    regrade(moved, plan(moved))
    assert grades(moved.enrolments["budi"])[-1][1] == 80


def test_another_cohort_is_another_matter(moved: Cast) -> None:
    assert plan_of(moved.other_cohort_id, QUIZ, target_now(moved), NOTHING).attempts.lines == []
    tono = models.quiz_seat(moved.other_code, QUIZ, moved.people["tono"])
    assert tono is not None
    regrade(moved, plan(moved))
    assert history_of(moved.other_cohort_id, QUIZ).regrades == []


def test_many_attempts_take_no_more_statements(session: Any, cast: Cast, count_statements: Any) -> None:
    for at in range(12):
        enrol(cast, f"peserta{at:02}")
        sit(cast, f"peserta{at:02}", right("satu", "beberapa"))
    move(cast, publish(cast, other_key()))
    plan(cast)
    with count_statements() as counted:
        seen = plan(cast)
    assert len(counted) <= 5, counted.statements
    assert len(seen.preview.changes) == 12
    with count_statements() as counted:
        regrade(cast, seen)
    assert len(counted) <= 14, counted.statements


def test_two_who_regrade_at_once_do_it_once(app: Flask, moved: Cast) -> None:
    seen = plan(moved)
    db.session.rollback()
    results: list[Any] = []

    def press() -> None:
        with app.app_context():
            try:
                results.append(regrade(moved, seen))
                db.session.commit()
            finally:
                db.session.remove()

    threads = [threading.Thread(target=press) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.again for each in results) == [False, True, True]
    assert count(Regrade, Rescore) == [1, 3]


def test_the_database_keeps_what_was_decided(moved: Cast) -> None:
    regrade(moved, plan(moved))
    db.session.commit()
    row = db.session.scalars(select(Regrade)).one()
    row.reason = "lain"
    with pytest.raises(RuntimeError, match="immutable"):
        db.session.flush()
    db.session.rollback()


# Rulings


def test_an_accepted_answer_counts_from_now_on(session: Any, cast: Cast) -> None:
    early = sit(cast, "sari", right("satu", "beberapa") | {"singkat": "klhs"})
    accept(cast, "KLHS", now=NOW + timedelta(seconds=1))
    late = sit(cast, "budi", right("satu", "beberapa") | {"singkat": "klhs."}, now=LATER)
    assert (early.attempt.points, late.attempt.points) == (3, 4)
    assert basis_of(early).rulings == {}
    assert basis_of(late).rulings["singkat"].accepts == ("KLHS",)


def test_and_for_those_before_by_a_regrade(session: Any, cast: Cast) -> None:
    early = sit(cast, "sari", right("satu", "beberapa") | {"singkat": "klhs"})
    accept(cast, "KLHS", now=LATER)
    seen = plan(cast)
    assert [(each.before, each.after) for each in seen.preview.changes] == [(60, 80)]
    regrade(cast, seen)
    assert basis_of(early).rulings["singkat"].accepts == ("KLHS",)
    assert not plan(cast).fresh


@pytest.mark.parametrize(("rule", "percent"), [("full", 40), ("drop", 0)])
def test_a_void_question(session: Any, cast: Cast, rule: str, percent: int) -> None:
    sit(cast, "sari", {"satu": WRONG})
    void(cast, "beberapa", rule, now=LATER)
    after = plan(cast).preview.changes
    assert [each.after for each in after] == [percent] if percent else after[0].max_points == 3


def test_a_decision_can_be_lifted_once(session: Any, cast: Cast) -> None:
    sit(cast, "sari", right("satu"))
    ruling = void(cast, "beberapa", "full", now=LATER)
    assert plan(cast).fresh
    by = cast.people["ratna"]
    actions.lift(cast.cohort_id, QUIZ, ruling.id, "Ternyata benar", by=by, now=LATER)
    assert not plan(cast).fresh
    with pytest.raises(Refused, match="sudah dicabut"):
        actions.lift(cast.cohort_id, QUIZ, ruling.id, "Lagi", by=by, now=LATER)
    with pytest.raises(Refused, match="sudah dicabut"):
        actions.lift(cast.other_cohort_id, QUIZ, ruling.id, "Dari tempat lain", by=by, now=LATER)
    assert count(KeyRuling, AuditEntry)[0] == 2


def test_what_cannot_be_ruled(session: Any, cast: Cast) -> None:
    accept(cast, "KLHS")
    for value in ("klhs.", "kajian lingkungan hidup strategis", "", " . "):
        with pytest.raises(Refused):
            accept(cast, value)
    with pytest.raises(Refused, match="Pilih jawaban"):
        accept(cast, WRONG, "satu")
    void(cast, "satu", "full")
    with pytest.raises(Refused, match="sudah dibatalkan"):
        void(cast, "satu", "drop")
    with pytest.raises(Refused, match="Pilih apa"):
        void(cast, "angka", "half")
    with pytest.raises(Refused, match="alasan"):
        actions.void(cast.cohort_id, QUIZ, "angka", "full", " ", by=cast.people["dewi"], now=NOW)
    assert count(KeyRuling) == [2]


def test_decisions_are_in_the_log_without_words(session: Any, cast: Cast) -> None:
    ruling = accept(cast, "KLHS")
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.deed, entry.thing, entry.actor_id) == (
        "quiz key accept",
        f"cohort:{cast.cohort_id}",
        cast.people["dewi"],
    )
    assert f'"ruling":{ruling.id}' in entry.detail
    assert "KLHS" not in entry.detail
