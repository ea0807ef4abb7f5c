"""What became of single questions: the answer, and as far as the quiz's rule allows, what was right and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import url_for
from flask_babel import get_locale
from markupsafe import Markup

from lms import markup
from lms.quizzes import scoring
from lms.quizzes.essays.models import read_levels, rubric_of
from lms.quizzes.kinds.question import Answer, Feedback, Question, Shown
from lms.quizzes.marking.models import Basis, MarkLine
from lms.quizzes.models import Answers, Sitting
from lms.quizzes.paper import AnswerText, QuestionText
from lms.quizzes.rulings import Decision, Ruling
from lms.quizzes.views.standing import shown_points


def item_address(tried: Sitting) -> str:
    """The item's own page, which relative links in its text start from; '' where it has none to resolve."""
    if not tried.paper.quiz.links:
        return ""
    return url_for("courses.item", code=tried.code, item=tried.attempt.stable_id)


@dataclass(frozen=True, slots=True)
class Line:
    """An option with whether it was chosen; ``right`` and ``feedback`` only where they may be seen."""

    text: Markup
    chosen: bool
    right: bool | None
    feedback: Markup | None


@dataclass(frozen=True, slots=True)
class PartLine:
    """One part of an answer with what was given for it; ``right`` and ``key`` only where they may be seen."""

    text: Markup
    given: Markup | None
    right: bool | None
    key: Markup | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a question earned, the right answers (for questions without options), the explanation.

    ``sequence`` are the right answers where they are one after the other.
    """

    outcome: str
    points: Decimal
    max: Decimal
    key: Sequence[str]
    sequence: Sequence[Markup]
    explanation: Markup


@dataclass(frozen=True, slots=True)
class Marked:
    """What a facilitator said of an essay: the levels of its rubric as pairs of words, and a comment."""

    levels: Sequence[tuple[str, str]]
    comment: Markup


@dataclass(frozen=True, slots=True)
class Verdict:
    """A question with what was answered; ``told`` and ``marked`` are all that the quiz's rule may keep back.

    ``rulings`` are the decisions about its key that hold for this attempt.
    """

    number: int
    text: QuestionText
    blank: bool
    waiting: bool
    options: Sequence[Line]
    parts: Sequence[PartLine]
    given: Sequence[str]
    essay: Markup | None
    rulings: Sequence[Decision]
    told: Told | None
    marked: Marked | None


def verdicts_of(
    tried: Sitting,
    answers: Answers,
    basis: Basis,
    result: scoring.Result,
    *,
    open: bool,
    only: frozenset[str] | None = None,
) -> Iterator[Verdict]:
    """What became of each question; asked by the attempt's own text, judged by the key that holds now.

    ``only`` are the ids of the questions to tell about, all by default.
    """
    paper, address = tried.paper, item_address(tried)
    texts, secrets = paper.question_texts(address), basis.paper.answer_texts(address)
    marks = {mark.question: mark for mark in result.marks}
    essays, shares = basis.history.newest_marks, basis.history.shares
    for number, shown in enumerate(tried.asked, start=1):
        if only is not None and shown.id not in only:
            continue
        question, answer = basis.paper.questions[shown.id], answers.value(shown.id)
        feedback = question.explain(answer, str(get_locale()))
        ruling = basis.rulings.get(shown.id, Ruling())
        secret = secrets[shown.id] if open else None
        mark = marks[shown.id]
        outcome: str = question.outcome(answer, shares.get(shown.id))
        if mark.void:
            outcome = "void" if question.is_answered(answer) else "blank"
        elif scoring.is_accepted(question, answer, ruling):
            outcome = "right"
        yield Verdict(
            number=number,
            text=texts[shown.id],
            blank=outcome == "blank",
            waiting=outcome == "waiting",
            options=_lines(tried, shown, answer, feedback, secret),
            parts=[
                PartLine(
                    text=paper.inline(part.text, address),
                    given=paper.inline(part.given, address) if part.given else None,
                    right=part.right if secret else None,
                    key=paper.inline(part.key, address) if secret else None,
                )
                for part in feedback.parts
            ],
            given=() if shown.options else feedback.given,
            essay=markup.to_html("\n\n".join(feedback.given), "people") if question.by_hand else None,
            rulings=[each for each in ruling.decisions if each.kind == "void" or secret],
            told=Told(
                outcome=outcome,
                points=shown_points(mark.points),
                max=mark.max,
                key=() if shown.options else (*feedback.key, *ruling.accepts),
                sequence=[paper.inline(each, address) for each in feedback.key] if feedback.sequence else (),
                explanation=secret.explanation,
            )
            if secret
            else None,
            marked=_marked(tried, question, essays[shown.id]) if secret and shown.id in essays else None,
        )


def _marked(tried: Sitting, question: Question, mark: MarkLine) -> Marked:
    rubric = rubric_of(tried.attempt.item_id, question)
    given, levels = read_levels(mark.levels), []
    for criterion in rubric.criteria if rubric else ():
        level = rubric.level(given[criterion.id]) if rubric and criterion.id in given else None
        if level:
            levels.append((criterion.title, level.label))
    return Marked(levels, markup.to_html(mark.comment, "people"))


def _lines(
    tried: Sitting, shown: Shown, answer: Answer, feedback: Feedback, secret: AnswerText | None
) -> list[Line]:
    """The options in the order in which the attempt showed them; one that the key lacks by now is not right."""
    own = tried.paper.questions[shown.id].explain(answer)
    chosen = {note.id for note in own.options if note.chosen}
    notes = {note.id: note for note in feedback.options}
    text = tried.paper.question_texts(item_address(tried))[shown.id]
    if not own.options:
        return []
    return [
        Line(
            text=text.options[each.id],
            chosen=each.id in chosen,
            right=(each.id in notes and notes[each.id].right) if secret else None,
            feedback=secret.feedback.get(each.id) if secret else None,
        )
        for each in shown.options
    ]
