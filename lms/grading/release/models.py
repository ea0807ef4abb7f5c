"""What is known of a cohort's works before a release, and the releases that were done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, and_, func, select
from sqlalchemy.orm import Mapped, mapped_column

from lms.courses.items.models import CohortItem, cohort_item
from lms.courses.models import Enrolment, GradeEntry, Item
from lms.extensions import Base, Key, db
from lms.grading.models.rubrics import judged_by, ruled_for
from lms.grading.models.standing import DECIDED, NEWEST, facts_columns, state_of
from lms.grading.release import preflight
from lms.grading.release.preflight import Mark, Party, Preflight
from lms.grading.state import WorkState
from lms.people.models import Person
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion, Work, WorkMember, is_blind, rubric_of
from lms.projects.source import Project


class GradeRelease(Base):
    """One act that let a cohort see the grades of a project; ``plan`` is the fingerprint of what was previewed."""

    __tablename__ = "grade_release"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohort.id"))
    stable_id: Mapped[str] = mapped_column(String(80))
    plan: Mapped[str] = mapped_column(String(64))
    works: Mapped[int]
    decided_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("cohort_id", "stable_id", "plan"),
        Index("ix_grade_release_decided_by", "decided_by"),
    )


class ReleaseExclusion(Base):
    """A learner whom a release left out, what was missing then, and why the others did not wait."""

    __tablename__ = "release_exclusion"
    __immutable__ = True

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    release_id: Mapped[int] = mapped_column(ForeignKey("grade_release.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(300))

    __table_args__ = (
        UniqueConstraint("release_id", "enrolment_id"),
        Index("ix_release_exclusion_enrolment_id", "enrolment_id"),
    )


@dataclass(frozen=True, slots=True)
class CohortProject(CohortItem):
    """A project of the version that a cohort takes now; whose works it holds are the thing's members."""

    member_ids: frozenset[int] = frozenset()

    @property
    def project(self) -> Project:
        return projects.project(self.line.id)


def cohort_project(code: str, item: str) -> CohortProject | None:
    """The project with this stable id in the cohort with this code, with whoever works on it; two statements."""
    place = cohort_item(CohortProject, code, item, "project")
    if place is None:
        return None
    members = db.session.scalars(
        select(WorkMember.person_id)
        .join(Work, Work.id == WorkMember.work_id)
        .where(Work.cohort_id == place.cohort_id, Work.stable_id == item, WorkMember.left_at.is_(None))
    )
    return CohortProject(
        place.cohort_id, place.code, place.name, place.version_id, place.line, frozenset(members)
    )


@dataclass(frozen=True, slots=True)
class Named:
    """Whose a party is: the team's name and its members'."""

    team: str
    people: tuple[str, ...]

    @property
    def text(self) -> str:
        names = ", ".join(self.people)
        return f"{self.team} ({names})" if self.team and names else self.team or names


@dataclass(frozen=True, slots=True)
class Standing:
    """All that a preflight is made of: the facts, sorted, and the names beside them."""

    preflight: Preflight
    names: dict[str, Named]
    blind: bool


