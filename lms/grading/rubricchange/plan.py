"""What a newer rubric would do with works that were begun, or marked, by an older one. Nothing here writes.

Three choices have a name. Keep: everything goes on by the rubric it began with. Recompute: the levels that were
chosen are read by the newer rubric, criterion by id and level by id, with its weights and points. Review again: what
was handed in goes back to the reviewers, who judge by the newer rubric.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from lms import rubric as rubrics
from lms.grading.state import WorkState
from lms.rubric import Rubric, Score

Choice = Literal["keep", "recompute", "review"]
CHOICES: tuple[Choice, ...] = ("keep", "recompute", "review")
Deed = Literal["keep", "switch", "rescore", "reopen", "impossible"]
Trouble = Literal["", "unmapped", "partly", "released", "appealed", "renamed"]


class Difference(msgspec.Struct, frozen=True):
    """A criterion in two rubrics: its weights, None where it is not; `levels` says that what they give differs."""

    id: str
    title: str
    old: Decimal | None
    new: Decimal | None
    levels: bool
    words: bool


def differences(old: Rubric, new: Rubric) -> tuple[Difference, ...]:
    """The criteria that differ, in the newer rubric's order, and then those that are gone."""
    levels = {level.id: rubrics.level_points(old, level.id) for level in old.levels} != {
        level.id: rubrics.level_points(new, level.id) for level in new.levels
    }
    found = []
    for criterion in new.criteria:
        before = old.criterion(criterion.id)
        each = Difference(
            criterion.id,
            criterion.title,
            before.weight if before else None,
            criterion.weight,
            levels or (before is not None and before.range != criterion.range),
            before is not None and (before.title, before.levels) != (criterion.title, criterion.levels),
        )
        if each.old != each.new or each.levels or each.words:
            found.append(each)
    found += [
        Difference(gone.id, gone.title, gone.weight, None, False, False)
        for gone in old.criteria
        if new.criterion(gone.id) is None
    ]
    return tuple(found)


def unmapped(new: Rubric, scores: Iterable[Mapping[str, Score]]) -> tuple[str, ...]:
    """The newer rubric's criteria that these scores, read by it, say nothing about; empty where all can be recomputed."""
    listed = list(scores)
    return tuple(
        criterion.id for criterion in new.criteria if any(criterion.id not in each for each in listed)
    )


class Grade(msgspec.Struct, frozen=True):
    """A member's grade now, and recomputed (None where that is impossible), by enrolment."""

    enrolment_id: int
    entry_id: int
    before: Decimal
    after: Decimal | None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one work; `missing` are the criteria that cannot be recomputed,
    `appealed` says that a learner's appeal stands in between, `renamed` that
    the newer project names a rubric by another id."""

    work_id: int
    state: WorkState | None
    version: int = 0
    submission_id: int | None = None
    sent: int = 0
    grades: tuple[Grade, ...] = ()
    missing: tuple[str, ...] = ()
    appealed: bool = False
    renamed: bool = False

    @property
    def released(self) -> bool:
        return self.state is WorkState.RELEASED

    @property
    def graded(self) -> bool:
        return self.state in (WorkState.GRADED, WorkState.RELEASED)


def effect(choice: Choice, case: Case) -> tuple[Deed, Trouble]:
    """What a choice does with a work; what is impossible is left as it is, with the reason."""
    if choice == "keep":
        return "keep", ""
    if case.renamed:
        return "impossible", "renamed"
    marked_now = case.state in (WorkState.IN_REVIEW, WorkState.MODERATION) and case.sent > 0
    if not case.graded and not marked_now:
        # nothing was marked yet, or it came back: the next review simply has the newer rubric
        return "switch", ""
    if marked_now:
        # it is finished by the rubric that its reviewers began with
        return "impossible", "partly"
    if choice == "recompute":
        if case.appealed:
            return "impossible", "appealed"
        if case.missing or any(grade.after is None for grade in case.grades):
            return "impossible", "unmapped"
        return "rescore", ""
    if case.released:
        return "impossible", "released"
    return "reopen", ""


class DryRun(msgspec.Struct, frozen=True):
    """The affected works of one project, and the fingerprint (SHA-256, hex) of all that would be done."""

    stable_id: str
    cases: tuple[Case, ...]
    fingerprint: str

    def count(self, choice: Choice, deed: Deed) -> int:
        """How many works a choice would do this with."""
        return sum(1 for case in self.cases if effect(choice, case)[0] == deed)

    def changed(self, choice: Choice) -> int:
        """How many grades would become others."""
        if choice != "recompute":
            return 0
        return sum(
            1
            for case in self.cases
            if effect(choice, case)[0] == "rescore"
            for grade in case.grades
            if grade.after != grade.before
        )

    def turned(self, choice: Choice, mark: Decimal) -> tuple[int, int]:
        """How many members would pass who do not, and how many would no longer, by this pass mark."""
        if choice != "recompute":
            return 0, 0
        moved = [
            (grade.before >= mark, grade.after >= mark)
            for case in self.cases
            if effect(choice, case)[0] == "rescore"
            for grade in case.grades
            if grade.after is not None
        ]
        return moved.count((False, True)), moved.count((True, False))

    def touches_released(self, choice: Choice) -> bool:
        """Whether grades that learners have seen would be written anew."""
        return any(case.released and effect(choice, case)[0] == "rescore" for case in self.cases)


def dry_run(stable_id: str, cases: Sequence[Case], basis: str) -> DryRun:
    """Put the cases in order and take their fingerprint; `basis` names cohort, versions and rubrics."""
    ordered = tuple(sorted(cases, key=lambda case: case.work_id))
    digest = hashlib.sha256(f"{basis}\n{stable_id}".encode() + msgspec.json.encode(ordered))
    return DryRun(stable_id, ordered, digest.hexdigest())
