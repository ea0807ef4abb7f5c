"""How often somebody may try: by person and by address, and what they are told when it was too often."""

from __future__ import annotations

import hashlib
import math

from flask import Response, current_app, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests

from lms import guard
from lms.extensions import limiter, utcnow
from lms.people import identity
from lms.people.views import blueprint

# By person they stop guessing at one account from many addresses, by address guessing at many accounts. Only
# failures count, so that a whole office behind one address can start its morning.
FAILURES_PER_PERSON = "10 per 15 minutes"
FAILURES_PER_ADDRESS = "60 per 15 minutes"
LINKS_PER_PERSON = "5 per hour"
LINKS_PER_ADDRESS = "30 per hour"


def _key(text: str) -> str:
    # the counter's storage may be shared: it holds no name, number or address that anybody could read
    secret = str(current_app.secret_key).encode()[:64]
    return hashlib.blake2b(text.encode(errors="replace"), key=secret, digest_size=16).hexdigest()


def who_asks() -> str:
    """The counter of whoever the form names, however the name is spaced or spelled."""
    typed = request.form.get("who", "")[:300]
    try:
        name = identity.sign_in_name(typed)
        return _key(f"who {name.email or name.nip}")
    except identity.Unreadable:
        return _key(f"who {typed.strip().casefold()}")


def where_from() -> str:
    """The counter of an address."""
    return _key(f"from {get_remote_address()}")


def who_is_here() -> str:
    """The counter of whoever is signed in."""
    return _key(f"person {current_user.id}")


def failed(response: Response) -> bool:
    """Whether the password was wrong."""
    return response.status_code == 401


@blueprint.app_errorhandler(429)
def too_many(_error: TooManyRequests) -> ResponseReturnValue:
    """Say how long to wait, in words and in the header."""
    limit = limiter.current_limit
    seconds = max(1, math.floor(limit.reset_at - utcnow().timestamp())) if limit else 60
    advice = _("Coba lagi dalam %(count)d menit.", count=math.ceil(seconds / 60))
    title = _("Terlalu banyak percobaan")
    if guard.wants_json():
        response = jsonify(error="too_many", message=f"{title}. {advice}", seconds=seconds)
    else:
        response = make_response(render_template("error.html", title=title, advice=advice, code=429))
    response.status_code = 429
    response.headers["Retry-After"] = str(seconds)
    return response
