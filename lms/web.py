"""What every page shares on the web floor: headers, compression, static files, template words, error pages."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from time import time
from typing import Any, cast

from flask import (
    Flask,
    Request,
    Response,
    abort,
    current_app,
    g,
    jsonify,
    make_response,
    render_template,
    request,
    session,
    url_for,
)
from flask.globals import app_ctx
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.templating import Environment
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, get_translations, gettext
from flask_login import current_user
from flask_wtf.csrf import CSRFError, generate_csrf
from itsdangerous import BadData, TimestampSigner
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException, Unauthorized

from lms import formats
from lms.extensions import begin_reading, begin_writing, db, utcnow
from lms.guard import can, keep_form, kept_form, public, wants_json
from lms.markup import filled, sentence
from lms.settings import Settings
from lms.splice import Kept, gzipped, keep

LANGUAGES = ("id", "en")
FORM_AT_MOST = 4 * 1024 * 1024
SMALLEST_COMPRESSED = 800
COMPRESSION = 3  # of pages made for one reader
STATIC = Path(__file__).parent / "static"

CONTENT_SECURITY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class CleanRequest(Request):
    """A request whose form holds no NUL characters: PostgreSQL cannot store them and nobody means to type them."""

    max_form_memory_size = FORM_AT_MOST
    max_form_parts = 20_000

    def _load_form_data(self) -> None:
        first = "form" not in self.__dict__
        super()._load_form_data()
        if first and any("\0" in value for values in self.form.listvalues() for value in values):
            pairs = [
                (name.replace("\0", ""), value.replace("\0", ""))
                for name, values in self.form.lists()
                for value in values
            ]
            self.__dict__["form"] = ImmutableMultiDict(pairs)


# Static files: read once, compressed once, addressed by the hash of them all so that browsers keep them for a year and
# relative imports between ES modules stay within one state.


@dataclass(frozen=True)
class StaticFile:
    """One file as it is sent."""

    content: bytes
    compressed: bytes | None
    media_type: str


def read_static(folder: Path, theme: str) -> tuple[str, dict[str, StaticFile]]:
    """All static files and the version they form; ``theme`` is the stylesheet made from the settings."""
    files: dict[str, StaticFile] = {}
    digest = hashlib.sha256()
    sources = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    if theme:
        sources["theme.css"] = theme.encode()
    for name, content in sources.items():
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if name.endswith(".js"):
            media_type = "text/javascript"
        textual = media_type.startswith("text/") or media_type.endswith(("+xml", "json"))
        files[name] = StaticFile(content, gzip.compress(content, 9, mtime=0) if textual else None, media_type)
        digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:12], files


def theme_css(settings: Settings) -> str:
    """The two brand colours, where the settings change them."""
    if (settings.brand_colour, settings.gold_colour) == ("#0e4a58", "#b7791f"):
        return ""
    return f"@layer tokens{{:root{{--brand:{settings.brand_colour};--gold:{settings.gold_colour}}}}}\n"


@public
def static_file(version: str, name: str) -> ResponseReturnValue:
    """A static file of this release; another release's address still answers, but is not kept for long."""
    current, files = current_app.extensions["lms_static"]
    file = files.get(name)
    if file is None:
        abort(404)
    squeezed = file.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", "")
    response = make_response(file.compressed if squeezed else file.content)
    response.mimetype = file.media_type
    if squeezed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    kept = "public, max-age=31536000, immutable" if version == current else "no-cache"
    response.headers["Cache-Control"] = kept
    return response


@public
def service_worker() -> ResponseReturnValue:
    """The service worker must live at the root to see every page."""
    return static_file(version="", name="sw.js")


def static_url(name: str) -> str:
    """The address of a static file in this release."""
    version, files = current_app.extensions["lms_static"]
    if name not in files:
        raise LookupError(f"no static file {name}")
    return f"/static/{version}/{name}"


# Sessions

SESSIONS_KEPT = 1024


