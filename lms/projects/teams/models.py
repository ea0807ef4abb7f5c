"""Who belongs to a team, who writes where now, who has done how much, and what somebody left behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from lms.courses.models import Enrolment, GradeEntry, Schedule
from lms.extensions import db
from lms.people.models import Person
from lms.projects.history import Contribution
from lms.projects.models import Draft, SubmissionVersion, Work, WorkMember

PRESENT = timedelta(minutes=5)
"""Whoever saved within this time counts as writing now."""


@dataclass(frozen=True, slots=True)
class Mate:
    """A standing member of a team; ``writing`` are the sections (ids) that they write now."""

    person_id: int
    enrolment_id: int
    name: str
    joined_at: datetime
    writing: tuple[str, ...] = ()


def mates(work_id: int, *, now: datetime) -> list[Mate]:
    """The standing members of a work by name, each with what they write now; one statement."""
    rows = db.session.execute(
        select(Person.id, WorkMember.enrolment_id, Person.name, WorkMember.joined_at, Contribution.section_id)
        .select_from(WorkMember)
        .join(Person, Person.id == WorkMember.person_id)
        .outerjoin(
            Contribution,
            and_(
                Contribution.work_id == WorkMember.work_id,
                Contribution.person_id == WorkMember.person_id,
                Contribution.last_at > now - PRESENT,
            ),
        )
        .where(WorkMember.work_id == work_id, WorkMember.left_at.is_(None))
        .order_by(Person.sort_name, Person.id, Contribution.last_at.desc())
    )
    found: dict[int, Mate] = {}
    for person_id, enrolment_id, name, joined_at, section_id in rows:
        known = found.get(person_id)
        writing = (*(known.writing if known else ()), *((section_id,) if section_id else ()))
        found[person_id] = Mate(person_id, enrolment_id, name, joined_at, writing)
    return list(found.values())


def writing_now(work_id: int, *, besides: int, now: datetime) -> dict[str, tuple[str, ...]]:
    """The names of the others who write each section now, by section id; one statement."""
    rows = db.session.execute(
        select(Contribution.section_id, Person.name)
        .join(Person, Person.id == Contribution.person_id)
        .where(
            Contribution.work_id == work_id,
            Contribution.person_id != besides,
            Contribution.last_at > now - PRESENT,
        )
        .order_by(Person.sort_name, Person.id)
    )
    return by_section((section_id, name) for section_id, name in rows)


def by_section(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Names by section, from pairs of both."""
    found: dict[str, tuple[str, ...]] = {}
    for section_id, name in pairs:
        found[section_id] = (*found.get(section_id, ()), name)
    return found


# Membership, as those need it who change it: plain columns, read anew each time


def hold(work_ids: Iterable[int]) -> None:
    """Wait for saves, hand-ins and changes of membership of these works, and make others wait, in one order."""
    db.session.execute(
        select(Draft.id).where(Draft.work_id.in_(list(work_ids))).order_by(Draft.id).with_for_update()
    )


def standing(work_id: int) -> dict[int, int]:
    """The person of each standing member by enrolment."""
    rows = db.session.execute(
        select(WorkMember.enrolment_id, WorkMember.person_id).where(
            WorkMember.work_id == work_id, WorkMember.left_at.is_(None)
        )
    )
    return {row.enrolment_id: row.person_id for row in rows}


def handed_in(work_ids: Iterable[int]) -> set[int]:
    """Those of these works that have a version: their teams are fixed."""
    rows = db.session.scalars(
        select(SubmissionVersion.work_id).where(SubmissionVersion.work_id.in_(list(work_ids))).distinct()
    )
    return set(rows)


def works_by_enrolment(enrolment_ids: Iterable[int], stable_id: str) -> dict[int, int]:
    """The work that each of these learners stands in, by enrolment."""
    rows = db.session.execute(
        select(WorkMember.enrolment_id, WorkMember.work_id).where(
            WorkMember.enrolment_id.in_(list(enrolment_ids)),
            WorkMember.stable_id == stable_id,
            WorkMember.left_at.is_(None),
        )
    )
    return {row.enrolment_id: row.work_id for row in rows}


def graded(enrolment_ids: Iterable[int], stable_id: str) -> set[int]:
    """Those of these learners whose grade for a project is decided."""
    rows = db.session.scalars(
        select(GradeEntry.enrolment_id)
        .where(
            GradeEntry.enrolment_id.in_(list(enrolment_ids)),
            GradeEntry.stable_id == stable_id,
            GradeEntry.state != "proposed",
        )
        .distinct()
    )
    return set(rows)


def by_code(cohort_id: int, stable_id: str, code: str) -> int | None:
    """The work of a cohort's project that is joined with this code."""
    return db.session.scalar(
        select(Work.id).where(
            Work.join_code == code, Work.cohort_id == cohort_id, Work.stable_id == stable_id
        )
    )


def was_member(work_id: int, enrolment_id: int) -> bool:
    """Whether a learner belongs or belonged to a work."""
    return (
        db.session.scalar(
            select(WorkMember.id)
            .where(WorkMember.work_id == work_id, WorkMember.enrolment_id == enrolment_id)
            .limit(1)
        )
        is not None
    )


