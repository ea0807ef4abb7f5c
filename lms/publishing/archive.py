"""PURE: unpacking an uploaded ZIP of a course folder; the archive is hostile until shown otherwise."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path, PurePosixPath

from lms.refusals import Refused

MAX_FILES = 1000
MAX_BYTES = 100 * 1024 * 1024
MAX_DEPTH = 4
CHUNK = 64 * 1024
IGNORED = ("__MACOSX", ".DS_Store", "Thumbs.db", ".git")


def unpack(archive: Path, target: Path) -> Path:
    """Unpack into the empty folder ``target`` and return the course folder in it (the one with course.yml).

    Raises Refused for anything that is no plain tree of small files: links, odd paths, too many, too large, encrypted.
    The size is counted while bytes come out, because an archive's own figures may lie.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [
                entry for entry in opened.infolist() if not entry.is_dir() and not _ignored(entry.filename)
            ]
            if len(entries) > MAX_FILES:
                raise Refused(
                    "ZIP itu berisi lebih dari %(limit)s berkas. Kirim folder pelatihannya saja.",
                    limit=MAX_FILES,
                )
            left = MAX_BYTES
            for entry in entries:
                left -= _extract(opened, entry, target, left)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise Refused(
            "Berkas itu bukan ZIP yang dapat dibaca. Buat ulang ZIP tanpa kata sandi, lalu unggah lagi."
        ) from error
    found = sorted(target.glob("course.yml")) or sorted(target.glob("*/course.yml"))
    if len(found) != 1:
        raise Refused("ZIP harus memuat satu folder pelatihan dengan course.yml di dalamnya.")
    return found[0].parent


def _ignored(name: str) -> bool:
    return any(part in IGNORED for part in PurePosixPath(name).parts)


def _extract(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, left: int) -> int:
    path = PurePosixPath(entry.filename)
    mode = entry.external_attr >> 16
    plain = (
        not path.is_absolute()
        and 1 <= len(path.parts) <= MAX_DEPTH
        and all(part not in ("..", ".", "") and "\\" not in part and ":" not in part for part in path.parts)
        and entry.filename.isprintable()
        and (mode == 0 or stat.S_IFMT(mode) in (0, stat.S_IFREG))
        and not entry.flag_bits & 0x1
    )
    if not plain:
        raise Refused(
            "ZIP itu memuat tautan, kata sandi, atau nama berkas yang tidak diterima. Buat ulang ZIP dari foldernya."
        )
    place = target.joinpath(*path.parts)
    place.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(entry) as source, place.open("xb") as out:
        while chunk := source.read(CHUNK):
            written += len(chunk)
            if written > left:
                raise Refused(
                    "Isi ZIP melebihi %(limit)s MB. Perkecil gambar dan lampirannya.",
                    limit=MAX_BYTES // 2**20,
                )
            out.write(chunk)
    return written
