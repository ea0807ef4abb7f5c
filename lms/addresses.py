"""Where the links, pictures and anchors of course text lead.

Ids get a prefix, anchors inside the course get the same one, relative targets lead where the publisher says,
and raw HTML is treated like Markdown in all of that.
"""

import re
import unicodedata
import xml.etree.ElementTree as etree
from collections.abc import Mapping
from html import escape, unescape
from typing import NamedTuple
from urllib.parse import unquote

from lms.gfmlines import clean

ID_PREFIX = "b-"
"""Begins every id inside course text, so that none can be one of the page's own."""

RAW_TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr b blockquote br caption cite code dd del details div dl dt em figcaption figure hr i img ins"
        " kbd li mark ol p pre q s small span strong sub summary sup table tbody td tfoot th thead tr u ul"
        " var wbr",
    )
)
"""HTML an author may write; any other tag shows as the words it is."""

TAG = (
    r"</?+([a-zA-Z][a-zA-Z0-9]*+)"
    r"((?:\s++[^\s\"'<>/=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'=<>`]++))?+)*+)\s*+/?>"
    r"|<!--(?:(?!-->).)*+-->"
)
"""Pattern of one HTML tag (1: its name, 2: its attributes) or comment (no groups)."""

_OUTSIDE = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([^\s\"'<>/=]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+))?")


class Link(NamedTuple):
    """Where a relative target leads; width and height in pixels when it is a picture."""

    href: str
    width: int | None = None
    height: int | None = None


def slug(text: str) -> str:
    """Return the ASCII address of a heading, without prefix: "Isu & data" is "isu-data"."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-") or "bagian"


class Addresses:
    """The addresses of one page: those it knows, those it has given out, those it was asked for."""

    def __init__(self, links: Mapping[str, Link]) -> None:
        self.links = links
        self.targets: list[str] = []
        self._ids: set[str] = set()

    def new_id(self, wanted: str) -> str:
        name, n = wanted, 0
        while name in self._ids:
            n += 1
            name = f"{wanted}-{n}"
        self._ids.add(name)
        return ID_PREFIX + name

    def resolve(self, written: str) -> Link:
        """Where a target leads; an anchor inside the course gets the prefix that ids have."""
        base, mark, anchor = written.partition("#")
        if not base:
            return Link(f"#{ID_PREFIX}{slug(unquote(anchor))}" if anchor else written)
        if _ABSOLUTE.match(written):
            return Link(written)
        self.targets.append(base)
        known = self.links.get(base) or self.links.get(unquote(base))
        if known is None or not mark:
            return known or Link(written)
        if base.lower().endswith(".md"):
            anchor = ID_PREFIX + slug(unquote(anchor))
        return known._replace(href=f"{known.href}#{anchor}")

    def link(self, element: etree.Element, written: str) -> None:
        href = self.resolve(written).href
        element.set("href", href)
        if _OUTSIDE.match(href):
            element.set("rel", "noopener noreferrer")

    def picture(self, element: etree.Element, written: str) -> None:
        if _ABSOLUTE.match(
            written
        ):  # a picture from elsewhere would tell that place who reads what: link to it
            element.tag = "a"
            element.text = element.get("alt") or written
            for name in ("src", "alt"):
                element.attrib.pop(name, None)
            self.link(element, written)
            return
        target = self.resolve(written)
        element.attrib.update({"src": target.href, "loading": "lazy", "decoding": "async"})
        if target.width and target.height:
            element.attrib.update({"width": str(target.width), "height": str(target.height)})

    def raw_html(self, html: str) -> str:
        """Raw HTML with links and ids treated like those of Markdown, unknown tags turned into words."""
        return re.sub(
            TAG, lambda tag: self.raw_tag(tag) or escape(tag[0], quote=False), html, flags=re.DOTALL
        )

    def raw_tag(self, tag: re.Match[str]) -> str | None:
        if tag[1] is None:
            return " "  # a comment
        name = tag[1].lower()
        if name not in RAW_TAGS:
            return None
        if tag[0].startswith("</"):
            return f"</{name}>"
        element = etree.Element(name)
        for key, value in _ATTRIBUTE.findall(tag[2]):
            value = value[1:-1] if value[:1] in ("'", '"') else value
            element.set(key.lower(), clean(unescape(value)))
        if "id" in element.attrib:
            element.set("id", self.new_id(slug(element.get("id", ""))))
        if name == "a" and "href" in element.attrib:
            self.link(element, element.get("href", ""))
        if name == "img":
            self.picture(element, element.get("src", ""))
        attributes = "".join(f' {key}="{escape(value)}"' for key, value in element.attrib.items())
        return f"<{element.tag}{attributes}>" + (f"{escape(element.text)}</a>" if element.text else "")
