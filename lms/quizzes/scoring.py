"""From a quiz and answers to points, and from attempts to a grade: exact inside, six decimals at the end."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

import msgspec

from lms.quizzes.kinds.question import Answer, Question, Shown
from lms.quizzes.rulings import Ruling, voids_in_force
from lms.quizzes.source import Quiz

_PLACES = Decimal("0.000001")
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
NO_RULINGS: Mapping[str, Ruling] = MappingProxyType({})
_UNMARKED: Mapping[str, Fraction] = MappingProxyType({})


class Mark(msgspec.Struct, frozen=True):
    """What one question earned; `void` says by which rule it no longer decides, '' when it does."""

    question: str
    points: Decimal
    max: Decimal
    answered: bool
    void: str = ""


class Result(msgspec.Struct, frozen=True):
    """What an attempt earned, of `max` points and in percent, with the marks in the order of the quiz.

    `pending` are the ids of questions whose answer still waits for a facilitator's mark and earns 0 so far.
    """

    points: Decimal
    max: Decimal
    percent: Decimal
    marks: tuple[Mark, ...]
    pending: tuple[str, ...] = ()


class Drawn(msgspec.Struct, frozen=True):
    """A question as one attempt asks it: its id, and its options in the order to show them."""

    question: str
    options: tuple[str, ...]


def score(
    quiz: Quiz,
    answers: Mapping[str, Answer],
    asked: Iterable[str] | None = None,
    *,
    marks: Mapping[str, Fraction] = _UNMARKED,
    rulings: Mapping[str, Ruling] = NO_RULINGS,
) -> Result:
    """Score the answers, by question id; `asked` are the ids drawn for the attempt, all by default.

    `marks` are what facilitators gave for answers that people mark, as shares of the points, 0 to 1, by
    question id. `rulings` stand beside the key: an answer that one accepts is right, a void question gives its
    points to everybody (`full`) or leaves the maximum (`drop`). Answers to questions that were not asked count
    for nothing; a blank one earns 0 and waits for nobody. Never raises, whatever was stored.
    """
    wanted = None if asked is None else frozenset(asked)
    questions = [each for each in quiz.questions if wanted is None or each.id in wanted]
    voids = voids_in_force(rulings, [each.id for each in questions])
    found: list[Mark] = []
    pending: list[str] = []
    total, most = Fraction(0), Fraction(0)
    for question in questions:
        answer, void = answers.get(question.id), voids.get(question.id, "")
        answered = question.is_answered(answer)
        if void == "drop":
            found.append(Mark(question.id, Decimal(0), Decimal(0), answered, void))
            continue
        share = question.score(answer)
        if void or (question.id in rulings and is_accepted(question, answer, rulings[question.id])):
            share = Fraction(1)
        elif question.by_hand and answered:
            if question.id in marks:
                share = min(max(marks[question.id], Fraction(0)), Fraction(1))
            else:
                pending.append(question.id)
        earned = share * Fraction(question.points)
        total += earned
        most += Fraction(question.points)
        found.append(Mark(question.id, _decimal(earned), question.points, answered, void))
    share = total * 100 / most if most else Fraction(0)
    return Result(_decimal(total), _decimal(most), _decimal(share), tuple(found), tuple(pending))


def is_accepted(question: Question, answer: Answer, ruling: Ruling) -> bool:
    """Whether a ruling takes this typed answer for right, spelled in any way that is compared alike."""
    gist = question.gist(answer)
    return bool(gist) and any(gist == question.gist(each) for each in ruling.accepts)


def percent(points: Decimal, most: Decimal) -> Decimal:
    """The points as a percentage of `most`; 0 where nothing could be earned."""
    return _decimal(Fraction(points) * 100 / Fraction(most)) if most else Decimal(0)


def grade_of(scores: Sequence[Decimal], rule: Literal["best", "last", "first", "average"]) -> Decimal | None:
    """The score that counts, of all attempts in the order they were handed in; None without any."""
    if not scores:
        return None
    if rule == "best":
        return max(scores)
    if rule == "average":
        return _decimal(sum((Fraction(each) for each in scores), Fraction(0)) / len(scores))
    return scores[0] if rule == "first" else scores[-1]


def feedback_open(
    rule: Literal["each", "submitted", "passed", "closed", "never"],
    *,
    submitted: bool,
    passed: bool,
    closed: bool,
) -> bool:
    """Whether key and feedback of a whole attempt may be seen.

    `passed` is whether this learner has passed the quiz, `closed` whether nobody can attempt it any more.
    With "each", feedback on a single question may be seen as soon as that question is answered for good.
    """
    return submitted and {
        "each": True,
        "submitted": True,
        "passed": passed,
        "closed": closed,
        "never": False,
    }.get(rule, False)


def drawn(quiz: Quiz, seed: int) -> tuple[Drawn, ...]:
    """The questions of an attempt in the order to ask them; the same for the same quiz and seed, for ever.

    Pools keep their place, and shuffling stays within a pool, or within a run of questions outside pools.
    """
    pool_of = {each: pool for pool in quiz.pools for each in pool.questions}
    chosen = {
        each for pool in quiz.pools for each in _mixed(pool.questions, seed, f"draw {pool.id}")[: pool.draw]
    }
    runs: list[tuple[str, list[str]]] = []
    for question in quiz.questions:
        pool = pool_of.get(question.id)
        if pool is not None and question.id not in chosen:
            continue
        name = pool.id if pool else ""
        if not runs or runs[-1][0] != name:
            runs.append((name, []))
        runs[-1][1].append(question.id)
    order = [
        each
        for name, run in runs
        for each in (_mixed(run, seed, f"order {name}") if quiz.shuffle in ("questions", "all") else run)
    ]
    questions = {question.id: question for question in quiz.questions}
    return tuple(Drawn(each, _options(quiz, questions[each], seed)) for each in order)


def _options(quiz: Quiz, question: Question, seed: int) -> tuple[str, ...]:
    if question.always_mixed or quiz.shuffle in ("options", "all"):
        return question.arranged(_mixed(question.option_ids, seed, f"options {question.id}"))
    return question.option_ids


def shown(quiz: Quiz, questions: Iterable[Drawn]) -> tuple[Shown, ...]:
    """What a learner may see of the drawn questions before answering: no key, no feedback."""
    known = {question.id: question for question in quiz.questions}
    return tuple(known[each.question].shown(each.options) for each in questions if each.question in known)


def _mixed(names: Iterable[str], seed: int, purpose: str) -> list[str]:
    """The names in an order that depends on seed and purpose only, not on their first order."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}\0{purpose}\0{name}".encode()).digest())


def _decimal(value: Fraction) -> Decimal:
    exact = _WIDE.divide(Decimal(value.numerator), Decimal(value.denominator))
    return exact.quantize(_PLACES, context=_WIDE).normalize(_WIDE) if exact else Decimal(0)
