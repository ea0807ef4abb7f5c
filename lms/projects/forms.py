"""What the forms of the workspace send, read into the content of a section."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from lms.projects import content
from lms.projects.source import MOST_ROWS, Column, TableSection
from lms.refusals import Refused

SECTION_AT_MOST = 200_000
"""Bytes of UTF-8 that one section may hold: some 30,000 words, far beyond any section an author can ask
for.
"""

CELL_AT_MOST = 4_000

_ROW_ID = re.compile(r"[a-z0-9]{4,12}")
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
# Control and format characters that nobody types and that can make a text look like another one.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff]")

Fields = MultiDict[str, str]


class TooLong(Refused):
    """The section would grow past what one section may hold."""


def new_row_id() -> str:
    """A stable id for a new row of a table, unique within any table with overwhelming odds."""
    return "".join(secrets.choice(_LETTERS) for _ in range(8))


def row_id(name: str) -> str:
    """The name a form gives a row, where it can be a row's stable id, else a new one."""
    return name if _ROW_ID.fullmatch(name) else new_row_id()


def revision_in(fields: Fields) -> int:
    """The revision the form was based on; what is not a revision reads as one that never was (-1)."""
    text = fields.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def text_in(fields: Fields) -> str:
    """The text of a text section: line ends as one character, no unseen characters. Raises TooLong."""
    text = _clean(fields.get("text", ""))
    _refuse_long(len(text.encode("utf-8", "surrogatepass")))
    return text


def table_in(fields: Fields, section: TableSection) -> content.Table:
    """The rows of a table section, in the order of the form's ``row`` fields, without those ticked for
    removal.

    A cell of row ``r`` and column ``c`` is called ``r.c``. Rows without a usable id get one; empty rows at
    the end are dropped. Raises TooLong.
    """
    removed = set(fields.getlist("remove"))
    seen: set[str] = set()
    rows: list[dict[str, str]] = []
    size = 0
    for name in fields.getlist("row"):
        if name in removed or name in seen:
            continue
        seen.add(name)
        if len(seen) > 2 * MOST_ROWS:
            raise TooLong(
                "Tabel ini melebihi %(rows)s baris. Hapus sebagian baris, lalu simpan lagi.", rows=MOST_ROWS
            )
        cells = {
            column.id: _cell(fields.get(f"{name}.{column.id}", ""), column) for column in section.columns
        }
        row = {content.ROW_ID: row_id(name)}
        row |= {key: value for key, value in cells.items() if value}
        size += sum(len(key) + len(value.encode("utf-8", "surrogatepass")) + 6 for key, value in row.items())
        rows.append(row)
    table = content.Table(content.filled_rows(content.Table(tuple(rows))))
    if len(table.rows) > MOST_ROWS:
        raise TooLong(
            "Tabel ini melebihi %(rows)s baris. Hapus sebagian baris, lalu simpan lagi.", rows=MOST_ROWS
        )
    _refuse_long(size)
    return table


def moved(table: content.Table, fields: Fields) -> content.Table:
    """The table with the row ``move_from`` at ``move_to`` (numbers from 1); nonsense moves nothing."""
    places = [fields.get(name, "") for name in ("move_from", "move_to")]
    if not all(each.isdecimal() and 0 < len(each) < 4 for each in places):
        return table
    start, to = (int(each) - 1 for each in places)
    rows = list(table.rows)
    if not 0 <= start < len(rows) or to < 0:
        return table
    rows.insert(min(to, len(rows) - 1), rows.pop(start))
    return content.Table(tuple(rows))


def _refuse_long(size: int) -> None:
    if size > SECTION_AT_MOST:
        raise TooLong(
            "Isi bagian ini %(size)s KB, melebihi batas %(limit)s KB, jadi belum disimpan. "
            "Isinya masih ada di halaman ini: pindahkan sebagian ke lampiran, lalu simpan lagi.",
            size=-(-size // 1000),
            limit=SECTION_AT_MOST // 1000,
        )


def _clean(text: str) -> str:
    return _UNSEEN.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))


def _cell(text: str, column: Column) -> str:
    """A cell as kept: text may have lines, everything else is one line; spaces around are not content."""
    text = _clean(text[: 4 * CELL_AT_MOST]).strip()
    if column.type != "text":
        text = " ".join(text.split())
    if len(text) > CELL_AT_MOST:
        raise TooLong(
            "Satu isian di kolom %(column)s melebihi %(limit)s karakter, jadi tabel belum disimpan. "
            "Ringkas isian itu, lalu simpan lagi.",
            column=column.label,
            limit=CELL_AT_MOST,
        )
    return text


def reply_in(fields: Fields) -> str:
    """The follow-up to a note."""
    return _clean(fields.get("reply", "")).strip()


def reply_kind_in(fields: Fields) -> str:
    """Whether the follow-up follows the note (fixed) or disagrees with it."""
    return "disagree" if fields.get("kind") == "disagree" else "fixed"


@dataclass(frozen=True)
class HandInFields:
    """What the hand-in form sends: the version it asks for, the state it was shown, reasons by warning,
    the statement.
    """

    expected: int = 0
    seen: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    integrity: bool = False


REASON_AT_MOST = 1_000


def hand_in_fields(fields: Fields) -> HandInFields:
    """Read the hand-in form; each reason names the warning it is for, so that none can land at another
    one.
    """
    expected = fields.get("expected", "")
    reasons = {}
    for key, reason in zip(fields.getlist("about"), fields.getlist("reason"), strict=False):
        if reason := _clean(reason).strip()[:REASON_AT_MOST]:
            reasons[key] = reason
    return HandInFields(
        expected=int(expected) if expected.isdecimal() and len(expected) < 10 else 0,
        seen=fields.get("seen", ""),
        reasons=reasons,
        integrity=bool(fields.get("integrity")),
    )
