"""The arithmetic of a grade, criterion by criterion, so that it can be added up again by hand.

Exact inside: what each criterion gave, what became of it by a moderator or an appeal, the sum, what lateness took,
what one member got beside the team. Rounding happens once, at display, and where rounded parts do not add up to the
rounded sum, the difference is a line of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from lms import formats
from lms import rubric as rubrics
from lms.grading.verdict import Final, after_lateness
from lms.projects.source import Late
from lms.rubric import Rubric, Score

_PLACES = 12


class Change(msgspec.Struct, frozen=True):
    """What a criterion counts from here on, out of its weight; `by` names the decision ("appeal:7")."""

    criterion: str
    points: Decimal
    by: str


class Line(msgspec.Struct, frozen=True):
    """A criterion: what each review gave of its weight, what of that counts, and what it was changed to later.

    `decided` is what the reviews or a moderator came to, `counts` what holds now; they differ after an appeal.
    """

    id: str
    title: str
    weight: Decimal
    given: tuple[Decimal | None, ...]
    decided: Decimal
    counts: Decimal
    changes: tuple[Change, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it could still gain."""
        return self.counts < self.weight


class Explanation(msgspec.Struct, frozen=True):
    """From the criteria to the grade: `rubric` is the sum of what counts, `final` after lateness, `total` with what
    the member got beside the team's grade.
    """

    lines: tuple[Line, ...]
    moderated: bool
    rubric: Decimal
    final: Final
    adjustment: Decimal
    total: Decimal

    @property
    def capped(self) -> Decimal:
        """What the bounds of 0 and 100 took or gave."""
        return self.total - self.final.points - self.adjustment


class Sum(msgspec.Struct, frozen=True):
    """Rounded parts, the rounded sum, and what is missing between them (0 as a rule)."""

    parts: tuple[Decimal, ...]
    rounding: Decimal
    total: Decimal


def shown(parts: Sequence[Decimal], total: Decimal, mark: Decimal | int | None = None) -> Sum:
    """Round for showing: parts and rounding always add up to the total as it is shown."""
    rounded = tuple(formats.grade(part) for part in parts)
    whole = formats.grade(total, mark)
    return Sum(rounded, whole - sum(rounded, Decimal(0)), whole)


def decided(
    rubric: Rubric, reviews: Sequence[Mapping[str, Score]], ruled: Mapping[str, Score] | None
) -> dict[str, Decimal]:
    """What each criterion gave: by the moderator's ruling, else the mean of the reviews; out of its weight."""
    counting = [ruled] if ruled is not None else reviews
    found = {}
    for at, criterion in enumerate(rubric.criteria):
        given = [rubrics.breakdown(rubric, each)[at].contribution for each in counting]
        points = [Fraction(each) for each in given if each is not None]
        if points and len(points) == len(given):
            found[criterion.id] = tidy(sum(points, Fraction(0)) / len(points))
    return found


def explain(
    rubric: Rubric,
    reviews: Sequence[Mapping[str, Score]],
    ruled: Mapping[str, Score] | None,
    base: Decimal,
    *,
    changes: Sequence[Change] = (),
    late: Late | None = None,
    late_seconds: int = 0,
    adjustment: Decimal = Decimal(0),
) -> Explanation:
    """Put a grade together again from what was decided.

    `base` is the rubric's grade as the ledger was given it, before lateness; `changes` follow in their order.
    Raises ValueError where a criterion has no score: such a grade was never decided.
    """
    points = decided(rubric, reviews, ruled)
    if len(points) < len(rubric.criteria):
        raise ValueError("a criterion without a score")
    given = [rubrics.breakdown(rubric, each) for each in reviews]
    counts, total = dict(points), base
    for change in changes:
        if change.criterion in counts:
            total = changed(total, counts[change.criterion], change.points)
            counts[change.criterion] = change.points
    lines = tuple(
        Line(
            criterion.id,
            criterion.title,
            criterion.weight,
            tuple(parts[at].contribution for parts in given),
            points[criterion.id],
            counts[criterion.id],
            tuple(each for each in changes if each.criterion == criterion.id),
        )
        for at, criterion in enumerate(rubric.criteria)
    )
    final = after_lateness(total, late, late_seconds)
    whole = min(max(final.points + adjustment, Decimal(0)), Decimal(100))
    return Explanation(lines, ruled is not None, total, final, adjustment, whole)


def changed(total: Decimal, old: Decimal, new: Decimal) -> Decimal:
    """The rubric's grade after one criterion counts `new` instead of `old`, within 0 to 100."""
    return min(max(tidy(Fraction(total) - Fraction(old) + Fraction(new)), Decimal(0)), Decimal(100))


def tidy(value: Fraction) -> Decimal:
    """Exact where decimals end within twelve places, else rounded there; no closing zeros."""
    text = f"{Decimal(round(value * 10**_PLACES)).scaleb(-_PLACES):f}"
    return Decimal(text.rstrip("0").rstrip(".")) if "." in text else Decimal(text)
