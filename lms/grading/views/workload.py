"""How long reviews waited and took in a cohort, against the promise, and who did how much."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms import formats
from lms.access import Deed
from lms.courses.models import Cohort, cohort_by_code
from lms.extensions import utcnow
from lms.grading import turnaround
from lms.grading.allocation.models import facilitators_of
from lms.grading.turnaround import Pace, Share
from lms.grading.views import blueprint
from lms.grading.workload.models import REVIEWS_AT_MOST, passages_of, waiting_until
from lms.guard import allowed

WIDE = 200
"""The width of a bar's drawing."""

ZONE = formats.DEFAULT_ZONE


@dataclass(frozen=True)
class Row:
    """A line of a table: its name, what its reviews took, where the bars of its drawing end."""

    label: str
    pace: Pace
    waiting: float
    reviewing: float
    under: str = ""
    share: Share | None = None
    open: int | None = None


class _Scale:
    """Days to units of the drawing: the promise and every median fit."""

    def __init__(self, paces: list[Pace], promise: float) -> None:
        longest = [(each.waiting or 0) + (each.reviewing or 0) for each in paces]
        self.most = max([promise * 1.25, *longest])

    def at(self, days: float | None) -> float:
        return round(WIDE * min(days or 0, self.most) / self.most, 1)


@blueprint.get("/telaah/angkatan/<code>/beban")
@allowed(Deed.FACILITATE, cohort_by_code)
def workload(cohort: Cohort) -> ResponseReturnValue:
    """Waiting and reviewing apart, per cycle, facilitator and university; the share of each."""
    now = utcnow()
    days = cohort.review_days
    passages = passages_of(cohort.id)
    people = facilitators_of(cohort.id, today=formats.local(now).date())
    whole = turnaround.pace(passages, days, ZONE)
    cycles = turnaround.paces(passages, lambda each: each.cycle, days, ZONE)
    persons = turnaround.paces(passages, lambda each: each.reviewer_id, days, ZONE)
    houses = turnaround.paces(passages, lambda each: each.university, days, ZONE)
    # drawn in days of the calendar: a working week is seven of them
    promise = days * 7 / 5
    scale = _Scale([*cycles.values(), *persons.values(), *houses.values()], promise)
    done = Counter(each.reviewer_id for each in passages)
    shares = turnaround.shares(done, {line.id: line.cap for line in people})
    nothing = turnaround.pace([], days, ZONE)

    def row(label: str, pace: Pace, **values: object) -> Row:
        end = scale.at(pace.waiting)
        both = scale.at((pace.waiting or 0) + (pace.reviewing or 0))
        return Row(label, pace, end, round(both - end, 1), **values)  # type: ignore[arg-type]

    return render_template(
        "grading/workload.html",
        cohort=cohort,
        whole=whole,
        waiting=waiting_until(cohort.id),
        over=waiting_until(cohort.id, turnaround.last_over(now, days, ZONE)),
        cycles=[
            row(gettext("Versi %(number)s", number=number), pace) for number, pace in sorted(cycles.items())
        ],
        persons=[
            row(
                line.name,
                persons.get(line.id, nothing),
                under=line.organization,
                share=shares.get(line.id),
                open=line.waiting,
            )
            for line in people
        ],
        houses=[row(name or gettext("Tanpa instansi"), pace) for name, pace in sorted(houses.items())],
        by_caps=bool(people) and all(line.cap is not None for line in people),
        promise=scale.at(promise),
        wide=WIDE,
        full=len(passages) == REVIEWS_AT_MOST,
        most=REVIEWS_AT_MOST,
    )
