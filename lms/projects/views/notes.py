"""The team's follow-up to a reviewer's note."""

from __future__ import annotations

from flask import jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from lms import formats
from lms.access import Deed
from lms.extensions import begin_reading, db, utcnow
from lms.guard import allowed, person, wants_json
from lms.projects import actions, models
from lms.projects.forms import reply_in, reply_kind_in
from lms.projects.models import ImprovementNote, Workspace
from lms.projects.views import blueprint
from lms.projects.views.loading import find_section, said
from lms.projects.views.workspace import show
from lms.refusals import Refused
from lms.web import zone


@blueprint.post("/proyek/catatan/<int:note_id>")
@allowed(Deed.WRITE_WORK, models.note)
def reply(note: ImprovementNote) -> ResponseReturnValue:
    """Save the follow-up to one note."""
    now = utcnow()
    text = reply_in(request.form)
    try:
        actions.reply(note, text, by=person().id, now=now, kind=reply_kind_in(request.form))
    except Refused as error:
        return _refused(note, said(error), text, 409 if isinstance(error, actions.Locked) else 413)
    db.session.commit()
    if wants_json():
        time = formats.clock_time(now, zone(), str(get_locale()))
        return jsonify(saved=gettext("Tersimpan otomatis %(time)s", time=time), fragments={})
    address = url_for(
        "projects.section", work_id=note.work_id, section_id=note.section_id, _anchor=f"catatan-{note.id}"
    )
    return redirect(address, 303)


def _refused(note: ImprovementNote, problem: str, text: str, status: int) -> ResponseReturnValue:
    note_id, work_id, section_id = note.id, note.work_id, note.section_id
    db.session.rollback()
    begin_reading()
    work: Workspace | None = models.workspace(work_id)
    if wants_json() or work is None:
        return jsonify(error="locked", message=problem), status
    return show(work, find_section(work, section_id), problem=problem, reply=(note_id, text)), status
