"""Publishing: one immutable version of a course, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import select

from lms import audit, files
from lms.courses.models import Course, CourseFile, CourseVersion, Item
from lms.extensions import db
from lms.publishing.source import Draft


@dataclass(frozen=True)
class Outcome:
    """What publishing did: ``created`` is False where the newest version already has this content."""

    version_id: int
    number: int
    created: bool


def publish(draft: Draft, *, by: int | None, now: datetime) -> Outcome:
    """Write a draft as the course's next version, unless the newest version is the same; the caller commits.

    The draft must come from ``source.read_folder`` without problems. Publishing content that was retired offers it again
    as a new version, because a retired version stays as it was.
    """
    course = db.session.scalar(select(Course).where(Course.slug == draft.slug).with_for_update())
    if course is None:
        course = Course(slug=draft.slug, created_at=now)
        db.session.add(course)
        db.session.flush()
    newest = db.session.scalar(
        select(CourseVersion)
        .where(CourseVersion.course_id == course.id)
        .order_by(CourseVersion.number.desc())
        .limit(1)
    )
    if newest is not None and newest.content_hash == draft.content_hash and newest.retired_at is None:
        return Outcome(newest.id, newest.number, created=False)
    version = CourseVersion(
        course_id=course.id,
        number=newest.number + 1 if newest else 1,
        content_hash=draft.content_hash,
        title=draft.course.title,
        summary=draft.course.summary,
        language=draft.course.language,
        jp=draft.course.jp,
        definition=msgspec.json.encode(draft.course).decode(),
        published_at=now,
        published_by=by,
    )
    db.session.add(version)
    db.session.flush()
    for item in draft.items:
        db.session.add(
            Item(
                version_id=version.id,
                stable_id=item.id,
                kind=item.kind,
                module=item.module,
                position=item.position,
                title=item.title,
                minutes=item.minutes,
                source=item.source,
                definition=item.definition.decode(),
            )
        )
    for asset in draft.assets:
        blob = files.keep_bytes(asset.content, asset.media_type, now=now)
        db.session.add(
            CourseFile(
                version_id=version.id, name=asset.name, sha256=blob.sha256, media_type=asset.media_type
            )
        )
    db.session.flush()
    audit.record(
        "publish",
        f"course:{course.id}",
        by=by,
        now=now,
        detail={"version": version.number, "content_hash": draft.content_hash},
    )
    return Outcome(version.id, version.number, created=True)


def retire(version: CourseVersion, *, by: int, now: datetime) -> None:
    """Stop offering a version to new cohorts; whoever learns from it goes on."""
    if version.retired_at is None:
        version.retired_at = now
        db.session.flush()
        audit.record(
            "retire", f"course:{version.course_id}", by=by, now=now, detail={"version": version.number}
        )


def offer_again(version: CourseVersion, *, by: int, now: datetime) -> None:
    """Offer a retired version again."""
    if version.retired_at is not None:
        version.retired_at = None
        db.session.flush()
        audit.record(
            "offer again", f"course:{version.course_id}", by=by, now=now, detail={"version": version.number}
        )
