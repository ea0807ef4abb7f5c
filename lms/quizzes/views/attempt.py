"""An attempt: all its questions on one page, saving, handing in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from lms import formats
from lms.access import Deed
from lms.extensions import db, utcnow
from lms.guard import allowed, wants_json
from lms.quizzes import actions
from lms.quizzes.forms import read_given
from lms.quizzes.kinds.question import Answer as Value
from lms.quizzes.kinds.question import Question, Shown
from lms.quizzes.models import Answers, Sitting, current_answers, sitting
from lms.quizzes.paper import QuestionText
from lms.quizzes.views.blueprint import blueprint
from lms.refusals import Refused
from lms.web import zone
from lms.words import words


def attempt_of(attempt_id: int) -> Sitting | None:
    """An attempt, to be read."""
    return sitting(attempt_id)


def locked_attempt(attempt_id: int) -> Sitting | None:
    """An attempt, to be written: whoever else writes it waits."""
    return sitting(attempt_id, lock=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """A question on the attempt's page, with what was answered so far. It knows nothing of the key."""

    number: int
    id: str
    kind: str
    points: Decimal
    shown: Shown
    text: QuestionText
    order: tuple[str, ...]
    chosen: frozenset[str]
    pairs: Mapping[str, str]
    typed: str
    longest: int
    seen: int
    answered: bool
    doubt: str

    @property
    def words(self) -> int:
        """How many words were typed."""
        return words(self.typed)


def _entries(tried: Sitting, answers: Answers) -> list[Entry]:
    texts = tried.paper.question_texts(item_address(tried))
    entries = []
    for number, shown in enumerate(tried.asked, start=1):
        question = tried.paper.questions[shown.id]
        saved = answers.current.get(shown.id)
        value = saved.value if saved else None
        entries.append(
            Entry(
                number=number,
                id=shown.id,
                kind=shown.kind,
                points=shown.points,
                shown=shown,
                text=texts[shown.id],
                order=tuple(option.id for option in shown.options),
                chosen=frozenset((value,) if isinstance(value, str) else value or ()),
                pairs=value if isinstance(value, dict) else {},
                typed=value if isinstance(value, str) else "",
                longest=getattr(question, "longest", 0),
                seen=saved.sequence if saved else 0,
                answered=question.is_answered(value),
                doubt=doubt_in_words(question, value),
            )
        )
    return entries


def doubt_in_words(question: Question, value: Value) -> str:
    """What to ask about an answer; empty when all is well."""
    doubt = question.doubt(value)
    return gettext(doubt.message, **doubt.values) if doubt else ""


def item_address(tried: Sitting) -> str:
    """The item's own page, which relative links in its text start from; '' where it has none to resolve."""
    if not tried.paper.quiz.links:
        return ""
    return url_for("courses.item", code=tried.code, item=tried.attempt.stable_id)


@blueprint.get("/kuis/percobaan/<int:attempt_id>")
@allowed(Deed.TAKE_QUIZ, attempt_of)
def attempt(tried: Sitting) -> ResponseReturnValue:
    """All questions on one page, with what was saved; ``?periksa=1`` also says what is still open."""
    if tried.attempt.submitted_at is not None:
        return redirect(url_for(".result", attempt_id=tried.attempt.id))
    answers = current_answers(tried.attempt.id)
    entries = _entries(tried, answers)
    return render_template(
        "quizzes/attempt.html",
        tried=tried.attempt,
        code=tried.code,
        quiz=tried.paper.quiz,
        language=tried.outline.language,
        entries=entries,
        answered=sum(entry.answered for entry in entries),
        points_differ=len({entry.points for entry in entries}) > 1,
        last_saved=answers.last.saved_at if answers.last else None,
        check="periksa" in request.args,
    )


@blueprint.post("/kuis/percobaan/<int:attempt_id>/jawaban")
@allowed(Deed.TAKE_QUIZ, locked_attempt)
def save(tried: Sitting) -> ResponseReturnValue:
    """Save what was answered: one question as it is chosen, or a whole page."""
    given = read_given(request.form, tried)
    now = utcnow()
    if not given:
        abort(400)
    older: list[str] = []
    sequence = None
    try:
        if len(given) == 1 and wants_json():
            ((question_id, each),) = given.items()
            sequence = actions.save_one(tried, question_id, each, now=now)
        if sequence is not None:
            saved, known = {question_id: sequence}, sequence
        else:
            answers = actions.save_changed(tried, given, now=now)
            saved = {each: answers.current[each].sequence for each in given if each in answers.current}
            older = [each for each in given if answers.value(each) != given[each].answer]
            known = answers.last.sequence if answers.last else 0
    except Refused as refusal:
        return _handed_in(tried, refusal)
    db.session.commit()
    moment = formats.clock_time(now, zone(), str(get_locale()))
    if wants_json():
        doubts = {each: doubt_in_words(tried.paper.questions[each], given[each].answer) for each in given}
        message = gettext("Tersimpan otomatis %(time)s", time=moment)
        return jsonify(saved=saved, known=known, older=older, doubts=doubts, message=message)
    flash(gettext("Jawaban Anda tersimpan pukul %(time)s.", time=moment), "ok")
    return redirect(url_for(".attempt", attempt_id=tried.attempt.id), 303)


@blueprint.post("/kuis/percobaan/<int:attempt_id>/kumpulkan")
@allowed(Deed.TAKE_QUIZ, locked_attempt)
def submit(tried: Sitting) -> ResponseReturnValue:
    """Save the page and hand in; where something is open or in doubt, ask once before that."""
    now = utcnow()
    try:
        answers = actions.save_changed(tried, read_given(request.form, tried), now=now)
        ready = "yakin" in request.form or _is_ready(tried, answers)
        if ready:
            actions.hand_in(tried, answers, now=now)
    except Refused as refusal:
        return _handed_in(tried, refusal)
    db.session.commit()
    if not ready:
        return redirect(url_for(".attempt", attempt_id=tried.attempt.id, periksa=1), 303)
    return redirect(url_for(".result", attempt_id=tried.attempt.id), 303)


def _is_ready(tried: Sitting, answers: Answers) -> bool:
    """Every question is answered, and none in a way that can be read twice."""
    questions = (tried.paper.questions[shown.id] for shown in tried.asked)
    return all(
        question.is_answered(answers.value(question.id)) and not question.doubt(answers.value(question.id))
        for question in questions
    )


def _handed_in(tried: Sitting, refusal: Refused) -> ResponseReturnValue:
    """A save that came after handing in: nothing is written, the result is shown."""
    message = gettext(refusal.message, **refusal.values)
    address = url_for(".result", attempt_id=tried.attempt.id)
    db.session.rollback()
    if wants_json():
        return jsonify(error="handed in", message=message, location=address), 409
    flash(message, "warn")
    return redirect(address, 303)
