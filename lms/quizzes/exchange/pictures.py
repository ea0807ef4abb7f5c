"""Pictures and downloads that come with a quiz: found by the address in its text, checked, and given a name."""

import base64
import binascii
import hashlib
import posixpath
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from lms.assets import MEDIA_TYPES, look

MAX_FILE = 5_000_000
MAX_FILES = 300
FOLDER = "../files/"
"""How a quiz names what stands in the `files` of its course."""

DATA = re.compile(
    r"data:[\w.+-]{1,40}/[\w.+-]{1,60}(?:;[\w=.+-]{1,60})*;base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_ABSOLUTE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_HEADS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF8", "gif"),
    (b"%PDF-", "pdf"),
)


class Taken(NamedTuple):
    """Where a text shall point instead, empty when the file could not be taken; `loss` says why."""

    target: str
    loss: str = ""


class Pictures:
    """The files of one quiz by the names that they get in `files`.

    `files` are those that came along, by path; `present` are those that the course has already: the same
    content keeps its name, other content of that name gets another one.
    """

    def __init__(self, files: Mapping[str, bytes], present: Mapping[str, bytes] | None = None) -> None:
        self.files = files
        self.present = {name.casefold(): (name, content) for name, content in (present or {}).items()}
        self.found: dict[str, bytes] = {}
        self.used: set[str] = set()

    def take(self, address: str, folder: str = "") -> Taken:
        """Follow the address of a picture or a download."""
        if address[:5].lower() == "data:":
            return self._data(address)
        if _ABSOLUTE.match(address):
            return Taken("", f"gambar dari alamat luar tidak diambil: {_short(address)}")
        if address.startswith(FOLDER) and address not in self.files:
            if address[len(FOLDER) :].casefold() in self.present:
                return Taken(address)
            return Taken(address, f"berkas {_short(address)} tidak ikut; salin ke folder `files` pelatihan")
        path = self._path(address, folder)
        if path is None:
            return Taken("", f"berkas {_short(address)} tidak ada di dalam kiriman")
        self.used.add(path)
        return self._keep(self.files[path], posixpath.basename(path))

    def _path(self, address: str, folder: str) -> str | None:
        for written in dict.fromkeys((address, unquote(address))):
            bare = re.sub(r"\A(?:@@PLUGINFILE@@|\$IMS-CC-FILEBASE\$|%24IMS-CC-FILEBASE%24)/*", "", written)
            bare = bare.split("?")[0].split("#")[0]
            for place in dict.fromkeys((folder, "", "web_resources")):
                path = posixpath.normpath(posixpath.join(place, bare.lstrip("/")))
                if path in self.files:
                    return path
        return None

    def _data(self, address: str) -> Taken:
        head, _, data = address.partition(",")
        if not head.lower().endswith(";base64"):
            return Taken("", "gambar yang disematkan tidak dapat dibaca")
        content = from_base64(data)
        if content is None:
            return Taken("", "gambar yang disematkan tidak dapat dibaca")
        return self._keep(content, "")

    def _keep(self, content: bytes, name: str) -> Taken:
        stem, _, extension = name.rpartition(".")
        kind = _kind(content) or extension.lower()
        shown = _short(name) if name else "yang disematkan"
        if kind not in MEDIA_TYPES:
            return Taken("", f"berkas {shown} berjenis {kind[:10] or 'tak dikenal'} dan tidak diterima")
        if len(content) > MAX_FILE:
            return Taken("", f"berkas {shown} melebihi {MAX_FILE // 1_000_000} MB")
        if len(self.found) >= MAX_FILES:
            return Taken("", f"lebih dari {MAX_FILES} berkas; berkas {shown} tidak diambil")
        if found := look(f"x.{kind}", content).found:
            return Taken("", f"berkas {shown} tidak diterima: {found[0][1]}")
        digest = hashlib.sha256(content).hexdigest()[:10]
        if not (_NAME.fullmatch(name) and extension.lower() in (kind, "jpeg" if kind == "jpg" else kind)):
            plain = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:60]
            name = f"{plain or 'gambar'}-{digest}.{kind}"
        if self._other(name, content):
            name = f"{name.rpartition('.')[0][:100]}-{digest}.{kind}"
        self.found[name] = content
        return Taken(FOLDER + name)

    def _other(self, name: str, content: bytes) -> bool:
        """Whether the name is taken by other content, or by a name that differs in its case only."""
        here = {each.casefold(): (each, held) for each, held in self.found.items()}
        held = here.get(name.casefold()) or self.present.get(name.casefold())
        return held is not None and held != (name, content)


def from_base64(data: str) -> bytes | None:
    """The bytes, or None where the text is not base64."""
    try:
        return base64.b64decode("".join(data.split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def as_base64(content: bytes) -> str:
    """Bytes as base64."""
    return base64.b64encode(content).decode()


def _kind(content: bytes) -> str:
    for head, kind in _HEADS:
        if content.startswith(head):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    return "svg" if b"<svg" in content[:1000] else ""


def _short(address: str) -> str:
    plain = "".join(each if each.isprintable() else "?" for each in address)
    return f"`{plain[:80].replace('`', chr(39))}`"
