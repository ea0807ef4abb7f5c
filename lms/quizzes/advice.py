"""What the figures of a question suggest that its author look at: rules of thumb, never verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lms.quizzes.statistics import ItemFigures

ENOUGH = 10
"""Below so many answers nothing is suggested: chance alone makes patterns then."""

EASY, HARD = 0.95, 0.20
WEAK = 0.20
"""Below it a question hardly tells strong from weak; Ebel and Frisbie (1991) call for a revision or another question."""
MANY_BLANK = 0.25
SLOW = 2.0
"""How many times the time planned for one question counts as long."""
SHORTEST_SLOW = 60.0  # seconds

Kind = Literal["key", "against", "unanswered", "hard", "weak", "blank", "slow", "easy", "unchosen"]
Weight = Literal["bad", "warn", "info"]
WEIGHTS: Mapping[Kind, Weight] = {
    "key": "bad",
    "against": "bad",
    "unanswered": "bad",
    "hard": "warn",
    "weak": "warn",
    "blank": "warn",
    "slow": "warn",
    "easy": "info",
    "unchosen": "info",
}
"""How much a suggestion weighs, the heaviest first."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to look at; `options` are the ids of those that it is about, if any."""

    kind: Kind
    options: tuple[str, ...] = ()

    @property
    def weight(self) -> Weight:
        return WEIGHTS[self.kind]


def advice(item: ItemFigures, key: Mapping[str, bool], *, planned: float | None = None) -> tuple[Advice, ...]:
    """What to look at in a question, the heaviest first.

    `key` says of each option whether it is right, in the author's order, empty for questions without options;
    `planned` are the seconds that the author planned for a question (None: no time is called long). Nothing is
    said of void questions, and of those that fewer than ``ENOUGH`` were asked.
    """
    if item.void or item.n < ENOUGH:
        return ()
    if item.outcomes["blank"].all == item.n:
        return (Advice("unanswered"),)
    found = [Advice("key", suspects)] if (suspects := _suspects(item, key)) else []
    facility, discrimination = item.facility.value, item.discrimination.value
    if discrimination is not None and discrimination < 0:
        found.append(Advice("against"))
    if facility is not None and facility < HARD:
        found.append(Advice("hard"))
    if (
        discrimination is not None
        and 0 <= discrimination < WEAK
        and facility is not None
        # where nearly all are right or wrong there is no room for a difference, and that is said already
        and HARD <= facility <= EASY
    ):
        found.append(Advice("weak"))
    if item.blank >= MANY_BLANK:
        found.append(Advice("blank"))
    seconds = item.seconds.value
    if planned is not None and seconds is not None and seconds > max(SLOW * planned, SHORTEST_SLOW):
        found.append(Advice("slow"))
    if facility is not None and facility > EASY:
        found.append(Advice("easy"))
    if unchosen := tuple(each for each, right in key.items() if not right and each not in item.chosen):
        found.append(Advice("unchosen", unchosen))
    return tuple(found)


def _suspects(item: ItemFigures, key: Mapping[str, bool]) -> tuple[str, ...]:
    """Wrong options that more of the upper third took than a right one: perhaps the key is what is wrong."""

    def upper(option: str) -> int:
        return item.chosen[option].upper if option in item.chosen else 0

    rights: Sequence[int] = [upper(each) for each, right in key.items() if right]
    if not rights:
        return ()
    return tuple(each for each, right in key.items() if not right and upper(each) > min(rights))


Grade = Literal["high", "fair", "low", "negative"]


def reliability_grade(alpha: float) -> Grade:
    """A reliability in a word: from 0.80 high, from 0.70 fair, below that low, below 0 questions disagree.

    For decisions about single learners Ebel & Frisbie (1991) ask for 0.85 or more, for a teacher's own test they
    find 0.50 common; so the words are about how much weight one quiz's score can bear.
    """
    return "high" if alpha >= 0.8 else "fair" if alpha >= 0.7 else "negative" if alpha < 0 else "low"
