"""Giving one member of a team more or fewer points than the team, before the grade is released."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from lms import audit, formats
from lms.courses.models import GradeEntry
from lms.extensions import db
from lms.grading import models as grading
from lms.grading.adjusting import models
from lms.grading.explaining.models import basis_of
from lms.grading.models import Adjustment
from lms.projects.models import Work, Workspace
from lms.refusals import N_, Refused

REASON_AT_MOST = 300
LOWEST, HIGHEST = Decimal(0), Decimal(100)
PLACES = 2
"""Decimals that an adjustment may have."""


def adjust(
    work: Workspace, enrolment_id: int, points: Decimal, reason: str, *, by: int, now: datetime
) -> Adjustment | None:
    """Let a member's grade be the team's and these points (below 0: fewer); 0 takes back what was before.

    Rows are added: one here, and one in the ledger that says what the grade is now. None where this is what holds
    already. Raises Refused before the work is graded, after its grade is out, without a reason, and where the grade
    would leave 0 to 100.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise Refused(N_("Tulis alasan penyesuaian ini."))
    if len(reason) > REASON_AT_MOST:
        raise Refused(N_("Alasan paling panjang 300 karakter."))
    exponent = points.normalize().as_tuple().exponent
    if not points.is_finite() or not isinstance(exponent, int) or -exponent > PLACES:
        raise Refused(N_("Tulis poin dengan paling banyak dua angka di belakang koma."))
    points = points.normalize() if points else Decimal(0)
    # a release of this work comes before or after, never in between
    db.session.execute(select(Work.id).where(Work.id == work.id).with_for_update(key_share=True))
    members = {member.enrolment_id for member in grading.members_of(work.id)}
    if enrolment_id not in members or len(members) < 2:
        raise Refused(N_("Penyesuaian perorangan hanya untuk anggota tim yang sedang bersama."))
    standing = models.standings_of(members, work.stable_id).get(enrolment_id)
    if standing is None:
        raise Refused(N_("Nilai tim ini belum diputuskan. Sesuaikan setelah seluruh bagiannya diterima."))
    if standing.released:
        raise Refused(N_("Nilai ini sudah diumumkan, jadi tidak dapat disesuaikan lagi."))
    before = models.adjustments_of(work.id).get(enrolment_id)
    if before is not None and (before.points, before.reason) == (points, reason):
        return None
    if not points and (before is None or not before.points):
        raise Refused(N_("Tulis berapa poin ditambah atau dikurangi, misalnya 5 atau -2,5."))
    basis = basis_of(work)
    if basis is None:  # a newer version is with the reviewers, or came back
        raise Refused(N_("Nilai tim ini belum diputuskan. Sesuaikan setelah seluruh bagiannya diterima."))
    total = basis.explain().total + points
    if not LOWEST <= total <= HIGHEST:
        raise Refused(
            N_("Dengan penyesuaian itu nilainya menjadi %(total)s, di luar 0 sampai 100."),
            total=formats.decimal(total),
        )
    row = Adjustment(
        work_id=work.id,
        enrolment_id=enrolment_id,
        points=points,
        reason=reason,
        decided_by=by,
        decided_at=now,
    )
    db.session.add(row)
    db.session.flush()
    db.session.add(
        GradeEntry(
            enrolment_id=enrolment_id,
            stable_id=work.stable_id,
            state="moderated",
            points=total,
            reason=_told(standing.base.reason, points),
            source=f"{models.SOURCE}{row.id}",
            decided_by=by,
            decided_at=now,
        )
    )
    db.session.flush()
    audit.record(
        "adjust grade",
        f"work:{work.id}",
        by=by,
        now=now,
        detail={"adjustment": row.id, "enrolment": enrolment_id, "points": format(points, "f")},
    )
    return row


def _told(reason: str, points: Decimal) -> str:
    """How the grade came about, as the ledger keeps it; why is in the adjustment itself."""
    if not points:
        return reason
    sign = "+" if points > 0 else "−"
    return f"{reason}, penyesuaian perorangan {sign}{formats.decimal(abs(points))}"[:300]
