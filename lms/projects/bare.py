"""Office and PDF files without who made them: for reviewers who must not learn whose work it is.

What a file says in its own text stays; what programs wrote about people around it goes: properties, authors of comments
and of tracked changes, who holds the file, where it lay on whose disk. Run in a process that may die (``render``).
"""

import io
import re
import zipfile
from importlib import import_module
from typing import Any

from lms import pictures

SWELLS_AT_MOST = 300 * 1024 * 1024
EMBEDDED = ("docx", "xlsx", "pptx")
_TAG = re.compile(rb"<[^<>]*>")
_PEOPLE = re.compile(
    rb"""(\s(?:[\w.-]+:)?(?:author|initials|userName|lastModifiedBy|creator|manager|company)\s*=\s*)("[^"]*"|'[^']*')"""
)
_PERSON = re.compile(
    rb"""(\s(?:[\w.-]+:)?(?:author|displayName|userId|providerId)\s*=\s*)("[^"]*"|'[^']*')"""
)
_AUTHOR = re.compile(rb"(<(?:\w+:)?author\b[^<>]*>)[^<]*(</(?:\w+:)?author>)")
_PATH = re.compile(rb"""(\s(?:[\w.-]+:)?url\s*=\s*)("[^"]*"|'[^']*')""")
_RELATION = re.compile(rb"<(?:[\w.-]+:)?Relationship\b[^<>]*>")
_OUTSIDE = re.compile(rb"""\sTargetMode\s*=\s*["']External["']""")
_TARGET = re.compile(rb"""(\sTarget\s*=\s*)("[^"]*"|'[^']*')""")
_WEB = re.compile(rb"(?i)(?:https?|mailto):")
_SOURCE = re.compile(rb"""(\s(?:[\w.-]+:)?(?:sourceFile|odcFile)\s*=\s*)("[^"]*"|'[^']*')""")
_ABSOLUTE = re.compile(rb"<(?:[\w.-]+:)?absPath\b[^<>]*>")
_PROPERTIES = {
    "docProps/core.xml": b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cp:coreProperties xmlns:cp='
    b'"http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>',
    "docProps/app.xml": b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties xmlns='
    b'"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>',
    "docProps/custom.xml": b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties xmlns='
    b'"http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"/>',
}


class Stubborn(Exception):
    """The file cannot be freed of names."""


def office(data: bytes, *, inner: bool = False) -> bytes:
    """A Word or Excel file without names around its content. Raises Stubborn."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        if sum(each.file_size for each in old.infolist()) > SWELLS_AT_MOST:
            raise Stubborn("large")
        for entry in old.infolist():
            if not entry.is_dir():
                # a new entry: no comment, no time, no extra field
                new.writestr(
                    zipfile.ZipInfo(entry.filename), _part(entry.filename, old.read(entry), inner=inner)
                )
    return out.getvalue()


def _part(name: str, data: bytes, *, inner: bool) -> bytes:
    if name in _PROPERTIES:
        return _PROPERTIES[name]
    ending = name.rpartition(".")[2].lower()
    if ending in ("jpg", "jpeg", "png"):
        try:
            return pictures.cleaned(data, "png" if ending == "png" else "jpg")
        except pictures.BadPicture as error:
            raise Stubborn("picture") from error
    if ending in EMBEDDED:
        if inner:
            raise Stubborn("nested")
        return office(data, inner=True)
    return _xml(name, data) if ending in ("xml", "vml", "rels") else data


def _xml(name: str, data: bytes) -> bytes:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:200]:
        raise Stubborn("encoding")  # another spelling of the same: what is looked for would not be found
    if name.endswith(".rels"):
        return _RELATION.sub(lambda tag: _elsewhere(tag[0]), data)
    people = name.endswith(("/people.xml", "/commentsExtensible.xml")) or "/persons/" in name
    pattern = _PERSON if people else _PEOPLE
    data = _TAG.sub(lambda tag: pattern.sub(rb'\1""', tag[0]), data)
    if name.endswith("/connections.xml"):
        data = _TAG.sub(lambda tag: _SOURCE.sub(rb'\1""', tag[0]), data)
    data = _ABSOLUTE.sub(lambda tag: _PATH.sub(rb'\1""', tag[0]), data)
    return _AUTHOR.sub(rb"\1\2", data)


def _elsewhere(relation: bytes) -> bytes:
    """A relation of a part, without the folder on somebody's disk that it may lead to; links of the text stay."""
    if not _OUTSIDE.search(relation):
        return relation
    return _TARGET.sub(
        lambda target: target[0] if _WEB.match(target[2][1:-1]) else target[1] + b'"file:///"', relation
    )


def pdf(path: str) -> bytes:
    """The pages of a PDF in a file of its own: without its properties, and its notes without their authors."""
    pdfium: Any = import_module("pypdfium2")
    raw: Any = import_module("pypdfium2.raw")
    old, new = pdfium.PdfDocument(path), pdfium.PdfDocument.new()
    new.import_pages(old)
    for page in new:
        for index in range(raw.FPDFPage_GetAnnotCount(page)):
            annotation = raw.FPDFPage_GetAnnot(page, index)
            if raw.FPDFAnnot_HasKey(annotation, b"T"):
                raw.FPDFAnnot_SetStringValue(annotation, b"T", (raw.FPDF_WCHAR * 1)(0))
            raw.FPDFPage_CloseAnnot(annotation)
        page.close()
    out = io.BytesIO()
    new.save(out)
    return out.getvalue()
