"""What was decided about scores: rulings, regrades, marks; and the attempts that they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Integer,
    String,
    bindparam,
    cast,
    literal,
    null,
    select,
    union_all,
)

from lms.courses.models import (
    CourseVersion,
    Enrolment,
    GradeEntry,
    Item,
    item_source,
)
from lms.extensions import db
from lms.people.models import Person
from lms.quizzes import regrading, rulings, scoring
from lms.quizzes.kinds.question import Answer as Value
from lms.quizzes.models import (
    COUNTS,
    NEWEST_RESCORE,
    RANK,
    Answer,
    Attempt,
    EssayMark,
    KeyRuling,
    Regrade,
    Rescore,
    Sitting,
    paper_of,
    read_value,
)
from lms.quizzes.paper import Paper, paper
from lms.quizzes.regrading import Taken
from lms.quizzes.rulings import Decision, Ruling
from lms.quizzes.source import Quiz

# --- what was decided ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegradeLine:
    """A regrade that was done, with the number of the course version whose key was used."""

    id: int
    item_id: int
    version: int
    included: frozenset[str]
    reason: str
    decided_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class RescoreLine:
    """A new score of one attempt, and why."""

    points: Decimal
    max_points: Decimal
    reason: str
    source: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class MarkLine:
    """What a facilitator gave for an essay: ``share`` of its points; ``levels`` JSON, '' without a rubric."""

    id: int
    question: str
    share: Decimal
    levels: str
    comment: str
    marked_at: datetime
    marked_by: int
    by: str


@dataclass(frozen=True, slots=True)
class History:
    """Everything decided about a quiz in a cohort, oldest first, and about one attempt if one was named."""

    decisions: list[Decision] = field(default_factory=list)
    regrades: list[RegradeLine] = field(default_factory=list)
    rescores: list[RescoreLine] = field(default_factory=list)
    marks: list[MarkLine] = field(default_factory=list)

    def standing(self, until: datetime | None = None) -> dict[str, Ruling]:
        """What stands about its questions."""
        return rulings.standing(self.decisions, until=until)

    @property
    def newest_marks(self) -> dict[str, MarkLine]:
        """The mark that counts, by question id."""
        return {mark.question: mark for mark in self.marks}

    @property
    def shares(self) -> dict[str, Fraction]:
        """What the marks that count give, by question id."""
        return {question: Fraction(mark.share) for question, mark in self.newest_marks.items()}

    def rulings_for(self, submitted_at: datetime) -> dict[str, Ruling]:
        """The rulings that hold for an attempt: those from before it was handed in, and before the last regrade."""
        return self.standing(max([submitted_at, *(each.decided_at for each in self.regrades)]))


_TEXT, _NUMBER, _EXACT = String(), Integer(), Rescore.points.type


def _line(what: str, *, at: Any, **columns: Any) -> Any:
    """A row of the history: every kind of row has all columns, empty where they mean nothing to it."""
    return select(
        literal(what, _TEXT).label("what"),
        columns["id"].label("id"),
        columns.get("question", cast(null(), _TEXT)).label("question"),
        columns.get("kind", cast(null(), _TEXT)).label("kind"),
        columns.get("value", cast(null(), _TEXT)).label("value"),
        columns.get("rule", cast(null(), _TEXT)).label("rule"),
        columns.get("number", cast(null(), _NUMBER)).label("number"),
        columns.get("points", cast(null(), _EXACT)).label("points"),
        columns.get("max_points", cast(null(), _EXACT)).label("max_points"),
        columns["reason"].label("reason"),
        at.label("at"),
        columns["person"].label("person"),
        Person.name.label("by"),
    ).join(Person, Person.id == columns["person"])


_ABOUT_QUIZ = (
    _line(
        "ruling",
        id=KeyRuling.id,
        question=KeyRuling.question_id,
        kind=KeyRuling.kind,
        value=KeyRuling.value,
        rule=KeyRuling.rule,
        reason=KeyRuling.reason,
        person=KeyRuling.decided_by,
        at=KeyRuling.decided_at,
    ).where(KeyRuling.cohort_id == bindparam("cohort_id"), KeyRuling.stable_id == bindparam("stable_id")),
    _line(
        "regrade",
        id=Regrade.id,
        kind=cast(Regrade.item_id, _TEXT),
        value=Regrade.included,
        number=CourseVersion.number,
        reason=Regrade.reason,
        person=Regrade.decided_by,
        at=Regrade.decided_at,
    )
    .join(Item, Item.id == Regrade.item_id)
    .join(CourseVersion, CourseVersion.id == Item.version_id)
    .where(Regrade.cohort_id == bindparam("cohort_id"), Regrade.stable_id == bindparam("stable_id")),
)
_ABOUT_ATTEMPT = (
    _line(
        "rescore",
        id=Rescore.id,
        value=Rescore.source,
        points=Rescore.points,
        max_points=Rescore.max_points,
        reason=Rescore.reason,
        person=Rescore.decided_by,
        at=Rescore.decided_at,
    ).where(Rescore.attempt_id == bindparam("attempt_id")),
    _line(
        "mark",
        id=EssayMark.id,
        question=EssayMark.question_id,
        value=EssayMark.levels,
        points=EssayMark.share,
        reason=EssayMark.comment,
        person=EssayMark.marked_by,
        at=EssayMark.marked_at,
    ).where(EssayMark.attempt_id == bindparam("attempt_id")),
)
_OF_QUIZ = union_all(*_ABOUT_QUIZ).order_by("at", "id")
_OF_ATTEMPT = union_all(*_ABOUT_QUIZ, *_ABOUT_ATTEMPT).order_by("at", "id")


def history_of(cohort_id: int, stable_id: str, attempt_id: int | None = None) -> History:
    """What was decided about a quiz in a cohort, and about an attempt at it, in one statement."""
    history = History()
    values = {"cohort_id": cohort_id, "stable_id": stable_id}
    query = _OF_QUIZ
    if attempt_id is not None:
        query, values = _OF_ATTEMPT, values | {"attempt_id": attempt_id}
    for row in db.session.execute(query, values):
        match row.what:
            case "ruling":
                history.decisions.append(
                    Decision(row.id, row.question, row.kind, row.value, row.rule, row.reason, row.at, row.by)
                )
            case "regrade":
                included = frozenset(row.value.split(",")) if row.value else frozenset()
                history.regrades.append(
                    RegradeLine(row.id, int(row.kind), row.number, included, row.reason, row.at, row.by)
                )
            case "rescore":
                history.rescores.append(
                    RescoreLine(row.points, row.max_points, row.reason, row.value, row.at)
                )
            case _:
                history.marks.append(
                    MarkLine(
                        row.id, row.question, row.points, row.value, row.reason, row.at, row.person, row.by
                    )
                )
    return history


# --- the key of an attempt ----------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _corrected(definition: str, acts: tuple[tuple[str, frozenset[str]], ...]) -> Paper:
    quiz = paper(definition).quiz
    for newer, included in acts:
        quiz = regrading.corrected(quiz, paper(newer).quiz, included)
    return Paper(quiz)


def corrected_paper(item_id: int, acts: Iterable[tuple[int, frozenset[str]]]) -> Paper:
    """An item's quiz with the key of other items, one after the other; made once per process."""
    keys = tuple((item_source(newer)[1], included) for newer, included in acts)
    return _corrected(item_source(item_id)[1], keys) if keys else paper_of(item_id)


