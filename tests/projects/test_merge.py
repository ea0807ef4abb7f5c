"""Two states put together: nothing of either may be lost."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from lms.projects import merge
from lms.projects.content import ROW_ID, Table

LINES = st.lists(st.sampled_from(["", "satu", "dua", "tiga", "## Judul"]), max_size=12).map("\n".join)


def test_what_agrees_stands_once_and_what_differs_twice() -> None:
    assert merge.texts("a\nb\nc", "a\nB\nc") == "a\nb\nB\nc"
    assert merge.texts("a\nb", "a\nb") == "a\nb"
    assert merge.texts("", "baru").strip() == "baru"
    assert merge.texts("lama", "").strip() == "lama"


@given(LINES, LINES)
def test_every_line_of_both_is_there_in_its_order(stored: str, typed: str) -> None:
    merged = merge.texts(stored, typed).split("\n")
    for text in (stored, typed):
        rest = iter(merged)
        assert all(line in rest for line in text.split("\n"))


def test_texts_of_many_lines_stand_one_after_the_other() -> None:
    stored, typed = "a\n" * 1500, "b\n" * 1500
    merged = merge.texts(stored, typed)
    assert merged.count("a\n") == 1500
    assert merged.count("b\n") == 1500


def test_a_row_that_differs_stands_twice_under_two_ids() -> None:
    stored = Table(({ROW_ID: "a", "x": "1"}, {ROW_ID: "b", "x": "2"}, {ROW_ID: "c", "x": "3"}))
    typed = Table(({ROW_ID: "a", "x": "1"}, {ROW_ID: "b", "x": "22"}, {ROW_ID: "d", "x": "4"}))
    ids = count()
    rows = list(merge.tables(stored, typed, lambda: f"baru{next(ids)}"))
    assert [(row.whose, row.cells[ROW_ID], row.cells["x"]) for row in rows] == [
        ("", "a", "1"),
        ("stored", "b", "2"),
        ("typed", "baru0", "22"),
        ("stored", "c", "3"),
        ("typed", "d", "4"),
    ]
