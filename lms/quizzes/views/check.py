"""Checking one answer while its attempt runs, in quizzes that give feedback on each question."""

from __future__ import annotations

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms.access import Deed
from lms.extensions import db, utcnow
from lms.guard import allowed
from lms.quizzes import actions
from lms.quizzes.forms import read_given
from lms.quizzes.models import Sitting
from lms.quizzes.views.attempt import late_in_words, locked_attempt, origin_of_request, too_late
from lms.quizzes.views.blueprint import blueprint
from lms.quizzes.views.overview import address_of
from lms.refusals import Refused


@blueprint.post("/kuis/percobaan/<int:attempt_id>/periksa")
@allowed(Deed.TAKE_QUIZ, locked_attempt)
def check(tried: Sitting) -> ResponseReturnValue:
    """Save the page, and answer the question named ``periksa`` for good: its feedback is on the page from now on."""
    wanted = request.form.get("periksa", "")
    number = next((at for at, shown in enumerate(tried.asked, start=1) if shown.id == wanted), None)
    if number is None:
        abort(400)
    now, origin = utcnow(), origin_of_request()
    actions.close_if_over(tried, now=now)
    arrived = actions.sort_given(tried, read_given(request.form, tried), now=now)
    kept = actions.keep_late(tried, arrived.late, now=now, origin=origin) if arrived.late else frozenset()
    if tried.attempt.submitted_at is not None:
        return too_late(tried, kept)
    answers = actions.save_changed(tried, arrived.timely, now=now, origin=origin)
    try:
        actions.answer_for_good(tried, wanted, answers, now=now)
    except Refused as refusal:
        flash(gettext(refusal.message, **refusal.values), "warn")  # what came along is saved all the same
    db.session.commit()
    if kept:
        flash(late_in_words(tried), "warn")
    return redirect(address_of(tried, number), 303)
