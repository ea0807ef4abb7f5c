"""Files that people upload: believed by content only, bounded, kept, and handed over as downloads."""

from __future__ import annotations

import hashlib
import io
import zipfile
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select, update

from lms import files
from lms.courses.models import Enrolment, GradeEntry
from lms.extensions import db, utcnow
from lms.files import Blob
from lms.projects import models
from lms.projects.models import Attachment, Work
from lms.projects.views.files import tidy_name
from tests import page_checks
from tests.cast import Cast
from tests.conftest import Browser
from tests.projects.test_bare import pdf_file
from tests.projects.work import PDF, PNG, begin, change_project, docx, fill, hand_in, review

MB = 1024 * 1024


@pytest.fixture
def work(cast: Cast, session: Any) -> models.Workspace:
    found = begin(cast)
    db.session.commit()
    return found


def page_of(work: models.Workspace) -> str:
    return f"/proyek/kerja/{work.id}/lampiran"


def upload(
    browser: Browser,
    work: models.Workspace,
    body: bytes = PDF,
    name: str = "peta.pdf",
    *,
    accept: str = "text/html",
) -> Any:
    """Send one file as a browser's form does."""
    return browser.post(
        f"{page_of(work)}/berkas",
        data={"file": (io.BytesIO(body), name), "csrf_token": browser.csrf_token()},
        content_type="multipart/form-data",
        headers={"Accept": accept},
    )


def attachment(work: models.Workspace) -> int:
    try:
        return db.session.scalars(select(Attachment.id).where(Attachment.work_id == work.id)).one()
    finally:
        db.session.rollback()


def listed(work: models.Workspace) -> list[str]:
    try:
        held = models.drafts(work.id)["lampiran"].content
        return [file.name for file in held] if isinstance(held, tuple) else []
    finally:
        db.session.rollback()


