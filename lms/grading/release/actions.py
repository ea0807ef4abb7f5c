"""Letting a cohort see the grades of a project, exactly as it was previewed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from lms import audit
from lms.courses.models import Cohort
from lms.extensions import db
from lms.grading import actions as grading
from lms.grading.models import Ready
from lms.grading.release import models, preflight
from lms.grading.release.models import CohortProject, GradeRelease, ReleaseExclusion
from lms.grading.release.preflight import Missing
from lms.projects.models import Work
from lms.refusals import N_, Refused


class StalePreview(Refused):
    """Something else would be let out by now than what was shown."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "Keadaannya berubah sejak halaman ini dibuka, jadi belum ada nilai yang diumumkan. "
                "Periksa lagi; alasan yang Anda tulis masih ada."
            )
        )


class StillOpen(Refused):
    """Something is open; ``missing`` says what, by party."""

    def __init__(self, missing: Mapping[str, Missing]) -> None:
        blocked = any(each == "unsettled" for each in missing.values())
        super().__init__(
            N_("Nilai belum dapat diumumkan: masih ada yang harus diselesaikan penelaah.")
            if blocked
            else N_(
                "Belum ada nilai yang diumumkan. Lengkapi keputusan bagi setiap peserta yang belum mengumpulkan."
            )
        )
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was let out; ``again`` where the same act was done before and nothing changed."""

    works: Sequence[Ready]
    left_out: int
    again: bool = False


def release(
    place: CohortProject, *, plan: str, excluded: Mapping[str, str], by: int, now: datetime
) -> Outcome:
    """Let all learners of a cohort see their grade of a project, but for those who are left out with a reason.

    ``plan`` is the fingerprint of the preflight that was shown, ``excluded`` the reason by party. Doing the same
    again changes nothing. Raises StalePreview, StillOpen, and Refused where there is nothing to let out.
    """
    stable_id = place.line.stable_id
    # whoever releases this cohort's grades waits here, and whoever hands in, joins or adjusts at its works
    db.session.execute(select(Cohort.id).where(Cohort.id == place.cohort_id).with_for_update(key_share=True))
    db.session.execute(
        select(Work.id)
        .where(Work.cohort_id == place.cohort_id, Work.stable_id == stable_id)
        .order_by(Work.id)
        .with_for_update()
    )
    if _done_before(place, plan):
        return Outcome((), 0, again=True)
    found = models.standing_of(place.cohort_id, place.version_id, place.line.id, stable_id).preflight
    if found.fingerprint != plan:
        raise StalePreview
    reasons = {key: " ".join(reason.split()) for key, reason in excluded.items()}
    missing = preflight.missing(found, reasons)
    if missing:
        raise StillOpen(missing)
    if not found.ready:
        raise Refused(N_("Tidak ada nilai yang menunggu diumumkan."))
    act = GradeRelease(
        cohort_id=place.cohort_id,
        stable_id=stable_id,
        plan=plan,
        works=len(found.ready),
        decided_by=by,
        decided_at=now,
    )
    db.session.add(act)
    db.session.flush()
    left_out = [
        ReleaseExclusion(
            release_id=act.id, enrolment_id=enrolment, kind=each.kind, reason=reasons[each.party.key]
        )
        for each in found.excludable
        for enrolment in each.party.enrolments
    ]
    db.session.add_all(left_out)
    works = grading.release(
        place.cohort_id, [each.work_id for each in found.ready if each.work_id is not None], by=by, now=now
    )
    assert len(works) == len(found.ready)  # the preflight and the list of the ready are of one transaction
    audit.record(
        "release cohort",
        f"cohort:{place.cohort_id}",
        by=by,
        now=now,
        detail={"release": act.id, "item": stable_id, "works": len(works), "left out": len(left_out)},
    )
    return Outcome(works, len(left_out))


def _done_before(place: CohortProject, plan: str) -> bool:
    return (
        db.session.scalar(
            select(GradeRelease.id).where(
                GradeRelease.cohort_id == place.cohort_id,
                GradeRelease.stable_id == place.line.stable_id,
                GradeRelease.plan == plan,
            )
        )
        is not None
    )
