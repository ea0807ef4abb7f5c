"""The notes of a section with their places: what the desk shows beside the text, and marks in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from flask_babel import gettext
from markupsafe import Markup

from lms import anchors, markup, passages
from lms.anchors import Anchor, Row, Spot, Words
from lms.grading.content import Note
from lms.grading.models import NoteLine
from lms.passages import Mark
from lms.projects import places
from lms.projects.content import ROW_ID, Content, Table, filled_rows
from lms.projects.source import Section, TableSection

Mark_ = Callable[[Markup], Markup]


class Ref(NamedTuple):
    """A link from a place to the note that stands there."""

    id: str
    href: str
    number: str
    label: str
    kind: str
    anchor: Anchor


def refs_of(notes: Sequence[Note], earlier: Sequence[NoteLine], *, own: bool = True) -> list[Ref]:
    """The links of new notes ("3") and of those of the version before ("L3")."""
    found = [
        Ref(
            f"tanda-{number}",
            f"#note-{number}" if own else f"#catatan-{number}",
            str(number),
            gettext("Catatan %(number)s", number=number),
            note.kind,
            note.anchor,
        )
        for number, note in enumerate(notes, start=1)
        if note.anchor is not None
    ]
    for number, each in enumerate(earlier, start=1):
        place = each.place
        if place is not None:
            label = gettext("Catatan lama %(number)s", number=number)
            found.append(
                Ref(f"tanda-lama-{each.id}", f"#lama-{each.id}", f"L{number}", label, each.kind, place)
            )
    return found


def marker(refs: Sequence[Ref], *, without_deleted: bool) -> Mark_:
    """What marks the passages of these notes in rendered text."""
    quoted = [(ref, ref.anchor) for ref in refs if isinstance(ref.anchor, Words)]

    def mark(html: Markup) -> Markup:
        if not quoted:
            return html
        text = passages.text_of(html, without_deleted=without_deleted)
        marks = []
        for ref, anchor in quoted:
            found = anchors.find(text, anchor)
            if found is not None:
                marks.append(Mark(found.start, found.end, ref.id, ref.href, ref.number, ref.label, ref.kind))
        return markup.marked(html, marks, without_deleted=without_deleted)

    return mark


def rows_with(refs: Sequence[Ref], held: Content | None) -> dict[int, list[Ref]]:
    """The links that stand in each row of a table, by its number."""
    found: dict[int, list[Ref]] = {}
    if isinstance(held, Table):
        rows = filled_rows(held)
        for ref in refs:
            there = anchors.find_row(rows, ref.anchor, ROW_ID) if isinstance(ref.anchor, Row) else None
            if there is not None:
                found.setdefault(there[0], []).append(ref)
    return found


def rows_to_choose(held: Content | None, section: Section | None) -> list[tuple[int, str]]:
    """The rows of a table by number, with what one knows each by."""
    if not isinstance(held, Table) or not isinstance(section, TableSection):
        return []
    names = [column.id for column in section.columns if not column.numeric]
    return [
        (number, " · ".join(filter(None, (" ".join(row.get(name, "").split()) for name in names)))[:70])
        for number, row in enumerate(filled_rows(held), start=1)
    ]


def noting(
    section: Section | None,
    shown: Content | None,
    held: Content | None,
    view: str,
    notes: Sequence[Note],
    earlier: Sequence[NoteLine],
    names: Mapping[tuple[str, str, str], str] | None,
) -> dict[str, Any]:
    """What the page needs: places of notes in the content ``held``, and marks in what is ``shown`` of it.

    ``names`` are what files are called where their own names would say whose they are.
    """
    called = {sha256: name for (_, sha256, _), name in names.items()} if names is not None else None
    refs = refs_of(() if view == "sebelumnya" else notes, earlier)
    spots: dict[str, list[Ref]] = {}
    for ref in refs:
        if isinstance(ref.anchor, Spot):
            spots.setdefault(ref.anchor.sha256, []).append(ref)
    return {
        "mark": marker(refs, without_deleted=view == "perubahan"),
        "row_refs": rows_with(refs, shown),
        "spots": spots,
        "note_places": [places.place(note.anchor, held, called) for note in notes],
        "earlier_places": {note.id: places.place(note.place, held, called) for note in earlier},
        "rows_to_choose": rows_to_choose(held, section),
    }
