"""Where a note stands: words of a text, a row of a table, a place on a page, and finding it again in another version.

Words are compared as words: case, spaces and marks between them do not count, so that a quote taken from a page
finds its place in the text behind it. Everything is linear in the text, whatever is in it.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

import msgspec

QUOTE_AT_MOST = 600
"""Characters of a quote; who marks more means the section."""
CONTEXT_AT_MOST = 120
_CONTEXT = 8  # words on either side that tell one place from another like it
_ALIKE = 0.6  # share of a quote's words that must stand in a place that is called the same one, changed
_WINDOWS = 5  # places that are looked at closely
_GAP_BEYOND = 12  # words by which what stands between the old neighbours may be longer than the quote


class Words(msgspec.Struct, frozen=True, tag="words", omit_defaults=True):
    """Words of a text with what stands before and after them; `at` words before them in all, `left` behind."""

    quote: str
    before: str = ""
    after: str = ""
    at: int = 0
    left: int = 0


class Row(msgspec.Struct, frozen=True, tag="row", omit_defaults=True):
    """A row of a table by its id, with its number (from 1) and its cells as they were; maybe one column."""

    row: str
    number: int = 0
    column: str = ""
    cells: str = ""


class Spot(msgspec.Struct, frozen=True, tag="spot", omit_defaults=True):
    """A place on a page (from 1) of a file, in thousandths of its width and height from the top left."""

    sha256: str
    page: int = 1
    x: int = 0
    y: int = 0
    name: str = ""


Anchor = Words | Row | Spot

_decoder = msgspec.json.Decoder(Anchor | None)


def encode(anchor: Anchor | None) -> str:
    """The JSON text that is stored; nothing for the whole section."""
    return msgspec.json.encode(anchor).decode() if anchor is not None else ""


def decode(text: str) -> Anchor | None:
    """Read what `encode` wrote; raises `msgspec.DecodeError` on anything else."""
    return _decoder.decode(text) if text else None


class Found(NamedTuple):
    """Characters `start` to `end` of a text; not `same` where the words there were changed."""

    start: int
    end: int
    same: bool = True


# Texts

_WORD = re.compile(r"[^\W_]+")


class _Text(NamedTuple):
    """The words of a text in lower case with their places, and all of them as one line, a space round each."""

    words: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    line: str
    starts: tuple[int, ...]  # where each word begins in the line


@lru_cache(maxsize=8)
def _read(text: str) -> _Text:
    found = [(match[0].casefold(), match.span()) for match in _WORD.finditer(text)]
    words = tuple(word for word, _ in found)
    starts, at = [], 1
    for word in words:
        starts.append(at)
        at += len(word) + 1
    return _Text(words, tuple(place for _, place in found), _line(words), tuple(starts))


def _words(text: str) -> tuple[str, ...]:
    return tuple(match[0].casefold() for match in _WORD.finditer(text))


def _line(words: Sequence[str]) -> str:
    return f" {' '.join(words)} " if words else " "


def words_at(text: str, start: int, end: int) -> Words | None:
    """The anchor of the words that these characters touch; None where there are none."""
    read = _read(text)
    inside = [at for at, (low, high) in enumerate(read.places) if low < end and high > start]
    return _anchor(text, read, inside[0], inside[-1] + 1) if inside else None


def _anchor(text: str, read: _Text, first: int, end: int) -> Words:
    low, high = read.places[first][0], read.places[end - 1][1]
    before = read.places[max(0, first - _CONTEXT)][0]
    after = read.places[min(len(read.words), end + _CONTEXT) - 1][1]
    return Words(
        quote=text[low:high],
        before=text[before:low],
        after=text[high:after],
        at=first,
        left=len(read.words) - end,
    )


def quoted(text: str, anchor: Words) -> Words | None:
    """The anchor that somebody means by these words, as it is spelled in the text; itself where the text has no such
    words, None where it holds none.
    """
    if not _words(anchor.quote):
        return None
    found = find(text, anchor)
    if found is None or not found.same:
        return anchor
    return words_at(text, found.start, found.end) or anchor


def find(text: str, anchor: Words) -> Found | None:
    """Where these words stand in a text, or what stands in their place now; None where the passage is gone."""
    quote = _words(anchor.quote[: 4 * QUOTE_AT_MOST])
    read = _read(text)
    if not quote or not read.words:
        return None
    # what is kept may be cut in the middle of a word, and may come from a form: no longer than it is ever made
    before = _words(anchor.before[-20 * CONTEXT_AT_MOST :])[-_CONTEXT:]
    after = _words(anchor.after[: 20 * CONTEXT_AT_MOST])[:_CONTEXT]
    first = _exactly(read, quote, before, after, anchor)
    if first is not None:
        return Found(read.places[first][0], read.places[first + len(quote) - 1][1])
    span = _nearly(read, quote, anchor) or _between(read, len(quote), before, after)
    if span is None:
        return None
    return Found(read.places[span[0]][0], read.places[span[1] - 1][1], same=False)


def _occurrences(read: _Text, words: Sequence[str]) -> list[int]:
    """The numbers of the words at which these words begin."""
    wanted = _line(words)
    found, at = [], read.line.find(wanted)
    while at >= 0:
        found.append(bisect_left(read.starts, at + 1))
        at = read.line.find(wanted, at + 1)
    return found


def _exactly(
    read: _Text, quote: tuple[str, ...], before: tuple[str, ...], after: tuple[str, ...], anchor: Words
) -> int | None:
    """The place with most of the old neighbours; among equals the one that moved least, seen from either end.

    Of very few words that stand in many places, one without any old neighbour is another one.
    """
    needed = min(max(0, 3 - len(quote)), len(before) + len(after))
    best: tuple[int, int, int] | None = None
    for first in _occurrences(read, quote):
        end = first + len(quote)
        near = 0
        while near < min(len(before), first) and read.words[first - near - 1] == before[-near - 1]:
            near += 1
        far = 0
        while far < min(len(after), len(read.words) - end) and read.words[end + far] == after[far]:
            far += 1
        if near + far >= needed:
            moved = min(abs(first - anchor.at), abs(len(read.words) - end - anchor.left))
            best = max(best or (-1, 0, 0), (near + far, -moved, -first))
    return -best[2] if best is not None else None


def _nearly(read: _Text, quote: tuple[str, ...], anchor: Words) -> tuple[int, int] | None:
    """The stretch that shares most words with the quote, if it shares enough of them in order."""
    size = len(quote)
    if size < 4:
        return None
    wanted = Counter(quote)
    # only words of the quote count, so only they are looked at: every window ends with one
    hits = [at for at, word in enumerate(read.words) if word in wanted]
    have: Counter[str] = Counter()
    shared = left = 0
    windows: list[tuple[int, int, int]] = []
    for at in hits:
        word = read.words[at]
        have[word] += 1
        shared += have[word] <= wanted[word]
        while hits[left] <= at - size:
            gone = read.words[hits[left]]
            shared -= have[gone] <= wanted[gone]
            have[gone] -= 1
            left += 1
        if shared >= _ALIKE * size:
            first = max(0, at + 1 - size)
            windows.append((-shared, abs(first - anchor.at), first))
    best: tuple[float, int, int, int] | None = None
    for _, moved, first in sorted(windows)[:_WINDOWS]:
        # a stretch that grew is longer than its quote: look a little beyond
        low, high = max(0, first - size // 4), min(len(read.words), first + size + size // 4)
        blocks = SequenceMatcher(None, quote, read.words[low:high], autojunk=False).get_matching_blocks()
        kept = [block for block in blocks if block.size]
        same = sum(block.size for block in kept)
        if same >= _ALIKE * size:
            start, end = low + kept[0].b, low + kept[-1].b + kept[-1].size
            best = max(best or (-1.0, 0, 0, 0), (same / (size + end - start), -moved, -start, end))
    return (-best[2], best[3]) if best is not None else None


def _between(
    read: _Text, size: int, before: tuple[str, ...], after: tuple[str, ...]
) -> tuple[int, int] | None:
    """What stands between the old neighbours, where both are still there once; None where they meet."""
    left, right = before[-3:], after[:3]
    if len(left) < 3 or len(right) < 3:
        return None
    ends = [at + len(left) for at in _occurrences(read, left)]
    starts = _occurrences(read, right)
    if len(ends) != 1 or len(starts) != 1:
        return None
    return (ends[0], starts[0]) if 0 < starts[0] - ends[0] <= size + _GAP_BEYOND else None


# Tables


def row_at(rows: Sequence[Mapping[str, str]], number: int, key: str, column: str = "") -> Row | None:
    """The anchor of a row by its number from 1; `key` is what the id of a row is called."""
    if not 0 < number <= len(rows):
        return None
    row = rows[number - 1]
    return Row(row.get(key, ""), number, column, _cells(row, key))


def find_row(rows: Sequence[Mapping[str, str]], anchor: Row, key: str) -> tuple[int, bool] | None:
    """The number (from 1) of the row now and whether it reads as it did; None where it is gone."""
    for number, row in enumerate(rows, start=1):
        if anchor.row and row.get(key) == anchor.row:
            return number, _cells(row, key) == anchor.cells
    # made anew, as when a table is pasted once more: the same words, and the nearest of several
    same = [
        number
        for number, row in enumerate(rows, start=1)
        if anchor.cells.strip() and _cells(row, key) == anchor.cells
    ]
    return (min(same, key=lambda number: (abs(number - anchor.number), number)), True) if same else None


def _cells(row: Mapping[str, str], key: str) -> str:
    """What a row says, its words before its numbers: short enough to keep, long enough to know it by."""
    cells = [" ".join(row[name].split()) for name in sorted(row) if name != key]
    cells.sort(key=lambda cell: not any(map(str.isalpha, cell)))
    return " · ".join(filter(None, cells))[:QUOTE_AT_MOST]