def opens_at(cohort_id: int, stable_id: str) -> datetime | None:
    """When a project opens for a cohort."""
    return db.session.scalar(
        select(Schedule.opens_at).where(Schedule.cohort_id == cohort_id, Schedule.stable_id == stable_id)
    )


@dataclass(frozen=True, slots=True)
class Left:
    """A work that a learner has left; one may come back where ``open``: nobody stands in it, nothing was handed in.

    ``reason`` is why somebody else took the learner out, '' where they left by themselves.
    """

    work_id: int
    name: str
    reason: str
    open: bool


LEFT_AT_MOST = 5


def left_behind(enrolment_id: int, stable_id: str) -> list[Left]:
    """The works on a project that a learner has left, the latest first, a few at most; one statement."""
    other = aliased(WorkMember)
    occupied = (
        select(other.id).where(other.work_id == Work.id, other.left_at.is_(None)).correlate(Work).exists()
    )
    final = select(SubmissionVersion.id).where(SubmissionVersion.work_id == Work.id).correlate(Work).exists()
    rows = db.session.execute(
        select(Work.id, Work.name, WorkMember.left_reason, (~occupied & ~final).label("open"))
        .join(Work, Work.id == WorkMember.work_id)
        .where(
            WorkMember.enrolment_id == enrolment_id,
            WorkMember.stable_id == stable_id,
            WorkMember.left_at.is_not(None),
        )
        .order_by(WorkMember.left_at.desc(), WorkMember.id.desc())
        .limit(4 * LEFT_AT_MOST)
    )
    found: dict[int, Left] = {}
    for work_id, name, reason, is_open in rows:
        found.setdefault(work_id, Left(work_id, name, reason, bool(is_open)))
    return list(found.values())[:LEFT_AT_MOST]


# Who has done how much


@dataclass(frozen=True, slots=True)
class Share:
    """How much one person changed one section: saves, characters that came and went, from when to when."""

    section_id: str
    person_id: int
    saves: int
    added: int
    removed: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Party:
    """Whoever belongs or belonged to a work, in the order they came; ``left_at`` is set for who left."""

    person_id: int
    enrolment_id: int
    name: str
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class Total:
    """What one person did in all sections together."""

    saves: int = 0
    added: int = 0
    removed: int = 0
    sections: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True)
class Contributions:
    """Everybody who belongs or belonged to a work, and what each did."""

    parties: tuple[Party, ...] = ()
    shares: tuple[Share, ...] = ()
    totals: Mapping[int, Total] = field(default_factory=dict)

    def of(self, section_id: str) -> list[Share]:
        """Who changed a section, those who did most first."""
        own = [share for share in self.shares if share.section_id == section_id]
        return sorted(own, key=lambda share: (-(share.added + share.removed), share.person_id))


def parties_of(work_id: int) -> tuple[Party, ...]:
    """Everybody who belongs or belonged to a work, in the order they first came; one statement."""
    rows = db.session.execute(
        select(Person.id, WorkMember.enrolment_id, Person.name, WorkMember.left_at)
        .join(Person, Person.id == WorkMember.person_id)
        .where(WorkMember.work_id == work_id)
        .order_by(WorkMember.id)
    )
    found: dict[int, Party] = {}
    for person_id, enrolment_id, name, left_at in rows:  # who came back stands at the first place, as of now
        found[person_id] = Party(person_id, enrolment_id, name, left_at)
    return tuple(found.values())


def contributions_of(work_id: int) -> Contributions:
    """Who changed which section of a work, how much and when; two statements."""
    rows = db.session.execute(
        select(
            Contribution.section_id,
            Contribution.person_id,
            Contribution.saves,
            Contribution.added,
            Contribution.removed,
            Contribution.first_at,
            Contribution.last_at,
        )
        .where(Contribution.work_id == work_id)
        .order_by(Contribution.section_id, Contribution.person_id)
    )
    shares = tuple(Share(*row) for row in rows)
    totals: dict[int, Total] = {}
    for share in shares:
        before = totals.get(share.person_id, Total())
        totals[share.person_id] = Total(
            before.saves + share.saves,
            before.added + share.added,
            before.removed + share.removed,
            before.sections + 1,
            max(before.last_at or share.last_at, share.last_at),
        )
    return Contributions(parties_of(work_id), shares, totals)


def team_choices(cohort_id: int, stable_id: str, *, limit: int) -> list[tuple[int, str, str, int]]:
    """The works of a cohort's project that somebody stands in, by name; one statement.

    Rows are the enrolment of one member (it stands for the work: a work's own number would tell reviewers whose it
    is), the team's name, the members' names, and how many they are.
    """
    names = func.aggregate_strings(Person.name, ", ")
    rows = db.session.execute(
        select(func.min(WorkMember.enrolment_id), Work.name, names, func.count(WorkMember.id))
        .select_from(WorkMember)
        .join(Work, Work.id == WorkMember.work_id)
        .join(Person, Person.id == WorkMember.person_id)
        .join(Enrolment, Enrolment.id == WorkMember.enrolment_id)
        .where(
            Work.cohort_id == cohort_id,
            Work.stable_id == stable_id,
            WorkMember.left_at.is_(None),
            Enrolment.removed_at.is_(None),
        )
        .group_by(Work.id, Work.name)
        .order_by(Work.name, func.min(Person.sort_name))
        .limit(limit)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
