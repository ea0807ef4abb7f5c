"""Writing reviews and grades: a draft by compare-and-set, a review once, a grade as rows of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import CursorResult, select, update

from lms import anchors, audit, formats, rubric
from lms.courses import actions as courses
from lms.courses.models import GradeEntry
from lms.extensions import db
from lms.grading import content, models, verdict
from lms.grading.allocation import actions as allocation
from lms.grading.content import Gap, Open, ReviewContent
from lms.grading.leases import actions as leases
from lms.grading.models import Ready, Referral, Review, ReviewDraft
from lms.grading.models.reviews import PrivateDraft
from lms.grading.models.rubrics import is_judged_by
from lms.projects.models import Draft, ImprovementNote, SubmissionPart, SubmissionVersion, Work
from lms.projects.reviewers import Allocation, day_of, wait_no_more
from lms.projects.source import Project
from lms.refusals import N_, Refused
from lms.rubric import Rubric


class Closed(Refused):
    """The person has nothing to write about this version any more: it is decided, or their review is sent."""


class Stale(Refused):
    """The draft was saved from elsewhere meanwhile; ``row`` is what is stored, and nothing was written."""

    def __init__(self, row: ReviewDraft | None) -> None:
        super().__init__(
            N_("Telaah ini juga disimpan di tab atau perangkat lain. Isian Anda masih ada di sini.")
        )
        self.row = row


class Incomplete(Refused):
    """The review cannot be sent yet; ``gaps`` say why."""

    def __init__(self, gaps: Sequence[Gap]) -> None:
        super().__init__(N_("Telaah belum lengkap. Lengkapi yang disebutkan, lalu kirim lagi."))
        self.gaps = gaps


class RubricChanged(Refused):
    """The work is judged by another rubric since the page was read."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "Rubrik hasil kerja ini baru saja berubah. Periksa isian Anda dengan rubrik yang baru, lalu kirim lagi."
            )
        )


_SENT = N_("Telaah Anda atas versi ini sudah dikirim, jadi tidak dapat diubah lagi.")
_SETTLED = N_("Versi ini sudah selesai ditelaah, jadi telaah lain tidak dapat dikirim.")
_REFERRED = N_(
    "Semua telaah versi ini sudah ada, tetapi nilainya berbeda jauh. Versi ini menunggu moderasi nilai, "
    "jadi telaah lain tidak dapat ditulis."
)


def is_referred(submission: SubmissionVersion) -> bool:
    """Whether a moderator was asked to decide about the version."""
    return db.session.scalar(select(Referral.id).where(Referral.submission_id == submission.id)) is not None


def _sent_by(submission: SubmissionVersion, reviewer_id: int) -> Review | None:
    return db.session.scalar(
        select(Review)
        .where(Review.submission_id == submission.id, Review.reviewer_id == reviewer_id)
        .order_by(Review.number.desc())
        .limit(1)
    )


def save_draft(
    submission: SubmissionVersion,
    draft: ReviewDraft | None,
    said: ReviewContent,
    *,
    beginning: ReviewContent,
    revision: int,
    by: int,
    now: datetime,
) -> ReviewDraft | None:
    """Keep what a reviewer has written so far, if nobody saved since ``revision`` (0: nothing was kept yet).

    ``draft`` is what the caller read; the row itself decides. Saving what is stored already changes nothing,
    and neither does a first save that says no more than the ``beginning`` of every draft: looking is not
    reviewing. Any other save takes the reviewer's turn to write, or renews it. Returns the draft, None
    where there is none. Raises Stale, Taken when the turn is somebody else's, and Closed when the review was
    sent or the version decided meanwhile; ``keep_draft`` stores the text all the same.
    """
    if leases.hold(submission) is not None:
        raise Closed(_SENT if _sent_by(submission, by) is not None else _SETTLED)
    if draft is None and is_referred(submission):
        raise Closed(_SENT if _sent_by(submission, by) is not None else _REFERRED)
    if draft is None and content.encode(said) == content.encode(beginning):
        leases.renew(submission, by=by, now=now)
    else:
        leases.take(submission, by=by, now=now)
    return keep_draft(submission, draft, said, beginning=beginning, revision=revision, by=by, now=now)


