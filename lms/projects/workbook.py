"""A table section as an Excel workbook: a template that carries the rows and the choices, and the way back.

Numbers go out as numbers and come back as they are written here ("1.234,5"); nothing that people typed is ever
a formula. A hidden first column holds the rows' stable ids, so that a row changed in Excel stays the same row.
"""

import importlib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import msgspec

from lms.formats import UnreadableNumber, decimal, short_date
from lms.projects.content import ROW_ID, Table, filled_rows
from lms.projects.sheet import number_in
from lms.projects.source import MOST_ROWS, Column, TableSection

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SWELLS_AT_MOST = 40 * 1024 * 1024
"""Bytes that a workbook may unpack to; a full table of 500 rows and 40 columns needs a twentieth."""
HEAD_WITHIN = 15  # rows in which the labels are looked for
MOST_READ = 4 * MOST_ROWS
CELL_AT_MOST = 4_000

_FORMATS = {"money": "#,##0", "integer": "#,##0", "number": "#,##0.##", "percent": '0.##"%"', "year": "0"}

Flaw = Literal["number", "choice", "formula", "error", "long", "date"]


class Doubt(msgspec.Struct, frozen=True):
    """One cell to look at: its address in the file, its column's label, what came of it, and why."""

    cell: str
    column: str
    value: str
    flaw: Flaw


class Reading(msgspec.Struct, frozen=True):
    """What a workbook holds: rows as a table has them, and everything that did not come along as it was.

    ``ignored`` are headings that the table does not have, ``missing`` labels that the file lacks, ``cut`` how many
    filled rows beyond the table's limit were left out.
    """

    rows: tuple[dict[str, str], ...]
    doubts: tuple[Doubt, ...]
    ignored: tuple[str, ...]
    missing: tuple[str, ...]
    cut: int


class BadWorkbook(Exception):
    """The file is no workbook that can be read: ``reason`` is 'broken', 'large' or 'heads'."""

    def __init__(self, reason: Literal["broken", "large", "heads"]) -> None:
        super().__init__(reason)
        self.reason = reason


class Words(msgspec.Struct, frozen=True):
    """The words of the workbook itself."""

    sheet: str
    choices: str
    guide: str
    how: Sequence[str]


def write(section: TableSection, table: Table, choices: Mapping[str, Sequence[str]], words: Words) -> bytes:
    """The section as XLSX: labels, its rows, room for more, lists of choices as validation."""
    openpyxl = importlib.import_module("openpyxl")  # loaded when a workbook is asked for
    styles = importlib.import_module("openpyxl.styles")
    validation = importlib.import_module("openpyxl.worksheet.datavalidation")
    letter = importlib.import_module("openpyxl.utils").get_column_letter
    book = openpyxl.Workbook()
    book.properties.creator = ""
    sheet = book.active
    sheet.title = words.sheet[:31]
    lists = book.create_sheet(words.choices[:31])
    bold, wrap = styles.Font(bold=True), styles.Alignment(wrap_text=True, vertical="top")
    shade = styles.PatternFill("solid", fgColor="E4ECEE")
    columns = [*section.columns]
    put_text(sheet.cell(1, 1), ROW_ID)
    sheet.column_dimensions["A"].hidden = True
    last = min(section.rows.max or MOST_ROWS, MOST_ROWS) + 1
    for at, column in enumerate(columns, start=2):
        head = sheet.cell(1, at)
        put_text(head, f"{column.label} *" if column.required else column.label)
        head.font, head.fill, head.alignment = bold, shade, wrap
        wide = column.type == "text" or column.type in ("choice", "ref")
        sheet.column_dimensions[letter(at)].width = 28 if wide else 16
        options = list(choices.get(column.id, ()))
        if options:
            put_text(lists.cell(1, at), column.label)
            for line, option in enumerate(options, start=2):
                put_text(lists.cell(line, at), option)
            source = f"'{lists.title}'!${letter(at)}$2:${letter(at)}${len(options) + 1}"
            rule = validation.DataValidation(type="list", formula1=source, allow_blank=True)
            rule.showErrorMessage = column.type == "choice"  # a reference may be made later
            sheet.add_data_validation(rule)
            rule.add(f"{letter(at)}2:{letter(at)}{last}")
    for line, row in enumerate(filled_rows(table), start=2):
        put_text(sheet.cell(line, 1), row.get(ROW_ID, ""))
        for at, column in enumerate(columns, start=2):
            _fill(sheet.cell(line, at), row.get(column.id, ""), column, wrap)
    sheet.freeze_panes = "B2"
    help_sheet = book.create_sheet(words.guide[:31])
    help_sheet.column_dimensions["A"].width = 90
    for line, text in enumerate(words.how, start=1):
        put_text(help_sheet.cell(line, 1), text)
        help_sheet.cell(line, 1).alignment = wrap
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _fill(cell: Any, text: str, column: Column, wrap: Any) -> None:
    number = number_in(text.strip(), column.type) if column.numeric and text.strip() else None
    if isinstance(number, Decimal) and len(number.as_tuple().digits) <= 15:
        cell.value, cell.number_format = number, _FORMATS[column.type]
        return
    put_text(cell, text)
    cell.alignment = wrap


