"""What stands in the document of a work: title page, numbered chapters, captions; the printers only set it.

Chapters are the sections in the project's order, numbered in Roman as regional plans are (BAB I, BAB II ...);
headings within a text count 1.1, 1.1.1; tables count by chapter (Tabel 2.1).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec
from markdown_it.token import Token

from lms import peopletext
from lms.formats import file_size
from lms.projects import content
from lms.projects.sheet import Sheet, amount, total
from lms.projects.source import Column, FilesSection, Project, Section, TableSection

WIDE = 7
"""A table with more columns than this lies across the page."""


class Run(msgspec.Struct, frozen=True):
    """Words of one look; ``link`` is an address they lead to, a text of "\\n" ends the line."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    link: str = ""


Runs = tuple[Run, ...]


class Heading(msgspec.Struct, frozen=True, tag="heading"):
    """A heading within a chapter: ``level`` from 1, ``number`` as it is printed."""

    level: int
    number: str
    runs: Runs


class Paragraph(msgspec.Struct, frozen=True, tag="paragraph"):
    """Words that belong together."""

    runs: Runs


class Listed(msgspec.Struct, frozen=True, tag="list"):
    """A list: each item holds blocks; ``start`` counts ordered ones on from there."""

    ordered: bool
    start: int
    items: tuple[tuple["Block", ...], ...]


class Quote(msgspec.Struct, frozen=True, tag="quote"):
    """Somebody else's words."""

    blocks: tuple["Block", ...]


class Code(msgspec.Struct, frozen=True, tag="code"):
    """Text set as it was typed."""

    text: str


class Grid(msgspec.Struct, frozen=True, tag="grid"):
    """A table: ``aligns`` and the cells by column; ``total`` is a last row of sums, empty without one."""

    caption: str
    heads: tuple[Runs, ...]
    aligns: tuple[Literal["left", "center", "right"], ...]
    rows: tuple[tuple[Runs, ...], ...]
    total: tuple[str, ...] = ()

    @property
    def wide(self) -> bool:
        return len(self.heads) > WIDE


Block = Heading | Paragraph | Listed | Quote | Code | Grid


class Chapter(msgspec.Struct, frozen=True):
    """A section of the work."""

    number: str
    title: str
    blocks: tuple[Block, ...]


class Naskah(msgspec.Struct, frozen=True):
    """A whole document.

    ``facts`` stand on the title page as (label, value), ``running`` at the foot of every page; ``draft`` marks
    work that was not handed in.
    """

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    issuer: str
    running: str
    draft: bool
    language: str
    chapters: tuple[Chapter, ...]


class Words(msgspec.Struct, frozen=True):
    """The words that the document itself brings, in the reader's language."""

    chapter: str
    table: str
    total: str
    nothing: str
    file: str
    size: str
    hash: str


def chapters(
    project: Project, held: Mapping[str, content.Content], words: Words, language: str
) -> tuple[Chapter, ...]:
    """The sections as chapters; ``held`` are their contents by id, a missing one is an empty chapter."""
    return tuple(
        Chapter(
            f"{words.chapter} {roman(number)}",
            section.title,
            tuple(_blocks(section, held.get(section.id), number, words, language)),
        )
        for number, section in enumerate(project.sections, start=1)
    )


def _blocks(
    section: Section, given: content.Content | None, chapter: int, words: Words, language: str
) -> Iterator[Block]:
    nothing = Paragraph((Run(words.nothing, italic=True),))
    if content.is_empty(given):
        yield nothing
    elif isinstance(given, str):
        yield from tuple(_Text(chapter, words).blocks(given)) or (nothing,)
    elif isinstance(section, TableSection) and isinstance(given, content.Table):
        yield _table(section, given, f"{words.table} {chapter}.1 {section.title}", words)
    elif isinstance(section, FilesSection) and isinstance(given, tuple):
        yield Grid(
            caption=f"{words.table} {chapter}.1 {section.title}",
            heads=tuple((Run(each),) for each in ("No.", words.file, words.size, words.hash)),
            aligns=("right", "left", "right", "left"),
            rows=tuple(
                tuple(
                    (Run(text, code=at == 3),)
                    for at, text in enumerate(
                        (f"{number}", each.name, file_size(each.size, language), each.sha256[:16])
                    )
                )
                for number, each in enumerate(given, start=1)
            ),
        )


