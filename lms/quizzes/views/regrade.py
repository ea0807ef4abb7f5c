"""Scoring a cohort's attempts again: first what would change, then, agreed to with a reason, the change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms import formats, paging
from lms.access import Deed
from lms.extensions import db, utcnow
from lms.guard import allowed, person
from lms.quizzes import regrading
from lms.quizzes.cohort.models import CohortQuiz, cohort_quiz
from lms.quizzes.marking import actions
from lms.quizzes.marking.models import History, Plan, Target, history_of, newest_target, plan_of
from lms.quizzes.views.blueprint import blueprint
from lms.quizzes.views.standing import shown_points
from lms.quizzes.views.words import key_in_words
from lms.refusals import Refused


@dataclass(frozen=True, slots=True)
class Choices:
    """Whose key can be used: by default that of the cohort's version, or of the newest one it was regraded by.

    ``newer`` is a later version on offer whose key scores otherwise, None without one; ``all`` are all of them.
    """

    default: Target
    newer: Target | None
    all: Sequence[Target]

    def of(self, version: str | None) -> Target:
        """The target with this version number; the default one for any other text."""
        return next((each for each in self.all if str(each.version) == version), self.default)


def choices_of(place: CohortQuiz, history: History) -> Choices:
    """The targets that a regrade can have, with one statement."""
    current = Target(place.line.id, place.outline.version_number)
    used = [Target(each.item_id, each.version) for each in history.regrades[-1:]]
    default = max([current, *used], key=lambda each: each.version)
    newest = newest_target(place.outline.course_id, place.line.stable_id)
    newer = None
    if newest is not None and newest.version > default.version:
        found = regrading.differences(default.quiz, newest.quiz)
        newer = newest if any(each.scores for each in found) else None
    known = [default, current, *([newer] if newer else [])]
    return Choices(default, newer, list({each.version: each for each in known}.values()))


@dataclass(frozen=True, slots=True)
class Moved:
    """A line of the preview: an attempt's score before and after, and the learner's counting grade where it moves."""

    name: str
    number: int
    before: Decimal | None
    after: Decimal
    points_before: Decimal | None
    points_after: Decimal
    most: Decimal
    grade: regrading.GradeChange | None
    passing: bool
    failing: bool


def _moved(plan: Plan, after: str | None) -> paging.Page[Moved]:
    """One page of what would change, by name."""
    mark = plan.target.quiz.pass_mark
    by_id = plan.by_id
    grades = {each.enrolment: each for each in plan.preview.grades}
    changes = sorted(plan.preview.changes, key=lambda each: by_id[each.attempt.id].key)
    start = paging.read_token(after, [str, int, int])
    rest = [each for each in changes if start is None or list(by_id[each.attempt.id].key) > start]
    shown = rest[: paging.PER_PAGE]
    rows = []
    for each in shown:
        passed = each.before is not None and each.before >= mark
        rows.append(
            Moved(
                name=by_id[each.attempt.id].name,
                number=each.attempt.number,
                before=None if each.before is None else formats.grade(each.before, mark),
                after=formats.grade(each.after, mark),
                points_before=None if each.attempt.points is None else shown_points(each.attempt.points),
                points_after=shown_points(each.points),
                most=each.max_points,
                grade=grades.get(each.attempt.enrolment),
                passing=bool(mark) and not passed and each.after >= mark,
                failing=bool(mark) and passed and each.after < mark,
            )
        )
    following = paging.token(by_id[shown[-1].attempt.id].key) if len(rest) > len(shown) else None
    return paging.Page(rows, following, after if start is not None else None)


def _included() -> frozenset[str]:
    return frozenset(request.values.getlist("ikut")[:200])


def _page(
    place: CohortQuiz, target: Target, plan: Plan, choices: Choices, *, reason: str = "", error: str = ""
) -> str:
    mark = plan.target.quiz.pass_mark
    return render_template(
        "quizzes/regrade.html",
        quiz=place,
        target=target,
        plan=plan,
        preview=plan.preview,
        choices=choices,
        page=_moved(plan, request.args.get("after")),
        differences=plan.differences,
        key_in_words=key_in_words,
        show=lambda grade: formats.grade(grade, mark),
        people=len({each.attempt.enrolment for each in plan.preview.changes}),
        reason=reason,
        error=error,
        most=actions.REASON_AT_MOST,
    )


@blueprint.get("/kuis/angkatan/<code>/<item>/nilai-ulang")
@allowed(Deed.REGRADE, cohort_quiz)
def regrade(place: CohortQuiz) -> ResponseReturnValue:
    """Whose score would change, and by how much; nothing is written."""
    stable_id = place.line.stable_id
    history = history_of(place.cohort_id, stable_id)
    choices = choices_of(place, history)
    target = choices.of(request.args.get("versi"))
    plan = plan_of(place.cohort_id, stable_id, target, _included(), history)
    return _page(place, target, plan, choices)


@blueprint.post("/kuis/angkatan/<code>/<item>/nilai-ulang/lakukan")
@allowed(Deed.REGRADE, cohort_quiz)
def do_regrade(place: CohortQuiz) -> ResponseReturnValue:
    """Do what the preview showed; where something else would be done by now, show that first."""
    stable_id, reason = place.line.stable_id, request.form.get("reason", "")
    choices = choices_of(place, history_of(place.cohort_id, stable_id))
    target, included = choices.of(request.form.get("versi")), _included()
    try:
        done = actions.regrade(
            place.cohort_id,
            stable_id,
            target,
            included,
            fingerprint=request.form.get("fingerprint", "")[:64],
            reason=reason,
            by=person().id,
            now=utcnow(),
        )
    except Refused as refusal:
        message = gettext(refusal.message, **refusal.values)
        db.session.rollback()
        plan = plan_of(place.cohort_id, stable_id, target, included)
        status = 409 if isinstance(refusal, actions.StalePreview) else 400
        return _page(place, target, plan, choices, reason=reason, error=message), status
    db.session.commit()
    if done.again:
        flash(gettext("Penilaian ulang ini sudah dilakukan. Tidak ada yang diubah lagi."), "warn")
    else:
        flash(
            gettext(
                "Penilaian ulang selesai: nilai %(scores)s percobaan berubah, "
                "nilai yang dihitung berubah bagi %(grades)s peserta.",
                scores=done.scores,
                grades=done.grades,
            ),
            "ok",
        )
    return redirect(url_for(".key", code=place.code, item=stable_id), 303)