def key_paper(item_id: int, regrades: Iterable[RegradeLine], submitted_at: datetime) -> Paper:
    """The quiz that an attempt at an item is scored by: its own, corrected by the regrades since it was handed in."""
    return corrected_paper(
        item_id, ((each.item_id, each.included) for each in regrades if each.decided_at >= submitted_at)
    )


@dataclass(frozen=True, slots=True)
class Basis:
    """What an attempt's score was worked out by: the key, the rulings that held for it, the marks."""

    paper: Paper
    rulings: Mapping[str, Ruling]
    history: History

    def score(self, answers: Mapping[str, Value], asked: Iterable[str]) -> scoring.Result:
        """The attempt's score by this."""
        return scoring.score(self.paper.quiz, answers, asked, marks=self.history.shares, rulings=self.rulings)


def basis_of(tried: Sitting, *, now: datetime | None = None) -> Basis:
    """What a handed-in attempt's score was worked out by, in one statement; of one that runs, what holds ``now``."""
    attempt = tried.attempt
    at = attempt.submitted_at or now
    assert at is not None
    history = history_of(tried.cohort_id, attempt.stable_id, attempt.id)
    return Basis(key_paper(attempt.item_id, history.regrades, at), history.rulings_for(at), history)


# --- the attempts of a cohort -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A handed-in attempt at a quiz in a cohort, with whose it is; ``taken`` is what scoring it again takes."""

    taken: Taken
    item_id: int
    submitted_at: datetime
    name: str
    sort_name: str

    @property
    def key(self) -> tuple[str, int, int]:
        """Where it stands in lists by name."""
        return self.sort_name, self.taken.enrolment, self.taken.number


