"""Who lives in a seeded database, and who of them is signed in to measure its pages."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Table, func, select

from lms.courses.models import CohortFacilitator, Item, Progress
from lms.extensions import Base, db
from lms.people.models import Person
from lms.projects.models import SubmissionVersion
from lms.projects.source import Project, TextSection
from lms.quizzes.paper import paper
from tests.bench.databases import ROOT
from tests.bench.filling import filling, values

CONTENT = ROOT / "content" / "penyusunan-rpjmd"
QUIZ = 1
"""Which quiz of the course everybody takes: the first is a short test before the course."""

FACILITATORS = 8
PASSWORD = "sandi-uji-beban-2026"


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is: ``progress`` counts rows, ``sessions`` the learners that will be signed in, ``waiting``
    the versions that wait for review beside those of the learners.
    """

    learners: int = 2_000
    courses: int = 40
    progress: int = 50_000
    sessions: int = 32
    waiting: int = 100_000
    folder: str = str(CONTENT)


class Learner(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with an open draft and a running attempt; ``answers`` are two form values for one question."""

    email: str
    code: str
    lessons: tuple[str, ...]
    attempt_id: int
    question_id: str
    answers: tuple[str, str]
    work_id: int
    section_id: str
    text: str


class Facilitator(msgspec.Struct, frozen=True, kw_only=True):
    """A reviewer with work that waits, the oldest versions first; ``large`` is a long one, 0 for none."""

    email: str
    submissions: tuple[int, ...]
    large: int = 0


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """Who may be signed in (all with PASSWORD), and how many rows there are."""

    learners: list[Learner]
    facilitators: list[Facilitator]
    rows: dict[str, int]


def email(role: str, number: int) -> str:
    """The address of a seeded person."""
    return f"{role}{number}@beban.example"


def is_handed_in(person: int) -> bool:
    """Whether this learner has handed in."""
    return person // 7 % 2 == 0  # a number that shares nothing with the number of courses


def is_returned(person: int) -> bool:
    """Whether this learner's version came back with notes."""
    return person // 7 % 8 == 0


def read_rows(model: type[Base], where: Any) -> list[dict[str, Any]]:
    table: Table = model.__table__  # type: ignore[assignment]
    return [
        dict(row) for row in db.session.execute(select(table).where(where).order_by(table.c.id)).mappings()
    ]


def read_row(model: type[Base], where: Any) -> dict[str, Any]:
    return read_rows(model, where)[0]


# Who is signed in


def cast_of(scale: Scale) -> Cast:
    return Cast(
        learners=list(islice(_learners(scale), scale.sessions)),
        facilitators=_facilitators(),
        rows={
            table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        },
    )


def _learners(scale: Scale) -> Iterator[Learner]:
    """Learners spread over the courses, who have not handed in."""
    stride = max(1, scale.learners // scale.sessions) | 1  # odd, so that every course has its turn
    for turn in range(scale.learners):
        person = turn * stride % scale.learners + 1
        if is_handed_in(person):
            continue
        cohort = (person - 1) % scale.courses + 1
        items = read_rows(Item, Item.version_id == cohort)
        read_ids = set(
            db.session.scalars(
                select(Progress.stable_id).where(
                    Progress.enrolment_id == person, Progress.completed_at.is_not(None)
                )
            )
        )
        lessons = [
            item["stable_id"] for item in items if item["kind"] == "lesson" and item["stable_id"] in read_ids
        ]
        attempt_id = 2 * person
        quiz_item = [item for item in items if item["kind"] == "quiz"][QUIZ]
        question = paper(quiz_item["definition"]).quiz.questions[0]
        first, second = values(question)[:2]
        project_item = next(item for item in items if item["kind"] == "project")
        project = msgspec.json.decode(project_item["definition"], type=Project)
        section = next(section for section in project.sections if isinstance(section, TextSection))
        held = filling(section)
        assert isinstance(held, str)
        yield Learner(
            email=email("learner", person),
            code=f"kelas-{cohort}",
            lessons=tuple(lessons[:: max(1, len(lessons) // 3)][:3]),
            attempt_id=attempt_id,
            question_id=question.id,
            answers=(first, second),
            work_id=person,
            section_id=section.id,
            text=held,
        )


def _facilitators() -> list[Facilitator]:
    found: list[Facilitator] = []
    people = db.session.execute(
        select(Person.id, Person.email)
        .where(
            Person.facilitator,
            select(CohortFacilitator).where(CohortFacilitator.person_id == Person.id).exists(),
        )
        .order_by(Person.id)
    )
    for person_id, address in people:
        waiting = db.session.execute(
            select(SubmissionVersion.id, SubmissionVersion.submitted_by)
            .join(CohortFacilitator, CohortFacilitator.cohort_id == SubmissionVersion.cohort_id)
            .where(CohortFacilitator.person_id == person_id)
            .order_by(SubmissionVersion.submitted_at)
        )
        ids = [key for key, author in waiting if not is_returned(author)]
        if ids and len(found) < FACILITATORS:
            large = db.session.scalar(
                select(SubmissionVersion.id)
                .join(CohortFacilitator, CohortFacilitator.cohort_id == SubmissionVersion.cohort_id)
                .where(CohortFacilitator.person_id == person_id, SubmissionVersion.number == 2)
                .limit(1)
            )
            found.append(Facilitator(email=address or "", submissions=tuple(ids[:5]), large=large or 0))
    return found