def _table(section: TableSection, table: content.Table, caption: str, words: Words) -> Grid:
    sheet = Sheet(section, table)
    columns = section.columns
    cells = [
        [
            sheet.shown(at, each.id) if _exact(sheet, at, each) else sheet.texts(each.id)[at]
            for each in columns
        ]
        for at in range(sheet.count)
    ]
    sums = [total(sheet.numbers(each.id)) if each.type == "money" else None for each in columns]
    last: tuple[str, ...] = ()
    if any(each is not None for each in sums):
        shown = [
            "" if each is None else amount(each, column) for each, column in zip(sums, columns, strict=True)
        ]
        shown[0] = shown[0] or words.total
        last = tuple(shown)
    return Grid(
        caption=caption,
        heads=tuple((Run(each.label, bold=True),) for each in columns),
        aligns=tuple("right" if each.numeric and each.type != "year" else "left" for each in columns),
        rows=tuple(tuple((Run(text),) for text in row) for row in cells),
        total=last,
    )


def _exact(sheet: Sheet, at: int, column: Column) -> bool:
    """Whether the cell holds one number, which is then printed as its kind is written."""
    return column.numeric and sheet.numbers(column.id)[at] is not None


class _Text:
    """A Markdown text as blocks; headings and tables are counted on."""

    def __init__(self, chapter: int, words: Words) -> None:
        self.chapter = chapter
        self.words = words
        self.counts = [0, 0, 0, 0, 0, 0]
        self.tables = 0
        self.shallowest = 1

    def blocks(self, text: str) -> Iterator[Block]:
        tokens = peopletext.tokens(text)
        if tokens is None:
            yield Code(text)
            return
        self.shallowest = min((int(each.tag[1]) for each in tokens if each.type == "heading_open"), default=1)
        yield from self.within(iter(tokens), "")

    def within(self, tokens: Iterator[Token], end: str) -> Iterator[Block]:
        """The blocks up to the token that ends them."""
        for token in tokens:
            match token.type:
                case "heading_open":
                    yield self.heading(int(token.tag[1]) - self.shallowest + 1, _runs(next(tokens)))
                case "inline":
                    yield Paragraph(_runs(token))
                case "bullet_list_open" | "ordered_list_open":
                    ordered = token.type.startswith("ordered")
                    start = int(token.attrGet("start") or 1) if ordered else 1
                    yield Listed(
                        ordered, start, tuple(self.items(tokens, token.type.replace("_open", "_close")))
                    )
                case "blockquote_open":
                    yield Quote(tuple(self.within(tokens, "blockquote_close")))
                case "fence" | "code_block":
                    yield Code(token.content.rstrip("\n"))
                case "table_open":
                    yield self.grid(tokens)
                case kind if kind == end:
                    return

    def items(self, tokens: Iterator[Token], end: str) -> Iterator[tuple[Block, ...]]:
        for token in tokens:
            if token.type == "list_item_open":
                yield tuple(self.within(tokens, "list_item_close"))
            elif token.type == end:
                return

    def heading(self, level: int, runs: Runs) -> Heading:
        level = min(max(level, 1), len(self.counts))
        self.counts[level - 1] += 1
        self.counts[level:] = [0] * (len(self.counts) - level)
        number = ".".join(
            str(each) for each in (self.chapter, *(max(each, 1) for each in self.counts[:level]))
        )
        return Heading(level, number, runs)

    def grid(self, tokens: Iterator[Token]) -> Grid:
        self.tables += 1
        heads: list[Runs] = []
        aligns: list[Literal["left", "center", "right"]] = []
        rows: list[list[Runs]] = []
        for token in tokens:
            if token.type == "table_close":
                break
            if token.type == "tr_open":
                rows.append([])
            elif token.type in ("th_open", "td_open"):
                cell = _runs(next(tokens))
                if token.type == "th_open":
                    align = str(token.attrGet("style") or "").removeprefix("text-align:")
                    aligns.append("right" if align == "right" else "center" if align == "center" else "left")
                    heads.append(cell)
                else:
                    rows[-1].append(cell)
        full = tuple(tuple(row) for row in rows if row)
        return Grid(f"{self.words.table} {self.chapter}.{self.tables}", tuple(heads), tuple(aligns), full)


