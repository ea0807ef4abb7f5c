"""Writing, sending and releasing: a draft by compare-and-set, a review once, a grade as rows of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from lms import audit, formats
from lms.courses import actions as courses
from lms.courses.models import GradeEntry
from lms.extensions import db
from lms.grading import content, rubric, verdict
from lms.grading.content import Gap, Open, ReviewContent
from lms.grading.models import Ready, Review, ReviewDraft, draft_of, members_of, newest_entries
from lms.grading.rubric import Rubric
from lms.projects.models import Draft, ImprovementNote, SubmissionPart, SubmissionVersion
from lms.projects.source import Project
from lms.refusals import Refused


class StaleReview(Refused):
    """The draft was saved from somewhere else meanwhile; ``row`` is what is stored."""

    def __init__(self, row: ReviewDraft) -> None:
        super().__init__("Telaah ini juga disimpan di tab atau perangkat lain. Tulisan Anda masih ada di sini.")
        self.row = row


class Settled(Refused):
    """The version is not up for review any more."""


class Incomplete(Refused):
    """The review cannot be sent yet; ``gaps`` say why."""

    def __init__(self, gaps: Sequence[Gap]) -> None:
        super().__init__("Telaah belum lengkap. Lengkapi yang disebutkan, lalu kirim lagi.")
        self.gaps = gaps


def open_sections(submission_id: int, earlier: Iterable[ImprovementNote]) -> list[Open]:
    """The sections that this version's reviewers decide on, each with the notes of the version before."""
    notes = [(note.section_id, note.id) for note in earlier]
    rows = db.session.scalars(
        select(SubmissionPart.section_id)
        .where(SubmissionPart.submission_id == submission_id, SubmissionPart.carried_from.is_(None))
        .order_by(SubmissionPart.position)
    )
    return [Open(name, tuple(note for section, note in notes if section == name)) for name in rows]


def earlier_notes(submission: SubmissionVersion) -> list[ImprovementNote]:
    """The notes that this version answers: those of the version before it."""
    return list(
        db.session.scalars(
            select(ImprovementNote)
            .where(
                ImprovementNote.work_id == submission.work_id, ImprovementNote.version == submission.number - 1
            )
            .order_by(ImprovementNote.id)
        )
    )


def _refuse_settled(submission: SubmissionVersion) -> None:
    if submission.settled_at is not None:
        raise Settled("Versi ini sudah selesai ditelaah. Tidak ada yang diubah.")


def save_draft(
    submission: SubmissionVersion, said: ReviewContent, *, revision: int, by: int, now: datetime
) -> ReviewDraft:
    """Keep what a reviewer has written so far.

    Raises StaleReview when ``revision`` is not the stored one, Settled when the version was decided meanwhile.
    """
    _refuse_settled(submission)
    row = db.session.scalar(
        select(ReviewDraft)
        .where(ReviewDraft.submission_id == submission.id, ReviewDraft.reviewer_id == by)
        .with_for_update()
    )
    text = content.encode(said)
    if row is None:
        row = ReviewDraft(
            submission_id=submission.id, reviewer_id=by, content=text, revision=1, started_at=now, updated_at=now
        )
        if revision != 0:
            raise Settled("Telaah ini sudah dikirim dari tab atau perangkat lain.")
        try:
            with db.session.begin_nested():
                db.session.add(row)
        except IntegrityError:
            stored = draft_of(submission.id, by)
            assert stored is not None
            raise StaleReview(stored) from None
        return row
    if row.content == text:
        return row
    if row.revision != revision:
        raise StaleReview(row)
    row.content = text
    row.revision += 1
    row.updated_at = now
    db.session.flush()
    return row


def send(
    submission: SubmissionVersion, project: Project, criteria: Rubric, *, by: int, now: datetime
) -> tuple[Review, bool]:
    """Send the reviewer's draft: it becomes an immutable review, and the version is settled when all are there.

    Returns the review and whether it settled the version. Sending twice gives the first review again. Raises
    Incomplete with everything that is missing, Settled when others decided meanwhile.
    """
    # all who send about this version stand in one row
    db.session.execute(
        select(SubmissionVersion.id).where(SubmissionVersion.id == submission.id).with_for_update()
    )
    db.session.refresh(submission, ["settled_at"])
    draft = draft_of(submission.id, by)
    if draft is None:
        sent = db.session.scalar(
            select(Review)
            .where(Review.submission_id == submission.id, Review.reviewer_id == by)
            .order_by(Review.number.desc())
            .limit(1)
        )
        if sent is not None:
            return sent, False
        raise Incomplete(content.gaps(open_sections(submission.id, ()), criteria, ReviewContent()))
    _refuse_settled(submission)
    said = content.decode(draft.content)
    earlier = earlier_notes(submission)
    sections = open_sections(submission.id, earlier)
    missing = content.gaps(sections, criteria, said)
    if missing:
        raise Incomplete(missing)
    outcome = content.outcome(sections, said)
    assert outcome is not None  # no gaps
    points = rubric.points(criteria, content.scores(criteria, said)) if outcome == "accepted" else None
    number = db.session.scalar(
        select(func.count(Review.id)).where(Review.submission_id == submission.id, Review.reviewer_id == by)
    )
    review = Review(
        submission_id=submission.id,
        reviewer_id=by,
        number=(number or 0) + 1,
        outcome=outcome,
        content=draft.content,
        points=points,
        sent_at=now,
    )
    db.session.add(review)
    db.session.delete(draft)
    db.session.flush()
    reviews = list(
        db.session.scalars(
            select(Review).where(Review.submission_id == submission.id).order_by(Review.sent_at, Review.id)
        )
    )
    settled = verdict.is_settled(project, [_sent(each) for each in reviews])
    if settled:
        _settle(submission, project, reviews, sections, earlier, now=now)
    audit.record(
        "send review",
        f"submission:{submission.id}",
        by=by,
        now=now,
        detail={"outcome": outcome, "settled": int(settled)},
    )
    return review, settled


