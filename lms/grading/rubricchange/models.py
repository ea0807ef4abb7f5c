"""The works of a cohort that a newer rubric would touch, as stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import and_, func, select

from lms.courses.models import Cohort, Item, cohort_figures, outline
from lms.extensions import db
from lms.grading import models
from lms.grading.explaining.models import bases_of
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
    """What a cohort's newest version on offer (else its own) would do with works of another rubric.

    As many statements for a thousand works as for one.
    """
    newer = cohort_figures(cohort).newer_id
    target = newer if newer is not None else cohort.version_id
    return Move(cohort, target, newer is not None, tuple(_shifts(cohort.id, target)))


@dataclass(frozen=True, slots=True)
class _Touched:
    """A work (its row and where it stands) whose rubric is another one in the target version."""

    row: Any
    state: WorkState | None
    own: Rubric
    new: Rubric
    renamed: bool

    @property
    def case(self) -> Case:
        """What is known of it without its grades."""
        return Case(
            work_id=self.row.id,
            state=self.state,
            version=self.row.number or 0,
            submission_id=self.row.submission_id,
            sent=self.row.sent or 0,
            renamed=self.renamed,
        )


def _shifts(cohort_id: int, target: int) -> Iterator[Shift]:
    lines = {line.stable_id: line.id for line in outline(target).items if line.kind == "project"}
    touched = list(_touched(cohort_id, target, lines))
    cases = _with_grades(touched)
    for stable_id, item_id in lines.items():
        here = [each for each in touched if each.row.stable_id == stable_id]
        if not here:
            continue
        project, new = projects.project(item_id), here[-1].new
        yield Shift(
            stable_id,
            project.title,
            project.pass_mark,
            plan.differences(here[-1].own, new),
            plan.dry_run(stable_id, [cases[each.row.id] for each in here], f"{cohort_id} {target} {new!r}"),
            {each.row.id: with_team(each.row.team, each.row.names) for each in here},
            is_blind(project),
        )


def _touched(cohort_id: int, target: int, lines: Mapping[str, int]) -> Iterator[_Touched]:
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
    for row in rows:
        item_id = lines.get(row.stable_id)
        if item_id is None or row.ruled_for == target:
            continue
        project, newer = projects.project(row.item_id), projects.project(item_id)
        own, new = rubric_of(row.judged_by, project), rubric_of(target, newer)
        if own != new:
            state = state_of(row, project) if row.submission_id is not None else None
            yield _Touched(row, state, own, new, project.rubric != newer.rubric)


def _with_grades(touched: Sequence[_Touched]) -> dict[int, Case]:
    """The cases by work, the graded ones with every member's grade now and recomputed; at most eight statements."""
    cases = {each.row.id: each.case for each in touched}
    graded = [each for each in touched if each.case.graded]
    works = projects.workspaces([each.row.id for each in graded])
    bases = bases_of(works, {each.row.id: each.new for each in graded})
    members = models.members_of_all(list(bases))
    entries = models.newest_entries(each.enrolment_id for listed in members.values() for each in listed)
    for each in graded:
        basis = bases.get(each.row.id)
        if basis is None:
            continue
        missing = plan.unmapped(each.new, [basis.ruling] if basis.ruling is not None else basis.scores)
        appealed = bool(basis.appeals)
        held = [
            (member.enrolment_id, entries[member.enrolment_id, each.row.stable_id])
            for member in members.get(each.row.id, ())
            if (member.enrolment_id, each.row.stable_id) in entries
        ]
        grades = tuple(
            Grade(
                enrolment_id,
                entry.id,
                entry.points,
                None if missing or appealed else basis.explain(enrolment_id).total,
            )
            for enrolment_id, entry in held
        )
        cases[each.row.id] = msgspec.structs.replace(
            cases[each.row.id], grades=grades, missing=missing, appealed=appealed
        )
    return cases
