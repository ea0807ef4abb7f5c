"""The archive of an offline pack, written to disk piece by piece: memory holds no more than one page of it."""

import re
import shutil
import unicodedata
import zipfile
from collections.abc import Callable
from typing import BinaryIO

CHUNK = 64 * 1024
PACKED_ALREADY = ("pdf", "png", "jpg", "docx", "xlsx")


class Archive:
    """A ZIP on its way out; ``room`` are the bytes that files of learners may still take."""

    def __init__(self, out: BinaryIO, room: int) -> None:
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, allowZip64=True)
        self.room = room

    def add(self, path: str, data: bytes) -> None:
        """Something of our own, of any size we make."""
        packed = path.rpartition(".")[2] in PACKED_ALREADY
        self._zip.writestr(path, data, zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED)

    def copy(self, path: str, opened: Callable[[], BinaryIO], size: int) -> bool:
        """A file of that size; False, and nothing is written, where there is no room or no such file."""
        if size > self.room:
            return False
        try:
            source = opened()
        except FileNotFoundError:
            return False
        info = zipfile.ZipInfo(path)
        info.compress_type = zipfile.ZIP_STORED
        with source, self._zip.open(info, "w", force_zip64=size > zipfile.ZIP64_LIMIT) as target:
            shutil.copyfileobj(source, target, CHUNK)
        self.room -= size
        return True

    def close(self) -> None:
        """Write the list at its end."""
        self._zip.close()


def slug(text: str, most: int = 40) -> str:
    """A text as part of a path that every system can unpack."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:most].strip("-") or "hasil-kerja"


def file_name(name: str, taken: set[str]) -> str:
    """A file's name as every system can unpack it, another one for each of a folder; ``taken`` remembers them."""
    stem, dot, ending = name.rpartition(".")
    base = slug(stem if dot else ending, 60)
    ending = f".{slug(ending, 5)}" if dot else ""
    found, number = f"{base}{ending}", 2
    while found in taken:
        found, number = f"{base}-{number}{ending}", number + 1
    taken.add(found)
    return found
