"""A published quiz made ready for use: typed questions, what one attempt asks, and its Markdown as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urljoin

import msgspec
from markupsafe import Markup

from lms import markup
from lms.quizzes import scoring
from lms.quizzes.kinds.question import Question, Shown
from lms.quizzes.scoring import Drawn
from lms.quizzes.source import Quiz


@dataclass(frozen=True, slots=True)
class QuestionText:
    """A question as it is asked: its first line, the rest, its options and stems by id.

    `words` are the options without markup, for lists to choose from, where there are stems.
    """

    head: Markup
    more: Markup
    options: Mapping[str, Markup]
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AnswerText:
    """What is told about a question once feedback may be seen: its explanation, and feedback by option id."""

    explanation: Markup
    feedback: Mapping[str, Markup]


class Paper:
    """A quiz with what is worked out from it once and used for every page."""

    def __init__(self, quiz: Quiz) -> None:
        self.quiz = quiz
        self.questions: Mapping[str, Question] = {question.id: question for question in quiz.questions}
        self.asked = lru_cache(maxsize=512)(self._asked)
        self.pinned = lru_cache(maxsize=512)(self._pinned)
        self.question_texts = lru_cache(maxsize=16)(self._question_texts)
        self.answer_texts = lru_cache(maxsize=16)(self._answer_texts)
        self.inline = lru_cache(maxsize=512)(self._in_line)
        self.count = len(self.asked(0))

    def _asked(self, seed: int) -> tuple[Shown, ...]:
        """What an attempt with this seed asks, in order, without key and feedback."""
        return scoring.shown(self.quiz, scoring.drawn(self.quiz, seed))

    def _pinned(self, drawn: str) -> tuple[Shown, ...]:
        """What an attempt asks that keeps its questions as JSON of ``scoring.Drawn``, in order."""
        return scoring.shown(self.quiz, read_drawn(drawn))

    def _question_texts(self, address: str) -> Mapping[str, QuestionText]:
        """Every question as HTML, by id; relative links lead on from ``address``, the item's page."""
        links = self._links(address)
        texts = {}
        for question in self.quiz.questions:
            shown = question.shown()
            head, _, more = shown.prompt.partition("\n")
            texts[question.id] = QuestionText(
                head=_inline(head, links),
                more=markup.to_html(more, "course", links),
                options={each.id: _inline(each.text, links) for each in (*shown.options, *shown.stems)},
                words={each.id: markup.plain(each.text) for each in shown.options if shown.stems},
            )
        return texts

    def _answer_texts(self, address: str) -> Mapping[str, AnswerText]:
        """What is told about every question, by id."""
        links = self._links(address)

        texts = {}
        for question in self.quiz.questions:
            told = question.explain(None)
            feedback = {
                option.id: markup.to_html(option.feedback, "course", links) for option in told.options
            }
            explanation = markup.to_html(told.explanation, "course", links)
            texts[question.id] = AnswerText(explanation, feedback)
        return texts

    def _in_line(self, text: str, address: str) -> Markup:
        """One of the quiz's short texts as HTML."""
        return _inline(text, self._links(address))

    def _links(self, address: str) -> markup.Links:
        return tuple(
            (target, markup.Link(urljoin(address, link.href), link.width or None, link.height or None))
            for target, link in self.quiz.links
        )


_DRAWN = msgspec.json.Decoder(tuple[Drawn, ...])


def read_drawn(stored: str) -> tuple[Drawn, ...]:
    """The questions of an attempt as they were stored."""
    return _DRAWN.decode(stored)


def store_drawn(questions: tuple[Drawn, ...]) -> str:
    """The questions of an attempt as they are stored."""
    return msgspec.json.encode(questions).decode()


_DEFINITION = msgspec.json.Decoder(Quiz)  # made while loading, for the sake of threads


@lru_cache(maxsize=256)
def paper(definition: str) -> Paper:
    """Read a published definition (JSON of a ``Quiz``); cached by its content, which never changes."""
    return Paper(_DEFINITION.decode(definition))


def _inline(text: str, links: markup.Links) -> Markup:
    """A text of one paragraph without the paragraph's own element, to stand in a label or a legend."""
    html = markup.to_html(text, "course", links).strip()
    if html.startswith("<p>") and html.endswith("</p>") and html.count("<p") == 1:
        return html[3:-4]
    return html
