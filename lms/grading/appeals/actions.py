"""Filing appeals within the days set, and answering them: rows are added, the reviews stay as they were sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec
from sqlalchemy import select

from lms import audit, formats
from lms.courses import actions as courses
from lms.courses.models import GradeEntry
from lms.extensions import db
from lms.grading import actions as writing
from lms.grading import models as grading
from lms.grading.appeals import models
from lms.grading.appeals.models import Appeal, AppealAnswer, AppealDraft, Dispute
from lms.grading.explaining.models import basis_of
from lms.grading.models.rubrics import rubric_version
from lms.projects.models import Work, Workspace
from lms.refusals import N_, Refused
from lms.rubric import Rubric

REASON_AT_LEAST = 20
REASON_AT_MOST = 4000
PLACES = 2
"""Decimals that the points of an answer may have."""


class Unfit(Refused):
    """What is written for one criterion cannot be taken; ``criterion`` says for which."""

    def __init__(self, criterion: str, message: str, **values: str | int) -> None:
        super().__init__(message, **values)
        self.criterion = criterion


class Stale(Refused):
    """The draft was saved from elsewhere meanwhile; ``row`` is what is stored, and nothing was written."""

    def __init__(self, row: AppealDraft | None) -> None:
        super().__init__(
            N_("Banding ini juga disimpan di tab atau perangkat lain. Isian Anda masih ada di sini.")
        )
        self.row = row


class Answered(Refused):
    """Somebody answered meanwhile."""


def _hold(work_id: int) -> None:
    """Whoever writes about one work's grade waits here for those before."""
    db.session.execute(select(Work.id).where(Work.id == work_id).with_for_update(key_share=True))


def _deadline(work: Workspace, by: int) -> datetime:
    """Until when the member may appeal; raises Refused while the grade is not out."""
    members = grading.members_of(work.id)
    own = next((each.enrolment_id for each in members if each.person_id == by), None)
    deadline = models.deadline_of(own, work) if own is not None else None
    if deadline is None:
        raise Refused(N_("Banding baru dapat diajukan setelah nilai Anda diumumkan."))
    return deadline


def _encoded(reasons: Mapping[str, str]) -> str:
    said = {name: reasons[name] for name in sorted(reasons) if reasons[name]}
    return msgspec.json.encode(said).decode()


def save_draft(
    work: Workspace, reasons: Mapping[str, str], *, revision: int, by: int, now: datetime
) -> AppealDraft | None:
    """Keep what a member has written (criterion → reason), if nobody saved since ``revision`` (0: nothing was kept).

    It is kept after the days set too: what was typed in time is not lost with the last minute. Saving what is stored
    changes nothing, and neither does a first save that says nothing. Raises Stale, Unfit about a reason that is too
    long or a criterion that is not there, Refused before the grade is out.
    """
    _hold(work.id)
    _deadline(work, by)
    rubric = grading.rubric_of(rubric_version(work.id), work.project)
    for name, reason in reasons.items():
        if rubric.criterion(name) is None:
            raise Unfit(name, _UNKNOWN)
        if len(reason) > REASON_AT_MOST:
            raise Unfit(name, _TOO_LONG, count=REASON_AT_MOST)
    text = _encoded(reasons)
    stored = models.draft_of(work.id, by)
    if stored is None:
        if text == _encoded({}):
            return None
        if revision != 0:
            raise Stale(None)
        row = AppealDraft(work_id=work.id, person_id=by, content=text, revision=1, updated_at=now)
        db.session.add(row)
        db.session.flush()
        return row
    if stored.content == text:
        return stored
    if not writing.write_over(stored, text, revision=revision, now=now):
        raise Stale(models.draft_of(work.id, by))
    return stored


_UNKNOWN = N_("Kriteria itu tidak ada dalam rubrik ini.")
_TOO_LONG = N_("Alasan paling panjang %(count)s karakter.")


def appeal(
    work: Workspace, reasons: Mapping[str, str], *, revision: int, by: int, now: datetime
) -> list[Appeal]:
    """Appeal against what these criteria gave (id → reason), for the whole work.

    Returns the new rows; what the work has appealed against before in the same words is left alone. The member's
    draft goes with it. Raises Refused before the grade is out, after the days set, and without a criterion; Unfit
    about one of them; Stale where the draft says something else, saved from elsewhere since ``revision``.
    """
    _hold(work.id)
    members = grading.members_of(work.id)
    if now > _deadline(work, by):
        raise Refused(N_("Batas waktu banding sudah lewat. Yang Anda tulis masih ada di sini."))
    basis = basis_of(work)
    if basis is None or not reasons:
        raise Refused(N_("Pilih paling sedikit satu kriteria dan tulis alasannya."))
    draft = models.draft_of(work.id, by)
    said = {name: reason.strip() for name, reason in reasons.items()}
    if draft is not None and draft.revision != revision and draft.content != _encoded(said):
        raise Stale(draft)
    before = {each.criterion: each for each in basis.appeals}
    fresh: dict[str, str] = {}
    for name, reason in said.items():
        if basis.rubric.criterion(name) is None:
            raise Unfit(name, _UNKNOWN)
        if name in before:
            if before[name].reason == reason:
                continue  # the same form again
            raise Unfit(name, N_("Kriteria ini sudah pernah diajukan banding; keputusannya bersifat akhir."))
        if len(reason) < REASON_AT_LEAST:
            raise Unfit(
                name,
                N_("Tulis alasan paling sedikit %(count)s karakter untuk setiap kriteria yang dipilih."),
                count=REASON_AT_LEAST,
            )
        if len(reason) > REASON_AT_MOST:
            raise Unfit(name, _TOO_LONG, count=REASON_AT_MOST)
        fresh[name] = reason
    entries = grading.newest_entries(each.enrolment_id for each in members)
    rows = []
    for name, reason in fresh.items():
        row = Appeal(
            work_id=work.id,
            cohort_id=work.cohort_id,
            criterion=name,
            reason=reason,
            filed_by=by,
            filed_at=now,
        )
        db.session.add(row)
        db.session.flush()
        rows.append(row)
        for member in members:
            entry = entries.get((member.enrolment_id, work.stable_id))
            if entry is not None:
                _write(
                    member.enrolment_id,
                    work,
                    "appealed",
                    entry.points,
                    _about(basis.rubric, name),
                    row,
                    by,
                    now,
                )
        audit.record(
            "appeal", f"work:{work.id}", by=by, now=now, detail={"appeal": row.id, "criterion": name}
        )
    if draft is not None:
        db.session.delete(draft)
    db.session.flush()
    return rows


