"""A quiz's key in a cohort: what is right, which wrong answers were given, and decisions beside what the course says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from lms.access import Deed
from lms.extensions import db, utcnow
from lms.guard import allowed, person
from lms.quizzes.cohort.models import CohortQuiz, cohort_quiz
from lms.quizzes.kinds.question import Question
from lms.quizzes.marking import actions
from lms.quizzes.marking.models import Attempts, History, attempts_in, history_of, plan_of
from lms.quizzes.models import paper_of
from lms.quizzes.paper import QuestionText
from lms.quizzes.regrading import Difference, Missed, missed
from lms.quizzes.rulings import Decision, Ruling
from lms.quizzes.views.blueprint import blueprint
from lms.quizzes.views.regrade import choices_of
from lms.quizzes.views.words import key_in_words
from lms.refusals import Refused

MISSED_SHOWN = 50
ANSWERS_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A question in the list of the key; ``missed`` counts different typed answers that are not right."""

    number: int
    id: str
    head: Markup
    key: tuple[str, ...]
    by_hand: bool
    ruling: Ruling
    difference: Difference | None
    missed: int


@blueprint.get("/kuis/angkatan/<code>/<item>/kunci")
@allowed(Deed.REGRADE, cohort_quiz)
def key(place: CohortQuiz) -> ResponseReturnValue:
    """The questions with their key, what was decided about them, and whether scores should be worked out again."""
    history = history_of(place.cohort_id, place.line.stable_id)
    choices = choices_of(place, history)
    plan = plan_of(place.cohort_id, place.line.stable_id, choices.default, frozenset(), history)
    differences = {each.id: each for each in plan.differences}
    standing = history.standing()
    paper = paper_of(choices.default.item_id)
    texts = paper.question_texts(_address(place))
    lines = [
        KeyLine(
            number=number,
            id=question.id,
            head=texts[question.id].head,
            key=key_in_words(question),
            by_hand=question.by_hand,
            ruling=standing.get(question.id, Ruling()),
            difference=differences.get(question.id),
            missed=len(_missed(question, plan.attempts, standing.get(question.id, Ruling()))),
        )
        for number, question in enumerate(paper.quiz.questions, start=1)
    ]
    return render_template(
        "quizzes/key.html",
        quiz=place,
        plan=plan,
        newer=choices.newer,
        lines=lines,
        removed=[each for each in plan.differences if each.new is None],
        regrades=history.regrades[::-1],
    )


def _address(place: CohortQuiz) -> str:
    return url_for("courses.item", code=place.code, item=place.line.stable_id)


def _missed(question: Question, attempts: Attempts, ruling: Ruling) -> list[Missed]:
    answers = (
        line.taken.answers.get(question.id) for line in attempts.lines if question.id in line.taken.asked
    )
    return missed(question, answers, ruling)


# --- one question -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed into a form that could not be accepted: which one, why not, and the fields."""

    form: str = ""
    error: str = ""
    reason: str = ""
    values: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Found:
    """A question of the quiz, in the newest state that has it."""

    number: int
    question: Question
    text: QuestionText


def _find(place: CohortQuiz, history: History, attempts: Attempts, question_id: str) -> Found:
    """The question in the key that counts, else in an older one that was answered; 404 where it never was."""
    items = [choices_of(place, history).default.item_id]
    items += sorted({line.item_id for line in attempts.lines}, reverse=True)
    papers = [paper_of(item) for item in dict.fromkeys(items)]
    paper = next((each for each in papers if question_id in each.questions), None)
    if paper is None:
        abort(404)
    return Found(
        number=list(paper.questions).index(question_id) + 1,
        question=paper.questions[question_id],
        text=paper.question_texts(_address(place))[question_id],
    )


