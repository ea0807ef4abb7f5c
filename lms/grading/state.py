"""Where work stands between hand-in and grade: one function for queue, counters, mails and pages."""

from enum import StrEnum

import msgspec


class WorkState(StrEnum):
    """In the order work goes through them; `resubmitted` waits again, after it came back; `moderation` has all
    its reviews, which differ so far that somebody else decides.
    """

    WAITING = "waiting"
    IN_REVIEW = "in_review"
    MODERATION = "moderation"
    RETURNED = "returned"
    RESUBMITTED = "resubmitted"
    GRADED = "graded"
    RELEASED = "released"


class WorkFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the latest handed-in version of a work.

    `version` is its number, 0 before anything was handed in. `needed` reviews are asked of it, `started` were
    begun (sent ones too), `sent` were sent; `returned` says that one of those hands it back. `disputed`: they
    were all sent, and a moderator has yet to decide between them. `graded`: the
    version is settled and accepted, and the ledger holds a grade for it that is agreed, moderated or later. `released`: the learners see that grade.
    """

    version: int = 0
    needed: int = 1
    started: int = 0
    sent: int = 0
    returned: bool = False
    disputed: bool = False
    graded: bool = False
    released: bool = False


def work_state(facts: WorkFacts) -> WorkState | None:
    """The state of a work; None before anything was handed in.

    Several graders work independently: what one returns comes back to the team once all have sent their
    reviews.
    """
    if not facts.version:
        return None
    if facts.released:
        return WorkState.RELEASED
    if facts.returned and facts.sent >= facts.needed:
        return WorkState.RETURNED
    if facts.graded:
        return WorkState.GRADED
    if facts.disputed:
        return WorkState.MODERATION
    if facts.started or facts.sent:
        return WorkState.IN_REVIEW
    return WorkState.RESUBMITTED if facts.version > 1 else WorkState.WAITING


def awaits_reviewer(state: WorkState | None) -> bool:
    """Whether a reviewer is the one to act."""
    return state in (WorkState.WAITING, WorkState.RESUBMITTED, WorkState.IN_REVIEW)
