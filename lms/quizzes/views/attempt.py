"""An attempt: its questions, page by page, saving, handing in."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from flask import abort, flash, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from lms import formats
from lms.access import Deed
from lms.extensions import db, utcnow
from lms.guard import allowed, wants_json
from lms.quizzes import actions, clock
from lms.quizzes.actions import Origin
from lms.quizzes.device import device
from lms.quizzes.forms import read_flags, read_given
from lms.quizzes.kinds.question import Shown
from lms.quizzes.marking.models import basis_of
from lms.quizzes.models import Answers, Sitting, current_answers, locked_questions, sitting
from lms.quizzes.paper import QuestionText
from lms.quizzes.views.blueprint import blueprint
from lms.quizzes.views.overview import Mark, address_of, doubt_in_words, marks_of, page_asked, page_size
from lms.quizzes.views.verdicts import Verdict, item_address, verdicts_of
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
    """A question on the attempt's page, with what was answered so far.

    It knows nothing of the key; ``told`` is what may be seen of a question that was answered for good.
    """

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
    flagged: bool
    told: Verdict | None

    @property
    def words(self) -> int:
        """How many words were typed."""
        return words(self.typed)


def _entries(
    tried: Sitting, answers: Answers, marks: Iterable[Mark], told: Mapping[int, Verdict]
) -> list[Entry]:
    """The questions of one page; ``told`` are the verdicts that may be seen, by number."""
    texts = tried.paper.question_texts(item_address(tried))
    asked = {shown.id: shown for shown in tried.asked}
    entries = []
    for mark in marks:
        shown, saved = asked[mark.id], answers.current.get(mark.id)
        value = saved.value if saved else None
        entries.append(
            Entry(
                number=mark.number,
                id=mark.id,
                kind=shown.kind,
                points=shown.points,
                shown=shown,
                text=texts[mark.id],
                order=tuple(option.id for option in shown.options),
                chosen=frozenset((value,) if isinstance(value, str) else value or ()),
                pairs=value if isinstance(value, dict) else {},
                typed=value if isinstance(value, str) else "",
                longest=getattr(tried.paper.questions[mark.id], "longest", 0),
                seen=saved.sequence if saved else 0,
                answered=mark.answered,
                doubt=mark.doubt,
                flagged=mark.flagged,
                told=told.get(mark.number),
            )
        )
    return entries


def _told(tried: Sitting, answers: Answers, marks: Iterable[Mark], *, now: datetime) -> dict[int, Verdict]:
    """What became of the page's questions that were answered for good, by number."""
    if tried.paper.quiz.feedback != "each":
        return {}
    done = locked_questions(tried.attempt.id) & {mark.id for mark in marks}
    if not done:
        return {}
    basis = basis_of(tried, now=now)
    result = basis.score(answers.values(), [shown.id for shown in tried.asked])
    verdicts = verdicts_of(tried, answers, basis, result, open=True, only=done)
    return {verdict.number: verdict for verdict in verdicts}


@blueprint.get("/kuis/percobaan/<int:attempt_id>")
@allowed(Deed.TAKE_QUIZ, attempt_of)
def attempt(tried: Sitting) -> ResponseReturnValue:
    """A page of questions with what was saved; ``?hal=2`` is the second where the quiz has several."""
    if tried.attempt.submitted_at is not None:
        return redirect(url_for(".result", attempt_id=tried.attempt.id))
    now, closes_at = utcnow(), tried.attempt.closes_at
    answers = current_answers(tried.attempt.id)
    marks = marks_of(tried, answers)
    if clock.is_past(closes_at, now):
        answered = sum(mark.answered for mark in marks)
        return render_template("quizzes/over.html", tried=tried, answers=answers, answered=answered)
    page = page_asked(request.args.get("hal"), marks)
    here = [mark for mark in marks if mark.page == page]
    return render_template(
        "quizzes/attempt.html",
        tried=tried.attempt,
        code=tried.code,
        quiz=tried.paper.quiz,
        language=tried.outline.language,
        entries=_entries(tried, answers, here, _told(tried, answers, here, now=now)),
        marks=marks,
        page=page,
        before=next((mark.number for mark in marks if mark.page == page - 1), None),
        after=next((mark.number for mark in marks if mark.page == page + 1), None),
        addresses=_addresses(tried, marks, page),
        answered=sum(mark.answered for mark in marks),
        points_differ=len({shown.points for shown in tried.asked}) > 1,
        last_saved=answers.last.saved_at if answers.last else None,
        known=max(answers.by_sequence, default=0),
        writer=secrets.token_hex(8),
        seconds_left=clock.seconds_left(closes_at, now) if closes_at else None,
    )


def _addresses(tried: Sitting, marks: Sequence[Mark], page: int) -> dict[int, str]:
    """Where the questions of other pages are, by number."""
    return {mark.number: address_of(tried, mark.number) for mark in marks if mark.page != page}


