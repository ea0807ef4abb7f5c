"""Where the marks of a picture stand, in the units of its drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Field:
    """A drawing's inner rectangle, and what its sides stand for; ``y`` grows upwards."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def across(self, value: float) -> float:
        """Where a value stands from left to right."""
        low, high = self.x
        return round(self.left + (value - low) / (high - low) * self.width, 1)

    def down(self, value: float) -> float:
        """Where a value stands from top to bottom."""
        low, high = self.y
        return round(self.top + (high - value) / (high - low) * self.height, 1)


@dataclass(frozen=True, slots=True)
class Dot(Generic[T]):
    """A mark in a drawing with all that stands there."""

    x: float
    y: float
    things: tuple[T, ...]


def dots(field: Field, points: Iterable[tuple[T, float, float]], *, apart: float) -> list[Dot[T]]:
    """One mark for each (thing, x, y); those nearer than ``apart`` to the first of a mark share that mark."""
    found: list[Dot[T]] = []
    for thing, x, y in points:
        across, down = field.across(x), field.down(y)
        for at, dot in enumerate(found):
            if (dot.x - across) ** 2 + (dot.y - down) ** 2 < apart**2:
                found[at] = Dot(dot.x, dot.y, (*dot.things, thing))
                break
        else:
            found.append(Dot(across, down, (thing,)))
    return found


def bins(values: Sequence[float], *, most: float = 100.0, count: int = 10) -> list[int]:
    """How many values lie in each of ``count`` equal parts of 0 to ``most``; the last part includes ``most``."""
    found = [0] * count
    for value in values:
        found[min(count - 1, max(0, int(value * count / most)))] += 1
    return found
