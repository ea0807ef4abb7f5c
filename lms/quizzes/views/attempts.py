"""Learners' attempts for their facilitators: who has begun what, and the log of each attempt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from lms.access import Deed
from lms.courses.models import cohort_by_code
from lms.extensions import utcnow
from lms.guard import allowed
from lms.quizzes import clock
from lms.quizzes.attempts.models import (
    Happened,
    allowances_of,
    attempts_by_learner,
    learners,
    log_of,
    pairs,
    person_of,
)
from lms.quizzes.cohort.models import CohortQuiz, cohort_quiz
from lms.quizzes.gain import class_gain
from lms.quizzes.models import Sitting, read_value
from lms.quizzes.views.attempt import attempt_of
from lms.quizzes.views.blueprint import blueprint
from lms.quizzes.views.standing import Try, try_of

NOTICEABLE = timedelta(seconds=10)
"""From when on it is worth saying that an answer was given before it arrived."""


@dataclass(frozen=True, slots=True)
class Learner:
    """A learner in the list: the attempts, whether the running one has time left, and what was granted."""

    row: Any
    tries: list[Try]
    expired: bool
    extra_minutes: int
    extra_attempts: int


@blueprint.get("/kuis/angkatan/<code>/<item>/percobaan")
@allowed(Deed.FACILITATE, cohort_quiz)
def attempts(place: CohortQuiz) -> ResponseReturnValue:
    """The cohort's learners with their attempts at this quiz; of a test after, also what was gained."""
    quiz, stable_id = place.paper.quiz, place.line.stable_id
    page = learners(place.cohort_id, request.args.get("after"))
    ids = [row.id for row in page.rows]
    found = attempts_by_learner(ids, stable_id)
    granted = allowances_of(ids, stable_id)
    now = utcnow()
    rows = []
    for row in page.rows:
        tries = [try_of(each, quiz) for each in found.get(row.id, ())]
        extras = [granted[key] for key in ((row.id, stable_id), (row.id, "")) if key in granted]
        rows.append(
            Learner(
                row=row,
                tries=tries,
                expired=any(
                    each.submitted_at is None and clock.is_past(each.closes_at, now) for each in tries
                ),
                extra_minutes=sum(each.extra_minutes for each in extras),
                extra_attempts=sum(each.extra_attempts for each in extras),
            )
        )
    before = place.outline.item(quiz.pretest) if quiz.pretest else None
    return render_template(
        "quizzes/attempts.html",
        quiz=place,
        page=page,
        rows=rows,
        before=before,
        gained=class_gain(pairs(place.cohort_id, quiz.pretest, stable_id)) if before else None,
    )


@blueprint.get("/kuis/percobaan/<int:attempt_id>/catatan")
@allowed(Deed.FACILITATE, attempt_of)
def log(tried: Sitting) -> ResponseReturnValue:
    """What happened in an attempt, when, and from where: a log, not a judgement."""
    page = log_of(tried.attempt.id, request.args.get("after"))
    return render_template(
        "quizzes/log.html",
        tried=tried,
        attempt=tried.attempt,
        quiz=tried.paper.quiz,
        in_course=tried.outline.item(tried.attempt.stable_id) is not None,
        cohort=cohort_by_code(tried.code),
        learner=person_of(tried.attempt.enrolment_id),
        page=page,
        lines=list(_happened(tried, page.rows)),
        expired=tried.attempt.submitted_at is None and clock.is_past(tried.attempt.closes_at, utcnow()),
    )


def _happened(tried: Sitting, rows: Any) -> Iterator[Happened]:
    numbers = {shown.id: number for number, shown in enumerate(tried.asked, start=1)}
    language = str(get_locale())
    for row in rows:
        question = tried.paper.questions.get(row.question)
        words: tuple[str, ...] = ()
        if row.value and question is not None:
            words = question.explain(read_value(row.value), language).given
        yield Happened(
            at=row.at,
            kind=row.kind,
            number=numbers.get(row.question, 0),
            address=row.address,
            device=row.device,
            given_at=_earlier(row.given_at, row.at),
            counts=bool(row.counts),
            words=words,
        )


def _earlier(given_at: datetime | None, at: datetime) -> datetime | None:
    return given_at if given_at is not None and at - given_at >= NOTICEABLE else None
