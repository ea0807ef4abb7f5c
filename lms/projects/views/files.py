"""Files of a section: taking them in, taking them out, handing them over."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from flask import (
    Response,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from lms import files
from lms.access import Deed
from lms.extensions import begin_reading, csrf, db, utcnow
from lms.guard import allowed, person, wants_json
from lms.projects import actions, models, previews, uploads
from lms.projects.models import Attachment, Workspace
from lms.projects.source import FilesSection
from lms.projects.views import blueprint
from lms.projects.views.loading import find_section, is_masked, load_work, said
from lms.projects.views.workspace import answer, others_writing, show, upload_limit_mb
from lms.refusals import Refused
from lms.web import SANDBOX

MB = 1024 * 1024
AROUND_A_FILE = 64 * 1024  # bytes of the form around it
DRAINED_AT_MOST = 200 * MB
NAME_AT_MOST = 120


def files_section(work: Workspace, section_id: str) -> FilesSection:
    section = find_section(work, section_id)
    if not isinstance(section, FilesSection):
        abort(404)
    return section


@blueprint.post("/proyek/kerja/<int:work_id>/<section_id>/berkas")
@csrf.exempt  # checked below: the check reads the form, which must wait for this section's own limit
@allowed(Deed.WRITE_WORK, load_work)
def upload(work: Workspace, section_id: str) -> ResponseReturnValue:
    """Add one file to a section."""
    section = files_section(work, section_id)
    # a slow sender must not hold up everybody who writes
    db.session.rollback()
    limit = upload_limit_mb(section)
    request.max_content_length = limit * MB + AROUND_A_FILE
    try:
        sent = request.files.get("file")
    except RequestEntityTooLarge:
        drain()
        return refused(
            work,
            section,
            _("Berkas melebihi %(limit)s MB. Unggah berkas yang lebih kecil.", limit=limit),
            413,
        )
    csrf.protect()
    if sent is None or not sent.filename:
        return refused(work, section, _("Pilih satu berkas, lalu unggah."), 422)
    name = tidy_name(sent.filename)
    try:
        return take(work, section, sent.stream, name, limit)  # type: ignore[arg-type]  # Werkzeug says IO[bytes]
    except files.FileRefused as error:
        return refused(work, section, said(error), 413 if "melebihi" in error.message else 422)


def take(
    work: Workspace,
    section: FilesSection,
    stream: BinaryIO,
    name: str,
    limit: int,
    also: Callable[[], None] = lambda: None,
) -> ResponseReturnValue:
    """Put what a stream brings into a section: read by content, pictures freed of their metadata.

    ``also`` is done in the same transaction. Raises FileRefused.
    """
    received = files.receive(stream, name, accept=section.accept, max_bytes=limit * MB)
    try:
        received = files.without_metadata(received)
        scanning = bool(current_app.config["LMS"].clamav)
        by, now = person().id, utcnow()

        def change() -> actions.Saved:
            saved = actions.add_file(work, section, received, name, by=by, now=now, scanning=scanning)
            also()
            return saved

        return _changed(work, section, change)
    finally:
        received.path.unlink(missing_ok=True)


@blueprint.post("/proyek/kerja/<int:work_id>/<section_id>/berkas/hapus")
@allowed(Deed.WRITE_WORK, load_work)
def remove_file(work: Workspace, section_id: str) -> ResponseReturnValue:
    """Take a file out of a section; versions that hold it keep it."""
    section = files_section(work, section_id)
    sha256 = request.form.get("sha256", "")[:64]
    return _changed(
        work, section, lambda: actions.remove_file(work, section, sha256, by=person().id, now=utcnow())
    )


def stands(work: Workspace, section: FilesSection) -> ResponseReturnValue:
    """What a file that is in its section already is answered with."""
    return _changed(work, section, lambda: actions.standing(work, section, now=utcnow()))


def _changed(
    work: Workspace, section: FilesSection, change: Callable[[], actions.Saved]
) -> ResponseReturnValue:
    """Do it, commit, and show the section as it stands then."""
    try:
        saved = change()
    except Refused as error:
        return refused(work, section, said(error), 409)
    notes = models.newest_notes(work.id, saved.rows) if wants_json() else []
    writing = others_writing(work) if wants_json() else {}
    links = models.attachment_ids(work.id) if wants_json() else {}
    held = saved.rows[section.id].content if wants_json() else ()
    known = uploads.inspections(each.sha256 for each in held) if isinstance(held, tuple) else {}
    db.session.commit()
    if not wants_json():
        address = url_for("projects.section", work_id=work.id, section_id=section.id, _anchor="isian")
        return redirect(address, 303)
    row = saved.rows[section.id]
    told = answer(work, section, saved, notes, row.content, writing)
    told["fragments"]["berkas"] = render_template(
        "projects/_files.html",
        work=work,
        section=section,
        held=row.content,
        links=links,
        row=row,
        inspections=known,
    )
    return jsonify(told)


def refused(work: Workspace, section: FilesSection, problem: str, status: int) -> ResponseReturnValue:
    db.session.rollback()
    begin_reading()
    if wants_json():
        return jsonify(error="refused", message=problem), status
    return show(work, section, problem=problem), status


def drain() -> None:
    """Read on for a while, because a browser that is cut off while sending shows no answer at all."""
    stream = request.environ["wsgi.input"]
    left = min(request.content_length or 0, DRAINED_AT_MOST)
    while left > 0:
        chunk = stream.read(min(left, MB))
        if not chunk:
            break
        left -= len(chunk)


def tidy_name(name: str) -> str:
    """A file's name as it may be kept and shown: no folders, no unseen characters, not too long, its
    ending kept.
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(each for each in name if unicodedata.category(each)[0] not in "CZ" or each == " ")
    stem, dot, ending = " ".join(shown.split()).rpartition(".")
    stem = stem.strip(". ")[: NAME_AT_MOST - len(ending) - 1] or "berkas"
    return f"{stem}{dot or '.'}{ending[:10]}"


