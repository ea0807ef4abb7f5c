"""Paragraphs of a version that also stand in somebody else's work: something to look at, never a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from lms.access import Deed
from lms.courses.models import Cohort, outline
from lms.extensions import db
from lms.grading import models
from lms.grading.views import blueprint
from lms.grading.views.words import who
from lms.guard import allowed
from lms.projects import models as projects
from lms.projects import shingles, similarity
from lms.projects.content import decode
from lms.projects.models import SubmissionPart, SubmissionVersion

LEAST_SHARE = 0.3
"""How much of a paragraph must stand elsewhere too before it is worth a look."""


@dataclass(frozen=True)
class Pair:
    """A paragraph here and there; ``percent`` of it is the same, ``cohort`` is where the other one was handed in."""

    section: str
    text: str
    other: str
    cohort: str
    percent: int


@blueprint.get("/telaah/<int:submission_id>/kemiripan")
@allowed(Deed.REVIEW, projects.submission)
def likeness(version: SubmissionVersion) -> ResponseReturnValue:
    """Both paragraphs side by side; whose the other one is, this page does not say."""
    setting = models.setting_of(version.work_id)
    counts = similarity.fingerprint_counts(version.id)
    found = similarity.likenesses(
        version.id,
        course_id=outline(setting.version_id).course_id,
        stable_id=version.work.stable_id,
        work_id=version.work_id,
    )
    titles = {section.id: section.title for section in projects.project(version.work.item_id).sections}
    best: dict[tuple[str, int], similarity.Likeness] = {}
    for each in found:  # those that share most come first
        best.setdefault((each.section_id, each.paragraph), each)
    alike = [
        (each.common / counts[key], key)
        for key, each in best.items()
        if counts.get(key) and each.common / counts[key] >= LEAST_SHARE
    ]
    shown = sorted(alike, key=lambda pair: -pair[0])[: similarity.SHOWN_AT_MOST]  # whose texts are read
    close = {key: best[key] for _, key in shown}
    texts = _texts([version.id, *(each.submission_id for each in close.values())])
    pairs = []
    for (section_id, paragraph), each in sorted(close.items()):
        other, cohort = texts[each.submission_id, each.other_section_id]
        own, _ = texts[version.id, section_id]
        pairs.append(
            Pair(
                titles.get(section_id, section_id),
                shingles.paragraphs(own)[paragraph],
                shingles.paragraphs(other)[each.other_paragraph],
                cohort,
                round(100 * min(1.0, each.common / counts[section_id, paragraph])),
            )
        )
    pairs.sort(key=lambda pair: -pair.percent)
    return render_template(
        "grading/similarity.html",
        version=version,
        setting=setting,
        project=projects.project(version.work.item_id),
        whose=who(setting.names, setting.masked, version.work_id),
        pairs=pairs,
        examined=bool(counts) or similarity.examined(version.id),
    )


def _texts(ids: list[int]) -> dict[tuple[int, str], tuple[str, str]]:
    """The text sections of these versions with their cohort's name, by (version, section), in one statement."""
    rows = db.session.execute(
        select(SubmissionPart.submission_id, SubmissionPart.section_id, SubmissionPart.content, Cohort.name)
        .join(SubmissionVersion, SubmissionVersion.id == SubmissionPart.submission_id)
        .join(Cohort, Cohort.id == SubmissionVersion.cohort_id)
        .where(SubmissionPart.submission_id.in_(ids))
    )
    held = {(each, section_id): (decode(text), name) for each, section_id, text, name in rows}
    return {key: (text, name) for key, (text, name) in held.items() if isinstance(text, str)}
