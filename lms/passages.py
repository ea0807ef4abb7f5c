"""The words of rendered HTML, and marks put round some of them: only ever between characters of a text, never inside a
tag or an entity, so that what the sanitiser let through stays what it was.
"""

import re
from collections.abc import Iterator, Sequence
from html import escape, unescape
from typing import NamedTuple


class Mark(NamedTuple):
    """Characters `start` to `end` of what `text_of` gives; behind them stands a link called `number`."""

    start: int
    end: int
    id: str
    href: str
    number: str
    label: str
    kind: str = ""


_PIECE = re.compile(
    r"<(/?)([a-z][a-z0-9]*)(?:[^<>\"]|\"[^\"]*\")*>|&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});|[^<&]+|[<&]",
    re.IGNORECASE,
)
# Between these stand no words that belong together.
_BLOCKS = frozenset(
    ("blockquote", "br", "caption", "details", "div", "h2", "h3", "h4", "h5", "h6", "hr", "li")
)
_BLOCKS |= {"ol", "p", "pre", "summary", "table", "tbody", "td", "th", "thead", "tr", "ul"}


class _Piece(NamedTuple):
    """A tag (`tag`, "/a" where it closes), or a text as it is written, with the words that count of it."""

    html: str
    tag: str
    words: str


def _pieces(html: str, without_deleted: bool) -> Iterator[_Piece]:
    deleted = 0
    for found in _PIECE.finditer(html):
        name = (found[2] or "").lower()
        if name:
            if without_deleted and name == "del":
                deleted = max(0, deleted + (-1 if found[1] else 1))
            yield _Piece(found[0], found[1] + name, "\n" if name in _BLOCKS else "")
        else:
            words = unescape(found[0]) if found[0].startswith("&") else found[0]
            yield _Piece(found[0], "", "" if deleted else words)


def text_of(html: str, *, without_deleted: bool = False) -> str:
    """The words as they are read, with a line end at the edge of every block; what was taken out counts or not."""
    return "".join(piece.words for piece in _pieces(html, without_deleted))


def marked(html: str, marks: Sequence[Mark], *, without_deleted: bool = False) -> str:
    """The same HTML with its passages marked, each followed by a link to what is said of it."""
    if not marks:
        return html
    edges = sorted({edge for mark in marks for edge in (mark.start, mark.end)})
    ending: dict[int, list[Mark]] = {}
    for mark in marks:
        ending.setdefault(mark.end, []).append(mark)
    made: list[str] = []
    waiting: list[Mark] = []
    at = edge = links = 0

    def refer() -> None:
        # a link stands in no other link
        if not links:
            made.extend(map(_link, waiting))
            waiting.clear()

    for piece in _pieces(html, without_deleted):
        if piece.tag or not piece.words:
            at += len(piece.words)
            made.append(piece.html)
            links += (piece.tag == "a") - (piece.tag == "/a")
        else:
            # an entity is one piece: it is marked whole
            whole = piece.html != piece.words
            begun, end = at, at + len(piece.words)
            while at < end:
                while edge < len(edges) and edges[edge] <= at:
                    edge += 1
                upto = end if whole or edge == len(edges) else min(end, edges[edge])
                text = piece.html if whole else piece.words[at - begun : upto - begun]
                kinds = [mark.kind for mark in marks if mark.start < upto and mark.end > at]
                made.append(_mark(text, kinds) if kinds and not text.isspace() else text)
                for passed in range(at + 1, upto + 1) if whole else (upto,):
                    waiting += ending.pop(passed, ())
                at = upto
                refer()
            continue
        for passed in [each for each in ending if each <= at]:
            waiting += ending.pop(passed)
        refer()
    links = 0
    waiting += [mark for left in ending.values() for mark in left]
    refer()
    return "".join(made)


def _mark(text: str, kinds: Sequence[str]) -> str:
    name = next((kind for kind in kinds if kind), "")
    return f'<mark class="note-mark{" note-" + escape(name) if name else ""}">{text}</mark>'


def _link(mark: Mark) -> str:
    return (
        f'<a class="note-ref" id="{escape(mark.id)}" href="{escape(mark.href)}" '
        f'aria-label="{escape(mark.label)}">{escape(mark.number)}</a>'
    )
