"""An item of the version that a cohort takes now, as the pages about a whole cohort load it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from lms.courses.models import ItemLine, Outline, cohort_by_code, outline


@dataclass(frozen=True, slots=True)
class CohortItem:
    """A thing of the access table: the cohort, and the item's line in its outline."""

    cohort_id: int
    code: str
    name: str
    version_id: int
    line: ItemLine

    @property
    def outline(self) -> Outline:
        return outline(self.version_id)


Found = TypeVar("Found", bound=CohortItem)


def items_of(version_id: int, kind: str) -> list[ItemLine]:
    """The items of a kind, in the order of their course."""
    return [line for line in outline(version_id).items if line.kind == kind]


def cohort_item(made: type[Found], code: str, item: str, kind: str) -> Found | None:
    """The item with this stable id and kind in the cohort with this code, in one statement."""
    cohort = cohort_by_code(code)
    line = outline(cohort.version_id).item(item) if cohort else None
    if cohort is None or line is None or line.kind != kind:
        return None
    return made(cohort.id, cohort.code, cohort.name, cohort.version_id, line)
