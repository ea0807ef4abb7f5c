"""Text from bytes whose encoding nobody told: UTF-8, UTF-16 or Windows-1252."""

import codecs
import re
from typing import NamedTuple

from lms.frontmatter import unified
from lms.refusals import Refused

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_ONE_BYTE = frozenset(("windows-1252", "cp1252", "iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"))
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
LOOKED_AT = 4_000


class Decoded(NamedTuple):
    """A file's text with `\\n` as its only line end, its encoding, and whether that was a guess that can be wrong."""

    text: str
    encoding: str
    guessed: bool = False


def decoded(content: bytes) -> Decoded:
    """The text of a file; raises Refused where no encoding makes text of it.

    A byte order mark decides; without one, zeros in every other byte are UTF-16, and what is no UTF-8 is
    Windows-1252, unless an XML declaration names an encoding that fits.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _read(content[len(mark) :], encoding)
    if encoding := _wide(content[:LOOKED_AT]):
        return _read(content, encoding)
    try:
        return _read(content, "utf-8", strict=True)
    except UnicodeDecodeError:
        declared = _DECLARED.match(content)
        told = declared is not None and declared[1].decode("ascii").lower() in _ONE_BYTE
        return _read(content, "windows-1252")._replace(guessed=not told)


def _wide(start: bytes) -> str:
    """UTF-16 without a mark: Latin letters leave a zero in every other byte."""
    pairs = len(start) // 2
    if pairs < 2:
        return ""
    high, low = start[0 : 2 * pairs : 2].count(0), start[1 : 2 * pairs : 2].count(0)
    if low > 0.4 * pairs and high < 0.1 * pairs:
        return "utf-16-le"
    if high > 0.4 * pairs and low < 0.1 * pairs:
        return "utf-16-be"
    return ""


def _read(content: bytes, encoding: str, strict: bool = False) -> Decoded:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if strict:
            raise
        raise Refused("Berkas itu bukan teks yang dapat dibaca. Simpan ulang sebagai UTF-8.") from error
    if odd := _CONTROL.search(text):
        raise Refused(
            "Berkas itu bukan teks: ada karakter kendali di baris %(line)s. Simpan ulang sebagai UTF-8.",
            line=1 + text.count("\n", 0, odd.start()),
        )
    return Decoded(unified(text), encoding)
