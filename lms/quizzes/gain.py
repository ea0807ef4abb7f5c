"""What was learned between a test before and a test after, as far as two scores can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

_FULL = 100


@dataclass(frozen=True, slots=True)
class Pair:
    """One learner's grades in both tests, each 0 to 100."""

    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Gain:
    """How much higher the second grade is: in points, and as a share of what could still be gained.

    ``share`` is None where nothing could be gained any more (a first grade of 100).
    """

    before: Fraction
    after: Fraction
    count: int = 1

    @property
    def points(self) -> Fraction:
        """The difference in points of 100; negative where the second grade is lower."""
        return self.after - self.before

    @property
    def share(self) -> Fraction | None:
        """The normalised gain <g> = (after - before) / (100 - before); 1 is all that could be gained.

        Hake, R. R. (1998). Interactive-engagement versus traditional methods: A six-thousand-student survey of
        mechanics test data for introductory physics courses. American Journal of Physics, 66(1), 64-74.
        """
        return self.points / (_FULL - self.before) if self.before != _FULL else None


def gain(pair: Pair) -> Gain:
    """The gain of one learner."""
    return Gain(Fraction(pair.before), Fraction(pair.after))


def class_gain(pairs: Sequence[Pair]) -> Gain | None:
    """The gain of a whole group; None without anybody who took both tests.

    As Hake (1998) defines it, <g> is worked out from the two class averages, not averaged over people; only those
    who took both tests are in either average.
    """
    count = len(pairs)
    if not count:
        return None
    before = sum((Fraction(pair.before) for pair in pairs), Fraction(0)) / count
    after = sum((Fraction(pair.after) for pair in pairs), Fraction(0)) / count
    return Gain(before, after, count)
