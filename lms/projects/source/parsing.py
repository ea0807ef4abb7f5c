"""Reads what an author wrote, and finds every mistake in it."""

import difflib
import re
import typing
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import msgspec

from lms import frontmatter
from lms.problems import Problem
from lms.projects import content
from lms.projects.rules import DIRECTIONS, RULES, Rule
from lms.projects.source.definition import Column, FilesSection, Project, Section, TableSection, TextSection

RESERVED = frozenset({"kumpulkan", "tim"})
"""Ids that no section can have: their addresses are pages of the platform."""

MOST_SECTIONS = 40
MOST_COLUMNS = 40
MOST_ROWS = 500
MOST_CHECKS = 100
MOST_WORDS = 50_000

_SECTIONS: dict[str, type[Section]] = {"text": TextSection, "table": TableSection, "files": FilesSection}


def parse(text: str, file: str) -> tuple[Project | None, list[Problem]]:
    """Read a project's file; the project is None when anything at all is wrong.

    `file` is the name that problems carry. Front matter without `kind` is read as a project's.
    """
    try:
        matter = frontmatter.split(text)
    except frontmatter.BadMatter as bad:
        return None, bad.problems(file)
    reader = _Reader(file, matter.lines)
    project = reader.project(dict(matter.values))
    return (None if reader.problems else project), sorted(set(reader.problems))


_ID = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?")
_SPAN = re.compile(r"([0-9]{1,6})?\.\.([0-9]{1,6})?|([0-9]{1,6})")
_DURATION = re.compile(r"([0-9]{1,4})([mhd])")
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400}
_MODERATOR = re.compile(r"moderator *> *([0-9]{1,2}(?:\.[0-9])?)")
_ALIASES = {"jpeg": "jpg"}

S = TypeVar("S")


