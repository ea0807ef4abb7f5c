"""A Word file as the Markdown that a text section holds, with everything that did not come along counted.

Headings, paragraphs, lists, tables, bold, italic, strike and links come along; the rest keeps its words where it
has any. Tracked insertions count as text, tracked deletions as gone. Run this where it may die: the file is
somebody's.
"""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

LONGEST = 400_000
"""Characters of Markdown at most; a text section holds half of that."""

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SIGNS = re.compile(r"([\\`*_\[\]<|])")
_AT_START = re.compile(r"^(\s*\d*)([#>+.)-])(?=\s|$)")

LOST = ("pictures", "boxes", "footnotes", "comments", "formulas", "deletions", "objects")


class WordText(msgspec.Struct, frozen=True):
    """The Markdown of a Word file; ``lost`` counts what was left out, by the names in LOST; ``cut`` if too long."""

    text: str
    lost: dict[str, int]
    cut: bool = False


def read(path: Path) -> WordText:
    """Read a .docx; raises whatever a broken or hostile file makes the library raise."""
    docx = importlib.import_module("docx")
    document = docx.Document(str(path))
    reader = _Reader(document)
    text = "\n\n".join(reader.blocks(document.element.body))
    return WordText(
        text[:LONGEST], {key: count for key, count in reader.lost.items() if count}, len(text) > LONGEST
    )


class _Reader:
    def __init__(self, document: Any) -> None:
        self.document = document
        self.lost = dict.fromkeys(LOST, 0)
        self.numbered = _numberings(document)
        self.styles = {style.style_id: style.name or "" for style in document.styles}

    def blocks(self, parent: Any) -> Iterator[str]:
        """The blocks of an element as Markdown; neighbouring items of lists are one block."""
        items: list[str] = []
        for child in parent:
            item = self.item(child) if child.tag == f"{_W}p" else None
            if item is not None:
                items.append(item)
                continue
            text = list(self.block(child))
            if items and any(text):
                yield "\n".join(items)
                items = []
            yield from (each for each in text if each)
        if items:
            yield "\n".join(items)

    def block(self, element: Any) -> Iterator[str]:
        if element.tag == f"{_W}p":
            words = self.words(element).strip()
            level = self.level(element)
            if words and level:
                yield f"{'#' * level} {' '.join(words.replace('**', '').split())}"
            elif words:
                yield "\n".join(_AT_START.sub(r"\1\\\2", line.strip()) for line in words.split("\n"))
        elif element.tag == f"{_W}tbl":
            yield self.table(element)
        elif element.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}customXml", f"{_W}smartTag"):
            yield from self.blocks(element)

    def style(self, paragraph: Any) -> str:
        found = paragraph.find(f"{_W}pPr/{_W}pStyle")
        return self.styles.get(found.get(f"{_W}val"), "") if found is not None else ""

    def level(self, paragraph: Any) -> int:
        """2 to 6 for a heading, as a text section counts them; 0 for text."""
        name = self.style(paragraph).casefold()
        if name == "title":
            return 2
        found = re.fullmatch(r"(?:heading|judul|überschrift) ?([1-9])", name)
        outline = paragraph.find(f"{_W}pPr/{_W}outlineLvl")
        if found:
            return min(6, int(found[1]) + 1)
        if outline is not None and str(outline.get(f"{_W}val")).isdecimal():
            depth = int(outline.get(f"{_W}val"))
            return min(6, depth + 2) if depth < 9 else 0
        return 0

    def item(self, paragraph: Any) -> str | None:
        """An item of a list, or None where the paragraph is none."""
        if self.level(paragraph):
            return None
        name = self.style(paragraph).casefold()
        number = paragraph.find(f"{_W}pPr/{_W}numPr")
        depth, ordered = 0, "number" in name or "nomor" in name
        if number is not None:
            numbering, deep = number.find(f"{_W}numId"), number.find(f"{_W}ilvl")
            value = str(numbering.get(f"{_W}val")) if numbering is not None else "0"
            depth = min(5, int(deep.get(f"{_W}val"))) if deep is not None else 0
            if value == "0":
                return None
            ordered = self.numbered.get((value, depth), ordered)
        elif not name.startswith(("list bullet", "list number")):
            return None
        words = " ".join(self.words(paragraph).split())
        return f"{'   ' * depth}{'1.' if ordered else '-'} {words}" if words else None

    def table(self, element: Any) -> str:
        rows = []
        for row in element.iter(f"{_W}tr"):
            cells = []
            for cell in row.iterchildren(f"{_W}tc"):
                span = cell.find(f"{_W}tcPr/{_W}gridSpan")
                wide = int(span.get(f"{_W}val")) if span is not None else 1
                words = " ".join(" ".join(self.words(each).split()) for each in cell.iterchildren(f"{_W}p"))
                cells += [words.strip(), *[""] * min(30, wide - 1)]
            rows.append(cells)
        rows = [row for row in rows if any(row)]
        width = max((len(row) for row in rows), default=0)
        if width < 2:
            return "\n\n".join(row[0] for row in rows)  # a frame around text, not a table
        lines = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in rows]
        return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])

    def words(self, parent: Any) -> str:
        """The words of a paragraph with their looks."""
        parts: list[tuple[str, str]] = []  # (marks, words)
        for child in parent:
            self.inline(child, parts)
        joined: list[list[str]] = []
        for marks, words in parts:
            if joined and joined[-1][0] == marks:
                joined[-1][1] += words
            else:
                joined.append([marks, words])
        return "".join(_marked(words, marks) for marks, words in joined)

    def inline(self, element: Any, parts: list[tuple[str, str]]) -> None:
        match element.tag:
            case tag if tag == f"{_W}r":
                self.run(element, parts)
            case tag if tag == f"{_W}hyperlink":
                words = self.words(element).strip()
                address = self.address(element)
                parts.append(("", f"[{words}]({address})" if address and words else words))
            case tag if tag == f"{_W}del":
                self.lost["deletions"] += 1
            case tag if tag in (f"{_M}oMath", f"{_M}oMathPara"):
                self.lost["formulas"] += 1
            case tag if tag in (f"{_W}ins", f"{_W}sdt", f"{_W}sdtContent", f"{_W}smartTag", f"{_W}fldSimple"):
                for child in element:
                    self.inline(child, parts)

    def run(self, run: Any, parts: list[tuple[str, str]]) -> None:
        words = ""
        for child in run:
            match child.tag.removeprefix(_W):
                case "t":
                    words += _SIGNS.sub(r"\\\1", child.text or "")
                case "tab":
                    words += " "
                case "br" | "cr":
                    words += "\n"
                case "noBreakHyphen":
                    words += "-"
                case "footnoteReference" | "endnoteReference":
                    self.lost["footnotes"] += 1
                case "commentReference":
                    self.lost["comments"] += 1
                case "object":
                    self.lost["objects"] += 1
                case "drawing" | "pict":
                    self.drawn(child)
                case _ if child.tag.endswith("}AlternateContent"):
                    self.drawn(child)
        if words:
            parts.append((self.marks(run), words))

    def drawn(self, element: Any) -> None:
        """Count a picture or a text box; the copy for old versions of Word is not counted again."""
        boxes = [
            box
            for box in element.iter(f"{_W}txbxContent")
            if not any(above.tag == _ALTERNATE for above in box.iterancestors())
        ]
        if boxes:
            self.lost["boxes"] += len(boxes)
        else:
            self.lost["pictures"] += 1

    def marks(self, run: Any) -> str:
        looks = run.find(f"{_W}rPr")

        def on(name: str) -> bool:
            found = looks.find(f"{_W}{name}") if looks is not None else None
            return found is not None and found.get(f"{_W}val", "1") not in ("0", "false", "none")

        return ("**" if on("b") else "") + ("_" if on("i") else "") + ("~~" if on("strike") else "")

    def address(self, link: Any) -> str:
        """Where a link leads, if to the web or to a mail address."""
        relation = self.document.part.rels.get(link.get(f"{_R}id", ""))
        target = str(relation.target_ref) if relation is not None and relation.is_external else ""
        if not target.lower().startswith(("https://", "http://", "mailto:")):
            return ""
        return re.sub(r"[\s()<>]", lambda found: f"%{ord(found[0]):02X}", target)[:2000]


