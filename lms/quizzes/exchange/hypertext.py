"""HTML as other platforms write it → our Markdown, with every loss told.

A small converter on a list of known elements: what is not on it leaves its words and is reported. Nothing
nests deeper than `MAX_DEPTH`, and a text longer than `MAX_TEXT` is not read at all. Tags are found here and
not by the standard library's parser, which needs minutes for a hundred kilobytes of tags that never end.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple

from lms.quizzes.exchange.pictures import DATA, Pictures
from lms.quizzes.exchange.wording import Formulas, at_start, code, escaped

MAX_TEXT = 100_000
MAX_DEPTH = 40
MAX_TAGS = 5_000

_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_BOXES = frozenset(
    re.findall(
        r"\w+",
        "address article aside body center div fieldset figcaption figure footer form header html main nav p section dl"
        " dt dd details summary caption legend prompt li tr td th tbody thead tfoot colgroup rubricblock itembody",
    )
)
_BLOCKS = _BOXES | {"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre", "table", "hr"}
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "cite": "*", "dfn": "*", "var": "*"}
_MARKS |= {"s": "~~", "strike": "~~", "del": "~~"}
_RAW = {"u": "u", "ins": "u", "sub": "sub", "sup": "sup", "mark": "mark", "small": "small", "q": "q"}
_CODE = frozenset(("code", "tt", "kbd", "samp"))
_SILENT = frozenset(("span", "font", "big", "abbr", "acronym", "label", "bdi", "bdo", "time", "nobr"))
_DROPPED = frozenset(
    ("script", "style", "template", "noscript", "head", "title", "textarea", "select", "button")
)
_PLAYED = frozenset(("iframe", "video", "audio", "object", "embed", "source"))
_STYLE = re.compile(r"color|background|font|text-align|text-decoration|border", re.IGNORECASE)
_CLOSES = {
    "li": frozenset(("li", "p")),
    "tr": frozenset(("tr", "td", "th", "p")),
    "td": frozenset(("td", "th", "p")),
    "th": frozenset(("td", "th", "p")),
    "dt": frozenset(("dt", "dd", "p")),
    "dd": frozenset(("dt", "dd", "p")),
}
_FENCES_IN = {"li": frozenset(("ul", "ol")), "tr": frozenset(("table",)), "td": frozenset(("tr", "table"))}
_FENCES_IN |= {"th": _FENCES_IN["td"], "dt": frozenset(("dl",)), "dd": frozenset(("dl",))}

STYLE_LOST = "gaya tampilan (warna, huruf, perataan) tidak dibawa"
TOO_LONG = f"teks lebih dari {MAX_TEXT:,} karakter".replace(",", ".")


class Piece(NamedTuple):
    """One block of Markdown; `words` when it is a paragraph and could stand in a heading."""

    text: str
    words: bool = True


@dataclass
class _Element:
    name: str
    attributes: dict[str, str]
    inside: "list[_Element | str]" = field(default_factory=list)

    def all(self, *names: str) -> "Iterator[_Element]":
        for each in self.inside:
            if isinstance(each, _Element):
                if each.name in names:
                    yield each
                yield from each.all(*names)

    @property
    def text(self) -> str:
        return "".join(each if isinstance(each, str) else each.text for each in self.inside)


_VALUE = r"(?:\"[^\"]{0,5000}+\"|'[^']{0,5000}+'|[^\s\"'=<>`]{1,5000}+)"
_ATTRIBUTE = re.compile(rf"([^\s\"'<>/=]{{1,200}}+)(?:\s*+=\s*+({_VALUE}))?+")
_TAG = re.compile(
    r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40}+)"
    rf"((?:(?:\s++|(?<=[\"']))[^\s\"'<>/=]{{1,200}}+(?:\s*+=\s*+{_VALUE})?+|\s*+/(?!>))*+)\s*+(/?)>"
)
_REST = {"<!--": "-->", "<![CDATA[": "]]>", "<!": ">", "<?": ">"}
"""What opens with a mark and ends with another; no tag is looked for in between."""


class _Reader:
    """Builds the tree; ends what was left open, passes over what was not opened."""

    def __init__(self, html: str) -> None:
        self.root = _Element("", {})
        self.open = [self.root]
        self.tags = 0
        self.deep = 0
        self.endless: set[str] = set()  # marks that end nowhere in the rest of the text
        at = 0
        while at < len(html):
            at = self.step(html, at)

    def step(self, html: str, at: int) -> int:
        """Read one tag, or the words before the next one; returns where to go on."""
        if html[at] != "<":
            end = html.find("<", at)
            end = len(html) if end < 0 else end
            self.words(unescape(html[at:end]))
            return end
        if found := _TAG.match(html, at):
            closes, name, attributes, empty = found.groups()
            name = name.lower().rpartition(":")[2]
            if closes:
                self.ends(name)
                return found.end()
            self.starts(name, attributes)
            if name in ("script", "style"):
                return self.past(html, found.end(), f"</{name}", keep=False)
            if empty and name not in _VOID:
                self.ends(name)
            return found.end()
        for opening, closing in _REST.items():
            if html.startswith(opening, at) and closing not in self.endless:
                return self.past(html, at + len(opening), closing, keep=opening == "<![CDATA[")
        self.words("<")
        return at + 1

    def past(self, html: str, at: int, closing: str, keep: bool) -> int:
        """Pass over what ends with `closing`; `keep` its words."""
        end = html.find(closing, at)
        if end < 0:
            self.endless.add(closing)
            end = len(html)
        if keep:
            self.words(html[at:end])
        return end if closing.startswith("</") else end + len(closing)

    def starts(self, name: str, attributes: str) -> None:
        """An element begins."""
        self.tags += 1
        if self.tags > MAX_TAGS:
            return
        self._close_for(name)
        values = {
            key.lower(): unescape(value[1:-1] if value[:1] in ("'", '"') else value)
            for key, value in _ATTRIBUTE.findall(attributes)
        }
        element = _Element(name, values)
        self.open[-1].inside.append(element)
        if name in _VOID:
            return
        if len(self.open) < MAX_DEPTH:
            self.open.append(element)
        else:
            self.deep += 1

    def ends(self, name: str) -> None:
        """An element ends, and what is still open in it."""
        for at in range(len(self.open) - 1, 0, -1):
            if self.open[at].name == name:
                del self.open[at:]
                return

    def words(self, text: str) -> None:
        """Words between tags."""
        self.open[-1].inside.append(text)

    def _close_for(self, tag: str) -> None:
        closes = _CLOSES.get(tag) or (frozenset(("p",)) if tag in _BLOCKS else frozenset())
        fences = _FENCES_IN.get(tag, frozenset(("td", "th", "li", "table", "blockquote", "div")))
        for at in range(len(self.open) - 1, 0, -1):
            if self.open[at].name in closes:
                del self.open[at:]
            elif self.open[at].name in fences or self.open[at].name not in closes | _MARKS.keys() | _SILENT:
                break


class Converter:
    """Turns the HTML texts of one quiz into blocks of Markdown; `lose` is told what is not carried."""

    def __init__(self, pictures: Pictures, lose: Callable[[str], None], folder: str = "") -> None:
        self.pictures = pictures
        self.lose = lose
        self.folder = folder
        self.formulas = Formulas()
        self.data: list[str] = []
        self.in_cell = 0

    def pieces(self, html: str, flat: bool = False) -> list[Piece]:
        """The blocks of a text; `flat` ones have no quotes, as an option must not."""
        html = DATA.sub(self._aside, html)
        if len(html) > MAX_TEXT:
            self.lose(f"{TOO_LONG}; tidak dibawa")
            return []
        reader = _Reader(html)
        if reader.deep or reader.tags > MAX_TAGS:
            self.lose("elemen yang bersarang terlalu dalam atau terlalu banyak diratakan")
        found = list(self._blocks(reader.root, flat))
        for tex in self.formulas.bad:
            self.lose(f"rumus tidak dapat ditampilkan dan ditulis sebagai kode: {code(tex[:80])}")
        self.formulas.bad.clear()
        return found

    def _aside(self, found: re.Match[str]) -> str:
        self.data.append(found[0])
        return f"data:#{len(self.data) - 1}"

    # Blocks.

    def _blocks(self, parent: _Element, flat: bool) -> Iterator[Piece]:
        run: list[_Element | str] = []
        for child in parent.inside:
            if isinstance(child, str) or (child.name not in _BLOCKS and not _holds_block(child)):
                run.append(child)
                continue
            yield from self._paragraphs(run)
            run = []
            yield from self._block(child, flat)
        yield from self._paragraphs(run)

    def _paragraphs(self, run: list[_Element | str]) -> Iterator[Piece]:
        text = _marked(self._inline(run))
        for part in re.split(r" *\n *\n[ \n]*", text):
            lines = [at_start(line.strip()) for line in part.split("\n") if line.strip()]
            if lines:
                block = "\\\n".join(lines)
                yield Piece(block, not block.startswith("$$") and not block.startswith("!["))

    def _block(self, element: _Element, flat: bool) -> Iterator[Piece]:
        self._note_style(element)
        name = element.name
        if re.fullmatch(r"h[1-6]", name):
            words = " ".join(_marked(self._inline(element.inside)).split())
            if words:
                yield Piece(f"{'#' * max(3, int(name[1]))} {words}", words=False)
        elif name in ("ul", "ol"):
            yield from self._list(element, flat)
        elif name == "blockquote" and not flat:
            inner = _joined(self._blocks(element, flat))
            if inner:
                yield Piece("\n".join(f"> {line}".rstrip() for line in inner.split("\n")), words=False)
        elif name == "pre":
            yield from _fence(element.text)
        elif name == "table":
            yield from self._table(element, flat)
        elif name == "hr":
            yield Piece("---", words=False)
        else:
            yield from self._blocks(element, flat)

    def _list(self, element: _Element, flat: bool) -> Iterator[Piece]:
        if element.attributes.get("type", "1") not in ("1", "disc", "circle", "square"):
            self.lose("penomoran huruf atau Romawi pada daftar menjadi angka")
        start = element.attributes.get("start", "1")
        number = int(start) if re.fullmatch(r"\d{1,6}", start) else 1
        lines: list[str] = []
        for holder in _items(element):
            marker = f"{number}." if element.name == "ol" else "-"
            inner = list(self._blocks(holder, flat))
            if not inner:
                continue
            number += 1
            indent = " " * (len(marker) + 1)
            tight = len(inner) > 1 and all(not each.words for each in inner[1:])
            text = ("\n" if tight else "\n\n").join(each.text for each in inner).split("\n")
            lines.append(f"{marker} {text[0]}")
            lines += [f"{indent}{line}".rstrip() for line in text[1:]]
        if lines:
            yield Piece("\n".join(lines), words=False)

    def _table(self, element: _Element, flat: bool) -> Iterator[Piece]:
        rows: list[list[_Element]] = []
        beside: list[_Element | str] = []
        _rows(element, rows, beside)
        yield from self._blocks(_Element("", {}, beside), flat)
        if not rows:
            return
        if self.in_cell:
            self.lose("tabel di dalam tabel diratakan menjadi kata")
            for cells in rows:
                yield Piece(" · ".join(filter(None, map(self._cell, cells))))
            return
        if any(cell.attributes.keys() & {"colspan", "rowspan"} for row in rows for cell in row):
            self.lose("sel tabel yang digabung (colspan, rowspan) dipisah")
        if not any(cell.name == "th" for cell in rows[0]):
            self.lose("tabel tanpa judul kolom: baris pertamanya menjadi judul kolom")
        written = [[self._cell(cell) for cell in row] for row in rows]
        width = min(max(len(row) for row in written), 50)
        for number, row in enumerate(written):
            written[number] = (row + [""] * width)[:width]
        lines = [f"| {' | '.join(row)} |" for row in written]
        lines.insert(1, f"|{' --- |' * width}")
        yield Piece("\n".join(lines), words=False)

    def _cell(self, cell: _Element) -> str:
        self._note_style(cell)
        self.in_cell += 1
        inner = [
            each.text.replace("\\\n", "<br>").replace("\n", " ") for each in self._blocks(cell, flat=True)
        ]
        self.in_cell -= 1
        return re.sub(r"(?<!\\)\|", r"\\|", "<br>".join(inner))

    # Words.

    def _inline(self, inside: Iterable[_Element | str]) -> str:
        """Words on one line each; a line end is a `<br>`."""
        parts: list[str] = []
        words: list[str] = []
        for child in inside:
            if isinstance(child, str):
                words.append(child)
                continue
            if before := self._words("".join(words)):
                parts.append(before)
            words = []
            piece = self._element(child)
            # two pieces of code or formulas side by side would be read as one, whatever empty element is between
            beside = piece.startswith(("`", "$")) and parts and parts[-1].endswith(("`", "$"))
            if piece:
                parts.append(f"<wbr>{piece}" if beside else piece)
        parts.append(self._words("".join(words)))
        return re.sub(r" *\n *", "\n", re.sub(r"[ ]+", " ", "".join(parts)))

    def _words(self, text: str) -> str:
        return self.formulas.worded(re.sub(r"[ \t\r\n\f\u00a0]+", " ", text)) if text else ""

    def _element(self, element: _Element) -> str:
        name = element.name
        self._note_style(element)
        if name == "br":
            return "\n"
        if name == "img":
            return self._picture(element)
        if name == "a":
            return self._link(element)
        if name in _CODE:
            return code(element.text)
        if name == "math":
            return self._math(element)
        if name in _PLAYED:
            return self._played(element)
        if name in _DROPPED or name == "input":
            if name not in ("head", "title"):
                self.lose(f"elemen <{name}> tidak dibawa")
            return ""
        inner = self._inline(element.inside)
        if name in _MARKS:
            return _around(inner, _MARKS[name])
        if name in _RAW:
            return _each_line(inner, lambda line: f"<{_RAW[name]}>{line}</{_RAW[name]}>")
        if name not in _SILENT and name not in _BLOCKS and name != "wbr":
            self.lose(f"elemen <{name[:30]}> tidak dikenal; kata-katanya saja yang dibawa")
        return inner

    def _picture(self, element: _Element) -> str:
        alt = " ".join(element.attributes.get("alt", "").split())
        tex = element.attributes.get("data-equation-content", "")
        if not tex and "equation_image" in element.attributes.get("class", ""):
            tex = alt.removeprefix("LaTeX:").strip() or element.attributes.get("title", "")
        if tex:
            return self.formulas.written(tex, block=False)
        address = element.attributes.get("src", "").strip()
        if held := re.fullmatch(r"data:#(\d+)", address):
            address = self.data[int(held[1])]
        taken = self.pictures.take(address, self.folder)
        if taken.loss:
            self.lose(taken.loss)
        words = escaped(alt) or "gambar"
        if taken.target:
            return f"![{words}]({taken.target})"
        if re.match(r"https?://", address):
            return f"[{words}](<{_address(address)}>)"
        return f"({words})" if alt else ""

    def _link(self, element: _Element) -> str:
        inner = self._inline(element.inside).replace("\n", " ").strip()
        address = element.attributes.get("href", "").strip()
        if not address:
            return inner
        if re.match(r"(?:https?://|mailto:)", address, re.IGNORECASE):
            return f"[{inner or escaped(address)}](<{_address(address)}>)"
        taken = self.pictures.take(address, self.folder)
        if taken.target and not taken.loss:
            return f"[{inner or 'unduhan'}]({taken.target})"
        self.lose(f"tautan yang tidak dapat diikuti menjadi kata saja: {code(address[:80])}")
        return inner

    def _math(self, element: _Element) -> str:
        for each in element.all("annotation"):
            if "tex" in each.attributes.get("encoding", ""):
                return self.formulas.written(each.text, block=element.attributes.get("display") == "block")
        self.lose("rumus MathML tanpa TeX menjadi kata")
        return self._words(element.text)

    def _played(self, element: _Element) -> str:
        address = element.attributes.get("src") or element.attributes.get("data") or ""
        for inner in element.all("source"):
            address = address or inner.attributes.get("src", "")
        if re.match(r"https?://", address):
            self.lose(f"<{element.name}> menjadi tautan: {code(address[:80])}")
            return f"[{escaped(address)}](<{_address(address)}>)"
        self.lose(f"<{element.name}> tidak dibawa: {code(address[:80]) or 'tanpa alamat'}")
        return ""

    def _note_style(self, element: _Element) -> None:
        style = element.attributes.get("style", "")
        if (style and _STYLE.search(style)) or element.attributes.keys() & {
            "color",
            "bgcolor",
            "face",
            "align",
        }:
            self.lose(STYLE_LOST)


def _items(element: _Element) -> list[_Element]:
    """The items of a list; what stands between them is made an item too."""
    found: list[_Element] = []
    stray = False
    for child in element.inside:
        if isinstance(child, _Element) and child.name == "li":
            found.append(child)
            stray = False
        elif stray:
            found[-1].inside.append(child)
        elif not isinstance(child, str) or child.strip():
            found.append(_Element("li", {}, [child]))
            stray = True
    return found


def _rows(holder: _Element, rows: list[list[_Element]], beside: list[_Element | str]) -> None:
    """The rows of a table by their cells, those of tables within them left to these; what is neither stands beside."""
    for child in holder.inside:
        if isinstance(child, str) or child.name not in ("tr", "tbody", "thead", "tfoot"):
            beside.append(child)
        elif child.name != "tr":
            _rows(child, rows, beside)
        else:
            cells = [
                each
                if isinstance(each, _Element) and each.name in ("td", "th")
                else _Element("td", {}, [each])
                for each in child.inside
                if not isinstance(each, str) or each.strip()
            ]
            if cells:
                rows.append(cells)


def _holds_block(element: _Element) -> bool:
    return element.name not in _DROPPED | _PLAYED | {"math"} and any(element.all(*_BLOCKS))


def _joined(pieces: Iterable[Piece]) -> str:
    return "\n\n".join(each.text for each in pieces)


def _fence(text: str) -> Iterator[Piece]:
    lines = [line.rstrip() for line in text.replace("\t", "    ").strip("\n").split("\n")]
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    if any(lines):
        yield Piece("\n".join(("`" * (longest + 1), *lines, "`" * (longest + 1))), words=False)


def _each_line(inner: str, change: Callable[[str], str]) -> str:
    """Every line changed without the spaces around it, which stay outside."""

    def one(line: str) -> str:
        bare = line.strip(" ")
        if not bare:
            return line
        at = line.index(bare)
        return line[:at] + change(bare) + line[at + len(bare) :]

    return "\n".join(one(line) for line in inner.split("\n"))


_SIMPLE = re.compile("\x01([*~]{1,2})([^\x01\x02]*)\x02")


def _around(inner: str, mark: str) -> str:
    """Emphasis, kept open between two control characters until it is known what stands beside it."""
    tag = {"**": "strong", "*": "em", "~~": "del"}[mark]

    def one(line: str) -> str:
        simple = not re.search("[*~<\\\\`$\x01]", line) and line[0].isalnum()
        if simple and (line[-1].isalnum() or line[-1] in ".!?)"):
            return f"\x01{mark}{line}\x02"
        return f"<{tag}>{line}</{tag}>"

    return _each_line(inner, one)


def _marked(text: str) -> str:
    """Emphasis by marks where they are sure to be read, else by tags."""

    def write(found: re.Match[str]) -> str:
        before, after = text[max(0, found.start() - 1) : found.start()], text[found.end() : found.end() + 1]
        mark, words = found.groups()
        if (not before or before in " \n(") and (not after or after in " \n),.;:?!"):
            return f"{mark}{words}{mark}"
        tag = {"**": "strong", "*": "em", "~~": "del"}[mark]
        return f"<{tag}>{words}</{tag}>"

    return _SIMPLE.sub(write, text)


def _address(address: str) -> str:
    return re.sub(r"[\s<>\\]", lambda odd: f"%{ord(odd[0]) % 256:02X}", address)
