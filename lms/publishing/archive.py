"""PURE: unpacking an uploaded ZIP of a course folder."""

from __future__ import annotations

import zipfile
from pathlib import Path

from lms.archives import BROKEN, Limits, entries
from lms.refusals import Refused

MAX_FILES = 1000
MAX_BYTES = 100 * 1024 * 1024
MAX_DEPTH = 4


def unpack(archive: Path, target: Path) -> Path:
    """Unpack into the empty folder ``target`` and return the course folder in it (the one with course.yml).

    Raises Refused for anything that is no plain tree of small files.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            for path, chunks in entries(opened, Limits(MAX_FILES, MAX_BYTES, MAX_DEPTH)):
                place = target.joinpath(*path.parts)
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("xb") as out:
                    out.writelines(chunks)
    except BROKEN as error:
        raise Refused(
            "Berkas itu bukan ZIP yang dapat dibaca. Buat ulang ZIP tanpa kata sandi, lalu unggah lagi."
        ) from error
    found = sorted(target.glob("course.yml")) or sorted(target.glob("*/course.yml"))
    if len(found) != 1:
        raise Refused("ZIP harus memuat satu folder pelatihan dengan course.yml di dalamnya.")
    return found[0].parent