class _Reader:
    """Takes front matter apart piece by piece, so that one mistake hides no other."""

    def __init__(self, file: str, lines: Mapping[str, int]) -> None:
        self.file = file
        self.lines = dict(lines)
        self.problems: list[Problem] = []
        self.unread: set[str] = set()  # sections and columns (`section.column`) with problems of their own

    def problem(self, path: str, message: str) -> None:
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        self.problems.append(Problem(self.file, self.lines.get(path, 1), message))

    def struct(self, path: str, values: dict[str, Any], kind: type[S]) -> S | None:
        """The values at this path as a Struct, or None and its problems."""
        start = f"{path}." if path else ""
        lines = {key.removeprefix(start): line for key, line in self.lines.items() if key.startswith(start)}
        if path:
            lines[""] = self.lines.get(path, 1)
        try:
            return frontmatter.decode(values, lines, kind)
        except frontmatter.BadMatter as bad:
            self.problems += bad.problems(self.file)
            return None

    def project(self, values: dict[str, Any]) -> Project | None:
        if values.pop("kind", "project") != "project":
            self.problem("kind", "Berkas ini bukan proyek; tulis `kind: project`.")
        if values.pop("links", None) is not None:
            self.problem("links", "Kunci `links` tidak dikenal; hapus.")
        listed = values.pop("sections", None)
        self.span(values, "", "team", least=1, most=20)
        self.duration(values)
        self.reconcile(values)
        rubric = values.get("rubric")
        if isinstance(rubric, str):
            values["rubric"] = rubric.removesuffix(".yml").removesuffix(".yaml")
        project = self.struct("", values, Project)
        if project is not None:
            self.identifier("id", project.id or "id")
            for at, tag in enumerate(project.expertise):
                self.identifier(f"expertise.{at}", tag)
            self.points("pass", project.pass_mark)
            self.points("reconcile", project.reconcile.above)
            if project.late is not None:
                self.points("late.per_day", project.late.per_day)
                self.points("late.max", project.late.max)
        sections = self.sections(listed)
        self.across(sections)
        return msgspec.structs.replace(project, sections=tuple(sections.values())) if project else None

    def sections(self, listed: Any) -> dict[int, Section]:
        """The sections that could be read, by their place in the list."""
        if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_SECTIONS:
            self.problem("sections", f"Proyek harus memiliki 1 sampai {MOST_SECTIONS} bagian di `sections`.")
            return {}
        found: dict[int, Section] = {}
        seen: set[str] = set()
        for index, values in enumerate(listed):
            path = f"sections.{index}"
            section = self.section(path, values)
            self.unique(path, values, seen, "bagian")
            if section is None:
                self.unread.add(_name(values))
            else:
                found[index] = section
        return found

    def section(self, path: str, values: Any) -> Section | None:
        kind = self.tagged(path, values, "kind", _SECTIONS, "Jenis bagian")
        if kind is None:
            return None
        values = dict(values)
        self.span(values, path, "words", least=0, most=MOST_WORDS, open_end=True)
        self.span(values, path, "rows", least=0, most=MOST_ROWS)
        self.listed(values, path, kind)
        if isinstance(values.get("accept"), list):
            values["accept"] = [_ALIASES.get(str(name), name) for name in values["accept"]]
        columns = values.pop("columns", None) if kind is TableSection else None
        checks = values.pop("checks", None) if kind is not FilesSection else None
        section = self.struct(path, values, kind)
        if section is not None:
            self.identifier(f"{path}.id", section.id)
            if section.id in RESERVED:
                self.problem(f"{path}.id", f"Id `{section.id}` dipakai oleh alamat halaman; pilih id lain.")
        if isinstance(section, TextSection):
            self.repeats(f"{path}.requires", map(content.heading_key, section.requires), "Judul")
            return msgspec.structs.replace(section, checks=self.checks(path, checks))
        read = self.columns(path, columns, _name(values)) if kind is TableSection else ()
        if isinstance(section, TableSection):
            return msgspec.structs.replace(section, columns=read, checks=self.checks(path, checks))
        if kind is not FilesSection:
            self.checks(path, checks)
        return section

    def columns(self, path: str, listed: Any, table: str) -> tuple[Column, ...]:
        if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_COLUMNS:
            self.problem(
                f"{path}.columns", f"Tabel harus memiliki 1 sampai {MOST_COLUMNS} kolom di `columns`."
            )
            self.unread.add(table)
            return ()
        columns: list[Column] = []
        seen: set[str] = set()
        for index, values in enumerate(listed):
            here = f"{path}.columns.{index}"
            if not isinstance(values, dict):
                self.problem(here, "Kolom ditulis sebagai `{id: ..., label: ..., type: ...}`.")
                self.unread.add(table)
                continue
            column = self.struct(here, values, Column)
            self.unique(here, values, seen, "kolom")
            if column is None:
                self.unread.add(f"{table}.{name}" if (name := _name(values)) else table)
            else:
                self.column(here, column)
                columns.append(column)
        return tuple(columns)

    def column(self, path: str, column: Column) -> None:
        self.identifier(f"{path}.id", column.id)
        if column.type == "choice" and not column.options:
            self.problem(path, f"Kolom `{column.id}` berjenis choice; tulis pilihannya di `options`.")
        if column.type != "choice" and column.options:
            self.problem(
                f"{path}.options", "`options` hanya untuk kolom berjenis choice; ubah `type` atau hapus."
            )
        self.repeats(f"{path}.options", (option.casefold() for option in column.options), "Pilihan")
        if column.type == "ref" and not column.ref:
            self.problem(
                path, f"Kolom `{column.id}` berjenis ref; tulis asalnya, misalnya `ref: sasaran.sasaran`."
            )
        if column.type != "ref" and column.ref is not None:
            self.problem(f"{path}.ref", "`ref` hanya untuk kolom berjenis ref; ubah `type` atau hapus.")
        if not column.numeric and (column.min is not None or column.max is not None):
            self.problem(
                path, f"`min` dan `max` hanya untuk kolom angka; kolom `{column.id}` berjenis {column.type}."
            )
        if column.min is not None and column.max is not None and column.min > column.max:
            self.problem(f"{path}.max", "Nilai `max` lebih kecil daripada `min`; tukar keduanya.")

    def checks(self, path: str, listed: Any) -> tuple[Rule, ...]:
        if listed is None:
            return ()
        if not isinstance(listed, list) or len(listed) > MOST_CHECKS:
            self.problem(
                f"{path}.checks", f"`checks` harus berupa daftar, paling banyak {MOST_CHECKS} pemeriksaan."
            )
            return ()
        checks: list[Rule] = []
        seen: set[str] = set()
        for index, values in enumerate(listed):
            here = f"{path}.checks.{index}"
            kind = self.tagged(here, values, "rule", RULES, "Aturan")
            if kind is None:
                continue
            values = dict(values)
            fields = kind.__struct_fields__
            if "column" in values and "columns" in fields and "columns" not in values:
                values["columns"] = values.pop("column")
                self.lines[f"{here}.columns"] = self.lines.get(f"{here}.column", 1)
            self.listed(values, here, kind)
            check = self.struct(here, values, kind)
            self.unique(here, values, seen, "pemeriksaan")
            if check is None:
                continue
            self.identifier(f"{here}.id", check.id)
            for key, message in check.wrong():
                self.problem(f"{here}.{key}" if key else here, message)
            checks.append(check)
        return tuple(checks)

    # What only the whole can tell: every name that one piece gives to another.

    def across(self, sections: Mapping[int, Section]) -> None:
        tables = {section.id: section for section in sections.values() if isinstance(section, TableSection)}
        for index, section in sections.items():
            path = f"sections.{index}"
            for number, column in enumerate(section.columns if isinstance(section, TableSection) else ()):
                if column.ref is not None:
                    here = f"{path}.columns.{number}.ref"
                    target = self.address(here, column.ref, tables)
                    if target is column:
                        self.problem(
                            here, f"Kolom `{column.id}` merujuk kepada dirinya sendiri; tulis kolom lain."
                        )
            for number, check in enumerate(section.checks if not isinstance(section, FilesSection) else ()):
                self.check(f"{path}.checks.{number}", check, section, tables)

    def check(self, path: str, check: Rule, section: Section, tables: Mapping[str, TableSection]) -> None:
        if section.kind not in check.sections:
            self.problem(
                f"{path}.rule",
                f"Aturan {check.rule} tidak berlaku untuk bagian berjenis {section.kind}; "
                f"berlaku untuk {' dan '.join(check.sections)}.",
            )
            return
        uses = tuple(check.uses())
        if section.kind == "table" and not uses:
            self.problem(path, f"Aturan {check.rule} pada tabel memerlukan `column` atau `columns`.")
        if section.kind == "text" and uses:
            self.problem(path, "Bagian teks tidak memiliki kolom; hapus `columns`.")
            return
        for use in uses:
            here = f"{path}.{use.key}"
            address = use.address if "." in use.address else f"{section.id}.{use.address}"
            column = self.address(here, address, tables)
            if column is not None and use.numeric and not column.numeric:
                said = f"Kolom `{use.address}` berjenis {column.type}"
                self.problem(here, f"{said}; aturan {check.rule} memerlukan kolom angka.")
            if column is not None and use.key == "direction":
                strange = [option for option in column.options if option.casefold() not in DIRECTIONS]
                if column.type not in ("choice", "text") or strange:
                    allowed = ", ".join(DIRECTIONS)
                    self.problem(here, f"Kolom arah `{column.id}` hanya boleh memuat {allowed}.")

    def address(self, path: str, address: str, tables: Mapping[str, TableSection]) -> Column | None:
        """The column that `section.column` names, or None and a problem (none for what could not be read)."""
        table, dot, name = address.partition(".")
        if table in self.unread or address in self.unread:
            return None
        if not dot:
            self.problem(path, f"Tulis `{address}` sebagai `bagian.kolom`, misalnya `sasaran.sasaran`.")
        elif table not in tables:
            self.problem(path, f"Tidak ada tabel `{table}` di proyek ini. {_hint(table, tables)}")
        elif (column := tables[table].column(name)) is None:
            known = [column.id for column in tables[table].columns]
            self.problem(path, f"Tabel `{table}` tidak memiliki kolom `{name}`. {_hint(name, known)}")
        else:
            return column
        return None

    # Small pieces

    def tagged(
        self, path: str, values: Any, key: str, kinds: Mapping[str, type[S]], name: str
    ) -> type[S] | None:
        """The Struct that the value of `key` chooses, or None and a problem."""
        known = ", ".join(kinds)
        if not isinstance(values, dict):
            self.problem(path, f"Tulis pasangan `kunci: nilai` dengan `id` dan `{key}`.")
        elif key not in values:
            self.problem(path, f"Kunci `{key}` wajib diisi dengan salah satu dari {known}.")
        elif not isinstance(values[key], str) or values[key] not in kinds:
            hint = _hint(str(values[key]), kinds)
            self.problem(f"{path}.{key}", f"{name} `{values[key]}` tidak dikenal. {hint}")
        else:
            return kinds[values[key]]
        return None

    def listed(self, values: dict[str, Any], path: str, kind: type[msgspec.Struct]) -> None:
        """A single text where a list of texts is meant becomes a list of one."""
        for field in msgspec.structs.fields(kind):
            if (
                isinstance(values.get(field.encode_name), str)
                and typing.get_origin(_plain(field.type)) is tuple
            ):
                values[field.encode_name] = [values[field.encode_name]]
                self.lines[f"{path}.{field.encode_name}.0"] = self.lines.get(f"{path}.{field.encode_name}", 1)

    def unique(self, path: str, values: Any, seen: set[str], what: str) -> None:
        name = _name(values)
        if name in seen:
            self.problem(f"{path}.id", f"Id `{name}` dipakai dua {what}; beri id yang berbeda.")
        elif name:
            seen.add(name)

    def identifier(self, path: str, name: str) -> None:
        if not _ID.fullmatch(name):
            allowed = "huruf kecil, angka, `-`, dan `_`, paling panjang 40 karakter"
            self.problem(path, f"Id `{name[:60]}` harus terdiri atas {allowed}.")

    def points(self, path: str, value: Decimal) -> None:
        if not 0 <= value <= 100:
            self.problem(
                path, f"Nilai `{path.rpartition('.')[2]}` harus di antara 0 dan 100; tertulis `{value}`."
            )

    def repeats(self, path: str, values: Iterable[str], what: str) -> None:
        seen: set[str] = set()
        for index, value in enumerate(values):
            if not value.strip():
                self.problem(f"{path}.{index}", f"{what} tidak boleh kosong; hapus atau isi.")
            if value in seen:
                self.problem(f"{path}.{index}", f"{what} `{value}` ditulis dua kali; hapus salah satu.")
            seen.add(value)

    def span(
        self, values: dict[str, Any], path: str, key: str, *, least: int, most: int, open_end: bool = False
    ) -> None:
        """Replace "3..60" by a Span's fields."""
        if key not in values:
            return
        here = f"{path}.{key}" if path else key
        written = values.pop(key)
        match = _SPAN.fullmatch(str(written)) if isinstance(written, str | int) else None
        if match is None or match.group() == "..":
            self.problem(
                here,
                f"Tulis `{key}` sebagai batas bawah dan atas, misalnya `{key}: {max(least, 1)}..{most}`.",
            )
            return
        low, high, exact = (None if part is None else int(part) for part in match.groups())
        low, high = (exact, exact) if exact is not None else (low, high)
        low = least if low is None else low
        if high is None and not open_end:
            self.problem(here, f"Batas atas `{key}` wajib ditulis, paling banyak {most}.")
        elif low < least or (high or 0) > most:
            self.problem(here, f"Batas `{key}` harus di antara {least} dan {most}.")
        elif high is not None and high < max(low, 1):
            self.problem(
                here, f"Batas `{key}` terbalik; tulis yang kecil dahulu, dan paling sedikit 1 di belakang."
            )
        else:
            values[key] = {"min": low, "max": high}

    def duration(self, values: dict[str, Any]) -> None:
        """Replace `late.grace: 1h` by seconds."""
        late = values.get("late")
        if not isinstance(late, dict) or "grace" not in late:
            return
        late = values["late"] = dict(late)
        match = _DURATION.fullmatch(str(late["grace"]))
        if match is not None:
            late["grace"] = int(match[1]) * _SECONDS[match[2]]
        elif late["grace"] != 0:
            self.problem("late.grace", "Tulis `grace` sebagai menit, jam, atau hari: `30m`, `1h`, atau `2d`.")
            del late["grace"]

    def reconcile(self, values: dict[str, Any]) -> None:
        """Replace "average" or "moderator > 10" by a Reconcile's fields."""
        if "reconcile" not in values:
            return
        written = values.pop("reconcile")
        match = _MODERATOR.fullmatch(str(written))
        if match is None and written != "average":
            self.problem(
                "reconcile", "Tulis `reconcile: average` atau, misalnya, `reconcile: moderator > 10`."
            )
        elif match is not None:
            values["reconcile"] = {"how": "moderator", "above": Decimal(match[1])}
            if values.get("graders", 1) == 1:
                self.problem(
                    "reconcile", "Moderator membandingkan paling sedikit dua penilai; tulis `graders: 2`."
                )


def _plain(kind: Any) -> Any:
    return typing.get_args(kind)[0] if typing.get_origin(kind) is Annotated else kind


def _name(values: Any) -> str:
    """The id of a piece as written, or nothing."""
    name = values.get("id") if isinstance(values, dict) else None
    return name if isinstance(name, str) else ""


def _hint(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(name, names, 1)
    if close:
        return f"Maksudnya `{close[0]}`?"
    return f"Yang ada: {', '.join(names)}." if names else "Tambahkan dahulu."
