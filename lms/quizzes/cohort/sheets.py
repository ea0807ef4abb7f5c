"""From an attempt and its score to the sheet that item analysis reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from lms.quizzes.kinds.question import Answer
from lms.quizzes.scoring import Result
from lms.quizzes.source import Quiz
from lms.quizzes.statistics import Reply, Sheet


def sheet_of(
    quiz: Quiz, result: Result, answers: Mapping[str, Answer], seconds: Mapping[str, float]
) -> Sheet:
    """What each question of an attempt earned by ``result``, the score by this quiz's key.

    A void question keeps what its answer earns by the key, so that one sees how it went; it counts for nothing.
    """
    return dict(_replies(quiz, result, answers, seconds))


def _replies(
    quiz: Quiz, result: Result, answers: Mapping[str, Answer], seconds: Mapping[str, float]
) -> Iterator[tuple[str, Reply]]:
    questions = {question.id: question for question in quiz.questions}
    for mark in result.marks:
        question, answer = questions[mark.question], answers.get(mark.question)
        points = mark.points
        if mark.void:
            share = question.score(answer)
            points = Decimal(share.numerator) / share.denominator * question.points
        yield (
            question.id,
            Reply(
                points=points,
                max=question.points,
                answered=mark.answered,
                chosen=question.ticked(answer),
                seconds=seconds.get(question.id),
                void=bool(mark.void),
            ),
        )


def key_of(quiz: Quiz) -> dict[str, dict[str, bool]]:
    """Which options are right, by question id and option id, in the author's order; none for other kinds."""
    return {
        question.id: {option.id: option.right for option in question.explain(None).options}
        for question in quiz.questions
    }
