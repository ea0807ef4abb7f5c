"""How far the graders of a cohort agree, by criterion, by pair, by university, and how severe each is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from flask import render_template
from flask.typing import ResponseReturnValue

from lms.access import Deed
from lms.courses.models import Cohort, cohort_by_code, outline
from lms.grading import agreement, models, pairs
from lms.grading.agreement import LEAST, Agreement, Severity
from lms.grading.pairs import Given
from lms.grading.views import blueprint
from lms.guard import allowed, can, person
from lms.projects.models import project
from lms.rubric import Rubric

WIDE = 200
"""Length of a full bar, in units of its drawing."""


@dataclass(frozen=True)
class Row:
    """A line of a table: what it is about, and how far graders agree there."""

    label: str
    found: Agreement

    @property
    def enough(self) -> bool:
        return self.found.n >= LEAST

    @property
    def exact(self) -> int:
        """Length of the bar of exact agreement."""
        return round(WIDE * (self.found.exact or 0))

    @property
    def adjacent(self) -> int:
        """Length of the bar of agreement within one level."""
        return round(WIDE * (self.found.adjacent or 0))


@dataclass(frozen=True)
class Report:
    """One project of the cohort."""

    title: str
    versions: int
    whole: Row
    criteria: Sequence[Row]
    couples: Sequence[Row]
    universities: Sequence[Row]
    icc: float | None
    icc_n: int
    severity: Sequence[tuple[str, Severity]]


@blueprint.get("/telaah/angkatan/<code>/kesepakatan")
@allowed(Deed.FACILITATE, cohort_by_code)
def agreement_report(cohort: Cohort) -> ResponseReturnValue:
    """Drawn and tabulated; who a grader is, only administrators read, and each grader of himself."""
    lines = [line for line in outline(cohort.version_id).items if line.kind == "project"]
    reports = []
    for line in lines[:3]:
        definition = project(line.id)
        rubric = models.rubric_of(cohort.version_id, definition)
        reports.append(_report(line.title, rubric, pairs.given(cohort.id, line.stable_id)))
    return render_template("grading/agreement.html", cohort=cohort, reports=reports, least=LEAST, wide=WIDE)


def _report(title: str, rubric: Rubric, given: Sequence[Given]) -> Report:
    by_version: dict[int, list[Given]] = {}
    for each in given:
        by_version.setdefault(each.submission_id, []).append(each)
    couples = [(one, other) for each in by_version.values() for one, other in combinations(each, 2)]
    names = [criterion.id for criterion in rubric.criteria]
    me = person()
    named = can("manage cohorts")  # who runs cohorts sees graders by name
    graders = {each.reviewer_id: each.reviewer for each in given}
    kinds: dict[tuple[str, str], list[tuple[int, int]]] = {}
    homes: dict[str, list[tuple[int, int]]] = {}
    for one, other in couples:
        levels = list(_levels(one, other, names))
        first, second = sorted((one.reviewer, other.reviewer))
        kinds.setdefault((first, second), []).extend(levels)
        for home in {one.organization, other.organization}:
            if home:
                homes.setdefault(home, []).extend(levels)
    points = [
        {each.reviewer_id: float(each.points) for each in version if each.points is not None}
        for version in by_version.values()
    ]
    severity = agreement.severities(points)
    shown = [
        (name, severity[key])
        for key, name in sorted(graders.items(), key=lambda item: item[1])
        if key in severity and (named or key == me.id)
    ]
    table = _same_two(points)
    return Report(
        title=title,
        versions=len(by_version),
        whole=Row(
            "", agreement.agreement([level for one, other in couples for level in _levels(one, other, names)])
        ),
        criteria=[
            Row(
                criterion.title,
                agreement.agreement(
                    [level for one, other in couples for level in _levels(one, other, [criterion.id])]
                ),
            )
            for criterion in rubric.criteria
        ],
        couples=[Row(" · ".join(key), agreement.agreement(found)) for key, found in sorted(kinds.items())]
        if named
        else [],
        universities=[Row(key, agreement.agreement(found)) for key, found in sorted(homes.items())],
        icc=agreement.icc(table),
        icc_n=len(table),
        severity=shown,
    )


def _same_two(points: Sequence[dict[int, float]]) -> list[list[float]]:
    """The grades of the two graders who share most works: ICC(2,1) wants the same graders on every work."""
    shared: dict[tuple[int, int], list[list[float]]] = {}
    for work in points:
        for one, other in combinations(sorted(work), 2):
            shared.setdefault((one, other), []).append([work[one], work[other]])
    return max(shared.values(), key=len, default=[])


def _levels(one: Given, other: Given, criteria: Iterable[str]) -> Iterator[tuple[int, int]]:
    """The levels that two graders gave for the same criteria."""
    for name in criteria:
        first, second = one.review.opinion(name).level, other.review.opinion(name).level
        if first is not None and second is not None:
            yield first, second
