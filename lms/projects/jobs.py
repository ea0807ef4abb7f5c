"""Sweeps over project work: running one twice does no harm, losing one loses nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, insert, select

from lms.courses.models import CourseVersion, Item
from lms.extensions import db
from lms.projects import content, models, shingles
from lms.projects.models import SubmissionPart, SubmissionVersion, Work
from lms.projects.similarity import NONE, Fingerprint

VERSIONS_PER_SWEEP = 100


def fingerprint_versions(*, now: datetime) -> int:
    """Keep the fingerprints of handed-in versions that have none yet, oldest first. Returns how many versions."""
    waiting = db.session.execute(
        select(SubmissionVersion.id, CourseVersion.course_id, Item.id, Item.stable_id)
        .join(Work, Work.id == SubmissionVersion.work_id)
        .join(Item, Item.id == Work.item_id)
        .join(CourseVersion, CourseVersion.id == Item.version_id)
        .where(~exists().where(Fingerprint.submission_id == SubmissionVersion.id))
        .order_by(SubmissionVersion.id)
        .limit(VERSIONS_PER_SWEEP)
    ).all()
    for submission_id, course_id, item_id, stable_id in waiting:
        known = given(item_id)
        shared = {"course_id": course_id, "stable_id": stable_id, "submission_id": submission_id}
        rows = [
            shared | {"section_id": section_id, "paragraph": passage.paragraph, "value": value}
            for section_id, text in _texts(submission_id)
            for passage in shingles.passages(text, known)
            for value in passage.values
        ]
        rows = rows or [shared | {"section_id": "", "paragraph": 0, "value": NONE}]
        db.session.execute(insert(Fingerprint), rows)
        db.session.commit()  # each version for itself: a long night does not hold up who is writing
    return len(waiting)


def given(item_id: int) -> frozenset[int]:
    """The fingerprints of what the project itself gives to everybody."""
    guides = [section.guide for section in models.project(item_id).sections]
    return shingles.given([models.brief(item_id), *guides])


def _texts(submission_id: int) -> list[tuple[str, str]]:
    """The text sections of a version, those carried over too."""
    parts = db.session.execute(
        select(SubmissionPart.section_id, SubmissionPart.content)
        .where(SubmissionPart.submission_id == submission_id)
        .order_by(SubmissionPart.position)
    )
    held = [(section_id, content.decode(text)) for section_id, text in parts]
    return [(section_id, each) for section_id, each in held if isinstance(each, str)]
