"""The consistency checks an author can ask for: what each rule is called and which keys it takes.

A check is written in a section's `checks` as `{id, rule, level, ...}`. Every check takes

    id        unique within its section
    rule      one of the tags below
    level     error (blocks handing in), warning (asks for a reason) or hint (informs); error unless said
    otherwise message   optional: said instead of the platform's own sentence about what does not fit settle
    optional: said instead of the platform's own advice

and the keys of its rule. Where a rule takes `columns`, `column: x` is short for `columns: [x]`; a list of one
may be written as the one. Other tables are named as `section.column`. What a rule finds is computed in
`checks`; a new rule is one Struct here and one function there.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar, Literal, NamedTuple

import msgspec

from lms.patterns import BadPattern, compiled
from lms.refusals import N_ as N_

Level = Literal["error", "warning", "hint"]
Names = tuple[str, ...]

DIRECTIONS = ("naik", "turun", "tetap")


class Use(NamedTuple):
    """A column that a check reads.

    `key` is the option that names it, `address` is `column` or `section.column`, `numeric` asks for numbers.
    """

    key: str
    address: str
    numeric: bool = False


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all checks have in common."""

    id: str
    level: Level = "error"
    message: str = ""
    settle: str = ""

    sections: ClassVar[tuple[str, ...]] = ("table",)
    """Kinds of section that can hold the rule."""

    @property
    def rule(self) -> str:
        return str(self.__struct_config__.tag)

    def uses(self) -> Iterator[Use]:
        """The columns it reads."""
        yield from ()

    def wrong(self) -> Iterator[tuple[str, str]]:
        """What is wrong with its options by themselves: (key, message in Indonesian)."""
        yield from ()


class Required(Check, frozen=True, kw_only=True, tag_field="rule", tag="required"):
    """In every row, `columns` are filled in."""

    columns: Names

    def uses(self) -> Iterator[Use]:
        yield from _own("columns", self.columns)


class Unique(Check, frozen=True, kw_only=True, tag_field="rule", tag="unique"):
    """No two rows have the same values in `columns`, taken together; capitals make no difference."""

    columns: Names

    def uses(self) -> Iterator[Use]:
        yield from _own("columns", self.columns)


class Pattern(Check, frozen=True, kw_only=True, tag_field="rule", tag="pattern"):
    """Each filled cell of `columns` matches `pattern` as a whole; `lms.patterns` says what it may hold."""

    columns: Names
    pattern: str

    def uses(self) -> Iterator[Use]:
        yield from _own("columns", self.columns)

    def wrong(self) -> Iterator[tuple[str, str]]:
        try:
            compiled(self.pattern)
        except BadPattern as problem:
            yield "pattern", str(problem)


class Range(Check, frozen=True, kw_only=True, tag_field="rule", tag="range"):
    """Each number in `columns` is at least `min` and at most `max` (either may be left out)."""

    columns: Names
    min: Decimal | None = None
    max: Decimal | None = None

    def uses(self) -> Iterator[Use]:
        yield from _own("columns", self.columns, numeric=True)

    def wrong(self) -> Iterator[tuple[str, str]]:
        if self.min is None and self.max is None:
            yield "", "Tulis `min`, `max`, atau keduanya."
        elif self.min is not None and self.max is not None and self.min > self.max:
            yield "max", "Nilai `max` lebih kecil daripada `min`; tukar keduanya."


class Trend(Check, frozen=True, kw_only=True, tag_field="rule", tag="trend"):
    """In every row, the numbers `across` the columns move one way.

    `direction` is "naik" (no step down), "turun" (no step up) or "tetap" (no step at all), or a column that
    says one of these row by row. Numbers that should move and are all the same do not fit; with `strict:
    true` every single step must move.
    """

    across: Names
    direction: str
    strict: bool = False

    def uses(self) -> Iterator[Use]:
        yield from _own("across", self.across, numeric=True)
        if self.direction not in DIRECTIONS:
            yield Use("direction", self.direction)

    def wrong(self) -> Iterator[tuple[str, str]]:
        if len(self.across) < 2:
            yield "across", "Aturan trend membandingkan paling sedikit dua kolom; tambah kolomnya."


class Equal(Check, frozen=True, kw_only=True, tag_field="rule", tag="equal"):
    """In every row, `columns` hold the same value; numbers may differ by `tolerance`."""

    columns: Names
    tolerance: Decimal = Decimal(0)

    def uses(self) -> Iterator[Use]:
        yield from _own("columns", self.columns, numeric=self.tolerance != 0)

    def wrong(self) -> Iterator[tuple[str, str]]:
        if len(self.columns) < 2:
            yield "columns", "Aturan equal membandingkan paling sedikit dua kolom; tambah kolomnya."
        if self.tolerance < 0:
            yield "tolerance", "Nilai `tolerance` tidak boleh negatif."


class Same(Check, frozen=True, kw_only=True, tag_field="rule", tag="same"):
    """Rows with the same value in `key`, in this table and in `tables`, have the same values in `columns`.

    The columns have the same ids in every table.
    """

    key: str
    columns: Names
    tables: Names = ()

    def uses(self) -> Iterator[Use]:
        yield Use("key", self.key)
        yield from _own("columns", self.columns)
        for table in self.tables:
            yield from (Use("tables", f"{table}.{column}") for column in (self.key, *self.columns))