def standing_of(cohort_id: int, version_id: int, item_id: int, stable_id: str) -> Standing:
    """How every learner of a cohort stands with a project, in four statements.

    Who was taken out of the cohort counts only with a work that is graded: it asks for nothing any more.
    """
    works = db.session.execute(
        select(
            Work.id,
            Work.item_id,
            Work.name.label("team"),
            SubmissionVersion.id.label("submission_id"),
            SubmissionVersion.settled_at,
            func.coalesce(judged_by(), Item.version_id).label("judged_by"),
            ruled_for().label("ruled_for"),
            *facts_columns(),
        )
        .join(Item, Item.id == Work.item_id)
        .outerjoin(SubmissionVersion, and_(SubmissionVersion.work_id == Work.id, NEWEST))
        .where(Work.cohort_id == cohort_id, Work.stable_id == stable_id)
        .order_by(Work.id)
    ).all()
    people = db.session.execute(
        select(
            Enrolment.id.label("enrolment_id"),
            Enrolment.removed_at,
            WorkMember.work_id,
            Person.name,
        )
        .join(Person, Person.id == Enrolment.person_id)
        .outerjoin(
            WorkMember,
            and_(
                WorkMember.enrolment_id == Enrolment.id,
                WorkMember.stable_id == stable_id,
                WorkMember.left_at.is_(None),
            ),
        )
        .where(Enrolment.cohort_id == cohort_id)
        .order_by(Person.sort_name, Enrolment.id)
    ).all()
    newest = (
        select(func.max(GradeEntry.id))
        .join(Enrolment, Enrolment.id == GradeEntry.enrolment_id)
        .where(
            Enrolment.cohort_id == cohort_id,
            GradeEntry.stable_id == stable_id,
            GradeEntry.state.in_(DECIDED),
        )
        .group_by(GradeEntry.enrolment_id)
    )
    marks = {
        row.enrolment_id: Mark(row.enrolment_id, row.id, row.points)
        for row in db.session.execute(
            select(GradeEntry.id, GradeEntry.enrolment_id, GradeEntry.points).where(GradeEntry.id.in_(newest))
        )
    }
    members: dict[int, list[tuple[int, str, bool]]] = {}
    parties: list[Party] = []
    names: dict[str, Named] = {}
    for row in people:
        here = row.removed_at is None
        if row.work_id is not None:
            members.setdefault(row.work_id, []).append((row.enrolment_id, row.name, here))
        elif here:
            key = f"p{row.enrolment_id}"
            parties.append(Party(key=key, enrolments=(row.enrolment_id,)))
            names[key] = Named("", (row.name,))
    changed: dict[tuple[int, int], bool] = {}
    for row in works:
        of_work = members.get(row.id, [])
        project = projects.project(row.item_id)
        state = state_of(row, project) if row.submission_id is not None else None
        graded = state in (WorkState.GRADED, WorkState.RELEASED)
        if not of_work or not (graded or any(here for _, _, here in of_work)):
            continue
        judged = row.judged_by, row.item_id
        if judged not in changed:
            changed[judged] = row.judged_by != version_id and _another_rubric(*judged, version_id, item_id)
        key = f"k{row.id}"
        enrolments = tuple(sorted(each for each, _, _ in of_work))
        parties.append(
            Party(
                key=key,
                work_id=row.id,
                enrolments=enrolments,
                state=state,
                submission_id=row.submission_id,
                version=row.number or 0,
                needed=project.graders,
                sent=row.sent or 0,
                settled=row.settled_at is not None,
                # what somebody decided about this very version is settled
                rubric_changed=changed[judged] and row.ruled_for != version_id,
                marks=tuple(marks[each] for each in enrolments if each in marks),
            )
        )
        names[key] = Named(row.team, tuple(name for _, name, _ in of_work))
    found = preflight.preflight(parties, f"release {cohort_id} {stable_id}")
    return Standing(found, names, is_blind(projects.project(item_id)))


def _another_rubric(judged: int, began_with: int, version_id: int, item_id: int) -> bool:
    """Whether a work is marked by another rubric than the cohort's version has."""
    old = rubric_of(judged, projects.project(began_with))
    return old != rubric_of(version_id, projects.project(item_id))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A learner whom a release left out."""

    name: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """A release that was done: by whom and when, how many works, who was left out."""

    by: str
    at: datetime
    works: int
    left_out: Sequence[LeftOut]


def releases_of(cohort_id: int, stable_id: str) -> tuple[list[Done], dict[int, str]]:
    """The releases of a cohort's project, newest first, and by enrolment the newest reason for leaving one out.

    Two statements.
    """
    acts = db.session.execute(
        select(GradeRelease.id, GradeRelease.works, GradeRelease.decided_at, Person.name)
        .join(Person, Person.id == GradeRelease.decided_by)
        .where(GradeRelease.cohort_id == cohort_id, GradeRelease.stable_id == stable_id)
        .order_by(GradeRelease.id.desc())
        .limit(50)
    ).all()
    if not acts:
        return [], {}
    left_out: dict[int, list[LeftOut]] = {}
    reasons: dict[int, str] = {}
    for row in db.session.execute(
        select(
            ReleaseExclusion.release_id,
            ReleaseExclusion.enrolment_id,
            ReleaseExclusion.kind,
            ReleaseExclusion.reason,
            Person.name,
        )
        .join(Enrolment, Enrolment.id == ReleaseExclusion.enrolment_id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(ReleaseExclusion.release_id.in_([act.id for act in acts]))
        .order_by(ReleaseExclusion.release_id, Person.sort_name)
    ):
        left_out.setdefault(row.release_id, []).append(LeftOut(row.name, row.kind, row.reason))
        reasons[row.enrolment_id] = row.reason
    return [Done(act.name, act.decided_at, act.works, left_out.get(act.id, [])) for act in acts], reasons


def total(party: Party) -> Decimal | None:
    """The grade that all members have; None where they differ."""
    found = {mark.points for mark in party.marks}
    return found.pop() if len(found) == 1 else None
