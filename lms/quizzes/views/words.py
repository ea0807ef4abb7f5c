"""What pages about a quiz's key say in words."""

from __future__ import annotations

from flask_babel import get_locale

from lms import markup
from lms.quizzes.kinds.question import Question


def key_in_words(question: Question) -> tuple[str, ...]:
    """The right answers, without markup; empty for what people mark."""
    told = question.explain(None, str(get_locale()))
    words = [each.text for each in told.options if each.right] if told.options else list(told.key)
    if told.sequence:
        words = [" → ".join(words)]
    return tuple(markup.plain(each) for each in words)
