"""What an attempt earned, and as far as the quiz's rule allows, what was right and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from markupsafe import Markup

from lms import markup
from lms.access import Deed
from lms.courses.models import ItemLine
from lms.extensions import utcnow
from lms.guard import allowed, person
from lms.quizzes import scoring
from lms.quizzes.kinds.question import Feedback
from lms.quizzes.models import Answers, Sitting, attempts_of, current_answers, is_running, late_count
from lms.quizzes.paper import AnswerText, QuestionText
from lms.quizzes.views.attempt import attempt_of, item_address
from lms.quizzes.views.blueprint import blueprint
from lms.quizzes.views.standing import (
    Standing,
    feedback_in_words,
    rule_in_words,
    shown_points,
    standing_of,
    try_of,
)


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
class Verdict:
    """A question with what was answered; ``told`` is all that the quiz's rule may keep back."""

    number: int
    text: QuestionText
    blank: bool
    waiting: bool
    options: Sequence[Line]
    parts: Sequence[PartLine]
    given: Sequence[str]
    essay: Markup | None
    told: Told | None


def _verdicts(tried: Sitting, answers: Answers, *, open: bool) -> Iterator[Verdict]:
    paper, address = tried.paper, item_address(tried)
    texts, secrets = paper.question_texts(address), paper.answer_texts(address)
    asked = [shown.id for shown in tried.asked]
    marks = {mark.question: mark for mark in scoring.score(paper.quiz, answers.values(), asked).marks}
    for number, shown in enumerate(tried.asked, start=1):
        question = paper.questions[shown.id]
        feedback = question.explain(answers.value(shown.id), str(get_locale()))
        secret = secrets[shown.id] if open else None
        mark = marks[shown.id]
        yield Verdict(
            number=number,
            text=texts[shown.id],
            blank=feedback.outcome == "blank",
            waiting=feedback.outcome == "waiting",
            options=_lines([option.id for option in shown.options], texts[shown.id], feedback, secret),
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
            told=Told(
                outcome=feedback.outcome,
                points=shown_points(mark.points),
                max=mark.max,
                key=() if shown.options else feedback.key,
                sequence=[paper.inline(each, address) for each in feedback.key] if feedback.sequence else (),
                explanation=secret.explanation,
            )
            if secret
            else None,
        )


def _lines(
    order: Sequence[str], text: QuestionText, feedback: Feedback, secret: AnswerText | None
) -> list[Line]:
    """The options in the order in which the attempt showed them."""
    notes = {note.id: note for note in feedback.options}
    if not notes:
        return []
    return [
        Line(
            text=text.options[each],
            chosen=notes[each].chosen,
            right=notes[each].right if secret else None,
            feedback=secret.feedback[each] if secret else None,
        )
        for each in order
    ]


@blueprint.get("/kuis/percobaan/<int:attempt_id>/hasil")
@allowed(Deed.SEE_OWN, attempt_of)
def result(tried: Sitting) -> ResponseReturnValue:
    """Score, what one answered, what to do next."""
    attempt, quiz = tried.attempt, tried.paper.quiz
    if attempt.submitted_at is None or attempt.points is None:
        return redirect(url_for(".attempt", attempt_id=attempt.id))
    terms = tried.terms()
    attempts = attempts_of(attempt.enrolment_id, attempt.stable_id)
    standing = standing_of(quiz, attempts, terms)
    scored = next(each for each in attempts if each.attempt.id == attempt.id)
    told = scoring.feedback_open(
        quiz.feedback, submitted=True, passed=standing.passed, closed=_is_closed(tried, standing)
    )
    line = tried.outline.item(attempt.stable_id)
    return render_template(
        "quizzes/result.html",
        tried=attempt,
        this=try_of(scored, quiz),
        points=shown_points(scored.points or Decimal(0)),
        most=scored.max_points or Decimal(0),
        code=tried.code,
        outline=tried.outline,
        quiz=quiz,
        standing=standing,
        verdicts=list(_verdicts(tried, current_answers(attempt.id), open=told)),
        told=told,
        late=late_count(attempt.id),
        rule=rule_in_words(quiz),
        feedback=feedback_in_words(quiz),
        learns=tried.cohort_id in person().learns_in,
        line=line,
        after=_after(tried, line),
    )


def _is_closed(tried: Sitting, standing: Standing) -> bool:
    """Nobody of the cohort can answer this quiz any more: its date is past, and extra time that reaches beyond it."""
    stable_id = tried.attempt.stable_id
    return standing.is_over and not (
        tried.paper.quiz.feedback == "closed" and is_running(tried.cohort_id, stable_id, now=utcnow())
    )


def _after(tried: Sitting, line: ItemLine | None) -> ItemLine | None:
    """The next item of what the cohort takes now; None after the last, or where the quiz left the course."""
    return tried.outline.around(line.stable_id)[1] if line else None
