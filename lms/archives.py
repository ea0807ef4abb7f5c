"""PURE: reading an uploaded ZIP entry by entry; the archive is hostile until shown otherwise."""

from __future__ import annotations

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from lms.refusals import Refused

CHUNK = 64 * 1024
IGNORED = ("__MACOSX", ".DS_Store", "Thumbs.db", ".git")
BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    UnicodeDecodeError,
    struct.error,
)
"""What `zipfile` raises on an archive that is damaged, encrypted or made of something else."""


class Limits(NamedTuple):
    """How much an archive may hold: files, bytes of all of them unpacked, folders in folders."""

    files: int
    bytes: int
    depth: int


class Entry(NamedTuple):
    """One plain file of an archive; `chunks` are read once, and counted while they are."""

    path: PurePosixPath
    chunks: Iterator[bytes]


def entries(opened: zipfile.ZipFile, limits: Limits) -> Iterator[Entry]:
    """The files of an archive, in its order; what systems leave behind is passed over.

    Raises Refused for anything that is no plain tree of small files: links, odd paths, too many, too large, encrypted.
    The size is counted while bytes come out, because an archive's own figures may lie.
    """
    found = [each for each in opened.infolist() if not each.is_dir() and not _ignored(each.filename)]
    if len(found) > limits.files:
        raise Refused(
            "ZIP itu berisi lebih dari %(limit)s berkas. Kirim yang diperlukan saja.",
            limit=limits.files,
        )
    count = _Count(limits.bytes)
    for each in found:
        yield Entry(_plain_path(each, limits.depth), count.chunks(opened, each))


class _Count:
    """The bytes that may still come out."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.left = limit

    def chunks(self, opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        with opened.open(entry) as source:
            while chunk := source.read(CHUNK):
                self.left -= len(chunk)
                if self.left < 0:
                    raise Refused(
                        "Isi ZIP melebihi %(limit)s MB. Perkecil gambar dan lampirannya.",
                        limit=self.limit // 2**20,
                    )
                yield chunk


def _ignored(name: str) -> bool:
    return any(part in IGNORED for part in PurePosixPath(name).parts)


def _plain_path(entry: zipfile.ZipInfo, depth: int) -> PurePosixPath:
    path = PurePosixPath(entry.filename)
    mode = entry.external_attr >> 16
    plain = (
        not path.is_absolute()
        and 1 <= len(path.parts) <= depth
        and all(part not in ("..", ".", "") and "\\" not in part and ":" not in part for part in path.parts)
        and entry.filename.isprintable()
        and (mode == 0 or stat.S_IFMT(mode) in (0, stat.S_IFREG))
        and not entry.flag_bits & 0x1
    )
    if not plain:
        raise Refused(
            "ZIP itu memuat tautan, kata sandi, atau nama berkas yang tidak diterima. Buat ulang ZIP dari foldernya."
        )
    return path
