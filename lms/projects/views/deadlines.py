"""More time: for one learner or team, and for a whole cohort at once when something failed."""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms import formats
from lms.access import Deed
from lms.courses.forms import ZONE
from lms.courses.models import Cohort, cohort_by_code, outline
from lms.extensions import begin_reading, db, utcnow
from lms.guard import allowed, person
from lms.projects import letters, models
from lms.projects.cohort import actions
from lms.projects.cohort.forms import ExtensionForm, OutageForm
from lms.projects.cohort.models import (
    NO_DATES,
    CohortProject,
    LearnerProject,
    cohort_project,
    dates_by_project,
    granted,
    learner_project,
    learners,
    projects_of,
)
from lms.projects.views import blueprint
from lms.projects.views.loading import said
from lms.refusals import Refused


@blueprint.get("/proyek/angkatan/<code>")
@allowed(Deed.FACILITATE, cohort_by_code)
def cohort(cohort: Cohort) -> ResponseReturnValue:
    """The projects of a cohort with their deadlines, and more time for everybody."""
    return _cohort_page(cohort, OutageForm(formdata=None))


def _cohort_page(cohort: Cohort, form: OutageForm, problem: str = "", *, wrong: bool = False) -> str:
    dates = dates_by_project(cohort.id)
    now = utcnow()
    rows = [
        (line, models.project(line.id), dates.get(line.stable_id, NO_DATES))
        for line in projects_of(cohort.version_id)
    ]
    return render_template(
        "projects/cohort.html",
        cohort=cohort,
        course=outline(cohort.version_id),
        rows=rows,
        open=[(line, each) for line, _, each in rows if each.is_open(now)],
        page=granted(cohort.id, None, request.args.get("after")),
        titles={line.stable_id: line.title for line in outline(cohort.version_id).items},
        form=form,
        problem=problem,
        wrong=wrong,
    )


@blueprint.post("/proyek/angkatan/<code>/perpanjang")
@allowed(Deed.FACILITATE, cohort_by_code)
def extend_all(cohort: Cohort) -> ResponseReturnValue:
    """Move the deadlines of all open projects for everybody, in one act, and tell the learners."""
    form = OutageForm()
    if not form.validate():
        db.session.rollback()
        begin_reading()
        return _cohort_page(cohort, form, wrong=True), 400
    now = utcnow()
    titles = {line.stable_id: line.title for line in projects_of(cohort.version_id)}
    seen = {name: at for name in titles if (at := _moment(request.form.get(f"seen.{name}"))) is not None}
    reason = form.reason.data or ""
    try:
        moved = actions.extend_all(cohort.id, seen, form.hours(), reason, by=person().id, now=now)
    except Refused as error:
        db.session.rollback()
        begin_reading()
        return _cohort_page(cohort, form, said(error)), 409
    back = redirect(url_for(".cohort", code=cohort.code), 303)
    if not moved:
        flash(gettext("Perpanjangan ini sudah tercatat sebelumnya. Tidak ada yang ditambahkan."), "warn")
        return back
    told = letters.extended_all(
        cohort.id,
        cohort.code,
        [(each.stable_id, titles[each.stable_id], each.until) for each in moved],
        reason,
        key=moved[0].extension_id,
        now=now,
    )
    db.session.commit()
    flash(
        gettext(
            "Tenggat %(count)s proyek diperpanjang untuk seluruh angkatan. %(told)s peserta diberi tahu lewat surel.",
            count=len(moved),
            told=told,
        ),
        "ok",
    )
    return back


def _moment(text: str | None) -> datetime | None:
    """A moment as the page wrote it, None for anything else."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo is not None and 1 < at.year < 9999 else None


@blueprint.get("/proyek/angkatan/<code>/<item>/tenggat")
@allowed(Deed.FACILITATE, cohort_project)
def deadlines(place: CohortProject) -> ResponseReturnValue:
    """The learners of a cohort with their deadlines in one project, and all that was granted."""
    dates = dates_by_project(place.cohort_id).get(place.line.stable_id, NO_DATES)
    return render_template(
        "projects/deadlines.html",
        where=place,
        dates=dates,
        page=learners(place, request.args.get("after")),
        log=granted(place.cohort_id, place.line.stable_id, request.args.get("sejak")),
        me=person().id,
    )


@blueprint.get("/proyek/angkatan/<code>/<item>/tenggat/<int:enrolment_id>")
@allowed(Deed.GRANT, learner_project)
def extension(whose: LearnerProject) -> ResponseReturnValue:
    """More time for one learner: until when, why, and for whom it holds."""
    form = ExtensionForm(formdata=None)
    if whose.due.at is not None:
        form.until.data = formats.local(whose.due.at, ZONE).replace(tzinfo=None)
    return _extension_page(whose, form)


def _extension_page(whose: LearnerProject, form: ExtensionForm, *, wrong: bool = False) -> str:
    return render_template("projects/extension.html", whose=whose, where=whose.place, form=form, wrong=wrong)


@blueprint.post("/proyek/angkatan/<code>/<item>/tenggat/<int:enrolment_id>")
@allowed(Deed.GRANT, learner_project)
def extend(whose: LearnerProject) -> ResponseReturnValue:
    """Grant it, once, and tell the learner and the team."""
    form = ExtensionForm()
    place = whose.place
    if not form.validate():
        return _extension_page(whose, form, wrong=True), 400
    now = utcnow()
    try:
        row = actions.grant(whose, form.moment(), form.reason.data or "", by=person().id, now=now)
    except Refused as error:
        form.until.errors = [said(error)]
        page = _extension_page(whose, form, wrong=True)
        db.session.rollback()
        return page, 400
    if row is not None:
        letters.extended(
            whose.member_ids, place.code, place.line.stable_id, place.project.title, row, now=now
        )
        db.session.commit()
    flash(
        gettext("Tenggat %(names)s diperpanjang.", names=", ".join(whose.names)),
        "ok",
    )
    return redirect(url_for(".deadlines", code=place.code, item=place.line.stable_id), 303)
