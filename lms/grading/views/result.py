"""What a review came to, for whoever did the work: decisions and notes, the grade once it is released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms import formats, markup, rubric
from lms.access import Deed
from lms.courses.models import GradeEntry
from lms.extensions import begin_reading, db, utcnow
from lms.grading import content, models, verdict
from lms.grading.adjusting.models import Given, adjustments_of
from lms.grading.appeals.models import AppealLine, appeals_of, deadline_of, until
from lms.grading.explaining.arithmetic import changed
from lms.grading.explaining.models import settled
from lms.grading.models import ReviewLine, Round
from lms.grading.moderation import content as moderation
from lms.grading.moderation.models import Decided
from lms.grading.moderation.models import decided as moderations
from lms.grading.views import blueprint
from lms.grading.views.words import said, who
from lms.guard import allowed, can, person, wants_json
from lms.projects import actions as projects_actions
from lms.projects import models as projects
from lms.projects.forms import reply_in, reply_kind_in
from lms.projects.models import ImprovementNote, Workspace
from lms.projects.source import Section
from lms.projects.teams.models import parties_of
from lms.refusals import Refused
from lms.rubric import Part, Rubric
from lms.web import language, zone


@dataclass(frozen=True)
class NoteLine:
    """A note with its text as HTML; the reply can be written while ``open``."""

    note: ImprovementNote
    html: Any
    open: bool


@dataclass(frozen=True)
class SheetLine:
    """A section in the sheet of one round: the decision ("" where there was none to make) and the notes."""

    number: int
    section: Section
    decision: content.Decision
    notes: Sequence[NoteLine]


@dataclass(frozen=True)
class Sheet:
    """A decided version as the review sheet shows it.

    ``comments`` are those on criteria, as (criterion, comment), of a version that came back: those of an accepted
    one explain its grade and are read with it.
    """

    round: Round
    returned: bool
    lines: Sequence[SheetLine]
    comments: Sequence[tuple[str, str]]
    summaries: Sequence[str]
    reviewers: Sequence[str]


@dataclass(frozen=True)
class Moderated:
    """How a moderator decided between the reviews: what holds for each criterion, with the moderator's comments.

    ``taken`` is the place (from 1) of the review that was taken as it is, 0 where each criterion was decided;
    ``moderator`` is empty for who must not know the name.
    """

    decided: Decided
    taken: int
    parts: Sequence[Part]
    comments: Mapping[str, str]
    moderator: str


@dataclass(frozen=True)
class Explained:
    """How a released grade came about: its reviews criterion by criterion, and what lateness took.

    ``appeals`` are those of the work; ``changed`` is the rubric's grade before they were answered, where that moved it.
    ``points`` are the member's own, or the team's for who is no member. ``given`` is what the reader got beside the
    team's grade; ``others`` (name, what they got, their grade) are for who is no member.
    """

    entry: GradeEntry
    points: Decimal
    given: Given | None
    others: Sequence[tuple[str, Given, Decimal]]
    passed: bool
    final: verdict.Final
    reviews: Sequence[tuple[ReviewLine, Sequence[Part]]]
    comments: Sequence[dict[str, str]]
    rubric: Rubric
    appeals: Sequence[AppealLine] = ()
    changed: Decimal | None = None
    moderated: Moderated | None = None


@blueprint.get("/proyek/hasil/<int:work_id>")
@allowed(Deed.SEE_SUBMISSION, projects.workspace)
def result(work: Workspace) -> ResponseReturnValue:
    """The rounds of a work with decisions and notes, and the grade once it is released."""
    return _page(work)


def _page(work: Workspace, *, problem: str = "", reply: tuple[int, str] | None = None) -> str:
    """The page; ``reply`` (a note's id and text) is what could not be stored and must not be lost."""
    project = work.project
    rounds = models.rounds_of(work.id)
    decided = [each for each in rounds if each.settled_at is not None]
    newest = rounds[-1].number if rounds else 0
    notes = projects.notes_of(work.id) if decided else []
    setting = models.setting_of(work.id)
    entry = _entry(work) if setting.released else None
    rubric_ = models.rubric_of(setting.version_id, project)
    member = person().id in work.member_ids
    # one may answer until the next version is handed in, and only what asks for something
    answerable = can("write work", work) and bool(decided) and decided[-1].number == newest
    names_hidden = project.blind == "both" and member
    return render_template(
        "grading/result.html",
        work=work,
        project=project,
        rounds=rounds,
        member=member,
        owner="" if member and setting.masked else who(setting.names, setting.masked, work.id),
        sheets=[
            _sheet(
                work,
                rubric_,
                each,
                notes,
                answerable and each.number == newest and each.returned,
                names_hidden,
            )
            for each in reversed(decided)
        ],
        explained=_explained(work, rubric_, decided, entry, names_hidden) if entry else None,
        appealable=_appealable(work, entry) if member and entry else None,
        may_review=can("review", work),
        names_hidden=names_hidden,
        problem=problem,
        replies=dict([reply]) if reply else {},
        key=f"{person().id}/hasil/{work.id}",
    )


def _appealable(work: Workspace, entry: GradeEntry) -> datetime | None:
    """Until when the reader may appeal; None once that is over."""
    first = entry.state == "released"  # what was revised came after it
    deadline = until(entry.decided_at, work) if first else deadline_of(entry.enrolment_id, work)
    return deadline if deadline is not None and utcnow() <= deadline else None


def _entry(work: Workspace) -> GradeEntry | None:
    """The released grade: the person's own, or for facilitators that of the first member."""
    members = models.members_of(work.id)
    own = [each.enrolment_id for each in members if each.person_id == person().id]
    return models.visible_entry(own or [each.enrolment_id for each in members], work.stable_id)


def _sheet(
    work: Workspace,
    rubric_: Rubric,
    decided: Round,
    notes: Sequence[ImprovementNote],
    open_: bool,
    names_hidden: bool,
) -> Sheet:
    reviews = [review.sent for review in decided.reviews]
    back = verdict.returned_sections(reviews)
    accepted = {
        name
        for review in reviews
        for name, section in review.content.sections.items()
        if section.decision == "accept" and name not in back
    }
    own = [note for note in notes if note.version == decided.number]
    lines = []
    for number, section in enumerate(work.project.sections, start=1):
        lines.append(
            SheetLine(
                number,
                section,
                "return" if section.id in back else "accept" if section.id in accepted else "",
                [
                    NoteLine(
                        note,
                        markup.to_html(note.text, "people"),
                        open_ and section.id in back and note.answerable,
                    )
                    for note in own
                    if note.section_id == section.id
                ],
            )
        )
    return Sheet(
        decided,
        decided.returned,
        lines,
        [
            (criterion.title, comment)
            for criterion in rubric_.criteria
            for review in decided.reviews
            if decided.returned and (comment := review.content.opinion(criterion.id).comment)
        ],
        [review.content.summary for review in decided.reviews if review.content.summary],
        [] if names_hidden else [review.reviewer for review in decided.reviews],
    )


def _explained(
    work: Workspace, rubric_: Rubric, decided: Sequence[Round], entry: GradeEntry, names_hidden: bool
) -> Explained | None:
    """The grade by criteria, from the reviews of the version that was accepted."""
    accepted = next((each for each in reversed(decided) if not each.returned), None)
    if accepted is None:
        return None
    ruled = (
        moderations([accepted.submission_id]).get(accepted.submission_id)
        if work.project.graders > 1
        else None
    )
    appeals = appeals_of(work.id)
    found = settled(rubric_, work.project, accepted.reviews, ruled)
    points = found.base
    for each in sorted((line.answer for line in appeals if line.answer), key=lambda row: row.id):
        points = changed(points, each.before, each.points)
    final = verdict.after_lateness(points, work.project.late, decided[0].late_seconds)
    given = adjustments_of(work.id) if work.is_team else {}
    given = {key: each for key, each in given.items() if each.points}
    member = person().id in work.member_ids
    own = entry.points if member or not given else final.points
    return Explained(
        entry=entry,
        points=own,
        given=given.get(entry.enrolment_id) if member else None,
        others=[] if member or not given else _others(work, given, final.points),
        passed=own >= work.project.pass_mark,
        final=final,
        reviews=[
            (review._replace(points=own_points), rubric.breakdown(rubric_, scores))
            for review, scores, own_points in zip(accepted.reviews, found.scores, found.points, strict=True)
        ],
        comments=[
            {name: opinion.comment for name, opinion in review.content.criteria.items()}
            for review in accepted.reviews
        ],
        rubric=rubric_,
        appeals=appeals,
        changed=found.base if points != found.base else None,
        moderated=_moderated(rubric_, accepted, ruled, names_hidden) if ruled else None,
    )


def _moderated(rubric_: Rubric, accepted: Round, ruled: Decided, names_hidden: bool) -> Moderated:
    ruling = moderation.decode(ruled.row.content)
    sides = [
        moderation.Side(review.id, review.content, review.points)
        for review in accepted.reviews
        if review.points is not None
    ]
    held = moderation.opinions(ruling, sides)
    return Moderated(
        ruled,
        next((place for place, side in enumerate(sides, start=1) if side.id == ruled.row.review_id), 0),
        rubric.breakdown(rubric_, moderation.scores(rubric_, ruling, sides)),
        {name: opinion.comment for name, opinion in held.items() if opinion.comment},
        "" if names_hidden else ruled.moderator,
    )


def _others(work: Workspace, given: Mapping[int, Given], points: Decimal) -> list[tuple[str, Given, Decimal]]:
    return [
        (each.name, given[each.enrolment_id], points + given[each.enrolment_id].points)
        for each in parties_of(work.id)
        if each.left_at is None and each.enrolment_id in given
    ]


@blueprint.post("/proyek/hasil/catatan/<int:note_id>")
@allowed(Deed.WRITE_WORK, projects.note)
def reply(note: ImprovementNote) -> ResponseReturnValue:
    """Save the team's follow-up to a note."""
    now = utcnow()
    text = reply_in(request.form)
    note_id, work_id = note.id, note.work_id
    try:
        projects_actions.reply(note, text, by=person().id, now=now, kind=reply_kind_in(request.form))
    except Refused as error:
        problem = said(error)
        status = 409 if isinstance(error, projects_actions.Locked) else 413
        db.session.rollback()
        begin_reading()
        work = projects.workspace(work_id)
        if wants_json() or work is None:
            return jsonify(error="locked" if status == 409 else "too_long", message=problem), status
        return _page(work, problem=problem, reply=(note_id, text)), status
    db.session.commit()
    if wants_json():
        time = formats.clock_time(now, zone(), language())
        return jsonify(saved=gettext("Tersimpan otomatis %(time)s", time=time), fragments={})
    flash(gettext("Tindak lanjut Anda tersimpan."), "ok")
    return redirect(url_for("grading.result", work_id=work_id, _anchor=f"catatan-{note_id}"), 303)
