"""What the tests of every format ask."""

from __future__ import annotations

from typing import Any

from lms.quizzes.exchange.composition import Imported
from lms.quizzes.exchange.registry import quiz_from
from lms.quizzes.kinds.question import Question
from lms.quizzes.source import Quiz, parse

FILE = "01-awal/03-kuis-uji.md"


def imported(content: str | bytes, name: str = "kuis-uji.txt", **options: Any) -> Imported:
    """The file as it is imported; every number of minutes is told, so that no loss is about them."""
    data = content.encode() if isinstance(content, str) else content
    return quiz_from(name, data, file=FILE, minutes=options.pop("minutes", 10), **options)


def quiz_of(found: Imported) -> Quiz:
    """The quiz that its Markdown is, without any problem."""
    assert found.problems == (), found.markdown
    quiz, problems = parse(found.markdown, FILE)
    assert problems == []
    assert quiz is not None
    return quiz


def one(content: str | bytes, name: str = "kuis-uji.txt") -> Question:
    """The only question of a file that loses nothing."""
    found = imported(content, name)
    assert [str(loss) for loss in found.losses] == []
    (question,) = quiz_of(found).questions
    return question


def losses(found: Imported) -> list[str]:
    """The report, line by line."""
    return [str(loss) for loss in found.losses]
