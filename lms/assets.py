"""Pictures and downloads of a course: is each what its name says, is it harmless, how large is it."""

import io
import re
import zipfile
from typing import NamedTuple
from xml.parsers import expat

MEDIA_TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "zip": "application/zip",
}
"""What may stand in `files/`, by extension."""

MAX_SIDE = 20_000
"""Pixels of a picture's side; more is a mistake, or made to exhaust a reader's memory."""


class Looked(NamedTuple):
    """What a look at a file found: a picture's size in CSS pixels (0 otherwise) and (line, problem) pairs."""

    width: int
    height: int
    found: tuple[tuple[int, str], ...]


def look(name: str, content: bytes) -> Looked:
    """Check a file of `files/` by the rules of its extension. Never raises."""
    kind = name.rpartition(".")[2].lower()
    if kind == "svg":
        return _svg(content)
    if kind in ("png", "jpg", "jpeg", "webp"):
        size = {"png": _png, "webp": _webp}.get(kind, _jpeg)(content)
        if size is None:
            return _wrong(f"Isi berkas ini bukan gambar {kind.upper()}; simpan ulang dari aplikasi gambar.")
        if not all(1 <= side <= MAX_SIDE for side in size):
            return _wrong(f"Ukuran gambar {size[0]}×{size[1]} piksel tidak wajar; perkecil gambarnya.")
        return Looked(*size, ())
    if kind == "pdf" and not content.startswith(b"%PDF-"):
        return _wrong("Isi berkas ini bukan PDF; simpan ulang sebagai PDF.")
    if kind == "csv":
        return _csv(content)
    if kind in ("docx", "xlsx", "zip"):
        return _archive(kind, content)
    return Looked(0, 0, ())


def _wrong(message: str, line: int = 1) -> Looked:
    return Looked(0, 0, ((line, message),))


# --- pictures of pixels: only the header is read ------------------------------------------------------------


def _png(content: bytes) -> tuple[int, int] | None:
    if content[:8] != b"\x89PNG\r\n\x1a\n" or content[12:16] != b"IHDR" or len(content) < 33:
        return None
    return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])


def _jpeg(content: bytes) -> tuple[int, int] | None:
    """Walk the segments to the frame header (ITU-T T.81, annex B)."""
    at = 2
    if content[:2] != b"\xff\xd8":
        return None
    while at + 9 <= len(content) and content[at] == 0xFF:
        code = content[at + 1]
        if code == 0xFF:  # fill
            at += 1
        elif 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        else:
            at += 2 + max(2, int.from_bytes(content[at + 2 : at + 4]))
    return None