def _marked(words: str, marks: str) -> str:
    """Words between their marks, spaces outside, every line by itself."""
    if not marks or not words.strip():
        return words
    closing = "".join(each for each in ("~~", "_", "**") if each in marks)

    def line(text: str) -> str:
        bare = text.strip()
        return text.replace(bare, f"{marks}{bare}{closing}", 1) if bare else text

    return "\n".join(line(each) for each in words.split("\n"))


def _numberings(document: Any) -> dict[tuple[str, int], bool]:
    """By (numId, level): whether a list counts, or only has bullets."""
    try:
        root = document.part.numbering_part.element
    except (KeyError, NotImplementedError):
        return {}
    kinds: dict[str, dict[int, bool]] = {}
    for abstract in root.iterchildren(f"{_W}abstractNum"):
        levels = {}
        for level in abstract.iterchildren(f"{_W}lvl"):
            shape = level.find(f"{_W}numFmt")
            at = str(level.get(f"{_W}ilvl"))
            levels[int(at) if at.isdecimal() else 0] = shape is not None and shape.get(f"{_W}val") != "bullet"
        kinds[str(abstract.get(f"{_W}abstractNumId"))] = levels
    found: dict[tuple[str, int], bool] = {}
    for number in root.iterchildren(f"{_W}num"):
        points_to = number.find(f"{_W}abstractNumId")
        levels = kinds.get(str(points_to.get(f"{_W}val")) if points_to is not None else "", {})
        found |= {(str(number.get(f"{_W}numId")), at): ordered for at, ordered in levels.items()}
    return found
