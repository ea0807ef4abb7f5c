"""Marking essays: which answers wait, question by question, and one answer without a name beside its rubric."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from markupsafe import Markup

from lms import formats, markup, paging
from lms.access import Deed
from lms.extensions import db, utcnow
from lms.formats import UnreadableNumber, parse_decimal
from lms.guard import allowed, person
from lms.quizzes.cohort.models import CohortQuiz, cohort_quiz
from lms.quizzes.essays import actions, models
from lms.quizzes.essays.actions import Given, MarkedMeanwhile
from lms.quizzes.essays.models import EssayCount, read_levels, rubric_of
from lms.quizzes.kinds.question import Question
from lms.quizzes.marking.actions import REASON_AT_MOST
from lms.quizzes.marking.models import MarkLine, basis_of, papers_taken
from lms.quizzes.models import Sitting, current_answers, sitting
from lms.quizzes.views.blueprint import blueprint
from lms.quizzes.views.verdicts import item_address
from lms.refusals import Refused
from lms.rubric import Criterion, Level, Rubric, points
from lms.words import words

_SHARES = Decimal("0.000000000001")


def code_of(attempt_id: int, question_id: str) -> str:
    """What an answer is called while its writer is not named."""
    return hashlib.sha256(f"{attempt_id}\0{question_id}".encode()).hexdigest()[:4].upper()


# --- the list -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EssayLine:
    """An essay question with how many of its answers wait; ``next_id`` is the attempt to begin with."""

    question: Question
    head: Markup
    count: EssayCount


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One answer in the list of a question; ``own`` is the asking person's."""

    attempt_id: int
    code: str
    submitted_at: datetime
    own: bool


@blueprint.get("/kuis/angkatan/<code>/<item>/esai")
@allowed(Deed.FACILITATE, cohort_quiz)
def essays(place: CohortQuiz) -> ResponseReturnValue:
    """The essay questions of a quiz, and the answers to one of them, the longest waiting first."""
    address = url_for("courses.item", code=place.code, item=place.line.stable_id)
    known: dict[str, tuple[Question, Markup]] = {}
    for paper in papers_taken(place.cohort_id, place.line.stable_id, place.line.id):
        for question in paper.quiz.questions:
            if question.by_hand and question.id not in known:
                known[question.id] = question, paper.question_texts(address)[question.id].head
    counts = models.essay_counts(place.cohort_id, place.line.stable_id, list(known))
    lines = [
        EssayLine(question, head, counts.get(name, EssayCount(0, 0, None)))
        for name, (question, head) in known.items()
    ]
    chosen = next((each for each in lines if each.question.id == request.args.get("soal")), None)
    if chosen is None:
        chosen = next((each for each in lines if each.count.waiting), lines[0] if lines else None)
    waiting = request.args.get("keadaan") != "dinilai"
    page: paging.Page[AnswerLine] | None = None
    if chosen is not None:
        values = {
            "cohort_id": place.cohort_id,
            "stable_id": place.line.stable_id,
            "questions": [chosen.question.id],
        }
        found = paging.by_key(
            models.essay_answers(waiting).params(values),
            models.ESSAY_KEY,
            request.args.get("after"),
            scalars=False,
        )
        rows = [
            AnswerLine(
                row.attempt_id,
                code_of(row.attempt_id, chosen.question.id),
                row.submitted_at,
                row.person_id == person().id,
            )
            for row in found.rows
        ]
        page = paging.Page(rows, found.next, found.after)
    return render_template(
        "quizzes/essays.html", quiz=place, lines=lines, chosen=chosen, waiting=waiting, page=page
    )


# --- one answer ---------------------------------------------------------------------------------------------


def essay_of(attempt_id: int) -> Sitting | None:
    """A handed-in attempt, to be marked."""
    tried = sitting(attempt_id)
    return tried if tried and tried.attempt.submitted_at is not None else None


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form: the levels by criterion id, the points as typed, the comment, the reason."""

    levels: Mapping[str, int]
    points: str
    comment: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A level of a criterion with what it means."""

    level: Level
    descriptor: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class CriterionLine:
    """A criterion with its levels."""

    criterion: Criterion
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class Said:
    """A mark in words, as its form would say it: for looking at what somebody else gave."""

    mark: MarkLine
    points: Decimal
    levels: Sequence[tuple[str, str]]
    comment: Markup


def _find(tried: Sitting, question_id: str) -> Question:
    question = tried.paper.questions.get(question_id)
    if question is None or not question.by_hand or question_id not in [each.id for each in tried.asked]:
        abort(404)
    return question


def _said(mark: MarkLine, question: Question, rubric: Rubric | None) -> Said:
    given, levels = read_levels(mark.levels), []
    for criterion in rubric.criteria if rubric else ():
        level = rubric.level(given[criterion.id]) if rubric and criterion.id in given else None
        if level:
            levels.append((criterion.title, level.label))
    return Said(mark, _points(mark.share, question), levels, markup.to_html(mark.comment, "people"))


def _points(share: Decimal, question: Question) -> Decimal:
    return (share * question.points).quantize(Decimal("0.01")).normalize()


def _criteria(rubric: Rubric, levels: Mapping[str, int]) -> list[CriterionLine]:
    return [
        CriterionLine(
            criterion,
            [
                Choice(level, criterion.levels.get(level.id, ""), levels.get(criterion.id) == level.id)
                for level in rubric.levels
            ],
        )
        for criterion in rubric.criteria
    ]


