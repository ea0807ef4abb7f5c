"""The workbook: what goes out comes back, and hostile files are refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lms.grading.content import ReviewContent
from lms.grading.offline import book, rows
from lms.grading.offline.book import BadBook, Cell, Page, Words
from tests.grading.offline.test_rows import SAID, SHEET, SUBJECT, WORDS, sign

BOOK_WORDS = Words("Petunjuk", "Pilihan", ("Cara.",), "Angka")
DANGEROUS = '=HYPERLINK("http://x";"klik")'


def made(said: ReviewContent = SAID, name: str = "01 [7K2]: a/b") -> bytes:
    page = Page(name, SHEET, ("Proyek", "Peserta", "kapan"), rows.blocks(SUBJECT, said, WORDS, sign))
    return book.write([page], BOOK_WORDS)


def read(data: bytes, tmp_path: Path) -> tuple[book.Sheet, ...]:
    path = tmp_path / "telaah.xlsx"
    path.write_bytes(data)
    return book.read(path)


def test_what_goes_out_comes_back(tmp_path: Path) -> None:
    (sheet,) = read(made(), tmp_path)
    assert sheet.token == SHEET
    assert sheet.name == "01  7K2   a b"
    by_token = {row.token: row for row in sheet.rows}
    for block in rows.blocks(SUBJECT, SAID, WORDS, sign):
        for line in block.lines:
            cells = tuple(cell.text for cell in by_token[line.token].cells)
            assert cells == tuple(
                rows.points_as_said(t) if at == 2 else t for at, t in enumerate(line.cells[:4])
            )


def test_people_never_make_a_formula() -> None:
    said = ReviewContent(summary=DANGEROUS)
    workbook = openpyxl.load_workbook(io.BytesIO(made(said)))
    cells = [
        cell for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.value is not None
    ]
    assert DANGEROUS in [cell.value for cell in cells]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert all(cell.quotePrefix for cell in cells if str(cell.value).startswith("="))


def test_choices_are_lists_and_the_identity_is_hidden() -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(made()))
    sheet = workbook.worksheets[1]
    assert sheet.column_dimensions["A"].hidden
    assert workbook.worksheets[-1].sheet_state == "hidden"
    lists: dict[str, list[Any]] = {}
    for rule in sheet.data_validations.dataValidation:
        target, _, place = rule.formula1.rpartition("!")
        assert target == "'Pilihan'"
        lists[str(rule.sqref).split(" ")[0]] = [
            c[0].value for c in workbook.worksheets[-1][place.replace("$", "")]
        ]
    assert ["Terima", "Kembalikan"] in lists.values()
    assert ["4 Sangat baik", "3 Baik", "2 Cukup"] in lists.values()
    assert ["1. Isu", "2. Sasaran"] in lists.values()
    assert workbook.properties.creator in ("", None)


def test_cells_come_as_people_would_type_them(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append([book.MARK + SHEET])
    sheet.append(["t", 3, 80.5, "=1+1", "  teks\nlagi "])
    sheet.append(["u", True, 0.1 + 0.2, "#N/A", "x" * (book.CELL_AT_MOST + 1)])
    sheet["D3"].data_type = "e"
    stream = io.BytesIO()
    workbook.save(stream)
    one, two = read(stream.getvalue(), tmp_path)[0].rows
    assert one.cells == (Cell("3"), Cell("80,5"), Cell("", "formula"), Cell("  teks\nlagi "))
    assert two.cells[:3] == (Cell("ya"), Cell("0,3"), Cell("", "error"))
    assert two.cells[3].flaw == "long"


@pytest.mark.parametrize("data", [b"", b"bukan", b"PK\x03\x04" + b"\0" * 100])
def test_what_is_no_workbook_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(BadBook, match="broken"):
        read(data, tmp_path)


def test_a_workbook_of_somebody_else_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    openpyxl.Workbook().save(stream)
    with pytest.raises(BadBook, match="foreign"):
        read(stream.getvalue(), tmp_path)


def changed(part: str, text: bytes) -> bytes:
    """Our workbook with one part of its archive replaced."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(made())) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, text if name == part else old.read(name))
    return stream.getvalue()


def test_entities_are_not_followed(tmp_path: Path) -> None:
    hostile = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    for part in ("xl/worksheets/sheet2.xml", "xl/workbook.xml"):
        with pytest.raises(BadBook, match="broken|foreign"):
            read(changed(part, hostile), tmp_path)


def test_what_swells_is_refused_unopened(tmp_path: Path) -> None:
    with pytest.raises(BadBook, match="large"):
        read(changed("xl/theme/theme1.xml", b"\0" * (book.SWELLS_AT_MOST + 1)), tmp_path)


def test_rows_far_down_are_not_read(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append([book.MARK + SHEET])
    workbook.active.cell(900_000, 5, "jauh")
    stream = io.BytesIO()
    workbook.save(stream)
    assert read(stream.getvalue(), tmp_path)[0].rows == ()
