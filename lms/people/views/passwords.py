"""Changing one's password, and setting a new one through a mailed link."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from lms import guard
from lms.extensions import begin_reading, begin_writing, db, limiter, utcnow
from lms.guard import public, signed_in
from lms.people import actions, letters, passwords
from lms.people.forms import ChangePasswordForm, ForgotForm, ResetForm
from lms.people.models import Person, person_by_sign_in, reset_by_token
from lms.people.views import blueprint, limits
from lms.people.views.sign_in import start_session
from lms.refusals import Refused


@blueprint.route("/profil/kata-sandi", methods=["GET", "POST"])
@signed_in
@limiter.limit(
    limits.FAILURES_PER_PERSON, key_func=limits.who_is_here, methods=["POST"], deduct_when=limits.failed
)
def change_password() -> ResponseReturnValue:
    """Change one's own password; every other session ends, this one goes on."""
    db.session.rollback()  # the account was read; hashing must not hold the write lock
    begin_reading()
    me = guard.person().id
    owner = db.session.scalar(select(Person).where(Person.id == me))
    if owner is None:  # deleted between two statements
        return redirect(url_for("people.sign_in"), 303)
    stored = owner.password_hash
    form = ChangePasswordForm()
    form.owner = owner
    if not form.validate_on_submit():
        return render_template("people/change_password.html", form=form), 422 if form.errors else 200
    db.session.rollback()
    if not passwords.verify(stored, form.password.data or ""):
        form.password.errors = [_("Kata sandi sekarang tidak cocok.")]
        return render_template("people/change_password.html", form=form), 401
    new_hash = passwords.hash_password(form.new_password.data or "")
    begin_writing()
    try:
        person = actions.change_password(me, stored=stored, new_hash=new_hash, by=me, now=utcnow())
    except Refused as refusal:
        db.session.rollback()
        form.password.errors = [_(refusal.message, **refusal.values)]
        return render_template("people/change_password.html", form=form), 409
    letters.password_changed(person, now=utcnow())
    db.session.commit()
    start_session(person)
    flash(_("Kata sandi diganti. Perangkat lain yang masih masuk telah dikeluarkan."), "ok")
    return redirect(url_for("people.profile"), 303)


@blueprint.route("/lupa-kata-sandi", methods=["GET", "POST"])
@public
@limiter.limit(limits.LINKS_PER_PERSON, key_func=limits.who_asks, methods=["POST"])
@limiter.limit(limits.LINKS_PER_ADDRESS, key_func=limits.where_from, methods=["POST"])
def forgot() -> ResponseReturnValue:
    """Mail a link that sets a new password; the answer is the same whether or not there is such a person."""
    form = ForgotForm()
    if not form.validate_on_submit():
        return render_template("people/forgot.html", form=form), 422 if form.errors else 200
    person = person_by_sign_in(form.name.email, form.name.nip)
    if person is not None and person.active and person.email:
        lasts = timedelta(hours=actions.RESET_HOURS)
        token = actions.new_reset(person, lasts=lasts, by=None, now=utcnow())
        letters.reset_link(person, token, now=utcnow())
    db.session.commit()
    flash(
        _(
            "Bila akun itu ada, tautan untuk mengatur ulang kata sandi dikirim ke surelnya. "
            "Tautan berlaku 1 jam. Periksa juga folder spam. Belum menerima? Hubungi administrator."
        ),
        "ok",
    )
    return redirect(url_for("people.sign_in"), 303)


@blueprint.route("/atur-ulang/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> ResponseReturnValue:
    """Set a new password through a mailed link; it works once."""
    begin_reading()
    found = reset_by_token(token, now=utcnow())
    if found is None:
        return render_template("people/reset.html", form=None), 404
    link, owner = found
    reset_id, first = link.id, not owner.password_hash
    form = ResetForm()
    form.owner = owner
    if not form.validate_on_submit():
        page = render_template("people/reset.html", form=form, token=token, owner=owner, first=first)
        return page, 422 if form.errors else 200
    db.session.rollback()
    new_hash = passwords.hash_password(form.new_password.data or "")
    begin_writing()
    try:
        person = actions.use_reset(reset_id, new_hash=new_hash, now=utcnow())
    except Refused:
        db.session.rollback()
        return render_template("people/reset.html", form=None), 404
    letters.password_changed(person, now=utcnow())
    db.session.commit()
    flash(_("Kata sandi baru tersimpan. Silakan masuk."), "ok")
    return redirect(url_for("people.sign_in"), 303)
