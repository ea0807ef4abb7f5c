"""The summary before handing in: what is answered, what is not, what was flagged or can be read twice."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lms.access import Deed
from lms.extensions import utcnow
from lms.guard import allowed
from lms.quizzes import clock
from lms.quizzes.models import Sitting, current_answers
from lms.quizzes.views.attempt import attempt_of
from lms.quizzes.views.blueprint import blueprint
from lms.quizzes.views.overview import address_of, marks_of


@blueprint.get("/kuis/percobaan/<int:attempt_id>/ringkasan")
@allowed(Deed.TAKE_QUIZ, attempt_of)
def summary(tried: Sitting) -> ResponseReturnValue:
    """Every question with how it stands and the way back to it, and the button that hands in."""
    attempt = tried.attempt
    if attempt.submitted_at is not None:
        return redirect(url_for(".result", attempt_id=attempt.id))
    now, closes_at = utcnow(), attempt.closes_at
    if clock.is_past(closes_at, now):
        return redirect(url_for(".attempt", attempt_id=attempt.id))
    answers = current_answers(attempt.id)
    marks = marks_of(tried, answers)
    return render_template(
        "quizzes/summary.html",
        tried=attempt,
        code=tried.code,
        quiz=tried.paper.quiz,
        language=tried.outline.language,
        marks=marks,
        addresses={mark.number: address_of(tried, mark.number) for mark in marks},
        last_saved=answers.last.saved_at if answers.last else None,
        seconds_left=clock.seconds_left(closes_at, now) if closes_at else None,
    )
