"""The tables of a project as checks see them: filled rows, read column by column, numbers as numbers."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, localcontext
from functools import lru_cache

from lms import formats
from lms.projects.content import Content, Table, filled_rows, is_blank_row
from lms.projects.source import MOST_ROWS, Column, Project, TableSection

_LONGEST_SHOWN = 60


class Sheet:
    """The filled rows of a table section, read column by column and only once."""

    def __init__(self, section: TableSection, content: Content | None) -> None:
        self.section = section
        self.title = section.title
        self.columns = {column.id: column for column in section.columns}
        rows = filled_rows(content)[:MOST_ROWS] if isinstance(content, Table) else ()
        self.rows = [(number, row) for number, row in enumerate(rows) if not is_blank_row(row)]
        self.count = len(self.rows)
        self._texts: dict[str, list[str]] = {}
        self._numbers: dict[str, list[Decimal | None]] = {}
        self._keys: dict[str, list[str]] = {}

    def texts(self, column: str) -> list[str]:
        """The cells of a column without spaces around."""
        known = self._texts.get(column)
        if known is None:
            known = self._texts[column] = [row.get(column, "").strip() for _, row in self.rows]
        return known

    def numbers(self, column: str) -> list[Decimal | None]:
        """The cells of a column as numbers; None where it is blank or not exactly one number."""
        known = self._numbers.get(column)
        if known is None:
            kind = self.columns[column].type
            read = (number_in(text, kind) if text else None for text in self.texts(column))
            known = self._numbers[column] = [each if isinstance(each, Decimal) else None for each in read]
        return known

    def keys(self, column: str) -> list[str]:
        """The cells of a column as they are compared: numbers by value, texts without capitals."""
        known = self._keys.get(column)
        if known is None:
            known = [key_of(text) for text in self.texts(column)]
            if self.columns[column].numeric:
                numbers = self.numbers(column)
                known = [
                    text if number is None else _value(number)
                    for text, number in zip(known, numbers, strict=True)
                ]
            self._keys[column] = known
        return known

    def shown(self, at: int, column: str) -> str:
        """The cell of the nth filled row as messages name it."""
        number = self.numbers(column)[at] if self.columns[column].numeric else None
        return short(self.texts(column)[at]) if number is None else amount(number, self.columns[column])

    def label(self, column: str) -> str:
        return self.columns[column].label


class Book:
    """All tables of a project."""

    def __init__(self, project: Project, contents: Mapping[str, Content]) -> None:
        self.sheets = {
            section.id: Sheet(section, contents.get(section.id))
            for section in project.sections
            if isinstance(section, TableSection)
        }
        self._values: dict[tuple[str, ...], frozenset[str]] = {}

    def values(self, addresses: tuple[str, ...]) -> frozenset[str]:
        """Every value that stands in one of these columns (`section.column`), as it is compared."""
        known = self._values.get(addresses)
        if known is None:
            split = (address.split(".") for address in addresses)
            known = frozenset(
                key for table, column in split for key in self.sheets[table].keys(column) if key
            )
            self._values[addresses] = known
        return known

    def place(self, addresses: tuple[str, ...]) -> str:
        """These columns as messages name them: "Program dan pagu (kolom Sasaran)"."""
        names = []
        for address in addresses:
            table, column = address.split(".")
            names.append(f"{self.sheets[table].title} (kolom {self.sheets[table].label(column)})")
        return " atau ".join(names)


def key_of(text: str) -> str:
    """A text as it is compared: capitals and repeated spaces make no difference."""
    return " ".join(text.split()).casefold()


def _value(number: Decimal) -> str:
    """One spelling for each value: 4,64 and 4,640 are the same number."""
    digits = f"{number:f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits if number else "0"


def short(text: str) -> str:
    """The beginning of a cell, as much as a message can name."""
    flat = " ".join(text[: 4 * _LONGEST_SHOWN].split())
    whole = len(text) <= 4 * _LONGEST_SHOWN and len(flat) <= _LONGEST_SHOWN
    return flat if whole else f"{flat[: _LONGEST_SHOWN - 1]}…"


def amount(number: Decimal, column: Column) -> str:
    """A number as its column's kind is written."""
    if column.type == "money":
        return formats.money(number)
    if column.type == "percent":
        return formats.percent(number)
    if column.type == "year":
        return f"{number:f}"
    return formats.decimal(number)


_YEAR = re.compile(r"(?:19|20|21)[0-9]{2}")


def number_in(text: str, kind: str) -> Decimal | formats.UnreadableNumber:
    """A cell of a numeric column as a number, or why it is none."""
    return _number_in(text[: 5 * formats.LONGEST_NUMBER], kind)  # what is cut off was too long for a number


# Remembered, because a table is checked at every save and few of its cells have changed.
@lru_cache(maxsize=16_384)
def _number_in(text: str, kind: str) -> Decimal | formats.UnreadableNumber:
    try:
        if kind == "year":
            return Decimal(text) if _YEAR.fullmatch(text) else formats.NotANumber(text, text)
        if kind in ("integer", "money"):
            return Decimal(formats.parse_integer(text))
        return formats.parse_decimal(text)
    except formats.UnreadableNumber as problem:
        return problem.with_traceback(None)


def total(numbers: Iterable[Decimal | None]) -> Decimal | None:
    """The exact sum of what is there; None when nothing is."""
    there = [number for number in numbers if number is not None]
    with localcontext(prec=120):
        return sum(there, Decimal(0)) if there else None
