"""Course Markdown → HTML, not yet sanitised: Python-Markdown reads the words inside the blocks of `gfm`.

Authors are trusted to write, not to write safely: `markup`, the only caller, sanitises what comes out.

Two things do not go through the Markdown reader as text. Raw HTML is kept aside while the words are read and
put back before the sanitiser. What is *sealed* (formulas and check boxes, both made wholly here) travels
through the sanitiser as a mark of private-use characters and takes its place afterwards: see `Sealed`.
"""

import re
import threading
import xml.etree.ElementTree as etree
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from markdown import Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import ParagraphProcessor, ReferenceProcessor
from markdown.extensions import Extension
from markdown.inlinepatterns import (
    BACKTICK_RE,
    BacktickInlineProcessor,
    HtmlInlineProcessor,
    InlineProcessor,
    SubstituteTagInlineProcessor,
)
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString, code_escape

from lms import blocks, gfm
from lms.addresses import TAG, Link
from lms.coursepage import CoursePage, Heading, Sealed, append_text
from lms.formulas import BadFormula, mathml
from lms.gfmlines import clean

_CALLOUT_WORDS = {
    "note": "Catatan",
    "tip": "Kiat",
    "important": "Penting",
    "warning": "Perhatian",
    "caution": "Awas",
    "example": "Contoh",
}


class Draft(NamedTuple):
    """A page before the sanitiser: HTML with marks for the sealed pieces, outline, relative targets."""

    html: str
    headings: tuple[Heading, ...]
    sealed: tuple[Sealed, ...]
    targets: tuple[str, ...]


def draft(text: str, links: Mapping[str, Link]) -> Draft:
    """Render course Markdown; relative targets that `links` knows lead where it says.

    Raises RecursionError on text that nests beyond what Python-Markdown can follow.
    """
    engine: _Engine | None = getattr(_here, "engine", None)
    _here.engine = None  # one that raises is not used again
    engine = engine or _Engine()
    page = engine.begin(links)
    html = page.with_raw(engine.md.convert(clean(text)))
    _here.engine = engine
    targets = tuple(dict.fromkeys(page.addresses.targets))
    return Draft(html, tuple(page.headings), tuple(page.sealed), targets)


_here = threading.local()  # Python-Markdown keeps state between its steps: one engine a thread


class _Engine:
    """Python-Markdown with our steps in it, and what they gather while one text is rendered."""

    def __init__(self) -> None:
        self.page = CoursePage({})
        self.md = Markdown(
            extensions=["pymdownx.betterem", "pymdownx.tilde", "pymdownx.magiclink", _Steps(self)],
            extension_configs={"pymdownx.tilde": {"subscript": False}},
            output_format="html",
        )

    def begin(self, links: Mapping[str, Link]) -> CoursePage:
        self.page = CoursePage(links)
        self.md.reset()
        return self.page


class _Steps(Extension):
    """Puts our steps into Python-Markdown and takes out those that `gfm` has done."""

    def __init__(self, engine: _Engine) -> None:
        super().__init__()
        self.engine = engine

    def extendMarkdown(self, md: Markdown) -> None:
        engine = self.engine
        md.ESCAPED_CHARS = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")  # CommonMark 2.4
        md.parser = _Blocks(md, engine)
        for name in ("normalize_whitespace", "html_block"):
            md.preprocessors.deregister(name)
        inline = md.inlinePatterns
        inline.register(_CodeOrFormula(engine), "backtick", 190)
        inline.register(
            _Formula(r"(?<![\\$])\$\$([^$\x02]+)\$\$(?!\$)", engine, block=True), "display_formula", 186
        )
        # Pandoc's rule, so that "Rp5 dan $5" or "US$5-US$9" stay money: no space inside, no digit after.
        dollars = r"(?<![\\$\w])\$(?![\s$])((?:[^\\$\x02]|\\.)+)(?<![\s\\])\$(?![\d$])"
        inline.register(_Formula(dollars, engine), "inline_formula", 185)
        inline.register(SubstituteTagInlineProcessor(r"\\\n", "br"), "hard_break", 182)
        inline.register(_Ampersand(r"\\&"), "escaped_ampersand", 181)
        inline.register(_NoteMark(r"\[\^([^\]\s]{1,80})\]", engine), "note_mark", 175)
        inline.register(_RawTag(md, engine), "html", 90)
        inline.deregister("entity")  # the serialiser leaves entities as they are
        md.treeprocessors.deregister("prettify")
        md.treeprocessors.register(_Finish(engine), "finish", -10)
        md.postprocessors.deregister("raw_html")


