"""The works of a cohort that a newer rubric would touch, as stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import and_, func, select

from lms.courses.models import Cohort, Item, cohort_figures, outline
from lms.extensions import db
from lms.grading import models
from lms.grading.explaining.models import basis_of
from lms.grading.models.rubrics import judged_by, ruled_for
from lms.grading.models.standing import NEWEST, facts_columns, member_names, state_of, with_team
from lms.grading.rubricchange import plan
from lms.grading.rubricchange.plan import Case, Difference, DryRun, Grade
from lms.grading.state import WorkState
from lms.projects import models as projects
from lms.projects.models import SubmissionVersion, Work, is_blind, rubric_of
from lms.rubric import Rubric


@dataclass(frozen=True, slots=True)
class Shift:
    """A project whose rubric differs between what its works have and the target version: the dry run with names."""

    stable_id: str
    title: str
    pass_mark: Decimal
    differences: tuple[Difference, ...]
    run: DryRun
    names: dict[int, str]
    blind: bool


@dataclass(frozen=True, slots=True)
class Move:
    """A cohort and the version whose rubrics are looked at; ``pending`` where the cohort is still to move there."""

    cohort: Cohort
    target: int
    pending: bool
    shifts: tuple[Shift, ...]


def move_of(cohort: Cohort) -> Move:
    """What a cohort's newest version on offer (else its own) would do with works of another rubric."""
    newer = cohort_figures(cohort).newer_id
    target = newer if newer is not None else cohort.version_id
    return Move(cohort, target, newer is not None, tuple(_shifts(cohort.id, target)))


def _shifts(cohort_id: int, target: int) -> Iterator[Shift]:
    rows = db.session.execute(
        select(
            Work.id,
            Work.stable_id,
            Work.item_id,
            Work.name.label("team"),
            member_names().label("names"),
            func.coalesce(judged_by(), Item.version_id).label("judged_by"),
            ruled_for().label("ruled_for"),
            SubmissionVersion.id.label("submission_id"),
            *facts_columns(),
        )
        .join(Item, Item.id == Work.item_id)
        .outerjoin(SubmissionVersion, and_(SubmissionVersion.work_id == Work.id, NEWEST))
        .where(Work.cohort_id == cohort_id)
        .order_by(Work.id)
    ).all()
    for line in outline(target).items:
        if line.kind != "project":
            continue
        new = rubric_of(target, projects.project(line.id))
        cases: list[Case] = []
        names: dict[int, str] = {}
        old: Rubric | None = None
        for row in rows:
            project = projects.project(row.item_id)
            if row.stable_id != line.stable_id or row.ruled_for == target:
                continue
            own = rubric_of(row.judged_by, project)
            if own == new:
                continue
            old = own
            state = state_of(row, project) if row.submission_id is not None else None
            renamed = project.rubric != projects.project(line.id).rubric
            case = _case(row, state, new)
            cases.append(msgspec.structs.replace(case, renamed=renamed))
            names[row.id] = with_team(row.team, row.names)
        if cases and old is not None:
            title = projects.project(line.id).title
            run = plan.dry_run(line.stable_id, cases, f"{cohort_id} {target} {new!r}")
            blind = is_blind(projects.project(line.id))
            mark = projects.project(line.id).pass_mark
            yield Shift(line.stable_id, title, mark, plan.differences(old, new), run, names, blind)


def _case(facts: Any, state: WorkState | None, new: Rubric) -> Case:
    case = Case(
        work_id=facts.id,
        state=state,
        version=facts.number or 0,
        submission_id=facts.submission_id,
        sent=facts.sent or 0,
    )
    if not case.graded:
        return case
    work = projects.workspace(facts.id)
    basis = basis_of(work, new) if work is not None else None
    if basis is None:
        return case
    missing = plan.unmapped(new, [basis.ruling] if basis.ruling is not None else basis.scores)
    appealed = bool(basis.appeals)
    entries = models.newest_entries(each.enrolment_id for each in models.members_of(facts.id))
    grades = tuple(
        Grade(
            enrolment_id,
            entry.id,
            entry.points,
            None if missing or appealed else basis.explain(enrolment_id).total,
        )
        for (enrolment_id, stable_id), entry in sorted(entries.items())
        if stable_id == facts.stable_id
    )
    return msgspec.structs.replace(case, grades=grades, missing=missing, appealed=appealed)