@blueprint.post("/kuis/percobaan/<int:attempt_id>/jawaban")
@allowed(Deed.TAKE_QUIZ, locked_attempt)
def save(tried: Sitting) -> ResponseReturnValue:
    """Save what was answered: one question as it is chosen, or a whole page."""
    given, flags = read_given(request.form, tried), read_flags(request.form, tried)
    now, origin = utcnow(), origin_of_request()
    if not given and not flags:
        abort(400)
    actions.close_if_over(tried, now=now)
    arrived = actions.sort_given(tried, given, now=now)
    kept = actions.keep_late(tried, arrived.late, now=now, origin=origin) if arrived.late else frozenset()
    if tried.attempt.submitted_at is not None or (given and not arrived.timely):
        return too_late(tried, kept)
    timely = arrived.timely
    older: list[str] = []
    sequence = None
    if len(timely) == 1 and wants_json():
        ((question_id, each),) = timely.items()
        sequence = actions.save_one(tried, question_id, each, now=now, origin=origin)
    if sequence is not None:
        saved, known = {question_id: sequence}, sequence
    else:
        answers = actions.save_changed(tried, timely, now=now, origin=origin)
        saved = {each: answers.current[each].sequence for each in timely if each in answers.current}
        older = [each for each in timely if answers.value(each) != timely[each].answer]
        known = answers.last.sequence if answers.last else 0
    if flags:
        actions.flag(tried, flags)
    actions.log_device(tried, now=now, origin=origin)
    db.session.commit()
    moment = formats.clock_time(now, zone(), str(get_locale()))
    if wants_json():
        doubts = {each: doubt_in_words(tried.paper.questions[each], timely[each].answer) for each in timely}
        message = gettext("Tersimpan otomatis %(time)s", time=moment)
        late, closes_at = sorted(arrived.late), tried.attempt.closes_at
        left = clock.seconds_left(closes_at, now) if closes_at else None
        return jsonify(
            saved=saved, known=known, older=older, doubts=doubts, message=message, late=late, left=left
        )
    address, moves = _onward(tried)
    if not moves:
        flash(gettext("Jawaban Anda tersimpan pukul %(time)s.", time=moment), "ok")
    if kept:
        flash(late_in_words(tried), "warn")
    return redirect(address, 303)


def _onward(tried: Sitting) -> tuple[str, bool]:
    """Where the pressed button leads, and whether that is another page: ``ke`` is a question's number, or the summary."""
    wanted = request.form.get("ke", "")
    if wanted == "ringkasan":
        return url_for(".summary", attempt_id=tried.attempt.id), True
    if wanted.isdecimal() and wanted.isascii() and len(wanted) < 6 and 1 <= int(wanted) <= len(tried.asked):
        return address_of(tried, int(wanted)), request.form.get("hal") != str(
            (int(wanted) - 1) // page_size(tried) + 1
        )
    return url_for(".attempt", attempt_id=tried.attempt.id), False


@blueprint.post("/kuis/percobaan/<int:attempt_id>/kumpulkan")
@allowed(Deed.TAKE_QUIZ, locked_attempt)
def submit(tried: Sitting) -> ResponseReturnValue:
    """Save what comes along and hand in; where something is open or in doubt, show the summary before that.

    When the time is over there is nothing left to ask.
    """
    given = read_given(request.form, tried)
    now, origin = utcnow(), origin_of_request()
    closed = actions.close_if_over(tried, now=now)
    arrived = actions.sort_given(tried, given, now=now)
    kept = actions.keep_late(tried, arrived.late, now=now, origin=origin) if arrived.late else frozenset()
    if tried.attempt.submitted_at is not None:
        return too_late(tried, kept, closed=closed)
    answers = actions.save_changed(tried, arrived.timely, now=now, origin=origin)
    past = clock.is_past(tried.attempt.closes_at, now)
    ready = past or "yakin" in request.form or _is_ready(tried, answers)
    if ready:
        actions.hand_in(tried, answers, now=now, origin=origin)
    else:
        actions.log_device(tried, now=now, origin=origin)
    db.session.commit()
    if kept:
        flash(late_in_words(tried), "warn")
    if not ready:
        return redirect(url_for(".summary", attempt_id=tried.attempt.id), 303)
    return redirect(url_for(".result", attempt_id=tried.attempt.id), 303)


def _is_ready(tried: Sitting, answers: Answers) -> bool:
    """Every question is answered, and none in a way that can be read twice."""
    questions = (tried.paper.questions[shown.id] for shown in tried.asked)
    return all(
        question.is_answered(answers.value(question.id)) and not question.doubt(answers.value(question.id))
        for question in questions
    )


def too_late(tried: Sitting, kept: frozenset[str], *, closed: bool = False) -> ResponseReturnValue:
    """What came when it could count no more: kept where it says something new, and the result is shown."""
    db.session.commit()
    if kept:
        message = late_in_words(tried)
    elif tried.attempt.closed_by == "clock":
        message = gettext("Waktu percobaan ini sudah habis. Jawaban yang tersimpan sebelumnya sudah dinilai.")
    else:
        message = gettext(
            "Percobaan ini sudah dikumpulkan, jadi jawabannya tidak dapat diubah lagi. Berikut hasilnya."
        )
    address = url_for(".result", attempt_id=tried.attempt.id)
    if wants_json():
        return jsonify(error="handed in", message=message, location=address, late=sorted(kept)), 409
    flash(message, "info" if closed and not kept else "warn")
    return redirect(address, 303)


def late_in_words(tried: Sitting) -> str:
    """What became of an answer that came too late; honest about both halves."""
    if tried.attempt.closes_at is not None and tried.attempt.closed_by != "learner":
        return gettext(
            "Jawaban yang tiba setelah waktu habis tercatat dan dapat dilihat fasilitator, tetapi tidak ikut dinilai."
        )
    if tried.attempt.submitted_at is None:
        return gettext(
            "Jawaban untuk soal yang sudah diperiksa tercatat dan dapat dilihat fasilitator, tetapi tidak ikut dinilai."
        )
    return gettext(
        "Percobaan ini sudah dikumpulkan. Jawaban yang tiba sesudahnya tercatat dan dapat dilihat fasilitator, "
        "tetapi tidak ikut dinilai."
    )


def origin_of_request() -> Origin:
    """Where this request came from, for the attempt's log."""
    mark = str(session.get("csrf_token", ""))
    return Origin((request.remote_addr or "")[:45], device(request.headers.get("User-Agent", ""), mark))