class KeptSessions(SecureCookieSessionInterface):
    """Flask's signed sessions; a cookie whose signature was found right once is asked only for its age again."""

    def __init__(self, app: Flask) -> None:
        serializer = self.get_signing_serializer(app)
        assert serializer is not None, "no secret key"
        self._read = serializer.load_payload
        signer = cast(TimestampSigner, serializer.make_signer(serializer.salt))

        @lru_cache(maxsize=SESSIONS_KEPT)
        def verified(value: str) -> tuple[bytes, float]:
            payload, signed_at = signer.unsign(value, return_timestamp=True)
            return payload, signed_at.timestamp()

        self._verified = verified

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """What the cookie holds; an empty session where there is none, or one that is forged or too old."""
        value = request.cookies.get(self.get_cookie_name(app))
        if value:
            try:
                payload, signed_at = self._verified(value)
                if 0 <= int(time()) - signed_at <= app.permanent_session_lifetime.total_seconds():
                    return self.session_class(self._read(payload))
            except BadData:
                pass
        return self.session_class()


_tokens: dict[str, str] = {}


def csrf_token() -> str:
    """The token for this session's forms; signed once, because it lasts as long as the session."""
    token = _tokens.get(session.get("csrf_token", ""))
    if token is None:
        token = generate_csrf()
        if len(_tokens) >= SESSIONS_KEPT:
            _tokens.clear()
        _tokens[session["csrf_token"]] = token
    return token


# Words and dates


def language() -> str:
    """ "id" or "en": the person's own choice, else what this browser chose, else Indonesian."""
    if current_user.is_authenticated:
        return str(current_user.language)
    chosen = session.get("language")
    return chosen if chosen in LANGUAGES else "id"


def zone() -> str:
    """The zone in which times are shown."""
    return str(current_user.timezone) if current_user.is_authenticated else formats.DEFAULT_ZONE


def _page_language() -> tuple[Any, Any, str]:
    """The locale of this request, its translations and its code, looked up once: pages have some fifty words.

    Where flask-babel keeps the locale is its own affair: if it moves, this is slower and still right.
    """
    here = vars(app_ctx.g)
    known: tuple[Any, Any, str] | None = here.get("lms_language")
    if known is not None and getattr(here.get("_flask_babel"), "babel_locale", None) is known[0]:
        return known
    locale = get_locale()
    known = here["lms_language"] = (locale, get_translations(), str(locale))
    return known


SENTENCES_KEPT = 4096


@lru_cache(maxsize=SENTENCES_KEPT)
def _pattern(_language: str, text: str) -> Any:
    """A sentence as translated, ready to be filled."""
    return sentence(_translated(text))


@lru_cache(maxsize=SENTENCES_KEPT)
def _fixed(language: str, text: str) -> Any:
    """A sentence in which nothing is filled: most are, and a page says some forty of them."""
    return _pattern(language, text) % {}


def _said(text: str, /, **variables: Any) -> Any:
    """What ``_`` is in templates: the translation, its ``%(name)s`` filled with escaped values."""
    language = _page_language()[2]
    return _pattern(language, text) % variables if variables else _fixed(language, text)


def _translated(text: str) -> str:
    return str(_page_language()[1].ugettext(text))


def _counted(one: str, many: str, count: int) -> str:
    return str(_page_language()[1].ungettext(one, many, count))


def _in_zone(function: Callable[..., str]) -> Callable[[Any], str]:
    return lambda at: function(at, zone(), _page_language()[2])


def _distance(at: datetime) -> str:
    return formats.distance(at, now=utcnow(), language=_page_language()[2])


def _machine_time(at: datetime | date) -> str:
    return at.isoformat()


def _decimal(value: Decimal | int, places: int | None = None) -> str:
    return formats.decimal(value, _page_language()[2], places)


