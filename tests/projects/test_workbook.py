"""A table by way of Excel: out and back the same, doubts told by cell, hostile files refused."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.extensions import db
from lms.projects import models, previews, workbook
from lms.projects.content import ROW_ID, Table
from lms.projects.source import Column, Span, TableSection
from lms.projects.workbook import BadWorkbook, Doubt
from tests.cast import Cast
from tests.projects.work import ROW, TABLE, begin, fill, hand_in, save

SECTION = TableSection(
    id="pagu",
    title="Pagu",
    rows=Span(1, 20),
    columns=(
        Column(id="program", label="Program", required=True),
        Column(id="arah", label="Arah", type="choice", options=("naik", "turun")),
        Column(id="t0", label="2024", type="number"),
        Column(id="persen", label="Capaian", type="percent"),
        Column(id="rupiah", label="Pagu", type="money"),
        Column(id="tahun", label="Tahun", type="year"),
    ),
)
CHOICES = {"arah": ["naik", "turun"]}
WORDS = workbook.Words("Isian", "Pilihan", "Petunjuk", ["Isi lembar pertama."])


def there(*rows: dict[str, str]) -> bytes:
    return workbook.write(SECTION, Table(rows), CHOICES, WORDS)


def file(*lines: list[Any], edit: Any = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for line in lines:
        sheet.append(line)
    if edit:
        edit(sheet)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def read(data: bytes) -> workbook.Reading:
    return workbook.read(data, SECTION, CHOICES)


FULL = {
    ROW_ID: "baris1",
    "program": "Pariwisata\nberkelanjutan",
    "arah": "naik",
    "t0": "1.234,5",
    "persen": "4,64",
    "rupiah": "1.250.000",
    "tahun": "2026",
}


def test_out_and_back_is_the_same() -> None:
    reading = read(there(FULL, {ROW_ID: "baris2", "program": "Kesehatan"}))
    assert reading.rows == (FULL, {ROW_ID: "baris2", "program": "Kesehatan"})
    assert (reading.doubts, reading.ignored, reading.missing, reading.cut) == ((), (), (), 0)


def test_the_template_offers_choices_hides_the_ids_and_writes_numbers() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(there(FULL))).worksheets[0]
    assert sheet.column_dimensions["A"].hidden
    assert [cell.value for cell in sheet[1]] == [
        ROW_ID,
        "Program *",
        "Arah",
        "2024",
        "Capaian",
        "Pagu",
        "Tahun",
    ]
    assert [cell.value for cell in sheet[2]][3:] == [1234.5, 4.64, 1250000, 2026]
    (rule,) = sheet.data_validations.dataValidation
    assert (str(rule.sqref), rule.formula1) == ("C2:C21", "'Pilihan'!$C$2:$C$3")


@pytest.mark.parametrize("text", ["=1+1", "+62 812", "-x", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_words_never_become_a_formula(text: str) -> None:
    made = there({ROW_ID: "baris1", "program": text})
    cell = openpyxl.load_workbook(io.BytesIO(made)).worksheets[0]["B2"]
    assert (cell.value, cell.data_type) == (text, "s")
    assert read(made).rows[0]["program"] == text


def test_columns_are_found_by_their_labels_wherever_they_stand() -> None:
    data = file(
        ["Matriks pagu"], [], ["Catatan", " pagu ", "PROGRAM:", 2024.0], ["x", 5_000_000, "Wisata", 0.1 + 0.2]
    )
    reading = read(data)
    assert reading.rows == ({"rupiah": "5.000.000", "program": "Wisata", "t0": "0,3"},)
    assert reading.ignored == ("Catatan",)
    assert reading.missing == ("Arah", "Capaian", "Tahun")


def test_doubts_name_the_cell_and_keep_what_was_written() -> None:
    data = file(
        ["Program", "Arah", "2024", "Pagu"],
        ["Wisata", "mendatar", "sekitar lima", "12,5 juta"],
        ["=A1&B1", "naik", "#REF!", 1],
    )
    reading = read(data)
    assert reading.doubts == (
        Doubt("B2", "Arah", "mendatar", "choice"),
        Doubt("C2", "2024", "sekitar lima", "number"),
        Doubt("D2", "Pagu", "12,5 juta", "number"),
        Doubt("A3", "Program", "", "formula"),
        Doubt("C3", "2024", "", "error"),
    )
    assert reading.rows[0] == {
        "program": "Wisata",
        "arah": "mendatar",
        "t0": "sekitar lima",
        "rupiah": "12,5 juta",
    }


def test_a_percentage_of_excel_is_a_hundredth() -> None:
    def edit(sheet: Any) -> None:
        sheet["B2"].number_format = "0.00%"

    reading = read(file(["Program", "Capaian"], ["Wisata", 0.0464], ["Sehat", 4.64], edit=edit))
    assert [row["persen"] for row in reading.rows] == ["4,64", "4,64"]


def test_a_copied_row_is_another_row_and_rows_beyond_the_limit_are_counted() -> None:
    lines = [[ROW_ID, "Program"], ["baris1", "A"], ["baris1", "B"], *[["", f"P{n}"] for n in range(25)]]
    reading = read(file(*lines))
    assert [row.get(ROW_ID, "") for row in reading.rows[:3]] == ["baris1", "", ""]
    assert (len(reading.rows), reading.cut) == (20, 7)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"bukan", there()[:900]])
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(BadWorkbook) as raised:
        read(data)
    assert raised.value.reason == "broken"


def test_a_workbook_without_our_headings_is_refused() -> None:
    with pytest.raises(BadWorkbook) as raised:
        read(file(["Nama", "NIP"], ["Sari", "1986"]))
    assert raised.value.reason == "heads"


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (workbook.SWELLS_AT_MOST + 1))
    with pytest.raises(BadWorkbook) as raised:
        read(stream.getvalue())
    assert raised.value.reason == "large"


def test_entities_are_not_followed() -> None:
    """A workbook whose sheet declares entities is broken, not expanded."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(there(FULL))) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/sharedStrings.xml":
                part = part.replace(b"Kesehatan", b"&x;").replace(b"Pariwisata", b"&x;")
                part = (
                    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
                    + part.split(b"?>", 1)[-1]
                )
            new.writestr(name, part)
    try:
        assert not any("root:" in value for row in read(stream.getvalue()).rows for value in row.values())
    except BadWorkbook as error:
        assert error.reason == "broken"  # noqa: PT017 (either is safe)