def _page(tried: Sitting, question: Question, typed: Typed | None = None, error: str = "") -> str:
    """The answer with the form; without anything typed, with what stands."""
    answers, history = current_answers(tried.attempt.id), basis_of(tried).history
    answer = answers.value(question.id)
    if not question.is_answered(answer) or not isinstance(answer, str):
        abort(404)
    rubric = rubric_of(tried.attempt.item_id, question)
    marks = [each for each in history.marks if each.question == question.id]
    newest = marks[-1] if marks else None
    if typed is None:
        typed = Typed(
            levels=read_levels(newest.levels) if newest else {},
            points=formats.decimal(_points(newest.share, question), str(get_locale())) if newest else "",
            comment=newest.comment if newest else "",
        )
    text = tried.paper.question_texts(item_address(tried))[question.id]
    secret = tried.paper.answer_texts(item_address(tried))[question.id]
    return render_template(
        "quizzes/essay.html",
        tried=tried,
        question=question,
        text=text,
        explanation=secret.explanation,
        code=code_of(tried.attempt.id, question.id),
        answer=markup.to_html(answer, "people"),
        words=words(answer),
        rubric=rubric,
        criteria=_criteria(rubric, typed.levels) if rubric else [],
        newest=newest,
        said=[_said(each, question, rubric) for each in reversed(marks)],
        typed=typed,
        error=error,
        comment_at_most=actions.COMMENT_AT_MOST,
        reason_at_most=REASON_AT_MOST,
        language=tried.outline.language,
        item=tried.attempt.stable_id,
        title=tried.paper.quiz.title,
    )


@blueprint.get("/kuis/percobaan/<int:attempt_id>/esai/<question>")
@allowed(Deed.MARK, essay_of)
def essay(tried: Sitting, question: str) -> ResponseReturnValue:
    """One answer, without the name of who wrote it, with the form that marks it."""
    return _page(tried, _find(tried, question))


@blueprint.post("/kuis/percobaan/<int:attempt_id>/esai/<question>")
@allowed(Deed.MARK, essay_of)
def mark_essay(tried: Sitting, question: str) -> ResponseReturnValue:
    """Mark the answer and go on to the one that waits next; what was typed survives whatever goes wrong."""
    known = _find(tried, question)
    rubric = rubric_of(tried.attempt.item_id, known)
    typed = Typed(
        levels=_typed_levels(rubric),
        points=request.form.get("points", "").strip()[:40],
        comment=request.form.get("comment", "").replace("\r\n", "\n").strip(),
        reason=request.form.get("reason", ""),
    )
    seen = request.form.get("seen", "")
    try:
        given = Given(
            share=_share(known, rubric, typed),
            levels=typed.levels if rubric else {},
            comment=typed.comment,
            seen=int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 19 else 0,
            reason=typed.reason,
        )
        actions.mark(tried, known.id, given, by=person().id, now=utcnow())
    except Refused as refusal:
        message = gettext(refusal.message, **refusal.values)
        attempt_id = tried.attempt.id
        db.session.rollback()
        again = sitting(attempt_id)
        assert again is not None
        return _page(again, known, typed, message), 409 if isinstance(refusal, MarkedMeanwhile) else 400
    db.session.commit()
    return _onward(tried, known)


def _typed_levels(rubric: Rubric | None) -> dict[str, int]:
    found = {}
    for criterion in rubric.criteria if rubric else ():
        value = request.form.get(f"level.{criterion.id}", "")
        if value.isascii() and value.isdecimal() and len(value) < 4:
            found[criterion.id] = int(value)
    return found


def _share(question: Question, rubric: Rubric | None, typed: Typed) -> Decimal:
    """The share of the question's points that was given; raises Refused."""
    if rubric is not None:
        known = {level.id for level in rubric.levels}
        found = points(rubric, {name: level for name, level in typed.levels.items() if level in known})
        if found is None:
            raise Refused("Pilih satu tingkat untuk setiap kriteria.")
        return found / 100
    try:
        number = parse_decimal(typed.points, grouping="id")
    except UnreadableNumber:
        number = Decimal(-1)
    if not 0 <= number <= question.points:
        raise Refused(
            "Tulis poin dari 0 sampai %(most)s.", most=formats.decimal(question.points, str(get_locale()))
        )
    exact = Fraction(number) / Fraction(question.points)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(_SHARES).normalize()


def _onward(tried: Sitting, question: Question) -> ResponseReturnValue:
    """To the answer to the same question that waits next, else back to the list."""
    attempt = tried.attempt
    assert attempt.submitted_at is not None
    following = models.next_essay(
        tried.cohort_id,
        attempt.stable_id,
        question.id,
        person().id,
        after=(attempt.submitted_at, attempt.id),
    )
    if following is not None and following != attempt.id:
        flash(gettext("Penilaian tersimpan. Ini jawaban berikutnya."), "ok")
        return redirect(url_for(".essay", attempt_id=following, question=question.id), 303)
    flash(gettext("Penilaian tersimpan. Tidak ada lagi jawaban yang menunggu pada soal ini."), "ok")
    return redirect(url_for(".essays", code=tried.code, item=attempt.stable_id), 303)
