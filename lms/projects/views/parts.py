"""Uploads in parts: a weak connection goes on where it broke, and nobody sends a megabyte twice."""

from __future__ import annotations

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lms import files
from lms.access import Deed
from lms.extensions import db, utcnow
from lms.guard import allowed, person
from lms.projects import uploads
from lms.projects.models import Workspace
from lms.projects.source import FilesSection
from lms.projects.uploads import PartialUpload
from lms.projects.views import blueprint
from lms.projects.views.files import MB, files_section, refused, stands, take, tidy_name
from lms.projects.views.loading import load_work, said
from lms.projects.views.workspace import upload_limit_mb

PART_AT_MOST = 1 * MB


@blueprint.post("/proyek/kerja/<int:work_id>/<section_id>/berkas/bagian")
@allowed(Deed.WRITE_WORK, load_work)
def begin_upload(work: Workspace, section_id: str) -> ResponseReturnValue:
    """Begin an upload in parts, or learn how much of the same file is here already."""
    section = files_section(work, section_id)
    name = tidy_name(request.form.get("name", ""))
    written = request.form.get("size", "")
    size = int(written) if written.isdecimal() and len(written) < 12 else 0
    limit = upload_limit_mb(section)
    if size > limit * MB:
        return refused(
            work,
            section,
            _("Berkas melebihi %(limit)s MB. Unggah berkas yang lebih kecil.", limit=limit),
            413,
        )
    if not size:
        return refused(work, section, _("Pilih satu berkas, lalu unggah."), 422)
    modified = request.form.get("modified", "")[:20]
    code = uploads.code_for(work.id, section.id, name=name, size=size, modified=modified, by=person().id)
    row = uploads.held(code, work.id, section.id)
    if row is not None and (row.received == row.size or files.part_size(code) < row.received):
        row.received = 0  # the file was taken before, or the folder was emptied: from the beginning
    if row is None:
        if uploads.under_way(work.id) >= uploads.OPEN_AT_MOST:
            told = _(
                "Terlalu banyak unggahan yang belum selesai. Lanjutkan salah satunya, atau coba lagi besok."
            )
            return refused(work, section, told, 429)
        now = utcnow()
        row = PartialUpload(
            code=code,
            work_id=work.id,
            section_id=section.id,
            name=name,
            size=size,
            received=0,
            started_by=person().id,
            started_at=now,
            touched_at=now,
        )
        db.session.add(row)
    answer = {"code": row.code, "received": row.received}
    db.session.commit()
    return jsonify(answer)


@blueprint.post("/proyek/kerja/<int:work_id>/<section_id>/berkas/bagian/<code>")
@allowed(Deed.WRITE_WORK, load_work)
def upload_part(work: Workspace, section_id: str, code: str) -> ResponseReturnValue:
    """Take the next part (the body) from ``?dari=`` on; the last one puts the file into the section."""
    section = files_section(work, section_id)
    # a slow sender must not hold up everybody who writes
    db.session.rollback()
    if (request.content_length or 0) > PART_AT_MOST:
        return refused(work, section, _("Bagian berkas itu terlalu besar."), 413)
    data = request.get_data(cache=False)  # bounded by what any form may hold
    offset = request.args.get("dari", "")
    row = uploads.held(code, work.id, section.id)
    if row is None or row.started_by != person().id:
        return refused(work, section, _("Unggahan ini tidak ada lagi. Mulai lagi dari awal."), 404)
    if data and row.received == row.size and offset == str(row.size - len(data)):
        # the last part once more, because the answer to it was lost
        return stands(work, section)
    if files.part_size(code) < row.received:
        row.received = 0  # the folder was emptied
    if offset != str(row.received) or not data or row.received + len(data) > row.size:
        received = row.received
        db.session.commit()
        return jsonify(error="offset", received=received), 409
    files.append(code, row.received, data)
    received, name = row.received + len(data), row.name
    if received == row.size:
        db.session.rollback()  # reading the file and freeing a picture takes a while: nobody waits for that
        return _complete(work, section, code, name)
    row.received = received
    row.touched_at = utcnow()
    db.session.commit()
    return jsonify(received=received)


def _complete(work: Workspace, section: FilesSection, code: str, name: str) -> ResponseReturnValue:
    """Put the file into the section; where that is refused for now, its parts stay for another try."""
    path = files.part(code)
    try:
        with path.open("rb") as stream:
            answer = take(
                work,
                section,
                stream,
                name,
                upload_limit_mb(section),
                also=lambda: uploads.complete(code, now=utcnow()),
            )
    except FileNotFoundError:  # the same part, sent twice at once, was faster
        return stands(work, section)
    except files.FileRefused as error:
        db.session.rollback()
        _forget(code)
        path.unlink(missing_ok=True)
        return refused(work, section, said(error), 422)
    if isinstance(answer, tuple):  # a section that is locked or full may take the file later
        db.session.rollback()
        row = uploads.held(code, work.id, section.id)
        return stands(work, section) if row is not None and row.received == row.size else answer
    path.unlink(missing_ok=True)
    return answer


def _forget(code: str) -> None:
    """The file is none that the section takes: what came of it goes."""
    row = db.session.get(PartialUpload, code)
    if row is not None:
        db.session.delete(row)
        db.session.commit()