class _Blocks(BlockParser):
    """Builds the tree from `gfm`'s blocks; Python-Markdown's own do only paragraphs and references."""

    def __init__(self, md: Markdown, engine: _Engine) -> None:
        super().__init__(md)
        self.engine = engine
        self.blockprocessors.register(ReferenceProcessor(self), "reference", 15)
        self.blockprocessors.register(ParagraphProcessor(self), "paragraph", 10)

    def parseDocument(self, lines: Iterable[str]) -> etree.ElementTree:
        self.root = etree.Element(self.md.doc_tag)
        self.build(self.root, gfm.read("\n".join(lines)))
        if self.engine.page.notes:
            attributes = {"class": "footnotes", "role": "doc-endnotes", "aria-label": "Catatan kaki"}
            section = etree.SubElement(self.root, "section", attributes)
            etree.SubElement(section, "ol").extend(self.engine.page.notes.values())
        return etree.ElementTree(self.root)

    def build(self, parent: etree.Element, found: Iterable[blocks.Block], tight: bool = False) -> None:
        self.state.set("list" if tight else "blocks")  # in the state "list" paragraphs get no <p>
        for block in found:
            self.add(parent, block)
        self.state.reset()

    def add(self, parent: etree.Element, block: blocks.Block) -> None:
        match block:
            case blocks.Paragraph(text):
                self.parseBlocks(parent, [text])
            case blocks.Heading(level, text, name, classes):
                heading = etree.SubElement(parent, f"h{level}", {"id": name} if name else {})
                heading.text = text
                if "reflect" in classes:
                    heading.set("class", "reflect")
            case blocks.Rule():
                etree.SubElement(parent, "hr")
            case blocks.Code(info, text):
                _code(parent, text, info)
            case blocks.Formula(tex):
                try:
                    html = mathml(tex, block=True)
                except BadFormula:
                    _code(parent, tex)
                else:
                    etree.SubElement(parent, "div", {"class": "formula"}).text = self.engine.page.seal(
                        html, tex
                    )
            case blocks.Html(text):
                append_text(parent, self.engine.page.keep(self.engine.page.addresses.raw_html(text)))
            case blocks.Table():
                _table(parent, block)
            case blocks.Quote(inner):
                self.build(etree.SubElement(parent, "blockquote"), inner)
            case blocks.Callout(kind, title, inner):
                self.callout(parent, kind, title, inner)
            case blocks.List():
                self.list(parent, block)
            case blocks.Definitions(entries):
                self.definitions(parent, entries)
            case blocks.Footnote(label, inner):
                note = etree.Element("li")
                self.build(note, inner)
                self.engine.page.notes.setdefault(label.casefold(), note)

    def callout(self, parent: etree.Element, kind: str, title: str, inner: tuple[blocks.Block, ...]) -> None:
        # role=note: without it each <aside> is a landmark, and a page full of landmarks has none.
        aside = etree.SubElement(parent, "aside", {"class": f"callout callout-{kind}", "role": "note"})
        head = etree.SubElement(aside, "p", {"class": "callout-title"})
        word = etree.SubElement(head, "span", {"class": "callout-word"})
        word.text = _CALLOUT_WORDS[kind]
        word.tail = f": {title}" if title else None
        self.build(aside, inner)

    def list(self, parent: etree.Element, block: blocks.List) -> None:
        element = etree.SubElement(parent, "ul" if block.start is None else "ol")
        if block.start not in (None, 1):
            element.set("start", str(block.start))
        for item in block.items:
            li = etree.SubElement(element, "li")
            inner = item.blocks
            if item.checked is not None:
                li.set("class", "task")
                state, words = (" checked", "Selesai") if item.checked else ("", "Belum selesai")
                box = f'<input type="checkbox" disabled{state} aria-label="{words}">'
                inner = _before_words(self.engine.page.seal(box, "") + " ", inner)
            self.build(li, inner, tight=block.tight)

    def definitions(self, parent: etree.Element, entries: tuple[blocks.Definition, ...]) -> None:
        element = etree.SubElement(parent, "dl")
        for entry in entries:
            for term in entry.terms:
                etree.SubElement(element, "dt").text = term
            for meaning in entry.meanings:
                self.build(etree.SubElement(element, "dd"), meaning, tight=len(meaning) == 1)


