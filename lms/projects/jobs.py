"""Sweeps over project work: running one twice does no harm, losing one loses nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, insert, select

from lms import files, scanner
from lms.courses.models import CourseVersion, Item
from lms.extensions import db
from lms.projects import content, models, shingles
from lms.projects.models import SubmissionPart, SubmissionVersion, Work
from lms.projects.similarity import NONE, Fingerprint
from lms.projects.uploads import Inspection, PartialUpload

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
            for section_id, passage in shingles.once(
                (section_id, passage)
                for section_id, text in _texts(submission_id)
                for passage in shingles.passages(text, known)
            )
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


FILES_PER_SWEEP = 50
UPLOAD_AGE = timedelta(days=1)


def scan_files(address: str, *, now: datetime) -> int:
    """Let the scanner look at contents that wait for it, oldest first. Returns how many it judged.

    Without a scanner nothing is done. One that does not answer ends the sweep: the files wait for the next one.
    """
    if not address:
        return 0
    waiting = db.session.scalars(
        select(Inspection)
        .where(Inspection.scan == "waiting")
        .order_by(Inspection.inspected_at)
        .limit(FILES_PER_SWEEP)
    ).all()
    judged = 0
    for row in waiting:
        try:
            with files.store().open(row.sha256) as stream:
                verdict = scanner.scan(address, stream)
        except FileNotFoundError:
            continue
        except OSError:
            break
        row.scan, row.found, row.inspected_at = verdict.state, verdict.found, now
        db.session.commit()
        judged += 1
    return judged


def forget_partial_uploads(*, now: datetime) -> int:
    """Let go of uploads in parts that nobody went on with for a day. Returns how many."""
    old = db.session.scalars(
        select(PartialUpload.code).where(PartialUpload.touched_at < now - UPLOAD_AGE).limit(500)
    ).all()
    for code in old:
        db.session.execute(delete(PartialUpload).where(PartialUpload.code == code))
        db.session.commit()
        files.part(code).unlink(missing_ok=True)
    for path in files.parts_older_than(now - 2 * UPLOAD_AGE):  # of a process that died before it could
        if db.session.get(PartialUpload, path.name) is None:
            path.unlink(missing_ok=True)
    return len(old)
