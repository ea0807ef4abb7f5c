"""Beranda: what to do next, for whoever opens the platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from lms.courses.models import OwnCohort, completed_minutes, lesson_page, outline, own_cohorts, progress_of
from lms.courses.outline import ItemLine, Outline
from lms.courses.progress import Step, Tally, completed_of, next_step, open_steps, tally, year_around
from lms.extensions import utcnow
from lms.grading import models as grading
from lms.guard import person, public
from lms.home.models import Coming, coming
from lms.home.today import CHOICES, part_of_day, that_fit
from lms.projects.models import SectionLine, WorkLine, next_section, section_lines, works_of
from lms.quizzes.essays.models import quizzes_waiting

blueprint = Blueprint("home", __name__)
MINUTES_PER_JP = 45
Works = Sequence[tuple[WorkLine, ItemLine, Sequence[SectionLine]]]


@dataclass(frozen=True)
class Returned:
    """Work that came back from its review, with the section to begin with; it goes before everything else."""

    work: WorkLine
    line: ItemLine
    section: SectionLine
    notes: int


@dataclass(frozen=True)
class Learning:
    """What a learner's Beranda shows."""

    cohort: OwnCohort
    others: Sequence[OwnCohort]
    outline: Outline
    tally: Tally
    returned: Returned | None
    step: Step | None
    fitting: Sequence[Step]
    minutes: int
    place: str
    works: Works
    hours: Decimal
    coming: Sequence[Coming]


@blueprint.get("/")
@public
def index() -> ResponseReturnValue:
    """A person's next step, or, for whoever has not signed in, what this place is."""
    if not current_user.is_authenticated:
        return render_template("home/welcome.html")
    now = utcnow()
    who = person()
    cohorts = own_cohorts(who)
    learning = _learning([cohort for cohort in cohorts if cohort.enrolment_id]) if who.learner else None
    facilitated = [cohort for cohort in cohorts if cohort.cohort_id in who.facilitates]
    # whoever learns and facilitates finds the queue's figures behind its link: one page stays within its statements
    waiting = grading.oldest_waiting(who, 5) if who.facilitator and learning is None else None
    return render_template(
        "home/index.html",
        part=part_of_day(now, current_user.timezone),
        learning=learning,
        facilitated=facilitated,
        leads=who.leads,
        waiting=waiting,
        counts=grading.waiting_counts(who) if waiting is not None else None,
        essays=quizzes_waiting(who.leads) if waiting is not None else [],
        choices=CHOICES,
        target=_target(),
        at=now,
    )


def _target() -> int:
    settings = current_app.config["LMS"]
    return int(settings.jp_ceiling if current_user.kind == "pppk" else settings.jp_target)


def _learning(cohorts: list[OwnCohort]) -> Learning | None:
    if not cohorts:
        return None
    now = utcnow()
    running = [
        cohort
        for cohort in cohorts
        if cohort.starts_at <= now < cohort.ends_at and cohort.done < cohort.total
    ]
    # the course that ends first needs its reader most
    chosen = min(running, key=lambda cohort: cohort.ends_at) if running else cohorts[0]
    lines = outline(chosen.version_id)
    marks = progress_of(chosen.enrolment_id or 0)
    completed = completed_of(marks)
    step = next_step(lines, completed, marks)
    asked = request.args.get("menit", "")
    minutes = int(asked) if asked in {str(choice) for choice in CHOICES} else CHOICES[0]
    works = works_of([cohort.enrolment_id for cohort in cohorts if cohort.enrolment_id])
    sections = section_lines(works)
    by_code = {cohort.code: cohort for cohort in cohorts}
    shown = []
    for work in works:
        line = outline(by_code[work.code].version_id).item(work.stable_id)
        if line is not None:
            shown.append((work, line, sections[work.id]))
    since, until = year_around(now, current_user.timezone)
    done_minutes = completed_minutes(person().id, since, until)
    return Learning(
        cohort=chosen,
        others=[cohort for cohort in cohorts if cohort is not chosen],
        outline=lines,
        tally=tally(lines, completed, marks),
        returned=_returned(shown),
        step=step,
        fitting=that_fit(open_steps(lines, completed, marks), minutes),
        minutes=minutes,
        place=_place_title(step),
        works=shown,
        hours=Decimal(done_minutes) / MINUTES_PER_JP,
        coming=coming(cohorts, works=works, handed_in=_handed_in(shown), now=now),
    )


def _returned(works: Works) -> Returned | None:
    """The first work, those due first, that came back and was not handed in again."""
    for work, line, sections in works:
        back = [section for section in sections if section.row and section.row.returned]
        begin = next_section(back)
        if begin is not None:
            return Returned(work, line, begin, sum(section.notes for section in back))
    return None


def _handed_in(works: Works) -> frozenset[tuple[str, str]]:
    """The (cohort, project) of works in which nothing can be done now: every section waits or is accepted."""
    return frozenset(
        (work.code, work.stable_id)
        for work, _, sections in works
        if all(section.row is not None and not section.row.open for section in sections)
    )


def _place_title(step: Step | None) -> str:
    """The heading where reading stopped, in words; empty where the lesson has no such heading."""
    if step is None or not step.place or step.line.kind != "lesson":
        return ""
    heading = lesson_page(step.line.id).heading(step.place)
    return heading.title if heading else ""
