"""Where the Markdown of a course points to, and what can be pointed to in it.

Only blocks are read here, not words: a page that takes long to render must not hold up whoever asks.
"""

import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import NamedTuple
from urllib.parse import unquote

from lms import blocks, gfm
from lms.addresses import slug

_CODE = re.compile(r"(?<!`)(`+)(?!`)(?:.+?)(?<!`)\1(?!`)", re.DOTALL)
_BRACKET = re.compile(r"\\.|\[|\]", re.DOTALL)
_LINK = re.compile(r"\]\(\s*(?:<([^<>\n]*)>|((?:[^\s()<>\\]|\\.|\([^\s()]*\))+))")
_REFERENCE = re.compile(r"^ {0,3}\[(?!\^)[^\]\n]+\]:[ \t]*(?:<([^<>\n]*)>|(\S+))", re.MULTILINE)
_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_HREF = re.compile(r"\s(?:href|src)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_ID = re.compile(r"\sid\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


class Target(NamedTuple):
    """A relative target as written, parted at its `#`, and the line of the file where it stands."""

    base: str
    anchor: str
    line: int


def targets(text: str, whole: str, first_line: int = 1) -> tuple[Target, ...]:
    """Every relative target in a Markdown text, line by line.

    `whole` is the file in which the text stands, begun at line `first_line`; the lines are looked for in it.
    """
    wanted = {written for piece in _pieces(gfm.read(text)) for written in _written(piece)}
    found: list[Target] = []
    for number, line in enumerate(whole.split("\n")[first_line - 1 :], start=first_line):
        here = dict.fromkeys(_written(line, whole=False))
        found += [_target(written, number) for written in here if written in wanted]
    seen = {(each.base, each.anchor) for each in found}
    for written in sorted(wanted):
        target = _target(written, first_line)
        if (target.base, target.anchor) not in seen:
            at = whole.find(written)
            found.append(target._replace(line=1 + whole.count("\n", 0, at) if at >= 0 else first_line))
    return tuple(found)


def anchors(text: str) -> frozenset[str]:
    """What may stand after `#` in a link to this text: its headings' slugs and the ids of its HTML."""
    found = tuple(_all(gfm.read(text)))
    given: list[str] = []
    for block in found:
        for piece in _words(block):
            given += [slug(unescape(name)) for name in _in_tags(_ID, piece)]
    headings = [block for block in found if isinstance(block, blocks.Heading)]
    given += [slug(block.id) for block in headings if block.id]
    given += [slug(_plain(block.text)) for block in headings if not block.id]
    names: set[str] = set()
    for wanted in given:
        name, number = wanted, 0
        while name in names:
            number += 1
            name = f"{wanted}-{number}"
        names.add(name)
    return frozenset(names)


def is_anchor(anchor: str, known: frozenset[str]) -> bool:
    """Whether the anchor, as written in a link, leads to one of the known ones."""
    return slug(unquote(anchor)) in known


def _target(written: str, line: int) -> Target:
    base, _, anchor = written.partition("#")
    return Target(base, anchor, line)


def _written(piece: str, whole: bool = True) -> Iterator[str]:
    """The targets in a piece of Markdown; a link in one that is not `whole` may have begun before it."""
    piece = _CODE.sub("``", piece)
    opened = 0 if whole else len(piece)
    for bracket in _BRACKET.finditer(piece):
        if bracket[0] == "[":
            opened += 1
        elif bracket[0] == "]" and opened:
            opened -= 1
            if match := _LINK.match(piece, bracket.start()):
                yield from _relative(match[1] or match[2] or "")
    for match in _REFERENCE.finditer(piece):
        yield from _relative(match[1] or match[2] or "")
    for value in _in_tags(_HREF, piece):
        yield from _relative(unescape(value))


def _relative(written: str) -> Iterator[str]:
    if written and not _ABSOLUTE.match(written):
        yield written


def _in_tags(pattern: re.Pattern[str], piece: str) -> Iterator[str]:
    for tag in _TAG.finditer(piece):
        for match in pattern.finditer(tag[0]):
            yield next((group for group in match.groups() if group), "")


def _pieces(found: Iterable[blocks.Block]) -> Iterator[str]:
    for block in _all(found):
        yield from _words(block)


def _all(found: Iterable[blocks.Block]) -> Iterator[blocks.Block]:
    """The blocks and everything inside them, in order."""
    for block in found:
        yield block
        match block:
            case blocks.Quote(inner) | blocks.Callout(blocks=inner) | blocks.Footnote(blocks=inner):
                yield from _all(inner)
            case blocks.List(items=items):
                for item in items:
                    yield from _all(item.blocks)
            case blocks.Definitions(entries):
                for entry in entries:
                    for meaning in entry.meanings:
                        yield from _all(meaning)


def _words(block: blocks.Block) -> Iterator[str]:
    """The Markdown that a block itself holds."""
    match block:
        case blocks.Paragraph(text) | blocks.Heading(text=text) | blocks.Html(text):
            yield text
        case blocks.Table():
            yield from block.head
            for row in block.rows:
                yield from row
            yield block.caption
        case blocks.Callout(title=title):
            yield title
        case blocks.Definitions(entries):
            for entry in entries:
                yield from entry.terms


def _plain(text: str) -> str:
    """A heading's words, near enough for its slug."""
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)|\[\^[^\]]*\]|<[^<>]*>", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return unescape(re.sub(r"[*`~\\]", "", text))
