"""Reviewing without a network: the pack to take along, and what comes back."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import IO, BinaryIO

import msgspec
from flask import current_app, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext
from markupsafe import Markup
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from lms import archives, files, formats, markup
from lms.access import Deed, may
from lms.extensions import csrf, db, utcnow, write_from_here
from lms.grading import actions, blind, models
from lms.grading.content import NOTE_KINDS, ReviewContent
from lms.grading.offline import book, identity, rows, zipped
from lms.grading.offline.book import Sheet
from lms.grading.offline.identity import Identity
from lms.grading.offline.rows import EarlierNote, Option, Subject, Told, Words
from lms.grading.views import blueprint
from lms.grading.views.desk import PRACTISE_FIRST, practises_first
from lms.grading.views.deskpage import Desk, Document
from lms.grading.views.queue import Shown, shown
from lms.grading.views.words import kind_word, said
from lms.guard import allowed, person
from lms.projects import models as projects
from lms.projects import previews, uploads
from lms.projects.content import FileRef, decode
from lms.projects.models import ImprovementNote
from lms.projects.source import FilesSection, Section
from lms.projects.views.files import AROUND_A_FILE, drain, without_author
from lms.refusals import Refused
from lms.rubric import Rubric
from lms.settings import Settings
from lms.web import LANGUAGES, SANDBOX, STATIC, language, zone

VERSIONS_AT_MOST = 20
BY_ITSELF = 10
FILES_AT_MOST = 150 * 1024 * 1024
"""Bytes of learners' files in one pack."""
BOOK_AT_MOST = 8 * 1024 * 1024
UPLOAD_AT_MOST = 32 * 1024 * 1024
"""Bytes of a pack that is brought back whole; its workbook alone is far smaller."""
BOOK = "telaah.xlsx"
PAGE = "hasil-kerja.html"

_turns = threading.BoundedSemaphore(2)
"""Packs that one web process puts together at the same time; others are asked to come back."""


@blueprint.get("/telaah/paket")
@allowed(Deed.SEE_QUEUE)
def offline() -> ResponseReturnValue:
    """What can be taken along, and where to bring it back."""
    return render_template("grading/offline/offline.html", **_choices(), problem="")


def _choices() -> dict[str, object]:
    return {
        "lines": _waiting(),
        "by_itself": BY_ITSELF,
        "most": VERSIONS_AT_MOST,
        "room": FILES_AT_MOST,
    }


def _waiting() -> list[Shown]:
    """What the person can still review, in the order of the queue, as far as one pack can hold and some more."""
    now = utcnow()
    lines = models.oldest_waiting(person(), 2 * VERSIONS_AT_MOST)
    return [shown(line, now) for line in lines if not line.sent]


# Going out


@dataclass
class PackedFile:
    """A file of a learner: what it is called in the pack, why it is not there ('' where it is), and what else is to be
    said of it.
    """

    file: FileRef
    name: str
    path: str
    why_not: str = ""
    told: str = ""


@dataclass
class Packed:
    """One version as it goes into the pack."""

    number: int
    desk: Desk
    folder: str
    token: str
    files: dict[str, list[PackedFile]] = field(default_factory=dict)

    @property
    def page(self) -> str:
        return f"{self.folder}/{PAGE}"

    @property
    def left_out(self) -> int:
        return sum(1 for listed in self.files.values() for each in listed if each.why_not)


