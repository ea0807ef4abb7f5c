"""Writing a moderator's decision: a draft by compare-and-set, the decision once, the grade as rows of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from lms import audit
from lms.extensions import db
from lms.grading import actions as grading
from lms.grading.leases.actions import hold
from lms.grading.models import Review
from lms.grading.models.rubrics import is_judged_by
from lms.grading.moderation import content
from lms.grading.moderation.content import Gap, Ruling, Side
from lms.grading.moderation.models import SOURCE, Case, Moderation, ModerationDraft, draft_of
from lms.projects.source import Project
from lms.refusals import N_, Refused
from lms.rubric import Rubric


class Closed(Refused):
    """Somebody decided meanwhile."""


class Stale(Refused):
    """The draft was saved from elsewhere meanwhile; ``row`` is what is stored, and nothing was written."""

    def __init__(self, row: ModerationDraft | None) -> None:
        super().__init__(
            N_("Moderasi ini juga disimpan di tab atau perangkat lain. Isian Anda masih ada di sini.")
        )
        self.row = row


class Incomplete(Refused):
    """It cannot be decided yet; ``gaps`` say why."""

    def __init__(self, gaps: Sequence[Gap]) -> None:
        super().__init__(N_("Putusan belum lengkap. Lengkapi yang disebutkan, lalu putuskan lagi."))
        self.gaps = gaps


_DECIDED = N_("Nilai versi ini sudah diputuskan, jadi tidak dapat diputuskan lagi.")


def save_draft(
    case: Case, ruling: Ruling, *, revision: int, by: int, now: datetime
) -> ModerationDraft | None:
    """Keep what a moderator has written so far, if nobody saved since ``revision`` (0: nothing was kept yet).

    Saving what is stored already changes nothing, and neither does a first save that says nothing. Raises Stale,
    and Closed when the version was decided meanwhile.
    """
    text = content.encode(ruling)
    if hold(case.version) is not None:
        raise Closed(_DECIDED)
    stored = draft_of(case.version.id, by)
    if stored is None:
        if revision != 0:
            raise Stale(None)
        if text == content.encode(Ruling()):
            return None
        row = ModerationDraft(
            submission_id=case.version.id, moderator_id=by, content=text, revision=1, updated_at=now
        )
        db.session.add(row)
        db.session.flush()
        return row
    if stored.content == text:
        return stored
    if not grading.write_over(stored, text, revision=revision, now=now):
        raise Stale(draft_of(case.version.id, by))
    return stored


def sides_of(submission_id: int) -> list[Side]:
    """The reviews to decide between, in the order they were sent."""
    rows = db.session.scalars(
        select(Review).where(Review.submission_id == submission_id).order_by(Review.sent_at, Review.id)
    )
    return [
        Side(row.id, grading.said_in(row), row.points) for row in rows if row.points is not None
    ]  # a dispute is between accepting reviews, and those have points


def decide(
    case: Case,
    project: Project,
    criteria: Rubric,
    ruling: Ruling,
    *,
    revision: int,
    by: int,
    now: datetime,
) -> tuple[Moderation, bool]:
    """Decide between the reviews of a version, once: the version is settled, its grade is the moderator's.

    Returns the decision and whether this call made it (a second press finds the first one). Raises Stale when the
    draft was saved from elsewhere since ``revision``, RubricChanged when ``criteria`` are not the work's any more,
    Incomplete with everything that is missing, Closed when somebody else decided, Refused for whoever wrote the
    work or one of its reviews.
    """
    settled_at = hold(case.version)
    made = db.session.scalar(select(Moderation).where(Moderation.submission_id == case.version.id))
    if made is not None and made.moderator_id == by:
        return made, False
    if made is not None or settled_at is not None:
        raise Closed(_DECIDED)
    if by in case.grader_ids | case.member_ids | case.barred_ids:
        raise Refused(N_("Yang menilai atau mengerjakan hasil kerja ini tidak dapat memoderasinya."))
    if not is_judged_by(case.version.work_id, project, criteria):
        raise grading.RubricChanged
    draft = draft_of(case.version.id, by)
    text = content.encode(ruling)
    if draft is not None and draft.revision != revision and draft.content != text:
        raise Stale(draft)
    sides = sides_of(case.version.id)
    missing = content.gaps(criteria, ruling, sides)
    if missing:
        raise Incomplete(missing)
    points = content.points(criteria, ruling, sides)
    assert points is not None  # no gaps
    row = Moderation(
        submission_id=case.version.id,
        moderator_id=by,
        decision="review" if ruling.whole else "own",
        review_id=ruling.whole or None,
        content=text,
        reason=ruling.reason,
        points=points,
        decided_at=now,
    )
    db.session.add(row)
    if draft is not None:
        db.session.delete(draft)
    db.session.flush()
    audit.record(
        "moderate grade",
        f"submission:{case.version.id}",
        by=by,
        now=now,
        detail={"moderation": row.id, "decision": row.decision, "points": format(points, "f")},
    )
    grading.settle_ruled(case.version, project, grading.Ruled(points, f"{SOURCE}{row.id}", by), now=now)
    return row, True
