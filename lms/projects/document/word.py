"""A document as a Word file, with real styles, so that the agency can go on writing in it."""

import importlib
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from lms.projects.document.naskah import (
    Block,
    Code,
    Grid,
    Heading,
    Listed,
    Naskah,
    Paragraph,
    Quote,
    Run,
    measure,
)

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FONT = "Arial"
SHADE = "EBEBEB"
A4 = (21.0, 29.7)  # centimetres
MARGINS = (3.2, 2.5, 2.8, 2.5)  # left, right, top, bottom


def write(naskah: Naskah, *, contents: str, draft: str) -> bytes:
    """The DOCX's bytes; ``contents`` heads the table of contents, ``draft`` marks work not handed in.

    Its properties name the title only: no author, no machine, no time of making.
    """
    return _Word(naskah).write(contents, draft)


class _Word:
    def __init__(self, naskah: Naskah) -> None:
        # loaded when a document is asked for
        self.docx: Any = importlib.import_module("docx")
        self.shared: Any = importlib.import_module("docx.shared")
        self.text: Any = importlib.import_module("docx.enum.text")
        self.oxml: Any = importlib.import_module("docx.oxml")
        self.qn: Any = importlib.import_module("docx.oxml.ns").qn
        self.orient: Any = importlib.import_module("docx.enum.section")
        self.naskah = naskah
        self.across = False  # how the pages lie now
        self.file: Any = self.docx.Document()

    def write(self, contents: str, draft: str) -> bytes:
        self.properties()
        self.styles()
        self.sides(self.file.sections[0], wide=False)
        self.title_page(draft)
        self.outline(contents)
        for chapter in self.naskah.chapters:
            first = chapter.blocks[0]
            across = isinstance(first, Grid) and first.wide  # the heading lies across with its table
            turned = self.turn(wide=across)
            head = self.file.add_heading(level=1)
            head.paragraph_format.page_break_before = not turned
            head.add_run(_legal(chapter.number))
            head.add_run().add_break()
            head.add_run(_legal(chapter.title))
            for block in chapter.blocks:
                self.turn(wide=isinstance(block, Grid) and block.wide)
                self.block(self.file, block)
        stream = io.BytesIO()
        self.file.save(stream)
        return stream.getvalue()

    def properties(self) -> None:
        made = self.file.core_properties
        made.title, made.author, made.last_modified_by, made.comments = self.naskah.title, "", "", ""
        made.language = self.naskah.language
        made.created = made.modified = datetime(2000, 1, 1, tzinfo=UTC)

    def styles(self) -> None:
        styles, pt = self.file.styles, self.shared.Pt
        normal = styles["Normal"]
        normal.font.name, normal.font.size = FONT, pt(11)
        normal.element.rPr.rFonts.set(self.qn("w:eastAsia"), FONT)
        normal.paragraph_format.space_after = pt(6)
        normal.paragraph_format.line_spacing = 1.25
        for level in range(1, 5):
            style = styles[f"Heading {level}"]
            style.font.name, style.font.bold, style.font.italic = FONT, True, False
            style.font.color.rgb = self.shared.RGBColor(0, 0, 0)
            style.font.size = pt((14, 12.5, 11.5, 11)[level - 1])
            fonts = style.element.rPr.rFonts
            for name in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
                fonts.attrib.pop(self.qn(name), None)
            style.paragraph_format.space_before, style.paragraph_format.space_after = pt(14), pt(6)
        first = styles["Heading 1"]
        first.paragraph_format.alignment = self.text.WD_ALIGN_PARAGRAPH.CENTER
        first.font.all_caps = True
        caption = styles["Caption"]
        caption.font.name, caption.font.size, caption.font.italic = FONT, pt(9.5), False
        caption.font.color.rgb = self.shared.RGBColor(0, 0, 0)
        caption.paragraph_format.keep_with_next = True

    def sides(self, section: Any, *, wide: bool) -> None:
        """Paper and margins of a section of pages, and the line at their foot."""
        cm = self.shared.Cm
        width, height = (A4[1], A4[0]) if wide else A4
        section.orientation = self.orient.WD_ORIENT.LANDSCAPE if wide else self.orient.WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = cm(width), cm(height)
        section.left_margin, section.right_margin, section.top_margin, section.bottom_margin = map(
            cm, MARGINS
        )
        section.different_first_page_header_footer = section is self.file.sections[0]
        section.footer.is_linked_to_previous = False
        line = section.footer.paragraphs[0]
        line.style = self.file.styles["Normal"]  # the footer's own has tab stops in the middle
        for old in list(line.runs):
            old._element.getparent().remove(old._element)
        line.paragraph_format.tab_stops.add_tab_stop(
            cm(width - MARGINS[0] - MARGINS[1]), self.text.WD_TAB_ALIGNMENT.RIGHT
        )
        line.add_run(_legal(self.naskah.running) + "\t").font.size = self.shared.Pt(8.5)
        self.field(line, "PAGE")

    def turn(self, *, wide: bool) -> bool:
        """Let the following pages lie across or upright; whether that began a new one."""
        if wide == self.across:
            return False
        self.across = wide
        self.sides(self.file.add_section(self.orient.WD_SECTION.NEW_PAGE), wide=wide)
        return True

    def title_page(self, draft: str) -> None:
        centre = self.text.WD_ALIGN_PARAGRAPH.CENTER

        def line(text: str, size: float, *, bold: bool = False, above: float = 0) -> None:
            made = self.file.add_paragraph()
            made.alignment = centre
            made.paragraph_format.space_before = self.shared.Pt(above)
            run = made.add_run(_legal(text))
            run.font.size, run.bold = self.shared.Pt(size), bold

        if self.naskah.draft:
            line(draft, 12, bold=True, above=40)
        line(self.naskah.title, 22, bold=True, above=150)
        line(self.naskah.subtitle, 13, above=6)
        facts = self.file.add_table(rows=0, cols=2)
        facts.autofit = False
        facts.columns[0].width, facts.columns[1].width = self.shared.Cm(4.5), self.shared.Cm(10.5)
        for label, value in self.naskah.facts:
            cells = facts.add_row().cells
            cells[0].text, cells[1].text = _legal(label), _legal(value)
            cells[0].width, cells[1].width = self.shared.Cm(4.5), self.shared.Cm(10.5)
        line(self.naskah.issuer, 11, bold=True, above=120)

    def outline(self, contents: str) -> None:
        head = self.file.add_paragraph()
        head.paragraph_format.page_break_before = True
        head.alignment = self.text.WD_ALIGN_PARAGRAPH.CENTER
        head.add_run(contents).bold = True
        self.field(self.file.add_paragraph(), r'TOC \o "1-3" \h \z \u', "…")
        for chapter in self.naskah.chapters:  # what readers see before Word makes its own list
            self.file.add_paragraph(_legal(f"{chapter.number}  {chapter.title}"))

    def field(self, paragraph: Any, instruction: str, text: str = "") -> None:
        """A field that Word works out by itself."""
        run = paragraph.add_run()
        for kind, words in (("begin", ""), ("", instruction), ("separate", ""), ("text", text), ("end", "")):
            if kind == "text":
                run.add_text(words)
                continue
            element = self.oxml.OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                element.set(self.qn("w:fldCharType"), kind)
            else:
                element.set(self.qn("xml:space"), "preserve")
                element.text = words
            run._element.append(element)

    def block(self, where: Any, block: Block, style: str | None = None) -> None:
        match block:
            case Heading(level=level, number=number, runs=runs):
                head = self.file.add_heading(level=min(level + 1, 4))
                head.add_run(f"{number}  ")
                self.runs(head, runs)
            case Paragraph(runs=runs):
                made = where.add_paragraph(style=style)
                if style is None:
                    made.alignment = self.text.WD_ALIGN_PARAGRAPH.JUSTIFY
                self.runs(made, runs)
            case Listed():
                self.items(where, block, 1)
            case Quote(blocks=blocks):
                for each in blocks:
                    self.block(where, each, "Quote" if isinstance(each, Paragraph) else None)
            case Code(text=text):
                made = where.add_paragraph()
                for at, line in enumerate(text.split("\n")):
                    run = made.add_run(_legal(line))
                    run.font.name = "Consolas"
                    if at < text.count("\n"):
                        run.add_break()
            case Grid():
                self.grid(block)

    def items(self, where: Any, listed: Listed, depth: int) -> None:
        """A list; numbers are written out, because Word counts all its lists as one."""
        indent = self.shared.Cm(0.75)
        for number, item in enumerate(listed.items, start=listed.start):
            sign = f"{number}." if listed.ordered else "•"
            for at, block in enumerate(item):
                if isinstance(block, Listed):
                    self.items(where, block, depth + 1)
                elif isinstance(block, Paragraph):
                    made = where.add_paragraph()
                    made.paragraph_format.left_indent = indent * depth
                    if not at:
                        made.paragraph_format.first_line_indent = -indent
                        made.paragraph_format.tab_stops.add_tab_stop(indent * depth)
                        made.add_run(f"{sign}\t")
                    self.runs(made, block.runs)
                else:
                    self.block(where, block)

    def runs(self, paragraph: Any, runs: Iterable[Run]) -> None:
        for each in runs:
            inside = self.link(paragraph, each.link) if each.link else None
            lines = each.text.split("\n")
            for at, line in enumerate(lines):
                run = paragraph.add_run(_legal(line))
                run.bold, run.italic = each.bold or None, each.italic or None
                run.font.strike = each.strike or None
                if each.code:
                    run.font.name = "Consolas"
                if at < len(lines) - 1:
                    run.add_break()
                if inside is not None:
                    run.font.underline = True
                    inside.append(run._element)

    def link(self, paragraph: Any, address: str) -> Any:
        kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
        element = self.oxml.OxmlElement("w:hyperlink")
        element.set(self.qn("r:id"), paragraph.part.relate_to(_legal(address), kind, is_external=True))
        paragraph._element.append(element)
        return element

    def grid(self, grid: Grid) -> None:
        if grid.caption:
            self.file.add_paragraph(_legal(grid.caption), style="Caption")
        table = self.file.add_table(rows=0, cols=len(grid.heads))
        table.style, table.autofit = "Table Grid", False
        room = (A4[1] if grid.wide else A4[0]) - MARGINS[0] - MARGINS[1]
        measured = measure(grid)
        shares, size = [self.shared.Cm(room * each) for each in measured.shares], round(measured.size * 2) / 2
        for column, share in zip(table.columns, shares, strict=True):
            column.width = share
        heads = self.row(table, grid.heads, shares, grid.aligns, size, bold=True)
        mark = self.oxml.OxmlElement("w:tblHeader")  # said again on every page
        mark.set(self.qn("w:val"), "true")
        heads._tr.get_or_add_trPr().append(mark)
        for cell in heads.cells:
            shade = self.oxml.OxmlElement("w:shd")
            shade.set(self.qn("w:val"), "clear")
            shade.set(self.qn("w:fill"), SHADE)
            cell._tc.get_or_add_tcPr().append(shade)
        for row in grid.rows:
            self.row(table, row, shares, grid.aligns, size)
        if grid.total:
            self.row(table, [(Run(each),) for each in grid.total], shares, grid.aligns, size, bold=True)
        self.file.add_paragraph()

    def row(
        self,
        table: Any,
        cells: Sequence[Sequence[Run]],
        shares: Sequence[Any],
        aligns: Sequence[str],
        size: float,
        *,
        bold: bool = False,
    ) -> Any:
        made = table.add_row()
        made._tr.get_or_add_trPr().append(self.oxml.OxmlElement("w:cantSplit"))
        sides = self.text.WD_ALIGN_PARAGRAPH
        for at, cell in enumerate(made.cells):
            cell.width = shares[at]
            line = cell.paragraphs[0]
            line.paragraph_format.space_after = self.shared.Pt(0)
            line.paragraph_format.line_spacing = 1.0
            line.alignment = {"right": sides.RIGHT, "center": sides.CENTER}.get(aligns[at], sides.LEFT)
            self.runs(line, cells[at] if at < len(cells) else ())
            for run in line.runs:
                run.font.size = self.shared.Pt(size)
                run.bold = bold or run.bold
        return made


def _legal(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return "".join(
        each
        for each in text
        if each in "\t\n\r" or " " <= each <= "\ud7ff" or "\ue000" <= each <= "\ufffd" or each >= "\U00010000"
    )
