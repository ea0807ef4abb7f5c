"""A quiz's front page, and the button that begins an attempt."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms.access import Deed
from lms.courses.models import progress_of
from lms.courses.progress import completed_of, missing_requirements
from lms.extensions import db, utcnow
from lms.guard import allowed, person
from lms.quizzes import actions
from lms.quizzes.models import QuizSeat, attempts_of, quiz_seat, terms_of
from lms.quizzes.views.attempt import origin_of_request
from lms.quizzes.views.blueprint import blueprint
from lms.quizzes.views.standing import feedback_in_words, rule_in_words, standing_of
from lms.refusals import Refused


def place_of(code: str, item: str) -> QuizSeat | None:
    """A quiz of a cohort, with the asking person's seat."""
    return quiz_seat(code, item, person().id)


@blueprint.get("/kuis/<code>/<item>")
@allowed(Deed.SEE_COHORT, place_of)
def front(place: QuizSeat) -> ResponseReturnValue:
    """What awaits one in a quiz, what one has done in it so far, and the button that begins."""
    seat, line, quiz = place.seat, place.line, place.paper.quiz
    terms = terms_of(seat.cohort_id, line.stable_id, seat.enrolment_id, seat.starts_at, seat.ends_at)
    learner = seat.enrolment_id is not None
    attempts = attempts_of(seat.enrolment_id, line.stable_id) if seat.enrolment_id else []
    completed = completed_of(progress_of(seat.enrolment_id)) if seat.enrolment_id else frozenset()
    before, after = seat.outline.around(line.stable_id)
    return render_template(
        "quizzes/front.html",
        seat=seat,
        line=line,
        module=seat.outline.modules[line.module - 1],
        quiz=quiz,
        count=place.paper.count,
        standing=standing_of(quiz, attempts, terms),
        learner=learner,
        completed=completed,
        missing=missing_requirements(seat.outline, completed, line.stable_id) if learner else (),
        rule=rule_in_words(quiz),
        feedback=feedback_in_words(quiz),
        before=before,
        after=after,
    )


@blueprint.post("/kuis/<code>/<item>/mulai")
@allowed(Deed.LEARN, place_of)
def start(place: QuizSeat) -> ResponseReturnValue:
    """Begin an attempt or go on with the one that runs."""
    try:
        attempt = actions.start(place, now=utcnow(), origin=origin_of_request())
    except Refused as refusal:
        flash(gettext(refusal.message, **refusal.values), "bad")
        return redirect(url_for(".front", code=place.seat.code, item=place.line.stable_id), 303)
    db.session.commit()
    return redirect(url_for(".attempt", attempt_id=attempt.id), 303)