@blueprint.get("/telaah/paket.zip")
@allowed(Deed.SEE_QUEUE)
def pack() -> ResponseReturnValue:
    """The chosen versions (``?pilih=`` their ids), or those that come first in the queue, as one ZIP."""
    wanted = _wanted()
    if not _turns.acquire(blocking=False):
        problem = gettext("Server sedang menyusun paket lain. Coba lagi sebentar lagi.")
        return render_template("grading/offline/offline.html", **_choices(), problem=problem), 503
    try:
        desks, refused, locked = _desks(wanted)
        if not desks and locked:
            problem = gettext(PRACTISE_FIRST)
            return render_template("grading/offline/offline.html", **_choices(), problem=problem), 422
        if not desks:
            problem = gettext("Tidak ada hasil kerja yang dapat Anda bawa. Pilih yang menunggu telaah Anda.")
            return render_template("grading/offline/offline.html", **_choices(), problem=problem), 422
        out = files.temporary()
        try:
            _write(out, desks, refused)
        except BaseException:
            out.close()
            raise
    finally:
        _turns.release()
    response = send_file(
        out,
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"paket-telaah-{utcnow():%Y-%m-%d}.zip",
        max_age=0,
    )
    response.content_length = out.tell() if out.seek(0, 2) else 0
    out.seek(0)
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _wanted() -> list[int]:
    chosen = [
        int(each)
        for each in request.args.getlist("pilih")
        if each.isascii() and each.isdecimal() and len(each) < 19
    ]
    if request.args.getlist("pilih"):
        return list(dict.fromkeys(chosen))
    return [each.line.submission_id for each in _waiting()[:BY_ITSELF]]


def _desks(wanted: Sequence[int]) -> tuple[list[Desk], int, bool]:
    """The desks of these versions, how many were asked for that the person cannot review (any more), and whether
    one of those waits for the person's practice.
    """
    found: list[Desk] = []
    refused, locked = 0, False
    for submission_id in wanted:
        if len(found) == VERSIONS_AT_MOST:
            break
        version = projects.submission(submission_id)
        if version is None or not may(person(), Deed.REVIEW, version):
            refused += 1
            continue
        desk = Desk(version, None)
        if desk.pending and practises_first(version):
            refused, locked = refused + 1, True
        elif desk.pending:
            found.append(desk)
        else:
            refused += 1
    return found, refused + max(0, len(wanted) - len(found) - refused), locked


def _write(out: BinaryIO, desks: Sequence[Desk], refused: int) -> None:
    settings: Settings = current_app.config["LMS"]
    key = identity.key(settings.secret_key)
    packed = [_packed(number, desk, key) for number, desk in enumerate(desks, start=1)]
    words = _words()
    pages = [_sheet(each, words, key) for each in packed]
    workbook = book.write(pages, _book_words())
    rest = [_page_facts(each) for each in packed]
    db.session.rollback()  # copying files takes a while: nobody waits for this reader meanwhile
    archive = zipped.Archive(out, FILES_AT_MOST)
    for each in packed:
        for file in (file for listed in each.files.values() for file in listed if not file.why_not):
            _copy_file(archive, each, file)
    for each, facts in zip(packed, rest, strict=True):
        archive.add(each.page, _standalone("grading/offline/submission.html", packed=each, **facts))
    archive.add(
        "index.html",
        _standalone(
            "grading/offline/index.html",
            packed=packed,
            refused=refused,
            made_at=utcnow(),
            book=BOOK,
            room=FILES_AT_MOST,
        ),
    )
    archive.add(BOOK, workbook)
    archive.close()


def _copy_file(archive: zipped.Archive, packed: Packed, file: PackedFile) -> None:
    """Put a file into the pack, without its author where nobody may know; or say why it is not there."""
    ref, bare = file.file, None
    if packed.desk.setting.masked:
        try:
            bare = without_author(ref.sha256, ref.media_type)
        except (previews.Busy, previews.Unshowable):
            file.why_not = gettext(
                "tidak disertakan karena nama pembuat di dalamnya tidak dapat dihapus; lihat di meja telaah"
            )
            return
        except FileNotFoundError:
            file.why_not = gettext("tidak ditemukan di penyimpanan")
            return
    size = ref.size if bare is None else len(bare)
    opened: Callable[[], BinaryIO] = (
        partial(files.store().open, ref.sha256) if bare is None else partial(io.BytesIO, bare)
    )
    room = archive.room
    if not archive.copy(f"{packed.folder}/{file.path}", opened, size):
        file.why_not = (
            gettext("tidak disertakan karena paketnya akan terlalu besar; unduh dari meja telaah")
            if size > room
            else gettext("tidak ditemukan di penyimpanan")
        )