def keep_draft(
    submission: SubmissionVersion,
    draft: ReviewDraft | None,
    said: ReviewContent,
    *,
    beginning: ReviewContent,
    revision: int,
    by: int,
    now: datetime,
) -> ReviewDraft | None:
    """What ``save_draft`` keeps, whoever's turn it is to write: a private draft is in nobody's way.

    Raises Stale, and Closed when the person's own review was sent.
    """
    text = content.encode(said)
    if draft is None:
        return _first_draft(submission, text, beginning=beginning, revision=revision, by=by, now=now)
    if draft.content == text:
        return draft
    if draft.revision == revision and write_over(draft, text, revision=revision, now=now):
        return draft
    stored = _draft(submission, by)
    if stored is None:
        raise Closed(_SENT)
    if stored.content != text:
        raise Stale(stored)
    return stored


def _first_draft(
    submission: SubmissionVersion,
    text: str,
    *,
    beginning: ReviewContent,
    revision: int,
    by: int,
    now: datetime,
) -> ReviewDraft | None:
    leases.hold(submission)
    if _sent_by(submission, by) is not None:
        raise Closed(_SENT)
    stored = _draft(submission, by)
    if text == (stored.content if stored is not None else content.encode(beginning)):
        return stored
    if stored is not None or revision != 0:
        raise Stale(stored)
    row = ReviewDraft(
        submission_id=submission.id,
        reviewer_id=by,
        content=text,
        revision=1,
        started_at=now,
        updated_at=now,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _draft(submission: SubmissionVersion, reviewer_id: int) -> ReviewDraft | None:
    """The draft as it stands now, whatever this transaction read before."""
    return db.session.scalar(
        select(ReviewDraft)
        .where(ReviewDraft.submission_id == submission.id, ReviewDraft.reviewer_id == reviewer_id)
        .execution_options(populate_existing=True)
    )


def write_over(draft: PrivateDraft, text: str, *, revision: int, now: datetime) -> bool:
    """Write a text over a draft, if nobody saved since ``revision``; whether it was written."""
    kind = type(draft)
    result = db.session.execute(
        update(kind)
        .where(kind.id == draft.id, kind.revision == revision)
        .values(content=text, revision=revision + 1, updated_at=now)
        .execution_options(synchronize_session="auto")
    )
    assert isinstance(result, CursorResult)
    return bool(result.rowcount)


# Sending


def open_sections(submission_id: int, earlier: Iterable[ImprovementNote]) -> list[Open]:
    """The sections that this version's reviewers decide on, each with its notes of the version before."""
    notes = [(note.section_id, note.id, note.must) for note in earlier]
    names = db.session.scalars(
        select(SubmissionPart.section_id)
        .where(SubmissionPart.submission_id == submission_id, SubmissionPart.carried_from.is_(None))
        .order_by(SubmissionPart.position)
    )
    return [
        Open(
            name,
            tuple(note for section, note, _ in notes if section == name),
            tuple(note for section, note, must in notes if section == name and must),
        )
        for name in names
    ]


def send(
    submission: SubmissionVersion,
    project: Project,
    criteria: Rubric,
    said: ReviewContent,
    *,
    revision: int,
    by: int,
    now: datetime,
) -> tuple[Review, bool, bool]:
    """Send what a reviewer says of a version: the draft goes, an immutable review stays.

    Returns the review, whether this call made it (a second press finds the first one), and whether it settled
    the version. Sending ends the reviewer's turn to write. Raises Stale when the draft was saved from elsewhere
    since ``revision``, Taken when the turn is somebody else's, RubricChanged when ``criteria`` are not the work's
    any more, Incomplete with everything that is missing, Closed when others decided meanwhile.
    """
    settled_at = leases.hold(submission)
    sent = _sent_by(submission, by)
    if sent is not None:
        return sent, False, settled_at is not None
    if settled_at is not None:
        raise Closed(_SETTLED)
    if is_referred(submission):
        raise Closed(_REFERRED)
    leases.take(submission, by=by, now=now)
    # a change of rubric holds the version as well: what it decided is seen here or comes after
    if not is_judged_by(submission.work_id, project, criteria):
        raise RubricChanged
    draft = _draft(submission, by)
    text = content.encode(said)
    if draft is not None and draft.revision != revision and draft.content != text:
        raise Stale(draft)
    earlier = earlier_notes(submission)
    sections = open_sections(submission.id, earlier)
    last = project.is_last_round(submission.round_number)
    missing = content.gaps(sections, criteria, said, last_round=last)
    if missing:
        raise Incomplete(missing)
    outcome = content.outcome(sections, said)
    assert outcome is not None  # no gaps
    review = Review(
        submission_id=submission.id,
        reviewer_id=by,
        number=1,
        outcome=outcome,
        content=text,
        # a review that returns the work may leave criteria unscored; one that accepts it scores all
        points=rubric.points(criteria, content.scores(criteria, said)),
        started_at=draft.started_at if draft is not None else None,
        sent_at=now,
    )
    db.session.add(review)
    if draft is not None:
        db.session.delete(draft)
    leases.give_back(submission, by=by)
    db.session.flush()
    reviews = _reviews_of(submission)
    sent_now = [_sent(each) for each in reviews]
    settled = verdict.is_settled(project, sent_now)
    audit.record(
        "send review",
        f"submission:{submission.id}",
        by=by,
        now=now,
        detail={"review": review.id, "outcome": outcome, "settles": int(settled)},
    )
    if project.graders > 1 and review.points is not None and outcome == "accepted":
        _propose(submission, review, now=now)
    if settled:
        _settle(submission, project, reviews, sections, earlier, now=now)
    elif verdict.is_disputed(project, sent_now):
        _refer(submission, reviews, now=now)
    return review, True, settled


def earlier_notes(submission: SubmissionVersion) -> list[ImprovementNote]:
    """The notes that this version answers: those of the version before it."""
    return list(
        db.session.scalars(
            select(ImprovementNote)
            .where(
                ImprovementNote.work_id == submission.work_id,
                ImprovementNote.version == submission.number - 1,
            )
            .order_by(ImprovementNote.id)
        )
    )


def _reviews_of(submission: SubmissionVersion) -> list[Review]:
    return list(
        db.session.scalars(
            select(Review).where(Review.submission_id == submission.id).order_by(Review.sent_at, Review.id)
        )
    )


def said_in(review: Review) -> ReviewContent:
    """What a sent review says."""
    return content.decode(review.content)


def _sent(review: Review) -> verdict.Sent:
    outcome: content.Outcome = "returned" if review.outcome == "returned" else "accepted"
    return verdict.Sent(content.decode(review.content), outcome, review.points)


def _propose(submission: SubmissionVersion, review: Review, *, now: datetime) -> None:
    """What one of several reviewers would give, for those who decide between them."""
    assert review.points is not None
    for member in models.members_of(submission.work_id):
        db.session.add(
            GradeEntry(
                enrolment_id=member.enrolment_id,
                stable_id=submission.work.stable_id,
                state="proposed",
                points=review.points,
                reason=f"Versi {submission.number}, usulan satu penelaah sebelum keterlambatan",
                source=f"review:{review.id}",
                decided_by=review.reviewer_id,
                decided_at=now,
            )
        )
    db.session.flush()


def _refer(submission: SubmissionVersion, reviews: Sequence[Review], *, now: datetime) -> None:
    """The reviews differ too far: nothing waits for those who sent them, and who leads the cohort finds it."""
    points = [review.points for review in reviews if review.points is not None]
    difference = max(points) - min(points)
    db.session.add(Referral(submission_id=submission.id, difference=difference, referred_at=now))
    submission.pool_on = day_of(submission.submitted_at)
    db.session.execute(
        update(Allocation)
        .where(
            Allocation.work_id == submission.work_id,
            Allocation.reviewer_id.in_([review.reviewer_id for review in reviews]),
        )
        .values(waiting_on=None)
        .execution_options(synchronize_session=False)
    )
    db.session.flush()


class Ruled(NamedTuple):
    """What a moderator decided: the rubric's points, how the ledger names the decision, and who made it."""

    points: Decimal
    source: str
    by: int


def settle_ruled(submission: SubmissionVersion, project: Project, ruled: Ruled, *, now: datetime) -> None:
    """Settle a referred version as its moderator decided; whoever calls holds it."""
    earlier = earlier_notes(submission)
    sections = open_sections(submission.id, earlier)
    _settle(submission, project, _reviews_of(submission), sections, earlier, ruled, now=now)


def _settle(
    submission: SubmissionVersion,
    project: Project,
    reviews: Sequence[Review],
    sections: Sequence[Open],
    earlier: Sequence[ImprovementNote],
    ruled: Ruled | None = None,
    *,
    now: datetime,
) -> None:
    """All reviews are there: deliver the notes, lock or reopen the sections, and grade what was accepted."""
    sent = [_sent(review) for review in reviews]
    back = verdict.returned_sections(sent)
    accepted = {section.id for section in sections} - back
    # like saves and hand-ins, hold the drafts first and in one order
    db.session.execute(
        select(Draft.id).where(Draft.work_id == submission.work_id).order_by(Draft.id).with_for_update()
    )
    number = submission.number
    # a version that a newer rubric put before the reviewers again holds sections that were accepted once
    for names, values in (
        (back, {"returned_in": number, "submitted_in": number, "accepted_in": None}),
        (accepted, {"accepted_in": number}),
    ):
        db.session.execute(
            update(Draft)
            .where(Draft.work_id == submission.work_id, Draft.section_id.in_(names))
            .values(values)
            .execution_options(synchronize_session=False)
        )
    submission.settled_at = now
    wait_no_more([submission.work_id])
    if back:
        allocation.follow_up(
            submission, [(each.reviewer_id, each.outcome == "returned") for each in reviews], now=now
        )
    _deliver(submission, reviews, earlier, accepted, now=now)
    if verdict.outcome(sent) == "accepted":
        _grade(submission, project, reviews[-1], sent, ruled, now=now)
    db.session.flush()


def _deliver(
    submission: SubmissionVersion,
    reviews: Sequence[Review],
    earlier: Sequence[ImprovementNote],
    accepted: set[str],
    *,
    now: datetime,
) -> None:
    """Write the notes of these reviews, and say what became of those before.

    An earlier note that a reviewer calls unsettled is asked again with this version, so that the team finds
    all it has to do in one place; where its section is accepted, a note is settled with it, unless it was the last
    round and the reviewer says that it is not.
    """
    judged = [(review, content.decode(review.content)) for review in reviews]
    for note in earlier:
        verdicts: Mapping[int, str | None] = {review.id: said.earlier.get(note.id) for review, said in judged}
        if "open" in verdicts.values() and note.section_id not in accepted:
            _add_note(submission, note.section_id, note.author_id, _again(note), now=now)
        elif "open" not in verdicts.values() and (
            "settled" in verdicts.values() or note.section_id in accepted
        ):
            note.resolved_in = submission.number
    for review, said in judged:
        for section_id, section in said.sections.items():
            for each in section.notes:
                _add_note(submission, section_id, review.reviewer_id, each, now=now)
    db.session.flush()


def _again(note: ImprovementNote) -> content.Note:
    """The note as it was written, to be asked once more."""
    kind: content.NoteKind = next((kind for kind in content.NOTE_KINDS if kind == note.kind), "suggestion")
    return content.Note(note.text, kind=kind, anchor=note.place)


def _add_note(
    submission: SubmissionVersion, section_id: str, author_id: int, note: content.Note, *, now: datetime
) -> None:
    db.session.add(
        ImprovementNote(
            work_id=submission.work_id,
            version=submission.number,
            section_id=section_id,
            author_id=author_id,
            must=note.must,
            kind=note.kind,
            anchor=anchors.encode(note.anchor),
            text=note.text,
            created_at=now,
        )
    )


def _grade(
    submission: SubmissionVersion,
    project: Project,
    last: Review,
    sent: Sequence[verdict.Sent],
    ruled: Ruled | None,
    *,
    now: datetime,
) -> None:
    mark = verdict.mark(project, sent, ruled.points if ruled else None)
    final = verdict.after_lateness(mark.points, project.late, models.first_late_seconds(submission.work_id))
    reason = _reason(submission.number, final, len(sent), project.pass_mark, moderated=ruled is not None)
    for member in models.members_of(submission.work_id):
        db.session.add(
            GradeEntry(
                enrolment_id=member.enrolment_id,
                stable_id=submission.work.stable_id,
                state=mark.how,
                points=final.points,
                reason=reason,
                source=ruled.source if ruled else f"review:{last.id}",
                decided_by=ruled.by if ruled else last.reviewer_id,
                decided_at=now,
            )
        )


def _reason(
    number: int, final: verdict.Final, reviews: int, pass_mark: Decimal | int, *, moderated: bool
) -> str:
    """How the grade came about, as the ledger keeps it."""
    told = f"Versi {number}, nilai rubrik {formats.decimal(formats.grade(final.rubric, pass_mark))}"
    if moderated:
        told += f" menurut moderator atas {reviews} telaah"
    elif reviews > 1:
        told += f" dari {reviews} telaah"
    if final.deducted:
        taken = formats.decimal(formats.grade(final.deducted))
        told += f", dikurangi {taken} karena versi pertama terlambat {final.days} hari"
    return told


# Releasing


def release(cohort_id: int, work_ids: Iterable[int], *, by: int, now: datetime) -> list[Ready]:
    """Let the learners of these works see their grades; who reached the pass mark has completed the project.

    Works that have no grade to release, or whose grade is out already, are left alone, so that a second press
    changes nothing. Returns what was released.
    """
    wanted = sorted(set(work_ids))
    db.session.execute(
        select(Work.id)
        .where(Work.id.in_(wanted), Work.cohort_id == cohort_id)
        .order_by(Work.id)
        .with_for_update(key_share=True)
    )
    ready = models.ready_of(cohort_id, wanted, limit=len(wanted))
    members = models.members_of_all([work.work_id for work in ready])
    entries = models.newest_entries(each.enrolment_id for team in members.values() for each in team)
    passed: dict[str, list[int]] = {}
    for work in ready:
        found = _release(work, members.get(work.work_id, []), entries, by=by, now=now)
        passed.setdefault(work.stable_id, []).extend(found)
    db.session.flush()
    for stable_id, enrolments in passed.items():
        courses.complete_all(enrolments, stable_id, now=now)
    return ready


def _release(
    work: Ready,
    members: Iterable[models.MemberLine],
    entries: Mapping[tuple[int, str], GradeEntry],
    *,
    by: int,
    now: datetime,
) -> list[int]:
    """Write what the members of one work may see; the enrolments whose grade is let out and passes."""
    passed = []
    for member in members:
        entry = entries.get((member.enrolment_id, work.stable_id))
        if entry is None or entry.state in models.VISIBLE:
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
        if entry.points >= work.project.pass_mark:
            passed.append(member.enrolment_id)
    audit.record(
        "release grade",
        f"work:{work.work_id}",
        by=by,
        now=now,
        detail={"submission": work.submission_id, "points": str(work.points)},
    )
    return passed
