"""Tables as forms and pages show them: rows of controls, lists of choices, cells as numbers are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from lms import formats
from lms.projects import content
from lms.projects.forms import new_row_id, row_id
from lms.projects.sheet import amount, number_in
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
