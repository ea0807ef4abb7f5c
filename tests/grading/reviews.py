"""The sample project handed in, reviewed and graded, for the tests of the desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from lms.extensions import db
from lms.grading import actions, models
from lms.grading.content import Note, Opinion, ReviewContent, SectionReview
from lms.grading.models import Review
from lms.projects import actions as work_actions
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion, Workspace
from tests.cast import NOW, Cast
from tests.projects.work import begin, fill, hand_in, save

HOUR = timedelta(hours=1)
ACCEPT = SectionReview("accept")
SCORED = {"isu": Opinion(level=3, comment="Isu didukung data."), "sasaran": Opinion(level=4)}
POINTS = "85"
"""What SCORED gives: 60 x 3/4 + 40 x 4/4."""
ACCEPTED = ReviewContent(
    sections={"isu": ACCEPT, "sasaran": ACCEPT, "lampiran": ACCEPT}, criteria=SCORED, summary="Layak dipakai."
)
WORSE = ReviewContent(
    sections=ACCEPTED.sections, criteria={"isu": Opinion(level=1), "sasaran": Opinion(level=4)}
)
"""Fifty-five points: 60 x 1/4 + 40 x 4/4."""
BETWEEN = ReviewContent(
    sections=ACCEPTED.sections, criteria={"isu": Opinion(level=2), "sasaran": Opinion(level=4)}
)
"""Seventy points."""
RETURNED = ReviewContent(
    sections={
        "isu": SectionReview(
            "return", (Note("Sebutkan sumber angka."), Note("Ringkas kalimatnya.", must=False))
        ),
        "sasaran": ACCEPT,
        "lampiran": ACCEPT,
    },
    criteria={"isu": Opinion(level=2, comment="Belum bersumber."), "sasaran": Opinion(level=4)},
    summary="Perbaiki isu.",
)
SECOND_TEXT = (
    "## Akar masalah\n\nLama tinggal wisatawan hanya 1,4 hari (BPS, 2025), "
    "karena paket perjalanan belum terpadu."
)


def handed_in(cast: Cast, who: str = "sari", *, now: datetime = NOW) -> SubmissionVersion:
    """A first version; flushed, not committed."""
    work = begin(cast, who, now=now - HOUR)
    fill(work, cast.people[who], now=now - HOUR)
    return hand_in(work, cast.people[who], now=now)


def work_of(version: SubmissionVersion) -> Workspace:
    work = projects.workspace(version.work_id)
    assert work is not None
    return work


def send(
    version: SubmissionVersion, said: ReviewContent, by: int, *, revision: int = 0, now: datetime = NOW + HOUR
) -> tuple[Review, bool, bool]:
    """Send a review, by default one that was never kept as a draft."""
    project = projects.project(version.work.item_id)
    rubric = models.rubric_of(models.setting_of(version.work_id).version_id, project)
    return actions.send(version, project, rubric, said, revision=revision, by=by, now=now)


def second_version(
    cast: Cast, version: SubmissionVersion, *, now: datetime = NOW + 3 * HOUR
) -> SubmissionVersion:
    """The team answers the notes of a returned version, changes its text and hands in again."""
    for note in projects.notes_of(version.work_id, version.number):
        if note.answerable:
            work_actions.reply(note, "Sumber ditambahkan.", by=version.submitted_by, now=now)
    work = work_of(version)
    save(work, "isu", SECOND_TEXT, by=version.submitted_by, now=now)
    return hand_in(work, version.submitted_by, now=now)


def committed(value: Any) -> Any:
    """Make it last, so that a client's request sees it."""
    db.session.commit()
    return value
