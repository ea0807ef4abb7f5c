"""Extra time and attempts for single learners: what is granted, and the page that grants it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms.access import Deed
from lms.extensions import db, utcnow
from lms.guard import allowed, person
from lms.quizzes import actions
from lms.quizzes.actions import Grant
from lms.quizzes.attempts.forms import AllowanceForm
from lms.quizzes.attempts.models import LearnerPlace, allowances_of, learner_place
from lms.quizzes.attempts.models import allowances as granted
from lms.quizzes.cohort.models import CohortQuiz, cohort_quiz
from lms.quizzes.views.blueprint import blueprint
from lms.refusals import Refused

SCOPES = ("kuis", "semua")
"""This quiz, or all quizzes of the cohort: the prefixes of the two forms."""


@blueprint.get("/kuis/angkatan/<code>/<item>/kelonggaran")
@allowed(Deed.FACILITATE, cohort_quiz)
def allowances(place: CohortQuiz) -> ResponseReturnValue:
    """What is granted beyond the rules of this quiz, to whom, by whom and why."""
    page = granted(place.cohort_id, place.line.stable_id, request.args.get("after"))
    return render_template("quizzes/allowances.html", quiz=place, page=page)


@blueprint.get("/kuis/angkatan/<code>/<item>/kelonggaran/<int:enrolment_id>")
@allowed(Deed.FACILITATE, learner_place)
def allowance(place: LearnerPlace) -> ResponseReturnValue:
    """What one learner is granted, for this quiz and for all quizzes of the cohort."""
    return _page(place, {})


@blueprint.post("/kuis/angkatan/<code>/<item>/kelonggaran/<int:enrolment_id>")
@allowed(Deed.FACILITATE, learner_place)
def grant(place: LearnerPlace) -> ResponseReturnValue:
    """Grant, change or take back; a running attempt gets its extra time at once."""
    scope = request.form.get("scope", "")
    if scope not in SCOPES:
        scope = SCOPES[0]
    form = AllowanceForm(prefix=scope)
    if not form.validate():
        return _page(place, {scope: form}), 400
    stable_id = place.quiz.line.stable_id if scope == SCOPES[0] else ""
    wanted = Grant(stable_id, form.minutes.data or 0, form.attempts.data or 0, form.reason.data or "")
    try:
        actions.grant(place.enrolment, wanted, by=person().id, now=utcnow())
    except Refused as refusal:
        db.session.rollback()
        form.reason.errors = [gettext(refusal.message, **refusal.values)]
        return _page(place, {scope: form}), 400
    db.session.commit()
    flash(gettext("Kelonggaran untuk %(name)s tersimpan.", name=place.enrolment.person.full_name), "ok")
    return redirect(
        url_for(".allowances", code=place.quiz.code, item=place.quiz.line.stable_id),
        303,
    )


def _page(place: LearnerPlace, sent: dict[str, AllowanceForm]) -> str:
    rows = allowances_of([place.enrolment.id], place.quiz.line.stable_id)
    forms = {}
    for scope, stable_id in zip(SCOPES, (place.quiz.line.stable_id, ""), strict=True):
        row = rows.get((place.enrolment.id, stable_id))
        forms[scope] = sent.get(scope) or AllowanceForm(
            formdata=None,
            prefix=scope,
            minutes=row.extra_minutes if row else 0,
            attempts=row.extra_attempts if row else 0,
            reason=row.reason if row else "",
        )
    return render_template(
        "quizzes/allowance.html",
        quiz=place.quiz,
        matter=place.quiz.paper.quiz,
        learner=place.enrolment.person,
        enrolment_id=place.enrolment.id,
        forms=forms,
        wrong=next(iter(sent.values()), None),
    )
