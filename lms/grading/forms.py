"""Reading the desk's form: what is posted for one section, laid over what is stored for the others."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from werkzeug.datastructures import MultiDict

from lms.grading.content import Judgement, Note, Opinion, ReviewContent, SectionReview
from lms.grading.rubric import Rubric

NOTE_AT_MOST = 5_000
"""Characters of one note, comment or summary."""
NOTES_AT_MOST = 30


class TooLong(ValueError):
    """A text is longer than a reviewer can want; nothing is stored."""


def _text(value: str) -> str:
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > NOTE_AT_MOST:
        raise TooLong
    return text


def read_review(
    form: MultiDict[str, str], stored: ReviewContent, rubric: Rubric, section_id: str, earlier: Collection[int]
) -> ReviewContent:
    """The whole review after this form: its section, its earlier notes, every criterion, the summary.

    Values that the page did not offer are ignored. Raises TooLong.
    """
    sections = dict(stored.sections)
    if section_id:
        sections[section_id] = _section(form)
    criteria = {criterion.id: _opinion(form, rubric, criterion.id) for criterion in rubric.criteria}
    judged: dict[int, Judgement] = dict(stored.earlier)
    for note_id in earlier:
        said = form.get(f"earlier.{note_id}")
        if said == "settled":
            judged[note_id] = "settled"
        elif said == "open":
            judged[note_id] = "open"
    return msgspec.structs.replace(
        stored, sections=sections, criteria=criteria, earlier=judged, summary=_text(form.get("summary", ""))
    )


def _section(form: MultiDict[str, str]) -> SectionReview:
    notes = []
    for name in form.getlist("note")[:NOTES_AT_MOST]:
        # the form counts its notes itself, so that rows may come and go
        if not name.isdecimal() or len(name) > 4:
            continue
        text = _text(form.get(f"note.{name}", ""))
        if text:
            notes.append(Note(text, must=form.get(f"must.{name}") == "1"))
    decision = form.get("decision")
    return SectionReview("accept" if decision == "accept" else "return" if decision == "return" else "", tuple(notes))


def _opinion(form: MultiDict[str, str], rubric: Rubric, criterion_id: str) -> Opinion:
    levels = {str(level.id): level.id for level in rubric.levels}
    return Opinion(
        level=levels.get(form.get(f"level.{criterion_id}", "")),
        points=form.get(f"points.{criterion_id}", "").strip()[:20],
        comment=_text(form.get(f"comment.{criterion_id}", "")),
    )


def revision_in(form: MultiDict[str, str]) -> int:
    """The counter the page was loaded with; an odd one is a stale one."""
    text = form.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 12 else -1
