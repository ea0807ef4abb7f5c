"""Who reviews what: one work's reviewers, those of a cohort, and the plan that is looked at before it is done."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms import formats
from lms.access import Deed
from lms.extensions import begin_reading, db, utcnow
from lms.grading import models
from lms.grading.allocation import actions
from lms.grading.allocation.models import close_to, facilitators_of, history_of, standing
from lms.grading.views import blueprint
from lms.grading.views.words import said, who
from lms.guard import allowed, person
from lms.projects import models as projects
from lms.projects.models import Workspace
from lms.refusals import N_, Refused


def row_id(text: str | None) -> int:
    """A row id as typed into a form, 0 for nonsense: no row has that."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else 0


def how_word(how: str) -> str:
    """How an allocation came about."""
    return {
        "hand": gettext("ditetapkan"),
        "balanced": gettext("dibagi rata"),
        "returned": gettext("mengembalikan versi sebelumnya"),
    }[how]


@blueprint.get("/telaah/kerja/<int:work_id>/penelaah")
@allowed(Deed.ALLOCATE, projects.workspace)
def work_reviewers(work: Workspace) -> ResponseReturnValue:
    """Who reviews a work now, and whoever did before."""
    return _work_page(work)


def _work_page(work: Workspace, *, problem: str = "", reason: str = "") -> str:
    setting = models.setting_of(work.id)
    today = formats.local(utcnow()).date()
    people = [line for line in facilitators_of(work.cohort_id, today=today) if line.active]
    history = history_of(work.id)
    close = close_to(work.id, [line.id for line in people])
    return render_template(
        "grading/work_reviewers.html",
        work=work,
        project=work.project,
        owner=who(setting.names, setting.masked, work.id),
        standing=[line for line in history if line.ended_at is None],
        history=history,
        free=[line for line in people if line.id not in close and line.id not in work.reviewer_ids],
        close=[line for line in people if line.id in close],
        today=today,
        how_word=how_word,
        problem=problem,
        reason=reason,
    )


@blueprint.post("/telaah/kerja/<int:work_id>/penelaah")
@allowed(Deed.ALLOCATE, projects.workspace)
def change_reviewers(work: Workspace) -> ResponseReturnValue:
    """Give a work to a reviewer, in place of another one where that is named; or take it from one."""
    reviewer, instead = row_id(request.form.get("reviewer")), row_id(request.form.get("instead"))
    reason = " ".join(request.form.get("reason", "").split())[: actions.REASON_AT_MOST]
    now = utcnow()
    try:
        if "end" in request.form:
            row = standing(work.id, row_id(request.form.get("end")))
            if row is not None:
                actions.end(row, reason, by=person().id, now=now)
            said_so = gettext(
                "Hasil kerja ini diambil kembali dari penelaahnya. Draf telaahnya tetap tersimpan."
            )
        elif not reviewer:
            raise Refused(N_("Pilih penelaahnya."))
        elif instead:
            actions.replace(work.id, instead, reviewer, reason=reason, by=person().id, now=now)
            said_so = gettext("Penelaah diganti. Draf telaah penelaah pertama tetap tersimpan untuknya.")
        else:
            actions.allocate(work.id, reviewer, reason=reason, by=person().id, now=now)
            said_so = gettext("Penelaah ditetapkan.")
    except Refused as error:
        problem = said(error)
        db.session.rollback()
        begin_reading()
        return _work_page(work, problem=problem, reason=reason), 400
    db.session.commit()
    flash(said_so, "ok")
    return redirect(url_for(".work_reviewers", work_id=work.id), 303)