class Covered(Check, frozen=True, kw_only=True, tag_field="rule", tag="covered"):
    """Every value of `column` is taken up at least once in the columns `by`, such as `program.sasaran`."""

    column: str
    by: Names

    def uses(self) -> Iterator[Use]:
        yield Use("column", self.column)
        yield from (Use("by", address) for address in self.by)


class Known(Check, frozen=True, kw_only=True, tag_field="rule", tag="known"):
    """Every value of `column` stands in one of the columns `against`, such as `sasaran.sasaran`."""

    column: str
    against: Names

    def uses(self) -> Iterator[Use]:
        yield Use("column", self.column)
        yield from (Use("against", address) for address in self.against)


class SumAtMost(Check, frozen=True, kw_only=True, tag_field="rule", tag="sum_at_most"):
    """The sum of each of `columns` is at most the limit that the table `against` states.

    `row: {uraian: Kapasitas riil}` picks the rows of that table that state it (without it, all its rows,
    summed); `limits` names its columns, one for each of `columns`, where their ids differ.
    """

    columns: Names
    against: str
    row: dict[str, str] = {}
    limits: Names = ()

    def uses(self) -> Iterator[Use]:
        yield from _own("columns", self.columns, numeric=True)
        limits, key = (self.limits, "limits") if self.limits else (self.columns, "against")
        yield from (Use(key, f"{self.against}.{column}", True) for column in limits)
        yield from (Use("row", f"{self.against}.{column}") for column in self.row)

    def wrong(self) -> Iterator[tuple[str, str]]:
        if self.limits and len(self.limits) != len(self.columns):
            yield "limits", "Jumlah kolom `limits` harus sama dengan jumlah kolom `columns`."


class Avoid(Check, frozen=True, kw_only=True, tag_field="rule", tag="avoid"):
    """None of `phrases` stands in the text, or in the cells of `columns` of a table; whole words only.

    `at: start` looks at the beginning of the text or cell only. Its level is hint unless said otherwise:
    wording is advice.
    """

    level: Level = "hint"
    phrases: Names
    columns: Names = ()
    at: Literal["anywhere", "start"] = "anywhere"

    sections: ClassVar[tuple[str, ...]] = ("table", "text")

    def uses(self) -> Iterator[Use]:
        yield from _own("columns", self.columns)

    def wrong(self) -> Iterator[tuple[str, str]]:
        if not all(phrase.strip() for phrase in self.phrases):
            yield "phrases", "Frasa tidak boleh kosong; hapus atau isi."


class Words(Check, frozen=True, kw_only=True, tag_field="rule", tag="words"):
    """The text, or each filled cell of `columns` of a table, has at least `min` and at most `max` words."""

    min: int = 0
    max: int | None = None
    columns: Names = ()

    sections: ClassVar[tuple[str, ...]] = ("table", "text")

    def uses(self) -> Iterator[Use]:
        yield from _own("columns", self.columns)

    def wrong(self) -> Iterator[tuple[str, str]]:
        if self.min <= 0 and self.max is None:
            yield "", "Tulis `min`, `max`, atau keduanya."
        elif self.min < 0 or (self.max is not None and self.max < max(self.min, 1)):
            yield (
                "max",
                "Batas kata terbalik: `min` harus paling sedikit 0 dan `max` tidak kurang daripada `min`.",
            )


class Headings(Check, frozen=True, kw_only=True, tag_field="rule", tag="headings"):
    """Each of `headings` is a heading of the text, of any level; numbering makes no difference."""

    headings: Names

    sections: ClassVar[tuple[str, ...]] = ("text",)


Rule = (
    Required
    | Unique
    | Pattern
    | Range
    | Trend
    | Equal
    | Same
    | Covered
    | Known
    | SumAtMost
    | Avoid
    | Words
    | Headings
)

RULES: dict[str, type[Rule]] = {str(rule.__struct_config__.tag): rule for rule in Rule.__args__}

# What a list of findings calls each rule; the last six are those that a section's own keys imply.
TITLES = {
    "required": N_("Isian wajib"),
    "unique": N_("Tidak boleh ganda"),
    "pattern": N_("Bentuk penulisan"),
    "range": N_("Batas nilai"),
    "trend": N_("Arah target"),
    "equal": N_("Nilai yang harus sama"),
    "same": N_("Nilai yang sama di setiap tabel"),
    "covered": N_("Setiap isian ditindaklanjuti"),
    "known": N_("Rujukan yang ada"),
    "sum_at_most": N_("Batas jumlah"),
    "avoid": N_("Pilihan kata"),
    "words": N_("Jumlah kata"),
    "headings": N_("Judul wajib"),
    "section": N_("Bagian wajib"),
    "type": N_("Jenis isian"),
    "choice": N_("Pilihan yang tersedia"),
    "rows": N_("Jumlah baris"),
    "files": N_("Jumlah berkas"),
}


def _own(key: str, columns: Names, numeric: bool = False) -> Iterator[Use]:
    return (Use(key, column, numeric) for column in columns)
