"""Courses on offer, and the cohorts people are in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ScalarSelect, bindparam, func, select

from lms import access
from lms.courses.models.cohorts import Cohort, Enrolment
from lms.courses.models.progress import done_of
from lms.courses.models.versions import Course, CourseVersion, Item
from lms.extensions import db


def _items_of(version: Any) -> ScalarSelect[int]:
    return (
        select(func.count(Item.id))
        .where(Item.version_id == version, Item.kind != "rubric")
        .correlate_except(Item)
        .scalar_subquery()
    )


def _minutes_of(version: Any) -> ScalarSelect[int]:
    return (
        select(func.coalesce(func.sum(Item.minutes), 0))
        .where(Item.version_id == version, Item.kind != "rubric")
        .correlate_except(Item)
        .scalar_subquery()
    )


def courses_on_offer() -> Any:
    """The newest version of each course that is not retired.

    Rows have id, title, summary, language, jp, slug, items (a number) and minutes (of all items).
    """
    newest = (
        select(CourseVersion.course_id, func.max(CourseVersion.number).label("number"))
        .where(CourseVersion.retired_at.is_(None))
        .group_by(CourseVersion.course_id)
        .subquery()
    )
    return (
        select(
            CourseVersion.id,
            CourseVersion.title,
            CourseVersion.summary,
            CourseVersion.language,
            CourseVersion.jp,
            Course.slug,
            _items_of(CourseVersion.id).label("items"),
            _minutes_of(CourseVersion.id).label("minutes"),
        )
        .join(Course, Course.id == CourseVersion.course_id)
        .join(
            newest,
            (newest.c.course_id == CourseVersion.course_id) & (newest.c.number == CourseVersion.number),
        )
    )


@dataclass(frozen=True, slots=True)
class OwnCohort:
    """A cohort in which a person learns (``enrolment_id`` is set) or which they facilitate."""

    code: str
    name: str
    cohort_id: int
    version_id: int
    starts_at: datetime
    ends_at: datetime
    slug: str
    title: str
    jp: int
    enrolment_id: int | None
    total: int
    done: int


@cache  # Beranda asks: putting a statement together costs as much as running it
def _own_cohorts(*, of_course: bool) -> Any:
    query: Any = (
        select(
            Cohort.code,
            Cohort.name,
            Cohort.id,
            Cohort.version_id,
            Cohort.starts_at,
            Cohort.ends_at,
            Course.slug,
            CourseVersion.title,
            CourseVersion.jp,
            Enrolment.id,
            _items_of(Cohort.version_id),
            done_of(Enrolment.id, Cohort.version_id),
        )
        .join(CourseVersion, CourseVersion.id == Cohort.version_id)
        .join(Course, Course.id == CourseVersion.course_id)
        .outerjoin(
            Enrolment,
            (Enrolment.cohort_id == Cohort.id)
            & (Enrolment.person_id == bindparam("person_id"))
            & Enrolment.removed_at.is_(None),
        )
        .where(Cohort.id.in_(bindparam("ids", expanding=True)))
        .order_by(Cohort.ends_at.desc(), Cohort.id.desc())
        .limit(bindparam("most"))
    )
    return query.where(Course.slug == bindparam("slug")) if of_course else query


def own_cohorts(person: access.Person, slug: str | None = None, *, limit: int = 50) -> list[OwnCohort]:
    """The cohorts a person belongs to, of all courses or of one, latest end first, in one statement."""
    ids = person.learns_in | person.facilitates
    if not ids:
        return []
    values: dict[str, Any] = {"person_id": person.id, "ids": sorted(ids), "most": limit}
    if slug is not None:
        values["slug"] = slug
    rows = db.session.execute(_own_cohorts(of_course=slug is not None), values)
    return [OwnCohort(*row) for row in rows]