def _sent(review: Review) -> verdict.Sent:
    return verdict.Sent(
        content.decode(review.content), "returned" if review.outcome == "returned" else "accepted", review.points
    )


def _settle(
    submission: SubmissionVersion,
    project: Project,
    reviews: Sequence[Review],
    sections: Sequence[Open],
    earlier: Sequence[ImprovementNote],
    *,
    now: datetime,
) -> None:
    """All reviews are there: deliver the notes, lock or reopen the sections, and grade what was accepted."""
    submission.settled_at = now
    sent = [_sent(review) for review in reviews]
    back = verdict.returned_sections(sent)
    drafts = db.session.scalars(select(Draft).where(Draft.work_id == submission.work_id).with_for_update())
    decided = {section.id for section in sections}
    for row in drafts:
        if row.section_id in back:
            row.returned_in = submission.number
        elif row.section_id in decided:
            row.accepted_in = submission.number
    _deliver(submission, reviews, earlier, now=now)
    if verdict.outcome(sent) == "accepted":
        _grade(submission, project, reviews, sent, now=now)
    db.session.flush()


def _deliver(
    submission: SubmissionVersion,
    reviews: Sequence[Review],
    earlier: Sequence[ImprovementNote],
    *,
    now: datetime,
) -> None:
    judged = [(review, content.decode(review.content)) for review in reviews]
    for note in earlier:
        says = {said.earlier.get(note.id) for _, said in judged}
        if "open" in says:
            # asked again with the new version, so that the team finds all it has to do in one place
            db.session.add(_note(submission, note.section_id, note.author_id, note.text, must=True, now=now))
        elif "settled" in says:
            note.resolved_in = submission.number
    for review, said in judged:
        for section_id, section in said.sections.items():
            for each in section.notes:
                db.session.add(
                    _note(submission, section_id, review.reviewer_id, each.text, must=each.must, now=now)
                )
    db.session.flush()


def _note(
    submission: SubmissionVersion, section_id: str, author_id: int, text: str, *, must: bool, now: datetime
) -> ImprovementNote:
    return ImprovementNote(
        work_id=submission.work_id,
        version=submission.number,
        section_id=section_id,
        author_id=author_id,
        must=must,
        text=text,
        created_at=now,
    )


def _grade(
    submission: SubmissionVersion,
    project: Project,
    reviews: Sequence[Review],
    sent: Sequence[verdict.Sent],
    *,
    now: datetime,
) -> None:
    mark = verdict.mark(project, sent)
    late = db.session.scalar(
        select(SubmissionVersion.late_seconds)
        .where(SubmissionVersion.work_id == submission.work_id)
        .order_by(SubmissionVersion.number)
        .limit(1)
    )
    final = verdict.after_lateness(mark.points, project.late, late or 0)
    last = reviews[-1]
    for member in members_of(submission.work_id):
        db.session.add(
            GradeEntry(
                enrolment_id=member.enrolment_id,
                stable_id=submission.work.stable_id,
                state=mark.how,
                points=final.points,
                reason=_reason(submission.number, final),
                source=f"review:{last.id}",
                decided_by=last.reviewer_id,
                decided_at=now,
            )
        )


def _reason(number: int, final: verdict.Final) -> str:
    """How the grade came about, as the ledger keeps it."""
    text = f"Versi {number}, nilai rubrik {formats.decimal(final.rubric, places=2)}"
    if final.deducted:
        taken = formats.decimal(final.deducted, places=2)
        text += f", terlambat {final.days} hari, dikurangi {taken}"
    return text


def release(ready: Sequence[Ready], *, by: int, now: datetime) -> int:
    """Let the learners see these grades: one ledger row each, and the project is complete where it is passed.

    Returns how many works were released. Releasing twice writes nothing more.
    """
    count = 0
    for work in ready:
        members = members_of(work.work_id)
        entries = newest_entries([member.enrolment_id for member in members])
        written = False
        for member in members:
            entry = entries.get((member.enrolment_id, work.stable_id))
            if entry is None or entry.state in ("released", "revised"):
                continue
            db.session.add(
                GradeEntry(
                    enrolment_id=member.enrolment_id,
                    stable_id=work.stable_id,
                    state="released",
                    points=entry.points,
                    reason=entry.reason,
                    source=f"release:{entry.id}",
                    decided_by=by,
                    decided_at=now,
                )
            )
            if entry.points >= Decimal(work.project.pass_mark):
                courses.complete(member.enrolment_id, work.stable_id, now=now)
            written = True
        if written:
            count += 1
            audit.record("release grade", f"work:{work.work_id}", by=by, now=now)
    db.session.flush()
    return count
