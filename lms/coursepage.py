"""What one page of course text gathers while it is rendered, and the last steps on its tree.

When every word has been read: footnotes are numbered, headings get their level and id, links and pictures
their address; a picture alone becomes a figure, a link to a video alone a card, a table's frame is named.
"""

import re
import xml.etree.ElementTree as etree
from collections.abc import Iterator, Mapping
from html import unescape
from typing import NamedTuple

from markdown.util import AMP_SUBSTITUTE

from lms.addresses import Addresses, Link, slug
from lms.gfmlines import clean

SEALED = "\ue002(\\d+)\ue003"
"""Pattern of the mark that stands for a sealed piece (1: its place in `Draft.sealed`)."""

_EMPHASIS = re.compile(r"(\*{1,3}|_{1,3}|`{1,3})(?=\S)(.+?)(?<=\S)\1")
_RAW = re.compile("\ue000(\\d+)\ue001")
_VIDEO = re.compile(
    r"(?:https?:)?//(?:www\.|m\.|player\.)?(?:youtu\.be|youtube\.com|vimeo\.com)/"
    r"|[^?#]*\.(?:m4v|mov|mp4|ogv|webm)(?:[?#]|$)",
    re.IGNORECASE,
)


class Heading(NamedTuple):
    """A heading of a page's outline: its level (2 to 6), its id in the page, its words."""

    level: int
    id: str
    title: str
    reflect: bool = False


class Sealed(NamedTuple):
    """Markup made here of allowed parts only, and the words that stand for it where markup cannot."""

    html: str
    words: str


class CoursePage:
    """One page on its way from blocks to HTML."""

    def __init__(self, links: Mapping[str, Link]) -> None:
        self.addresses = Addresses(links)
        self.raw: list[str] = []
        self.sealed: list[Sealed] = []
        self.headings: list[Heading] = []
        self.notes: dict[str, etree.Element] = {}  # label → its <li>

    def seal(self, html: str, words: str) -> str:
        self.sealed.append(Sealed(html, words))
        return f"\ue002{len(self.sealed) - 1}\ue003"

    def keep(self, html: str) -> str:
        self.raw.append(html)
        return f"\ue000{len(self.raw) - 1}\ue001"

    def with_raw(self, html: str) -> str:
        return _RAW.sub(lambda mark: self.raw[int(mark[1])], html)

    def words(self, element: etree.Element) -> str:
        """The words of an element as a reader sees them, footnote marks left out."""
        text = re.sub(SEALED, lambda mark: self.sealed[int(mark[1])].words, "".join(_texts(element)))
        return " ".join(_without_disguise(_RAW.sub("", text)).split())

    def finish(self, root: etree.Element) -> None:
        self.number_notes(root)
        self.outline(root)
        for image in list(root.iter("img")):
            image.set("alt", _EMPHASIS.sub(r"\2", image.get("alt", "")))  # it is read aloud
            self.addresses.picture(image, image.get("src", ""))
        for paragraph in root.iter("p"):
            if len(paragraph) == 1 and not (paragraph.text or paragraph[0].tail or "").strip():
                _alone(paragraph, paragraph[0])
        for anchor in root.iter("a"):
            if not anchor.get("role"):
                self.addresses.link(anchor, _without_disguise(anchor.get("href", "")))
                if AMP_SUBSTITUTE in (anchor.text or ""):
                    anchor.text = _without_disguise(anchor.text or "")
        for frame in root.iter("div"):
            if frame.get("class") == "table-frame":
                caption = frame[0].find("caption")
                frame.set("role", "group" if caption is None else "region")
                frame.set("aria-label", "Tabel" if caption is None else self.words(caption))

    def outline(self, root: etree.Element) -> None:
        """Count heading levels from 2 without a gap, give each heading an id, list those outside blocks."""
        headings = [element for element in root.iter() if re.fullmatch("h[1-6]", element.tag)]
        for heading in sorted(headings, key=lambda one: not one.get("id")):  # what authors chose comes first
            wanted = slug(heading.get("id") or self.words(heading))
            heading.set("id", self.addresses.new_id(wanted))
        above: list[str] = []
        own = {id(child) for child in root}
        for heading in headings:
            while above and above[-1] >= heading.tag:
                above.pop()
            above.append(heading.tag)
            level = min(6, 1 + len(above))
            heading.tag = f"h{level}"
            if id(heading) in own:
                reflect = heading.get("class") == "reflect"
                title = self.words(heading)
                self.headings.append(Heading(level, heading.get("id", ""), title, reflect))

    def number_notes(self, root: etree.Element) -> None:
        """Number footnotes in the order of their marks, drop those without, link mark and note both ways."""
        notes = self.notes
        if not notes:
            return
        section = root[-1]
        root.remove(section)
        kept: list[etree.Element] = []
        numbers: dict[str, int] = {}
        places = [root]
        for place in places:  # grows while notes that are marked bring marks of their own
            for mark in list(place.iter("sup")):
                link = mark.find("a[@note]")
                if link is None:
                    continue
                label = link.attrib.pop("note")
                number = numbers.setdefault(label, len(numbers) + 1)
                mark.set("id", self.addresses.new_id(f"fnref-{number}"))
                if number > len(kept):
                    kept.append(notes[label])
                    places.append(notes[label])
                    notes[label].set("id", self.addresses.new_id(f"fn-{number}"))
                    back = etree.Element("a", {"href": f"#{mark.get('id')}", "role": "doc-backlink"})
                    back.attrib |= {"class": "footnote-back", "aria-label": f"Kembali ke rujukan {number}"}
                    back.text = "↩"
                    home = notes[label].find("p[last()]")
                    home = notes[label] if home is None else home
                    append_text(home, " ")
                    home.append(back)
                link.attrib |= {"href": f"#{notes[label].get('id')}", "class": "footnote-ref"}
                link.attrib |= {"aria-label": f"Catatan kaki {number}"}
                link.text = str(number)
        if kept:
            section[0][:] = kept
            root.append(section)


def _without_disguise(text: str) -> str:
    """Python-Markdown writes mail addresses as entities behind a mark of its own; read them again."""
    return clean(unescape(text.replace(AMP_SUBSTITUTE, "&")))


def _texts(element: etree.Element) -> Iterator[str]:
    waiting: list[etree.Element | str] = [element]
    while waiting:  # no recursion: emphasis may nest a thousand deep
        one = waiting.pop()
        if isinstance(one, str):
            yield one
            continue
        for child in reversed(one):
            waiting += [child.tail or "", "" if child.tag == "sup" else child]
        yield one.text or ""


def append_text(parent: etree.Element, text: str) -> None:
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def _alone(paragraph: etree.Element, only: etree.Element) -> None:
    """A picture alone in its paragraph is a figure, a link to a video alone in its paragraph a card."""
    if only.tag == "img":
        paragraph.tag = "figure"
        if caption := only.attrib.pop("title", ""):
            etree.SubElement(paragraph, "figcaption").text = caption
    elif only.tag == "a" and _VIDEO.match(only.get("href", "")) and "".join(_texts(only)) != only.get("href"):
        facts = only.attrib.pop("title", "")
        title = etree.Element("span", {"class": "video-title"})
        title.text, only.text = only.text, None
        title[:], only[:] = list(only), [title]
        only.set("class", "video-card")
        only.text = "Video: "
        if facts:
            title.tail = " "
            etree.SubElement(only, "span", {"class": "video-facts"}).text = facts
