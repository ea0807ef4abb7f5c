"""What waits for a review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms.access import Deed
from lms.grading import models
from lms.grading.models import QueueLine
from lms.grading.state import WorkState
from lms.grading.views import blueprint
from lms.grading.views.words import state_kind, state_word, who
from lms.guard import allowed, person
from lms.projects import models as projects
from lms.quizzes.essays.models import quizzes_waiting

# What the address calls the states.
FILTERS: dict[str, Sequence[WorkState]] = {
    "": models.AWAITING,
    "menunggu": (WorkState.WAITING,),
    "revisi": (WorkState.RESUBMITTED,),
    "ditelaah": (WorkState.IN_REVIEW,),
    "dikembalikan": (WorkState.RETURNED,),
    "dinilai": (WorkState.GRADED,),
    "diumumkan": (WorkState.RELEASED,),
}


@dataclass(frozen=True)
class Shown:
    """A line of the queue in words: whose work it is and where it stands."""

    line: QueueLine
    who: str
    state: str
    kind: str


def shown(line: QueueLine) -> Shown:
    """A line with its names, or the code that stands for them."""
    state, kind = state_word(line.state), state_kind(line.state)
    if line.state is WorkState.IN_REVIEW:
        if line.sent:
            state = gettext("Telaah Anda terkirim, menunggu penelaah lain")
        elif line.mine:
            state, kind = gettext("Anda sedang menelaah"), "warn"
    return Shown(line, who(line.names, line.masked, line.work_id), state, kind)


@blueprint.get("/telaah")
@allowed(Deed.SEE_QUEUE)
def queue() -> ResponseReturnValue:
    """What waits for a review in the cohorts the person facilitates, oldest first."""
    me = person()
    cohorts = models.cohorts_facilitated(me)
    code = request.args.get("angkatan", "")
    chosen = next((cohort_id for cohort_id, known, _ in cohorts if known == code), None)
    state = request.args.get("keadaan", "")
    state = state if state in FILTERS else ""
    page = models.queue(me, cohort_id=chosen, states=FILTERS[state], after=request.args.get("after"))
    return render_template(
        "grading/queue.html",
        page=page,
        lines=[shown(line) for line in page.rows],
        essays=quizzes_waiting(me.facilitates),
        cohorts=cohorts,
        code=code if chosen is not None else "",
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
    found = models.following(person(), before)
    return redirect(url_for("grading.desk", submission_id=found) if found else url_for("grading.queue"))
