"""Tables as forms and pages show them: rows of controls, lists of choices, cells as numbers are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from lms import formats
from lms.projects import content
from lms.projects.forms import new_row_id, row_id
from lms.projects.rules import Unique
from lms.projects.sheet import Sheet, amount, number_in, total
from lms.projects.source import MOST_ROWS, Column, TableSection
from lms.projects.views import blueprint

NEW_ROWS_AT_MOST = 20


@dataclass(frozen=True)
class SheetRow:
    """A row of controls: its stable id, its number from 1, its cells as typed, and a word about it ('' for
    none).
    """

    id: str
    number: int | str
    cells: Mapping[str, str]
    told: str = ""


# What table.js copies to make a new row; not a row id, so a form that sends it sends no row.
NEW_ROW = SheetRow("__id__", "", {})


def rows_of(rows: Iterable[Mapping[str, str]], blank: int = 1) -> list[SheetRow]:
    """The rows as controls, with ``blank`` empty ones at the end as far as a table can hold them."""
    listed = [
        SheetRow(row.get(content.ROW_ID) or new_row_id(), at, row) for at, row in enumerate(rows, start=1)
    ]
    blank = min(blank, NEW_ROWS_AT_MOST, MOST_ROWS - len(listed))
    return listed + [SheetRow(new_row_id(), len(listed) + at, {}) for at in range(1, blank + 1)]


def typed_rows(fields: MultiDict[str, str], section: TableSection) -> list[SheetRow]:
    """The rows as they were sent, nothing shortened or left out, for a page that could not store them."""
    names = list(dict.fromkeys(fields.getlist("row")))[: 2 * MOST_ROWS]  # more than our form can send
    return [
        SheetRow(
            row_id(name), at, {column.id: fields.get(f"{name}.{column.id}", "") for column in section.columns}
        )
        for at, name in enumerate(names, start=1)
    ]


def choices_of(section: TableSection, contents: Mapping[str, content.Content]) -> dict[str, list[str]]:
    """What the lists of a table offer: an author's options, or the values of the column that is referred
    to.
    """
    return {
        column.id: list(column.options) if column.type == "choice" else _referred(column, contents)
        for column in section.columns
        if column.type in ("choice", "ref")
    }


def key_column(section: TableSection) -> str:
    """The column that tells which row one reads, kept in view while the others move past: what must be unique,
    else the first text.
    """
    texts = {column.id for column in section.columns if not column.numeric}
    for check in section.checks:
        if isinstance(check, Unique):
            named = [column for column in check.columns if column in texts]
            if named:
                return named[-1]
    return next((column.id for column in section.columns if column.id in texts), section.columns[0].id)


# How wide a column is at least, in rem; the stylesheet says the same of the classes with these names.
BREADTHS = {"number": 4.25, "choice": 5.25, "text": 6.75, "ref": 8.0, "money": 8.25}
BESIDE = 52.0  # what is left beside the list of sections on a screen of 1280 px


@blueprint.app_template_filter("breadth")
def breadth(column: Column) -> str:
    """Which of ``BREADTHS`` a column has."""
    if column.type == "choice":
        return "choice" if max(map(len, column.options)) < 9 else "ref"
    return column.type if column.type in BREADTHS else "number"


def is_wide(section: TableSection) -> bool:
    """Whether the table needs the width of the list of sections too."""
    return sum(BREADTHS[breadth(column)] for column in section.columns) > BESIDE


def sums_of(section: TableSection, held: content.Content) -> dict[str, str]:
    """What amounts and counts add up to, by column, as they are written; '' where a column holds none."""
    sheet = Sheet(section, held)
    summed = {
        column.id: total(sheet.numbers(column.id))
        for column in section.columns
        if column.type in ("money", "integer")
    }
    return {
        name: "" if number is None else amount(number, sheet.columns[name]) for name, number in summed.items()
    }


LISTED_AT_MOST = 400  # options of one column in all its rows; beyond that the rows share one list


def shared_lists(section: TableSection, choices: Mapping[str, list[str]], rows: int) -> frozenset[str]:
    """The columns of references whose rows share one list of suggestions, so that the page stays light."""
    return frozenset(
        column.id
        for column in section.columns
        if column.type == "ref" and len(choices[column.id]) * rows > LISTED_AT_MOST
    )


def _referred(column: Column, contents: Mapping[str, content.Content]) -> list[str]:
    table, _, name = (column.ref or "").partition(".")
    held = contents.get(table)
    rows = held.rows if isinstance(held, content.Table) else ()
    return list(dict.fromkeys(value for row in rows if (value := " ".join(row.get(name, "").split()))))


@blueprint.app_template_filter("cell")
def shown(value: str, column: Column) -> str:
    """A cell to read: numbers as their column's kind is written, what is no number as typed."""
    if not column.numeric or not value.strip():
        return value
    number = number_in(value.strip(), column.type)
    return value if isinstance(number, formats.UnreadableNumber) else amount(number, column)
