"""A lesson's page taken apart where its reader writes: after each section that asks to reflect."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup

from lms.coursepage import Heading
from lms.markup import Page

_ENDNOTES = re.compile(r'<section(?: [^<>]*)? class="footnotes"')


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a lesson, and the reflecting heading whose note box follows it (None at the end)."""

    html: Markup
    reflect: Heading | None


def pieces(page: Page) -> tuple[Piece, ...]:
    """Cut a page behind each reflecting section; put together again the pieces are the page.

    A section ends where a heading of its own level or above begins, at the footnotes, or with the page.
    """
    found: list[Piece] = []
    begin = 0
    for at, heading in enumerate(page.headings):
        if not heading.reflect:
            continue
        following = next((other for other in page.headings[at + 1 :] if other.level <= heading.level), None)
        end = _beginning(page.html, following)
        found.append(Piece(page.html[begin:end], heading))
        begin = end
    if begin < len(page.html):
        found.append(Piece(page.html[begin:], None))
    return tuple(found)


def _beginning(html: str, heading: Heading | None) -> int:
    if heading is not None:
        # text cannot look like this: its "<" is escaped
        match = re.search(rf'<h{heading.level}(?: [^<>]*)? id="{re.escape(heading.id)}"', html)
        if match:
            return match.start()
    notes = _ENDNOTES.search(html)
    return notes.start() if notes else len(html)
