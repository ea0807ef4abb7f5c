"""Files of a work as pages of the site: nobody needs to open them on their own machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Response, abort, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lms import files, markup
from lms.access import Deed
from lms.extensions import db, utcnow
from lms.guard import allowed, person
from lms.projects import models, previews, uploads
from lms.projects.models import Attachment
from lms.projects.views import blueprint
from lms.projects.views.files import infected_page, is_infected, shown_name
from lms.web import SANDBOX

KINDS = {media_type: kind for kind, media_type in files.MEDIA_TYPES.items()}


def folder() -> Path:
    """Where the pages are kept."""
    instance: Path = current_app.config["LMS"].instance
    return instance / previews.FOLDER


def _shown(attachment: Attachment, page: int) -> previews.Shown:
    sha256 = attachment.sha256
    kind = KINDS.get(attachment.media_type, "")
    db.session.rollback()  # opening a file takes a while: nobody waits for this reader meanwhile
    return previews.shown(sha256, kind, lambda: files.store().open(sha256), folder(), now=utcnow(), page=page)


def _place(attachment: Attachment) -> tuple[str, str] | None:
    """Where a member finds the file in the work, as an address and its name; reviewers come from their desk."""
    if person().id not in attachment.member_ids:
        return None
    section = models.project(attachment.work.item_id).section(attachment.section_id)
    if section is None:  # the cohort moved to a course version without it
        return None
    address = url_for("projects.section", work_id=attachment.work_id, section_id=section.id)
    return address, section.title


@blueprint.get("/proyek/berkas/<int:attachment_id>/lihat")
@allowed(Deed.SEE_FILE, models.attachment)
def look(attachment: Attachment) -> ResponseReturnValue:
    """A file to read: PDF page by page with its text, a picture, a Word file as text, a workbook as tables."""
    known = uploads.inspections([attachment.sha256]).get(attachment.sha256)
    if known is not None and known.scan == "infected":
        return infected_page(attachment)
    asked = request.args.get("halaman", "1")
    page = int(asked) - 1 if asked.isdecimal() and 0 < int(asked[:6]) < 100_000 else 0
    facts: dict[str, Any] = {
        "attachment_id": attachment.id,
        "name": shown_name(attachment),
        "size": attachment.size,
        "back": _place(attachment),
    }
    kind = KINDS.get(attachment.media_type, "")
    status, problem, made = 200, "", None
    try:
        made = _shown(attachment, page).facts
    except previews.Busy:
        status, problem = 503, _("Server sedang membuka berkas lain. Muat ulang halaman ini sebentar lagi.")
    except previews.Unshowable:
        problem = _(
            "Berkas ini tidak dapat ditampilkan di sini, misalnya karena dikunci dengan kata sandi. Unduh untuk membukanya."
        )
    except FileNotFoundError:
        abort(404)
    page_html = render_template(
        "projects/look.html",
        **facts,
        kind=kind,
        inspection=known,
        problem=problem,
        made=made,
        text=markup.to_html(made["text"][: markup.MAX_PEOPLE], "people") if made and kind == "docx" else None,
        lost=lost_words(made["lost"]) if made and kind == "docx" else [],
    )
    response = current_app.make_response((page_html, status))
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


@blueprint.get("/proyek/berkas/<int:attachment_id>/halaman/<int:page>.png")
@allowed(Deed.SEE_FILE, models.attachment)
def page_picture(attachment: Attachment, page: int) -> ResponseReturnValue:
    """One page (from 1) as a picture that we drew ourselves."""
    if KINDS.get(attachment.media_type) not in ("pdf", "png", "jpg") or not 0 < page <= 100_000:
        abort(404)
    if is_infected(attachment):
        abort(403)
    try:
        made = _shown(attachment, page - 1)
    except previews.Busy:
        return Response(status=503, headers={"Retry-After": "5"})
    except (previews.Unshowable, FileNotFoundError):
        abort(404)
    response = Response(made.picture, mimetype="image/png")
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response


def lost_words(lost: dict[str, int]) -> list[str]:
    """What a Word file held and we do not show, in words."""
    told = {
        "pictures": lambda n: _("%(num)s gambar", num=n),
        "boxes": lambda n: _("%(num)s kotak teks", num=n),
        "footnotes": lambda n: _("%(num)s catatan kaki", num=n),
        "comments": lambda n: _("%(num)s komentar", num=n),
        "formulas": lambda n: _("%(num)s rumus", num=n),
        "deletions": lambda n: _("%(num)s hapusan terlacak", num=n),
        "objects": lambda n: _("%(num)s objek tertanam", num=n),
    }
    return [str(say(lost[name])) for name, say in told.items() if lost.get(name)]
