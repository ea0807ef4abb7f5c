"""Deciding about scores: first scores, rulings on a key, regrades; add and flush only, the view commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import insert, select, update

from lms import audit
from lms.courses.actions import complete, complete_all
from lms.courses.models import Cohort, GradeEntry
from lms.extensions import db
from lms.formats import decimal
from lms.quizzes import scoring
from lms.quizzes.kinds.question import Question
from lms.quizzes.marking.models import (
    Plan,
    Target,
    history_of,
    lock_attempts,
    plan_of,
)
from lms.quizzes.models import (
    Attempt,
    KeyRuling,
    Regrade,
    Rescore,
    attempts_of,
    quiz_grade,
)
from lms.quizzes.rulings import Ruling
from lms.quizzes.source import Quiz
from lms.refusals import N_, Refused

REASON_AT_MOST = 250
_RULES = {
    "best": "nilai tertinggi",
    "last": "nilai terakhir",
    "first": "nilai pertama",
    "average": "nilai rata-rata",
}


# --- scores and the grades that follow ----------------------------------------------------------------------


def first_score(
    attempt: Attempt,
    result: scoring.Result,
    quiz: Quiz,
    *,
    by: int | None,
    now: datetime,
    alone: bool = False,
) -> None:
    """Give a handed-in attempt its first score, write the grade that follows to the ledger, tick a passed quiz.

    The attempt must be locked. The ledger's points are the percentage that counts by the quiz's rule over all
    attempts that have a score (``alone``: there are no others); while an essay waits there is no score, so there
    must be none ``pending``.
    """
    assert not result.pending
    attempt.points, attempt.max_points = result.points, result.max
    db.session.flush()
    grade = result.percent if alone else counting_grade(attempt, quiz)
    ended = "; ditutup karena waktunya habis" if attempt.closed_by == "clock" else ""
    db.session.add(
        GradeEntry(
            enrolment_id=attempt.enrolment_id,
            stable_id=attempt.stable_id,
            state="released",
            points=grade,
            reason=f"Percobaan {attempt.number}: {decimal(result.percent, places=1)}{ended}; "
            f"yang dihitung {_RULES[quiz.grade]}",
            source=f"attempt:{attempt.id}",
            decided_by=by,
            decided_at=now,
        )
    )
    db.session.flush()
    if result.percent >= quiz.pass_mark:
        complete(attempt.enrolment_id, attempt.stable_id, now=now)


def counting_grade(attempt: Attempt, quiz: Quiz) -> Decimal:
    """The percentage that counts now."""
    grade = quiz_grade(attempts_of(attempt.enrolment_id, attempt.stable_id), quiz)
    assert grade is not None
    return grade


def checked_reason(text: str) -> str:
    """A reason as it is stored; raises Refused without one."""
    reason = " ".join(text.split())
    if not reason:
        raise Refused("Tulis alasannya. Peserta yang nilainya berubah membaca alasan ini.")
    if len(reason) > REASON_AT_MOST:
        raise Refused(
            "Alasan paling panjang %(limit)s karakter, sedangkan ini %(length)s.",
            limit=REASON_AT_MOST,
            length=len(reason),
        )
    return reason


def _lock_cohort(cohort_id: int) -> None:
    """Let decisions about a cohort's keys come one by one."""
    db.session.execute(select(Cohort.id).where(Cohort.id == cohort_id).with_for_update(key_share=True)).one()


# --- rulings ------------------------------------------------------------------------------------------------


def accept(
    cohort_id: int, stable_id: str, question: Question, value: str, reason: str, *, by: int, now: datetime
) -> KeyRuling:
    """Let a typed answer count as right too, from now on and, by a regrade, for attempts before.

    Raises Refused where the question's answers are not typed, or this one is right already.
    """
    value = value.strip()
    if not question.gist(value):
        raise Refused("Pilih jawaban yang akan diterima.")
    why = checked_reason(reason)
    _lock_cohort(cohort_id)
    ruling = history_of(cohort_id, stable_id).standing().get(question.id, Ruling())
    if question.score(value) == 1 or scoring.is_accepted(question, value, ruling):
        raise Refused("Jawaban itu sudah diterima sebagai jawaban benar.")
    return _rule(cohort_id, stable_id, question.id, "accept", value, "", why, by=by, now=now)


def void(
    cohort_id: int, stable_id: str, question_id: str, rule: str, reason: str, *, by: int, now: datetime
) -> KeyRuling:
    """Let a question no longer decide: ``full`` gives everybody its points, ``drop`` takes it out of the maximum.

    Raises Refused for another rule, and where the question is void already.
    """
    if rule not in ("full", "drop"):
        raise Refused("Pilih apa yang terjadi dengan poin soal ini.")
    why = checked_reason(reason)
    _lock_cohort(cohort_id)
    if history_of(cohort_id, stable_id).standing().get(question_id, Ruling()).void:
        raise Refused("Soal ini sudah dibatalkan. Cabut dahulu pembatalannya bila aturannya akan diganti.")
    return _rule(cohort_id, stable_id, question_id, "void", "", rule, why, by=by, now=now)


