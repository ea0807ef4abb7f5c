"""Attempts taken without pages, and newer versions of the sample quiz, for tests of what is decided later."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import func, select

from lms.audit import AuditEntry
from lms.courses.models import Cohort, Enrolment, GradeEntry, Progress, item_id, version_of
from lms.extensions import db
from lms.people.models import Person
from lms.publishing import actions as publishing
from lms.quizzes import actions, models
from lms.quizzes.actions import Given
from lms.quizzes.kinds.choice import derived_id
from lms.quizzes.kinds.essay import Essay
from lms.quizzes.kinds.question import Question
from lms.quizzes.marking import actions as marking
from lms.quizzes.marking.models import Plan, Target, plan_of
from lms.quizzes.models import EssayMark, KeyRuling, Regrade, Rescore, Sitting
from lms.quizzes.paper import paper
from lms.quizzes.source import Quiz
from tests.cast import CODE, NOW, Cast, sample
from tests.quizzes.answers import QUIZ, RIGHT

LATER = NOW + timedelta(days=1)
ESSAY = Essay(id="esai", prompt="Jelaskan hubungan RPJMD dan Renstra.", points=Decimal(5))
BOTH = (ESSAY, Essay(id="lain", prompt="Beri contoh.", points=Decimal(5), rubric="rubrik-uji"))


def sit(cast: Cast, who: str, answers: dict[str, Any], *, now: datetime = NOW) -> Sitting:
    """A handed-in attempt with these answers."""
    place = models.quiz_seat(CODE, QUIZ, cast.people[who])
    assert place is not None
    attempt = actions.start(place, now=now)
    tried = models.sitting(attempt.id, lock=True)
    assert tried is not None
    saved = actions.save_changed(tried, {name: Given(value) for name, value in answers.items()}, now=now)
    actions.hand_in(tried, saved, now=now)
    return tried


def begin(cast: Cast, who: str, *, now: datetime = NOW) -> Sitting:
    """A running attempt."""
    place = models.quiz_seat(CODE, QUIZ, cast.people[who])
    assert place is not None
    tried = models.sitting(actions.start(place, now=now).id)
    assert tried is not None
    return tried


def right(*names: str) -> dict[str, Any]:
    """The right answers to some questions of the sample quiz (of 1, 2, 1, 1 points)."""
    return {name: RIGHT[name] for name in names}


def enrol(cast: Cast, name: str) -> int:
    """One more learner in the cohort; returns the enrolment's id."""
    somebody = Person(
        name=name,
        sort_name=name.casefold(),
        email=f"{name}@lagi.example",
        kind="pns",
        organization_id=cast.organizations["Bapperida"],
        password_hash="-",
        learner=True,
        created_at=NOW,
    )
    db.session.add(somebody)
    db.session.flush()
    row = Enrolment(cohort_id=cast.cohort_id, person_id=somebody.id, enrolled_at=NOW)
    db.session.add(row)
    db.session.flush()
    cast.people[name] = somebody.id
    cast.enrolments[name] = row.id
    return row.id


def publish(cast: Cast, *questions: Question, without: str = "", **rules: Any) -> Target:
    """Publish one more version of the course, whose quiz has these questions in place of those with the same id."""
    draft = sample()
    items = []
    for item in draft.items:
        if item.id == QUIZ:
            quiz = paper(item.definition.decode()).quiz
            new = {question.id: question for question in questions}
            quiz = msgspec.structs.replace(
                quiz,
                questions=tuple(new.get(each.id, each) for each in quiz.questions if each.id != without),
                **rules,
            )
            item = msgspec.structs.replace(item, definition=msgspec.json.encode(quiz))
        items.append(item)
    definition = b"".join(item.definition for item in items)
    changed = msgspec.structs.replace(
        draft, items=tuple(items), content_hash=hashlib.sha256(definition).hexdigest()
    )
    outcome = publishing.publish(changed, by=cast.people["ratna"], now=NOW + timedelta(hours=1))
    item_of_quiz = item_id(outcome.version_id, QUIZ)
    assert item_of_quiz is not None
    return Target(item_of_quiz, outcome.number)


def move(cast: Cast, target: Target) -> None:
    """Move the cohort to the version of a target."""
    cohort = db.session.get_one(Cohort, cast.cohort_id)
    cohort.version_id = version_of(target.item_id)
    db.session.flush()


def other_key() -> Question:
    """The first question of the sample quiz with its key moved to the first option."""
    quiz: Quiz = next(paper(item.definition.decode()).quiz for item in sample().items if item.id == QUIZ)
    question = quiz.questions[0]
    options = tuple(
        msgspec.structs.replace(option, right=option.id == derived_id("satu", "Salah"))
        for option in question.options  # type: ignore[attr-defined]
    )
    return msgspec.structs.replace(question, options=options)


NOTHING: frozenset[str] = frozenset()


def target_now(cast: Cast) -> Target:
    place = models.quiz_seat(cast.code, QUIZ, cast.people["dewi"])
    assert place is not None
    return Target(place.line.id, place.seat.outline.version_number)


def plan(cast: Cast, target: Target | None = None, included: frozenset[str] = NOTHING) -> Plan:
    return plan_of(cast.cohort_id, QUIZ, target or target_now(cast), included)


def regrade(
    cast: Cast, seen: Plan, reason: str = "Kunci soal 1 keliru", *, now: Any = LATER
) -> marking.Regraded:
    return marking.regrade(
        cast.cohort_id,
        QUIZ,
        seen.target,
        seen.included,
        fingerprint=seen.preview.fingerprint,
        reason=reason,
        by=cast.people["dewi"],
        now=now,
    )


def count(*tables: Any) -> list[int]:
    return [db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def written() -> list[int]:
    """Rows of all that decisions write."""
    return count(Regrade, Rescore, GradeEntry, Progress, KeyRuling, EssayMark, AuditEntry)


def grades(who: int) -> list[tuple[str, Decimal, str]]:
    return [
        (row.state, row.points, row.reason)
        for row in db.session.scalars(
            select(GradeEntry).where(GradeEntry.enrolment_id == who).order_by(GradeEntry.id)
        )
    ]


def void(cast: Cast, name: str, rule: str, *, now: Any = NOW) -> KeyRuling:
    return marking.void(cast.cohort_id, QUIZ, name, rule, "Soalnya rancu", by=cast.people["dewi"], now=now)
