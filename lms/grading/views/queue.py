"""What waits for a review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms import formats
from lms.access import Deed
from lms.courses.models import outline
from lms.extensions import utcnow
from lms.grading import models
from lms.grading.appeals.models import open_appeals
from lms.grading.leases.models import Holder
from lms.grading.models import CohortLine, QueueLine
from lms.grading.state import WorkState
from lms.grading.turnaround import working_days_over
from lms.grading.views import blueprint
from lms.grading.views.words import appeal_lines, state_kind, state_word, who
from lms.guard import allowed, person
from lms.projects import models as projects
from lms.quizzes.essays.models import quizzes_waiting
from lms.web import language, zone

# What the address calls the states.
FILTERS: dict[str, Sequence[WorkState]] = {
    "": models.AWAITING,
    "menunggu": (WorkState.WAITING,),
    "revisi": (WorkState.RESUBMITTED,),
    "ditelaah": (WorkState.IN_REVIEW,),
    "moderasi": (WorkState.MODERATION,),
    "dikembalikan": (WorkState.RETURNED,),
    "dinilai": (WorkState.GRADED,),
    "diumumkan": (WorkState.RELEASED,),
}


@dataclass(frozen=True)
class Shown:
    """A line of the queue in words: whose work it is, where it stands, whether its promise still holds.

    ``over`` are the working days since the review was due; -1 while it is not, and for what nobody waits for. ``held``
    says who is reviewing it at this moment so that the person cannot, '' where nobody is.
    """

    line: QueueLine
    who: str
    state: str
    kind: str
    address: str
    over: int
    held: str = ""

    @property
    def waits(self) -> bool:
        return self.line.state in models.AWAITING


def holders_words(holders: Sequence[Holder], graders: int) -> str:
    """Who is reviewing a version and since when; several independent graders are not told of each other."""
    if not holders:
        return ""
    since = formats.clock_time(holders[0].since, zone(), language())
    if graders > 1:
        return gettext("oleh penelaah lain sejak %(since)s", since=since)
    return gettext("oleh %(name)s sejak %(since)s", name=holders[0].name, since=since)


def shown(line: QueueLine, now: datetime, holders: Sequence[Holder] = ()) -> Shown:
    """A line with its names, or the code that stands for them."""
    state, kind = state_word(line.state), state_kind(line.state)
    # who leads decides between the reviews, unless one of them is their own
    decides = not line.sent and line.cohort_id in person().leads
    moderated = line.state is WorkState.MODERATION and decides
    endpoint = "grading.moderate" if moderated else "grading.desk"
    address = url_for(endpoint, submission_id=line.submission_id)
    if line.state is WorkState.IN_REVIEW:
        if line.sent:
            state = gettext("Telaah Anda terkirim, menunggu penelaah lain")
        elif line.mine:
            state, kind = gettext("Anda sedang menelaah"), "warn"
    held = ""
    if line.state is not WorkState.MODERATION and not line.sent:
        held = holders_words(holders, line.project.graders)
    if held:
        state, kind = state_word(WorkState.IN_REVIEW), "info"
    over = -1
    if line.state in models.AWAITING and now > line.due_at:
        over = working_days_over(line.due_at, now, formats.DEFAULT_ZONE)
    return Shown(line, who(line.names, line.masked, line.work_id), state, kind, address, over, held)


def _projects(cohorts: Sequence[CohortLine]) -> dict[str, str]:
    """The projects of these cohorts, title by stable id."""
    return {
        line.stable_id: line.title
        for cohort in reversed(cohorts)
        for line in outline(cohort.version_id).items
        if line.kind == "project"
    }


@blueprint.get("/telaah")
@allowed(Deed.SEE_QUEUE)
def queue() -> ResponseReturnValue:
    """What waits for the person's review: what they returned first, then the oldest."""
    me = person()
    cohorts = models.cohorts_facilitated(me)
    code = request.args.get("angkatan", "")
    chosen = next((cohort for cohort in cohorts if cohort.code == code), None)
    known = _projects(cohorts)
    project = request.args.get("proyek", "")
    project = project if project in known else ""
    state = request.args.get("keadaan", "")
    state = state if state in FILTERS else ""
    page = models.queue(
        me,
        cohort_id=chosen.id if chosen else None,
        stable_id=project or None,
        states=FILTERS[state],
        after=request.args.get("after"),
    )
    now = utcnow()
    waiting = [line.submission_id for line in page.rows if line.state in models.AWAITING]
    holders = models.taken(me.id, waiting, now=now)
    lines = [shown(line, now, holders.get(line.submission_id, ())) for line in page.rows]
    return render_template(
        "grading/queue.html",
        page=page,
        lines=lines,
        first=next((each for each in lines if not each.held), None),
        appeals=appeal_lines([each for each in open_appeals(sorted(me.leads), me.id) if not each.own]),
        essays=quizzes_waiting(me.leads),
        cohorts=cohorts,
        led=[cohort for cohort in cohorts if cohort.id in me.leads],
        code=code if chosen is not None else "",
        project=project,
        projects=known,
        state=state,
        states=[
            ("", gettext("Yang perlu ditelaah")),
            *((name, state_word(states[0])) for name, states in FILTERS.items() if name),
        ],
    )


@blueprint.get("/telaah/berikutnya")
@allowed(Deed.SEE_QUEUE)
def following() -> ResponseReturnValue:
    """The version that waits next after the one the address names, from the oldest again after the last."""
    number = request.args.get("setelah", "")
    known = number.isascii() and number.isdecimal() and len(number) < 19
    before = projects.submission(int(number)) if known else None
    found = models.following(person(), before, now=utcnow())
    return redirect(url_for("grading.desk", submission_id=found) if found else url_for("grading.queue"))
