"""What a project asks for, as stored."""

import typing
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from lms.courses.source import Links
from lms.projects import content
from lms.projects.rules import Rule

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
ColumnType = Literal["text", "number", "integer", "money", "percent", "year", "choice", "ref"]
FileKind = Literal["pdf", "docx", "xlsx", "png", "jpg"]

NUMERIC: frozenset[ColumnType] = frozenset({"number", "integer", "money", "percent", "year"})


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number from `min` to `max`, both included; no `max` is no upper bound.

    Written "3..60", "300..", "..20" or "5".
    """

    min: int = 0
    max: int | None = None

    def holds(self, count: int) -> bool:
        return self.min <= count and (self.max is None or count <= self.max)


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lateness costs: nothing within `grace` seconds, then `per_day` points a day begun, up to `max`."""

    grace: int = 0
    per_day: Decimal = Decimal(0)
    max: Decimal = Decimal(100)

    def deduction(self, seconds: int) -> Decimal:
        """Decimal (of 100) taken off for work that came this many seconds after its deadline."""
        if seconds <= self.grace:
            return Decimal(0)
        return min(self.per_day * -(-seconds // 86_400), self.max)


class Reconcile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How several reviews become one grade.

    Their average, or a moderator's decision where two of them differ by more than `above` points.
    """

    how: Literal["average", "moderator"] = "average"
    above: Decimal = Decimal(0)


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column of a table.

    `options` are the values of a choice; `ref` is the `section.column` whose values a ref chooses from; `min`
    and `max` bound a number. money is whole rupiah, percent is 4.64 for "4,64%", year has four digits.
    """

    id: str
    label: Title
    type: ColumnType = "text"
    options: tuple[Title, ...] = ()
    ref: str | None = None
    required: bool = False
    min: Decimal | None = None
    max: Decimal | None = None

    @property
    def numeric(self) -> bool:
        return self.type in NUMERIC


class TextSection(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="text"
):
    """A text to write: `words` bounds its length, `requires` lists its headings, `guide` is Markdown."""

    id: str
    title: Title
    words: Span = Span()
    requires: tuple[Title, ...] = ()
    guide: str = ""
    required: bool = True
    checks: tuple[Rule, ...] = ()

    kind: typing.ClassVar[str] = "text"


class TableSection(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="table"
):
    """A table to fill in; one whose `rows` may be none at all is optional."""

    id: str
    title: Title
    rows: Span = Span(1, 100)
    columns: tuple[Column, ...] = ()
    checks: tuple[Rule, ...] = ()
    guide: str = ""

    kind: typing.ClassVar[str] = "table"

    @property
    def required(self) -> bool:
        return self.rows.min > 0

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.id == name), None)


class FilesSection(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="files"
):
    """Files to add: at most `max`, each up to `max_mb` MB (1,024 x 1,024 bytes), of the kinds in `accept`."""

    id: str
    title: Title
    accept: Annotated[tuple[FileKind, ...], msgspec.Meta(min_length=1)] = (
        "pdf",
        "docx",
        "xlsx",
        "png",
        "jpg",
    )
    max: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5
    max_mb: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    guide: str = ""
    required: bool = False

    kind: typing.ClassVar[str] = "files"


Section = TextSection | TableSection | FilesSection


class Project(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A project: who does it, how it is graded, and the sections to fill.

    `minutes` is designed time; `requires` are ids of items to complete first; `rubric` is the rubric's stable
    id; `graders` is the number of independent reviews; `expertise` names what its reviewers should know well;
    `rounds` is how often a team can hand in, without end where it is not written: a review of the
    last one returns nothing; without `late` nothing is taken off for lateness;
    `appeal_days` is how long learners may appeal against a released grade, 0 for not at all;
    `pass_mark` (written `pass`) is out of 100; `links` says where relative targets in brief and guides lead,
    and is not for authors to write.
    """

    title: Title
    id: str | None = None
    minutes: Annotated[int, msgspec.Meta(ge=1, le=60_000)]
    team: Span = Span(1, 1)
    graders: Annotated[int, msgspec.Meta(ge=1, le=5)] = 1
    rounds: Annotated[int, msgspec.Meta(ge=1, le=20)] | None = None
    reconcile: Reconcile = Reconcile()
    expertise: Annotated[tuple[str, ...], msgspec.Meta(max_length=10)] = ()
    blind: Literal["none", "learner", "both"] = "none"
    pass_mark: Decimal = msgspec.field(default=Decimal(70), name="pass")
    late: Late | None = None
    appeal_days: Annotated[int, msgspec.Meta(ge=0, le=90)] = 7
    rubric: Title
    requires: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    links: Links = ()

    def is_last_round(self, number: int) -> bool:
        """Whether the round with this number (``SubmissionVersion.round_number``) is the last that can be handed in."""
        return self.rounds is not None and number >= self.rounds

    def section(self, name: str) -> Section | None:
        """The section with this id."""
        return next((section for section in self.sections if section.id == name), None)


def empty(section: Section) -> content.Content:
    """What a section holds before anybody has typed anything."""
    if isinstance(section, TableSection):
        return content.Table()
    return () if isinstance(section, FilesSection) else ""
