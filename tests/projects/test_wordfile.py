"""A Word file as Markdown: what comes along, what is counted as lost, what is refused."""

from __future__ import annotations

import contextlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls

from lms import markup
from lms.extensions import db
from lms.projects import models, wordfile
from tests.cast import Cast
from tests.projects.work import TEXT, begin, save


def made(build: Any) -> bytes:
    document = Document()
    build(document)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def run(build: Any) -> wordfile.WordText:
        path = tmp_path / "naskah.docx"
        path.write_bytes(made(build))
        return wordfile.read(path)

    return run


def rich(document: Any) -> None:
    document.add_heading("Akar masalah", level=1)
    line = document.add_paragraph("Kota ")
    line.add_run("Sawah").bold = True
    line.add_run("lunto").bold = True
    line.add_run(" dan ")
    both = line.add_run("Ombilin ")
    both.bold = both.italic = True
    line.add_run("*bintang* 5 < 6")
    document.add_heading("Rinci", level=2)
    document.add_paragraph("satu", style="List Bullet")
    document.add_paragraph("dua", style="List Bullet")
    document.add_paragraph("pertama", style="List Number")
    table = document.add_table(rows=2, cols=2)
    for cell, words in zip(
        [*table.rows[0].cells, *table.rows[1].cells], ["Indikator", "2024", "TPT | %", "4,64"], strict=True
    ):
        cell.text = words
    document.add_paragraph("1. bukan daftar")


def test_headings_looks_lists_and_tables_come_along(read: Any) -> None:
    text = read(rich).text
    assert text.split("\n\n") == [
        "## Akar masalah",
        "Kota **Sawahlunto** dan **_Ombilin_** \\*bintang\\* 5 \\< 6",
        "### Rinci",
        "- satu\n- dua\n1. pertama",
        "| Indikator | 2024 |\n| --- | --- |\n| TPT \\| % | 4,64 |",
        "1\\. bukan daftar",
    ]
    html = str(markup.to_html(text, "people"))
    for tag in ("<h3>", "<strong>", "<em>", "<ul>", "<ol>", "<table>", "*bintang*", "1. bukan daftar"):
        assert tag in html


def test_what_is_lost_is_counted(read: Any) -> None:
    def build(document: Any) -> None:
        run = document.add_paragraph("Awal").add_run()
        for tag in ("w:footnoteReference", "w:footnoteReference", "w:commentReference", "w:object"):
            run._element.append(OxmlElement(tag))
        box = parse_xml(
            f"<w:r {nsdecls('w')} xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'>"
            "<mc:AlternateContent><mc:Choice><w:txbxContent><w:p/></w:txbxContent></mc:Choice>"
            "<mc:Fallback><w:txbxContent><w:p/></w:txbxContent></mc:Fallback></mc:AlternateContent></w:r>"
        )
        paragraph = document.add_paragraph("Tengah")
        paragraph._element.append(box)
        paragraph._element.append(parse_xml(f"<w:r {nsdecls('w')}><w:drawing/></w:r>"))
        gone = parse_xml(f"<w:del {nsdecls('w')}><w:r><w:delText>hapus</w:delText></w:r></w:del>")
        paragraph._element.append(gone)
        came = parse_xml(f"<w:ins {nsdecls('w')}><w:r><w:t>sisip</w:t></w:r></w:ins>")
        paragraph._element.append(came)

    found = read(build)
    assert found.lost == {
        "footnotes": 2,
        "comments": 1,
        "objects": 1,
        "boxes": 1,
        "pictures": 1,
        "deletions": 1,
    }
    assert "hapus" not in found.text
    assert "sisip" in found.text


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "https://bps.go.id/a b"])
def test_links_lead_to_the_web_only(read: Any, address: str) -> None:
    def build(document: Any) -> None:
        line = document.add_paragraph("Lihat ")
        kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
        key = line.part.relate_to(address, kind, is_external=True)
        line._element.append(
            parse_xml(
                f"<w:hyperlink {nsdecls('w', 'r')} r:id='{key}'><w:r><w:t>sumber</w:t></w:r></w:hyperlink>"
            )
        )

    text = read(build).text
    assert text == (
        "Lihat [sumber](https://bps.go.id/a%20b)" if address.startswith("https") else "Lihat sumber"
    )


def test_entities_are_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "jahat.docx"
    with zipfile.ZipFile(io.BytesIO(made(rich))) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "word/document.xml":
                head = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
                part = head + part.split(b"?>", 1)[-1].replace(b"Rinci", b"&x;")
            new.writestr(name, part)
    text = ""
    with contextlib.suppress(Exception):  # refusing it is as good as leaving the entity alone
        text = wordfile.read(path).text
    assert "root:" not in text


# Through the pages


@pytest.fixture
def work(cast: Cast, session: Any) -> models.Workspace:
    found = begin(cast)
    save(found, "isu", TEXT, by=cast.people["sari"])
    db.session.commit()
    return found


def send(
    browser: Any, work: models.Workspace, data: bytes, name: str = "naskah.docx", section: str = "isu"
) -> Any:
    return browser.post(
        f"/proyek/kerja/{work.id}/{section}/naskah-word", data={"file": (io.BytesIO(data), name)}
    )


def test_look_first_then_save(work: models.Workspace, cast: Cast, as_person: Any, session: Any) -> None:
    browser = as_person("sari")

    def build(document: Any) -> None:
        rich(document)
        document.add_paragraph("x").add_run()._element.append(OxmlElement("w:footnoteReference"))

    page = send(browser, work, made(build))
    assert page.status_code == 200
    words = page.get_data(as_text=True)
    assert "1 catatan kaki" in words
    assert "<strong>Sawahlunto</strong>" in words
    assert models.drafts(work.id)["isu"].content == TEXT
    db.session.rollback()
    assert browser.submit_form(page, f"/proyek/kerja/{work.id}/isu").status_code == 303
    held = models.drafts(work.id)["isu"].content
    db.session.rollback()
    assert isinstance(held, str)
    assert held.startswith("## Akar masalah\n\nKota **Sawahlunto**")


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"x", "naskah.docx"), (b"%PDF-1.7", "naskah.pdf"), (b"PK\x03\x04rusak", "naskah.docx")],
)
def test_a_file_that_is_no_word_file_says_why(
    work: models.Workspace, as_person: Any, data: bytes, name: str
) -> None:
    response = send(as_person("sari"), work, data, name)
    assert response.status_code == 400
    assert 'role="alert"' in response.get_data(as_text=True)


def test_only_its_authors_and_only_texts(work: models.Workspace, as_person: Any) -> None:
    data = made(rich)
    for person, status in (("budi", 404), ("dewi", 403), ("hasan", 404)):
        assert send(as_person(person), work, data).status_code == status
    assert send(as_person("sari"), work, data, section="sasaran").status_code == 404
    assert as_person("sari").get(f"/proyek/kerja/{work.id}/isu/naskah-word").status_code == 405
