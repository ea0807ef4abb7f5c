"""What forms send becomes content: tidy, bounded, in order; nothing that cannot be stored."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from lms.projects import content
from lms.projects.content import ROW_ID
from lms.projects.forms import (
    CELL_AT_MOST,
    SECTION_AT_MOST,
    TooLong,
    hand_in_fields,
    moved,
    revision_in,
    table_in,
    text_in,
)
from lms.projects.source import MOST_ROWS, Column, TableSection

SECTION = TableSection(
    id="sasaran",
    title="Sasaran",
    columns=(
        Column(id="sasaran", label="Sasaran"),
        Column(id="arah", label="Arah", type="choice", options=("naik", "turun")),
        Column(id="t0", label="2024", type="number"),
    ),
)


def form(*pairs: tuple[str, str]) -> MultiDict[str, str]:
    return MultiDict(list(pairs))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("satu\r\ndua\rtiga\n", "satu\ndua\ntiga\n"),
        ("e\u0301", "é"),
        ("a\0b\x08c\u202ed\ufeffe\tf", "abcde\tf"),
        ("", ""),
    ],
)
def test_text_is_tidied(sent: str, kept: str) -> None:
    assert text_in(form(("text", sent))) == kept


def test_text_is_bounded_in_bytes() -> None:
    assert len(text_in(form(("text", "a" * SECTION_AT_MOST)))) == SECTION_AT_MOST
    with pytest.raises(TooLong, match="201 KB"):
        text_in(form(("text", "é" * (SECTION_AT_MOST // 2) + "a")))


def test_no_text_is_empty() -> None:
    assert text_in(form()) == ""


@pytest.mark.parametrize(
    ("sent", "revision"), [("7", 7), ("0", 0), ("", -1), ("-3", -1), ("9" * 30, -1), ("x", -1), ("²", -1)]
)
def test_a_revision_is_a_number_or_none_that_ever_was(sent: str, revision: int) -> None:
    assert revision_in(form(("revision", sent))) == revision


def test_rows_come_in_the_order_of_the_form() -> None:
    table = table_in(
        form(
            ("row", "bbbb"),
            ("row", "aaaa"),
            ("aaaa.sasaran", "  Kedua  "),
            ("aaaa.t0", " 1,5\r\n "),
            ("bbbb.sasaran", "Baris\r\nsatu"),
            ("bbbb.arah", "naik"),
            ("bbbb.asing", "tidak ada kolomnya"),
        ),
        SECTION,
    )
    assert table.rows == (
        {ROW_ID: "bbbb", "sasaran": "Baris\nsatu", "arah": "naik"},
        {ROW_ID: "aaaa", "sasaran": "Kedua", "t0": "1,5"},
    )


def test_empty_rows_at_the_end_go_and_those_between_stay() -> None:
    table = table_in(
        form(("row", "aaaa"), ("row", "bbbb"), ("bbbb.t0", "1"), ("row", "cccc"), ("cccc.t0", " ")), SECTION
    )
    assert [row[ROW_ID] for row in table.rows] == ["aaaa", "bbbb"]


def test_rows_that_are_ticked_go() -> None:
    table = table_in(
        form(("row", "aaaa"), ("aaaa.t0", "1"), ("row", "bbbb"), ("bbbb.t0", "2"), ("remove", "aaaa")),
        SECTION,
    )
    assert [row["t0"] for row in table.rows] == ["2"]


@pytest.mark.parametrize("name", ["", "__id__", "Ä", "a" * 40, "a.b", "<b>"])
def test_a_row_without_a_usable_id_gets_one(name: str) -> None:
    (row,) = table_in(form(("row", name), (f"{name}.t0", "1")), SECTION).rows
    assert row["t0"] == "1"
    assert row[ROW_ID] != name
    assert row[ROW_ID].isalnum()


def test_a_row_that_is_sent_twice_is_one_row() -> None:
    table = table_in(form(("row", "aaaa"), ("row", "aaaa"), ("aaaa.t0", "1")), SECTION)
    assert len(table.rows) == 1


def test_tables_are_bounded_in_rows_cells_and_bytes() -> None:
    rows = [pair for at in range(MOST_ROWS + 1) for pair in (("row", f"r{at:04}"), (f"r{at:04}.t0", "1"))]
    assert len(table_in(form(*rows[:-2]), SECTION).rows) == MOST_ROWS
    with pytest.raises(TooLong, match="baris"):
        table_in(form(*rows), SECTION)
    with pytest.raises(TooLong, match="Sasaran"):
        table_in(form(("row", "aaaa"), ("aaaa.sasaran", "x" * (CELL_AT_MOST + 1))), SECTION)
    wide = [
        pair for at in range(60) for pair in (("row", f"r{at:04}"), (f"r{at:04}.sasaran", "x" * CELL_AT_MOST))
    ]
    with pytest.raises(TooLong, match="KB"):
        table_in(form(*wide), SECTION)


def test_a_table_that_looks_the_same_has_the_same_hash() -> None:
    one = table_in(form(("row", "aaaa"), ("aaaa.t0", "1"), ("aaaa.arah", "")), SECTION)
    two = table_in(form(("row", "aaaa"), ("aaaa.t0", " 1 "), ("row", "bbbb"), ("bbbb.t0", "")), SECTION)
    assert content.digest(one) == content.digest(two)


def test_each_reason_stays_with_its_warning() -> None:
    fields = hand_in_fields(
        form(
            ("about", "a"),
            ("reason", " satu "),
            ("about", "b"),
            ("reason", ""),
            ("expected", "2"),
            ("seen", "x"),
        )
    )
    assert (dict(fields.reasons), fields.expected, fields.seen, fields.integrity) == (
        {"a": "satu"},
        2,
        "x",
        False,
    )


@pytest.mark.parametrize(
    ("start", "to", "order"),
    [
        ("1", "3", "bca"),
        ("3", "1", "cab"),
        ("2", "99", "acb"),
        ("2", "2", "abc"),
        ("9", "1", "abc"),
        ("0", "1", "abc"),
    ]
    + [("x", "1", "abc"), ("", "", "abc"), ("-1", "2", "abc"), ("1", "0", "abc"), ("1", "9999", "abc")],
)
def test_a_row_moves_to_its_number_and_nonsense_moves_nothing(start: str, to: str, order: str) -> None:
    table = content.Table(tuple({"_id": letter} for letter in "abc"))
    found = moved(table, MultiDict({"move_from": start, "move_to": to}))
    assert "".join(row["_id"] for row in found.rows) == order
