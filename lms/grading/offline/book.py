"""The workbook of an offline pack: one sheet for each version, with drop-downs, and the way back.

Column A is hidden and says what each row is about (see ``identity``). Nothing that people typed is ever a formula, and
no formula is read: the file comes back from a machine that we do not know.
"""

import importlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec

from lms.formats import UnreadableNumber, decimal, parse_decimal
from lms.projects.workbook import put_text

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LETTERS = "ABCDEF"
MARK = "telaah:"
"""What A1 of a sheet of ours begins with."""
HEADING = "-"
"""The token of a row of headings."""
SHEETS_AT_MOST = 60
ROWS_AT_MOST = 600
CELL_AT_MOST = 20_000
"""Characters that are read of a cell: more than a note may have, so that a long one is refused and not cut."""
SWELLS_AT_MOST = 60 * 1024 * 1024

Kind = Literal["B", "C", "D", "E"]
"""The columns that can be filled in: B a section, C a choice, D points, E a text."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A row to fill in: its ``token``, the texts of its columns B to F, and what B and C offer.

    ``fill`` are the columns that are the reviewer's.
    """

    token: str
    cells: tuple[str, str, str, str, str]
    fill: frozenset[Kind]
    sections: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


class Block(msgspec.Struct, frozen=True):
    """Rows of one kind under their title and the headings of B to F."""

    title: str
    heads: tuple[str, str, str, str, str]
    lines: tuple[Line, ...]


class Page(msgspec.Struct, frozen=True):
    """A sheet: its name, its token, what stands on top, and its blocks."""

    name: str
    token: str
    head: tuple[str, ...]
    blocks: tuple[Block, ...]


class Words(msgspec.Struct, frozen=True):
    """The words of the workbook itself."""

    guide: str
    choices: str
    how: tuple[str, ...]
    number: str


def write(pages: Sequence[Page], words: Words) -> bytes:
    """The workbook: how it works, a sheet for each version, and the hidden lists behind the drop-downs."""
    openpyxl = importlib.import_module("openpyxl")  # loaded when a pack is asked for
    styles = importlib.import_module("openpyxl.styles")
    book = openpyxl.Workbook()
    book.properties.creator = ""
    guide = book.active
    guide.title = _name(words.guide)
    guide.column_dimensions["A"].width = 100
    for line, text in enumerate(words.how, start=1):
        put_text(guide.cell(line, 1), text)
        guide.cell(line, 1).alignment = styles.Alignment(wrap_text=True, vertical="top")
    lists = _Lists(book, words)
    for page in pages:
        _Sheet(book.create_sheet(_name(page.name)), lists, styles).write(page)
    lists.hide()
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _name(text: str) -> str:
    """A name that a sheet can have."""
    return "".join(" " if each in "[]:*?/\\'" or not each.isprintable() else each for each in text)[:31]


class _Lists:
    """The choices of drop-downs, each list once, on a sheet that nobody sees."""

    def __init__(self, book: Any, words: Words) -> None:
        self.book = book
        self.sheet = book.create_sheet(_name(words.choices))
        self.number = words.number
        self.known: dict[tuple[str, ...], str] = {}
        self.validation = importlib.import_module("openpyxl.worksheet.datavalidation").DataValidation
        self.letter = importlib.import_module("openpyxl.utils").get_column_letter

    def source(self, choices: tuple[str, ...]) -> str:
        if choices not in self.known:
            at = len(self.known) + 1
            for line, choice in enumerate(choices, start=1):
                put_text(self.sheet.cell(line, at), choice)
            column = self.letter(at)
            self.known[choices] = f"'{self.sheet.title}'!${column}$1:${column}${len(choices)}"
        return self.known[choices]

    def hide(self) -> None:
        """Behind all sheets, and out of sight."""
        self.book.move_sheet(self.sheet, offset=len(self.book.sheetnames))
        self.sheet.sheet_state = "hidden"


