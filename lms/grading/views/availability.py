"""How much facilitators take, what they know, when they are away, and whom they are too close to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from lms import formats
from lms.access import Deed
from lms.courses.models import Cohort, cohort_by_code
from lms.extensions import begin_reading, db, utcnow
from lms.grading.allocation import actions
from lms.grading.allocation.models import (
    Absence,
    DeclaredRelation,
    absences_of,
    ended_then,
    facilitators_of,
    learner_in,
    organizations_in,
    relations_of,
    tags_of,
)
from lms.grading.views import blueprint
from lms.grading.views.allocation import row_id
from lms.grading.views.words import said
from lms.guard import allowed, person
from lms.refusals import N_, Refused


@blueprint.get("/telaah/angkatan/<code>/fasilitator")
@allowed(Deed.ALLOCATE, cohort_by_code)
def caps(cohort: Cohort) -> ResponseReturnValue:
    """The most that each facilitator and each university of a cohort takes."""
    return _caps_page(cohort)


def _caps_page(cohort: Cohort, problem: str = "") -> str:
    today = formats.local(utcnow()).date()
    people = facilitators_of(cohort.id, today=today)
    universities = {
        line.organization_id: (line.organization, line.university_cap)
        for line in people
        if line.organization_id is not None
    }
    return render_template(
        "grading/caps.html",
        cohort=cohort,
        people=people,
        universities=sorted(universities.items(), key=lambda each: each[1][0]),
        today=today,
        typed=request.form,
        problem=problem,
    )


@blueprint.post("/telaah/angkatan/<code>/fasilitator")
@allowed(Deed.ALLOCATE, cohort_by_code)
def set_caps(cohort: Cohort) -> ResponseReturnValue:
    """Keep the caps as typed; an empty field is no cap."""
    people = facilitators_of(cohort.id, today=formats.local(utcnow()).date())
    try:
        actions.set_caps(
            cohort.id,
            {line.id: _cap(f"person-{line.id}") for line in people if f"person-{line.id}" in request.form},
            {
                line.organization_id: _cap(f"university-{line.organization_id}")
                for line in people
                if line.organization_id is not None and f"university-{line.organization_id}" in request.form
            },
            by=person().id,
            now=utcnow(),
        )
    except Refused as error:
        problem = said(error)
        db.session.rollback()
        begin_reading()
        return _caps_page(cohort, problem), 400
    db.session.commit()
    flash(gettext("Batas tersimpan."), "ok")
    return redirect(url_for(".caps", code=cohort.code), 303)


def _cap(name: str) -> int | None:
    text = request.form.get(name, "").strip()
    if not text:
        return None
    # what is no number is refused with what is out of range
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1


# One facilitator


@dataclass(frozen=True)
class Seat:
    """A facilitator of a cohort: a thing of ``ALLOCATE``."""

    cohort_id: int
    code: str
    person_id: int
    name: str


def load_seat(code: str, person_id: int) -> Seat | None:
    """The facilitator of a cohort that an address names."""
    cohort = cohort_by_code(code)
    if cohort is None:
        return None
    lines = facilitators_of(cohort.id, today=formats.local(utcnow()).date())
    line = next((each for each in lines if each.id == person_id), None)
    return Seat(cohort.id, cohort.code, line.id, line.name) if line else None


@blueprint.get("/telaah/angkatan/<code>/fasilitator/<int:person_id>")
@allowed(Deed.ALLOCATE, load_seat)
def facilitator(seat: Seat) -> ResponseReturnValue:
    """What a facilitator of a cohort knows, when they are away, whom they are too close to."""
    return _page(seat.person_id, {seat.cohort_id}, seat)


@blueprint.post("/telaah/angkatan/<code>/fasilitator/<int:person_id>")
@allowed(Deed.ALLOCATE, load_seat)
def change_facilitator(seat: Seat) -> ResponseReturnValue:
    """Write it down for them."""
    return _change(seat.person_id, {seat.cohort_id}, seat)


@blueprint.get("/telaah/kesediaan")
@allowed(Deed.SEE_QUEUE)
def availability() -> ResponseReturnValue:
    """The same of oneself."""
    return _page(person().id, person().facilitates, None)


@blueprint.post("/telaah/kesediaan")
@allowed(Deed.SEE_QUEUE)
def change_availability() -> ResponseReturnValue:
    """Write it down for oneself."""
    return _change(person().id, person().facilitates, None)


def _page(person_id: int, cohort_ids: Collection[int], seat: Seat | None, problem: str = "") -> str:
    today = formats.local(utcnow()).date()
    return render_template(
        "grading/availability.html",
        seat=seat,
        here=_address(seat),
        absences=absences_of(person_id, today=today),
        relations=relations_of(person_id),
        tags=tags_of(person_id),
        organizations=organizations_in(cohort_ids),
        today=today,
        typed=request.form,
        problem=problem,
    )


def _address(seat: Seat | None) -> str:
    if seat is None:
        return url_for("grading.availability")
    return url_for("grading.facilitator", code=seat.code, person_id=seat.person_id)


def _change(person_id: int, cohort_ids: Collection[int], seat: Seat | None) -> ResponseReturnValue:
    now, by = utcnow(), person().id
    form = request.form
    lost = 0
    try:
        if "tags" in form:
            actions.set_tags(person_id, form["tags"][:2000], by=by, now=now)
        elif "from" in form:
            actions.note_absence(person_id, _day("from"), _day("until"), by=by, now=now)
        elif "back" in form:
            absence = db.session.get(Absence, row_id(form["back"]))
            if absence is not None and absence.person_id == person_id:
                actions.end_absence(absence, by=by, now=now)
        elif "withdraw" in form:
            relation = db.session.get(DeclaredRelation, row_id(form["withdraw"]))
            if relation is not None and relation.reviewer_id == person_id:
                actions.withdraw(relation, by=by, now=now)
        else:
            learner = form.get("learner", "").strip()
            found = learner_in(cohort_ids, learner) if learner else None
            if learner and found is None:
                raise Refused(N_("Tidak ada peserta dengan surel atau NIP itu di angkatan ini."))
            organization = row_id(form.get("organization"))
            known = {key for key, _ in organizations_in(cohort_ids)}
            actions.declare(
                person_id,
                learner_id=found,
                organization_id=organization if organization in known else 0,
                reason=form.get("reason", ""),
                by=by,
                now=now,
            )
            lost = ended_then(person_id, now)
    except Refused as error:
        problem = said(error)
        db.session.rollback()
        begin_reading()
        return _page(person_id, cohort_ids, seat, problem), 400
    db.session.commit()
    if lost:  # a number, never which: that would tell whose a blind work is
        flash(
            gettext("Tersimpan. %(count)s hasil kerja diambil kembali karena hubungan ini.", count=lost), "ok"
        )
    else:
        flash(gettext("Tersimpan."), "ok")
    return redirect(_address(seat), 303)


def _day(name: str) -> date:
    try:
        found = date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise Refused(N_("Isi kedua tanggal, misalnya 2026-12-01.")) from None
    if not 2000 <= found.year <= 2199:
        raise Refused(N_("Periksa tahunnya."))
    return found
