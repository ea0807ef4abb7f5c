"""The rules for tables, one function each."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeVar

from lms.patterns import compiled
from lms.projects import rules
from lms.projects.checks.cells import blanks, outside, unknown
from lms.projects.checks.finding import Found
from lms.projects.checks.wording import length, phrases_in, unwanted
from lms.projects.rules import N_
from lms.projects.sheet import Book, Sheet, amount, key_of, short, total

C = TypeVar("C", bound=rules.Check)
_TableRule = Callable[[Book, Sheet, C], Iterator[Found]]

TABLE_RULES: dict[type, _TableRule[Any]] = {}


def _in_table(kind: type[C]) -> Callable[[_TableRule[C]], _TableRule[C]]:
    """Registers what computes a rule in a table."""

    def register(rule: _TableRule[C]) -> _TableRule[C]:
        TABLE_RULES[kind] = rule
        return rule

    return register


@_in_table(rules.Required)
def _required(book: Book, sheet: Sheet, check: rules.Required) -> Iterator[Found]:
    return blanks(sheet, check.columns)


@_in_table(rules.Unique)
def _unique(book: Book, sheet: Sheet, check: rules.Unique) -> Iterator[Found]:
    first: dict[tuple[str, ...], int] = {}
    for at, keys in enumerate(zip(*(sheet.keys(column) for column in check.columns), strict=True)):
        if not any(keys):
            continue
        before = first.setdefault(keys, at)
        if before != at:
            shown = [sheet.shown(at, column) for column in check.columns]
            yield Found(
                N_("“%(value)s” sudah ditulis di baris %(row)s."),
                N_("Ubah salah satunya, atau gabungkan kedua baris."),
                {"value": " · ".join(filter(None, shown)), "row": str(sheet.rows[before][0] + 1)},
                sheet.rows[at][0],
                check.columns[0],
            )


@_in_table(rules.Pattern)
def _pattern(book: Book, sheet: Sheet, check: rules.Pattern) -> Iterator[Found]:
    pattern = compiled(check.pattern)
    for column in check.columns:
        for at, text in enumerate(sheet.texts(column)):
            if text and not (len(text) <= _LONGEST_MATCHED and pattern.matches(text)):
                yield Found(
                    N_("“%(value)s” di kolom %(column)s tidak ditulis dalam bentuk yang diminta."),
                    N_("Tulis menurut pola %(pattern)s."),
                    {"value": short(text), "column": sheet.label(column), "pattern": check.pattern},
                    sheet.rows[at][0],
                    column,
                )


@_in_table(rules.Range)
def _range(book: Book, sheet: Sheet, check: rules.Range) -> Iterator[Found]:
    for column in check.columns:
        yield from outside(sheet, sheet.columns[column], check.min, check.max)


_AGAINST = {
    "naik": (
        N_("Arahnya naik, tetapi %(column)s (%(value)s) lebih rendah daripada %(before)s (%(other)s)."),
        N_("Naikkan %(column)s menjadi paling sedikit %(other)s, atau perbaiki arah atau nilai sebelumnya."),
    ),
    "turun": (
        N_("Arahnya turun, tetapi %(column)s (%(value)s) lebih tinggi daripada %(before)s (%(other)s)."),
        N_("Turunkan %(column)s menjadi paling banyak %(other)s, atau perbaiki arah atau nilai sebelumnya."),
    ),
    "tetap": (
        N_("Arahnya tetap, tetapi %(column)s (%(value)s) berbeda dari %(before)s (%(other)s)."),
        N_("Samakan nilainya, atau pilih arah naik atau turun."),
    ),
}
_STILL = (
    N_("Arahnya %(direction)s, tetapi %(column)s sama dengan %(before)s (%(value)s)."),
    N_("Ubah targetnya sehingga bergerak %(direction)s, atau pilih arah tetap."),
)


@_in_table(rules.Trend)
def _trend(book: Book, sheet: Sheet, check: rules.Trend) -> Iterator[Found]:
    series = [sheet.numbers(column) for column in check.across]
    if check.direction in rules.DIRECTIONS:
        directions = [check.direction] * sheet.count
    else:
        directions = sheet.keys(check.direction)
    for at, row in enumerate(zip(*series, strict=True)):
        direction = directions[at]
        steps = [
            (column, number) for column, number in zip(check.across, row, strict=True) if number is not None
        ]
        if direction in rules.DIRECTIONS and (step := _misstep(steps, direction, check.strict)):
            before, here, still = step
            text, advice = _STILL if still else _AGAINST[direction]
            values = {
                "direction": direction,
                "column": sheet.label(here),
                "value": sheet.shown(at, here),
                "before": sheet.label(before),
                "other": sheet.shown(at, before),
            }
            yield Found(text, advice, values, sheet.rows[at][0], here)


def _misstep(steps: list[tuple[str, Decimal]], direction: str, strict: bool) -> tuple[str, str, bool] | None:
    """The first step that goes another way: (column before, column, whether nothing moved)."""
    for (before, from_), (here, to) in pairwise(steps):
        if to == from_:
            if strict and direction != "tetap":
                return before, here, True
        elif direction == "tetap" or (to < from_) == (direction == "naik"):
            return before, here, False
    if direction != "tetap" and len(steps) > 1 and steps[0][1] == steps[-1][1]:
        return steps[0][0], steps[-1][0], True
    return None


@_in_table(rules.Equal)
def _equal(book: Book, sheet: Sheet, check: rules.Equal) -> Iterator[Found]:
    numeric = all(sheet.columns[column].numeric for column in check.columns)
    read = [sheet.numbers(column) if numeric else sheet.keys(column) for column in check.columns]
    for at, row in enumerate(zip(*read, strict=True)):
        filled = [
            (column, value)
            for column, value in zip(check.columns, row, strict=True)
            if value not in (None, "")
        ]
        for column, value in filled[1:]:
            first, wanted = filled[0]
            if isinstance(value, Decimal) and isinstance(wanted, Decimal):
                same = abs(value - wanted) <= check.tolerance
            else:
                same = value == wanted
            if not same:
                yield Found(
                    N_("%(column)s (%(value)s) tidak sama dengan %(first)s (%(other)s)."),
                    N_("Samakan keduanya."),
                    {
                        "column": sheet.label(column),
                        "value": sheet.shown(at, column),
                        "first": sheet.label(first),
                        "other": sheet.shown(at, first),
                    },
                    sheet.rows[at][0],
                    column,
                )
                break


@_in_table(rules.Same)
def _same(book: Book, sheet: Sheet, check: rules.Same) -> Iterator[Found]:
    others = [book.sheets[table] for table in check.tables if table != sheet.section.id]
    for column in check.columns:
        # key → every value that stands beside it so far, with the place where it was first met
        met: dict[str, dict[str, tuple[Sheet, int]]] = {}
        for other in others:
            for at, (key, value) in enumerate(zip(other.keys(check.key), other.keys(column), strict=True)):
                if key and value:
                    met.setdefault(key, {}).setdefault(value, (other, at))
        for at, (key, value) in enumerate(zip(sheet.keys(check.key), sheet.keys(column), strict=True)):
            if not key or not value:
                continue
            known = met.setdefault(key, {})
            place = next((place for other_value, place in known.items() if other_value != value), None)
            known.setdefault(value, (sheet, at))
            if place is None:
                continue
            where, there = place
            values = {
                "column": sheet.label(column),
                "key": sheet.shown(at, check.key),
                "value": sheet.shown(at, column),
                "table": where.title,
                "row": str(where.rows[there][0] + 1),
                "other": where.shown(there, column),
            }
            text = N_(
                "%(column)s untuk “%(key)s” di sini tertulis %(value)s, "
                "tetapi di %(table)s baris %(row)s tertulis %(other)s."
            )
            yield Found(text, N_("Samakan nilainya di kedua tempat."), values, sheet.rows[at][0], column)


@_in_table(rules.Covered)
def _covered(book: Book, sheet: Sheet, check: rules.Covered) -> Iterator[Found]:
    seen = set(book.values(check.by))
    for at, key in enumerate(sheet.keys(check.column)):
        if key and key not in seen:
            seen.add(key)
            yield Found(
                N_("“%(value)s” belum ditindaklanjuti di %(place)s."),
                N_("Tambahkan baris untuk “%(value)s” di sana."),
                {"value": sheet.shown(at, check.column), "place": book.place(check.by)},
                sheet.rows[at][0],
                check.column,
            )


@_in_table(rules.Known)
def _known(book: Book, sheet: Sheet, check: rules.Known) -> Iterator[Found]:
    return unknown(book, sheet, check.column, check.against)


@_in_table(rules.SumAtMost)
def _sum_at_most(book: Book, sheet: Sheet, check: rules.SumAtMost) -> Iterator[Found]:
    other = book.sheets[check.against]
    wanted = [(column, key_of(value)) for column, value in check.row.items()]
    rows = [
        at for at in range(other.count) if all(other.keys(column)[at] == value for column, value in wanted)
    ]
    for column, stated in zip(check.columns, check.limits or check.columns, strict=True):
        used = total(sheet.numbers(column))
        limit = total(other.numbers(stated)[at] for at in rows)
        values = {"column": sheet.label(column), "table": other.title, "limit_column": other.label(stated)}
        if used is not None and limit is None:
            yield Found(
                N_("Batas untuk %(column)s belum diisi di %(table)s (kolom %(limit_column)s)."),
                N_("Isi dahulu batasnya di %(table)s."),
                values,
                None,
                column,
            )
        elif used is not None and limit is not None and used > limit:
            sums = {"total": used, "limit": limit, "excess": used - limit}
            values.update((name, amount(sum_, sheet.columns[column])) for name, sum_ in sums.items())
            yield Found(
                N_("Jumlah %(column)s, %(total)s, melebihi %(limit)s di %(table)s (kolom %(limit_column)s)."),
                N_("Kurangi paling sedikit %(excess)s, atau perbaiki batasnya di %(table)s."),
                values,
                None,
                column,
            )


@_in_table(rules.Avoid)
def _avoid(book: Book, sheet: Sheet, check: rules.Avoid) -> Iterator[Found]:
    for column in check.columns:
        for at, text in enumerate(sheet.texts(column)):
            for phrase in phrases_in(text, check):
                yield unwanted(phrase, check, sheet.rows[at][0], column)


@_in_table(rules.Words)
def _words(book: Book, sheet: Sheet, check: rules.Words) -> Iterator[Found]:
    for column in check.columns:
        for at, text in enumerate(sheet.texts(column)):
            for each in length(text, check.min, check.max) if text else ():
                yield each._replace(row=sheet.rows[at][0], column=column)


_LONGEST_MATCHED = 200
