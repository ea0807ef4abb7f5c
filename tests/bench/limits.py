"""The bare limits of this machine, served with the same server settings as the platform.

``hello`` is plain WSGI. ``create_app()`` is Flask with Flask-Login and Flask-SQLAlchemy on the same database,
and nothing else: ``/page`` reads one person and renders a page of LMS_BENCH_PAGE_BYTES bytes, ``/insert``
reads one person and commits one row, as durably as the platform does.

The page is sent as the platform sends its own: compressed, at the same level, and to as many bytes
(LMS_BENCH_PAGE_PACKED), because whoever sends these bytes has that work. Its text is a course's as far as that takes,
then one sentence over and over. That the platform keeps parts of its pages compressed is its own gain.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from flask_sqlalchemy import SQLAlchemy
from markupsafe import Markup, escape
from sqlalchemy import String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from lms.extensions import begin_reading, begin_writing  # and with them how SQLite is told to be durable
from lms.web import COMPRESSION
from tests.bench.cast import CONTENT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HELLO = b"Halo.\n"
LINKS = 30
PAGE = """<!doctype html>
<html lang="id">
<head><meta charset="utf-8"><title>{{ title }}</title></head>
<body>
<nav><ul>
{% for number in range(links) %}
<li><a href="/page/{{ number }}">{{ title }} {{ number }}</a></li>
{% endfor %}
</ul></nav>
<p>{{ current_user.name }}</p>
<main>{{ text }}</main>
</body>
</html>
"""


def hello(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The least that a WSGI server can be asked for."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(HELLO)))])
    return [HELLO]


class Base(DeclarativeBase):
    """Of this app's two tables."""


db = SQLAlchemy(model_class=Base)


class Person(UserMixin, db.Model):  # type: ignore[misc, name-defined]  # Flask-SQLAlchemy's base is dynamic
    """The platform's own people, as far as this app needs them."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))


class Row(db.Model):  # type: ignore[misc, name-defined]
    """What ``/insert`` writes."""

    __tablename__ = "bench_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int]
    text: Mapped[str] = mapped_column(Text)


def engine_url(url: str) -> str:
    """A database's address with the driver that the platform uses."""
    return "postgresql+psycopg://" + url.split("://", 1)[1] if url.startswith("postgres") else url


def packed(page: str) -> bytes:
    """A page as it is sent."""
    return gzip.compress(page.encode(), COMPRESSION, mtime=0)


def texts(size: int) -> Iterator[Markup]:
    """Texts of so many bytes, each with less of a course in it than the one before, and the last with none."""
    pages = sorted(CONTENT.rglob("*.md"))
    course = str(escape("\n".join(page.read_text() for page in pages))).encode("ascii", "xmlcharrefreplace")
    for own in range(min(size, len(course)), -1, -100):
        yield Markup((course[:own] + b"Rencana pembangunan daerah. " * (size // 28 + 1))[:size].decode())
    yield Markup(("Rencana pembangunan daerah. " * (size // 28 + 1))[:size])


def create_app() -> Flask:
    """The Flask limit; LMS_DATABASE_URL, LMS_SECRET_KEY and the two sizes of the page must be set."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=os.environ["LMS_SECRET_KEY"],
        SQLALCHEMY_DATABASE_URI=engine_url(os.environ["LMS_DATABASE_URL"]),
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 5, "max_overflow": 5},
    )
    db.init_app(app)
    login = LoginManager(app)
    login.user_loader(lambda value: db.session.get(Person, int(value)))
    template = app.jinja_env.from_string(PAGE)
    words = {"title": "Penyusunan RPJMD", "links": LINKS}
    frame = len(template.render(words, text="", current_user=Person(name="Nama Peserta")))
    missing = max(0, int(os.environ["LMS_BENCH_PAGE_BYTES"]) - frame)
    text = next(
        text
        for text in texts(missing)
        if len(packed(template.render(words, text=text, current_user=Person(name="Nama Peserta"))))
        <= int(os.environ["LMS_BENCH_PAGE_PACKED"])
    )

    @app.before_request
    def begin() -> None:
        (begin_reading if request.method == "GET" else begin_writing)()

    @app.get("/in/<int:person_id>")
    def enter(person_id: int) -> ResponseReturnValue:
        login_user(db.session.get_one(Person, person_id))
        return jsonify(id=current_user.id)

    @app.get("/page")
    @login_required  # type: ignore[untyped-decorator]
    def page() -> ResponseReturnValue:
        response = Response(packed(render_template(template, **words, text=text)), mimetype="text/html")
        response.headers["Content-Encoding"] = "gzip"
        return response

    @app.post("/insert")
    @login_required  # type: ignore[untyped-decorator]
    def insert() -> ResponseReturnValue:
        row = Row(person_id=current_user.id, text=request.form["text"])
        db.session.add(row)
        db.session.commit()
        return jsonify(id=row.id)

    return app


def prepare() -> None:
    """Make the table of ``/insert``."""
    with create_app().app_context():
        tables: list[Any] = [Row.__table__]
        Base.metadata.create_all(db.engine, tables=tables)


if __name__ == "__main__":
    prepare()