def _fraction(value: Fraction, places: int) -> str:
    """An exact share, rounded once, here."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return _decimal(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), places)


def _grade(points: Decimal, mark: Decimal | int | None = None) -> str:
    return _decimal(formats.grade(points, mark))


class Templates(Environment):
    """Templates that share the app's own words.

    Jinja gives each template a chain of two dicts for them, which it walks in Python for every page and import.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The words of all templates; a chain only where a template has words of its own (none of ours)."""
        return super().make_globals(d) if d else self.globals


FRAGMENTS_KEPT = 4096
HOLE = "\ufdd0"  # a code point that is no character: nobody types it


def _fragments(app: Flask) -> Callable[..., Any]:
    """``fragment(template, macro, *values, fill=())`` for templates: what a macro gives for values, kept.

    For macros whose output depends on nothing but their values (hashable), the language and this app's
    settings: menus, outlines, forms. What differs from request to request goes, escaped, where the macro says
    ``{{ hole }}``, in order. Making such parts anew took more than half the time of the most opened pages.
    """

    def make(_language: str, template: str, macro: str, values: tuple[Any, ...]) -> Any:
        return getattr(app.jinja_env.get_template(template).module, macro)(*values).split(HOLE)

    kept = make if app.jinja_env.auto_reload else lru_cache(maxsize=FRAGMENTS_KEPT)(make)

    def fragment(template: str, macro: str, *values: Any, fill: Sequence[Any] = ()) -> Any:
        pieces = kept(_page_language()[2], template, macro, values)
        return filled(pieces, fill) if fill or len(pieces) > 1 else pieces[0]

    return fragment


def add_template_words(app: Flask, settings: Settings) -> None:
    """What templates may use without asking: formats in the reader's language and zone, ``can``, ``static``."""
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        _translated,
        _counted,
        newstyle=True,
    )
    # the extension's own looks up, marks and fills a sentence each time it is said
    app.jinja_env.globals.update({"_": _said, "gettext": _said})
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    # its own context processor gives Flask-WTF's, which signs a token anew for every page
    app.context_processor(lambda: {"csrf_token": csrf_token})
    app.jinja_env.globals.update(
        settings=settings,
        fragment=_fragments(app),
        hole=HOLE,
        get_locale=get_locale,
        page_language=lambda: _page_language()[2],
        can=can,
        static=static_url,
        csrf_token=csrf_token,
        languages=LANGUAGES,
        now=utcnow,
    )
    app.jinja_env.filters.update(
        long_datetime=_in_zone(formats.long_datetime),
        medium_datetime=_in_zone(formats.medium_datetime),
        long_date=_in_zone(formats.long_date),
        plain_date=_in_zone(formats.plain_date),
        short_date=_in_zone(formats.short_date),
        clock_time=_in_zone(formats.clock_time),
        exact_time=_in_zone(formats.exact_time),
        distance=_distance,
        machine_time=_machine_time,
        decimal=_decimal,
        grade=_grade,
        fraction=_fraction,
        minutes=lambda count: formats.minutes(count, _page_language()[2]),
        jp=lambda count: formats.jp(count, _page_language()[2]),
        file_size=lambda size: formats.file_size(size, _page_language()[2]),
        money=lambda rupiah: formats.money(rupiah, _page_language()[2]),
    )


# Requests and responses


def _begin() -> None:
    begin_reading()
    if (
        "\0" in request.path
        or "\0" in request.query_string.decode("latin-1")
        or b"%00" in request.query_string
    ):
        abort(400)
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        view: Any = current_app.view_functions.get(request.endpoint or "")
        if view is not None and view.guard.late:
            return
        if db.engine.dialect.name == "sqlite" and current_user.is_authenticated:
            db.session.rollback()  # who asks is known before the turn to write is taken: others write meanwhile
        begin_writing()


def _finish(response: Response) -> Response:
    present = {name.lower() for name, _ in response.headers}
    response.headers.extend([(name, value) for name, value in HEADERS.items() if name.lower() not in present])
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if response.mimetype in ("text/html", "application/json"):
        response.headers.setdefault("Cache-Control", "private, no-store" if session else "no-cache")
        if (
            not response.direct_passthrough
            and "Content-Encoding" not in response.headers
            and "gzip" in request.headers.get("Accept-Encoding", "")
        ):
            body = response.get_data()
            if len(body) >= SMALLEST_COMPRESSED:
                # SameSite=Lax keeps other sites from sending our cookie along, so that compressed pages tell them nothing.
                response.set_data(gzip.compress(body, COMPRESSION, mtime=0))
                response.headers["Content-Encoding"] = "gzip"
        response.headers.add("Vary", "Accept-Encoding")
    return response


SPLICE = (
    "<!--splice-->"  # as HTML it cannot stand in what people or authors write: that is escaped or cleaned
)


def spliced(html: str, kept: Sequence[Kept]) -> Response:
    """A page with parts that are compressed already where its template says ``<!--splice-->``, in order."""
    first, *others = html.split(SPLICE)
    parts: list[bytes | Kept] = [first.encode()]
    for part, text in zip(kept, others, strict=True):
        parts += (part, text.encode())
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        whole = b"".join(part if isinstance(part, bytes) else part.plain() for part in parts)
        return Response(whole, mimetype="text/html")
    response = Response(gzipped(parts, COMPRESSION), mimetype="text/html")
    response.headers["Content-Encoding"] = "gzip"
    return response


SMALLEST_KEPT = 8_000  # characters: compressing less takes no longer than putting it in
PARTS_KEPT = 128


