"""What a section was before, and the way back to it."""

from __future__ import annotations

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms import markup
from lms.access import Deed
from lms.extensions import db, utcnow
from lms.guard import allowed, person
from lms.projects import actions, content, diff, history, models
from lms.projects.forms import revision_in
from lms.projects.models import Workspace
from lms.projects.source import FilesSection, Section
from lms.projects.views import blueprint
from lms.projects.views.loading import find_section, load_work, said
from lms.projects.views.section import conflict
from lms.projects.views.workspace import show


def _written(work: Workspace, section_id: str) -> Section:
    section = find_section(work, section_id)
    if isinstance(section, FilesSection):
        abort(404)
    return section


@blueprint.get("/proyek/kerja/<int:work_id>/<section_id>/riwayat")
@allowed(Deed.SEE_WORK, load_work)
def section_history(work: Workspace, section_id: str) -> ResponseReturnValue:
    """The kept states, newest first; one of them beside what stands now (``?keadaan=`` its id)."""
    section = _written(work, section_id)
    page = history.snapshots(work.id, section.id, request.args.get("after"))
    asked = request.args.get("keadaan", "")
    chosen = (
        history.snapshot(work.id, section.id, int(asked)) if asked.isdecimal() and len(asked) < 19 else None
    )
    if asked and chosen is None:
        abort(404)
    row = models.complete(work.project, models.drafts(work.id), now=utcnow())[section.id]
    then, now = (content.decode(chosen.content) if chosen else None), row.content
    texts = isinstance(then, str) and isinstance(now, str)
    return render_template(
        "projects/history.html",
        work=work,
        project=work.project,
        section=section,
        row=row,
        page=page,
        chosen=chosen,
        then=then,
        rendered=markup.to_html(then, "people") if isinstance(then, str) else None,
        changes=diff.texts(then, now) if texts else (),  # type: ignore[arg-type]  # both are, as just asked
        names=models.member_names({*(each.saved_by for each in page.rows if each.saved_by)}),
    )


@blueprint.post("/proyek/kerja/<int:work_id>/<section_id>/riwayat/<int:snapshot_id>")
@allowed(Deed.WRITE_WORK, load_work)
def restore(work: Workspace, section_id: str, snapshot_id: int) -> ResponseReturnValue:
    """Put a kept state in the draft's place."""
    section = _written(work, section_id)
    old = history.snapshot(work.id, section.id, snapshot_id)
    if old is None:
        abort(404)
    try:
        actions.restore(work, section, old, revision=revision_in(request.form), by=person().id, now=utcnow())
    except actions.Locked as error:
        db.session.rollback()
        return show(work, section, problem=said(error)), 409
    except actions.Stale as error:
        return conflict(work, section, content.decode(old.content), error.row)
    db.session.commit()
    return redirect(url_for("projects.section", work_id=work.id, section_id=section.id, _anchor="isian"), 303)