def _before_words(mark: str, inner: tuple[blocks.Block, ...]) -> tuple[blocks.Block, ...]:
    match inner:
        case (blocks.Paragraph(text), *rest):
            return (blocks.Paragraph(mark + text), *rest)
        case _:
            return (blocks.Paragraph(mark), *inner)


def _code(parent: etree.Element, text: str, info: str = "") -> None:
    pre = etree.SubElement(
        parent, "pre", {"tabindex": "0"}
    )  # it scrolls sideways: the keyboard must reach it
    code = etree.SubElement(pre, "code")
    if language := re.match(r"[{. ]*([A-Za-z][\w#+-]{0,19})(?=[\s}]|$)", info):
        code.set("class", f"language-{language[1].lower()}")
    code.text = AtomicString(code_escape(text + "\n"))


def _table(parent: etree.Element, block: blocks.Table) -> None:
    frame = etree.SubElement(parent, "div", {"class": "table-frame", "tabindex": "0"})
    table = etree.SubElement(frame, "table")
    if block.caption:
        etree.SubElement(table, "caption").text = block.caption
    head = etree.SubElement(table, "thead")
    body = etree.SubElement(table, "tbody")
    for section, row in [(head, block.head), *((body, row) for row in block.rows)]:
        tr = etree.SubElement(section, "tr")
        for words, align in zip(row, block.align, strict=True):
            heads = section is head and words != ""  # an empty corner heads nothing
            cell = etree.SubElement(tr, "th" if heads else "td", {"scope": "col"} if heads else {})
            cell.text = words
            if align in ("center", "right"):
                cell.set("class", f"align-{align}")


class _Formula(InlineProcessor):
    def __init__(self, pattern: str, engine: _Engine, block: bool = False) -> None:
        super().__init__(pattern)
        self.engine = engine
        self.block = block

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[etree.Element | str, int, int]:  # type: ignore[override]
        return self.seal(m[1], m)

    def seal(self, written: str, m: re.Match[str]) -> tuple[etree.Element | str, int, int]:
        """The formula in place of the match; as code where its TeX cannot be read."""
        tex = written.strip()
        try:
            return self.engine.page.seal(mathml(tex, self.block), tex), m.start(), m.end()
        except BadFormula:
            code = etree.Element("code")
            code.text = AtomicString(code_escape(m[0]))
            return code, m.start(), m.end()


class _CodeOrFormula(BacktickInlineProcessor):
    """Code spans and GitHub's formula in backticks, whichever begins first: dollars inside code are code."""

    def __init__(self, engine: _Engine) -> None:
        super().__init__(rf"{BACKTICK_RE}|(?<!\\)\$`([^`\n]+)`\$")
        self.formula = _Formula("", engine)

    def handleMatch(  # type: ignore[override]
        self, m: re.Match[str], data: str
    ) -> tuple[etree.Element | str | None, int | None, int | None]:
        if m[2] is None:
            return super().handleMatch(m, data)
        return self.formula.seal(m[2], m)


class _Ampersand(InlineProcessor):
    """An escaped &, written out so that the serialiser takes it for no entity."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[str, int, int]:  # type: ignore[override]
        return "&amp;", m.start(), m.end()


class _NoteMark(InlineProcessor):
    def __init__(self, pattern: str, engine: _Engine) -> None:
        super().__init__(pattern)
        self.engine = engine

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[etree.Element | None, int | None, int | None]:  # type: ignore[override]
        if m[1].casefold() not in self.engine.page.notes:
            return None, None, None
        mark = etree.Element("sup")
        etree.SubElement(mark, "a", {"role": "doc-noteref", "note": m[1].casefold()})
        return mark, m.start(), m.end()


class _RawTag(HtmlInlineProcessor):
    def __init__(self, md: Markdown, engine: _Engine) -> None:
        super().__init__(TAG, md)
        self.engine = engine

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[str | None, int | None, int | None]:  # type: ignore[override]
        written = re.fullmatch(TAG, self.backslash_unescape(self.unescape(m[0])), re.DOTALL)
        html = self.engine.page.addresses.raw_tag(written) if written else None
        return (None, None, None) if html is None else (self.engine.page.keep(html), m.start(), m.end())


class _Finish(Treeprocessor):
    def __init__(self, engine: _Engine) -> None:
        super().__init__()
        self.engine = engine

    def run(self, root: etree.Element) -> None:
        self.engine.page.finish(root)
