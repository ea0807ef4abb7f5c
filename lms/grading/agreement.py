"""How far graders agree: exact and adjacent agreement, weighted kappa, intraclass correlation, severity.

All functions take plain values and return None where a figure is not defined; sums are exact (``fsum``), results are
floats with a tolerance of 1e-9. Levels are whole numbers, higher is better.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean

import msgspec

LEAST = 10
"""Pairs, or works, below which a figure is hidden: it would say more about chance than about graders."""

Pair = tuple[int, int]


class Agreement(msgspec.Struct, frozen=True):
    """How two series of levels agree; ``exact`` and ``adjacent`` are shares of ``n``, ``kappa`` from -1 to 1."""

    n: int
    exact: float | None
    adjacent: float | None
    kappa: float | None


def agreement(pairs: Sequence[Pair]) -> Agreement:
    """Agreement over pairs of levels that two graders gave the same work for the same criterion.

    Exact: the same level; adjacent: at most one level apart (it contains the exact ones).
    """
    n = len(pairs)
    if not n:
        return Agreement(0, None, None, None)
    exact = sum(one == other for one, other in pairs) / n
    adjacent = sum(abs(one - other) <= 1 for one, other in pairs) / n
    return Agreement(n, exact, adjacent, kappa(pairs))


def kappa(pairs: Sequence[Pair], power: int = 2) -> float | None:
    """Weighted kappa: 1 - observed / expected disagreement, weights ``|i - j| ** power``.

    Cohen, "Weighted kappa", Psychological Bulletin 70 (1968); with power 2 (quadratic) it equals an intraclass
    correlation but for terms of 1/n: Fleiss and Cohen, Educational and Psychological Measurement 33 (1973). Power 0
    is Cohen's unweighted kappa of 1960. None without pairs, and where both graders only ever gave one level.
    """
    n = len(pairs)
    if not n:
        return None

    def weight(one: int, other: int) -> int:
        return int(one != other) if power == 0 else abs(one - other) ** power

    firsts, seconds = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    observed = sum(weight(one, other) for one, other in pairs) * n
    expected = sum(
        weight(one, other) * count * times
        for one, count in firsts.items()
        for other, times in seconds.items()
    )
    return 1 - observed / expected if expected else None


def icc(table: Sequence[Sequence[float]]) -> float | None:
    """ICC(2,1): how far single ratings by any of the graders stand for the work, grader severity counted against it.

    ``table`` has a row for each work and a column for each grader, without gaps. Two-way random effects, absolute
    agreement, single rating: (BMS - EMS) / (BMS + (k - 1) EMS + k (JMS - EMS) / n) of Shrout and Fleiss, "Intraclass
    correlations", Psychological Bulletin 86 (1979). None with fewer than two works or graders, or no variance at all.
    """
    n = len(table)
    k = len(table[0]) if n else 0
    if n < 2 or k < 2:
        return None
    if any(len(row) != k for row in table):
        raise ValueError("every work needs a rating by every grader")
    whole = fmean(value for row in table for value in row)
    rows = [fmean(row) for row in table]
    columns = [fmean(row[at] for row in table) for at in range(k)]
    between = k * math.fsum((mean - whole) ** 2 for mean in rows) / (n - 1)
    judges = n * math.fsum((mean - whole) ** 2 for mean in columns) / (k - 1)
    rest = math.fsum(
        (value - rows[i] - columns[j] + whole) ** 2
        for i, row in enumerate(table)
        for j, value in enumerate(row)
    ) / ((n - 1) * (k - 1))
    under = between + (k - 1) * rest + k * (judges - rest) / n
    return (between - rest) / under if abs(under) > 1e-12 else None


class Severity(msgspec.Struct, frozen=True):
    """How much higher (positive, lenient) or lower a grader's points are than the other graders' of the same works.

    ``low`` and ``high`` bound the mean difference with 95 % confidence; None below two works.
    """

    n: int
    mean: float | None
    low: float | None
    high: float | None


def severities(works: Sequence[Mapping[int, float]]) -> dict[int, Severity]:
    """The severity of each grader, by id; each work maps its graders to the points they gave.

    A grader's difference on a work is to the mean of its other graders; works with one grader say nothing. The
    interval is Student's: mean ± t(0.975, n - 1) s / sqrt(n).
    """
    differences: dict[int, list[float]] = {}
    for work in works:
        if len(work) < 2:
            continue
        total = math.fsum(work.values())
        for grader, points in work.items():
            others = (total - points) / (len(work) - 1)
            differences.setdefault(grader, []).append(points - others)
    return {grader: _interval(values) for grader, values in sorted(differences.items())}


def _interval(values: Sequence[float]) -> Severity:
    n = len(values)
    mean = math.fsum(values) / n
    if n < 2:
        return Severity(n, mean, None, None)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = student(n - 1) * spread / math.sqrt(n)
    return Severity(n, mean, mean - half, mean + half)


# t(0.975) for 1 to 30 degrees of freedom, as every textbook tabulates it (e.g. Fisher and Yates, table III)
_STUDENT = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)


def student(freedom: int) -> float:
    """Student's t for a two-sided 95 % interval; beyond 30 degrees by the expansion of Cornish and Fisher."""
    if freedom < 1:
        raise ValueError("at least one degree of freedom")
    if freedom <= len(_STUDENT):
        return _STUDENT[freedom - 1]
    z = 1.959964
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
