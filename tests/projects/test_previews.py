"""Files as pages: drawn in a process of its own, kept by hash, never believed, seen by whom the file may see."""

from __future__ import annotations

import io
import os
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from docx import Document
from flask import Flask
from PIL import Image

from lms.extensions import db
from lms.notices import jobs
from lms.projects import models, previews
from lms.projects.views.previews import folder
from tests.cast import Cast
from tests.projects.work import begin, change_project, fill, hand_in

# "Halo ASN" in Helvetica, one page, by hand
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R 5 0 R]/Count 2>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F 6 0 R>>>>>>endobj "
    b"4 0 obj<</Length 42>>stream\nBT /F 24 Tf 20 100 Td (Halo ASN <b>) Tj ET \nendstream endobj "
    b"5 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj "
    b"6 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
)


def picture(kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(stream, kind, **options)
    return stream.getvalue()


def word() -> bytes:
    document = Document()
    document.add_heading("Bab satu", level=1)
    document.add_paragraph("<script>alert(1)</script>")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def sheet() -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Kapasitas"
    book.active.append(["Tahun", "<b>Pagu</b>"])
    book.active.append([2026, 1250000])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def shown(data: bytes, kind: str, folder: Path, page: int = 0) -> previews.Shown:
    return previews.shown("ab" * 32, kind, lambda: io.BytesIO(data), folder, now=datetime.now(UTC), page=page)


def test_a_pdf_page_is_a_picture_with_its_words_where_they_stand(tmp_path: Path) -> None:
    made = shown(PDF, "pdf", tmp_path)
    assert made.picture.startswith(b"\x89PNG")
    assert (made.facts["pages"], made.facts["width"], made.facts["height"]) == (2, 300, 200)
    left, top, _wide, _high, words = made.facts["spans"][0]
    assert words == "Halo ASN <b>"
    assert abs(left - 20) < 4
    assert abs(top - 100) < 8
    assert shown(PDF, "pdf", tmp_path, page=99).facts["page"] == 1  # beyond the last is the last


def test_what_was_made_is_kept_and_made_again_when_thrown_away(tmp_path: Path) -> None:
    first = shown(PDF, "pdf", tmp_path)

    def gone() -> io.BytesIO:
        raise AssertionError("opened again")

    assert previews.shown("ab" * 32, "pdf", gone, tmp_path, now=datetime.now(UTC)) == first  # type: ignore[arg-type]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.unlink()
    assert shown(PDF, "pdf", tmp_path) == first


def days_ago(path: Path, days: float) -> None:
    then = time.time() - days * 24 * 3600
    os.utime(path, (then, then))


def test_what_nobody_looked_at_for_a_month_is_forgotten_and_made_again(tmp_path: Path) -> None:
    first = shown(PDF, "pdf", tmp_path)
    shown(PDF, "pdf", tmp_path, page=1)
    kept = {path.name: path for path in tmp_path.rglob("*") if path.is_file()}
    looked_at, forgotten = kept[f"{previews.FORMAT}-0"], kept[f"{previews.FORMAT}-1"]
    for path in kept.values():
        days_ago(path, 31)
    shown(PDF, "pdf", tmp_path)  # reading it keeps it
    now = datetime.now(UTC)
    assert jobs.forget_previews(tmp_path, now=now, places=["cd"]) == 0, "another part of the folder"
    assert jobs.forget_previews(tmp_path, now=now, places=["ab"]) == 1
    assert looked_at.exists()
    assert not forgotten.exists()
    assert jobs.forget_previews(tmp_path, now=now, places=["ab"]) == 0
    assert jobs.forget_previews(tmp_path, now=now + timedelta(days=31), places=["ab"]) == 1
    assert not list(tmp_path.glob("ab/*")), "no empty folders stay behind"
    assert shown(PDF, "pdf", tmp_path) == first


def test_reading_touches_a_page_once_a_day_at_most(tmp_path: Path) -> None:
    shown(PDF, "pdf", tmp_path)
    (kept,) = (path for path in tmp_path.rglob("*") if path.is_file())
    days_ago(kept, 0.5)
    before = kept.stat().st_mtime
    shown(PDF, "pdf", tmp_path)
    assert kept.stat().st_mtime == before
    days_ago(kept, 1.5)
    shown(PDF, "pdf", tmp_path)
    assert kept.stat().st_mtime > before


def test_a_sweep_each_minute_has_passed_the_whole_folder_within_a_day(tmp_path: Path) -> None:
    for start in ("00", "7f", "ff"):
        (tmp_path / start / (start * 32)).mkdir(parents=True)
        page = tmp_path / start / (start * 32) / "1"
        page.write_bytes(b"{}\n")
        days_ago(page, 31)
    now = datetime.now(UTC)
    swept = [jobs.forget_previews(tmp_path, now=now + timedelta(minutes=minute)) for minute in range(24 * 60)]
    assert sum(swept) == 3
    assert jobs.forget_previews(tmp_path / "none", now=now) == 0, "nothing was ever made"


def test_a_picture_is_drawn_anew_without_what_its_file_carries(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "rumah saya di -0.68, 100.77"
    exif[0x0112] = 6  # turned
    data = picture("JPEG", exif=exif) + b"<script>alert(1)</script>"
    made = shown(data, "jpg", tmp_path)
    assert b"rumah" not in made.picture
    assert b"script" not in made.picture
    assert (made.facts["width"], made.facts["height"]) == (20, 40)


def bomb() -> bytes:
    """A PNG that claims to be 50,000 pixels square."""
    data = bytearray(picture("PNG"))
    data[16:24] = (50_000).to_bytes(4, "big") * 2
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7 rusak", "pdf"),
        (b"", "pdf"),
        (bomb(), "png"),
        (b"PK\x03\x04", "docx"),
        (b"PK\x03\x04", "xlsx"),
        (b"x", "exe"),
    ],
)
def test_what_cannot_be_shown_says_so_and_keeps_nothing(tmp_path: Path, data: bytes, kind: str) -> None:
    with pytest.raises(previews.Unshowable):
        shown(data, kind, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_too_much_memory_ends_that_process_only(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        zipfile.ZipFile(io.BytesIO(sheet())) as old,
    ):
        for name in old.namelist():
            part = old.read(name)
            if name.startswith("xl/worksheets"):
                many = b"<row r='9'>" + b"<c/>" * 2_000_000 + b"</row></sheetData>"
                part = part.replace(b"</sheetData>", many)
            archive.writestr(name, part)
    try:
        made = shown(stream.getvalue(), "xlsx", tmp_path)
        assert len(made.facts["sheets"][0]["rows"]) <= 300
    except previews.Unshowable:
        pass  # ended is as good


def test_more_than_a_few_at_once_are_asked_to_come_back(tmp_path: Path) -> None:
    held = [previews._turns.acquire(blocking=False) for _ in range(previews.MADE_AT_ONCE)]
    assert all(held)
    try:
        with pytest.raises(previews.Busy):
            shown(PDF, "pdf", tmp_path)
    finally:
        for _ in held:
            previews._turns.release()


# Through the pages


@pytest.fixture
def files(app: Flask, cast: Cast, as_person: Any) -> dict[str, int]:
    """Attachment ids of Sari's draft by kind."""
    with app.app_context():
        work_id = begin(cast).id
        db.session.commit()
        db.session.remove()
    browser = as_person("sari")
    for name, data in (
        ("berkas.pdf", PDF),
        ("foto.png", picture("PNG")),
        ("bab.docx", word()),
        ("kapasitas.xlsx", sheet()),
    ):
        response = browser.post(
            f"/proyek/kerja/{work_id}/lampiran/berkas", data={"file": (io.BytesIO(data), name)}
        )
        assert response.status_code == 303, response.get_data(as_text=True)
    with app.app_context():
        found = {name.rpartition(".")[2]: key for (_, _, name), key in models.attachment_ids(work_id).items()}
        db.session.remove()
    return found


@pytest.fixture(autouse=True)
def _accept_everything(request: Any) -> None:
    if "files" in request.fixturenames:
        app = request.getfixturevalue("app")
        request.getfixturevalue("cast")
        with app.app_context():
            from lms.projects.source import FilesSection, TableSection, TextSection  # noqa: F401

            project = change_project()
            sections = tuple(
                FilesSection(id=each.id, title=each.title) if isinstance(each, FilesSection) else each
                for each in project.sections
            )
            change_project(sections=sections)
            db.session.commit()
            db.session.remove()


def test_each_kind_has_its_page(files: dict[str, int], as_person: Any, count_statements: Any) -> None:
    browser = as_person("sari")
    told = {"pdf": "Halo ASN &lt;b&gt;", "png": "<img", "docx": "Bab satu", "xlsx": "&lt;b&gt;Pagu&lt;/b&gt;"}
    for kind, words in told.items():
        with count_statements() as statements:
            page = browser.get(f"/proyek/berkas/{files[kind]}/lihat")
        assert page.status_code == 200, kind
        assert words in page.get_data(as_text=True)
        assert "<script>alert" not in page.get_data(as_text=True)
        assert len(statements) <= 4
        section = (
            page.get_data(as_text=True).split('class="trail"', 1)[1].split('href="', 1)[1].split('"', 1)[0]
        )
        assert browser.get(section).status_code == 200, "a member finds the way back to the section"
    image = browser.get(f"/proyek/berkas/{files['pdf']}/halaman/1.png")
    assert image.mimetype == "image/png"
    assert "sandbox" in image.headers["Content-Security-Policy"]
    assert browser.get(f"/proyek/berkas/{files['docx']}/halaman/1.png").status_code == 404
    assert browser.get(f"/proyek/berkas/{files['pdf']}/halaman/0.png").status_code == 404
    for asked in ("?halaman=2", "?halaman=0", "?halaman=-1", "?halaman=abc", "?halaman=9999999999"):
        assert browser.get(f"/proyek/berkas/{files['pdf']}/lihat{asked}").status_code == 200


def test_who_may_not_see_the_file_may_not_look_at_it(files: dict[str, int], as_person: Any) -> None:
    for person, status in (("budi", 404), ("hasan", 404), ("wati", 404), ("dewi", 403)):
        for path in (f"/proyek/berkas/{files['pdf']}/lihat", f"/proyek/berkas/{files['pdf']}/halaman/1.png"):
            assert as_person(person).get(path).status_code == status


def test_reviewers_look_at_handed_in_files(
    app: Flask, files: dict[str, int], cast: Cast, as_person: Any
) -> None:
    with app.app_context():
        work = models.workspace(1)
        assert work is not None
        fill(work, cast.people["sari"])
        hand_in(work, cast.people["sari"])
        db.session.commit()
        db.session.remove()
    page = as_person("dewi").get(f"/proyek/berkas/{files['pdf']}/lihat")
    assert page.status_code == 200
    assert 'class="trail"' not in page.get_data(as_text=True), "the section is the members' page"


def test_a_broken_file_is_said_to_be_unreadable(app: Flask, cast: Cast, as_person: Any) -> None:
    with app.app_context():
        work_id = begin(cast).id
        db.session.commit()
        db.session.remove()
        assert folder().name == "previews"
    browser = as_person("sari")
    data = {"file": (io.BytesIO(b"%PDF-1.7\nrusak"), "rusak.pdf")}
    browser.post(f"/proyek/kerja/{work_id}/lampiran/berkas", data=data)
    page = browser.get("/proyek/berkas/1/lihat")
    assert page.status_code == 200
    assert "tidak dapat ditampilkan" in page.get_data(as_text=True)
