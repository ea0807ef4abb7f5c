"""Doing with a cohort's works what was previewed about a newer rubric, and moving the cohort with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from lms import audit, formats
from lms.courses import actions as courses
from lms.courses.models import Cohort, GradeEntry
from lms.extensions import db
from lms.grading.allocation import actions as allocation
from lms.grading.models.rubrics import RubricChange, RubricRuling
from lms.grading.rubricchange import models
from lms.grading.rubricchange.models import Move, Shift
from lms.grading.rubricchange.plan import CHOICES, Case, Choice, effect
from lms.projects import receipt
from lms.projects.models import SubmissionPart, SubmissionVersion, Work
from lms.refusals import N_, Refused

REASON_AT_MOST = 300
SOURCE = "rubric:"
"""How the ledger names what a row of ``RubricRuling`` decided."""


class StalePreview(Refused):
    """Something else would be done by now than what was shown."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "Keadaannya berubah sejak pratinjau ini dibuka, jadi belum ada yang dipindahkan. "
                "Periksa pratinjau yang baru; pilihan dan alasan Anda masih ada."
            )
        )


@dataclass(frozen=True, slots=True)
class Done:
    """How many grades were written anew, and how many works went back to their reviewers.

    ``told`` are the works (id, id of the ruling) whose members have seen a grade that is another one now.
    """

    rescored: int = 0
    reopened: int = 0
    told: tuple[tuple[int, int], ...] = ()


def fingerprint(move: Move) -> str:
    """The one hash of all that a move would do: what a form must name to be taken."""
    return receipt.whole(
        [("move", f"{move.cohort.version_id}-{move.target}")]
        + [(shift.stable_id, shift.run.fingerprint) for shift in move.shifts]
    )


def decide(
    cohort: Cohort,
    choices: Mapping[str, str],
    *,
    plan: str,
    reason: str,
    confirmed: bool,
    key: bytes,
    by: int,
    now: datetime,
) -> Done:
    """Do what was previewed: one named choice (keep, recompute, review) for each project whose rubric changed.

    The cohort moves to the newer version in the same transaction, where one is on offer. Raises StalePreview, and
    Refused without a choice, without a reason, or where released grades would change and nobody said yes to that.
    """
    # the versions first, as whoever sends a review or allocates does
    db.session.execute(
        select(SubmissionVersion.id)
        .where(SubmissionVersion.cohort_id == cohort.id, SubmissionVersion.settled_at.is_(None))
        .order_by(SubmissionVersion.id)
        .with_for_update(key_share=True)
    )
    db.session.execute(select(Cohort.id).where(Cohort.id == cohort.id).with_for_update(key_share=True))
    db.session.execute(select(Work.id).where(Work.cohort_id == cohort.id).order_by(Work.id).with_for_update())
    move = models.move_of(cohort)
    if fingerprint(move) != plan:
        raise StalePreview
    if not move.shifts:
        if not move.pending:
            raise Refused(N_("Tidak ada hasil kerja yang terkena perubahan rubrik."))
        _move(move, by=by, now=now)
        return Done()
    reason = " ".join(reason.split())
    if not reason:
        raise Refused(N_("Tulis alasan keputusan ini."))
    if len(reason) > REASON_AT_MOST:
        raise Refused(N_("Alasan paling panjang %(count)s karakter."), count=REASON_AT_MOST)
    chosen: list[tuple[Shift, Choice]] = []
    for shift in move.shifts:
        named = next((each for each in CHOICES if each == choices.get(shift.stable_id)), None)
        if named is None:
            raise Refused(N_("Pilih satu keputusan untuk proyek “%(title)s”."), title=shift.title)
        if shift.run.count(named, "impossible") == len(shift.run.cases):
            raise Refused(
                N_(
                    "Pilihan itu tidak dapat diterapkan pada satu pun hasil kerja proyek “%(title)s”. Pilih yang lain."
                ),
                title=shift.title,
            )
        if shift.run.touches_released(named) and not confirmed:
            raise Refused(
                N_("Pilihan ini mengubah nilai yang sudah diumumkan. Centang pernyataannya dahulu.")
            )
        chosen.append((shift, named))
    rescored = reopened = 0
    told: list[tuple[int, int]] = []
    for shift, choice in chosen:
        change = RubricChange(
            cohort_id=cohort.id,
            stable_id=shift.stable_id,
            version_id=move.target,
            choice=choice,
            plan=shift.run.fingerprint,
            reason=reason,
            decided_by=by,
            decided_at=now,
        )
        db.session.add(change)
        db.session.flush()
        for case in shift.run.cases:
            deed, _trouble = effect(choice, case)
            if deed == "impossible":
                continue  # stays as it is, and open: the next preview names it again
            ruling = _rule(change, case, switched=deed != "keep", scored=deed == "rescore")
            if deed == "rescore":
                written = _rescore(ruling, case, shift, why=reason, by=by, now=now)
                rescored += written
                if written and case.released:
                    told.append((case.work_id, ruling.id))
            if deed == "reopen":
                _reopen(case, key=key, now=now)
                reopened += 1
        audit.record(
            "change rubric",
            f"cohort:{cohort.id}",
            by=by,
            now=now,
            detail={"change": change.id, "item": shift.stable_id, "choice": choice, "version": move.target},
        )
    if move.pending:
        _move(move, by=by, now=now)
    db.session.flush()
    return Done(rescored, reopened, tuple(told))


