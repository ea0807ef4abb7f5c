"""What does not fit in a project's sections, found without a person reading them.

`run` goes through everything a definition implies (required sections and columns, kinds of cells, numbers of
rows, words and files) and through the checks its author wrote. Each rule of `rules` is one function here,
found in a registry; it sees a whole project's tables at once, so a check may look across sections. Nothing a
person can type makes a check fail: what is no number is reported once, by the column's kind, and left out of
arithmetic.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import msgspec

from lms import formats
from lms.patterns import compiled
from lms.projects import rules
from lms.projects.content import ROW_ID, Content, FileRef, Table, heading_key, headings, is_empty, words
from lms.projects.rules import N_, Level
from lms.projects.sheet import Book, Sheet, amount, key_of, number_in, short, total
from lms.projects.source import Column, FilesSection, Project, Section, TableSection, TextSection


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that does not fit.

    `check` is the author's id of the check, or `_` and a rule's name for what the definition implies. `row`
    counts from 0 in the table's rows as given, `row_id` is that row's stable id; both are absent where the
    finding is about the whole section. `text` and `advice` are messages to translate with `values` to put in.
    """

    check: str
    rule: str
    level: Level
    section: str
    row: int | None = None
    row_id: str = ""
    column: str | None = None
    about: str = ""
    text: str
    advice: str
    values: dict[str, str] = {}

    @property
    def message(self) -> str:
        """What does not fit, in Indonesian."""
        return self.text % self.values

    @property
    def settle(self) -> str:
        """What would settle it, in Indonesian."""
        return self.advice % self.values

    @property
    def key(self) -> str:
        """Stands for this finding from save to save; a warning's reason is kept under it."""
        row = self.row_id or ("" if self.row is None else f"#{self.row}")
        return "/".join((self.section, self.check, row, self.column or "", self.about))

    def told(self, translate: Callable[[str], str]) -> tuple[str, str]:
        """Message and advice in the language of `translate`."""
        return translate(self.text) % self.values, translate(self.advice) % self.values


def run(project: Project, contents: Mapping[str, Content], section: str | None = None) -> list[Finding]:
    """All findings of a project, or of the checks that one section holds, by section, row and column.

    `contents` is by section id; a section that is missing there is empty. An optional section that is empty
    has no findings.
    """
    book = Book(project, contents)
    found: list[Finding] = []
    for each in project.sections:
        if section is None or each.id == section:
            found += _of_section(book, each, contents.get(each.id))
    return found


class _Found(NamedTuple):
    """A finding before it knows its check and section."""

    text: str
    advice: str
    values: dict[str, str]
    row: int | None = None
    column: str | None = None
    about: str = ""


_Told = tuple[str, str, Level, _Found]  # check, rule, level, what was found


def _of_section(book: Book, section: Section, content: Content | None) -> list[Finding]:
    """The findings of one section, sorted by row and column."""
    found: list[_Told] = []
    row_ids: dict[int, str] = {}
    order: dict[str | None, int] = {}
    if is_empty(content) or not isinstance(content, _HOLDS[section.kind]):
        if section.required:
            found.append(("_section", "section", "error", _Found(_MISSING, _FILL, {})))
    elif isinstance(section, TableSection):
        sheet = book.sheets[section.id]
        row_ids = {number: row.get(ROW_ID, "") for number, row in sheet.rows}
        order = {column.id: place for place, column in enumerate(section.columns)}
        found += _implied(_in_rows(book, sheet))
        for check in section.checks:
            found += _of_check(check, _TABLE_RULES[type(check)](book, sheet, check))
    elif isinstance(section, TextSection) and isinstance(content, str):
        found += _implied(_in_words(section, content))
        for check in section.checks:
            found += _of_check(check, _TEXT_RULES[type(check)](content, check))
    elif isinstance(section, FilesSection) and isinstance(content, tuple):
        found += _implied(("files", each) for each in _in_files(section, content))
    found.sort(key=lambda each: (-1 if each[3].row is None else each[3].row, order.get(each[3].column, -1)))
    return [
        Finding(
            check=check,
            rule=rule,
            level=level,
            section=section.id,
            row=each.row,
            row_id="" if each.row is None else row_ids[each.row],
            column=each.column,
            about=each.about,
            text=each.text,
            advice=each.advice,
            values=each.values,
        )
        for check, rule, level, each in found
    ]


