"""The factory: the one place that knows every feature."""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

from lms import cli, files, web
from lms.courses import models as course_models
from lms.courses import views as courses
from lms.extensions import LateMigrate, babel, csrf, db, limiter, login, open_database, read_only
from lms.grading import views as grading
from lms.guard import routes_without_guard
from lms.home import views as home
from lms.notices import views as notices
from lms.people import views as people
from lms.people.models import Account, Person
from lms.projects import views as projects
from lms.publishing import views as publishing
from lms.quizzes import views as quizzes
from lms.records import views as records
from lms.settings import Settings, SettingsError, read

ROOT = Path(__file__).resolve().parent.parent
BLUEPRINTS = (
    people.blueprint,
    courses.blueprint,
    quizzes.blueprint,
    projects.blueprint,
    grading.blueprint,
    publishing.blueprint,
    records.blueprint,
    notices.blueprint,
    home.blueprint,
)


def create_app(settings: Settings | None = None) -> Flask:
    """Make the app from ``settings``, or from the environment.

    Raises SettingsError where it would be unsafe to start, RuntimeError where a route has no guard.
    """
    settings = settings or read(os.environ, ROOT)
    app = Flask("lms", instance_path=str(settings.instance), static_folder=None)
    app.jinja_environment = web.Templates
    _configure(app, settings)
    _logging(app, settings)
    open_database(app, settings)
    for extension in (csrf, login, limiter):
        extension.init_app(app)
    LateMigrate(app, str(ROOT / "migrations"))
    babel.init_app(
        app, locale_selector=web.language, default_translation_directories=str(ROOT / "lms/translations")
    )
    files.configure(settings.storage_url, settings.instance / "uploads")
    web.add_template_words(app, settings)
    web.add_routes(app, settings)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    cli.add_commands(app)
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )
    _refuse_unguarded(app)
    if settings.environment == "production":
        _refuse_demo_people(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="lms",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
        MAX_CONTENT_LENGTH=web.FORM_AT_MOST,
        MAX_FORM_MEMORY_SIZE=web.FORM_AT_MOST,
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as its session: long work must not die of a timer
        BABEL_DEFAULT_LOCALE="id",
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        RATELIMIT_ENABLED=settings.environment != "test",
        LMS=settings,
    )
    login.session_protection = None  # phones change their address between two meetings
    login.user_loader(_load_account)


def _load_account(value: str) -> Account | None:
    person_id, _, rest = value.partition(".")
    key, _, session_id = rest.partition(".")
    return (
        course_models.load_account(int(person_id), key, session_id)
        if person_id.isdecimal() and len(person_id) < 19
        else None
    )


def _logging(app: Flask, settings: Settings) -> None:
    app.logger.setLevel(logging.INFO if settings.development else logging.WARNING)


def _refuse_unguarded(app: Flask) -> None:
    bare = sorted(routes_without_guard(app))
    if bare:
        raise RuntimeError(f"routes without a guard: {', '.join(bare)}")


def _refuse_demo_people(app: Flask) -> None:
    with app.app_context(), read_only():
        try:
            found = db.session.scalar(select(Person.id).where(Person.demo).limit(1))
        except SQLAlchemyError:  # no tables yet: the migrations come first
            return
        finally:
            db.session.remove()
            db.engine.dispose()  # the server's processes are forked from here and share no connection
    if found is not None:
        raise SettingsError(
            "Hapus akun contoh dengan `flask demo remove`, atau setel LMS_ENV=development: "
            "akun dengan kata sandi yang diketahui umum tidak boleh ada di luar pengembangan."
        )
