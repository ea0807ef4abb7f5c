"""The administrators' list of people, and each one's account."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from lms import guard, paging
from lms.access import Deed
from lms.extensions import db, utcnow
from lms.guard import allowed
from lms.people import actions, identity, letters
from lms.people.forms import PersonForm, refused
from lms.people.models import SEARCH_AT_MOST, Person, organizations, people_visible_to
from lms.people.views import blueprint


def _person(person_id: int) -> Person | None:
    if person_id >= 2**63:  # more than a key can hold
        return None
    query = select(Person).where(Person.id == person_id)
    return db.session.scalar(query.with_for_update() if request.method == "POST" else query)


@blueprint.get("/kelola/orang")
@allowed(Deed.MANAGE_PEOPLE)
def people() -> ResponseReturnValue:
    """Everybody by name, or whoever a search finds."""
    text = request.args.get("q", "").strip()[:SEARCH_AT_MOST]
    query = people_visible_to(guard.person(), text).options(joinedload(Person.organization))
    page = paging.by_key(query, [Person.sort_name, Person.id], request.args.get("after"))
    return render_template("people/people.html", page=page, text=text, grouped=identity.grouped)


@blueprint.route("/kelola/orang/baru", methods=["GET", "POST"])
@allowed(Deed.MANAGE_PEOPLE)
def new_person() -> ResponseReturnValue:
    """A new account; its owner gets a mail with a link that sets the password."""
    form = PersonForm()
    form.offer(organizations())
    if form.validate_on_submit() and (saved := _save(form, None)):
        flash(
            _("Akun dibuat. Tautan untuk membuat kata sandi dikirim ke %(email)s.", email=saved.email), "ok"
        )
        return _after(form)
    return render_template("people/person.html", form=form, person=None), 422 if form.errors else 200


@blueprint.route("/kelola/orang/<int:person_id>", methods=["GET", "POST"])
@allowed(Deed.MANAGE_PEOPLE, _person)
def edit_person(person: Person) -> ResponseReturnValue:
    """Somebody's account: facts, roles, whether it is open."""
    form = PersonForm()
    form.offer(organizations())
    if request.method == "GET":
        form.show(person)
    elif form.validate() and (saved := _save(form, person)):
        flash(_("Data %(name)s tersimpan.", name=saved.full_name), "ok")
        return _after(form)
    return render_template("people/person.html", form=form, person=person), 422 if form.errors else 200


@blueprint.post("/kelola/orang/<int:person_id>/tautan")
@allowed(Deed.MANAGE_PEOPLE, _person)
def send_link(person: Person) -> ResponseReturnValue:
    """Mail another link that sets the password, to somebody whose first one ran out."""
    if person.active and person.email:
        _welcome(person)
        db.session.commit()
        flash(_("Tautan kata sandi dikirim ke %(email)s.", email=person.email), "ok")
    else:
        flash(_("Tautan tidak dikirim: akun ini tidak aktif atau belum memiliki surel."), "bad")
    return redirect(url_for("people.edit_person", person_id=person.id), 303)


def _save(form: PersonForm, person: Person | None) -> Person | None:
    """Write what the form holds and commit; None where it was refused, with the reason at its field."""
    by, now = guard.person().id, utcnow()
    apart_from = person.id if person else None
    try:
        facts = form.facts(_organization_id(form, by=by))
        if person is None:
            person = actions.add_person(facts, by=by, now=now)
            _welcome(person)
        else:
            actions.change_person(person, facts, by=by, now=now)
        db.session.commit()
    except actions.RefusedField as refusal:
        db.session.rollback()
        form[refusal.field].errors = [str(refused(refusal))]
        return None
    except IntegrityError:  # somebody else took the email, number or organization's name a moment ago
        db.session.rollback()
        try:
            actions.refuse_taken(form.email.data, form.nip_digits, apart_from=apart_from)
            form.new_organization.errors = [_("Instansi ini baru saja ditambahkan. Simpan sekali lagi.")]
        except actions.RefusedField as refusal:
            form[refusal.field].errors = [str(refused(refusal))]
        return None
    return person


def _organization_id(form: PersonForm, *, by: int) -> int | None:
    if form.new_organization.data:
        kind = form.new_organization_kind.data
        return actions.organization_named(form.new_organization.data, kind, by=by, now=utcnow()).id
    return int(form.organization.data) if form.organization.data else None


def _welcome(person: Person) -> None:
    now = utcnow()
    lasts = timedelta(days=actions.WELCOME_DAYS)
    token = actions.new_reset(person, lasts=lasts, by=guard.person().id, now=now)
    letters.welcome(person, token, until=now + lasts, now=now)


def _after(form: PersonForm) -> ResponseReturnValue:
    if form.number is not None:
        for doubt in identity.warnings(form.number, kind=form.kind.data, today=utcnow().date()):
            flash(_(doubt), "warn")
    return redirect(url_for("people.people"), 303)