def _about(rubric: Rubric, name: str) -> str:
    criterion = rubric.criterion(name)
    return f"Banding atas kriteria {criterion.title if criterion else name}"


def _write(
    enrolment_id: int,
    work: Workspace,
    state: str,
    points: Decimal,
    reason: str,
    row: Appeal | AppealAnswer,
    by: int,
    now: datetime,
) -> None:
    source = models.FILED if isinstance(row, Appeal) else models.ANSWERED
    db.session.add(
        GradeEntry(
            enrolment_id=enrolment_id,
            stable_id=work.stable_id,
            state=state,
            points=points,
            reason=reason[:300],
            source=f"{source}{row.id}",
            decided_by=by,
            decided_at=now,
        )
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer, and whether this call made it."""

    row: AppealAnswer
    made: bool


def answer(
    dispute: Dispute, *, accepted: bool, points: Decimal | None, reason: str, by: int, now: datetime
) -> Outcome:
    """Answer an appeal, once: the criterion counts ``points`` from now on, or stays as it is.

    Every standing member's grade follows, with the same lateness and what each got beside the team. Raises
    Refused for whoever graded or did the work, without a reason, and for points that are no gain or too many;
    Answered where somebody else was first.
    """
    appeal_, work = dispute.appeal, dispute.work
    _hold(work.id)
    made = db.session.scalar(select(AppealAnswer).where(AppealAnswer.appeal_id == appeal_.id))
    if made is not None:
        if made.decided_by == by:
            return Outcome(made, False)
        raise Answered(
            N_("Banding ini sudah dijawab orang lain. Jawaban Anda tidak disimpan, tetapi masih ada di sini.")
        )
    if by in models.graders_of(work.id) | work.member_ids | dispute.barred_ids:
        raise Refused(
            N_("Banding dijawab oleh orang yang tidak ikut menilai atau mengerjakan hasil kerja ini.")
        )
    reason = reason.strip()
    if len(reason) < REASON_AT_LEAST:
        raise Refused(N_("Tulis alasan keputusan paling sedikit %(count)s karakter."), count=REASON_AT_LEAST)
    if len(reason) > REASON_AT_MOST:
        raise Refused(_TOO_LONG, count=REASON_AT_MOST)
    basis = basis_of(work)
    assert basis is not None  # it was released
    line = next(each for each in basis.explain().lines if each.id == appeal_.criterion)
    counts = line.counts
    if accepted:
        counts = _fit(points, line.counts, line.weight)
    row = AppealAnswer(
        appeal_id=appeal_.id,
        decision="accepted" if accepted else "rejected",
        before=line.counts,
        points=counts,
        reason=reason,
        decided_by=by,
        decided_at=now,
    )
    db.session.add(row)
    db.session.flush()
    after = basis_of(work)
    assert after is not None
    members = grading.members_of(work.id)
    entries = grading.newest_entries(each.enrolment_id for each in members)
    told = _about(basis.rubric, appeal_.criterion)
    told += (
        f" diterima: {formats.decimal(formats.grade(line.counts))} menjadi {formats.decimal(formats.grade(counts))}"
        if accepted
        else " ditolak: nilai tetap"
    )
    passed = []
    for member in members:
        entry = entries.get((member.enrolment_id, work.stable_id))
        if entry is None:
            continue
        total = after.explain(member.enrolment_id).total if accepted else entry.points
        _write(member.enrolment_id, work, "revised", total, told, row, by, now)
        if total >= work.project.pass_mark:
            passed.append(member.enrolment_id)
    db.session.flush()
    courses.complete_all(passed, work.stable_id, now=now)
    audit.record(
        "answer appeal",
        f"work:{work.id}",
        by=by,
        now=now,
        detail={"appeal": appeal_.id, "decision": row.decision, "points": format(counts, "f")},
    )
    return Outcome(row, True)


def _fit(points: Decimal | None, counts: Decimal, weight: Decimal) -> Decimal:
    if points is None or not points.is_finite():
        raise Refused(N_("Tulis poin baru untuk kriteria ini."))
    exponent = points.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > PLACES:
        raise Refused(N_("Tulis poin dengan paling banyak dua angka di belakang koma."))
    if not counts < points <= weight:
        raise Refused(
            N_(
                "Poin baru harus lebih dari %(low)s dan paling banyak %(high)s. Bila tidak berubah, pilih tolak."
            ),
            low=formats.decimal(formats.grade(counts)),
            high=formats.decimal(weight),
        )
    return points.normalize() if points else points
