"""Scoring attempts again by a corrected key: what differs between two keys, and whose score would change by it.

Nothing here writes. An attempt is always scored by one key: that of the item it began with, brought up to date by
the regrades of its cohort since it was handed in, with the rulings that stood when its score was last worked out.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import SequenceMatcher
from fractions import Fraction
from typing import Any

import msgspec

from lms.quizzes import scoring
from lms.quizzes.kinds.question import Answer, Question
from lms.quizzes.rulings import Ruling
from lms.quizzes.source import Quiz

ALIKE = 0.6
"""How much of its words a question must keep to be the same question with a reworded text."""

REWORDED = 0.6
"""How much of its letters an option must keep to be taken for a reworded one, once people agreed to it."""

_UNSCORED = frozenset({"prompt", "explanation", "feedback", "text", "points"})


@dataclass(frozen=True, slots=True)
class Difference:
    """A question in an older and a newer key; ``new`` is None where the newer one no longer has it."""

    old: Question
    new: Question | None
    key: bool
    points: bool
    text: bool
    options: tuple[tuple[str, str], ...]
    """Options of the older one that the newer one has no more: their text, and the newer text (or '') that
    would be taken for the same, if the question is included."""

    @property
    def id(self) -> str:
        return self.old.id

    @property
    def another(self) -> bool:
        """The newer one is another question under the same id: its key says nothing about the older answers."""
        if self.new is None:
            return False
        return self.old.kind != self.new.kind or bool(self.options) or not _alike(self.old, self.new)

    @property
    def scores(self) -> bool:
        """The newer key can change what an answer earns."""
        return self.new is not None and (self.key or self.points)


def differences(old: Quiz, new: Quiz) -> tuple[Difference, ...]:
    """The questions of the older quiz that the newer one has otherwise or no more, in the older one's order."""
    newer = {question.id: question for question in new.questions}
    found = []
    for question in old.questions:
        other = newer.get(question.id)
        if other is None:
            found.append(Difference(question, None, key=False, points=False, text=False, options=()))
            continue
        fitted = _fitted(question, other, loosely=False)
        each = Difference(
            question,
            other,
            key=_scoring_part(question) != _scoring_part(fitted),
            points=question.points != other.points,
            text=_texts(question) != _texts(fitted),
            options=_lost(question, other),
        )
        if each.scores or each.text:
            found.append(each)
    return tuple(found)


def corrected(own: Quiz, newer: Quiz, included: frozenset[str]) -> Quiz:
    """An attempt's own quiz with the newer one's key: the same questions, answers and rules, other points.

    Questions that the newer one lacks keep their key, and so do those that have become other questions, unless
    they are ``included`` by name.
    """
    others = {each.id for each in differences(own, newer) if each.another} - included
    known = {question.id: question for question in newer.questions if question.id not in others}
    return msgspec.structs.replace(
        own,
        questions=tuple(
            _fitted(question, known[question.id], loosely=question.id in included)
            if question.id in known
            else question
            for question in own.questions
        ),
    )


def _fitted(old: Question, new: Question, *, loosely: bool) -> Question:
    """The newer question with the older one's ids for options that were only reworded.

    An option without an id of its own has one made of its text, so that a corrected comma would otherwise turn
    everybody's right answer into one that no longer exists. "APBN" and "APBD" differ by as little, so more than
    commas and capitals are taken for a rewording ``loosely`` only: where somebody has looked at the pairs.
    """
    names = {new_id: old_id for old_id, new_id in _pairs(old, new, loosely=loosely).items() if new_id}
    if not names:
        return new
    options: Sequence[Any] = getattr(new, "options", ())
    return msgspec.structs.replace(
        new,
        options=tuple(
            msgspec.structs.replace(option, id=names.get(option.id, option.id)) for option in options
        ),
    )


def _choices(question: Question) -> dict[str, str]:
    """What an answer can name by an id: options and stems, with their text."""
    shown = question.shown()
    return {each.id: each.text for each in (*shown.options, *shown.stems)}


def _pairs(old: Question, new: Question, *, loosely: bool) -> dict[str, str]:
    """The ids of older options that the newer question lacks → the id that would be the same there, or ''."""
    before, after = _choices(old), _choices(new)
    names = {each: "" for each in before if each not in after}
    if old.kind != new.kind or not hasattr(new, "options"):
        return names
    fresh = [each for each in after if each not in before]
    pairs = [(_likeness(before[a], after[b]), a, b) for a in names for b in fresh]
    for alike, old_id, new_id in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if alike >= (REWORDED if loosely else 1) and not names[old_id] and new_id not in names.values():
            names[old_id] = new_id
    return names


def _lost(old: Question, new: Question) -> tuple[tuple[str, str], ...]:
    """The texts of older options that are gone, each with the newer text that could be the same, or ''."""
    exact, loose = _pairs(old, new, loosely=False), _pairs(old, new, loosely=True)
    before, after = _choices(old), _choices(new)
    return tuple((before[each], after.get(loose[each], "")) for each, same in exact.items() if not same)


def _texts(question: Question) -> Any:
    return question.prompt.split(), sorted((each, text.split()) for each, text in _choices(question).items())