def _runs(inline: Token) -> Runs:
    """The words of an inline token with their looks, neighbours of one look joined."""
    bold = italic = strike = 0
    links: list[str] = []
    found: list[Run] = []

    def add(text: str, *, code: bool = False) -> None:
        run = Run(text, bold > 0, italic > 0, strike > 0, code, links[-1] if links else "")
        if found and msgspec.structs.replace(found[-1], text="") == msgspec.structs.replace(run, text=""):
            run = msgspec.structs.replace(run, text=found.pop().text + text)
        found.append(run)

    for token in inline.children or ():
        match token.type:
            case "strong_open" | "strong_close":
                bold += token.nesting
            case "em_open" | "em_close":
                italic += token.nesting
            case "s_open" | "s_close":
                strike += token.nesting
            case "link_open":
                links.append(_address(str(token.attrGet("href") or "")))
            case "link_close":
                links.pop()
            case "code_inline":
                add(token.content, code=True)
            case "softbreak" | "hardbreak":
                add("\n")
            case _:
                add(token.content)
    return tuple(each for each in found if each.text)


def _address(href: str) -> str:
    """Where a link of the document may lead: the web and mail, as on the page; anything else is only words."""
    return href if href.lower().startswith(("https://", "http://", "mailto:")) else ""


_ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def roman(number: int) -> str:
    """A number from 1 to 89 in Roman numerals."""
    digits = "L" if number >= 50 else "XL" if number >= 40 else ""
    number -= 50 if number >= 50 else 40 if number >= 40 else 0
    for value, letters in _ROMAN:
        digits += letters * (number // value)
        number %= value
    return digits


def plain(runs: Iterable[Run]) -> str:
    """The words alone."""
    return "".join(each.text for each in runs)


class Measure(msgspec.Struct, frozen=True):
    """How a table is set: the columns' shares of its width, and the size of its letters in points."""

    shares: tuple[float, ...]
    size: float


_BREAKS_AT = 9
"""Letters of a word that a narrow column need not keep on one line; amounts are never broken."""


def measure(grid: Grid) -> Measure:
    """Give each column what its longest word or amount needs, and share the rest by how much stands in it.

    Where even that does not fit, the letters get smaller, down to 5 points.
    """
    size, room = (8.0, 158.0) if grid.wide else (9.5, 92.0)  # letters that fit across
    least, wished = [], []
    for at, align in enumerate(grid.aligns):
        texts = [plain(row[at]) for row in grid.rows if at < len(row)]
        texts += [grid.total[at]] if grid.total else []
        word = max((len(part) for text in texts for part in text.split()), default=1)
        head = max((len(part) for part in plain(grid.heads[at]).split()), default=1)
        whole = sorted(len(text) for text in texts)[-max(1, len(texts) // 4)] if texts else 1
        least.append((word if align == "right" else min(word, _BREAKS_AT)) + 3.5)
        least[-1] = max(least[-1], min(head, _BREAKS_AT) + 3)
        wished.append(min(max(whole, head), 60) if align != "right" else 1)
    rest = max(0.0, room - sum(least))
    widths = [low + rest * each / sum(wished) for low, each in zip(least, wished, strict=True)]
    smaller = min(1.0, room / sum(least))
    return Measure(tuple(each / sum(widths) for each in widths), max(5.0, size * smaller))