@dataclass(frozen=True, slots=True)
class Attempts:
    """All attempts at a quiz in a cohort: those handed in by enrolment and number, how many still run.

    ``ledger`` is the newest grade in the ledger, by enrolment. Learners who were removed are among them: what
    was graded stays, and they may come back.
    """

    lines: Sequence[Line]
    ledger: Mapping[int, Decimal]
    running: int


_GRADE = (
    select(GradeEntry.points)
    .where(GradeEntry.enrolment_id == Enrolment.id, GradeEntry.stable_id == Attempt.stable_id)
    .order_by(GradeEntry.id.desc())
    .limit(1)
    .correlate(Enrolment, Attempt)
    .scalar_subquery()
)
_HERE = (Enrolment.cohort_id == bindparam("cohort_id"), Attempt.stable_id == bindparam("stable_id"))
_ALL = (
    select(
        Attempt.id,
        Attempt.enrolment_id,
        Attempt.number,
        Attempt.item_id,
        Attempt.seed,
        Attempt.drawn,
        Attempt.submitted_at,
        Attempt.points,
        Attempt.max_points,
        Rescore.points.label("new_points"),
        Rescore.max_points.label("new_max"),
        Person.name,
        Person.sort_name,
        _GRADE.label("grade"),
    )
    .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .join(Person, Person.id == Enrolment.person_id)
    .outerjoin(Rescore, NEWEST_RESCORE)
    .where(*_HERE)
    .order_by(Attempt.enrolment_id, Attempt.number)
)
_NEWEST_ANSWERS = (
    select(
        Answer.attempt_id,
        Answer.question_id,
        Answer.value,
        RANK,
    )
    .join(Attempt, Attempt.id == Answer.attempt_id)
    .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .where(*_HERE, Attempt.submitted_at.is_not(None), COUNTS)
    .subquery()
)
_ALL_ANSWERS = select(
    _NEWEST_ANSWERS.c.attempt_id, _NEWEST_ANSWERS.c.question_id, _NEWEST_ANSWERS.c.value
).where(_NEWEST_ANSWERS.c.rank == 1)
_ALL_SHARES = (
    select(EssayMark.attempt_id, EssayMark.question_id, EssayMark.share)
    .join(Attempt, Attempt.id == EssayMark.attempt_id)
    .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .where(*_HERE)
    .order_by(EssayMark.id)
)
_LOCKED = (
    select(Attempt.id)
    .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
    .where(*_HERE)
    .order_by(Attempt.id)
    .with_for_update(of=Attempt, key_share=True)
)


def lock_attempts(cohort_id: int, stable_id: str) -> None:
    """Let whoever hands in, marks or scores one of these attempts wait for this transaction, in one statement."""
    db.session.execute(_LOCKED, {"cohort_id": cohort_id, "stable_id": stable_id}).all()


def lock_attempts_of(enrolment_id: int, stable_id: str) -> None:
    """The same for one learner's attempts: their scores make one grade, so they get them one by one."""
    db.session.execute(
        select(Attempt.id)
        .where(Attempt.enrolment_id == enrolment_id, Attempt.stable_id == stable_id)
        .order_by(Attempt.id)
        .with_for_update(key_share=True)
    ).all()


def attempts_in(cohort_id: int, stable_id: str) -> Attempts:
    """All attempts at a quiz in a cohort with what counts for each, in three statements however many they are."""
    values = {"cohort_id": cohort_id, "stable_id": stable_id}
    answers: dict[int, dict[str, Value]] = {}
    for attempt_id, question_id, value in db.session.execute(_ALL_ANSWERS, values):
        answers.setdefault(attempt_id, {})[question_id] = read_value(value)
    shares: dict[int, dict[str, Fraction]] = {}
    for attempt_id, question_id, share in db.session.execute(_ALL_SHARES, values):
        shares.setdefault(attempt_id, {})[question_id] = Fraction(share)
    lines: list[Line] = []
    ledger: dict[int, Decimal] = {}
    running = 0
    for row in db.session.execute(_ALL, values):
        if row.grade is not None:
            ledger[row.enrolment_id] = row.grade
        if row.submitted_at is None:
            running += 1
            continue
        rescored = row.new_points is not None
        taken = Taken(
            id=row.id,
            enrolment=row.enrolment_id,
            number=row.number,
            asked=asked_ids(row.item_id, row.seed, row.drawn),
            answers=answers.get(row.id, {}),
            marks=shares.get(row.id, {}),
            points=row.new_points if rescored else row.points,
            max_points=row.new_max if rescored else row.max_points,
        )
        lines.append(Line(taken, row.item_id, row.submitted_at, row.name, row.sort_name))
    return Attempts(lines, ledger, running)