def _page(place: CohortQuiz, question_id: str, typed: Typed) -> str:
    history = history_of(place.cohort_id, place.line.stable_id)
    attempts = attempts_in(place.cohort_id, place.line.stable_id)
    found = _find(place, history, attempts, question_id)
    ruling = history.standing().get(question_id, Ruling())
    answers = _missed(found.question, attempts, ruling)
    about = [each for each in history.decisions if each.question == question_id]
    return render_template(
        "quizzes/key_question.html",
        quiz=place,
        found=found,
        kind=found.question.kind,
        key=key_in_words(found.question),
        asked=sum(question_id in line.taken.asked for line in attempts.lines),
        missed=answers[:MISSED_SHOWN],
        more=max(0, len(answers) - MISSED_SHOWN),
        ruling=ruling,
        about=[(each, _taken_back(each, about)) for each in reversed(about) if each.kind != "lift"],
        typed=typed,
        most=actions.REASON_AT_MOST,
    )


def _taken_back(decision: Decision, about: Sequence[Decision]) -> Decision | None:
    return next((each for each in about if each.kind == "lift" and each.value == str(decision.id)), None)


@blueprint.get("/kuis/angkatan/<code>/<item>/kunci/<question>")
@allowed(Deed.REGRADE, cohort_quiz)
def key_question(place: CohortQuiz, question: str) -> ResponseReturnValue:
    """One question: its key, the wrong answers that were typed, what was decided about it."""
    return _page(place, question, Typed())


def _decide(
    place: CohortQuiz, question_id: str, form: str, deed: Callable[[Question], str]
) -> ResponseReturnValue:
    """Do one deed of the question's page; a refusal shows the page again with all that was typed."""
    history = history_of(place.cohort_id, place.line.stable_id)
    attempts = attempts_in(place.cohort_id, place.line.stable_id)
    found = _find(place, history, attempts, question_id)
    try:
        said = deed(found.question)
    except Refused as refusal:
        message = gettext(refusal.message, **refusal.values)
        db.session.rollback()
        typed = Typed(form, message, request.form.get("reason", ""), tuple(request.form.getlist("value")))
        return _page(place, question_id, typed), 400
    db.session.commit()
    flash(said, "ok")
    return redirect(
        url_for(".key_question", code=place.code, item=place.line.stable_id, question=question_id), 303
    )


def _applies() -> str:
    return gettext(
        "Keputusan ini berlaku bagi percobaan yang dikumpulkan mulai sekarang. "
        "Untuk yang sudah dikumpulkan, lakukan penilaian ulang."
    )


@blueprint.post("/kuis/angkatan/<code>/<item>/kunci/<question>/terima")
@allowed(Deed.REGRADE, cohort_quiz)
def accept_answers(place: CohortQuiz, question: str) -> ResponseReturnValue:
    """Let typed answers count as right too."""
    values = request.form.getlist("value")[:ANSWERS_AT_ONCE]

    def deed(known: Question) -> str:
        for value in values or [""]:
            actions.accept(
                place.cohort_id,
                place.line.stable_id,
                known,
                value,
                request.form.get("reason", ""),
                by=person().id,
                now=utcnow(),
            )
        return (
            gettext("%(count)s jawaban diterima sebagai jawaban benar.", count=len(values)) + " " + _applies()
        )

    return _decide(place, question, "accept", deed)


@blueprint.post("/kuis/angkatan/<code>/<item>/kunci/<question>/batalkan")
@allowed(Deed.REGRADE, cohort_quiz)
def void_question(place: CohortQuiz, question: str) -> ResponseReturnValue:
    """Let a question no longer decide."""

    def deed(known: Question) -> str:
        actions.void(
            place.cohort_id,
            place.line.stable_id,
            known.id,
            request.form.get("value", ""),
            request.form.get("reason", ""),
            by=person().id,
            now=utcnow(),
        )
        return gettext("Soal ini dibatalkan.") + " " + _applies()

    return _decide(place, question, "void", deed)


@blueprint.post("/kuis/angkatan/<code>/<item>/kunci/<question>/cabut/<int:ruling_id>")
@allowed(Deed.REGRADE, cohort_quiz)
def lift_ruling(place: CohortQuiz, question: str, ruling_id: int) -> ResponseReturnValue:
    """Take back a decision about a question."""

    def deed(_: Question) -> str:
        actions.lift(
            place.cohort_id,
            place.line.stable_id,
            ruling_id,
            request.form.get("reason", ""),
            by=person().id,
            now=utcnow(),
        )
        return gettext("Keputusan itu dicabut.") + " " + _applies()

    return _decide(place, question, f"lift-{ruling_id}", deed)
