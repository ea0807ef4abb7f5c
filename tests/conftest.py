"""One app per run, rows deleted per test, and a client per person, each in its own context."""

from __future__ import annotations

import contextvars
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, create_engine, exists, func, select, text
from werkzeug.test import TestResponse

from lms.app import create_app
from lms.courses import models as course_models
from lms.extensions import Base, db
from lms.people import passwords
from lms.settings import Settings, read
from tests import page_checks
from tests.cast import Cast, seed

ROOT = Path(__file__).parent.parent


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Where everything must be tried (in CI), a skipped test is a failure and says so."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped and os.environ.get("LMS_TEST_COMPLETE"):
        terminalreporter.write_line(f"{len(skipped)} skipped, but this run must be complete", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped") and os.environ.get("LMS_TEST_COMPLETE"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


# a machine that is busy with something else makes no property untrue
hypothesis.settings.register_profile("ours", deadline=None)
hypothesis.settings.load_profile("ours")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A run on PostgreSQL leaves out what touches no database: it would only say again what the run on SQLite said.

    And what is marked ``sqlite``: it counts what only that database counts. A story of the browser is told at one
    width: the others ask the same of the database.
    """
    if not os.environ.get("LMS_TEST_DATABASE_URL"):
        return
    databases = {"database_url", "walk_database_url"}
    told: set[tuple[str, str]] = set()
    without = []
    for item in items:
        story = _story(item)
        asks = databases & set(getattr(item, "fixturenames", ()))
        if not asks or item.get_closest_marker("sqlite") or story in told:
            without.append(item)
        elif story is not None:
            told.add(story)
    left_out = set(without)
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=without)


def _story(item: pytest.Item) -> tuple[str, str] | None:
    """A story of the browser whatever the width of its window; None for every other test."""
    if item.get_closest_marker("walk") is None:
        return None
    params = dict(getattr(getattr(item, "callspec", None), "params", {}))
    others = sorted((name, repr(value)) for name, value in params.items() if name not in ("width", "size"))
    return item.nodeid.partition("[")[0], repr(others)


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("instance")


@pytest.fixture(scope="session")
def database_url(worker_id: str) -> Iterator[str]:
    """The run's database; where tests run side by side on PostgreSQL, one of its own for each process."""
    url = os.environ.get("LMS_TEST_DATABASE_URL", "")
    if not url or worker_id == "master":
        yield url
        return
    admin = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT"
    )
    name = f"{admin.url.database}_{worker_id}"
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
        # nothing here has to outlive a power cut
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    yield admin.url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def settings(instance: Path, database_url: str) -> Settings:
    return read(
        {
            "LMS_ENV": "test",
            "LMS_SECRET_KEY": "a secret of the tests that is long enough",
            "LMS_INSTANCE": str(instance),
            "LMS_DATABASE_URL": database_url,
        },
        ROOT,
    )


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    # hashing that costs a fraction: the tests sign in hundreds of times
    passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    app = create_app(settings)
    app.config["TESTING"] = False  # errors become the pages that people would see
    with app.app_context():
        Base.metadata.drop_all(db.engine)
        Base.metadata.create_all(db.engine)
    yield app
    with app.app_context():
        db.session.remove()
        Base.metadata.drop_all(db.engine)
        db.engine.dispose()


def _empty(connection: Connection) -> None:
    """Delete what there is and count from 1 again.

    TRUNCATE gives each of some ninety tables a new file, whether it held anything or not: most of a test's time.
    """
    tables = Base.metadata.sorted_tables
    # what a page of the test before still sends waits until everything is gone
    connection.execute(text(f"LOCK TABLE {', '.join(table.name for table in tables)} IN EXCLUSIVE MODE"))
    filled = connection.execute(select(*(exists(select(table)).label(table.name) for table in tables))).one()
    for table in reversed(tables):
        if filled._mapping[table.name]:
            connection.execute(table.delete())
    counted = [table.name for table in tables if table.autoincrement_column is not None]
    connection.execute(
        select(*(func.setval(func.pg_get_serial_sequence(name, "id"), 1, False) for name in counted))
    )