cells = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=30).map(
    lambda text: " ".join(text.split())
)


@settings(max_examples=60, deadline=None)
@given(st.lists(cells, min_size=1, max_size=5))
def test_any_words_survive_the_way(texts: list[str]) -> None:
    rows = [{ROW_ID: f"baris{at}", "program": text} for at, text in enumerate(texts) if text]
    kept = read(there(*rows)).rows
    assert [row.get("program") for row in kept] == [row["program"] for row in rows]


# Through the pages


@pytest.fixture
def work(cast: Cast, session: Any) -> models.Workspace:
    found = begin(cast)
    save(found, "sasaran", TABLE, by=cast.people["sari"])
    db.session.commit()
    return found


def send(
    browser: Any, work: models.Workspace, data: bytes, name: str = "tabel.xlsx", check: bool = True
) -> Any:
    sent = {"file": (io.BytesIO(data), name)}
    return browser.post(f"/proyek/kerja/{work.id}/sasaran/tabel.xlsx", data=sent, token=True, check=check)


def test_download_fill_in_look_and_save(
    work: models.Workspace, cast: Cast, as_person: Any, session: Any, count_statements: Any
) -> None:
    browser = as_person("sari")
    address = f"/proyek/kerja/{work.id}/sasaran/tabel.xlsx"
    response = browser.get(address)
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == "attachment; filename=proyek-uji-sasaran.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(response.data))
    sheet = book.worksheets[0]
    assert sheet["A2"].value == ROW["_id"]
    heads = {cell.value: cell.column for cell in sheet[1]}
    assert any(str(head).startswith("Sasaran") for head in heads)
    sheet.cell(2, 2).value = "Pengangguran terbuka menurun"
    sheet.cell(3, 2).value = "Kemiskinan menurun"
    sheet.cell(3, 3).value = "mendatar"
    stream = io.BytesIO()
    book.save(stream)
    with count_statements() as statements:
        page = send(browser, work, stream.getvalue())
    assert page.status_code == 200
    assert len(statements) <= 8
    words = page.get_data(as_text=True)
    assert "C3" in words
    assert "tidak ada dalam daftar pilihan" in words
    db.session.expire_all()
    assert models.drafts(work.id)["sasaran"].content == TABLE  # nothing stored so far
    db.session.rollback()
    saved = browser.submit_form(page, f"/proyek/kerja/{work.id}/sasaran")
    assert saved.status_code == 303
    held = models.drafts(work.id)["sasaran"].content
    db.session.rollback()
    assert isinstance(held, Table)
    assert [row["sasaran"] for row in held.rows] == ["Pengangguran terbuka menurun", "Kemiskinan menurun"]
    assert held.rows[0]["_id"] == ROW["_id"]


@pytest.mark.parametrize(
    ("data", "name"), [(b"x", "tabel.xlsx"), (b"%PDF-1.7", "tabel.pdf"), (b"", "tabel.xlsx")]
)
def test_a_file_that_is_no_table_says_why(
    work: models.Workspace, cast: Cast, as_person: Any, data: bytes, name: str
) -> None:
    response = send(as_person("sari"), work, data, name)
    assert response.status_code == 400
    assert 'role="alert"' in response.get_data(as_text=True)


def test_a_workbook_made_to_take_long_is_read_where_it_may_die(
    work: models.Workspace, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("read in the process that answers everybody")

    monkeypatch.setattr(workbook, "read", never)
    monkeypatch.setattr(previews, "SECONDS", 0.05)
    response = send(as_person("sari"), work, there(FULL))
    assert response.status_code == 400
    assert "terlalu besar" in response.get_data(as_text=True)
    monkeypatch.setattr(previews._turns, "acquire", lambda blocking: False)
    assert send(as_person("sari"), work, there(FULL), check=False).status_code == 503


def test_only_its_authors_and_only_tables(work: models.Workspace, cast: Cast, as_person: Any) -> None:
    address = f"/proyek/kerja/{work.id}/sasaran/tabel.xlsx"
    for person, status in (("budi", 404), ("dewi", 403), ("hasan", 404)):
        assert as_person(person).get(address).status_code == status
        assert send(as_person(person), work, there()).status_code == status
    assert as_person("sari").get(f"/proyek/kerja/{work.id}/isu/tabel.xlsx").status_code == 404
    assert as_person("sari").get(f"/proyek/kerja/{work.id}/tidak-ada/tabel.xlsx").status_code == 404


def test_a_locked_table_takes_no_file(
    work: models.Workspace, cast: Cast, as_person: Any, session: Any
) -> None:
    fill(work, cast.people["sari"])
    hand_in(work, cast.people["sari"])
    db.session.commit()
    assert send(as_person("sari"), work, there(FULL)).status_code == 409
