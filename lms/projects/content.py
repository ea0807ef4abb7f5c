"""What fills a section, text, a table or files, as it is typed, stored and hashed.

In the database content is JSON: a string for a text, an object for a table, an array for files. `canonical`
is the one spelling that receipts hash: sorted keys, no spaces, no empty rows at the end.
"""

import hashlib
import re
from functools import lru_cache

import msgspec

from lms.words import words as words  # what a text section is measured by

ROW_ID = "_id"
"""The key of a row's stable id, given when the row is made; no column can be called so."""


class FileRef(msgspec.Struct, frozen=True):
    """A file of a files section; the bytes stand elsewhere under their hash, `size` counts them."""

    sha256: str
    name: str
    size: int
    media_type: str


class Table(msgspec.Struct, frozen=True):
    """The rows of a table section, each a mapping of column id to the cell as typed, and of `_id`."""

    rows: tuple[dict[str, str], ...] = ()


Content = str | Table | tuple[FileRef, ...]

_decoder = msgspec.json.Decoder(Content)
_encoder = msgspec.json.Encoder(order="sorted")


def encode(content: Content) -> str:
    """The JSON text that a draft or a version keeps."""
    return _encoder.encode(content).decode()


def decode(text: str | bytes) -> Content:
    """Read what `encode` wrote; raises `msgspec.DecodeError` on anything else."""
    return _decoder.decode(text)


def canonical(content: Content) -> bytes:
    """The bytes that stand for the content in a receipt; content that looks the same gives the same bytes."""
    if isinstance(content, Table):
        content = Table(filled_rows(content))
    return _encoder.encode(content)


def digest(content: Content) -> str:
    """SHA-256 of the canonical bytes, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(content)).hexdigest()


def is_blank_row(row: dict[str, str]) -> bool:
    """Whether no cell of the row holds anything but spaces."""
    return not any(value and not value.isspace() for key, value in row.items() if key != ROW_ID)


def filled_rows(table: Table) -> tuple[dict[str, str], ...]:
    """The rows without the blank ones at the end; blank ones in between stay and keep their place."""
    end = len(table.rows)
    while end and is_blank_row(table.rows[end - 1]):
        end -= 1
    return table.rows[:end]


def is_empty(content: Content | None) -> bool:
    """Whether nothing was typed, or no file added."""
    if isinstance(content, Table):
        return not filled_rows(content)
    if isinstance(content, str):
        return not content.strip()
    return not content


_NUMBERING = re.compile(r"\A(?:[0-9]{1,3}(?:\.[0-9]{1,3}){0,5}[.)]?|[A-Za-z][.)])\s+")
_MARKS = str.maketrans("", "", "*_`~")


def heading_key(text: str) -> str:
    """A heading as it is compared: no numbering ("2.1", "B."), emphasis or final colon, small letters."""
    text = " ".join(text[:300].translate(_MARKS).split())
    return _NUMBERING.sub("", text).rstrip(" :.").casefold()


@lru_cache(maxsize=8)  # a save asks for the headings of the same text several times
def headings(markdown: str) -> tuple[str, ...]:
    """The headings of a text, `## such` or underlined, as `heading_key` spells them; code has none."""
    found = []
    fence = before = ""
    for line in markdown.splitlines():
        bare = line.strip()
        if fence or bare.startswith(("```", "~~~")):
            if not fence:
                fence = bare[:3]
            elif bare.startswith(fence) and not bare.strip(fence[0]):
                fence = ""
            before = ""
        elif bare.startswith("#"):
            text = bare.lstrip("#")
            if len(bare) - len(text) <= 6 and text[:1].isspace():
                found.append(heading_key(text.rstrip().rstrip("#")))
            before = ""
        elif before and bare and (not bare.strip("=") or not bare.strip("-")):
            found.append(heading_key(before))
            before = ""
        else:
            before = bare
    return tuple(found)
