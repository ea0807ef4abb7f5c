"""What an attempt earned, and as far as the quiz's rule allows, what was right and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from markupsafe import Markup

from lms import formats, markup
from lms.access import Deed
from lms.courses.models import ItemLine
from lms.extensions import utcnow
from lms.guard import allowed, person
from lms.quizzes import scoring
from lms.quizzes.gain import Gain, Pair, gain
from lms.quizzes.kinds.question import Answer, Feedback, Question, Shown
from lms.quizzes.marking.models import Basis, MarkLine, basis_of, read_levels, rubric_of
from lms.quizzes.models import (
    Answers,
    Sitting,
    attempts_of,
    current_answers,
    is_running,
    late_count,
    paper_of,
    quiz_grade,
)
from lms.quizzes.paper import AnswerText, QuestionText
from lms.quizzes.rulings import Decision, Ruling
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


def _verdicts(
    tried: Sitting, answers: Answers, basis: Basis, result: scoring.Result, *, open: bool
) -> Iterator[Verdict]:
    """What became of each question; asked by the attempt's own text, judged by the key that holds now."""
    paper, address = tried.paper, item_address(tried)
    texts, secrets = paper.question_texts(address), basis.paper.answer_texts(address)
    marks = {mark.question: mark for mark in result.marks}
    essays, shares = basis.history.newest_marks, basis.history.shares
    for number, shown in enumerate(tried.asked, start=1):
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


@dataclass(frozen=True, slots=True)
class Turn:
    """A score that changed after handing in: from how many percent to how many, and why."""

    before: Decimal
    after: Decimal
    reason: str
    at: datetime


def _turns(tried: Sitting, basis: Basis) -> Iterator[Turn]:
    attempt, quiz = tried.attempt, tried.paper.quiz
    points, most = attempt.points, attempt.max_points
    for each in basis.history.rescores:
        if points is not None and most is not None:
            yield Turn(
                formats.grade(scoring.percent(points, most), quiz.pass_mark),
                formats.grade(scoring.percent(each.points, each.max_points), quiz.pass_mark),
                each.reason,
                each.decided_at,
            )
        points, most = each.points, each.max_points


@blueprint.get("/kuis/percobaan/<int:attempt_id>/hasil")
@allowed(Deed.SEE_OWN, attempt_of)
def result(tried: Sitting) -> ResponseReturnValue:
    """Score, what one answered, what to do next."""
    attempt, quiz = tried.attempt, tried.paper.quiz
    if attempt.submitted_at is None:
        return redirect(url_for(".attempt", attempt_id=attempt.id))
    terms = tried.terms()
    attempts = attempts_of(attempt.enrolment_id, attempt.stable_id)
    standing = standing_of(quiz, attempts, terms)
    scored = next(each for each in attempts if each.attempt.id == attempt.id)
    told = scoring.feedback_open(
        quiz.feedback, submitted=True, passed=standing.passed, closed=_is_closed(tried, standing)
    )
    line = tried.outline.item(attempt.stable_id)
    before = tried.outline.item(quiz.pretest) if quiz.pretest else None
    answers, basis = current_answers(attempt.id), basis_of(tried)
    scores = basis.score(answers.values(), [shown.id for shown in tried.asked])
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
        verdicts=list(_verdicts(tried, answers, basis, scores, open=told)),
        turns=list(_turns(tried, basis)),
        told=told,
        late=late_count(attempt.id),
        before=before,
        gained=_gained(tried, before, quiz_grade(attempts, quiz)) if before else None,
        rule=rule_in_words(quiz),
        feedback=feedback_in_words(quiz),
        learns=tried.cohort_id in person().learns_in,
        line=line,
        after=_after(tried, line),
    )


def _gained(tried: Sitting, before: ItemLine, after: Decimal | None) -> Gain | None:
    """What was gained since the test before, by the grades that count in both; None without both."""
    if after is None or before.kind != "quiz":
        return None
    earlier = attempts_of(tried.attempt.enrolment_id, before.stable_id)
    grade = quiz_grade(earlier, paper_of(before.id).quiz)
    return None if grade is None else gain(Pair(grade, after))


def _is_closed(tried: Sitting, standing: Standing) -> bool:
    """Nobody of the cohort can answer this quiz any more: its date is past, and extra time that reaches beyond it."""
    stable_id = tried.attempt.stable_id
    return standing.is_over and not (
        tried.paper.quiz.feedback == "closed" and is_running(tried.cohort_id, stable_id, now=utcnow())
    )


def _after(tried: Sitting, line: ItemLine | None) -> ItemLine | None:
    """The next item of what the cohort takes now; None after the last, or where the quiz left the course."""
    return tried.outline.around(line.stable_id)[1] if line else None
