"""Marks for essays: what is written, when the grade follows, and who comes second."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lms.courses.models import GradeEntry, Progress
from lms.extensions import db
from lms.quizzes import actions as taking
from lms.quizzes import models
from lms.quizzes.essays import actions
from lms.quizzes.essays.actions import Given, MarkedMeanwhile
from lms.quizzes.marking.models import attempts_in, basis_of
from lms.quizzes.models import EssayMark, Rescore, Sitting
from lms.refusals import Refused
from tests.cast import NOW, Cast
from tests.quizzes.answers import QUIZ, change_quiz
from tests.quizzes.marking.taking import BOTH, ESSAY, LATER, begin, count, grades, plan, regrade, sit, void

# Essays


@pytest.fixture
def essays(session: Any, cast: Cast) -> Cast:
    """The quiz has two essays of 5 points each."""
    change_quiz(questions=BOTH)
    return cast


def give(share: str, *, seen: int = 0, reason: str = "", comment: str = "", levels: Any = None) -> Given:
    return Given(Decimal(share), levels or {}, comment, seen, reason)


def mark(
    cast: Cast, tried: Sitting, name: str, given: Given, *, who: str = "dewi", now: Any = LATER
) -> EssayMark:
    return actions.mark(tried, name, given, by=cast.people[who], now=now)


def test_essays_wait_without_a_grade(essays: Cast) -> None:
    tried = sit(essays, "sari", {"esai": "Renstra menjabarkan RPJMD.", "lain": "Misalnya ini."})
    assert tried.attempt.submitted_at == NOW
    assert tried.attempt.points is None
    assert count(GradeEntry, Progress) == [0, 0]
    (scored,) = models.attempts_of(essays.enrolments["sari"], QUIZ)
    assert scored.percent is None
    mark(essays, tried, "esai", give("0.8"))
    assert count(GradeEntry, Progress) == [0, 0]
    mark(essays, tried, "lain", give("1", levels={"isu": 4}), now=LATER + timedelta(minutes=1))
    assert (tried.attempt.points, tried.attempt.max_points) == (9, 10)
    assert grades(essays.enrolments["sari"]) == [
        ("released", 90, "Percobaan 1: 90,0; yang dihitung nilai tertinggi")
    ]
    assert db.session.scalars(select(Progress)).one().completed_at == LATER + timedelta(minutes=1)
    assert count(Rescore) == [0]


def test_a_blank_essay_waits_for_nobody(essays: Cast) -> None:
    tried = sit(essays, "sari", {"esai": "Renstra menjabarkan RPJMD.", "lain": "  "})
    mark(essays, tried, "esai", give("1"))
    assert grades(essays.enrolments["sari"])[0][1] == 50
    with pytest.raises(Refused, match="Tidak ada jawaban esai"):
        mark(essays, tried, "lain", give("1"))
    blank = sit(essays, "budi", {})
    assert blank.attempt.points == 0


def test_a_mark_is_corrected_by_another_one_with_a_reason(essays: Cast) -> None:
    tried = sit(essays, "sari", {"esai": "Renstra menjabarkan RPJMD."})
    first = mark(essays, tried, "esai", give("0.4"))
    with pytest.raises(Refused, match="alasan"):
        mark(essays, tried, "esai", give("1", seen=first.id))
    db.session.rollback()


def test_a_correction_writes_one_rescore_and_one_grade(essays: Cast) -> None:
    tried = sit(essays, "sari", {"esai": "Renstra menjabarkan RPJMD.", "lain": "Misalnya ini."})
    first = mark(essays, tried, "esai", give("0.4"))
    mark(essays, tried, "lain", give("0.6"))
    mark(essays, tried, "esai", give("1", seen=first.id, reason="Terlewat satu halaman"))
    assert count(EssayMark, Rescore, GradeEntry, Progress) == [3, 1, 2, 1]
    assert grades(essays.enrolments["sari"])[-1] == (
        "revised",
        80,
        "Penilaian esai diperbaiki: Terlewat satu halaman",
    )
    (scored,) = models.attempts_of(essays.enrolments["sari"], QUIZ)
    assert (scored.points, scored.rescored) == (8, True)
    assert basis_of(tried).history.newest_marks["esai"].share == 1


def test_another_comment_alone_changes_no_score(essays: Cast) -> None:
    tried = sit(essays, "sari", {"esai": "Renstra menjabarkan RPJMD."})
    first = mark(essays, tried, "esai", give("0.4"))
    mark(essays, tried, "esai", give("0.4", seen=first.id, comment="Lihat bab 2."))
    assert count(EssayMark, Rescore, GradeEntry) == [2, 0, 1]


def test_the_second_marker_sees_the_first(essays: Cast) -> None:
    tried = sit(essays, "sari", {"esai": "Renstra menjabarkan RPJMD."})
    mark(essays, tried, "esai", give("0.4", comment="Kurang contoh."))
    with pytest.raises(MarkedMeanwhile) as refusal:
        mark(essays, tried, "esai", give("0.9"), who="hasan")
    assert (refusal.value.mark.share, refusal.value.mark.by) == (Decimal("0.4"), "Dewi Anggraini")
    assert count(EssayMark) == [1]


def test_what_cannot_be_marked(essays: Cast) -> None:
    running = begin(essays, "budi")
    with pytest.raises(Refused, match="belum dikumpulkan"):
        mark(essays, running, "esai", give("1"))
    tried = sit(essays, "sari", {"esai": "Renstra menjabarkan RPJMD."})
    for name in ("satu", "tidak-ada", "lain"):
        with pytest.raises(Refused, match="Tidak ada jawaban esai"):
            mark(essays, tried, name, give("1"))
    with pytest.raises(Refused, match="Komentar paling panjang"):
        mark(essays, tried, "esai", give("1", comment="x" * 5001))
    assert count(EssayMark) == [0]


def test_the_grade_counts_all_attempts_that_have_a_score(essays: Cast) -> None:
    change_quiz(questions=(ESSAY,), grade="last", attempts=None)
    first = sit(essays, "sari", {"esai": "Satu."})
    second = sit(essays, "sari", {"esai": "Dua."}, now=NOW + timedelta(minutes=1))
    mark(essays, second, "esai", give("1"))
    mark(essays, first, "esai", give("0.2"))
    assert [points for _, points, _ in grades(essays.enrolments["sari"])] == [100, 100]


def test_a_void_essay_that_nobody_need_mark(essays: Cast) -> None:
    tried = sit(essays, "sari", {"esai": "Renstra menjabarkan RPJMD."})
    void(essays, "esai", "full", now=LATER)
    seen = plan(essays)
    assert [(each.before, each.after) for each in seen.preview.changes] == [(None, 50)]
    regrade(essays, seen)
    assert grades(essays.enrolments["sari"]) == [("released", 50, "Penilaian ulang: Kunci soal 1 keliru")]
    db.session.refresh(tried.attempt)
    assert tried.attempt.points == 5
    assert count(Rescore) == [0]


def test_a_regrade_keeps_what_facilitators_gave(essays: Cast) -> None:
    tried = sit(essays, "sari", {"esai": "Renstra menjabarkan RPJMD."})
    mark(essays, tried, "esai", give("0.4"))
    assert not plan(essays).fresh
    assert attempts_in(essays.cohort_id, QUIZ).lines[0].taken.marks == {"esai": Decimal("0.4")}


def test_the_last_essay_and_another_hand_in_at_once_make_the_right_grade(app: Flask, essays: Cast) -> None:
    """Both write the grade that counts over both attempts; whoever comes second sees the first's score."""
    change_quiz(questions=(ESSAY,), grade="average", attempts=None)

    first = sit(essays, "sari", {"esai": "Satu."}).attempt.id
    second = begin(essays, "sari", now=NOW + timedelta(minutes=1)).attempt.id
    db.session.commit()

    def marking() -> None:
        tried = models.sitting(first)
        assert tried is not None
        mark(essays, tried, "esai", give("1"))

    def handing_in() -> None:
        tried = models.sitting(second, lock=True)
        assert tried is not None
        taking.hand_in(tried, models.answers_of(second), now=LATER)

    def run(deed: Any) -> None:
        with app.app_context():
            try:
                deed()
                db.session.commit()
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in (marking, handing_in)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert grades(essays.enrolments["sari"])[-1][1] == 50
    assert len(grades(essays.enrolments["sari"])) == 2


def test_marks_are_never_changed(essays: Cast) -> None:
    tried = sit(essays, "sari", {"esai": "Renstra menjabarkan RPJMD."})
    row = mark(essays, tried, "esai", give("0.4"))
    row.share = Decimal(1)
    with pytest.raises(RuntimeError, match="immutable"):
        db.session.flush()
    db.session.rollback()
