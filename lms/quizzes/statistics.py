"""How well a quiz and each of its questions measure, from what learners earned.

What comes in are sheets, one for each learner: what the questions that were asked of them earned. Figures are
floats made of exact sums, so that they are the same in whatever order the sheets come; they are good to 1e-9.
Variances divide by n, as the formulas of the classical theory do: they describe those who answered.

Sources: Kuder, G. F., & Richardson, M. W. (1937), The theory of the estimation of test reliability, Psychometrika
2, 151-160. Cronbach, L. J. (1951), Coefficient alpha and the internal structure of tests, Psychometrika 16, 297-334.
Ebel, R. L., & Frisbie, D. A. (1991), Essentials of educational measurement, 5th ed. Crocker, L., & Algina, J.
(1986), Introduction to classical and modern test theory. Fisher, R. A. (1921), On the "probable error" of a
coefficient of correlation deduced from a small sample, Metron 1, 3-32.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import atanh, fsum, sqrt, tanh
from typing import Literal

CERTAIN = 30
"""Below so many answers figures may be chance: they are shown and said to be uncertain."""

Lack = Literal[
    "",
    "few",
    "same",
    "same rest",
    "one question",
    "draws",
    "shares",
    "weights",
    "negative",
    "untimed",
    "void",
]
"""Why a figure cannot be worked out."""

Outcome = Literal["right", "partly", "wrong", "blank"]
OUTCOMES: tuple[Outcome, ...] = ("right", "partly", "wrong", "blank")
Third = Literal["lower", "middle", "upper"]
THIRDS: tuple[Third, ...] = ("upper", "middle", "lower")

_UNIT = 10**6  # of points: as many places as scores have
_SEEN_95 = 1.959963984540054  # of the normal distribution: 95 % lie within so many standard deviations


# --- what comes in ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reply:
    """What one question earned one learner, of `max` points; blank ones earn 0.

    `chosen` are the ids of the options that were ticked, `seconds` the time it took (None: not known). A `void`
    question counts for nothing but its answers.
    """

    points: Decimal
    max: Decimal
    answered: bool = True
    chosen: frozenset[str] = frozenset()
    seconds: float | None = None
    void: bool = False


Sheet = Mapping[str, Reply]
"""One learner's replies, by question id: those that were asked of them only."""


def time_spent(started_at: datetime, saves: Iterable[tuple[str, datetime]]) -> dict[str, float]:
    """The seconds that went by for each question, from its saves (question id, when it was given) in that order.

    The time up to a save, from the save before it or from the beginning, is taken to have gone into the question
    that was saved; so it includes reading it, and pauses. Where several questions came at the same moment (a whole
    page at once, without our module), nobody knows how they shared that time: those are left out.
    """
    spent: dict[str, float] = {}
    unknown: set[str] = set()
    moments: dict[datetime, list[str]] = {}
    for question, at in saves:
        moments.setdefault(at, []).append(question)
    before = started_at
    for at in sorted(moments):
        together = set(moments[at])
        if len(together) > 1:
            unknown |= together
        else:
            (question,) = together
            spent[question] = spent.get(question, 0.0) + max(0.0, (at - before).total_seconds())
        before = max(before, at)
    return {question: seconds for question, seconds in spent.items() if question not in unknown}


# --- what comes out -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, or None with the reason why there is none."""

    value: float | None
    lack: Lack = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many learners there are in each third, by the rest of their score."""

    upper: int = 0
    middle: int = 0
    lower: int = 0

    @property
    def all(self) -> int:
        return self.upper + self.middle + self.lower

    def of(self, third: Third) -> int:
        """How many there are in this third."""
        return {"upper": self.upper, "middle": self.middle, "lower": self.lower}[third]


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """One question as those answered it of whom it was asked (`asked`: how many, by thirds).

    `facility` is the mean share of the points, 0 (nobody earned any) to 1; `discrimination` is -1 to 1, with the
    ends of its 95 % interval where there are enough answers for one. `seconds` is a median. `chosen` counts those
    who took an option, by option id; `outcomes` those who earned all, some or nothing, or left it blank.
    """

    question: str
    asked: Counts
    facility: Figure
    discrimination: Figure
    interval: tuple[float, float] | None
    seconds: Figure
    timed: int
    chosen: Mapping[str, Counts]
    outcomes: Mapping[Outcome, Counts]
    void: bool = False

    @property
    def n(self) -> int:
        return self.asked.all

    @property
    def blank(self) -> float:
        """The share of those who left it blank, 0 to 1."""
        return self.outcomes["blank"].all / self.n if self.n else 0.0

    @property
    def uncertain(self) -> bool:
        """Whether so few answered that the figures may be chance."""
        return self.n < CERTAIN


@dataclass(frozen=True, slots=True)
class QuizFigures:
    """A quiz as its learners did it; mean, median, deviation and error of measurement in percent of the points.

    `covered` says how many questions the reliability was worked out from: those that everybody was asked.
    """

    n: int
    mean: Figure
    median: Figure
    deviation: Figure
    alpha: Figure
    kr20: Figure
    error: Figure
    covered: int
    questions: int

    @property
    def uncertain(self) -> bool:
        """Whether so few took it that the figures may be chance."""
        return self.n < CERTAIN


@dataclass(frozen=True, slots=True)
class Figures:
    """A quiz and its questions, in their order; `percents` are the learners' scores in rising order."""

    quiz: QuizFigures
    items: Mapping[str, ItemFigures]
    percents: tuple[float, ...]


