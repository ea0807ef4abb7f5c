"""What is found in the cells of a table, by rules and by definitions alike."""

from collections.abc import Iterator
from decimal import Decimal

from lms.projects.checks.finding import Found
from lms.projects.rules import N_
from lms.projects.sheet import Book, Sheet, amount
from lms.projects.source import Column


def blanks(sheet: Sheet, columns: tuple[str, ...]) -> Iterator[Found]:
    """Cells of these columns with nothing in them."""
    for column in columns:
        for at, text in enumerate(sheet.texts(column)):
            if not text:
                yield Found(
                    N_("Kolom %(column)s belum diisi."),
                    N_("Isi kolom ini, atau hapus seluruh barisnya."),
                    {"column": sheet.label(column)},
                    sheet.rows[at][0],
                    column,
                )


def outside(sheet: Sheet, column: Column, least: Decimal | None, most: Decimal | None) -> Iterator[Found]:
    """Numbers of a column below the least or above the most."""
    for at, number in enumerate(sheet.numbers(column.id)):
        if number is None:
            continue
        if least is not None and number < least:
            text, advice = (
                N_("%(column)s (%(value)s) kurang dari %(bound)s."),
                N_("Isi paling sedikit %(bound)s."),
            )
            bound = least
        elif most is not None and number > most:
            text, advice = (
                N_("%(column)s (%(value)s) lebih dari %(bound)s."),
                N_("Isi paling banyak %(bound)s."),
            )
            bound = most
        else:
            continue
        values = {"column": column.label, "value": amount(number, column), "bound": amount(bound, column)}
        yield Found(text, advice, values, sheet.rows[at][0], column.id)


def unknown(book: Book, sheet: Sheet, column: str, against: tuple[str, ...]) -> Iterator[Found]:
    """Values of a column that none of the columns in `against` has."""
    known = book.values(against)
    for at, key in enumerate(sheet.keys(column)):
        if key and key not in known:
            yield Found(
                N_("“%(value)s” tidak ada di %(place)s."),
                N_("Pilih isian yang ada di sana, atau tambahkan dahulu."),
                {"value": sheet.shown(at, column), "place": book.place(against)},
                sheet.rows[at][0],
                column,
            )