def _standalone(template: str, **facts: object) -> bytes:
    """A page that needs nothing beside it: its style is written into it."""
    page = render_template(template, **facts)
    style = (STATIC / "pack.css").read_text()
    return page.replace('<link rel="stylesheet" href="gaya.css">', f"<style>\n{style}</style>").encode()


def _packed(number: int, desk: Desk, key: bytes) -> Packed:
    version, setting = desk.version, desk.setting
    settings: Settings = current_app.config["LMS"]
    called = blind.code(settings.secret_key, version.work_id) if setting.masked else setting.names
    about = Identity(
        submission=version.id,
        reviewer=desk.reviewer_id,
        content=version.sha256,
        rubric=rubric_hash(desk.rubric),
        revision=desk.draft.revision if desk.draft else 0,
    )
    packed = Packed(number, desk, f"{number:02d}-{zipped.slug(called)}", identity.sheet(key, about))
    _list_files(packed)
    return packed


def rubric_hash(rubric: Rubric) -> str:
    """What stands for a rubric, its levels and weights."""
    return hashlib.sha256(msgspec.json.encode(rubric)).hexdigest()[:32]


def _list_files(packed: Packed) -> None:
    desk = packed.desk
    held = {section.id: decode(desk.parts[section.id].text) for section in _file_sections(desk)}
    listed = {section_id: each for section_id, each in held.items() if isinstance(each, tuple) and each}
    if not listed:
        return
    links = projects.attachment_ids(desk.version.work_id)
    neutral = projects.neutral_names(links) if desk.setting.masked else {}
    known = uploads.inspections(file.sha256 for each in listed.values() for file in each)
    taken: set[str] = set()
    for section_id, each in listed.items():
        found = packed.files.setdefault(section_id, [])
        for file in each:
            name = file.name
            if desk.setting.masked:
                name = neutral.get((section_id, file.sha256, file.name), gettext("Berkas"))
            one = PackedFile(file, name, f"berkas/{zipped.file_name(name, taken)}")
            inspection = known.get(file.sha256)
            if inspection is not None and inspection.scan == "infected":
                one.why_not = gettext("tidak disertakan karena pemindai menemukan sesuatu di dalamnya")
            found.append(one)


def _file_sections(desk: Desk) -> list[Section]:
    return [section for section in desk.sections if isinstance(section, FilesSection)]


@dataclass(frozen=True)
class SectionPage:
    """A section in the page of a version: as it is, what changed, and its notes of the version before."""

    number: int
    section: Section
    decided: bool
    document: Document
    changes: Document | None
    earlier: Sequence[tuple[ImprovementNote, Markup]]


def _page_facts(packed: Packed) -> dict[str, object]:
    desk = packed.desk
    sections = []
    for number, section in enumerate(desk.sections, start=1):
        part, before = desk.parts[section.id], desk.parts_before.get(section.id)
        changed = before is not None and before.sha256 != part.sha256
        sections.append(
            SectionPage(
                number,
                section,
                part.carried_from is None,
                desk.document(section, "penuh"),
                desk.document(section, "perubahan") if changed else None,
                [(note, markup.to_html(note.text, "people")) for note in desk.earlier_of(section.id)],
            )
        )
    return {
        "sections": sections,
        "version": desk.version,
        "project": desk.project,
        "who": desk.who,
        "book": BOOK,
    }


# The workbook


def subject_of(desk: Desk) -> Subject:
    """What the reviewer decides about, for the rows of a sheet."""
    titles = {section.id: f"{n}. {section.title}" for n, section in enumerate(desk.sections, start=1)}
    return Subject(
        sections=tuple(Option(each.id, titles[each.id]) for each in desk.open),
        rubric=desk.rubric,
        earlier=tuple(
            EarlierNote(note.id, note.section_id, markup.plain(note.text), note.reply)
            for note in desk.earlier
            if note.answerable and desk.is_open(note.section_id)
        ),
    )