def _webp(content: bytes) -> tuple[int, int] | None:
    """The three forms of the container's first chunk (RFC 9649)."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP" or len(content) < 30:
        return None
    form = content[12:16]
    if form == b"VP8X":
        return (
            1 + int.from_bytes(content[24:27], "little"),
            1 + int.from_bytes(content[27:30], "little"),
        )
    if form == b"VP8L" and content[20] == 0x2F:
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if form == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        return (
            int.from_bytes(content[26:28], "little") & 0x3FFF,
            int.from_bytes(content[28:30], "little") & 0x3FFF,
        )
    return None


# --- drawings -----------------------------------------------------------------------------------------------

_SVG = "http://www.w3.org/2000/svg"
_ELEMENTS = frozenset(
    re.findall(
        r"\w+",
        """
        svg g defs symbol use switch view title desc metadata style path rect circle ellipse line
        polyline polygon text tspan textPath marker linearGradient radialGradient stop pattern
        clipPath mask image filter feBlend feColorMatrix feComponentTransfer feComposite
        feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood
        feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset
        fePointLight feSpecularLighting feSpotLight feTile feTurbulence
        """,
    )
)
"""Elements that draw or describe. Scripts, links, foreign content and animations are left out."""

_INERT = ("inkscape", "sodipodi", "w3.org/1999/02/22-rdf", "creativecommons.org", "purl.org/dc", "serif.com")
"""Parts of the namespaces that drawing programs leave behind and no browser acts on."""

_OWN = re.compile(r"\s*(?:#|data:image/(?:png|jpeg|webp);base64,)")
_URL = re.compile(r"url\(\s*+[\"']?+\s*+(?!#)", re.IGNORECASE)
_LENGTH = re.compile(r"\s*(\d{1,6}(?:\.\d+)?)(?:px)?\s*")
_BOX = re.compile(r"[\s,]+")


class _Drawing:
    """Reads an SVG with expat, which expands nothing once document types are refused."""

    def __init__(self) -> None:
        self.found: dict[str, int] = {}
        self.size: tuple[int, int] | None = None
        self.depth = 0
        self.style = False
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.XmlDeclHandler = self.declaration
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.ProcessingInstructionHandler = self.instruction
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.words

    def complain(self, message: str) -> None:
        self.found.setdefault(message, self.parser.CurrentLineNumber)

    def declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding and encoding.lower() != "utf-8":
            self.complain("SVG harus disimpan sebagai UTF-8.")

    def doctype(self, *_: object) -> None:
        raise ValueError("Baris `<!DOCTYPE ...>` tidak diterima; hapus.")

    def instruction(self, target: str, data: str) -> None:
        self.complain(f"Perintah `<?{target[:20]} ...?>` tidak diterima; hapus.")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if self.depth == 0:
            if (space, local) != (_SVG, "svg"):
                raise ValueError(f'Berkas ini bukan SVG; elemen pertamanya harus `<svg xmlns="{_SVG}">`.')
            self.size = _drawn_size(attributes)
            if self.size is None:
                self.complain("Gambar tidak menyebut ukurannya; tambahkan `viewBox` pada `<svg>`.")
        self.depth += 1
        if (space == _SVG and local not in _ELEMENTS) or (
            space != _SVG and not any(part in space for part in _INERT)
        ):
            self.complain(f"Elemen `<{local[:30]}>` tidak diterima dalam gambar; hapus.")
        self.style = self.style or (space == _SVG and local == "style")
        for key, value in attributes.items():
            self.attribute(key.rpartition(" ")[2].lower(), value)

    def attribute(self, key: str, value: str) -> None:
        if key.startswith("on"):
            self.complain(f"Atribut `{key[:30]}` menjalankan skrip dan tidak diterima; hapus.")
        elif key in ("href", "src") and not _OWN.match(value):
            self.complain("Gambar merujuk ke luar berkasnya; sematkan isinya atau hapus rujukan itu.")
        elif "javascript:" in re.sub(r"[\s\0]", "", value).lower():
            self.complain("Skrip tidak diterima dalam gambar; hapus.")
        else:
            self.styled(value)

    def styled(self, text: str) -> None:
        if _URL.search(text) or "@import" in text.lower() or ("\\" in text and self.style):
            self.complain("Gaya gambar merujuk ke luar berkasnya; hapus `url(...)` atau `@import` itu.")

    def end(self, name: str) -> None:
        self.depth -= 1
        self.style = self.style and not name.endswith(" style")

    def words(self, text: str) -> None:
        if self.style:
            self.styled(text)


def _svg(content: bytes) -> Looked:
    drawing = _Drawing()
    drawing.parser.buffer_text = (
        True  # a style's text arrives whole, so that nothing hides between two pieces
    )
    drawing.parser.buffer_size = 6_000_000
    try:
        content.decode()  # expat would also follow the byte order mark of another encoding
        drawing.parser.Parse(content, True)
    except UnicodeDecodeError:
        drawing.complain("SVG harus disimpan sebagai UTF-8.")
    except ValueError as error:
        drawing.complain(str(error))
    except expat.ExpatError as error:
        drawing.found.setdefault("SVG tidak dapat dibaca; periksa penulisan XML di baris ini.", error.lineno)
    if (
        not drawing.found
        and drawing.size is not None
        and not all(1 <= side <= MAX_SIDE for side in drawing.size)
    ):
        drawing.found["Ukuran gambar tidak wajar; periksa `width`, `height`, dan `viewBox`."] = 1
    found = tuple(sorted((line, message) for message, line in drawing.found.items()))[:20]
    return Looked(*(drawing.size or (0, 0)), found)


def _drawn_size(attributes: dict[str, str]) -> tuple[int, int] | None:
    """Width and height in pixels where both are given so, else those of the viewBox."""
    sides = [_LENGTH.fullmatch(attributes.get(key, "")) for key in ("width", "height")]
    numbers = [match[1] for match in sides if match]
    if len(numbers) < 2:
        box = _BOX.split(attributes.get("viewBox", "").strip())
        numbers = box[2:] if len(box) == 4 else []
    if len(numbers) != 2 or not all(_LENGTH.fullmatch(each) for each in numbers):
        return None
    width, height = (round(float(each)) for each in numbers)
    return width, height


# --- downloads ----------------------------------------------------------------------------------------------


def _csv(content: bytes) -> Looked:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        return _wrong("CSV harus disimpan sebagai UTF-8.", 1 + content.count(b"\n", 0, error.start))
    return _wrong("Isi berkas ini bukan teks CSV.") if "\0" in text else Looked(0, 0, ())


def _archive(kind: str, content: bytes) -> Looked:
    """Only the list of names is read; nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = frozenset(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError):
        return _wrong(f"Isi berkas ini bukan {kind.upper()} yang utuh; simpan ulang.")
    part = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}.get(kind)
    if part is not None and part not in names:
        return _wrong(f"Isi berkas ini bukan {kind.upper()}; simpan ulang dari aplikasinya.")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        return _wrong("Berkas ini berisi makro; simpan ulang tanpa makro.")
    return Looked(0, 0, ())
