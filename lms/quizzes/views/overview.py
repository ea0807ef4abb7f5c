"""How an attempt stands, question by question: for the map beside its pages, and the summary before handing in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext

from lms.quizzes.kinds.question import Answer as Value
from lms.quizzes.kinds.question import Question
from lms.quizzes.models import Answers, Sitting


@dataclass(frozen=True, slots=True)
class Mark:
    """A question of an attempt in the map: its number, the page it stands on, and how it stands."""

    number: int
    id: str
    page: int
    answered: bool
    doubt: str
    flagged: bool


def marks_of(tried: Sitting, answers: Answers) -> list[Mark]:
    """Every question that the attempt asks, in its order."""
    size, flags = page_size(tried), tried.flags
    marks = []
    for at, shown in enumerate(tried.asked):
        question, value = tried.paper.questions[shown.id], answers.value(shown.id)
        marks.append(
            Mark(
                number=at + 1,
                id=shown.id,
                page=at // size + 1,
                answered=question.is_answered(value),
                doubt=doubt_in_words(question, value),
                flagged=shown.id in flags,
            )
        )
    return marks


def page_size(tried: Sitting) -> int:
    """How many questions stand on one page; all of them unless the quiz says otherwise."""
    return tried.paper.quiz.per_page or max(1, len(tried.asked))


def page_asked(value: str | None, marks: list[Mark]) -> int:
    """The page that an address names; without one that there is, the first on which something is open."""
    last = marks[-1].page if marks else 1
    if value and value.isdecimal() and value.isascii() and len(value) < 6 and 1 <= int(value) <= last:
        return int(value)
    if not any(mark.answered for mark in marks):
        return 1
    return _first_page(mark for mark in marks if not mark.answered)


def _first_page(marks: Iterable[Mark]) -> int:
    return next((mark.page for mark in marks), 1)


def address_of(tried: Sitting, number: int) -> str:
    """Where a question of an attempt is asked."""
    size = page_size(tried)
    page = (number - 1) // size + 1 if size < len(tried.asked) else None
    # the first question of a page needs no jump: above it stands what one should see again
    anchor = f"soal-{number}" if (number - 1) % size else None
    return url_for("quizzes.attempt", attempt_id=tried.attempt.id, hal=page, _anchor=anchor)


def doubt_in_words(question: Question, value: Value) -> str:
    """What to ask about an answer; empty when all is well."""
    doubt = question.doubt(value)
    return gettext(doubt.message, **doubt.values) if doubt else ""
