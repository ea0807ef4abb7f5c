"""Where the notes of a review stand in the content of a section, in the version they were written on and in others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from lms import anchors, markup, passages
from lms.anchors import Anchor, Row, Spot, Words
from lms.projects.content import ROW_ID, Content, Table, filled_rows

Standing = Literal["same", "changed", "gone"]


class Place(NamedTuple):
    """What became of the place of a note: its words where they were quoted, the number of its row or page now."""

    standing: Standing
    words: str
    number: int = 0
    column: str = ""


class Way(NamedTuple):
    """The way to a note's place in the section's form: a cell's id, or the selection in its text field."""

    cell: str = ""
    start: int = 0
    end: int = 0


def way(anchor: Anchor | None, held: Content, first_column: str = "") -> Way | None:
    """Where to find a note's place among what is being written; None where it is gone or the whole section."""
    if isinstance(anchor, Words) and isinstance(held, str):
        found = anchors.find(held, anchor)
        # fields of a page count in units of UTF-16
        return Way("", *(len(held[:at].encode("utf-16-le")) // 2 for at in found[:2])) if found else None
    if isinstance(anchor, Row) and isinstance(held, Table):
        rows = filled_rows(held)
        there = anchors.find_row(rows, anchor, ROW_ID)
        return Way(f"sel-{rows[there[0] - 1][ROW_ID]}-{anchor.column or first_column}") if there else None
    return None


@lru_cache(maxsize=16)
def readable(text: str) -> str:
    """A text of people as it is read: what quotes are taken from."""
    return passages.text_of(markup.to_html(text, "people"))


def words(text: str, meant: Words) -> Words | None:
    """The place in a text that somebody means by these words; None where they say none."""
    return anchors.quoted(readable(text), meant)


def row(table: Table, number: int, column: str = "") -> Row | None:
    """The place of a row, or of one of its cells; None where there is no such row."""
    rows = filled_rows(table)
    known = any(column in each for each in rows) and column != ROW_ID
    return anchors.row_at(rows, number, ROW_ID, column if known else "")


def place(
    anchor: Anchor | None, held: Content | None, names: Mapping[str, str] | None = None
) -> Place | None:
    """What became of a note's place in this content; None for a note on the whole section.

    ``names`` are what files are called, by hash, where nobody may read their own names.
    """
    match anchor:
        case None:
            return None
        case Words():
            found = anchors.find(readable(held), anchor) if isinstance(held, str) else None
            return Place(_standing(found and found.same), anchor.quote)
        case Row():
            there = anchors.find_row(filled_rows(held), anchor, ROW_ID) if isinstance(held, Table) else None
            same = there and there[1]
            return Place(_standing(same), anchor.cells, there[0] if there else anchor.number, anchor.column)
        case Spot():
            files = {file.sha256: file.name for file in held} if isinstance(held, tuple) else {}
            return Place(
                "same" if anchor.sha256 in files else "gone",
                (files if names is None else names).get(anchor.sha256, ""),
                anchor.page,
            )


def _standing(same: bool | None) -> Standing:
    return "gone" if same is None else "same" if same else "changed"
