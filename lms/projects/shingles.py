"""Which paragraphs of two texts are the same words: shingles, of which winnowing keeps few that surely meet.

Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting", SIGMOD 2003: of every
WINDOW neighbouring shingles the smallest hash is kept, so that any run of SHINGLE + WINDOW - 1 words that two texts
share leaves at least one common fingerprint.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

import msgspec

SHINGLE = 5
"""Words of a shingle."""

WINDOW = 4
"""Neighbouring shingles of which one is kept."""

LEAST_WORDS = 15
"""Words of a paragraph that can be alike; shorter ones are alike by chance."""

_WORD = re.compile(r"[^\W_]+")


class Passage(msgspec.Struct, frozen=True):
    """A paragraph's place in its section, from 0, and its fingerprints."""

    paragraph: int
    values: tuple[int, ...]


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a Markdown text, as blank lines part them; a heading is one of its own."""
    parts = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n"))
    return [part.strip() for part in parts if part.strip()]


def words(text: str) -> list[str]:
    """The words as they are compared: small letters, no marks, no punctuation."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def fingerprints(text: str) -> tuple[int, ...]:
    """The kept hashes of a paragraph, each once, in order; 63 bits, so that any database holds them."""
    found = words(text)
    if len(found) < LEAST_WORDS:
        return ()
    hashes = [_hash(" ".join(found[at : at + SHINGLE])) for at in range(len(found) - SHINGLE + 1)]
    kept: dict[int, None] = {}
    for at in range(max(1, len(hashes) - WINDOW + 1)):
        kept[min(hashes[at : at + WINDOW])] = None
    return tuple(kept)


def passages(text: str, known: frozenset[int] = frozenset()) -> list[Passage]:
    """The paragraphs that leave fingerprints, without those of what everybody was given (``known``)."""
    found = []
    for at, part in enumerate(paragraphs(text)):
        values = tuple(value for value in fingerprints(part) if value not in known)
        if values:
            found.append(Passage(at, values))
    return found


def once(found: Iterable[tuple[str, Passage]]) -> list[tuple[str, Passage]]:
    """Passages with their sections, each fingerprint only where it first stands: a text that says one thing a
    thousand times is compared once.
    """
    seen: set[int] = set()
    kept = []
    for section, passage in found:
        values = tuple(value for value in passage.values if value not in seen)
        seen.update(values)
        if values:
            kept.append((section, Passage(passage.paragraph, values)))
    return kept


def given(texts: Iterable[str]) -> frozenset[int]:
    """The fingerprints of what a project gives to everybody: its guides and brief."""
    return frozenset(value for text in texts for part in paragraphs(text) for value in fingerprints(part))


def share(own: Sequence[int], common: int) -> float:
    """How much of a paragraph stands elsewhere too, 0 to 1: its common fingerprints of all it left."""
    return min(1.0, common / len(own)) if own else 0.0


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
