"""Fill an empty database with many learners and courses: fast (rows go in by the thousand), always the same.

The real course is published once, through the platform's own action, and its rows are copied under other
slugs, each copy with a text of its own, so that no cache takes two courses for one. ``python -m
tests.bench.seed`` fills the database that the LMS_* environment names, takes a Scale as JSON from standard
input and prints the Cast.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Integer, Table, insert, text

from lms.app import create_app
from lms.courses.models import (
    Cohort,
    CohortFacilitator,
    Course,
    CourseFile,
    CourseVersion,
    Enrolment,
    GradeEntry,
    Item,
    Progress,
    Schedule,
)
from lms.extensions import Base, db
from lms.people import passwords
from lms.people.models import Organization, Person
from lms.projects import content
from lms.projects.actions import finding_counts, size_of, words_in
from lms.projects.checks import run as run_checks
from lms.projects.models import (
    Draft,
    ImprovementNote,
    SubmissionPart,
    SubmissionVersion,
    Work,
    WorkMember,
)
from lms.projects.receipt import ALPHABET, whole
from lms.projects.source import Project
from lms.publishing import actions as publishing
from lms.publishing import source
from lms.quizzes.models import Answer, Attempt, store_value
from lms.quizzes.paper import paper
from lms.settings import read
from tests.bench.cast import (
    PASSWORD,
    QUIZ,
    Cast,
    Scale,
    cast_of,
    email,
    is_handed_in,
    is_returned,
    read_row,
    read_rows,
)
from tests.bench.databases import ROOT
from tests.bench.filling import batches, filling, long_text, values

AGENCIES, UNIVERSITIES = 20, 4
FACILITATORS = 20
BATCH = 2_000
LARGE_WORDS, LARGE_NOTES = 15_000, 60
FIRST = ("Sari", "Budi", "Dewi", "Hasan", "Ratna", "Tono", "Wati", "Rahmi", "Yusuf", "Lina", "Arif", "Mega")
LAST = ("Wulandari", "Hartono", "Rahayu", "Basri", "Anggraini", "Nasution", "Siregar", "Chaniago", "Putra")


def main() -> None:
    """Fill the database of the environment."""
    scale = msgspec.json.decode(sys.stdin.buffer.read(), type=Scale)
    app = create_app(read(os.environ, ROOT))
    with app.app_context():
        cast = fill(scale, now=datetime.now(UTC))
        db.session.remove()
    sys.stdout.buffer.write(msgspec.json.encode(cast))


def fill(scale: Scale, *, now: datetime) -> Cast:
    """Write everything and commit; needs an app context and empty tables."""
    Seed(scale, now.replace(microsecond=0)).write()
    return cast_of(scale)


class Seed:
    """Writes the rows, table by table, with ids counted from 1."""

    def __init__(self, scale: Scale, now: datetime) -> None:
        self.scale = scale
        self.now = now
        self.past = now - timedelta(days=30)
        self.items: list[Sequence[Mapping[str, Any]]] = []  # by course: its items in order, rubrics left out

    def write(self) -> None:
        self.people()
        self.courses()
        self.cohorts()
        enrolments = list(self.enrolments())
        self.put(Enrolment, enrolments)
        self.put(Progress, self.progress(enrolments))
        self.attempts(enrolments[: self.scale.learners])
        # the work belongs to the big cohort where its learner is in that one too
        places = {each["person_id"]: each for each in enrolments}
        places |= {each["person_id"]: each for each in enrolments if each["cohort_id"] == 1}
        self.works([places[person] for person in sorted(places)])
        self.count_on()
        db.session.commit()

    def put(self, model: type[Base], rows: Iterable[Mapping[str, Any]]) -> None:
        table: Table = model.__table__  # type: ignore[assignment]
        for batch in batches(rows, BATCH):
            db.session.execute(insert(table), batch)

    def count_on(self) -> None:
        """Rows with given ids do not move PostgreSQL's counters: let the next row come after them."""
        if db.engine.dialect.name != "postgresql":
            return
        for table in Base.metadata.sorted_tables:
            if table.columns.get("id") is not None and isinstance(table.columns["id"].type, Integer):
                name = table.name
                db.session.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), "
                        f"(SELECT coalesce(max(id), 1) FROM {name}))"
                    )
                )

    # People: learners, then facilitators, then an administrator

    def people(self) -> None:
        houses = [("agency", f"Dinas Uji {number}") for number in range(1, AGENCIES + 1)]
        houses += [("university", f"Universitas Uji {number}") for number in range(1, UNIVERSITIES + 1)]
        self.put(
            Organization,
            (
                {"id": at, "kind": kind, "name": name, "created_at": self.past}
                for at, (kind, name) in enumerate(houses, start=1)
            ),
        )
        password_hash = passwords.hash_password(PASSWORD)
        self.put(Person, self.persons(password_hash))

    def persons(self, password_hash: str) -> Iterator[dict[str, Any]]:
        learners = self.scale.learners
        for number in range(1, learners + FACILITATORS + 2):
            role = (
                "learner"
                if number <= learners
                else "facilitator"
                if number <= learners + FACILITATORS
                else "administrator"
            )
            name = f"{FIRST[number % len(FIRST)]} {LAST[number % len(LAST)]} {number}"
            yield {
                "id": number,
                "name": name,
                "title_before": "",
                "title_after": "M.Si." if role == "facilitator" else "",
                "sort_name": name.casefold(),
                "email": email(role, number),
                "nip": None
                if role == "facilitator"
                else f"19800101{2005 + number // 990 % 15}011{number % 990 + 1:03}",
                "kind": "lecturer" if role == "facilitator" else "pns",
                "rank": "",
                "position": "Perencana Ahli Muda",
                "work_unit": "",
                "organization_id": AGENCIES + 1 + number % UNIVERSITIES
                if role == "facilitator"
                else 1 + number % AGENCIES,
                "password_hash": password_hash,
                "session_key": hashlib.sha256(f"session {number}".encode()).hexdigest()[:16],
                "learner": role == "learner",
                "facilitator": role == "facilitator",
                "administrator": role == "administrator",
                "active": True,
                "demo": False,
                "language": "id",
                "timezone": "Asia/Jakarta",
                "created_at": self.past,
            }

    # Courses: the first is published, the others are copies of its rows

    def courses(self) -> None:
        draft, problems = source.read_folder(Path(self.scale.folder), slug="kursus-1")
        if draft is None:
            raise RuntimeError("\n".join(map(str, problems)))
        published = publishing.publish(draft, by=None, now=self.past)
        version = read_row(CourseVersion, CourseVersion.id == published.version_id)
        items = read_rows(Item, Item.version_id == published.version_id)
        files = read_rows(CourseFile, CourseFile.version_id == published.version_id)
        self.items.append(items)
        copies = range(2, self.scale.courses + 1)
        self.put(Course, ({"id": n, "slug": f"kursus-{n}", "created_at": self.past} for n in copies))
        self.put(
            CourseVersion,
            (version | {"id": n, "course_id": n, "title": f"{version['title']} {n}"} for n in copies),
        )
        for n in copies:
            self.items.append(
                [
                    item | _reworded(item, n) | {"id": (n - 1) * len(items) + item["id"], "version_id": n}
                    for item in items
                ]
            )
            self.put(Item, self.items[-1])
            self.put(
                CourseFile,
                (each | {"id": (n - 1) * len(files) + each["id"], "version_id": n} for each in files),
            )

    def kind(self, course: int, kind: str) -> list[Mapping[str, Any]]:
        """The items of one kind of a course (from 1), in order."""
        return [item for item in self.items[course - 1] if item["kind"] == kind]

    # One cohort per course; the first takes half of the learners as their second

    def cohorts(self) -> None:
        courses = range(1, self.scale.courses + 1)
        ends_at = self.now + timedelta(days=60)
        self.put(
            Cohort,
            (
                {
                    "id": n,
                    "code": f"kelas-{n}",
                    "name": f"Angkatan {n}",
                    "version_id": n,
                    "starts_at": self.past,
                    "ends_at": ends_at,
                    "created_at": self.past,
                }
                for n in courses
            ),
        )
        first = self.scale.learners + 1
        self.put(
            CohortFacilitator,
            (
                {"cohort_id": n, "person_id": first + number % FACILITATORS, "added_at": self.past}
                for n in courses
                for number in (n - 1, n + FACILITATORS // 2 - 1)
            ),
        )
        self.put(
            Schedule,
            (
                {
                    "cohort_id": n,
                    "stable_id": item["stable_id"],
                    "opens_at": None,
                    "due_at": self.now + timedelta(days=20),
                }
                for n in courses
                for item in self.items[n - 1]
                if item["kind"] in ("quiz", "project")
            ),
        )

    def enrolments(self) -> Iterator[dict[str, Any]]:
        """Everybody's first cohort, in the order of the learners, then everybody's second."""
        learners, courses = self.scale.learners, self.scale.courses
        at = 0
        for turn in (1, 2):
            for person in range(1, learners + 1):
                first = (person - 1) % courses + 1
                cohort = first if turn == 1 else 1 if person % 2 else person * 7 % courses + 1
                if turn == 2 and cohort == first:
                    continue
                at += 1
                yield {
                    "id": at,
                    "cohort_id": cohort,
                    "person_id": person,
                    "enrolled_at": self.past,
                    "removed_at": None,
                }

    def progress(self, enrolments: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """The same number of items each, from the first on; all but the last of them completed."""
        each, more = divmod(self.scale.progress, len(enrolments))
        for at, enrolment in enumerate(enrolments):
            order = [item for item in self.items[enrolment["cohort_id"] - 1] if item["kind"] != "rubric"]
            rows = order[: each + (at < more)]
            for position, item in enumerate(rows):
                done = position < len(rows) - 1
                seen_at = self.past + timedelta(days=position, minutes=at % 600)
                yield {
                    "enrolment_id": enrolment["id"],
                    "stable_id": item["stable_id"],
                    "place": "",
                    "percent": 100 if done else 40,
                    "seen_at": seen_at,
                    "completed_at": seen_at if done else None,
                }

    # Each learner handed in one attempt at the quiz and is in the middle of another, of the same quiz

    def attempts(self, enrolments: Sequence[Mapping[str, Any]]) -> None:
        self.put(Attempt, (row for pair in self.attemptrows(enrolments) for row in pair))
        self.put(Answer, self.answers(enrolments))
        self.put(GradeEntry, self.grades(enrolments))

    def attemptrows(self, enrolments: Sequence[Mapping[str, Any]]) -> Iterator[tuple[dict[str, Any], ...]]:
        for enrolment in enrolments:
            quiz = self.kind(enrolment["cohort_id"], "quiz")[QUIZ]
            shared = {
                "enrolment_id": enrolment["id"],
                "stable_id": quiz["stable_id"],
                "item_id": quiz["id"],
            }
            yield (
                shared
                | {
                    "id": 2 * enrolment["id"] - 1,
                    "number": 1,
                    "seed": enrolment["id"],
                    "started_at": self.now - timedelta(days=9),
                    "submitted_at": self.now - timedelta(days=9, minutes=-9),
                    "points": Decimal(6),
                    "max_points": Decimal(10),
                },
                shared
                | {
                    "id": 2 * enrolment["id"],
                    "number": 2,
                    "seed": enrolment["id"] + 1,
                    "started_at": self.now - timedelta(minutes=5),
                    "submitted_at": None,
                    "points": None,
                    "max_points": None,
                },
            )

    def answers(self, enrolments: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        at = 0
        for enrolment in enrolments:
            quiz = paper(self.kind(enrolment["cohort_id"], "quiz")[QUIZ]["definition"]).quiz
            for attempt_id, share, ago in (
                (2 * enrolment["id"] - 1, 1, timedelta(days=9, minutes=-4)),
                (2 * enrolment["id"], 2, timedelta(minutes=4)),
            ):
                for sequence, question in enumerate(
                    islice(quiz.questions, len(quiz.questions) // share), start=1
                ):
                    at += 1
                    given_at = self.now - ago
                    yield {
                        "id": at,
                        "attempt_id": attempt_id,
                        "sequence": sequence,
                        "question_id": question.id,
                        "value": store_value(question.read(values(question)[:1])),
                        "given_at": given_at,
                        "saved_at": given_at,
                    }

    def grades(self, enrolments: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        for enrolment in enrolments:
            yield {
                "id": enrolment["id"],
                "enrolment_id": enrolment["id"],
                "stable_id": self.kind(enrolment["cohort_id"], "quiz")[QUIZ]["stable_id"],
                "state": "released",
                "points": Decimal(60),
                "reason": "",
                "source": f"attempt:{2 * enrolment['id'] - 1}",
                "decided_by": None,
                "decided_at": self.now - timedelta(days=9),
            }

    # Each learner works on one project, in one cohort; half of them handed in, an eighth got it back

    def works(self, places: Sequence[Mapping[str, Any]]) -> None:
        item = self.kind(1, "project")[0]
        project = msgspec.json.decode(item["definition"], type=Project)
        held = {section.id: filling(section) for section in project.sections}
        findings = finding_counts(run_checks(project, held), held)
        self.put(
            Work,
            (
                {
                    "id": each["person_id"],
                    "cohort_id": each["cohort_id"],
                    "item_id": self.kind(each["cohort_id"], "project")[0]["id"],
                    "stable_id": item["stable_id"],
                    "name": "",
                    "created_at": self.past,
                }
                for each in places
            ),
        )
        self.put(
            WorkMember,
            (
                {
                    "id": each["person_id"],
                    "work_id": each["person_id"],
                    "enrolment_id": each["id"],
                    "person_id": each["person_id"],
                    "stable_id": item["stable_id"],
                    "joined_at": self.past,
                    "left_at": None,
                }
                for each in places
            ),
        )
        stored = {section_id: content.encode(each) for section_id, each in held.items()}
        self.put(
            Draft,
            (
                {
                    "id": (each["person_id"] - 1) * len(project.sections) + at,
                    "work_id": each["person_id"],
                    "section_id": section.id,
                    "content": stored[section.id],
                    "revision": 1,
                    "findings": findings[section.id],
                    "size": size_of(held[section.id]),
                    "updated_at": self.now - timedelta(days=3),
                    "updated_by": each["person_id"],
                    "submitted_in": 1 if is_handed_in(each["person_id"]) else None,
                    "accepted_in": None,
                    "returned_in": 1 if is_returned(each["person_id"]) else None,
                }
                for each in places
                for at, section in enumerate(project.sections, start=1)
            ),
        )
        handed_in = [each for each in places if is_handed_in(each["person_id"])]
        digests = {section_id: content.digest(each) for section_id, each in held.items()}
        self.put(SubmissionVersion, (self.version(each, whole(digests.items())) for each in handed_in))
        self.put(
            SubmissionPart,
            (
                {
                    "id": (each["person_id"] - 1) * len(project.sections) + at + 1,
                    "submission_id": each["person_id"],
                    "section_id": section.id,
                    "position": at,
                    "content": content.canonical(held[section.id]).decode(),
                    "sha256": digests[section.id],
                    "words": words_in(held[section.id]),
                    "carried_from": None,
                }
                for each in handed_in
                for at, section in enumerate(project.sections)
            ),
        )
        self.put(ImprovementNote, self.notes(handed_in, project))
        self.waiting(places[0], item["stable_id"])
        self.large(places[0], project, held)

    def large(self, like: Mapping[str, Any], project: Project, held: Mapping[str, content.Content]) -> None:
        """A second version of 15,000 words, most of them as in the first, which came back with 60 notes."""
        sections = project.sections
        item = self.kind(like["cohort_id"], "project")[0]
        key = self.scale.learners + self.scale.waiting + 1
        self.put(
            Work,
            [
                {
                    "id": key,
                    "cohort_id": like["cohort_id"],
                    "item_id": item["id"],
                    "stable_id": item["stable_id"],
                    "name": "Tim naskah panjang",
                    "created_at": self.past,
                }
            ],
        )
        text = next(section.id for section in sections if section.kind == "text")
        parts = self.scale.learners * len(sections) + 1
        for number in (1, 2):
            now = {**held, text: long_text(LARGE_WORDS, "yang diperbaiki" if number == 2 else "")}
            digests = {section_id: content.digest(each) for section_id, each in now.items()}
            version = {
                **self.version(like, whole(digests.items())),
                "id": key + number - 1,
                "work_id": key,
                "number": number,
                "submitted_at": self.now - timedelta(hours=3 - number),
                "receipt": _receipt(key + number - 1),
                "settled_at": self.now - timedelta(hours=1, minutes=30) if number == 1 else None,
            }
            self.put(SubmissionVersion, [version])
            self.put(
                SubmissionPart,
                (
                    {
                        "id": parts + (number - 1) * len(sections) + at,
                        "submission_id": key + number - 1,
                        "section_id": section.id,
                        "position": at,
                        "content": content.canonical(now[section.id]).decode(),
                        "sha256": digests[section.id],
                        "words": words_in(now[section.id]),
                        "carried_from": None,
                    }
                    for at, section in enumerate(sections)
                ),
            )
        note = next(
            iter(self.notes([{"person_id": 0}], project))
        )  # nobody's number is 0: one like the others
        self.put(
            ImprovementNote,
            (
                {
                    **note,
                    "id": parts + at,
                    "work_id": key,
                    "section_id": text if at < LARGE_NOTES * 2 // 3 else sections[1].id,
                    "text": f"Sebutkan sumber **{at}** dan tahun setiap angka.",
                    "reply": "Sumber ditambahkan.",
                }
                for at in range(LARGE_NOTES)
            ),
        )

    def waiting(self, like: Mapping[str, Any], stable_id: str) -> None:
        """A queue as long as the scale says, in one cohort; handed in after all others, which stay the oldest."""
        item = self.kind(like["cohort_id"], "project")[0]
        first = self.scale.learners + 1
        keys = range(first, first + self.scale.waiting)
        self.put(
            Work,
            (
                {
                    "id": key,
                    "cohort_id": like["cohort_id"],
                    "item_id": item["id"],
                    "stable_id": stable_id,
                    "name": f"Tim {key}",
                    "created_at": self.past,
                }
                for key in keys
            ),
        )
        self.put(
            SubmissionVersion,
            (
                {
                    **self.version(
                        {"person_id": like["person_id"], "cohort_id": like["cohort_id"]}, "0" * 64
                    ),
                    "id": key,
                    "work_id": key,
                    "submitted_at": self.now + timedelta(days=1 + (key - first) // 60),
                    "receipt": _receipt(key),
                }
                for key in keys
            ),
        )

    def version(self, place: Mapping[str, Any], sha256: str) -> dict[str, Any]:
        person = place["person_id"]
        return {
            "id": person,
            "work_id": person,
            "cohort_id": place["cohort_id"],
            "number": 1,
            "submitted_at": self.now - timedelta(days=2, minutes=person % 1440),
            "submitted_by": person,
            "due_at": self.now + timedelta(days=20),
            "late_seconds": 0,
            "reasons": "{}",
            "sha256": sha256,
            "receipt": _receipt(person),
        }

    def notes(self, handed_in: Sequence[Mapping[str, Any]], project: Project) -> Iterator[dict[str, Any]]:
        at = 0
        for place in handed_in:
            if not is_returned(place["person_id"]):
                continue
            for section in project.sections:
                at += 1
                yield {
                    "id": at,
                    "work_id": place["person_id"],
                    "version": 1,
                    "section_id": section.id,
                    "author_id": self.scale.learners + 1,
                    "must": True,
                    "text": "Sebutkan sumber dan tahun setiap angka.",
                    "created_at": self.now - timedelta(days=1),
                    "reply": "",
                    "replied_at": None,
                    "replied_by": None,
                    "resolved_in": None,
                }


def _reworded(item: Mapping[str, Any], n: int) -> dict[str, Any]:
    """Title, text and definition of an item's n-th copy: as long as the first, and different."""
    title = f"{item['title']} {n}"
    definition = msgspec.json.decode(item["definition"])
    definition["title"] = title
    more = "" if item["kind"] == "rubric" else f"\n\nBagian dari kelas {n}.\n"
    return {
        "title": title,
        "source": item["source"] + more,
        "definition": msgspec.json.encode(definition).decode(),
    }


def _receipt(number: int) -> str:
    digits = hashlib.sha256(f"receipt {number}".encode()).digest()
    letters = "".join(ALPHABET[byte % 32] for byte in digits[:16])
    return "-".join("".join(group) for group in batches(letters, 4))


if __name__ == "__main__":
    main()
