"""Files without who made them: properties, comments, tracked changes, pictures; the content stays."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import openpyxl
import pypdfium2
import pytest
from openpyxl.comments import Comment
from PIL import Image

from lms.projects import bare

NAME = "Sari Wulandari"
CHANGED = (
    '<w:p><w:ins w:id="1" w:author="Sari Wulandari" w:date="2026-01-01T00:00:00Z"><w:r><w:t>'
    'author="tetap" tersisip</w:t></w:r></w:ins></w:p>'
)


def word_file() -> bytes:
    """A Word file that names its author wherever Word does."""
    document = docx.Document()
    document.add_paragraph("Isi naskah.")
    document.core_properties.author = document.core_properties.last_modified_by = NAME
    whole = io.BytesIO()
    document.save(whole)
    out = io.BytesIO()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "word/document.xml":
                data = data.replace(b"<w:sectPr", CHANGED.encode() + b"<w:sectPr", 1)
            new.writestr(name, data)
        new.writestr(
            "word/comments.xml", f"<w:comments><w:comment w:author=\"{NAME}\" w:initials='SW'/></w:comments>"
        )
        new.writestr("word/people.xml", f'<w15:people><w15:person w15:author="{NAME}"/></w15:people>')
        new.comment = NAME.encode()
    return out.getvalue()


def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.properties.creator = NAME
    book.active["A1"] = "Isi tabel"
    book.active["A1"].comment = Comment("Catatan", NAME)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pdf_file() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PDF", author=NAME, title=f"Karya {NAME}")
    return out.getvalue()


def author_of(data: bytes) -> str:
    """Who made a PDF, as it says itself."""
    return pypdfium2.PdfDocument(data).get_metadata_dict()["Author"]


def unpacked(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.comment + b"".join(archive.read(name) for name in archive.namelist())


def test_a_word_file_names_nobody_and_keeps_its_text() -> None:
    assert NAME.encode() in unpacked(word_file())
    made = bare.office(word_file())
    assert b"Sari" not in unpacked(made)
    assert b"'SW'" not in unpacked(made)
    document = docx.Document(io.BytesIO(made))
    assert document.paragraphs[0].text == "Isi naskah."
    assert 'author="tetap" tersisip' in unpacked(made).decode("utf-8", "replace")
    assert document.core_properties.author == ""


def test_a_workbook_names_nobody_and_keeps_its_cells() -> None:
    made = bare.office(workbook())
    assert NAME.encode() not in unpacked(made)
    cell = openpyxl.load_workbook(io.BytesIO(made)).active["A1"]
    assert cell.value == "Isi tabel"
    assert cell.comment.text == "Catatan"


def test_a_pdf_names_nobody_and_keeps_its_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf_file())
    assert author_of(pdf_file()) == NAME
    made = bare.pdf(str(path))
    assert author_of(made) == ""
    assert len(pypdfium2.PdfDocument(made)) == 1


def changed(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(word_file())) as old, zipfile.ZipFile(out, "w") as new:
        for each in old.namelist():
            new.writestr(each, old.read(each))
        new.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("word/comments2.xml", f'<a author="{NAME}"/>'.encode("utf-16")),
        ("word/media/a.png", b"no picture"),
        ("word/embeddings/a.xlsx", changed("word/embeddings/b.docx", word_file())),
    ],
)
def test_what_cannot_be_freed_of_names_is_not_called_bare(name: str, data: bytes) -> None:
    with pytest.raises(bare.Stubborn):
        bare.office(changed(name, data))


def test_what_is_embedded_names_nobody_either() -> None:
    made = bare.office(changed("word/embeddings/a.xlsx", workbook()))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert NAME.encode() not in unpacked(archive.read("word/embeddings/a.xlsx"))


RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="t" Target="file:///C:\\Users\\Sari%20Wulandari\\Normal.dotm" TargetMode="External"/>'
    "<Relationship Id='r2' Type='t' TargetMode='External' Target='\\\\kantor\\Sari Wulandari\\pagu.xlsx'/>"
    '<Relationship Id="r3" Type="t" Target="https://bps.go.id/tabel" TargetMode="External"/>'
    '<Relationship Id="r4" Type="t" Target="media/gambar1.png"/></Relationships>'
)


def test_relations_lead_to_nobody_s_disk_and_links_stay() -> None:
    made = bare.office(changed("word/_rels/settings.xml.rels", RELATIONS.encode()))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        relations = archive.read("word/_rels/settings.xml.rels").decode()
    assert "Sari" not in relations
    assert relations.count("file:///") == 2
    assert "https://bps.go.id/tabel" in relations
    assert 'Target="media/gambar1.png"' in relations
    document = docx.Document(io.BytesIO(bare.office(word_file())))
    assert document.paragraphs[0].text == "Isi naskah."


def test_connections_name_no_file_on_somebody_s_disk() -> None:
    data = f'<connections><connection name="Pagu" sourceFile="C:\\Users\\{NAME}\\a.accdb" odcFile="D:\\{NAME}.odc"/></connections>'
    with zipfile.ZipFile(io.BytesIO(bare.office(changed("xl/connections.xml", data.encode())))) as archive:
        assert NAME.encode() not in archive.read("xl/connections.xml")
        assert b'name="Pagu"' in archive.read("xl/connections.xml")
