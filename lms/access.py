"""Who may do what: one table from deeds to alternatives; what is missing is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """A snapshot of who asks: roles, and the cohorts (ids) in which the person learns or facilitates.

    ``leads`` are those among the facilitated ones whose whole work the person answers for; in the others a
    facilitator sees what was allocated to them.
    """

    id: int
    name: str = ""
    learner: bool = False
    facilitator: bool = False
    administrator: bool = False
    learns_in: frozenset[int] = field(default_factory=frozenset)
    facilitates: frozenset[int] = field(default_factory=frozenset)
    leads: frozenset[int] = field(default_factory=frozenset)


class Deed(Enum):
    """Everything a signed-in person can ask to do; each view names exactly one."""

    # a thing with ``cohort_id``
    SEE_COHORT = "see cohort"  # the course as its cohort reads it: outline, lessons, quiz and project fronts
    LEARN = "learn"  # things only an enrolled learner does: tick, note, attempt, draft
    FACILITATE = "facilitate"  # see the progress and the grades of a whole cohort
    ALLOCATE = "allocate"  # decide who reviews what in a cohort, or (a thing with ``member_ids``) one work
    PRACTICE = "practice"  # mark samples before one's first review in a cohort; a sample has ``member_ids``, ``barred_ids``
    CALIBRATE = (
        "calibrate"  # make samples, and say how near reviewers must come; nobody does of their own work
    )
    REGRADE = "regrade"  # decide about a quiz's key in a cohort, and score its attempts again
    # a thing with ``cohort_id`` and ``member_ids`` (people whose work it is)
    SEE_WORK = "see work"  # drafts: the members only
    WRITE_WORK = "write work"
    TAKE_QUIZ = "take quiz"  # answer and hand in an attempt: whose it is only
    # those two and REVIEW: of a thing with ``reviewer_ids`` (to whom it is allocated) and ``barred_ids`` (the
    # cohort's facilitators whom a conflict of interest keeps from reviewing it) too
    SEE_SUBMISSION = "see submission"  # handed-in versions and their files
    SEE_FILE = "see file"  # a thing with ``handed_in`` too: a file of a draft, or of a handed-in version
    REVIEW = "review"
    MODERATE = (
        "moderate"  # decide between the reviews (``grader_ids``) of a version: never one's own review or work
    )
    APPEAL = "appeal"  # against what a criterion gave, within the days set
    ANSWER_APPEAL = "answer appeal"  # a thing with ``grader_ids`` too: never one's own review or work
    EXPLAIN = "explain"  # every decision behind a grade, with who made it
    MARK = "mark"  # read and mark the essays of an attempt
    SEE_OWN = "see own"  # attempts, receipts and released grades of the members
    RELEASE = "release"
    CHECK_RELEASE = "check release"  # read what is still open before a release, and what it would let out
    GRANT = "grant"  # more time for single people: never for oneself
    # no thing
    SEE_QUEUE = "see queue"
    MANAGE_COURSES = "manage courses"
    MANAGE_COHORTS = "manage cohorts"
    MANAGE_PEOPLE = "manage people"


class Decision(Enum):
    """What the guard answers: 404 hides the thing from outsiders, 403 tells insiders that they lack the right."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    HIDDEN = "hidden"


Predicate = Callable[[Person, Any], bool]


def learns_here(person: Person, thing: Any) -> bool:
    """Enrolled in the thing's cohort now."""
    return person.learner and thing.cohort_id in person.learns_in


def facilitates_here(person: Person, thing: Any) -> bool:
    """Facilitator of the thing's own cohort; being one somewhere else does not count."""
    return person.facilitator and thing.cohort_id in person.facilitates


def member(person: Person, thing: Any) -> bool:
    """The work is the person's own (alone or in a team)."""
    return person.id in thing.member_ids


def learning_member(person: Person, thing: Any) -> bool:
    """The work is the person's own and the enrolment still stands."""
    return member(person, thing) and learns_here(person, thing)


def leads_here(person: Person, thing: Any) -> bool:
    """Facilitates the cohort and answers for all of its work."""
    return facilitates_here(person, thing) and thing.cohort_id in person.leads


def allocated_here(person: Person, thing: Any) -> bool:
    """Facilitates the cohort, was given this work to review, and has no conflict of interest with it."""
    return (
        facilitates_here(person, thing)
        and person.id in thing.reviewer_ids
        and person.id not in thing.barred_ids
    )


def reviews_here(person: Person, thing: Any) -> bool:
    """Leads the cohort or was given the work, and is free to judge: it is neither the person's own nor that of
    somebody they are close to.
    """
    return (
        (leads_here(person, thing) or allocated_here(person, thing))
        and not member(person, thing)
        and person.id not in thing.barred_ids
    )


