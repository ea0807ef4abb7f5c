"""A Word file into a text section: what it would bring, and what it would leave out."""

from __future__ import annotations

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lms import markup
from lms.access import Deed
from lms.extensions import begin_reading, db, utcnow
from lms.guard import allowed
from lms.projects import models, previews
from lms.projects.models import Workspace
from lms.projects.source import TextSection
from lms.projects.views import blueprint
from lms.projects.views.loading import find_section, load_work, said
from lms.projects.views.previews import folder, lost_words
from lms.projects.views.receiving import locked, received
from lms.projects.views.workspace import show
from lms.refusals import N_, Refused


@blueprint.post("/proyek/kerja/<int:work_id>/<section_id>/naskah-word")
@allowed(Deed.WRITE_WORK, load_work)
def word_preview(work: Workspace, section_id: str) -> ResponseReturnValue:
    """The text of an uploaded Word file beside what it loses; nothing is stored before it is accepted."""
    section = find_section(work, section_id)
    if not isinstance(section, TextSection):
        abort(404)
    db.session.rollback()
    begin_reading()
    rows = models.complete(work.project, models.drafts(work.id), now=utcnow())
    row = rows[section.id]
    held = row.content if isinstance(row.content, str) else ""
    if not row.open:
        return locked(work, section)
    db.session.rollback()
    try:
        with received("docx", N_("Pilih berkas Word (.docx) lebih dahulu.")) as upload:
            made = previews.shown(
                upload.sha256, "docx", lambda: upload.path.open("rb"), folder(), now=utcnow()
            ).facts
    except Refused as error:
        return show(work, section, problem=said(error)), 400
    except previews.Busy:
        problem = _("Server sedang membuka berkas lain. Coba lagi sebentar lagi; tulisan Anda tidak berubah.")
        return show(work, section, problem=problem), 503
    except previews.Unshowable:
        problem = _(
            "Berkas itu tidak dapat dibaca sebagai Word. Simpan ulang sebagai .docx, lalu unggah lagi."
        )
        return show(work, section, problem=problem), 400
    return render_template(
        "projects/wordfile.html",
        work=work,
        project=work.project,
        section=section,
        revision=row.revision,
        text=made["text"],
        rendered=markup.to_html(made["text"][: markup.MAX_PEOPLE], "people"),
        lost=lost_words(made["lost"]),
        cut=made["cut"],
        held=held,
    )
