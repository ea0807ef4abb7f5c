"""Handing in: one page with everything that was found, and the act itself."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.access import Deed
from lms.extensions import begin_reading, db, utcnow, write_from_here
from lms.guard import allowed, person
from lms.projects import actions, letters, models
from lms.projects.actions import Readiness
from lms.projects.checks import Finding
from lms.projects.forms import HandInFields, hand_in_fields
from lms.projects.models import Workspace
from lms.projects.receipt import signing_key
from lms.projects.source import Section
from lms.projects.views import blueprint
from lms.projects.views.findings import Mark, mark
from lms.projects.views.loading import load_work, said
from lms.refusals import Refused

LISTED_AT_MOST = 100


@dataclass(frozen=True)
class Found:
    """A finding on this page: in words, in its section, with the address where it can be settled."""

    mark: Mark
    section: Section
    address: str


def _found(work: Workspace, findings: list[Finding], prefix: str) -> list[Found]:
    """The findings with their places; a list that is longer than anybody reads is cut."""
    listed = []
    for at, finding in enumerate(findings[:LISTED_AT_MOST]):
        section = work.project.section(finding.section)
        assert section is not None  # the checks only know the project's sections
        told = mark(finding, section, f"{prefix}-{at}")
        address = url_for(
            "projects.section", work_id=work.id, section_id=section.id, _anchor=told.cell or "isian"
        )
        listed.append(Found(told, section, address))
    return listed


def _page(work: Workspace, ready: Readiness, fields: HandInFields, problem: str = "") -> str:
    rows = models.complete(work.project, ready.rows, now=utcnow())
    missing = [each.key for each in ready.questions if not fields.reasons.get(each.key)]
    return render_template(
        "projects/hand_in.html",
        work=work,
        project=work.project,
        ready=ready,
        lines=models.lines_of(work.project, rows),
        blocking=_found(work, ready.blocking, "wajib"),
        questions=_found(work, ready.questions, "saran"),
        hints=_found(work, ready.hints, "petunjuk"),
        fields=fields,
        problem=problem,
        missing=missing if problem else [],
        statement_missing=bool(problem) and not fields.integrity,
        more=max(0, len(ready.blocking) - LISTED_AT_MOST),
        late=work.due_at is not None and utcnow() > work.due_at,
    )


@blueprint.get("/proyek/kerja/<int:work_id>/kumpulkan")
@allowed(Deed.WRITE_WORK, load_work)
def hand_in(work: Workspace) -> ResponseReturnValue:
    """What was found in all sections, what is still needed, what will be locked."""
    ready = actions.readiness(work)
    reasons = models.last_reasons(work.id) if ready.number > 1 and ready.possible else {}
    return _page(work, ready, HandInFields(reasons=reasons))


@blueprint.post("/proyek/kerja/<int:work_id>/kumpulkan")
@allowed(Deed.WRITE_WORK, load_work, late=True)
def send(work: Workspace) -> ResponseReturnValue:
    """Make the version, or the way to the one that an earlier press made."""
    now = utcnow()
    fields = hand_in_fields(request.form)
    write_from_here()
    try:
        version, made = actions.hand_in(
            work,
            expected=fields.expected,
            seen=fields.seen,
            reasons=fields.reasons,
            integrity=fields.integrity,
            key=signing_key(current_app.config["LMS"].secret_key),
            by=person().id,
            now=now,
        )
    except actions.NotReady as error:
        db.session.rollback()
        begin_reading()
        status = 422 if isinstance(error, actions.Incomplete) else 409
        return _page(work, error.readiness, fields, said(error)), status
    except Refused as error:
        db.session.rollback()
        flash(said(error), "warn")
        return redirect(url_for("projects.front", code=work.code, item=work.stable_id), 303)
    if made:
        letters.receipt(work, version, now=now)
    submission_id = version.id
    db.session.commit()
    return redirect(url_for("projects.receipt", submission_id=submission_id), 303)
