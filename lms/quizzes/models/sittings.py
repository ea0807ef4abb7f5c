"""The things of the access table: a quiz with its seat, an attempt with its learner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from lms.courses.models import Cohort, Enrolment, ItemLine, Outline, Seat, item_source, outline, seat
from lms.extensions import db
from lms.quizzes.kinds.question import Shown
from lms.quizzes.models.attempts import MAX_KEY, Attempt, AttemptEvent, AttemptFlag
from lms.quizzes.models.terms import Terms, terms_of
from lms.quizzes.paper import Paper, paper


def paper_of(item_id: int) -> Paper:
    """The quiz of an item, read once per process. Raises LookupError."""
    _, definition = item_source(item_id)
    return paper(definition)


@dataclass(frozen=True, slots=True)
class QuizSeat:
    """A quiz as a cohort takes it, with the asking person's seat: a thing of ``SEE_COHORT`` and ``LEARN``."""

    seat: Seat
    line: ItemLine

    @property
    def cohort_id(self) -> int:
        return self.seat.cohort_id

    @property
    def paper(self) -> Paper:
        return paper_of(self.line.id)


def quiz_seat(code: str, stable_id: str, person_id: int) -> QuizSeat | None:
    """The quiz with this stable id in the cohort with this code, in one statement."""
    place = seat(code, person_id)
    line = place.outline.item(stable_id) if place else None
    return QuizSeat(place, line) if place and line and line.kind == "quiz" else None


@dataclass(frozen=True, slots=True)
class Sitting:
    """An attempt with its cohort and the person who takes it: a thing of ``TAKE_QUIZ`` and ``SEE_OWN``.

    ``version_id`` is what the cohort takes now; the attempt keeps the text it began with.
    """

    attempt: Attempt
    person_id: int
    cohort_id: int
    code: str
    version_id: int
    starts_at: datetime
    ends_at: datetime
    device: str | None
    """Where the attempt was begun; None for those from before it was written down."""
    flagged: str | None = None

    @property
    def flags(self) -> frozenset[str]:
        """The questions that are flagged for later; known of an attempt that was loaded to be read."""
        return frozenset(self.flagged.split(",")) if self.flagged else frozenset()

    @property
    def member_ids(self) -> frozenset[int]:
        return frozenset((self.person_id,))

    @property
    def paper(self) -> Paper:
        return paper_of(self.attempt.item_id)

    @property
    def asked(self) -> tuple[Shown, ...]:
        """What the attempt asks, in its order: as it was pinned when the attempt began."""
        drawn = self.attempt.drawn
        return self.paper.pinned(drawn) if drawn else self.paper.asked(self.attempt.seed)

    def terms(self) -> Terms:
        """The dates and allowances that hold for the attempt now, in one statement."""
        attempt = self.attempt
        return terms_of(self.cohort_id, attempt.stable_id, attempt.enrolment_id, self.starts_at, self.ends_at)

    @property
    def outline(self) -> Outline:
        return outline(self.version_id)


_SITTING = (
    select(
        Attempt,
        Enrolment.person_id,
        Cohort.id,
        Cohort.code,
        Cohort.version_id,
        Cohort.starts_at,
        Cohort.ends_at,
        select(AttemptEvent.device)
        .where(AttemptEvent.attempt_id == Attempt.id, AttemptEvent.kind == "started")
        .limit(1)
        .correlate(Attempt)
        .scalar_subquery(),
    )
    .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .join(Cohort, Cohort.id == Enrolment.cohort_id)
    .where(Attempt.id == bindparam("attempt_id"))
)
# weaker than FOR UPDATE: writers of this attempt wait for each other, foreign keys that point at it do not
_SITTING_LOCKED = _SITTING.with_for_update(of=Attempt, key_share=True).execution_options(
    populate_existing=True
)


# ids of questions hold no comma
_SITTING_READ = _SITTING.add_columns(
    select(func.aggregate_strings(AttemptFlag.question_id, ","))
    .where(AttemptFlag.attempt_id == Attempt.id)
    .correlate(Attempt)
    .scalar_subquery()
)


def sitting(attempt_id: int, *, lock: bool = False) -> Sitting | None:
    """An attempt by its id, in one statement; with ``lock``, its other writers wait for this transaction."""
    if attempt_id > MAX_KEY:
        return None
    row = db.session.execute(_SITTING_LOCKED if lock else _SITTING_READ, {"attempt_id": attempt_id}).first()
    return Sitting(*row) if row else None
