"""The pack as reviewers download and bring it back."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from lms import files
from lms.courses.models import CohortFacilitator
from lms.extensions import db
from lms.grading import actions, content, models
from lms.grading.content import Note, ReviewContent, SectionReview
from lms.grading.models import Review, ReviewDraft
from lms.grading.offline import identity
from lms.grading.views import offline, packing, unpacking
from lms.projects import actions as work_actions
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion
from lms.projects.uploads import Inspection
from tests.cast import NOW, Cast
from tests.conftest import Browser
from tests.grading.reviews import ACCEPTED, HOUR, RETURNED, handed_in, second_version, send
from tests.projects.test_bare import author_of, pdf_file
from tests.projects.work import PDF, begin, change_project, fill, hand_in, section_of

SignIn = Callable[[str], Browser]
PACK, PAGE = "/telaah/paket.zip", "/telaah/paket"
HOSTILE = "<script>alert(1)</script> =cmd|'/c calc'!A1"


@contextmanager
def at_rest(app: Flask) -> Iterator[None]:
    """A session of its own; what was arranged in it is committed."""
    with app.app_context():
        try:
            yield
            db.session.commit()
        finally:
            db.session.remove()


def arrange(app: Flask, deed: Callable[[], SubmissionVersion]) -> int:
    with at_rest(app):
        return deed().id


def with_file(
    cast: Cast, who: str = "sari", data: bytes = PDF, name: str = "Sari Wulandari.pdf"
) -> SubmissionVersion:
    """A first version with a file that tells whose it is."""
    work = begin(cast, who, now=NOW - HOUR)
    fill(work, cast.people[who], now=NOW - HOUR)
    upload = files.receive(io.BytesIO(data), name, accept=("pdf", "docx", "xlsx"), max_bytes=10**7)
    section: Any = section_of(work, "lampiran")
    work_actions.add_file(work, section, upload, name, by=cast.people[who], now=NOW - HOUR, scanning=False)
    return hand_in(work, cast.people[who], now=NOW)


def archive(response: TestResponse) -> zipfile.ZipFile:
    assert response.status_code == 200, response.get_data(as_text=True)[:500]
    assert response.mimetype == "application/zip"
    return zipfile.ZipFile(io.BytesIO(response.data))


def pages(found: zipfile.ZipFile) -> str:
    return "\n".join(found.read(name).decode() for name in found.namelist() if name.endswith(".html"))


def workbook(found: zipfile.ZipFile) -> Any:
    return openpyxl.load_workbook(io.BytesIO(found.read(offline.BOOK)))


def cell_of(sheet: Any, name: str, column: str) -> Any:
    """The cell in the row that is called so."""
    for row in sheet.iter_rows(max_col=1):
        if str(row[0].value or "").startswith(f"{name}~"):
            return sheet[f"{column}{row[0].row}"]
    raise LookupError(name)


def bring(who: Browser, book: Any, name: str = "telaah.xlsx") -> TestResponse:
    data = book
    if not isinstance(book, bytes):
        stream = io.BytesIO()
        book.save(stream)
        data = stream.getvalue()
    return who.post(PAGE, data={"file": (io.BytesIO(data), name)}, content_type="multipart/form-data")


def text(response: TestResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.get_data(as_text=True)))


def draft(app: Flask, submission_id: int, who: int) -> ReviewContent | None:
    with app.app_context():
        row = models.draft_of(submission_id, who)
        found = content.decode(row.content) if row else None
        db.session.remove()
        return found


# Who may


def test_only_facilitators_reach_it(as_person: SignIn, browser: Browser) -> None:
    for address in (PAGE, PACK):
        assert as_person("sari").get(address).status_code == 403
        assert as_person("ratna").get(address).status_code == 403
        assert browser.get(address).status_code in (302, 401)
    assert bring(as_person("sari"), b"x").status_code == 403
    assert as_person("dewi").post(PACK).status_code == 405


def test_without_work_the_page_says_so(as_person: SignIn) -> None:
    assert "Tidak ada hasil kerja yang menunggu" in text(as_person("dewi").get(PAGE))
    assert as_person("dewi").get(PACK).status_code == 422


def test_work_of_another_cohort_is_not_packed(app: Flask, cast: Cast, as_person: SignIn) -> None:
    here = arrange(app, lambda: handed_in(cast))
    assert as_person("hasan").get(f"{PACK}?pilih={here}").status_code == 422
    found = archive(as_person("dewi").get(f"{PACK}?pilih={here + 1}&pilih={here}&pilih=x&pilih={10**17}"))
    assert "2 pilihan tidak disertakan" in pages(found)


# What is in it


def test_the_pack_holds_pages_files_and_the_workbook(app: Flask, cast: Cast, as_person: SignIn) -> None:
    arrange(app, lambda: with_file(cast))
    response = as_person("dewi").get(PACK)
    assert response.content_length == len(response.data)
    found = archive(response)
    assert found.namelist() == [
        "01-sari-wulandari/berkas/sari-wulandari.pdf",
        "01-sari-wulandari/hasil-kerja.html",
        "index.html",
        "telaah.xlsx",
    ]
    assert found.read("01-sari-wulandari/berkas/sari-wulandari.pdf") == PDF
    page = found.read("01-sari-wulandari/hasil-kerja.html").decode()
    assert page.startswith("<!doctype html>")
    assert "Lama tinggal wisatawan" in page
    assert "Pengangguran menurun" in page
    assert 'href="berkas/sari-wulandari.pdf"' in page
    assert "<script" not in page
    assert "gaya.css" not in page
    assert "<style>" in page


def test_the_second_version_brings_notes_answers_and_changes(
    app: Flask, cast: Cast, as_person: SignIn
) -> None:
    def deed() -> SubmissionVersion:
        first = handed_in(cast)
        send(first, RETURNED, cast.people["dewi"])
        return second_version(cast, first)

    arrange(app, deed)
    found = archive(as_person("dewi").get(PACK))
    page = pages(found)
    assert "Sebutkan sumber angka." in page
    assert "Sumber ditambahkan." in page
    assert "<ins>" in page
    sheet = workbook(found).worksheets[1]
    assert cell_of(sheet, "kriteria:sasaran", "C").value == "4 Sangat baik"  # as far as it did not change


def test_hostile_text_is_text(app: Flask, cast: Cast, as_person: SignIn) -> None:
    def deed() -> SubmissionVersion:
        version = handed_in(cast)
        said = ReviewContent(summary=HOSTILE, sections={"isu": SectionReview("", (Note(HOSTILE),))})
        actions.keep_draft(
            version, None, said, beginning=ReviewContent(), revision=0, by=cast.people["dewi"], now=NOW
        )
        return version

    arrange(app, deed)
    found = archive(as_person("dewi").get(PACK))
    assert "<script" not in pages(found)
    book = workbook(found)
    assert not [c for s in book for row in s.iter_rows() for c in row if c.data_type == "f"]
    assert cell_of(book.worksheets[1], "catatan:1", "E").value == HOSTILE


def test_what_does_not_fit_or_is_infected_is_left_out_and_named(
    app: Flask, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission_id = arrange(app, lambda: with_file(cast))
    monkeypatch.setattr(packing, "FILES_AT_MOST", len(PDF) - 1)
    found = archive(as_person("dewi").get(PACK))
    assert not [name for name in found.namelist() if name.endswith(".pdf")]
    assert "paketnya akan terlalu besar" in pages(found)
    assert "1 tidak disertakan" in pages(found)
    monkeypatch.undo()
    with at_rest(app):
        version = db.session.get(SubmissionVersion, submission_id)
        assert version is not None
        sha256 = next(f.sha256 for f in work_files(version))
        db.session.merge(Inspection(sha256=sha256, scan="infected"))
    found = archive(as_person("dewi").get(PACK))
    assert not [name for name in found.namelist() if name.endswith(".pdf")]
    assert "pemindai" in pages(found)


def work_files(version: SubmissionVersion) -> tuple[Any, ...]:
    from lms.projects.content import decode

    return tuple(
        file for part in version.parts if isinstance(held := decode(part.content), tuple) for file in held
    )


def test_a_pack_holds_no_more_than_its_most(
    app: Flask, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [arrange(app, lambda who=who: handed_in(cast, who)) for who in ("sari", "budi")]
    monkeypatch.setattr(packing, "VERSIONS_AT_MOST", 1)
    found = archive(as_person("dewi").get(f"{PACK}?pilih={ids[1]}&pilih={ids[0]}"))
    assert "01-budi/hasil-kerja.html" in found.namelist()
    assert "1 pilihan tidak disertakan" in pages(found)


def test_two_at_a_time(app: Flask, cast: Cast, as_person: SignIn) -> None:
    arrange(app, lambda: handed_in(cast))
    assert packing._turns.acquire(blocking=False)
    assert packing._turns.acquire(blocking=False)
    try:
        assert as_person("dewi").get(PACK, check=False).status_code == 503
    finally:
        packing._turns.release()
        packing._turns.release()
    assert as_person("dewi").get(PACK).status_code == 200


def test_blind_packs_name_nobody(app: Flask, cast: Cast, as_person: SignIn) -> None:
    def deed() -> SubmissionVersion:
        change_project(blind="learner")
        return with_file(cast)

    arrange(app, deed)
    found = archive(as_person("dewi").get(PACK))
    everything = (
        " ".join(found.namelist())
        + pages(found)
        + str([c.value for s in workbook(found) for row in s.iter_rows() for c in row])
        + str(workbook(found).sheetnames)
    )
    assert "sari" not in everything.lower()
    assert "wulandari" not in everything.lower()
    assert [name for name in found.namelist() if name.endswith("/hasil-kerja.html")]


def test_files_of_blind_projects_come_without_their_author(app: Flask, cast: Cast, as_person: SignIn) -> None:
    data = pdf_file()
    with app.app_context():
        change_project(blind="learner")
        version = with_file(cast, data=data)
        ref = work_files(version)[0]
        address = f"/proyek/berkas/{next(iter(projects.attachment_ids(version.work_id).values()))}"
        db.session.commit()
        db.session.remove()
    assert author_of(data) == "Sari Wulandari"
    for _ in range(2):  # made, then kept
        response = as_person("dewi").get(address)
        assert response.status_code == 200
        assert response.data.startswith(b"%PDF-")
        assert response.content_length == len(response.data)
        assert author_of(response.data) == ""
        assert ref.sha256 not in str(response.headers)
        assert "lampiran-1.pdf" in response.headers["Content-Disposition"]
    assert author_of(as_person("dewi").get(f"{address}?apa-adanya=1").data) == ""  # it can be cleaned
    assert as_person("sari").get(address).data == data  # what is stored stays as it came
    found = archive(as_person("dewi").get(PACK))
    (name,) = [name for name in found.namelist() if name.endswith(".pdf")]
    assert author_of(found.read(name)) == ""


def test_a_file_that_keeps_its_author_is_not_handed_over_unasked(
    app: Flask, cast: Cast, as_person: SignIn
) -> None:
    with app.app_context():
        change_project(blind="learner")
        version = with_file(cast)  # a PDF that no library opens
        address = f"/proyek/berkas/{next(iter(projects.attachment_ids(version.work_id).values()))}"
        db.session.commit()
        db.session.remove()
    response = as_person("dewi").get(address)
    assert response.status_code == 409
    assert "tidak dapat dihapus" in text(response)
    assert "Sari" not in text(response)
    assert as_person("dewi").get(f"{address}?apa-adanya=1").data == PDF
    found = archive(as_person("dewi").get(PACK))
    assert not [name for name in found.namelist() if name.endswith(".pdf")]
    assert "nama pembuat di dalamnya tidak dapat dihapus" in pages(found)


def test_statements_grow_with_the_pack_only(
    app: Flask, cast: Cast, as_person: SignIn, count_statements: Any
) -> None:
    ids = [arrange(app, lambda who=who: with_file(cast, who)) for who in ("sari", "budi")]
    as_person("dewi").get(PACK)
    with count_statements() as one:
        as_person("dewi").get(f"{PACK}?pilih={ids[0]}")
    with count_statements() as two:
        as_person("dewi").get(PACK)
    assert len(two) - len(one) <= 13
    assert len(one) <= 18


# Bringing it back


def test_what_was_filled_in_becomes_the_private_draft(app: Flask, cast: Cast, as_person: SignIn) -> None:
    submission_id = arrange(app, lambda: handed_in(cast))
    book = workbook(archive(as_person("dewi").get(PACK)))
    sheet = book.worksheets[1]
    cell_of(sheet, "bagian:isu", "C").value = "Kembalikan"
    cell_of(sheet, "kriteria:isu", "C").value = "2 Cukup"
    cell_of(sheet, "kriteria:isu", "E").value = "Belum bersumber."
    cell_of(sheet, "kriteria:sasaran", "C").value = "9 Luar biasa"
    cell_of(sheet, "baru:1", "B").value = "1. Isu strategis"
    cell_of(sheet, "baru:1", "E").value = "Sebutkan sumber."
    response = bring(as_person("dewi"), book)
    assert response.status_code == 200
    told = text(response)
    assert "3 isian disimpan ke draf pribadi Anda, 1 isian ditolak" in told
    assert cell_of(sheet, "kriteria:sasaran", "C").coordinate in told
    assert "“9 Luar biasa” bukan salah satu pilihan" in told
    kept = draft(app, submission_id, cast.people["dewi"])
    assert kept is not None
    assert kept.section("isu") == SectionReview("return", (Note("Sebutkan sumber."),))
    assert (kept.opinion("isu").level, kept.opinion("isu").comment) == (2, "Belum bersumber.")
    with app.app_context():
        assert db.session.scalar(select(func.count(Review.id))) == 0
        db.session.remove()
    again = text(bring(as_person("dewi"), book))
    assert "0 isian disimpan" in again
    assert draft(app, submission_id, cast.people["dewi"]) == kept


def test_the_whole_pack_can_be_brought_back(app: Flask, cast: Cast, as_person: SignIn) -> None:
    submission_id = arrange(app, lambda: with_file(cast))
    old = archive(as_person("dewi").get(PACK))
    book = workbook(old)
    cell_of(book.worksheets[1], "umum", "E").value = "Layak."
    stream, inner = io.BytesIO(), io.BytesIO()
    book.save(inner)
    with zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, inner.getvalue() if name == offline.BOOK else old.read(name))
    assert "1 isian disimpan" in text(bring(as_person("dewi"), stream.getvalue(), "paket.zip"))
    kept = draft(app, submission_id, cast.people["dewi"])
    assert kept is not None
    assert kept.summary == "Layak."


def test_what_was_typed_online_since_is_not_overwritten(app: Flask, cast: Cast, as_person: SignIn) -> None:
    submission_id = arrange(app, lambda: handed_in(cast))
    book = workbook(archive(as_person("dewi").get(PACK)))
    cell_of(book.worksheets[1], "umum", "E").value = "Dari lembar."
    cell_of(book.worksheets[1], "bagian:isu", "C").value = "Terima"
    with at_rest(app):
        version = db.session.get(SubmissionVersion, submission_id)
        assert version is not None
        actions.keep_draft(
            version,
            None,
            ReviewContent(summary="Dari meja."),
            beginning=ReviewContent(),
            revision=0,
            by=cast.people["dewi"],
            now=NOW,
        )
    told = text(bring(as_person("dewi"), book))
    assert "juga diubah di meja telaah" in told
    assert "Dari lembar." in told
    assert "Dari meja." in told
    kept = draft(app, submission_id, cast.people["dewi"])
    assert kept is not None
    assert kept.summary == "Dari meja."
    assert kept.section("isu").decision == "accept"


def test_a_row_moved_to_another_submission_is_refused(app: Flask, cast: Cast, as_person: SignIn) -> None:
    ids = [arrange(app, lambda who=who: handed_in(cast, who)) for who in ("sari", "budi")]
    book = workbook(archive(as_person("dewi").get(f"{PACK}?pilih={ids[0]}&pilih={ids[1]}")))
    one, two = book.worksheets[1], book.worksheets[2]
    from_row, to_row = (cell_of(sheet, "bagian:isu", "C").row for sheet in (one, two))
    one[f"C{from_row}"].value = "Terima"
    for column in "ABC":
        two[f"{column}{to_row}"].value = one[f"{column}{from_row}"].value
    told = text(bring(as_person("dewi"), book))
    assert "berasal dari lembar hasil kerja lain" in told
    assert draft(app, ids[1], cast.people["dewi"]) is None
    kept = draft(app, ids[0], cast.people["dewi"])
    assert kept is not None
    assert kept.section("isu").decision == "accept"


def filled(app: Flask, as_person: SignIn) -> Any:
    book = workbook(archive(as_person("dewi").get(PACK)))
    cell_of(book.worksheets[1], "umum", "E").value = "Dari lembar."
    return book


def test_sheets_that_came_too_late_are_refused_with_the_reason(
    app: Flask, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission_id = arrange(app, lambda: handed_in(cast))
    book = filled(app, as_person)
    monkeypatch.setattr(identity, "rubric_hash", lambda _rubric: "another")
    assert "Rubrik proyek ini berubah" in text(bring(as_person("dewi"), book))
    monkeypatch.undo()
    forged = filled(app, as_person)
    forged.worksheets[1]["A1"].value = forged.worksheets[1]["A1"].value[:-1] + "x"
    assert "Tanda lembar ini tidak dikenal" in text(bring(as_person("dewi"), forged))
    with at_rest(app):
        db.session.add(
            CohortFacilitator(cohort_id=cast.cohort_id, person_id=cast.people["hasan"], added_at=NOW)
        )
    assert "untuk penelaah lain" in text(bring(as_person("hasan"), book))
    with at_rest(app):
        version = db.session.get(SubmissionVersion, submission_id)
        assert version is not None
        send(version, ACCEPTED, cast.people["hasan"], now=NOW + timedelta(hours=2))
    assert "sudah selesai ditelaah" in text(bring(as_person("dewi"), book))
    assert draft(app, submission_id, cast.people["dewi"]) is None


def test_after_the_review_was_sent_nothing_is_brought_back(app: Flask, cast: Cast, as_person: SignIn) -> None:
    submission_id = arrange(app, lambda: handed_in(cast))
    book = filled(app, as_person)
    with at_rest(app):
        version = db.session.get(SubmissionVersion, submission_id)
        assert version is not None
        send(version, RETURNED, cast.people["dewi"])
    assert "sudah dikirim" in text(bring(as_person("dewi"), book))
    with app.app_context():
        assert db.session.scalar(select(func.count(ReviewDraft.id))) == 0
        db.session.remove()


def test_whoever_reviews_here_no_more_brings_nothing_back(app: Flask, cast: Cast, as_person: SignIn) -> None:
    arrange(app, lambda: handed_in(cast))
    book = filled(app, as_person)
    with at_rest(app):
        db.session.execute(CohortFacilitator.__table__.delete())  # type: ignore[attr-defined]
    told = text(bring(as_person("dewi"), book))
    assert "tidak (lagi) ada dalam tugas telaah Anda" in told
    assert "Proyek uji" not in told


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"", "telaah.xlsx", "tidak dapat dibaca"),
        (b"bukan excel", "telaah.xlsx", "tidak dapat dibaca"),
        (b"PK\x05\x06" + b"\0" * 18, "paket.zip", "tidak ada telaah.xlsx"),
        (b"rusak", "paket.zip", "ZIP itu rusak"),
        (b"x" * (unpacking.BOOK_AT_MOST + 1), "telaah.xlsx", "melebihi 8 MB"),
        (b"x" * (unpacking.UPLOAD_AT_MOST + 100_000), "paket.zip", "Unggah telaah.xlsx saja"),
    ],
)
def test_wrong_files_are_refused(as_person: SignIn, data: bytes, name: str, said: str) -> None:
    response = bring(as_person("dewi"), data, name)
    assert response.status_code == (413 if len(data) > unpacking.UPLOAD_AT_MOST else 422)
    assert said in text(response)


def test_without_a_token_nothing_is_taken(as_person: SignIn) -> None:
    dewi = as_person("dewi")
    response = dewi.post(
        PAGE,
        data={"file": (io.BytesIO(b"x"), "telaah.xlsx")},
        content_type="multipart/form-data",
        token=False,
    )
    assert response.status_code == 400


def test_bombs_are_refused(as_person: SignIn) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr(offline.BOOK, b"\0" * (unpacking.BOOK_AT_MOST + 10))
    response = bring(as_person("dewi"), stream.getvalue(), "paket.zip")
    assert response.status_code == 422
    assert "melebihi" in text(response)


def test_without_a_file_the_page_asks_for_one(as_person: SignIn) -> None:
    response = as_person("dewi").post(PAGE, data={})
    assert response.status_code == 422
    assert "Pilih berkas telaah.xlsx" in text(response)
