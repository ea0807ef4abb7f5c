"""Agreeing on samples, asking for practice, and practising."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from lms import audit
from lms.courses.models import Cohort
from lms.extensions import db
from lms.grading import actions as grading
from lms.grading import content
from lms.grading.calibration import models, scoring
from lms.grading.calibration.models import (
    Calibrated,
    CalibrationSetting,
    GoldSample,
    PracticeDraft,
    PracticeMark,
    SampleRetirement,
)
from lms.grading.calibration.scoring import MEASURES, Measure, Nearness
from lms.grading.content import ReviewContent
from lms.grading.models import rubric_of, setting_of
from lms.people.models import Person
from lms.projects import models as projects
from lms.projects.content import ROW_ID, Table
from lms.projects.content import decode as decode_part
from lms.projects.models import SubmissionPart, SubmissionVersion
from lms.refusals import N_, Refused
from lms.rubric import Rubric

AGAIN = timedelta(days=1)
"""How long after a mark the same sample may be marked again: not from memory."""


class Stale(Refused):
    """The draft was saved from elsewhere meanwhile."""

    def __init__(self) -> None:
        super().__init__(
            N_("Latihan ini juga disimpan di tab atau perangkat lain. Isian Anda masih ada di sini.")
        )


class Incomplete(Refused):
    """Something is missing; ``criteria`` say where."""

    def __init__(self, criteria: Sequence[str], message: str) -> None:
        super().__init__(message)
        self.criteria = criteria


def measured(text: str) -> Measure:
    """A measure as a form or a row names it; the exact one for nonsense."""
    return next((each for each in MEASURES if each == text), "exact")


def _hold(cohort_id: int) -> None:
    """Settings, samples and marks of a cohort come one by one."""
    db.session.execute(select(Cohort.id).where(Cohort.id == cohort_id).with_for_update(key_share=True))


def set_threshold(
    cohort_id: int, stable_id: str, measure: Measure, threshold: Decimal | None, *, by: int, now: datetime
) -> CalibrationSetting | None:
    """Ask reviewers to practise until they reach this many percent (None: ask nothing); None where it holds already.

    Whoever has practised and reaches a lower bound is let in at once.
    """
    if threshold is not None and not (threshold.is_finite() and 0 < threshold <= 100):
        raise Refused(N_("Tulis ambang di antara 1 dan 100."))
    _hold(cohort_id)
    if threshold is not None and not models.samples_of(cohort_id, stable_id):
        raise Refused(
            N_("Buat dahulu paling sedikit satu contoh; tanpa contoh tidak ada yang dapat dilatih.")
        )
    before = models.setting_of(cohort_id, stable_id)
    if (before.threshold if before else None) == threshold and (
        before is None or threshold is None or before.measure == measure
    ):
        return None
    row = CalibrationSetting(
        cohort_id=cohort_id,
        stable_id=stable_id,
        measure=measure,
        threshold=threshold,
        decided_by=by,
        decided_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        "set calibration",
        f"cohort:{cohort_id}",
        by=by,
        now=now,
        detail={
            "project": stable_id,
            "measure": measure,
            "threshold": format(threshold, "f") if threshold is not None else None,
        },
    )
    _let_in_all(cohort_id, stable_id, now=now)
    return row


def _let_in_all(cohort_id: int, stable_id: str, *, now: datetime) -> None:
    """Open the queue to whoever is near enough by what is asked now."""
    samples = models.samples_of(cohort_id, stable_id)
    for person_id in models.practised_by([each.id for each in samples]):
        _let_in(cohort_id, stable_id, person_id, now=now)


class Retired(Refused):
    """Nobody is asked to mark the sample any more."""

    def __init__(self) -> None:
        super().__init__(N_("Contoh ini tidak dipakai lagi, jadi tidak perlu dinilai."))


def retire(sample: GoldSample, reason: str, *, by: int, now: datetime) -> SampleRetirement:
    """Ask nobody to mark a sample any more; what people answered and who was let in stays.

    Whoever is near enough over the samples that are left is let in at once. Twice does no harm. Raises Refused
    without a reason, and for the last sample while reviewers are asked to practise: nobody could pass any more.
    """
    _hold(sample.cohort_id)
    row = models.retirement_of(sample.id)
    if row is not None:
        return row
    reason = " ".join(reason.split())
    if not reason:
        raise Refused(N_("Tulis mengapa contoh ini tidak dipakai lagi."))
    if len(reason) > REASON_AT_MOST:
        raise Refused(N_("Alasan paling panjang %(count)s karakter."), count=REASON_AT_MOST)
    left = [each for each in models.samples_of(sample.cohort_id, sample.stable_id) if each.id != sample.id]
    setting = models.setting_of(sample.cohort_id, sample.stable_id)
    if not left and setting is not None and setting.threshold is not None:
        raise Refused(
            N_(
                "Ini contoh terakhir, padahal latihan diwajibkan. Buat contoh lain atau kosongkan ambang dahulu."
            )
        )
    row = SampleRetirement(sample_id=sample.id, reason=reason, retired_by=by, retired_at=now)
    db.session.add(row)
    db.session.flush()
    audit.record("retire sample", f"sample:{sample.id}", by=by, now=now, detail={"reason": reason})
    _let_in_all(sample.cohort_id, sample.stable_id, now=now)
    return row


REASON_AT_MOST = 300


def take_over(
    source_id: int, cohort_id: int, stable_id: str, item_id: int, *, by: int, now: datetime
) -> list[GoldSample]:
    """Take over the samples of another cohort of the same project, with what was agreed on; in one act.

    ``item_id`` is the project in the version that this cohort takes. Samples that stand here already, or were
    retired here, are left out. Raises Refused where nothing is left to take, where its rubric is another one, and
    where they would be too many together.
    """
    for key in sorted({source_id, cohort_id}):
        _hold(key)
    known = models.submissions_known(cohort_id, stable_id)
    theirs = [each for each in models.samples_of(source_id, stable_id) if each.submission_id not in known]
    if source_id == cohort_id or not theirs:
        raise Refused(N_("Angkatan itu tidak memiliki contoh lain untuk proyek ini."))
    rubric = rubric_of(projects.version_of(item_id), projects.project(item_id))
    same = [each for each in theirs if _rubric(each) == rubric]
    if not same:
        raise Refused(N_("Contoh angkatan itu memakai rubrik lain, jadi tidak dapat diambil."))
    if len(models.samples_of(cohort_id, stable_id)) + len(same) > models.SAMPLES_AT_MOST:
        raise Refused(N_("Satu proyek paling banyak memiliki 20 contoh."))
    rows = []
    for each in same:
        row = GoldSample(
            cohort_id=cohort_id,
            stable_id=stable_id,
            submission_id=each.submission_id,
            version_id=each.version_id,
            content=each.content,
            made_by=by,
            made_at=now,
        )
        db.session.add(row)
        db.session.flush()
        rows.append(row)
        audit.record(
            "take over sample",
            f"sample:{row.id}",
            by=by,
            now=now,
            detail={"from": each.id, "cohort": cohort_id},
        )
    return rows


def _rubric(sample: GoldSample) -> Rubric:
    return rubric_of(sample.version_id, projects.project(sample.submission.work.item_id))


def make_sample(
    version: SubmissionVersion, stable_id: str, said: ReviewContent, *, by: int, now: datetime
) -> GoldSample:
    """Agree on the levels of a settled version, with a reason for each; once for a version.

    Raises Incomplete, and Refused for a version that is not settled or whose texts name somebody of its team.
    """
    _hold(version.cohort_id)
    made = db.session.scalar(
        select(GoldSample).where(
            GoldSample.cohort_id == version.cohort_id,
            GoldSample.stable_id == stable_id,
            GoldSample.submission_id == version.id,
        )
    )
    if made is not None:
        if models.retirement_of(made.id) is not None:
            raise Refused(N_("Versi ini pernah menjadi contoh dan tidak dipakai lagi."))
        return made
    if version.settled_at is None or version.work.stable_id != stable_id:
        raise Refused(N_("Contoh dibuat dari versi proyek ini yang telaahnya sudah selesai."))
    if len(models.samples_of(version.cohort_id, stable_id)) >= models.SAMPLES_AT_MOST:
        raise Refused(N_("Satu proyek paling banyak memiliki 20 contoh."))
    found = scoring.names_in(_texts(version), _names(version))
    if found:
        if setting_of(version.work_id).masked:
            raise Refused(
                N_("Naskah ini menyebut orang dari timnya, jadi tidak dapat dijadikan contoh tanpa nama.")
            )
        raise Refused(
            N_("Naskah ini menyebut %(names)s, jadi tidak dapat dijadikan contoh tanpa nama."),
            names=", ".join(found),
        )
    version_id = projects.version_of(version.work.item_id)
    rubric = rubric_of(version_id, projects.project(version.work.item_id))
    missing = scoring.missing(said, [each.id for each in rubric.criteria], reasons=True)
    if missing:
        raise Incomplete(
            missing, N_("Setiap kriteria memerlukan tingkat dan alasan, paling sedikit 10 karakter.")
        )
    row = GoldSample(
        cohort_id=version.cohort_id,
        stable_id=stable_id,
        submission_id=version.id,
        version_id=version_id,
        content=content.encode(ReviewContent(criteria=said.criteria)),
        made_by=by,
        made_at=now,
    )
    db.session.add(row)
    db.session.flush()
    audit.record("make sample", f"submission:{version.id}", by=by, now=now, detail={"sample": row.id})
    return row


def _texts(version: SubmissionVersion) -> list[str]:
    """What stands in the version, as it is read and not as it is stored."""
    found: list[str] = []
    for stored in db.session.scalars(
        select(SubmissionPart.content).where(SubmissionPart.submission_id == version.id)
    ):
        held = decode_part(stored)
        if isinstance(held, str):
            found.append(held)
        elif isinstance(held, Table):
            found += (cell for row in held.rows for key, cell in row.items() if key != ROW_ID)
        else:
            found += (file.name for file in held)
    return found


def _names(version: SubmissionVersion) -> Mapping[str, str]:
    """What must not stand in a sample: names, numbers and addresses of those who did the work."""
    found: dict[str, str] = {}
    for person in db.session.scalars(select(Person).where(Person.id.in_(version.member_ids))):
        for sought in (person.name, person.nip, person.email):
            # a name of one short word is a word of the language as well
            if sought and len(sought) > 5:
                found[sought] = person.name
    return found


def can_mark(sample: GoldSample, person_id: int, *, now: datetime) -> datetime | None:
    """When the person may mark the sample: None for now, else the moment."""
    marks = models.attempts_of(sample.id, person_id)
    again = marks[-1].sent_at + AGAIN if marks else None
    return again if again is not None and again > now else None


def save_draft(
    sample: GoldSample, said: ReviewContent, *, revision: int, by: int, now: datetime
) -> PracticeDraft | None:
    """Keep what somebody writes about a sample, if nobody saved since ``revision``; None where it says nothing."""
    if models.retirement_of(sample.id) is not None:
        raise Retired
    text = content.encode(said)
    stored = models.draft_of(sample.id, by)
    if stored is None:
        if text == content.encode(ReviewContent()):
            return None
        if revision != 0:
            raise Stale
        row = PracticeDraft(sample_id=sample.id, person_id=by, content=text, revision=1, updated_at=now)
        db.session.add(row)
        db.session.flush()
        return row
    if stored.content == text:
        return stored
    if not grading.write_over(stored, text, revision=revision, now=now):
        raise Stale
    return stored


def send_mark(
    sample: GoldSample, said: ReviewContent, *, revision: int, by: int, now: datetime
) -> tuple[PracticeMark, bool]:
    """Send a mark of a sample, once a day at most; whoever is near enough over all samples is let in.

    Returns the newest mark and whether this call made it: a second press finds the first one. Raises Incomplete,
    and Stale where something else was saved since ``revision``.
    """
    _hold(sample.cohort_id)
    marks = models.attempts_of(sample.id, by)
    if marks and marks[-1].sent_at + AGAIN > now:
        return marks[-1], False
    if models.retirement_of(sample.id) is not None:
        raise Retired
    draft = models.draft_of(sample.id, by)
    if draft is not None and draft.revision != revision and draft.content != content.encode(said):
        raise Stale
    rubric = _rubric(sample)
    missing = scoring.missing(said, [each.id for each in rubric.criteria], reasons=False)
    if missing:
        raise Incomplete(missing, N_("Nilai dahulu semua kriteria, lalu kirim lagi."))
    row = PracticeMark(
        sample_id=sample.id,
        person_id=by,
        attempt=len(marks) + 1,
        content=content.encode(ReviewContent(criteria=said.criteria)),
        sent_at=now,
    )
    db.session.add(row)
    if draft is not None:
        db.session.delete(draft)
    db.session.flush()
    audit.record("mark sample", f"sample:{sample.id}", by=by, now=now, detail={"attempt": row.attempt})
    _let_in(sample.cohort_id, sample.stable_id, by, now=now)
    return row, True


def nearness_of(samples: Sequence[GoldSample], person_id: int) -> tuple[Nearness, int]:
    """How near a person's newest marks are, and how many of the samples they cover."""
    marks = models.marks_of([each.id for each in samples], person_id)
    found = []
    for sample in samples:
        if sample.id in marks:
            agreed = content.decode(sample.content)
            found += scoring.pairs(agreed, content.decode(marks[sample.id].content), agreed.criteria)
    return scoring.nearness(found), len(marks)


def _let_in(cohort_id: int, stable_id: str, person_id: int, *, now: datetime) -> None:
    """Open the queue to whoever has marked every sample and comes near enough."""
    setting = models.setting_of(cohort_id, stable_id)
    if setting is None or setting.threshold is None:
        return
    if models.calibrated(cohort_id, stable_id, person_id) is not None:
        return
    # nobody can mark what is their own or of somebody they are close to
    samples = [
        each
        for each in models.samples_of(cohort_id, stable_id)
        if person_id not in each.member_ids | each.barred_ids
    ]
    near, marked = nearness_of(samples, person_id)
    measure = measured(setting.measure)
    if marked < len(samples) or not near.reaches(measure, setting.threshold):
        return
    reached = near.of(measure)
    db.session.add(
        Calibrated(
            cohort_id=cohort_id,
            stable_id=stable_id,
            person_id=person_id,
            measure=measure,
            reached=Decimal(100) if reached is None else reached,
            at=now,
        )
    )
    db.session.flush()
