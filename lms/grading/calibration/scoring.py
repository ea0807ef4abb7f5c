"""How near somebody's marks of the samples are to the agreed ones; exact, so that a bound is a bound."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import msgspec

from lms.grading import agreement
from lms.grading.agreement import Pair
from lms.grading.content import ReviewContent

Measure = Literal["exact", "adjacent", "kappa"]
MEASURES: tuple[Measure, ...] = ("exact", "adjacent", "kappa")
REASON_AT_LEAST = 10


class Nearness(msgspec.Struct, frozen=True):
    """Over ``n`` criteria of all samples: shares in percent, quadratic weighted kappa times 100 (None: undefined)."""

    n: int
    exact: Decimal | None
    adjacent: Decimal | None
    kappa: Decimal | None

    def of(self, measure: Measure) -> Decimal | None:
        """The figure that a threshold speaks of."""
        return {"exact": self.exact, "adjacent": self.adjacent, "kappa": self.kappa}[measure]

    def reaches(self, measure: Measure, threshold: Decimal) -> bool:
        """Whether it is near enough. Where everybody gave one level only there is no kappa: then all must be exact."""
        value = self.of(measure)
        if value is None:
            return measure == "kappa" and self.exact == 100
        return value >= threshold


def pairs(agreed: ReviewContent, marked: ReviewContent, criteria: Iterable[str]) -> list[Pair]:
    """The agreed and the given level of each criterion that has both."""
    found = []
    for name in criteria:
        one, other = agreed.opinion(name).level, marked.opinion(name).level
        if one is not None and other is not None:
            found.append((one, other))
    return found


def nearness(found: Sequence[Pair]) -> Nearness:
    """The figures over these pairs of levels."""
    n = len(found)
    if not n:
        return Nearness(0, None, None, None)
    kappa = agreement.kappa(found)
    return Nearness(
        n,
        _percent(sum(one == other for one, other in found), n),
        _percent(sum(abs(one - other) <= 1 for one, other in found), n),
        None if kappa is None else Decimal(round(kappa * 10**8)).scaleb(-6),
    )


def _percent(part: int, whole: int) -> Decimal:
    """To six decimals, never up: 99.9999 of a hundred is not all."""
    exact = Fraction(100 * part, whole)
    return Decimal(exact.numerator * 10**6 // exact.denominator).scaleb(-6)


def missing(said: ReviewContent, criteria: Iterable[str], *, reasons: bool) -> list[str]:
    """The criteria without a level or, for those who agree on a sample, without a reason worth reading."""
    wanted = REASON_AT_LEAST if reasons else 0
    return [
        name
        for name in criteria
        if said.opinion(name).level is None or len(" ".join(said.opinion(name).comment.split())) < wanted
    ]


def names_in(texts: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Which of these (what is looked for, what it is called) the texts mention; numbers however they are grouped."""
    whole = " ".join(" ".join(texts).casefold().split())
    digits = "".join(filter(str.isdecimal, whole))
    return sorted(
        {
            called
            for sought, called in names.items()
            if sought
            and (" ".join(sought.casefold().split()) in whole or (sought.isdecimal() and sought in digits))
        }
    )