def figures(questions: Sequence[str], sheets: Sequence[Sheet]) -> Figures:
    """Work out everything for these questions, from one sheet a learner.

    Void questions are left out of every score. Where questions are drawn, learners had different ones: each is
    compared with the share that its learners earned of the rest of what they were asked.
    """
    papers = [_Paper(sheet) for sheet in sheets]
    percents = sorted(100 * paper.earned / paper.most for paper in papers if paper.most)
    return Figures(
        quiz=_quiz_figures(questions, papers, percents),
        items={question: _item_figures(question, papers) for question in questions},
        percents=tuple(percents),
    )


class _Paper:
    """A sheet with its sums, in millionths of a point: whole numbers, so that equal scores are equal."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.points = {
            question: (round(reply.points * _UNIT), round(reply.max * _UNIT))
            for question, reply in sheet.items()
            if not reply.void
        }
        self.earned = sum(points for points, _ in self.points.values())
        self.most = sum(most for _, most in self.points.values())

    def rest(self, question: str) -> float | None:
        """The share earned of everything but this question; None where there was nothing else."""
        points, most = self.points.get(question, (0, 0))
        # of whole numbers this is rounded once, so that equal shares are equal floats
        return (self.earned - points) / (self.most - most) if self.most > most else None


# --- the whole quiz -----------------------------------------------------------------------------------------


def _quiz_figures(
    questions: Sequence[str], papers: Sequence[_Paper], percents: Sequence[float]
) -> QuizFigures:
    n = len(percents)
    asked = [question for question in questions if any(question in paper.points for paper in papers)]
    common = [question for question in asked if all(question in paper.points for paper in papers)]
    deviation = _deviation(percents)
    alpha = _alpha(common, papers, n)
    return QuizFigures(
        n=n,
        mean=Figure(fsum(percents) / n) if n else Figure(None, "few"),
        median=Figure(statistics.median(percents)) if n else Figure(None, "few"),
        deviation=deviation,
        alpha=alpha,
        kr20=_kr20(common, papers, alpha),
        error=_error(deviation, alpha, whole=common == asked),
        covered=len(common),
        questions=len(asked),
    )


def _deviation(values: Sequence[float]) -> Figure:
    """The standard deviation, dividing by n; None for fewer than two values."""
    if len(values) < 2:
        return Figure(None, "few")
    mean = fsum(values) / len(values)
    return Figure(sqrt(fsum((value - mean) ** 2 for value in values) / len(values)))


def _alpha(common: Sequence[str], papers: Sequence[_Paper], n: int) -> Figure:
    """Cronbach's alpha: k / (k - 1) * (1 - sum of the questions' variances / variance of their sum).

    At most 1; below 0 where questions work against each other. Cronbach (1951).
    """
    if n < 2:
        return Figure(None, "few")
    if len(common) < 2:
        return Figure(None, "one question" if len(common) == _widest(papers) else "draws")
    columns = [[paper.points[question][0] for paper in papers] for question in common]
    whole = _spread([sum(row) for row in zip(*columns, strict=True)])
    if not whole:
        return Figure(None, "same")
    k = len(common)
    return Figure(k / (k - 1) * (1 - sum(map(_spread, columns)) / whole))


def _widest(papers: Sequence[_Paper]) -> int:
    return max((len(paper.points) for paper in papers), default=0)


def _spread(values: Sequence[int]) -> int:
    """n² times the variance: n Σx² - (Σx)², exact."""
    return len(values) * sum(value * value for value in values) - sum(values) ** 2


def _kr20(common: Sequence[str], papers: Sequence[_Paper], alpha: Figure) -> Figure:
    """Kuder and Richardson's formula 20: k / (k - 1) * (1 - Σ p (1 - p) / variance of the number right).

    For questions that are right or wrong and weigh the same: there it is what alpha is. Kuder & Richardson (1937).
    """
    if alpha.value is None:
        return alpha
    replies = [paper.points[question] for paper in papers for question in common]
    if any(points not in (0, most) for points, most in replies):
        return Figure(None, "shares")
    if len({most for _, most in replies}) > 1:
        return Figure(None, "weights")
    n, k = len(papers), len(common)
    rights = [sum(1 for paper in papers if paper.points[question][0]) for question in common]
    scores = [sum(1 for question in common if paper.points[question][0]) for paper in papers]
    unevenness = sum(right * (n - right) for right in rights)  # n² Σ p (1 - p)
    return Figure(k / (k - 1) * (1 - unevenness / _spread(scores)))


def _error(deviation: Figure, alpha: Figure, *, whole: bool) -> Figure:
    """The standard error of measurement: deviation * sqrt(1 - reliability). Crocker & Algina (1986), chapter 7.

    Only where the reliability is that of the whole quiz, and not below 0: such a one says nothing about error.
    """
    if deviation.value is None:
        return deviation
    if alpha.value is None:
        return alpha
    if not whole:
        return Figure(None, "draws")
    if alpha.value < 0:
        return Figure(None, "negative")
    return Figure(deviation.value * sqrt(max(0.0, 1 - alpha.value)))


# --- one question -------------------------------------------------------------------------------------------


def _item_figures(question: str, papers: Sequence[_Paper]) -> ItemFigures:
    asked = [paper for paper in papers if question in paper.sheet]
    replies = [paper.sheet[question] for paper in asked]
    void = any(reply.void for reply in replies)
    rests = [paper.rest(question) for paper in asked]
    thirds = thirds_of([0.0 if rest is None else rest for rest in rests])
    facility = discrimination = Figure(None, "void" if void else "few")
    pairs: list[tuple[float, float]] = []
    if asked and not void:
        points = [paper.points[question] for paper in asked]
        shares = [earned / most if most else 0.0 for earned, most in points]
        facility = Figure(fsum(shares) / len(shares))
        pairs = [(share, rest) for share, rest in zip(shares, rests, strict=True) if rest is not None]
        discrimination = _correlation(pairs) if pairs else Figure(None, "one question")
    times = [reply.seconds for reply in replies if reply.seconds is not None]
    options = sorted({option for reply in replies for option in reply.chosen})
    outcomes = [_outcome(reply) for reply in replies]
    return ItemFigures(
        question=question,
        asked=_counted(thirds),
        facility=facility,
        discrimination=discrimination,
        interval=_interval(discrimination.value, len(pairs)),
        seconds=Figure(statistics.median(times)) if times else Figure(None, "untimed"),
        timed=len(times),
        chosen={
            option: _counted(
                third for reply, third in zip(replies, thirds, strict=True) if option in reply.chosen
            )
            for option in options
        },
        outcomes={
            each: _counted(third for found, third in zip(outcomes, thirds, strict=True) if found == each)
            for each in OUTCOMES
        },
        void=void,
    )


def _outcome(reply: Reply) -> Outcome:
    if not reply.answered:
        return "blank"
    return "wrong" if not reply.points else "right" if reply.points >= reply.max else "partly"


def _counted(thirds: Iterable[Third]) -> Counts:
    found = list(thirds)
    return Counts(found.count("upper"), found.count("middle"), found.count("lower"))


def thirds_of(values: Sequence[float]) -> list[Third]:
    """The third that each value belongs to, in rising order: which of the three the middle of its rank falls into.

    Equal values stay together, so thirds may be of unequal size (all of them in the middle, where all are equal),
    and the order in which values come decides nothing.
    """
    n, counts = len(values), Counter(values)
    ranks: dict[float, Third] = {}
    below = 0
    for value in sorted(counts):
        count = counts[value]
        middle = 3 * (
            2 * below + count
        )  # six times the middle of its ranks; a third is at 2 n, two thirds at 4 n
        ranks[value] = "lower" if middle < 2 * n else "upper" if middle > 4 * n else "middle"
        below += count
    return [ranks[value] for value in values]


def _correlation(pairs: Sequence[tuple[float, float]]) -> Figure:
    """Pearson's correlation of a question's share with the share earned of the rest: -1 to 1.

    For a question that is right or wrong this is the point-biserial one with the rest score, the corrected
    discrimination index: without the question itself, which would otherwise correlate with its own part of the
    sum. Crocker & Algina (1986), chapter 14.
    """
    n = len(pairs)
    if n < 2:
        return Figure(None, "few")
    shares, rests = [share for share, _ in pairs], [rest for _, rest in pairs]
    if min(shares) == max(shares):
        return Figure(None, "same")
    if min(rests) == max(rests):
        return Figure(None, "same rest")
    share_mean, rest_mean = fsum(shares) / n, fsum(rests) / n
    both = fsum((share - share_mean) * (rest - rest_mean) for share, rest in pairs)
    one = fsum((share - share_mean) ** 2 for share in shares)
    other = fsum((rest - rest_mean) ** 2 for rest in rests)
    return Figure(min(1.0, max(-1.0, both / sqrt(one) / sqrt(other))))


def _interval(value: float | None, n: int) -> tuple[float, float] | None:
    """The 95 % interval of a correlation of n pairs: tanh(artanh r ± 1.96 / sqrt(n - 3)), Fisher (1921).

    None for fewer than four pairs, and at -1 and 1, where it has no width.
    """
    if value is None or n < 4 or abs(value) >= 1:
        return None
    middle, reach = atanh(value), _SEEN_95 / sqrt(n - 3)
    return tanh(middle - reach), tanh(middle + reach)