def _options() -> tuple[tuple[Option, ...], tuple[Option, ...], tuple[Option, ...]]:
    return (
        (Option("accept", gettext("Terima")), Option("return", gettext("Kembalikan"))),
        tuple(Option(kind, kind_word(kind)) for kind in NOTE_KINDS),
        (Option("settled", gettext("Selesai")), Option("open", gettext("Belum"))),
    )


def _words() -> Words:
    """What the sheets call things, in the reader's language; what comes back may be in any."""
    also: dict[str, str] = {}
    for code in LANGUAGES:
        with force_locale(code):
            also |= {
                " ".join(option.label.split()).casefold(): option.id
                for options in _options()
                for option in options
            }
    decisions, kinds, judgements = _options()
    titles = {
        "decisions": gettext("Keputusan per bagian"),
        "criteria": gettext("Rubrik"),
        "earlier": gettext("Catatan versi sebelumnya"),
        "notes": gettext("Catatan penyempurnaan"),
        "general": gettext("Rekomendasi umum"),
        "section": gettext("Bagian"),
        "decision": gettext("Keputusan"),
        "criterion": gettext("Kriteria (bobot)"),
        "level": gettext("Tingkat"),
        "points": gettext("Angka dari 100"),
        "comment": gettext("Komentar"),
        "descriptors": gettext("Uraian tingkat"),
        "judgement": gettext("Sudah selesai?"),
        "note": gettext("Catatan"),
        "reply": gettext("Tindak lanjut peserta"),
        "kind": gettext("Jenis"),
    }
    return Words(decisions, kinds, judgements, titles, also)


def _book_words() -> book.Words:
    return book.Words(
        guide=gettext("Petunjuk"),
        choices=gettext("Pilihan"),
        number=gettext("Angka dari 100"),
        how=(
            gettext(
                "Satu lembar untuk satu hasil kerja. Isi sel yang berwarna; sel lain dikunci agar tidak terhapus."
            ),
            gettext("Pilih keputusan, tingkat, dan jenis catatan dari daftar di selnya."),
            gettext("Jenis catatan yang dikosongkan dibaca sebagai “Wajib diperbaiki”."),
            gettext(
                "Jangan memindahkan baris atau lembar: setiap baris hanya berlaku untuk hasil kerjanya sendiri."
            ),
            gettext(
                "Setelah selesai, unggah berkas ini di halaman “Telaah luring”. Isinya menjadi draf pribadi Anda; "
                "hasil telaah baru terkirim setelah Anda mengirimnya dari meja telaah."
            ),
        ),
    )


def _sheet(packed: Packed, words: Words, key: bytes) -> book.Page:
    desk = packed.desk
    version = desk.version
    handed_in = formats.long_datetime(version.submitted_at, zone(), language())
    return book.Page(
        name=packed.folder,
        token=packed.token,
        head=(
            desk.project.title,
            f"{desk.who} · {gettext('versi %(number)s', number=version.number)}",
            f"{gettext('Dikumpulkan')} {handed_in} · {packed.page}",
        ),
        blocks=rows.blocks(
            subject_of(desk),
            desk.stored,
            words,
            lambda name, base: identity.row(key, packed.token, name, base),
        ),
    )


# Coming back


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
        return render_template("grading/offline/offline.html", **_choices(), problem=problem), 413
    csrf.protect()
    try:
        sheets = _uploaded(sent)
    except previews.Busy:
        problem = gettext(
            "Server sedang membuka berkas lain. Coba lagi sebentar lagi; tidak ada yang berubah."
        )
        return render_template("grading/offline/offline.html", **_choices(), problem=problem), 503
    except Refused as error:
        return render_template("grading/offline/offline.html", **_choices(), problem=said(error)), 422
    settings: Settings = current_app.config["LMS"]
    keys = [identity.key(secret) for secret in settings.secret_keys]
    words = _words()
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
    elif about.rubric != rubric_hash(desk.rubric):
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