def put_text(cell: Any, text: str) -> None:
    """A cell of words: never a formula, whatever they begin with."""
    legal = "".join(
        each
        for each in text
        if each in "\t\n" or " " <= each <= "\ud7ff" or "\ue000" <= each not in "\ufffe\uffff"
    )
    cell.value = legal or None
    if legal:
        cell.data_type = "s"
        cell.quotePrefix = legal[0] in "=+-@"


def read(data: bytes, section: TableSection, choices: Mapping[str, Sequence[str]]) -> Reading:
    """The rows of a workbook, its columns found by their labels. Raises BadWorkbook."""
    try:
        return _read(_open(data), section, choices)
    except BadWorkbook:
        raise
    except Exception as error:  # a broken or hostile file fails anywhere in the library
        raise BadWorkbook("broken") from error


def _read(sheets: "_Sheets", section: TableSection, choices: Mapping[str, Sequence[str]]) -> Reading:
    head, columns, ignored = _heads(sheets, section)
    there = {each.id for each in columns.values() if each}
    most = min(section.rows.max or MOST_ROWS, MOST_ROWS)
    rows: list[dict[str, str]] = []
    doubts: list[Doubt] = []
    seen: set[str] = set()
    cut = 0
    for line, cells in sheets.rows(head + 1):
        row, found = _row(line, cells, columns, choices)
        if not any(value for key, value in row.items() if key != ROW_ID):
            continue
        if len(rows) >= most:
            cut += 1
            continue
        if row.get(ROW_ID, "") in seen:
            row.pop(ROW_ID, None)  # a row that was copied in Excel is another row
        seen.add(row.get(ROW_ID, ""))
        seen.discard("")
        rows.append(row)
        doubts += found
    missing = tuple(each.label for each in section.columns if each.id not in there)
    return Reading(tuple(rows), tuple(doubts), ignored, missing, cut)


class _Sheets:
    """The first sheet twice: what its cells show, and the formulas behind them."""

    def __init__(self, shown: Any, behind: Any) -> None:
        self.shown = shown
        self.behind = behind

    def rows(self, first: int) -> Iterator[tuple[int, list[tuple[Any, Any]]]]:
        """Line numbers with (value as shown, cell with its formula) by column."""
        pairs = zip(
            self.shown.iter_rows(min_row=first, max_row=first + MOST_READ, max_col=60, values_only=True),
            self.behind.iter_rows(min_row=first, max_row=first + MOST_READ, max_col=60),
            strict=False,
        )
        for line, (values, cells) in enumerate(pairs, start=first):
            yield line, list(zip(values, cells, strict=False))


def _open(data: bytes) -> _Sheets:
    openpyxl = importlib.import_module("openpyxl")
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        if sum(each.file_size for each in parts.infolist()) > SWELLS_AT_MOST:
            raise BadWorkbook("large")
    shown, behind = (
        openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=only, keep_links=False)
        for only in (True, False)
    )
    sheets = _Sheets(shown.worksheets[0], behind.worksheets[0])
    for sheet in (sheets.shown, sheets.behind):
        sheet.reset_dimensions()  # what the file says of its own size is not believed
    return sheets


