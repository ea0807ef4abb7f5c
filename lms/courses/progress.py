"""How far a learner is: the one next step, what is left, what is locked. Pure arithmetic over an outline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from lms.courses.outline import ItemLine, Outline

BEGUN = 5
"""Percent of an item from which looking at it counts as having begun."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one is with one item; ``place`` is the heading id where reading stopped."""

    place: str
    percent: int
    seen_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """An item that can be worked on now; ``minutes_left`` shrinks with what has been read."""

    line: ItemLine
    minutes_left: int
    begun: bool
    place: str
    percent: int


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over a whole outline; minutes are designed minutes."""

    done: int
    total: int
    minutes_done: int
    minutes_total: int
    minutes_left: int

    @property
    def finished(self) -> bool:
        """Everything is completed (a course without items never is)."""
        return 0 < self.total == self.done


def completed_of(marks: Mapping[str, Mark]) -> frozenset[str]:
    """The stable ids that are completed."""
    return frozenset(stable_id for stable_id, mark in marks.items() if mark.completed_at is not None)


def missing_requirements(
    outline: Outline, completed: AbstractSet[str], stable_id: str
) -> tuple[ItemLine, ...]:
    """The items to complete before this one opens, in order; none when it is open, done or unknown."""
    line = outline.item(stable_id)
    if line is None or stable_id in completed:
        return ()
    return outline.missing(line, completed)


def minutes_left(line: ItemLine, percent: int) -> int:
    """The designed minutes that remain after ``percent`` of the item, rounded up and never less than one."""
    return max(1, -(-line.minutes * (100 - min(max(percent, 0), 100)) // 100))


def open_steps(outline: Outline, completed: AbstractSet[str], places: Mapping[str, Mark]) -> Iterator[Step]:
    """Every item that is neither completed nor locked, in the outline's order."""
    locked = outline.locked(completed)
    for line in outline.items:
        if line.stable_id in completed or line.stable_id in locked:
            continue
        mark = places.get(line.stable_id)
        percent = _percent(mark)
        yield Step(
            line=line,
            minutes_left=minutes_left(line, percent),
            begun=percent >= BEGUN,
            place=mark.place if mark else "",
            percent=percent,
        )


def next_step(outline: Outline, completed: AbstractSet[str], places: Mapping[str, Mark]) -> Step | None:
    """The one thing to do next: what was begun and left last, else the first that is open, else None."""
    steps = list(open_steps(outline, completed, places))
    begun = [step for step in steps if step.begun]
    if begun:
        return max(begun, key=lambda step: places[step.line.stable_id].seen_at)
    return steps[0] if steps else None


def tally(outline: Outline, completed: AbstractSet[str], places: Mapping[str, Mark]) -> Tally:
    """How many items and minutes are done and left; completed ids that left the outline do not count."""
    done = [line for line in outline.items if line.stable_id in completed]
    rest = [line for line in outline.items if line.stable_id not in completed]
    return Tally(
        done=len(done),
        total=len(outline.items),
        minutes_done=sum(line.minutes for line in done),
        minutes_total=outline.minutes,
        minutes_left=sum(minutes_left(line, _percent(places.get(line.stable_id))) for line in rest),
    )


def _percent(mark: Mark | None) -> int:
    return mark.percent if mark else 0


def year_around(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The year of ``now`` in a zone as two moments in UTC, [start, end); training hours are counted by it."""
    there = ZoneInfo(zone)
    year = now.astimezone(there).year
    return (
        datetime(year, 1, 1, tzinfo=there).astimezone(UTC),
        datetime(year + 1, 1, 1, tzinfo=there).astimezone(UTC),
    )
