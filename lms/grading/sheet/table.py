"""The rows of the official sheet of one decided version, as words: what screen and paper show alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from lms import markup
from lms.anchors import Anchor, Row, Spot, Words
from lms.grading import verdict
from lms.projects.source import Project, TableSection

Advice = Literal["accepted", "return", "before", "settled", "open", "again", "consider", "none"]
"""What is recommended: the section is `accepted` or to `return`, was accepted `before`; the note is `settled`, to be
done `again` in the next version, still `open`, to `consider`, or asks for nothing (`none`).
"""


class Delivered(Protocol):
    """What a delivered note says, with the team's follow-up."""

    @property
    def section_id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def place(self) -> Anchor | None: ...
    @property
    def answerable(self) -> bool: ...
    @property
    def reply(self) -> str: ...
    @property
    def reply_kind(self) -> str: ...
    @property
    def resolved_in(self) -> int | None: ...


class Place(NamedTuple):
    """Where a note stands, as words: quoted, or the number of a row or a page with the column."""

    kind: Literal["", "words", "row", "page"] = ""
    words: str = ""
    number: int = 0


class Entry(msgspec.Struct, frozen=True):
    """A row of the sheet; a section's first one says its name, and spans `rows` of them (0 on the others)."""

    section: str
    rows: int
    kind: str = ""
    text: str = ""
    place: Place = Place()
    reply: str = ""
    reply_kind: str = ""
    advice: Advice = "none"
    version: int = 0


def entries(
    project: Project,
    number: int,
    reviews: Sequence[verdict.Sent],
    notes: Iterable[Delivered],
    decided: int,
) -> list[Entry]:
    """The sheet of version ``number``; ``decided`` is the number of the newest version that was decided."""
    back = verdict.returned_sections(reviews)
    said = {name for review in reviews for name, each in review.content.sections.items() if each.decision}
    listed = [note for note in notes if note.version == number]
    made: list[Entry] = []
    for at, section in enumerate(project.sections, start=1):
        own = [note for note in listed if note.section_id == section.id]
        standing: Advice = "return" if section.id in back else "accepted" if section.id in said else "before"
        title = f"{at}. {section.title}"
        columns = (
            {column.id: column.label for column in section.columns}
            if isinstance(section, TableSection)
            else {}
        )
        if not own:
            made.append(Entry(title, 1, advice=standing))
        for place, note in enumerate(own):
            made.append(
                Entry(
                    title if not place else "",
                    0 if place else len(own),
                    note.kind,
                    plain(note.text),
                    place_of(note.place, columns),
                    plain(note.reply),
                    note.reply_kind,
                    _advice(note, standing, number, decided),
                    note.resolved_in or 0,
                )
            )
    return made


def _advice(note: Delivered, standing: Advice, number: int, decided: int) -> Advice:
    if not note.answerable:
        return "none"
    if note.resolved_in:
        return "settled"
    if standing == "return":
        return "open" if decided > number else "again"
    return "consider"


def place_of(anchor: Anchor | None, columns: dict[str, str]) -> Place:
    """The place of a note in words."""
    match anchor:
        case Words(quote):
            return Place("words", " ".join(quote.split()))
        case Row(number=number, column=column):
            return Place("row", columns.get(column, ""), number)
        case Spot(page=page):
            return Place("page", "", page)
    return Place()


_ITEM = re.compile(r"[ \t]*(?:[-*+]|(\d{1,9}[.)]))[ \t]+")


def plain(text: str) -> str:
    """A note on paper: line by line, items of lists with their mark, no other markup."""
    lines = []
    for line in text.split("\n"):
        item = _ITEM.match(line)
        mark = (f"{item[1]} " if item[1] else "• ") if item else ""
        words = markup.plain(line)
        if words:
            lines.append(mark + words)
    return "\n".join(lines)
