"""What the reviews of one version come to: which sections come back, and the one grade.

Exact inside; a mean with no end in decimals is rounded to twelve of them, far below anything that is shown.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import msgspec

from lms.grading.content import Outcome, ReviewContent
from lms.projects.source import Late, Project

How = Literal["agreed", "moderated"]
_PLACES = 12


class Sent(msgspec.Struct, frozen=True):
    """A sent review: what it says, what it comes to, and its points out of 100 (None where it returns)."""

    content: ReviewContent
    outcome: Outcome
    points: Decimal | None = None


class Mark(msgspec.Struct, frozen=True):
    """The rubric's grade out of 100 before lateness; `how` says whether the reviews agreed, or a moderator (in
    the past also one more review) decided between them.
    """

    points: Decimal
    how: How = "agreed"


class Final(msgspec.Struct, frozen=True):
    """The grade that counts: `points` = `rubric` - `deducted`, never below 0; `days` late are days begun."""

    points: Decimal
    rubric: Decimal
    deducted: Decimal
    days: int


def is_settled(project: Project, reviews: Sequence[Sent]) -> bool:
    """Whether the reviews, in the order they were sent, decide about the version.

    All that the project asks for must be there, and they must not be disputed. (Before moderation was a deed of
    its own, one review more than asked for decided a dispute: such versions stay decided.)
    """
    return len(reviews) >= project.graders and not is_disputed(project, reviews)


def is_disputed(project: Project, reviews: Sequence[Sent]) -> bool:
    """Whether a moderator has to decide: all reviews accept the work, and their points differ by more than the
    project allows.

    Where one accepts and another returns there is nothing to moderate: one reason to return is enough, the team
    repairs what that reviewer asks for, and no grade is lost by it, because everybody who grades reads the next
    version anew. A moderator who overruled the return would freeze a text that a grader calls wrong.
    """
    if len(reviews) != project.graders or outcome(reviews) == "returned":
        return False
    return _too_far(project, reviews)


def outcome(reviews: Iterable[Sent]) -> Outcome:
    """Returned when one of the reviews returns the work."""
    return "returned" if any(each.outcome == "returned" for each in reviews) else "accepted"


def returned_sections(reviews: Iterable[Sent]) -> frozenset[str]:
    """The sections that at least one review returns."""
    return frozenset(
        name
        for each in reviews
        for name, section in each.content.sections.items()
        if section.decision == "return"
    )


def mark(project: Project, reviews: Sequence[Sent], moderated: Decimal | None = None) -> Mark:
    """The grade of accepting reviews: exactly what a moderator decided, else their mean, in any order the same.

    Raises ValueError when one of them has no points, and when a dispute is open.
    """
    if moderated is not None:
        return Mark(moderated, "moderated")
    points = [each.points for each in reviews if each.points is not None]
    if not points or len(points) < len(reviews):
        raise ValueError("an accepting review without points")
    if len(points) > project.graders and _too_far(project, reviews[: project.graders]):
        return Mark(points[-1], "moderated")
    if is_disputed(project, reviews):
        raise ValueError("disputed: a moderator has not decided yet")
    return Mark(_mean(points))


def _too_far(project: Project, reviews: Sequence[Sent]) -> bool:
    points = [each.points for each in reviews if each.points is not None]
    if project.reconcile.how != "moderator" or len(points) < 2:
        return False
    return max(points) - min(points) > project.reconcile.above


def _mean(points: Sequence[Decimal]) -> Decimal:
    exact = sum((Fraction(each) for each in points), Fraction(0)) / len(points)
    text = f"{Decimal(round(exact * 10**_PLACES)).scaleb(-_PLACES):f}"
    return Decimal(text.rstrip("0").rstrip(".")) if "." in text else Decimal(text)


def after_lateness(points: Decimal, late: Late | None, seconds: int) -> Final:
    """Take off what the project takes off for work that first came this many seconds after its deadline.

    The first version counts: that later ones come after the deadline is the time the review took.
    """
    deducted = late.deduction(seconds) if late is not None else Decimal(0)
    days = -(-seconds // 86_400) if deducted else 0
    kept = max(points - deducted, Decimal(0))
    return Final(points=kept, rubric=points, deducted=points - kept, days=days)
