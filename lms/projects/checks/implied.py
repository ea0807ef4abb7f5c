"""What a definition implies, without any check of its author's."""

from collections.abc import Iterator

from lms import formats
from lms.projects.checks.cells import blanks, outside, unknown
from lms.projects.checks.finding import Found
from lms.projects.checks.wording import length, missing_headings
from lms.projects.content import FileRef
from lms.projects.rules import N_
from lms.projects.sheet import Book, Sheet, key_of, number_in, short
from lms.projects.source import Column, FilesSection, TextSection


def in_rows(book: Book, sheet: Sheet) -> Iterator[tuple[str, Found]]:
    """What a table's own definition finds in it, each with the rule it breaks."""
    section = sheet.section
    least, most = section.rows.min, section.rows.max
    counts = {"count": str(sheet.count), "min": str(least), "max": str(most)}
    if sheet.count < least:
        counts["more"] = str(least - sheet.count)
        yield (
            "rows",
            Found(
                N_("Tabel ini berisi %(count)s baris; paling sedikit %(min)s."),
                N_("Tambahkan %(more)s baris."),
                counts,
            ),
        )
    if most is not None and sheet.count > most:
        counts["more"] = str(sheet.count - most)
        yield (
            "rows",
            Found(
                N_("Tabel ini berisi %(count)s baris; paling banyak %(max)s."),
                N_("Kurangi %(more)s baris."),
                counts,
            ),
        )
    for column in section.columns:
        if column.required:
            for each in blanks(sheet, (column.id,)):
                yield "required", each
        if column.numeric:
            for each in _unreadable(sheet, column):
                yield "type", each
            if column.min is not None or column.max is not None:
                for each in outside(sheet, column, column.min, column.max):
                    yield "range", each
        elif column.type == "choice":
            options = {key_of(option) for option in column.options}
            for at, key in enumerate(sheet.keys(column.id)):
                if key and key not in options:
                    yield (
                        "choice",
                        Found(
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
            for each in unknown(book, sheet, column.id, (column.ref,)):
                yield "known", each


def in_words(section: TextSection, text: str) -> Iterator[tuple[str, Found]]:
    """What a text section's own definition finds in its text, each with the rule it breaks."""
    for each in length(text, section.words.min, section.words.max):
        yield "words", each
    for each in missing_headings(text, section.requires):
        yield "headings", each


def in_files(section: FilesSection, files: tuple[FileRef, ...]) -> Iterator[Found]:
    """What a files section's own definition finds in its files."""
    if len(files) > section.max:
        yield Found(
            N_("Ada %(count)s berkas; paling banyak %(max)s."),
            N_("Hapus %(more)s berkas."),
            {"count": str(len(files)), "max": str(section.max), "more": str(len(files) - section.max)},
        )
    for file in files:
        kind = file.name.rpartition(".")[2].casefold()
        if {"jpeg": "jpg"}.get(kind, kind) not in section.accept:
            yield Found(
                N_("Jenis berkas “%(name)s” tidak diterima di bagian ini."),
                N_("Unggah berkas %(accept)s."),
                {"name": short(file.name), "accept": ", ".join(section.accept).upper()},
            )
        if file.size > section.max_mb * 1024 * 1024:
            yield Found(
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


def _unreadable(sheet: Sheet, column: Column) -> Iterator[Found]:
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
        yield Found(text, advice, values, sheet.rows[at][0], column.id)