_HOLDS: dict[str, type] = {"text": str, "table": Table, "files": tuple}


def _implied(found: Iterator[tuple[str, _Found]]) -> Iterator[_Told]:
    return ((f"_{rule}", rule, "error", each) for rule, each in found)


def _of_check(check: rules.Rule, found: Iterator[_Found]) -> Iterator[_Told]:
    for each in found:
        if check.message or check.settle:
            said = {**each.values, "said": check.message, "settle": check.settle}
            text = "%(said)s" if check.message else each.text
            each = each._replace(text=text, advice="%(settle)s" if check.settle else each.advice, values=said)
        yield check.id, check.rule, check.level, each


# What a definition implies

_MISSING = N_("Bagian ini belum diisi.")
_FILL = N_("Isi bagian ini sebelum mengumpulkan.")


def _in_rows(book: Book, sheet: Sheet) -> Iterator[tuple[str, _Found]]:
    section = sheet.section
    least, most = section.rows.min, section.rows.max
    counts = {"count": str(sheet.count), "min": str(least), "max": str(most)}
    if sheet.count < least:
        counts["more"] = str(least - sheet.count)
        yield (
            "rows",
            _Found(
                N_("Tabel ini berisi %(count)s baris; paling sedikit %(min)s."),
                N_("Tambahkan %(more)s baris."),
                counts,
            ),
        )
    if most is not None and sheet.count > most:
        counts["more"] = str(sheet.count - most)
        yield (
            "rows",
            _Found(
                N_("Tabel ini berisi %(count)s baris; paling banyak %(max)s."),
                N_("Kurangi %(more)s baris."),
                counts,
            ),
        )
    for column in section.columns:
        if column.required:
            for each in _blanks(sheet, (column.id,)):
                yield "required", each
        if column.numeric:
            for each in _unreadable(sheet, column):
                yield "type", each
            if column.min is not None or column.max is not None:
                for each in _outside(sheet, column, column.min, column.max):
                    yield "range", each
        elif column.type == "choice":
            options = {key_of(option) for option in column.options}
            for at, key in enumerate(sheet.keys(column.id)):
                if key and key not in options:
                    yield (
                        "choice",
                        _Found(
                            N_("“%(value)s” tidak ada dalam pilihan kolom %(column)s."),
                            N_("Pilih salah satu: %(options)s."),
                            {
                                "value": sheet.shown(at, column.id),
                                "column": column.label,
                                "options": ", ".join(column.options),
                            },
                            sheet.rows[at][0],
                            column.id,
                        ),
                    )
        elif column.type == "ref" and column.ref is not None:
            for each in _unknown(book, sheet, column.id, (column.ref,)):
                yield "known", each


def _in_words(section: TextSection, text: str) -> Iterator[tuple[str, _Found]]:
    for each in _length(text, section.words.min, section.words.max):
        yield "words", each
    for each in _missing_headings(text, section.requires):
        yield "headings", each


def _in_files(section: FilesSection, files: tuple[FileRef, ...]) -> Iterator[_Found]:
    if len(files) > section.max:
        yield _Found(
            N_("Ada %(count)s berkas; paling banyak %(max)s."),
            N_("Hapus %(more)s berkas."),
            {"count": str(len(files)), "max": str(section.max), "more": str(len(files) - section.max)},
        )
    for file in files:
        kind = file.name.rpartition(".")[2].casefold()
        if {"jpeg": "jpg"}.get(kind, kind) not in section.accept:
            yield _Found(
                N_("Jenis berkas “%(name)s” tidak diterima di bagian ini."),
                N_("Unggah berkas %(accept)s."),
                {"name": short(file.name), "accept": ", ".join(section.accept).upper()},
            )
        if file.size > section.max_mb * 1024 * 1024:
            yield _Found(
                N_("Berkas “%(name)s” melebihi %(max)s MB."),
                N_("Unggah berkas yang lebih kecil."),
                {"name": short(file.name), "max": str(section.max_mb)},
            )


