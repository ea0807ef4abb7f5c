"""Reading the desk's form: what is posted for one section, laid over what is stored for the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec
from werkzeug.datastructures import MultiDict

from lms.anchors import CONTEXT_AT_MOST, QUOTE_AT_MOST, Anchor, Row, Spot, Words
from lms.grading.content import (
    NOTE_KINDS,
    Decision,
    Judgement,
    Note,
    NoteKind,
    Opinion,
    ReviewContent,
    SectionReview,
)
from lms.grading.typed import NOTES_AT_MOST, TEXT_AT_MOST, tidy, visible
from lms.projects import places
from lms.projects.content import Content, FileRef, Table
from lms.refusals import Refused
from lms.rubric import Rubric

Fields = MultiDict[str, str]


class TooLong(Refused):
    """A text is longer than a reviewer can want."""


def revision_in(fields: Fields) -> int:
    """The revision the form was based on; what is not a revision reads as one that never was (-1)."""
    text = fields.get("revision", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def review_in(
    fields: Fields,
    stored: ReviewContent,
    rubric: Rubric,
    section_id: str,
    earlier: Collection[int],
    held: Content = "",
) -> ReviewContent:
    """The whole review after this form.

    The form speaks of one open section (``section_id``, empty for none), whose content is ``held``, with the notes of
    the version before (``earlier``), of the criteria it has fields for, and of the summary if it has one; everything else stays
    as it is stored. What the page did not offer is not read.
    """
    sections = dict(stored.sections)
    if section_id:
        sections[section_id] = SectionReview(_decision(fields.get("decision")), tuple(_notes(fields, held)))
    criteria = dict(stored.criteria)
    for criterion in rubric.criteria:
        if f"comment.{criterion.id}" in fields:
            criteria[criterion.id] = _opinion(fields, rubric, criterion.id)
    judged = dict(stored.earlier)
    for note_id in earlier:
        said = _judgement(fields.get(f"earlier.{note_id}"))
        if said is not None:
            judged[note_id] = said
    return msgspec.structs.replace(
        stored,
        sections=sections,
        criteria=criteria,
        earlier=judged,
        summary=tidy(fields["summary"]) if "summary" in fields else stored.summary,
    )


def with_comment(fields: Fields, target: str, text: str) -> Fields:
    """The form with a saved comment put into one of its fields, behind what is typed there.

    ``target`` is the field's name; ``note`` stands for the last note that is still empty, or one more.
    """
    filled = fields.copy()
    if target == "note":
        names = fields.getlist("note")
        empty = [name for name in names if not tidy(fields.get(f"note.{name}", ""))]
        number = empty[-1] if empty else "bank"
        if not empty:
            filled.add("note", number)
        target = f"note.{number}"
    elif target not in fields:
        return filled
    before = fields.get(target, "").rstrip()
    filled[target] = f"{before}\n{text}" if before else text
    return filled


def _decision(text: str | None) -> Decision:
    return "accept" if text == "accept" else "return" if text == "return" else ""


def _judgement(text: str | None) -> Judgement | None:
    return "settled" if text == "settled" else "open" if text == "open" else None


def _notes(fields: Fields, held: Content) -> Iterator[Note]:
    """The notes in the order of the form's ``note`` fields; the text of note 3 is called ``note.3``."""
    for name in dict.fromkeys(fields.getlist("note")):
        text = tidy(fields.get(f"note.{name}", ""))
        if text:
            yield Note(text, kind=_kind(fields, name), anchor=_anchor(fields, name, held))


def _kind(fields: Fields, name: str) -> NoteKind:
    """The kind chosen; a form that knows of none says whether the note is a must."""
    asked = fields.get(f"kind.{name}", "must" if f"must.{name}" in fields else "suggestion")
    return next((kind for kind in NOTE_KINDS if kind == asked), "suggestion")


def _anchor(fields: Fields, name: str, held: Content) -> Anchor | None:
    """Where the note stands, as its section's kind can have it; None for the whole section."""
    if isinstance(held, Table):
        return places.row(held, _number(fields, f"row.{name}"), fields.get(f"column.{name}", ""))
    if isinstance(held, str):
        quote = tidy(fields.get(f"quote.{name}", ""))[:QUOTE_AT_MOST]
        before = visible(fields.get(f"before.{name}", ""))[-CONTEXT_AT_MOST:]
        after = visible(fields.get(f"after.{name}", ""))[:CONTEXT_AT_MOST]
        return places.words(held, Words(quote, before, after, _number(fields, f"at.{name}"), 0))
    return _spot(fields, name, held)


def _spot(fields: Fields, name: str, held: tuple[FileRef, ...]) -> Spot | None:
    file = next((file for file in held if file.sha256 == fields.get(f"file.{name}")), None)
    if file is None:
        return None
    x, y = (min(_number(fields, f"{side}.{name}"), 1000) for side in "xy")
    return Spot(file.sha256, max(1, _number(fields, f"page.{name}")), x, y)


def _number(fields: Fields, name: str) -> int:
    text = fields.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0


def note_fields(note: Note, name: str) -> Iterator[tuple[str, str]]:
    """The fields of a form that say this note."""
    yield "note", name
    yield f"note.{name}", note.text
    yield f"kind.{name}", note.kind
    match note.anchor:
        case Words(quote, before, after, at):
            values: dict[str, object] = {"quote": quote, "before": before, "after": after, "at": at}
        case Row(number=number, column=column):
            values = {"row": number, "column": column}
        case Spot(sha256, page, x, y):
            values = {"file": sha256, "page": page, "x": x, "y": y}
        case _:
            values = {}
    for key, value in values.items():
        yield f"{key}.{name}", str(value)


def _opinion(fields: Fields, rubric: Rubric, criterion_id: str) -> Opinion:
    levels = {str(level.id): level.id for level in rubric.levels}
    return Opinion(
        level=levels.get(fields.get(f"level.{criterion_id}", "")),
        points=" ".join(fields.get(f"points.{criterion_id}", "").split())[:40],
        comment=tidy(fields.get(f"comment.{criterion_id}", "")),
    )


def refuse_long(review: ReviewContent) -> None:
    """Raises TooLong where a text is longer than it may be, or a section has too many notes."""
    texts = [review.summary, *(opinion.comment for opinion in review.criteria.values())]
    for section in review.sections.values():
        if len(section.notes) > NOTES_AT_MOST:
            raise TooLong(
                "Satu bagian paling banyak memuat %(count)s catatan. Gabungkan sebagian, lalu simpan lagi.",
                count=NOTES_AT_MOST,
            )
        texts += [note.text for note in section.notes]
    longest = max(map(len, texts))
    if longest > TEXT_AT_MOST:
        raise TooLong(
            "Satu catatan atau komentar paling panjang %(limit)s karakter, sedangkan ini %(length)s. "
            "Isinya belum disimpan: ringkas, lalu simpan lagi.",
            limit=TEXT_AT_MOST,
            length=longest,
        )


def typed(text: str) -> str:
    """Any text of a form as it is kept."""
    return tidy(text)