def lift(cohort_id: int, stable_id: str, ruling_id: int, reason: str, *, by: int, now: datetime) -> KeyRuling:
    """Take back a decision that stands. Raises Refused when it does not."""
    why = checked_reason(reason)
    _lock_cohort(cohort_id)
    standing = history_of(cohort_id, stable_id).standing().values()
    found = next((each for ruling in standing for each in ruling.decisions if each.id == ruling_id), None)
    if found is None:
        raise Refused("Keputusan itu sudah dicabut.")
    return _rule(cohort_id, stable_id, found.question, "lift", str(found.id), "", why, by=by, now=now)


def _rule(
    cohort_id: int,
    stable_id: str,
    question_id: str,
    kind: str,
    value: str,
    rule: str,
    reason: str,
    *,
    by: int,
    now: datetime,
) -> KeyRuling:
    row = KeyRuling(
        cohort_id=cohort_id,
        stable_id=stable_id,
        question_id=question_id,
        kind=kind,
        value=value,
        rule=rule,
        reason=reason,
        decided_by=by,
        decided_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        f"quiz key {kind}",
        f"cohort:{cohort_id}",
        by=by,
        now=now,
        detail={"quiz": stable_id, "question": question_id, "ruling": row.id, "rule": rule},
    )
    return row


# --- regrades -----------------------------------------------------------------------------------------------


class StalePreview(Refused):
    """What was agreed to is no longer what would be done: something changed since the preview was shown."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "Sejak pratinjau ini dibuka, ada yang berubah. Belum ada nilai yang diubah. "
                "Periksa pratinjau yang baru, lalu setujui lagi."
            )
        )


@dataclass(frozen=True, slots=True)
class Regraded:
    """What a regrade did; ``again`` when the same one had been done before and nothing was written now."""

    scores: int
    grades: int
    again: bool = False


def regrade(
    cohort_id: int,
    stable_id: str,
    target: Target,
    included: frozenset[str],
    *,
    fingerprint: str,
    reason: str,
    by: int,
    now: datetime,
) -> Regraded:
    """Do what a preview with this ``fingerprint`` showed: one rescore per changed score, one grade per changed grade.

    Passed quizzes are ticked, ticks are never taken away, running attempts are left alone. The same button
    pressed twice does it once. Raises StalePreview when something else would be done by now, Refused without a
    reason or where nothing would be decided.
    """
    why = checked_reason(reason)
    _lock_cohort(cohort_id)
    done = db.session.scalar(
        select(Regrade.id).where(
            Regrade.cohort_id == cohort_id,
            Regrade.stable_id == stable_id,
            Regrade.fingerprint == fingerprint,
        )
    )
    if done is not None:
        return Regraded(0, 0, again=True)
    lock_attempts(cohort_id, stable_id)
    plan = plan_of(cohort_id, stable_id, target, included)
    if plan.preview.fingerprint != fingerprint:
        raise StalePreview
    if not plan.fresh:
        raise Refused("Tidak ada yang perlu dihitung ulang: kunci dan nilainya sudah sama.")
    act = Regrade(
        cohort_id=cohort_id,
        stable_id=stable_id,
        item_id=target.item_id,
        included=",".join(sorted(plan.included)),
        fingerprint=fingerprint,
        reason=why,
        decided_by=by,
        decided_at=now,
    )
    db.session.add(act)
    db.session.flush()
    _write_scores(plan, act)
    _write_grades(plan, act)
    complete_all(sorted(plan.preview.passing), stable_id, now=now)
    audit.record(
        "regrade quiz",
        f"cohort:{cohort_id}",
        by=by,
        now=now,
        detail={
            "quiz": stable_id,
            "regrade": act.id,
            "item": target.item_id,
            "scores": len(plan.preview.changes),
            "grades": len(plan.preview.grades),
        },
    )
    return Regraded(len(plan.preview.changes), len(plan.preview.grades))


def _write_scores(plan: Plan, act: Regrade) -> None:
    first = [each for each in plan.preview.changes if each.before is None]
    again = [each for each in plan.preview.changes if each.before is not None]
    if first:
        # essays waited for marks that are no longer needed: this is the score that handing in could not give
        db.session.execute(
            update(Attempt),
            [{"id": each.attempt.id, "points": each.points, "max_points": each.max_points} for each in first],
        )
    if again:
        db.session.execute(
            insert(Rescore),
            [
                {
                    "attempt_id": each.attempt.id,
                    "item_id": act.item_id,
                    "points": each.points,
                    "max_points": each.max_points,
                    "reason": act.reason,
                    "source": f"regrade:{act.id}",
                    "decided_by": act.decided_by,
                    "decided_at": act.decided_at,
                }
                for each in again
            ],
        )


def _write_grades(plan: Plan, act: Regrade) -> None:
    if not plan.preview.grades:
        return
    db.session.execute(
        insert(GradeEntry),
        [
            {
                "enrolment_id": each.enrolment,
                "stable_id": act.stable_id,
                "state": "released" if each.before is None else "revised",
                "points": each.after,
                "reason": f"Penilaian ulang: {act.reason}",
                "source": f"regrade:{act.id}",
                "decided_by": act.decided_by,
                "decided_at": act.decided_at,
            }
            for each in plan.preview.grades
        ],
    )