class _Sheet:
    def __init__(self, sheet: Any, lists: _Lists, styles: Any) -> None:
        self.sheet = sheet
        self.lists = lists
        self.bold = styles.Font(bold=True)
        self.large = styles.Font(bold=True, size=14)
        self.wrap = styles.Alignment(wrap_text=True, vertical="top")
        self.shade = styles.PatternFill("solid", fgColor="E4ECEE")
        self.paper = styles.PatternFill("solid", fgColor="FBF0DA")
        self.open = styles.Protection(locked=False)
        self.rules: dict[tuple[str, ...], Any] = {}

    def write(self, page: Page) -> None:
        """Fill the sheet; what is not the reviewer's to fill in is locked against slips, without a password."""
        sheet = self.sheet
        put_text(sheet.cell(1, 1), f"{MARK}{page.token}")
        sheet.column_dimensions["A"].hidden = True
        for letter, width in zip("BCDEF", (34, 24, 12, 70, 60), strict=True):
            sheet.column_dimensions[letter].width = width
        line = 1
        for text in page.head:
            put_text(sheet.cell(line, 2), text)
            sheet.cell(line, 2).font = self.large if line == 1 else self.bold
            line += 1
        for block in page.blocks:
            line = self.block(block, line + 1)
        sheet.sheet_view.showGridLines = False
        protection = sheet.protection
        protection.sheet = True
        protection.formatColumns = protection.formatRows = protection.formatCells = (
            False  # these stay allowed
        )

    def block(self, block: Block, line: int) -> int:
        put_text(self.sheet.cell(line, 2), block.title)
        self.sheet.cell(line, 2).font = self.large
        line += 1
        for at, head in enumerate(block.heads, start=2):
            cell = self.sheet.cell(line, at)
            put_text(cell, head)
            cell.font, cell.fill, cell.alignment = self.bold, self.shade, self.wrap
        put_text(self.sheet.cell(line, 1), HEADING)
        for each in block.lines:
            line += 1
            self.line(each, line)
        return line + 1

    def line(self, each: Line, line: int) -> None:
        put_text(self.sheet.cell(line, 1), each.token)
        for letter, text in zip("BCDEF", each.cells, strict=True):
            cell = self.sheet.cell(line, LETTERS.index(letter) + 1)
            if letter == "D":
                self.points(cell, text)
            else:
                put_text(cell, text)
                cell.number_format = "@"  # so that a text typed over it stays a text
            cell.alignment = self.wrap
            if letter in each.fill:
                cell.protection, cell.fill = self.open, self.paper
        if "B" in each.fill and each.sections:
            self.rule(each.sections).add(f"B{line}")
        if "C" in each.fill and each.choices:
            self.rule(each.choices).add(f"C{line}")

    def points(self, cell: Any, text: str) -> None:
        try:
            number = parse_decimal(text) if text else None
        except UnreadableNumber:
            number = None
        if number is None or len(number.as_tuple().digits) > 15:
            put_text(cell, text)
        else:
            cell.value = number

    def rule(self, choices: tuple[str, ...]) -> Any:
        if choices not in self.rules:
            rule = self.lists.validation(type="list", formula1=self.lists.source(choices), allow_blank=True)
            rule.showErrorMessage = True
            self.sheet.add_data_validation(rule)
            self.rules[choices] = rule
        return self.rules[choices]


# The way back

Flaw = Literal["", "formula", "error", "date", "long"]


class Cell(msgspec.Struct, frozen=True):
    """What stands in a cell, as a person would type it here, and why it is not to be read."""

    text: str = ""
    flaw: Flaw = ""


class Row(msgspec.Struct, frozen=True):
    """A row of a sheet: its line, its token, its cells B to E."""

    line: int
    token: str
    cells: tuple[Cell, Cell, Cell, Cell]


class Sheet(msgspec.Struct, frozen=True):
    """A sheet that claims to be about a version; nothing of it is believed yet."""

    name: str
    token: str
    rows: tuple[Row, ...]


class BadBook(Exception):
    """The file is no workbook that can be read: ``reason`` is 'broken', 'large' or 'foreign'."""

    def __init__(self, reason: Literal["broken", "large", "foreign"]) -> None:
        super().__init__(reason)
        self.reason = reason


def read(path: Path) -> tuple[Sheet, ...]:
    """The sheets with a token in A1. Raises BadBook.

    To be called in a process that may die: a file can hold any library up.
    """
    try:
        found = tuple(_sheets(path))
    except BadBook:
        raise
    except Exception as error:  # a broken or hostile file fails anywhere in the library
        raise BadBook("broken") from error
    if not found:
        raise BadBook("foreign")
    return found


def _sheets(path: Path) -> Iterator[Sheet]:
    openpyxl = importlib.import_module("openpyxl")
    with zipfile.ZipFile(path) as parts:
        if sum(each.file_size for each in parts.infolist()) > SWELLS_AT_MOST:
            raise BadBook("large")
    # with the formulas: what they last came to is nobody's word
    book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    for sheet in book.worksheets[:SHEETS_AT_MOST]:
        if not hasattr(sheet, "reset_dimensions"):
            continue  # a sheet of charts
        sheet.reset_dimensions()  # what the file says of its own size is not believed
        token, rows = "", []
        for line, cells in enumerate(sheet.iter_rows(max_row=ROWS_AT_MOST, max_col=5), start=1):
            first, *rest = [*map(_cell, cells), *[Cell()] * (5 - len(cells))]
            if line == 1:
                if not first.text.startswith(MARK):
                    break
                token = first.text.removeprefix(MARK)
                continue
            if first.text or any(each != Cell() for each in rest):
                rows.append(Row(line, first.text[:1_000], (rest[0], rest[1], rest[2], rest[3])))
        if token:
            yield Sheet(str(sheet.title)[:80], token[:1_000], tuple(rows))


def _cell(cell: Any) -> Cell:
    value = cell.value
    kind = getattr(cell, "data_type", "")
    if value is None:
        return Cell()
    if kind == "f":
        return Cell("", "formula")
    if kind == "e":
        return Cell("", "error")
    if isinstance(value, bool):
        return Cell("ya" if value else "tidak")
    if isinstance(value, int):
        return Cell(str(value)[:40])
    if isinstance(value, float):
        number = Decimal(repr(round(value, 10)))  # 0.1 + 0.2 is not what anybody typed
        return Cell(decimal(number)[:40]) if number.is_finite() else Cell("", "error")
    if not isinstance(value, str):  # a date, or a time
        return Cell(str(value)[:40], "date")
    return Cell(value[:CELL_AT_MOST], "long" if len(value) > CELL_AT_MOST else "")
