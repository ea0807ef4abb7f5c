"""One's own profile."""

from __future__ import annotations

from flask import flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import refresh
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from lms import guard
from lms.extensions import db
from lms.guard import signed_in
from lms.people.forms import PreferencesForm
from lms.people.identity import grouped
from lms.people.models import Person
from lms.people.views import blueprint


@blueprint.route("/profil", methods=["GET", "POST"])
@signed_in
def profile() -> ResponseReturnValue:
    """What is recorded about oneself, and how times and words are shown."""
    query = select(Person).where(Person.id == guard.person().id).options(joinedload(Person.organization))
    person = db.session.scalars(query).one()
    form = PreferencesForm(obj=person)
    if form.validate_on_submit():
        person.timezone = form.timezone.data
        person.language = form.language.data
        db.session.commit()
        session["language"] = person.language
        refresh()
        flash(_("Pengaturan tersimpan."), "ok")
        return redirect(url_for("people.profile"), 303)
    page = render_template("people/profile.html", form=form, person=person, nip=grouped(person.nip or ""))
    return page, 422 if form.errors else 200
