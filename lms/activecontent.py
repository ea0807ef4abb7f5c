"""What in a file could act by itself: macros, scripts, embedded programs, links that load when it is opened.

PDF: ISO 32000-1, 12.6.4 (actions) and 7.11.4 (embedded files), names looked for in the file and in its compressed
streams; Office: ECMA-376, parts and relationships by name. A finding is told to people, it is no proof of malice.
"""

import io
import re
import zipfile
import zlib

INFLATED_AT_MOST = 32 * 1024 * 1024
"""Bytes of compressed streams that are looked through."""

BITE = 8 * 1024

_PDF = {
    "JavaScript": re.compile(rb"/(?:JavaScript|JS)\b"),
    "Launch": re.compile(rb"/Launch\b"),
    "OpenAction": re.compile(rb"/(?:OpenAction|AA)\b"),
    "EmbeddedFile": re.compile(rb"/EmbeddedFiles?\b"),
    "RichMedia": re.compile(rb"/RichMedia\b"),
    "SubmitForm": re.compile(rb"/(?:SubmitForm|ImportData)\b"),
}
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"stream\r?\n")
_PARTS = (
    ("macro", re.compile(r"vbaproject\.bin|\.vba$|macrosheets/", re.IGNORECASE)),
    ("ActiveX", re.compile(r"activex/", re.IGNORECASE)),
    ("OLE", re.compile(r"embeddings/.*\.(?:bin|exe|dll|js|vbs)$|oleobject", re.IGNORECASE)),
    ("embedded", re.compile(r"embeddings/", re.IGNORECASE)),
    ("external", re.compile(r"externallinks/", re.IGNORECASE)),
)
_OUTSIDE = b'TargetMode="External"'
_DDE = re.compile(rb"DDEAUTO|\bDDE\b\s|ddeLink")


def found(data: bytes, kind: str) -> tuple[str, ...]:
    """The names of what acts, in a fixed order, each once; pictures have nothing that acts. Never raises."""
    if kind == "pdf":
        return _in_pdf(data)
    return _in_office(data) if kind in ("docx", "xlsx") else ()


def _in_pdf(data: bytes) -> tuple[str, ...]:
    names: set[str] = set()
    left = INFLATED_AT_MOST
    texts = [data]
    for start in _STREAM.finditer(data):
        if left <= 0:
            break
        made, read = _inflated(memoryview(data)[start.end() :], left)
        left -= max(len(made), read)
        if made:
            texts.append(made)
    for text in texts:
        plain = _HEX.sub(lambda code: bytes([int(code[1], 16)]), text) if b"#" in text else text
        names |= {name for name, pattern in _PDF.items() if pattern.search(plain)}
    return tuple(name for name in _PDF if name in names)


def _inflated(data: memoryview, most: int) -> tuple[bytes, int]:
    """What a compressed stream at the beginning of ``data`` holds, and how many bytes were read for it.

    In small bites: zlib copies whatever it is given and does not need.
    """
    machine, made, at = zlib.decompressobj(), bytearray(), 0
    try:
        while at < min(len(data), most) and len(made) < most and not machine.eof:
            made += machine.decompress(data[at : at + BITE], most - len(made))
            at += BITE
    except zlib.error:
        pass  # what came before the break is looked at all the same
    return bytes(made), at


def _in_office(data: bytes) -> tuple[str, ...]:
    names: set[str] = set()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist()[:5_000]:
                names |= {name for name, pattern in _PARTS if pattern.search(member.filename)}
                if (
                    member.filename.endswith((".rels", "document.xml", "workbook.xml"))
                    and member.file_size < 8_000_000
                ):
                    text = archive.read(member)
                    names |= {"template"} if _is_templated(text) else set()
                    names |= {"DDE"} if _DDE.search(text) else set()
    except Exception:  # a hostile archive fails anywhere in zipfile and in what unpacks for it
        return ("unreadable",)
    order = ("macro", "ActiveX", "OLE", "embedded", "external", "template", "DDE")
    return tuple(name for name in order if name in names)


def _is_templated(text: bytes) -> bool:
    """Whether a tag names a template that is loaded from elsewhere; tag by tag, so that no text is read twice."""
    return any(b"attachedTemplate" in tag and _OUTSIDE in tag for tag in text.split(b">"))
