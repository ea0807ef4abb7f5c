"""Marking essays; add and flush only, the view commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec
from sqlalchemy import select

from lms import audit
from lms.courses.actions import complete
from lms.courses.models import GradeEntry
from lms.extensions import db
from lms.quizzes.kinds.question import Answer as Value
from lms.quizzes.marking.actions import checked_reason, counting_grade, first_score
from lms.quizzes.marking.models import Basis, MarkLine, basis_of, lock_attempts_of
from lms.quizzes.models import EssayMark, Rescore, Sitting, current_answers
from lms.refusals import N_, Refused

COMMENT_AT_MOST = 5000


class MarkedMeanwhile(Refused):
    """Somebody else marked the answer since its page was opened; ``mark`` is what stands now."""

    def __init__(self, mark: MarkLine) -> None:
        super().__init__(
            N_(
                "Jawaban ini sudah dinilai oleh %(name)s sejak halaman Anda dibuka. "
                "Penilaian Anda belum disimpan; bandingkan keduanya."
            ),
            name=mark.by,
        )
        self.mark = mark


@dataclass(frozen=True, slots=True)
class Given:
    """A mark as it arrives: ``share`` of the question's points, 0 to 1; ``seen`` is the mark its page showed (0: none)."""

    share: Decimal
    levels: Mapping[str, int]
    comment: str
    seen: int
    reason: str = ""


def mark(tried: Sitting, question_id: str, given: Given, *, by: int, now: datetime) -> EssayMark | None:
    """Mark one essay of a handed-in attempt.

    With the last one that waits, the attempt gets its score, and the ledger its grade. A later mark corrects an
    earlier one: where the score changes by it, a reason is asked for, and a rescore and a revised grade are
    written. The same button pressed twice marks once (None). Raises MarkedMeanwhile when another mark stands than
    the one that was seen, Refused where there is nothing to mark, the comment is too long, or a reason is missing.
    """
    attempt = tried.attempt
    lock_attempts_of(attempt.enrolment_id, attempt.stable_id)
    db.session.refresh(attempt)
    if attempt.submitted_at is None:
        raise Refused("Percobaan ini belum dikumpulkan, jadi belum dapat dinilai.")
    if len(given.comment) > COMMENT_AT_MOST:
        raise Refused(
            "Komentar paling panjang %(limit)s karakter, sedangkan ini %(length)s. Pendekkan, lalu simpan lagi.",
            limit=COMMENT_AT_MOST,
            length=len(given.comment),
        )
    answers = current_answers(attempt.id).values()
    asked = [shown.id for shown in tried.asked]
    basis = basis_of(tried)
    question = basis.paper.questions.get(question_id)
    if (
        question is None
        or question_id not in asked
        or not question.by_hand
        or not question.is_answered(answers.get(question_id))
    ):
        raise Refused("Tidak ada jawaban esai yang dapat dinilai di sini.")
    standing = basis.history.newest_marks.get(question_id)
    levels = msgspec.json.encode(given.levels, order="sorted").decode() if given.levels else ""
    if standing is not None and standing.id != given.seen:
        stands = (standing.marked_by, standing.share, standing.levels, standing.comment)
        if stands == (by, given.share, levels, given.comment):
            return None
        raise MarkedMeanwhile(standing)
    row = EssayMark(
        attempt_id=attempt.id,
        question_id=question_id,
        share=given.share,
        levels=levels,
        comment=given.comment,
        marked_by=by,
        marked_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        "mark essay",
        f"attempt:{attempt.id}",
        by=by,
        now=now,
        detail={"question": question_id, "mark": row.id, "share": str(given.share)},
    )
    _score_by_marks(tried, basis_of(tried), answers, asked, row, given.reason, by=by, now=now)
    return row


def _score_by_marks(
    tried: Sitting,
    basis: Basis,
    answers: Mapping[str, Value],
    asked: list[str],
    row: EssayMark,
    reason: str,
    *,
    by: int,
    now: datetime,
) -> None:
    """What follows for the attempt's score, once no essay waits."""
    attempt, quiz = tried.attempt, basis.paper.quiz
    result = basis.score(answers, asked)
    if result.pending:
        return
    if attempt.points is None:
        first_score(attempt, result, quiz, by=by, now=now)
        return
    last = basis.history.rescores[-1] if basis.history.rescores else None
    before = (last.points, last.max_points) if last else (attempt.points, attempt.max_points)
    if (result.points, result.max) == before:
        return
    why = checked_reason(reason)
    db.session.add(
        Rescore(
            attempt_id=attempt.id,
            item_id=attempt.item_id,
            points=result.points,
            max_points=result.max,
            reason=why,
            source=f"mark:{row.id}",
            decided_by=by,
            decided_at=now,
        )
    )
    db.session.flush()
    grade = counting_grade(attempt, quiz)
    ledger = db.session.scalar(
        select(GradeEntry.points)
        .where(GradeEntry.enrolment_id == attempt.enrolment_id, GradeEntry.stable_id == attempt.stable_id)
        .order_by(GradeEntry.id.desc())
        .limit(1)
    )
    if grade != ledger:
        db.session.add(
            GradeEntry(
                enrolment_id=attempt.enrolment_id,
                stable_id=attempt.stable_id,
                state="revised",
                points=grade,
                reason=f"Penilaian esai diperbaiki: {why}",
                source=f"mark:{row.id}",
                decided_by=by,
                decided_at=now,
            )
        )
    if result.percent >= quiz.pass_mark:
        complete(attempt.enrolment_id, attempt.stable_id, now=now)
    db.session.flush()