def asked_ids(item_id: int, seed: int, drawn: str) -> tuple[str, ...]:
    """The questions that an attempt asks, in its order."""
    paper = paper_of(item_id)
    return tuple(shown.id for shown in (paper.pinned(drawn) if drawn else paper.asked(seed)))


# --- which key there is -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target:
    """A published state of a quiz whose key a regrade can use."""

    item_id: int
    version: int

    @property
    def quiz(self) -> Quiz:
        return paper_of(self.item_id).quiz


def newest_target(course_id: int, stable_id: str) -> Target | None:
    """The quiz in its course's newest version that is on offer and has it."""
    row = db.session.execute(
        select(Item.id, CourseVersion.number)
        .join(CourseVersion, CourseVersion.id == Item.version_id)
        .where(
            CourseVersion.course_id == course_id,
            CourseVersion.retired_at.is_(None),
            Item.stable_id == stable_id,
            Item.kind == "quiz",
        )
        .order_by(CourseVersion.number.desc())
        .limit(1)
    ).first()
    return Target(row.id, row.number) if row else None


# --- what a regrade would do --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """What a regrade by a target's key would do to a cohort's attempts.

    ``differences`` are between the keys that the attempts are scored by now and the target's, one a question.
    ``fresh`` says whether anything would be decided that does not hold yet, be it for nobody's score.
    """

    attempts: Attempts
    history: History
    target: Target
    included: frozenset[str]
    preview: regrading.Preview
    differences: tuple[regrading.Difference, ...]
    fresh: bool

    @property
    def by_id(self) -> dict[int, Line]:
        """The attempts by their id."""
        return {line.taken.id: line for line in self.attempts.lines}


def plan_of(
    cohort_id: int,
    stable_id: str,
    target: Target,
    included: frozenset[str],
    history: History | None = None,
) -> Plan:
    """Work out what a regrade would do; reads only, in four statements however many attempts there are.

    Whoever has read the quiz's ``history`` already saves one of them.
    """
    history = history or history_of(cohort_id, stable_id)
    attempts = attempts_in(cohort_id, stable_id)
    standing = history.standing()
    lines = {line.taken.id: line for line in attempts.lines}
    keys = {
        line.taken.id: key_paper(line.item_id, history.regrades, line.submitted_at) for line in attempts.lines
    }
    found: dict[str, regrading.Difference] = {}
    for key in dict.fromkeys(keys.values()):
        for each in regrading.differences(key.quiz, target.quiz):
            found.setdefault(each.id, each)
    included &= {each.id for each in found.values() if each.another}

    def rescored(taken: Taken) -> scoring.Result:
        line = lines[taken.id]
        acts = [
            (each.item_id, each.included) for each in history.regrades if each.decided_at >= line.submitted_at
        ]
        quiz = corrected_paper(line.item_id, [*acts, (target.item_id, included)]).quiz
        return scoring.score(quiz, taken.answers, taken.asked, marks=taken.marks, rulings=standing)

    last = history.regrades[-1].id if history.regrades else 0
    ruled = history.decisions[-1].id if history.decisions else 0
    preview = regrading.preview(
        [line.taken for line in attempts.lines],
        rescored,
        target.quiz,
        attempts.ledger,
        f"{last} {ruled} {target.item_id} {','.join(sorted(included))}",
    )
    earliest = min((line.submitted_at for line in attempts.lines), default=None)
    return Plan(
        attempts=attempts,
        history=history,
        target=target,
        included=included,
        preview=preview,
        differences=tuple(found.values()),
        fresh=bool(preview.changes)
        or any(each.scores and (not each.another or each.id in included) for each in found.values())
        or (earliest is not None and history.rulings_for(earliest) != standing),
    )


_ITEMS = (
    select(Attempt.item_id).join(Enrolment, Enrolment.id == Attempt.enrolment_id).where(*_HERE).distinct()
)


def papers_taken(cohort_id: int, stable_id: str, item: int) -> list[Paper]:
    """The quiz as the cohort takes it now (``item``), then older states that it has answered, in one statement."""
    items = db.session.scalars(_ITEMS, {"cohort_id": cohort_id, "stable_id": stable_id}).all()
    return [paper_of(each) for each in dict.fromkeys([item, *sorted(items, reverse=True)])]
