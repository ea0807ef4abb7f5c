"""The pack to take along: chosen versions with their files, and the workbook to review them in."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from flask import current_app, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from lms import files, formats, markup
from lms.access import Deed, may
from lms.extensions import db, utcnow
from lms.grading import blind
from lms.grading.models import NoteLine
from lms.grading.offline import book, identity, rows, zipped
from lms.grading.offline.identity import Identity
from lms.grading.offline.rows import Words
from lms.grading.views import blueprint
from lms.grading.views.desk import PRACTISE_FIRST, practises_first
from lms.grading.views.deskpage import Desk, Document
from lms.grading.views.offline import (
    BOOK,
    BY_ITSELF,
    FILES_AT_MOST,
    VERSIONS_AT_MOST,
    choices,
    sheet_words,
    subject_of,
    waiting,
)
from lms.guard import allowed, person
from lms.projects import models as projects
from lms.projects import previews, uploads
from lms.projects.content import FileRef, decode
from lms.projects.source import FilesSection, Section
from lms.projects.views.files import without_author
from lms.settings import Settings
from lms.web import SANDBOX, STATIC, language, zone

PAGE = "hasil-kerja.html"

_turns = threading.BoundedSemaphore(2)
"""Packs that one web process puts together at the same time; others are asked to come back."""


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
        return render_template("grading/offline/offline.html", **choices(), problem=problem), 503
    try:
        desks, refused, locked = _desks(wanted)
        if not desks and locked:
            problem = gettext(PRACTISE_FIRST)
            return render_template("grading/offline/offline.html", **choices(), problem=problem), 422
        if not desks:
            problem = gettext("Tidak ada hasil kerja yang dapat Anda bawa. Pilih yang menunggu telaah Anda.")
            return render_template("grading/offline/offline.html", **choices(), problem=problem), 422
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
    return [each.line.submission_id for each in waiting()[:BY_ITSELF]]


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
    words = sheet_words()
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
        rubric=identity.rubric_hash(desk.rubric),
        revision=desk.draft.revision if desk.draft else 0,
    )
    packed = Packed(number, desk, f"{number:02d}-{zipped.slug(called)}", identity.sheet(key, about))
    _list_files(packed)
    return packed


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
    earlier: Sequence[tuple[NoteLine, Markup]]


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