def practises_here(person: Person, thing: Any) -> bool:
    """Facilitates the cohort or runs the platform; a sample (which has ``barred_ids``) is neither of the person's own
    work nor of that of somebody they are close to.
    """
    barred = getattr(thing, "barred_ids", None)
    free = barred is None or person.id not in thing.member_ids | barred
    return free and (facilitates_here(person, thing) or person.administrator)


def decides_here(person: Person, thing: Any) -> bool:
    """Leads the cohort and gains nothing: nobody marks or releases what is their own."""
    return leads_here(person, thing) and not member(person, thing)


def runs_here(person: Person, thing: Any) -> bool:
    """Leads the cohort or runs the platform, and gains nothing: nobody chooses who reviews what is their own, or grants
    time to themselves.
    """
    return (leads_here(person, thing) or person.administrator) and person.id not in getattr(
        thing, "member_ids", ()
    )


def judges_again_here(person: Person, thing: Any) -> bool:
    """Leads the cohort or runs the platform, and is free to judge what others judged: had no part in the work or its
    grade, and is not close to who did the work.
    """
    return (leads_here(person, thing) or person.administrator) and person.id not in (
        thing.member_ids | thing.grader_ids | thing.barred_ids
    )


def sees_handed_in(person: Person, thing: Any) -> bool:
    """The file went along with a version, and the person may see handed-in versions of that work."""
    return bool(thing.handed_in) and may(person, Deed.SEE_SUBMISSION, thing)


def facilitates_any(person: Person, _thing: Any) -> bool:
    """For the queue's front door only; its rows are those the person may review."""
    return person.facilitator


def administrates(person: Person, _thing: Any) -> bool:
    """Administrator of the platform."""
    return person.administrator


TABLE: dict[Deed, tuple[Predicate, ...]] = {
    Deed.SEE_COHORT: (learns_here, facilitates_here, administrates),
    Deed.LEARN: (learns_here,),
    Deed.FACILITATE: (leads_here, administrates),
    Deed.ALLOCATE: (runs_here,),
    Deed.PRACTICE: (practises_here,),
    Deed.CALIBRATE: (runs_here,),
    Deed.REGRADE: (leads_here, administrates),
    Deed.SEE_WORK: (learning_member,),
    Deed.WRITE_WORK: (learning_member,),
    Deed.TAKE_QUIZ: (learning_member,),
    Deed.SEE_SUBMISSION: (member, leads_here, allocated_here, administrates),
    Deed.SEE_FILE: (learning_member, sees_handed_in),
    Deed.REVIEW: (reviews_here,),
    Deed.MODERATE: (judges_again_here,),
    Deed.APPEAL: (member,),
    Deed.ANSWER_APPEAL: (judges_again_here,),
    Deed.EXPLAIN: (member, leads_here, administrates),
    Deed.MARK: (decides_here,),
    Deed.SEE_OWN: (member,),
    Deed.RELEASE: (decides_here,),
    Deed.CHECK_RELEASE: (runs_here,),
    Deed.GRANT: (runs_here,),
    Deed.SEE_QUEUE: (facilitates_any,),
    Deed.MANAGE_COURSES: (administrates,),
    Deed.MANAGE_COHORTS: (administrates,),
    Deed.MANAGE_PEOPLE: (administrates,),
}


def may(person: Person | None, deed: Deed, thing: Any = None) -> bool:
    """Whether ``person`` may do ``deed`` to ``thing``; nobody signed in may do nothing."""
    return person is not None and any(rule(person, thing) for rule in TABLE.get(deed, ()))


def kept_from(person: Person, thing: Any, *, blind: bool, released: bool) -> bool:
    """Whether the person must not learn whose work it is: its reviewers, in a blind project, until the grade is out.

    Its members and whoever only runs the platform see names as they are.
    """
    if not blind or released or member(person, thing):
        return False
    return not (person.administrator and thing.cohort_id not in person.facilitates)


def insider(person: Person, thing: Any) -> bool:
    """Whether the person may know that the thing exists: they belong to its cohort or run the platform."""
    cohort = getattr(thing, "cohort_id", None)
    if cohort is None:
        return True
    return (
        person.administrator
        or cohort in person.learns_in
        or cohort in person.facilitates
        or person.id in getattr(thing, "member_ids", ())
    )


def decide(person: Person, deed: Deed, thing: Any = None) -> Decision:
    """The guard's answer. A learner of the same cohort is an outsider to another's work: existence is private."""
    if may(person, deed, thing):
        return Decision.ALLOWED
    if not insider(person, thing):
        return Decision.HIDDEN
    members = getattr(thing, "member_ids", None)
    if (
        members is not None
        and person.id not in members
        and not (person.administrator or thing.cohort_id in person.facilitates)
    ):
        return Decision.HIDDEN
    return Decision.FORBIDDEN
