"""What comes back of a pack: sheets laid over private drafts, row by row."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, BinaryIO

import msgspec
from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from lms import archives, files
from lms.access import Deed, may
from lms.extensions import csrf, db, write_from_here
from lms.grading import actions
from lms.grading.content import ReviewContent
from lms.grading.offline import identity, rows, zipped
from lms.grading.offline.book import Sheet
from lms.grading.offline.identity import Identity
from lms.grading.offline.rows import Told, Words
from lms.grading.views import blueprint
from lms.grading.views.desk import PRACTISE_FIRST, practises_first
from lms.grading.views.deskpage import Desk
from lms.grading.views.offline import BOOK, choices, sheet_words, subject_of
from lms.grading.views.words import said
from lms.guard import allowed, person
from lms.projects import models as projects
from lms.projects import previews
from lms.projects.views.files import AROUND_A_FILE, drain
from lms.refusals import Refused
from lms.settings import Settings

BOOK_AT_MOST = 8 * 1024 * 1024
UPLOAD_AT_MOST = 32 * 1024 * 1024
"""Bytes of a pack that is brought back whole; its workbook alone is far smaller."""


@dataclass
class SheetReport:
    """What became of a sheet: which version it is about, or why none of it was read, and its rows."""

    name: str
    desk: Desk | None = None
    problem: str = ""
    told: Sequence[Told] = ()
    kept: bool = False

    def count(self, fate: str) -> int:
        return sum(1 for each in self.told if each.fate == fate)


@blueprint.post("/telaah/paket")
@csrf.exempt  # checked below: the check reads the form, which must wait for this page's own limit
@allowed(Deed.SEE_QUEUE, late=True)
def bring_back() -> ResponseReturnValue:
    """Lay what was typed offline over the private drafts, row by row, and say what became of each row."""
    request.max_content_length = UPLOAD_AT_MOST + AROUND_A_FILE
    try:
        sent = request.files.get("file")
    except RequestEntityTooLarge:
        drain()
        problem = gettext(
            "Unggahan melebihi %(limit)s MB. Unggah telaah.xlsx saja.", limit=UPLOAD_AT_MOST // 2**20
        )
        return render_template("grading/offline/offline.html", **choices(), problem=problem), 413
    csrf.protect()
    try:
        sheets = _uploaded(sent)
    except previews.Busy:
        problem = gettext(
            "Server sedang membuka berkas lain. Coba lagi sebentar lagi; tidak ada yang berubah."
        )
        return render_template("grading/offline/offline.html", **choices(), problem=problem), 503
    except Refused as error:
        return render_template("grading/offline/offline.html", **choices(), problem=said(error)), 422
    settings: Settings = current_app.config["LMS"]
    keys = [identity.key(secret) for secret in settings.secret_keys]
    words = sheet_words()
    known = [(at, sheet, identity.read_sheet(keys, sheet.token)) for at, sheet in enumerate(sheets)]
    # one order for everybody, so that two imports never wait for each other
    known.sort(key=lambda each: each[2].submission if each[2] else 0)
    write_from_here()
    found = {at: _bring(sheet, about, keys, words) for at, sheet, about in known}
    reports = [found[at] for at in sorted(found)]
    page = render_template(
        "grading/offline/report.html",
        reports=reports,
        taken=sum(each.count("taken") for each in reports),
        refused=sum(each.count("refused") for each in reports),
        unread=sum(1 for each in reports if each.problem),
    )
    db.session.commit()
    return page


def _uploaded(sent: FileStorage | None) -> tuple[Sheet, ...]:
    """The sheets of the uploaded workbook, or of the one in the uploaded pack. Raises Refused and previews.Busy."""
    if sent is None or not sent.filename:
        raise Refused("Pilih berkas telaah.xlsx lebih dahulu.")
    with files.temporary() as held:
        source: IO[bytes] = sent.stream
        if sent.filename.lower().endswith(".zip"):
            _workbook_in(source, held)
        else:
            _copy((iter(lambda: source.read(zipped.CHUNK), b"")), held)
        held.seek(0)
        try:
            facts = previews.asked("lms.grading.offline.reading", "xlsx", lambda: _again(held))
        except previews.Unshowable as error:
            raise Refused(
                "Berkas itu tidak dapat dibaca. Simpan ulang sebagai .xlsx, lalu unggah lagi."
            ) from error
    match facts.get("bad"):
        case "large":
            raise Refused("Isi berkas itu terlalu besar untuk lembar telaah.")
        case "broken":
            raise Refused("Berkas itu tidak dapat dibaca. Simpan ulang sebagai .xlsx, lalu unggah lagi.")
        case "foreign":
            raise Refused(
                "Berkas itu bukan lembar telaah dari paket luring. Unggah telaah.xlsx dari paket Anda."
            )
    found: tuple[Sheet, ...] = msgspec.convert(facts["sheets"], tuple[Sheet, ...])
    return found


def _again(held: BinaryIO) -> BinaryIO:
    """The file from its beginning, for a reader that closes what it read."""
    return os.fdopen(os.dup(held.fileno()), "rb")


def _workbook_in(source: IO[bytes], held: BinaryIO) -> None:
    """Copy the workbook out of a pack; nothing else of the archive is unpacked."""
    try:
        with zipfile.ZipFile(source) as archive:
            for entry in archives.entries(archive, archives.Limits(2_000, BOOK_AT_MOST, 6)):
                if entry.path.name == BOOK and len(entry.path.parts) <= 2:
                    _copy(entry.chunks, held)
                    return
    except archives.BROKEN as error:
        raise Refused("ZIP itu rusak. Unggah telaah.xlsx di dalamnya saja.") from error
    raise Refused("Di dalam ZIP itu tidak ada telaah.xlsx. Unggah paket Anda, atau lembarnya saja.")


def _copy(chunks: Iterable[bytes], held: BinaryIO) -> None:
    left = BOOK_AT_MOST
    for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise Refused(
                "Berkas melebihi %(limit)s MB. Unggah berkas yang lebih kecil.", limit=BOOK_AT_MOST // 2**20
            )
        held.write(chunk)
    held.flush()


def _bring(sheet: Sheet, about: Identity | None, keys: Sequence[bytes], words: Words) -> SheetReport:
    report = SheetReport(sheet.name)
    if about is None:
        report.problem = gettext(
            "Tanda lembar ini tidak dikenal: lembarnya diubah, atau bukan dari paket kami."
        )
        return report
    version = projects.submission(about.submission)
    if version is None or not may(person(), Deed.REVIEW, version):
        report.problem = gettext("Hasil kerja ini tidak (lagi) ada dalam tugas telaah Anda.")
        return report
    if about.reviewer != person().id:
        report.problem = gettext("Lembar ini dibuat untuk penelaah lain, jadi tidak dibaca.")
        return report
    desk = Desk(version, "")
    report.desk = desk
    if desk.sent is not None:
        report.problem = gettext("Telaah Anda atas versi ini sudah dikirim, jadi tidak dapat diubah lagi.")
    elif version.settled_at is not None:
        report.problem = gettext("Versi ini sudah selesai ditelaah.")
    elif about.content != version.sha256:
        report.problem = gettext("Isi hasil kerja ini bukan yang ada di paket.")
    elif practises_first(version):
        report.problem = gettext(PRACTISE_FIRST)
    elif about.rubric != identity.rubric_hash(desk.rubric):
        report.problem = gettext(
            "Rubrik proyek ini berubah sejak paket dibuat. Unduh paket baru, lalu salin isian Anda."
        )
    if report.problem:
        return report
    told = rows.merged(
        subject_of(desk),
        desk.stored,
        sheet.rows,
        words,
        lambda token: identity.read_row(keys, sheet.token, token),
    )
    _keep(report, desk, *told)
    return report


def _keep(report: SheetReport, desk: Desk, merged: ReviewContent, told: Sequence[Told]) -> None:
    """Store what came of it as the private draft, if nobody saved since it was read."""
    report.told = told
    if not report.count("taken"):
        return
    try:
        actions.keep_draft(
            desk.version,
            desk.draft,
            merged,
            beginning=desk.beginning,
            revision=desk.draft.revision if desk.draft else 0,
            by=person().id,
            now=desk.now,
        )
        report.kept = True
    except (actions.Stale, actions.Closed) as error:
        report.told, report.problem = (), said(error)