def _scoring_part(question: Question) -> Any:
    """What of a question decides what an answer earns, apart from its points; options in the order of their ids."""
    plain = _stripped(msgspec.to_builtins(question))
    if isinstance(plain.get("options"), list):
        plain["options"] = sorted(plain["options"], key=lambda option: str(option["id"]))
    return plain


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _stripped(each) for name, each in value.items() if name not in _UNSCORED}
    return [_stripped(each) for each in value] if isinstance(value, list | tuple) else value


def _alike(old: Question, new: Question) -> bool:
    before, after = old.prompt.casefold().split(), new.prompt.casefold().split()
    return before == after or SequenceMatcher(None, before, after, autojunk=False).ratio() >= ALIKE


def _likeness(old: str, new: str) -> float:
    """1 for the same words in the same order, else how many letters they share."""
    if re.findall(r"\w+", old.casefold()) == re.findall(r"\w+", new.casefold()):
        return 1.0
    return min(0.99, SequenceMatcher(None, old.casefold(), new.casefold(), autojunk=False).ratio())


# --- who changes, and by how much ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taken:
    """A handed-in attempt with its score now (None: essays wait to be marked) and all it takes to score it again."""

    id: int
    enrolment: int
    number: int
    asked: tuple[str, ...]
    answers: Mapping[str, Answer]
    points: Decimal | None
    max_points: Decimal | None
    marks: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def percent(self) -> Decimal | None:
        """The score now, 0 to 100."""
        if self.points is None or self.max_points is None:
            return None
        return scoring.percent(self.points, self.max_points)


@dataclass(frozen=True, slots=True)
class Change:
    """An attempt whose score would change, in points and in percent; ``before`` None: it would have its first."""

    attempt: Taken
    points: Decimal
    max_points: Decimal
    before: Decimal | None
    after: Decimal


@dataclass(frozen=True, slots=True)
class GradeChange:
    """A learner whose counting grade would change; ``passes``: by an attempt that did not pass before."""

    enrolment: int
    before: Decimal | None
    after: Decimal


@dataclass(frozen=True, slots=True)
class Preview:
    """What a regrade would do; ``passing`` are the enrolments with an attempt that passes by it for the first time.

    ``fingerprint`` (SHA-256, hex) is the same as long as the same would be done to the same scores.
    """

    changes: tuple[Change, ...]
    grades: tuple[GradeChange, ...]
    passing: frozenset[int]
    failing: frozenset[int]
    same: int
    fingerprint: str


def preview(
    taken: Sequence[Taken],
    rescored: Callable[[Taken], scoring.Result],
    rules: Quiz,
    ledger: Mapping[int, Decimal],
    basis: str,
) -> Preview:
    """What ``rescored`` would change of the attempts, given in order of enrolment and number.

    ``rules`` say which attempt counts and what passes; ``ledger`` is the grade that stands now, by enrolment;
    ``basis`` names what the fingerprint must depend on beside the scores. A grade moves only where a score does.
    """
    changes: list[Change] = []
    percents: dict[int, list[Decimal]] = {}
    digest = hashlib.sha256(basis.encode())
    passing, failing = set(), set()
    for attempt in taken:
        result, before = rescored(attempt), attempt.percent
        after = before if result.pending else result.percent
        digest.update(f"\n{attempt.id} {attempt.points} {attempt.max_points}".encode())
        if after is not None:
            percents.setdefault(attempt.enrolment, []).append(after)
        if result.pending or (result.points, result.max) == (attempt.points, attempt.max_points):
            continue
        digest.update(f" {result.points} {result.max}".encode())
        changes.append(Change(attempt, result.points, result.max, before, result.percent))
        passed = before is not None and before >= rules.pass_mark
        if result.percent >= rules.pass_mark and not passed:
            passing.add(attempt.enrolment)
        if result.percent < rules.pass_mark and passed:
            failing.add(attempt.enrolment)
    grades = []
    for enrolment in dict.fromkeys(each.attempt.enrolment for each in changes):
        grade = scoring.grade_of(percents[enrolment], rules.grade)
        assert grade is not None
        if grade != ledger.get(enrolment):
            grades.append(GradeChange(enrolment, ledger.get(enrolment), grade))
            digest.update(f"\n= {enrolment} {ledger.get(enrolment)} {grade}".encode())
    return Preview(
        changes=tuple(changes),
        grades=tuple(grades),
        passing=frozenset(passing),
        failing=frozenset(failing),
        same=len(taken) - len(changes),
        fingerprint=digest.hexdigest(),
    )


# --- answers that a key takes for wrong ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Missed:
    """A typed answer that does not count as right: how it is spelled most often, and how many gave it."""

    text: str
    count: int


def missed(question: Question, answers: Iterable[Answer], ruling: Ruling) -> list[Missed]:
    """The typed answers that are not right, alike ones counted together, the most frequent first."""
    spellings: dict[str, Counter[str]] = {}
    for answer in answers:
        gist = question.gist(answer)
        if not gist or not isinstance(answer, str):
            continue
        if question.score(answer) < 1 and not scoring.is_accepted(question, answer, ruling):
            spellings.setdefault(gist, Counter())[answer] += 1
    found = [
        Missed(min(each, key=lambda text: (-each[text], text)), each.total()) for each in spellings.values()
    ]
    return sorted(found, key=lambda each: (-each.count, each.text.casefold()))