_UNREADABLE = {
    "number": (
        N_("“%(value)s” di kolom %(column)s bukan angka."),
        N_("Tulis angka saja, misalnya 1250 atau 4,64."),
    ),
    "percent": (
        N_("“%(value)s” di kolom %(column)s bukan persentase."),
        N_("Tulis angka saja, misalnya 4,64."),
    ),
    "integer": (
        N_("“%(value)s” di kolom %(column)s bukan bilangan bulat."),
        N_("Tulis tanpa koma, misalnya 1.250."),
    ),
    "money": (
        N_("“%(value)s” di kolom %(column)s bukan jumlah rupiah."),
        N_("Tulis rupiah penuh, misalnya 1.250.000."),
    ),
    "year": (N_("“%(value)s” di kolom %(column)s bukan tahun."), N_("Tulis empat angka, misalnya 2026.")),
}


def _unreadable(sheet: Sheet, column: Column) -> Iterator[_Found]:
    texts = sheet.texts(column.id)
    for at, number in enumerate(sheet.numbers(column.id)):
        if number is not None or not texts[at]:
            continue
        values = {"value": short(texts[at]), "column": column.label}
        text, advice = _UNREADABLE[column.type]
        problem = number_in(texts[at], column.type)
        if isinstance(problem, formats.AmbiguousNumber):
            text = N_("“%(value)s” di kolom %(column)s dapat berarti %(grouped)s atau %(fraction)s.")
            advice = N_("Tulis %(one)s atau %(two)s.")
            values["grouped"], values["fraction"] = (formats.decimal(reading) for reading in problem.readings)
            values["one"], values["two"] = problem.spellings
        yield _Found(text, advice, values, sheet.rows[at][0], column.id)


# The rules

C = TypeVar("C", bound=rules.Check)
_TableRule = Callable[[Book, Sheet, C], Iterator[_Found]]
_TextRule = Callable[[str, C], Iterator[_Found]]
_TABLE_RULES: dict[type, _TableRule[Any]] = {}
_TEXT_RULES: dict[type, _TextRule[Any]] = {}


def _in_table(kind: type[C]) -> Callable[[_TableRule[C]], _TableRule[C]]:
    """Registers what computes a rule in a table."""

    def register(rule: _TableRule[C]) -> _TableRule[C]:
        _TABLE_RULES[kind] = rule
        return rule

    return register


def _in_text(kind: type[C]) -> Callable[[_TextRule[C]], _TextRule[C]]:
    """Registers what computes a rule in a text."""

    def register(rule: _TextRule[C]) -> _TextRule[C]:
        _TEXT_RULES[kind] = rule
        return rule

    return register


@_in_table(rules.Required)
def _required(book: Book, sheet: Sheet, check: rules.Required) -> Iterator[_Found]:
    return _blanks(sheet, check.columns)


@_in_table(rules.Unique)
def _unique(book: Book, sheet: Sheet, check: rules.Unique) -> Iterator[_Found]:
    first: dict[tuple[str, ...], int] = {}
    for at, keys in enumerate(zip(*(sheet.keys(column) for column in check.columns), strict=True)):
        if not any(keys):
            continue
        before = first.setdefault(keys, at)
        if before != at:
            shown = [sheet.shown(at, column) for column in check.columns]
            yield _Found(
                N_("“%(value)s” sudah ditulis di baris %(row)s."),
                N_("Ubah salah satunya, atau gabungkan kedua baris."),
                {"value": " · ".join(filter(None, shown)), "row": str(sheet.rows[before][0] + 1)},
                sheet.rows[at][0],
                check.columns[0],
            )


