"""XML as a tree of small nodes with line numbers; what a hostile file could do with a parser is refused.

Document types, entities and references to elsewhere are refused by defusedxml; depth, elements and attributes
are counted here while they are read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from lms.refusals import Refused

MAX_DEPTH = 60
MAX_NODES = 200_000
MAX_ATTRIBUTES = 100


@dataclass
class Node:
    """An element: its name and attributes without their namespaces, its line, what it holds in order.

    `start` and `end` are where it stands in the text of the file, in bytes of UTF-8.
    """

    name: str
    attributes: dict[str, str]
    line: int
    start: int
    end: int = 0
    inside: "list[Node | str]" = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def __iter__(self) -> "Iterator[Node]":
        return (each for each in self.inside if isinstance(each, Node))

    def get(self, name: str, default: str = "") -> str:
        """An attribute's value."""
        return self.attributes.get(name, default)

    def children(self, *names: str) -> "list[Node]":
        """The elements right inside that have one of the names."""
        return [each for each in self if each.name in names]

    def child(self, *path: str) -> "Node | None":
        """The first element along the path of names."""
        here: Node | None = self
        for name in path:
            here = next((each for each in here if each.name == name), None) if here else None
        return here

    def all(self, *names: str) -> "Iterator[Node]":
        """Every element below with one of the names, in order."""
        for each in self:
            if each.name in names:
                yield each
            yield from each.all(*names)

    @property
    def words(self) -> str:
        """The text right inside, comments and elements left out."""
        return "".join(each for each in self.inside if isinstance(each, str))

    @property
    def text(self) -> str:
        """All the text below."""
        return "".join(each if isinstance(each, str) else each.text for each in self.inside)


def parsed(text: str) -> Node:
    """The root of a document; raises Refused for what is no XML or no harmless one, with its line."""
    builder = _Builder()
    try:
        # The text is ours by now: its own declaration of an encoding no longer counts.
        parser = DefusedXMLParser(target=builder, encoding="utf-8", forbid_dtd=True)
        builder.position = parser.parser
        parser.feed(text.encode())
        root: Node = parser.close()
    except DefusedXmlException as error:
        raise Refused(
            "XML dengan DOCTYPE, entitas, atau rujukan ke luar tidak diterima. Hapus bagian itu, lalu ulangi."
        ) from error
    except ParseError as error:
        line, _ = error.position
        raise Refused(
            "XML tidak dapat dibaca di baris %(line)s. Ekspor ulang berkas itu, atau periksa penulisannya.",
            line=line,
        ) from error
    return root


class _Builder:
    """Gathers nodes from the parser's events."""

    def __init__(self) -> None:
        self.position: Any = None
        self.open: list[Node] = []
        self.root: Node | None = None
        self.count = 0
        self.waiting: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.count += 1
        if len(self.open) >= MAX_DEPTH or self.count > MAX_NODES or len(attributes) > MAX_ATTRIBUTES:
            raise Refused(
                "XML bersarang terlalu dalam atau terlalu besar di baris %(line)s.",
                line=self.position.CurrentLineNumber,
            )
        node = Node(
            _local(name),
            {_local(key): value for key, value in attributes.items()},
            self.position.CurrentLineNumber,
            self.position.CurrentByteIndex,
        )
        node.comments, self.waiting = self.waiting, []
        if self.open:
            self.open[-1].inside.append(node)
        elif self.root is None:
            self.root = node
        self.open.append(node)

    def end(self, name: str) -> None:
        """An element ends; its last byte is found by who wants its source."""
        node = self.open.pop()
        node.end = self.position.CurrentByteIndex
        node.comments += self.waiting
        self.waiting = []

    def data(self, text: str) -> None:
        """Words."""
        if self.open:
            self.open[-1].inside.append(text)

    def comment(self, text: str) -> None:
        """A comment belongs to the element that follows it, or to the one that ends after it."""
        self.waiting.append(text)

    def close(self) -> Node | None:
        """The root."""
        return self.root


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def source_of(node: Node, content: bytes) -> str:
    """The element as it stands in the file, given the file's text as UTF-8."""
    end = node.end
    if content.startswith(b"</", end):  # an empty element, written as one tag, ends where it says
        end = content.find(b">", end) + 1
    return content[node.start : end].decode("utf-8", "replace")


def written(node: Node, instead: Callable[[Node], str | None] = lambda _: None) -> str:
    """What stands inside an element as HTML; where `instead` has something, it stands for an element in it."""
    parts: list[str] = []
    for each in node.inside:
        if isinstance(each, str):
            parts.append(escape(each, quote=False))
        elif (other := instead(each)) is not None:
            parts.append(other)
        else:
            attributes = "".join(f' {name}="{escape(value)}"' for name, value in each.attributes.items())
            parts.append(f"<{each.name}{attributes}>{written(each, instead)}</{each.name}>")
    return "".join(parts)
