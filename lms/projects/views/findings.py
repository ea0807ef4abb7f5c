"""Findings as pages show them: in words, with their place, and tied to the cell they are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext

from lms.projects import content
from lms.projects.checks import Finding
from lms.projects.source import Section, TableSection, TextSection

SHOWN_AT_MOST = 60
KINDS = {"error": "bad", "warning": "warn", "hint": "plain"}
ORDER = {"error": 0, "warning": 1, "hint": 2}


def level_word(level: str) -> str:
    """What a finding's level is called."""
    return {"error": gettext("Wajib"), "warning": gettext("Saran"), "hint": gettext("Petunjuk")}[level]


@dataclass(frozen=True)
class Mark:
    """One finding in a list: its element's id, its words, the id of the cell it points at ('' for none)."""

    id: str
    finding: Finding
    word: str
    kind: str
    message: str
    advice: str
    cell: str
    row: int | None
    place: str


@dataclass(frozen=True)
class Marks:
    """The findings of one section: those shown, how many more there are, how many checks are met."""

    shown: list[Mark]
    more: int
    passed: int
    empty: bool
    cells: dict[str, list[Mark]] = field(default_factory=dict)


def anchor(finding: Finding) -> str:
    """The id of the element on the section's page that a finding is about."""
    if finding.column is None:
        return ""
    return f"sel-{finding.row_id}-{finding.column}" if finding.row_id else f"kol-{finding.column}"


def mark(finding: Finding, section: Section, name: str) -> Mark:
    """One finding in words; ``name`` becomes its element's id."""
    message, advice = finding.told(gettext)
    row = None if finding.row is None else finding.row + 1
    column = section.column(finding.column) if isinstance(section, TableSection) and finding.column else None
    place = gettext("kolom %(column)s", column=column.label) if column else ""
    if row is not None:
        place = f"{gettext('baris %(number)s', number=row)}, {place}" if place else place
    return Mark(
        id=name,
        finding=finding,
        word=level_word(finding.level),
        kind=KINDS[finding.level],
        message=message,
        advice=advice,
        cell=anchor(finding),
        row=row,
        place=place,
    )


def marks_of(section: Section, findings: Iterable[Finding], held: content.Content) -> Marks:
    """The findings of a section as its page lists them, the weightiest first."""
    empty = content.is_empty(held)
    own = [] if empty else [finding for finding in findings if finding.section == section.id]
    own.sort(key=lambda finding: ORDER[finding.level])
    shown = [
        mark(finding, section, f"temuan-{at}") for at, finding in enumerate(own[:SHOWN_AT_MOST], start=1)
    ]
    cells: dict[str, list[Mark]] = {}
    for each in shown:
        if each.cell:
            cells.setdefault(each.cell, []).append(each)
    return Marks(
        shown=shown,
        more=len(own) - len(shown),
        passed=0 if empty else max(0, _asked(section) - _unmet(own)),
        empty=empty,
        cells=cells,
    )


def _asked(section: Section) -> int:
    """How many checks a section has, those its definition implies included."""
    if isinstance(section, TableSection):
        implied = sum(column.required + (column.type != "text") for column in section.columns)
        return 1 + implied + len(section.checks)
    if isinstance(section, TextSection):
        return 1 + len(section.requires) + len(section.checks)
    return 3


def _unmet(findings: Sequence[Finding]) -> int:
    return len(
        {
            (each.check, each.column, each.values.get("heading", ""))
            if each.check.startswith("_")
            else each.check
            for each in findings
        }
    )
