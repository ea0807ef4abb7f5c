"""Beginning work, and holding its drafts while they are written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from lms import audit
from lms.courses.models import Schedule
from lms.extensions import db
from lms.projects import content, models
from lms.projects.models import Draft, DraftRow, Work, WorkMember, Workspace
from lms.projects.source import Project, Section, empty
from lms.refusals import N_, Refused


def start(
    *,
    enrolment_id: int,
    cohort_id: int,
    item_id: int,
    stable_id: str,
    project: Project,
    alone: bool = True,
    by: int,
    now: datetime,
) -> int:
    """Begin a project, once per learner however often it is asked. Returns the work's id.

    Raises Refused before the project opens, and where it is for teams only but begun ``alone``.
    """
    found = models.work_of(enrolment_id, stable_id)
    if found is not None:
        return found
    if alone and project.team.min > 1:
        raise Refused(
            N_(
                "Proyek ini dikerjakan dalam tim, sedikitnya %(least)s orang. Buat tim atau gabung dengan tim."
            ),
            least=project.team.min,
        )
    opens_at = db.session.scalar(
        select(Schedule.opens_at).where(Schedule.cohort_id == cohort_id, Schedule.stable_id == stable_id)
    )
    if opens_at is not None and now < opens_at:
        raise Refused(N_("Proyek ini belum dibuka."))
    try:
        with db.session.begin_nested():
            work_id = _make_work(cohort_id, item_id, stable_id, now=now)
            db.session.add(
                WorkMember(
                    work_id=work_id,
                    enrolment_id=enrolment_id,
                    person_id=by,
                    stable_id=stable_id,
                    joined_at=now,
                )
            )
            db.session.flush()
    except IntegrityError:
        found = models.work_of(enrolment_id, stable_id)  # the other tab was faster
        if found is None:
            raise
        return found
    _make_drafts(work_id, project.sections, now=now)
    audit.record("begin work", f"work:{work_id}", by=by, now=now)
    return work_id


def begin(cohort_id: int, item_id: int, stable_id: str, project: Project, *, by: int, now: datetime) -> int:
    """Begin a work that nobody stands in yet, for a team that is put together. Returns its id."""
    work_id = _make_work(cohort_id, item_id, stable_id, now=now)
    _make_drafts(work_id, project.sections, now=now)
    audit.record("begin work", f"work:{work_id}", by=by, now=now)
    return work_id


def _make_work(cohort_id: int, item_id: int, stable_id: str, *, now: datetime) -> int:
    work = Work(cohort_id=cohort_id, item_id=item_id, stable_id=stable_id, created_at=now)
    db.session.add(work)
    db.session.flush()
    return work.id


def _make_drafts(work_id: int, sections: Iterable[Section], *, now: datetime) -> None:
    db.session.execute(
        insert(Draft),
        [
            {
                "work_id": work_id,
                "section_id": section.id,
                "content": content.encode(empty(section)),
                "revision": 0,
                "findings": 0,
                "size": 0,
                "updated_at": now,
            }
            for section in sections
        ],
    )


def hold(work: Workspace, *, now: datetime) -> dict[str, DraftRow]:
    """All drafts of the work, held until the transaction ends."""
    rows = models.drafts(work.id, lock=True)
    missing = [section for section in work.project.sections if section.id not in rows]
    if missing:  # the cohort moved to a course version that brought sections
        _make_drafts(work.id, missing, now=now)
        rows = models.drafts(work.id, lock=True)
    return rows