def _heads(sheets: _Sheets, section: TableSection) -> tuple[int, dict[int, Column | None], tuple[str, ...]]:
    """The line of the labels, the column at each place (None is the rows' ids), and headings nobody asked for."""
    wanted = {_key(each.label): each for each in section.columns}
    best: tuple[int, dict[int, Column | None], tuple[str, ...]] = (0, {}, ())
    for line, cells in sheets.rows(1):
        if line > HEAD_WITHIN:
            break
        places: dict[int, Column | None] = {}
        others = []
        for at, (value, _) in enumerate(cells):
            # a year that heads a column is a number in people's own files
            whole = isinstance(value, float) and value == int(value)
            text = "" if value is None else str(int(value) if whole else value).strip()
            column = wanted.get(_key(text)) if text else None
            if text == ROW_ID:
                places[at] = None
            elif column is not None and column not in places.values():
                places[at] = column
            elif text:
                others.append(text[:60])
        if _found(places) > _found(best[1]):
            best = (line, places, tuple(others))
    if not best[1]:
        raise BadWorkbook("heads")
    return best


def _found(places: Mapping[int, Column | None]) -> int:
    return sum(each is not None for each in places.values())


def _key(label: str) -> str:
    return " ".join(label.split()).removesuffix("*").rstrip(" :").casefold()


def _row(
    line: int,
    cells: list[tuple[Any, Any]],
    columns: Mapping[int, Column | None],
    choices: Mapping[str, Sequence[str]],
) -> tuple[dict[str, str], list[Doubt]]:
    row: dict[str, str] = {}
    doubts: list[Doubt] = []
    for at, column in columns.items():
        value, cell = cells[at] if at < len(cells) else (None, None)
        if column is None:
            if isinstance(value, str):
                row[ROW_ID] = value.strip()
            continue
        text, flaw = _cell(value, cell, column)
        flaw = flaw or _flaw(text, column, choices)
        if flaw is not None:
            doubts.append(Doubt(f"{_letter(at)}{line}", column.label, text[:80], flaw))
        if text:
            row[column.id] = text[:CELL_AT_MOST]
    return row, doubts


def _cell(value: Any, cell: Any, column: Column) -> tuple[str, Flaw | None]:
    """A cell as a person would type it here."""
    if value is None:
        formula = getattr(cell, "data_type", "") == "f"
        return ("", "formula") if formula else ("", None)
    if isinstance(value, bool):
        return ("ya" if value else "tidak"), None
    if isinstance(value, int | float | Decimal):
        return _number(value, cell, column), None
    if isinstance(value, datetime | date):
        return short_date(
            value.date() if isinstance(value, datetime) else value
        ), "date" if column.numeric else None
    text = str(value).strip()
    if getattr(cell, "data_type", "") == "e":
        return "", "error"
    return text, None


def _number(value: float | Decimal, cell: Any, column: Column) -> str:
    try:
        number = Decimal(repr(value) if isinstance(value, float) else str(value))
    except InvalidOperation:  # nan and the like
        return str(value)
    if not number.is_finite():
        return str(value)
    # 4,64% is kept by Excel as 0.0464, unless our own format wrote the sign
    shown = str(getattr(cell, "number_format", "") or "")
    if column.type == "percent" and shown.rstrip().endswith("%"):
        number *= 100
    if isinstance(value, float):
        number = round(number, 10)  # 0.1 + 0.2 is not what anybody typed
    return f"{number:.0f}" if column.type == "year" and number == int(number) else decimal(number)


def _flaw(text: str, column: Column, choices: Mapping[str, Sequence[str]]) -> Flaw | None:
    if not text:
        return None
    if len(text) > CELL_AT_MOST:
        return "long"
    if column.numeric and isinstance(number_in(text, column.type), UnreadableNumber):
        return "number"
    options = choices.get(column.id)
    if options is not None and column.type in ("choice", "ref") and text not in options:
        return "choice"
    return None


def _letter(at: int) -> str:
    """The name of a column in Excel, from 0: A, B ... Z, AA."""
    name = ""
    at += 1
    while at:
        at, left = divmod(at - 1, 26)
        name = chr(65 + left) + name
    return name