@blueprint.get("/proyek/berkas/<int:attachment_id>")
@allowed(Deed.SEE_FILE, models.attachment)
def attachment(attachment: Attachment) -> ResponseReturnValue:
    """A file as a download: never shown inside the site, never guessed at, whatever is in it."""
    if is_infected(attachment):
        return infected_page(attachment)
    masked = is_masked(attachment.work)
    if not masked and request.if_none_match.contains(attachment.sha256):
        return Response(status=304)
    name, bare = shown_name(attachment), None
    try:
        if masked:
            try:
                bare = without_author(attachment.sha256, attachment.media_type)
            except previews.Unshowable:
                # only what cannot be cleaned is handed over as it is, and only when asked for
                if "apa-adanya" not in request.args:
                    raise
        stream: BinaryIO = files.store().open(attachment.sha256) if bare is None else io.BytesIO(bare)
    except FileNotFoundError:
        abort(404)
    except previews.Busy:
        abort(503)
    except previews.Unshowable:
        return render_template("projects/authored.html", name=name, attachment_id=attachment.id), 409
    response = send_file(
        stream,
        mimetype=attachment.media_type,
        as_attachment=True,
        download_name=name,
        conditional=False,
        etag=attachment.sha256 if bare is None else False,
        max_age=0,
    )
    response.content_length = attachment.size if bare is None else len(bare)
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "private, no-cache"
    return response


BARE = {files.MEDIA_TYPES[kind]: kind for kind in ("pdf", "docx", "xlsx")}
"""Kinds that carry who made them; pictures lost it when they came in."""


def without_author(sha256: str, media_type: str) -> bytes | None:
    """The file as a reviewer may have it who must not learn whose it is; None where it can go as it is.

    What is stored, and what the receipt names, stays as it came. Raises previews.Busy, Unshowable and FileNotFoundError.
    """
    if media_type not in BARE:
        return None
    db.session.rollback()  # taking a file apart takes a while: nobody waits for this reader meanwhile
    folder: Path = current_app.config["LMS"].instance / previews.FOLDER
    return previews.bare(sha256, BARE[media_type], lambda: files.store().open(sha256), folder, now=utcnow())


def is_infected(attachment: Attachment) -> bool:
    """Whether the scanner found something: then the file is handed to nobody."""
    known = uploads.inspections([attachment.sha256]).get(attachment.sha256)
    return known is not None and known.scan == "infected"


def infected_page(attachment: Attachment) -> ResponseReturnValue:
    """Why a file is not handed over, to whoever asks for it."""
    return render_template("projects/infected.html", name=shown_name(attachment)), 403


def shown_name(attachment: Attachment) -> str:
    """The file's name, unless it could tell a reviewer whose work it is."""
    if not is_masked(attachment.work):
        return attachment.name
    names = models.neutral_names(models.attachment_ids(attachment.work_id))
    return names[attachment.section_id, attachment.sha256, attachment.name]