def test_a_file_goes_in_and_out_through_plain_forms(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    page = browser.get(page_of(work))
    assert page_checks.form_fields(page, f"{page_of(work)}/berkas")["csrf_token"]
    response = upload(browser, work)
    assert (response.status_code, response.location) == (303, f"{page_of(work)}#isian")
    page = browser.get(page_of(work))
    shown = unescape(page.get_data(as_text=True))
    assert "peta.pdf" in shown
    assert hashlib.sha256(PDF).hexdigest()[:12] in shown
    assert f"{len(PDF)} byte" in shown
    assert browser.submit_form(page, f"{page_of(work)}/berkas/hapus").status_code == 303
    assert listed(work) == []
    assert "Belum ada berkas" in browser.get(page_of(work)).get_data(as_text=True)


def test_our_module_gets_the_list_as_it_stands(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    response = upload(browser, work, accept="application/json")
    assert response.status_code == 200
    assert "peta.pdf" in response.get_json()["fragments"]["berkas"]
    assert 'name="csrf_token"' in response.get_json()["fragments"]["berkas"]
    assert "1 berkas" in response.get_json()["fragments"]["daftar-bagian"]


@pytest.mark.parametrize(
    ("body", "name", "status", "said"),
    [
        (b"MZ\x90\x00" + b"\0" * 60, "peta.pdf", 422, "bukan PDF, PNG"),
        (b"<html><script>alert(1)</script>", "peta.png", 422, "bukan PDF, PNG"),
        (b"", "peta.pdf", 422, "kosong"),
        (PNG, "peta.pdf", 422, "isinya PNG"),
        (PDF, "peta", 422, "isinya PDF"),
        (PDF, "peta.exe", 422, "isinya PDF"),
        (docx(), "laporan.docx", 422, "bukan PDF, PNG"),
        (b"%PDF-1.7\n" + b"0" * MB, "besar.pdf", 413, "melebihi 1 MB"),
        (b"%PDF-1.7\n" + b"0" * (6 * MB), "sangat-besar.pdf", 413, "melebihi 1 MB"),
    ],
)
def test_hostile_files_are_refused_with_a_sentence(
    work: models.Workspace, as_person: Any, body: bytes, name: str, status: int, said: str
) -> None:
    browser = as_person("sari")
    response = upload(browser, work, body, name)
    assert response.status_code == status
    assert said in unescape(response.get_data(as_text=True))
    told = upload(browser, work, body, name, accept="application/json")
    assert told.status_code == status
    assert said in told.get_json()["message"]
    assert listed(work) == []
    assert (
        db.session.scalar(
            select(func.count(Blob.sha256)).where(Blob.sha256 == hashlib.sha256(body).hexdigest())
        )
        == 0
    )


def test_a_document_with_macros_or_one_that_swells_is_no_document(
    work: models.Workspace, as_person: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = as_person("sari")
    sections = tuple(
        replace(each, accept=("docx",)) if each.id == "lampiran" else each for each in work.project.sections
    )
    change_project(sections=sections)
    db.session.commit()
    assert upload(browser, work, docx(), "laporan.docx").status_code == 303
    assert upload(browser, work, docx(extra="word/vbaProject.bin"), "makro.docx").status_code == 422
    monkeypatch.setattr(files, "SWELLS_AT_MOST", 20 * MB)
    bomb = docx(b"\0" * (21 * MB))
    assert len(bomb) < MB
    assert upload(browser, work, bomb, "bom.docx").status_code == 422
    assert listed(work) == ["laporan.docx"]


def test_no_file_at_all_is_said(work: models.Workspace, as_person: Any) -> None:
    response = as_person("sari").post(f"{page_of(work)}/berkas", data={"x": "1"})
    assert response.status_code == 422
    assert "Pilih satu berkas" in response.get_data(as_text=True)


def test_an_upload_without_its_token_is_refused(work: models.Workspace, as_person: Any) -> None:
    response = as_person("sari").post(
        f"{page_of(work)}/berkas",
        data={"file": (io.BytesIO(PDF), "peta.pdf")},
        content_type="multipart/form-data",
        token=False,
    )
    assert response.status_code == 400
    assert listed(work) == []


def test_a_signed_out_upload_asks_to_sign_in(work: models.Workspace, browser: Browser) -> None:
    for body in (PDF, b"%PDF-1.7\n" + b"0" * (6 * MB)):
        response = browser.post(
            f"{page_of(work)}/berkas",
            data={"file": (io.BytesIO(body), "peta.pdf")},
            content_type="multipart/form-data",
            headers={"Accept": "application/json"},
            token=False,
        )
        assert response.status_code in (400, 401, 413)
    assert listed(work) == []


def test_only_files_sections_take_files(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    assert browser.post(f"/proyek/kerja/{work.id}/isu/berkas").status_code == 404
    assert browser.post(f"/proyek/kerja/{work.id}/isu/berkas/hapus").status_code == 404
    assert browser.get(f"{page_of(work)}/berkas").status_code == 405


def test_a_full_section_takes_no_more(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    for at in range(2):
        assert upload(browser, work, PDF + bytes([at]), f"{at}.pdf").status_code == 303
    response = upload(browser, work, PDF + b"x", "x.pdf")
    assert response.status_code == 409
    assert "jumlah terbanyaknya" in response.get_data(as_text=True)
    assert listed(work) == ["0.pdf", "1.pdf"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("peta.pdf", "peta.pdf"),
        ("../../etc/peta.pdf", "peta.pdf"),
        (r"C:\Data\peta kota.pdf", "peta kota.pdf"),
        ("pe\u202eta\n\x07.pdf", "peta.pdf"),
        ("  peta   kota .pdf", "peta kota.pdf"),
        (".pdf", "berkas.pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("penelitian ekonomi \u00e9.pdf", "penelitian ekonomi é.pdf"),
    ],
)
def test_names_are_tidied(sent: str, kept: str) -> None:
    assert tidy_name(sent) == kept


# Handing over


def test_a_download_is_a_download_whatever_is_in_it(work: models.Workspace, as_person: Any) -> None:
    browser = as_person("sari")
    upload(browser, work, PDF, "peta 'kota' é.pdf")
    response = browser.get(f"/proyek/berkas/{attachment(work)}")
    assert response.status_code == 200
    assert response.data == PDF
    disposition = response.headers["Content-Disposition"]
    assert disposition.startswith("attachment;")
    assert "filename*=UTF-8''peta%20%27kota%27%20%C3%A9.pdf" in disposition
    assert response.headers["Content-Security-Policy"].startswith("sandbox;")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Length"] == str(len(PDF))
    assert "private" in response.headers["Cache-Control"]
    again = browser.get(
        f"/proyek/berkas/{attachment(work)}", headers={"If-None-Match": response.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("who", "before", "after"),
    [
        ("sari", 200, 200),
        ("dewi", 403, 200),
        ("ratna", 403, 200),
        ("budi", 404, 404),
        ("tono", 404, 404),
        ("hasan", 404, 404),
        ("wati", 404, 404),
    ],
)
def test_who_may_open_a_file(
    work: models.Workspace, cast: Cast, as_person: Any, session: Any, who: str, before: int, after: int
) -> None:
    upload(as_person("sari"), work)
    address = f"/proyek/berkas/{attachment(work)}"
    assert as_person(who).get(address).status_code == before
    fill(work, cast.people["sari"])
    hand_in(work, cast.people["sari"])
    db.session.commit()
    assert as_person(who).get(address).status_code == after


def test_a_file_of_a_draft_closes_with_the_removal_and_one_of_a_version_stays(
    work: models.Workspace, cast: Cast, as_person: Any, session: Any
) -> None:
    browser = as_person("sari")
    upload(browser, work)
    first = attachment(work)
    fill(work, cast.people["sari"])
    hand_in(work, cast.people["sari"])
    review(work.id, 1, returned=("lampiran",))
    db.session.commit()
    assert upload(browser, work, PNG, "pohon.png").status_code == 303
    second = db.session.scalars(select(Attachment.id).where(Attachment.name == "pohon.png")).one()
    db.session.execute(
        update(Enrolment).where(Enrolment.id == cast.enrolments["sari"]).values(removed_at=utcnow())
    )
    db.session.commit()
    assert browser.get(f"/proyek/berkas/{first}").status_code == 200
    assert browser.get(f"/proyek/berkas/{second}").status_code in (403, 404)


def test_signed_out_nothing_is_handed_over(work: models.Workspace, as_person: Any, browser: Browser) -> None:
    upload(as_person("sari"), work)
    assert browser.get(f"/proyek/berkas/{attachment(work)}").status_code in (302, 303, 401)


def test_a_reviewer_who_must_not_know_reads_no_name_in_a_file_s_name(
    cast: Cast, session: Any, as_person: Any
) -> None:
    """Neither on the page of a version, nor in the download, nor in the work as a document; before the release."""
    change_project(blind="learner")
    work = begin(cast)
    db.session.execute(update(Work).values(name="Tim Wulandari"))
    db.session.commit()
    sari, dewi, ratna = as_person("sari"), as_person("dewi"), as_person("ratna")
    upload(sari, work, PNG, "foto.png")
    upload(sari, work, pdf_file(), "Lampiran Sari.pdf")
    fill(work, cast.people["sari"])
    version = hand_in(work, cast.people["sari"])
    number = version.id
    db.session.commit()
    files_of = {row.name: f"/proyek/berkas/{row.id}" for row in db.session.scalars(select(Attachment))}
    db.session.rollback()

    def told(who: Browser) -> tuple[str, str, str]:
        page = who.get(f"/proyek/versi/{number}").get_data(as_text=True)
        disposition = who.get(files_of["Lampiran Sari.pdf"]).headers["Content-Disposition"]
        made = who.get(f"/proyek/versi/{number}/naskah.docx").data
        with zipfile.ZipFile(io.BytesIO(made)) as archive:
            return unescape(page), disposition, archive.read("word/document.xml").decode()

    page, disposition, document = told(dewi)
    assert "lampiran-1.png" in page
    assert "lampiran-2.pdf" in page
    assert "lampiran-2.pdf" in disposition
    assert "lampiran-2.pdf" in document
    for text in (page, disposition, document):
        assert "Sari" not in text
        assert "Wulandari" not in text
    for who in (sari, ratna):
        assert all("Lampiran Sari.pdf" in text for text in told(who))
    session.add(
        GradeEntry(
            enrolment_id=cast.enrolments["sari"],
            stable_id="proyek-uji",
            state="released",
            points=Decimal(80),
            source="uji",
            decided_at=utcnow(),
        )
    )
    session.commit()
    assert all("Lampiran Sari.pdf" in text for text in told(dewi))
