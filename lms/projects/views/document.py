"""The whole work as one document, in Word to go on writing in, and as PDF to read and print."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace

import msgspec
from flask import abort, current_app, send_file
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from lms.access import Deed
from lms.extensions import db, utcnow
from lms.formats import long_datetime
from lms.guard import allowed
from lms.projects import content, models
from lms.projects.document import naskah, pdf, word
from lms.projects.models import SubmissionVersion, Workspace
from lms.projects.views import blueprint
from lms.projects.views.loading import is_masked, load_work
from lms.settings import Settings
from lms.web import SANDBOX

WRITERS = {"pdf": (pdf.write, "application/pdf"), "docx": (word.write, word.MEDIA_TYPE)}


@blueprint.get("/proyek/kerja/<int:work_id>/naskah.<kind>")
@allowed(Deed.SEE_WORK, load_work)
def draft_document(work: Workspace, kind: str) -> ResponseReturnValue:
    """The drafts as they stand now, marked as a draft."""
    rows = models.drafts(work.id)
    names = models.member_names(work.member_ids)
    db.session.rollback()  # setting a document takes a while: nobody waits for this reader meanwhile
    return _document(
        work,
        kind,
        models.contents_of(rows),
        names=sorted(names.values()),
        facts=[(_("Draf"), long_datetime(utcnow(), language=str(get_locale())))],
        state=_("draf"),
        draft=True,
    )


@blueprint.get("/proyek/versi/<int:submission_id>/naskah.<kind>")
@allowed(Deed.SEE_SUBMISSION, models.submission)
def version_document(version: SubmissionVersion, kind: str) -> ResponseReturnValue:
    """A handed-in version; who wrote it is left out for reviewers who are not to know."""
    work = models.workspace(version.work_id)
    assert work is not None  # a version's work is never deleted
    known = not is_masked(version.work)
    names = sorted(models.member_names(work.member_ids).values()) if known else []
    held = {part.section_id: content.decode(part.content) for part in version.parts}
    if not known:
        work = replace(work, name="")
        files = models.neutral_names(models.attachment_ids(work.id))
        held = {section: _without_names(section, each, files) for section, each in held.items()}
    handed_in = long_datetime(version.submitted_at, language=str(get_locale()))
    number, receipt = version.number, version.receipt
    db.session.rollback()
    facts = [(_("Versi"), f"{number}"), (_("Dikumpulkan"), handed_in)]
    return _document(
        work,
        kind,
        held,
        names=names,
        facts=[*facts, (_("Nomor bukti"), receipt)] if known else facts,
        state=_("versi %(number)s", number=number),
        draft=False,
    )


def _without_names(
    section_id: str, held: content.Content, names: Mapping[tuple[str, str, str], str]
) -> content.Content:
    """The content of a section with its files called what reviewers may read."""
    if not isinstance(held, tuple):
        return held
    return tuple(
        msgspec.structs.replace(file, name=names.get((section_id, file.sha256, file.name), _("Berkas")))
        for file in held
    )


def _document(
    work: Workspace,
    kind: str,
    held: Mapping[str, content.Content],
    *,
    names: list[str],
    facts: list[tuple[str, str]],
    state: str,
    draft: bool,
) -> ResponseReturnValue:
    if kind not in WRITERS:
        abort(404)
    write, media_type = WRITERS[kind]
    settings: Settings = current_app.config["LMS"]
    language = str(get_locale())
    words = naskah.Words(
        chapter=_("BAB"),
        table=_("Tabel"),
        total=_("Jumlah"),
        nothing=_("Bagian ini belum diisi."),
        file=_("Berkas"),
        size=_("Ukuran"),
        hash=_("SHA-256"),
    )
    title = work.project.title
    made = write(
        naskah.Naskah(
            title=title,
            subtitle=work.name or work.cohort,
            facts=(
                *([(_("Penyusun"), ", ".join(names))] if names else []),
                *([(_("Angkatan"), work.cohort)] if work.name else []),
                *facts,
            ),
            issuer=settings.organiser,
            running=f"{title} · {state}",
            draft=draft,
            language=language,
            chapters=naskah.chapters(work.project, held, words, language),
        ),
        contents=_("Daftar isi"),
        draft=_("DRAF"),
    )
    response = send_file(
        io.BytesIO(made),
        mimetype=media_type,
        as_attachment=True,
        download_name=f"{work.stable_id}-{state.replace(' ', '-')}.{kind}",
        max_age=0,
    )
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "private, no-cache"
    return response
