"""Reads a content folder from disk and believes nothing about it: plain files of bounded size, decoded."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from lms.assets import MEDIA_TYPES, look
from lms.frontmatter import unified
from lms.problems import Problem

MAX_PAGE = 200_000
MAX_ASSET = 5_000_000
MAX_ALL = 100_000_000
"""Bytes of one text, of one file of `files/`, of everything together."""

MAX_ENTRIES = 1000

FILES = "files"
"""The folder of pictures and downloads."""

_LEFT_BEHIND = frozenset(("Thumbs.db", "desktop.ini", "__MACOSX"))
_ASSET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\ufffe\uffff]")


class Asset(msgspec.Struct, frozen=True):
    """A picture or download; `width` and `height` are a picture's, in CSS pixels, else 0."""

    name: str
    media_type: str
    content: bytes
    width: int = 0
    height: int = 0


class Folder:
    """What stands in a content folder: texts by path, assets by name, module folders in order, problems.

    Paths are relative to the folder, with forward slashes.
    """

    def __init__(self, root: Path) -> None:
        self.problems: list[Problem] = []
        self.texts: dict[str, str] = {}
        self.assets: dict[str, Asset] = {}
        self.modules: list[str] = []
        self.unreadable: set[str] = set()
        self._bytes = 0
        self._entries = 0
        for entry in self._inside(root, ""):
            self._root_entry(entry)

    def problem(self, file: str, line: int, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(file, line, message))

    def _inside(self, folder: Path, where: str) -> Iterator[Path]:
        """The entries of a folder that are neither hidden, links nor devices, in order of their numbers."""
        try:
            entries = sorted(folder.iterdir(), key=_order)
        except OSError:
            self.problem(where or ".", 1, "Folder ini tidak dapat dibaca; periksa izinnya.")
            return
        for entry in entries:
            if entry.name.startswith(".") or entry.name in _LEFT_BEHIND:
                continue
            self._entries += 1
            shown = _shown(where, entry.name)
            if self._entries > MAX_ENTRIES:
                self.problem(shown, 1, f"Terlalu banyak berkas; satu pelatihan paling banyak {MAX_ENTRIES}.")
                return
            if entry.is_symlink():
                self.problem(shown, 1, "Tautan simbolik tidak diterima; salin berkasnya ke sini.")
            elif not (entry.is_file() or entry.is_dir()):
                self.problem(shown, 1, "Ini bukan berkas biasa; hapus.")
            else:
                yield entry

    def _root_entry(self, entry: Path) -> None:
        name = entry.name
        if entry.is_dir():
            if name == FILES:
                for asset in self._inside(entry, name):
                    self._asset(asset)
            elif re.fullmatch(r"\d{1,3}-[a-z0-9-]+", name):
                self.modules.append(name)
                for inner in self._inside(entry, name):
                    self._module_entry(name, inner)
            else:
                self.problem(
                    _shown("", name),
                    1,
                    "Folder modul bernama nomor, tanda hubung, lalu huruf kecil, misalnya `01-kerangka`; "
                    "gambar dan unduhan disimpan di `files`.",
                )
        elif name == "course.yml":
            self._text(entry, name)
        else:
            self.problem(
                _shown("", name), 1, "Berkas ini tidak dikenal di sini; pindahkan ke modul atau hapus."
            )

    def _module_entry(self, module: str, entry: Path) -> None:
        path = _shown(module, entry.name)
        stem, _, extension = entry.name.rpartition(".")
        if entry.is_dir():
            self.problem(path, 1, "Modul tidak boleh berisi folder; pindahkan isinya ke folder modul.")
        elif extension == "md" and re.fullmatch(r"\d{1,3}-[a-z0-9-]+", stem):
            self._text(entry, path)
        elif extension == "md":
            self.problem(
                path,
                1,
                "Nama materi harus nomor, tanda hubung, lalu huruf kecil, misalnya `02-tahapan.md`.",
            )
        elif extension == "yml" and re.fullmatch(r"[a-z0-9-]+", stem):
            self._text(entry, path)
        else:
            self.problem(
                path,
                1,
                "Berkas ini tidak dikenal di sini; modul berisi `module.yml`, `.md`, dan rubrik `.yml`. "
                "Simpan gambar dan unduhan di `files`.",
            )

    def _read(self, entry: Path, path: str, limit: int) -> bytes | None:
        try:
            with entry.open("rb") as file:
                content = file.read(limit + 1)
        except OSError:
            self.problem(path, 1, "Berkas ini tidak dapat dibaca; periksa izinnya.")
            return None
        self._bytes += len(content)
        if len(content) > limit:
            self.problem(
                path, 1, f"Berkas ini terlalu besar; paling banyak {limit // 1000:,} KB.".replace(",", ".")
            )
            return None
        if self._bytes > MAX_ALL:
            self.problem(
                path, 1, f"Isi folder terlalu besar; paling banyak {MAX_ALL // 1_000_000} MB seluruhnya."
            )
            return None
        return content

    def _text(self, entry: Path, path: str) -> None:
        content = self._read(entry, path, MAX_PAGE)
        if content is None:
            self.unreadable.add(path)
            return
        try:
            text = unified(content.decode())
        except UnicodeDecodeError as error:
            line = 1 + content.count(b"\n", 0, error.start)
            self.problem(path, line, "Teks ini bukan UTF-8; simpan ulang berkas sebagai UTF-8.")
            self.unreadable.add(path)
            return
        if odd := _CONTROL.search(text):
            line = 1 + text.count("\n", 0, odd.start())
            self.problem(
                path, line, f"Ada karakter kendali U+{ord(odd[0]):04X} di baris ini; hapus karakter itu."
            )
            self.unreadable.add(path)
            return
        self.texts[path] = text

    def _asset(self, entry: Path) -> None:
        path = _shown(FILES, entry.name)
        name, extension = entry.name, entry.name.rpartition(".")[2].lower()
        if entry.is_dir():
            self.problem(path, 1, "`files` tidak boleh berisi folder; pindahkan isinya ke `files`.")
            return
        if not _ASSET_NAME.fullmatch(name):
            self.problem(path, 1, "Nama berkas hanya boleh berisi huruf A-Z, angka, titik, `-`, dan `_`.")
            return
        if extension not in MEDIA_TYPES:
            self.problem(path, 1, f"Jenis berkas ini tidak diterima; pakai {', '.join(MEDIA_TYPES)}.")
            return
        if twin := next((each for each in self.assets if each.casefold() == name.casefold()), None):
            self.problem(
                path, 1, f"Nama ini hanya berbeda besar kecil hurufnya dari `{twin}`; ubah salah satunya."
            )
            return
        content = self._read(entry, path, MAX_ASSET)
        if content is None:
            self.unreadable.add(path)
            return
        if extension == "svg":
            content = content.replace(b"\r\n", b"\n")
        looked = look(name, content)
        for line, message in looked.found:
            self.problem(path, line, message)
        self.assets[name] = Asset(name, MEDIA_TYPES[extension], content, looked.width, looked.height)


def _order(entry: Path) -> tuple[int, str]:
    """By number first, so that 10 comes after 9."""
    digits = re.match(r"\d{1,9}", entry.name)
    return (int(digits[0]) if digits else 0, entry.name)


def _shown(where: str, name: str) -> str:
    """A path for a problem, whatever bytes the name is made of."""
    plain = name.encode("utf-8", "replace").decode()
    plain = "".join(each if each.isprintable() else "?" for each in plain)[:150]
    return f"{where}/{plain}" if where else plain