def _move(move: Move, *, by: int, now: datetime) -> None:
    cohort = move.cohort
    courses.move_cohort(cohort, seen=cohort.version_id, to=move.target, rubrics_decided=True, by=by, now=now)


def _rule(change: RubricChange, case: Case, *, switched: bool, scored: bool) -> RubricRuling:
    first = case.grades[0] if case.grades else None
    ruling = RubricRuling(
        change_id=change.id,
        work_id=case.work_id,
        version_id=change.version_id,
        switched=switched,
        before=first.before if first else None,
        after=first.after if first and scored else None,
    )
    db.session.add(ruling)
    db.session.flush()
    return ruling


def _rescore(ruling: RubricRuling, case: Case, shift: Shift, *, why: str, by: int, now: datetime) -> int:
    """Write every member's grade anew where it moves; who passes by it has completed the project."""
    written, passed = 0, []
    for grade in case.grades:
        assert grade.after is not None  # else it is impossible
        if grade.after == grade.before:
            continue
        db.session.add(
            GradeEntry(
                enrolment_id=grade.enrolment_id,
                stable_id=shift.stable_id,
                state="revised" if case.released else "moderated",
                points=grade.after,
                reason=_told(grade.before, grade.after, why),
                source=f"{SOURCE}{ruling.id}",
                decided_by=by,
                decided_at=now,
            )
        )
        written += 1
        if case.released and grade.after >= shift.pass_mark:
            passed.append(grade.enrolment_id)
    db.session.flush()
    courses.complete_all(passed, shift.stable_id, now=now)
    return written


def _told(before: Decimal, after: Decimal, why: str) -> str:
    old, new = (formats.decimal(formats.grade(each)) for each in (before, after))
    return f"Dihitung ulang dengan rubrik versi baru: {old} menjadi {new}. {why}"[:300]


def _reopen(case: Case, *, key: bytes, now: datetime) -> None:
    """Put what was handed in before the reviewers once more, as a version of the same text; nothing is taken away."""
    old = db.session.get_one(SubmissionVersion, case.submission_id)
    assert old.settled_at is not None  # what is only partly marked is never reopened
    code = receipt.new_code()
    version = SubmissionVersion(
        work_id=old.work_id,
        cohort_id=old.cohort_id,
        number=old.number + 1,
        round_number=old.round_number,  # the team handed in nothing
        submitted_at=now,
        submitted_by=old.submitted_by,
        due_at=old.due_at,
        late_seconds=0,
        reasons=old.reasons,
        sha256=old.sha256,
        receipt=code,
        signature=receipt.sign(key, code, old.number + 1, now, old.sha256),
    )
    db.session.add(version)
    db.session.flush()
    parts = db.session.scalars(
        select(SubmissionPart).where(SubmissionPart.submission_id == old.id).order_by(SubmissionPart.position)
    ).all()
    db.session.add_all(
        SubmissionPart(
            submission_id=version.id,
            section_id=part.section_id,
            position=part.position,
            content=part.content,
            sha256=part.sha256,
            words=part.words,
            carried_from=None,
        )
        for part in parts
    )
    db.session.flush()
    allocation.requeue([old.work_id])