@_in_table(rules.Pattern)
def _pattern(book: Book, sheet: Sheet, check: rules.Pattern) -> Iterator[_Found]:
    pattern = compiled(check.pattern)
    for column in check.columns:
        for at, text in enumerate(sheet.texts(column)):
            if text and not (len(text) <= _LONGEST_MATCHED and pattern.matches(text)):
                yield _Found(
                    N_("“%(value)s” di kolom %(column)s tidak ditulis dalam bentuk yang diminta."),
                    N_("Tulis menurut pola %(pattern)s."),
                    {"value": short(text), "column": sheet.label(column), "pattern": check.pattern},
                    sheet.rows[at][0],
                    column,
                )


@_in_table(rules.Range)
def _range(book: Book, sheet: Sheet, check: rules.Range) -> Iterator[_Found]:
    for column in check.columns:
        yield from _outside(sheet, sheet.columns[column], check.min, check.max)


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
def _trend(book: Book, sheet: Sheet, check: rules.Trend) -> Iterator[_Found]:
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
            yield _Found(text, advice, values, sheet.rows[at][0], here)


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
def _equal(book: Book, sheet: Sheet, check: rules.Equal) -> Iterator[_Found]:
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
                yield _Found(
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
def _same(book: Book, sheet: Sheet, check: rules.Same) -> Iterator[_Found]:
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
            yield _Found(text, N_("Samakan nilainya di kedua tempat."), values, sheet.rows[at][0], column)


@_in_table(rules.Covered)
def _covered(book: Book, sheet: Sheet, check: rules.Covered) -> Iterator[_Found]:
    seen = set(book.values(check.by))
    for at, key in enumerate(sheet.keys(check.column)):
        if key and key not in seen:
            seen.add(key)
            yield _Found(
                N_("“%(value)s” belum ditindaklanjuti di %(place)s."),
                N_("Tambahkan baris untuk “%(value)s” di sana."),
                {"value": sheet.shown(at, check.column), "place": book.place(check.by)},
                sheet.rows[at][0],
                check.column,
            )


@_in_table(rules.Known)
def _known(book: Book, sheet: Sheet, check: rules.Known) -> Iterator[_Found]:
    return _unknown(book, sheet, check.column, check.against)


@_in_table(rules.SumAtMost)
def _sum_at_most(book: Book, sheet: Sheet, check: rules.SumAtMost) -> Iterator[_Found]:
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
            yield _Found(
                N_("Batas untuk %(column)s belum diisi di %(table)s (kolom %(limit_column)s)."),
                N_("Isi dahulu batasnya di %(table)s."),
                values,
                None,
                column,
            )
        elif used is not None and limit is not None and used > limit:
            sums = {"total": used, "limit": limit, "excess": used - limit}
            values.update((name, amount(sum_, sheet.columns[column])) for name, sum_ in sums.items())
            yield _Found(
                N_("Jumlah %(column)s, %(total)s, melebihi %(limit)s di %(table)s (kolom %(limit_column)s)."),
                N_("Kurangi paling sedikit %(excess)s, atau perbaiki batasnya di %(table)s."),
                values,
                None,
                column,
            )


@_in_table(rules.Avoid)
def _avoid(book: Book, sheet: Sheet, check: rules.Avoid) -> Iterator[_Found]:
    for column in check.columns:
        for at, text in enumerate(sheet.texts(column)):
            for phrase in _phrases_in(text, check):
                yield _unwanted(phrase, check, sheet.rows[at][0], column)


@_in_text(rules.Avoid)
def _avoid_in_text(text: str, check: rules.Avoid) -> Iterator[_Found]:
    for phrase in _phrases_in(text, check):
        yield _unwanted(phrase, check, None, None)


@_in_table(rules.Words)
def _words(book: Book, sheet: Sheet, check: rules.Words) -> Iterator[_Found]:
    for column in check.columns:
        for at, text in enumerate(sheet.texts(column)):
            for each in _length(text, check.min, check.max) if text else ():
                yield each._replace(row=sheet.rows[at][0], column=column)


@_in_text(rules.Words)
def _words_in_text(text: str, check: rules.Words) -> Iterator[_Found]:
    return _length(text, check.min, check.max)


@_in_text(rules.Headings)
def _headings(text: str, check: rules.Headings) -> Iterator[_Found]:
    return _missing_headings(text, check.headings)


# What several of them share

_LONGEST_MATCHED = 200


def _blanks(sheet: Sheet, columns: tuple[str, ...]) -> Iterator[_Found]:
    for column in columns:
        for at, text in enumerate(sheet.texts(column)):
            if not text:
                yield _Found(
                    N_("Kolom %(column)s belum diisi."),
                    N_("Isi kolom ini, atau hapus seluruh barisnya."),
                    {"column": sheet.label(column)},
                    sheet.rows[at][0],
                    column,
                )


def _outside(sheet: Sheet, column: Column, least: Decimal | None, most: Decimal | None) -> Iterator[_Found]:
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
        yield _Found(text, advice, values, sheet.rows[at][0], column.id)


def _unknown(book: Book, sheet: Sheet, column: str, against: tuple[str, ...]) -> Iterator[_Found]:
    known = book.values(against)
    for at, key in enumerate(sheet.keys(column)):
        if key and key not in known:
            yield _Found(
                N_("“%(value)s” tidak ada di %(place)s."),
                N_("Pilih isian yang ada di sana, atau tambahkan dahulu."),
                {"value": sheet.shown(at, column), "place": book.place(against)},
                sheet.rows[at][0],
                column,
            )


def _length(text: str, least: int, most: int | None) -> Iterator[_Found]:
    if not least and most is None:
        return
    count = words(text)
    values = {
        "count": formats.decimal(count),
        "min": formats.decimal(least),
        "max": formats.decimal(most or 0),
    }
    if count < least:
        values["more"] = formats.decimal(least - count)
        text = N_("Panjangnya %(count)s kata; paling sedikit %(min)s.")
        yield _Found(text, N_("Tambahkan paling sedikit %(more)s kata."), values)
    elif most is not None and count > most:
        values["more"] = formats.decimal(count - most)
        text = N_("Panjangnya %(count)s kata; paling banyak %(max)s.")
        yield _Found(text, N_("Kurangi paling sedikit %(more)s kata."), values)


def _missing_headings(text: str, wanted: tuple[str, ...]) -> Iterator[_Found]:
    present = set(headings(text)) if wanted else set()
    for heading in wanted:
        if heading_key(heading) not in present:
            yield _Found(
                N_("Judul “%(heading)s” belum ada."),
                N_("Tulis “%(heading)s” sebagai judul di atas uraiannya."),
                {"heading": heading},
                about=heading_key(heading),
            )


def _unwanted(phrase: str, check: rules.Avoid, row: int | None, column: str | None) -> _Found:
    text = N_("Diawali dengan “%(phrase)s”.") if check.at == "start" else N_("Tertulis “%(phrase)s”.")
    return _Found(text, N_("Pertimbangkan rumusan lain."), {"phrase": phrase}, row, column, phrase)


def _phrases_in(text: str, check: rules.Avoid) -> Iterator[str]:
    """Each phrase that stands in the text, once, in the order met."""
    pattern = _any_of(check.phrases, check.at)
    flat = " ".join(text.split()).casefold()
    seen: set[str] = set()
    for match in pattern.finditer(flat):
        if match[1] not in seen:
            seen.add(match[1])
            yield match[1]


@lru_cache(maxsize=256)
def _any_of(phrases: tuple[str, ...], at: str) -> re.Pattern[str]:
    # Longest first, so that "jumlah dokumen" is met before "jumlah".
    known = sorted({key_of(phrase) for phrase in phrases}, key=len, reverse=True)
    start = r"\A\W*" if at == "start" else r"(?<!\w)"
    return re.compile(f"{start}({'|'.join(map(re.escape, known))})(?!\\w)")
