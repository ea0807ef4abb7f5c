"""The administrator's cohorts: dates, facilitators, deadlines, learners, moving to a newer version."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms import formats, paging
from lms.access import Deed
from lms.courses import actions, changes
from lms.courses.cohort import ROSTER_AT_MOST, RosterLine, moment_in, read_roster
from lms.courses.forms import ZONE, CohortForm, ConfirmForm, EnrolForm, NewCohortForm, schedule_form
from lms.courses.models import (
    Cohort,
    Enrolment,
    ItemLine,
    cohort_by_code,
    cohort_figures,
    cohort_to_change,
    cohorts_with_counts,
    facilitator_choices,
    item_states,
    last_seen,
    learners_of,
    learners_to_enrol,
    outline,
    schedules_of,
    standing_enrolment,
    versions_for_cohorts,
)
from lms.courses.views.blueprint import blueprint
from lms.extensions import db, utcnow
from lms.guard import allowed, person
from lms.people.models import Person
from lms.refusals import Refused


def _say(error: Refused) -> str:
    return gettext(error.message, **error.values)


def _scheduled(cohort: Cohort) -> list[ItemLine]:
    """The items that can open and be due."""
    return [line for line in outline(cohort.version_id).items if line.kind in ("quiz", "project")]


@blueprint.get("/kelola/angkatan")
@allowed(Deed.MANAGE_COHORTS)
def cohorts() -> ResponseReturnValue:
    """All cohorts, the one that ends last first."""
    page = paging.by_key(
        cohorts_with_counts(),
        [Cohort.ends_at, Cohort.id],
        request.args.get("after"),
        descending=True,
        scalars=False,
    )
    return render_template("courses/cohorts.html", page=page, at=utcnow())


@blueprint.route("/kelola/angkatan/baru", methods=["GET", "POST"])
@allowed(Deed.MANAGE_COHORTS)
def new_cohort() -> ResponseReturnValue:
    """Open a cohort on a version that is on offer."""
    form = NewCohortForm()
    form.version.choices = [(row.id, f"{row.title} · v{row.number}") for row in versions_for_cohorts()]
    form.facilitators.choices = form.leads.choices = [
        (row.id, _named(row)) for row in facilitator_choices(None)
    ]
    refusal = ""
    if form.validate_on_submit():
        now = utcnow()
        try:
            cohort = actions.create_cohort(
                form.version.data, form.code.data or "", form.facts(), by=person().id, now=now
            )
            actions.set_facilitators(cohort, *_chosen(form), by=person().id, now=now)
        except Refused as error:
            db.session.rollback()
            refusal = _say(error)
        else:
            db.session.commit()
            flash(gettext("Angkatan %(name)s dibuat. Sekarang daftarkan pesertanya.", name=cohort.name), "ok")
            return redirect(url_for("courses.cohort", code=cohort.code), 303)
    status = 400 if request.method == "POST" else 200
    return render_template("courses/cohort_new.html", form=form, refusal=refusal), status


def _chosen(form: CohortForm) -> tuple[frozenset[int], frozenset[int]]:
    """Who facilitates and who of them leads."""
    return frozenset(form.facilitators.data or ()), frozenset(form.leads.data or ())


def _named(row: Any) -> str:
    return f"{row.name} ({row.organization})" if row.organization else str(row.name)


@blueprint.get("/kelola/angkatan/<code>")
@allowed(Deed.MANAGE_COHORTS, cohort_by_code)
def cohort(cohort: Cohort) -> ResponseReturnValue:
    """One cohort: who learns in it and how far they are, its dates, its deadlines."""
    return _cohort_page(cohort)


@blueprint.post("/kelola/angkatan/<code>")
@allowed(Deed.MANAGE_COHORTS, cohort_to_change)
def change_cohort(cohort: Cohort) -> ResponseReturnValue:
    """Change name, days and facilitators."""
    form = CohortForm()
    if not form.validate():
        return _cohort_page(cohort, details=form), 400
    now = utcnow()
    try:
        actions.change_cohort(cohort, form.facts(), by=person().id, now=now)
        actions.set_facilitators(cohort, *_chosen(form), by=person().id, now=now)
    except Refused as error:
        db.session.rollback()
        return _cohort_page(cohort, details=form, refusal=_say(error)), 400
    db.session.commit()
    flash(gettext("Rincian angkatan tersimpan."), "ok")
    return redirect(url_for("courses.cohort", code=cohort.code), 303)


@blueprint.post("/kelola/angkatan/<code>/jadwal")
@allowed(Deed.MANAGE_COHORTS, cohort_to_change)
def schedule(cohort: Cohort) -> ResponseReturnValue:
    """Set when quizzes and projects open and are due."""
    lines = _scheduled(cohort)
    form = schedule_form(lines)()
    if not form.validate():
        return _cohort_page(cohort, dates=form), 400
    wanted = {
        line.stable_id: actions.Dates(_moment(form[f"opens_{at}"].data), _moment(form[f"due_{at}"].data))
        for at, line in enumerate(lines)
    }
    try:
        actions.set_schedule(cohort, wanted, by=person().id, now=utcnow())
    except actions.RefusedItem as error:
        db.session.rollback()
        at = next(at for at, line in enumerate(lines) if line.stable_id == error.stable_id)
        form[f"due_{at}"].errors = [_say(error)]
        return _cohort_page(cohort, dates=form), 400
    db.session.commit()
    flash(gettext("Jadwal angkatan tersimpan."), "ok")
    return redirect(url_for("courses.cohort", code=cohort.code), 303)


def _moment(typed: datetime | None) -> datetime | None:
    return moment_in(typed, ZONE) if typed else None


def _cohort_page(
    cohort: Cohort, *, details: CohortForm | None = None, dates: Any = None, refusal: str = ""
) -> str:
    lines = _scheduled(cohort)
    choices = facilitator_choices(cohort.id)
    if details is None:
        filled = CohortForm(
            formdata=None,
            name=cohort.name,
            starts=formats.local(cohort.starts_at, ZONE).date(),
            ends=formats.local(cohort.ends_at, ZONE).date(),
            review_days=cohort.review_days,
            appeal_days=cohort.appeal_days,
            facilitators=[row.id for row in choices if row.assigned],
            leads=[row.id for row in choices if row.leads],
        )
    else:
        filled = details
    filled.facilitators.choices = filled.leads.choices = [(row.id, _named(row)) for row in choices]
    if dates is None:
        rows = schedules_of(cohort.id)
        values = {}
        for at, line in enumerate(lines):
            row = rows.get(line.stable_id)
            values[f"opens_{at}"] = formats.local(row.opens_at, ZONE) if row and row.opens_at else None
            values[f"due_{at}"] = formats.local(row.due_at, ZONE) if row and row.due_at else None
        dates_form = schedule_form(lines)(formdata=None, data=values)
    else:
        dates_form = dates
    learners = paging.by_key(
        learners_of(cohort.id),
        [Person.sort_name, Enrolment.id],
        request.args.get("after"),
        scalars=False,
    )
    return render_template(
        "courses/cohort.html",
        cohort=cohort,
        course=outline(cohort.version_id),
        figures=cohort_figures(cohort),
        learners=learners,
        seen={row.id: last_seen(row) for row in learners.rows},
        facilitators=[row for row in choices if row.assigned],
        form=filled,
        dates=dates_form,
        lines=lines,
        details_open=details is not None,
        dates_open=dates is not None,
        refusal=refusal,
        at=utcnow(),
    )


@blueprint.get("/kelola/angkatan/<code>/peserta")
@allowed(Deed.MANAGE_COHORTS, cohort_by_code)
def add_learners(cohort: Cohort) -> ResponseReturnValue:
    """Where learners are enrolled: by a pasted list, or by looking for one."""
    words = " ".join(request.args.get("cari", "").split())[:100]
    found = learners_to_enrol(person(), cohort.id, words) if words else []
    return render_template("courses/enrol.html", cohort=cohort, form=EnrolForm(), words=words, found=found)


@blueprint.post("/kelola/angkatan/<code>/peserta")
@allowed(Deed.MANAGE_COHORTS, cohort_to_change)
def enrol(cohort: Cohort) -> ResponseReturnValue:
    """Enrol whoever the list names and say what became of each line.

    The report is the answer itself, not a page behind a redirect: it may be long, and sending the list again
    on a reload changes nothing.
    """
    form = EnrolForm()
    if not form.validate():
        return render_template("courses/enrol.html", cohort=cohort, form=form, words="", found=[]), 400
    lines: list[RosterLine] = list(islice(read_roster(form.people.data or ""), ROSTER_AT_MOST + 1))
    if len(lines) > ROSTER_AT_MOST:
        message = gettext(
            "Daftar ini lebih dari %(limit)s baris. Bagi menjadi beberapa daftar.", limit=ROSTER_AT_MOST
        )
        form.people.errors = [message]
        return render_template("courses/enrol.html", cohort=cohort, form=form, words="", found=[]), 400
    report = actions.enrol(cohort, lines, by=person().id, now=utcnow())
    db.session.commit()
    left = "\n".join(row.line.text for row in report if not row.done)
    again = EnrolForm(formdata=None, people=left)
    return render_template("courses/enrolled.html", cohort=cohort, report=report, form=again)


@blueprint.post("/kelola/angkatan/<code>/peserta/<int:enrolment_id>/keluarkan")
@allowed(Deed.MANAGE_COHORTS, standing_enrolment)
def remove(enrolment: Enrolment) -> ResponseReturnValue:
    """Take a learner out of a cohort; the page asked once before this."""
    actions.remove(enrolment, by=person().id, now=utcnow())
    db.session.commit()
    flash(
        gettext(
            "%(name)s dikeluarkan dari angkatan ini. Hasil kerjanya tetap tersimpan.",
            name=enrolment.person.full_name,
        ),
        "ok",
    )
    return redirect(url_for("courses.cohort", code=enrolment.cohort.code), 303)


@blueprint.get("/kelola/angkatan/<code>/versi")
@allowed(Deed.MANAGE_COHORTS, cohort_by_code)
def newer_version(cohort: Cohort) -> ResponseReturnValue:
    """What would change for a cohort in its course's newest version on offer."""
    newer = cohort_figures(cohort).newer_id
    compared = None
    if newer is not None:
        compared = changes.compare(item_states(cohort.version_id), item_states(newer))
    return render_template(
        "courses/move.html",
        cohort=cohort,
        course=outline(cohort.version_id),
        newer=outline(newer) if newer is not None else None,
        changes=compared,
        form=ConfirmForm(),
    )


@blueprint.post("/kelola/angkatan/<code>/versi")
@allowed(Deed.MANAGE_COHORTS, cohort_to_change)
def move_cohort(cohort: Cohort) -> ResponseReturnValue:
    """Move a cohort to the version whose changes were shown."""
    try:
        version = actions.move_cohort(
            cohort,
            seen=_id(request.form.get("seen")),
            to=_id(request.form.get("to")),
            by=person().id,
            now=utcnow(),
        )
    except Refused as error:
        db.session.rollback()
        flash(_say(error), "bad")
        return redirect(url_for("courses.newer_version", code=cohort.code), 303)
    db.session.commit()
    flash(gettext("Angkatan ini sekarang memakai versi %(number)s.", number=version.number), "ok")
    return redirect(url_for("courses.cohort", code=cohort.code), 303)


def _id(text: str | None) -> int:
    """A row id as typed into a form, 0 for nonsense: no row has that."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else 0