@lru_cache(maxsize=PARTS_KEPT)
def _compressed(html: str) -> Kept:
    return keep(html.encode(), level=6)


class Splices:
    """Large parts that a page shows again as they were, for ``spliced``.

    ``{% if keep(html) %}<!--splice-->{% else %}{{ html }}{% endif %}`` in a template puts in the one it was given
    last, found again by what it says; small ones are left to the template.
    """

    def __init__(self) -> None:
        self.kept: list[Kept] = []

    def __call__(self, html: str) -> bool:
        if len(html) < SMALLEST_KEPT:
            return False
        self.kept.append(_compressed(html))
        return True


@lru_cache(maxsize=1)
def _titles() -> dict[int, tuple[str, str]]:
    return {
        400: ("Permintaan tidak dapat dibaca", "Periksa kembali alamat atau isian Anda, lalu coba lagi."),
        403: (
            "Anda tidak berwenang",
            "Halaman ini memerlukan peran lain. Hubungi administrator bila Anda memerlukannya.",
        ),
        404: (
            "Halaman tidak ditemukan",
            "Alamatnya mungkin salah ketik, atau Anda tidak memiliki akses ke halaman ini.",
        ),
        405: (
            "Cara permintaan tidak sesuai",
            "Kembali ke halaman sebelumnya, lalu gunakan tombol yang tersedia.",
        ),
        409: (
            "Ada perubahan lain",
            "Isi ini telah berubah sejak Anda membukanya. Muat ulang halaman, lalu coba lagi.",
        ),
        413: (
            "Kiriman terlalu besar",
            "Kiriman melebihi batas ukuran. Perkecil berkas atau bagi teksnya, lalu kirim lagi.",
        ),
        415: ("Jenis kiriman tidak dikenal", "Gunakan formulir yang tersedia di halaman ini."),
        429: ("Terlalu banyak percobaan", "Tunggu beberapa menit, lalu coba lagi."),
        500: (
            "Terjadi gangguan di pihak kami",
            "Yang telah tersimpan tetap aman. Coba lagi sebentar lagi; bila berulang, hubungi administrator.",
        ),
        503: (
            "Layanan sedang tidak tersedia",
            "Yang telah tersimpan tetap aman. Coba lagi beberapa menit lagi.",
        ),
    }


def error_page(code: int) -> tuple[str | Response, int]:
    """The page (or JSON for our modules) of one status."""
    title, advice = _titles().get(code, _titles()[400 if code < 500 else 500])
    if wants_json():
        return jsonify(error=str(code), message=f"{gettext(title)}. {gettext(advice)}"), code
    page = render_template("error.html", title=gettext(title), advice=gettext(advice), code=code)
    return page, code


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()  # redirects of the router
    return error_page(error.code)


def _broken(error: Exception) -> ResponseReturnValue:
    db.session.rollback()
    current_app.logger.error("%s at %s", type(error).__name__, request.endpoint, exc_info=error)
    try:
        return error_page(500)
    except Exception:
        current_app.logger.exception("the error page failed too")
        return "Terjadi gangguan di pihak kami.", 500, {"Content-Type": "text/plain; charset=utf-8"}


def _csrf_failed(_error: CSRFError) -> Any:
    """A form without a valid token: its text is kept and offered again, after a sign-in where that is what ended."""
    view: Any = current_app.view_functions[request.endpoint or ""]
    needs_somebody = view.guard.kind != "public" or request.endpoint == "people.sign_in"
    if needs_somebody and not current_user.is_authenticated:
        return current_app.handle_http_exception(Unauthorized())
    if wants_json():
        message = gettext(
            "Sesi halaman ini telah berakhir. Muat ulang halaman; yang Anda ketik tetap ada di sini."
        )
        return jsonify(error="csrf", message=message), 400
    kept = kept_form(keep_form())
    return render_template("kept.html", kept=kept, reason="csrf"), 400


def add_routes(app: Flask, settings: Settings) -> None:
    """Headers, compression, static files and error pages."""
    app.request_class = CleanRequest
    app.session_interface = KeptSessions(app)
    app.extensions["lms_static"] = read_static(STATIC, theme_css(settings))
    app.add_url_rule("/static/<version>/<path:name>", "static", static_file)
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _broken)
    app.register_error_handler(CSRFError, _csrf_failed)


__all__ = [
    "SANDBOX",
    "add_routes",
    "add_template_words",
    "error_page",
    "g",
    "language",
    "static_url",
    "url_for",
]
