"""The XML of an IMS content package: a ZIP with a manifest, or a single file of XML."""

import posixpath
from typing import NamedTuple

from lms.quizzes.exchange.encoding import decoded
from lms.quizzes.exchange.tree import Node, parsed, source_of
from lms.quizzes.exchange.upload import Upload

MANIFEST = "imsmanifest.xml"
MAX_XML = 8 * 2**20
"""Bytes of all the XML of a package that is read."""


class Document(NamedTuple):
    """One XML file: its path in the package, its root, its text as UTF-8."""

    path: str
    root: Node
    content: bytes

    @property
    def folder(self) -> str:
        """Where its relative addresses begin."""
        return posixpath.dirname(self.path)

    def source(self, node: Node) -> str:
        """An element as it stands in the file."""
        return source_of(node, self.content)


def documents(upload: Upload) -> list[Document]:
    """Every XML file, in the order of the manifest, then of names; raises Refused for XML that is not to be read."""
    if upload.root is not None and upload.text is not None:
        return [Document(upload.name, upload.root, upload.text.encode())]
    found: dict[str, Document] = {}
    left = MAX_XML
    for path, content in (upload.files or {}).items():
        left -= len(content) if path.lower().endswith((".xml", ".qti")) else 0
        if path.lower().endswith((".xml", ".qti")) and left >= 0:
            text = decoded(content).text
            found[path] = Document(path, parsed(text), text.encode())
    order = _order(found)
    places = {path: at for at, path in enumerate(order)}
    return sorted(found.values(), key=lambda each: (places.get(each.path, len(places)), each.path))


def _order(found: dict[str, Document]) -> list[str]:
    """The paths that manifests name, in their order."""
    named: list[str] = []
    for path, document in found.items():
        if posixpath.basename(path) == MANIFEST:
            for file in document.root.all("file", "resource"):
                if href := file.get("href"):
                    named.append(posixpath.normpath(posixpath.join(document.folder, href)))
    return list(dict.fromkeys(named))


def unread(upload: Upload, used: set[str]) -> dict[str, bytes]:
    """The files of a package beside its XML."""
    xml = (".xml", ".qti", ".xsd", ".dtd")
    return {
        path: content
        for path, content in (upload.files or {}).items()
        if not path.lower().endswith(xml) and path not in used
    }
