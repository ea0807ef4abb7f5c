"""CSV that spreadsheets open as it is meant."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.csvtext import csv_bytes


def text(*cells: object, language: str = "id") -> str:
    return csv_bytes([cells], language).decode("utf-8-sig")  # type: ignore[list-item]


def test_it_says_that_it_is_utf_8() -> None:
    assert csv_bytes([["Kemudahan – é"]]) == "\ufeffKemudahan – é\r\n".encode()


def test_numbers_are_written_as_the_language_does_without_groups() -> None:
    assert text(1234567, 0.25, Decimal("1250.5"), -0.125) == "1234567;0,25;1250,5;-0,125\r\n"
    assert text(1234567, 0.25, Decimal("1250.5"), -0.125, language="en") == "1234567,0.25,1250.5,-0.125\r\n"
    assert text(0.00001) == "0,00001\r\n"
    assert text(None, 0, "") == ";0;\r\n"


@pytest.mark.parametrize("cell", ["=1+1", "+62", "-2", "@SUM(A1)", "\tx", "\rx", "  =1", "\uff1d1"])
def test_no_text_is_a_formula(cell: str) -> None:
    (row,) = csv.reader(io.StringIO(text(cell), newline=""), delimiter=";")
    assert row == [f"'{cell}"]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1, max_size=4))
def test_what_goes_in_can_be_read_again(cells: list[str]) -> None:
    (row,) = csv.reader(io.StringIO(text("x", *cells), newline=""), delimiter=";", strict=True)
    assert [each.removeprefix("'") for each in row[1:]] == [each.removeprefix("'") for each in cells]
