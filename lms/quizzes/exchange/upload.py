"""A file as it arrived, opened as far as every format needs it: text, a tree of XML, or the files of a ZIP."""

import io
import zipfile
from collections.abc import Mapping
from typing import NamedTuple

from lms.archives import BROKEN, Limits, entries
from lms.quizzes.exchange.encoding import decoded
from lms.quizzes.exchange.tree import Node, parsed
from lms.refusals import Refused

MAX_BYTES = 10 * 2**20
"""Bytes of a file, before anything is unpacked."""

MAX_WORDS = 2_000_000
"""Characters of a file that is only words; one of XML holds pictures too."""

LIMITS = Limits(files=500, bytes=40 * 2**20, depth=8)


class Upload(NamedTuple):
    """A file: its name, its text if it is text, the root if that is XML, its files if it is a ZIP."""

    name: str
    text: str | None = None
    root: Node | None = None
    files: Mapping[str, bytes] | None = None
    encoding: str = ""
    guessed: bool = False


def opened(name: str, content: bytes) -> Upload:
    """Open a file; raises Refused for one that is too large, hostile, or neither text nor ZIP."""
    if len(content) > MAX_BYTES:
        raise Refused(
            "Berkas itu melebihi %(limit)s MB. Bagi menjadi beberapa berkas.", limit=MAX_BYTES // 2**20
        )
    if not content.strip():
        raise Refused("Berkas itu kosong.")
    if content[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return Upload(name, files=_unpacked(content))
    text, encoding, guessed = decoded(content)
    root = parsed(text) if text.lstrip().startswith("<") else None
    if root is None and len(text) > MAX_WORDS:
        raise Refused(
            "Berkas itu melebihi %(limit)s MB. Bagi menjadi beberapa berkas.", limit=MAX_WORDS // 10**6
        )
    return Upload(name, text, root, None, encoding, guessed)


def _unpacked(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files: dict[str, bytes] = {}
            for path, chunks in entries(archive, LIMITS):
                if path.as_posix() in files:
                    raise Refused("ZIP itu memuat dua berkas dengan nama yang sama.")
                files[path.as_posix()] = b"".join(chunks)
            return files
    except BROKEN as error:
        raise Refused(
            "Berkas itu bukan ZIP yang dapat dibaca. Buat ulang ZIP tanpa kata sandi, lalu unggah lagi."
        ) from error
