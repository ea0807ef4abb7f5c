"""The Flask side of access: every view carries exactly one of ``@public``, ``@signed_in``, ``@allowed``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import Flask, abort, current_app, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.exceptions import HTTPException

from lms import access
from lms.access import Decision, Deed

P = ParamSpec("P")
R = TypeVar("R")
View = Callable[..., ResponseReturnValue]

KEEP_AT_MOST = 1_500_000  # characters of typed text carried through a sign-in
NEVER_KEPT = frozenset({"csrf_token", "password", "new_password", "repeat_password", "kept"})


@dataclass(frozen=True)
class Guard:
    """What a view is guarded by; the factory refuses to start when a route has none.

    Behind a ``late`` one the request only reads until its view calls ``write_from_here``.
    """

    kind: str
    deed: Deed | None = None
    late: bool = False


def _mark(view: Callable[P, R], guard: Guard) -> Callable[P, R]:
    view.guard = guard  # type: ignore[attr-defined]
    return view


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Open to everybody; the view itself shows nothing private."""
    return _mark(view, Guard("public"))


def signed_in(view: View) -> View:
    """Open to whoever is signed in, for their own things only."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        if not current_user.is_authenticated:
            abort(401)
        return view(*args, **kwargs)

    return _mark(guarded, Guard("signed_in"))


def allowed(
    deed: Deed, loader: Callable[..., Any] | None = None, *, late: bool = False
) -> Callable[[View], View]:
    """Load the thing, decide, and hand the view the thing instead of the address parts its loader took.

    ``loader`` takes address parts by name and returns the thing or None (404). Outsiders get 404, insiders 403.
    ``late`` is for views that many people post to at once: nobody waits for SQLite's turn to write while the thing
    is loaded and the form read. Their loader gives a snapshot, no row, and they call ``write_from_here``.
    """
    taken = frozenset(inspect.signature(loader).parameters) if loader else frozenset()

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(**kwargs: Any) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                abort(401)
            if loader is None:
                thing = None
            else:
                thing = loader(**{name: kwargs[name] for name in taken})
                if thing is None:
                    abort(404)
            match access.decide(person(), deed, thing):
                case Decision.HIDDEN:
                    abort(404)
                case Decision.FORBIDDEN:
                    abort(403)
            rest = {name: value for name, value in kwargs.items() if name not in taken}
            return view(thing, **rest) if loader is not None else view(**rest)

        return _mark(guarded, Guard("allowed", deed, late))

    return decorate


def person() -> access.Person:
    """The signed-in person's snapshot; only for views behind a guard."""
    return cast(access.Person, current_user.person)


def can(deed: str, thing: Any = None) -> bool:
    """For templates: ``can('review', work)``."""
    if not current_user.is_authenticated:
        return False
    return access.may(person(), Deed(deed), thing)


def wants_json() -> bool:
    """Whether one of our ES modules asks (it sends ``Accept: application/json``)."""
    return request.accept_mimetypes.best == "application/json"


# What was typed when the session had ended. The text travels inside the sign-in page, signed, so that an anonymous
# request stores nothing on the server and nobody else can forge what is offered for sending again.


@dataclass(frozen=True)
class Kept:
    """A form that could not be accepted yet: where it was going and what was in it."""

    path: str
    fields: tuple[tuple[str, str], ...]


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(cast(str, current_app.secret_key), salt="kept-form")


def keep_form() -> str:
    """The posted fields, signed for the sign-in page; empty where there is nothing, or too much, to keep.

    Only a form that one of our own pages sent is kept: a foreign page must not have its text offered for sending.
    """
    fields = [
        (name, value) for name, values in request.form.lists() if name not in NEVER_KEPT for value in values
    ]
    if not fields or not from_this_site() or sum(len(value) for _, value in fields) > KEEP_AT_MOST:
        return ""
    return str(_serializer().dumps({"path": request.full_path.rstrip("?"), "fields": fields}))


def kept_form(signed: str | None) -> Kept | None:
    """Read back what ``keep_form`` signed; None when it is empty or was tampered with."""
    if not signed:
        return None
    try:
        value = _serializer().loads(signed)
        fields = tuple((str(name), str(text)) for name, text in value["fields"])
        return Kept(str(value["path"]), fields)
    except (BadData, KeyError, TypeError, ValueError):
        return None


def from_this_site() -> bool:
    """Whether the browser says that the request was made by one of our own pages."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin") or request.headers.get("Referer", "")
    return origin == request.host_url.rstrip("/") or origin.startswith(request.host_url)


def own_path(target: str | None) -> str | None:
    """The target when it is a path that a GET route of this site serves, else None (no open redirects)."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    adapter = current_app.url_map.bind("")
    try:
        adapter.match(target.split("?", 1)[0].split("#", 1)[0], method="GET")
    except HTTPException:
        return None
    return target


def routes_without_guard(app: Flask) -> Iterator[str]:
    """The endpoints that would be open by oversight."""
    for rule in app.url_map.iter_rules():
        if not hasattr(app.view_functions[rule.endpoint], "guard"):
            yield f"{rule.endpoint} ({rule.rule})"
