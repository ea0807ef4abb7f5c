"""Adding files to a section and taking them out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from lms import activecontent, files
from lms.extensions import db
from lms.projects import content, uploads
from lms.projects.actions.beginning import hold
from lms.projects.actions.saving import Saved, refuse_locked, unchanged, write
from lms.projects.models import Attachment, DraftRow, Workspace
from lms.projects.source import FilesSection
from lms.refusals import Refused


def add_file(
    work: Workspace,
    section: FilesSection,
    upload: files.Upload,
    name: str,
    *,
    by: int,
    now: datetime,
    scanning: bool = False,
) -> Saved:
    """Put a received file into a section. The caller discards ``upload`` afterwards, whatever happens.

    ``scanning`` says that a virus scanner is set, which will look at it.

    A file that is there already under this name changes nothing: it was sent once more because the answer was lost.
    Raises Locked, and Refused when the section is full or holds the same content under another name.
    """
    # looked through before anybody has to wait for this
    active = activecontent.found(upload.path.read_bytes(), upload.kind)
    rows = hold(work, now=now)
    row = rows[section.id]
    refuse_locked(row)
    held = files_of(row)
    same = next((each for each in held if each.sha256 == upload.sha256), None)
    if same is not None and same.name == name:
        return unchanged(work, rows, section)
    if len(held) >= section.max:
        raise Refused(
            "Bagian ini sudah berisi %(count)s berkas, jumlah terbanyaknya. "
            "Hapus satu berkas, lalu unggah lagi.",
            count=len(held),
        )
    if same is not None:
        raise Refused("Berkas dengan isi yang sama sudah ada: %(name)s.", name=same.name)
    media_type = files.MEDIA_TYPES[upload.kind]
    files.keep(upload.path, upload.sha256, upload.size, media_type, now=now)
    uploads.inspect(upload.sha256, active=active, scanning=scanning, now=now)
    known = db.session.scalar(
        select(Attachment).where(
            Attachment.work_id == work.id,
            Attachment.section_id == section.id,
            Attachment.sha256 == upload.sha256,
            Attachment.name == name,
        )
    )
    if known is not None:  # taken out before and put in again: the addresses in earlier versions stay good
        known.removed_at = None
    else:
        db.session.add(
            Attachment(
                work_id=work.id,
                section_id=section.id,
                sha256=upload.sha256,
                name=name,
                media_type=media_type,
                size=upload.size,
                added_by=by,
                added_at=now,
            )
        )
    db.session.flush()
    new = (*held, content.FileRef(upload.sha256, name, upload.size, media_type))
    return write(work, rows, section, content.encode(new), None, by=by, now=now)


def remove_file(work: Workspace, section: FilesSection, sha256: str, *, by: int, now: datetime) -> Saved:
    """Take a file out of a section; versions that hold it keep it. Taking it out twice changes nothing.

    Raises Locked.
    """
    rows = hold(work, now=now)
    row = rows[section.id]
    refuse_locked(row)
    held = files_of(row)
    left = tuple(each for each in held if each.sha256 != sha256)
    db.session.execute(
        update(Attachment)
        .where(
            Attachment.work_id == work.id,
            Attachment.section_id == section.id,
            Attachment.sha256 == sha256,
            Attachment.removed_at.is_(None),
        )
        .values(removed_at=now)
        .execution_options(synchronize_session=False)
    )
    if len(left) == len(held):
        return unchanged(work, rows, section)
    return write(work, rows, section, content.encode(left), None, by=by, now=now)


def files_of(row: DraftRow) -> tuple[content.FileRef, ...]:
    """The files of a section's draft; none where it is no files section."""
    held = row.content
    return held if isinstance(held, tuple) else ()