@pytest.fixture
def clean(app: Flask) -> None:
    """An empty database before the test."""
    with app.app_context():
        db.session.remove()
        with db.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                _empty(connection)
            else:
                for table in reversed(Base.metadata.sorted_tables):
                    connection.execute(table.delete())
    course_models.forget_cached()


@pytest.fixture
def cast(app: Flask, clean: None) -> Cast:
    """Everybody (see tests/cast.py), with a published course and two cohorts."""
    with app.app_context():
        try:
            return seed()
        finally:
            db.session.remove()


@pytest.fixture
def session(app: Flask) -> Iterator[Any]:
    """A database session for arranging and looking; never open it around a client's request of the same test line."""
    context = app.app_context()
    context.push()
    try:
        yield db.session
    finally:
        db.session.remove()
        context.pop()


class Browser:
    """A person's client. Each request runs in a context of its own: with an app context left open around them,
    Flask-Login would answer every client as whoever asked first."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def _run(self, method: str, *args: Any, **kwargs: Any) -> TestResponse:
        check = kwargs.pop("check", True)
        response: TestResponse = contextvars.Context().run(getattr(self.client, method), *args, **kwargs)
        if check:
            page_checks.check(response)
        return response

    def get(self, *args: Any, **kwargs: Any) -> TestResponse:
        return self._run("get", *args, **kwargs)

    def post(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Post as a browser does from our own page: with a CSRF token unless ``token=False``."""
        if kwargs.pop("token", True) and "json" not in kwargs:
            data = kwargs.setdefault("data", {})
            if isinstance(data, dict) and "csrf_token" not in data:
                data["csrf_token"] = self.csrf_token()
        kwargs.setdefault("headers", {}).setdefault("Sec-Fetch-Site", "same-origin")
        return self._run("post", *args, **kwargs)

    def post_json(self, address: str, data: dict[str, Any] | None = None) -> TestResponse:
        """Post form fields as one of our ES modules does, asking for JSON."""
        return self.post(address, data=data or {}, headers={"Accept": "application/json"})

    def other(self, method: str, *args: Any, **kwargs: Any) -> TestResponse:
        return self._run(method, *args, **kwargs)

    def csrf_token(self) -> str:
        """The token of this client's session, read off a real page."""
        page = self._run("get", "/masuk?next=/profil", check=False).get_data(as_text=True)
        if 'name="csrf_token"' not in page:
            page = self._run("get", "/profil", check=False).get_data(as_text=True)
        return page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]

    def submit_form(self, response: TestResponse, action: str, **changes: Any) -> TestResponse:
        """Fill and send the form that a fetched page really holds, as a browser without JavaScript would."""
        fields = page_checks.form_fields(response, action)
        fields.update(changes)
        return self.post(action, data={name: value for name, value in fields.items() if value is not None})

    def sign_in(self, who: str, password: str = "belajar-asn-2026") -> TestResponse:
        return self.post("/masuk", data={"who": who, "password": password})


@pytest.fixture
def browser(app: Flask, cast: Cast) -> Browser:
    """Somebody who has not signed in."""
    return Browser(app)


@pytest.fixture
def as_person(app: Flask, cast: Cast) -> Any:
    """A browser signed in as one of the cast: ``as_person("sari")``. Signs in once, through the real form."""

    known: dict[str, Browser] = {}

    def sign_in(name: str) -> Browser:
        if name not in known:
            known[name] = Browser(app)
            response = known[name].sign_in(cast.emails[name])
            assert response.status_code == 302, f"{name} could not sign in: {response.status}"
        return known[name]

    return sign_in


class StatementCounter:
    """Counts the SQL statements of a block (BEGIN, COMMIT and PRAGMA are not statements of a page)."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __call__(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SAVEPOINT", "RELEASE")):
            self.statements.append(statement)

    def __len__(self) -> int:
        return len(self.statements)


@pytest.fixture
def count_statements(app: Flask) -> Any:
    """``with count_statements() as counted: ...; assert len(counted) <= 8``."""
    from contextlib import contextmanager

    from sqlalchemy import event

    @contextmanager
    def counting() -> Iterator[StatementCounter]:
        counter = StatementCounter()
        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", counter)
        try:
            yield counter
        finally:
            event.remove(engine, "before_cursor_execute", counter)

    return counting
