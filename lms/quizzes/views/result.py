"""What an attempt earned, and as far as the quiz's rule allows, what was right and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lms import formats
from lms.access import Deed
from lms.courses.models import ItemLine
from lms.extensions import utcnow
from lms.guard import allowed, person
from lms.quizzes import scoring
from lms.quizzes.gain import Gain, Pair, gain
from lms.quizzes.marking.models import Basis, basis_of
from lms.quizzes.models import (
    Sitting,
    attempts_of,
    current_answers,
    is_running,
    late_count,
    paper_of,
    quiz_grade,
)
from lms.quizzes.views.attempt import attempt_of
from lms.quizzes.views.blueprint import blueprint
from lms.quizzes.views.standing import (
    Standing,
    feedback_in_words,
    rule_in_words,
    shown_points,
    standing_of,
    try_of,
)
from lms.quizzes.views.verdicts import verdicts_of


@dataclass(frozen=True, slots=True)
class Turn:
    """A score that changed after handing in: from how many percent to how many, and why."""

    before: Decimal
    after: Decimal
    reason: str
    at: datetime


def _turns(tried: Sitting, basis: Basis) -> Iterator[Turn]:
    attempt, quiz = tried.attempt, tried.paper.quiz
    points, most = attempt.points, attempt.max_points
    for each in basis.history.rescores:
        if points is not None and most is not None:
            yield Turn(
                formats.grade(scoring.percent(points, most), quiz.pass_mark),
                formats.grade(scoring.percent(each.points, each.max_points), quiz.pass_mark),
                each.reason,
                each.decided_at,
            )
        points, most = each.points, each.max_points


@blueprint.get("/kuis/percobaan/<int:attempt_id>/hasil")
@allowed(Deed.SEE_OWN, attempt_of)
def result(tried: Sitting) -> ResponseReturnValue:
    """Score, what one answered, what to do next."""
    attempt, quiz = tried.attempt, tried.paper.quiz
    if attempt.submitted_at is None:
        return redirect(url_for(".attempt", attempt_id=attempt.id))
    terms = tried.terms()
    attempts = attempts_of(attempt.enrolment_id, attempt.stable_id)
    standing = standing_of(quiz, attempts, terms)
    scored = next(each for each in attempts if each.attempt.id == attempt.id)
    told = scoring.feedback_open(
        quiz.feedback, submitted=True, passed=standing.passed, closed=_is_closed(tried, standing)
    )
    line = tried.outline.item(attempt.stable_id)
    before = tried.outline.item(quiz.pretest) if quiz.pretest else None
    answers, basis = current_answers(attempt.id), basis_of(tried)
    scores = basis.score(answers.values(), [shown.id for shown in tried.asked])
    return render_template(
        "quizzes/result.html",
        tried=attempt,
        this=try_of(scored, quiz),
        points=shown_points(scored.points or Decimal(0)),
        most=scored.max_points or Decimal(0),
        code=tried.code,
        outline=tried.outline,
        quiz=quiz,
        standing=standing,
        verdicts=list(verdicts_of(tried, answers, basis, scores, open=told)),
        turns=list(_turns(tried, basis)),
        told=told,
        late=late_count(attempt.id),
        before=before,
        gained=_gained(tried, before, quiz_grade(attempts, quiz)) if before else None,
        rule=rule_in_words(quiz),
        feedback=feedback_in_words(quiz),
        learns=tried.cohort_id in person().learns_in,
        line=line,
        after=_after(tried, line),
    )


def _gained(tried: Sitting, before: ItemLine, after: Decimal | None) -> Gain | None:
    """What was gained since the test before, by the grades that count in both; None without both."""
    if after is None or before.kind != "quiz":
        return None
    earlier = attempts_of(tried.attempt.enrolment_id, before.stable_id)
    grade = quiz_grade(earlier, paper_of(before.id).quiz)
    return None if grade is None else gain(Pair(grade, after))


def _is_closed(tried: Sitting, standing: Standing) -> bool:
    """Nobody of the cohort can answer this quiz any more: its date is past, and extra time that reaches beyond it."""
    stable_id = tried.attempt.stable_id
    return standing.is_over and not (
        tried.paper.quiz.feedback == "closed" and is_running(tried.cohort_id, stable_id, now=utcnow())
    )


def _after(tried: Sitting, line: ItemLine | None) -> ItemLine | None:
    """The next item of what the cohort takes now; None after the last, or where the quiz left the course."""
    return tried.outline.around(line.stable_id)[1] if line else None
