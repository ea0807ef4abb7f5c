"""Signing in and out, and what happens to a form when the session had ended."""

from __future__ import annotations

from flask import current_app, flash, g, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_user
from werkzeug.exceptions import HTTPException, Unauthorized

from lms import guard
from lms.extensions import begin_reading, begin_writing, db, limiter, utcnow
from lms.guard import public, signed_in
from lms.people import actions, passwords
from lms.people.forms import PATH_AT_MOST, WHO_AT_MOST, SignInForm
from lms.people.models import Person, account_of, person_by_sign_in
from lms.people.views import blueprint, limits
from lms.web import FORM_AT_MOST, LANGUAGES

KEPT_AT_MOST = FORM_AT_MOST - 16_384  # the sign-in form that carries it must still be accepted


@blueprint.route("/masuk", methods=["GET", "POST"])
@public
@limiter.limit(
    limits.FAILURES_PER_PERSON, key_func=limits.who_asks, methods=["POST"], deduct_when=limits.failed
)
@limiter.limit(
    limits.FAILURES_PER_ADDRESS, key_func=limits.where_from, methods=["POST"], deduct_when=limits.failed
)
def sign_in() -> ResponseReturnValue:
    """Sign in with NIP or email, then go on to where one wanted to go."""
    if request.method == "GET" and current_user.is_authenticated:
        return redirect(_onward(request.args.get("next")))
    begin_reading()  # nobody waits for the write lock while a password is looked at
    form = SignInForm()
    if request.method == "GET":
        form.next.data = request.args.get("next", "")[:PATH_AT_MOST]
        return _page(form)
    if not form.validate():
        return _page(form), 422
    person = _verified(form)
    if person is None:
        return _page(form, refused=True), 401
    start_session(person)
    kept = guard.kept_form(form.kept.data)
    if kept is not None:
        return render_template("kept.html", kept=kept, reason="signed_out")
    return redirect(_onward(form.next.data))


def _verified(form: SignInForm) -> Person | None:
    """Whoever the form names, when the password is theirs; a stranger costs the same work."""
    found = person_by_sign_in(form.name.email, form.name.nip)
    person_id, stored, active = (found.id, found.password_hash, found.active) if found else (None, "", False)
    db.session.rollback()
    password = form.password.data or ""
    right = passwords.verify(stored, password)
    if person_id is None or not right:
        current_app.logger.warning("sign-in refused: %s", f"person {person_id}" if person_id else "unknown")
        return None
    if not active:
        form.who.errors = [_("Akun ini dinonaktifkan. Hubungi administrator untuk mengaktifkannya kembali.")]
        return None
    new_hash = passwords.hash_password(password) if passwords.needs_rehash(stored) else None
    begin_writing()
    person = actions.begin_session(person_id, stored=stored, new_hash=new_hash, now=utcnow())
    db.session.commit()
    return person


def _page(form: SignInForm, *, refused: bool = False, reason: str = "") -> str:
    return render_template(
        "people/sign_in.html", form=form, refused=refused and not form.errors, reason=reason
    )


def _onward(target: str | None) -> str:
    return guard.own_path(target) or url_for("home.index")


def start_session(person: Person) -> None:
    """Begin a new session for somebody: nothing of the earlier one stays but the language."""
    language = session.get("language")
    session.clear()
    g.pop("csrf_token", None)  # made for the session that just ended
    session.permanent = True
    if language in LANGUAGES:
        session["language"] = language
    login_user(account_of(person))


def _leave() -> None:
    language = session.get("language")
    session.clear()
    if language in LANGUAGES:
        session["language"] = language


@blueprint.post("/keluar")
@public
def sign_out() -> ResponseReturnValue:
    """End the session of this browser, for copies of its cookie too; no harm where it had ended already."""
    if current_user.is_authenticated and current_user.session_id:
        now = utcnow()
        actions.end_session(
            current_user.session_id, until=now + current_app.permanent_session_lifetime, now=now
        )
        db.session.commit()
    _leave()
    flash(_("Anda telah keluar."), "ok")
    return redirect(url_for("people.sign_in"), 303)


@blueprint.post("/keluar/semua")
@signed_in
def sign_out_everywhere() -> ResponseReturnValue:
    """End every session of the person, this one too."""
    me = guard.person().id
    actions.end_sessions(me, by=me, now=utcnow())
    db.session.commit()
    _leave()
    flash(_("Anda telah keluar dari semua perangkat."), "ok")
    return redirect(url_for("people.sign_in"), 303)


@blueprint.post("/bahasa")
@public
def choose_language() -> ResponseReturnValue:
    """Read in another language from now on, and stay on the page."""
    language = request.form.get("language", "")
    if language in LANGUAGES:
        session["language"] = language
        if current_user.is_authenticated:
            actions.choose_language(current_user.id, language)
            db.session.commit()
    return redirect(_onward(request.form.get("back")), 303)


@blueprint.app_errorhandler(401)
def signed_out(_error: Unauthorized) -> ResponseReturnValue:
    """The way to the sign-in page: for a page its address, for a sent form its text, for a module words."""
    if guard.wants_json():
        back = request.full_path.rstrip("?") if request.method == "GET" else _referring_page()
        return jsonify(
            error="signed_out",
            message=_("Sesi Anda telah berakhir. Masuk kembali; yang Anda ketik tetap ada di halaman ini."),
            sign_in=url_for("people.sign_in", next=back),
        ), 401
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("people.sign_in", next=request.full_path.rstrip("?")[:PATH_AT_MOST]))
    form = SignInForm(formdata=None)
    if request.endpoint == "people.sign_in":  # the sign-in page itself stood open for too long
        form.who.data = request.form.get("who", "")[:WHO_AT_MOST]
        form.next.data = request.form.get("next", "")[:PATH_AT_MOST]
        form.kept.data = request.form.get("kept", "")
        return _page(form, reason="stale"), 401
    form.kept.data = _kept()
    form.next.data = _referring_page() or ""
    return _page(form, reason="kept" if form.kept.data else "signed_out"), 401


def _kept() -> str:
    try:
        signed = guard.keep_form()
    except HTTPException:  # the form itself is too large to read
        return ""
    return signed if len(signed) <= KEPT_AT_MOST else ""


def _referring_page() -> str | None:
    """The page of ours that the form or module was on."""
    referrer = request.referrer or ""
    if not referrer.startswith(request.host_url):
        return None
    return guard.own_path("/" + referrer.removeprefix(request.host_url))
